"""What headers prove: each scenario is a few tensors, what should be found, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openassay.files import LfsPointer
from openassay.types import Unit
from openassay.weights.findings import Level
from openassay.weights.integrity import settle

Build = Any
PARTS = ("a.weight", "b.weight", "c.weight", "d.weight")
OTHER = (*PARTS[:3], "x.weight")


def stack(numbers: Any, parts: tuple[str, ...] = PARTS) -> dict[str, Any]:
    return {f"model.layers.{n}.{part}": ("F32", (4, 4)) for n in numbers for part in parts}


def ids(found: Any) -> set[str]:
    return {finding.id for finding in found.findings}


def test_a_sound_model_has_no_finding(build: Build) -> None:
    found = build.one(stack(range(6)), {"num_hidden_layers": 6})
    assert (found.status, ids(found)) == ("whole", set())


LAYERS = [
    ("a gap in the numbering", stack([0, 1, 2, 4, 5]), {"layer_missing"}),
    (
        "an inner layer lacks what all others have",
        {k: v for k, v in stack(range(6)).items() if k != "model.layers.3.b.weight"},
        {"layer_incomplete"},
    ),
    (
        "the first layer may differ: some have no norm there",
        {k: v for k, v in stack(range(6)).items() if k != "model.layers.0.b.weight"},
        set(),
    ),
    ("layers of two kinds in turn", stack(range(0, 8, 2)) | stack(range(1, 8, 2), OTHER), set()),
    ("a line of plain matrices skips numbers", stack([0, 2, 4, 6, 8], PARTS[:2]), set()),
]  # fmt: skip


@pytest.mark.parametrize(("why", "spec", "wanted"), LAYERS, ids=[case[0] for case in LAYERS])
def test_layers(why: str, spec: Any, wanted: set[str], build: Build) -> None:
    found = build.one(spec)
    assert ids(found) == wanted, why
    assert found.status == ("incomplete" if wanted else "whole")


def test_an_output_matrix_that_should_be_there(build: Build) -> None:
    config = {"architectures": ["XForCausalLM"], "tie_word_embeddings": False}
    assert "output_missing" in ids(build.one(stack(range(4)), config))
    spec = {**stack(range(4)), "lm_head.weight": ("F32", (9, 4))}
    assert "output_missing" not in ids(build.one(spec, config))


CONFIG = {"hidden_size": 64, "num_attention_heads": 8, "num_key_value_heads": 2,
          "intermediate_size": 100}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "mlp", "wanted"),
    [(16, 100, set()), (64, 100, {"config_num_key_value_heads"}),
     (16, 90, {"config_intermediate_size"})],
)  # fmt: skip
def test_widths_of_the_configuration(rows: int, mlp: int, wanted: set[str], build: Build) -> None:
    spec = {
        "model.layers.0.self_attn.k_proj.weight": ("F32", (rows, 64)),
        "model.layers.0.mlp.up_proj.weight": ("F32", (mlp, 64)),
    }
    found = build.one(spec, CONFIG)
    assert ids(found) == wanted
    for finding in found.findings:
        assert finding.places[0].cite().span.unit is Unit.LINE, "the configuration's own line"


def towers(vision: int, text: int, layers: tuple[int, int] = (3, 4)) -> Any:
    """Two stacks with MLPs of these sizes; the first is 32 wide, the second 64."""
    wide = ((f"vision_tower.encoder.layers.{n}.", 32, vision, "fc1") for n in range(layers[0]))
    long = ((f"language_model.layers.{n}.", 64, text, "up_proj") for n in range(layers[1]))
    spec: dict[str, Any] = {}
    for name, width, inner, part in (*wide, *long):
        spec[f"{name}mlp.{part}.weight"] = ("F32", (inner, width))
        rows = width if part == "fc1" else 16
        spec[f"{name}self_attn.k_proj.weight"] = ("F32", (rows, width))
    return spec


def test_numbers_of_the_text_are_not_held_against_a_vision_tower(build: Build) -> None:
    """LLaVA and its like: two networks in one file, the numbers of one nested, or of both."""
    vision = {"hidden_size": 32, "intermediate_size": 77, "num_hidden_layers": 3}
    flat = {**CONFIG, "num_hidden_layers": 4}
    for config in ({"text_config": flat, "vision_config": vision}, {**flat, "v_config": vision}):
        assert ids(build.one(towers(77, 100), config)) == set()
        assert ids(build.one(towers(77, 90), config)) == {"config_intermediate_size"}
    only = {"vision_tower.layers.0.mlp.fc1.weight": ("F32", (77, 32))}
    assert ids(build.one(only, {"text_config": CONFIG, "vision_config": vision})) == set()


def test_which_stack_is_meant_is_not_guessed(build: Build) -> None:
    """Without a width nobody knows; of two as wide the one with as many layers is meant."""
    silent = {"intermediate_size": 100, "vision_config": {"hidden_size": 32}}
    assert ids(build.one(towers(77, 90), silent)) == set()
    spec = {name: (kind, (side[0], 64)) for name, (kind, side) in towers(77, 90).items()}
    two = {"hidden_size": 64, "intermediate_size": 77}
    assert ids(build.one(spec, {**two, "num_hidden_layers": 3})) == set()
    assert ids(build.one(spec, {**two, "num_hidden_layers": 4})) == {"config_intermediate_size"}
    assert ids(build.one(spec, two)) == set(), "one of the two has it"


def test_the_dtype_of_the_configuration_is_that_of_one_of_several_sets(build: Build) -> None:
    """A variant says its type itself; of others one has to be as the configuration says."""
    config = json.dumps({"torch_dtype": "float32"})
    full, half = (build.safetensors({"w.weight": (kind, (8, 8))}) for kind in ("F32", "F16"))
    beside = {"config.json": config, "model.safetensors": full}
    for name in ("model.fp16.safetensors", "small.safetensors"):
        read = build.assessed({**beside, name: half})
        settle(read)
        assert [ids(found) for found in read] == [set(), set()]
        alone = build.assessed({"config.json": config, name: half})
        settle(alone)
        assert ids(alone[0]) == ({"config_torch_dtype"} if name.startswith("small") else set())


# -- shards


def shards(build: Build, numbers: Any, of: int, index: Any = None) -> dict[str, Any]:
    files: dict[str, Any] = {
        f"model-{n:05d}-of-{of:05d}.safetensors": build.safetensors({f"w{n}": ("F32", (4, 4))})
        for n in numbers
    }
    if index is not None:
        files["model.safetensors.index.json"] = json.dumps(index)
    return files


def index_of(names: Any, of: int, total: int) -> dict[str, Any]:
    where = {f"w{n}": f"model-{n:05d}-of-{of:05d}.safetensors" for n in names}
    return {"metadata": {"total_size": total}, "weight_map": where}


def test_whole_shards_with_their_index(build: Build) -> None:
    (found,) = build.assessed(shards(build, [1, 2], 2, index_of([1, 2], 2, 128)))
    assert (found.status, ids(found), found.count.total) == ("whole", set(), 32)


def test_shards_counted_from_zero_are_whole(build: Build) -> None:
    (found,) = build.assessed(shards(build, [0, 1], 2))
    assert (found.status, ids(found)) == ("whole", set())


@pytest.mark.parametrize(
    ("numbers", "index", "wanted"),
    [
        ([1], None, {"shard_missing"}),
        ([1, 2], index_of([1, 2], 2, 127), {"total_size_disagrees"}),
        ([1, 2], index_of([1, 2, 3], 2, 128), {"index_disagrees"}),
        ([1, 2], index_of([1], 2, 128), {"index_incomplete"}),
    ],
)
def test_shards_that_disagree(numbers: Any, index: Any, wanted: set[str], build: Build) -> None:
    (found,) = build.assessed(shards(build, numbers, 2, index))
    assert ids(found) == wanted


def test_a_tensor_in_two_shards(build: Build) -> None:
    one = build.safetensors({"w": ("F32", (4, 4))})
    files = {f"model-0000{n}-of-00002.safetensors": one for n in (1, 2)}
    (found,) = build.assessed(files)
    assert ids(found) == {"tensor_twice"}
    cited = found.findings[0].places[0].cite()
    assert (cited.span.unit, cited.span.start) == (Unit.POINTER, "/w")
    assert cited.digest.algorithm.startswith("sha256/bytes=0-"), "the header's own bytes"


def test_a_split_gguf_promises_its_tensors(build: Build) -> None:
    texts = {"split.count": 2, "split.tensors.count": 3}
    files = {
        f"m-0000{n}-of-00002.gguf": build.gguf({f"blk.{n}.w": ("F32", (4, 4))}, texts)
        for n in (1, 2)
    }
    (found,) = build.assessed(files)
    assert ids(found) == {"tensors_missing"}


# -- names


@pytest.mark.parametrize(
    ("name", "spec", "wanted"),
    [
        ("m-q4_k_m.gguf", {"a": ("Q4_K", (4, 256)), "b": ("Q6_K", (1, 256))}, False),
        (
            "m-q4_k_m.gguf",
            {"a": ("Q4_K", (4, 256)), "e.weight": ("Q8_0", (99, 256))},
            True,
        ),
        ("m-f16.gguf", {"a": ("F16", (4, 256)), "n": ("F32", (256,))}, False),
        ("m-f16.gguf", {"a": ("Q8_0", (4, 256))}, True),
        ("m-Q8_0.gguf", {"a": ("Q8_0", (4, 256))}, False),
        ("model-v4.gguf", {"a": ("Q8_0", (4, 256))}, False),
    ],
)
def test_a_name_against_what_is_stored(name: str, spec: Any, wanted: bool, build: Build) -> None:
    (found,) = build.assessed({name: build.gguf(spec)})
    assert ("name_against_content" in ids(found)) is wanted
    if wanted:
        assert found.findings[0].places[0].cite().span.unit is Unit.POINTER


def test_a_label_in_the_metadata_against_what_is_stored(build: Build) -> None:
    data = build.gguf({"a": ("Q8_0", (4, 256))}, {"general.file_type": 15})
    (found,) = build.assessed({"m.gguf": data})
    assert ids(found) == {"label_against_content"}


def test_plain_names_of_safetensors(build: Build) -> None:
    data = build.safetensors({"a.weight": ("F32", (9, 9))})
    (found,) = build.assessed({"model.fp16.safetensors": data})
    assert ids(found) == {"name_against_content"}
    (found,) = build.assessed({"model.fp32.safetensors": data})
    assert ids(found) == set()


# -- what stands in for weights, and what travels with them


def test_placeholders(build: Build) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 77\n"
    cases = {
        "a/model.safetensors": (pointer, "LFS pointer to 77 bytes"),
        "b/model.safetensors": ("<!DOCTYPE html><html>", "a web page"),
        "c/model.safetensors": ('{"error": "not found"}', "error message"),
        "d/model.safetensors": (bytes(5000), "nothing but zeros"),
        "e/model.bin": ("/annex/objects/MD5E-s1--0.bin\n", "git-annex"),
    }
    found = build.assessed({path: content for path, (content, _) in cases.items()})
    texts = {one.checkpoint.path: one.findings[0].text for one in found if one.findings}
    for path, (_, words) in cases.items():
        if path in texts:
            assert words in texts[path]
    assert set(texts) >= set(cases) - {"e/model.bin"}
    assert all(one.findings[0].level is Level.BROKEN for one in found if one.findings)


def test_a_pointer_of_a_checkout_is_not_read_and_not_broken(build: Build) -> None:
    (found,) = build.assessed({"model.safetensors": LfsPointer("0" * 64, 10**10)})
    assert (found.status, ids(found)) == ("unread", {"lfs_pointer"})
    assert "10,000,000,000 bytes" in found.findings[0].text
    assert "0" * 64 in found.findings[0].text, "the digest that is promised"


def test_code_travels_with_a_pickle(build: Build) -> None:
    evil = b"\x80\x02cposix\nsystem\nX\x02\0\0\0ls\x85R."
    (found,) = build.assessed({"model.pt": evil})
    code = next(f for f in found.findings if f.id == "foreign_code")
    assert code.level is Level.RISK
    assert "posix.system" in code.text


def test_two_readers_may_see_two_models(build: Build) -> None:
    text = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
    text += '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    text += " " * (-len(text) % 8)
    data = len(text).to_bytes(8, "little") + text.encode() + bytes(8)
    (found,) = build.assessed({"model.safetensors": data})
    assert ids(found) == {"duplicate_name"}
    assert found.findings[0].level is Level.RISK


@pytest.mark.parametrize(
    ("lie", "status", "level"), [(1, "incomplete", Level.BROKEN), (-1, "refused", Level.REFUSED)]
)
def test_a_header_that_lies_by_one_byte(lie: int, status: str, level: Level, build: Build) -> None:
    """One byte too few is missing; one too many is there, and no reader takes the file."""
    data = build.safetensors(stack(range(4)))
    length = int.from_bytes(data[:8], "little") + lie
    (found,) = build.assessed({"model.safetensors": length.to_bytes(8, "little") + data[8:]})
    assert found.status == status
    assert level in {finding.level for finding in found.findings}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import _virtualenv\n", 0),
        ("/opt/project/src\n", 0),
        ("404: Not Found", 1),  # what a download left
    ],
)
def test_folders_to_import_from_are_no_weights(text: str, found: int, build: Build) -> None:
    assert sum(len(one.findings) for one in build.assessed({"tool.pth": text})) == found
