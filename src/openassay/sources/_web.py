"""Fetching pages and files of package indexes over HTTP(S), or from ``file:`` URLs, with bounds."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import ssl
import time
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import unquote, urlsplit

from openassay.sources import _index as index
from openassay.sources._common import small_file
from openassay.sources._pipconfig import PipConfig

MAX_PAGE = 64 << 20
MAX_FILE = 4 << 30
MAX_SECONDS = 3600.0
_ACCEPT = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.1"
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class FetchError(Exception):
    """A page or file could not be had; ``missing`` when the server says there is none."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


def without_login(url: str) -> str:
    """A URL without user name, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "a URL that cannot be read"
    return parts._replace(netloc=host, query="", fragment="").geturl()


class Web:
    """Asks servers as pip's configuration says: certificates, proxy, trusted hosts, time limit."""

    def __init__(self, config: PipConfig) -> None:
        self._config = config
        self._openers: dict[bool, urllib.request.OpenerDirector] = {}
        self._logins: dict[str, str] = {}  # an index's login goes for its own host's files too

    def page(self, url: str) -> list[index.Link]:
        """The links of an index page."""
        if url.startswith("file:"):
            return self._local_page(url)
        with self._open(url, accept=_ACCEPT) as answer:
            try:
                content = answer.read(MAX_PAGE + 1)
            except (OSError, http.client.HTTPException) as error:
                raise FetchError(str(error)) from error
            kind = answer.headers.get_content_type()
            base = answer.url
        if len(content) > MAX_PAGE:
            raise FetchError("the index page is longer than any real one")
        return _links(content, kind, base)

    def _local_page(self, url: str) -> list[index.Link]:
        path = urllib.request.url2pathname(unquote(urlsplit(url).path))
        if os.path.isdir(path):
            path, url = os.path.join(path, "index.html"), url.rstrip("/") + "/index.html"
        content = small_file(path, MAX_PAGE)
        if content is None:
            raise FetchError("no such page", missing=not os.path.exists(path))
        return _links(content, "text/html", url)

    def download(self, url: str, file: IO[bytes]) -> str:
        """Write a URL's content to a file; its SHA-256."""
        digest = hashlib.sha256()
        total, end = 0, time.monotonic() + MAX_SECONDS
        with self._open(url) as answer:
            while True:
                try:
                    part = answer.read(1 << 18)
                except (OSError, http.client.HTTPException) as error:
                    raise FetchError(str(error)) from error
                if not part:
                    break
                total += len(part)
                if total > MAX_FILE or time.monotonic() > end:
                    raise FetchError(f"more than {MAX_FILE >> 30} GiB or {MAX_SECONDS:.0f} s")
                digest.update(part)
                file.write(part)
            declared = answer.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) != total:
            raise FetchError(f"ended after {total} of {declared} bytes")
        return digest.hexdigest()

    def _open(self, url: str, accept: str = "*/*") -> http.client.HTTPResponse:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme not in ("http", "https") or not host:
            raise FetchError("only http, https and file addresses are fetched")
        trusted = bool({host, parts.netloc.rpartition("@")[2].lower()} & self._config.trusted_hosts)
        if parts.scheme == "http" and not trusted and host not in _LOOPBACK:
            raise FetchError("not https, and not a trusted host of pip's configuration")
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._logins[host] = "Basic " + base64.b64encode(pair).decode("ascii")
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
        headers = {"Accept": accept, "User-Agent": "openassay", "Accept-Encoding": "identity"}
        request = urllib.request.Request(bare, headers=headers)
        if host in self._logins:
            request.add_unredirected_header("Authorization", self._logins[host])
        return self._ask(request, trusted)

    def _ask(self, request: urllib.request.Request, trusted: bool) -> http.client.HTTPResponse:
        try:
            answer = self._opener(trusted).open(request, timeout=self._config.timeout)
        except urllib.error.HTTPError as error:
            with error:
                missing = error.code in (404, 410)
                raise FetchError(f"HTTP {error.code} {error.reason}", missing=missing) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise FetchError(str(reason)) from error
        assert isinstance(answer, http.client.HTTPResponse)  # no other handler is installed
        if request.type == "https" and not answer.url.startswith("https:"):
            answer.close()
            raise FetchError("it leads away from https")
        return answer

    def _opener(self, trusted: bool) -> urllib.request.OpenerDirector:
        """Only HTTP and HTTPS: a redirection to ``file:`` or ``ftp:`` finds no handler."""
        if trusted not in self._openers:
            proxy = self._config.proxy
            proxies = {"http": proxy, "https": proxy} if proxy else None
            director = urllib.request.OpenerDirector()
            for handler in (
                urllib.request.ProxyHandler(proxies),
                urllib.request.HTTPHandler(),
                urllib.request.HTTPSHandler(context=self._tls(trusted)),
                urllib.request.HTTPRedirectHandler(),
                urllib.request.HTTPDefaultErrorHandler(),
                urllib.request.HTTPErrorProcessor(),
                urllib.request.UnknownHandler(),
            ):
                director.add_handler(handler)
            self._openers[trusted] = director
        return self._openers[trusted]

    def _tls(self, trusted: bool) -> ssl.SSLContext:
        cert = self._config.cert
        folder = bool(cert and os.path.isdir(cert))
        try:
            context = ssl.create_default_context(
                cafile=None if folder else cert, capath=cert if folder else None
            )
            if self._config.client_cert:
                context.load_cert_chain(self._config.client_cert)
        except OSError as error:
            raise FetchError(f"pip's certificate file cannot be read: {error}") from error
        if trusted:  # what pip's trusted-host means
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _links(content: bytes, kind: str, base: str) -> list[index.Link]:
    try:
        return index.links(content, kind, base)
    except (json.JSONDecodeError, RecursionError) as error:
        raise FetchError("the index page is not what it says it is") from error
