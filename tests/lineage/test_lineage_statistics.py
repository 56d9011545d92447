"""The bounds that every p-value rests on, and the two formulas against other ways to them."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.lineage import statistics


def test_the_bound_holds_exactly_over_all_orders() -> None:
    """Over every order of B's units, P(K >= k) <= 1/k!, whatever the similarities are."""
    rng = np.random.default_rng(3)
    for n in (3, 5, 6):
        for similarity in (rng.random((n, n)), np.tile(rng.random(n), (n, 1)), np.eye(n)):
            counts = [
                statistics.fixed_points(similarity[:, list(order)].astype(np.float32))
                for order in permutations(range(n))
            ]
            for k in range(1, n + 1):
                share = sum(count >= k for count in counts) / len(counts)
                assert share <= 1 / math.factorial(k) + 1e-12


def test_ties_are_no_matches() -> None:
    """Padding: rows that are all alike would each be their own best match."""
    assert statistics.fixed_points(np.ones((8, 8), np.float32)) == 0
    assert statistics.fixed_points(np.zeros((8, 8), np.float32)) == 0
    assert statistics.fixed_points(np.eye(8, dtype=np.float32)) == 8


@given(st.integers(0, 400))
def test_the_bound_in_logarithms(k: int) -> None:
    assert statistics.log10_fixed_points(k) == pytest.approx(
        -sum(math.log10(i) for i in range(2, k + 1)), abs=1e-6
    )


@pytest.mark.parametrize(
    ("n", "rho", "expected"),  # log10 of scipy.stats.t.logsf, two-sided
    [(64, 0.1, -0.3648), (64, 0.9, -23.3105), (128, 0.5, -8.7289), (384, 0.3, -8.7004),
     (4096, 0.1, -9.8488), (4096, 0.5, -257.353), (384, 0.9, -139.1019), (64, 0.0, 0.0)],
)  # fmt: skip
def test_rank_correlation_against_another_library(n: int, rho: float, expected: float) -> None:
    assert statistics.log10_rank_correlation(rho, n) == pytest.approx(expected, abs=2e-3)
    assert statistics.log10_rank_correlation(-rho, n) == pytest.approx(expected, abs=2e-3)


def test_perfect_correlation_is_finite() -> None:
    assert -40_000 < statistics.log10_rank_correlation(1.0, 4096) < -1000


def test_ranks_of_ties_are_averages() -> None:
    assert statistics.ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=4, max_size=40))
def test_unit_rows_survive_every_float(values: list[float]) -> None:
    found = statistics.unit_rows(np.array([values], np.float32))
    assert np.isfinite(found).all()
    assert float((found**2).sum()) == pytest.approx(1.0, abs=1e-4) or not found.any()


def test_p_values_of_rank_correlation_are_calibrated() -> None:
    """Among 4,000 pairs of heavy-tailed strangers, no more small p-values than there should be."""
    rng = np.random.default_rng(11)
    rows = statistics.rank_rows(list(rng.standard_t(2, (2 * 64, 128))))
    rho = (rows[:64] @ rows[64:].T).ravel()
    p = np.array([statistics.log10_rank_correlation(float(r), 128) for r in rho])
    assert (p < math.log10(0.05)).mean() < 0.07
    assert (p < -3).mean() < 0.004
    assert p.min() > -7
