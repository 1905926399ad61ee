#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training speed of the engine beside scikit-learn's MLPClassifier and PyTorch: same networks.

    bench/train_beside_peers.py [--program build/bench/bin/bench_train_mlp] [--repeats 7]
                                [--seconds 1] [--threads 1 2] [--json FILE]

All train with Adam, relu and cross-entropy on random data in shuffled batches; ours also digests all
parameters and moments every 10 steps. Runs are interleaved and the median counts, by the wall clock
and by the processor time of the process (the fairer one on a machine that does other work). The
peers are what /usr/bin/python3 finds: on Debian python3-sklearn and python3-torch.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = [("64-128-64-10", 64), ("784-256-10", 128)]

COMMON = r"""
import sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
shape = [int(part) for part in sys.argv[1].split("-")]
batch, seconds, threads = int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
rows = 8192
generator = np.random.default_rng(1)
X = generator.random((rows, shape[0]), dtype=np.float32)
y = generator.integers(0, shape[-1], rows)
def report(run):
    start = time.perf_counter()
    run(2)
    epochs = max(2, round(2 * seconds / (time.perf_counter() - start)))
    start, processor = time.perf_counter(), time.process_time()
    run(epochs)
    trained = rows // batch * batch * epochs
    print(trained / (time.perf_counter() - start), trained / (time.process_time() - processor))
"""

SKLEARN = COMMON + r"""
from sklearn.neural_network import MLPClassifier
def run(epochs):
    MLPClassifier(shape[1:-1], alpha=0.0, batch_size=batch, max_iter=epochs, tol=0.0,
                  n_iter_no_change=10**9, random_state=1).fit(X, y)
run(1)
report(run)
"""

TORCH = COMMON + r"""
import torch
torch.set_num_threads(threads)
torch.manual_seed(1)
layers = []
for n_in, n_out in zip(shape[:-1], shape[1:]):
    layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
model = torch.nn.Sequential(*layers[:-1])
optimizer = torch.optim.Adam(model.parameters())
loss = torch.nn.CrossEntropyLoss()
inputs, classes = torch.from_numpy(X), torch.from_numpy(y)
def run(epochs):
    for _ in range(epochs):
        order = torch.randperm(rows)
        for begin in range(0, rows - batch + 1, batch):
            chosen = order[begin:begin + batch]
            optimizer.zero_grad()
            loss(model(inputs[chosen]), classes[chosen]).backward()
            optimizer.step()
run(1)
report(run)
"""

PEERS = {"sklearn": SKLEARN, "torch": TORCH}


def our_rates(program, shape, batch, threads, seconds):
    line = subprocess.run([program, "--shape", shape, "--batch", str(batch), "--threads", str(threads),
                           "--seconds", str(seconds)], check=True, capture_output=True, text=True).stdout
    result = json.loads(line)
    return result["samples_per_second"], result["samples_per_processor_second"]


def peer_rates(source, shape, batch, threads, seconds):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    line = subprocess.run(["/usr/bin/python3", "-c", source, shape, str(batch), str(seconds),
                           str(threads)], check=True, capture_output=True, text=True,
                          env=environment).stdout
    return tuple(float(word) for word in line.split())


def measure(options, shape, batch, threads):
    samples = {name: [] for name in ["reprotrain", *PEERS]}
    for _ in range(options.repeats):
        samples["reprotrain"].append(
            our_rates(options.program, shape, batch, threads, options.seconds))
        for name, source in PEERS.items():
            samples[name].append(peer_rates(source, shape, batch, threads, options.seconds))
    row = {"shape": shape, "batch": batch, "threads": threads}
    for clock, key in enumerate(["samples_per_second", "samples_per_processor_second"]):
        rates = {name: statistics.median(sample[clock] for sample in taken)
                 for name, taken in samples.items()}
        row[key] = {name: round(rate) for name, rate in rates.items()}
        row[key]["ratios"] = {name: round(rates["reprotrain"] / rates[name], 2) for name in PEERS}
    return row


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--program", default=str(ROOT / "build/bench/bin/bench_train_mlp"))
    arguments.add_argument("--repeats", type=int, default=7)
    arguments.add_argument("--seconds", type=float, default=1.0)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--json", help="file for all rows")
    options = arguments.parse_args()
    if not pathlib.Path(options.program).exists():
        sys.exit(f"{options.program} is missing: cmake --preset bench && cmake --build --preset bench")
    rows = []
    for shape, batch in CASES:
        for threads in options.threads:
            rows.append(measure(options, shape, batch, threads))
            print(json.dumps(rows[-1]), flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
