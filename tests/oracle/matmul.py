#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known answers of specification fma32-v1-draft, from docs/arithmetic.md ("Matrix products").

    python3 tests/oracle/matmul.py > tests/golden/matmul.kat

A case is `kind m k n ta tb bias`. Operands A, B and the bias are elements 0, 2^20 and 2^21 onwards of a family
(element_families.py), in the order in which they are stored, row by row, A and B transposed where ta and tb
say so. The answer is C, row by row, as binary32 words.
"""
from element_families import element
from ieee import Float, fma

CHAIN = 1024
ZERO = Float(0)


def dot_product(a, b):
    """One element of C: chains of fma, then a left fold over the chains."""
    sums = []
    for start in range(0, len(a), CHAIN):
        s = ZERO
        for x, y in zip(a[start:start + CHAIN], b[start:start + CHAIN]):
            s = fma(x, y, s)
        sums.append(s)
    total = sums[0] if sums else ZERO
    for s in sums[1:]:
        total = total + s
    return total


def operands(kind, m, k, n, ta, tb):
    """The rows of op(A) and the columns of op(B)."""
    rows = [[element(kind, p * m + i if ta else i * k + p) for p in range(k)] for i in range(m)]
    columns = [[element(kind, (1 << 20) + (j * k + p if tb else p * n + j)) for p in range(k)] for j in range(n)]
    return rows, columns


def product(kind, m, k, n, ta, tb, bias):
    rows, columns = operands(kind, m, k, n, ta, tb)
    c = [dot_product(row, column) for row in rows for column in columns]
    if bias:
        c = [value + element(kind, (1 << 21) + i % n) for i, value in enumerate(c)]
    return c


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
    # No terms; one term, pairs of special values among them.
    ("special", 4, 0, 5, 0, 0, 1), ("special", 3, 0, 3, 1, 1, 0), ("cancel", 2, 0, 20, 0, 1, 1),
    ("special", 24, 1, 24, 0, 0, 0), ("special", 20, 1, 20, 1, 1, 1), ("cancel", 17, 1, 17, 0, 0, 0),
    ("subnormal", 9, 1, 9, 0, 0, 0), ("huge", 9, 1, 9, 0, 1, 1), ("small", 12, 1, 12, 1, 0, 0),
    # Infinities, NaNs and zeros at every place of short chains.
    ("special", 16, 2, 16, 0, 0, 0), ("special", 15, 3, 17, 1, 0, 1), ("special", 9, 4, 25, 0, 1, 0),
    ("special", 13, 6, 12, 1, 1, 0), ("special", 7, 8, 33, 0, 0, 0), ("special", 5, 16, 5, 0, 0, 1),
    # Edges of register tiles and vectors.
    ("unit", 1, 7, 64, 0, 0, 0), ("unit", 64, 7, 1, 0, 0, 1), ("unit", 6, 9, 16, 0, 0, 0), ("unit", 7, 9, 17, 1, 0, 0),
    ("unit", 12, 5, 32, 0, 0, 1), ("unit", 11, 5, 31, 0, 1, 0), ("unit", 14, 3, 33, 1, 1, 0), ("unit", 8, 4, 48, 0, 0, 0),
    ("unit", 3, 2, 65, 0, 0, 1), ("unit", 129, 2, 3, 1, 0, 0), ("unit", 2, 257, 9, 0, 1, 0), ("unit", 4, 255, 4, 1, 0, 1),
    # Cancellation, subnormal results, overflow on the way, at and past the end of a chain.
    ("cancel", 12, 5, 12, 1, 0, 1), ("cancel", 5, 33, 15, 0, 1, 0), ("cancel", 3, 1024, 4, 0, 0, 1),
    ("cancel", 2, 2048, 2, 1, 1, 0), ("cancel", 1, 2050, 3, 0, 0, 0),
    ("small", 6, 7, 16, 0, 0, 1), ("small", 2, 1023, 3, 0, 0, 0), ("small", 1, 2049, 2, 0, 1, 0),
    ("subnormal", 5, 12, 5, 1, 0, 0), ("subnormal", 2, 1040, 2, 0, 1, 1),
    ("huge", 6, 3, 16, 1, 0, 1), ("huge", 3, 100, 5, 0, 0, 0), ("huge", 2, 1025, 2, 1, 1, 0),
    ("wide", 13, 8, 13, 0, 0, 1), ("wide", 2, 1024, 4, 1, 0, 0), ("wide", 1, 3073, 2, 0, 0, 0),
]


def main():
    print("# SPDX-License-Identifier: Apache-2.0")
    print("# fma32-v1-draft, written by tests/oracle/matmul.py: oracle product kind m k n ta tb bias = C as bits")
    for case in CASES:
        print(f"oracle product {' '.join(map(str, case))} = {' '.join(v.hex() for v in product(*case))}".rstrip())


if __name__ == "__main__":
    main()
