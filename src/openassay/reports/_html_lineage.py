"""What comparisons of weights say, as HTML: verdicts, consequences, numbers and the picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from openassay.canonical import visible
from openassay.kinship import Compared, Follows, Kinship, Means
from openassay.reports import lineage as told
from openassay.reports._html_page import Page, badge, clip, section, sign
from openassay.reports._markup import Markup, element, join
from openassay.reports.layer_picture import inline

_MAX_PAIRS: Final = 40
_MAX_PICTURES: Final = 4
_MAX_CELL: Final = 400
_MAX_NOTES: Final = 8
_SIGN: Final = {
    Means.DERIVED: "linked",
    Means.CONTRADICTION: "absent",
    Means.CONFIRMED: "present",
    Means.QUESTION: "unknown",
}
_QUIET: Final = {Kinship.NONE: "none", Kinship.CANNOT: "unclear"}


def lineage(page: Page) -> Markup:
    """Every pair of which something was found, or that the release declares; then the rest."""
    dossier = page.report.dossier
    pairs = told.compared(dossier)
    shown = [_pair(page, fact, number) for number, fact in enumerate(pairs[:_MAX_PAIRS])]
    more = len(pairs) - _MAX_PAIRS
    others = told.unmatched(dossier)
    rest = [
        element("p", told.silence(fact, page.words), " ", page.cite(fact.evidence),
                class_="kin-rest")
        for fact in others
    ]  # fmt: skip
    return section(
        "lineage",
        page.say("Lineage: what the weights say"),
        element("ul", *shown, class_="kin-pairs") if shown else None,
        element("p", page.say("{n} more in the JSON report", n=more), class_="aside")
        if more > 0
        else None,
        *rest,
        lead=page.say(told.LEAD),
    )


def _pair(page: Page, fact: Compared, number: int) -> Markup:
    kind = _badge(fact)
    head = element(
        "h3",
        element("bdi", clip(visible(fact.other), 120)),
        " ",
        badge(page.say(told.VERDICT[fact.verdict]), kind),
        badge(page.say("declared as the base"), "none") if fact.declared else None,
    )
    direction = told.direction(fact, page.words)
    return element(
        "li",
        head,
        element("p", clip(told.meaning(fact, page.words), 600), " ", page.cite(fact.evidence)),
        element("p", clip(direction, 600), class_="aside") if direction else None,
        _follows(page, fact.follows),
        _numbers(page, fact, number),
    )


def _badge(fact: Compared) -> str:
    """The colour of the verdict: what it is for this release, not how sure it is."""
    means = {one.means for one in fact.follows}
    if Means.CONTRADICTION in means:
        return "closed"
    if Means.CONFIRMED in means:
        return "open"
    return _QUIET.get(fact.verdict, "unlicensed")


def _follows(page: Page, items: tuple[Follows, ...]) -> Markup | None:
    """What follows for the release, each with its evidence."""
    rows = [
        element("li", sign(_SIGN[one.means]), element("b", page.say(told.MEANS[one.means])), " ",
                page.told(visible(one.text)), " ", page.cite(one.evidence))
        for one in items[:_MAX_NOTES]
    ]  # fmt: skip
    return element("ul", *rows, class_="said") if rows else None


def _numbers(page: Page, fact: Compared, number: int) -> Markup:
    """The table of tests, what kind of relation it is, and the picture; open for the first pair."""
    kinds = [element("li", clip(text, _MAX_CELL)) for text in told.altered(fact, page.words)]
    return element(
        "details",
        element("summary", page.say("The numbers, and the layers of both")),
        join(*_picture(page, fact)) if number < _MAX_PICTURES else None,
        element("h4", page.say("What kind of relation")) if kinds else None,
        element("ul", *kinds, class_="because") if kinds else None,
        element("h4", page.say("The tests")),
        _table(page, fact),
        [element("p", page.told(visible(note)), class_="aside")
         for note in fact.notes[:_MAX_NOTES]],
        class_="more",
        open=number == 0,
    )  # fmt: skip


def _table(page: Page, fact: Compared) -> Markup:
    head = element("tr", *(element("th", page.say(name), scope="col") for name in told.HEADS))
    body = [
        element("tr", *(element("td", element("bdi", clip(cell, _MAX_CELL))) for cell in row))
        for row in told.rows(fact, page.words)
    ]
    name = page.say("Tests of the weights against {other}", other=visible(fact.other))
    return _box(element("table", element("thead", head), element("tbody", *body)), name)


def _picture(page: Page, fact: Compared) -> Iterator[Markup]:
    """The picture, in a box that scrolls by itself where it is wider than the screen."""
    layers = fact.layers
    if layers is None:
        return
    text = told.summary(fact, page.report.dossier.release, page.words)
    drawn = inline(layers, text, page.words)
    if drawn:
        yield _box(drawn, page.say("Layers of both models, {other}", other=visible(fact.other)))
        side = page.say("A is {other}, B is {release}.", other=visible(fact.other),
                        release=visible(page.report.dossier.release))  # fmt: skip
        hidden = page.say("{n} layers are not shown", n=layers.left_out) if layers.left_out else ""
        yield element("p", side, " ", hidden, class_="aside")


def _box(inside: Markup, name: str) -> Markup:
    return element(
        "div", inside, class_="wide", tabindex=0, role="group", aria_label=clip(name, 200)
    )
