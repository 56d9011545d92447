"""Checkouts below a folder, each with what tells which repository it is. Nothing is read of them
but the remotes of their configuration.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from openassay.sources import _gitrepo as gitrepo
from openassay.sources.git import remote_url

MAX_FOLDERS = 100_000
MAX_DEPTH = 4  # host/owner/name below the folder that is named


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder that can be audited. ``remote`` is empty where none is configured."""

    path: str
    remote: str  # the web address of its remote, without credentials
    names: tuple[str, ...]  # its own name, and ``owner/name`` by the folder it lies in


def find(folder: str) -> Iterator[Checkout]:
    """The folder itself, if it is a repository or holds files, else every such one below it.

    Links to folders are followed where the user's own folder holds them, not below a checkout.
    """
    waiting = [(folder, 0)]
    seen = 0
    while waiting and seen < MAX_FOLDERS:
        at, depth = waiting.pop()
        seen += 1
        repository = gitrepo.find(at)
        inner, files = _listed(at)
        if repository is not None or files:
            yield _checkout(at, repository)
        if repository is None and depth < MAX_DEPTH and (depth == 0 or not files):
            waiting += [(path, depth + 1) for path in sorted(inner, reverse=True)]


def _checkout(path: str, repository: gitrepo.Repository | None) -> Checkout:
    whole = os.path.abspath(path)
    name = os.path.basename(whole).removesuffix(".git")
    owner = os.path.basename(os.path.dirname(whole))
    names = (name, f"{owner}/{name}") if owner else (name,)
    return Checkout(path, remote_url(repository) if repository else "", names)


def _listed(folder: str) -> tuple[list[str], bool]:
    """The folders in a folder, and whether it holds files; unreadable ones hold nothing."""
    inner, files = [], False
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    inner.append(entry.path)
                else:
                    files = True
    except OSError:
        return [], False
    return inner, files
