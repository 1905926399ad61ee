#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Disassembles the arithmetic for x86-64: no fused operation but where the source asks for one, no estimate of a
reciprocal or a root, and the AVX-512 loops, which few processors run, fuse what the AVX2 loops of the same text fuse.

    fused_operations.py ARCHIVE [--objdump OBJDUMP] [--same-counts] [--fma-everywhere]

--same-counts: the compiler unrolls both kinds of loops alike, so that they have equally many fused operations on vectors.
    Those on single elements need only be none in both or some in both: the elements left over at the end, seven at most
    in one and three in the other, are a loop there and as many copies of its body here.
--fma-everywhere: the compiler was told that every processor has fma (__FMA__), so that any function may use it.
Skipped (exit 77) with --fma-everywhere, on another processor, or without objdump.
"""
import argparse
import pathlib
import platform
import re
import subprocess
import sys

# Where the source says fma: these files, and in the first one the loops of fused estimates only.
ASKED_FOR = {"elementary_array.cpp.o": re.compile(r"_loop<.*\bEstimateElement<.*\bFusedMultiplyAdd\b"),
             "narrow_tile.cpp.o": re.compile(""), "tile_avx2.cpp.o": re.compile(""),
             "tile_avx512.cpp.o": re.compile("")}
FUSED = re.compile(r"\tv?fn?m(?:add|sub)(?:add|sub)?(?:132|213|231)?([ps])[sdh]\b")
ESTIMATE = re.compile(r"\tv?r(?:cp|sqrt)(?:14|28)?[ps][sdh]\b")
PLANTED = """
elementary_array.cpp.o:     file format elf64-x86-64
0000000000000000 <void avx512_loop<false, EstimateElement<Exp, FusedMultiplyAdd> >(long)>:
   0:\tvfmadd213ps %zmm1,%zmm2,%zmm3
   6:\tvfmadd231ps %zmm1,%zmm2,%zmm3
0000000000000010 <void avx2_loop<false, EstimateElement<Exp, FusedMultiplyAdd> >(long)>:
  10:\tvfmadd213ps %ymm1,%ymm2,%ymm3
0000000000000050 <void avx512_loop<false, EstimateElement<Log, FusedMultiplyAdd> >(long)>:
  50:\tvfmadd213pd %zmm1,%zmm2,%zmm3
  56:\tvfmadd213sd %xmm1,%xmm2,%xmm3
0000000000000060 <void avx2_loop<false, EstimateElement<Log, FusedMultiplyAdd> >(long)>:
  60:\tvfmadd213pd %ymm1,%ymm2,%ymm3
  66:\tvfmadd213sd %xmm1,%xmm2,%xmm3
  6c:\tvfmadd213sd %xmm1,%xmm2,%xmm3
0000000000000070 <void avx512_loop<false, EstimateElement<Erf, FusedMultiplyAdd> >(long)>:
  70:\tvfmadd213pd %zmm1,%zmm2,%zmm3
  76:\tvfmadd213sd %xmm1,%xmm2,%xmm3
0000000000000080 <void avx2_loop<false, EstimateElement<Erf, FusedMultiplyAdd> >(long)>:
  80:\tvfmadd213pd %ymm1,%ymm2,%ymm3
0000000000000020 <void avx512_loop<false, Binary64Element<Exp> >(long)>:
  20:\tvfnmadd231pd %zmm1,%zmm2,%zmm3
0000000000000030 <void avx2_loop<false, Binary64Element<Exp> >(long)>:
  30:\tvmulpd %ymm1,%ymm2,%ymm3
loss_list.cpp.o:     file format elf64-x86-64
0000000000000000 <loss>:
   0:\tvfmsub132ss %xmm1,%xmm2,%xmm3
   6:\tvrsqrt14ps %zmm1,%zmm2
   c:\trcpss %xmm1,%xmm2
"""


def functions(disassembly):
    """(object, function, its lines)"""
    member, name, lines = "", "", []
    for line in disassembly.splitlines():
        if found := re.match(r"(\S+):\s+file format", line):
            member = found.group(1)
        elif found := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            name, lines = found.group(1), []
            yield member, name, lines
        elif name:
            lines.append(line)


def fused_counts(lines):
    """How many fused operations are on vectors, how many on single elements."""
    kinds = [found.group(1) for line in lines if (found := FUSED.search(line))]
    return kinds.count("p"), kinds.count("s")


def fuse_alike(counts, twin, same_counts):
    return [bool(n) for n in counts] == [bool(n) for n in twin] and (not same_counts or counts[0] == twin[0])


def complaints(disassembly, same_counts):
    n_fused = {}
    for member, name, lines in list(functions(disassembly)):
        counts = fused_counts(lines)
        n = sum(counts)
        if "_loop<" in name:
            n_fused[name] = counts
        asked_for = ASKED_FOR.get(member)
        if n and not (asked_for and asked_for.search(name)):
            yield f"{member}: {name} has {n} fused operations that nobody asked for"
        for line in lines:
            if ESTIMATE.search(line):
                yield f"{member}: {name} estimates:{line}"
    for name, counts in n_fused.items():
        if "avx512_loop<" not in name:
            continue
        twin = n_fused.get(name.replace("avx512_loop<", "avx2_loop<"))
        if twin is None:
            yield f"{name} has no twin for AVX2"
        elif not fuse_alike(counts, twin, same_counts):
            yield f"{name} has fused operations on vectors and on elements: {counts}, its twin for AVX2 {twin}"


def self_check():
    found = list(complaints(PLANTED, True))
    if len(found) != 7:
        sys.exit("the planted faults are not found:\n" + "\n".join(found))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("archive", type=pathlib.Path)
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("--same-counts", action="store_true")
    parser.add_argument("--fma-everywhere", action="store_true")
    arguments = parser.parse_args()
    self_check()
    if platform.machine().lower() not in ("x86_64", "amd64") or "NOTFOUND" in arguments.objdump:
        print("skipped: needs x86-64 and objdump")
        sys.exit(77)
    if arguments.fma_everywhere:
        print("skipped: the compiler was told that every processor has fma")
        sys.exit(77)
    done = subprocess.run([arguments.objdump, "--disassemble", "--demangle", "--no-show-raw-insn", arguments.archive],
                          capture_output=True, text=True, check=True)
    found = list(complaints(done.stdout, arguments.same_counts))
    n_loops = sum("avx512_loop<" in name for _, name, _ in functions(done.stdout))
    print("\n".join(found) or f"{n_loops} AVX-512 loops fuse what their AVX2 twins fuse")
    sys.exit(1 if found or n_loops == 0 else 0)


if __name__ == "__main__":
    main()
