"""The top of the HTML report: the answer in short, the wheel, the four questions, the verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openassay.canonical import visible
from openassay.reports._html_page import STATUS_TEXT, Page, badge, section, sign
from openassay.reports._markup import Markup, element, join
from openassay.reports._summary import (
    Doing,
    allowed,
    counted,
    doings,
    license_state,
    released,
)
from openassay.reports._view import (
    answer_text,
    claims_by_need,
    kind,
    license_name,
    short_pin,
    title,
    verdict_reason,
)
from openassay.reports._wheel import Segment, wheel
from openassay.types import Component, Status
from openassay.words import mark

_MAX_SOURCES = 12
_DOING_WORD = {
    Status.PRESENT: mark("all it takes is there"),
    Status.LINKED: mark("all it takes is there, some of it elsewhere"),
    Status.PARTIAL: mark("only in part"),
    Status.ABSENT: mark("something is missing"),
    Status.UNKNOWN: mark("could not be told"),
}
STATE_CLASS = {
    "open": "open",
    "not open": "closed",
    "unclear": "unclear",
    "no licence": "unlicensed",
    "": "none",
}


def masthead(page: Page, eyebrow: str) -> Markup:
    """Whose report this is, and the pins of everything that was read."""
    dossier, say = page.report.dossier, page.words.say
    pins = [
        element(
            "li",
            element("code", short_pin(source)),
            " · ",
            page.words.many(source.files, "{n} file", "{n} files"),
        )
        for source in dossier.sources[:_MAX_SOURCES]
    ]
    more = len(dossier.sources) - _MAX_SOURCES
    if more > 0:
        pins.append(element("li", say("and {n} more sources", n=more)))
    return element(
        "header",
        element("p", eyebrow, class_="eyebrow"),
        element("h1", element("bdi", dossier.release)),
        element("ul", *pins, class_="pins") if pins else None,
        class_="masthead",
    )


def summary(page: Page, ranked: Sequence[Component]) -> Markup:
    """The first screen: one sentence, the wheel, four answers, and what each framework says."""
    picture = element("div", _wheel(page, ranked), _legend(page), class_="picture")
    cards = element("div", *_cards(page, ranked), class_="cards")
    body = (
        element("p", _sentence(page, ranked), class_="sentence"),
        element("div", picture, cards, class_="overview"),
        _activities(page, ranked),
        _verdict_cards(page),
    )
    return section("summary", page.say("In short"), *body)


def _sentence(page: Page, ranked: Sequence[Component]) -> str:
    words = page.words
    there = released(ranked)
    free = sum(component.license_open is True for component in there)
    first = words.say(
        "Of {all} parts that make a model release, {there} are published at least in part, and "
        "{open} of these under an open licence.",
        all=len(ranked), there=len(there), open=free,
    )  # fmt: skip
    return first + words.say(" ") + _about_weights(page, ranked)


def _about_weights(page: Page, ranked: Sequence[Component]) -> str:
    say = page.words.say
    weights = next((c for c in ranked if c.id == "model_parameters_final"), None)
    if weights is None or weights.status is Status.UNKNOWN:
        return say("It could not be told whether the trained weights are published.")
    if weights.status is Status.ABSENT:
        return say("The trained weights were not found in it.")
    name = license_name(weights.license)
    if weights.license_open is True:
        return say("The weights stand under {license}, an open licence.", license=name)
    if weights.license_open is False:
        return say("The weights stand under {license}, which is not an open licence.", license=name)
    if name:
        return say("The weights are labelled {license}; whether that is open is unclear.",
                   license=name)  # fmt: skip
    return say("No licence is stated for the weights.")


def _wheel(page: Page, ranked: Sequence[Component]) -> Markup:
    counts = counted(ranked)
    label = page.words.listed(
        [f"{page.say(STATUS_TEXT[status])}: {count}" for status, count in counts.items() if count]
    )
    segments = [
        Segment(number, str(c.status), STATE_CLASS[license_state(c)], kind(c.id) or "")
        for number, c in enumerate(ranked, 1)
    ]
    big = f"{len(released(ranked))}/{len(ranked)}"
    return wheel(segments, big, page.say("published"), label)


def _legend(page: Page) -> Markup:
    inner = [
        element("li", sign(str(status)), page.say(word)) for status, word in STATUS_TEXT.items()
    ]
    outer = [
        element("li", element("span", class_=f"swatch is-{STATE_CLASS[state]}"), page.say(state))
        for state in ("open", "not open", "unclear", "no licence")
    ]
    return element(
        "div",
        element("p", page.say("Inner ring: what was released"), class_="legend-head"),
        element("ul", *inner),
        element("p", page.say("Outer ring: its licence"), class_="legend-head"),
        element("ul", *outer),
        class_="legend",
    )


def _cards(page: Page, ranked: Sequence[Component]) -> Iterator[Markup]:
    say = page.words.say
    yield _card(say("Released?"), say("Which parts are there"), *_released(page, ranked))
    yield _card(say("Allowed?"), say("What the licences of these parts say"),
                *_allowed(page, ranked))  # fmt: skip
    yield _card(say("True?"), say("Whether the release's own words hold"), *_true(page))
    yield _card(say("Usable?"), say("What the parts make possible"),
                *_usable(page, doings(ranked)))  # fmt: skip


def _card(question: str, meaning: str, *rows: Markup) -> Markup:
    return element(
        "div",
        element("h3", question),
        element("p", meaning, class_="meaning"),
        element("ul", *rows, class_="answers"),
        class_="card",
    )


def _released(page: Page, ranked: Sequence[Component]) -> Iterator[Markup]:
    for status, count in counted(ranked).items():
        if count:
            yield element(
                "li", sign(str(status)), element("b", str(count)), " ",
                page.say(STATUS_TEXT[status]),
            )  # fmt: skip


def _allowed(page: Page, ranked: Sequence[Component]) -> Iterator[Markup]:
    for row in allowed(ranked):
        badges = [
            badge(f"{page.say(state)} {count}", STATE_CLASS[state])
            for state, count in row.states.items()
        ]
        yield element("li", element("b", page.say(row.title)), " ", *badges)


def _true(page: Page) -> Iterator[Markup]:
    dossier, words = page.report.dossier, page.words
    false, unchecked = claims_by_need(dossier.claims)
    hold = len(dossier.claims) - len(false) - len(unchecked)
    rows = (
        ("absent", len(false), mark("{n} claim does not hold"), mark("{n} claims do not hold")),
        ("absent", len(dossier.contradictions), mark("{n} contradiction"),
         mark("{n} contradictions")),
        ("present", hold, mark("{n} claim holds"), mark("{n} claims hold")),
        ("unknown", len(unchecked), mark("{n} claim could not be checked"),
         mark("{n} claims could not be checked")),
    )  # fmt: skip
    shown = [row for row in rows if row[1]]
    for name, count, one, more in shown:
        yield element("li", sign(name), words.many(count, one, more))
    if not shown:
        yield element("li", words.say("It makes no claim of openness, and nothing contradicts."))


def _usable(page: Page, found: Sequence[Doing]) -> Iterator[Markup]:
    for doing in found:
        yield element(
            "li", sign(str(doing.status)), element("b", page.say(doing.title)), " – ",
            page.say(_DOING_WORD[doing.status]),
        )  # fmt: skip


def _activities(page: Page, ranked: Sequence[Component]) -> Markup:
    """What each thing one may want to do takes, part by part."""
    rows = []
    for doing in doings(ranked):
        parts = [
            element("li", sign(str(c.status)), page.words.short_name(title(c.id)))
            for c in doing.takes
        ]
        head = element("h4", page.say(doing.title))
        rows.append(element("li", head, element("ul", *parts)))
    if not rows:
        return Markup("")
    return join(
        element("h3", page.say("What it takes")),
        element("ul", *rows, class_="doings"),
        element(
            "p",
            page.say("Only whether the parts are published; whether their licences allow it stands "
                     "below, and how well it works was not tried."),
            class_="aside",
        ),
    )  # fmt: skip


def _verdict_cards(page: Page) -> Markup:
    cards = []
    for number, verdict in enumerate(page.report.verdicts, 1):
        optional = page.report.optional.get(verdict.framework, frozenset())
        name = page.named(visible(verdict.title or verdict.framework))
        reason = verdict_reason(verdict, optional, page.words)
        cards.append(
            element(
                "li",
                element("a", name, href=f"#verdict-{number}"),
                element("p", answer_text(verdict, page.words), class_="answer"),
                element("p", reason, class_="reason"),
            )
        )
    if not cards:
        return Markup("")
    return join(
        element("h3", page.say("What published frameworks say")),
        element("ul", *cards, class_="verdict-cards"),
    )
