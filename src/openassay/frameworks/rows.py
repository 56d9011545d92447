"""Rows of the openness table of Dingemanse & Liesenfeld, as its project keeps them, and its order.

A file holds, for each of the fourteen features, a ``class`` (open, partial, closed), a ``link`` to
the evidence and ``notes``. Any other class, an empty one included, scores 0 as in the project.
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


@dataclass(frozen=True, slots=True)
class Cell:
    """One judgement: its class as written, the link it rests on, and the authors' reason."""

    cls: str
    link: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One project. The table leaves out rows without a name."""

    name: str
    cells: Mapping[str, Cell] = field(default_factory=dict)


def read_row(data: bytes) -> Row:
    """One file of the project's ``projects`` folder; raises :class:`DossierError`."""
    top = read_mapping(data)
    project = top.get("project")
    name = text_of(project.get("name")) if isinstance(project, dict) else None
    cells = {}
    for criterion in load(FRAMEWORK).criteria:
        entry = top.get(criterion.id)
        if isinstance(entry, dict):
            values = [text_of(entry.get(key)) or "" for key in ("class", "link", "notes")]
            cells[criterion.id] = Cell(*values)
    return Row(name or "", cells)


def judge_row(row: Row) -> Verdict:
    """The table's own verdict on a row: the sum of its cells, taken at the authors' word."""
    framework = load(FRAMEWORK)
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
    """The openness of a row, 0 to 14 in steps of a half."""
    return float(judge_row(row).answer)


def ranked(rows: Iterable[Row]) -> list[Row]:
    """The named rows in the table's order: openness descending, then name, capitals first."""
    return sorted((row for row in rows if row.name), key=lambda row: (-score(row), row.name))
