"""Where the tables and keys of a TOML text stand; the standard library's reader keeps no lines.

A place is a path of keys and of numbers (the n-th ``[[table]]``, from 0), for example
``("criterion", 2, "way", 0, "parts")``. The text is known to be valid TOML by the time this is
asked; what it cannot place (a key inside an inline table) it leaves out, and the caller falls back
to the table around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Place = tuple[str | int, ...]

_NAME = r"[A-Za-z0-9_-]{1,100}|\"[^\"\\\n]{0,100}\"|'[^'\n]{0,100}'"
_DOTTED = rf"(?:{_NAME})(?:[ \t]{{0,20}}\.[ \t]{{0,20}}(?:{_NAME})){{0,8}}"
_HEADER = re.compile(rf"[ \t]{{0,40}}(\[\[?)[ \t]{{0,20}}({_DOTTED})[ \t]{{0,20}}\]")
_KEY = re.compile(rf"[ \t]{{0,40}}({_DOTTED})[ \t]{{0,20}}=")
_PART = re.compile(_NAME)
# What a line opens or closes: a string of three quotes, a plain string, a comment, a bracket.
_TOKEN = re.compile(
    r"\"\"\"|'''|\"(?:[^\"\\\n]|\\.){0,100000}\"|'[^'\n]{0,100000}'|#[^\n]{0,100000}|[\[\]{}]"
)


def places(text: str) -> Mapping[Place, int]:
    """The line, from 1, of every table and key; of a key the line on which it is set."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    depth, quote = 0, ""
    for number, line in enumerate(text.split("\n"), 1):  # other line ends are not TOML's
        if not depth and not quote:
            header, key = _HEADER.match(line), _KEY.match(line)
            if header:
                table = _table(_names(header[2]), header[1] == "[[", counts)
                _add(found, table, number)
                continue
            if key:
                _add(found, (*table, *_names(key[1])), number)
        depth, quote = _open(line, depth, quote)
    return found


def _add(found: dict[Place, int], place: Place, line: int) -> None:
    """A place, and the tables around it that have no header of their own."""
    for end in range(1, len(place) + 1):
        found.setdefault(place[:end], line)


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in _PART.findall(dotted))


def _table(names: tuple[str, ...], entry: bool, counts: dict[Place, int]) -> Place:
    """The place of a header; the tables above it are the last ones begun under their names."""
    at: Place = ()
    for index, name in enumerate(names):
        at = (*at, name)
        if entry and index == len(names) - 1:
            counts[at] = counts.get(at, -1) + 1
        if at in counts:
            at = (*at, counts[at])
    return at


def _open(line: str, depth: int, quote: str) -> tuple[int, str]:
    """How many brackets, and which string of several lines, are open at the end of a line."""
    at = 0
    while at < len(line):
        if quote:
            end = line.find(quote, at)
            if end < 0:
                return depth, quote
            at, quote = end + 3, ""
            continue
        token = _TOKEN.search(line, at)
        if token is None:
            break
        at = token.end()
        if token[0] in ('"""', "'''"):
            quote = token[0]
        elif token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth = max(0, depth - 1)
    return depth, quote
