"""FMTI-style indicators: disclosure, whatever the licence; a count, and never an FMTI score."""

from __future__ import annotations

import pytest
from framework_cases import (  # type: ignore[import-not-found]
    Parts,
    cite,
    release,
    restriction,
    result,
    said,
    tuned,
    verdict,
)

from openassay import gate
from openassay.frameworks import load
from openassay.types import Answer, Fact, How, Licensed

OPEN_WEIGHTS: Parts = {"model_parameters_final": ("linked", "LicenseRef-Llama-4-Community")}


def answer(id: str, parts: Parts, *facts: Fact) -> Answer:
    found: Answer = result(verdict("fmti-2025", parts, *facts), id).answer
    return found


def test_weights_are_open_whatever_their_licence() -> None:
    """Meta and DeepSeek have the point; a release without weights has not."""
    assert answer("open_weights", OPEN_WEIGHTS, restriction("user_cap")) is Answer.YES
    assert answer("open_weights", {}) is Answer.NO


def test_code_to_train_and_to_run_are_both_needed() -> None:
    """In December 2025 one developer of thirteen had the point."""
    run: Parts = {"inference_code": ("present", "MIT")}
    assert answer("code_access", run) is Answer.NO
    assert answer("code_access", run | {"training_code": ("partial", "MIT")}) is Answer.PARTLY
    assert answer("code_access", run | {"training_code": ("present", None)}) is Answer.YES


@pytest.mark.parametrize(
    ("id", "topic", "value"),
    [
        ("data_size", "tokens", "15000000000000"),
        ("compute", "compute", "3.3e24"),
        ("hardware", "hardware", "2048 H800"),
        ("energy", "energy", "1000 kWh"),
        ("carbon", "carbon", "539 tCO2eq"),
    ],
)
def test_a_number_has_to_be_stated_and_is_cited(id: str, topic: str, value: str) -> None:
    stated = result(verdict("fmti-2025", {}, said(topic, value, 7)), id)
    assert stated.answer is Answer.YES
    assert value in stated.because[0]
    assert stated.evidence[0].span.start == 7
    assert answer(id, {}) is Answer.NO
    assert answer(id, {"research_paper": ("linked", None)}) is Answer.UNKNOWN


def test_what_was_read_in_a_document_is_not_there_when_it_is_not_stated() -> None:
    read: Parts = {"technical_report": ("present", None), "model_card": ("present", None)}
    assert answer("energy", read) is Answer.NO


def test_an_architecture_in_code_or_configuration_is_deep_enough() -> None:
    assert answer("deeper_properties", {"model_metadata": ("partial", None)}) is Answer.YES
    assert answer("deeper_properties", {}) is Answer.NO


def test_a_base_model_that_is_named_is_a_dependency_disclosed() -> None:
    assert answer("model_dependencies", {}, tuned()) is Answer.YES
    assert answer("model_dependencies", {}) is Answer.UNKNOWN  # or does it say there is none?


@pytest.mark.parametrize("id", ["data_replicability", "external_data_access", "public_datasets"])
def test_published_data_leaves_the_rest_to_a_person(id: str) -> None:
    found = result(verdict("fmti-2025", {"datasets": ("linked", None)}), id)
    assert found.answer is Answer.UNKNOWN
    assert found.because[-1].startswith("To judge: ")
    assert answer(id, {}) is Answer.NO


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("release", Answer.YES),
        ("path:", Answer.YES),
        ("weights", Answer.YES),
        ("path:third_party/", Answer.NO),
        ("code", Answer.NO),
    ],
)
def test_terms_of_use_are_those_of_the_model(scope: str, expected: Answer) -> None:
    license = Licensed(evidence=cite("LICENSE"), scope=scope, license="MIT", how=How.TEXT)
    assert answer("terms_of_use", {}, license) is expected


def test_the_count_takes_whole_points_only() -> None:
    parts: Parts = {
        **OPEN_WEIGHTS,
        "model_metadata": ("partial", None),
        "inference_code": ("present", "MIT"),
        "training_code": ("partial", "MIT"),
    }
    found = verdict("fmti-2025", parts, tuned(), said("tokens", "1e12"))
    assert found.answer == "4 of 15"
    assert found.progress["Model"] == pytest.approx(60.0)


def test_a_range_is_written_once() -> None:
    found = verdict("fmti-2025", {"datasets": ("linked", None)}, tuned())
    assert (found.floor, found.ceiling) == ("1 of 15", "4 of 15")
    assert found.answer == "undecided: 1 to 4 of 15"


def test_it_says_that_it_is_no_fmti_score() -> None:
    framework = load("fmti-2025")
    assert framework.title.startswith("FMTI-style indicators")
    assert "no FMTI score" in framework.notes[0]
    assert len(framework.criteria) == 15
    assert not any(kind for kind in framework.licenses if kind != "code")


def test_a_count_can_be_required() -> None:
    rules = {"fmti-2025": load("fmti-2025")}
    found = verdict("fmti-2025", {"datasets": ("linked", None)}, tuned())
    for level, met in (("1", True), ("1/15", True), ("4 of 15", None), ("5", False)):
        required = gate.parse(f"fmti-2025={level}")
        gate.check(required, rules)
        assert gate.weigh(required, release({}), rules, {"fmti-2025": found}).met is met
