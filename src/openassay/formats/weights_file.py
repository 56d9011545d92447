"""Any file of weights, told apart by its first bytes and read from its header alone.

Each format has its own parser; containers that are only recognised (legacy GGML, frozen graphs,
msgpack, Core ML) come back opaque: what they are is known, what is in them is not. What stands
where weights should be (a pointer, a web page, zeros) is told from its first kilobyte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from openassay.formats import (
    gguf,
    hdf5,
    keras_file,
    npy,
    onnx,
    safetensors,
    tf_bundle,
    tflite,
    torch_zip,
)
from openassay.formats.bounded import Fault, FormatError, Problem, ReadAt, Tensor
from openassay.formats.buffered import Buffered

_HEAD: Final = 64
_OPAQUE: Final = (
    (0, b"lmgg", "GGML"),
    (0, b"tjgg", "GGML"),
    (0, b"fmgg", "GGML"),
)
_BY_SUFFIX: Final = {
    ".msgpack": "msgpack", ".pb": "TensorFlow graph",
    ".nemo": "NeMo archive", ".mlmodel": "Core ML", ".pdparams": "Paddle", ".keras": "Keras",
    ".pkl": "pickle", ".distcp": "PyTorch distributed", ".llamafile": "llamafile", ".jit": "JIT",
    ".pth.tar": "tar archive",
}  # fmt: skip
_LOST: Final = frozenset([Fault.TRUNCATED, Fault.NO_TENSORS, Fault.HEADER_LENGTH_LIES])
_POINTER_SIZE: Final = re.compile(rb"\nsize (\d{1,19})(?:\n|$)")
_POINTER_OID: Final = re.compile(rb"\noid sha256:([0-9a-f]{64})(?:\n|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsFile:
    """What one file holds. ``header`` is the range of bytes the tensors are described in.

    ``opaque`` says that tensors are unknown; ``foreign`` is code that loading would run beyond
    rebuilding tensors, ``code`` source files inside; ``external`` tensors lie in files beside it.
    """

    format: str
    tensors: tuple[Tensor, ...] = ()
    problems: tuple[Problem, ...] = ()
    header: tuple[int, int] = (0, 0)
    opaque: bool = False
    variant: str = ""
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    foreign: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    external: tuple[onnx.ExternalData, ...] = ()
    big_endian: bool = False

    @property
    def broken(self) -> str:
        """Why the weights are not all there, or empty."""
        return next((p.detail for p in self.problems if p.id in _LOST), "")


def parse(read: ReadAt, size: int, suffix: str) -> WeightsFile | None:
    """What a file of ``size`` bytes is; None when nothing says that it holds weights.

    ``suffix`` (lower case, with its dot) is only asked where the first bytes leave it open.
    Raises FormatError when the bytes are not what they begin as, or not what the suffix promises.
    """
    read = Buffered(read, size)
    head = read(0, min(_HEAD, size))
    if head.startswith(b"GGUF"):
        return _gguf(read, size)
    if head.startswith(b"\x93NUMPY"):
        return _numpy(npy.parse(read, size), size)
    if head.startswith(hdf5.MAGIC):
        return _hdf5(read, size)
    if head[4:8] == tflite.MAGIC:
        return _tflite(read, size)
    for offset, magic, name in _OPAQUE:
        if head[offset : offset + len(magic)] == magic:
            return _opaque(name, size)
    if suffix == ".safetensors" or _begins_as_safetensors(head, size, suffix):
        return _safetensors(read, size)
    if suffix == ".npz":
        return _numpy(npy.parse_npz(read, size), size)
    if suffix == ".onnx":
        return _onnx(read, size)
    if suffix == ".index":
        return _bundle(read, size) if tf_bundle.is_table(read, size) else None
    return _torch_or_opaque(read, size, suffix, head)


def _begins_as_safetensors(head: bytes, size: int, suffix: str) -> bool:
    """Whether a file without a telling name begins with a length that fits and a JSON object."""
    return not suffix and 8 + int.from_bytes(head[:8], "little") <= size and head[8:10] == b'{"'


def _opaque(name: str, size: int) -> WeightsFile:
    return WeightsFile(format=name, header=(0, min(size, _HEAD)), opaque=True)


def _safetensors(read: ReadAt, size: int) -> WeightsFile:
    found = safetensors.parse(read, size)
    return WeightsFile(
        format="safetensors", tensors=found.tensors, problems=found.problems,
        header=(0, 8 + found.header_bytes), metadata=found.metadata,
    )  # fmt: skip


def _gguf(read: ReadAt, size: int) -> WeightsFile:
    found = gguf.parse(read, size)
    texts = {key: str(value) for key, value in found.metadata.items() if _short(value)}
    if found.file_type:
        texts["general.file_type"] = found.file_type
    problems = found.problems
    if texts.get("split.count", "1") != "1":  # the first part may hold nothing but metadata
        problems = tuple(p for p in problems if p.id is not Fault.NO_TENSORS)
    return WeightsFile(
        format="GGUF", tensors=found.tensors, problems=problems,
        header=(0, min(found.data_start, size)), variant=f"version {found.version}",
        metadata=MappingProxyType(texts), big_endian=found.big_endian,
    )  # fmt: skip


def _short(value: gguf.Value) -> bool:
    return isinstance(value, int | float | bool) or (isinstance(value, str) and len(value) <= 1_000)


def _numpy(found: npy.NpyFile | npy.NpzFile, size: int) -> WeightsFile:
    pickled = any(problem.id is Fault.PICKLED_CONTENT for problem in found.problems)
    opaque = pickled and all(tensor.start is None for tensor in found.tensors)
    return WeightsFile(
        format="NumPy", tensors=() if opaque else found.tensors, problems=found.problems,
        header=(0, min(size, 128)), metadata=found.metadata,
        opaque=opaque, foreign=found.foreign,
        big_endian=found.metadata.get("byteorder") == "big",
    )  # fmt: skip


def _onnx(read: ReadAt, size: int) -> WeightsFile:
    found = onnx.parse(read, size)
    return WeightsFile(
        format="ONNX", tensors=found.tensors, problems=found.problems,
        header=(0, min(size, 4096)), variant=f"IR {found.ir_version}" if found.ir_version else "",
        metadata=found.metadata, external=found.external,
    )  # fmt: skip


def _hdf5(read: ReadAt, size: int) -> WeightsFile:
    found = hdf5.parse(read, size)
    return WeightsFile(
        format="HDF5", tensors=found.tensors, problems=found.problems,
        header=(0, min(size, 4096)), opaque=not found.tensors, metadata=found.attributes,
        foreign=keras_file.code_layers(found.attributes.get("model_config", "")),
        big_endian=found.big_endian,
    )  # fmt: skip


def _keras(read: ReadAt, size: int) -> WeightsFile:
    found = keras_file.parse(read, size)
    return WeightsFile(
        format="Keras", tensors=found.tensors, problems=found.problems,
        header=(0, min(size, 4096)), opaque=not found.tensors, foreign=found.foreign,
        variant=found.version, big_endian=found.big_endian,
    )  # fmt: skip


def _tflite(read: ReadAt, size: int) -> WeightsFile:
    found = tflite.parse(read, size)
    sparse = sum(tensor.start is None for tensor in found.tensors)
    return WeightsFile(
        format="TensorFlow Lite", tensors=found.tensors, problems=found.problems,
        header=(0, min(size, 4096)), metadata=found.metadata,
        variant=f"{sparse} sparse tensors" if sparse else "",
    )  # fmt: skip


def _bundle(read: ReadAt, size: int) -> WeightsFile:
    found = tf_bundle.parse(read, size)
    return WeightsFile(
        format="TensorFlow checkpoint", tensors=found.tensors, problems=found.problems,
        header=(0, size), big_endian=found.big_endian,
        external=tuple(
            onnx.ExternalData(
                place.tensor, found.location(place.shard), place.offset, place.length
            )
            for place in found.places
        ),
    )  # fmt: skip


def _torch_or_opaque(read: ReadAt, size: int, suffix: str, head: bytes) -> WeightsFile | None:
    is_pickle = head[:1] == b"\x80" and len(head) > 1 and 2 <= head[1] <= 5
    if head.startswith(b"PK\x03\x04") and suffix == ".keras":
        return _keras(read, size)
    if suffix != ".nemo" and (head.startswith(b"PK\x03\x04") or is_pickle):
        return _torch(read, size)
    if suffix in (".pt", ".pth", ".ckpt"):
        raise FormatError(Fault.NOT_THIS_FORMAT, "neither a zip archive nor a pickle")
    if suffix in _BY_SUFFIX or ".data-" in suffix:
        return _opaque(_BY_SUFFIX.get(suffix, "TensorFlow checkpoint data"), size)
    return None


def _torch(read: ReadAt, size: int) -> WeightsFile:
    try:
        found = torch_zip.parse(read, size)
    except FormatError as error:
        if error.problem in (Fault.READ_LIMIT, Fault.UNSUPPORTED, Fault.LEGACY_TORCH_NOT_READ):
            return _opaque("PyTorch", size)
        raise
    return WeightsFile(
        format="PyTorch", tensors=found.tensors, problems=found.problems,
        header=(0, min(size, 4096)), variant=str(found.kind), metadata=found.metadata,
        opaque=not found.tensors and found.kind in ("legacy", "torchscript"),
        foreign=found.foreign, code=found.code,
        big_endian=found.metadata.get("byteorder") == "big",
    )  # fmt: skip


def lists_paths(head: bytes) -> bool:
    """Whether a ``.pth`` file is Python's own kind: folders to import from, one a line."""
    line = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\t ")
    return line.startswith((b"import ", b"import\t", b"#", b"/", b"./", b"../")) or (
        line[1:3] in (b":\\", b":/")
    )


def placeholder(head: bytes) -> str:
    """What stands where weights should be, by the first kilobyte; empty if it could be weights."""
    if not head.strip(b"\0"):
        return "the file begins with nothing but zeros"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"version https://git-lfs.github.com/spec/"):
        size = _POINTER_SIZE.search(text)
        digest = _POINTER_OID.search(text)
        promised = f" to {size[1].decode()} bytes" if size else ""
        promised += f" with SHA-256 {digest[1].decode()}" if digest else ""
        return f"a Git LFS pointer{promised} stands where weights should be"
    if b"/annex/objects/" in text[:400]:
        return "a git-annex pointer stands where weights should be"
    if text[:9].lower() == b"<!doctype" or text[:5].lower() == b"<html":
        return "a web page stands where weights should be"
    if text[:9].replace(b" ", b"").startswith((b'{"error', b'{"messag')):
        return "a server's error message stands where weights should be"
    if all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head):
        return "text stands where weights should be"
    return ""
