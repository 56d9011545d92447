"""Taking and storing sketches: bytes read, places drawn, hostile files, what never counts."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from benchmarks import lineage_models as lm
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lineage.conftest import file_of, sketch_of

from openassay.errors import DossierError, TargetError, UsageError
from openassay.files import File
from openassay.formats.bounded import Tensor
from openassay.lineage import roles, sketch
from openassay.lineage.plan import spread, token_runs, unit_runs
from openassay.lineage.result import Verdict
from openassay.lineage.roles import Role, part_of
from openassay.lineage.rule import compare
from openassay.lineage.table import checkpoints
from openassay.lineage.take import Multiset, take

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
    made = take(checkpoints([file])[0], "large", whole=False)
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


def test_a_multiset_does_not_see_order_but_sees_values() -> None:
    def of(values: list[float]) -> str:
        made = Multiset()
        made.add(np.array(values, np.float32))
        return made.hexdigest()

    assert of([1, 2, 3, 0.0]) == of([3, -0.0, 2, 1])
    assert of([1, 2, 3]) != of([1, 2, 4])
    assert of([1, 1, 2]) != of([1, 2, 2])


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
    part = part_of(Tensor(name, "F32", DENIED[name]))
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
    ours = sketch_of(weights, "a", dtype="BF16")
    theirs = take(checkpoints([file_of(lm.gguf(weights), "m.gguf")])[0], "b")
    found = compare(ours, theirs)
    assert found.verdict is Verdict.COMMON
    assert {"T1", "T2", "T3"} <= {o.test for o in found.outcomes if o.found}
    assert [str(r.kind) for r in found.relations] == ["quantised"]
    assert "B came after A" in str(found.order)


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
        return take(checkpoints([file_of(lm.safetensors(model))])[0], "m", beside=beside)

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
    (found,) = checkpoints([File(f.source, f.path, f.size, f.reader) for f in reversed(files)][:1])
    assert "1 of 2 shards are missing" in found.notes


# --- what goes wrong ------------------------------------------------------------------------------


def test_clear_errors_where_there_is_nothing_to_read() -> None:
    with pytest.raises(TargetError, match="no file of weights"):
        checkpoints([file_of(b"hello", "README.md")])
    with pytest.raises(TargetError, match="no file matches"):
        checkpoints([file_of(b"hello", "README.md")], "*.gguf")
    with pytest.raises(TargetError, match="could be read"):
        checkpoints([file_of(b"\xff" * 64)])
    with pytest.raises(TargetError, match="cannot be told from its header"):
        checkpoints([file_of(b"\x89HDF\r\n\x1a\n" + b"\0" * 64, "model.h5")])


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:100],
        lambda raw: raw[:-1],
        lambda raw: raw[:0],
        lambda raw: raw.replace(b'"openassay-sketch/1"', b'"openassay-sketch/9"'),
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
