"""Models in memory: files as a source would hand them out, sketches of them, comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from benchmarks import lineage_models as lm

from openassay.files import File
from openassay.lineage.result import Comparison
from openassay.lineage.rule import compare
from openassay.lineage.sketch import Sketch
from openassay.lineage.table import WeightSet, weight_sets
from openassay.lineage.take import take
from openassay.release import Release, Source


def file_of(raw: bytes, path: str = "model.safetensors") -> File:
    return File(f"memory:{path}", path, len(raw), lambda at, n: raw[at : at + n])


def sets_of(*files: File, wanted: str = "") -> list[WeightSet]:
    """The sets of weights of a target that holds these files."""
    source = Source(files[0].source, "dir", "memory", "", "memory", files)
    return weight_sets(Release([source]), wanted)


def sketch_of(weights: lm.Weights, name: str = "model", dtype: str = "F32", **how: Any) -> Sketch:
    """The sketch of a model in memory, as of a local file."""
    return take(sets_of(file_of(lm.safetensors(weights, dtype)))[0], name, **how)


def related(a: lm.Weights, b: lm.Weights) -> Comparison:
    return compare(sketch_of(a, "a"), sketch_of(b, "b"))


@pytest.fixture(scope="session")
def base() -> lm.Weights:
    return lm.trained(1)


@pytest.fixture(scope="session")
def stranger() -> lm.Weights:
    return lm.trained(2)


@pytest.fixture(scope="session")
def tuned(base: lm.Weights) -> lm.Weights:
    return lm.drift(base, 99, 0.9)


@pytest.fixture(scope="session")
def against_base(base: lm.Weights) -> Callable[[lm.Weights], Comparison]:
    """Compare a model with the base, whose sketch is taken once."""
    held = sketch_of(base, "base")
    return lambda weights: compare(held, sketch_of(weights, "other"))
