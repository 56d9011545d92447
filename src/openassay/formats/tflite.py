"""TensorFlow Lite: a flatbuffer whose tensors point to buffers, read table by table.

Source: `tensorflow/compiler/mlir/lite/schema/schema.fbs`, version 3. Only tensors with a buffer of
bytes are weights; activations have an empty one. Array data are passed over: a vector's length is
read, its bytes are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openassay.formats.bounded import (
    MAX_DIMENSIONS,
    MAX_NAME,
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
from openassay.formats.buffered import Pages

MAGIC: Final = b"TFL3"
MAX_TENSORS: Final = 100_000  # mobile models have some thousands
MAX_READ: Final = 256 << 20  # pages may be read again when the tables lie far apart
MAX_GRAPHS: Final = 1_000  # control flow gives each branch a graph of its own

DTYPES: Final = (
    "F32", "F16", "I32", "U8", "I64", "STRING", "BOOL", "I16", "C64", "I8", "F64", "C128", "U64",
    "RESOURCE", "VARIANT", "U32", "U16", "I4", "BF16", "I2", "U4",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TfliteFile:
    """`tensors` are those with bytes of their own, in all sub-graphs, each buffer once."""

    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, str]
    problems: tuple[Problem, ...]


def parse(read: ReadAt, size: int) -> TfliteFile:
    """Read the tables of a TensorFlow Lite model; FormatError if they cannot be walked."""
    pages = Pages(Window(read, size, MAX_READ))
    if pages.at(4, 4) != MAGIC:
        message = f"a TensorFlow Lite file has 'TFL3' at byte 4, found {pages.at(4, 4)!r}"
        raise FormatError(Fault.NOT_THIS_FORMAT, message, 4)
    findings = Findings()
    model = _Table(pages, pages.number(0, 4))
    metadata = {"version": str(model.scalar(0, 4))}
    if description := model.text(3):
        metadata["description"] = description
    buffers = model.vector(4)
    tensors = tuple(_tensors(model, buffers, findings))
    if not tensors:
        findings.add(Fault.NO_TENSORS, "no tensor of the model has bytes of its own")
    return TfliteFile(tensors, MappingProxyType(metadata), findings.done())


def _tensors(model: _Table, buffers: list[int], findings: Findings) -> Iterator[Tensor]:
    seen: set[int] = set()
    told = 0
    graphs = model.vector(2)
    if len(graphs) > MAX_GRAPHS:
        findings.add(Fault.TOO_MANY_ENTRIES, f"{len(graphs)} graphs, {MAX_GRAPHS} are read")
    for graph in graphs[:MAX_GRAPHS]:
        for at in _Table(model.pages, graph).vector(0):
            told += 1
            if told > MAX_TENSORS:
                message = f"more than {MAX_TENSORS} tensors"
                raise FormatError(Fault.TOO_MANY_TENSORS, message, at)
            table = _Table(model.pages, at)
            index = table.scalar(2, 4)
            if index in seen:
                continue
            if index >= len(buffers):
                detail = f"a tensor names buffer {index}, there are {len(buffers)}"
                findings.add(Fault.BAD_ENTRY, detail, at)
                continue
            place = _bytes_of(_Table(model.pages, buffers[index]))
            if place is not None:
                seen.add(index)
                yield _tensor(table, place, findings)


def _bytes_of(buffer: _Table) -> tuple[int, int] | None:
    """Where a buffer's bytes lie: in its vector, or behind the flatbuffer in large models."""
    inside = buffer.vector_place(0)
    if inside is not None and inside[1] > inside[0]:
        return inside
    offset, length = buffer.scalar(1, 8), buffer.scalar(2, 8)
    return (offset, offset + length) if offset > 1 and length else None


def _tensor(table: _Table, place: tuple[int, int], findings: Findings) -> Tensor:
    name = clean_name(table.text(3), findings, table.at)
    shape = table.numbers(0)
    kind = table.scalar(1, 1)
    dtype = DTYPES[kind] if kind < len(DTYPES) else f"tflite-type-{kind}"
    if kind >= len(DTYPES):
        detail = f"tensor {quoted(name)} has the unknown type {kind}"
        findings.add(Fault.UNKNOWN_DTYPE, detail, table.at)
    if place[1] > table.pages.size:
        detail = f"tensor {quoted(name)} reaches to byte {place[1]}, the file has less"
        findings.add(Fault.TRUNCATED, detail, place[0])
    if table.has(6):  # only what is not zero is stored, in an order of its own
        return Tensor(name, dtype, shape)
    tensor = Tensor(name, dtype, shape, *place)
    needed = stored_bytes(dtype, tensor.parameters)
    if needed is not None and needed != place[1] - place[0]:
        detail = f"tensor {quoted(name)} stores {place[1] - place[0]} bytes, shape asks {needed}"
        findings.add(Fault.SIZE_MISMATCH, detail, place[0])
    return tensor


class _Table:
    """A flatbuffer table: its fields are found through the table of offsets it points back to."""

    __slots__ = ("_fields", "at", "pages")

    def __init__(self, pages: Pages, at: int) -> None:
        self.pages = pages
        self.at = at
        back = int.from_bytes(pages.at(at, 4), "little", signed=True)
        layout = at - back
        length = pages.number(layout, 2)
        if not 4 <= length <= 2 * MAX_NAME:
            message = f"a table's layout claims {length} bytes"
            raise FormatError(Fault.HEADER_MALFORMED, message, max(0, layout))
        raw = pages.at(layout + 4, length - 4)
        self._fields = [int.from_bytes(raw[i : i + 2], "little") for i in range(0, len(raw) - 1, 2)]

    def _place(self, field: int) -> int | None:
        offset = self._fields[field] if field < len(self._fields) else 0
        return self.at + offset if offset else None

    def has(self, field: int) -> bool:
        return self._place(field) is not None

    def scalar(self, field: int, width: int) -> int:
        place = self._place(field)
        return 0 if place is None else self.pages.number(place, width)

    def vector_place(self, field: int) -> tuple[int, int] | None:
        """First byte and number of elements' end, for a vector of bytes."""
        place = self._place(field)
        if place is None:
            return None
        at = place + self.pages.number(place, 4)
        return at + 4, at + 4 + self.pages.number(at, 4)

    def vector(self, field: int) -> list[int]:
        """Where the tables of a vector of tables lie."""
        found = self.vector_place(field)
        if found is None:
            return []
        first, count = found[0], found[1] - found[0]
        if count > MAX_TENSORS:
            message = f"a list of {count} entries, at most {MAX_TENSORS} are read"
            raise FormatError(Fault.TOO_MANY_ENTRIES, message, first)
        raw = self.pages.at(first, 4 * count)
        return [
            first + i + int.from_bytes(raw[i : i + 4], "little") for i in range(0, 4 * count, 4)
        ]

    def numbers(self, field: int) -> tuple[int, ...]:
        """A vector of 32-bit sizes; FormatError where it is no shape."""
        found = self.vector_place(field)
        if found is None:
            return ()
        first, count = found[0], found[1] - found[0]
        if count > MAX_DIMENSIONS:
            message = f"a shape of {count} dimensions, at most {MAX_DIMENSIONS} are read"
            raise FormatError(Fault.BAD_SHAPE, message, first)
        raw = self.pages.at(first, 4 * count)
        return tuple(int.from_bytes(raw[i : i + 4], "little") for i in range(0, 4 * count, 4))

    def text(self, field: int) -> str:
        found = self.vector_place(field)
        if found is None:
            return ""
        length = min(found[1] - found[0], 4 * MAX_NAME)
        return self.pages.at(found[0], length).decode("utf-8", "replace")
