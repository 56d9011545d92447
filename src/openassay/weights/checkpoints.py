"""Files gathered into checkpoints, their headers read, and every tensor with its place.

A checkpoint is one set of weights: a single file, or the shards of one numbering. Nothing is read
but headers, one or two small reads a file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Final

from openassay.errors import ReadError
from openassay.files import File
from openassay.formats import safetensors, weights_file, weights_names
from openassay.formats.bounded import Fault, FormatError, Tensor, stored_bytes, unsafe_path
from openassay.formats.weights_file import WeightsFile
from openassay.release import Release
from openassay.subject import Place

MAX_FILES: Final = 4_000  # of weights in one release
# Faults that do not make a file without tensors a broken one.
_BESIDE: Final = frozenset([Fault.FOREIGN_GLOBAL, Fault.PICKLED_CONTENT, Fault.MEMBER_UNUSED])
MIN_OPAQUE: Final = 256 << 10  # bytes; smaller, a container whose contents are unknown is no model


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that cannot be the weights its name promises: why, and a stable id."""

    file: File
    why: str
    reason: str


@dataclass(slots=True)
class Checkpoint:
    """One set of weights. ``count`` is how many files its own numbering promises."""

    source: str
    folder: str
    stem: str
    count: int = 1
    files: list[File] = field(default_factory=list)
    parts: list[tuple[File, WeightsFile]] = field(default_factory=list)
    cut: list[tuple[File, WeightsFile]] = field(default_factory=list)  # broken, header readable
    broken: list[Broken] = field(default_factory=list)
    unread: list[File] = field(default_factory=list)  # LFS pointers and missing blobs
    failed: list[tuple[File, ReadError]] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.files[0].path

    @property
    def read(self) -> list[WeightsFile]:
        """What was read, file by file."""
        return [found for _, found in self.parts]

    @property
    def described(self) -> list[tuple[File, WeightsFile]]:
        """Every file whose header could be read, those that are cut off too, by path."""
        return sorted([*self.parts, *self.cut], key=lambda part: part[0].path)

    @property
    def step(self) -> int | None:
        """The training step its path names, if any."""
        return weights_names.step_of(self.path)

    @property
    def whole(self) -> bool:
        """Whether every file that the numbering promises was read."""
        return len(self.parts) == len(self.files) == self.count

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor of every file, in the files' order."""
        for found in self.read:
            yield from found.tensors


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor and where its elements are read: ``file.read(start, end - start)``.

    ``shape`` is outermost first; ``dtype`` as in ``formats.bounded`` (``BF16``, ``Q4_K``, …).
    ``start`` is None where the place is not known (deflated, opaque or out of reach). ``strides``
    count elements and are None for rows one after another.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: File
    start: int | None
    end: int | None
    format: str
    big_endian: bool = False
    strides: tuple[int, ...] | None = None

    @property
    def parameters(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes stored, 0 where the place is not known."""
        return 0 if self.start is None or self.end is None else self.end - self.start


def gather(release: Release, *, named: Iterable[File] | None = None) -> list[Checkpoint]:
    """The release's own files of weights as checkpoints, by path; nothing is opened.

    ``named`` are files that the user asked for: they are taken, whatever their names and places
    say, and no others.
    """
    found: dict[tuple[str, str, str, int], Checkpoint] = {}
    taken = 0
    for file in release.files if named is None else named:
        if not file.is_regular or (named is None and not _holds_weights(release, file)):
            continue
        if _belongs_to_an_index(release, file):
            continue
        taken += 1
        if taken > MAX_FILES:
            break
        shard = safetensors.parse_shard_name(file.name)
        count = shard.count if shard else 1
        stem = f"{shard.stem}{shard.suffix}" if shard else file.name
        key = (file.source, file.folder, stem, count)
        checkpoint = found.setdefault(key, Checkpoint(file.source, file.folder, stem, count))
        checkpoint.files.append(file)
    return list(found.values())


def _holds_weights(release: Release, file: File) -> bool:
    """Whether the name says so, and the place that they are the release's own."""
    suffix = weights_names.suffix_of(file.name)
    named = weights_names.may_hold_weights(file.path, suffix)
    return named and release.place(file) is Place.OWN


def _belongs_to_an_index(release: Release, file: File) -> bool:
    """Whether this holds the bytes that a TensorFlow checkpoint's index beside it describes."""
    stem, found, _ = file.name.rpartition(".data-")
    if not found:
        return False
    index = f"{file.folder}/{stem}.index" if file.folder else f"{stem}.index"
    return release.get(file.source, index) is not None


def read_headers(checkpoint: Checkpoint) -> None:
    """Fill ``parts``, ``cut``, ``broken``, ``unread`` and ``failed``."""
    for file in checkpoint.files:
        if file.lfs is not None or file.problem is not None:
            checkpoint.unread.append(file)
        elif file.size == 0:
            checkpoint.broken.append(Broken(file, "the file has 0 bytes", "empty"))
        else:
            try:
                _read_one(checkpoint, file)
            except ReadError as error:
                checkpoint.failed.append((file, error))


def _read_one(checkpoint: Checkpoint, file: File) -> None:
    try:
        found = weights_file.parse(file.read, file.size, weights_names.suffix_of(file.name))
    except FormatError as error:
        head = file.read(0, 1024)
        if file.suffix == ".pth" and weights_file.lists_paths(head):
            return
        stands_in = weights_file.placeholder(head)
        if stands_in:
            checkpoint.broken.append(Broken(file, stands_in, "placeholder"))
        else:
            reason = str(error.problem).replace("-", "_")
            checkpoint.broken.append(Broken(file, error.message, reason))
        return
    if found is None:
        return
    faults = {problem.id for problem in found.problems}
    lacks = faults - _BESIDE == {Fault.NO_TENSORS}
    if lacks and weights_names.names_optimizer(file.name):
        if found.foreign:  # numbers of a schedule are no weights, what loading them runs is told
            checkpoint.parts.append((file, found))
    elif found.broken:
        checkpoint.broken.append(Broken(file, found.broken, "incomplete"))
        checkpoint.cut.append((file, found))
    elif not found.opaque or found.problems or found.foreign or file.size >= MIN_OPAQUE:
        checkpoint.parts.append((file, found))


def checkpoints(release: Release) -> list[Checkpoint]:
    """Every checkpoint of the release with its headers read."""
    found = gather(release)
    for checkpoint in found:
        read_headers(checkpoint)
    return found


def stored_tensors(release: Release, checkpoint: Checkpoint) -> Iterator[StoredTensor]:
    """Every tensor of a checkpoint with the file that holds its elements."""
    for file, found in checkpoint.parts:
        outside = {item.tensor: item for item in found.external}
        for tensor in found.tensors:
            item = outside.get(tensor.name)
            if item is None:
                yield _stored(tensor, file, tensor.start, tensor.end, found)
                continue
            holder = external_file(release, file, item.location)
            length = item.length or stored_bytes(tensor.dtype, tensor.parameters)
            if holder is None or length is None:
                yield _stored(tensor, file, None, None, found)
            else:
                yield _stored(tensor, holder, item.offset, item.offset + length, found)


def _stored(
    tensor: Tensor, file: File, start: int | None, end: int | None, found: WeightsFile
) -> StoredTensor:
    if end is not None and (end > file.size or (end == start and tensor.parameters)):
        start = end = None  # not stored, or not in full
    return StoredTensor(
        tensor.name, tensor.dtype, tensor.shape, file, start, end,
        found.format, found.big_endian, tensor.strides,
    )  # fmt: skip


def external_file(release: Release, file: File, location: str) -> File | None:
    """The file beside ``file`` that holds its tensors' bytes; None if it is not there or outside.

    An ONNX model names it, the index of a TensorFlow checkpoint only says how its name goes on.
    """
    if location.startswith(".data-"):
        location = file.name.removesuffix(".index") + location
    if unsafe_path(location):
        return None
    return release.get(file.source, normpath(join(file.folder, location)))


def tensors(release: Release) -> Iterator[StoredTensor]:
    """Every tensor of every checkpoint of a release: the seam for whoever reads elements."""
    for checkpoint in checkpoints(release):
        yield from stored_tensors(release, checkpoint)
