"""Whether the licences of what was released meet a term, the strictest of them deciding.

*All that was released* is every part of kind code, data or weights that lies in the release, and
the model's final weights wherever they lie. What lives elsewhere stands under terms of its own: it
counts when its kind or its name is asked for. Documents count only then, too, and the base model
only by its name. Where a part is there without a licence nothing is granted; where its licence is
not known, is a changed text, or is not stated for what lives elsewhere, the answer is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from openassay import licenses
from openassay.licenses.terms import COLUMNS, MORE
from openassay.types import (
    Component,
    Dossier,
    Evidence,
    Fact,
    Found,
    Gated,
    How,
    Kind,
    Licensed,
    Linked,
    Stated,
    Status,
)
from openassay.vocabulary import Entry, by_id

Answer = tuple[bool | None, tuple[str, ...]]

_YES_NO = ("yes", "no")
_GRANTS = ("commercial_use", "redistribution")
_ORDER = ("no", "conditional", "yes")
_NAMED = ("outputs", "governing_law", "disputes", "language_prevails")  # texts, not yes or no
_TOLD = ("user_threshold", "attribution_naming", "geographic_limit")  # a text is a yes
#: What may be asked of each term. ``open``: the licence is in a named open set for that content.
VALUES: Mapping[str, tuple[str, ...]] = {
    "open": _YES_NO,
    **{
        term: tuple(reversed(_ORDER)) if term in _GRANTS else _YES_NO
        for term in (*COLUMNS, *MORE)
        if term not in _NAMED
    },
}
_ALWAYS = (Kind.CODE, Kind.DATA, Kind.WEIGHTS)
_OWN_WEIGHTS = "model_parameters_final"
_OF_THE_BASE = "base_model"
#: Sentences of the release that limit the use: the term they speak of, and what it then is.
_LIMITS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "commercial_application": (("commercial_use", "conditional"),),
    "non_commercial": (("commercial_use", "no"),),
    "user_cap": (("user_threshold", "yes"), ("commercial_use", "conditional")),
    "territory": (("geographic_limit", "yes"),),
    "field_of_use": (("field_of_use_restrictions", "yes"),),
    "no_training": (("forbids_training_other_models", "yes"),),
    "acceptable_use_policy": (("acceptable_use_policy", "yes"),),
    "registration": (("registration_required", "yes"),),
    "revocable": (("revocable_or_updatable", "yes"),),
}


def weigh(dossier: Dossier, scope: str, term: str, wanted: str) -> Answer:
    """Whether every part in scope meets ``term=wanted``; the reasons name those that do not."""
    parts = list(_covered(dossier, scope))
    if not parts:
        what = scope or "code, data or weights"
        return False, (f"nothing is released that it could cover ({what})",)
    said = [_part(part, dossier.facts, term, wanted) for part in parts]
    failing = tuple(text for met, text in said if met is False)
    if failing:
        return False, failing
    open_ = tuple(text for met, text in said if met is None)
    return (None if open_ else True), open_


def value(id: str, term: str) -> str | None:
    """What one licence says of a term: yes, no or conditional; None where it is not known."""
    found = {_plain(term, info) for info in _infos(id)}
    return found.pop() if len(found) == 1 else None


def reading(expression: str, term: str) -> str | None:
    """What an expression says of a term: the strictest part of AND, the loosest way of OR."""
    try:
        return _read(licenses.parse(expression), term)
    except licenses.LicenseExpressionError:
        return None


def _read(node: licenses.Node, term: str) -> str | None:
    if isinstance(node, licenses.Id):
        return value(node.id, term)
    if isinstance(node, licenses.With):
        known = node.exception in licenses.sets()["spdx-exceptions"]
        return value(node.license, term) if known else None
    said = [_read(part, term) for part in node.parts]
    if None in said:
        return None
    loosest_last = sorted(filter(None, said), key=lambda found: looseness(term, found))
    return loosest_last[-1] if isinstance(node, licenses.Or) else loosest_last[0]


def looseness(term: str, found: str) -> int:
    """How much a value leaves to the user, more is looser: a grant or the lack of a limit."""
    place = _ORDER.index(found)
    return place if term in (*_GRANTS, "patent_grant") else -place


# --- which parts


def _covered(dossier: Dossier, scope: str) -> Iterator[Component]:
    for part in dossier.components:
        entry = by_id().get(part.id)
        if entry is None or part.status is Status.ABSENT:
            continue
        by_kind = entry.kind == scope if scope else _is_released(part, entry)
        if part.id == scope or (by_kind and not part.id.startswith(_OF_THE_BASE)):
            yield part


def _is_released(part: Component, entry: Entry) -> bool:
    if entry.kind not in _ALWAYS:
        return False
    return part.id == _OWN_WEIGHTS or not _lives_elsewhere(part)


def _lives_elsewhere(part: Component) -> bool:
    facts = [item for item in part.because if isinstance(item, Found | Linked)]
    linked = bool(facts) and all(isinstance(fact, Linked) for fact in facts)
    return part.status is Status.LINKED or (part.status is Status.PARTIAL and linked)


# --- one part


def _part(
    part: Component, facts: Iterable[Fact], term: str, wanted: str
) -> tuple[bool | None, str]:
    entry = by_id()[part.id]
    if part.status is Status.UNKNOWN:
        return None, f"{entry.title}: could not be read"
    if part.license is None:
        if _lives_elsewhere(part):
            return None, f"{entry.title}: lives elsewhere, and its licence is not stated here"
        return False, f"{entry.title}: no licence is stated, so nothing is granted"
    if term == "open":
        stated = {True: "open", False: "not open", None: "not shown to be open"}[part.license_open]
        is_met = None if part.license_open is None else part.license_open == (wanted == "yes")
        return is_met, f"{entry.title}: {part.license} is {stated}"
    settled = _settled(part, term)
    for limit, evidence in _limits(facts, entry, part):
        if (evidence.source, evidence.path) in settled:
            continue
        for name, said in _LIMITS.get(limit, ()):
            reached = _reaches(term, said, wanted)
            if name == term and (not reached or term not in _GRANTS):
                where = f"“{evidence.quote}” ({evidence.path or '.'})"
                return reached, f"{entry.title}: {_worded(term, said)}: {where}"
    return _under(part, entry, term, wanted)


def _under(part: Component, entry: Entry, term: str, wanted: str) -> tuple[bool | None, str]:
    """The part's licence expression: one way of OR is enough, all parts of AND are needed."""
    license = part.license or ""
    if part.licenses and part.licenses[0].modified:
        return None, f"{entry.title}: a changed text of {license}"
    try:
        tree = licenses.parse(license)
    except licenses.LicenseExpressionError:
        return None, f"{entry.title}: {license} cannot be read as a licence"
    met = _evaluate(tree, term, wanted)
    said = {value(id, term) for id in licenses.ids(license)} - {None}
    word = _worded(term, "/".join(sorted(filter(None, said))) or "not known")
    return met, f"{entry.title}: {license}: {word}"


def _evaluate(node: licenses.Node, term: str, wanted: str) -> bool | None:
    if isinstance(node, licenses.Id):
        found = value(node.id, term)
        return None if found is None else _reaches(term, found, wanted)
    if isinstance(node, licenses.With):
        known = node.exception in licenses.sets()["spdx-exceptions"]
        return _evaluate(licenses.Id(node.license), term, wanted) if known else None
    answers = [_evaluate(part, term, wanted) for part in node.parts]
    decisive = isinstance(node, licenses.Or)  # one True settles OR, one False settles AND
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _limits(facts: Iterable[Fact], entry: Entry, part: Component) -> Iterator[tuple[str, Evidence]]:
    """What sentences and gates say of the use of a part: of it, or in the licence it is under."""
    scope = ("release", entry.kind.value, entry.id)
    texts = _texts(part.licenses[:1])
    for fact in facts:
        if isinstance(fact, Stated) and fact.topic == "restriction":
            place = (fact.evidence[0].source, fact.evidence[0].path)
            if fact.subject in scope or place in texts:
                yield fact.value, fact.evidence[0]
        elif isinstance(fact, Gated) and fact.component == entry.id:
            yield "registration", fact.evidence[0]


def _texts(stated: Iterable[Licensed]) -> frozenset[tuple[str, str]]:
    """The files that hold the text of these licences."""
    return frozenset(
        (evidence.source, evidence.path)
        for fact in stated
        if fact.how in (How.TEXT, How.PDF)
        for evidence in fact.evidence
    )


def _settled(part: Component, term: str) -> frozenset[tuple[str, str]]:
    """The part's licence files, where it is known what that licence says of the term.

    One sentence of a known text says less than what is kept of the whole of it.
    """
    if reading(part.license or "", term) is None or any(fact.modified for fact in part.licenses):
        return frozenset()
    return _texts(part.licenses)


def _reaches(term: str, found: str, wanted: str) -> bool:
    if term in _GRANTS and wanted != "no":
        return _ORDER.index(found) >= _ORDER.index(wanted)
    return found == wanted


def _worded(term: str, found: str) -> str:
    return f"{term.replace('_', ' ')} is {found}"


def _infos(id: str) -> Iterator[licenses.Info]:
    """What is known under a name; several licences may be shown by one name."""
    known = licenses.info(id)
    if known is not None:
        yield known
        return
    for other in licenses.displayed(id):
        if (info := licenses.info(other)) is not None:
            yield info


def _plain(term: str, info: licenses.Info) -> str | None:
    said = {**info.terms, **info.more}.get(term)
    if said is None:
        return None
    if term in _TOLD:
        return "no" if said.lower() in ("", "no") else "yes"
    return said if said in VALUES[term] else None
