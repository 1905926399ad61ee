# SPDX-License-Identifier: Apache-2.0
"""Reads the GPU code inside an object file or a shared library: PTX texts, and for every kernel of every architecture its
registers, its stack and its instructions, without a tool of the CUDA Toolkit.

nvcc leaves it in the section .nv_fatbin: containers, one after the other, of PTX texts and of ELF files ("cubins").
An instruction of sm_75 to sm_120 has 128 bits, the operation in bits 0 to 8.
"""
import dataclasses
import struct

CONTAINER_MAGIC = 0xBA55ED50
KIND_PTX, KIND_ELF = 1, 2
COMPRESSED = 0x2000 | 0x8000
INFO_FRAME_SIZE, INFO_REGISTERS = 0x11, 0x2F
TYPE_FUNCTION = 2


@dataclasses.dataclass
class Kernel:
    architecture: int
    name: str
    registers: int
    stack_bytes: int
    shared_bytes: int
    instructions: list  # (low word, high word)


@dataclasses.dataclass
class GpuCode:
    ptx: list
    kernels: list


class Elf:
    """Sections and symbols of a 64-bit little-endian ELF file."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a 64-bit little-endian ELF file")
        self.data = data
        begin, = struct.unpack_from("<Q", data, 0x28)
        size, count, names = struct.unpack_from("<HHH", data, 0x3A)
        self.headers = [struct.unpack_from("<IIQQQQIIQQ", data, begin + i * size) for i in range(count)]
        self.names = [self.text_at(self.headers[names][4] + header[0]) for header in self.headers]

    def text_at(self, offset):
        return self.data[offset:self.data.index(b"\0", offset)].decode()

    def section(self, name):
        if name not in self.names:
            return b""
        header = self.headers[self.names.index(name)]
        return self.data[header[4]:header[4] + header[5]]

    def size_of(self, name):
        return self.headers[self.names.index(name)][5] if name in self.names else 0

    def symbol_names(self):
        symbols = self.section(".symtab")
        strings = self.headers[self.names.index(".strtab")][4]
        return [self.text_at(strings + struct.unpack_from("<I", symbols, i)[0]) for i in range(0, len(symbols), 24)]


def numbers_of_symbols(elf):
    """{(kind, symbol name): number} from .nv.info."""
    info, names, numbers, place = elf.section(".nv.info"), elf.symbol_names(), {}, 0
    while place < len(info):
        layout, kind, size = struct.unpack_from("<BBH", info, place)
        place += 4
        if layout == 4:  # `size` bytes follow
            if size == 8:
                symbol, number = struct.unpack_from("<II", info, place)
                numbers[kind, names[symbol]] = number
            place += size
    return numbers


def kernels_of(cubin, architecture):
    elf = Elf(cubin)
    numbers = numbers_of_symbols(elf)
    for section in elf.names:
        if not section.startswith(".text."):
            continue
        name = section[len(".text."):]
        words = struct.iter_unpack("<QQ", elf.section(section))
        yield Kernel(architecture, name, numbers[INFO_REGISTERS, name], numbers[INFO_FRAME_SIZE, name],
                     elf.size_of(f".nv.shared.{name}"), list(words))


def entries_of(section):
    """(kind, architecture, content) of everything in .nv_fatbin."""
    place = 0
    while place + 16 <= len(section):
        magic, _, header_size, size = struct.unpack_from("<IHHQ", section, place)
        if magic != CONTAINER_MAGIC:  # padding between containers
            place += 8
            continue
        place += header_size
        end = place + size
        while place < end:
            kind, _, header_size, size = struct.unpack_from("<HHIQ", section, place)
            architecture, = struct.unpack_from("<I", section, place + 28)
            flags, = struct.unpack_from("<Q", section, place + 40)
            if flags & COMPRESSED:
                raise ValueError("the GPU code is compressed: nvcc needs --no-compress")
            place += header_size
            yield kind, architecture, section[place:place + size]
            place += size


def read(path):
    """The GPU code of a file."""
    code = GpuCode([], [])
    for kind, architecture, content in entries_of(Elf(path.read_bytes()).section(".nv_fatbin")):
        if kind == KIND_PTX:
            code.ptx.append(content.rstrip(b"\0").decode())
        elif kind == KIND_ELF:
            code.kernels.extend(kernels_of(content, architecture))
    return code
