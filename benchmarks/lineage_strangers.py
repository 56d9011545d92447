"""Small models that share no start, and yet resemble one another as real strangers do.

Each kind gives weights for a seed: two seeds are two strangers. What they share is what training on
like data makes alike without any descent: features of tokens, profiles over depth and over what is
ordered, filters, solutions of one kind of least squares problem. No test may take that for origin.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from benchmarks import lineage_models as lm
from benchmarks.lineage_models import Array, Weights

WIDTH, HIDDEN, LAYERS, TOKENS = 64, 96, 3, 256
MICRO = lm.Sizes(WIDTH, LAYERS, 2, HIDDEN, TOKENS)


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, 5])


def _learned(rng: np.random.Generator, *shape: int) -> Array:
    """A matrix as training leaves it: noise and a few strong directions of its own."""
    rows, columns = shape[0], int(np.prod(shape[1:]))
    low = rng.standard_normal((rows, 6)) @ rng.standard_normal((6, columns))
    made: Array = (0.04 * rng.standard_normal((rows, columns)) + 0.03 * low).astype(np.float32)
    return made.reshape(shape)


def _gains(rng: np.random.Generator, width: int) -> Array:
    return (1 + 0.2 * rng.standard_normal(width)).astype(np.float32)


def tokens(
    rng: np.random.Generator, features: int, share: float, count: int = TOKENS, width: int = WIDTH
) -> tuple[Array, Array]:
    """Embeddings in a basis of their own, and the map from common features of tokens into it."""
    common = np.random.default_rng(99).standard_normal((count, features))
    common *= np.linspace(2, 1, features)
    into = rng.standard_normal((features, width))
    meant = common @ into
    made = np.sqrt(share) * meant / meant.std()
    made += np.sqrt(1 - share) * rng.standard_normal((count, width))
    return (0.04 * made).astype(np.float32), into


# --- language models ------------------------------------------------------------------------------


def plain(seed: int) -> Weights:
    """Gated layers, an output matrix of its own."""
    return lm.trained(seed, MICRO)


def tied(seed: int) -> Weights:
    """No output matrix, embeddings mostly made of a few common features of tokens."""
    made = lm.trained(seed, MICRO)
    del made[lm.HEAD]
    made[lm.EMBED], _ = tokens(_rng(seed), 3 + 5 * (seed % 2), 0.7 + 0.1 * (seed % 3))
    return made


def common_head(seed: int) -> Weights:
    """Input and output matrices that carry the same features along the same dimensions."""
    rng = _rng(seed)
    made = lm.trained(seed, MICRO)
    embedding, _ = tokens(rng, 8, 0.8)
    noise = 0.02 * rng.standard_normal(embedding.shape)
    return made | {lm.EMBED: embedding, lm.HEAD: (embedding + noise).astype(np.float32)}


def reading(seed: int) -> Weights:
    """Units whose gate and up rows both read one common feature of tokens."""
    rng = _rng(seed)
    made = lm.trained(seed, MICRO)
    made[lm.EMBED], into = tokens(rng, 8, 0.8)
    back = np.linalg.pinv(into).T
    for i in range(LAYERS):
        taste = rng.standard_normal((HIDDEN, 8))
        for part in ("gate", "up"):
            near = taste + 0.2 * rng.standard_normal(taste.shape)
            rows = near @ back + 0.02 * rng.standard_normal((HIDDEN, WIDTH))
            made[lm.layer(i, f"mlp.{part}_proj")] = rows.astype(np.float32)
    return made


def correlated(seed: int) -> Weights:
    """Gate, up and down of one unit alike, units of very different size, sorted by it."""
    rng = _rng(seed)
    made = lm.trained(seed, MICRO)
    size = np.exp(np.linspace(1, -1, HIDDEN))[:, None]
    for i in range(LAYERS):
        gate = size * _learned(rng, HIDDEN, WIDTH)
        made[lm.layer(i, "mlp.gate_proj")] = gate.astype(np.float32)
        near = 0.8 * gate + 0.03 * size * rng.standard_normal(gate.shape)
        made[lm.layer(i, "mlp.up_proj")] = near.astype(np.float32)
        made[lm.layer(i, "mlp.down_proj")] = (0.5 * near - 0.3 * gate).T.astype(np.float32)
    return made


def profiled(seed: int) -> Weights:
    """Gains that follow one profile over the dimensions, as nested widths are trained."""
    rng = _rng(seed)
    made = lm.trained(seed, MICRO)
    falling = np.exp(-np.arange(WIDTH) / 40)
    for name, value in made.items():
        if value.ndim == 1:
            noisy = falling * (1 + 0.05 * rng.standard_normal(WIDTH))
            made[name] = noisy.astype(np.float32)
    made[lm.EMBED] = (made[lm.EMBED] * falling).astype(np.float32)
    return made


def waves(seed: int) -> Weights:
    """Fixed waves as positions: every dimension has a frequency, and a gain that suits it."""
    rng = _rng(seed)
    angle = np.arange(128)[:, None] * 10000 ** (-np.arange(WIDTH // 2) / (WIDTH // 2))
    table = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
    made = lm.trained(seed, MICRO)
    made["model.embed_positions.weight"] = table.astype(np.float32)
    suits = 1 + 0.3 * np.random.default_rng(3).standard_normal(WIDTH // 2)
    for name, value in made.items():
        if value.ndim == 1:
            made[name] = (np.tile(suits, 2) + 0.02 * rng.standard_normal(WIDTH)).astype(np.float32)
    return made


def inputs_first(seed: int) -> Weights:
    """Names and order of axes as GPT-2 has them; learned positions, smooth and alike."""
    rng = _rng(seed)
    made: Weights = {"wte.weight": tokens(rng, 8, 0.5)[0]}
    slow = np.sin(np.arange(128)[:, None] / 128 * np.arange(1, 5))
    made["wpe.weight"] = (slow @ rng.standard_normal((4, WIDTH))).astype(np.float32)
    for i in range(LAYERS):
        for part, shape in (
            ("attn.c_attn", (WIDTH, 3 * WIDTH)), ("attn.c_proj", (WIDTH, WIDTH)),
            ("mlp.c_fc", (WIDTH, HIDDEN)), ("mlp.c_proj", (HIDDEN, WIDTH)),
        ):  # fmt: skip
            made[f"h.{i}.{part}.weight"] = _learned(rng, *shape)
            made[f"h.{i}.{part}.bias"] = 0.1 * _gains(rng, shape[1])
        for part in ("ln_1", "ln_2"):
            made[f"h.{i}.{part}.weight"] = _gains(rng, WIDTH)
    return made


def encoder(seed: int) -> Weights:
    """Two-matrix layers under BERT's names, up and down of a unit alike."""
    rng = _rng(seed)
    made: Weights = {"embeddings.word_embeddings.weight": tokens(rng, 8, 0.6)[0]}
    for i in range(LAYERS):
        stem = f"encoder.layer.{i}"
        for part in ("query", "key", "value"):
            made[f"{stem}.attention.self.{part}.weight"] = _learned(rng, WIDTH, WIDTH)
        made[f"{stem}.attention.output.dense.weight"] = _learned(rng, WIDTH, WIDTH)
        up = _learned(rng, HIDDEN, WIDTH)
        made[f"{stem}.intermediate.dense.weight"] = up
        made[f"{stem}.output.dense.weight"] = -0.8 * up.T + 0.3 * _learned(rng, WIDTH, HIDDEN)
        made[f"{stem}.output.LayerNorm.weight"] = _gains(rng, WIDTH)
    return made


def unnamed(seed: int) -> Weights:
    """What an exporter leaves of an encoder: numbers for names, matrices inputs first."""
    made: Weights = {}
    for number, (name, value) in enumerate(encoder(seed).items()):
        matrix = value.ndim == 2 and "embeddings" not in name
        made[f"onnx::MatMul_{470 + number}" if matrix else name] = value.T if matrix else value
    return made


# --- vision, audio and series ---------------------------------------------------------------------


def convolutions(seed: int) -> Weights:
    """Kernels and batch norms; statistics of the colours and ten classes in common."""
    rng = _rng(seed)
    made: Weights = {}
    for i, (out, into) in enumerate([(64, 3), (64, 64), (128, 64), (128, 128)]):
        made[f"features.{i}.conv.weight"] = _learned(rng, out, into, 3, 3)
        made[f"features.{i}.bn.weight"] = _gains(rng, out)
    made["head.weight"] = _learned(rng, 20, 128)
    return made


def merged_skips(seed: int) -> Weights:
    """Kernels into which a path around them was merged, and layers that began as the identity."""
    rng = _rng(seed)
    made: Weights = {
        "stem.weight": _learned(rng, 64, 3, 3, 3),
        "head.weight": _learned(rng, 20, 64),
    }
    for i in range(LAYERS):
        kernel = _learned(rng, 64, 64, 3, 3)
        kernel[np.arange(64), np.arange(64), 1, 1] += 1
        made[f"stages.{i}.reparam.weight"] = kernel
        square = _learned(rng, 64, 64) + np.eye(64, dtype=np.float32)
        made[f"adapters.{i}.weight"] = square
        made[f"adapters.{i}.bias"] = 0.1 * _gains(rng, 64)
    return made


def patches(seed: int) -> Weights:
    """Patches of 3 x 16 x 16, their positions as fixed waves without a name that says so."""
    rng = _rng(seed)
    made: Weights = {"patch_embed.proj.weight": _learned(rng, WIDTH, 3, 16, 16)}
    for i in range(LAYERS):
        stem = f"blocks.{i}"
        made[f"{stem}.attn.qkv.weight"] = _learned(rng, 3 * WIDTH, WIDTH)
        made[f"{stem}.attn.proj.weight"] = _learned(rng, WIDTH, WIDTH)
        made[f"{stem}.attn.bias_table"] = _near(49, 64)
        made[f"{stem}.mlp.fc1.weight"] = _learned(rng, HIDDEN, WIDTH)
        made[f"{stem}.mlp.fc2.weight"] = _learned(rng, WIDTH, HIDDEN)
        made[f"{stem}.norm1.weight"] = _gains(rng, WIDTH)
    made["head.weight"] = _learned(rng, 100, WIDTH)
    return made


def _near(rows: int, columns: int, width: float = 3.0) -> Array:
    """A matrix in which near places belong together."""
    at, to = np.linspace(0, 1, rows), np.linspace(0, 1, columns)
    made: Array = np.exp(-np.abs(at[:, None] - to) * max(rows, columns) / width)
    return made.astype(np.float32)


def mixer(seed: int) -> Weights:
    """Layers that mix positions, as wide as the channels are; 64 of each."""
    rng = _rng(seed)
    made: Weights = {
        "stem.weight": _learned(rng, 64, 3, 8, 8),
        "head.weight": _learned(rng, 20, 64),
    }
    for i in range(LAYERS):
        near = _near(64, 64, 2 + i) * rng.uniform(0.5, 1.5)
        made[f"blocks.{i}.mix.weight"] = (near + 0.05 * rng.standard_normal((64, 64))).astype("f4")
        made[f"blocks.{i}.mix.bias"] = 0.1 * _gains(rng, 64)
        made[f"blocks.{i}.tokens.0.weight"] = _learned(rng, 32, 64)
        made[f"blocks.{i}.tokens.2.weight"] = _learned(rng, 64, 32)
        made[f"blocks.{i}.channels.0.weight"] = _learned(rng, 128, 64)
        made[f"blocks.{i}.channels.2.weight"] = _learned(rng, 64, 128)
        made[f"blocks.{i}.norm.weight"] = _gains(rng, 64)
    return made


def speech(seed: int) -> Weights:
    """Mel bins made by learned filters, normalised, then convolutions and a recurrent layer."""
    rng = _rng(seed)
    bins = np.arange(80)
    filters = np.stack([np.clip(1 - np.abs(np.arange(257) - 4 - 3 * b) / 4, 0, 1) for b in bins])
    falling = 1 - 0.006 * bins
    return {
        "frontend.weight": (filters + 0.02 * rng.standard_normal(filters.shape)).astype("f4"),
        "frontend.bn0.weight": (falling + 0.03 * rng.standard_normal(80)).astype("f4"),
        "normalizer.mean": (-4 * falling + 0.1 * rng.standard_normal(80)).astype("f4"),
        "conv1.weight": _learned(rng, 64, 80, 3),
        "conv1.bn.weight": _gains(rng, 64),
        "conv2.weight": _learned(rng, 80, 64, 3),
        "rnn.weight_ih_l0": _gated(rng, 32, 80),
        "rnn.weight_hh_l0": _gated(rng, 32, 32),
        "crf.transitions": _tags(rng, 40),
        "out.weight": _learned(rng, 40, 32),
    }


def _gated(rng: np.random.Generator, units: int, columns: int) -> Array:
    """Four gates, each leaning its own way in every such network."""
    lean = np.random.default_rng(8).standard_normal((4, 1, columns))
    made: Array = lean + 0.3 * rng.standard_normal((4, units, columns))
    return made.reshape(4 * units, columns).astype(np.float32)


def _tags(rng: np.random.Generator, n: int) -> Array:
    """Scores of BIO tags: inside only after begin or inside of the same kind."""
    i, j = np.indices((n, n))
    inside = j % 2 == 1
    allowed = (i == j) | (i == j - 1)
    made = 0.3 * rng.standard_normal((n, n)) + np.where(inside, np.where(allowed, 3, -4), 0)
    return made.astype(np.float32)


def series(seed: int, past: int = 96, ahead: int = 48) -> Weights:
    """Linear forecasts fitted by least squares, each on a daily series of its own; halved twice."""
    rng = _rng(seed)
    t = np.arange(2000)
    x = rng.standard_normal(24)[t % 24] + 0.5 * rng.standard_normal(168)[t % 168]
    x = x + 0.05 * np.cumsum(rng.standard_normal(len(t))) + 0.3 * rng.standard_normal(len(t))
    made: Weights = {}
    for name, (a, b) in {
        "linear": (past, ahead), "down.0": (past, past // 2), "down.1": (past // 2, past // 4),
        "square": (past, past),
    }.items():  # fmt: skip
        step = max(1, a // b) if name.startswith("down") else 1
        windows = np.lib.stride_tricks.sliding_window_view(x, a + b)[:, : a + b]
        known, wanted = windows[:, :a], windows[:, a:]
        if name.startswith("down"):
            wanted = known[:, ::step] + 0.1 * rng.standard_normal((len(known), b))
        fitted = np.linalg.solve(known.T @ known + 5 * np.eye(a), known.T @ wanted).T
        made[f"{name}.weight"] = fitted.astype(np.float32)
        made[f"{name}.bias"] = np.zeros(b, np.float32)
    return made


def digits(seed: int) -> Weights:
    """A table of bytes, an MLP and the same classes; time as waves goes in through a layer."""
    rng = _rng(seed)
    common = np.random.default_rng(4)
    return {
        "table.weight": tokens(rng, 8, 0.8)[0],
        "time.0.weight": _learned(rng, 96, 64),
        "time.2.weight": _learned(rng, 64, 96),
        "net.0.weight": _learned(rng, 128, 64),
        "net.0.bias": 0.1 * _gains(rng, 128),
        "net.2.weight": _learned(rng, 128, 128),
        "net.2.bias": 0.1 * _gains(rng, 128),
        "net.4.weight": _learned(rng, 24, 128),
        "inputs.bn.weight": (common.uniform(0.5, 2, 72) + 0.02 * _gains(rng, 72)).astype("f4"),
        "inputs.weight": _learned(rng, 128, 72),
        "inputs.pca": _basis(72),
        "inputs.turn.weight": _basis(128),
    }


def _basis(n: int) -> Array:
    """Components of common data, in the order of their variance."""
    data = np.random.default_rng(6).standard_normal((400, n)) * np.linspace(3, 0.2, n)
    _, _, turned = np.linalg.svd(data @ np.random.default_rng(7).standard_normal((n, n)))
    made: Array = turned[: n - 8].astype(np.float32)
    return made


KINDS: dict[str, Callable[[int], Weights]] = {
    "plain": plain, "tied": tied, "common head": common_head, "reading": reading,
    "correlated": correlated, "profiled": profiled, "waves": waves, "inputs first": inputs_first,
    "encoder": encoder, "unnamed": unnamed, "convolutions": convolutions,
    "merged skips": merged_skips, "patches": patches, "mixer": mixer, "speech": speech,
    "series": series, "digits": digits,
}  # fmt: skip
