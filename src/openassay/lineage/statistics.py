"""The counts and their probabilities. Everything that is called a p-value is computed here.

*Fixed points.* For sampled indices, C[i, j] says how alike row i of A and row j of B are, and K is
how many i have their one best match at j = i. If the indices of either model carry no meaning (any
order of its units was equally likely), then for every k P(K >= k) <= 1/k!: of the k! ways to order
k matched indices one is right. No assumption on the weights' distribution enters, nor on the data
they were trained on. A tie is never a match.

Probabilities are base-10 logarithms throughout, because they go far below what a float holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from openassay.arrays import AnyArray, Floats, np

LOG10: float = math.log(10)
_BLOCK: Final = 1024  # rows


def fixed_points(similarity: Floats) -> int:
    """How many rows of a square matrix have their single largest value on the diagonal."""
    n = similarity.shape[0]
    if n == 0:
        return 0
    diagonal = similarity.diagonal()
    best = similarity.max(axis=1)
    alone = (similarity == best[:, None]).sum(axis=1) == 1
    return int(((diagonal == best) & alone & (best > 0)).sum())


def log10_fixed_points(k: int) -> float:
    """log10 of the bound 1/k! on the probability of k fixed points or more."""
    return -math.lgamma(k + 1) / LOG10


def unit_rows(rows: AnyArray) -> Floats:
    """Rows of length one; rows of zeros, and what is not finite, stay zero."""
    made = np.empty(rows.shape, np.float32)
    for at in range(0, len(rows), _BLOCK):  # doubles of a whole layer would be a gigabyte
        made[at : at + _BLOCK] = _unit_rows(rows[at : at + _BLOCK])
    return made


def _unit_rows(rows: AnyArray) -> AnyArray:
    clean = np.nan_to_num(np.asarray(rows, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    top = np.abs(clean).max(axis=1, keepdims=True, initial=0)
    clean = clean / np.where(top > 0, top, 1)  # huge values must not overflow when squared
    norm = np.sqrt((clean * clean).sum(axis=1, keepdims=True))
    unit: AnyArray = clean / np.where(norm > 0, norm, 1)
    return unit


def centred_columns(rows: AnyArray) -> Floats:
    """(n, d) to (d, n): every column as a row of mean zero and length one."""
    clean = np.nan_to_num(np.asarray(rows, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    return unit_rows((clean - clean.mean(axis=0)).T)


def ranks(values: AnyArray) -> AnyArray:
    """Average ranks, so that ties neither help nor harm."""
    order, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    del order
    last = np.cumsum(counts)
    return ((last - counts + 1 + last) / 2.0)[inverse.reshape(-1)]


def rank_rows(vectors: Sequence[AnyArray]) -> Floats:
    """Each row as centred ranks of length one: products of them are Spearman's rho."""
    ranked = np.stack([ranks(row) for row in vectors])
    return unit_rows(ranked - ranked.mean(axis=1, keepdims=True))


def log10_rank_correlation(rho: float, n: int) -> float:
    """log10 of the two-sided p of Spearman's rho of n values, by Student's t (n >= 64)."""
    if n < 4:
        return 0.0
    x = max(1.0 - min(abs(rho), 1.0) ** 2, 1e-15)
    return min(0.0, _log_beta_tail(x, (n - 2) / 2.0) / LOG10)


def _log_beta_tail(x: float, a: float) -> float:
    """ln of the regularised incomplete beta I_x(a, 1/2), which is P(|T| > t) for 2a degrees.

    By the series x^a sqrt(1-x) / (a B(a, 1/2)) * sum of prod (a + 1/2 + m) / (a + 1 + m) x^m, all
    of whose terms are positive (DLMF 8.17.8).
    """
    b = 0.5
    log_front = (
        (
            a * math.log(x)
            + b * math.log1p(-x)
            + math.lgamma(a + b)
            - math.lgamma(a)
            - math.lgamma(b)
            - math.log(a)
        )
        if x < 1
        else -math.inf
    )
    if x >= 1:
        return 0.0
    term = total = 1.0
    for m in range(200_000):
        term *= (a + b + m) / (a + 1 + m) * x
        total += term
        if term < 1e-12 * total:
            break
    return log_front + math.log(total)
