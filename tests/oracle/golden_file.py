#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what an oracle prints with a golden file, byte for byte: golden_file.py ORACLE GOLDEN [CASE...].

Lines of origin `self` are left out: the program made them, no oracle prints them. With CASEs, which the oracle
gets, its lines must be among those of the file. Exit 1, and the first lines that differ, if the two have drifted
apart.
"""
import difflib
import pathlib
import subprocess
import sys


def excerpt(lines):
    return [line.decode().rstrip("\n")[:160] for line in lines]


def main():
    oracle, golden, *cases = sys.argv[1:]
    output = subprocess.run([sys.executable, oracle, *cases], check=True, capture_output=True).stdout
    printed = output.splitlines(keepends=True)
    kept = [line for line in pathlib.Path(golden).read_bytes().splitlines(keepends=True) if not line.startswith(b"self ")]
    if printed and (all(line in kept for line in printed) if cases else printed == kept):
        return 0
    print(*list(difflib.unified_diff(excerpt(kept), excerpt(printed), golden, oracle, n=0, lineterm=""))[:20], sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
