"""Model cards and data cards, judged by what they say.

A file presented as a model card is one (unless it only points elsewhere). Any other README is
tested for details, performance, and intended use or limits; a data card for source,
characteristics and preprocessing. Headings and telling sentences count; a legal disclaimer is
neither intended use nor limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.markdown import Document, Section
from openassay.passages import Passage, passages, wanted
from openassay.release import Release
from openassay.types import Evidence, Extent, Fact, Found, Gap, Linked

NAME = "cards"
COMPONENTS = ("model_card", "data_card", "model_metadata")

_CARD_NAME = re.compile(r"model[\s_-]?card|模型卡", re.I)
_DATA_CARD_NAME = re.compile(
    r"data(?:set)?[\s_-]?card|data\s?sheet|data[\s_-]statement|数据卡", re.I
)
_STUB = 600  # characters of prose under which a card only points elsewhere

_DETAILS = re.compile(
    r"\b(?:language model|from scratch|diffusion|parameters?|layers?|hidden (?:size|dim)"
    r"|vocab\w*|context (?:length|window)"
    r"|architecture|transformer|"
    r"decoder|encoder|attention heads?|trained on|pre-?trained|tokens|model (?:type|size"
    r"|details|description))\b|"
    r"参数|层数|上下文|架构|词表|训练(?:了|于|数据)|预训练|模型介绍",
    re.I,
)
_PERFORMANCE = re.compile(
    r"\bevaluat\w+|\bbenchmarks?\b|\bperformance\b|\bresults?\b|\baccuracy\b|\bmetrics?\b"
    r"|评测|评估|性能|测评|基准|效果",
    re.I,
)
_USE = re.compile(
    r"\bintended (?:use|user|purpose)|\b(?:potential |primary |supported )use[- ]cases?\b"
    r"|\buse cases?$|\bprimary (?:intended )?use|\bout[- ]of[- ]scope|\bdirect use\b|"
    r"\bdownstream use\b|\bmodel use\b|\bpotential use|适用(?:场景|范围)|使用(?:场景|范围)"
    r"|应用场景|预期用途",
    re.I,
)
_LIMITS = re.compile(
    r"\blimitations?\b|\bbias(?:es)?\b|\brisks?\b|\bcaveats?\b|\bethical considerations\b"
    r"|\bknown issues\b|"
    r"局限|不足|偏见|风险|缺陷|限制性",
    re.I,
)
_INTENDED = re.compile(
    r"\bmodels?\b[^.]{0,60}\b(?:is|are) (?:primarily )?(?:intended|meant) (?:for|to be "
    r"used)\b|\bintended use|\bout[- ]of[- ]scope\b|"
    r"\b(?:potential|primary|typical) use[- ]?cases?\b|\blimitations? (?:of|include)\b"
    r"|局限性(?:包括|在于)|适用于[^。]{0,30}场景",
    re.I,
)
_HUB_KEYS = frozenset(
    (
        "license",
        "library_name",
        "pipeline_tag",
        "tags",
        "base_model",
        "datasets",
        "language",
        "model-index",
    )
)
_OF_MODEL = re.compile(r"\bmodels?\b|\bgenerat|\bhallucinat|模型|生成", re.I)
_NOT_QUALITY = re.compile(r"efficien|speed|memory|latency|速度|显存", re.I)
_DISCLAIMER = re.compile(r"disclaim|免责|声明|liab|责任|licen[cs]e|许可|协议", re.I)

_DATA_HEADING = re.compile(
    r"\b(?:training |pre-?training |fine-?tuning )?(?:data|dataset|datasets|corpus|data "
    r"sources?|data mixture)\b|数据|语料",
    re.I,
)
_SOURCE = re.compile(
    r"\b(?:collected|crawl\w*|scrap\w+|sourced?|drawn|gathered|obtained|derived|taken"
    r"|downloaded|comes?|came|consists?|made|built) (?:from|of|by|up of)\b|"
    r"\bcommon ?crawl\b|\bwikipedia\b|\bgithub\b|\bbooks\b|\barxiv\b|\bweb ?pages?\b"
    r"|\boutbound links\b|来源|采集|抓取|网页|百科|书籍|论文|包括|包含|组成|\bthe pile\b"
    r"|\blaion\b|\bsubsets? (?:of|thereof)",
    re.I,
)
_CHARACTERISTICS = re.compile(
    r"(?<![\d.,])\d[\d.,]{0,14}\s?(?:[kmbt]|million|billion|trillion|万|亿|万亿)?\s?(?:tokens?|documents?"
    r"|examples?|samples?|rows?|hours?|images?|videos?|gb|tb|条|词|小时)|"
    r"\d+(?:\.\d+)?\s?%|\blanguages?\b.{0,40}\d|\bdistribution\b|\bproportion|占比|分布|规模",
    re.I,
)
_PREPROCESSING = re.compile(
    r"\b(?:filter\w*|clean\w*|dedup\w*|de-dup\w*|normali[sz]\w*|pre-?process\w*|annotat\w*"
    r"|tokeni[sz]\w*|decontaminat\w*|quality (?:filter|control|classif)\w*|removed?)\b|"
    r"清洗|过滤|去重|预处理|标注|筛选",
    re.I,
)
_DEDICATED = re.compile(
    r"\W*(?:(?:pre-?)?training |fine-?tuning )?data(?:sets?)?(?: card)?\W*$"
    r"|\W*(?:预?训练)?数据(?:集)?(?:介绍|说明)?\W*$",
    re.I,
)
_SHAPE_ROW = re.compile(
    r"\b(?:n_?layers?|num(?:ber of)?[\s_.]*(?:layers?|heads?)|layers|hidden[\s_.]*(?:size"
    r"|dim)|d_?model|attention heads|"
    r"ffn|embedding size|learning[- ]rate|lr|(?:global )?batch(?:[- ]size)?|optimi[sz]er"
    r"|warm-?up|gradient accumulations?|"
    r"vocab\w*[\s_.]*size|weight decay)\b|层数|隐藏层|学习率|词表大小|注意力头|优化器|批大小",
    re.I,
)


_SHAPE_WEAK = re.compile(
    r"\b(?:params?|parameters|context(?:[- ]length)?|tokens|width|gqa)\b|参数量", re.I
)
_TUNING = re.compile(r"fine-?tun|\bsft\b|lora|usage|quick ?start|deploy|微调|使用|部署", re.I)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    document = release.document(file)
    title = f"{file.name} {document.title}"
    said = [p for p in passages(file, release) if not release.subject.is_foreign("", p.trail)]
    if _CARD_NAME.search(title) or _is_hub_card(file, document):
        yield from _presented(file, document, said)
    elif release.is_front(file):
        yield from _readme_as_card(document, said)
    yield from _data_card(file, document, said, release)
    yield from _shape(file, document, release)


def _is_hub_card(file: File, document: Document) -> bool:
    """A README whose front matter is a hub's model-card metadata is presented as a model card."""
    head = document.lines[: document.body - 1]
    keys = {line.split(":", 1)[0] for line in head if ":" in line and not line.startswith(" ")}
    return file.name.lower() == "readme.md" and len(keys & _HUB_KEYS) >= 2


# -- model card --------------------------------------------------------------------------------


def _presented(file: File, document: Document, said: list[Passage]) -> Iterator[Fact]:
    length = sum(len(passage.text) for passage in said)
    aspects = _aspects(document, said)
    start = document.sections[1].start if len(document.sections) > 1 else document.body
    start = min(max(start, 1), max(len(document.lines), 1))
    if length < _STUB and len(aspects) < 2:
        yield from _stub(file, document, "model_card", start)
        return
    lacking = [name for name in ("details", "performance", "use or limits") if name not in aspects]
    lacks = f"; it lacks {' and '.join(lacking)}" if lacking else ""
    yield Found(
        evidence=(file.cite_lines(start), *aspects.values()),
        component="model_card",
        aspect="presented",
        detail=f"The document is presented as a model card{lacks}.",
    )


def _readme_as_card(document: Document, said: list[Passage]) -> Iterator[Fact]:
    aspects = _aspects(document, said)
    if len(aspects) < 2:
        return
    extent = Extent.WHOLE if len(aspects) == 3 else Extent.PART
    names = ", ".join(aspects)
    yield Found(
        evidence=tuple(aspects.values()),
        component="model_card",
        extent=extent,
        aspect="readme",
        detail=f"The README serves as a card: it gives {names}.",
    )


def _aspects(document: Document, said: list[Passage]) -> dict[str, Evidence]:
    """Which of the three things a card needs are there, each with the line that shows it."""
    found: dict[str, Evidence] = {}
    details = [p for p in said if not _is_heading(p) and _DETAILS.search(p.text)]
    terms = {hit.lower() for p in details for hit in _DETAILS.findall(p.text)}
    if len(terms) >= 3:
        found["details"] = details[0].cite()
    measured = next((p for p in said if _measures(p)), None)
    if measured is not None:
        found["performance"] = measured.cite()
    elif said and (line := _result_figure(document) or _result_table(document)):
        found["performance"] = said[0].file.cite_lines(line)
    use = next((p for p in said if _is_use_or_limits(p, document)), None)
    if use is not None:
        found["use or limits"] = use.cite()
    return found


def _is_heading(passage: Passage) -> bool:
    return passage.text.lower() == passage.trail.rsplit(" / ", 1)[-1]


def _measures(passage: Passage) -> bool:
    """Numbers, or words on results, under a heading that speaks of evaluation."""
    if not _PERFORMANCE.search(passage.trail) or _NOT_QUALITY.search(passage.trail):
        return False
    numbers = len(re.findall(r"\d+\.\d|\b\d{2}\b", passage.text)) >= 2
    spoken = re.search(r"\bresults?\b|\bscores?\b|结果|效果", passage.text, re.I)
    return numbers or (bool(spoken) and not _is_heading(passage))


def _result_figure(document: Document) -> int | None:
    """The line of a picture under a heading that speaks of evaluation."""
    for link in document.links:
        if link.image:
            trail = document.section_at(link.line).trail
            if _PERFORMANCE.search(trail) and not _NOT_QUALITY.search(trail):
                return link.line
    return None


def _result_table(document: Document) -> int | None:
    """The line of a table that names several metrics and holds numbers."""
    for table in document.tables:
        cells = [cell for row in table.rows for cell in row.cells]
        named = sum(bool(prose.METRIC.search(cell)) for cell in cells if len(cell) < 60)
        numbers = sum(bool(re.fullmatch(r"\W*\d+(?:\.\d+)?\s?%?\W*", cell)) for cell in cells)
        if named >= 3 and numbers >= 6:
            return table.start
    return None


def _is_use_or_limits(passage: Passage, document: Document) -> bool:
    """A heading or bold label on the model's use or limits, or a sentence on its purpose.

    What is said of data, and a mere disclaimer, is neither.
    """
    if _is_heading(passage):
        if not (_USE.search(passage.text) or _LIMITS.search(passage.text)):
            return False
        start, end = document.subtree(document.section_at(passage.start))
        return bool(_OF_MODEL.search("\n".join(document.lines[start:end])))
    title = passage.trail.rsplit(" / ", 1)[-1]
    if _DISCLAIMER.search(title) and not _LIMITS.search(title):
        return False
    label = re.match(r"[^:：]{2,40}[:：]", passage.text)
    if label and _LIMITS.search(label.group(0)) and _OF_MODEL.search(passage.text):
        return True
    return bool(_INTENDED.search(passage.text))


def _stub(file: File, document: Document, component: str, start: int) -> Iterator[Fact]:
    """A card that only points elsewhere is a link to where it points."""
    link = next((link for link in document.links if "://" in link.url and not link.image), None)
    if link is not None:
        yield Linked(
            evidence=(file.cite_lines(link.line), file.cite_lines(start)),
            component=component,
            url=link.url,
            detail="The document is called a card and only points elsewhere.",
        )


# -- data card ---------------------------------------------------------------------------------


def _data_card(
    file: File, document: Document, said: list[Passage], release: Release
) -> Iterator[Fact]:
    prose_length = sum(len(passage.text) for passage in said)
    if _DATA_CARD_NAME.search(file.name) and prose_length < _STUB and len(_data_aspects(said)) < 2:
        yield from _stub(file, document, "data_card", 1)
        return
    for section in document.sections:
        first = section is document.sections[min(1, len(document.sections) - 1)]
        whole_file = first and _is_data_readme(file, section)
        named = bool(_DATA_CARD_NAME.search(section.title)) or (
            first and bool(_DATA_CARD_NAME.search(file.name))
        )
        in_card = bool(_CARD_NAME.search(f"{file.name} {document.title}")) and bool(
            re.fullmatch(r"training(?: data| details)?", section.title.strip("*: "), re.I)
        )
        telling = named or whole_file or in_card or _is_data_section(section)
        if not section.level or not telling:
            continue
        if release.subject.is_foreign("", section.trail):
            continue
        start, end = document.subtree(section)
        aspects = _data_aspects([p for p in said if start <= p.start <= end])
        if len(aspects) >= 2 and ("source" in aspects or whole_file or named):
            dedicated = bool(_DEDICATED.match(section.title))
            whole = len(aspects) == 3 and (named or whole_file or dedicated)
            yield Found(
                evidence=(file.cite_lines(start), *aspects.values()),
                component="data_card",
                extent=Extent.WHOLE if whole else Extent.PART,
                aspect="section",
                detail=f"A section on the training data gives {', '.join(aspects)}.",
            )


def _is_data_readme(file: File, section: Section) -> bool:
    folder = f"/{file.folder.lower()}/"
    return any(f"/{name}" in folder for name in ("data/", "dataset", "datasets/", "corpus")) and (
        "readme" in file.name.lower() and bool(section.title)
    )


def _is_data_section(section: Section) -> bool:
    title = section.title
    if re.search(
        r"prepar|download|format|process(?!ing)|own data|custom|准备|下载|格式|benchmark|评测|测试",
        title,
        re.I,
    ):
        return False
    named = re.search(r"training data|训练数据", title, re.I)
    if not named and re.search(r"fine-?tun|微调|demo|示例", section.trail, re.I):
        return False
    return bool(_DATA_HEADING.search(title)) and len(title) < 80


def _data_aspects(said: list[Passage]) -> dict[str, Evidence]:
    found: dict[str, Passage] = {}
    for passage in said:
        for name, pattern in (
            ("source", _SOURCE),
            ("characteristics", _CHARACTERISTICS),
            ("preprocessing", _PREPROCESSING),
        ):
            if name not in found and pattern.search(passage.text):
                found[name] = passage
    return {
        name: found[name].cite()
        for name in ("source", "characteristics", "preprocessing")
        if name in found
    }


# -- shape in prose ----------------------------------------------------------------------------


def _shape(file: File, document: Document, release: Release) -> Iterator[Fact]:
    """A table or list of the model's shape or hyper-parameters: metadata in part."""
    rows = [
        number
        for number, line in enumerate(document.lines[:5000], 1)
        if len(line) < 2000 and _is_shape_line(line)
    ]
    for table in document.tables:
        header = " ".join(table.rows[0].cells) if table.rows else ""
        labels = [row.cells[0] for row in table.rows if row.cells]
        strong, weak = len(_SHAPE_ROW.findall(header)), len(_SHAPE_WEAK.findall(header))
        if strong >= 2 or (strong and weak >= 2):
            rows += [table.start, table.start]
        if sum(bool(_SHAPE_ROW.search(label)) for label in labels) >= 2:
            rows += [table.start, table.start]
    trails = {number: document.section_at(number).trail for number in rows}
    own = [n for n in rows if not release.subject.is_foreign("", trails[n])]
    own = [n for n in own if not _is_measuring(document.lines[n - 1], f"{file.path} {trails[n]}")]
    if len(own) < 2:
        return
    first = min(own)
    tuning = all(_TUNING.search(trails[number]) for number in own)
    yield Found(
        evidence=(file.cite_lines(first),),
        component="model_metadata",
        extent=Extent.PART,
        aspect="tuning_prose" if tuning else "prose",
        detail="Shape or hyper-parameters are given in a table or list.",
    )


def _is_measuring(line: str, place: str) -> bool:
    """An option of a command that evaluates: how the model is measured, not how it was made."""
    return line.lstrip().startswith("--") and bool(re.search(r"eval|bench|评测|评估", place, re.I))


def _is_shape_line(line: str) -> bool:
    stripped = line.lstrip()
    listed = "|" in line or "<td" in line or stripped[:1] in "-*+" or stripped[:1].isdigit()
    return listed and bool(re.search(r"\d", line)) and bool(_SHAPE_ROW.search(line))
