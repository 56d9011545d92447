"""A Git repository, read from a commit: tracked files only, as they were committed.

The work tree is never read; that it differs is a gap. See ``_gitobjects`` for why a hostile
repository cannot make Git run anything.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from openassay.errors import TargetError
from openassay.files import File, FileKind, LfsPointer
from openassay.release import Source
from openassay.sources import _common as common
from openassay.sources import _gitrepo as gitrepo
from openassay.sources import _paths as paths
from openassay.sources._gitobjects import Object, ObjectStore, environment
from openassay.sources._gitstatus import uncommitted
from openassay.sources._giturl import Remote, remote, submodule_url

MAX_TREE = 64 << 20
MAX_TREES = 200_000
MAX_CONFIG = 1 << 20
_MAX_LINK = 4096

_KINDS = {
    0o100: (FileKind.FILE, FileKind.EXECUTABLE),
    0o120: (FileKind.SYMLINK, FileKind.SYMLINK),
    0o160: (FileKind.SUBMODULE, FileKind.SUBMODULE),
}
_TREE = 0o040
_COMMITTED = re.compile(rb"(?m)^committer .{0,4096}> ([0-9]{1,12}) [+-][0-9]{4}$")


@dataclass(slots=True)
class _Entry:
    name: bytes
    oid: str
    kind: FileKind
    size: int = 0
    target: str = ""
    lfs: LfsPointer | None = None
    problem: str | None = None


def open_git(
    target: str,
    repository: gitrepo.Repository,
    revision: str | None,
    stack: contextlib.ExitStack | None,
) -> Source:
    """The commit at HEAD, or at ``revision``, of a repository."""
    if revision is None:
        name, branch = gitrepo.head(repository)
    else:
        name, branch = gitrepo.revision(repository, revision), ""
    store = ObjectStore(repository.objects, sha256=_is_sha256(repository))
    if stack is not None:
        stack.callback(store.close)
    commit = _commit(store, repository, name)
    gaps = common.GapLog("sources.git")
    status = None
    if revision is None and not repository.bare:
        status = uncommitted(store.workshop, repository, commit.oid)
    try:
        entries = list(_entries(store, commit, gaps))
        _sizes(store, entries, gaps)
        _small_contents(store, entries)
    finally:
        changes = status.finish() if status is not None else ""
    if not entries:
        store.close()
        raise TargetError(
            f"{target}: no readable file in commit {commit.oid[:12]}"
            + (f" ({gaps.first()})" if gaps.first() else ""),
            hint="`git fsck` and `git fetch` may tell more; or name another revision.",
        )
    settings = _settings(repository)
    if changes:
        gaps.add("", "uncommitted_changes", changes)
    source = _source(target, repository, store, commit, branch, settings, entries, gaps)
    if changes:
        source.metadata["uncommitted"] = "yes"
    return source


def _is_sha256(repository: gitrepo.Repository) -> bool:
    config = common.small_file(os.path.join(repository.common, "config"), MAX_CONFIG) or b""
    return bool(re.search(rb"(?im)^[ \t]{0,20}objectformat[ \t]{0,20}=[ \t]{0,20}sha256\s", config))


def _commit(store: ObjectStore, repository: gitrepo.Repository, name: str) -> Object:
    found = store.one(f"{name}^{{commit}}")
    if found.kind != "commit" or found.content is None:
        store.close()
        raise TargetError(
            f"{repository.folder}: commit {name[:100]} is not in the object store, or is broken",
            hint="`git fsck` tells what is broken; `git fetch` may bring it back.",
        )
    return found


def _entries(store: ObjectStore, commit: Object, gaps: common.GapLog) -> Iterator[_Entry]:
    """Every file of the commit's tree, level by level; broken folders become gaps."""
    found = re.match(rb"tree ([0-9a-f]{40,64})\n", commit.content or b"")
    level = [(b"", found[1].decode())] if found else []
    trees = files = 0
    for _ in range(common.MAX_DEPTH):
        below: list[tuple[bytes, str]] = []
        answers = store.many([oid for _, oid in level], MAX_TREE)
        for (prefix, _), tree in zip(level, answers, strict=True):
            for entry in _tree(prefix, tree, len(commit.oid) // 2, gaps):
                if isinstance(entry, tuple):
                    below.append(entry)
                    continue
                files += 1
                if files > common.MAX_FILES:
                    break
                yield entry
            if files > common.MAX_FILES or len(below) + trees > MAX_TREES:
                detail = f"only the first {common.MAX_FILES:,} files were read"
                gaps.add("", "too_many_files", detail)
                return
        trees += len(below)
        level = below
        if not level:
            return
    for prefix, _ in level:
        detail = f"folders below {common.MAX_DEPTH} levels are not read"
        gaps.add(paths.shown(prefix[:-1]), "too_deep", detail)


def _tree(
    prefix: bytes, tree: Object, width: int, gaps: common.GapLog
) -> Iterator[_Entry | tuple[bytes, str]]:
    """The entries of one tree object: files, and (prefix, id) for folders."""
    content = tree.content
    if tree.kind != "tree" or content is None:
        reason = "missing_tree" if tree.kind is None else "broken_object"
        words = "not in the object store" if tree.kind is None else "broken"
        gaps.add(paths.shown(prefix[:-1]), reason, f"the Git object of this folder is {words}")
        return
    seen: set[bytes] = set()
    at = 0
    while at < len(content):
        space = content.find(b" ", at, at + 8)
        end = content.find(b"\0", space, space + paths.MAX_PATH)
        oid = content[end + 1 : end + 1 + width]
        if space < 0 or end < 0 or len(oid) < width:
            gaps.add(
                paths.shown(prefix[:-1]), "broken_object", "this folder's Git object is broken"
            )
            return
        name = content[space + 1 : end]
        mode = _mode(content[at:space])
        at = end + 1 + width
        if name in (b"", b".", b"..") or b"/" in name or name.lower() == b".git":
            gaps.add(paths.shown(prefix + name), "unsafe_path", "a name no work tree may have")
        elif name in seen:
            gaps.add(paths.shown(prefix + name), "duplicate_name", "listed twice in one folder")
        elif mode >> 9 == _TREE:
            yield prefix + name + b"/", oid.hex()
        elif mode >> 9 in _KINDS:
            yield _Entry(prefix + name, oid.hex(), _KINDS[mode >> 9][bool(mode & 0o100)])
        else:
            gaps.add(paths.shown(prefix + name), "special_file", f"Git mode {mode:o} is unknown")
        seen.add(name)


def _mode(digits: bytes) -> int:
    return int(digits, 8) if re.fullmatch(rb"[0-7]{1,7}", digits) else 0


def _sizes(store: ObjectStore, entries: list[_Entry], gaps: common.GapLog) -> None:
    """Fill in sizes, and what is missing from the object store or broken in it."""
    wanted = sorted({entry.oid for entry in entries if entry.kind is not FileKind.SUBMODULE})
    headers = dict(zip(wanted, store.headers(wanted), strict=True))
    for entry in entries:
        if entry.kind is FileKind.SUBMODULE:
            continue
        header = headers[entry.oid]
        if header.kind is None:
            entry.problem = "missing_blob"
            gaps.add(
                paths.shown(entry.name), "missing_blob", "tracked, but its content is not here"
            )
        elif header.kind != "blob":
            entry.problem = "broken_object"
            gaps.add(paths.shown(entry.name), "broken_object", "its Git object is broken")
        else:
            entry.size = header.size


def _small_contents(store: ObjectStore, entries: list[_Entry]) -> None:
    """Read where links point, and find Git LFS pointers, which are all short."""
    small = [
        entry
        for entry in entries
        if entry.problem is None
        and (
            (entry.kind is FileKind.SYMLINK and entry.size <= _MAX_LINK)
            or (entry.kind is not FileKind.SUBMODULE and 100 <= entry.size < common.MAX_POINTER)
        )
    ]
    wanted = sorted({entry.oid for entry in small})
    contents = dict(zip(wanted, store.many(wanted, _MAX_LINK), strict=True))
    for entry in small:
        content = contents[entry.oid].content or b""
        if entry.kind is FileKind.SYMLINK:
            entry.target = paths.shown(content)
        else:
            entry.lfs = common.lfs_pointer(content)


def read_config(content: bytes) -> dict[str, str]:
    """Git configuration text to its values, the last one of a key; includes are not followed."""
    try:
        done = subprocess.run(
            ["git", "config", "--no-includes", "-z", "-f", "-", "--list"],
            input=content,
            capture_output=True,
            env=environment() | {"GIT_DIR": os.devnull},
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    pairs = (item.partition("\n") for item in done.stdout.decode("utf-8", "replace").split("\0"))
    return {key: value for key, _, value in pairs if key}


def _settings(repository: gitrepo.Repository) -> dict[str, str]:
    content = common.small_file(os.path.join(repository.common, "config"), MAX_CONFIG)
    return read_config(content) if content else {}


def remote_url(repository: gitrepo.Repository) -> str:
    """The web address of a repository's remote, without credentials; empty where none is told."""
    where = _remote(_settings(repository), "")
    return where.url if where else ""


def _remote(settings: dict[str, str], branch: str) -> Remote | None:
    """The branch's remote, else ``origin``, else the first by name."""
    urls = {
        key.removeprefix("remote.").removesuffix(".url"): value
        for key, value in settings.items()
        if key.startswith("remote.") and key.endswith(".url")
    }
    for name in (settings.get(f"branch.{branch}.remote", ""), "origin", *sorted(urls)):
        if name in urls:
            return remote(urls[name])
    return None


def _source(
    target: str,
    repository: gitrepo.Repository,
    store: ObjectStore,
    commit: Object,
    branch: str,
    settings: dict[str, str],
    entries: list[_Entry],
    gaps: common.GapLog,
) -> Source:
    where = _remote(settings, branch)
    top = os.path.abspath(repository.folder)
    if os.path.basename(top) == ".git":
        top = os.path.dirname(top)
    folder = os.path.basename(top).removesuffix(".git")
    folder = paths.shown(os.fsencode(folder)) or "repository"
    pin = f"git:{where.url if where else folder}@{commit.oid}"
    _submodules(store, entries, where)
    entries.sort(key=lambda entry: entry.name)
    _expect(store, entries)
    files = tuple(_as_file(pin, store, commit.oid, where, entry) for entry in entries)
    links = [(file.path, file.target) for file in files if file.kind is FileKind.SYMLINK]
    for problem in paths.link_problems(links, (file.path for file in files)):
        gaps.add(*problem)
    metadata = {"branch": branch, "remote": where.url if where else "", "date": _date(commit)}
    return Source(
        id=pin,
        kind="git",
        locator=paths.shown(os.fsencode(target)),
        revision=commit.oid,
        name=where.name if where else folder,
        files=files,
        gaps=gaps.gaps(pin),
        metadata={key: value for key, value in metadata.items() if value},
    )


def _date(commit: Object) -> str:
    """When the commit was made, as UTC."""
    found = _COMMITTED.search(commit.content or b"")
    return datetime.fromtimestamp(int(found[1]), UTC).isoformat() if found else ""


def _submodules(store: ObjectStore, entries: list[_Entry], parent: Remote | None) -> None:
    """Fill in the URLs that the commit's ``.gitmodules`` gives."""
    modules = [entry for entry in entries if entry.kind is FileKind.SUBMODULE]
    listing = next((entry for entry in entries if entry.name == b".gitmodules"), None)
    if not modules or listing is None or listing.size > MAX_CONFIG or listing.problem:
        return
    values = read_config(store.one(listing.oid).content or b"")
    urls = {
        value: values.get(key.removesuffix(".path") + ".url", "")
        for key, value in values.items()
        if key.startswith("submodule.") and key.endswith(".path")
    }
    for entry in modules:
        url = urls.get(entry.name.decode("utf-8", "replace"), "")
        entry.target = paths.shown(submodule_url(url, parent).encode("utf-8", "replace"))


def _expect(store: ObjectStore, entries: list[_Entry]) -> None:
    """Files of one kind are mostly read one after another, in the order of the listing."""
    alike: dict[bytes, dict[str, int]] = {}
    for entry in entries:
        readable = entry.problem is None and entry.lfs is None
        if readable and entry.kind in (FileKind.FILE, FileKind.EXECUTABLE):
            suffix = os.path.splitext(entry.name)[1].lower()
            alike.setdefault(suffix, {}).setdefault(entry.oid, entry.size)
    for blobs in alike.values():
        store.expect(tuple(blobs.items()))


def _as_file(
    pin: str, store: ObjectStore, commit: str, where: Remote | None, entry: _Entry
) -> File:
    path = paths.shown(entry.name)
    linked = entry.kind is not FileKind.SUBMODULE and where is not None
    return File(
        source=pin,
        path=path,
        size=entry.size,
        reader=partial(store.read, path, entry.oid, entry.size),
        kind=entry.kind,
        target=entry.target,
        lfs=entry.lfs,
        problem=entry.problem,
        link=where.link(commit, entry.name) if linked and where else None,
    )
