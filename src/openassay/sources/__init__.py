"""Opening what a user names: a folder, a file, a commit, an archive, a package of an index.

The only code that opens or fetches anything. A target that cannot be read at all raises
:class:`TargetError`; what is missing from one that can is a gap of its source.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable

from openassay.errors import TargetError
from openassay.release import Source
from openassay.sources import _gitrepo as gitrepo
from openassay.sources import local

__all__ = ["open_target", "open_targets"]

_HUB_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")


def open_target(target: str, *, stack: contextlib.ExitStack | None = None) -> Source:
    """Open one target: ``pypi:NAME[==VERSION]``, a path, or ``PATH@REVISION`` of a repository.

    Processes and files stay open until ``stack`` closes, or without one, until the last file of
    the source is forgotten. Raises :class:`TargetError` when nothing of it can be read.
    """
    if not target or "\0" in target:
        raise TargetError("an empty target", hint="Name a folder, a file or pypi:NAME.")
    if target.startswith("pypi:"):
        from openassay.sources.pypi import open_pypi  # the network code is seldom needed

        return open_pypi(target, stack)
    if os.path.lexists(target):
        return _open_path(target, stack)
    for at in (found.start() for found in re.finditer("@", target)):
        path, revision = target[:at], target[at + 1 :]
        if path and revision and os.path.isdir(path):
            return _open_revision(target, path, revision, stack)
    raise _not_there(target)


def open_targets(
    targets: Iterable[str], *, stack: contextlib.ExitStack | None = None
) -> tuple[Source, ...]:
    """Open several targets that make one release; what is named twice is kept once."""
    found: dict[str, Source] = {}
    for target in targets:
        source = open_target(target, stack=stack)
        found.setdefault(source.id, source)
    if not found:
        raise TargetError("no target", hint="Name a folder, a file or pypi:NAME.")
    return tuple(found.values())


def _open_path(target: str, stack: contextlib.ExitStack | None) -> Source:
    if os.path.isdir(target):
        if repository := gitrepo.find(target):
            from openassay.sources.git import open_git

            return open_git(target, repository, None, stack)
        return local.open_folder(target, target)
    from openassay.sources.archive import is_archive, open_archive

    if is_archive(target):
        return open_archive(target, target, stack)
    return local.open_file(target, target)


def _open_revision(
    target: str, path: str, revision: str, stack: contextlib.ExitStack | None
) -> Source:
    repository = gitrepo.find(path)
    if repository is None:
        raise TargetError(
            f"{path} is no Git repository, so it has no revision {revision!r}",
            hint=f"Leave out @{revision} to read the folder as it is.",
        )
    from openassay.sources.git import open_git

    return open_git(target, repository, revision, stack)


def _not_there(target: str) -> TargetError:
    if "://" in target or target.startswith(("hf:", "github:", "git@")):
        return TargetError(
            f"{target}: online targets are not supported yet",
            hint="Clone or download it, and name the folder.",
        )
    if _HUB_ID.fullmatch(target):
        return TargetError(
            f"{target}: no such path, and ids on a hub are not supported yet",
            hint=f"Clone it, e.g. from https://huggingface.co/{target}, and name the folder.",
        )
    return TargetError(f"{target}: no such file or folder", hint="Check the path.")
