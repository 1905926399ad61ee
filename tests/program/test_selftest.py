#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The self-test as its users see it: verdicts, exit codes, what it says about what it did not check."""
import json
import sys
import unittest

from program import ProgramTest


class Selftest(ProgramTest):
    def test_every_operator_of_the_processor_conforms(self):
        done = self.call("selftest", "--device", "cpu", "--json")
        report = json.loads(done.stdout)
        self.assertTrue(report["conforms"])
        verdicts = report["verdicts"]
        self.assertGreater(len(verdicts), 40)
        self.assertEqual({v["verdict"] for v in verdicts}, {"same bits"})
        self.assertTrue(all(v["cases"] > 0 and v["wrong"] == 0 and v["not_offered"] == 0 for v in verdicts))
        self.assertEqual({v["failure"] for v in verdicts}, {""})
        self.assertIn("cpu/portable", {v["device"] for v in verdicts})

    def test_the_table_has_a_line_for_every_verdict(self):
        lines = self.call("selftest", "--device", "cpu", "--path", "portable").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["operator", "specification", "device", "cases", "verdict"])
        self.assertTrue(all(line.endswith("same bits") for line in lines[1:]))

    def test_one_path_and_a_number_of_threads(self):
        done = self.call("selftest", "--device", "cpu", "--path", "portable", "--threads", "3", "--json")
        self.assertEqual({v["device"] for v in json.loads(done.stdout)["verdicts"]}, {"cpu/portable"})

    def test_a_path_that_the_processor_lacks_is_an_error(self):
        sentence = self.sentence("selftest", "--path", "mmx")
        self.assertIn("--path mmx: this processor has portable", sentence)

    def test_a_path_of_the_processor_needs_the_processor(self):
        for device in ("cuda", "cuda:0"):
            sentence = self.sentence("selftest", "--device", device, "--path", "portable")
            self.assertIn(f"--path chooses an instruction set of the CPU, which --device {device} leaves out", sentence)

    def test_a_device_that_does_not_exist_is_an_error(self):
        self.assertIn('device "gpu"', self.sentence("selftest", "--device", "gpu"))
        self.assertIn("GPUs not checked", self.sentence("selftest", "--device", "cuda:4096"))


if __name__ == "__main__":
    sys.exit(unittest.main())
