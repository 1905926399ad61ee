# SPDX-License-Identifier: Apache-2.0
"""HDF5 files between reprotrain and h5py, h5repack and an independent content id.

Usage: hdf5_interop_test.py PROBE [unittest arguments]; exit status 77: h5py is not installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import h5py
    import numpy as np
except ImportError as error:
    print(f"SKIPPED: {error}; install python3-h5py and python3-numpy")
    sys.exit(77)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "oracle"))
import content_id as oracle  # noqa: E402

PROBE = None


def probe(*words):
    done = subprocess.run([PROBE, *words], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


class InteropTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)


class ContentIdVectors(InteropTest):
    def test_ids_of_oracle_program_and_document_agree(self):
        paths = oracle.make_all(self.directory)
        ids = probe("id", *paths)
        with open(os.path.join(ROOT, "docs", "content-id.md"), encoding="utf-8") as file:
            document = file.read()
        for path, ours in zip(paths, ids):
            with self.subTest(os.path.basename(path)):
                self.assertEqual(ours, oracle.content_id(path))
                self.assertIn(f"| `{os.path.basename(path)}` |", document)
                self.assertIn(f"`{ours}`", document)

    def test_tensor_id_agrees(self):
        expected = oracle.tensor_id(np.arange(6, dtype="f4").reshape(2, 3))
        self.assertEqual(probe("tensor"), [expected])

    def test_oracle_reads_what_reprotrain_writes(self):
        path = self.path("sample.h5")
        probe("sample", path)
        self.assertEqual(probe("id", path), [oracle.content_id(path)])
        canonical = self.path("canonical.h5")
        probe("import", path, canonical)
        self.assertEqual(probe("id", canonical), [oracle.content_id(canonical)])


class StorageDoesNotMatter(InteropTest):
    REPACKS = [[], ["-f", "GZIP=9"], ["-f", "SHUF", "-f", "GZIP=1"], ["-f", "FLET"], ["-L"],
               ["-l", "m:CHUNK=3x2"], ["-l", "CONTI"]]

    def make_source(self):
        path = self.path("source.h5")
        with h5py.File(path, "w") as f:
            f["m"] = np.random.default_rng(1).normal(size=(50, 7))
            f["m"].attrs["names"] = [f"größe{i}" for i in range(7)]
            f.create_dataset("s", data=["a", "", "größe"] * 20, dtype=h5py.string_dtype())
            f["t"] = np.array([(1, 2.5, b"x"), (3, 4.5, b"yy")],
                              dtype=[("i", "<i2"), ("f", "<f4"), ("s", "S3")])
        return path

    @unittest.skipUnless(shutil.which("h5repack"), "h5repack is missing: install hdf5-tools")
    def test_h5repack(self):
        source = self.make_source()
        for options in self.REPACKS:
            with self.subTest(" ".join(options)):
                target = self.path("repacked.h5")
                subprocess.run(["h5repack", *options, source, target], check=True,
                               capture_output=True, timeout=60)
                self.assertEqual(probe("id", target), probe("id", source))
                os.remove(target)

    def test_h5py_variants(self):
        values = np.random.default_rng(2).normal(size=(60, 9)).astype("f4")
        variants = [{}, {"chunks": (7, 9)}, {"chunks": True, "compression": "gzip", "shuffle": True},
                    {"dtype": ">f4"}, {"dtype": ">f4", "chunks": (60, 1)}, {"maxshape": (None, None)},
                    {"fillvalue": 3.0}, {"track_times": True}]
        ids = set()
        for libver in ("earliest", "latest", ("v108", "v108")):
            for options in variants:
                path = self.path("v.h5")
                with h5py.File(path, "w", libver=libver) as f:
                    f.create_dataset("x", data=values, **options)
                ids.update(probe("id", path))
        self.assertEqual(len(ids), 1)

    def test_one_flipped_bit(self):
        source = self.make_source()
        before = probe("id", source)
        with h5py.File(source, "r+") as f:
            bits = f["m"][3, 4:5].view("u8")
            f["m"][3, 4] = (bits ^ np.uint64(1)).view("f8")[0]
        self.assertNotEqual(probe("id", source), before)


class H5pyOpensOurFiles(InteropTest):
    def test_sample(self):
        path = self.path("sample.h5")
        probe("sample", path)
        with h5py.File(path, "r") as f:
            np.testing.assert_array_equal(f["X"][:], np.arange(21, dtype="f4").reshape(7, 3) - 0.5)
            self.assertEqual(f["X"].dtype, np.dtype("<f4"))
            self.assertEqual(list(f["X"].attrs["feature_names"]), ["width", "größe", "a/b"])
            self.assertEqual(list(f["y"].asstr()[:]), ["a", "b", "", "a", "größe", "b", "a"])
            self.assertEqual(list(f["row_id"][:]), list(range(10, 17)))
            self.assertEqual(f["model/layer0/rate"][()], 0.1)
            self.assertEqual(f["model"].attrs["kind"], "mlp")
            self.assertEqual(f.attrs["version"], 1)

    def test_canonical_dataset(self):
        source, target = self.path("sample.h5"), self.path("canonical.h5")
        probe("sample", source)
        probe("import", source, target)
        with h5py.File(target, "r") as f:
            self.assertEqual(f.attrs["reprotrain_dataset"], 1)
            self.assertEqual(f.attrs["n_rows"], 7)
            columns = f["columns"]
            self.assertEqual(columns["X"].shape, (7, 3))
            self.assertEqual(list(columns["X"].attrs["element_names"]), ["width", "größe", "a/b"])
            texts = columns["y/categories"].asstr()[:]
            codes = columns["y/codes"][:]
            self.assertEqual([texts[c] for c in codes], ["a", "b", "", "a", "größe", "b", "a"])
            self.assertEqual({name: column.attrs["position"] for name, column in columns.items()},
                             {"X": 0, "row_id": 1, "y": 2})

    def test_one_table_from_every_layout(self):
        rng = np.random.default_rng(3)
        floats = rng.normal(size=20)
        integers = rng.integers(-9, 9, size=20)
        texts = np.array(["red", "blue", "größe", ""] * 5, dtype=object)
        flags = integers > 0
        string = h5py.string_dtype()
        columns = {"a": (floats, "f8"), "b": (integers, "i4"), "c": (texts, string), "d": (flags, "?")}
        flat, table = self.path("flat.h5"), self.path("table.h5")
        with h5py.File(flat, "w") as f:
            for name, (values, dtype) in columns.items():
                f.create_dataset(name, data=values, dtype=dtype)
        rows = np.zeros(20, dtype=[(name, dtype) for name, (_, dtype) in columns.items()])
        for name, (values, _) in columns.items():
            rows[name] = values
        with h5py.File(table, "w") as f:
            f["t"] = rows
        ids = probe("table", flat, table)
        self.assertEqual(ids[0], ids[1])
        canonical = self.path("canonical.h5")
        probe("import", table, canonical)
        self.assertEqual(probe("id", canonical), ids[:1])
        self.assertEqual(probe("table", canonical), ids[:1])


class ForeignFilesAreRefused(InteropTest):
    def test_compression_plugin_and_objects(self):
        path = self.path("f.h5")
        with h5py.File(path, "w") as f:
            f.create_dataset("x", data=np.arange(100), compression="lzf")
        self.assertIn("dataset /x uses the filter 32000 (lzf)", probe("id", path)[0])
        with h5py.File(path, "w") as f:
            f["x"] = np.arange(3)
            f.attrs["r"] = f["x"].ref
        self.assertIn("attribute r of the root group has the unsupported type reference",
                      probe("id", path)[0])
        with h5py.File(path, "w") as f:
            f.attrs["e"] = h5py.Empty("f4")
        self.assertIn("has a null data space", probe("id", path)[0])
        with h5py.File(path, "w") as f:
            f["t"] = np.dtype("f4")
        self.assertIn("object /t is a named data type", probe("id", path)[0])


if __name__ == "__main__":
    PROBE = sys.argv.pop(1)
    unittest.main()
