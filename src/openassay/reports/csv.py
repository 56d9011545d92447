"""One row per component, for spreadsheets (RFC 4180, UTF-8).

A spreadsheet runs what begins with ``=`` and its like; such cells get an apostrophe in front.
"""

from __future__ import annotations

import csv
from io import StringIO

from openassay.canonical import visible
from openassay.reports import Look, Report
from openassay.reports._export import addresses, governing, reason
from openassay.reports._markup import safe_link
from openassay.reports._view import STATUS_WORD, evidence_of, kind, main_and_finer, place, title
from openassay.types import Component, Dossier

COLUMNS = (
    "release", "component", "title", "kind", "status", "license", "license_open", "license_reason",
    "license_place", "why", "source", "place", "quote", "digest_algorithm", "digest", "link",
    "published_at", "evidence_count", "notes",
)  # fmt: skip
# What a spreadsheet takes for a formula, in the widths of its keyboard layouts too.
_FORMULA = ("=", "+", "-", "@", "|", "%", "\t", "\r", "＝", "＋", "－", "＠")


def render(report: Report, look: Look) -> str:
    """The table as CSV text: a head, then components in vocabulary order."""
    del look
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    main, finer = main_and_finer(report.dossier.components)
    for component in main + finer:
        row = _row(report.dossier, component)
        writer.writerow([cell(row.get(column, "")) for column in COLUMNS])
    return stream.getvalue()


def cell(text: str) -> str:
    """Text on one line that no spreadsheet takes for a formula."""
    plain = visible(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def _row(dossier: Dossier, component: Component) -> dict[str, str]:
    evidence = [item for item, _ in evidence_of(component)]
    stated = governing(component)
    opened = {True: "yes", False: "no", None: "unclear" if component.license else ""}
    row = {
        "release": dossier.release,
        "component": component.id,
        "title": title(component.id),
        "kind": kind(component.id) or "",
        "status": STATUS_WORD[component.status],
        "license": component.license or "",
        "license_open": opened[component.license_open],
        "license_reason": component.license_reason,
        "license_place": place(stated.evidence[0]) if stated else "",
        "why": reason(component),
        "published_at": " ".join(addresses(component)),
        "evidence_count": str(len(evidence)),
        "notes": "; ".join(component.notes),
    }
    if evidence:
        first = evidence[0]
        row |= {
            "source": first.source,
            "place": place(first),
            "quote": first.quote,
            "digest_algorithm": first.digest.algorithm,
            "digest": first.digest.value,
            "link": safe_link(first.link) or "",
        }
    return row
