"""Statements that something is not released, or not yet.

Reads sentences such as "coming soon", 即将开源, "internal data" and "we do not release", and says
which component they speak of. It never makes a component absent by itself: where the thing is
found all the same, assembling shows both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.passages import Passage, passages, wanted
from openassay.release import Release
from openassay.types import Fact, Gap, RuledOut

NAME = "absences"
COMPONENTS: tuple[str, ...] = ()

_RELEASE = re.compile(
    r"releas|open[- ]?sourc|publish|availab|upload|provide|coming soon|to-?do|tbd|share|开源"
    r"|发布|公开|上传|开放|提供|敬请期待",
    re.I,
)
_COMPONENTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (component, re.compile(pattern, re.I))
    for component, pattern in (
        (
            "evaluation_code",
            r"\b(?:code|scripts?)\b[^.]{0,30}\bevaluat|\bevaluation (?:code|scripts?|harness)"
            r"|评测(?:代码|脚本)|\bevaluation \(todo",
        ),
        (
            "training_code",
            r"\b(?:pre-?)?training (?:code|scripts?|framework|librar)|\bcustom training librar"
            r"|训练(?:代码|脚本|框架)",
        ),
        (
            "data_preprocessing_code",
            r"\b(?:data )?(?:pre-?process|filter|clean|dedup|decontaminat"
            r"|curation)\w*[^.]{0,40}\b(?:code|scripts?|pipeline)|\btodo: add code\b"
            r"|数据(?:处理|清洗)(?:代码|脚本|流程)",
        ),
        (
            "datasets",
            r"\b(?:training |pre-?training |internal |proprietary |private )?(?:data ?sets?"
            r"|data|corpus|corpora)\b|训练数据|数据集|数据|语料",
        ),
        ("technical_report", r"\btech(?:nical)? report|技术报告"),
        ("research_paper", r"\bpaper\b|论文"),
        ("model_parameters_intermediate", r"\bintermediate checkpoints?|中间(?:权重|checkpoint)"),
        ("model_parameters_final", r"\b(?:weights?|checkpoints?|models?)\b|权重|模型"),
    )
)


_READERS = re.compile(r"\b(?:your|users?'?|their)\s*$|您的|你的|用户的?", re.I)
_OWN_WORDS = re.compile(r"data|corp|数据|语料", re.I)  # the telling words name the thing
_PASSIVE = re.compile(r"\bbe\b|available|coming|\bsoon\b|tbd|to-?do|即将|敬请|待|暂未", re.I)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    for passage in passages(file, release):
        if len(passage.text) > 1200 or release.subject.is_foreign(passage.text, passage.trail):
            continue
        future = prose.FUTURE.search(passage.text)
        withheld = prose.WITHHELD.search(passage.text)
        if future and _RELEASE.search(passage.text):
            yield from _ruled_out(passage, "announced for later", future.start(), future.end())
        elif withheld and not _READERS.search(passage.text[: withheld.start()][-20:]):
            yield from _ruled_out(passage, "withheld", withheld.start(), withheld.end())


def _ruled_out(passage: Passage, how: str, start: int, end: int) -> Iterator[Fact]:
    """The component named nearest the telling words, on the side that their grammar points to."""
    before, after = passage.text[max(0, start - 70) : start], passage.text[end : end + 70]
    telling = passage.text[start:end]
    passive = _PASSIVE.search(telling) and not _OWN_WORDS.search(telling)
    sides = (before, telling, after) if passive else (telling, after, before)
    for side in sides:
        found = [
            (
                side.rfind(hit.group(0)) if side is before else -hit.start(),
                len(hit.group(0)),
                component,
            )
            for component, pattern in _COMPONENTS
            if (hit := pattern.search(side))
        ]
        if found:
            yield RuledOut(
                evidence=(passage.cite(),),
                component=max(found)[2],
                looked_for=(how,),
                detail=f"The authors say that it is {how}.",
            )
            return
