"""An arXiv-like server: abstract pages, the Atom API, OAI-PMH and PDFs of made-up papers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from blobs import Stored
from pdf_maker import pdf
from ranges import serve_blob
from web_server import Request, Response, Server, redirect, reply

CC_BY = "http://creativecommons.org/licenses/by/4.0/"
CC_BY_NC_ND = "http://creativecommons.org/licenses/by-nc-nd/4.0/"
ARXIV = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v(\d+))?(?:\.pdf)?")


@dataclass(frozen=True)
class Version:
    """One version of a paper; its licence is its own, not its paper's."""

    license: str = ARXIV
    text: str = "We train a model. All training data are released."
    date: str = "2024-05-01T12:00:00Z"


@dataclass
class Paper:
    """A paper; ``versions[0]`` is v1. ``withdrawn`` papers keep their page and lose their PDF."""

    id: str
    title: str = "A Made-Up Paper"
    authors: tuple[str, ...] = ("A. Author", "B. Author")
    abstract: str = "We made this up. Code is at https://example.org/code."
    versions: list[Version] = field(default_factory=lambda: [Version()])
    comment: str = ""
    journal: str = ""
    doi: str = ""
    withdrawn: bool = False


ABS_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>[{id}] {title}</title>
{meta}
</head><body>
<div id="abs">
<h1 class="title mathjax"><span class="descriptor">Title:</span>{title}</h1>
<div class="authors"><span class="descriptor">Authors:</span>{names}</div>
<blockquote class="abstract mathjax">
<span class="descriptor">Abstract:</span>{abstract}</blockquote>
<table><tr><td class="tablecell comments mathjax">{comment}</td></tr>
<tr><td class="tablecell arxivid"><a href="{url}/abs/{id}">arXiv:{id}</a> [cs.CL]</td></tr>
<tr><td class="tablecell arxividv">(or <a href="{url}/abs/{id}v{number}">arXiv:{id}v{number}</a>
 [cs.CL] for this version)</td></tr></table>
<div class="submission-history"><h2>Submission history</h2>
{history}</div></div>
<div class="full-text">{pdf}</div>
<div class="abs-license"><a href="{license}" title="Rights to this article" class="has_license">
<span>view license</span></a></div>
</body></html>
"""


class ArxivServer:
    """Stands for arxiv.org and export.arxiv.org both."""

    def __init__(self) -> None:
        self.papers: dict[str, Paper] = {}
        self.server = Server(self._serve)
        self.url, self.log, self.faults = self.server.url, self.server.log, self.server.faults

    def close(self) -> None:
        self.server.close()

    def __enter__(self) -> ArxivServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, paper: Paper | str) -> Paper:
        made = paper if isinstance(paper, Paper) else Paper(paper)
        self.papers[made.id] = made
        return made

    def _serve(self, request: Request) -> Response:
        match request.segments:
            case ("api", "query"):
                return self._query(request)
            case ("oai2" | "oai",):
                return self._oai(request)
            case ("abs" | "pdf" | "html" as kind, *rest):
                paper, number = self._find("/".join(rest))
                if paper is None:
                    return reply("<h1>Article not found</h1>", "text/html", 404)
                if kind == "abs":
                    return reply(self._abs(paper, number), "text/html; charset=utf-8")
                return self._pdf(request, paper, number, "/".join(rest))
        return reply("<h1>Not found</h1>", "text/html", 404)

    def _find(self, name: str) -> tuple[Paper | None, int]:
        found = _ID.fullmatch(name)
        paper = self.papers.get(found[1]) if found else None
        if not found or paper is None:
            return None, 0
        number = int(found[2] or len(paper.versions))
        return (paper, number) if 0 < number <= len(paper.versions) else (None, 0)

    def _abs(self, paper: Paper, number: int) -> str:
        """The page as arXiv sets it: the version shown is the one that is no link."""
        rows = []
        for n, version in enumerate(paper.versions, 1):
            mark = f"[v{n}]"
            if n != number:
                mark = f'<a href="/abs/{paper.id}v{n}" rel="nofollow">{mark}</a>'
            rows.append(f"<strong>{mark}</strong>\n {version.date} (1,019 KB)<br/>")
        gone = paper.withdrawn
        license = escape(paper.versions[number - 1].license)
        pdf_link = "" if gone else f'<a href="/pdf/{paper.id}v{number}">View PDF</a>'
        return ABS_PAGE.format(
            id=paper.id,
            number=number,
            title=escape(paper.title, {'"': "&quot;"}),
            names=escape(", ".join(paper.authors)),
            meta="\n".join(_meta(paper)),
            abstract=escape(paper.abstract),
            comment=escape("This paper has been withdrawn" if gone else paper.comment),
            history="\n".join(rows),
            pdf=pdf_link,
            license=license,
            url=self.url,
        )

    def _pdf(self, request: Request, paper: Paper, number: int, name: str) -> Response:
        if paper.withdrawn:
            return reply("<h1>No PDF for this paper</h1>", "text/html", 404)
        if name.endswith(".pdf"):
            return redirect(f"{self.url}/pdf/{name.removesuffix('.pdf')}", 301)
        version = paper.versions[number - 1]
        content = Stored(pdf(f"{paper.title}\n{paper.abstract}\n{version.text}"))
        return serve_blob(request, content, f"sha256:{content.sha256}", "application/pdf")

    def _query(self, request: Request) -> Response:
        """The Atom feed of ``id_list``; an unknown id is left out, a malformed one is an error."""
        names = [name for name in request.option("id_list").split(",") if name]
        entries = []
        for name in names:
            if not _ID.fullmatch(name):
                entry = f"<entry><id>{self.url}/api/errors</id><title>Error</title>" + (
                    f"<summary>incorrect id format for {escape(name)}</summary></entry>"
                )
                return _atom([entry], 400)
            paper, number = self._find(name)
            if paper:
                entries.append(_entry(paper, number))
        return _atom(entries)

    def _oai(self, request: Request) -> Response:
        """GetRecord in the formats ``arXiv`` and ``arXivRaw``: the only ones with the licence."""
        name = request.option("identifier").rpartition(":")[2]
        paper, number = self._find(name)
        if request.option("verb") != "GetRecord" or paper is None:
            return _oai('<error code="idDoesNotExist">Nothing with this id.</error>')
        versions = "".join(
            f'<version version="v{n}"><date>{version.date}</date></version>'
            for n, version in enumerate(paper.versions, 1)
        )
        form = request.option("metadataPrefix", "arXiv")
        return _oai(
            f'<GetRecord><record><metadata><{form} xmlns="http://arxiv.org/OAI/{form}/">'
            f"<id>{paper.id}</id>{versions if form == 'arXivRaw' else ''}"
            f"<title>{escape(paper.title)}</title>"
            f"<license>{escape(paper.versions[number - 1].license)}</license>"
            f"<abstract>{escape(paper.abstract)}</abstract></{form}></metadata></record></GetRecord>"
        )


def _meta(paper: Paper) -> Iterator[str]:
    """The citation tags that search engines read."""
    day = paper.versions[0].date[:10].replace("-", "/")
    rows = [("title", paper.title), *(("author", name) for name in paper.authors), ("date", day)]
    rows += [("arxiv_id", paper.id), ("abstract", paper.abstract)]
    if paper.doi:
        rows.append(("doi", paper.doi))
    for name, text in rows:
        yield f'<meta name="citation_{name}" content="{escape(text, {chr(34): "&quot;"})}" />'


def _entry(paper: Paper, number: int) -> str:
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in paper.authors)
    more = "".join(
        f'<arxiv:{name} xmlns:arxiv="http://arxiv.org/schemas/atom">{escape(text)}</arxiv:{name}>'
        for name, text in (
            ("comment", paper.comment), ("journal_ref", paper.journal), ("doi", paper.doi)
        )
        if text
    )  # fmt: skip
    return f"""<entry>
<id>http://arxiv.org/abs/{paper.id}v{number}</id>
<updated>{paper.versions[number - 1].date}</updated>
<published>{paper.versions[0].date}</published>
<title>{escape(paper.title)}</title><summary>{escape(paper.abstract)}</summary>{authors}{more}
<link href="http://arxiv.org/abs/{paper.id}v{number}" rel="alternate" type="text/html"/>
<link title="pdf" href="http://arxiv.org/pdf/{paper.id}v{number}" rel="related"/>
<category term="cs.CL" scheme="http://arxiv.org/schemas/atom"/>
</entry>"""


def _atom(entries: list[str], status: int = 200) -> Response:
    feed = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">ArXiv Query</title>
<opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{len(entries)}\
</opensearch:totalResults>
{"".join(entries)}</feed>
"""
    return reply(feed, "application/atom+xml; charset=UTF-8", status)


def _oai(content: str) -> Response:
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{content}</OAI-PMH>
"""
    return reply(body, "text/xml; charset=UTF-8")
