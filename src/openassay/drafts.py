"""The documents a release lacks, drafted from what was found. Pure.

A draft says nothing that was not read: every statement carries the evidence it rests on, and
everything else is a question to the publisher that stays visible until somebody answers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from openassay.types import (
    Component,
    Derived,
    Dossier,
    Evidence,
    Fact,
    Found,
    Linked,
    Stated,
    Status,
)
from openassay.vocabulary import by_id

_SHOWN = 4  # statements on one component
_THERE = (Status.PRESENT, Status.PARTIAL, Status.LINKED)


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was read: a sentence of ours, the release's own words, and the place."""

    text: str
    evidence: Evidence
    quote: bool = True  # whether the words themselves tell more than the sentence


@dataclass(frozen=True, slots=True)
class Open:
    """Something that nobody but the publisher can say."""

    ask: str


Line = Said | Open


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what was found for it and what is left open."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """One document. ``file`` is what it is to be called once it is finished."""

    file: str
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that need not be drafted, and where it is."""

    title: str
    status: Status
    place: str


def drafts(dossier: Dossier) -> tuple[tuple[Draft, ...], tuple[Kept, ...]]:
    """The drafts of the cards that are not there whole, and the cards that are."""
    case = _Case(dossier)
    made: list[Draft] = []
    kept: list[Kept] = []
    for id, build in (("model_card", case.model_card), ("data_card", case.data_card)):
        part = case.part(id)
        if part is not None and part.status in (Status.PRESENT, Status.LINKED):
            facts = _facts(part)
            place = facts[0].evidence[0].path if facts else ""
            kept.append(Kept(by_id()[id].title, part.status, place))
        else:
            made.append(build())
    return tuple(made), tuple(kept)


def _facts(part: Component) -> list[Fact]:
    return [item for item in part.because if isinstance(item, Found | Linked)]


class _Case:
    """One dossier while its documents are drafted."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier
        self._parts = {part.id: part for part in dossier.components}

    def part(self, id: str) -> Component | None:
        return self._parts.get(id)

    # --- the two cards

    def model_card(self) -> Draft:
        name = self._dossier.release
        return Draft(
            "MODEL_CARD.md",
            f"Model card of {name}",
            (
                *self._begun("model_card"),
                Section("Model details", (*self._details(),)),
                Section("Intended use", (
                    Open("name the uses this model is made for, and for whom."),
                    Open("name the uses that are out of scope."),
                )),
                Section("Limitations, risks and bias", (*self._limits(),)),
                Section("Training data", (
                    *self._told("datasets", "name every data set the model was trained on."),
                    *self._told("fine_tuning_data", ""),
                )),
                Section("Training", (
                    *self._told("training_code", "say which code trained the model."),
                    *self._told("model_metadata", "give the settings of the training run."),
                    Open("say on what hardware, for how long, and with how much energy."),
                )),
                Section("Evaluation", (
                    *self._told("evaluation_results", "give the results, with their metrics."),
                    *self._told("evaluation_data", "name the evaluation data."),
                    *self._told("evaluation_code", "say which code measured them."),
                )),
                Section("How to run it", (
                    *self._told("inference_code", "show how to run the model."),
                )),
                Section("Licences", (*self._licenses(),)),
                Section("Citation and contact", (
                    *self._told("research_paper", "say how to cite the model."),
                    Open("say who answers questions, and where."),
                )),
            ),
        )  # fmt: skip

    def data_card(self) -> Draft:
        return Draft(
            "DATA_CARD.md",
            f"Data card of {self._dossier.release}",
            (
                *self._begun("data_card"),
                Section("Sources", (
                    *self._told("datasets", "name every source of the training data."),
                    *self._told("fine_tuning_data", ""),
                    *self._told("base_model_datasets", ""),
                    Open("say who collected the data, when, and by what means."),
                )),
                Section("Characteristics", (
                    *self._stated("tokens", "tokens"),
                    Open("give the size: documents, tokens or hours, and bytes."),
                    Open("give the languages, domains and formats, with their shares."),
                    Open("give the splits, and how they were made."),
                )),
                Section("Preprocessing", (
                    *self._told(
                        "data_preprocessing_code",
                        "say how the data was filtered, cleaned and deduplicated.",
                    ),
                    Open("say whether it was checked against the evaluation data."),
                )),
                Section("Rights and people", (
                    *self._license_of("datasets", "state the licence of each part of the data."),
                    Open("say on what legal ground it was collected, and what may be asked for."),
                    Open("say whether it holds personal data, and what was done about it."),
                )),
                Section("Access", (
                    Open("say how to get the data; if it cannot be had, say why, and describe it so"
                         " that a skilled person could build its like."),
                )),
                Section("Known issues and contact", (
                    Open("name known errors, gaps and biases."),
                    Open("say who answers questions, and where."),
                )),
            ),
        )  # fmt: skip

    # --- what they say

    def _begun(self, id: str) -> Iterator[Section]:
        """What already stands elsewhere in the release, so that it is not written twice."""
        part = self.part(id)
        facts = _facts(part) if part is not None and part.status is Status.PARTIAL else []
        lines: list[Line] = [
            Said(fact.detail, fact.evidence[0]) for fact in facts[:_SHOWN] if fact.detail
        ]
        if lines:
            ask = Open("move what stands there into this card, or finish it there.")
            yield Section("What is there already", (*lines, ask))

    def _details(self) -> Iterator[Line]:
        yield Open("say who made the model, when, and which version this is.")
        for topic in ("architecture", "parameters", "dtype", "tokens", "context_length"):
            yield from self._stated(topic, topic.replace("_", " "))
        yield from self._told("model_architecture", "describe the architecture.")
        yield from self._told("model_parameters_final", "say where the weights are.")
        bases = [fact for fact in self._dossier.facts if isinstance(fact, Derived)]
        for fact in _once(bases):
            yield Said(f"It comes from another model ({fact.relation}): {fact.base}.",
                       fact.evidence[0])  # fmt: skip
        if not bases:
            yield Open("say whether it was trained from scratch, or from which model.")
        yield Open("name the languages and the kinds of input and output.")

    def _limits(self) -> Iterator[Line]:
        limits = (
            fact
            for fact in self._dossier.facts
            if isinstance(fact, Stated)
            and fact.topic == "restriction"
            and not fact.subject.startswith("path:")
        )
        for index, fact in enumerate(limits):
            if index < _SHOWN:
                word = fact.value.replace("_", " ")
                yield Said(f"The use of the {fact.subject} is limited ({word}).", fact.evidence[0])
        yield Open("name what the model cannot do, and where it fails.")
        yield Open("name known risks and biases, and what was done about them.")

    def _told(self, id: str, ask: str) -> Iterator[Line]:
        """What was found of a component; a question where it is not there whole."""
        part = self.part(id)
        facts = _facts(part) if part is not None and part.status in _THERE else []
        for fact in facts[:_SHOWN]:
            word = fact.detail or f"{by_id()[id].title}: found."
            yield Said(word, fact.evidence[0])
        if ask and (part is None or part.status not in (Status.PRESENT, Status.LINKED)):
            yield Open(ask)

    def _stated(self, topic: str, word: str) -> Iterator[Line]:
        """A datum, where all that was read states the same; several are somebody's to tell."""
        facts = [
            fact for fact in self._dossier.facts if isinstance(fact, Stated) and fact.topic == topic
        ]
        if facts and len({fact.value for fact in facts}) == 1:
            yield Said(f"{word}: {facts[0].value}", facts[0].evidence[0])

    def _licenses(self) -> Iterator[Line]:
        for id in ("model_parameters_final", "inference_code", "training_code", "datasets"):
            yield from self._license_of(id, f"state the licence of the {_lower(id)}.")

    def _license_of(self, id: str, ask: str) -> Iterator[Line]:
        part = self.part(id)
        if part is None or part.status not in _THERE:
            return
        if part.license is None or not part.licenses:
            yield Open(ask)
            return
        title, license, why = by_id()[id].title, part.license, part.license_reason
        if part.licenses[0].modified:
            text = f"{title} stands under {license}, a changed text ({why})."
        else:
            text = f"{title} stands under {license} ({why})."
        yield Said(text, part.licenses[0].evidence[0], quote=False)


def _once(facts: Iterable[Derived]) -> Iterator[Derived]:
    return iter({(fact.base, fact.relation): fact for fact in facts}.values())


def _lower(id: str) -> str:
    title = by_id()[id].title
    return title[:1].lower() + title[1:]
