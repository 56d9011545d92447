"""What a text that is no licence itself states: "the code is MIT, the weights are under ..."."""

from __future__ import annotations

import re
from functools import cache

from .mentions import headers, mentions

_MAX = 6


@cache
def _heading() -> re.Pattern[str]:
    return re.compile(
        r"(?im)^(?:#{1,6}[ \t]*|\*\*[ \t]*|<h\d>)?[^\n#]{0,40}(?:licen[cs]e|licen[cs]ing|agreement|terms of use|许可|协议|声明|版权)"
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


def expression(text: str, *, readme: bool) -> str | None:
    """The licences a text states of itself, joined with AND; None when it names none."""
    if not readme:
        tagged = headers(text)
        if tagged:
            return " AND ".join(dict.fromkeys(m.id for m in tagged[:_MAX]))
    found = mentions(license_section(text) if readme else text)
    ids = list(dict.fromkeys(m.id for m in found))
    return " AND ".join(ids[:_MAX]) or None
