"""Papers and reports: which document is about this model, and which are other people's.

Reads links, BibTeX entries and tracked PDFs. A paper is the release's own when it is labelled as
such (Paper, Report, 论文, 技术报告), when its title or its sentence names the model, or when the
release asks to be cited by it. What a linked paper says is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import Target, arxiv_id
from openassay.passages import MAX_LINKS, Spot, nearby, spots, wanted
from openassay.release import Release, is_document
from openassay.subject import Place, Whose
from openassay.types import Extent, Fact, Found, Gap, Linked

NAME = "papers"
COMPONENTS = ("research_paper", "technical_report", "preprint", "peer_reviewed_paper")

_REPORT = re.compile(
    r"\b(?:tech(?:nical|nique)?)[\s_.-]*(?:reports?|blogs?|documentation)\b|\b(?:full "
    r")?reports?\b|技术报告|技术博客|技术文档|\blogbook\b|\btraining (?:log|report"
    r"|details)\b",
    re.I,
)
_TECHNICAL_REPORT = re.compile(
    r"tech(?:nical|nique)?[\s_.-]*report|技术报告|logbook|chronicles|training (?:logs?"
    r"|notes|diary)\b|main-log|训练日志",
    re.I,
)
_PAPER = re.compile(r"\bpapers?\b|\bpreprints?\b|\barxiv\b|\bpublication\b|论文", re.I)
_OWN_PHRASE = re.compile(
    r"\b(?:our|this|the) (?:\w+ )?(?:paper|work|report|preprint|article|tech(?:nical)? "
    r"report)\b|\bfrom the paper\b|\b(?:introduced|described|presented|proposed) in\b"
    r"|\bpaper (?:is|has been|was)? ?(?:released|available|published|accepted|out)\b"
    r"|\bofficial (?:implementation|code|repo)|我们的(?:论文|技术报告|工作)|(?:请)?(?:阅读"
    r"|参考|详见|查看)我们的",
    re.I,
)
_BLOG = re.compile(r"\bblog(?:\s?post)?s?\b|\bannounc|博客|公告", re.I)
_FULL_BLOG = re.compile(
    r"\bengineering\b|\btech|\bfull (?:details|recipe)|\bhow we (?:built|trained)"
    r"|\bdeep[- ]dive|技术",
    re.I,
)
_LABEL = re.compile(
    r"^\W*(?:(?:read |view |see )?(?:the |our )?(?:\w+ ){0,2}?(?:paper|arxiv|report"
    r"|preprint|publication|pdf|论文|报告|技术报告)s?(?: \w+)?|arxiv[:\s]*\d{4}\.\d{4,5}"
    r"|\d{4}\.\d{4,5})\W*$",
    re.I,
)
_ENTRY = re.compile(r"@(\w{3,20})\s*\{\s*([^,\s]{0,200})\s*,", re.I)
_FIELD = re.compile(
    r"\b(title|eprint|journal|booktitle|url|howpublished|archiveprefix|note"
    r"|doi)\s*=\s*[{\"]{1,2}\s*([^\"\n]{0,500}?)\s*[}\"]{1,2}\s*,?\s*$",
    re.I | re.M,
)
_CITE = re.compile(r"\bcit(?:e|ing|ation)s?\b|\bbibtex\b|\breference\b|引用|文献", re.I)
_WRITTEN = (".md", ".pdf", ".html", ".tex")
_LICENSE = re.compile(r"licen[cs]e|agreement|协议|许可|guide|policy", re.I)
_ASIDE = re.compile(r"slides?|poster|guide|manual|figure|overview|demo|brochure|talk", re.I)
_VENUE = re.compile(
    r"\b(?:neurips|nips|icml|iclr|acl|emnlp|naacl|cvpr|iccv|eccv|aaai|ijcai|interspeech"
    r"|icassp|tacl|tmlr|jmlr|nature|science|coling|eacl|colm|kdd|www|sigir|wacv|isca"
    r"|facct)\b",
    re.I,
)


def wants(file: File, release: Release) -> bool:
    if file.suffix == ".pdf":
        return release.place(file) is Place.OWN
    if file.name.lower() in ("citation.cff", "citation.bib"):
        return release.place(file) is Place.OWN
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    if not is_document(file):
        if file.suffix == ".bib":
            yield from _entries(file, release, "\n".join(file.lines), 0, asked=True)
        return
    cited = _cited(file, release)
    for spot in spots(file, release):
        if spot.locator.target in (Target.BADGE, Target.IMAGE) or "://" not in spot.link.url:
            continue
        yield from _link(spot, release, cited)
    document = release.document(file)
    first_asked: dict[int, int] = {}  # by section: its first BibTeX block is how to cite this work
    for block in document.code:
        if "@" not in block.text:
            continue
        section = document.section_at(block.start)
        cites = bool(_CITE.search(section.trail)) or _asks(document.lines, block.start)
        asked = cites and block.start == first_asked.setdefault(section.start, block.start)
        yield from _entries(file, release, block.text, block.start, asked)
    yield from _tracked(file, release)


def survey(release: Release) -> Iterator[Fact | Gap]:
    """Tracked PDFs, even where their bytes are missing: the name says what they are."""
    for file in release.files:
        if file.suffix != ".pdf" or not file.is_regular:
            continue
        if release.place(file) in (Place.VENDORED, Place.FIXTURE):
            continue
        name = re.sub(r"[_\-.]+", " ", file.name)
        earlier = release.subject.mentioned(name) == {Whose.SIBLING}
        if _LICENSE.search(name) or not (earlier or _speaks_of_us(name, release)):
            continue
        named_after = (
            Whose.OWN in release.subject.mentioned(name)
            and not _ASIDE.search(name)
            and release.subject.whose(file.name.rsplit(".", 1)[0]) is Whose.OWN
        )
        called = (
            "technical_report"
            if _REPORT.search(name)
            else "research_paper"
            if _PAPER.search(name) or (named_after and not earlier)
            else ""
        )
        if called:
            yield Found(
                evidence=(file.cite_whole(file.name),),
                component=called,
                extent=Extent.PART if earlier else Extent.WHOLE,
                detail="A tracked PDF is named so"
                + (", of an earlier generation." if earlier else "."),
            )


def _speaks_of_us(name: str, release: Release) -> bool:
    """Whether a file's name is this release's paper: it names the model, or nothing at all."""
    named = release.subject.mentioned(name)
    words = re.findall(
        r"[^\W\d_]{3,}",
        re.sub(
            r"paper|tech\w*|report|技术报告|技术|报告|论文|full|final|version|pdf|main|arxiv",
            "",
            name,
            flags=re.I,
        ),
    )
    return Whose.OWN in named or (not named and not words)


# -- links -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cited:
    """What the document's own BibTeX entries say: arXiv numbers and titles to be cited by."""

    own: frozenset[str]
    other: frozenset[str]


def _cited(file: File, release: Release) -> _Cited:
    own: set[str] = set()
    other: set[str] = set()
    document = release.document(file)
    for block in document.code:
        asked = bool(_CITE.search(document.section_at(block.start).trail))
        for entry in _bib(block.text, block.start):
            number = arxiv_id(f"arxiv {entry.everything}")
            if number:
                mine = _is_own_entry(entry, release, asked)
                (own if mine else other).add(number)
    return _Cited(frozenset(own), frozenset(other - own))


def _link(spot: Spot, release: Release, cited: _Cited) -> Iterator[Fact]:
    target = spot.locator.target
    label = spot.link.text
    paperish = (
        target is Target.PAPER
        or (
            target in (Target.DOCUMENT_FILE, Target.STORAGE, Target.PAGE, Target.REPOSITORY)
            and bool(_LABEL.match(label) or _TECHNICAL_REPORT.search(label))
        )
        or (target is Target.DOCUMENT_FILE and bool(_OWN_PHRASE.search(spot.near)))
    )
    if paperish:
        mine = _own_paper(spot, release, cited)
        if mine is not None:
            yield from _paper_facts(spot, mine)
    elif target is Target.BLOG or _BLOG.search(label) or _is_announcement(spot, release):
        yield from _blog(spot, release)
    elif _TECHNICAL_REPORT.search(label) and not spot.about_sibling:
        yield _report(spot, Extent.WHOLE, "The link is called a technical report.")


def _own_paper(spot: Spot, release: Release, cited: _Cited) -> Extent | None:
    """WHOLE for this model's paper, PART for an earlier generation's, None for other people's."""
    number = arxiv_id(spot.link.url)
    if number and number in cited.other:
        return None
    text = f"{spot.link.text}\n{spot.near}"
    label = _label(spot)
    named = release.subject.mentioned(label)
    if named == {Whose.SIBLING} or _other_version(spot, release):
        return Extent.PART if _PAPER.search(text) or _REPORT.search(text) else None
    if number and number in cited.own:
        return Extent.WHOLE
    if _names_another(spot, release):
        return None
    if Whose.OWN in named and not prose.OTHERS.search(spot.trail):
        return Extent.WHOLE
    if re.search(r"data\s?sheet|data ?card", spot.link.text, re.I):
        return None
    if prose.OTHERS.search(spot.trail) or (prose.EVALUATION.search(spot.trail) and not named):
        return None
    if not _can_be_ours(spot.file, release):
        return None
    if _LABEL.match(label) or _TECHNICAL_REPORT.search(label):
        return _labelled(spot, release)
    if _OWN_PHRASE.search(spot.near) and not spot.about_sibling:
        return Extent.WHOLE
    return None


def _can_be_ours(file: File, release: Release) -> bool:
    """Whether *our paper* can be this release's: a deeper document, of a tool that came with the
    tree, speaks for its own authors unless it names the model."""
    if release.is_front(file) or not release.subject.names:
        return True
    return Whose.OWN in release.subject.mentioned("\n".join(file.lines[:400]))


def _label(spot: Spot) -> str:
    """What the link is called; for a bare address, the few words beside it."""
    if spot.link.text:
        return spot.link.text
    beside = spot.near.replace(spot.link.url, "").strip(" :-*•")
    return beside if len(beside) <= 60 else ""


def _names_another(spot: Spot, release: Release) -> bool:
    """A label such as "Bar paper" that names something which is not this release's model."""
    found = re.match(
        r"\W*([A-Z][\w-]*[A-Z0-9][\w-]*|[A-Z][\w]+-[\w-]+) (?:paper|report|论文)\b", spot.link.text
    )
    return bool(found) and not release.subject.mentioned(found.group(1) if found else "")


def _labelled(spot: Spot, release: Release) -> Extent | None:
    """A bare "Paper" label: own at the top of a document or beside the own name."""
    if spot.about_sibling:
        return Extent.PART
    top = spot.link.line <= 60 or spot.trail.count(" / ") == 0
    beside = Whose.OWN in release.subject.mentioned(spot.near)
    listed = re.search(r"\bthe \w+ \(|following papers|\[\[?code", spot.near, re.I)
    return Extent.WHOLE if (beside or top) and not listed else None


def _other_version(spot: Spot, release: Release) -> bool:
    """A label such as "Tech Report 1.2" whose number is another generation's."""
    found = re.search(
        r"(?<![\d.])v?(\d{1,2}\.\d{1,2})(?![\d.])", spot.link.text + " " + _badge(spot)
    )
    own = {v for versions in release.subject.families.values() for v in versions if v}
    if not found or not own or arxiv_id(f"arxiv {spot.link.text}"):
        return False
    version = tuple(int(part) for part in found.group(1).split("."))
    while len(version) > 1 and version[-1] == 0:
        version = version[:-1]
    return version not in own


def _badge(spot: Spot) -> str:
    """The words drawn on a badge that the link wraps, read from the badge's own URL."""
    line = spot.file.lines[spot.link.line - 1]
    at = line.find(spot.link.url)
    found = re.search(r"img\.shields\.io/[^\"')>]{0,300}", line[at : at + 800]) if at >= 0 else None
    return re.sub(r"%20|[+_&=]", " ", found.group(0)) if found else ""


def _paper_facts(spot: Spot, extent: Extent) -> Iterator[Fact]:
    label = f"{spot.link.text} {_badge(spot)} {spot.near if len(spot.near) < 200 else ''}"
    is_paper = (
        spot.locator.target is Target.PAPER
        or (_PAPER.search(spot.link.text) and not _TECHNICAL_REPORT.search(spot.link.text))
        or (spot.locator.target is Target.DOCUMENT_FILE and _PAPER.search(spot.near))
    )
    why = "" if extent is Extent.WHOLE else " It is about an earlier generation or a sibling."
    if is_paper:
        yield Linked(
            evidence=(spot.cite(),),
            component="research_paper",
            url=spot.link.url,
            extent=extent,
            aspect="" if spot.locator.target is Target.STORAGE else "document",
            detail="A paper about this model is linked." + why,
        )
        archived = "arxiv" in spot.link.url
        yield Linked(
            evidence=(spot.cite(),),
            component="preprint" if archived else "peer_reviewed_paper",
            url=spot.link.url,
            extent=extent,
            detail="The paper is archived." if archived else "The paper stands at a venue's site.",
        )
    if _REPORT.search(label) or not is_paper:
        yield _report(spot, extent, "The document is called a report." + why)


def _report(spot: Spot, extent: Extent, detail: str) -> Linked:
    return Linked(
        evidence=(spot.cite(),),
        component="technical_report",
        url=spot.link.url,
        extent=extent,
        detail=detail,
    )


def _is_announcement(spot: Spot, release: Release) -> bool:
    """A page whose address names the model, on a line that calls it a blog or news."""
    slug = release.subject.mentioned(spot.link.url.replace("/", " "))
    return (
        spot.locator.target is Target.PAGE
        and Whose.OWN in slug
        and bool(re.search(r"\bblog\b|/news/|/blog", f"{spot.near} {spot.link.url}", re.I))
    )


def _blog(spot: Spot, release: Release) -> Iterator[Fact]:
    """A blog post about this model: technical ones are a report, announcements part of one."""
    if spot.about_sibling or prose.OTHERS.search(spot.trail):
        return
    slug = release.subject.mentioned(spot.link.url.replace("/", " "))
    post = Whose.OWN in slug or spot.locator.path.strip("/").count("/") >= 1
    if Whose.SIBLING in slug and Whose.OWN not in slug:
        return
    near = release.subject.mentioned(f"{spot.link.text}\n{spot.near}")
    ours = Whose.OWN in near or re.search(
        r"\b(?:our|original|release|announcement)\b[^.]{0,30}\b(?:blog|post)", spot.near, re.I
    )
    if not (Whose.OWN in slug or (ours and release.is_front(spot.file))) or not post:
        return
    if _FULL_BLOG.search(f"{spot.link.text} {spot.near}"):
        yield _report(spot, Extent.WHOLE, "A technical blog post about this model is linked.")
    else:
        yield _report(spot, Extent.PART, "A blog post about this model is linked.")


def _tracked(file: File, release: Release) -> Iterator[Fact]:
    """Reports and papers in the tree that a document links: docs/report.md, Report.pdf."""
    document = release.document(file)
    for link in document.links[:MAX_LINKS]:
        path = link.url.lower().split("#", 1)[0].split("?", 1)[0]
        target = release.resolve_link(file, link.url) if path.endswith(_WRITTEN) else None
        if target is None:
            continue
        near = nearby(document, link)
        if release.subject.is_foreign(f"{near}\n{link.text}"):
            continue
        title = document.section_at(link.line).title
        label = f"{link.text} {link.url} {title}"
        pdf = target.suffix == ".pdf"
        report = _TECHNICAL_REPORT.search(label) or (pdf and re.search(r"研究报告", label))
        paper = pdf and (_LABEL.match(link.text) or _PAPER.search(f"{link.text} {title}"))
        cites = (file.cite_lines(link.line), target.cite_whole(target.name))
        if report and not _LICENSE.search(label):
            yield Found(
                evidence=cites,
                component="technical_report",
                detail="A tracked document is called a technical report.",
            )
        if (paper or (report and pdf)) and not _LICENSE.search(label):
            yield Found(
                evidence=cites,
                component="research_paper",
                detail="A tracked document is linked as the paper.",
            )


# -- BibTeX ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    line: int
    fields: dict[str, str]
    everything: str


def _bib(text: str, start: int) -> Iterator[_Entry]:
    hits = list(_ENTRY.finditer(text[:200_000]))[:200]
    for index, hit in enumerate(hits):
        end = hits[index + 1].start() if index + 1 < len(hits) else min(len(text), hit.end() + 4000)
        body = text[hit.start() : end]
        fields = {f.group(1).lower(): f.group(2).strip("{} ") for f in _FIELD.finditer(body)}
        line = (
            start + 1 + text.count("\n", 0, hit.start())
            if start
            else 1 + text.count("\n", 0, hit.start())
        )
        yield _Entry(hit.group(1).lower(), line, fields, body)


def _is_own_entry(entry: _Entry, release: Release, asked: bool) -> bool:
    if entry.kind in ("software", "online", "dataset"):
        return False
    named = release.subject.mentioned(entry.fields.get("title", "") + " " + entry.everything[:80])
    return Whose.OWN in named or (asked and Whose.SIBLING not in named)


def _asks(lines: tuple[str, ...], start: int) -> bool:
    return any(_CITE.search(line) for line in lines[max(0, start - 4) : start])


def _entries(file: File, release: Release, text: str, start: int, asked: bool) -> Iterator[Fact]:
    for index, entry in enumerate(_bib(text, start)):
        earlier = asked and release.subject.mentioned(entry.fields.get("title", "")) == {
            Whose.SIBLING
        }
        if not earlier and not _is_own_entry(entry, release, asked and index == 0):
            continue
        extent = Extent.PART if earlier else Extent.WHOLE
        where = " ".join(
            entry.fields.get(k, "")
            for k in ("journal", "eprint", "url", "booktitle", "howpublished", "note")
        )
        number = (
            arxiv_id(f"arxiv {entry.everything}") if "arxiv" in entry.everything.lower() else None
        )
        cite = (file.cite_lines(min(entry.line, len(file.lines))),)
        selfciting = (
            re.search(r"github\.com|huggingface\.co|\\url\{https?://git", where) and not number
        )
        if number:
            url = f"https://arxiv.org/abs/{number}"
            yield Linked(
                evidence=cite,
                component="research_paper",
                url=url,
                extent=extent,
                aspect="document",
                detail="The release asks to be cited by this archived paper.",
            )
            yield Linked(
                evidence=cite, component="preprint", url=url, detail="The BibTeX entry names arXiv."
            )
            if re.search(r"technical report", entry.fields.get("title", ""), re.I):
                yield Linked(
                    evidence=cite,
                    component="technical_report",
                    url=url,
                    detail="The paper is titled a technical report.",
                )
        elif entry.kind in ("inproceedings", "article", "conference") and not selfciting:
            venue = entry.fields.get("booktitle") or entry.fields.get("journal", "")
            if venue and not re.search(r"repository|github", venue, re.I):
                yield Linked(
                    evidence=cite,
                    component="research_paper",
                    url=entry.fields.get("url", ""),
                    extent=extent,
                    detail=f"The release asks to be cited by a paper in {venue[:80]}.",
                )
        venue = f"{entry.fields.get('booktitle', '')} {entry.fields.get('journal', '')}"
        if _VENUE.search(venue):
            yield Linked(
                evidence=cite,
                component="peer_reviewed_paper",
                url=entry.fields.get("url", ""),
                detail="The BibTeX entry names a reviewed venue.",
            )
