"""Passages: what an inspector of documents looks at, with what stands around it.

A link means nothing alone. A :class:`Spot` is a link together with its sentence, the headings
above it and whose model the words around it name; the inspectors of documents decide from that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openassay.files import File
from openassay.formats.locators import Locator, Target, classify
from openassay.formats.markdown import Document, Link, Paragraph, plain
from openassay.formats.prose import Sentence, sentences
from openassay.release import Release, is_document
from openassay.subject import Place, Whose
from openassay.types import Evidence

_NEAR = 220  # characters each side of a link that still speak of it on a very long line
MAX_LINKS = 3000


def wanted(file: File, release: Release) -> bool:
    """Whether a file is one of the release's own documents."""
    return is_document(file) and release.place(file) is Place.OWN


@dataclass(frozen=True, slots=True)
class Spot:
    """A link where it stands. ``near`` is its sentence or line, ``trail`` the headings above."""

    file: File
    link: Link
    locator: Locator
    near: str
    trail: str
    whose: frozenset[Whose]  # whose models the near text names; of the trail if it names none

    @property
    def context(self) -> str:
        return f"{self.trail}\n{self.link.text}\n{self.near}"

    @property
    def label(self) -> str:
        """What the reader sees of the link, or its address."""
        return self.link.text or self.link.url

    @property
    def about_sibling(self) -> bool:
        return self.whose == {Whose.SIBLING}

    @property
    def leads_out(self) -> bool:
        """Whether the link leaves the tree, and is more than a badge."""
        url = self.link.url
        hosted = self.locator.host.endswith(
            ("huggingface.co", "hf.co", "modelscope.cn", "github.com")
        )
        out = "://" in url or url.startswith("magnet:") or hosted
        return out and self.locator.target is not Target.BADGE

    def cite(self) -> Evidence:
        return self.file.cite_lines(self.link.line, quote=quote_at(self.file, self.link))


def quote_at(file: File, link: Link) -> str:
    """The piece of the line that holds the link, as it stands there."""
    line = file.lines[link.line - 1]
    at = max(line.find(link.url), 0)
    if len(line) <= 300:
        return line
    start = max(0, at - 120)
    return line[start : start + 280]


def spots(file: File, release: Release) -> tuple[Spot, ...]:
    """Every link of a document, in order, at most MAX_LINKS."""

    def listed_spots(_: File) -> tuple[Spot, ...]:
        return tuple(_spots(file, release))

    return release.parsed(file, listed_spots)  # many inspectors ask for the same


def _spots(file: File, release: Release) -> Iterator[Spot]:
    document = release.document(file)
    headers = {row.line: table.rows[0].cells for table in document.tables for row in table.rows[1:]}
    for link in document.links[:MAX_LINKS]:
        near = nearby(document, link)
        if link.line in headers:
            near = " | ".join((*headers[link.line], near))
        trail = document.section_at(link.line).trail
        whose = release.subject.nearest(f"{near}\n{link.text}\n{link.url}", trail)
        yield Spot(file, link, classify(link.url), near, trail, whose)


def nearby(document: Document, link: Link) -> str:
    """The plain text of a link's line, cut to its neighbourhood when the line is long."""
    line = document.lines[link.line - 1]
    if len(line) > 2 * _NEAR:
        at = max(line.find(link.url), 0)
        line = line[max(0, at - _NEAR) : at + len(link.url) + _NEAR]
    near = plain(line).strip()
    if not link.text and len(near.replace(link.url, "").strip("-*•: ")) < 5:  # words stand above
        above = document.lines[max(0, link.line - 4) : link.line - 1]
        near = f"{plain(next((x for x in reversed(above) if x.strip()), ''))[-400:]} {near}".strip()
    return near


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence with its lines and the headings above it."""

    file: File
    text: str
    start: int
    end: int
    trail: str

    def cite(self) -> Evidence:
        """Cite the lines the sentence stands on."""
        return self.file.cite_lines(self.start, self.end)


def passages(file: File, release: Release) -> tuple[Passage, ...]:
    """Every sentence of a document's running text, headings and table rows included."""

    def listed(_: File) -> tuple[Passage, ...]:
        return tuple(_passages(file, release))

    return release.parsed(file, listed)  # many inspectors ask for the same


def _passages(file: File, release: Release) -> Iterator[Passage]:
    document = release.document(file)
    for section in document.sections:
        if section.level and section.title:
            yield Passage(file, section.title, section.start, section.start, section.trail)
    for paragraph in document.paragraphs:
        trail = document.section_at(paragraph.start).trail
        for sentence in sentences(paragraph.text):
            yield _passage(file, paragraph, sentence, trail)
    for table in document.tables:
        trail = document.section_at(table.start).trail
        for row in table.rows:
            yield Passage(file, " | ".join(row.cells), row.line, row.end, trail)


def _passage(file: File, paragraph: Paragraph, sentence: Sentence, trail: str) -> Passage:
    start = paragraph.line_at(sentence.start)
    end = paragraph.line_at(sentence.start + len(sentence.text) - 1)
    return Passage(file, " ".join(sentence.text.split()), start, end, trail)
