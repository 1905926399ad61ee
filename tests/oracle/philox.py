# SPDX-License-Identifier: Apache-2.0
"""Random numbers and shuffles, written again from docs/arithmetic.md in plain integers.

Run as a program, it prints tests/golden/philox.kat:

    python3 tests/oracle/philox.py [RANDOM123_KAT_VECTORS] > tests/golden/philox.kat

The lines of Random123's own known answers are facts from its file kat_vectors (named on the command
line); without the file they are recomputed here and must come out the same.
"""
import sys

MASK = 0xFFFFFFFF

# Random123 1.14.0, tests/kat_vectors, generator philox4x32 with 10 rounds: counter, key, words.
RANDOM123 = [
    "00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd",
    "243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1",
]


def philox4x32_10(counter, key):
    x = list(counter)
    k = list(key)
    for _ in range(10):
        p = 0xD2511F53 * x[0]
        q = 0xCD9E8D57 * x[2]
        x = [(q >> 32) ^ x[1] ^ k[0], q & MASK, (p >> 32) ^ x[3] ^ k[1], p & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return x


def random_word(seed, stream, step, index):
    block = index // 4
    counter = [block & MASK, block >> 32, stream, step]
    return philox4x32_10(counter, [seed & MASK, seed >> 32])[index % 4]


def random_key(seed, stream, step, index):
    first = 2 * index % 2**64
    return random_word(seed, stream, step, first) | random_word(seed, stream, step, first + 1) << 32


def shuffled(seed, stream, step, items):
    order = sorted(range(len(items)), key=lambda i: (random_key(seed, stream, step, i), i))
    return [items[i] for i in order]


def random_words(seed, stream, step, n):
    words = []
    for block in range((n + 3) // 4):
        counter = [block & MASK, block >> 32, stream, step]
        words += philox4x32_10(counter, [seed & MASK, seed >> 32])
    return words[:n]


def float_bits_of_word(word, low_field, n_fields):
    """A binary32 with a sign and fraction from the word and an exponent field in a chosen range."""
    return (word & 0x807FFFFF) | (low_field + (word >> 23 & 0xFF) % n_fields) << 23


def main():
    known = RANDOM123
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="ascii") as lines:
            rows = [line.split() for line in lines]
        found = [" ".join(r[2:]) for r in rows if r[:2] == ["philox4x32", "10"]]
        assert sorted(set(found)) == sorted(known), found
    print("# Philox4x32-10 and what is built on it. Written by tests/oracle/philox.py.")
    print("# philox: counter(4) key(2) = word(4), from Random123's kat_vectors (published)")
    print("# word, key: seed stream step index = value;  shuffle: seed stream step n = items 0..n-1")
    for row in known:
        words = [int(w, 16) for w in row.split()]
        assert philox4x32_10(words[:4], words[4:6]) == words[6:]
        fields = row.split()
        print("oracle philox", *fields[:6], "=", *fields[6:])
    for seed, stream, step in [(0, 0, 0), (1, 0x01000000, 0), (0xFEDCBA9876543210, 0x04000003, 77)]:
        for index in [0, 1, 2, 3, 4, 1000003, 2**34 + 5, 2**64 - 1]:
            value = random_word(seed, stream, step, index)
            print(f"oracle word {seed:016x} {stream:08x} {step} {index} = {value:08x}")
        for index in [0, 1, 2, 999, 2**40 + 1, 2**63 - 1, 2**63]:  # the doubled index wraps from 2^63 on
            value = random_key(seed, stream, step, index)
            print(f"oracle key {seed:016x} {stream:08x} {step} {index} = {value:016x}")
    for n in [0, 1, 2, 3, 31, 32, 33, 255, 257]:
        order = shuffled(42, 0x02000000, n, list(range(n)))
        print(f"oracle shuffle 000000000000002a 02000000 {n} {n} =", *order)
    for i, n in enumerate([4, 5, 7, 8, 15, 16, 17, 63, 64, 65, 100, 128, 200, 300, 511, 512, 513]):
        seed, stream, step = 0x9E3779B97F4A7C15 * i % 2**64, (1 + i % 2) << 24 | i, 2**32 - 1 - i
        print(f"oracle shuffle {seed:016x} {stream:08x} {step} {n} =", *shuffled(seed, stream, step, list(range(n))))


if __name__ == "__main__":
    main()
