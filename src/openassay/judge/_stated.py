"""What a release states about itself, and an estimate from it, as answers to a criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openassay.frameworks.compute import Estimate, estimate
from openassay.frameworks.model import ComputeBound, Criterion
from openassay.frameworks.topics import TOPICS, stated
from openassay.judge._finding import MAX_CITED, RANK, Finding, cited, point
from openassay.types import Answer, Component, Extent, Fact, Found, Status
from openassay.vocabulary import by_id

# The documents in which such a datum would stand.
_DOCUMENTS = ("model_card", "data_card", "technical_report", "research_paper")
_SHOWN, _LONGEST = 3, 80  # values of one topic, characters of one value


def topic_finding(
    topic: str,
    criterion: Criterion,
    components: Mapping[str, Component],
    facts: Sequence[Fact],
) -> Finding:
    """Yes where the datum is stated; unknown where a document that could state it was not read."""
    found = stated(facts, topic)
    name = TOPICS[topic]
    if found:
        every = tuple(dict.fromkeys(value[:_LONGEST] for _, value in found))
        more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
        text = f"Stated: {name}: {', '.join(every[:_SHOWN])}{more}."
        return point(Answer.YES, (text,), cited(fact.evidence[:1] for fact, _ in found))
    unread = [id for id in _DOCUMENTS if _is_unread(components.get(id))]
    if not unread:
        return point(criterion.absent, (f"Missing: no document that was read states {name}.",))
    low = criterion.absent if criterion.absent in RANK else Answer.NO
    titles = " and ".join(by_id()[id].title.lower() for id in unread)
    return Finding(
        low,
        Answer.YES,
        (f"Unknown: {name} may stand in the {titles}, not read here.",),
        next_step=f"State {name} in the model card.",
    )


def _is_unread(component: Component | None) -> bool:
    """Whether a document is there, or may be there, but its words were not read."""
    if component is None or component.status is Status.UNKNOWN:
        return True
    if component.status is Status.ABSENT:
        return False
    whole = [
        fact
        for fact in component.because
        if isinstance(fact, Found) and fact.extent is Extent.WHOLE
    ]
    return not any(_is_text(fact) for fact in whole) and component.status is not Status.PARTIAL


def _is_text(fact: Found) -> bool:
    path = fact.evidence[0].path.lower()
    return not path.endswith((".pdf", ".png", ".jpg", ".jpeg", ".svg"))


def compute_finding(bound: ComputeBound, criterion: Criterion, facts: Sequence[Fact]) -> Finding:
    """Whether the training compute lies above a threshold, told only where the range is clear."""
    found = estimate(facts)
    threshold = f"{bound.flop:.0e} FLOP".replace("e+", "e")
    if found is None:
        text = f"To judge: no training compute, nor size with tokens, is stated ({threshold})."
        return point(criterion.to_judge, (text, *_question(criterion)))
    side = _side(found, bound.flop)
    text = {
        True: f"Estimate: {found.how}, above {threshold}.",
        False: f"Estimate: {found.how}, not above {threshold}.",
        None: f"Estimate: {found.how}, too near, or too uncertain, to tell from {threshold}.",
    }[side]
    reasons = (text, *(f"Estimate: {caveat[:1].upper()}{caveat[1:]}." for caveat in found.caveats))
    if side is None:
        text = f"To judge: {text}"
        return point(criterion.to_judge, (text, *reasons[1:]), found.evidence[:MAX_CITED])
    answer = Answer.YES if side is bound.above else criterion.absent
    return point(answer, reasons, found.evidence[:MAX_CITED])


def _question(criterion: Criterion) -> tuple[str, ...]:
    return (f"To judge: {criterion.human}",) if criterion.human else ()


def _side(found: Estimate, flop: float) -> bool | None:
    if found.low > flop:
        return True
    return False if found.high <= flop else None
