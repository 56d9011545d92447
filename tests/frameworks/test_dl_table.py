"""The openness table: what a release's components answer, and the project's own rows."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.errors import DossierError
from openassay.frameworks import load
from openassay.frameworks.rows import Cell, Row, judge_row, ranked, read_row, score
from openassay.judge import judge
from openassay.types import (
    Answer,
    Component,
    Derived,
    Digest,
    Dossier,
    Evidence,
    Fact,
    Relation,
    Result,
    Span,
    Status,
    Unit,
    Verdict,
)
from openassay.vocabulary import by_id

Parts = dict[str, tuple[str, str | None]]  # status and licence by component id
EXPECTED = json.loads(Path(__file__).with_name("dl_expected.json").read_text("utf-8"))["rows"]
FEATURES = [criterion.id for criterion in load("dl-table").criteria]
LETTERS = {"O": "open", "P": "partial", "C": "closed"}
MIT = ("present", "MIT")
README = (Evidence("dir:m", "README.md", Span(Unit.LINE, 1, 1), "q", Digest("sha256", "0")),)


def verdict(parts: Parts, *facts: Fact) -> Verdict:
    """The table's verdict on a release whose other components are absent."""
    components = tuple(
        Component(id=id, status=Status(parts.get(id, ("absent", None))[0]), license=license)
        for id, license in ((id, parts.get(id, ("absent", None))[1]) for id in by_id())
    )
    dossier = Dossier(schema="s", release="m", sources=(), facts=facts, components=components)
    return judge(load("dl-table"), dossier)


def result(found: Verdict, id: str) -> Result:
    return next(one for one in found.results if one.criterion == id)


def row(name: str, vector: str) -> Row:
    cells = zip(FEATURES, vector, strict=True)
    return Row(name, {feature: Cell(LETTERS.get(letter, letter)) for feature, letter in cells})


# ------------------------------------------------------------------------------- the project's rows


@pytest.mark.parametrize(("name", "file", "vector", "points"), EXPECTED)
def test_every_published_row_scores_as_published(
    name: str, file: str, vector: str, points: float
) -> None:
    found = judge_row(row(name, vector))
    assert (found.floor, found.ceiling) == (f"{points:g}", f"{points:g}"), file


def test_the_rows_stand_in_the_published_order() -> None:
    rows = [row(name, vector) for name, _, vector, _ in EXPECTED]
    backwards = ranked(reversed(rows))
    assert [one.name for one in backwards] == [name for name, *_ in EXPECTED]


def test_the_projects_own_files_give_the_published_vectors_and_order() -> None:
    where = os.environ.get("OPENASSAY_TABLE_REPO")
    if not where:
        pytest.skip("OPENASSAY_TABLE_REPO names no git directory of the table's project")
    git = ["git", "-C", where]
    listing = subprocess.run(
        [*git, "ls-tree", "--name-only", "801f687:projects"], capture_output=True, check=True
    )
    rows = {}
    for name in listing.stdout.decode().split():
        if name.endswith(".yaml"):
            blob = subprocess.run(
                [*git, "show", f"801f687:projects/{name}"], capture_output=True, check=True
            )
            rows[name] = read_row(blob.stdout)
    assert len(rows) == 48
    letters = {word: letter for letter, word in LETTERS.items()}
    files = {one.name: name for name, one in rows.items()}
    found = [
        [
            one.name,
            files[one.name],
            "".join(letters[one.cells[f].cls] for f in FEATURES),
            score(one),
        ]
        for one in ranked(rows.values())
    ]
    assert found == EXPECTED


def test_an_empty_or_unknown_class_scores_nothing_and_a_nameless_row_is_left_out() -> None:
    data = b"project: {name: }\nopencode: {class: open, link: x, notes: y}\nllmdata: {class: }\n"
    found = read_row(data)
    assert found.cells == {"opencode": Cell("open", "x", "y"), "llmdata": Cell("")}
    assert score(found) == 1
    assert ranked([found]) == []
    assert result(judge_row(found), "opencode").because == ("y (x)",)
    assert result(judge_row(found), "llmdata").answer is Answer.NOT_APPLICABLE


@given(st.text(alphabet="OPCx", min_size=14, max_size=14))
def test_a_score_is_the_plain_sum(vector: str) -> None:
    assert score(row("m", vector)) == vector.count("O") + vector.count("P") / 2


def test_a_row_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(DossierError, match="mapping"):
        read_row(b"- open\n")


# ---------------------------------------------------------------------------- a release's features


def test_the_table_asks_for_inspection_and_not_for_open_data() -> None:
    found = verdict({"datasets": ("linked", None)})
    assert result(found, "llmdata").answer is Answer.YES
    assert result(found, "llmdata").because[-1].startswith("To judge: ")


def test_weights_count_whole_only_with_the_procedure_that_made_them() -> None:
    weights: Parts = {"model_parameters_final": ("linked", "LicenseRef-own")}
    assert result(verdict(weights), "llmweights").answer is Answer.PARTLY
    both = weights | {"training_code": ("present", None)}
    assert result(verdict(both), "llmweights").answer is Answer.YES


def test_a_tuned_model_is_asked_for_its_base_and_for_its_own_tuning() -> None:
    tuned = Derived(evidence=README, base="base", relation=Relation.FINETUNE)
    parts: Parts = {
        "base_model_parameters": ("linked", None),
        "model_parameters_final": ("present", None),
        "training_code": ("present", None),
        "datasets": ("present", None),
    }
    found = verdict(parts, tuned)
    answers = {one.criterion: one.answer for one in found.results}
    assert answers["llmdata"] is Answer.NO
    assert answers["llmweights"] is Answer.PARTLY
    assert answers["rldata"] is Answer.YES
    assert answers["rlweights"] is Answer.YES


def test_what_cannot_be_derived_is_closed_in_the_floor_and_open_in_the_ceiling() -> None:
    found = verdict({})
    assert result(found, "rlweights").answer is Answer.UNKNOWN
    assert (found.floor, found.ceiling, found.answer) == ("0", "1", "undecided: 0 to 1")


@pytest.mark.parametrize(
    ("parts", "answer"),
    [
        ({"inference_code": MIT, "model_parameters_final": MIT}, Answer.YES),
        # Apache code beside RAIL weights, as in BLOOMZ.
        (
            {"inference_code": MIT, "model_parameters_final": ("present", "bigscience-rail-1.0")},
            Answer.PARTLY,
        ),
        ({"model_parameters_final": ("present", "LicenseRef-Llama-2")}, Answer.NO),
        (
            {"model_parameters_final": MIT, "inference_code": ("present", None)},
            Answer.PARTLY,
        ),
        (
            {"model_parameters_final": MIT, "training_code": ("unknown", None)},
            Answer.UNKNOWN,
        ),
        ({}, Answer.NO),
    ],
)
def test_the_licence_cell_is_the_share_of_the_project_under_approved_licences(
    parts: Parts, answer: Answer
) -> None:
    assert result(verdict(parts), "license").answer is answer
