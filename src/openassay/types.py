"""Every core type of OpenAssay. Frozen, slotted, standard library only.

The way through the house: sources hand out files, inspectors turn files into facts and gaps,
``assemble`` turns those into components, the whole is a :class:`Dossier`, and ``judge`` turns a
dossier and a framework into a :class:`Verdict`. A fact always carries evidence; what could not be
read is a gap, never a log line. Facts on two models' weights are in :mod:`openassay.kinship`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Unit(StrEnum):
    """What a :class:`Span` counts."""

    LINE = "line"
    BYTE = "byte"
    POINTER = "pointer"  # RFC 6901 pointer into JSON, YAML, front matter, a weights header
    WHOLE = "whole"
    LISTING = "listing"  # the names of the files of a source or folder, not their contents


class Status(StrEnum):
    """What became of a component. *Absent* is earned; *unknown* says something was not read."""

    PRESENT = "present"
    PARTIAL = "partial"
    LINKED = "linked"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Extent(StrEnum):
    """Whether a fact speaks for the whole component or only a part of it."""

    WHOLE = "whole"
    PART = "part"


class Kind(StrEnum):
    """Content kinds; licences are judged by the kind of what they cover."""

    CODE = "code"
    DATA = "data"
    WEIGHTS = "weights"
    DOCUMENT = "document"


class How(StrEnum):
    """Where a statement of licence stands; the order is the order of trust."""

    TEXT = "text"  # the licence text itself
    PDF = "pdf"  # the licence text, in a PDF
    HEADER = "header"  # a source file's own header
    PROSE = "prose"  # a sentence of a document
    FRONT_MATTER = "front_matter"  # the YAML head of a card
    TAG = "tag"  # package metadata, a badge, a classifier


class Relation(StrEnum):
    """How a model came from its base."""

    FINETUNE = "finetune"
    ADAPTER = "adapter"
    MERGE = "merge"
    QUANTIZED = "quantized"
    DISTILLED = "distilled"


class Outcome(StrEnum):
    """What was found where a link leads."""

    REACHED = "reached"
    MOVED = "moved"  # there, under another name
    GATED = "gated"  # there, behind a form or a login
    EMPTY = "empty"  # there, without what the link promises: a placeholder
    MISSING = "missing"  # not there, or not for the public


class Answer(StrEnum):
    """Outcome of one criterion."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A hash whose algorithm name says what was hashed.

    ``sha256`` is the whole file, ``sha256/bytes=0-8191`` a range, ``sha256/listing`` the sorted
    paths of a listing, ``lfs-sha256`` the object a Git LFS pointer names.
    """

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file. Lines are 1-based and inclusive; bytes are ``[start, end)``."""

    unit: Unit
    start: int | str = 0
    end: int | str = 0


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """One place that can be opened again, made only by ``File.cite_*`` and ``cite_listing``."""

    source: str  # pinned: "git:…@sha", "dir:…@digest", "pypi:name@version"
    path: str  # POSIX, relative to the source; "" is the source's own listing
    span: Span
    quote: str
    digest: Digest
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that was read. ``evidence`` is never empty; the first is primary."""

    evidence: tuple[Evidence, ...]
    inspector: str = ""  # stamped by ``read``
    detail: str = ""  # one plain sentence: why this evidence makes this fact

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"{type(self).__name__} without evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Fact):
    """The release itself holds (part of) a component."""

    component: str
    extent: Extent = Extent.WHOLE
    aspect: str = ""  # what kind of it: "pretrain", "finetune", "snippet", "dependency_list", …


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensed(Fact):
    """A licence is stated for a scope.

    ``scope`` is ``release``, a :class:`Kind` value, a component id, or ``path:PREFIX`` for a
    licence that governs one file or everything under a folder (``path:`` is the root).
    """

    scope: str
    license: str  # SPDX expression or LicenseRef- name
    how: How
    modified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated(Fact):
    """A datum or a claim in the authors' own words.

    Topics: ``claim`` (value: ``open_source``, ``open_weights``, ``fully_open``, ``reproducible``,
    ``open_license``, ``release``), ``restriction`` (``commercial_application``,
    ``non_commercial``, ``user_cap``, ``territory``, ``field_of_use``, ``no_training``,
    ``registration``, ``revocable``), and data such as ``parameters``, ``dtype``,
    ``architecture``, ``tokens``, ``compute``, ``energy`` (``frameworks.topics`` has those that
    rules ask for), and ``own_training`` (``from_scratch``, ``self_developed``). ``subject`` is
    what it is said of: ``release``, a kind or a component id.
    """

    topic: str
    value: str
    subject: str = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked(Fact):
    """(Part of) a component is published elsewhere and was not read here."""

    component: str
    url: str
    extent: Extent = Extent.WHOLE
    aspect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived(Fact):
    """The model comes from another one."""

    base: str
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated(Fact):
    """A form, login or agreement stands before a component."""

    barrier: str
    component: str = "model_parameters_final"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledOut(Fact):
    """A component is said, or was shown, not to be released."""

    component: str
    looked_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited(Fact):
    """A link was opened. The first evidence is the link, the second what was found there."""

    component: str
    url: str
    outcome: Outcome
    source: str = ""  # the pin of what was found, when anything was


AnyFact = Found | Licensed | Stated | Linked | Derived | Gated | RuledOut | Visited


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Gap:
    """What was not read, by whom and why. ``components`` are those it could have changed."""

    source: str
    path: str
    by: str
    reason: str  # short id: "too_large", "missing_blob", "lfs_pointer", "crashed", …
    detail: str = ""
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a release: its status, why, and the licence that governs it."""

    id: str
    status: Status
    because: tuple[Fact | Gap, ...] = ()
    license: str | None = None
    license_open: bool | None = None  # True only for an identified licence in a named open set
    license_reason: str = ""
    licenses: tuple[Licensed, ...] = ()  # all that speak of it, the governing one first
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim of openness and whether it holds (``None``: cannot be told from what was read)."""

    kind: str
    subject: str
    evidence: Evidence
    holds: bool | None
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two statements of the release that cannot both be true."""

    id: str
    text: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """One pinned source as the dossier keeps it."""

    id: str
    kind: str
    locator: str
    revision: str
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything that was read about one release. Sorted: same bytes in, same bytes out."""

    schema: str
    release: str
    sources: tuple[SourceInfo, ...]
    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    components: tuple[Component, ...] = ()
    claims: tuple[Claim, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    read_by: str = ""

    def component(self, id: str) -> Component:
        """The component with this id; raises ``KeyError`` when the vocabulary has none."""
        for component in self.components:
            if component.id == id:
                return component
        raise KeyError(id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The answer to one criterion. yes, partly and no cite facts; unknown cites gaps."""

    criterion: str
    title: str
    answer: Answer
    because: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    next_step: str = ""
    group: str = ""  # the class, area or element the criterion belongs to
    about: tuple[str, ...] = ()  # the components that decided it
    points: tuple[float, float, float] | None = None  # in an index: least, most, of how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A framework's judgement: unknown counted as no (floor) and as yes (ceiling)."""

    framework: str
    title: str
    mode: str
    floor: str
    ceiling: str
    answer: str  # floor when floor == ceiling, else "undecided: …"
    results: tuple[Result, ...] = ()
    progress: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a person found, to stand beside the tool's own finding; it never replaces that.

    ``target`` is a component id, the quote of a claim or the text of a contradiction. ``place``
    is where the override itself is written.
    """

    subject: str  # "component", "claim" or "contradiction"
    target: str
    by: str
    on: str  # the day of the review, ISO 8601
    reason: str
    evidence: tuple[str, ...]  # addresses or places that a reader can open
    place: Evidence
    status: Status | None = None
    license: str | None = None
    holds: bool | None = None
    found: str | None = None  # the finding that was reviewed; another one makes it out of date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """An override beside what it speaks of. ``applied`` False: ``note`` says why not."""

    override: Override
    title: str  # what it speaks of, in words
    found: str  # what the tool found, in words
    said: str  # what the reviewer says, in words
    applied: bool
    note: str = ""


class Direction(StrEnum):
    """Whether a change is for the worse. *Unclear*: what was told before cannot be told now."""

    WORSE = "worse"
    BETTER = "better"
    OTHER = "other"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that differs between two states of a release."""

    direction: Direction
    what: str  # "status", "license", "contradiction", "claim" or "verdict"
    subject: str  # component or framework id; empty for claims and contradictions
    title: str
    before: str
    after: str
    place: str = ""  # where the later state shows it, for people: ``README.md:12``
