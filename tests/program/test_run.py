#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs, seen from outside: golden result ids, invariance, interruption, locking."""
import json
import os
import signal
import subprocess
import time
import unittest

from program import CONFIGS, PROGRAM, ProgramTest, edit_json, golden_result_ids, shared_data


class ExampleTest(ProgramTest):
    def check_example(self, name, minimum, *arguments, matmul=None, folder=None):
        golden_name = f"{name}-{matmul}" if matmul else name
        out = self.folder / golden_name
        if matmul:
            arguments += ("--set", f"numerics.matmul={matmul}")
        done = self.train(CONFIGS / (folder or name) / f"{name}.json", out, *arguments)
        record = self.record(out)
        self.assertEqual(record["result_id"], golden_result_ids()[golden_name])
        self.assertIn(record["result_id"], done.stdout)
        metric, bound = minimum
        value = record["metrics"][f"test/{metric}"]["value"]
        if metric == "rmse":
            self.assertLess(value, bound)
        else:
            self.assertGreaterEqual(value, bound)
        return out


class Examples(ExampleTest):
    def test_digits_reaches_97_percent_and_verifies(self):
        out = self.check_example("digits", ("accuracy", 0.97), "--threads", "2")
        verified = self.call("verify", out, "--threads", "1", "--progress", "none")
        self.assertIn("SAME BITS", verified.stdout)

    def test_digits_reaches_97_percent_with_integer_slices_too(self):
        for matmul in ("int8x2", "int8x3"):
            out = self.check_example("digits", ("accuracy", 0.97), "--threads", "2", matmul=matmul)
            self.assertIn(f"{matmul}-v1-draft", self.record(out)["claim"]["arithmetic"])
            verified = self.call("verify", out, "--threads", "1", "--progress", "none")
            self.assertIn("SAME BITS", verified.stdout)

    def test_convolutions_reach_97_percent_on_digits_verify_and_predict(self):
        out = self.check_example("digits_cnn", ("accuracy", 0.97), "--threads", "2", folder="digits")
        verified = self.call("verify", out, "--threads", "1", "--progress", "none")
        self.assertIn("SAME BITS", verified.stdout)
        self.call("predict", out, "--data", CONFIGS / "digits/digits.csv",
                  "--out", self.folder / "predictions.h5")

    def test_a_residual_network_on_shifted_images_reaches_98_percent_on_digits(self):
        out = self.check_example("digits_resnet", ("accuracy", 0.98), "--threads", "2", folder="digits")
        verified = self.call("verify", out, "--threads", "1", "--progress", "none")
        self.assertIn("SAME BITS", verified.stdout)

    def test_breast_cancer(self):
        self.check_example("breast_cancer", ("accuracy", 0.95))

    def test_diabetes(self):
        self.check_example("diabetes", ("rmse", 60.0))


class ExamplesOnRealData(ExampleTest):
    def test_lenet_reaches_95_percent(self):
        data = shared_data()
        self.check_example("lenet", ("accuracy", 0.95), "--threads", "2",
                           "--set", f"data.source={data}/mnist-t10k-images-idx3-ubyte.gz",
                           "--set", f"data.labels={data}/mnist-t10k-labels-idx1-ubyte.gz", folder="mnist")

    def test_mnist_10k_reaches_95_percent(self):
        data = shared_data()
        for matmul in (None, "int8x2", "int8x3"):
            self.check_example("mnist", ("accuracy", 0.95),
                               "--set", f"data.source={data}/mnist-t10k-images-idx3-ubyte.gz",
                               "--set", f"data.labels={data}/mnist-t10k-labels-idx1-ubyte.gz", matmul=matmul)

    def test_california_housing_rmse_is_below_55000(self):
        data = shared_data()
        self.check_example("california_housing", ("rmse", 55000.0),
                           "--set", f"data.source={data}/california-housing.csv")


class Invariance(ProgramTest):
    def test_threads_place_locale_and_environment_do_not_matter(self):
        config = self.small_config()
        first = self.folder / "first"
        self.train(config, first, "--threads", "1")
        for threads in ("2", "7"):
            other = self.folder / f"threads {threads}"
            self.train(config, other, "--threads", threads)
            self.assert_same_results(first, other)
        other = self.folder / "elsewhere"
        environment = {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Kathmandu", "PADDING": "x" * 4000}
        self.train(config, other, env=environment, cwd="/")
        self.assert_same_results(first, other)
        self.assertEqual(self.record(first)["result_id"], self.record(other)["result_id"])

    def test_strides_and_paths_are_no_part_of_the_identity(self):
        config = self.small_config()
        first = self.folder / "first"
        second = self.folder / "second"
        self.train(config, first)
        self.train(config, second, "--set", "output.trace_stride=7", "--set", "output.checkpoint_stride=0",
                   "--set", "name=renamed", "--set", "output.features=false")
        self.assertEqual(self.record(first)["result_id"], self.record(second)["result_id"])

    def test_every_key_that_decides_values_changes_the_result_id(self):
        config = self.small_config()
        ids = set()
        for number, change in enumerate(["seed=3", "seed=4", "model.activation=gelu", "train.batch_size=9",
                                         "train.optimizer.learning_rate=0.011", "train.epochs=5",
                                         "data.split.test=0.3", "features.1.op=min_max",
                                         "numerics.matmul=int8x2", "numerics.matmul=int8x3"]):
            out = self.folder / str(number)
            self.train(config, out, "--set", change)
            ids.add(self.record(out)["result_id"])
        self.assertEqual(len(ids), 10)


class Interruption(ProgramTest):
    def start(self, config, out, *arguments):
        return subprocess.Popen([str(PROGRAM), "--config", str(config), "--out", str(out), "--progress", "none",
                                 *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def long_config(self):
        config = self.small_config()
        document = json.loads(config.read_text())
        document["train"]["epochs"] = 400
        document["output"] = {"trace_stride": 10, "checkpoint_stride": 40}
        config.write_text(json.dumps(document))
        return config

    def wait_for_checkpoint(self, out):
        for _ in range(1000):
            if list(out.glob("checkpoints/step-*/DONE")):
                return
            time.sleep(0.01)
        self.fail("no checkpoint appeared")

    def start_and_kill(self, config, out):
        """Leaves a run that was killed some time after its first checkpoint."""
        process = self.start(config, out)
        self.wait_for_checkpoint(out)
        process.kill()
        process.communicate()

    def test_killed_runs_resume_to_the_same_bits(self):
        config = self.long_config()
        whole = self.folder / "whole"
        self.train(config, whole)
        for moment in (0.0, 0.05, 0.15, 0.3, 0.5):
            out = self.folder / f"killed-{moment}"
            process = self.start(config, out)
            if moment > 0.1:
                self.wait_for_checkpoint(out)
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.train(config, out, "--resume", "--threads", "7")
            self.assert_same_results(whole, out)
            self.assertEqual(self.record(whole)["result_id"], self.record(out)["result_id"])

    def test_a_stopped_network_goes_on_with_other_threads_to_the_same_bits(self):
        """Running statistics, dropout, the optimizer and the order of an epoch go through the checkpoint."""
        config = self.long_config()
        edit_json(config, lambda c: c.update(model={
            "type": "network", "image": {"height": 1, "width": 5}, "layers": [
                {"type": "conv2d", "channels": 6, "bias": False},
                {"type": "batch_norm"},
                {"type": "residual",
                 "layers": [{"type": "conv2d", "channels": 6, "activation": "relu"},
                            {"type": "dropout", "probability": 0.25}]},
                {"type": "global_average_pool"}]}))
        often = ["--set", "output.checkpoint_stride=7"]  # an epoch has 5 steps: within most of them
        whole = self.folder / "whole"
        self.train(config, whole, "--threads", "1")
        for signal_number, expected in ((signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)):
            out = self.folder / f"stopped by {expected}"
            process = self.start(config, out, "--threads", "1", *often)
            self.wait_for_checkpoint(out)
            process.send_signal(signal_number)
            process.communicate()
            self.assertEqual(process.returncode, expected)
            self.train(config, out, "--resume", "--threads", "3")
            self.assert_same_results(whole, out)
            self.assertEqual(self.record(whole)["result_id"], self.record(out)["result_id"])

    def test_sigterm_writes_a_checkpoint_and_exits_130(self):
        config = self.long_config()
        out = self.folder / "stopped"
        process = self.start(config, out, "--set", "train.epochs=40000")
        self.wait_for_checkpoint(out)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate()
        self.assertEqual(process.returncode, 130, errors)
        self.assertRegex(errors, r"stopped after step \d+ of \d+; go on with --resume")
        partial = json.loads((out / "run.partial.json").read_text())
        self.assertEqual(partial["status"], "interrupted")
        self.assertFalse((out / "run.json").exists())

    def test_second_process_on_a_run_directory_is_refused(self):
        config = self.long_config()
        out = self.folder / "busy"
        process = self.start(config, out, "--set", "train.epochs=40000")
        self.wait_for_checkpoint(out)
        sentence = self.sentence("--config", config, "--out", out, "--resume", "--set", "train.epochs=40000")
        process.kill()
        process.communicate()
        self.assertIn("another process is writing this run", sentence)

    def test_resume_refuses_other_identity_keys_and_other_data(self):
        config = self.long_config()
        out = self.folder / "run"
        self.start_and_kill(config, out)
        self.assertIn("/train/batch_size", self.sentence("--config", config, "--out", out, "--resume",
                                                         "--set", "train.batch_size=16"))
        table = self.folder / "table.csv"
        table.write_text(table.read_text().replace("red", "green", 1))
        self.assertIn("other data", self.sentence("--config", config, "--out", out, "--resume"))

    def test_resume_refuses_other_labels_and_another_trace_stride(self):
        config = self.long_config()
        out = self.folder / "run"
        self.start_and_kill(config, out)
        self.assertIn("/output/trace_stride", self.sentence("--config", config, "--out", out, "--resume",
                                                            "--set", "output.trace_stride=7"))
        table = self.folder / "table.csv"
        table.write_text(table.read_text().replace(",a\n", ",b\n", 1))
        self.assertIn("other data", self.sentence("--config", config, "--out", out, "--resume"))

    def test_resume_refuses_a_trace_that_was_damaged_before_the_checkpoint(self):
        config = self.long_config()
        out = self.folder / "run"
        self.start_and_kill(config, out)
        trace = out / "result/trace.jsonl"
        lines = trace.read_text().splitlines(keepends=True)
        trace.write_text("".join(lines[:1] + lines[2:]))
        self.assertIn("trace.jsonl", self.sentence("--config", config, "--out", out, "--resume", expect=4))

    def test_resume_of_a_finished_run_changes_nothing(self):
        config = self.small_config()
        out = self.folder / "run"
        self.train(config, out)
        before = (out / "run.json").read_bytes()
        done = self.train(config, out, "--resume")
        self.assertIn("result id", done.stdout)
        self.assertEqual((out / "run.json").read_bytes(), before)
        self.assertIn("/seed", self.sentence("--config", config, "--out", out, "--resume", "--set", "seed=99"))

    def test_damaged_newest_checkpoint_is_skipped_for_the_one_before(self):
        config = self.long_config()
        whole = self.folder / "whole"
        self.train(config, whole)
        out = self.folder / "run"
        process = self.start(config, out)
        while len(list(out.glob("checkpoints/step-*/DONE"))) < 2 and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        process.communicate()
        newest = sorted(out.glob("checkpoints/step-*/DONE"))[-1].parent / "state.h5"
        damaged = bytearray(newest.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        newest.write_bytes(damaged)
        if not (out / "run.json").exists():
            self.train(config, out, "--resume")
        self.assert_same_results(whole, out)


class RunDirectory(ProgramTest):
    def test_existing_out_needs_resume_or_force(self):
        config = self.small_config()
        out = self.folder / "run"
        self.train(config, out)
        sentence = self.sentence("--config", config, "--out", out)
        self.assertIn("exists already; use --resume", sentence)
        self.train(config, out, "--force")

    def test_dry_run_writes_nothing(self):
        config = self.small_config()
        before = sorted(self.folder.iterdir())
        self.call("--config", config, "--out", self.folder / "run", "--dry-run")
        self.assertEqual(sorted(self.folder.iterdir()), before)
        (self.folder / "table.csv").unlink()
        self.assertIn("no such file", self.sentence("--config", config, "--dry-run"))

    def test_print_config_shows_defaults_and_can_be_run(self):
        config = self.small_config()
        printed = self.call("--config", config, "--print-config").stdout
        self.assertEqual(json.loads(printed)["train"]["optimizer"]["beta1"], 0.9)
        again = self.folder / "printed.json"
        again.write_text(printed)
        first, second = self.folder / "a", self.folder / "b"
        self.train(config, first)
        self.train(again, second)
        self.assertEqual(self.record(first)["result_id"], self.record(second)["result_id"])

    def test_progress_json_is_one_object_a_line(self):
        config = self.small_config()
        done = self.call("--config", config, "--out", self.folder / "run", "--progress", "json")
        events = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertIn("epoch", {event["event"] for event in events})
        self.assertEqual(events[-1], {"event": "finished", "exit_code": 0,
                                      "result_id": self.record(self.folder / "run")["result_id"]})
        done = self.call("--config", config, "--out", self.folder / "run", "--progress", "json", expect=2)
        self.assertEqual([json.loads(line)["event"] for line in done.stderr.splitlines()], ["error"])

    def test_progress_json_tells_errors_of_every_kind_as_events(self):
        config = self.small_config()
        out = ["--out", self.folder / "run"]
        (self.folder / "broken.json").write_text('{"config_version": 1')
        (self.folder / "table.csv").write_text("colour,kind\nred\n")
        nowhere = self.folder / os.fsdecode(b"caf\xe9.json")
        for arguments, part in [
            (["--config", self.folder / "broken.json", "--progress", "json"], "broken.json"),
            (["--config", config, "--set", "train.epoch=5", "--progress=json"], "did you mean"),
            (["--config", config, "--progress", "json", "--thread", "2"], "--thread"),
            (["--config", config, "--progress", "json", "--threads", "x"], "--threads"),
            (["--config", config, *out, "--progress", "json", "--device", "cuda"], "cuda"),
            (["--config", config, *out, "--progress", "json", "--resume", "--force"], "contradict"),
            (["--config", nowhere, "--progress", "json"], "caf"),
            (["--progress", "json"], "--config FILE"),
            (["--config", config, *out, "--progress", "json"], "table.csv: line 2"),
            (["features", "--config", config, "--out", self.folder / "f.h5", "--progress", "json"], "line 2"),
            (["verify", self.folder / "run", "--progress", "json"], "is no directory"),
        ]:
            with self.subTest(arguments=arguments):
                done = self.call(*arguments, expect=2)
                event = json.loads(done.stderr.splitlines()[-1])
                self.assertEqual((event["event"], event["exit_code"]), ("error", 2))
                self.assertIn(part, event["message"])
                for line in done.stderr.splitlines():
                    self.assertIn("event", json.loads(line))

    def test_diverged_run_leaves_a_failed_record_that_verifies(self):
        config = self.small_config(
            data={"source": "table.csv", "target": "height", "split": {"test": 0.25}},
            features=[{"op": "drop", "columns": ["colour", "kind"]}],
            model={"type": "linear_regression"},
            train={"epochs": 50, "batch_size": 8, "loss": {"type": "mse"},
                   "optimizer": {"type": "sgd", "learning_rate": 1000}},
            output={"checkpoint_stride": 1})
        out = self.folder / "run"
        done = self.train(config, out, expect=2)
        self.assertRegex(done.stderr, r"the loss became (NaN|infinite) in step \d+")
        self.assertEqual(self.record(out)["status"], "failed")
        failed_step = self.record(out)["failure"]["step"]
        newest = max(int(done.parent.name[5:]) for done in out.glob("checkpoints/step-*/DONE"))
        self.assertEqual(newest, failed_step - 1)
        verified = self.call("verify", out, "--progress", "none")
        self.assertIn("it failed again in the same way", verified.stdout)
        again = self.sentence("--config", config, "--out", out, "--resume", "--progress", "none")
        self.assertIn("has failed already", again)

    def test_names_of_the_machine_that_are_no_text_do_not_harm_a_run(self):
        config = self.small_config()
        place = os.fsencode(self.folder) + b"/caf\xe9"
        os.mkdir(place)
        os.rename(os.fsencode(self.folder / "table.csv"), place + b"/table.csv")
        os.rename(os.fsencode(config), place + b"/small.json")
        environment = {**os.environb, b"OMP_PLACES": b"\xff\xfe"}
        subprocess.run([os.fsencode(PROGRAM), b"--config", place + b"/small.json", b"--out", place + b"/run",
                        b"--progress", b"none"], check=True, capture_output=True, env=environment)
        subprocess.run([os.fsencode(PROGRAM), b"verify", place + b"/run", b"--data", b"source=" + place + b"/table.csv",
                        b"--progress", b"none"], check=True, capture_output=True)

    def test_what_a_killed_process_leaves_stands_in_nobodys_way(self):
        config = self.small_config()
        out = self.folder / "run"
        (out / "result").mkdir(parents=True)
        (out / "config.json.tmp4711").write_text("{")
        self.train(config, out)
        (out / "run.json").unlink()
        (out / "result/model.h5.tmp4711").write_text("half")
        self.train(config, out, "--resume")
        other = self.folder / "other"
        self.train(config, other)
        self.assert_same_results(out, other)


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
