"""The one way out: every request of every client passes here.

Only GET and HEAD over http(s); no private addresses unless the user named their host; answers are
read whole and bounded; 429 and failures of the server are tried again; pinned answers are kept and
never asked for again, others are asked for conditionally; offline, only what was kept is given.
"""

from __future__ import annotations

import email.utils
import hashlib
import ipaddress
import json
import re
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

from openassay.sources.online.faults import FetchError, of_failure, of_status
from openassay.sources.online.store import Store

TIMEOUT = httpx2.Timeout(30.0, connect=10.0)
MAX_BODY = 32 << 20  # bytes of one answer, unless the request says otherwise
MAX_SECONDS = 120.0  # for one answer's body, however slowly it comes
MAX_WAIT = 60.0  # a longer Retry-After is an error that says so
ATTEMPTS = 4
PARALLEL = 8  # requests at a time
MAX_SILENT = 3  # requests that a host left unanswered before it is left alone
LEFT_ALONE = 60.0  # seconds
_AGAIN = (429, 500, 502, 503, 504)
_KEPT_HEADERS = ("content-type", "link", "etag", "last-modified", "location", "x-repo-commit",
                 "x-error-code", "x-error-message")  # fmt: skip
_LEADS_ON = (301, 302, 303, 307, 308)
_SAYS_NO = (401, 403, 404, 410, 451)
_PINNED = re.compile(r"/[0-9a-f]{40}(?:[/?]|$)")
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home")


class Transport(httpx2.BaseTransport):
    """Wraps the transports that open connections. Thread-safe."""

    def __init__(
        self,
        *,
        store: Store,
        offline: bool = False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._offline = offline
        self._pause = pause
        self._trusted: set[str] = set()
        self._inner: dict[str, httpx2.HTTPTransport] = {}
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(PARALLEL)
        self._silent: dict[str, tuple[int, float]] = {}  # host: how often, when last
        self.requests = 0
        self.received = 0  # bytes of bodies

    def trust(self, host: str) -> None:
        """Let this host have a private address: the user named it."""
        self._trusted.add(host.lower())

    def shut(self) -> None:
        """Close the connections. (``close`` does nothing: clients come and go.)"""
        for inner in self._inner.values():
            inner.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = shown(request.url)
        if request.method not in ("GET", "HEAD"):
            raise FetchError(f"{url}: {request.method} is never sent", reason="refused_address")
        self._check_name(request.url, url)
        key = _key(request)
        kept = self._kept(key)
        limit = int(request.extensions.get("limit", MAX_BODY))
        if kept is not None and kept.status == 200 and len(kept.content) > limit:
            kept = None
        if kept is not None and self._offline:
            return kept.response(request)
        if self._offline:
            raise FetchError(f"{url}: not fetched before, and offline", reason="offline")
        if kept is not None and kept.status == 200:
            if _PINNED.search(request.url.path):
                return kept.response(request)
            kept.ask(request)
        answer = self._from_host(request, url)
        if answer.status_code == 304 and kept is not None and kept.status == 200:
            return kept.response(request)
        if key and _is_kept(request, answer.status_code):
            self._store.put(_Kept.of(answer).dump(), "answer", key)
        return answer

    def _check_name(self, url: httpx2.URL, where: str) -> None:
        """Refuse what can be told from the address alone; the rest is checked when connected."""
        host = url.host.lower()
        if url.scheme not in ("http", "https") or not host:
            raise FetchError(f"{where}: not an address of the web", reason="refused_address")
        if host in self._trusted:
            return
        local = host.rstrip(".").rpartition(".")[2] in _LOCAL_NAMES
        if local or _is_private(host):
            raise _private(where)

    def _kept(self, key: str | None) -> _Kept | None:
        return _Kept.load(self._store.get("answer", key)) if key else None

    def _from_host(self, request: httpx2.Request, url: str) -> httpx2.Response:
        """The answer of a host that is not known to be silent: many files may be asked of it."""
        host = request.url.netloc.decode("ascii", "replace")
        count, last = self._silent.get(host, (0, 0.0))
        if count >= MAX_SILENT and time.monotonic() - last < LEFT_ALONE:
            raise FetchError(f"{url}: no answer in time, {count} times before", reason="timed_out")
        try:
            answer = self._with_patience(request, url)
        except FetchError as error:
            if error.reason == "timed_out":
                with self._lock:
                    count, _ = self._silent.get(host, (0, 0.0))
                    self._silent[host] = (count + 1, time.monotonic())
            raise
        with self._lock:
            self._silent.pop(host, None)
        return answer

    def _with_patience(self, request: httpx2.Request, url: str) -> httpx2.Response:
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            try:
                with self._slots:
                    answer = self._once(request, url)
            except (httpx2.HTTPError, UnicodeError) as error:
                fault = of_failure(error, url)
                if last or fault.reason in ("dns_failure", "tls_error", "refused_address"):
                    raise fault from error
                self._pause(0.5 * 2**attempt)
                continue
            if answer.status_code not in _AGAIN:
                return answer
            if last:  # not handed on: clients would try it all over again
                raise of_status(answer.status_code, url)
            wait = _wanted_wait(answer.headers)
            if wait is not None and wait > MAX_WAIT:
                raise FetchError(
                    f"{url}: {answer.status_code}, the server asks to wait {wait:.0f} s",
                    reason="too_many_requests",
                    status=answer.status_code,
                )
            self._pause(0.5 * 2**attempt if wait is None else wait)
        raise AssertionError("unreachable")

    def _once(self, request: httpx2.Request, url: str) -> httpx2.Response:
        inner, direct = self._way(request.url)
        extensions = {k: v for k, v in request.extensions.items() if k != "trace"}
        if direct and request.url.host.lower() not in self._trusted:
            extensions["trace"] = _refuse_private(url)
        extensions["timeout"] = TIMEOUT.as_dict()  # a client may ask for none at all
        request.extensions = extensions
        with self._lock:
            self.requests += 1
        answer = inner.handle_request(request)
        if request.extensions.get("raw") and answer.status_code < 300:
            return answer
        with _closing(answer):
            content = _body(answer, request, url)
        with self._lock:
            self.received += len(content)
        headers = httpx2.Headers(
            [
                (name, value)
                for name, value in answer.headers.multi_items()
                if name not in ("content-encoding", "transfer-encoding")
            ]
        )
        return httpx2.Response(answer.status_code, headers=headers, content=content)

    def _way(self, url: httpx2.URL) -> tuple[httpx2.HTTPTransport, bool]:
        """The transport for an address, and whether it connects to the host itself."""
        proxies = urllib.request.getproxies()
        proxy = proxies.get(url.scheme) or proxies.get("all") or ""
        if proxy and urllib.request.proxy_bypass(url.host):
            proxy = ""
        with self._lock:
            if proxy not in self._inner:
                limits = httpx2.Limits(max_connections=PARALLEL * 2)
                self._inner[proxy] = httpx2.HTTPTransport(proxy=proxy or None, limits=limits)
            return self._inner[proxy], not proxy


class _Kept:
    """An answer as it is stored: its status, a few headers, the body."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content

    @classmethod
    def of(cls, answer: httpx2.Response) -> _Kept:
        found = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        return cls(answer.status_code, found, answer.content)

    @classmethod
    def load(cls, stored: bytes | None) -> _Kept | None:
        if stored is None:
            return None
        head, _, content = stored.partition(b"\n")
        status, headers = json.loads(head)  # written by ``dump``, checked by its digest
        return cls(status, headers, content)

    def dump(self) -> bytes:
        head = json.dumps([self.status, self.headers], sort_keys=True)
        return head.encode() + b"\n" + self.content

    def ask(self, request: httpx2.Request) -> None:
        """Make a request conditional."""
        if "etag" in self.headers:
            request.headers["If-None-Match"] = self.headers["etag"]
        elif "last-modified" in self.headers:
            request.headers["If-Modified-Since"] = self.headers["last-modified"]

    def response(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            self.status, headers=self.headers, content=self.content, request=request
        )


def shown(url: httpx2.URL) -> str:
    """An address for a message: no login, no query, which may carry a signature."""
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))


def _key(request: httpx2.Request) -> str | None:
    """What an answer is kept under; None for what is not kept. Logins see other things."""
    if request.method != "GET" or request.extensions.get("raw"):
        return None
    login = hashlib.sha256(request.headers.get("authorization", "").encode()).hexdigest()
    how = [request.headers.get(name, "") for name in ("accept", "range")]
    return f"{request.url} {' '.join(how)} {request.extensions.get('cut', '')} {login}"


def _is_kept(request: httpx2.Request, status: int) -> bool:
    """What runs without a network need: contents, the way to them, and what is not there.

    Only contents are used again while there is a network. Pieces are kept by those who read them.
    """
    if "range" in request.headers:
        return status in _SAYS_NO
    return status == 200 or status in _LEADS_ON or status in _SAYS_NO


def _private(url: str) -> FetchError:
    return FetchError(
        f"{url}: leads to an address inside a private network", reason="refused_address"
    )


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_global
    except ValueError:
        return False


def _refuse_private(url: str) -> Callable[[str, Mapping[str, Any]], None]:
    """Called as a connection is made: before a byte is sent, its address is looked at."""

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            stream = info["return_value"]
            address = stream.get_extra_info("server_addr")
            if address is None or _is_private(str(address[0])):
                stream.close()
                raise _private(url)

    return trace


def _wanted_wait(headers: httpx2.Headers) -> float | None:
    """Seconds that ``Retry-After`` asks for: a number or a date."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        at = email.utils.parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None
    return max(0.0, at.timestamp() - time.time())


@contextmanager
def _closing(answer: httpx2.Response) -> Iterator[None]:
    try:
        yield
    finally:
        answer.close()


def _body(answer: httpx2.Response, request: httpx2.Request, url: str) -> bytes:
    """The whole body, unpacked; never more than the request's limit, never slower than allowed."""
    limit = int(request.extensions.get("limit", MAX_BODY))
    if answer.status_code not in (200, 206):  # what is said of an error or a redirect
        limit = max(limit, 1 << 20)
    if request.method == "HEAD":
        return b""
    in_range = "content-range" in answer.headers
    if "range" in request.headers and answer.status_code == 200 and not in_range:
        raise FetchError(f"{url}: gives no ranges of bytes", reason="no_ranges")
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    unpack = None
    if encoding in ("gzip", "x-gzip", "deflate"):
        unpack = zlib.decompressobj(47 if "gzip" in encoding else 15)
    elif encoding not in ("", "identity"):
        raise FetchError(f"{url}: packed as {encoding}", reason="wrong_content")
    assert isinstance(answer.stream, httpx2.SyncByteStream)
    parts: list[bytes] = []
    held, end = 0, time.monotonic() + MAX_SECONDS
    for part in answer.stream:
        try:
            plain = unpack.decompress(part, limit + 1 - held) if unpack else part
        except zlib.error as error:
            raise FetchError(f"{url}: cannot be unpacked", reason="broken_answer") from error
        held += len(plain)
        if held > limit or (unpack is not None and unpack.unconsumed_tail):
            if request.extensions.get("cut"):
                return b""
            raise FetchError(f"{url}: more than {limit:,} bytes", reason="too_large")
        if unpack is not None and unpack.unused_data:
            raise FetchError(f"{url}: more after its end", reason="broken_answer")
        if time.monotonic() > end:
            raise FetchError(f"{url}: slower than {MAX_SECONDS:.0f} s", reason="timed_out")
        parts.append(plain)
    if unpack is not None and not unpack.eof:
        raise FetchError(f"{url}: ended too early", reason="broken_answer")
    return b"".join(parts)
