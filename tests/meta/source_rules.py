#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules about the source tree that a machine can check; see CONTRIBUTING.md.

Each rule is a function from the tree to complaints. The last test plants a fault for every rule and expects it to be
found, so that no rule can rot into one that always passes.
"""
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = {"kernels": 0, "engine": 1, "harness": 2}
CODE = {".h", ".cpp", ".cu", ".cuh"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
LIBM = ["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "tanh", "sin", "cos", "pow", "erf", "tgamma", "cbrt",
        "hypot", "fmod", "fma", "round", "rint", "lrint"]
BANNED = re.compile(
    r"std::shuffle|std::\w+_distribution|\brand\(|\bsrand\(|random_device|ffast-math"
    r"|\b(?:std::)?(?:" + "|".join(LIBM) + r")f?\((?![^)]*\)\s*const\s*\{)")
PREFIXED = re.compile(r"(?:rounded::|RPT_HD (?:float|double) |[.>]|//.*|\"[^\"]*)$")


def code_files(root, *folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in CODE:
                yield path


def layers_point_one_way(root):
    for path in code_files(root, *LAYERS):
        level = LAYERS[path.relative_to(root).parts[0]]
        for included in INCLUDE.findall(path.read_text()):
            target = included.split("/")[0]
            if LAYERS.get(target, -1) > level:
                yield f"{path}: includes {included}, which is in a higher layer"
            if target not in LAYERS and not included.startswith("include/reprotrain/"):
                yield f"{path}: includes {included} by a path that does not start at the root"


def value_paths_avoid_libm(root):
    for path in code_files(root, "kernels", "engine"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("//")[0]
            for match in BANNED.finditer(code):
                if not PREFIXED.search(code[: match.start()]):
                    yield f"{path}:{number}: {match.group(0)} has no defined bits"


def kernels_touch_no_files(root):
    forbidden = re.compile(r"#include <(fstream|iostream|filesystem|cstdio|nlohmann/.*|spdlog/.*|oneapi/.*)>")
    for path in code_files(root, "kernels"):
        if path.name.endswith("_main.cpp"):
            continue
        for match in forbidden.finditer(path.read_text()):
            yield f"{path}: {match.group(0)} in the arithmetic layer"


def kernels_for_cuda_say_so(root):
    for path in code_files(root, "kernels"):
        if path.suffix == ".cu" and not path.stem.endswith("_cuda"):
            yield f"{path}: the name of a CUDA kernel's file ends in _cuda.cu"


def files_carry_a_licence(root):
    for path in code_files(root, "include", "kernels", "engine", "harness", "tests", "bench"):
        if not path.read_text().startswith("// SPDX-License-Identifier: Apache-2.0\n"):
            yield f"{path}: first line is not the SPDX line"


def arithmetic_ids_are_specified(root):
    text = (root / "include/reprotrain/arithmetic_ids.h").read_text()
    text += (root / "kernels/digest/tile_digest.h").read_text()
    specification = (root / "docs/arithmetic.md").read_text()
    ids = re.findall(r'"([a-z0-9-]+-v\d+(?:-draft)?)"', text)
    if not ids:
        yield "arithmetic_ids.h lists no id"
    for name in ids:
        if f"`{name}`" not in specification:
            yield f"docs/arithmetic.md does not define `{name}`"


def version_is_one(root):
    cmake = re.search(r"project\(reprotrain VERSION ([\d.]+)", (root / "CMakeLists.txt").read_text())
    header = re.search(r'kVersion = "([\d.]+)"', (root / "include/reprotrain/version.h").read_text())
    if not cmake or not header or cmake.group(1) != header.group(1):
        yield "CMakeLists.txt and include/reprotrain/version.h disagree about the version"


def documents_link_to_what_exists(root):
    documents = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "configs").rglob("*.md")]
    for path in documents:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            if not (path.parent / target).exists():
                yield f"{path}: links to {target}, which does not exist"


def readme_shows_the_golden_result_id(root):
    golden = re.search(r"^digits (rr1:\w+)", (root / "tests/golden/examples.kat").read_text(), re.M).group(1)
    for shown in re.findall(r"rr1:[0-9a-f]{64}", (root / "README.md").read_text()):
        if shown != golden:
            yield f"README.md shows {shown}, tests/golden/examples.kat has {golden}"


# rule -> (file to change, text to append or replacement)
PLANTED = {
    layers_point_one_way: ("kernels/base/hd.h", '\n#include "engine/run.h"\n'),
    value_paths_avoid_libm: ("engine/run.cpp", "\nfloat planted(float x) { return std::exp(x); }\n"),
    kernels_touch_no_files: ("kernels/base/hd.h", "\n#include <fstream>\n"),
    kernels_for_cuda_say_so: ("kernels/planted.cu", "// SPDX-License-Identifier: Apache-2.0\n"),
    files_carry_a_licence: ("kernels/planted.h", "#pragma once\n"),
    arithmetic_ids_are_specified: ("include/reprotrain/arithmetic_ids.h", '\n// "planted-v9-draft"\n'),
    version_is_one: ("CMakeLists.txt", None),
    readme_shows_the_golden_result_id: ("README.md", "\nrr1:" + 64 * "0" + "\n"),
    documents_link_to_what_exists: ("README.md", "\n[planted](nowhere.md)\n"),
}


class SourceRules(unittest.TestCase):
    maxDiff = None

    def test_every_rule_holds(self):
        for rule in PLANTED:
            with self.subTest(rule.__name__):
                self.assertEqual(list(rule(ROOT)), [])

    def test_every_rule_finds_its_planted_fault(self):
        for rule, (name, text) in PLANTED.items():
            with self.subTest(rule.__name__), tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(folder) / "tree"
                for part in ("include", "kernels", "engine", "harness", "docs", "configs", "tests/meta", "tests/golden"):
                    shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("*.csv"))
                for part in ("CMakeLists.txt", *[p.name for p in ROOT.glob("*.md")]):
                    shutil.copy(ROOT / part, copy / part)
                path = copy / name
                old = path.read_text() if path.exists() else ""
                path.write_text(old.replace("VERSION 0", "VERSION 9") if text is None else old + text)
                self.assertNotEqual(list(rule(copy)), [])

    def test_every_libm_call_is_found_and_nothing_else(self):
        calls = [prefix + name + suffix for name in LIBM for prefix in ("", "std::") for suffix in ("", "f")]
        fine = ["exact_fma(a, b, c)", "__builtin_fmaf(a, b, c)", "__fmaf_rn(a, b, c)", "rounded::exp(x)", "_mm256_round_ps(x)",
                "background(x)", "round_to_float(x)", "x.round(1)", "sum = a;  // std::fma(a, b, c)", 'text("fmod(a, b)")']
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "kernels" / "planted.cpp"
            path.parent.mkdir()
            path.write_text("".join(f"return {call}(x);\n" for call in calls))
            found = list(value_paths_avoid_libm(pathlib.Path(folder)))
            self.assertEqual([line.split()[1] for line in found], [call + "(" for call in calls])
            path.write_text("".join(f"return {text};\n" for text in fine))
            self.assertEqual(list(value_paths_avoid_libm(pathlib.Path(folder))), [])


if __name__ == "__main__":
    sys.exit(unittest.main())
