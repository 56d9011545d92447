"""The contract: validated against its schema, byte-stable, and readable back as evidence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from openassay import dossier as codec
from openassay.errors import DossierError
from openassay.reports import Look, Report, cited, json_v1
from openassay.types import Dossier

GOLDENS = Path(__file__).parent / "goldens"


@pytest.fixture(scope="module")
def contract() -> Draft202012Validator:
    text = (files("openassay.reports") / "schema" / "openassay-1.schema.json").read_text("utf-8")
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture
def document(report: Report) -> dict[str, Any]:
    parsed = json.loads(json_v1.render(report, Look()))
    assert isinstance(parsed, dict)
    return parsed


def part(document: dict[str, Any], id_: str) -> dict[str, Any]:
    found = next(row for row in document["components"] if row["id"] == id_)
    assert isinstance(found, dict)
    return found


def test_golden(report: Report, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "gold.json", json_v1.render(report, Look()))


def test_two_runs_are_byte_equal(report: Report) -> None:
    assert json_v1.render(report, Look()) == json_v1.render(report, Look(detail=2, width=60))


def test_it_keeps_the_contract(report: Report, contract: Draft202012Validator) -> None:
    contract.validate(json.loads(json_v1.render(report, Look())))


def test_the_schema_can_say_no(document: dict[str, Any], contract: Draft202012Validator) -> None:
    document["components"][0]["status"] = "perhaps"
    assert not contract.is_valid(document)


def test_lines_outside_a_text_are_refused_by_the_schema(
    document: dict[str, Any], contract: Draft202012Validator
) -> None:
    pointer = next(e for row in document["stated"] for e in row["evidence"] if e["pointer"])
    pointer["start"] = 1
    assert not contract.is_valid(document)


def test_an_empty_release_keeps_the_contract(contract: Draft202012Validator) -> None:
    empty = Dossier(schema=codec.SCHEMA, release="", sources=())
    contract.validate(json.loads(json_v1.render(Report(dossier=empty), Look())))


def test_the_names_that_other_programs_rely_on(document: dict[str, Any]) -> None:
    training = part(document, "training_code")
    assert training["status"] == "present"
    assert (training["license"], training["license_open"]) == ("Apache-2.0", True)
    cited = training["evidence"][0]
    assert (cited["path"], cited["start"], cited["end"]) == ("train.py", 12, 80)
    assert cited["quote"] == "def train(model, data):"
    claim = document["claims"][0]
    assert (claim["path"], claim["start"], claim["holds"]) == ("README.md", 3, False)
    verdict = document["verdicts"][0]
    assert (verdict["framework"], verdict["answer"]) == ("mof-1.0", "none")
    assert verdict["progress"] == {"III": 25.0, "II": 0.0, "I": 0.0}


def test_only_lines_have_start_and_end(document: dict[str, Any]) -> None:
    pointer, header = document["stated"][0]["evidence"]
    assert (pointer["pointer"], pointer["start"]) == ("/torch_dtype", None)
    assert (header["range"], header["start"]) == ([8, 1200], None)


def test_a_listing_of_the_root_is_a_path_that_exists(document: dict[str, Any]) -> None:
    assert part(document, "package")["evidence"][0]["path"] == "."


def test_evidence_of_other_sources_is_external(document: dict[str, Any]) -> None:
    restriction = document["stated"][1]["evidence"][0]
    assert restriction["external"] is True
    assert part(document, "training_code")["evidence"][0]["external"] is False


def test_licences_carry_what_they_grant_ask_and_forbid(document: dict[str, Any]) -> None:
    gold = next(row for row in document["licenses"] if row["id"] == "LicenseRef-gold")
    assert [term["term"] for term in gold["grants"]] == []
    assert [term["term"] for term in gold["conditions"]] == ["commercial_use"]
    assert {term["term"] for term in gold["limits"]} == {
        "user_threshold",
        "forbids_training_other_models",
    }
    assert gold["how"] == "text"


def test_a_licence_said_twice_is_one_row_with_both_places(report: Report) -> None:
    apache = report.dossier.facts[0]
    again = replace(apache, evidence=(replace(apache.evidence[0], path="gold/LICENSE"),))
    twice = replace(report.dossier, facts=(*report.dossier.facts, again))
    rows = json_v1.document(replace(report, dossier=twice))["licenses"]
    paths = [e["path"] for row in rows if row["id"] == "Apache-2.0" for e in row["evidence"]]
    assert paths == ["LICENSE", "gold/LICENSE"]


def test_what_was_not_read_is_in_the_notes_of_what_it_hides(document: dict[str, Any]) -> None:
    notes = part(document, "evaluation_results")["notes"]
    assert notes == ["not read: eval/results.pkl: a pickle is not opened"]


def test_a_report_gives_back_the_evidence_of_its_sources(report: Report) -> None:
    document = json.loads(json_v1.render(report, Look()))
    kept = set(cited.read_evidence(document))
    assert set(codec.evidence_of(report.dossier)) <= kept
    assert all(item.source.startswith("git:") for item in kept)


def test_a_judgement_repeats_the_first_outcome_on_top(
    report: Report, contract: Draft202012Validator
) -> None:
    text = json_v1.render_judgement("acme/Gold-7B", report.verdicts, frozenset())
    document = json.loads(text)
    contract.validate(document)
    assert document["answer"] == document["verdicts"][0]["answer"] == "none"
    assert document["progress"]["III"] == 25.0


@pytest.mark.parametrize(
    "bent",
    [
        {"unit": "nonsense"},
        {"start": None},
        {"digest_algorithm": 3, "unit": "byte", "range": None},
        {"range": ["x", 2], "unit": "listing"},
    ],
)
def test_bent_evidence_is_refused_with_its_place(report: Report, bent: dict[str, Any]) -> None:
    document = json_v1.document(report)
    part(document, "training_code")["evidence"][0].update(bent)
    with pytest.raises(DossierError, match=r"^/components/\d+/evidence/0: "):
        cited.read_evidence(document)


@pytest.mark.parametrize("foreign", [None, [], {}, {"schema": "openassay-license/1"}])
def test_another_file_is_not_taken_for_a_report(foreign: object) -> None:
    with pytest.raises(DossierError, match="/schema"):
        cited.read_evidence(foreign)
