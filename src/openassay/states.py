"""What a release came to at one time, small enough to set beside another. Pure.

Made from a dossier with its verdicts, or from a report (``openassay/1``) that was stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from openassay.errors import DossierError
from openassay.types import Component, Dossier, Evidence, Fact, Status, Unit, Verdict

REPORT = "openassay/1"
MAX_ROWS = 100_000  # of any list of a report


@dataclass(frozen=True, slots=True)
class Part:
    """One component: status, governing licence, whether that is open, and where it shows."""

    id: str
    status: Status
    license: str | None
    open: bool | None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a release stands with one framework."""

    framework: str
    title: str
    floor: str
    ceiling: str
    answer: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """One claim of the release, and whether it holds."""

    kind: str
    quote: str
    holds: bool | None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One contradiction: its kind, its words, and where it shows."""

    id: str
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A release at one time."""

    name: str
    pins: tuple[str, ...]
    parts: Mapping[str, Part]
    standings: Mapping[str, Standing]
    claims: tuple[Claimed, ...] = ()
    contradictions: tuple[Conflict, ...] = ()
    locators: tuple[str, ...] = ()


def of_dossier(dossier: Dossier, verdicts: Iterable[Verdict]) -> State:
    """The state that a dossier and the verdicts on it describe."""
    return State(
        name=dossier.release,
        pins=tuple(source.id for source in dossier.sources),
        parts={
            part.id: Part(part.id, part.status, part.license, part.license_open, _shown(part))
            for part in dossier.components
        },
        standings={
            v.framework: Standing(v.framework, v.title, v.floor, v.ceiling, v.answer)
            for v in verdicts
        },
        claims=tuple(
            Claimed(claim.kind, claim.evidence.quote, claim.holds, _place(claim.evidence))
            for claim in dossier.claims
        ),
        contradictions=tuple(
            Conflict(item.id, item.text, _place(item.evidence[0]) if item.evidence else "")
            for item in dossier.contradictions
        ),
        locators=tuple(source.locator for source in dossier.sources),
    )


def _shown(part: Component) -> str:
    facts = [item for item in part.because if isinstance(item, Fact)]
    return _place(facts[0].evidence[0]) if facts else ""


def _place(evidence: Evidence) -> str:
    line = f":{evidence.span.start}" if evidence.span.unit is Unit.LINE else ""
    return f"{evidence.path or '.'}{line}"


# --- from a stored report


def is_report(document: Any) -> bool:
    """Whether parsed JSON is a report of the schema that :func:`of_report` reads."""
    return isinstance(document, dict) and document.get("schema") == REPORT


def of_report(document: Any) -> State:
    """The state that a report describes; DossierError names the place of what is wrong."""
    if not is_report(document):
        raise DossierError(f"/schema: this is not an {REPORT} report")
    parts = [_part(row, at) for at, row in _rows(document, "components")]
    standings = [_standing(row, at) for at, row in _rows(document, "verdicts")]
    sources = [(row, at) for at, row in _rows(document, "sources")]
    release = document.get("release")
    return State(
        name=_text(release if isinstance(release, dict) else {}, "name", "/release"),
        pins=tuple(_text(row, "id", at) for row, at in sources),
        parts={part.id: part for part in parts},
        standings={standing.framework: standing for standing in standings},
        claims=tuple(
            Claimed(_text(row, "kind", at), _text(row, "quote", at), _flag(row, "holds", at),
                    _place_of(row))
            for at, row in _rows(document, "claims")
        ),
        contradictions=tuple(
            Conflict(_text(row, "id", at), _text(row, "text", at), _first_place(row))
            for at, row in _rows(document, "contradictions")
        ),
        locators=tuple(_text(row, "locator", at) for row, at in sources),
    )  # fmt: skip


def _part(row: Mapping[str, Any], at: str) -> Part:
    status = _text(row, "status", at)
    if status not in list(Status):
        raise DossierError(f"{at}/status: {status!r} is no status")
    license = row.get("license")
    if license is not None and not isinstance(license, str):
        raise DossierError(f"{at}/license: wanted text or null")
    open_ = _flag(row, "license_open", at)
    return Part(_text(row, "id", at), Status(status), license, open_, _first_place(row))


def _standing(row: Mapping[str, Any], at: str) -> Standing:
    names = ("framework", "title", "floor", "ceiling", "answer")
    return Standing(*(_text(row, name, at) for name in names))


def _rows(document: Mapping[str, Any], key: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    rows = document.get(key)
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        raise DossierError(f"/{key}: wanted a list of at most {MAX_ROWS}")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise DossierError(f"/{key}/{index}: wanted an object")
        yield f"/{key}/{index}", row


def _text(row: Mapping[str, Any], key: str, at: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise DossierError(f"{at}/{key}: wanted text")
    return value


def _flag(row: Mapping[str, Any], key: str, at: str) -> bool | None:
    value = row.get(key)
    if value is not None and not isinstance(value, bool):
        raise DossierError(f"{at}/{key}: wanted true, false or null")
    return value


def _first_place(row: Mapping[str, Any]) -> str:
    evidence = row.get("evidence")
    first = evidence[0] if isinstance(evidence, list) and evidence else None
    return _place_of(first) if isinstance(first, dict) else ""


def _place_of(row: Mapping[str, Any]) -> str:
    path, line = row.get("path"), row.get("start")
    if not isinstance(path, str):
        return ""
    return f"{path}:{line}" if isinstance(line, int) else path
