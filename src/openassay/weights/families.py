"""The modules that a configuration's family implies, against the names that are there.

What a family's layers have is data with its source, ``families.toml``. Said is only what no layer
of a whole stack has: a part that single layers lack is the business of :mod:`layers`. Where fewer
than half of the family's names are met, the weights follow other names, and nothing is said.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from openassay.files import File
from openassay.formats import json_text
from openassay.weights import layers
from openassay.weights.checkpoints import Checkpoint
from openassay.weights.findings import Finding, Level, Place
from openassay.weights.settings import Settings

_MIN_LAYERS: Final = 3  # drafting heads of one or two layers leave out what the model shares
_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Family:
    """``layer`` and ``beside`` list alternatives: of each tuple one name must be there."""

    stacks: frozenset[str]
    layer: tuple[tuple[str, ...], ...]
    beside: tuple[tuple[str, ...], ...]
    source: str


@cache
def families() -> Mapping[str, Family]:
    """By ``model_type``."""
    text = files("openassay").joinpath("weights/families.toml").read_text("utf-8")
    found: dict[str, Family] = {}
    for row in tomllib.loads(text)["family"]:
        family = Family(
            frozenset(row["stacks"]),
            tuple(map(tuple, row["layer"])),
            tuple(map(tuple, row["beside"])),
            row["source"],
        )
        found |= dict.fromkeys(row["model_types"], family)
    return found


def findings(checkpoint: Checkpoint, settings: Settings, config: File | None) -> Iterator[Finding]:
    """Parts of a known family that no layer has, and norms beside the layers that are missing."""
    family = families().get(settings.model_type)
    if family is None or config is None:
        return
    for stack, by_layer in sorted(layers.stacks(checkpoint).items()):
        if stack not in family.stacks or len(by_layer) < _MIN_LAYERS:
            continue
        names: Set[str] = frozenset().union(*by_layer.values())
        lacks = [parts for parts in family.layer if not _has(names, parts)]
        if 2 * len(lacks) > len(family.layer):
            continue
        outside = {tensor.name for tensor in checkpoint.tensors()}
        prefix = stack.rpartition(".")[0]
        prefix = f"{prefix}." if prefix else ""
        gone = [f"{prefix}{parts[0]}" for parts in family.beside
                if not any(_has(outside, (f"{prefix}{part}",)) for part in parts)]  # fmt: skip
        told = [f"no layer has {' or '.join(parts)}" for parts in lacks[:_SHOWN]]
        told += [f"there is no {name}" for name in gone[:_SHOWN]]
        if told:
            text = f"the configuration says {settings.model_type}, and {', '.join(told)}"
            yield Finding("part_missing", Level.BROKEN, text, _places(config, checkpoint))


def _has(names: Set[str], parts: tuple[str, ...]) -> bool:
    """Whether a tensor of one of these modules is there, whatever is stored of it."""
    return any(name.startswith(f"{part}.") for part in parts for name in names)


def _places(config: File, checkpoint: Checkpoint) -> tuple[Place, Place]:
    text = config.text()
    line = json_text.line_of(text.text, "model_type") if text else 1
    first, weights = checkpoint.parts[0]
    header = Place(first, f"header of {first.name}", start=0, end=max(1, weights.header[1]))
    return Place(config, "model_type", line=max(1, line)), header
