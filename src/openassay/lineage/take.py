"""Reading weights into a sketch: whole files in one pass, or only the planned rows.

All bytes come through ``File.read(offset, length)``, in ascending order, so that a member packed
inside an archive is unpacked once and a server is asked for few ranges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from openassay.arrays import Floats, np
from openassay.errors import ReadError
from openassay.files import File
from openassay.lineage import tokens
from openassay.lineage.axes import WAVES, is_waves
from openassay.lineage.decode import can_decode, decode, row_bytes
from openassay.lineage.plan import Wanted, axes_in_memory, matrix_shape, plan
from openassay.lineage.roles import Part, Role, deterministic
from openassay.lineage.sketch import SEED, Excerpt, FileNote, Row, Sketch
from openassay.lineage.table import Stored, WeightSet
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.values import Multiset

Progress = Callable[[str], None]

MAX_KEPT: Final = 12 << 20  # bytes of rows in a sketch
MAX_DEEP: Final = 8 << 20  # bytes of whole layers in a sketch, where they are so small
REMOTE_SHARE: Final = 0.00025  # of all bytes, for the rows; headers come on top
REMOTE_LEAST: Final = 2 << 20
_CHUNK: Final = 8 << 20
_PIECE: Final = 32 << 20  # of one read: a file hands out no more than MAX_HASH at once
_CITED: Final = 3
_LEAST_TWO: Final = 64  # values of which two alone make a mask
_LOOKED_AT: Final = 1024  # rows that are asked whether a formula made them


def take(
    weights: WeightSet,
    name: str,
    *,
    seed: str = SEED,
    whole: bool = True,
    deep: int = MAX_DEEP,
    kept: int = MAX_KEPT,
    beside: Sequence[File] = (),
    progress: Progress | None = None,
) -> Sketch:
    """Sketch one set of weights.

    ``whole`` reads every byte (digests then prove equality); without it only headers and the
    planned rows are read, and at most REMOTE_SHARE of the files. ``deep`` is the budget for whole
    layers, ``kept`` for rows, both in bytes. ``beside`` are files that may hold the tokenizer.
    Raises :class:`ReadError` where bytes cannot be had.
    """
    if not whole:
        kept = min(kept, max(REMOTE_LEAST, int(REMOTE_SHARE * weights.nbytes)))
        deep = deep if deep > MAX_DEEP else 0  # asked for by name, or not at all
    stored = weights.stored
    wanted = {item.index: item for item in plan(stored, seed, kept, deep, whole=whole)}
    reading = _Reading(weights, wanted, whole, progress)
    rows, excerpts = reading.run()
    fixed = {i: _fixed(stored[i].part, one) for i, one in excerpts.items()}
    return Sketch(
        name=name,
        label=weights.label,
        source=weights.source,
        format=weights.format,
        seed=seed,
        whole=whole,
        complete=weights.complete,
        files=tuple(_note(file) for file in weights.files),
        table=tuple(replace(row, fixed=fixed.get(i, row.fixed)) for i, row in enumerate(rows)),
        excerpts=excerpts,
        evidence=tuple(
            file.cite_bytes(
                0, min(end, 1 << 16, file.size), f"header of {file.name}, {file.size} bytes"
            )
            for file, end in weights.headers[:_CITED]
        ),
        tokens=tokens.of_rows(_embedding_rows(stored, excerpts), beside),
        notes=weights.notes,
        bytes_read=reading.count,
    )


def _note(file: File) -> FileNote:
    return FileNote(file.path, file.size, file.lfs.oid if file.lfs else "")


def _fixed(part: Part, one: Excerpt) -> str:
    """Why the rows are no training's; gains that are all alike count as constant."""
    if part.role is Role.PLAIN:
        return ""
    if part.role is Role.DENIED:
        return WAVES if is_waves(one.values()) else ""
    every = max(1, one.count // _LOOKED_AT)  # of a whole layer a part of the rows will do
    return deterministic(one.some(np.arange(0, one.count, every, dtype=np.int64)))


def _embedding_rows(stored: Sequence[Stored], excerpts: dict[int, Excerpt]) -> tuple[int, ...]:
    best: tuple[int, tuple[int, ...]] = (0, ())
    for index, one in excerpts.items():
        if stored[index].part.role is Role.EMBED:
            size = stored[index].tensor.parameters
            best = max(best, (size, tuple(one.numbers().tolist())))
    return best[1]


class _Reading:
    """One pass over the files of a checkpoint."""

    def __init__(
        self,
        weights: WeightSet,
        wanted: dict[int, Wanted],
        whole: bool,
        progress: Progress | None,
    ) -> None:
        self.stored = weights.stored
        self.wanted = wanted
        self.whole = whole
        self.say = progress or (lambda _: None)
        self.count = sum(end for _, end in weights.headers)
        self.total = weights.nbytes

    def run(self) -> tuple[list[Row], dict[int, Excerpt]]:
        """The table with digests, and the excerpts."""
        rows = [_row(one) for one in self.stored]
        excerpts: dict[int, Excerpt] = {}
        files = list(dict.fromkeys(id(one.tensor.file) for one in self.stored))
        order = sorted(
            (i for i, one in enumerate(self.stored) if one.tensor.start is not None),
            key=lambda i: (
                files.index(id(self.stored[i].tensor.file)),
                self.stored[i].tensor.start or 0,
            ),
        )
        for index in order:
            one = self.stored[index]
            if self.whole and one.tensor.nbytes > 0:
                rows[index], raw = self._all(index, rows[index])
            elif index in self.wanted:
                raw = self._some(index)
            else:
                continue
            if index in self.wanted:
                excerpts[index] = _excerpt(one, self.wanted[index], raw)
        return rows, excerpts

    def _all(self, index: int, row: Row) -> tuple[Row, bytes]:
        """Digests of a whole tensor, and the wanted rows on the way."""
        one = self.stored[index]
        tensor = one.tensor
        start, end = tensor.start or 0, tensor.end or 0
        item = self.wanted.get(index)
        ranges = _ranges(item, start) if item else []
        if ranges and tensor.strides is not None:
            ranges = [(start, end)]
        digest, values, kept = hashlib.sha256(), Multiset(), bytearray()
        low, high, two = np.inf, -np.inf, True
        unit = _unit(one)
        step = _CHUNK // unit * unit if unit else _CHUNK
        for at in range(start, end, step):
            chunk = self._read(tensor.file, at, min(step, end - at))
            digest.update(chunk)
            if unit:
                with np.errstate(all="ignore"):
                    found = decode(chunk, tensor.dtype, tensor.big_endian)
                    values.add(found)
                    low, high = min(low, float(found.min())), max(high, float(found.max()))
                    two = two and _only(found, low, high)
            for first, last in ranges:
                if first < at + len(chunk) and last > at:
                    kept += chunk[max(first - at, 0) : last - at]
        fixed = ""
        if unit and row.nbytes > 8 and two:
            fixed = "constant" if low == high else ""
            if not fixed and one.tensor.parameters >= _LEAST_TWO and low < high:
                fixed = "two values"
        if item and tensor.strides is not None:
            kept = turned(kept, tensor, item)
        return replace(
            row, sha256=digest.hexdigest(), values=values.hexdigest() if unit else "", fixed=fixed
        ), bytes(kept)

    def _some(self, index: int) -> bytes:
        one = self.stored[index]
        pieces = [
            (at, min(_PIECE, high - at))
            for low, high in _ranges(self.wanted[index], one.tensor.start or 0)
            for at in range(low, high, _PIECE)
        ]
        return b"".join(self._read(one.tensor.file, at, length) for at, length in pieces)

    def _read(self, file: File, offset: int, length: int) -> bytes:
        raw = file.read(offset, length)
        if len(raw) != length:
            raise ReadError(
                f"{file.path} ends at byte {offset + len(raw)}, its header promises more",
                reason="truncated",
            )
        self.count += length
        share = 100 * self.count // max(self.total, 1)
        self.say(f"{file.path}: {min(share, 100)} %" if self.whole else file.path)
        return raw


def _only(found: Floats, low: float, high: float) -> bool:
    """Whether there is nothing but two values in this piece; weights are told by its beginning."""
    return all(bool(((part == low) | (part == high)).all()) for part in (found.flat[:256], found))


def _row(one: Stored) -> Row:
    tensor = one.tensor
    return Row(tensor.name, tensor.dtype, tensor.shape, one.part, tensor.nbytes)


def _unit(one: Stored) -> int:
    """Bytes of the smallest piece whose values can be told; 0 where they cannot."""
    tensor = one.tensor
    if not can_decode(tensor.dtype):
        return 0
    unit = next(n for n in (1, 2, 32, 64, 128, 256) if row_bytes(tensor.dtype, n))
    size = row_bytes(tensor.dtype, unit) or 0
    told = tensor.nbytes % size == 0 and axes_in_memory(tensor) is not None
    return size if told else 0


def turned(raw: bytearray, tensor: StoredTensor, item: Wanted) -> bytearray:
    """The wanted rows, one after another, of a tensor whose axes lie in another order."""
    order = axes_in_memory(tensor) or []
    if len(order) < 2:  # a vector, which is one row
        return raw
    long = [n for n in tensor.shape if n > 1]
    cells = np.frombuffer(raw, f"V{row_bytes(tensor.dtype, 1)}")
    seen = cells.reshape([long[axis] for axis in order]).transpose(np.argsort(order))
    return bytearray(b"".join(seen[low:high].tobytes() for low, high in item.runs))


def _ranges(item: Wanted, start: int) -> list[tuple[int, int]]:
    return [(start + low * item.row, start + high * item.row) for low, high in item.runs]


def _excerpt(one: Stored, item: Wanted, raw: bytes) -> Excerpt:
    rows, columns = matrix_shape(one.tensor.shape)
    if one.part.role is Role.NORM:  # a vector is one row
        columns = rows * columns
    return Excerpt(item.runs, columns, one.tensor.dtype, raw, one.tensor.big_endian)
