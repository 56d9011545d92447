"""The messages of an HDF5 object header: type, shape, layout, filters, links, attributes.

Source: HDF5 File Format Specification, version 3.0, section IV.A.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from openassay.formats.bounded import DTYPE_BITS, MAX_DIMENSIONS, MAX_NAME, Fault, FormatError

FILTERS: Final = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}  # h5py's own


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its kind, its bytes, where they lie in the file, and its flags."""

    kind: int
    raw: bytes
    at: int
    flags: int

    def number(self, offset: int, width: int) -> int:
        """A little-endian number inside; FormatError where the message is shorter."""
        if offset < 0 or offset + width > len(self.raw):
            message = f"a message of kind {self.kind:#x} breaks off after {len(self.raw)} bytes"
            raise FormatError(Fault.TRUNCATED, message, self.at)
        return int.from_bytes(self.raw[offset : offset + width], "little")


@dataclass(slots=True)
class Dataset:
    """What the messages of one data set say. Addresses are as written, relative to the base."""

    dtype: str = ""
    big_endian: bool = False
    shape: tuple[int, ...] = ()
    spaced: bool = False
    address: int | None = None  # contiguous bytes
    size: int = 0
    chunks: int | None = None  # the index of chunks
    chunk_rank: int = 0  # dimensions, the element's own size counted as one
    old_chunks: bool = False  # whether that index is a version 1 tree
    inline: tuple[int, int] | None = None
    filters: list[int] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    laid_out: bool = False

    @property
    def is_data(self) -> bool:
        return bool(self.dtype) and self.spaced and (self.laid_out or bool(self.outside))


def add_message(dataset: Dataset, message: Message, offset: int, length: int) -> None:
    """Note what one message says of a data set; kinds that say nothing are passed over."""
    if message.flags & 2 and message.kind in (0x01, 0x03, 0x0B):  # shared: lies elsewhere
        if message.kind == 0x03:
            dataset.dtype = "shared type"
        return
    if message.kind == 0x01:
        dataset.shape = _shape(message, length)
        dataset.spaced = True
    elif message.kind == 0x03:
        dataset.dtype, dataset.big_endian = _dtype(message)
    elif message.kind == 0x07:
        dataset.outside.append("keeps its bytes in another file, which was not opened")
    elif message.kind == 0x08:
        _layout(dataset, message, offset, length)
    elif message.kind == 0x0B:
        dataset.filters = _filters(message)


def _shape(message: Message, length: int, at: int = 0) -> tuple[int, ...]:
    version, rank = message.number(at, 1), message.number(at + 1, 1)
    if rank > MAX_DIMENSIONS or version not in (1, 2):
        detail = f"a data space of version {version} with {rank} dimensions"
        raise FormatError(Fault.BAD_SHAPE, detail, message.at)
    first = at + (8 if version == 1 else 4)
    return tuple(message.number(first + n * length, length) for n in range(rank))


def _dtype(message: Message, at: int = 0) -> tuple[str, bool]:
    """Name in the spelling of `DTYPE_BITS` where there is one, and whether it is big-endian."""
    kind = message.number(at, 1) & 15
    big, size = bool(message.number(at + 1, 1) & 1), message.number(at + 4, 4)
    if kind == 0:
        signed = message.number(at + 1, 1) & 8
        name = f"{'I' if signed else 'U'}{8 * size}"
        return (name if name in DTYPE_BITS else f"integer of {size} bytes"), big
    if kind == 1:
        exponent = message.number(at + 8 + 5, 1)
        name = "BF16" if size == 2 and exponent == 8 else f"F{8 * size}"
        return (name if name in DTYPE_BITS else f"float of {size} bytes"), big
    if kind == 8 and size == 1:
        return "BOOL", False
    names = {3: "STRING", 6: "record", 7: "reference", 8: "enumeration", 9: "variable", 10: "array"}
    return names.get(kind, f"hdf5-class-{kind}"), False


def _layout(dataset: Dataset, message: Message, offset: int, length: int) -> None:
    version = message.number(0, 1)
    dataset.laid_out = True
    if version in (1, 2):
        rank, kind = message.number(1, 1), message.number(2, 1)
        if kind == 0:
            at = message.at + 8 + 4 * rank + 4
            dataset.inline = (at, at + message.number(8 + 4 * rank, 4))
        elif kind == 1:
            dataset.address = message.number(8, offset)
            sizes = [message.number(8 + offset + 4 * n, 4) for n in range(min(rank, 64))]
            dataset.size = _product(sizes)
        else:
            dataset.chunks, dataset.chunk_rank = message.number(8, offset), rank
            dataset.old_chunks = True
        return
    kind = message.number(1, 1)
    if version not in (3, 4) or kind > 3:
        detail = f"a layout of version {version} and class {kind}"
        raise FormatError(Fault.UNSUPPORTED, detail, message.at)
    if kind == 0:
        dataset.inline = (message.at + 4, message.at + 4 + message.number(2, 2))
    elif kind == 1:
        dataset.address, dataset.size = (
            message.number(2, offset),
            message.number(2 + offset, length),
        )
    elif kind == 3:
        dataset.outside.append("is virtual: it is made of other files, which were not opened")
    elif version == 3:
        dataset.chunk_rank, dataset.chunks = message.number(2, 1), message.number(3, offset)
        dataset.old_chunks = True
    else:
        dataset.chunks = 0


def _product(sizes: list[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


def _filters(message: Message) -> list[int]:
    """The numbers of the filters that the bytes went through."""
    version, count = message.number(0, 1), message.number(1, 1)
    at = 8 if version == 1 else 2
    found: list[int] = []
    for _ in range(count):
        number = message.number(at, 2)
        named = version == 1 or number >= 256
        name = message.number(at + 2, 2) if named else 0
        at += 2 if named else 0
        values = message.number(at + 4, 2)
        at += 6 + (name + -name % 8 if version == 1 else name) + 4 * values
        at += 4 if version == 1 and values % 2 else 0
        found.append(number)
    return found


def compact_link(message: Message, offset: int) -> tuple[int, str, int | None]:
    """Kind (0 hard, 1 soft, 64 external), name and, for a hard link, the address as written."""
    flags, at, kind = message.number(1, 1), 2, 0
    if flags & 8:
        kind, at = message.number(at, 1), at + 1
    at += (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    length = message.number(at, width)
    at += width
    if at + length > len(message.raw):
        raise FormatError(Fault.TRUNCATED, "the name of a link breaks off", message.at)
    name = message.raw[at : at + min(length, 4 * MAX_NAME)].decode("utf-8", "replace")
    return kind, name, message.number(at + length, offset) if kind == 0 else None


def attribute_place(message: Message) -> tuple[str, bytes | None, int | None]:
    """Name and text of an attribute of one text; else where its reference into the heap stands."""
    version = message.number(0, 1)
    sizes = [message.number(2 + 2 * n, 2) for n in range(3)]
    at = 9 if version == 3 else 8
    starts = []
    for size in sizes:
        starts.append(at)
        at += size + (-size % 8 if version == 1 else 0)
    name = message.raw[starts[0] : starts[0] + sizes[0]].split(b"\0", 1)[0]
    kind = message.number(starts[1], 1) & 15
    shown = name.decode("utf-8", "replace")
    if message.number(starts[2] + 1, 1):  # more than one value
        return shown, None, None
    if kind == 3:
        return shown, message.raw[at : at + message.number(starts[1] + 4, 4)], None
    return shown, None, message.at + at if kind == 9 else None
