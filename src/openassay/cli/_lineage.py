"""``audit --lineage DIR``: what the weights say of a release's bases, in its dossier; and
``read --sketch FILE``: a sketch of them beside it.

Pairs of which something was found, and declared bases, are kept in full, the others as a count
with their names. Where ``NAME.dossier.json`` lies beside ``NAME.sketch``, the base's licence is
known from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from openassay.cli import _sketches as sketches
from openassay.cli import _streams as streams
from openassay.errors import DossierError, ReadError, TargetError

if TYPE_CHECKING:
    from openassay.lineage.result import Comparison
    from openassay.release import Source
    from openassay.types import Derived, Dossier, Evidence, Fact, Gap

_DOSSIER = ".dossier.json"


def check(folder: str | None) -> None:
    """Raise what can be told before anything is read.

    That is: no NumPy, no stored sketch, a damaged one, one that others cannot be compared with, a
    damaged dossier beside one. A gate that went on without a base would pass for the wrong reason.
    """
    from openassay.arrays import np

    np.zeros(0)  # raises where NumPy is missing
    if folder is None:
        return
    paths = sketches.stored_in(folder)
    wrong = [error for path in paths if (error := _wrong(path)) is not None]
    if wrong:
        rest = f" (and {len(wrong) - 1} more files of {folder})" if len(wrong) > 1 else ""
        raise DossierError(f"{wrong[0]}{rest}", hint=wrong[0].hint)


def _wrong(path: Path) -> DossierError | None:
    """Why this sketch, or the dossier beside it, cannot be used; None if it can."""
    from openassay.lineage.sketch import SEED

    try:
        stored = sketches.stored(path)
        if stored.seed != SEED:
            return DossierError(
                f"{path} holds rows of other places than sketches of today",
                hint="Make it anew with: openassay lineage TARGET --save FILE",
            )
        _beside(path)
    except DossierError as error:
        return error
    return None


def weighed(
    dossier: Dossier,
    sources: Sequence[Source],
    folder: str | None,
    sketch: str | None,
    say: Callable[[str], None] | None,
) -> Dossier:
    """The dossier with what follows from comparing the weights with every sketch of a folder.

    A sketch of the release itself is passed over. A release whose weights cannot be read gets a
    gap instead. ``sketch`` is where to store a sketch of these weights; then TargetError or
    ReadError say why there is none.
    """
    from openassay.read import extended, opened

    release, _ = opened(sources)
    try:
        target = sketches.of_release(release, say)
    except (TargetError, ReadError) as error:
        if sketch is not None:
            raise  # what was asked for cannot be stored
        return extended(dossier, (), gaps=[_not_read(error)])
    if sketch is not None:
        sketches.save(target, sketch)
    if folder is None:
        return dossier
    paths = sketches.stored_in(folder)
    found, _ = sketches.compare_all(target, paths)
    others = [
        (path, one) for path, one in zip(paths, found, strict=True) if one.a.source != target.source
    ]
    return extended(dossier, _facts(others, dossier, target.evidence))


def _facts(
    found: Sequence[tuple[Path, Comparison]], dossier: Dossier, ours: Sequence[Evidence]
) -> Iterator[Fact]:
    """What the comparisons with the sketches of a folder add to the dossier."""
    from openassay.lineage import consequences as follows
    from openassay.lineage.record import kept

    pairs = []
    more: list[Fact] = []
    for path, one in found:
        names = (path.stem, one.a.source.partition(":")[2])
        declared = follows.declared_as(dossier, (one.a.name, *names))
        made = follows.consequences(one, dossier, names)
        pairs.append((one, made, bool(declared)))
        shown = follows.facts(made)
        if one.related:
            more += [*shown, *_terms(path, shown, declared)]
    yield from kept(pairs, ours)
    yield from more


def _terms(path: Path, shown: Sequence[Derived], declared: Sequence[Derived]) -> Iterator[Fact]:
    """The terms of a base that the weights show: as its dossier has them, or that none were read.

    A base that is only declared needs its dossier: declared bases are looked into elsewhere.
    """
    from openassay.drawn import base_license, base_terms
    from openassay.lineage.consequences import INSPECTOR, unread_terms

    base = _beside(path)
    for fact in (*shown, *declared)[:1]:
        if base is not None:
            yield from base_license(base)
            terms = base_terms(base, fact.base, fact.evidence[0])
            yield replace(terms, inspector=INSPECTOR)
        elif shown:
            yield unread_terms(fact)


def _beside(path: Path) -> Dossier | None:
    """The dossier of a sketch's model, where one lies beside it. DossierError for a damaged one."""
    from openassay import dossier as codec

    file = path.with_name(path.name.removesuffix(sketches.SUFFIX) + _DOSSIER)
    if not file.is_file():
        return None
    hint = "Write it anew with: openassay read TARGET -o FILE, or take it away."
    try:
        found = codec.load(streams.read_input(str(file)))
        found.component("model_parameters_final")
    except DossierError as error:
        raise DossierError(f"{file}: {error}", hint=hint) from error
    except KeyError as error:
        raise DossierError(f"{file}: it says nothing of {error}", hint=hint) from error
    return found


def _not_read(error: TargetError | ReadError) -> Gap:
    from openassay.types import Gap

    reason = error.reason if isinstance(error, ReadError) else "no_weights"
    return Gap(source="", path="", by="lineage", reason=reason, detail=str(error))
