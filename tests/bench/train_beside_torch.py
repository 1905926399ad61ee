#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/gpu/train_beside_torch.py, rehearsed on the CPU: with the program, with fakes that go wrong, and beside PyTorch
where it is installed."""
import contextlib
import importlib.util
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
BENCHMARK = ROOT / "bench/gpu/train_beside_torch.py"
sys.path.insert(0, str(BENCHMARK.parent))

from train_report import ratios  # noqa: E402
from train_workloads import BATCHES, Comparison, Contender, comparisons, configuration  # noqa: E402
from train_workloads import contenders_for, make_workload, write_data  # noqa: E402

HAS_TORCH = importlib.util.find_spec("torch") is not None

# A program that trains in its sleep. FAKE_FAULTS: precision -> what goes wrong in mode device. NOTES: a file for its epochs.
FAKE_PROGRAM = """#!{python}
import fcntl, json, os, pathlib, sys, time
if "--config" not in sys.argv:
    sys.exit(2)
config = json.loads(pathlib.Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
fault = json.loads(os.environ.get("FAKE_FAULTS", "{{}}")).get(config["numerics"].get("precision"))
name = config["numerics"].get("matmul") or "device"
if fault == "is refused":
    print(json.dumps(dict(event="error", exit_code=2, message="no such GPU")), file=sys.stderr)
    sys.exit(2)
if fault == "crashes":
    os.abort()
if fault == "hangs":
    time.sleep(1000)
if fault == "babbles":
    print("half a line", file=sys.stderr, flush=True)
if os.environ.get("ALONE"):
    lock = open(os.environ["ALONE"], "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(json.dumps(dict(event="error", exit_code=2, message="the device is busy")), file=sys.stderr)
        sys.exit(2)
with open(os.environ["NOTES"], "a") as notes:
    for epoch in range(1000000):
        time.sleep(0.005)
        print(time.monotonic(), name, os.getpid(), file=notes, flush=True)
        loss = 1.0 if fault == "does not learn" else 2.0 / (epoch + 1)
        print(json.dumps(dict(event="epoch", epoch=epoch, train_loss=loss, validation=dict())), file=sys.stderr, flush=True)
        if fault == "dies" and epoch == 30:
            sys.exit(7)
"""
# A Python with PyTorch, or (FAKE_TORCH=none) without. Its contender learns and is fast; compiled code does not come to its end.
FAKE_PYTHON = """#!{python}
import json, os, sys, time
if os.environ.get("FAKE_TORCH") == "none":
    sys.exit("ModuleNotFoundError: No module named 'torch'")
if sys.argv[1] == "-c":
    print(json.dumps(dict(torch="9.9", cuda="13.0", cudnn=90000, sees_gpu=True)))
    sys.exit()
task = json.loads(sys.argv[2])
if task["settings"] == "deterministic":
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
for line in sys.stdin:
    order = json.loads(line)
    if task["style"] == "compile":
        print(json.dumps(dict(error="RuntimeError: no compiler")), flush=True)
        sys.exit(1)
    answer = dict(first_loss=2.0, loss=1.5) if "build" in order else dict(samples_per_second=1e9, loss=1.0)
    print(json.dumps(answer), flush=True)
"""


def figures(report):
    """Contender -> whether it has a figure, or the reason why not."""
    return {row["contender"]: row["reason"] or row["samples_per_second"] > 0 for row in report["rows"]}


class TrainBesideTorch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="reprotrain-train-beside-torch-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.notes = self.folder / "notes"
        self.notes.touch()
        self.program = self.script("reprotrain", FAKE_PROGRAM)
        self.python = self.script("python", FAKE_PYTHON)

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text.format(python=sys.executable))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def benchmark(self, *arguments, program=None, python=None, expect=0, **variables):
        """The report."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        done = subprocess.run([BENCHMARK, "--program", program or self.program, "--python", python or self.python, "--out", out,
                               "--turn", "0.05", *arguments], capture_output=True, text=True, timeout=250, check=False,
                              env={**os.environ, "NOTES": str(self.notes), **variables})
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        self.markdown = (out / "train-beside-torch.md").read_text()
        return json.loads((out / "train-beside-torch.json").read_text())

    def require_nothing_left_running(self):
        for process in {int(line.split()[2]) for line in self.notes.read_text().splitlines()}:
            with self.assertRaises(ProcessLookupError):
                os.kill(process, 0)

    def test_the_program_alone_is_rehearsed_on_the_cpu(self):
        report = self.benchmark("--device", "cpu", "--threads", "1", "--rounds", "2", "--only", "^mlp 128 (fp32|trace)",
                                program=PROGRAM, FAKE_TORCH="none")
        self.assertTrue(report["rehearsal"] and report["complete"])
        found = figures(report)
        for contender in ("portable fma32", "portable int8x2", "portable fma32 untraced"):
            self.assertIs(found[contender], True, (contender, found))
        for contender in ("device fp32", "device tf32", "device tf32 untraced"):
            self.assertRegex(found[contender], "needs a GPU")
        self.assertEqual(found["torch fp32 eager"], "PyTorch is not here: ModuleNotFoundError: No module named 'torch'")
        self.assertEqual([(ratio["ours"], ratio["peer"], ratio["least_speed"]) for ratio in report["ratios"]],
                         [("portable fma32", "portable fma32 untraced", 0.98)])
        self.assertGreater(min(row["memory_bytes"] for row in report["rows"] if row["turns"]), 1 << 20)
        self.assertIn("**Ours alone: PyTorch is not here", self.markdown)
        self.assertIn("A rehearsal on the CPU", self.markdown)

    def test_the_program_accepts_every_configuration_at_full_size(self):
        for name in ("images.idx", "labels.idx"):
            (self.folder / name).touch()
        texts = {json.dumps(configuration(comparison.workload, contender)) for comparison in comparisons(rehearsal=False)
                 for contender in comparison.contenders if contender.is_ours()}
        self.assertGreater(len(texts), 30)
        for text in texts:
            (self.folder / "run.json").write_text(text)
            done = subprocess.run([PROGRAM, "--config", self.folder / "run.json", "--dry-run"], capture_output=True, text=True,
                                  check=False, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr + text)

    def test_every_model_batch_and_precision_is_compared_once(self):
        names = [comparison.name() for comparison in comparisons(rehearsal=False)]
        expected = [f"{model} {batch} {precision}" for model, batches in BATCHES.items() for batch in batches
                    for precision in ("fp32", "tf32", "bf16")] + [f"{model} {BATCHES[model][0]} trace" for model in BATCHES]
        self.assertEqual(sorted(names), sorted(expected))

    def test_contenders_take_turns(self):
        report = self.benchmark("--rounds", "3", "--only", "^mlp 128 fp32")
        self.assertEqual({name: found for name, found in figures(report).items() if not name.startswith("torch")},
                         {"portable fma32": True, "portable int8x2": True, "device fp32": True})
        notes = sorted((float(line.split()[0]), line.split()[1]) for line in self.notes.read_text().splitlines())
        names = [name for _, name in notes]
        n_blocks = 1 + sum(name != following for name, following in zip(names, names[1:]))
        self.assertLessEqual(n_blocks, 3 * (1 + 3))
        self.assertGreater(len(names), 3 * n_blocks)
        for row in report["rows"]:
            if row["turns"]:  # an epoch sleeps 5 ms
                self.assertEqual(len(row["turns"]), 3)
                self.assertTrue(row["contender"].startswith("torch") or max(row["turns"]) < row["rows_in_epoch"] / 0.005, row)
        self.require_nothing_left_running()

    def test_a_fault_is_a_row_with_its_reason_and_the_rest_goes_on(self):
        for faults, reasons in (
                ({"fp32": "is refused", "tf32": "crashes", "bf16": "dies"}, ["^no such GPU$", "^signal 6", "^exit status 7"]),
                ({"fp32": "does not learn", "tf32": "babbles"}, ["^its loss does not fall: 1.0 at first, then 1.0$",
                                                                 "^it says: half a line$", "True"])):
            report = self.benchmark("--device", "cpu", "--rounds", "3", "--turn", "0.1", "--only",
                                    "^mlp 128 (fp32|tf32|bf16)", FAKE_FAULTS=json.dumps(faults))
            found = figures(report)
            for precision, reason in zip(("fp32", "tf32", "bf16"), reasons):
                self.assertRegex(str(found[f"device {precision}"]), reason)
            self.assertIs(found["portable int8x2"], True)
            self.assertEqual(found["torch fp32 compile"], "RuntimeError: no compiler")
            self.assertEqual({(ratio["ours"], ratio["peer"]) for ratio in report["ratios"] if "fp32" in ratio["comparison"]},
                             {(ours, peer) for ours in ("portable fma32", "portable int8x2")
                              for peer in ("torch fp32 eager", "torch fp32 eager deterministic")})
            self.assertTrue(report["complete"])
            self.assertRegex(self.markdown, r"\| portable fma32 \| torch fp32 eager \| 0\.\d+ \| ≥ 3 \(missed\) \|")
        self.require_nothing_left_running()

    def test_the_time_limit_holds_and_what_was_measured_stands(self):
        begun = time.monotonic()
        report = self.benchmark("--seconds", "8", "--rounds", "1", "--one-at-a-time", "--device", "cpu", "--only",
                                "^mlp 128 (fp32|trace)", FAKE_FAULTS='{"fp32": "hangs"}')
        self.assertLess(time.monotonic() - begun, 25)
        self.assertFalse(report["complete"])
        self.assertIs(figures(report)["portable int8x2"], True)
        left_out = {row["contender"]: row["reason"] for row in report["rows"] if row["comparison"] == "mlp 128 trace"}
        self.assertEqual(set(left_out.values()), {"no time was left"}, left_out)
        self.assertIn("Not complete.", self.markdown)

    def test_one_at_a_time_is_one_at_a_time(self):
        alone = str(self.folder / "alone")
        arguments = ["--device", "cpu", "--rounds", "2", "--only", "^mlp 128 fp32"]
        report = self.benchmark("--one-at-a-time", *arguments, ALONE=alone)
        self.assertIs(figures(report)["device fp32"], True)
        report = self.benchmark(*arguments, ALONE=alone)
        self.assertEqual(figures(report)["device fp32"], "the device is busy")

    def test_an_interrupt_ends_all_processes(self):
        process = subprocess.Popen([BENCHMARK, "--program", self.program, "--python", self.python, "--out", self.folder / "out",
                                    "--device", "cpu", "--only", "^mlp 128 fp32"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**os.environ, "NOTES": str(self.notes)})
        while not self.notes.read_text() and process.poll() is None:
            time.sleep(0.05)
        process.terminate()
        self.assertEqual(process.wait(60), 130)
        self.require_nothing_left_running()

    def test_ratios_are_judged_by_their_aims(self):
        def judged(model, batch, subject, rates):
            comparison = Comparison(make_workload(model, batch, rehearsal=False), subject, contenders_for(model, subject))
            rows = {name: {"turns": [rate, 2 * rate], "memory_bytes": 100 if name.startswith("torch") else 121, "reason": None}
                    for name, rate in rates.items()}
            return {(ratio["ours"], ratio["peer"]): (ratio["speed"], ratio["least_speed"], ratio["speed_met"],
                                                     ratio["memory_met"]) for ratio in ratios(comparison, rows)}

        eager, compiled = "torch fp32 eager", "torch fp32 compile"
        self.assertEqual(judged("mlp", 128, "fp32", {"portable fma32": 3, "device fp32": 2, eager: 1, compiled: 2.5}),
                         {("portable fma32", eager): (3.0, 3.0, True, False),
                          ("portable fma32", compiled): (1.2, 1.0, True, False),
                          ("device fp32", eager): (2.0, 3.0, False, False),
                          ("device fp32", compiled): (0.8, 1.0, False, False)})
        self.assertEqual(judged("mlp", 1024, "fp32", {"portable fma32": 3, eager: 1}),
                         {("portable fma32", eager): (3.0, None, None, False)})
        tuned = "torch tf32 eager tuned"
        self.assertEqual(judged("resnet18", 128, "tf32", {"portable int8x2": 7, "device tf32": 9, tuned: 10}),
                         {("portable int8x2", tuned): (0.7, 0.7, True, None), ("device tf32", tuned): (0.9, 1.0, False, None)})
        self.assertEqual(judged("resnet18", 128, "trace", {"portable fma32": 97, "portable fma32 untraced": 100}),
                         {("portable fma32", "portable fma32 untraced"): (0.97, 0.98, False, None)})

    @unittest.skipUnless(HAS_TORCH, "PyTorch is not here")
    def test_pytorch_takes_part(self):
        report = self.benchmark("--device", "cpu", "--threads", "1", "--rounds", "1", "--only", "^mlp 128 fp32",
                                program=PROGRAM, python=sys.executable)
        found = figures(report)
        for contender in ("portable fma32", "torch fp32 eager", "torch fp32 eager deterministic"):
            self.assertIs(found[contender], True, found)
        self.assertEqual(len(report["ratios"]), 2 * sum(peer.startswith("torch") and found[peer] is True for peer in found))

    @unittest.skipUnless(HAS_TORCH, "PyTorch is not here")
    def test_pytorch_has_the_same_networks(self):
        workloads = {"lenet": make_workload("lenet", 32, rehearsal=True),
                     "resnet18": make_workload("resnet18", 8, rehearsal=True),
                     "full resnet18": make_workload("resnet18", 128, rehearsal=False)}
        code = ("import json, sys, torch_contender\n"
                "for model, image in json.loads(sys.argv[1]):\n"
                "    module = torch_contender.build_model(model, image, 10)\n"
                "    statistics = [values for name, values in module.named_buffers() if 'running' in name]\n"
                "    print(*(sum(v.numel() for v in values) for values in (module.parameters(), statistics)))\n")
        models = json.dumps([(workload.model, workload.image) for workload in workloads.values()])
        done = subprocess.run([sys.executable, "-c", code, models], capture_output=True, text=True, check=True, timeout=120,
                              env={**os.environ, "PYTHONPATH": str(BENCHMARK.parent), "PYTHONDONTWRITEBYTECODE": "1"})
        sizes = dict(zip(workloads, (tuple(map(int, line.split())) for line in done.stdout.splitlines())))
        for name in ("lenet", "resnet18"):
            self.assertEqual(sum(sizes[name]), self.numbers_of_the_program(workloads[name]))
        self.assertEqual(sizes["full resnet18"][0], 11_173_962)  # as it is widely known for ten classes

    def numbers_of_the_program(self, workload):
        """How many numbers a model of ours has, running statistics among them."""
        write_data(workload, self.folder)
        config = self.folder / "run.json"
        config.write_text(json.dumps(configuration(workload, Contender("portable", "fma32"))))
        done = subprocess.run([PROGRAM, "--config", config, "--out", self.folder / "run", "--force", "--device", "cpu",
                               "--progress", "json", "--set", "train.epochs=1"],
                              capture_output=True, text=True, check=True, timeout=120)
        events = [json.loads(line) for line in done.stderr.splitlines()]
        return next(event["counts"]["parameters"] for event in events
                    if event["event"] == "stage_finished" and event["name"] == "train")

    def test_what_cannot_be_started_says_so(self):
        for arguments, sentence in ((["--only", "^alexnet"], "matches no comparison"), (["--only", "("], "--only"),
                                    (["--program", self.folder / "nowhere"], "is missing"), (["--seconds", "-1"], "--seconds")):
            done = subprocess.run([BENCHMARK, "--program", self.program, "--out", self.folder / "out", *arguments],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(sentence, done.stderr)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(unittest.main())
