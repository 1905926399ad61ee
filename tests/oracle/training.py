#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known answers of what a training step is made of, from docs/arithmetic.md.

    python3 tests/oracle/training.py > tests/golden/training.kat
"""
from fractions import Fraction

from element_families import element, word
from ieee import BINARY64, Float
from layers import activation, dropout, initial_weights, layer_norm_backward, layer_norm_forward, softmax
from losses import batch_loss
from optimizers import Settings, clipped, trained
from schedules import factor
from targets import balanced_weights, fitted_scale, prediction, scaled

FORMAT = """\
# SPDX-License-Identifier: Apache-2.0
# Written by tests/oracle/training.py: origin kind inputs = bits. Words are binary32, or where said binary64.
# Element i of a FAMILY of values is element(FAMILY, i) of README.md here. A kind named *_of
# is the kind before it with a FAMILY in place of "unit" (for scale and shift of a layer norm, it stays "unit").
# initialisation: n_in n_out seed instance = weights
# dropout: percent seed layer step n = outputs of inputs 0 .. n-1
# activation: NAME x = y derivative
# layer_norm: n_rows n = y, gradient of x, gradient of scale, gradient of shift; x from element 0, scale from
#   2^20, shift from 2^21, gradient of y from 2^22
# softmax: FAMILY n_rows n = class probabilities, outputs 4 * element from 0
# loss: NAME n_rows n weighted = losses of the rows, gradient, loss of the batch; outputs 4 * element from 0;
#   targets from 2^20: the value, or word mod the number of classes; huber_delta 1.5; weights (class + 1) / 2
# clipping: FAMILY n clip_norm(binary64) = norm(binary64), gradients
# optimizer: NAME momentum nesterov decay n n_steps = parameters; settings in thousandths, learning rate 0.01;
#   parameters from 0, gradients of step s (from 0) from (s + 1) 2^20;  optimizer_of: = then both state tensors
# schedule: constant|step|cosine s n N w settings... = factor, all binary64 but the integers; settings of step:
#   gamma step_epochs, of cosine: final_factor
# class_weights: size of each class = balanced weights
# target_scale: FAMILY n n_fitted = mean deviation (binary64), targets of a model, predictions; values from element 0,
#   the first n_fitted are those of the training rows; raw outputs from 2^20"""

SPECIAL_WORDS = [0x00000000, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001, 0x00000001, 0x80000001,
                 0x007FFFFF, 0x00800000, 0x3F800000, 0xBF800000, 0x7F7FFFFF, 0xFF7FFFFF]
FAMILIES = ("wide", "small", "subnormal", "huge", "special", "cancel")
FOUR = Float.rounded(4)


def f64(value):
    return Float.rounded(value, BINARY64)


def words(values):
    return " ".join(v.hex() for v in values)


def elements(family, first, n):
    return [element(family, first + i) for i in range(n)]


def table(family, first, n_rows, n):
    return [elements(family, first + row * n, n) for row in range(n_rows)]


def dropout_of(family, percent, seed, layer, step, n):
    return dropout(f64(Fraction(percent, 100)), seed, layer, step, elements(family, 0, n))


def layer_norm_of(family, n_rows, n):
    scale = elements("unit", 1 << 20, n)
    y, kept = layer_norm_forward(table(family, 0, n_rows, n), scale, elements("unit", 1 << 21, n))
    dx, scale_gradient, shift_gradient = layer_norm_backward(kept, scale, table(family, 1 << 22, n_rows, n))
    return sum(y + dx, []) + scale_gradient + shift_gradient


def outputs_of(family, n_rows, n):
    return [[FOUR * z for z in row] for row in table(family, 0, n_rows, n)]


def softmax_of(family, n_rows, n):
    return [p for z in outputs_of(family, n_rows, n) for p in softmax(z)[0]]


def loss_of(family, name, n_rows, n, weighted):
    n_classes = 2 if name == "binary_cross_entropy" else n
    classes = [word((1 << 20) + row) % n_classes for row in range(n_rows)]
    weights = [Float.rounded(Fraction(c + 1, 2)) for c in range(n_classes)] if weighted else None
    return batch_loss(name, outputs_of(family, n_rows, n), elements(family, 1 << 20, n_rows), classes, weights)


def optimizer_of(family, name, momentum, nesterov, decay, n, n_steps):
    settings = Settings(learning_rate=f64(Fraction(1, 100)), momentum=f64(Fraction(momentum, 1000)),
                        nesterov=nesterov != 0, weight_decay=f64(Fraction(decay, 1000)))
    gradients = [elements(family, (step + 1) << 20, n) for step in range(n_steps)]
    return trained(name, settings, elements(family, 0, n), gradients)


def clipping_words(family, n, clip_norm):
    norm, gradients = clipped(elements(family, 0, n), clip_norm)
    return words([norm] + gradients)


def activation_lines():
    extra = {"relu": [0x33800000, 0xC2C80000, 0x42C80000],
             "tanh": [0x39800000, 0x3EAAAAAB, 0x3F000000, 0xBF7FFFFF, 0x41102CB3, 0x41102CB4, 0xC1200000, 0x40490FDB],
             "sigmoid": [0x33800000, 0xB4000000, 0x3F000000, 0xC0000000, 0x41880000, 0x418AA123, 0xC2AEAC50,
                         0xC2CFF1B5, 0xC2D00000],
             "gelu": [0x39800000, 0x3F400000, 0xBF407569, 0xC0000000, 0x40A00000, 0xC0B5C28F, 0xC1519999, 0xC1680000,
                      0x41000000]}
    for name, arguments in extra.items():
        generated = [element("unit", i).bits() for i in range(6)] + [element("wide", i).bits() for i in range(4)]
        for bits in SPECIAL_WORDS + arguments + generated:
            x = Float(bits)
            yield f"activation {name} {bits:08x} = {words(activation(name, x))}"


INITIALISATIONS = [(1, 1, 0, 0), (3, 5, 42, 0), (7, 4, 2**63 + 5, 6)] + [
    (n_in, n_out, 1000003 * i, i) for i, (n_in, n_out) in enumerate(
        [(1, 2), (2, 1), (1, 33), (33, 1), (5, 5), (4, 9), (16, 2), (2, 31), (8, 8), (10, 3), (3, 10), (6, 7), (12, 5),
         (1, 64), (64, 1), (9, 7), (31, 2), (13, 4)])] + [(4, 4, 2**64 - 1, 2**24 - 1), (2, 3, 2**32, 1)]
DROPOUTS = [(0, 1, 0, 0, 5), (50, 7, 0, 3, 41), (10, 2**40, 2, 70000, 33), (99, 1, 1, 1, 64)] + [
    (percent, 17 * i, i % 4, i * i, 20 + i) for i, percent in enumerate(
        (1, 5, 15, 20, 25, 30, 33, 40, 45, 55, 60, 66, 70, 75, 80, 90))] + [
    (50, 2**64 - 1, 2**24 - 1, 2**32 - 1, 9), (50, 3, 1, 2**32 + 5, 9), (20, 3, 1, 5, 0), (20, 3, 1, 5, 1)]
LAYER_NORMS = [(1, 2), (2, 31), (3, 33), (2, 65), (1, 130), (1, 1), (3, 1), (2, 2), (4, 3), (5, 4), (3, 7), (2, 8),
               (1, 16), (1, 31), (1, 32), (2, 32), (1, 63), (1, 64), (9, 5), (17, 3), (33, 1), (1, 100)]
LOSSES = [("mse", 1, 1, 0), ("mse", 9, 1, 0), ("huber", 11, 1, 0), ("binary_cross_entropy", 9, 1, 0),
          ("binary_cross_entropy", 7, 1, 1), ("cross_entropy", 1, 2, 0), ("cross_entropy", 6, 3, 1),
          ("cross_entropy", 3, 40, 0), ("cross_entropy", 5, 10, 1)]
ROW_COUNTS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 16, 17, 20, 23, 31, 32, 33, 50, 64)
LOSSES += [(name, n, 1, 0) for name in ("mse", "huber") for n in ROW_COUNTS] + [("huber", 1, 1, 0)]
LOSSES += [("binary_cross_entropy", n, 1, i % 2) for i, n in enumerate((1,) + ROW_COUNTS)]
LOSSES += [("cross_entropy", n_rows, n, (n_rows + n) % 2) for n_rows, n in (
    (1, 3), (2, 2), (7, 2), (3, 5), (4, 4), (2, 31), (2, 32), (2, 33), (1, 63), (1, 64), (1, 65), (1, 100), (8, 3),
    (16, 2), (5, 7), (9, 6), (1, 2))]
OPTIMIZERS = [("sgd", 0, 0, 0, 5, 3), ("sgd", 0, 0, 10, 5, 3), ("sgd", 900, 0, 0, 5, 4), ("sgd", 900, 1, 10, 5, 4),
              ("adam", 0, 0, 0, 7, 5), ("adam", 0, 0, 10, 7, 3), ("adamw", 0, 0, 10, 7, 5)]
OPTIMIZERS += [("sgd", momentum, nesterov, decay, n, 3) for (momentum, nesterov), n in (
    ((0, 0), 1), ((0, 1), 9), ((500, 0), 31), ((900, 1), 33), ((999, 0), 6)) for decay in (0, 1, 100, 1000)]
OPTIMIZERS += [(name, 0, 0, decay, n, n_steps) for name in ("adam", "adamw") for decay in (0, 1, 100, 1000)
               for n, n_steps in ((1, 1), (3, 2), (9, 4), (33, 3), (5, 12))]


def schedule_lines():
    def line(kind, s, n, run_steps, w, *settings):
        given = " ".join(v.hex() if isinstance(v, Float) else str(v) for v in settings)
        inputs = f"{kind} {s} {n} {run_steps} {w} {given}".rstrip()
        return f"schedule {inputs} = {factor(kind, s, n, run_steps, w, *settings).hex()}"

    for w in (0, 1, 3, 6, 10):
        for s in (0, 1, 2, 5, 9, 99):
            yield line("constant", s, 10, 100, w)
    for gamma in (Fraction(1, 10), Fraction(9, 10), Fraction(1, 2), Fraction(99, 100)):
        for s, n, w, step_epochs in ((0, 10, 0, 1), (9, 10, 0, 1), (10, 10, 0, 1), (77, 7, 3, 2), (2, 7, 3, 2),
                                     (1234567, 10, 100, 3), (99999, 1, 0, 7)):
            yield line("step", s, n, 2000000, w, f64(gamma), step_epochs)
    for final in (0, Fraction(1, 10), Fraction(1, 8), 1):
        for s, run_steps, w in ((0, 101, 0), (1, 101, 0), (25, 101, 0), (50, 101, 0), (99, 101, 0), (100, 101, 0),
                                (5, 20, 7), (7, 20, 7), (8, 20, 7), (12, 20, 7), (19, 20, 7), (0, 1, 0), (3, 4, 3),
                                (19, 20, 50), (123456, 1000001, 1000), (7, 9, 8), (8, 9, 8)):
            yield line("cosine", s, 10, run_steps, w, f64(final))


def clipping_lines():
    for family, n, clip_norm in (
            [("unit", n, f64(c)) for n in (1, 2, 33, 100) for c in (Fraction(1, 1000), 1, Fraction(7, 3), 1000)]
            + [(family, 40, f64(c)) for family in FAMILIES for c in (Fraction(1, 3), 10**6)]
            + [("unit", 0, f64(1)), ("wide", 65, f64(Fraction(1, 10**30))), ("small", 33, Float(1, BINARY64)),
               ("subnormal", 33, f64(Fraction(2)**-149)), ("huge", 9, f64(Fraction(2)**-100)),
               ("special", 2, f64(1)), ("special", 3, f64(1))]):
        yield f"clipping {family} {n} {clip_norm.hex()} = {clipping_words(family, n, clip_norm)}"


def target_scale_lines():
    cases = [("unit", n, n_fitted) for n, n_fitted in (
        (1, 1), (2, 1), (2, 2), (3, 2), (5, 5), (8, 4), (9, 1), (16, 15), (17, 16), (33, 20), (40, 31), (40, 33))]
    cases += [(family, n, n_fitted) for family in ("wide", "small", "subnormal", "huge")
              for n, n_fitted in ((4, 1), (9, 7), (20, 20))]
    for family, n, n_fitted in cases:
        values = elements(family, 0, n)
        scale = fitted_scale(values[:n_fitted])
        results = [scaled(v, *scale) for v in values] + [prediction(v, *scale) for v in elements(family, 1 << 20, n)]
        yield f"target_scale {family} {n} {n_fitted} = {words(scale)} {words(results)}"


CLASS_SIZES = [(1, 1), (3, 1), (1, 2), (7, 13), (100, 1), (1, 1000), (12, 12), (33, 67), (1, 1, 1), (1, 2, 3), (5, 5, 6),
               (10, 1, 1), (98, 101, 97), (1, 1, 1, 97), (3, 3, 3, 4), (178, 182, 177, 183, 181, 182, 181, 179, 174, 180),
               (2, 3, 5, 7, 11, 13), (100003, 7), (65537, 65536), (1, 1, 2, 3, 5, 8, 13), (6, 28, 496), (9, 99, 999)]


def lines(kind, function, cases):
    for case in cases:
        yield f"{kind} {' '.join(map(str, case))} = {words(function(*case))}"


def of_unit(function):
    return lambda *case: function("unit", *case)


def main():
    print(FORMAT)
    groups = [
        lines("initialisation", initial_weights, INITIALISATIONS),
        lines("dropout", of_unit(dropout_of), DROPOUTS),
        lines("dropout_of", dropout_of, [(family, 30, 5, 1, 2, 40) for family in FAMILIES]),
        activation_lines(),
        lines("layer_norm", of_unit(layer_norm_of), LAYER_NORMS),
        lines("layer_norm_of", layer_norm_of, [(f, *c) for f in FAMILIES for c in ((3, 5), (2, 33), (1, 1), (4, 2))]),
        lines("softmax", softmax_of, [(f, *c) for f in ("unit",) + FAMILIES for c in ((2, 2), (4, 3), (1, 10), (2, 33))]),
        lines("loss", of_unit(loss_of), LOSSES),
        lines("loss_of", loss_of, [(f, name, 12, 1, 0) for f in FAMILIES for name in ("mse", "huber")]
              + [(f, "binary_cross_entropy", 12, 1, w) for f in FAMILIES for w in (0, 1)]
              + [(f, "cross_entropy", n_rows, n, w) for f in FAMILIES
                 for n_rows, n, w in ((9, 3, 0), (9, 2, 1), (2, 33, 0))]),
        clipping_lines(),
        lines("optimizer", lambda *case: optimizer_of("unit", *case)[0], OPTIMIZERS),
        lines("optimizer_of", lambda *case: sum(optimizer_of(*case), []),
              [(f, *c) for f in FAMILIES for c in (("sgd", 0, 0, 10, 12, 2), ("sgd", 900, 1, 0, 12, 3),
                                                   ("adam", 0, 0, 0, 12, 3), ("adamw", 0, 0, 10, 12, 3))]),
        schedule_lines(),
        (f"class_weights {' '.join(map(str, sizes))} = {words(balanced_weights(sizes))}" for sizes in CLASS_SIZES),
        target_scale_lines(),
    ]
    for group in groups:
        for line in group:
            print("oracle", line)


if __name__ == "__main__":
    main()
