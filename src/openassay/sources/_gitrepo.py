"""Where a Git repository keeps things, and which commit a name means: read without running Git.

Only HEAD, the references and the configuration's remotes are read from the repository itself;
they are plain text. So nothing it configures (hooks, filters, includes, remote helpers, file
system monitors) can take effect: Git runs in a repository of our own, see ``_gitobjects``.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from openassay.errors import TargetError
from openassay.sources._common import small_file

_MAX_REFS = 64 << 20
_MAX_REF = 4096
_OID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\]{1,1024}")
_STEPS = r"(?P<steps>(?:[~^][0-9]{0,6}){0,32})"
_REVISION = re.compile(f"(?P<base>{_REF.pattern}){_STEPS}")
_PLACES = (
    "{}",
    "refs/{}",
    "refs/tags/{}",
    "refs/heads/{}",
    "refs/remotes/{}",
    "refs/remotes/{}/HEAD",
)


@dataclass(frozen=True, slots=True)
class Repository:
    """The folders of a repository. A linked work tree has a ``git_dir`` beside the ``common``."""

    folder: str  # as the user named it
    git_dir: str
    common: str
    bare: bool

    @property
    def objects(self) -> str:
        return os.path.join(self.common, "objects")


def find(folder: str) -> Repository | None:
    """The repository whose work tree, or bare self, a folder is; None when it is neither."""
    inner = os.path.join(folder, ".git")
    if os.path.lexists(inner):
        git_dir = inner if os.path.isdir(inner) else _pointed(folder, inner)
        return _repository(folder, git_dir, bare=False) if git_dir else None
    has_refs = os.path.isdir(os.path.join(folder, "refs")) or os.path.isfile(
        os.path.join(folder, "packed-refs")
    )
    return _repository(folder, folder, bare=True) if has_refs else None


def _pointed(folder: str, inner: str) -> str | None:
    """What a ``.git`` file points to: linked work trees and submodules have one."""
    content = small_file(inner, _MAX_REF) or b""
    if not content.startswith(b"gitdir:"):
        return None
    return os.path.join(folder, os.fsdecode(content[7:].strip()))


def _repository(folder: str, git_dir: str, *, bare: bool) -> Repository | None:
    common = git_dir
    if shared := small_file(os.path.join(git_dir, "commondir"), _MAX_REF):
        common = os.path.join(git_dir, os.fsdecode(shared.strip()))
    found = Repository(folder, os.path.abspath(git_dir), os.path.abspath(common), bare)
    has_head = os.path.lexists(os.path.join(git_dir, "HEAD"))
    return found if has_head and os.path.isdir(found.objects) else None


def head(repository: Repository) -> tuple[str, str]:
    """(commit id, branch) of HEAD; the branch is empty when HEAD is detached.

    Raises :class:`TargetError` when no commit has been made yet.
    """
    ref = _symbolic(repository, "HEAD")
    branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""
    if branch == ".invalid":
        raise TargetError(
            f"{repository.folder}: references are kept in a reftable, which is not read",
            hint="Name the commit: PATH@SHA, with the SHA that `git rev-parse HEAD` prints.",
        )
    if oid := _look_up(repository, "HEAD"):
        return oid, branch
    raise TargetError(
        f"{repository.folder}: a Git repository without a commit",
        hint="Commit the files, or name a revision: PATH@REVISION.",
    )


def revision(repository: Repository, name: str) -> str:
    """What to ask Git's object store for: an id, or its beginning, and steps such as ``~2``."""
    found = _REVISION.fullmatch(name)
    if found is None or ".." in name:
        raise TargetError(
            f"{name!r} is no revision that can be read",
            hint="Name a commit, branch or tag, with ~N or ^ behind it if you like.",
        )
    for place in _PLACES:
        ref = place.format(found["base"])
        if (ref == "HEAD" or ref.startswith("refs/")) and (oid := _look_up(repository, ref)):
            return oid + found["steps"]
    if re.fullmatch(r"[0-9a-fA-F]{4,64}", found["base"]):
        return found["base"].lower() + found["steps"]
    raise TargetError(
        f"{repository.folder}: no branch, tag or commit {found['base']!r}",
        hint="`git branch -a` and `git tag` list the names there are.",
    )


def _look_up(repository: Repository, ref: str, depth: int = 5) -> str | None:
    """The object id a reference leads to, through at most ``depth`` symbolic ones."""
    target = _symbolic(repository, ref)
    if target:
        return _look_up(repository, target, depth - 1) if depth else None
    for folder in (repository.git_dir, repository.common):
        content = (small_file(os.path.join(folder, *ref.split("/")), _MAX_REF) or b"").strip()
        if _OID.fullmatch(content):
            return content.decode()
    return _packed(repository, ref)


def _symbolic(repository: Repository, ref: str) -> str:
    """The reference a symbolic one names; empty when it is none or not well formed."""
    path = os.path.join(repository.git_dir, *ref.split("/"))
    if os.path.islink(path):  # the old form of HEAD
        content = b"ref: " + os.fsencode(os.readlink(path))
    else:
        in_common = os.path.join(repository.common, *ref.split("/"))
        content = small_file(path, _MAX_REF) or small_file(in_common, _MAX_REF) or b""
    if not content.startswith(b"ref:"):
        return ""
    target = content[4:].strip().decode("utf-8", "surrogateescape")
    well_formed = _REF.fullmatch(target) and ".." not in target and target.startswith("refs/")
    return target if well_formed else ""


def _packed(repository: Repository, ref: str) -> str | None:
    content = small_file(os.path.join(repository.common, "packed-refs"), _MAX_REFS) or b""
    name = ref.encode("utf-8", "surrogateescape")
    found = re.search(rb"(?m)^([0-9a-f]{40,64}) " + re.escape(name) + rb"$", content)
    return found[1].decode() if found else None
