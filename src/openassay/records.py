"""Records that other tools keep of a release, and what they come to.

The Model Openness Framework's reference tool keeps one YAML file a model (JSON from its API, and a
``MOF.json`` beside a release); :func:`read_record` reads it however dirty, :func:`judge_record`
judges it as the tool does, defects included (mode ``mot``), or strictly. The openness table of
Dingemanse & Liesenfeld keeps one YAML file a project: :mod:`openassay.frameworks.rows`.

Nothing here reads a release: a record's word is taken for what it lists, so results carry no
evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from openassay import licenses
from openassay.errors import DossierError, UsageError
from openassay.frameworks import load
from openassay.frameworks.model import Framework
from openassay.frameworks.plain import read_mapping, text_of
from openassay.frameworks.reference import judge_as_reference, tables
from openassay.judge import judge_components
from openassay.types import Answer, Component, Dossier, Kind, Status, Verdict
from openassay.vocabulary import by_id

FRAMEWORK = "mof-1.0"
MAX_COMPONENTS = 1_000  # the schema allows 17; a record that says more is still read, but not any
_CONTENT = {Kind.CODE: "code", Kind.DATA: "data", Kind.WEIGHTS: "data", Kind.DOCUMENT: "document"}
_SCOPES = ("distribution", "code", "data", "document")
# The reference tool's records write absence into the licence: "Component not include".
_NOT_INCLUDED = re.compile(r"component\b.{0,40}\bnot\s+include", re.IGNORECASE)
_UNTOLD = frozenset(("undisclosed", "unknown", "pending evaluation", "license", "other license"))
# These usually live elsewhere, with terms of their own that a licence of the release cannot reach.
_THIRD_PARTY = frozenset(("datasets", "evaluation_data", "research_paper", "technical_report"))


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
        return _names().get(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A model record of the reference tool. ``licenses`` are the release-level ones by scope."""

    name: str
    components: tuple[RecordedComponent, ...]
    licenses: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    producer: str = ""
    repository: str = ""
    huggingface: str = ""
    framework: str = ""
    framework_version: str = ""
    notes: tuple[str, ...] = ()  # what was odd about the file


def _names() -> Mapping[str, str]:
    return {by_id()[c.id].title: c.id for c in load(FRAMEWORK).criteria}


# --------------------------------------------------------------------------------------- reading


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
    return Record(
        name=text_of(release.get("name")) or "",
        components=_entries(release.get("components"), notes),
        licenses=_release_licenses(release.get("license"), notes),
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
        if name not in _names():
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


def _release_licenses(value: Any, notes: list[str]) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        notes.append("`release.license` is not a mapping of distribution, code, data, document.")
        return {}
    found = {}
    for scope in _SCOPES:
        entry = value.get(scope)
        name = text_of(entry.get("name")) if isinstance(entry, dict) else None
        if name:
            found[scope] = name
    return found


def record_of(dossier: Dossier) -> Record:
    """A dossier as a record: what the release holds or links whole, with its own licence.

    Every entry states its licence, so nothing is inherited when the record is judged.
    """
    listed = []
    for id in _names().values():
        component = next((c for c in dossier.components if c.id == id), None)
        if component is not None and component.status in (Status.PRESENT, Status.LINKED):
            title = by_id()[id].title
            listed.append(RecordedComponent(title, license=component.license or ""))
    return Record(name=dossier.release, components=tuple(listed))


# --------------------------------------------------------------------------------------- judging


def judge_record(record: Record, mode: str = "mot") -> Verdict:
    """Judge a record: ``mot`` as the reference tool does, ``strict`` without its defects."""
    if mode == "mot":
        return _reference(record)
    if mode == "strict":
        return _strict(record)
    raise UsageError(f"a record is judged in mode mot or strict, not {mode!r}")


def _reference(record: Record) -> Verdict:
    """As the reference tool: a later entry replaces an earlier one, inheritance is blind."""
    listed: dict[str, str | None] = {}
    for entry in record.components:
        id = entry.id or tables().unknown_name
        listed[id] = _inherited(record, id) if entry.license is None else entry.license or None
    return judge_as_reference(load(FRAMEWORK), listed, notes=record.notes)


def _inherited(record: Record, id: str) -> str | None:
    scope = _CONTENT[by_id()[id].kind]
    for name in (record.licenses.get(scope), record.licenses.get("distribution")):
        if name and name != "0":  # PHP's empty() holds "0" to be nothing
            return name
    return None


def _strict(record: Record) -> Verdict:
    entries = {entry.id: entry for entry in record.components if entry.id is not None}
    components = {
        id: _component(record, id, entries[id])
        if id in entries
        else Component(id=id, status=Status.ABSENT)
        for id in by_id()
    }
    framework = load(FRAMEWORK)
    plain = judge_components(framework, components)
    return judge_components(
        framework,
        components,
        notes=(
            "Judged from a record: its word is taken for what is released, nothing was opened.",
            *record.notes,
            *_differences(framework, _reference(record), plain),
        ),
    )


def _component(record: Record, id: str, entry: RecordedComponent) -> Component:
    stated = entry.license
    if stated is None:
        return _inheriting(record, id, entry)
    if _NOT_INCLUDED.search(stated):
        return Component(id=id, status=Status.ABSENT)
    known = licenses.normalize(stated) if stated else None
    says = f"the record says {stated[:80]!r}" if stated else "the record says it is unlicensed"
    if not stated or known == "NONE" or stated.casefold() in _UNTOLD:
        return Component(id=id, status=Status.PRESENT, license_reason=says)
    return Component(id=id, status=Status.PRESENT, license=known or stated[:200])


def _inheriting(record: Record, id: str, entry: RecordedComponent) -> Component:
    """A licence of the release reaches what stands in the release, nothing else."""
    scope = _CONTENT[by_id()[id].kind]
    typed, whole = record.licenses.get(scope), record.licenses.get("distribution")
    reason = ""
    own = _is_own(record, entry.component_path)
    if own is False:
        typed, whole = None, None
        reason = "it is kept elsewhere, where a licence of the release does not reach"
    elif own is None and id in _THIRD_PARTY:
        whole = None
        reason = "it usually lives elsewhere, where the distribution's licence does not reach"
    name = typed or whole
    known = licenses.normalize(name) if name else None
    if not name or known == "NONE":
        return Component(id=id, status=Status.PRESENT, license_reason=reason)
    return Component(id=id, status=Status.PRESENT, license=known or name[:200])


def _is_own(record: Record, path: str) -> bool | None:
    """Whether a path lies in one of the record's own repositories; None where it does not say."""
    if not path or any(char.isspace() for char in path):  # such as "arxiv license"
        return None
    if "://" not in path:
        return True
    return any(
        _address(path)[: len(own)] == own
        for own in (_address(record.repository), _address(record.huggingface))
        if len(own) > 1
    )


def _address(url: str) -> tuple[str, ...]:
    """Host and path segments, for comparing which repository an address is in."""
    try:
        parts = urlsplit(url.strip().lower())
    except ValueError:
        return ()
    return (parts.netloc, *(segment for segment in parts.path.split("/") if segment))


def _differences(framework: Framework, mot: Verdict, strict: Verdict) -> list[str]:
    """Why the strict verdict is another than the reference tool's, one sentence a criterion."""
    theirs = {result.criterion: result for result in mot.results}
    notes = []
    if mot.answer != strict.answer:
        notes.append(f"The reference tool's class is {mot.answer}, strictly it is {strict.answer}.")
    for result in strict.results:
        other = theirs.get(result.criterion)
        if other is None or (other.answer is Answer.YES) is (result.answer is Answer.YES):
            continue
        title = framework.criterion(result.criterion).title
        notes.append(
            f"{title}: the reference tool: {other.because[0]} Strictly: {result.because[0]}"
        )
    return notes
