"""What people reviewed and what changed, as rows of plain text that every format can set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from openassay.canonical import visible
from openassay.reports import Report, Review
from openassay.reports._cells import Ink, Pen, cut, wrap
from openassay.types import Change, Direction, Reviewed
from openassay.words import Words, mark

DIRECTION_WORD = {
    Direction.WORSE: mark("worse"),
    Direction.BETTER: mark("better"),
    Direction.OTHER: mark("changed"),
    Direction.UNCLEAR: mark("cannot be told any more"),
}
_MARK = {
    Direction.WORSE: ("✘", Ink.RED),
    Direction.BETTER: ("✔", Ink.GREEN),
    Direction.OTHER: ("·", Ink.DIM),
    Direction.UNCLEAR: ("?", Ink.YELLOW),
}
_WORDS = {"claim": mark("claim: {text}"), "contradiction": mark("contradiction: {text}")}
OPENNESS = (mark("open"), mark("not open"), mark("not shown to be open"))
NO_CONFLICT = mark("not there")
AS_FOUND = mark("Everything else is as found; this is what people say of it.")
REVIEW_HEADS = (
    mark("What"), mark("As found"), mark("As reviewed"), mark("By"), mark("Reason"),
    mark("Evidence"),
)  # fmt: skip
VERDICT_HEADS = (mark("Framework"), mark("As found"), mark("As reviewed"))
CHANGE_HEADS = (mark("Change"), mark("What"), mark("Before"), mark("Now"), mark("Where"))

_TITLE = 120  # columns of a claim or contradiction without -v

ReviewRow = tuple[str, str, str, str, str, str]
ChangeRow = tuple[str, str, str, str, str]


def review_rows(review: Review, words: Words) -> Iterator[ReviewRow]:
    """(what, as found, as reviewed, by whom and when, reason, evidence) of every override."""
    for item in review.items:
        override = item.override
        by = f"{override.by}, {override.on}"
        said = (words.short_name(item.title), item.found, _outcome(item, words), by)
        what, found, outcome, by = map(visible, said)
        reason = visible(override.reason)
        yield what, found, outcome, by, reason, ", ".join(map(visible, override.evidence))


def _outcome(item: Reviewed, words: Words) -> str:
    return item.said if item.applied else words.say("not applied, {note}", note=item.note)


def verdict_rows(report: Report, words: Words) -> Iterator[tuple[str, str, str]]:
    """(framework, answer as found, answer as reviewed) where the two differ."""
    reviewed = {v.framework: v for v in report.review.verdicts} if report.review else {}
    for verdict in report.verdicts:
        again = reviewed.get(verdict.framework)
        if again is not None and again.answer != verdict.answer:
            name = words.short_name(visible(verdict.title or verdict.framework))
            yield name, words.told(visible(verdict.answer)), words.told(visible(again.answer))


def change_rows(changes: Iterable[Change], words: Words) -> Iterator[ChangeRow]:
    """(direction, what, before, now, where) of every change."""
    for item in changes:
        title = visible(item.title)
        if item.what == "contradiction":
            title = words.told(title).rstrip("。")  # a claim is a quote, and stays as it is
        elif item.what != "claim":
            title = words.short_name(title)
        what = words.say(_WORDS[item.what], text=title) if item.what in _WORDS else title
        before, after = (_state(visible(text), item, words) for text in (item.before, item.after))
        told = words.say(DIRECTION_WORD[item.direction])
        yield told, what, before, after, visible(item.place)


def _state(text: str, item: Change, words: Words) -> str:
    """What it was or is. Of a contradiction *none* is no level of a framework."""
    if item.what == "contradiction" and text == "none":
        return words.say(NO_CONFLICT)
    for state in OPENNESS if item.what == "license" else ():
        license, found, terms = text.partition(f" ({state})")
        if found:
            under = words.say("{license} ({state})", license=license, state=words.say(state))
            rows = [words.told(row) for row in terms.removeprefix(": ").split(", ") if row]
            if not rows:
                return under
            return words.say("{name}: {text}", name=under, text=words.listed(rows))
    return words.told(text)


def change_lines(changes: Sequence[Change], pen: Pen, words: Words) -> Iterator[str]:
    """Changes for a terminal, one paragraph each."""
    for item, row in zip(changes, change_rows(changes, words), strict=True):
        mark_, ink = _MARK[item.direction]
        _, title, before, after, place = row
        if not pen.look.detail:
            title = cut(title, _TITLE)
        where = f"  {place}" if place else ""
        text = words.say("{name}: {text}", name=title, text=f"{before} → {after}{where}")
        lines = wrap(text, pen.look.width - 2)
        yield f"{pen.ink(mark_, ink)} {lines[0]}"
        yield from (f"  {line}" for line in lines[1:])
