"""Keras 3 archives (`.keras`): a zip of a configuration and the weights as HDF5.

The weights are stored without compression, so that their description is read where it lies. Layers
that carry Python code (`Lambda`) are listed as foreign: loading the file would run them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from openassay.formats import hdf5
from openassay.formats.bounded import (
    Fault,
    Findings,
    FormatError,
    Member,
    Problem,
    ReadAt,
    Tensor,
    Window,
    member_bytes,
    member_start,
    zip_members,
)

MAX_READ: Final = 256 << 20
MAX_CONFIG: Final = 16 << 20  # bytes of config.json
_LAMBDA: Final = re.compile(r'"class_name"\s{0,8}:\s{0,8}"(Lambda|TFOpLambda|SlicingOpLambda)"')


@dataclass(frozen=True, slots=True)
class KerasFile:
    """`foreign` lists the kinds of layers that carry code of their own."""

    tensors: tuple[Tensor, ...]
    version: str
    foreign: tuple[str, ...]
    big_endian: bool
    problems: tuple[Problem, ...]


def parse(read: ReadAt, size: int) -> KerasFile:
    """Read a `.keras` archive of `size` bytes; FormatError if it is no zip or has no weights."""
    window = Window(read, size, MAX_READ)
    findings = Findings()
    members = {member.name: member for member in zip_members(window, findings)}
    weights = members.get("model.weights.h5")
    if weights is None:
        message = "a zip without model.weights.h5: not a Keras archive"
        raise FormatError(Fault.NOT_THIS_FORMAT, message)
    config = _text(window, members.get("config.json"), findings)
    tensors: tuple[Tensor, ...] = ()
    big_endian = False
    if weights.method:
        detail = "the weights are compressed in the archive, their description was not read"
        findings.add(Fault.MEMBER_COMPRESSED, detail, weights.header)
    else:
        start = member_start(window, weights)
        found = hdf5.parse(lambda o, n: window.upto(start + o, n), weights.packed)
        tensors, big_endian = tuple(_moved(t, start) for t in found.tensors), found.big_endian
        for problem in found.problems:
            at = None if problem.offset is None else start + problem.offset
            findings.add(problem.id, problem.detail, at)
    about = _text(window, members.get("metadata.json"), findings)
    return KerasFile(tensors, _version(about), code_layers(config), big_endian, findings.done())


def code_layers(config: str) -> tuple[str, ...]:
    """The kinds of layers in a model's configuration that carry code, sorted."""
    return tuple(sorted({f"keras layer {name}" for name in _LAMBDA.findall(config)}))


def _moved(tensor: Tensor, start: int) -> Tensor:
    if tensor.start is None or tensor.end is None:
        return tensor
    return Tensor(tensor.name, tensor.dtype, tensor.shape, start + tensor.start, start + tensor.end)


def _text(window: Window, member: Member | None, findings: Findings) -> str:
    if member is None:
        return ""
    try:
        return member_bytes(window, member, MAX_CONFIG).decode("utf-8", "replace")
    except FormatError as error:
        findings.add_error(error)
        return ""


def _version(text: str) -> str:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    version = found.get("keras_version") if isinstance(found, dict) else None
    return version[:40] if isinstance(version, str) else ""
