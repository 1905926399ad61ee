# SPDX-License-Identifier: Apache-2.0
"""Random moves of images, from docs/arithmetic.md "Configured networks"."""
from fractions import Fraction

from ieee import Float
from philox import random_word

PURPOSE = 5
ZERO = Float.rounded(0)


def shift_of(word, longest):
    return word * (2 * longest + 1) // 2**32 - longest


def draw(seed, layer, step, row, probability, longest):
    """Whether row `row` of a batch flips, and by how many pixels it is shifted down and right."""
    words = [random_word(seed, PURPOSE * 2**24 + layer, step, 4 * row + i) for i in range(3)]
    flips = words[0] < Fraction(probability) * 2**32
    return flips, shift_of(words[1], longest), shift_of(words[2], longest)


def moved(image, size, move):
    """The image, a row of numbers (y, x, channel), after a move (flips, dy, dx)."""
    height, width, channels = size
    flips, dy, dx = move
    result = []
    for y in range(height):
        for x in range(width):
            source_y, source_x = y - dy, (width - 1 - x if flips else x) - dx
            inside = 0 <= source_y < height and 0 <= source_x < width
            start = (source_y * width + source_x) * channels
            result += list(image[start:start + channels]) if inside else [ZERO] * channels
    return result


def moved_back(gradient, size, move):
    """The gradient of the image: each number goes back to where moved() took it from."""
    height, width, channels = size
    result = [ZERO] * (height * width * channels)
    for value, source in zip(gradient, moved(range(len(result)), size, move)):
        if source is not ZERO:
            result[source] = value
    return result
