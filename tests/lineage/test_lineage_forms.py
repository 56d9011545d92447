"""Networks that name or store their parts otherwise: seen, or said not to be seen."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import lineage_models as lm
from tests.lineage.conftest import related, sketch_of

from openassay.lineage.prepared import Prepared
from openassay.lineage.result import Verdict
from openassay.lineage.roles import Role, part_of


@pytest.mark.parametrize("name", ["emb.weight", "backbone.embeddings.weight", "embedding.weight"])
def test_embeddings_by_other_names(name: str) -> None:
    assert part_of(name, (1000, 128)).role is Role.EMBED


def test_tables_of_positions_are_none() -> None:
    assert part_of("model.position_embeddings.weight", (512, 128)).role is Role.DENIED


def recurrent(seed: int, table: str) -> lm.Weights:
    """A table of tokens under some name, then layers whose names say nothing."""
    rng = np.random.default_rng(seed)
    drawn = {
        table: rng.standard_normal((1000, 64)),
        **{f"blocks.{n}.mix.k.weight": rng.standard_normal((256, 64)) for n in range(3)},
        **{f"blocks.{n}.mix.v.weight": rng.standard_normal((64, 256)) for n in range(3)},
    }
    return {name: value.astype(np.float32) for name, value in drawn.items()}


def test_silence_about_an_unknown_table_is_no_answer() -> None:
    first, second = (recurrent(seed, "codes.table") for seed in (1, 2))
    found = related(first, second)
    assert found.verdict is Verdict.CANNOT
    assert any("T2" in why for why in found.because)


def test_a_network_without_any_table_is_told() -> None:
    """Classes have a bias beside them, so no table is left that could be of tokens."""
    bias = np.linspace(-1, 1, 1000, dtype=np.float32)
    first, second = (recurrent(seed, "classes.weight") | {"classes.bias": bias} for seed in (1, 2))
    assert not Prepared(sketch_of(first)).may_embed
    assert related(first, second).verdict is Verdict.NONE


def turned(weights: lm.Weights) -> lm.Weights:
    """Kernels [in, out] under GPT-2's names, with its masks; without what T3 would find."""
    names = {"up_proj": "c_fc", "down_proj": "c_proj"}
    found: lm.Weights = {}
    for name, value in weights.items():
        if "gate_proj" in name or "v_proj" in name:
            continue
        for old, new in names.items():
            if old in name:
                name, value = name.replace(old, new), np.ascontiguousarray(value.T)
        found[name] = value
    mask = np.tril(np.ones((1, 1, 128, 128), np.float32))
    return found | {f"layers.{n}.attn.bias": mask for n in range(2)} | {"window.two": mask}


def test_masks_are_no_sign() -> None:
    assert part_of("h.0.attn.bias", (1, 1, 256, 256)).denied == "a mask"
    first, second = (turned(lm.trained(seed)) for seed in (1, 2))
    found = related(first, second)
    equal = next(one for one in found.outcomes if one.test == "T0")
    assert not equal.found, equal.sentence


def test_a_table_of_two_values_does_not_count_wherever_it_lies() -> None:
    table = sketch_of({"some.table": np.tril(np.ones((64, 64), np.float32))}).table
    assert [row.fixed for row in table] == ["two values"]
    learned = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    assert [row.fixed for row in sketch_of({"some.other": learned}).table] == [""]


def test_kernels_that_are_stored_the_other_way_round_are_turned() -> None:
    first, second = (turned(lm.trained(seed)) for seed in (1, 2))
    (layer, *_) = Prepared(sketch_of(first)).layers
    assert layer.width == first["model.embed_tokens.weight"].shape[1]
    strangers = related(first, second)
    assert strangers.verdict is Verdict.NONE, strangers.because
    copy = turned(lm.drift(lm.shuffle_residual(lm.trained(1), 5), 99, 0.95))
    free = next(one for one in related(first, copy).outcomes if one.test == "T2'")
    assert free.found, free.sentence


def exported(weights: lm.Weights) -> lm.Weights:
    """As a plain export leaves kernels: turned, and without their names."""
    made: lm.Weights = {}
    for number, (name, value) in enumerate(weights.items()):
        lost = "_proj" in name
        made[f"onnx::MatMul_{number}" if lost else name] = (
            np.ascontiguousarray(value.T) if lost else value
        )
    return made


def test_a_plain_export_shares_everything() -> None:
    found = related(lm.trained(1), exported(lm.drift(lm.trained(1), 99, 0.95)))
    assert found.verdict is Verdict.COMMON, found.parts
    half = exported(lm.stitch(lm.drift(lm.trained(1), 99, 0.95), lm.trained(2), 2))
    assert related(lm.trained(1), half).verdict is Verdict.PART


def test_packed_layers_are_not_called_strange() -> None:
    base = lm.trained(1)
    packed = {name: value for name, value in base.items() if "_proj" not in name}
    found = related(base, packed)
    assert found.verdict is Verdict.PART
    assert any("layers could not be compared" in why for why in found.because), found.because


def test_equal_tensors_name_what_the_others_are() -> None:
    base = lm.trained(1)
    more = base | {"optimizer.extra": np.linspace(0, 1, 4096, dtype=np.float32)}
    said = [one.sentence for one in related(base, more).outcomes if one.test == "T0"]
    assert said[0].endswith("are not in both")
