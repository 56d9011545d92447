"""Where frameworks disagree, what they estimate and what they leave to a person, as HTML."""

from __future__ import annotations

from collections.abc import Iterator

from openassay.canonical import visible
from openassay.reports._disagreements import Disagreement, disagreements, subject
from openassay.reports._html_page import ANSWER_SIGN, Page, clip, section, sign
from openassay.reports._markup import Markup, element, join
from openassay.reports._view import estimates, questions
from openassay.types import Verdict

_MAX_DISAGREEMENTS = 40
_MAX_QUESTIONS = 40  # of one framework
_MAX_TEXT = 600


def disagreement(page: Page) -> Markup:
    """Parts of which frameworks answer differently, the sharpest first, with each one's reason."""
    found = disagreements(page.report.verdicts, page.report.dossier)
    rows = [_disagreement(page, item) for item in found[:_MAX_DISAGREEMENTS]]
    more = len(found) - _MAX_DISAGREEMENTS
    return section(
        "disagreements",
        page.say("Where frameworks disagree"),
        element("ul", *rows, class_="claims") if rows else None,
        element("p", page.say("{n} more in the JSON report", n=more), class_="aside")
        if more > 0
        else None,
        lead=page.say("The same part, held against different rules: only what rests on this one "
                      "part is compared."),
    )  # fmt: skip


def _disagreement(page: Page, item: Disagreement) -> Markup:
    opinions = []
    for opinion in item.opinions:
        name, word = ANSWER_SIGN[opinion.answer]
        rule = element("code", visible(f"{opinion.framework}/{opinion.criterion}"))
        because = page.told(visible(opinion.because))
        opinions.append(
            element("li", sign(name), element("b", page.say(word)), " ", rule, " – ", because)
        )
    head = element("p", element("b", subject(item, page.words)), " ", page.cite(item.evidence))
    return element("li", head, element("ul", *opinions, class_="said"))


def weighed(page: Page) -> Markup:
    """Estimates with their inputs, and the questions no tool can answer, framework by framework."""
    blocks = [_weighed(page, verdict) for verdict in page.report.verdicts]
    return section(
        "weighed",
        page.say("Estimates, and questions for a person"),
        *(block for block in blocks if block),
    )


def _weighed(page: Page, verdict: Verdict) -> Markup:
    rows = [*_estimates(page, verdict), *_questions(page, verdict)]
    if not rows:
        return Markup("")
    name = page.named(visible(verdict.title or verdict.framework))
    return join(element("h3", name), element("ul", *rows, class_="rules"))


def _estimates(page: Page, verdict: Verdict) -> Iterator[Markup]:
    for name, said, evidence in estimates(verdict, page.words):
        text = clip(said, _MAX_TEXT)
        yield _row(page, name, page.say("estimate"), text, page.cite(evidence))


def _questions(page: Page, verdict: Verdict) -> Iterator[Markup]:
    optional = page.report.optional.get(verdict.framework, frozenset())
    for name, question in questions(verdict, optional)[:_MAX_QUESTIONS]:
        yield _row(page, name, page.say("to judge"), page.told(question))


def _row(page: Page, name: str, kind: str, text: str, cited: Markup | None = None) -> Markup:
    head = element(
        "p",
        element("span", page.named(name), class_="rule-name"),
        element("span", kind, class_="rule-answer"),
        class_="rule-head",
    )
    return element("li", head, element("p", text, " ", cited))
