"""Links in documents: weights, checkpoints, data, code, harnesses and galleries kept elsewhere.

Reads every link of the release's own documents with its sentence and headings, and states what is
published where. A link counts only when the words around it, or its own name, say that it is this
release's (or, for data and harnesses, what the release used). It opens nothing: whether a link
still works cannot be seen here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import Target
from openassay.formats.prose import tokens_stated
from openassay.passages import Spot, passages, spots, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Extent, Fact, Gap, Gated, Linked, Stated

NAME = "doc_links"
COMPONENTS = (
    "model_parameters_final",
    "model_parameters_intermediate",
    "datasets",
    "evaluation_data",
    "evaluation_code",
    "training_code",
    "supporting_libraries",
    "sample_outputs",
    "model_card",
    "data_card",
    "training_logs",
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
_HARNESS = re.compile(
    r"harness|lighteval|compass|\beval(?:uat\w*|s|kit|plus)?\b|\bhelm\b|eval(?:s|kit"
    r"|plus)?$|评测|评估",
    re.I,
)
_DATA_CODE = re.compile(
    r"data[-_ ]?(?:set)?[-_ ]?(?:prep\w*|process\w*|clean\w*|curation|pipeline|toolkit"
    r"|filter\w*)|数据(?:处理|清洗|预处理)",
    re.I,
)
_CALLED_DATA = re.compile(
    r"\W*(?:the |our |training )*(?:data ?sets?|training data|数据集|训练数据)\W*$", re.I
)
_CALLED_DATA_IN = re.compile(
    r"\b(?:training|pre-?training|our|the [\w-]+) (?:data ?set|data|corpus)\b|训练数据|数据集", re.I
)
_DESCRIBED = re.compile(r"\bdata\s?sets?\b|\bbenchmarks?\b|\btest set\b|数据集|基准|题", re.I)
_SCHEME = re.compile(
    r"评测方案|评估方案|评测脚本|\bevaluation (?:scheme|script|code|suite|protocol)", re.I
)
_USES = re.compile(
    r"\b(?:us(?:e|ed|ing)|with|via|run|based on|follow\w*|through|by|perform\w*)\b|使用"
    r"|采用|基于|通过|参考",
    re.I,
)
_GALLERY = re.compile(
    r"\bgaller|\bsample (?:outputs?|page|videos?|images?)|\b(?:generated|output"
    r"|generation) (?:samples?|dataset|examples?|videos?)|output[-_ ]dataset|\bsamples\b"
    r"|\bshowcase|demo (?:page|videos?)|作品|样例|生成结果",
    re.I,
)
_MODEL_CARD = re.compile(r"\bmodel[\s_-]?cards?\b|模型卡", re.I)
_DATA_CARD = re.compile(
    r"\bdata\s?sheets?\b|\bdata(?:set)?[\s_-]?cards?\b|\bdata statement|数据卡|数据说明", re.I
)
_TRAINING_CODE = re.compile(
    r"\b(?:pre-?)?training (?:code|framework|librar\w+|scripts?|repo\w*|codebase"
    r"|infrastructure|stack|pipeline)\b"
    r"|\b(?:librar\w+|framework|code|codebase|configs?|scripts?"
    r"|repo\w*)\b[^.。]{0,40}\b(?:used )?(?:to|for) (?:pre-?)?train"
    r"|\b(?:pre-?)?trained (?:with|using|via|by|on top of)\b"
    r"|\buse[ds]?\b[^.。]{0,40}\b(?:to|for) (?:pre-?)?train"
    r"|\btrain\b[^.。]{0,30}\b(?:with|using) (?:the|our)\b|预?训练(?:代码|框架|脚本|库)"
    r"|使用[^。]{0,30}(?:进行)?预?训练",
    re.I,
)
_NOT_TRAINER = re.compile(
    r"\binferen|\bquanti[sz]|\bdeploy|\bserv(?:e|ing)\b|\bdemo\b|\bevaluat|推理|部署|量化"
    r"|评测|支持",
    re.I,
)
_GATE = re.compile(
    r"\baccept\w*\b[^.。]{0,40}\b(?:agreement|licen[cs]e|terms)|\brequest (?:access|form)"
    r"|\bfill (?:in|out)\b|\bgated\b|\bapply for\b|\baccess request"
    r"|\bapproved?\b[^.。]{0,40}\b(?:url|download|email)|申请|填写|登记|问卷",
    re.I,
)
_EVAL_NAME = re.compile(
    r"(?:^|[-_./ ])(?:eval\w*|bench\w*|test|mmlu\w*|gsm8k|humaneval|mbpp|bbh|ceval|cmmlu"
    r"|hellaswag|arc|boolq|winogrande|piqa|agieval|gaokao|truthfulqa)(?:$|[-_./ ])|eval$"
    r"|bench$|_test$",
    re.I,
)
_TUNED_NAME = re.compile(
    r"instruct|sft|chat|dpo|rlhf|preference|feedback|alpaca|sharegpt|tulu|ultra(?:chat"
    r"|feedback)|conversation|dialog|reward|multiturn|belle",
    re.I,
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    trained_on = tokens_stated("\n".join(release.document(file).lines[:4000]))
    for spot in spots(file, release):
        if spot.locator.target is Target.BADGE or not _leads_out(spot):
            continue
        yield from _weights(spot, release)
        if not spot.about_sibling:
            yield from _data(spot, release, trained_on)
            yield from _code(spot, release)
            yield from _documents(spot)
            yield from _logs(spot)
    yield from _referred_cards(file, release)


def _leads_out(spot: Spot) -> bool:
    """Whether a link leaves the tree; paths and anchors are other inspectors' business."""
    return (
        "://" in spot.link.url
        or spot.link.url.startswith("magnet:")
        or spot.locator.host.endswith(("huggingface.co", "hf.co", "modelscope.cn", "github.com"))
    )


# -- weights -----------------------------------------------------------------------------------


def _weights(spot: Spot, release: Release) -> Iterator[Fact]:
    target = spot.locator.target
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


# -- data --------------------------------------------------------------------------------------


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
    elif _GALLERY.search(name.replace("_", "-")):
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


# -- code --------------------------------------------------------------------------------------


def _code(spot: Spot, release: Release) -> Iterator[Fact]:
    if spot.locator.target not in (Target.REPOSITORY, Target.PAGE) or spot.link.image:
        return
    is_repo = spot.locator.target is Target.REPOSITORY
    if prose.OTHERS.search(spot.trail) or _is_this_repository(spot, release):
        return
    if prose.EVALUATION.search(spot.context) and _is_harness(spot):
        yield _linked_code(
            spot, "evaluation_code", "harness", "A harness is linked as what the evaluation uses."
        )
        return
    if not is_repo:
        return
    if release.subject.owns(spot.locator.owner) and _DATA_CODE.search(
        f"{spot.locator.name} {spot.link.text}"
    ):
        yield _linked_code(
            spot,
            "data_preprocessing_code",
            "repository",
            "The authors' data preparation code is linked.",
        )
        return
    near = re.sub(r"(?:and |or |, )?fine-?\s?tun\w*", "", spot.near, flags=re.I)
    if _TRAINING_CODE.search(near) and not _NOT_TRAINER.search(near):
        if not release.subject.owns(spot.locator.owner) and not prose.PRETRAINING.search(spot.near):
            return
        both = _TRAINING_CODE.search(near) and prose.FINETUNING.search(spot.near)
        tuning = (
            prose.FINETUNING.search(spot.context)
            and not prose.PRETRAINING.search(spot.near)
            and not both
        )
        if not tuning:
            yield _linked_code(
                spot, "training_code", "framework", "The code the model was trained with is linked."
            )
            yield _linked_code(
                spot, "supporting_libraries", "framework", "The training framework is linked."
            )


def _is_harness(spot: Spot) -> bool:
    """A named harness, or a repository whose evaluation scheme the sentence says was used."""
    if _SCHEME.search(spot.near):
        return True
    named = f"{spot.locator.name or spot.locator.host} {spot.link.text}"
    return bool(_HARNESS.search(named)) and bool(_USES.search(spot.near))


def _is_this_repository(spot: Spot, release: Release) -> bool:
    names = {source.name.lower().replace("+", "/") for source in release.sources}
    return spot.locator.id.lower() in names


def _linked_code(spot: Spot, component: str, aspect: str, detail: str) -> Linked:
    return Linked(
        evidence=(spot.cite(),),
        component=component,
        url=spot.link.url,
        aspect=aspect,
        detail=detail,
    )


# -- documents and logs ------------------------------------------------------------------------


def _documents(spot: Spot) -> Iterator[Fact]:
    label = f"{spot.link.text} {spot.link.url}"
    if (
        _MODEL_CARD.search(label)
        and not spot.about_sibling
        and "://" in spot.link.url
        and "arxiv" not in spot.link.url
    ):
        yield Linked(
            evidence=(spot.cite(),),
            component="model_card",
            url=spot.link.url,
            detail="The link is called a model card.",
        )
    if _DATA_CARD.search(spot.link.text) and "://" in spot.link.url:
        yield Linked(
            evidence=(spot.cite(),),
            component="data_card",
            url=spot.link.url,
            detail="The link is called a datasheet or data card.",
        )
    if _is_gallery(spot, label):
        yield Linked(
            evidence=(spot.cite(),),
            component="sample_outputs",
            url=spot.link.url,
            detail="A gallery or collection of outputs is linked.",
        )


def _is_gallery(spot: Spot, label: str) -> bool:
    page = spot.locator.target in (Target.PAGE, Target.REPOSITORY, Target.DATASET)
    elsewhere = prose.OTHERS.search(spot.trail) or prose.TRAINING.search(spot.near)
    return page and "://" in spot.link.url and bool(_GALLERY.search(label)) and not elsewhere


def _logs(spot: Spot) -> Iterator[Fact]:
    if spot.locator.target is Target.TRACKER and not prose.OTHERS.search(spot.trail):
        yield Linked(
            evidence=(spot.cite(),),
            component="training_logs",
            url=spot.link.url,
            detail="An experiment tracker's page is linked.",
        )


_REFERRED = re.compile(
    r"\b(?:see|refer to|check(?: out)?|find|details? in|consult"
    r"|read)\b[^.。]{0,60}\bmodel\s?cards?\b|(?:参考|查看|详见)[^。]{0,20}模型卡",
    re.I,
)


def _referred_cards(file: File, release: Release) -> Iterator[Fact]:
    """ "Please refer to the model cards": the hub pages of the models linked here are the cards."""
    hub = next(
        (
            spot
            for spot in spots(file, release)
            if spot.locator.target in (Target.MODEL, Target.COLLECTION)
            and release.subject.owns(spot.locator.owner)
            and not spot.about_sibling
        ),
        None,
    )
    if hub is None:
        return
    for passage in passages(file, release):
        if _REFERRED.search(passage.text) and not release.subject.is_foreign(passage.text):
            yield Linked(
                evidence=(passage.cite(), hub.cite()),
                component="model_card",
                url=hub.link.url,
                detail="The document sends the reader to the models' cards on the hub.",
            )
            return


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
