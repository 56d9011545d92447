"""An address by itself: a weights file, a document, an archive, or just what a server answers.

Weights files and zip archives are read by ranges and never fetched whole; a packed tar has to be
fetched. A page is only looked at: that it is there, or that it is not, is what is kept of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from posixpath import basename
from urllib.parse import unquote, urlsplit

from openassay.errors import TargetError
from openassay.files import File
from openassay.release import Source
from openassay.sources import _paths as paths
from openassay.sources.archive import Container, open_archive, open_zip
from openassay.sources.online.answers import answer_file, bytes_file
from openassay.sources.online.faults import SETTLED, FetchError
from openassay.sources.online.ranges import BLOCK, Budget, RangedFile
from openassay.sources.online.web import Web
from openassay.sources.targets import Name, What, reopens, without_login

MAX_ARCHIVE = 4 << 30
MAX_SECONDS = 3600.0
MAX_LOOK = 64 << 10  # bytes of a page that is only looked at
MAX_WHOLE = 64 << 20  # bytes of a file whose server gives no ranges
_ZIPS = (".zip", ".whl")


def open_address(target: str, name: Name, web: Web, stack: contextlib.ExitStack | None) -> Source:
    """The source behind an address; raises :class:`FetchError` when it is not given."""
    url = web.mirrored(name.id)
    if name.what is What.PAGE:
        return _page(name.id, url, web)
    file_name = paths.shown(unquote(basename(urlsplit(name.id).path)).encode()) or "file"
    if name.what is What.ARCHIVE and not file_name.lower().endswith(_ZIPS):
        return _packed(target, name.id, url, file_name, web, stack)
    try:
        ranged, size, version = _ranged(url, file_name, web)
    except FetchError as error:
        if error.reason not in ("no_ranges", "offline"):  # the whole of it may have been kept
            raise
        if name.what is What.ARCHIVE:
            return _packed(target, name.id, url, file_name, web, stack)
        return _whole(name.id, url, file_name, web)
    pin = f"url:{_bare(name.id)}@{version}"
    if name.what is What.ARCHIVE:
        source = open_zip(reopens(name.id), file_name, Container(ranged.read, size), pin, version)
        source.metadata["url"] = _bare(name.id)
        return source
    file = File(source=pin, path=file_name, size=size, reader=ranged.read, link=_bare(name.id))
    return _source(name.id, pin, version, file)


def _ranged(url: str, file_name: str, web: Web) -> tuple[RangedFile, int, str]:
    """The file by ranges, its size, and what stands for its version: ETag, or its first bytes."""
    head = web.first_piece(url, BLOCK)
    _refuse_page(head.content, file_name)
    etag = head.etag
    version = hashlib.sha256(f"{etag}\0{head.size}\0".encode() + head.content).hexdigest()[:40]

    def fetch(start: int, end: int) -> bytes:
        piece = web.piece(url, start, end)
        if piece.size != head.size or piece.etag != etag:
            raise FetchError(f"{file_name}: changed meanwhile", reason="changed_while_reading")
        return piece.content

    return (
        RangedFile(fetch, head.size, Budget(web.store), file_name, (url, version)),
        head.size,
        version,
    )


def _refuse_page(content: bytes, file_name: str) -> None:
    """A page about a login, or about a file, is not the file."""
    start = content[:200].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise FetchError(
            f"{file_name}: the server gave a page instead of the file",
            reason="wrong_content",
            hint="Name the address of the file itself; it may ask for a login.",
        )


def _source(url: str, pin: str, version: str, file: File) -> Source:
    return Source(
        id=pin,
        kind="url",
        locator=reopens(url),
        revision=version,
        name=file.name,
        files=(file,),
        metadata={"url": _bare(url)},
    )


def _whole(url: str, fetched: str, file_name: str, web: Web) -> Source:
    """A small file of a server that gives no ranges."""
    content = web.get(fetched, limit=MAX_WHOLE).content
    _refuse_page(content, file_name)
    version = hashlib.sha256(content).hexdigest()[:40]
    pin = f"url:{_bare(url)}@{version}"
    file = bytes_file(pin, file_name, content)
    file.link = _bare(url)
    return _source(url, pin, version, file)


def _packed(
    target: str,
    url: str,
    fetched: str,
    file_name: str,
    web: Web,
    stack: contextlib.ExitStack | None,
) -> Source:
    """An archive that can only be read from its beginning: fetched into a file without a name."""
    if web.offline:
        raise FetchError(
            f"{_bare(url)}: packed archives are not kept, and offline",
            reason="offline",
            hint="Download it yourself, and name the file.",
        )
    folder = tempfile.mkdtemp(prefix="openassay-")
    path = os.path.join(folder, basename(file_name) or "archive.tar.gz")
    try:
        with open(path, "wb") as file:
            web.download(fetched, file, limit=MAX_ARCHIVE, seconds=MAX_SECONDS)
        source = open_archive(without_login(target), path, stack)
    except OSError as error:
        raise TargetError(
            f"{_bare(url)}: cannot keep it: {error.strerror}", hint="Make room."
        ) from error
    finally:  # the descriptor stays open; on systems that forbid this, the folder stays too
        with contextlib.suppress(OSError):
            os.unlink(path)
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    source.locator = reopens(url)
    source.metadata["url"] = _bare(url)
    return source


def _page(url: str, fetched: str, web: Web) -> Source:
    """What a server answers for an address, without its content: there, or why not."""
    told: dict[str, object] = {"url": _bare(url)}
    try:
        answer = web.get(fetched, limit=MAX_LOOK, cut=True)
        told |= {"status": answer.status, "type": answer.headers.get("content-type", "")[:100]}
        if answer.url.rstrip("/") != _bare(fetched).rstrip("/"):
            told["moved_to"] = answer.url
    except FetchError as error:
        if error.status is None or error.reason not in SETTLED:
            raise
        told |= {"status": error.status, "reason": error.reason, "words": _words(error)}
    pin = f"web:{_bare(url)}@{told['status']}"
    return Source(
        id=pin,
        kind="web",
        locator=f"web:{reopens(url)}",
        revision=str(told["status"]),
        name=_bare(url),
        metadata={"url": _bare(url)},
        answers=(answer_file(pin, "web:answer.json", told),),
    )


def refusal(target: str, error: FetchError) -> Source | None:
    """A server's settled "no" as a source without files; None for any other failure."""
    if error.status is None or error.reason not in SETTLED:
        return None
    bare = _bare(target) if "://" in target else target
    told = {"url": bare, "status": error.status, "reason": error.reason, "words": _words(error)}
    pin = f"refused:{bare}@{error.status}"
    return Source(
        id=pin,
        kind="refused",
        locator=f"refused:{reopens(target)}",
        revision=str(error.status),
        name=bare,
        metadata={"url": bare},
        answers=(answer_file(pin, "web:answer.json", told),),
    )


def _words(error: FetchError) -> str:
    """What went wrong, less the address, which is fetched from elsewhere with a mirror."""
    words = str(error).split(": ", 1)[-1]
    return re.sub(r"^[0-9]{3} [^:]{0,60}: ", "", words)[:200]  # the status stands beside it


def _bare(url: str) -> str:
    """An address without login, query and fragment, as evidence carries it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
