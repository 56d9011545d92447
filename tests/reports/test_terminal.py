"""The screen: fits, aligns, names everything once, and nothing audited can act on the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.reports import Look, Report, terminal
from openassay.reports._cells import cut, pad, width, wrap
from openassay.types import Component, Dossier, Outcome, Status, Visited

GOLDENS = Path(__file__).parent / "goldens"
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("gold", Look()),
        ("gold-ascii-80", Look(width=80, unicode=False)),
        ("gold-v", Look(detail=1)),
        ("gold-vv-colour", Look(detail=2, colour=True)),
    ],
)
def test_golden(name: str, look: Look, report: Report, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / f"{name}.txt", terminal.render(report, look))


def test_a_judgement_rule_by_rule(report: Report, golden: Callable[[Path, str], None]) -> None:
    text = terminal.render_verdicts("acme/Gold-7B", report.verdicts, Look(detail=1))
    golden(GOLDENS / "gold-judge.txt", text)


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_the_first_screen_fits(report: Report, columns: int) -> None:
    lines = terminal.render(report, Look(width=columns)).split("\n")
    assert max(width(line) for line in lines) <= columns
    assert len(lines) <= 45


def test_a_full_release_still_fits_on_a_screen(report: Report) -> None:
    """Everything present, many claims, contradictions and gaps: the long lists are cut."""
    dossier = report.dossier
    full = replace(
        dossier,
        components=tuple(replace(c, status=Status.PRESENT) for c in dossier.components),
        claims=dossier.claims[:1] * 20,
        contradictions=dossier.contradictions * 20,
        gaps=dossier.gaps * 500,
    )
    lines = terminal.render(replace(report, dossier=full), Look()).split("\n")
    assert len(lines) <= 50  # five of them only where weights were compared
    assert any("18 more with -v" in line for line in lines)


def test_links_that_were_opened_are_shown_where_they_do_not_lead_on(report: Report) -> None:
    """What is there needs no line of the first screen; what is gone does, and -v shows all."""
    place = report.dossier.facts[0].evidence[0]

    def visit(url: str, outcome: Outcome) -> Visited:
        return Visited(
            evidence=(place,), component="datasets", url=url, outcome=outcome, detail=f"{url}: so."
        )

    opened = [visit(f"https://example.org/gone{n}", Outcome.MISSING) for n in range(9)]
    opened.append(visit("https://example.org/there", Outcome.REACHED))
    with_links = replace(report.dossier, facts=(*report.dossier.facts, *opened))
    text = terminal.render(replace(report, dossier=with_links), Look())
    assert "Links opened: 10" in text
    assert "✘ https://example.org/gone0: so." in text
    assert "example.org/gone8" not in text
    assert "example.org/there" not in text
    full = terminal.render(replace(report, dossier=with_links), Look(detail=1))
    assert "✔ https://example.org/there: so." in full
    assert "✘ https://example.org/gone8: so." in full
    assert "Links opened" not in terminal.render(report, Look())


@pytest.mark.parametrize("detail", [0, 1, 2])
def test_nothing_audited_reaches_the_terminal_raw(report: Report, detail: int) -> None:
    text = terminal.render(report, Look(detail=detail))
    assert not UNSAFE.search(text)
    assert "\\x1b[2J" in text  # spelled out, not dropped


def test_colour_is_only_ours(report: Report) -> None:
    text = terminal.render(report, Look(colour=True, detail=2))
    codes = set(re.findall("\x1b(.[^m]{0,3}m?)", text))
    assert codes == {"[0m", "[1m", "[2m", "[31m", "[32m", "[33m"}


def test_without_signs_only_the_quotes_need_more_than_ascii(report: Report) -> None:
    quoted = re.sub(r"\".*|.*权.*", "", terminal.render(report, Look(unicode=False)))
    assert re.sub("[“”]", "", quoted).isascii()


def test_every_component_is_named_once_on_the_first_screen(report: Report) -> None:
    text = terminal.render(report, Look()).replace("\n          ", " ")
    table = text.split("✔ present")[1].split("Claims that")[0]
    for title in ("Datasets", "Data card", "Training code", "Evaluation results", "Package"):
        assert table.count(f" {title}") == 1


def test_a_release_with_nothing_in_it_still_reports() -> None:
    empty = Dossier(schema="openassay-dossier/1", release="void", sources=())
    assert terminal.render(Report(dossier=empty), Look()).startswith("void")


@given(st.text(max_size=60), st.integers(1, 40))
def test_cutting_and_padding_keep_to_their_columns(text: str, room: int) -> None:
    assert width(cut(text, room)) <= room
    assert width(pad(text, room)) == room


@given(st.text(alphabet="ab 中文長", max_size=80), st.integers(4, 30))
def test_wrapping_loses_no_character_and_keeps_the_width(text: str, room: int) -> None:
    lines = wrap(text, room)
    assert all(width(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_wide_character_takes_two_columns() -> None:
    assert width("黄金a") == 5
    assert pad("黄金", 5) == "黄金 "
    assert cut("黄金模型", 5) == "黄金…"


@given(st.text())
def test_any_text_anywhere_is_neutralised(text: str) -> None:
    component = Component(id=text, status=Status.PRESENT, license=text, notes=(text,))
    dossier = Dossier(schema="", release=text, sources=(), components=(component,), read_by=text)
    assert not UNSAFE.search(terminal.render(Report(dossier=dossier), Look()))


@pytest.mark.parametrize("detail", [0, 2])
def test_golden_in_chinese(
    report: Report, golden: Callable[[Path, str], None], detail: int
) -> None:
    name = f"gold-zh{'-' if detail else ''}{'v' * detail}.txt"
    golden(GOLDENS / name, terminal.render(report, Look(detail=detail, lang="zh")))
