"""Do the release's own words hold? Claims against licences, and statements against each other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from openassay import licenses
from openassay.kinship import Compared, Means
from openassay.types import (
    Claim,
    Component,
    Contradiction,
    Derived,
    Evidence,
    Fact,
    Found,
    How,
    Kind,
    Licensed,
    Outcome,
    RuledOut,
    Stated,
    Status,
    Visited,
)
from openassay.vocabulary import by_id

_FAMILY = re.compile(r"(?:meta-)?([A-Za-z]{3,20})[-_ ]?v?(\d{1,2}(?:\.\d)?(?![\dBbMm]))?", re.I)
_THERE = (Status.PRESENT, Status.LINKED)
_LIMITS = {
    "commercial_application": "commercial use needs an application",
    "non_commercial": "commercial use is excluded",
    "user_cap": "there is a cap on users",
    "territory": "territories are excluded",
    "field_of_use": "fields of use are forbidden",
    "no_training": "training other models is forbidden",
    "registration": "registration is required",
}
_OPEN_KINDS = frozenset(
    ("open_source", "fully_open", "open_weights", "open_access", "open", "open_license")
)


def claims(facts: Sequence[Fact], components: Mapping[str, Component]) -> tuple[Claim, ...]:
    """Every claim of openness with whether it holds and why."""
    limits = [f for f in facts if isinstance(f, Stated) and f.topic == "restriction"]
    found = []
    for fact in facts:
        if isinstance(fact, Stated) and fact.topic == "claim":
            holds, because = _weigh(fact, components, limits)
            found.append(
                Claim(
                    kind=fact.value,
                    subject=fact.subject,
                    evidence=fact.evidence[0],
                    holds=holds,
                    because=tuple(because),
                )
            )
    return tuple(found)


def _weigh(
    claim: Stated, components: Mapping[str, Component], limits: Sequence[Stated]
) -> tuple[bool | None, list[str]]:
    if claim.value == "license_terms":
        return None, ["it states terms and makes no claim of openness"]
    if claim.value == "promise":
        return None, ["it is said to come; nothing counts before it is there"]
    if claim.value == "reproducible":
        return _needs(
            components, ("training_code", "datasets", "data_preprocessing_code", "model_metadata")
        )
    if claim.value == "fully_open":
        parts = _fully(claim)
        holds, because = _needs(components, parts)
        opened, why = _is_open(components, limits, parts)
        return _and(holds, opened), because + why
    if claim.value == "release":
        holds, because = _needs(components, _claimed_parts(claim))
        return holds, because
    if claim.value == "commercial_use":
        blocking = [
            limit
            for limit in limits
            if limit.value
            in ("non_commercial", "user_cap", "commercial_application", "registration")
        ]
        if blocking:
            return False, [_limit_text(limit) for limit in blocking[:3]]
        opened, why = _is_open(components, limits, ("model_parameters_final",))
        return (True if opened else None), why
    parts = _claimed_parts(claim)
    return _is_open(components, limits, parts)


def _fully(claim: Stated) -> tuple[str, ...]:
    """What "fully open" speaks of: only data, only code, or the whole of a model."""
    if claim.subject == Kind.DATA:
        return ("datasets",)
    if claim.subject == Kind.CODE:
        return ("training_code", "inference_code")
    return ("model_parameters_final", "training_code", "datasets")


def _claimed_parts(claim: Stated) -> tuple[str, ...]:
    if claim.subject == Kind.CODE:
        return ("inference_code", "training_code")
    if claim.subject == Kind.DATA:
        return ("datasets",)
    return ("model_parameters_final",)


def _needs(
    components: Mapping[str, Component], wanted: tuple[str, ...]
) -> tuple[bool | None, list[str]]:
    """True when every part is there, False when one is shown to be missing, None otherwise."""
    because, holds = [], True
    unknown = False
    for name in wanted:
        component = components[name]
        if component.status is Status.UNKNOWN:
            unknown = True
            because.append(f"{_title(name)}: could not be read")
        elif component.status not in _THERE:
            holds = False
            because.append(f"{_title(name)}: {component.status}")
    if not holds:
        return False, because
    return (None if unknown else True), because or ["every part it speaks of is released"]


def _is_open(
    components: Mapping[str, Component], limits: Sequence[Stated], parts: tuple[str, ...]
) -> tuple[bool | None, list[str]]:
    """Whether the released ones of these parts stand under licences shown to be open."""
    there = [
        components[name] for name in parts if components[name].status in (*_THERE, Status.PARTIAL)
    ]
    if not there:
        seen = ", ".join(f"{_title(n)}: {components[n].status}" for n in parts)
        unknown = any(components[n].status is Status.UNKNOWN for n in parts)
        return (None if unknown else False), [f"nothing of it is released ({seen})"]
    answers = [component.license_open for component in there]
    because = [_stands_under(component) for component in there]
    if "model_parameters_final" in parts and not all(answers):
        serious = [f for f in limits if f.subject in ("weights", "release") and f.value in _LIMITS]
        if serious:
            answers.append(False)
            because = [*list(dict.fromkeys(map(_limit_text, serious)))[:3], *because]
    if any(answer is False for answer in answers):
        return False, because
    return (True if all(answer is True for answer in answers) else None), because


def _stands_under(component: Component) -> str:
    word = {True: "open", False: "not open", None: "not shown to be open"}[component.license_open]
    return f"{_title(component.id)}: {component.license or 'no licence stated'} ({word})"


def _limit_text(limit: Stated) -> str:
    place = limit.evidence[0]
    return f"{_LIMITS.get(limit.value, limit.value)} ({place.path}:{place.span.start})"


def _and(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return True if one and other else None


def _title(name: str) -> str:
    return by_id()[name].title


# -- contradictions ----------------------------------------------------------------------------


def contradictions(
    facts: Sequence[Fact], components: Mapping[str, Component], found: Sequence[Claim]
) -> tuple[Contradiction, ...]:
    """Statements of one release that cannot both be true, each with both places."""
    listed = [
        *_tag_against_text(facts),
        *_licenses_disagree(facts),
        *_open_label_on_restricted_base(facts, components),
        *_claims_against_licenses(found, components),
        *_card_against_header(facts),
        *_pointing_to_nothing(facts),
        *_links_to_nothing(facts),
        *_said_absent_but_found(facts),
        *_weights_say_otherwise(facts),
    ]
    unique = {(c.id, c.text): c for c in listed}
    return tuple(sorted(unique.values(), key=lambda c: (c.id, c.text)))


def _tag_against_text(facts: Sequence[Fact]) -> list[Contradiction]:
    """A tag that names another licence than the text at the root of the same source."""
    tags = [f for f in facts if isinstance(f, Licensed) and f.how in (How.FRONT_MATTER, How.TAG)]
    texts = [
        f
        for f in facts
        if isinstance(f, Licensed)
        and f.how in (How.TEXT, How.PDF)
        and f.scope in ("path:", "weights")
    ]
    found = []
    for tag in tags:
        rivals = [t for t in texts if t.evidence[0].source == tag.evidence[0].source]
        if rivals and not any(_same_license(tag.license, text.license) for text in rivals):
            text = rivals[0]
            found.append(
                Contradiction(
                    id="tag_against_text",
                    text=f"The tag says {tag.license}, the licence text is {text.license}.",
                    evidence=(tag.evidence[0], text.evidence[0]),
                )
            )
    return found


def _licenses_disagree(facts: Sequence[Fact]) -> list[Contradiction]:
    """Two statements about the same kind of part that name different licences."""
    listed = []
    for scope in (*Kind, "release"):
        spoken = [f for f in facts if isinstance(f, Licensed) and f.scope == scope]
        listed += [
            Contradiction(
                id="licenses_disagree",
                text=f"Of the {scope}, one place says {spoken[0].license}, "
                f"another {other.license}.",
                evidence=(spoken[0].evidence[0], other.evidence[0]),
            )
            for other in spoken[1:]
            if not _same_license(spoken[0].license, other.license)
        ]
    return listed[:5]


def _open_label_on_restricted_base(
    facts: Sequence[Fact], components: Mapping[str, Component]
) -> list[Contradiction]:
    """Weights labelled open that were made from a base whose own licence is restricted."""
    weights = components["model_parameters_final"]
    listed = []
    read = restricted_bases(facts)
    for fact in facts:
        if not isinstance(fact, Derived) or not weights.licenses:
            continue
        named = base_license(fact.base)
        label = weights.licenses[0]
        for base in (named,) if named else tuple(f.license for f in read):
            owed = licenses.owes(base, label.license, str(fact.relation))
            seen = tuple(f.evidence[0] for f in read if f.license == base)[:1]
            listed += [
                Contradiction(
                    id="open_label_on_restricted_base",
                    text=f"Made from {fact.base}: {text}.",
                    evidence=(fact.evidence[0], label.evidence[0], *seen),
                )
                for text in owed.contradictions[:1]
            ]
    if not listed and weights.licenses:
        label = weights.licenses[0]
        listed += [
            Contradiction(
                id="open_label_on_restricted_base",
                text=f"Labelled {label.license}, which is open. {fact.detail}",
                evidence=(label.evidence[0], *fact.evidence),
            )
            for fact in facts
            if isinstance(fact, Stated) and fact.topic == "base_terms"
            and fact.value == "restricted" and licenses.openness(label.license, Kind.WEIGHTS)
        ]  # fmt: skip
    return listed


def restricted_bases(facts: Sequence[Fact]) -> list[Licensed]:
    """Licences of base models that were read, where they are not open."""
    return [
        fact
        for fact in facts
        if isinstance(fact, Licensed)
        and fact.scope == "base_model_parameters"
        and licenses.openness(fact.license, Kind.WEIGHTS) is False
    ]


def base_license(base: str) -> str | None:
    """The restricted licence that a base model's name stands for; None if it names none.

    Hub tags name licences after model families (``llama3.1``), so a base's name carries its own.
    """
    found = _FAMILY.match(base.split("/")[-1])
    if found is None:
        return None
    name, version = found.group(1).lower(), found.group(2) or ""
    known = licenses.normalize(name + version) or licenses.normalize(f"{name} {version}".strip())
    return known if known and licenses.openness(known, Kind.WEIGHTS) is False else None


def _same_license(one: str, other: str) -> bool:
    try:
        return bool(set(licenses.ids(one)) & set(licenses.ids(other)))
    except licenses.LicenseExpressionError:
        return one == other


def _claims_against_licenses(
    found: Sequence[Claim], components: Mapping[str, Component]
) -> list[Contradiction]:
    weights = components["model_parameters_final"]
    listed = []
    for claim in found:
        if claim.holds is False and claim.kind in _OPEN_KINDS and weights.license_open is False:
            against = weights.licenses[0].evidence[:1] if weights.licenses else ()
            listed.append(
                Contradiction(
                    id="claim_against_license",
                    text=f"“{_short(claim.evidence)}” against {weights.license} on the weights.",
                    evidence=(claim.evidence, *against),
                )
            )
    return listed[:5]


def _card_against_header(facts: Sequence[Fact]) -> list[Contradiction]:
    return [
        Contradiction(id="card_against_header", text=fact.value, evidence=fact.evidence)
        for fact in facts
        if isinstance(fact, Stated) and fact.topic == "mismatch"
    ]


def _pointing_to_nothing(facts: Sequence[Fact]) -> list[Contradiction]:
    return [
        Contradiction(
            id="points_to_nothing",
            text=f"The document points to {fact.value}, which is not in the release.",
            evidence=fact.evidence,
        )
        for fact in facts
        if isinstance(fact, Stated) and fact.topic == "dead_link"
    ][:10]


def _links_to_nothing(facts: Sequence[Fact]) -> list[Contradiction]:
    return [
        Contradiction(
            id="points_to_nothing",
            text=f"The release links {fact.url}, which "
            + ("holds nothing of it." if fact.outcome is Outcome.EMPTY else "is not there."),
            evidence=fact.evidence,
        )
        for fact in facts
        if isinstance(fact, Visited) and fact.outcome in (Outcome.MISSING, Outcome.EMPTY)
    ][:10]


def _said_absent_but_found(facts: Sequence[Fact]) -> list[Contradiction]:
    whole = {f.component: f for f in facts if isinstance(f, Found) and f.extent == "whole"}
    return [
        Contradiction(
            id="said_absent_but_found",
            text=f"{_title(fact.component)}: {fact.detail.lower().rstrip('.')}, yet it is there.",
            evidence=(fact.evidence[0], whole[fact.component].evidence[0]),
        )
        for fact in facts
        if isinstance(fact, RuledOut)
        and fact.component in whole
        and fact.component not in ("model_parameters_final", "datasets")
    ][:5]


def _weights_say_otherwise(facts: Sequence[Fact]) -> list[Contradiction]:
    """What the weights, compared with another model's, contradict."""
    return [
        Contradiction(id=one.id, text=one.text, evidence=one.evidence)
        for fact in facts
        if isinstance(fact, Compared)
        for one in fact.follows
        if one.means is Means.CONTRADICTION and one.evidence
    ]


def _short(evidence: Evidence) -> str:
    return evidence.quote if len(evidence.quote) <= 90 else evidence.quote[:89] + "…"
