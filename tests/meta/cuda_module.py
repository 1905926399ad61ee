#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at what nvcc made of the kernels in a CUDA module, without a GPU and without compiling anything again.

    cuda_module.py [--report] MODULE          libreprotrain_cuda.so, or an object file with kernels

PTX: every floating-point operation names its rounding, nothing is approximate or flushes subnormals. Machine code, for
every architecture in the module: a fused multiply-add, an estimate (MUFU) or a flush of subnormals (.FTZ) stands only in a
kernel whose PTX asks for a fused multiply-add, a division or a root, which begin with an estimate and end with the
correctly rounded result. That the words are read right is seen where they must stand: a fused multiply-add in the tiles of
the ordered product, an estimate wherever PTX divides. No kernel has a stack, but for those of STACKS. --report lists every
kernel's registers and memory.
Skipped (exit 77) where there is no module.
"""
import argparse
import dataclasses
import pathlib
import re
import subprocess
import sys

import gpu_code
from cuda_headers import complaints

FADD, FMUL, FFMA, DFMA, FMNMX, FSETP, F2I, MUFU = 0x21, 0x20, 0x23, 0x2B, 0x09, 0x0B, 0x105, 0x108
MAY_FLUSH = {FADD: "FADD", FMUL: "FMUL", FFMA: "FFMA", FMNMX: "FMNMX", FSETP: "FSETP", F2I: "F2I"}
ESTIMATES = {0: "COS", 1: "SIN", 2: "EX2", 3: "LG2", 4: "RCP", 5: "RSQ", 6: "RCP64H", 7: "RSQ64H", 8: "SQRT", 9: "TANH"}

# What the machine code of an operation in PTX contains.
INTEGER_QUOTIENT = re.compile(r"\b(?:div|rem)\.[su](?:16|32|64)\b|\brcp\.approx\.f32")
EXPLAINS = [
    (re.compile(r"\bfma\.rn\.f32\b"), {"FFMA"}),
    (re.compile(r"\bfma\.rn\.f64\b"), {"DFMA"}),
    # The root of a negative number is how a quotient becomes NaN.
    (re.compile(r"\bdiv\.rn\.f32\b|\brcp\.rn\.f32\b"), {"FFMA", "MUFU.RCP", "MUFU.RSQ", "FADD.FTZ", "FSETP.FTZ"}),
    (re.compile(r"\bsqrt\.rn\.f32\b"), {"FFMA", "MUFU.RSQ", "FMUL.FTZ", "FSETP.FTZ"}),
    (re.compile(r"\bdiv\.rn\.f64\b|\brcp\.rn\.f64\b"), {"DFMA", "FFMA", "MUFU.RCP64H", "FSETP.FTZ"}),
    (re.compile(r"\bsqrt\.rn\.f64\b"), {"DFMA", "MUFU.RSQ64H"}),
    (INTEGER_QUOTIENT, {"MUFU.RCP", "F2I.FTZ"}),
]

# Kernels with a stack, the most bytes it may have, and why it does no harm.
STACKS = [
    (re.compile("round_cells"), 288, "arrays indexed at run time, once for each result"),
    (re.compile("quad_map.*7Sigmoid"), 16, "the place of a quad, while its four elements are computed"),
    (re.compile("epilogue_pass.*(7Sigmoid|4Tanh).*EstimateInE1"), 16, "the same, on GPUs with slow binary64 only"),
]


# What must stand in the machine code of kernels by name and PTX, so that an operation read wrongly is noticed.
EVIDENCE = [
    ("FFMA", re.compile("ordered_tile_kernel"), re.compile(r"\bfma\.rn\.f32\b")),
    ("MUFU.RCP", re.compile(""), re.compile(r"\bdiv\.rn\.f32\b")),
]


def allowed_stack_bytes(name):
    return max((size for pattern, size, _ in STACKS if pattern.search(name)), default=0)


def explained(ptx):
    return set().union(*(found for pattern, found in EXPLAINS if pattern.search(ptx)))


def features(instructions):
    """What stands in machine code that a reason is wanted for."""
    found = set()
    for low, high in instructions:
        operation = low & 0x1FF
        if operation == MUFU:
            found.add("MUFU." + ESTIMATES.get(high >> 10 & 15, "unknown"))
        elif operation in (FFMA, DFMA):
            found.add("FFMA" if operation == FFMA else "DFMA")
        if operation in MAY_FLUSH and high >> 16 & 1:
            found.add(MAY_FLUSH[operation] + ".FTZ")
    return found


PART = re.compile(r"\.(?:visible \.|weak \.)?(?P<kind>entry|func)\s*(?:\([^)]*\)\s*)?(?P<name>\w+)")
CALL = re.compile(r"\bcall(?:\.uni)?\s+(?:\([^)]*\)\s*,\s*)?(?P<target>[%\w]+)")


def with_called(part, functions):
    """The text of a kernel, and of every function that it calls or that those call. A call through a register may go to all."""
    waiting, seen, text = [part], set(), ""
    while waiting:
        text += (current := waiting.pop())
        for target in CALL.findall(current):
            for name in functions if target.startswith("%") else {target} & functions.keys():
                if name not in seen:
                    seen.add(name)
                    waiting.append(functions[name])
    return text


def ptx_of_kernels(texts):
    """{kernel: the PTX that reaches its machine code}: its own, and that of the functions it calls."""
    reached = {}
    for text in texts:
        parts = re.split(r"(?=^\.(?:visible \.|weak \.)?(?:entry|func)\b)", text, flags=re.M)
        named = [(match["kind"], match["name"], part) for part in parts if (match := PART.match(part))]
        functions = {}
        for kind, name, part in named:
            if kind == "func":  # declared first, perhaps, and defined later
                functions[name] = functions.get(name, "") + part
        reached.update((name, with_called(part, functions)) for kind, name, part in named if kind == "entry")
    return reached


def evidence(kernels, ptx):
    """({operation: kernels it was found in}, complaints) of EVIDENCE."""
    seen, missing = {operation: 0 for operation, _, _ in EVIDENCE}, []
    for kernel in kernels:
        for operation, name, asked in EVIDENCE:
            if not (name.search(kernel.name) and asked.search(ptx.get(kernel.name, ""))):
                continue
            if operation in features(kernel.instructions):
                seen[operation] += 1
            else:
                missing.append(f"sm_{kernel.architecture} {kernel.name}: no {operation} where one must be")
    return seen, missing


def findings(code):
    for text in code.ptx:
        for line in complaints(text):
            yield f"PTX: {line}"
    ptx = ptx_of_kernels(code.ptx)
    for kernel in code.kernels:
        where = f"sm_{kernel.architecture} {kernel.name}"
        if kernel.name not in ptx:
            yield f"{where}: no PTX to compare it with"
            continue
        for feature in sorted(features(kernel.instructions) - explained(ptx[kernel.name])):
            yield f"{where}: {feature}"
        if kernel.stack_bytes > allowed_stack_bytes(kernel.name):
            yield f"{where}: {kernel.stack_bytes} bytes of stack"
    yield from evidence(code.kernels, ptx)[1]


PLANTED_PTX = """
.func  (.param .b32 func_retval0) inner(
{
sqrt.rn.f32 %f1, %f2;
}
.func  (.param .b32 func_retval0) outer(
{
call.uni (retval0), inner, ( param0 );
}
.visible .entry calls(
{
call.uni (retval0),
outer,
( param0 );
}
.visible .entry divides(
{
div.rn.f32 %f1, %f2, %f3;
}
.visible .entry plain(
{
add.rn.f32 %f1, %f2, %f3;
}
"""


def check_of_calls_and_evidence():
    ptx = ptx_of_kernels([PLANTED_PTX])
    estimate = gpu_code.Kernel(90, "divides", 0, 0, 0, [(MUFU, 4 << 10)])
    without = dataclasses.replace(estimate, instructions=[(FADD, 0)])
    return ("sqrt" in ptx["calls"] and "div" not in ptx["calls"] and "sqrt" not in ptx["plain"] + ptx["divides"]
            and evidence([estimate], ptx) == ({"FFMA": 0, "MUFU.RCP": 1}, []) and len(evidence([without], ptx)[1]) == 1)


def check_of_the_check():
    """Planted machine words and what must be found in them."""
    flush, fused, sine = (FMUL, 1 << 16), (FFMA, 0), (MUFU, 1 << 10)
    plain = [(FADD, 0), (FMUL, 0), (FSETP, 0)]
    return (features([flush]) == {"FMUL.FTZ"} and features([fused]) == {"FFMA"} and features([sine]) == {"MUFU.SIN"}
            and not features(plain) and allowed_stack_bytes("ordered_tile_kernel") == 0
            and explained("mul.rn.f32 %f1, %f2, %f3;\nadd.rn.f32 %f1, %f2, %f3;") == set()
            and explained("fma.rn.f32 %f1, %f2, %f3, %f4;") == {"FFMA"})


def readable(names):
    try:
        done = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True)
    except FileNotFoundError:
        return list(names)
    noise = re.compile(r"reprotrain::kernels::|\(anonymous namespace\)::|^void |\(.*")
    return [noise.sub("", line) for line in done.stdout.splitlines()]


def report(code):
    for kernel, name in zip(code.kernels, readable([kernel.name for kernel in code.kernels])):
        print(f"sm_{kernel.architecture} {name[:72]:72} {kernel.registers:4} registers {kernel.shared_bytes:6} B shared "
              f"{kernel.stack_bytes:5} B stack {len(kernel.instructions):6} instructions")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", action="store_true", help="list the kernels")
    parser.add_argument("module", type=pathlib.Path)
    arguments = parser.parse_args()
    if not check_of_the_check() or not check_of_calls_and_evidence():
        print("the check does not tell planted instructions from honest ones")
        return 1
    if not arguments.module.exists():
        print("SKIPPED: this build has no CUDA module")
        return 77
    code = gpu_code.read(arguments.module)
    if not code.ptx or not code.kernels:
        print(f"{arguments.module}: no PTX, or no machine code")
        return 1
    if arguments.report:
        report(code)
    found = list(findings(code))
    seen, _ = evidence(code.kernels, ptx_of_kernels(code.ptx))
    if arguments.module.suffix == ".so":  # one object file need not hold them
        found += [f"no kernel in which to see {operation}" for operation, count in seen.items() if count == 0]
    for line in found[:40]:
        print(line)
    architectures = ", ".join(f"sm_{number}" for number in sorted({kernel.architecture for kernel in code.kernels}))
    print(f"{len(code.kernels)} kernels for {architectures}, {len(code.ptx)} texts of PTX: {len(found)} complaints; "
          + ", ".join(f"{operation} in {count} kernels that must have it" for operation, count in seen.items()))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
