"""How the answers to the criteria add up: a ladder's rung, a binary verdict, a sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openassay.frameworks.model import Criterion, Framework, RollUp
from openassay.types import Answer, Result, Verdict

POINTS: Mapping[Answer, float] = {Answer.YES: 1.0, Answer.PARTLY: 0.5}  # anything else: nothing


@dataclass(frozen=True, slots=True)
class Judged:
    """A result with the least and the most it can be, given what was not read.

    ``substituted`` says that a stand-in (a paper for the report) gave it its yes.
    """

    result: Result
    low: Answer
    high: Answer
    substituted: bool = False


def roll_up(
    framework: Framework, judged: Sequence[Judged], *, mode: str, notes: Sequence[str] = ()
) -> Verdict:
    """The verdict that the answers add up to."""
    low = {one.result.criterion: one.low for one in judged}
    high = {one.result.criterion: one.high for one in judged}
    substituted = frozenset(one.result.criterion for one in judged if one.substituted)
    floor, ceiling = reached(framework, low), reached(framework, high)
    return Verdict(
        framework=framework.id,
        title=framework.title,
        mode=mode,
        floor=floor,
        ceiling=ceiling,
        answer=floor if floor == ceiling else f"undecided: {floor} to {ceiling}",
        results=tuple(one.result for one in judged),
        progress=progress(framework, low, substituted),
        notes=tuple(notes),
    )


def reached(framework: Framework, answers: Mapping[str, Answer]) -> str:
    """The verdict on answers by criterion id, unknown counted as no.

    A ladder gives the id of the highest group reached, a binary framework its ``met`` or
    ``not_met``, a sum its points as a number ("9.5").
    """
    if framework.roll_up is RollUp.SUM:
        return f"{sum(POINTS.get(answers[c.id], 0.0) for c in framework.criteria):g}"
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
    if framework.roll_up is RollUp.SUM:
        return {group.id: _area(framework, group.id, answers) for group in framework.groups}
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


def _area(framework: Framework, group: str, answers: Mapping[str, Answer]) -> float:
    points = [POINTS.get(answers[c.id], 0.0) for c in framework.criteria if c.group == group]
    return sum(points) / len(points) * 100
