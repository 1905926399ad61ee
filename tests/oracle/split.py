#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/split.kat: splits computed from docs/arithmetic.md alone, with Python integers.

    python3 tests/oracle/split.py > tests/golden/split.kat
"""
from fractions import Fraction

import philox

SPLIT_STREAM = 1 << 24


def share(n, fraction):
    return (2 * n * Fraction(fraction) + 1) // 2  # floor(n * fraction + 1/2)


def largest_remainder(total, sizes):
    n = sum(sizes)
    shares = [total * size // n for size in sizes]
    order = sorted(range(len(sizes)), key=lambda c: (-(total * sizes[c] % n), c))
    for c in order[: total - sum(shares)]:
        shares[c] += 1
    return shares


def split(n, test, validation, seed, n_classes):
    classes = [row * row % 7919 % n_classes if n_classes else 0 for row in range(n)]
    groups = [[] for _ in range(max(classes) + 1)]
    for row in philox.shuffled(seed, SPLIT_STREAM, 0, list(range(n))):
        groups[classes[row]].append(row)
    tests = largest_remainder(share(n, test), [len(group) for group in groups])
    left = [len(group) - t for group, t in zip(groups, tests)]
    validations = largest_remainder(share(n, validation), left)
    parts = ["a"] * n
    for group, t, v in zip(groups, tests, validations):
        for row in group[:t]:
            parts[row] = "t"
        for row in group[t : t + v]:
            parts[row] = "v"
    return "".join(parts)


def main():
    print("# tests/oracle/split.py wrote this. Part of each row: t(est), v(alidation) or tr(a)in.")
    print("# origin split rows test validation seed classes = parts")
    for n, test, validation, seed, n_classes in [
        (2, 0.5, 0.0, 0, 0),
        (31, 0.2, 0.1, 1, 0),
        (33, 0.15, 0.35, 2**64 - 1, 0),
        (100, 0.25, 0.0, 42, 2),
        (257, 0.2, 0.2, 42, 7),
        (256, 0.3, 0.1, 123456789012345, 10),
        (2, 0.0, 0.5, 1, 0), (3, 0.0, 0.0, 3, 0), (3, 0.34, 0.33, 4, 0), (5, 0.1, 0.1, 5, 0), (10, 0.25, 0.25, 6, 0),
        (10, 0.15, 0.15, 7, 0), (31, 0.5, 0.4, 8, 0), (32, 0.1, 0.2, 2**32, 0), (64, 0.0, 0.2, 9, 0),
        (129, 0.7, 0.1, 2**63, 0), (1023, 0.01, 0.02, 10, 0), (1025, 0.333, 0.333, 11, 0),
        (7, 0.3, 0.3, 12, 2), (12, 0.25, 0.25, 13, 12), (33, 0.2, 0.0, 14, 3), (65, 0.5, 0.25, 15, 4),
        (100, 0.07, 0.03, 16, 9), (100, 0.45, 0.45, 17, 40), (255, 0.1, 0.8, 18, 5), (1000, 0.2, 0.1, 19, 2),
    ]:
        parts = split(n, test, validation, seed, n_classes)
        print(f"oracle split {n} {test} {validation} {seed} {n_classes} = {parts}")


if __name__ == "__main__":
    main()
