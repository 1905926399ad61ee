#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known answers of specification fma32-v1-draft, by exact fractions. Writes tests/golden/matmul.kat.

A case is `kind m k n ta tb bias`; its inputs follow from the case (see `element`), so that any
implementation can make them: word(i) is a 64-bit mix of i, turned into a binary32 by its kind.
The answer is C, row by row, as hexadecimal bit patterns.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from binary32 import fma, from_bits, sum_rounded, to_bits  # noqa: E402

CHAIN = 1024
MASK = (1 << 64) - 1


def word(i):
    """The finaliser of SplitMix64 over (i + 1) * golden ratio."""
    z = (i + 1) * 0x9E3779B97F4A7C15 & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


SPECIALS = [0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0x3f800000, 0xbf800000, 0x7f7fffff]
CANCELLING = [0x7f000000, 0xff000000, 0x3f800000, 0x00000001, 0xbf800000, 0x80000001]


def element(kind, i):
    """Bit pattern of element i. Operands A, B and the bias start at i = 0, 2^20 and 2^21."""
    w = word(i)
    sign_fraction = (w & 1) << 31 | (w >> 8 & 0x7fffff)
    if kind == "unit":       # magnitudes in [2^-3, 2)
        return sign_fraction | (124 + (w >> 40) % 4) << 23
    if kind == "wide":       # exponents over most of the range: cancellation and double rounding
        return sign_fraction | (87 + (w >> 40) % 80) << 23
    if kind == "small":      # products around the smallest subnormal
        return sign_fraction | (48 + (w >> 40) % 10) << 23
    if kind == "subnormal":
        return sign_fraction
    if kind == "huge":       # overflow on the way
        return sign_fraction | (187 + (w >> 40) % 6) << 23
    if kind == "special":    # one in four is special
        if w >> 32 & 3:
            return sign_fraction | (124 + (w >> 40) % 4) << 23
        return SPECIALS[(w >> 40) % len(SPECIALS)]
    if kind == "cancel":
        return CANCELLING[(w >> 40) % len(CANCELLING)]
    raise ValueError(kind)


def product(kind, m, k, n, ta, tb, bias):
    a = lambda i, p: from_bits(element(kind, p * m + i if ta else i * k + p))
    b = lambda p, j: from_bits(element(kind, (1 << 20) + (j * k + p if tb else p * n + j)))
    rows = []
    for i in range(m):
        for j in range(n):
            total = None
            for start in range(0, k, CHAIN):
                chain = from_bits(0)
                for p in range(start, min(k, start + CHAIN)):
                    chain = fma(a(i, p), b(p, j), chain)
                total = chain if total is None else sum_rounded(total, chain)
            if total is None:
                total = from_bits(0)
            if bias:
                total = sum_rounded(total, from_bits(element(kind, (1 << 21) + j)))
            rows.append(to_bits(total))
    return rows


CASES = [
    ("unit", 1, 1, 1, 0, 0, 0), ("unit", 3, 0, 2, 0, 0, 0), ("unit", 3, 0, 2, 0, 0, 1),
    ("unit", 2, 3, 4, 0, 0, 0), ("unit", 2, 3, 4, 1, 0, 0), ("unit", 2, 3, 4, 0, 1, 0),
    ("unit", 2, 3, 4, 1, 1, 1), ("unit", 5, 33, 7, 0, 0, 1), ("unit", 13, 17, 33, 0, 1, 0),
    ("unit", 1, 1023, 2, 0, 0, 0), ("unit", 2, 1024, 1, 0, 0, 1), ("unit", 2, 1025, 2, 0, 0, 0),
    ("unit", 1, 2049, 2, 1, 0, 1), ("unit", 1, 4097, 1, 0, 1, 0),
    ("wide", 4, 64, 5, 0, 0, 0), ("wide", 3, 1030, 2, 0, 1, 1), ("wide", 7, 31, 17, 1, 0, 0),
    ("small", 4, 40, 5, 0, 0, 0), ("small", 2, 1500, 2, 1, 1, 0), ("subnormal", 3, 9, 3, 0, 0, 1),
    ("huge", 4, 12, 4, 0, 0, 0), ("special", 6, 5, 9, 0, 0, 1), ("special", 3, 1100, 3, 1, 0, 0),
    ("cancel", 8, 9, 10, 0, 0, 0), ("cancel", 2, 1030, 3, 0, 1, 1),
]


def main():
    path = pathlib.Path(__file__).parent.parent / "golden" / "matmul.kat"
    lines = ["# SPDX-License-Identifier: Apache-2.0",
             "# fma32-v1-draft, written by tests/oracle/matmul.py: oracle product kind m k n ta tb bias = C as bits"]
    for case in CASES:
        answer = " ".join(f"{bits:08x}" for bits in product(*case))
        lines.append(f"oracle product {' '.join(map(str, case))} = {answer}")
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
