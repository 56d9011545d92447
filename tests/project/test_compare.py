"""Releases side by side: what differs first, versions told as what was opened and closed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from openassay import frameworks, states
from openassay.columns import width
from openassay.compare import MAX_RELEASES, compare
from openassay.errors import UsageError
from openassay.judge import judge
from openassay.reports import Look
from openassay.reports.comparison import FORMATS, Comparison
from openassay.types import Dossier, SourceInfo

Make = Callable[..., Dossier]
FRAMEWORKS = {id: frameworks.load(id) for id in ("mof-1.0", "osaid-1.0")}
HOSTILE = "\x1b[2J\u202egnp | **b** <img src=x> [a](javascript:1)"


def state(dossier: Dossier) -> states.State:
    return states.of_dossier(dossier, [judge(f, dossier) for f in FRAMEWORKS.values()])


def side_by_side(*dossiers: Dossier, versions: bool | None = None) -> Comparison:
    return compare([state(d) for d in dossiers], FRAMEWORKS, versions=versions)


def text(comparison: Comparison, name: str, **look: Any) -> str:
    return FORMATS[name](comparison, Look(**look))


def other(dossier: Dossier, name: str) -> Dossier:
    source = SourceInfo(id=f"git:{name}@1", kind="git", locator=name, revision="1", files=1)
    return replace(dossier, release=name, sources=(source,))


def test_differences_come_first_and_what_is_the_same_is_only_named(make: Make) -> None:
    one = make({"training_code": ("present", "MIT"), "model_card": ("present", "MIT")})
    two = other(make({"model_card": ("present", "MIT")}), "acme/Silver")
    found = side_by_side(one, two)
    assert not found.versions
    assert found.steps == ()
    shown = text(found, "terminal")
    head, _, same = shown.partition("The same in all:")
    assert "Training code" in head
    assert "Training code" not in same
    assert "Model card" in same
    assert "Model card" in text(found, "terminal", detail=1).partition("✔ present")[0]


def test_versions_of_one_release_tell_what_was_opened_closed_and_relicensed(make: Make) -> None:
    old = make({"training_code": ("present", "MIT"), "inference_code": ("present", "MIT")})
    new = make(
        {"training_code": ("present", "Apache-2.0"), "datasets": ("present", "CC-BY-4.0")},
        revision="fedcba9876543210",
    )
    found = side_by_side(old, new)
    assert found.versions
    assert [column.label for column in found.columns] == [
        "acme/Gold@0123456789ab",
        "acme/Gold@fedcba987654",
    ]
    for name in ("terminal", "markdown"):
        shown = text(found, name)
        opened = shown.index("Opened, or better")
        closed = shown.index("Closed, or worse")
        relicensed = shown.index("Relicensed")
        assert opened < shown.index("Datasets") < closed < shown.index("Inference code")
        sign = "→" if name == "terminal" else "|"
        assert closed < relicensed < shown.index(f"MIT (open) {sign} Apache-2.0 (open)")


def test_three_versions_have_two_steps(make: Make) -> None:
    found = side_by_side(make({}), make({"datasets": ("linked", None)}), make({}))
    assert [len(step.changes) > 0 for step in found.steps] == [True, True]
    assert len({column.label for column in found.columns}) == 3


def test_that_they_are_versions_can_be_said(make: Make) -> None:
    two = other(make({}), "acme/Silver")
    assert side_by_side(make({}), two, versions=True).steps
    assert not side_by_side(make({}), make({}), versions=False).steps


def test_nothing_differs(make: Make) -> None:
    shown = text(side_by_side(make({}), make({})), "terminal")
    assert "nothing changed" in shown
    assert "Nothing differs." in shown


@pytest.mark.parametrize("number", [2, 3, 9, 40])
def test_any_number_fits_the_terminal(make: Make, number: int) -> None:
    every = [
        other(make({"training_code": (["present", "absent"][n % 2], "MIT")}), f"acme/G{n}")
        for n in range(number)
    ]
    shown = text(side_by_side(*every), "terminal", width=80)
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert shown.count("Training code") >= number / 8
    assert all(f"acme/G{n}" in shown for n in range(number))


@pytest.mark.parametrize("number", [0, 1, MAX_RELEASES + 1])
def test_too_few_or_too_many_are_refused(make: Make, number: int) -> None:
    with pytest.raises(UsageError):
        compare([state(make({}))] * number, FRAMEWORKS)


def test_json_keeps_its_schema(make: Make) -> None:
    path = files("openassay.reports") / "schema" / "openassay-compare-1.schema.json"
    schema = Draft202012Validator(json.loads(path.read_text("utf-8")))
    old = make({"training_code": ("present", "MIT")})
    cases = (
        side_by_side(old, make({})),
        side_by_side(old, other(make({}), "acme/Silver"), replace(old, components=())),
    )
    for found in cases:
        document = json.loads(text(found, "json"))
        schema.validate(document)
        assert len(document["releases"]) == len(found.columns)
    row = next(r for r in document["components"] if r["id"] == "training_code")
    assert next(iter(row["cells"].values()))["license"] == "MIT"
    assert None in row["cells"].values()


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_text_cannot_act_in_any_format(
    make: Make, name: str, claim: Callable[..., Any]
) -> None:
    bad = make({"training_code": ("present", "MIT")}, claims=(claim(HOSTILE, False),))
    bad = replace(bad, release=HOSTILE)
    shown = text(side_by_side(replace(make({}), release=HOSTILE), bad), name)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    if name == "markdown":
        assert "<img" not in shown
        assert "[a](" not in shown


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_input_gives_the_same_bytes(make: Make, name: str) -> None:
    one, two = make({"training_code": ("present", "MIT")}), make({})
    assert text(side_by_side(one, two), name) == text(side_by_side(one, two), name)


@pytest.mark.parametrize("name", ["terminal", "markdown"])
def test_people_read_chinese(make: Make, name: str) -> None:
    """Names of licences and releases aside, nothing of ours is left in English."""
    old = make({"training_code": ("present", "MIT"), "inference_code": ("present", "MIT")})
    new = make({"training_code": ("absent", None), "inference_code": ("present", "CC-BY-NC-4.0")})
    shown = text(side_by_side(old, new, versions=True), name, lang="zh")
    assert "已关闭，或变差" in shown
    assert "训练代码" in shown
    assert "MIT（开放）" in shown
    if name == "terminal":
        left = re.sub(
            r"MIT|CC-BY-NC-4.0|acme/Gold\S*|(?:dir|git):\S+|[AB]\b|mof-1.0|API", "", shown
        )
        left = left.replace("inference_code.txt", "")
        assert not re.search(r"[A-Za-z]{2,}", left), left


def test_data_is_the_same_in_every_language(make: Make) -> None:
    found = side_by_side(make({}), other(make({}), "acme/Silver"))
    assert text(found, "json") == text(found, "json", lang="zh")


def test_the_terminal_keeps_its_width_in_chinese(make: Make) -> None:
    one = make({"training_code": ("present", "MIT")})
    two = make({"training_code": ("present", "CC-BY-NC-4.0")})
    for columns in (60, 100):
        shown = text(side_by_side(one, two, versions=True), "terminal", width=columns, lang="zh")
        assert [line for line in shown.splitlines() if width(line) > columns] == []
