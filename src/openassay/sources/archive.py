"""A wheel, zip or tar file: its members as files, read without unpacking anything.

Nothing is written, so no member can leave its folder; names that would are refused all the same,
because evidence must not carry them. Archives inside are files like any other. The pin
``archive:NAME@DIGEST`` is the SHA-256 of the whole archive.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from functools import partial
from itertools import pairwise

from openassay.errors import ReadError, TargetError
from openassay.files import File, FileKind
from openassay.release import Source
from openassay.sources import _common as common
from openassay.sources import _paths as paths
from openassay.sources import _tar, _zip
from openassay.sources._inflate import Inflated

MAX_TOTAL = 64 << 40  # declared bytes of all members: beyond any release
_MAX_METADATA = 1 << 20
_MAX_LINK = 4096

_TARS = {
    ".tar": None,
    ".tar.gz": "gzip",
    ".tgz": "gzip",
    ".tar.bz2": "bzip2",
    ".tbz2": "bzip2",
    ".tbz": "bzip2",
    ".tar.xz": "xz",
    ".txz": "xz",
}
_ZIPS = (".whl", ".zip", ".egg")
_UNREAD = (".tar.zst", ".tzst", ".tar.lz4", ".tar.lz", ".tar.z", ".rar", ".7z")


@dataclass(slots=True)
class _Entry:
    name: bytes
    size: int
    kind: FileKind
    read: Callable[[int, int], bytes]
    target: str = ""
    problem: str | None = None


class Container:
    """An archive of ``size`` bytes that is read by offset, wherever it lies."""

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read = read
        self.size = size
        self.lock = threading.RLock()

    def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        return self._read(offset, min(length, self.size - offset))

    def digest(self) -> str:
        """SHA-256 of all of it."""
        digest = hashlib.sha256()
        at = 0
        while part := self.read_at(at, 1 << 20):
            digest.update(part)
            at += len(part)
        return digest.hexdigest()

    def locked(self, read: Callable[[int, int], bytes]) -> Callable[[int, int], bytes]:
        """The same read, one at a time: streams are shared between members."""

        def safe(offset: int, length: int) -> bytes:
            with self.lock:
                return read(offset, length)

        return safe


class _OpenFile(Container):
    """An archive on this machine, closed once."""

    def __init__(self, path: str) -> None:
        descriptor = common.open_regular(path, follow=True)
        super().__init__(partial(self._from, descriptor), os.fstat(descriptor).st_size)
        self.close = weakref.finalize(self, os.close, descriptor)

    @staticmethod
    def _from(descriptor: int, offset: int, length: int) -> bytes:
        try:
            return common.read_at(descriptor, offset, length)
        except OSError as error:
            raise common.unreadable("the archive", error) from error


def is_archive(path: str) -> bool:
    """Whether a file is opened as an archive, by its name: a checkpoint may be a zip as well."""
    return path.lower().endswith((*_TARS, *_ZIPS, *_UNREAD))


def open_archive(
    target: str, path: str, stack: contextlib.ExitStack | None, pin: str | None = None
) -> Source:
    """The members of an archive. ``pin`` replaces ``archive:NAME@DIGEST``."""
    name = os.path.basename(os.path.realpath(path))
    lower = name.lower()
    if lower.endswith(_UNREAD):
        raise TargetError(
            f"{target}: this kind of archive cannot be read", hint="Unpack it and name the folder."
        )
    try:
        container = _OpenFile(path)
    except OSError as error:
        raise TargetError(
            str(common.unreadable(target, error)), hint="Name a file you may read."
        ) from error
    if stack is not None:
        stack.callback(container.close)
    gaps = common.GapLog("sources.archive")
    try:
        entries = _entries(container, lower, gaps)
        digest = container.digest()
    except ReadError as error:
        container.close()
        raise TargetError(
            f"{target}: {error}", hint="Download it again, or unpack it and name the folder."
        ) from error
    kept = _without_tricks(entries, gaps)
    if not kept:
        container.close()
        raise _nothing_readable(target, gaps)
    shown = paths.shown(os.fsencode(name))
    return _source(target, shown, digest, pin or f"archive:{shown}@{digest[:12]}", kept, gaps)


def open_zip(target: str, name: str, container: Container, pin: str, version: str) -> Source:
    """The members of a zip that lies elsewhere, read by ranges; nothing else of it is fetched."""
    gaps = common.GapLog("sources.archive")
    kept = _without_tricks(_zip_entries(container, gaps), gaps)
    if not kept:
        raise _nothing_readable(target, gaps)
    return _source(target, name, version, pin, kept, gaps)


def _nothing_readable(target: str, gaps: common.GapLog) -> TargetError:
    return TargetError(
        f"{target}: no readable file in this archive"
        + (f" ({gaps.first()})" if gaps.first() else ""),
        hint="Check that it is the right file.",
    )


def _entries(container: Container, name: str, gaps: common.GapLog) -> list[_Entry]:
    """Every member that can be listed, by the kind of archive that its name says it is."""
    if name.endswith(_ZIPS):
        return _zip_entries(container, gaps)
    form = next(_TARS[end] for end in _TARS if name.endswith(end))
    return _tar_entries(container, form, gaps)


def _zip_entries(container: Container, gaps: common.GapLog) -> list[_Entry]:
    found = _zip.directory(container.read_at, container.size)
    if found.more:
        detail = f"only the first {common.MAX_FILES:,} members were read"
        gaps.add("", "too_many_files", detail)
    reader = _zip.MemberReader(container.read_at)
    overlapping = _overlapping(found.members)
    entries = []
    for member in found.members:
        if member.is_folder:
            continue
        kind = FileKind.EXECUTABLE if member.mode & 0o111 else FileKind.FILE
        read = container.locked(partial(reader.read, member))
        entry = _Entry(member.name, member.size, kind, read)
        refused = _zip.refusal(member)
        if member.offset in overlapping and refused is None:
            refused = ("bomb", "its bytes are those of another member too")
        if refused:
            entry.problem = refused[0]
            gaps.add(paths.shown(member.name), *refused)
        elif member.is_link:
            entry.kind = FileKind.SYMLINK
            entry.target = _link_target(entry, gaps)
        entries.append(entry)
    return entries


def _link_target(entry: _Entry, gaps: common.GapLog) -> str:
    try:
        return paths.shown(entry.read(0, _MAX_LINK))
    except ReadError as error:
        gaps.add(paths.shown(entry.name), error.reason, str(error))
        return ""


def _overlapping(members: Iterable[_zip.Member]) -> set[int]:
    """Local headers of members whose packed bytes reach into the next one's."""
    ordered = sorted(members, key=lambda member: member.offset)
    found: set[int] = set()
    for one, other in pairwise(ordered):
        if one.offset + 30 + len(one.raw_name) + one.packed > other.offset:
            found.update((one.offset, other.offset))
    return found


def _tar_entries(container: Container, form: str | None, gaps: common.GapLog) -> list[_Entry]:
    restart = None
    stream: _tar.Stream = _tar.Plain(container.read_at, container.size)
    if form:
        restart = partial(Inflated, container.read_at, 0, container.size, form)
        stream = restart()
    found = _tar.listing(stream, container.size if form else None)
    if found.trouble:
        gaps.add("", *found.trouble)
    reader = _tar.MemberReader(container.read_at, found.kept, restart)
    entries = []
    for member in found.members:
        shown = paths.shown(member.name)
        kind = FileKind.EXECUTABLE if member.mode & 0o111 else FileKind.FILE
        read = container.locked(partial(reader.read, member))
        entry = _Entry(member.name, member.size, kind, read)
        if member.type == b"5":
            continue
        if member.type == b"2":
            entry.kind, entry.target, entry.size = FileKind.SYMLINK, paths.shown(member.target), 0
        elif member.type == b"1":
            entry.problem = "hard_link"
            gaps.add(shown, "hard_link", f"a link to {paths.shown(member.target)}, not followed")
        elif member.sparse:
            entry.problem = "sparse"
            gaps.add(shown, "sparse", "sparse members are not read")
        elif member.type not in (b"0", b"\0", b"7"):
            gaps.add(shown, "special_file", "a device, FIFO or unknown kind of member")
            continue
        entries.append(entry)
    return entries


def _without_tricks(entries: list[_Entry], gaps: common.GapLog) -> list[_Entry]:
    """Refuse names that lead elsewhere; of several members of one name keep the last, as
    unpacking would. Names come out tidy."""
    kept: dict[bytes, _Entry] = {}
    total = 0
    for entry in entries:
        if why := paths.unsafe(entry.name):
            gaps.add(paths.shown(entry.name[: paths.MAX_PATH]), "unsafe_path", f"refused: {why}")
            continue
        name = paths.tidy(entry.name)
        if name in kept:
            detail = "there are several members of this name; the last was read"
            gaps.add(paths.shown(name), "duplicate_name", detail)
        total += entry.size
        if total > MAX_TOTAL and entry.problem is None:
            entry.problem = "bomb"
            gaps.add(paths.shown(name), "bomb", "the archive declares more than any release holds")
        entry.name = name
        kept[name] = entry
    return sorted(kept.values(), key=lambda entry: entry.name)


def _source(
    target: str, name: str, digest: str, pin: str, entries: list[_Entry], gaps: common.GapLog
) -> Source:
    files = tuple(
        File(
            source=pin,
            path=paths.shown(entry.name),
            size=entry.size,
            reader=entry.read,
            kind=entry.kind,
            target=entry.target,
            problem=entry.problem,
        )
        for entry in entries
    )
    links = [(file.path, file.target) for file in files if file.kind is FileKind.SYMLINK]
    for problem in paths.link_problems(links, (file.path for file in files)):
        gaps.add(*problem)
    metadata = _metadata(files)
    tops = {file.path.split("/", 1)[0] for file in files}
    if len(tops) == 1 and all("/" in file.path for file in files):
        metadata["prefix"] = tops.pop() + "/"
    return Source(
        id=pin,
        kind="archive",
        locator=paths.shown(os.fsencode(target)),
        revision=digest,
        name=metadata.get("name", name),
        files=files,
        gaps=gaps.gaps(pin),
        metadata=metadata,
    )


def _metadata(files: tuple[File, ...]) -> dict[str, str]:
    """What a wheel's METADATA, or a source distribution's PKG-INFO, says in its headers."""
    for file in files:
        folders = file.path.split("/")[:-1]
        in_wheel = file.name == "METADATA" and len(folders) == 1
        if (in_wheel and folders[0].endswith(".dist-info")) or (
            file.name == "PKG-INFO" and len(folders) == 1
        ):
            try:
                return _headers(file.path, file.read(0, _MAX_METADATA))
            except ReadError:
                return {}  # the file has its own gap when an inspector wants it
    return {}


def _headers(path: str, content: bytes) -> dict[str, str]:
    message = BytesHeaderParser().parsebytes(content)

    def all_of(*keys: str) -> str:
        values = [str(value) for key in keys for value in message.get_all(key, [])]
        return "\n".join(value for value in values if value and value != "UNKNOWN")

    found = {
        "name": all_of("Name"),
        "version": all_of("Version"),
        "license": all_of("License"),
        "license_expression": all_of("License-Expression"),
        "license_files": all_of("License-File"),
        "classifiers": all_of("Classifier"),
        "urls": all_of("Home-page", "Download-URL", "Project-URL"),
        "summary": all_of("Summary"),
    }
    kept = {key: value for key, value in found.items() if value}
    return kept | {"metadata_path": path}
