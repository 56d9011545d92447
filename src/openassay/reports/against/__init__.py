"""Reports on records held against releases: for a terminal, as JSON, as Markdown."""

from __future__ import annotations

from collections.abc import Callable

from openassay.checked import Checked
from openassay.errors import UsageError
from openassay.reports import Look
from openassay.reports.against import data, document, screen

FORMATS: dict[str, Callable[[Checked, Look], str]] = {
    "terminal": screen.render,
    "json": data.render,
    "markdown": document.render,
}


def renderer(name: str) -> Callable[[Checked, Look], str]:
    """The function that writes one format; UsageError for a name that there is none of."""
    if name not in FORMATS:
        raise UsageError(
            f"records are not reported as {name!r}", hint=f"formats: {', '.join(FORMATS)}"
        )
    return FORMATS[name]
