"""A release of weights in memory; safetensors and GGUF files written here, not by the product."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import pytest

from openassay.files import File, LfsPointer
from openassay.release import Release, Source
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
