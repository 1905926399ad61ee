#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training speed of the engine beside scikit-learn's MLPClassifier: same shapes, batch, optimizer.

    bench/train_beside_sklearn.py [--program build/bench/bin/bench_train_mlp] [--repeats 7]
                                  [--blas libopenblas.so.0]

Both train with Adam, relu and cross-entropy on random data in shuffled batches; runs are interleaved
and the median counts. scikit-learn gets binary32 inputs (which it keeps) and as many threads as its
BLAS takes (--blas preloads another one). Prints a table and one JSON object per case.
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
PEER = r"""
import sys, time, warnings
import numpy as np
from sklearn.neural_network import MLPClassifier
warnings.simplefilter("ignore")
shape = [int(part) for part in sys.argv[1].split("-")]
batch, seconds = int(sys.argv[2]), float(sys.argv[3])
rows = 8192
generator = np.random.default_rng(1)
X = generator.random((rows, shape[0]), dtype=np.float32)
y = generator.integers(0, shape[-1], rows)
def model(epochs):
    return MLPClassifier(shape[1:-1], alpha=0.0, batch_size=batch, max_iter=epochs, tol=0.0,
                         n_iter_no_change=10**9, random_state=1)
model(1).fit(X, y)
start = time.perf_counter()
model(2).fit(X, y)
epochs = max(2, round(2 * seconds / (time.perf_counter() - start)))
start = time.perf_counter()
model(epochs).fit(X, y)
print(rows // batch * batch * epochs / (time.perf_counter() - start))
"""


def ours(program, shape, batch, threads, seconds):
    line = subprocess.run([program, "--shape", shape, "--batch", str(batch), "--threads", str(threads),
                           "--seconds", str(seconds)], check=True, capture_output=True, text=True).stdout
    return json.loads(line)["samples_per_second"]


def peer(shape, batch, threads, seconds, blas):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    if blas:
        environment["LD_PRELOAD"] = blas
    line = subprocess.run(["/usr/bin/python3", "-c", PEER, shape, str(batch), str(seconds)], check=True,
                          capture_output=True, text=True, env=environment).stdout
    return float(line)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--program", default=str(ROOT / "build/bench/bin/bench_train_mlp"))
    arguments.add_argument("--repeats", type=int, default=7)
    arguments.add_argument("--seconds", type=float, default=1.0)
    arguments.add_argument("--blas", default="", help="library to preload into scikit-learn")
    options = arguments.parse_args()
    if not pathlib.Path(options.program).exists():
        sys.exit(f"{options.program} is missing: cmake --preset bench && cmake --build --preset bench")
    for shape, batch in CASES:
        for threads in (1, 2):
            our_rates, peer_rates = [], []
            for _ in range(options.repeats):
                our_rates.append(ours(options.program, shape, batch, threads, options.seconds))
                peer_rates.append(peer(shape, batch, threads, options.seconds, options.blas))
            rate, peer_rate = statistics.median(our_rates), statistics.median(peer_rates)
            print(json.dumps({"shape": shape, "batch": batch, "threads": threads,
                              "reprotrain_samples_per_second": round(rate),
                              "sklearn_samples_per_second": round(peer_rate),
                              "ratio": round(rate / peer_rate, 2)}), flush=True)


if __name__ == "__main__":
    main()
