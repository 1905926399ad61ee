#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training speed and memory of `reprotrain` beside PyTorch on one GPU: perceptron, LeNet, ResNet-18.

    bench/gpu/train_beside_torch.py [--program FILE] [--python FILE] [--device cuda] [--seconds 1500] [--out DIR]
                                    [--only REGEX] [--rounds 5] [--turn SECONDS] [--one-at-a-time] [--threads N]

The same layers, batch, optimizer and synthetic data, which stay on the device; contenders take turns, each a process of its
own, and the median counts. Ours are whole runs of the program, record and trace included: portable fma32 and int8x2, mode
device. PyTorch's are eager and torch.compile with CUDA graphs, as they are by default, deterministic, and (for images)
tuned: channels last, cudnn.benchmark, fused Adam. One more comparison is a run with its trace beside one without.

A contender that fails, or whose loss does not fall, is a row that says why. What matters most comes first; when --seconds
are over the rest says so. Writes train-beside-torch.json and .md to --out (default: bench/results/), anew after every row.
Without PyTorch it measures ours alone. --device cpu rehearses all of it with small shapes. The standard library is enough.
Exit status: 0 measured; 1 nothing was; 2 usage.
"""
import argparse
import contextlib
import datetime
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from device_memory import GpuPeak, NoPeak, Nvml, ProcessPeak
from train_contenders import INTERRUPTS, Failed, look_for_torch, make_run
from train_report import ratios, write_report
from train_workloads import ROOT, comparisons, write_data

START_SECONDS = 300  # for one contender at most: torch.compile takes its time
LEAST_SECONDS = 3.0  # with less than that left nothing is begun
PATIENCE = 60  # seconds for a turn beyond its own; an epoch has to end in them
NO_TIME = "no time was left"


class Benchmark:
    def __init__(self, options):
        self.options = options
        self.deadline = time.perf_counter() + options.seconds
        self.rehearsal = options.device == "cpu"
        self.rows = {}  # comparison -> contender -> row
        self.memory, is_exclusive = memory_of(options.device)
        versions, self.torch_missing = look_for_torch(options, max(self.left(), LEAST_SECONDS))
        now = datetime.datetime.now(datetime.timezone.utc)
        self.report = {
            "benchmark": "train beside torch", "started": now.isoformat(timespec="seconds"), "device": options.device,
            "rehearsal": self.rehearsal, "complete": False, "environment": self.environment(), "torch": versions,
            "torch_missing": self.torch_missing, "turn_seconds": options.turn, "rounds": options.rounds,
            "one_at_a_time": options.one_at_a_time or is_exclusive, "memory_measure": self.memory.measure, "rows": [],
            "ratios": []}

    def left(self):
        return self.deadline - time.perf_counter()

    def environment(self):
        """What `reprotrain env` says, or None."""
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            done = subprocess.run([self.options.program, "env", "--json"], capture_output=True, text=True, check=False,
                                  stdin=subprocess.DEVNULL, timeout=max(self.left(), LEAST_SECONDS))
            return json.loads(done.stdout) if done.returncode == 0 else None
        return None

    def write(self):
        write_report(self.report, self.options.out)

    # Rows.

    def new_row(self, comparison, contender):
        row = {"comparison": comparison.name(), "contender": contender.name(), "model": comparison.workload.model_name,
               "batch": comparison.workload.batch, "rows_in_epoch": comparison.workload.n_rows, "samples_per_second": None,
               "turns": [], "memory_bytes": None, "reason": None, "first_loss": None, "loss": None}
        self.rows.setdefault(comparison.name(), {})[contender.name()] = row
        self.report["rows"].append(row)
        return row

    def settle(self, comparison, row):
        """Judges a row anew, and with it the ratios of its comparison."""
        if row["reason"] is None and not row["turns"]:
            row["reason"] = NO_TIME
        if row["reason"] is None:
            row["samples_per_second"] = round(statistics.median(row["turns"]), 1)
        name = comparison.name()
        kept = [ratio for ratio in self.report["ratios"] if ratio["comparison"] != name]
        self.report["ratios"] = kept + ratios(comparison, self.rows[name])
        self.write()

    def show(self, row):
        figure = row["reason"] or f"{row['samples_per_second']:,.0f} samples/s"
        print(f"{row['comparison']:20}  {row['contender']:32}  {figure}", flush=True)

    # Measurement.

    def measure(self, comparison, folder):
        runs = []
        for contender in comparison.contenders:
            row = self.new_row(comparison, contender)
            if not contender.is_ours() and self.torch_missing:
                row["reason"] = self.torch_missing
            elif self.left() < LEAST_SECONDS:
                row["reason"] = NO_TIME
            else:
                runs.append((row, make_run(contender, comparison.workload, folder, self.options)))
        self.write()
        if runs:
            write_data(comparison.workload, folder)
        with contextlib.ExitStack() as processes:
            for _, run in runs:
                processes.callback(run.close)
            if self.report["one_at_a_time"]:
                for row, run in runs:
                    self.take_turns(comparison, self.started(comparison, [(row, run)]))
                    run.close()
            else:
                for _, run in runs:
                    run.prefetch()
                self.take_turns(comparison, self.started(comparison, runs))
        for row in self.rows[comparison.name()].values():
            self.settle(comparison, row)
            self.show(row)

    def started(self, comparison, runs):
        """Those that came through their first epoch."""
        ready = []
        for row, run in runs:
            try:
                if self.left() < LEAST_SECONDS:
                    raise Failed(NO_TIME)
                with self.memory.watch(row):
                    row.update(run.start(min(START_SECONDS, self.left())))
                ready.append((row, run))
            except (Failed, OSError) as error:
                self.give_up(comparison, row, run, error)
        return ready

    def take_turns(self, comparison, runs):
        """Round by round, so that whatever the machine does meanwhile meets all of them."""
        taking_part = list(runs)
        for _ in range(self.options.rounds):
            for row, run in list(taking_part):
                if self.left() < LEAST_SECONDS:
                    return
                try:
                    answer = run.turn(self.options.turn, min(self.options.turn + PATIENCE, self.left()))
                    row["loss"] = answer["loss"]
                    self.memory.take(run.pid(), row)
                    require_falling(row["first_loss"], row["loss"])
                    row["turns"].append(answer["samples_per_second"])
                    self.settle(comparison, row)
                except (Failed, OSError) as error:
                    self.give_up(comparison, row, run, error)
                    taking_part.remove((row, run))

    def give_up(self, comparison, row, run, reason):
        run.close()
        ran_out = self.left() < LEAST_SECONDS
        if not (ran_out and row["turns"]):  # what it has done in its time stands
            row["reason"] = NO_TIME if ran_out else str(reason)
            row["samples_per_second"] = None
        self.settle(comparison, row)

    def measure_all(self):
        if self.torch_missing:
            print(f"Ours alone: {self.torch_missing}", flush=True)
        self.write()
        for comparison in self.options.comparisons:
            with tempfile.TemporaryDirectory(prefix="train-beside-torch-") as folder:
                self.measure(comparison, pathlib.Path(folder))
        self.report["complete"] = all(row["reason"] != NO_TIME for row in self.report["rows"])
        self.write()
        return any(row["samples_per_second"] is not None for row in self.report["rows"])


def require_falling(first_loss, loss):
    """A loss that is not finite is None."""
    if first_loss is None or loss is None or not loss < first_loss:
        raise Failed(f"its loss does not fall: {first_loss} at first, then {loss}")


def memory_of(device):
    """(what measures memory, whether only one process at a time may use the device)."""
    if device == "cpu":
        return ProcessPeak(), False
    try:
        nvml = Nvml()
        return GpuPeak(nvml), nvml.is_exclusive()
    except (OSError, AttributeError) as error:
        return NoPeak(str(error)), False


def positive(text):
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("a number of seconds above 0")
    return value


def count(text):
    value = int(text)
    if not 0 < value < 1000:
        raise argparse.ArgumentTypeError("a number from 1 to 999")
    return value


def pattern(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from None


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/gpu-check/bin/reprotrain",
                        help="with its CUDA module beside it (default: what scripts/gpu-check.sh builds)")
    parser.add_argument("--python", default=sys.executable, help="one that has PyTorch (default: this one)")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu: a rehearsal with small shapes")
    parser.add_argument("--seconds", type=positive, default=1500, help="for everything (default: 1500)")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench/results", help="folder of the report")
    parser.add_argument("--only", type=pattern, default=re.compile(""), metavar="REGEX",
                        help="comparisons, for example '^resnet18 128 '")
    parser.add_argument("--rounds", type=count, default=5)
    parser.add_argument("--turn", type=positive, help="seconds of a turn (default: 1; cpu: 0.2)")
    parser.add_argument("--one-at-a-time", action="store_true",
                        help="where memory is short; it is so where the GPU takes one process only")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of both sides; 0: as many as they like")
    options = parser.parse_args()
    options.turn = options.turn or (0.2 if options.device == "cpu" else 1.0)
    options.comparisons = [comparison for comparison in comparisons(rehearsal=options.device == "cpu")
                           if options.only.search(comparison.name())]
    if not options.comparisons:
        parser.error(f"--only {options.only.pattern} matches no comparison")
    if not options.program.exists():
        parser.error(f"{options.program} is missing; scripts/gpu-check.sh --build-only makes it")
    options.program = options.program.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    return options


def main():
    options = parse_arguments()
    INTERRUPTS.install()
    try:
        measured = Benchmark(options).measure_all()
    except KeyboardInterrupt:
        print("interrupted; the report says how far it came", file=sys.stderr)
        return 130
    print(f"{options.out / 'train-beside-torch.md'}")
    return 0 if measured else 1


if __name__ == "__main__":
    sys.exit(main())
