"""The model's shape as its own configuration files state it, its base, and its tokenizer files.

Reads ``config.json`` as the transformers library writes it, ``params.json``, ``hparams.json``,
``model_index.json``, ``modules.json`` (sentence-transformers) and ``adapter_config.json``: a file
counts for its keys, because many other programs have a ``config.json`` too. A shape is *part* of
the model metadata, never the training configuration. ``generation_config.json`` is about inference.

A Python file that is named as arguments or configuration counts when it sets several shape keys,
and so does code that gives numbers to several of them close together: a function that builds one
size, the defaults of a network's class, a definition.

Not seen: shapes that only a loop or a formula gives, YAML shapes without training keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from openassay.files import File
from openassay.formats import json_text, path_words
from openassay.release import Release
from openassay.subject import Place, Whose
from openassay.types import Derived, Evidence, Extent, Fact, Found, Gap, Relation, Stated

NAME = "model_config"
COMPONENTS = ("model_metadata", "supporting_libraries")

_CONFIGS: Final = frozenset(
    ["config.json", "params.json", "hparams.json", "model_index.json", "modules.json",
     "adapter_config.json", "model_config.json", "modeling_config.json"]
)  # fmt: skip
_CLASS_FILE: Final = re.compile(
    r"(?:model_?)?(?:args|configs?|config_\w{1,40}|configuration(?:_\w{1,40})?|hparams)\.py",
    re.IGNORECASE,
)
_CLASS_KEY: Final = re.compile(
    r"^\s{0,16}(?:self\.)?([a-z_]{3,40})\s?(?::\s?[\w\[\]., |]{1,40})?\s?(?:=(?!=)|$)"
)
_MAX_SIZE: Final = 4 << 20
_SHAPE_KEYS: Final = frozenset(
    """hidden_size num_hidden_layers num_attention_heads n_embd n_layer n_head d_model dim n_layers
    n_heads n_vocab vocab_size num_layers intermediate_size hidden_dim encoder_layers embed_dim
    model_type architectures block_out_channels num_heads n_ctx patch_size""".split()
)
# What is stated, under its topic, by the first key present.
_TOPICS: Final = {
    "architecture": ("architectures", "model_type", "_class_name"),
    "dtype": ("torch_dtype", "dtype"),
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "hidden_size": ("hidden_size", "n_embd", "d_model", "dim"),
    "vocab_size": ("vocab_size", "n_vocab"),
    "experts": ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"),
    "context_length": ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"),
}
_TOKENIZERS: Final = re.compile(
    r"(?:[\w.-]{0,60}[-_.])?(?:tokenizer|spiece|sentencepiece|bpe|vocab|merges|encoder)"
    r"(?:[-_.][\w-]{1,40})?\.(?:model|json|txt|bpe|vocab|tiktoken)|[\w.-]{1,60}\.tiktoken",
    re.IGNORECASE,
)
_MIN_TOKENIZER: Final = 1_000  # bytes: a vocabulary is longer, its settings are not one
_BASE_NAME: Final = re.compile(r"^[\w][\w.-]{0,95}/[\w][\w.-]{0,95}$")


def wants(file: File, release: Release) -> bool:
    """Files with one of the known names, and tokenizer files."""
    name = file.name.lower()
    if name not in _CONFIGS and not _is_tokenizer(file) and not _is_class_file(file):
        return False
    return file.is_regular and release.place(file) is Place.OWN


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    """The shape, what it states, what the model was made from."""
    if _is_tokenizer(file):
        yield Found(
            component="supporting_libraries",
            extent=Extent.PART,
            aspect="tokenizer_files",
            evidence=(file.cite_whole(f"tokenizer file of {file.size} bytes"),),
            detail="the tokenizer's vocabulary is tracked in the release",
        )
        return
    if not file.is_readable or file.size > _MAX_SIZE:
        return
    text = file.text()
    if text is None:
        return
    if file.suffix == ".py":
        yield from _shape_class(file)
        return
    if file.name.lower() == "modules.json":
        yield from _sentence_modules(file, text.text)
        return
    config = json_text.load_object(text.text)
    if file.name.lower() == "adapter_config.json":
        yield from _base(file, text.text, config, "base_model_name_or_path", release)
        return
    yield from _shape(file, text.text, config)
    yield from _base(file, text.text, config, "_name_or_path", release)


_SHAPE_NUMBER: Final = re.compile(
    r"(?<![\w.])(?:[a-z]{1,12}_)?(num_layers|num_hidden_layers|n_layers?|depth|embed_dim|embedding_dim"
    r"|d_model|hidden_size|hidden_dims?|model_dims?|n_embd|num_heads|num_attention_heads|n_heads?"
    r"|attention_heads|vocab_size|d_intermediate|intermediate_size|mlp_dim|ffn_dim|patch_size)"
    r"\s?(?::\s?(?:int|Optional\[int\])\s?)?=\s?(\d[\d_]{0,8})\b"
)
_SHAPE_MARKS: Final = ("heads", "n_head", "d_model", "n_layer", "num_layers", "depth")
_NEAR: Final = 24  # lines within which the numbers of one shape stand
_MIN_NUMBERS: Final = 3
_MAX_CODE: Final = 400  # files
_MAX_CODE_SIZE: Final = 512 << 10
_MAX_SHAPES: Final = 3
_NOT_SHAPE: Final = frozenset(
    """loss losses lora data dataset datasets tokenizer tokenization benchmark bench kernel kernels
    ops export convert conversion""".split()
)


def survey(release: Release) -> Iterator[Fact | Gap]:
    """Sizes of the model given as numbers in its own code, the files nearest the root first."""
    files = [file for file in release.files if _may_build(file, release)]
    files.sort(key=lambda file: (file.path.count("/"), file.source, file.path))
    shown = 0
    for file in files[:_MAX_CODE]:
        if shown < _MAX_SHAPES and (line := _shape_line(file)):
            shown += 1
            yield Found(
                component="model_metadata",
                extent=Extent.PART,
                aspect="shape_code",
                evidence=(file.cite_lines(line),),
                detail="numbers that give the model its shape, not how it was trained",
            )


def _may_build(file: File, release: Release) -> bool:
    if file.suffix != ".py" or not file.is_readable or file.size > _MAX_CODE_SIZE:
        return False
    words = path_words.words(file.path)
    user_side = path_words.DEMO | path_words.FINETUNE | path_words.EVALUATION | _NOT_SHAPE
    return words.isdisjoint(user_side) and release.place(file) is Place.OWN


def _shape_line(file: File) -> int:
    """The first line of a stretch in which several different keys are given numbers, or 0."""
    text = file.text()
    if text is None or not any(mark in text.text for mark in _SHAPE_MARKS):
        return 0
    seen: list[tuple[int, str]] = []
    for number, line in enumerate(file.lines, start=1):
        for found in _SHAPE_NUMBER.finditer(line[:400]):
            seen = [(at, key) for at, key in seen if number - at < _NEAR]
            seen.append((number, found.group(1)))
            if len({key for _, key in seen}) >= _MIN_NUMBERS:
                return seen[0][0]
    return 0


def _is_tokenizer(file: File) -> bool:
    if file.size < _MIN_TOKENIZER or file.suffix not in _TOKENIZER_SUFFIXES:
        return False
    name = file.name.lower()
    if "config" in name or path_words.is_demo(file.path):
        return False
    return _TOKENIZERS.fullmatch(name) is not None


_TOKENIZER_SUFFIXES: Final = frozenset([".model", ".json", ".txt", ".bpe", ".vocab", ".tiktoken"])


def _shape(file: File, text: str, config: dict[str, object]) -> Iterator[Fact]:
    """The shape configuration and the data it states."""
    shape = _flat(config)
    keys = sorted(_SHAPE_KEYS & shape.keys())
    diffusers = isinstance(config.get("_class_name"), str) and "_diffusers_version" in config
    named = "model_type" in shape or "architectures" in shape
    if not (diffusers or len(keys) >= 3 or (named and len(keys) >= 2)):
        return
    cited = keys[:2] or ["_class_name"]
    yield Found(
        component="model_metadata",
        extent=Extent.PART,
        aspect="shape_config",
        evidence=tuple(_cite(file, text, key) for key in cited),
        detail="the shape of the model, not how it was trained",
    )
    for topic, names in _TOPICS.items():
        for name in names:
            value = _plain(shape.get(name))
            if value:
                yield Stated(
                    topic=topic,
                    value=value,
                    subject="model_architecture",
                    evidence=(_cite(file, text, name),),
                    detail=f"stated by {file.path}",
                )
                break


def _is_class_file(file: File) -> bool:
    if not _CLASS_FILE.fullmatch(file.name):
        return False
    words = path_words.words(file.path)
    return words.isdisjoint(path_words.DEMO | path_words.FINETUNE | path_words.EVALUATION)


def _shape_class(file: File) -> Iterator[Fact]:
    """Arguments of the model as Python attributes: at least four that only a shape has."""
    lines: dict[str, int] = {}
    for number, line in enumerate(file.lines[:2_000], start=1):
        key = _CLASS_KEY.match(line[:300])
        if key and key.group(1) in _SHAPE_KEYS:
            lines.setdefault(key.group(1), number)
    if len(lines) >= 4:
        yield Found(
            component="model_metadata",
            extent=Extent.PART,
            aspect="shape_class",
            evidence=(file.cite_lines(min(lines.values())),),
            detail="arguments that give the model its shape, not how it was trained",
        )


def _flat(config: dict[str, object]) -> dict[str, object]:
    """The top level over the language model's own part, where a config nests it."""
    inner = config.get("text_config")
    return {**inner, **config} if isinstance(inner, dict) else config


def _plain(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return str(value)[:100]


def _sentence_modules(file: File, text: str) -> Iterator[Fact]:
    """``modules.json``: the pipeline of a sentence embedding model."""
    modules = json_text.load(text)
    if not isinstance(modules, list):
        return
    types = [str(entry.get("type", "")) for entry in modules if isinstance(entry, dict)]
    if any(name.startswith("sentence_transformers.") for name in types[:20]):
        yield Found(
            component="model_metadata",
            extent=Extent.PART,
            aspect="shape_config",
            evidence=(_cite(file, text, "type"),),
            detail="the modules an embedding is computed by: "
            + ", ".join(name.rsplit(".", 1)[-1] for name in types[:6]),
        )


def _base(
    file: File, text: str, config: dict[str, object], key: str, release: Release
) -> Iterator[Fact]:
    """The model this one was loaded from, when it is somebody else's or an own base."""
    name = config.get(key)
    if not isinstance(name, str) or not _BASE_NAME.match(name):
        return
    adapter = key == "base_model_name_or_path"
    if not adapter and release.subject.whose(name) is Whose.OWN:
        return  # saved from its own hub page
    yield Derived(
        base=name,
        relation=Relation.ADAPTER if adapter else Relation.FINETUNE,
        evidence=(_cite(file, text, key),),
        detail=f"{key} names the model the weights were made from",
    )


def _cite(file: File, text: str, key: str) -> Evidence:
    return file.cite_lines(json_text.line_of(text, key))
