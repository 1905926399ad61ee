#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`reprotrain env` from outside: its shape, and machines with other drivers, which are fakes (tests/engine/device)."""
import json
import os
import pathlib
import shutil
import sys
import unittest

from program import PROGRAM, ProgramTest

FAKES = pathlib.Path(os.environ.get("REPROTRAIN_FAKE_LIBRARIES", PROGRAM.parent))
HAS_MODULE = (PROGRAM.parent / "libreprotrain_cuda.so").exists()
HAS_DRIVER = pathlib.Path("/proc/driver/nvidia/version").exists()

UNKNOWN = {"unknown": str}
LIBRARY = {"name": str, "found": bool, "passed_over": [{"path": str, "reason": str}]}
SHAPE = {
    "program": {"version": str, "commit": (str, UNKNOWN), "compiler": str, "flags": str, "build_type": str, "processor": str,
                "executable_sha256": str},
    "cpu": {"model": (str, UNKNOWN), "flags": ([str], UNKNOWN), "cores": int, "cores_allowed": (int, UNKNOWN)},
    "cpu_paths": {"available": [str], "used": str},
    "threads": int,
    "memory_bytes": int,
    "os": {"name": (str, UNKNOWN), "kernel": str, "machine": str},
    "libc": str,
    "locale": {"active": str},
    "libraries": {},
    "hdf5": str,
    "variables": {},
    "container": {},
    "gpu": {
        "cuda_module": {"found": bool},
        "driver": {"found": bool},
        "kernel_driver": (str, UNKNOWN),
        "devices": [{"name": str, "compute_capability": str, "multiprocessors": int, "memory_bytes": int, "ecc": bool,
                     "mig_profile": (str, type(None)), "kernels": (str, type(None))}],
        "libraries": [LIBRARY],
    },
    "missing": [{"what": str, "reason": str, "cost": str}],
}


def misshapen(value, shape, place=""):
    """What is wrong with a value, as sentences; further keys are allowed."""
    if isinstance(shape, tuple):
        complaints = [misshapen(value, one, place) for one in shape]
        return [] if [] in complaints else complaints[0]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{place} is no object"]
        missing = [f"{place}/{key} is missing" for key in shape if key not in value]
        return missing + [text for key in shape if key in value for text in misshapen(value[key], shape[key], f"{place}/{key}")]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [text for i, item in enumerate(value) for text in misshapen(item, shape[0], f"{place}/{i}")]
    return [] if type(value) is shape else [f"{place} is {value!r}"]


class Env(ProgramTest):
    def env(self, **variables):
        done = self.call("env", "--json", env={**os.environ, **variables})
        self.assertEqual(done.stderr, "")
        report = json.loads(done.stdout)
        self.assertEqual(misshapen(report, SHAPE), [])
        return report

    def with_driver(self, fake="cuda13", **variables):
        """The report where the loader finds a fake as the driver."""
        folder = self.folder / f"driver-{fake}"
        folder.mkdir(exist_ok=True)
        shutil.copy2(FAKES / f"libfake_{fake}.so", folder / "libcuda.so.1")
        return self.env(LD_LIBRARY_PATH=str(folder), **variables)

    def missing(self, report):
        return {part["what"]: part for part in report["missing"]}

    def test_the_report_has_its_shape(self):
        report = self.env()
        self.assertIn(report["cpu_paths"]["used"], report["cpu_paths"]["available"])
        self.assertEqual([library["name"] for library in report["gpu"]["libraries"]], ["cuBLASLt", "cuBLAS", "cuDNN"])
        for part in (*report["gpu"]["libraries"], report["gpu"]["driver"]):
            expected = {"path": str, "place": str} if part["found"] else {"reason": str}
            self.assertEqual(misshapen(part, expected), [])
        self.assertEqual(report["gpu"]["cuda_module"]["found"], HAS_MODULE)

    def test_the_shape_can_be_missed(self):
        report = self.env()
        report["threads"] = "2"
        del report["cpu"]["model"]
        report["missing"] = [{"what": "x", "reason": "y"}]
        self.assertEqual(sorted(misshapen(report, SHAPE)),
                         ["/cpu/model is missing", "/missing/0/cost is missing", "/threads is '2'"])

    def test_the_table_has_its_headings(self):
        lines = self.call("env").stdout.splitlines()
        self.assertEqual([line for line in lines if line and line[0] != " "], ["Program", "Machine", "GPU", "Missing"])

    @unittest.skipIf(HAS_DRIVER, "this machine has an NVIDIA driver")
    def test_without_a_driver_the_cost_is_one_sentence(self):
        driver = self.missing(self.env())["NVIDIA driver"]
        self.assertEqual(driver["reason"], "this machine has no NVIDIA driver")
        self.assertEqual(driver["cost"], "--device cuda is not available; results are the same bits on the CPU")

    def test_devices_come_from_the_driver(self):
        report = self.with_driver()
        self.assertEqual(report["gpu"]["driver"]["cuda_version"], "13.1")
        self.assertEqual(report["gpu"]["driver"]["place"], "loader")
        self.assertEqual([device["compute_capability"] for device in report["gpu"]["devices"]], ["9.0", "6.1"])
        self.assertEqual(report["gpu"]["devices"][0]["mig_profile"], "1g.10gb")
        self.assertIn("kernels for cuda:1", self.missing(report))
        self.assertNotIn("CUDA device", self.missing(report))

    @unittest.skipUnless(HAS_MODULE, "this build has no CUDA module to hold code")
    def test_the_module_says_which_devices_it_holds_code_for(self):
        gpu = self.with_driver()["gpu"]
        self.assertEqual(misshapen(gpu["cuda_module"]["architectures"],
                                   [{"compute_capability": str, "binary": bool, "ptx": bool}]), [])
        self.assertIn("9.0", [one["compute_capability"] for one in gpu["cuda_module"]["architectures"]])
        self.assertEqual([device["kernels"] for device in gpu["devices"]], ["binary", "none"])

    def test_a_driver_without_devices(self):
        self.assertEqual(self.missing(self.with_driver(FAKE_DRIVER="none"))["CUDA device"]["reason"],
                         "the NVIDIA driver offers no device to this process")

    def test_a_driver_that_crashes_is_a_sentence(self):
        self.assertIn("crashed (Bus error)", self.missing(self.with_driver(FAKE_DRIVER="crash"))["CUDA device"]["reason"])
        self.assertIn("crashed (Segmentation fault)", self.missing(self.with_driver("crashing"))["NVIDIA driver"]["reason"])

    @unittest.skipUnless(HAS_MODULE, "this build has no CUDA module to be too old for")
    def test_a_driver_that_is_too_old_says_so(self):
        reason = self.missing(self.with_driver("cuda11"))["NVIDIA driver"]["reason"]
        self.assertIn("is too old: it serves CUDA up to 11.4, and the CUDA module needs", reason)

    def test_variables_that_are_no_text_do_no_harm(self):
        self.call("env", "--json", env={**os.environ, "CUDA_ODD": b"\xff\xfe"})
        self.call("env", env={**os.environ, "CUDA_ODD": b"\xff\xfe"})


if __name__ == "__main__":
    sys.exit(unittest.main())
