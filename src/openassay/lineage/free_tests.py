"""T2', T4 and T5: matches that survive shuffling, rotating and scaling. Signs, not proofs.

Each finds a free matching twice, from two views that share nothing but the model, and counts how
often both agree. Independent models trained on one text do learn some units alike, so the chance
level is not known in theory; it is measured on the pair itself, on tokens or layers that cannot
belong together, and the share asked for is far above what strangers were ever seen to reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openassay.arrays import AnyArray, Floats, Numbers, np
from openassay.lineage.index_tests import some_columns
from openassay.lineage.prepared import Layer, Prepared, shared_tokens
from openassay.lineage.result import Outcome
from openassay.lineage.roles import is_mlp
from openassay.lineage.statistics import centred_columns, unit_rows

SHARE: Final = 0.25  # of units, in two layers at least
TIMES: Final = 5.0  # the pair's own mismatched maximum
COLUMN_TOKENS: Final = 256
UNIT_TOKENS: Final = 512
MAX_UNITS: Final = 2048  # of A in one layer
MIN_UNITS: Final = 32
REFINE: Final = 8
_TITLES: Final = {
    "T2'": "embedding columns, in any order",
    "T4": "units as shared tokens see them",
    "T5": "units by their shape alone",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many units two views match alike."""

    count: int
    of: int

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0


def not_run(test: str, why: str, *, applies: bool = True) -> Outcome:
    return Outcome(test, _TITLES[test], ran=False, sentence=why, applies=applies)


def has_layers(side: Prepared) -> bool:
    """Whether the model has MLPs at all, at hand or not."""
    return is_mlp({row.part.role for row in side.sketch.table})


def _no_layers(test: str, a: Prepared, b: Prepared) -> Outcome:
    if has_layers(a) or has_layers(b):
        why = "no whole layers at hand; give both models themselves, with --deep"
        return not_run(test, why)
    return not_run(test, "neither model has layers with a known MLP", applies=False)


def _agree(first: Numbers, second: Numbers) -> Agreement:
    return Agreement(int((first == second).sum()), len(first))


def _best(similarity: AnyArray) -> Numbers:
    found: Numbers = similarity.argmax(axis=1)
    return found


# --- T2' ------------------------------------------------------------------------------------------


def columns_in_any_order(a: Prepared, b: Prepared) -> Outcome:
    """T2': each half of the shared tokens matches columns freely; how many get the same partner."""
    shared = shared_tokens(a, b)
    if shared is None or len(shared[0]) < 64:
        why = "fewer than 64 sampled tokens that both models have"
        return not_run("T2'", why, applies=bool(a.embeddings or b.embeddings))
    ours, theirs = _some_tokens(shared[0], shared[1], COLUMN_TOKENS)
    picked = some_columns(ours.shape[1])
    if min(ours.shape[1], theirs.shape[1]) < MIN_UNITS:
        return not_run("T2'", "fewer than 32 columns")
    found = _halves(ours[:, picked], theirs)
    # The same with tokens that do not belong together says what chance gives here.
    third = len(theirs) // 3
    null = max(_halves(ours[:, picked], np.roll(theirs, third * n, axis=0)).share for n in (1, 2))
    return _outcome("T2'", [found], null, "columns", needed=1)


def _some_tokens(ours: AnyArray, theirs: AnyArray, most: int) -> tuple[AnyArray, AnyArray]:
    """At most so many tokens: with more of them strangers, too, see more columns alike."""
    picked = _sample(len(ours), most)
    return ours[picked], theirs[picked]


def _halves(ours: AnyArray, theirs: AnyArray) -> Agreement:
    partners = [
        _best(np.abs(centred_columns(ours[half::2]) @ centred_columns(theirs[half::2]).T))
        for half in (0, 1)
    ]
    return _agree(*partners)


# --- T4 -------------------------------------------------------------------------------------------


def token_view(a: Prepared, b: Prepared) -> Outcome:
    """T4: units described by how the shared tokens' embeddings project on them.

    Gate and up rows (up rows and down columns where there is no gate) each match freely; agreement
    is counted. Nothing changes under rotation, shuffling or scaling of either model.
    """
    if not a.layers or not b.layers:
        return _no_layers("T4", a, b)
    shared = shared_tokens(a, b)
    if shared is None:
        return not_run("T4", "no sampled tokens that both models have")
    ours, theirs = _some_tokens(shared[0], shared[1], UNIT_TOKENS)
    # Towers of other widths, such as one for pictures, do not read these embeddings.
    views_a = [_views(ours, one, MAX_UNITS) for one in a.layers if _reads(one, ours)]
    views_b = [_views(theirs, one, None) if _reads(one, theirs) else None for one in b.layers]
    if not views_a or not any(views_b):
        return not_run("T4", "embeddings and layers differ in width")
    return _judged("T4", [[_alike(view, other) for view in views_a] for other in views_b])


def _alike(ours: tuple[Floats, Floats], theirs: tuple[Floats, Floats] | None) -> Agreement:
    if theirs is None:
        return Agreement(0, len(ours[0]))
    return _agree(*(_best(similar) for similar in _similar(ours, theirs)))


def _reads(layer: Layer, tokens: AnyArray) -> bool:
    return bool(layer.up.shape[1] == tokens.shape[1])


def _views(tokens: AnyArray, layer: Layer, most: int | None) -> tuple[Floats, Floats]:
    """Two descriptions of every unit, (units, tokens) each, centred and of length one."""
    scale = np.sqrt((tokens.astype(np.float64) ** 2).mean(axis=1, keepdims=True))
    unit = (tokens / np.where(scale > 0, scale, 1)).astype(np.float32)
    picked = _sample(len(layer.up), most)
    first = layer.up[picked] if layer.gate is None else layer.gate[picked]
    second = layer.down[picked] if layer.gate is None else layer.up[picked]
    return centred_columns(unit @ first.T), centred_columns(unit @ second.T)


def _sample(count: int, most: int | None) -> Numbers:
    kept = count if most is None else min(count, most)
    return np.arange(kept, dtype=np.int64) * count // kept


def _similar(
    ours: tuple[Floats, Floats], theirs: tuple[Floats, Floats]
) -> tuple[AnyArray, AnyArray]:
    return np.abs(ours[0] @ theirs[0].T), np.abs(ours[1] @ theirs[1].T)


# --- T5 -------------------------------------------------------------------------------------------


def shape_view(a: Prepared, b: Prepared) -> Outcome:
    """T5: units described by lengths and angles of their own vectors; no tokens needed.

    Mutual nearest neighbours of half the units fix a rotation, refined eight times; on the other
    half, matches by gate and by up (up and down) are counted where they agree.
    """
    if not a.layers or not b.layers:
        return _no_layers("T5", a, b)
    if not {one.up.shape[1] for one in a.layers} & {one.up.shape[1] for one in b.layers}:
        return not_run("T5", "widths differ")
    table = [[_turned(la, lb) for la in a.layers] for lb in b.layers]
    return _judged("T5", table)


def _turned(a: Layer, b: Layer) -> Agreement:
    if (a.gate is None) != (b.gate is None) or a.up.shape[1] != b.up.shape[1]:
        return Agreement(0, 0)
    picked = _sample(len(a.up), MAX_UNITS)
    ours = [m[picked] for m in (a.gate, a.up, a.down) if m is not None]
    theirs = [m for m in (b.gate, b.up, b.down) if m is not None]
    fit = np.arange(len(picked)) % 2 == 0
    pairs = _mutual(_features(ours)[fit], _features(theirs))
    ours = [unit_rows(m) for m in ours]
    theirs = [unit_rows(m) for m in theirs]
    turn: AnyArray | None = None
    for _ in range(REFINE):
        if len(pairs[0]) < 8:
            return Agreement(0, int((~fit).sum()))
        turn = _rotation([m[fit][pairs[0]] for m in ours], [m[pairs[1]] for m in theirs], turn)
        score = sum(np.abs((m[fit] @ turn) @ n.T) for m, n in zip(ours, theirs, strict=True))
        again = _mutual_best(np.asarray(score))
        if np.array_equal(again[0], pairs[0]) and np.array_equal(again[1], pairs[1]):
            break
        pairs = again
    views = [_best(np.abs((ours[i][~fit] @ turn) @ theirs[i].T)) for i in (0, 1)]
    return _agree(*views)


def _features(parts: list[AnyArray]) -> Floats:
    """What rotation, sign and scale leave of a unit: logarithms of lengths, cosines of angles."""
    lengths = [np.linalg.norm(m, axis=1) + 1e-12 for m in parts]
    units = [unit_rows(m) for m in parts]

    def cosine(i: int, j: int) -> AnyArray:
        found: AnyArray = (units[i] * units[j]).sum(axis=1)
        return found

    if len(parts) == 3:
        gate, up, down = 0, 1, 2
        made = [
            np.log(lengths[gate]),
            np.log(lengths[up]) + np.log(lengths[down]),
            np.abs(cosine(gate, up)),
            np.abs(cosine(gate, down)),
            np.abs(cosine(up, down)),
        ]
    else:
        made = [np.log(lengths[0]), np.log(lengths[1]), cosine(0, 1)]  # fmt: skip
    stacked = np.stack(made, axis=1)
    spread = stacked.std(axis=0)
    scaled: AnyArray = (stacked - stacked.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return scaled.astype(np.float32)


def _mutual(left: Floats, right: Floats) -> tuple[Numbers, Numbers]:
    squared = (left**2).sum(1)[:, None] + (right**2).sum(1) - 2 * left @ right.T
    return _mutual_best(-squared)


def _mutual_best(score: AnyArray) -> tuple[Numbers, Numbers]:
    forth, back = score.argmax(axis=1), score.argmax(axis=0)
    kept = np.nonzero(back[forth] == np.arange(len(forth)))[0]
    return kept, forth[kept]


def _rotation(ours: list[AnyArray], theirs: list[AnyArray], before: AnyArray | None) -> AnyArray:
    """The orthogonal map that best turns our vectors into theirs; each pair's sign is its own.

    Up and down may be flipped together, so the first fit uses what has no sign to lose, and the
    next ones take the signs that the map before gives.
    """
    if before is None:
        lead = ours[0].T @ theirs[0]
    else:
        lead = np.zeros((ours[0].shape[1], theirs[0].shape[1]))
        for m, n in zip(ours, theirs, strict=True):
            sign = np.sign(((m @ before) * n).sum(axis=1, keepdims=True))
            lead += (m * sign).T @ n
    left, _, right = np.linalg.svd(lead.astype(np.float32))
    turned: AnyArray = left @ right
    return turned


# --- the rule of both -----------------------------------------------------------------------------


def _judged(test: str, table: list[list[Agreement]]) -> Outcome:
    """Layers of B matched with the best of A; all other pairs of layers measure chance."""
    best = [max(range(len(row)), key=lambda at, row=row: row[at].share) for row in table]  # type: ignore[misc]
    found = [row[at] for row, at in zip(table, best, strict=True)]
    others = [
        cell.share
        for row, at in zip(table, best, strict=True)
        for number, cell in enumerate(row)
        if number != at and cell.share < SHARE
    ]
    return _outcome(test, found, max(others, default=0.0), "units", needed=2)


def _outcome(test: str, found: list[Agreement], null: float, what: str, *, needed: int) -> Outcome:
    limit = max(SHARE, TIMES * null)
    hits = sum(one.share >= limit for one in found)
    best = max(found, key=lambda one: one.share)
    if best.of < MIN_UNITS:
        return not_run(test, f"fewer than {MIN_UNITS} {what}")
    enough = hits >= min(needed, len(found))
    sentence = (
        f"two views agree on {best.count} of {best.of} {what} ({best.share:.0%}); "
        f"pairs that cannot belong together reach {null:.1%}"
    )
    if needed > 1:
        sentence += f"; {hits} of {len(found)} layers of B"
    return Outcome(test, _TITLES[test], True, enough, sentence, count=best.count, of=best.of,
                   share=best.share, null=null, layers=hits, tests=len(found))  # fmt: skip
