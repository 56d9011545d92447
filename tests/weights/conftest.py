"""A release of weights in memory; safetensors and GGUF files written here, not by the product."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from openassay.files import File, LfsPointer
from openassay.release import Release, Source
from openassay.weights import content, hashing, journal, report, tally, values
from openassay.weights.checkpoints import checkpoints
from openassay.weights.integrity import Assessed, assess

WIDTH = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U32": 4, "I8": 1, "U8": 1,
         "BOOL": 1, "F8_E4M3": 1}  # fmt: skip
GGML = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144),
        "Q5_0": (6, 32, 22), "Q6_K": (14, 256, 210)}  # fmt: skip
Spec = Mapping[str, tuple[str, tuple[int, ...]]]


class Build:
    """Files and releases."""

    def safetensors(self, spec: Spec, values: Mapping[str, bytes] | None = None) -> bytes:
        header: dict[str, object] = {}
        body = b""
        for name, (dtype, shape) in spec.items():
            size = WIDTH[dtype] * math.prod(shape)
            raw = (values or {}).get(name, bytes(size))
            header[name] = {
                "dtype": dtype, "shape": list(shape),
                "data_offsets": [len(body), len(body) + size],
            }  # fmt: skip
            body += raw
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)  # as every writer in use does
        return struct.pack("<Q", len(text)) + text + body

    def gguf(self, spec: Spec, texts: Mapping[str, str | int] | None = None) -> bytes:
        def text(value: str) -> bytes:
            return struct.pack("<Q", len(value)) + value.encode()

        meta = b""
        for key, value in (texts or {}).items():
            meta += text(key)
            meta += (
                struct.pack("<I", 8) + text(value) if isinstance(value, str)
                else struct.pack("<II", 4, value)
            )  # fmt: skip
        infos, at = b"", 0
        for name, (dtype, shape) in spec.items():
            kind, block, size = GGML[dtype]
            infos += text(name) + struct.pack("<I", len(shape))
            infos += struct.pack(f"<{len(shape)}Q", *reversed(shape)) + struct.pack("<IQ", kind, at)
            at += -(-math.prod(shape) // block) * size
            at += -at % 32
        head = b"GGUF" + struct.pack("<IQQ", 3, len(spec), len(texts or {})) + meta + infos
        return head + bytes(-len(head) % 32) + bytes(at)

    def release(self, files: Mapping[str, bytes | str | LfsPointer]) -> Release:
        source = Source("dir:memory@0", "dir", "memory", "0", "memory")
        source.files = tuple(self._file(path, files[path]) for path in sorted(files))
        return Release([source])

    def _file(self, path: str, content: bytes | str | LfsPointer) -> File:
        if isinstance(content, LfsPointer):
            return File("dir:memory@0", path, 134, lambda _, __: b"", lfs=content)
        raw = content.encode() if isinstance(content, str) else content
        return File("dir:memory@0", path, len(raw), lambda o, n: raw[o : o + n])

    def assessed(self, files: Mapping[str, Any]) -> list[Assessed]:
        release = self.release(files)
        return [assess(release, checkpoint) for checkpoint in checkpoints(release)]

    def one(self, spec: Spec, config: Mapping[str, Any] | None = None) -> Assessed:
        files: dict[str, Any] = {"model.safetensors": self.safetensors(spec)}
        if config is not None:
            files["config.json"] = json.dumps(config, indent=1)
        (found,) = self.assessed(files)
        return found


@pytest.fixture(scope="session")
def build() -> Build:
    return Build()


# -- full passes: chunks and blocks so small that a short file has many of them

SMALL_CHUNK = 16 << 10
SMALL_BLOCK = 1 << 10
PLAIN = ("F64", "F32", "F16", "BF16")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (content, journal, report):
        monkeypatch.setattr(module, "CHUNK", SMALL_CHUNK)
    for module in (values, tally):
        monkeypatch.setattr(module, "BLOCK", SMALL_BLOCK)


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_library", lambda: None)


def stored(numbers: Any, dtype: str) -> bytes:
    """Float64 numbers as a type stores them; BF16 by dropping bits."""
    with np.errstate(over="ignore"):
        if dtype == "BF16":
            codes = np.asarray(numbers, "<f4").view("<u4") >> 16
            return bytes(codes.astype("<u2").tobytes())
        kind = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[dtype]
        return bytes(np.asarray(numbers).astype(kind).tobytes())


def numbers_of(raw: bytes, dtype: str) -> Any:
    """What is stored, as float64, by NumPy alone."""
    if dtype == "BF16":
        return (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4").astype(float)
    return np.frombuffer(raw, {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[dtype]).astype(float)


def noise(seed: int, count: int) -> Any:
    """Small numbers with zeros of both signs, and subnormals of F16."""
    rng = np.random.default_rng(seed)
    made = rng.standard_normal(count) * 0.02
    made[rng.random(count) < 0.01] = 0.0
    made[rng.random(count) < 0.01] = -0.0
    return np.where(rng.random(count) < 0.02, made * 1e-4, made)
