"""Whether matched rows of one model are rounded, and whether they are a rounding of *these* values.

Only the second tells which model came first. A rounded model and a fine-tune are siblings as long
as the errors do not stay within half a step: then the rounded values were made from others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from openassay.arrays import AnyArray, np
from openassay.lineage.decode import is_lossy
from openassay.lineage.result import Kind, Relation

#: Rows of A and of B that belong together, and how each is stored.
Pair = tuple[AnyArray, AnyArray, str, str]

GROUP: Final = 32  # weights that share a scale in the usual formats; some share it by 16
_GROUPS: Final = 2048  # looked at of one matrix
_EPS: Final = {"F64": 2.0**-53, "F32": 2.0**-24, "BF16": 2.0**-8, "F16": 2.0**-11}
_SCALE: Final = 2.0**-11  # relative error of a scale that is itself stored in 16 bits
_SLACK: Final = 0.002  # of a step, for arithmetic in single precision
_FEWEST: Final = 512  # entries before anything is called proven
_OVER: Final = 0.001  # share of entries that may lie outside half a step
_INTEGER: Final = 0.505  # largest error of whole numbers whose scale is not stored with them


def of(pair: Pair, side: int) -> tuple[AnyArray, str]:
    """Rows and type of A (0) or B (1)."""
    return (pair[1], pair[3]) if side else (pair[0], pair[2])


def eps(dtype: str) -> float:
    """The largest relative error of storing a value as this plain type; 0 for other types."""
    return _EPS.get(dtype, 0.0)


def same_values(pair: Pair, where: AnyArray | None = None) -> bool:
    """Whether both hold the same values but for the precision they are stored at."""
    a, b = (values.astype(float) for values in pair[:2])
    alike = np.abs(a - b) <= (eps(pair[2]) + eps(pair[3])) * np.maximum(np.abs(a), np.abs(b))
    if where is not None:
        alike = alike[where]
    return bool(alike.size) and float(alike.mean()) >= 1 - _OVER


def quantised(pairs: Sequence[Pair]) -> list[Relation]:
    """A relation where nearly all matrices of one side are rounded, and none to speak of the
    other's. It says which side lost something only if that side is a rounding of the other."""
    if not pairs:
        return []
    if plain := _cut(pairs):
        return [plain]
    sides = [[lattice(*of(pair, side)) for pair in pairs] for side in (0, 1)]
    rounded = [sum(map(bool, side)) >= 0.8 * len(side) for side in sides]
    if rounded[0] == rounded[1]:
        return []
    side, name, other = (1, "B", "A") if rounded[1] else (0, "A", "B")
    why = next(reason for reason in sides[side] if reason)
    text = f"{name}'s values are rounded ({why}), those of {other} are not"
    fits = [_fit(pair, side) for pair, found in zip(pairs, sides[side], strict=True) if found]
    kept = [pair for pair, found in zip(pairs, sides[side], strict=True) if not found]
    worst = max((fit.worst for fit in fits if fit is not None), default=0.0)
    if all(fit is not None and fit.proven for fit in fits) and all(map(same_values, kept)):
        text += f"; the largest error is {worst:.3f} of a step: a rounding of these very values"
        return [Relation(Kind.QUANTISED, text, name.lower())]
    known = [fit for fit in fits if fit is not None]
    if len(known) == len(fits) and worst:
        text += f"; errors reach {worst:.2f} of a step: not a mere rounding of these values"
    return [Relation(Kind.QUANTISED, text)]


def _cut(pairs: Sequence[Pair]) -> Relation | None:
    """Whether one side's values are the other's at half the precision, whatever they are stored at.

    The other's must not fit that type by themselves: else neither has lost anything.
    """
    for side, name, other in ((1, "B", "A"), (0, "A", "B")):
        for narrow in ("BF16", "F16"):
            if all(_is_cut(of(p, 1 - side)[0], of(p, side)[0], narrow) for p in pairs):
                text = f"{name}'s values are those of {other} rounded to {narrow}"
                return Relation(Kind.QUANTISED, text, name.lower())
    return None


def _is_cut(exact: AnyArray, rounded: AnyArray, narrow: str) -> bool:
    short = _as_stored(exact, narrow)
    fits = float((short == exact).mean())
    return fits < 0.5 and float((short == rounded).mean()) >= 1 - _OVER


def _as_stored(values: AnyArray, narrow: str) -> AnyArray:
    """What storing float32 values as this type leaves of them, rounded to the nearest."""
    if narrow == "F16":
        with np.errstate(over="ignore"):
            return values.astype(np.float16).astype(np.float32)
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    kept = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return kept.view(np.float32)


def lattice(values: AnyArray, dtype: str) -> str:
    """Why these values are rounded; empty if they are not. Zeros, which pruning leaves, aside."""
    if is_lossy(dtype):
        return f"stored as {dtype}"
    groups = _groups(values, GROUP)
    if not len(groups):
        return ""
    distinct = np.array([len(np.unique(group[group != 0])) for group in groups])
    filled = (groups != 0).sum(axis=1)
    if (
        float(np.median(distinct)) >= 2
        and float(np.median(distinct / np.maximum(filled, 1))) < 0.65
    ):
        return f"{np.median(distinct):.0f} distinct values in groups of {GROUP}"
    top = np.abs(groups).max(axis=1, keepdims=True)
    steps = groups / np.where(top > 0, top, 1) * 127
    blur = 0.01 + 127 * eps(dtype)  # BF16 keeps no more than eight bits itself
    if blur < 0.2 and float((np.abs(steps - np.rint(steps)).max(axis=1) < blur).mean()) > 0.9:
        return f"groups of {GROUP} in 127 equal steps to their largest value"
    row = max(len(np.unique(one)) for one in values[:16])
    if values.shape[1] >= 1024 and row <= 256:
        return f"at most {row} distinct values in a row of {values.shape[1]}"
    return ""


def _groups(values: AnyArray, size: int) -> AnyArray:
    """Values in groups along the rows, (n, size); a remainder is left out."""
    width = values.shape[1] // size * size
    return values[:, :width].reshape(-1, size)[:_GROUPS].astype(float)


@dataclass(frozen=True, slots=True)
class _Fit:
    """How far the exact values lie from the rounded ones, in steps."""

    worst: float  # all but a thousandth
    proven: bool


def _fit(pair: Pair, side: int) -> _Fit | None:
    """The errors of one matrix; None where no step can be told."""
    (exact, _), (rounded, two) = of(pair, 1 - side), of(pair, side)
    if is_lossy(two) and float(np.abs(rounded - np.rint(rounded)).max()) == 0:
        worst = _integer_rounding(exact.astype(float), rounded.astype(float))
        return None if worst is None else _Fit(worst, worst <= _INTEGER)
    found = [_group_fit(exact, rounded, size, eps(two)) for size in (GROUP, GROUP // 2)]
    known = [fit for fit in found if fit is not None]
    return min(known, key=lambda fit: (not fit.proven, fit.worst), default=None)


def _group_fit(exact: AnyArray, rounded: AnyArray, size: int, precision: float) -> _Fit | None:
    """Errors inside the lattice of each group: its lowest and highest level may have been clipped.

    A step is the smallest gap between levels, all gaps being multiples of it; ``precision`` is the
    relative error at which the levels themselves are stored. Of the exact values none is forgiven:
    a rounding of what was stored here is a rounding of these values.
    """
    errors: list[AnyArray] = []
    over = count = 0
    for group, line in zip(_groups(rounded, size), _groups(exact, size), strict=True):
        levels = np.unique(group)
        gaps = np.diff(levels)
        if len(gaps) < 3:
            continue
        reach = levels[-1] - levels[0]
        step = reach / np.rint(reach / gaps.min())
        times = gaps / step
        if float(np.abs(times - np.rint(times)).max()) > 0.1:
            continue
        inside = (group > levels[0]) & (group < levels[-1])
        error = np.abs(line - group)[inside] / step
        allowed = 0.5 + _SLACK + np.abs(group[inside]) / step * (_SCALE + precision)
        allowed += abs(levels[0]) / step * _SCALE  # a smallest value that is stored with the scale
        over += int((error > allowed).sum())
        count += len(error)
        errors.append(error)
    if not count:
        return None
    worst = float(np.quantile(np.concatenate(errors), 1 - _OVER))
    return _Fit(worst, count >= _FEWEST and over <= _OVER * count)


def _integer_rounding(exact: AnyArray, codes: AnyArray) -> float | None:
    """Whole numbers hide one scale and zero point for the matrix, each row or each column."""
    layouts = [[(exact.ravel(), codes.ravel())]]
    layouts += [list(zip(x, y, strict=True)) for x, y in ((exact, codes), (exact.T, codes.T))]
    found = []
    for lines in layouts:
        errors = [_line_error(x, y) for x, y in lines if len(np.unique(y)) >= 8]
        if errors:
            found.append(max(errors))
    return min(found, default=None)


def _line_error(exact: AnyArray, codes: AnyArray) -> float:
    """The least largest error of a line from codes to values, in steps."""
    slope = float(np.polyfit(codes, exact, 1)[0])
    if not slope > 0:
        return float("inf")
    slopes = slope * (1 + np.linspace(-0.004, 0.004, 81))
    rest = exact - slopes[:, None] * codes
    return float((np.ptp(rest, axis=1) / 2 / slopes).min())
