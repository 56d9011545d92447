"""What a comparison of two models says: outcomes of tests, parts, relations, one verdict.

Plain data without NumPy, so that reports can show it. *A* is the older or claimed base, *B* the
model under audit. Probabilities are base-10 logarithms, already multiplied by the number of tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from openassay.kinship import Alteration, Kinship, Order
from openassay.types import Evidence

__all__ = [
    "Comparison", "Kind", "Match", "Matrix", "Order", "Outcome", "Relation", "Side", "Verdict",
    "label",
]  # fmt: skip

Verdict = Kinship  # inside this package there is no other
Kind = Alteration


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test. ``log10_p`` is corrected; ``share`` and ``null`` are for T2', T4 and T5."""

    test: str
    title: str
    ran: bool
    found: bool = False
    sentence: str = ""
    log10_p: float | None = None
    count: int = 0
    of: int = 0
    tests: int = 0
    share: float | None = None
    null: float | None = None
    layers: int = 0  # layers in which T4 or T5 found it
    applies: bool = True  # False where neither model has what the test looks at


@dataclass(frozen=True, slots=True)
class Match:
    """Two units of layers and how many of the sampled rows agree."""

    a: str
    b: str
    a_place: tuple[str, int, int]  # stack, layer, expert; -1 for none
    b_place: tuple[str, int, int]
    role: str
    count: int
    of: int
    log10_p: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """Shares of agreeing rows, one row per layer of B and one column per layer of A."""

    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    values: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """A kind of relation with the numbers it rests on."""

    kind: Kind
    text: str
    loses: str = ""  # "a" or "b": the side that holds less, if the relation says so


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two models."""

    name: str
    label: str
    source: str
    format: str
    nbytes: int
    bytes_read: int
    tensors: int
    whole: bool
    evidence: tuple[Evidence, ...] = ()
    dated: str = ""  # a date that the user gave


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was found out about two models."""

    a: Side
    b: Side
    verdict: Verdict
    because: tuple[str, ...]
    parts: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    matches: tuple[Match, ...] = ()
    matrix: Matrix = field(default_factory=Matrix)
    relations: tuple[Relation, ...] = ()
    order: Order = Order.UNKNOWN
    order_because: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def related(self) -> bool:
        """Whether a common origin was found, whole or in part, by an exact test."""
        return self.verdict.is_found

    def outcome(self, test: str) -> Outcome:
        """The outcome of one test; KeyError for an unknown one."""
        for outcome in self.outcomes:
            if outcome.test == test:
                return outcome
        raise KeyError(test)


def label(place: tuple[str, int, int], name: str) -> str:
    """What a layer is called: its stack and number, or the end of the tensor's name."""
    stack, number, expert = place
    if number < 0:
        return name[-60:]
    return f"{stack} {number}".strip() + (f" expert {expert}" if expert >= 0 else "")
