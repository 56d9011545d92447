"""The title a licence gives itself, and the ``LicenseRef-`` id made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from zlib import crc32

from . import lexicon

_LINES = 14


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        "word": re.compile(
            r"(?i)(?<!sub)licen[cs]e|agreement|"
            r"terms of|policy|restrictions|许可|协议|条款|政策|证书"
        ),
        "token": re.compile(r"[A-Za-z0-9]+(?:[.+][A-Za-z0-9+]+)*\+*|[\u3400-\u9fff]+"),
        "sentence": re.compile(
            r"(?i)\b(?:shall|may|must|you|is|are|was|please|see|means|refer|granted|hereby|we|our|i|if)"
            r"\b|您|我们|请|如|是指|应当"
        ),
        "number": re.compile(
            r"(?i)(?:section|article)?\s?\d{1,2}(?:\.\d){0,4}[.)、]|[(（]|https?:"
        ),
        "code": re.compile(
            r"[;{}$\\=|]|->|::|\.php|^(?:use|import|from|class|def|final|package)\s"
        ),
        "zh_weak": re.compile(
            r"模型|许可|协议|许可证|社区|商用|商业|使用|开源|政策|条款|中文版|声明|服务|用户|证|的|书"
        ),
        "date": re.compile(
            r"(?i)\b(?:january|february|march|april|may|june|july|august|september|october|november"
            r"|december|release date|effective|last (?:modified|updated))\b"
        ),
    }


def of_text(text: str) -> str | None:
    """The first line near the top that reads like the title of a licence or policy."""
    previous = ""
    for line in _top(text):
        if _is_title(line):
            if not telling(line) and telling(previous) and len(previous) < 60:
                return f"{previous} {line}"  # a name on one line, LICENSE AGREEMENT on the next
            return line
        p = _patterns()
        prose = p["sentence"].search(line) or p["date"].search(line) or line.endswith((".", "!"))
        previous = "" if prose else line
    return None


def _top(text: str) -> Iterator[str]:
    """The first lines with words, less markup; numbered headings and code left out."""
    p = _patterns()
    seen = 0
    for raw in text[:6_000].split("\n"):
        line = re.sub(r"</?[A-Za-z][^<>]{0,80}>", " ", raw)
        line = line.strip().strip("#*=-_|>~`/;%! \t\"“”'").strip()
        if not line or p["code"].search(line) or line[:1].islower() or p["number"].match(line):
            continue
        seen += 1
        if seen > _LINES:
            return
        yield line


def _is_title(line: str) -> bool:
    p = _patterns()
    if not p["word"].search(line) or len(line) >= 140 or len(p["token"].findall(line)) > 14:
        return False
    return not p["sentence"].search(line) and not line.endswith((":", "：", ",", "，", "。"))


def telling(title: str) -> bool:
    """Whether a title says *which* licence: it has a word besides "license", "agreement" ..."""
    words = _patterns()["token"].findall(title)
    own = [
        w
        for w in words
        if w.lower() not in lexicon.words("title-generic")
        and not re.fullmatch(r"v?\d{1,2}(\.\d+)*", w)
    ]
    return any(len(_patterns()["zh_weak"].sub("", w)) > 1 for w in own) or any(
        w != _patterns()["zh_weak"].sub("", w) != "" for w in own
    )


def reference(title: str) -> str | None:
    """A ``LicenseRef-`` id made from a title, always the same for the same title.

    >>> reference("FOO COMMUNITY LICENSE AGREEMENT Version 2")
    'LicenseRef-FOO-Community-License-2'
    """
    kept: list[str] = []
    for word in _patterns()["token"].findall(title.replace("_", " ")):
        if re.match(r"[\u3400-\u9fff]", word):
            kept += _chinese(word)
        elif word.lower() not in lexicon.words("title-drop") and word.lower() not in (
            "version",
            "v",
        ):
            kept.append(_cased(word, first=not kept))
    kept = [w for n, w in enumerate(kept) if n == 0 or w.lower() != kept[n - 1].lower()]
    if not kept or not telling(title):
        return None
    spelled = "-".join(_plain(w) for w in kept[:8])
    return "LicenseRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", spelled).strip("-.")[:80]


def _plain(word: str) -> str:
    """An id has Latin letters only; a Chinese name becomes a short hash, always the same."""
    return re.sub(r"[\u3400-\u9fff]+", lambda m: f"zh{crc32(m[0].encode()) & 0xFFFFFF:06x}", word)


def _cased(word: str, first: bool) -> str:
    if word.lower() in lexicon.words("title-generic") or word.lower() in (
        "research",
        "commercial",
        "non",
        "noncommercial",
    ):
        return word.capitalize()
    if word.isupper() and len(word) > 4 and not first:
        return word.capitalize()
    return word


def _chinese(word: str) -> list[str]:
    """The English words for the usual parts of a Chinese title, the rest as it stands."""
    out: list[str] = []
    rest = word
    for zh, en in (
        ("模型社区许可协议", "Community"),
        ("社区许可协议", "Community"),
        ("商用许可协议", "Commercial"),
        ("商业许可协议", "Commercial"),
        ("模型商用许可", "Commercial"),
        ("模型许可协议", "Model"),
        ("模型许可证", "Model"),
        ("开源许可证", "Open-License"),
        ("开源协议", "Open-License"),
        ("许可协议", "License"),
        ("使用协议", "Use-License"),
        ("许可证", "License"),
        ("协议", "License"),
        ("许可", "License"),
        ("条款", "Terms"),
        ("政策", "Policy"),
    ):
        if zh in rest:
            before, _, after = rest.partition(zh)
            out += [w for w in (before.strip("的"), en, after) if w]
            return out
    return [rest]
