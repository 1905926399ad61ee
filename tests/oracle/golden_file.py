#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs an oracle and compares what it prints with a golden file, byte for byte: golden_file.py ORACLE GOLDEN.

Lines of origin `self` are left out: the program made them, no oracle prints them. Exit 1 and the first
differing lines if the two have drifted apart.
"""
import difflib
import pathlib
import subprocess
import sys


def main():
    oracle, golden = sys.argv[1:]
    printed = subprocess.run([sys.executable, oracle], check=True, capture_output=True).stdout
    kept = [line for line in pathlib.Path(golden).read_bytes().splitlines(keepends=True) if not line.startswith(b"self ")]
    if printed == b"".join(kept):
        return 0
    lines = [[line.decode()[:160] for line in text] for text in (kept, printed.splitlines(keepends=True))]
    differences = list(difflib.unified_diff(*lines, golden, oracle, n=0, lineterm=""))
    print(*differences[:20], sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
