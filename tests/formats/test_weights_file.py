"""Files of weights told apart by their bytes, and what their tensors imply."""

from __future__ import annotations

import io
import json
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import weights_file, weights_shape
from openassay.formats.bounded import FormatError, Tensor, reader_of


def safetensors_bytes(shapes: dict[str, tuple[int, ...]], dtype: str = "F32") -> bytes:
    """A whole safetensors file of zeros, written here and not by the code under test."""
    width = {"F32": 4, "F16": 2, "I32": 4}[dtype]
    header: dict[str, object] = {}
    at = 0
    for name, shape in shapes.items():
        end = at + width * int(np.prod(shape))
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def parse(data: bytes, suffix: str) -> weights_file.WeightsFile | None:
    return weights_file.parse(reader_of(data), len(data), suffix)


def test_safetensors() -> None:
    data = safetensors_bytes({"a.weight": (4, 8), "b": (8,)})
    found = parse(data, ".safetensors")
    assert found is not None
    assert found.format == "safetensors"
    assert [tensor.parameters for tensor in found.tensors] == [32, 8]
    assert not found.broken
    assert not found.opaque


def test_a_cut_off_file_is_broken() -> None:
    found = parse(safetensors_bytes({"a": (64, 64)})[:-100], ".safetensors")
    assert found is not None
    assert found.broken


def test_npz() -> None:
    packed = io.BytesIO()
    np.savez(packed, kernel=np.zeros((3, 5), np.float32))
    found = parse(packed.getvalue(), ".npz")
    assert found is not None
    assert [tensor.shape for tensor in found.tensors] == [(3, 5)]


@pytest.mark.parametrize(
    ("head", "suffix", "name"),
    [
        (b"lmgg" + bytes(90), ".bin", "GGML"),
        (b"\x85" + bytes(90), ".msgpack", "msgpack"),
    ],
)
def test_opaque_containers(head: bytes, suffix: str, name: str) -> None:
    found = parse(head, suffix)
    assert found is not None
    assert (found.format, found.opaque, found.tensors) == (name, True, ())


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".ckpt"])
def test_text_is_no_weights(suffix: str) -> None:
    with pytest.raises(FormatError):
        parse(b"Download the weights from https://example.org/\n", suffix)


def test_an_unknown_bin_says_nothing() -> None:
    assert parse(b"\x12\x34" * 50, ".bin") is None


def test_placeholders() -> None:
    assert weights_file.placeholder(b"put weights here\n")
    assert weights_file.placeholder(bytes(100))
    assert not weights_file.placeholder(b"\x80\x02\x8a")


def _model(layers: int, width: int = 8, vocabulary: int = 100, dtype: str = "F32") -> list[Tensor]:
    named = [Tensor("model.embed_tokens.weight", dtype, (vocabulary, width))]
    named += [Tensor(f"model.layers.{n}.mlp.weight", dtype, (width, width)) for n in range(layers)]
    return named


def test_shape_sums_over_shards_and_counts_tied_weights_once() -> None:
    tied = [Tensor("wte.weight", "F32", (10, 4), 0, 160), Tensor("head", "F32", (10, 4), 0, 160)]
    other = [Tensor("h.0.w", "F32", (10, 4), 0, 160)]  # the same bytes of another file
    shape = weights_shape.shape_of([tied, other])
    assert shape.parameters == 80
    assert (shape.vocabulary, shape.width) == (10, 4)


@pytest.mark.parametrize(
    ("config", "keys", "why"),
    [
        ({"hidden_size": 8, "vocab_size": 100, "num_hidden_layers": 4}, [], "all agree"),
        ({"hidden_size": 16}, ["hidden_size"], "another width"),
        ({"vocab_size": 90}, [], "padding of the vocabulary"),
        ({"vocab_size": 101}, ["vocab_size"], "fewer rows than words"),
        ({"num_hidden_layers": 3}, [], "an extra prediction layer"),
        ({"num_hidden_layers": 12}, ["num_hidden_layers"], "layers that are not there"),
        ({"torch_dtype": "float16"}, ["torch_dtype"], "another dtype"),
        ({"torch_dtype": "float16", "quantization_config": {}}, [], "quantised on purpose"),
        ({"text_config": {"hidden_size": 16}}, ["hidden_size"], "a nested text model"),
        ({"hidden_size": "8", "num_hidden_layers": True}, [], "nonsense says nothing"),
    ],
)
def test_disagreements(config: dict[str, object], keys: list[str], why: str) -> None:
    shape = weights_shape.shape_of([_model(4)])
    assert [key for key, _ in weights_shape.disagreements(shape, config)] == keys, why


def test_adapters_and_optimizers_are_told_by_their_tensors() -> None:
    lora = [Tensor("base.q_proj.lora_A.weight", "F32", (4, 8))]
    assert weights_shape.is_adapter(lora)
    assert not weights_shape.is_adapter([*lora, *_model(1)])
    assert weights_shape.is_optimizer([Tensor("state.0.exp_avg", "F32", (4,))])
    assert not weights_shape.is_optimizer(_model(1))


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [".safetensors", ".gguf", ".bin", ".pt", ".onnx", ".npz", ".npy", ".h5", ".pb"]
    ),
)
def test_any_bytes_give_a_file_nothing_or_a_format_error(data: bytes, suffix: str) -> None:
    with suppress(FormatError):
        parse(data, suffix)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_is_survived(at: int, byte: int) -> None:
    data = bytearray(safetensors_bytes({"a.weight": (4, 8), "b": (8,)}))
    data[at % len(data)] = byte
    with suppress(FormatError):
        parse(bytes(data), ".safetensors")
