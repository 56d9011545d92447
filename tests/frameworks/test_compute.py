"""Training compute: the Commission's own examples, and what an estimate may and may not say."""

from __future__ import annotations

import pytest
from framework_cases import said, tuned  # type: ignore[import-not-found]
from hypothesis import given
from hypothesis import strategies as st

from openassay.frameworks.compute import MARGIN, estimate, from_hardware, from_size, peaks
from openassay.types import Relation, Stated

# Guidelines C(2025) 5045, Annex A.3: parameters, tokens, FLOP to two significant figures.
BY_SIZE = [
    ("A", 3.8e9, 3.3e12, "7.5e+22"),
    ("C", 0.6e9, 36e12, "1.3e+23"),
    ("D", 1.54e9, 18e12, "1.7e+23"),  # 1.66e23, which the annex prints as 1.6e23
    ("E", 1.7e9, 36e12, "3.7e+23"),
    ("F", 2.5e9, 12e12, "1.8e+23"),
    ("G", 2.6e9, 61e9 * 164, "1.6e+23"),  # printed as 1.5e23, from tokens rounded to 10e12
]
# Accelerator hours, peak in FLOP/s, utilisation.
BY_HARDWARE = [
    ("B", 200_000, 300e12, 0.5, "1.1e+23"),  # printed as 1e23
    ("H", 370_000, 989e12, 0.5, "6.6e+23"),  # printed as 6.5e23
]


@pytest.mark.parametrize(("model", "parameters", "tokens", "flop"), BY_SIZE)
def test_the_examples_by_size(model: str, parameters: float, tokens: float, flop: str) -> None:
    assert f"{from_size(parameters, tokens):.1e}" == flop, model


@pytest.mark.parametrize(("model", "hours", "peak", "share", "flop"), BY_HARDWARE)
def test_the_examples_by_hardware(
    model: str, hours: float, peak: float, share: float, flop: str
) -> None:
    assert f"{from_hardware(hours, peak, share):.1e}" == flop, model


def test_size_and_tokens_give_a_range_with_inputs_and_evidence() -> None:
    found = estimate([said("parameters", "7000000000", 3), said("tokens", "2000000000000", 9)])
    assert found is not None
    assert found.flop == pytest.approx(8.4e22)
    assert (found.low, found.high) == pytest.approx((8.4e22 * 0.7, 8.4e22 * 1.3))
    assert found.how == "6 × 7B parameters × 2T tokens = 8.4e+22 FLOP"
    assert [one.span.start for one in found.evidence] == [3, 9]
    assert found.caveats == ()


def test_a_stated_compute_comes_first() -> None:
    facts = [said("parameters", "7000000000"), said("tokens", "1e12"), said("compute", "9e24")]
    found = estimate(facts)
    assert found is not None
    assert found.how == "9e+24 FLOP, as stated"


def test_active_parameters_are_those_that_compute() -> None:
    facts = [said("parameters", "671000000000"), said("active_parameters", "37000000000"),
             said("tokens", "14800000000000"), said("experts", "256")]  # fmt: skip
    found = estimate(facts)
    assert found is not None
    assert found.flop == pytest.approx(3.29e24, rel=0.01)
    facts.pop(1)
    bounded = estimate(facts)
    assert bounded is not None
    assert bounded.low == 0.0  # how many of them work per token is not known
    assert "experts" in bounded.caveats[0]


def test_what_the_headers_hold_comes_before_what_a_card_says() -> None:
    measured = Stated(
        evidence=said("x", "y").evidence,
        topic="parameters",
        value="8000000000",
        inspector="weights",
    )
    found = estimate([said("parameters", "70000000000"), measured, said("tokens", "1e12")])
    assert found is not None
    assert "8B parameters" in found.how


def test_of_several_sizes_the_largest_is_taken_and_said() -> None:
    sizes = [said("parameters", "70000000"), said("parameters", "12000000000")]
    found = estimate([*sizes, said("tokens", "300000000000")])
    assert found is not None
    assert "12B parameters" in found.how
    assert found.caveats == ("the largest of several sizes is taken",)


def test_accelerator_hours_give_a_wide_range_and_name_the_assumption() -> None:
    found = estimate([said("accelerator_hours", "370000 H100")])
    assert found is not None
    assert f"{found.flop:.1e}" == "6.6e+23"
    assert found.low == pytest.approx(found.flop / 5)
    assert found.high == pytest.approx(found.flop * 2)
    assert "a utilisation of 0.5 is assumed" in found.caveats[0]
    assert estimate([said("accelerator_hours", "370000 X900")]) is None


def test_a_tuned_model_adds_to_its_base_and_has_no_upper_end() -> None:
    facts = [said("parameters", "7000000000"), said("tokens", "1000000000"), tuned()]
    found = estimate(facts)
    assert found is not None
    assert found.high == float("inf")
    assert "acme/Base" in found.caveats[0]
    again = estimate([*facts[:2], tuned(Relation.QUANTIZED)])
    assert again is not None
    assert again.high < 1e20


@pytest.mark.parametrize(
    "facts",
    [
        [],
        [said("parameters", "7000000000")],
        [said("tokens", "1e12")],
        [said("parameters", "seven billion"), said("tokens", "1e12")],
        [said("parameters", "0"), said("tokens", "1e12")],
        [said("parameters", "9" * 60), said("tokens", "1e12")],
        [said("compute", "1e999")],
        [said("accelerator_hours", "many H100")],
    ],
)
def test_without_two_sound_numbers_there_is_no_estimate(facts: list[Stated]) -> None:
    assert estimate(facts) is None


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_stated_text_is_an_estimate_or_none(size: str, tokens: str, hours: str) -> None:
    facts = [said("parameters", size), said("tokens", tokens), said("accelerator_hours", hours)]
    found = estimate(facts)
    assert found is None or 0 <= found.low <= found.flop <= found.high


@given(st.floats(1, 1e15), st.floats(1, 1e15))
def test_the_range_is_the_margin_that_the_guidelines_allow(size: float, tokens: float) -> None:
    found = estimate([said("parameters", f"{size:.0f}"), said("tokens", f"{tokens:.0f}")])
    assert found is not None
    assert found.high / found.flop == pytest.approx(1 + MARGIN)


def test_peaks_are_dense_and_of_known_makers() -> None:
    assert peaks()["A100"] == 312e12
    assert peaks()["H100"] == 989e12
    assert all(1e13 < peak < 1e16 for peak in peaks().values())
