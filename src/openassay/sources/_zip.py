"""The central directory of a zip file, read with bounds; members are read one by one, lazily.

After APPNOTE.TXT 6.3.10. The standard library's reader is not used for the listing because it
builds every entry of a directory however many there are, and joins names at NUL bytes.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from openassay.errors import ReadError
from openassay.sources._common import MAX_FILES, Cache
from openassay.sources._inflate import Inflated, ReadAt

MAX_DIRECTORY = 64 << 20
MAX_RATIO = 200
RATIO_FROM = 1 << 20  # smaller members may be as compressible as they like
WHOLE = 4 << 20
_KEPT = 32 << 20
_MARK = 4 << 20  # bytes of a member between two kept states of its stream, at least
_MARKS = 64

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the directory. ``name`` are its bytes, in UTF-8 wherever that could be told."""

    name: bytes
    raw_name: bytes
    size: int
    packed: int
    method: int
    crc: int
    offset: int  # of the local header
    mode: int  # Unix mode, 0 when there is none
    encrypted: bool

    @property
    def is_folder(self) -> bool:
        return self.name.endswith(b"/")

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)


@dataclass(frozen=True, slots=True)
class Directory:
    """Every member, in the directory's order; ``more`` says that it has too many to be read."""

    members: tuple[Member, ...]
    more: bool


def directory(read_at: ReadAt, size: int) -> Directory:
    """Read the central directory. Raises :class:`ReadError` when there is none to be read."""
    start, length, declared, shift = _locate(read_at, size)
    if length > MAX_DIRECTORY:
        raise ReadError("its directory is longer than any real one", reason="too_large")
    content = read_at(start, length)
    members: list[Member] = []
    for member in _members(content, shift):
        if len(members) >= MAX_FILES:
            return Directory(tuple(members), more=True)
        members.append(member)
    if len(members) != declared & 0xFFFF and len(members) != declared:
        raise ReadError(
            f"its directory declares {declared} members and has {len(members)}", reason="truncated"
        )
    return Directory(tuple(members), more=False)


def _locate(read_at: ReadAt, size: int) -> tuple[int, int, int, int]:
    """(offset, length, number of members, bytes before the archive's own first one)."""
    tail_at = max(0, size - _END.size - 0xFFFF)
    tail = read_at(tail_at, size - tail_at)
    at = tail.rfind(b"PK\5\6")
    while at >= 0 and at + _END.size > len(tail):
        at = tail.rfind(b"PK\5\6", 0, at)
    if at < 0:
        raise ReadError("no zip directory at its end; it may be cut off", reason="truncated")
    _, _, _, _, count, length, start, _ = _END.unpack_from(tail, at)
    end = tail_at + at
    locator = read_at(end - _LOCATOR.size, _LOCATOR.size) if end >= _LOCATOR.size else b""
    if locator[:4] == b"PK\6\7":
        offset = _LOCATOR.unpack(locator)[2]
        record = read_at(offset, _END64.size)
        if len(record) == _END64.size and record[:4] == b"PK\6\6":
            count, length, start = _END64.unpack(record)[7:10]
            end = offset
    shift = end - length - start
    if shift < 0 or length > size:
        raise ReadError("its directory does not lie where it says", reason="truncated")
    return start + shift, length, count, shift


def _members(content: bytes, shift: int) -> Iterator[Member]:
    at = 0
    while at + _ENTRY.size <= len(content) and content[at : at + 4] == b"PK\1\2":
        fields = _ENTRY.unpack_from(content, at)
        made_by, _, flags, method, _, _, crc, packed, size = fields[1:10]
        name_length, extra_length, comment_length, _, _, external, offset = fields[10:]
        name_at = at + _ENTRY.size
        raw = content[name_at : name_at + name_length]
        extra = content[name_at + name_length : name_at + name_length + extra_length]
        size, packed, offset = _wide(extra, size, packed, offset)
        yield Member(
            name=_utf8(raw, bool(flags & 0x800)),
            raw_name=raw,
            size=size,
            packed=packed,
            method=method,
            crc=crc,
            offset=offset + shift,
            mode=external >> 16 if made_by >> 8 == 3 else 0,
            encrypted=bool(flags & 0x41),
        )
        at = name_at + name_length + extra_length + comment_length


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The 64-bit values of the zip64 extra field, for those that did not fit 32 bits."""
    values = [size, packed, offset]
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            wide = extra[at + 4 : at + 4 + length]
            numbers = iter(struct.unpack(f"<{len(wide) // 8}Q", wide[: len(wide) // 8 * 8]))
            values = [next(numbers, value) if value == _FULL else value for value in values]
        at += 4 + length
    return values[0], values[1], values[2]


def _utf8(name: bytes, declared: bool) -> bytes:
    """Names are UTF-8 if declared or well formed, else IBM code page 437, as the format says."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return name if declared else name.decode("cp437").encode()
    return name


def refusal(member: Member) -> tuple[str, str] | None:
    """(reason, detail) why a member's bytes will not be read; None when they can be."""
    if member.encrypted:
        return "encrypted", "needs a password"
    if member.method not in (0, 8):
        return "unsupported_compression", f"packed by method {member.method}"
    if member.method == 0 and member.size != member.packed:
        return "broken", "stored, but with two different sizes"
    if member.size > RATIO_FROM and member.size > MAX_RATIO * member.packed:
        return "bomb", f"{member.packed} bytes that would become {member.size}"
    return None


class MemberReader:
    """Ranges of members: stored ones by their place, packed ones by streaming up to it.

    On the way through a long member the stream's state is kept now and then, so that going back
    (a header that points to and fro) does not begin at its front again.
    """

    def __init__(self, read_at: ReadAt) -> None:
        self._read_at = read_at
        self._cache = Cache(_KEPT)
        self._open: tuple[Member, Inflated] | None = None
        self._marks: list[Inflated] = []  # of the member that was read last, by position

    def read(self, member: Member, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``. Raises :class:`ReadError`."""
        length = max(0, min(length, member.size - offset))
        if member.method == 0:
            content = self._read_at(self._data(member) + offset, length)
            if len(content) < length:
                raise ReadError(f"{_name(member)}: the archive is cut off", reason="truncated")
            return content
        if member.size > WHOLE:
            return self._range(member, offset, length)
        key = f"{member.offset}:{member.size}"
        whole = self._cache.get(key)
        if whole is None:
            whole = self._range(member, 0, member.size)
            if zlib.crc32(whole) != member.crc:
                raise ReadError(f"{_name(member)}: wrong checksum", reason="broken")
            self._cache.put(key, whole)
        return whole[offset : offset + length]

    def _range(self, member: Member, offset: int, length: int) -> bytes:
        stream = self._stream(member, offset)
        self._open = None
        step = max(_MARK, member.size // _MARKS)
        self._mark(stream, step)
        while stream.position < offset and stream.skip(min(offset - stream.position, step)):
            self._mark(stream, step)
        content = stream.read(length)
        if len(content) < length:
            raise ReadError(f"{_name(member)}: ends too early", reason="truncated")
        self._open = (member, stream)
        return content

    def _mark(self, stream: Inflated, step: int) -> None:
        """Keep the stream's state, if the last one that was kept lies a step behind."""
        reached = self._marks[-1].position if self._marks else 0
        if stream.position >= reached + step and (mark := stream.fork()):
            self._marks.append(mark)

    def _stream(self, member: Member, offset: int) -> Inflated:
        """A stream at ``offset`` or before it: the open one, a copy of a kept one, or a new one."""
        if self._open is None or self._open[0] != member:
            self._marks = []
            self._open = None
        stream = self._open[1] if self._open else None
        kept = [mark for mark in self._marks if mark.position <= offset]
        nearest = kept[-1].position if kept else 0
        if stream is not None and nearest <= stream.position <= offset:
            return stream
        if kept and (copy := kept[-1].fork()):
            return copy
        data = self._data(member)
        return Inflated(self._read_at, data, data + member.packed, "deflate")

    def _data(self, member: Member) -> int:
        """Offset of the member's data; its local header must tell the same name."""
        header = self._read_at(member.offset, _LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != b"PK\3\4":
            raise ReadError(f"{_name(member)}: no member where one is listed", reason="broken")
        name_length, extra_length = _LOCAL.unpack(header)[-2:]
        name = self._read_at(member.offset + _LOCAL.size, name_length)
        if name != member.raw_name:
            raise ReadError(f"{_name(member)}: listed and stored names differ", reason="broken")
        return member.offset + _LOCAL.size + int(name_length) + int(extra_length)


def _name(member: Member) -> str:
    return ascii(member.name)[2:-1]
