"""The product against the test servers: sessions with a store of their own, whole runs, processes.

Nothing here waits: pauses between attempts are noted in place of being slept.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import openassay
from openassay.sources import Sources
from openassay.sources.online.store import Store
from openassay.sources.online.web import Web
from openassay.types import Dossier
from world import World

SOURCE = Path(openassay.__file__).parents[1]


@dataclass
class Session:
    """One session. ``pauses`` are the seconds that it would have waited between attempts."""

    web: Web
    opener: Sources
    pauses: list[float] = field(default_factory=list)


@contextmanager
def session(
    world: World | None = None, store: Path | None = None, *, offline: bool = False
) -> Iterator[Session]:
    """A session whose public addresses are the world's; without ``store`` nothing is kept."""
    pauses: list[float] = []
    mirrors = world.endpoints if world else {}
    kept = Store(str(store) if store else None)
    web = Web(offline=offline, store=kept, pause=pauses.append, mirrors=mirrors)
    try:
        with Sources(offline=offline, web=web) as opener:
            yield Session(web, opener, pauses)
    finally:
        web.close()


def audit(
    world: World,
    *targets: str,
    follow: str | None = None,
    store: Path | None = None,
    offline: bool = False,
) -> Dossier:
    """The dossier of targets, each read in a fresh session."""
    from openassay.cli._steps import read_release

    with session(world, store, offline=offline) as at:
        return read_release(at.opener, targets, follow)


def environment(world: World, home: Path, **more: str) -> dict[str, str]:
    """For a fresh process, in which the world stands for everything public."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    here = {"HOME": str(home), "PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": "error"}
    return kept | here | world.environment(home) | more


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "openassay", *words]


def run(
    world: World, home: Path, *words: str, timeout: float = 120, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """``openassay WORDS`` in a process of its own, whose home and caches are ``home``."""
    home.mkdir(parents=True, exist_ok=True)
    env = environment(world, home, **more)
    return subprocess.run(
        command(*words), env=env, cwd=home, capture_output=True, timeout=timeout, check=False
    )
