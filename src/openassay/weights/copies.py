"""Several checkpoints in one release: are they copies of one another, or different weights?

Two files with tensors of the same shapes are compared by a few tensors read whole, in any layout:
an order-free digest sees the same values behind transposed kernels and other names. What is stored
at another precision is not compared, for a rounded copy would look like other weights; where that
is most of a file, equal tensors are not called a copy. Networks that merely have a part in common
(one backbone, two tasks) are of different shapes, and nothing is said of them unless values agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from openassay.errors import ReadError
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.findings import Finding, Level, Place
from openassay.weights.integrity import Assessed, header_place
from openassay.weights.parameters import is_beside
from openassay.weights.values import PLAIN, floats, multiset

MAX_CHECKPOINTS: Final = 24
_FEWEST: Final = 256  # elements; smaller tensors are often constants
_MOST: Final = 1 << 20  # elements read of one tensor
_COMPARED: Final = 12  # tensors of a pair
_SEARCHED: Final = 256 << 20  # bytes of one pair, for tensors that go by another name
_SHARED: Final = 0.6  # of the smaller one's tensors must have a partner of their shape
_ONE_SHAPE: Final = 0.9  # of the larger one's too, before different values are worth a word
_PLAIN_SHARE: Final = 0.5  # of the parameters compare at all

_Key = tuple[str, tuple[int, ...]]


@dataclass(slots=True)
class _Side:
    found: Assessed
    tensors: dict[_Key, list[StoredTensor]]
    digests: dict[str, str]

    @property
    def count(self) -> int:
        return sum(map(len, self.tensors.values()))

    @property
    def plain(self) -> float:
        """The share of the parameters that is stored at a precision whose values compare."""
        precision = self.found.count.precision if self.found.count else ()
        total = sum(kind.parameters or 0 for kind in precision)
        plain = sum(kind.parameters or 0 for kind in precision if kind.dtype in PLAIN)
        return plain / total if total else 1.0

    def digest(self, tensor: StoredTensor) -> str:
        """The order-free digest of one tensor, taken once; empty for a constant, which any has."""
        place = _place(tensor)
        if place not in self.digests:
            start, end = tensor.start or 0, tensor.end or 0
            values = floats(tensor.file.read(start, end - start), tensor.dtype, tensor.big_endian)
            constant = bool(len(values)) and bool((values == values[0]).all())
            self.digests[place] = "" if constant else multiset(values)
        return self.digests[place]

    def knows(self, tensor: StoredTensor) -> bool:
        """Whether its digest was taken already."""
        return _place(tensor) in self.digests


def _place(tensor: StoredTensor) -> str:
    return f"{tensor.file.path}:{tensor.start}"


def findings(assessed: Sequence[Assessed]) -> list[Finding]:
    """What the checkpoints of one release are to each other. Raises UsageError without numpy."""
    sides = [_side(found) for found in assessed if found.status == "whole"][:MAX_CHECKPOINTS]
    groups: list[list[_Side]] = []
    listed: list[Finding] = []
    others: list[list[_Side]] = []  # of one shape, and no value in common
    for side in sorted((s for s in sides if s.count), key=lambda s: -s.count):
        differing: list[Finding] = []
        strangers: list[_Side] = []
        for group in groups:
            outcome = _compare(group[0], side)
            if outcome is None:
                continue
            equal, compared, shared = outcome
            plain = min(group[0].plain, side.plain) >= _PLAIN_SHARE
            if equal == compared and plain:
                group.append(side)
                break
            if equal:
                differing.append(_differ(group[0], side, equal, compared))
            elif plain and shared >= _ONE_SHAPE * group[0].count:
                strangers.append(group[0])
        else:
            groups.append([side])
            listed += differing
            _join(others, strangers, side)
    listed += [_strangers(family) for family in others]
    for group in groups:
        if len(group) > 1:
            paths = ", ".join(side.found.checkpoint.path for side in group)
            text = f"the same values in {len(group)} files: {paths}"
            places = tuple(header_place(side.found.checkpoint) for side in group[:3])
            listed.append(Finding("checkpoints_agree", Level.NOTE, text, places))
    return listed


def _side(found: Assessed) -> _Side:
    tensors: dict[_Key, list[StoredTensor]] = {}
    seen: set[tuple[str, int]] = set()
    for tensor in found.stored():
        size = 1
        for side in tensor.shape:
            size *= side
        place = (tensor.file.path, tensor.start or 0)
        usable = tensor.dtype in PLAIN and tensor.start is not None and tensor.strides is None
        usable = usable and not is_beside(tensor.name)
        if usable and _FEWEST <= size <= _MOST and place not in seen:
            seen.add(place)
            tensors.setdefault(_key(tensor), []).append(tensor)
    return _Side(found, tensors, {})


def _key(tensor: StoredTensor) -> _Key:
    """What two tensors share that may hold the same values in another layout."""
    return tensor.dtype, tuple(sorted(n for n in tensor.shape if n > 1))


def _compare(large: _Side, small: _Side) -> tuple[int, int, int] | None:
    """How many tensors of the smaller one are in the larger, of how many that were compared, and
    how many have a partner of their shape; None: unlike."""
    shared = [
        tensor
        for key, tensors in sorted(small.tensors.items())
        for tensor in tensors[: len(large.tensors.get(key, []))]
    ]
    if not shared or len(shared) < _SHARED * small.count:
        return None
    last = len(shared) - 1
    steps = min(_COMPARED, len(shared))
    chosen = [shared[index * last // max(1, steps - 1)] for index in range(steps)]
    equal = compared = 0
    left = _SEARCHED
    for tensor in chosen:
        try:
            if not (wanted := small.digest(tensor)):
                continue
            same, left = _finds(large, tensor, wanted, left)
        except ReadError:
            return None
        compared += same is not None
        equal += bool(same)
    return (equal, compared, len(shared)) if compared else None


def _finds(large: _Side, tensor: StoredTensor, wanted: str, left: int) -> tuple[bool | None, int]:
    """Whether a tensor with these values is there, first under its own name, then in all of its
    shape; None where the search would read more than ``left`` bytes. What is then left of them."""
    others = large.tensors[_key(tensor)]
    named = [other for other in others if other.name == tensor.name]
    if any(large.digest(other) == wanted for other in named):
        return True, left
    for other in others:
        left -= 0 if large.knows(other) else other.nbytes
        if left < 0:
            return (False if named else None), 0
        if large.digest(other) == wanted:
            return True, left
    return False, left


def _join(families: list[list[_Side]], strangers: list[_Side], side: _Side) -> None:
    """Put a checkpoint to those that it has the shapes of."""
    if not strangers:
        return
    for family in families:
        if strangers[0] in family:
            family.append(side)
            return
    families.append([strangers[0], side])


def _strangers(family: list[_Side]) -> Finding:
    paths = ", ".join(side.found.checkpoint.path for side in family)
    text = (
        f"{len(family)} files have tensors of the same shapes and other values, none that was "
        f"compared is equal: {paths}"
    )
    places = tuple(header_place(side.found.checkpoint) for side in family[:3])
    return Finding("checkpoints_differ", Level.NOTE, text, places)


def _differ(large: _Side, small: _Side, equal: int, compared: int) -> Finding:
    one, other = large.found.checkpoint, small.found.checkpoint
    if equal == compared:
        text = (
            f"{one.path} and {other.path} have tensors of the same shapes: {equal} of {compared} "
            "compared are equal; most of the weights are stored at other precisions and were not "
            "compared"
        )
    else:
        text = (
            f"{one.path} and {other.path} have tensors of the same shapes and other values: "
            f"{equal} of {compared} compared are equal"
        )
        if one.read[0].format != other.read[0].format and 2 * equal >= compared:
            text += "; an exporter that folds layers into each other may be why"
    places: tuple[Place, ...] = (header_place(one), header_place(other))
    return Finding("checkpoints_differ", Level.NOTE, text, places)
