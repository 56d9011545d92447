"""Many releases at once: ``audit --from LIST --jobs N --out DIR``.

One dossier a line of the list, each written as a whole or not at all, so that a run that was
stopped goes on where it was: what lies in the folder is not read again. The folder ends with the
same bytes as if nothing had happened.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import re
import signal
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path

from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import OpenAssayError, ReadError, TargetError, UsageError

MAX_LIST = 64 << 20
MAX_JOBS = 64
_SCHEMA = "openassay-batch/1"
_QUEUED = 2  # releases handed to each worker ahead of time


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list: targets that make one release, and the file its dossier goes to."""

    targets: tuple[str, ...]
    file: str

    @property
    def shown(self) -> str:
        from openassay.sources.targets import without_login

        return without_login(" ".join(self.targets))


@dataclass(frozen=True, slots=True)
class Done:
    """How one line ended. ``reason`` is empty when a dossier was written."""

    targets: str
    file: str
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to know beside the line."""

    folder: str
    offline: bool
    how_far: str | None


def run(args: argparse.Namespace) -> int:
    """Read every line of ``args.from_list``; a table of what failed ends the run."""
    if args.out is None:
        raise UsageError("--from needs --out DIR", hint="Each release's dossier is written there.")
    if not 1 <= args.jobs <= MAX_JOBS:
        raise UsageError(f"--jobs is a number from 1 to {MAX_JOBS}")
    lines = parse_list(streams.read_input(args.from_list, MAX_LIST).decode("utf-8-sig", "replace"))
    if not lines:
        raise UsageError(f"{args.from_list}: no target in it", hint="One a line; # begins a note.")
    folder = Path(args.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {folder}: {error.strerror or error}") from error
    job = Job(str(folder), args.offline, args.follow)
    waiting = [line for line in lines if not (folder / line.file).is_file()]
    for left in folder.glob(".*.dossier.json.*.part"):  # of a run that was killed
        left.unlink(missing_ok=True)
    try:
        failed = _read_all(waiting, job, args.jobs, len(lines))
    except KeyboardInterrupt:
        streams.complain("stopped", "The same command goes on where it was.")
        return Exit.INTERRUPTED
    ends = [failed.get(line.file) or Done(line.shown, line.file) for line in lines]
    _write_index(folder, ends)
    streams.write(table(ends), as_data=False)
    return Exit.NOTHING_READ if failed else Exit.FINE


def _read_all(waiting: Sequence[Line], job: Job, jobs: int, total: int) -> dict[str, Done]:
    """Read what is waiting; those that failed, by the file they would have had."""
    failed: dict[str, Done] = {}
    with streams.progress() as say:
        for count, done in enumerate(_work(waiting, job, jobs), 1):
            if done.reason:
                failed[done.file] = done
            if say:
                say(f"{total - len(waiting) + count}/{total}, {len(failed)} failed")
    return failed


def parse_list(text: str) -> list[Line]:
    """The lines of a list, each once, in their order; ``#`` begins a note."""
    found: dict[tuple[str, ...], Line] = {}
    for raw in text.splitlines():
        targets = tuple(re.sub(r"(?:^|\s)#.*$", "", raw).split())
        if targets:
            found.setdefault(targets, Line(targets, _file_of(targets)))
    return list(found.values())


def _file_of(targets: tuple[str, ...]) -> str:
    """A file's name that tells the target to a reader, and no two lists of targets apart alike."""
    from openassay.sources.targets import without_login

    name = re.sub(r"^[a-z+]+://", "", without_login(targets[0]))
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:80] or "release"
    digest = hashlib.sha256("\0".join(targets).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{name}-{digest[:10]}.dossier.json"


def _work(lines: Sequence[Line], job: Job, jobs: int) -> Iterator[Done]:
    """Hand the lines to workers; one that kills its worker fails alone."""
    suspects: list[Line] = []
    rest = list(lines)
    while rest:
        rest, broken = yield from _with_pool(rest, job, min(jobs, len(rest)))
        suspects += broken
    for line in suspects:
        _, broken = yield from _with_pool([line], job, 1)
        if broken:
            detail = "its reader was ended by the system, perhaps for want of memory"
            yield Done(line.shown, line.file, reason="killed", detail=detail)


def _with_pool(
    lines: list[Line], job: Job, jobs: int
) -> Generator[Done, None, tuple[list[Line], list[Line]]]:
    """Yields ends; returns the lines not begun and those under way when a worker died."""
    _warm_up()
    waiting = iter(lines)
    begun = 0
    under_way: dict[Future[Done], Line] = {}
    pool = ProcessPoolExecutor(jobs, initializer=_begin, initargs=(job,))
    try:
        while True:
            while len(under_way) < _QUEUED * jobs and (line := next(waiting, None)):
                under_way[pool.submit(_one, line)] = line
                begun += 1
            if not under_way:
                return [], []
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                done = future.result()
                del under_way[future]
                yield done
    except BrokenProcessPool:
        return lines[begun:], list(under_way.values())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _warm_up() -> None:
    """Load what every worker needs, so that those made by forking share it."""
    from openassay import dossier, follow, licenses, read

    read.inspectors()
    licenses.info("MIT")
    del dossier, follow


_state: dict[str, object] = {}


def _begin(job: Job) -> None:
    """Called once in every worker: one session for all that it reads."""
    from openassay.sources import Sources

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells when to stop
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    gc.set_threshold(50_000, 50, 50)
    _state["job"], _state["opener"] = job, Sources(offline=job.offline)


def _end_with(parent: int) -> None:
    """A worker whose parent was killed has nobody to tell what it read."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _one(line: Line) -> Done:
    """Read one release and write its dossier; whatever goes wrong is said in words."""
    from openassay import dossier as codec
    from openassay.cli import _steps as steps
    from openassay.sources import Sources

    job, opener = _state["job"], _state["opener"]
    assert isinstance(job, Job)
    assert isinstance(opener, Sources)
    try:
        dossier = steps.read_release(opener, line.targets, job.how_far)
        if not any(source.files for source in dossier.sources):
            raise TargetError("nothing could be read in it")
        streams.write(codec.dump(dossier), str(Path(job.folder, line.file)))
    except OpenAssayError as error:
        reason = error.reason if isinstance(error, ReadError) else "cannot_be_read"
        return Done(line.shown, line.file, reason=reason, detail=str(error))
    except (Exception, MemoryError) as error:  # a bug of ours must not end the other thousand
        what = f"{type(error).__name__}: {error}"[:300]
        return Done(line.shown, line.file, reason="crashed", detail=f"{what}; please report it")
    return Done(line.shown, line.file)


def _write_index(folder: Path, ends: Sequence[Done]) -> None:
    from openassay.canonical import dump_json

    listed = [{key: value for key, value in asdict(end).items() if value} for end in ends]
    streams.write(dump_json({"schema": _SCHEMA, "releases": listed}), str(folder / "index.json"))


def table(ends: Sequence[Done]) -> str:
    """How many were read, and a line for each that was not."""
    from openassay.canonical import visible

    failed = [end for end in ends if end.reason]
    lines = [f"{len(ends) - len(failed)} of {len(ends)} releases are read."]
    if failed:
        room = min(60, max(len(end.targets) for end in failed))
        lines.append("")
        lines += [
            visible(f"{end.targets[:60]:{room}}  {end.reason:20}  {end.detail[:160]}")
            for end in failed
        ]
        lines.append("")
        lines.append("Run the same command again to try these; the others are kept.")
    return "\n".join(lines) + "\n"
