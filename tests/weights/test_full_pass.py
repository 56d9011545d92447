"""One pass over whole files: what is exact is exact, and a pass that was cut off loses nothing.

Chunks and blocks are made small here, so that files of a few hundred kilobytes have many of them;
one test runs with those of the product.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openassay.cli import main
from openassay.errors import DossierError, ReadError
from openassay.weights import content, full, hashing, journal, report, tally, values
from openassay.weights.content import Begun, FileContent, goes_on, read_file
from openassay.weights.hashing import Sha256
from openassay.weights.tally import Bench, Tally
from openassay.weights.values import Multiset, floats, multiset

Build = Any
CHUNK = 16 << 10
BLOCK = 1 << 10
DTYPES = ("F64", "F32", "F16", "BF16")
SOURCES = (content, journal, report)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in SOURCES:
        monkeypatch.setattr(module, "CHUNK", CHUNK)
    for module in (values, tally):
        monkeypatch.setattr(module, "BLOCK", BLOCK)


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_library", lambda: None)


def stored(numbers: Any, dtype: str) -> bytes:
    """Float64 numbers as a type stores them; BF16 by dropping bits."""
    with np.errstate(over="ignore"):
        if dtype == "BF16":
            codes = np.asarray(numbers, "<f4").view("<u4") >> 16
            return bytes(codes.astype("<u2").tobytes())
        kind = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[dtype]
        return bytes(np.asarray(numbers).astype(kind).tobytes())


def numbers_of(raw: bytes, dtype: str) -> Any:
    """What is stored, as float64, by NumPy alone."""
    if dtype == "BF16":
        return (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4").astype(float)
    return np.frombuffer(raw, {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[dtype]).astype(float)


def noise(seed: int, count: int) -> Any:
    """Small numbers with zeros of both signs, and subnormals of F16."""
    rng = np.random.default_rng(seed)
    made = rng.standard_normal(count) * 0.02
    made[rng.random(count) < 0.01] = 0.0
    made[rng.random(count) < 0.01] = -0.0
    return np.where(rng.random(count) < 0.02, made * 1e-4, made)


def in_pieces(raw: bytes, dtype: str, cuts: list[int]) -> Tally:
    bench, whole = Bench(), Tally(dtype)
    width = tally.WIDTHS[dtype]
    places = sorted({0, len(raw), *(cut * width for cut in cuts if cut * width < len(raw))})
    for start, end in pairwise(places):
        whole.add(raw[start:end], bench)
    return whole


# -- what is exact


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("odd", [(), (np.inf,), (np.nan, -np.inf), (6e4,), (1e30,), (1e-30,)])
def test_what_is_counted_is_what_is_there(dtype: str, odd: tuple[float, ...]) -> None:
    """Odd values make a block go the long way; the figures are the same as by NumPy's own."""
    made = noise(1, 5 * BLOCK + 77)
    for place, value in enumerate(odd):
        made[3 * BLOCK + 5 + place] = value
    raw = stored(made, dtype)
    seen = in_pieces(raw, dtype, [1, 9, BLOCK, 4 * BLOCK])
    there = numbers_of(raw, dtype)
    good = there[np.isfinite(there)]
    assert seen.digest.count == len(there)
    assert seen.not_finite == len(there) - len(good)
    assert seen.zeros == np.count_nonzero(there == 0)
    assert seen.largest == np.abs(good).max()
    assert seen.digest.hexdigest() == multiset(floats(raw, dtype))
    mean, spread = seen.spread()
    assert spread == pytest.approx(good.std(), rel=5.1e-6)
    assert mean == pytest.approx(good.mean(), abs=5.1e-7 * max(good.std(), abs(good.mean())))


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_values_that_lie_anywhere_in_memory(dtype: str, before: int) -> None:
    """Words are read in place only where they are aligned; blocks here are the product's own."""
    made = noise(2, 2 * values.BLOCK + 3)
    raw = stored(made, dtype)
    one = Tally(dtype)
    one.add(memoryview(bytes(before) + raw)[before:], Bench())
    other = Tally(dtype)
    other.add(raw, Bench())
    assert one.dump() == other.dump()
    assert one.digest.hexdigest() == multiset(floats(raw, dtype))


@pytest.mark.parametrize("code", range(0, 1 << 16, 1 << 13))
def test_every_f16_is_widened_as_numpy_does_it(code: int) -> None:
    """Eight blocks of codes, all 65,536 of them, with their digests against those of the cast."""
    codes = np.arange(code, code + (1 << 13), dtype="<u2")
    finite = codes[(codes & 0x7C00) != 0x7C00]
    raw = np.resize(finite, values.BLOCK).astype("<u2").tobytes() if len(finite) else b""
    seen = Tally("F16")
    seen.add(raw, Bench())
    wide = np.frombuffer(raw, "<f2").astype(np.float32)
    assert seen.digest.hexdigest() == multiset(wide)
    assert seen.sum == pytest.approx(float(wide.sum(dtype=float)), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("constant", [0.7, -1.0, 40.0])
def test_values_close_to_one_another_keep_their_spread(dtype: str, constant: float) -> None:
    """Of nothing but 0.7 the spread is 0; sums in 32 bits would leave some."""
    for wobble in (0.0, 0.02):
        made = constant + wobble * np.random.default_rng(1).standard_normal(2 * values.BLOCK)
        raw = stored(made, dtype)
        seen = in_pieces(raw, dtype, [])
        there = numbers_of(raw, dtype)
        mean, spread = seen.spread()
        assert mean == pytest.approx(there.mean(), rel=5.1e-6)
        assert spread == pytest.approx(there.std(), rel=5.1e-6, abs=1e-7)


def test_figures_of_numbers_that_do_not_fit_64_bits(build: Build) -> None:
    for row, mean in (([1e300, -1e300, 0.0], 0.0), ([1e200] * 3, 1e200), ([1.7e308] * 3, None)):
        raw = np.array(row, "<f8").tobytes()
        data = build.safetensors({"w": ("F64", (3,))}, {"w": raw})
        (found,) = build.assessed({"m.safetensors": data})
        (one,) = read_file(found.checkpoint.files[0], found.stored()).tensors
        assert (one.mean, one.std, one.largest, one.not_finite) == (mean, None, row[0], 0)


GOLDEN = {
    "F64": "51171:c9de661b48313de5 0.00263367 0.0180381 0.03387451171875 5",
    "F32": "51171:c9de661b48313de5 0.00263367 0.0180381 0.03387451171875 5",
    "F16": "51171:a0e019ccd26c029e 0.00263367 0.0180381 0.03387451171875 5",
    "BF16": "51171:163e36bea5564934 0.00262606 0.0179895 0.03369140625 5",
}


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_figures_on_every_machine(dtype: str) -> None:
    """Values from integers alone, over more than one block: nothing here may depend on a processor,
    an order of additions or a version of NumPy.
    """
    count = values.BLOCK + 70_001
    steps = (np.arange(count, dtype=np.int64) * 2_654_435_761) % 65_521 - 30_000
    seen = in_pieces(stored(steps / 1_048_576, dtype), dtype, [])
    mean, spread = seen.spread()
    figures = (seen.digest.hexdigest(), mean, spread, seen.largest, seen.zeros)
    assert " ".join(map(str, figures)) == GOLDEN[dtype]


# -- the order-free digest


@pytest.mark.parametrize("dtype", ["F64", "F32", "F16"])
def test_one_digest_for_all_types_orders_and_layouts(dtype: str) -> None:
    """Values that a BF16 holds are the same values in every type."""
    raw = stored(noise(3, 4000), "BF16")
    kept = numbers_of(raw, "BF16")
    kept = kept[kept == kept.astype("<f2").astype(float)]
    wanted = multiset(floats(stored(kept, "BF16"), "BF16"))
    turned = kept[::-1].reshape(-1, 1)
    assert multiset(floats(stored(turned, dtype), dtype)) == wanted


def test_the_digest_knows_signs_counts_and_small_changes() -> None:
    def of(*found: float) -> str:
        return multiset(np.array(found, np.float32))

    assert of(1, 2, 3, 0.0) == of(3, -0.0, 2, 1)
    assert of(1, 2, 3) != of(1, 2, 4)
    assert of(1, 1, 2) != of(1, 2, 2)
    assert of(0.5, -0.25) != of(-0.5, 0.25), "two flipped signs"
    assert of(1, 2) != of(1, 2, 0), "zeros are counted"
    assert of(float("nan")) == multiset(np.array([0xFFC12345], np.uint32).view(np.float32))


@given(st.lists(st.floats(width=32), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_no_order_changes_the_digest(found: list[float], rng: random.Random) -> None:
    shuffled = found[:]
    rng.shuffle(shuffled)
    both = Multiset()
    both.add(np.array(shuffled[:7], np.float32))
    both.add(np.array(shuffled[7:], np.float32))
    assert both.hexdigest() == multiset(np.array(found, np.float32))


def test_few_values_that_differ_have_other_digests() -> None:
    """All pairs of 100 codes next to each other: 5,050 multisets of two, no two digests alike."""
    codes = np.arange(0x3C00, 0x3C00 + 100, dtype=np.uint32) << 16
    pairs = [(a, b) for a in range(100) for b in range(a, 100)]
    seen = {multiset(codes[[a, b]].view(np.float32)) for a, b in pairs}
    assert len(seen) == len(pairs)


# -- SHA-256 with a state


@settings(max_examples=40)
@given(st.binary(max_size=2000), st.integers(0, 40), st.lists(st.integers(0, 2000), max_size=4))
def test_a_digest_goes_on_from_its_state(data: bytes, blocks: int, cuts: list[int]) -> None:
    at = min(64 * blocks, len(data) // 64 * 64)
    first = Sha256()
    first.update(data[:at])
    state = first.state()
    second = Sha256(state, at) if hashing.can_resume() else first
    places = [at, *sorted(cut for cut in cuts if at < cut < len(data)), len(data)]
    for start, end in pairwise(places):
        second.update(data[start:end])
    assert second.hexdigest() == hashlib.sha256(data).hexdigest()
    assert second.hexdigest() == second.hexdigest(), "asking changes nothing"


def test_states_that_are_none_are_refused() -> None:
    if not hashing.can_resume():
        pytest.skip("no libcrypto to be had")
    for state, length in (("x" * 64, 64), ("0" * 63, 64), ("0" * 64, 65), ("0" * 64, -64)):
        with pytest.raises(ValueError, match="no state"):
            Sha256(state, length)
    inside = Sha256()
    inside.update(b"not a whole block")
    assert inside.state() == ""


@pytest.mark.usefixtures("no_library")
def test_without_the_library_hashlib_does_the_work() -> None:
    digest = Sha256()
    digest.update(b"abc")
    assert digest.hexdigest() == hashlib.sha256(b"abc").hexdigest()
    assert (digest.state(), hashing.can_resume()) == ("", False)
    with pytest.raises(ValueError, match="cannot take up"):
        Sha256("0" * 64, 64)


def test_a_library_that_computes_something_else_is_not_trusted() -> None:
    class Wrong:
        def SHA256_Init(self, context: Any) -> None:
            context[27] = 32

        def SHA256_Update(self, context: Any, _: bytes, length: int) -> None:
            context[8] += 8 * length

        def SHA256_Final(self, digest: Any, _: Any) -> None:
            digest[0] = 1

    assert not hashing._agrees(Wrong())


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
