# SPDX-License-Identifier: Apache-2.0
"""The layers of a configured network, from docs/arithmetic.md.

A batch is a list of rows, a row a list of binary32 Floats; numbers without a geometry are an image of one pixel. Each layer
has forward(rows, step), with step None in inference, and backward(gradient), which returns the gradient of the inputs
and leaves those of its own tensors in them.
"""
from collections import namedtuple
from dataclasses import dataclass, field

import batch_norm
import convolutions
import image_moves
import pooling
from ieee import BINARY64, Float
from layers import ZERO, activation, column_sums, dropout, layer_norm_backward, layer_norm_forward
from matmul import dot_product
from sliced_matmul import sliced_matrix

Shape = namedtuple("Shape", "height width channels")


def f64(value):
    return Float.rounded(value, BINARY64)


def in_rows(values, n_columns):
    return [values[i:i + n_columns] for i in range(0, len(values), n_columns)]


def transposed(matrix):
    return [list(column) for column in zip(*matrix)]


def product(spec, rows, columns):
    if spec == "fma32":
        return [[dot_product(row, column) for column in columns] for row in rows]
    return in_rows(sliced_matrix(rows, columns, int(spec[-1])), len(columns))


@dataclass
class Tensor:
    name: str
    values: list
    decays: bool = False
    trained: bool = True
    gradient: list = None
    first: list = field(default_factory=list)   # state of the optimizer
    second: list = field(default_factory=list)

    def __post_init__(self):
        self.first, self.second = [ZERO] * len(self.values), [ZERO] * len(self.values)


class Dense:
    def __init__(self, spec, weight, bias):
        self.spec, self.weight, self.bias, self.n_out = spec, weight, bias, len(bias.values)

    def matrix(self):
        return in_rows(self.weight.values, self.n_out)

    def forward(self, rows, step):
        self.inputs = rows
        return [[v + o for v, o in zip(row, self.bias.values)]
                for row in product(self.spec, rows, transposed(self.matrix()))]

    def backward(self, gradient):
        self.weight.gradient = sum(product(self.spec, transposed(self.inputs), transposed(gradient)), [])
        self.bias.gradient = column_sums(gradient, self.n_out)
        return product(self.spec, gradient, self.matrix())


class Convolution:
    """bias: a tensor, or None."""

    def __init__(self, spec, geometry, weight, bias):
        self.spec, self.geometry, self.weight, self.bias = spec, geometry, weight, bias

    def matrix(self):
        return in_rows(self.weight.values, self.geometry.F)

    def forward(self, rows, step):
        self.inputs = rows
        return convolutions.forward(self.spec, self.geometry, rows, self.matrix(), self.bias and self.bias.values)

    def backward(self, gradient):
        own = convolutions.weight_gradient(self.spec, self.geometry, self.inputs, gradient)
        n_weights = len(self.weight.values)
        self.weight.gradient = own[:n_weights]
        if self.bias:
            self.bias.gradient = own[n_weights:]
        return convolutions.input_gradient(self.spec, self.geometry, gradient, self.matrix())


class Pooling:
    """pool(image, gradient of its outputs): outputs, gradient of the image."""

    def __init__(self, pool, n_outputs):
        self.pool, self.no_gradient = pool, [ZERO] * n_outputs

    def forward(self, rows, step):
        self.inputs = rows
        return [self.pool(row, self.no_gradient)[0] for row in rows]

    def backward(self, gradient):
        return [self.pool(*pair)[1] for pair in zip(self.inputs, gradient)]


def window_pooling(pool, g):
    return Pooling(lambda *image_and_gradient: pool(g, *image_and_gradient), len(list(pooling.windows(g))) * g.C)


def global_average(shape):
    n_pixels = shape.height * shape.width
    return Pooling(lambda *pair: pooling.global_average(n_pixels, shape.channels, *pair), shape.channels)


class BatchNorm:
    def __init__(self, n_channels, momentum, scale, shift, running_mean, running_variance):
        self.n_channels, self.momentum = n_channels, f64(momentum)
        self.scale, self.shift = scale, shift
        self.running_mean, self.running_variance = running_mean, running_variance

    def starts(self):
        return zip(*(tensor.values for tensor in (self.scale, self.shift, self.running_mean, self.running_variance)))

    def channels(self, rows):
        """All values of each channel in the batch."""
        values = sum(rows, [])
        return [values[channel::self.n_channels] for channel in range(self.n_channels)]

    def rows(self, channels, n_rows):
        values = [value for pixel in zip(*channels) for value in pixel]
        return in_rows(values, len(values) // n_rows)

    def forward(self, rows, step):
        channels = self.channels(rows)
        if step is None:
            return self.rows([batch_norm.inference(x, *start) for x, start in zip(channels, self.starts())], len(rows))
        self.kept = list(zip(channels, self.starts()))
        passes = [batch_norm.training(x, [ZERO] * len(x), *start, self.momentum) for x, start in self.kept]
        self.running_mean.values = [own[0] for _, _, own in passes]
        self.running_variance.values = [own[1] for _, _, own in passes]
        return self.rows([y for y, _, _ in passes], len(rows))

    def backward(self, gradient):
        passes = [batch_norm.training(x, g, *start, self.momentum)
                  for (x, start), g in zip(self.kept, self.channels(gradient))]
        self.scale.gradient = [own[2] for _, _, own in passes]
        self.shift.gradient = [own[3] for _, _, own in passes]
        return self.rows([dx for _, dx, _ in passes], len(gradient))


class LayerNorm:
    def __init__(self, scale, shift):
        self.scale, self.shift = scale, shift

    def forward(self, rows, step):
        y, self.kept = layer_norm_forward(rows, self.scale.values, self.shift.values)
        return y

    def backward(self, gradient):
        dx, self.scale.gradient, self.shift.gradient = layer_norm_backward(self.kept, self.scale.values, gradient)
        return dx


class Activation:
    def __init__(self, name):
        self.name = name

    def forward(self, rows, step):
        pairs = [[activation(self.name, x) for x in row] for row in rows]
        self.derivatives = [[d for _, d in row] for row in pairs]
        return [[y for y, _ in row] for row in pairs]

    def backward(self, gradient):
        return [[g * d for g, d in zip(*rows)] for rows in zip(gradient, self.derivatives)]


class Dropout:
    def __init__(self, probability, seed, number):
        self.probability, self.seed, self.number = f64(probability), seed, number

    def forward(self, rows, step):
        self.step = step
        return rows if step is None else self.backward(rows)

    def backward(self, rows):
        """The same map in both directions."""
        return in_rows(dropout(self.probability, self.seed, self.number, self.step, sum(rows, [])), len(rows[0]))


class Moves:
    """random_flip, and random_shift: a flip of probability 0."""

    def __init__(self, size, probability, pixels, seed, number):
        self.size, self.probability, self.pixels, self.seed, self.number = size, probability, pixels, seed, number

    def forward(self, rows, step):
        if step is None:
            return rows
        self.moves = [image_moves.draw(self.seed, self.number, step, row, self.probability, self.pixels)
                      for row in range(len(rows))]
        return [image_moves.moved(row, self.size, move) for row, move in zip(rows, self.moves)]

    def backward(self, gradient):
        return [image_moves.moved_back(row, self.size, move) for row, move in zip(gradient, self.moves)]


class Chain:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, rows, step):
        for layer in self.layers:
            rows = layer.forward(rows, step)
        return rows

    def backward(self, gradient):
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient


def added(left, right):
    return [[a + b for a, b in zip(*rows)] for rows in zip(left, right)]


class Residual:
    def __init__(self, branch, shortcut):
        self.branch, self.shortcut = branch, shortcut

    def forward(self, rows, step):
        return added(self.shortcut.forward(rows, step), self.branch.forward(rows, step))

    def backward(self, gradient):
        return added(self.branch.backward(gradient), self.shortcut.backward(gradient))
