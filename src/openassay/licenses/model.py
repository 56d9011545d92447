"""What the licence library answers with: small frozen records, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Match:
    """One known licence recognised in a text.

    ``coverage`` is the share (0 to 1) of the known text's words that were found, in order.
    ``start`` and ``end`` are lines of the text read, counted from 1, both included.
    """

    id: str
    coverage: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Region:
    """A passage no known licence explains. Lines from 1, both included; the quote is bounded."""

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Identification:
    """Which licence a text *is*.

    ``expression``  an SPDX-style expression, the main licence first, or None when the text is
                    not a licence we can name.
    ``modified``    a known text with words added, removed or changed that matter.
    ``guard``       why there is no, or only a partial, identity: ``empty``, ``binary``,
                    ``truncated``, ``pointer``, ``header_only``, ``card_front_matter``, ``readme``,
                    ``notice``, ``policy``, ``untitled``, ``not_a_license``.
    """

    expression: str | None
    modified: bool
    matches: tuple[Match, ...]
    unexplained: tuple[Region, ...]
    guard: str | None


@dataclass(frozen=True, slots=True)
class Mention:
    """A licence named in running text. Offsets count characters, end excluded."""

    id: str
    start_offset: int
    end_offset: int
    quote: str


@dataclass(frozen=True, slots=True)
class Info:
    """What is known of one licence id. ``osi`` and ``fsf`` are None where nobody has ruled.

    ``terms`` has the ten columns of `terms.COLUMNS`, ``more`` those of `terms.MORE`; either is
    empty where nothing is known. ``verified`` is False for facts whose source is no public text
    at a commit and no licence list.
    """

    id: str
    name: str
    osi: bool | None
    fsf: bool | None
    kind: str
    terms: Mapping[str, str]
    source: str
    more: Mapping[str, str] = field(default_factory=dict)
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Term:
    """One answer of the clause reader with the sentence it rests on (lines from 1)."""

    name: str
    value: str
    start_line: int
    end_line: int
    quote: str
