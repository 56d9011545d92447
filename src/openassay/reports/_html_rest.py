"""The rest of the HTML report: rules, licences, words that do not hold, next steps, gaps."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from openassay.canonical import visible
from openassay.reports._html_page import (
    ANSWER_SIGN,
    MAX_QUOTE,
    Page,
    clip,
    located,
    section,
    sign,
)
from openassay.reports._markup import Markup, element, join
from openassay.reports._view import (
    answer_text,
    claims_by_need,
    gap_text,
    next_steps,
    points,
    verdict_reason,
)
from openassay.types import Claim, Contradiction, Evidence, Gap, Result, Verdict

_MAX_CLAIMS = 30
_MAX_GAPS = 100
_MAX_STEPS = 40
_MAX_BECAUSE = 4


# ------------------------------------------------------------------------------------- verdicts


def verdicts(page: Page) -> Markup:
    """Every framework, rule by rule."""
    blocks = [
        _verdict(page, number, verdict) for number, verdict in enumerate(page.report.verdicts, 1)
    ]
    return section(
        "verdicts",
        page.say("Frameworks, rule by rule"),
        *blocks,
        lead=page.say("What was not read counts once as no and once as yes; where that changes "
                      "the answer, it is undecided."),
    )  # fmt: skip


def _verdict(page: Page, number: int, verdict: Verdict) -> Markup:
    optional = page.report.optional.get(verdict.framework, frozenset())
    groups = [
        _rules(page, group, list(results), optional)
        for group, results in groupby(verdict.results, key=lambda result: result.group)
    ]
    reason = verdict_reason(verdict, optional, page.words)
    head = element(
        "summary",
        element("h3", page.named(visible(verdict.title or verdict.framework))),
        element("span", answer_text(verdict, page.words), class_="answer"),
    )
    return element(
        "details",
        head,
        element("p", reason, class_="reason") if reason else None,
        _progress(page, verdict),
        *groups,
        [element("p", page.told(visible(note)), class_="aside") for note in verdict.notes],
        id=f"verdict-{number}",
        class_="verdict",
    )


def _progress(page: Page, verdict: Verdict) -> Markup | None:
    """How far each group is, as bars with their figures."""
    rows = []
    for name, share in verdict.progress.items():
        full = max(0.0, min(100.0, share))
        bar = element(
            "svg",
            element("rect", width=100, height=8, rx=4, class_="bar-all"),
            element("rect", width=f"{full:.1f}", height=8, rx=4, class_="bar-met"),
            class_="bar", viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true",
            focusable="false",
        )  # fmt: skip
        label = page.told(visible(name))
        rows.append(element("li", element("span", label), bar, element("b", f"{share:.0f} %")))
    return element("ul", *rows, class_="progress") if rows else None


def _rules(page: Page, group: str, results: list[Result], optional: frozenset[str]) -> Markup:
    rows = [_rule(page, result, result.criterion in optional) for result in results]
    return join(
        element("h4", page.told(visible(group))) if group else None,
        element("ul", *rows, class_="rules"),
    )


def _rule(page: Page, result: Result, optional: bool) -> Markup:
    name, word = ANSWER_SIGN[result.answer]
    reasons = [page.told(visible(text)) for text in result.because[:_MAX_BECAUSE]]
    worth = points(result, page.words)
    head = element(
        "p",
        sign(name),
        element("span", page.named(visible(result.title)), class_="rule-name"),
        element("span", page.say(word), class_="rule-answer"),
        element("span", page.say("optional"), class_="rule-optional") if optional else None,
        class_="rule-head",
    )
    step = result.next_step
    return element(
        "li",
        head,
        element("p", worth, *reasons[:1], " ", page.cite(result.evidence))
        if worth or reasons or result.evidence
        else None,
        element("p", " · ".join(reasons[1:]), class_="aside") if reasons[1:] else None,
        element("p", page.say("Next: {step}", step=page.told(visible(step))), class_="next")
        if step
        else None,
    )


# ------------------------------------------------------------------------- claims, contradictions


def truth(page: Page) -> Markup:
    """What the release says of itself, held against what was found in it."""
    false, unchecked = claims_by_need(page.report.dossier.claims)
    hold = tuple(claim for claim in page.report.dossier.claims if claim.holds)
    body = (
        _claims(page, page.say("Claims that do not hold"), false, "absent"),
        _contradictions(page, page.report.dossier.contradictions),
        _claims(page, page.say("Claims that could not be checked"), unchecked, "unknown"),
        _claims(page, page.say("Claims that hold"), hold, "present"),
    )
    return section("truth", page.say("Is it true?"), *body)


def _claims(page: Page, heading: str, claims: tuple[Claim, ...], mark: str) -> Markup | None:
    """Claims with one answer; those with the same reasons stand together."""
    together: dict[tuple[str, ...], list[Claim]] = {}
    for claim in claims[:_MAX_CLAIMS]:
        together.setdefault(claim.because, []).append(claim)
    if not together:
        return None
    blocks = [
        element(
            "li",
            element("ul", *(_claim(page, claim, mark) for claim in alike), class_="said"),
            _bullets(page.told(visible(text)) for text in because),
        )
        for because, alike in together.items()
    ]
    return join(
        element("h3", heading),
        element("ul", *blocks, class_="claims"),
        _more(page, len(claims) - _MAX_CLAIMS),
    )


def _claim(page: Page, claim: Claim, mark: str) -> Markup:
    item = claim.evidence
    where = element("span", located(item), " ", page.cite((item,)), class_="where")
    return element("li", sign(mark), _said(item), " ", where)


def _said(evidence: Evidence) -> Markup:
    return element("q", element("bdi", clip(visible(evidence.quote), MAX_QUOTE)))


def _contradictions(page: Page, items: tuple[Contradiction, ...]) -> Markup | None:
    if not items:
        return None
    rows = [
        element(
            "li",
            element("p", sign("absent"), page.told(visible(item.text)), " ",
                    page.cite(item.evidence)),
            element("ul", *[element("li", located(one)) for one in item.evidence[:4]],
                    class_="where"),
        )
        for item in items[:_MAX_CLAIMS]
    ]  # fmt: skip
    return join(
        element("h3", page.say("Statements that contradict each other")),
        element("ul", *rows, class_="claims"),
        _more(page, len(items) - _MAX_CLAIMS),
    )


# ------------------------------------------------------------------------------- steps, gaps, end


def steps(page: Page) -> Markup:
    """What would move the most verdicts, first things first."""
    found = next_steps(page.report.verdicts, page.report.optional)
    titles = {verdict.framework: verdict.title for verdict in page.report.verdicts}
    rows = []
    for text, helped in found[:_MAX_STEPS]:
        names = [page.words.short_name(visible(titles.get(name) or name)) for name in helped]
        helps = page.say("helps with: {names}", names=page.words.listed(names))
        rows.append(element("li", page.told(text), element("small", helps)))
    return section(
        "steps", page.say("What would make it more open"),
        element("ol", *rows) if rows else None,
    )  # fmt: skip


def gaps(page: Page) -> Markup:
    """What was not read, by reason. A skipped file is never taken for a missing one."""
    found = page.report.dossier.gaps
    if not found:
        body = element("p", page.say("Everything listed was read."))
        return section("gaps", page.say("What was not read"), body)
    rows = [
        element("li", element("code", visible(gap.path or gap.source or "–")), " ", _why(page, gap))
        for gap in found[:_MAX_GAPS]
    ]
    return section(
        "gaps",
        page.say("What was not read"),
        element("ul", *rows, class_="gap-list"),
        _more(page, len(found) - _MAX_GAPS),
    )


def _why(page: Page, gap: Gap) -> str:
    return clip(gap_text(gap, page.words), 300)


def register(page: Page) -> Markup:
    """Every piece of evidence that was cited, with all that is needed to check it."""
    rows = [_entry(item, number) for item, number in page.numbers.items()]
    if not rows:
        return Markup("")
    count = page.words.many(len(rows), "{n} piece of evidence", "{n} pieces of evidence")
    return section(
        "evidence",
        page.say("Evidence"),
        element("details", element("summary", count), element("ol", *rows, class_="register")),
        lead=page.say("Each place can be opened again: `openassay verify` looks for every quote "
                      "and says what no longer stands."),
    )  # fmt: skip


def _entry(item: Evidence, number: int) -> Markup:
    digest = f"{visible(item.digest.algorithm)} {visible(item.digest.value)}"
    said = element("blockquote", element("bdi", clip(visible(item.quote), MAX_QUOTE)))
    return element(
        "li",
        element("span", str(number), class_="cite-number"),
        element(
            "div",
            element("p", located(item), class_="where"),
            said if item.quote.strip() else None,
            element("p", element("code", visible(item.source)), class_="fine"),
            element("p", element("code", digest), class_="fine"),
        ),
        id=f"e{number}",
    )


def _bullets(texts: Iterable[str]) -> Markup | None:
    rows = [element("li", text) for text in list(texts)[:_MAX_BECAUSE]]
    return element("ul", *rows, class_="because") if rows else None


def _more(page: Page, count: int) -> Markup | None:
    if count <= 0:
        return None
    return element("p", page.say("{n} more in the JSON report", n=count), class_="aside")
