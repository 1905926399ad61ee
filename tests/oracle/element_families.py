# SPDX-License-Identifier: Apache-2.0
"""Families of test values that follow from an index, so that any implementation can make them.

The families of tests/golden/README.md: word(i) is a 64-bit mix of i, turned into a binary32 by its kind.
"""
from ieee import Float

MASK = (1 << 64) - 1
SPECIALS = [0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0x3f800000, 0xbf800000, 0x7f7fffff]
CARRIES = [0x7efdff, 0x7efe00, 0x7efe01, 0x7fffff, 0x000000, 0x400000, 0x7eff00, 0x3fffff]
EXTREMES = [0x4afefe00, 0x4afcff00, 0x4afcfefe]
CANCELLING = [0x7f000000, 0xff000000, 0x3f800000, 0x00000001, 0xbf800000, 0x80000001]


def word(i):
    """The finaliser of SplitMix64 over (i + 1) * golden ratio."""
    z = (i + 1) * 0x9E3779B97F4A7C15 & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def element_bits(kind, i):
    """Bit pattern of element i."""
    w = word(i)
    sign_fraction = (w & 1) << 31 | (w >> 8 & 0x7fffff)
    if kind == "unit":       # magnitudes in [2^-3, 2)
        return sign_fraction | (124 + (w >> 40) % 4) << 23
    if kind == "wide":       # exponents over most of the range: cancellation and double rounding
        return sign_fraction | (87 + (w >> 40) % 80) << 23
    if kind == "small":      # products around the smallest subnormal
        return sign_fraction | (48 + (w >> 40) % 10) << 23
    if kind == "subnormal":
        return sign_fraction
    if kind == "huge":       # overflow on the way
        return sign_fraction | (187 + (w >> 40) % 6) << 23
    if kind == "special":    # one in four is special
        if w >> 32 & 3:
            return sign_fraction | (124 + (w >> 40) % 4) << 23
        return SPECIALS[(w >> 40) % len(SPECIALS)]
    if kind == "cancel":
        return CANCELLING[(w >> 40) % len(CANCELLING)]
    if kind == "rare":       # one in sixteen is special: rows and columns with and without
        if w >> 32 & 15:
            return sign_fraction | (124 + (w >> 40) % 4) << 23
        return SPECIALS[(w >> 40) % len(SPECIALS)]
    if kind == "sparse":     # seven in eight are zeros: whole rows of them where K is small
        if w >> 32 & 7:
            return sign_fraction & 0x80000000
        return sign_fraction | (124 + (w >> 40) % 4) << 23
    if kind == "carry":      # where the scale of integer slices changes; ties and carries of their rounding
        return sign_fraction & 0x80000000 | (102 + (w >> 40) % 26) << 23 | CARRIES[(w >> 52) % len(CARRIES)]
    if kind == "extreme":    # 8355584, 8290176, 8290175: integer slices with digits 127 and -128
        return EXTREMES[(w >> 40) % len(EXTREMES)]
    if kind == "largest":
        return EXTREMES[0]
    raise ValueError(kind)


def element(kind, i):
    return Float(element_bits(kind, i))
