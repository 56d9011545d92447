"""Statistics, the order-free digest and SHA-256 with a state: what is exact is exact."""

from __future__ import annotations

import hashlib
import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.weights.conftest import PLAIN as DTYPES
from tests.weights.conftest import SMALL_BLOCK as BLOCK
from tests.weights.conftest import noise, numbers_of, stored

from openassay.weights import hashing, values
from openassay.weights.content import read_file
from openassay.weights.hashing import Sha256
from openassay.weights.tally import Bench, Tally
from openassay.weights.values import Multiset, floats, multiset

Build = Any


def in_pieces(raw: bytes, dtype: str, cuts: list[int]) -> Tally:
    bench, whole = Bench(), Tally(dtype)
    width = values.WIDTHS[dtype]
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
