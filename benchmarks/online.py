"""Reading online, measured against the test servers on loopback; run by hand, prints figures.

    python benchmarks/online.py [--releases 1000] [--jobs 8]

1. A simulated model of 100 GB in sharded safetensors: bytes, requests and wall time.
2. Many small releases: releases a second, and the memory of all processes together.
3. The same, killed at a random moment and continued: it has to end with the same bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "online"))

from arxiv_server import ArxivServer  # noqa: E402
from git_server import GitServer  # noqa: E402
from hub_server import HubServer  # noqa: E402
from modelscope_server import ModelScopeServer  # noqa: E402
from product import command, environment  # noqa: E402
from releases import huge, tiny_series  # noqa: E402
from world import Web, World  # noqa: E402


@contextlib.contextmanager
def world(root: Path) -> Iterator[World]:
    with (
        HubServer() as hub,
        GitServer(root) as git,
        ArxivServer() as arxiv,
        ModelScopeServer() as modelscope,
        Web() as web,
    ):
        yield World(hub, git, arxiv, modelscope, web)


def memory_of(group: int) -> int:
    """Bytes held by a process group: proportional shares, so that shared pages count once."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError):
            if os.getpgid(int(folder.name)) != group:
                continue
            for line in (folder / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


class Watch(threading.Thread):
    """Looks at the memory of a process group, again and again."""

    def __init__(self, group: int) -> None:
        super().__init__(daemon=True)
        self.group, self.most, self.over = group, 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.over.wait(0.25):
            self.most = max(self.most, memory_of(self.group))


def start(at: World, home: Path, *words: str) -> subprocess.Popen[bytes]:
    home.mkdir(exist_ok=True)
    return subprocess.Popen(
        command(*words), env=environment(at, home), cwd=home, start_new_session=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def measured(at: World, home: Path, *words: str) -> tuple[float, int]:
    """Seconds and the most bytes of memory that a command took."""
    began = time.monotonic()
    process = start(at, home, *words)
    watch = Watch(process.pid)
    if process.wait():
        raise SystemExit(f"openassay {' '.join(words)} ended with {process.returncode}")
    watch.over.set()
    watch.join()
    return time.monotonic() - began, watch.most


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def large(root: Path) -> None:
    with world(root / "git-1") as at:
        huge().hub(at.hub)
        for name in ("first", "again"):
            requests, sent = at.requests(), at.sent()
            seconds, most = measured(at, root / "vast", "audit", "vast/model-50b")
            print(
                f"100 GB, {name}: {at.requests() - requests} requests, {at.sent() - sent:,} bytes, "
                f"{seconds:.2f} s, {most >> 20} MiB"
            )


def many(root: Path, count: int, jobs: int) -> None:
    with world(root / "git-2") as at:
        names = []
        for release in tiny_series(count):
            release.hub(at.hub)
            names.append(release.name)
        listed = root / "list.txt"
        listed.write_text("\n".join(names))
        words = ("audit", "--from", str(listed), "--jobs", str(jobs), "--out", "out")
        seconds, most = measured(at, root / "whole", *words)
        print(
            f"{count} releases, {jobs} jobs: {seconds:.1f} s, {count / seconds:.1f} a second, "
            f"{most >> 20} MiB in all, {at.requests()} requests"
        )
        when = random.uniform(0.1, 0.9) * seconds
        process = start(at, root / "killed", *words)
        time.sleep(when)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        done = len(list((root / "killed" / "out").glob("*.dossier.json")))
        measured(at, root / "killed", *words)
        same = contents(root / "whole" / "out") == contents(root / "killed" / "out")
        print(f"killed after {when:.1f} s with {done} done, continued: the same bytes: {same}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("git-1", "git-2"):
            (root / name).mkdir()
        large(root)
        many(root, options.releases, options.jobs)


if __name__ == "__main__":
    main()
