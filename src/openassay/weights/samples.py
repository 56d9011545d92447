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
from openassay.formats import weights_names, weights_shape
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.holes import Holes, look, spread
from openassay.weights.parameters import is_beside
from openassay.weights.values import PLAIN, WIDTHS, floats

READS: Final = 16  # ranges of one checkpoint
_MATRICES: Final = 10  # of them
_VECTORS: Final = 3  # gains, and as many biases
PIECE: Final = 1 << 20  # bytes of one range
_ROWS: Final = 1024  # side of the block whose spectrum is looked at
_MIN_ROWS: Final = 64  # smaller blocks scatter too much
_EDGE: Final = 1.05  # times the largest value that noise of this shape and size reaches
_GROUP: Final = 32  # weights that share a scale in the usual 4-bit and 3-bit formats
_MIN_GROUPS: Final = 64
_SPARSE: Final = 0.4  # rounding to 3 bits makes up to a third of the weights zero, pruning more
# Largest value over root mean square: 1.73 for the uniform numbers that layers begin with, 2.2 and
# more for normal ones. A few hundred scatter so far around it.
_UNIFORM: Final = (1.55, 1.9)
_FEW: Final = 64  # values; fewer scatter too much


@dataclass(frozen=True, slots=True)
class Sampled:
    """What one range showed; None where that could not be told.

    ``kind`` is matrix, gain (of a norm) or bias. ``odd`` counts values that are no numbers.
    ``fresh`` says of a bias that it is as random starts leave it, ``narrow`` names the smaller type
    that holds every value as well. ``edge`` is the largest eigenvalue over that of pure noise,
    ``distinct`` the median number of distinct values in groups of 32, ``levels`` the distinct
    values of one row, ``zeros`` a share.
    """

    name: str
    path: str
    start: int
    end: int
    kind: str
    odd: int = 0
    zeros: float | None = None
    edge: float | None = None
    distinct: float | None = None
    levels: tuple[int, int] | None = None  # distinct values, of how many
    constant: float | None = None
    fresh: bool | None = None
    narrow: str = ""


@dataclass(frozen=True, slots=True)
class Samples:
    """All ranges of one checkpoint and what they say together; None is "cannot tell"."""

    ranges: tuple[Sampled, ...]
    untrained: bool | None
    rounded_bits: int | None
    narrow: str  # the smaller type that holds every sampled value as well
    zeros: float | None  # share of exact zeros in the sampled matrices: their median
    holes: Holes
    empty: bool  # every sampled matrix is nothing but zeros

    @property
    def pruned(self) -> bool:
        """Whether more weights are exactly zero than rounding leaves, and not as pages."""
        return bool(self.zeros and self.zeros >= _SPARSE) and not (self.empty or self.holes.many)


def take(stored: Sequence[StoredTensor], near: bool = True) -> Samples:
    """Read and judge a few ranges; ``near`` says that small reads cost next to nothing.

    Raises UsageError without numpy.
    """
    ranges: list[Sampled] = []
    for tensor in _chosen(stored):
        try:
            ranges.append(_look(tensor))
        except ReadError:
            continue  # the header's reader reports files that cannot be read
    found = tuple(ranges)
    matrices = [sampled for sampled in found if sampled.kind == "matrix"]
    zeros = sorted(
        s.zeros for s in matrices
        if s.zeros is not None and not (s.zeros == 1 and weights_shape.begins_at_zero(s.name))
    )  # fmt: skip
    return Samples(
        found,
        _untrained(found),
        _rounded(found),
        _narrow(matrices),
        round(zeros[len(zeros) // 2], 4) if zeros else None,
        look(stored, near),
        bool(matrices) and all(s.zeros == 1.0 for s in matrices),
    )


def _chosen(stored: Sequence[StoredTensor]) -> list[StoredTensor]:
    """Matrices, norm gains and biases of plain types, evenly over it, the same every time."""
    usable = [
        tensor for tensor in stored
        if tensor.dtype in PLAIN and tensor.start is not None and tensor.strides is None
        and not tensor.big_endian and not is_beside(tensor.name)
    ]  # fmt: skip
    matrices = [t for t in usable if len(t.shape) == 2 and min(t.shape) >= _MIN_ROWS]
    vectors = [t for t in usable if len(t.shape) == 1]
    gains = [t for t in vectors if weights_names.is_gain(t.name)]
    biases = [t for t in vectors if weights_names.is_bias(t.name)]
    rest = spread(gains, _VECTORS) + spread(biases, _VECTORS)
    return spread(matrices, max(_MATRICES, READS - len(rest))) + rest


def _look(tensor: StoredTensor) -> Sampled:
    start, end = tensor.start or 0, tensor.end or 0
    row = (end - start) // max(1, tensor.shape[0])
    length = end - start
    if length > PIECE:
        length = max(row, PIECE - PIECE % row) if row <= PIECE else PIECE
    raw = tensor.file.read(start, min(length, PIECE))
    width = WIDTHS[tensor.dtype]
    values = floats(raw[: len(raw) - len(raw) % width], tensor.dtype)
    kind = "matrix" if len(tensor.shape) == 2 else "bias"
    kind = "gain" if kind == "bias" and weights_names.is_gain(tensor.name) else kind
    place = (tensor.name, tensor.file.path, start, start + len(raw), kind)
    odd = _odd(values)
    if not len(values) or odd or not np.isfinite(values).all():
        return Sampled(*place, odd=odd)
    zeros = float((values == 0).mean())
    if kind != "matrix":
        constant = float(values[0]) if (values == values[0]).all() else None
        return Sampled(*place, zeros=zeros, constant=constant, fresh=_fresh(values))
    columns = tensor.shape[1]
    rows = len(values) // columns
    block = values[: rows * columns].reshape(rows, columns)
    first = values[:columns]
    varied = rows and columns >= _ROWS and zeros <= _SPARSE
    levels = (len(np.unique(first)), columns) if varied else None
    return Sampled(
        *place, odd, zeros, _edge(block), _distinct(values, zeros), levels,
        narrow=_narrower(raw, values, tensor.dtype),
    )  # fmt: skip


def _odd(values: Any) -> int:
    """How many are NaN or infinity; a mask of infinity and one finite value is meant so."""
    good = values[np.isfinite(values)]
    meant = not np.isnan(values).any() and (not len(good) or float(good.min()) == float(good.max()))
    return 0 if meant and len(good) < len(values) else len(values) - len(good)


def _fresh(values: Any) -> bool | None:
    """Whether a bias is as random starts leave it: zero, or uniform; None where it is too short."""
    if not values.any():
        return True
    if len(values) < _FEW:
        return None
    values = values.astype(np.float64)
    ratio = float(np.abs(values).max() / np.sqrt(np.mean(values**2)))
    return _UNIFORM[0] <= ratio <= _UNIFORM[1]


def _narrower(raw: bytes, values: Any, dtype: str) -> str:
    """A smaller type that holds every value exactly as well; empty if none does."""
    if dtype not in ("F32", "F64") or not values.any():
        return ""
    if dtype == "F64":
        wide = np.frombuffer(raw[: len(raw) - len(raw) % 8], "<f8")
        return "F32" if (wide == values).all() else ""
    if not (np.frombuffer(raw[: len(raw) - len(raw) % 4], "<u4") & 0xFFFF).any():
        return "BF16"
    with np.errstate(over="ignore"):
        return "F16" if (values.astype(np.float16).astype(np.float32) == values).all() else ""


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
    """True only if gains and biases are as at the start and no matrix stands out from noise.

    Gains start at 1, or at 0 where 1 is added to them. One that moved, or a bias that did, is no
    proof of training either: then it cannot be told.
    """
    gains = [s.constant for s in ranges if s.kind == "gain" and s.zeros is not None]
    biases = [s.fresh for s in ranges if s.kind == "bias" and s.fresh is not None]
    edges = [s.edge for s in ranges if s.edge is not None]
    if len(edges) < 2:
        return None
    if any(edge > _EDGE for edge in edges):
        return False
    if not gains:
        return None
    return (all(gain in (0.0, 1.0) for gain in gains) and all(biases)) or None


def _narrow(matrices: Sequence[Sampled]) -> str:
    """The smaller type that holds all values of at least two matrices; empty if none does."""
    kinds = {s.narrow for s in matrices if s.zeros is not None and s.zeros < 1}
    return kinds.pop() if len(kinds) == 1 and len(matrices) >= 2 else ""


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
