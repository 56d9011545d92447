"""A folder, or one file, as it lies on the disk.

Links are listed and never followed, not even when one takes a folder's place between listing and
reading: every folder on the way is opened by itself, without following links. FIFOs, sockets and
devices are never opened.

The pin ``dir:NAME@DIGEST`` is the SHA-256 of the sorted listing: kind, path, size and content of
each file. Content is the SHA-256 of a file up to 1 MiB, of the first and last 64 KiB of a longer
one, and left out once 1 GiB has been read for it; times, owners and places do not count. So the pin
tells folders apart without reading 100 GB, but misses a change in the middle of a long file that
keeps its size; the digests of evidence do see that. A folder left out (``SKIPPED``) is a gap.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from functools import partial
from heapq import nsmallest

from openassay.errors import ReadError, TargetError
from openassay.files import File, FileKind, LfsPointer
from openassay.release import Source
from openassay.sources import _common as common
from openassay.sources import _paths as paths

HASHED_WHOLE = 1 << 20
HASHED_ENDS = 64 << 10
HASHED_IN_ALL = 1 << 30

SKIPPED = {
    ".git": "Git's own data; tracked files are read from the commit when this is the target",
    ".hg": "Mercurial's own data",
    ".svn": "Subversion's own data",
    ".venv": "an installed Python environment, not part of a release",
    "node_modules": "installed JavaScript packages, not part of a release",
    "__pycache__": "compiled copies of Python files",
    ".mypy_cache": "a tool's cache",
    ".pytest_cache": "a tool's cache",
    ".ruff_cache": "a tool's cache",
    ".ipynb_checkpoints": "a notebook editor's copies",
    ".tox": "installed Python environments, not part of a release",
    ".nox": "installed Python environments, not part of a release",
}

_BENEATH = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NOFOLLOW


@dataclass(slots=True)
class _Entry:
    name: bytes  # path relative to the root, "/" between folders
    size: int = 0
    kind: FileKind = FileKind.FILE
    target: str = ""
    lfs: LfsPointer | None = None
    problem: str | None = None
    content: str = ""  # digest of what was hashed
    stamp: str = ""

    def line(self) -> bytes:
        """This entry's line of the listing that the pin is the digest of."""
        head = f"{self.kind} {self.size} {self.content or '-'} {self.target!a} ".encode()
        return head + self.name + b"\0"


class _Walk:
    """Lists everything under a root. ``where`` is a folder's descriptor, or its path on Windows."""

    def __init__(self) -> None:
        self.entries: list[_Entry] = []
        self.gaps = common.GapLog("sources.local")
        self._folders = 0
        self._hashed = 0

    def folder(self, where: int | str, prefix: bytes, depth: int) -> None:
        with os.scandir(where) as scan:
            # The first by name, not the first found: a bound that gives the same each time.
            items = nsmallest(common.MAX_FILES + 1, scan, key=lambda item: item.name)
        if depth and any(item.name == "pyvenv.cfg" for item in items):
            self.gaps.add(paths.shown(prefix[:-1]), "skipped_folder", SKIPPED[".venv"])
            return
        for item in items:
            if self._full():
                return
            self._item(where, item, prefix + os.fsencode(item.name), depth)

    def _full(self) -> bool:
        return len(self.entries) > common.MAX_FILES or self._folders > common.MAX_FILES

    def _item(self, where: int | str, item: os.DirEntry[str], name: bytes, depth: int) -> None:
        if item.name in SKIPPED:
            self.gaps.add(paths.shown(name), "skipped_folder", SKIPPED[item.name])
            return
        try:
            found = item.stat(follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                self._enter(where, item, name, depth)
            elif stat.S_ISLNK(found.st_mode):
                path, folder = _at(where, item)
                target = os.readlink(path, dir_fd=folder)
                shown = paths.shown(os.fsencode(target))
                self.entries.append(_Entry(name, kind=FileKind.SYMLINK, target=shown))
            elif stat.S_ISREG(found.st_mode):
                self._file(where, item, name, found)
            else:
                self.gaps.add(
                    paths.shown(name), "special_file", "a FIFO, socket or device is not opened"
                )
        except OSError as error:
            detail = str(common.unreadable("it", error))
            self.gaps.add(paths.shown(name), common.os_reason(error), detail)

    def _enter(self, where: int | str, item: os.DirEntry[str], name: bytes, depth: int) -> None:
        self._folders += 1
        if depth >= common.MAX_DEPTH:
            detail = f"folders below {common.MAX_DEPTH} levels are not read"
            self.gaps.add(paths.shown(name), "too_deep", detail)
            return
        if isinstance(where, str):
            self.folder(item.path, name + b"/", depth + 1)
            return
        inner = os.open(item.name, _FOLDER_FLAGS, dir_fd=where)
        try:
            self.folder(inner, name + b"/", depth + 1)
        finally:
            os.close(inner)

    def _file(
        self, where: int | str, item: os.DirEntry[str], name: bytes, found: os.stat_result
    ) -> None:
        kind = FileKind.EXECUTABLE if found.st_mode & 0o111 else FileKind.FILE
        entry = _Entry(name, size=found.st_size, kind=kind)
        self.entries.append(entry)
        try:
            path, folder = _at(where, item)
            self._look(entry, common.open_regular(path, dir_fd=folder))
        except OSError as error:
            entry.problem = common.os_reason(error)
            detail = str(common.unreadable("it", error))
            self.gaps.add(paths.shown(name), entry.problem, detail)

    def _look(self, entry: _Entry, descriptor: int) -> None:
        """Hash what the pin covers, and recognise a Git LFS pointer on the way."""
        try:
            found = os.fstat(descriptor)
            entry.size = found.st_size
            entry.stamp = f"{found.st_ino:x}-{found.st_mtime_ns:x}"
            if self._hashed > HASHED_IN_ALL and entry.size >= common.MAX_POINTER:
                return
            if entry.size <= HASHED_WHOLE:
                content = common.read_at(descriptor, 0, entry.size)
                entry.lfs = common.lfs_pointer(content)
            else:
                content = common.read_at(descriptor, 0, HASHED_ENDS)
                content += common.read_at(descriptor, entry.size - HASHED_ENDS, HASHED_ENDS)
        finally:
            os.close(descriptor)
        self._hashed += len(content)
        entry.content = hashlib.sha256(content).hexdigest()


def _at(where: int | str, item: os.DirEntry[str]) -> tuple[str, int | None]:
    return (item.path, None) if isinstance(where, str) else (item.name, where)


def open_folder(target: str, root: str) -> Source:
    """Everything under the folder ``root``; ``target`` is how the user named it."""
    root = os.path.abspath(root)
    walk = _Walk()
    try:
        where: int | str = os.open(root, _FOLDER_FLAGS & ~_NOFOLLOW) if _BENEATH else root
        try:
            walk.folder(where, b"", 0)
        finally:
            if isinstance(where, int):
                os.close(where)
    except OSError as error:
        words = common.unreadable(target, error)
        raise TargetError(str(words), hint="Check that you may read this folder.") from error
    if len(walk.entries) > common.MAX_FILES or walk._full():
        del walk.entries[common.MAX_FILES :]
        detail = f"only the first {common.MAX_FILES:,} files were read"
        walk.gaps.add("", "too_many_files", detail)
    if not walk.entries:
        why = walk.gaps.first()
        raise TargetError(
            f"{target}: no file in this folder" + (f" ({why})" if why else ""),
            hint="Name the folder that holds the release.",
        )
    return _source("dir", target, root, os.path.basename(root) or "root", walk)


def open_file(target: str, path: str) -> Source:
    """One file by itself, such as weights or a card. A link named by the user is followed."""
    path = os.path.realpath(path)
    root, name = os.path.split(path)
    walk = _Walk()
    try:
        descriptor = common.open_regular(path)
        entry = _Entry(os.fsencode(name), size=os.fstat(descriptor).st_size)
        walk._look(entry, descriptor)
    except OSError as error:
        raise TargetError(
            str(common.unreadable(target, error)), hint="Name a file or folder you may read."
        ) from error
    walk.entries.append(entry)
    return _source("file", target, root, paths.shown(os.fsencode(name)), walk)


def _source(kind: str, target: str, root: str, name: str, walk: _Walk) -> Source:
    walk.entries.sort(key=lambda entry: entry.name)
    digest = hashlib.sha256(b"".join(entry.line() for entry in walk.entries)).hexdigest()
    name = paths.shown(os.fsencode(name)) if kind == "dir" else name
    pin = f"{kind}:{name}@{digest[:12]}"
    files = tuple(_as_file(pin, os.fsencode(root), entry) for entry in walk.entries)
    links = [(file.path, file.target) for file in files if file.kind is FileKind.SYMLINK]
    for problem in paths.link_problems(links, (file.path for file in files)):
        walk.gaps.add(*problem)
    return Source(
        id=pin,
        kind=kind,
        locator=paths.shown(os.fsencode(target)),
        revision=digest,
        name=name,
        files=files,
        gaps=walk.gaps.gaps(pin),
    )


def _as_file(pin: str, root: bytes, entry: _Entry) -> File:
    return File(
        source=pin,
        path=paths.shown(entry.name),
        size=entry.size,
        reader=partial(_read, root, entry.name, entry.size),
        kind=entry.kind,
        target=entry.target,
        lfs=entry.lfs,
        problem=entry.problem,
        stamp=entry.stamp,
    )


def _read(root: bytes, name: bytes, size: int, offset: int, length: int) -> bytes:
    shown = paths.shown(name)
    try:
        descriptor = _open_beneath(root, name)
        try:
            if os.fstat(descriptor).st_size != size:
                raise ReadError(f"{shown}: changed meanwhile", reason="changed_while_reading")
            return common.read_at(descriptor, offset, length)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise common.unreadable(shown, error) from error


def _open_beneath(root: bytes, name: bytes) -> int:
    """Open a file under ``root`` with no link followed on the way."""
    if not _BENEATH:
        return common.open_regular(os.path.join(root, name))
    *folders, last = name.split(b"/")
    where = os.open(root, _FOLDER_FLAGS & ~_NOFOLLOW)
    try:
        for folder in folders:
            inner = os.open(folder, _FOLDER_FLAGS, dir_fd=where)
            os.close(where)
            where = inner
        return common.open_regular(last, dir_fd=where)
    finally:
        os.close(where)
