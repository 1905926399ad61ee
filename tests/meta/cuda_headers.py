#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the arithmetic headers to PTX and looks at the artefact: every floating-point add, sub, mul, div and sqrt names
its rounding, nothing is approximate, nothing flushes subnormals. Skipped (exit 77) without nvcc."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-std=c++20", "-arch=compute_80", "--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true",
         "--expt-relaxed-constexpr"]
UNROUNDED = re.compile(r"\b(?:add|sub|mul|div|sqrt|fma|mad)\.(?!rn\.)(?:\w+\.)*f(?:32|64)\b")
FORBIDDEN = re.compile(r"\.approx|\.ftz|\.full\.f32")


def complaints(ptx):
    for line in ptx.splitlines():
        if UNROUNDED.search(line) or FORBIDDEN.search(line):
            yield line.strip()


def compile_to_ptx(nvcc, source, flags):
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "out.ptx"
        done = subprocess.run([nvcc, *flags, "-ptx", f"-I{ROOT}", str(source), "-o", str(output)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"nvcc failed:\n{done.stdout}{done.stderr}")
        return output.read_text()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nvcc", default="nvcc")
    nvcc = parser.parse_args().nvcc
    if not nvcc or not pathlib.Path(nvcc).exists():
        print("SKIPPED: nvcc is not installed")
        return 77
    found = list(complaints(compile_to_ptx(nvcc, pathlib.Path(__file__).with_suffix(".cu"), FLAGS)))
    if found:
        print("\n".join(found[:20]))
        return 1
    planted = "add.f32 %f1, %f2, %f3;\nmul.ftz.rn.f32 %f1, %f2, %f3;\nex2.approx.f32 %f1, %f2;\n"
    if len(list(complaints(planted))) != 3:
        print("the check does not find planted instructions")
        return 1
    print("the PTX of all formulas keeps its roundings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
