"""Does a difference matter? The words that make a licence say something else.

A difference between a text and a known licence is harmless when it consists of names, dates,
titles, list markers, addresses and disclaimers; it matters as soon as it permits, forbids,
requires, limits or counts something. The lists err on the side of "it matters".
"""

from __future__ import annotations

import re
from collections.abc import Set
from functools import cache

from . import lexicon


def strong(word: str) -> bool:
    """Whether this one word can turn a licence into another."""
    return word in lexicon.words("strong")


def matters(words: list[str]) -> bool:
    """Whether a run of differing words changes what a licence says.

    >>> matters("the mit license copyright 2024 jane doe".split())
    False
    >>> matters("for non commercial purpose".split())
    True
    """
    here = set(words)
    if here & lexicon.words("strong"):
        return True
    return len(words) >= 6 and bool(here & lexicon.words("weak"))


def strong_only(words: list[str]) -> bool:
    """The same with the strong words alone, for passages that stand outside a licence."""
    return not lexicon.words("strong").isdisjoint(words)


@cache
def _sentence_patterns() -> tuple[re.Pattern[str], ...]:
    rights = r"(?:\W{0,4}all rights reserved\W{0,4}(?:use\W+of\W+this)?)?"
    copyright_line = re.compile(
        r"(?im)^[ \t#*/>;%.\-\"']{0,12}(?:portions? )?(?:copyright|\(c\)|©|版权所有)"
        r"[^\n]{0,160}?" + rights + r"\s*$"
    )
    disclaimer = re.compile(
        r"(?i)as[ -]is|warrant(?:y|ies)|\bliab(?:le|ility)|\bdamages\b|按原样|保证|责任|liability"
    )
    limits = re.compile(
        r"(?i)\bcommercial(?:ly)?\s+(?:use|purpose|product|service|activit)|non-?\s?commercial|"
        r"(?:must|shall|may|can|will)\s*not\s+(?:be\s+)?(?:use|copy|distribut|sell|modif|train|host)|"
        r"prohibit|forbid|forbidden|military|weapon|million|revenue|permission|redistribut|"
        r"\bonly\s+(?:for|in|if|by|to)\b|provided\s+that|(?:academic|for|scientific)\s+research|"
        r"research\s+(?:purpose|use|only)|must\b|\btrain(?:ing)?\s|"
        r"商业|商用|军事|不得|禁止|仅限|只能"
    )
    statement = re.compile(
        r"(?i)(?:licensed|released|distributed|provided|made available|governed)\s+(?:under|by)\b|"
        r"\bthird[- ]party\b|listed below|following (?:components?|licen[cs]es?|software)|"
        r"\bis pleased to\b|open source (?:community|software)|licen[cs]e terms|"
        r"本(?:模型|项目|代码)"
    )
    return copyright_line, disclaimer, limits, statement


def without_formalities(passage: str) -> str:
    """The passage less copyright lines, and sentences that only disclaim or only say what is
    under which licence. Whatever also permits, forbids or limits is kept."""
    copyright_line, disclaimer, limits, statement = _sentence_patterns()
    kept = []
    for line in passage.split("\n"):
        formal = len(line) < 300 and copyright_line.search(line)
        if not formal or limits.search(line) or says_more(line, lexicon.words("in-names")):
            kept.append(line)
    sentences = re.split(r"(?<=[.;。；])\s+|\n\s*\n", "\n".join(kept))
    return " ".join(s for s in sentences if not _formal(s, disclaimer, limits, statement))


def _formal(
    sentence: str, disclaimer: re.Pattern[str], limits: re.Pattern[str], statement: re.Pattern[str]
) -> bool:
    if limits.search(sentence):
        return False
    if disclaimer.search(sentence) and not says_more(sentence, lexicon.words("in-disclaimers")):
        return True
    if not statement.search(sentence):
        return False
    listed = re.search(r"(?i)except\b.{0,30}third[- ]party", sentence)
    allowed = lexicon.words("in-statements") | ({"except"} if listed else frozenset())
    return not says_more(sentence, allowed)


def says_more(text: str, allowed: Set[str]) -> bool:
    """Whether a text has a strong word besides the allowed ones."""
    words = re.findall(r"[a-z]+|[\u3400-\u9fff]", text.lower())
    return any(strong(w) and w not in allowed for w in words)


def restricts(passage: str) -> bool:
    """Whether a passage in a list of third-party parts permits, forbids or limits anything.

    Names of parts and holders ("AI Research", "not applicable") do not count here.
    """
    limits = _sentence_patterns()[2]
    return bool(limits.search(without_formalities(passage)))


def unfamiliar(passage: str) -> bool:
    """Whether a passage has two words or more that are neither names nor in the list of plain
    words: it may then say anything, in a language nobody here reads.

    >>> unfamiliar("Nur f\u00fcr nichtkommerzielle Zwecke")
    True
    >>> unfamiliar("Foo Bar, a library by Jane Doe")
    False
    """
    if passage.isspace():
        return False
    bare = _tokens()[0].sub(" ", passage)
    plain = lexicon.words("plain")
    seen: set[str] = set()
    for line in bare.split("\n"):
        words = _tokens()[1].findall(line)
        shouted = sum(1 for w in words if w.isupper()) >= 4
        for word in words:
            low = word.lower()
            if (word == low or shouted) and not set(low.split("-")) <= plain:
                seen.add(low)
        if len(seen) >= 2:
            return True
    return False


@cache
def _tokens() -> tuple[re.Pattern[str], re.Pattern[str]]:
    # Addresses, paths and file names are no words of a sentence.
    named = re.compile(r"https?://[^\s]{1,400}|[^\s]{0,80}[@/_\\][^\s]{0,200}|\b\w{1,40}\.\w{1,40}")
    return named, re.compile(r"(?<![\w-])[^\W\d_]{2,40}(?:-[^\W\d_]{2,40}){0,4}(?![\w-])")
