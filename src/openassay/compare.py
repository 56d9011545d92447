"""Releases side by side, or several versions of one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from openassay import changes
from openassay.errors import UsageError
from openassay.frameworks.model import Framework
from openassay.reports.comparison import Cell, Column, Comparison, Row, Step, VerdictRow
from openassay.states import State
from openassay.vocabulary import entries

MAX_RELEASES = 100
_PIN = 12  # characters of a revision that tell two versions apart


def compare(
    states: Sequence[State],
    frameworks: Mapping[str, Framework],
    *,
    versions: bool | None = None,
) -> Comparison:
    """Two or more releases side by side.

    ``versions``: they are versions of one release, the oldest first, so what changed from each to
    the next is told as well. None: when they bear one name, or were read from one place.
    """
    if not 2 <= len(states) <= MAX_RELEASES:
        raise UsageError(f"compare takes 2 to {MAX_RELEASES} releases, not {len(states)}")
    told = _is_one(states) if versions is None else versions
    columns = _columns(states)
    steps = tuple(
        Step(columns[at].label, columns[at + 1].label, changes.between(old, new, frameworks))
        for at, (old, new) in enumerate(pairwise(states))
    )
    return Comparison(
        columns=columns,
        verdicts=_verdicts(states),
        components=_components(states),
        steps=steps if told else (),
        versions=told,
    )


def _is_one(states: Sequence[State]) -> bool:
    names = {state.name for state in states}
    places = {frozenset(_folder(place) for place in state.locators) for state in states}
    return len(names) == 1 or (len(places) == 1 and places != {frozenset()})


def _folder(locator: str) -> str:
    """A locator without its revision."""
    return locator.rpartition("@")[0] or locator


def _columns(states: Sequence[State]) -> tuple[Column, ...]:
    """Every release with a label of its own: its name, its revision where names are the same."""
    names = [state.name for state in states]
    labels: list[str] = []
    for state in states:
        label = state.name
        if names.count(label) > 1:
            pin = state.pins[0].rpartition("@")[2][:_PIN] if state.pins else ""
            label = f"{label}@{pin}" if pin else label
        while label in labels:
            label += "'"
        labels.append(label)
    return tuple(
        Column(
            label=label,
            name=state.name,
            pins=state.pins,
            false_claims=sum(claim.holds is False for claim in state.claims),
            contradictions=len(state.contradictions),
        )
        for label, state in zip(labels, states, strict=True)
    )


def _verdicts(states: Sequence[State]) -> tuple[VerdictRow, ...]:
    known = {id: item.title for state in states for id, item in state.standings.items()}
    return tuple(
        VerdictRow(id, title, tuple(_answer(state, id) for state in states))
        for id, title in known.items()
    )


def _answer(state: State, id: str) -> str | None:
    standing = state.standings.get(id)
    return standing.answer if standing else None


def _components(states: Sequence[State]) -> tuple[Row, ...]:
    return tuple(
        Row(entry.id, entry.title, tuple(_cell(state, entry.id) for state in states))
        for entry in entries()
        if any(entry.id in state.parts for state in states)
    )


def _cell(state: State, id: str) -> Cell | None:
    part = state.parts.get(id)
    return Cell(part.status, part.license, part.open, part.place) if part else None
