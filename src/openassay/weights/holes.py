"""Pages of nothing but zeros: what a download that broke off leaves in a file of the right length.

The first and the last page of a tensor are looked at, and of large tensors near by a few inside.
Far away, where every read costs, one read where two tensors meet shows the end of the one and the
beginning of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from openassay.errors import ReadError
from openassay.formats import weights_shape
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.parameters import is_beside

PAGE: Final = 4096
NEAR: Final = 4_096  # tensors whose ends are read of files on this machine
FAR: Final = 64  # reads of what lies elsewhere
_LARGE: Final = 1 << 20  # bytes; such tensors are looked into
_INSIDE: Final = 6  # pages between the ends of each
_MOST_INSIDE: Final = 512  # tensors that are looked into
_FEWEST: Final = 8  # pages; fewer say nothing of a share
MANY: Final = 0.25  # of the pages looked at


@dataclass(frozen=True, slots=True)
class Hole:
    """The first page of zeros of one tensor: its bytes in the file at ``path``."""

    name: str
    path: str
    start: int


@dataclass(frozen=True, slots=True)
class Holes:
    """``looked`` pages of ``tensors`` tensors, ``zero`` of them empty, one hole a tensor named.

    ``unused`` are factors of an adapter that were looked at and are zero throughout, as they are
    before the first step of training, where no other tensor has a hole; their pages do not count.
    """

    tensors: int = 0
    looked: int = 0
    zero: int = 0
    found: tuple[Hole, ...] = ()
    unused: tuple[Hole, ...] = ()
    factors: int = 0  # of adapters, such as begin at zero, that were looked at

    @property
    def many(self) -> bool:
        """Whether so much is empty that the file cannot be what its header says."""
        return self.looked >= _FEWEST and self.zero >= MANY * self.looked


def look(stored: Sequence[StoredTensor], near: bool) -> Holes:
    """Look at pages of the tensors; ``near`` where a small read costs next to nothing."""
    usable = sorted(
        (t for t in stored if t.start is not None and t.nbytes >= PAGE and not is_beside(t.name)),
        key=lambda t: (t.file.path, t.start or 0),
    )
    chosen = spread(usable, NEAR if near else FAR)
    looks = _near(chosen) if near else _far(chosen, usable)
    looked = zero = factors = 0
    found: list[Hole] = []
    unused: list[tuple[Hole, int]] = []
    for tensor, pages in looks:
        factor = weights_shape.begins_at_zero(tensor.name)
        factors += factor
        if factor and all(is_zero for _, is_zero in pages):
            unused.append((Hole(tensor.name, tensor.file.path, pages[0][0]), len(pages)))
            continue
        looked += len(pages)
        empty = [at for at, is_zero in pages if is_zero]
        vector = sum(size > 1 for size in tensor.shape) < 2
        if not empty or (vector and len(empty) == len(pages)):
            continue  # a vector of zeros is a bias at its start
        zero += len(empty)
        found.append(Hole(tensor.name, tensor.file.path, empty[0]))
    if found:  # zeros stand where none begin, so that a hole may be why these are zero too
        pages_unused = sum(count for _, count in unused)
        found += [hole for hole, _ in unused]
        return Holes(len(chosen), looked + pages_unused, zero + pages_unused, tuple(found))
    return Holes(len(chosen), looked, zero, (), tuple(hole for hole, _ in unused), factors)


def spread(found: list[StoredTensor], count: int) -> list[StoredTensor]:
    """At most ``count`` of them, evenly, the same every time."""
    if len(found) <= count:
        return found
    return [found[index * (len(found) - 1) // (count - 1)] for index in range(count)]


_Pages = list[tuple[int, bool]]  # where each lies, and whether it is nothing but zeros


def _near(chosen: list[StoredTensor]) -> Iterator[tuple[StoredTensor, _Pages]]:
    large = spread([t for t in chosen if t.nbytes >= _LARGE], _MOST_INSIDE)
    inside = {(t.file.path, t.start) for t in large}
    for tensor in chosen:
        start, room = tensor.start or 0, tensor.nbytes - PAGE
        steps = _INSIDE + 1 if (tensor.file.path, tensor.start) in inside else 1
        places = sorted({start + step * room // steps for step in range(steps + 1)})
        try:
            yield tensor, [(at, not any(tensor.file.read(at, PAGE))) for at in places]
        except ReadError:
            continue  # the header's reader reports files that cannot be read


def _far(
    chosen: list[StoredTensor], usable: list[StoredTensor]
) -> Iterator[tuple[StoredTensor, _Pages]]:
    """One read a tensor: its last page, and the first of the one behind it."""
    begins = {(t.file.path, t.start): t for t in usable}
    for tensor in chosen:
        end = tensor.end or 0
        behind = begins.get((tensor.file.path, tensor.end))
        try:
            raw = tensor.file.read(end - PAGE, 2 * PAGE if behind is not None else PAGE)
        except ReadError:
            continue
        yield tensor, [(end - PAGE, not any(raw[:PAGE]))]
        if behind is not None and len(raw) == 2 * PAGE:
            yield behind, [(end, not any(raw[PAGE:]))]
