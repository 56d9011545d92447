"""T0: are the tensors of two models the same, byte for byte, or value for value in some order?

Two questions that must not be mixed. *Equal models* is asked of every tensor, of packed integers
and tables of positions too: one that differs makes another model. *Equal tensors as a sign of an
origin* are counted only among those that count (:attr:`Row.counts`) and are large enough.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from openassay.lineage.decode import FLOATS, is_lossy
from openassay.lineage.result import Outcome
from openassay.lineage.roles import MADE_BY_FORMULA, Role
from openassay.lineage.sketch import Row, Sketch

SMALL: Final = 4 << 10  # bytes; equality of a smaller tensor proves nothing
FEW: Final = 16  # elements; exporters add smaller ones of their own
_TEST: Final = ("T0", "equal tensors")


@dataclass(frozen=True, slots=True)
class Equality:
    """What T0 counted, and whether the models are the same, or hold the same values."""

    outcome: Outcome
    identical: bool
    reordered: bool


def equality(a: Sketch, b: Sketch) -> Equality:
    """Compare two tables of tensors. The test is not run without digests of all tensors."""
    if not (a.complete and b.complete):
        return _not_run("files of the weights are missing, so nothing can be said of all tensors")
    files = [{f.sha256 for f in s.files} for s in (a, b)]
    if "" not in files[0] | files[1] and files[0] == files[1]:
        said = "the files' published digests are the same"
        return Equality(Outcome(*_TEST, ran=True, found=True, sentence=said), True, True)
    if not (a.whole and b.whole):
        return _not_run("digests of tensors need both models read whole, one is sampled")
    ours, theirs = _signs(a), _signs(b)
    of = min(len(ours), len(theirs))
    if not of:
        return _not_run("no tensor of weights of 4 KB or more")
    same_bytes = _alike(map(_stored, ours), map(_stored, theirs))
    same_values = _alike((row.values for row in ours), (row.values for row in theirs))
    identical = _identical(a, b)
    sentence = f"{same_bytes} of {of} tensors have the same bytes"
    if same_values > same_bytes:
        sentence += f", {same_values} the same values in some order"
    elif same_bytes == of and not identical:
        if _same(a, b, _stored):
            sentence += ", under other names"
        elif _differ(a, b):
            sentence += "; others, no sign of an origin, differ"
        else:
            sentence += "; others, no sign of an origin, are not in both"
    most = max(same_bytes, same_values)
    outcome = Outcome(*_TEST, ran=True, found=most > 0, sentence=sentence, count=most, of=of)
    return Equality(outcome, identical, identical or _same(a, b, _values))


def _differ(a: Sketch, b: Sketch) -> bool:
    """Whether tensors of one name are not the same in both."""
    ours, theirs = ({row.name: row for row in s.table} for s in (a, b))
    return any(_entry(ours[name]) != _entry(theirs[name]) for name in ours.keys() & theirs.keys())


def _not_run(why: str) -> Equality:
    return Equality(Outcome(*_TEST, ran=False, sentence=why), False, False)


def _signs(sketch: Sketch) -> list[Row]:
    """Large tensors of weights: floats, and what weights are rounded to."""
    return [
        row
        for row in sketch.table
        if row.nbytes >= SMALL
        and row.counts
        and row.values
        and (row.dtype in FLOATS or is_lossy(row.dtype))
    ]


def _stored(row: Row) -> str:
    return f"{row.dtype}:{row.sha256}"


def _values(row: Row) -> str:
    """What stays the same in another order; the bytes, where values cannot be told."""
    return row.values or _stored(row)


def _alike(ours: Iterable[str], theirs: Iterable[str]) -> int:
    return sum((Counter(ours) & Counter(theirs)).values())


def _identical(a: Sketch, b: Sketch) -> bool:
    """Whether every tensor has the same bytes: under its name, or for other names under any."""
    ours, theirs = ({row.name: row for row in s.table} for s in (a, b))
    shared = ours.keys() & theirs.keys()
    if 2 * len(shared) < min(len(ours), len(theirs)):
        return _same(a, b, _stored)
    if any(_entry(ours[name]) != _entry(theirs[name]) for name in shared):
        return False
    left = ([row for row in s.table if row.name not in shared] for s in (a, b))
    return not any(_needed(rows, s) for rows, s in zip(left, (a, b), strict=True))


def _entry(row: Row) -> tuple[str, tuple[int, ...], str]:
    return row.dtype, row.shape, row.sha256


def _same(a: Sketch, b: Sketch, key: Callable[[Row], str]) -> bool:
    """Whether both hold the same tensors whatever their names.

    Every large one must be there on both sides; of the small ones, to which exporters add, those of
    the side with fewer.
    """
    ours, theirs = (_needed(s.table, s) for s in (a, b))
    large, other = (Counter(key(r) for r in rows if r.nbytes >= SMALL) for rows in (ours, theirs))
    if not large or large != other:
        return False
    small, other = (Counter(key(r) for r in rows if r.nbytes < SMALL) for rows in (ours, theirs))
    return small <= other or other <= small


def _needed(rows: Sequence[Row], sketch: Sketch) -> list[Row]:
    """Those without which it would be another model: not what any loader makes anew by a formula,
    not small buffers of integers, not an output matrix that is the embedding once more."""
    embeddings = {row.sha256 for row in sketch.table if row.part.role is Role.EMBED}
    kept = []
    for row in rows:
        formula = bool(row.fixed) or row.part.denied in MADE_BY_FORMULA
        counter = row.dtype not in FLOATS and row.nbytes < SMALL
        tied = row.part.role is Role.HEAD and row.sha256 in embeddings
        if not (formula or counter or tied or math.prod(row.shape) < FEW):
            kept.append(row)
    return kept
