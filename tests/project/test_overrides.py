"""Overrides stand beside the findings: applied to a copy, cited, and never silently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from openassay import frameworks, overrides
from openassay.judge import judge
from openassay.read import read
from openassay.sources import open_targets
from openassay.types import Digest, Dossier, Evidence, Override, Span, Status, Unit

Make = Callable[..., Dossier]
PLACE = Evidence(
    "review", "openassay.toml", Span(Unit.LINE, 8, 8), "component", Digest("sha256", "0")
)


def override(subject: str, target: str, **more: Any) -> Override:
    return Override(
        subject=subject,
        target=target,
        by="Jane Doe",
        on="2026-03-01",
        reason="Looked at it.",
        evidence=("https://example.org",),
        place=PLACE,
        **more,
    )


def test_the_findings_stay_as_they_are(make: Make) -> None:
    found = make({"training_code": ("partial", "MIT")})
    before = found.component("training_code")
    again, _ = overrides.apply(
        found, [override("component", "training_code", status=Status.PRESENT)]
    )
    assert found.component("training_code") == before
    assert again.component("training_code").status is Status.PRESENT
    assert set(before.because) < set(again.component("training_code").because)


def test_an_override_is_the_evidence_of_what_it_changes(make: Make) -> None:
    wanted = override("component", "training_code", status=Status.PRESENT, license="MIT")
    again, (done,) = overrides.apply(make({}), [wanted])
    part = again.component("training_code")
    assert (done.found, done.said, done.applied) == ("absent", "present, MIT", True)
    assert (part.license, part.license_open) == ("MIT", True)
    verdict = judge(frameworks.load("mof-1.0"), again)
    result = next(r for r in verdict.results if r.criterion == "training_code")
    assert result.answer == "yes"
    assert result.evidence == (PLACE,)
    assert "Jane Doe" in " ".join(result.because)


def test_a_licence_is_open_by_its_id_or_the_name_reports_show(make: Make) -> None:
    parts = {"model_parameters_final": ("linked", None)}
    name = "LicenseRef-Llama-3.1-Community"
    wanted = override("component", "model_parameters_final", license=name)
    again, (done,) = overrides.apply(make(parts), [wanted])
    assert done.found == "linked, no licence"
    assert again.component("model_parameters_final").license_open is False


def test_what_is_said_to_be_absent_has_no_licence(make: Make) -> None:
    wanted = override("component", "datasets", status=Status.ABSENT)
    again, _ = overrides.apply(make({"datasets": ("present", "MIT")}), [wanted])
    part = again.component("datasets")
    assert (part.status, part.license, part.licenses) == (Status.ABSENT, None, ())


@pytest.mark.parametrize(
    ("was", "applied"), [("partial", True), ("partial, MIT", True), ("absent", False)]
)
def test_a_review_of_another_finding_is_out_of_date(make: Make, was: str, applied: bool) -> None:
    wanted = override("component", "training_code", status=Status.PRESENT, found=was)
    again, (done,) = overrides.apply(make({"training_code": ("partial", "MIT")}), [wanted])
    assert done.applied is applied
    assert ("out of date" in done.note) is not applied
    assert again.component("training_code").status == ("present" if applied else "partial")


def test_an_override_that_says_what_is_found_is_told_to_be_needless(make: Make) -> None:
    wanted = override("component", "training_code", status=Status.PRESENT)
    _, (done,) = overrides.apply(make({"training_code": ("present", None)}), [wanted])
    assert not done.applied
    assert "no longer needed" in done.note


def test_overrides_of_another_release_are_not_applied(make: Make) -> None:
    wanted = override("component", "training_code", status=Status.PRESENT)
    found = make({})
    again, (done,) = overrides.apply(found, [wanted], release="acme/Silver")
    assert again == found
    assert "acme/Silver" in done.note
    assert overrides.apply(found, [wanted], release="acme/Gold")[1][0].applied


def test_a_claim_can_be_reviewed(make: Make, claim: Callable[..., Any]) -> None:
    found = make({}, claims=(claim("Gold is  open", False), claim("another", None)))
    again, (done, missing) = overrides.apply(
        found,
        [override("claim", "Gold is open", holds=True), override("claim", "no such", holds=True)],
    )
    assert [c.holds for c in again.claims] == [True, None]
    assert (done.found, done.said) == ("does not hold", "holds")
    assert (missing.applied, missing.note) == (False, "the release makes no such claim")


def test_a_contradiction_can_be_set_aside(make: Make, contradiction: Callable[[str], Any]) -> None:
    found = make({}, contradictions=(contradiction("A is B"), contradiction("C is D")))
    again, (done, missing) = overrides.apply(
        found, [override("contradiction", "A is B"), override("contradiction", "none")]
    )
    assert [item.text for item in again.contradictions] == ["C is D"]
    assert (done.applied, missing.applied) == (True, False)


def test_claims_are_weighed_again_by_a_reviewed_licence(tmp_path: Any) -> None:
    """A claim that rests on the weights' licence follows what the reviewer says of it."""
    (tmp_path / "README.md").write_text(
        "# Gold-7B\n\nGold-7B is a fully open source large language model.\n\n"
        "Weights: https://huggingface.co/acme/Gold-7B\n",
        "utf-8",
    )
    found = read(open_targets([str(tmp_path)]))
    assert found.claims
    wanted = override(
        "component", "model_parameters_final", license="CC-BY-NC-4.0", status=Status.PRESENT
    )
    again, _ = overrides.apply(found, [wanted])
    assert len(again.claims) == len(found.claims)
    assert any("CC-BY-NC-4.0" in " ".join(claim.because) for claim in again.claims)


def test_a_component_that_was_not_looked_for_is_left_alone(make: Make) -> None:
    bare = replace(make({}), components=())
    wanted = override("component", "datasets", status=Status.PRESENT)
    again, (done,) = overrides.apply(bare, [wanted])
    assert (again, done.applied) == (bare, False)
