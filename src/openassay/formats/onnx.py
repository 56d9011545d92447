"""ONNX models: protobuf read field by field, array data passed over by their length.

Source: `onnx.proto` of onnx 1.23 (message and field numbers) and the protobuf encoding guide.
Weights are looked for wherever the format can put them: initialisers, `Constant` nodes and other
tensor attributes, the sub-graphs of `If`, `Loop` and `Scan`, functions, training graphs; some
exporters leave no initialiser at all. Files of external data are named here and never opened.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openassay.formats.bounded import (
    MAX_DIMENSIONS,
    MAX_NAME,
    Cursor,
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
    unsafe_path,
)

MAX_READ: Final = 256 << 20  # bytes; graphs without their arrays are a few MB, small arrays add up
MAX_FIELDS: Final = 2_000_000  # protobuf fields; a graph of 100,000 nodes has about 1.5 million
MAX_DEPTH: Final = 16  # graphs within graphs; exported control flow nests two or three deep
MAX_PROPERTIES: Final = 100  # of the model; exporters write a handful
MAX_TEXT: Final = 64 << 10  # bytes kept of one metadata value
MAX_ARRAYS: Final = 100_000  # tensors; a model without external data ends at 2 GB
MAX_OPERATORS: Final = 2_000  # distinct ones; the standard has about 200

DTYPES: Final[Mapping[int, str]] = MappingProxyType({
    1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 8: "STRING", 9: "BOOL",
    10: "F16", 11: "F64", 12: "U32", 13: "U64", 14: "C64", 15: "C128", 16: "BF16", 17: "F8_E4M3",
    18: "F8_E4M3FNUZ", 19: "F8_E5M2", 20: "F8_E5M2FNUZ", 21: "U4", 22: "I4", 23: "F4",
    24: "F8_E8M0", 25: "U2", 26: "I2", 27: "F6_E2M3", 28: "F6_E3M2",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExternalData:
    """Where a tensor's bytes are said to lie: a path beside the model, and a range in it."""

    tensor: str
    location: str
    offset: int
    length: int | None


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """`metadata` are the model's own properties; `operators` counts nodes by type, all graphs.

    `initializers` is how many of `tensors` are initialisers, the others are attributes of nodes.
    """

    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, str]
    ir_version: int | None
    producer: str
    graph: str
    opset: Mapping[str, int]  # by domain, "" is the standard one
    nodes: int
    operators: Mapping[str, int]
    functions: int
    initializers: int
    external: tuple[ExternalData, ...]
    problems: tuple[Problem, ...]


# The fields of ModelProto and their wire types: protobuf has no magic number, so a file is taken
# for a model only if everything at its top level could belong to one.
_MODEL_FIELDS: Final[Mapping[int, int]] = MappingProxyType({
    1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2,
})  # fmt: skip


def parse(read: ReadAt, size: int) -> OnnxModel:
    """Read an ONNX model of `size` bytes without its arrays.

    FormatError if the top level is not that of a model; a file that breaks off further inside
    gives what was read until there, and a problem.
    """
    window = Window(read, size, MAX_READ)
    reader = _Reader(Cursor(window), size)
    try:
        _model(reader, size)
    except FormatError as error:
        if error.problem is Fault.HEADER_MALFORMED and not reader.recognised:
            message = f"not an ONNX model: {error.message}"
            raise FormatError(Fault.NOT_THIS_FORMAT, message, error.offset) from error
        if error.problem is Fault.NOT_THIS_FORMAT or not reader.recognised:
            raise
        reader.findings.add_error(error)
    if not reader.recognised:
        message = "neither a graph nor an IR version at the top level: not an ONNX model"
        raise FormatError(Fault.NOT_THIS_FORMAT, message)
    if not reader.tensors:
        reader.findings.add(Fault.NO_TENSORS, "the model holds no tensor")
    return OnnxModel(
        tuple(reader.tensors),
        MappingProxyType(reader.metadata),
        reader.ir_version,
        " ".join(text for text in (reader.producer, reader.producer_version) if text),
        reader.graph,
        MappingProxyType(reader.opset),
        reader.nodes,
        MappingProxyType(reader.operators),
        reader.functions,
        reader.initializers,
        tuple(reader.external),
        reader.findings.done(),
    )


class _Reader:
    """The cursor with protobuf's encodings, and everything collected on the way."""

    def __init__(self, cursor: Cursor, size: int) -> None:
        self.cursor = cursor
        self.size = size
        self.findings = Findings()
        self.fields_read = 0
        self.recognised = False
        self.ir_version: int | None = None
        self.producer = self.producer_version = self.graph = ""
        self.tensors: list[Tensor] = []
        self.external: list[ExternalData] = []
        self.metadata: dict[str, str] = {}
        self.opset: dict[str, int] = {}
        self.operators: dict[str, int] = {}
        self.nodes = self.functions = self.initializers = 0

    def varint(self) -> int:
        """An unsigned 64-bit number, 7 bits a byte; FormatError if it takes more than 10 bytes."""
        value = self.cursor.byte()
        if value < 0x80:
            return value
        value &= 0x7F
        for shift in range(7, 70, 7):
            byte = self.cursor.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFFFFFFFFFFFFFF
        message = "a number of more than 10 bytes"
        raise FormatError(Fault.HEADER_MALFORMED, message, self.cursor.position)

    def fields(self, end: int) -> Iterator[tuple[int, int, int]]:
        """Number, wire type and value of each field up to `end`.

        The value of wire type 2 is its length; its payload is next under the cursor, and what the
        caller leaves of it is passed over. Values of fixed width are passed and given as 0.
        """
        cursor = self.cursor
        while cursor.position < end:
            self.fields_read += 1
            if self.fields_read > MAX_FIELDS:
                message = f"more than {MAX_FIELDS} fields"
                raise FormatError(Fault.READ_LIMIT, message, cursor.position)
            at = cursor.position
            tag = self.varint()
            number, wire = tag >> 3, tag & 7
            if wire == 0:
                yield number, wire, self.varint()
            elif wire == 2:
                length = self._length(self.varint(), end, at)
                after = cursor.position + length
                yield number, wire, length
                cursor.skip(after - cursor.position)
            elif wire in (1, 5):
                cursor.skip(8 if wire == 1 else 4)
                yield number, wire, 0
            else:
                message = f"field {number} is a group or of no known wire type"
                raise FormatError(Fault.HEADER_MALFORMED, message, at)
        if cursor.position > end:
            message = f"a field reaches {cursor.position - end} bytes past the message around it"
            raise FormatError(Fault.HEADER_LENGTH_LIES, message, end)

    def _length(self, length: int, end: int, at: int) -> int:
        left = end - self.cursor.position
        if length <= left:
            return length
        if end == self.size and left >= 0:  # a file cut short: what is there can still be listed
            detail = f"a part of {length} bytes begins here, the file ends {length - left} earlier"
            self.findings.add(Fault.TRUNCATED, detail, at)
            return left
        message = f"a part claims {length} bytes, the one around it has {left} left"
        raise FormatError(Fault.HEADER_LENGTH_LIES, message, at)

    def text(self, length: int, keep: int = MAX_NAME) -> str:
        """The text of the field at hand, kept up to `keep` bytes."""
        return self.cursor.take(min(length, keep)).decode("utf-8", "replace")

    def end(self, length: int) -> int:
        return self.cursor.position + length

    def pair(self, end: int) -> tuple[str, str]:
        """A StringStringEntryProto."""
        key = value = ""
        for number, wire, length in self.fields(end):
            if wire == 2 and number == 1:
                key = self.text(length)
            elif wire == 2 and number == 2:
                if length > MAX_TEXT:
                    detail = f"property {quoted(key)} has {length} bytes, {MAX_TEXT} are kept"
                    self.findings.add(Fault.CUT_SHORT, detail, self.cursor.position)
                value = self.text(length, MAX_TEXT)
        return key, value


def _model(r: _Reader, end: int) -> None:
    for number, wire, value in r.fields(end):
        if _MODEL_FIELDS.get(number) != wire:
            message = f"field {number} of wire type {wire} does not belong to an ONNX model"
            raise FormatError(Fault.NOT_THIS_FORMAT, message, r.cursor.position)
        r.recognised = r.recognised or number in (1, 7)
        if number == 1:
            r.ir_version = value
        elif number == 2:
            r.producer = r.text(value)
        elif number == 3:
            r.producer_version = r.text(value)
        elif number == 7:
            _graph(r, r.end(value), 1)
        elif number == 8:
            _opset(r, r.end(value))
        elif number == 14 and len(r.metadata) < MAX_PROPERTIES:
            key, text = r.pair(r.end(value))
            r.metadata[key] = text
        elif number == 20:
            _training(r, r.end(value))
        elif number == 25:
            _function(r, r.end(value))


def _opset(r: _Reader, end: int) -> None:
    domain, version = "", 0
    for number, wire, value in r.fields(end):
        if number == 1 and wire == 2:
            domain = r.text(value)
        elif number == 2 and wire == 0:
            version = value
    if len(r.opset) < MAX_OPERATORS:
        r.opset[domain] = version


def _training(r: _Reader, end: int) -> None:
    for number, wire, value in r.fields(end):
        if number in (1, 2) and wire == 2:
            _graph(r, r.end(value), 2)


def _function(r: _Reader, end: int) -> None:
    r.functions += 1
    for number, wire, value in r.fields(end):
        if number == 7 and wire == 2:
            _node(r, r.end(value), 1)
        elif number == 11 and wire == 2:
            _attribute(r, r.end(value), "", 1)


def _graph(r: _Reader, end: int, depth: int) -> None:
    if depth > MAX_DEPTH:
        detail = f"graphs nested more than {MAX_DEPTH} deep are not read"
        r.findings.add(Fault.TOO_DEEP, detail, r.cursor.position)
        return
    names: set[str] = set()
    for number, wire, value in r.fields(end):
        if wire != 2:
            continue
        if number == 1:
            _node(r, r.end(value), depth)
        elif number == 2 and depth == 1:
            r.graph = r.text(value)
        elif number in (5, 15):
            at = r.cursor.position
            name = _tensor(r, r.end(value), "") if number == 5 else _sparse(r, r.end(value), "")
            r.initializers += 1
            if name in names:
                detail = f"two initialisers of one graph are named {quoted(name)}"
                r.findings.add(Fault.DUPLICATE_NAME, detail, at)
            names.add(name)


def _node(r: _Reader, end: int, depth: int) -> None:
    r.nodes += 1
    operator = domain = output = name = ""
    for number, wire, value in r.fields(end):
        if wire != 2:
            continue
        if number == 2 and not output:
            output = r.text(value)
        elif number == 3:
            name = r.text(value)
        elif number == 4:
            operator = r.text(value)
        elif number == 7:
            domain = r.text(value)
        elif number == 5:  # writers put the fields in order, so outputs and name came before
            _attribute(r, r.end(value), name or output, depth)
    key = f"{domain}::{operator}" if domain not in ("", "ai.onnx") else operator
    if key in r.operators or len(r.operators) < MAX_OPERATORS:
        r.operators[key] = r.operators.get(key, 0) + 1


def _attribute(r: _Reader, end: int, owner: str, depth: int) -> None:
    name = ""
    for number, wire, value in r.fields(end):
        if wire != 2:
            continue
        if number == 1:
            name = r.text(value)
        elif number in (5, 10):
            _tensor(r, r.end(value), f"{owner}.{name}")
        elif number in (22, 23):
            _sparse(r, r.end(value), f"{owner}.{name}")
        elif number in (6, 11):
            _graph(r, r.end(value), depth + 1)


def _sparse(r: _Reader, end: int, fallback: str) -> str:
    """A SparseTensorProto: its values are the tensor, the indices only say where they stand."""
    name = ""
    for number, wire, value in r.fields(end):
        if number == 1 and wire == 2:
            name = _tensor(r, r.end(value), fallback)
    return name


class _Described:
    """The fields of one TensorProto."""

    __slots__ = ("data", "dims", "external", "is_external", "kind", "name", "other")

    def __init__(self) -> None:
        self.name = ""
        self.dims: list[int] = []
        self.kind = 0
        self.data: tuple[int, int, bool] | None = None  # start, end, whether floats
        self.other = False  # data in a form whose length tells nothing
        self.external: dict[str, str] = {}
        self.is_external = False


def _tensor(r: _Reader, end: int, fallback: str) -> str:
    """Read one TensorProto, add it to the model's tensors and give its name."""
    if len(r.tensors) >= MAX_ARRAYS:
        message = f"more than {MAX_ARRAYS} tensors"
        raise FormatError(Fault.TOO_MANY_TENSORS, message, r.cursor.position)
    at = r.cursor.position
    described = _Described()
    for number, wire, value in r.fields(end):
        _tensor_field(r, described, number, wire, value)
    name = clean_name(described.name or fallback, r.findings, at)
    dtype = DTYPES.get(described.kind, f"onnx-type-{described.kind}")
    if described.kind not in DTYPES:
        detail = f"tensor {quoted(name)} has the unknown data type {described.kind}"
        r.findings.add(Fault.UNKNOWN_DTYPE, detail, at)
    if len(described.dims) > MAX_DIMENSIONS or any(n >= 1 << 63 for n in described.dims):
        detail = f"tensor {quoted(name)} has a negative size or over {MAX_DIMENSIONS} dimensions"
        r.findings.add(Fault.BAD_SHAPE, detail, at)
        described.dims = []
    place = described.data[:2] if described.data else (None, None)
    if not (described.data or described.other or described.is_external):
        place = (0, 0)  # described, and nothing is stored of it
    r.tensors.append(Tensor(name, dtype, tuple(described.dims), *place))
    _check_tensor(r, described, name, dtype, at)
    return name


def _tensor_field(r: _Reader, described: _Described, number: int, wire: int, value: int) -> None:
    if number == 1:  # repeated, packed or not
        if wire == 0 and len(described.dims) <= MAX_DIMENSIONS:
            described.dims.append(value)
        elif wire == 2:
            end = r.end(min(value, 10 * (MAX_DIMENSIONS + 1)))
            while r.cursor.position < end and len(described.dims) <= MAX_DIMENSIONS:
                described.dims.append(r.varint())
    elif number == 2 and wire == 0:
        described.kind = value
    elif number == 8 and wire == 2:
        described.name = r.text(value, 4 * MAX_NAME)
    elif number in (4, 9) and wire == 2:
        described.data = (r.cursor.position, r.end(value), number == 4)
    elif number in (4, 5, 6, 7, 10, 11):
        described.other = True
    elif number == 13 and wire == 2 and len(described.external) < 16:
        key, text = r.pair(r.end(value))
        described.external[key] = text
    elif number == 14 and wire == 0:
        described.is_external = value == 1


def _check_tensor(r: _Reader, described: _Described, name: str, dtype: str, at: int) -> None:
    """Bytes stored, here or outside, against shape and data type."""
    needed = stored_bytes(dtype, math.prod(described.dims))
    stored = None
    if described.is_external:
        found = _external(name, described.external)
        stored = found.length
        r.external.append(found)
        if unsafe_path(found.location):
            detail = f"tensor {quoted(name)} points to {quoted(found.location)}, out of the folder"
            r.findings.add(Fault.UNSAFE_PATH, detail, at)
    elif described.data:
        start, end, floats = described.data
        stored = end - start if not floats or dtype in ("F32", "C64") else None
    elif not described.other:
        stored = 0
    if stored is not None and needed is not None and stored != needed:
        detail = f"tensor {quoted(name)} stores {stored} bytes, {dtype} and its shape ask {needed}"
        r.findings.add(Fault.SIZE_MISMATCH, detail, at)


def _external(name: str, entries: Mapping[str, str]) -> ExternalData:
    return ExternalData(
        name,
        entries.get("location", "")[:MAX_NAME],
        _decimal(entries.get("offset", "")) or 0,
        _decimal(entries.get("length", "")),
    )


def _decimal(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else None
