"""One pass over whole files: a pass that was cut off loses nothing, and says the same.

Chunks and blocks are made small here, so that files of a few hundred kilobytes have many of them;
the last test runs with those of the product.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.weights.conftest import PLAIN as DTYPES
from tests.weights.conftest import SMALL_BLOCK as BLOCK
from tests.weights.conftest import SMALL_CHUNK as CHUNK
from tests.weights.conftest import noise, numbers_of, stored

from openassay.cli import _streams as streams
from openassay.cli import main
from openassay.errors import DossierError, ReadError
from openassay.weights import content, full, hashing, journal
from openassay.weights.content import Begun, FileContent, goes_on, read_file
from openassay.weights.tally import Tally
from openassay.weights.values import floats, multiset

Build = Any


# -- cut off, and gone on with


def file_in(build: Build, seed: int = 5, name: str = "w") -> tuple[Any, list[Any], bytes]:
    """A file whose tensors straddle chunks; the names make elements lie across their borders."""
    spec: dict[str, Any] = {}
    raw: dict[str, bytes] = {}
    for number, dtype in enumerate((*DTYPES, "I8", "BF16", "F32")):
        count = (3 * BLOCK + 17 * number + 1) if number < 4 else 700
        key = f"{name}{number}"
        spec[key] = (dtype, (count,))
        made = noise(seed + number, count)
        made[5] = np.inf
        raw[key] = bytes(count) if dtype == "I8" else stored(made, dtype)
    spec["zeros"], raw["zeros"] = ("F32", (5000,)), bytes(20000)
    data = build.safetensors(spec, raw)
    (found,) = build.assessed({"m.safetensors": data})
    return found.checkpoint.files[0], list(found.stored()), data


class Cut(Exception):
    pass


def cut_at(file: Any, tensors: Any, begun: Begun | None, end: int) -> Begun | None:
    """Run a pass that is cut off after ``end`` bytes; where it last stood."""
    last = begun

    def tell(where: Begun) -> None:
        nonlocal last
        last = where

    def progress(_: str, done: int, __: int) -> None:
        if done >= end:
            raise Cut

    with contextlib.suppress(Cut):
        read_file(file, tensors, progress, begun=begun, tell=tell, every=1)
    return last


def stored_and_loaded(file: Any, begun: Begun) -> Begun:
    """Through the text of a journal."""
    kept = journal.Journal()
    kept.stand(file, begun)
    found = journal.load(kept.dump().encode()).standing(file)
    assert found is not None
    return found


@pytest.fixture(params=["library", "hashlib"])
def either(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "hashlib":
        monkeypatch.setattr(hashing, "_library", lambda: None)
    monkeypatch.setattr(content, "_REST", 0)
    return str(request.param)


@pytest.mark.usefixtures("small", "either")
@pytest.mark.parametrize("seed", range(6))
def test_a_pass_cut_off_at_random_places_ends_the_same(build: Build, seed: int) -> None:
    """Names of several lengths put the values on every alignment."""
    file, tensors, data = file_in(build, name="w" * (1 + seed))
    whole = read_file(file, tensors)
    assert whole.sha256 == hashlib.sha256(data).hexdigest()
    assert whole.pages == -(-len(data) // 4096)
    rng = random.Random(seed)
    begun: Begun | None = None
    for _ in range(4):
        at = begun.offset if begun else 0
        begun = cut_at(file, tensors, begun, rng.randrange(at, len(data)))
        if begun is not None:
            begun = stored_and_loaded(file, begun)
            assert goes_on(file, tensors, begun)
    assert read_file(file, tensors, begun=begun) == whole


@pytest.mark.usefixtures("small")
def test_values_before_the_cut_are_not_looked_at_again(
    build: Build, either: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the library they are not even read; without it they are read for the digest alone."""
    file, tensors, data = file_in(build)
    whole = read_file(file, tensors)
    begun = cut_at(file, tensors, None, len(data) // 2)
    assert begun is not None
    assert begun.offset >= CHUNK
    looked, read = [], []
    look, reader = content._Pass._look, file.reader

    def counted(self: Any, chunk: bytes, at: int) -> None:
        looked.append(len(chunk))
        look(self, chunk, at)

    def counting(offset: int, length: int) -> bytes:
        read.append(offset)
        return bytes(reader(offset, length))

    monkeypatch.setattr(content._Pass, "_look", counted)
    file.reader = counting
    assert read_file(file, tensors, begun=begun) == whole
    assert sum(looked) == len(data) - begun.offset
    assert min(read) == (0 if either == "hashlib" else begun.offset)


@pytest.mark.usefixtures("small")
def test_a_file_that_is_another_one_is_read_from_the_start(build: Build) -> None:
    file, tensors, data = file_in(build)
    begun = cut_at(file, tensors, None, len(data) // 2)
    assert begun is not None
    other, others, _ = file_in(build, seed=50)
    assert not goes_on(other, others, begun), "other values before the cut"
    moved, placed, _ = file_in(build, name="v")
    assert not goes_on(moved, placed, begun), "other names"
    assert not goes_on(file, tensors[1:], begun), "another layout"
    assert not goes_on(file, tensors, replace(begun, tensors=begun.tensors[1:])), "one is missing"
    huge = (f"0 0 {1 << 40} 0.0 0.0 1 1 1", *begun.tensors[1:])
    assert goes_on(file, tensors, replace(begun, tensors=huge)), "an F64 may be so large"
    huge = (*begun.tensors[:-1], f"0 0 {1 << 70} 0.0 0.0 1 1 1")
    assert not goes_on(file, tensors, replace(begun, tensors=huge)), "no type has such a number"
    file.size += 1
    assert not goes_on(file, tensors, begun), "another size"


@pytest.mark.usefixtures("small")
def test_a_file_that_ends_early_is_an_error(build: Build) -> None:
    file, tensors, _ = file_in(build)
    reader = file.reader
    file.reader = lambda offset, length: reader(offset, length)[: max(0, 50_000 - offset)]
    with pytest.raises(ReadError, match="ends at byte 50000"):
        read_file(file, tensors)


@pytest.mark.usefixtures("small")
def test_tensors_that_share_bytes_are_each_seen_whole(build: Build) -> None:
    """A short one inside a long one: it has ended when later chunks of the long one come."""
    file, tensors, data = file_in(build)
    long = next(one for one in tensors if one.dtype == "F64")
    short = replace(long, name="short", shape=(70,), end=long.start + 560)
    late = replace(long, name="late", shape=(9,), start=long.end - 72)
    found = {one.name: one for one in read_file(file, [*tensors, short, late]).tensors}
    for tensor in (long, short, late):
        raw = data[tensor.start : tensor.end]
        assert found[tensor.name].multiset == multiset(floats(raw, "F64"))


# -- the journal


def test_a_journal_keeps_what_was_read(build: Build) -> None:
    file, tensors, _ = file_in(build)
    found = read_file(file, tensors)
    kept = journal.Journal()
    kept.finish(file, found)
    again = journal.load(kept.dump().encode())
    assert again.content(file) == found
    assert again.dump() == kept.dump()
    file.size += 1
    assert again.content(file) is None, "another size"
    assert journal.load(b"") == journal.Journal()


def test_an_entry_counts_for_the_very_bytes(build: Build) -> None:
    """A pin says which bytes are meant; a file on disk is told by when it was changed."""
    file, tensors, _ = file_in(build)
    found = read_file(file, tensors)
    kept = journal.Journal()
    kept.finish(file, found)
    file.source = "dir:memory@1"
    assert kept.content(file) is None
    file.stamp = "12-34"
    kept.finish(file, found)
    file.source = "dir:memory@2"
    assert kept.content(file) == found, "something else in the folder has changed"
    file.stamp = "12-35"
    assert kept.content(file) is None


WRONG = [b"{", b"[]", b'{"schema": "other", "files": {}}', b'{"schema": "openassay-journal/2"}',
         b'{"schema": "openassay-journal/2", "files": {"a": {}}, "begun": {}}',
         b'{"schema": "openassay-journal/2", "files": [], "begun": {}}',
         b"[" * 100_000]  # fmt: skip


@pytest.mark.parametrize("raw", WRONG, ids=lambda raw: raw[:60].decode())
def test_what_is_no_journal_is_refused(raw: bytes) -> None:
    with pytest.raises(DossierError):
        journal.load(raw)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "change",
    [
        {"offset": 0}, {"offset": CHUNK + 1}, {"offset": 1 << 60}, {"offset": "x"},
        {"sha256": "0"}, {"sha256": "g" * 64}, {"tensors": ["1 2 3"]}, {"cut": []},
        {"cut": ["00" * 9]}, {"cut": ["x"]}, {"tensors": 5}, {"size": None}, {"mark": ...},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_place_is_refused(change: dict[str, Any]) -> None:
    tallies = (Tally("F32").dump(),)
    begun = Begun(1 << 20, CHUNK, "0" * 64, 0, "layout", "before", tallies, ("",))
    whole = {"mark": "1", **{name: getattr(begun, name) for name in Begun.__slots__}}
    text = {"schema": journal.SCHEMA, "files": {}, "begun": {"dir:a:m": whole}}
    assert journal.load(json.dumps(text).encode()).begun["dir:a:m"] == ("1", begun)
    if ... in change.values():
        del whole["mark"]
    else:
        whole.update(change)
    with pytest.raises(DossierError, match="damaged"):
        journal.load(json.dumps(text).encode())


# -- by the command


def test_progress_shows_share_bytes_and_file_and_nothing_twice() -> None:
    lines: list[str] = []
    show = full._progress(lines.append)
    for done in (0, 999_000_000, 1_000_000_000, 1_000_000_001, 2_000_000_000):
        show("m.safetensors", done, 2_000_000_000)
    assert lines == [
        "[....................] 0 % (0.0 of 2.0 GB) m.safetensors",
        "[#########...........] 49 % (1.0 of 2.0 GB) m.safetensors",
        "[##########..........] 50 % (1.0 of 2.0 GB) m.safetensors",
        "[####################] 100 % (2.0 of 2.0 GB) m.safetensors",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_message_takes_the_place_of_the_line_of_progress(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", shown)
    with streams.progress() as say:
        assert (say is not None) == terminal, "progress is for terminals only"
        if say is not None:
            say("half")
        streams.complain("goes on")
    text = shown.getvalue()
    assert ("\r\x1b[Kopenassay: goes on\n" in text) == terminal
    assert ("\x1b" in text) == terminal


@pytest.fixture
def folder(build: Build, tmp_path: Path) -> Path:
    root = tmp_path / "model"
    root.mkdir()
    for number in range(2):
        _, _, data = file_in(build, seed=10 * number, name="w" * (number + 1))
        (root / f"part{number}.safetensors").write_bytes(data)
    return root


def call(root: Path, *more: str) -> list[str]:
    return ["weights", str(root), "--full", "--tensors", "--format", "json", *more]


@contextlib.contextmanager
def stopped_after(count: int, every: int = 1) -> Iterator[list[str]]:
    """Ctrl-C after some chunks; the lines that showed progress."""
    lines: list[str] = []
    show = full._progress

    def progress(_: Callable[[str], None]) -> Any:
        shown = show(lines.append)

        def one(path: str, done: int, size: int) -> None:
            shown(path, done, size)
            if len(lines) > count:
                raise KeyboardInterrupt

        return one

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(full, "_progress", progress)
        patch.setattr(full, "read_file", lambda *a, **k: read_file(*a, **k, every=every))
        patch.setattr(content, "_REST", 0)
        yield lines


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("where", ["beside", "inside"])
def test_an_interrupted_command_goes_on_and_says_the_same(
    folder: Path, capfd: Any, where: str
) -> None:
    """The journal may lie in the very folder: it changes the folder's pin, not the files."""
    kept = (folder if where == "inside" else folder.parent) / "journal.json"
    if where == "inside":
        kept.write_text("", "utf-8")
    ends = []
    for count in (2, 2, 1):
        with stopped_after(count) as lines:
            ends.append(main(call(folder, "--journal", str(kept))))
        assert " of 0.1 MB) part" in lines[0]
        journal.load(kept.read_bytes())
    told = capfd.readouterr().err
    assert ends[0] == 130
    assert "part0.safetensors goes on at 0.0 of 0.1 MB" in told
    assert f"The same command goes on from {kept}" in told
    assert not [name for name in os.listdir(kept.parent) if name.endswith(".part")]
    assert main(call(folder, "--journal", str(kept))) == 0
    resumed = json.loads(capfd.readouterr().out)
    assert main(call(folder)) == 0
    plain = json.loads(capfd.readouterr().out)
    for one, other in zip(resumed["checkpoints"], plain["checkpoints"], strict=True):
        assert (one["files"], one["listed"]) == (other["files"], other["listed"])


@pytest.mark.usefixtures("small")
def test_the_same_bytes_with_and_without_a_journal(folder: Path, capfd: Any) -> None:
    kept = str(folder.parent / "journal.json")
    assert main(call(folder)) == 0
    wanted = capfd.readouterr().out
    with stopped_after(8):
        assert main(call(folder, "--journal", kept)) == 130
    capfd.readouterr()
    for _ in range(2):  # going on, and with everything known
        assert main(call(folder, "--journal", kept)) == 0
        assert capfd.readouterr().out == wanted


@pytest.mark.usefixtures("small")
def test_a_file_changed_in_between_is_read_again(folder: Path, capfd: Any) -> None:
    kept = str(folder.parent / "journal.json")
    with stopped_after(8):
        assert main(call(folder, "--journal", kept)) == 130
    changed = folder / "part0.safetensors"
    data = bytearray(changed.read_bytes())
    data[len(data) // 3] ^= 1  # far from the ends, which a pin covers, and of the same size
    changed.write_bytes(data)
    os.utime(changed, ns=(1, 1))
    assert main(call(folder, "--journal", kept)) == 0
    rows = json.loads(capfd.readouterr().out)["checkpoints"]
    digests = [file["sha256"] for row in rows for file in row["files"]]
    assert hashlib.sha256(data).hexdigest() in digests


def test_a_journal_of_an_older_form_is_not_taken_over(folder: Path, capfd: Any) -> None:
    kept = folder.parent / "journal.json"
    kept.write_text('{"schema": "openassay-journal/1", "files": {"a": 1}}', "utf-8")
    assert main(call(folder, "--journal", str(kept))) == 0
    shown = capfd.readouterr()
    assert "openassay-journal/1" in shown.err
    assert "read again" in shown.err
    assert json.loads(kept.read_text("utf-8"))["schema"] == journal.SCHEMA
    assert main(call(folder)) == 0
    assert capfd.readouterr().out == shown.out


@pytest.mark.usefixtures("small", "no_library")
def test_reading_again_for_the_digest_alone_is_said(folder: Path, capfd: Any) -> None:
    kept = str(folder.parent / "journal.json")
    with stopped_after(8):
        assert main(call(folder, "--journal", kept)) == 130
    assert main(call(folder, "--journal", kept)) == 0
    assert "read again for its SHA-256 alone" in capfd.readouterr().err


def test_every_content_is_that_of_the_file(build: Build) -> None:
    """With the chunks and blocks of the product."""
    file, tensors, data = file_in(build)
    found: FileContent = read_file(file, tensors)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    by_name = {one.name: one for one in found.tensors}
    for tensor in tensors:
        raw = data[tensor.start : tensor.end]
        if tensor.dtype in DTYPES:
            there = numbers_of(raw, tensor.dtype)
            assert by_name[tensor.name].zeros == np.count_nonzero(there == 0)
            assert by_name[tensor.name].multiset == multiset(floats(raw, tensor.dtype))
