"""Small decoder weights in NumPy, and everything that is done to weights between two releases.

Used by the tests (synthetic families, no training) and by ``lineage_tree.py`` (trained ones). A
model is a dict of float32 arrays under the names that Llama-like checkpoints use; a change returns
a new dict and leaves the old one alone. All changes but noise, pruning and rounding keep what the
network computes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Weights = dict[str, Array]
EMBED, HEAD, NORM = "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"


@dataclass(frozen=True)
class Sizes:
    """Width, layers, heads, hidden units of the MLP, vocabulary."""

    width: int = 128
    layers: int = 4
    heads: int = 4
    hidden: int = 352
    vocabulary: int = 1040


def layer(number: int, part: str) -> str:
    return f"model.layers.{number}.{part}.weight"


def layers_of(weights: Weights) -> int:
    return 1 + max(int(n.split(".")[2]) for n in weights if n.startswith("model.layers."))


# --- synthetic families ---------------------------------------------------------------------------


def start(seed: int, sizes: Sizes = Sizes()) -> Weights:
    """A random start, as frameworks make it."""
    rng = np.random.default_rng(seed)
    d, h = sizes.width, sizes.hidden

    def normal(*shape: int) -> Array:
        return (rng.standard_normal(shape) * 0.02).astype(np.float32)

    made: Weights = {EMBED: normal(sizes.vocabulary, d)}
    for i in range(sizes.layers):
        made[layer(i, "input_layernorm")] = np.ones(d, np.float32)
        for part in "qkvo":
            made[layer(i, f"self_attn.{part}_proj")] = normal(d, d)
        made[layer(i, "post_attention_layernorm")] = np.ones(d, np.float32)
        made[layer(i, "mlp.gate_proj")] = normal(h, d)
        made[layer(i, "mlp.up_proj")] = normal(h, d)
        made[layer(i, "mlp.down_proj")] = normal(d, h)
    made[NORM] = np.ones(d, np.float32)
    made[HEAD] = normal(sizes.vocabulary, d)
    return made


def drift(weights: Weights, seed: int, cosine: float, meaning: int = 7) -> Weights:
    """What training does, roughly: every matrix turns until it has this cosine with what it was.

    Tokens have meaning: part of the drift of embeddings is the same for every model that sees the
    same text (``meaning``), up to a basis of its own (``seed``).
    """
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(meaning)
    made: Weights = {}
    for name, old in weights.items():
        if old.ndim == 1:
            spread = 0.3 * np.sqrt(1 - cosine**2)
            made[name] = (old * np.exp(spread * rng.standard_normal(old.shape))).astype(np.float32)
            continue
        new = rng.standard_normal(old.shape)
        rank = 16
        left, right = (
            rng.standard_normal((old.shape[0], rank)),
            rng.standard_normal((rank, old.shape[1])),
        )
        new = new + 0.5 * left @ right
        if name in (EMBED, HEAD):
            tokens = shared.standard_normal((old.shape[0], rank))
            new = new + tokens @ rng.standard_normal((rank, old.shape[1]))
        new *= np.linalg.norm(old) / np.linalg.norm(new)
        made[name] = (cosine * old + np.sqrt(1 - cosine**2) * new).astype(np.float32)
    return made


def trained(seed: int, sizes: Sizes = Sizes()) -> Weights:
    """A model of its own: its own start, far away from it by now."""
    return drift(start(seed, sizes), 1_000_003 * seed + 1, 0.6)


# --- changes that lose nothing --------------------------------------------------------------------


def _mapped(weights: Weights, change: Any) -> Weights:
    return {name: change(name, value) for name, value in weights.items()}


def shuffle_units(weights: Weights, seed: int, heads: int = 4) -> Weights:
    """Hidden units of every MLP and whole attention heads in another order."""
    rng = np.random.default_rng(seed)
    made = dict(weights)
    for i in range(layers_of(weights)):
        up, down = layer(i, "mlp.up_proj"), layer(i, "mlp.down_proj")
        order = rng.permutation(weights[up].shape[0])
        for name in (up, layer(i, "mlp.gate_proj")):
            made[name] = weights[name][order]
        made[down] = weights[down][:, order]
        d = weights[up].shape[1]
        rows = np.arange(d).reshape(heads, -1)[rng.permutation(heads)].ravel()
        for part in "qkv":
            name = layer(i, f"self_attn.{part}_proj")
            made[name] = weights[name][rows]
        made[layer(i, "self_attn.o_proj")] = weights[layer(i, "self_attn.o_proj")][:, rows]
    return made


def _residual(weights: Weights, turn: Array) -> Weights:
    """Every matrix that reads or writes the residual stream, in another basis of it."""

    def change(name: str, value: Array) -> Array:
        if value.ndim == 1:
            return value
        if name.endswith(("down_proj.weight", "o_proj.weight")):
            return (turn.T @ value).astype(np.float32)
        return (value @ turn).astype(np.float32)

    return _mapped(weights, change)


def shuffle_residual(weights: Weights, seed: int) -> Weights:
    """The dimensions of the residual stream in another order."""
    d = weights[NORM].shape[0]
    order = np.random.default_rng(seed).permutation(d)
    made = _residual(weights, np.eye(d, dtype=np.float32)[:, order])
    return {n: (v[order] if v.ndim == 1 else v) for n, v in made.items()}


def fold_norms(weights: Weights) -> Weights:
    """Gains multiplied into the matrices that follow them; the gains are ones then."""
    made = dict(weights)
    for i in range(layers_of(weights)):
        for norm, parts in (
            ("input_layernorm", ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")),
            ("post_attention_layernorm", ("mlp.gate_proj", "mlp.up_proj")),
        ):
            gain = weights[layer(i, norm)]
            for part in parts:
                made[layer(i, part)] = weights[layer(i, part)] * gain
            made[layer(i, norm)] = np.ones_like(gain)
    made[HEAD] = weights[HEAD] * weights[NORM]
    made[NORM] = np.ones_like(weights[NORM])
    return made


def rotate(weights: Weights, seed: int) -> Weights:
    """Norms folded, then the residual stream turned by a random rotation."""
    d = weights[NORM].shape[0]
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))
    return _residual(fold_norms(weights), turn.astype(np.float32))


def rescale_units(weights: Weights, seed: int) -> Weights:
    """Up rows times a factor of either sign, down columns divided by it."""
    rng = np.random.default_rng(seed)
    made = dict(weights)
    for i in range(layers_of(weights)):
        up, down = layer(i, "mlp.up_proj"), layer(i, "mlp.down_proj")
        n = weights[up].shape[0]
        factor = (rng.choice([-1, 1], n) * np.exp(0.5 * rng.standard_normal(n))).astype(np.float32)
        made[up] = weights[up] * factor[:, None]
        made[down] = weights[down] / factor
    return made


def mix_values(weights: Weights, seed: int, heads: int = 4) -> Weights:
    """Inside each head, values and outputs in another basis."""
    rng = np.random.default_rng(seed)
    made = dict(weights)
    for i in range(layers_of(weights)):
        v, o = layer(i, "self_attn.v_proj"), layer(i, "self_attn.o_proj")
        size = weights[v].shape[0] // heads
        value, output = weights[v].copy(), weights[o].copy()
        for h in range(heads):
            turn, _ = np.linalg.qr(rng.standard_normal((size, size)))
            part = slice(h * size, (h + 1) * size)
            value[part] = (turn @ value[part]).astype(np.float32)
            output[:, part] = (output[:, part] @ turn.T).astype(np.float32)
        made[v], made[o] = value, output
    return made


def launder(weights: Weights, seed: int, heads: int = 4) -> Weights:
    """Everything at once: nothing keeps its place, the network computes the same."""
    made = rescale_units(mix_values(shuffle_units(weights, seed, heads), seed, heads), seed)
    return rotate(made, seed + 1)


# --- changes that lose something ------------------------------------------------------------------


def noise(weights: Weights, seed: int, sigma: float) -> Weights:
    """Noise of ``sigma`` times each matrix's own standard deviation."""
    rng = np.random.default_rng(seed)

    def change(_: str, value: Array) -> Array:
        if value.ndim == 1:
            return value
        noisy: Array = value + sigma * value.std() * rng.standard_normal(value.shape)
        return noisy.astype(np.float32)

    return _mapped(weights, change)


def quantise(weights: Weights, bits: int, group: int = 32) -> Weights:
    """Rounded to symmetric levels in groups along the rows, and back to floats."""
    levels = 2 ** (bits - 1) - 1

    def change(_: str, value: Array) -> Array:
        if value.ndim == 1 or value.size % group:
            return value
        groups = value.reshape(-1, group)
        step = np.abs(groups).max(axis=1, keepdims=True) / levels
        step[step == 0] = 1
        rounded: Array = (np.rint(groups / step) * step).reshape(value.shape)
        return rounded.astype(np.float32)

    return _mapped(weights, change)


def prune(weights: Weights, share: float) -> Weights:
    """The smallest entries of every layer's matrices set to zero."""

    def change(name: str, value: Array) -> Array:
        if value.ndim == 1 or name in (EMBED, HEAD):
            return value
        limit = np.quantile(np.abs(value), share)
        return np.where(np.abs(value) <= limit, 0, value).astype(np.float32)

    return _mapped(weights, change)


def prune_width(weights: Weights, keep: float, seed: int) -> Weights:
    """The largest hidden units kept, in a new order."""
    rng = np.random.default_rng(seed)
    made = dict(weights)
    for i in range(layers_of(weights)):
        up, down, gate = (layer(i, f"mlp.{part}_proj") for part in ("up", "down", "gate"))
        size = np.linalg.norm(weights[up], axis=1) * np.linalg.norm(weights[down], axis=0)
        kept = np.argsort(-size)[: int(keep * size.size)]
        kept = rng.permutation(kept)
        made[up], made[gate] = weights[up][kept], weights[gate][kept]
        made[down] = weights[down][:, kept]
    return made


def relayer(weights: Weights, order: list[int]) -> Weights:
    """The layers with these numbers, in this order: dropped, repeated, swapped."""
    made = {n: v for n, v in weights.items() if not n.startswith("model.layers.")}
    for new, old in enumerate(order):
        for name, value in weights.items():
            if name.startswith(f"model.layers.{old}."):
                made[name.replace(f"layers.{old}.", f"layers.{new}.", 1)] = value
    return made


def stitch(first: Weights, second: Weights, cut: int) -> Weights:
    """The layers below ``cut`` of one model, the others of another."""
    made = dict(first)
    for i in range(cut, layers_of(first)):
        made.update({n: v for n, v in second.items() if n.startswith(f"model.layers.{i}.")})
    return made


def average(first: Weights, second: Weights, share: float) -> Weights:
    """``share`` of the first model, the rest of the second."""
    return _mapped(first, lambda n, v: (share * v + (1 - share) * second[n]).astype(np.float32))


def lora(weights: Weights, seed: int, rank: int, size: float = 0.3) -> Weights:
    """A change of low rank merged into every matrix of the layers."""
    rng = np.random.default_rng(seed)

    def change(name: str, value: Array) -> Array:
        if value.ndim == 1 or not name.startswith("model.layers."):
            return value
        left = rng.standard_normal((value.shape[0], rank))
        delta = left @ rng.standard_normal((rank, value.shape[1]))
        changed: Array = value + size * value.std() / np.sqrt(rank) * delta
        return changed.astype(np.float32)

    return _mapped(weights, change)


def upcycle(weights: Weights, experts: int, seed: int | None = None) -> Weights:
    """Every MLP copied into experts; with a seed, split among them in a random order instead."""
    rng = np.random.default_rng(seed or 0)
    made = {n: v for n, v in weights.items() if ".mlp." not in n}
    for i in range(layers_of(weights)):
        gate, up, down = (weights[layer(i, f"mlp.{part}_proj")] for part in ("gate", "up", "down"))
        made[layer(i, "mlp.gate")] = (rng.standard_normal((experts, up.shape[1])) * 0.02).astype(
            np.float32
        )
        parts = np.array_split(rng.permutation(up.shape[0]), experts)
        for e in range(experts):
            rows = parts[e] if seed is not None else np.arange(up.shape[0])
            for part, value in (("gate", gate[rows]), ("up", up[rows]), ("down", down[:, rows])):
                made[layer(i, f"mlp.experts.{e}.{part}_proj")] = value
    return made


def extend_vocabulary(weights: Weights, more: int, seed: int) -> Weights:
    """New tokens after the old ones."""
    rng = np.random.default_rng(seed)
    made = dict(weights)
    for name in (EMBED, HEAD):
        new = rng.standard_normal((more, weights[name].shape[1])) * weights[name].std()
        made[name] = np.concatenate([weights[name], new.astype(np.float32)])
    return made


def transplant(into: Weights, source: Weights) -> Weights:
    """One model's embedding in another one."""
    return {**into, EMBED: source[EMBED]}


# --- all of them ----------------------------------------------------------------------------------


def relatives(base: Weights, stranger: Weights, tuned: Weights | None = None) -> dict[str, Weights]:
    """Relatives that keep the basis, and so are found by an exact test, by what was done."""
    depth = layers_of(base)
    first, *_, last = range(depth)
    made = {
        "8 bit": quantise(base, 8),
        "4 bit": quantise(base, 4),
        "3 bit": quantise(base, 3),
        "half pruned": prune(base, 0.5),
        "pruned to a fifth": prune(base, 0.8),
        "layer dropped": relayer(base, [i for i in range(depth) if i != 1]),
        "layers repeated": relayer(base, [*range(depth), *range(1, depth)]),
        "layers swapped": relayer(base, [last, *range(1, depth - 1), first]),
        "experts copied": upcycle(base, 4),
        "experts split": upcycle(base, 4, seed=3),
        "half a stranger": average(base, stranger, 0.5),
        "a third left": average(base, stranger, 0.3),
        "stitched": stitch(base, stranger, depth // 2),
        "units shuffled": shuffle_units(base, 5),
        "values mixed": mix_values(base, 6),
        "units rescaled": rescale_units(base, 7),
        "noise of its own size": noise(base, 8, 1.0),
        "width pruned": prune_width(base, 0.75, 9),
        "vocabulary extended": extend_vocabulary(base, 64, 10),
        "adapter merged": lora(base, 11, 8),
        "norms folded": fold_norms(base),
    }
    if tuned is not None:
        made["two tunings merged"] = average(tuned, drift(base, 77, 0.95), 0.5)
        made["tuned, 4 bit"] = quantise(tuned, 4)
        made["tuned, units shuffled"] = shuffle_units(tuned, 12)
    return made


def laundered(base: Weights, tuned: Weights | None = None) -> dict[str, Weights]:
    """Relatives in which nothing keeps its place."""
    made = {
        "rotated": rotate(base, 20),
        "residual shuffled": shuffle_residual(base, 21),
        "everything": launder(base, 22),
        "everything, 4 bit": quantise(launder(base, 23), 4),
        "rotated, 4 bit": quantise(rotate(base, 24), 4),
        "residual shuffled, 4 bit": quantise(shuffle_residual(base, 25), 4),
    }
    if tuned is not None:
        made["everything, tuned"] = launder(tuned, 26)
        made["everything, tuned, noise"] = noise(launder(tuned, 27), 28, 0.3)
    return made


# --- files ----------------------------------------------------------------------------------------


def safetensors(weights: Weights, dtype: str = "F32") -> bytes:
    """The model as a safetensors file; BF16 cuts the lower half of each float off, rounded."""
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    at = 0
    for name, value in weights.items():
        raw = encode(value, dtype)
        header[name] = {
            "dtype": dtype, "shape": list(value.shape), "data_offsets": [at, at + len(raw)],
        }  # fmt: skip
        parts.append(raw)
        at += len(raw)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head + b"".join(parts)


def encode(value: Array, dtype: str) -> bytes:
    """The bytes of an array as F32, F16 or BF16."""
    if dtype == "BF16":
        bits = np.ascontiguousarray(value, np.float32).view(np.uint32)
        rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
        return rounded.astype("<u2").tobytes()
    return np.ascontiguousarray(value, {"F32": "<f4", "F16": "<f2"}[dtype]).tobytes()


def stored(value: Array, dtype: str) -> Array:
    """What is left of an array that was stored as this type."""
    if dtype == "BF16":
        bits = np.frombuffer(encode(value, dtype), "<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(value.shape)
    return (
        np.frombuffer(encode(value, dtype), f"<f{4 if dtype == 'F32' else 2}")
        .reshape(value.shape)
        .astype(np.float32)
    )


_GGUF = {
    "model.embed_tokens": "token_embd", "lm_head": "output", "model.norm": "output_norm",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip


def gguf(weights: Weights) -> bytes:
    """The model as a GGUF file: matrices in Q8_0, vectors in F32, under that format's names."""
    infos, parts, at = b"", [], 0
    for name, value in weights.items():
        stem = name.removesuffix(".weight")
        if stem.startswith("model.layers."):
            _, _, number, part = stem.split(".", 3)
            stem = f"blk.{number}.{_GGUF[part]}"
        else:
            stem = _GGUF[stem]
        kind, raw = (8, _q8_0(value)) if value.ndim == 2 else (0, encode(value, "F32"))
        label = f"{stem}.weight".encode()
        infos += len(label).to_bytes(8, "little") + label + value.ndim.to_bytes(4, "little")
        infos += b"".join(n.to_bytes(8, "little") for n in reversed(value.shape))
        infos += kind.to_bytes(4, "little") + at.to_bytes(8, "little")
        raw += b"\0" * (-len(raw) % 32)
        parts.append(raw)
        at += len(raw)
    head = b"GGUF" + (3).to_bytes(4, "little") + len(weights).to_bytes(8, "little") + bytes(8)
    head += infos
    return head + b"\0" * (-len(head) % 32) + b"".join(parts)


def _q8_0(value: Array) -> bytes:
    groups = value.reshape(-1, 32)
    step = (np.abs(groups).max(axis=1) / 127).astype("<f2")
    safe = np.where(step == 0, 1, step).astype(np.float32)
    codes = np.rint(groups / safe[:, None]).clip(-127, 127).astype(np.int8)
    return b"".join(s.tobytes() + c.tobytes() for s, c in zip(step, codes, strict=True))
