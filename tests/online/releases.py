"""Releases to put on servers: one, a thousand tiny ones, one of 100 GB; and the same one anywhere.

A :class:`Sample` is paths and contents. It becomes a folder, a hub repository, a Git repository,
a ModelScope repository, a zip: what is read from each has to be the same.
"""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blobs import Blob, Stored, Virtual, blob, whole, write
from git_server import GitRepo, GitServer
from hub_repos import Content, HubRepo
from hub_server import HubServer
from modelscope_server import ModelScopeServer

SAMPLES = Path(__file__).parents[1] / "releases"
MIT = """MIT License

Copyright (c) 2024 The Authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and \
associated documentation files (the "Software"), to deal in the Software without restriction, \
including without limitation the rights to use, copy, modify, merge, publish, distribute, \
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is \
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or \
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT \
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND \
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, \
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, \
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


@dataclass(frozen=True)
class Sample:
    """A release before it stands anywhere: ``name`` is ``OWNER/NAME``."""

    name: str
    files: Mapping[str, Blob]

    def with_files(self, more: Mapping[str, Content]) -> Sample:
        return Sample(self.name, {**self.files, **{p: blob(c) for p, c in more.items()}})

    def folder(self, parent: Path) -> Path:
        """The release as a plain folder ``parent/NAME``; virtual files become sparse ones."""
        root = parent / self.name.rpartition("/")[2]
        for path, content in self.files.items():
            write(content, root / path)
        return root

    def hub(self, server: HubServer, **more: Any) -> HubRepo:
        """The release as a repository of the hub; ``more`` as for :class:`HubRepo`."""
        return server.add(self.name, dict(self.files), **more)

    def modelscope(self, server: ModelScopeServer, **more: Any) -> HubRepo:
        return server.add(self.name, dict(self.files), **more)

    def git(self, server: GitServer, **more: Any) -> GitRepo:
        """The release as a Git repository; ``lfs=(paths…)`` turns files into pointers."""
        return server.add(self.name, self.files, **more)

    def zip(self) -> bytes:
        """The release as a zip with one folder at its root, the same bytes each time."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in sorted(self.files.items()):
                entry = zipfile.ZipInfo(f"{self.name.rpartition('/')[2]}/{path}")
                archive.writestr(entry, whole(content))
        return out.getvalue()


def sample(name: str = "acme/foo", folder: str = "open", *, weights: bool = True) -> Sample:
    """One of the releases beside the tests (``open``, ``community``, ``tuned``), with weights."""
    root = SAMPLES / folder
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    files: dict[str, Blob] = {
        path.relative_to(root).as_posix().replace(".py.txt", ".py"): Stored(path.read_bytes())
        for path in paths
    }
    if weights:
        files["model.safetensors"] = Stored(safetensors({"embed.weight": (256, 64)}))
    return Sample(name, files)


def card(*, license: str = "mit", title: str = "Tiny", body: str = "", **front: Any) -> str:
    """A model card with front matter; ``datasets=["org/data"]`` and the like go into it."""
    head = {"license": license} | front
    lines = [f"{key}: {json.dumps(value)}" for key, value in head.items()]
    return "---\n" + "\n".join(lines) + f"\n---\n# {title}\n\n{body}\n"


def tiny(number: int) -> Sample:
    """The ``number``-th of a series of small releases that differ in licence and parts."""
    license = ("mit", "apache-2.0", "cc-by-nc-4.0", "llama3.1")[number % 4]
    name = f"tiny/model-{number:04}"
    body = f"A language model with {number + 1} million parameters."
    files: dict[str, Content] = {
        "README.md": card(license=license, title=f"Tiny {number}", body=body),
        "config.json": json.dumps(
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64}
        ),
        "model.safetensors": safetensors({"model.embed_tokens.weight": (16 + number % 16, 64)}),
    }
    if number % 4 == 0:
        files["LICENSE"] = MIT
    if number % 3 == 0:
        files["train.py"] = f"import torch\n\nSEED = {number}\n\n\ndef train(model, data):\n" + (
            "    for batch in data:\n        loss = model(batch)\n        loss.backward()\n"
        )
    if number % 5 == 0:
        files["eval/results.json"] = json.dumps({"mmlu": number / 1000})
    return Sample(name, {path: blob(content) for path, content in files.items()})


def tiny_series(count: int = 1000) -> Iterator[Sample]:
    """Many tiny releases, the same each time."""
    return (tiny(number) for number in range(count))


def safetensors(
    shapes: Mapping[str, tuple[int, ...]], *, dtype: str = "F32", metadata: str = "pt"
) -> bytes:
    """A small whole safetensors file of zeros."""
    found = virtual_safetensors(shapes, dtype=dtype, metadata=metadata)
    return whole(found)


_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I8": 1, "F8_E4M3": 1}


def virtual_safetensors(
    shapes: Mapping[str, tuple[int, ...]], *, dtype: str = "BF16", metadata: str = "pt"
) -> Virtual:
    """A safetensors file of any size: a true header, and zeros that are never stored."""
    header: dict[str, Any] = {"__metadata__": {"format": metadata}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + math.prod(shape) * _BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}
    raw = json.dumps(header, separators=(",", ":")).encode()
    raw += b" " * (-len(raw) % 8)
    return Virtual(struct.pack("<Q", len(raw)) + raw, 8 + len(raw) + end)


def virtual_gguf(*, tensors: int = 200, each: int = 1 << 24, name: str = "Tiny") -> Virtual:
    """A GGUF file (version 3) of ``tensors`` F16 tensors with ``each`` values."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    keys = {"general.architecture": "llama", "general.name": name, "general.license": "mit"}
    head = b"GGUF" + struct.pack("<IQQ", 3, tensors, len(keys))
    head += b"".join(text(key) + struct.pack("<I", 8) + text(value) for key, value in keys.items())
    for number in range(tensors):
        head += text(f"blk.{number}.ffn_up.weight") + struct.pack("<I", 1)
        head += struct.pack("<QIQ", each, 1, number * each * 2)  # one dimension, F16
    head += bytes(-len(head) % 32)
    return Virtual(head, len(head) + tensors * each * 2)


def huge(name: str = "vast/model-50b", *, layers: int = 56, shard_bytes: int = 5 * 10**9) -> Sample:
    """A sharded model in BF16, 100 GB as it stands, with true headers and nothing behind them.

    A LLaMA-like shape (hidden 8192, feed-forward 28672): 1.71 GB a layer.
    """
    shards = _packed(_llama(layers), shard_bytes)
    names = [f"model-{n:05}-of-{len(shards):05}.safetensors" for n in range(1, len(shards) + 1)]
    files: dict[str, Content] = {
        "README.md": card(license="apache-2.0", title="Vast", body="A model of 50B parameters."),
        "config.json": json.dumps(_config(layers), indent=2),
        "generation_config.json": json.dumps({"do_sample": True, "temperature": 0.6}),
        "tokenizer_config.json": json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}),
    }
    files |= {n: virtual_safetensors(shard) for n, shard in zip(names, shards, strict=True)}
    total = sum(math.prod(shape) * 2 for shard in shards for shape in shard.values())
    where = {tensor: n for n, shard in zip(names, shards, strict=True) for tensor in shard}
    index = {"metadata": {"total_size": total}, "weight_map": where}
    files["model.safetensors.index.json"] = json.dumps(index, indent=2)
    return Sample(name, {path: blob(content) for path, content in sorted(files.items())})


def _llama(layers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "model.embed_tokens.weight", (128256, 8192)
    for n in range(layers):
        at = f"model.layers.{n}"
        yield f"{at}.input_layernorm.weight", (8192,)
        for part, rows in (("q", 8192), ("k", 1024), ("v", 1024), ("o", 8192)):
            yield f"{at}.self_attn.{part}_proj.weight", (rows, 8192)
        yield f"{at}.post_attention_layernorm.weight", (8192,)
        yield f"{at}.mlp.gate_proj.weight", (28672, 8192)
        yield f"{at}.mlp.up_proj.weight", (28672, 8192)
        yield f"{at}.mlp.down_proj.weight", (8192, 28672)
    yield "model.norm.weight", (8192,)
    yield "lm_head.weight", (128256, 8192)


def _config(layers: int) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 8192,
        "intermediate_size": 28672,
        "num_attention_heads": 64,
        "num_hidden_layers": layers,
        "num_key_value_heads": 8,
        "torch_dtype": "bfloat16",
        "vocab_size": 128256,
    }


def _packed(
    tensors: Iterator[tuple[str, tuple[int, ...]]], most: int
) -> list[dict[str, tuple[int, ...]]]:
    """Tensors in their order, in shards of at most ``most`` bytes of BF16."""
    shards: list[dict[str, tuple[int, ...]]] = [{}]
    held = 0
    for name, shape in tensors:
        size = math.prod(shape) * 2
        if shards[-1] and held + size > most:
            shards.append({})
            held = 0
        shards[-1][name] = shape
        held += size
    return shards
