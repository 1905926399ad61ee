#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Accuracy of the matrix-product specifications, beside the choices that were not taken and beside TF32.

Every column is emulated with exact integers held in binary64 (products of slices stay below 2^53), so the figures are
those of the definitions, whoever computes them. The error is against a binary64 product, relative in the Frobenius norm,
and as the largest error of an element over the largest element. Prints the tables of docs/accuracy.md. Needs numpy.
"""
import argparse

import numpy as np

DIGIT = 256
ROWS, COLUMNS = 128, 128


def whole_scales(magnitudes, n_digits, fine):
    """Exponent s for which magnitude * 2^s makes use of n_digits balanced digits, for each of some largest magnitudes.

    fine: the largest s that leaves the digits room (the specification); otherwise one bit is always kept free.
    """
    bits = 8 * n_digits - 1
    _, exponent = np.frexp(magnitudes)  # magnitude = fraction * 2^exponent, 1/2 <= fraction < 1
    if not fine:
        return bits - 1 - exponent
    scales = bits - exponent
    return np.where(np.ldexp(magnitudes, scales) > 0x7f7f * 2.0 ** (bits - 15), scales - 1, scales)


def slices(matrix, axis, n_digits, fine, cut=np.rint):
    """Digits of a matrix, the lowest first, and the exponents by which its rows (axis 1) or columns (axis 0) were scaled."""
    scales = np.expand_dims(whole_scales(np.abs(matrix).max(axis=axis), n_digits, fine), axis)
    rest = cut(np.ldexp(matrix, scales))
    digits = []
    for _ in range(n_digits):
        digit = (rest + 128) % DIGIT - 128
        digits.append(digit)
        rest = (rest - digit) / DIGIT
    assert not rest.any()
    return digits, scales


def sliced_product(a, b, n_digits, lowest_weight, fine=True, block=None, cut=np.rint):
    """The pairs of digits i + j >= lowest_weight, multiplied exactly, rounded once (a block of K at a time)."""
    depth = a.shape[1]
    block = block or depth
    total = np.zeros((a.shape[0], b.shape[1]), np.float32)
    for start in range(0, depth, block):
        digits_a, scales_a = slices(a[:, start:start + block], 1, n_digits, fine, cut)
        digits_b, scales_b = slices(b[start:start + block], 0, n_digits, fine, cut)
        exact = sum((x @ y) * float(DIGIT) ** (i + j)
                    for i, x in enumerate(digits_a) for j, y in enumerate(digits_b) if i + j >= lowest_weight)
        total = total + np.ldexp(exact, -(scales_a + scales_b)).astype(np.float32)
    return total


def tf32_product(a, b):
    """Operands rounded to 10 fraction bits, everything after that exact."""
    def rounded(x):
        fraction, exponent = np.frexp(x)
        return np.ldexp(np.rint(fraction * 2048) / 2048, exponent)
    return (rounded(a) @ rounded(b)).astype(np.float32)


def chain_product(a, b, chain=1024):
    """fma chains along K, folded (fma32); chain = K gives one chain."""
    total = None
    for start in range(0, a.shape[1], chain):
        part = np.zeros((a.shape[0], b.shape[1]), np.float32)
        for k in range(start, min(start + chain, a.shape[1])):
            part = (np.outer(a[:, k], b[k]) + part).astype(np.float32)
        total = part if total is None else total + part
    return total


SPECIFICATIONS = {
    "TF32": tf32_product,
    "one fp32 chain": lambda a, b: chain_product(a, b, a.shape[1]),
    "fma32": chain_product,
    "int8x2": lambda a, b: sliced_product(a, b, 2, 1),
    "int8x3": lambda a, b: sliced_product(a, b, 3, 2),
}
ALTERNATIVES = {
    "int8x2": SPECIFICATIONS["int8x2"],
    "x2, 4 pairs": lambda a, b: sliced_product(a, b, 2, 0),
    "x2, bit free": lambda a, b: sliced_product(a, b, 2, 1, fine=False),
    "x2, 4 pairs, bit free": lambda a, b: sliced_product(a, b, 2, 0, fine=False),
    "x2, truncated": lambda a, b: sliced_product(a, b, 2, 1, cut=np.trunc),
    "x2, K blocks of 128": lambda a, b: sliced_product(a, b, 2, 1, block=128),
    "int8x3": SPECIFICATIONS["int8x3"],
    "x3, 9 pairs": lambda a, b: sliced_product(a, b, 3, 0),
    "x3, 8 pairs": lambda a, b: sliced_product(a, b, 3, 1),
    "x3, bit free": lambda a, b: sliced_product(a, b, 3, 2, fine=False),
    "x3, K blocks of 128": lambda a, b: sliced_product(a, b, 3, 2, block=128),
}


def operands(kind, depth, seed):
    random = np.random.default_rng(seed)
    a = random.standard_normal((ROWS, depth))
    b = random.standard_normal((depth, COLUMNS))
    if kind == "ReLU of Gaussian":
        a, b = np.maximum(a, 0), np.maximum(b, 0)
    if kind == "ReLU x Gaussian":
        a = np.maximum(a, 0)
    if kind == "Gaussian x lognormal(2)":
        a *= random.lognormal(0, 2, a.shape)
        b *= random.lognormal(0, 2, b.shape)
    return a.astype(np.float32).astype(np.float64), b.astype(np.float32).astype(np.float64)


def errors(result, exact):
    difference = result.astype(np.float64) - exact
    return np.linalg.norm(difference) / np.linalg.norm(exact), np.abs(difference).max() / np.abs(exact).max()


def print_table(methods, kinds, depths, draws):
    print("| Data | K | " + " | ".join(methods) + " |")
    print("|---|---|" + "---|" * len(methods))
    for kind in kinds:
        for depth in depths:
            found = {name: [] for name in methods}
            for seed in range(draws):
                a, b = operands(kind, depth, seed)
                exact = a @ b
                for name, product in methods.items():
                    found[name].append(errors(product(a, b), exact))
            cells = ["{:.1e}, {:.1e}".format(*np.median(found[name], axis=0)) for name in methods]
            print(f"| {kind} | {depth} | " + " | ".join(cells) + " |", flush=True)
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=3, help="medians are over so many draws")
    draws = parser.parse_args().draws
    kinds = ["Gaussian", "ReLU of Gaussian", "ReLU x Gaussian", "Gaussian x lognormal(2)"]
    print_table(SPECIFICATIONS, kinds, [256, 1024, 4096], draws)
    print_table(ALTERNATIVES, kinds, [256, 1024, 4096], draws)


if __name__ == "__main__":
    main()
