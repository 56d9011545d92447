"""What the exports to other tools' formats share: content-derived ids, addresses, short lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from openassay.canonical import visible
from openassay.reports import Look, Report
from openassay.reports._view import main_and_finer, why
from openassay.reports.json_v1 import render as render_json
from openassay.reports.markdown import safe_link
from openassay.types import (
    Component,
    Derived,
    Dossier,
    Evidence,
    Fact,
    Licensed,
    Linked,
    Result,
    Stated,
    Status,
)

#: What a release offers, whole or in part, itself or by a link.
OFFERED = (Status.PRESENT, Status.PARTIAL, Status.LINKED)
_SAFE_IN_PATHS = "/-._~!$'()*,;=@"  # RFC 3986 less the colon, which could read as a scheme


def content_id(report: Report, use: str) -> UUID:
    """The same content gives the same id, for each use another: no clock, no chance."""
    content = render_json(report, Look()).encode("utf-8")
    return uuid5(NAMESPACE_URL, f"urn:openassay:{use}:{sha256(content).hexdigest()}")


def relative_uri(path: str) -> str:
    """A path of a source as a relative reference; ``./`` is the source itself."""
    return quote(path.lstrip("/"), safe=_SAFE_IN_PATHS, errors="replace") or "./"


def version_of(dossier: Dossier) -> str:
    """The revision that was read; empty where it is several sources'."""
    return visible(dossier.sources[0].revision) if len(dossier.sources) == 1 else ""


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


def repositories(dossier: Dossier) -> tuple[str, ...]:
    """The web addresses of the sources that were read, where they are known."""
    return tuple(
        dict.fromkeys(
            link for source in dossier.sources if (link := safe_link(source.locator)) is not None
        )
    )


def governing(component: Component) -> Licensed | None:
    """The statement of licence that governs a component."""
    return component.licenses[0] if component.license and component.licenses else None


def best(component: Component) -> Evidence | None:
    """The first evidence of a component; None where nothing was found."""
    facts = (item for item in component.because if isinstance(item, Fact))
    return next((fact.evidence[0] for fact in facts), None)


def asked_for(report: Report) -> dict[str, tuple[str, ...]]:
    """By criterion: the frameworks whose outcome it moves and that do not have it answered yes."""
    asked: dict[str, list[str]] = defaultdict(list)
    for verdict, result in _results(report):
        if result.answer.value in ("no", "partly", "unknown"):
            asked[result.criterion].append(verdict)
    return {criterion: tuple(found) for criterion, found in asked.items()}


def _results(report: Report) -> Iterator[tuple[str, Result]]:
    for verdict in report.verdicts:
        skip = report.optional.get(verdict.framework, frozenset())
        for result in verdict.results:
            if result.criterion not in skip:
                yield verdict.framework, result
