"""Claims of openness in the authors' words, in English and Chinese, with their subject.

Reads sentences, headings, table rows, picture titles and the titles of BibTeX entries in the
release's own documents. A claim is about this release when it speaks in the first person, names the
model, or states a licence; sentences about rivals, tools and other people's open source are left
out. Whether a claim holds is decided when everything has been assembled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay import licenses
from openassay.files import File
from openassay.formats import prose
from openassay.passages import Passage, passages, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Evidence, Fact, Gap, Stated

NAME = "claims"
COMPONENTS: tuple[str, ...] = ()

_PARTS = r"(?:code|data|datasets?|corpus|weights|models?|checkpoints|recipes?|everything|scripts?)"

# kind and what says so; the first that matches names the claim
_PATTERNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "fully_open",
        (
            r"\b(?:fully|completely|truly|totally|100 ?%)[- ]open",
            rf"\ball (?:(?:the|our|of|its"
            rf"|intermediate)\s)*{_PARTS}[^.]{{0,60}}\b(?:released|open|public|available)",
            r"\ball the artifacts\b|\ball (?:of |the |our |intermediate )*checkpoints\b",
            r"\b(?:totally|completely|entirely) free\b",
            r"完全开源|全部开源|全面开源|全流程开源",
        ),
    ),
    (
        "reproducible",
        (
            r"\b(?:code|scripts?)\b[^.]{0,40}\bto reproduce\b|\b(?:fully|completely?"
            r"|enabl\w+|easily|openly|full) reproduc\w+"
            r"|\breproduces\b|可复现|完全复现",
        ),
    ),
    (
        "open_weights",
        (
            r"\bopen[- ]?weights?\b|\bweights are (?:open|public|freely)",
            r"开放权重|权重开放|权重[^。，]{0,12}(?:完全)?开放",
        ),
    ),
    (
        "open_access",
        (
            r"\bopen access\b|\bopenness\b|\b(?:openly|publicly) (?:released?|available|releasing)",
            r"\bfreely (?:available|download)|完全开放|对学术研究(?:完全)?开放",
        ),
    ),
    ("open_source", (r"\bopen(?:ly)?[- ]?sourc(?:e|ed|es|ing)\b|开源|\bmore open\b",)),
    (
        "commercial_use",
        (
            r"\b(?:free|allowed|permitted|available|used?|support\w*) (?:for|of charge "
            r"for)?\s?(?:\w+ )?commercial(?:ly)?\b",
            r"\bcommercial(?:ly)? (?:use|usable|purposes|friendly)|免费商用|允许商用"
            r"|可商用|商业(?:使用|用途)",
        ),
    ),
    (
        "release",
        (
            rf"\bwe (?:(?:are |have |also |now |hereby )*)(?:releas|publish|shar"
            rf"|open)\w*\b[^.]{{0,80}}\b{_PARTS}\b",
            rf"\b{_PARTS}(?:(?:,| and|, and) {_PARTS})+ (?:from|for|of) (?:the|our) paper",
            r"\b(?:initial|official|full|this) release (?:contains|includes)|\bbuild and share\b",
            rf"\bthis repo\w* contains\b[^.]{{0,60}}\b{_PARTS}\b[^.]{{0,60}}\b{_PARTS}\b",
            rf"\bthis repo\w* contains\b[^.]{{0,120}}\b{_PARTS}\b[^.]{{0,40}}\b(?:for|of"
            rf"|from) (?:the|our) paper|\bwe['’]ve released\b",
            rf"\b{_PARTS}\b[^.]{{0,30}}\b(?:is|are) (?:also )?(?:released|shared"
            rf"|published) (?:alongside|together|publicly)",
            r"我们(?:发布|公开|开放)[^。]{0,30}(?:代码|数据|权重)",
        ),
    ),
    (
        "open",
        (
            r"\bopen (?:\w+ ){0,2}(?:models?|llms?|suite)\b",
            r"[:：]\s*(?:an? |the )?open\b(?=[\s-]+\w)|\bopen pre-?trained\b",
        ),
    ),
)
# words without which no pattern of a kind can match
_WORDS = {
    "fully_open": "fully|completely|truly|totally|100|all |entirely|开源",
    "reproducible": "reproduc|复现",
    "open_weights": "openweight|open weight|open-weight|weights are|开放",
    "open_access": "open access|openness|openly|publicly|freely|开放",
    "open_source": "sourc|开源|more open",
    "commercial_use": "commercial|商",
    "release": "we |we'|we’|paper|releas|share|publish|repo|我们",
    "open": "open",
}
_KINDS = tuple((kind, prose.keyed(_WORDS[kind], *parts)) for kind, parts in _PATTERNS)

_LICENSED = prose.keyed(
    "licen|apache|mit|bsd|gpl|cc-by|cc by|agreement|openrail|research purposes|协议|许可",
    r"\bfor (?:academic )?research purposes only\b|"
    r"\b(?:licen[cs]ed|released|distributed|available|provided|published"
    r"|covered)\b[^.。]{0,60}\b(?:under|by|with)\b"
    r"[^.。]{0,80}\b(?:licen[cs]e|apache|mit|bsd|gpl|cc[- ]by|agreement|openrail)"
    r"|\b(?:the following )?licen[cs]e (?:only )?applies\b|\bis under (?:the )?[\w.\- "
    r"]{2,40}licen[cs]e"
    r"|(?:遵循|采用|依照|基于|使用)[^。]{0,40}(?:协议|许可)|(?:协议"
    r"|许可)[^。]{0,20}(?:开源|发布|授权)",
)
_RIVALS = re.compile(
    r"\b(?:other|existing|rival|leading|among|best|previous|current|many|most|some|various"
    r"|any|both|than|versus|vs\.?|"
    r"compar\w+|against|outperform\w*|surpass\w*|beats?|competitive with|similar[- ]sized?"
    r"|popular|top|mainstream)\b"
    r"[^.。]{0,40}\bopen[- ]?(?:source|weight)"
    r"|其他开源|现有开源|同(?:尺寸|规模|等规模)[^。]{0,6}开源|主流开源|开源模型中|超(?:过"
    r"|越)[^。]{0,20}开源|"
    r"领先[^。]{0,10}开源|与[^。]{0,12}开源[^。]{0,6}(?:模型)?(?:相比|对比)",
    re.I,
)
_SELF = re.compile(
    r"\b(?:is|are|as|becomes?|remains?) (?:an?|the|one of the)\b[^.。]{0,40}\bopen[- "
    r"]?(?:source|weight)|是[^。，]{0,20}开源",
    re.I,
)
_TOOLS = re.compile(
    r"\bopen[- ]?source(?:d)?\s+(?:(?:\w+ ){0,2})?(?:tools?|librar\w+|software|frameworks?"
    r"|toolkits?|engines?|"
    r"projects? (?:such|like)|benchmarks?|communit\w+|contribut\w+|ecosystem|platforms?"
    r"|initiatives?|data ?sets?|"
    r"corpus|corpora|instruction|text|solutions?|repositor\w+ (?:on|from))\b"
    r"|开源(?:社区|工具|框架|库|项目|数据集|教程|软件|生态|平台|引擎|测评)",
    re.I,
)
_FIRST = re.compile(
    r"\b(?:we|our|us|this (?:repo\w*|project|release|model|code|work|family)|here|"
    r"the (?:model|models|code|weights|corpus|data)(?: and\b[^.]{0,30})? (?:is|are|has|have))\b"
    r"|\ball of the (?:trained )?models\b|我们|本(?:项目|模型|仓库|次|系列)|所有(?:版本"
    r"|权重|模型)|以上所有|系列(?:中|的)?",
    re.I,
)
_CONTRAST = re.compile(r"[,;，；]\s*(?:while|whereas|but|however|yet)\b|[,;，；]\s*(?:而|但)", re.I)
_NOT = prose.keyed("open", r"\b(?:not|never|no longer|isn't|aren't)\b[^.。]{0,20}\bopen")
# "may not fully reproduce the results", "we believe that providing the code to reproduce ..."
_NOT_REPRODUCED = re.compile(
    r"\b(?:not|never|cannot|can't|unable to|hard to|difficult to)\b[^.。]{0,20}\breproduc"
    r"|\bwe (?:believe|hope|think)\b[^.。]{0,60}\breproduc|(?:无法|不能|难以|不)[^。]{0,8}复现",
    re.I,
)
_HOUSEKEEPING = re.compile(r"^\.github/|contributing|code_of_conduct|changelog|security", re.I)
_TITLE = re.compile(r"^\s*title\s*=\s*[{\"]+(.{3,300}?)[}\"]+,?\s*$", re.I)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release) and not _HOUSEKEEPING.search(release.inner_path(file))


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    seen: set[int] = set()
    for passage in _everything(file, release):
        if passage.start in seen or len(passage.text) > 2500:
            continue
        kind = _kind(passage, release)
        if kind is not None:
            seen.add(passage.start)
            yield Stated(
                evidence=(_cite(passage, kind),),
                topic="claim",
                value=kind,
                subject=_subject(_telling_clause(passage.text, kind)),
                detail="The authors say so of this release.",
            )


def _everything(file: File, release: Release) -> Iterator[Passage]:
    """Running text, then the titles of pictures near the top and of own BibTeX entries."""
    yield from passages(file, release)
    document = release.document(file)
    for link in document.links:
        if link.image and link.text and link.line <= 40:
            yield Passage(file, link.text, link.line, link.line, "")
    for block in document.code:
        for index, line in enumerate(block.lines[:200], block.start + 1):
            if (title := _TITLE.match(line)) and index <= len(document.lines):
                yield Passage(file, title.group(1), index, index, "")


def _kind(passage: Passage, release: Release) -> str | None:
    """The kind of claim a passage makes about this release, or None."""
    text = passage.text
    if prose.OTHERS.search(passage.trail) or _NOT.search(text):
        return None
    if text.rstrip("* ").endswith(("?", "？")):
        return None
    if release.subject.is_foreign(text, passage.trail):
        return None
    named = Whose.OWN in release.subject.mentioned(text)
    if prose.FUTURE.search(text):
        promised = re.search(r"open[- ]?sourc|开源", text, re.I)
        return "promise" if promised and (named or _FIRST.search(text)) else None
    for kind, pattern in _KINDS:
        if pattern.search(text) and _is_about_us(kind, text, named, passage.trail):
            return kind
    if _LICENSED.search(text) and len(text) < 900:
        return "open_license" if _names_open_license(text) else "license_terms"
    return None


def _names_open_license(text: str) -> bool:
    """Whether the sentence names a licence that is open for anything at all."""
    return any(
        licenses.openness(mention.id, kind)
        for mention in licenses.mentions(text)
        for kind in ("code", "data", "document")
    )


def _is_about_us(kind: str, text: str, named: bool, trail: str) -> bool:
    if kind == "reproducible" and _NOT_REPRODUCED.search(text):
        return False
    ours = named or bool(_FIRST.search(text))
    if kind == "open":  # "Foo: Open Something", "Foo is an open language model"
        return named and (
            len(text) < 90 or bool(re.search(r"\bopen (?:\w+ ){0,2}(?:models?|llms?)", text, re.I))
        )
    if kind in ("open_source", "open_weights") and _RIVALS.search(text):
        among = re.search(r"\bamong (?:\w+ ){0,2}open[- ]?source", text, re.I)  # implies being one
        return named and bool(among or _SELF.search(text))
    if kind == "open_source" and not re.search(r"open[- ]?sourc|开源", _TOOLS.sub("", text), re.I):
        return named and bool(_FIRST.search(text))
    if kind == "open_access":
        return ours or bool(re.search(r"open access|openness|完全开放", text, re.I))
    if kind == "release" and "paper" in text.lower():
        return True
    heading = text.lower() == trail.rsplit(" / ", 1)[-1]
    return ours or heading or kind in ("fully_open", "open_weights", "reproducible")


def _telling_clause(text: str, kind: str) -> str:
    """The side of a contrast that makes the claim: "the code is open, while the weights ..."."""
    says_so = _patterns(kind)[0]
    sides = [side for side in _CONTRAST.split(text) if says_so.search(side)]
    return sides[0] if len(sides) == 1 and _subject(sides[0]) != "release" else text


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


def _patterns(kind: str) -> list[prose.Keyed]:
    """What says so, the kind's own words before those of licences."""
    return [*(pattern for name, pattern in _KINDS if name == kind), _LICENSED]


def _cite(passage: Passage, kind: str) -> Evidence:
    """Cite the line on which the telling words stand, not the paragraph's first."""
    for pattern in _patterns(kind):
        for number in range(passage.start, passage.end + 1):
            if pattern.search(passage.file.lines[number - 1]):
                return passage.file.cite_lines(number)
    return passage.cite()
