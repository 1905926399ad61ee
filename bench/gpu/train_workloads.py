# SPDX-License-Identifier: Apache-2.0
"""What bench/gpu/train_beside_torch.py trains: models, synthetic data, and which contenders are compared on them."""
import dataclasses
import json
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
N_CLASSES = 10
PRECISIONS = ["fp32", "tf32", "bf16"]
TRACE = "trace"  # a comparison of a run with itself, traced and not
TRACE_STRIDE = 10  # the program's default
NO_TRACE = 1_000_000_000
BATCHES = {"mlp": [128, 1024, 16384], "lenet": [128, 1024], "resnet18": [128, 512]}
REHEARSED_BATCHES = {"mlp": [128, 1024, 16384], "lenet": [32, 64], "resnet18": [8, 16]}
# (model, index of its batch, what is compared): what has to be known first; everything else follows.
FIRST = [("mlp", 0, "fp32"), ("resnet18", 0, "fp32"), ("mlp", 0, TRACE), ("resnet18", 0, "tf32"), ("lenet", 0, "fp32"),
         ("mlp", 1, "fp32"), ("mlp", 2, "fp32"), ("resnet18", 0, "bf16"), ("resnet18", 0, TRACE), ("mlp", 0, "tf32"),
         ("lenet", 0, "tf32")]


@dataclasses.dataclass(frozen=True)
class Workload:
    """A model on images of one shape, trained in batches of one size; an epoch is a whole number of them."""
    model_name: str
    batch: int
    n_rows: int
    image: tuple  # (height, width, channels)
    model: dict  # section `model` of a configuration

    def name(self):
        return f"{self.model_name} {self.batch}"


@dataclasses.dataclass(frozen=True)
class Contender:
    """One way to train a workload: `arithmetic` is a matmul or a precision, `settings` of PyTorch alone."""
    side: str  # portable, device or torch
    arithmetic: str
    style: str = ""  # torch: eager or compile
    settings: str = ""  # torch: default, deterministic or tuned
    trace_stride: int = TRACE_STRIDE

    def name(self):
        words = [self.side, self.arithmetic, self.style, "" if self.settings == "default" else self.settings,
                 "untraced" if self.trace_stride == NO_TRACE else ""]
        return " ".join(word for word in words if word)

    def is_ours(self):
        return self.side != "torch"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Contenders that take turns."""
    workload: Workload
    subject: str  # a precision, or TRACE
    contenders: tuple

    def name(self):
        return f"{self.workload.name()} {self.subject}"


def residual_block(channels, stride):
    """Two convolutions beside the identity or, where the shape changes, a projection."""
    branch = [{"type": "conv2d", "channels": channels, "stride": stride, "bias": False}, {"type": "batch_norm"},
              {"type": "activation", "function": "relu"},
              {"type": "conv2d", "channels": channels, "bias": False}, {"type": "batch_norm"}]
    projection = [{"type": "conv2d", "channels": channels, "kernel": 1, "stride": stride, "bias": False},
                  {"type": "batch_norm"}]
    return [{"type": "residual", "layers": branch, "shortcut": projection if stride > 1 else []},
            {"type": "activation", "function": "relu"}]


def resnet18(width):
    """ResNet-18 as it is made for images of 32 x 32: a first convolution of 3 x 3, no pooling after it."""
    layers = [{"type": "conv2d", "channels": width, "bias": False}, {"type": "batch_norm"},
              {"type": "activation", "function": "relu"}]
    for stage in range(4):
        for block in range(2):
            layers += residual_block(width << stage, stride=2 if stage > 0 and block == 0 else 1)
    layers.append({"type": "global_average_pool"})
    return {"type": "network", "image": {"height": 32, "width": 32, "channels": 3}, "layers": layers}


def make_workload(model_name, batch, rehearsal):
    """The rehearsal has an epoch of two batches and a narrow residual network."""
    n_wanted = 8192 if model_name == "resnet18" else 60_000
    n_rows = 2 * batch if rehearsal else -(-n_wanted // batch) * batch
    if model_name == "resnet18":
        return Workload(model_name, batch, n_rows, (32, 32, 3), resnet18(width=8 if rehearsal else 64))
    model = {"type": "mlp", "hidden": [256], "activation": "relu"}
    if model_name == "lenet":
        model = json.loads((ROOT / "configs/mnist/lenet.json").read_text())["model"]
    return Workload(model_name, batch, n_rows, (28, 28, 1), model)


def contenders_for(model_name, subject):
    """Ours first, then PyTorch from what counts most to what counts least."""
    if subject == TRACE:
        return tuple(Contender(side, arithmetic, trace_stride=stride)
                     for side, arithmetic in (("portable", "fma32"), ("device", "tf32"))
                     for stride in (TRACE_STRIDE, NO_TRACE))
    portable = {"fp32": ["fma32", "int8x2"], "tf32": ["int8x2"], "bf16": []}[subject]
    ours = [Contender("portable", matmul) for matmul in portable] + [Contender("device", subject)]
    settings = ["default", "deterministic"] + ([] if model_name == "mlp" else ["tuned"])
    peers = [Contender("torch", subject, style, setting) for setting in settings for style in ("eager", "compile")]
    return tuple(ours + peers)


def comparisons(rehearsal):
    """All of them, the most important first."""
    batches = REHEARSED_BATCHES if rehearsal else BATCHES
    subjects = PRECISIONS + [TRACE]
    everything = [(model, place, subject) for subject in subjects for model in batches
                  for place in range(len(batches[model])) if subject != TRACE or place == 0]
    ordered = FIRST + [case for case in everything if case not in FIRST]
    return [Comparison(make_workload(model, batches[model][place], rehearsal), subject, contenders_for(model, subject))
            for model, place, subject in ordered]


def write_data(workload, folder):
    """Images and labels as IDX files. The upper half of an image tells its class, so that a loss that does not fall is a
    fault; the lower half is noise."""
    n_pixels = workload.image[0] * workload.image[1] * workload.image[2]
    n_signal = n_pixels // 2
    patterns = [os.urandom(n_signal) for _ in range(N_CLASSES)]
    labels = bytes(row % N_CLASSES for row in range(workload.n_rows))
    with open(folder / "images.idx", "wb") as images:
        images.write(idx_head((workload.n_rows, *workload.image)))
        for label in labels:
            images.write(patterns[label] + os.urandom(n_pixels - n_signal))
    (folder / "labels.idx").write_bytes(idx_head((workload.n_rows,)) + labels)


def idx_head(dimensions):
    """The head of an IDX file of unsigned bytes (docs/data-formats.md)."""
    return bytes([0, 0, 8, len(dimensions)]) + b"".join(size.to_bytes(4, "big") for size in dimensions)


def configuration(workload, contender):
    """Of a run that goes on until it is ended, and reports every epoch."""
    numerics = {"matmul": contender.arithmetic} if contender.side == "portable" else {"mode": "device",
                                                                                     "precision": contender.arithmetic}
    return {
        "config_version": 1, "name": workload.model_name, "seed": 1,
        "data": {"source": "images.idx", "labels": "labels.idx", "target": "label", "split": {"test": 0}},
        "features": [{"op": "min_max", "columns": "all"}],
        "model": workload.model,
        "train": {"epochs": 1_000_000, "batch_size": workload.batch, "loss": {"type": "cross_entropy"},
                  "optimizer": {"type": "adam"}},
        "numerics": numerics,
        "output": {"features": False, "trace_stride": contender.trace_stride, "checkpoint_stride": 0},
    }
