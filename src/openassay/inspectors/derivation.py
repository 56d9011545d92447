"""What the documents say the model was made from: "fine-tuned from X", 基于 X 微调.

A base named in a sentence about this release makes it a tuned model, whose tuning code and data are
then its training code and data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import hub_id
from openassay.passages import Passage, passages, wanted
from openassay.release import Release
from openassay.subject import Whose, parse_name
from openassay.types import Derived, Extent, Fact, Gap, Linked, Relation

NAME = "derivation"
COMPONENTS = ("model_parameters_intermediate", "base_model_parameters")

_NAME = r"(?P<base>[A-Z][\w-]*(?:\.\d[\w-]*)*(?:[ -](?:v?\d(?:[\w.]{0,20}\w)?|[A-Z][\w-]*)){0,3})"
_FROM = re.compile(
    r"(?i:\b(?:fine-?\s?tuned|instruction[- ]tuned|finetuning|adapted|initiali[sz]ed"
    r"|continu\w+ (?:pre-?)?train\w*)\s+(?:version |model )?(?:from|of|on top of|based on|upon)\s+"
    r"(?:the |a |an |our )?(?:base |pre-?trained )?(?:model )?(?:\d+b )?)" + _NAME
)
_PRETRAINED = re.compile(
    r"\b(?:use[ds]?|start(?:ed|ing)? from|took) the "
    r"pre-?trained\s+[\[`\"]*(?P<base>[A-Za-z][\w.-]*(?:/[\w.-]+)?)[\]`\"]*"
    r"[^.]{0,160}\bfine-?tun",
    re.I,
)
_ZH = re.compile(
    r"基于\s*(?P<base>[A-Za-z][A-Za-z0-9_.-]*(?:[ -]?\d[\d.]*)?)[^。，]{0,20}(?:微调|精调"
    r"|继续预?训练"
    r"|增量预?训练)"
)
_OURS = re.compile(r"\b(?:we|our|this model|the (?:current )?model)\b|我们|本模型|本项目", re.I)


_TUNED = re.compile(
    r"(?:指令)?(?:微调|精调)(?:得到|而来|而成)|经过[^。]{0,40}(?:指令)?微调得到|"
    r"\b(?:is|was|are) (?:a |an )?(?:distilled|fine-?tuned|instruction[- ]tuned) "
    r"(?:version|variant|model)\b",
    re.I,
)
_RESUMED = re.compile(
    r"\b(?:resumed|continued|initiali[sz]ed) from (?:the )?(?:checkpoint "
    r")?[`*\"]?(?P<base>[\w.-]{3,60})",
    re.I,
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release) and release.is_front(file)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    for passage in passages(file, release):
        if len(passage.text) > 1500 or prose.OTHERS.search(passage.trail):
            continue
        if release.subject.is_foreign("", passage.trail):
            continue
        yield from _stage(passage, release)
        named = [
            found
            for pattern in (_FROM, _PRETRAINED, _ZH)
            if (found := pattern.search(passage.text)) and _says_so(found, passage.text, release)
        ]
        for found in named:
            yield from _tuned_from(found.group("base"), passage)
        if not named and _is_made_by_tuning(passage, release):
            yield Derived(
                evidence=(passage.cite(),),
                base="a base model that the sentence does not name",
                relation=Relation.FINETUNE,
                detail="The documents say that the model was made by fine-tuning.",
            )


def _is_made_by_tuning(passage: Passage, release: Release) -> bool:
    """A sentence that calls the model tuned, in a release that has no base model of its own."""
    if any(re.search(r"\bbase\b", name, re.I) for name in release.subject.names):
        return False
    opening = passage.start <= 60 and not release.subject.mentioned(passage.text)
    return bool(_TUNED.search(passage.text)) and (opening or _is_ours(passage.text, release))


def _tuned_from(base: str, passage: Passage) -> Iterator[Fact]:
    yield Derived(
        evidence=(passage.cite(),),
        base=base,
        relation=Relation.FINETUNE,
        detail=f"The documents say that the model was tuned from {base}.",
    )
    if hub_id(base):
        yield Linked(
            evidence=(passage.cite(),),
            component="base_model_parameters",
            url=f"https://huggingface.co/{base}",
            detail="The base model is named by its hub id.",
        )


def _is_ours(text: str, release: Release) -> bool:
    named = release.subject.mentioned(text)
    return Whose.OWN in named or (not named and bool(_OURS.search(text)))


def _says_so(found: re.Match[str], text: str, release: Release) -> bool:
    base = found.group("base")
    if not base[:1].isupper() and not base[:1].isascii():
        return False
    if (
        (base[:1].islower() and "/" not in base)
        or parse_name(base) is None
        or release.subject.whose(base) is Whose.OWN
    ):
        return False
    before = text[: found.start()]
    named = release.subject.mentioned(before)
    return Whose.OWN in named or (not named and bool(_OURS.search(before[-80:])))


def _stage(passage: Passage, release: Release) -> Iterator[Fact]:
    """ "Resumed from foo-v1-1": an earlier stage of the run is published under its own name."""
    found = _RESUMED.search(passage.text)
    if (
        found is None
        or not re.search(r"\d", found.group("base"))
        or "." in found.group("base")[-5:-4]
    ):
        return
    stem = found.group("base").rstrip(".,")
    if len(_published_as(stem, release)) >= 1:
        yield Linked(
            evidence=(passage.cite(),),
            component="model_parameters_intermediate",
            url=stem,
            extent=Extent.PART,
            aspect="stage",
            detail="The model was resumed from an earlier stage that is published too.",
        )


def _published_as(stem: str, release: Release) -> list[str]:
    """Links of the root documents whose address ends in this checkpoint's name."""
    wanted_name = stem.lower()
    return [
        link.url
        for file in release.own_documents()
        if release.is_front(file)
        for link in release.document(file).links
        if wanted_name in f"{link.url} {link.text}".lower()
    ]
