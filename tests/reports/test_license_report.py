"""One licence as ``openassay-license/1`` and on a screen."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from openassay import license_answer
from openassay.columns import width
from openassay.reports import Look
from openassay.reports.license import (
    TERMS,
    DutyAnswer,
    LicenseAnswer,
    Matched,
    Passage,
    TermAnswer,
    WarningAnswer,
    render_json,
    render_terminal,
)

MODIFIED = LicenseAnswer(
    asked="LICENSE",
    expression="MIT",
    modified=True,
    open=None,
    open_for={"code": None},
    matches=(Matched("MIT", 0.987654, 1, 20),),
    unexplained=(Passage(22, 24, "If you have more than 100 million \x1b[31m users"),),
    terms={
        "commercial_use": TermAnswer("conditional", "clause"),
        "user_threshold": TermAnswer(
            "100000000", "clause", (Passage(22, 24, "more than 100 million users"),)
        ),
    },
)


@pytest.fixture(scope="module")
def contract() -> Draft202012Validator:
    path = files("openassay.reports") / "schema" / "openassay-license-1.schema.json"
    schema = json.loads(path.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


CHECKLIST = LicenseAnswer(
    asked="Foo-1.0",
    expression="Foo-1.0",
    terms={"indemnity": TermAnswer("yes", "facts")},
    source="somewhere",
    verified=False,
    duties=(
        DutyAnswer(
            "include_license", "ship the text", "Foo-1.0", True, ("redistribute",), "section 4"
        ),
        DutyAnswer(
            "share_alike",
            "same licence",
            "Foo-1.0",
            None,
            ("use", "change", "host", "redistribute"),
            "not known",
        ),
    ),
    missing=("include_license",),
    warnings=(
        WarningAnswer("law", "governed by Ruritania", "Foo-1.0", "text", Passage(3, 3, "laws of")),
    ),
    note="recognised by the address alone",
)


@pytest.mark.parametrize("answer", [MODIFIED, CHECKLIST, LicenseAnswer(asked="x", expression=None)])
def test_it_keeps_the_contract(answer: LicenseAnswer, contract: Draft202012Validator) -> None:
    contract.validate(json.loads(render_json(answer)))


def test_terms_are_all_there_and_unknown_ones_are_null() -> None:
    terms = json.loads(render_json(MODIFIED))["terms"]
    assert set(terms) == set(TERMS)
    assert terms["user_threshold"] == {
        "value": "100000000",
        "basis": "clause",
        "evidence": [{"start": 22, "end": 24, "quote": "more than 100 million users"}],
    }
    assert terms["share_alike"] == {"value": None, "basis": "silence", "evidence": []}


def test_the_screen_says_what_is_left_over_and_that_it_is_not_shown_open() -> None:
    text = render_terminal(MODIFIED, Look())
    assert "MIT, modified  not shown to be open" in text
    assert "lines 22-24" in text
    assert "\x1b" not in text


def test_a_licence_open_for_some_content_only_says_so() -> None:
    answer = LicenseAnswer(
        asked="CC-BY-4.0",
        expression="CC-BY-4.0",
        open=True,
        open_for={"code": False, "data": True, "document": True},
    )
    assert "open for data, document only" in render_terminal(answer, Look())


def test_the_checklist_says_when_a_duty_applies_and_what_is_not_known() -> None:
    text = render_terminal(CHECKLIST, Look())
    assert "[ ] hand on                ship the text" in text
    assert "[?] always                 same licence" in text
    assert "A label alone is not enough" in text
    assert "governed by Ruritania" in text
    assert "recognised by the address alone" in text
    assert "not checked against a public text" in text


def test_the_details_show_what_duties_and_warnings_rest_on() -> None:
    text = render_terminal(CHECKLIST, Look(detail=1))
    assert "section 4" in text
    assert 'line 3: "laws of"' in text


def test_duties_and_warnings_are_in_the_contract() -> None:
    written = json.loads(render_json(CHECKLIST))
    assert written["duties"][0] == {
        "id": "include_license",
        "text": "ship the text",
        "license": "Foo-1.0",
        "rests_on": "section 4",
        "evidence": None,
        "needed": True,
        "uses": ["redistribute"],
    }
    assert written["warnings"][0]["evidence"] == {"start": 3, "end": 3, "quote": "laws of"}
    assert (written["verified"], written["missing"]) == (False, ["include_license"])


@pytest.mark.parametrize("name", ["Apache-2.0", "CC-BY-NC-4.0", "AGPL-3.0-only", "no such one"])
def test_people_read_chinese(name: str) -> None:
    """Ids and the names of sources aside, nothing of ours is left in English."""
    answer = license_answer.of_name(name)
    for columns in (60, 100):
        shown = render_terminal(answer, Look(lang="zh", width=columns))
        assert [line for line in shown.splitlines() if width(line) > columns] == []
    bare = re.sub(r"条款来源：.*", "", shown)
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", bare), bare
