"""Jupyter notebooks: the code and prose of the cells, each line with its line in the .ipynb file.

A finding in a cell must be citable in the file as it is stored, so the JSON is walked with
positions instead of being loaded. Source of the layout: nbformat 4 (``cells[].source`` is a string
or a list of strings) and nbformat 3 (``worksheets[].cells[].input``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Final

MAX_NOTEBOOK: Final = 8 << 20  # characters; the rest of a larger one is stored pictures
MAX_DEPTH: Final = 100  # nbformat needs about ten
MAX_CELLS: Final = 5_000
MAX_LINES: Final = 50_000

_TOKEN = re.compile(r'[^\s:,][^\s:,\[\]{}"]*')  # a mark is only its first character
_DECODER = JSONDecoder(strict=False)  # raw line ends in strings are met in the wild
_SOURCES = frozenset({"source", "input"})
_CELL_LISTS = frozenset({"cells"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``places[i]`` is the 1-based line of the .ipynb file that holds ``lines[i]``."""

    kind: str  # "code", "markdown", "raw"
    lines: tuple[str, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells in order. ``cut`` says that the file goes on or broke off."""

    cells: tuple[Cell, ...]
    cut: bool = False

    def code(self) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """All lines of the code cells with their places, a blank line between two cells."""
        lines: list[str] = []
        places: list[int] = []
        for cell in self.cells:
            if cell.kind == "code" and cell.lines:
                lines += (*cell.lines, "")
                places += (*cell.places, cell.places[-1])
        return tuple(lines), tuple(places)


def read_notebook(text: str) -> Notebook:
    """Read as far as the JSON holds; a text that is no notebook has no cells."""
    cells: list[Cell] = []
    cut = len(text) > MAX_NOTEBOOK
    breaks = [found.start() for found in re.finditer("\n", text[:MAX_NOTEBOOK])]
    kind, lines, places = "", list[str](), list[int]()
    total = 0
    try:
        for event, key, value, at in _walk(text[:MAX_NOTEBOOK]):
            if event == "cell":
                kind, lines, places = "", [], []
            elif event == "end":
                if lines:
                    cells.append(Cell(kind or "code", tuple(lines), tuple(places)))
                total += len(lines)
                lines = []
                if len(cells) >= MAX_CELLS or total >= MAX_LINES:
                    return Notebook(tuple(cells), cut=True)
            elif key == "cell_type":
                kind = value
            else:
                place = bisect_left(breaks, at) + 1
                for line in value.removesuffix("\n").split("\n"):
                    lines.append(line)
                    places.append(place)
    except (JSONDecodeError, _NotJson):
        cut = True
    return Notebook(tuple(cells), cut)


class _NotJson(ValueError):
    """The text stops being JSON, or is nested beyond use."""


def _walk(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Events: ("cell", …) and ("end", …) around a cell, ("text", key, value, offset) inside."""
    stack: list[tuple[str, str]] = []  # (bracket, key it stands under)
    key, expects_key = "", False
    at = 0
    while found := _TOKEN.search(text, at):
        start, mark = found.start(), text[found.start()]
        at = start + 1
        if mark in "{[":
            if len(stack) >= MAX_DEPTH:
                raise _NotJson("nested too deeply")
            stack.append((mark, key))
            if _is_cell(stack):
                yield "cell", "", "", start
            expects_key = mark == "{"
            key = "" if mark == "{" else key
        elif mark in "}]":
            if not stack:
                raise _NotJson("closes what was not opened")
            if _is_cell(stack):
                yield "end", "", "", start
            stack.pop()
            expects_key = bool(stack) and stack[-1][0] == "{"
            key = stack[-1][1] if stack and stack[-1][0] == "[" else ""
        elif mark == '"':
            value, at = _DECODER.raw_decode(text, start)
            if expects_key:
                key, expects_key = value, False
            else:
                if _in_cell(stack, key):
                    yield "text", key, value, start
                expects_key = bool(stack) and stack[-1][0] == "{"
        else:
            at = found.end()
            expects_key = bool(stack) and stack[-1][0] == "{"


def _is_cell(stack: list[tuple[str, str]]) -> bool:
    """The top of the stack is an object directly inside a list named ``cells``."""
    return (
        len(stack) >= 2
        and stack[-1][0] == "{"
        and stack[-2][0] == "["
        and stack[-2][1] in _CELL_LISTS
    )


def _in_cell(stack: list[tuple[str, str]], key: str) -> bool:
    if _is_cell(stack):
        return key == "cell_type" or key in _SOURCES
    return (
        len(stack) >= 3
        and stack[-1][0] == "["
        and stack[-1][1] in _SOURCES
        and _is_cell(stack[:-1])
    )
