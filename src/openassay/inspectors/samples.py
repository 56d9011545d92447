"""Outputs of the model shown in documents: transcripts, quoted text, pictures and videos.

Reads sections of samples, blocks introduced as output, answers in interactive code, and pictures
named as samples. Screenshots of a user interface and live demos are not outputs. What a picture
shows is not looked at: it is cited by its name and place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats.locators import Target
from openassay.formats.markdown import CodeBlock, Document, Section
from openassay.passages import Spot, spots, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Extent, Fact, Found, Gap, Linked

NAME = "samples"
COMPONENTS = ("sample_outputs",)
ENOUGH = 3  # outputs that make the component whole

_HEADING = re.compile(
    r"(?:samples?|examples?|generat\w+|model|chat|conversation)[\s\w-]{0,20}\b"
    r"(?:outputs?|generations?|responses?|conversations?|transcripts?)\b|\bmodel response"
    r"|\bshowcases?\b|\bgallery\b"
    r"|\bsample (?:videos?|images?)\b|\bcase stud|示例输出|输出示例|生成(?:示例|样例|效果"
    r"|结果)|对话(?:示例|样例|效果)"
    r"|效果(?:展示|示例|演示)|使用示例|样例|示例$|回答示例|模型(?:效果|表现)示例",
    re.I,
)
# "outputs of NameLM", "samples by Name-2-7b": a name with a number, or one that ends as models' do
_OF_A_MODEL = re.compile(
    r"\b(?:of|by)\s+((?:[A-Z][A-Za-z]{0,30}(?:LM|-?\d[\w.]{0,8})|[A-Z]{2,12}-\d[\w.]{0,8})"
    r"(?:-[\w.]{1,12}){0,4})(?![\w])"
)
_DEMO = re.compile(r"\bdemos?\b|演示", re.I)  # under such headings only moving pictures count
_PURPOSE = re.compile(
    r"install|deploy|train|fine-?tun|evaluat|\bapi\b|usage|部署|安装|微调|训练", re.I
)
_PURPOSE_PATH = re.compile(r"train|tun(?:e|ing)|deploy|install|eval|quant|微调|部署|data", re.I)
_INTRODUCED = re.compile(
    r"\b(?:outputs?|responses?|generates? (?:a few )?(?:samples?|text)|(?:following"
    r"|example) results?|answers?|"
    r"completions?|prints?)\b[^\n]{0,80}[:：.。]?\W*$|(?:输出|回答|结果|效果)[^\n]{0,30}[:：]\s*$",
    re.I,
)
_LOOSELY = re.compile(
    r"\b(?:for example|samples?|looks? like)\b[^\n]{0,80}[:：]?\s*$|例如[:：]?\s*$", re.I
)
_ANSWER = re.compile(r"^>>+ ?print\(.{0,200}\n(?:\s*\n)?(?!>>|```|\s*$).{8,}", re.M)
_TURN = re.compile(
    r"\s*(?:\*\*|<b>)?(?:assistant|response|output|答|助手|模型|回答|输出)(?:\*\*|</b>)?\s*[:：]",
    re.I,
)
_COMMAND = re.compile(
    r"^\s*(?:\$ ?)?(?:pip3?|python3?|git|cd|conda|import|from|docker|wget|export|curl"
    r"|torchrun|bash|sh|make|npm|"
    r"deepspeed|accelerate|CUDA\w*|@\w+\{|def|class|#!)(?:\b|=)|^\s*(?:--\w|[├└│{}])|\.py\b",
    re.M,
)
_SHELL = re.compile(
    r"^\s*(?:\$ ?)?(?:pip3?\b|python3?\b|git|cd|conda|docker|wget|export|curl|torchrun|bash"
    r"|sh |make)\b",
    re.M,
)
_NUMBERS = re.compile(r"\b(?:GB|MB|MiB|loss|step|iter|epoch)\b", re.I)
_ASKED = re.compile(r"prompt|input|instruction|question|query|输入|指令|问题|提示", re.I)
_ANSWERED = re.compile(r"output|response|answer|completion|generat|输出|回答|回复|结果|生成", re.I)
_PLAIN = frozenset(("", "text", "txt", "markdown", "md", "plaintext"))
_PICTURE = re.compile(
    r"samples?\b|outputs?\b|generat|txt2img|img2img|inpaint|showcase|gallery|teaser"
    r"|chat[-_ ]?demo|more[-_]?samples|"
    r"(?:^|[-_/ ])(?:case|example)s?[-_ ]?\d|text2video|t2v|i2v",
    re.I,
)
_DECOR = re.compile(
    r"logo|banner|icon|badge|wechat|\bqr\b|avatar|architecture|structure|framework"
    r"|overview|pipeline|sponsor|star-?history|"
    r"web[-_ ]?(?:demo|ui)|cli[-_ ]?demo|interface|curve|loss|bench|score|result|compar"
    r"|efficien|\bui\b|input|tool",
    re.I,
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    document = release.document(file)
    if not _may_show_samples(file, document, release):
        return
    root = release.is_front(file)
    found = (
        *_in_sections(document, release),
        *_quoted(document, release, root),
        *_tabled(document, release),
    )
    lines = sorted(set(found))
    if lines:
        yield Found(
            evidence=tuple(file.cite_lines(line) for line in lines[:ENOUGH]),
            component="sample_outputs",
            extent=Extent.WHOLE if len(lines) >= ENOUGH else Extent.PART,
            aspect=str(len(lines)),
            detail=f"{len(lines)} output(s) of the model are shown.",
        )
    yield from _pictures(file, document, release)


def _may_show_samples(file: File, document: Document, release: Release) -> bool:
    """The root documents, and deeper ones that name the model or are called samples."""
    if release.is_front(file):
        return True
    about = f"{file.path} {document.title}"
    named = Whose.OWN in release.subject.mentioned(about)
    called = re.search(r"sample|output|gallery|showcase|example", about, re.I)
    return not _PURPOSE_PATH.search(file.path) and bool(named or called)


def _in_sections(document: Document, release: Release) -> Iterator[int]:
    """Lines of outputs inside sections of samples: quoted blocks and answering turns."""
    for section in document.sections:
        if not section.level or not _HEADING.search(section.title) or _is_foreign(section, release):
            continue
        start, end = document.subtree(section)
        for block in document.code:
            if start <= block.start <= end and not _is_program(block):
                yield block.start
        for number in range(start, min(end, len(document.lines)) + 1):
            if _TURN.match(document.lines[number - 1]):
                yield number


def _is_foreign(section: Section, release: Release) -> bool:
    return (
        release.subject.is_foreign("", section.trail)
        or _names_a_rival(section.title, release)
        or bool(_PURPOSE.search(section.title))
    )


def _names_a_rival(title: str, release: Release) -> bool:
    """Whether a heading says whose outputs these are, and it is nobody's of this house."""
    subject = release.subject
    named = _OF_A_MODEL.search(title)
    if named is None or Whose.OWN in subject.mentioned(title):
        return False
    return subject.whose(named[1]) is Whose.OTHER


def _is_program(block: CodeBlock) -> bool:
    """Whether a block is something to run rather than something that came out."""
    if block.language not in _PLAIN:
        return ">>>" not in block.text and not re.search(
            r"^\s*(?:#|//)?\s*(?:output|输出|response)", block.text, re.I | re.M
        )
    return bool(_COMMAND.search(block.text))


def _quoted(document: Document, release: Release, root: bool) -> Iterator[int]:
    """Blocks introduced as output, and answers in interactive code."""
    for block in document.code:
        section = document.section_at(block.start)
        if release.subject.is_foreign("", section.trail) or _names_a_rival(section.title, release):
            continue
        for hit in list(_ANSWER.finditer(block.text))[:5]:
            yield block.start + 1 + block.text.count("\n", 0, hit.end())
        words = len(block.text.split())
        if not root or words < 12:
            continue
        before = _line_before(document, block)
        printed = not _SHELL.search(block.text) and not _NUMBERS.search(block.text)
        if (_INTRODUCED.search(before) and printed) or (
            block.language in _PLAIN
            and words >= 20
            and _LOOSELY.search(before)
            and not _is_program(block)
        ):
            yield block.start


def _tabled(document: Document, release: Release) -> Iterator[int]:
    """Rows of a table with a prompt beside what the model answered."""
    for table in document.tables:
        header = table.rows[0].cells if table.rows else ()
        asked = any(_ASKED.search(cell) for cell in header)
        answered = [i for i, cell in enumerate(header) if _ANSWERED.search(cell)]
        if not asked or not answered or release.subject.is_foreign(" ".join(header)):
            continue
        for row in table.rows[1:]:
            if len(row.cells) > answered[0] and len(row.cells[answered[0]]) > 15:
                yield row.line


def _line_before(document: Document, block: CodeBlock) -> str:
    above = document.lines[max(0, block.start - 4) : block.start - 1]
    return next((line for line in reversed(above) if line.strip()), "")


# -- pictures and videos -----------------------------------------------------------------------


def _pictures(file: File, document: Document, release: Release) -> Iterator[Fact]:
    media = [spot for spot in spots(file, release) if _shows_output(spot, document, release)]
    tracked = [spot for spot in media if release.resolve_link(file, spot.link.url)]
    remote = [spot for spot in media if spot not in tracked and "://" in spot.link.url]
    if tracked:
        yield Found(
            evidence=tuple(spot.cite() for spot in tracked[:ENOUGH]),
            component="sample_outputs",
            extent=Extent.WHOLE if len(tracked) >= ENOUGH else Extent.PART,
            aspect=str(len(tracked)),
            detail=f"{len(tracked)} tracked picture(s) are shown as samples.",
        )
    if remote:
        yield Linked(
            evidence=tuple(spot.cite() for spot in remote[:ENOUGH]),
            component="sample_outputs",
            url=remote[0].link.url,
            extent=Extent.WHOLE if len(remote) >= ENOUGH else Extent.PART,
            detail=f"{len(remote)} picture(s) or video(s) of outputs are kept elsewhere.",
        )


def _shows_output(spot: Spot, document: Document, release: Release) -> bool:
    picture = spot.link.image or spot.locator.target is Target.IMAGE
    if not picture or spot.locator.target is Target.BADGE or spot.about_sibling:
        return False
    name = f"{spot.link.url.split('://', 1)[-1]} {spot.link.text}"
    if _DECOR.search(spot.link.url.rsplit("/", 1)[-1]) or _DECOR.search(spot.link.text):
        return False
    section = document.section_at(spot.link.line)
    if _is_foreign(section, release):
        return False
    if _HEADING.search(section.title) or _PICTURE.search(name):
        return True
    moving = re.search(r"\.(?:gif|mp4|webm|mov)\b", spot.link.url, re.I)
    return bool(moving) and bool(_DEMO.search(section.title))
