# SPDX-License-Identifier: Apache-2.0
"""Real functions enclosed between two integers: rigorous bounds at any precision, in plain integers.

An Interval (low, high) of precision p holds every real number r with low <= r * 2^p <= high. Each operation
rounds its ends outwards, and each series adds a bound of what it leaves out.
"""
from fractions import Fraction
from functools import lru_cache
from math import isqrt


class Interval:
    __slots__ = ("low", "high", "p")

    def __init__(self, low, high, p):
        self.low, self.high, self.p = low, high, p

    @classmethod
    def of(cls, value, p):
        """The tightest enclosure of a rational."""
        scaled = Fraction(value) * (1 << p)
        return cls(scaled.numerator // scaled.denominator, -(-scaled.numerator // scaled.denominator), p)

    def ends(self):
        return Fraction(self.low, 1 << self.p), Fraction(self.high, 1 << self.p)

    def size(self):
        """Largest magnitude, as an integer of the same scale."""
        return max(abs(self.low), abs(self.high))

    def widened(self, by):
        return Interval(self.low - by, self.high + by, self.p)

    def __neg__(self):
        return Interval(-self.high, -self.low, self.p)

    def __add__(self, other):
        return Interval(self.low + other.low, self.high + other.high, self.p)

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        products = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(products) >> self.p, -(-max(products) >> self.p), self.p)

    def over(self, n):
        """Divided by a positive integer."""
        return Interval(self.low // n, -(-self.high // n), self.p)

    def shifted(self, k):
        """Times 2^k."""
        if k >= 0:
            return Interval(self.low << k, self.high << k, self.p)
        return Interval(self.low >> -k, -(-self.high >> -k), self.p)

    def inverse(self):
        """1 over an interval of positive numbers."""
        assert self.low > 0
        one = 1 << 2 * self.p
        return Interval(one // self.high, -(-one // self.low), self.p)

    def sqrt(self):
        """Of an interval of positive numbers."""
        return Interval(isqrt(self.low << self.p), isqrt(self.high << self.p) + 1, self.p)


def _atanh_or_atan(z, sign):
    """z + sign z^3/3 + z^5/5 + ... for |z| <= 1/3; what is left out is less than the last power."""
    square = z * z if sign > 0 else -(z * z)
    power, total, n = z, z, 1
    while power.size() > 1:
        power = power * square
        n += 2
        total = total + power.over(n)
    return total.widened(power.size() + 1)


@lru_cache(maxsize=None)
def ln2(p):
    """2 atanh(1/3)."""
    return _atanh_or_atan(Interval.of(Fraction(1, 3), p), 1).shifted(1)


@lru_cache(maxsize=None)
def pi(p):
    """Machin: 16 atan(1/5) - 4 atan(1/239)."""
    first, second = (_atanh_or_atan(Interval.of(Fraction(1, n), p), -1) for n in (5, 239))
    return first.shifted(4) - second.shifted(2)


def exponential(x, p):
    """e^x of a rational x."""
    k = int(x / Fraction(6931471805599453, 10**16))  # any integer near x / ln 2 will do
    r = Interval.of(x, p) - Interval(k * ln2(p).low, k * ln2(p).high, p) if k >= 0 else \
        Interval.of(x, p) + Interval(-k * ln2(p).low, -k * ln2(p).high, p)
    assert r.size() < 1 << p  # |r| < 1
    term = total = Interval.of(1, p)
    n = 0
    while term.size() > 1:
        n += 1
        term = (term * r).over(n)
        total = total + term
    # With n >= 1 each later term is at most half the one before it.
    return total.widened(term.size() + 1).shifted(k)


def logarithm(x, p):
    """ln x of a rational x > 0: k ln 2 + 2 atanh((m - 1) / (m + 1)) with x = m 2^k, 1/2 < m < 2."""
    k = x.numerator.bit_length() - x.denominator.bit_length()
    m = x / Fraction(2) ** k
    if m > Fraction(4, 3):
        m, k = m / 2, k + 1
    if m < Fraction(2, 3):
        m, k = m * 2, k - 1
    assert Fraction(1, 2) <= m <= 2
    part = _atanh_or_atan(Interval.of((m - 1) / (m + 1), p), 1).shifted(1)
    whole = Interval(abs(k) * ln2(p).low, abs(k) * ln2(p).high, p)
    return part + whole if k >= 0 else part - whole


def odd_series(x, q, p):
    """Sum of q^n x^(2n+1) / (1 * 3 * ... * (2n+1)) over n >= 0, of a rational x."""
    ratio = Interval.of(q * x * x, p)
    term = total = Interval.of(x, p)
    n = 0
    while term.size() > 1 or ratio.high > (2 * n + 3) << (p - 1):
        n += 1
        term = (term * ratio).over(2 * n + 1)
        total = total + term
    # From here on each term is at most half the one before it.
    return total.widened(term.size() + 1)
