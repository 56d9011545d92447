"""Claims of openness in the authors' words, in English and Chinese, with their subject.

Reads sentences, headings, table rows and picture titles of the release's own documents. A claim is
about this release when it speaks in the first person, names the model, or states a licence;
sentences about rivals, tools and other people's open source are left out. Whether a claim holds is
decided when everything has been assembled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.passages import Passage, passages, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Evidence, Fact, Gap, Stated

NAME = "claims"
COMPONENTS: tuple[str, ...] = ()

# kind, pattern; the first that matches names the claim
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.I))
    for kind, pattern in (
        ("fully_open", r"\b(?:fully|completely|truly|totally|100 ?%)[- ]open|\ball (?:(?:the|our|of)\s)*(?:models|artifacts?|code|data|weights)[^.]{0,60}\b(?:released|open|public|available)|\ball the artifacts\b|完全开源|全部开源|全面开源|全流程开源"),
        ("reproducible", r"\breproduc(?:es?|ible|ibility|ing)\b|\bfull reproducib|可复现"),
        ("open_weights", r"\bopen[- ]?weights?\b|开放权重|权重开放|权重[^。，]{0,12}(?:完全)?开放|\bweights are (?:open|public|freely)"),
        ("open_access", r"完全开放|对学术研究(?:\*\*)?(?:完全)?开放|\bopen access\b|\bopenness\b|\bopenly (?:released?|available|releasing)|\bpublicly (?:released?|available)|\bfreely (?:available|download)"),
        ("open_source", r"\bopen(?:ly)?[- ]?sourc(?:e|ed|es|ing)\b|开源|\bmore open\b"),
        ("commercial_use", r"\b(?:free|allowed|permitted|available|used?|support\w*) (?:for|of charge for)?\s?(?:\w+ )?commercial(?:ly)?\b|\bcommercial(?:ly)? (?:use|usable|purposes|friendly)|免费商用|允许商用|可商用|商业(?:使用|用途)"),
        ("release", r"\bwe (?:(?:are |have |also |now |hereby )*)(?:releas|publish|shar|open)\w*\b|\b(?:code|models?|weights|data|checkpoints)(?:(?:,| and|, and) (?:code|models?|weights|data|checkpoints))+ (?:from|for|of) (?:the|our) paper|\bofficial (?:release|implementation|repository)|我们(?:发布|公开|开放)"),
        ("open", r"(?:^|[:：,]\s*|\bmore |\ban? )open\b(?!\s?(?:ai|llm leaderboard|an? issue|the (?:link|url|file|browser)|in colab|assistant|source))(?=[\s,-]+\w)"),
    )
)  # fmt: skip
_LICENSED = re.compile(r"\b(?:licen[cs]ed|released|distributed|available|provided|published|covered)\b[^.。]{0,60}\b(?:under|by|with)\b[^.。]{0,80}\b(?:licen[cs]e|apache|mit|bsd|gpl|cc[- ]by|agreement|openrail)|\b(?:the following )?licen[cs]e (?:only )?applies\b|\bis under (?:the )?[\w.\- ]{2,40}licen[cs]e|(?:遵循|采用|依照|基于|使用)[^。]{0,40}(?:协议|许可)|(?:协议|许可)[^。]{0,20}(?:开源|发布|授权)", re.I)  # noqa: E501
_RIVALS = re.compile(r"\b(?:other|existing|rival|leading|among|best|previous|current|many|most|some|various|all|any|both|than|versus|vs\.?|compar\w+|against|outperform\w*|surpass\w*|beats?|competitive with|similar[- ]sized?|popular|top|mainstream)\b[^.。]{0,40}\bopen[- ]?(?:source|weight)|其他开源|现有开源|同(?:尺寸|规模|等规模)[^。]{0,6}开源|主流开源|开源模型中|超(?:过|越)[^。]{0,20}开源|领先[^。]{0,10}开源|与[^。]{0,12}开源[^。]{0,6}(?:模型)?(?:相比|对比)", re.I)  # noqa: E501
_TOOLS = re.compile(r"\bopen[- ]?source(?:d)?\s+(?:(?:\w+ ){0,2})?(?:tools?|librar\w+|software|frameworks?|toolkits?|engines?|projects? (?:such|like)|benchmarks?|communit\w+|contribut\w+|ecosystem|platforms?|initiatives?|data ?sets?|corpus|corpora|instruction|text|repositor\w+ (?:on|from))\b|开源(?:社区|工具|框架|库|项目|数据集|教程|软件|生态|平台|引擎|测评)", re.I)  # noqa: E501
_FIRST = re.compile(r"\b(?:we|our|us|this (?:repo\w*|project|release|model|code|work|family)|the (?:model|models|code|weights)(?: and\b[^.]{0,30})? (?:is|are|has|have)|here)\b|我们|本(?:项目|模型|仓库|次|系列)|所有(?:版本|权重|模型)|以上所有|系列(?:中|的)?", re.I)  # noqa: E501
_NOT = re.compile(r"\b(?:not|never|no longer|isn't|aren't)\b[^.。]{0,20}\bopen", re.I)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    seen: set[int] = set()
    for passage in _everything(file, release):
        if passage.start in seen or len(passage.text) > 2500:
            continue
        kind = _kind(passage, release)
        if kind is not None:
            seen.add(passage.start)
            yield Stated(
                evidence=(_cite(passage, kind, file),),
                topic="claim",
                value=kind,
                subject=_subject(passage.text),
                detail="The authors say so of this release.",
            )


def _everything(file: File, release: Release) -> Iterator[Passage]:
    yield from passages(file, release)
    document = release.document(file)
    for link in document.links:
        if link.image and link.text and link.line <= 40:
            yield Passage(file, link.text, link.line, link.line, "")


def _kind(passage: Passage, release: Release) -> str | None:
    """The kind of claim a passage makes about this release, or None."""
    text = passage.text
    if prose.OTHERS.search(passage.trail) or prose.FUTURE.search(text) or _NOT.search(text):
        return None
    if release.subject.only_sibling(f"{text}\n{passage.trail}"):
        return None
    named = Whose.OWN in release.subject.mentioned(text)
    for kind, pattern in _KINDS:
        if pattern.search(text) and _is_about_us(kind, text, named, passage):
            return kind
    if _LICENSED.search(text) and len(text) < 900:
        return "open_license"
    return None


def _is_about_us(kind: str, text: str, named: bool, passage: Passage) -> bool:
    ours = named or bool(_FIRST.search(text))
    if kind == "open":  # the bare word, only as a motto beside the own name
        return named and len(text) < 90 and bool(re.search(r"[:：]", text))
    if kind == "reproducible":
        return bool(re.search(r"\breproduces?\b|full reproduc|fully reproduc|可复现", text, re.I)) and (
            ours or passage.start < 40
        )
    if _RIVALS.search(text):
        return False
    if kind == "open_source" and _TOOLS.search(text) and not (named and _FIRST.search(text)):
        return False
    if kind == "open_access":
        return ours or bool(re.search(r"open access|openness|完全开放", text, re.I))
    if kind in ("fully_open", "open_weights"):
        return True
    return ours


def _subject(text: str) -> str:
    """What the claim is about: weights, code, data, or the whole release."""
    model = re.search(r"\b(?:weights?|models?|checkpoints?|llms?)\b|权重|模型", text, re.I)
    code = re.search(r"\b(?:code|codebase|scripts?|source files)\b|代码", text, re.I)
    data = re.search(r"\b(?:data|data ?sets?|corpus)\b|数据|语料", text, re.I)
    if model and not (code or data):
        return "weights"
    if data and not (code or model):
        return "data"
    if code and not (model or data):
        return "code"
    return "release"


def _cite(passage: Passage, kind: str, file: File) -> Evidence:
    """Cite the line on which the telling words stand, not the paragraph's first."""
    patterns = [p for k, p in _KINDS if k == kind] + [_LICENSED]
    for pattern in patterns:
        for number in range(passage.start, passage.end + 1):
            if pattern.search(file.lines[number - 1]):
                return file.cite_lines(number)
    return passage.cite()
