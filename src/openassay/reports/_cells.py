"""Text in terminal columns: how wide it is, how to cut, pad, wrap and colour it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from openassay.reports import Look


class Ink(StrEnum):
    """The few colours a report uses (SGR codes)."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    GREEN = "32"
    YELLOW = "33"
    RED = "31"


# What stands in for a sign on a stream that cannot show it.
_ASCII = str.maketrans(
    {"✔": "+", "◐": "~", "↗": ">", "✘": "-", "…": "~", "·": "-", "—": "-", "→": ">"}
)


def width(text: str) -> int:
    """Columns that ``text`` takes: two for wide (Chinese) characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if char in "\u200c\u200d" or unicodedata.category(char) in ("Mn", "Me") else 1


def cut(text: str, room: int) -> str:
    """``text`` in at most ``room`` columns, ending in … where something was left out."""
    if width(text) <= room:
        return text
    return _head(text, room - 1).rstrip() + "…" if room > 0 else ""


def _head(text: str, room: int) -> str:
    """The longest beginning of ``text`` that takes at most ``room`` columns."""
    used = 0
    for index, char in enumerate(text):
        used += _columns(char)
        if used > room:
            return text[:index]
    return text


def pad(text: str, room: int) -> str:
    """``text`` in exactly ``room`` columns."""
    short = cut(text, room)
    return short + " " * (room - width(short))


def wrap(text: str, room: int) -> list[str]:
    """``text`` on lines of at most ``room`` columns; breaks at spaces, and inside Chinese."""
    lines, line = [], ""
    for token in re.findall(r"\S+\s?|\s", text):
        if line and width(line) + width(token.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        while width(token.rstrip()) > room:
            head = _head(token, room) or token[0]  # a wide character in one column stands out
            lines.append(head)
            token = token[len(head) :]
        line += token
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes for one look: signs the stream can show, colour where it is wanted."""

    look: Look

    def sign(self, text: str) -> str:
        return text if self.look.unicode else text.translate(_ASCII)

    def ink(self, text: str, ink: Ink) -> str:
        text = self.sign(text)
        return f"\x1b[{ink}m{text}\x1b[0m" if self.look.colour and ink and text else text
