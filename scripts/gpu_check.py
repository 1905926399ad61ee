#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The parts of scripts/gpu-check.sh: runs them under their time limits, judges them, writes the report. The standard
library of Python 3.9 is enough."""
import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

from gpu_check_report import write_report

PASSED, FAILED, SKIPPED, CUT_SHORT = "passed", "failed", "skipped", "cut short"
PARTS = ["build", "env", "selftest", "tests", "examples", "verify", "device mode", "sanitizer", "bench"]
# Seconds of ten minutes; the benchmarks have what is left.
LIMITS = {"build": 300, "env": 60, "selftest": 90, "tests": 180, "examples": 60, "verify": 60, "device mode": 60,
          "sanitizer": 75, "bench": 600}
LEAST_SECONDS = 3.0  # with less than that left a part is not begun
VERIFIED = ["digits", "digits_cnn"]  # on the other device
IN_DEVICE_MODE = ["digits", "digits_cnn"]
PRECISIONS = ["fp32", "tf32", "bf16"]
SANITIZER_TOOLS = ["memcheck", "racecheck", "synccheck"]
NO_GPU = "no GPU"
MNIST = {"data.source": "mnist-t10k-images-idx3-ubyte.gz", "data.labels": "mnist-t10k-labels-idx1-ubyte.gz"}
DATA = {"mnist": MNIST, "lenet": MNIST, "california_housing": {"data.source": "california-housing.csv"}}


class Skip(Exception):
    """A part cannot be done here; says why."""


class Done:
    """How a command ended."""

    def __init__(self, status, output, errors, timed_out):
        self.status, self.output, self.errors, self.timed_out = status, output, errors, timed_out

    def last_line(self):
        """What it said last, of its errors if there are any."""
        lines = [line.strip() for line in f"{self.output}\n{self.errors}".splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it says nothing"


def end(process):
    """Ends a process and what it started: gently first, since ninja has to end its compilers."""
    for number, patience in ((signal.SIGTERM, 2), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=patience)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def run(command, seconds, **variables):
    """Runs a command; with it ends everything that it started."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                                   start_new_session=True, env={**os.environ, **variables})
        timed_out = False
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            end(process)
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return Done(process.returncode, *texts, timed_out)


class Check:
    def __init__(self, options, scratch):
        self.options = options
        self.scratch = scratch
        self.started = time.monotonic()
        self.deadline = self.started + 60 * options.minutes
        self.runs = {}  # (example, device) -> run directory
        self.devices_in_help = None
        now = datetime.datetime.now(datetime.timezone.utc)
        self.report = {"check": "gpu-check", "started": now.isoformat(timespec="seconds"), "minutes": options.minutes,
                       "rehearsal": options.without_gpu, "complete": False, "verdict": None, "exit_status": None, "seconds": 0,
                       "environment": None, "benchmark": None, "parts": []}

    # Parts and their verdicts.

    def part(self, kind, name, device, work):
        """Does a part: `work` gets a number of seconds and returns (verdict, detail), or raises Skip."""
        if kind not in self.options.parts:
            return
        left = self.deadline - time.monotonic()
        limit = min(max(LIMITS[kind] * self.options.minutes / 10, LEAST_SECONDS), left)
        begun = time.monotonic()
        try:
            if device == "cuda" and self.options.without_gpu:
                raise Skip(NO_GPU)
            if limit < LEAST_SECONDS:
                raise Skip("no time was left")
            verdict, detail = work(limit)
        except Skip as reason:
            verdict, detail = SKIPPED, str(reason)
        except (OSError, ValueError, KeyError) as error:
            verdict, detail = FAILED, f"{type(error).__name__}: {error}"
        self.report["parts"].append({"part": kind, "name": name, "device": device, "verdict": verdict, "detail": detail,
                                     "seconds": round(time.monotonic() - begun, 1), "limit_seconds": round(limit, 1)})
        print(f"{verdict:9}  {kind:9}  {device:4}  {name}: {detail}", flush=True)
        self.write()

    def program(self, seconds, *arguments):
        """Runs reprotrain."""
        if not self.options.program.exists():
            raise Skip("there is no program")
        return run([self.options.program, *arguments], seconds)

    def write(self):
        self.report["seconds"] = round(time.monotonic() - self.started, 1)
        write_report(self.report, self.options.out)

    # What each part does.

    def build(self, seconds):
        if not self.options.builder:
            raise Skip("taken as it is")
        for tool in ("cmake", "ninja", "nvcc"):
            if not shutil.which(tool):
                raise Skip(f"{tool} is not here")
        return judged(run([self.options.builder, "--build-only", "--build", self.options.build], seconds), seconds)

    def env(self, seconds):
        done = self.program(seconds, "env", "--json")
        if done.timed_out or done.status != 0:
            return judged(done, seconds)
        environment = json.loads(done.output)
        self.report["environment"] = environment
        devices = environment["gpu"]["devices"]
        missing = "; ".join(f"{part['what']}: {part['reason']}" for part in environment["missing"]) or "nothing"
        if not devices and not self.options.without_gpu:
            return FAILED, f"no device; missing: {missing}"
        return PASSED, f"{', '.join(device['name'] for device in devices) or 'no device'}; missing: {missing}"

    def selftest(self, device, seconds):
        done = self.program(seconds, "selftest", "--device", device, "--json")
        if done.timed_out or done.status != 0:
            return judged(done, seconds)
        report = json.loads(done.output)
        verdicts = report["verdicts"]
        wrong = [verdict for verdict in verdicts if verdict["verdict"] not in ("same bits", "not offered")]
        n_same = sum(verdict["verdict"] == "same bits" for verdict in verdicts)
        if wrong or not report["conforms"] or n_same == 0:
            return FAILED, f"{len(wrong)} of {len(verdicts)} operators wrong"
        return PASSED, f"{n_same} operators give the known bits, {len(verdicts) - n_same} are not offered"

    def tests(self, seconds):
        build = self.options.build
        if build is None or not (build / "CTestTestfile.cmake").exists():
            raise Skip("no build tree")
        if not shutil.which("ctest"):
            raise Skip("ctest is not here")
        results = self.scratch / "tests.xml"
        done = run(["ctest", "--test-dir", build, "-L", "^cuda$", "--output-on-failure", "--output-junit", results], seconds,
                   REPROTRAIN_REQUIRE_GPU="1")
        if done.timed_out or not results.exists():
            return judged(done, seconds)
        cases = xml.etree.ElementTree.parse(results).getroot().findall("testcase")
        failed = [case.get("name") for case in cases if case.get("status") != "run"]
        if done.status != 0 or failed or not cases:
            return FAILED, f"{len(failed)} of {len(cases)} test programs: {', '.join(failed)}"
        return PASSED, f"{len(cases)} test programs"

    def example(self, name, result_id, device, seconds):
        config, settings = self.configuration(name)
        self.require_training_on(device)
        out = self.scratch / f"{name}-{device}"
        done = self.program(seconds, "--config", config, "--out", out, "--device", device, "--progress", "none", *settings)
        if done.timed_out or done.status != 0:
            return judged(done, seconds)
        found = json.loads((out / "run.json").read_text())["result_id"]
        if found != result_id:
            return FAILED, f"{found} instead of {result_id}"
        self.runs[name, device] = out
        return PASSED, found

    def configuration(self, name):
        """The file and the options of an example, `<name>` or `<name>-<matmul>`."""
        base, _, matmul = name.partition("-")
        configs = sorted(self.options.share.glob(f"configs/*/{base}.json"))
        if not configs:
            raise ValueError(f"configs/ has no {base}.json")
        settings = ["--set", f"numerics.matmul={matmul}"] if matmul else []
        folder = os.environ.get("REPROTRAIN_TEST_DATA")
        if base in DATA and not folder:
            raise Skip("its data are not here (REPROTRAIN_TEST_DATA)")
        for key, file in DATA.get(base, {}).items():
            settings += ["--set", f"{key}={pathlib.Path(folder).resolve() / file}"]
        return configs[0], settings

    def require_training_on(self, device):
        if self.devices_in_help is None:
            # From --device to the next option.
            found = re.search(r"^ *--device\b(.*?)^ *-", self.program(60, "--help").output, re.M | re.S)
            self.devices_in_help = found.group(1) if found else ""
        if device not in self.devices_in_help:
            raise Skip(f"this program does not train on {device}")

    def verify(self, name, ran_on, device, seconds):
        if (name, ran_on) not in self.runs:
            raise Skip(f"there is no run of {name} on {ran_on}")
        self.require_training_on(device)
        done = self.program(seconds, "verify", self.runs[name, ran_on], "--device", device, "--progress", "none",
                            *self.roots())
        if done.timed_out or done.status != 0:
            return judged(done, seconds)
        return PASSED, "same bits"

    @staticmethod
    def roots():
        folder = os.environ.get("REPROTRAIN_TEST_DATA")
        return ["--data-root", folder] if folder else []

    def device_mode(self, name, precision, seconds):
        """Two runs with the libraries' products have the same bits, and the second is the first one verified."""
        config, settings = self.configuration(name)
        self.require_training_on("cuda")
        out = self.scratch / f"{name}-{precision}"
        begun = time.monotonic()
        done = self.program(seconds, "--config", config, "--out", out, "--device", "cuda", "--progress", "none", *settings,
                            "--set", "numerics.mode=device", "--set", f"numerics.precision={precision}")
        if done.timed_out or done.status != 0:
            return judged(done, seconds)
        record = json.loads((out / "run.json").read_text())
        self.report.setdefault("device_mode", {})[f"{name} {precision}"] = record["libraries"]
        left = seconds - (time.monotonic() - begun)
        done = self.program(max(left, LEAST_SECONDS), "verify", out, "--device", "cuda", "--progress", "none", *self.roots())
        if done.timed_out or done.status != 0:
            return judged(done, left)
        algorithms = record["libraries"]["algorithms"]
        n_patches = sum(choice == "patches" for choice in algorithms.values())
        return PASSED, f"same bits twice; {len(algorithms)} algorithms, {n_patches} by patches"

    def sanitizer(self, tool, seconds):
        sanitizer = shutil.which("compute-sanitizer")
        if not sanitizer:
            raise Skip("compute-sanitizer is not here")
        test = self.options.build and self.options.build / "bin" / "kernels_cuda_tests"
        if test and test.exists():
            command = [test, "--gtest_filter=ExactSumCuda.GivesTheOraclesSums:TileDigestCuda.*"]
        else:
            self.require_training_on("cuda")
            config, settings = self.configuration("digits_cnn")
            command = [self.options.program, "--config", config, "--out", self.scratch / f"under-{tool}", "--device", "cuda",
                       "--progress", "none", "--set", "train.epochs=1", *settings]
        done = run([sanitizer, "--tool", tool, "--error-exitcode", "86", *command], seconds)
        if done.timed_out or done.status != 0:
            return judged(done, seconds)
        said = done.output + done.errors
        summary = re.search(r"(ERROR SUMMARY: 0 errors|RACECHECK SUMMARY: 0 hazards)", said)
        if not summary:
            return FAILED, f"it does not say that there are no errors: {done.last_line()}"
        if command[0] == test and not re.search(r"\[  PASSED  \] [1-9]", said):
            return FAILED, "no test ran under it"
        return PASSED, f"{summary.group(1)}: {pathlib.Path(command[0]).name}"

    def bench(self, seconds):
        if not self.options.bench:
            raise Skip("no source tree")
        for tool in ("cmake", "ninja", "nvcc"):
            if not shutil.which(tool):
                raise Skip(f"{tool} is not here")
        results = self.options.out / "gpu-bench.json"
        training_results = self.options.out / "train-beside-torch.json"
        for old in (results, training_results):
            old.unlink(missing_ok=True)
        done = run([self.options.bench, "--out", self.options.out, "--repetitions", "5", "--program", self.options.program,
                    "--seconds", int(seconds) - 10], seconds)
        if not results.exists():
            return judged(done, seconds)
        benchmark = json.loads(results.read_text())
        self.report["benchmark"] = benchmark
        if benchmark["faults"]:
            return FAILED, "; ".join(benchmark["faults"])[:300]
        training = json.loads(training_results.read_text()) if training_results.exists() else None
        self.report["training_benchmark"] = training
        said = f"{len(benchmark['rows'])} rows; {training_summary(training)}"
        if done.timed_out:
            return CUT_SHORT, f"{said}, in {seconds:.0f} s"
        if done.status != 0 or not benchmark["complete"]:
            return judged(done, seconds) if done.status != 0 else (FAILED, "the benchmark is not complete")
        return (PASSED, said) if training and training["complete"] else (CUT_SHORT, said)

    # All of it.

    def run_all(self):
        options = self.options
        self.part("build", "for this GPU", "cpu", self.build)
        self.part("env", "reprotrain env", "cpu", self.env)
        for device in ("cuda", "cpu"):
            self.part("selftest", "operators", device, lambda s, d=device: self.selftest(d, s))
        self.part("tests", "ctest -L cuda", "cuda", self.tests)
        for name, result_id in known_result_ids(options.share):
            if not options.examples.search(name):
                continue
            for device in ("cuda", "cpu"):
                self.part("examples", name, device, lambda s, n=name, r=result_id, d=device: self.example(n, r, d, s))
        for name in VERIFIED:
            for ran_on, device in (("cpu", "cuda"), ("cuda", "cpu")):
                # Either way a GPU has computed one of the two.
                self.part("verify", f"{name} of {ran_on} on {device}", "cuda",
                          lambda s, n=name, r=ran_on, d=device: self.verify(n, r, d, s))
        for name in IN_DEVICE_MODE:
            for precision in PRECISIONS:
                self.part("device mode", f"{name} {precision}", "cuda",
                          lambda s, n=name, p=precision: self.device_mode(n, p, s))
        for tool in SANITIZER_TOOLS:
            self.part("sanitizer", tool, "cuda", lambda s, t=tool: self.sanitizer(t, s))
        self.part("bench", "gpu-bench.sh", "cuda", self.bench)

    def conclude(self):
        parts = self.report["parts"]
        failed = any(part["verdict"] == FAILED for part in parts)
        if not self.options.without_gpu and not any(p["verdict"] == PASSED and p["device"] == "cuda" for p in parts):
            failed = True
            self.report["remark"] = "nothing passed on the GPU"
        status = 1 if failed else 3 if self.options.without_gpu else 0
        self.report["complete"] = True
        self.report["exit_status"] = status
        self.report["verdict"] = {0: "nothing failed", 1: "failed", 3: "rehearsal without a GPU: nothing failed"}[status]
        self.write()
        print(f"{self.report['verdict']}; {self.options.out / 'gpu-check.md'}")
        return status


def judged(done, seconds):
    """The verdict on a command of which nothing but its end is known."""
    if done.timed_out:
        return FAILED, f"not finished after {seconds:.0f} s"
    if done.status == 0:
        return PASSED, "done"
    if done.status == 77:
        return SKIPPED, done.last_line()
    how = f"signal {-done.status}" if done.status < 0 else f"exit status {done.status}"
    return FAILED, f"{how}: {done.last_line()}"


def training_summary(training):
    """How far bench/gpu/train_beside_torch.py came, by its report."""
    if not training:
        return "no training"
    n_figures = sum(row["samples_per_second"] is not None for row in training["rows"])
    alone = f", ours alone: {training['torch_missing']}" if training["torch_missing"] else ""
    return f"training: figures for {n_figures} of {len(training['rows'])} rows{alone}"


def known_result_ids(share):
    for place in (share / "examples.kat", share / "tests/golden/examples.kat"):
        if place.exists():
            lines = [line.split() for line in place.read_text().splitlines() if line and not line.startswith("#")]
            return [(words[0], words[1]) for words in lines]
    raise SystemExit(f"gpu-check: no examples.kat in {share}")


def positive(text):
    value = float(text)
    if not 0 < value < 10000:
        raise argparse.ArgumentTypeError("a number of minutes above 0")
    return value


def pattern(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from None


def part_names(text):
    names = text.split()
    unknown = [name for name in names if name not in PARTS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"{' '.join(unknown) or 'nothing'}: parts are {' '.join(PARTS)}")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--share", type=pathlib.Path, required=True, help="the folder above configs/")
    parser.add_argument("--build", type=pathlib.Path, help="a build tree")
    parser.add_argument("--builder", type=pathlib.Path, help="brings the build tree up to date")
    parser.add_argument("--bench", type=pathlib.Path, help="gpu-bench.sh")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path.cwd(), help="folder of the report")
    parser.add_argument("--minutes", type=positive, default=10)
    parser.add_argument("--parts", type=part_names, default=PARTS)
    parser.add_argument("--examples", type=pattern, default=re.compile(""))
    parser.add_argument("--without-gpu", action="store_true")
    options = parser.parse_args()
    for name in ("program", "share", "build", "out"):
        path = getattr(options, name)
        setattr(options, name, path and path.resolve())
    options.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what it started, as on an interrupt
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as scratch:
        check = Check(options, pathlib.Path(scratch))
        try:
            check.run_all()
        except KeyboardInterrupt:
            print("interrupted; the report says how far it came", file=sys.stderr)
            return 130
        return check.conclude()


if __name__ == "__main__":
    sys.exit(main())
