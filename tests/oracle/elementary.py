#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The correctly rounded functions of docs/arithmetic.md ("Elementary functions"), in plain integers.

A value is enclosed between two rationals, ever more tightly, until both ends round to the same binary32. Far
out, where a simple inequality decides, the result is written down. Run as a program, it prints
tests/golden/elementary.kat: it reads that file, keeps its comments and the arguments of its lines (the hard
ones were found by reprotrain_exhaustive), and computes every answer again.
"""
import pathlib
from fractions import Fraction

import schedules
from ieee import BINARY64, Float
from interval import Interval, exponential, logarithm, odd_series, pi

PLUS_ZERO, MINUS_ZERO, HALF, ONE, MINUS_ONE = (Float(b) for b in (0, 1 << 31, 0x3F000000, 0x3F800000, 0xBF800000))
INFINITY, MINUS_INFINITY, NAN = (Float(b) for b in (0x7F800000, 0xFF800000, 0x7FC00000))


def rounded_enclosure(enclose):
    """The binary32 number that every value of a tight enough enclosure rounds to."""
    p = 96
    while p <= 8192:
        low, high = (Float.rounded(end) for end in enclose(p).ends())
        if low.bits() == high.bits():
            return low
        p *= 2
    raise ArithmeticError("the value lies on a rounding boundary")


def one(p):
    return Interval.of(1, p)


def exp(x):
    if x >= 128:       # e^x > 2^128
        return INFINITY
    if x <= -151:      # 0 < e^x < 2^-151
        return PLUS_ZERO
    return rounded_enclosure(lambda p: exponential(x, p))


def expm1(x):
    if x >= 128:
        return INFINITY
    if x <= -26:       # -1 < e^x - 1 < -1 + 2^-26
        return MINUS_ONE
    return rounded_enclosure(lambda p: exponential(x, p) - one(p))


def log(x):
    return rounded_enclosure(lambda p: logarithm(x, p))


def log1p(x):
    return rounded_enclosure(lambda p: logarithm(1 + x, p))


def tanh(x):
    if abs(x) >= 10:   # 1 - |tanh x| < 2 e^-20 < 2^-26
        return ONE if x > 0 else MINUS_ONE

    def enclose(p):
        e = exponential(2 * x, p)
        return (e - one(p)) * (e + one(p)).inverse()
    return rounded_enclosure(enclose)


def sigmoid(x):
    if x >= 26:        # 1 - sigmoid x < e^-26
        return ONE
    if x <= -151:      # 0 < sigmoid x < e^x
        return PLUS_ZERO
    return rounded_enclosure(lambda p: (one(p) + exponential(-x, p)).inverse())


def erf(x):
    """erf x = 2/sqrt(pi) e^(-x^2) times the sum of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1))."""
    if abs(x) >= 5:    # 1 - |erf x| < e^(-x^2) <= e^-25
        return ONE if x > 0 else MINUS_ONE
    return rounded_enclosure(
        lambda p: (exponential(-x * x, p) * odd_series(x, 2, p) * pi(p).sqrt().inverse()).shifted(1))


def density(x, p):
    """phi(x)."""
    return exponential(-x * x / 2, p) * pi(p).shifted(1).sqrt().inverse()


def distribution(x, p):
    """Phi(x) = 1/2 + phi(x) times the sum of x^(2n+1) / (1 * 3 * ... * (2n+1))."""
    return Interval.of(Fraction(1, 2), p) + density(x, p) * odd_series(x, 1, p)


def gelu(x):
    if x >= 8:         # x - gelu x = x (1 - Phi(x)) < phi(x) < e^-32, less than half a place of x
        return Float.rounded(x)
    if x <= -20:       # |gelu x| < phi(x) < e^-200
        return MINUS_ZERO
    return rounded_enclosure(lambda p: Interval.of(x, p) * distribution(x, p))


def gelu_derivative(x):
    if x >= 20:        # |gelu' x - 1| < (x + 1) phi(x) < e^-190
        return ONE
    if x <= -20:       # -(|x| + 1) phi(x) < gelu' x < 0
        return MINUS_ZERO
    return rounded_enclosure(lambda p: distribution(x, p) + Interval.of(x, p) * density(x, p))


# For every function: its rule for +0, -0, +infinity, -infinity, then the function of other rationals.
FUNCTIONS = {
    "exp": (ONE, ONE, INFINITY, PLUS_ZERO, exp),
    "expm1": (PLUS_ZERO, MINUS_ZERO, INFINITY, MINUS_ONE, expm1),
    "log": (MINUS_INFINITY, MINUS_INFINITY, INFINITY, NAN, lambda x: NAN if x < 0 else PLUS_ZERO if x == 1 else log(x)),
    "log1p": (PLUS_ZERO, MINUS_ZERO, INFINITY, NAN,
              lambda x: NAN if x < -1 else MINUS_INFINITY if x == -1 else log1p(x)),
    "tanh": (PLUS_ZERO, MINUS_ZERO, ONE, MINUS_ONE, tanh),
    "sigmoid": (HALF, HALF, ONE, PLUS_ZERO, sigmoid),
    "erf": (PLUS_ZERO, MINUS_ZERO, ONE, MINUS_ONE, erf),
    "gelu": (PLUS_ZERO, MINUS_ZERO, INFINITY, MINUS_ZERO, gelu),
    "gelu_derivative": (HALF, HALF, ONE, MINUS_ZERO, gelu_derivative),
}


def rounded_function(name, x):
    """The function of a binary32 Float."""
    at_zero, at_minus_zero, at_infinity, at_minus_infinity, function = FUNCTIONS[name]
    if x.is_nan():
        return NAN
    if x.is_zero():
        return at_minus_zero if x.negative else at_zero
    if not x.is_finite():
        return at_minus_infinity if x.negative else at_infinity
    return function(x.exact())


def answer(kind, inputs):
    if kind == "cospi_unit":
        return schedules.cospi_unit(Float(int(inputs[0], 16), BINARY64)).hex()
    if kind == "power_of":
        return schedules.power_of(Float(int(inputs[0], 16), BINARY64), int(inputs[1])).hex()
    return rounded_function(kind, Float(int(inputs[0], 16))).hex()


def main():
    path = pathlib.Path(__file__).parent.parent / "golden" / "elementary.kat"
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            print(line)
            continue
        origin, kind, *inputs = line.partition(" =")[0].split()
        print(origin, kind, *inputs, "=", answer(kind, inputs))


if __name__ == "__main__":
    main()
