"""GGUF: typed key-values, tensor descriptions and aligned data, all in one file.

Source: docs/gguf.md of ggml and the tables of the `gguf` package 0.19.0. Read here are versions 1
(32-bit counts), 2 and 3, in both byte orders. The metadata hold the whole tokenizer, so arrays are
walked without being built: only their first ARRAY_HEAD elements are kept.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openassay.formats.bounded import (
    MAX_TENSORS,
    Cursor,
    Fault,
    Findings,
    FormatError,
    Problem,
    ReadAt,
    Tensor,
    Window,
    check_cover,
    clean_name,
    quoted,
)

MAX_HEADER: Final = 256 << 20  # bytes; the largest tokenizers met take 20 MB
MAX_KEYS: Final = 65_536  # real files have under 100
MAX_TEXTS: Final = 2_000_000  # texts walked in arrays; vocabulary plus merges stay under 1 million
MAX_TEXT: Final = 64 << 10  # bytes kept of one text; the longest chat templates are near 30 KiB
MAX_KEPT: Final = 4 << 20  # bytes kept of all texts together, except names
MAX_SHAPES: Final = 1_000  # distinct shapes that are remembered to share them
_BRIEF: Final = 64  # bytes kept of each text after that
MAX_SHAPE: Final = 8  # ggml has 4 dimensions; a few more are shown, with a problem
MAX_ARRAYS: Final = 100_000  # arrays inside arrays, which no writer in use makes
MAX_ARRAY_DEPTH: Final = 4  # arrays of arrays are legal and unused
MAX_SIZE: Final = 1 << 63
ARRAY_HEAD: Final = 32  # enough for tags, languages and data sets, which are what cards repeat
DEFAULT_ALIGNMENT: Final = 32
MAX_ALIGNMENT: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class GgufArray:
    """An array in the metadata: its element type, its length and its first elements."""

    element: str
    count: int
    head: tuple[Scalar, ...]


Scalar = str | int | float | bool
Value = Scalar | GgufArray
_Described = tuple[str, tuple[int, ...], int, int, int]


@dataclass(frozen=True, slots=True)
class GgufFile:
    """`data_start` is where the aligned tensor data begin, in absolute bytes."""

    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, Value]
    version: int
    big_endian: bool
    alignment: int
    data_start: int
    problems: tuple[Problem, ...]

    @property
    def architecture(self) -> str | None:
        """`general.architecture`, the prefix of the model's own keys."""
        found = self.metadata.get("general.architecture")
        return found if isinstance(found, str) else None

    @property
    def file_type(self) -> str | None:
        """The name of `general.file_type`; a label by its writer, the tensors may say otherwise."""
        found = self.metadata.get("general.file_type")
        return FILE_TYPES.get(found) if isinstance(found, int) else None


# id: (name, elements in a block, bytes of a block). The ids left out were withdrawn by ggml.
GGML_TYPES: Final[Mapping[int, tuple[str, int, int]]] = MappingProxyType({
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
})  # fmt: skip

FILE_TYPES: Final[Mapping[int, str]] = MappingProxyType({
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M",
    30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE", 39: "NVFP4",
    40: "Q1_0",
})  # fmt: skip

_TEXT: Final = 8
_ARRAY: Final = 9
_TYPE_NAMES: Final = (
    "U8", "I8", "U16", "I16", "U32", "I32", "F32", "BOOL", "STRING", "ARRAY", "U64", "I64", "F64",
)  # fmt: skip
_TYPE_CODES: Final = ("B", "b", "H", "h", "I", "i", "f", "B", "", "", "Q", "q", "d")


class _Reader:
    """The file's numbers in its own byte order, and the count of texts walked so far."""

    __slots__ = (
        "big_endian", "cursor", "findings", "kept", "numbers", "order", "shapes",
        "texts", "version",
    )  # fmt: skip

    def __init__(self, cursor: Cursor, version: int, big_endian: bool, findings: Findings) -> None:
        self.cursor = cursor
        self.version = version
        self.big_endian = big_endian
        self.findings = findings
        self.order = ">" if big_endian else "<"
        self.texts = 0
        self.kept = 0
        self.shapes: dict[tuple[int, ...], tuple[int, ...]] = {}
        self.numbers = tuple(struct.Struct(self.order + code) for code in _TYPE_CODES)

    def u32(self) -> int:
        return int.from_bytes(self.cursor.take(4), "big" if self.big_endian else "little")

    def u64(self) -> int:
        return int.from_bytes(self.cursor.take(8), "big" if self.big_endian else "little")

    def count(self) -> int:
        """A length or a count: version 1 had 32 bits for them."""
        return self.u32() if self.version == 1 else self.u64()

    def text(self, what: str, *, name: bool = False) -> str:
        """A counted text, kept up to MAX_TEXT bytes; FormatError if it is longer than the file."""
        at = self.cursor.position
        length = self.count()
        if length > self.cursor.end - self.cursor.position:
            left = self.cursor.end - self.cursor.position
            message = f"{what} claims {length} bytes, {left} are left for the header"
            raise FormatError(Fault.HEADER_LENGTH_LIES, message, at)
        limit = MAX_TEXT if self.kept < MAX_KEPT or name else _BRIEF
        kept = self.cursor.take(min(length, limit))
        self.kept += 0 if name else len(kept)
        if length > limit:
            self.cursor.skip(length - limit)
            detail = f"{what} has {length} bytes, {limit} of them are kept"
            self.findings.add(Fault.CUT_SHORT, detail, at)
        return kept.decode("utf-8", "replace")


def parse(read: ReadAt, size: int) -> GgufFile:
    """Read keys, values and tensor descriptions of a GGUF file of `size` bytes.

    The array data are never read. FormatError if the header cannot be walked to its end.
    """
    window = Window(read, size, MAX_HEADER + (2 << 20))  # what the cursor may read ahead
    findings = Findings()
    reader = _open(Cursor(window, 0, min(size, MAX_HEADER)), findings)
    at = reader.cursor.position
    tensor_count, key_count = reader.count(), reader.count()
    if tensor_count > MAX_TENSORS:
        message = f"{tensor_count} tensors, at most {MAX_TENSORS} are read"
        raise FormatError(Fault.TOO_MANY_TENSORS, message, at)
    if key_count > MAX_KEYS:
        message = f"{key_count} keys, at most {MAX_KEYS} are read"
        raise FormatError(Fault.TOO_MANY_ENTRIES, message, at)
    try:
        metadata = _read_keys(reader, key_count)
        described = [_read_tensor(reader) for _ in range(tensor_count)]
    except FormatError as error:
        if error.problem is Fault.TRUNCATED and size > MAX_HEADER:
            message = f"the header is longer than {MAX_HEADER} bytes"
            raise FormatError(Fault.HEADER_TOO_LARGE, message, error.offset) from error
        raise
    alignment = _alignment(metadata, findings)
    data_start = reader.cursor.position + -reader.cursor.position % alignment
    tensors = tuple(_placed(described, data_start, alignment, findings))
    _check_file(tensors, data_start, size, alignment, findings)
    return GgufFile(
        tensors,
        MappingProxyType(metadata),
        reader.version,
        reader.big_endian,
        alignment,
        data_start,
        findings.done(),
    )


def _open(cursor: Cursor, findings: Findings) -> _Reader:
    magic = cursor.take(4)
    if magic != b"GGUF":
        message = f"a GGUF file begins with 'GGUF', found {magic!r}"
        raise FormatError(Fault.NOT_THIS_FORMAT, message)
    raw = cursor.take(4)
    version = int.from_bytes(raw, "little")
    # Big-endian files have no mark of their own: their version reads as a multiple of 65,536.
    big_endian = version != 0 and version & 0xFFFF == 0
    if big_endian:
        version = int.from_bytes(raw, "big")
    if version not in (1, 2, 3):
        raise FormatError(Fault.UNSUPPORTED, f"GGUF version {version}, known are 1 to 3", 4)
    return _Reader(cursor, version, big_endian, findings)


def _read_keys(reader: _Reader, count: int) -> dict[str, Value]:
    metadata: dict[str, Value] = {}
    for _ in range(count):
        at = reader.cursor.position
        key = clean_name(reader.text("a metadata key", name=True), reader.findings, at)
        value = _value(reader, reader.u32(), key)
        if key in metadata:
            detail = f"key {quoted(key)} stands twice, the first one is kept"
            reader.findings.add(Fault.DUPLICATE_NAME, detail, at)
        metadata.setdefault(key, value)
    return metadata


def _value(reader: _Reader, kind: int, key: str) -> Value:
    if kind == _TEXT:
        return reader.text(f"the value of {quoted(key)}")
    if kind == _ARRAY:
        return _array(reader, key, 1)
    return _number(reader, _known(reader, kind, key))


def _known(reader: _Reader, kind: int, key: str) -> int:
    if kind >= len(_TYPE_NAMES):
        message = f"key {quoted(key)} has the unknown value type {kind}, its length is not known"
        raise FormatError(Fault.HEADER_MALFORMED, message, reader.cursor.position)
    return kind


def _number(reader: _Reader, kind: int) -> Scalar:
    number = reader.numbers[kind]
    value: int | float = number.unpack(reader.cursor.take(number.size))[0]
    return bool(value) if _TYPE_NAMES[kind] == "BOOL" else value


def _array(reader: _Reader, key: str, depth: int) -> GgufArray:
    at = reader.cursor.position
    kind = _known(reader, reader.u32(), key)
    count = reader.count()
    if depth > MAX_ARRAY_DEPTH:
        message = f"key {quoted(key)} nests arrays more than {MAX_ARRAY_DEPTH} deep"
        raise FormatError(Fault.TOO_DEEP, message, at)
    left = reader.cursor.end - reader.cursor.position
    width = reader.numbers[kind].size or (4 if reader.version == 1 else 8)
    if count * width > left:
        message = f"key {quoted(key)} claims {count} elements, {left} bytes are left"
        raise FormatError(Fault.HEADER_LENGTH_LIES, message, at)
    if kind not in (_TEXT, _ARRAY):
        head = tuple(_number(reader, kind) for _ in range(min(count, ARRAY_HEAD)))
        reader.cursor.skip((count - len(head)) * width)
        return GgufArray(_TYPE_NAMES[kind], count, head)
    reader.texts += count
    if reader.texts > (MAX_TEXTS if kind == _TEXT else MAX_ARRAYS):
        message = f"more than {MAX_TEXTS} texts or {MAX_ARRAYS} arrays in arrays"
        raise FormatError(Fault.TOO_MANY_ENTRIES, message, at)
    if kind == _ARRAY:
        for _ in range(count):
            _array(reader, key, depth + 1)
        return GgufArray("ARRAY", count, ())
    texts = tuple(reader.text(f"a text of {quoted(key)}") for _ in range(min(count, ARRAY_HEAD)))
    _skip_texts(reader, count - len(texts), key)
    return GgufArray("STRING", count, texts)


def _skip_texts(reader: _Reader, count: int, key: str) -> None:
    """Pass counted texts without building them: this loop is most of the cost of a header."""
    cursor = reader.cursor
    length_of = struct.Struct(reader.order + ("I" if reader.version == 1 else "Q"))
    width, unpack = length_of.size, length_of.unpack_from
    while count:
        buffer, at = cursor.need(width)
        begin, last = at, len(buffer) - width
        while count and at <= last:
            at += width + unpack(buffer, at)[0]
            count -= 1
        if at - begin > cursor.end - cursor.position:
            message = f"a text of {quoted(key)} reaches past the end of the header"
            raise FormatError(Fault.HEADER_LENGTH_LIES, message, cursor.position)
        cursor.skip(at - begin)


def _read_tensor(reader: _Reader) -> _Described:
    """Name, shape (outermost first), type id, relative offset, and where the description is."""
    at = reader.cursor.position
    name = clean_name(reader.text("a tensor's name", name=True), reader.findings, at)
    dimensions = reader.u32()
    if dimensions > MAX_SHAPE:
        message = f"tensor {quoted(name)} claims {dimensions} dimensions, ggml has 4"
        raise FormatError(Fault.BAD_SHAPE, message, at)
    if dimensions > 4:
        detail = f"tensor {quoted(name)} has {dimensions} dimensions, ggml has 4"
        reader.findings.add(Fault.BAD_SHAPE, detail, at)
    innermost_first = [reader.count() for _ in range(dimensions)]
    shape = tuple(reversed(innermost_first))
    if len(reader.shapes) < MAX_SHAPES:
        shape = reader.shapes.setdefault(shape, shape)
    return name, shape, reader.u32(), reader.u64(), at


def _placed(
    described: list[_Described], data_start: int, alignment: int, findings: Findings
) -> Iterator[Tensor]:
    """Each description as a tensor. The descriptions are used up: there may be many."""
    described.reverse()
    while described:
        yield _place(*described.pop(), data_start, alignment, findings)


def _alignment(metadata: Mapping[str, Value], findings: Findings) -> int:
    found = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if type(found) is int and 0 < found <= MAX_ALIGNMENT and found & (found - 1) == 0:
        return found
    detail = f"general.alignment is no power of two up to {MAX_ALIGNMENT}, the default is used"
    findings.add(Fault.BAD_METADATA, detail)
    return DEFAULT_ALIGNMENT


def _place(
    name: str,
    shape: tuple[int, ...],
    kind: int,
    offset: int,
    at: int,
    data_start: int,
    alignment: int,
    findings: Findings,
) -> Tensor:
    """The tensor with its absolute bytes, which the file itself never states."""
    start = data_start + offset
    if offset % alignment:
        detail = f"tensor {quoted(name)} at {offset} is not aligned to {alignment}"
        findings.add(Fault.MISALIGNED, detail, at)
    known = GGML_TYPES.get(kind)
    if known is None:
        findings.add(Fault.UNKNOWN_DTYPE, f"tensor {quoted(name)} has the unknown type {kind}", at)
        return Tensor(name, f"ggml-type-{kind}", shape, start, None)
    dtype, block, block_bytes = known
    elements = math.prod(shape)
    if elements >= MAX_SIZE or offset >= MAX_SIZE:
        detail = f"tensor {quoted(name)} is larger or further away than 63 bits count"
        findings.add(Fault.BAD_SHAPE, detail, at)
        return Tensor(name, dtype, shape, None, None)
    if elements % block or (shape and shape[-1] % block):
        detail = f"rows of tensor {quoted(name)} are not whole {dtype} blocks of {block}"
        findings.add(Fault.BAD_SHAPE, detail, at)
    return Tensor(name, dtype, shape, start, start + -(-elements // block) * block_bytes)


def _check_file(
    tensors: tuple[Tensor, ...], start: int, size: int, alignment: int, findings: Findings
) -> None:
    """Names told apart, and the tensors' bytes against the file's size."""
    if not tensors:
        # Legal for a file that holds a vocabulary only, and for the first part of a split one.
        findings.add(Fault.NO_TENSORS, "the file describes no tensor")
    seen: set[str] = set()
    for tensor in tensors:
        if tensor.name in seen:
            detail = f"two tensors are named {quoted(tensor.name)}"
            findings.add(Fault.DUPLICATE_NAME, detail, tensor.start)
        seen.add(tensor.name)
    reached = check_cover(tensors, start, size, findings, slack=alignment - 1)
    placed = all(tensor.end is not None for tensor in tensors)
    if tensors and placed and size - reached >= alignment:
        detail = f"{size - reached} bytes after the last tensor belong to none"
        findings.add(Fault.TRAILING_BYTES, detail, reached)
