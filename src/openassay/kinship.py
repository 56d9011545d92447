"""What the weights of two models say of their kinship: facts of a dossier, and their words.

Made by ``openassay.lineage``, which needs NumPy; these types need nothing, so that a stored
comparison can be reported, compared and verified anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from openassay.types import Evidence, Fact


class Kinship(StrEnum):
    """What a comparison of two models' weights found. None of it says which came first."""

    IDENTICAL = "identical"
    REORDERED = "same values reordered"
    COMMON = "common origin"
    PART = "common origin, part only"
    STRONG = "strong sign of common origin"
    NONE = "no sign found"
    CANNOT = "cannot tell"

    @property
    def is_found(self) -> bool:
        """Whether an exact test found a common origin, whole or in part."""
        return self in (Kinship.IDENTICAL, Kinship.REORDERED, Kinship.COMMON, Kinship.PART)


class Alteration(StrEnum):
    """How two models that share an origin differ."""

    EQUAL_PARTS = "equal parts"
    LOW_RANK = "low-rank change"
    PRUNED = "pruned"
    QUANTISED = "quantised"
    LAYERS_DROPPED = "layers dropped"
    LAYERS_REPEATED = "layers repeated"
    LAYERS_MOVED = "layers in another order"
    EXPERTS = "experts from dense layers"
    MERGED = "merged"
    VOCABULARY = "vocabulary extended"
    NARROWED = "narrower layers"


class Order(StrEnum):
    """Which of two models came later, as far as lost information or dates tell."""

    B_LATER = "B came after A"
    A_LATER = "A came after B"
    UNKNOWN = "not told by the weights"


class Means(StrEnum):
    """What kind of consequence a comparison of weights has for a release."""

    DERIVED = "derived"  # the model comes from this base
    CONTRADICTION = "contradiction"
    CONFIRMED = "confirmed"  # a declared base that the weights show
    QUESTION = "question"  # something only the authors can answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One test of a comparison. ``log10_p`` is corrected for the number of ``comparisons``."""

    test: str
    title: str
    ran: bool
    found: bool
    sentence: str
    log10_p: float | None = None
    count: int = 0  # how many of ``of`` indices agree: K of n
    of: int = 0
    comparisons: int = 0
    share: float | None = None  # of units that match freely, and what chance reaches
    chance: float | None = None
    layers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """How the two differ, with the numbers it rests on."""

    kind: Alteration
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Layer ``b`` of the release has rows in the places of layer ``a``; indices of a LayerMap."""

    a: int
    b: int
    count: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerMap:
    """What a picture of two models' layers needs.

    ``shares`` has a string for each layer of B (``rows``): the per cent of sampled rows that stand
    in the places of each layer of A (``columns``), parted by spaces.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    shares: tuple[str, ...]
    joined: tuple[Joined, ...] = ()
    left_out: int = 0  # layers of the longer side that are not shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """One thing that follows from a comparison for the release, with what it rests on."""

    means: Means
    id: str
    text: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Fact):
    """The release's weights (B) were compared with those of another model (A), ``other``.

    The evidence is what was read of B, then what was read of A; ``declared`` says whether the
    release names A as its base.
    """

    other: str
    source: str  # A's pin
    path: str  # of A's weights inside it
    verdict: Kinship
    declared: bool = False
    parts: tuple[str, ...] = ()  # those that share an origin
    because: tuple[str, ...] = ()
    tests: tuple[Tested, ...] = ()
    altered: tuple[Altered, ...] = ()
    order: Order = Order.UNKNOWN
    order_because: tuple[str, ...] = ()
    layers: LayerMap | None = None
    follows: tuple[Follows, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched(Fact):
    """Models, by name, that the weights were compared with and of which nothing was found.

    ``verdict`` is *no sign found* or *cannot tell*; ``count`` says how many, ``names`` has the
    first of them.
    """

    verdict: Kinship
    count: int
    names: tuple[str, ...]


KinFact = Compared | Unmatched
