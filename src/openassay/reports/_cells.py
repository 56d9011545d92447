"""Text in terminal columns: signs and colours; widths are measured by :mod:`openassay.columns`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from openassay.columns import cut, pad, width, wrap
from openassay.reports import Look
from openassay.types import Answer
from openassay.words import Words, speaker

__all__ = ["ANSWER_MARK", "Ink", "Pen", "cut", "pad", "paragraph", "width", "wrap"]


class Ink(StrEnum):
    """The few colours a report uses (SGR codes)."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    GREEN = "32"
    YELLOW = "33"
    RED = "31"


ANSWER_MARK = {
    Answer.YES: ("✔", Ink.GREEN),
    Answer.PARTLY: ("◐", Ink.YELLOW),
    Answer.NO: ("✘", Ink.RED),
    Answer.UNKNOWN: ("?", Ink.YELLOW),
    Answer.NOT_APPLICABLE: ("·", Ink.DIM),
}
# What stands in for a sign on a stream that cannot show it.
_ASCII = str.maketrans(
    {"✔": "+", "◐": "~", "↗": ">", "✘": "-", "…": "~", "·": "-", "—": "-", "→": ">"}
)


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes for one look: signs the stream can show, colour where it is wanted, its language."""

    look: Look

    @property
    def words(self) -> Words:
        return speaker(self.look.lang)

    def sign(self, text: str) -> str:
        return text if self.look.unicode else text.translate(_ASCII)

    def ink(self, text: str, ink: Ink) -> str:
        text = self.sign(text)
        return f"\x1b[{ink}m{text}\x1b[0m" if self.look.colour and ink and text else text


def paragraph(head: str, text: str, pen: Pen) -> Iterator[str]:
    """The text behind a head, wrapped at the look's width; further lines are set in below it."""
    indent = " " * width(head)
    for index, line in enumerate(wrap(text, pen.look.width - len(indent))):
        yield (indent if index else head) + line
