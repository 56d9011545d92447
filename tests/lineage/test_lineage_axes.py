"""Where an index means something, agreement is no sign: each kind of layer as its own case."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from benchmarks import lineage_models as lm
from benchmarks import lineage_strangers as ls
from tests.lineage.conftest import related, sketch_of

from openassay.lineage import axes, index_tests
from openassay.lineage.prepared import Prepared
from openassay.lineage.result import Comparison, Verdict
from openassay.lineage.roles import Role, deterministic, part_of
from openassay.lineage.rule import compare_prepared
from openassay.lineage.statistics import log10_fixed_points

Array = npt.NDArray[np.float32]
SILENT = (Verdict.NONE, Verdict.CANNOT)


def plain(weights: dict[str, object]) -> lm.Weights:
    return {name: np.asarray(value, np.float32) for name, value in weights.items()}


def trunk(seed: int) -> dict[str, object]:
    """Two layers of a network, one after the other."""
    rng = np.random.default_rng(seed)
    return {
        "enc.conv.weight": rng.standard_normal((128, 64, 3)),
        "enc.proj.weight": rng.standard_normal((96, 128)),
    }


# --- what strangers share without any common origin -----------------------------------------------


def forecaster(seed: int, past: int = 192, ahead: int = 96) -> lm.Weights:
    """Rows and columns are both time steps; the fit of one daily series is like that of another."""
    fitted = ls.series(seed, past, ahead)
    return {"Linear_Seasonal.weight": fitted["linear.weight"],
            "Linear_Trend.weight": fitted["linear.weight"] * np.float32(0.5)}  # fmt: skip


def unnamed_forecaster(seed: int) -> lm.Weights:
    """The same under names that say nothing, chained, and with a square one."""
    fitted = ls.series(seed)
    return {name.replace("linear", "net.0").replace("down", "net"): value
            for name, value in fitted.items()}  # fmt: skip


def tagger(seed: int) -> lm.Weights:
    rng = np.random.default_rng(seed)
    i, j = np.indices((40, 40))
    scores = 0.3 * rng.standard_normal((40, 40)) - 4 * ((j % 2 == 1) & (i != j) & (i != j - 1))
    return plain(trunk(seed) | {"tags.weight": scores, "crf.transitions": scores.T})


def normalised(seed: int, name: str = "normalizer.mean", bins: int = 80) -> lm.Weights:
    """Speech of any kind has less energy in higher bins."""
    rng = np.random.default_rng(seed)
    falling = 4 - 0.04 * np.arange(bins) + 0.1 * rng.standard_normal(bins)
    return plain(trunk(seed) | {name: falling, "enc.conv_norm.weight": rng.uniform(0.5, 2, 128)})


def mel_in_a_hidden_width(seed: int) -> lm.Weights:
    """64 bins before a layer of 64 channels: sizes cannot tell them apart, the values can."""
    rng = np.random.default_rng(seed)
    made = normalised(seed, "bn0.weight", 64)
    return made | plain({"stem.weight": rng.standard_normal((64, 1, 3, 3))})


def standardised(seed: int) -> lm.Weights:
    """A norm of 72 input features in any order: two layers read them, none makes them."""
    rng = np.random.default_rng(seed)
    known = np.random.default_rng(0).uniform(0.5, 2, 72) + 0.02 * rng.standard_normal(72)
    return plain(trunk(seed) | {"inputs.norm.weight": known, "a.weight": rng.random((96, 72)),
                                "b.weight": rng.random((64, 72))})  # fmt: skip


def gated_positions(seed: int) -> lm.Weights:
    rng = np.random.default_rng(seed)
    made = trunk(seed)
    for i in range(4):
        near = np.exp(-np.abs(np.subtract.outer(np.arange(64), np.arange(64))) / (2 + i))
        made[f"blocks.{i}.mlp.sgu.proj.weight"] = near + 0.1 * rng.standard_normal((64, 64))
        made[f"blocks.{i}.mix.weight"] = near + 0.1 * rng.standard_normal((64, 64))
        made[f"blocks.{i}.mix.bias"] = rng.random(64)
        made[f"blocks.{i}.norm.weight"] = rng.uniform(0.5, 2, 128)
    return plain(made)


def _wavelets() -> Array:
    k = np.arange(64)
    made: Array = np.stack([np.exp(-(((k - c) / 3) ** 2)) * np.cos(0.9 * (k - c)) for c in k])
    return made


def _haar(n: int = 64) -> Array:
    made = np.array([[1.0]])
    while len(made) < n:
        fine = np.kron(np.eye(len(made)), [1, -1])
        made = np.vstack([np.kron(made, [1, 1]), fine])
    scaled: Array = made / np.linalg.norm(made, axis=1, keepdims=True)
    return scaled


def _decay() -> Array:
    k = np.arange(64)
    made: Array = np.tril(0.97 ** np.subtract.outer(k, k).clip(0))
    return made


def with_table(table: Callable[[], Array], name: str) -> Callable[[int], lm.Weights]:
    """A fixed table beside a trunk whose widths are those of the table."""

    def made(seed: int) -> lm.Weights:
        rng = np.random.default_rng(seed)
        stem = {"stem.weight": rng.standard_normal((64, 3, 3, 3)), f"{name}.bias": rng.random(64)}
        return plain(trunk(seed) | stem | {f"{name}.weight": table()})

    return made


def state_space(seed: int) -> lm.Weights:
    rng = np.random.default_rng(seed)
    made = trunk(seed)
    fixed = np.log(np.tile(np.arange(1, 65), (256, 1)))
    for i in range(6):
        made[f"layers.{i}.mixer.A_log"] = fixed + 0.05 * rng.standard_normal((256, 64))
        made[f"layers.{i}.norm.weight"] = rng.uniform(0.5, 2, 256)
    made["layers.0.mixer.D_norm"] = np.linspace(0.5, 2, 256) + 0.05 * rng.standard_normal(256)
    return plain(made)


STRANGERS: dict[str, Callable[[int], lm.Weights]] = {
    "forecasters": forecaster,
    "forecasters without names": unnamed_forecaster,
    "label transitions": tagger,
    "mean of mel bins": normalised,
    "norm of mel bins": lambda seed: normalised(seed, "bn0.weight", 64),
    "norm of mel bins, as wide as a layer": mel_in_a_hidden_width,
    "norm of input features": standardised,
    "gated positions": gated_positions,
    "Morlet wavelets": with_table(_wavelets, "features.transform"),
    "Haar wavelets": with_table(_haar, "features.basis"),
    "decay with distance": with_table(_decay, "attn.decay"),
    "state space": state_space,
}


def exact(found: Comparison) -> set[str]:
    return {o.test for o in found.outcomes if o.found and o.test != "T0"}


@pytest.mark.parametrize("kind", STRANGERS)
def test_strangers_with_one_order_show_nothing(kind: str) -> None:
    found = related(STRANGERS[kind](1), STRANGERS[kind](2))
    assert found.verdict in SILENT
    assert not exact(found)


def test_what_cannot_be_shown_is_said() -> None:
    found = related(unnamed_forecaster(1), unnamed_forecaster(2))
    assert found.verdict is Verdict.CANNOT
    assert "T3 could not be run" in found.because[0]
    assert "shown to be of hidden units" in found.because[0]


# --- strangers of all kinds, and the relatives that must still be found ---------------------------


def verdicts(count: int) -> dict[str, set[Verdict]]:
    made: dict[str, set[Verdict]] = {}
    for kind, weights in ls.KINDS.items():
        models = [Prepared(sketch_of(weights(s), f"{kind} {s}")) for s in range(count)]
        pairs = combinations(models, 2)
        made[kind] = {compare_prepared(a, b).verdict for a, b in pairs}
    return made


def test_a_pair_of_strangers_of_every_kind() -> None:
    wrong = {kind: found for kind, found in verdicts(2).items() if found - set(SILENT)}
    assert not wrong


@pytest.mark.slow
def test_hundreds_of_strangers_of_every_kind() -> None:
    """255 pairs: seventeen kinds, six of each."""
    wrong = {kind: found for kind, found in verdicts(6).items() if found - set(SILENT)}
    assert not wrong


@pytest.mark.slow
def test_strangers_of_two_kinds() -> None:
    """136 pairs of models that have sizes, names or features of tokens in common, not all three."""
    models = [Prepared(sketch_of(made(20 + at), kind))
              for at, (kind, made) in enumerate(ls.KINDS.items())]  # fmt: skip
    for a, b in combinations(models, 2):
        assert compare_prepared(a, b).verdict in SILENT, (a.sketch.name, b.sketch.name)


@pytest.mark.parametrize("kind", sorted(set(ls.KINDS) - {"series"}))
def test_relatives_of_every_kind_are_found(kind: str) -> None:
    """The rules leave enough to find a noisy copy; of series nothing can be shown."""
    base = ls.KINDS[kind](3)
    rng = np.random.default_rng(1)
    noisy = {n: (v + 0.3 * v.std() * rng.standard_normal(v.shape)).astype("f4")
             for n, v in base.items()}  # fmt: skip
    assert related(base, noisy).verdict is Verdict.COMMON


# --- sizes ----------------------------------------------------------------------------------------


def shown(weights: lm.Weights) -> set[str]:
    sketch = sketch_of(weights)
    seen = axes.Axes(sketch.table)
    return {row.name for i, row in enumerate(sketch.table) if seen.blocks(i)[0]}


def of(**shapes: tuple[int, ...]) -> lm.Weights:
    rng = np.random.default_rng(0)
    made = {n.replace("__", "."): rng.standard_normal(s) for n, s in shapes.items()}
    return plain(dict(made))


@pytest.mark.parametrize(
    ("weights", "rows"),
    [
        (of(a=(64, 32), b=(48, 64), c=(20, 48)), {"a", "b"}),  # the last rows are classes
        (of(a=(96, 192), b=(96, 192)), set()),  # inputs to outputs, twice
        (of(a=(32, 196), b=(196, 32), c=(64, 48), d=(20, 64)), {"c"}),  # positions and back
        (of(a=(64, 48), b=(256, 64), c=(64, 256), d=(20, 64)), {"a", "b", "c"}),  # units and back
        (of(a=(64, 1, 400), b=(128, 64, 3), c=(32, 128, 3)), {"b"}),  # filters on a signal
        (of(a__weight=(64, 64), b=(64, 48), c=(20, 64)), {"b"}),  # a square of anything
        (of(a__weight=(64, 64), a__bias=(64,), b=(64, 48), c=(20, 64)), {"a.weight", "b"}),
        (of(rnn__weight_ih=(256, 80), rnn__weight_hh=(256, 64)), {"rnn.weight_ih"}),
        (of(rnn__weight_ih=(256, 80)), set()),
        (of(word_embeddings=(256, 64), b=(64, 256), c=(64, 20), d=(48, 64)), {"b", "c"}),
    ],
)
def test_only_sizes_between_two_layers_are_hidden(weights: lm.Weights, rows: set[str]) -> None:
    assert shown(weights) == rows


def test_names_that_say_what_sizes_do_not() -> None:
    for name in ("crf.transitions", "mixer.A_log", "frontend.pca.weight", "attn.bias_table",
                 "block.token_mixing.fc1.weight", "Linear_Trend.weight"):  # fmt: skip
        assert part_of(name, (64, 64)).role is Role.DENIED
    assert part_of("transition1.conv.weight", (64, 64, 1, 1)).role is Role.OTHER
    for name in ("normalizer.mean", "input_norm.std", "norm.running_var"):
        assert part_of(name, (80,)).role is Role.PLAIN


# --- values ---------------------------------------------------------------------------------------

PLACE = np.arange(80)
ORDERED = {
    "a trend": -4 - 0.08 * PLACE,
    "a wave": np.sin(PLACE / 9),
    "blocks": np.repeat([1.0, 3.0, 2.0, 5.0], 20),
    "halves alike": np.tile(np.random.default_rng(2).random(40), 2),
    "even and odd": PLACE % 2 * 1.0,
}


@pytest.mark.parametrize("kind", ORDERED)
def test_an_order_of_values_is_seen(kind: str) -> None:
    noise = 0.05 * np.ptp(ORDERED[kind]) * np.random.default_rng(1).standard_normal(80)
    assert axes.ordered_values(ORDERED[kind] + noise)


def test_and_none_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    for n in (64, 384, 4096):
        heavy = rng.standard_t(1.5, (100, n))
        assert not any(axes.ordered_values(one) for one in heavy)
    for shape in ((64, 32), (64, 384), (16, 64), (64, 27)):
        low = rng.standard_normal((100, shape[0], 3)) @ rng.standard_normal((100, 3, shape[1]))
        sparse = np.where(rng.random(low.shape) < 0.8, 0, low)
        for rows in (*low, *sparse):
            assert not axes.ordered_rows(rows.astype(np.float32))


@pytest.mark.parametrize("kind", ["near", "moved", "daily"])
def test_an_order_of_rows_is_seen(kind: str) -> None:
    rng = np.random.default_rng(4)
    at = np.arange(64)
    rows = {
        "near": np.exp(-np.abs(np.subtract.outer(at, at)) / 3),
        "moved": np.stack([np.roll(PROFILE, r) for r in at]),
        "daily": np.tile(rng.standard_normal((24, 96)), (3, 1))[:64],
    }[kind]
    noisy = rows + 0.3 * rows.std() * rng.standard_normal(rows.shape)
    assert axes.ordered_rows(noisy.astype(np.float32))


PROFILE = np.random.default_rng(3).standard_normal(96)


def test_fixed_waves_are_told_from_learned_positions() -> None:
    angle = np.arange(32)[:, None] * 10000 ** (-np.arange(64) / 64)
    table = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
    for exact_table in (table, table.astype(np.float16), table[:, ::-1] * 3):
        assert axes.is_waves(np.asarray(exact_table, np.float32))
    rng = np.random.default_rng(5)
    smooth = np.sin(np.arange(32)[:, None] / 40 * np.arange(1, 5)) @ rng.random((4, 128))
    noisy = table + 0.02 * rng.standard_normal(table.shape)
    for learned in (smooth, noisy, rng.standard_normal((32, 128)), np.zeros((32, 128))):
        assert not axes.is_waves(learned.astype(np.float32))


def test_rows_at_right_angles_are_no_training() -> None:
    assert deterministic(_haar().astype(np.float32)) == "rows at right angles"
    assert not deterministic(np.random.default_rng(0).standard_normal((64, 4096)).astype("f4"))


def test_rows_that_know_the_input_of_their_number_are_compared_without_it() -> None:
    """Pairs with skips merged in: K is that of chance, and rows that all lean one way
    are not told apart by what was left out."""
    models = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        made = ls.merged_skips(seed)
        del made["adapters.2.weight"]  # four squares alike are taken for attention
        made["leaning.weight"] = (
            np.random.default_rng(9).standard_normal(64) + 0.3 * rng.standard_normal((64, 64))
        ).astype("f4")
        made["leaning.bias"] = rng.random(64).astype("f4")
        models.append(Prepared(sketch_of(made, str(seed))))
    counts: dict[str, list[int]] = {}
    for a, b in combinations(models, 2):
        for match in index_tests.rows(a, b)[1]:
            if match.a == match.b:
                counts.setdefault(match.a.split(".")[0], []).append(match.count)
    assert set(counts) == {"stem", "stages", "leaning"}  # the identity is an order
    for found in counts.values():
        assert np.mean(found) < 1.6
        assert max(found) <= 6


def test_rows_in_blocks_have_a_bound_of_their_own() -> None:
    """Gates of strangers lean alike: each of two blocks has one fixed point by chance."""
    models = [Prepared(sketch_of(ls.speech(seed), str(seed))) for seed in range(16)]
    counts = []
    for a, b in combinations(models, 2):
        _, matches = index_tests.rows(a, b)
        counts += [match.count for match in matches if "rnn" in match.b]
    assert 1.3 < np.mean(counts) < 2.4
    assert np.mean(np.array(counts) >= 6) <= 2**6 / 720
    assert log10_fixed_points(32, 2) == pytest.approx(log10_fixed_points(32) + 32 * np.log10(2))
    assert log10_fixed_points(3, 4) == 0.0
