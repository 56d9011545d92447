"""Evaluation results shown in documents.

Reads tables and images. A table counts when it holds numbers for the release's own
model under evaluation words; speed, memory, hyper-parameter and data-mixture tables do not.
Numbers inside images are not read: an image is cited as an image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import Target
from openassay.formats.markdown import Document, Section, Table
from openassay.passages import Spot, passages, spots, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Extent, Fact, Found, Gap, Linked, Stated

NAME = "results"
COMPONENTS = ("evaluation_results",)

_NUMBER = re.compile(r"(?<![\w])\d{1,5}(?:\.\d+)?\s?%?(?![\w])")
_BENCHMARK = re.compile(
    r"mmlu|gsm8?k|humaneval|mbpp|\bbbh\b|c-?eval|cmmlu|hellaswag|arc[-_ ][ce]\w*|boolq"
    r"|winogrande|piqa|agieval|gaokao|"
    r"truthfulqa|\bmath\b|lambada|triviaqa|squad|drop\b|race\b|copa\b|openbookqa|nq\b"
    r"|longbench|mt-?bench|alpacaeval|"
    r"ifeval|gpqa|livecodebench|csl\b|chid\b|eprstmt|ocnli|clue\w*",
    re.I,
)
_NOT_RESULTS = re.compile(
    r"\btokens?\b.{0,20}(?:total|count)|mixture|percentage|proportion|占比|比例|\bprice"
    r"|\brelease date|launch date|发布时间|\bdownload|下载|链接|\brequirement|\bcontext "
    r"length\b.{0,40}\bparam",
    re.I,
)
_FIGURE = re.compile(
    r"loss|curve|result|bench|eval|score|radar|compar|perform|accuracy|win[-_ ]?rate"
    r"|leaderboard|metrics|plot",
    re.I,
)
_DECOR = re.compile(
    r"logo|banner|icon|badge|wechat|qr|avatar|architecture|structure|framework|overview"
    r"|pipeline|sponsor|star",
    re.I,
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    document = release.document(file)
    for table in document.tables:
        yield from _table(file, document, table, release)
    yield from _pictures(spots(file, release), document, release)
    yield from _in_text(file, release)


# -- results -----------------------------------------------------------------------------------


def _table(file: File, document: Document, table: Table, release: Release) -> Iterator[Fact]:
    section = document.section_at(table.start)
    if len(table.rows) < 2 or release.subject.is_foreign("", section.trail):
        return
    header = " ".join(table.rows[0].cells)
    labels = " ".join(row.cells[0] for row in table.rows if row.cells)
    text = " ".join(cell for row in table.rows for cell in row.cells)
    measured = prose.METRIC.search(f"{header}\n{labels}") or prose.EVALUATION.search(section.title)
    if not measured or not _is_about_quality(section, header, labels):
        return
    numbers = sum(
        bool(_NUMBER.fullmatch(c.strip("*~≈ "))) for row in table.rows[1:] for c in row.cells
    )
    if numbers < 3:
        return
    named = release.subject.mentioned(f"{header}\n{labels}\n{text[:3000]}")
    own = Whose.OWN in named or re.search(
        r"\bours?\b|this (?:model|work)", f"{header} {labels}", re.I
    )
    if own:
        named_benchmarks = {hit.lower() for hit in _BENCHMARK.findall(f"{header} {labels}")}
        yield Stated(
            evidence=(file.cite_lines(table.start),),
            topic="benchmarks",
            value=str(len(named_benchmarks)),
            detail="Benchmarks that this table names.",
        )
        row = _own_row(table, release)
        yield Found(
            evidence=(file.cite_lines(table.start), file.cite_lines(row)),
            component="evaluation_results",
            detail="A table holds benchmark numbers for this model.",
        )
    elif Whose.SIBLING not in named:
        yield Found(
            evidence=(file.cite_lines(table.start),),
            component="evaluation_results",
            extent=Extent.PART,
            aspect="unnamed_table",
            detail="A table of measured numbers does not name this model.",
        )


def _is_about_quality(section: Section, header: str, labels: str) -> bool:
    if _NOT_RESULTS.search(header):
        return False
    words = f"{section.title}\n{header}"
    if prose.SPEED.search(words) and not prose.METRIC.search(f"{header}\n{labels}"):
        return False
    return not (
        prose.SHAPE.search(section.title) and not prose.METRIC.search(f"{header}\n{labels}")
    )


def _own_row(table: Table, release: Release) -> int:
    for row in table.rows[1:]:
        if Whose.OWN in release.subject.mentioned(" ".join(row.cells)):
            return row.line
    return table.rows[-1].line


def _pictures(found: Iterable[Spot], document: Document, release: Release) -> Iterator[Fact]:
    for spot in found:
        is_picture = spot.link.image or spot.locator.target is Target.IMAGE
        if not is_picture or spot.about_sibling or spot.locator.target is Target.BADGE:
            continue
        name = f"{spot.link.url.rsplit('/', 1)[-1]} {spot.link.text}"
        if _DECOR.search(name) or not _shows_results(spot, document, name):
            continue
        local = release.resolve_link(spot.file, spot.link.url)
        if local is not None:
            yield Found(
                evidence=(spot.cite(), local.cite_whole(local.name)),
                component="evaluation_results",
                extent=Extent.PART if re.search(r"loss", name, re.I) else Extent.WHOLE,
                aspect="figure",
                detail="A tracked figure stands under evaluation words; its numbers were not read.",
            )
        elif "://" in spot.link.url:
            yield Linked(
                evidence=(spot.cite(),),
                component="evaluation_results",
                url=spot.link.url,
                aspect="remote_figure",
                detail="A figure kept elsewhere stands under evaluation words.",
            )


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


def _in_text(file: File, release: Release) -> Iterator[Fact]:
    """A sentence that gives this model's scores on two or more named measures."""
    for passage in passages(file, release):
        text = passage.text
        if len(text) > 1500 or "|" in text or Whose.OWN not in release.subject.mentioned(text):
            continue
        if len(re.findall(r"\d+\.\d+", text)) < 2:
            continue
        measures = {hit.group(0).lower() for hit in prose.METRIC.finditer(text)}
        if len(measures) >= 2:
            yield Found(
                evidence=(passage.cite(),),
                component="evaluation_results",
                aspect="prose",
                detail="A sentence gives this model's scores.",
            )
            return
