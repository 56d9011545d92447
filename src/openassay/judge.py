"""A dossier judged by a framework. Pure: the same dossier and framework give the same verdict.

Every component of a criterion is first looked at alone (:func:`_assess`): its status, then its
licence under the framework's lists, give an interval of answers, wider than a point only where
something was not read. The ways to meet the criterion combine those, and the framework's roll-up
turns the answers into a floor (unknown counted as no) and a ceiling (as yes).

A reason begins with its state, so that released and allowed are never confused: *Missing*,
*Unlicensed*, *Not open*, *Open, wrong type*, *Open*; beside these *Partial*, *Unknown*, *Released*
(where the licence plays no part), *Restricted* and *To judge*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from openassay.errors import UsageError
from openassay.frameworks.model import (
    Asks,
    Criterion,
    Framework,
    LicenseRule,
    RollUp,
    Way,
    When,
)
from openassay.frameworks.openness import is_open
from openassay.frameworks.rollup import Judged, roll_up
from openassay.types import (
    Answer,
    Component,
    Derived,
    Dossier,
    Evidence,
    Fact,
    Gap,
    Gated,
    Linked,
    Relation,
    Result,
    Stated,
    Status,
    Verdict,
)
from openassay.vocabulary import Entry, by_id

_MAX_CITED = 8  # pieces of evidence, and details, that one result shows
_RANK = {Answer.NO: 0, Answer.PARTLY: 1, Answer.YES: 2}
_TUNED = frozenset((Relation.FINETUNE, Relation.ADAPTER, Relation.MERGE, Relation.DISTILLED))


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one component, or one way, gives: an answer between ``low`` and ``high``."""

    low: Answer
    high: Answer
    because: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    next_step: str = ""  # empty: the criterion's own

    @property
    def answer(self) -> Answer:
        return self.low if self.low is self.high else Answer.UNKNOWN


def judge(framework: Framework, dossier: Dossier, mode: str = "strict") -> Verdict:
    """Judge a dossier. Other modes than ``strict`` judge records: see :mod:`openassay.records`."""
    if mode != "strict":
        raise UsageError(
            f"a dossier is judged in mode strict, not {mode!r}",
            hint="records.record_of(dossier) makes the record that mode mot judges",
        )
    components = {component.id: component for component in dossier.components}
    return judge_components(framework, components, dossier.facts)


def judge_components(
    framework: Framework,
    components: Mapping[str, Component],
    facts: Iterable[Fact] = (),
    *,
    mode: str = "strict",
    notes: Sequence[str] = (),
) -> Verdict:
    """Judge components by id; ``facts`` are those of the whole release."""
    case = _Case(framework, components, tuple(facts))
    judged = tuple(case.criterion(criterion) for criterion in framework.criteria)
    return roll_up(framework, judged, mode=mode, notes=(*framework.notes, *notes))


# ------------------------------------------------------------------------------- one criterion


@dataclass(frozen=True, slots=True)
class _Limit:
    """What limits the use of something, in the release's own words."""

    value: str
    subject: str
    evidence: tuple[Evidence, ...]


def _limits(fact: Fact) -> Iterable[_Limit]:
    if isinstance(fact, Stated) and fact.topic == "restriction":
        yield _Limit(fact.value, fact.subject, fact.evidence)
    elif isinstance(fact, Gated):
        yield _Limit("registration", fact.component, fact.evidence)


class _Case:
    """One release before one framework."""

    def __init__(
        self, framework: Framework, components: Mapping[str, Component], facts: tuple[Fact, ...]
    ) -> None:
        self._framework = framework
        self._components = components
        self._limits = tuple(limit for fact in facts for limit in _limits(fact))
        tuned = any(isinstance(fact, Derived) and fact.relation in _TUNED for fact in facts)
        self._origin = When.TUNED if tuned else When.FROM_SCRATCH

    def criterion(self, criterion: Criterion) -> Judged:
        if criterion.covers:
            return self._judged(criterion, self._coverage(criterion))
        ways = [way for way in criterion.ways if way.when in (When.ALWAYS, self._origin)]
        if not ways:
            text = f"Unknown: this cannot be derived from what was read. {criterion.human}".strip()
            return self._judged(criterion, _Finding(Answer.NO, Answer.YES, (text,)))
        tried = [(way, self._way(criterion, way)) for way in ways]
        way, best = max(tried, key=lambda item: (_RANK[item[1].low], _RANK[item[1].high]))
        if best.low is Answer.YES:
            if way.substitute:
                best = _substituted(way, best, tried[0][1])
            return self._judged(criterion, best, substituted=way.substitute)
        # A way that could not have given more than the best one did is no reason.
        open_ways = [one for way, one in tried if one is best or _RANK[way.gives] > _RANK[best.low]]
        return self._judged(criterion, _best_of(open_ways, best))

    def _judged(
        self, criterion: Criterion, finding: _Finding, *, substituted: bool = False
    ) -> Judged:
        answer = finding.answer
        if answer is Answer.UNKNOWN and finding.high is not Answer.YES and self._climbs:
            answer = finding.high  # a rung asks for a plain yes, so what is unknown cannot matter
        result = _result(criterion, finding, answer)
        return Judged(result, finding.low, finding.high, substituted)

    @property
    def _climbs(self) -> bool:
        return self._framework.roll_up is RollUp.LADDER

    def _way(self, criterion: Criterion, way: Way) -> _Finding:
        """All parts together: as weak as the weakest, and at most what the way gives."""
        found = [self._part(criterion, by_id()[id]) for id in way.parts]
        weakest = min(found, key=lambda finding: (_RANK[finding.low], _RANK[finding.high]))
        return _Finding(
            low=min(*(f.low for f in found), way.gives, key=_RANK.__getitem__),
            high=min(*(f.high for f in found), way.gives, key=_RANK.__getitem__),
            because=_join(finding.because for finding in found),
            evidence=_cited(finding.evidence for finding in found),
            next_step=weakest.next_step,
        )

    def _part(self, criterion: Criterion, part: Entry) -> _Finding:
        component = self._components.get(part.id)
        if component is None:
            text = f"Unknown: {_the(part)} was not looked for when the release was read."
            return _Finding(Answer.NO, Answer.YES, (text,), next_step="Read the release again.")
        rule = self._framework.licenses.get(part.kind)
        finding = _assess(component, part, criterion, rule)
        if criterion.license is Asks.OPEN and component.status is not Status.ABSENT:
            finding = self._restricted(finding, part)
        return finding

    def _restricted(self, finding: _Finding, part: Entry) -> _Finding:
        """Sentences of the release that limit the use of a part, whatever its licence says."""
        scope = ("release", part.kind.value, part.id)
        for limit in self._limits:
            if limit.subject not in scope:
                continue
            quote = f'({limit.value}): "{limit.evidence[0].quote}"'
            if limit.value in self._framework.disqualifying:
                text = f"Restricted: the use is limited {quote}."
                step = f"Remove the limit on the use of {_the(part)}: {limit.value}."
                worst = Answer.NO
            elif limit.value in self._framework.doubtful:
                text = f"To judge: does this limit the use {quote}?"
                step, worst = finding.next_step, Answer.PARTLY
            else:
                continue
            finding = _Finding(
                low=min(finding.low, worst, key=_RANK.__getitem__),
                high=min(finding.high, worst, key=_RANK.__getitem__),
                because=_join((finding.because, (text,))),
                evidence=_cited((limit.evidence, finding.evidence)),
                next_step=step,
            )
        return finding

    def _coverage(self, criterion: Criterion) -> _Finding:
        """How much of what is released stands under open licences: all, some, nothing."""
        parts = [by_id()[id] for id in criterion.covers]
        found = [(part, self._part(criterion, part)) for part in parts]
        there = [
            (part, finding)
            for part, finding in found
            if part.id in self._components
            and self._components[part.id].status not in (Status.ABSENT, Status.UNKNOWN)
        ]
        because = _join(
            tuple(f"{part.title}: {_lower(text)}" for text in finding.because[:1])
            for part, finding in there
        )
        evidence = _cited(finding.evidence for _, finding in there)
        covered = [_covered(finding) for _, finding in there]
        unseen = any(finding.answer is Answer.UNKNOWN for _, finding in found)
        if not there:
            nothing = ("Missing: nothing that a licence could cover was found.",)
            return _Finding(Answer.NO, Answer.YES if unseen else Answer.NO, nothing)
        share = Answer.YES if all(covered) else Answer.PARTLY if any(covered) else Answer.NO
        if not unseen:
            return _Finding(share, share, because, evidence)
        # What was not read can join either side: it spoils "all" and lifts "nothing".
        low = Answer.PARTLY if any(covered) else Answer.NO
        high = Answer.YES if all(covered) else Answer.PARTLY
        return _Finding(low, high, because, evidence)


def _covered(finding: _Finding) -> bool:
    return bool(finding.because) and finding.because[0].startswith(("Open", "Partial"))


def _best_of(findings: list[_Finding], best: _Finding) -> _Finding:
    """No way leads to a plain yes: all of them are reasons, the best one decides."""
    return _Finding(
        low=best.low,
        high=max((finding.high for finding in findings), key=_RANK.__getitem__),
        because=_join(finding.because for finding in findings),
        evidence=_cited((best.evidence, *(finding.evidence for finding in findings))),
        next_step=best.next_step if best.low is not Answer.NO or len(findings) == 1 else "",
    )


def _substituted(way: Way, best: _Finding, own: _Finding) -> _Finding:
    name = by_id()[way.parts[0]].title
    because = tuple(f"{name} in its place: {_lower(text)}" for text in best.because)
    return replace(best, because=_join((because, own.because)))


def _result(criterion: Criterion, finding: _Finding, answer: Answer) -> Result:
    because = finding.because
    if criterion.human and answer in (Answer.YES, Answer.PARTLY):
        because = (*because, f"To judge: {criterion.human}")
    return Result(
        criterion=criterion.id,
        title=criterion.title,
        answer=answer,
        because=because,
        evidence=finding.evidence,
        next_step="" if answer is Answer.YES else finding.next_step or criterion.next_step,
        group=criterion.group,
    )


# ------------------------------------------------------------------------------- one component


def _assess(
    component: Component, part: Entry, criterion: Criterion, rule: LicenseRule | None
) -> _Finding:
    """Status, then licence: the five states of the framework, and what they answer."""
    facts = [item for item in component.because if isinstance(item, Fact)]
    details = tuple(dict.fromkeys(fact.detail for fact in facts if fact.detail))[:_MAX_CITED]
    evidence = _cited(fact.evidence for fact in facts)
    if component.status is Status.UNKNOWN:
        return _unread(component, part, criterion)
    if component.status is Status.ABSENT:
        text = f"Missing: nothing that was read holds {_the(part)}."
        return _point(criterion.absent, (text, *details), evidence)
    whole = criterion.partial if component.status is Status.PARTIAL else Answer.YES
    if criterion.license is Asks.ANYTHING or rule is None:
        reasons = (f"{_released(component)}: {_lower(part.title)}.", *details)
        return _point(whole, reasons, evidence)
    text, licensed, step = _licensed(component, part, criterion, rule)
    if component.status is Status.PARTIAL:
        text = f"Partial: only some of it is released. {text}"
        step = "" if licensed is Answer.YES else step
    finding = _point(licensed, (text, *details), evidence)
    return replace(
        finding,
        low=min(finding.low, whole, key=_RANK.__getitem__),
        high=min(finding.high, whole, key=_RANK.__getitem__),
        next_step=step,
    )


def _licensed(
    component: Component, part: Entry, criterion: Criterion, rule: LicenseRule
) -> tuple[str, Answer, str]:
    """The state of the licence as a sentence, what it answers, and the next step."""
    license, released = component.license, _released(component)
    example = f", for example {rule.suggest}" if rule.suggest else ""
    if not license or license in ("NONE", "NOASSERTION"):
        reason = component.license_reason.rstrip(".")
        why = f" ({reason})" if reason and not reason.startswith("no licence") else ""
        links = [fact.url for fact in component.because if isinstance(fact, Linked)]
        if component.status is Status.LINKED or _only_linked(component):
            return (
                f"Unlicensed: {_lower(released)}, and no licence is stated for it here{why}.",
                criterion.linked_unlicensed,
                f"State the licence of {_the(part)} beside its link"
                + (f", or read {links[0]} together with this release." if links else "."),
            )
        return (
            f"Unlicensed: {_lower(released)}, but no licence is stated for it{why}.",
            criterion.not_open,
            f"State an open licence for {_the(part)}{example}.",
        )
    if component.licenses and component.licenses[0].modified:
        return (
            f"Not open: {_lower(released)} under a changed text of {license}, so the terms are no "
            "longer the approved ones.",
            criterion.not_open,
            f"Put {_the(part)} under an unchanged open licence{example}.",
        )
    if not is_open(license, rule):
        return (
            f"Not open: {_lower(released)}, but under {license}, which is not among {rule.title}.",
            criterion.not_open,
            f"Put {_the(part)} under an open licence{example}, in place of {license}.",
        )
    note = f" {rule.note}" if rule.note and not is_open(license, rule.undoubted) else ""
    if rule.fit is not None and not is_open(license, rule.fit):
        return (
            f"Open, wrong type: {_lower(released)} under {license}, which is open but not "
            f"{rule.fit.title}; a warning, not a failure.{note}",
            Answer.YES,
            "",
        )
    return f"Open: {_lower(released)} under {license}.{note}", Answer.YES, ""


def _released(component: Component) -> str:
    if component.status is Status.PARTIAL:
        return "Partly released"
    return "Published elsewhere" if component.status is Status.LINKED else "Released"


def _only_linked(component: Component) -> bool:
    facts = [item for item in component.because if isinstance(item, Fact)]
    return bool(facts) and all(isinstance(fact, Linked) for fact in facts)


def _unread(component: Component, part: Entry, criterion: Criterion) -> _Finding:
    gaps = [item for item in component.because if isinstance(item, Gap)][:_MAX_CITED]
    low = criterion.absent if criterion.absent in _RANK else Answer.NO
    if not gaps:
        text = f"Unknown: it could not be told whether {_the(part)} is there."
        return _Finding(low, Answer.YES, (text,))
    unread = tuple(gap.path or gap.source for gap in gaps)
    because = tuple(
        f"Unknown: {name} was not read ({gap.reason}) and could hold {_the(part)}."
        for name, gap in zip(unread, gaps, strict=True)
    )
    step = f"Make {unread[0]} readable and read the release again."
    return _Finding(low, Answer.YES, because, next_step=step)


# ---------------------------------------------------------------------------------- small words


def _point(answer: Answer, because: tuple[str, ...], evidence: tuple[Evidence, ...]) -> _Finding:
    if answer in _RANK:
        return _Finding(answer, answer, because, evidence)
    return _Finding(Answer.NO, Answer.YES, because, evidence)


def _join(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for group in groups for text in group))


def _cited(groups: Iterable[tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(one for group in groups for one in group))[:_MAX_CITED]


def _the(part: Entry) -> str:
    return f"the {_lower(part.title)}"


def _lower(text: str) -> str:
    """The first letter small, unless it begins a name such as API or Model Openness File."""
    if text[1:2].isupper() or text.partition(" ")[2][:1].isupper():
        return text
    return text[:1].lower() + text[1:]
