"""What kind of relation it is, once a common origin is found: read from the matched rows.

Only differences that one can point to are named. Which model came first follows from information
that one of them has lost (rounding, zeros, a mixture), never from closeness; and only where what is
left are the other's very values. A copy that lost something of a common ancestor is not made from
its sibling, though the sibling holds more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from openassay.arrays import AnyArray, np
from openassay.lineage.decode import is_lossy
from openassay.lineage.index_tests import FOUND
from openassay.lineage.plan import matrix_shape
from openassay.lineage.prepared import Prepared, shared_tokens
from openassay.lineage.result import Comparison, Kind, Match, Order, Relation
from openassay.lineage.roles import Role
from openassay.lineage.statistics import unit_rows

GROUP: Final = 32
CLOSE: Final = 0.5
MOSTLY: Final = 0.99  # of the values, or of the matrices, for "these very values"
_EPS: Final = {"F64": 2.0**-53, "F32": 2.0**-24, "BF16": 2.0**-9, "F16": 2.0**-12}

#: Rows of A and of B that belong together, and how each is stored.
Pair = tuple[AnyArray, AnyArray, str, str]


def _of(pair: Pair, side: int) -> tuple[AnyArray, str]:
    """Rows and type of A (0) or B (1)."""
    return (pair[1], pair[3]) if side else (pair[0], pair[2])


def matched_rows(
    a: Prepared, b: Prepared, matches: Sequence[Match], *, close: float = CLOSE
) -> list[Pair]:
    """For every matrix of B that has a partner, the common rows of both.

    Those whose rows are not ``close`` (the median cosine) are left out: up and down rows of one
    unit agree in place as well, and their difference says nothing.
    """
    units_a = {unit.row.name: unit for unit in a.units}
    units_b = {unit.row.name: unit for unit in b.units}
    found: list[Pair] = []
    for match in best_matches(matches):
        ours, theirs = units_a[match.a], units_b[match.b]
        common = np.intersect1d(ours.numbers, theirs.numbers)[:64]
        if ours.values.shape[1] == theirs.values.shape[1] and len(common) >= 8:
            at_a = np.searchsorted(ours.numbers, common)
            at_b = np.searchsorted(theirs.numbers, common)
            pair = (ours.values[at_a], theirs.values[at_b])
        else:  # one is stored the other way round
            pair = (ours.values[:64][:, theirs.numbers], theirs.values[:, ours.numbers[:64]].T)
        cosines = (unit_rows(pair[0]) * unit_rows(pair[1])).sum(axis=1)
        if float(np.median(cosines)) >= close:
            found.append((*pair, ours.row.dtype, theirs.row.dtype))
    return found


def best_matches(matches: Sequence[Match]) -> list[Match]:
    """For every matrix of B the best of A, where an exact test found it."""
    best: dict[str, Match] = {}
    for match in matches:
        if match.log10_p >= FOUND:
            continue
        key = (match.count / match.of, match.a_place[1] == match.b_place[1])
        held = best.get(match.b)
        if held is None or key > (held.count / held.of, held.a_place[1] == held.b_place[1]):
            best[match.b] = match
    return list(best.values())


def relations(a: Prepared, b: Prepared, matches: Sequence[Match]) -> tuple[Relation, ...]:
    """Every relation that the matched parts show."""
    pairs = matched_rows(a, b, matches)
    found = [
        _equal(pairs),
        *_pruned(pairs),
        *_quantised(pairs),
        _low_rank(pairs),
        *_layers(a, b, matches, _same_rows(pairs) >= MOSTLY * len(pairs)),
        _experts(matches),
        _vocabulary(a, b),
        *_narrowed(a, b),
    ]
    return tuple(relation for relation in found if relation is not None)


def order(found: Sequence[Relation]) -> tuple[Order, tuple[str, ...]]:
    """Which model came later, if exactly one of them has lost something."""
    losers = {relation.loses for relation in found if relation.loses}
    because = tuple(relation.text for relation in found if relation.loses)
    if losers == {"b"}:
        return Order.B_LATER, because
    if losers == {"a"}:
        return Order.A_LATER, because
    return Order.UNKNOWN, ()


def with_relation(found: Comparison, more: Relation) -> Comparison:
    """A comparison with one more relation, and with what it says of the direction."""
    kinds = (*found.relations, more)
    later, because = order(kinds)
    if later is Order.UNKNOWN:
        later, because = found.order, found.order_because
    return replace(found, relations=kinds, order=later, order_because=because)


def _equal(pairs: Sequence[Pair]) -> Relation | None:
    same = _same_rows(pairs)
    if not same:
        return None
    return Relation(
        Kind.EQUAL_PARTS, f"{same} of {len(pairs)} sampled matrices have exactly the same rows"
    )


def _same_rows(pairs: Sequence[Pair]) -> int:
    return sum(np.array_equal(a, b) for a, b, _, _ in pairs)


def _kept(pairs: Sequence[Pair], side: int) -> bool:
    """Whether what pruning left on a side are the other's values, as far as their types hold."""
    shares = []
    for a, b, one, two in pairs:
        values, others = (b, a) if side else (a, b)
        eps = max(_EPS.get(one, 0.0), _EPS.get(two, 0.0))
        left = values != 0
        if left.any():
            near = np.abs(values - others)[left] <= 2 * eps * np.abs(others)[left]
            shares.append(float(near.mean()))
    return bool(shares) and float(np.median(shares)) >= MOSTLY


def _zeros(values: AnyArray) -> float:
    return float((values == 0).mean())


def _pruned(pairs: Sequence[Pair]) -> list[Relation]:
    floats = [pair for pair in pairs if not is_lossy(pair[2]) and not is_lossy(pair[3])]
    if not floats:
        return []
    zeros = [float(np.median([_zeros(_of(pair, side)[0]) for pair in floats])) for side in (0, 1)]
    for side, name, other in ((1, "B", 0), (0, "A", 1)):
        rounded = all(_lattice(*_of(pair, side)) for pair in pairs)  # small values round to zero
        if zeros[side] >= 0.1 and zeros[other] < 0.01 and not rounded:
            text = (
                f"{zeros[side]:.0%} of {name}'s sampled entries are exactly zero, none to speak of"
            )
            text += f" in {'A' if name == 'B' else 'B'}"
            return [Relation(Kind.PRUNED, text, name.lower() if _kept(floats, side) else "")]
    return []


# --- rounding -------------------------------------------------------------------------------------


def _groups(values: AnyArray) -> AnyArray:
    """Values in groups of 32 along the rows, (n, 32); a remainder is left out."""
    width = values.shape[1] // GROUP * GROUP
    return values[:, :width].reshape(-1, GROUP)[:2048].astype(float)


def _lattice(values: AnyArray, dtype: str) -> str:
    """Why these values are rounded; empty if they are not. Zeros, which pruning leaves, aside."""
    if is_lossy(dtype):
        return f"stored as {dtype}"
    groups = _groups(values)
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
    if float((np.abs(steps - np.rint(steps)).max(axis=1) < 0.01).mean()) > 0.9:
        return f"groups of {GROUP} in 127 equal steps to their largest value"
    row = max(len(np.unique(one)) for one in values[:16])
    if values.shape[1] >= 1024 and row <= 256:
        return f"at most {row} distinct values in a row of {values.shape[1]}"
    return ""


def _quantised(pairs: Sequence[Pair]) -> list[Relation]:
    if not pairs:
        return []
    sides = [[_lattice(*_of(pair, side)) for pair in pairs] for side in (0, 1)]
    rounded = [sum(map(bool, side)) >= 0.8 * len(side) for side in sides]
    if rounded[0] == rounded[1]:
        return []
    side, name = (1, "B") if rounded[1] else (0, "A")
    why = next(reason for reason in sides[side] if reason)
    text = f"{name}'s values are rounded ({why}), those of {'A' if side else 'B'} are not"
    errors = [
        _rounding(_of(pair, 1 - side)[0], _of(pair, side)[0], is_lossy(_of(pair, side)[1]))
        for pair in pairs
    ]
    worst = max((error for error in errors if error is not None), default=None)
    if worst is None or worst > 0.52 or None in errors:
        return [Relation(Kind.QUANTISED, text)]
    text += f"; the largest error is {worst:.3f} of a step: a rounding of these very values"
    return [Relation(Kind.QUANTISED, text, name.lower())]


def _rounding(exact: AnyArray, rounded: AnyArray, stored: bool) -> float | None:
    """The largest error in steps, 0.5 at most for a rounding; None where no step can be told."""
    if stored and float(np.abs(rounded - np.rint(rounded)).max()) == 0:
        return _integer_rounding(exact.astype(float), rounded.astype(float))
    groups = _groups(rounded)
    errors = np.abs(_groups(exact) - groups)
    worst = []
    for group, error in zip(groups, errors, strict=True):
        gaps = np.diff(np.unique(group))
        if len(gaps) >= 3:
            worst.append(float(error.max() / gaps.min()))
    return float(np.quantile(worst, 0.99)) if worst else None


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


# --- rank -----------------------------------------------------------------------------------------


def _low_rank(pairs: Sequence[Pair]) -> Relation | None:
    """The rank of B - A, where it is far below what the sampled rows could show."""
    ranks: list[int] = []
    for a, b, one, two in pairs:
        if is_lossy(one) or is_lossy(two):
            return None
        if a.shape[0] < 16:
            continue
        change = b.astype(float) - a.astype(float)
        values = np.linalg.svd(change, compute_uv=False)
        eps = max(_EPS.get(one, 0.0), _EPS.get(two, 0.0))
        noise = (
            eps
            * float(np.sqrt((a.astype(float) ** 2).mean()))
            * (np.sqrt(change.shape[0]) + np.sqrt(change.shape[1]))
        )
        if values[0] > 4 * noise:
            ranks.append(int((values > max(2 * noise, 1e-4 * values[0])).sum()))
    if not ranks:
        return None
    top = int(np.quantile(ranks, 0.9))
    smallest = min(a.shape[0] for a, *_ in pairs)
    if top > smallest // 2:
        return None
    text = f"B less A has rank {top} or less in the sampled rows of {len(ranks)} matrices"
    return Relation(Kind.LOW_RANK, f"{text}, as a merged adapter leaves it")


# --- structure ------------------------------------------------------------------------------------


def layer_map(matches: Sequence[Match]) -> dict[int, int]:
    """Layer of B to the layer of A that most of its matched rows come from."""
    votes: dict[int, dict[int, float]] = {}
    for match in best_matches(matches):
        if match.a_place[1] >= 0 and match.b_place[1] >= 0:
            here = votes.setdefault(match.b_place[1], {})
            here[match.a_place[1]] = here.get(match.a_place[1], 0.0) + match.count / match.of
    return {b: max(sorted(found), key=lambda a: found[a]) for b, found in sorted(votes.items())}


def _layers(a: Prepared, b: Prepared, matches: Sequence[Match], equal: bool) -> list[Relation]:
    """Layers that stand elsewhere; repeated ones tell the direction where their rows are equal."""
    mapped = layer_map(matches)
    count_a, count_b = _depth(a), _depth(b)
    if len(mapped) < 2 or not count_a or not count_b:
        return []
    pairs = ", ".join(f"{one} from {other}" for one, other in list(mapped.items())[:40])
    values = list(mapped.values())
    repeated = len(set(values)) < len(values)
    backwards = layer_map([_turned(match) for match in matches])
    shared = len(set(backwards.values())) < len(backwards)
    if repeated and count_b > count_a:
        return [
            Relation(Kind.LAYERS_REPEATED, f"B repeats layers of A: {pairs}", "b" if equal else "")
        ]
    if shared and count_a > count_b:
        return [
            Relation(Kind.LAYERS_REPEATED, f"A repeats layers of B: {pairs}", "a" if equal else "")
        ]
    if count_b != count_a and values == sorted(values):
        less, more = ("B", "A") if count_b < count_a else ("A", "B")
        text = f"{less} has {min(count_a, count_b)} of {more}'s {max(count_a, count_b)} layers"
        note = f"{less} was cut down, or {more} grew by new layers"
        return [Relation(Kind.LAYERS_DROPPED, f"{text} ({pairs}): {note}")]
    if values != list(mapped) and count_a == count_b:
        return [Relation(Kind.LAYERS_MOVED, f"layers stand elsewhere: {pairs}")]
    return []


def _turned(match: Match) -> Match:
    return Match(match.b, match.a, match.b_place, match.a_place, match.role, match.count,
                 match.of, match.log10_p)  # fmt: skip


def _depth(side: Prepared) -> int:
    numbers = {row.part.layer for row in side.sketch.table if row.part.layer is not None}
    return len(numbers)


def _experts(matches: Sequence[Match]) -> Relation | None:
    found = [m for m in best_matches(matches) if m.b_place[2] >= 0 > m.a_place[2]]
    if not found:
        return None
    experts = {(m.b_place[1], m.b_place[2]) for m in found}
    text = f"{len(experts)} sampled experts of B hold rows of A's dense layers"
    return Relation(Kind.EXPERTS, text)


def _vocabulary(a: Prepared, b: Prepared) -> Relation | None:
    shared = shared_tokens(a, b)
    if shared is None or shared[0].shape[1] != shared[1].shape[1]:
        return None
    heights = [matrix_shape(side.embeddings[0][1].shape)[0] for side in (a, b)]
    if heights[0] == heights[1]:
        return None
    same = int((shared[0] == shared[1]).all(axis=1).sum())
    more, less = ("B", "A") if heights[1] > heights[0] else ("A", "B")
    text = f"{more} has {abs(heights[1] - heights[0])} more tokens than {less}"
    return Relation(Kind.VOCABULARY, f"{text}; {same} of {len(shared[0])} shared rows are equal")


def _narrowed(a: Prepared, b: Prepared) -> list[Relation]:
    heights = []
    for side in (a, b):
        found = [u.height for u in side.units if u.row.part.role is Role.UP and u.place[2] < 0]
        heights.append(int(np.median(found)) if found else 0)
    if 0 in heights or heights[0] == heights[1]:
        return []
    less, more = ("B", "A") if heights[1] < heights[0] else ("A", "B")
    text = f"{less}'s MLPs have {min(heights)} hidden units, {more}'s have {max(heights)}"
    return [Relation(Kind.NARROWED, text)]


# --- mixtures -------------------------------------------------------------------------------------


def mixture(target: Prepared, bases: Sequence[tuple[Prepared, Sequence[Match]]]) -> Relation | None:
    """Whether B is a weighted sum of two bases: its matched rows regressed on both.

    Coefficients that add to one with little left over say so; K alone cannot, for an even mixture
    matches both of its parents fully. Little is measured by what the bases differ in as well: a
    model of the same family is near to both whatever it is. Of bases that share an origin it says
    nothing about the direction: a step on the way from one to the other lies between them too.
    """
    if len(bases) != 2:
        return None
    coefficients: list[tuple[float, float]] = []
    rest: list[float] = []
    near: list[float] = []
    first = {m.b: m for m in best_matches(bases[0][1])}
    second = {m.b: m for m in best_matches(bases[1][1])}
    for name in sorted(first.keys() & second.keys()):
        chosen = zip(bases, (first[name], second[name]), strict=True)
        parts = [matched_rows(base, target, [m], close=-1.0) for (base, _), m in chosen]
        (x, y, *_), (z, y2, *_) = parts[0][0], parts[1][0]
        if x.shape != z.shape or not np.array_equal(y, y2):
            continue
        design = np.stack([x.ravel(), z.ravel()], axis=1).astype(float)
        found, *_ = np.linalg.lstsq(design, y.ravel().astype(float), rcond=None)
        left = float(((y.ravel() - design @ found) ** 2).sum())
        between = float(((design[:, 0] - design[:, 1]) ** 2).sum())
        rest.append(left / max(min(float((y.astype(float) ** 2).sum()), between), 1e-30))
        near.append(float(np.median((unit_rows(x) * unit_rows(z)).sum(axis=1))))
        coefficients.append((float(found[0]), float(found[1])))
    if not coefficients:
        return None
    one, two = (float(np.median([c[i] for c in coefficients])) for i in (0, 1))
    if min(one, two) < 0.05 or abs(one + two - 1) > 0.05 or float(np.median(rest)) > 0.05:
        return None
    names = [base.sketch.name for base, _ in bases]
    text = (
        f"rows are {one:.2f} of {names[0]} and {two:.2f} of {names[1]}, {np.median(rest):.1%} left"
    )
    if float(np.median(near)) < CLOSE:
        return Relation(Kind.MERGED, text, "b")
    return Relation(Kind.MERGED, f"{text}; both share an origin, so it may be a step between them")
