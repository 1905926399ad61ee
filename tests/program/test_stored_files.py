#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that the program wrote and somebody changed, in runs that were sealed again: exit 4 and a sentence naming the file."""
import hashlib
import os
import shutil
import sys
import unittest

try:
    import h5py
    import numpy
except ImportError:
    print("SKIPPED: python3-h5py is not installed")
    sys.exit(77)

from program import ProgramTest
from sealing import reseal


def setting(path, name, value, dtype=None):
    """A change that sets an attribute."""
    def change(file):
        attributes = file[path].attrs
        if name in attributes:
            del attributes[name]
        attributes.create(name, value, dtype=dtype)
    return change


def integer(name, value):
    return setting("/", name, value, numpy.int64)


def replaced(path, value, **options):
    """A change that puts another dataset in the place of one."""
    def change(file):
        del file[path]
        file.create_dataset(path, data=value, **options)
    return change


class ChangedFile(ProgramTest):
    """One trained run, copied for each change."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = ProgramTest()
        cls.scratch.setUp()
        cls.config = cls.scratch.small_config()
        cls.original = cls.scratch.folder / "run"
        cls.scratch.train(cls.config, cls.original)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.doCleanups()

    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "run"

    def copy(self):
        shutil.rmtree(self.run_directory, ignore_errors=True)
        shutil.copytree(self.original, self.run_directory)

    def assert_one_sentence(self, done, file, expected):
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith(f"reprotrain: {file}: "), lines[0])
        self.assertIn(expected, lines[0])


class StoredModel(ChangedFile):
    def refuse(self, expected, change):
        with self.subTest(expected):
            self.copy()
            file = self.run_directory / "result/model.h5"
            with h5py.File(file, "r+") as model:
                change(model)
            reseal(self.run_directory)
            done = self.call("predict", self.run_directory, "--data", self.scratch.folder / "table.csv",
                             "--out", self.folder / "out.h5", "--force", expect=4)
            self.assert_one_sentence(done, file, expected)

    def test_layers_that_are_larger_than_the_file(self):
        """Tensors are compared before memory is taken: here for 1.2 TiB."""
        def hidden(values):
            return setting("/", "hidden", values, numpy.int64)
        self.refuse('"layer0/weight" has another type or shape', hidden([2**36]))
        self.refuse("make more than 2^40 parameters", hidden([2**39]))
        self.refuse("more hidden layers than tensors", hidden([8] * 5))
        self.refuse("takes more bytes than the file",
                    replaced("parameters/layer0/weight", None, shape=(5, 2**34), dtype="f4", chunks=(5, 2**16)))
        self.refuse("takes more bytes than the file",
                    replaced("feature_names", None, shape=(2**34,), dtype=h5py.string_dtype(), chunks=(2**16,)))
        self.refuse("takes more bytes than the file",
                    replaced("parameters/layer0/weight", numpy.zeros((5, 2**16), "f4"), compression="gzip"))

    def test_targets(self):
        def of_target(name, value):
            return setting("target", name, value)
        def classes(names):
            return replaced("target/classes", names, dtype=h5py.string_dtype())
        self.refuse('task "ternary" is unknown', of_target("task", "ternary"))
        self.refuse('attribute "name" has another type', of_target("name", 3))
        self.refuse("the number of its classes", classes(["a"]))
        self.refuse("the number of its classes", classes([]))
        self.refuse("the number of its classes", of_target("task", "binary"))
        self.refuse('"classes" has another type', replaced("target/classes", [1.0, 2.0, 3.0]))
        self.refuse('"classes" is not a list', classes([["a", "b", "c"]]))
        def regression(mean):
            def change(file):
                file["target"].attrs["task"] = "regression"
                file["target/mean"] = mean
                file["target/deviation"] = 1.0
            return change
        self.refuse('"mean" is not one value', regression(numpy.zeros(0)))
        self.refuse('"mean" has another type', regression("far"))

    def test_parts_of_another_kind(self):
        self.refuse('"target" is a dataset instead of a group', replaced("target", 1.0))
        self.refuse('"feature_names" has another type', replaced("feature_names", [1.0]))
        self.refuse('"layer1/bias" has another type or shape', replaced("parameters/layer1/bias", numpy.zeros(3)))


class StoredCheckpoint(ChangedFile):
    def resume(self, change, **options):
        """Resumes the run, not finished after all, from a changed checkpoint."""
        self.copy()
        (self.run_directory / "run.json").unlink()
        newest = sorted(self.run_directory.glob("checkpoints/step-*/DONE"))[-1].parent
        with h5py.File(newest / "state.h5", "r+") as state:
            change(state)
        (newest / "DONE").write_text(hashlib.sha256((newest / "state.h5").read_bytes()).hexdigest() + "\n")
        return newest / "state.h5", self.train(self.config, self.run_directory, "--resume", **options)

    def refuse(self, expected, change):
        with self.subTest(expected):
            file, done = self.resume(change, expect=4)
            self.assert_one_sentence(done, file, expected)

    def test_unchanged_it_gives_the_same_result(self):
        self.resume(lambda file: None)
        self.assertEqual(self.record(self.run_directory)["result_id"], self.record(self.original)["result_id"])

    def test_damaged_attributes(self):
        self.refuse('attribute "epoch" is missing', lambda file: file.attrs.__delitem__("epoch"))
        self.refuse('attribute "epoch" is not one value', integer("epoch", numpy.zeros(0)))
        self.refuse('attribute "epoch" has another type', setting("/", "epoch", 1.5))
        self.refuse("its folder of another one", integer("step", 29))

    def test_states_that_training_never_comes_by(self):
        unfit = "does not fit the model and its data"
        for name, value in (("epoch", -1), ("epoch", 2**62), ("epoch", 5), ("rows_in_epoch", 8), ("rows_in_epoch", -8),
                            ("rows_in_epoch", 3), ("finished", 0), ("best_epoch", 0), ("best_epoch", 2**40)):
            self.refuse(unfit, integer(name, value))
        self.refuse(unfit, replaced("parameters", numpy.zeros(3, "f4")))
        self.refuse(unfit, replaced("best_parameters", numpy.zeros(3, "f4")))
        self.refuse(unfit, lambda file: file["optimizer/adam"].__delitem__("m"))
        self.refuse('no state "adam/m" of that size', replaced("optimizer/adam/m", numpy.zeros(3, "f4")))
        self.refuse('no state "adam/z" of that size', lambda file: file["optimizer/adam"].move("m", "z"))


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
