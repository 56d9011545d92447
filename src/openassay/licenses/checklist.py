"""What a licence asks when material is used, changed, hosted or handed on; what a derivative owes.

The words of the duties stand in ``data/checklist.toml``; whether one applies is decided by the
terms of the licence (`terms.known_terms`, `terms.known_more`) or by the clauses read in a text. A
duty that cannot be decided is kept as "not known": a checklist that leaves it out would say that
there is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from . import catalog, expressions
from .model import Term
from .terms import obligations, recorded


class Use(StrEnum):
    """What is done with the material. ``HOST``: others use it over a network, no copy leaves."""

    USE = "use"
    CHANGE = "change"
    HOST = "host"
    REDISTRIBUTE = "redistribute"


class Relation(StrEnum):
    """How a derivative came from its base."""

    FINETUNE = "finetune"
    ADAPTER = "adapter"
    MERGE = "merge"
    QUANTIZED = "quantized"
    DISTILLED = "distilled"


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of a checklist.

    ``id`` names the duty (``include_license`` ...), ``text`` says it in plain words, ``license``
    is the licence that asks it, ``uses`` when it applies. ``needed`` is True, or None where nobody
    knows the licence: look in its text. ``rests_on`` is the source of the fact, or ``text`` where
    the clause in ``evidence`` was read.
    """

    id: str
    text: str
    license: str
    needed: bool | None
    uses: tuple[Use, ...]
    rests_on: str
    value: str = ""
    evidence: Term | None = None


@dataclass(frozen=True, slots=True)
class Caution:
    """Something a careful reader would point out: a term, in plain words, and what it rests on."""

    id: str
    text: str
    license: str
    rests_on: str
    evidence: Term | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """What a derivative owes its base. ``consistent`` is None where it cannot be told."""

    consistent: bool | None
    contradictions: tuple[str, ...]
    duties: tuple[Duty, ...]


def duties(
    expression: str, use: str | Use | None = None, read: Mapping[str, Term] | None = None
) -> tuple[Duty, ...]:
    """The checklist of an expression for one use (None: for all uses).

    With ``OR`` the duties of every alternative are listed, each with its ``license``; only one of
    the alternatives has to be met. ``read`` holds the clauses found in the text itself: they are
    the evidence for known duties and the only source for unknown licences.

    Raises `ValueError` for another use, `LicenseExpressionError` for a malformed expression.
    """
    wanted = Use(use) if use is not None else None
    out: list[Duty] = []
    for id in expressions.ids(expression):
        out += [d for d in _of(id, read or {}) if wanted is None or wanted in d.uses]
    return tuple(out)


def warnings(expression: str, read: Mapping[str, Term] | None = None) -> tuple[Caution, ...]:
    """What is worth a warning in each licence of an expression, in plain words."""
    out: list[Caution] = []
    for id in expressions.ids(expression):
        known, source = _known(id)
        for row in _table()["warning"]:
            clause = (read or {}).get(row["term"])
            value = known.get(row["term"], clause.value if clause else "")
            if _applies(row, value):
                told = row["text"].replace("{value}", value)
                clause = clause if clause and _applies(row, clause.value) else None
                rests = source if row["term"] in known else "text"
                out.append(Caution(row["id"], told, id, rests, clause))
    return tuple(out)


def lacking(expression: str, present: Collection[str]) -> tuple[Duty, ...]:
    """The duties on handing on that what is present does not meet.

    ``present`` names what is there: ``license_text``, ``copyright_notice``, ``notice_file``,
    ``attribution_naming``, ``acceptable_use_policy``, ``statement_of_changes``, ``source``. A
    permissive label with neither text nor notice lacks both: without them nobody is licensed to
    hand the material on.
    """
    table = _table()
    met = {duty for name in present for duty in table["met_by"].get(name, ())}
    return tuple(
        duty
        for duty in duties(expression, Use.REDISTRIBUTE)
        if duty.needed and duty.id in table["visible"] and duty.id not in met
    )


def owes(base: str, derivative: str | None, relation: str | Relation) -> Owed:
    """What a derivative owes its base, and where its own label contradicts the base's terms.

    Fine-tuned, merged and quantized weights hold the base's weights: its licence stays on them
    whatever the label says. An adapter holds none of them but works only with them, and most model
    licences call it a derivative; distilled weights hold none, the base's word on outputs counts.

    Raises `ValueError` for another relation, `LicenseExpressionError` for a bad expression.
    """
    kind = Relation(relation)
    asked = tuple(d for d in duties(base, Use.REDISTRIBUTE) if kind is not Relation.DISTILLED)
    if canonical_ids(base) == canonical_ids(derivative or ""):
        return Owed(True, (), asked)
    found: list[str] = []
    unknown = False
    own = _strictest(derivative) if derivative else None
    for id in expressions.ids(base):
        terms, _ = _known(id)
        info = catalog.info(id)
        unknown = unknown or info is None or not info.terms
        found += _contradictions(id, terms, derivative, own, kind)
    chosen = " OR " in base.upper()
    if found and chosen:
        return Owed(None, tuple(found), asked)  # another alternative may have been taken
    consistent = False if found else None if unknown or own is None else True
    return Owed(consistent, tuple(dict.fromkeys(found)), asked)


def _contradictions(
    id: str,
    terms: Mapping[str, str],
    derivative: str | None,
    own: Mapping[str, str] | None,
    kind: Relation,
) -> Iterable[str]:
    name = derivative or "no licence"
    if kind is Relation.DISTILLED:
        if terms.get("forbids_training_other_models") == "yes":
            yield f"{id} forbids training other models with its outputs"
        return
    if kind is Relation.ADAPTER:
        through = "used with its base, the adapter stays under"
    else:
        through = "its weights hold those of the base, which stay under"
    if "-ND-" in id:
        yield f"{id} does not allow changed versions to be shared"
    if terms.get("share_alike") == "yes" and id not in canonical_ids(derivative or ""):
        yield f"{id} asks for the same terms; the derivative is labelled {name}"
    elif own is not None:
        for column, told in _table()["carried"].items():
            if _stricter(column, terms.get(column, ""), own.get(column, "")):
                yield f"labelled {name}, but {through} {id}: {told}"


def _stricter(column: str, base: str, own: str) -> bool:
    if column == "commercial_use":
        rank = {"yes": 0, "": 0, "conditional": 1, "no": 2}
        return rank.get(base, 0) > rank.get(own, 0)
    return base not in ("", "no") and own in ("", "no")


def _strictest(expression: str) -> Mapping[str, str] | None:
    """The terms of a derivative's label; None where one part is not known."""
    out: dict[str, str] = {}
    for id in expressions.ids(expression):
        terms, _ = _known(id)
        if "commercial_use" not in terms:
            return None
        for column, value in terms.items():
            if column not in out or _stricter(column, value, out[column]):
                out[column] = value
    return out


def canonical_ids(expression: str) -> frozenset[str]:
    """The canonical ids of an expression; empty for an empty or malformed one."""
    try:
        return frozenset(catalog.canonical(i) or i for i in expressions.ids(expression))
    except expressions.LicenseExpressionError:
        return frozenset()


def _of(id: str, read: Mapping[str, Term]) -> Iterable[Duty]:
    known, source = _known(id)
    for row in _table()["duty"]:
        column = row["term"]
        clause = read.get(column)
        value, rests = known.get(column, ""), source
        if column not in known and clause:
            value, rests = clause.value, "text"
        unknown = not known and not read and row.get("vital", False)
        if not unknown and not _applies(row, value):
            continue
        agrees = clause if clause and _applies(row, clause.value) else None
        uses = [Use(u) for u in row["uses"]]
        if Use.HOST not in uses and re.fullmatch(row.get("also", "(?!)"), id):
            uses.append(Use.HOST)
        text = row["text"].replace("{value}", value)
        needed = None if unknown else True
        yield Duty(row["id"], text, id, needed, tuple(uses), rests or "not known", value, agrees)


def _applies(row: Mapping[str, Any], value: str) -> bool:
    if "*" in row["values"]:
        return value not in ("", "no", "unknown")
    return value in row["values"]


@cache
def _known(id: str) -> tuple[Mapping[str, str], str]:
    info = catalog.info(id)
    if info is None or id.upper() in ("NONE", "NOASSERTION"):
        return {}, ""
    entry = obligations(info.id)
    source = str(entry.get("source") or info.source)
    read = {} if info.terms else recorded(info.id)
    return {**read, **info.terms, **info.more}, source


def _table() -> Mapping[str, Any]:
    return catalog.table("checklist.toml")
