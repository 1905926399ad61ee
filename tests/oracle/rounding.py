# SPDX-License-Identifier: Apache-2.0
"""Exact rationals to IEEE-754 bits, and back, in plain integers."""
from fractions import Fraction

BINARY32 = (24, -149, 8)
BINARY64 = (53, -1074, 11)
NAN = {BINARY32: 0x7FC00000, BINARY64: 0x7FF8000000000000}


def sign_bit(fmt):
    return 1 << (fmt[0] - 1 + fmt[2])


def infinity(fmt):
    return ((1 << fmt[2]) - 1) << (fmt[0] - 1)


def value_of(bits, fmt):
    """Fraction, or 'nan', 'inf', '-inf'."""
    precision, lowest, n_exponent_bits = fmt
    negative = bits & sign_bit(fmt) != 0
    magnitude = bits & (sign_bit(fmt) - 1)
    if magnitude > infinity(fmt):
        return "nan"
    if magnitude == infinity(fmt):
        return "-inf" if negative else "inf"
    field = magnitude >> (precision - 1)
    fraction = magnitude & ((1 << (precision - 1)) - 1)
    if field:
        fraction |= 1 << (precision - 1)
    fraction = -fraction if negative else fraction
    exponent = lowest + max(field, 1) - 1
    return Fraction(fraction << exponent) if exponent >= 0 else Fraction(fraction, 1 << -exponent)


def rounded_bits(value, fmt):
    """Nearest even; an exact zero is +0, a value that rounds to zero keeps its sign."""
    precision, lowest, _ = fmt
    if value == 0:
        return 0
    sign = sign_bit(fmt) if value < 0 else 0
    value = abs(value)
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if Fraction(2) ** exponent > value:
        exponent -= 1
    last = max(exponent - precision + 1, lowest)
    scaled = value / Fraction(2) ** last
    significand = scaled.numerator // scaled.denominator
    rest = scaled - significand
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and significand & 1):
        significand += 1
    magnitude = ((last - lowest) << (precision - 1)) + significand
    return sign | min(magnitude, infinity(fmt))


def hex_of(bits, fmt):
    return f"{bits:0{(fmt[0] + fmt[2]) // 4}x}"
