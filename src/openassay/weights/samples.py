"""A few small reads of each checkpoint: holes, untrained weights, rounded weights.

At most READS ranges of at most PIECE bytes each are read, spread over the checkpoint's files, so
that it costs the same for weights far away. Nothing is concluded from one tensor alone.

Thresholds were measured on random starts, synthetic matrices and trained models; see
docs/weights.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from openassay.arrays import np
from openassay.errors import ReadError
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.parameters import is_beside
from openassay.weights.values import PLAIN, floats

READS: Final = 16  # ranges of one checkpoint
PIECE: Final = 1 << 20  # bytes of one range
PAGE: Final = 4096
_ROWS: Final = 1024  # side of the block whose spectrum is looked at
_MIN_ROWS: Final = 64  # smaller blocks scatter too much
_EDGE: Final = 1.05  # times the largest value that noise of this shape and size reaches
_GROUP: Final = 32  # weights that share a scale in the usual 4-bit and 3-bit formats
_MIN_GROUPS: Final = 64
_SPARSE: Final = 0.4  # rounding to 3 bits makes up to a third of the weights zero, pruning more


@dataclass(frozen=True, slots=True)
class Sampled:
    """What one range showed; None where that could not be told.

    ``edge`` is the largest eigenvalue over that of pure noise, ``distinct`` the median number of
    distinct values in groups of 32, ``levels`` the distinct values of one row, ``zeros`` a share.
    """

    name: str
    path: str
    start: int
    end: int
    zero_page: bool
    zeros: float | None = None
    edge: float | None = None
    distinct: float | None = None
    levels: tuple[int, int] | None = None  # distinct values, of how many
    constant: float | None = None
    rows: int = 0  # of a matrix; 0 for a vector


@dataclass(frozen=True, slots=True)
class Samples:
    """All ranges of one checkpoint and what they say together; None is "cannot tell"."""

    ranges: tuple[Sampled, ...]
    untrained: bool | None
    rounded_bits: int | None
    zero_pages: tuple[str, ...]
    empty: bool  # every sampled matrix is nothing but zeros


def take(stored: Sequence[StoredTensor]) -> Samples:
    """Read and judge a few ranges. Raises UsageError without numpy."""
    ranges: list[Sampled] = []
    for tensor in _chosen(stored):
        try:
            ranges.append(_look(tensor))
        except ReadError:
            continue  # the header's reader reports files that cannot be read
    found = tuple(ranges)
    return Samples(
        found,
        _untrained(found),
        _rounded(found),
        tuple(sampled.name for sampled in found if sampled.zero_page),
        any(map(_is_matrix, found)) and all(s.zeros == 1.0 for s in found if _is_matrix(s)),
    )


def _is_matrix(sampled: Sampled) -> bool:
    return sampled.rows > 0


def _chosen(stored: Sequence[StoredTensor]) -> list[StoredTensor]:
    """Matrices and norm gains of plain types, evenly over the checkpoint, the same every time."""
    usable = [
        tensor for tensor in stored
        if tensor.dtype in PLAIN and tensor.start is not None and tensor.strides is None
        and not tensor.big_endian and not is_beside(tensor.name)
    ]  # fmt: skip
    matrices = [t for t in usable if len(t.shape) == 2 and min(t.shape) >= _MIN_ROWS]
    gains = [t for t in usable if len(t.shape) == 1 and "norm" in t.name.lower()]
    return [*_spread(matrices, READS * 3 // 4), *_spread(gains, READS // 4)]


def _spread(found: list[StoredTensor], count: int) -> list[StoredTensor]:
    if len(found) <= count:
        return found
    return [found[index * (len(found) - 1) // (count - 1)] for index in range(count)]


def _look(tensor: StoredTensor) -> Sampled:
    start, end = tensor.start or 0, tensor.end or 0
    row = (end - start) // max(1, tensor.shape[0])
    length = end - start
    if length > PIECE:
        length = max(row, PIECE - PIECE % row) if row <= PIECE else PIECE
    raw = tensor.file.read(start, min(length, PIECE))
    width = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}[tensor.dtype]
    values = floats(raw[: len(raw) - len(raw) % width], tensor.dtype)
    zero_page = len(raw) >= PAGE and (not any(raw[:PAGE]) or not any(raw[-PAGE:]))
    place = (tensor.name, tensor.file.path, start, start + len(raw), zero_page)
    if not len(values) or not np.isfinite(values).all():
        return Sampled(*place)
    zeros = float((values == 0).mean())
    if len(tensor.shape) == 1:
        constant = float(values[0]) if (values == values[0]).all() else None
        return Sampled(*place, zeros=zeros, constant=constant)
    columns = tensor.shape[1]
    rows = len(values) // columns
    block = values[: rows * columns].reshape(rows, columns)
    first = values[:columns]
    varied = rows and columns >= _ROWS and zeros <= _SPARSE
    levels = (len(np.unique(first)), columns) if varied else None
    edge, distinct = _edge(block), _distinct(values, zeros)
    return Sampled(*place, zeros, edge, distinct, levels, rows=max(1, rows))


def _edge(block: Any) -> float | None:
    """The largest eigenvalue of a block over the edge of the Marchenko-Pastur law for its shape."""
    block = block[:_ROWS, :_ROWS].astype(np.float64)
    if min(block.shape) < _MIN_ROWS:
        return None
    spread = float(block.std())
    if not spread:
        return None
    largest = float(np.linalg.eigvalsh(block @ block.T)[-1]) if block.shape[0] <= block.shape[1] \
        else float(np.linalg.eigvalsh(block.T @ block)[-1])  # fmt: skip
    edge = spread**2 * (math.sqrt(block.shape[0]) + math.sqrt(block.shape[1])) ** 2
    return round(largest / edge, 3)


def _distinct(values: Any, zeros: float) -> float | None:
    """Median of distinct values in groups of 32; pruned weights have few for another reason."""
    groups = len(values) // _GROUP
    if groups < _MIN_GROUPS or zeros > _SPARSE:
        return None
    block = np.sort(values[: groups * _GROUP].reshape(groups, _GROUP), axis=1)
    return float(np.median((np.diff(block, axis=1) != 0).sum(axis=1) + 1))


def _untrained(ranges: Sequence[Sampled]) -> bool | None:
    """True only if every norm gain is exactly one and no matrix stands out from noise."""
    gains = [s.constant for s in ranges if s.edge is None and s.zeros is not None]
    edges = [s.edge for s in ranges if s.edge is not None]
    if len(edges) < 2:
        return None
    if any(edge > _EDGE for edge in edges):
        return False
    if not gains:
        return None
    return all(gain == 1.0 for gain in gains) or None


def _rounded(ranges: Sequence[Sampled]) -> int | None:
    """4 or 3 (bits a weight) if nearly all matrices hold few values in each group; 8 by rows."""
    found = [s.distinct for s in ranges if s.distinct is not None]
    if len(found) >= 2:
        few = sorted(found)[len(found) // 2]
        if few <= 8:
            return 3
        if few <= 16:
            return 4
    rows = [s.levels for s in ranges if s.levels is not None]
    if len(rows) >= 2 and all(levels <= 256 for levels, _ in rows):
        return 8
    return None
