#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Configured networks as their users see them: layers that do not fit, and model files that were damaged."""
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

from program import ProgramTest, edit_json
from sealing import reseal

# The five features of the small table as an image of one row.
NETWORK = {"type": "network", "image": {"height": 1, "width": 5}, "layers": [
    {"type": "conv2d", "channels": 4, "groups": 1},
    {"type": "batch_norm"},
    {"type": "activation", "function": "relu"},
    {"type": "residual",
     "layers": [{"type": "conv2d", "channels": 4, "stride": 2}, {"type": "dropout", "probability": 0.25}],
     "shortcut": [{"type": "conv2d", "channels": 4, "kernel": 1, "stride": 2}]},
    {"type": "max_pool", "window": 2, "stride": 1, "padding": "same"},
    {"type": "flatten"},
    {"type": "dense", "units": 3}]}


class Layers(ProgramTest):
    """Layers that contradict each other are refused before any data is read."""

    def refuse(self, expected, change):
        config = self.small_config(model=NETWORK)
        edit_json(config, lambda c: change(c["model"]))
        (self.folder / "table.csv").write_text("")
        out = self.folder / "run"
        sentence = self.sentence("--config", config, "--out", out)
        self.assertRegex(sentence, rf"^{config}:[0-9]+:[0-9]+: /model/")
        self.assertIn(expected, sentence)
        self.assertFalse(out.exists(), "a refused run left its directory")

    def test_shapes(self):
        for expected, change in (
                ("/model/layers: a dense layer needs numbers", lambda m: m["layers"].__delitem__(slice(5, 7))),
                ("/model/layers/1: conv2d needs an image", lambda m: m["layers"].insert(0, {"type": "flatten"})),
                ("a window of 2 x 2 pixels does not fit an image of 1 x 3 x 4",
                 lambda m: m["layers"][4].pop("padding")),
                ("3 groups must divide the 1 channels found", lambda m: m["layers"][0].update(groups=3)),
                ("/model/layers/3: the layers make an image of 1 x 3 x 2",
                 lambda m: m["layers"][3]["layers"][0].update(channels=2)),
                ("/model/layers/3: the layers make an image of 1 x 3 x 4", lambda m: m["layers"][3].pop("shortcut"))):
            with self.subTest(expected):
                self.refuse(expected, change)

    def test_an_image_that_is_not_the_row_is_refused_with_both_sizes(self):
        config = self.small_config(model=NETWORK)
        edit_json(config, lambda c: c["model"]["image"].update(width=6))
        self.assertIn("has 6 numbers, but a row has 5 features",
                      self.sentence("--config", config, "--out", self.folder / "run"))


def attribute(layer, name, value, dtype=None):
    """A change that sets an attribute, or removes it (value None)."""
    def change(file):
        attributes = file[f"layers/{layer}" if layer else "layers"].attrs
        del attributes[name]
        if value is not None:
            attributes.create(name, value, dtype=dtype)
    return change


def integer(layer, name, value):
    return attribute(layer, name, value, numpy.int64)


def removed(path):
    def change(file):
        del file[path]
    return change


def replaced(path, convert):
    def change(file):
        values = file[path][:]
        del file[path]
        file[path] = convert(values)
    return change


def nested(file):
    """40 residual layers, each the only one in the last."""
    group, attributes = file["layers"], dict(file["layers/3"].attrs)
    del group["0"]
    for _ in range(40):
        layer = group.create_group("0")
        for name, value in attributes.items():
            layer.attrs[name] = value
        layer.create_group("shortcut").attrs["count"] = numpy.int64(0)
        group = layer.create_group("layers")
        group.attrs["count"] = numpy.int64(1)


def perceptron_of(width):
    def change(file):
        file.attrs["type"] = "mlp"
        del file.attrs["hidden"]
        file.attrs.create("hidden", [width], dtype=numpy.int64)
    return change


# What a layer of each type keeps.
FIELDS = {"3/layers/0": ("type", "channels", "kernel", "stride", "dilation", "groups", "padding", "bias", "activation"),
          "1": ("type", "momentum"), "2": ("type", "function"), "3/layers/1": ("type", "probability"), "3": ("type",),
          "4": ("type", "window", "stride", "padding"), "5": ("type",), "6": ("type", "units", "activation")}
OUT_OF_RANGE = "a number of this layer is out of range"
ANOTHER_TYPE = "has another type"
NOT_ONE = "is not one value"


class StoredLayers(ProgramTest):
    """model.h5 with damaged layers, in a run whose record was sealed again: exit 4 and a sentence that names the file."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = ProgramTest()
        cls.scratch.setUp()
        config = cls.scratch.small_config(model=NETWORK)
        edit_json(config, lambda c: c["train"].update(epochs=1))
        cls.original = cls.scratch.folder / "run"
        cls.scratch.train(config, cls.original)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.doCleanups()

    def predict(self, change, expect):
        """What `predict` says to a run with a changed model."""
        run = self.folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(self.original, run)
        with h5py.File(run / "result/model.h5", "r+") as file:
            change(file)
        reseal(run)
        return self.call("predict", run, "--data", self.scratch.folder / "table.csv", "--out", self.folder / "out.h5",
                         "--force", expect=expect).stderr

    def refuse(self, expected, change):
        with self.subTest(expected):
            lines = self.predict(change, expect=4).splitlines()
            self.assertEqual(len(lines), 1, lines)
            self.assertTrue(lines[0].startswith(f"reprotrain: {self.folder / 'run/result/model.h5'}: "), lines[0])
            self.assertIn(expected, lines[0])

    def test_layers_keep_what_the_configuration_says_of_them(self):
        with h5py.File(self.original / "result/model.h5") as file:
            for layer, names in FIELDS.items():
                self.assertEqual(sorted(file[f"layers/{layer}"].attrs), sorted(names), layer)
            self.assertEqual(file["layers/0"].attrs["channels"], 4)
            self.assertEqual(file["layers/4"].attrs["padding"], "same")

    def test_sealed_again_the_model_predicts(self):
        self.assertEqual(self.predict(lambda file: None, expect=0), "")

    def test_missing_parts(self):
        for layer, names in FIELDS.items():
            for name in names:
                self.refuse(f'attribute "{name}" is missing', attribute(layer, name, None))
        for name in ("count", "image_width", "image_channels"):
            self.refuse(f'attribute "{name}" is missing', attribute("", name, None))
        self.refuse("conv2d needs an image", attribute("", "image_height", None))
        self.refuse("layers is missing", removed("layers"))
        self.refuse("layers is missing", removed("layers/3/layers"))
        self.refuse("shortcut is missing", removed("layers/3/shortcut"))
        self.refuse("count of its layers", removed("layers/2"))
        self.refuse("count of its layers", removed("layers/3/layers/1"))
        self.refuse("running_variance is missing", removed("parameters/batch_norm0/running_variance"))
        self.refuse("feature_names is missing", removed("feature_names"))

    def test_other_types_and_lengths(self):
        for value, dtype, expected in (("4", None, ANOTHER_TYPE), (4.0, None, ANOTHER_TYPE), (4, numpy.int32, ANOTHER_TYPE),
                                       ([4, 4], numpy.int64, NOT_ONE), (numpy.zeros(0), numpy.int64, NOT_ONE)):
            self.refuse(f'attribute "channels" {expected}', attribute("0", "channels", value, dtype))
            self.refuse(f'attribute "count" {expected}', attribute("3/layers", "count", value, dtype))
        self.refuse(ANOTHER_TYPE, integer("0", "type", 3))
        self.refuse(NOT_ONE, attribute("0", "type", ["conv2d", "dense"], h5py.string_dtype()))
        self.refuse("null data space", attribute("0", "type", h5py.Empty("S5")))
        self.refuse(ANOTHER_TYPE, integer("1", "momentum", 1))
        self.refuse('"conv0/weight" has another type or shape',
                    replaced("parameters/conv0/weight", lambda values: values.astype("f8")))
        self.refuse('"conv0/weight" has another type or shape',
                    replaced("parameters/conv0/weight", lambda values: values.reshape(-1)))

    def test_words_that_mean_nothing(self):
        self.refuse("there is no model 'resnet'", lambda file: file.attrs.modify("type", "resnet"))
        self.refuse("network has no hidden layers", lambda file: file.attrs.modify("layer_norm", numpy.int64(1)))
        self.refuse('layer type "conv3d" is unknown', attribute("0", "type", "conv3d"))
        self.refuse('activation "swish" is unknown', attribute("0", "activation", "swish"))
        self.refuse("the function is missing", attribute("2", "function", "none"))
        self.refuse('padding "wide" is unknown', attribute("4", "padding", "wide"))

    def test_absurd_sizes(self):
        for name in ("channels", "kernel", "stride", "dilation", "groups"):
            for value in (0, -1, 2**20 + 1, 2**62, -2**63):
                self.refuse(OUT_OF_RANGE, integer("0", name, value))
        for value in (0, -1, 65537, 2**62):
            self.refuse("a number of the image is out of range", integer("", "image_height", value))
        for value in (-1.0, 1.0, float("nan"), float("inf")):
            self.refuse(OUT_OF_RANGE, attribute("3/layers/1", "probability", value))
        for value in (-1.0, 2.0, float("nan")):
            self.refuse(OUT_OF_RANGE, attribute("1", "momentum", value))
        for value in (-1, 0, 6, 8, 2**63 - 1, -2**63):
            self.refuse("count of its layers", integer("", "count", value))
        for value in (-5, 0, 2**62):
            self.refuse("layer0/weight", perceptron_of(value))
        self.refuse("nested more than", nested)

    def test_shapes_that_contradict_each_other(self):
        self.refuse("has 60 numbers, but a row has 5 features", integer("", "image_height", 12))
        self.refuse("2 groups must divide the 1 channels found", integer("0", "groups", 2))
        self.refuse("the shortcut an image of 1 x 5 x 4", integer("3/shortcut/0", "stride", 1))
        self.refuse('"conv0/weight" has another type or shape', integer("0", "channels", 8))
        self.refuse('"conv0/weight" has another type or shape', integer("0", "kernel", 255))
        self.refuse('"layer0/weight" has another type or shape', integer("6", "units", 4))
        self.refuse("does not fit an image", attribute("4", "padding", "none"))
        self.refuse("a dense layer needs numbers", lambda file: (attribute("0", "type", "dense")(file),
                                                                 file["layers/0"].attrs.create("units", 4, dtype=numpy.int64)))
        self.refuse("layers is missing", attribute("0", "type", "residual"))
        self.refuse("tensors that its layers do not have", integer("0", "bias", 0))
        self.refuse("itself by a hard link",
                    lambda file: (removed("layers/3/layers")(file), file["layers/3"].__setitem__("layers", file["layers"])))


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
