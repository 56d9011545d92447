"""A badge as the JSON of a shields.io endpoint badge (schema version 1).

An endpoint is one badge: ``--framework`` picks whose. Several verdicts are named side by side.
"""

from __future__ import annotations

from openassay.canonical import dump_json
from openassay.reports import Look, Report
from openassay.reports._badge import BLUE, GREY, LABEL_COLOUR, badges


def render(report: Report, look: Look) -> str:
    """The endpoint's answer as JSON text."""
    del look
    found = badges(report)
    if len(found) == 1:
        label, message, colour = found[0].label, found[0].message, found[0].colour
    else:
        label, colour = "openness", BLUE if found else GREY
        message = " · ".join(f"{one.label}: {one.message}" for one in found) or "not judged"
    return dump_json(
        {
            "schemaVersion": 1,
            "label": label,
            "message": message,
            "color": colour,
            "labelColor": LABEL_COLOUR,
        }
    )
