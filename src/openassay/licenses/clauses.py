"""Reading an unknown licence clause by clause, in English and Chinese.

The text is cut into sentences; an item of a list also carries the sentence that introduces the
list ("You agree not to use the Model:"). The rules stand in ``data/clauses.toml``; every answer
keeps the sentence it rests on. What is read is what is written: no answer means that no clause
was found, not that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from . import amounts, store
from .model import Term
from .words import clean

MAX_CLAUSES = 4_000
FILES = ("clauses.toml", "duties.toml")
_SENTENCE = 1_600
_QUOTE = 400
_ITEM = re.compile(
    r"^[ \t>]*(?:[-*+•·●○■▪–—]|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,5}"
    r"|[一二三四五六七八九十]{1,3})[.)、）]"
    r"|(?:\d{1,2}\.){1,3}\d{0,2}|[（(][一二三四五六七八九十\d]{1,3}[)）])[ \t]{0,6}\S"
)
_END = re.compile(
    r"(?<=[.;!?])[\"”’)\]*]{0,3}\s+(?=[\"“‘(\[*]{0,3}[A-Z0-9\u4e00-\u9fff(])|(?<=[。；！？])"
)
_SECTION = re.compile(r"(?i)\b(?:sub)?(?:sections?|paragraphs?|clauses?|articles?)\s*$")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,120}>|\*\*|__|[`\\]")


@dataclass(frozen=True, slots=True)
class Clause:
    """One sentence: lines (from 1), its own words and those that introduce it, in lower case."""

    start: int
    end: int
    raw: str
    body: str
    lead: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of ``clauses.toml``. Patterns are compiled when first tried: that is most of the
    time a short question takes, and most exceptions (``but``) are never asked for."""

    term: str
    value: str
    rank: int
    forbids: bool
    any: tuple[str, ...]
    but: tuple[str, ...]


def read_terms(text: str, *, more: bool = False) -> tuple[Term, ...]:
    """The terms a licence states, at most one answer a column, in the order of the text.

    ``more`` reads the columns of `terms.MORE` too (patents, ending, handing on, warnings).
    Reads `words.MAX_CHARS` characters and `MAX_CLAUSES` sentences at most.
    """
    seen, _ = clean(text)
    best: dict[str, tuple[int, Term]] = {}
    low = seen.lower()
    files = FILES if more else FILES[:1]
    rules = [
        _rule(file, number)
        for file in files
        for number, row in enumerate(_table(file)["rule"])
        if _may_hold(row, low)
    ]
    if not rules:
        return ()
    for clause in clauses(seen):
        for rule in rules:
            if best.get(rule.term, (0,))[0] < rule.rank and _holds(rule, clause):
                value = _value(rule, clause)
                if value:
                    best[rule.term] = (
                        rule.rank,
                        Term(rule.term, value, clause.start, clause.end, clause.raw[:_QUOTE]),
                    )
    found = [term for _, term in best.values()]
    return tuple(sorted(found, key=lambda t: (t.start_line, t.name)))


@cache
def _table(file: str) -> dict[str, Any]:
    import tomllib  # 8 ms that most questions need not spend

    return tomllib.loads(store.read(file).decode("utf-8"))


@cache
def _rule(file: str, number: int) -> Rule:
    row = _table(file)["rule"][number]
    return Rule(
        row["term"],
        row["value"],
        row["rank"],
        row.get("forbids", False),
        tuple(row["any"]),
        tuple(row["not"]),
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def _forbidding() -> re.Pattern[str]:
    return re.compile("|".join(_table(FILES[0])["forbid"]))


def _may_hold(row: dict[str, Any], low: str) -> bool:
    return any(word in low for word in row["needs"])


def _holds(rule: Rule, clause: Clause) -> bool:
    body = clause.body
    if not any(_compiled(p).search(body) for p in rule.any):
        return False
    if rule.forbids:
        said = f"{clause.lead} {body}".replace("not limited to", "")
        if not _forbidding().search(said):
            return False
    return not any(_compiled(p).search(body) for p in rule.but)


def _value(rule: Rule, clause: Clause) -> str:
    if rule.value == "#amount":
        return amounts.threshold(clause.body)
    if rule.value == "#phrase":
        return amounts.phrase(clause.raw)
    if rule.value == "#law":
        return amounts.law(clause.raw)
    if rule.value == "#place":
        return amounts.place(clause.body)
    return rule.value


def clauses(text: str) -> Iterator[Clause]:
    """The sentences of a text with their lines and the sentence that introduces their list."""
    count = 0
    lead = ""
    for first, lines in _paragraphs(text):
        item = bool(_ITEM.match(lines[0]))
        joined = " ".join(line.strip() for line in lines)
        joined = _MARKUP.sub("", joined)
        if not item and len(joined) > 60 and not joined.rstrip().endswith((":", "：")):
            lead = ""
        sentences = [s.strip() for s in _END.split(joined) if s and s.strip()]
        for sentence in sentences:
            sentence = sentence[:_SENTENCE]
            body = " ".join(sentence.lower().split())
            yield Clause(first, first + len(lines) - 1, sentence, body, lead)
            count += 1
            if count >= MAX_CLAUSES:
                return
        if sentences and sentences[-1].rstrip("*_ ").endswith((":", "：")):
            opening = " ".join(sentences[-1].lower().split())
            # A list within a list keeps what the outer one forbids.
            lead = f"{lead[-300:]} {opening[-500:]}" if item else opening[-600:]


def _paragraphs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that belong together, with the number of their first line."""
    held: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        # A line that begins with the number of "Section" on the line before is no new item.
        item = _ITEM.match(line) and not (held and _SECTION.search(held[-1][-24:]))
        starts_anew = not line.strip() or item or line.lstrip().startswith("#")
        if held and (starts_anew or len(held) > 80):
            yield first, held
            held = []
        if line.strip():
            if not held:
                first = number
            held.append(line[:20_000])
    if held:
        yield first, held
