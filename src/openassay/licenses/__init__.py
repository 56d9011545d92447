"""Licences: identify a text, understand a name, parse an expression, know and read the terms.

A library of its own: it knows nothing of models, imports nothing outside this package, and opens
its data files on the first question that needs them. Texts given to it are untrusted; every
function is bounded in time and memory and says "unknown" rather than guess.
"""

from __future__ import annotations

from .assess import Assessment, TermValue, assess
from .catalog import display, info, is_open, openness, sets, spdx
from .clauses import read_terms
from .expressions import And, Id, LicenseExpressionError, Node, Or, With, ids, parse, render
from .identify import identify
from .mentions import headers, mentions
from .model import Identification, Info, Match, Mention, Region, Term
from .names import normalize

__all__ = [
    "And",
    "Assessment",
    "Id",
    "Identification",
    "Info",
    "LicenseExpressionError",
    "Match",
    "Mention",
    "Node",
    "Or",
    "Region",
    "Term",
    "TermValue",
    "With",
    "assess",
    "display",
    "headers",
    "identify",
    "ids",
    "info",
    "is_open",
    "mentions",
    "normalize",
    "openness",
    "parse",
    "read_terms",
    "render",
    "sets",
    "spdx",
]
