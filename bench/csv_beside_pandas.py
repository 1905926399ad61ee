#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Import speed of CSV files beside pandas.read_csv (C engine, float32), on one thread.

    bench/csv_beside_pandas.py [--program build/bench/bin/bench_csv_import] [--megabytes 200]
                               [--repeats 7]

Writes three kinds of tables to a temporary directory, imports each with both, each import in its own
process, interleaved; the median counts. pandas is told the types, which spares it the inference that
reprotrain does. Prints one JSON object per table: MB/s of both, their ratio, and peak memory as a
multiple of the float32 matrix.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = r"""
import json, os, sys, time
import numpy as np, pandas
path, text = sys.argv[1], sys.argv[2].split(",") if sys.argv[2] else []
names = pandas.read_csv(path, nrows=1).columns
types = {name: "category" if name in text else np.float32 for name in names}
start = time.perf_counter()
table = pandas.read_csv(path, dtype=types, engine="c")
seconds = time.perf_counter() - start
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({"megabytes_per_second": os.path.getsize(path) / 1e6 / seconds,
                  "peak_resident_bytes": int(status["VmHWM"].split()[0]) * 1024}))
"""


def integers(random, n):
    return random.integers(0, 256, (n, 64)), "%d", []


def short_decimals(random, n):
    return random.normal(0, 100, (n, 16)), "%.4f", []


def long_decimals(random, n):
    return random.normal(0, 1, (n, 8)), "%.17g", []


def mixed(random, n):
    words = np.array(["red", "green", "blue", "a longer category"])
    return [random.normal(0, 100, (n, 6)), words[random.integers(0, 4, (n, 2))]], "%.6g", ["t0", "t1"]


def write_table(make, path, megabytes, random):
    """Appends blocks until the file is large enough; returns the names of text columns."""
    with open(path, "w") as file:
        first = True
        while file.tell() < megabytes * 1_000_000:
            values, form, text = make(random, 20_000)
            if isinstance(values, list):
                numbers, words = values
                lines = (",".join(form % x for x in row) + "," + ",".join(names)
                         for row, names in zip(numbers, words))
                header = [f"n{i}" for i in range(numbers.shape[1])] + text
            else:
                line = ",".join([form] * values.shape[1])
                lines = (line % tuple(row) for row in values.tolist())
                header = [f"n{i}" for i in range(values.shape[1])]
            if first:
                file.write(",".join(header) + "\n")
                first = False
            file.write("\n".join(lines) + "\n")
    return text


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--program", default=str(ROOT / "build/bench/bin/bench_csv_import"))
    arguments.add_argument("--megabytes", type=int, default=200)
    arguments.add_argument("--repeats", type=int, default=7)
    options = arguments.parse_args()
    if not pathlib.Path(options.program).exists():
        sys.exit(f"{options.program} is missing: cmake --preset bench && cmake --build --preset bench")
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as directory:
        for make in (integers, short_decimals, long_decimals, mixed):
            path = str(pathlib.Path(directory) / "table.csv")
            text = write_table(make, path, options.megabytes, random)
            our_runs, peer_runs = [], []
            for _ in range(options.repeats):
                our_runs.append(run([options.program, path]))
                peer_runs.append(run(["/usr/bin/python3", "-c", PEER, path, ",".join(text)]))
            rate, peer_rate = (statistics.median(r["megabytes_per_second"] for r in runs)
                               for runs in (our_runs, peer_runs))
            matrix = our_runs[0]["table_bytes"]
            print(json.dumps({
                "table": make.__name__, "reprotrain_mb_per_second": round(rate),
                "pandas_mb_per_second": round(peer_rate), "ratio": round(rate / peer_rate, 2),
                "reprotrain_peak_over_matrix":
                    round(max(r["peak_resident_bytes"] for r in our_runs) / matrix, 2),
                "pandas_peak_over_matrix":
                    round(max(r["peak_resident_bytes"] for r in peer_runs) / matrix, 2)}), flush=True)


if __name__ == "__main__":
    main()
