"""What in a release should be looked at, as findings with a rule, a place and a fingerprint.

A finding is about the release, not about a line of code: what is missing stands at the document
that should say it. Fingerprints leave out line numbers, so that a finding survives an edit above.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from openassay.canonical import visible
from openassay.reports import Report
from openassay.reports._export import Asked, asked_for, best, governing, reason
from openassay.reports._view import main_and_finer, title
from openassay.types import (
    Component,
    Dossier,
    Evidence,
    Fact,
    Licensed,
    RuledOut,
    Status,
)

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding. Ids are never renamed or reused."""

    id: str
    name: str
    level: Level
    short: str
    full: str


RULES = (
    Rule(
        "missing-component",
        "MissingComponent",
        "note",
        "A component of the release is missing",
        "The whole listing and every document were read, and this component was not found. "
        "Publish it, or link where it is published. A warning where a framework's outcome "
        "depends on it.",
    ),
    Rule(
        "partial-component",
        "PartialComponent",
        "note",
        "Only a part of a component is there",
        "Some of the component was found, here or by a link; the message says which part. "
        "A warning where a framework's outcome depends on it.",
    ),
    Rule(
        "unlicensed-component",
        "UnlicensedComponent",
        "note",
        "No licence is stated for a component",
        "The component is released, and nothing that was read says under which licence. Without "
        "one nobody may use it. A warning where the component stands in the release itself.",
    ),
    Rule(
        "restricted-license",
        "RestrictedLicense",
        "warning",
        "A licence that is not open governs a component",
        "The licence was identified and is in no list of open licences for this kind of content: "
        "it limits who may use it, for what, or how.",
    ),
    Rule(
        "unclear-license",
        "UnclearLicense",
        "note",
        "Whether a licence is open cannot be told",
        "The licence is not a known one, or a known text was changed. A person has to read it.",
    ),
    Rule(
        "contradicting-statements",
        "ContradictingStatements",
        "warning",
        "Two statements of the release cannot both be true",
        "The message says what disagrees; the related locations are where each statement stands.",
    ),
    Rule(
        "false-claim",
        "FalseClaim",
        "error",
        "A claim of openness does not hold",
        "What the release says of itself is contradicted by what was read, for the reasons in the "
        "message. Change the words, or what they are said of.",
    ),
)
_OF_CLAIMS = "claim_against_license"  # a contradiction between a claim and a licence
_BY_ID = {rule.id: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Finding:
    """``evidence`` is never empty where the release has any; the first is the place shown."""

    rule: str
    level: Level
    message: str
    about: str  # the component, licence or contradiction; part of the fingerprint
    evidence: tuple[Evidence, ...]

    @property
    def fingerprint(self) -> str:
        """The same for the same finding at another commit: no line, no digest, no revision."""
        first = self.evidence[0] if self.evidence else None
        place = (first.path, " ".join(first.quote.split())) if first else ("", "")
        whole = "\0".join((self.rule, self.about, *place))
        return sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def findings(report: Report) -> tuple[Finding, ...]:
    """Every finding, by rule, then in the order of the dossier."""
    found = [
        *_components(report),
        *_licenses(report.dossier, opened=False, rule="restricted-license"),
        *_licenses(report.dossier, opened=None, rule="unclear-license"),
        *_contradictions(report.dossier),
        *_claims(report.dossier),
    ]
    order = [rule.id for rule in RULES]
    return tuple(sorted(found, key=lambda finding: order.index(finding.rule)))


def _components(report: Report) -> Iterator[Finding]:
    asked = asked_for(report)
    main, _ = main_and_finer(report.dossier.components)
    counted = {component.id for component in main} | asked.keys()  # finer ones only when asked for
    home = _home(report.dossier)
    for component in report.dossier.components:
        wanted = asked.get(component.id)
        level: Level = "warning" if wanted else "note"
        needed = _needed(wanted) if wanted else ""
        name = title(component.id)
        if component.status is Status.ABSENT and component.id in counted:
            said = f" ({reason(component)})" if component.because else ""
            text = f"{name}: not found{said}.{needed}"
            evidence = _ruled_out(component) or home
            yield Finding("missing-component", level, text, component.id, evidence)
        elif component.status is Status.PARTIAL:
            text = f"{name}: only a part was found ({reason(component)}).{needed}"
            yield Finding("partial-component", level, text, component.id, _places(component))
        if component.license is None and component.status in (Status.PRESENT, Status.LINKED):
            level = "warning" if component.status is Status.PRESENT else "note"
            because = visible(component.license_reason) or "no licence is stated"
            text = f"{name}: {because}."
            yield Finding("unlicensed-component", level, text, component.id, _places(component))


def _needed(asked: Asked) -> str:
    names = ", ".join(visible(framework) for framework in asked.frameworks)
    step = f" {asked.next_step.rstrip('.')}." if asked.next_step else ""
    return f" It is asked for by {names}.{step}"


def _licenses(dossier: Dossier, *, opened: bool | None, rule: str) -> Iterator[Finding]:
    """One finding per licence, however many components it governs."""
    governed: dict[str, list[Component]] = {}
    for component in dossier.components:
        if component.license is not None and component.license_open is opened:
            governed.setdefault(component.license, []).append(component)
    words = "is not an open licence" if opened is False else "may or may not be an open licence"
    for license_, components in governed.items():
        names = ", ".join(title(component.id) for component in components)
        stated = [item for component in components if (item := governing(component))]
        evidence = [place for fact in stated for place in fact.evidence]
        evidence += [place for component in components for place in _places(component)]
        text = f"{visible(license_)} {words}. It governs: {names}."
        yield Finding(rule, _BY_ID[rule].level, text, license_, tuple(dict.fromkeys(evidence)))


def _contradictions(dossier: Dossier) -> Iterator[Finding]:
    """Those of a false claim stand with the claim, which says the same with its reasons."""
    claimed = {claim.evidence for claim in dossier.claims if claim.holds is False}
    level = _BY_ID["contradicting-statements"].level
    for item in dossier.contradictions:
        told = item.id == _OF_CLAIMS and item.evidence[0] in claimed
        if not told:
            text = visible(item.text)
            yield Finding("contradicting-statements", level, text, item.id, item.evidence)


def _claims(dossier: Dossier) -> Iterator[Finding]:
    against: dict[Evidence, list[Evidence]] = {}
    for item in dossier.contradictions:
        if item.id == _OF_CLAIMS:
            against.setdefault(item.evidence[0], []).extend(item.evidence[1:])
    for claim in dossier.claims:
        if claim.holds is False:
            because = "; ".join(visible(reason) for reason in claim.because)
            reasons = f": {because}" if because else ""
            text = f"“{visible(claim.evidence.quote)}” does not hold{reasons}."
            evidence = dict.fromkeys((claim.evidence, *against.get(claim.evidence, ())))
            about = f"{claim.kind}/{claim.subject}"
            yield Finding("false-claim", "error", text, about, tuple(evidence))


def _places(component: Component) -> tuple[Evidence, ...]:
    facts = (item for item in component.because if isinstance(item, Fact))
    return tuple(dict.fromkeys(place for fact in facts for place in fact.evidence))


def _ruled_out(component: Component) -> tuple[Evidence, ...]:
    said = (item for item in component.because if isinstance(item, RuledOut))
    return tuple(place for fact in said for place in fact.evidence)


def _home(dossier: Dossier) -> tuple[Evidence, ...]:
    """Where a reader would look for what is missing: the card, else any licence, else anything."""
    cards = [part for part in dossier.components if part.id == "model_card"]
    licensed = [fact for fact in dossier.facts if isinstance(fact, Licensed)]
    found = next((place for part in cards if (place := best(part)) and place.path), None)
    found = found or next(
        (f.evidence[0] for f in (*licensed, *dossier.facts) if f.evidence[0].path), None
    )
    return (found,) if found else ()
