"""What a framework file says once it is read: frozen records, no behaviour beyond look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from openassay.types import Answer, Extent, Kind


class RollUp(StrEnum):
    """How the answers to the criteria become one verdict."""

    LADDER = "ladder"  # the highest group reached, each containing the ones below it
    ALL = "all"  # every required criterion must hold
    SUM = "sum"  # yes 1, partly 0.5, anything else 0
    MEAN = "mean"  # the same, divided by the number of criteria: 0 to 1
    INDEX = "index"  # points on a scale of each criterion's own, in percent of all
    COUNT = "count"  # how many criteria are met; what is partly met is not


SCORES = frozenset((RollUp.SUM, RollUp.MEAN, RollUp.INDEX, RollUp.COUNT))


class Asks(StrEnum):
    """What a criterion asks of the licence of its parts."""

    OPEN = "open"
    ANYTHING = "anything"  # released is enough, whatever the licence


class When(StrEnum):
    """For which releases a way of meeting a criterion is there."""

    ALWAYS = "always"
    TUNED = "tuned"  # the release names a base model it came from
    FROM_SCRATCH = "from_scratch"


@dataclass(frozen=True, slots=True)
class LicenseRule:
    """Which licences count as open, or as made for, one kind of content.

    ``sets`` name lists of ``openassay.licenses.sets()``; ``ids`` are counted as well, and every
    licence whose known ``terms`` (name, allowed values) all agree; ``but`` are taken out again.
    ``title`` is how a sentence calls the list. ``note`` is said of every licence that counts,
    except of those in the sets ``note_except``. ``review`` are licences that a person must weigh;
    where it or ``terms`` are given, a licence of unknown terms is unknown, not refused.
    """

    title: str
    source: str
    sets: tuple[str, ...] = ()
    ids: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()
    terms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    note: str = ""
    note_except: tuple[str, ...] = ()
    suggest: str = ""
    fit: LicenseRule | None = None
    review: LicenseRule | None = None

    @property
    def undoubted(self) -> LicenseRule:
        """The licences of which ``note`` need not be said."""
        return LicenseRule(self.title, self.source, self.note_except)

    @property
    def by_terms(self) -> bool:
        """Whether a licence's known terms decide, so that unknown ones leave it open."""
        return bool(self.terms) or self.review is not None


@dataclass(frozen=True, slots=True)
class Way:
    """One way to meet a criterion: all ``parts`` and ``stated`` data together.

    It gives at most ``gives``, of which ``sure`` is certain once the parts are there and a person
    judges the rest; in an index these are the numbers ``points`` and ``sure_points``.
    """

    parts: tuple[str, ...] = ()
    gives: Answer = Answer.YES
    when: When = When.ALWAYS
    substitute: bool = False  # an `instead`, which a ladder counts only once
    stated: tuple[str, ...] = ()  # topics of frameworks.topics
    sure: Answer = Answer.YES
    points: float = 1.0
    sure_points: float = 1.0
    enough: Extent = Extent.WHOLE  # PART: some of each part will do
    license: Asks | None = None  # None: what the criterion asks
    licenses: str = ""  # a named list of the framework in place of those by kind


@dataclass(frozen=True, slots=True)
class ComputeBound:
    """A threshold of training compute in FLOP: yes above it, or (``above`` False) up to it."""

    flop: float
    above: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One rule of a framework, with the words it was published in and where."""

    id: str
    title: str
    group: str
    rule: str
    source: str
    next_step: str
    counts: str = ""
    human: str = ""  # what a person must still judge, whatever was found
    required: bool = True
    ways: tuple[Way, ...] = ()
    covers: tuple[str, ...] = ()  # in place of ways: the share of these parts under open licences
    at_least: int = 1  # open parts of `covers` that are worth "partly"
    complete: bool = False  # `covers` is met only when each of its parts is released
    compute: ComputeBound | None = None  # in place of ways
    points: float = 1.0  # the most it is worth in an index
    weight: float = 1.0
    license: Asks = Asks.OPEN
    not_open: Answer = Answer.NO
    linked_unlicensed: Answer = Answer.UNKNOWN
    partial: Answer = Answer.PARTLY
    absent: Answer = Answer.NO
    gated: Answer = Answer.YES
    to_judge: Answer = Answer.UNKNOWN

    @property
    def parts(self) -> tuple[str, ...]:
        """Every component the criterion may look at, each once, in the order written."""
        named = (part for way in self.ways for part in way.parts)
        return tuple(dict.fromkeys((*named, *self.covers)))


@dataclass(frozen=True, slots=True)
class Group:
    """A class, an area or an element; ladders list the lowest rung first."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A published framework as data."""

    id: str
    title: str
    version: str
    source: str
    summary: str
    roll_up: RollUp
    met: str  # the answer when all holds; unused by scores
    not_met: str  # the answer when nothing is reached
    groups: tuple[Group, ...]
    criteria: tuple[Criterion, ...]
    licenses: Mapping[Kind, LicenseRule]
    lists: Mapping[str, LicenseRule] = field(default_factory=dict)  # by a name of the file's own
    disqualifying: frozenset[str] = frozenset()  # restrictions in prose that mean no
    doubtful: frozenset[str] = frozenset()  # restrictions in prose that a person must weigh
    notes: tuple[str, ...] = ()
    superseded_by: str = ""  # the framework that took its place; judged by only when asked for

    def criterion(self, id: str) -> Criterion:
        """The criterion with this id; raises ``KeyError``."""
        for criterion in self.criteria:
            if criterion.id == id:
                return criterion
        raise KeyError(id)
