"""What the exports to other tools' formats share: content-derived ids, addresses, short lists."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from openassay.canonical import visible
from openassay.reports import Look, Report
from openassay.reports._markup import safe_link
from openassay.reports._view import main_and_finer, why
from openassay.reports.json_v1 import render as render_json
from openassay.types import (
    Answer,
    Component,
    Derived,
    Dossier,
    Evidence,
    Fact,
    Licensed,
    Linked,
    SourceInfo,
    Stated,
    Status,
    Visited,
)

#: What a release offers, whole or in part, itself or by a link.
OFFERED = (Status.PRESENT, Status.PARTIAL, Status.LINKED)
#: Answers that leave something to do.
LACKING = (Answer.NO, Answer.PARTLY, Answer.UNKNOWN)
_HUB = "https://huggingface.co/"
_NOT_IN_REFERENCES = re.compile(r"[^A-Za-z0-9.]+")
_SAFE_IN_PATHS = "/-._~!$'()*,;=@"  # RFC 3986 less the colon, which could read as a scheme


def content_id(report: Report, use: str) -> UUID:
    """The same content gives the same id, for each use another: no clock, no chance."""
    content = render_json(report, Look()).encode("utf-8")
    return uuid5(NAMESPACE_URL, f"urn:openassay:{use}:{sha256(content).hexdigest()}")


def relative_uri(path: str) -> str:
    """A path of a source as a relative reference; ``./`` is the source itself."""
    return quote(path.lstrip("/"), safe=_SAFE_IN_PATHS, errors="replace") or "./"


def named(dossier: Dossier) -> tuple[SourceInfo, ...]:
    """The sources that were asked for, without those that their links led to."""
    visited = {fact.source for fact in dossier.facts if isinstance(fact, Visited)}
    return tuple(source for source in dossier.sources if source.id not in visited)


def version_of(dossier: Dossier) -> str:
    """The revision that was read; empty where it is several sources'."""
    sources = named(dossier)
    return visible(sources[0].revision) if len(sources) == 1 else ""


def address_of(source: SourceInfo) -> str | None:
    """Where a source is on the web, by its pin; None for one that is only on this machine."""
    kind, _, where = source.id.removesuffix(f"@{source.revision}").partition(":")
    return safe_link(f"{_HUB}{where}" if kind == "hf" else where)


def repositories(dossier: Dossier) -> tuple[str, ...]:
    """The web addresses of the sources that were asked for, where they are known."""
    found = (address_of(source) for source in named(dossier))
    return tuple(dict.fromkeys(link for link in found if link))


def offered(dossier: Dossier) -> tuple[Component, ...]:
    """The components that a release offers in any way, in vocabulary order."""
    main, finer = main_and_finer(dossier.components)
    return tuple(component for component in main + finer if component.status in OFFERED)


def not_offered(dossier: Dossier) -> tuple[Component, ...]:
    """The components that are absent or unknown, in vocabulary order."""
    main, finer = main_and_finer(dossier.components)
    return tuple(component for component in main + finer if component.status not in OFFERED)


def reason(component: Component) -> str:
    """Why a component has its status, on one line; empty where simply nothing was found."""
    return visible(why(component)) if component.because or component.notes else ""


def addresses(component: Component) -> tuple[str, ...]:
    """The web addresses where a component is published, each once, the best evidence first."""
    linked = (fact.url for fact in component.because if isinstance(fact, Linked))
    return tuple(dict.fromkeys(link for url in linked if (link := safe_link(url))))


def bases(dossier: Dossier) -> tuple[Derived, ...]:
    """What the model comes from, each base once."""
    found = (fact for fact in dossier.facts if isinstance(fact, Derived))
    return tuple({fact.base: fact for fact in found}.values())


def sole_statements(dossier: Dossier) -> dict[str, str]:
    """Stated data by topic, where everything that was read states the same value.

    A repository of several models states several; which is this release's cannot be told here.
    """
    values: dict[str, set[str]] = defaultdict(set)
    for fact in dossier.facts:
        if isinstance(fact, Stated):
            values[fact.topic].add(fact.value)
    return {topic: visible(min(said)) for topic, said in sorted(values.items()) if len(said) == 1}


def governing(component: Component) -> Licensed | None:
    """The statement of licence that governs a component."""
    return component.licenses[0] if component.license and component.licenses else None


def license_of(component: Component) -> str | None:
    """The governing licence by a name that other tools may take at its word.

    A changed text must not pass for the licence it was made from.
    """
    stated = governing(component)
    name = visible(component.license or "")
    changed = stated is not None and stated.modified and not name.startswith("LicenseRef-")
    return as_reference(f"Modified-{name}") if changed else name or None


def as_reference(name: str) -> str:
    """Any words as a licence reference that an SPDX expression may hold."""
    return f"LicenseRef-{_NOT_IN_REFERENCES.sub('-', name).strip('-') or 'unnamed'}"


def best(component: Component) -> Evidence | None:
    """The first evidence of a component; None where nothing was found."""
    facts = (item for item in component.because if isinstance(item, Fact))
    return next((fact.evidence[0] for fact in facts), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """Frameworks whose outcome a criterion moves and that do not have it answered yes."""

    frameworks: tuple[str, ...]
    next_step: str


def asked_for(report: Report) -> dict[str, Asked]:
    """What is lacking, by criterion, with the first next step; what is optional is left out."""
    asked: dict[str, Asked] = {}
    for verdict in report.verdicts:
        skip = report.optional.get(verdict.framework, frozenset())
        for result in verdict.results:
            if result.answer in LACKING and result.criterion not in skip:
                old = asked.get(result.criterion, Asked((), ""))
                names = dict.fromkeys((*old.frameworks, verdict.framework))
                step = old.next_step or visible(result.next_step)
                asked[result.criterion] = Asked(tuple(names), step)
    return asked
