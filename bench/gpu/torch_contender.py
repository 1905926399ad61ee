# SPDX-License-Identifier: Apache-2.0
"""Trains a workload of bench/gpu/train_beside_torch.py with PyTorch, a turn at a time.

    torch_contender.py TASK        TASK: JSON with config, device, precision, style, settings, threads

Model, batch and optimizer are those of the configuration of the other side. Reads one JSON object a line from standard
input, {"build": true} and then {"turn": SECONDS, "warm_up": SECONDS}, and answers with one each. The data stay on the device,
rows are shuffled there, and a turn is timed from one synchronisation to another, whole epochs, after some that do not count.
"""
import contextlib
import json
import math
import os
import pathlib
import sys
import time

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}


class GlobalAverage(nn.Module):
    def forward(self, images):
        return images.mean((2, 3))


class Residual(nn.Module):
    def __init__(self, layers, shortcut):
        super().__init__()
        self.layers, self.shortcut = layers, shortcut

    def forward(self, images):
        return self.layers(images) + self.shortcut(images)


class LayerBuilder:
    """Turns layers of a configuration into modules; knows the shape of what comes next."""

    def __init__(self, channels, height, width):
        self.channels, self.height, self.width = channels, height, width
        self.is_image = height * width > 1

    def sequence(self, layers):
        modules = []
        for layer in layers:
            modules += getattr(self, layer["type"])(layer)
        return nn.Sequential(*modules)

    def conv2d(self, layer):
        kernel, stride, dilation = layer.get("kernel", 3), layer.get("stride", 1), layer.get("dilation", 1)
        padding = self.padding(layer.get("padding", "same"), kernel, dilation)
        module = nn.Conv2d(self.channels, layer["channels"], kernel, stride, padding, dilation, layer.get("groups", 1),
                           layer.get("bias", True))
        self.channels = layer["channels"]
        self.slide(dilation * (kernel - 1) + 1, stride, padding)
        return [module, *self.nonlinearity(layer)]

    @staticmethod
    def padding(word, window, dilation=1):
        """Of both sides. Where the stride is above 1 the other side pads one more behind than before: the same sizes."""
        if word == "none":
            return 0
        if window % 2 == 0:
            raise ValueError(f"padding same of a window of {window} has no twin in PyTorch")
        return dilation * (window - 1) // 2

    def slide(self, extent, stride, padding):
        self.height = (self.height + 2 * padding - extent) // stride + 1
        self.width = (self.width + 2 * padding - extent) // stride + 1

    def pool(self, kind, layer):
        window, stride = layer.get("window", 2), layer.get("stride", 2)
        padding = self.padding(layer.get("padding", "none"), window)
        self.slide(window, stride, padding)
        return [kind(window, stride, padding)]

    def max_pool(self, layer):
        return self.pool(nn.MaxPool2d, layer)

    def average_pool(self, layer):
        return self.pool(lambda *sizes: nn.AvgPool2d(*sizes, count_include_pad=False), layer)

    def global_average_pool(self, _):
        self.is_image, self.height, self.width = False, 1, 1
        return [GlobalAverage()]

    def batch_norm(self, layer):
        kind = nn.BatchNorm2d if self.is_image else nn.BatchNorm1d
        return [kind(self.channels, eps=1e-5, momentum=layer.get("momentum", 0.1))]

    def activation(self, layer):
        return [ACTIVATIONS[layer["function"]]()]

    def dropout(self, layer):
        return [nn.Dropout(layer["probability"])]

    def flatten(self, _):
        if not self.is_image:
            return []
        self.channels, self.height, self.width, self.is_image = self.channels * self.height * self.width, 1, 1, False
        return [nn.Flatten()]

    def dense(self, layer):
        modules = self.flatten({})
        modules += [nn.Linear(self.channels, layer["units"]), *self.nonlinearity(layer)]
        self.channels = layer["units"]
        return modules

    def layer_norm(self, _):
        return [*self.flatten({}), nn.LayerNorm(self.channels)]

    def residual(self, layer):
        shortcut = LayerBuilder(self.channels, self.height, self.width)
        shortcut.is_image = self.is_image
        return [Residual(self.sequence(layer["layers"]), shortcut.sequence(layer.get("shortcut", [])))]

    @staticmethod
    def nonlinearity(layer):
        name = layer.get("activation", "none")
        return [] if name == "none" else [ACTIVATIONS[name]()]


def build_model(model, image, n_classes):
    """The module of section `model`; the layer to the outputs comes last."""
    height, width, channels = image
    last = {"type": "dense", "units": n_classes}
    if model["type"] == "mlp":
        layers = [{"type": "dense", "units": units, "activation": model.get("activation", "relu")} for units in model["hidden"]]
        return LayerBuilder(height * width * channels, 1, 1).sequence([*layers, last])
    return LayerBuilder(channels, height, width).sequence([*model["layers"], last])


def read_idx(path):
    """The bytes of an IDX file as a tensor of its shape."""
    content = bytearray(path.read_bytes())
    rank = content[3]
    shape = [int.from_bytes(content[4 + 4 * axis:8 + 4 * axis], "big") for axis in range(rank)]
    return torch.frombuffer(content, dtype=torch.uint8, offset=4 + 4 * rank).reshape(shape)


class Training:
    def __init__(self, task):
        self.device = torch.device(task["device"])
        self.is_tuned = task["settings"] == "tuned"
        self.is_cuda = self.device.type == "cuda"
        self.compiles = task["style"] == "compile"
        self.choose_arithmetic(task["precision"], task["settings"])
        config_file = pathlib.Path(task["config"])
        config = json.loads(config_file.read_text())
        self.batch = config["train"]["batch_size"]
        torch.manual_seed(1)
        self.load(config, config_file.parent)
        self.model = build_model(config["model"], self.image, int(self.classes.max()) + 1).to(self.device).train()
        if self.is_tuned:
            self.model.to(memory_format=torch.channels_last)
        self.optimizer = self.make_optimizer(config["train"]["optimizer"])
        self.loss_of = self.make_loss(task["precision"])
        self.first_loss = self.step(torch.arange(self.batch, device=self.device)).item()
        self.epochs(0.0)

    def choose_arithmetic(self, precision, settings):
        if precision == "tf32" and not self.is_cuda:
            raise ValueError("TF32 is a format of GPUs")
        torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        self.rounds_to_tf32 = rounds_to_tf32(self.device)
        if any(self.rounds_to_tf32) and precision != "tf32":
            raise ValueError("factors are rounded to TF32, which was switched off")
        torch.backends.cudnn.benchmark = self.is_tuned
        if settings == "deterministic":
            torch.use_deterministic_algorithms(True)
            torch.backends.cudnn.deterministic = True

    def load(self, config, folder):
        """Converts on the host, so that the device's peak is that of training."""
        images = read_idx(folder / config["data"]["source"])
        self.image = tuple(images.shape[1:])
        is_flat = config["model"]["type"] == "mlp"
        images = images.to(torch.float32) / 255
        if is_flat:
            images = images.reshape(images.shape[0], -1)
        elif not self.is_tuned:
            images = images.permute(0, 3, 1, 2).contiguous()
        self.permutes = self.is_tuned and not is_flat
        self.images = images.to(self.device)
        self.classes = read_idx(folder / config["data"]["labels"]).to(torch.int64).to(self.device)

    def make_optimizer(self, settings):
        if settings != {"type": "adam"}:
            raise ValueError("only Adam as it is by default has a twin here")
        fused = {"fused": True, "capturable": True} if self.is_cuda and (self.compiles or self.is_tuned) else {}
        return torch.optim.Adam(self.model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, **fused)

    def make_loss(self, precision):
        model, criterion, kind = self.model, nn.CrossEntropyLoss(), self.device.type

        def plain(images, classes):
            return criterion(model(images), classes)

        def in_bfloat16(images, classes):
            with torch.autocast(kind, dtype=torch.bfloat16):
                return criterion(model(images), classes)

        function = in_bfloat16 if precision == "bf16" else plain
        if not self.compiles:
            return function
        if not hasattr(torch, "compile"):
            raise ValueError(f"PyTorch {torch.__version__} has no torch.compile")
        return torch.compile(function, mode="reduce-overhead")

    def step(self, rows):
        if self.compiles and hasattr(torch, "compiler"):
            torch.compiler.cudagraph_mark_step_begin()
        images = self.images[rows]
        if self.permutes:
            images = images.permute(0, 3, 1, 2)
        loss = self.loss_of(images, self.classes[rows])
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def epoch(self):
        order = torch.randperm(len(self.classes), device=self.device)
        for begin in range(0, len(order), self.batch):
            loss = self.step(order[begin:begin + self.batch])
        return loss

    def synchronize(self):
        if self.is_cuda:
            torch.cuda.synchronize()

    def epochs(self, seconds):
        """How many epochs it was, at least one, and how long they took."""
        n_epochs, begun = 0, time.perf_counter()
        while n_epochs == 0 or time.perf_counter() - begun < seconds:
            self.last_loss = self.epoch()
            n_epochs += 1
        self.synchronize()
        return n_epochs, time.perf_counter() - begun

    def turn(self, seconds, warm_up):
        self.epochs(warm_up)
        n_epochs, elapsed = self.epochs(seconds)
        return {"samples_per_second": n_epochs * len(self.classes) / elapsed, "loss": number(self.last_loss.item())}

    def description(self):
        """What was built; running statistics of batch norm count as numbers, as they do on the other side."""
        statistics = [values for name, values in self.model.named_buffers() if "num_batches" not in name]
        n_numbers = sum(values.numel() for values in [*self.model.parameters(), *statistics])
        answer = {"first_loss": number(self.first_loss), "loss": number(self.last_loss.item()), "n_numbers": n_numbers,
                  "rounds_to_tf32": self.rounds_to_tf32}
        if self.is_cuda:
            answer["allocated_bytes"] = torch.cuda.max_memory_allocated()
            answer["reserved_bytes"] = torch.cuda.max_memory_reserved()
        if self.compiles:
            answer["cuda_graphs_skipped"] = cuda_graphs_skipped()
        return answer


def rounds_to_tf32(device):
    """Whether a product and a convolution see their factors with 10 bits of fraction: the switches are one thing, and
    differ by version, the arithmetic is another."""
    factor, n_terms = 1 + 2**-12, 512

    def factors(*shape):
        return torch.full(shape, factor, device=device)

    with torch.no_grad():
        product = factors(n_terms, n_terms) @ factors(n_terms, n_terms)
        convolution = nn.functional.conv2d(factors(8, n_terms, 8, 8), factors(64, n_terms, 1, 1))
    return [abs(result.flatten()[0].item() / n_terms - factor**2) > 2**-13 for result in (product, convolution)]


def cuda_graphs_skipped():
    """How often the compiler went without CUDA graphs; None where it does not say."""
    try:
        from torch._dynamo.utils import counters
        return counters["inductor"]["cudagraph_skips"]
    except (ImportError, KeyError):
        return None


def number(value):
    """JSON has no NaN."""
    return value if math.isfinite(value) else None


def main():
    # Whatever libraries print goes to standard error.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    task = json.loads(sys.argv[1])
    if task["threads"]:
        torch.set_num_threads(task["threads"])
    training = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if training is None:
                training = Training(task)
                answer = training.description()
            else:
                answer = training.turn(order["turn"], order["warm_up"])
        except Exception as error:  # whatever it is, the other side makes it a row
            first_line = (str(error).strip().splitlines() or [""])[0]
            answer = {"error": f"{type(error).__name__}: {first_line}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        if "error" in answer:
            return 1
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        sys.exit(main())
