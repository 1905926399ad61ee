# SPDX-License-Identifier: Apache-2.0
"""A configured network trained from its configuration, from docs/arithmetic.md ("Configured networks", "Training").

Defaults of the configuration are those of docs/config.md. tests/program/test_network_oracle.py compares it with the
program.
"""
from collections import Counter

import convolutions
import philox
import pooling
from layers import ONE, ZERO, initial_weights, softmax
from losses import batch_loss
from network_layers import (Activation, BatchNorm, Chain, Convolution, Dense, Dropout, LayerNorm, Moves, Residual, Shape,
                            Tensor, f64, global_average, in_rows, window_pooling)
from optimizers import Settings, clipped, stepped
from schedules import factor
from split import share

SPLIT, EPOCH = 1 << 24, 2 << 24


def paddings(size, kernel, stride, dilation, padding):
    """Before and after an axis."""
    if padding == "none":
        return 0, 0
    wanted = -(-size // stride)
    total = max(0, (wanted - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return total // 2, total - total // 2


class Builder:
    """Shapes, numbers and tensors of the layers, in the order of the configuration."""

    def __init__(self, spec, seed, shape):
        self.spec, self.seed, self.shape = spec, seed, shape
        self.tensors, self.numbers = [], Counter()

    def number(self, kind):
        self.numbers[kind] += 1
        return self.numbers[kind] - 1

    def tensor(self, name, values, **marks):
        self.tensors.append(Tensor(name, values, **marks))
        return self.tensors[-1]

    def weight(self, name, n_in, n_out, n_values):
        values = initial_weights(n_in, n_out, self.seed, len(self.tensors), n_values)
        return self.tensor(name, values, decays=True)

    def scale_and_shift(self, name, n):
        return self.tensor(f"{name}/scale", [ONE] * n), self.tensor(f"{name}/shift", [ZERO] * n)

    def chain(self, configs):
        return Chain([layer for config in configs for layer in self.layers(config)])

    def layers(self, config):
        return getattr(self, config["type"])(**{key: value for key, value in config.items() if key != "type"})

    def nonlinearity(self, name):
        return [] if name == "none" else [Activation(name)]

    def conv2d(self, channels, kernel=3, stride=1, padding="same", dilation=1, groups=1, bias=True, activation="none"):
        height, width, n_found = self.shape
        top, bottom = paddings(height, kernel, stride, dilation, padding)
        left, right = paddings(width, kernel, stride, dilation, padding)
        g = convolutions.Geometry(height, width, n_found, channels, kernel, kernel, stride, stride, top, left, bottom, right,
                                  dilation, dilation, groups)
        self.shape = Shape(*convolutions.output_size(g), channels)
        name, n_taps = f"conv{self.number('conv')}", kernel * kernel
        n_in, n_out = n_taps * (n_found // groups), n_taps * (channels // groups)
        weight = self.weight(f"{name}/weight", n_in, n_out, n_in * channels)
        own_bias = self.tensor(f"{name}/bias", [ZERO] * channels) if bias else None
        return [Convolution(self.spec, g, weight, own_bias)] + self.nonlinearity(activation)

    def pooled(self, pool, window, stride, padding):
        height, width, channels = self.shape
        top, bottom = paddings(height, window, stride, 1, padding)
        left, right = paddings(width, window, stride, 1, padding)
        g = pooling.Geometry(height, width, channels, window, window, stride, stride, top, left, bottom, right)
        self.shape = Shape(pooling.n_windows(height, top, bottom, window, stride, 1),
                           pooling.n_windows(width, left, right, window, stride, 1), channels)
        return [window_pooling(pool, g)]

    def max_pool(self, window=2, stride=2, padding="none"):
        return self.pooled(pooling.maximum, window, stride, padding)

    def average_pool(self, window=2, stride=2, padding="none"):
        return self.pooled(pooling.average, window, stride, padding)

    def global_average_pool(self):
        found, self.shape = self.shape, Shape(1, 1, self.shape.channels)
        return [global_average(found)]

    def batch_norm(self, momentum=0.1):
        n = self.shape.channels
        name = f"batch_norm{self.number('batch_norm')}"
        scale, shift = self.scale_and_shift(name, n)
        mean = self.tensor(f"{name}/running_mean", [ZERO] * n, trained=False)
        variance = self.tensor(f"{name}/running_variance", [ONE] * n, trained=False)
        return [BatchNorm(n, momentum, scale, shift, mean, variance)]

    def layer_norm(self):
        return [LayerNorm(*self.scale_and_shift(f"norm{self.number('norm')}", self.shape.channels))]

    def activation(self, function):
        return [Activation(function)]

    def dropout(self, probability):
        return [Dropout(probability, self.seed, self.number("dropout"))] if probability > 0 else []

    def random_flip(self, probability=0.5):
        return [Moves(self.shape, probability, 0, self.seed, self.number("augmentation"))]

    def random_shift(self, pixels):
        return [Moves(self.shape, 0, pixels, self.seed, self.number("augmentation"))]

    def flatten(self):
        height, width, channels = self.shape
        self.shape = Shape(1, 1, height * width * channels)
        return []

    def dense(self, units, activation="none"):
        name, n_in = f"layer{self.number('dense')}", self.shape.channels
        self.shape = Shape(1, 1, units)
        weight = self.weight(f"{name}/weight", n_in, units, n_in * units)
        return [Dense(self.spec, weight, self.tensor(f"{name}/bias", [ZERO] * units))] + self.nonlinearity(activation)

    def residual(self, layers, shortcut=()):
        found = self.shape
        branch = self.chain(layers)
        made, self.shape = self.shape, found
        beside = self.chain(shortcut)
        assert self.shape == made
        return [Residual(branch, beside)]


class Run:
    """config: as in the file of the program, with its data in rows of binary32 Floats, and classes (numbers from 0) or
    values to learn. After train(), tensors, losses of the steps, and outputs() of any rows."""

    def __init__(self, config, rows, targets, n_outputs):
        self.seed, self.train_config, self.rows, self.targets = config["seed"], config["train"], rows, targets
        model = config["model"]
        image = model.get("image", {"height": 1, "width": 1, "channels": len(rows[0])})
        shape = Shape(image["height"], image["width"], image.get("channels", 1))
        builder = Builder(config.get("numerics", {}).get("matmul", "fma32"), self.seed, shape)
        self.network = Chain(builder.chain(model["layers"]).layers + builder.dense(n_outputs))
        self.tensors, self.losses, self.n_outputs = builder.tensors, [], n_outputs
        self.training_rows = self.split(config["data"]["split"]["test"])

    def split(self, test):
        n = len(self.rows)
        order = philox.shuffled(self.seed, SPLIT, 0, list(range(n)))
        return sorted(order[share(n, test):])

    def batches(self):
        size = self.train_config["batch_size"]
        for epoch in range(self.train_config["epochs"]):
            order = philox.shuffled(self.seed, EPOCH, epoch, self.training_rows)
            yield from in_rows(order, size)

    def train(self):
        batches = list(self.batches())
        for step, batch in enumerate(batches):
            self.step(step, batch, len(batches))
        return self

    def step(self, step, batch, n_steps):
        outputs = self.network.forward([self.rows[row] for row in batch], step)
        targets = [self.targets[row] for row in batch]
        results = batch_loss(self.train_config["loss"]["type"], outputs, targets, targets, None)
        self.losses.append(results[-1])
        self.network.backward(in_rows(results[len(batch):-1], self.n_outputs))
        self.update(step, self.factor(step, n_steps))

    def factor(self, step, n_steps):
        schedule = self.train_config.get("schedule", {"type": "constant"})
        settings = [f64(schedule.get("final_factor", 0))] if schedule["type"] == "cosine" else []
        n_epoch_steps = n_steps // self.train_config["epochs"]
        return factor(schedule["type"], step, n_epoch_steps, n_steps, schedule.get("warmup_steps", 0), *settings)

    def update(self, step, rate_factor):
        optimizer = dict(self.train_config["optimizer"])
        name, nesterov = optimizer.pop("type"), optimizer.pop("nesterov", False)
        decay = f64(optimizer.pop("weight_decay", 0))
        settings = {key: f64(value) for key, value in optimizer.items()}
        trained = [tensor for tensor in self.tensors if tensor.trained]
        gradients = sum((tensor.gradient for tensor in trained), [])
        if "clip_norm" in self.train_config:
            _, gradients = clipped(gradients, f64(self.train_config["clip_norm"]))
        for tensor in trained:
            own, gradients = gradients[:len(tensor.values)], gradients[len(tensor.values):]
            own_settings = Settings(factor=rate_factor, nesterov=nesterov, weight_decay=decay if tensor.decays else f64(0),
                                    **settings)
            tensor.values, tensor.first, tensor.second = stepped(
                name, own_settings, step + 1, tensor.values, own, tensor.first, tensor.second)

    def outputs(self, rows):
        return self.network.forward(rows, None)


def probabilities(outputs):
    return [softmax(row)[0] for row in outputs]
