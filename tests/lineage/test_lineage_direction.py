"""Which model came first is said only where one of them is made of the other's own values.

Siblings, two models made of a third, are the case that must stay open: a rounded one and a
fine-tuned one of one base look like parent and child to whoever asks only which of them is rounded.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from benchmarks import lineage_models as lm
from tests.lineage.conftest import file_of, related, sets_of, sketch_of

from openassay.lineage.prepared import Prepared, _centred
from openassay.lineage.relations import _low_rank, mixture
from openassay.lineage.result import Comparison, Kind, Order, Verdict
from openassay.lineage.rule import compare
from openassay.lineage.sketch import Excerpt
from openassay.lineage.take import take


def nudged(weights: lm.Weights, seed: int, size: float) -> lm.Weights:
    """A light tuning: every matrix moved by ``size`` of its own spread."""
    return lm.noise(weights, seed, size)


def kinds(found: Comparison) -> list[Kind]:
    return [relation.kind for relation in found.relations]


@pytest.mark.parametrize(
    ("bits", "dtype"),
    # Eight bits in BF16, which has no more itself, leave no mark.
    [(8, "F32"), (8, "F16"), (4, "F32"), (4, "F16"), (4, "BF16"), (3, "F32"), (3, "BF16")],
)
def test_a_rounding_of_these_very_values_came_later(
    bits: int, dtype: str, base: lm.Weights
) -> None:
    """Rounded from what was stored, and stored again at the same precision."""
    exact = {name: lm.stored(value, dtype) for name, value in base.items()}
    rounded = lm.quantise(exact, bits)
    found = compare(sketch_of(exact, "a", dtype), sketch_of(rounded, "b", dtype))
    assert kinds(found) == [Kind.QUANTISED]
    assert found.order is Order.B_LATER
    assert "a rounding of these very values" in found.relations[0].text


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("size", [0.02, 0.2])
def test_a_rounded_model_and_a_tuning_are_siblings(
    bits: int, size: float, base: lm.Weights
) -> None:
    found = related(nudged(base, 5, size), lm.quantise(base, bits))
    assert found.verdict is Verdict.COMMON
    assert kinds(found) == [Kind.QUANTISED]
    assert found.order is Order.UNKNOWN
    assert "not a mere rounding of these values" in found.relations[0].text


def test_a_tuning_merged_into_rounded_weights_is_not_their_origin(base: lm.Weights) -> None:
    """A is rounded and B is not, because B was trained on from A: A must not be called later."""
    rounded = lm.quantise(base, 4)
    found = related(rounded, nudged(rounded, 5, 0.05))
    assert found.order is Order.UNKNOWN
    dated = compare(
        sketch_of(rounded, "a"), sketch_of(nudged(rounded, 5, 0.05), "b"),
        dates=("2024-01-01", "2025-01-01"),
    )  # fmt: skip
    assert dated.order is Order.B_LATER


def test_dates_against_the_weights_are_told(base: lm.Weights) -> None:
    found = compare(
        sketch_of(base, "a"), sketch_of(lm.quantise(base, 4), "b"),
        dates=("2025-01-01", "2024-01-01"),
    )  # fmt: skip
    assert found.order is Order.B_LATER
    assert any("the dates given say otherwise" in line for line in found.order_because)


def test_pruned_weights_came_later_only_if_the_rest_is_kept(base: lm.Weights) -> None:
    pruned = lm.prune(base, 0.5)
    assert related(base, pruned).order is Order.B_LATER
    sibling = related(nudged(base, 5, 0.1), pruned)
    assert kinds(sibling) == [Kind.PRUNED]
    assert sibling.order is Order.UNKNOWN


def test_repeated_layers_came_later_only_if_their_rows_are_kept(base: lm.Weights) -> None:
    grown = lm.relayer(base, [0, 1, 2, 1, 2, 3])
    assert related(base, grown).order is Order.B_LATER
    sibling = related(nudged(base, 5, 0.1), grown)
    assert kinds(sibling) == [Kind.LAYERS_REPEATED]
    assert sibling.order is Order.UNKNOWN


def merged_of(target: lm.Weights, first: lm.Weights, second: lm.Weights) -> str:
    """What is said of a mixture, if anything."""
    b = Prepared(sketch_of(target, "b"))
    bases = [Prepared(sketch_of(one, name)) for one, name in ((first, "one"), (second, "two"))]
    found = mixture(b, [(base, compare(base.sketch, b.sketch).matches) for base in bases])
    return found.text if found else ""


def test_a_mixture_explains_how_it_differs_from_both(base: lm.Weights) -> None:
    """Three tunings of one base lie so close that any two come near the third: no mixture."""
    one, two, three = (nudged(base, seed, 0.1) for seed in (5, 6, 7))
    assert "0.40 of one and 0.60 of two" in merged_of(lm.average(one, two, 0.4), one, two)
    assert not merged_of(three, one, two)
    assert not merged_of(three, base, one)


# -- equal models ----------------------------------------------------------------------------------


def test_layers_in_another_order_are_no_copy() -> None:
    """Wide enough that even gains are large tensors: names alone tell the layers apart."""
    wide = lm.trained(4, lm.Sizes(width=1056, layers=2, heads=4, hidden=64, vocabulary=64))
    found = related(wide, lm.relayer(wide, [1, 0]))
    assert found.verdict is Verdict.REORDERED
    assert "under other names" in found.because[0]


@pytest.mark.parametrize(
    "name",
    ["model.position_embeddings.weight", "encoder.lstm.weight_hh_l0"],
    ids=["table of positions", "recurrent matrix"],
)
def test_a_tensor_that_is_no_sign_still_makes_another_model(name: str, base: lm.Weights) -> None:
    rng = np.random.default_rng(1)
    ours, theirs = (
        {**base, name: rng.standard_normal((128, 128)).astype(np.float32)} for _ in range(2)
    )
    assert related(ours, ours).verdict is Verdict.IDENTICAL
    assert related(ours, theirs).verdict is Verdict.COMMON


def test_packed_integers_count_for_equality(base: lm.Weights) -> None:
    """Same scales, other codes, as two calibrations of one quantiser leave them."""
    rng = np.random.default_rng(1)
    scales = lm.safetensors({"model.layers.0.mlp.up_proj.scales": base[lm.EMBED]})
    folders = []
    for _ in range(2):
        codes = rng.integers(0, 256, 16 * 352 * 4, np.uint8).tobytes()
        name = "model.layers.0.mlp.up_proj.qweight"
        entry = {"dtype": "I32", "shape": [16, 352], "data_offsets": [0, len(codes)]}
        head = json.dumps({name: entry}).encode()
        raw = [scales, len(head).to_bytes(8, "little") + head + codes]
        files = [
            replace(file_of(one, f"model-0000{n}-of-00002.safetensors"), source="memory")
            for n, one in enumerate(raw, 1)
        ]
        folders.append(take(sets_of(*files)[0], "model"))
    assert compare(folders[0], folders[0]).verdict is Verdict.IDENTICAL
    assert compare(*folders).verdict not in (Verdict.IDENTICAL, Verdict.REORDERED)


def test_a_missing_shard_leaves_nothing_to_say_of_all_tensors(base: lm.Weights) -> None:
    first = take(sets_of(file_of(lm.safetensors(base), "model-00001-of-00002.safetensors"))[0], "a")
    assert compare(first, first).verdict is Verdict.COMMON


@pytest.mark.parametrize(
    "name", ["model.layers.0.self_attn.rotary_emb.inv_freq", "model.layers.0.attn.masked_bias"]
)
def test_what_any_loader_makes_anew_may_be_missing(name: str, base: lm.Weights) -> None:
    table = np.random.default_rng(1).standard_normal(4096).astype(np.float32)
    assert related(base, {**base, name: table}).verdict is Verdict.IDENTICAL


def test_a_tied_output_matrix_may_be_stored_or_not(base: lm.Weights) -> None:
    tied = {**base, lm.HEAD: base[lm.EMBED]}
    bare = {name: value for name, value in base.items() if name != lm.HEAD}
    assert related(tied, bare).verdict is Verdict.IDENTICAL
    assert related(base, bare).verdict is Verdict.COMMON


# -- how much of B ---------------------------------------------------------------------------------


def test_a_few_layers_of_a_in_a_larger_model_are_a_part(base: lm.Weights) -> None:
    """All of A is in B, and most of B is not of A: the verdict is about B."""
    large = lm.trained(2, lm.Sizes(layers=16))
    mixed = {**large, **{n: v for n, v in base.items() if not n.startswith("model.layers.")}}
    mixed |= {n: v for n, v in base.items() if n.startswith("model.layers.")}
    found = related(base, lm.noise(mixed, 3, 0.05))
    assert found.verdict is Verdict.PART
    assert "embeddings" in found.parts
    assert any(part.endswith("sampled layers of model") for part in found.parts), found.parts


def test_another_tower_beside_it_is_a_part(base: lm.Weights) -> None:
    tower = lm.trained(2, lm.Sizes(width=96, layers=8, hidden=200))
    names = {n: n.replace("model.layers", "vision_tower.blocks") for n in tower if ".layers." in n}
    both = {**base, **{names[n]: tower[n] for n in names}}
    found = related(base, lm.noise(both, 3, 0.05))
    assert found.verdict is Verdict.PART
    assert "4 of 4 sampled layers of model" in found.parts


def test_embeddings_that_cannot_be_compared_leave_a_part(base: lm.Weights) -> None:
    """Other tokens, other width of the table: nothing can be said of it, so not "everything"."""
    other = lm.trained(2, lm.Sizes(vocabulary=20))
    found = related(base, {**base, lm.EMBED: other[lm.EMBED], lm.HEAD: other[lm.HEAD]})
    assert found.verdict is Verdict.PART
    assert not any(part.startswith("everything") for part in found.parts)
    assert any("could not be compared" in line for line in found.because)


# -- gate and up in one matrix ---------------------------------------------------------------------


def fused(weights: lm.Weights) -> lm.Weights:
    """Gate rows, then up rows, stored as one matrix."""
    made = {n: v for n, v in weights.items() if "gate_proj" not in n and "up_proj" not in n}
    for i in range(lm.layers_of(weights)):
        parts = [weights[lm.layer(i, f"mlp.{part}_proj")] for part in ("gate", "up")]
        made[lm.layer(i, "mlp.gate_up_proj")] = np.concatenate(parts)
    return made


def test_gate_and_up_in_one_matrix_are_the_same_layers(base: lm.Weights) -> None:
    for ours, theirs in ((base, fused(nudged(base, 5, 0.1))), (fused(base), nudged(base, 5, 0.1))):
        found = related(ours, theirs)
        assert found.verdict is Verdict.COMMON
        assert found.outcome("T3").count == found.outcome("T3").of
        assert Kind.NARROWED not in kinds(found)


def test_rearranged_copies_are_found_behind_one_matrix(base: lm.Weights) -> None:
    found = related(base, fused(lm.launder(base, 9)))
    assert found.verdict is Verdict.STRONG


def test_strangers_with_one_matrix_stay_strangers(base: lm.Weights, stranger: lm.Weights) -> None:
    assert related(fused(base), fused(stranger)).verdict is Verdict.NONE


# -- found by reading answers of ordinary models ---------------------------------------------------


@pytest.mark.parametrize("narrow", ["BF16", "F16"])
def test_a_copy_at_half_the_precision_came_later(narrow: str, base: lm.Weights) -> None:
    """Whatever it is stored at now: the cut values tell. A tuning of it is no such copy."""
    cut = {name: lm.stored(value, narrow) for name, value in base.items()}
    for dtype in (narrow, "F32"):
        found = compare(sketch_of(base, "a"), sketch_of(cut, "b", dtype))
        assert kinds(found) == [Kind.QUANTISED]
        assert found.order is Order.B_LATER
        assert f"rounded to {narrow}" in found.relations[0].text
    assert related(nudged(base, 5, 0.05), cut).order is Order.UNKNOWN
    assert related(cut, nudged(cut, 5, 0.05)).order is Order.UNKNOWN


def test_the_same_values_in_a_wider_type_are_not_called_reordered(base: lm.Weights) -> None:
    cut = {name: lm.stored(value, "BF16") for name, value in base.items()}
    found = compare(sketch_of(cut, "a", "BF16"), sketch_of(cut, "b"))
    assert found.verdict is Verdict.REORDERED
    assert found.order is Order.UNKNOWN


def test_a_narrow_matrix_has_no_low_rank_to_show() -> None:
    """Eight columns leave a change of rank eight at most, whatever made it."""
    rng = np.random.default_rng(1)
    wide, narrow = rng.standard_normal((64, 8)), rng.standard_normal((64, 8))
    pair = (wide, wide + 0.1 * narrow, "F32", "F32")
    assert _low_rank([pair] * 3) is None
    low = 0.1 * rng.standard_normal((64, 4)) @ rng.standard_normal((4, 128))
    full = rng.standard_normal((64, 128))
    assert _low_rank([pair, (full, full + low, "F32", "F32")]) is not None


def test_a_missing_shard_is_no_dropped_layer(base: lm.Weights) -> None:
    cut = {n: v for n, v in base.items() if ".layers.3." not in n and ".layers.2." not in n}
    file = file_of(lm.safetensors(lm.noise(cut, 3, 0.05)), "model-00001-of-00002.safetensors")
    found = compare(sketch_of(base, "a"), take(sets_of(file)[0], "b"))
    assert Kind.LAYERS_DROPPED not in kinds(found)


def test_codes_around_an_odd_middle_are_whole_numbers_still() -> None:
    """An even count of codes can have a median between two of them."""
    values = np.array([[0, 1, 2, 3]], np.float32)
    one = Excerpt(((0, 1),), 4, "U8", bytes([0, 1, 2, 3]))
    assert float(np.abs(_centred(values, one) % 1).max()) == 0


@pytest.mark.parametrize("order", [(500, 1000, 1500), (100, 200)])
def test_the_last_step_and_the_finest_copy_are_taken(order: tuple[int, ...]) -> None:
    weights = lm.trained(3, lm.Sizes(width=64, layers=2, heads=2, hidden=96, vocabulary=128))
    files = [
        replace(file_of(lm.safetensors(weights), f"checkpoint-{n}/model.safetensors"), source="m")
        for n in order
    ]
    assert sets_of(*files)[0].label == f"checkpoint-{max(order)}/model.safetensors"
    copies = [
        replace(file_of(lm.safetensors(weights, dtype), name), source="m")
        for dtype, name in (("F16", "model.fp16.safetensors"), ("F32", "model.safetensors"))
    ]
    assert sets_of(*copies)[0].label == "model.safetensors"
