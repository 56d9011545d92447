"""Trains a small family tree of language models, and judges every pair of it.

    python -m benchmarks.lineage_tree train DIR     # needs torch; some minutes a base on one core
    python -m benchmarks.lineage_tree judge DIR     # needs NumPy only

The text is the Python standard library's source, so nothing has to be fetched. Five bases with
starts of their own, the same start with another order of data, tuned, continued, distilled and
transplanted relatives; everything else that is done to weights is done by ``lineage_models``. The
answers are known by how each was made; ``judge`` prints the misses.
"""

from __future__ import annotations

import re
import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks import lineage_models as lm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.lineage_models import Weights

SIZES = lm.Sizes()
UNUSED = 16  # tokens that never occur
LENGTH, BATCH, RATE = 128, 16, 2e-3
STEPS = 500
_PIECE = re.compile(rb"[A-Za-z]{1,24}| {1,16}|[0-9]|[^A-Za-z0-9 ]")


def corpus(pattern: str, limit: int) -> bytes:
    """Source files of the standard library, one after the other."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = bytearray()
    for path in sorted(root.glob(pattern)):
        if "site-packages" not in path.parts:
            found += path.read_bytes()
        if len(found) > limit:
            break
    return bytes(found[:limit])


def vocabulary(text: bytes) -> dict[bytes, int]:
    """All bytes, then the most frequent words."""
    words = Counter(_PIECE.findall(text))
    listed = [bytes([b]) for b in range(256)]
    room = SIZES.vocabulary - UNUSED - len(listed)
    listed += [w for w, _ in words.most_common(4 * room) if len(w) > 1][:room]
    return {word: number for number, word in enumerate(listed)}


def encode(text: bytes, table: dict[bytes, int]) -> Any:
    ids: list[int] = []
    for piece in _PIECE.findall(text):
        found = table.get(piece)
        ids.extend([found] if found is not None else piece)
    return np.array(ids, np.int64)


def run(weights: Weights, tokens: Any, seed: int, steps: int, **how: Any) -> Weights:
    """Train on; ``how``: rate, and ``teacher`` for distillation."""
    import torch  # type: ignore[import-not-found,unused-ignore]
    from torch.nn import functional  # type: ignore[import-not-found,unused-ignore]

    rate, teacher = how.get("rate", RATE), how.get("teacher")
    torch.manual_seed(0)
    live = {n: torch.tensor(v, requires_grad=True) for n, v in weights.items()}
    optimiser = torch.optim.AdamW(live.values(), lr=rate, betas=(0.9, 0.95), weight_decay=0.1)
    rng = np.random.default_rng(seed)
    guide = {n: torch.tensor(v) for n, v in teacher.items()} if teacher else None
    began, lost = time.time(), 0.0
    for step in range(steps):
        warm = min(1.0, (step + 1) / 50)
        for group in optimiser.param_groups:
            group["lr"] = rate * warm
        at = rng.integers(0, len(tokens) - LENGTH - 1, BATCH)
        batch = torch.tensor(np.stack([tokens[i : i + LENGTH + 1] for i in at]))
        logits = forward(live, batch[:, :-1])
        if guide is None:
            loss = functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        else:
            with torch.no_grad():
                wanted = forward(guide, batch[:, :-1]).softmax(-1)
            loss = -(wanted * logits.log_softmax(-1)).sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(live.values()), 1.0)
        optimiser.step()
        lost = 0.98 * lost + 0.02 * loss.item() if step else loss.item()
    print(f"  loss {lost:.3f} after {steps} steps, {time.time() - began:.0f} s", flush=True)
    return {n: v.detach().numpy().copy() for n, v in live.items()}


def forward(w: dict[str, Any], ids: Any) -> Any:
    """A Llama-like decoder: norms by root mean square, rotary positions, gated MLP."""
    import torch
    from torch.nn import functional

    heads, size = SIZES.heads, SIZES.width // SIZES.heads
    x = w[lm.EMBED][ids]
    b, t, d = x.shape
    angle = torch.arange(t)[:, None] * 10000 ** (-torch.arange(0, size, 2) / size)
    cos, sin = angle.cos(), angle.sin()

    def norm(value: Any, gain: Any) -> Any:
        return value * torch.rsqrt(value.pow(2).mean(-1, keepdim=True) + 1e-6) * gain

    def turn(value: Any) -> Any:
        one, two = value.chunk(2, -1)
        return torch.cat([one * cos - two * sin, two * cos + one * sin], -1)

    for i in range(SIZES.layers):
        y = norm(x, w[lm.layer(i, "input_layernorm")])
        q, k, v = (
            (y @ w[lm.layer(i, f"self_attn.{p}_proj")].T).view(b, t, heads, size).transpose(1, 2)
            for p in "qkv"
        )
        y = functional.scaled_dot_product_attention(turn(q), turn(k), v, is_causal=True)
        x = x + y.transpose(1, 2).reshape(b, t, d) @ w[lm.layer(i, "self_attn.o_proj")].T
        y = norm(x, w[lm.layer(i, "post_attention_layernorm")])
        y = functional.silu(y @ w[lm.layer(i, "mlp.gate_proj")].T) * (
            y @ w[lm.layer(i, "mlp.up_proj")].T
        )
        x = x + y @ w[lm.layer(i, "mlp.down_proj")].T
    return norm(x, w[lm.NORM]) @ w[lm.HEAD].T


def train(folder: Path, steps: int = STEPS) -> None:
    """Write one ``.npz`` per trained model; those that are there are kept."""
    import torch

    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    main = corpus("*.py", 6_000_000)
    table = vocabulary(main)
    text = encode(main, table)
    other = encode(corpus("test/*.py", 3_000_000), table)
    prose = encode(corpus("pydoc_data/*.py", 1_000_000), table)
    kept: dict[str, Weights] = {}

    def make(name: str, how: Callable[[], Weights]) -> None:
        path = folder / f"{name}.npz"
        if path.is_file():
            with np.load(path, allow_pickle=False) as stored:
                kept[name] = dict(stored)
            return
        print(name, flush=True)
        kept[name] = how()
        np.savez(path, allow_pickle=False, **kept[name])

    def on(source: str, tokens: Any, seed: int, steps: int, rate: float = RATE) -> Any:
        return lambda: run(kept[source], tokens, seed, steps, rate=rate)

    def fresh(seed: int, order: int) -> Any:
        return lambda: run(lm.start(seed), text, order, steps)

    for seed in (0, 1, 2, 3):  # the order of the data is the same for 0 and 2
        make(f"s{seed}", fresh(seed, 100 + seed % 2))
    make("s0b", fresh(0, 555))
    for base in ("s0", "s1"):
        make(f"{base}-code", on(base, other, 7, steps // 2, RATE / 4))
        make(f"{base}-prose", on(base, prose, 8, steps // 4, RATE / 4))
        make(f"{base}-on1", on(base, other, 9, steps))
    make("s0-on2", on("s0-on1", other, 10, steps))
    make("s0-on4", on("s0-on2", other, 11, 2 * steps))
    make("student", lambda: run(lm.start(41), text, 12, steps, teacher=kept["s0"]))
    grafted = lm.transplant(lm.start(42), kept["s0"])
    make("grafted", lambda: run(grafted, text, 13, steps))


# --- judging --------------------------------------------------------------------------------------


def sketch(name: str, weights: Weights, dtype: str = "F32") -> Any:
    """The sketch of weights in memory, as of a local file read whole."""
    from openassay.files import File
    from openassay.lineage.table import weight_sets
    from openassay.lineage.take import take
    from openassay.release import Release, Source

    raw = lm.safetensors(weights, dtype)
    file = File("memory", "model.safetensors", len(raw), lambda at, n: raw[at : at + n])
    release = Release([Source("memory", "dir", "memory", "", name, (file,))])
    return take(weight_sets(release)[0], name)


def judge(folder: Path) -> None:
    """Every base against all relatives of its own and of the others."""
    from openassay.lineage.result import Verdict
    from openassay.lineage.rule import compare

    trained = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as stored:
            trained[path.stem] = dict(stored)
    pairs = list(_pairs(trained))
    counts: Counter[tuple[str, str]] = Counter()
    sketches: dict[str, Any] = {}

    def sketched(name: str, weights: Weights) -> Any:
        if name not in sketches:
            sketches[name] = sketch(name, weights)
        return sketches[name]

    wanted = {
        "plain": {Verdict.COMMON, Verdict.PART, Verdict.IDENTICAL, Verdict.REORDERED},
        "laundered": {Verdict.STRONG, Verdict.REORDERED},  # a plain shuffle keeps all values
        "unrelated": {Verdict.NONE, Verdict.CANNOT},
    }
    for group, base, name, weights in pairs:
        found = compare(sketched(base, trained[base]), sketched(name, weights))
        counts[group, str(found.verdict)] += 1
        # Rows of layers are in place once the columns' order is found: an exact test after all.
        proved = found.verdict is Verdict.COMMON and "residual shuffled" in name
        if found.verdict not in wanted[group] and not proved:
            said = "; ".join(f"{o.test} {o.count}/{o.of}" for o in found.outcomes if o.ran)
            print(f"MISS {group}: {base} / {name}: {found.verdict}: {said}")
        elif found.verdict in (Verdict.PART, Verdict.CANNOT):
            print(f"  {base} / {name}: {found.verdict}: {', '.join(found.parts or found.because)}")
    for (group, verdict), count in sorted(counts.items()):
        print(f"{group:10} {verdict:30} {count}")


def _pairs(trained: dict[str, Weights]) -> Iterator[tuple[str, str, str, Weights]]:
    """(group, base, name, weights): everything that is known of each pair by how it was made."""
    bases = [name for name in trained if re.fullmatch(r"s[0-9]", name)]
    for base in ("s0", "s1"):
        stranger = trained["s2" if base == "s0" else "s3"]
        tuned = trained[f"{base}-code"]
        own = {n: w for n, w in trained.items() if n.startswith(f"{base}-")}
        plain = {f"{base}: {n}": w for n, w in lm.relatives(trained[base], stranger, tuned).items()}
        hidden = {f"{base}: {n}": w for n, w in lm.laundered(trained[base], tuned).items()}
        for name, weights in (own | plain).items():
            yield "plain", base, name, weights
        for name, weights in hidden.items():
            yield "laundered", base, name, weights
        mixed = ("half a stranger", "a third left", "stitched")
        for other in bases:
            if other == base:
                continue
            for name, weights in (own | plain | hidden | {base: trained[base]}).items():
                if not (name.endswith(mixed) and other in ("s2", "s3")):
                    yield "unrelated", other, name, weights
    if "s0b" in trained:  # the same random start: common origin too
        yield "plain", "s0", "s0b", trained["s0b"]
    for name in ("student", "grafted"):
        if name in trained:
            yield ("unrelated" if name == "student" else "plain"), "s0", name, trained[name]


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    if what == "train":
        train(where)
    else:
        judge(where)
