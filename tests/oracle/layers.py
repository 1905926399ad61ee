# SPDX-License-Identifier: Apache-2.0
"""Initialisation, activations, dropout, layer norm and softmax, from docs/arithmetic.md."""
from fractions import Fraction

from elementary import rounded_function
from exact_sum import sum_bits
from ieee import BINARY64, Float
from philox import random_word
from rounding import BINARY32, value_of

LANES = 32
ZERO, ONE = Float.rounded(0), Float.rounded(1)


def f64(value):
    return Float.rounded(value, BINARY64)


def exact_sum32(terms):
    """f32 of the exact sum of binary32 numbers."""
    return Float(sum_bits([value_of(t.bits(), BINARY32) for t in terms], BINARY32))


def initial_weights(n_in, n_out, seed, instance):
    limit = (f64(6) / f64(n_in + n_out)).sqrt().to(ZERO.fmt)
    units = (Fraction(random_word(seed, 3 << 24 | instance, 0, i) >> 8, 1 << 24) for i in range(n_in * n_out))
    return [limit * Float.rounded(2 * u - 1) for u in units]


def activation(name, x):
    """y and its derivative."""
    if name == "relu":
        y = ZERO if x <= ZERO else x
        return y, y if y.is_nan() else ONE if y > ZERO else ZERO
    y = rounded_function(name, x)
    if name == "tanh":
        return y, (ONE - y) * (ONE + y)
    if name == "sigmoid":
        return y, y * (ONE - y)
    return y, rounded_function("gelu_derivative", x)


def dropout(probability, seed, layer, step, x):
    """x: the elements of a batch in order; probability a binary64 Float."""
    threshold = int(probability.exact() * 2**32)
    scale = (f64(1) / (f64(1) - probability)).to(ZERO.fmt)
    words = (random_word(seed, 4 << 24 | layer, step % 2**32, i) for i in range(len(x)))
    return [value * scale if word >= threshold else ZERO for value, word in zip(x, words)]


def lane_sum(terms):
    lane = [ZERO] * LANES
    for i, term in enumerate(terms):
        lane[i % LANES] = lane[i % LANES] + term
    for width in (16, 8, 4, 2, 1):
        for l in range(width):
            lane[l] = lane[l] + lane[l + width]
    return lane[0]


def layer_norm(x_rows, scale, shift, gradient_rows):
    """y, gradient of x (both row by row), gradient of scale, gradient of shift."""
    n = Float.rounded(len(scale))
    epsilon = Float.rounded(f64(Fraction(1, 100000)).exact())
    columns = range(len(scale))
    y, dx, scale_terms = [], [], []
    for x, g in zip(x_rows, gradient_rows):
        mean = lane_sum(x) / n
        variance = lane_sum([(v - mean) * (v - mean) for v in x]) / n
        inverse = ONE / (variance + epsilon).sqrt()
        normal = [(v - mean) * inverse for v in x]
        y += [normal[j] * scale[j] + shift[j] for j in columns]
        scale_terms.append([g[j] * normal[j] for j in columns])
        scaled = [g[j] * scale[j] for j in columns]
        a = lane_sum(scaled) / n
        b = lane_sum([scaled[j] * normal[j] for j in columns]) / n
        dx += [((scaled[j] - a) - normal[j] * b) * inverse for j in columns]
    scale_gradient = [exact_sum32([row[j] for row in scale_terms]) for j in columns]
    shift_gradient = [exact_sum32([row[j] for row in gradient_rows]) for j in columns]
    return y + dx + scale_gradient + shift_gradient


def largest(z):
    """Of numbers among which a NaN may be: it does not matter then, every result is NaN."""
    top = z[0]
    for value in z:
        if value > top:
            top = value
    return top


def softmax(z):
    """Class probabilities of a row, their unnormalised values, their sum and the largest output."""
    top = largest(z)
    e = [rounded_function("exp", value - top) for value in z]
    total = lane_sum(e)
    return [value / total for value in e], e, total, top
