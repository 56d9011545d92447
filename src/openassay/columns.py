"""Text in columns: how wide it is, how to cut, pad and wrap it. A Chinese character takes two."""

from __future__ import annotations

import re
import unicodedata

_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_OPENING = "（「『《〈【“"
_CLOSING = "）」』》〉】”，。、；：！？…"
# A word with the space behind it, or one wide character with the marks that belong to it.
_TOKEN = re.compile(
    f"[{_OPENING}]{{0,4}}[{_WIDE}][{_CLOSING}]{{0,4}}\\s?|[^\\s{_WIDE}]+[{_CLOSING}]{{0,4}}\\s?|\\s"
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
    """``text`` on lines of at most ``room`` columns; breaks at spaces, and inside Chinese.

    A Chinese line neither begins with a closing nor ends with an opening mark.
    """
    lines, line = [], ""
    for token in _TOKEN.findall(text):
        if line and width(line) + width(token.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        while width(token.rstrip()) > room:
            head = _head(token, room) or token[0]  # a wide character in one column stands out
            lines.append(head)
            token = token[len(head) :]
        line += token
    return [*lines, line.rstrip()] if line.strip() or not lines else lines
