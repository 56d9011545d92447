"""The title a licence gives itself, and the ``LicenseRef-`` id made from it."""

from __future__ import annotations

import re
from functools import cache
from zlib import crc32

_LINES = 14
_DROP = frozenset(["the", "a", "an", "agreement", "for", "of", "and", "to", "this", "by", "under", "on"])
_WEAK = frozenset(
    ["license", "licence", "agreement", "terms", "conditions", "use", "policy", "model", "models", "open", "source", "public", "the", "of", "and", "a", "an", "for", "version", "software", "copyright", "legal", "notice", "general", "free", "end", "user", "data", "code", "weights", "document", "service", "community"]
)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        "word": re.compile(r"(?i)licen[cs]e|agreement|terms of|policy|restrictions|许可|协议|条款|政策|证书"),
        "token": re.compile(r"[A-Za-z0-9]+(?:[.+][A-Za-z0-9+]+)*\+*|[\u3400-\u9fff]+"),
        "sentence": re.compile(
            r"(?i)\b(?:shall|may|must|you|is|are|was|please|see|means|refer|granted|hereby|we|our|i|if)"
            r"\b|您|我们|请|如|是指|应当"
        ),
        "code": re.compile(r"[;{}$\\=]|->|::|\.php|^(?:use|import|from|class|def|final|package)\s"),
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
    p = _patterns()
    seen = 0
    previous = ""
    for raw in text[:6_000].split("\n"):
        line = re.sub(r"</?[A-Za-z][^<>]{0,80}>", " ", raw)
        line = line.strip().strip("#*=-_|>~`/;%! \t\"“”'").strip()
        if p["code"].search(line):
            continue
        if not line or re.match(r"(?:section|article)?\s?\d{1,2}(?:\.\d)*[.)、]|[(（]|https?:", line, re.I):
            continue
        seen += 1
        if seen > _LINES:
            break
        words = p["token"].findall(line)
        if p["word"].search(line) and 1 <= len(words) <= 14 and len(line) < 140:
            if not p["sentence"].search(line) and not line.endswith((":", "：", ",", "，", "。")):
                if not telling(line) and telling(previous) and len(previous) < 60:
                    return f"{previous} {line}"  # a name on one line, LICENSE AGREEMENT on the next
                return line
        previous = line if not p["sentence"].search(line) and not p["date"].search(line) else ""
    return None


def telling(title: str) -> bool:
    """Whether a title says *which* licence: it has a word besides "license", "agreement" ..."""
    words = _patterns()["token"].findall(title)
    own = [w for w in words if w.lower() not in _WEAK and not re.fullmatch(r"v?\d{1,2}(\.\d+)*", w)]
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
        elif word.lower() not in _DROP and word.lower() not in ("version", "v"):
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
    if word.lower() in _WEAK or word.lower() in ("research", "commercial", "non", "noncommercial"):
        return word.capitalize()
    if word.isupper() and len(word) > 4 and not first:
        return word.capitalize()
    return word


def _chinese(word: str) -> list[str]:
    """The English words for the usual parts of a Chinese title, the rest as it stands."""
    out: list[str] = []
    rest = word
    for zh, en in (("模型社区许可协议", "Community"), ("社区许可协议", "Community"),
                   ("商用许可协议", "Commercial"), ("商业许可协议", "Commercial"),
                   ("模型商用许可", "Commercial"), ("模型许可协议", "Model"), ("模型许可证", "Model"),
                   ("开源许可证", "Open-License"), ("开源协议", "Open-License"),
                   ("许可协议", "License"), ("使用协议", "Use-License"), ("许可证", "License"),
                   ("协议", "License"), ("许可", "License"), ("条款", "Terms"), ("政策", "Policy")):
        if zh in rest:
            before, _, after = rest.partition(zh)
            out += [w for w in (before.strip("的"), en, after) if w]
            return out
    return [rest]
