"""One component before one criterion: its status, then its licence under the framework's lists."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openassay.frameworks.model import Asks, Criterion, LicenseRule
from openassay.frameworks.openness import Counts, counts, is_open
from openassay.judge._finding import (
    MAX_CITED,
    RANK,
    Finding,
    cited,
    least,
    lower,
    point,
    the,
)
from openassay.types import Answer, Component, Extent, Fact, Gap, Linked, Status
from openassay.vocabulary import Entry

ONLY_SOME = "Partial: only some of it is released."


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of a part: by which list, and how much of it.

    ``named`` is a list of the file's own, in which to stand is not yet to be open.
    """

    criterion: Criterion
    asks: Asks
    rule: LicenseRule | None
    enough: Extent = Extent.WHOLE
    named: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    """The state of a licence as a sentence, what it answers, and the next step."""

    text: str
    answer: Answer
    next_step: str = ""


def assess(component: Component, part: Entry, demand: Demand) -> Finding:
    """The states of the framework, and what they answer."""
    criterion = demand.criterion
    facts = [item for item in component.because if isinstance(item, Fact)]
    details = tuple(dict.fromkeys(fact.detail for fact in facts if fact.detail))[:MAX_CITED]
    evidence = cited(fact.evidence for fact in facts)
    if component.status is Status.UNKNOWN:
        return _unread(component, part, criterion)
    if component.status is Status.ABSENT:
        text = f"Missing: nothing that was read holds {the(part)}."
        return point(criterion.absent, (text, *details), evidence)
    some = component.status is Status.PARTIAL and demand.enough is Extent.WHOLE
    whole = criterion.partial if some else Answer.YES
    if demand.asks is Asks.ANYTHING or demand.rule is None:
        reasons = (f"{_released(component)}: {lower(part.title)}.", *details)
        return point(whole, reasons, evidence)
    state = _licensed(component, part, criterion, demand.rule)
    if demand.named:
        state = _listed(state, component, demand.rule)
    if some:
        step = "" if state.answer is Answer.YES else state.next_step
        text = f"{ONLY_SOME} {state.text}"
        state = _State(text, state.answer, step)
    finding = point(state.answer, (state.text, *details), evidence)
    return replace(
        finding,
        low=least(finding.low, whole),
        high=least(finding.high, whole),
        next_step=state.next_step,
    )


def _licensed(component: Component, part: Entry, criterion: Criterion, rule: LicenseRule) -> _State:
    license, released = component.license, lower(_released(component))
    example = f", for example {rule.suggest}" if rule.suggest else ""
    if not license or license in ("NONE", "NOASSERTION"):
        return _unlicensed(component, part, criterion, example)
    if component.licenses and component.licenses[0].modified:
        return _State(
            f"Not open: {released} under a changed text of {license}, so the terms are no "
            "longer the approved ones.",
            criterion.not_open,
            f"Put {the(part)} under an unchanged open licence{example}.",
        )
    counted = counts(license, rule)
    if counted is Counts.REVIEW and rule.review is not None:
        return _State(
            f"To judge: {released} under {license}, which is among {rule.review.title}."
            + (f" {rule.review.note}" if rule.review.note else ""),
            Answer.PARTLY,
            f"Put {the(part)} under an open licence{example}, in place of {license}.",
        )
    if counted is Counts.UNKNOWN:
        return _State(
            f"Unknown: {released} under {license}, whose terms are not known here.",
            Answer.UNKNOWN,
            f"Read the terms of {license}, or put {the(part)} under a known licence{example}.",
        )
    if counted is Counts.NO:
        return _State(
            f"Not open: {released}, but under {license}, which is not among {rule.title}.",
            criterion.not_open,
            f"Put {the(part)} under an open licence{example}, in place of {license}.",
        )
    note = f" {rule.note}" if rule.note and not is_open(license, rule.undoubted) else ""
    if rule.fit is not None and not is_open(license, rule.fit):
        return _State(
            f"Open, wrong type: {released} under {license}, which is open but not "
            f"{rule.fit.title}; a warning, not a failure.{note}",
            Answer.YES,
        )
    return _State(f"Open: {released} under {license}.{note}", Answer.YES)


def _listed(state: _State, component: Component, rule: LicenseRule) -> _State:
    """The same of a list that does not say what is open but which level is reached."""
    released, license = lower(_released(component)), component.license
    if state.text.startswith("Open"):
        return _State(f"Listed: {released} under {license}, one of {rule.title}.", state.answer)
    if state.text.startswith("Not open: ") and "changed text" not in state.text:
        text = f"Not listed: {released} under {license}, which is not among {rule.title}."
        return _State(text, state.answer, state.next_step)
    return state


def _unlicensed(component: Component, part: Entry, criterion: Criterion, example: str) -> _State:
    released = lower(_released(component))
    reason = component.license_reason.rstrip(".")
    why = f" ({reason})" if reason and not reason.startswith("no licence") else ""
    links = [fact.url for fact in component.because if isinstance(fact, Linked)]
    if component.status is Status.LINKED or _only_linked(component):
        return _State(
            f"Unlicensed: {released}, and no licence is stated for it here{why}.",
            criterion.linked_unlicensed,
            f"State the licence of {the(part)} beside its link"
            + (f", or read {links[0]} together with this release." if links else "."),
        )
    return _State(
        f"Unlicensed: {released}, but no licence is stated for it{why}.",
        criterion.not_open,
        f"State an open licence for {the(part)}{example}.",
    )


def _released(component: Component) -> str:
    if component.status is Status.PARTIAL:
        return "Partly released"
    return "Published elsewhere" if component.status is Status.LINKED else "Released"


def _only_linked(component: Component) -> bool:
    facts = [item for item in component.because if isinstance(item, Fact)]
    return bool(facts) and all(isinstance(fact, Linked) for fact in facts)


def _unread(component: Component, part: Entry, criterion: Criterion) -> Finding:
    gaps = [item for item in component.because if isinstance(item, Gap)][:MAX_CITED]
    low = criterion.absent if criterion.absent in RANK else Answer.NO
    if not gaps:
        text = f"Unknown: it could not be told whether {the(part)} is there."
        return Finding(low, Answer.YES, (text,))
    unread = tuple(gap.path or gap.source for gap in gaps)
    because = tuple(
        f"Unknown: {name} was not read ({gap.reason}) and could hold {the(part)}."
        for name, gap in zip(unread, gaps, strict=True)
    )
    step = f"Make {unread[0]} readable and read the release again."
    if gaps[0].reason == "too_many_files":  # nothing is wrong with the first one left out
        step = f"Read the folder that holds {the(part)} by itself: not every file was read."
    return Finding(low, Answer.YES, because, next_step=step)
