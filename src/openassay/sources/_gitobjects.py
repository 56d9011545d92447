"""Git's objects through its plumbing, from a repository that may be hostile or broken.

Git never runs *in* the audited repository. It runs in an empty one of our own, made for the time
of the reading, whose object store is the audited one's. So no configuration, hook, filter, text
conversion, replacement, promised remote or work tree of it can take part, whoever owns it: a
missing object is missing and is never fetched. All output is read with a bound and a time limit.
"""

from __future__ import annotations

import hashlib
import os
import selectors
import shutil
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from openassay.errors import ReadError, TargetError
from openassay.sources._common import Cache

STALL = 30.0  # seconds without any output after which Git is given up
WHOLE = 8 << 20  # blobs up to this size are read whole and kept for a while
_KEPT = 32 << 20
_SKIPPED_IN_STREAM = 64 << 20
_AT_ONCE = 100  # names written before their answers are read: less than any pipe holds
_AHEAD = 1 << 20  # bytes that one round of reading ahead brings at most
_FIRST_ROUND = 4  # blobs; rounds grow while reading goes on where the last one ended
_MAX_DEATHS = 200

_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = true
\tbigFileThreshold = 8m
\tcommitGraph = false
\tmultiPackIndex = false
\tfsmonitor = false
\tattributesFile = {null}
\texcludesFile = {null}
\thooksPath = {null}
[protocol]
\tallow = never
"""


class _Ended(Exception):
    """Git ended, hung or spoke nonsense where an answer was due."""


@dataclass(frozen=True, slots=True)
class Object:
    """An answer about one name. ``kind`` is None when there is no such object, ``broken`` when
    Git could not read it; ``content`` is None when it was not asked for or is too long."""

    name: str
    oid: str = ""
    kind: str | None = None
    size: int = 0
    content: bytes | None = None


@dataclass(slots=True)
class _Series:
    """Blobs (id, size) that are likely read one after another, and how far that has come."""

    blobs: Sequence[tuple[str, int]]
    end: int = 0  # where the last round ended
    length: int = _FIRST_ROUND

    def round(self, at: int) -> list[str]:
        """The blob at an index and those to fetch with it: few, and more while all go in order."""
        follows = self.end <= at <= self.end + self.length
        self.length = min(2 * self.length, _AT_ONCE) if follows else _FIRST_ROUND
        names: list[str] = []
        room = _AHEAD
        for oid, size in self.blobs[at : at + self.length]:
            room -= size
            if names and room < 0:
                break
            names.append(oid)
        self.end = at + len(names)
        return names


class _Process:
    """One Git process; output is read with a time limit, its errors are thrown away."""

    def __init__(self, argv: list[str], env: Mapping[str, str], cwd: str) -> None:
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            cwd=cwd,
            bufsize=0,
        )
        assert self._process.stdout is not None  # asked for above
        assert self._process.stdin is not None
        self._out, self._in = self._process.stdout, self._process.stdin
        self._ready = selectors.DefaultSelector() if os.name == "posix" else None
        if self._ready:
            self._ready.register(self._out, selectors.EVENT_READ)
        self._held = bytearray()

    def ask(self, names: Iterable[str]) -> None:
        text = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
        try:
            self._in.write(text)
        except OSError as error:
            raise _Ended from error

    def more(self, length: int = 1 << 18) -> bytes:
        """Whatever comes next, at least one byte."""
        if self._ready and not self._ready.select(STALL):
            raise _Ended("stalled")
        part = os.read(self._out.fileno(), length)
        if not part:
            raise _Ended
        return part

    def line(self) -> bytes:
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > 1 << 16:
                raise _Ended
            self._held += self.more()
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        return line

    def exactly(self, length: int) -> bytes:
        while len(self._held) < length:
            self._held += self.more(max(1 << 18, length - len(self._held)))
        content = bytes(self._held[:length])
        del self._held[:length]
        return content

    def skip(self, length: int) -> None:
        while length > len(self._held):
            length -= len(self._held)
            self._held[:] = self.more()
        del self._held[:length]

    def close(self) -> None:
        if self._ready:
            self._ready.close()
        self._process.kill()
        for stream in (self._in, self._out):
            try:
                stream.close()
            except OSError:
                continue  # the pipe broke with its process
        self._process.wait()


class _Workshop:
    """The folder of our own repository and the processes that run in it; closed exactly once."""

    def __init__(self, objects: str, sha256: bool) -> None:
        git = shutil.which("git")
        if git is None:
            raise TargetError(
                "git is needed to read a Git repository, and is not installed",
                hint="Install git, or audit an export of the files (`git archive`).",
            )
        self.git = git
        self.folder = tempfile.mkdtemp(prefix="openassay-git-")
        self.running: dict[str, _Process] = {}
        for name in ("objects", "refs"):
            os.mkdir(os.path.join(self.folder, name))
        self.write("HEAD", "ref: refs/heads/none\n")
        config = _CONFIG.format(version=int(sha256), null=os.devnull)
        self.write("config", config + ("[extensions]\n\tobjectFormat = sha256\n" if sha256 else ""))
        self.env = environment() | {"GIT_DIR": self.folder, "GIT_OBJECT_DIRECTORY": objects}

    def write(self, name: str, text: str) -> None:
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def start(self, name: str, *arguments: str) -> _Process:
        """A fresh process under ``name``; the one that had this name ends."""
        self.stop(name)
        process = _Process([self.git, *arguments], self.env, self.folder)
        self.running[name] = process
        return process

    def stop(self, name: str) -> None:
        if process := self.running.pop(name, None):
            process.close()

    def close(self) -> None:
        for name in list(self.running):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)


def environment() -> dict[str, str]:
    """The process's environment without anything that would change what Git does."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return kept | {
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
    }


class ObjectStore:
    """Objects of one repository by name. Close it; if forgotten, it goes with the last file."""

    def __init__(self, objects: str, *, sha256: bool) -> None:
        self._shop = _Workshop(objects, sha256)
        self._objects = objects
        self._hash = "sha256" if sha256 else "sha1"
        self._cache = Cache(_KEPT)
        self._deaths = 0
        self._lock = threading.Lock()
        self._stream: tuple[str, int] = ("", 0)  # long blob being read, and how far
        self._series: dict[str, tuple[_Series, int]] = {}
        self._broken: set[str] = set()  # met while reading ahead; Git is not sent there again
        self.close = weakref.finalize(self, self._shop.close)

    @property
    def workshop(self) -> _Workshop:
        return self._shop

    def one(self, name: str, limit: int = WHOLE) -> Object:
        return next(iter(self.many([name], limit)))

    def many(self, names: list[str], limit: int) -> Iterator[Object]:
        """Each name's object, with its content when that has at most ``limit`` bytes."""
        for start in range(0, len(names), _AT_ONCE):
            rest = names[start : start + _AT_ONCE]
            while rest:
                answers = self._chunk(rest, "--batch", limit)
                yield from answers
                rest = rest[len(answers) :]

    def headers(self, names: list[str]) -> Iterator[Object]:
        """Each name's kind and size, without its content."""
        for start in range(0, len(names), _AT_ONCE):
            rest = names[start : start + _AT_ONCE]
            while rest:
                answers = self._chunk(rest, "--batch-check", -1)
                yield from answers
                rest = rest[len(answers) :]
        self._shop.stop("--batch-check")

    def _chunk(self, names: list[str], mode: str, limit: int) -> list[Object]:
        """Answers to the first names, at least one: where Git dies, that object is broken."""
        if self._deaths >= _MAX_DEATHS:
            return [Object(name, kind="broken") for name in names]
        found: list[Object] = []
        with self._lock:
            try:
                process = self._shop.running.get(mode) or self._shop.start(mode, "cat-file", mode)
                process.ask(names)
                for name in names:
                    answer = _answer(process, name, limit)
                    if answer.kind is None and self._is_loose(name):
                        answer = Object(name, kind="broken")  # there, but Git says "missing"
                    found.append(answer)  # one by one: those before a death count
            except _Ended as ended:
                self._deaths += 70 if ended.args else 1  # few stalls are waited for
                self._shop.stop(mode)
                found.append(Object(names[len(found)], kind="broken"))
        return found

    def _is_loose(self, oid: str) -> bool:
        return os.path.lexists(os.path.join(self._objects, oid[:2], oid[2:]))

    def expect(self, blobs: Sequence[tuple[str, int]]) -> None:
        """Blobs (id, size) that are likely read in this order: one read then fetches several.

        A round trip to Git costs more than a small blob does.
        """
        series = _Series(blobs)
        self._series.update((oid, (series, at)) for at, (oid, _) in enumerate(blobs))

    def read(self, path: str, oid: str, size: int, offset: int, length: int) -> bytes:
        """A range of a blob. Raises :class:`ReadError` when it is missing or broken."""
        if size > WHOLE:
            with self._lock:
                return self._read_long(path, oid, size, offset, length)
        content = self._cache.get(oid)
        if content is None:
            content = self._whole(path, oid, size)
            self._cache.put(oid, content)
        return content[offset : offset + length]

    def _whole(self, path: str, oid: str, size: int) -> bytes:
        if oid in self._broken:
            raise ReadError(f"{path}: its Git object is broken", reason="broken_object")
        found, *others = self._chunk(self._round(oid), "--batch", WHOLE)
        for other in others:
            if other.kind == "broken":
                self._broken.add(other.name)
            elif other.content is not None and self._is_intact(other.name, other.content):
                self._cache.put(other.name, other.content)
        if found.kind is None:
            raise ReadError(f"{path}: not in the object store", reason="missing_blob")
        content = found.content
        if found.kind != "blob" or content is None or len(content) != size:
            raise ReadError(f"{path}: its Git object is broken", reason="broken_object")
        if not self._is_intact(oid, content):
            raise ReadError(f"{path}: its Git object has another hash", reason="broken_object")
        return content

    def _round(self, oid: str) -> list[str]:
        """A blob and those to fetch with it."""
        series, at = self._series.get(oid, (None, 0))
        if series is None:
            return [oid]
        ahead = (name for name in series.round(at)[1:] if name not in self._broken)
        return [oid, *(name for name in ahead if self._cache.get(name) is None)]

    def _is_intact(self, oid: str, content: bytes) -> bool:
        head = b"blob %d\0" % len(content)
        return hashlib.new(self._hash, head + content, usedforsecurity=False).hexdigest() == oid

    def _read_long(self, path: str, oid: str, size: int, offset: int, length: int) -> bytes:
        """Stream to the range; the next range further on continues there."""
        try:
            process = self._shop.running.get("stream")
            at_oid, at = self._stream
            if process is None or at_oid != oid or at > offset:
                process, at = self._shop.start("stream", "cat-file", "blob", oid), 0
            self._stream = ("", 0)
            process.skip(offset - at)
            length = max(0, min(length, size - offset))
            content = process.exactly(length)
            self._stream = (oid, offset + length)
            return content
        except _Ended as error:
            self._shop.stop("stream")
            raise ReadError(f"{path}: its Git object is broken", reason="broken_object") from error


def _answer(process: _Process, name: str, limit: int) -> Object:
    words = process.line().decode("utf-8", "replace").rsplit(" ", 2)
    if len(words) != 3 or not words[2].isdigit():
        return Object(name)  # "… missing", "… ambiguous"
    oid, kind, size = words[0], words[1], int(words[2])
    if limit < 0:
        return Object(name, oid, kind, size)
    if size > _SKIPPED_IN_STREAM and size > limit:
        raise _Ended  # a new process is cheaper than reading on; reported as broken
    content = None
    if size <= limit:
        content = process.exactly(size)
    else:
        process.skip(size)
    process.skip(1)
    return Object(name, oid, kind, size, content)
