#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that a result does not depend on how it was computed.

Every example is run under each variation below; all result ids must be the one in tests/golden/examples.kat, and all
result/ folders must be equal byte for byte.

  threads     1, 2, 7
  places      another directory, locale, time zone, environment size
  resume      kill -9 at random moments, then --resume with another thread count
  compilers   gcc -O0 -O2 -O3, clang -O2, -march=x86-64, x86-64-v3, native     (--builds: takes a while)

With REPROTRAIN_TEST_DATA set, MNIST-10k and California housing take part as well.
"""
import argparse
import filecmp
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILDS = {
    "gcc-O0": ("g++", "-O0"),
    "gcc-O2": ("g++", "-O2"),
    "gcc-O3": ("g++", "-O3"),
    "clang-O2": ("clang++", "-O2"),
    "gcc-x86-64": ("g++", "-O2 -march=x86-64"),
    "gcc-x86-64-v3": ("g++", "-O2 -march=x86-64-v3"),
    "gcc-native": ("g++", "-O2 -march=native"),
}


def golden_ids():
    ids = {}
    for line in (ROOT / "tests/golden/examples.kat").read_text().splitlines():
        if line and not line.startswith("#"):
            name, result_id = line.split()[:2]
            ids[name] = result_id
    return ids


def examples():
    """name -> (configuration, extra arguments)"""
    found = {name: (ROOT / f"configs/{name}/{name}.json", []) for name in ("digits", "breast_cancer", "diabetes")}
    for name in ("digits_cnn", "digits_resnet"):
        found[name] = (ROOT / f"configs/digits/{name}.json", [])
    for matmul in ("int8x2", "int8x3"):
        found[f"digits-{matmul}"] = (found["digits"][0], ["--set", f"numerics.matmul={matmul}"])
    data = os.environ.get("REPROTRAIN_TEST_DATA")
    if data:
        data = pathlib.Path(data).resolve()
        found["mnist"] = (ROOT / "configs/mnist/mnist.json", [
            "--set", f"data.source={data}/mnist-t10k-images-idx3-ubyte.gz",
            "--set", f"data.labels={data}/mnist-t10k-labels-idx1-ubyte.gz"])
        found["california_housing"] = (ROOT / "configs/california_housing/california_housing.json", [
            "--set", f"data.source={data}/california-housing.csv"])
    else:
        print("SKIPPED mnist and california_housing: REPROTRAIN_TEST_DATA is not set")
    return found


class Failure(Exception):
    pass


class Prover:
    def __init__(self, program, scratch):
        self.program = program
        self.scratch = pathlib.Path(scratch)
        self.golden = golden_ids()
        self.n_equal = 0

    def command(self, example, out, *arguments):
        config, extra = example
        return [str(self.program), "--config", str(config), "--out", str(out), "--progress", "none", *extra, *arguments]

    def run(self, example, out, *arguments, program=None, **options):
        command = self.command(example, out, *arguments)
        if program:
            command[0] = str(program)
        done = subprocess.run(command, capture_output=True, text=True, **options)
        if done.returncode != 0:
            raise Failure(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
        return out

    def require_equal(self, name, what, reference, out):
        """One result id, and result/ equal byte for byte."""
        result_id = json.loads((out / "run.json").read_text())["result_id"]
        if result_id != self.golden.get(name):
            raise Failure(f"{name}, {what}: {result_id} instead of {self.golden.get(name)}")
        compare = filecmp.dircmp(reference / "result", out / "result")
        _, mismatch, errors = filecmp.cmpfiles(
            reference / "result", out / "result", sorted(set(compare.left_list) | set(compare.right_list)), shallow=False)
        if mismatch or errors:
            raise Failure(f"{name}, {what}: result/ differs in {mismatch + errors}")
        self.n_equal += 1
        print(f"  same bits   {name:20} {what}", flush=True)
        if out != reference:
            shutil.rmtree(out)

    def reference(self, name, example):
        out = self.run(example, self.scratch / f"{name}-reference", "--threads", "1")
        self.require_equal(name, "1 thread", out, out)
        return out

    def vary_threads(self, name, example, reference):
        for threads in (2, 7):
            out = self.run(example, self.scratch / f"{name}-threads", "--threads", str(threads))
            self.require_equal(name, f"{threads} threads", reference, out)

    def vary_places(self, name, example, reference):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu",
                       "PADDING": "x" * 5000, "OMP_NUM_THREADS": "3"}
        out = self.run(example, self.scratch / "another place" / "with spaces" / name, env=environment, cwd="/")
        self.require_equal(name, "another place, locale, environment", reference, out)

    def vary_interruptions(self, name, example, reference, n_kills, seed):
        chance = random.Random(seed)
        started = time.monotonic()
        self.run(example, self.scratch / f"{name}-timing", "--threads", "2")
        duration = time.monotonic() - started
        shutil.rmtree(self.scratch / f"{name}-timing")
        for kill in range(n_kills):
            out = self.scratch / f"{name}-killed"
            moment = chance.uniform(0.0, duration)
            stride = ["--set", f"output.checkpoint_stride={chance.choice([1, 7, 50])}"]
            process = subprocess.Popen(self.command(example, out, "--threads", "2", *stride), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.run(example, out, "--resume", "--threads", str(chance.choice([1, 2, 7])), *stride)
            self.require_equal(name, f"killed after {moment:.2f} s, resumed ({kill + 1}/{n_kills})", reference, out)

    def vary_builds(self, found, references, folder):
        for label, (compiler, flags) in BUILDS.items():
            if shutil.which(compiler) is None:
                print(f"  SKIPPED     {label}: {compiler} is not installed")
                continue
            program = build(folder / label, compiler, flags)
            for name, example in found.items():
                out = self.run(example, self.scratch / f"{name}-{label}", program=program)
                self.require_equal(name, label, references[name], out)


def build(folder, compiler, flags):
    configure = ["cmake", "-S", str(ROOT), "-B", str(folder), "-G", "Ninja", "-DREPROTRAIN_BUILD_TESTS=OFF",
                 "-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_CXX_FLAGS={flags}"]
    for command in (configure, ["cmake", "--build", str(folder), "--target", "reprotrain"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{' '.join(command)}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return folder / "bin/reprotrain"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/bin/reprotrain", type=pathlib.Path)
    parser.add_argument("--only", action="append", help="run only this example; may be repeated")
    parser.add_argument("--kills", type=int, default=20, help="interruptions for each example (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of interruption")
    parser.add_argument("--builds", action="store_true", help="also build and run with every compiler and flag set")
    parser.add_argument("--build-folder", type=pathlib.Path, default=ROOT / "build/invariance")
    arguments = parser.parse_args()
    found = {name: example for name, example in examples().items() if not arguments.only or name in arguments.only}
    if not found:
        parser.error(f"no example is called {arguments.only}")
    with tempfile.TemporaryDirectory(prefix="reprotrain-invariance-") as scratch:
        prover = Prover(arguments.program.resolve(), scratch)
        try:
            references = {}
            for name, example in found.items():
                references[name] = prover.reference(name, example)
                prover.vary_threads(name, example, references[name])
                prover.vary_places(name, example, references[name])
                prover.vary_interruptions(name, example, references[name], arguments.kills, arguments.seed)
            if arguments.builds:
                prover.vary_builds(found, references, arguments.build_folder)
        except Failure as failure:
            print(f"DIFFERENT: {failure}", file=sys.stderr)
            return 1
    print(f"{prover.n_equal} runs of {len(found)} examples: the same bits")
    return 0


if __name__ == "__main__":
    sys.exit(main())
