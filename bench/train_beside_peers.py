#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training speed of the engine beside PyTorch and, for perceptrons, scikit-learn: same networks.

    bench/train_beside_peers.py [--program build/bench/bin/bench_train] [--only lenet] [--repeats 7]
                                [--seconds 1] [--threads 1 2] [--json FILE]

All train with Adam, relu and cross-entropy on random data in shuffled batches; ours also writes log
and trace, with digests of all parameters and moments every 10 steps. Runs are interleaved and the
median counts, by the wall clock and by the processor time of the process (the fairer one on a machine
that does other work). The peers are what /usr/bin/python3 finds: on Debian python3-sklearn and
python3-torch. PyTorch trains LeNet with images by channels, as usual, and with channels last.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

COMMON = r"""
import sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
network = sys.argv[1]
batch, seconds, threads = int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
shape = [784, 10] if network == "lenet" else [int(part) for part in network.split("-")]
rows = 16384
generator = np.random.default_rng(1)
X = generator.random((rows, shape[0]), dtype=np.float32)
y = generator.integers(0, shape[-1], rows)
"""

SKLEARN = COMMON + r"""
from sklearn.neural_network import MLPClassifier
def run(epochs):
    MLPClassifier(shape[1:-1], alpha=0.0, batch_size=batch, max_iter=epochs, tol=0.0,
                  n_iter_no_change=10**9, random_state=1).fit(X, y)
start = time.perf_counter()
run(1)
epochs = max(1, round(seconds / (time.perf_counter() - start)))
start, processor = time.perf_counter(), time.process_time()
run(epochs)
trained = rows // batch * batch * epochs
print(trained / (time.perf_counter() - start), trained / (time.process_time() - processor))
"""

TORCH = COMMON + r"""
import torch
from torch.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU
torch.set_num_threads(threads)
torch.manual_seed(1)
inputs, classes = torch.from_numpy(X), torch.from_numpy(y)
if network == "lenet":
    layers = [Conv2d(1, 6, 5, padding=2), ReLU(), MaxPool2d(2), Conv2d(6, 16, 5), ReLU(), MaxPool2d(2),
              Flatten(), Linear(400, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10)]
    inputs = inputs.reshape(rows, 1, 28, 28)
else:
    layers = []
    for n_in, n_out in zip(shape[:-1], shape[1:]):
        layers += [Linear(n_in, n_out), ReLU()]
    layers.pop()
model = torch.nn.Sequential(*layers)
if len(sys.argv) > 5:
    model = model.to(memory_format=torch.channels_last)
    inputs = inputs.contiguous(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters())
loss = torch.nn.CrossEntropyLoss()
def steps():
    while True:
        order = torch.randperm(rows)
        for begin in range(0, rows - batch + 1, batch):
            chosen = order[begin:begin + batch]
            optimizer.zero_grad()
            loss(model(inputs[chosen]), classes[chosen]).backward()
            optimizer.step()
            yield
training = steps()
for _ in range(20):
    next(training)
start, processor, trained = time.perf_counter(), time.process_time(), 0
while time.perf_counter() - start < seconds:
    next(training)
    trained += batch
print(trained / (time.perf_counter() - start), trained / (time.process_time() - processor))
"""

# name -> (program, its further arguments)
PEERS = {"sklearn": (SKLEARN, []), "torch": (TORCH, []),
         "torch_channels_last": (TORCH, ["channels_last"])}
# (network, batch, peers)
CASES = [("64-128-64-10", 64, ["sklearn", "torch"]), ("784-256-10", 128, ["sklearn", "torch"]),
         ("lenet", 64, ["torch", "torch_channels_last"]),
         ("lenet", 128, ["torch", "torch_channels_last"])]


def our_rates(program, network, batch, threads, seconds):
    line = subprocess.run([program, "--network", network, "--batch", str(batch), "--threads",
                           str(threads), "--seconds", str(seconds)],
                          check=True, capture_output=True, text=True).stdout
    result = json.loads(line)
    return result["samples_per_second"], result["samples_per_processor_second"]


def peer_rates(peer, network, batch, threads, seconds):
    source, arguments = PEERS[peer]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    line = subprocess.run(["/usr/bin/python3", "-c", source, network, str(batch), str(seconds),
                           str(threads), *arguments], check=True, capture_output=True, text=True,
                          env=environment).stdout
    return tuple(float(word) for word in line.split())


def measure(options, network, batch, peers, threads):
    samples = {name: [] for name in ["reprotrain", *peers]}
    for _ in range(options.repeats):
        samples["reprotrain"].append(
            our_rates(options.program, network, batch, threads, options.seconds))
        for peer in peers:
            samples[peer].append(peer_rates(peer, network, batch, threads, options.seconds))
    row = {"network": network, "batch": batch, "threads": threads}
    for clock, key in enumerate(["samples_per_second", "samples_per_processor_second"]):
        rates = {name: statistics.median(sample[clock] for sample in taken)
                 for name, taken in samples.items()}
        row[key] = {name: round(rate) for name, rate in rates.items()}
        row[key]["ratios"] = {name: round(rates["reprotrain"] / rates[name], 2) for name in peers}
    return row


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--program", default=str(ROOT / "build/bench/bin/bench_train"))
    arguments.add_argument("--only", default="", help="only networks whose name contains this")
    arguments.add_argument("--repeats", type=int, default=7)
    arguments.add_argument("--seconds", type=float, default=1.0)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--json", help="file for all rows")
    options = arguments.parse_args()
    if not pathlib.Path(options.program).exists():
        sys.exit(f"{options.program} is missing: cmake --preset bench && cmake --build --preset bench")
    rows = []
    for network, batch, peers in CASES:
        if options.only not in network:
            continue
        for threads in options.threads:
            rows.append(measure(options, network, batch, peers, threads))
            print(json.dumps(rows[-1]), flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
