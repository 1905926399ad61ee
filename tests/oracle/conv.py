#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known answers of convolutions, pooling and batch norm, from docs/arithmetic.md.

    python3 tests/oracle/conv.py > tests/golden/conv.kat
"""
from fractions import Fraction

import batch_norm
import convolutions
import image_moves
import pooling
from element_families import element
from ieee import BINARY64, Float

FORMAT = """\
# SPDX-License-Identifier: Apache-2.0
# Written by tests/oracle/conv.py: oracle kind inputs = bits, all binary32. Element i of a FAMILY is element(FAMILY, i) of
# README.md here. SPEC is fma32, int8x2 or int8x3. Images and outputs row by row, a row (y, x, channel).
# GEOMETRY of a convolution: n H W C F KH KW SY SX top left bottom right DY DX G. Images from element 0, weight from 2^20,
#   bias from 2^21, gradient of the outputs from 2^22
# conv_forward: SPEC FAMILY GEOMETRY has_bias = outputs
# conv_weight_gradient: SPEC FAMILY GEOMETRY = gradient of the weight, of the bias
# conv_input_gradient: SPEC FAMILY GEOMETRY = gradient of the images
# max_pooling, average_pooling: FAMILY n H W C KH KW SY SX top left bottom right = outputs, gradient of the images
# global_average: FAMILY n H W C = outputs, gradient of the images; gradients of outputs from 2^22
# image_moves: FAMILY n H W C flip_percent longest_shift seed layer step = outputs, gradient of the images
# batch_norm: FAMILY n_values n_channels momentum_percent = y, gradient of x, running mean, running variance, gradient of
#   scale, of shift; x from element 0, row by row, scale ("unit") from 2^20, shift ("unit") from 2^21, gradient of y from
#   2^22; running mean starts as element 2^23 + channel of "unit", running variance as 1 + channel
# batch_norm_inference: FAMILY n_values n_channels = y, from the same starts"""

FAMILIES = ("wide", "small", "subnormal", "huge", "special", "cancel", "rare", "sparse")

#   n  H  W  C  F KH KW SY SX  t  l  b  r DY DX  G
GEOMETRIES = [
    (1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1),
    (2, 5, 4, 3, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    (1, 4, 5, 2, 3, 3, 3, 1, 1, 0, 0, 0, 0, 1, 1, 1),
    (2, 6, 5, 2, 2, 3, 2, 2, 2, 1, 0, 1, 1, 1, 1, 1),
    (1, 7, 7, 1, 2, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2, 1),
    (1, 6, 7, 4, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 2),
    (2, 4, 4, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 3),
    (1, 5, 5, 2, 4, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1, 2),
    (2, 3, 4, 5, 4, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1),
    (1, 3, 3, 6, 4, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 2),
    # Phases that no kernel position reaches; rows and columns beyond the last window.
    (1, 7, 8, 1, 2, 2, 2, 3, 3, 0, 0, 0, 0, 1, 1, 1),
    (2, 6, 6, 2, 2, 1, 1, 2, 2, 0, 0, 0, 0, 1, 1, 1),
    (1, 9, 4, 1, 1, 2, 1, 4, 3, 0, 1, 1, 0, 1, 1, 1),
    (1, 6, 6, 1, 1, 1, 1, 1, 1, 2, 1, 0, 3, 1, 1, 1),
    # Strides and dilations with a common divisor, and without.
    (1, 9, 9, 1, 2, 3, 3, 2, 2, 1, 1, 1, 1, 2, 2, 1),
    (1, 11, 7, 1, 1, 3, 2, 4, 3, 2, 1, 3, 2, 2, 2, 1),
    (1, 10, 8, 2, 1, 2, 3, 2, 4, 0, 3, 1, 2, 3, 6, 1),
    # Kernels larger than the image, padding only.
    (1, 2, 2, 2, 2, 5, 5, 1, 1, 2, 2, 2, 2, 1, 1, 1),
    (1, 1, 1, 1, 3, 3, 3, 1, 1, 4, 4, 4, 4, 1, 1, 1),
    (1, 2, 3, 1, 1, 2, 2, 1, 1, 3, 0, 0, 2, 1, 1, 1),
    # 7x7 with stride 2, as at the start of a network; long lines.
    (1, 9, 10, 3, 2, 7, 7, 2, 2, 3, 3, 3, 3, 1, 1, 1),
    (1, 1, 40, 1, 1, 1, 5, 1, 1, 0, 2, 0, 2, 1, 1, 1),
    (1, 3, 19, 2, 1, 2, 9, 1, 2, 0, 4, 1, 4, 1, 1, 1),
    (0, 3, 3, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0, 1, 1, 1),
]
# More than one chain of 1024 terms: in a patch, over the batch, over output channels.
LONG_PATCHES = (1, 3, 4, 117, 2, 3, 3, 1, 1, 0, 0, 0, 0, 1, 1, 1)
LONG_BATCHES = [(2, 24, 24, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1), (3, 19, 20, 1, 2, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1),
                (5, 15, 14, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 1, 1, 2)]
MANY_CHANNELS = (1, 1, 2, 1, 260, 1, 4, 1, 1, 0, 3, 0, 0, 1, 1, 1)
BASIC, STRIDED, GROUPED = GEOMETRIES[1], GEOMETRIES[3], GEOMETRIES[5]
SMALL = (1, 3, 4, 2, 2, 3, 2, 2, 1, 1, 1, 1, 0, 1, 1, 1)


def convolution_cases(long_ones):
    for geometry in GEOMETRIES + long_ones:
        yield "fma32", "unit", geometry
    for family in FAMILIES:
        yield "fma32", family, SMALL
    for spec in ("int8x2", "int8x3"):
        for geometry in (BASIC, STRIDED, GROUPED, GEOMETRIES[8], GEOMETRIES[11], GEOMETRIES[14]) + tuple(long_ones[:1]):
            yield spec, "unit", geometry
        for family in FAMILIES:
            yield spec, family, SMALL


POOLINGS = [
    (1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0), (2, 4, 4, 3, 2, 2, 2, 2, 0, 0, 0, 0), (1, 5, 5, 2, 2, 2, 2, 2, 0, 0, 0, 0),
    (1, 6, 5, 2, 3, 3, 2, 2, 1, 1, 1, 1), (1, 5, 6, 1, 3, 3, 1, 1, 1, 1, 1, 1), (2, 4, 5, 2, 3, 2, 1, 2, 0, 1, 2, 0),
    (1, 7, 3, 1, 2, 3, 3, 1, 1, 2, 0, 2), (1, 3, 3, 9, 3, 3, 1, 1, 0, 0, 0, 0), (1, 8, 1, 2, 4, 1, 2, 1, 3, 0, 3, 0),
    (3, 2, 2, 1, 2, 2, 1, 1, 1, 1, 1, 1), (1, 3, 4, 33, 2, 2, 2, 2, 0, 0, 0, 0), (0, 4, 4, 2, 2, 2, 2, 2, 0, 0, 0, 0),
    (1, 2, 2, 3, 5, 5, 1, 1, 2, 2, 2, 2), (1, 9, 9, 1, 1, 1, 4, 3, 0, 0, 0, 0), (1, 6, 6, 1, 3, 3, 3, 3, 2, 2, 0, 0),
]
POOLED_FAMILIES = (1, 5, 6, 3, 3, 2, 2, 1, 1, 1, 1, 1)
GLOBAL_AVERAGES = [(1, 1, 1, 1), (2, 7, 7, 5), (1, 4, 8, 3), (1, 3, 11, 9), (1, 1, 31, 2), (1, 1, 32, 2), (1, 1, 33, 2),
                   (1, 8, 8, 1), (1, 5, 13, 4), (3, 2, 3, 8), (2, 2, 2, 17), (1, 10, 10, 1), (0, 2, 2, 3)]
BATCH_NORMS = [(1, 1, 10), (2, 1, 10), (1, 9, 10), (3, 2, 0), (3, 2, 100), (5, 3, 1), (8, 8, 10), (9, 7, 50), (16, 5, 10),
               (31, 2, 10), (32, 3, 90), (33, 1, 10), (64, 2, 10), (7, 17, 10), (2, 33, 10), (100, 1, 10), (257, 1, 10),
               (12, 4, 99), (6, 6, 33), (4, 12, 10)]


def words(values):
    return " ".join(v.hex() for v in values)


def elements(family, first, n):
    return [element(family, first + i) for i in range(n)]


def table(family, first, n_rows, n):
    return [elements(family, first + row * n, n) for row in range(n_rows)]


def line(kind, *inputs_and_values):
    *inputs, values = inputs_and_values
    return f"{kind} {' '.join(map(str, inputs))} = {words(values)}".rstrip()


class ConvolutionCase:
    def __init__(self, family, geometry):
        n, *rest = geometry
        g = self.geometry = convolutions.Geometry(*rest)
        height, width = convolutions.output_size(g)
        self.images = table(family, 0, n, g.H * g.W * g.C)
        self.weight = table(family, 1 << 20, g.KH * g.KW * (g.C // g.G), g.F)
        self.bias = elements(family, 1 << 21, g.F)
        self.delta = table(family, 1 << 22, n, height * width * g.F)


def convolution_lines():
    for i, (spec, family, geometry) in enumerate(convolution_cases([LONG_PATCHES])):
        case, has_bias = ConvolutionCase(family, geometry), i % 2
        outputs = convolutions.forward(spec, case.geometry, case.images, case.weight, case.bias if has_bias else None)
        yield line("conv_forward", spec, family, *geometry, has_bias, sum(outputs, []))
    for spec, family, geometry in convolution_cases(LONG_BATCHES):
        case = ConvolutionCase(family, geometry)
        gradient = convolutions.weight_gradient(spec, case.geometry, case.images, case.delta)
        yield line("conv_weight_gradient", spec, family, *geometry, gradient)
    for spec, family, geometry in convolution_cases([MANY_CHANNELS]):
        case = ConvolutionCase(family, geometry)
        gradient = convolutions.input_gradient(spec, case.geometry, case.delta, case.weight)
        yield line("conv_input_gradient", spec, family, *geometry, sum(gradient, []))


def both_ways(pool, g, family, n, n_inputs, n_outputs):
    passes = [pool(*g, image, gradient)
              for image, gradient in zip(table(family, 0, n, n_inputs), table(family, 1 << 22, n, n_outputs))]
    return sum((outputs for outputs, _ in passes), []) + sum((back for _, back in passes), [])


def pooling_lines():
    cases = [("unit", geometry) for geometry in POOLINGS] + [(family, POOLED_FAMILIES) for family in FAMILIES]
    for kind, pool in (("max_pooling", pooling.maximum), ("average_pooling", pooling.average)):
        for family, (n, *rest) in cases:
            g = pooling.Geometry(*rest)
            n_outputs = len(list(pooling.windows(g))) * g.C
            yield line(kind, family, n, *rest, both_ways(pool, [g], family, n, g.H * g.W * g.C, n_outputs))
    for family, (n, h, w, c) in [("unit", case) for case in GLOBAL_AVERAGES] + [(f, (2, 3, 14, 3)) for f in FAMILIES]:
        yield line("global_average", family, n, h, w, c,
                   both_ways(pooling.global_average, [h * w, c], family, n, h * w * c, c))


#   n  H  W  C flip shift  seed layer step
IMAGE_MOVES = [
    (1, 1, 1, 1, 0, 0, 1, 0, 0), (3, 2, 3, 1, 100, 0, 1, 0, 0), (4, 3, 4, 2, 50, 0, 2, 0, 1), (5, 4, 4, 1, 0, 1, 3, 0, 2),
    (6, 5, 4, 2, 50, 2, 4, 1, 3), (3, 2, 2, 3, 50, 9, 5, 2, 1000), (2, 8, 8, 1, 30, 2, 7, 0, 2**32 - 1),
    (9, 1, 7, 1, 50, 3, 2**64 - 1, 0, 4), (7, 6, 1, 2, 10, 2, 11, 2**24 - 1, 5), (2, 3, 3, 17, 50, 1, 12, 3, 6),
    (33, 2, 2, 1, 50, 1, 13, 0, 7), (0, 4, 4, 2, 50, 1, 14, 0, 8), (4, 5, 5, 1, 99, 255, 15, 0, 9),
    (2, 1, 20, 3, 70, 4, 16, 4, 10),
]


def image_move_lines():
    for family, (n, *size, percent, longest, seed, layer, step) in ([("unit", case) for case in IMAGE_MOVES]
                                                                    + [(f, (3, 3, 4, 2, 50, 1, 9, 1, 2)) for f in FAMILIES]):
        n_numbers = size[0] * size[1] * size[2]
        moves = [image_moves.draw(seed, layer, step, row, float(percent) / 100, longest) for row in range(n)]
        outputs = [image_moves.moved(image, size, move) for image, move in zip(table(family, 0, n, n_numbers), moves)]
        back = [image_moves.moved_back(delta, size, move) for delta, move in zip(table(family, 1 << 22, n, n_numbers), moves)]
        yield line("image_moves", family, n, *size, percent, longest, seed, layer, step, sum(outputs, []) + sum(back, []))


def batch_norm_lines():
    def starts(family, n, n_channels):
        for channel in range(n_channels):
            x = [element(family, i * n_channels + channel) for i in range(n)]
            gradient = [element(family, (1 << 22) + i * n_channels + channel) for i in range(n)]
            scale, shift, mean = (element("unit", (1 << power) + channel) for power in (20, 21, 23))
            yield x, gradient, scale, shift, mean, Float.rounded(1 + channel)

    def by_rows(columns):
        return [value for row in zip(*columns) for value in row]

    for family, (n, n_channels, percent) in ([("unit", case) for case in BATCH_NORMS]
                                             + [(f, case) for f in FAMILIES for case in ((9, 5, 10), (2, 3, 10))]):
        momentum = Float.rounded(Fraction(percent, 100), BINARY64)
        channels = [batch_norm.training(*start, momentum) for start in starts(family, n, n_channels)]
        parts = [by_rows([channel[0] for channel in channels]), by_rows([channel[1] for channel in channels])]
        parts += [[channel[2][i] for channel in channels] for i in range(4)]
        yield line("batch_norm", family, n, n_channels, percent, sum(parts, []))
    for family, (n, n_channels) in ([("unit", case[:2]) for case in BATCH_NORMS] + [(f, (5, 9)) for f in FAMILIES]):
        y = [batch_norm.inference(x, *rest) for x, _, *rest in starts(family, n, n_channels)]
        yield line("batch_norm_inference", family, n, n_channels, by_rows(y))


def main():
    print(FORMAT)
    for group in (convolution_lines(), pooling_lines(), image_move_lines(), batch_norm_lines()):
        for text in group:
            print("oracle", text)


if __name__ == "__main__":
    main()
