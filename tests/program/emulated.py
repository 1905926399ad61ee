# SPDX-License-Identifier: Apache-2.0
"""Running the program whose CUDA device is emulated."""
import os
import pathlib
import subprocess

from program import PROGRAM, ProgramTest

EMULATED = pathlib.Path(os.environ.get("REPROTRAIN_EMULATED_PROGRAM", PROGRAM.parent / "reprotrain_emulated"))

IMAGES = {
    "type": "network",
    "image": {"height": 6, "width": 6, "channels": 1},
    "layers": [
        {"type": "random_shift", "pixels": 1},
        {"type": "conv2d", "channels": 4, "kernel": 3, "padding": "same", "bias": False},
        {"type": "random_flip"},
        {"type": "batch_norm"},
        {"type": "activation", "function": "relu"},
        {"type": "max_pool", "window": 2, "stride": 2},
        {"type": "residual",
         "layers": [{"type": "conv2d", "channels": 6, "kernel": 3, "padding": "same", "activation": "gelu"}],
         "shortcut": [{"type": "conv2d", "channels": 6, "kernel": 1}]},
        {"type": "average_pool", "window": 2, "stride": 1},
        {"type": "dropout", "probability": 0.25},
        {"type": "flatten"},
        {"type": "dense", "units": 9, "activation": "tanh"},
        {"type": "layer_norm"},
    ],
}


def image_table(n_rows=60):
    """Rows of 6 x 6 pixels and their class."""
    lines = [",".join(f"p{i}" for i in range(36)) + ",kind"]
    for row in range(n_rows):
        pixels = [(row * 37 + i * (row % 3 + 2)) % 17 / 8 for i in range(36)]
        lines.append(",".join(map(str, pixels)) + "," + "abc"[row % 3])
    return "\n".join(lines) + "\n"


class DeviceTest(ProgramTest):
    def emulated(self, *arguments, expect=0, schedule=0, **variables):
        """Runs the program whose CUDA device is emulated."""
        environment = dict(os.environ, REPROTRAIN_SCHEDULE=str(schedule), **variables)
        done = subprocess.run([str(EMULATED), *map(str, arguments)], capture_output=True, text=True, timeout=300,
                              env=environment)
        self.assertEqual(done.returncode, expect, f"{arguments}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done

    def train_on(self, device, config, out, *arguments, **options):
        call = self.call if device == "cpu" else self.emulated
        return call("--config", config, "--out", out, "--progress", "none", "--device", device, *arguments, **options)

    def assert_device_has_the_bits_of_the_cpu(self, config, *arguments, schedules=(0,)):
        self.train_on("cpu", config, self.folder / "cpu", *arguments)
        for schedule in schedules:
            out = self.folder / f"schedule{schedule}"
            self.train_on("cuda", config, out, *arguments, schedule=schedule)
            record = self.record(out)
            self.assertEqual(record["volatile"]["device"], "cuda:0 emulated")
            self.assertEqual(record["result_id"], self.record(self.folder / "cpu")["result_id"])
            self.assertEqual((out / "result/trace.jsonl").read_bytes(),
                             (self.folder / "cpu/result/trace.jsonl").read_bytes())
            self.assert_same_results(self.folder / "cpu", out)

    def image_config(self):
        (self.folder / "images.csv").write_text(image_table())
        return self.small_config(
            data={"source": "images.csv", "target": "kind", "split": {"test": 0.25, "validation": 0.2}},
            features=[], model=IMAGES,
            train={"epochs": 2, "batch_size": 8, "loss": {"type": "cross_entropy"},
                   "optimizer": {"type": "adam", "learning_rate": 0.01}},
            output={"trace_stride": 2, "checkpoint_stride": 5})
