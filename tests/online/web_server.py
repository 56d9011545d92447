"""A small HTTP/1.1 server on loopback that tests can trust: it counts, it bends, it ends.

An *app* turns a :class:`Request` into a :class:`Response`. The :class:`Server` around it logs every
request (method, path, range, headers, bytes sent), lets :mod:`faults` step in between, and closes
with all its threads and sockets. Port 0 and 127.0.0.1 always.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

MAX_BODY = 64 << 20  # of a request
MAX_SENT = 256 << 20  # of an answer: an endless body ends here if its reader does not end it
MAX_REQUESTS = 1_000_000  # a client that asks for ever is told to stop
IDLE = 60.0  # seconds until a silent connection is closed


@dataclass(frozen=True)
class Request:
    """What was asked. ``target`` and ``path`` are as they were sent, quoted."""

    method: str
    target: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    server: Server

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path, unquoted after splitting: ``refs%2Fpr%2F1`` is one."""
        return tuple(unquote(part) for part in self.path.strip("/").split("/"))

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def option(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        return self.option(name).lower() in ("1", "true")


@dataclass
class Response:
    """What is answered. ``length`` is what Content-Length says, whatever the body holds.

    Without one the body is sent in chunks; ``bare`` leaves out both, and closes. ``extra`` are
    header lines as raw bytes, for what no header may hold.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Iterable[bytes] = ()
    length: int | None = None
    bare: bool = False
    extra: tuple[bytes, ...] = ()
    close: bool = False  # end the connection after this answer
    reset: bool = False  # end it rudely
    raw: Iterable[bytes] | None = None  # these bytes in place of any answer


App = Callable[[Request], Response]
Fault = Callable[[Request, App], Response]


Headers = Mapping[str, str]


def reply(
    content: bytes | str = b"",
    kind: str = "text/plain",
    status: int = 200,
    headers: Headers | None = None,
) -> Response:
    """A plain answer, all at once."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return Response(status, {"Content-Type": kind, **(headers or {})}, [data], len(data))


def as_json(data: object, status: int = 200, headers: Headers | None = None) -> Response:
    return reply(json.dumps(data), "application/json; charset=utf-8", status, headers)


def redirect(location: str, status: int = 302, headers: Headers | None = None) -> Response:
    """An answer that leads elsewhere."""
    more = {**(headers or {}), "Location": location}
    return reply(f"Redirecting to {location}", status=status, headers=more)


@dataclass
class Seen:
    """One request that came in. ``sent`` counts body bytes that were really written."""

    method: str
    target: str
    headers: dict[str, str]
    status: int = 0
    sent: int = 0

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def range(self) -> str:
        return self.headers.get("range", "")

    @property
    def token(self) -> str:
        """What the Authorization header holds; empty when none was sent."""
        return self.headers.get("authorization", "")


class Log(list[Seen]):
    """All requests in the order they came."""

    def of(self, pattern: str = "*", method: str = "*") -> list[Seen]:
        """Those whose path (without the query) fits a shell pattern."""
        return [
            seen
            for seen in list(self)
            if fnmatchcase(seen.path, pattern) and fnmatchcase(seen.method, method)
        ]

    def sent(self, pattern: str = "*") -> int:
        """Body bytes that went out."""
        return sum(seen.sent for seen in self.of(pattern))

    def tokens(self) -> set[str]:
        """Every Authorization header that came in."""
        return {seen.token for seen in list(self)} - {""}


@dataclass
class Rule:
    """A fault for some requests: the ``after`` first are spared, the next ``times`` are hit."""

    pattern: str
    fault: Fault
    method: str
    times: int | None
    after: int
    hits: int = 0  # how often it struck


class Faults:
    """The rules of one server; the first that fits strikes."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(
        self,
        pattern: str,
        fault: Fault,
        *,
        times: int | None = None,
        after: int = 0,
        method: str = "*",
    ) -> Rule:
        """Let ``fault`` strike requests whose quoted path fits a shell pattern.

        ``times=2`` strikes twice and then lets them pass, ``after=1`` spares the first.
        """
        rule = Rule(pattern, fault, method, times, after)
        with self._lock:
            self.rules.append(rule)
        return rule

    def clear(self) -> None:
        with self._lock:
            self.rules.clear()

    def pick(self, request: Request) -> Fault | None:
        with self._lock:
            for rule in self.rules:
                fits = fnmatchcase(request.path, rule.pattern)
                if not fits or not fnmatchcase(request.method, rule.method):
                    continue
                if rule.after > 0:
                    rule.after -= 1
                elif rule.times is None or rule.hits < rule.times:
                    rule.hits += 1
                    return rule.fault
        return None


class Server:
    """One app on one port, until closed. A context manager."""

    def __init__(self, app: App, *, host: str = "127.0.0.1") -> None:
        self.app = app
        self.log = Log()
        self.faults = Faults()
        self.connections = 0  # TCP connections that were opened
        self.most_at_once = 0  # requests that were under way at the same moment
        self.errors: list[BaseException] = []  # bugs of an app; close() raises the first
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._busy = 0
        self._http = _Http(self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="test-server"
        )
        self.port = int(self._http.server_address[1])
        self.url = f"http://{host}:{self.port}"
        self._thread.start()

    def pause(self, seconds: float) -> bool:
        """Wait, but not longer than the server lives; True when it is about to end."""
        return self._closing.wait(seconds)

    def close(self) -> None:
        """Stop, break off what is under way, join every thread; raises what an app raised."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._http.shutdown()
        self._http.break_off()
        self._http.server_close()
        self._thread.join()
        if self.errors:
            raise self.errors[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def under_way(self, seen: Seen) -> Iterator[None]:
        with self._lock:
            self.log.append(seen)
            self._busy += 1
            self.most_at_once = max(self.most_at_once, self._busy)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    def answer(self, request: Request) -> Response:
        if len(self.log) > MAX_REQUESTS:
            return reply("too many requests for a test", status=508)
        fault = self.faults.pick(request)
        return fault(request, self.app) if fault else self.app(request)


class _Http(ThreadingHTTPServer):
    """Threads that are joined, connections that can be broken off."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 256

    def __init__(self, owner: Server) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
            self.owner.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def break_off(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: Any) -> None:
        """Clients may vanish; anything else is a bug of the app, and must not go unseen."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self.owner.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the log is for tests."""

    def serve(self) -> None:
        owner = self.server.owner
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers)
        with owner.under_way(seen):
            body = self._body(headers)
            if body is None:
                self._send(reply("too long", status=413), seen)
                self.close_connection = True
                return
            request = Request(self.command, self.path, headers, body, owner)
            self._send(owner.answer(request), seen)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def _body(self, headers: dict[str, str]) -> bytes | None:
        """The request's body, of a declared length or in chunks; None when it is too long."""
        if headers.get("expect", "").lower() == "100-continue":
            pass  # http.server has already said: go on
        if "chunked" not in headers.get("transfer-encoding", "").lower():
            length = int(headers.get("content-length") or 0)
            return self.rfile.read(length) if length <= MAX_BODY else None
        parts, total = [], 0
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            total += size
            if total > MAX_BODY:
                return None
            parts.append(self.rfile.read(size))
            self.rfile.readline(64)
        while self.rfile.readline(1 << 16).strip():
            pass  # trailers
        return b"".join(parts)

    def _send(self, response: Response, seen: Seen) -> None:
        seen.status = response.status
        try:
            if response.raw is not None:
                self.close_connection = True
                self._pieces(response.raw, seen, chunked=False)
            else:
                chunked = self._head(response)
                self.close_connection |= response.close or response.bare
                if self.command != "HEAD":
                    self._pieces(response.body, seen, chunked)
            self.wfile.flush()
        finally:
            done_with(response.body)
        if response.reset:
            self._reset()

    def _head(self, response: Response) -> bool:
        """Write the status and the headers; whether the body goes in chunks."""
        phrase = self.responses.get(response.status, ("",))[0]
        lines = [f"HTTP/1.1 {response.status} {phrase}".encode("latin-1")]
        headers = dict(response.headers)
        empty = response.status in (204, 304)
        chunked = response.length is None and not response.bare and not empty
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif response.length is not None and not empty:
            headers["Content-Length"] = str(response.length)
        if response.close or response.bare:
            headers["Connection"] = "close"
        lines += [f"{name}: {value}".encode() for name, value in headers.items()]
        self.wfile.write(b"\r\n".join([*lines, *response.extra, b"", b""]))
        return chunked

    def _pieces(self, pieces: Iterable[bytes], seen: Seen, chunked: bool) -> None:
        for piece in pieces:
            if not piece:
                self.wfile.flush()  # an empty piece: let what there is go out
                continue
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            seen.sent += len(piece)
            if seen.sent >= MAX_SENT or self.server.owner.pause(0):
                self.close_connection = True
                return
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        """Close with an RST in place of a FIN."""
        linger = b"\x01\0\0\0\0\0\0\0"
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()


def done_with(pieces: Iterable[bytes]) -> None:
    """Let a body that holds something open (a process, a file) let go of it."""
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
