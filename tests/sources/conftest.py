"""Real repositories, made with Git in a scrubbed environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

GitRun = Callable[..., str]


def git_environment(home: Path) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return env | {
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "A. Author",
        "GIT_AUTHOR_EMAIL": "author@example.org",
        "GIT_AUTHOR_DATE": "2024-01-02T03:04:05+0000",
        "GIT_COMMITTER_NAME": "A. Author",
        "GIT_COMMITTER_EMAIL": "author@example.org",
        "GIT_COMMITTER_DATE": "2024-01-02T03:04:05+0000",
    }


@pytest.fixture
def git(tmp_path: Path) -> GitRun:
    """``git(folder, *arguments)`` runs Git there and gives its output."""
    env = git_environment(tmp_path)

    def run(folder: Path, *arguments: str, input: bytes | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=env, input=input, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    return run


@pytest.fixture
def repo(tmp_path: Path, git: GitRun) -> Path:
    """A repository with one commit: a card, code, an executable, an empty file."""
    root = tmp_path / "model"
    (root / "src").mkdir(parents=True)
    (root / "README.md").write_text("# Model\n\nOpen weights.\n", encoding="utf-8")
    (root / "src" / "train.py").write_text("print('train')\n", encoding="utf-8")
    (root / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (root / "run.sh").chmod(0o755)
    (root / "empty.txt").write_bytes(b"")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    return root
