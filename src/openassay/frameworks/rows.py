"""Rows of two hand-kept tables, as their projects keep them, and the tables' order.

A file of the openness table of Dingemanse & Liesenfeld, or of the European Open Source AI Index
that followed it, holds for each feature a ``class`` (open, partial, closed), a ``link`` to the
evidence and ``notes``. Any other class, an empty one included, scores 0 as in the projects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from openassay.frameworks import load
from openassay.frameworks.plain import read_mapping, text_of
from openassay.frameworks.rollup import Judged, roll_up
from openassay.types import Answer, Result, Verdict

FRAMEWORK = "dl-table"
_CLASSES = {"open": Answer.YES, "partial": Answer.PARTLY, "closed": Answer.NO}
_HEADS = ("project", "system")  # where a file keeps its name: of the table, of the index


@dataclass(frozen=True, slots=True)
class Cell:
    """One judgement: its class as written, the link it rests on, and the authors' reason."""

    cls: str
    link: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One project. The tables leave out rows without a name. ``file`` decides ties in the index."""

    name: str
    cells: Mapping[str, Cell] = field(default_factory=dict)
    framework: str = FRAMEWORK
    file: str = ""


def read_row(data: bytes, framework: str = FRAMEWORK, file: str = "") -> Row:
    """One file of a project, by the parameters of ``framework``; raises :class:`DossierError`."""
    top = read_mapping(data)
    heads = (top.get(head) for head in _HEADS)
    names = (text_of(head.get("name")) for head in heads if isinstance(head, dict))
    cells = {}
    for criterion in load(framework).criteria:
        entry = top.get(criterion.id)
        if isinstance(entry, dict):
            values = [text_of(entry.get(key)) or "" for key in ("class", "link", "notes")]
            cells[criterion.id] = Cell(*values)
    return Row(next(names, None) or "", cells, framework, file)


def judge_row(row: Row) -> Verdict:
    """The table's own verdict on a row: its cells added up, taken at the authors' word."""
    framework = load(row.framework)
    judged = []
    for criterion in framework.criteria:
        cell = row.cells.get(criterion.id, Cell(""))
        answer = _CLASSES.get(cell.cls, Answer.NOT_APPLICABLE)
        because = " ".join(part for part in (cell.notes, cell.link and f"({cell.link})") if part)
        result = Result(
            criterion=criterion.id,
            title=criterion.title,
            answer=answer,
            because=(because or f"The row says {cell.cls or 'nothing'}.",),
            next_step="" if answer is Answer.YES else criterion.next_step,
            group=criterion.group,
        )
        judged.append(Judged(result, answer, answer))
    return roll_up(framework, judged, mode="row")


def score(row: Row) -> float:
    """The openness of a row: 0 to 14 in steps of a half in the table, 0 to 1 in the index."""
    return float(judge_row(row).answer)


def ranked(rows: Iterable[Row]) -> list[Row]:
    """The named rows of one table in its order: openness descending, then the tables' own ways.

    The table breaks ties by name, capitals first; the index by file, the last one first.
    """
    named = [row for row in rows if row.name]
    named.sort(key=lambda row: row.name)
    named.sort(key=lambda row: row.file, reverse=True)
    return sorted(named, key=lambda row: -score(row))
