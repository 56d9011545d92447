"""``openassay/1``: the report other programs read. A shape of its own, described in docs/json.md.

Fields are only ever added under this version. No clock, no machine: the same dossier and
frameworks give the same bytes. ``schema/openassay-1.schema.json`` is the contract as a schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from openassay.canonical import dump_json
from openassay.checked import Difference
from openassay.kinship import Altered, Compared, Joined, LayerMap, Tested
from openassay.reports import Look, Report, Review, lineage
from openassay.reports._disagreements import Disagreement, disagreements
from openassay.reports._view import evidence_of, kind, main_and_finer, terms_in_words, title
from openassay.types import (
    Change,
    Claim,
    Component,
    Contradiction,
    Derived,
    Dossier,
    Evidence,
    Gap,
    Gated,
    Licensed,
    Result,
    SourceInfo,
    Stated,
    Unit,
    Verdict,
    Visited,
)

SCHEMA = "openassay/1"
JUDGEMENT = "openassay-judgement/1"
AGAINST = "openassay-against/1"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,200}")


def render(report: Report, look: Look) -> str:
    """The whole report as JSON text."""
    del look  # data does not depend on who looks at it
    return dump_json(document(report))


def document(report: Report) -> dict[str, Any]:
    """The report as plain objects, ready for ``json``."""
    dossier = report.dossier
    known = frozenset(source.id for source in dossier.sources)
    main, finer = main_and_finer(dossier.components)
    beside: dict[str, Any] = {}
    if report.review is not None:
        beside["review"] = _review(report.review, known)
    if report.since is not None:
        changes = [change_document(item) for item in report.since.changes]
        beside["since"] = {"baseline": report.since.baseline, "changes": changes}
    return {
        "schema": SCHEMA,
        "read_by": dossier.read_by,
        "release": {"name": dossier.release},
        "sources": [source_object(source) for source in dossier.sources],
        "components": [_component(component, known) for component in main + finer],
        "licenses": _licenses(report, known),
        "claims": [_claim(claim, known) for claim in dossier.claims],
        "contradictions": [_contradiction(item, known) for item in dossier.contradictions],
        "stated": [
            {"topic": fact.topic, "value": fact.value, "subject": fact.subject}
            | {"evidence": evidence_objects(fact.evidence, known)}
            for fact in dossier.facts
            if isinstance(fact, Stated) and fact.topic != "claim"  # claims stand above
        ],
        "bases": [
            {"base": fact.base, "relation": str(fact.relation)}
            | {"evidence": evidence_objects(fact.evidence, known)}
            for fact in dossier.facts
            if isinstance(fact, Derived)
        ],
        "lineage": lineage_object(dossier, known),
        "gates": [
            {"component": fact.component, "barrier": fact.barrier}
            | {"evidence": evidence_objects(fact.evidence, known)}
            for fact in dossier.facts
            if isinstance(fact, Gated)
        ],
        "links": [
            {"url": fact.url, "component": fact.component or None, "outcome": str(fact.outcome)}
            | {"source": fact.source, "detail": fact.detail}
            | {"evidence": evidence_objects(fact.evidence, known)}
            for fact in dossier.facts
            if isinstance(fact, Visited)
        ],
        "verdicts": [verdict_object(verdict, known) for verdict in report.verdicts],
        "disagreements": [_disagreement(item) for item in disagreements(report.verdicts, dossier)],
        "gaps": [gap_object(gap) for gap in dossier.gaps],
    } | beside


def render_judgement(
    name: str,
    verdicts: tuple[Verdict, ...],
    known: frozenset[str],
    differences: Sequence[Difference] | None = None,
) -> str:
    """``openassay judge``: the verdicts alone; the first one's outcome stands on top.

    ``known`` are the ids of the audited sources, empty for another tool's record; ``differences``,
    for a record, where the reference tool and the strict judgement part.
    """
    first = verdict_object(verdicts[0], known)
    head = {key: first[key] for key in ("framework", "mode", "floor", "ceiling", "answer")}
    return dump_json(
        {"schema": JUDGEMENT, "release": {"name": name}}
        | head
        | {"progress": first["progress"]}
        | {"verdicts": [verdict_object(verdict, known) for verdict in verdicts]}
        | ({} if differences is None else {"differences": [_difference(d) for d in differences]})
    )


def _difference(item: Difference) -> dict[str, Any]:
    return {
        "component": item.component,
        "title": item.title,
        "reference": item.reference,
        "strict": item.strict,
        "because": item.because,
        "counts": item.counts,
    }


def source_object(source: SourceInfo) -> dict[str, Any]:
    return {
        "id": source.id,
        "kind": source.kind,
        "locator": source.locator,
        "revision": source.revision,
        "files": source.files,
    }


def _component(component: Component, known: frozenset[str]) -> dict[str, Any]:
    return {
        "id": component.id,
        "title": title(component.id),
        "kind": kind(component.id),
        "status": str(component.status),
        "license": component.license,
        "license_open": component.license_open,
        "license_reason": component.license_reason,
        "evidence": [
            _evidence(evidence, known) | {"why": detail or None}
            for evidence, detail in evidence_of(component)
        ],
        "notes": list(component.notes)
        + [
            f"not read: {gap.path or gap.source}: {gap.detail or gap.reason}"
            for gap in component.because
            if isinstance(gap, Gap)
        ],
    }


def _licenses(report: Report, known: frozenset[str]) -> list[dict[str, Any]]:
    merged: dict[tuple[str, str, str, bool], dict[Evidence, None]] = {}
    for fact in report.dossier.facts:
        if isinstance(fact, Licensed):
            key = (fact.scope, fact.license, str(fact.how), fact.modified)
            merged.setdefault(key, {}).update(dict.fromkeys(fact.evidence))
    return [
        {"scope": scope, "id": id_, "how": how, "modified": modified}
        | {"evidence": evidence_objects(evidence, known)}
        | _terms(id_, report)
        for (scope, id_, how, modified), evidence in merged.items()
    ]


def _terms(expression: str, report: Report) -> dict[str, list[dict[str, str]]]:
    groups: dict[str, list[dict[str, str]]] = {"grants": [], "conditions": [], "limits": []}
    for id_ in dict.fromkeys(_ID.findall(expression)):
        for term in terms_in_words(report.terms.get(id_, {})):
            row = {"license": id_, "term": term.term, "value": term.value, "text": term.text}
            groups[term.group].append(row)
    return groups


def _claim(claim: Claim, known: frozenset[str]) -> dict[str, Any]:
    return (
        {"kind": claim.kind, "subject": claim.subject, "holds": claim.holds}
        | {"because": list(claim.because)}
        | _evidence(claim.evidence, known)
    )


def _contradiction(item: Contradiction, known: frozenset[str]) -> dict[str, Any]:
    return {"id": item.id, "text": item.text, "evidence": evidence_objects(item.evidence, known)}


def verdict_object(verdict: Verdict, known: frozenset[str]) -> dict[str, Any]:
    return {
        "framework": verdict.framework,
        "title": verdict.title,
        "mode": verdict.mode,
        "floor": verdict.floor,
        "ceiling": verdict.ceiling,
        "answer": verdict.answer,
        "progress": dict(verdict.progress),
        "criteria": [
            {
                "id": result.criterion,
                "title": result.title,
                "group": result.group,
                "answer": str(result.answer),
                "because": list(result.because),
                "evidence": evidence_objects(result.evidence, known),
                "next_step": result.next_step or None,
                "about": list(result.about),
                "points": _points(result),
            }
            for result in verdict.results
        ],
        "notes": list(verdict.notes),
    }


def _points(result: Result) -> dict[str, float] | None:
    if result.points is None:
        return None
    least, most, of = result.points
    return {"least": least, "most": most, "of": of}


def _disagreement(item: Disagreement) -> dict[str, Any]:
    return {
        "component": item.component,
        "status": str(item.status),
        "license": item.license,
        "sharp": item.is_sharp,
        "opinions": [
            {
                "framework": opinion.framework,
                "criterion": opinion.criterion,
                "answer": str(opinion.answer),
                "because": opinion.because,
            }
            for opinion in item.opinions
        ],
    }


def gap_object(gap: Gap) -> dict[str, Any]:
    return {
        "source": gap.source,
        "path": gap.path,
        "by": gap.by,
        "reason": gap.reason,
        "detail": gap.detail,
        "components": list(gap.components),
    }


def _review(review: Review, known: frozenset[str]) -> dict[str, Any]:
    """What people reviewed, with the components and verdicts as they come out then."""
    touched = {item.override.target for item in review.items if item.applied}
    return {
        "file": review.file,
        "overrides": [
            {
                "subject": item.override.subject,
                "target": item.override.target,
                "title": item.title,
                "found": item.found,
                "said": item.said,
                "applied": item.applied,
                "note": item.note or None,
                "by": item.override.by,
                "on": item.override.on,
                "reason": item.override.reason,
                "evidence": list(item.override.evidence),
                "place": _evidence(item.override.place, known),
            }
            for item in review.items
        ],
        "components": [
            _component(part, known) for part in review.dossier.components if part.id in touched
        ],
        "verdicts": [verdict_object(verdict, known) for verdict in review.verdicts],
    }


def change_document(item: Change) -> dict[str, Any]:
    """One difference between two states."""
    return {
        "direction": str(item.direction),
        "what": item.what,
        "subject": item.subject or None,
        "title": item.title,
        "before": item.before,
        "after": item.after,
        "place": item.place or None,
    }


def lineage_object(dossier: Dossier, known: frozenset[str]) -> dict[str, Any]:
    """Comparisons of the weights with other models'; see docs/json.md."""
    return {
        "compared": [_compared(fact, known) for fact in lineage.compared(dossier)],
        "unmatched": [
            {"verdict": str(fact.verdict), "count": fact.count, "names": list(fact.names)}
            | {"evidence": evidence_objects(fact.evidence, known)}
            for fact in lineage.unmatched(dossier)
        ],
    }


def _compared(fact: Compared, known: frozenset[str]) -> dict[str, Any]:
    return {
        "other": fact.other,
        "source": fact.source,
        "path": fact.path,
        "verdict": str(fact.verdict),
        "meaning": lineage.MEANING[fact.verdict],
        "declared": fact.declared,
        "parts": list(fact.parts),
        "because": list(fact.because),
        "tests": [_plain(test) for test in fact.tests],
        "altered": [_plain(one) for one in fact.altered],
        "direction": {
            "order": lineage.ORDER_ID.get(fact.order),
            "because": list(fact.order_because),
        },
        "layers": None if fact.layers is None else _layers(fact.layers),
        "follows": [
            {"means": str(one.means), "id": one.id, "text": one.text}
            | {"evidence": evidence_objects(one.evidence, known)}
            for one in fact.follows
        ],
        "notes": list(fact.notes),
        "evidence": evidence_objects(fact.evidence, known),
    }


def _layers(layers: LayerMap) -> dict[str, Any]:
    return {
        "a": list(layers.columns),
        "b": list(layers.rows),
        "percent": list(layers.shares),
        "joined": [_plain(one) for one in layers.joined],
        "left_out": layers.left_out,
    }


def _plain(item: Tested | Altered | Joined) -> dict[str, Any]:
    return {part.name: getattr(item, part.name) for part in fields(item)}


def evidence_objects(items: Iterable[Evidence], known: frozenset[str]) -> list[dict[str, Any]]:
    return [_evidence(item, known) for item in items]


def _evidence(item: Evidence, known: frozenset[str]) -> dict[str, Any]:
    """One place. ``start`` and ``end`` are lines or null; the root listing's path is ``.``."""
    unit = item.span.unit
    lines = unit is Unit.LINE
    ranged = unit in (Unit.BYTE, Unit.LISTING)
    return {
        "source": item.source,
        "path": item.path or ".",
        "unit": str(unit),
        "start": item.span.start if lines else None,
        "end": item.span.end if lines else None,
        "pointer": item.span.start if unit is Unit.POINTER else None,
        "range": [item.span.start, item.span.end] if ranged else None,
        "quote": item.quote,
        "sha256": item.digest.value,
        "digest_algorithm": item.digest.algorithm,
        "link": item.link,
        "external": item.source not in known,
    }


def evidence_row(item: Evidence, known: frozenset[str]) -> dict[str, Any]:
    """One place in the shape that every report shares; ``known`` are the sources' pins."""
    return _evidence(item, known)


def source_ids(dossier: Dossier) -> frozenset[str]:
    """The ids of the audited sources; evidence from anywhere else is external."""
    return frozenset(source.id for source in dossier.sources)
