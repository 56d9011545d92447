"""Which licence a text is: the known texts in it, what they leave over, and what that means."""

from __future__ import annotations

import re

from . import catalog, guards, names, operative, titles
from .model import Identification
from .regions import Found, as_match, as_region, explain, leftovers
from .words import Words, split

_REGIONS = 40
# An unexplained passage of so many words or more stands for itself as a part of the file.
_OWN_PART = 120


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
        return Identification(None, False, (), (), "empty")
    found = explain(words)
    return _conclude(words, found, leftovers(words, found))


def _conclude(words: Words, found: list[Found], left: list[tuple[int, int]]) -> Identification:
    whole = [f for f in found if f.clean]
    explained = sum(f.matched for f in whole)
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
    expression, modified = _expression(words, found, left, explained)
    if expression is None and guard is None:
        guard = "untitled"
    if expression and guards.is_policy(words.text):
        guard = "policy"
    return Identification(expression, modified, matches, regions, guard)


def _expression(
    words: Words, found: list[Found], left: list[tuple[int, int]], explained: int
) -> tuple[str | None, bool]:
    if not found:
        return titles.reference(titles.of_text(words.text) or ""), False
    first = found[0]
    added = [run for run in left if _adds(words, run)]
    own_title = titles.of_text(words.text[: words.starts[min(first.start + 60, len(words) - 1)]])
    if not first.clean:
        return _variant(words, first, own_title), True
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
    for start, end in added:
        if _separate(words, found, start, end):
            parts.append("LicenseRef-Unidentified")
        else:
            modified = True
    if modified:
        parts[0] = _variant(words, first, own_title) or parts[0]
    return " AND ".join(dict.fromkeys(parts)), modified


def _adds(words: Words, run: tuple[int, int]) -> bool:
    """Whether a passage outside the recognised licences says something about rights."""
    if run[1] - run[0] < 2:
        return False
    passage = words.slice(run[0], run[1] - 1)
    rest = split(operative.without_formalities(passage)).words
    return operative.strong_only(rest)


def _separate(words: Words, found: list[Found], start: int, end: int) -> bool:
    """A passage that speaks of another component, after its own heading, not of the main licence."""
    if len(found) < 2 or start < found[0].end:
        return False
    return end - start >= _OWN_PART


def _variant(words: Words, parent: Found, title: str | None) -> str | None:
    """A name for a text that is not quite the known one."""
    changed = f"LicenseRef-Modified-{parent.id.removeprefix('LicenseRef-')}"
    if title and titles.telling(title):
        plain = re.sub(r"(?i)\bmodified\b", "", title)
        known = names.single(plain)
        row = catalog.find(parent.id)
        family = set(names.key(f"{parent.id} {row.name if row else ''}").split())
        if known == parent.id or set(names.key(plain).split()) <= family:
            return changed
        if known is not None and known != names.NONE and plain != title:
            return f"LicenseRef-Modified-{known.removeprefix('LicenseRef-')}"
        if known is None or parent.coverage < 0.85:
            return titles.reference(title)
    return changed if parent.coverage >= 0.85 else titles.reference(title or "")
