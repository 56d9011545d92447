"""The four questions in short: released, allowed, true, usable. Counts, and no judgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from openassay.reports._view import kind, openness
from openassay.types import Component, Status
from openassay.words import mark

#: From the best to the worst; of several ways to have something, the best one counts.
ORDER = (Status.PRESENT, Status.LINKED, Status.PARTIAL, Status.UNKNOWN, Status.ABSENT)
_THERE = (Status.PRESENT, Status.LINKED, Status.PARTIAL)
KINDS: Mapping[str, str] = {
    "weights": mark("Weights"),
    "code": mark("Code"),
    "data": mark("Data"),
    "document": mark("Documents"),
}
STATES = (mark("open"), mark("not open"), mark("unclear"), mark("no licence"))

# What it takes to do something with a model. Each line of a row has to be there; of the names on
# one line, one is enough.
_TAKES: Sequence[tuple[str, Sequence[Sequence[str]]]] = (
    (mark("Run it"), (("model_parameters_final",), ("inference_code",))),
    (
        mark("Study it"),
        (("model_architecture",), ("technical_report", "research_paper"), ("model_card",)),
    ),
    (
        mark("Change it"),
        (("model_parameters_final",), ("model_architecture",), ("training_code",)),
    ),
    (
        mark("Check its results"),
        (("evaluation_code",), ("evaluation_data",), ("evaluation_results",)),
    ),
    (
        mark("Rebuild it"),
        (
            ("datasets",),
            ("data_preprocessing_code",),
            ("model_architecture",),
            ("training_code",),
            ("model_metadata",),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Doing:
    """Something one may want to do, and the parts that it takes; ``status`` is the worst one."""

    title: str
    takes: tuple[Component, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class Allowed:
    """The released parts of one kind by the state of their licence, and the licences' names."""

    title: str
    kind: str
    states: Mapping[str, int]
    licenses: tuple[str, ...]


def by_kind(components: Iterable[Component]) -> tuple[Component, ...]:
    """The same components, those of one kind of content together."""
    order = list(KINDS)
    ranked = sorted(components, key=lambda component: order.index(kind(component.id) or "document"))
    return tuple(ranked)


def doings(components: Iterable[Component]) -> tuple[Doing, ...]:
    """What the parts make possible; nothing is said of how well it would work."""
    known = {component.id: component for component in components}
    found = []
    for title, lines in _TAKES:
        takes = [
            min((known[name] for name in line if name in known), key=_rank, default=None)
            for line in lines
        ]
        there = tuple(component for component in takes if component is not None)
        if there:
            worst = max(there, key=_rank)
            found.append(Doing(title, there, worst.status))
    return tuple(found)


def _rank(component: Component) -> int:
    return ORDER.index(component.status)


def counted(components: Iterable[Component]) -> dict[Status, int]:
    """How many components have each status, in the order of the statuses."""
    counts = dict.fromkeys(Status, 0)
    for component in components:
        counts[component.status] += 1
    return counts


def released(components: Iterable[Component]) -> tuple[Component, ...]:
    """Those of which at least a part is there or linked."""
    return tuple(component for component in components if component.status in _THERE)


def license_state(component: Component) -> str:
    """Whether its licence is open, in a word; nothing for what is not known to be there."""
    return openness(component) if component.status in _THERE else ""


def allowed(components: Iterable[Component]) -> tuple[Allowed, ...]:
    """What the licences of the released parts say, by kind of content."""
    there = released(components)
    found = []
    for name, title in KINDS.items():
        parts = [component for component in there if kind(component.id) == name]
        states = {
            state: count
            for state in STATES
            if (count := sum(openness(component) == state for component in parts))
        }
        names = dict.fromkeys(component.license for component in parts if component.license)
        if parts:
            found.append(Allowed(title, name, states, tuple(names)))
    return tuple(found)
