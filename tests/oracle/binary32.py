# SPDX-License-Identifier: Apache-2.0
"""binary32 and binary64 arithmetic by exact fractions: the oracle's floating-point unit.

Numbers are fractions.Fraction, or one of the strings "+inf", "-inf", "nan", "-0" where a fraction
cannot say it. Every operation computes the exact result and rounds it once, to nearest even.
"""
from fractions import Fraction
import struct

FORMATS = {32: (24, -149, 128), 64: (53, -1074, 1024)}  # precision, lowest exponent, overflow exponent


def rounded(exact, width=32):
    """The nearest number of the format, ties to even; sign of an exact zero is +."""
    precision, lowest, overflow = FORMATS[width]
    if exact == 0:
        return Fraction(0)
    sign, magnitude = (-1, -exact) if exact < 0 else (1, exact)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - precision + 1, lowest)
    quotient, remainder = divmod(magnitude, unit)
    if remainder * 2 > unit or (remainder * 2 == unit and quotient % 2 == 1):
        quotient += 1
    result = quotient * unit
    if result >= Fraction(2) ** overflow:
        return "+inf" if sign > 0 else "-inf"
    if result == 0:
        return Fraction(0) if sign > 0 else "-0"
    return sign * result


def is_special(x):
    return x in ("+inf", "-inf", "nan")


def _as_float(x):
    return {"+inf": float("inf"), "-inf": float("-inf"), "nan": float("nan"), "-0": -0.0}.get(x) \
        if isinstance(x, str) else None


def _negative(x):
    return x in ("-inf", "-0") if isinstance(x, str) else x < 0


def _value(x):
    return Fraction(0) if x == "-0" else x


def product_exact(a, b):
    """a*b: a Fraction, or a string; zeros keep their sign."""
    if "nan" in (a, b):
        return "nan"
    negative = _negative(a) != _negative(b)
    if is_special(a) or is_special(b):
        if _value(a) == 0 or _value(b) == 0:
            return "nan"
        return "-inf" if negative else "+inf"
    result = _value(a) * _value(b)
    return "-0" if result == 0 and negative else result


def sum_rounded(a, b, width=32):
    """a+b, rounded once. A sum of exact zeros is -0 only if both are; an exact cancellation is +0."""
    if "nan" in (a, b):
        return "nan"
    if is_special(a) or is_special(b):
        if is_special(a) and is_special(b) and a != b:
            return "nan"
        return a if is_special(a) else b
    if a == "-0" and b == "-0":
        return "-0"
    return rounded(_value(a) + _value(b), width)


def fma(a, b, c):
    return sum_rounded(product_exact(a, b), c)


def from_bits(bits):
    sign, exponent, fraction = bits >> 31, bits >> 23 & 0xff, bits & 0x7fffff
    if exponent == 0xff:
        return "nan" if fraction else ("-inf" if sign else "+inf")
    if exponent == 0 and fraction == 0:
        return "-0" if sign else Fraction(0)
    significand = fraction if exponent == 0 else fraction | 0x800000
    value = Fraction(significand) * Fraction(2) ** (max(exponent, 1) - 150)
    return -value if sign else value


def to_bits(x):
    """Bit pattern; every NaN is the canonical one."""
    if x == "nan":
        return 0x7fc00000
    number = _as_float(x)
    if number is None:
        number = x.numerator / x.denominator  # exact: x is a binary32 number
    return struct.unpack("<I", struct.pack("<f", number))[0]
