#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known answers of the elementwise features, from docs/arithmetic.md ("Features").

    python3 tests/oracle/feature.py

It reads tests/golden/feature.kat, keeps comments, parameters and arguments, computes every answer again and
prints the file. Parameters are binary64, x and y binary32.
"""
import pathlib

from elementary import rounded_function
from ieee import BINARY32, BINARY64, Float


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


def main():
    path = pathlib.Path(__file__).parent.parent / "golden" / "feature.kat"
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            print(line)
            continue
        origin, name, *inputs = line.partition(" =")[0].split()
        *fields, x = inputs
        y = FEATURES[name](Float(int(x, 16)), *(Float(int(field, 16), BINARY64) for field in fields))
        print(origin, name, *inputs, "=", y.hex())


if __name__ == "__main__":
    main()
