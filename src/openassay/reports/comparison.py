"""Releases side by side, differences first: for a terminal, as Markdown, as JSON.

``openassay-compare/1`` is described in docs/compare.md and ``schema/openassay-compare-1``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openassay.canonical import dump_json, visible
from openassay.reports import Look
from openassay.reports._cells import Ink, Pen, cut, pad, width, wrap
from openassay.reports._review import change_lines, change_rows
from openassay.reports._view import STATUS_WORD, short_pin_text
from openassay.reports.json_v1 import change_document
from openassay.reports.markdown import cell_code, code, escape
from openassay.reports.terminal import MARK
from openassay.types import Change, Direction, Status
from openassay.words import Words, mark, speaker

SCHEMA = "openassay-compare/1"
_TITLE, _CELL, _LABEL = 31, 16, 24  # columns of a terminal
_GROUPS = (
    mark("Opened, or better"), mark("Closed, or worse"), mark("Relicensed"),
    mark("Cannot be told any more"), mark("Also"),
)  # fmt: skip
_STEP_HEADS = (mark("What"), mark("Before"), mark("After"), mark("Where"))


@dataclass(frozen=True, slots=True)
class Cell:
    """What one release has of a component."""

    status: Status
    license: str | None
    open: bool | None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One component in every release; None where it was not looked for."""

    id: str
    title: str
    cells: tuple[Cell | None, ...]

    @property
    def same(self) -> bool:
        return len({cell and (cell.status, cell.license, cell.open) for cell in self.cells}) == 1


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One framework's answer on every release; None where it did not judge."""

    framework: str
    title: str
    answers: tuple[str | None, ...]

    @property
    def same(self) -> bool:
        return len(set(self.answers)) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One release. ``label`` is its name, with its revision where names are the same."""

    label: str
    name: str
    pins: tuple[str, ...]
    false_claims: int
    contradictions: int


@dataclass(frozen=True, slots=True)
class Step:
    """What changed from one version to the next."""

    before: str
    after: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Releases side by side; ``steps`` only where they are versions of one."""

    columns: tuple[Column, ...]
    verdicts: tuple[VerdictRow, ...]
    components: tuple[Row, ...]
    steps: tuple[Step, ...] = ()
    versions: bool = False


def renderer(name: str) -> Callable[[Comparison, Look], str]:
    """The function that renders in one format; KeyError for another name than `FORMATS`."""
    return FORMATS[name]


def _grouped(changes: Iterable[Change]) -> Mapping[str, list[Change]]:
    """Changes by what became of the release, in the order of `_GROUPS`."""
    found: dict[str, list[Change]] = {name: [] for name in _GROUPS}
    for change in changes:
        found[_group(change)].append(change)
    return {name: items for name, items in found.items() if items}


def _group(change: Change) -> str:
    if change.direction is Direction.BETTER:
        return _GROUPS[0]
    if change.direction is Direction.WORSE:
        return _GROUPS[1]
    if change.direction is Direction.UNCLEAR:
        return _GROUPS[3]
    return _GROUPS[2] if change.what == "license" else _GROUPS[4]


# --- terminal


def render_terminal(comparison: Comparison, look: Look) -> str:
    """Differences first; with ``-v`` every row."""
    pen = Pen(look)
    blocks = [list(_legend(comparison, pen))]
    blocks += [list(_step(step, pen)) for step in comparison.steps]
    for start, columns in _fitting(comparison.columns, pen):
        blocks.append(list(_matrix(comparison, start, columns, pen)))
    blocks.append(list(_alike(comparison, pen)))
    texts = ("\n".join(block) for block in blocks)
    return pen.sign("\n\n".join(text for text in texts if text)) + "\n"


def _legend(comparison: Comparison, pen: Pen) -> Iterator[str]:
    for letter, column in zip(_letters(comparison), comparison.columns, strict=True):
        pins = ", ".join(short_pin_text(pin) for pin in column.pins)
        name = cut(visible(column.label), pen.look.width // 2)
        room = pen.look.width - width(name) - len(letter) - 4
        yield f"{pen.ink(letter, Ink.BOLD)}  {name}  {pen.ink(cut(pins, room), Ink.DIM)}"


def _letters(comparison: Comparison) -> list[str]:
    every = range(len(comparison.columns))
    return [chr(65 + at) if len(every) <= 26 else f"#{at + 1}" for at in every]


def _fitting(columns: Sequence[Column], pen: Pen) -> Iterator[tuple[int, int]]:
    """(first, number) of the columns of each table, so that every one fits the terminal."""
    room = max(1, (pen.look.width - _TITLE) // (_CELL + 1))
    for start in range(0, len(columns), room):
        yield start, min(room, len(columns) - start)


def _matrix(comparison: Comparison, start: int, number: int, pen: Pen) -> Iterator[str]:
    shown = slice(start, start + number)
    room = min(30, (pen.look.width - _TITLE) // number - 1)
    heads = _letters(comparison)[shown]
    rows: tuple[VerdictRow | Row, ...] = (*comparison.verdicts, *comparison.components)
    if all(row.same for row in rows) and not pen.look.detail:
        yield pen.words.say("Nothing differs.")
        return
    yield pen.ink(
        f"{' ' * _TITLE} {' '.join(pad(head, room) for head in heads)}".rstrip(), Ink.BOLD
    )
    for verdict in comparison.verdicts:
        if not verdict.same or pen.look.detail:
            answers = (_answer(answer, room, pen.words) for answer in verdict.answers[shown])
            title = pen.words.short_name(verdict.title)
            name = title if width(title) <= _TITLE else verdict.framework
            yield f"{pad(visible(name), _TITLE)} {' '.join(answers)}".rstrip()
    for name, count in _counts(comparison, pen.words):
        if len(set(count)) > 1 or pen.look.detail:
            cells = (pad(str(item), room) for item in count[shown])
            yield f"{pad(name, _TITLE)} {' '.join(cells)}".rstrip()
    for row in comparison.components:
        if not row.same or pen.look.detail:
            cells = (_cell(cell, room, pen) for cell in row.cells[shown])
            title = visible(pen.words.short_name(row.title))
            yield f"{pad(title, _TITLE)} {' '.join(cells)}".rstrip()


def _answer(answer: str | None, room: int, words: Words) -> str:
    return pad(words.told(visible(answer)) if answer else "-", room)


def _counts(comparison: Comparison, words: Words) -> Iterator[tuple[str, tuple[int, ...]]]:
    columns = comparison.columns
    yield words.say("Claims that do not hold"), tuple(column.false_claims for column in columns)
    yield words.say("Contradictions"), tuple(column.contradictions for column in columns)


def _cell(cell: Cell | None, room: int, pen: Pen) -> str:
    if cell is None:
        return pad("-", room)
    mark, ink = MARK[cell.status]
    name = visible(cell.license or "").removeprefix("LicenseRef-")
    licensed = {True: Ink.GREEN, False: Ink.RED, None: Ink.YELLOW}[cell.open]
    return f"{pen.ink(mark, ink)} {pen.ink(pad(name, room - 2), licensed)}"


def _alike(comparison: Comparison, pen: Pen) -> Iterator[str]:
    words = pen.words
    signs = (f"{sign} {words.say(STATUS_WORD[status])}" for status, (sign, _) in MARK.items())
    yield pen.ink("  ".join(signs), Ink.DIM)
    rows: tuple[VerdictRow | Row, ...] = (*comparison.verdicts, *comparison.components)
    same = [visible(words.short_name(row.title)) for row in rows if row.same]
    if same and not pen.look.detail:
        text = words.say("The same in all: {names}", names=words.listed(same))
        yield from wrap(text, pen.look.width)


def _step(step: Step, pen: Pen) -> Iterator[str]:
    head = f"{visible(step.before)} → {visible(step.after)}"
    yield pen.ink(cut(head, pen.look.width), Ink.BOLD)
    if not step.changes:
        yield "  " + pen.words.say("nothing changed")
    for name, changes in _grouped(step.changes).items():
        yield pen.words.say(name)
        yield from change_lines(changes, pen, pen.words)


# --- Markdown


def render_markdown(comparison: Comparison, look: Look) -> str:
    """Tables: what differs, then what is the same."""
    words = speaker(look.lang)
    blocks = [list(_head(comparison, words))]
    blocks += [list(_step_table(step, words)) for step in comparison.steps]
    heads = ("", *(escape(column.label) for column in comparison.columns))
    for name, same in ((words.say("Differences"), False), (words.say("The same"), True)):
        rows = list(_rows(comparison, words, same=same))
        if rows:
            blocks.append([f"## {name}\n", *_table(heads, rows)])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _head(comparison: Comparison, words: Words) -> Iterator[str]:
    names = [escape(column.label) for column in comparison.columns]
    yield f"# {words.listed(names[:-1])}{words.say(' and ')}{names[-1]}\n"
    for name, column in zip(names, comparison.columns, strict=True):
        pins = words.listed([code(visible(pin)) for pin in column.pins])
        yield "- " + words.say("{name}: {text}", name=name, text=pins or words.say("no source"))


def _step_table(step: Step, words: Words) -> Iterator[str]:
    yield f"## {escape(step.before)} → {escape(step.after)}\n"
    if not step.changes:
        yield words.say("Nothing changed.")
    for index, (name, changes) in enumerate(_grouped(step.changes).items()):
        yield f"{chr(10) if index else ''}### {words.say(name)}\n"
        rows = (tuple(map(escape, row[1:])) for row in change_rows(changes, words))
        yield from _table([words.say(head) for head in _STEP_HEADS], rows)


def _rows(comparison: Comparison, words: Words, *, same: bool) -> Iterator[tuple[str, ...]]:
    for verdict in comparison.verdicts:
        if verdict.same is same:
            answers = (escape(words.told(answer or "-")) for answer in verdict.answers)
            yield escape(words.name(verdict.title)), *answers
    for name, count in _counts(comparison, words):
        if (len(set(count)) == 1) is same:
            yield name, *map(str, count)
    for row in comparison.components:
        if row.same is same:
            cells = (_markdown_cell(cell, words) for cell in row.cells)
            yield escape(words.name(row.title)), *cells


def _markdown_cell(cell: Cell | None, words: Words) -> str:
    if cell is None:
        return "-"
    parts = [words.say(STATUS_WORD[cell.status])]
    if cell.license:
        parts.append(cell_code(visible(cell.license)))
        if cell.open is not None:
            parts.append(words.say("open" if cell.open else "not open"))
    return " ".join(parts)


# --- JSON


def render_json(comparison: Comparison, look: Look) -> str:
    """The comparison as ``openassay-compare/1``."""
    del look
    labels = [column.label for column in comparison.columns]
    return dump_json(
        {
            "schema": SCHEMA,
            "releases": [
                {
                    "label": column.label,
                    "name": column.name,
                    "sources": list(column.pins),
                    "false_claims": column.false_claims,
                    "contradictions": column.contradictions,
                }
                for column in comparison.columns
            ],
            "versions": comparison.versions,
            "verdicts": [
                {"framework": row.framework, "title": row.title, "same": row.same}
                | {"answers": dict(zip(labels, row.answers, strict=True))}
                for row in comparison.verdicts
            ],
            "components": [
                {"id": row.id, "title": row.title, "same": row.same}
                | {"cells": dict(zip(labels, map(_json_cell, row.cells), strict=True))}
                for row in comparison.components
            ],
            "steps": [
                {"before": step.before, "after": step.after}
                | {"changes": [change_document(change) for change in step.changes]}
                for step in comparison.steps
            ],
        }
    )


def _json_cell(cell: Cell | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    return {
        "status": str(cell.status),
        "license": cell.license,
        "license_open": cell.open,
        "place": cell.place or None,
    }


FORMATS: Mapping[str, Callable[[Comparison, Look], str]] = {
    "terminal": render_terminal,
    "json": render_json,
    "markdown": render_markdown,
}
