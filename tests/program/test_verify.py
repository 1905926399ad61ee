#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""verify and diff against planted faults: each must be caught, with the right exit code and the right place."""
import hashlib
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import time
import unittest

from program import PROGRAM, ProgramTest, edit_json
from sealing import canonical, reseal, sha256

SAME, DIFFERENT, ERROR, INCONCLUSIVE, INVALID = 0, 1, 2, 3, 4


class PlantedFaults(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = ProgramTest()
        cls.shared.setUp()
        cls.config = cls.shared.small_config()
        cls.original = cls.shared.folder / "original"
        cls.shared.train(cls.config, cls.original)

    @classmethod
    def tearDownClass(cls):
        cls.shared.doCleanups()

    def copy(self):
        run = self.folder / "run"
        shutil.copytree(self.original, run)
        return run

    def verify(self, run, expect, *arguments):
        return self.call("verify", run, "--progress", "none", *arguments, expect=expect).stdout

    def test_untouched_run_has_the_same_bits(self):
        self.assertIn("SAME BITS", self.verify(self.copy(), SAME))

    def test_verify_never_writes_into_the_run(self):
        run = self.copy()
        before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in run.rglob("*") if path.is_file()}
        for path in sorted(run.rglob("*"), reverse=True):
            path.chmod(0o555 if path.is_dir() else 0o444)
        self.verify(run, SAME)
        after = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in run.rglob("*") if path.is_file()}
        self.assertEqual(before, after)

    # Evidence that contradicts itself: exit 4, naming what was touched.

    def test_edited_metric_in_the_record(self):
        run = self.copy()
        edit_json(run / "run.json", lambda record: record["metrics"]["test/accuracy"].update(value=1.0))
        done = self.call("verify", run, expect=INVALID)
        self.assertIn("run.json", done.stderr)

    def test_edited_metric_with_a_resealed_record(self):
        run = self.copy()
        edit_json(run / "run.json", lambda record: record["metrics"]["test/accuracy"].update(value=0.123))
        reseal(run)
        self.assertRegex(self.verify(run, INVALID), r"metrics +run.json, test/accuracy")

    def test_edited_metrics_file(self):
        run = self.copy()
        edit_json(run / "result/metrics.json", lambda file: file["metrics"]["test/accuracy"].update(value=1.0))
        self.assertIn("result/metrics.json", self.verify(run, INVALID))

    def test_flipped_bit_in_the_model(self):
        run = self.copy()
        path = run / "result/model.h5"
        data = bytearray(path.read_bytes())
        data[-20] ^= 1
        path.write_bytes(data)
        self.assertIn("result/model.h5", self.verify(run, INVALID))

    def test_truncated_trace(self):
        run = self.copy()
        path = run / "result/trace.jsonl"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[: len(lines) // 2]))
        self.assertIn("trace.jsonl", self.verify(run, INVALID))
        reseal(run)
        self.assertRegex(self.verify(run, INVALID), r"trace +.*trace.jsonl after step \d+")

    def test_edited_configuration(self):
        run = self.copy()
        path = run / "config.json"
        path.write_text(path.read_text().replace('"seed":3', '"seed":4'))
        self.assertIn("config.json", self.verify(run, INVALID))

    def test_edited_result_id(self):
        run = self.copy()
        edit_json(run / "run.json", lambda record: record.update(result_id="rr1:" + "0" * 64))
        reseal(run)
        self.assertIn("result_id", self.verify(run, INVALID))

    def test_missing_and_extra_result_files(self):
        run = self.copy()
        (run / "result/predictions.h5").unlink()
        (run / "result/extra.h5").write_text("x")
        output = self.verify(run, INVALID)
        self.assertIn("result/predictions.h5", output)
        self.assertIn("result/extra.h5", output)

    def test_malformed_evidence_is_a_sentence(self):
        for change in (lambda r: r.update(record_version="one"), lambda r: r.update(stages=7),
                       lambda r: r.update(outputs=[1, 2]), lambda r: r.pop("claim"), lambda r: r.update(metrics=None),
                       lambda r: r.pop("inputs")):
            with self.subTest():
                run = self.copy()
                edit_json(run / "run.json", change)
                reseal(run)
                done = subprocess.run([str(PROGRAM), "verify", str(run), "--progress", "none"], capture_output=True,
                                      text=True)
                self.assertIn(done.returncode, (INCONCLUSIVE, INVALID), done.stderr)
                self.assertNotIn("internal error", done.stderr)
                shutil.rmtree(run)

    def test_missing_result_folder_is_invalid_evidence(self):
        run = self.copy()
        shutil.rmtree(run / "result")
        self.assertIn("result/model.h5", self.verify(run, INVALID))

    def test_unfinished_run_is_named_as_such(self):
        run = self.copy()
        (run / "run.json").unlink()
        self.assertIn("has not finished", self.sentence("verify", run, expect=ERROR))

    def test_member_that_stands_twice_is_invalid_evidence(self):
        run = self.copy()
        path = run / "run.json"
        path.write_text(path.read_text().replace('"result_id":', '"result_id": "rr1:' + 64 * "0" + '",\n  "result_id":', 1))
        self.assertIn("run.json", self.sentence("verify", run, expect=INVALID))

    # Consistent forgeries: only doing the run again finds them (exit 1, the place where the bits part).

    def forge(self, *changes):
        """A run under another configuration whose record claims the original one."""
        run = self.folder / "forged"
        self.train(self.config, run, *[part for change in changes for part in ("--set", change)])
        record = json.loads((run / "run.json").read_text())
        original = json.loads((self.original / "run.json").read_text())
        for key in ("config", "config_sha256", "identity_sha256", "seeds"):
            record[key] = original[key]
        shutil.copy(self.original / "config.json", run / "config.json")
        record["result_id"] = self.result_id(record)
        (run / "run.json").write_text(json.dumps(record))
        reseal(run)
        return run

    def result_id(self, record):
        identity = {key: value for key, value in record["config"].items()
                    if key not in ("name", "description", "output", "runtime")}
        identity["data"] = {key: value for key, value in identity["data"].items() if key not in ("source", "labels")}
        body = {"definition": "rr1", "config": identity, "arithmetic": sorted(record["claim"]["arithmetic"]),
                "inputs": {item["role"]: item["content_id"] for item in record["inputs"]},
                "splits": record["splits"], "outputs": record["outputs"],
                "metrics": {name: metric["bits"] for name, metric in record["metrics"].items()}}
        return "rr1:" + sha256(canonical(body))

    def test_the_forger_knows_the_definition_of_the_result_id(self):
        record = self.shared.record(self.original)
        self.assertEqual(self.result_id(record), record["result_id"])

    def test_another_seed(self):
        output = self.verify(self.forge("seed=4"), DIFFERENT)
        self.assertIn("the bits part first at stage split", output)

    def test_another_activation(self):
        output = self.verify(self.forge("model.activation=sigmoid"), DIFFERENT)
        self.assertIn("the bits part first at steps: step 1 (epoch 1), loss", output)

    def test_another_batch_order(self):
        output = self.verify(self.forge("train.shuffle=false"), DIFFERENT)
        self.assertIn("the bits part first at steps: step 1 (epoch 1), batch row indices", output)

    def test_another_learning_rate(self):
        output = self.verify(self.forge("train.optimizer.learning_rate=0.0100001"), DIFFERENT)
        self.assertIn("the bits part first at steps: step 1 (epoch 1), tensor layer0/weight", output)

    def test_one_weight_bit_flipped_in_the_middle_of_training(self):
        import h5py
        run = self.folder / "flipped"
        process = subprocess.Popen([str(PROGRAM), "--config", str(self.config), "--out", str(run), "--progress", "none",
                                    "--set", "train.epochs=2000", "--set", "output.checkpoint_stride=100",
                                    "--set", "output.trace_stride=10"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not list(run.glob("checkpoints/step-*/DONE")):
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 130)
        newest = sorted(run.glob("checkpoints/step-*/DONE"))[-1].parent
        with h5py.File(newest / "state.h5", "r+") as file:
            step = int(file.attrs["step"])
            (bits,) = struct.unpack("<I", struct.pack("<f", file["parameters"][5]))
            (value,) = struct.unpack("<f", struct.pack("<I", bits ^ 0x1000))
            file["parameters"][5] = value
        digest = hashlib.sha256((newest / "state.h5").read_bytes()).hexdigest()
        (newest / "DONE").write_text(digest + "\n")
        self.train(self.config, run, "--resume", "--set", "train.epochs=2000", "--set", "output.checkpoint_stride=0",
                   "--set", "output.trace_stride=10")
        output = self.verify(run, DIFFERENT)
        found = re.search(r"the bits part first at steps: step (\d+) \(epoch \d+\), (loss|tensor \S+)", output)
        self.assertIsNotNone(found, output)
        self.assertLess(step, int(found.group(1)))
        self.assertLessEqual(int(found.group(1)), step + 10)

    # Data: exit 3 when it is not the recorded one.

    def test_one_changed_data_row_is_not_the_recorded_input(self):
        other = self.folder / "other.csv"
        text = (self.config.parent / "table.csv").read_text()
        other.write_text(text.replace("red", "blue", 1))
        sentence = self.sentence("verify", self.copy(), "--data", f"source={other}", expect=INCONCLUSIVE)
        self.assertRegex(sentence, r'other.csv: is not input "source" \(h5c1:[0-9a-f]{64}, 80 rows\) but h5c1:')

    def test_verify_works_from_any_directory(self):
        run = self.folder / "elsewhere"
        self.call("--config", self.config.name, "--out", run, "--progress", "none", cwd=self.config.parent)
        self.assertIn("SAME BITS", self.call("verify", run, "--progress", "none", cwd="/").stdout)

    def test_moved_data_is_found_by_content_also_in_another_format(self):
        run = self.copy()
        table = self.config.parent / "table.csv"
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        self.call("data", "import", table, "--out", elsewhere / "imported.h5")
        hidden = table.rename(table.with_suffix(".hidden"))
        try:
            self.assertIn("was not found", self.sentence("verify", run, expect=INCONCLUSIVE))
            self.assertIn("SAME BITS", self.verify(run, SAME, "--data-root", elsewhere))
            self.assertIn("SAME BITS", self.verify(run, SAME, "--data", f"source={elsewhere / 'imported.h5'}"))
        finally:
            hidden.rename(table)

    def test_unknown_arithmetic_is_inconclusive(self):
        run = self.copy()
        def change(record):
            record["claim"]["arithmetic"].append("zeta-v9")
            record["result_id"] = self.result_id(record)
        edit_json(run / "run.json", change)
        reseal(run)
        self.assertIn("zeta-v9", self.sentence("verify", run, expect=INCONCLUSIVE))


class Diff(ProgramTest):
    def test_causes_come_before_effects(self):
        config = self.small_config()
        first, second, same = self.folder / "a", self.folder / "b", self.folder / "c"
        self.train(config, first)
        self.train(config, second, "--set", "seed=9")
        self.train(config, same, "--threads", "2")
        self.call("diff", first, same, expect=SAME)
        output = self.call("diff", first, second, expect=DIFFERENT).stdout
        self.assertLess(output.index("/seed"), output.index("result_id"))

    def test_runs_of_different_models_can_be_compared(self):
        config = self.small_config()
        first, second = self.folder / "a", self.folder / "b"
        self.train(config, first)
        self.train(config, second, "--set", "model.hidden=[4,3]", "--set", "model.layer_norm=true")
        output = self.call("diff", first, second, expect=DIFFERENT).stdout
        self.assertIn("/model/hidden", output)
        self.call("diff", second, first, expect=DIFFERENT)

    def test_one_changed_data_row_is_named_as_a_cause(self):
        config = self.small_config()
        first, second = self.folder / "a", self.folder / "b"
        self.train(config, first)
        table = self.folder / "table.csv"
        table.write_text(table.read_text().replace("red", "blue", 1))
        self.train(config, second)
        output = self.call("diff", first, second, expect=DIFFERENT).stdout
        self.assertIn("h5c1:", output)


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
