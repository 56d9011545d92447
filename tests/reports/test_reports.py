"""Formats are found by name, and every one renders the same dossier without deciding anything."""

from __future__ import annotations

import pytest

from openassay import reports
from openassay.errors import UsageError
from openassay.reports import Look, Report
from openassay.reports._view import next_steps, terms_in_words, verdict_reason, vocabulary


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


def test_the_vocabulary_begins_with_the_frameworks_own_seventeen() -> None:
    ids = list(vocabulary())
    assert ids[0] == "datasets"
    assert ids[16] == "sample_outputs"


def test_a_step_that_helps_two_frameworks_comes_first(report: Report) -> None:
    steps = next_steps(report.verdicts)
    assert steps[0][1] == ("mof-1.0", "osaid-1.0")
    assert [step[0] for step in steps][1:] == ["Publish the results as text", "Write a data card"]


def test_the_reason_is_the_first_no_not_the_first_row(report: Report) -> None:
    assert verdict_reason(report.verdicts[0]) == (
        "Model parameters (Final): LicenseRef-gold is not an open licence (+1 more)"
    )


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
