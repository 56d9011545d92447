"""Releases in a line: components by id with status and licence, and facts beside them."""

from __future__ import annotations

from openassay.frameworks import load
from openassay.judge import judge
from openassay.types import (
    Component,
    Derived,
    Digest,
    Dossier,
    Evidence,
    Extent,
    Fact,
    Found,
    Gated,
    Linked,
    Relation,
    Result,
    Span,
    Stated,
    Status,
    Unit,
    Verdict,
)
from openassay.vocabulary import by_id

Parts = dict[str, tuple[str, str | None]]


def cite(path: str = "README.md", line: int = 1, quote: str = "a line") -> tuple[Evidence, ...]:
    return (Evidence("dir:m", path, Span(Unit.LINE, line, line), quote, Digest("sha256", "0")),)


def said(topic: str, value: str, line: int = 1) -> Stated:
    return Stated(evidence=cite(line=line), topic=topic, value=value, inspector="disclosures")


def restriction(value: str, quote: str = "a limit") -> Stated:
    return Stated(evidence=cite(quote=quote), topic="restriction", value=value, subject="weights")


def tuned(relation: Relation = Relation.FINETUNE) -> Derived:
    return Derived(evidence=cite(), base="acme/Base", relation=relation)


def gate() -> Gated:
    return Gated(evidence=cite(quote="fill in the form"), barrier="form on the hub")


def component(id: str, status: str, license: str | None = None) -> Component:
    """A component that a file named after it shows, in whole or in part."""
    because: tuple[Fact, ...] = ()
    if status in ("present", "partial"):
        extent = Extent.WHOLE if status == "present" else Extent.PART
        because = (Found(evidence=cite(f"{id}.txt"), component=id, extent=extent),)
    elif status == "linked":
        because = (Linked(evidence=cite(), component=id, url="https://example.org/it"),)
    return Component(id=id, status=Status(status), because=because, license=license)


def release(parts: Parts, *facts: Fact) -> Dossier:
    """A dossier whose other components are absent."""
    components = tuple(component(id, *parts.get(id, ("absent", None))) for id in by_id())
    return Dossier(schema="s", release="m", sources=(), facts=facts, components=components)


def verdict(framework: str, parts: Parts, *facts: Fact) -> Verdict:
    return judge(load(framework), release(parts, *facts))


def result(found: Verdict, id: str) -> Result:
    return next(one for one in found.results if one.criterion == id)
