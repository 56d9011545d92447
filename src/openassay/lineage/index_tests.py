"""T1 to T3: the exact tests on indices (see :mod:`openassay.lineage.statistics`)."""

from __future__ import annotations

from math import log10
from typing import Final

from openassay.arrays import AnyArray, Floats, Numbers, np
from openassay.lineage.plan import MIN_ROWS
from openassay.lineage.prepared import Prepared, Unit, shared_tokens
from openassay.lineage.result import Match, Outcome
from openassay.lineage.roles import Role
from openassay.lineage.statistics import (
    centred_columns,
    fixed_points,
    log10_fixed_points,
    log10_rank_correlation,
    rank_rows,
    unit_rows,
)

FOUND: Final = -9.0  # log10 of the corrected p below which an exact test has found something
DOUBT: Final = -3.0
MIN_GAINS: Final = 64  # values: fewer and the t-approximation of rho is not to be trusted
MAX_COLUMNS: Final = 1024
MAX_ROWS: Final = 64  # of one matrix in T3
_WORDS: Final = {
    "T1": "order of norm gains",
    "T2": "embedding columns in place",
    "T3": "rows of layers in place",
}


def not_run(test: str, why: str, *, applies: bool = True) -> Outcome:
    return Outcome(test, _WORDS[test], ran=False, sentence=why, applies=applies)


# --- T1 -------------------------------------------------------------------------------------------


def gains(a: Prepared, b: Prepared) -> Outcome:
    """T1: Spearman's rho of every pair of gains of the same length."""
    if not a.gains or not b.gains:
        folded = [side.sketch.name for side in (a, b) if side.gains_folded]
        if folded:
            why = f"all gains of {' and '.join(folded)} are alike: folded into the matrices"
            return not_run("T1", why)
        return not_run("T1", "no norm gains", applies=bool(a.gains or b.gains))
    lengths = {len(a.values(i)[0]) for i, _ in a.gains} & {len(b.values(i)[0]) for i, _ in b.gains}
    found: list[tuple[float, float]] = []  # log10 p and rho of the best partner of each gain of B
    tests = 0
    for length in sorted(n for n in lengths if n >= MIN_GAINS):
        ours, theirs = (
            rank_rows(
                [side.values(i)[0] for i, _ in side.gains if len(side.values(i)[0]) == length]
            )
            for side in (a, b)
        )
        rho = theirs @ ours.T
        tests += rho.size
        best = rho[np.arange(len(rho)), np.abs(rho).argmax(axis=1)]
        found += [(log10_rank_correlation(float(value), length), float(value)) for value in best]
    if not found:
        return not_run("T1", f"no gains of one length of {MIN_GAINS} or more")
    found = [(min(0.0, p + log10(tests)), rho) for p, rho in found]
    p, top = min(found)
    hits = sum(one < FOUND for one, _ in found)
    sentence = (
        f"{hits} of {len(found)} gains of B rank their dimensions as one of A's does; "
        f"best rho {top:.2f}"
    )
    return Outcome("T1", _WORDS["T1"], True, p < FOUND, sentence, p, hits, len(found), tests)


# --- T2 -------------------------------------------------------------------------------------------


def columns(a: Prepared, b: Prepared) -> Outcome:
    """T2: columns of the embedding, as seen by shared tokens, whose best match is in place."""
    shared = shared_tokens(a, b)
    if shared is None:
        why = "no sampled token embeddings that both models have"
        return not_run("T2", why, applies=bool(a.embeddings or b.embeddings))
    ours, theirs, named = shared
    if ours.shape[1] != theirs.shape[1]:
        return not_run("T2", f"widths differ: {ours.shape[1]} and {theirs.shape[1]}")
    picked = some_columns(ours.shape[1])
    if len(picked) < MIN_ROWS:
        return not_run("T2", f"only {len(picked)} columns")
    c = np.abs(centred_columns(ours[:, picked]) @ centred_columns(theirs[:, picked]).T)
    k = fixed_points(c)
    p = log10_fixed_points(k)
    by = "by their text" if named else "by their number"
    sentence = (
        f"{k} of {len(picked)} columns are most like the same column, "
        f"over {len(ours)} tokens paired {by}"
    )
    return Outcome("T2", _WORDS["T2"], True, p < FOUND, sentence, p, k, len(picked), 1)


def some_columns(width: int) -> Numbers:
    """At most MAX_COLUMNS column numbers, evenly spread."""
    count = min(width, MAX_COLUMNS)
    return np.arange(count, dtype=np.int64) * width // count


# --- T3 -------------------------------------------------------------------------------------------


def rows(a: Prepared, b: Prepared) -> tuple[Outcome, list[Match]]:
    """T3: rows of layers in place, every layer of one against every layer of the other."""
    if not a.units or not b.units:
        return not_run("T3", "no rows of layers could be sampled"), []
    cache: dict[tuple[int, int], Floats] = {}
    raw: list[tuple[Unit, Unit, int, int]] = []
    for one in b.units:
        for other in a.units:
            pair = _aligned(other, one, cache)
            if pair is not None:
                ours, theirs = pair
                k = fixed_points(np.abs(ours @ theirs.T))
                raw.append((other, one, k, len(ours)))
    if not raw:
        why = "no matrices of one shape, with 16 sampled rows in common"
        return not_run("T3", why), []
    correction = log10(len(raw))
    matches = [
        Match(u.row.name, v.row.name, u.place, v.place, str(v.row.part.role), k, n,
              min(0.0, log10_fixed_points(k) + correction))
        for u, v, k, n in raw
    ]  # fmt: skip
    best = min(matches, key=lambda match: match.log10_p)
    tested = {match.b for match in matches}
    hit = {match.b for match in matches if match.log10_p < FOUND}
    sentence = (
        f"{len(hit)} of {len(tested)} sampled matrices of B have rows in the places of one of A's; "
        f"best {best.count} of {best.of}"
    )
    outcome = Outcome("T3", _WORDS["T3"], True, best.log10_p < FOUND, sentence, best.log10_p,
                      len(hit), len(tested), len(raw))  # fmt: skip
    return outcome, matches


_COMPATIBLE: Final = {Role.UP, Role.GATE, Role.VALUE}


def _aligned(
    a: Unit, b: Unit, cache: dict[tuple[int, int], Floats]
) -> tuple[Floats, Floats] | None:
    """Rows of both with the same numbers as unit vectors, or None where they cannot be compared."""
    roles = {a.row.part.role, b.row.part.role}
    named = Role.OTHER not in roles
    if named and len(roles) > 1:
        return None
    wide_a, wide_b = a.columns, b.columns
    if wide_a == wide_b and _same_kernel(a, b):
        common = np.intersect1d(a.numbers, b.numbers)[:MAX_ROWS]
        if len(common) >= MIN_ROWS:
            return _picked(a, common, cache, 0), _picked(b, common, cache, 1)
    if (a.height, wide_a) == (wide_b, b.height) and wide_a != wide_b and not named:
        return _crossed(a, b)
    return None


def _same_kernel(a: Unit, b: Unit) -> bool:
    """Unnamed tensors are only compared whole shape by whole shape."""
    if Role.OTHER in (a.row.part.role, b.row.part.role):
        return [n for n in a.row.shape if n > 1] == [n for n in b.row.shape if n > 1]
    return True


def _picked(unit: Unit, common: Numbers, cache: dict[tuple[int, int], Floats], side: int) -> Floats:
    """Unit rows with these numbers; the usual choice is kept."""
    at = np.searchsorted(unit.numbers, common)
    key = (side, unit.index * 1_000_003 + int(common[0]) * 101 + len(common))
    if key not in cache:
        cache[key] = unit_rows(unit.rows(at))
    return cache[key]


def _crossed(a: Unit, b: Unit) -> tuple[Floats, Floats] | None:
    """A's rows against B's columns, where one stores [out, in] and the other [in, out]."""
    ours: AnyArray = a.values[:MAX_ROWS][:, b.numbers]
    theirs: AnyArray = b.values[:, a.numbers[:MAX_ROWS]].T
    if min(ours.shape) < MIN_ROWS:
        return None
    return unit_rows(ours), unit_rows(theirs)
