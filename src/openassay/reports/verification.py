"""What became of the evidence: a line for each piece that no longer stands, then a summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from openassay.canonical import visible
from openassay.reports import Look
from openassay.reports._cells import Ink, Pen, cut
from openassay.reports._view import place
from openassay.types import Evidence
from openassay.words import mark

#: What can become of a piece of evidence (openassay.verify), as it is shown.
OUTCOMES = {
    "stands": mark("stands"),
    "moved": mark("moved"),
    "changed": mark("changed"),
    "missing": mark("missing"),
    "unreadable": mark("unreadable"),
    "not_checkable": mark("not checkable"),
}


@dataclass(frozen=True, slots=True)
class Fallen:
    """One piece of evidence that could not be confirmed, and why."""

    evidence: Evidence
    outcome: str
    detail: str


def render(
    fallen: Iterable[Fallen],
    counts: Mapping[str, int],
    edited: Iterable[str],
    replaced: Iterable[tuple[str, str]],
    look: Look,
) -> str:
    """``counts`` are pieces by outcome; ``edited`` files with other bytes; ``replaced`` pins."""
    pen = Pen(look)
    words = pen.words
    since = (words.say("{path}: the file was edited since", path=visible(path)) for path in edited)
    other = (
        words.say("{old} was cited; read instead: {new}", old=visible(old), new=visible(new))
        for old, new in replaced
    )
    lines = [*_fallen(fallen, pen), *(f"! {text}" for text in (*since, *other))]
    kinds = [
        words.say("{n} {kind}", n=count, kind=words.say(OUTCOMES[name]))
        for name, count in counts.items()
        if count
    ]
    told = words.listed(kinds) or words.say("nothing")
    lines.append(
        words.many(
            sum(counts.values()),
            "{n} piece of evidence: {kinds}",
            "{n} pieces of evidence: {kinds}",
            kinds=told,
        )
    )
    return pen.sign("\n".join(lines)) + "\n"


def _fallen(fallen: Iterable[Fallen], pen: Pen) -> Iterator[str]:
    for item in fallen:
        outcome = pen.ink(pen.words.say(OUTCOMES[item.outcome]), Ink.RED)
        quote = f' "{visible(item.evidence.quote)}"' if item.evidence.quote else ""
        where = cut(place(item.evidence) + quote, pen.look.width - 20)
        yield "✘ " + pen.words.say("{name}: {text}", name=outcome, text=where)
        if item.detail:
            yield f"  {cut(pen.words.told(visible(item.detail)), pen.look.width - 2)}"
