"""SARIF: which findings there are, where they stand, and that they can be told apart later."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openassay.reports import Look, Report, sarif
from openassay.reports._findings import RULES, findings
from openassay.types import Claim, Contradiction, Evidence, Span, Status, Unit

DOCS = Path(__file__).parents[2] / "docs" / "exports.md"


def run(report: Report) -> dict[str, Any]:
    (found,) = json.loads(sarif.render(report, Look()))["runs"]
    assert isinstance(found, dict)
    return found


def results(report: Report, rule: str) -> list[dict[str, Any]]:
    return [result for result in run(report)["results"] if result["ruleId"] == rule]


def test_every_kind_of_finding_of_the_fixture(report: Report) -> None:
    counted = {rule.id: len(results(report, rule.id)) for rule in RULES}
    assert counted == {
        "missing-component": 11,  # of the seventeen; a finer one that nobody asks for is none
        "partial-component": 1,
        "unlicensed-component": 1,
        "restricted-license": 1,
        "unclear-license": 0,
        "contradicting-statements": 0,  # it is the false claim's, and told there
        "false-claim": 1,
    }


def test_a_false_claim_stands_at_its_line_with_what_speaks_against_it(report: Report) -> None:
    (found,) = results(report, "false-claim")
    physical = found["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "README.md", "uriBaseId": "%SRCROOT%"}
    assert (physical["region"]["startLine"], physical["region"]["endLine"]) == (3, 3)
    assert found["level"] == "error"
    assert "no training data" in found["message"]["text"]
    against = found["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert against == "MODEL_LICENSE"


def test_a_contradiction_of_its_own_is_a_finding(report: Report) -> None:
    place = report.dossier.contradictions[0].evidence
    other = Contradiction(id="licenses_disagree", text="two licences", evidence=place)
    both = replace(report.dossier, contradictions=(*report.dossier.contradictions, other))
    (found,) = results(replace(report, dossier=both), "contradicting-statements")
    assert found["properties"]["about"] == "licenses_disagree"


def test_a_claim_that_holds_or_cannot_be_told_is_no_finding(report: Report) -> None:
    claims = tuple(c for c in report.dossier.claims if c.holds is not False)
    assert len(claims) == 2
    fine = replace(report.dossier, claims=claims, contradictions=())
    assert results(replace(report, dossier=fine), "false-claim") == []


def test_a_component_that_was_not_read_is_not_called_missing(report: Report) -> None:
    unknown = [c.id for c in report.dossier.components if c.status is Status.UNKNOWN]
    assert unknown == ["evaluation_results"]
    about = {result["properties"]["about"] for result in run(report)["results"]}
    assert "evaluation_results" not in about
    texts = [
        n["message"]["text"] for n in run(report)["invocations"][0]["toolExecutionNotifications"]
    ]
    assert "not read: eval/results.pkl (a pickle is not opened)" in texts


def missing(report: Report) -> dict[str, dict[str, Any]]:
    return {r["properties"]["about"]: r for r in results(report, "missing-component")}


def test_what_a_framework_asks_for_is_a_warning_and_the_rest_a_note(report: Report) -> None:
    card = missing(report)["data_card"]
    assert card["level"] == "warning"
    assert card["message"]["text"] == (
        "Data card: not found. It is asked for by mof-1.0. Write a data card."
    )
    assert missing(report)["inference_code"]["level"] == "note"
    free = replace(report, optional={"mof-1.0": frozenset(("data_card",))})
    assert missing(free)["data_card"]["level"] == "note"


def test_what_is_missing_by_the_releases_own_words_stands_there(report: Report) -> None:
    found = missing(report)["datasets"]
    assert found["message"]["text"] == "Datasets: not found (README.md:70 announced, not there)."
    assert found["locations"][0]["physicalLocation"]["region"]["startLine"] == 70
    other = missing(report)["inference_code"]["locations"][0]["physicalLocation"]
    assert other["artifactLocation"]["uri"] == "README.md", "else at the card"


def test_one_finding_per_licence_names_all_it_governs(report: Report) -> None:
    closed = report.dossier.component("model_parameters_final")
    parts = tuple(
        replace(part, license=closed.license, license_open=False, licenses=closed.licenses)
        if part.id == "training_code"
        else part
        for part in report.dossier.components
    )
    (found,) = results(replace(report, dossier=replace(report.dossier, components=parts)),
                       "restricted-license")  # fmt: skip
    assert "Model parameters (Final), Training code" in found["message"]["text"]
    place = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "MODEL_LICENSE"


def test_fingerprints_outlive_an_edit_above_and_a_new_commit(report: Report) -> None:
    def later(item: Evidence) -> Evidence:
        span = Span(Unit.LINE, 99, 99)
        return Evidence("git:x@ffff", item.path, span, item.quote, item.digest, item.link)

    claims = tuple(replace(c, evidence=later(c.evidence)) for c in report.dossier.claims)
    moved = replace(report, dossier=replace(report.dossier, claims=claims, contradictions=()))
    marks = [results(r, "false-claim")[0]["partialFingerprints"] for r in (report, moved)]
    assert marks[0] == marks[1]


def test_fingerprints_tell_twins_apart(report: Report) -> None:
    """The same words twice in one file are two findings."""
    claim = next(c for c in report.dossier.claims if c.holds is False)
    twin = replace(claim, evidence=replace(claim.evidence, span=Span(Unit.LINE, 9, 9)))
    claims: tuple[Claim, ...] = (*report.dossier.claims, twin)
    both = replace(report, dossier=replace(report.dossier, claims=claims))
    marks = [r["partialFingerprints"][sarif.FINGERPRINT] for r in run(both)["results"]]
    assert len(set(marks)) == len(marks)


def test_a_missing_component_of_an_empty_release_has_a_place(report: Report) -> None:
    """Views drop results without one; the card is where people would look."""
    parts = tuple(replace(p, because=()) for p in report.dossier.components)
    bare = replace(report, dossier=replace(report.dossier, components=parts, facts=()))
    found = missing(bare)["data_card"]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "README.md"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("[a](https://x)", "[a] (https://x)"), ("a\n\x1b[2J", "a \\x1b[2J"), ("plain", "plain")],
)
def test_a_message_is_plain_text(text: str, shown: str) -> None:
    """SARIF messages know links of the form ``[text](target)`` (3.11.6)."""
    assert sarif.plain(text) == shown


def test_outside_evidence_is_not_relative_to_the_root(report: Report) -> None:
    outside = Evidence(
        "hf:x@1", "a.md", Span(Unit.WHOLE), "", report.dossier.claims[0].evidence.digest
    )
    claims = (replace(report.dossier.claims[0], evidence=outside),)
    (found,) = results(
        replace(report, dossier=replace(report.dossier, claims=claims)), "false-claim"
    )
    artifact = found["locations"][0]["physicalLocation"]["artifactLocation"]
    assert "uriBaseId" not in artifact
    assert "hf:x@1" in artifact["description"]["text"]


def test_rules_are_stable_complete_and_documented() -> None:
    said = DOCS.read_text("utf-8")
    for rule in RULES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.id)
        assert rule.full.endswith(".")
        assert f"`{rule.id}`" in said


def test_every_finding_is_of_a_known_rule(report: Report) -> None:
    assert {f.rule for f in findings(report)} <= {rule.id for rule in RULES}
