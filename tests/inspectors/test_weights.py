"""Weights by their headers: what is whole, part, broken, somebody else's, or only a name."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from openassay.files import LfsPointer
from openassay.inspectors import weights
from openassay.subject import Subject
from openassay.types import Extent, Found, Gap, Stated

FOO = Subject(names=("Foo",))
LFS = LfsPointer("0" * 64, 14_000_000_000)


def tensors(shapes: dict[str, tuple[int, ...]], dtype: str = "F32") -> bytes:
    """A whole safetensors file, written here and not by the code under test."""
    header: dict[str, object] = {}
    at = 0
    for name, shape in shapes.items():
        size = {"F32": 4, "F16": 2}[dtype]
        for side in shape:
            size *= side
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


MODEL = tensors({"embed_tokens.weight": (200, 64), "layers.0.w": (64, 64), "layers.1.w": (64, 64)})
PARAMETERS = 200 * 64 + 2 * 64 * 64


def _found(facts: list[Any]) -> list[tuple[str, Extent, str]]:
    return [(f.component, f.extent, f.aspect) for f in facts if isinstance(f, Found)]


def _stated(facts: list[Any]) -> dict[str, str]:
    return {f.topic: f.value for f in facts if isinstance(f, Stated)}


WHOLE = ("model_parameters_final", Extent.WHOLE, "weights")


def test_one_file_with_what_its_header_states(make_release: Any, run: Any) -> None:
    facts = run(weights, make_release({"model.safetensors": MODEL}, FOO))
    assert _found(facts) == [WHOLE]
    assert _stated(facts) == {
        "format": "safetensors",
        "tensors": "3",
        "dtype": "F32",
        "parameters": str(PARAMETERS),
    }
    assert facts[0].evidence[0].span.unit == "byte"


def test_parameters_are_summed_over_shards(make_release: Any, run: Any) -> None:
    other = tensors({"layers.2.w": (64, 64)})
    shards = {f"model-0000{n}-of-00002.safetensors": s for n, s in ((1, MODEL), (2, other))}
    facts = run(weights, make_release(shards, FOO))
    assert _found(facts) == [WHOLE]
    assert _stated(facts)["parameters"] == str(PARAMETERS + 64 * 64)


def test_a_missing_shard_makes_it_part_and_states_no_total(make_release: Any, run: Any) -> None:
    facts = run(weights, make_release({"model-00001-of-00002.safetensors": MODEL}, FOO))
    assert _found(facts) == [("model_parameters_final", Extent.PART, "shards_missing")]
    assert "parameters" not in _stated(facts)


def test_an_index_without_its_shards_is_a_problem(make_release: Any, run: Any) -> None:
    index = json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}})
    facts = run(weights, make_release({"model.safetensors.index.json": index}, FOO))
    assert _found(facts) == []
    assert "1 of 1 shards" in _stated(facts)["weights_problem"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 bytes"),
        (b"Download from https://example.org\n" * 9, "text stands where weights"),
        (bytes(5_000), "nothing but zeros"),
        (MODEL[:-1_000], "the file has"),
        (b"\xff" * 4_000, "header claims"),
    ],
)
def test_what_is_not_the_weights_its_name_promises(
    make_release: Any, run: Any, content: bytes, words: str
) -> None:
    facts = run(weights, make_release({"model.safetensors": content}, FOO))
    assert _found(facts) == []
    assert words in _stated(facts)["weights_problem"]


def test_an_lfs_pointer_is_tracked_but_not_read(make_release: Any, run: Any) -> None:
    facts = run(weights, make_release({"model.safetensors": LFS}, FOO))
    assert _found(facts) == [WHOLE]
    assert facts[0].detail == "stored by Git LFS, 14000000000 bytes, not read"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"weights/README.md": "put them here"}, "a folder's name is not weights"),
        ({"tests/model.safetensors": MODEL}, "a fixture"),
        ({"examples/model.safetensors": MODEL}, "an example"),
        ({"third_party/x/model.safetensors": MODEL}, "vendored"),
        ({"model.safetensors": tensors({"w": (8, 8)})}, "too small to be a model"),
        ({"data/train.bin": b"\1\2" * 900_000}, "tokens"),
        ({"tokenizer.model": b"\1\2" * 900_000}, "a tokenizer"),
        ({"foo2/model.safetensors": MODEL}, "an older generation"),
    ],
)
def test_what_are_no_weights_of_this_model(
    make_release: Any, run: Any, files: dict[str, object], why: str
) -> None:
    release = make_release(files, Subject(names=("Foo3",)))
    assert run(weights, release) == [], why


def test_helpers_and_unclear_names_are_told_apart(make_release: Any, run: Any) -> None:
    facts = run(weights, make_release({"lpips_vgg.safetensors": MODEL}, FOO))
    assert _found(facts) == []
    assert _stated(facts) == {"auxiliary_weights": "lpips_vgg.safetensors"}
    facts = run(weights, make_release({"zebra.safetensors": MODEL}, FOO))
    assert _found(facts) == [("model_parameters_final", Extent.PART, "unnamed")]


def test_inside_a_pipeline_every_part_is_own(make_release: Any, run: Any) -> None:
    files = {"model_index.json": "{}", "vae/diffusion_model.safetensors": MODEL}
    assert _found(run(weights, make_release(files, FOO))) == [WHOLE]


@pytest.mark.parametrize(
    "files",
    [
        {"adapter_model.safetensors": MODEL},
        {"a/adapter_config.json": "{}", "a/model.safetensors": MODEL},
        {"x.safetensors": tensors({"q.lora_A.weight": (200, 64), "q.lora_B.weight": (64, 200)})},
    ],
)
def test_adapters_are_part(make_release: Any, run: Any, files: dict[str, object]) -> None:
    facts = run(weights, make_release(files, FOO))
    assert _found(facts) == [("model_parameters_final", Extent.PART, "adapter")]


@pytest.mark.parametrize(
    "files",
    [
        {"optimizer.pt": LFS},
        {"ckpt/mp_rank_00_optim_states.pt": LFS},
        {"state.safetensors": tensors({"0.exp_avg": (200, 64)})},
    ],
)
def test_optimizer_states_are_metadata(
    make_release: Any, run: Any, files: dict[str, object]
) -> None:
    facts = run(weights, make_release(files, FOO))
    assert _found(facts) == [("model_metadata", Extent.WHOLE, "optimizer_state")]


def test_several_checkpoints_of_one_run(make_release: Any, run: Any) -> None:
    files = {f"out/checkpoint-{n}/model.safetensors": MODEL for n in (500, 1000, 1500)}
    facts = run(weights, make_release(files, FOO))
    assert ("model_parameters_intermediate", Extent.WHOLE, "checkpoints") in _found(facts)
    (last,) = [f for f in facts if isinstance(f, Found) and f.component.endswith("final")]
    assert "checkpoint-1500" in last.evidence[0].path


def test_sizes_are_not_intermediate(make_release: Any, run: Any) -> None:
    files = {f"{size}/model.safetensors": MODEL for size in ("7B", "13B")}
    assert _found(run(weights, make_release(files, FOO))) == [WHOLE, WHOLE]


def test_a_lone_checkpoint_is_the_final_one(make_release: Any, run: Any) -> None:
    assert _found(run(weights, make_release({"checkpoint-9/model.safetensors": MODEL}, FOO))) == [
        WHOLE
    ]


def test_configuration_and_card_are_held_against_the_header(make_release: Any, run: Any) -> None:
    files = {
        "model.safetensors": MODEL,
        "config.json": '{\n"hidden_size": 128,\n"num_hidden_layers": 2}',
        "README.md": "# Foo\n\nFoo has 7 billion parameters.\n",
    }
    facts = run(weights, make_release(files, FOO))
    said = [f for f in facts if isinstance(f, Stated) and f.topic == "mismatch"]
    assert [(f.evidence[0].path, f.evidence[0].span.start) for f in said] == [
        ("config.json", 2),
        ("README.md", 3),
    ]
    assert all(f.evidence[1].path == "model.safetensors" for f in said)


def test_a_broken_index_is_a_gap(make_release: Any, run: Any) -> None:
    (gap,) = run(weights, make_release({"model.safetensors.index.json": "{"}, FOO))
    assert isinstance(gap, Gap)
    assert gap.path == "model.safetensors.index.json"
