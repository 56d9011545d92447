"""One text, everything said of it: identity, openness and the ten terms with their evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from . import catalog, clauses, expressions, stated, terms
from .identify import identify
from .model import Identification, Term

_STRICTEST = {"no": 3, "conditional": 2, "yes": 1, "": 0}


@dataclass(frozen=True, slots=True)
class TermValue:
    """The answer to one column: the value, where it comes from, the clauses it rests on.

    ``basis`` is ``facts`` (a known licence), ``clause`` (read in this text) or ``silence``
    (the text is a licence and says nothing of it). ``value`` is None when nothing can be said.
    """

    value: str | None
    basis: str
    evidence: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """``expression`` is the text's identity or, where it only names licences, what it states."""

    identification: Identification
    expression: str | None
    stated: bool
    openness: Mapping[str, bool | None]
    terms: Mapping[str, TermValue]


def assess(text: str) -> Assessment:
    """Identify a text and read its terms; for a text that only names licences, those of them."""
    who = identify(text)
    expression, by_statement = who.expression, False
    passage = text
    if expression is None and who.guard not in ("binary", "empty"):
        found = stated.expression(text, readme=who.guard == "readme")
        if found is not None:
            expression, by_statement = found, True
    if who.guard in ("readme", "card_front_matter"):
        passage = stated.license_section(text)
    open_for = {
        k: None if expression is None or who.modified else catalog.openness(expression, k)
        for k in catalog.KINDS
    }
    read = {t.name: t for t in clauses.read_terms(passage)}
    return Assessment(
        who,
        expression,
        by_statement,
        MappingProxyType(open_for),
        MappingProxyType(_terms(who, expression, read)),
    )


def _terms(
    who: Identification, expression: str | None, read: Mapping[str, Term]
) -> dict[str, TermValue]:
    known = _facts(expression) if expression and _sure(who, expression) else None
    silent = expression is not None or bool(read)
    out = {}
    for column in terms.COLUMNS:
        clause = read.get(column)
        evidence = (clause,) if clause else ()
        if known is not None:
            out[column] = TermValue(known[column], "facts", evidence)
        elif clause:
            out[column] = TermValue(_settle(column, clause.value, read), "clause", evidence)
        elif silent:
            out[column] = TermValue(_settle(column, None, read), "silence", ())
        else:
            out[column] = TermValue(None, "silence", ())
    return out


def _sure(who: Identification, expression: str) -> bool:
    """Whether the text *is* what is known, or only names it: else its own clauses count."""
    if who.modified:
        return False
    if who.expression is None:
        return who.guard != "untitled"
    matched = {m.id for m in who.matches}
    return all(id in matched for id in expressions.ids(expression))


def _settle(column: str, value: str | None, read: Mapping[str, Term]) -> str:
    """What silence means, and what one clause means for another column."""
    if column == "commercial_use":
        limit = read.get("user_threshold")
        if value in (None, "yes") and limit and not re.search(r"display|显示|展示", limit.quote):
            return "conditional"
        return value or "yes"
    if column == "field_of_use_restrictions" and "acceptable_use_policy" in read:
        return value or "yes"  # a policy of acceptable uses is a list of unacceptable ones
    if column in ("user_threshold", "attribution_naming", "geographic_limit"):
        return value or ""
    return value or "no"


def _facts(expression: str) -> dict[str, str] | None:
    """The strictest of the parts' terms; None when one of them is not known."""
    try:
        ids = expressions.ids(expression)
    except expressions.LicenseExpressionError:
        return None
    rows = []
    for id in ids:
        info = catalog.info(id)
        if info is None or not info.terms:
            return None
        rows.append(info.terms)
    out: dict[str, str] = {}
    for column in terms.COLUMNS:
        values = [row[column] for row in rows]
        if column == "commercial_use":
            out[column] = max(values, key=lambda v: _STRICTEST.get(v, 0))
            if len(set(values)) > 1:
                out[column] = "conditional"
        else:
            out[column] = "yes" if "yes" in values else next((v for v in values if v), "")
    return out
