"""Known texts found inside a text, region by region, each difference weighed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import lexicon, operative
from .align import Alignment, Gap, align
from .index import Index, load, shingles
from .model import Match, Region
from .words import Words, split

MAX_WORDS = 60_000
_ROUNDS = 24
_CANDIDATES = 7
_MIN_WORDS = 22
_QUOTE = 400
NOTICE = "#notice"
OWNED = "#owned"
COMMON = "#common"
_YEAR = re.compile(r"(?:19|20)\d\d")
# Words between two found runs that may still belong to the licence around them.
_INNER = 60


@dataclass(slots=True)
class Found:
    """A known text recognised in words ``start`` to ``end`` (excluded) of the text read."""

    id: str
    start: int
    end: int
    coverage: float
    matched: int
    clean: bool
    missing: int
    spans: list[tuple[int, int]]
    notice: bool


def explain(words: Words) -> list[Found]:
    """The known texts found, in the order of the text; no word is explained twice."""
    index = load()
    ids = [index.number(w) for w in words.words[:MAX_WORDS]]
    hashed = shingles(ids)
    found: list[Found] = []
    free = ids[:]
    for _ in range(_ROUNDS):
        best = _best(index, words, free, hashed)
        if best is None:
            break
        found.append(best[0])
        _claim(free, best[1])
    return sorted((f for f in found if _telling(words, f)), key=lambda f: f.start)


def _telling(words: Words, found: Found) -> bool:
    """Not a fragment that many licences share, and not a disclaimer alone."""
    if not found.clean and (found.coverage < 0.6 or found.matched < 120) and found.matched < 400:
        return False
    passage = words.slice(found.start, found.end - 1) if found.matched < 400 else ""
    return not passage or len(split(operative.without_formalities(passage))) >= 10


def _best(
    index: Index, words: Words, free: list[int], hashed: list[int]
) -> tuple[Found, Alignment] | None:
    live = {h for at, h in enumerate(hashed) if free[at] >= 0 and free[at + 2] >= 0 <= free[at + 4]}
    if len(live) < _MIN_WORDS // 2:
        return None
    best: tuple[float, Found, Alignment] | None = None
    parent: tuple[float, Found, Alignment] | None = None
    for document in _candidates(index, live):
        found = align(free, index.sequence(document))
        if found is None:
            continue
        judged = judge(index, words, document, found)
        if judged is None:
            continue
        inner = sum(b - a for a, b in judged.spans) - judged.matched
        value = 2.0 * judged.matched - judged.missing - inner
        value = value + 20 if judged.clean else value * 0.7
        exact = judged.coverage == 1.0 and inner == 0
        value += 10 if exact or index.names[document].endswith(COMMON) else 0
        if best is None or value > best[0]:
            best = value, judged, found
        if judged.clean and exact and judged.missing == 0:
            break  # candidates come longest first: nothing larger is whole as well
        if judged.coverage > 0.93 and not index.names[document].endswith(OWNED):
            parent = max(parent or (0.0, judged, found), (value, judged, found), key=_first)
    # A changed text is named after the common licence it was made from, not after a cousin.
    if best and parent and not best[1].clean and parent[1].matched > 0.6 * best[1].matched:
        best = parent
    return best[1:] if best else None


def _first(scored: tuple[float, Found, Alignment]) -> float:
    return scored[0]


def _candidates(index: Index, live: set[int]) -> list[int]:
    ranked = []
    for document, hits in index.hits(live).items():
        kept = index.kept[document]
        share = hits / kept
        length = index.lengths[document]
        if share < 0.2 or share * length < _MIN_WORDS / 2:
            continue
        ranked.append((share * share * length, -length, document))
    ranked.sort(reverse=True)
    return [document for _, _, document in ranked[:_CANDIDATES]]


def judge(index: Index, words: Words, document: int, found: Alignment) -> Found | None:
    """Weigh an alignment; None when too little of the known text is there."""
    matched, length = found.matched, found.known
    head, tail = index.optional_head[document], length - index.optional_tail[document]
    absent = sum(_within(g, 0, head) + _within(g, tail, length) for g in found.gaps)
    coverage = matched / (length - absent)
    if (matched < _MIN_WORDS and coverage < 0.95) or (coverage < 0.5 and matched < 250):
        return None
    if coverage < 0.3:
        return None
    known = index.sequence(document)
    spans = [(b.read, b.read + b.size) for b in found.blocks]
    spans += [(g.r0, g.r1) for g in found.gaps if 0 < g.r1 - g.r0 <= _INNER]
    clean = coverage >= 0.5 and not _renamed(index, words, document, found, known)
    missing = lacking = 0
    for gap in found.gaps:
        lost = known[max(gap.k0, head) : min(gap.k1, tail)]
        missing += len(lost)
        lacking += 0 if _disclaims(index, lost) else len(lost)
        clean = clean and not _gap_matters(index, words, gap, lost)
    name = index.names[document]
    # A tenth may differ in harmless words (names, years); in a rare licence's text, less.
    clean = clean and lacking <= length * (0.1 if name.endswith(COMMON) else 0.06) + 6
    if name.endswith(NOTICE):
        clean = clean and coverage > 0.8 and not _other_family(index, words, found, known)
    return Found(
        name.split("#")[0],
        found.start,
        found.end,
        coverage,
        matched,
        clean,
        missing,
        spans,
        name.endswith(NOTICE),
    )


def _gap_matters(index: Index, words: Words, gap: Gap, lost: list[int]) -> bool:
    if gap.r1 > gap.r0:
        named = bool(index.numbers(lexicon.words("holders")) & set(lost))
        if _weighs(words, gap.r0, gap.r1, named):
            return True
    return _loss_matters(index, lost, gap.r1 - gap.r0)


def _disclaims(index: Index, lost: list[int]) -> bool:
    """A run of known words that is a disclaimer and nothing else."""
    here = set(lost)
    disclaiming = index.numbers(lexicon.words("disclaiming"))
    return len(here & disclaiming) >= 3 and not here & index.numbers(lexicon.words("granting"))


def _other_family(index: Index, words: Words, found: Alignment, known: list[int]) -> bool:
    """Whether a notice differs in the very words that say which licence it is about."""
    telling = index.numbers(lexicon.words("families"))
    for gap in found.gaps:
        lost = set(known[gap.k0 : gap.k1])
        here = set(words.words[gap.r0 : gap.r1])
        if lost & telling or here & lexicon.words("families"):
            return True
        if any(index.is_number(n) and not index.is_year(n) for n in lost):
            return True
    return False


def _within(gap: Gap, start: int, end: int) -> int:
    return max(0, min(gap.k1, end) - max(gap.k0, start))


def _renamed(index: Index, words: Words, document: int, found: Alignment, known: list[int]) -> bool:
    """Whether names, versions or dates differ in a way that makes it another licence.

    Templates (MIT, BSD, Apache ...) carry anyone's name and year; the terms of one licensor do
    not. A changed version number counts in both.
    """
    template = not index.names[document].endswith(OWNED)
    changes = 0
    for gap in found.gaps:
        there, here = known[gap.k0 : gap.k1], words.words[gap.r0 : gap.r1]
        if not there or not here or len(there) > 12 or len(here) > 12:
            continue
        before = {n for n in there if index.is_number(n)}
        after = {w for w in here if w.isdigit() and not (template and _YEAR.fullmatch(w))}
        if template:
            if lexicon.words("months") & set(here):
                continue
            before = {n for n in before if not index.is_year(n)}
        differ = bool(before and after) and before != {index.number(w) for w in after}
        if differ and gap.k0 < 40:
            return True
        changes += differ or not template
    return changes >= 2


def _weighs(words: Words, start: int, end: int, named: bool) -> bool:
    """Whether words ``start`` to ``end`` in a licence change it; ``named``: in a holder's place."""
    passage = words.slice(start, end - 1)
    if named and end - start < 12 and not operative.says_more(passage, lexicon.words("in-names")):
        return False
    rest = operative.without_formalities(passage)
    left = split(rest).words
    return operative.matters(left) or (len(left) >= 3 and operative.unfamiliar(rest))


def _loss_matters(index: Index, lost: list[int], replaced_by: int) -> bool:
    """Whether known words that are not there change the licence."""
    if not lost or _disclaims(index, lost):
        return False
    here = set(lost)
    if here & index.numbers(lexicon.words("strong")):
        return True
    granting = index.numbers(lexicon.words("granting"))
    return len(lost) - replaced_by > 12 and bool(here & granting)


def _claim(free: list[int], found: Alignment) -> None:
    for block in found.blocks:
        free[block.read : block.read + block.size] = [-1] * block.size
    for gap in found.gaps:
        if 0 < gap.r1 - gap.r0 <= _INNER:
            free[gap.r0 : gap.r1] = [-1] * (gap.r1 - gap.r0)


def leftovers(words: Words, found: list[Found]) -> list[tuple[int, int]]:
    """Runs of words that no known text explains (differences inside one included)."""
    total = len(words)
    owned = bytearray(total)
    for f in found:
        for first, last in f.spans:
            owned[first:last] = b"\1" * (last - first)
    runs = []
    at = 0
    while at < total:
        if owned[at]:
            at = owned.find(0, at)
            if at < 0:
                break
            continue
        end = owned.find(1, at)
        end = total if end < 0 else end
        runs.append((at, end))
        at = end
    return runs


def as_match(words: Words, found: Found) -> Match:
    """The public form of a finding."""
    return Match(
        found.id, round(found.coverage, 3), words.line_of(found.start), words.line_of(found.end - 1)
    )


def as_region(words: Words, start: int, end: int) -> Region:
    """The public form of a leftover."""
    return Region(
        words.line_of(start), words.line_of(end - 1), words.slice(start, end - 1)[:_QUOTE]
    )
