"""``MOF.json``: the Model Openness Configuration File, as a proposal with its evidence."""

from __future__ import annotations

from openassay.canonical import dump_json
from openassay.reports import Look, Report
from openassay.reports._mof import record


def render(report: Report, look: Look) -> str:
    """The proposed record as JSON text."""
    del look
    return dump_json(record(report))
