"""Files that are not what they seem: cut, refused, half described, declared and not stored."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openassay.cli import main
from openassay.files import LfsPointer
from openassay.weights.findings import Level

Build = Any


def ids(found: Any) -> set[str]:
    return {finding.id for finding in found.findings}


def safetensors(header: Any, body: int) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(body)


W = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
_W = b'{"dtype":"F32","shape":[4],"data_offsets":[0,16]}'
#: What the header says, bytes of data, and whether the reference implementation loads it.
HEADERS: dict[str, tuple[Any, int, bool]] = {
    "sound": ({"w": W}, 16, True),
    "a byte too many": ({"w": W}, 17, False),
    "a byte too few": ({"w": W}, 15, False),
    "a number in the metadata": ({"__metadata__": {"a": 1}, "w": W}, 16, False),
    "null in the metadata": ({"__metadata__": {"a": None}, "w": W}, 16, False),
    "a list as metadata": ({"__metadata__": [], "w": W}, 16, False),
    "null as metadata": ({"__metadata__": None, "w": W}, 16, True),
    "metadata twice": (b'{"__metadata__":{},"__metadata__":{},"w":' + _W + b"}", 16, False),
    "a name twice": (b'{"w":' + _W + b',"w":' + _W + b"}", 16, True),
    "a name twice, and a byte too many": (b'{"w":' + _W + b',"w":' + _W + b"}", 17, False),
    "a key of the metadata twice": (
        b'{"__metadata__":{"shape":"a","shape":"b"},"w":' + _W + b"}", 16, True,
    ),
    "a field twice": (b'{"w":{"shape":[9],' + _W[1:] + b"}", 16, False),
    "a hole": ({"a": W, "b": {**W, "data_offsets": [20, 36]}}, 36, False),
    "an overlap": ({"a": W, "b": {**W, "data_offsets": [8, 24]}}, 24, False),
    "the same bytes twice": ({"a": W, "b": W}, 16, False),
    "other sizes": ({"w": {**W, "shape": [3]}}, 16, False),
    "an unknown type": ({"w": {**W, "dtype": "X9"}}, 16, False),
    "a negative size": ({"w": W, "n": {**W, "shape": [-4]}}, 16, False),
    "truth as a size": ({"w": W, "n": {**W, "shape": [True, 4]}}, 16, False),
    "half a byte": ({"w": {"dtype": "F4", "shape": [3], "data_offsets": [0, 2]}}, 2, False),
    "an unknown field": ({"w": {**W, "more": "x"}}, 16, True),
    "a lone surrogate": (b'{"w\\ud800":' + _W + b"}", 16, False),
    "out of line": (
        {"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
         "w": {**W, "data_offsets": [1, 17]}}, 17, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", HEADERS)
def test_what_the_reference_reader_refuses_is_never_called_whole(
    why: str, build: Build, tmp_path: Path
) -> None:
    header, body, loads = HEADERS[why]
    data = safetensors(header, body)
    (found,) = build.assessed({"model.safetensors": data})
    assert (found.status == "whole") is loads
    reference = pytest.importorskip("safetensors")
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    try:
        with reference.safe_open(path, "np") as opened:
            opened.keys()
    except reference.SafetensorError:
        assert not loads
    else:
        assert loads


def test_oddities_that_readers_accept_are_notes(build: Build) -> None:
    for why, wanted in (("an unknown field", "unknown_field"), ("out of line", "misaligned")):
        header, body, _ = HEADERS[why]
        (found,) = build.assessed({"model.safetensors": safetensors(header, body)})
        said = {finding.id: finding.level for finding in found.findings}
        assert said[wanted] is Level.NOTE


def test_an_entry_that_cannot_be_understood_says_what_is_wrong(build: Build) -> None:
    data = safetensors({"w": {**W, "shape": [-4]}}, 16)
    (found,) = build.assessed({"model.safetensors": data})
    texts = " ".join(finding.text for finding in found.findings)
    assert "[-4], no list of whole numbers" in texts
    assert "names no tensor" not in texts, "it names one"


# -- cut off


def test_a_file_cut_by_one_byte_keeps_what_its_header_says(build: Build) -> None:
    spec = {"a.weight": ("F32", (64, 64)), "b.weight": ("BF16", (64, 64))}
    data = build.safetensors(spec)
    (found,) = build.assessed({"model.safetensors": data[:-1]})
    assert (found.status, found.format) == ("incomplete", "safetensors")
    assert (found.count.total, found.count.at_least) == (None, 4096)
    assert found.count.why_unknown.endswith("in full: b.weight; the header describes 8,192")
    assert [row.dtype for row in found.count.precision] == ["F32"]


def test_a_bound_of_ours_is_no_fault_of_the_file(build: Build) -> None:
    """A version that is not read here may be whole: nobody can tell."""
    data = b"GGUF" + struct.pack("<IQQ", 99, 0, 0) + bytes(64)
    (found,) = build.assessed({"m.gguf": data})
    assert (found.status, [f.level for f in found.findings]) == ("unproven", [Level.NOTE])


def test_nobody_counts_what_is_declared_and_not_stored(build: Build) -> None:
    huge = {"w": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}
    (found,) = build.assessed({"model.safetensors": safetensors(huge, 16)})
    assert (found.status, found.count.total, found.count.at_least) == ("incomplete", None, 0)


def test_a_tensor_in_two_shards_counts_once(build: Build) -> None:
    one = build.safetensors({"w": ("F32", (4, 4))})
    (found,) = build.assessed({f"model-0000{n}-of-00002.safetensors": one for n in (1, 2)})
    assert found.count.total == 16


# -- GGUF


def gguf(tensors: list[tuple[str, int, int, int]], body: int) -> bytes:
    """One-dimensional tensors of (name, elements, type, offset)."""
    infos = b"".join(
        struct.pack("<Q", len(name)) + name.encode() + struct.pack("<IQIQ", 1, size, kind, at)
        for name, size, kind, at in tensors
    )
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 0) + infos
    return head + bytes(-len(head) % 32) + bytes(body)


def test_an_unknown_type_of_gguf_makes_the_number_a_floor(build: Build) -> None:
    data = gguf([("blk.0.ffn_up.weight", 4096, 60, 0), ("n.weight", 64, 0, 8192)], 8192 + 256)
    (found,) = build.assessed({"m.gguf": data})
    assert found.status == "unproven"
    assert (found.count.total, found.count.at_least, found.count.buffers) == (None, 64, 0)
    assert "blk.0.ffn_up.weight (ggml-type-60)" in found.count.why_unknown


@pytest.mark.parametrize(
    ("tensors", "body", "wanted"),
    [
        ([("a", 64, 0, 0), ("b", 64, 0, 32)], 288, "overlapping"),
        ([("a", 64, 0, 4)], 288, "misaligned"),
        ([("a", 8, 0, 0), ("b", 8, 0, 96)], 128, "hole"),
        ([("a", 8, 0, 0), ("a", 8, 0, 32)], 64, "duplicate_name"),
    ],
)
def test_what_ggml_refuses(tensors: Any, body: int, wanted: str, build: Build) -> None:
    (found,) = build.assessed({"m.gguf": gguf(tensors, body)})
    assert found.status == "refused"
    assert wanted in {f.id for f in found.findings if f.level is Level.REFUSED}


# -- pickles in archives

TENSOR = (
    b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage"
    b"ctorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK\x00K\x04\x85K\x01\x85"
    b"\x89ccollections\nOrderedDict\n)RtRs."
)
EVIL = b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R."


def archive(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


def test_code_is_listed_though_there_is_no_tensor(build: Build) -> None:
    (found,) = build.assessed({"pytorch_model.bin": archive({"archive/data.pkl": EVIL})})
    code = next(finding for finding in found.findings if finding.id == "foreign_code")
    assert found.status == "incomplete"
    assert "posix.system" in code.text


@pytest.mark.parametrize("name", ["archive/extra.pkl", "other/data.pkl", "archive/notes.txt"])
def test_a_second_pickle_beside_a_sound_model(name: str, build: Build) -> None:
    """By its name or its first bytes, wherever it stands in the archive."""
    members = {"archive/data.pkl": TENSOR, "archive/data/0": bytes(16), "archive/version": b"3"}
    (found,) = build.assessed({"model.pt": archive(members)})
    assert (found.status, ids(found)) == ("whole", set())
    (found,) = build.assessed({"model.pt": archive({**members, name: EVIL})})
    said = {finding.id: finding for finding in found.findings}
    assert set(said) == {"foreign_code", "pickled_content", "member_unused"}
    assert said["foreign_code"].level is Level.RISK
    assert name in said["pickled_content"].text


def test_a_pickle_under_a_name_of_torchs_own_is_looked_into(build: Build) -> None:
    members = {"archive/data.pkl": TENSOR, "archive/data/0": bytes(16)}
    for name, wanted in ((EVIL, {"foreign_code", "pickled_content"}), (TENSOR, set[str]())):
        found = build.assessed({"model.pt": archive({**members, "archive/bytecode.pkl": name})})
        assert ids(found[0]) == wanted


def test_other_members_are_a_note(build: Build) -> None:
    members = {"a/data.pkl": TENSOR, "a/data/0": bytes(16), "a/readme.txt": b"hello"}
    (found,) = build.assessed({"model.pt": archive(members)})
    assert {f.id: f.level for f in found.findings} == {"member_unused": Level.NOTE}


def test_an_array_of_objects_is_not_whole(build: Build) -> None:
    out = io.BytesIO()
    np.save(out, np.array([{"w": "x" * (300 << 10)}], dtype=object), allow_pickle=True)
    (found,) = build.assessed({"weights.npy": out.getvalue()})
    assert (found.status, found.count) == ("opaque", None)


class _Runs:
    """Unpickled, it would call something."""

    def __reduce__(self) -> Any:
        return os.system, ("true",)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize(("held", "code"), [(_Runs(), True), ({"w": {1}}, False)])
def test_a_small_array_of_objects_is_told_with_the_code_in_it(
    suffix: str, held: Any, code: bool, build: Build
) -> None:
    """It is no model by its size; what loading it runs is news all the same."""
    out = io.BytesIO()
    (np.save if suffix == ".npy" else np.savez)(out, np.array([held], dtype=object))
    (found,) = build.assessed({f"weights{suffix}": out.getvalue()})
    assert found.status == "opaque"
    assert ids(found) == {"pickled_content"} | ({"foreign_code"} if code else set())
    assert {finding.level for finding in found.findings} == {Level.RISK}
    if code:
        assert "system" in next(f.text for f in found.findings if f.id == "foreign_code")


def test_a_pickle_of_objects_that_breaks_off(build: Build) -> None:
    out = io.BytesIO()
    np.save(out, np.array([_Runs()], dtype=object))
    (found,) = build.assessed({"weights.npy": out.getvalue()[:-1]})
    assert found.status == "incomplete"
    assert "foreign_code" in ids(found)


SET = b"\x80\x02}X\x01\x00\x00\x00acbuiltins\nset\n]\x85Rs."


def test_a_schedule_holds_numbers_and_is_no_broken_model(build: Build) -> None:
    """What a trainer saves of its learning rate; only code in it is told."""
    for name in ("scheduler.pt", "optimizer.pt", "lr_scheduler.bin"):
        read = build.assessed({name: archive({"archive/data.pkl": SET, "archive/version": b"3"})})
        assert [(f.status, ids(f)) for f in read if f.checkpoint.parts] == []
        assert not any(found.checkpoint.broken for found in read)
    (found,) = build.assessed({"scheduler.pt": archive({"archive/data.pkl": EVIL})})
    assert (found.status, ids(found)) == ("opaque", {"foreign_code"})
    (found,) = build.assessed({"model.pt": archive({"archive/data.pkl": SET})})
    assert found.status == "incomplete", "a model without a tensor is no model"


def test_a_bare_pickle_is_opaque(build: Build) -> None:
    (found,) = build.assessed({"model.pkl": pickle.dumps({"a": 1}, 2)})
    assert found.status == "opaque"


# -- parts that a family has

LAYER = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
         "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")  # fmt: skip
NORMS = ("input_layernorm", "post_attention_layernorm")
FUSED = ("self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj")


def llama(
    parts: tuple[str, ...], layers: int = 4, norm: bool = True, suffix: str = "weight"
) -> Any:
    spec: dict[str, Any] = {"model.embed_tokens.weight": ("F32", (9, 4))}
    for number in range(layers):
        for part in parts:
            shape = (4,) if part in NORMS else (4, 4)
            spec[f"model.layers.{number}.{part}.{suffix}"] = ("F32", shape)
    if norm:
        spec["model.norm.weight"] = ("F32", (4,))
    return spec


FAMILIES = [
    ("a whole one, tied", llama((*LAYER, *NORMS)), ""),
    ("fused projections", llama((*FUSED, *NORMS)), ""),
    ("packed by a quantiser", llama((*LAYER, *NORMS), suffix="qweight"), ""),
    ("no gate", llama((*(p for p in LAYER if "gate" not in p), *NORMS)), "mlp.gate_proj"),
    ("no norms", llama(LAYER), "input_layernorm"),
    ("no last norm", llama((*LAYER, *NORMS), norm=False), "model.norm"),
    ("a drafting head of one layer", llama((*LAYER, NORMS[1]), 1, norm=False), ""),
    ("other names", {f"model.layers.{n}.x{i}.weight": ("F32", (4, 4))
                     for n in range(4) for i in range(5)}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("why", "spec", "wanted"), FAMILIES, ids=[case[0] for case in FAMILIES])
def test_parts_that_the_configuration_implies(
    why: str, spec: Any, wanted: str, build: Build
) -> None:
    found = build.one(spec, {"model_type": "llama"})
    said = [finding.text for finding in found.findings if finding.id == "part_missing"]
    assert bool(said) is bool(wanted), why
    assert not wanted or wanted in said[0]
    other = build.one(spec, {"model_type": "someones-own"})
    assert "part_missing" not in ids(other), "nothing is said of a family that is not known"


def test_bits_of_packed_weights_are_told(build: Build) -> None:
    spec = {"l.qweight": ("I32", (16, 64)), "l.scales": ("F16", (2, 64)),
            "l.qzeros": ("I32", (2, 8)), "l.g_idx": ("I32", (128,))}  # fmt: skip
    found = build.one(spec, {"quantization_config": {"bits": 4}})
    assert [row.dtype for row in found.count.precision] == ["4 bits in I32"]


# -- continuous integration

SOUND = safetensors({"w.weight": W}, 16)
CASES = [
    ({"model.safetensors": SOUND}, 0, 0),
    ({"model.safetensors": SOUND[:-1]}, 10, 10),
    ({"model.safetensors": safetensors({"w.weight": W}, 17)}, 10, 10),
    ({"model.safetensors": b"<!DOCTYPE html><html>"}, 10, 10),
    ({"model.fp16.safetensors": SOUND}, 0, 10),
    ({"model.safetensors": SOUND, "x.pt": EVIL}, 11, 10),
    ({"a.safetensors": SOUND, "b.gguf": gguf([("w", 8, 60, 0)], 64)}, 11, 11),
]  # fmt: skip


@pytest.mark.parametrize(("files", "whole", "sound"), CASES)
def test_what_continuous_integration_may_require(
    files: dict[str, bytes], whole: int, sound: int, tmp_path: Path, capfd: Any
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert main(["weights", str(tmp_path)]) == 0
    assert main(["weights", str(tmp_path), "--require", "whole"]) == whole
    assert main(["weights", str(tmp_path), "--require", "sound"]) == sound
    capfd.readouterr()


def test_pointers_beside_weights_leave_it_undecided(build: Build) -> None:
    good, away = build.assessed(
        {"a.safetensors": SOUND, "b.safetensors": LfsPointer("ab" * 32, 123456)}
    )
    assert (good.status, away.status) == ("whole", "unread")
    assert "123,456 bytes" in away.findings[0].text
    assert "ab" * 32 in away.findings[0].text
