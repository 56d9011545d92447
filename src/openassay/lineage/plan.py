"""Which rows of which tensors a sketch holds: decided from the table, before anything is read.

Places are drawn by a hash of a seed, so that nobody can change only "the rows that auditors read":
for a live pair the seed comes from both models' pins. They depend on a tensor's length only through
its power of two, so that a longer vocabulary or a narrower layer still shares rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from openassay.lineage.decode import can_decode, row_bytes
from openassay.lineage.roles import MLP, UNITS, Role, is_mlp
from openassay.lineage.table import Stored
from openassay.weights.checkpoints import StoredTensor

Runs = tuple[tuple[int, int], ...]

ROWS: Final = 32  # of a layer's matrix: 32 of 32 right is p < 1e-35
MORE_ROWS: Final = 64  # where they are cheap: a tenth of a merge still shows
MIN_ROWS: Final = 16
TOKEN_RUNS: Final = 8  # of ROWS rows each
SMALL_EMBEDDING: Final = 2 << 20  # bytes: taken whole
MAX_EXPERTS: Final = 4  # of one layer
MAX_OTHER: Final = 64  # matrices without a known name
MAX_TURNED: Final = 256 << 20  # bytes of a tensor stored in another order, read into memory
MAX_ROW: Final = 1 << 20  # bytes of one row; a longer one is no layer of a network
WIDE: Final = 256  # T5's cost grows with the cube of the width: two layers must do beyond
NORM_SHARE: Final = 0.35  # of the budget, at most
TOKEN_SHARE: Final = 0.45


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows ``[start, end)`` of one tensor, by its place in the table."""

    index: int
    runs: Runs
    row: int  # bytes of one row

    @property
    def nbytes(self) -> int:
        return self.row * sum(end - start for start, end in self.runs)


def matrix_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of a tensor seen as a matrix: axes of length 1 dropped, the rest flattened.

    Stacked experts (three axes) are rows of rows: the first two axes are joined by the caller.
    """
    long = [n for n in shape if n > 1] or [1]
    columns = 1
    for n in long[1:]:
        columns *= n
    return long[0], columns


def draw(seed: str, what: str, ways: int) -> int:
    """A number below ``ways`` that depends on the seed and on what is drawn."""
    digest = hashlib.sha256(f"{seed}/{what}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % max(ways, 1)


def unit_runs(seed: str, rows: int, count: int) -> Runs:
    """One aligned run of ``count`` rows; all of a matrix with fewer than twice as many.

    A run of 32 is the first half of the run of 64 that the same seed draws, and aligned runs of 32
    never cross the border of an attention head.
    """
    if rows < 2 * MORE_ROWS:
        return ((0, min(rows, count)),)
    octave = 1 << (rows.bit_length() - 1)
    start = MORE_ROWS * draw(seed, f"units/{octave}", octave // MORE_ROWS)
    return ((start, start + count),)


def token_runs(seed: str, rows: int, row: int, most: int = TOKEN_RUNS) -> Runs:
    """Eight runs of 32 tokens, one in each of the highest powers of two; small tables whole.

    With room for fewer (``most``), those of the highest powers stay.
    """
    if rows * row <= SMALL_EMBEDDING and rows <= 2048:
        return ((0, rows),)
    runs: list[tuple[int, int]] = []
    for power in range(rows.bit_length() - 1, 4, -1):
        start = (1 << power) + ROWS * draw(seed, f"tokens/{power}", (1 << power) // ROWS)
        if start + ROWS <= rows:
            runs.append((start, start + ROWS))
        if len(runs) >= min(most, TOKEN_RUNS):
            break
    return tuple(sorted(runs))


def spread(count: int) -> list[int]:
    """0 to count-1 so that every beginning of the list is spread out: first, last, halves, …"""
    order = list(dict.fromkeys([0, max(count - 1, 0)]))
    pieces = 2
    while len(order) < count:
        order += [
            at
            for part in range(1, pieces, 2)
            if (at := round(part * (count - 1) / pieces)) not in order
        ]
        order = list(dict.fromkeys(order))
        pieces *= 2
    return order[:count]


def axes_in_memory(tensor: StoredTensor) -> list[int] | None:
    """The axes longer than 1, counted among themselves, slowest in memory first.

    None where the tensor's elements do not fill its bytes without gaps and repeats.
    """
    if tensor.strides is None:
        return list(range(sum(n > 1 for n in tensor.shape)))
    long = [(n, step) for n, step in zip(tensor.shape, tensor.strides, strict=True) if n > 1]
    order = sorted(range(len(long)), key=lambda axis: -long[axis][1])
    expected = 1
    for axis in reversed(order):
        if long[axis][1] != expected:
            return None
        expected *= long[axis][0]
    return order


def plan(
    stored: Sequence[Stored], seed: str, limit: int, deep: int, *, whole: bool = True
) -> tuple[Wanted, ...]:
    """What to read, within ``limit`` bytes; whole MLP layers within ``deep`` bytes more.

    Rows of tensors stored in another order of axes lie scattered: they are taken only where a
    tensor is read ``whole``, and small enough to be turned in memory.
    """
    readable = [
        (index, one)
        for index, one in enumerate(stored)
        if one.tensor.start is not None
        and _row(one) is not None
        and (one.tensor.strides is None or (whole and _can_turn(one.tensor)))
    ]
    chosen = _within(_norms(readable), NORM_SHARE * limit)
    chosen += _within(_tokens(readable, seed, TOKEN_SHARE * limit), TOKEN_SHARE * limit)
    left = limit - sum(item.nbytes for item in chosen)
    for count in (MORE_ROWS, ROWS):
        units = list(_units(readable, seed, count))
        if sum(item.nbytes for item in units) <= left:
            break
    chosen += _within(units, left)
    layers = _whole_layers(readable, deep)
    kept = {item.index: item for item in [*chosen, *layers]}
    return tuple(kept[index] for index in sorted(kept))


def _can_turn(tensor: StoredTensor) -> bool:
    small = tensor.nbytes <= MAX_TURNED and row_bytes(tensor.dtype, 1) is not None
    return small and axes_in_memory(tensor) is not None


def _row(one: Stored) -> int | None:
    """Bytes of one row, where rows can be read at all."""
    if not can_decode(one.tensor.dtype):
        return None
    rows, columns = matrix_shape(one.tensor.shape)
    row = row_bytes(one.tensor.dtype, columns)
    if row is None or not 0 < row <= MAX_ROW or one.tensor.nbytes != rows * row:
        return None
    return row


def _within(items: Sequence[Wanted], limit: float) -> list[Wanted]:
    """As many from the front as fit."""
    kept: list[Wanted] = []
    used = 0
    for item in items:
        if used + item.nbytes <= limit:
            kept.append(item)
            used += item.nbytes
    return kept


def _norms(readable: list[tuple[int, Stored]]) -> list[Wanted]:
    """Gains whole, spread over depth so that a short budget still sees all of the model."""
    found = []
    for index, one in readable:
        length = one.tensor.parameters
        size = row_bytes(one.tensor.dtype, length)
        if one.part.role is Role.NORM and length >= MIN_ROWS and size:
            found.append(Wanted(index, ((0, 1),), size))
    return [found[at] for at in spread(len(found))]


def _tokens(readable: list[tuple[int, Stored]], seed: str, limit: float) -> list[Wanted]:
    found = []
    for index, one in readable:
        rows, columns = matrix_shape(one.tensor.shape)
        row = _row(one)
        if one.part.role is Role.EMBED and row and columns >= MIN_ROWS and rows >= MIN_ROWS:
            most = int(limit // (ROWS * row))
            if most >= 2 or rows * row <= limit:
                runs = token_runs(seed, rows, row, most)
                found.append((rows * columns, Wanted(index, runs, row)))
    return [item for _, item in sorted(found, key=lambda pair: -pair[0])][:2]


def _units(readable: list[tuple[int, Stored]], seed: str, count: int) -> Iterator[Wanted]:
    """Rows of every layer, layers in spread order, what the tests need most first."""
    layers: dict[tuple[str, int | None], list[tuple[int, Stored]]] = {}
    others = 0
    for index, one in readable:
        part = one.part
        if part.role not in UNITS or (part.expert or 0) >= MAX_EXPERTS:
            continue
        if part.role is Role.OTHER:
            others += 1
            if others > MAX_OTHER:
                continue
        key = (part.stack, part.layer if part.role is not Role.OTHER else -1 - others)
        layers.setdefault(key, []).append((index, one))
    groups = list(layers.values())
    ordered = [groups[at] for at in spread(len(groups))]
    for group in ordered:
        roles = {one.part.role for _, one in group}
        for index, one in sorted(group, key=lambda pair: (pair[1].part.expert or 0, pair[0])):
            if one.part.role is Role.GATE and Role.UP in roles:
                continue
            rows, _ = matrix_shape(one.tensor.shape)
            first = rows // 2 if one.part.role is Role.FUSED else 0  # the rows of up
            wanted = ROWS if one.part.role is Role.VALUE else count
            row = _row(one)
            if rows - first >= MIN_ROWS and row:
                runs = unit_runs(seed, rows - first, wanted)
                yield Wanted(index, tuple((first + s, first + e) for s, e in runs), row)


def _whole_layers(readable: list[tuple[int, Stored]], deep: int) -> list[Wanted]:
    """Complete MLPs of a few layers (all experts of one, if it has any), for T4 and T5."""
    layers: dict[tuple[str, int], list[tuple[int, Stored]]] = {}
    for index, one in readable:
        part = one.part
        if part.layer is not None and part.role in MLP:
            layers.setdefault((part.stack, part.layer), []).append((index, one))
    groups = [
        group
        for group in layers.values()
        if is_mlp({one.part.role for _, one in group})
        and all(len(one.tensor.shape) == 2 for _, one in group)
    ]
    chosen: list[Wanted] = []
    used = layers_taken = 0
    for at in spread(len(groups)):
        group = [
            Wanted(index, ((0, matrix_shape(one.tensor.shape)[0]),), _row(one) or 0)
            for index, one in groups[at]
        ]
        size = sum(item.nbytes for item in group)
        wide = min(groups[at][0][1].tensor.shape) > WIDE
        if used + size <= deep and layers_taken < (2 if wide else 6):
            chosen += group
            used += size
            layers_taken += 1
    return chosen
