"""Frameworks that answer differently about one component, in every report."""

from __future__ import annotations

import json

from openassay.reports import Look, Report, renderer
from openassay.reports._disagreements import Disagreement, disagreements, sides, subject
from openassay.types import (
    Answer,
    Component,
    Digest,
    Dossier,
    Evidence,
    Found,
    Result,
    Span,
    Status,
    Unit,
    Verdict,
)

PLACE = Evidence("dir:m", "w.bin", Span(Unit.WHOLE), "header", Digest("sha256", "0"))
HOSTILE = "Open: \x1b[2J\u202e<img src=x> [a](javascript:1) | `x`"
WEIGHTS = Component(
    id="model_parameters_final",
    status=Status.PRESENT,
    because=(Found(evidence=(PLACE,), component="model_parameters_final"),),
    license="CC-BY-4.0",
)
CARD = Component(id="model_card", status=Status.PRESENT)
DOSSIER = Dossier(schema="s", release="m", sources=(), components=(WEIGHTS, CARD))


def said(
    about: str | tuple[str, ...], answer: Answer, because: str = "Open: released.", rule: str = "r"
) -> Result:
    parts = (about,) if isinstance(about, str) else about
    return Result(criterion=rule, title="R", answer=answer, because=(because,), about=parts)


def verdict(framework: str, *results: Result) -> Verdict:
    return Verdict(
        framework=framework, title=framework.upper(), mode="strict", floor="x", ceiling="x",
        answer="x", results=results,
    )  # fmt: skip


def found(*verdicts: Verdict) -> tuple[Disagreement, ...]:
    return disagreements(verdicts, DOSSIER)


def test_yes_and_no_about_one_component_are_a_sharp_disagreement() -> None:
    item = found(
        verdict("a", said("model_parameters_final", Answer.NO, "Not open: under CC-BY-4.0.")),
        verdict("b", said("model_parameters_final", Answer.YES)),
    )[0]
    assert item.is_sharp
    assert subject(item) == "Model parameters (Final) (present, CC-BY-4.0)"
    assert sides(item) == (("yes", "b"), ("no", "a"))
    assert [opinion.because for opinion in item.opinions] == [
        "Open: released.",
        "Not open: under CC-BY-4.0.",
    ]
    assert item.evidence == (PLACE,)


def test_agreement_and_what_is_not_known_are_none() -> None:
    weights = "model_parameters_final"
    assert not found(
        verdict("a", said(weights, Answer.YES)), verdict("b", said(weights, Answer.YES))
    )
    assert not found(
        verdict("a", said(weights, Answer.YES)), verdict("b", said(weights, Answer.UNKNOWN))
    )
    assert not found(verdict("a", said(weights, Answer.YES), said("model_card", Answer.NO)))


def test_rules_that_rest_on_several_components_are_not_about_one_fact() -> None:
    both = ("model_parameters_final", "model_card")
    assert not found(verdict("a", said(both, Answer.NO)), verdict("b", said(both[0], Answer.YES)))


def test_of_several_rules_of_one_framework_the_weakest_is_its_opinion() -> None:
    weights = "model_parameters_final"
    item = found(
        verdict(
            "a", said(weights, Answer.YES, rule="there"), said(weights, Answer.NO, rule="terms")
        ),
        verdict("b", said(weights, Answer.YES)),
    )[0]
    assert [(one.framework, one.criterion) for one in item.opinions] == [("b", "r"), ("a", "terms")]


def test_the_sharp_ones_come_first_then_the_order_of_the_components() -> None:
    first, second = found(
        verdict("a", said("model_parameters_final", Answer.YES), said("model_card", Answer.YES)),
        verdict("b", said("model_parameters_final", Answer.PARTLY), said("model_card", Answer.NO)),
    )
    assert (first.component, second.component) == ("model_card", "model_parameters_final")
    assert not second.is_sharp


def test_every_report_shows_them_and_none_obeys_the_text() -> None:
    report = Report(
        dossier=DOSSIER,
        verdicts=(
            verdict("a", said("model_parameters_final", Answer.YES, HOSTILE)),
            verdict("b", said("model_parameters_final", Answer.NO, "Not open.")),
        ),
    )
    screen = renderer("terminal")(report, Look())
    assert "Frameworks disagree" in screen
    assert "Model parameters (Final) (present, CC-BY-4.0): yes: a; no: b" in screen
    assert "Not open." not in screen.partition("Frameworks disagree")[2]
    more = renderer("terminal")(report, Look(detail=1))
    assert "b: Not open." in more
    assert "\x1b[2J" not in more
    text = renderer("markdown")(report, Look())
    assert "## Where frameworks disagree" in text
    assert "no, b/r: Not open." in text
    assert "<img" not in text
    page = renderer("html")(report, Look())
    assert 'href="#disagreements"' in page
    assert "<code>b/r</code> – Not open." in page
    assert "<img src=x>" not in page
    told = renderer("terminal")(report, Look(lang="zh"))
    assert "模型参数（最终）（完整、CC-BY-4.0）：是：a；否：b" in told
    data = json.loads(renderer("json")(report, Look()))
    assert data["disagreements"] == [
        {
            "component": "model_parameters_final",
            "status": "present",
            "license": "CC-BY-4.0",
            "sharp": True,
            "opinions": [
                {"framework": "a", "criterion": "r", "answer": "yes", "because": HOSTILE},
                {"framework": "b", "criterion": "r", "answer": "no", "because": "Not open."},
            ],
        }
    ]


def test_the_first_screen_has_the_sharp_ones_only() -> None:
    report = Report(
        dossier=DOSSIER,
        verdicts=(
            verdict("a", said("model_parameters_final", Answer.YES)),
            verdict("b", said("model_parameters_final", Answer.PARTLY)),
        ),
    )
    assert "Frameworks disagree" not in renderer("terminal")(report, Look())
    assert "Frameworks disagree" in renderer("terminal")(report, Look(detail=1))
