#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/gpu-check.sh: a rehearsal, and its judgements on a machine whose GPU, sanitizer and program are fakes."""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("REPROTRAIN_PROGRAM", ROOT / "build/release/bin/reprotrain"))
PART = {"part": str, "name": str, "device": str, "verdict": str, "detail": str, "seconds": float, "limit_seconds": float}

# A program on a machine with a GPU, as far as its answers tell: it gives the work to the CPU. FAKE_FAULT: what it does
# wrong.
FAKE_PROGRAM = """#!{python}
import json, os, subprocess, sys, time
arguments = sys.argv[1:]
fault = os.environ.get("FAKE_FAULT", "")
is_run = "--config" in arguments
if fault == "hangs" and is_run:
    time.sleep(1000)
if fault == "crashes" and is_run:
    os.abort()
if fault == "differs" and is_run and "cuda" in arguments:
    arguments += ["--set", "seed=99"]
command = ["{program}", *("cpu" if word == "cuda" else word for word in arguments)]
done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
text = done.stdout
if arguments[:1] == ["env"] and fault != "no device":
    report = json.loads(text)
    report["gpu"]["devices"] = [{{"name": "Fake GPU", "compute_capability": "9.0", "multiprocessors": 1, "memory_bytes": 1,
                                 "ecc": True, "mig_profile": None}}]
    text = json.dumps(report)
print(text, end="")
sys.exit(done.returncode)
"""
FAKE_SMI = "#!/bin/sh\necho 9.0\n"
NO_SMI = "#!/bin/sh\nexit 9\n"
FAKE_SANITIZER = """#!/bin/sh
[ "$FAKE_SANITIZER" != silent ] || exit 0
[ "$FAKE_SANITIZER" != "finds errors" ] || { echo "ERROR SUMMARY: 2 errors"; exit 86; }
shift 4
"$@" && echo "========= ERROR SUMMARY: 0 errors"
"""
# scripts/gpu-bench.sh as far as its files tell; FAKE_TRAINING: the training rows, as JSON, or nothing.
FAKE_BENCH = """#!{python}
import json, os, pathlib, sys
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
out = pathlib.Path(arguments["--out"])
(out / "gpu-bench.json").write_text(json.dumps({{"faults": [], "rows": [{{}}, {{}}], "complete": True}}))
assert pathlib.Path(arguments["--program"]).exists() and 0 < int(arguments["--seconds"]) <= 590
if os.environ["FAKE_TRAINING"]:
    (out / "train-beside-torch.json").write_text(os.environ["FAKE_TRAINING"])
"""


class GpuCheck(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="reprotrain-gpu-check-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.tools = self.folder / "tools"
        self.package = self.folder / "package"
        share = self.package / "share/reprotrain"
        shutil.copytree(ROOT / "configs/diabetes", share / "configs/diabetes")
        shutil.copytree(ROOT / "configs/digits", share / "configs/digits")
        shutil.copy(ROOT / "tests/golden/examples.kat", share)
        self.script(self.package / "bin/reprotrain", FAKE_PROGRAM.format(python=sys.executable, program=PROGRAM))
        self.script(self.tools / "nvidia-smi", FAKE_SMI)
        self.script(self.tools / "compute-sanitizer", FAKE_SANITIZER)

    @staticmethod
    def script(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def check(self, *arguments, expect, **variables):
        """The report; the parts also as {(part, name, device): (verdict, detail)}."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        environment = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", **variables}
        environment.pop("REPROTRAIN_TEST_DATA", None)
        done = subprocess.run([ROOT / "scripts/gpu-check.sh", "--package", self.package, "--out", out, *arguments],
                              env=environment, capture_output=True, text=True, timeout=250)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        report = json.loads((out / "gpu-check.json").read_text())
        self.assertEqual(report["exit_status"], expect)
        self.assertTrue(report["complete"])
        for part in report["parts"]:
            self.assertEqual({key: type(value) for key, value in part.items()}, PART, part)
            self.assertIn(part["verdict"], ("passed", "failed", "skipped", "cut short"))
        self.markdown = (out / "gpu-check.md").read_text()
        self.assertEqual(self.markdown.count("\n| "), len(report["parts"]) + 1)
        return report, {(p["part"], p["name"], p["device"]): (p["verdict"], p["detail"]) for p in report["parts"]}

    def test_a_rehearsal_shows_what_needs_a_gpu_as_skipped(self):
        report, parts = self.check("--without-gpu", "--examples", "^diabetes$", "--parts",
                                   "env tests examples verify sanitizer bench", expect=3)
        self.assertTrue(report["rehearsal"])
        on_gpu = {key: value for key, value in parts.items() if key[2] == "cuda"}
        self.assertGreater(len(on_gpu), 8)
        self.assertEqual(set(on_gpu.values()), {("skipped", "no GPU")})
        self.assertEqual(parts["examples", "diabetes", "cpu"][0], "passed")
        self.assertEqual(report["environment"]["program"]["version"], "0.1.0")
        self.assertIn("| examples: diabetes | cuda | skipped |", self.markdown)

    def test_a_machine_with_a_gpu_passes(self):
        report, parts = self.check("--examples", "^digits$", "--parts", "env selftest tests examples verify sanitizer", expect=0)
        self.assertEqual(report["verdict"], "nothing failed")
        for part in (("examples", "digits", "cpu"), ("examples", "digits", "cuda"), ("selftest", "operators", "cuda"),
                     ("verify", "digits of cpu on cuda", "cuda"), ("verify", "digits of cuda on cpu", "cuda"),
                     ("sanitizer", "memcheck", "cuda")):
            self.assertEqual(parts[part][0], "passed", (part, parts[part]))
        self.assertEqual(parts["tests", "ctest -L cuda", "cuda"], ("skipped", "no build tree"))
        self.assertEqual(parts["verify", "digits_cnn of cpu on cuda", "cuda"],
                         ("skipped", "there is no run of digits_cnn on cpu"))

    def test_other_bits_on_the_gpu_fail(self):
        _, parts = self.check("--examples", "^diabetes$", "--parts", "examples", expect=1, FAKE_FAULT="differs")
        self.assertEqual(parts["examples", "diabetes", "cpu"][0], "passed")
        verdict, detail = parts["examples", "diabetes", "cuda"]
        self.assertEqual(verdict, "failed")
        self.assertRegex(detail, "^rr1:[0-9a-f]{64} instead of rr1:98aeb3ae")

    def test_a_crash_fails(self):
        _, parts = self.check("--examples", "^diabetes$", "--parts", "examples", expect=1, FAKE_FAULT="crashes")
        self.assertEqual(parts["examples", "diabetes", "cuda"], ("failed", "signal 6: it says nothing"))

    def test_a_driver_without_devices_fails(self):
        _, parts = self.check("--parts", "env", expect=1, FAKE_FAULT="no device")
        self.assertEqual(parts["env", "reprotrain env", "cpu"][0], "failed")

    def test_nothing_checked_on_the_gpu_is_a_failure(self):
        report, parts = self.check("--parts", "env tests", expect=1)
        self.assertNotIn("failed", {verdict for verdict, _ in parts.values()})
        self.assertEqual(report["remark"], "nothing passed on the GPU")

    def test_errors_under_the_sanitizer_fail_and_so_does_its_silence(self):
        for fault, detail in (("finds errors", "exit status 86: ERROR SUMMARY: 2 errors"),
                              ("silent", "it does not say that there are no errors: it says nothing")):
            _, parts = self.check("--parts", "sanitizer", expect=1, FAKE_SANITIZER=fault)
            self.assertEqual(parts["sanitizer", "memcheck", "cuda"], ("failed", detail))

    def test_the_time_limit_holds_and_what_was_left_out_says_so(self):
        begun = time.monotonic()
        _, parts = self.check("--minutes", "0.1", "--examples", "^di", "--parts", "examples", expect=1,
                              FAKE_FAULT="hangs")
        self.assertLess(time.monotonic() - begun, 25)
        self.assertEqual({verdict for verdict, _ in parts.values()}, {"failed", "skipped"})
        self.assertRegex(parts["examples", "digits", "cuda"][1], "^(not finished after|no time was left)")
        self.assertEqual(parts["examples", "digits-int8x3", "cpu"], ("skipped", "no time was left"))

    def test_the_benchmarks_say_how_far_training_came(self):
        for tool in ("cmake", "ninja", "nvcc"):
            self.script(self.tools / tool, NO_SMI)
        bench = self.folder / "gpu-bench.sh"
        self.script(bench, FAKE_BENCH.format(python=sys.executable))
        rows = [{"samples_per_second": 2.5}, {"samples_per_second": None}]
        whole = {"rows": rows, "torch_missing": None, "complete": True}
        alone = {"rows": rows, "torch_missing": "PyTorch is not here: no", "complete": True}
        for training, expected in (
                ("", ["cut short", "2 rows; no training"]),
                (json.dumps(whole), ["passed", "2 rows; training: figures for 1 of 2 rows"]),
                (json.dumps({**whole, "complete": False}), ["cut short", "2 rows; training: figures for 1 of 2 rows"]),
                (json.dumps(alone),
                 ["passed", "2 rows; training: figures for 1 of 2 rows, ours alone: PyTorch is not here: no"])):
            out = self.folder / "out"
            done = subprocess.run(
                [sys.executable, ROOT / "scripts/gpu_check.py", "--program", self.package / "bin/reprotrain", "--share",
                 self.package / "share/reprotrain", "--bench", bench, "--out", out, "--parts", "bench"],
                env={**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", "FAKE_TRAINING": training},
                capture_output=True, text=True, timeout=60)
            report = json.loads((out / "gpu-check.json").read_text())
            part, = report["parts"]
            self.assertEqual([part["verdict"], part["detail"]], expected, done.stdout + done.stderr)
            self.assertEqual("train-beside-torch.md" in (out / "gpu-check.md").read_text(), bool(training))

    def test_what_cannot_be_started_says_so(self):
        out = self.folder / "out"
        for arguments, status, sentence in (
                (["--package", self.package, "--parts", "env dance"], 2, "dance: parts are build env"),
                (["--package", self.package, "--examples", "("], 2, "--examples"),
                (["--package", self.folder], 2, "there is no bin/reprotrain in"),
                (["--minutes"], 2, "--minutes needs a value"),
                (["--fast"], 2, "unknown argument --fast")):
            done = subprocess.run([ROOT / "scripts/gpu-check.sh", "--out", out, "--without-gpu", *arguments],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(sentence, done.stderr)

    def test_a_package_checks_itself(self):
        scripts = self.package / "share/reprotrain/scripts"
        scripts.mkdir()
        for name in ("gpu-check.sh", "gpu_check.py", "gpu_check_report.py"):
            shutil.copy2(ROOT / "scripts" / name, scripts)
        here = self.folder / "here"
        here.mkdir()
        command = [scripts / "gpu-check.sh", "--without-gpu", "--parts", "examples bench", "--examples", "^diabetes$"]
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("rehearsal without a GPU", (here / "gpu-check.md").read_text())

    def test_no_gpu_is_no_check(self):
        self.script(self.tools / "nvidia-smi", NO_SMI)
        done = subprocess.run([ROOT / "scripts/gpu-check.sh", "--package", self.package, "--out", self.folder / "out"],
                              env={**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}"}, capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout), (77, ""))
        self.assertEqual(done.stderr, "gpu-check.sh: nvidia-smi finds no GPU; --without-gpu rehearses\n")
        self.assertFalse((self.folder / "out").exists())

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not here")
    def test_shellcheck_has_nothing_to_say(self):
        done = subprocess.run(["shellcheck", ROOT / "scripts/gpu-check.sh"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    sys.exit(unittest.main())
