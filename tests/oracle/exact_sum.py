# SPDX-License-Identifier: Apache-2.0
"""Exact sums and column statistics, from docs/arithmetic.md, with rational numbers.

    python3 tests/oracle/exact_sum.py > tests/golden/exact_sum.kat
"""
import math
import random
import struct
from fractions import Fraction

from element_families import element_bits
from philox import float_bits_of_word, random_words
from rounding import BINARY32, BINARY64, NAN, hex_of, infinity, rounded_bits, sign_bit, value_of


def special_bits(values, fmt):
    """Result bits when a value is not finite, else None."""
    kinds = {v for v in values if isinstance(v, str)}
    if not kinds:
        return None
    if kinds == {"inf"}:
        return infinity(fmt)
    if kinds == {"-inf"}:
        return infinity(fmt) | sign_bit(fmt)
    return NAN[fmt]


def sum_bits(values, fmt):
    special = special_bits(values, fmt)
    return special if special is not None else rounded_bits(sum(values, Fraction(0)), fmt)


def product(a, b):
    if "nan" in (a, b):
        return "nan"
    if isinstance(a, str) or isinstance(b, str):
        signs = [v.startswith("-") if isinstance(v, str) else v < 0 for v in (a, b)]
        if a == 0 or b == 0:
            return "nan"
        return "-inf" if signs[0] != signs[1] else "inf"
    return a * b


def both(values):
    return f"{hex_of(sum_bits(values, BINARY32), BINARY32)} {hex_of(sum_bits(values, BINARY64), BINARY64)}"


def norm(values):
    """sqrt(f64(sum of squares)), the root in binary64."""
    bits = sum_bits([product(v, v) for v in values], BINARY64)
    square = value_of(bits, BINARY64)
    if isinstance(square, str):
        return bits
    return int.from_bytes(struct.pack(">d", math.sqrt(square)), "big")


def order_key(bits):
    return bits | 0x80000000 if bits < 0x80000000 else bits ^ 0xFFFFFFFF


def moments(all_bits):
    """count min max mean variance median most_frequent"""
    bits = [b for b in all_bits if value_of(b, BINARY32) != "nan"]
    n = len(bits)
    f32, f64 = NAN[BINARY32], NAN[BINARY64]
    if n == 0:
        out = [f32, f32], [f64, f64, f64], f32
    else:
        ordered = sorted(bits, key=order_key)
        values = [value_of(b, BINARY32) for b in bits]
        special = special_bits(values, BINARY64)
        if special is None:
            s, s2 = sum(values), sum(v * v for v in values)
            mean = rounded_bits(Fraction(s) / n, BINARY64)
            variance = rounded_bits(Fraction(n * s2 - s * s) / n**2, BINARY64)
        else:
            mean, variance = special, NAN[BINARY64]
        low, high = (value_of(ordered[i], BINARY32) for i in ((n - 1) // 2, n // 2))
        if n % 2:
            median = special_bits([low], BINARY64)
            if median is None:
                median = rounded_bits(low, BINARY64)
                if low == 0:
                    median = (ordered[n // 2] >> 31) << 63
        else:
            median = special_bits([low, high], BINARY64)
            if median is None:
                median = rounded_bits(low + high, BINARY64)
                median = rounded_bits(value_of(median, BINARY64) / 2, BINARY64)
                if low == 0 and high == 0 and all(ordered[i] >> 31 for i in ((n - 1) // 2, n // 2)):
                    median = 1 << 63
        plain = [0 if b == 0x80000000 else b for b in bits]
        counts = {b: plain.count(b) for b in set(plain)}
        frequent = min(counts, key=lambda b: (-counts[b], order_key(b)))
        out = [ordered[0], ordered[-1]], [mean, variance, median], frequent
    singles, doubles, frequent = out
    words = [str(n)] + [hex_of(b, BINARY32) for b in singles]
    words += [hex_of(b, BINARY64) for b in doubles] + [hex_of(frequent, BINARY32)]
    return " ".join(words)


def f32(value):
    return rounded_bits(Fraction(value), BINARY32)


def f64(value):
    return rounded_bits(Fraction(value), BINARY64)


def p2(exponent):
    return Fraction(2) ** exponent


INF, NEG, NZERO = infinity(BINARY32), 0x80000000, 0x80000000


def term_cases():
    yield []
    yield [NZERO]
    yield [NZERO, NZERO, 0]
    yield [f32(p2(127)), f32(1), f32(-p2(127)), f32(p2(-149))]
    yield [f32(1), f32(p2(-24))]                       # tie to even: down
    yield [f32(1 + p2(-23)), f32(p2(-24))]             # tie to even: up
    yield [f32(1), f32(p2(-24)), f32(p2(-149))]        # just above the tie
    yield [f32(1), f32(p2(-24)), f32(-p2(-149))]       # just below
    yield [f32(1), f32(p2(-53))]                       # tie of binary64
    yield [f32(1), f32(p2(-53)), f32(p2(-149))]
    yield [f32(1), f32(-p2(-54))]                      # below a power of two
    yield [f32(-1), f32(p2(-25)), f32(-p2(-149))]
    yield [1, 2, 3, NEG | 5]                           # subnormals
    yield [f32(p2(-126)), NEG | 1]
    yield [0x7F7FFFFF, 0x73000000]                     # the largest + half its last place: tie, inf
    yield [0x7F7FFFFF, 0x73000000, NEG | 1]            # just below: stays finite
    yield [0x7F7FFFFF] * 3 + [NEG | 0x7F7FFFFF] * 2
    yield [0x7F7FFFFF] * 40
    yield [INF, f32(1)]
    yield [NEG | INF, 0x7F7FFFFF]
    yield [INF, NEG | INF]
    yield [0x7FC00001, f32(1)]
    yield [0xFFC00000, INF]
    yield [f32(v) for v in (3, 1, 2, 2, 1, 5)]
    yield [f32(v) for v in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)]
    yield [f32(1), 0x7FC00000, f32(3), 0x7FC00000, f32(4)]
    yield [f32(10**6) + i for i in range(9)]           # variance by cancellation
    yield [f32(7)] * 5
    yield [0x7F7FFFFF, NEG | 0x7F7FFFFF, 1]
    rng = random.Random(20240229)
    for n in (2, 3, 5, 8, 13, 16, 17, 31, 32, 33):
        for width in (1, 3, 30, 254):
            low = rng.randrange(0, 255 - width + 1)
            yield [float_bits_of_word(rng.getrandbits(32), low, width) for _ in range(n)]
        half = [float_bits_of_word(rng.getrandbits(32), 0, 254) for _ in range(n)]
        cancelled = half + [b ^ NEG for b in half] + [float_bits_of_word(rng.getrandbits(32), 0, 60)]
        rng.shuffle(cancelled)
        yield cancelled


def double_cases():
    yield []
    yield [1 << 63]
    yield [f64(p2(1023)), f64(1), f64(-p2(1023)), 1]
    yield [f64(1), f64(p2(-53)), 1]
    yield [infinity(BINARY64) - 1, f64(p2(970))]
    yield [infinity(BINARY64) - 1, f64(p2(970)), sign_bit(BINARY64) | 1]
    yield [infinity(BINARY64), f64(1)]
    yield [infinity(BINARY64), infinity(BINARY64) | sign_bit(BINARY64)]
    rng = random.Random(7)
    for n in (2, 5, 17, 33):
        for width in (1, 40, 2046):
            low = rng.randrange(0, 2047 - width + 1)
            yield [(rng.getrandbits(64) & 0x800FFFFFFFFFFFFF) | (low + rng.randrange(width)) << 52
                   for _ in range(n)]


def generated_cases():
    """seed, lowest exponent field, number of fields, n"""
    yield from ((s, 120, 8, n) for s, n in ((1, 255), (2, 256), (3, 257), (4, 1023), (5, 1025), (6, 4099)))
    yield from ((s, 100, 30, n) for s, n in ((7, 512), (8, 4097)))
    yield from ((s, 0, 255, n) for s, n in ((9, 300), (10, 4100)))
    yield from ((s, 0, 1, n) for s, n in ((11, 100), (12, 2049)))
    yield (13, 60, 70, 3000)
    yield (14, 254, 1, 2000)


def column_sum_cases():
    """family, rows, columns"""
    yield from (("unit", n_rows, n_columns) for n_rows, n_columns in (
        (0, 3), (1, 1), (1, 9), (2, 8), (3, 7), (31, 1), (32, 17), (33, 5), (64, 33), (255, 2), (257, 16), (1025, 3)))
    for family in ("wide", "small", "subnormal", "huge", "special", "cancel"):
        yield from ((family, n_rows, n_columns) for n_rows, n_columns in ((1, 24), (2, 40), (5, 31), (40, 9), (700, 2)))


def main():
    print("# Exact sums and column statistics. Written by tests/oracle/exact_sum.py.")
    print("# terms: binary32 = sum f32, sum f64, sum of squares f32, sum of squares f64")
    print("# moments: binary32 = count min max mean variance median most_frequent")
    print("# norm: binary32 = Euclidean norm f64")
    print("# doubles: binary64 = sum f32, sum f64;  products: pairs a b a b ... = sum f32, sum f64")
    print("# generated: seed lowest_field n_fields n = the outputs of terms, then of moments, where term")
    print("#   i has the sign and fraction bits of word i of (seed, stream 0, step 0) and the exponent")
    print("#   field lowest_field + (its own exponent field) mod n_fields")
    print("# column_sums: family n_rows n_columns = f32 sum of each column; element row * n_columns + column of the")
    print("#   family stands at (row, column)")
    for bits in term_cases():
        values = [value_of(b, BINARY32) for b in bits]
        words = " ".join(hex_of(b, BINARY32) for b in bits)
        print("oracle terms", words, "=", both(values), both([product(v, v) for v in values]))
        print("oracle moments", words, "=", moments(bits))
        print("oracle norm", words, "=", hex_of(norm(values), BINARY64))
    for bits in double_cases():
        values = [value_of(b, BINARY64) for b in bits]
        print("oracle doubles", " ".join(hex_of(b, BINARY64) for b in bits), "=", both(values))
    rng = random.Random(99)
    special = [[f32(0), INF], [INF, f32(-2)], [f32(3), 0x7FC00000], [INF, f32(1), NEG | INF, f32(1)]]
    tiny = [[1, 1], [1, NEG | 1], [1, 0x7F7FFFFF, 1, 1], [0x7F7FFFFF, 0x7F7FFFFF]]
    wild = [[float_bits_of_word(rng.getrandbits(32), 0, 255) for _ in range(2 * n)] for n in range(1, 20)]
    for bits in special + tiny + wild:
        values = [value_of(b, BINARY32) for b in bits]
        pairs = [product(a, b) for a, b in zip(values[::2], values[1::2])]
        print("oracle products", " ".join(hex_of(b, BINARY32) for b in bits), "=", both(pairs))
    for seed, low, width, n in generated_cases():
        bits = [float_bits_of_word(w, low, width) for w in random_words(seed, 0, 0, n)]
        values = [value_of(b, BINARY32) for b in bits]
        squares = [product(v, v) for v in values]
        print("oracle generated", seed, low, width, n, "=", both(values), both(squares), moments(bits))
    for family, n_rows, n_columns in column_sum_cases():
        sums = []
        for column in range(n_columns):
            bits = (element_bits(family, row * n_columns + column) for row in range(n_rows))
            sums.append(hex_of(sum_bits([value_of(b, BINARY32) for b in bits], BINARY32), BINARY32))
        print("oracle column_sums", family, n_rows, n_columns, "=", *sums)


if __name__ == "__main__":
    main()
