"""Sketches of weights: taken of a release, loaded, and one compared with a folder of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from openassay.cli import _streams as streams
from openassay.errors import DossierError, TargetError, UsageError

if TYPE_CHECKING:
    from openassay.files import File
    from openassay.lineage.result import Comparison
    from openassay.lineage.sketch import Sketch
    from openassay.lineage.table import WeightSet
    from openassay.release import Release, Source

SUFFIX = ".sketch"
WHOLE_UP_TO = 16 << 30  # bytes that are read whole without being asked to
MAX_NAME = 200  # characters; a stored sketch may come from anyone


def load(path: str) -> Sketch | None:
    """The sketch that a file holds; None if it is something else. Raises DossierError."""
    from openassay.lineage.sketch import MAX_SKETCH, is_sketch
    from openassay.lineage.sketch import load as loaded

    with Path(path).open("rb") as stream:
        head = stream.read(64)
    if not is_sketch(head):
        return None
    return loaded(streams.read_input(path, MAX_SKETCH), path)


def save(sketch: Sketch, path: str) -> None:
    """Store a sketch, whole or not at all; UsageError for one too large to be loaded again."""
    from openassay.lineage.sketch import MAX_SKETCH, dump

    raw = dump(sketch)
    if len(raw) > MAX_SKETCH:
        raise UsageError(
            f"the sketch would have {len(raw) >> 20} MiB, more than {MAX_SKETCH >> 20} MiB",
            hint="Leave --deep out, or compare two models with it without storing either.",
        )
    streams.write_file(raw, Path(path))


def stored(path: Path) -> Sketch:
    """The sketch that a file of a folder holds. Raises DossierError for anything else."""
    found = load(str(path))
    if found is None:
        raise DossierError(
            f"{path} is no stored sketch of weights",
            hint=f"Make one with: openassay lineage TARGET --save NAME{SUFFIX}",
        )
    return found


def called(name: str, path: Path) -> str:
    """What a stored model is called: as its sketch says, or by the file where that is a place."""
    place = name.startswith(("/", ".", "~")) or "\\" in name or name[1:3] == ":/"
    return (path.name.removesuffix(SUFFIX) if place else name)[:MAX_NAME]


def stored_in(folder: str) -> list[Path]:
    """The stored sketches of a folder by name; TargetError where there is none."""
    paths = sorted(Path(folder).glob(f"*{SUFFIX}"))
    if not paths:
        raise TargetError(
            f"{folder} holds no stored sketch (*{SUFFIX})",
            hint=f"Make one with: openassay lineage TARGET --save NAME{SUFFIX}",
        )
    return paths


def read_whole(source: Source, weights: WeightSet) -> bool:
    """Whether every byte is read unless told otherwise: on this machine, up to a size."""
    return source.is_local and weights.nbytes <= WHOLE_UP_TO


def beside(source: Source, weights: WeightSet) -> list[File]:
    """Files that may hold the tokenizer."""
    folder = weights.headers[0][0].folder
    return [file for file in source.files if file.folder in (folder, "")]


def with_others(made: Sketch, others: Sequence[WeightSet]) -> Sketch:
    """The sketch, with a note on the sets of weights that it is not of."""
    if not others:
        return made
    names = ", ".join(other.label for other in others[:3])
    more = f"{len(others)} more sets of weights were not read (first: {names})"
    if len(others) == 1:
        more = f"1 more set of weights was not read ({names})"
    return replace(made, notes=(*made.notes, f"{more}; name one as TARGET#PATH"))


def of_release(release: Release, say: Callable[[str], None] | None) -> Sketch:
    """A sketch of the likeliest weights of a release. Raises TargetError, ReadError."""
    from openassay.lineage.table import weight_sets
    from openassay.lineage.take import take

    weights, *others = weight_sets(release)
    (source,) = (source for source in release.sources if source.id == weights.source)
    made = take(
        weights,
        release.subject.name or source.name,
        whole=read_whole(source, weights),
        beside=beside(source, weights),
        progress=say,
    )
    return with_others(made, others)


def compare_all(target: Sketch, paths: Sequence[Path]) -> tuple[list[Comparison], str]:
    """A sketch against every stored one, in the files' order; and whether two of them mix to it.

    Where two do, that is said of both comparisons, and with it which came later.
    """
    from openassay.lineage import index_tests
    from openassay.lineage.prepared import Prepared
    from openassay.lineage.relations import mixture, with_relation
    from openassay.lineage.rule import compare_prepared

    audited = Prepared(target)
    found: list[Comparison] = []
    related: list[tuple[int, Prepared]] = []
    for path in paths:
        base = stored(path)
        prepared = Prepared(replace(base, name=called(base.name, path)))
        one = compare_prepared(prepared, audited)
        if one.related and base.source != target.source:
            related.append((len(found), prepared))
        found.append(one)
    if len(related) != 2:
        return found, ""
    mixed = mixture(audited, [(base, index_tests.rows(base, audited)[1]) for _, base in related])
    if mixed is None:
        return found, ""
    for at, _ in related:
        found[at] = with_relation(found[at], mixed)
    return found, mixed.text
