"""How many parameters: buffers apart, packed integers unpacked, ties once, experts used or not."""

from __future__ import annotations

from typing import Any

import pytest

Build = Any
FLOAT = "BF16"


def test_buffers_are_no_parameters(build: Build) -> None:
    spec = {
        "embeddings.weight": ("F32", (100, 8)),
        "embeddings.position_ids": ("I64", (1, 512)),
        "layers.0.rotary_emb.inv_freq": ("F32", (4,)),
        "layers.0.attn.bias": ("F32", (1, 1, 16, 16)),
        "norm.running_mean": ("F32", (8,)),
        "norm.num_batches_tracked": ("I64", ()),
    }
    count = build.one(spec).count
    assert (count.total, count.buffers) == (800, 512 + 4 + 256 + 8 + 1)


PACKED = [
    (
        "8 bits with a scale beside each, a vector among them",
        {"up.weight.qweight": ("I8", (192, 64)), "up.weight.scale": ("F32", (192, 1)),
         "gate.weight.qweight": ("I8", (64,)), "gate.weight.scale": ("F32", (1,))},
        {}, 192 * 64 + 64,
    ),
    (
        "GPTQ, 4 bits, by the index of groups",
        {"q.qweight": ("I32", (16, 64)), "q.qzeros": ("I32", (1, 8)), "q.scales": ("F16", (1, 64)),
         "q.g_idx": ("I32", (128,))},
        {}, 128 * 64,
    ),
    (
        "GPTQ, 3 bits of the configuration",
        {"q.qweight": ("I32", (12, 64)), "q.qzeros": ("I32", (1, 6)), "q.scales": ("F16", (1, 64))},
        {"quantization_config": {"bits": 3}}, 128 * 64,
    ),
    (
        "AWQ packs along the outputs",
        {"q.qweight": ("I32", (128, 8)), "q.qzeros": ("I32", (1, 8)), "q.scales": ("F16", (1, 64))},
        {}, 128 * 64,
    ),
    (
        "bitsandbytes, two in a byte",
        {"q.weight": ("U8", (4096, 1)), "q.weight.absmax": ("F32", (128,)),
         "q.weight.quant_map": ("F32", (16,)),
         "q.weight.quant_state.bitsandbytes__nf4": ("U8", (90,))},
        {}, 8192,
    ),
    (
        "compressed tensors, bits of a group",
        {"q.weight_packed": ("I32", (64, 16)), "q.weight_scale": ("BF16", (64, 1)),
         "q.weight_shape": ("I64", (2,))},
        {"quantization_config": {"config_groups": {"g": {"weights": {"num_bits": 4}}}}}, 64 * 128,
    ),
    (
        "MXFP4 blocks and their scales",
        {"e.down_proj_blocks": ("U8", (2, 64, 4, 16)), "e.down_proj_scales": ("U8", (2, 64, 4))},
        {}, 2 * 64 * 4 * 32,
    ),
    (
        "FP8 with a scale",
        {"q.weight": ("F8_E4M3", (64, 64)), "q.weight_scale_inv": ("F32", (1, 1))}, {}, 4096,
    ),
    ("eight bits with a scale", {"q.weight": ("I8", (64, 64)), "q.SCB": ("F32", (64,))}, {}, 4096),
    (
        "MLX, bits of the configuration",
        {"q.weight": ("U32", (64, 16)), "q.scales": ("F16", (64, 2)), "q.biases": ("F16", (64, 2))},
        {"quantization": {"bits": 4, "group_size": 64}}, 64 * 128,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("why", "spec", "config", "total"), PACKED, ids=[p[0] for p in PACKED])
def test_packed_integers_are_unpacked(
    why: str, spec: Any, config: Any, total: int, build: Build
) -> None:
    assert build.one(spec, config).count.total == total, why


def test_a_packing_that_is_not_known_is_said(build: Build) -> None:
    spec = {"q.weight": ("I32", (512, 64)), "norm.weight": ("F32", (64,))}
    count = build.one(spec).count
    assert count.total is None
    assert count.at_least == 64
    assert "q.weight" in count.why_unknown


def test_a_tied_output_counts_once(build: Build) -> None:
    spec = {
        "model.embed_tokens.weight": (FLOAT, (100, 8)), "lm_head.weight": (FLOAT, (100, 8)),
    }  # fmt: skip
    assert build.one(spec, {"tie_word_embeddings": True}).count.total == 800
    assert build.one(spec, {"tie_word_embeddings": False}).count.total == 1600
    assert build.one(spec).count.total == 1600


@pytest.mark.parametrize(
    "experts",
    [
        {f"model.layers.0.mlp.experts.{n}.up_proj.weight": (FLOAT, (10, 10)) for n in range(8)},
        {"model.layers.0.mlp.experts.gate_up_proj": (FLOAT, (8, 10, 10))},
    ],
)
def test_experts_that_are_used(experts: Any, build: Build) -> None:
    spec = {
        **experts,
        "model.embed_tokens.weight": (FLOAT, (100, 10)),
        "model.layers.0.mlp.shared_expert.up_proj.weight": (FLOAT, (10, 10)),
    }
    config = {"text_config": {"num_experts": 8, "num_experts_per_tok": 2}}
    count = build.one(spec, config).count
    assert (count.total, count.active, count.experts) == (1900, 1900 - 600, (8, 2))
    assert build.one(spec).count.active is None


def test_an_optimizer_travels_apart(build: Build) -> None:
    spec = {
        "state_dict.w": ("F32", (10, 10)),
        "optimizer_state.w.exp_avg": ("F32", (10, 10)),
        "optimizer_state.w.exp_avg_sq": ("F32", (10, 10)),
    }
    count = build.one(spec).count
    assert (count.total, count.optimizer) == (100, 200)


def test_precision_is_by_bytes_and_scales_count(build: Build) -> None:
    spec = {"a.weight": ("F32", (10, 10)), "b.weight": ("BF16", (100, 10))}
    count = build.one(spec).count
    assert [(p.dtype, p.tensors, p.parameters, p.bytes) for p in count.precision] == [
        ("BF16", 1, 1000, 2000),
        ("F32", 1, 100, 400),
    ]
    assert count.bits_per_weight == round(2400 * 8 / 1100, 3)
