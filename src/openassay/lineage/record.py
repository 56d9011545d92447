"""A comparison as the dossier keeps it: the verdict, every number, and what a picture needs.

Bounded whatever was compared: a stored sketch may come from anyone, and a release may be held
against hundreds of them. So pairs of which something is found, and declared bases, are kept in
full (:func:`compared`), all others as a count with their names (:func:`unmatched`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from openassay.errors import DossierError
from openassay.kinship import (
    Altered,
    Compared,
    Joined,
    Kinship,
    LayerMap,
    Tested,
    Unmatched,
)
from openassay.lineage.consequences import INSPECTOR, MAX_EVIDENCE, Consequence, headers
from openassay.lineage.result import Comparison, Match, Matrix, Outcome, label
from openassay.types import Evidence

MAX_LAYERS: Final = 80  # a side, in the picture
MAX_JOINED: Final = 160
MAX_NAMES: Final = 1_000
MAX_TEXTS: Final = 20
LEAST: Final = -1e6  # of log10_p: less is as good as never, and minus infinity is no JSON
MAX_TEXT: Final = 400  # characters; names of tensors are anybody's


def compared(found: Comparison, made: Sequence[Consequence], *, declared: bool) -> Compared:
    """The comparison as a fact. DossierError where neither side says where its weights are."""
    evidence = headers(found)
    if not evidence:
        raise DossierError(
            f"neither {found.a.name} nor {found.b.name} says where its weights were read",
            hint="Take a sketch again: openassay lineage TARGET --save FILE",
        )
    return Compared(
        evidence=evidence,
        inspector=INSPECTOR,
        detail=f"The weights were compared with those of {_cut(found.a.name)}: {found.verdict}.",
        other=_cut(found.a.name),
        source=_cut(found.a.source),
        path=_cut(found.a.label),
        verdict=found.verdict,
        declared=declared,
        parts=_texts(found.parts),
        because=_texts(found.because),
        tests=tuple(_tested(outcome) for outcome in found.outcomes),
        altered=tuple(Altered(kind=one.kind, text=_cut(one.text)) for one in found.relations),
        order=found.order,
        order_because=_texts(found.order_because),
        layers=layer_map(found.matrix, found.matches),
        follows=tuple(one.kept() for one in made),
        notes=_texts(found.notes),
    )


def kept(
    found: Iterable[tuple[Comparison, Sequence[Consequence], bool]],
    ours: Sequence[Evidence],
    *,
    in_full: bool = False,
) -> Iterator[Compared | Unmatched]:
    """Facts of the comparisons of one model with others.

    Each comes with what follows from it, and whether the release declares the other as its base.
    Those of which nothing was found and that are not declared become a count with their names,
    unless all are wanted ``in_full``; ``ours`` is where the model's own weights were read.
    """
    silent: dict[Kinship, list[str]] = {Kinship.NONE: [], Kinship.CANNOT: []}
    for one, made, declared in found:
        if one.verdict in silent and not (declared or in_full):
            silent[one.verdict].append(one.a.name)
        else:
            yield compared(one, made, declared=declared)
    for verdict, names in silent.items():
        if (rest := unmatched(verdict, names, ours)) is not None:
            yield rest


def unmatched(
    verdict: Kinship, names: Sequence[str], evidence: Sequence[Evidence]
) -> Unmatched | None:
    """The models of which nothing was found, as one fact; None where there are none."""
    if not names or not evidence:
        return None
    return Unmatched(
        evidence=tuple(evidence[:MAX_EVIDENCE]),
        inspector=INSPECTOR,
        detail=f"The weights were compared with those of other models: {verdict}.",
        verdict=verdict,
        count=len(names),
        names=tuple(_cut(name) for name in sorted(names)[:MAX_NAMES]),
    )


def layer_map(matrix: Matrix, matches: Sequence[Match]) -> LayerMap | None:
    """What a picture of the layers needs; None where no layers were compared."""
    if not matrix.rows or not matrix.columns:
        return None
    rows, columns = matrix.rows[:MAX_LAYERS], matrix.columns[:MAX_LAYERS]
    hidden = max(len(matrix.rows) - len(rows), len(matrix.columns) - len(columns))
    return LayerMap(
        rows=tuple(_cut(name) for name in rows),
        columns=tuple(_cut(name) for name in columns),
        shares=tuple(
            " ".join(str(round(100 * share)) for share in shares[: len(columns)])
            for shares in matrix.values[: len(rows)]
        ),
        joined=_joined(rows, columns, matches),
        left_out=hidden,
    )


def _joined(
    rows: Sequence[str], columns: Sequence[str], matches: Sequence[Match]
) -> tuple[Joined, ...]:
    """Layers that an exact test joined, each pair once by its best match."""
    at_a = {name: index for index, name in enumerate(columns)}
    at_b = {name: index for index, name in enumerate(rows)}
    best: dict[tuple[int, int], Match] = {}
    for match in matches:
        a, b = label(match.a_place, match.a), label(match.b_place, match.b)
        if a in at_a and b in at_b:
            key = (at_b[b], at_a[a])
            held = best.get(key)
            if held is None or match.count / match.of > held.count / held.of:
                best[key] = match
    return tuple(
        Joined(a=a, b=b, count=match.count, of=match.of)
        for (b, a), match in islice(sorted(best.items(), key=lambda item: item[0]), MAX_JOINED)
    )


def _tested(one: Outcome) -> Tested:
    return Tested(
        test=one.test,
        title=one.title,
        ran=one.ran,
        found=one.found,
        sentence=_cut(one.sentence),
        log10_p=None if one.log10_p is None else max(LEAST, round(float(one.log10_p), 3)),
        count=one.count,
        of=one.of,
        comparisons=one.tests,
        share=None if one.share is None else round(float(one.share), 4),
        chance=None if one.null is None else round(float(one.null), 4),
        layers=one.layers,
    )


def _texts(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(_cut(text) for text in texts[:MAX_TEXTS])


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
