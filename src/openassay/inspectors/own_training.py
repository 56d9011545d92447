"""Claims of having been trained from nothing: "trained from scratch", "fully self-developed", 自研.

Reads the sentences of the release's front documents. The claim is only kept, as ``own_training``:
what contradicts it are weights that share an origin with an older model's (``openassay.lineage``).
Sentences about other models, about parts (a tokenizer, a data pipeline), and those that deny it or
tell how others do it make no fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from openassay.files import File
from openassay.formats import prose
from openassay.passages import Passage, passages, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Fact, Gap, Stated

NAME = "own_training"
COMPONENTS: tuple[str, ...] = ()
MAX_LENGTH: Final = 1_500  # characters of a sentence

_SCRATCH: Final = prose.keyed(
    "scratch|从零|从头",
    r"\b(?:pre-?)?trained\b[^.;。；]{0,80}\bfrom scratch\b",
    r"(?:从零|从头)(?:开始)?(?:自主)?(?:预?训练|研发)的?",
)
_OWN: Final = prose.keyed(
    "self-dev|self dev|in-house|自研|自主研发",
    r"\b(?:fully|completely|entirely|100 ?%)[ -]self[ -]developed\b",
    r"\b(?:is|are|was|were|a|an|our) self[ -]developed\b[^.;]{0,40}\b(?:models?|llms?|series)\b",
    r"(?:完全|全)(?:自研|自主研发)|自(?:主研发|研)的?[^。；，]{0,16}(?:模型|系列)",
)
#: It is of something else than the model, or it is denied, asked or compared.
_NOT: Final = re.compile(
    r"\b(?:not|never|without|instead of|rather than|than|unlike|compared|versus|vs\.?|baselines?|"
    r"other|existing)\b[^.;。；]{0,60}\b(?:from scratch|self[ -]developed)"
    r"|\b(?:to|can|could|would|you|users?|if|how)\b[^.;,]{0,20}\b(?:pre-?)?train\b[^.;]{0,60}\bscratch"
    r"|\b(?:tokeni[sz]er|vocabulary|encoder|decoder|head|adapter|classifier|pipeline|framework|"
    r"probe|discriminator|vae)s?\b[^.;]{0,60}\b(?:from scratch|self[ -]developed)"
    r"|(?:不是|并非|而非|无需|不必|相比)[^。；]{0,30}(?:从零|从头|自研|自主研发)"
    r"|(?:分词器|词表|编码器|框架|平台|芯片|算法)[^。；，]{0,16}(?:从零|从头|自研|自主研发)"
    r"|(?:自研|自主研发)的?[^。；，]{0,12}(?:分词器|词表|编码器|框架|平台|芯片|算法|数据)",
    re.I,
)
_OURS: Final = re.compile(
    r"\b(?:we|our|ours|it|this (?:model|series|family|project|release)|the (?:current )?models?)\b"
    r"|我们|本(?:模型|项目|系列)|该模型",
    re.I,
)
#: A sentence without a subject of its own, or one that is a description and no more.
_BARE: Final = re.compile(
    r"\W{0,4}(?:[\w -]{0,40}[:：]\W{0,4})?"
    r"(?:(?:pre-?)?trained |an? [\w -]{0,60}\b(?:model|llm)\b[ ,])",
    re.I,
)
_MIN_TITLE: Final = 3


def wants(file: File, release: Release) -> bool:
    return wanted(file, release) and release.is_front(file)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    for passage in passages(file, release):
        value = _claimed(passage, release)
        if value:
            yield Stated(
                evidence=(passage.cite(),),
                topic="own_training",
                value=value,
                subject="model_parameters_final",
                detail="The authors say that the model was not made from another one.",
            )


def _claimed(passage: Passage, release: Release) -> str:
    """``from_scratch``, ``self_developed``, or nothing."""
    text = passage.text
    if len(text) > MAX_LENGTH or prose.OTHERS.search(passage.trail) or _NOT.search(text):
        return ""
    if release.subject.is_foreign(text, passage.trail) or text.rstrip("* ").endswith(("?", "？")):
        return ""
    value = "from_scratch" if _SCRATCH.search(text) else "self_developed"
    if value == "self_developed" and not _OWN.search(text):
        return ""
    return value if _is_ours(passage, release) else ""


def _is_ours(passage: Passage, release: Release) -> bool:
    """It names the model or what the document is headed by, speaks of "us", or of nothing else."""
    named = release.subject.mentioned(passage.text)
    if named:
        return Whose.OWN in named
    title = passage.trail.split(" / ", 1)[0].strip().lower()
    headed = len(title) >= _MIN_TITLE and title in passage.text.lower()
    return headed or bool(_OURS.search(passage.text) or _BARE.match(passage.text))
