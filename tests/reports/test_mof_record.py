"""The proposed record: what the reference tool reads, and what it comes to, is the verdict."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker

from openassay import frameworks
from openassay.judge import judge
from openassay.records import judge_record, read_record
from openassay.reports import Look, Report, mof_json, mof_yaml
from openassay.types import Component, Dossier, How, Licensed, Status
from openassay.vocabulary import by_id


def record(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(mof_yaml.render(report, Look()))
    return found


def entry(report: Report, title: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (e for e in record(report)["release"]["components"] if e["name"] == title)
    return found


def bent(report: Report, id_: str, **values: Any) -> Report:
    parts = tuple(replace(p, **values) if p.id == id_ else p for p in report.dossier.components)
    return replace(report, dossier=replace(report.dossier, components=parts))


def test_both_spellings_say_the_same(report: Report) -> None:
    assert json.loads(mof_json.render(report, Look())) == record(report)


def test_the_shape_is_the_schemas(report: Report) -> None:
    """Required keys, closed choices and text everywhere, as in the tool's published schema."""
    found = record(report)
    assert found["framework"]["name"] == "Model Openness Framework"
    assert isinstance(found["framework"]["date"], str), "a bare date would be no string in YAML"
    assert {"name", "license", "producer", "components"} <= found["release"].keys()
    listed = found["release"]["components"]
    assert len(listed) <= 17
    titles = {e.title for e in list(by_id().values())[:17]}
    assert {e["name"] for e in listed} <= titles, "an unknown name maps to another component"
    for e in listed:
        assert all(isinstance(e[key], str) for key in ("name", "description", "license"))


def test_the_schema_of_the_reference_tool_accepts_it(report: Report) -> None:
    where = os.environ.get("OPENASSAY_MOT_REPO")
    if not where:
        pytest.skip("OPENASSAY_MOT_REPO names no git directory of the reference tool")
    show = ["git", "-C", where, "show", "HEAD:schema/mof_schema.json"]
    schema = json.loads(subprocess.run(show, capture_output=True, check=True).stdout)
    checker = Draft7Validator(schema, format_checker=FormatChecker())
    assert list(checker.iter_errors(record(report))) == []


def test_the_release_has_no_key_that_the_tool_does_not_know(report: Report) -> None:
    """Its importer sets every key of ``release`` as a field of its own."""
    known = {
        "name", "version", "date", "license", "type", "architecture", "treatment", "origin",
        "producer", "contact", "repository", "huggingface", "components",
    }  # fmt: skip
    assert record(report)["release"].keys() <= known


def test_only_what_is_there_whole_is_listed(report: Report) -> None:
    """The tool counts whatever is listed; a card without limits is no model card yet."""
    names = [e["name"] for e in record(report)["release"]["components"]]
    assert "Model architecture" in names
    assert "Model card" not in names
    left_out = {e["name"]: e["status"] for e in record(report)["openassay"]["not_listed"]}
    assert left_out["Model card"] == "partial"
    assert left_out["Datasets"] == "absent"
    assert left_out["Evaluation results"] == "unknown"


@pytest.mark.parametrize("mode", ["mot", "strict"])
def test_judged_again_it_comes_to_the_same(report: Report, mode: str) -> None:
    verdict = judge(frameworks.load("mof-1.0"), report.dossier)
    again = judge_record(read_record(mof_yaml.render(report, Look()).encode("utf-8")), mode)
    assert (again.floor, again.progress) == (verdict.floor, verdict.progress)


def test_nothing_is_inherited(report: Report) -> None:
    """The root licence stands in the record, and must not cover weights that have none."""
    nowhere = bent(report, "model_parameters_final", license=None, licenses=())
    assert record(nowhere)["release"]["license"]["distribution"]["name"] == "Apache-2.0"
    assert entry(nowhere, "Model parameters (Final)")["license"] == "unlicensed"
    assert any("Model parameters (Final)" in text for text in record(nowhere)["openassay"]["open"])


def test_a_changed_text_does_not_pass_for_the_licence_it_was_made_from(report: Report) -> None:
    layers = report.dossier.component("model_architecture").licenses[0]
    changed = bent(report, "model_architecture", licenses=(replace(layers, modified=True),))
    assert entry(changed, "Model architecture")["license"] == "LicenseRef-Modified-Apache-2.0"


def test_each_entry_says_where_it_rests(report: Report) -> None:
    layers = entry(report, "Model architecture")
    assert layers["evidence"][0]["place"] == "gold/model.py:9"
    assert layers["evidence"][0]["link"].startswith("https://example.org/")
    assert layers["license_path"].endswith("/LICENSE#L1")
    weights = entry(report, "Model parameters (Final)")
    assert weights["component_path"] == "https://huggingface.co/acme/Gold-7B"


def test_the_producer_is_the_owner_of_the_name_or_left_open(report: Report) -> None:
    assert record(report)["release"]["producer"] == "acme"
    assert record(report)["release"]["name"] == "Gold-7B"
    unnamed = replace(report, dossier=replace(report.dossier, release="gold"))
    assert record(unnamed)["release"]["producer"] == ""
    assert "producer" in record(unnamed)["openassay"]["open"]


def test_several_root_licences_are_nobodys_distribution(report: Report) -> None:
    dossier = report.dossier
    first = next(f for f in dossier.facts if isinstance(f, Licensed) and f.scope == "path:")
    both = replace(dossier, facts=(*dossier.facts, replace(first, license="MIT", how=How.TEXT)))
    assert record(replace(report, dossier=both))["release"]["license"] == {}


@pytest.mark.parametrize("word", ["no", "1e3", "0o14", "null", "2024-12-15", "- x", "a: b", "'"])
def test_a_name_stays_text_whoever_reads_the_yaml(report: Report, word: str) -> None:
    named = replace(report, dossier=replace(report.dossier, release=word))
    text = mof_yaml.render(named, Look())
    assert yaml.safe_load(text)["release"]["name"] == word
    line = next(
        line for line in text.split("\n") if line.startswith("  name:") and "Model" not in line
    )
    assert line.split(": ", 1)[1][0] in "'\"", "quoted, so YAML 1.2 reads a string too"


def test_a_release_of_nothing_lists_nothing() -> None:
    parts = tuple(Component(id=id_, status=Status.ABSENT) for id_ in by_id())
    dossier = Dossier(schema="openassay-dossier/1", release="x", sources=(), components=parts)
    assert record(Report(dossier=dossier))["release"]["components"] == []
