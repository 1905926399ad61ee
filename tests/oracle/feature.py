#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/feature.kat: the formulas of docs/arithmetic.md in exact rationals, rounded where
the text says so.

    python3 tests/oracle/feature.py > tests/golden/feature.kat

log1p comes from decimal's logarithm at 120 digits, rounded once.
"""
import decimal
import random
import struct
from fractions import Fraction

decimal.getcontext().prec = 120


def f64(x):
    """Nearest binary64 of a rational: Python's division of integers rounds correctly."""
    x = Fraction(x)
    return x.numerator / x.denominator


def f32(x):
    """Nearest binary32 of a rational, ties to even."""
    x = Fraction(x)
    if x == 0:
        return 0.0
    sign, x = (-1, -x) if x < 0 else (1, x)
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    if x < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - 23, -149)
    return sign * float(round(x / unit) * unit)


def bits64(x):
    return struct.pack(">d", x).hex()


def bits32(x):
    return struct.pack(">f", x).hex()


def standardize(mean, deviation, x):
    difference = f64(Fraction(x) - Fraction(mean))
    return f32(f64(Fraction(difference) / Fraction(deviation)))


def min_max(minimum, extent, low, span, x):
    difference = f64(Fraction(x) - Fraction(minimum))
    position = f64(Fraction(difference) / Fraction(extent))
    scaled = f64(Fraction(position) * Fraction(span))
    return f32(f64(Fraction(low) + Fraction(scaled)))


def clip(low, high, x):
    return f32(low) if x < low else f32(high) if x > high else x


def log1p(x):
    return f32(Fraction((1 + decimal.Decimal(x)).ln())) if x != 0 else x


def main():
    draw = random.Random(20260704)
    print("# tests/oracle/feature.py wrote this. Fields are binary64, x and y binary32 bits.")
    print("# origin kernel fields... x = y")
    for _ in range(40):
        x = f32(draw.uniform(-1, 1) * 10 ** draw.randint(-6, 6))
        mean, deviation = draw.gauss(0, 100), 10 ** draw.uniform(-3, 3)
        low, high = sorted([draw.gauss(0, 10), draw.gauss(0, 10)])
        minimum, extent = draw.gauss(0, 100), 10 ** draw.uniform(-3, 3)
        span = high - low
        rows = [
            ("standardize", [mean, deviation], x, standardize(mean, deviation, x)),
            ("min_max", [minimum, extent, low, span], x, min_max(minimum, extent, low, span, x)),
            ("clip", [low, high], x, clip(low, high, x)),
            ("log1p", [], abs(x), log1p(abs(x))),
            ("log1p", [], -f32(draw.random() * 0.999), None),
        ]
        for name, fields, value, result in rows:
            if result is None:
                result = log1p(value)
            words = [bits64(field) for field in fields] + [bits32(value)]
            print(f"oracle {name} {' '.join(words)} = {bits32(result)}")


if __name__ == "__main__":
    main()
