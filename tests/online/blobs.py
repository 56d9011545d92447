"""What a server serves: bytes in memory, a file on disk, or a huge file that is never stored.

A blob knows its size and hands out any range; digests are those that Git and Git LFS would give.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

CHUNK = 64 << 10


class Blob(Protocol):
    """Content of a known size. ``sha256`` is its SHA-256, in lower-case hex."""

    @property
    def size(self) -> int: ...

    @property
    def sha256(self) -> str: ...

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes ``[start, end)`` in pieces of at most ``CHUNK``."""
        ...


@dataclass(frozen=True)
class Stored:
    """Bytes in memory."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def read(self, start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, CHUNK):
            yield self.content[at : min(at + CHUNK, end)]


@dataclass(frozen=True)
class OnDisk:
    """A file of the disk, read when asked for."""

    path: Path

    @cached_property
    def size(self) -> int:
        return self.path.stat().st_size

    @cached_property
    def sha256(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def read(self, start: int, end: int) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(start)
            for at in range(start, end, CHUNK):
                yield file.read(min(CHUNK, end - at))


@dataclass(frozen=True)
class Virtual:
    """``size`` bytes that begin with ``head`` and go on with zeros; never stored, never hashed.

    Its ``sha256`` is a stand-in made from the head and the size: no client of a test reads the
    5 GB that the real one would need.
    """

    head: bytes
    size: int

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(b"virtual %d\0" % self.size + self.head).hexdigest()

    def read(self, start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, CHUNK):
            stop = min(at + CHUNK, end)
            piece = self.head[at:stop]
            yield piece + bytes(stop - at - len(piece))


def blob(content: Blob | bytes | str | Path) -> Blob:
    """Whatever a test finds handy, as a blob; text is UTF-8."""
    match content:
        case bytes():
            return Stored(content)
        case str():
            return Stored(content.encode("utf-8"))
        case Path():
            return OnDisk(content)
        case _:
            return content


def whole(content: Blob) -> bytes:
    """All bytes of a blob that is small enough for it."""
    if content.size > 256 << 20:
        raise ValueError(f"{content.size} bytes are not for the memory")
    return b"".join(content.read(0, content.size))


def lfs_pointer(content: Blob) -> bytes:
    """The text that Git keeps in place of the content when it is in Git LFS."""
    return (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{content.sha256}\nsize {content.size}\n"
    ).encode()


def git_id(content: bytes) -> str:
    """The id Git gives a blob of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def write(content: Blob, path: Path) -> None:
    """Write a blob to disk; the zeros of a virtual one become a hole that takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        if isinstance(content, Virtual):
            file.write(content.head[: content.size])
            file.truncate(content.size)
            return
        for piece in content.read(0, content.size):
            file.write(piece)
