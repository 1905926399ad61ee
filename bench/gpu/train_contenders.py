# SPDX-License-Identifier: Apache-2.0
"""The processes that take turns in bench/gpu/train_beside_torch.py: runs of `reprotrain`, and torch_contender.py."""
import contextlib
import json
import os
import pathlib
import queue
import signal
import subprocess
import tempfile
import threading
import time

from train_workloads import configuration

TORCH_CONTENDER = pathlib.Path(__file__).with_name("torch_contender.py")
CLOSING_SECONDS = 5
WARM_UP = 0.2  # of a turn: before it counts, clocks have risen


class Failed(Exception):
    """A contender gives no figure; says why."""


class Interrupts:
    """SIGINT and SIGTERM as KeyboardInterrupt, but not while a process is being started: nobody would end it."""

    def __init__(self):
        self.are_held = self.are_due = False

    def install(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.receive)

    def receive(self, *_):
        self.are_due = True
        if not self.are_held:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def held(self):
        self.are_held = True
        try:
            yield
        finally:
            self.are_held = False
        if self.are_due:
            raise KeyboardInterrupt


INTERRUPTS = Interrupts()


class TalkingProcess:
    """A process of whose lines on one stream a thread notes when each came."""

    def __init__(self, command, talks_on, **variables):
        self.rest = tempfile.TemporaryFile()  # the other stream, for its last words
        streams = {"stdout": self.rest, "stderr": self.rest, talks_on: subprocess.PIPE}
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, text=True,
                                        env={**os.environ, **variables}, **streams)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self.read, args=(getattr(self.process, talks_on),), daemon=True)
        self.reader.start()

    def read(self, stream):
        for line in stream:
            self.lines.put((time.perf_counter(), line))
        self.lines.put((time.perf_counter(), None))

    def next_line(self, deadline, waited_for):
        """(when, line). Raises Failed when there comes no more."""
        try:
            when, line = self.lines.get(timeout=max(deadline - time.perf_counter(), 0.01))
        except queue.Empty:
            raise Failed(f"{waited_for}: not within the time") from None
        if line is None:
            raise Failed(self.last_words())
        return when, line

    def last_words(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(CLOSING_SECONDS)
        status = self.process.returncode
        how = "it closed its output" if status is None else f"signal {-status}" if status < 0 else f"exit status {status}"
        self.rest.seek(0)
        lines = [line.strip() for line in self.rest.read().decode(errors="replace").splitlines() if line.strip()]
        return f"{how}: {lines[-1][:300]}" if lines else how

    def say(self, order):
        try:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
        except OSError:
            raise Failed(self.last_words()) from None

    def close(self, patience=0.0):
        """Ends it, stopped or not, after `patience` seconds in which it may do so by itself, its input being at its end."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            if patience > 0:
                self.process.wait(patience)
        self.process.kill()
        self.process.wait()
        self.reader.join(CLOSING_SECONDS)  # something it has started may hold its output
        if not self.reader.is_alive():
            (self.process.stdout or self.process.stderr).close()
        self.rest.close()


class OurRun:
    """A run of the program that never comes to its end. It is stopped (SIGSTOP) while others have their turn; steps that it
    has queued on the GPU, less than an epoch of them, still run then and are waited for. Time is taken between events
    `epoch`, so that start, data, evaluation and the end do not count, but all of training does: shuffling, the trace and its
    digests."""

    def __init__(self, contender, workload, folder, options):
        config = folder / f"{contender.name().replace(' ', '-')}.json"
        config.write_text(json.dumps(configuration(workload, contender), indent=1) + "\n")
        self.command = [options.program, "--config", config, "--out", folder / config.stem, "--force", "--progress", "json",
                        "--device", options.device]
        if options.threads:
            self.command += ["--threads", options.threads]
        self.n_rows = workload.n_rows
        self.queues_steps = options.device != "cpu"
        self.talk = None

    def prefetch(self):
        """There is nothing to do before the start."""

    def start(self, seconds):
        """Until the second epoch is over: in the first one graphs are recorded and libraries have chosen."""
        with INTERRUPTS.held():
            self.talk = TalkingProcess(self.command, "stderr")
        deadline = time.perf_counter() + seconds
        first, first_loss = self.next_epoch(0.0, deadline)
        second, loss = self.next_epoch(first, deadline)
        self.pause(second - first)
        return {"first_loss": first_loss, "loss": loss}

    def turn(self, seconds, patience):
        """From the first end of an epoch after the warm-up to one that comes `seconds` later or more."""
        resumed = time.perf_counter()
        deadline = resumed + patience
        self.talk.process.send_signal(signal.SIGCONT)
        begun, _ = self.next_epoch(resumed + WARM_UP * seconds, deadline)
        ended, n_epochs = begun, 0
        while ended - begun < seconds or n_epochs == 0:
            ended, loss = self.next_epoch(begun, deadline)
            n_epochs += 1
        self.pause((ended - begun) / n_epochs)
        return {"samples_per_second": n_epochs * self.n_rows / (ended - begun), "loss": loss}

    def pause(self, epoch_seconds):
        self.talk.process.send_signal(signal.SIGSTOP)
        if self.queues_steps:
            time.sleep(epoch_seconds)

    def next_epoch(self, after, deadline):
        """(when, loss) of the next event `epoch` that came later than `after`."""
        while True:
            when, line = self.talk.next_line(deadline, "the end of an epoch")
            try:
                event = json.loads(line)
            except ValueError:
                raise Failed(f"it says: {line.strip()[:300]}") from None
            if event["event"] == "error":
                raise Failed(event["message"][:300])
            if event["event"] == "epoch" and when > after:
                return when, event["train_loss"]

    def pid(self):
        return self.talk.process.pid

    def close(self):
        if self.talk:
            self.talk.close()
            self.talk = None


class TorchRun:
    """torch_contender.py; it waits for its turns by itself."""

    def __init__(self, contender, workload, folder, options):
        config = folder / "torch.json"
        config.write_text(json.dumps(configuration(workload, contender), indent=1) + "\n")
        task = {"config": str(config), "device": options.device, "precision": contender.arithmetic, "style": contender.style,
                "settings": contender.settings, "threads": options.threads}
        self.command = [options.python, TORCH_CONTENDER, json.dumps(task)]
        self.variables = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"} if contender.settings == "deterministic" else {}
        self.talk = None

    def prefetch(self):
        """Imports PyTorch, which takes seconds and no memory of the device, while others start."""
        with INTERRUPTS.held():
            self.talk = TalkingProcess(self.command, "stdout", **self.variables)

    def start(self, seconds):
        if self.talk is None:
            self.prefetch()
        return self.ask({"build": True}, seconds, "the first epoch")

    def turn(self, seconds, patience):
        return self.ask({"turn": seconds, "warm_up": WARM_UP * seconds}, patience, "the turn")

    def ask(self, order, seconds, waited_for):
        self.talk.say(order)
        _, line = self.talk.next_line(time.perf_counter() + seconds, waited_for)
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def pid(self):
        return self.talk.process.pid

    def close(self):
        """Gently: compilers that it has started are its to end."""
        if self.talk:
            self.talk.close(CLOSING_SECONDS)
            self.talk = None


def make_run(contender, workload, folder, options):
    kind = OurRun if contender.is_ours() else TorchRun
    return kind(contender, workload, folder, options)


def look_for_torch(options, seconds):
    """(versions, None), or (None, why PyTorch cannot take part)."""
    question = ("import json, torch; print(json.dumps({'torch': torch.__version__, 'cuda': torch.version.cuda, "
                "'cudnn': torch.backends.cudnn.version(), 'sees_gpu': torch.cuda.is_available()}))")
    try:
        done = subprocess.run([options.python, "-c", question], capture_output=True, text=True, timeout=seconds,
                              stdin=subprocess.DEVNULL, check=False)
        versions = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return None, f"PyTorch is not here: {error}"
    if versions is None:
        return None, f"PyTorch is not here: {(done.stderr.strip().splitlines() or ['it says nothing'])[-1]}"
    if options.device != "cpu" and not versions["sees_gpu"]:
        return None, f"PyTorch {versions['torch']} sees no GPU"
    return versions, None
