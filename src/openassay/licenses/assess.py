"""One text, everything said of it: identity, openness and the terms with their evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from . import catalog, clauses, expressions, stated, terms
from .identify import identify
from .model import Identification, Term


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
    """``expression`` is the text's identity or, where it only names licences, what it states.

    ``terms`` has the columns of `terms.COLUMNS` and `terms.MORE`; ``read`` what the clause reader
    found, for `duties` and `warnings`.
    """

    identification: Identification
    expression: str | None
    stated: bool
    openness: Mapping[str, bool | None]
    terms: Mapping[str, TermValue]
    read: Mapping[str, Term] = field(default_factory=dict)


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
    read = {t.name: t for t in clauses.read_terms(passage, more=True)}
    return Assessment(
        who,
        expression,
        by_statement,
        MappingProxyType(open_for),
        MappingProxyType(_terms(who, expression, read)),
        MappingProxyType(read),
    )


def _terms(
    who: Identification, expression: str | None, read: Mapping[str, Term]
) -> dict[str, TermValue]:
    known = _facts(expression) if expression and _sure(who, expression) else {}
    silent = expression is not None or bool(read)
    out = {}
    for column in (*terms.COLUMNS, *terms.MORE):
        clause = read.get(column)
        told = _settle(column, clause.value if clause else None, read)
        if column in known:
            evidence = _evidence(column, known[column], told, read)
            out[column] = TermValue(known[column], "facts", evidence)
        elif clause:
            out[column] = TermValue(told, "clause", _evidence(column, told, told, read))
        elif silent:
            out[column] = TermValue(told, "silence", _evidence(column, told, told, read))
        else:
            out[column] = TermValue(None, "silence", ())
    return out


def _evidence(column: str, value: str, told: str, read: Mapping[str, Term]) -> tuple[Term, ...]:
    """The clause a value rests on: only one that says the same as what is known."""
    clause = read.get(column)
    if column == "commercial_use" and value == "conditional" and clause is not None:
        if clause.value != value:
            clause = read.get("user_threshold") or read.get("registration_required")
        return (clause,) if clause else ()
    valued = column in terms.OPEN_ENDED and bool(value) == bool(told)
    return (clause,) if clause and (told == value or valued) else ()


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
    return value or terms.silent(column)


def _facts(expression: str) -> dict[str, str]:
    """The strictest of the parts' terms; no columns where one of them is not known."""
    try:
        ids = expressions.ids(expression)
    except expressions.LicenseExpressionError:
        return {}
    infos = [catalog.info(id) for id in ids]
    rows = [dict(info.terms) for info in infos if info is not None and info.terms]
    if len(rows) < len(ids):
        return {}
    kept = [terms.kept_more(id) for id in ids]
    out = {column: _strictest(column, [row[column] for row in rows]) for column in terms.COLUMNS}
    if all(kept):
        out |= {c: _strictest(c, [row[c] for row in kept]) for c in terms.MORE}
    return out


def _strictest(column: str, values: list[str]) -> str:
    if column == "commercial_use":
        if len(set(values)) > 1:
            return "conditional"
        return values[0]
    if column in ("patent_grant", "redistribution"):
        return "no" if "no" in values else "yes" if set(values) == {"yes"} else ""
    if column == "outputs" and "restricted" in values:
        return "restricted"
    return "yes" if "yes" in values else next((v for v in values if v), "")
