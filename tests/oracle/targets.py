# SPDX-License-Identifier: Apache-2.0
"""What a model learns from, from docs/arithmetic.md ("Training"): class weights and regression targets."""
from exact_sum import moments
from ieee import BINARY32, BINARY64, Float


def f64(value):
    return Float.rounded(value, BINARY64)


def balanced_weights(class_sizes):
    n, k = f64(sum(class_sizes)), f64(len(class_sizes))
    return [(n / (k * f64(size))).to(BINARY32) for size in class_sizes]


def fitted_scale(training_values):
    """Mean and deviation as in the feature `standardize`."""
    _, _, _, mean, variance, *_ = moments([v.bits() for v in training_values]).split()
    deviation = Float(int(variance, 16), BINARY64).sqrt()
    return Float(int(mean, 16), BINARY64), f64(1) if deviation.is_zero() else deviation


def scaled(value, mean, deviation):
    return ((value.to(BINARY64) - mean) / deviation).to(BINARY32)


def prediction(output, mean, deviation):
    return (output.to(BINARY64) * deviation + mean).to(BINARY32)
