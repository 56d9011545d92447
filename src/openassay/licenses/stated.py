"""What a text that is no licence itself states: "the code is MIT, the weights are under ..."."""

from __future__ import annotations

import re
from functools import cache

from . import catalog
from .mentions import headers, mentions
from .model import Mention

_MAX = 6


@cache
def _heading() -> re.Pattern[str]:
    return re.compile(
        r"(?im)^(?:#{1,6}[ \t]*|\*\*[ \t]*|<h\d>)?[^\n#]{0,40}"
        r"(?:licen[cs]e|licen[cs]ing|agreement|"
        r"terms of use|许可|协议|声明|版权)"
        r"[^\n]{0,40}$"
    )


def license_section(text: str) -> str:
    """The parts of a longer document under headings about its licence, line numbers kept."""
    lines = text[:400_000].split("\n")
    keep = [False] * len(lines)
    level = 0
    for number, line in enumerate(lines):
        mark = re.match(r"[ \t]{0,3}(#{1,6})[ \t]", line)
        if mark:
            titled = bool(_heading().match(line.strip()))
            if titled and not (level and len(mark[1]) > level):
                level = len(mark[1])
            elif len(mark[1]) <= level:
                level = 0
        keep[number] = level > 0
    return "\n".join(line if kept else "" for line, kept in zip(lines, keep, strict=True))


@cache
def _verb() -> re.Pattern[str]:
    return re.compile(
        r"(?i)\b(?:licen[cs]ed|released|distributed|available|provided|published|governed|covered|"
        r"subject|open-?sourced|shared|offered|are|is|comes?|falls?|uses?|adopts?|follows?|retains?|"
        r"adherence|compliance|comply|requires?|bound|abide)\b"
        r"|licen[cs]e\s*[:：|]|遵循|采用|基于|使用|依照|按照|适用|under the"
    )


def expression(text: str, *, readme: bool) -> str | None:
    """The licences a text states of itself, joined with AND; None when it states none.

    A file that is only a notice or a pointer states the first one; a description of a project
    may state several, for its code, its weights, its data.
    """
    if not readme:
        tagged = headers(text)
        if tagged and "SPDX" in tagged[0].quote:
            return tagged[0].id
    body = license_section(text) if readme else text
    body = re.sub(r"(?m)^[ \t]{0,3}#{1,6}[^\n]{0,200}$", lambda m: " " * len(m.group()), body)
    found = [m for m in mentions(body) if _states(body, m)]
    ids = list(dict.fromkeys(m.id for m in found))
    if not readme:
        ids = ids[:1]
    return " AND ".join(ids[:_MAX]) or None


def named(passage: str) -> list[str]:
    """The listed licences, permissive ones aside, that a passage of a notice puts something under.

    Permissive ones ask nothing that the others do not; a restriction or copyleft must not be lost.
    """
    out = []
    for mention in mentions(passage):
        row = catalog.find(mention.id)
        known = row is not None and row.kind != "permissive"
        line = passage[passage.rfind("\n", 0, mention.start_offset) + 1 : mention.start_offset]
        if known and _placed().search(line[-160:]):
            out.append(mention.id)
    return list(dict.fromkeys(out))


@cache
def _placed() -> re.Pattern[str]:
    return re.compile(
        r"(?i)\b(?:licen[cs]ed|released|distributed|available|provided|covered)\s+under\b"
        r"|\blicen[cs]es?\s*(?:[:：]|is\b|are\b)"
    )


def _states(body: str, mention: Mention) -> bool:
    """Whether the words before a name, in its sentence, put something under that licence."""
    before = body[max(0, mention.start_offset - 240) : mention.start_offset]
    before = re.split(r"(?<=[.!?。；;])\s|\n\s*\n|。", before)[-1]
    return bool(_verb().search(before)) or not before.strip(" \t\n#*[(《<>-")
