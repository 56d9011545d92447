"""Values: samples, one pass, copies. Random matrices stand for weights; the seeds are fixed."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from openassay.types import Unit
from openassay.weights import copies
from openassay.weights.content import CHUNK, read_file
from openassay.weights.findings import Level
from openassay.weights.holes import FAR, PAGE, look
from openassay.weights.report import Asked
from openassay.weights.report import build as build_report
from openassay.weights.samples import PIECE, READS, take
from openassay.weights.value_findings import of_samples
from openassay.weights.values import multiset

Build = Any
SIDE = 256


def noise(seed: int, shape: tuple[int, ...] = (SIDE, SIDE)) -> Any:
    return (np.random.default_rng(seed).standard_normal(shape) * 0.02).astype(np.float32)


def trained(seed: int) -> Any:
    """Noise with a few directions that stand out, as training leaves them."""
    rng = np.random.default_rng(seed)
    outer = rng.standard_normal((SIDE, 4)) @ rng.standard_normal((4, SIDE))
    return (noise(seed) + 0.02 * outer).astype(np.float32)


def rounded(values: Any, bits: int) -> Any:
    groups = values.reshape(-1, 32)
    scale = np.abs(groups).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    return (np.round(groups / scale) * scale).astype(np.float32).reshape(values.shape)


def model(build: Build, matrices: list[Any], gain: float = 1.0, dtype: str = "F32") -> Any:
    spec: dict[str, Any] = {}
    values: dict[str, bytes] = {}
    for number, matrix in enumerate(matrices):
        spec[f"layers.{number}.w.weight"] = (dtype, matrix.shape)
        codes = matrix.astype("<f4").view("<u4") >> 16
        raw = matrix.astype("<f4").tobytes() if dtype == "F32" else codes.astype("<u2").tobytes()
        values[f"layers.{number}.w.weight"] = raw
        spec[f"layers.{number}.norm.weight"] = ("F32", (SIDE,))
        gains = np.full(SIDE, gain, "<f4")
        values[f"layers.{number}.norm.weight"] = gains.tobytes()
    return build.safetensors(spec, values)


def sampled(build: Build, data: bytes) -> Any:
    (found,) = build.assessed({"model.safetensors": data})
    return take(found.stored())


def test_a_random_start_with_gains_of_one_is_untrained(build: Build) -> None:
    assert sampled(build, model(build, [noise(n) for n in range(4)])).untrained is True


def test_a_trained_model_is_not(build: Build) -> None:
    assert sampled(build, model(build, [trained(n) for n in range(4)])).untrained is False


def test_noise_with_other_gains_cannot_be_told(build: Build) -> None:
    """Gains moved, so something was trained; matrices alone are not enough to accuse."""
    assert sampled(build, model(build, [noise(n) for n in range(4)], gain=0.9)).untrained is None


@pytest.mark.parametrize(("bits", "wanted"), [(4, 4), (3, 3), (8, None)])
@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_values_that_were_rounded(bits: int, wanted: int | None, dtype: str, build: Build) -> None:
    """Eight bits with a scale for 32 weights leave too many values to be told."""
    data = model(build, [rounded(trained(n), bits) for n in range(4)], dtype=dtype)
    assert sampled(build, data).rounded_bits == wanted


def test_pruned_weights_are_not_called_rounded(build: Build) -> None:
    matrices = [trained(n) for n in range(4)]
    for matrix in matrices:
        matrix[np.abs(matrix) < np.median(np.abs(matrix))] = 0
    assert sampled(build, model(build, matrices)).rounded_bits is None


def test_matrices_of_zeros_and_holes(build: Build) -> None:
    found = sampled(build, model(build, [np.zeros((SIDE, SIDE), np.float32)] * 4))
    assert found.empty
    assert found.untrained is not True
    matrices = [trained(n) for n in range(4)]
    matrices[2][:8] = 0  # the first two pages of one tensor
    found = sampled(build, model(build, matrices))
    assert (found.empty, [hole.name for hole in found.holes.found]) == (
        False, ["layers.2.w.weight"]
    )  # fmt: skip
    assert not found.holes.many


def named_model(build: Build, tensors: dict[str, Any]) -> bytes:
    """The tensors under these names, as 32-bit floats."""
    spec = {name: ("F32", values.shape) for name, values in tensors.items()}
    raw = {name: values.astype("<f4").tobytes() for name, values in tensors.items()}
    return bytes(build.safetensors(spec, raw))


def started(seed: int, bias: Any, gain: float = 1.0) -> dict[str, Any]:
    """A random start under names without the word norm."""
    found: dict[str, Any] = {}
    for number in range(3):
        found[f"h.{number}.mlp.c_fc.weight"] = noise(seed + number)
        found[f"h.{number}.mlp.c_fc.bias"] = bias
        found[f"h.{number}.ln_1.weight"] = np.full(SIDE, gain)
    return found


ZEROS = np.zeros(SIDE)
UNIFORM = np.random.default_rng(5).uniform(-0.06, 0.06, SIDE)
MOVED = np.random.default_rng(5).standard_normal(SIDE) * 0.02
STARTS = [
    (ZEROS, 1.0, True, "biases of zero"),
    (UNIFORM, 1.0, True, "uniform biases, as layers begin with"),
    (ZEROS, 0.0, True, "gains that 1 is added to"),
    (MOVED, 1.0, None, "biases that moved: cannot be told"),
    (ZEROS, 0.9, None, "gains that moved: cannot be told"),
]


@pytest.mark.parametrize(("bias", "gain", "wanted", "why"), STARTS, ids=[s[3] for s in STARTS])
def test_random_starts_by_their_roles(
    bias: Any, gain: float, wanted: bool | None, why: str, build: Build
) -> None:
    found = sampled(build, named_model(build, started(30, bias, gain)))
    assert found.untrained is wanted, why


def test_pruned_weights_are_said_to_be(build: Build) -> None:
    matrices = [trained(n) for n in range(4)]
    for matrix in matrices:
        matrix[np.abs(matrix) < np.median(np.abs(matrix))] = 0
    found = sampled(build, model(build, matrices))
    assert found.pruned
    assert found.zeros == pytest.approx(0.5, abs=0.01)
    assert not sampled(build, model(build, [trained(n) for n in range(4)])).pruned


@pytest.mark.parametrize(("kind", "wanted"), [("BF16", "BF16"), ("F16", "F16"), ("F32", "")])
def test_values_that_a_smaller_type_holds(kind: str, wanted: str, build: Build) -> None:
    """Half of the bytes carry nothing: said, and never called a full precision."""
    matrices = [trained(n) for n in range(4)]
    if kind == "BF16":
        matrices = [(m.view("<u4") & np.uint32(0xFFFF0000)).view("<f4") for m in matrices]
    if kind == "F16":
        matrices = [m.astype(np.float16).astype(np.float32) for m in matrices]
    found = sampled(build, model(build, matrices))
    assert (found.narrow, found.rounded_bits) == (wanted, None)


def test_values_that_are_no_numbers_are_said_with_their_range(build: Build) -> None:
    matrices = [trained(n) for n in range(4)]
    matrices[1][3, 3] = np.nan
    data = model(build, matrices)
    (found,) = build.assessed({"model.safetensors": data})
    (said,) = of_samples(found, take(found.stored()))
    assert (said.id, said.level) == ("not_finite", Level.BROKEN)
    cited = said.places[0].cite()
    assert said.places[0].quote == "layers.1.w.weight"
    assert cited.span.unit is Unit.BYTE


@pytest.mark.parametrize("near", [True, False])
def test_a_download_that_broke_off(near: bool, build: Build) -> None:
    """Whole by its header, and from the middle on nothing but zeros."""
    large = [np.tile(trained(n), (5, 1)) for n in range(8)]
    for matrix in large[4:]:
        matrix[:] = 0
    data = model(build, large)
    (found,) = build.assessed({"model.safetensors": data})
    assert found.status == "whole"
    samples = take(found.stored(), near)
    assert samples.holes.many
    said = {finding.id: finding.level for finding in of_samples(found, samples)}
    assert said == {"zero_pages": Level.CONTRADICTION}


def test_each_half_of_a_tensor_is_looked_at(build: Build) -> None:
    matrices = [np.tile(trained(n), (5, 1)) for n in range(4)]
    for matrix in matrices:
        matrix[len(matrix) // 2 :] = 0
    assert sampled(build, model(build, matrices)).holes.many


def test_biases_of_zeros_are_no_holes(build: Build) -> None:
    tensors = {f"l.{n}.w.weight": trained(n) for n in range(3)}
    tensors |= {f"l.{n}.bias": np.zeros(4096) for n in range(3)}
    holed = np.ones(8192)
    holed[4096:] = 0  # a vector of which a part is lost
    assert sampled(build, named_model(build, tensors)).holes.found == ()
    found = sampled(build, named_model(build, {**tensors, "l.9.gain": holed})).holes.found
    assert [hole.name for hole in found] == ["l.9.gain"]


def test_far_away_the_ends_of_tensors_cost_few_reads(build: Build) -> None:
    spec = {f"w.{n}": ("F32", (64, 64)) for n in range(500)}
    (found,) = build.assessed({"model.safetensors": build.safetensors(spec)})
    asked: list[int] = []
    inner = found.checkpoint.files[0].reader

    def counted(offset: int, length: int) -> bytes:
        asked.append(length)
        return bytes(inner(offset, length))

    found.checkpoint.files[0].reader = counted
    assert look(found.stored(), near=False).many
    assert len(asked) <= FAR
    assert max(asked) <= 2 * PAGE


def test_samples_are_few_and_small(build: Build) -> None:
    found = sampled(build, model(build, [trained(n) for n in range(40)]))
    assert len(found.ranges) == READS
    assert all(s.end - s.start <= PIECE for s in found.ranges)


# -- one pass


def test_one_pass_against_numpy(build: Build) -> None:
    matrix = noise(1, (1500, 1024))  # larger than one chunk, and not aligned to it
    matrix[3, 5], matrix[4, 6] = np.inf, 0
    data = model(build, [matrix, trained(2)])
    assert len(data) > CHUNK
    (found,) = build.assessed({"model.safetensors": data})
    content = read_file(found.checkpoint.files[0], found.stored())
    assert content.sha256 == hashlib.sha256(data).hexdigest()
    first = next(t for t in content.tensors if t.name == "layers.0.w.weight")
    good = matrix[np.isfinite(matrix)].astype(np.float64)
    assert (first.zeros, first.not_finite) == (1, 1)
    assert first.mean == pytest.approx(good.mean(), abs=5.1e-7 * good.std())
    assert first.std == pytest.approx(good.std(), rel=1e-4)
    assert first.largest == pytest.approx(float(np.abs(good).max()), rel=1e-6)
    assert (content.zero_pages, content.pages) == (0, -(-len(data) // 4096))


@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_the_order_free_digest_knows_values_and_not_places(dtype: str, build: Build) -> None:
    matrix = noise(3)
    same, other = matrix.T.copy(), matrix.copy()
    other[0, 0] *= 1.5
    found = []
    for values in (matrix, same, other):
        data = model(build, [values], dtype=dtype)
        (one,) = build.assessed({"model.safetensors": data})
        found.append(read_file(one.checkpoint.files[0], one.stored()).tensors[0].multiset)
    assert found[0] == found[1] != found[2]


def test_minus_zero_is_zero_in_the_digest() -> None:
    assert multiset(np.array([0.0, 1.0], np.float32)) == multiset(np.array([1.0, -0.0], np.float32))


def test_pages_of_zeros_are_counted_with_the_last_short_one(build: Build) -> None:
    data = build.safetensors({"w": ("U8", (4096 * 5 + 100,))})
    (found,) = build.assessed({"model.safetensors": data})
    content = read_file(found.checkpoint.files[0], found.stored())
    assert content.zero_pages == content.pages - 1, "only the page with the header is not zero"


# -- adapters


def adapter(build: Build, zero: Any, side: int = 64, lost: Any = ()) -> list[Any]:
    """Findings on an adapter of six modules whose second factors are zero where ``zero`` says."""
    rng = np.random.default_rng(0)
    spec: dict[str, Any] = {}
    held: dict[str, bytes] = {}
    for n in range(6):
        for part in "AB":
            name = f"base_model.layers.{n}.q_proj.lora_{part}.weight"
            made = rng.standard_normal((side, 128)).astype("<f4")
            if (part == "B" and n in zero) or n in lost:
                made[:] = 0
            spec[name], held[name] = ("F32", made.shape), made.tobytes()
    (found,) = build.assessed({"adapter_model.safetensors": build.safetensors(spec, held)})
    return of_samples(found, take(found.stored()))


@pytest.mark.parametrize("side", [16, 64])
def test_an_adapter_that_was_just_made_is_untrained_and_no_hole(side: int, build: Build) -> None:
    (said,) = adapter(build, range(6), side)
    assert (said.id, said.level) == ("adapter_untrained", Level.NOTE)
    (said,) = adapter(build, [2], side)
    assert (said.id, said.level) == ("adapter_partly_untrained", Level.NOTE)
    assert "1 of 6 factors" in said.text
    assert adapter(build, [], side) == []


def test_an_adapter_with_a_hole_is_told_so(build: Build) -> None:
    """Where first factors are zero too, a download that broke off is likelier."""
    (said,) = adapter(build, [], 16, lost=[4, 5])
    assert (said.id, said.level) == ("zero_pages", Level.CONTRADICTION)


# -- copies


def between(build: Build, files: dict[str, bytes]) -> list[str]:
    return [finding.id for finding in copies.findings(build.assessed(files))]


def test_copies_in_two_files_agree_even_transposed(build: Build) -> None:
    matrices = [trained(n) for n in range(3)]
    turned = [matrix.T.copy() for matrix in matrices]
    files = {"a.safetensors": model(build, matrices), "b/model.safetensors": model(build, turned)}
    assert between(build, files) == ["checkpoints_agree"]


def test_a_copy_in_another_order_or_under_other_names_is_one(build: Build) -> None:
    """30 matrices of one shape: more than are compared, and the order of a file says nothing."""
    rng = np.random.default_rng(0)
    made = {f"l{n}.weight": rng.standard_normal((32, 16)).astype("<f4") for n in range(30)}

    def stored(names: dict[str, str]) -> bytes:
        spec = dict.fromkeys(names, ("F32", (32, 16)))
        held = {name: made[of].tobytes() for name, of in names.items()}
        return bytes(build.safetensors(spec, held))

    straight = stored({name: name for name in made})
    for other in ({n: n for n in reversed(made)}, {f"x.{n}": n for n in reversed(made)}):
        files = {"a.safetensors": straight, "b/a.safetensors": stored(other)}
        assert between(build, files) == ["checkpoints_agree"]


def test_a_search_that_would_read_too_much_ends(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_SEARCHED", 1000)
    rng = np.random.default_rng(0)
    spec = {f"l{n}.weight": ("F32", (32, 16)) for n in range(4)}
    made = {name: rng.standard_normal((32, 16)).astype("<f4").tobytes() for name in spec}
    renamed = {f"x.{name}": kind for name, kind in spec.items()}
    files = {
        "a.safetensors": build.safetensors(spec, made),
        "b.safetensors": build.safetensors(renamed, {f"x.{n}": raw for n, raw in made.items()}),
    }
    assert between(build, files) == [], "not looked at, so nothing is said"


def test_other_values_in_the_same_shapes_are_said(build: Build) -> None:
    files = {
        "model.safetensors": model(build, [trained(n) for n in range(3)]),
        "old/model.safetensors": model(build, [trained(n + 10) for n in range(3)]),
    }
    assert between(build, files) == ["checkpoints_differ"]


def test_networks_with_a_part_in_common_are_not_set_against_each_other(build: Build) -> None:
    """A detector and a recogniser on one backbone share shapes; other values are no news there.
    Five members of an ensemble are one remark, not ten."""
    backbone = [trained(n) for n in range(4)]
    larger = model(build, [trained(n + 10) for n in range(9)])
    assert (
        between(build, {"det.safetensors": larger, "rec.safetensors": model(build, backbone)}) == []
    )
    members = {
        f"fold{m}.safetensors": model(build, [trained(50 * m + n) for n in range(4)])
        for m in range(5)
    }
    (finding,) = copies.findings(build.assessed(members))
    assert finding.id == "checkpoints_differ"
    assert finding.text.startswith("5 files have tensors of the same shapes and other values")


def test_equal_remainders_of_a_quantised_copy_are_no_copy(build: Build) -> None:
    """Only the norms of the second file are plain, and they are those of the first."""
    matrices = [trained(n) for n in range(3)]
    gains = trained(99)
    plain = {"norm.weight": ("F32", gains.shape), "w.weight": ("F32", matrices[0].shape)}
    held = {"norm.weight": gains.tobytes(), "w.weight": matrices[0].tobytes()}
    packed = {"norm.weight": plain["norm.weight"], "w.weight": ("I8", (600, 600))}
    files = {
        "model.safetensors": build.safetensors(plain, held),
        "model.int8.safetensors": build.safetensors(packed, {"norm.weight": gains.tobytes()}),
    }
    (finding,) = copies.findings(build.assessed(files))
    assert finding.id == "checkpoints_differ"
    assert finding.text.endswith("other precisions and were not compared")


def test_other_shapes_and_other_precision_are_not_compared(build: Build) -> None:
    files = {
        "a/model.safetensors": model(build, [trained(n) for n in range(3)]),
        "b/model.safetensors": build.safetensors({"w.weight": ("F32", (300, 200))}),
    }
    assert between(build, files) == []


def test_infinite_bounds_are_no_damage(build: Build) -> None:
    """The limit of a clip and a causal mask hold infinity on purpose; a matrix does not."""
    bad = trained(1)
    bad[3, 3] = np.inf
    mask = np.triu(np.full((64, 64), -np.inf, np.float32), 1)
    for values, wanted in (
        (bad, ["not_finite"]),
        (mask, []),
        (np.full(1, -np.inf, np.float32), []),
    ):
        spec = {"x.weight": ("F32", values.shape)}
        raw = build.safetensors(spec, {"x.weight": values.tobytes()})
        found = build_report(build.release({"model.safetensors": raw}), Asked(full=True))
        ids = [finding["id"] for finding in found["checkpoints"][0]["findings"]]
        assert [name for name in ids if name == "not_finite"] == wanted
