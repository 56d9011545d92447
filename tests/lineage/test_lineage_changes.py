"""Every change to a model is found by the tests that should find it, and named as what it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from benchmarks import lineage_models as lm
from tests.lineage.conftest import related

from openassay.lineage.result import Comparison, Kind, Order, Verdict

Against = Callable[[lm.Weights], Comparison]
COMMON, PART, STRONG = Verdict.COMMON, Verdict.PART, Verdict.STRONG

#: change: verdict, exact tests that must find it, exact tests that must not, kind of relation
PLAIN = {
    "8 bit": (COMMON, "T1 T2 T3", "T0", Kind.QUANTISED),
    "4 bit": (COMMON, "T1 T2 T3", "T0", Kind.QUANTISED),
    "3 bit": (COMMON, "T1 T2 T3", "T0", Kind.QUANTISED),
    "half pruned": (COMMON, "T1 T2 T3", "", Kind.PRUNED),
    "pruned to a fifth": (COMMON, "T1 T2 T3", "", Kind.PRUNED),
    "layer dropped": (COMMON, "T1 T2 T3", "", Kind.LAYERS_DROPPED),
    "layers repeated": (COMMON, "T1 T2 T3", "", Kind.LAYERS_REPEATED),
    "layers swapped": (Verdict.REORDERED, "T0 T1 T2 T3", "", Kind.LAYERS_MOVED),
    "experts copied": (COMMON, "T1 T2 T3", "", Kind.EXPERTS),
    "experts split": (COMMON, "T1 T2 T3", "", None),
    "half a stranger": (COMMON, "T2 T3", "T0", None),
    "a third left": (COMMON, "T2 T3", "T0", None),
    "stitched": (PART, "T1 T2 T3", "", None),
    "units shuffled": (Verdict.REORDERED, "T0 T1 T2", "T3", None),
    "values mixed": (COMMON, "T1 T2 T3", "", None),
    "units rescaled": (COMMON, "T1 T2 T3", "", None),
    "noise of its own size": (COMMON, "T1 T2 T3", "T0", None),
    "width pruned": (COMMON, "T1 T2 T3", "", Kind.NARROWED),
    "vocabulary extended": (COMMON, "T1 T2 T3", "", Kind.VOCABULARY),
    "adapter merged": (COMMON, "T1 T2 T3", "", Kind.LOW_RANK),
    "norms folded": (COMMON, "T2 T3", "T1", None),
    "two tunings merged": (COMMON, "T1 T2 T3", "T0", None),
    "tuned, 4 bit": (COMMON, "T1 T2 T3", "T0", Kind.QUANTISED),
    "tuned, units shuffled": (COMMON, "T1 T2 T4", "T0", None),
}
LAUNDERED = {
    "rotated": "T4 T5",
    "everything": "T4 T5",
    "everything, 4 bit": "T4 T5",
    "rotated, 4 bit": "T4 T5",
    "residual shuffled, 4 bit": "T2' T4 T5",
    "everything, tuned": "T4",
    "everything, tuned, noise": "T4",
}


def found(comparison: Comparison) -> set[str]:
    return {outcome.test for outcome in comparison.outcomes if outcome.found}


@pytest.mark.slow
@pytest.mark.parametrize("change", PLAIN)
def test_relatives_that_keep_the_basis(
    change: str,
    base: lm.Weights,
    stranger: lm.Weights,
    tuned: lm.Weights,
    against_base: Against,
) -> None:
    comparison = against_base(lm.relatives(base, stranger, tuned)[change])
    verdict, must, must_not, kind = PLAIN[change]
    assert comparison.verdict is verdict
    assert set(must.split()) <= found(comparison)
    assert not set(must_not.split()) & found(comparison)
    kinds = {relation.kind for relation in comparison.relations} - {Kind.EQUAL_PARTS}
    assert kinds == ({kind} if kind else set())


@pytest.mark.slow
@pytest.mark.parametrize("change", LAUNDERED)
def test_rearranged_copies_give_a_strong_sign_and_no_exact_one(
    change: str, base: lm.Weights, tuned: lm.Weights, against_base: Against
) -> None:
    comparison = against_base(lm.laundered(base, tuned)[change])
    assert comparison.verdict is STRONG
    assert set(LAUNDERED[change].split()) <= found(comparison)
    assert not {"T0", "T1", "T2", "T3"} & found(comparison)
    assert comparison.order is Order.UNKNOWN
    assert not comparison.relations


def test_a_shuffled_residual_keeps_all_values(base: lm.Weights, against_base: Against) -> None:
    comparison = against_base(lm.shuffle_residual(base, 4))
    assert comparison.verdict is Verdict.REORDERED
    assert not {"T1", "T2", "T3"} & found(comparison)


def test_a_copy_is_identical_and_a_bias_of_difference_is_not(
    base: lm.Weights, against_base: Against
) -> None:
    assert against_base(base).verdict is Verdict.IDENTICAL
    nudged = dict(base)
    nudged[lm.NORM] = base[lm.NORM] * 1.001  # 512 bytes: too small to prove, not to disprove
    assert against_base(nudged).verdict is COMMON


@pytest.mark.parametrize("cosine", [0.9, 0.7, 0.5])
def test_long_training_leaves_every_index_in_place(
    cosine: float, base: lm.Weights, against_base: Against
) -> None:
    comparison = against_base(lm.drift(base, 40, cosine))
    assert comparison.verdict is COMMON
    assert {"T1", "T2", "T3"} <= found(comparison)


def test_the_same_start_is_a_common_origin_and_the_report_says_so(against_base: Against) -> None:
    comparison = against_base(lm.drift(lm.start(1), 41, 0.6))
    assert comparison.related
    assert any("the same random start" in note for note in comparison.notes)


def test_a_transplanted_embedding_is_a_part(
    base: lm.Weights, stranger: lm.Weights, against_base: Against
) -> None:
    comparison = against_base(lm.transplant(stranger, base))
    assert comparison.verdict is PART
    assert comparison.parts == ("embeddings",)


def test_a_stranger_shows_nothing(stranger: lm.Weights, against_base: Against) -> None:
    comparison = against_base(stranger)
    assert comparison.verdict is Verdict.NONE
    assert not found(comparison)


def test_a_tenth_of_a_merge_is_not_called_a_stranger(
    base: lm.Weights, stranger: lm.Weights, against_base: Against
) -> None:
    comparison = against_base(lm.average(base, stranger, 0.1))
    assert comparison.verdict in (Verdict.CANNOT, COMMON, PART)


@pytest.mark.parametrize(
    ("change", "order"),
    [("4 bit", Order.B_LATER), ("half pruned", Order.B_LATER), ("layers repeated", Order.B_LATER),
     ("layer dropped", Order.UNKNOWN), ("width pruned", Order.UNKNOWN),
     ("adapter merged", Order.UNKNOWN), ("noise of its own size", Order.UNKNOWN)],
)  # fmt: skip
def test_direction_only_from_what_was_lost(
    change: str, order: Order, base: lm.Weights, stranger: lm.Weights, against_base: Against
) -> None:
    """Dropped layers and narrower ones are told, but either model may have come first."""
    comparison = against_base(lm.relatives(base, stranger)[change])
    assert comparison.order is order
    assert bool(comparison.order_because) is (order is not Order.UNKNOWN)


def test_gains_over_features_put_side_by_side_say_nothing() -> None:
    """Two poolings beside each other: large gains here, small ones there, in any two strangers."""

    def network(seed: int) -> lm.Weights:
        rng = np.random.default_rng(seed)
        made = {f"conv{n}.bn.weight": np.exp(0.2 * rng.standard_normal(64)) for n in range(4)}
        kinds = np.tile([2.0, 1.0], 600)
        made["pooled.bn.weight"] = kinds + 0.3 * rng.standard_normal(1200)
        made |= {f"conv{n}.weight": rng.standard_normal((64, 64)) for n in range(4)}
        return {name: value.astype(np.float32) for name, value in made.items()}

    found = related(network(1), network(2))
    assert found.verdict is Verdict.CANNOT
    assert "side by side" in found.because[0]


def test_one_equal_tensor_is_a_question() -> None:
    """A formula's filters that no list knows, or a part taken from elsewhere: not silence."""
    first, second = lm.trained(1), lm.trained(2)
    first["extra.filters"] = lm.trained(3)[lm.HEAD][:64]
    second["extra.filters"] = first["extra.filters"][::-1]  # rows elsewhere: T3 does not see it
    found = related(first, second)
    assert found.verdict is Verdict.CANNOT
    assert "equal tensor" in found.because[0]
