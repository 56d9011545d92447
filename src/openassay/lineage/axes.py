"""Which axes are hidden: where an index carries no meaning, so that tests may count agreeing ones.

Names cannot know every layer, so what is not named has to be shown. A size is an *inner* one when
the table of tensors has it between two layers: one matrix makes it and another takes it. Inputs,
classes, mel bins, time steps and positions stand at an end of the network, or only in squares and
in pairs that lead back to themselves, and are not shown. Sizes may coincide, so the values have a
veto: where neighbours (or rows at any fixed distance, or rows moved along by some columns) are
more alike than the rest, the order means something (:func:`ordered_rows`, :func:`ordered_values`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from openassay.arrays import AnyArray, Floats, np
from openassay.lineage.roles import Role
from openassay.lineage.sketch import Row
from openassay.lineage.statistics import ranks, unit_rows

LEAST: Final = 16  # a shorter axis is not tested
TABLE: Final = 256  # rows from which a tall matrix may be one of tokens
RAW_TAPS: Final = 64  # one channel under so many taps: filters on a signal, which have an order
GATES: Final = (4, 3)  # blocks of rows in LSTM and GRU matrices
HEADS: Final = 2  # a sample of value rows may lie across two heads
WAVES: Final = "sine waves"
SHIFTS: Final = 2  # columns by which a row may be its neighbour moved along
MAX_LAG: Final = 32
LIMIT: Final = 5.5  # standard deviations; some hundred looks at 64 rows reach it once in 10^5
ROUNDING: Final = 1e-4  # what BF16 leaves of a wave is a third of it
FAST: Final = 1.95  # factor of a wave of 28 positions
_MATRICES: Final = frozenset(
    [Role.EMBED, Role.HEAD, Role.GATE, Role.UP, Role.FUSED, Role.DOWN, Role.VALUE,
     Role.ATTENTION, Role.OTHER]
)  # fmt: skip
_NO_WEIGHTS: Final = frozenset(["I16", "I32", "I64", "U16", "U32", "U64", "BOOL"])

Layer = tuple[str, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A tensor as a matrix with taps: (first axis, second axis, all further axes)."""

    index: int
    row: Row
    first: int
    second: int
    taps: int

    @property
    def layer(self) -> Layer:
        return self.row.part.stack, self.row.part.layer, self.row.part.expert

    @property
    def square(self) -> bool:
        return self.first == self.second and self.taps == 1


def matrix_of(index: int, row: Row) -> Matrix | None:
    """The tensor as a matrix; None for vectors, tables without weights, and what is denied."""
    if row.part.role not in _MATRICES or row.fixed or row.dtype in _NO_WEIGHTS:
        return None
    shape = list(row.shape)
    while len(shape) > 2 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) < 2:
        return None
    return Matrix(index, row, shape[0], shape[1], prod(shape[2:]))


class Axes:
    """What the table of one model shows of its sizes."""

    def __init__(self, table: Sequence[Row]) -> None:
        found = (matrix_of(index, row) for index, row in enumerate(table))
        self._waved = {row.shape[-1] for row in table if row.fixed == WAVES and row.shape}
        self._matrices = {one.index: one for one in found if one is not None}
        self._table = table
        self._names = {row.name: row for row in table}
        self._outer = {
            max(one.first, one.second)
            for one in self._matrices.values()
            if one.row.part.role in (Role.EMBED, Role.HEAD)
        }
        self._made: dict[int, set[int]] = {}
        self._taken: dict[int, set[int]] = {}
        for one in self._matrices.values():
            if one.first == one.second or (one.second == 1 and one.taps >= RAW_TAPS):
                continue
            self._made.setdefault(one.first, set()).add(one.second)
            self._taken.setdefault(one.second, set()).add(one.first)
        self._anchored = self._paths() | self._normed() | self._attended()
        # Between two matrices that lead from an anchored size and back to it: the units of an MLP.
        self._inner = {
            size
            for size in self._made.keys() & self._taken.keys()
            if self._made[size] & self._taken[size] & self._anchored
        } - self._outer

    def _paths(self) -> set[int]:
        """Sizes on a way from one size to another one: made from p, taken to q, p unlike q."""
        both = self._made.keys() & self._taken.keys()
        return {s for s in both if len(self._made[s] | self._taken[s]) > 1} - self._outer

    def _normed(self) -> set[int]:
        """Sizes with gains that matrices of two kinds share, not all of them as their inputs."""
        lengths = {prod(row.shape) for row in self._table if row.part.role is Role.NORM}
        return {
            size
            for size in lengths & self._made.keys()
            if len(self._made[size] | self._taken.get(size, set())) > 1
        } - self._outer

    def _attended(self) -> set[int]:
        """Widths that attention, an MLP and gains of one numbered layer have in common."""
        sizes: dict[Layer, dict[Role, set[int]]] = {}
        for index, row in enumerate(self._table):
            here = (row.part.stack, row.part.layer, None)
            if row.part.layer is None:
                continue
            role = Role.UP if row.part.role is Role.FUSED else row.part.role
            found = sizes.setdefault(here, {}).setdefault(role, set())
            if role is Role.NORM:
                found.add(prod(row.shape))
            elif one := self._matrices.get(index):
                found |= {one.first, one.second}
        wanted = (Role.NORM, Role.ATTENTION, Role.UP, Role.DOWN)
        shared = [set.intersection(*(roles.get(role, set()) for role in wanted))
                  for roles in sizes.values()]  # fmt: skip
        return set().union(*shared) - self._outer

    def hidden(self, size: int) -> bool:
        """Whether the table shows this size between two layers."""
        shown = size in self._anchored or size in self._inner
        return shown and size not in self._waved

    def waved(self, width: int) -> bool:
        """Whether fixed waves of positions are added to what is this wide: each dimension has its
        own frequency then, and no index of it is like another."""
        return width in self._waved

    def taps(self, index: int) -> int:
        """How many columns of a matrix belong to one input."""
        one = self._matrices.get(index)
        return max(one.taps, 1) if one is not None else 1

    def blocks(self, index: int) -> tuple[int, bool]:
        """Into how many blocks of exchangeable rows a matrix falls; 0 where that is not shown.

        The second item says whether sizes alone show it, so that the values are to be asked too.
        """
        one = self._matrices.get(index)
        if one is None or one.first < LEAST or (one.second == 1 and one.taps >= RAW_TAPS):
            return 0, False
        role = one.row.part.role
        if role is Role.VALUE and one.row.part.layer is not None:
            return HEADS, False
        if gates := self._gates(one):
            return gates, False
        if role in (Role.UP, Role.GATE, Role.FUSED) and (found := self._of_mlp(one)):
            return found, False
        if one.square and role is Role.OTHER and self._bias(one) != one.first:
            return 0, False  # positions, classes, a fixed basis: anything can be square
        return int(self.hidden(one.first)), True

    def table_like(self, index: int) -> bool:
        """Whether a matrix may be an embedding by its form alone: of no layer, tall, large and
        without the bias that layers of classes have, in a network that does not convolve."""
        one = self._matrices.get(index)
        if one is None or one.row.part.role is not Role.OTHER or one.row.part.layer is not None:
            return False
        if any(other.taps > 1 and other.second > 1 for other in self._matrices.values()):
            return False  # it reads signals or pictures
        plain = len(one.row.shape) == 2 and self._bias(one) != one.first
        return plain and one.first >= max(TABLE, 2 * one.second) and one.second >= LEAST

    def _of_mlp(self, up: Matrix) -> int:
        """Blocks of the rows of a named first matrix, where the second one takes them up again."""
        for down in self._matrices.values():
            if down.row.part.role is not Role.DOWN or down.layer != up.layer:
                continue
            ends = {down.first, down.second}
            if up.second not in ends or len(ends) < 2:
                continue
            (units,) = ends - {up.second}
            halves = up.first == 2 * units  # gate and up in one
            shown = up.second in self._anchored or self._bias(up) == up.first
            if (up.first == units or halves) and shown:
                return 2 if halves and up.row.part.role is not Role.FUSED else 1
        return 0

    def _gates(self, one: Matrix) -> int:
        """Gates of an input matrix whose recurrent matrix stands beside it; 0 for anything else."""
        if "weight_ih" not in one.row.name:
            return 0
        beside = self._names.get(one.row.name.replace("weight_ih", "weight_hh"))
        if beside is None or len(beside.shape) != 2 or beside.shape[0] != one.first:
            return 0
        gates, left = divmod(one.first, max(beside.shape[1], 1))
        return gates if gates in GATES and not left else 0

    def _bias(self, one: Matrix) -> int:
        """Length of the bias beside a matrix, 0 where there is none."""
        stem = one.row.name.removesuffix("weight").removesuffix("kernel")
        row = self._names.get(f"{stem}bias")
        return prod(row.shape) if row is not None else 0


# --- the veto of the values -----------------------------------------------------------------------


def ordered_rows(rows: Floats) -> bool:
    """Whether the order of these neighbouring rows (n, length) means something.

    Among rows whose order is any one, those at a fixed distance are as alike as all others: the
    rank of their likeness among a row's is even. Looked at are all distances up to MAX_LAG, and
    rows moved along by up to SHIFTS columns, as filters, delays and local mixing have them.
    """
    n, length = rows.shape
    if n < LEAST or length < LEAST:
        return False
    unit = unit_rows(rows)
    for shift in range(-SHIFTS, SHIFTS + 1):
        low, high = max(shift, 0), length + min(shift, 0)
        alike = np.abs(unit[:, low:high] @ unit[:, low - shift : high - shift].T)
        if _leaning(alike):
            return True
    return False


def _leaning(alike: AnyArray) -> bool:
    """Whether at some distance pairs rank far above the middle of their rows."""
    n = len(alike)
    order = np.random.default_rng(0).permutation(n)  # ties fall either way, the same each time
    mixed = alike.copy()
    np.fill_diagonal(mixed, -1.0)
    place = np.empty_like(mixed)
    place[:, order] = mixed[:, order].argsort(axis=1).argsort(axis=1)
    share = (place - 1) / (n - 2) - 0.5  # 0 is the row itself
    for lag in range(1, min(MAX_LAG, n - LEAST // 2) + 1):
        scale = np.sqrt(12 / (n - lag))
        if max(np.trace(share, lag), np.trace(share, -lag)) * scale > LIMIT:
            return True
    return False


def ordered_values(values: AnyArray) -> bool:
    """Whether the order of a vector's values means something: a trend, waves, or blocks.

    By its ranks: their correlation with the place, and with themselves at every distance.
    """
    n = len(values)
    if n < LEAST or float(np.min(values)) == float(np.max(values)):
        return False
    z = ranks(np.asarray(values, np.float64))
    z = (z - z.mean()) / z.std()
    place = np.arange(n) - (n - 1) / 2
    trend = abs(float(z @ place) / (place.std() * n)) * np.sqrt(n - 1)
    power = np.abs(np.fft.rfft(z, 2 * n)) ** 2
    lags = np.fft.irfft(power)[1 : n // 2 + 1]
    waves = np.abs(lags) / np.sqrt(n - np.arange(1, len(lags) + 1))
    return bool(max(trend, float(waves.max())) > LIMIT)


def is_waves(table: Floats) -> bool:
    """Whether neighbouring rows of a table of positions (n, width) are made of sine waves.

    A wave obeys x(p-1) + x(p+1) = c x(p) whatever its phase, so sines and cosines in any layout
    are known by it. A learned table is smooth at best (c near 2, and noise): a tenth of the waves
    must be fast, and next to nothing left.
    """
    if len(table) < LEAST:
        return False
    middle = table[1:-1].astype(np.float64)
    outer = table[:-2].astype(np.float64) + table[2:]
    norm = (middle * middle).sum(axis=0)
    alive = norm > 0
    if alive.mean() < 0.5:
        return False
    factor = (outer * middle).sum(axis=0)[alive] / norm[alive]
    left = ((outer[:, alive] - factor * middle[:, alive]) ** 2).sum(axis=0)
    exact = float((left <= ROUNDING * norm[alive]).mean()) > 0.9
    return exact and float((factor < FAST).mean()) >= 0.1
