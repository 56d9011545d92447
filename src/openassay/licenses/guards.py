"""What kind of text it is, when it is not simply a licence."""

from __future__ import annotations

import re
from functools import cache

from . import mentions, titles
from .words import Words

_SHORT = 140  # words: what a pointer or a header notice has at most


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        "front": re.compile(r"\A\ufeff?---[ \t]*\r?\n[\s\S]{0,20000}?\n---[ \t]*(?:\r?\n|\Z)"),
        "heading": re.compile(r"(?m)^#{1,4}[ \t]\S|^[^\n]{1,80}\n(?:={4,}|-{4,})[ \t]*$"),
        "readme": re.compile(
            r"(?i)```|pip install|git clone|!\[[^\]]{0,80}\]\(|\bbibtex\b|@(?:article|misc)\{|"
            r"<img |\bquick ?start\b|\busage\b|\bcitation\b|\binstallation\b|引用|快速开始|安装"
        ),
        "pointer": re.compile(
            r"(?i)\b(?:see|refer|found|available|visit|read|follow|governed by|subject to|licensed "
            r"under|released under|under the|please|license:)\b|请|参见|参考|遵循|遵守"
        ),
        "legal": re.compile(
            r"(?i)\b(?:licen[cs]e[ds]?|licensee|agreement|warrant(?:y|ies)|liab(?:le|ility)|"
            r"grant(?:s|ed)?|"
            r"permission|prohibited|terms|redistribut\w{1,6}|copyright|hereby|shall|"
            r"you (?:may|must|agree)"
            r"|not to use)\b|许可|协议|授权|不得|条款|责任"
        ),
        "notice": re.compile(
            r"(?i)third[- ]party (?:components?|software|notices?|licen[cs]es?|code|materials)|"
            r"open source software licensed under|other (?:dependencies|licen[cs]es)|"
            r"(?:following|below|listed) (?:software|components?|projects?|licen[cs]es)|"
            r"is subject to the following licen[cs]es|^\s{0,6}\d{1,3}\. \[",
            re.M,
        ),
        "policy": re.compile(
            r"(?i)\b(?:use|usage) polic|prohibited use|acceptable use|usage restric|使用政策"
        ),
    }


def unreadable(text: str) -> str | None:
    """``empty`` or ``binary``, else None."""
    head = text[:4096]
    if not head.strip():
        return "empty" if not text.strip() else None
    odd = sum(1 for c in head if c == "\ufffd" or (c < " " and c not in "\t\n\r\f"))
    return "binary" if "\x00" in head or odd > len(head) // 10 else None


def kind(words: Words, explained: int) -> str | None:
    """The guard for a text without a (whole) known licence; None: it may be a licence."""
    p = _patterns()
    text = words.text
    front = p["front"].match(text)
    if front:
        rest = text[front.end() :]
        if len(rest.split()) < 30:
            return "card_front_matter"
        return "readme"
    size = len(words)
    legal = len(p["legal"].findall(text[:40_000]))
    if is_policy(text) and size > 60:
        return None
    if looks_like_readme(text, legal * 60 < size) and explained < size // 3:
        return "readme"
    if size <= _SHORT and explained < size * 0.6:
        named = mentions.mentions(text)
        if named and p["pointer"].search(text):
            return "pointer"
        if re.search(r"https?://|\.(?:md|txt|pdf)\b", text) and p["pointer"].search(text):
            return "pointer"
    if legal < 3 or legal * 60 < min(size, 6_000):
        return "not_a_license"
    return None


def looks_like_readme(text: str, sparse: bool) -> bool:
    """A project's description: headings and the signs of one; no licence's title on top, or
    little (``sparse``) of a licence's language."""
    p = _patterns()
    signs = {m.group().lower()[:6] for m in p["readme"].finditer(text[:60_000])}
    headings = len(p["heading"].findall(text[:60_000]))
    told = len(signs) >= 2 and headings >= 2
    title = titles.of_text(text[:1_500])
    return told and (sparse or title is None or not titles.telling(title))


def is_policy(text: str) -> bool:
    """An acceptable-use policy rather than a licence, by its title."""
    title = titles.of_text(text)
    return bool(
        title
        and _patterns()["policy"].search(title)
        and not re.search(r"(?i)licen[cs]e agreement", title)
    )


def is_notice(text: str) -> bool:
    """A file that collects the licences of several parts."""
    return len(_patterns()["notice"].findall(text[:100_000])) >= 2
