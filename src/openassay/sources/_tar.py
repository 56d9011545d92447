"""Listing tar files, plain or compressed, in one bounded pass; members are read lazily.

Headers are decoded by ``tarfile.TarInfo``; the walk is our own because the library's reads
extended headers of any declared length into memory.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from openassay.errors import ReadError
from openassay.sources._common import MAX_FILES, Cache
from openassay.sources._inflate import Inflated, ReadAt

MAX_STREAM = 16 << 30  # decompressed bytes gone through to list an archive
MAX_RATIO = 200
RATIO_FROM = 64 << 20
KEPT_EACH = 4 << 20
KEPT_IN_ALL = 128 << 20
_BLOCK = 512
_MAX_EXTENDED = 1 << 20
_PAX = re.compile(rb"([0-9]{1,7}) ")


class Stream(Protocol):
    """Bytes from the first to the last."""

    position: int

    def read(self, length: int) -> bytes: ...
    def skip(self, length: int) -> int: ...


class Plain:
    """A file's own bytes as a stream; skipping costs nothing."""

    def __init__(self, read_at: ReadAt, size: int) -> None:
        self._read_at, self._size = read_at, size
        self.position = 0

    def read(self, length: int) -> bytes:
        content = self._read_at(self.position, length)
        self.position += len(content)
        return content

    def skip(self, length: int) -> int:
        step = min(length, self._size - self.position)
        self.position += step
        return step


@dataclass(frozen=True, slots=True)
class Member:
    """One member; ``offset`` is where its data begin in the (decompressed) archive."""

    name: bytes
    size: int
    type: bytes
    mode: int
    target: bytes
    offset: int
    sparse: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """Members in their order; ``trouble`` is (reason, detail) when the list is not whole."""

    members: tuple[Member, ...]
    trouble: tuple[str, str] | None
    kept: Cache | None


class _Extended:
    """What extended headers say about the next member."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}

    def pax(self, content: bytes) -> None:
        at = 0
        while found := _PAX.match(content, at):
            length = int(found[1])
            record = content[found.end() : at + length]
            key, equals, value = record.removesuffix(b"\n").partition(b"=")
            if length <= found.end() - at or not equals or len(self.values) > 1000:
                return
            self.values[key] = value
            at += length


def listing(stream: Stream, packed: int | None) -> Listing:
    """Every member up to the end of the archive.

    ``packed`` is the compressed size, None for a plain tar. Raises :class:`ReadError` when not
    even the first header can be read.
    """
    members: list[Member] = []
    kept = Cache(KEPT_IN_ALL) if packed is not None else None
    trouble = None
    try:
        while trouble is None and (member := _next(stream)):
            members.append(member)
            trouble = _too_much(stream, members, packed)
            if trouble is None and _pass(stream, member, kept) < member.size:
                trouble = ("truncated", "the archive is cut off")
    except ReadError as error:
        if not members:
            raise
        trouble = (error.reason, str(error))
    return Listing(tuple(members), trouble, kept)


def _pass(stream: Stream, member: Member, kept: Cache | None) -> int:
    """Go past a member's data, keeping them when they are few; how many bytes there were."""
    padded = -(-member.size // _BLOCK) * _BLOCK
    if kept is None or member.size > KEPT_EACH or not kept.room(member.size):
        return stream.skip(padded)
    content = stream.read(member.size)
    kept.put(str(member.offset), content)
    return len(content) + stream.skip(padded - member.size)


def _too_much(stream: Stream, members: list[Member], packed: int | None) -> tuple[str, str] | None:
    if len(members) > MAX_FILES:
        members.pop()
        return "too_many_files", f"only the first {MAX_FILES:,} members were read"
    if packed is None:
        return None
    total = stream.position + members[-1].size
    if total > MAX_STREAM or (total > RATIO_FROM and total > MAX_RATIO * packed):
        return "bomb", f"{packed} bytes that would become more than {total}; the rest is not read"
    return None


def _next(stream: Stream) -> Member | None:
    extended = _Extended()
    for _ in range(16):  # extended headers before one member
        info = _header(stream)
        if info is None:
            return None
        if info.type in (b"x", b"X", b"g", b"L", b"K"):
            if info.size > _MAX_EXTENDED:
                raise ReadError("an extended header is longer than any real one", reason="broken")
            content = stream.read(info.size)
            stream.skip(-info.size % _BLOCK)
            if info.type in (b"x", b"X"):
                extended.pax(content)
            elif info.type in (b"L", b"K"):
                key = b"path" if info.type == b"L" else b"linkpath"
                extended.values.setdefault(key, content.split(b"\0", 1)[0])
            continue
        return _member(info, extended.values, stream)
    raise ReadError("too many extended headers for one member", reason="broken")


def _header(stream: Stream) -> tarfile.TarInfo | None:
    block = stream.read(_BLOCK)
    if len(block) == _BLOCK and not block.strip(b"\0"):
        return None
    if len(block) < _BLOCK:
        raise ReadError("the archive is cut off", reason="truncated")
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as error:
        raise ReadError(f"a member's header is broken: {error}", reason="broken") from error


def _member(info: tarfile.TarInfo, extended: dict[bytes, bytes], stream: Stream) -> Member:
    size = info.size
    if re.fullmatch(rb"[0-9]{1,19}", extended.get(b"size", b"")):
        size = int(extended[b"size"])
    if size < 0:
        raise ReadError("a member's size is negative", reason="broken")
    if info.type not in (b"0", b"\0", b"7", b"S") and not info.isreg():
        size = 0 if info.type in (b"1", b"2", b"3", b"4", b"5", b"6") else size
    sparse = info.type == b"S" or any(key.startswith(b"GNU.sparse.") for key in extended)
    if info.type == b"S":
        _skip_sparse_maps(info, stream)
    return Member(
        name=extended.get(b"path", _bytes(info.name)),
        size=size,
        type=info.type,
        mode=info.mode,
        target=extended.get(b"linkpath", _bytes(info.linkname)),
        offset=stream.position,
        sparse=sparse,
    )


def _skip_sparse_maps(info: tarfile.TarInfo, stream: Stream) -> None:
    """The old GNU form puts further maps before the data; a sparse member itself is not read."""
    more = bool(getattr(info, "_sparse_structs", (None, False))[1])
    for _ in range(1000):
        if not more:
            return
        block = stream.read(_BLOCK)
        more = len(block) == _BLOCK and bool(block[504])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


class MemberReader:
    """Ranges of members: of a plain tar by their place, of a compressed one by streaming."""

    def __init__(
        self, read_at: ReadAt, kept: Cache | None, restart: Callable[[], Inflated] | None
    ) -> None:
        self._read_at, self._kept, self._restart = read_at, kept, restart
        self._stream: Inflated | None = None

    def read(self, member: Member, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``. Raises :class:`ReadError`."""
        length = max(0, min(length, member.size - offset))
        if self._restart is None:
            content = self._read_at(member.offset + offset, length)
        elif self._kept and (whole := self._kept.get(str(member.offset))) is not None:
            return whole[offset : offset + length]
        else:
            start = member.offset + offset
            stream, self._stream = self._stream, None
            if stream is None or stream.position > start:
                stream = self._restart()
            stream.skip(start - stream.position)
            content = stream.read(length)
            self._stream = stream
        if len(content) < length:
            raise ReadError("the archive is cut off", reason="truncated")
        return content
