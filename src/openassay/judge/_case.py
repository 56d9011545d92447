"""One release before one framework: every criterion by its ways, its coverage or an estimate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from openassay.frameworks.model import Asks, Criterion, Framework, RollUp, Way, When
from openassay.frameworks.rollup import Judged
from openassay.judge._component import ONLY_SOME, Demand, assess
from openassay.judge._finding import RANK, Finding, cited, join, least, lower, most, the, together
from openassay.judge._stated import compute_finding, topic_finding
from openassay.types import (
    Answer,
    Component,
    Derived,
    Evidence,
    Fact,
    Gated,
    Relation,
    Result,
    Stated,
    Status,
)
from openassay.vocabulary import Entry, by_id

_TUNED = frozenset((Relation.FINETUNE, Relation.ADAPTER, Relation.MERGE, Relation.DISTILLED))


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


class Case:
    """One release before one framework."""

    def __init__(
        self, framework: Framework, components: Mapping[str, Component], facts: tuple[Fact, ...]
    ) -> None:
        self._framework = framework
        self._components = components
        self._facts = facts
        self._limits = tuple(limit for fact in facts for limit in _limits(fact))
        self._gates = tuple(fact for fact in facts if isinstance(fact, Gated))
        tuned = any(isinstance(fact, Derived) and fact.relation in _TUNED for fact in facts)
        self._origin = When.TUNED if tuned else When.FROM_SCRATCH

    def criterion(self, criterion: Criterion) -> Judged:
        """The answer to one criterion, with the least and the most it can be."""
        if criterion.covers:
            return self._judged(criterion, self._coverage(criterion))
        if criterion.compute is not None:
            finding = compute_finding(criterion.compute, criterion, self._facts)
            return self._judged(criterion, finding)
        ways = [way for way in criterion.ways if way.when in (When.ALWAYS, self._origin)]
        if not ways:
            return self._judged(criterion, _underived(criterion))
        if self._framework.roll_up is RollUp.INDEX:
            return self._indexed(criterion, ways)
        tried = [(way, self._way(criterion, way)) for way in ways]
        way, best = max(tried, key=lambda item: item[1].rank)
        if best.low is Answer.YES:
            if way.substitute:
                best = _substituted(way, best, tried[0][1])
            return self._judged(criterion, best, substituted=way.substitute)
        # A way that could not have given more than the best one did is no reason.
        open_ways = [one for way, one in tried if one is best or RANK[way.gives] > RANK[best.low]]
        return self._judged(criterion, _best_of(open_ways, best))

    def _judged(
        self, criterion: Criterion, finding: Finding, *, substituted: bool = False
    ) -> Judged:
        answer = finding.answer
        if answer is Answer.UNKNOWN and finding.high is not Answer.YES and self._climbs:
            answer = finding.high  # a rung asks for a plain yes, so what is unknown cannot matter
        result = _result(criterion, finding, answer)
        return Judged(result, finding.low, finding.high, substituted)

    @property
    def _climbs(self) -> bool:
        return self._framework.roll_up is RollUp.LADDER

    def _indexed(self, criterion: Criterion, ways: list[Way]) -> Judged:
        """Points: of each way that holds the certain ones, of each that may hold the most."""
        tried = [(way, self._way(criterion, way)) for way in ways]
        sure = [(way.sure_points, one) for way, one in tried if one.low is Answer.YES]
        least_points = max((points for points, _ in sure), default=0.0)
        possible = [(way.points, one) for way, one in tried if one.high is Answer.YES]
        most_points = max((points for points, _ in possible), default=0.0)
        telling = [one for points, one in possible if points >= least_points]
        shown = telling or [one for _, one in tried]
        answer = _worth(least_points, most_points, criterion.points)
        text = f"{_points(least_points, most_points)} of {criterion.points:g}"
        best = max((one for _, one in tried), key=lambda one: one.rank)
        finding = Finding(
            low=answer if answer in RANK else Answer.NO,
            high=answer if answer in RANK else Answer.YES,
            because=(*join(one.because for one in shown), f"Points: {text}."),
            evidence=cited(one.evidence for one in shown),
            next_step="" if best.low is Answer.YES else best.next_step,
            about=join(one.about for one in shown),
        )
        result = _result(criterion, finding, answer)
        result = replace(result, points=(least_points, most_points, criterion.points))
        return Judged(result, finding.low, finding.high, points=(least_points, most_points))

    def _way(self, criterion: Criterion, way: Way) -> Finding:
        """All parts together: as weak as the weakest, and at most what the way gives."""
        found = [self._part(criterion, by_id()[id], way) for id in way.parts]
        found += [
            topic_finding(topic, criterion, self._components, self._facts) for topic in way.stated
        ]
        finding = together(found)
        if self._framework.roll_up is RollUp.INDEX:
            return finding
        return finding.at_most(least(way.gives, way.sure), way.gives)

    def _demand(self, criterion: Criterion, part: Entry, way: Way | None) -> Demand:
        if way is None:
            return Demand(criterion, criterion.license, self._framework.licenses.get(part.kind))
        if way.licenses:
            rule = self._framework.lists[way.licenses]
            return Demand(criterion, Asks.OPEN, rule, way.enough, named=True)
        asks = way.license or criterion.license
        return Demand(criterion, asks, self._framework.licenses.get(part.kind), way.enough)

    def _part(self, criterion: Criterion, part: Entry, way: Way | None = None) -> Finding:
        component = self._components.get(part.id)
        if component is None:
            text = f"Unknown: {the(part)} was not looked for when the release was read."
            step = "Read the release again."
            return Finding(Answer.NO, Answer.YES, (text,), next_step=step, about=(part.id,))
        demand = self._demand(criterion, part, way)
        finding = replace(assess(component, part, demand), about=(part.id,))
        if component.status is Status.ABSENT:
            return finding
        if demand.asks is Asks.OPEN:
            finding = self._restricted(finding, part)
        return self._gated(finding, part, criterion.gated)

    def _gated(self, finding: Finding, part: Entry, worst: Answer) -> Finding:
        """A form, login or agreement before a part, where the framework minds."""
        gate = next((gate for gate in self._gates if gate.component == part.id), None)
        if gate is None or worst not in (Answer.PARTLY, Answer.NO):
            return finding
        text = f'Gated: not to be had without {gate.barrier}: "{gate.evidence[0].quote}".'
        return replace(
            finding.at_most(worst, worst),
            because=join(((text,), finding.because)),
            evidence=cited((gate.evidence, finding.evidence)),
            next_step=f"Let everyone download {the(part)} without asking.",
        )

    def _restricted(self, finding: Finding, part: Entry) -> Finding:
        """Sentences of the release that limit the use of a part, whatever its licence says."""
        scope = ("release", part.kind.value, part.id)
        for limit in self._limits:
            if limit.subject not in scope:
                continue
            quote = f'({limit.value}): "{limit.evidence[0].quote}"'
            if limit.value in self._framework.disqualifying:
                text = f"Restricted: the use is limited {quote}."
                step = f"Remove the limit on the use of {the(part)}: {limit.value}."
                worst = Answer.NO
            elif limit.value in self._framework.doubtful:
                text = f"To judge: does this limit the use {quote}?"
                step, worst = finding.next_step, Answer.PARTLY
            else:
                continue
            limited = finding.at_most(worst, worst)
            # What decides stands first: a sentence that changes nothing is told afterwards.
            told = [finding.because, (text,)] if limited == finding else [(text,), finding.because]
            finding = replace(
                limited,
                because=join(told),
                evidence=cited((limit.evidence, finding.evidence)),
                next_step=step,
            )
        return finding

    def _coverage(self, criterion: Criterion) -> Finding:
        """How much of what is released stands under open licences: all, enough, too little."""
        found = [(by_id()[id], self._part(criterion, by_id()[id])) for id in criterion.covers]
        there = [
            (part, finding)
            for part, finding in found
            if part.id in self._components
            and self._components[part.id].status not in (Status.ABSENT, Status.UNKNOWN)
        ]
        because = join(
            tuple(f"{part.title}: {lower(text)}" for text in finding.because[:1])
            for part, finding in there
        )
        evidence = cited(finding.evidence for _, finding in there)
        certain = [finding for _, finding in there if _covered(finding)]
        unseen = [finding for _, finding in found if finding.answer is Answer.UNKNOWN]
        if not there:
            nothing = ("Missing: nothing that a licence could cover was found.",)
            high = _share(criterion, len(unseen), len(unseen), len(found)) if unseen else Answer.NO
            return Finding(Answer.NO, high, nothing)
        share = _share(criterion, len(certain), len(there), len(found))
        if not unseen:
            return Finding(share, share, because, evidence)
        # What was not read can join either side: it spoils "all" and lifts "nothing".
        seen = [finding for _, finding in there if finding.answer is not Answer.UNKNOWN]
        released = len(seen) + len(unseen)
        possible = len(certain) + len(unseen)
        low = least(share, _share(criterion, len(certain), released, len(found)))
        high = most(share, _share(criterion, possible, released, len(found)))
        return Finding(low, high, because, evidence)


def _share(criterion: Criterion, covered: int, there: int, asked: int) -> Answer:
    """``covered`` of ``there`` released parts, of ``asked`` that the rule names, are open."""
    whole = asked if criterion.complete else there
    if covered and covered >= whole:
        return Answer.YES
    return Answer.PARTLY if covered >= criterion.at_least else Answer.NO


def _covered(finding: Finding) -> bool:
    """Whether what is released of a part, be it all or some, stands under an open licence."""
    if not finding.because or finding.answer is Answer.UNKNOWN:
        return False
    return finding.because[0].removeprefix(f"{ONLY_SOME} ").startswith("Open")


def _worth(least_points: float, most_points: float, of: float) -> Answer:
    if least_points != most_points:
        return Answer.UNKNOWN
    if least_points >= of:
        return Answer.YES
    return Answer.PARTLY if least_points else Answer.NO


def _points(least_points: float, most_points: float) -> str:
    if least_points == most_points:
        return f"{least_points:g}"
    return f"{least_points:g} to {most_points:g}"


def _underived(criterion: Criterion) -> Finding:
    """No way leads to an answer: the file says what that is worth, ``unknown`` by default."""
    if criterion.to_judge is Answer.UNKNOWN:
        text = f"Unknown: this cannot be derived from what was read. {criterion.human}".strip()
        return Finding(Answer.NO, Answer.YES, (text,))
    return Finding(criterion.to_judge, criterion.to_judge)


def _best_of(findings: list[Finding], best: Finding) -> Finding:
    """No way leads to a plain yes: all of them are reasons, the best one decides.

    Where it leaves the answer open it is told first; else the ways stand as written, so that what
    the full one lacks explains why there is no yes.
    """
    first = best.because if best.answer is Answer.UNKNOWN else ()
    return Finding(
        low=best.low,
        high=max((finding.high for finding in findings), key=RANK.__getitem__),
        because=join((first, *(finding.because for finding in findings))),
        evidence=cited((best.evidence, *(finding.evidence for finding in findings))),
        next_step=best.next_step if best.low is not Answer.NO or len(findings) == 1 else "",
        about=best.about,
    )


def _substituted(way: Way, best: Finding, own: Finding) -> Finding:
    name = by_id()[way.parts[0]].title
    because = tuple(f"{name} in its place: {lower(text)}" for text in best.because)
    return replace(best, because=join((because, own.because)))


def _result(criterion: Criterion, finding: Finding, answer: Answer) -> Result:
    because = finding.because
    question = f"To judge: {criterion.human}"
    if criterion.human and answer is not Answer.NO and criterion.human not in " ".join(because):
        because = (*because, question)
    return Result(
        criterion=criterion.id,
        title=criterion.title,
        answer=answer,
        because=because,
        evidence=finding.evidence,
        next_step="" if answer is Answer.YES else finding.next_step or criterion.next_step,
        group=criterion.group,
        about=finding.about,
    )
