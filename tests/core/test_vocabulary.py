"""The vocabulary: the framework's seventeen first, the finer ones after them."""

from __future__ import annotations

from openassay.types import Kind
from openassay.vocabulary import by_id, entries

MOF = (
    "datasets", "data_preprocessing_code", "model_architecture", "model_parameters_final",
    "model_metadata", "model_parameters_intermediate", "training_code", "inference_code",
    "evaluation_code", "evaluation_data", "evaluation_results", "supporting_libraries",
    "model_card", "data_card", "technical_report", "research_paper", "sample_outputs",
)  # fmt: skip


def test_the_seventeen_components_of_the_framework_come_first_by_its_own_names() -> None:
    assert tuple(entry.id for entry in entries())[:17] == MOF


def test_ids_are_told_apart_and_found_again() -> None:
    assert len(by_id()) == len(entries())
    for entry in entries():
        assert by_id()[entry.id] is entry


def test_each_component_says_what_counts_as_one() -> None:
    for entry in entries():
        assert entry.title.strip() == entry.title != ""
        assert entry.counts.endswith(".")
        assert entry.id.isascii()
        assert entry.id == entry.id.lower()


def test_the_kind_decides_which_licences_are_fit() -> None:
    kinds = {entry.id: entry.kind for entry in entries()}
    assert kinds["model_parameters_final"] is Kind.WEIGHTS
    assert kinds["training_code"] is Kind.CODE
    assert kinds["datasets"] is Kind.DATA
    assert kinds["model_card"] is Kind.DOCUMENT
    assert set(kinds.values()) == set(Kind)


def test_it_is_read_once() -> None:
    assert entries() is entries()
