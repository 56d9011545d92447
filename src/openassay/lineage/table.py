"""Which sets of weights a release holds, the likeliest first, and the part each tensor plays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from typing import Final

from openassay.errors import TargetError
from openassay.files import File
from openassay.formats import weights_names, weights_shape
from openassay.formats.bounded import MAX_TENSORS
from openassay.lineage.roles import UNITS, Part, Role, part_of
from openassay.release import Release
from openassay.weights.checkpoints import (
    Checkpoint,
    StoredTensor,
    gather,
    read_headers,
    stored_tensors,
)
from openassay.weights.unread import unread_files

MIN_PARAMETERS: Final = 1_000  # less is a setting, not a model
MAX_NOTES: Final = 20
_PREFERRED: Final = ("safetensors", "GGUF", "PyTorch", "ONNX", "NumPy")
#: Their matrices are stored inputs first, so that a row is no unit: rows of layers stay unread.
_INPUTS_FIRST: Final = frozenset(["HDF5", "Keras", "TensorFlow checkpoint"])


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor with its place, and what it is to a test."""

    tensor: StoredTensor
    part: Part


@dataclass(frozen=True, slots=True)
class WeightSet:
    """One set of weights that can be sketched. ``notes`` say what of it is missing."""

    source: str
    label: str  # the path that names it inside its source
    format: str
    headers: tuple[tuple[File, int], ...]  # each file with a header, and where that ends
    files: tuple[File, ...]  # all that hold bytes of it
    stored: tuple[Stored, ...]
    complete: bool  # every file that its own numbering promises is there and read
    notes: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


def weight_sets(release: Release, wanted: str = "") -> list[WeightSet]:
    """Every readable set of weights, the most likely final one first.

    ``wanted`` is a path, or a pattern with ``*``, inside the target. Raises :class:`TargetError`
    when no weights are there, with what was found instead.
    """
    found = gather(release, named=_named(release, wanted) if wanted else None)
    for checkpoint in found:
        read_headers(checkpoint)
    usable = [checkpoint for checkpoint in found if _parameters(checkpoint) >= MIN_PARAMETERS]
    if not usable:
        raise _nothing(release, wanted, found)
    return [_weight_set(release, checkpoint) for checkpoint in sorted(usable, key=_order)]


def _named(release: Release, wanted: str) -> list[File]:
    return [f for f in release.files if f.path == wanted or fnmatchcase(f.path, wanted)]


def _parameters(checkpoint: Checkpoint) -> int:
    return sum(tensor.parameters for tensor in checkpoint.tensors())


def _order(one: Checkpoint) -> tuple[bool, bool, int, int, int, int, str]:
    """Whole models before adapters and optimizers, final ones before steps on the way and late
    steps before early ones, then by parameters, bytes and format."""
    aside = weights_shape.is_adapter(one.tensors()) or weights_names.names_optimizer(one.path)
    kind = one.read[0].format
    rank = _PREFERRED.index(kind) if kind in _PREFERRED else len(_PREFERRED)
    size = sum(tensor.nbytes or 0 for tensor in one.tensors())
    step = one.step or 0
    return aside, one.step is not None, -step, -_parameters(one), -size, rank, one.path


def _nothing(release: Release, wanted: str, found: Sequence[Checkpoint]) -> TargetError:
    """Why there is nothing to compare: the first of what was met, the most telling kind first."""
    pointers = [file for one in found for file in one.unread if file.lfs is not None]
    if pointers:
        return TargetError(
            f"{pointers[0].path} is a Git LFS pointer: the weights themselves are not here",
            hint="Fetch them first: git lfs pull.",
        )
    troubles = [text for one in found for text in _troubles(one)]
    if troubles:
        return TargetError(
            f"no weights could be read: {troubles[0]}", hint="; ".join(troubles[1:3])
        )
    for one in found:
        if any(parsed.tensors for parsed in one.read):
            return TargetError(
                f"{one.path} holds {_parameters(one)} parameters: no model is so small",
                hint="Name another file inside the target: TARGET#path/of/file.",
            )
    if found:
        read = found[0].read[0] if found[0].read else None
        kind = read.format if read else "no known format of weights"
        why = "what is in it cannot be told from its header"
        if read and read.problems:
            why = read.problems[0].detail
        return TargetError(
            f"{found[0].path} is {kind}: {why}",
            hint="Readable are safetensors, GGUF, PyTorch, ONNX, HDF5 and TensorFlow files, "
            "and NumPy's without objects.",
        )
    if wanted:
        return TargetError(
            f"no file matches {wanted}", hint="Name one inside the target: TARGET#path/of/file."
        )
    if unread := unread_files(release):
        first = unread[0]  # the largest is the likeliest
        return TargetError(
            f"no weights could be read; {first.path} has {first.nbytes:,} bytes: {first.text}"
        )
    return TargetError(
        "no file of weights was found", hint="Name one inside the target: TARGET#path/of/file."
    )


def _troubles(one: Checkpoint) -> list[str]:
    """What of a checkpoint cannot be read, and why."""
    found = [f"{broken.file.path}: {broken.why}" for broken in one.broken]
    found += [f"{file.path}: {error}" for file, error in one.failed]
    return found + [
        f"{file.path}: {file.problem}" for file in one.unread if file.problem is not None
    ]


def _weight_set(release: Release, checkpoint: Checkpoint) -> WeightSet:
    checkpoint.parts.sort(key=lambda part: part[0].path)
    stored = tuple(_stored(release, checkpoint))
    files = {file.path: file for file, _ in checkpoint.parts}
    files |= {one.tensor.file.path: one.tensor.file for one in stored}
    return WeightSet(
        source=checkpoint.source,
        label=checkpoint.path,
        format=checkpoint.read[0].format,
        headers=tuple((file, parsed.header[1]) for file, parsed in checkpoint.parts),
        files=tuple(files.values()),
        stored=stored,
        complete=checkpoint.whole,
        notes=tuple(_notes(checkpoint)[:MAX_NOTES]),
    )


def _stored(release: Release, checkpoint: Checkpoint) -> list[Stored]:
    placed: list[Stored] = []
    seen: Counter[str] = Counter()
    for tensor in islice(stored_tensors(release, checkpoint), MAX_TENSORS):
        part = part_of(tensor.name, tensor.shape)
        if tensor.format in _INPUTS_FIRST and part.role in UNITS:
            part = replace(part, role=Role.PLAIN)
        seen[tensor.name] += 1
        if seen[tensor.name] > 1:  # branches of one graph may use the same names
            tensor = replace(tensor, name=f"{tensor.name} ({seen[tensor.name]})")
        placed.append(Stored(tensor, part))
    return _fused(placed)


def _fused(placed: list[Stored]) -> list[Stored]:
    """Up matrices that hold the gate as well: no gate beside them, twice the rows that down reads.

    Networks that store both in one put the gate first and split it in halves.
    """
    mlps: dict[tuple[str, int, int], dict[Role, int]] = {}
    for at, one in enumerate(placed):
        if one.part.layer is not None and len(one.tensor.shape) == 2:
            place = one.part.stack, one.part.layer, one.part.expert or 0
            mlps.setdefault(place, {})[one.part.role] = at
    for roles in mlps.values():
        if {Role.UP, Role.DOWN} <= roles.keys() and Role.GATE not in roles:
            up, down = placed[roles[Role.UP]], placed[roles[Role.DOWN]]
            width, units = down.tensor.shape
            if up.tensor.shape == (2 * units, width) and width != units:
                placed[roles[Role.UP]] = replace(up, part=replace(up.part, role=Role.FUSED))
    return placed


def _notes(one: Checkpoint) -> list[str]:
    notes = [f"{f.name}: {p.detail}" for f, parsed in one.parts for p in parsed.problems[:3]]
    notes += _troubles(one)
    notes += [f"{file.path}: a Git LFS pointer" for file in one.unread if file.lfs is not None]
    if len(one.files) < one.count:
        notes.append(f"{one.count - len(one.files)} of {one.count} shards are missing")
    return notes
