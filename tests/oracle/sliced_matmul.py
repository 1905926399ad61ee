#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known answers of int8x2-v1-draft and int8x3-v1-draft, from docs/arithmetic.md ("Matrix products of integer slices").

    python3 tests/oracle/sliced_matmul.py > tests/golden/sliced_matmul.kat
"""
from collections import Counter
from fractions import Fraction

from element_families import element
from exact_sum import special_bits
from ieee import Float
from matmul import operands
from rounding import BINARY32, value_of

FORMAT = """\
# SPDX-License-Identifier: Apache-2.0
# Matrix products of integer slices, written by tests/oracle/sliced_matmul.py. SPEC is int8x2 or int8x3.
# SPEC: kind m k n ta tb bias = C, the inputs as in matmul.kat
# SPEC_words: m k n A(m * k) B(k * n) = C, all row by row, no bias
# SPEC_periodic: k n_a a... n_b b... = the one element of C with A[0][i] = a[i mod n_a], B[i][0] = b[i mod n_b]"""

PAIRS = {2: [(1, 1, 256), (1, 0, 1), (0, 1, 1)],
         3: [(2, 2, 65536), (2, 1, 256), (1, 2, 256), (2, 0, 1), (1, 1, 1), (0, 2, 1)]}


def scale_exponent(vector, p):
    """The largest s with M * 2^s <= 32639 * 256^(p-2); 0 without a finite element other than zero."""
    largest = max((abs(x.exact()) for x in vector if x.is_finite()), default=Fraction(0))
    if largest == 0:
        return 0
    limit = 32639 * 256 ** (p - 2)
    s = 0
    while largest * Fraction(2) ** s > limit:
        s -= 1
    while largest * Fraction(2) ** (s + 1) <= limit:
        s += 1
    return s


def digits(x, s, p):
    """Balanced digits of the integer nearest to x * 2^s, lowest first."""
    q = round(x.exact() * Fraction(2) ** s) if x.is_finite() else 0  # a Fraction's ties go to even
    result = []
    for _ in range(p):
        d = (q + 128) % 256 - 128
        result.append(d)
        q = (q - d) // 256
    assert q == 0 and abs(result[-1]) <= 127
    return result


class Slices:
    """A row or a column as integers of p digits."""

    def __init__(self, vector, p):
        self.vector = vector
        self.all_finite = all(x.is_finite() for x in vector)
        self.exponent = scale_exponent(vector, p)
        self.digits = [digits(x, self.exponent, p) for x in vector]


def special_element(terms):
    """The exact-sum rule over the terms that have a factor which is no finite number."""
    products = [value_of((x * y).bits(), BINARY32) for x, y in terms if not (x.is_finite() and y.is_finite())]
    return Float(special_bits(products, BINARY32))


def sliced_element(row, column, places, p):
    """places: (i, j, n), element i of the row meets element j of the column in n terms."""
    if not (row.all_finite and column.all_finite):
        return special_element([(row.vector[i], column.vector[j]) for i, j, _ in places])
    total = 0
    for i, j, n in places:
        d, e = row.digits[i], column.digits[j]
        total += n * sum(weight * d[u] * e[v] for u, v, weight in PAIRS[p])
    return Float.rounded(total * Fraction(2) ** (8 * (p - 1) - row.exponent - column.exponent))


def sliced_matrix(rows, columns, p):
    rows, columns = ([Slices(vector, p) for vector in side] for side in (rows, columns))
    return [sliced_element(row, column, [(i, i, 1) for i in range(len(row.vector))], p)
            for row in rows for column in columns]


def periodic_element(k, a, b, p):
    places = Counter((i % len(a), i % len(b)) for i in range(k))
    return sliced_element(Slices(a, p), Slices(b, p), [(i, j, n) for (i, j), n in places.items()], p)


def product(p, kind, m, k, n, ta, tb, bias):
    rows, columns = operands(kind, m, k, n, ta, tb)
    c = sliced_matrix(rows, columns, p)
    if bias:
        c = [value + element(kind, (1 << 21) + i % n) for i, value in enumerate(c)]
    return c


FAMILY_CASES = [
    ("unit", 1, 1, 1, 0, 0, 0), ("unit", 3, 0, 2, 0, 0, 1), ("unit", 2, 3, 4, 1, 0, 0), ("unit", 2, 3, 4, 0, 1, 1),
    ("unit", 5, 33, 7, 1, 1, 0), ("unit", 13, 17, 9, 0, 0, 0), ("unit", 2, 63, 17, 0, 1, 0), ("unit", 4, 64, 16, 0, 0, 1),
    ("unit", 3, 65, 33, 1, 0, 0), ("unit", 2, 511, 3, 0, 0, 0), ("unit", 1, 1025, 2, 0, 1, 0),
    ("unit", 2, 1030, 2, 1, 1, 1),
    ("wide", 5, 31, 9, 0, 0, 0), ("wide", 3, 100, 4, 1, 0, 1), ("wide", 9, 1, 9, 0, 1, 0),
    ("small", 6, 7, 16, 0, 0, 0), ("small", 3, 40, 5, 1, 1, 1), ("small", 12, 1, 12, 0, 0, 0),
    ("subnormal", 5, 12, 5, 0, 0, 1), ("subnormal", 4, 3, 8, 0, 1, 0),
    ("huge", 6, 3, 9, 0, 0, 0), ("huge", 4, 12, 4, 1, 0, 1), ("huge", 9, 1, 9, 0, 0, 0),
    ("special", 16, 1, 16, 0, 0, 0), ("special", 12, 2, 15, 1, 0, 0), ("special", 9, 4, 17, 0, 1, 1),
    ("special", 7, 6, 9, 0, 0, 0), ("special", 4, 0, 5, 0, 0, 1),
    ("cancel", 12, 3, 12, 0, 0, 0), ("cancel", 5, 33, 8, 0, 1, 1), ("cancel", 9, 1, 9, 0, 0, 0),
]


def power(exponent):
    return Fraction(2) ** exponent


def identity(n):
    return [[int(i == j) for j in range(n)] for i in range(n)]


ZERO_SIGNED, LARGEST = Float(1 << 31), Float(0x7F7FFFFF)
INF, MINUS_INF, NAN = Float(0x7F800000), Float(0xFF800000), Float(0x7FC00000)


def word_cases(p):
    """A, B: entries are Floats, or rationals that are binary32 numbers."""
    unit = power(2 - 8 * p)                       # of a vector whose largest magnitude is 1: q(1) = 2^(8p-2)
    half = unit / 2
    top = Fraction(32639, 16384)                  # the largest m that has s = 8p - 2 - e
    above = top + power(-23)
    # Ties at the cut-off, to even; a little beside them; integers where digits carry.
    ties = [1] + [sign * (2 * n + 1) * half for n in (0, 1, 2, 127, 128) for sign in (1, -1)]
    yield [ties], identity(len(ties))
    beside = [1] + [sign * (half + delta) for sign in (1, -1) for delta in (half * power(-20), -half * power(-20))]
    yield [beside], identity(len(beside))
    carries = [1] + [q * unit for q in (127, 128, 129, -127, -128, -129, 255, 256, -256, 383, 384, -384, 385)]
    yield [carries], identity(len(carries))
    carries = [1] + [q * unit for q in (32639, 32640, -32640, 32767, 32768, -32768, 65535, 65536) if q * unit < top]
    yield [carries], identity(len(carries))
    yield [[top], [above], [2 - power(-23)], [1], [-top], [-above]], [[top, above, 2 - power(-23), 1]]
    # Dropped and kept pairs of digits.
    yield [[top, unit]], [[0, top], [unit, unit]]
    yield [[top, 127 * unit, 128 * unit]], [[0, 0, top], [unit, top, 128 * unit], [top, -128 * unit, 255 * unit]]
    yield [[1, power(-20)]], [[0], [1]]
    # Zero rows and columns, zeros of both signs, cancellation.
    yield [[0, 0], [ZERO_SIGNED, 0], [1, -1]], [[0, 1, ZERO_SIGNED], [0, 1, ZERO_SIGNED]]
    yield [[1, -1, ZERO_SIGNED]], [[1], [1], [-1]]
    # Subnormal operands and the smallest ones.
    tiny = power(-149)
    yield [[tiny], [-3 * tiny], [power(-126) - tiny], [power(-126)]], [[power(100), 1, power(127), LARGEST]]
    # Results rounded once, to the grid of the subnormals: ties, beside them, both signs.
    yield ([[power(-75)], [-power(-75)], [3 * power(-76)], [-3 * power(-76)], [5 * power(-76)], [power(-74)]],
           [[power(-75), power(-74), 3 * power(-76), power(-52) * 3 - power(-60), -power(-74)]])
    yield ([[power(-63), -power(-63)]],
           [[power(-86), power(-87), 0, power(-64)], [power(-87), power(-86), power(-87), tiny]])
    # Overflow, and the largest finite results.
    yield [[power(64)], [-power(64)]], [[power(64), power(63), -power(64), top * power(63)]]
    yield [[LARGEST, LARGEST], [LARGEST, -LARGEST]], [[1, 1, LARGEST], [1, -1, LARGEST]]
    yield [[LARGEST]], [[LARGEST, -LARGEST, 1, power(-126), tiny]]
    if p == 3:  # 2^128 - 2^103: a tie, infinity; 2^128 - 2^104
        yield [[power(64), -power(52)]], [[power(64), power(64)], [power(51), power(52)]]
    else:
        for last in (1, 2):
            yield [[power(62)] * 32 + [power(56)]], [[power(61)]] * 32 + [[-last * power(47)]]
    # Infinities and NaNs, beside finite elements so small that they become 0.
    yield [[INF, 1], [1, INF], [MINUS_INF, INF], [1, 1]], [[power(-60), 0, ZERO_SIGNED, 1], [1, 1, 1, -power(-60)]]
    yield [[NAN, 1], [1, 1], [INF, -1]], [[0, 1, INF], [1, NAN, MINUS_INF]]
    yield [[tiny, INF, 1], [-tiny, MINUS_INF, NAN]], [[INF, 1], [tiny, -1], [0, 1]]
    yield [[LARGEST, INF], [LARGEST, 1]], [[LARGEST, -LARGEST], [1, -1]]


def periodic_cases(p):
    """K, the repeated elements of A and B: sums of digits about the bound of int32, and past it."""
    top = Fraction(32639, 16384)
    low = Fraction(32384, 16384)  # top digit 127, then -128
    unit = power(2 - 8 * p)
    bound = (2**17 - 1) // p
    for k in sorted({bound, bound + 1, 2 * bound + 1, 2**16, 2**17 - 1, 2**17, 2**17 + 1, 200003}):
        yield k, [top], [top]
        yield k, [low], [-low]
    for k in (bound, 70001, 131073, 150000):
        yield k, [top, low], [top, low, -top]
        yield k, [top, -128 * unit], [128 * unit, -top, low]
    yield 65537, [1, power(-30), 3], [Fraction(1, 3) - Fraction(1, 3) % power(-25), -1, 5, power(-100)]
    yield 140001, [power(50), power(40)], [power(60), -power(44), power(50)]


def as_float(value):
    return value if isinstance(value, Float) else Float.rounded(value)


def words(values):
    return " ".join(v.hex() for v in values)


def main():
    print(FORMAT)
    for p in (2, 3):
        spec = f"oracle int8x{p}"
        for case in FAMILY_CASES:
            print(f"{spec} {' '.join(map(str, case))} = {words(product(p, *case))}".rstrip())
        for a, b in word_cases(p):
            rows, b_rows = ([[as_float(v) for v in row] for row in matrix] for matrix in (a, b))
            columns = [list(column) for column in zip(*b_rows)]
            c = sliced_matrix(rows, columns, p)
            shape = f"{len(rows)} {len(b_rows)} {len(columns)}"
            print(f"{spec}_words {shape} {words(sum(rows, []))} {words(sum(b_rows, []))} = {words(c)}")
        for k, a, b in periodic_cases(p):
            a, b = ([as_float(v) for v in values] for values in (a, b))
            c = periodic_element(k, a, b, p).hex()
            print(f"{spec}_periodic {k} {len(a)} {words(a)} {len(b)} {words(b)} = {c}")


if __name__ == "__main__":
    main()
