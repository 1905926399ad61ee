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
EPSILON = Float.rounded(Fraction(1, 100000))


def f64(value):
    return Float.rounded(value, BINARY64)


def column_sums(rows, n_columns):
    """f32 of the exact sum of each column."""
    columns = [[value_of(row[j].bits(), BINARY32) for row in rows] for j in range(n_columns)]
    return [Float(sum_bits(column, BINARY32)) for column in columns]


def initial_weights(n_in, n_out, seed, instance, n_values=None):
    """n_values: n_in * n_out, where it is not given."""
    n_values = n_in * n_out if n_values is None else n_values
    limit = (f64(6) / f64(n_in + n_out)).sqrt().to(ZERO.fmt)
    units = (Fraction(random_word(seed, 3 << 24 | instance, 0, i) >> 8, 1 << 24) for i in range(n_values))
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


def normalised(x):
    """The normal form of a row, and the inverse of its deviation."""
    n = Float.rounded(len(x))
    mean = lane_sum(x) / n
    variance = lane_sum([(v - mean) * (v - mean) for v in x]) / n
    inverse = ONE / (variance + EPSILON).sqrt()
    return [(v - mean) * inverse for v in x], inverse


def layer_norm_forward(x_rows, scale, shift):
    """y, and what the way back needs: (normal, inverse) of each row."""
    kept = [normalised(x) for x in x_rows]
    return [[v * s + o for v, s, o in zip(normal, scale, shift)] for normal, _ in kept], kept


def layer_norm_backward(kept, scale, gradient_rows):
    """Gradients of x, of scale and of shift."""
    n = Float.rounded(len(scale))
    columns = range(len(scale))
    dx, scale_terms = [], []
    for (normal, inverse), g in zip(kept, gradient_rows):
        scale_terms.append([g[j] * normal[j] for j in columns])
        scaled = [g[j] * scale[j] for j in columns]
        a = lane_sum(scaled) / n
        b = lane_sum([scaled[j] * normal[j] for j in columns]) / n
        dx.append([((scaled[j] - a) - normal[j] * b) * inverse for j in columns])
    return dx, column_sums(scale_terms, len(scale)), column_sums(gradient_rows, len(scale))


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
