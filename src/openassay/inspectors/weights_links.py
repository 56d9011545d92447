"""Weights kept elsewhere: hub repositories, download addresses, checkpoints along the run.

Reads every link of the release's own documents with its sentence and headings. A link counts only
when its own name, or the words around it, say that it is this release's model; copies in other
formats by others, adapters and siblings do not. It opens nothing: whether a link still works
cannot be seen here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import Target
from openassay.passages import Spot, spots, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Extent, Fact, Gap, Gated, Linked

NAME = "weights_links"
COMPONENTS = (
    "model_parameters_final",
    "model_parameters_intermediate",
)

_WEIGHTS = re.compile(
    r"\b(?:weights?|checkpoints?|models?|download|ckpts?|parameters)\b|权重|模型|下载|参数", re.I
)
_COPY = re.compile(
    r"(?:^|[-_. ])(?:gguf|ggml|gptq|awq|mlx|onnx|int4|int8|[48]-?bits?|exl2|lora|adapter"
    r"|fp8|openvino|w\d+a\d+|delta|wdiff|tokenizer)(?:[-_. ]|$)",
    re.I,
)
_INTERMEDIATE = re.compile(
    r"intermedia|中间|\bstep[-_ ]?\d+|checkpoints? (?:at|from|every|along|saved)|\d+ "
    r"(?:\w+ )?checkpoints|-checkpoints?$|training checkpoints|过程.{0,6}(?:checkpoint"
    r"|权重|模型)",
    re.I,
)
# "We also release intermediate checkpoints ...": the list of them may be any kind of file.
_RELEASES_CHECKPOINTS = re.compile(
    r"\b(?:we|are|is)\b[^.。]{0,30}\b(?:releas|provid|publish|upload|offer)\w*\b[^.。]{0,30}"
    r"\bintermediate (?:model |training )?checkpoints?\b",
    re.I,
)
_GATE = re.compile(
    r"\baccept\w*\b[^.。]{0,40}\b(?:agreement|licen[cs]e|terms)|\brequest (?:access|form)"
    r"|\bfill (?:in|out)\b|\bgated\b|\bapply for\b|\baccess request"
    r"|\bapproved?\b[^.。]{0,40}\b(?:url|download|email)|申请|填写|登记|问卷",
    re.I,
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    for spot in spots(file, release):
        if spot.leads_out:
            yield from _weights(spot, release)


def _weights(spot: Spot, release: Release) -> Iterator[Fact]:
    target = spot.locator.target
    if target is Target.DATA_FILE and not spot.about_sibling:
        yield from _list_of_checkpoints(spot)
    if target is Target.MODEL and spot.locator.name:
        yield from _hub_model(spot, release)
    elif target in (Target.WEIGHTS_FILE, Target.STORAGE) and not spot.about_sibling:
        context = f"{spot.trail}\n{spot.near}"
        magnet = spot.locator.host == "magnet"
        if (magnet and _WEIGHTS.search(spot.trail)) or (
            _WEIGHTS.search(context) and _is_own_context(spot) and not _is_paper(spot)
        ):
            yield _final(spot, "A download address stands beside words about the model's weights.")
    elif target is Target.ACCOUNT and release.subject.owns(spot.locator.owner):
        hub = "huggingface" in spot.locator.host or spot.locator.host in ("hf.co", "modelscope.cn")
        if (
            hub
            and Whose.OWN in spot.whose
            and not prose.FUTURE.search(spot.near)
            and re.search(r"weights|models?|checkpoints?|权重|模型", spot.near, re.I)
        ):
            yield _final(spot, "The publisher's page on a hub is linked as where the models are.")
    elif target is Target.COLLECTION and release.subject.owns(spot.locator.owner):
        if Whose.OWN in spot.whose and not re.search(r"dataset|data\b|数据", spot.context, re.I):
            yield _final(spot, "A collection of the publisher's own models on a hub is linked.")
    elif target is Target.PAGE and not spot.about_sibling and _is_request_page(spot):
        yield _final(spot, "The weights are offered through a request page.")
        yield Gated(evidence=(spot.cite(),), barrier="request form or agreement")


def _list_of_checkpoints(spot: Spot) -> Iterator[Fact]:
    """A linked list of files, in the sentence that says that checkpoints are released."""
    if _RELEASES_CHECKPOINTS.search(spot.near) and not prose.FUTURE.search(spot.near):
        yield Linked(
            evidence=(spot.cite(),),
            component="model_parameters_intermediate",
            url=spot.link.url,
            extent=Extent.PART,
            detail="A list of intermediate checkpoints is linked where they are said to be there.",
        )


def _is_request_page(spot: Spot) -> bool:
    asked = re.search(r"download|access|下载|申请", spot.context, re.I)
    return bool(asked and _GATE.search(spot.near) and _WEIGHTS.search(spot.context))


def _is_own_context(spot: Spot) -> bool:
    others = prose.OTHERS.search(spot.trail) or re.search(
        r"data(?:set)?s?\b|数据|图|video|poster|slides", spot.link.text, re.I
    )
    return (
        not others
        and spot.whose != {Whose.SIBLING}
        and (
            Whose.OWN in spot.whose
            or bool(re.search(r"download|weights|checkpoint|权重|下载", spot.context, re.I))
        )
        and "dataset" not in spot.near.lower()
    )


def _is_paper(spot: Spot) -> bool:
    return bool(re.search(r"\bpaper\b|\breport\b|论文|报告|\bpdf\b", spot.link.text, re.I))


def _hub_model(spot: Spot, release: Release) -> Iterator[Fact]:
    subject, locator = release.subject, spot.locator
    if subject.whose(locator.id) is not Whose.OWN and not (
        subject.owns(locator.owner)
        and _INTERMEDIATE.search(locator.name)
        and not spot.about_sibling
    ):
        return
    mine = subject.owns(locator.owner)
    if not mine and (_COPY.search(locator.name) or not _is_mirror(spot, release)):
        return
    if _names_checkpoints(spot):
        extent = Extent.PART if re.search(r"stage", locator.name, re.I) else Extent.WHOLE
        yield Linked(
            evidence=(spot.cite(),),
            component="model_parameters_intermediate",
            url=spot.link.url,
            extent=extent,
            aspect=_size(locator.name),
            detail="A hub repository of checkpoints along the training run is linked.",
        )
        return
    if _COPY.search(locator.name):
        return
    yield _final(spot, f"The hub repository {locator.id} is linked as this release's model.")
    if _GATE.search(spot.near):
        yield Gated(evidence=(spot.cite(),), barrier="agreement on the hub")


def _is_mirror(spot: Spot, release: Release) -> bool:
    """Whether another account's repository carries the very name of one of the own models."""
    own = {name.lower() for name in release.subject.names}
    return spot.locator.name.lower() in own and not prose.OTHERS.search(spot.trail)


def _names_checkpoints(spot: Spot) -> bool:
    name = spot.locator.name
    if re.search(r"(?:tree|resolve)/[^/]*(?:step|iter|tokens?)[-_]?\d", spot.locator.path, re.I):
        return True
    if _INTERMEDIATE.search(name):
        return True
    if re.search(r"checkpoint", name, re.I):
        return True
    return bool(re.search(r"intermedia|中间", spot.link.text, re.I))


def _size(name: str) -> str:
    found = re.search(r"\d+(?:[._]\d+)?[bm]\b", name.lower())
    return found.group(0) if found else ""


def _final(spot: Spot, detail: str) -> Linked:
    return Linked(
        evidence=(spot.cite(),),
        component="model_parameters_final",
        url=spot.link.url,
        aspect=_size(spot.locator.name),
        detail=detail,
    )
