"""Where frameworks disagree about one fact: the same component, answered differently. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openassay.canonical import visible
from openassay.reports._view import STATUS_WORD, facts_of, title
from openassay.types import Answer, Component, Dossier, Evidence, Result, Status, Verdict
from openassay.vocabulary import by_id
from openassay.words import ENGLISH, Words

_CITED = 3  # pieces of evidence shown for the fact
_ANSWERS = (Answer.YES, Answer.PARTLY, Answer.NO)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one framework says of the component, by which rule, and its first reason."""

    framework: str
    title: str
    criterion: str
    answer: Answer
    because: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One component, and opinions of it that are not all the same; the yes ones first."""

    component: str
    status: Status
    license: str | None
    opinions: tuple[Opinion, ...]
    evidence: tuple[Evidence, ...] = ()

    @property
    def is_sharp(self) -> bool:
        """Whether one framework says yes where another says no."""
        answers = {opinion.answer for opinion in self.opinions}
        return {Answer.YES, Answer.NO} <= answers


def disagreements(verdicts: Iterable[Verdict], dossier: Dossier) -> tuple[Disagreement, ...]:
    """Components that frameworks answer differently, the sharpest and most important first.

    Only results that rest on one component alone count, so that all opinions are of the same
    fact. Of a framework with several rules about a component the weakest answer is its opinion:
    that is what it finds lacking.
    """
    opinions: dict[str, dict[str, Opinion]] = {}
    for verdict in verdicts:
        for result in verdict.results:
            if len(result.about) != 1 or result.answer not in _ANSWERS or not result.because:
                continue
            held = opinions.setdefault(result.about[0], {})
            new, old = _opinion(verdict, result), held.get(verdict.framework)
            if old is None or _ANSWERS.index(new.answer) > _ANSWERS.index(old.answer):
                held[verdict.framework] = new
    components = {component.id: component for component in dossier.components}
    found = [
        _disagreement(components[id], tuple(held.values()))
        for id, held in opinions.items()
        if id in components and len({opinion.answer for opinion in held.values()}) > 1
    ]
    order = {id: index for index, id in enumerate(by_id())}
    return tuple(
        sorted(found, key=lambda one: (not one.is_sharp, order.get(one.component, len(order))))
    )


def _opinion(verdict: Verdict, result: Result) -> Opinion:
    return Opinion(
        verdict.framework, verdict.title, result.criterion, result.answer, result.because[0]
    )


def _disagreement(component: Component, held: tuple[Opinion, ...]) -> Disagreement:
    ranked = tuple(sorted(held, key=lambda opinion: _ANSWERS.index(opinion.answer)))
    evidence = tuple(dict.fromkeys(fact.evidence[0] for fact in facts_of(component)))[:_CITED]
    return Disagreement(component.id, component.status, component.license, ranked, evidence)


def subject(item: Disagreement, words: Words = ENGLISH) -> str:
    """What they disagree about: ``Datasets (linked, CC-BY-NC-4.0)``."""
    said = [words.say(STATUS_WORD[item.status])]
    said += [visible(item.license)] if item.license else []
    return words.say("{part} ({state})", part=words.short_name(title(item.component)),
                     state=words.listed(said))  # fmt: skip


def sides(item: Disagreement, words: Words = ENGLISH) -> tuple[tuple[str, str], ...]:
    """(answer, framework ids) for each answer given: ``("yes", "osai-12, fmti-2025")``."""
    return tuple(
        (
            words.say(answer.value),
            words.listed([visible(o.framework) for o in item.opinions if o.answer is answer]),
        )
        for answer in _ANSWERS
        if any(opinion.answer is answer for opinion in item.opinions)
    )
