"""Licences named in running text, in English and Chinese, and the tags in source files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from . import catalog, changed, lexicon, names, titles
from .model import Mention

MAX_CHARS = 400_000
MAX_MENTIONS = 200
_HEADER_LINES = 60
# Without a version number any version may be chosen (AGPL 3, section 14), and 3 is the only one.
_ANY_AGPL = "AGPL-3.0-or-later"
_LONGEST = 10  # words in a licence's name
_QUOTE = 300


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        "word": re.compile(r"[A-Za-z0-9][\w.+\-]{0,60}|[\u3400-\u9fff]+|[&,()（）\[\]\"“”《》]"),
        "anchor": re.compile(
            r"(?i)licen[cs]|agreement|terms of use|\bgpl|agpl|lgpl|\bmit\b|apache|\bbsd|"
            r"\bcc[- ]?by|"
            r"\bcc0|creative commons|copyright|public domain|openrail|\brail\b|许可|协议|授权|"
            r"\bmpl|"
            r"openmdw|cdla|\bodc|odbl|unlicense"
        ),
        "licence": re.compile(r"(?i)^(?:licen[cs]|agreement|terms|policy)|许可|协议|授权|版权"),
        "url": re.compile(r"https?://[^\s<>\"'，。）》\])]{4,300}"),
        "spdx": re.compile(
            r"(?i)SPDX-License-Identifier:[ \t]*([^\n\r]{1,300}?)[ \t]*(?:\*/|-->|\"|'|#\}|$)", re.M
        ),
        "title_zh": re.compile(r"《([^《》\n]{2,60}(?:许可|协议|条款|政策|证书)[^《》\n]{0,8})》"),
        "title_en": re.compile(
            r"\b((?:[A-Z0-9][\w.+\-]{0,30}[ \t]){1,7}(?:Community|Model|Research|Open|Commercial|"
            r"Use|"
            r"Non-?Commercial|Weights?|Source)[ \t](?:[A-Z][\w\-]{1,20}[ \t]){0,3}"
            r"(?:License|LICENSE|Licence)(?:[ \t]Agreement)?)\b"
        ),
        "agpl": re.compile(
            r"(?i)(?:GNU )?AGPL(?= (?:licen[cs]e|协议|许可)(?!\s{1,2}(?:v|version)?\s?\d))"
        ),
        "target": re.compile(r"\]\([^()\s]{1,400}\)|https?://[^\s<>\"'，。）》\])]{4,300}"),
        "later": re.compile(
            r"(?i)GNU\s+(Lesser|Library|Affero)?\s*General\s+Public\s+License"
            r"[\s\S]{0,160}?version\s+(\d(?:\.\d)?)"
        ),
    }


def mentions(text: str) -> tuple[Mention, ...]:
    """Every licence a text names, in order; offsets count characters of ``text``.

    A name counts when it says which licence it is, and stands beside a word like "license"
    unless it can mean nothing else (``CC-BY-4.0``). Bounded in text and in number.
    """
    found = sorted(_all(text[:MAX_CHARS]), key=lambda m: (m.start_offset, -m.end_offset))
    out: list[Mention] = []
    for mention in found:
        if out and mention.start_offset < out[-1].end_offset:
            continue
        out.append(mention)
        if len(out) >= MAX_MENTIONS:
            break
    return tuple(out)


def _all(text: str) -> Iterator[Mention]:
    p = _patterns()
    for hit in p["url"].finditer(text):
        id = names.of_url(hit.group())
        if id and id != names.NONE:
            label = _label_start(text, hit.start())
            yield _mention(text, _as_changed(id, text, label, hit.end()), hit.start(), hit.end())
    for hit in p["title_zh"].finditer(text):
        title = re.sub(r"\[([^\[\]]{1,60})\]\([^()]{0,200}\)?", r"\1", hit[1])
        id = names.single(title) or titles.reference(title)
        if id and id != names.NONE:
            yield _mention(text, id, hit.start(), hit.end())
    for hit in p["title_en"].finditer(text):
        id = names.single(hit[1])
        on_heading = text[: hit.start()].rpartition("\n")[2].lstrip().startswith("#")
        if id is None and titles.telling(hit[1]) and not on_heading:
            yield _mention(text, titles.reference(hit[1]) or "", hit.start(1), hit.end(1))
    bare = p["target"].sub(_blank, text)
    at = 0
    for passage in _passages(bare):
        if p["anchor"].search(passage):
            for id, start, end in _in_passage(passage):
                yield _mention(text, id, at + start, at + end)
        at += len(passage)


def _label_start(text: str, at: int) -> int:
    """Where the link begins whose address stands at ``at``: at the bracket of its label."""
    label = re.search(r"\[[^\[\]\n]{0,200}\]\($", text[max(0, at - 210) : at])
    return at - len(label[0]) if label else at


def _blank(found: re.Match[str]) -> str:
    """Paths and addresses name models, branches and files, not licences; ``LICENSE`` may stay."""
    whole = found[0]
    last = re.search(r"(?i)licen[cs]e[\w.-]{0,20}\)?$", whole)
    keep = last[0] if last and whole[0] == "]" else ""
    lead = "](" if whole[0] == "]" else "  "
    return lead + " " * (len(whole) - 2 - len(keep)) + keep


def _passages(text: str) -> Iterator[str]:
    """Paragraphs: a name may run over a line's end, not over an empty line. 4,000 characters."""
    for part in re.split(r"(\n[ \t]*\n)", text):
        for at in range(0, len(part), 4_000):
            yield part[at : at + 4_000]


def _in_passage(passage: str) -> Iterator[tuple[str, int, int]]:
    """Names found in a passage: id, start, end."""
    p = _patterns()
    words = [(m.group(), m.start(), m.end()) for m in p["word"].finditer(passage)]
    first = _first_words()
    at = 0
    while at < len(words):
        hit = _longest(passage, words, at) if _first_key(words[at][0]) in first else None
        if hit is None:
            at += 1
            continue
        id, last = hit
        yield id, words[at][1], words[last][2]
        at = last + 1


def _longest(passage: str, words: list[tuple[str, int, int]], at: int) -> tuple[str, int] | None:
    known = names.table()
    licence = _patterns()["licence"]
    if _patterns()["agpl"].match(passage, words[at][1]):
        return _ANY_AGPL, at
    for last in range(min(len(words), at + _LONGEST) - 1, at - 1, -1):
        raw = passage[words[at][1] : words[last][2]]
        if len(raw) > 160 or words[last][0] in '&,([（“《"':
            continue
        key = names.key(raw)
        id = known.get(key)
        if id is None or id in (names.UNKNOWN, names.NONE):
            continue
        if (
            key not in lexicon.words("lone-names")
            and " " not in key
            and not id.startswith("LicenseRef-")
        ):
            continue
        near = words[max(0, at - 3) : last + 4] if _listed(id) else words[at : last + 1]
        if not any(licence.search(w) for w, _, _ in near) and not _self_evident(id, key):
            continue
        while last > at and names.key(passage[words[at][1] : words[last - 1][2]]) == key:
            last -= 1
        return _as_changed(id, passage, words[at][1], words[last][2]), last
    return None


def _listed(id: str) -> bool:
    """An SPDX licence: its name is no model's name, so "license" may stand a little apart."""
    row = catalog.find(id)
    return row is not None and row.source == "0"


def _as_changed(id: str, text: str, start: int, end: int) -> str:
    """ "Modified MIT License" and "Apache 2.0 with additional terms" are not those licences."""
    if changed.is_changed(text, start, end):
        return f"LicenseRef-Modified-{id.removeprefix('LicenseRef-')}"
    return id


def _self_evident(id: str, key: str) -> bool:
    """A name that is nothing else than a licence's, as ``cc by 4``; never ``llama 2``."""
    return (
        bool(
            re.match(
                r"(?:cc by|cc 0|[al]?gpl \d|apache \d|bsd \d clause|mpl \d|cdla|odc|odbl"
                r"|openmdw \d|gfdl \d|busl)",
                key,
            )
        )
        and catalog.find(id) is not None
    )


@lru_cache(maxsize=20_000)
def _first_key(word: str) -> str:
    return names.key(word).split(" ", 1)[0]


@cache
def _first_words() -> frozenset[str]:
    return frozenset(k.split(" ", 1)[0] for k in names.table() if not k.startswith("url:"))


def _mention(text: str, id: str, start: int, end: int) -> Mention:
    left = max(text.rfind("\n", 0, start) + 1, start - _QUOTE // 2)
    right = text.find("\n", end)
    right = len(text) if right < 0 else right
    quote = text[left : min(right, end + _QUOTE // 2)]
    return Mention(id, start, end, quote.strip())


def headers(text: str) -> tuple[Mention, ...]:
    """Licence tags and notices in the first 60 lines of a source file."""
    head = text[:20_000]
    lines = head.split("\n")
    head = "\n".join(lines[:_HEADER_LINES])
    p = _patterns()
    out: list[Mention] = []
    for hit in p["spdx"].finditer(head):
        raw = hit[1].strip().rstrip("*/-># ")
        id = names.normalize(raw)
        if id is None and raw.startswith("LicenseRef-"):
            id = raw.split()[0]
        if id and id != names.NONE:
            out.append(_mention(head, id, hit.start(), hit.start(1) + len(raw)))
    if out:
        return tuple(out)
    for hit in p["later"].finditer(head):
        short = {"": "GPL", "lesser": "LGPL", "library": "LGPL", "affero": "AGPL"}
        version = hit[2] if "." in hit[2] else hit[2] + ".0"
        later = re.search(r"(?i)any\s+later\s+version", head[hit.end() : hit.end() + 120])
        suffix = "or-later" if later else "only"
        id = catalog.canonical(f"{short[(hit[1] or '').lower()]}-{version}-{suffix}")
        if id:
            out.append(_mention(head, id, hit.start(), hit.end()))
    if out:
        return tuple(out[:1])
    flat = re.sub(r"(?m)^[ \t]*(?://+|#+|\*+|;+|--+|%+)", lambda m: " " * len(m.group()), head)
    return tuple(
        Mention(m.id, m.start_offset, m.end_offset, m.quote)
        for m in mentions(flat)
        if re.search(r"(?i)licen[cs]|许可|协议", m.quote)
    )
