"""Reading the model records of the Model Openness Framework's reference tool, however dirty."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from openassay import licenses
from openassay.errors import DossierError
from openassay.frameworks import load
from openassay.frameworks.plain import read_mapping, text_of
from openassay.types import Dossier, Kind, Status
from openassay.vocabulary import by_id

FRAMEWORK = "mof-1.0"
MAX_COMPONENTS = 1_000  # the schema allows 17; a record that says more is still read, but not any
SCOPES = ("distribution", "code", "data", "document")
_CONTENT = {Kind.CODE: "code", Kind.DATA: "data", Kind.WEIGHTS: "data", Kind.DOCUMENT: "document"}
# The reference tool's records write absence into the licence: "Component not include".
_NOT_INCLUDED = re.compile(r"component\b.{0,40}\bnot\s+include", re.IGNORECASE)
_NOTHING = frozenset(("", "undisclosed", "not disclosed"))
_NO_NAME = frozenset(("unknown", "pending evaluation", "license", "licence", "other license"))


class Word(StrEnum):
    """What the licence field of an entry really says."""

    INHERITS = "inherits"  # there is no such key: the licence of the release, if it has one
    NAMED = "named"
    NONE = "none"  # unlicensed, or not disclosed
    UNTOLD = "untold"  # a placeholder that names none and does not deny that there is one
    WITHHELD = "withheld"  # absence, typed into the licence: the component is not released


@dataclass(frozen=True, slots=True)
class RecordedComponent:
    """One entry of a record. ``license`` None: no such key; empty: said to be unlicensed."""

    name: str
    license: str | None = None
    license_path: str = ""
    component_path: str = ""

    @property
    def id(self) -> str | None:
        """The component of our vocabulary with exactly this name; None for any other name."""
        return names().get(self.name)

    @property
    def word(self) -> Word:
        """How the licence field is to be understood."""
        if self.license is None:
            return Word.INHERITS
        if _NOT_INCLUDED.search(self.license[:400]):
            return Word.WITHHELD
        plain = self.license.strip().casefold()
        if plain in _NO_NAME:
            return Word.UNTOLD
        if plain in _NOTHING or licenses.normalize(self.license) == "NONE":
            return Word.NONE
        return Word.NAMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A model record of the reference tool.

    ``licenses`` are the release-level ones by scope (``distribution``, ``code``, ``data``,
    ``document``), ``license_paths`` where the record says that they stand.
    """

    name: str
    components: tuple[RecordedComponent, ...]
    licenses: Mapping[str, str] = field(default_factory=dict)
    license_paths: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    producer: str = ""
    repository: str = ""
    huggingface: str = ""
    framework: str = ""
    framework_version: str = ""
    notes: tuple[str, ...] = ()  # what was odd about the file


@cache
def names() -> Mapping[str, str]:
    """The framework's own names of components, to ids."""
    return {by_id()[c.id].title: c.id for c in load(FRAMEWORK).criteria}


def inherited(record: Record, id: str) -> tuple[str, str] | None:
    """(scope, licence) that the reference tool applies to a component without its own."""
    for scope in (_CONTENT[by_id()[id].kind], "distribution"):
        name = record.licenses.get(scope)
        if name and name != "0":  # PHP's empty() holds "0" to be nothing
            return scope, name
    return None


def read_record(data: bytes) -> Record:
    """One model record, YAML or JSON; raises :class:`DossierError` for anything else."""
    return _record(read_mapping(data))


def read_records(data: bytes) -> tuple[Record, ...]:
    """The records of a file: one, or the ``models`` of the reference tool's API listing."""
    top = read_mapping(data)
    models = top.get("models")
    if not isinstance(models, list):
        return (_record(top),)
    return tuple(_record(model) for model in models if isinstance(model, dict))


def _record(top: Mapping[Any, Any]) -> Record:
    release = top.get("release")
    if not isinstance(release, dict):
        raise DossierError(
            "this is no model record: it has no `release` with name and components",
            hint="the reference tool's records and MOF.json have one; so does `--format mof`",
        )
    notes: list[str] = []
    framework = top.get("framework")
    framework = framework if isinstance(framework, dict) else {}
    stated, paths = _release_licenses(release.get("license"), notes)
    return Record(
        name=text_of(release.get("name")) or "",
        components=_entries(release.get("components"), notes),
        licenses=stated,
        license_paths=paths,
        version=text_of(release.get("version")) or "",
        producer=text_of(release.get("producer")) or "",
        repository=text_of(release.get("repository")) or "",
        huggingface=text_of(release.get("huggingface")) or "",
        framework=text_of(framework.get("name")) or "",
        framework_version=text_of(framework.get("version")) or "",
        notes=tuple(notes),
    )


def _entries(value: Any, notes: list[str]) -> tuple[RecordedComponent, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        notes.append("`components` is not a list.")
        return ()
    if len(value) > MAX_COMPONENTS:
        raise DossierError(f"the record lists {len(value)} components; at most {MAX_COMPONENTS}")
    found = []
    for number, entry in enumerate(value, 1):
        name = text_of(entry.get("name")) if isinstance(entry, dict) else None
        if name is None:
            notes.append(f"Component number {number} has no name and is left out.")
            continue
        if name not in names():
            notes.append(f"Component name {name[:80]!r} is not one of the framework's.")
        license = text_of(entry.get("license"))
        found.append(
            RecordedComponent(
                name=name,
                # The reference tool's importer blanks this word, so it stops the search.
                license="" if license == "unlicensed" else license,
                license_path=text_of(entry.get("license_path")) or "",
                component_path=text_of(entry.get("component_path")) or "",
            )
        )
    return tuple(found)


def _release_licenses(value: Any, notes: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Names and paths of the release-level licences, by scope."""
    if value is None:
        return {}, {}
    if not isinstance(value, dict):
        notes.append("`release.license` is not a mapping of distribution, code, data, document.")
        return {}, {}
    found: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for scope in SCOPES:
        entry = value.get(scope)
        for key, into in zip(("name", "path"), found, strict=True):
            text = text_of(entry.get(key)) if isinstance(entry, dict) else None
            if text:
                into[scope] = text
    return found


def record_of(dossier: Dossier) -> Record:
    """A dossier as a record: what the release holds or links whole, with its own licence.

    Every entry states its licence, so nothing is inherited when the record is judged.
    """
    listed = []
    for id in names().values():
        component = next((c for c in dossier.components if c.id == id), None)
        if component is not None and component.status in (Status.PRESENT, Status.LINKED):
            title = by_id()[id].title
            listed.append(RecordedComponent(title, license=component.license or ""))
    return Record(name=dossier.release, components=tuple(listed))
