# SPDX-License-Identifier: Apache-2.0
"""IEEE-754 binary32 and binary64 in plain integers: the oracles' floating-point unit.

A finite Float is (-1)^negative * significand * 2^exponent with a significand of any length. Every operation
forms the exact result, or for quotients and roots enough of it, and rounds once, to nearest even. Zeros have a
sign, subnormals are kept, every NaN is the canonical one.
"""
from fractions import Fraction
from math import isqrt


class Format:
    def __init__(self, precision, lowest, n_exponent_bits):
        self.precision = precision  # bits of a normal significand
        self.lowest = lowest        # exponent of the smallest subnormal
        self.n_exponent_bits = n_exponent_bits
        self.n_digits = (precision + n_exponent_bits) // 4
        self.sign_bit = 1 << (precision - 1 + n_exponent_bits)
        self.infinity = ((1 << n_exponent_bits) - 1) << (precision - 1)
        self.nan = self.infinity | 1 << (precision - 2)


BINARY32 = Format(24, -149, 8)
BINARY64 = Format(53, -1074, 11)


def magnitude_bits(significand, exponent, fmt):
    """Bits of the number nearest to significand * 2^exponent >= 0, ties to even; may be infinity."""
    if significand == 0:
        return 0
    last = max(exponent + significand.bit_length() - fmt.precision, fmt.lowest)
    n_dropped = last - exponent
    if n_dropped <= 0:
        quotient = significand << -n_dropped
    else:
        quotient, rest = significand >> n_dropped, significand & ((1 << n_dropped) - 1)
        half = 1 << (n_dropped - 1)
        quotient += rest > half or (rest == half and quotient & 1)
    # A carry into the next binade, or out of the subnormals, is a carry into the exponent field.
    return min(((last - fmt.lowest) << (fmt.precision - 1)) + quotient, fmt.infinity)


class Float:
    """One number of a format. kind is "finite", "infinite" or "nan"."""
    __slots__ = ("fmt", "kind", "negative", "significand", "exponent")

    def __init__(self, bits, fmt=BINARY32):
        self.fmt = fmt
        self.negative = bits & fmt.sign_bit != 0
        magnitude = bits & (fmt.sign_bit - 1)
        self.kind = "nan" if magnitude > fmt.infinity else "infinite" if magnitude == fmt.infinity else "finite"
        field, fraction = magnitude >> (fmt.precision - 1), magnitude & ((1 << (fmt.precision - 1)) - 1)
        self.significand = fraction | 1 << (fmt.precision - 1) if field else fraction
        self.exponent = fmt.lowest + max(field, 1) - 1

    @classmethod
    def rounded(cls, value, fmt=BINARY32):
        """The nearest number to a rational; a zero is +0, a value that rounds to zero keeps its sign."""
        value = Fraction(value)
        significand, exponent = _quotient(abs(value.numerator), value.denominator, fmt)
        return cls(magnitude_bits(significand, exponent, fmt) | (fmt.sign_bit if value < 0 else 0), fmt)

    def to(self, fmt):
        """The same number in another format, rounded once."""
        if self.kind == "nan":
            return Float(fmt.nan, fmt)
        bits = fmt.infinity if self.kind == "infinite" else magnitude_bits(self.significand, self.exponent, fmt)
        return Float(bits | (fmt.sign_bit if self.negative else 0), fmt)

    def bits(self):
        if self.kind == "nan":
            return self.fmt.nan
        if self.kind == "infinite":
            return self.fmt.infinity | (self.fmt.sign_bit if self.negative else 0)
        return magnitude_bits(self.significand, self.exponent, self.fmt) | (self.fmt.sign_bit if self.negative else 0)

    def hex(self):
        return f"{self.bits():0{self.fmt.n_digits}x}"

    def exact(self):
        """The value as a Fraction; only of a finite number."""
        assert self.kind == "finite"
        significand = -self.significand if self.negative else self.significand
        if self.exponent >= 0:
            return Fraction(significand << self.exponent)
        return Fraction(significand, 1 << -self.exponent)

    def is_zero(self):
        return self.kind == "finite" and self.significand == 0

    def is_nan(self):
        return self.kind == "nan"

    def is_finite(self):
        return self.kind == "finite"

    def _made(self, negative, significand, exponent):
        bits = magnitude_bits(significand, exponent, self.fmt)
        return Float(bits | (self.fmt.sign_bit if negative else 0), self.fmt)

    def _nan(self):
        return Float(self.fmt.nan, self.fmt)

    def _infinity(self, negative):
        return Float(self.fmt.infinity | (self.fmt.sign_bit if negative else 0), self.fmt)

    def __neg__(self):
        return Float(self.bits() ^ self.fmt.sign_bit, self.fmt)

    def __abs__(self):
        return -self if self.negative else self

    def __add__(self, other):
        if self.is_nan() or other.is_nan():
            return self._nan()
        if self.kind == "infinite" or other.kind == "infinite":
            if self.kind == other.kind and self.negative != other.negative:
                return self._nan()
            return self._infinity((self if self.kind == "infinite" else other).negative)
        negative, significand, exponent = _sum(_parts(self), _parts(other))
        return self._made(negative, significand, exponent)

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        negative = self.negative != other.negative
        if self.is_nan() or other.is_nan():
            return self._nan()
        if self.kind == "infinite" or other.kind == "infinite":
            return self._nan() if self.is_zero() or other.is_zero() else self._infinity(negative)
        return self._made(negative, self.significand * other.significand, self.exponent + other.exponent)

    def __truediv__(self, other):
        negative = self.negative != other.negative
        if self.is_nan() or other.is_nan() or (self.kind == other.kind == "infinite"):
            return self._nan()
        if self.is_zero() and other.is_zero():
            return self._nan()
        if self.kind == "infinite" or other.is_zero():
            return self._infinity(negative)
        if other.kind == "infinite":
            return self._made(negative, 0, 0)
        significand, exponent = _quotient(self.significand, other.significand, self.fmt)
        return self._made(negative, significand, exponent + self.exponent - other.exponent)

    def sqrt(self):
        if self.is_nan() or (self.negative and not self.is_zero()):
            return self._nan()
        if self.kind == "infinite" or self.is_zero():
            return self
        shift = 4 * self.fmt.precision + self.exponent % 2
        radicand = self.significand << shift
        root = isqrt(radicand)
        sticky = root * root != radicand
        return self._made(False, root << 1 | sticky, (self.exponent - shift) // 2 - 1)

    def _order(self, other):
        """-1, 0, 1 for less, equal, greater; None when unordered. -0 equals +0."""
        if self.is_nan() or other.is_nan():
            return None
        if self.kind == other.kind == "finite":
            negative, magnitude, _ = _sum(_parts(self), _parts(-other))
            return (magnitude > 0) * (-1 if negative else 1)
        a, b = (0 if x.kind == "finite" else -1 if x.negative else 1 for x in (self, other))
        return (a > b) - (a < b)

    def __lt__(self, other): return self._order(other) == -1
    def __gt__(self, other): return self._order(other) == 1
    def __le__(self, other): return self._order(other) in (-1, 0)
    def __ge__(self, other): return self._order(other) in (0, 1)


def fma(a, b, c):
    """a*b + c, rounded once."""
    if any(x.kind != "finite" for x in (a, b, c)):
        product = a * b  # its overflow would be wrong, its kind and sign are not needed where it is finite
        if a.kind == b.kind == "finite":
            return c
        return product + c
    product = (a.negative != b.negative, a.significand * b.significand, a.exponent + b.exponent)
    return a._made(*_sum(product, _parts(c)))


def _parts(x):
    return x.negative, x.significand, x.exponent


def _sum(a, b):
    """Exact sum of two signed numbers; an exact zero is -0 only where both are."""
    exponent = min(a[2], b[2])
    total = sum((-m if negative else m) << (e - exponent) for negative, m, e in (a, b))
    negative = total < 0 or (total == 0 and a[0] and b[0] and a[1] == b[1] == 0)
    return negative, abs(total), exponent


def _quotient(numerator, denominator, fmt):
    """numerator / denominator as significand * 2^exponent, the last bit standing for all the rest."""
    shift = max(0, 2 * fmt.precision + denominator.bit_length() - numerator.bit_length())
    quotient, rest = divmod(numerator << shift, denominator)
    return quotient << 1 | (rest != 0), -shift - 1
