# SPDX-License-Identifier: Apache-2.0
"""The tile digest, written again from docs/arithmetic.md ("Digests") in plain integers.

    python3 tests/oracle/tile_digest.py > tests/golden/tile_digest.kat
"""
import struct

from philox import float_bits_of_word, random_words

MASK = (1 << 64) - 1


def folded_product(a, b):
    product = a * b
    return (product >> 64) ^ (product & MASK)


def digest_key(tensor_id):
    first = folded_product(tensor_id ^ 0x9E3779B97F4A7C15, 0xD1342543DE82EF95)
    second = folded_product((first + tensor_id) & MASK, 0xAF251AF3B0F025B5)
    return first, second ^ tensor_id


def mixed_lane(low, high, key, index):
    a = low ^ (key[0] + index * 0x9E3779B97F4A7C15 & MASK)
    b = high ^ (key[1] + index * 0xC2B2AE3D27D4EB4F & MASK)
    b ^= folded_product(a, 0x8CB92BA72F3D8DD7)
    a ^= folded_product(b, 0xD6E8FEB86659FD93)
    b ^= folded_product(a, 0xA0761D6478BD642F)
    return b << 64 | a


def tile_digest(data, n_elements, type_tag, tensor_id):
    key = digest_key(tensor_id)
    data += bytes(-len(data) % 16)
    total = mixed_lane(n_elements, type_tag, key, MASK)
    for i in range(len(data) // 16):
        low, high = struct.unpack_from("<QQ", data, 16 * i)
        total += mixed_lane(low, high, key, i)
    return f"{total % (1 << 128):032x}"


def digest_of_float_bits(bits, tensor_id):
    clean = [0x7FC00000 if b & 0x7FFFFFFF > 0x7F800000 else b for b in bits]
    return tile_digest(struct.pack(f"<{len(clean)}I", *clean), len(clean), 1, tensor_id)


def digest_of_int64(values, tensor_id):
    return tile_digest(struct.pack(f"<{len(values)}q", *values), len(values), 2, tensor_id)


def main():
    print("# Tile digests. Written by tests/oracle/tile_digest.py.")
    print("# floats: tensor_id binary32... = digest;  int64: tensor_id decimal... = digest")
    print("# generated: tensor_id seed n = digest of the n floats of exponent fields 0 to 255 (NaNs and")
    print("#   infinities among them) of the words of (seed, stream 0, step 0)")
    print("# counting: tensor_id n = digest of the int64 0 .. n-1")
    one = 0x3F800000
    cases = [(0, []), (1, []), (0, [0]), (0, [0, 0]), (0, [0x80000000]), (0, [one]), (0, [0, one]), (7, [one]),
             (2**64 - 1, [one, one, one, one]), (3, [one, 0x40000000, 0x40400000, 0x40800000, 0x40A00000]),
             (5, [0x7FC00000]), (5, [0xFFC12345]), (5, [0x7F800001]), (5, [0x7F800000]), (5, [0xFF800000, 1])]
    for tensor_id, bits in cases:
        print("oracle floats", tensor_id, *(f"{b:08x}" for b in bits), "=", digest_of_float_bits(bits, tensor_id))
    for tensor_id, values in [(0, []), (0, [0]), (9, [1, -1]), (9, [-1, 1]), (9, [2**63 - 1, -(2**63), 5]), (1, [0]),
                              (0, [0, 0]), (0, [0, 0, 0]), (2**64 - 1, [-1]), (2**63, [1, 2, 3, 4, 5])]:
        print("oracle int64", tensor_id, *values, "=", digest_of_int64(values, tensor_id))
    for n in (1, 31, 32, 33, 255, 256, 257, 1023, 1025, 4095, 4096, 4097, 10001):
        bits = [float_bits_of_word(w, 0, 256) for w in random_words(n, 0, 0, n)]
        print("oracle generated", n + 5, n, n, "=", digest_of_float_bits(bits, n + 5))
        print("oracle counting", n + 6, n, "=", digest_of_int64(range(n), n + 6))


if __name__ == "__main__":
    main()
