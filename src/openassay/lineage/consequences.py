"""What a comparison means for a release: facts for its dossier, and statements it contradicts.

Pure. Facts are made only from what the weights show: a direction comes from lost information, or
from dates that the user gave, never from closeness. Silence never confirms a claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from openassay.kinship import Follows, Means
from openassay.lineage.result import Comparison, Kind, Order, Verdict
from openassay.types import Derived, Dossier, Evidence, Relation, Stated

_NUMBERS: Final = re.compile(r"[^a-z0-9]+")
INSPECTOR: Final = "lineage"
MAX_EVIDENCE: Final = 8  # headers a side; a model may have hundreds of shards


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that follows, in words, with the evidence it rests on."""

    kind: Means
    id: str
    text: str
    evidence: tuple[Evidence, ...]
    fact: Derived | None = None

    def kept(self) -> Follows:
        """This as the dossier keeps it."""
        return Follows(means=self.kind, id=self.id, text=self.text, evidence=self.evidence)


def consequences(
    found: Comparison, release: Dossier | None = None, names: Iterable[str] = ()
) -> tuple[Consequence, ...]:
    """What the comparison of B, the audited model, with A means.

    ``release`` is B's dossier, if there is one: what it declares is held against the weights.
    ``names`` are further names that A is known by, such as its id on a hub.
    """
    mine = declared_as(release, (found.a.name, *names))
    declared = _declared(release)
    made: list[Consequence] = []
    if found.related:
        made += _related(found, mine, declared, release)
    elif found.verdict is Verdict.NONE:
        made += [_silent(found, fact) for fact in mine if _from_weights(fact)]
    return tuple(made)


def facts(made: Sequence[Consequence]) -> tuple[Derived, ...]:
    """The bases among them that the weights show, for a dossier."""
    return tuple(one.fact for one in made if one.fact is not None)


def unread_terms(fact: Derived) -> Stated:
    """A base whose licence was not read: an open label on what was made from it is not enough."""
    return Stated(
        topic="base_terms",
        value="unclear",
        subject="base_model_parameters",
        evidence=fact.evidence,
        inspector=INSPECTOR,
        detail=f"The weights were made from those of {fact.base}, whose terms were not read.",
    )


def declared_as(release: Dossier | None, names: Iterable[str]) -> list[Derived]:
    """What the release says of a base that goes by one of these names."""
    known = {plain(name) for name in names if plain(name)}
    return [fact for fact in _declared(release) if plain(fact.base) in known]


def headers(found: Comparison) -> tuple[Evidence, ...]:
    """Where the weights were read: those of B, then those of A."""
    return (*found.b.evidence[:MAX_EVIDENCE], *found.a.evidence[:MAX_EVIDENCE])


def plain(name: str) -> str:
    """A model's name without its owner, source and version: what two spellings share."""
    tail = name.split("#", 1)[0].split("==", 1)[0].rstrip("/").rpartition("/")[2]
    tail = tail.removeprefix("pypi:").split("@", 1)[0]
    return _NUMBERS.sub("", tail.lower())


def _declared(release: Dossier | None) -> list[Derived]:
    if release is None:
        return []
    return [fact for fact in release.facts if isinstance(fact, Derived)]


def _from_weights(fact: Derived) -> bool:
    """A distilled model has weights of its own, so their silence says nothing."""
    return fact.relation is not Relation.DISTILLED


def _related(
    found: Comparison, mine: list[Derived], declared: list[Derived], release: Dossier | None
) -> list[Consequence]:
    evidence = headers(found)
    made: list[Consequence] = []
    share = "the same weights as" if found.verdict in (
        Verdict.IDENTICAL, Verdict.REORDERED) else "an origin in common with"  # fmt: skip
    if mine:
        text = f"The declared base is {mine[0].base}: the weights have {share} it."
        made.append(Consequence(Means.CONFIRMED, "declared-base-found", text,
                                (*mine[0].evidence, *evidence)))  # fmt: skip
    elif release is not None:
        others = ", ".join(sorted({fact.base for fact in declared})[:3])
        says = f"names {others} as its base" if others else "names no base"
        text = f"The weights have {share} {found.a.name}; the release {says}."
        later = found.order is Order.B_LATER and not others
        kind = Means.CONTRADICTION if later else Means.QUESTION
        made.append(Consequence(kind, "undeclared-base", text, evidence))
    made += _alone(found, release)
    if found.order is Order.B_LATER and evidence and not mine:
        fact = Derived(
            base=found.a.name,
            relation=_relation(found),
            evidence=evidence,
            inspector=INSPECTOR,
            detail=f"The weights show {found.verdict}: {'; '.join(found.order_because)}"[:400],
        )
        text = (
            f"The weights are a later form of those of {found.a.name} ({fact.relation}): "
            "the duties of their licence may follow."
        )
        made.append(Consequence(Means.DERIVED, "derived", text, evidence, fact))
    return made


def _relation(found: Comparison) -> Relation:
    kinds = {relation.kind for relation in found.relations if relation.loses == "b"}
    if Kind.MERGED in kinds:
        return Relation.MERGE
    return Relation.QUANTIZED if Kind.QUANTISED in kinds else Relation.FINETUNE


def _alone(found: Comparison, release: Dossier | None) -> list[Consequence]:
    """Claims of having been trained from nothing, where an older model has the same origin."""
    if release is None or found.order is Order.A_LATER:
        return []
    said = [
        fact.evidence[0]
        for fact in release.facts
        if isinstance(fact, Stated) and fact.topic == "own_training"
    ]
    if not said:
        return []
    older = found.order is Order.B_LATER
    quote = said[0].quote[:160]
    text = f"The release says “{quote}”; its weights share an origin with {found.a.name}"
    text += "." if older else ", and which of them came first is not shown."
    kind = Means.CONTRADICTION if older else Means.QUESTION
    evidence = (said[0], *headers(found))
    return [Consequence(kind, "from-scratch", text, evidence)]


def _silent(found: Comparison, fact: Derived) -> Consequence:
    evidence = (*fact.evidence, *headers(found))
    ran = {outcome.test for outcome in found.outcomes if outcome.ran}
    if "T2" not in ran and not {"T4", "T5"} <= ran:
        text = (
            f"{fact.base} is declared as the base ({fact.relation}); the tests that could be run "
            "find no sign of it, but those of embeddings and of whole layers could not be run."
        )
        return Consequence(Means.QUESTION, "declared-base-not-shown", text, evidence)
    text = (
        f"{fact.base} is declared as the base ({fact.relation}), but no test finds a sign of it "
        "in the weights."
    )
    return Consequence(Means.CONTRADICTION, "declared-base-not-found", text, evidence)
