"""What a badge of a framework says, and in which colour. The verdict is shown, never changed.

Nothing here knows a framework: a ladder's rung, a definition's answer and a score all come as the
verdict's own words. Colours keep 4.5:1 against white text (WCAG 2.2, contrast minimum).
"""

from __future__ import annotations

from dataclasses import dataclass

from openassay.canonical import visible
from openassay.reports import Report
from openassay.types import Answer, Verdict

GREEN, OLIVE, AMBER, RED, BLUE, GREY = (
    "#1a7f37", "#4d6b00", "#8a5a00", "#b3261e", "#0b5cad", "#57606a",
)  # fmt: skip
LABEL_COLOUR = "#30363d"
_OPEN = (Answer.NO, Answer.UNKNOWN)
_ACRONYM, _SHORT = 5, 3  # letters of a first word, and of a later one, written as capitals


@dataclass(frozen=True, slots=True)
class Badge:
    """``label`` and ``message`` as shown; ``title`` says it with the full name."""

    label: str
    message: str
    colour: str
    title: str


def badges(report: Report) -> tuple[Badge, ...]:
    """One badge per verdict, in the verdicts' order."""
    return tuple(_badge(verdict, report) for verdict in report.verdicts)


def _badge(verdict: Verdict, report: Report) -> Badge:
    message = _message(verdict)
    name = visible(verdict.title or verdict.framework)
    return Badge(
        label=short_name(verdict.framework),
        message=message,
        colour=_colour(verdict, report.optional.get(verdict.framework, frozenset())),
        title=f"{name}: {message}",
    )


def short_name(framework: str) -> str:
    """A framework's id as people write it: ``mof-1.0`` is ``MOF 1.0``, ``x-table`` is ``X table``.

    A short first word is an acronym, and so are very short ones after it.
    """
    first, *rest = visible(framework).split("-")
    head = first.upper() if len(first) <= _ACRONYM else first
    return " ".join([head, *(word.upper() if len(word) <= _SHORT else word for word in rest)])


def _message(verdict: Verdict) -> str:
    """The answer; on a ladder with how far the next rung is."""
    answer = visible(verdict.answer) or "not judged"
    rungs = rungs_of(verdict)
    if verdict.floor != verdict.ceiling or not rungs:
        return answer
    for name, share in rungs.items():
        if share < 100:
            return f"{answer} ({visible(name)} {share:.0f} %)" if 0.5 <= share < 99.5 else answer
    return answer


def rungs_of(verdict: Verdict) -> dict[str, float]:
    """The percentages of a ladder, lowest rung first; empty for any other framework.

    A score has percentages too, of areas that do not build on one another.
    """
    complete = [name for name, share in verdict.progress.items() if share >= 100]
    is_ladder = verdict.floor == complete[-1] if complete else not _is_score(verdict)
    return dict(verdict.progress) if is_ladder else {}


def _is_score(verdict: Verdict) -> bool:
    """``5.5``, ``88.89``, ``7 of 15``: a number first, and no rung of that name."""
    return verdict.floor[:1].isdigit() and verdict.floor not in verdict.progress


def _colour(verdict: Verdict, optional: frozenset[str]) -> str:
    """Grey is undecided, blue a score; else from red (nothing reached) to green (everything)."""
    if verdict.floor != verdict.ceiling:
        return GREY
    if _is_score(verdict):
        return BLUE
    if rungs := rungs_of(verdict):
        reached = sum(share >= 100 for share in rungs.values())
        return GREEN if reached == len(rungs) else (RED, AMBER, OLIVE)[min(reached, 2)]
    missed = any(r.answer in _OPEN for r in verdict.results if r.criterion not in optional)
    return RED if missed or not verdict.results else GREEN
