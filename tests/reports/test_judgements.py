"""What a person must judge, and what was only estimated, in the reports."""

from __future__ import annotations

from dataclasses import replace

from openassay.reports import Look, Report, renderer
from openassay.reports._view import estimates, points, questions, verdict_reason
from openassay.types import Answer, Digest, Dossier, Evidence, Result, Span, Unit, Verdict
from openassay.words import speaker

PLACE = Evidence("dir:m", "README.md", Span(Unit.LINE, 7, 7), "7B", Digest("sha256", "0"))
ESTIMATE = "Estimate: 6 × 7B parameters × 2T tokens = 8.4e+22 FLOP, not above 1e25 FLOP."


def result(criterion: str, answer: Answer, *because: str, evidence: bool = False) -> Result:
    return Result(
        criterion=criterion,
        title=criterion.capitalize(),
        answer=answer,
        because=because,
        evidence=(PLACE,) if evidence else (),
    )


def verdict(*results: Result, floor: str = "may pass") -> Verdict:
    return Verdict(
        framework="act", title="The Act", mode="strict", floor=floor, ceiling=floor,
        answer=floor, results=results,
    )  # fmt: skip


FOUND = verdict(
    result("risk", Answer.YES, ESTIMATE, "Estimate: It is large.", evidence=True),
    result("price", Answer.PARTLY, "To judge: Is it free of charge?"),
    result("card", Answer.YES, "Released: model card.", "To judge: Is it whole?"),
    result("extra", Answer.YES, "To judge: Is it nice?"),
)
REPORT = Report(
    dossier=Dossier(schema="s", release="m", sources=()),
    verdicts=(FOUND,),
    optional={"act": frozenset(["extra"])},
)


def test_questions_are_those_of_required_criteria() -> None:
    assert questions(FOUND, frozenset(["extra"])) == (
        ("Price", "Is it free of charge?"),
        ("Card", "Is it whole?"),
    )


def test_estimates_come_with_their_caveats_and_places() -> None:
    said = f"{ESTIMATE.removeprefix('Estimate: ')} It is large."
    assert estimates(FOUND) == (("Risk", said, (PLACE,)),)
    unclear = verdict(result("risk", Answer.PARTLY, f"To judge: {ESTIMATE}"))
    assert estimates(unclear)[0][1] == ESTIMATE.removeprefix("Estimate: ")
    assert questions(unclear) == ()


def test_the_line_of_a_verdict_names_what_is_to_be_judged() -> None:
    assert verdict_reason(FOUND, REPORT.optional["act"]) == "to judge: Price"
    met = verdict(result("card", Answer.YES, "Released.", "To judge: Is it whole?"))
    assert verdict_reason(met) == "every required criterion is met; to judge: Card"
    assert verdict_reason(verdict(result("card", Answer.YES, "Released."))) == (
        "every required criterion is met"
    )


def test_what_fails_stands_before_what_is_to_be_judged() -> None:
    failing = verdict(
        result("price", Answer.PARTLY, "To judge: Is it free?"),
        result("terms", Answer.NO, "Not open: under X."),
        floor="fails",
    )
    assert verdict_reason(failing) == "not open: Terms; to judge: Price"


def test_what_was_read_but_leaves_it_open_is_to_be_judged_and_not_unknown() -> None:
    open_ = result("card", Answer.UNKNOWN, "Released: model card.", "To judge: Is it whole?")
    unread = result("data", Answer.UNKNOWN, "Unknown: x was not read.", "To judge: Is it all?")
    assert verdict_reason(verdict(open_, unread, floor="0")) == "to judge: Card; unknown: Data"


def test_points_are_written_as_a_range() -> None:
    one = Result(criterion="x", title="X", answer=Answer.UNKNOWN, points=(1, 3, 3))
    assert points(one) == "1 to 3 of 3. "
    assert (
        points(Result(criterion="x", title="X", answer=Answer.NO, points=(0, 0, 3))) == "0 of 3. "
    )
    assert points(Result(criterion="x", title="X", answer=Answer.NO)) == ""


def test_the_screen_asks_with_v_and_the_document_always() -> None:
    short = renderer("terminal")(REPORT, Look())
    assert "The Act: may pass — to judge: Price" in short
    assert "Is it free of charge?" not in short
    full = renderer("terminal")(REPORT, Look(detail=1))
    assert "to judge: Is it free of charge?" in full
    assert "estimate, Risk: 6 × 7B parameters × 2T tokens = 8.4e+22 FLOP, not above 1e25" in full
    assert "README.md:7" in full
    text = renderer("markdown")(REPORT, Look())
    assert "- **The Act**\n  - Price: Is it free of charge?\n  - Card: Is it whole?" in text
    assert "## Estimates\n\n- The Act, Risk: 6 × 7B parameters" in text
    assert "[^1]: `README.md:7`" in text
    page = renderer("html")(REPORT, Look())
    assert 'href="#weighed"' in page
    assert "Is it free of charge?" in page
    assert "6 × 7B parameters × 2T tokens = 8.4e+22 FLOP, not above 1e25 FLOP." in page


def test_the_same_in_chinese() -> None:
    full = renderer("terminal")(REPORT, Look(detail=1, lang="zh"))
    assert "估算，Risk：6 × 7B 参数 × 2T token = 8.4e+22 FLOP，不高于 1e25 FLOP。" in full
    assert "待判断：Is it free of charge?" in full  # a rule of nobody's catalogue
    text = renderer("markdown")(REPORT, Look(lang="zh"))
    assert "## 须由人判断" in text
    assert "## 估算" in text
    one = Result(criterion="x", title="X", answer=Answer.UNKNOWN, points=(1, 3, 3))
    assert points(one, speaker("zh")) == "1 至 3/3 分。"


def test_the_page_shows_the_points_of_an_index() -> None:
    one = Result(criterion="x", title="X", answer=Answer.UNKNOWN, points=(1, 3, 3))
    page = renderer("html")(replace(REPORT, verdicts=(verdict(one),)), Look())
    assert "<p>1 to 3 of 3. " in page
