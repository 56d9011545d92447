"""What became of the evidence: a line for each piece that no longer stands, then a summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from openassay.canonical import visible
from openassay.reports import Look
from openassay.reports._cells import Ink, Pen, cut
from openassay.reports._view import place
from openassay.types import Evidence


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
    lines = [
        *_fallen(fallen, pen),
        *(f"! {visible(path)}: the file was edited since" for path in edited),
        *(f"! {visible(old)} was cited; read instead: {visible(new)}" for old, new in replaced),
    ]
    total = sum(counts.values())
    kinds = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count
    )
    lines.append(f"{total} piece{'' if total == 1 else 's'} of evidence: {kinds or 'nothing'}")
    return pen.sign("\n".join(lines)) + "\n"


def _fallen(fallen: Iterable[Fallen], pen: Pen) -> Iterator[str]:
    for item in fallen:
        outcome = pen.ink(item.outcome.replace("_", " "), Ink.RED)
        quote = f' "{visible(item.evidence.quote)}"' if item.evidence.quote else ""
        yield f"✘ {outcome}: {cut(place(item.evidence) + quote, pen.look.width - 20)}"
        if item.detail:
            yield f"  {cut(visible(item.detail), pen.look.width - 2)}"
