"""What one licence is and means: ``openassay-license/1`` as JSON, and the same for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from openassay.canonical import dump_json, visible
from openassay.reports import Look
from openassay.reports._cells import Ink, Pen, cut, pad, width
from openassay.reports._view import USES, terms_in_words
from openassay.words import Words, mark

SCHEMA = "openassay-license/1"
# The terms, named as in the contract; one that is not known has the value null.
TERMS = (
    "commercial_use",
    "user_threshold",
    "forbids_training_other_models",
    "field_of_use_restrictions",
    "acceptable_use_policy",
    "attribution_naming",
    "share_alike",
    "geographic_limit",
    "registration_required",
    "revocable_or_updatable",
)
_OPEN: Mapping[bool | None, tuple[str, Ink]] = {
    True: (mark("open"), Ink.GREEN),
    False: (mark("not open"), Ink.RED),
    None: (mark("not shown to be open"), Ink.YELLOW),
}
# Why there is no, or only a partial, identity (openassay.licenses.guards), as it is shown.
GUARDS = {
    "empty": mark("empty"),
    "binary": mark("binary"),
    "card_front_matter": mark("card front matter"),
    "readme": mark("readme"),
    "pointer": mark("pointer"),
    "not_a_license": mark("not a license"),
    "header_only": mark("header only"),
    "truncated": mark("truncated"),
    "untitled": mark("untitled"),
    "policy": mark("policy"),
    "notice": mark("notice"),
}


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of the text that was read (from 1, both included) and what stands there."""

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Matched:
    """A known licence found in lines of the text; ``coverage`` is a share, 0 to 1."""

    id: str
    coverage: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TermAnswer:
    """One term: its value, and what it rests on.

    ``basis`` is ``facts`` (what is known of the licence), ``clause`` (read in this text) or
    ``silence`` (the text is a licence and says nothing of it).
    """

    value: str | None
    basis: str
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class DutyAnswer:
    """One line of the checklist: what has to be done, for which uses, and what that rests on.

    ``needed`` None: not known, the licence's text has to be read.
    """

    id: str
    text: str
    license: str
    needed: bool | None
    uses: tuple[str, ...]
    rests_on: str
    passage: Passage | None = None


@dataclass(frozen=True, slots=True)
class WarningAnswer:
    """Something a careful reader would point out, and what it rests on."""

    id: str
    text: str
    license: str
    rests_on: str
    passage: Passage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseAnswer:
    """The answer to ``openassay license``; built by the command line from the licence library."""

    asked: str  # the file or name that was given
    expression: str | None
    stated: bool = False  # the text is not the licence, it only names it
    modified: bool = False
    open: bool | None = None
    open_for: Mapping[str, bool | None] = field(default_factory=dict)  # by content kind
    guard: str | None = None  # why there is no, or only a partial, identity
    matches: tuple[Matched, ...] = ()
    unexplained: tuple[Passage, ...] = ()
    terms: Mapping[str, TermAnswer] = field(default_factory=dict)
    source: str = ""  # where the known terms come from
    verified: bool | None = None  # the source of the known terms is public and dated
    duties: tuple[DutyAnswer, ...] = ()
    missing: tuple[str, ...] = ()  # ids of duties that what was given does not meet by itself
    warnings: tuple[WarningAnswer, ...] = ()
    note: str = ""  # how the question was understood


_UNKNOWN = TermAnswer(None, "silence")


def render_json(answer: LicenseAnswer) -> str:
    """The contract of ``openassay license --format json``."""
    names = [*TERMS, *sorted(set(answer.terms) - set(TERMS))]
    return dump_json(
        {
            "schema": SCHEMA,
            "input": answer.asked,
            "expression": answer.expression,
            "stated": answer.stated,
            "modified": answer.modified,
            "open": answer.open,
            "open_for": dict(answer.open_for),
            "guard": answer.guard,
            "matches": [
                {"id": m.id, "coverage": round(m.coverage, 4), "start": m.start, "end": m.end}
                for m in answer.matches
            ],
            "unexplained": [_passage(region) for region in answer.unexplained],
            "terms": {name: _term(answer.terms.get(name, _UNKNOWN)) for name in names},
            "source": answer.source or None,
            "verified": answer.verified,
            "duties": [_duty(duty) for duty in answer.duties],
            "missing": list(answer.missing),
            "warnings": [_warning(warning) for warning in answer.warnings],
            "note": answer.note or None,
        }
    )


def _term(term: TermAnswer) -> dict[str, Any]:
    evidence = [_passage(passage) for passage in term.passages]
    return {"value": term.value, "basis": term.basis, "evidence": evidence}


def _duty(duty: DutyAnswer) -> dict[str, Any]:
    return {**_warning(duty), "needed": duty.needed, "uses": list(duty.uses)}


def _warning(said: DutyAnswer | WarningAnswer) -> dict[str, Any]:
    return {
        "id": said.id,
        "text": said.text,
        "license": said.license,
        "rests_on": said.rests_on,
        "evidence": _passage(said.passage) if said.passage else None,
    }


def _passage(passage: Passage) -> dict[str, int | str]:
    return {"start": passage.start, "end": passage.end, "quote": passage.quote}


def render_terminal(answer: LicenseAnswer, look: Look) -> str:
    """The answer on one screen."""
    pen = Pen(look)
    blocks = (
        _head(answer, pen),
        _terms(answer, pen),
        _duties(answer, pen),
        _warnings(answer, pen),
        _rest(answer, pen),
    )
    return pen.sign("\n\n".join(text for b in blocks if (text := "\n".join(b)))) + "\n"


def _head(answer: LicenseAnswer, pen: Pen) -> Iterator[str]:
    words = pen.words
    name = visible(answer.expression or words.say("not a licence we can name"))
    word, ink = _OPEN[answer.open]
    if answer.modified:
        name = words.say("{license}, modified", license=name)
    elif answer.stated:
        name = words.say("{license}, named but not given", license=name)
    yield f"{pen.ink(name, Ink.BOLD)}  {pen.ink(words.say(word), ink)}"
    if answer.note:
        yield words.told(visible(answer.note))
    if len(set(answer.open_for.values())) > 1:
        kinds = [words.say(kind) for kind, value in answer.open_for.items() if value]
        yield words.say("counts as open for {kinds} only", kinds=words.listed(kinds))
    if answer.guard:
        guard = GUARDS.get(answer.guard, visible(answer.guard))
        yield words.say("the text: {guard}", guard=words.say(guard))
    for match in answer.matches:
        where = words.say("lines {first}-{last}", first=match.start, last=match.end)
        yield f"{pad(visible(match.id), 40)} {match.coverage:>6.1%}  {pen.ink(where, Ink.DIM)}"


def _terms(answer: LicenseAnswer, pen: Pen) -> Iterator[str]:
    words = pen.words
    heads = {"grants": mark("Grants"), "conditions": mark("Asks"), "limits": mark("Limits")}
    inks = {"grants": Ink.GREEN, "conditions": Ink.YELLOW, "limits": Ink.RED}
    values = {name: term.value or "" for name, term in answer.terms.items()}
    for term in terms_in_words(values):
        head = pen.ink(pad(words.say(heads[term.group]), 7), inks[term.group])
        yield f"{head} {words.told(visible(term.text))}"
        for passage in answer.terms[term.term].passages[: None if pen.look.detail else 1]:
            yield pen.ink(cut(f"        {_quoted(passage, words)}", pen.look.width), Ink.DIM)
    if answer.source and any(term.basis == "facts" for term in answer.terms.values()):
        doubt = words.say(" (not checked against a public text)")
        checked = "" if answer.verified is not False else doubt
        source = words.say("Terms from {source}", source=visible(answer.source))
        yield pen.ink(cut(source, pen.look.width - width(checked)) + checked, Ink.DIM)


def _quoted(passage: Passage, words: Words) -> str:
    quote = visible(passage.quote)
    return words.say('line {line}: "{quote}"', line=passage.start, quote=quote)


def _duties(answer: LicenseAnswer, pen: Pen) -> Iterator[str]:
    """The checklist, grouped by what is done; a group says what it adds to those before it."""
    words = pen.words
    if answer.duties:
        yield pen.ink(words.say("Your duties"), Ink.BOLD)
    several = len({duty.license for duty in answer.duties}) > 1
    for duty in answer.duties:
        when = words.listed([words.say(USES[use]) for use in duty.uses])
        when = words.say("always") if len(duty.uses) == len(USES) else when
        whose = f"  [{visible(duty.license)}]" if several else ""
        box = "[?]" if duty.needed is None else "[ ]"
        text = f"{box} {pad(when, 22)} {words.told(visible(duty.text))}{whose}"
        yield cut(text, pen.look.width)
        if pen.look.detail:
            yield pen.ink(cut(" " * 27 + _rests(duty, words), pen.look.width), Ink.DIM)
    if answer.missing:
        enough = words.say("A label alone is not enough: text and notices have to be there.")
        yield pen.ink(enough, Ink.YELLOW)


def _warnings(answer: LicenseAnswer, pen: Pen) -> Iterator[str]:
    if answer.warnings:
        yield pen.ink(pen.words.say("Worth knowing"), Ink.BOLD)
    for warning in answer.warnings:
        yield cut(f"  {pen.words.told(visible(warning.text))}", pen.look.width)
        if pen.look.detail:
            yield pen.ink(cut("      " + _rests(warning, pen.words), pen.look.width), Ink.DIM)


def _rests(said: DutyAnswer | WarningAnswer, words: Words) -> str:
    return _quoted(said.passage, words) if said.passage else visible(said.rests_on)


def _rest(answer: LicenseAnswer, pen: Pen) -> Iterator[str]:
    if answer.unexplained:
        yield pen.ink(pen.words.say("Not explained by any known licence"), Ink.BOLD)
    for region in answer.unexplained[: None if pen.look.detail else 5]:
        text = pen.words.say(
            'lines {first}-{last}: "{quote}"',
            first=region.start,
            last=region.end,
            quote=visible(region.quote),
        )
        yield "  " + cut(text, pen.look.width - 2)
    if len(answer.unexplained) > 5 and not pen.look.detail:
        yield "  " + pen.words.say("{n} more with -v", n=len(answer.unexplained) - 5)
