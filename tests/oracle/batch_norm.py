# SPDX-License-Identifier: Apache-2.0
"""Batch norm, from docs/arithmetic.md ("Batch norm"), a channel at a time."""
from exact_sum import moments
from ieee import BINARY32, BINARY64, Float
from layers import column_sums

EPSILON = Float(0x3ee4f8b588e368f1, BINARY64)


def f64(value):
    return Float.rounded(value, BINARY64)


def inverse_deviation(variance):
    return (f64(1) / (variance + EPSILON).sqrt()).to(BINARY32)


def mean_and_variance(values):
    if any(v.is_nan() for v in values):
        return Float(BINARY64.nan, BINARY64), Float(BINARY64.nan, BINARY64)
    words = moments([v.bits() for v in values]).split()
    return Float(int(words[3], 16), BINARY64), Float(int(words[4], 16), BINARY64)


def outputs(x, mean, inverse, scale, shift):
    """Normal forms, and y."""
    normal = [(v - mean) * inverse for v in x]
    return normal, [v * scale + shift for v in normal]


def training(x, gradient, scale, shift, running_mean, running_variance, momentum):
    """y, gradient of x, [running mean, running variance, gradient of scale, gradient of shift]"""
    n = len(x)
    m, v = mean_and_variance(x)
    mean, inverse = m.to(BINARY32), inverse_deviation(v)
    normal, y = outputs(x, mean, inverse, scale, shift)
    unbiased = (v * (f64(n) / f64(n - 1))).to(BINARY32) if n > 1 else v.to(BINARY32)
    rate = momentum.to(BINARY32)
    running = [running_mean + rate * (mean - running_mean), running_variance + rate * (unbiased - running_variance)]

    scale_gradient, = column_sums([[g * v] for g, v in zip(gradient, normal)], 1)
    shift_gradient, = column_sums([[g] for g in gradient], 1)
    count = Float.rounded(n)
    a, b = shift_gradient / count, scale_gradient / count
    dx = [((g - a) - v * b) * (scale * inverse) for g, v in zip(gradient, normal)]
    return y, dx, running + [scale_gradient, shift_gradient]


def inference(x, scale, shift, running_mean, running_variance):
    return outputs(x, running_mean, inverse_deviation(running_variance.to(BINARY64)), scale, shift)[1]
