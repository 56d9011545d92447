"""T2', T4 and T5: matches that survive shuffling, rotating and scaling. Signs, not proofs.

Each finds a free matching twice, from two views that share nothing but the model, and counts how
often both agree. Independent models trained on one text do learn some units alike, so the chance
level is not known in theory; it is measured on the pair itself, on tokens or layers that cannot
belong together, and the share asked for is far above what strangers were ever seen to reach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log10
from typing import Final

from openassay.arrays import AnyArray, Floats, Numbers, np
from openassay.lineage import index_tests
from openassay.lineage.index_tests import some_columns
from openassay.lineage.prepared import Layer, Prepared, shared_tokens
from openassay.lineage.result import Outcome
from openassay.lineage.roles import is_mlp
from openassay.lineage.statistics import centred_columns

SHARE: Final = 0.25  # of units, in two layers at least
TIMES: Final = 5.0  # the pair's own mismatched maximum
TWICE: Final = 2.0  # what two views of one layer agree on by mistake
MAX_OWN: Final = 512  # units in which that is measured
COLUMN_TOKENS: Final = 256
UNIT_TOKENS: Final = 512
MAX_UNITS: Final = 2048  # of A in one layer
WIDE: Final = 1024  # beyond it half as many units of A tell the same, for their vectors are longer
NEAR: Final = 4  # units of a large layer of B that are candidates for one of A
ALL_NEAR: Final = 4096  # units of B up to which every one is a candidate
MIN_UNITS: Final = 32
REFINE: Final = 8
SETTLED: Final = 0.95  # of the pairs of a round were pairs of the round before
_TITLES: Final = {
    "T2'": "embedding columns, matched freely",
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
    """T2': each half of the shared tokens matches columns freely; how many get the same partner.

    A sign only with a second witness (:func:`_witnessed`). A rotated copy, too, makes halves agree,
    but its rows are nowhere in place.
    """
    shared = shared_tokens(a, b)
    if shared is None or len(shared[0]) < 64:
        why = "fewer than 64 sampled tokens that both models have"
        return not_run("T2'", why, applies=bool(a.embeddings or b.embeddings))
    ours, theirs = _some_tokens(shared[0], shared[1], COLUMN_TOKENS)
    picked = some_columns(ours.shape[1])
    if min(ours.shape[1], theirs.shape[1]) < MIN_UNITS:
        return not_run("T2'", "fewer than 32 columns")
    mine, other = _halves(ours[:, picked], theirs)
    agreed = Agreement(int((mine == other).sum()), len(picked))
    # The same with tokens that do not belong together says what chance gives here.
    third = len(theirs) // 3
    rolled = [_halves(ours[:, picked], np.roll(theirs, third * n, axis=0)) for n in (1, 2)]
    null = max(_agree(*halves).share for halves in rolled)
    outcome = _outcome("T2'", [agreed], null, "columns")
    if not outcome.found:
        return outcome
    kept = np.nonzero(mine == other)[0]
    to, first = np.unique(mine[kept], return_index=True)  # no column of B for two of A
    views = a.through(ours.shape[1], picked[kept[first]]), b.through(theirs.shape[1], to)
    return _witnessed(outcome, index_tests.rows(*views)[0])


def _witnessed(outcome: Outcome, rows: Outcome) -> Outcome:
    """The sign, if rows of layers lie in place once columns are put into the order just found.

    Tokens that mean the same to strangers can lead their columns together, so agreement alone is
    no sign. But no order of the columns brings strangers' rows into place: that order comes from
    embeddings, which know nothing of how units are numbered, so 1/k! holds for K as it does in T3.
    """
    if not rows.ran:
        why = "which alone is no sign, and no rows of layers are there to be put in that order"
        return replace(outcome, found=False, sentence=f"{outcome.sentence}; {why}")
    if not rows.found:
        why = "which alone is no sign: put in that order, rows of layers are not in place"
        return replace(outcome, found=False, sentence=f"{outcome.sentence}; {why}")
    sentence = f"{outcome.sentence}; columns put in that order, {rows.sentence}"
    p = (rows.log10_p or 0.0) + log10(2)  # rows are looked at twice, here and in T3
    return replace(outcome, sentence=sentence, log10_p=p, layers=rows.count, tests=rows.of)


def _some_tokens(ours: AnyArray, theirs: AnyArray, most: int) -> tuple[AnyArray, AnyArray]:
    """At most so many tokens: with more of them strangers, too, see more columns alike."""
    picked = _sample(len(ours), most)
    return ours[picked], theirs[picked]


def _halves(ours: AnyArray, theirs: AnyArray) -> tuple[Numbers, Numbers]:
    """For every column of A its partner in B, as each half of the tokens sees it."""
    first, second = (
        _best(np.abs(centred_columns(ours[half::2]) @ centred_columns(theirs[half::2]).T))
        for half in (0, 1)
    )
    return first, second


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
    views_a = [_views(ours, one, _most(one)) for one in a.layers if _reads(one, ours)]
    views_b = [_views(theirs, one, None) if _reads(one, theirs) else None for one in b.layers]
    if not views_a or not any(views_b):
        return not_run("T4", "embeddings and layers differ in width")
    table = [[_alike(view, other) for view in views_a] for other in views_b]
    return _judged("T4", table, [_own(*view) for view in views_a])


def _alike(ours: tuple[Floats, Floats], theirs: tuple[Floats, Floats] | None) -> Agreement:
    if theirs is None:
        return Agreement(0, len(ours[0]))
    return _agree(*(_best(similar) for similar in _similar(ours, theirs)))


def _reads(layer: Layer, tokens: AnyArray) -> bool:
    return bool(layer.width == tokens.shape[1])


def _views(tokens: AnyArray, layer: Layer, most: int | None) -> tuple[Floats, Floats]:
    """Two descriptions of every unit, (units, tokens) each, centred and of length one."""
    scale = np.sqrt((tokens.astype(np.float64) ** 2).mean(axis=1, keepdims=True))
    unit = (tokens / np.where(scale > 0, scale, 1)).astype(np.float32)
    found = layer.vectors(_sample(layer.count, most))
    first = found.up if found.gate is None else found.gate
    second = found.down if found.gate is None else found.up
    return centred_columns(unit @ first.T), centred_columns(unit @ second.T)


def _most(layer: Layer) -> int:
    """Units of A that are looked at."""
    return MAX_UNITS if layer.width <= WIDE else MAX_UNITS // 2


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
    if not {one.width for one in a.layers} & {one.width for one in b.layers}:
        return not_run("T5", "widths differ")
    shapes = [_shapes(layer, _most(layer)) for layer in a.layers]
    table = []
    for layer in b.layers:  # one of them at a time: a wide one fills a gigabyte
        theirs = _shapes(layer, None)
        table.append([_turned(ours, theirs) for ours in shapes])
    return _judged("T5", table, [_own(*ours.vectors) for ours in shapes])


@dataclass(frozen=True, slots=True)
class _Shapes:
    """Units of a layer: what no rotation changes, (units, 5 or 3), and vectors of length one."""

    features: Floats
    vectors: tuple[Floats, ...]  # gate, up and down, or up and down; (units, width) each


def _shapes(layer: Layer, most: int | None) -> _Shapes:
    found = layer.vectors(_sample(layer.count, most))
    parts = [m for m in (found.gate, found.up, found.down) if m is not None]
    lengths = [_scaled(m) for m in parts]
    return _Shapes(_features(lengths, parts), tuple(parts))


def _scaled(rows: Floats) -> AnyArray:
    """Make every row one of length one, in place; logarithms of the lengths that they had."""
    top = np.maximum(rows.max(axis=1), -rows.min(axis=1))
    top[top == 0] = 1
    rows /= top[:, None]  # huge values must not overflow when squared
    length = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    length[length == 0] = 1
    rows /= length[:, None]
    logarithm: AnyArray = np.log(top.astype(np.float64)) + np.log(length)
    return logarithm


def _turned(a: _Shapes, b: _Shapes) -> Agreement:
    if len(a.vectors) != len(b.vectors) or a.vectors[0].shape[1] != b.vectors[0].shape[1]:
        return Agreement(0, 0)
    fit = np.arange(len(a.features)) % 2 == 0
    fitted, held = [m[fit] for m in a.vectors], [m[~fit] for m in a.vectors[:2]]
    near = _near(a.features[fit], b.features)
    theirs = [m[near] for m in b.vectors]
    pairs = _mutual(a.features[fit], b.features[near])
    turn: _Turn | None = None
    for _ in range(REFINE):
        if len(pairs[0]) < 8:
            return Agreement(0, len(held[0]))
        turn = _rotation([m[pairs[0]] for m in fitted], [m[pairs[1]] for m in theirs], turn)
        score = np.zeros((len(fitted[0]), len(near)), np.float32)
        for m, n in zip(fitted, theirs, strict=True):
            score += np.abs(turn(m) @ n.T)
        again = _mutual_best(score)
        if _settled(pairs, again):
            break
        pairs = again
    if turn is None:
        return Agreement(0, len(held[0]))
    return _agree(*(_best(np.abs(turn(m) @ n.T)) for m, n in zip(held, b.vectors, strict=False)))


def _settled(before: tuple[Numbers, Numbers], now: tuple[Numbers, Numbers]) -> bool:
    """Whether hardly a pair has changed, so that another round would not change the map."""
    old = set(zip(*(side.tolist() for side in before), strict=True))
    new = set(zip(*(side.tolist() for side in now), strict=True))
    return len(old & new) >= SETTLED * max(len(old), len(new))


def _near(ours: Floats, theirs: Floats) -> Numbers:
    """The units of B that are like one of A's in shape; of a small layer all of them."""
    if len(theirs) <= ALL_NEAR:
        return np.arange(len(theirs), dtype=np.int64)
    first = np.argpartition(_squared(ours, theirs), NEAR, axis=1)[:, :NEAR]
    return np.unique(first).astype(np.int64)


def _features(lengths: list[AnyArray], units: list[Floats]) -> Floats:
    """What rotation, sign and scale leave of a unit: logarithms of lengths, cosines of angles."""

    def cosine(i: int, j: int) -> AnyArray:
        found: AnyArray = np.einsum("ij,ij->i", units[i], units[j])
        return found

    if len(units) == 3:
        gate, up, down = 0, 1, 2
        made = [
            lengths[gate],
            lengths[up] + lengths[down],
            np.abs(cosine(gate, up)),
            np.abs(cosine(gate, down)),
            np.abs(cosine(up, down)),
        ]
    else:
        made = [lengths[0], lengths[1], cosine(0, 1)]
    stacked = np.stack(made, axis=1)
    spread = stacked.std(axis=0)
    scaled: AnyArray = (stacked - stacked.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return scaled.astype(np.float32)


def _squared(left: Floats, right: Floats) -> Floats:
    found: Floats = (left**2).sum(1)[:, None] + (right**2).sum(1) - 2 * left @ right.T
    return found


def _mutual(left: Floats, right: Floats) -> tuple[Numbers, Numbers]:
    return _mutual_best(-_squared(left, right))


def _mutual_best(score: AnyArray) -> tuple[Numbers, Numbers]:
    forth, back = score.argmax(axis=1), score.argmax(axis=0)
    kept = np.nonzero(back[forth] == np.arange(len(forth)))[0]
    return kept, forth[kept]


@dataclass(frozen=True, slots=True)
class _Turn:
    """An orthogonal map as the product of two matrices, (width, rank) and (rank, width)."""

    left: AnyArray
    right: AnyArray

    def __call__(self, rows: AnyArray) -> AnyArray:
        turned: AnyArray = (rows @ self.left) @ self.right
        return turned


def _rotation(ours: list[Floats], theirs: list[Floats], before: _Turn | None) -> _Turn:
    """The orthogonal map that best turns our vectors into theirs; each pair's sign is its own.

    Up and down may be flipped together, so the first fit uses what has no sign to lose, and the
    next ones take the signs that the map before gives.
    """
    if before is None:
        left, right = ours[0], theirs[0]
    else:
        signs = [np.sign(np.einsum("ij,ij->i", before(m), n))[:, None]
                 for m, n in zip(ours, theirs, strict=True)]  # fmt: skip
        left = np.concatenate([m * sign for m, sign in zip(ours, signs, strict=True)])
        right = np.concatenate(theirs)
    if len(left) >= left.shape[1]:
        u, _, v = np.linalg.svd(left.T @ right)
        return _Turn(u, v)
    # Fewer pairs than dimensions fix a part of it: the same map, found in that part alone.
    (first, a), (second, b) = np.linalg.qr(left.T), np.linalg.qr(right.T)
    u, _, v = np.linalg.svd(a @ b.T)
    return _Turn(first @ u, v @ second.T)


# --- the rule of both -----------------------------------------------------------------------------


def _own(first: Floats, second: Floats, *_: Floats) -> float:
    """How often two views of one layer agree on which *other* unit of it is most like a unit.

    Where a unit's gate and up are alike, or both read the same features of tokens, views agree on
    wrong partners just as they do on right ones; strangers were never seen far above this share.
    """
    picked = _sample(len(first), MAX_OWN)
    if len(picked) < 2:
        return 1.0
    partners = []
    for view in (first[picked], second[picked]):
        alike = np.abs(view @ view.T)
        np.fill_diagonal(alike, -1)
        partners.append(_best(alike))
    return _agree(*partners).share


def _judged(test: str, table: list[list[Agreement]], own: list[float]) -> Outcome:
    """Layers of B matched with the best of A; all other pairs of layers measure chance.

    ``own`` are A's layers' shares of agreement on wrong units, of which a match has twice as much.
    """
    shares = [[cell.share for cell in row] for row in table]
    best = [max(range(len(row)), key=row.__getitem__) for row in shares]
    found = [row[at] for row, at in zip(table, best, strict=True)]
    others = [
        cell.share
        for row, at in zip(table, best, strict=True)
        for number, cell in enumerate(row)
        if number != at and cell.share < SHARE
    ]
    wrong = [own[at] for at in best]
    return _outcome(test, found, max(others, default=None), "units", wrong)


def _outcome(
    test: str,
    found: list[Agreement],
    null: float | None,
    what: str,
    own: list[float] | None = None,
) -> Outcome:
    """The outcome; with ``own``, of several layers, two of which must show it."""
    floor = max(SHARE, TIMES * (null or 0.0))
    limits = [max(floor, TWICE * one) for one in own or [0.0]]
    hits = sum(one.share >= limit for one, limit in zip(found, limits, strict=True))
    best = max(found, key=lambda one: one.share)
    if best.of < MIN_UNITS:
        return not_run(test, f"fewer than {MIN_UNITS} {what}")
    enough = hits >= min(2, len(found))
    chance = (
        "there are no other layers to measure chance by"
        if null is None
        else f"pairs that cannot belong together reach {null:.1%}"
    )
    sentence = f"two views agree on {best.count} of {best.of} {what} ({best.share:.0%}); {chance}"
    if own is not None:
        sentence += f", wrong units of one layer {max(own):.1%}; {hits} of {len(found)} layers of B"
    return Outcome(test, _TITLES[test], True, enough, sentence, count=best.count, of=best.of,
                   share=best.share, null=null, layers=hits, tests=len(found))  # fmt: skip
