"""Licences: identify a text, understand a name, parse an expression, know and read the terms.

A library of its own: it knows nothing of models, imports nothing outside this package, and opens
its data files on the first question that needs them. Texts given to it are untrusted; every
function is bounded in time and memory and says "unknown" rather than guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .assess import Assessment, TermValue, assess
from .catalog import display, displayed, info, is_open, openness, sets, shown, spdx
from .checklist import Caution, Duty, Owed, Relation, Use, duties, lacking, owes, warnings
from .clauses import read_terms
from .expressions import And, Id, LicenseExpressionError, Node, Or, With, ids, parse, render
from .identify import identify
from .mentions import headers, mentions
from .model import Identification, Info, Match, Mention, Region, Term
from .names import normalize

if TYPE_CHECKING:
    from .governing import Governing, Place, Statement, together

__all__ = [
    "And",
    "Assessment",
    "Caution",
    "Duty",
    "Governing",
    "Id",
    "Identification",
    "Info",
    "LicenseExpressionError",
    "Match",
    "Mention",
    "Node",
    "Or",
    "Owed",
    "Place",
    "Region",
    "Relation",
    "Statement",
    "Term",
    "TermValue",
    "Use",
    "With",
    "assess",
    "display",
    "displayed",
    "duties",
    "headers",
    "identify",
    "ids",
    "info",
    "is_open",
    "lacking",
    "mentions",
    "normalize",
    "openness",
    "owes",
    "parse",
    "read_terms",
    "render",
    "sets",
    "shown",
    "spdx",
    "together",
    "warnings",
]


def __getattr__(name: str) -> Any:
    """Whatever only some callers need is imported when it is first asked for."""
    from importlib import import_module

    if name in ("Governing", "Place", "Statement", "together"):
        return getattr(import_module(".governing", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
