"""Whether a release meets what `--require` asks. Pure.

    mof-1.0=III                         a level of a framework, or a number for a score
    license.commercial_use=yes          a term of the licences of all that was released
    license.weights.commercial_use=yes  … of one kind of content, or of one component
    component.training_code=present     what became of a component
    claims=hold                         no claim of openness is false
    contradictions=none                 no two statements of the release exclude each other

An answer is True, False, or None where something that was not read, or a licence that is not
known, could change it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from openassay.errors import UsageError
from openassay.frameworks.model import SCORES, Framework, RollUp
from openassay.gate import _terms as terms
from openassay.gate._terms import Answer, looseness
from openassay.types import Component, Dossier, Gap, Kind, Status, Verdict
from openassay.vocabulary import by_id

__all__ = ["Outcome", "Requirement", "Subject", "check", "frameworks_of", "levels", "looseness",
           "parse", "rank", "term", "weigh"]  # fmt: skip

#: Claims that state terms or promise something: there is nothing in them that could hold.
_NO_CLAIMS = ("license_terms", "promise")
_BETTER = (Status.ABSENT, Status.PARTIAL, Status.LINKED, Status.PRESENT)  # the worst first
_SHOWN = 5  # reasons that one outcome gives
_FORMS = "mof-1.0=III, license.commercial_use=yes, component.training_code=present, claims=hold"


class Subject(StrEnum):
    """What a requirement is about."""

    FRAMEWORK = "framework"
    LICENSE = "license"
    COMPONENT = "component"
    CLAIMS = "claims"
    CONTRADICTIONS = "contradictions"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One `--require`. ``name`` is a framework, a licence term or a component; ``scope`` says
    which licences (a kind of content, a component, or empty for all that was released)."""

    text: str
    subject: Subject
    name: str
    level: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a requirement is met (None: undecided), and what stands in the way."""

    requirement: Requirement
    met: bool | None
    because: tuple[str, ...] = ()


# --- what may be asked


def parse(text: str) -> Requirement:
    """``ID=LEVEL``; raises UsageError that lists what is allowed for anything else."""
    head, equals, level = text.partition("=")
    if not (head and equals and level):
        raise UsageError(f"--require wants ID=LEVEL, not {text!r}", hint=f"e.g. {_FORMS}")
    if head == Subject.CLAIMS:
        return _one_of(text, Subject.CLAIMS, level, ("hold",))
    if head == Subject.CONTRADICTIONS:
        return _one_of(text, Subject.CONTRADICTIONS, level, ("none",))
    is_file = head.endswith(".toml")  # a framework of one's own, whatever it is called
    subject, dot, rest = ("", "", "") if is_file else head.partition(".")
    if subject == Subject.COMPONENT and dot:
        _known(text, "component", rest, by_id())
        levels_ = [str(status) for status in _BETTER]
        return _one_of(text, Subject.COMPONENT, level, levels_, name=rest)
    if subject in (Subject.LICENSE, "licence") and dot:
        return _license_term(text, rest, level)
    return Requirement(text, Subject.FRAMEWORK, head, level)


def frameworks_of(requirements: Iterable[Requirement]) -> list[str]:
    """The frameworks that must be judged by to answer these."""
    return [r.name for r in requirements if r.subject is Subject.FRAMEWORK]


def levels(framework: Framework) -> tuple[str, ...]:
    """The answers a framework can give, the lowest first; empty for a score."""
    if framework.roll_up is RollUp.LADDER:
        return (framework.not_met, *(group.id for group in framework.groups))
    return () if framework.roll_up in SCORES else (framework.not_met, framework.met)


def check(required: Requirement, frameworks: Mapping[str, Framework]) -> None:
    """Raises UsageError when the framework that is asked for has no such level."""
    if required.subject is not Subject.FRAMEWORK:
        return
    framework = frameworks[required.name]
    try:
        rank(required.level, framework)
    except ValueError:
        wanted = ", ".join(levels(framework)) or "a number"
        raise UsageError(
            f"{framework.id} has no level {required.level!r}", hint=f"it has: {wanted}"
        ) from None


def _license_term(text: str, rest: str, level: str) -> Requirement:
    scope, _, term = rest.rpartition(".")
    _known(text, "term of a licence", term, terms.VALUES)
    if scope:
        _known(text, "kind of content or component", scope, (*Kind, *by_id()))
    return _one_of(text, Subject.LICENSE, level, terms.VALUES[term], name=term, scope=scope)


def _one_of(
    text: str, subject: Subject, level: str, known: Iterable[str], name: str = "", scope: str = ""
) -> Requirement:
    known = tuple(known)
    if level not in known:
        raise UsageError(
            f"{text!r}: {text.partition('=')[0]} cannot be {level!r}",
            hint=f"it can be: {', '.join(known)}",
        )
    return Requirement(text, subject, name, level, scope)


def _known(text: str, what: str, name: str, known: Iterable[str]) -> None:
    every = [str(item) for item in known]
    if name in every:
        return
    close = get_close_matches(name, every, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    raise UsageError(
        f"{text!r}: there is no {what} {name!r}", hint=f"{meant}known: {', '.join(every)}"
    )


def term(expression: str, name: str) -> str | None:
    """What an expression comes to for a term: yes, no or conditional; None where not known."""
    return terms.reading(expression, name)


# --- whether it is met


def weigh(
    required: Requirement,
    dossier: Dossier,
    frameworks: Mapping[str, Framework],
    verdicts: Mapping[str, Verdict],
) -> Outcome:
    """The outcome of one requirement, with its reasons where it is not plainly met."""
    match required.subject:
        case Subject.FRAMEWORK:
            framework, verdict = frameworks[required.name], verdicts[required.name]
            answer: Answer = (_reaches(required, framework, verdict), ())
        case Subject.LICENSE:
            answer = terms.weigh(dossier, required.scope, required.name, required.level)
        case Subject.COMPONENT:
            answer = _component(required, dossier)
        case Subject.CLAIMS:
            answer = _claims(dossier)
        case Subject.CONTRADICTIONS:
            texts = tuple(item.text for item in dossier.contradictions)
            answer = (not texts, texts)
    met, because = answer
    more = len(because) - _SHOWN
    shown = (*because[:_SHOWN], *((f"and {more} more",) if more > 0 else ()))
    return Outcome(required, met, () if met else shown)


def rank(level: str, framework: Framework) -> float:
    """Where a framework's answer stands, higher is better; ValueError for no answer of its."""
    known = levels(framework)
    if known:
        return float(known.index(level))
    number = level.replace("/", " ").split()[:1]  # "9.5", "7 of 15", "7/15", "50 %"
    return float("".join(number).removesuffix("%"))


def _reaches(required: Requirement, framework: Framework, verdict: Verdict) -> bool | None:
    """True when even the floor reaches the level, False when the ceiling does not, else None."""
    level = rank(required.level, framework)
    if rank(verdict.floor, framework) >= level:
        return True
    return None if rank(verdict.ceiling, framework) >= level else False


def _component(required: Requirement, dossier: Dossier) -> Answer:
    found = next((part for part in dossier.components if part.id == required.name), None)
    title = by_id()[required.name].title
    if found is None:
        return None, (f"{title}: was not looked for when the release was read",)
    if found.status is Status.UNKNOWN:
        return None, (f"{title}: {_unread(found)}",)
    said = (f"{title}: {found.status}",)
    if required.level == Status.ABSENT:
        return found.status is Status.ABSENT, said
    return _BETTER.index(found.status) >= _BETTER.index(Status(required.level)), said


def _unread(component: Component) -> str:
    gaps = [item for item in component.because if isinstance(item, Gap)]
    where = f": {gaps[0].path or gaps[0].source} was not read" if gaps else ""
    return f"unknown{where}"


def _claims(dossier: Dossier) -> Answer:
    claims = [claim for claim in dossier.claims if claim.kind not in _NO_CLAIMS]
    false = [claim for claim in claims if claim.holds is False]
    open_ = [claim for claim in claims if claim.holds is None]
    words = "does not hold" if false else "could not be checked"
    because = tuple(
        f"“{claim.evidence.quote}” ({claim.evidence.path}) {words}" for claim in false or open_
    )
    return (False if false else None if open_ else True), because
