"""What kind of relation it is, once a common origin is found: read from the matched rows.

Only differences that one can point to are named. Which model came first follows from information
that one of them has lost (rounding, zeros, a mixture), never from closeness; and only if what it
kept is the other's own: a rounded model and a fine-tune of one base are siblings.
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
from openassay.lineage.rounding import Pair, eps, lattice, of, quantised, same_values
from openassay.lineage.statistics import unit_rows

CLOSE: Final = 0.5
NARROW: Final = 32  # rows and columns of a matrix whose rank is looked at
LEAST: Final = 0.9  # of the matched matrices, before "these very rows" is said of all


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
        if ours.columns == theirs.columns and len(common) >= 8:
            at_a = np.searchsorted(ours.numbers, common)
            at_b = np.searchsorted(theirs.numbers, common)
            pair = (ours.rows(at_a), theirs.rows(at_b))
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
        *quantised(pairs),
        _low_rank(pairs),
        *_layers(a, b, matches, _kept(pairs)),
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
    same = sum(np.array_equal(a, b) for a, b, _, _ in pairs)
    if not same:
        return None
    return Relation(
        Kind.EQUAL_PARTS, f"{same} of {len(pairs)} sampled matrices have exactly the same rows"
    )


def _zeros(values: AnyArray) -> float:
    return float((values == 0).mean())


def _pruned(pairs: Sequence[Pair]) -> list[Relation]:
    floats = [pair for pair in pairs if not is_lossy(pair[2]) and not is_lossy(pair[3])]
    if not floats:
        return []
    zeros = [float(np.median([_zeros(of(pair, side)[0]) for pair in floats])) for side in (0, 1)]
    for side, name, other in ((1, "B", 0), (0, "A", 1)):
        rounded = all(lattice(*of(pair, side)) for pair in pairs)  # small values round to zero
        if zeros[side] < 0.1 or zeros[other] >= 0.01 or rounded:
            continue
        text = f"{zeros[side]:.0%} of {name}'s sampled entries are exactly zero, none to speak of"
        text += f" in {'A' if name == 'B' else 'B'}"
        if all(same_values(pair, of(pair, side)[0] != 0) for pair in floats):
            return [Relation(Kind.PRUNED, f"{text}; the others are the same", name.lower())]
        return [Relation(Kind.PRUNED, f"{text}; the others differ")]
    return []


# --- rank -----------------------------------------------------------------------------------------


def _low_rank(pairs: Sequence[Pair]) -> Relation | None:
    """The rank of B - A, where it is far below what nearly all sampled matrices could show."""
    ranks: list[int] = []
    low = 0
    for a, b, one, two in pairs:
        if is_lossy(one) or is_lossy(two):
            return None
        if min(a.shape) < NARROW:  # a narrow matrix has no high rank to fall short of
            continue
        change = b.astype(float) - a.astype(float)
        values = np.linalg.svd(change, compute_uv=False)
        precision = max(eps(one), eps(two)) / 2  # as a spread
        noise = (
            precision
            * float(np.sqrt((a.astype(float) ** 2).mean()))
            * (np.sqrt(change.shape[0]) + np.sqrt(change.shape[1]))
        )
        if values[0] > 4 * noise:
            ranks.append(int((values > max(2 * noise, 1e-4 * values[0])).sum()))
            low += ranks[-1] <= min(a.shape) // 2
    if not ranks or low < LEAST * len(ranks):
        return None
    top = int(np.quantile(ranks, LEAST))
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


def _kept(pairs: Sequence[Pair]) -> bool:
    """Whether nearly all matched rows are the same in both models."""
    return sum(map(same_values, pairs)) >= LEAST * max(len(pairs), 1)


def _layers(a: Prepared, b: Prepared, matches: Sequence[Match], kept: bool) -> list[Relation]:
    """Layers dropped, repeated or moved. Repeated ones give a direction only where their rows were
    ``kept``: a model that grew and was trained on is a sibling of other tunings of its base."""
    mapped = layer_map(matches)
    backwards = layer_map([_turned(match) for match in matches])
    count_a, count_b = _depth(a), _depth(b)
    if len(mapped) < 2 or not count_a or not count_b:
        return []
    pairs = ", ".join(f"{one} from {other}" for one, other in list(mapped.items())[:40])
    values = list(mapped.values())
    if len(set(values)) < len(values) and count_b > count_a:
        return [Relation(Kind.LAYERS_REPEATED, f"B repeats layers of A: {pairs}", "b" * kept)]
    if len(set(backwards.values())) < len(backwards) and count_a > count_b:
        return [Relation(Kind.LAYERS_REPEATED, f"A repeats layers of B: {pairs}", "a" * kept)]
    if count_b != count_a and values == sorted(values):
        less, more, found = ("B", "A", mapped) if count_b < count_a else ("A", "B", backwards)
        text = f"{less} has {min(count_a, count_b)} of {more}'s {max(count_a, count_b)} layers"
        note = f"{less} was cut down, or {more} grew by new layers"
        whole = a.sketch.complete and b.sketch.complete  # else a shard may be all that is missing
        whole = whole and len(found) >= LEAST * len(_sampled_layers(b if less == "B" else a))
        return [Relation(Kind.LAYERS_DROPPED, f"{text} ({pairs}): {note}")] if whole else []
    if values != list(mapped) and count_a == count_b:
        return [Relation(Kind.LAYERS_MOVED, f"layers stand elsewhere: {pairs}")]
    return []


def _sampled_layers(side: Prepared) -> set[int]:
    return {unit.place[1] for unit in side.units if unit.place[1] >= 0}


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

    Coefficients that add to one say so if they explain how B differs from the nearer base; among
    tunings of one base any two come close to a third. K alone cannot tell, for an even mixture
    matches both of its parents fully. Of bases that share an origin it says nothing about the
    direction: a step on the way from one to the other lies between them too.
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
        near.append(float(np.median((unit_rows(x) * unit_rows(z)).sum(axis=1))))
        x, y, z = (values.ravel().astype(float) for values in (x, y, z))
        found, *_ = np.linalg.lstsq(np.stack([x, z], axis=1), y, rcond=None)
        nearer = min(float(((y - x) ** 2).sum()), float(((y - z) ** 2).sum()))
        left = float(((y - found[0] * x - found[1] * z) ** 2).sum())
        rest.append(left / max(nearer, 1e-30))
        coefficients.append((float(found[0]), float(found[1])))
    if not coefficients:
        return None
    one, two = (float(np.median([c[i] for c in coefficients])) for i in (0, 1))
    if min(one, two) < 0.05 or abs(one + two - 1) > 0.05 or float(np.median(rest)) > 0.05:
        return None
    names = [base.sketch.name for base, _ in bases]
    text = (
        f"rows are {one:.2f} of {names[0]} and {two:.2f} of {names[1]}, which leaves "
        f"{np.median(rest):.1%} of how they differ from the nearer"
    )
    if float(np.median(near)) < CLOSE:
        return Relation(Kind.MERGED, text, "b")
    return Relation(Kind.MERGED, f"{text}; both share an origin, so it may be a step between them")
