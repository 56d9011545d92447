"""Reviewed overrides: a person's findings beside the tool's own. Pure.

:func:`apply` leaves the dossier it is given as it is and returns a second one, *as reviewed*, in
which components, claims and contradictions are as the reviewers say. What an override changes
carries the override as its evidence, so that a verdict on the second dossier still says what it
rests on. Reports show both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from openassay import licenses
from openassay.truth import claims, contradictions
from openassay.types import (
    Claim,
    Component,
    Dossier,
    Extent,
    Fact,
    Found,
    How,
    Licensed,
    Linked,
    Override,
    Reviewed,
    RuledOut,
    Status,
)
from openassay.vocabulary import by_id

INSPECTOR = "review"
_HOLDS = {True: "holds", False: "does not hold", None: "cannot be told"}


def apply(
    dossier: Dossier, overrides: Sequence[Override], release: str | None = None
) -> tuple[Dossier, tuple[Reviewed, ...]]:
    """The dossier as reviewed, and every override with what it speaks of.

    An override whose ``found`` is not what is found now, or whose subject is not there, is not
    applied; none is when they were written for another ``release``. Components come first: claims
    are weighed again by what the reviewers say of them.
    """
    if release is not None and release != dossier.release:
        note = f"written for {release}, this is {dossier.release}"
        return dossier, tuple(
            _reviewed(item, item.target, "", _said(item), note) for item in overrides
        )
    components = {component.id: component for component in dossier.components}
    reviewed: dict[Override, Reviewed] = {}
    for override in overrides:
        if override.subject == "component":
            found = components.get(override.target)
            reviewed[override] = done = _on_component(override, found)
            if found is not None and done.applied:
                components[found.id] = _as_reviewed(found, override)
    again = replace(dossier, components=tuple(components.values()))
    if any(done.applied for done in reviewed.values()):
        again = _weighed(again, components)
    for override in overrides:
        if override.subject == "claim":
            again, reviewed[override] = _on_claim(override, dossier, again)
        elif override.subject == "contradiction":
            again, reviewed[override] = _on_contradiction(override, again)
    return again, tuple(reviewed[override] for override in overrides)


def finding(component: Component) -> str:
    """What the tool found of a component, in words: ``partial, Apache-2.0``."""
    if component.status in (Status.ABSENT, Status.UNKNOWN):
        return str(component.status)
    return f"{component.status}, {component.license or 'no licence'}"


# --- components


def _on_component(override: Override, found: Component | None) -> Reviewed:
    title = by_id()[override.target].title
    if found is None:
        note = "it was not looked for when the release was read"
        return _reviewed(override, title, "", _said(override), note)
    state = finding(found)
    if override.found is not None and override.found not in (state, str(found.status)):
        note = f"out of date: the review was of {override.found!r}, look again"
        return _reviewed(override, title, state, _said(override), note)
    same = override.status in (None, found.status) and override.license in (None, found.license)
    note = "the tool finds the same now; the override is no longer needed" if same else ""
    return _reviewed(override, title, state, _said(override), note, applied=not same)


def _said(override: Override) -> str:
    if override.subject == "claim":
        return _HOLDS[override.holds]
    if override.subject == "contradiction":
        return "not a contradiction"
    said = (str(override.status) if override.status else "", override.license or "")
    return ", ".join(filter(None, said))


def _as_reviewed(found: Component, override: Override) -> Component:
    status = override.status or found.status
    fact = _fact(override, status) if override.status else None
    because = (fact, *found.because) if fact else found.because
    made = replace(
        found,
        status=status,
        because=because,
        notes=(f"Reviewed: {_signed(override)}", *found.notes),
    )
    if status is Status.ABSENT:
        return replace(made, license=None, license_open=None, license_reason="", licenses=())
    if override.license is None:
        return made
    stated = Licensed(
        evidence=(override.place,),
        inspector=INSPECTOR,
        detail=_signed(override),
        scope=found.id,
        license=override.license,
        how=How.PROSE,
    )
    return replace(
        made,
        license=override.license,
        license_open=licenses.openness(_by_id(override.license), by_id()[found.id].kind),
        license_reason="as reviewed",
        licenses=(stated, *found.licenses),
    )


def _by_id(expression: str) -> str:
    """The expression with licences by their ids, where reports show them by other names."""

    def name(id: str) -> str:
        known = () if licenses.info(id) else licenses.displayed(id)
        return known[0] if len(known) == 1 else id

    return licenses.render(licenses.parse(expression), name)


def _fact(override: Override, status: Status) -> Fact | None:
    """The override as a fact of the status it states, so that results can cite it."""
    evidence, detail, component = (override.place,), _signed(override), override.target
    if status in (Status.PRESENT, Status.PARTIAL):
        extent = Extent.WHOLE if status is Status.PRESENT else Extent.PART
        return Found(evidence=evidence, inspector=INSPECTOR, detail=detail,
                     component=component, extent=extent)  # fmt: skip
    if status is Status.LINKED:
        url = next((item for item in override.evidence if "://" in item), "")
        return Linked(evidence=evidence, inspector=INSPECTOR, detail=detail,
                      component=component, url=url)  # fmt: skip
    return RuledOut(evidence=evidence, inspector=INSPECTOR, detail=detail, component=component)


def _signed(override: Override) -> str:
    return f"{override.reason} ({override.by}, {override.on})"


def _weighed(dossier: Dossier, components: Mapping[str, Component]) -> Dossier:
    """Claims and contradictions anew, where all parts that they may speak of are there."""
    if not by_id().keys() <= components.keys():
        return dossier
    found = claims(dossier.facts, components)
    if len(found) != len(dossier.claims):  # read by another version: its claims stay as they are
        return dossier
    return replace(
        dossier, claims=found, contradictions=contradictions(dossier.facts, components, found)
    )


# --- claims and contradictions


def _on_claim(override: Override, found: Dossier, again: Dossier) -> tuple[Dossier, Reviewed]:
    title, said = f"claim “{override.target}”", _said(override)
    was = [claim for claim in found.claims if _is_quote(claim, override.target)]
    if not was:
        note = "the release makes no such claim"
        return again, _reviewed(override, title, "", said, note)
    state = _HOLDS[was[0].holds]
    if override.found is not None and override.found != state:
        note = f"out of date: the review was of {override.found!r}, look again"
        return again, _reviewed(override, title, state, said, note)
    because = (f"Reviewed: {_signed(override)}",)
    claims_ = tuple(
        replace(claim, holds=override.holds, because=because)
        if _is_quote(claim, override.target)
        else claim
        for claim in again.claims
    )
    return replace(again, claims=claims_), _reviewed(override, title, state, said, applied=True)


def _is_quote(claim: Claim, text: str) -> bool:
    return " ".join(claim.evidence.quote.split()) == " ".join(text.split())


def _on_contradiction(override: Override, again: Dossier) -> tuple[Dossier, Reviewed]:
    title, said = f"contradiction “{override.target}”", _said(override)
    kept = tuple(item for item in again.contradictions if item.text != override.target)
    if len(kept) == len(again.contradictions):
        note = "the release has no such contradiction"
        return again, _reviewed(override, title, "", said, note)
    done = _reviewed(override, title, "found", said, applied=True)
    return replace(again, contradictions=kept), done


def _reviewed(
    override: Override, title: str, found: str, said: str, note: str = "", *, applied: bool = False
) -> Reviewed:
    return Reviewed(
        override=override, title=title, found=found, said=said, applied=applied, note=note
    )
