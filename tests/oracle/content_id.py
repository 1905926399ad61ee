#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Content ids of HDF5 files, written from docs/content-id.md alone, with h5py and hashlib.

    content_id.py id FILE...        prints "<id>  <file>"
    content_id.py make DIRECTORY    writes the files of the test vectors
    content_id.py vectors           prints the vectors as a table for the document
"""

import hashlib
import os
import struct
import sys
import tempfile

import h5py
import numpy as np

TILE_BYTES = 1 << 20


def sha(data):
    return hashlib.sha256(data).digest()


def name_bytes(text):
    raw = text if isinstance(text, bytes) else text.encode("utf-8")
    return struct.pack("<I", len(raw)) + raw


def merkle_root(data):
    """RFC 6962 tree hash, by its recursive definition."""
    tiles = [data[i:i + TILE_BYTES] for i in range(0, len(data), TILE_BYTES)]

    def root(part):
        if len(part) == 1:
            return sha(b"\x00" + part[0])
        k = 1
        while 2 * k < len(part):
            k *= 2
        return sha(b"\x01" + root(part[:k]) + root(part[k:]))

    return root(tiles) if tiles else sha(b"")


class Refused(Exception):
    """The type is outside the closed set."""


def type_bytes(tid):
    """T, from h5py's low-level type."""
    if isinstance(tid, h5py.h5t.TypeEnumID):
        base = tid.get_super()
        size = base.get_size()
        names = sorted((tid.get_member_name(i), tid.get_member_value(i))
                       for i in range(tid.get_nmembers()))
        out = b"\x05" + type_bytes(base) + struct.pack("<I", len(names))
        for name, value in names:
            out += name_bytes(name) + (value % (1 << 8 * size)).to_bytes(size, "little")
        return out
    if isinstance(tid, h5py.h5t.TypeIntegerID):
        signed = tid.get_sign() == h5py.h5t.SGN_2
        return struct.pack("<BB", 1 if signed else 2, tid.get_size())
    if isinstance(tid, h5py.h5t.TypeFloatID):
        return struct.pack("<BB", 3, tid.get_size())
    if isinstance(tid, h5py.h5t.TypeStringID):
        return b"\x04"
    if isinstance(tid, h5py.h5t.TypeCompoundID):
        out = b"\x06" + struct.pack("<I", tid.get_nmembers())
        for i in range(tid.get_nmembers()):
            out += name_bytes(tid.get_member_name(i)) + type_bytes(tid.get_member_type(i))
        return out
    raise Refused(type(tid).__name__)


def fixed_text(raw, padding):
    if padding == h5py.h5t.STR_NULLTERM:
        return raw.split(b"\x00")[0]
    return raw.rstrip(b" " if padding == h5py.h5t.STR_SPACEPAD else b"\x00")


def element_bytes(value, tid):
    """L of one element, from h5py's value of it."""
    if isinstance(tid, h5py.h5t.TypeCompoundID):
        return b"".join(element_bytes(value[tid.get_member_name(i).decode()], tid.get_member_type(i))
                        for i in range(tid.get_nmembers()))
    if isinstance(tid, h5py.h5t.TypeStringID):
        raw = value.encode("utf-8") if isinstance(value, str) else bytes(value)
        if not tid.is_variable_str():
            raw = fixed_text(raw, tid.get_strpad())
        return name_bytes(raw)
    array = np.asarray(value)
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def logical_bytes(values, tid):
    simple = not isinstance(tid, (h5py.h5t.TypeCompoundID, h5py.h5t.TypeStringID))
    array = np.asarray(values)
    if simple:
        return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
    return b"".join(element_bytes(v, tid) for v in array.reshape(-1))


def value_bytes(values, tid, shape):
    data = logical_bytes(values, tid)
    return (type_bytes(tid) + struct.pack("<B", len(shape)) +
            b"".join(struct.pack("<Q", extent) for extent in shape) +
            struct.pack("<Q", len(data)) + merkle_root(data))


def attributes_bytes(owner):
    ids = {}
    for i in range(h5py.h5a.get_num_attrs(owner.id)):
        attribute = h5py.h5a.open(owner.id, index=i)
        ids[attribute.name] = attribute
    out = struct.pack("<I", len(ids))
    for name in sorted(ids):
        attribute = ids[name]
        values = np.empty(attribute.shape, dtype=attribute.dtype)
        attribute.read(values)
        out += name_bytes(name) + value_bytes(values, attribute.get_type(), attribute.shape)
    return out


def digest(thing):
    if isinstance(thing, h5py.Dataset):
        return sha(b"h5c1:dataset\n" + attributes_bytes(thing) +
                   value_bytes(thing[()], thing.id.get_type(), thing.shape))
    names = sorted(thing.keys(), key=lambda name: name.encode("utf-8"))
    body = struct.pack("<Q", len(names))
    for name in names:
        body += name_bytes(name) + digest(thing[name])
    return sha(b"h5c1:group\n" + attributes_bytes(thing) + body)


def content_id(path):
    with h5py.File(path, "r") as file:
        return "h5c1:" + digest(file["/"]).hex()


def tensor_id(array):
    array = np.asarray(array)
    kind = {"i": 1, "u": 2, "f": 3}[array.dtype.kind]
    data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
    value = (struct.pack("<BBB", kind, array.dtype.itemsize, array.ndim) +
             b"".join(struct.pack("<Q", extent) for extent in array.shape) +
             struct.pack("<Q", len(data)) + merkle_root(data))
    return "tensor1:" + sha(b"h5c1:dataset\n" + struct.pack("<I", 0) + value).hex()


def make_empty(f):
    """an empty file"""


def make_worked(f):
    """the worked example"""
    f["x"] = np.array([1, -2], dtype="<i4")


def make_numbers(f):
    """every number type, scalars, an empty dataset, a NaN with a payload, -0"""
    for dtype in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"):
        f["numbers/" + dtype] = np.arange(-3, 4).astype(dtype).reshape(7, 1)
    f["scalar"] = np.float64(0.1)
    f["empty"] = np.zeros((0, 5), dtype="u2")
    f["special"] = np.array([0x7FC00123, 0x80000000, 0xFF800000], dtype="<u4").view("<f4")


def make_texts(f):
    """fixed and variable strings, attributes, names outside ASCII"""
    f.create_dataset("variable", data=["a", "", "größe", "日本"], dtype=h5py.string_dtype())
    f.create_dataset("fixed", data=np.array([b"ab", b"", b"abc"], dtype="S3"))
    f["größe"] = np.array([1.5], dtype="f4")
    f["größe"].attrs["einheit"] = "m²"
    f["größe"].attrs["alias"] = ["height", "hauteur"]
    f.attrs["version"] = np.int64(3)


def make_compound(f):
    """a compound table with numbers, texts, a nested compound and a boolean"""
    inner = np.dtype([("re", "<f4"), ("im", ">f8")])
    table = np.zeros(3, dtype=[("id", ">i8"), ("name", "S4"), ("z", inner), ("ok", "?"),
                               ("note", h5py.string_dtype())])
    table["id"] = [1, -2, 3]
    table["name"] = [b"a", b"bb", b"cccc"]
    table["z"]["re"] = [0.5, 1.5, 2.5]
    table["z"]["im"] = [-0.5, -1.5, -2.5]
    table["ok"] = [True, False, True]
    table["note"] = ["x", "", "größe"]
    f["table"] = table


def make_enum(f):
    """enums: a boolean and a named one, and a hard link"""
    f["flag"] = np.array([True, False, True])
    colour = h5py.enum_dtype({"RED": 2, "GREEN": -1, "BLUE": 300}, basetype=">i2")
    f.create_dataset("colour", data=np.array([2, 300, -1, 2], dtype=">i2"), dtype=colour)
    f["again"] = f["flag"]


def make_tiles(f):
    """more than three Merkle tiles, chunked, compressed and big-endian"""
    values = (np.arange(900_001, dtype="u4") * np.uint32(2654435761)).astype(">u4")
    f.create_dataset("x", data=values, chunks=(10_000,), compression="gzip", shuffle=True,
                     fletcher32=True, maxshape=(None,))


VECTORS = [make_empty, make_worked, make_numbers, make_texts, make_compound, make_enum, make_tiles]


def make_all(directory):
    paths = []
    for make in VECTORS:
        path = os.path.join(directory, make.__name__[len("make_"):] + ".h5")
        with h5py.File(path, "w") as file:
            make(file)
        paths.append(path)
    return paths


def print_vectors():
    print("| file | content | id |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        for make, path in zip(VECTORS, make_all(directory)):
            print(f"| `{os.path.basename(path)}` | {make.__doc__} | `{content_id(path)}` |")
    tensor = np.arange(6, dtype="f4").reshape(2, 3)
    print(f"| (tensor) | float32 (2, 3): 0 to 5 | `{tensor_id(tensor)}` |")


def main(arguments):
    if arguments[:1] == ["id"]:
        for path in arguments[1:]:
            print(content_id(path), "", path)
    elif arguments[:1] == ["make"] and len(arguments) == 2:
        make_all(arguments[1])
    elif arguments == ["vectors"]:
        print_vectors()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
