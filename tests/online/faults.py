"""Everything that a web server can do wrong, each as a fault for ``server.faults.add(pattern, …)``.

A fault gets the request and the app behind it, so it can spoil a right answer as well as make one
up. Waiting ends with the server; endless things end after a bound.

>>> web.faults.add("/api/*", status(503), times=2)      # fails twice, then works
>>> hub.cdn.faults.add("*", truncated(100), after=1)    # the first answer is whole
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from web_server import MAX_SENT, App, Fault, Request, Response, done_with, redirect, reply

#: A name that no resolver may know (RFC 6761), for DNS failures.
UNRESOLVABLE = "http://no-such-host.invalid"
FOREVER = 60.0  # seconds that "never" lasts

LOGIN_PAGE = (
    "<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1>"
    '<form method="post" action="/login"><input name="user"><input name="password" '
    'type="password"></form></body></html>\n'
)


@contextlib.contextmanager
def refused() -> Iterator[str]:
    """A URL whose port refuses connections for as long as the context lasts."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound, but nobody listens
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


# --- answers that say no


def status(
    code: int,
    *,
    retry_after: int | str | None = None,
    body: str = "",
    more: Mapping[str, str] | None = None,
) -> Fault:
    """An error status: 401, 403, 404, 410, 429 with Retry-After, 500, 502, 503 …"""
    more = dict(more or {})
    if retry_after is not None:
        more["Retry-After"] = str(retry_after)
    if code == 401:
        more["WWW-Authenticate"] = 'Basic realm="test"'
    return lambda *_: reply(body or f"{code} from a fault\n", status=code, headers=more)


# --- silence


def never_answers(seconds: float = FOREVER) -> Fault:
    """Takes the request and says nothing; closes in the end."""

    def fault(request: Request, _: App) -> Response:
        request.server.pause(seconds)
        return Response(raw=())

    return fault


def late(seconds: float) -> Fault:
    """The right answer, after a while."""

    def fault(request: Request, app: App) -> Response:
        request.server.pause(seconds)
        return app(request)

    return fault


def stalls(after: int = 0, seconds: float = FOREVER) -> Fault:
    """Sends the headers and so many bytes of the body, then nothing."""

    def fault(request: Request, app: App) -> Response:
        answer = app(request)

        def pieces() -> Iterator[bytes]:
            yield from _first(answer.body, after)
            yield b""
            request.server.pause(seconds)

        return replace(answer, body=pieces(), close=True)

    return fault


def drips(each: int = 1, every: float = 0.2, most: float = FOREVER) -> Fault:
    """Sends ``each`` bytes ``every`` so many seconds: never silent, never done."""

    def fault(request: Request, app: App) -> Response:
        answer = app(request)

        def pieces() -> Iterator[bytes]:
            rounds = int(most / every)
            for piece in _cut(answer.body, each):
                yield piece
                yield b""
                rounds -= 1
                if rounds <= 0 or request.server.pause(every):
                    return

        return replace(answer, body=pieces(), close=True)

    return fault


# --- broken connections


def hangs_up() -> Fault:
    """Closes without a word."""
    return lambda *_: Response(raw=())


def resets(after: int = 0) -> Fault:
    """Begins to answer, then resets the connection."""

    def fault(request: Request, app: App) -> Response:
        answer = app(request)
        return replace(answer, body=_first(answer.body, after), reset=True)

    return fault


def truncated(after: int) -> Fault:
    """The right headers, so many bytes of the body, and an orderly end."""

    def fault(request: Request, app: App) -> Response:
        answer = app(request)
        return replace(answer, body=_first(answer.body, after), close=True)

    return fault


def not_http(content: bytes = b"SSH-2.0-OpenSSH_9.6\r\n") -> Fault:
    """Another protocol answers."""
    return lambda *_: Response(raw=[content])


# --- lies


def wrong_length(by: int) -> Fault:
    """Content-Length says more (or less) than there is."""

    def fault(request: Request, app: App) -> Response:
        answer = app(request)
        data = b"".join(answer.body)
        return replace(answer, body=[data], length=max(0, len(data) + by), close=True)

    return fault


def no_length() -> Fault:
    """Neither a length nor chunks: the body ends where the connection ends."""
    return lambda request, app: replace(app(request), length=None, bare=True)


def wrong_content_range(value: str = "bytes 7-8/9") -> Fault:
    """A 206 that names another range than the one it sends."""
    return headers(Content_Range=value)


def ignores_range() -> Fault:
    """200 and everything, whatever was asked for."""
    return lambda request, app: app(_without(request, "range", "if-range"))


def shifted(by: int = 1) -> Fault:
    """A 206 that says what was asked for and sends bytes from further on."""

    def fault(request: Request, app: App) -> Response:
        answer = app(request)
        data = b"".join(answer.body)
        return replace(answer, body=[data[by:] + data[:by]])

    return fault


def new_etag_each_time() -> Fault:
    """The file changes between two ranges: every answer has another ETag."""
    numbers = itertools.count()

    def fault(request: Request, app: App) -> Response:
        answer = app(_without(request, "if-none-match", "if-range"))
        return replace(answer, headers=answer.headers | {"ETag": f'"version-{next(numbers)}"'})

    return fault


def never_not_modified() -> Fault:
    """Ignores conditional requests."""
    return lambda request, app: app(_without(request, "if-none-match", "if-modified-since"))


def headers(**changed: str) -> Fault:
    """The right answer with other headers: ``headers(Content_Type="text/html")``."""
    named = {name.replace("_", "-"): value for name, value in changed.items()}

    def fault(request: Request, app: App) -> Response:
        answer = app(request)
        return replace(answer, headers=answer.headers | named)

    return fault


def raw_headers(*lines: bytes) -> Fault:
    r"""The right answer with header lines as raw bytes: ``b"X-Error-Message: \x1b[31mred"``."""

    def fault(request: Request, app: App) -> Response:
        answer = app(request)
        return replace(answer, extra=(*answer.extra, *lines))

    return fault


# --- wrong content


def content(body: bytes | str, kind: str = "text/plain", code: int = 200) -> Fault:
    """Something else, and all is said to be well."""
    return lambda *_: reply(body, kind, code)


def login_page(code: int = 200) -> Fault:
    """A page for people in place of a file, as captive portals and expired sessions give."""
    return content(LOGIN_PAGE, "text/html; charset=utf-8", code)


def invalid_json() -> Fault:
    return content('{"id": "org/model", "siblings": [', "application/json")


def deep_json(depth: int = 200_000) -> Fault:
    """Nested so deep that a recursive parser falls over."""
    return content("[" * depth + "]" * depth, "application/json")


def huge_json(size: int = 64 << 20) -> Fault:
    """One valid object of about ``size`` bytes, sent in chunks, made as it goes."""
    entry = json.dumps({"rfilename": "x" * 1000}).encode() + b","

    def pieces() -> Iterator[bytes]:
        yield b'{"id":"org/model","siblings":['
        for _ in range(size // len(entry)):
            yield entry
        yield b'{"rfilename":"last"}]}'

    return lambda *_: Response(200, {"Content-Type": "application/json"}, pieces())


def gzip_bomb(size: int = 1 << 30, kind: str = "application/json") -> Fault:
    """About a thousandth of ``size`` on the wire, ``size`` bytes of spaces when unpacked."""
    member = gzip.compress(b" " * (16 << 20), 9, mtime=0)  # members add up to one stream
    packed = member * max(1, size // (16 << 20))
    return lambda *_: reply(packed, kind, headers={"Content-Encoding": "gzip"})


def endless(piece: bytes = b"0" * 65536, kind: str = "application/octet-stream") -> Fault:
    """A body without an end (``MAX_SENT`` bytes, if the reader does not stop before)."""

    count = MAX_SENT // len(piece)
    return lambda *_: Response(200, {"Content-Type": kind}, itertools.repeat(piece, count))


def endless_headers(count: int = 5000) -> Fault:
    """More header lines than any client should keep."""
    return raw_headers(*[b"X-More-%d: %b" % (n, b"x" * 100) for n in range(count)])


# --- redirects


def redirects_to(location: str, code: int = 302) -> Fault:
    """Leads elsewhere: a private address, ``file:///etc/passwd``, another port, another host."""
    return lambda *_: redirect(location, code)


def redirects_for_ever(code: int = 302) -> Fault:
    """Every answer leads to a new address (of the same path), which leads on."""

    numbers = itertools.count(1)
    return lambda request, _: redirect(f"{request.path}?hop={next(numbers)}", code)


def redirects_in_a_circle(code: int = 302) -> Fault:
    """Every answer leads back to the address it was asked for."""
    return lambda request, _: redirect(request.target, code)


#: Redirections that no client that follows links of strangers may follow.
FORBIDDEN_REDIRECTS: tuple[str, ...] = (
    "file:///etc/passwd",
    "ftp://127.0.0.1/x",
    "gopher://127.0.0.1/x",
    "data:text/plain,x",
    "//10.0.0.1/x",
    "http://10.0.0.1/x",
    "http://192.168.1.1/x",
    "http://172.16.0.1/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00::1]/x",
    "http://[fe80::1]/x",
    "http://0.0.0.0/x",
    "http://100.64.0.1/x",
    "http://2130706433/x",  # 127.0.0.1, as a number
    "http://[::ffff:10.0.0.1]/x",
)


def chain(*faults: Fault) -> Fault:
    """Several faults at once; the first is the outermost."""

    def fault(request: Request, app: App) -> Response:
        inner = app
        for one in reversed(faults):
            inner = _bind(one, inner)
        return inner(request)

    return fault


def _bind(fault: Fault, app: App) -> App:
    return lambda request: fault(request, app)


def _without(request: Request, *names: str) -> Request:
    kept = {name: value for name, value in request.headers.items() if name not in names}
    return replace(request, headers=kept)


def _first(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    try:
        for piece in pieces:
            if most <= 0:
                return
            yield piece[:most]
            most -= len(piece)
    finally:
        done_with(pieces)


def _cut(pieces: Iterable[bytes], each: int) -> Iterator[bytes]:
    try:
        for piece in pieces:
            for at in range(0, len(piece), each):
                yield piece[at : at + each]
    finally:
        done_with(pieces)


#: Every fault that ends by itself, by name: for a test that walks them all.
QUICK: dict[str, Callable[[], Fault]] = {
    "401": lambda: status(401),
    "403": lambda: status(403),
    "404": lambda: status(404),
    "410": lambda: status(410),
    "429": lambda: status(429, retry_after=0),
    "451": lambda: status(451),
    "500": lambda: status(500),
    "502": lambda: status(502),
    "503": lambda: status(503),
    "hangs up": hangs_up,
    "resets": lambda: resets(10),
    "truncated": lambda: truncated(10),
    "not HTTP": not_http,
    "length too long": lambda: wrong_length(1000),
    "length too short": lambda: wrong_length(-10),
    "no length": no_length,
    "another Content-Range": wrong_content_range,
    "Content-Range that is none": lambda: wrong_content_range("bytes ?/?"),
    "ignores Range": ignores_range,
    "shifted": shifted,
    "login page": login_page,
    "HTML as JSON": lambda: headers(Content_Type="text/html"),
    "invalid JSON": invalid_json,
    "deep JSON": deep_json,
    "huge JSON": huge_json,
    "JSON of another shape": lambda: content("[1, 2]", "application/json"),
    "not UTF-8": lambda: content(b'{"id": "\xff\xfe"}', "application/json"),
    "gzip bomb": gzip_bomb,
    "gzip that is none": lambda: headers(Content_Encoding="gzip"),
    "endless": endless,
    "endless headers": endless_headers,
    "control characters": lambda: raw_headers(
        b"X-Error-Message: \x1b[31mred\x1b]0;title\x07", b"X-\x00: nul"
    ),
    "redirects for ever": redirects_for_ever,
    "redirects in a circle": redirects_in_a_circle,
    "a new ETag each time": new_etag_each_time,
    "empty": lambda: content(b""),
}

#: Those that make a client wait; give them short times where the client's patience can be set.
SLOW: dict[str, Callable[[], Fault]] = {
    "never answers": never_answers,
    "stalls": lambda: stalls(10),
    "drips": drips,
}
