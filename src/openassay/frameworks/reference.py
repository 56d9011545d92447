"""The reference tool of the Model Openness Framework, reproduced with its defects.

A licence is open when its id stands, letter for letter, in lists frozen at one commit
(``data/mot-licenses.toml``); what kind of content it lies on plays no part.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from openassay.frameworks.model import Framework
from openassay.frameworks.rollup import Judged, roll_up
from openassay.types import Answer, Kind, Result, Verdict
from openassay.vocabulary import by_id

UNLICENSED = "unlicensed"
_TITLE = "the reference tool's list"


@dataclass(frozen=True, slots=True)
class Tables:
    """The reference tool's licences: every id, the open ones, those made for a content type."""

    ids: frozenset[str]
    open: frozenset[str]
    types: Mapping[str, frozenset[str]]
    unknown_name: str  # the component that an unknown name silently becomes


@cache
def tables() -> Tables:
    """Read ``data/mot-licenses.toml``."""
    text = files(__package__).joinpath("data", "mot-licenses.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Tables(
        ids=frozenset(data["ids"]),
        open=frozenset(id for ids in data["open"].values() for id in ids),
        types={kind: frozenset(ids) for kind, ids in data["types"].items()},
        unknown_name=data["unknown_name"],
    )


def is_open(license: str) -> bool:
    """Whether the tool counts this id as open; exact, so ``apache-2.0`` is not."""
    return license in tables().open


def made_for(license: str) -> frozenset[str]:
    """The content types (code, data, document) the tool tags this id with."""
    return frozenset(kind for kind, ids in tables().types.items() if license in ids)


def judge_as_reference(
    framework: Framework, listed: Mapping[str, str | None], *, notes: Sequence[str] = ()
) -> Verdict:
    """Judge listed components, by id, with their resolved licence or None."""
    judged = [
        _criterion(framework, id, listed)
        for id in (c.id for c in framework.criteria)
        if id in _17()
    ]
    return roll_up(framework, judged, mode="mot", notes=notes)


@cache
def _17() -> frozenset[str]:
    """The components the tool knows: not the configuration file, which it does not look for."""
    return frozenset(list(by_id())[:17])


def _criterion(framework: Framework, id: str, listed: Mapping[str, str | None]) -> Judged:
    criterion = framework.criterion(id)
    answer, text = _state(id, listed)
    substituted = False
    if answer is not Answer.YES:
        for way in criterion.ways:
            stand_in = way.parts[0]
            if way.substitute and _state(stand_in, listed)[0] is Answer.YES:
                answer, substituted = Answer.YES, True
                text = f"{by_id()[stand_in].title} in its place. {text}"
    result = Result(
        criterion=id,
        title=criterion.title,
        answer=answer,
        because=(text,),
        next_step="" if answer is Answer.YES else criterion.next_step,
        group=criterion.group,
    )
    return Judged(result, answer, answer, substituted)


def _state(id: str, listed: Mapping[str, str | None]) -> tuple[Answer, str]:
    """One of the five states, and what it answers: only open counts."""
    if id not in listed:
        return Answer.NO, "Missing: not listed."
    license = listed[id] or UNLICENSED
    kind = by_id()[id].kind
    content = "data" if kind is Kind.WEIGHTS else kind.value
    if is_open(license):
        if content in made_for(license):
            return Answer.YES, f"Open: listed under {license}."
        return Answer.YES, f"Open, wrong type: listed under {license}, not tagged for {content}."
    if license == UNLICENSED:
        return Answer.PARTLY, "Unlicensed: listed, but no licence is stated for it."
    return Answer.PARTLY, f"Not open: listed under {license[:200]}, which is not in {_TITLE}."
