"""A paper of arXiv: what its page says of one version, the licence above all, and its PDF.

The page is the one of that version (``/abs/NUMBERvN``); without a version, the newest, which the
pin then names. The interface for programs tells no licence, the page does.
"""

from __future__ import annotations

import re
from functools import partial
from html.parser import HTMLParser

from openassay.files import File
from openassay.release import Source
from openassay.sources import _common as common
from openassay.sources.online.answers import answer_file
from openassay.sources.online.faults import FetchError
from openassay.sources.online.ranges import Budget, RangedFile
from openassay.sources.online.web import Web

HOST = "https://arxiv.org"
MAX_PAGE = 4 << 20
MAX_PDF = 128 << 20
_MAX_AUTHORS = 500


class _Page(HTMLParser):
    """The citation tags of an abstract's page, and the address of the licence."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.meta: dict[str, list[str]] = {}
        self.license = ""
        self.versions: set[int] = set()
        self._in_license = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and values.get("name", "").startswith("citation_"):
            found = self.meta.setdefault(values["name"].removeprefix("citation_"), [])
            if len(found) < _MAX_AUTHORS:
                found.append(values.get("content", "")[:2000])
        if tag == "div" and "abs-license" in values.get("class", "").split():
            self._in_license = 1
        elif tag == "a":
            href = values.get("href", "")
            if (self._in_license or values.get("rel") == "license") and not self.license:
                self.license = href[:500]
            if version := re.search(r"/abs/[^/?#]{1,40}v(\d{1,3})$", href):
                self.versions.add(int(version[1]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "div":
            self._in_license = 0


def open_arxiv(number: str, web: Web) -> Source:
    """A paper by its number, with or without a version (``2404.14619v2``)."""
    host = web.mirrored(HOST)
    answer = web.get(f"{host}/abs/{number}", limit=MAX_PAGE)
    page = _Page()
    page.feed(answer.content.decode("utf-8", "replace"))
    page.close()
    if not page.meta.get("title"):
        raise FetchError(f"{answer.url}: no abstract of a paper", reason="wrong_content")
    bare, _, version = number.partition("v")
    version = version or str(max(page.versions, default=1))
    pin = f"arxiv:{bare}v{version}"
    gaps = common.GapLog("sources.arxiv")
    files = _pdf(web, f"{host}/pdf/{bare}v{version}", pin, bare, version, gaps)
    told = {
        "id": bare,
        "version": int(version),
        "title": _first(page, "title"),
        "authors": page.meta.get("author", []),
        "date": _first(page, "date"),
        "doi": _first(page, "doi"),
        "license": page.license,
        "withdrawn": not files and not gaps.first(),
    }
    return Source(
        id=pin,
        kind="arxiv",
        locator=pin,
        revision=f"v{version}",
        name=f"arXiv:{bare}",
        files=files,
        gaps=gaps.gaps(pin),
        metadata={"url": f"{HOST}/abs/{bare}v{version}"},
        answers=(answer_file(pin, "arxiv:abs.json", told),),
    )


def _first(page: _Page, name: str) -> str:
    return " ".join(page.meta.get(name, [""])[0].split())


def _pdf(
    web: Web, url: str, pin: str, number: str, version: str, gaps: common.GapLog
) -> tuple[File, ...]:
    """The paper itself; nothing when it is not given as a PDF."""
    path = f"{number}v{version}.pdf"
    try:
        head = web.first_piece(url, 1024)
    except FetchError as error:
        if error.reason not in ("not_found", "gone"):
            gaps.add(path, error.reason, str(error))
        return ()
    if not head.content.startswith(b"%PDF") or head.size > MAX_PDF:
        gaps.add(path, "wrong_content", f"{url} is no PDF, or one of more than 128 MiB")
        return ()

    def fetch(start: int, end: int) -> bytes:
        return web.piece(url, start, end).content

    ranged = RangedFile(fetch, head.size, Budget(web.store), path, (pin, path))
    link = f"{HOST}/pdf/{number}v{version}"
    return (File(source=pin, path=path, size=head.size, reader=partial(ranged.read), link=link),)
