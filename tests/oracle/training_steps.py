#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole training runs of small networks, from docs/arithmetic.md alone: every specification of a step at once.

    python3 tests/oracle/training_steps.py [CASE...]

prints tests/golden/training_steps.kat, or the lines of some of its cases (up to two minutes each).

A network of n_features inputs and n_classes outputs, seed 3, is trained with cross_entropy on 20 batches of 64
rows: inputs of step s from element s 2^20 of the family "unit", the class of row r is word(r + s) mod n_classes.
Gradients are clipped to the norm 1/2. The answer is the SHA-256 of all parameters, little-endian binary32.
"""
import hashlib
import struct
import sys
from dataclasses import dataclass, field
from fractions import Fraction

from element_families import element, word
from ieee import BINARY64, Float
from layers import (ONE, ZERO, activation, column_sums, dropout, initial_weights, layer_norm_backward,
                    layer_norm_forward)
from losses import batch_loss
from matmul import CHAIN
from optimizers import Settings, clipped, stepped

SEED, N_FEATURES, N_CLASSES, N_ROWS, N_STEPS = 3, 19, 7, 64, 20


def f64(value):
    return Float.rounded(value, BINARY64)


@dataclass
class Case:
    hidden: list
    activation: str
    optimizer: str
    settings: Settings
    dropout: Float = f64(0)
    layer_norm: bool = False


@dataclass
class Tensor:
    values: list
    decays: bool
    first: list = field(default_factory=list)
    second: list = field(default_factory=list)


def deep(activation_name, optimizer, **settings):
    return Case([33, 20], activation_name, optimizer, Settings(**settings), f64(Fraction(1, 4)), True)


ADAM = {"learning_rate": f64(Fraction(1, 1000))}
CASES = {
    "relu_adam": Case([40], "relu", "adam", Settings(**ADAM)),
    "gelu_norm_dropout_adamw": deep("gelu", "adamw", weight_decay=f64(Fraction(1, 100)), **ADAM),
    "tanh_norm_dropout_sgd": deep("tanh", "sgd", learning_rate=f64(Fraction(5, 100)), momentum=f64(Fraction(9, 10)),
                                  nesterov=True, weight_decay=f64(Fraction(1, 100))),
    "sigmoid_norm_dropout_adam": deep("sigmoid", "adam", **ADAM),
}


def dot_product(a, b):
    """A chain of fma of finite numbers (m, e) = m 2^e in bare integers, for speed; K is at most one chain."""
    assert len(a) <= CHAIN
    m, e = 0, 0
    for (am, ae), (bm, be) in zip(a, b):
        pm, pe = am * bm, ae + be
        if pe < e:
            m, e = (m << (e - pe)) + pm, pe
        else:
            m += pm << (pe - e)
        n_dropped = m.bit_length() - 24
        if e + n_dropped < -149:
            n_dropped = -149 - e
        if n_dropped > 0:
            rest, half = m & ((1 << n_dropped) - 1), 1 << (n_dropped - 1)
            rounded = m >> n_dropped
            if rest > half or (rest == half and rounded & 1):
                rounded += 1
            assert rounded or not m  # a sum that underflows to zero would keep its sign
            m, e = rounded, e + n_dropped
    assert m.bit_length() + e <= 128
    return Float.rounded(m * Fraction(2) ** e)


def bare(x):
    assert x.is_finite()
    return (-x.significand if x.negative else x.significand), x.exponent


def product(rows, columns):
    rows, columns = ([[bare(x) for x in vector] for vector in side] for side in (rows, columns))
    return [[dot_product(row, column) for column in columns] for row in rows]


def transposed(matrix):
    return [list(column) for column in zip(*matrix)]


def in_rows(values, n_columns):
    return [values[i:i + n_columns] for i in range(0, len(values), n_columns)]


class Layer:
    """A dense layer; of a hidden one also layer norm, activation and dropout."""

    def __init__(self, case, index, n_in, n_out, first_parameter):
        self.case, self.index, self.n_out = case, index, n_out
        self.is_hidden = index < len(case.hidden)
        self.weight = Tensor(initial_weights(n_in, n_out, SEED, first_parameter), True)
        self.tensors = [self.weight, Tensor([ZERO] * n_out, False)]
        self.has_norm = case.layer_norm and self.is_hidden
        if self.has_norm:
            self.tensors += [Tensor([ONE] * n_out, False), Tensor([ZERO] * n_out, False)]
        for tensor in self.tensors:
            tensor.first, tensor.second = [ZERO] * len(tensor.values), [ZERO] * len(tensor.values)

    def with_dropout(self, matrix, step):
        if self.case.dropout.is_zero():
            return matrix
        return in_rows(dropout(self.case.dropout, SEED, self.index, step, sum(matrix, [])), self.n_out)

    def forward(self, inputs, step):
        self.inputs = inputs
        bias = self.tensors[1].values
        x = [[v + o for v, o in zip(row, bias)]
             for row in product(inputs, transposed(in_rows(self.weight.values, self.n_out)))]
        if not self.is_hidden:
            return x
        if self.has_norm:
            x, self.kept = layer_norm_forward(x, self.tensors[2].values, self.tensors[3].values)
        pairs = [[activation(self.case.activation, v) for v in row] for row in x]
        self.derivatives = [[d for _, d in row] for row in pairs]
        return self.with_dropout([[y for y, _ in row] for row in pairs], step)

    def backward(self, gradient, step):
        """Gradients of the inputs, and of the layer's tensors."""
        norm_gradients = []
        if self.is_hidden:
            gradient = self.with_dropout(gradient, step)
            gradient = [[g * d for g, d in zip(*rows)] for rows in zip(gradient, self.derivatives)]
            if self.has_norm:
                gradient, *norm_gradients = layer_norm_backward(self.kept, self.tensors[2].values, gradient)
        weight_gradient = sum(product(transposed(self.inputs), transposed(gradient)), [])
        gradients = [weight_gradient, column_sums(gradient, self.n_out), *norm_gradients]
        if self.index == 0:
            return None, gradients
        return product(gradient, in_rows(self.weight.values, self.n_out)), gradients


def network(case):
    sizes, layers, n_parameters = [N_FEATURES, *case.hidden, N_CLASSES], [], 0
    for index, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
        layers.append(Layer(case, index, n_in, n_out, n_parameters))
        n_parameters += len(layers[-1].tensors)
    return layers


def train_step(case, layers, step):
    values = [[element("unit", (step << 20) + row * N_FEATURES + j) for j in range(N_FEATURES)] for row in range(N_ROWS)]
    classes = [word(row + step) % N_CLASSES for row in range(N_ROWS)]
    for layer in layers:
        values = layer.forward(values, step)
    results = batch_loss("cross_entropy", values, [None] * N_ROWS, classes, None)
    gradient = in_rows(results[N_ROWS:-1], N_CLASSES)
    gradients = []
    for layer in reversed(layers):
        gradient, own = layer.backward(gradient, step)
        gradients = own + gradients
    _, all_gradients = clipped(sum(gradients, []), f64(Fraction(1, 2)))
    for tensor in (tensor for layer in layers for tensor in layer.tensors):
        own, all_gradients = all_gradients[:len(tensor.values)], all_gradients[len(tensor.values):]
        settings = case.settings if tensor.decays else WITHOUT_DECAY[case.settings]
        tensor.values, tensor.first, tensor.second = stepped(
            case.optimizer, settings, step + 1, tensor.values, own, tensor.first, tensor.second)


def without_decay(s):
    return Settings(s.learning_rate, s.factor, s.momentum, s.nesterov, f64(0), s.beta1, s.beta2, s.epsilon)


WITHOUT_DECAY = {case.settings: without_decay(case.settings) for case in CASES.values()}


def parameters_after_training(case):
    layers = network(case)
    for step in range(N_STEPS):
        train_step(case, layers, step)
    words = [v.bits() for layer in layers for tensor in layer.tensors for v in tensor.values]
    return hashlib.sha256(struct.pack(f"<{len(words)}I", *words)).hexdigest()


def main():
    if not sys.argv[1:]:
        print("# SPDX-License-Identifier: Apache-2.0")
        print("# SHA-256 of all parameters (little-endian binary32) after 20 steps. The cases, and how this was")
        print("# computed: tests/oracle/training_steps.py.")
    for name in sys.argv[1:] or CASES:
        print(f"oracle parameters {name} = {parameters_after_training(CASES[name])}", flush=True)


if __name__ == "__main__":
    main()
