"""Markdown, HTML-in-Markdown and plain text, read for what an auditor asks of a document.

Not a renderer: one bounded pass over the lines that yields headings, paragraphs, tables, code
blocks and links, each with the line it stands on. Pipe tables and HTML tables, inline, reference
and HTML links, ATX, setext and HTML headings are all understood; anything odd is text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import unescape

MAX_LINES = 60_000  # longer documents are generated; the rest is left unread
MAX_LINE = 20_000  # characters of one line that are looked at

_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]*(.*?)[ \t#]*$")
_SETEXT = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_HTML_HEADING = re.compile(r"<h([1-6])\b[^<>]{0,500}>(.*?)</h\1\s*>", re.I | re.S)
_FENCE = re.compile(r"^ {0,12}(?:[-*+>] {1,4})?(`{3,}|~{3,})[ \t]*([\w+.#-]{0,40})[^`]*$")
_TAG = re.compile(r"<[!/]?[a-zA-Z][^<>]{0,2000}>|<!--|-->")
_INLINE = re.compile(
    r"(!?)\[((?:[^\[\]\n]"
    r"|\[[^\[\]\n]{0,300}\]){0,500})\]\(\s*<?([^()\s<>]{1,2000}(?:\([^()\s]{0,200}\)[^()\s<>]{"
    r"0,500})?)>?(?:\s+[\"'][^\"'\n]{0,300}[\"'])?\s*\)"
)
_REF_USE = re.compile(r"\[([^\[\]\n]{1,300})\]\[([^\[\]\n]{0,300})\]")
_REF_DEF = re.compile(r"^ {0,3}\[([^\]\n]{1,300})\]:\s*<?(\S{1,2000}?)>?(?:\s|$)")
_HREF = re.compile(
    r"<(a|img|source|video|iframe)\b[^<>]{0,1500}?(?:href"
    r"|src)\s*=\s*[\"']?([^\"'\s<>]{1,2000})",
    re.I,
)
_ALT = re.compile(r"\balt\s*=\s*[\"']([^\"'<>]{0,300})", re.I)
_BARE = re.compile(
    r"(?:(?:https?|magnet|s3|gs|ftp)(?:://|:\?)|(?<![\w./@:])(?:huggingface\.co|hf\.co"
    r"|(?:www\.)?modelscope\.cn|arxiv\.org"
    r"|github\.com)/)[^\s<>\"'`\]\[){}，。；、！？（）【】《》|\\]{2,2000}",
    re.I,
)
_CELL = re.compile(r"<t([dh])\b[^<>]{0,500}>(.*?)(?=<t[dhr]\b|</t[dhr]|</table|$)", re.I | re.S)
_ROW = re.compile(r"<tr\b[^<>]{0,500}>(.*?)(?=<tr\b|</table|$)", re.I | re.S)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|~<>-])")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`|~~)(?=\S)|(?<=\S)(\*\*|__|\*|`|~~)")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the lines under it up to the next heading; ``path`` holds its ancestors."""

    title: str
    level: int  # 0 is the text before the first heading
    start: int  # the heading's line
    end: int
    path: tuple[str, ...] = ()

    @property
    def trail(self) -> str:
        """The heading with its ancestors, lower-case, joined by `` / ``."""
        return " / ".join((*self.path, self.title)).lower()


@dataclass(frozen=True, slots=True)
class Link:
    """A locator in a document. ``text`` is what the reader sees."""

    line: int
    url: str
    text: str = ""
    image: bool = False
    in_code: bool = False


@dataclass(frozen=True, slots=True)
class CodeBlock:
    start: int  # line of the fence
    end: int
    language: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    end: int  # an HTML row may run over many lines
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    start: int
    end: int
    rows: tuple[Row, ...]  # the first is the header when the table has one


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text of neighbouring lines; ``text`` is plain, without markup."""

    start: int
    end: int
    text: str
    offsets: tuple[int, ...]  # start of each line in ``text``

    def line_at(self, offset: int) -> int:
        """The document's line that holds this character."""
        return self.start + max(0, bisect_right(self.offsets, offset) - 1)


@dataclass(frozen=True)
class Document:
    """What one document holds. Lines are 1-based."""

    lines: tuple[str, ...]
    sections: tuple[Section, ...]
    paragraphs: tuple[Paragraph, ...]
    tables: tuple[Table, ...]
    code: tuple[CodeBlock, ...]
    links: tuple[Link, ...]
    body: int  # first line after the front matter
    cut: bool = False

    @cached_property
    def _starts(self) -> list[int]:
        return [section.start for section in self.sections]

    def section_at(self, line: int) -> Section:
        """The innermost section a line stands in."""
        return self.sections[max(0, bisect_right(self._starts, line) - 1)]

    def subtree(self, section: Section) -> tuple[int, int]:
        """First and last line of a section with everything nested under it."""
        last = section.end
        for other in self.sections:
            if other.start > section.start:
                if other.level <= section.level and section.level > 0:
                    break
                last = max(last, other.end)
        return section.start, last

    @cached_property
    def title(self) -> str:
        """The first heading, or the first line of text."""
        for section in self.sections:
            if section.level and section.title:
                return section.title
        return next((p.text.split("\n", 1)[0][:200] for p in self.paragraphs), "")


def plain(text: str) -> str:
    """Text without tags, link targets and emphasis marks; entities resolved."""
    text = _INLINE.sub(lambda m: "" if m[1] else m[2], text)
    text = _REF_USE.sub(r"\1", text)
    text = _TAG.sub(" ", text)
    text = _ESCAPED.sub(r"\1", _EMPHASIS.sub("", text))
    return unescape(text) if "&" in text else text


def parse(lines: Sequence[str]) -> Document:
    """Read a document from its lines. Never raises; bounded by MAX_LINES and MAX_LINE."""
    cut = len(lines) > MAX_LINES
    kept = tuple(line[:MAX_LINE] for line in lines[:MAX_LINES])
    body = _front_matter_end(kept)
    blocks = _Blocks(kept, body)
    blocks.scan()
    links = tuple(sorted(_links(kept, body, blocks.code), key=lambda link: link.line))
    return Document(
        lines=kept,
        sections=_sections(blocks.headings, len(kept)),
        paragraphs=tuple(blocks.paragraphs),
        tables=tuple(sorted(blocks.tables, key=lambda table: table.start)),
        code=tuple(blocks.code),
        links=links,
        body=body,
        cut=cut,
    )


def _front_matter_end(lines: Sequence[str]) -> int:
    """First line after a ``---`` block at the top (1 when there is none)."""
    first = next((i for i, line in enumerate(lines[:5]) if line.strip()), None)
    if first is None or lines[first].strip() != "---":
        return 1
    for number in range(first + 1, min(len(lines), 2000)):
        if lines[number].strip() in ("---", "..."):
            return number + 2
    return 1


class _Blocks:
    """One pass that cuts the lines into headings, paragraphs, tables and code."""

    def __init__(self, lines: tuple[str, ...], body: int) -> None:
        self.lines = lines
        self.body = body
        self.headings: list[tuple[int, int, str]] = []  # line, level, text
        self.paragraphs: list[Paragraph] = []
        self.tables: list[Table] = []
        self.code: list[CodeBlock] = []
        self._open: list[int] = []  # line numbers of the paragraph being gathered

    def scan(self) -> None:
        number = self.body
        while number <= len(self.lines):
            number = self._step(number)
        self._close()

    def _step(self, number: int) -> int:
        line = self.lines[number - 1]
        stripped = line.strip()
        if not stripped:
            self._close()
            return number + 1
        if fence := _FENCE.match(line):
            self._close()
            return self._fenced(number, fence.group(1), fence.group(2))
        if atx := _ATX.match(line):
            self._close()
            if atx.group(2) or len(atx.group(1)) < 7:
                self.headings.append((number, len(atx.group(1)), plain(atx.group(2)).strip()))
            return number + 1
        if "<h" in stripped.lower() and (end := self._html_heading(number)):
            return end
        if "<table" in stripped.lower():
            self._close()
            return self._html_table(number)
        if stripped.count("|") >= 2 and self._is_table(number):
            self._close()
            return self._pipe_table(number)
        if self._open and _SETEXT.match(line) and len(self._open) == 1:
            level = 1 if "=" in stripped else 2
            self.headings.append(
                (self._open[0], level, plain(self.lines[self._open[0] - 1]).strip())
            )
            self._open.clear()
            return number + 1
        if _REF_DEF.match(line):  # a link's address, not text
            self._close()
            return number + 1
        self._open.append(number)
        if len(self._open) >= 200:
            self._close()
        return number + 1

    def _close(self) -> None:
        if self._open:
            texts = [plain(self.lines[n - 1]).strip() for n in self._open]
            offsets, at = [], 0
            for text in texts:
                offsets.append(at)
                at += len(text) + 1
            if any(texts):
                joined = "\n".join(texts)
                self.paragraphs.append(
                    Paragraph(self._open[0], self._open[-1], joined, tuple(offsets))
                )
            self._open = []

    def _fenced(self, number: int, mark: str, language: str) -> int:
        for end in range(number + 1, len(self.lines) + 1):
            closing = self.lines[end - 1].strip().lstrip("> ")
            if closing.startswith(mark) and not closing.strip(mark[0]):
                break
        else:
            end = len(self.lines) + 1
        inner = self.lines[number : end - 1]
        self.code.append(CodeBlock(number, min(end, len(self.lines)), language.lower(), inner))
        return end + 1

    def _html_heading(self, number: int) -> int | None:
        joined = "\n".join(self.lines[number - 1 : number + 7])
        found = _HTML_HEADING.search(joined)
        if not found or joined[: found.start()].count("\n"):
            return None
        self._close()
        self.headings.append((number, int(found.group(1)), " ".join(plain(found.group(2)).split())))
        return number + joined[: found.end()].count("\n") + 1

    def _is_table(self, number: int) -> bool:
        around = self.lines[number : number + 1]
        return bool(around) and set(around[0].strip()) <= set("|-: ") and "-" in around[0]

    def _pipe_table(self, number: int) -> int:
        rows, end = [], number
        while end <= len(self.lines) and "|" in self.lines[end - 1]:
            line = self.lines[end - 1].strip()
            if not set(line) <= set("|-: "):
                cells = tuple(plain(cell).strip() for cell in line.strip("|").split("|"))
                rows.append(Row(end, end, cells))
            end += 1
        self.tables.append(Table(number, end - 1, tuple(rows)))
        return end

    def _html_table(self, number: int) -> int:
        end = number
        while (
            end < min(len(self.lines), number + 2000)
            and "</table" not in self.lines[end - 1].lower()
        ):
            end += 1
        text = "\n".join(self.lines[number - 1 : end])
        rows = []
        for row in _ROW.finditer(text):
            cells = tuple(" ".join(plain(c.group(2)).split()) for c in _CELL.finditer(row.group(1)))
            if cells:
                first = row.start() + len(row.group(0)) - len(row.group(0).lstrip())
                last = row.start() + len(row.group(0).rstrip())
                start, stop = (number + text.count("\n", 0, at) for at in (first, last))
                rows.append(Row(start, stop, cells))
        self.tables.append(Table(number, end, tuple(rows)))
        return end + 1


def _sections(headings: list[tuple[int, int, str]], last: int) -> tuple[Section, ...]:
    sections = [Section("", 0, 1, headings[0][0] - 1 if headings else last)]
    ancestors: list[tuple[int, str]] = []
    for index, (line, level, title) in enumerate(headings):
        while ancestors and ancestors[-1][0] >= level:
            ancestors.pop()
        end = headings[index + 1][0] - 1 if index + 1 < len(headings) else last
        sections.append(Section(title, level, line, end, tuple(text for _, text in ancestors)))
        ancestors.append((level, title))
    return tuple(sections)


def _links(lines: Sequence[str], body: int, code: Sequence[CodeBlock]) -> Iterator[Link]:
    inside = {n for block in code for n in range(block.start, block.end + 1)}
    references = {
        found.group(1).lower(): found.group(2)
        for line in lines
        if line.lstrip().startswith("[") and (found := _REF_DEF.match(line))
    }
    for number in range(body, len(lines) + 1):
        line = lines[number - 1]
        in_code = number in inside
        seen: set[str] = set()
        if not in_code:
            for url, text, image in _marked(line, references):
                seen.add(url)
                yield Link(number, url, text, image)
        if ":" in line:
            for bare in _BARE.finditer(line):
                url = bare.group(0).rstrip(".,;:*_'")
                if url not in seen and not any(url in other for other in seen):
                    seen.add(url)
                    yield Link(number, url, "", False, in_code)


def _marked(line: str, references: dict[str, str]) -> Iterator[tuple[str, str, bool]]:
    """Inline, reference and HTML links of one line: (url, visible text, is an image)."""
    if "](" in line:
        for found in _INLINE.finditer(line):
            shown = plain(found.group(2)).strip() or _badge_text(found.group(2))
            yield found.group(3), shown, bool(found.group(1))
            for inner in _INLINE.finditer(found.group(2)):  # a badge inside a link
                yield inner.group(3), plain(inner.group(2)).strip(), True
    if references and "]" in line and not _REF_DEF.match(line):
        for found in _REF_USE.finditer(line):
            if url := references.get((found.group(2) or found.group(1)).lower()):
                yield url, plain(found.group(1)).strip(), False
    if "<" in line:
        for found in _HREF.finditer(line):
            image = found.group(1).lower() != "a"
            if image:
                alt = _ALT.search(line, found.start())
                text = alt.group(1) if alt else ""
            else:
                shown = line[found.end() :].split(">", 1)[-1].split("</a", 1)[0]
                alt = _ALT.search(shown)
                text = plain(shown).strip() or (alt.group(1) if alt else "")
            yield unescape(found.group(2)), text, image


def _badge_text(markup: str) -> str:
    """What a reader sees of a link that holds only an image: its alternative text."""
    inner = _INLINE.search(markup)
    return plain(inner.group(2)).strip() if inner else ""
