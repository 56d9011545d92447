"""A sketch with its rows decoded once, and what pairs of them have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import prod
from typing import Final

from openassay.arrays import AnyArray, Floats, Numbers, np
from openassay.lineage.axes import Axes, ordered_rows, ordered_values
from openassay.lineage.plan import MIN_ROWS, matrix_shape
from openassay.lineage.roles import MLP, UNITS, Role, is_mlp
from openassay.lineage.sketch import Excerpt, Row, Sketch

Place = tuple[str, int, int]
#: A stored sketch may come from anyone: more than these of a kind are not compared.
MAX_UNITS: Final = 1_000
MAX_GAINS: Final = 2_000
MAX_LAYERS: Final = 8
MAX_WIDTH: Final = 32_768
LOOK: Final = 64  # rows of a unit that are looked at and compared
MAX_CACHED: Final = 4 << 20  # values of an excerpt that stay decoded
_INTEGERS: Final = frozenset(["I8", "U8", "I4", "U4", "QI", "QU", "I1", "U1", "I3", "U3"])
_PRE_MLP: Final = (
    "post_attention_layernorm", "pre_feedforward_layernorm", "ffn_norm", "ln_2", "norm2",
    "mlp_norm", "mlp_layernorm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """Sampled rows of one matrix of a layer. ``rows`` decodes those at some places among them."""

    index: int
    row: Row
    numbers: Numbers
    columns: int
    rows: Callable[[Numbers], Floats]
    height: int  # rows of the whole tensor
    blocks: int = 1  # of exchangeable rows, among those sampled
    taps: int = 1  # columns that belong to one input
    tied: bool = False  # whether a row may know the input of its own number

    def untied(self, numbers: Numbers) -> Numbers:
        """Those of these rows that can be compared without the inputs of their own numbers.

        A path around a layer, merged into it, or a start as the identity ties output i to input i:
        strangers agree on that one entry. So the inputs that bear the numbers of the rows are left
        out, the same for every row, and enough others must stay.
        """
        inputs = self.columns // max(self.taps, 1)
        free = numbers[numbers >= inputs]
        if not self.tied or len(numbers) - len(free) <= inputs // 2:
            return numbers
        return free if len(free) >= MIN_ROWS else numbers[: inputs // 2]

    def rows_of(self, numbers: Numbers) -> Floats:
        """The rows with these numbers, without the inputs of the same numbers where they matter."""
        found = self.rows(np.searchsorted(self.numbers, numbers).astype(np.int64))
        inputs = found.shape[1] // max(self.taps, 1)
        own = numbers[numbers < inputs]
        if not self.tied or not len(own):
            return found
        kept: Floats = np.delete(found.reshape(len(found), inputs, -1), own, axis=1)
        return kept.reshape(len(found), -1)

    @property
    def place(self) -> Place:
        part = self.row.part
        layer = -1 if part.layer is None else part.layer
        return part.stack, layer, -1 if part.expert is None else part.expert

    @property
    def values(self) -> Floats:
        """All of them, (rows, columns)."""
        return self.rows(np.arange(len(self.numbers), dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Vectors:
    """What goes into and out of an MLP's units, (units, width) each; not all MLPs have a gate."""

    up: Floats
    down: Floats
    gate: Floats | None


@dataclass(frozen=True, slots=True)
class Layer:
    """An MLP of which every row is at hand. Its vectors are decoded when they are asked for."""

    place: tuple[str, int]
    count: int  # units
    width: int
    gated: bool
    vectors: Callable[[Numbers], Vectors]  # of the units with these numbers, ascending
    up: int = -1  # the first matrix's place in the table, where it is stored [in, out]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One matrix of a layer: rows of an excerpt, and whether its columns are the units."""

    index: int
    shape: tuple[int, int]  # as stored
    turned: bool = False
    first: int = 0  # row of the excerpt

    @property
    def units(self) -> int:
        return self.shape[self.turned]

    @property
    def width(self) -> int:
        return self.shape[not self.turned]

    def flipped(self) -> _Piece:
        return replace(self, turned=not self.turned)


@dataclass
class Prepared:
    """Decoded views of one sketch."""

    sketch: Sketch
    _values: dict[int, Floats] = field(default_factory=dict)

    def values(self, index: int) -> Floats:
        """All rows of an excerpt; those of whole layers are decoded anew every time."""
        if index in self._values:
            return self._values[index]
        one = self.sketch.excerpts[index]
        found = _centred(one.values(), one)
        if found.size <= MAX_CACHED:
            self._values[index] = found
        return found

    def rows(self, index: int, at: Numbers) -> Floats:
        """Rows of an excerpt, by their places in it."""
        one = self.sketch.excerpts[index]
        if one.count * one.columns <= MAX_CACHED or len(at) == one.count:
            return self.values(index)[at]
        return _centred(one.some(at), one)

    def _with(self, role: Role) -> list[tuple[int, Row, Excerpt]]:
        return [
            (index, row, one)
            for index, one in self.sketch.excerpts.items()
            if (row := self.sketch.table[index]).part.role is role and row.counts
        ]

    @cached_property
    def axes(self) -> Axes:
        """What the table shows of its sizes."""
        return Axes(self.sketch.table)

    @cached_property
    def all_gains(self) -> list[tuple[int, Row]]:
        """Norm gains that differ from one another."""
        return [(index, row) for index, row, _ in self._with(Role.NORM)][:MAX_GAINS]

    @cached_property
    def gains(self) -> list[tuple[int, Row]]:
        """Those of hidden dimensions, whose order means nothing."""
        return [
            (index, row)
            for index, row in self.all_gains
            if self.axes.hidden(self.values(index).size)
            and not ordered_values(self.values(index)[0])
        ]

    @cached_property
    def gains_folded(self) -> bool:
        """Whether there are gains and every one of them is constant."""
        rows = [row for row in self.sketch.table if row.part.role is Role.NORM]
        return bool(rows) and all(row.fixed for row in rows)

    @cached_property
    def embeddings(self) -> list[tuple[int, Row, Excerpt]]:
        """Sampled embeddings, the largest first."""
        found = [item for item in self._with(Role.EMBED) if item[2].columns <= MAX_WIDTH]
        return sorted(found, key=lambda item: -item[1].nbytes)

    @cached_property
    def may_embed(self) -> bool:
        """Whether the model has an embedding, or a table that may be one under another name."""
        return any(
            row.counts and (row.part.role in (Role.EMBED, Role.HEAD) or self.axes.table_like(index))
            for index, row in enumerate(self.sketch.table)
        )

    @cached_property
    def all_units(self) -> list[Unit]:
        """Sampled rows of layers, in the order of the file's layers."""
        squares: dict[tuple[int, ...], int] = {}
        for row in self.sketch.table:
            if row.part.role is Role.OTHER and len(row.shape) == 2 and row.shape[0] == row.shape[1]:
                squares[row.shape] = squares.get(row.shape, 0) + 1
        found: list[Unit] = []
        for index, one in self.sketch.excerpts.items():
            row = self.sketch.table[index]
            if row.part.role not in UNITS or not row.counts:
                continue
            # Four unnamed squares alike are an attention block: which are queries is not known.
            if row.part.role is Role.OTHER and squares.get(row.shape, 0) >= 4:
                continue
            height = matrix_shape(row.shape)[0]
            rows = partial(self.rows, index)
            unit = Unit(index, row, one.numbers(), one.columns, rows, height)
            found.append(_up_half(unit) if row.part.role is Role.FUSED else unit)
        return found[:MAX_UNITS]

    @cached_property
    def units(self) -> list[Unit]:
        """Those whose rows are hidden units or dimensions, so that their numbers mean nothing."""
        found = []
        for unit in self.all_units:
            blocks, by_size = self.axes.blocks(unit.index)
            taps = self.axes.taps(unit.index)
            tied = unit.height * taps == unit.columns
            if not blocks or unit.columns % taps:
                continue
            unit = replace(unit, taps=taps, tied=tied)
            looked = unit.rows(np.arange(min(LOOK, len(unit.numbers)), dtype=np.int64))
            compared = unit.rows_of(unit.untied(unit.numbers[:LOOK]))
            if by_size and (ordered_rows(looked) or ordered_rows(compared)):
                continue
            if unit.row.part.role is not Role.VALUE:
                seen = unit.numbers[:LOOK] * blocks // max(unit.height, 1)
                blocks = len(np.unique(seen))
            found.append(replace(unit, blocks=blocks))
        return found

    def through(self, width: int, columns: Numbers) -> Prepared:
        """This model with only these columns, in this order, of the rows that are so wide."""
        view = Prepared(self.sketch)
        view.units = [
            replace(unit, columns=len(columns), rows=partial(_columns_of, unit, columns))
            for unit in self.units
            if unit.columns == width and len([n for n in unit.row.shape if n > 1]) == 2
        ]
        view.units += [
            self._first(layer, columns)
            for layer in self.layers
            if layer.up >= 0 and layer.width == width
        ]
        return view

    def _first(self, layer: Layer, columns: Numbers) -> Unit:
        """The units of a layer whose first matrix is stored [in, out], with these inputs."""

        def rows(at: Numbers) -> Floats:
            return layer.vectors(at).up[:, columns]

        numbers = np.arange(layer.count, dtype=np.int64)
        row = self.sketch.table[layer.up]
        return Unit(layer.up, row, numbers, len(columns), rows, layer.count)

    @cached_property
    def layers(self) -> list[Layer]:
        """MLPs of which every row is here, gains of the norm before them multiplied in."""
        groups: dict[tuple[str, int], dict[Role, list[tuple[int, _Piece]]]] = {}
        for index, one in self.sketch.excerpts.items():
            row = self.sketch.table[index]
            part = row.part
            if part.layer is None or part.role not in MLP:
                continue
            if one.count != matrix_shape(row.shape)[0] or len(row.shape) != 2:
                continue
            group = groups.setdefault((part.stack, part.layer), {})
            pieces = {part.role: _Piece(index, (one.count, one.columns))}
            if part.role is Role.FUSED:
                half = one.count // 2
                pieces = {
                    Role.GATE: _Piece(index, (half, one.columns)),
                    Role.UP: _Piece(index, (one.count - half, one.columns), first=half),
                }
            for role, piece in pieces.items():
                group.setdefault(role, []).append((part.expert or 0, piece))
        made = [self._layer(place, group) for place, group in groups.items()]
        return [layer for layer in made if layer is not None][:MAX_LAYERS]

    def _layer(
        self, place: tuple[str, int], group: dict[Role, list[tuple[int, _Piece]]]
    ) -> Layer | None:
        if not is_mlp(group):
            return None
        stacked = {role: [piece for _, piece in sorted(parts, key=lambda p: (p[0], p[1].index))]
                   for role, parts in group.items()}  # fmt: skip
        ups, downs, gates = stacked[Role.UP], stacked[Role.DOWN], stacked.get(Role.GATE)
        width = ups[0].width
        downs = [down.flipped() if down.units == width else down for down in downs]
        mixed = ups[0].units == downs[0].width != width  # stored [in, out]
        if mixed or self._turned(place, ups[0]):
            ups, downs = [up.flipped() for up in ups], [down.flipped() for down in downs]
            gates = gates and [gate.flipped() for gate in gates]
        width, count = ups[0].width, sum(up.units for up in ups)
        for pieces in (ups, downs, gates or ups):
            if any(p.width != width for p in pieces) or sum(p.units for p in pieces) != count:
                return None

        def vectors(picked: Numbers) -> Vectors:
            gain = self._gain(place, width)
            up = self._stacked(ups, picked)
            down = self._stacked(downs, picked)
            gate = self._stacked(gates, picked) if gates else None
            up *= gain
            if gate is not None:
                gate *= gain
            return Vectors(up, down, gate)

        up = ups[0].index if ups[0].turned else -1
        return Layer(place, count, width, gates is not None, vectors, up)

    def _turned(self, place: tuple[str, int], up: _Piece) -> bool:
        """Whether a first matrix is stored [in, out]: its rows, not its columns, are as many as
        the gains beside it, or, where there are none of either size, as an embedding is wide."""
        table = self.sketch.table
        gains = {
            prod(row.shape)
            for row in table
            if row.part.role is Role.NORM and (row.part.stack, row.part.layer) == place
        }
        wide = {row.shape[-1] for row in table if row.part.role is Role.EMBED and row.shape}
        for sizes in (gains, wide):
            if up.units in sizes or up.width in sizes:
                return up.width not in sizes
        return False

    def _stacked(self, pieces: Sequence[_Piece], picked: Numbers) -> Floats:
        """The vectors of some units, one piece after the other."""
        made = np.empty((len(picked), pieces[0].width), np.float32)
        first = done = 0
        for piece in pieces:
            here = picked[(picked >= first) & (picked < first + piece.units)] - first
            if piece.turned:
                stored = self.values(piece.index)[piece.first : piece.first + piece.shape[0]]
                found = stored[:, here].T
            else:
                found = self.rows(piece.index, here + piece.first)
            made[done : done + len(here)] = found
            first, done = first + piece.units, done + len(here)
        return made

    def _gain(self, place: tuple[str, int], width: int) -> Floats:
        for index, one in self.sketch.excerpts.items():
            row = self.sketch.table[index]
            here = (row.part.stack, row.part.layer) == place and row.part.role is Role.NORM
            if here and one.columns == width and any(n in row.name.lower() for n in _PRE_MLP):
                found: Floats = self.values(index)[0]
                # Some networks store the gain less one.
                return (found + 1 if float(found.min()) < 0 else found).astype(np.float32)
        return np.ones(width, np.float32)


def _centred(values: Floats, one: Excerpt) -> Floats:
    if one.dtype[:2] in _INTEGERS:  # they hide a zero point
        return values - np.float32(np.rint(np.median(values)))
    return values


def _up_half(unit: Unit) -> Unit:
    """The rows of up in a matrix that holds the gate before them, numbered from its half."""
    half = unit.height // 2
    kept = np.nonzero(unit.numbers >= half)[0]
    row = replace(unit.row, part=replace(unit.row.part, role=Role.UP))

    def rows(at: Numbers) -> Floats:
        return unit.rows(kept[at])

    return Unit(unit.index, row, unit.numbers[kept] - half, unit.columns, rows, half)


def _columns_of(unit: Unit, columns: Numbers, at: Numbers) -> Floats:
    return unit.rows(at)[:, columns]


def shared_tokens(a: Prepared, b: Prepared) -> tuple[AnyArray, AnyArray, bool] | None:
    """The largest embeddings' rows of the tokens that both sketches hold: (n, d_A), (n, d_B).

    Tokens are paired by their text where both releases have a vocabulary, else by number; the last
    item says which. None when there are fewer than 32 of them.
    """
    if not a.embeddings or not b.embeddings:
        return None
    (ia, _, ea), (ib, _, eb) = a.embeddings[0], b.embeddings[0]
    na, nb = ea.numbers().tolist(), eb.numbers().tolist()
    named = bool(a.sketch.tokens) and bool(b.sketch.tokens)
    keys_a = _keys(na, a.sketch.tokens, named)
    keys_b = _keys(nb, b.sketch.tokens, named)
    common = [key for key in keys_a if key in keys_b]
    if len(common) < 32:
        return None
    rows_a = a.values(ia)[[keys_a[key] for key in common]]
    rows_b = b.values(ib)[[keys_b[key] for key in common]]
    return rows_a, rows_b, named


def _keys(numbers: list[int], tokens: object, named: bool) -> dict[object, int]:
    if not named or not isinstance(tokens, dict):
        return {number: at for at, number in enumerate(numbers)}
    return {tokens[n]: at for at, n in enumerate(numbers) if n in tokens}
