"""Data kept elsewhere: training corpora, tuning sets, benchmarks, each told by its context.

Reads every link of the release's own documents. A data set is training data where the sentence or
heading speaks of training, evaluation data where it speaks of evaluation; an example or a set far
smaller than what was trained on is a part. Nothing is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import Target
from openassay.formats.prose import tokens_stated
from openassay.passages import Spot, spots, wanted
from openassay.release import Release
from openassay.types import Extent, Fact, Gap, Linked, Stated

NAME = "data_links"
COMPONENTS = (
    "datasets",
    "evaluation_data",
    "fine_tuning_data",
    "sample_outputs",
)

_CALLED_DATA = re.compile(
    r"\W*(?:the |our |training )*(?:data ?sets?|training data|数据集|训练数据)\W*$", re.I
)
_CALLED_DATA_IN = re.compile(
    r"\b(?:training|pre-?training|our|the [\w-]+) (?:data ?set|data|corpus)\b|训练数据|数据集", re.I
)
_DESCRIBED = re.compile(r"\bdata\s?sets?\b|\bbenchmarks?\b|\btest set\b|数据集|基准|题", re.I)
_EVAL_NAME = re.compile(
    r"(?:^|[-_./ ])(?:eval\w*|bench\w*|test|mmlu\w*|gsm8k|humaneval|mbpp|bbh|ceval|cmmlu"
    r"|hellaswag|arc|boolq|winogrande|piqa|agieval|gaokao|truthfulqa)(?:$|[-_./ ])|eval$"
    r"|bench$|_test$",
    re.I,
)
_TUNED_NAME = re.compile(
    r"instruct|sft|chat|dpo|rlhf|preference|feedback|alpaca|sharegpt|tulu|ultra(?:chat"
    r"|feedback)|conversation|dialog|reward|multiturn",
    re.I,
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    trained_on = tokens_stated("\n".join(release.document(file).lines[:4000]))
    for spot in spots(file, release):
        if spot.leads_out and not spot.about_sibling:
            yield from _data(spot, release, trained_on)


def _data(spot: Spot, release: Release, trained_on: float | None) -> Iterator[Fact]:
    if spot.locator.target is not Target.DATASET:
        yield from _benchmarks(spot, release)
        yield from _dataset_page(spot)
        return
    if prose.OTHERS.search(spot.trail):
        return
    name = spot.locator.name
    mine = release.subject.owns(spot.locator.owner)
    if _EVAL_NAME.search(name) or (
        prose.EVALUATION.search(spot.trail) and not prose.PRETRAINING.search(spot.near)
    ):
        yield _dataset(
            spot,
            "evaluation_data",
            Extent.WHOLE,
            "The release links this data set where it speaks of evaluation.",
        )
    elif _is_tuning_data(spot):
        if mine:
            yield _dataset(
                spot,
                "datasets",
                Extent.PART,
                "The publisher's own tuning data, one part of what the model was trained on.",
            )
        yield _dataset(
            spot,
            "fine_tuning_data",
            Extent.WHOLE,
            "The release links this data set where it speaks of fine-tuning.",
        )
    elif prose.EVALUATION.search(spot.near) and not mine and not prose.TRAINING.search(spot.near):
        yield _dataset(spot, "evaluation_data", Extent.WHOLE, "The sentence speaks of evaluation.")
    elif prose.GALLERY.search(name.replace("_", "-")):
        yield _dataset(
            spot, "sample_outputs", Extent.WHOLE, "A data set of model outputs is linked."
        )
    elif prose.TRAINING.search(spot.context) or mine:
        extent = _data_extent(spot, trained_on)
        yield _dataset(
            spot,
            "datasets",
            extent,
            "The release links this data set where it speaks of its training data."
            if extent is Extent.WHOLE
            else "Only a sample or part of the training data is linked.",
        )


def _dataset_page(spot: Spot) -> Iterator[Fact]:
    """The training data's own page, linked by a name such as "Dataset" or "download the data"."""
    if spot.locator.target not in (Target.PAGE, Target.STORAGE, Target.DATA_FILE):
        return
    called = _CALLED_DATA.match(spot.link.text) or (
        _CALLED_DATA_IN.search(spot.near)
        and re.search(r"\bhere\b|download|link|下载", spot.link.text, re.I)
    )
    excluded = prose.EVALUATION.search(spot.context) or prose.FINETUNING.search(spot.context)
    if called and not excluded and not prose.OTHERS.search(spot.trail):
        extent = Extent.PART if prose.SAMPLE.search(spot.near) else Extent.WHOLE
        yield _dataset(spot, "datasets", extent, "The data set's own page is linked.")


def _is_tuning_data(spot: Spot) -> bool:
    near, trail = spot.near, spot.trail
    if prose.PRETRAINING.search(near):
        return False
    tuned = prose.FINETUNING.search(trail) or prose.FINETUNING.search(near)
    return bool(tuned) or bool(_TUNED_NAME.search(spot.locator.name))


def _data_extent(spot: Spot, trained_on: float | None) -> Extent:
    """Part, when called an example, or when its stated tokens are far fewer than trained on."""
    if prose.SAMPLE.search(spot.near):
        return Extent.PART
    held = re.search(r"(\d+(?:\.\d+)?)([bt])(?![a-z])", spot.locator.name, re.I)
    stated = tokens_stated(spot.near) or (
        float(held.group(1)) * (1e9 if held.group(2).lower() == "b" else 1e12) if held else None
    )
    if stated and trained_on and stated < 0.5 * trained_on:
        return Extent.PART
    return Extent.WHOLE


def _dataset(spot: Spot, component: str, extent: Extent, detail: str) -> Linked:
    return Linked(
        evidence=(spot.cite(),),
        component=component,
        url=spot.link.url,
        extent=extent,
        aspect=spot.locator.id,
        detail=detail,
    )


def _benchmarks(spot: Spot, release: Release) -> Iterator[Fact]:
    """A benchmark's own page or repository, linked where the release describes its evaluation."""
    if spot.locator.target not in (Target.REPOSITORY, Target.PAGE, Target.DATA_FILE):
        return
    if spot.link.image or not spot.link.text or prose.OTHERS.search(spot.trail):
        return
    about_data = _is_about_evaluation_data(spot.file, release)
    if not (prose.EVALUATION.search(spot.trail) or about_data):
        return
    words = f"{spot.near} {spot.link.text}"
    named = _EVAL_NAME.search(f"{spot.link.text} {spot.locator.name}")
    described = _DESCRIBED.search(words)
    if (described and (named or re.search(r"数据集|data ?set", words, re.I))) or (
        about_data and (described or re.search(r"\bcorp(?:us|ora)\b|\bsplit\b", words, re.I))
    ):
        yield _dataset(
            spot,
            "evaluation_data",
            Extent.WHOLE,
            "The benchmark's own page is linked where the evaluation is described.",
        )


def _is_about_evaluation_data(file: File, release: Release) -> bool:
    """Whether a document below the front opens by saying that it describes evaluation data."""
    if release.is_front(file):
        return False
    opening = " ".join(p.text for p in release.document(file).paragraphs[:2])[:600]
    return bool(re.search(r"\bdata\b|数据", opening, re.I)) and bool(
        re.search(
            r"\bfor (?:the )?evaluation\b|\bevaluation (?:data|sets?)|\btest sets?\b|评测数据"
            r"|测试集",
            opening,
            re.I,
        )
    )


def survey(release: Release) -> Iterator[Fact | Gap]:
    """Stated token counts, once per release, for the comparison of data with training."""
    for file in release.own_documents()[:3]:
        document = release.document(file)
        for number, line in enumerate(document.lines[:4000], 1):
            if (amount := tokens_stated(line)) and prose.TRAINING.search(line):
                yield Stated(
                    evidence=(file.cite_lines(number),),
                    topic="tokens",
                    value=f"{amount:.0f}",
                    detail="Training tokens as stated.",
                )
                return
