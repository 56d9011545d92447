"""How the answers to the criteria add up: a ladder's rung, a binary verdict, a score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from openassay.frameworks.model import SCORES, Criterion, Framework, RollUp
from openassay.types import Answer, Result, Verdict

POINTS: Mapping[Answer, float] = {Answer.YES: 1.0, Answer.PARTLY: 0.5}  # anything else: nothing


@dataclass(frozen=True, slots=True)
class Judged:
    """A result with the least and the most it can be, given what was not read.

    ``substituted`` says that a stand-in (a paper for the report) gave it its yes. ``points`` are
    the least and the most in an index; None where the answers tell them.
    """

    result: Result
    low: Answer
    high: Answer
    substituted: bool = False
    points: tuple[float, float] | None = None


def roll_up(
    framework: Framework, judged: Sequence[Judged], *, mode: str, notes: Sequence[str] = ()
) -> Verdict:
    """The verdict that the answers add up to."""
    substituted = frozenset(one.result.criterion for one in judged if one.substituted)
    low = {one.result.criterion: one.low for one in judged}
    if framework.roll_up in SCORES:
        least, most = _values(framework, judged, 0), _values(framework, judged, 1)
        floor, ceiling = score(framework, least), score(framework, most)
        shares = {group.id: _area(framework, group.id, least) for group in framework.groups}
    else:
        floor = reached(framework, low)
        ceiling = reached(framework, {one.result.criterion: one.high for one in judged})
        shares = progress(framework, low, substituted)
    return Verdict(
        framework=framework.id,
        title=framework.title,
        mode=mode,
        floor=floor,
        ceiling=ceiling,
        answer=_between(framework, floor, ceiling),
        results=tuple(one.result for one in judged),
        progress=shares,
        notes=tuple(notes),
    )


def _between(framework: Framework, floor: str, ceiling: str) -> str:
    """One answer where floor and ceiling agree, else both: ``undecided: 4 to 9 of 15``."""
    if floor == ceiling:
        return floor
    low = floor.partition(" ")[0] if framework.roll_up is RollUp.COUNT else floor
    return f"undecided: {low} to {ceiling}"


def _values(framework: Framework, judged: Sequence[Judged], end: int) -> dict[str, float]:
    """What each criterion is worth, at least (0) or at most (1), by id."""
    answers = {one.result.criterion: (one.low, one.high)[end] for one in judged}
    given = {one.result.criterion: one.points[end] for one in judged if one.points is not None}
    return values(framework, answers) | given


def values(framework: Framework, answers: Mapping[str, Answer]) -> dict[str, float]:
    """The worth of answers by criterion id: of a count only yes counts, else partly is half."""
    counted = framework.roll_up is RollUp.COUNT
    return {
        id: float(answer is Answer.YES) if counted else POINTS.get(answer, 0.0)
        for id, answer in answers.items()
    }


def score(framework: Framework, worth: Mapping[str, float]) -> str:
    """The score as each published table writes its own.

    A sum "9.5", a mean "0.9583" (four decimals), an index "88.89" (percent of all points), a count
    "7 of 15". A criterion that is not in ``worth`` scores 0 and stays in the denominator.
    """
    total = sum(worth.get(c.id, 0.0) * c.weight for c in framework.criteria)
    return _WRITTEN[framework.roll_up](total, framework)


def _all_points(framework: Framework) -> float:
    return sum(criterion.points * criterion.weight for criterion in framework.criteria)


_WRITTEN: Mapping[RollUp, Callable[[float, Framework], str]] = {
    RollUp.SUM: lambda total, _: f"{total:g}",
    RollUp.MEAN: lambda total, framework: f"{total / len(framework.criteria):.4f}",
    RollUp.INDEX: lambda total, framework: f"{round(100 * total / _all_points(framework), 2):g}",
    RollUp.COUNT: lambda total, framework: f"{total:g} of {len(framework.criteria)}",
}


def reached(framework: Framework, answers: Mapping[str, Answer]) -> str:
    """The verdict on answers by criterion id, unknown counted as no.

    A ladder gives the id of the highest group reached, a binary framework its ``met`` or
    ``not_met``, the others their score.
    """
    if framework.roll_up in SCORES:
        return score(framework, values(framework, answers))
    if framework.roll_up is RollUp.ALL:
        failing = (Answer.NO, Answer.UNKNOWN)
        fails = any(c.required and answers[c.id] in failing for c in framework.criteria)
        return framework.not_met if fails else framework.met
    rung = framework.not_met
    for group in framework.groups:
        if any(answers[c.id] is not Answer.YES for c in _required(framework, group.id)):
            break
        rung = group.id
    return rung


def progress(
    framework: Framework, answers: Mapping[str, Answer], substituted: frozenset[str] = frozenset()
) -> dict[str, float]:
    """Percent of each group, unknown counted as no; nothing for a binary framework.

    A rung of a ladder contains the rungs below it and stands at 0 until those are complete. A
    stand-in that is itself asked for on a rung counts there once: for itself, not for what it
    replaces. ``substituted`` are the criteria that a stand-in gave their yes.
    """
    if framework.roll_up is RollUp.ALL:
        return {}
    if framework.roll_up in SCORES:
        worth = values(framework, answers)
        return {group.id: _area(framework, group.id, worth) for group in framework.groups}
    shares: dict[str, float] = {}
    asked: list[Criterion] = []
    complete = True
    for group in framework.groups:
        asked += _required(framework, group.id)
        ids = {criterion.id for criterion in asked}
        counted = [c for c in asked if not (c.id in substituted and ids & _stand_ins(c))]
        met = sum(answers[c.id] is Answer.YES for c in counted)
        # Divided first, as the reference tool does: other orders differ in the last bit.
        shares[group.id] = met / len(counted) * 100 if complete and counted else 0.0
        complete = complete and met == len(counted)
    return shares


def _required(framework: Framework, group: str) -> list[Criterion]:
    return [c for c in framework.criteria if c.required and c.group == group]


def _stand_ins(criterion: Criterion) -> set[str]:
    return {part for way in criterion.ways if way.substitute for part in way.parts}


def _area(framework: Framework, group: str, worth: Mapping[str, float]) -> float:
    """Percent of the points of one group."""
    inside = [criterion for criterion in framework.criteria if criterion.group == group]
    points = sum(worth.get(c.id, 0.0) * c.weight for c in inside)
    return points / sum(c.points * c.weight for c in inside) * 100
