"""A record held against the release that it describes: which of its claims stand. Pure.

:func:`compare` takes a dossier and a record and says of every claim, *this component is released*,
*under this licence*, *at this place*, whether what was read supports it, contradicts it, does
neither, or cannot tell; and what the release has that the record lacks.

*Unsupported* is as strong as *absent*: the whole listing and every document were read and nothing
was found. It speaks of what was audited only; addresses of the release that the record names and
that were not audited stand beside it in ``unread``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from openassay.against import licensing, places
from openassay.against.addresses import is_url, of_record
from openassay.against.places import Ground
from openassay.checked import Asked, Check, Classes, Comparison, Entry, Lacking, Standing
from openassay.records import Record, RecordedComponent, Word, names
from openassay.types import (
    Component,
    Dossier,
    Evidence,
    Fact,
    Found,
    Gap,
    Linked,
    RuledOut,
    Status,
    Visited,
)
from openassay.vocabulary import by_id

__all__ = ["compare"]

MAX_EVIDENCE = 4  # pieces that one check cites; the dossier has all
_THERE = (Status.PRESENT, Status.PARTIAL, Status.LINKED)
_HOW = {
    Status.PRESENT: "It is in the release",
    Status.PARTIAL: "Only part of it is released",
    Status.LINKED: "It is published elsewhere and linked",
}


def compare(
    record: Record,
    dossier: Dossier,
    *,
    beside: Dossier | None = None,
    listings: Mapping[str, Sequence[str]] | None = None,
    origin: str = "",
    classes: Classes | None = None,
) -> Comparison:
    """Check every claim of a record against what was read of its release.

    ``dossier`` is the release read as being about the recorded model. Where the release names
    itself after another generation, ``beside`` is the same release read as that: what only it has
    may be the recorded model's too, which a person has to judge.
    ``listings`` has the paths of every source by its id; without them (a stored dossier) a path
    that no evidence lies at is not checkable.
    """
    ground = places.ground_of(record, dossier, listings)
    unread = _unread(record, ground)
    entries = tuple(
        _beside(_entry(number, entry, record, ground, unread), beside)
        for number, entry in enumerate(record.components, 1)
    )
    return Comparison(
        record=record.name,
        origin=origin,
        release=dossier.release,
        sources=dossier.sources,
        entries=entries,
        licenses=_release_licenses(record, ground),
        lacks=_lacks(record, dossier),
        unread=unread,
        notes=record.notes,
        classes=classes,
    )


def _unread(record: Record, ground: Ground) -> tuple[str, ...]:
    """Where the record says the release is, less what was audited."""
    found = []
    for text in places.record_addresses(record):
        where = of_record(text)
        if where is None or ground.source_at(where) is None:
            found.append(text.strip()[:300])
    return tuple(dict.fromkeys(found))


def _entry(
    number: int, entry: RecordedComponent, record: Record, ground: Ground, unread: tuple[str, ...]
) -> Entry:
    if entry.id is None:
        check = _unknown_name(entry.name)
        return Entry(number=number, name=entry.name, component=None, status=None, checks=(check,))
    component = _component(ground.dossier, entry.id)
    checks = [_released(entry, component, unread, ground.whole)]
    if entry.word is not Word.WITHHELD:
        checks[0] = _by_its_place(checks[0], entry, ground)
        checks += _licence_and_places(entry, component, record, ground)
    return Entry(
        number=number,
        name=entry.name,
        component=entry.id,
        status=component.status,
        checks=tuple(checks),
    )


def _beside(entry: Entry, other: Dossier | None) -> Entry:
    """What is not there for the recorded model, and is for the one the release is about."""
    first = entry.checks[0]
    unseen = first.standing is Standing.UNSUPPORTED
    absent = first.standing is Standing.SUPPORTED and first.asked is Asked.WITHHELD
    if other is None or entry.component is None or not (unseen or absent):
        return entry
    component = _component(other, entry.component)
    if component.status not in _THERE:
        return entry
    check = replace(
        first,
        standing=Standing.NOT_CHECKABLE,
        because=f"The release shows it for {other.release}; whether that is the recorded model's "
        "too, a person has to judge.",
        evidence=_evidence(component),
    )
    return replace(entry, checks=(check, *entry.checks[1:]))


def _component(dossier: Dossier, id: str) -> Component:
    """The component; one that an older dossier does not know was not looked for."""
    try:
        return dossier.component(id)
    except KeyError:
        return Component(id=id, status=Status.UNKNOWN)


def _unknown_name(name: str) -> Check:
    near = get_close_matches(name[:200], list(names()), n=1, cutoff=0.5)
    hint = f"; perhaps {near[0]!r} is meant" if near else ""
    return Check(
        asked=Asked.RELEASED,
        says=name,
        standing=Standing.NOT_CHECKABLE,
        because=f"This is none of the framework's component names{hint}.",
    )


# --------------------------------------------------------------------------------- is it released


def _released(
    entry: RecordedComponent,
    component: Component,
    unread: tuple[str, ...],
    listing: tuple[Evidence, ...],
) -> Check:
    withheld = entry.word is Word.WITHHELD
    asked = Asked.WITHHELD if withheld else Asked.RELEASED
    says = f"not released ({entry.license})" if withheld else "released"
    if component.status is Status.UNKNOWN:
        return _hidden(asked, says, component)
    there = component.status in _THERE
    denials = [fact for fact in component.because if isinstance(fact, RuledOut)]
    if there:
        standing = Standing.CONTRADICTED if withheld else Standing.SUPPORTED
        because = _there(component)
        if withheld and component.status is Status.PARTIAL:
            standing = Standing.NOT_CHECKABLE
            because += " Whether that is the component, a person has to judge."
        evidence = _evidence(component)
        return Check(asked=asked, says=says, standing=standing, because=because, evidence=evidence)
    cited = tuple(dict.fromkeys(e for fact in denials for e in fact.evidence))[:MAX_EVIDENCE]
    if denials:
        standing = Standing.SUPPORTED if withheld else Standing.CONTRADICTED
        because = f"The release itself says that it is not released: {denials[0].detail}"
        return Check(asked=asked, says=says, standing=standing, because=because, evidence=cited)
    dead = next((fact for fact in component.because if places.is_dead(fact)), None)
    if isinstance(dead, Visited) and not withheld:
        because = f"The release links it, and there is nothing where the link leads: {dead.detail}"
        standing, cited = Standing.UNSUPPORTED, dead.evidence[:MAX_EVIDENCE]
        return Check(asked=asked, says=says, standing=standing, because=because, evidence=cited)
    because = "Everything that was audited was read, and nothing shows it"
    if unread and not withheld:
        because += f"; the record also names {unread[0]}, which was not read"
    standing = Standing.SUPPORTED if withheld else Standing.UNSUPPORTED
    because += "."
    return Check(asked=asked, says=says, standing=standing, because=because, evidence=listing)


def _there(component: Component) -> str:
    because = _HOW[component.status]
    if component.status is Status.PARTIAL and not _held(component):
        because = "Only part of it is published elsewhere and linked"
    looks = [fact for fact in component.because if isinstance(fact, Visited)]
    if looks and not _held(component):
        return f"{because}; {looks[0].detail}"
    if component.status is Status.LINKED or not _held(component):
        because += "; the link was not opened"
    detail = next((f.detail for f in component.because if isinstance(f, Fact) and f.detail), "")
    return f"{because}: {detail}" if detail else f"{because}."


def _held(component: Component) -> bool:
    return any(isinstance(fact, Found) for fact in component.because)


def _hidden(asked: Asked, says: str, component: Component) -> Check:
    gaps = tuple(gap for gap in component.because if isinstance(gap, Gap))
    if gaps:
        first = gaps[0]
        where = first.path or first.source or first.by
        because = f"{where} was not read ({first.reason}) and could hold it."
    else:
        because = "It was not looked for when the release was read."
    return Check(
        asked=asked,
        says=says,
        standing=Standing.NOT_CHECKABLE,
        because=because,
        gaps=gaps[:MAX_EVIDENCE],
    )


def _by_its_place(check: Check, entry: RecordedComponent, ground: Ground) -> Check:
    """Where nothing shows a component, the place that the record gives for it may still."""
    says = entry.component_path.strip()
    if check.standing is not Standing.UNSUPPORTED or not says:
        return check
    place = places.check(ground, Asked.PLACE, says, ())
    if place.standing is Standing.SUPPORTED:
        because = (
            f"Something is at {says[:200]}, where the record says it is, but it was not recognised "
            "as this component; a person has to look."
        )
        evidence = place.evidence
    elif is_url(says) and place.standing is Standing.NOT_CHECKABLE:
        because = f"The record says that it is at {says[:200]}, which was not looked at."
        evidence = place.evidence
    else:
        return check
    return Check(
        asked=check.asked,
        says=check.says,
        standing=Standing.NOT_CHECKABLE,
        because=because,
        evidence=evidence,
    )


# ------------------------------------------------------------------------------ licence and places


def _licence_and_places(
    entry: RecordedComponent, component: Component, record: Record, ground: Ground
) -> list[Check]:
    checks = []
    if component.status in _THERE:  # what was not found has no licence to compare
        licence = licensing.of_component(record, entry, component, ground)
        checks += [licence] if licence else []
    for asked, text in (
        (Asked.PLACE, entry.component_path),
        (Asked.LICENSE_PLACE, entry.license_path),
    ):
        if text.strip():
            checks.append(places.check(ground, asked, text, component.because))
    return checks


def _release_licenses(record: Record, ground: Ground) -> tuple[Check, ...]:
    """The licences of the release as a whole, and where the record says that they stand."""
    paths = (
        places.check(ground, Asked.LICENSE_PLACE, path, ())
        for path in record.license_paths.values()
        if path.strip()
    )
    return (*licensing.of_release(record, ground.dossier.facts), *paths)


# ---------------------------------------------------------------------------------- what it lacks


def _lacks(record: Record, dossier: Dossier) -> tuple[Lacking, ...]:
    """Components of the framework that the release has, and that the record does not name."""
    listed = {entry.id for entry in record.components}
    found = []
    for id in names().values():
        component = _component(dossier, id)
        if id not in listed and component.status in _THERE:
            found.append(
                Lacking(
                    component=id,
                    status=component.status,
                    because=_there(component),
                    evidence=_evidence(component),
                )
            )
    order = list(by_id())
    return tuple(sorted(found, key=lambda lack: order.index(lack.component)))


def _evidence(component: Component) -> tuple[Evidence, ...]:
    """The best evidence that a component is there: what holds it, then what links it."""
    facts = [fact for fact in component.because if isinstance(fact, Found | Linked)]
    return tuple(dict.fromkeys(fact.evidence[0] for fact in facts))[:MAX_EVIDENCE]
