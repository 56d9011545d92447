"""One polite session: what is asked for, and what an answer must look like to be believed."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

import httpx2

from openassay import __version__
from openassay.formats import json_text
from openassay.formats.bounded import FormatError
from openassay.sources.online.faults import FetchError, of_failure, of_status
from openassay.sources.online.store import Store
from openassay.sources.online.transport import MAX_BODY, Transport, shown

MAX_REDIRECTS = 8
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19})")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``url`` is where it came from in the end."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes ``[start, start + len(content))`` of something of ``size`` bytes."""

    content: bytes
    size: int
    etag: str  # empty when the server names none


class Web:
    """A session. ``offline`` never opens a socket and gives only what was kept before."""

    def __init__(
        self,
        *,
        offline: bool = False,
        store: Store | None = None,
        pause: Callable[[float], None] = time.sleep,
        mirrors: Mapping[str, str] | None = None,
    ) -> None:
        self.offline = offline
        self._mirrors = dict(_mirrors() if mirrors is None else mirrors)
        self.store = store if store is not None else Store.default()
        self.transport = Transport(store=self.store, offline=offline, pause=pause)
        self.client = self.new_client()
        for mirror in self._mirrors.values():
            self.trust(mirror)

    def new_client(self) -> httpx2.Client:
        """A client over the one transport, for libraries that want their own."""
        return httpx2.Client(
            transport=self.transport,
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            headers={"User-Agent": f"openassay/{__version__}", "Accept-Encoding": "gzip"},
        )

    def close(self) -> None:
        self.client.close()
        self.transport.shut()

    def trust(self, url: str) -> None:
        """The user named this address, so its host may be a private one."""
        self.transport.trust(urlsplit(url).hostname or "")

    def mirrored(self, url: str) -> str:
        """Where an address is fetched from: itself, or the mirror the user set for its host."""
        for host, mirror in self._mirrors.items():
            if url == host or url.startswith(host + "/"):
                return mirror + url[len(host) :]
        return url

    def public(self, url: str) -> str:
        """The address that a mirror's address stands for."""
        for host, mirror in self._mirrors.items():
            if url == mirror or url.startswith(mirror + "/"):
                return host + url[len(mirror) :]
        return url

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_BODY,
        cut: bool = False,
    ) -> Answer:
        """The answer to a GET, redirects followed; raises :class:`FetchError` from 400 on.

        With ``cut``, a content of more than ``limit`` bytes is not read, and comes back empty.
        """
        answer = self._send(url, headers or {}, {"limit": limit, "cut": cut})
        if answer.status_code >= 400:
            raise of_status(answer.status_code, shown(answer.url))
        return Answer(shown(answer.url), answer.status_code, answer.headers, answer.content)

    def json(self, url: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """The answer's JSON; anything else is ``wrong_content``."""
        wanted = {"Accept": "application/json", **(headers or {})}
        answer = self.get(url, headers=wanted)
        try:
            return json_text.load(answer.content.decode("utf-8"))
        except (FormatError, UnicodeDecodeError) as error:
            kind = answer.headers.get("content-type", "no content type")
            raise FetchError(
                f"{answer.url}: JSON was asked for, {kind[:60]} came ({error})",
                reason="wrong_content",
            ) from error

    def first_piece(self, url: str, length: int) -> Piece:
        """The first bytes of what is at an address; they are kept for runs without a network."""
        key = ("piece", url, str(length))
        if self.offline and (kept := self.store.get(*key)) is not None:
            head, _, content = kept.partition(b"\n")
            size, etag = json.loads(head)
            return Piece(content, size, etag)
        piece = self.piece(url, 0, length)
        head = json.dumps([piece.size, piece.etag]).encode()
        self.store.put(head + b"\n" + piece.content, *key)
        return piece

    def piece(
        self, url: str, start: int, end: int, *, headers: Mapping[str, str] | None = None
    ) -> Piece:
        """Bytes ``[start, end)``, fewer at the end of the file; their exact place is demanded.

        (The status may be 200 instead of 206 where ``Content-Range`` is right: some hosts do so.)
        """
        asked = {**(headers or {}), "Range": f"bytes={start}-{end - 1}"}
        asked["Accept-Encoding"] = "identity"
        answer = self._send(url, asked, {"limit": end - start})
        where = shown(answer.url)
        if answer.status_code >= 400:
            raise of_status(answer.status_code, where)
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
        if found is None:
            raise FetchError(f"{where}: gives no ranges of bytes", reason="no_ranges")
        first, last, size = int(found[1]), int(found[2]), int(found[3])
        stop = min(end, size)
        if (first, last + 1) != (start, stop) or len(answer.content) != stop - start:
            raise FetchError(f"{where}: gave other bytes than asked for", reason="wrong_content")
        return Piece(answer.content, size, answer.headers.get("etag", ""))

    def download(self, url: str, file: IO[bytes], *, limit: int, seconds: float) -> str:
        """Write a whole content to a file; its address in the end."""
        request = self.client.build_request("GET", url, extensions={"raw": True})
        request.headers["Accept-Encoding"] = "identity"
        end, total = time.monotonic() + seconds, 0
        try:
            answer = self.client.send(request, stream=True)
            where = shown(answer.url)
            try:
                if answer.status_code >= 400:
                    raise of_status(answer.status_code, where)
                for part in answer.iter_raw(1 << 18):
                    total += len(part)
                    if total > limit:
                        raise FetchError(f"{where}: more than {limit:,} bytes", reason="too_large")
                    if time.monotonic() > end:
                        raise FetchError(f"{where}: slower than {seconds} s", reason="timed_out")
                    file.write(part)
            finally:
                answer.close()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise of_failure(error, _bare(url)) from error
        return where

    def _send(
        self, url: str, headers: Mapping[str, str], extensions: dict[str, Any]
    ) -> httpx2.Response:
        try:
            return self.client.request("GET", url, headers=headers, extensions=extensions)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise of_failure(error, _bare(url)) from error


def _bare(url: str) -> str:
    try:
        return shown(httpx2.URL(url))
    except httpx2.InvalidURL:
        return "an address that cannot be read"


def _mirrors() -> dict[str, str]:
    """``OPENASSAY_MIRRORS``: pairs ``https://host=https://mirror``, with spaces between them."""
    pairs = (item.partition("=") for item in os.environ.get("OPENASSAY_MIRRORS", "").split())
    return {host.rstrip("/"): mirror.rstrip("/") for host, _, mirror in pairs if mirror}


def is_offline() -> bool:
    """Whether the environment asks for it, as the hub's own client reads it."""
    asked = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("OPENASSAY_OFFLINE") or ""
    return asked.upper() in ("1", "ON", "YES", "TRUE")
