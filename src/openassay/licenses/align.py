"""Where a known text stands inside another: matching runs of words, and what differs.

Runs start from four words that occur once in the known text, grow both ways, and are chained so
that the order is kept and long jumps in the read text cost something: of two copies of one
licence, one is found whole rather than half of each.
"""

from __future__ import annotations

from dataclasses import dataclass

_GRAM = 4
_MAX_BLOCKS = 300
_JUMP_COST = 0.25
_SMALL = 4_000  # product of two gap lengths below which difflib may look at them


@dataclass(frozen=True, slots=True)
class Block:
    """``size`` equal words: from ``read`` in the text read, from ``known`` in the known text."""

    read: int
    known: int
    size: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Words of the read text ``[r0, r1)`` standing where the known text has ``[k0, k1)``."""

    r0: int
    r1: int
    k0: int
    k1: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """``blocks`` in order; ``gaps`` between, before and after them inside the known text."""

    blocks: tuple[Block, ...]
    gaps: tuple[Gap, ...]
    known: int

    @property
    def matched(self) -> int:
        return sum(b.size for b in self.blocks)

    @property
    def start(self) -> int:
        return self.blocks[0].read

    @property
    def end(self) -> int:
        return self.blocks[-1].read + self.blocks[-1].size


def align(read: list[int], known: list[int]) -> Alignment | None:
    """Align; words numbered -1 (already explained) or unknown never match. None: no run at all."""
    blocks = _chain(_seeds(read, known))
    if not blocks:
        return None
    blocks = _fill(read, known, blocks)
    gaps = []
    last = Block(blocks[0].read, 0, 0)
    for block in blocks:
        gap = Gap(last.read + last.size, block.read, last.known + last.size, block.known)
        if gap.r1 > gap.r0 or gap.k1 > gap.k0:
            gaps.append(gap)
        last = block
    tail = Gap(last.read + last.size, last.read + last.size, last.known + last.size, len(known))
    if tail.k1 > tail.k0:
        gaps.append(tail)
    return Alignment(tuple(blocks), tuple(gaps), len(known))


def _grams(ids: list[int]) -> list[tuple[int, int, int, int]]:
    return list(zip(ids, ids[1:], ids[2:], ids[3:], strict=False))


def _seeds(read: list[int], known: list[int]) -> list[Block]:
    once: dict[tuple[int, int, int, int], int] = {}
    for at, gram in enumerate(_grams(known)):
        once[gram] = -1 if gram in once else at
    blocks: list[Block] = []
    done: dict[int, int] = {}  # diagonal -> end of the last run on it, in the read text
    size = len(read), len(known)
    for at, gram in enumerate(_grams(read)):
        k = once.get(gram, -1)
        if k < 0 or done.get(at - k, -1) > at:
            continue
        r0, k0, r1, k1 = at, k, at + _GRAM, k + _GRAM
        floor = done.get(at - k, 0)
        while r0 > floor and k0 > 0 and read[r0 - 1] == known[k0 - 1] >= 0:
            r0, k0 = r0 - 1, k0 - 1
        while r1 < size[0] and k1 < size[1] and read[r1] == known[k1] >= 0:
            r1, k1 = r1 + 1, k1 + 1
        done[at - k] = r1
        blocks.append(Block(r0, k0, r1 - r0))
    if len(blocks) > _MAX_BLOCKS:
        blocks = sorted(blocks, key=lambda b: -b.size)[:_MAX_BLOCKS]
    return sorted(blocks, key=lambda b: (b.read, b.known))


def _chain(blocks: list[Block]) -> list[Block]:
    """The best-scoring order-keeping chain of blocks (overlaps are trimmed)."""
    score: list[float] = []
    back: list[int] = []
    for i, b in enumerate(blocks):
        best, prev = float(b.size), -1
        for j in range(i - 1, -1, -1):
            a = blocks[j]
            if a.known + a.size > b.known + b.size - 2 or a.known >= b.known:
                continue
            overlap = max(0, a.read + a.size - b.read, a.known + a.size - b.known)
            if overlap >= b.size:
                continue
            jump = max(0, b.read - a.read - a.size)
            value = score[j] + b.size - overlap - min(_JUMP_COST * jump, 400)
            if value > best:
                best, prev = value, j
        score.append(best)
        back.append(prev)
    if not score:
        return []
    at = max(range(len(score)), key=score.__getitem__)
    chain: list[Block] = []
    while at >= 0:
        chain.append(blocks[at])
        at = back[at]
    return _trim(chain[::-1])


def _trim(chain: list[Block]) -> list[Block]:
    out = [chain[0]]
    for b in chain[1:]:
        a = out[-1]
        overlap = max(0, a.read + a.size - b.read, a.known + a.size - b.known)
        out.append(Block(b.read + overlap, b.known + overlap, b.size - overlap))
    return out


def _fill(read: list[int], known: list[int], blocks: list[Block]) -> list[Block]:
    """Words equal inside small gaps, so that one changed word does not hide its neighbours."""
    out: list[Block] = []
    before = Block(max(0, blocks[0].read - blocks[0].known - 8), 0, 0)
    for b in blocks:
        out += _between(
            read, known, before.read + before.size, b.read, before.known + before.size, b.known
        )
        out.append(b)
        before = b
    r0, k0 = before.read + before.size, before.known + before.size
    return out + _between(read, known, r0, min(len(read), r0 + len(known) - k0 + 8), k0, len(known))


def _between(read: list[int], known: list[int], r0: int, r1: int, k0: int, k1: int) -> list[Block]:
    if r1 <= r0 or k1 <= k0 or (r1 - r0) * (k1 - k0) > _SMALL:
        return []
    from difflib import SequenceMatcher

    left, right = read[r0:r1], known[k0:k1]
    found = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    # Equal unknown words are two different words as far as anyone can tell; -1 is explained.
    return [
        Block(r0 + m.a, k0 + m.b, m.size)
        for m in found
        if m.size and all(0 <= x < 0xFFFF for x in left[m.a : m.a + m.size])
    ]
