# SPDX-License-Identifier: Apache-2.0
"""Running the reprotrain program from tests."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("REPROTRAIN_PROGRAM", ROOT / "build/release/bin/reprotrain"))
CONFIGS = ROOT / "configs"


def golden_result_ids():
    ids = {}
    for line in (ROOT / "tests/golden/examples.kat").read_text().splitlines():
        if line and not line.startswith("#"):
            name, result_id = line.split()[:2]
            ids[name] = result_id
    return ids


def shared_data():
    """The folder with MNIST-10k and California housing; skips the test, visibly, where it is not given."""
    folder = os.environ.get("REPROTRAIN_TEST_DATA")
    if not folder:
        raise unittest.SkipTest("REPROTRAIN_TEST_DATA is not set")
    return pathlib.Path(folder).resolve()


def edit_json(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, indent=2))


class ProgramTest(unittest.TestCase):
    """A test with a scratch folder of its own."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="reprotrain-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def call(self, *arguments, expect=0, **options):
        """Runs the program; fails the test unless it exits with `expect`."""
        done = subprocess.run([str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, timeout=300, **options)
        self.assertEqual(done.returncode, expect, f"{arguments}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done

    def sentence(self, *arguments, expect=2, **options):
        """The one line on stderr of a call that fails."""
        done = self.call(*arguments, expect=expect, **options)
        lines = [line for line in done.stderr.splitlines() if line.startswith("reprotrain: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        return lines[0].removeprefix("reprotrain: ")

    def train(self, config, out, *arguments, expect=0, **options):
        return self.call("--config", config, "--out", out, "--progress", "none", *arguments, expect=expect, **options)

    def small_config(self, **changes):
        """A configuration that trains in well under a second, on a copy of the wine-like table below."""
        (self.folder / "table.csv").write_text(small_table())
        config = {
            "config_version": 1,
            "name": "small",
            "seed": 3,
            "data": {"source": "table.csv", "target": "kind", "split": {"test": 0.25, "validation": 0.25}},
            "features": [{"op": "one_hot", "columns": ["colour"]}, {"op": "standardize", "columns": "numeric"}],
            "model": {"type": "mlp", "hidden": [8], "activation": "tanh"},
            "train": {"epochs": 6, "batch_size": 8, "loss": {"type": "cross_entropy"},
                      "optimizer": {"type": "adam", "learning_rate": 0.01}},
            "output": {"trace_stride": 1, "checkpoint_stride": 5},
        }
        config.update(changes)
        path = self.folder / "small.json"
        path.write_text(json.dumps(config, indent=2))
        return path

    def record(self, out):
        return json.loads((out / "run.json").read_text())

    def assert_same_results(self, left, right):
        """result/ of two runs holds the same files with the same bytes."""
        names = sorted(path.name for path in (left / "result").iterdir())
        self.assertEqual(names, sorted(path.name for path in (right / "result").iterdir()))
        for name in names:
            self.assertEqual((left / "result" / name).read_bytes(), (right / "result" / name).read_bytes(), name)


def small_table(n_rows=80):
    """A table with numbers, a category and three kinds that depend on them; made without random numbers."""
    lines = ["width,height,colour,kind"]
    for row in range(n_rows):
        width = (row * 37 % 101) / 10
        height = (row * 53 % 97) / 7
        colour = ("red", "green", "blue")[row * 7 % 5 % 3]
        kind = "abc"[int(width > 5) + int(height > 7)]
        lines.append(f"{width:.4f},{height:.4f},{colour},{kind}")
    return "\n".join(lines) + "\n"
