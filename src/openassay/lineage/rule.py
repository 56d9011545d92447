"""From the tests to one verdict, in the vocabulary of :class:`Verdict` and no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from openassay.errors import UsageError
from openassay.lineage import free_tests, index_tests, relations
from openassay.lineage.equality import Equality, equality
from openassay.lineage.index_tests import DOUBT, FOUND
from openassay.lineage.prepared import Prepared
from openassay.lineage.result import (
    Comparison,
    Kind,
    Match,
    Matrix,
    Order,
    Outcome,
    Side,
    Verdict,
    label,
)
from openassay.lineage.roles import Role
from openassay.lineage.sketch import Sketch

MOST: Final = 0.75  # of the layers of one model, for "common origin" without "part only"
LEAST_GAINS: Final = 3
DOUBT_SHARE: Final = 0.15  # strangers were seen to reach 12 % in T2'
MAX_MATRIX: Final = 200  # layers a side in the picture's matrix
_NARROW: Final = (
    "T1 is unclear: {}; gains over features put side by side rank alike in strangers too"
)


def compare(a: Sketch, b: Sketch, *, dates: tuple[str, str] = ("", "")) -> Comparison:
    """Compare two sketches. ``dates`` are those of publication (YYYY-MM-DD), as the user says.

    Raises :class:`UsageError` when the sketches were taken at different places of the tensors.
    """
    return compare_prepared(Prepared(a), Prepared(b), dates=dates)


def compare_prepared(a: Prepared, b: Prepared, *, dates: tuple[str, str] = ("", "")) -> Comparison:
    """The same on decoded sketches, so that one can be compared with many."""
    if a.sketch.seed != b.sketch.seed:
        raise UsageError(
            f"the sketches of {a.sketch.name} and {b.sketch.name} hold rows of different places",
            hint="Take both again with the same openassay, or name the models themselves.",
        )
    equal = equality(a.sketch, b.sketch)
    gains = index_tests.gains(a, b)
    columns = index_tests.columns(a, b)
    rows, matches = index_tests.rows(a, b)
    exact = [gains, columns, rows]
    reach = _reach(a, b, matches)
    whole = columns.found and rows.found and _share(reach) >= MOST
    settled = equal.identical or equal.reordered or whole
    free = [
        _unless(settled or columns.found, "T2'", a, b),
        _unless(settled, "T4", a, b),
        _unless(settled, "T5", a, b),
    ]
    verdict, because, parts = _verdict(equal, exact, free, reach)
    if verdict is Verdict.NONE and not columns.applies and (a.may_embed or b.may_embed):
        verdict, because = Verdict.CANNOT, _blind(exact, free)
    related = verdict.is_found
    kinds = relations.relations(a, b, matches) if related else ()
    if verdict in (Verdict.IDENTICAL, Verdict.REORDERED):
        kinds = tuple(kind for kind in kinds if kind.kind is Kind.LAYERS_MOVED)
    order, why = relations.order(kinds)
    order, why = _dated(order, why, dates, related)
    return Comparison(
        a=_side(a.sketch, dates[0]),
        b=_side(b.sketch, dates[1]),
        verdict=verdict,
        because=because,
        parts=parts,
        outcomes=(equal.outcome, *exact, *free),
        matches=tuple(relations.best_matches(matches)),
        matrix=_matrix(matches),
        relations=kinds,
        order=order,
        order_because=why,
        notes=_notes(a.sketch, b.sketch, related) + _unseen(verdict, [*exact, *free]),
    )


def _unless(settled: bool, test: str, a: Prepared, b: Prepared) -> Outcome:
    if settled:
        return free_tests.not_run(test, "not needed: the exact tests have found it")
    if test == "T2'":
        return free_tests.columns_in_any_order(a, b)
    return free_tests.token_view(a, b) if test == "T4" else free_tests.shape_view(a, b)


def _verdict(
    equal: Equality, exact: Sequence[Outcome], free: Sequence[Outcome], reach: Reach
) -> tuple[Verdict, tuple[str, ...], tuple[str, ...]]:
    """Verdict, the sentences it rests on, and the parts that share an origin."""
    if equal.identical:
        return Verdict.IDENTICAL, (equal.outcome.sentence,), ("everything",)
    if equal.reordered:
        return Verdict.REORDERED, (equal.outcome.sentence,), ("everything",)
    # T2' with rows of layers in place is exact, whatever led to the order of columns.
    hits = [o for o in [*exact, *free] if o.found and (o in exact or o.log10_p is not None)]
    signs = [outcome for outcome in free if outcome.found and outcome not in hits]
    if hits == [exact[0]] and not _broad(exact[0]):
        return Verdict.CANNOT, (_NARROW.format(exact[0].sentence), *_missing(exact, free)), ()
    if hits:
        return _found(exact, hits, signs, reach)
    if signs:
        said = tuple(outcome.sentence for outcome in signs)
        return Verdict.STRONG, said, tuple(outcome.title for outcome in signs)
    doubts = _doubts(equal, exact, free)
    if doubts:
        return Verdict.CANNOT, doubts, ()
    missing = _missing(exact, free)
    if missing:
        return Verdict.CANNOT, missing, ()
    return Verdict.NONE, tuple(o.sentence for o in [*exact, *free] if o.ran), ()


def _found(
    exact: Sequence[Outcome], hits: list[Outcome], signs: list[Outcome], reach: Reach
) -> tuple[Verdict, tuple[str, ...], tuple[str, ...]]:
    gains, columns, rows = exact
    freed = next((hit for hit in hits if hit.test == "T2'"), None)
    share = max(_share(reach), freed.layers / freed.tests if freed else 0.0)
    # Units in another order are invisible to T3; a free match of most units stands in for it.
    units = any(s.test in ("T4", "T5") and s.layers >= MOST * s.tests for s in signs)
    layers = share >= MOST or units
    said = tuple(outcome.sentence for outcome in [*hits, *signs])
    if layers and (columns.found or freed or not columns.applies):
        return Verdict.COMMON, said, ("everything sampled",)
    parts = []
    if columns.found or freed:
        parts.append("embeddings")
    if units and share < MOST:
        parts.append("layers")
    elif freed and share > _share(reach):
        parts.append(f"{freed.layers} of {freed.tests} sampled matrices, with columns rearranged")
    else:
        parts += [_reached(stack, found) for stack, found in reach.items() if any(found.values())]
    if gains.found:
        parts.append("norm gains")
    if not columns.ran and columns.applies:
        said += (f"embeddings could not be compared: {columns.sentence}",)
    if not rows.ran and not units and not freed:
        said += (f"layers could not be compared: {rows.sentence}",)
    return Verdict.PART, said, tuple(parts)


#: For every stack of B's sampled layers, which of them have a partner in A. Where tensors have no
#: layer, each stands for itself.
Reach = dict[str, dict[tuple[int, str], bool]]


def _reach(a: Prepared, b: Prepared, matches: Sequence[Match]) -> Reach:
    hit = {match.b for match in matches if match.log10_p < FOUND}
    untold = _untold(a, b, hit)
    reach: Reach = {}
    for unit in b.units:
        if unit.row.name in untold:
            continue
        stack, number, _ = unit.place
        layer = (number, "" if number >= 0 else unit.row.name)
        found = reach.setdefault(stack if number >= 0 else "", {})
        found[layer] = found.get(layer, False) or unit.row.name in hit
    return reach


def _untold(a: Prepared, b: Prepared, hit: set[str]) -> set[str]:
    """Matrices of B that may be of those of which T3 takes no rows: their silence says nothing.

    They have lost their names, and none of their shape has a partner. Where the shape turned round
    has one, they are what goes out of the MLPs. A square may be stored either way.
    """
    names = {row.name for row in a.sketch.table}
    out = (Role.DOWN, Role.ATTENTION)
    unread = {tuple(sorted(r.shape)) for r in a.sketch.table if r.part.role in out}
    lost = [u.row for u in b.units if u.row.part.role is Role.OTHER and u.row.name not in names]
    seen = {row.shape for row in lost if row.name in hit}
    return {
        row.name
        for row in lost
        if row.shape not in seen
        and tuple(sorted(row.shape)) in unread
        and (row.shape[::-1] in seen or row.shape[0] == row.shape[-1])
    }


def _share(reach: Reach) -> float:
    """The share of B's sampled layers with a partner: A may well hold more than B took."""
    found = [one for layers in reach.values() for one in layers.values()]
    return sum(found) / len(found) if found else 0.0


def _reached(stack: str, found: dict[tuple[int, str], bool]) -> str:
    numbered = any(number >= 0 for number, _ in found)
    what = f"sampled layers of {stack}" if stack and numbered else (
        "sampled layers" if numbered else "sampled matrices")  # fmt: skip
    return f"{sum(found.values())} of {len(found)} {what}"


def _broad(gains: Outcome) -> bool:
    """Whether T1 may speak alone: for half of the gains of B, three at least.

    Gains over features put side by side (what two poolings gave, what several layers gave) differ
    from part to part in every model, and so rank alike in strangers; a network has few of them.
    """
    hits, of = gains.count or 0, gains.of or 0
    return hits >= max(LEAST_GAINS, of / 2)


def _doubts(equal: Equality, exact: Sequence[Outcome], free: Sequence[Outcome]) -> tuple[str, ...]:
    said = []
    if equal.outcome.found:  # and no exact test has: one tensor may be a formula's
        said.append(
            f"T0 is unclear: {equal.outcome.sentence}; an equal tensor may come from one origin, "
            "from one formula or from a part that both took from elsewhere"
        )
    said += [
        f"{outcome.test} is unclear (p about 1e{outcome.log10_p:.0f}): {outcome.sentence}; "
        "read more rows"
        for outcome in exact
        if outcome.ran and outcome.log10_p is not None and outcome.log10_p < DOUBT
    ]
    said += [
        f"{outcome.test} is unclear: {outcome.sentence}"
        for outcome in free
        if outcome.ran
        and outcome.share is not None
        and outcome.share
        >= min(free_tests.SHARE, max(DOUBT_SHARE, free_tests.TIMES * (outcome.null or 0)))
    ]
    return tuple(said)


def _missing(exact: Sequence[Outcome], free: Sequence[Outcome]) -> tuple[str, ...]:
    """Why silence is not enough: tests that apply and were not run."""
    laundering = [o for o in free if o.test in ("T4", "T5") and o.applies]
    # What folding norms hides from T1, T4 and T5 would show.
    covered = ("T1",) if laundering and all(o.ran for o in laundering) else ()
    said = [
        f"{o.test} could not be run: {o.sentence}"
        for o in exact
        if not o.ran and o.applies and o.test not in covered
    ]
    if laundering and not all(o.ran for o in laundering):
        said += [f"{o.test} was not run: {o.sentence}" for o in laundering if not o.ran]
    if not any(o.ran for o in exact):
        said = said or ["none of the tests could be run"]
    if said and any(o.ran for o in exact):
        quiet = ", ".join(o.test for o in [*exact, *free] if o.ran and not o.found)
        said += [f"nothing was found by {quiet}"] if quiet else []
    return tuple(said)


def _blind(exact: Sequence[Outcome], free: Sequence[Outcome]) -> tuple[str, ...]:
    """Silence, where a table may be the embedding under a name that is not known here."""
    quiet = ", ".join(o.test for o in [*exact, *free] if o.ran)
    return (
        "T2 could not be run: no embedding is known by its name, but a table may be one",
        f"nothing was found by {quiet}",
    )


def _dated(
    order: Order, why: tuple[str, ...], dates: tuple[str, str], related: bool
) -> tuple[Order, tuple[str, ...]]:
    if not related or not all(dates) or dates[0] == dates[1]:
        return order, why
    later = Order.B_LATER if dates[1] > dates[0] else Order.A_LATER
    if order is Order.UNKNOWN:
        return later, (f"dates given, not proved by the weights: A {dates[0]}, B {dates[1]}",)
    if order is not later:
        why += (f"the dates given say otherwise: A {dates[0]}, B {dates[1]}",)
    return order, why


def _side(sketch: Sketch, dated: str) -> Side:
    return Side(
        name=sketch.name,
        label=sketch.label,
        source=sketch.source,
        format=sketch.format,
        nbytes=sketch.nbytes,
        bytes_read=sketch.bytes_read,
        tensors=len(sketch.table),
        whole=sketch.whole,
        evidence=sketch.evidence,
        dated=dated,
    )


def _notes(a: Sketch, b: Sketch, related: bool) -> tuple[str, ...]:
    notes = [f"{side}: {note}" for side, one in (("A", a), ("B", b)) for note in one.notes[:5]]
    for side, one in (("A", a), ("B", b)):
        denied = sum(bool(row.part.denied) for row in one.table)
        fixed = sum(bool(row.fixed) for row in one.table if not row.part.denied)
        if denied or fixed:
            notes.append(
                f"{side}: tensors that do not count, as their indices or values are fixed: "
                f"{denied + fixed}"
            )
        if not one.whole:
            notes.append(f"{side} was sampled: {one.bytes_read:,} of {one.nbytes:,} bytes")
    if related:
        notes.append(
            "A common origin can be trained weights or the same random start: weights alone do not"
            " tell them apart."
        )
    return tuple(notes)


def _unseen(verdict: Verdict, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """What silence cannot mean: tests for which these networks have nothing to look at."""
    idle = [outcome.test for outcome in outcomes if not outcome.ran and not outcome.applies]
    if verdict is not Verdict.NONE or not idle:
        return ()
    return (
        f"{', '.join(idle)} do not apply to these networks: rearranged weights would be missed",
    )


def _matrix(matches: Sequence[Match]) -> Matrix:
    """The share of rows in place for every pair of layers, the best of their matrices."""
    rows = sorted({_place(match.b_place, match.b) for match in matches})[:MAX_MATRIX]
    columns = sorted({_place(match.a_place, match.a) for match in matches})[:MAX_MATRIX]
    best: dict[tuple[str, str], float] = {}
    for match in matches:
        key = (_place(match.b_place, match.b)[-1], _place(match.a_place, match.a)[-1])
        best[key] = max(best.get(key, 0.0), match.count / match.of)
    return Matrix(
        tuple(row[-1] for row in rows),
        tuple(column[-1] for column in columns),
        tuple(tuple(round(best.get((r[-1], c[-1]), 0.0), 4) for c in columns) for r in rows),
    )


def _place(place: tuple[str, int, int], name: str) -> tuple[str, int, int, str]:
    """Sorting key and label of a layer."""
    return (*place, label(place, name))
