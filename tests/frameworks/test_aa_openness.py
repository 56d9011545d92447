"""The Artificial Analysis Openness Index: points to percent, and the archetypes of its rubric."""

from __future__ import annotations

import pytest
from framework_cases import Parts, release, result, tuned, verdict  # type: ignore[import-not-found]
from hypothesis import given
from hypothesis import strategies as st

from openassay.frameworks import load
from openassay.frameworks.rollup import score
from openassay.judge import judge
from openassay.types import Answer

INDEX = load("aa-openness")
MIT = ("present", "MIT")

# Published components (Artificial Analysis, artificialanalysis.ai, sample of 13 August 2026): the
# availability pair, access and licence of pre- and post-training data, the methodology pair.
PUBLISHED = [
    ("Olmo 3 7B Instruct", 6, (3, 1), (3, 1), 6, 16, "88.89"),
    ("gpt-oss-120b", 6, (0, 0), (0, 0), 1, 7, "38.89"),
    ("Qwen3.5 397B A17B", 6, (0, 0), (0, 0), 1, 7, "38.89"),
    ("Kimi K3", 4, (0, 0), (0, 0), 3, 7, "38.89"),
    ("Claude Opus 4.5", 2, (0, 0), (0, 0), 0, 2, "11.11"),
]


@pytest.mark.parametrize(
    ("name", "availability", "pre", "post", "methodology", "raw", "printed"), PUBLISHED
)
def test_published_components_add_up_to_the_published_index(
    name: str,
    availability: int,
    pre: tuple[int, int],
    post: tuple[int, int],
    methodology: int,
    raw: int,
    printed: str,
) -> None:
    worth = {
        "weights_access": min(3, availability),
        "weights_license": max(0, availability - 3),
        "pre_training_data_access": pre[0],
        "pre_training_data_license": pre[1],
        "post_training_data_access": post[0],
        "post_training_data_license": post[1],
        "methodology_disclosure": min(3, methodology),
        "methodology_license": max(0, methodology - 3),
    }
    assert score(INDEX, worth) == printed, name
    data = (sum(pre) + sum(post)) / 2
    assert availability + data + methodology == raw


@pytest.mark.parametrize(
    ("raw", "printed"),
    [(18, "100"), (16, "88.89"), (15, "83.33"), (13, "72.22"), (10, "55.56"), (0, "0")],
)
def test_the_index_is_the_share_of_eighteen_points(raw: int, printed: str) -> None:
    worth = {"weights_access": 0.0, "weights_license": 0.0, "methodology_license": float(raw)}
    assert score(INDEX, worth) == printed


def test_there_are_eighteen_points_in_two_dimensions() -> None:
    of = {
        group.id: sum(c.points * c.weight for c in INDEX.criteria if c.group == group.id)
        for group in INDEX.groups
    }
    assert of == {"Availability": 6, "Transparency": 12}


@given(st.lists(st.sampled_from([0, 1, 2, 3]), min_size=8, max_size=8))
def test_the_two_data_criteria_are_averaged(points: list[int]) -> None:
    worth = {c.id: float(p) for c, p in zip(INDEX.criteria, points, strict=True)}
    averaged = sum(value * (0.5 if "data" in id else 1) for id, value in worth.items())
    assert score(INDEX, worth) == f"{round(100 * averaged / 18, 2):g}"


@pytest.mark.parametrize(
    ("license", "points"),
    [
        ("MIT", 3),
        ("Apache-2.0", 3),
        ("CDLA-Permissive-2.0", 3),
        ("GPL-3.0-only", 2),  # commercial use without a duty to name, with other limits
        ("bigscience-open-rail-m", 2),
        ("LicenseRef-NVIDIA-Open-Model", 2),
        ("CC-BY-4.0", 1),
        ("CC-BY-SA-4.0", 1),
        ("LicenseRef-Llama-3.1-Community", 1),
        ("LicenseRef-Llama-4-Community", 1),
        ("LicenseRef-Modified-MIT-Kimi", 1),
        ("CC-BY-NC-4.0", 0),
        ("MIT AND CC-BY-4.0", 1),  # the most restrictive decides
        ("MIT OR CC-BY-NC-4.0", 3),
        ("Apache-2.0 AND LicenseRef-Llama-3.1-Community", 1),
    ],
)
def test_levels_of_the_weights_licence(license: str, points: int) -> None:
    found = result(
        verdict("aa-openness", {"model_parameters_final": ("present", license)}), "weights_license"
    )
    assert found.points == (points, points, 3)


def test_the_reason_names_the_list_that_was_reached() -> None:
    parts: Parts = {"model_parameters_final": ("present", "CC-BY-4.0")}
    found = result(verdict("aa-openness", parts), "weights_license")
    assert found.because == (
        "Listed: released under CC-BY-4.0, one of the licences for commercial use.",
        "Points: 1 of 3.",
    )
    closed: Parts = {"model_parameters_final": ("present", "CC-BY-NC-4.0")}
    found = result(verdict("aa-openness", closed), "weights_license")
    assert found.because[0].startswith("Not listed: released under CC-BY-NC-4.0, which is not")


def test_a_licence_of_unknown_terms_may_be_worth_anything() -> None:
    parts: Parts = {"model_parameters_final": ("present", "LicenseRef-nobody-knows")}
    found = result(verdict("aa-openness", parts), "weights_license")
    assert found.answer is Answer.UNKNOWN
    assert found.points is not None
    assert found.points[0] == 0
    assert "whose terms are not known here" in found.because[0]
    assert found.next_step.startswith("Read the terms of LicenseRef-nobody-knows")


@pytest.mark.parametrize(
    ("parts", "points"),
    [
        ({"model_parameters_final": ("linked", None)}, (3, 3)),
        ({"api": ("linked", None)}, (1, 2)),  # whether it shows all tokens, a person judges
        ({}, (0, 0)),
    ],
)
def test_levels_of_access_to_the_weights(parts: Parts, points: tuple[int, int]) -> None:
    found = result(verdict("aa-openness", parts), "weights_access")
    assert found.points == (*points, 3)


def test_published_data_is_some_and_perhaps_all_of_it() -> None:
    found = verdict("aa-openness", {"datasets": ("linked", "ODC-By-1.0")})
    access, license = (result(found, f"pre_training_data_{what}") for what in ("access", "license"))
    assert access.points == (1, 3, 3)
    assert access.because[-1].startswith("To judge: ")
    assert license.points == (1, 1, 3)
    partly = verdict("aa-openness", {"datasets": ("partial", "ODC-By-1.0")})
    assert result(partly, "pre_training_data_access").points == (1, 1, 3)
    assert result(partly, "pre_training_data_license").points == (0, 0, 3)


def test_a_derivative_is_looked_at_through_its_base() -> None:
    parts: Parts = {"datasets": ("present", "MIT"), "fine_tuning_data": ("present", "CC-BY-4.0")}
    found = verdict("aa-openness", parts, tuned())
    assert result(found, "pre_training_data_access").points == (0, 0, 3)
    assert result(found, "post_training_data_license").points == (1, 1, 3)


@pytest.mark.parametrize(
    ("parts", "points"),
    [
        ({"data_preprocessing_code": MIT, "training_code": MIT}, (2, 3)),
        ({"training_code": MIT}, (1, 3)),
        ({"training_code": ("present", "CC-BY-NC-4.0")}, (0, 2)),
        ({"supporting_libraries": ("partial", None)}, (1, 1)),
        ({}, (0, 0)),
    ],
)
def test_levels_of_the_training_pipeline(parts: Parts, points: tuple[int, int]) -> None:
    found = result(verdict("aa-openness", parts), "methodology_license")
    assert found.points == (*points, 3)


def test_the_verdict_is_a_range_of_the_index_with_its_shares() -> None:
    """Open weights under Apache-2.0 and nothing else: what gpt-oss shows without its tooling."""
    found = judge(INDEX, release({"model_parameters_final": ("linked", "Apache-2.0")}))
    assert found.answer == "33.33"
    assert found.progress == {"Availability": 100.0, "Transparency": 0.0}
    assert any("Artificial Analysis" in note for note in found.notes)
