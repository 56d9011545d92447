"""A proposed model record in the form of the Model Openness Framework's reference tool.

``framework``, ``release`` and ``components`` are the record, as the tool's schema has them; the
tool ignores what stands beside them: ``evidence`` in a component, and ``openassay`` on top.

Only what the release holds or links *whole* is listed, for the tool counts whatever is listed.
Each entry states its own licence (``unlicensed`` where there is none), so that nothing is
inherited. What is not known (producer, version, dates, type) is left out or left empty, and named.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from openassay.canonical import visible
from openassay.reports import Report
from openassay.reports._export import (
    addresses,
    bases,
    best,
    governing,
    license_of,
    reason,
    repositories,
)
from openassay.reports._markup import safe_link
from openassay.reports._view import STATUS_WORD, evidence_of, main_and_finer, place, title
from openassay.types import Component, Dossier, Evidence, How, Licensed, Status

SHOWN = 5  # pieces of evidence per component; the dossier has all
_LISTED = (Status.PRESENT, Status.LINKED)
_FRAMEWORK = {
    "name": "Model Openness Framework",
    "version": "1.0",
    "date": "2024-12-15",  # as the reference tool stamps its own records
}
_OWNER = re.compile(r"([A-Za-z0-9][\w.-]{0,95})/([\w.-]{1,96})")
_TEXTS = (How.TEXT, How.PDF)
#: Fields of the record that nobody but the publisher knows.
_OPEN_FIELDS = ("version", "date", "type", "architecture", "treatment", "contact")


def record(report: Report) -> dict[str, Any]:
    """The proposed record as plain objects, in the order they are written."""
    dossier = report.dossier
    main, _ = main_and_finer(dossier.components)
    return {
        "framework": dict(_FRAMEWORK),
        "release": _release(dossier, main),
        "openassay": {
            "proposal": (
                "Drafted from what was read; every entry cites its evidence. "
                "Look at it, and fill in what is open, before publishing it."
            ),
            "read_by": visible(dossier.read_by),
            "sources": [visible(source.id) for source in dossier.sources],
            "open": [*_left_open(dossier), *_untold_licenses(main)],
            "not_listed": [_left_out(part) for part in main if part.status not in _LISTED],
        },
    }


def _release(dossier: Dossier, main: tuple[Component, ...]) -> dict[str, Any]:
    owner = _OWNER.fullmatch(dossier.release)
    distribution = _distribution(dossier)
    release: dict[str, Any] = {
        "name": visible(owner[2] if owner else dossier.release) or "unnamed",
        "license": {"distribution": distribution} if distribution else {},
        "producer": visible(owner[1]) if owner else "",
    }
    if len(found := bases(dossier)) == 1:
        release["origin"] = visible(found[0].base)
    release |= _homes(dossier)
    release["components"] = [_component(part) for part in main if part.status in _LISTED]
    return release


def _left_open(dossier: Dossier) -> list[str]:
    owner = () if _OWNER.fullmatch(dossier.release) else ("producer",)
    return [*owner, *_OPEN_FIELDS]


def _untold_licenses(main: tuple[Component, ...]) -> list[str]:
    """What is published elsewhere may have a licence there, which nobody has read."""
    return [
        f"license of {title(part.id)}: it is published elsewhere, and nothing here states one"
        for part in main
        if part.status is Status.LINKED and part.license is None
    ]


def _homes(dossier: Dossier) -> dict[str, str]:
    """Where the release lives: the first code repository and the first hub page, if known."""
    found: dict[str, str] = {}
    weights = (part for part in dossier.components if part.id == "model_parameters_final")
    linked = [url for part in weights for url in addresses(part)]
    for url in (*repositories(dossier), *linked):
        is_hub = urlsplit(url).hostname in ("huggingface.co", "www.huggingface.co")
        if is_hub or url not in linked:
            found.setdefault("huggingface" if is_hub else "repository", url)
    return {key: found[key] for key in ("repository", "huggingface") if key in found}


def _distribution(dossier: Dossier) -> dict[str, str]:
    """The one licence whose text stands at the root; nothing where there are several."""
    root = {
        fact.license: fact
        for fact in dossier.facts
        if isinstance(fact, Licensed)
        and fact.scope == "path:"
        and fact.how in _TEXTS
        and not fact.modified
    }
    if len(root) != 1:
        return {}
    (license_, fact), *_ = root.items()
    return {"name": visible(license_), "path": visible(fact.evidence[0].path)}


def _component(part: Component) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": title(part.id),
        "description": _description(part),
        # an exact SPDX id counts as open, any other name does not
        "license": license_of(part) or "unlicensed",
    }
    if stated := governing(part):
        entry["license_path"] = _where(stated.evidence[0])
    if where := _path(part):
        entry["component_path"] = where
    entry["evidence"] = [_evidence(item, said) for item, said in evidence_of(part)[:SHOWN]]
    return entry


def _description(part: Component) -> str:
    """Why it is listed, in a sentence of our own; the tool shows its own text in its place."""
    said = next((visible(said) for _, said in evidence_of(part) if said), "")
    found = "Published elsewhere and linked" if part.status is Status.LINKED else "In the release"
    return f"{found}: {said}" if said else f"{found}."


def _path(part: Component) -> str:
    links = addresses(part)
    if part.status is Status.LINKED and links:
        return links[0]
    found = best(part)
    return _where(found) if found else ""


def _where(evidence: Evidence) -> str:
    return safe_link(evidence.link) or visible(evidence.path) or "."


def _evidence(item: Evidence, said: str) -> dict[str, str]:
    row = {"place": place(item), "why": visible(said), "quote": visible(item.quote)}
    row |= {"source": visible(item.source), "link": safe_link(item.link) or ""}
    row[visible(item.digest.algorithm)] = visible(item.digest.value)
    return {key: value for key, value in row.items() if value}


def _left_out(part: Component) -> dict[str, str]:
    row = {"name": title(part.id), "status": STATUS_WORD[part.status], "why": reason(part)}
    return {key: value for key, value in row.items() if value}
