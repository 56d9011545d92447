"""Code kept elsewhere: training frameworks, harnesses, data pipelines that the release used.

Reads every link of the release's own documents. A repository counts where the sentence says what it
was used for, or where it is the publisher's own; tools that merely support the model do not.
Nothing is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import Target
from openassay.passages import Spot, spots, wanted
from openassay.release import Release
from openassay.types import Fact, Gap, Linked

NAME = "code_links"
COMPONENTS = (
    "training_code",
    "evaluation_code",
    "data_preprocessing_code",
    "supporting_libraries",
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
_FOR_DATA = re.compile(
    r"\bfor (?:\w+, ){0,3}data (?:pre-?process\w*|cleaning|curation|preparation)", re.I
)
_SCHEME = re.compile(
    r"评测方案|评估方案|评测脚本|\bevaluation (?:scheme|script|code|suite|protocol)", re.I
)
_EVAL_CODE = re.compile(
    r"\beval(?:uation)? (?:code|scripts?|harness)\b|评测(?:代码|脚本)|评估(?:代码|脚本)", re.I
)
_USES = re.compile(
    r"\b(?:us(?:e|ed|ing)|with|via|run|based on|follow\w*|through|by|perform\w*)\b|使用"
    r"|采用|基于|通过|参考",
    re.I,
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


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    for spot in spots(file, release):
        if spot.leads_out and not spot.about_sibling:
            yield from _code(spot, release)


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
    if release.subject.owns(spot.locator.owner) and _is_own_evaluation(spot):
        yield _linked_code(
            spot, "evaluation_code", "repository", "The authors' evaluation code is linked."
        )
        return
    if release.subject.owns(spot.locator.owner):
        called = f"{spot.locator.name} {spot.link.text}"
        if _DATA_CODE.search(called) or _FOR_DATA.search(spot.near):
            yield _linked_code(
                spot,
                "data_preprocessing_code",
                "repository",
                "The authors' data preparation code is linked.",
            )
        if _DATA_CODE.search(called):
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


def _is_own_evaluation(spot: Spot) -> bool:
    """A label before the link, or its own file, that says evaluation code."""
    label = spot.near.replace(spot.link.url, "")[:200]
    script = re.search(r"/[^/]{0,40}eval[^/]{0,40}\.(?:py|sh|ipynb)$", spot.link.url, re.I)
    return bool(_EVAL_CODE.search(label) or (script and spot.locator.path))


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
