"""``audit --lineage DIR``: what the weights say of a release's bases, in its dossier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from openassay.cli import _sketches as sketches
from openassay.errors import ReadError, TargetError

if TYPE_CHECKING:
    from openassay.release import Source
    from openassay.types import Dossier, Gap


def check(folder: str) -> None:
    """Raise what can be told before anything is read: no NumPy, or no stored sketch."""
    from openassay.arrays import np

    np.zeros(0)  # raises where NumPy is missing
    sketches.stored_in(folder)


def held_against(
    dossier: Dossier,
    sources: Sequence[Source],
    folder: str,
    say: Callable[[str], None] | None,
) -> Dossier:
    """The dossier with what follows from comparing the weights with every sketch of a folder.

    A sketch of the release itself is passed over. A release whose weights cannot be read gets a
    gap instead.
    """
    from openassay.lineage import consequences as follows
    from openassay.read import extended, opened

    release, _ = opened(sources)
    try:
        target = sketches.of_release(release, say)
    except (TargetError, ReadError) as error:
        return extended(dossier, (), gaps=[_not_read(error)])
    paths = sketches.stored_in(folder)
    found, _ = sketches.compare_all(target, paths)
    made = [
        item
        for path, one in zip(paths, found, strict=True)
        if one.a.source != target.source
        for item in follows.consequences(one, dossier, [path.stem])
    ]
    return extended(
        dossier, (*follows.facts(made), *follows.remarks(made)), follows.contradictions(made)
    )


def _not_read(error: TargetError | ReadError) -> Gap:
    from openassay.types import Gap

    reason = error.reason if isinstance(error, ReadError) else "no_weights"
    return Gap(source="", path="", by="lineage", reason=reason, detail=str(error))
