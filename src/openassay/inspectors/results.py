"""Evaluation results and sample outputs shown in documents.

Reads tables, images and quoted outputs. A table counts when it holds numbers for the release's own
model under evaluation words; speed, memory, hyper-parameter and data-mixture tables do not.
Numbers inside images are not read: an image is cited as an image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import Target
from openassay.formats.markdown import Document, Section, Table
from openassay.passages import Spot, spots, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Extent, Fact, Found, Gap, Linked

NAME = "results"
COMPONENTS = ("evaluation_results", "sample_outputs")

_NUMBER = re.compile(r"(?<![\w])\d{1,5}(?:\.\d+)?\s?%?(?![\w])")
_METRIC = re.compile(
    r"mmlu|gsm8?k|humaneval|mbpp|\bbbh\b|c-?eval|cmmlu|hellaswag|\barc\b|arc[-_ ]|boolq|winogrande|piqa|agieval|gaokao|truthfulqa|\bmath\b|lambada|\bppl\b|perplexity|accuracy|\bacc\b|\bf1\b|bleu|rouge|\bwer\b|\bcer\b|pass@|exact match|\bem\b|fid\b|vbench|clip|elo|win rate|mt-?bench|alpacaeval|\bscore|average|\bavg\b|平均|准确率|benchmark|metric|\bloss\b|squad|glue|imagenet|top-?1|\bmteb\b|\bbpb\b|aime|gpqa|swe-?bench|ifeval|simpleqa|livecodebench",
    re.I,
)  # noqa: E501
_NOT_RESULTS = re.compile(
    r"\btokens?\b.{0,20}(?:total|count)|mixture|percentage|proportion|占比|比例|\bprice|\brelease date|launch date|发布时间|\bdownload|下载|链接|\brequirement|\bcontext length\b.{0,40}\bparam",
    re.I,
)  # noqa: E501
_OUTPUT = re.compile(
    r"(?:samples?|examples?|generat\w+|model|chat|conversation)[\s\w-]{0,20}\b(?:outputs?|generations?|responses?|conversations?|transcripts?)\b|\bmodel response|\bshowcases?\b|\bgallery\b|\bsample (?:videos?|images?)\b|示例输出|输出示例|生成(?:示例|样例|效果|结果)|对话(?:示例|样例|效果)|效果(?:展示|示例|演示)|使用示例|样例|示例$|\bcase stud",
    re.I,
)  # noqa: E501
_MOVING = re.compile(r"\bdemos?\b|演示", re.I)  # there only moving pictures count
_LEAD_IN = re.compile(
    r"(?:for example|samples?|outputs?|generates?|prints?|response|results? (?:is|are)|produces?|looks? like|输出|结果|如下|例如)[^\n]{0,80}[:：]?\s*$",
    re.I,
)  # noqa: E501
_PROMPT = re.compile(r"^\s*(?:>>>?|\$|user|human|assistant|用户|问|答|助手|<\||q:|a:|prompt)", re.I)
_FIGURE = re.compile(
    r"loss|curve|result|bench|eval|score|radar|compar|perform|accuracy|win[-_ ]?rate|leaderboard|metrics|plot",
    re.I,
)  # noqa: E501
_DECOR = re.compile(
    r"logo|banner|icon|badge|wechat|qr|avatar|architecture|structure|framework|overview|pipeline|sponsor|star",
    re.I,
)  # noqa: E501


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    document = release.document(file)
    for table in document.tables:
        yield from _table(file, document, table, release)
    found = list(spots(file, release))
    yield from _pictures(found, document, release)
    if _may_show_samples(file, document, release):
        yield from _samples(file, document, release, found)


def _may_show_samples(file: File, document: Document, release: Release) -> bool:
    """The root documents, and deeper ones that name the model or are called samples."""
    if "/" not in release.inner_path(file):
        return True
    about = f"{file.path} {document.title}"
    purpose = re.search(r"train|tun(?:e|ing)|deploy|install|eval|quant|微调|部署|data", file.path, re.I)
    named = Whose.OWN in release.subject.mentioned(about)
    return not purpose and (named or bool(re.search(r"sample|output|gallery|showcase|example", about, re.I)))


# -- results -----------------------------------------------------------------------------------


def _table(file: File, document: Document, table: Table, release: Release) -> Iterator[Fact]:
    section = document.section_at(table.start)
    if len(table.rows) < 2 or release.subject.only_sibling(section.title):
        return
    header = " ".join(table.rows[0].cells)
    labels = " ".join(row.cells[0] for row in table.rows if row.cells)
    text = " ".join(cell for row in table.rows for cell in row.cells)
    measured = _METRIC.search(f"{header}\n{labels}") or prose.EVALUATION.search(section.title)
    if not measured or not _is_about_quality(section, header, labels):
        return
    numbers = sum(
        bool(_NUMBER.fullmatch(c.strip("*~≈ "))) for row in table.rows[1:] for c in row.cells
    )
    if numbers < 3:
        return
    named = release.subject.mentioned(f"{header}\n{labels}\n{text[:3000]}")
    own = Whose.OWN in named or re.search(
        r"\bours?\b|this (?:model|work)|\b\d+(?:\.\d+)?b\b", f"{header} {labels}", re.I
    )  # noqa: E501
    if own:
        row = _own_row(table, release)
        yield Found(
            evidence=(file.cite_lines(table.start), file.cite_lines(row)),
            component="evaluation_results",
            detail="A table holds benchmark numbers for this model.",
        )  # noqa: E501
    elif Whose.SIBLING not in named:
        yield Found(
            evidence=(file.cite_lines(table.start),),
            component="evaluation_results",
            extent=Extent.PART,
            aspect="unnamed_table",
            detail="A table of measured numbers does not name this model.",
        )  # noqa: E501


def _is_about_quality(section: Section, header: str, labels: str) -> bool:
    if _NOT_RESULTS.search(header):
        return False
    words = f"{section.title}\n{header}"
    if prose.SPEED.search(words) and not _METRIC.search(f"{header}\n{labels}"):
        return False
    return not (prose.SHAPE.search(section.title) and not _METRIC.search(f"{header}\n{labels}"))


def _own_row(table: Table, release: Release) -> int:
    for row in table.rows[1:]:
        if Whose.OWN in release.subject.mentioned(" ".join(row.cells)):
            return row.line
    return table.rows[-1].line


def _pictures(found: list[Spot], document: Document, release: Release) -> Iterator[Fact]:
    for spot in found:
        is_picture = spot.link.image or spot.locator.target is Target.IMAGE
        if not is_picture or spot.about_sibling or spot.locator.target is Target.BADGE:
            continue
        name = f"{spot.link.url.rsplit('/', 1)[-1]} {spot.link.text}"
        if _DECOR.search(name) or not _shows_results(spot, document, name):
            continue
        local = release.resolve(spot.file, spot.link.url) if "://" not in spot.link.url else None
        if local is None and "://" in spot.link.url:
            local = _tracked_twin(spot, release)
        if local is not None:
            yield Found(
                evidence=(spot.cite(), local.cite_whole(local.name)),
                component="evaluation_results",
                extent=Extent.PART if re.search(r"loss", name, re.I) else Extent.WHOLE,
                aspect="figure",
                detail="A tracked figure stands under evaluation words; its numbers were not read.",
            )  # noqa: E501
        elif "://" in spot.link.url:
            yield Linked(
                evidence=(spot.cite(),),
                component="evaluation_results",
                url=spot.link.url,
                aspect="remote_figure",
                detail="A figure kept elsewhere stands under evaluation words.",
            )  # noqa: E501


def _shows_results(spot: Spot, document: Document, name: str) -> bool:
    if _FIGURE.search(name) and not re.search(r"example|demo", name, re.I):
        return True
    if prose.EVALUATION.search(spot.trail) and not prose.SPEED.search(spot.trail):
        return True
    section = document.section_at(spot.link.line)
    before = " ".join(document.lines[max(section.start - 1, spot.link.line - 12) : spot.link.line])
    return bool(
        re.search(r"outperform|state-of-the-art|\bsota\b|benchmark|优于|超过|领先", before, re.I)
    )


def _tracked_twin(spot: Spot, release: Release) -> File | None:
    """The tracked file behind an absolute link into this very repository."""
    names = {source.name.lower(): source.id for source in release.sources}
    source = names.get(spot.locator.id.lower())
    found = re.match(r"(?:blob|raw|tree)/[^/]+/(.+)", spot.locator.path)
    return release.get(source, found.group(1)) if source and found else None


# -- samples -----------------------------------------------------------------------------------


def _samples(file: File, document: Document, release: Release, found: list[Spot]) -> Iterator[Fact]:
    lines: list[int] = []
    for section in document.sections:
        if section.level and _OUTPUT.search(section.title) and not _is_foreign(section, release):
            start, end = document.subtree(section)
            lines += _shown(document, start, end)
    lines += _quoted(document, release, release.inner_path(file))
    shown = sorted(set(lines))
    if shown:
        extent = Extent.WHOLE if len(shown) >= 3 else Extent.PART
        cites = tuple(file.cite_lines(line) for line in shown[:3])
        yield Found(
            evidence=cites,
            component="sample_outputs",
            extent=extent,
            aspect=str(len(shown)),
            detail=f"{len(shown)} output(s) of the model are shown.",
        )  # noqa: E501
    yield from _galleries(found, document, release)


def _is_foreign(section: Section, release: Release) -> bool:
    return release.subject.only_sibling(section.trail) or bool(
        re.search(
            r"install|deploy|train|fine-?tun|evaluat|api|usage|部署|安装|微调|训练",
            section.title,
            re.I,
        )
    )


def _shown(document: Document, start: int, end: int) -> list[int]:
    """Lines of outputs inside a section of samples: quoted blocks that are not commands."""
    found = []
    for block in document.code:
        if start <= block.start <= end and not _is_program(block.language, block.text):
            found.append(block.start)
    for number in range(start, min(end, len(document.lines)) + 1):
        line = document.lines[number - 1]
        if re.match(
            r"\s*(?:\*\*)?(?:assistant|response|output|答|助手|模型|回答|输出)(?:\*\*)?\s*[:：]",
            line,
            re.I,
        ):
            found.append(number)
    return found


def _is_program(language: str, text: str) -> bool:
    if language not in ("", "text", "txt", "markdown", "md", "plaintext"):
        return ">>>" not in text and not re.search(
            r"^\s*(?:#|//)?\s*(?:output|输出|response)", text, re.I | re.M
        )  # noqa: E501
    return bool(
        re.search(
            r"^\s*(?:\$ ?)?(?:pip3?|python3?|git|cd|conda|import|from|docker|wget|export|curl|torchrun|bash|sh|make|npm|deepspeed|accelerate|CUDA\w*|@\w+\{|def|class|#!)(?:\b|=)|^\s*(?:--\w|[├└│{}])|\.py\b", text, re.M
        )
    )  # noqa: E501


def _quoted(document: Document, release: Release, inner_path: str) -> list[int]:
    """Outputs elsewhere: a plain block after "for example:", and answers in interactive code."""
    found = []
    for block in document.code:
        if release.subject.only_sibling(document.section_at(block.start).trail):
            continue
        answers = re.findall(
            r"^>>+ ?print\(.{0,200}\n(?:\s*\n)?(?!>>|```|\s*$).{8,}", block.text, re.M
        )
        found += [block.start + i + 1 for i, _ in enumerate(answers[:5])]
        before = next(
            (
                t
                for t in reversed(document.lines[max(0, block.start - 4) : block.start - 1])
                if t.strip()
            ),
            "",
        )  # noqa: E501
        prosaic = (
            "/" not in inner_path and len(block.text.split()) >= 20 and not block.language and not _is_program("", block.text)
        )  # noqa: E501
        if prosaic and _LEAD_IN.search(before) and not prose.SHAPE.search(before):
            found.append(block.start)
    return found


def _is_sample_heading(title: str, url: str) -> bool:
    if _OUTPUT.search(title):
        return True
    return bool(_MOVING.search(title)) and bool(re.search(r"\.(?:gif|mp4|webm|mov)\b", url, re.I))


def _galleries(found: list[Spot], document: Document, release: Release) -> Iterator[Fact]:
    """Pictures and videos of outputs under a heading of samples, tracked or kept elsewhere."""
    media = [
        spot
        for spot in found
        if (spot.link.image or spot.locator.target is Target.IMAGE)
        and spot.locator.target is not Target.BADGE
        and _is_sample_heading(document.section_at(spot.link.line).title, spot.link.url)
        and not _is_foreign(document.section_at(spot.link.line), release)
        and not spot.about_sibling
        and not _DECOR.search(spot.link.url)
    ]
    local = [s for s in media if "://" not in s.link.url and release.resolve(s.file, s.link.url)]
    remote = [s for s in media if "://" in s.link.url]
    if local:
        extent = Extent.WHOLE if len(local) >= 3 else Extent.PART
        yield Found(
            evidence=tuple(s.cite() for s in local[:3]),
            component="sample_outputs",
            extent=extent,
            aspect=str(len(local)),
            detail=f"{len(local)} tracked picture(s) stand under a heading of samples.",
        )  # noqa: E501
    if remote:
        yield Linked(
            evidence=tuple(s.cite() for s in remote[:3]),
            component="sample_outputs",
            url=remote[0].link.url,
            extent=Extent.WHOLE if len(remote) >= 3 else Extent.PART,
            detail=f"{len(remote)} picture(s) or video(s) of outputs are kept elsewhere.",
        )  # noqa: E501
