"""What a hub says of a repository beside its files: gates, branches, and the card of a gated one.

Reads the host's own answers, never a page. Branches and tags that are called checkpoints count
when two of them were looked into and hold weights. The card as the hub repeats it counts only
where the card itself could not be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from openassay import licenses
from openassay.files import File
from openassay.formats.locators import hub_id
from openassay.release import Release, Source
from openassay.types import (
    Derived,
    Evidence,
    Extent,
    Fact,
    Found,
    Gap,
    Gated,
    How,
    Licensed,
    Linked,
    Relation,
)

NAME = "hub"
COMPONENTS: tuple[str, ...] = ()

_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".npz", ".msgpack", ".h5")
_MANY = 3  # checkpoints; fewer are a part
_GATES = {
    "manual": "a form on the hub, and the authors' approval",
    "auto": "a form on the hub",
}
_MAX = 100


def survey(release: Release) -> Iterator[Fact | Gap]:
    for source in release.sources:
        answers = {file.path: file for file in source.answers}
        if info := answers.get("hub:info.json"):
            yield from _gate(info, source)
            if not _has_card(source):
                yield from _card(info)
        if refs := answers.get("hub:refs.json"):
            yield from _checkpoints(refs)


def _told(file: File) -> dict[str, Any]:
    value = json.loads(file.read())  # written by the source, canonical JSON
    return value if isinstance(value, dict) else {}


def _cite(file: File, key: str, value: object) -> Evidence:
    return file.cite_pointer(f"/{key}", f"{key}: {json.dumps(value, ensure_ascii=False)}")


def _gate(info: File, source: Source) -> Iterator[Fact]:
    gated = _told(info).get("gated")
    if gated:
        is_data = source.metadata.get("hub") == "dataset"
        yield Gated(
            evidence=(_cite(info, "gated", gated),),
            barrier=_GATES.get(str(gated), "a form on the hub"),
            component="datasets" if is_data else "model_parameters_final",
            detail="The hub gives the files only to those who were granted access.",
        )


def _has_card(source: Source) -> bool:
    return any(file.path.lower() == "readme.md" and file.is_readable for file in source.files)


def _card(info: File) -> Iterator[Fact]:
    """The front matter of a card that is behind the gate, as the hub repeats it."""
    told = _told(info)
    card = told.get("card")
    if not isinstance(card, dict):
        card = {key: told.get(key) for key in ("license", "base_model")}
        prefix = ""
    else:
        prefix = "card/"
    for tag in _texts(card.get("license")):
        named = next(iter(_texts(card.get("license_name"))), tag)
        found = licenses.normalize(named if tag in ("other", "unknown") else tag)
        if found and found != "NONE":
            yield Licensed(
                evidence=(_cite(info, f"{prefix}license", tag),),
                scope="release",
                license=found,
                how=How.TAG,
                detail=f"The hub repeats the card's tag {named!r}.",
            )
    for base in _texts(card.get("base_model")):
        evidence = (_cite(info, f"{prefix}base_model", base),)
        yield Derived(
            evidence=evidence,
            base=base,
            relation=Relation.FINETUNE,
            detail=f"The hub repeats the card's base model {base}.",
        )
        if hub_id(base):
            yield Linked(
                evidence=evidence,
                component="base_model_parameters",
                url=f"https://huggingface.co/{base}",
                detail="The base model is named by its hub id.",
            )
    for name in _texts(card.get("datasets")):
        yield Linked(
            evidence=(_cite(info, f"{prefix}datasets", name),),
            component="datasets",
            url=f"https://huggingface.co/datasets/{name}",
            aspect="front_matter",
            detail="The hub repeats that the card names this data set as trained on.",
        )


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items[:_MAX] if isinstance(item, str) and item]


def _checkpoints(refs: File) -> Iterator[Fact]:
    told = _told(refs)
    names = _texts(told.get("checkpoints"))
    looked = told.get("looked_into")
    if not names or not isinstance(looked, dict) or not looked:
        return
    if not all(any(str(p).endswith(_WEIGHTS) for p in paths) for paths in looked.values()):
        return
    quote = f"checkpoints: {len(names)}, from {names[0]} to {names[-1]}"
    yield Found(
        evidence=(refs.cite_pointer("/checkpoints", quote),),
        component="model_parameters_intermediate",
        extent=Extent.WHOLE if len(names) >= _MANY else Extent.PART,
        aspect="branches",
        detail=f"{len(names)} branches or tags are checkpoints; those looked into hold weights.",
    )
