"""Badges: the verdict's own words, a colour that follows from it, and an SVG of its own."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.reports import Look, Report, badge, badge_json
from openassay.reports._badge import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    LABEL_COLOUR,
    OLIVE,
    RED,
    badges,
    short_name,
)
from openassay.types import Answer, Verdict

SVG = "{http://www.w3.org/2000/svg}"


def ladder(floor: str, *shares: float, ceiling: str = "") -> Verdict:
    progress = dict(zip(("III", "II", "I"), shares, strict=True))
    ceiling = ceiling or floor
    answer = floor if floor == ceiling else f"undecided: {floor} to {ceiling}"
    return Verdict(framework="mof-1.0", title="Model Openness Framework 1.0", mode="strict",
                   floor=floor, ceiling=ceiling, answer=answer, progress=progress)  # fmt: skip


def shown(report: Report, verdict: Verdict) -> tuple[str, str]:
    (one,) = badges(replace(report, verdicts=(verdict,)))
    return one.message, one.colour


@pytest.mark.parametrize(
    ("verdict", "message", "colour"),
    [
        (ladder("none", 0.0, 0.0, 0.0), "none", RED),
        (ladder("none", 83.3, 0.0, 0.0), "none (III 83 %)", RED),
        (ladder("III", 100.0, 60.0, 0.0), "III (II 60 %)", AMBER),
        (ladder("II", 100.0, 100.0, 99.9), "II", OLIVE),  # 100 % would read as reached
        (ladder("I", 100.0, 100.0, 100.0), "I", GREEN),
        (ladder("none", 50.0, 0.0, 0.0, ceiling="II"), "undecided: none to II", GREY),
    ],
)
def test_a_ladder(report: Report, verdict: Verdict, message: str, colour: str) -> None:
    assert shown(report, verdict) == (message, colour)


def test_a_score_is_neither_good_nor_bad(report: Report) -> None:
    """Its percentages are of areas, not of rungs, and no number is a threshold."""
    for number in ("5.5", "0", "0.9583", "88.89", "7 of 15", "12/18"):
        for shares in ((100.0, 0.0, 0.0), (0.0, 0.0, 0.0), (50.0, 100.0, 20.0)):
            assert shown(report, ladder(number, *shares)) == (number, BLUE)


def test_a_rung_may_be_called_by_a_number(report: Report) -> None:
    numbered = replace(ladder("1", 0.0, 0.0, 0.0), progress={"1": 100.0, "2": 40.0})
    assert shown(report, numbered) == ("1 (2 40 %)", AMBER)


def test_a_definition_is_red_when_anything_required_is_missing(report: Report) -> None:
    fails = report.verdicts[1]
    assert shown(report, fails) == ("fails", RED)
    met = tuple(replace(result, answer=Answer.YES) for result in fails.results)
    may = replace(fails, floor="may pass", ceiling="may pass", answer="may pass", results=met)
    assert shown(report, may) == ("may pass", GREEN)


def test_what_is_optional_colours_nothing(report: Report) -> None:
    fails = report.verdicts[1]
    free = replace(
        report, verdicts=(fails,), optional={"osaid-1.0": frozenset(("model_parameters_final",))}
    )
    assert badges(free)[0].colour == GREEN


@pytest.mark.parametrize(
    ("framework", "name"),
    [("mof-1.0", "MOF 1.0"), ("osaid-0.0.9", "OSAID 0.0.9"), ("dl-table", "DL table"),
     ("eu-ai-act", "EU AI ACT"),
     ("openness-x", "openness X"), ("x", "X"), ("", "")],
)  # fmt: skip
def test_short_names(framework: str, name: str) -> None:
    assert short_name(framework) == name


def test_an_endpoint_of_one_framework(report: Report) -> None:
    """The keys that shields.io asks for, and no other."""
    one = json.loads(badge_json.render(replace(report, verdicts=report.verdicts[1:]), Look()))
    assert one == {
        "schemaVersion": 1, "label": "OSAID 1.0", "message": "fails", "color": RED,
        "labelColor": LABEL_COLOUR,
    }  # fmt: skip


def test_an_endpoint_of_several_names_each(report: Report) -> None:
    several = json.loads(badge_json.render(report, Look()))
    assert several["message"] == "MOF 1.0: none (III 25 %) · OSAID 1.0: fails"
    none = json.loads(badge_json.render(replace(report, verdicts=()), Look()))
    assert (none["message"], none["color"]) == ("not judged", GREY)


def test_one_row_per_framework_with_a_title(report: Report) -> None:
    svg = ElementTree.fromstring(badge.render(report, Look()))
    assert len(svg.findall(f"{SVG}g")) == 2
    assert svg.get("role") == "img"
    title = svg.findtext(f"{SVG}title")
    assert title == svg.get("aria-label")
    assert title is not None
    assert title.startswith("acme/Gold-7B: Model Openness Framework 1.0: none")


def test_the_svg_fetches_nothing_and_runs_nothing(report: Report) -> None:
    text = badge.render(report, Look())
    assert set(re.findall(r"https?://[^\"]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(
        r"<(?:script|style|image|use|foreignObject|a)\b|\bhref|\bon\w+=|url\(", text
    )
    assert " id=" not in text, "two badges may stand in one page"


def test_text_stays_inside_its_half(report: Report) -> None:
    """A text and its padding are as wide as its half, whatever font a reader has."""
    for row in ElementTree.fromstring(badge.render(report, Look())).findall(f"{SVG}g"):
        whole = int(row.findall(f"{SVG}rect")[0].get("width", ""))
        texts = row.findall(f"{SVG}g/{SVG}text")
        ends = [int(t.get("x", "")) + int(t.get("textLength", "")) + 6 for t in texts]
        assert ends[0] + 6 == int(texts[1].get("x", ""))
        assert ends[1] == whole


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("m", 10.67), ("MOF 1.0", 45.65), ("中文", 22), ("e\u0301", 6.82), ("iiii", 12.32)],
)
def test_widths_are_those_of_the_font(text: str, width: float) -> None:
    """Hundredths of DejaVu Sans's own advances: m 97, i 28; a wide character is a square."""
    assert badge.text_width(text) == pytest.approx(width)


@pytest.mark.parametrize("colour", [GREEN, OLIVE, AMBER, RED, BLUE, GREY, LABEL_COLOUR])
def test_white_text_is_legible(colour: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5:1 at least."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) >= 4.5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=st.text(max_size=200), framework=st.text(max_size=30))
def test_any_words_make_well_formed_xml(report: Report, answer: str, framework: str) -> None:
    verdict = replace(ladder("none", 0.0, 0.0, 0.0), answer=answer, framework=framework)
    text = badge.render(replace(report, verdicts=(verdict,)), Look())
    svg = ElementTree.fromstring(text)
    assert float(svg.get("width", "")) < 2000
