#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs in mode device, on the emulated device with libraries that stand in for NVIDIA's: products whose bits repeat
on one kind of device, with the algorithms that the record names."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from emulated import EMULATED, DeviceTest
from program import edit_json
from sealing import reseal

STAND_INS = pathlib.Path(os.environ["REPROTRAIN_LIBRARY_STAND_INS"])

# Algorithms of the library that stands in for cuBLASLt, and engines of the one for cuDNN.
ASCENDING, HALVES, UNORDERED, TENSOR_CORE = range(1, 5)
PLAIN_ENGINE, TENSOR_CORE_ENGINE, UNORDERED_ENGINE = 3, 5, 7


class DeviceModeTest(DeviceTest):
    def emulated(self, *arguments, libraries=STAND_INS, **options):
        return super().emulated(*arguments, LD_LIBRARY_PATH=str(libraries), **options)

    def device_config(self, precision="fp32", **changes):
        numerics = {"mode": "device", "precision": precision}
        return self.small_config(**{"numerics": numerics, **changes})

    def image_device_config(self, precision="fp32"):
        path = self.image_config()
        edit_json(path, lambda config: config.update(numerics={"mode": "device", "precision": precision}))
        return path

    def run_on_device(self, config, name, *arguments, **options):
        out = self.folder / name
        done = self.train_on("cuda", config, out, *arguments, **options)
        return out if done.returncode == 0 else done

    def refusal(self, config, *arguments, **options):
        """The sentence of a run that is refused, and leaves nothing."""
        done = self.train_on("cuda", config, self.folder / "refused", *arguments, expect=2, **options)
        self.assertFalse((self.folder / "refused").exists())
        lines = [line for line in done.stderr.splitlines() if line.startswith("reprotrain: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        return lines[0]

    def products(self, out):
        """Number of the library's algorithm for each product of a record."""
        algorithms = self.record(out)["libraries"]["algorithms"]
        return {name: int(choice[:16], 16) for name, choice in algorithms.items() if name.startswith("matmul")}

    def convolutions(self, out):
        """What computes each pass of a convolution of a record."""
        algorithms = self.record(out)["libraries"]["algorithms"]
        return {name: choice for name, choice in algorithms.items() if name.startswith("convolution")}

    def parameters(self, out):
        return {name: id for name, id in self.record(out)["outputs"].items() if name.startswith("model/parameters")}


class DeviceModeProducts(DeviceModeTest):
    def test_two_runs_have_the_same_bits_and_name_what_computed_them(self):
        config = self.device_config()
        first, second = (self.run_on_device(config, name) for name in ("first", "second"))
        record = self.record(first)
        self.assertEqual(record["result_id"], self.record(second)["result_id"])
        self.assertEqual(record["claim"]["mode"], "device")
        self.assertIn("library-fp32-v1-draft", record["claim"]["arithmetic"])
        self.assertNotIn("fma32-v1-draft", record["claim"]["arithmetic"])
        self.assertEqual(record["libraries"], self.record(second)["libraries"])
        key = record["libraries"]["key"]
        self.assertEqual({name: key[name] for name in ("architecture", "cuda_runtime", "cublaslt", "mig_slice")},
                         {"architecture": "8.0", "cuda_runtime": "13000", "cublaslt": "130100", "mig_slice": ""})
        self.assertGreater(len(self.products(first)), 4)

    def test_what_does_not_repeat_its_bits_or_rounds_is_passed_over(self):
        out = self.run_on_device(self.device_config(), "run")
        self.assertEqual(set(self.products(out).values()), {HALVES})


class DeviceModeConvolutions(DeviceModeTest):
    def test_precisions_differ_and_each_repeats(self):
        seen = {}
        for precision in ("fp32", "tf32", "bf16"):
            out = self.run_on_device(self.image_device_config(precision), precision)
            self.assertIn(f"library-{precision}-v1-draft", self.record(out)["claim"]["arithmetic"])
            seen[precision] = self.parameters(out)
            shutil.rmtree(out)
            self.assertEqual(self.parameters(self.run_on_device(self.image_device_config(precision), precision)),
                             seen[precision])
        self.assertEqual(len({tuple(sorted(ids.items())) for ids in seen.values()}), 3)

    def test_convolutions_take_the_first_engine_that_repeats_its_bits(self):
        for precision, engine in (("fp32", PLAIN_ENGINE), ("tf32", TENSOR_CORE_ENGINE), ("bf16", TENSOR_CORE_ENGINE)):
            out = self.run_on_device(self.image_device_config(precision), precision)
            self.assertEqual(set(self.convolutions(out).values()), {f"engine {engine} knobs 4=1"})
            kinds = {" ".join(name.split()[1:3]) for name in self.convolutions(out)}
            self.assertEqual(kinds, {f"forward {precision}", "weight gradient", "input gradient"})
            self.assertEqual(self.record(out)["libraries"]["key"]["cudnn"], "91900")

    def test_what_no_engine_can_do_is_a_product_of_patches(self):
        path = self.image_device_config()
        edit_json(path, lambda config: config["model"]["layers"][1].update(kernel=2))  # padding 0 and 1
        out = self.run_on_device(path, "run")
        self.assertEqual(set(self.convolutions(out).values()), {"engine 3 knobs 4=1", "patches"})
        self.assertIn("SAME BITS", self.emulated("verify", out, "--progress", "none").stdout)
        only_unordered = self.run_on_device(self.image_device_config(), "none",
                                            REPROTRAIN_CUDNN_ONLY=str(UNORDERED_ENGINE))
        self.assertEqual(set(self.convolutions(only_unordered).values()), {"patches"})

    def test_a_network_learns_about_the_same_as_in_mode_portable(self):
        losses = []
        for name, configure in (("device", self.image_device_config), ("portable", self.image_config)):
            out = self.run_on_device(configure(), name)
            losses.append(self.record(out)["metrics"]["train/log_loss"]["value"])
        self.assertAlmostEqual(losses[0], losses[1], delta=1e-3)
        self.assertNotEqual(losses[0], losses[1])


class DeviceModeRefusals(DeviceModeTest):
    def test_only_algorithms_in_no_fixed_order_are_a_refusal(self):
        self.assertRegex(self.refusal(self.device_config(), REPROTRAIN_STAND_IN_ONLY=str(UNORDERED)),
                         r"cuBLASLt has no algorithm whose bits repeat for matmul fp32 8x8x\d+ .*: the last one it "
                         r"proposes adds up parts of a sum in no fixed order \(reduction scheme 1\); use another "
                         r"numerics.precision, or numerics.mode portable")

    def test_only_tensor_cores_are_a_refusal_for_fp32(self):
        self.assertIn("rounds its factors otherwise",
                      self.refusal(self.device_config(), REPROTRAIN_STAND_IN_ONLY=str(TENSOR_CORE)))

    def test_where_it_cannot_run(self):
        config = self.device_config()
        (self.folder / "libcublasLt.so.13").write_text("no library")
        self.assertIn('numerics.mode "device" needs a GPU and its libraries, but there is none to use: libcublasLt.so.13 '
                      "cannot be loaded", self.refusal(config, libraries=self.folder))
        (self.folder / "libcublasLt.so.13").unlink()
        shutil.copy(STAND_INS / "libcublasLt.so.13", self.folder)
        (self.folder / "libcudnn.so.9").write_text("no library")
        self.assertIn("libcudnn.so.9 cannot be loaded", self.refusal(self.image_device_config(), libraries=self.folder))
        for call, device in ((self.emulated, "cpu"), (self.call, "auto"), (self.call, "cuda")):
            done = call("--config", config, "--out", self.folder / "run", "--device", device, expect=2)
            self.assertIn('numerics.mode "device" needs a GPU and its libraries', done.stderr)
        self.assertFalse((self.folder / "run").exists())

    def test_variables_that_contradict_the_precision(self):
        for precision, variable, value in (("tf32", "NVIDIA_TF32_OVERRIDE", "0"), ("fp32", "NVIDIA_TF32_OVERRIDE", "1"),
                                           ("fp32", "CUBLAS_EMULATE_SINGLE_PRECISION", "1")):
            with self.subTest(variable=variable, precision=precision):
                sentence = self.refusal(self.device_config(precision), **{variable: value})
                self.assertRegex(sentence, f'{variable}={value} .*contradicts numerics.precision "{precision}"; unset it')

    def test_configurations_that_contradict_themselves(self):
        path = self.small_config(numerics={"mode": "device"})
        self.assertIn("missing key /numerics/precision", self.sentence("--config", path))
        path = self.small_config(numerics={"precision": "tf32"})
        self.assertIn('/numerics/precision goes with /numerics/mode "device" only', self.sentence("--config", path))


class DeviceModeLife(DeviceModeTest):
    def verify(self, out, expect=0, **options):
        return self.emulated("verify", out, "--progress", "none", expect=expect, **options)

    def test_verify_replays_the_recorded_algorithms(self):
        config = self.device_config()
        out = self.run_on_device(config, "run")
        another_choice = {"REPROTRAIN_STAND_IN_FIRST": str(ASCENDING)}
        self.assertIn("SAME BITS", self.verify(out, **another_choice).stdout)
        # The library's own choice would give other bits now.
        other = self.run_on_device(config, "other", **another_choice)
        self.assertEqual(set(self.products(other).values()), {ASCENDING})
        self.assertNotEqual(self.parameters(other), self.parameters(out))

    def test_verify_replays_engines_with_their_knobs(self):
        out = self.run_on_device(self.image_device_config(), "run")
        other_knob = {"REPROTRAIN_CUDNN_KNOB": "0"}
        self.assertIn("SAME BITS", self.verify(out, **other_knob).stdout)
        other = self.run_on_device(self.image_device_config(), "other", **other_knob)
        self.assertNotEqual(self.parameters(other), self.parameters(out))
        done = self.verify(out, expect=3, REPROTRAIN_CUDNN_VERSION="92000")
        self.assertIn("cudnn: 91900 there, 92000 here", done.stderr)

    def test_a_recorded_engine_that_is_not_deterministic_is_refused(self):
        out = self.run_on_device(self.image_device_config(), "run")
        whole = (out / "run.json").read_text()
        for choice, reason, status in ((f"engine {UNORDERED_ENGINE} knobs 4=1", "is not deterministic", 4),
                                       ("engine 99 knobs", "is not one that cuDNN has here", 3),
                                       ("motor 3", "is no engine of cuDNN's", 4)):
            (out / "run.json").write_text(whole)

            def plant(record):
                name = min(name for name in record["libraries"]["algorithms"] if name.startswith("convolution"))
                record["libraries"]["algorithms"][name] = choice

            edit_json(out / "run.json", plant)
            reseal(out)
            self.assertRegex(self.verify(out, expect=status).stderr,
                             f"the algorithm that is recorded for convolution .*, {choice}, {reason}")

    def test_another_device_is_inconclusive_and_says_why(self):
        out = self.run_on_device(self.device_config(), "run")
        done = self.verify(out, expect=3, REPROTRAIN_STAND_IN_VERSION="130200")
        self.assertIn("this is another kind of device (cublaslt: 130100 there, 130200 here)", done.stderr)
        done = self.verify(out, expect=3, CUBLAS_WORKSPACE_CONFIG=":16:8")
        self.assertIn("variables: none there, CUBLAS_WORKSPACE_CONFIG=:16:8 here", done.stderr)
        done = self.call("verify", out, "--progress", "none", expect=3)
        self.assertRegex(done.stderr, r"run.json: cannot be verified here: .*needs a GPU.*numerics.mode portable, which "
                                      r"any machine can verify")
        done = self.call("verify", out, "--evidence-only", "--progress", "none")
        self.assertIn("EVIDENCE CONSISTENT", done.stdout)

    def test_a_recorded_algorithm_in_no_fixed_order_is_refused(self):
        out = self.run_on_device(self.device_config(), "run")

        def plant(record):
            algorithms = record["libraries"]["algorithms"]
            name = sorted(algorithms)[0]
            algorithms[name] = f"{UNORDERED:016x}" + algorithms[name][16:]

        edit_json(out / "run.json", plant)
        reseal(out)
        self.assertRegex(self.verify(out, expect=4).stderr,
                         r"the algorithm that is recorded for matmul .* adds up parts of a sum in no fixed order")

    def test_a_record_without_its_algorithms(self):
        out = self.run_on_device(self.device_config(), "run")
        whole = (out / "run.json").read_text()

        def forget_one(record):
            record["libraries"]["algorithms"].popitem()

        edit_json(out / "run.json", forget_one)
        reseal(out)
        self.assertIn("the record names no algorithm for matmul", self.verify(out, expect=4).stderr)
        (out / "run.json").write_text(whole)
        edit_json(out / "run.json", lambda record: record.pop("libraries"))
        reseal(out)
        self.assertIn("libraries in run.json", self.verify(out, expect=4).stdout)
        (out / "run.json").write_text(whole)
        edit_json(out / "run.json", lambda record: record["claim"].update(mode="portable"))
        reseal(out)
        self.assertIn("mode in run.json", self.verify(out, expect=4).stdout)
        (out / "run.json").write_text(whole)
        edit_json(out / "run.json", lambda record: record["claim"].update(meaning="the same bits everywhere"))
        reseal(out)
        self.assertIn("meaning in run.json", self.verify(out, expect=4).stdout)
        (out / "run.json").write_text(whole)
        edit_json(out / "run.json", lambda record: record["libraries"].update(key={}))
        reseal(out)
        self.assertIn("key in run.json, architecture", self.call("verify", out, "--evidence-only", expect=4).stdout)

    def interrupted(self, config, name):
        out = self.folder / name
        environment = dict(os.environ, LD_LIBRARY_PATH=str(STAND_INS))
        process = subprocess.Popen([str(EMULATED), "--config", str(config), "--out", str(out), "--progress", "none",
                                    "--device", "cuda"], stderr=subprocess.PIPE, text=True, env=environment)
        deadline = time.monotonic() + 60
        while not list(out.glob("checkpoints/step-*/DONE")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()  # no time to write anything
        process.wait(60)
        process.stderr.close()
        return out

    def test_a_resumed_run_goes_on_with_its_algorithms_on_its_device(self):
        config = self.device_config(train={"epochs": 100, "batch_size": 8, "loss": {"type": "cross_entropy"},
                                           "optimizer": {"type": "adam"}})
        whole = self.run_on_device(config, "whole")
        out = self.interrupted(config, "run")
        done = self.train_on("cuda", config, out, "--resume", expect=2, REPROTRAIN_STAND_IN_VERSION="130200")
        self.assertRegex(done.stderr, r"the run was begun on another kind of device \(cublaslt: 130100 there, 130200 "
                                      r"here\); resume it there, or start over with --force")
        partial = out / "run.partial.json"
        whole_partial = partial.read_text()
        for damaged in ("", "{", json.dumps({"status": "running"}), whole_partial.replace("130100", "130200")):
            partial.write_text(damaged)
            done = self.train_on("cuda", config, out, "--resume", expect=4, REPROTRAIN_STAND_IN_VERSION="130200")
            self.assertIn("does not say what computed the checkpoints", done.stderr)
        partial.unlink()
        self.train_on("cuda", config, out, "--resume", expect=4)
        partial.write_text(whole_partial)
        # The library would choose otherwise now, and does for the products of the evaluation, which are new.
        self.train_on("cuda", config, out, "--resume", REPROTRAIN_STAND_IN_FIRST=str(ASCENDING))
        self.assertEqual(self.parameters(out), self.parameters(whole))
        self.assertEqual(set(self.products(out).values()), {ASCENDING, HALVES})
        self.assertIn("SAME BITS", self.verify(out).stdout)

    def test_prediction_is_portable_and_says_so(self):
        out = self.run_on_device(self.image_device_config("tf32"), "run")
        data = self.folder / "images.csv"
        done = self.call("predict", out, "--data", data, "--out", self.folder / "cpu.h5", "--device", "cpu")
        self.assertIn("note: the model was trained in mode device; it is applied with portable products (fma32)",
                      done.stderr)
        self.emulated("predict", out, "--data", data, "--out", self.folder / "cuda.h5", "--device", "cuda")
        self.assertEqual((self.folder / "cpu.h5").read_bytes(), (self.folder / "cuda.h5").read_bytes())


if __name__ == "__main__":
    unittest.main()
