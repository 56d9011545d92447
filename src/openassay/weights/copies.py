"""Several checkpoints in one release: are they copies of one another, or different weights?

Two files with tensors of the same shapes are compared by a few tensors read whole, in any layout:
an order-free digest sees the same values behind transposed kernels and other names. What is stored
at another precision is not compared, for a rounded copy would look like other weights.
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
_SHARED: Final = 0.6  # of the smaller one's tensors must have a partner of their shape

_Key = tuple[str, tuple[int, ...]]


@dataclass(slots=True)
class _Side:
    found: Assessed
    tensors: dict[_Key, list[StoredTensor]]
    digests: dict[str, str]

    @property
    def count(self) -> int:
        return sum(map(len, self.tensors.values()))

    def digest(self, tensor: StoredTensor) -> str:
        """The order-free digest of one tensor, taken once."""
        place = f"{tensor.file.path}:{tensor.start}"
        if place not in self.digests:
            start, end = tensor.start or 0, tensor.end or 0
            values = floats(tensor.file.read(start, end - start), tensor.dtype, tensor.big_endian)
            self.digests[place] = multiset(values)
        return self.digests[place]


def findings(assessed: Sequence[Assessed]) -> list[Finding]:
    """What the checkpoints of one release are to each other. Raises UsageError without numpy."""
    sides = [_side(found) for found in assessed if found.status == "whole"][:MAX_CHECKPOINTS]
    groups: list[list[_Side]] = []
    listed: list[Finding] = []
    for side in sorted((s for s in sides if s.count), key=lambda s: -s.count):
        differing: list[Finding] = []
        for group in groups:
            outcome = _compare(group[0], side)
            if outcome is None:
                continue
            equal, compared = outcome
            if equal == compared:
                group.append(side)
                break
            differing.append(_differ(group[0], side, equal, compared))
        else:
            groups.append([side])
            listed += differing
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
            key = tensor.dtype, tuple(sorted(n for n in tensor.shape if n > 1))
            tensors.setdefault(key, []).append(tensor)
    return _Side(found, tensors, {})


def _compare(large: _Side, small: _Side) -> tuple[int, int] | None:
    """How many of the compared tensors of the smaller one are in the larger; None: unlike."""
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
    equal = 0
    for tensor in chosen:
        key = tensor.dtype, tuple(sorted(n for n in tensor.shape if n > 1))
        try:
            wanted = small.digest(tensor)
            equal += any(large.digest(other) == wanted for other in large.tensors[key][:_COMPARED])
        except ReadError:
            return None
    return equal, len(chosen)


def _differ(large: _Side, small: _Side, equal: int, compared: int) -> Finding:
    one, other = large.found.checkpoint, small.found.checkpoint
    text = (
        f"{one.path} and {other.path} have tensors of the same shapes and other values: "
        f"{equal} of {compared} compared are equal"
    )
    if one.read[0].format != other.read[0].format and equal:
        text += "; an exporter that folds layers into each other may be why"
    places: tuple[Place, ...] = (header_place(one), header_place(other))
    return Finding("checkpoints_differ", Level.NOTE, text, places)
