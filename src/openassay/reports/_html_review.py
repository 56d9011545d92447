"""Parts of the HTML report beside the findings: what people reviewed, what changed since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from openassay.canonical import visible
from openassay.reports._html_page import Page, clip, section
from openassay.reports._markup import Markup, element, join
from openassay.reports._review import (
    AS_FOUND,
    CHANGE_HEADS,
    REVIEW_HEADS,
    VERDICT_HEADS,
    change_rows,
    review_rows,
    verdict_rows,
)

_MAX_ROWS = 200
_MAX_CELL = 400


def review(page: Page) -> Markup:
    """Every override beside what was found, and the verdicts that come out otherwise."""
    found = page.report.review
    if found is None:
        return Markup("")
    rows = list(review_rows(found, page.words))
    verdicts = list(verdict_rows(page.report, page.words))
    return section(
        "review",
        page.say("Reviewed in {file}", file=visible(found.file)),
        _table(page, VERDICT_HEADS, verdicts) if verdicts else None,
        _table(page, REVIEW_HEADS, rows),
        lead=page.say(AS_FOUND),
    )


def since(page: Page) -> Markup:
    """What changed since the baseline, the worse first."""
    found = page.report.since
    if found is None:
        return Markup("")
    rows = list(change_rows(found.changes, page.words))
    return section(
        "since",
        page.say("Since {file}", file=visible(found.baseline)),
        _table(page, CHANGE_HEADS, rows) if rows else element("p", page.say("Nothing changed.")),
    )


def _table(page: Page, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    shown = list(rows)[:_MAX_ROWS]
    head = element("tr", *(element("th", page.say(name), scope="col") for name in heads))
    body = (
        element("tr", *(element("td", element("bdi", clip(cell, _MAX_CELL))) for cell in row))
        for row in shown
    )
    # a table wider than a phone scrolls by itself, and can be reached without a mouse
    return element(
        "div",
        element("table", element("thead", head), element("tbody", join(body))),
        class_="wide",
        tabindex=0,
    )
