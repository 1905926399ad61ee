# SPDX-License-Identifier: Apache-2.0
"""Pooling, from docs/arithmetic.md ("Pooling"), window by window."""
from collections import namedtuple

from convolutions import n_windows
from ieee import Float
from layers import lane_sum

ZERO = Float(0)

# As in a golden line, but for the number of images.
Geometry = namedtuple("Geometry", "H W C KH KW SY SX top left bottom right")


def windows(g):
    """The places in an image, (y, x), of each window's pixels, in order."""
    height = n_windows(g.H, g.top, g.bottom, g.KH, g.SY, 1)
    width = n_windows(g.W, g.left, g.right, g.KW, g.SX, 1)
    for oy in range(height):
        for ox in range(width):
            pixels = [(oy * g.SY - g.top + ky, ox * g.SX - g.left + kx) for ky in range(g.KH) for kx in range(g.KW)]
            yield [(y, x) for y, x in pixels if 0 <= y < g.H and 0 <= x < g.W]


def place(g, pixel, channel):
    return (pixel[0] * g.W + pixel[1]) * g.C + channel


def maximum(g, image, gradient):
    """The outputs of one image, and its gradient."""
    outputs, back = [], [ZERO] * len(image)
    for n, pixels in enumerate(windows(g)):
        for channel in range(g.C):
            places = [place(g, pixel, channel) for pixel in pixels]
            winner = places[0]
            for candidate in places[1:]:
                best = image[winner]
                if image[candidate] > best or (image[candidate].is_nan() and not best.is_nan()):
                    winner = candidate
            outputs.append(image[winner])
            back[winner] = back[winner] + gradient[n * g.C + channel]
    return outputs, back


def average(g, image, gradient):
    outputs, back = [], [ZERO] * len(image)
    for n, pixels in enumerate(windows(g)):
        count = Float.rounded(len(pixels))
        for channel in range(g.C):
            total = ZERO
            for pixel in pixels:
                total = total + image[place(g, pixel, channel)]
            outputs.append(total / count)
            for pixel in pixels:
                at = place(g, pixel, channel)
                back[at] = back[at] + gradient[n * g.C + channel] / count
    return outputs, back


def global_average(n_pixels, n_channels, image, gradient):
    count = Float.rounded(n_pixels)
    outputs = [lane_sum(image[channel::n_channels]) / count for channel in range(n_channels)]
    return outputs, [gradient[i % n_channels] / count for i in range(len(image))]
