#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the arithmetic headers to PTX and looks at the artefact: every floating-point add, sub, mul, div and sqrt names
its rounding, nothing is approximate, nothing flushes subnormals, no atomic operation is on floating-point numbers.

cuda_module.py looks at the kernels. Skipped (exit 77) without nvcc.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-std=c++20", "-arch=compute_80", "--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true",
         "--expt-relaxed-constexpr"]
UNROUNDED = re.compile(r"\b(?:add|sub|mul|div|sqrt|fma|mad)\.(?!rn\.)(?:\w+\.)*f(?:16|32|64)(?:x2)?\b")
FORBIDDEN = re.compile(r"\.approx|\.ftz|\.full\.f32|\b(?:atom|red)\.[\w.:]*\b(?:f16|bf16|f32|f64)(?:x2)?\b")
PLANTED = """add.f32 %f1, %f2, %f3;
mul.ftz.rn.f32 %f1, %f2, %f3;
ex2.approx.f32 %f1, %f2;
rcp.approx.f32 %f1, %f2;
fma.rz.f64 %fd1, %fd2, %fd3, %fd4;
sqrt.approx.f32 %f1, %f2;
div.full.f32 %f1, %f2, %f3;
atom.global.add.f32 %f1, [%rd1], %f2;
red.relaxed.gpu.global.add.f64 [%rd1], %fd2;
"""
HONEST = """add.rn.f32 %f1, %f2, %f3;
fma.rn.f64 %fd1, %fd2, %fd3, %fd4;
atom.global.add.u64 %rd1, [%rd2], %rd3;
red.global.min.u64 [%rd1], %rd2;
mul.wide.u32 %rd1, %r1, %r2;
mov.b32 \t%f7, %r400;
rcp.approx.f32 \t%f8, %f7;
mov.b32 \t%r401, %f8;
"""
# How nvcc begins a division of wide integers: an estimate that comes from an integer and becomes one, and that exact
# integer steps then correct.
INTEGER_DIVISION = re.compile(r"mov\.b32\s+(%f\d+), %r\d+;\s+rcp\.approx\.f32\s+(%f\d+), \1;\s+mov\.b32\s+%r\d+, \2;")


def complaints(ptx):
    ptx = INTEGER_DIVISION.sub("", ptx)
    for line in ptx.splitlines():
        if UNROUNDED.search(line) or FORBIDDEN.search(line):
            yield line.strip()


def compile_to_ptx(nvcc, source, flags):
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "out.ptx"
        done = subprocess.run([nvcc, *flags, "-ptx", f"-I{ROOT}", str(source), "-o", str(output)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"nvcc failed on {source}:\n{done.stdout}{done.stderr}")
        return output.read_text()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nvcc", default="nvcc")
    arguments = parser.parse_args()
    if len(list(complaints(PLANTED))) != len(PLANTED.splitlines()) or list(complaints(HONEST)):
        print("the check does not tell planted instructions from honest ones")
        return 1
    nvcc = arguments.nvcc
    if not nvcc or not pathlib.Path(nvcc).exists():
        print("SKIPPED: nvcc is not installed")
        return 77
    source = pathlib.Path(__file__).with_suffix(".cu")
    found = list(complaints(compile_to_ptx(nvcc, source, FLAGS)))
    for line in found[:20]:
        print(f"{source.relative_to(ROOT)}: {line}")
    if not found:
        print(f"the PTX of {source.relative_to(ROOT)} keeps its roundings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
