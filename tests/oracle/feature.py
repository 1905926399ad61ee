#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known answers of the features, from docs/arithmetic.md ("Features").

    python3 tests/oracle/feature.py

It reads tests/golden/feature.kat, keeps the parameters and arguments of the formulas, computes every answer
again and prints the file.
"""
import pathlib

from element_families import element, word
from elementary import rounded_function
from exact_sum import moments
from ieee import BINARY32, BINARY64, Float
from targets import fitted_scale

FORMAT = """\
# tests/oracle/feature.py wrote this. Fields are binary64, x and y binary32 bits.
# origin kernel fields... x = y
# origin fitted_OP FAMILY n n_fitted = the column after OP, fitted on its first n_fitted rows: row i is missing where
#   i > 0 and word(3 * 2^20 + i) mod 4 = 0, else element i of the family; min_max to [-1/2, 3]"""
NAN = Float(BINARY32.nan)


def standardize(x, mean, deviation):
    return ((x.to(BINARY64) - mean) / deviation).to(BINARY32)


def min_max(x, minimum, extent, low, span):
    return (low + ((x.to(BINARY64) - minimum) / extent) * span).to(BINARY32)


def clip(x, low, high):
    wide = x.to(BINARY64)
    return low.to(BINARY32) if wide < low else high.to(BINARY32) if wide > high else x


def log1p(x):
    return rounded_function("log1p", x)


FEATURES = {"standardize": standardize, "min_max": min_max, "clip": clip, "log1p": log1p}


def of_present(function):
    """A missing value stays missing."""
    return lambda x: x if x.is_nan() else function(x)


def fitted_standardize(training):
    mean, deviation = fitted_scale(training)
    return of_present(lambda x: standardize(x, mean, deviation))


def fitted_min_max(training):
    _, low, high, *_ = moments([x.bits() for x in training]).split()
    minimum, maximum = (Float(int(bits, 16)).to(BINARY64) for bits in (low, high))
    extent = maximum - minimum
    low, high, one = (Float.rounded(value, BINARY64) for value in (-0.5, 3, 1))
    return of_present(lambda x: min_max(x, minimum, one if extent.is_zero() else extent, low, high - low))


def fitted_impute(place, fmt):
    def fit(training):
        value = Float(int(moments([x.bits() for x in training]).split()[place], 16), fmt).to(BINARY32)
        return lambda x: value if x.is_nan() else x
    return fit


FITS = {"standardize": fitted_standardize, "min_max": fitted_min_max, "impute_mean": fitted_impute(3, BINARY64),
        "impute_median": fitted_impute(5, BINARY64), "impute_most_frequent": fitted_impute(6, BINARY32)}


def fitted_lines():
    for op, fit in FITS.items():
        for family in ("unit", "wide", "small", "subnormal", "huge", "cancel"):
            for n, n_fitted in ((1, 1), (5, 2), (9, 9), (20, 11), (33, 32)):
                column = [NAN if i > 0 and word((3 << 20) + i) % 4 == 0 else element(family, i) for i in range(n)]
                transformed = map(fit(column[:n_fitted]), column)
                yield f"oracle fitted_{op} {family} {n} {n_fitted} = {' '.join(y.hex() for y in transformed)}"


def main():
    print(FORMAT)
    path = pathlib.Path(__file__).parent.parent / "golden" / "feature.kat"
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith(("#", "oracle fitted_")):
            continue
        origin, name, *inputs = line.partition(" =")[0].split()
        *fields, x = inputs
        y = FEATURES[name](Float(int(x, 16)), *(Float(int(field, 16), BINARY64) for field in fields))
        print(origin, name, *inputs, "=", y.hex())
    for line in fitted_lines():
        print(line)


if __name__ == "__main__":
    main()
