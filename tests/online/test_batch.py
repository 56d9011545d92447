"""Many releases at once: the list, what failed and why, stopping and going on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import faults
from openassay.cli._batch import Done, Line, parse_list, table
from product import command, environment, run
from releases import tiny, tiny_series
from world import World

STOPPED = "openassay: stopped\n  The same command goes on where it was.\n"


def test_the_list() -> None:
    text = (
        "# a note\norg/a\n\n  org/b@v1   # why\norg/a\norg/c https://github.com/org/c\n"
        "https://x.org/a#part\n\torg/d\t\norg/c  https://github.com/org/c\n"
    )
    lines = parse_list(text)
    assert [line.targets for line in lines] == [
        ("org/a",),
        ("org/b@v1",),
        ("org/c", "https://github.com/org/c"),
        ("https://x.org/a#part",),
        ("org/d",),
    ]
    assert len({line.file for line in lines}) == 5


def test_file_names_are_safe_and_tell_no_login() -> None:
    text = "../../etc/passwd\n/etc/passwd\n-rf\nCON\n" + "x" * 5000 + "\nA/b\na/B\n模型/甲\n"
    lines = parse_list(text + "https://me:hunter2@x.org/a.gguf\n.hidden\n\x1b[31m\n")
    for line in lines:
        assert "/" not in line.file
        assert not line.file.startswith((".", "-"))
        assert len(line.file.encode()) < 200
        assert "hunter2" not in line.file + line.shown
    assert len({line.file.lower() for line in lines}) == len(lines)


def test_a_huge_list_is_read_quickly() -> None:
    start = time.monotonic()
    assert len(parse_list("".join(f"org/model-{n}\n" for n in range(50_000)))) == 50_000
    assert time.monotonic() - start < 5


def test_the_table_says_what_failed_and_shows_no_controls() -> None:
    ends = [Done("a", "a.json"), Done("b\x1b[31m" * 50, "b.json", "not_found", "x" * 9999)]
    shown = table(ends)
    assert "1 of 2 releases are read." in shown
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) < 400


# -- whole runs


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


def write_list(home: Path, *lines: str) -> str:
    (home / "list.txt").write_text("\n".join(lines) + "\n")
    return "list.txt"


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def index(folder: Path) -> list[dict[str, Any]]:
    found = json.loads((folder / "index.json").read_bytes())
    assert found["schema"] == "openassay-batch/1"
    rows: list[dict[str, Any]] = found["releases"]
    return rows


@pytest.mark.slow
def test_a_run_ends_with_what_failed_and_why_and_goes_on(world: World, home: Path) -> None:
    for release in tiny_series(4):
        release.hub(world.hub)
    tiny(1).git(world.git)
    world.hub.add("org/closed", {"README.md": "x"}, private=True)
    rule = world.hub.faults.add("/api/models/tiny/model-0003", faults.status(503))
    world.hub.tokens["hf_secret"] = "me"
    listed = write_list(
        home, "tiny/model-0000", "# note", "tiny/model-0001 https://github.com/tiny/model-0001",
        "org/closed", "no such thing", "tiny/model-0003", "tiny/model-0000",
    )  # fmt: skip
    words = ("audit", "--from", listed, "--jobs", "2", "--out", "out")
    done = run(world, home, *words, HF_TOKEN="hf_secret")
    assert (done.returncode, done.stderr) == (3, b"")
    rows = index(home / "out")
    assert [row.get("reason", "") for row in rows] == [
        "", "", "not_found", "cannot_be_read", "server_error",
    ]  # fmt: skip
    shown = done.stdout.decode()
    assert "2 of 5 releases are read." in shown
    assert "server_error" in shown
    both = next(row for row in rows if "github" in row["targets"])
    dossier = json.loads((home / "out" / both["file"]).read_bytes())
    assert [source["kind"] for source in dossier["sources"]][:2] == ["hf", "git"]
    everything = b"".join(contents(home / "out").values()) + done.stdout
    assert b"hf_secret" not in everything
    before, asked = contents(home / "out"), len(world.hub.log.of("*tiny/model-0000*"))
    rule.times = 0
    again = run(world, home, *words)
    assert "3 of 5 releases are read." in again.stdout.decode()
    assert len(world.hub.log.of("*tiny/model-0000*")) == asked
    after = contents(home / "out")
    assert {name: after[name] for name in before if name != "index.json"} == {
        name: content for name, content in before.items() if name != "index.json"
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "list.txt"), "needs --out DIR"),
        (("--from", "list.txt", "--out", "list.txt"), "cannot make list.txt"),
        (("--from", "list.txt", "--out", "list.txt/deep"), "cannot make list.txt"),
        (("--from", "none.txt", "--out", "out"), "none.txt"),
        (("--from", "empty.txt", "--out", "out"), "no target in it"),
        (("--from", "list.txt", "--out", "out", "--jobs", "0"), "--jobs is a number"),
        (("--from", "list.txt", "--out", "out", "--jobs", "9999"), "--jobs is a number"),
        (("--from", "list.txt", "--out", "out", "org/a"), "takes its targets from the list"),
        ((), "TARGET"),
    ],
)
def test_wrong_usage(
    home: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from openassay.cli import main

    monkeypatch.chdir(home)
    write_list(home, "org/a")
    (home / "empty.txt").write_text("# nothing\n\n")
    assert main(["audit", *words]) in (2, 3)
    assert said in capsys.readouterr().err


def processes_of(group: int) -> list[int]:
    """The living processes of a process group, zombies aside."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                state, _, pgrp = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
                if int(pgrp) == group and state != "Z":
                    found.append(int(folder.name))
    return found


class Batch:
    """A run in a process group of its own, over a world that answers slowly."""

    def __init__(self, world: World, home: Path, count: int, jobs: int = 2) -> None:
        self.world, self.home, self.count = world, home, count
        listed = write_list(home, *(f"tiny/model-{n:04}" for n in range(count)))
        self.words = ("audit", "--from", listed, "--jobs", str(jobs), "--out", "out")
        self.out = home / "out"

    def start(self) -> subprocess.Popen[bytes]:
        env = environment(self.world, self.home)
        return subprocess.Popen(
            command(*self.words), env=env, cwd=self.home, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def wait_for(self, done: int, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while len(list(self.out.glob("*.dossier.json"))) < done:
            assert time.monotonic() < end
            time.sleep(0.01)

    def finish(self) -> dict[str, bytes]:
        run(self.world, self.home, *self.words)
        return contents(self.out)


@pytest.fixture
def batch(world: World, home: Path) -> Batch:
    for release in tiny_series(24):
        release.hub(world.hub)
    return Batch(world, home, 24)


def ended(group: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while processes_of(group):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.mark.slow
@LINUX
@pytest.mark.parametrize("how", ["group", "parent", "interrupted"])
def test_a_stopped_run_goes_on_and_ends_with_the_same_bytes(
    batch: Batch, world: World, tmp_path: Path, how: str
) -> None:
    world.hub.faults.add("/api/*", faults.late(0.4))  # the signal comes long before the end
    process = batch.start()
    batch.wait_for(3)
    if how == "group":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        os.kill(process.pid, signal.SIGKILL if how == "parent" else signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert ended(process.pid), processes_of(process.pid)
    kept = set(contents(batch.out))
    assert 3 <= len([name for name in kept if name.endswith(".dossier.json")]) < 24
    if how == "interrupted":
        assert (process.returncode, said.decode()) == (130, STOPPED)
        assert not [name for name in kept if name.endswith(".part")]
    world.hub.faults.clear()
    continued = batch.finish()
    (tmp_path / "other").mkdir()
    other = Batch(world, tmp_path / "other", batch.count)
    assert continued == other.finish()
    assert len(continued) == 25


@pytest.mark.slow
@LINUX
def test_a_worker_that_is_killed_takes_nothing_with_it(batch: Batch, world: World) -> None:
    world.hub.faults.add("/api/*", faults.late(0.05))
    process = batch.start()
    batch.wait_for(3)
    workers = [pid for pid in processes_of(process.pid) if pid != process.pid]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    shown, said = process.communicate(timeout=120)
    assert (process.returncode, said) == (0, b"")
    assert b"24 of 24 releases are read." in shown
    assert len(contents(batch.out)) == 25
    again = [len(world.hub.log.of(f"/api/models/tiny/model-{n:04}")) for n in range(24)]
    assert sum(count > 1 for count in again) <= 4  # only those that were under way


def test_a_release_that_kills_its_reader_fails_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from openassay.cli import _batch, _steps

    def read(_: object, targets: tuple[str, ...], *__: object) -> object:
        if targets == ("bad",):
            os._exit(9)
        raise RuntimeError("not read")

    monkeypatch.setattr(_steps, "read_release", read)
    lines = [Line((name,), f"{name}.json") for name in ("a", "bad", "b", "c")]
    ends = list(_batch._work(lines, _batch.Job(str(tmp_path), True, "none"), 2))
    assert sorted((end.targets, end.reason) for end in ends) == [
        ("a", "crashed"), ("b", "crashed"), ("bad", "killed"), ("c", "crashed"),
    ]  # fmt: skip


def test_a_dossier_that_cannot_be_written_is_listed(
    world: World, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from openassay.cli import _batch
    from openassay.sources import Sources
    from product import session

    tiny(0).hub(world.hub)
    with session(world) as at:
        assert isinstance(at.opener, Sources)
        job = _batch.Job(str(tmp_path / "none"), False, "none")
        monkeypatch.setattr(_batch, "_state", {"job": job, "opener": at.opener})
        done = _batch._one(Line(("tiny/model-0000",), "a.json"))
    assert done.reason == "cannot_be_read"
    assert "cannot write" in done.detail
    assert home.is_dir()
