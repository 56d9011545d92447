"""What every reader of weights shares: a counted window on a file, typed faults, tensors, zip.

Readers get the seam `read(offset, length) -> bytes` (at most `length` bytes, short only at the end
of the file) and the file's `size`, and go through a `Window`, which never asks for a byte outside
the file and stops at a budget. A finding that leaves the rest readable is a `Problem`;
`FormatError` is for the input about which nothing can be said.

The zip directory is read here and not by `zipfile`: what we look for (members that overlap, lie
about their size or stand outside the directory) is what a tolerant reader smooths over. Source of
the layout: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ReadAt = Callable[[int, int], bytes]

MAX_TENSORS: Final = 200_000  # the largest public release counts about 100,000 in all its shards
MAX_PROBLEMS: Final = 100  # a broken file repeats itself; kinds matter, not every instance
MAX_NAME: Final = 1_024  # characters; the longest tensor names met are near 200
MAX_NAMES: Final = 12 << 20  # bytes of all names in one file: 60 for each of MAX_TENSORS
MAX_DIMENSIONS: Final = 64  # numpy allows 64 and torch 64; every format in use stays below
MAX_MEMBERS: Final = 60_000  # one zip member per storage; real checkpoints have some thousands
MAX_DIRECTORY: Final = 16 << 20  # bytes of zip directory: about 250 for each of MAX_MEMBERS
MAX_RATIO: Final = 1_000  # deflate reaches 1032:1 on zeros only; real arrays stay below 100
RATIO_FLOOR: Final = 16 << 20  # a declared size under 16 MiB harms nobody whatever its ratio
_FIRST_CHUNK: Final = 4 << 10  # after a jump: one tensor's header rarely needs more
_LAST_CHUNK: Final = 1 << 20  # while reading on: few round trips over a network, little waste


class Fault(StrEnum):
    """Kinds of findings. The values are stable ids that reports may show."""

    NOT_THIS_FORMAT = "not-this-format"
    UNSUPPORTED = "unsupported"  # a real variant of the format that is not read here
    TRUNCATED = "truncated"
    READ_LIMIT = "read-limit"  # our own bound was reached, the file may be fine
    HEADER_LENGTH_LIES = "header-length-lies"
    HEADER_TOO_LARGE = "header-too-large"
    HEADER_MALFORMED = "header-malformed"
    TOO_DEEP = "too-deep"
    TOO_MANY_TENSORS = "too-many-tensors"
    TOO_MANY_ENTRIES = "too-many-entries"
    NO_TENSORS = "zero-tensors"
    DUPLICATE_NAME = "duplicate-name"
    ODD_NAME = "odd-name"  # empty, overlong, or not printable
    BAD_ENTRY = "bad-entry"  # one tensor or key cannot be understood, the others can
    TWO_ANSWERS = "field-twice"  # one description states a field twice
    UNKNOWN_FIELD = "unknown-field"  # a description says more than its format has
    BAD_SHAPE = "bad-shape"
    BAD_METADATA = "bad-metadata"
    UNKNOWN_DTYPE = "unknown-dtype"
    NOT_STORED = "not-stored"  # declared, and its bytes are not in the file
    SIZE_MISMATCH = "size-mismatch"  # bytes stored are not what shape and dtype ask for
    OUTSIDE_STORAGE = "outside-storage"  # a view reaches beyond the storage it is cut from
    OVERLAP = "overlapping"
    HOLE = "hole"
    TRAILING_BYTES = "trailing-bytes"
    MISALIGNED = "misaligned"
    CUT_SHORT = "cut-short"  # a long text was kept only in part
    MEMBER_MISSING = "member-missing"
    MEMBER_COMPRESSED = "member-compressed"
    MEMBER_ENCRYPTED = "member-encrypted"
    MEMBER_UNUSED = "member-unused"  # travels in the archive, and no loader reads it
    COMPRESSION_RATIO = "compression-ratio"
    CRC_MISMATCH = "crc-mismatch"
    UNSAFE_PATH = "unsafe-path"
    PICKLED_CONTENT = "pickled-content"
    FOREIGN_GLOBAL = "foreign-global"  # a pickle names code that is not part of storing tensors
    PICKLE_MALFORMED = "pickle-malformed"
    LEGACY_TORCH_NOT_READ = "legacy-torch-not-read"
    SHARD_MISSING = "shard-missing"
    SHARD_NAMES_DISAGREE = "shard-names-disagree"
    MORE_PROBLEMS = "more-problems"


class FormatError(ValueError):
    """Nothing can be said about these bytes: what is wrong, where, and what was expected."""

    def __init__(self, problem: Fault, message: str, offset: int = 0) -> None:
        super().__init__(problem, message, offset)
        self.problem = problem
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.message} (at byte {self.offset})"


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding that did not stop the reading; `offset` is absolute in the file, or None."""

    id: Fault
    detail: str
    offset: int | None = None


class Findings:
    """Collects problems in the order met, keeps the first MAX_PROBLEMS and counts the rest."""

    __slots__ = ("_kept", "_total", "names")

    def __init__(self) -> None:
        self.names = 0  # bytes of names kept so far, see clean_name
        self._kept: list[Problem] = []
        self._total = 0

    def add(self, problem: Fault, detail: str, offset: int | None = None) -> None:
        self._total += 1
        if len(self._kept) < MAX_PROBLEMS:
            self._kept.append(Problem(problem, detail, offset))

    def has(self, problem: Fault) -> bool:
        """Whether such a problem was kept."""
        return any(kept.id is problem for kept in self._kept)

    def add_error(self, error: FormatError) -> None:
        """Keep what stopped one part of the file, where the rest can still be told."""
        self.add(error.problem, error.message, error.offset)

    def done(self) -> tuple[Problem, ...]:
        more = self._total - len(self._kept)
        if not more:
            return tuple(self._kept)
        return (*self._kept, Problem(Fault.MORE_PROBLEMS, f"{more} further problems not listed"))


@dataclass(frozen=True, slots=True)
class Tensor:
    """One named array. `shape` is outermost first, as in numpy, whatever the file's own order.

    `start` and `end` are the absolute bytes of the file (or of the archive, for a member stored
    uncompressed) that hold its elements; None where they are not known. `strides` count elements,
    outermost first, and are None for rows one after another, which is nearly always.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int | None = None
    end: int | None = None
    strides: tuple[int, ...] | None = None

    @property
    def parameters(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int | None:
        """Bytes stored, None where the place is not known."""
        return None if self.start is None or self.end is None else self.end - self.start


# Bits of one element. The names are those of safetensors where it has one, so that the same dtype
# is spelled alike in every format; STRING and block-quantised types have no fixed width.
DTYPE_BITS: Final[dict[str, int]] = {
    "BOOL": 8, "U2": 2, "I2": 2, "U4": 4, "I4": 4, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F128": 128, "C128": 128, "C256": 256,
    "QI8": 8, "QU8": 8, "QI32": 32,
}  # fmt: skip


def stored_bytes(dtype: str, elements: int) -> int | None:
    """Bytes that `elements` of a known dtype take, rounded up to whole bytes; None if unknown."""
    bits = DTYPE_BITS.get(dtype)
    return None if bits is None else (bits * elements + 7) // 8


def quoted(text: str) -> str:
    """A name from the file, safe to print: quoted, escaped and never longer than about 80."""
    return repr(text if len(text) <= 80 else text[:79] + "…")


def clean_name(name: str, findings: Findings, offset: int | None = None) -> str:
    """The name without lone surrogates and at most MAX_NAME long; what is odd becomes a problem.

    FormatError where the names of one file together would fill the memory.
    """
    length = len(name) if len(name) <= MAX_NAME else MAX_NAME  # min() takes a third of the time
    findings.names += length if name.isascii() else 4 * length
    if findings.names > MAX_NAMES:
        message = f"the names take more than {MAX_NAMES} bytes"
        raise FormatError(Fault.HEADER_TOO_LARGE, message, offset or 0)
    if 0 < len(name) <= MAX_NAME and name.isprintable():  # lone surrogates are not printable
        return name
    what = f"is longer than {MAX_NAME} characters" if name.isprintable() else "does not all print"
    findings.add(Fault.ODD_NAME, f"name {quoted(name)} {what if name else 'is empty'}", offset)
    return name[:MAX_NAME].encode("utf-8", "replace").decode("utf-8")


def unsafe_path(path: str) -> bool:
    """Whether a path named inside a file could lead out of its folder on any system."""
    parts = path.replace("\\", "/").split("/")
    return not path or "\0" in path or ".." in parts or parts[0] == "" or ":" in parts[0]


def check_cover(
    tensors: Iterable[Tensor], start: int, size: int, findings: Findings, slack: int = 0
) -> int:
    """Report overlaps, holes over `slack` bytes and a file cut short; give where the data end.

    `start` is where the data part begins. Bytes after the data are left to the caller to judge.
    """
    listed = tuple(tensors)
    reached = start
    for tensor in listed:  # as nearly all files have it: one after another, without a gap
        if tensor.start != reached or tensor.end is None or tensor.end < reached:
            break
        reached = tensor.end
    else:
        if reached <= size:
            return reached
    placed = sorted((t for t in listed if t.start is not None), key=lambda t: t.start or 0)
    reached, blind = start, False
    for tensor in placed:
        begin, name, unsized = tensor.start or 0, tensor.name, tensor.end is None
        end = begin if tensor.end is None else tensor.end
        if begin < reached:
            detail = f"tensor {quoted(name)} starts {reached - begin} bytes inside the one before"
            findings.add(Fault.OVERLAP, detail, begin)
        elif begin - reached > slack and not blind and not unsized:
            detail = f"{begin - reached} bytes before tensor {quoted(name)} belong to no tensor"
            findings.add(Fault.HOLE, detail, reached)
        # After a tensor of unknown dtype the next gap may be its own bytes.
        reached, blind = max(reached, end), unsized
    if reached > size:
        detail = f"the header places data up to byte {reached}, the file has {size}"
        findings.add(Fault.TRUNCATED, detail, size)
    return reached


def reader_of(data: bytes) -> ReadAt:
    """The seam over bytes already in memory."""
    return lambda offset, length: data[offset : offset + length]


class Window:
    """A file seen through `read`, never beyond its size and never more than `budget` bytes."""

    __slots__ = ("_read", "budget", "size", "used")

    def __init__(self, read: ReadAt, size: int, budget: int) -> None:
        if size < 0 or budget < 0:
            raise ValueError(f"size and budget must not be negative, got {size} and {budget}")
        self._read = read
        self.size = size
        self.budget = budget
        self.used = 0

    def at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes; FormatError `truncated` or `read-limit` otherwise."""
        if offset < 0 or length < 0 or offset + length > self.size:
            message = f"{length} bytes were expected at byte {offset}, the file has {self.size}"
            raise FormatError(Fault.TRUNCATED, message, min(max(offset, 0), self.size))
        if self.used + length > self.budget:
            message = f"more than {self.budget} bytes would have to be read to understand this file"
            raise FormatError(Fault.READ_LIMIT, message, offset)
        data = self._read(offset, length) if length else b""
        self.used += len(data)
        if len(data) < length:
            message = f"the source ended {length - len(data)} bytes before its own size"
            raise FormatError(Fault.TRUNCATED, message, offset + len(data))
        return data[:length]

    def upto(self, offset: int, length: int) -> bytes:
        """At most `length` bytes, fewer at the end of the file, none beyond it."""
        return self.at(offset, max(0, min(length, self.size - offset))) if offset >= 0 else b""


class Cursor:
    """Sequential reading over a Window through a small buffer, so that tiny reads stay cheap.

    `end` bounds it inside the file: an enclosing part that says it is shorter is believed.
    """

    __slots__ = ("_at", "_buffer", "_chunk", "_origin", "_window", "end")

    def __init__(self, window: Window, position: int = 0, end: int | None = None) -> None:
        self._window = window
        self._buffer = b""
        self._origin = position  # where the buffer lies in the file
        self._at = 0  # next byte, counted in the buffer
        self._chunk = _FIRST_CHUNK
        self.end = window.size if end is None else min(end, window.size)

    @property
    def position(self) -> int:
        return self._origin + self._at

    def need(self, length: int) -> tuple[bytes, int]:
        """Make `length` bytes available without passing them: the buffer and where they start."""
        if self._at + length > len(self._buffer):
            self._fill(length)
        return self._buffer, self._at

    def _fill(self, length: int) -> None:
        position = self.position
        if length < 0 or position + length > self.end:
            message = f"{length} bytes were expected at byte {position}, {self.end} is the end here"
            raise FormatError(Fault.TRUNCATED, message, position)
        rest = self._buffer[self._at :]
        wanted = min(max(length, self._chunk), self._window.size - position)
        more = self._window.at(position + len(rest), wanted - len(rest))
        self._buffer, self._origin, self._at = rest + more, position, 0
        self._chunk = min(self._chunk * 2, _LAST_CHUNK)

    def take(self, length: int) -> bytes:
        """The next `length` bytes, or FormatError `truncated`."""
        buffer, at = self.need(length)
        self._at = at + length
        return buffer[at : at + length]

    def skip(self, length: int) -> None:
        """Pass `length` bytes without reading them, or FormatError `truncated`."""
        position = self.position + length
        if length < 0 or position > self.end:
            message = f"{length} bytes should follow, {self.end - self.position} are left"
            raise FormatError(Fault.TRUNCATED, message, self.position)
        self._at += length
        beyond = self._at - len(self._buffer)
        if beyond > 0:
            self._buffer, self._origin, self._at = b"", position, 0
            if beyond > _FIRST_CHUNK:  # a jump over data, not the end of a text cut by the buffer
                self._chunk = _FIRST_CHUNK

    def byte(self) -> int:
        buffer, at = self.need(1)
        self._at = at + 1
        return buffer[at]


# --- zip -----------------------------------------------------------------------------------------

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_COMMENT: Final = 0xFFFF  # the longest comment that may follow the end record
_FULL32: Final = 0xFFFFFFFF  # "see the zip64 field"


@dataclass(frozen=True, slots=True)
class Member:
    """One zip member as the central directory has it. `packed` bytes stored, `size` unpacked."""

    name: str
    method: int  # 0 stored, 8 deflated
    encrypted: bool
    crc: int
    packed: int
    size: int
    header: int  # absolute offset of its local header


def zip_members(window: Window, findings: Findings) -> tuple[Member, ...]:
    """The central directory, in its own order.

    Raises FormatError where there is none or it cannot be walked; members that overlap, are
    encrypted, stand outside the file, share a name or inflate absurdly become problems.
    """
    count, length, offset, end = _zip_end(window)
    if count > MAX_MEMBERS or length > MAX_DIRECTORY:
        message = f"{count} zip members in {length} bytes, at most {MAX_MEMBERS} are read"
        raise FormatError(Fault.TOO_MANY_ENTRIES, message, offset)
    directory = window.at(offset, length)
    members: list[Member] = []
    at = 0
    while len(members) < count:
        if len(directory) - at < _ENTRY.size or directory[at : at + 4] != b"PK\x01\x02":
            message = f"the directory promises {count} members, entry {len(members) + 1} is none"
            raise FormatError(Fault.HEADER_MALFORMED, message, offset + at)
        member, at = _zip_entry(directory, at)
        members.append(member)
    if at < length or offset + length < end:
        detail = "bytes between the zip directory and its end record belong to no member"
        findings.add(Fault.HOLE, detail, offset + at)
    _check_members(members, offset, findings)
    return tuple(members)


def _zip_end(window: Window) -> tuple[int, int, int, int]:
    """Number of members, directory length and offset, and where the end records begin."""
    tail_at = max(0, window.size - _END.size - _COMMENT)
    tail = window.upto(tail_at, _END.size + _COMMENT)
    found = tail.rfind(b"PK\x05\x06", 0, max(0, len(tail) - _END.size + 4))
    if found < 0:
        message = "no zip end record in the last 64 KiB: not a zip file, or its end is missing"
        raise FormatError(Fault.TRUNCATED, message, window.size)
    end = tail_at + found
    _, disk, first, _, count, length, offset, _ = _END.unpack_from(tail, found)
    locator_at = end - _END64_LOCATOR.size
    if locator_at >= 0:
        signature, _, end64, _ = _END64_LOCATOR.unpack(window.at(locator_at, _END64_LOCATOR.size))
        if signature == b"PK\x06\x07":
            record = _END64.unpack(window.at(end64, _END64.size))
            if record[0] != b"PK\x06\x06":
                message = "the zip64 locator points to something else than a zip64 end record"
                raise FormatError(Fault.HEADER_MALFORMED, message, end64)
            disk, first, count, length, offset = record[4], record[5], *record[7:10]
            end = end64
    if disk or first:
        raise FormatError(Fault.UNSUPPORTED, "a zip archive split over several disks", end)
    if offset + length > end:
        message = f"the zip directory ({length} bytes) would reach past its own end record"
        raise FormatError(Fault.HEADER_LENGTH_LIES, message, offset)
    return count, length, offset, end


def _zip_entry(directory: bytes, at: int) -> tuple[Member, int]:
    fields = _ENTRY.unpack_from(directory, at)
    flags, method, crc, packed, size = fields[3], fields[4], *fields[7:10]
    name_length, extra_length, comment_length, header = *fields[10:13], fields[16]
    name_at = at + _ENTRY.size
    extra_at = name_at + name_length
    name = directory[name_at:extra_at].decode("utf-8" if flags & 0x800 else "cp437", "replace")
    wide = _zip64_extra(directory[extra_at : extra_at + extra_length])
    # The 64-bit values stand in this order, and only for the fields that are full (4.5.3).
    if size == _FULL32 and len(wide) >= 8:
        size, wide = int.from_bytes(wide[:8], "little"), wide[8:]
    if packed == _FULL32 and len(wide) >= 8:
        packed, wide = int.from_bytes(wide[:8], "little"), wide[8:]
    if header == _FULL32 and len(wide) >= 8:
        header = int.from_bytes(wide[:8], "little")
    member = Member(name, method, bool(flags & 0x41), crc, packed, size, header)
    return member, extra_at + extra_length + comment_length


def _zip64_extra(extra: bytes) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def _check_members(members: list[Member], directory_at: int, findings: Findings) -> None:
    seen: set[str] = set()
    reached = 0
    for member in sorted(members, key=lambda m: m.header):
        name = quoted(member.name)
        end = member.header + _LOCAL.size + member.packed
        if end > directory_at:
            detail = f"member {name} reaches to byte {end}, the directory begins at {directory_at}"
            findings.add(Fault.TRUNCATED, detail, member.header)
        if member.header < reached:
            findings.add(Fault.OVERLAP, f"member {name} starts in the one before", member.header)
        if member.name in seen:
            findings.add(Fault.DUPLICATE_NAME, f"two members are named {name}", member.header)
        if member.encrypted:
            findings.add(Fault.MEMBER_ENCRYPTED, f"member {name} is encrypted", member.header)
        if member.size > max(RATIO_FLOOR, MAX_RATIO * member.packed):
            detail = f"member {name}: {member.packed} bytes claim to unpack to {member.size}"
            findings.add(Fault.COMPRESSION_RATIO, detail, member.header)
        seen.add(member.name)
        reached = max(reached, end)


def member_start(window: Window, member: Member) -> int:
    """Absolute offset of a member's bytes, from its local header; FormatError if that is none."""
    fields = _LOCAL.unpack(window.at(member.header, _LOCAL.size))
    if fields[0] != b"PK\x03\x04":
        message = f"no local header for zip member {quoted(member.name)}"
        raise FormatError(Fault.HEADER_MALFORMED, message, member.header)
    name_length, extra_length = fields[9], fields[10]
    return member.header + _LOCAL.size + int(name_length) + int(extra_length)


def member_bytes(window: Window, member: Member, limit: int) -> bytes:
    """The first `limit` unpacked bytes of a member, all of it if it is shorter."""
    start = member_start(window, member)
    if member.encrypted or member.method not in (0, 8):
        message = f"zip member {quoted(member.name)} is encrypted or packed by an unread method"
        raise FormatError(Fault.UNSUPPORTED, message, start)
    if member.method == 0:
        return window.at(start, min(member.packed, limit))
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked = bytearray()
    cursor = Cursor(window, start, start + member.packed)
    try:
        while len(unpacked) < limit and not inflate.eof and cursor.position < cursor.end:
            piece = cursor.take(min(_FIRST_CHUNK, cursor.end - cursor.position))
            unpacked += inflate.decompress(piece, limit - len(unpacked))
    except zlib.error as error:
        message = f"zip member {quoted(member.name)} does not inflate: {error}"
        raise FormatError(Fault.HEADER_MALFORMED, message, start) from error
    return bytes(unpacked)
