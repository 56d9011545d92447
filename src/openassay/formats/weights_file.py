"""Any file of weights, told apart by its first bytes and read from its header alone.

safetensors, GGUF, PyTorch, ONNX and NumPy files are read by their own parsers; containers that are
only recognised (HDF5, TensorFlow Lite, legacy GGML, TensorFlow bundles, msgpack) come back opaque:
what they are is known, what is in them is not. Beside it stands what a list of tensors implies of
the model: parameters, vocabulary, width, layers, dtype.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from openassay.formats import gguf, npy, onnx, safetensors, torch_zip
from openassay.formats.bounded import Fault, FormatError, Problem, ReadAt, Tensor

_HEAD: Final = 64
_OPAQUE: Final = (
    (0, b"\x89HDF\r\n\x1a\n", "HDF5"),
    (4, b"TFL3", "TensorFlow Lite"),
    (0, b"lmgg", "GGML"),
    (0, b"tjgg", "GGML"),
    (0, b"fmgg", "GGML"),
)
_BY_SUFFIX: Final = {
    ".msgpack": "msgpack", ".pb": "TensorFlow graph", ".index": "TensorFlow bundle",
    ".nemo": "NeMo archive", ".mlmodel": "Core ML", ".pdparams": "Paddle", ".keras": "Keras",
    ".pkl": "pickle", ".distcp": "PyTorch distributed", ".llamafile": "llamafile", ".jit": "JIT",
}  # fmt: skip
_LOST: Final = frozenset([Fault.TRUNCATED, Fault.NO_TENSORS, Fault.HEADER_LENGTH_LIES])
_PACKED: Final = frozenset(["I32", "U8", "I8", "U4", "I4", "U32", "F4", "F8_E8M0"])
_EMBEDDING: Final = re.compile(
    r"(?:^|[./])(?:embed_tokens|word_embeddings|wte|tok_embeddings|embed_in|token_embd|"
    r"token_embedding|shared)(?:[./](?:weight|embedding|kernel))?$"
)
_LAYER: Final = re.compile(
    r"^(.{0,120}?(?:layers?|h|blocks?|blk|encoder\.layer|resblocks))[._](\d{1,4})[._]"
)
_OPTIMIZER: Final = re.compile(r"(?:^|[._/])(?:exp_avg(?:_sq)?|momentum_buffer|optimizer_state)\b")
_ADAPTER: Final = re.compile(
    r"lora_[ab]\b|lora_embedding_|\blora_(?:down|up)\b|ia3_l|prefix_encoder", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """``header_end`` bounds the bytes it rests on; ``opaque`` says that tensors are unknown."""

    format: str
    tensors: tuple[Tensor, ...]
    problems: tuple[Problem, ...]
    header_end: int
    opaque: bool = False

    @property
    def broken(self) -> str:
        """Why the weights are not all there, or empty."""
        return next((p.detail for p in self.problems if p.id in _LOST), "")


@dataclass(frozen=True, slots=True)
class Shape:
    """What tensors imply; None or empty where they do not say."""

    parameters: int
    dtype: str
    packed: bool  # most bytes are integers that hold several weights each
    vocabulary: int | None
    width: int | None
    layers: frozenset[int]  # one count for each stack of layers


def parse(read: ReadAt, size: int, suffix: str) -> WeightsFile | None:
    """What a file of ``size`` bytes is; None when nothing says that it holds weights.

    ``suffix`` (lower case, with its dot) is only asked where the first bytes leave it open.
    Raises FormatError when the bytes are not what they begin as, or not what the suffix promises.
    """
    head = read(0, min(_HEAD, size))
    if head.startswith(b"GGUF"):
        found = gguf.parse(read, size)
        return WeightsFile("GGUF", found.tensors, found.problems, found.data_start)
    if head.startswith(b"\x93NUMPY"):
        array = npy.parse(read, size)
        return WeightsFile("NumPy", array.tensors, array.problems, min(size, 128))
    for offset, magic, name in _OPAQUE:
        if head[offset : offset + len(magic)] == magic:
            return WeightsFile(name, (), (), min(size, _HEAD), opaque=True)
    if suffix == ".safetensors":
        shown = safetensors.parse(read, size)
        return WeightsFile("safetensors", shown.tensors, shown.problems, 8 + shown.header_bytes)
    if suffix == ".npz":
        arrays = npy.parse_npz(read, size)
        return WeightsFile("NumPy", arrays.tensors, arrays.problems, min(size, 128))
    if suffix == ".onnx":
        model = onnx.parse(read, size)
        return WeightsFile("ONNX", model.tensors, model.problems, min(size, 4096))
    return _torch_or_opaque(read, size, suffix, head)


def _torch_or_opaque(read: ReadAt, size: int, suffix: str, head: bytes) -> WeightsFile | None:
    is_pickle = head[:1] == b"\x80" and len(head) > 1 and 2 <= head[1] <= 5
    if suffix not in (".nemo", ".keras") and (head.startswith(b"PK\x03\x04") or is_pickle):
        try:
            found = torch_zip.parse(read, size)
        except FormatError as error:
            if error.problem in (Fault.READ_LIMIT, Fault.UNSUPPORTED, Fault.LEGACY_TORCH_NOT_READ):
                return WeightsFile("PyTorch", (), (), min(size, _HEAD), opaque=True)
            raise
        opaque = not found.tensors and found.kind in ("legacy", "torchscript")
        return WeightsFile("PyTorch", found.tensors, found.problems, min(size, 4096), opaque)
    if suffix in (".pt", ".pth", ".ckpt"):
        raise FormatError(Fault.NOT_THIS_FORMAT, "neither a zip archive nor a pickle")
    if suffix in _BY_SUFFIX or ".data-" in suffix:
        name = _BY_SUFFIX.get(suffix, "TensorFlow bundle")
        return WeightsFile(name, (), (), min(size, _HEAD), opaque=True)
    return None


def is_placeholder(head: bytes) -> bool:
    """Whether the first bytes are only text or zeros where weights should be."""
    if not head.strip(b"\0"):
        return True
    return all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head)


def is_optimizer(tensors: Iterable[Tensor]) -> bool:
    """Whether these are an optimizer's moments."""
    return any(_OPTIMIZER.search(tensor.name) for tensor in tensors)


def is_adapter(tensors: Iterable[Tensor]) -> bool:
    """Whether every tensor belongs to a low-rank or prefix adapter."""
    names = [tensor.name for tensor in tensors]
    return bool(names) and all(_ADAPTER.search(name) for name in names)


def shape_of(shards: Iterable[Iterable[Tensor]]) -> Shape:
    """What the tensors of one checkpoint, given shard by shard, imply.

    Tensors of one shard that share their bytes (tied weights) count once.
    """
    count = 0
    by_dtype: Counter[str] = Counter()
    vocabulary = width = None
    stacks: dict[str, set[int]] = {}
    for tensor in (tensor for shard in shards for tensor in _untied(shard)):
        count += tensor.parameters
        by_dtype[tensor.dtype] += tensor.parameters
        if vocabulary is None and len(tensor.shape) == 2 and _EMBEDDING.search(tensor.name):
            vocabulary, width = tensor.shape
        if layer := _LAYER.match(tensor.name):
            stacks.setdefault(layer.group(1), set()).add(int(layer.group(2)))
    dtype = by_dtype.most_common(1)[0][0] if by_dtype else ""
    layers = frozenset(len(numbers) for numbers in stacks.values())
    packed = bool(by_dtype) and dtype in _PACKED
    return Shape(count, dtype, packed, vocabulary, width, layers)


def _untied(shard: Iterable[Tensor]) -> Iterator[Tensor]:
    """Tensors of one file, those on the very same bytes once."""
    seen: set[tuple[int, int]] = set()
    for tensor in shard:
        if tensor.start is not None and tensor.end is not None and tensor.end > tensor.start:
            if (tensor.start, tensor.end) in seen:
                continue
            seen.add((tensor.start, tensor.end))
        yield tensor


def disagreements(shape: Shape, config: dict[str, object]) -> list[tuple[str, str]]:
    """(config key, sentence) for each value of a ``config.json`` that the tensors contradict.

    Padding of the vocabulary, extra prediction layers and nested towers are not contradictions.
    """
    inner = config.get("text_config")
    flat = {**inner, **config} if isinstance(inner, dict) else config
    found: list[tuple[str, str]] = []
    width = _number(flat, "hidden_size", "n_embd", "d_model", "dim")
    if width and shape.width and shape.vocabulary and not shape.packed:
        embedding = _number(flat, "embedding_size", "word_embed_proj_dim")
        if width[1] not in (shape.width, shape.vocabulary) and not embedding:
            sentence = f"{width[0]} is {width[1]}, the embedding in the weights has {shape.width}"
            found.append((width[0], sentence))
    vocabulary = _number(flat, "vocab_size", "n_vocab")
    if vocabulary and shape.vocabulary and shape.width != vocabulary[1]:
        low, high = vocabulary[1], vocabulary[1] * 1.1 + 1024
        if not low <= shape.vocabulary <= high:
            sentence = f"{vocabulary[0]} is {vocabulary[1]}, the weights hold {shape.vocabulary}"
            found.append((vocabulary[0], sentence))
    layers = _number(flat, "num_hidden_layers", "n_layer", "n_layers", "num_layers")
    if layers and shape.layers:
        close = any(0 <= count - layers[1] <= 2 for count in shape.layers)
        if not close and max(shape.layers) < layers[1]:
            sentence = f"{layers[0]} is {layers[1]}, the weights hold {max(shape.layers)} layers"
            found.append((layers[0], sentence))
    found += _dtype_disagreement(shape, flat)
    return found


def _dtype_disagreement(shape: Shape, config: dict[str, object]) -> list[tuple[str, str]]:
    names = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"}
    for key in ("torch_dtype", "dtype"):
        stated = names.get(str(config.get(key)).removeprefix("torch."))
        if stated is None or "quantization_config" in config:
            continue
        if shape.dtype in names.values() and stated != shape.dtype:
            return [(key, f"{key} is {config[key]}, the weights are {shape.dtype}")]
        return []
    return []


def _number(config: dict[str, object], *keys: str) -> tuple[str, int] | None:
    for key in keys:
        value = config.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return key, value
    return None
