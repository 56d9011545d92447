"""Strangers: 2,016 pairs of small independent models keep the bounds that the verdicts rest on."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from benchmarks import lineage_models as lm
from tests.lineage.conftest import sketch_of

from openassay.lineage import index_tests
from openassay.lineage.prepared import Prepared

MICRO = lm.Sizes(width=64, layers=2, heads=2, hidden=96, vocabulary=256)


def prepared(seed: int, sort: bool = False) -> Prepared:
    weights = lm.trained(seed, MICRO)
    if sort:  # the largest units first, as some tools store them
        for i in range(MICRO.layers):
            order = np.argsort(-np.linalg.norm(weights[lm.layer(i, "mlp.up_proj")], axis=1))
            for part in ("gate", "up"):
                name = lm.layer(i, f"mlp.{part}_proj")
                weights[name] = weights[name][order]
    return Prepared(sketch_of(weights, f"m{seed}", deep=0))


def null(count: int, sort: bool = False) -> tuple[list[int], list[int], list[float]]:
    """Counts of T3 and T2, and all corrected log10 p, over all pairs of so many models."""
    models = [prepared(seed, sort) for seed in range(100, 100 + count)]
    rows, columns, powers = [], [], []
    for a, b in combinations(models, 2):
        t1 = index_tests.gains(a, b)
        t2 = index_tests.columns(a, b)
        t3, matches = index_tests.rows(a, b)
        rows += [match.count for match in matches]
        columns.append(t2.count)
        powers += [outcome.log10_p or 0.0 for outcome in (t1, t2, t3)]
    return rows, columns, powers


def check(counts: list[int]) -> None:
    for k in (2, 3, 4):
        assert np.mean(np.array(counts) >= k) <= 1.15 / factorial(k)
    assert np.mean(counts) < 1.1


def test_a_few_strangers() -> None:
    rows, columns, powers = null(16)
    check(rows)
    assert max(columns) <= 6
    assert min(powers) > -6


@pytest.mark.slow
def test_two_thousand_pairs_of_strangers() -> None:
    rows, columns, powers = null(64)
    assert len(columns) == 2016
    check(rows)
    check(columns)
    assert np.mean(np.array(rows) >= 4) <= 1 / 24
    assert np.mean(np.array(columns) >= 4) <= 1 / 24
    assert min(powers) > -6


def test_units_sorted_by_size_raise_no_alarm() -> None:
    rows, _, powers = null(12, sort=True)
    assert np.mean(rows) < 1.2
    assert min(powers) > -6
