"""What every source shares: limits, the log of gaps, Git LFS pointers, reading of open files."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import Counter, OrderedDict

from openassay.errors import ReadError
from openassay.files import LfsPointer
from openassay.types import Gap

MAX_FILES = 200_000
MAX_DEPTH = 100
MAX_GAPS = 100  # of one reason; the rest is counted
MAX_POINTER = 1024  # bytes; the Git LFS specification keeps pointers below it

_POINTER_HEAD = re.compile(rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\r?\n")
_POINTER_OID = re.compile(rb"(?m)^oid sha256:([0-9a-f]{64})\r?$")
_POINTER_SIZE = re.compile(rb"(?m)^size ([0-9]{1,19})\r?$")
_POINTER_LINE = re.compile(rb"[a-z0-9.-]{1,64} [^\r\n]{1,512}\r?")


def lfs_pointer(content: bytes) -> LfsPointer | None:
    """The pointer that a small file's whole content is, or None.

    Follows https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a version line first, then
    ``key value`` lines, among them one ``oid sha256:…`` and one ``size …``.
    """
    if len(content) >= MAX_POINTER or not (head := _POINTER_HEAD.match(content)):
        return None
    lines = content[head.end() :].split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if not all(_POINTER_LINE.fullmatch(line) for line in lines):
        return None
    oids, sizes = _POINTER_OID.findall(content), _POINTER_SIZE.findall(content)
    if len(oids) != 1 or len(sizes) != 1:
        return None
    return LfsPointer(oids[0].decode(), int(sizes[0]))


class GapLog:
    """Collects gaps before the pin of their source is known; at most MAX_GAPS of one reason."""

    def __init__(self, by: str) -> None:
        self._by = by
        self._found: list[tuple[str, str, str]] = []
        self._count: Counter[str] = Counter()

    def add(self, path: str, reason: str, detail: str) -> None:
        self._count[reason] += 1
        if self._count[reason] <= MAX_GAPS:
            self._found.append((path, reason, detail))

    def first(self) -> str:
        """The first gap in words, or nothing."""
        return ": ".join(filter(None, self._found[0][::2])) if self._found else ""

    def gaps(self, source: str) -> tuple[Gap, ...]:
        """All of them, in the order of their paths, for a source that now has its pin."""
        rest = [
            ("", reason, f"and {count - MAX_GAPS} more of these")
            for reason, count in self._count.items()
            if count > MAX_GAPS
        ]
        return tuple(
            Gap(source=source, path=path, by=self._by, reason=reason, detail=detail)
            for path, reason, detail in sorted(self._found + rest)
        )


class Cache:
    """The most recent small contents, up to a number of bytes in all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def room(self, length: int) -> bool:
        """Whether so much fits without anything being dropped."""
        return self._held + length <= self._limit

    def get(self, key: str) -> bytes | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: str, content: bytes) -> None:
        if key in self._kept or len(content) > self._limit:
            return
        self._kept[key] = content
        self._held += len(content)
        while self._held > self._limit:
            self._held -= len(self._kept.popitem(last=False)[1])


def cache_folder() -> str:
    """Where downloads are kept, ``$XDG_CACHE_HOME/openassay``; it may not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "openassay")


def open_regular(path: str | bytes, *, dir_fd: int | None = None, follow: bool = False) -> int:
    """A descriptor of a regular file. Never waits on a FIFO, never opens a device for long.

    Raises ``OSError``; ``ELOOP`` for a link when ``follow`` is false, ``EINVAL`` for anything
    that is not a regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOCTTY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, dir_fd=dir_fd)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor


def read_at(descriptor: int, offset: int, length: int) -> bytes:
    """Up to ``length`` bytes from ``offset``; fewer only at the end of the file."""
    parts = []
    while length > 0:
        part = _pread(descriptor, min(length, 1 << 26), offset)
        if not part:
            break
        parts.append(part)
        offset += len(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _pread(descriptor: int, length: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(descriptor, length, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)  # Windows has no pread
    return os.read(descriptor, length)


def small_file(path: str, limit: int) -> bytes | None:
    """The content of a regular file of at most ``limit`` bytes; None for anything else."""
    try:
        descriptor = open_regular(path, follow=True)
    except (OSError, ValueError):
        return None
    try:
        content = read_at(descriptor, 0, limit + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content if len(content) <= limit else None


def os_reason(error: OSError) -> str:
    """The gap reason for an operating system's error."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return "permission_denied"
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL):
        return "changed_while_reading"
    return "read_error"


def unreadable(path: str, error: OSError) -> ReadError:
    """The error for one file that the operating system does not let us read."""
    words = os.strerror(error.errno) if error.errno else "cannot be read"
    if error.errno == errno.EINVAL:
        words = "neither a regular file nor a folder"
    return ReadError(f"{path}: {words}", reason=os_reason(error))
