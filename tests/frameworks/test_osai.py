"""The European Open Source AI Index: its scores and order, and what a release's parts answer."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from framework_cases import Parts, gate, result, said, tuned, verdict  # type: ignore[import-not-found]
from hypothesis import given
from hypothesis import strategies as st

from openassay.frameworks import load, standing
from openassay.frameworks.rows import Cell, Row, judge_row, ranked, read_row, score
from openassay.types import Answer

LETTERS = {"O": "open", "P": "partial", "C": "closed"}
TWELVE = [criterion.id for criterion in load("osai-12").criteria]
FOURTEEN = [criterion.id for criterion in load("osai-14").criteria]
COMMIT = {"osai-12": "5a388e8", "osai-14": "e39b4ed", "order": "c6ffe82"}
MIT = ("present", "MIT")
TWO_OPEN: Parts = {"model_parameters_final": MIT, "training_code": MIT}

# A few systems of every height as the index's authors judged them (CC-BY 4.0, osai-index.eu, at
# 5a388e8), with the points and the score that their cells add up to.
CELLS = [
    ("YuLan", "OOOOOOOOOOOO", 12.0, "1.0000"),
    ("bloomz", "OOOOOOOOOOOP", 11.5, "0.9583"),
    ("smollm", "OOOOOOOPCOOO", 10.5, "0.8750"),
    ("Pythia", "OOOOOOOPPPPO", 10.0, "0.8333"),
    ("amber", "OOOOOPPOOPPO", 10.0, "0.8333"),
    ("Whisper", "CCOOPOOOOOCO", 8.5, "0.7083"),
    ("GPT-OSS", "CCOOCCOOCOCP", 5.5, "0.4583"),
    ("deepseek-R1", "CCOOCCPOOPCC", 5.0, "0.4167"),
    ("llama-4", "CCPPPPOCCOCC", 4.0, "0.3333"),
    ("Grok", "CCCOCCCCCCCC", 1.0, "0.0833"),
    ("lumo", "CCCCCCCCCCCC", 0.0, "0.0000"),
]
# Points of 14, at e39b4ed.
POINTS_14 = {"YuLan": 13, "OLMo": 13, "bloomz": 11.5, "StarCoder": 11, "Pythia": 10.5, "K2": 9.5,
             "llama-3.3": 3.5, "lumo": 0}  # fmt: skip
# The published order of text systems on 9 April 2026, its head.
ORDER = """YuLan,BLOOMZ,OLMo,Apertus,SmolLM,mT0,Amber,Pythia,Open Assistant,Lucie,Instella,EuroLLM,
K2,CT-LLM,Arabic StableLM,Skywork-OR1,Omnilingual ASR,MobileLLM,BTLM,Minerva,Whisper,Teuken,T5,
Eurus,RedPajama,Poro,OpenChat,Neo,Guru,BERT,Dolly,Vicuna,Tülu"""


def row(file: str, vector: str, framework: str = "osai-12") -> Row:
    ids = [criterion.id for criterion in load(framework).criteria]
    cells = {id: Cell(LETTERS.get(letter, letter)) for id, letter in zip(ids, vector, strict=True)}
    return Row(file, cells, framework, file)


# ------------------------------------------------------------------------------- the index's scores


@pytest.mark.parametrize(("file", "vector", "points", "printed"), CELLS)
def test_the_score_is_the_mean_with_four_decimals(
    file: str, vector: str, points: float, printed: str
) -> None:
    assert judge_row(row(file, vector)).answer == printed
    assert vector.count("O") + vector.count("P") / 2 == points


def test_ties_stand_by_file_with_the_last_one_first() -> None:
    """Lower-case names come before capitals, as in the index: amber before Pythia."""
    rows = [row(file, vector) for file, vector, *_ in CELLS]
    assert [one.file for one in ranked(rows)] == [file for file, *_ in CELLS[:3]] + [
        "amber",
        "Pythia",
        *[file for file, *_ in CELLS[5:]],
    ]


def test_the_score_is_not_the_mean_of_the_areas() -> None:
    found = judge_row(row("x", "OOOOOCCCCCCC"))
    assert found.progress == {"Availability": 100.0, "Documentation": 0.0, "Access": 0.0}
    assert found.answer == "0.4167"


def test_a_missing_cell_scores_nothing_and_stays_in_the_denominator() -> None:
    data = b"system: {name: X}\nlicenses: {class: open}\ncode: {class: }\n"
    found = read_row(data, "osai-12", "X.yaml")
    assert (found.name, found.file) == ("X", "X.yaml")
    assert judge_row(found).answer == "0.0833"
    assert result(judge_row(found), "code").answer is Answer.NOT_APPLICABLE


@given(st.text(alphabet="OPCx", min_size=14, max_size=14))
def test_fourteen_dimensions_are_told_from_twelve(vector: str) -> None:
    points = vector.count("O") + vector.count("P") / 2
    assert judge_row(row("m", vector, "osai-14")).answer == f"{points / 14:.4f}"


def files_at(repo: str, commit: str) -> dict[str, bytes]:
    git = ["git", "-C", repo]
    listing = subprocess.run(
        [*git, "ls-tree", "-z", "--name-only", commit], capture_output=True, check=True
    )
    names = [name for name in listing.stdout.decode().split("\0") if name.endswith(".yaml")]
    return {
        name: subprocess.run(
            [*git, "show", f"{commit}:{name}"], capture_output=True, check=True
        ).stdout
        for name in names
        if not name.startswith(("_", "a_submission"))
    }


def repo() -> str:
    where = os.environ.get("OPENASSAY_OSAI_REPO")
    if not where:
        pytest.skip("OPENASSAY_OSAI_REPO names no git directory of the index's database")
    return where


@pytest.mark.slow
def test_the_databases_own_files_add_up_as_recorded() -> None:
    """Of the 12-dimension state: every system, its score, and how often each class stands."""
    rows = [read_row(data, "osai-12", name) for name, data in files_at(repo(), "5a388e8").items()]
    classes = [one.cells[id].cls for one in rows for id in TWELVE]
    assert len(rows) == 193
    assert [classes.count(name) for name in ("open", "partial", "closed")] == [908, 439, 969]
    by_file = {one.file.removesuffix(".yaml"): one for one in rows}
    for file, vector, _, printed in CELLS:
        found = by_file[file]
        assert "".join(found.cells[id].cls[0].upper() for id in TWELVE) == vector
        assert judge_row(found).answer == printed


@pytest.mark.slow
def test_every_recorded_vector_scores_as_recorded() -> None:
    notes = os.environ.get("OPENASSAY_OSAI_NOTES")
    if not notes:
        pytest.skip("OPENASSAY_OSAI_NOTES names no table of vectors")
    found = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| [a-z,]+ \| `([OPC]{12})` \| ([\d.]+) \| ([\d.]+) \|$",
        Path(notes).read_text("utf-8"),
        re.M,
    )
    assert len(found) == 193
    rows = [row(file, vector) for file, _, vector, _, _ in found]
    for one, (_, _, vector, points, printed) in zip(rows, found, strict=True):
        assert judge_row(one).answer == printed
        assert score(one) * 12 == pytest.approx(float(points), abs=1e-3)
        assert vector.count("O") + vector.count("P") / 2 == float(points)


@pytest.mark.slow
def test_the_published_order_is_reproduced() -> None:
    rows = []
    for name, data in files_at(repo(), "c6ffe82").items():
        kind = re.search(rb"^ {4}type: *(.*)$", data, re.M)
        if kind and b"text" in kind[1]:
            rows.append(read_row(data, "osai-12", name))
    expected = ORDER.replace("\n", "").split(",")
    assert [one.name for one in ranked(rows)][: len(expected)] == expected


@pytest.mark.slow
def test_the_last_state_of_fourteen_dimensions_adds_up_as_recorded() -> None:
    found = {
        name.removesuffix(".yaml"): read_row(data, "osai-14", name)
        for name, data in files_at(repo(), "e39b4ed").items()
    }
    assert {file: score(found[file]) * 14 for file in POINTS_14} == pytest.approx(
        POINTS_14, abs=1e-3
    )


# ------------------------------------------------------------------------------ a release's answers


def test_the_versions_differ_where_the_index_changed() -> None:
    assert set(FOURTEEN) - set(TWELVE) == {"package", "api"}
    sizes = {group.id: sum(c.group == group.id for c in load("osai-12").criteria)
             for group in load("osai-12").groups}  # fmt: skip
    assert sizes == {"Availability": 5, "Documentation": 6, "Access": 1}
    gated = {"model_parameters_final": ("present", "Apache-2.0")}
    twelve, fourteen = (verdict(id, gated, gate()) for id in ("osai-12", "osai-14"))
    assert result(twelve, "weights_endmodel").answer is Answer.PARTLY
    assert result(twelve, "weights_endmodel").because[0].startswith("Gated: ")
    assert result(twelve, "weights_endmodel").evidence[0].quote == "fill in the form"
    assert result(fourteen, "weights_endmodel").answer is Answer.YES
    assert "osai-14" not in [framework.id for framework in standing()]


@pytest.mark.parametrize(
    ("framework", "parts", "answer"),
    [
        ("osai-12", {"model_parameters_final": MIT}, Answer.NO),  # weights alone, since April 2026
        ("osai-14", {"model_parameters_final": MIT}, Answer.PARTLY),
        ("osai-12", TWO_OPEN, Answer.PARTLY),
        (
            "osai-12",
            {"model_parameters_final": MIT, "training_code": ("present", "LicenseRef-own")},
            Answer.NO,
        ),
        (
            "osai-12",
            {"model_parameters_final": MIT, "training_code": ("partial", "MIT")},
            Answer.PARTLY,
        ),
        (
            "osai-12",
            {"model_parameters_final": MIT, "training_code": ("partial", "CC-BY-NC-4.0")},
            Answer.NO,
        ),
        (
            "osai-12",
            {**TWO_OPEN, "datasets": ("linked", "ODbL-1.0")},
            Answer.YES,
        ),
        (
            "osai-14",
            {**TWO_OPEN, "datasets": ("linked", "ODbL-1.0")},
            Answer.PARTLY,  # not OSI-approved
        ),
        (
            "osai-12",
            {"model_parameters_final": MIT, "datasets": ("linked", None)},
            Answer.UNKNOWN,  # the data's licence stands elsewhere
        ),
        ("osai-12", {"training_code": ("unknown", None)}, Answer.NO),  # one part is too few
        ("osai-12", {}, Answer.NO),
    ],
)  # fmt: skip
def test_the_licence_cell(framework: str, parts: Parts, answer: Answer) -> None:
    assert result(verdict(framework, parts), "licenses").answer is answer


def test_a_tuned_model_takes_over_the_closedness_of_its_bases_data() -> None:
    parts: Parts = {"fine_tuning_data": ("present", None), "model_parameters_final": MIT}
    found = verdict("osai-12", parts, tuned())
    assert result(found, "datasources_basemodel").answer is Answer.NO
    assert result(found, "datasources_endmodel").answer is Answer.UNKNOWN
    assert (
        "To judge: Are these all sources of the tuning data?"
        in result(found, "datasources_endmodel").because
    )
    assert result(found, "weights_basemodel").answer is Answer.NO


def test_without_a_base_model_its_cells_mirror_the_end_models() -> None:
    parts: Parts = {"datasets": ("linked", None), "model_parameters_final": ("linked", None)}
    found = verdict("osai-12", parts)
    assert result(found, "weights_basemodel").answer is Answer.YES
    assert result(found, "datasources_basemodel").answer is Answer.UNKNOWN
    # Weights twice, data twice as a person judges, and perhaps open licences where they are kept.
    assert (found.floor, found.ceiling) == ("0.2500", "0.3750")


def test_a_public_summary_of_the_training_content_counts_as_a_datasheet() -> None:
    found = verdict("osai-12", {}, said("training_summary", "summary of the training content"))
    assert result(found, "datasheet").answer is Answer.UNKNOWN
    assert result(found, "datasheet").because[0].startswith("Stated: ")


def test_what_a_person_must_judge_is_a_range_and_never_a_plain_yes() -> None:
    cards: Parts = {"model_card": ("present", None)}
    found = result(verdict("osai-12", cards), "modelcard")
    assert found.answer is Answer.UNKNOWN
    assert found.because[-1].startswith("To judge: ")
    assert (verdict("osai-12", cards).floor, verdict("osai-12", cards).ceiling) == (
        "0.0417",
        "0.0833",
    )
