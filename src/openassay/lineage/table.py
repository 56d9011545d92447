"""Which files of a target are one set of weights, and which tensors lie where in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from posixpath import join, normpath
from typing import Final, TypeAlias

from openassay.errors import ReadError, TargetError
from openassay.files import File
from openassay.formats import onnx, safetensors, weights_file, weights_names, weights_shape
from openassay.formats.bounded import MAX_TENSORS, FormatError, Tensor, stored_bytes
from openassay.lineage.roles import Part, part_of

MAX_FILES: Final = 4_000
MIN_PARAMETERS: Final = 1_000  # less is a setting, not a model
Beside: TypeAlias = Mapping[tuple[str, str], File]
_PREFERRED: Final = ("safetensors", "GGUF", "PyTorch", "ONNX", "NumPy")


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor, the file that holds it, and how its bytes are ordered."""

    tensor: Tensor
    file: File
    part: Part
    big_endian: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One set of weights: a file or the shards of one numbering. ``notes`` say what is missing."""

    source: str
    label: str  # the path that names it inside its source
    format: str
    files: tuple[File, ...]
    header_ends: tuple[int, ...]
    stored: tuple[Stored, ...]
    notes: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


def checkpoints(files: Iterable[File], wanted: str = "") -> list[Checkpoint]:
    """Every readable set of weights, the most likely final one first.

    ``wanted`` is a path, or a pattern with ``*``, inside the target. Raises :class:`TargetError`
    when no weights are there, with what was found instead.
    """
    groups: dict[tuple[str, str, str], list[File]] = {}
    files = tuple(files)
    beside = {(file.source, file.path): file for file in files}
    pointers: list[str] = []
    for file in files:
        if wanted and not (file.path == wanted or fnmatchcase(file.path, wanted)):
            continue
        if not wanted and not weights_names.may_hold_weights(file.path, file.suffix):
            continue
        if file.lfs is not None:
            pointers.append(file.path)
        if not file.is_readable or len(groups) > MAX_FILES:
            continue
        shard = safetensors.parse_shard_name(file.name)
        stem = f"{shard.stem}{shard.suffix}/{shard.count}" if shard else file.name
        groups.setdefault((file.source, file.folder, stem), []).append(file)
    found: list[Checkpoint] = []
    troubles: list[str] = []
    for group in groups.values():
        try:
            found.append(_read(group, beside))
        except (FormatError, ReadError) as error:
            troubles.append(f"{group[0].path}: {error}")
    usable = [one for one in found if _usable(one)]
    if not usable:
        raise _nothing(wanted, pointers, troubles, found)
    return sorted(usable, key=_order)


def _order(one: Checkpoint) -> tuple[bool, bool, int, int, str]:
    """Whole models before adapters and optimizers, then by size, then by format."""
    tensors = [stored.tensor for stored in one.stored]
    aside = weights_shape.is_adapter(tensors) or weights_names.names_optimizer(one.label)
    step = weights_names.step_of(one.label) is not None
    rank = _PREFERRED.index(one.format) if one.format in _PREFERRED else len(_PREFERRED)
    size = sum(tensor.parameters for tensor in tensors)
    return aside, step, -size, rank, one.label


def _usable(one: Checkpoint) -> bool:
    tensors = [stored.tensor for stored in one.stored]
    return sum(tensor.parameters for tensor in tensors) >= MIN_PARAMETERS


def _nothing(
    wanted: str, pointers: list[str], troubles: list[str], found: list[Checkpoint]
) -> TargetError:
    if pointers:
        return TargetError(
            f"{pointers[0]} is a Git LFS pointer: the weights themselves are not here",
            hint="Fetch them first: git lfs pull.",
        )
    if troubles:
        return TargetError(
            f"no weights could be read: {troubles[0]}", hint="; ".join(troubles[1:3])
        )
    if found:
        kind = found[0].format
        return TargetError(
            f"{found[0].label} is {kind}: what is in it cannot be told from its header",
            hint="Readable are safetensors, GGUF, PyTorch, ONNX and NumPy files.",
        )
    where = f"no file matches {wanted}" if wanted else "no file of weights was found"
    return TargetError(where, hint="Name one inside the target: TARGET#path/of/file.")


def _read(group: list[File], beside: Beside) -> Checkpoint:
    stored: list[Stored] = []
    ends: list[int] = []
    notes: list[str] = []
    kind = ""
    for file in sorted(group, key=lambda f: f.path):
        parsed = weights_file.parse(file.read, file.size, file.suffix)
        if parsed is None:
            raise ReadError(f"{file.path}: no format of weights", reason="not_weights")
        kind = kind or parsed.format
        ends.append(parsed.header[1])
        notes += [f"{file.name}: {problem.detail}" for problem in parsed.problems[:3]]
        stored += _placed(file, parsed, beside)
    shard = safetensors.parse_shard_name(group[0].name)
    if shard and len(group) < shard.count:
        notes.append(f"{shard.count - len(group)} of {shard.count} shards are missing")
    files = tuple(sorted(group, key=lambda f: f.path))
    taken = tuple(stored[:MAX_TENSORS])
    return Checkpoint(
        files[0].source, files[0].path, kind, files, tuple(ends), taken, tuple(notes[:20])
    )


def _placed(file: File, parsed: weights_file.WeightsFile, beside: Beside) -> list[Stored]:
    head = file.read(0, 256)
    swapped = parsed.format == "GGUF" and head[4:6] == b"\0\0"
    swapped = swapped or (parsed.format == "NumPy" and b"'>" in head[:128])
    columns_first = head.startswith(b"\x93NUMPY") and b"'fortran_order': True" in head
    placed: list[Stored] = []
    seen: Counter[str] = Counter()
    external = _external(file, parsed, beside)
    for tensor in parsed.tensors:
        tensor = external.get(tensor.name, (tensor, file))[0] if tensor.start is None else tensor
        held = external[tensor.name][1] if tensor.name in external else file
        part = part_of(tensor)
        seen[tensor.name] += 1
        if seen[tensor.name] > 1:  # branches of one graph may use the same names
            tensor = replace(tensor, name=f"{tensor.name} ({seen[tensor.name]})")
        if columns_first:
            tensor = replace(tensor, shape=tensor.shape[::-1])
        placed.append(Stored(tensor, held, part, swapped))
    return placed


def _external(
    file: File, parsed: weights_file.WeightsFile, beside: Beside
) -> dict[str, tuple[Tensor, File]]:
    """Tensors that an ONNX model keeps in files beside it; only those in its own folder count."""
    if parsed.format != "ONNX" or all(tensor.start is not None for tensor in parsed.tensors):
        return {}
    by_name = {tensor.name: tensor for tensor in parsed.tensors}
    found: dict[str, tuple[Tensor, File]] = {}
    for outside in onnx.parse(file.read, file.size).external:
        tensor = by_name.get(outside.tensor)
        path = normpath(join(file.folder, outside.location)) if outside.location else ""
        held = beside.get((file.source, path))
        if tensor is None or held is None or not held.is_readable:
            continue
        length = outside.length or stored_bytes(tensor.dtype, tensor.parameters) or 0
        if outside.offset + length <= held.size:
            placed = replace(tensor, start=outside.offset, end=outside.offset + length)
            found[tensor.name] = (placed, held)
    return found
