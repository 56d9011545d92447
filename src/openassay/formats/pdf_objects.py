"""The objects of a PDF: numbers, names, strings, arrays, dictionaries, streams, references.

Objects are found by scanning for ``N G obj`` and by opening object streams, not by trusting the
cross-reference table: a damaged table is common, and nothing is lost by not needing it. Every
stream, count and depth is bounded. Source: ISO 32000-1, sections 7.2 to 7.5.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from openassay.formats.bounded import Fault, FormatError

MAX_OBJECTS: Final = 60_000
MAX_STREAM: Final = 8 << 20  # bytes of one stream, unpacked
MAX_UNPACKED: Final = 48 << 20  # bytes of all streams together
MAX_DEPTH: Final = 40
MAX_ITEMS: Final = 100_000  # of one array or dictionary
_MAX_FAILED: Final = 200  # objects that could not be parsed
_REREAD: Final = 1 << 19  # bytes that may be parsed again after a failure, or by several offsets


class Name(str):
    """A PDF name without its slash."""

    __slots__ = ()


class Operator(str):
    """A bare word: an operator of a content stream, or true, false and null."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an indirect object, by its number."""

    number: int


Value: TypeAlias = (
    "int | float | bytes | Name | Operator | Ref | list[Value] | dict[str, Value] | None"
)

_TOKEN: Final = re.compile(
    rb"[\0\t\n\f\r ]*(?:%[^\r\n]*[\0\t\n\f\r ]*)*"
    rb"(<<|>>|\[|\]|\(|/[^\0\t\n\f\r ()<>\[\]{}/%]*|<[0-9A-Fa-f\0\t\n\f\r ]*>"
    rb"|[+-]?(?:\d+\.?\d*|\.\d+)(?=[\0\t\n\f\r ()<>\[\]{}/%]|$)|"
    rb"[^\0\t\n\f\r ()<>\[\]{}/%]+|[{})<>])"
)
_REF: Final = re.compile(
    rb"[\0\t\n\f\r ]{1,20}\d{1,5}[\0\t\n\f\r ]{1,20}R(?![^\0\t\n\f\r ()<>\[\]{}/%])"
)
_OBJECT: Final = re.compile(
    rb"(?<!\d)(\d{1,10})[\0\t\n\f\r ]{1,20}\d{1,5}[\0\t\n\f\r ]{1,20}obj(?![a-z])"
)
_STRING_MARK: Final = re.compile(rb"[()\\]")
_ESCAPES: Final = {
    0x6E: b"\n", 0x72: b"\r", 0x74: b"\t", 0x62: b"\b", 0x66: b"\f",
}  # fmt: skip


class Lexer:
    """Tokens and values of a byte string, one after the other."""

    __slots__ = ("at", "data", "references")

    def __init__(self, data: bytes, at: int = 0, *, references: bool = True) -> None:
        self.data = data
        self.at = at
        self.references = references  # content streams have none

    def token(self) -> bytes | None:
        """The next token, None at the end or where nothing fits."""
        found = _TOKEN.match(self.data, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group(1)

    def value(self, depth: int = 0) -> Value:
        """The next value; FormatError at the end, for nesting over MAX_DEPTH or a stray bracket."""
        token = self.token()
        if token is None or token in (b"]", b">>", b")", b">", b"}"):
            raise FormatError(Fault.HEADER_MALFORMED, "PDF value expected", self.at)
        return self.value_of(token, depth)

    def value_of(self, token: bytes, depth: int = 0) -> Value:
        """The value that begins with this token."""
        if depth > MAX_DEPTH:
            raise FormatError(Fault.TOO_DEEP, f"PDF nested over {MAX_DEPTH} levels", self.at)
        if token == b"<<":
            return self._dictionary(depth)
        if token == b"[":
            return self._array(depth)
        if token == b"(":
            return self._string()
        first = token[:1]
        if first == b"/":
            return _name(token)
        if first == b"<":
            return _hex(token)
        if first in b"+-.0123456789":
            return self._number(token)
        return Operator(token[:200].decode("latin-1"))

    def _number(self, token: bytes) -> Value:
        try:
            if b"." in token:
                return float(token[:60])
            number = int(token[:18])
        except ValueError:
            return Operator(token[:200].decode("latin-1"))
        if self.references and number >= 0:
            found = _REF.match(self.data, self.at)
            if found:
                self.at = found.end()
                return Ref(number)
        return number

    def _array(self, depth: int) -> list[Value]:
        items: list[Value] = []
        while (token := self.token()) != b"]":
            if token is None or token == b">>" or len(items) >= MAX_ITEMS:
                raise FormatError(Fault.HEADER_MALFORMED, "PDF array without its end", self.at)
            items.append(self.value_of(token, depth + 1))
        return items

    def _dictionary(self, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while (token := self.token()) != b">>":
            if token is None or token == b"]" or len(found) >= MAX_ITEMS:
                raise FormatError(Fault.HEADER_MALFORMED, "PDF dictionary without its end", self.at)
            key = self.value_of(token, depth + 1)
            found[str(key)] = self.value(depth + 1)
        return found

    def _string(self) -> bytes:
        out = bytearray()
        open_brackets = 1
        while found := _STRING_MARK.search(self.data, self.at):
            out += self.data[self.at : found.start()]
            self.at = found.end()
            mark = found.group()
            if mark == b"\\":
                out += self._escape()
                continue
            open_brackets += 1 if mark == b"(" else -1
            if not open_brackets:
                return bytes(out)
            out += mark
        raise FormatError(Fault.HEADER_MALFORMED, "PDF string without its end", self.at)

    def _escape(self) -> bytes:
        octal = re.compile(rb"[0-7]{1,3}").match(self.data, self.at)
        if octal:
            self.at = octal.end()
            return bytes([int(octal.group(), 8) & 255])
        one = self.data[self.at : self.at + 1]
        self.at += 1
        if one in (b"\r", b"\n"):
            if one == b"\r" and self.data[self.at : self.at + 1] == b"\n":
                self.at += 1
            return b""
        return _ESCAPES.get(one[0], one) if one else b""


def _name(token: bytes) -> Name:
    text = token[1:200]
    if b"#" in text:
        text = re.sub(rb"#([0-9A-Fa-f]{2})", lambda hit: bytes([int(hit.group(1), 16)]), text)
    return Name(text.decode("latin-1"))


def _hex(token: bytes) -> bytes:
    digits = bytes(byte for byte in token if byte not in b"<> \t\r\n\f\0")
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


@dataclass(slots=True)
class Stream:
    """A stream's dictionary and its packed bytes."""

    info: dict[str, Value]
    packed: bytes


@dataclass(slots=True)
class Document:
    """All objects of a PDF by number; `unpack` gives a stream's bytes."""

    objects: dict[int, Value | Stream] = field(default_factory=dict)
    trailers: list[dict[str, Value]] = field(default_factory=list)
    unpacked: int = 0

    def get(self, value: Value | Stream) -> Value | Stream:
        """The value itself, or what a reference (or a short chain of them) leads to."""
        for _ in range(8):
            if not isinstance(value, Ref):
                return value
            value = self.objects.get(value.number)
        return None

    def dictionary(self, value: Value | Stream) -> dict[str, Value]:
        """The dictionary a value is or leads to (a stream's own included), else an empty one."""
        found = self.get(value)
        if isinstance(found, Stream):
            return found.info
        return found if isinstance(found, dict) else {}

    def array(self, value: Value | Stream) -> list[Value]:
        found = self.get(value)
        return found if isinstance(found, list) else []

    def unpack(self, stream: Stream) -> bytes:
        """The stream's bytes; empty for a filter that is not Flate, ASCII85 or ASCIIHex."""
        data = stream.packed
        filters = self.get(stream.info.get("Filter"))
        names = filters if isinstance(filters, list) else [filters] if filters else []
        for name in names[:4]:
            data = _unfilter(str(self.get(name)), data)
        if self.dictionary(stream.info.get("DecodeParms")).get("Predictor", 1) not in (1, None):
            data = _unpredict(self.dictionary(stream.info.get("DecodeParms")), data)
        self.unpacked += len(data)
        if self.unpacked > MAX_UNPACKED:
            message = f"PDF streams unpack to over {MAX_UNPACKED >> 20} MiB"
            raise FormatError(Fault.READ_LIMIT, message)
        return data


def _unfilter(name: str, data: bytes) -> bytes:
    if name in ("FlateDecode", "Fl"):
        inflate = zlib.decompressobj()
        try:
            return inflate.decompress(data, MAX_STREAM)
        except zlib.error:
            return b""
    if name in ("ASCIIHexDecode", "AHx"):
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", data.split(b">", 1)[0])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    return b""  # pictures, and filters no text producer in use writes


def _unpredict(parameters: dict[str, Value], data: bytes) -> bytes:
    """PNG row filters as object streams use them; only None, Sub and Up occur there."""
    if len(data) > _REREAD:
        return b""
    columns = parameters.get("Columns", 1)
    width = columns if isinstance(columns, int) and 0 < columns < 1 << 16 else 1
    out = bytearray()
    above = bytes(width)
    for at in range(0, len(data) - width, width + 1):
        kind, row = data[at], bytearray(data[at + 1 : at + 1 + width])
        if kind == 1:
            for index in range(1, width):
                row[index] = (row[index] + row[index - 1]) & 255
        elif kind == 2:
            row = bytearray((one + two) & 255 for one, two in zip(row, above, strict=True))
        out += row
        above = bytes(row)
    return bytes(out)


def parse(data: bytes) -> Document:
    """Every object of the file; the last of several with one number, as updates mean it.

    Raises FormatError when it is no PDF, holds no object, or is encrypted.
    """
    if b"%PDF-" not in data[:1024]:
        raise FormatError(Fault.NOT_THIS_FORMAT, "no %PDF- in the first 1,024 bytes")
    document = Document()
    failed = reread = at = 0
    while found := _OBJECT.search(data, at):
        at = found.end()
        if len(document.objects) >= MAX_OBJECTS:
            raise FormatError(Fault.TOO_MANY_ENTRIES, f"PDF of over {MAX_OBJECTS} objects")
        try:
            value, at = _object(data, at)
        except FormatError as error:
            failed += 1
            reread += max(0, error.offset - at)
            if failed > _MAX_FAILED or reread > _REREAD:
                raise
            continue
        document.objects[int(found.group(1))] = value
    _read_trailers(data, document)
    if not document.objects:
        raise FormatError(Fault.HEADER_MALFORMED, "a PDF without objects")
    _open_object_streams(document)
    if any("Encrypt" in trailer for trailer in document.trailers):
        raise FormatError(Fault.UNSUPPORTED, "an encrypted PDF")
    return document


def _read_trailers(data: bytes, document: Document) -> None:
    reread = 0
    for hit in re.finditer(rb"trailer[\0\t\n\f\r ]{0,20}(?=<<)", data):
        lexer = Lexer(data, hit.end())
        try:
            value = lexer.value()
        except FormatError:
            value = None
        reread += lexer.at - hit.end()
        if isinstance(value, dict):
            document.trailers.append(value)
        if reread > _REREAD or len(document.trailers) >= 100:
            return


def _object(data: bytes, at: int) -> tuple[Value | Stream, int]:
    lexer = Lexer(data, at)
    value = lexer.value()
    end = lexer.at
    if not isinstance(value, dict):
        return value, end
    word = re.compile(rb"[\0\t\n\f\r ]{0,20}stream\r?\n?").match(data, end)
    if word is None:
        return value, end
    start = word.end()
    length = value.get("Length")
    stop = start + length if isinstance(length, int) and length >= 0 else -1
    if stop < 0 or not data[stop : stop + 32].lstrip(b"\r\n \t").startswith(b"endstream"):
        stop = data.find(b"endstream", start)
        if stop < 0:
            raise FormatError(Fault.TRUNCATED, "PDF stream without its end", start)
    return Stream(value, data[start:stop]), stop


def _open_object_streams(document: Document) -> None:
    """Add the objects packed in object streams; those outside win, they are rarer and later."""
    streams = [
        found for found in document.objects.values()
        if isinstance(found, Stream) and found.info.get("Type") in ("ObjStm", "XRef")
    ]  # fmt: skip
    for stream in streams:
        if stream.info.get("Type") == "XRef":
            document.trailers.append(stream.info)
            continue
        count, first = stream.info.get("N"), stream.info.get("First")
        if not isinstance(count, int) or not isinstance(first, int):
            continue
        data = document.unpack(stream)
        reread = 0
        head = data[: max(first, 0)].split(None, 2 * MAX_OBJECTS)
        for index in range(0, min(2 * count, len(head) - 1, MAX_ITEMS), 2):
            if len(document.objects) >= MAX_OBJECTS or reread > len(data) + _REREAD:
                return
            try:
                number, offset = int(head[index][:10]), int(head[index + 1][:10])
                lexer = Lexer(data, max(0, first + offset))
                start = lexer.at
                value = lexer.value()
            except FormatError as error:
                reread += max(0, error.offset - start)
                continue
            except ValueError:
                continue
            reread += lexer.at - start
            document.objects.setdefault(number, value)
