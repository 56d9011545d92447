"""What several reports show alike: titles, places, reasons, next steps. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
from openassay.vocabulary import by_id
from openassay.words import ENGLISH, Words, mark

STATUS_WORD = {
    Status.PRESENT: mark("present"),
    Status.PARTIAL: mark("partial"),
    Status.LINKED: mark("linked"),
    Status.ABSENT: mark("absent"),
    Status.UNKNOWN: mark("unknown"),
}
#: What may be done with a part, as duties have it.
USES = {
    "use": mark("use"),
    "change": mark("change"),
    "host": mark("host"),
    "redistribute": mark("hand on"),
}
_OPEN_ANSWERS = (Answer.NO, Answer.PARTLY, Answer.UNKNOWN)
# What the reason of a criterion can begin with (openassay.judge): its state, in a word or two.
_STATES = frozenset((
    mark("missing"), mark("unlicensed"), mark("not open"), mark("open, wrong type"), mark("open"),
    mark("partial"), mark("unknown"), mark("released"), mark("partly released"),
    mark("published elsewhere"), mark("restricted"), mark("to judge"), mark("gated"),
    mark("stated"), mark("listed"), mark("not listed"), mark("estimate"),
))  # fmt: skip
_TO_JUDGE, _ESTIMATE = "To judge: ", "Estimate: "
_LONG_PLACE = 24
_MAIN = 17  # components.toml: the first seventeen are the Model Openness Framework's own


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a licence grants, asks or forbids, in words."""

    group: str  # grants, conditions, limits
    term: str
    value: str
    text: str


def title(component_id: str) -> str:
    entry = by_id().get(component_id)
    return entry.title if entry else visible(component_id)


def kind(component_id: str) -> str | None:
    entry = by_id().get(component_id)
    return str(entry.kind) if entry else None


def main_and_finer(
    components: Iterable[Component],
) -> tuple[tuple[Component, ...], tuple[Component, ...]]:
    """The components of the first framework, then the finer ones; each in vocabulary order."""
    order = {name: index for index, name in enumerate(by_id())}
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


def short_place(evidence: Evidence) -> str:
    """The place with its folders left out where the path is long; ``-v`` shows it whole."""
    full = place(evidence)
    folder, slash, _ = visible(evidence.path).rpartition("/")
    return f"…/{full[len(folder) + 1 :]}" if slash and len(full) > _LONG_PLACE else full


def short_pin(source: SourceInfo) -> str:
    """A source's pin with its digest cut to twelve characters, as people quote commits."""
    return short_pin_text(source.id)


def short_pin_text(pinned: str) -> str:
    """As :func:`short_pin`, for the id of a source."""
    head, at, pin = visible(pinned).rpartition("@")
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


def why(component: Component, words: Words = ENGLISH, *, short: bool = False) -> str:
    """One line: where the primary evidence stands and what it shows, or what was not read."""
    for item in component.because:
        if isinstance(item, Gap):
            file, reason = item.path or item.source, gap_text(item, words)
            return visible(words.say("not read: {file} ({reason})", file=file, reason=reason))
        where = short_place(item.evidence[0]) if short else place(item.evidence[0])
        return f"{where}  {visible(words.told(item.detail) or item.evidence[0].quote)}"
    if component.notes:
        return visible(words.told(component.notes[0]))
    return words.say("nothing found")


def gap_text(gap: Gap, words: Words) -> str:
    """Why something was not read: the detail, or its reason where the language lacks the detail."""
    if not gap.detail or not words.knows(gap.detail):
        return visible(words.told(gap.reason))
    return visible(words.told(gap.detail))


def openness(component: Component) -> str:
    """The licence's openness in an English word; empty where there is nothing to judge."""
    if component.status is Status.ABSENT:
        return ""
    if component.license_open is None:
        return mark("unclear") if component.license else mark("no licence")
    return mark("open") if component.license_open else mark("not open")


def license_name(expression: str | None) -> str:
    """A licence as people call it: without the prefix for licences that no list has."""
    return visible(expression or "").removeprefix("LicenseRef-")


def answer_text(verdict: Verdict, words: Words = ENGLISH) -> str:
    """The answer as people say it; a ladder's first rung not reached is more than *none*."""
    if verdict.answer == "none" and verdict.progress:
        return words.say("no level reached")
    return words.told(visible(verdict.answer))


def verdict_reason(
    verdict: Verdict, optional: frozenset[str] = frozenset(), words: Words = ENGLISH
) -> str:
    """What stands in the way, by state: ``for III: not open: Model parameters; missing: …``.

    A ladder names only the rung that was not reached; an undecided verdict what is unknown first.
    ``optional`` are criteria that never change the outcome.
    """
    open_ = [
        r for r in verdict.results if r.answer in _OPEN_ANSWERS and r.criterion not in optional
    ]
    head = ""
    if open_ and verdict.progress and not _is_score(verdict):
        rung = open_[0].group
        open_ = [result for result in open_ if result.group == rung]
        head = words.say("for {rung}: ", rung=visible(rung))
    elif verdict.floor == verdict.ceiling and not verdict.progress:
        open_.sort(key=lambda result: result.answer is not Answer.NO)  # what fails, first
    if verdict.floor != verdict.ceiling:
        open_.sort(key=lambda result: result.answer is not Answer.UNKNOWN)
    states: dict[str, list[str]] = {}
    for result in open_:
        states.setdefault(_state(result), []).append(words.short_name(visible(result.title)))
    if not states:
        return _all_met(verdict, optional, words) if verdict.results else ""
    return head + words.say("; ").join(
        words.say("{state}: {names}", state=words.told(state), names=words.listed(names))
        for state, names in states.items()
    )


def _all_met(verdict: Verdict, optional: frozenset[str], words: Words) -> str:
    """Nothing is open; what a person must still judge is told with it, but not of a score."""
    met = words.say("every required criterion is met")
    asked = dict.fromkeys(words.short_name(name) for name, _ in questions(verdict, optional))
    if not asked or _is_score(verdict):
        return met
    rest = words.say("{state}: {names}", state=words.say("to judge"), names=words.listed([*asked]))
    return words.say("; ").join((met, rest))


def questions(
    verdict: Verdict, optional: frozenset[str] = frozenset()
) -> tuple[tuple[str, str], ...]:
    """(title of the criterion, question) for each that a person must judge, in rule order."""
    return tuple(
        (visible(result.title), visible(text.removeprefix(_TO_JUDGE)))
        for result in verdict.results
        if result.criterion not in optional
        for text in result.because
        if text.startswith(_TO_JUDGE) and text.endswith("?")
    )


def points(result: Result, words: Words = ENGLISH) -> str:
    """In an index the points, ``1 to 3 of 3. ``; else nothing."""
    if result.points is None:
        return ""
    least, most, of = (f"{number:g}" for number in result.points)
    if least == most:
        return words.say("{points} of {all}. ", points=least, all=of)
    return words.say("{least} to {most} of {all}. ", least=least, most=most, all=of)


def estimates(
    verdict: Verdict, words: Words = ENGLISH
) -> tuple[tuple[str, str, tuple[Evidence, ...]], ...]:
    """(title of the criterion, the estimate with its inputs and caveats, what it rests on)."""
    found = []
    for result in verdict.results:
        said = [text for text in result.because if _ESTIMATE in text[: len(_TO_JUDGE + _ESTIMATE)]]
        if said:
            parts = [words.told(visible(text.partition(_ESTIMATE)[2])) for text in said]
            found.append((visible(result.title), words.say(" ").join(parts), result.evidence))
    return tuple(found)


def _is_score(verdict: Verdict) -> bool:
    """Scores add up over all groups; only a ladder has a next rung."""
    number = verdict.floor.partition(" ")[0]  # a count says "7 of 15"
    return number.replace(".", "", 1).isdigit()


def _state(result: Result) -> str:
    """The English word a reason begins with (*Missing: …*), or the answer itself.

    What was read but leaves it to a person is *to judge*, whatever was found.
    """
    asked = any(text.startswith(_TO_JUDGE) for text in result.because)
    unread = any(text.startswith("Unknown") for text in result.because[:1])
    if result.answer is Answer.UNKNOWN and asked and not unread:
        return _TO_JUDGE.removesuffix(": ").lower()
    word = result.because[0].partition(": ")[0].lower() if result.because else ""
    return word if word in _STATES else result.answer.value


def next_steps(
    verdicts: Iterable[Verdict], optional: Mapping[str, frozenset[str]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(step, frameworks whose outcome it moves), those that move most first, then in rule order.

    Criteria of one name in several frameworks are one step; the first wording is shown. What is
    optional moves no outcome, and is left out.
    """
    steps: dict[str, tuple[str, list[str]]] = {}
    for verdict in verdicts:
        for result in verdict.results:
            skip = result.criterion in optional.get(verdict.framework, ())
            if result.answer in _OPEN_ANSWERS and result.next_step and not skip:
                _, helped = steps.setdefault(_key(result), (visible(result.next_step), []))
                if verdict.framework not in helped:
                    helped.append(verdict.framework)
    ranked = sorted(steps.values(), key=lambda step: -len(step[1]))
    return tuple((text, tuple(helped)) for text, helped in ranked)


def _key(result: Result) -> str:
    return result.criterion if result.criterion in by_id() else visible(result.next_step)


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
    ("commercial_use", "yes"): ("grants", mark("commercial use")),
    ("commercial_use", "conditional"): ("conditions", mark("commercial use only under conditions")),
    ("commercial_use", "no"): ("limits", mark("no commercial use")),
    ("forbids_training_other_models", "yes"): (
        "limits",
        mark("outputs or the model may not be used to train or improve other models"),
    ),
    ("field_of_use_restrictions", "yes"): ("limits", mark("some purposes are forbidden")),
    ("acceptable_use_policy", "yes"): ("conditions", mark("an acceptable-use policy applies")),
    ("share_alike", "yes"): ("conditions", mark("derivatives under the same terms")),
    ("registration_required", "yes"): ("conditions", mark("registration or approval")),
    ("revocable_or_updatable", "yes"): (
        "limits",
        mark("the licensor may withdraw or change the terms"),
    ),
    ("patent_grant", "yes"): ("grants", mark("a patent licence")),
    ("redistribution", "yes"): ("grants", mark("redistribution")),
    ("redistribution", "conditional"): ("conditions", mark("redistribution only under conditions")),
    ("redistribution", "no"): ("limits", mark("no redistribution")),
}
# Terms whose value is a number or a text of its own.
_VALUED: Mapping[str, tuple[str, str]] = {
    "user_threshold": ("limits", mark("a separate licence is needed above a number of users")),
    "attribution_naming": ("conditions", mark("named attribution")),
    "geographic_limit": ("limits", mark("not for everyone everywhere")),
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
