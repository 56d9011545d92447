"""What several reports show alike: titles, places, reasons, next steps. Decides nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from openassay.canonical import visible
from openassay.types import (
    Answer,
    Claim,
    Component,
    Evidence,
    Fact,
    Gap,
    Result,
    SourceInfo,
    Status,
    Unit,
    Verdict,
)

STATUS_WORD = {
    Status.PRESENT: "present",
    Status.PARTIAL: "partial",
    Status.LINKED: "linked",
    Status.ABSENT: "absent",
    Status.UNKNOWN: "unknown",
}
_OPEN_ANSWERS = (Answer.NO, Answer.PARTLY, Answer.UNKNOWN)
_MAIN = 17  # components.toml: the first seventeen are the Model Openness Framework's own


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a licence grants, asks or forbids, in words."""

    group: str  # grants, conditions, limits
    term: str
    value: str
    text: str


@cache
def vocabulary() -> Mapping[str, tuple[str, str]]:
    """Title and kind by component id, in the order of components.toml."""
    text = (Path(__file__).parents[1] / "components.toml").read_text("utf-8")
    return {row["id"]: (row["title"], row["kind"]) for row in tomllib.loads(text)["component"]}


def title(component_id: str) -> str:
    return vocabulary().get(component_id, (visible(component_id), ""))[0]


def kind(component_id: str) -> str | None:
    return vocabulary().get(component_id, ("", ""))[1] or None


def main_and_finer(
    components: Iterable[Component],
) -> tuple[tuple[Component, ...], tuple[Component, ...]]:
    """The components of the first framework, then the finer ones; each in vocabulary order."""
    order = {name: index for index, name in enumerate(vocabulary())}
    ranked = sorted(components, key=lambda c: (order.get(c.id, len(order)), c.id))
    return (
        tuple(c for c in ranked if order.get(c.id, _MAIN) < _MAIN),
        tuple(c for c in ranked if order.get(c.id, _MAIN) >= _MAIN),
    )


def place(evidence: Evidence) -> str:
    """``path:line``, ``path#/pointer`` or the path alone; ``.`` is the source's own listing."""
    path = visible(evidence.path) or "."
    if evidence.span.unit is Unit.LINE:
        return f"{path}:{evidence.span.start}"
    if evidence.span.unit is Unit.POINTER:
        return f"{path}#{visible(str(evidence.span.start))}"
    return path


def short_pin(source: SourceInfo) -> str:
    """A source's pin with its digest cut to twelve characters, as people quote commits."""
    head, at, pin = visible(source.id).rpartition("@")
    return f"{head}@{pin[:12]}" if at else pin


def facts_of(component: Component) -> tuple[Fact, ...]:
    return tuple(item for item in component.because if isinstance(item, Fact))


def evidence_of(component: Component) -> tuple[tuple[Evidence, str], ...]:
    """Every piece of evidence of a component once, with the sentence that says why it counts."""
    found: dict[Evidence, str] = {}
    for fact in facts_of(component):
        for evidence in fact.evidence:
            found.setdefault(evidence, fact.detail)
    return tuple(found.items())


def why(component: Component) -> str:
    """One line: where the primary evidence stands and what it shows, or what was not read."""
    for item in component.because:
        if isinstance(item, Gap):
            return visible(f"not read: {item.path or item.source} ({item.detail or item.reason})")
        return f"{place(item.evidence[0])}  {visible(item.detail or item.evidence[0].quote)}"
    return visible(component.notes[0]) if component.notes else "nothing found"


def openness(component: Component) -> str:
    """The licence's openness in a word; empty where there is nothing to judge."""
    if component.status is Status.ABSENT:
        return ""
    if component.license_open is None:
        return "unclear" if component.license else "no licence"
    return "open" if component.license_open else "not open"


def verdict_reason(verdict: Verdict) -> str:
    """The first criterion that stands in the way, and how many more do."""
    for answer in _OPEN_ANSWERS:
        hits = [result for result in verdict.results if result.answer is answer]
        if hits:
            break
    else:
        return f"all {len(verdict.results)} criteria met" if verdict.results else ""
    first = hits[0]
    because = visible(first.because[0]) if first.because else answer.value
    more = f" (+{len(hits) - 1} more)" if len(hits) > 1 else ""
    return f"{visible(first.title)}: {because}{more}"


def next_steps(verdicts: Iterable[Verdict]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(step, frameworks it helps), those that help most frameworks first, then in rule order.

    Criteria of one name in several frameworks are one step; the first wording is shown.
    """
    steps: dict[str, tuple[str, list[str]]] = {}
    for verdict in verdicts:
        for result in verdict.results:
            if result.answer in _OPEN_ANSWERS and result.next_step:
                _, helped = steps.setdefault(_key(result), (visible(result.next_step), []))
                if verdict.framework not in helped:
                    helped.append(verdict.framework)
    ranked = sorted(steps.values(), key=lambda step: -len(step[1]))
    return tuple((text, tuple(helped)) for text, helped in ranked)


def _key(result: Result) -> str:
    return result.criterion if result.criterion in vocabulary() else visible(result.next_step)


def claims_by_need(claims: Iterable[Claim]) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """Claims that do not hold, and claims that could not be checked."""
    every = tuple(claims)
    return (
        tuple(claim for claim in every if claim.holds is False),
        tuple(claim for claim in every if claim.holds is None),
    )


# How a known term reads. Terms are named as in `openassay license`; a value that says nothing
# ("no" to a limit, or unknown) makes no line.
_WORDING: Mapping[tuple[str, str], tuple[str, str]] = {
    ("commercial_use", "yes"): ("grants", "commercial use"),
    ("commercial_use", "conditional"): ("conditions", "commercial use only under conditions"),
    ("commercial_use", "no"): ("limits", "no commercial use"),
    ("forbids_training_other_models", "yes"): (
        "limits",
        "outputs or the model may not be used to train or improve other models",
    ),
    ("field_of_use_restrictions", "yes"): ("limits", "some purposes are forbidden"),
    ("acceptable_use_policy", "yes"): ("conditions", "an acceptable-use policy applies"),
    ("share_alike", "yes"): ("conditions", "derivatives under the same terms"),
    ("registration_required", "yes"): ("conditions", "registration or approval"),
    ("revocable_or_updatable", "yes"): (
        "limits",
        "the licensor may withdraw or change the terms",
    ),
    ("patent_grant", "yes"): ("grants", "a patent licence"),
    ("redistribution", "yes"): ("grants", "redistribution"),
    ("redistribution", "conditional"): ("conditions", "redistribution only under conditions"),
    ("redistribution", "no"): ("limits", "no redistribution"),
}
# Terms whose value is a number or a text of its own.
_VALUED: Mapping[str, tuple[str, str]] = {
    "user_threshold": ("limits", "a separate licence is needed above a number of users"),
    "attribution_naming": ("conditions", "named attribution"),
    "geographic_limit": ("limits", "not for everyone everywhere"),
}


def terms_in_words(terms: Mapping[str, str]) -> tuple[Term, ...]:
    """Known terms as grants, conditions and limits; grants first."""
    found: list[Term] = []
    for name, value in terms.items():
        if wording := _WORDING.get((name, value)):
            found.append(Term(wording[0], name, value, wording[1]))
        elif name in _VALUED and value.lower() not in ("", "no", "unknown"):
            group, text = _VALUED[name]
            found.append(Term(group, name, value, text if value == "yes" else f"{text}: {value}"))
    order = ("grants", "conditions", "limits")
    return tuple(sorted(found, key=lambda term: order.index(term.group)))
