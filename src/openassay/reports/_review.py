"""What people reviewed and what changed, as rows of plain text that every format can set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from openassay.canonical import visible
from openassay.reports import Report, Review
from openassay.reports._cells import Ink, Pen, cut, wrap
from openassay.types import Change, Direction, Reviewed

DIRECTION_WORD = {
    Direction.WORSE: "worse",
    Direction.BETTER: "better",
    Direction.OTHER: "changed",
    Direction.UNCLEAR: "unclear",
}
_MARK = {
    Direction.WORSE: ("✘", Ink.RED),
    Direction.BETTER: ("✔", Ink.GREEN),
    Direction.OTHER: ("·", Ink.DIM),
    Direction.UNCLEAR: ("?", Ink.YELLOW),
}
_WORDS = {"claim": "claim: ", "contradiction": "contradiction: "}

_TITLE = 120  # columns of a claim or contradiction without -v

ReviewRow = tuple[str, str, str, str, str, str]
ChangeRow = tuple[str, str, str, str, str]


def review_rows(review: Review) -> Iterator[ReviewRow]:
    """(what, as found, as reviewed, by whom and when, reason, evidence) of every override."""
    for item in review.items:
        override = item.override
        by = f"{override.by}, {override.on}"
        said = (item.title, item.found, _outcome(item), by, override.reason)
        what, found, outcome, by, reason = map(visible, said)
        yield what, found, outcome, by, reason, ", ".join(map(visible, override.evidence))


def _outcome(item: Reviewed) -> str:
    return item.said if item.applied else f"not applied, {item.note}"


def verdict_rows(report: Report) -> Iterator[tuple[str, str, str]]:
    """(framework, answer as found, answer as reviewed) where the two differ."""
    reviewed = {v.framework: v for v in report.review.verdicts} if report.review else {}
    for verdict in report.verdicts:
        again = reviewed.get(verdict.framework)
        if again is not None and again.answer != verdict.answer:
            name = verdict.title or verdict.framework
            yield visible(name), visible(verdict.answer), visible(again.answer)


def change_rows(changes: Iterable[Change]) -> Iterator[ChangeRow]:
    """(direction, what, before, now, where) of every change."""
    for item in changes:
        what = f"{_WORDS.get(item.what, '')}{item.title}"
        shown = (what, item.before, item.after, item.place)
        title, before, after, place = map(visible, shown)
        yield DIRECTION_WORD[item.direction], title, before, after, place


def change_lines(changes: Sequence[Change], pen: Pen) -> Iterator[str]:
    """Changes for a terminal, one paragraph each."""
    for item, row in zip(changes, change_rows(changes), strict=True):
        mark, ink = _MARK[item.direction]
        _, title, before, after, place = row
        if not pen.look.detail:
            title = cut(title, _TITLE)
        where = f"  {place}" if place else ""
        lines = wrap(f"{title}: {before} → {after}{where}", pen.look.width - 2)
        yield f"{pen.ink(mark, ink)} {lines[0]}"
        yield from (f"  {line}" for line in lines[1:])
