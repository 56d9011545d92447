"""The table: one row per component, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv as library
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.reports import Look, Report, csv
from openassay.types import Status


def rows(report: Report) -> list[dict[str, str]]:
    return list(library.DictReader(StringIO(csv.render(report, Look())), strict=True))


def test_one_row_per_component_in_vocabulary_order(report: Report) -> None:
    found = rows(report)
    assert [row["component"] for row in found][:2] == ["datasets", "data_preprocessing_code"]
    assert len(found) == len(report.dossier.components)
    assert all(row.keys() == set(csv.COLUMNS) for row in found)


def test_a_row_says_what_was_found_and_where(report: Report) -> None:
    (weights,) = (row for row in rows(report) if row["component"] == "model_parameters_final")
    assert weights["status"] == "linked"
    assert weights["license"] == "LicenseRef-gold"
    assert weights["license_open"] == "no"
    assert weights["license_place"] == "MODEL_LICENSE:1"
    assert weights["place"] == "README.md:30"
    assert weights["published_at"] == "https://huggingface.co/acme/Gold-7B"
    assert weights["evidence_count"] == "2"


def test_what_is_absent_has_no_licence_and_a_reason_only_where_the_release_gives_one(
    report: Report,
) -> None:
    absent = {row["component"]: row for row in rows(report) if row["status"] == Status.ABSENT}
    assert {(row["license"], row["license_open"]) for row in absent.values()} == {("", "")}
    reasons = {id_: row["why"] for id_, row in absent.items() if row["why"]}
    assert reasons == {"datasets": "README.md:70 announced, not there"}


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("  =1+1", "'=1+1"),
        ("\t=1+1", "'=1+1"),
        ("\n@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+49", "'+49"),
        ("＝cmd", "'＝cmd"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text: str, cell: str) -> None:
    assert csv.cell(text) == cell


@given(st.text())
def test_a_cell_is_one_line_and_begins_harmlessly(text: str) -> None:
    cell = csv.cell(text)
    assert "\n" not in cell
    assert "\r" not in cell
    assert not cell.startswith(("=", "+", "-", "@", "|", "%", "\t"))


def test_commas_and_quotes_stay_in_their_cell(report: Report) -> None:
    odd = replace(report, dossier=replace(report.dossier, release='a,"b";c'))
    assert {row["release"] for row in rows(odd)} == {'a,"b";c'}
