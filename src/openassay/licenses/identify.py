"""Which licence a text is: the known texts in it, what they leave over, and what that means."""

from __future__ import annotations

import re

from . import catalog, guards, names, operative, stated, titles
from .model import Identification
from .regions import Found, as_match, as_region, explain, leftovers
from .words import Words, split

_REGIONS = 40
# An unexplained passage of so many words or more stands for itself as a part of the file.
_OWN_PART = 120
# Terms of so many words before the first known licence are the file's own, what follows is a part.
_FOREWORD = 60
_HEADING = 160  # characters
_NAMED = 12


def identify(text: str) -> Identification:
    """Identify a licence text. Never raises; reads `words.MAX_CHARS` characters at most.

    An id is given when every difference between the text and the known one is harmless; else the
    text is ``modified``, or it keeps the name its title gives it, or it has none.
    """
    early = guards.unreadable(text)
    if early:
        return Identification(None, False, (), (), early)
    words = split(text)
    if not len(words):
        return Identification(None, False, (), (), "pointer" if "://" in text else "empty")
    found = explain(words)
    return _conclude(words, found, leftovers(words, found))


def _conclude(words: Words, found: list[Found], left: list[tuple[int, int]]) -> Identification:
    whole = [f for f in found if f.clean]
    regions = tuple(as_region(words, a, b) for a, b in left[:_REGIONS])
    matches = tuple(as_match(words, f) for f in found)
    guard = guards.kind(words, sum(f.matched for f in found))
    if guard in ("card_front_matter", "pointer", "not_a_license") and not whole:
        return Identification(None, False, matches, regions, guard)
    if guard == "readme" and all(f.notice for f in whole):
        return Identification(None, False, matches, regions, guard)
    if whole and all(f.notice for f in found):
        guard = "header_only"
    elif whole:
        guard = None
    if words.truncated:
        guard = "truncated"
    expression, modified = _expression(words, found, left)
    if expression is None and guard is None:
        guard = "untitled"
    if expression and guards.is_policy(words.text):
        guard = "policy"
    elif expression and len(found) > 1 and guard is None and guards.is_notice(words.text):
        guard = "notice"
    return Identification(expression, modified, matches, regions, guard)


def _expression(
    words: Words, found: list[Found], left: list[tuple[int, int]]
) -> tuple[str | None, bool]:
    if not found:
        return _by_title(titles.of_text(words.text)), False
    first = found[0]
    collected = len(found) > 1 and guards.is_notice(words.text)
    added = [run for run in left if _adds(words, run, collected)]
    own_title = titles.of_text(words.text[: words.starts[min(first.start + 60, len(words) - 1)]])
    if not first.clean:
        name = _variant(first, own_title)
        return name, first.coverage >= 0.85 or bool(name and "-Modified-" in name)
    parts: list[str] = []
    modified = words.truncated
    for f in found:
        id = f.id
        if f.clean and id not in parts:
            parts.append(id)
        elif not f.clean and f.coverage > 0.85 and f.matched > 60:
            parts.append(f"LicenseRef-Modified-{id.removeprefix('LicenseRef-')}")
        elif not f.clean:
            added.append((f.start, f.end))
    foreword = any(e <= first.start and e - s >= _FOREWORD for s, e in added)
    for start, end in added:
        if collected or _separate(found, start, end):
            parts.append("LicenseRef-Unidentified")
        else:
            modified = True
    if collected:
        parts += _named_only(words, left)
    if modified and foreword and not collected:
        heading = titles.of_text(words.text[:_HEADING])  # a later one may be the part's
        parts.insert(0, _by_title(heading) or "LicenseRef-Unidentified")
    elif modified:
        parts[0] = _variant(first, own_title) or parts[0]
    return " AND ".join(dict.fromkeys(parts)), modified


def _named_only(words: Words, left: list[tuple[int, int]]) -> list[str]:
    """Licences that a list of parts names without giving their text."""
    told: list[str] = []
    for start, end in left[:_REGIONS]:
        if end - start >= 4:
            told += stated.named(words.slice(start, end - 1))
    return list(dict.fromkeys(told))[:_NAMED]


def _adds(words: Words, run: tuple[int, int], collected: bool) -> bool:
    """Whether a passage outside the recognised licences says something about rights."""
    if run[1] - run[0] < 2:
        return run[1] > run[0] and operative.strong(words.words[run[0]])
    passage = words.slice(run[0], run[1] - 1)
    if len(passage) < 160 and names.single(" ".join(passage.split())):
        return False  # a title
    if _chinese(words, run):
        return _restricts_in_chinese(passage)
    if collected:
        return operative.restricts(passage)
    rest = operative.without_formalities(passage)
    return operative.strong_only(split(rest).words) or operative.unfamiliar(rest)


def _chinese(words: Words, run: tuple[int, int]) -> bool:
    """Mostly Chinese: a translation beside the text, unless it says more."""
    own = words.words[run[0] : run[1]]
    return sum(1 for w in own if "\u3400" <= w[0] <= "\u9fff") > 0.6 * len(own)


def _restricts_in_chinese(passage: str) -> bool:
    from .clauses import read_terms  # reads the lexicon, which most texts do not need

    plain = {"commercial_use": "yes", "share_alike": "yes"}
    return any(plain.get(t.name) != t.value for t in read_terms(passage))


def _separate(found: list[Found], start: int, end: int) -> bool:
    """A passage long enough to be a part of its own, after the main licence and another one."""
    if len(found) < 2 or start < found[0].end:
        return False
    return end - start >= _OWN_PART


def _by_title(title: str | None) -> str | None:
    """The id for a text known by its title alone: only ever a ``LicenseRef-`` one."""
    if not title:
        return None
    known = names.single(title)
    if known and known.startswith("LicenseRef-"):
        return known
    return titles.reference(title)


def _variant(parent: Found, title: str | None) -> str | None:
    """A name for a text that is not quite the known one."""
    changed = f"LicenseRef-Modified-{parent.id.removeprefix('LicenseRef-')}"
    if title and titles.telling(title):
        plain = re.sub(r"(?i)\bmodified\b", "", title)
        known = names.single(plain)
        if known and known != parent.id and known.startswith("LicenseRef-"):
            return known
        row = catalog.find(parent.id)
        family = set(names.key(f"{parent.id} {row.name if row else ''}").split())
        if known == parent.id or set(names.key(plain).split()) <= family:
            return changed
        if known is not None and known != names.NONE and plain != title:
            return f"LicenseRef-Modified-{known.removeprefix('LicenseRef-')}"
        if known is None or parent.coverage < 0.85:
            return _by_title(title)
    return changed if parent.coverage >= 0.85 else titles.reference(title or "")
