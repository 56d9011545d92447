"""A sketch with its rows decoded once, and what pairs of them have in common."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from openassay.arrays import AnyArray, Floats, Numbers, np
from openassay.lineage.plan import matrix_shape
from openassay.lineage.roles import MLP, UNITS, Role, is_mlp
from openassay.lineage.sketch import Excerpt, Row, Sketch

Place = tuple[str, int, int]
#: A stored sketch may come from anyone: more than these of a kind are not compared.
MAX_UNITS: Final = 1_000
MAX_GAINS: Final = 2_000
MAX_LAYERS: Final = 8
MAX_WIDTH: Final = 32_768
_INTEGERS: Final = frozenset(["I8", "U8", "I4", "U4", "QI", "QU", "I1", "U1", "I3", "U3"])
_PRE_MLP: Final = (
    "post_attention_layernorm", "pre_feedforward_layernorm", "ffn_norm", "ln_2", "norm2",
    "mlp_norm", "mlp_layernorm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """Sampled rows of one matrix of a layer."""

    index: int
    row: Row
    numbers: Numbers
    values: Floats
    height: int  # rows of the whole tensor

    @property
    def place(self) -> Place:
        part = self.row.part
        layer = -1 if part.layer is None else part.layer
        return part.stack, layer, -1 if part.expert is None else part.expert


@dataclass(frozen=True, slots=True)
class Layer:
    """A whole MLP: (units, width) each; ``gate`` is None where there is none."""

    place: tuple[str, int]
    up: Floats
    down: Floats
    gate: Floats | None


@dataclass
class Prepared:
    """Decoded views of one sketch."""

    sketch: Sketch
    _values: dict[int, Floats] = field(default_factory=dict)

    def values(self, index: int) -> Floats:
        if index not in self._values:
            one = self.sketch.excerpts[index]
            found = one.values()
            if one.dtype[:2] in _INTEGERS:  # they hide a zero point
                found = found - np.float32(np.median(found))
            self._values[index] = found
        return self._values[index]

    def _with(self, role: Role) -> list[tuple[int, Row, Excerpt]]:
        return [
            (index, row, one)
            for index, one in self.sketch.excerpts.items()
            if (row := self.sketch.table[index]).part.role is role and row.counts
        ]

    @cached_property
    def gains(self) -> list[tuple[int, Row]]:
        """Norm gains that differ from one another."""
        return [(index, row) for index, row, _ in self._with(Role.NORM)][:MAX_GAINS]

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
    def units(self) -> list[Unit]:
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
            unit = Unit(index, row, one.numbers(), self.values(index), height)
            found.append(_up_half(unit) if row.part.role is Role.FUSED else unit)
        return found[:MAX_UNITS]

    @cached_property
    def layers(self) -> list[Layer]:
        """MLPs of which every row is here, gains of the norm before them multiplied in."""
        groups: dict[tuple[str, int], dict[Role, list[tuple[int, int, Floats]]]] = {}
        for index, one in self.sketch.excerpts.items():
            row = self.sketch.table[index]
            part = row.part
            if part.layer is None or part.role not in MLP:
                continue
            if len(one.numbers()) != matrix_shape(row.shape)[0] or len(row.shape) != 2:
                continue
            group = groups.setdefault((part.stack, part.layer), {})
            values = self.values(index)
            pieces = {part.role: values}
            if part.role is Role.FUSED:
                half = len(values) // 2
                pieces = {Role.GATE: values[:half], Role.UP: values[half:]}
            for role, piece in pieces.items():
                group.setdefault(role, []).append((part.expert or 0, index, piece))
        made = [self._layer(place, group) for place, group in groups.items()]
        return [layer for layer in made if layer is not None][:MAX_LAYERS]

    def _layer(
        self, place: tuple[str, int], group: dict[Role, list[tuple[int, int, Floats]]]
    ) -> Layer | None:
        if not is_mlp(group):
            return None
        stacked = {role: [values for _, _, values in sorted(parts, key=lambda p: p[:2])]
                   for role, parts in group.items()}  # fmt: skip
        width = stacked[Role.UP][0].shape[1]
        turned = [d.T if d.shape[0] == width else d for d in stacked[Role.DOWN]]
        ups, gates = stacked[Role.UP], stacked.get(Role.GATE)
        if stacked[Role.UP][0].shape[0] == turned[0].shape[1] != width:  # stored [in, out]
            ups, turned = [u.T for u in ups], [d.T for d in turned]
        if any(m.shape[1] != ups[0].shape[1] for m in [*ups, *turned, *(gates or [])]):
            return None
        up, down = np.concatenate(ups), np.concatenate(turned)
        gate = np.concatenate(gates) if gates else None
        if up.shape != down.shape or (gate is not None and gate.shape != up.shape):
            return None
        gain = self._gain(place, up.shape[1])
        return Layer(place, up * gain, down, None if gate is None else gate * gain)

    def _gain(self, place: tuple[str, int], width: int) -> Floats:
        for index, one in self.sketch.excerpts.items():
            row = self.sketch.table[index]
            here = (row.part.stack, row.part.layer) == place and row.part.role is Role.NORM
            if here and one.columns == width and any(n in row.name.lower() for n in _PRE_MLP):
                found: Floats = self.values(index)[0]
                # Some networks store the gain less one.
                return (found + 1 if float(found.min()) < 0 else found).astype(np.float32)
        return np.ones(width, np.float32)


def _up_half(unit: Unit) -> Unit:
    """The rows of up in a matrix that holds the gate before them, numbered from its half."""
    half = unit.height // 2
    kept = unit.numbers >= half
    row = replace(unit.row, part=replace(unit.row.part, role=Role.UP))
    return Unit(unit.index, row, unit.numbers[kept] - half, unit.values[kept], half)


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
