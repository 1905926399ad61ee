#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Machines whose GPU this program cannot use, and what it says: the emulated device describes itself so."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramTest

EMULATED = pathlib.Path(os.environ.get("REPROTRAIN_EMULATED_PROGRAM", PROGRAM.with_name("reprotrain_emulated")))

OLD_DRIVER = "12080 8.0"
OLD_DEVICE = "13000 6.1"
TOO_OLD = ("the NVIDIA driver is too old: it serves CUDA up to 12.8, and the CUDA module needs 13; install a newer NVIDIA "
           "driver")
NO_CODE = ("cuda:0 emulated: it has compute capability 6.1, and the CUDA module holds code for 7.5 and 8.0, and by PTX all "
           "later ones; use a package or build with code for it")


class UnusableDevice(ProgramTest):
    def on(self, machine, *arguments, expect=0):
        done = subprocess.run([str(EMULATED), *map(str, arguments)], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "REPROTRAIN_MACHINE": machine})
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def test_asked_for_it_is_an_error_that_leaves_nothing(self):
        config = self.small_config()
        for machine, reason in ((OLD_DRIVER, TOO_OLD), (OLD_DEVICE, NO_CODE)):
            for device in ("cuda", "cuda:0"):
                with self.subTest(reason, device=device):
                    done = self.on(machine, "--config", config, "--out", self.folder / "run", "--device", device, expect=2)
                    self.assertEqual(done.stderr, f'reprotrain: device "{device}" cannot be used: {reason}; --device cpu '
                                                  "gives the same bits\n")
                    self.assertFalse((self.folder / "run").exists())

    def test_auto_says_why_it_takes_the_cpu(self):
        config = self.small_config()
        for number, (machine, reason) in enumerate(((OLD_DRIVER, TOO_OLD), (OLD_DEVICE, NO_CODE))):
            with self.subTest(reason):
                out = self.folder / str(number)
                done = self.on(machine, "--config", config, "--out", out, "--device", "auto")
                notes = [line for line in done.stderr.splitlines() if line.startswith("note: ")]
                self.assertEqual(notes, [f"note: CUDA is not used: {reason}"])
                self.assertEqual(self.record(out)["volatile"]["device"], "cpu")
                predicted = self.on(machine, "predict", out, "--data", self.folder / "table.csv",
                                    "--out", self.folder / f"{number}.h5")
                self.assertEqual(predicted.stderr, f"note: CUDA is not used: {reason}\n")

    def test_auto_says_nothing_where_there_is_no_driver(self):
        done = self.on("0 8.0", "--config", self.small_config(), "--out", self.folder / "run", "--device", "auto")
        self.assertNotIn("note", done.stderr)
        done = self.on("0 8.0", "--config", self.small_config(), "--out", self.folder / "other", "--device", "cuda", expect=2)
        self.assertIn("this machine has no NVIDIA driver", done.stderr)

    def test_selftest_says_why_gpus_are_not_checked(self):
        for machine, reason in ((OLD_DRIVER, f"GPUs not checked: {TOO_OLD}"), (OLD_DEVICE, f"cuda:0: {NO_CODE}")):
            done = self.on(machine, "selftest", "--device", "cuda", expect=2)
            self.assertEqual(done.stderr, f"reprotrain: {reason}\n")

    def test_env_says_that_the_device_is_emulated(self):
        report = json.loads(self.on("13000 8.0", "env", "--json").stdout)
        gpu = report["gpu"]
        self.assertEqual(gpu["cuda_module"]["path"], "emulated device in the program")
        self.assertTrue(gpu["cuda_module"]["emulated"])
        self.assertEqual(gpu["cuda_module"]["architectures"],
                         [{"compute_capability": "7.5", "binary": True, "ptx": False},
                          {"compute_capability": "8.0", "binary": True, "ptx": True}])
        self.assertEqual(report["missing"], [])
        for part in (gpu["driver"], *gpu["libraries"]):
            self.assertEqual(part["reason"], "not looked for, the CUDA device of this program is emulated")
        self.assertRegex(self.on("13000 8.0", "env").stdout, r"devices +cuda:0, emulated\n")


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    sys.exit(unittest.main())
