#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files of a run, read with h5py and NumPy alone: names, matrices, labels, and what they mean."""
import json
import os
import shutil
import subprocess
import sys
import unittest

try:
    import h5py
    import numpy
except ImportError:
    print("SKIPPED: python3-h5py is not installed")
    sys.exit(77)

from program import ProgramTest, edit_json


class ResultFiles(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.scratch = ProgramTest()
        cls.scratch.setUp()
        cls.config = cls.scratch.small_config()
        cls.run_directory = cls.scratch.folder / "run"
        cls.scratch.train(cls.config, cls.run_directory)
        cls.result = cls.run_directory / "result"

    @classmethod
    def tearDownClass(cls):
        cls.scratch.doCleanups()

    def test_features_have_names_labels_and_rows(self):
        with h5py.File(self.result / "features.h5") as file:
            self.assertEqual(list(file["X"].attrs["feature_names"]),
                             ["width", "height", "colour=blue", "colour=green", "colour=red"])
            self.assertEqual(file["X"].shape, (80, 5))
            self.assertEqual(file["X"].dtype, numpy.float32)
            self.assertEqual(set(file["y"].asstr()[:]), {"a", "b", "c"})
            self.assertEqual(list(file["row_id"][:]), list(range(80)))
            split = file["split"].asstr()[:]
            self.assertEqual({part: int((split == part).sum()) for part in ("train", "validation", "test")},
                             {"train": 40, "validation": 20, "test": 20})

    def test_features_are_standardized_on_the_training_rows(self):
        with h5py.File(self.result / "features.h5") as file:
            train = file["X"][:][file["split"].asstr()[:] == "train"].astype(float)
        # Bound: one rounding to binary32 of each of 40 values of magnitude below 4.
        self.assertLess(abs(train.mean(axis=0)).max(), 4 * 2.0**-24)
        self.assertLess(abs(train.std(axis=0) - 1).max(), 4 * 2.0**-24)

    def test_predictions_follow_from_the_model_file(self):
        with h5py.File(self.result / "model.h5") as model, h5py.File(self.result / "features.h5") as features, \
                h5py.File(self.result / "predictions.h5") as predictions:
            self.assertEqual(model.attrs["activation"], "tanh")
            self.assertEqual(list(model["feature_names"].asstr()[:]), list(features["X"].attrs["feature_names"]))
            rows = predictions["row_id"][:]
            values = features["X"][:][rows].astype(float)
            for layer in (0, 1):
                parameters = model[f"parameters/layer{layer}"]
                values = values @ parameters["weight"][:].astype(float) + parameters["bias"][:].astype(float)
                values = numpy.tanh(values) if layer == 0 else values
            numerators = numpy.exp(values - values.max(axis=1, keepdims=True))
            expected = numerators / numerators.sum(axis=1, keepdims=True)
            # Bound: two layers of at most 8 binary32 operations on values of order 1.
            self.assertLess(abs(predictions["probability"][:] - expected).max(), 1e-5)
            classes = list(model["target/classes"].asstr()[:])
            self.assertEqual(classes, list(predictions["probability"].attrs["classes"]))
            winners = [classes[index] for index in predictions["probability"][:].argmax(axis=1)]
            self.assertEqual(winners, list(predictions["prediction"].asstr()[:]))

    def test_metrics_follow_from_the_predictions(self):
        with h5py.File(self.result / "predictions.h5") as predictions, h5py.File(self.result / "features.h5") as features:
            test = predictions["split"].asstr()[:] == "test"
            truth = features["y"].asstr()[:][predictions["row_id"][:]]
            accuracy = (predictions["prediction"].asstr()[:] == truth)[test].mean()
        metrics = json.loads((self.result / "metrics.json").read_text())
        self.assertEqual(metrics["metrics"]["test/accuracy"]["value"], accuracy)
        confusion = numpy.array(metrics["confusion"]["test"])
        self.assertEqual(confusion.trace() / confusion.sum(), accuracy)

    def test_training_from_imported_and_repacked_data_gives_the_same_result(self):
        imported = self.folder / "table.h5"
        self.call("data", "import", self.scratch.folder / "table.csv", "--out", imported)
        expected = self.record(self.run_directory)
        files = [imported]
        if shutil.which("h5repack"):
            files.append(self.folder / "repacked.h5")
            subprocess.run(["h5repack", "-f", "GZIP=5", "-l", "CHUNK=7", imported, files[-1]], check=True)
        for number, file in enumerate(files):
            out = self.folder / f"run-{number}"
            self.train(self.config, out, "--set", f"data.source={file}")
            record = self.record(out)
            self.assertEqual(record["inputs"][0]["content_id"], expected["inputs"][0]["content_id"])
            self.assertEqual(record["result_id"], expected["result_id"])

    def test_flat_hdf5_from_another_tool_trains(self):
        source = self.folder / "flat.h5"
        with h5py.File(source, "w") as file, h5py.File(self.result / "features.h5") as features:
            file.create_dataset("X", data=features["X"][:].astype(">f8"), chunks=(16, 5), compression="gzip")
            file["X"].attrs["names"] = features["X"].attrs["feature_names"]
            file["y"] = features["y"][:]
        config = self.folder / "flat.json"
        shutil.copy(self.config, config)
        edit_json(config, lambda c: (c["data"].update(source=str(source), target="y"), c.update(features=[])))
        out = self.folder / "run"
        self.train(config, out)
        # The same numbers in another container and without transforms: the same model.
        with h5py.File(out / "result/model.h5") as ours, h5py.File(self.result / "model.h5") as theirs:
            for name in ("layer0/weight", "layer0/bias", "layer1/weight", "layer1/bias"):
                self.assertEqual(ours[f"parameters/{name}"][:].tobytes(), theirs[f"parameters/{name}"][:].tobytes())


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
