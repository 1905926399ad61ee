#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What bad input gets: one sentence naming file, place and remedy, exit code 2, nothing half-written."""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import unittest

from program import PROGRAM, ProgramTest, edit_json, small_table


class BadConfiguration(ProgramTest):
    def refuse(self, expected, *arguments):
        out = self.folder / "run"
        sentence = self.sentence("--config", self.folder / "small.json", "--out", out, *arguments)
        self.assertIn(expected, sentence)
        self.assertFalse(out.exists(), "a refused run left its directory")

    def test_missing_file(self):
        self.refuse("small.json")

    def test_syntax_error_has_line_and_column(self):
        config = self.small_config()
        config.write_text(config.read_text().replace('"seed": 3,', '"seed": 3'))
        self.refuse("small.json:5:")

    def test_unknown_key_with_did_you_mean(self):
        config = self.small_config()
        edit_json(config, lambda c: c["train"].update(epoch=3))
        self.refuse("epochs")

    def test_duplicate_key(self):
        config = self.small_config()
        config.write_text(config.read_text().replace('"seed": 3,', '"seed": 3,\n  "seed": 4,'))
        self.refuse("seed")

    def test_values_out_of_range(self):
        self.small_config()
        for assignment, key in (("train.batch_size=0", "batch_size"), ("train.optimizer.learning_rate=-1", "learning_rate"),
                                ("data.split.test=0.8", "split"), ("model.hidden=[0]", "hidden"),
                                ("train.epochs=ten", "epochs"), ("nothing.here=1", "nothing")):
            with self.subTest(assignment):
                self.refuse(key, "--set", assignment)

    def test_unknown_column(self):
        config = self.small_config()
        edit_json(config, lambda c: c["features"][0].update(columns=["color"]))
        sentence = self.sentence("--config", config, "--out", self.folder / "run")
        self.assertIn("/features/0/columns/0", sentence)
        self.assertIn('did you mean "colour"', sentence)

    def test_device_that_this_build_does_not_have(self):
        config = self.small_config()
        self.assertIn("cuda", self.sentence("--config", config, "--out", self.folder / "run", "--device", "cuda"))


class BadData(ProgramTest):
    def refuse(self, text, *expected, config=None):
        config = config or self.small_config()
        table = self.folder / "table.csv"
        if isinstance(text, bytes):
            table.write_bytes(text)
        elif text is not None:
            table.write_text(text)
        sentence = self.sentence("--config", config, "--out", self.folder / "run", "--force")
        for part in expected:
            self.assertIn(part, sentence)
        self.assertFalse((self.folder / "run").exists(), "a refused run left its directory")
        return sentence

    def test_missing_file(self):
        config = self.small_config()
        (self.folder / "table.csv").unlink()
        self.refuse(None, "table.csv", config=config)

    def test_force_keeps_the_old_run_until_the_new_one_stands(self):
        config = self.small_config()
        out = self.folder / "run"
        self.train(config, out)
        before = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        self.sentence("--config", config, "--out", out, "--force", "--set", "data.target=knd")
        after = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        self.assertEqual(before, after)
        self.train(config, out, "--force", "--set", "seed=8")
        self.assertFalse((out / ".replaced").exists())

    def test_empty_file(self):
        self.refuse("", "table.csv")

    def test_ragged_row_has_its_line(self):
        self.refuse(small_table() + "1.0,2.0,red\n", "table.csv: line 82: ")

    def test_text_in_a_declared_numeric_column(self):
        config = self.small_config()
        edit_json(config, lambda c: c["data"].update(columns={"width": "numeric"}))
        self.refuse(small_table().replace("0.0000,0.0000", "wide,0.0000", 1), "table.csv: line 2, column \"width\": ", config=config)

    def test_target_with_one_class(self):
        self.refuse("\n".join(["width,height,colour,kind"] + ["1,2,red,a"] * 20) + "\n", "only the class")

    def test_missing_target(self):
        lines = small_table().splitlines()
        lines[5] = lines[5].rsplit(",", 1)[0] + ","
        self.refuse("\n".join(lines) + "\n", "table.csv", "kind", "row 4 (counted from 0)")

    def test_missing_feature_without_impute(self):
        lines = small_table().splitlines()
        lines[5] = "," + lines[5].split(",", 1)[1]
        self.refuse("\n".join(lines) + "\n", "width", "impute")

    def test_file_that_is_not_what_its_name_says(self):
        self.refuse(b"\x89HDF\r\n\x1a\n" + b"\0" * 100, "table.csv")

    def test_truncated_gzip(self):
        import gzip
        self.refuse(gzip.compress(small_table().encode())[:-20], "table.csv")


class BadPlaces(ProgramTest):
    def test_unwritable_output(self):
        config = self.small_config()
        blocked = self.folder / "blocked"
        blocked.write_text("a file where a folder is needed")
        self.assertIn("blocked", self.sentence("--config", config, "--out", blocked / "run"))

    def test_disk_full_is_a_sentence_and_leaves_no_finished_run(self):
        config = self.small_config()
        for limit in (200, 3000, 9000):
            with self.subTest(limit=limit):
                out = self.folder / f"run-{limit}"
                done = subprocess.run(
                    [str(PROGRAM), "--config", str(config), "--out", str(out), "--progress", "none"],
                    capture_output=True, text=True, timeout=120,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
                self.assertFalse((out / "run.json").exists())
                leftovers = [path for path in out.rglob("*") if ".tmp" in path.name]
                self.assertEqual(leftovers, [])

    def test_full_device(self):
        if not pathlib.Path("/dev/full").exists():
            self.skipTest("/dev/full does not exist")
        config = self.small_config()
        sentence = self.sentence("features", "--config", config, "--out", "/dev/full/x.h5")
        self.assertIn("/dev/full", sentence)

    def test_full_standard_output_is_an_error(self):
        config = self.small_config()
        with open("/dev/full", "w") as full:
            done = subprocess.run([str(PROGRAM), "data", "show", str(self.folder / "table.csv")], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("standard output", done.stderr)
        self.call("--config", config, "--dry-run")

    def test_closed_standard_streams_harm_no_file(self):
        config = self.small_config()
        out = self.folder / "run"
        subprocess.run(["sh", "-c", f"'{PROGRAM}' --config '{config}' --out '{out}' <&- >&- 2>&-"], check=False)
        self.call("verify", out, "--progress", "none")

    def test_no_command_overwrites_its_input_or_a_run(self):
        config = self.small_config()
        run = self.folder / "run"
        self.train(config, run)
        table = self.folder / "table.csv"
        for arguments in (["data", "import", table, "--out", table, "--force"],
                          ["predict", run, "--data", table, "--out", table, "--force"],
                          ["predict", run, "--data", table, "--out", run / "result/predictions.h5", "--force"],
                          ["features", "--config", config, "--out", table, "--force"]):
            self.assertIn("would overwrite", self.sentence(*arguments))
        self.call("verify", run, "--progress", "none")

    def test_usage_errors_exit_2(self):
        for arguments in (["--no-such-option"], ["verify"], ["no-such-command"], ["--config"], []):
            with self.subTest(arguments):
                self.call(*arguments, expect=2)

    def test_help_names_every_command(self):
        text = self.call("--help").stdout
        for command in ("verify", "diff", "features", "predict", "data", "env"):
            self.assertIn(command, text)


class Prediction(ProgramTest):
    def train_small(self, unseen, matmul="fma32"):
        config = self.small_config(numerics={"matmul": matmul})
        edit_json(config, lambda c: c["features"][0].update(unseen=unseen))
        self.train(config, self.folder / "run")
        return self.folder / "run"

    def test_predictions_of_the_training_table_equal_those_of_the_run(self):
        import h5py
        for matmul in ("fma32", "int8x2"):
            run = self.train_small("error", matmul)
            out = self.folder / f"{matmul}.h5"
            self.call("predict", run, "--data", self.folder / "table.csv", "--out", out)
            with h5py.File(out) as predicted, h5py.File(run / "result/predictions.h5") as held_out:
                rows = held_out["row_id"][:]
                self.assertEqual(predicted["probability"][:][rows].tobytes(), held_out["probability"][:].tobytes())
                self.assertEqual(list(predicted["prediction"][:][rows]), list(held_out["prediction"][:]))
            shutil.rmtree(run)

    def test_unseen_category_follows_the_policy(self):
        other = self.folder / "other.csv"
        other.write_text("width,height,colour\n1.0,2.0,violet\n")
        for unseen, code in (("error", 2), ("ignore", 0), ("other", 0)):
            with self.subTest(unseen):
                run = self.train_small(unseen)
                done = self.call("predict", run, "--data", other, "--out", self.folder / f"{unseen}.h5", expect=code)
                if code:
                    self.assertIn("violet", done.stderr)
                    self.assertIn("colour", done.stderr)
                shutil.rmtree(run)

    def test_missing_column_is_named(self):
        run = self.train_small("error")
        other = self.folder / "other.csv"
        other.write_text("width,colour\n1.0,red\n")
        self.assertIn("height", self.sentence("predict", run, "--data", other, "--out", self.folder / "p.h5"))

    def test_exchanged_model_is_refused(self):
        run = self.train_small("error")
        with open(run / "result/model.h5", "ab") as file:
            file.write(b"x")
        self.assertIn("model.h5", self.sentence("predict", run, "--data", self.folder / "table.csv", "--out",
                                                self.folder / "p.h5", expect=4))


class Features(ProgramTest):
    def test_export_equals_the_features_of_the_run(self):
        config = self.small_config()
        self.train(config, self.folder / "run")
        out = self.folder / "features.h5"
        self.call("features", "--config", config, "--out", out)
        self.assertEqual(out.read_bytes(), (self.folder / "run/result/features.h5").read_bytes())


class Environment(ProgramTest):
    def test_env_json_names_what_a_record_needs(self):
        environment = json.loads(self.call("env", "--json").stdout)
        text = json.dumps(environment)
        for word in ("cpu", "glibc", "hdf5", "compiler", "sha256"):
            self.assertIn(word, text.lower())


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
