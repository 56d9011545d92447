"""``openassay-against/1``: records held against releases, for other programs.

Fields are only ever added under this version; ``schema/openassay-against-1.schema.json``.
"""

from __future__ import annotations

from typing import Any

from openassay.canonical import dump_json
from openassay.checked import (
    Check,
    Checked,
    Comparison,
    Entry,
    Lacking,
    finer,
    totals,
)
from openassay.reports import Look
from openassay.reports._view import title
from openassay.reports.json_v1 import AGAINST, evidence_objects, gap_object, source_object


def render(checked: Checked, look: Look) -> str:
    """The whole answer as JSON text; the same records and releases give the same bytes."""
    del look
    comparisons = checked.comparisons
    sources = {source.id: source for c in comparisons for source in c.sources}
    return dump_json(
        {
            "schema": AGAINST,
            "read_by": checked.read_by,
            "totals": {
                "records": len(comparisons),
                "unmatched": len(checked.unmatched),
                "lacking": sum(len(c.lacks) for c in comparisons),
            }
            | _totals(*comparisons),
            "sources": [source_object(sources[id]) for id in sorted(sources)],
            "records": [_comparison(c) for c in comparisons],
            "unmatched": [
                {"origin": item.origin, "record": item.record, "because": item.because}
                for item in checked.unmatched
            ],
        }
    )


def _totals(*comparisons: Comparison) -> dict[str, Any]:
    counts: dict[str, Any] = {
        group: {str(standing): count for standing, count in row.items()}
        for group, row in totals(comparisons).items()
    }
    hidden = finer(comparisons)
    counts["released"] |= {
        "supported_in_part": hidden.in_part,
        "supported_by_link": hidden.by_link,
        "unsupported_with_unread": hidden.unread,
    }
    return counts


def _comparison(found: Comparison) -> dict[str, Any]:
    known = frozenset(source.id for source in found.sources)
    classes = found.classes
    return {
        "record": found.record,
        "origin": found.origin,
        "release": found.release,
        "sources": [source.id for source in found.sources],
        "unread": list(found.unread),
        "classes": classes
        and {
            "framework": classes.framework,
            "recorded_reference": classes.reference,
            "recorded_strict": classes.strict,
            "audited": classes.audited,
        },
        "totals": _totals(found),
        "components": [_entry(entry, known) for entry in found.entries],
        "licenses": [_check(check, known) for check in found.licenses],
        "lacks": [_lacking(lack, known) for lack in found.lacks],
        "notes": list(found.notes),
    }


def _entry(entry: Entry, known: frozenset[str]) -> dict[str, Any]:
    return {
        "number": entry.number,
        "name": entry.name,
        "component": entry.component,
        "status": entry.status and str(entry.status),
        "standing": str(entry.standing),
        "checks": [_check(check, known) for check in entry.checks],
    }


def _check(check: Check, known: frozenset[str]) -> dict[str, Any]:
    return {
        "claim": str(check.asked),
        "says": check.says,
        "standing": str(check.standing),
        "because": check.because,
        "evidence": evidence_objects(check.evidence, known),
        "gaps": [gap_object(gap) for gap in check.gaps],
    }


def _lacking(lack: Lacking, known: frozenset[str]) -> dict[str, Any]:
    return {
        "component": lack.component,
        "title": title(lack.component),
        "status": str(lack.status),
        "because": lack.because,
        "evidence": evidence_objects(lack.evidence, known),
    }
