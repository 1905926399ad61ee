#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known answers of initialisation, dropout, layer norm, losses and optimizers, by exact fractions.

Writes tests/golden/training.kat. Inputs come from the value families of matmul.py (`element`).
Elementary functions are computed by decimal with 60 digits and rounded once to binary32.
"""
from decimal import Decimal, getcontext
from fractions import Fraction
from math import isqrt
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from binary32 import from_bits, rounded, to_bits  # noqa: E402
from matmul import element  # noqa: E402

getcontext().prec = 60
LANES = 32


def f32(x):
    y = rounded(Fraction(x))
    assert not isinstance(y, str) or y == "-0", y
    return Fraction(0) if y == "-0" else y  # cases avoid results whose zero has a sign


def f64(x):
    return rounded(Fraction(x), 64)


def add(a, b): return f32(a + b)
def sub(a, b): return f32(a - b)
def mul(a, b): return f32(a * b)
def div(a, b): return f32(a / b)


def root(x, width=32):
    """Square root rounded once: an integer root with far more bits than needed, made sticky."""
    scale = 400
    numerator = x * Fraction(4) ** scale
    whole = isqrt(numerator.numerator // numerator.denominator)
    exact = Fraction(whole) ** 2 == numerator
    return rounded((Fraction(whole) + (0 if exact else Fraction(1, 2))) / Fraction(2) ** scale, width)


def decimal(x): return Decimal(x.numerator) / Decimal(x.denominator)
def exp(x): return f32(Fraction(decimal(x).exp()))
def log(x): return f32(Fraction(decimal(x).ln()))
def log1p(x): return f32(Fraction((1 + decimal(x)).ln()))
def sigmoid(x): return f32(Fraction(1 / (1 + (-decimal(x)).exp())))


def lane_sum(terms):
    lane = [Fraction(0)] * LANES
    for i, term in enumerate(terms):
        lane[i % LANES] = add(lane[i % LANES], term)
    width = LANES // 2
    while width:
        for l in range(width):
            lane[l] = add(lane[l], lane[l + width])
        width //= 2
    return lane[0]


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def random_word(seed, stream, step, index):
    block = index // 4
    return philox([block & 0xFFFFFFFF, block >> 32, stream, step],
                  [seed & 0xFFFFFFFF, seed >> 32])[index % 4]


def value(i): return from_bits(element("unit", i))
def words(values): return " ".join(f"{to_bits(v):08x}" for v in values)


def initialisation(n_in, n_out, seed, instance):
    limit = f32(root(f64(Fraction(6) / (n_in + n_out)), 64))
    stream = 3 << 24 | instance
    return [mul(limit, 2 * Fraction(random_word(seed, stream, 0, i) >> 8, 1 << 24) - 1)
            for i in range(n_in * n_out)]


def dropout(percent, seed, layer, step, n):
    p = Fraction(percent / 100)  # the binary64 number
    threshold = int(p * 2 ** 32)
    scale = f32(f64(1 / f64(1 - p)))
    stream = 4 << 24 | layer
    return [mul(value(i), scale) if random_word(seed, stream, step, i) >= threshold else Fraction(0)
            for i in range(n)]


def layer_norm(n_rows, n):
    """x from 0, scale from 2^20, shift from 2^21, gradient from 2^22."""
    scale = [value((1 << 20) + j) for j in range(n)]
    shift = [value((1 << 21) + j) for j in range(n)]
    y, dx = [], []
    scale_sums, shift_sums = [Fraction(0)] * n, [Fraction(0)] * n
    for row in range(n_rows):
        x = [value(row * n + j) for j in range(n)]
        g_out = [value((1 << 22) + row * n + j) for j in range(n)]
        mean = div(lane_sum(x), n)
        variance = div(lane_sum([mul(sub(v, mean), sub(v, mean)) for v in x]), n)
        inverse = div(Fraction(1), root(add(variance, f32(Fraction(1e-5)))))
        normal = [mul(sub(v, mean), inverse) for v in x]
        y += [add(mul(normal[j], scale[j]), shift[j]) for j in range(n)]
        for j in range(n):
            scale_sums[j] += mul(g_out[j], normal[j])
            shift_sums[j] += g_out[j]
        g = [mul(g_out[j], scale[j]) for j in range(n)]
        a = div(lane_sum(g), n)
        b = div(lane_sum([mul(g[j], normal[j]) for j in range(n)]), n)
        dx += [mul(sub(sub(g[j], a), mul(normal[j], b)), inverse) for j in range(n)]
    return y + dx + [f32(s) for s in scale_sums] + [f32(s) for s in shift_sums]


def loss(name, n_rows, n, weighted):
    """Outputs from 0 (times 4), targets from 2^20: the value, or word mod the number of classes."""
    from matmul import word
    n_classes = 2 if name == "binary_cross_entropy" else n
    weights = [Fraction(c + 1, 2) for c in range(n_classes)]
    losses, slopes = [], []
    for row in range(n_rows):
        z = [4 * value(row * n + j) for j in range(n)]
        if name in ("mse", "huber"):
            d = sub(z[0], value((1 << 20) + row))
            if name == "mse":
                losses.append(mul(d, d))
                slopes.append(add(d, d))
            else:
                delta = f32(Fraction(1.5))
                if abs(d) <= delta:
                    losses.append(mul(mul(Fraction(1, 2), d), d))
                    slopes.append(d)
                else:
                    losses.append(mul(delta, sub(abs(d), mul(Fraction(1, 2), delta))))
                    slopes.append(delta if d > 0 else -delta)
            continue
        target = word((1 << 20) + row) % n_classes
        if name == "binary_cross_entropy":
            part = log1p(exp(-abs(z[0])))
            top = max(z[0], Fraction(0))
            row_loss = add(sub(top, z[0]) if target else top, part)
            slope = [sub(sigmoid(z[0]), Fraction(target))]
        else:
            top = max(z)
            e = [exp(sub(v, top)) for v in z]
            total = lane_sum(e)
            row_loss = sub(log(total), sub(z[target], top))
            slope = [sub(div(e[j], total), Fraction(j == target)) if j == target
                     else div(e[j], total) for j in range(n)]
        if weighted:
            row_loss = mul(row_loss, weights[target])
            slope = [mul(s, weights[target]) for s in slope]
        losses.append(row_loss)
        slopes += slope
    gradient = [div(s, Fraction(n_rows)) for s in slopes]
    mean = f32(f64(f64(sum(losses)) / n_rows))
    return losses + gradient + [mean]


def power(base, exponent):
    result, square = Fraction(1), base
    while exponent:
        if exponent & 1:
            result = f64(result * square)
        square = f64(square * square)
        exponent >>= 1
    return result


def optimizer(name, momentum, nesterov, decay, n, n_steps):
    """Settings in thousandths; learning rate 0.01. Parameters from 0, gradients of step s from (s+1) 2^20."""
    rate64 = Fraction(0.01)
    decay64, momentum64 = Fraction(decay / 1000), Fraction(momentum / 1000)
    beta1, beta2, epsilon = Fraction(0.9), Fraction(0.999), f32(Fraction(1e-8))
    p = [value(i) for i in range(n)]
    m, v = [Fraction(0)] * n, [Fraction(0)] * n
    for step in range(n_steps):
        correction1 = f64(1 - power(beta1, step + 1))
        correction2 = f64(1 - power(beta2, step + 1))
        alpha = f32(f64(rate64 / correction1))
        widening = f32(f64(1 / root(correction2, 64)))
        for i in range(n):
            g = value(((step + 1) << 20) + i)
            if decay and name == "adamw":
                p[i] = sub(p[i], mul(f32(f64(rate64 * decay64)), p[i]))
            elif decay:
                g = add(g, mul(f32(decay64), p[i]))
            if name == "sgd":
                direction = g
                if momentum:
                    m[i] = add(mul(f32(momentum64), m[i]), g)
                    direction = add(g, mul(f32(momentum64), m[i])) if nesterov else m[i]
                p[i] = sub(p[i], mul(f32(rate64), direction))
                continue
            m[i] = add(mul(f32(beta1), m[i]), mul(f32(f64(1 - beta1)), g))
            v[i] = add(mul(f32(beta2), v[i]), mul(f32(f64(1 - beta2)), mul(g, g)))
            p[i] = sub(p[i], div(mul(alpha, m[i]), add(mul(root(v[i]), widening), epsilon)))
    return p


CASES = {
    "initialisation": (initialisation, [(1, 1, 0, 0), (3, 5, 42, 0), (7, 4, 2 ** 63 + 5, 6)]),
    "dropout": (dropout, [(0, 1, 0, 0, 5), (50, 7, 0, 3, 41), (10, 2 ** 40, 2, 70000, 33),
                          (99, 1, 1, 1, 64)]),
    "layer_norm": (layer_norm, [(1, 2), (2, 31), (3, 33), (2, 65), (1, 130)]),
    "loss": (loss, [("mse", 1, 1, 0), ("mse", 9, 1, 0), ("huber", 11, 1, 0),
                    ("binary_cross_entropy", 9, 1, 0), ("binary_cross_entropy", 7, 1, 1),
                    ("cross_entropy", 1, 2, 0), ("cross_entropy", 6, 3, 1), ("cross_entropy", 3, 40, 0),
                    ("cross_entropy", 5, 10, 1)]),
    "optimizer": (optimizer, [("sgd", 0, 0, 0, 5, 3), ("sgd", 0, 0, 10, 5, 3), ("sgd", 900, 0, 0, 5, 4),
                              ("sgd", 900, 1, 10, 5, 4), ("adam", 0, 0, 0, 7, 5), ("adam", 0, 0, 10, 7, 3),
                              ("adamw", 0, 0, 10, 7, 5)]),
}


def main():
    path = pathlib.Path(__file__).parent.parent / "golden" / "training.kat"
    lines = ["# SPDX-License-Identifier: Apache-2.0",
             "# Written by tests/oracle/training.py, which says what each case is: origin kind inputs = bits"]
    for kind, (function, cases) in CASES.items():
        for case in cases:
            lines.append(f"oracle {kind} {' '.join(map(str, case))} = {words(function(*case))}")
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
