# SPDX-License-Identifier: Apache-2.0
"""Learning-rate schedules and their functions, from docs/arithmetic.md ("Learning-rate schedules")."""
from fractions import Fraction
from math import factorial

from ieee import BINARY64, Float

PI = Fraction("3.14159265358979323846264338327950288419716939937510582097494")


def f64(value):
    return Float.rounded(value, BINARY64)


COSINE = [f64((-1) ** i * PI ** (2 * i) / factorial(2 * i)) for i in range(10)]
SINE = [f64((-1) ** i * PI ** (2 * i + 1) / factorial(2 * i + 1)) for i in range(9)]
ONE, HALF = f64(1), f64(Fraction(1, 2))


def horner(w, coefficients):
    p = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        p = c + w * p
    return p


def cospi_unit(t):
    if t <= f64(Fraction(1, 4)):
        return horner(t * t, COSINE)
    if t < f64(Fraction(3, 4)):
        h = HALF - t
        return h * horner(h * h, SINE)
    u = ONE - t
    return -horner(u * u, COSINE)


def power_of(base, n):
    result, square = ONE, base
    while n != 0:
        if n % 2 == 1:
            result = result * square
        square = square * square
        n //= 2
    return result


def factor(kind, step, epoch_steps, run_steps, warmup_steps, *settings):
    """settings: of `step` gamma and step_epochs, of `cosine` final_factor."""
    if step < warmup_steps:
        return f64(step + 1) / f64(warmup_steps + 1)
    if kind == "constant":
        return ONE
    if kind == "step":
        gamma, step_epochs = settings
        return power_of(gamma, step // epoch_steps // step_epochs)
    final_factor, = settings
    done, all_steps = step - warmup_steps, run_steps - 1 - warmup_steps
    x = ONE if done >= all_steps else f64(done) / f64(all_steps)
    return final_factor + (ONE - final_factor) * (HALF * (ONE + cospi_unit(x)))
