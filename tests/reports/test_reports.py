"""Formats are found by name, and every one renders the same dossier without deciding anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openassay import reports
from openassay.errors import UsageError
from openassay.reports import Look, Report
from openassay.reports._view import next_steps, terms_in_words, verdict_reason
from openassay.vocabulary import entries


def test_the_formats_are_the_modules() -> None:
    assert {"json", "markdown", "terminal"} <= set(reports.available())
    assert "license" not in reports.available()


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        reports.renderer("../json_v1")
    assert "markdown" in caught.value.hint


@pytest.mark.parametrize("name", reports.available())
def test_every_format_is_a_pure_function(name: str, report: Report) -> None:
    render = reports.renderer(name)
    assert render(report, Look()) == render(report, Look())
    assert render(report, Look()).endswith("\n")


def test_the_vocabulary_begins_with_the_seventeen_that_the_first_screen_shows() -> None:
    ids = [entry.id for entry in entries()]
    assert ids[0] == "datasets"
    assert ids[16] == "sample_outputs"


def test_a_step_that_helps_two_frameworks_comes_first(report: Report) -> None:
    steps = next_steps(report.verdicts, {})
    assert steps[0][1] == ("mof-1.0", "osaid-1.0")
    assert [step[0] for step in steps][1:] == ["Publish the results as text", "Write a data card"]


def test_an_optional_step_moves_nothing_and_is_left_out(report: Report) -> None:
    steps = next_steps(report.verdicts, {"mof-1.0": frozenset(("data_card",))})
    assert "Write a data card" not in [step[0] for step in steps]


def test_the_reason_names_what_stands_in_the_way_by_state(report: Report) -> None:
    assert verdict_reason(report.verdicts[0]) == (
        "for III: no: Model parameters (Final), Data card; unknown: Evaluation results"
    )
    assert verdict_reason(report.verdicts[0], frozenset(("data_card",))) == (
        "for III: no: Model parameters (Final); unknown: Evaluation results"
    )


def test_an_undecided_verdict_says_first_what_is_unknown(report: Report) -> None:
    undecided = replace(report.verdicts[0], ceiling="III")
    assert verdict_reason(undecided).startswith("for III: unknown: Evaluation results; no:")


def test_the_state_is_the_word_that_the_reason_begins_with(report: Report) -> None:
    rule = report.verdicts[1].results[0]
    missing = replace(rule, because=("Missing: nothing that was read holds it.",))
    verdict = replace(report.verdicts[1], results=(missing,))
    assert verdict_reason(verdict) == "missing: Model parameters (Final)"
    counted = replace(rule, because=("Training code: MIT is open; weights: not open",))
    verdict = replace(report.verdicts[1], results=(counted,))
    assert verdict_reason(verdict) == "no: Model parameters (Final)"


def test_a_score_has_no_rungs(report: Report) -> None:
    higher = replace(report.verdicts[0].results[3], group="Access")
    results = (*report.verdicts[0].results[:2], higher)
    score = replace(report.verdicts[0], results=results, floor="4.5", ceiling="4.5")
    assert verdict_reason(score) == "no: Model parameters (Final), Data card"


def test_a_ladder_names_the_next_rung_only(report: Report) -> None:
    higher = replace(report.verdicts[0].results[3], group="II", title="Training code")
    results = (*report.verdicts[0].results[:2], higher)
    reason = verdict_reason(replace(report.verdicts[0], results=results))
    assert reason == "for III: no: Model parameters (Final)"


@pytest.mark.parametrize(
    ("terms", "group", "text"),
    [
        ({"commercial_use": "yes"}, "grants", "commercial use"),
        ({"commercial_use": "no"}, "limits", "no commercial use"),
        ({"geographic_limit": "EU"}, "limits", "not for everyone everywhere: EU"),
        ({"attribution_naming": "yes"}, "conditions", "named attribution"),
    ],
)
def test_terms_in_words(terms: dict[str, str], group: str, text: str) -> None:
    assert [(term.group, term.text) for term in terms_in_words(terms)] == [(group, text)]


@pytest.mark.parametrize("silent", ["no", "", "unknown"])
def test_a_limit_that_is_not_there_makes_no_line(silent: str) -> None:
    names = ("user_threshold", "geographic_limit", "share_alike", "field_of_use_restrictions")
    assert terms_in_words(dict.fromkeys(names, silent)) == ()


@pytest.mark.parametrize("because", [(), ("",), (": x",), ("no colon here",), ("x" * 99 + ": y",)])
def test_a_reason_without_a_state_is_called_by_its_answer(
    report: Report, because: tuple[str, ...]
) -> None:
    rule = replace(report.verdicts[1].results[0], because=because)
    verdict = replace(report.verdicts[1], results=(rule,))
    assert verdict_reason(verdict) == "no: Model parameters (Final)"
