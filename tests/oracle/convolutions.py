# SPDX-License-Identifier: Apache-2.0
"""Convolutions and their gradients, from docs/arithmetic.md ("Convolutions"), element by element."""
from collections import namedtuple

from ieee import Float
from layers import column_sums
from matmul import dot_product
from sliced_matmul import Slices, sliced_element

ZERO = Float(0)

# As in a golden line, but for the number of images.
Geometry = namedtuple("Geometry", "H W C F KH KW SY SX top left bottom right DY DX G")


def n_windows(size, before, after, kernel, stride, dilation):
    return (size + before + after - dilation * (kernel - 1) - 1) // stride + 1


def output_size(g):
    return (n_windows(g.H, g.top, g.bottom, g.KH, g.SY, g.DY), n_windows(g.W, g.left, g.right, g.KW, g.SX, g.DX))


def product_of_terms(spec, a, b):
    """One element of a matrix product: factors a[k] and b[k] of its terms."""
    if spec == "fma32":
        return dot_product(a, b)
    p = int(spec[-1])
    return sliced_element(Slices(a, p), Slices(b, p), [(k, k, 1) for k in range(len(a))], p)


def pixel(image, height, width, channels, y, x, channel):
    """An element of an image, +0 outside of it."""
    if 0 <= y < height and 0 <= x < width:
        return image[(y * width + x) * channels + channel]
    return ZERO


def patch(g, image, group, oy, ox):
    c = g.C // g.G
    return [pixel(image, g.H, g.W, g.C, oy * g.SY - g.top + ky * g.DY, ox * g.SX - g.left + kx * g.DX, group * c + i)
            for ky in range(g.KH) for kx in range(g.KW) for i in range(c)]


def windows(g):
    height, width = output_size(g)
    return [(oy, ox) for oy in range(height) for ox in range(width)]


def forward(spec, g, images, weight, bias):
    """Images and results: a list of elements for each image. weight: rows. bias: one number a channel, or None."""
    f = g.F // g.G
    results = []
    for image in images:
        result = []
        for oy, ox in windows(g):
            for channel in range(g.F):
                value = product_of_terms(spec, patch(g, image, channel // f, oy, ox), [row[channel] for row in weight])
                result.append(value if bias is None else value + bias[channel])
        results.append(result)
    return results


def weight_gradient(spec, g, images, delta):
    """Row by row, then the bias gradient."""
    f, n_terms = g.F // g.G, g.KH * g.KW * (g.C // g.G)
    places = windows(g)
    rows = [gradient[place * g.F:(place + 1) * g.F] for gradient in delta for place in range(len(places))]
    patches = [[patch(g, image, group, oy, ox) for image in images for oy, ox in places] for group in range(g.G)]
    result = [product_of_terms(spec, [terms[k] for terms in patches[channel // f]], [row[channel] for row in rows])
              for k in range(n_terms) for channel in range(g.F)]
    return result + column_sums(rows, g.F)


def input_gradient(spec, g, delta, weight):
    c, f = g.C // g.G, g.F // g.G
    height, width = output_size(g)
    results = []
    for gradient in delta:
        result = []
        for y in range(g.H):
            for x in range(g.W):
                pairs = [(ky, kx) for ky in range(g.KH) for kx in range(g.KW)
                         if (y + g.top - ky * g.DY) % g.SY == 0 and (x + g.left - kx * g.DX) % g.SX == 0]
                for channel in range(g.C):
                    group, i = divmod(channel, c)
                    a = [pixel(gradient, height, width, g.F, (y + g.top - ky * g.DY) // g.SY,
                               (x + g.left - kx * g.DX) // g.SX, group * f + j) for ky, kx in pairs for j in range(f)]
                    b = [weight[(ky * g.KW + kx) * c + i][group * f + j] for ky, kx in pairs for j in range(f)]
                    result.append(product_of_terms(spec, a, b))
        results.append(result)
    return results
