#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole runs on a CUDA device, the emulated one: the bits of the CPU, in both directions."""
import shutil
import signal
import subprocess
import time
import unittest

from emulated import EMULATED, DeviceTest
from program import CONFIGS, golden_result_ids


class EmulatedRuns(DeviceTest):
    def test_multilayer_perceptron_under_every_kind_of_schedule(self):
        self.assert_device_has_the_bits_of_the_cpu(self.small_config(), schedules=range(5))

    def test_every_option_of_training(self):
        config = self.small_config(
            model={"type": "mlp", "hidden": [8, 5], "activation": "gelu", "dropout": 0.25, "layer_norm": True},
            train={"epochs": 8, "batch_size": 7, "clip_norm": 0.05, "schedule": {"type": "cosine", "warmup_steps": 3},
                   "loss": {"type": "cross_entropy", "class_weights": "balanced"},
                   "optimizer": {"type": "adamw", "learning_rate": 0.02, "weight_decay": 0.01},
                   "early_stopping": {"metric": "accuracy", "patience": 2}})
        self.assert_device_has_the_bits_of_the_cpu(config, schedules=(0, 3))

    def test_regression_with_a_scaled_target(self):
        config = self.small_config(
            data={"source": "table.csv", "target": "height", "split": {"test": 0.25}},
            features=[{"op": "one_hot", "columns": "categorical"}],
            train={"epochs": 3, "batch_size": 16, "loss": {"type": "huber"}, "target_transform": "standardize",
                   "optimizer": {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True}})
        self.assert_device_has_the_bits_of_the_cpu(config, schedules=(1,))

    def test_two_classes(self):
        config = self.small_config(
            data={"source": "table.csv", "target": "colour", "split": {"test": 0.25}},
            features=[{"op": "one_hot", "columns": ["kind"]}], model={"type": "logistic_regression"},
            train={"epochs": 3, "batch_size": 8, "loss": {"type": "binary_cross_entropy"},
                   "optimizer": {"type": "sgd", "learning_rate": 0.1}})
        text = (self.folder / "table.csv").read_text().replace("blue", "red")
        (self.folder / "table.csv").write_text(text)
        self.assert_device_has_the_bits_of_the_cpu(config, schedules=(2,))

    def test_convolutional_network(self):
        self.assert_device_has_the_bits_of_the_cpu(self.image_config(), schedules=(0, 1, 4))

    def test_integer_slices(self):
        for matmul in ("int8x2", "int8x3"):
            with self.subTest(matmul=matmul):
                for name in ("cpu", "schedule3"):
                    shutil.rmtree(self.folder / name, ignore_errors=True)
                self.assert_device_has_the_bits_of_the_cpu(
                    self.image_config(), "--set", f"numerics.matmul={matmul}", schedules=(3,))


class EmulatedLife(DeviceTest):
    def test_verify_goes_both_ways(self):
        config = self.small_config()
        for device, other in (("cpu", self.emulated), ("cuda", self.call)):
            out = self.folder / device
            self.train_on(device, config, out)
            there = "cuda" if device == "cpu" else "cpu"
            verified = other("verify", out, "--device", there, "--progress", "none")
            self.assertIn("SAME BITS", verified.stdout)

    def test_a_run_changes_devices_on_the_way(self):
        config = self.small_config(train={"epochs": 400, "batch_size": 8, "loss": {"type": "cross_entropy"},
                                          "optimizer": {"type": "adam"}})
        out = self.folder / "run"
        arguments = ["--config", str(config), "--out", str(out), "--progress", "none", "--device", "cuda"]
        process = subprocess.Popen([str(EMULATED), *arguments], stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not list(out.glob("checkpoints/step-*/DONE")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130, process.stderr.read())
        process.stderr.close()
        self.train_on("cpu", config, out, "--resume")
        self.train_on("cpu", config, self.folder / "whole")
        self.assertEqual(self.record(out)["result_id"], self.record(self.folder / "whole")["result_id"])

    def test_a_loss_that_is_not_finite_ends_the_run_in_the_same_step(self):
        config = self.small_config(
            data={"source": "table.csv", "target": "height", "split": {"test": 0.25}},
            features=[{"op": "drop", "columns": ["colour", "kind"]}], model={"type": "linear_regression"},
            train={"epochs": 50, "batch_size": 8, "loss": {"type": "mse"},
                   "optimizer": {"type": "sgd", "learning_rate": 1000}},
            output={"trace_stride": 7, "checkpoint_stride": 0})
        for device in ("cpu", "cuda"):
            self.train_on(device, config, self.folder / device, expect=2)
        cpu, cuda = (self.record(self.folder / device) for device in ("cpu", "cuda"))
        self.assertEqual(cuda["failure"], cpu["failure"])
        self.assertEqual(cuda["trace"], cpu["trace"])
        self.assertIn("failed again in the same way",
                      self.call("verify", self.folder / "cuda", "--progress", "none").stdout)

    def test_features_that_do_not_fit_the_device_are_sent_in_batches(self):
        config = self.image_config()
        self.train_on("cpu", config, self.folder / "cpu")
        self.train_on("cuda", config, self.folder / "small", "--memory-limit", "300KiB")
        details = self.record(self.folder / "small")["volatile"]["device_details"]
        self.assertEqual((details["architecture"], details["cuda_of_driver"]), ("8.0", "13000"))
        self.assertLessEqual(int(details["peak_bytes_of_run"]), 300 * 1024)
        self.assertGreater(int(details["peak_bytes_of_run"]), 100 * 1024)
        self.assertEqual(self.record(self.folder / "small")["result_id"],
                         self.record(self.folder / "cpu")["result_id"])

    def test_too_little_memory_is_a_sentence_that_says_what_to_lower(self):
        done = self.train_on("cuda", self.image_config(), self.folder / "run", "--memory-limit", "8KiB", expect=2)
        self.assertRegex(done.stderr, r"cuda:0 emulated is out of memory: .* MiB asked for, .* MiB free, .* MiB in use "
                                      r"by this run of the .* MiB that --memory-limit allows; lower train.batch_size")
        self.assertFalse((self.folder / "run").exists())

    def test_prediction(self):
        config = self.image_config()
        self.train_on("cpu", config, self.folder / "run")
        data = self.folder / "images.csv"
        self.call("predict", self.folder / "run", "--data", data, "--out", self.folder / "cpu.h5", "--device", "cpu")
        self.emulated("predict", self.folder / "run", "--data", data, "--out", self.folder / "cuda.h5",
                      "--device", "cuda:0")
        self.assertEqual((self.folder / "cpu.h5").read_bytes(), (self.folder / "cuda.h5").read_bytes())

    def test_a_device_that_is_not_there(self):
        config = self.small_config()
        done = self.train_on("cuda:1", config, self.folder / "run", expect=2)
        self.assertIn('device "cuda:1" cannot be used: there is no cuda:1; devices are 0 to 0; --device cpu gives the '
                      "same bits", done.stderr)
        self.assertFalse((self.folder / "run").exists())


class EmulatedExamples(DeviceTest):
    """Whole examples end with their golden result ids; digits, which takes minutes, is cut short."""

    def check(self, name):
        out = self.folder / name
        self.train_on("cuda", CONFIGS / name / f"{name}.json", out)
        self.assertEqual(self.record(out)["result_id"], golden_result_ids()[name])

    def test_breast_cancer(self):
        self.check("breast_cancer")

    def test_diabetes(self):
        self.check("diabetes")

    def test_an_epoch_of_digits(self):
        self.assert_device_has_the_bits_of_the_cpu(CONFIGS / "digits" / "digits.json", "--set", "train.epochs=1")


if __name__ == "__main__":
    unittest.main()
