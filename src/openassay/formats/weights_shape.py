"""What a list of tensors implies of the model: parameters, vocabulary, width, layers, dtype.

Beside it what they contradict in a configuration, and what kind of tensors they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from openassay.formats.bounded import Tensor

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
# The factor that low-rank adapters begin at zero, so that the first step starts from the base: the
# second one, of an embedding the first (PEFT); "up" with other writers.
_ZERO_START: Final = re.compile(
    r"(?:^|[._])lora_(?:b|up|embedding_a)\b|(?:^|[._])lora(?:_linear_layer)?\.up\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What tensors imply; None or empty where they do not say."""

    parameters: int
    dtype: str
    packed: bool  # most bytes are integers that hold several weights each
    vocabulary: int | None
    width: int | None
    layers: frozenset[int]  # one count for each stack of layers


def is_optimizer(tensors: Iterable[Tensor]) -> bool:
    """Whether these are an optimizer's moments."""
    return any(_OPTIMIZER.search(tensor.name) for tensor in tensors)


def is_adapter(tensors: Iterable[Tensor]) -> bool:
    """Whether every tensor belongs to a low-rank or prefix adapter."""
    names = [tensor.name for tensor in tensors]
    return bool(names) and all(_ADAPTER.search(name) for name in names)


def begins_at_zero(name: str) -> bool:
    """Whether a tensor is the factor of an adapter that is zero before the first step."""
    return _ZERO_START.search(name) is not None


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
