"""What one component, or one way, gives: an interval of answers, and how intervals combine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from openassay.types import Answer, Evidence
from openassay.vocabulary import Entry

MAX_CITED = 8  # pieces of evidence, and details, that one result shows
RANK = {Answer.NO: 0, Answer.PARTLY: 1, Answer.YES: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer between ``low`` and ``high``, wider than a point where something is not known."""

    low: Answer
    high: Answer
    because: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    next_step: str = ""  # empty: the criterion's own
    about: tuple[str, ...] = ()  # ids of the components looked at

    @property
    def answer(self) -> Answer:
        return self.low if self.low is self.high else Answer.UNKNOWN

    @property
    def rank(self) -> tuple[int, int]:
        return RANK[self.low], RANK[self.high]

    def at_most(self, low: Answer, high: Answer) -> Finding:
        """The same with both ends held down."""
        return replace(self, low=least(self.low, low), high=least(self.high, high))


def least(*answers: Answer) -> Answer:
    return min(answers, key=RANK.__getitem__)


def most(*answers: Answer) -> Answer:
    return max(answers, key=RANK.__getitem__)


def point(answer: Answer, because: tuple[str, ...], evidence: tuple[Evidence, ...] = ()) -> Finding:
    """One answer; ``unknown`` is the whole interval."""
    if answer in RANK:
        return Finding(answer, answer, because, evidence)
    return Finding(Answer.NO, Answer.YES, because, evidence)


def together(findings: Sequence[Finding]) -> Finding:
    """All of them are needed: as weak as the weakest, whose next step comes first."""
    weakest = min(findings, key=lambda finding: finding.rank)
    return Finding(
        low=least(*(finding.low for finding in findings)),
        high=least(*(finding.high for finding in findings)),
        because=join(finding.because for finding in findings),
        evidence=cited(finding.evidence for finding in findings),
        next_step=weakest.next_step,
        about=join(finding.about for finding in findings),
    )


def join(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for group in groups for text in group))


def cited(groups: Iterable[tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(one for group in groups for one in group))[:MAX_CITED]


def the(part: Entry) -> str:
    return f"the {lower(part.title)}"


def lower(text: str) -> str:
    """The first letter small, unless it begins a name such as API or Model Openness File."""
    if text[1:2].isupper() or text.partition(" ")[2][:1].isupper():
        return text
    return text[:1].lower() + text[1:]
