"""Evidence read back from the JSON documents that OpenAssay writes, for ``openassay verify``.

Reports, judgements, records held against releases, ``openassay-weights/1`` and
``openassay-lineage/1`` carry evidence; what else is written rests on one of these, and is refused
with what to verify instead.
"""

from __future__ import annotations

from typing import Any, Final

from openassay.errors import DossierError
from openassay.reports.json_v1 import AGAINST, JUDGEMENT, SCHEMA
from openassay.types import Digest, Evidence, Span, Unit

_CITING: Final = (SCHEMA, JUDGEMENT, AGAINST, "openassay-weights/1", "openassay-lineage/1")
#: Documents without evidence of their own, and what to do instead.
_INSTEAD: Final = {
    "openassay-compare/1": "Verify the dossiers or reports that were compared.",
    "openassay-license/1": "Run `openassay license` on the file again: its quotes are of that one.",
}
_OTHERWISE: Final = (
    "It takes what `openassay read` writes, and JSON of `audit`, `report`, `judge`, `weights` and"
    " `lineage`."
)


def read_evidence(document: Any) -> tuple[Evidence, ...]:
    """Every piece of evidence of a document, each once, but those of sources outside it.

    Raises :class:`DossierError` for another kind of document, with the next step, and for a piece
    of evidence that is none, with its place.
    """
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema not in _CITING:
        known = schema if isinstance(schema, str) and schema in _INSTEAD else ""
        what = f"{known} holds no evidence" if known else f"this is not an {SCHEMA} report"
        raise DossierError(f"/schema: {what}", hint=_INSTEAD.get(known, _OTHERWISE))
    found: dict[Evidence, None] = {}
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, list):
            waiting += [(f"{at}/{index}", item) for index, item in enumerate(value)]
        elif isinstance(value, dict):
            if _is_evidence(value) and not value.get("external"):
                found[_parsed(value, at)] = None
            waiting += [(f"{at}/{key}", item) for key, item in value.items()]
    return tuple(sorted(found, key=lambda e: (e.source, e.path, str(e.span), e.quote)))


def read_locators(document: Any) -> dict[str, str]:
    """Where the sources of a document were, by their pins, for opening them again."""
    sources = document.get("sources") if isinstance(document, dict) else None
    rows = sources if isinstance(sources, list) else []
    return {
        str(row["id"]): str(row["locator"])
        for row in rows
        if isinstance(row, dict) and "id" in row and "locator" in row
    }


def _is_evidence(value: dict[str, Any]) -> bool:
    """A piece of evidence has a digest and a span; a file of weights with its digest is none."""
    return "unit" in value and ("sha256" in value or "digest" in value)


def _parsed(value: dict[str, Any], at: str) -> Evidence:
    try:
        path = "" if value["path"] == "." else str(value["path"])
        if "sha256" in value:
            digest = Digest(str(value["digest_algorithm"]), str(value["sha256"]))
            span = _span(value)
        else:
            digest = Digest(str(value["digest"]["algorithm"]), str(value["digest"]["value"]))
            span = _span_of_lineage(Unit(value["unit"]), value["start"], value["end"])
        link = None if value["link"] is None else str(value["link"])
        return Evidence(str(value["source"]), path, span, str(value["quote"]), digest, link)
    except (KeyError, TypeError, ValueError) as error:
        raise DossierError(f"{at}: not a piece of evidence ({error})") from None


def _span(value: dict[str, Any]) -> Span:
    unit = Unit(value["unit"])
    if unit is Unit.LINE:
        return Span(unit, int(value["start"]), int(value["end"]))
    if unit is Unit.POINTER:
        return Span(unit, str(value["pointer"]), str(value["pointer"]))
    if unit is Unit.WHOLE:
        return Span(unit)
    start, end = value["range"]
    return Span(unit, int(start), int(end))


def _span_of_lineage(unit: Unit, start: Any, end: Any) -> Span:
    """The span of evidence in ``openassay-lineage/1``, which has its ends as they are."""
    if unit is Unit.POINTER:
        return Span(unit, str(start), str(end))
    return Span(unit, int(start), int(end))
