#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The CUDA module as the program finds it: the right one, a damaged one, one of another build, none. No GPU is needed."""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramTest

MODULE = PROGRAM.parent / "libreprotrain_cuda.so"
HAS_DRIVER = pathlib.Path("/proc/driver/nvidia/version").exists()
NO_DRIVER = "GPUs not checked: this machine has no NVIDIA driver"


@unittest.skipUnless(MODULE.exists(), "this build has no CUDA module")
class CudaModule(ProgramTest):
    def setUp(self):
        super().setUp()
        self.place = self.folder / "bin"
        self.place.mkdir()
        shutil.copy2(PROGRAM, self.place)

    def refusal(self, content=None):
        """What `selftest --device cuda` says with such a file beside the program."""
        if content is not None:
            (self.place / MODULE.name).write_bytes(content)
        done = subprocess.run([self.place / PROGRAM.name, "selftest", "--device", "cuda"], capture_output=True, text=True,
                              timeout=300)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr.strip().removeprefix("reprotrain: ")

    def replaced(self, old, new):
        content = MODULE.read_bytes()
        self.assertIn(old, content)
        return content.replace(old, new)

    @unittest.skipIf(HAS_DRIVER, "this machine has an NVIDIA driver")
    def test_without_a_driver_gpus_are_an_error_where_they_were_asked_for(self):
        self.assertEqual(self.sentence("selftest", "--device", "cuda"), NO_DRIVER)
        self.assertEqual(self.sentence("selftest", "--device", "cuda:0"), NO_DRIVER)

    @unittest.skipIf(HAS_DRIVER, "this machine has an NVIDIA driver")
    def test_without_a_driver_the_processor_is_still_proven(self):
        done = self.call("selftest", "--path", "portable")
        self.assertEqual(done.stderr.strip(), NO_DRIVER)
        self.assertIn("same bits", done.stdout)

    @unittest.skipIf(HAS_DRIVER, "this machine has an NVIDIA driver")
    def test_the_module_is_found_where_a_package_puts_it(self):
        folder = self.folder / "lib" / "reprotrain"
        folder.mkdir(parents=True)
        shutil.copy2(MODULE, folder)
        self.assertEqual(self.refusal(), NO_DRIVER)

    def test_no_module(self):
        self.assertIn(f"GPUs not checked: no {MODULE.name} beside the program", self.refusal())

    def test_a_truncated_module(self):
        content = MODULE.read_bytes()
        for size in (0, 40, 5000, len(content) // 2, len(content) - 1):
            self.assertIn(f"{MODULE.name} is damaged; install it again", self.refusal(content[:size]))

    def test_a_text_instead_of_a_module(self):
        self.assertIn("invalid ELF header", self.refusal(b"no library at all\n" * 100))

    def test_a_module_of_another_build(self):
        ids = set(re.findall(rb"\0([0-9a-f]{64})\0", MODULE.read_bytes()))
        common = [build_id for build_id in ids if build_id in PROGRAM.read_bytes()]
        self.assertEqual(len(common), 1, "program and module share one build id")
        other = bytes([common[0][0] ^ 1]) + common[0][1:]
        self.assertIn("belongs to another build of reprotrain; install both again",
                      self.refusal(self.replaced(common[0], other)))

    def test_a_library_without_the_function(self):
        self.assertIn("is no module of reprotrain",
                      self.refusal(self.replaced(b"\0reprotrain_cuda_module\0", b"\0reprotrain_CUDA_module\0")))

    def test_the_module_exports_one_function_and_needs_no_library_of_cuda(self):
        exported = subprocess.run(["nm", "-D", "--defined-only", MODULE], capture_output=True, text=True, check=True).stdout
        self.assertEqual([line.split()[-1] for line in exported.splitlines()], ["reprotrain_cuda_module"])
        dynamic = subprocess.run(["readelf", "-d", MODULE], capture_output=True, text=True, check=True).stdout
        needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
        self.assertTrue(needed)
        self.assertFalse([name for name in needed if name.startswith(("libcu", "libnv"))], needed)


if __name__ == "__main__":
    sys.exit(unittest.main())
