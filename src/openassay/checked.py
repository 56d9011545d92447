"""What comes of checking a record: against the reference tool, and against a release.

Plain data, shared by what works it out (:mod:`openassay.records`, :mod:`openassay.against`) and
what shows it (:mod:`openassay.reports.against`). Standard library only, like ``types``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from openassay.types import Evidence, Gap, SourceInfo, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One component on which the reference tool and the strict judgement differ."""

    component: str
    title: str
    reference: str  # the reference tool's finding, beginning with its state
    strict: str
    because: str  # why they differ, in a sentence
    counts: bool  # whether it counts for one and not for the other


class Standing(StrEnum):
    """What became of one claim of a record."""

    SUPPORTED = "supported"  # what was read holds or links it; cites evidence
    UNSUPPORTED = "unsupported"  # everything was read and nothing supports it
    CONTRADICTED = "contradicted"  # the release says otherwise; cites evidence
    NOT_CHECKABLE = "not_checkable"  # what would tell was not read, or nothing definite is claimed


class Asked(StrEnum):
    """What is claimed."""

    RELEASED = "released"  # the component is there
    WITHHELD = "withheld"  # the component is not there
    LICENSE = "license"
    PLACE = "place"  # it stands at this path or address
    LICENSE_PLACE = "license_place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One claim, in the record's words, and whether it stands."""

    asked: Asked
    says: str
    standing: Standing
    because: str
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One component of a record. The first check is whether it is there at all."""

    number: int  # place in the record, from 1
    name: str  # as the record spells it
    component: str | None
    status: Status | None  # what the release has
    checks: tuple[Check, ...]

    @property
    def standing(self) -> Standing:
        return self.checks[0].standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A component that the release has and the record does not list."""

    component: str
    status: Status
    because: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """The framework's answers: what the record comes to, and what the release does."""

    framework: str
    reference: str  # the record, as the reference tool judges it
    strict: str  # the record, strictly
    audited: str  # what was read, strictly


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A record beside the release that it describes.

    ``unread`` are addresses of the release that the record names and that were not audited: what
    is unsupported may be there.
    """

    record: str  # the name in the record
    origin: str  # the file it was read from
    release: str
    sources: tuple[SourceInfo, ...]
    entries: tuple[Entry, ...] = ()
    licenses: tuple[Check, ...] = ()  # those of the release as a whole
    lacks: tuple[Lacking, ...] = ()
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    classes: Classes | None = None

    def checks(self) -> Iterable[Check]:
        """Every check, entry by entry, then those of the release's licences."""
        for entry in self.entries:
            yield from entry.checks
        yield from self.licenses


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A record that could not be checked, and why."""

    origin: str
    record: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Several records checked, in the order of their files."""

    comparisons: tuple[Comparison, ...]
    unmatched: tuple[Unmatched, ...] = ()
    read_by: str = ""


GROUPS = ("released", "license", "place")
_GROUP = {
    Asked.RELEASED: "released",
    Asked.WITHHELD: "released",
    Asked.LICENSE: "license",
    Asked.PLACE: "place",
    Asked.LICENSE_PLACE: "place",
}
Counts = dict[Standing, int]


def totals(comparisons: Iterable[Comparison]) -> dict[str, Counts]:
    """How many claims of each group (released, license, place) have each standing."""
    counts = {group: dict.fromkeys(Standing, 0) for group in GROUPS}
    for comparison in comparisons:
        for check in comparison.checks():
            counts[_GROUP[check.asked]][check.standing] += 1
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Finer:
    """What the totals of *released* hide."""

    in_part: int  # supported, but only part of it was found
    by_link: int  # supported by a link that was not opened
    unread: int  # unsupported, where the record names a place that was not audited


def finer(comparisons: Iterable[Comparison]) -> Finer:
    """Supported in part or by link, and unsupported with something left to read."""
    found = [(entry, c) for c in comparisons for entry in c.entries]
    supported = [entry.status for entry, _ in found if entry.standing is Standing.SUPPORTED]
    return Finer(
        in_part=supported.count(Status.PARTIAL),
        by_link=supported.count(Status.LINKED),
        unread=sum(1 for e, c in found if e.standing is Standing.UNSUPPORTED and c.unread),
    )
