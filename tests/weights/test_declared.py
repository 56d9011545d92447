"""What is declared and what is stored: ONNX, TensorFlow, TensorFlow Lite, mixtures of experts.

The files are written here, byte by byte; most promise more than they hold.
"""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks import fuzz_weights as make

Build = Any
HUGE = 1 << 40


def field(number: int, content: bytes | int) -> bytes:
    """One protobuf field: a number, or a length and bytes."""
    if isinstance(content, int):
        return make.varint(number << 3) + make.varint(content)
    return make.varint(number << 3 | 2) + make.varint(len(content)) + content


def onnx(*tensors: bytes) -> bytes:
    graph = b"".join(field(5, tensor) for tensor in tensors)
    return field(1, 8) + field(7, graph + field(2, b"g"))


def tensor(name: str, dims: tuple[int, ...], *rest: bytes, kind: int = 1) -> bytes:
    head = b"".join(field(1, size) for size in dims) + field(2, kind)
    return head + field(8, name.encode()) + b"".join(rest)


def outside(location: str, **numbers: int) -> bytes:
    """The fields that say where the bytes of a tensor lie."""
    entries = {"location": location, **{key: str(value) for key, value in numbers.items()}}
    pairs = (field(1, k.encode()) + field(2, v.encode()) for k, v in entries.items())
    return b"".join(field(13, pair) for pair in pairs) + field(14, 1)


GOOD = tensor("good.weight", (4, 4), field(9, bytes(64)))
ONNX: dict[str, tuple[bytes, bool]] = {
    "raw bytes": (tensor("w", (4, 4), field(9, bytes(64))), True),
    "more than its raw bytes": (tensor("w", (HUGE, 4), field(9, bytes(64))), False),
    "nothing at all": (tensor("w", (HUGE, 4)), False),
    "numbers of any length": (tensor("w", (HUGE,), field(10, bytes(8)), kind=11), False),
    "in a file that is there": (tensor("w", (4, 4), outside("w.bin", length=64)), True),
    "in that file, without a length": (tensor("w", (4, 4), outside("w.bin")), True),
    "behind its end": (tensor("w", (4, 4), outside("w.bin", offset=32, length=64)), False),
    "behind its end, without a length": (tensor("w", (HUGE, 4), outside("w.bin")), False),
    "more than the length it states": (tensor("w", (HUGE,), outside("w.bin", length=64)), False),
    "in a file that is not there": (tensor("w", (4, 4), outside("x.bin", length=64)), False),
    "in a file outside": (tensor("w", (4, 4), outside("../w.bin", length=64)), False),
}


@pytest.mark.parametrize("why", ONNX)
def test_onnx_holds_what_it_declares(why: str, build: Build) -> None:
    hostile, holds = ONNX[why]
    (found,) = build.assessed({"model.onnx": onnx(GOOD, hostile), "w.bin": bytes(64)})[:1]
    assert (found.status == "whole") is holds
    assert found.count.at_least == (32 if holds else 16), "what is stored, and no more"
    assert (found.count.total is not None) is holds


@pytest.mark.parametrize(
    ("shape", "stored", "whole"), [((2, 3), 24, True), ((1 << 20, 1 << 20), 24, False)]
)
def test_tensorflow_lite(shape: Any, stored: int, whole: bool, build: Build) -> None:
    (found,) = build.assessed({"model.tflite": make.tflite(shape, 0, stored)})
    assert (found.status == "whole") is whole
    assert found.count.at_least == (6 if whole else 0)


@pytest.mark.parametrize(
    ("shape", "said", "held", "whole"),
    [((4, 4), 64, 64, True), ((4, 4), 64, 63, False), ((HUGE, 4), 64, 64, False),
     ((HUGE, 4), 16 * HUGE, 64, False)],
)  # fmt: skip
def test_a_tensorflow_checkpoint(
    shape: Any, said: int, held: int, whole: bool, build: Build
) -> None:
    index = make.bundle({"w": (1, shape, said)})
    files = {"model.index": index, "model.data-00000-of-00001": bytes(held)}
    (found,) = build.assessed(files)
    assert (found.status == "whole") is whole
    assert found.count.at_least == (16 if whole else 0)


# -- experts

CONFIG = {"num_local_experts": 8, "num_experts_per_tok": 2}
ROUTER = {"m.layers.0.mlp.gate.weight": ("F32", (8, 4))}
MIXTURES = [
    ("numbered", {f"m.layers.0.mlp.experts.{n}.w1.weight": ("F32", (4, 4)) for n in range(8)},
     32 + 2 * 16),
    ("stacked", {"m.layers.0.mlp.experts.gate_up_proj": ("F32", (8, 4, 4))}, 32 + 2 * 16),
    ("a shared one always runs",
     {f"m.layers.0.mlp.experts.{n}.w1.weight": ("F32", (4, 4)) for n in range(8)}
     | {"m.layers.0.mlp.shared_experts.w1.weight": ("F32", (8, 4))}, 32 + 2 * 16 + 32),
    ("in one flat matrix: cannot be told",
     {f"m.layers.0.mlp.experts.{n}.w1.weight": ("F32", (4, 4)) for n in range(8)}
     | {"m.layers.1.ffn.experts.mlp.w1": ("F32", (32, 4))}, None),
]  # fmt: skip


@pytest.mark.parametrize(("why", "spec", "active"), MIXTURES, ids=[case[0] for case in MIXTURES])
def test_experts_used_for_one_token(why: str, spec: Any, active: int | None, build: Build) -> None:
    found = build.one({**ROUTER, **spec}, CONFIG)
    assert found.count.active == active, why
