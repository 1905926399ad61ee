#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small configured networks trained by the program and by tests/oracle/network.py: every bit is compared."""
import json
import os
import sys
import unittest

try:
    import h5py
    import numpy
except ImportError:
    print("SKIPPED: python3-h5py is not installed")
    sys.exit(77)

from program import ROOT, ProgramTest

sys.path.insert(0, str(ROOT / "tests/oracle"))
from ieee import BINARY64, Float  # noqa: E402
from network import Run, probabilities  # noqa: E402

N_FEATURES = 72  # 6 x 6 x 2
CLASSES = ["ash", "beech", "cedar"]


def number_text(row, column):
    """Numbers that are no binary fractions; made without random numbers."""
    return f"{((row * 7919 + column * 104729 + row * column * 31) % 4001 - 2000) / 1000:.3f}"


def as_float(text):
    """Text to binary64 to binary32."""
    return Float.rounded(float(text), BINARY64).to(Float(0).fmt)


def bits(values):
    return [f"{word:08x}" for word in numpy.ascontiguousarray(values, "<f4").ravel().view("<u4")]


class NetworkOracle(ProgramTest):
    maxDiff = 2000

    def table(self, n_rows, is_classes, has_ties):
        """Rows of texts, and the target of each. Ties: the upper half of an image, of rows of 12 numbers, is one row again
        and again."""
        columns = [column % 12 if has_ties and column < 36 else column for column in range(N_FEATURES)]
        rows = [[number_text(row, column) for column in columns] for row in range(n_rows)]
        targets = [CLASSES[row * 5 % 7 % 3] if is_classes else number_text(row, 1000) for row in range(n_rows)]
        head = [f"p{column}" for column in range(N_FEATURES)] + ["target"]
        lines = [",".join(fields) for fields in [head] + [row + [target] for row, target in zip(rows, targets)]]
        (self.folder / "table.csv").write_text("\n".join(lines) + "\n")
        return rows, targets

    def check(self, n_rows, model, train, matmul="fma32", has_ties=False):
        """Trains both; compares the loss of every step, all parameters, and predictions of all rows."""
        is_classes = train["loss"]["type"] == "cross_entropy"
        rows, targets = self.table(n_rows, is_classes, has_ties)
        config = {"config_version": 1, "seed": 5, "data": {"source": "table.csv", "target": "target", "split": {"test": 0.2}},
                  "model": {"type": "network", **model}, "train": train, "numerics": {"matmul": matmul},
                  "output": {"trace_stride": 1}}
        path = self.folder / "network.json"
        path.write_text(json.dumps(config))
        out = self.folder / "run"
        self.train(path, out)
        self.call("predict", out, "--data", self.folder / "table.csv", "--out", self.folder / "predictions.h5")

        values = [[as_float(text) for text in row] for row in rows]
        learned = [CLASSES.index(t) if is_classes else as_float(t) for t in targets]
        run = Run(config, values, learned, len(CLASSES) if is_classes else 1).train()
        self.compare_losses(out, run)
        self.compare_parameters(out, run)
        outputs = run.outputs(values)
        with h5py.File(self.folder / "predictions.h5") as file:
            found = file["probability" if is_classes else "prediction"][:]
        expected = probabilities(outputs) if is_classes else outputs
        self.assertEqual(bits(found), [v.hex() for row in expected for v in row])

    def compare_losses(self, out, run):
        lines = [json.loads(line) for line in (out / "result/trace.jsonl").read_text().splitlines()]
        losses = [float.fromhex(line["loss"]) for line in lines if line["step"] > 0 and "tensors" in line]
        self.assertEqual(bits(losses), [loss.hex() for loss in run.losses])

    def compare_parameters(self, out, run):
        with h5py.File(out / "result/model.h5") as file:
            names = []
            file["parameters"].visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
            self.assertEqual(sorted(names), sorted(tensor.name for tensor in run.tensors))
            for tensor in run.tensors:
                self.assertEqual(bits(file["parameters"][tensor.name][:]), [v.hex() for v in tensor.values], tensor.name)

    def test_groups_strides_and_a_residual_path_with_dropout(self):
        self.check(13, {"image": {"height": 6, "width": 6, "channels": 2}, "layers": [
            {"type": "conv2d", "channels": 4, "groups": 2, "bias": False},
            {"type": "batch_norm"},
            {"type": "activation", "function": "relu"},
            {"type": "residual",
             "layers": [{"type": "conv2d", "channels": 4, "stride": 2, "bias": False},
                        {"type": "batch_norm", "momentum": 0.25},
                        {"type": "activation", "function": "relu"},
                        {"type": "dropout", "probability": 0.25}],
             "shortcut": [{"type": "conv2d", "channels": 4, "kernel": 1, "stride": 2}]},
            {"type": "max_pool", "window": 2, "stride": 1},
            {"type": "flatten"},
            {"type": "dense", "units": 5, "activation": "gelu"},
            {"type": "layer_norm"}]},
                   {"epochs": 3, "batch_size": 4, "clip_norm": 0.5, "loss": {"type": "cross_entropy"},
                    "optimizer": {"type": "adamw", "learning_rate": 0.01, "weight_decay": 0.1},
                    "schedule": {"type": "cosine", "final_factor": 0.125, "warmup_steps": 2}})

    def test_dilation_and_average_pooling(self):
        self.check(12, {"image": {"height": 4, "width": 6, "channels": 3}, "layers": [
            {"type": "conv2d", "channels": 6, "kernel": 2, "dilation": 2, "groups": 3, "activation": "tanh"},
            {"type": "average_pool", "window": 3, "stride": 2, "padding": "same"},
            {"type": "residual",
             "layers": [{"type": "conv2d", "channels": 6, "activation": "sigmoid", "groups": 2}]},
            {"type": "batch_norm"},
            {"type": "global_average_pool"},
            {"type": "dropout", "probability": 0.5},
            {"type": "dense", "units": 4, "activation": "relu"}]},
                   {"epochs": 2, "batch_size": 4, "loss": {"type": "mse"},
                    "optimizer": {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True,
                                  "weight_decay": 0.01}})

    def test_moves_of_images_at_the_beginning_and_further_on(self):
        self.check(12, {"image": {"height": 6, "width": 6, "channels": 2}, "layers": [
            {"type": "random_flip"},
            {"type": "random_shift", "pixels": 2},
            {"type": "conv2d", "channels": 3, "activation": "tanh"},
            {"type": "random_shift", "pixels": 1},
            {"type": "random_flip", "probability": 0.25},
            {"type": "residual", "layers": [{"type": "conv2d", "channels": 3}, {"type": "random_flip"}]},
            {"type": "max_pool"},
            {"type": "flatten"}]},
                   {"epochs": 2, "batch_size": 4, "loss": {"type": "cross_entropy"},
                    "optimizer": {"type": "adam", "learning_rate": 0.01}})

    def test_windows_without_padding_and_paths_that_end_in_activations(self):
        self.check(11, {"image": {"height": 6, "width": 6, "channels": 2}, "layers": [
            {"type": "residual",
             "layers": [{"type": "batch_norm", "momentum": 0.5},
                        {"type": "conv2d", "channels": 3, "padding": "none", "stride": 3, "kernel": 2, "activation": "gelu"}],
             "shortcut": [{"type": "max_pool", "window": 3, "padding": "same", "stride": 2},
                          {"type": "conv2d", "channels": 3, "kernel": 2, "padding": "none", "activation": "tanh"}]},
            {"type": "flatten"},
            {"type": "batch_norm"},
            {"type": "dropout", "probability": 0},
            {"type": "residual",
             "layers": [{"type": "dense", "units": 12, "activation": "sigmoid"}, {"type": "dropout", "probability": 0.125}]},
            {"type": "activation", "function": "relu"},
            {"type": "layer_norm"}]},
                   # 9 rows to train: the last batch has one, where batch norm sees one number a channel.
                   {"epochs": 2, "batch_size": 4, "loss": {"type": "cross_entropy"},
                    "optimizer": {"type": "adam", "learning_rate": 0.01, "weight_decay": 0.01}})

    def test_the_first_of_equal_pixels_wins(self):
        """Rows of pixels are the same; where two windows share a winner, its gradient is one sum."""
        self.check(13, {"image": {"height": 6, "width": 6, "channels": 2}, "layers": [
            {"type": "conv2d", "channels": 3, "kernel": 1},
            {"type": "max_pool", "window": 3, "stride": 2},
            {"type": "flatten"}]},
                   {"epochs": 2, "batch_size": 4, "loss": {"type": "cross_entropy"},
                    "optimizer": {"type": "sgd", "learning_rate": 2}}, has_ties=True)

    def test_integer_slices(self):
        self.check(6, {"image": {"height": 6, "width": 6, "channels": 2}, "layers": [
            {"type": "conv2d", "channels": 2, "kernel": 3, "stride": 2, "groups": 2},
            {"type": "batch_norm"},
            {"type": "conv2d", "channels": 3, "kernel": 2, "dilation": 2, "activation": "relu"},
            {"type": "max_pool", "window": 3, "stride": 3},
            {"type": "flatten"}]},
                   {"epochs": 2, "batch_size": 3, "loss": {"type": "cross_entropy"},
                    "optimizer": {"type": "adam", "learning_rate": 0.01}}, matmul="int8x2")


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
