"""A dossier judged by a framework. Pure: the same dossier and framework give the same verdict.

Every component of a criterion is first looked at alone (``_component.assess``): its status, then
its licence under the framework's lists, give an interval of answers, wider than a point only where
something was not read. The ways to meet the criterion combine those, and the framework's roll-up
turns the answers into a floor (unknown counted as no) and a ceiling (as yes).

A reason begins with its state, so that released and allowed are never confused: *Missing*,
*Unlicensed*, *Not open*, *Open, wrong type*, *Open*; beside these *Partial*, *Unknown*, *Released*
(where the licence plays no part), *Listed* and *Not listed* (in a list of the file's own),
*Restricted*, *Gated*, *Stated*, *Estimate* and *To judge*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from openassay.errors import UsageError
from openassay.frameworks.model import Framework
from openassay.frameworks.rollup import roll_up
from openassay.judge._case import Case
from openassay.types import Component, Dossier, Fact, Verdict

__all__ = ["judge", "judge_components"]


def judge(framework: Framework, dossier: Dossier, mode: str = "strict") -> Verdict:
    """Judge a dossier. Other modes than ``strict`` judge records: see :mod:`openassay.records`."""
    if mode != "strict":
        raise UsageError(
            f"a dossier is judged in mode strict, not {mode!r}",
            hint="records.record_of(dossier) makes the record that mode mot judges",
        )
    components = {component.id: component for component in dossier.components}
    return judge_components(framework, components, dossier.facts)


def judge_components(
    framework: Framework,
    components: Mapping[str, Component],
    facts: Iterable[Fact] = (),
    *,
    mode: str = "strict",
    notes: Sequence[str] = (),
) -> Verdict:
    """Judge components by id; ``facts`` are those of the whole release."""
    case = Case(framework, components, tuple(facts))
    judged = tuple(case.criterion(criterion) for criterion in framework.criteria)
    return roll_up(framework, judged, mode=mode, notes=(*framework.notes, *notes))
