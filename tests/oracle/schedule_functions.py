#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the known answers of cospi_unit and power_of for tests/golden/elementary.kat.

Written from docs/arithmetic.md alone: Python's floats are binary64, one rounding per operation. The
coefficients come from exact rational arithmetic on 60 digits of pi.
"""
import struct
from fractions import Fraction

PI = Fraction("3.14159265358979323846264338327950288419716939937510582097494")


def factorial(n):
    result = 1
    for i in range(2, n + 1):
        result *= i
    return result


COSINE = [float((-1) ** i * PI ** (2 * i) / factorial(2 * i)) for i in range(10)]
SINE = [float((-1) ** i * PI ** (2 * i + 1) / factorial(2 * i + 1)) for i in range(9)]


def horner(x, coefficients):
    result = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        result = c + x * result
    return result


def cospi_unit(t):
    if t <= 0.25:
        return horner(t * t, COSINE)
    if t < 0.75:
        h = 0.5 - t
        return h * horner(h * h, SINE)
    u = 1.0 - t
    return -horner(u * u, COSINE)


def power_of(base, exponent):
    result, square = 1.0, base
    while exponent:
        if exponent & 1:
            result = result * square
        square = square * square
        exponent >>= 1
    return result


def bits(x):
    return struct.pack(">d", x).hex()


def main():
    steps = [0.0, 0.25, 0.5, 0.75, 1.0, 1e-9] + [i / 7 for i in range(1, 7)] + [i / 100 for i in range(1, 100, 9)]
    for t in steps:
        print(f"oracle cospi_unit {bits(t)} = {bits(cospi_unit(t))}")
    for base in (0.9, 0.99, 0.999, 0.1, 1.0000001, -0.5):
        for exponent in (0, 1, 2, 3, 7, 100, 1000, 12345, 4294967297):
            try:
                value = power_of(base, exponent)
            except OverflowError:
                continue
            print(f"oracle power_of {bits(base)} {exponent} = {bits(value)}")


if __name__ == "__main__":
    main()
