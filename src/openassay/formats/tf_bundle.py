"""TensorFlow checkpoints: the `.index` of a tensor bundle, a sorted table of names and places.

The table is LevelDB's format, which TensorFlow writes without compression: blocks of entries with
shared prefixes, an index of blocks, a footer. Each value is a small protobuf: type, shape, data
file, offset, size. The data files (`.data-00000-of-00001`) are named here and never opened.

Source: `tensorflow/core/util/tensor_bundle`, `tensor_bundle.proto` and LevelDB's table_format.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from openassay.formats.bounded import (
    MAX_DIMENSIONS,
    Fault,
    Findings,
    FormatError,
    Problem,
    ReadAt,
    Tensor,
    Window,
    clean_name,
    quoted,
    stored_bytes,
)

_MAGIC: Final = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER: Final = 48  # two places of a block, padding, the magic number
_TRAILER: Final = 5  # compression and checksum behind each block
MAX_TENSORS: Final = 100_000  # with optimizer states some thousands are met
MAX_READ: Final = 64 << 20  # bytes of index; a tensor takes about 100
MAX_BLOCK: Final = 16 << 20  # the writer's blocks hold 256 KiB
MAX_KEY: Final = 4_096

DTYPES: Final[dict[int, str]] = {
    1: "F32", 2: "F64", 3: "I32", 4: "U8", 5: "I16", 6: "I8", 7: "STRING", 8: "C64", 9: "I64",
    10: "BOOL", 11: "QI8", 12: "QU8", 13: "QI32", 14: "BF16", 17: "U16", 18: "C128", 19: "F16",
    20: "RESOURCE", 21: "VARIANT", 22: "U32", 23: "U64", 24: "F8_E5M2", 25: "F8_E4M3",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor's bytes lie: number of the data file, offset and length in it."""

    tensor: str
    shard: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class TensorBundle:
    """`places` say for each tensor where its bytes are; `shards` how many data files there are."""

    tensors: tuple[Tensor, ...]
    places: tuple[Place, ...]
    shards: int
    big_endian: bool
    problems: tuple[Problem, ...]

    def location(self, shard: int) -> str:
        """What the name of a data file adds to the index's own name, without `.index`."""
        return f".data-{shard:05d}-of-{self.shards:05d}"


@dataclass(slots=True)
class _Entry:
    """The fields of a BundleEntryProto or BundleHeaderProto."""

    numbers: dict[int, int] = field(default_factory=dict)
    shape: tuple[int, ...] = ()


def is_table(read: ReadAt, size: int) -> bool:
    """Whether a file ends as such a table does."""
    return size >= _FOOTER and read(size - 8, 8) == _MAGIC


def parse(read: ReadAt, size: int) -> TensorBundle:
    """Read the index of a tensor bundle; FormatError if it is none or cannot be walked."""
    window = Window(read, size, MAX_READ)
    footer = window.at(max(0, size - _FOOTER), min(size, _FOOTER))
    if footer[-8:] != _MAGIC:
        message = "no table's footer at the end of the file"
        raise FormatError(Fault.NOT_THIS_FORMAT, message, max(0, size - 8))
    findings = Findings()
    _, at = _varint(footer, 0)
    _, at = _varint(footer, at)
    offset, at = _varint(footer, at)
    length, _ = _varint(footer, at)
    tensors: list[Tensor] = []
    places: list[Place] = []
    shards, big_endian = 1, False
    for _, handle in _block(window, offset, length):
        begin, at = _varint(handle, 0)
        extent, _ = _varint(handle, at)
        for key, value in _block(window, begin, extent):
            entry = _message(value, begin)
            if not key:
                shards, big_endian = entry.numbers.get(1, 1), entry.numbers.get(2, 0) == 1
                continue
            if len(tensors) >= MAX_TENSORS:
                message = f"more than {MAX_TENSORS} tensors"
                raise FormatError(Fault.TOO_MANY_TENSORS, message, begin)
            tensor, place = _tensor(key, entry, findings, begin)
            tensors.append(tensor)
            places.append(place)
    if not tensors:
        findings.add(Fault.NO_TENSORS, "the index names no tensor")
    return TensorBundle(tuple(tensors), tuple(places), shards, big_endian, findings.done())


def _tensor(key: bytes, entry: _Entry, findings: Findings, at: int) -> tuple[Tensor, Place]:
    name = clean_name(key.decode("utf-8", "replace"), findings, at)
    kind = entry.numbers.get(1, 0)
    dtype = DTYPES.get(kind, f"tf-type-{kind}")
    tensor = Tensor(name, dtype, entry.shape)
    stored = entry.numbers.get(5, 0)
    needed = stored_bytes(dtype, tensor.parameters)
    if needed is not None and needed != stored:
        detail = f"tensor {quoted(name)} stores {stored} bytes, {dtype} and its shape ask {needed}"
        findings.add(Fault.SIZE_MISMATCH, detail, at)
    return tensor, Place(name, entry.numbers.get(3, 0), entry.numbers.get(4, 0), stored)


def _block(window: Window, offset: int, length: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of one block, in order."""
    if length > MAX_BLOCK:
        message = f"a block of {length} bytes, at most {MAX_BLOCK} are read"
        raise FormatError(Fault.READ_LIMIT, message, offset)
    raw = window.at(offset, length + _TRAILER)
    if raw[length]:
        raise FormatError(Fault.UNSUPPORTED, "a compressed table, which is not read here", offset)
    restarts = int.from_bytes(raw[max(0, length - 4) : length], "little")
    end = length - 4 - 4 * restarts
    if end < 0:
        message = f"a block of {length} bytes claims {restarts} restart points"
        raise FormatError(Fault.HEADER_LENGTH_LIES, message, offset)
    key, at = b"", 0
    while at < end:
        shared, at = _varint(raw, at)
        fresh, at = _varint(raw, at)
        extent, at = _varint(raw, at)
        if shared > len(key) or shared + fresh > MAX_KEY or at + fresh + extent > end:
            message = "an entry of the table reaches past its block"
            raise FormatError(Fault.HEADER_LENGTH_LIES, message, offset + min(at, end))
        key = key[:shared] + raw[at : at + fresh]
        at += fresh
        yield key, raw[at : at + extent]
        at += extent


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """An unsigned number of 7 bits a byte, and what follows it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(raw):
            raise FormatError(Fault.TRUNCATED, "a number breaks off", at)
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise FormatError(Fault.HEADER_MALFORMED, "a number of more than 10 bytes", at)


def _fields(raw: bytes, offset: int) -> Iterator[tuple[int, int, int, bytes]]:
    """Number, wire type, value and payload of each protobuf field."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(raw, at)
            yield number, wire, value, b""
        elif wire == 2:
            length, at = _varint(raw, at)
            if at + length > len(raw):
                message = "a field reaches past its message"
                raise FormatError(Fault.HEADER_LENGTH_LIES, message, offset)
            yield number, wire, length, raw[at : at + length]
            at += length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            message = f"field {number} is of no known wire type"
            raise FormatError(Fault.HEADER_MALFORMED, message, offset)


def _message(raw: bytes, offset: int) -> _Entry:
    entry = _Entry()
    for number, wire, value, payload in _fields(raw, offset):
        if wire == 0:
            entry.numbers[number] = value
        elif wire == 2 and number == 2:
            entry.shape = _shape(payload, offset)
    return entry


def _shape(raw: bytes, offset: int) -> tuple[int, ...]:
    """A TensorShapeProto; FormatError for negative sizes or too many dimensions."""
    sizes: list[int] = []
    for number, wire, _, payload in _fields(raw, offset):
        if number == 2 and wire == 2:
            size = 0
            for inner, kind, value, _ in _fields(payload, offset):
                if inner == 1 and kind == 0:
                    size = value
            sizes.append(size)
    if len(sizes) > MAX_DIMENSIONS or any(size >= 1 << 63 for size in sizes):
        message = f"a shape with a negative size or over {MAX_DIMENSIONS} dimensions"
        raise FormatError(Fault.BAD_SHAPE, message, offset)
    return tuple(sizes)
