# SPDX-License-Identifier: Apache-2.0
"""Losses and their gradients, from docs/arithmetic.md ("Losses")."""
from fractions import Fraction

from elementary import rounded_function
from exact_sum import sum_bits
from ieee import BINARY32, BINARY64, Float
from layers import ONE, ZERO, softmax
from rounding import BINARY32 as EXACT32, BINARY64 as EXACT64, value_of

HALF = Float.rounded(Fraction(1, 2))


def with_sign_of(magnitude, d):
    return d if d.is_nan() else -magnitude if d.negative else magnitude


def mse(z, value, _):
    d = z[0] - value
    return d * d, [d + d]


def huber(z, value, _, delta=Float.rounded(Fraction(3, 2))):
    d = z[0] - value
    if abs(d) <= delta:
        return (HALF * d) * d, [d]
    return delta * (abs(d) - HALF * delta), [with_sign_of(delta, d)]


def binary_cross_entropy(z, _, target):
    z = z[0]
    top = z if z > ZERO else ZERO
    part = rounded_function("log1p", rounded_function("exp", -abs(z)))
    loss = (top - z) + part if target == 1 else top + part
    return loss, [rounded_function("sigmoid", z) - Float.rounded(target)]


def cross_entropy(z, _, target):
    slopes, _, total, top = softmax(z)
    slopes[target] = slopes[target] - ONE
    return rounded_function("log", total) - (z[target] - top), slopes


LOSSES = {"mse": mse, "huber": huber, "binary_cross_entropy": binary_cross_entropy, "cross_entropy": cross_entropy}


def batch_loss(name, rows, values, classes, weights):
    """Losses of the rows, gradient, loss of the batch. weights: None, or one a class."""
    n = Float.rounded(len(rows))
    losses, gradient = [], []
    for z, value, target in zip(rows, values, classes):
        loss, slopes = LOSSES[name](z, value, target)
        if weights:
            loss, slopes = loss * weights[target], [slope * weights[target] for slope in slopes]
        losses.append(loss)
        gradient += [slope / n for slope in slopes]
    total = Float(sum_bits([value_of(loss.bits(), EXACT32) for loss in losses], EXACT64), BINARY64)
    mean = (total / Float.rounded(len(rows), BINARY64)).to(BINARY32)
    return losses + gradient + [mean]
