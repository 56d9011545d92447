"""One licence as ``openassay-license/1`` and on a screen."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from openassay.reports import Look
from openassay.reports.license import (
    TERMS,
    LicenseAnswer,
    Matched,
    Passage,
    TermAnswer,
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


@pytest.mark.parametrize("answer", [MODIFIED, LicenseAnswer(asked="x", expression=None)])
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
