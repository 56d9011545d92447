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
    first, second = (
        recurrent(seed, "classes.weight") | {"classes.bias": bias} for seed in (1, 2)
    )
    assert not Prepared(sketch_of(first)).may_embed
    assert related(first, second).verdict is Verdict.NONE
