"""Whether a work tree differs from its commit, found out without trusting the repository.

The index is copied into our own repository, so that Git compares the work tree with nothing of
the audited repository's configuration in force: no filter, no monitor, no submodule is entered.
An index that cannot be read so (split or sparse ones) gives no answer, never an error.
"""

from __future__ import annotations

import os
import subprocess
from typing import Protocol

from openassay.sources._common import small_file
from openassay.sources._gitrepo import Repository

_MAX_INDEX = 64 << 20
_MAX_SECONDS = 10


class Workshop(Protocol):
    """Our own repository, as ``_gitobjects`` makes it."""

    git: str
    folder: str
    env: dict[str, str]

    def write(self, name: str, text: str) -> None: ...


class Status:
    """A comparison that runs beside the reading."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def finish(self) -> str:
        """What differs, in words; nothing when all is the same or it could not be told."""
        try:
            output, _ = self._process.communicate(timeout=_MAX_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return ""
        if self._process.returncode != 0:
            return ""
        items = [item for item in output.split(b"\0") if item]
        untracked = sum(item.startswith(b"??") for item in items)
        counts = [(len(items) - untracked, "changed"), (untracked, "untracked")]
        words = " and ".join(f"{count} {what}" for count, what in counts if count)
        return f"the commit was read, not the {words} in the work tree" if words else ""


def uncommitted(workshop: Workshop, repository: Repository, commit: str) -> Status | None:
    """Start comparing the work tree with a commit; None when there is no index to compare with."""
    index = small_file(os.path.join(repository.git_dir, "index"), _MAX_INDEX)
    if index is None:
        return None
    workshop.write("HEAD", commit + "\n")
    path = os.path.join(workshop.folder, "index")
    with open(path, "wb") as file:
        file.write(index)
    process = subprocess.Popen(
        [
            workshop.git,
            "-c",
            "core.bare=false",
            "status",
            "--porcelain",
            "-z",
            "--no-renames",
            "--ignore-submodules=all",
            "--untracked-files=normal",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=workshop.env | {"GIT_WORK_TREE": os.path.abspath(repository.folder)},
        cwd=repository.folder,
    )
    return Status(process)
