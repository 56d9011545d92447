"""Taking and storing sketches: bytes read, places drawn, hostile files, what never counts."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from benchmarks import lineage_models as lm
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lineage.conftest import file_of, sets_of, sketch_of

from openassay.errors import DossierError, TargetError, UsageError
from openassay.files import File
from openassay.lineage import roles, sketch, table
from openassay.lineage.plan import Wanted, axes_in_memory, spread, token_runs, unit_runs
from openassay.lineage.result import Verdict
from openassay.lineage.roles import UNITS, Role, part_of
from openassay.lineage.rule import compare
from openassay.lineage.take import take, turned
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.content import read_file

MICRO = lm.Sizes(width=64, layers=2, heads=2, hidden=96, vocabulary=256)


def test_a_sketch_comes_back_as_it_was() -> None:
    made = sketch_of(lm.trained(3, MICRO))
    raw = sketch.dump(made)
    assert sketch.load(raw) == made
    assert sketch.dump(sketch.load(raw)) == raw
    assert sketch.is_sketch(raw[:64])


def test_sampled_rows_are_those_that_a_whole_reading_keeps() -> None:
    weights = lm.trained(3, MICRO)
    whole, sampled = sketch_of(weights, deep=0), sketch_of(weights, whole=False)
    assert whole.excerpts == sampled.excerpts
    assert all(row.sha256 for row in whole.table)
    assert not any(row.sha256 for row in sampled.table)
    assert compare(whole, sampled).verdict is Verdict.COMMON  # equality needs all bytes


def test_a_whole_matrix_may_be_longer_than_one_read() -> None:
    """A file hands out 64 MiB at most; an 8B model's matrices have 117 MB."""
    shapes = {lm.layer(0, f"mlp.{part}_proj"): shape for part, shape in
              (("gate", [8200, 4096]), ("up", [8200, 4096]), ("down", [4096, 8200]))}  # fmt: skip
    header, at = {}, 0
    for name, shape in shapes.items():
        end = at + 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, end]}
        at = end
    head = json.dumps(header).encode()
    head = len(head).to_bytes(8, "little") + head

    def read(offset: int, length: int) -> bytes:
        return head[offset : offset + length].ljust(length, b"\0")

    (found,) = sets_of(File("memory", "model.safetensors", len(head) + at, read))
    made = take(found, "model", whole=False, deep=1 << 30)
    assert [len(one.raw) for one in made.excerpts.values()] == [2 * 8200 * 4096] * 3


class Large:
    """A safetensors file of any size, made up as it is read; counts what was asked for."""

    def __init__(self, sizes: lm.Sizes) -> None:
        d, h = sizes.width, sizes.hidden
        shapes: dict[str, list[int]] = {lm.EMBED: [sizes.vocabulary, d]}
        for i in range(sizes.layers):
            for part in "qkvo":
                shapes[lm.layer(i, f"self_attn.{part}_proj")] = [d, d]
            for part, shape in (("gate", [h, d]), ("up", [h, d]), ("down", [d, h])):
                shapes[lm.layer(i, f"mlp.{part}_proj")] = shape
            shapes[lm.layer(i, "input_layernorm")] = [d]
            shapes[lm.layer(i, "post_attention_layernorm")] = [d]
        shapes |= {lm.NORM: [d], lm.HEAD: [sizes.vocabulary, d]}
        header, at = {}, 0
        for name, shape in shapes.items():
            end = at + 2 * int(np.prod(shape))
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, end]}
            at = end
        head = json.dumps(header).encode()
        self.head = len(head).to_bytes(8, "little") + head
        self.size = len(self.head) + at
        self.read_bytes = self.requests = 0

    def read(self, offset: int, length: int) -> bytes:
        self.read_bytes += length
        self.requests += 1
        if offset < len(self.head):
            return self.head[offset : offset + length].ljust(length, b"\0")
        rng = np.random.default_rng(offset)
        return lm.encode(rng.standard_normal(length // 2 + 1).astype(np.float32), "BF16")[:length]


@pytest.mark.parametrize(
    ("sizes", "requests"),
    [(lm.Sizes(4096, 32, 32, 14336, 128256), 200), (lm.Sizes(8192, 80, 64, 28672, 128256), 400)],
    ids=["16 GB", "141 GB"],
)
def test_of_a_large_model_next_to_nothing_is_read(sizes: lm.Sizes, requests: int) -> None:
    large = Large(sizes)
    file = File("hf:x/y@1", "model.safetensors", large.size, large.read)
    made = take(sets_of(file)[0], "large", whole=False)
    assert large.size > 10 << 30
    assert large.read_bytes <= 0.0003 * large.size
    assert large.requests <= requests
    roles_held = {made.table[index].part.role for index in made.excerpts}
    assert roles_held >= {Role.NORM, Role.EMBED, Role.UP, Role.VALUE}
    assert compare(made, replace(made, name="again")).verdict is Verdict.COMMON


def test_places_depend_on_the_seed_and_only_on_powers_of_two() -> None:
    assert unit_runs("a", 14336, 32) == unit_runs("a", 8192, 32)
    assert unit_runs("a", 14336, 32)[0][0] % 32 == 0
    assert len({unit_runs(str(n), 14336, 32) for n in range(40)}) > 20
    low = set(token_runs("a", 32_000, 8192)) & set(token_runs("a", 32_064, 8192))
    assert len(low) >= 7  # a vocabulary that grew keeps its places
    assert token_runs("a", 500, 64) == ((0, 500),)
    assert spread(7)[:3] == [0, 6, 3]
    assert sorted(spread(33)) == list(range(33))


def test_sketches_of_different_places_are_not_compared() -> None:
    weights = lm.trained(3, MICRO)
    with pytest.raises(UsageError, match="different places"):
        compare(sketch_of(weights, seed="one"), sketch_of(weights, seed="two"))


def test_values_have_one_digest_in_every_type_and_command() -> None:
    """What a BF16 holds is the same as F32, and what a full pass tells of it is the same, too."""
    weights = {f"w{n}": np.arange(64 * n, 64 * n + 4096).reshape(64, 64) / 4 for n in range(2)}
    weights = {name: (value % 64).astype(np.float32) for name, value in weights.items()}
    found = []
    for dtype in ("F32", "F16", "BF16"):
        file = file_of(lm.safetensors(weights, dtype))
        (one,) = sets_of(file)
        tensors = [stored.tensor for stored in one.stored]
        full = {row.name: row.multiset for row in read_file(file, tensors).tensors}
        assert {row.name: row.values for row in take(one, "m").table} == full
        found.append(full)
    assert found[0] == found[1] == found[2]


def test_a_sketch_of_before_says_why_it_is_refused() -> None:
    raw = sketch.dump(sketch_of(lm.trained(3, MICRO), deep=0))
    old = raw.replace(b'"openassay-sketch/2"', b'"openassay-sketch/1"', 1)
    with pytest.raises(DossierError, match="told equal values in another way") as refused:
        sketch.load(old)
    assert "--save" in refused.value.hint


DENIED = {
    "model.layers.0.self_attn.rotary_emb.inv_freq": (64,),
    "stft.forward_basis_buffer": (258, 1, 256),
    "encoder.embed_positions.weight": (512, 64),
    "transformer.wpe.weight": (1024, 64),
    "decoder.rnn.weight_hh": (512, 128),
    "onnx::LSTM_209": (1, 512, 128),
    "model.layers.0.self_attn.q_norm.weight": (128,),
    "attn.masked_bias": (1, 64),
    "optimizer_state.exp_avg.up_proj": (64, 64),
    "relative_attention_bias.weight": (32, 64),
}


@pytest.mark.parametrize("name", DENIED)
def test_what_has_fixed_indices_is_denied_by_name(name: str) -> None:
    part = part_of(name, DENIED[name])
    assert part.role is Role.DENIED
    assert part.denied


def test_what_was_made_by_a_formula_is_denied_by_its_values() -> None:
    rng = np.random.default_rng(1)
    t = np.arange(256)
    window = np.hanning(256)
    stft = np.stack([np.cos(2 * np.pi * k * t / 256) * window for k in range(1, 65)])
    mel = np.maximum(0, 1 - np.abs(t[None, :] - np.arange(20, 240, 10)[:, None]) / 8)
    assert roles.deterministic(stft.astype(np.float32)) == "sinusoids"
    assert roles.deterministic(mel.astype(np.float32)) == "bands"
    assert roles.deterministic(np.ones((4, 64), np.float32)) == "constant"
    assert roles.deterministic(np.tril(np.ones((64, 64), np.float32))) == "two values"
    trained = rng.standard_normal((32, 256)).astype(np.float32)
    assert roles.deterministic(trained) == ""
    pruned = np.where(np.abs(trained) < 1.3, 0, trained)
    assert roles.deterministic(pruned) == ""
    assert roles.deterministic(np.sign(trained)) == "two values"


def test_a_shared_basis_alone_is_no_sign() -> None:
    """Two unrelated voice detectors with one STFT basis, the case met in real files."""
    t = np.arange(256)
    basis = np.stack([np.cos(2 * np.pi * k * t / 256) * np.hanning(256) for k in range(128)])
    shared = {"basis.weight": basis.astype(np.float32), "x.conv1": basis[::-1].astype(np.float32)}

    def detector(seed: int) -> lm.Weights:
        rng = np.random.default_rng(seed)
        own = {f"encoder.{i}.weight": rng.standard_normal((128, 96)) for i in range(3)}
        recurrent = {"rnn.weight_hh": np.tile(np.eye(128), (4, 1)) + rng.random((512, 128))}
        return shared | {n: v.astype(np.float32) for n, v in (own | recurrent).items()}

    found = compare(sketch_of(detector(1), "a"), sketch_of(detector(2), "b"))
    assert found.verdict is Verdict.NONE
    assert found.outcome("T0").count == 0
    assert any("rearranged weights would be missed" in note for note in found.notes)


def test_another_format_other_names_and_rounding() -> None:
    """The same model as safetensors in BF16 and as GGUF in Q8_0, the way such copies are made."""
    weights = lm.trained(3, lm.Sizes(width=64, layers=3, heads=2, hidden=96, vocabulary=256))
    weights = {name: lm.stored(value, "BF16") for name, value in weights.items()}
    ours = sketch_of(weights, "a", dtype="BF16")
    theirs = take(sets_of(file_of(lm.gguf(weights), "m.gguf"))[0], "b")
    found = compare(ours, theirs)
    assert found.verdict is Verdict.COMMON
    assert {"T1", "T2", "T3"} <= {o.test for o in found.outcomes if o.found}
    assert [str(r.kind) for r in found.relations] == ["quantised"]
    assert "B came after A" in str(found.order)


def npz(weights: lm.Weights, order: Literal["C", "F"]) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {n: np.array(v, order=order) for n, v in weights.items()}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_rows_are_rows_whatever_the_order_of_axes_in_the_file() -> None:
    """Fortran order: columns lie one after another, and the same rows must come out."""
    weights = lm.trained(3, MICRO)
    rows = take(sets_of(file_of(npz(weights, "C"), "m.npz"), wanted="m.npz")[0], "rows")
    (columns,) = sets_of(file_of(npz(weights, "F"), "m.npz"), wanted="*.npz")
    turned = take(columns, "columns")
    assert turned.excerpts == rows.excerpts
    assert compare(rows, turned).verdict is Verdict.REORDERED
    # far away, rows would be as many small reads as there are columns: they are left alone
    sampled = take(columns, "columns", whole=False)
    assert {len(row.shape) for i, row in enumerate(sampled.table) if i in sampled.excerpts} == {1}


@given(st.permutations([0, 1, 2]))
def test_any_order_of_axes_is_turned(order: list[int]) -> None:
    shape = (16, 5, 3)
    values = np.arange(240, dtype=np.uint16).reshape(shape)
    raw = bytearray(values.transpose(order).tobytes())
    steps = [0, 0, 0]
    for at, axis in enumerate(order):
        steps[axis] = math.prod(shape[other] for other in order[at + 1 :])
    tensor = StoredTensor("w", "U16", shape, file_of(b""), 0, 480, "NumPy", strides=tuple(steps))
    kept = turned(raw, tensor, Wanted(0, ((2, 4), (9, 16)), 30))
    assert bytes(kept) == values[2:4].tobytes() + values[9:].tobytes()


@pytest.mark.parametrize("strides", [(0, 1), (10, 1), (1, 3), (2, 8)])
def test_what_does_not_fill_its_bytes_is_not_turned(strides: tuple[int, int]) -> None:
    """Repeated rows, a cut out of a wider matrix: no order of axes explains them."""
    tensor = StoredTensor("w", "F32", (4, 8), file_of(b""), 0, 128, "PyTorch", strides=strides)
    assert axes_in_memory(tensor) is None


def test_rows_of_formats_that_store_inputs_first_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A row of such a matrix is an input, whose index may mean something; equality still counts."""
    weights = lm.trained(3, MICRO)
    monkeypatch.setattr(table, "_INPUTS_FIRST", frozenset(["safetensors"]))
    made = sketch_of(weights)
    assert not {made.table[index].part.role for index in made.excerpts} & set(UNITS)
    assert compare(made, sketch_of(weights)).verdict is Verdict.IDENTICAL


def test_tokens_are_paired_by_their_text() -> None:
    """A vocabulary in another order hides nothing when both releases publish it."""
    weights = lm.trained(3, MICRO)
    order = np.random.default_rng(1).permutation(MICRO.vocabulary)
    moved = {n: (v[order] if n in (lm.EMBED, lm.HEAD) else v) for n, v in weights.items()}
    words = [f"token{i}" for i in range(MICRO.vocabulary)]

    def sketched(model: lm.Weights, listed: list[str]) -> sketch.Sketch:
        vocabulary = {word: number for number, word in enumerate(listed)}
        text = json.dumps({"model": {"type": "BPE", "vocab": vocabulary}}).encode()
        beside = [file_of(text, "tokenizer.json")]
        return take(sets_of(file_of(lm.safetensors(model)))[0], "m", beside=beside)

    ours = sketched(weights, words)
    theirs = sketched(moved, [words[i] for i in order])
    assert ours.tokens[3] == "token3"
    found = compare(ours, theirs).outcome("T2")
    assert found.found
    assert "paired by their text" in found.sentence


def test_a_missing_shard_is_said() -> None:
    """What is there is compared, and the rest is named."""
    weights = lm.trained(3, MICRO)
    names = list(weights)
    halves = [{n: weights[n] for n in part} for part in (names[:9], names[9:])]
    files = [
        file_of(lm.safetensors(half), f"model-0000{i + 1}-of-00002.safetensors")
        for i, half in enumerate(halves)
    ]
    (found,) = sets_of(files[1])
    assert "1 of 2 shards are missing" in found.notes


# --- what goes wrong ------------------------------------------------------------------------------


def test_clear_errors_where_there_is_nothing_to_read() -> None:
    with pytest.raises(TargetError, match="no file of weights"):
        sets_of(file_of(b"hello", "README.md"))
    with pytest.raises(TargetError, match="no file matches"):
        sets_of(file_of(b"hello", "README.md"), wanted="*.gguf")
    with pytest.raises(TargetError, match="could be read"):
        sets_of(file_of(b"\xff" * 64))
    with pytest.raises(TargetError, match=r"could be read: model\.h5: .*superblock"):
        sets_of(file_of(b"\x89HDF\r\n\x1a\n" + b"\xff" * 64, "model.h5"))
    with pytest.raises(TargetError, match=r"is msgpack: what is in it cannot be told"):
        sets_of(file_of(b"\x81" + b"\xa1a" * (1 << 18), "flax_model.msgpack"))
    with pytest.raises(TargetError, match="holds 6 parameters"):
        sets_of(file_of(lm.safetensors({"w": np.ones((2, 3), np.float32)})))


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:100],
        lambda raw: raw[:-1],
        lambda raw: raw[:0],
        lambda raw: raw.replace(b'"openassay-sketch/2"', b'"openassay-sketch/9"'),
        lambda raw: raw.replace(b'"openassay-sketch/2"', b'"openassay-sketch/1"'),
        lambda raw: raw.replace(b'"norm"', b'"nrom"'),
        lambda raw: raw.replace(b'"columns"', b'"colunms"').replace(b'"excerpts"', b'"excerpt_"'),
        lambda raw: raw.replace(b'"F32", false]', b'"F16", false]'),
        lambda raw: raw.replace(b'"table": [[', b'"table": [7, ['),
        lambda raw: raw.replace(b'"bytes_read": ', b'"bytes_read": "x", "y": '),
    ],
)
def test_a_damaged_sketch_is_refused(damage: object) -> None:
    raw = sketch.dump(sketch_of(lm.trained(3, MICRO), deep=0))
    broken = damage(raw)  # type: ignore[operator]
    assert broken != raw
    with pytest.raises(DossierError, match="no stored sketch"):
        sketch.load(broken)


@settings(max_examples=60)
@given(st.data())
def test_no_mutation_of_a_sketch_crashes(data: st.DataObject) -> None:
    raw = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        loaded = sketch.load(bytes(raw))
        with np.errstate(all="ignore"):
            compare(loaded, loaded)
    except (DossierError, UsageError):
        pass


SMALL = sketch.dump(sketch_of(lm.trained(3, lm.Sizes(32, 1, 1, 32, 64)), deep=0))
