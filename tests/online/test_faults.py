"""The faults themselves: each does what its name says, counted, and ends with its server."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable

import pytest

import faults
from web_server import MAX_SENT, App, Fault, Request, Response, Server, reply
from world import Web

BODY = bytes(range(256)) * 40


@pytest.fixture
def page(web: Web) -> str:
    """A URL with 10,240 known bytes behind it."""
    web.files["/page"] = BODY
    return f"{web.url}/page"


def fetch(
    url: str, *, timeout: float = 5, most: int = -1, **headers: str
) -> http.client.HTTPResponse:
    """One GET that follows nothing; ``.content`` is what was read of the body."""
    parts = urllib.request.Request(url)
    connection = http.client.HTTPConnection(parts.host, timeout=timeout)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", parts.selector, headers=named)
        answer = connection.getresponse()
        answer.content = answer.read() if most < 0 else answer.read(most)  # type: ignore[attr-defined]
        return answer
    finally:
        connection.close()


def content(answer: http.client.HTTPResponse) -> bytes:
    return bytes(answer.content)  # type: ignore[attr-defined]


def test_the_right_answer(page: str, web: Web) -> None:
    answer = fetch(page)
    assert (answer.status, content(answer)) == (200, BODY)
    part = fetch(page, Range="bytes=1-3")
    assert (part.status, content(part)) == (206, BODY[1:4])
    assert part.headers["Content-Range"] == f"bytes 1-3/{len(BODY)}"
    assert content(fetch(page, Range="bytes=-4")) == BODY[-4:]
    assert content(fetch(page, Range="bytes=10236-")) == BODY[-4:]
    assert content(fetch(page, Range="bytes=10236-99999")) == BODY[-4:]
    beyond = fetch(page, Range="bytes=10240-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, "bytes */10240")
    assert fetch(page, If_None_Match=answer.headers["ETag"]).status == 304
    assert fetch(page, Range="bytes=0-1", If_Range='"other"').status == 200
    assert fetch(f"{web.url}/none").status == 404
    assert [seen.sent for seen in web.log[:2]] == [len(BODY), 3]
    assert web.log[1].range == "bytes=1-3"


def test_a_fault_can_strike_for_a_while_and_spare_the_first(page: str, web: Web) -> None:
    rule = web.faults.add("/pa*", faults.status(503), times=2, after=1)
    assert [fetch(page).status for _ in range(5)] == [200, 503, 503, 200, 200]
    assert rule.hits == 2
    web.faults.add("/other", faults.status(500))
    web.faults.add("*", faults.status(500), method="POST")
    assert fetch(page).status == 200


@pytest.mark.parametrize("code", [401, 403, 404, 410, 429, 500, 502, 503])
def test_statuses(page: str, web: Web, code: int) -> None:
    web.faults.add("*", faults.status(code, retry_after=7))
    answer = fetch(page)
    assert (answer.status, answer.headers["Retry-After"]) == (code, "7")


def test_nobody_is_there() -> None:
    with faults.refused() as url, pytest.raises(ConnectionRefusedError):
        fetch(url)
    with pytest.raises(socket.gaierror):
        fetch(faults.UNRESOLVABLE)


@pytest.mark.parametrize(
    "fault",
    [faults.never_answers(), faults.stalls(), faults.stalls(100)],
    ids=["never", "no body", "part of it"],
)
def test_silence(page: str, web: Web, fault: Fault) -> None:
    web.faults.add("*", fault)
    with pytest.raises(TimeoutError):
        fetch(page, timeout=0.2)


def test_drips_are_never_silent(page: str, web: Web) -> None:
    web.faults.add("*", faults.drips(1, every=0.02, most=0.2))
    with pytest.raises(http.client.IncompleteRead) as broken:
        fetch(page)
    assert 5 <= len(broken.value.partial) <= 10


def test_broken_connections(page: str, web: Web) -> None:
    for fault, error in (
        (faults.hangs_up(), http.client.RemoteDisconnected),
        (faults.resets(), ConnectionResetError),
        (faults.truncated(10), http.client.IncompleteRead),
        (faults.not_http(), http.client.BadStatusLine),
        (faults.wrong_length(5), http.client.IncompleteRead),
    ):
        web.faults.clear()
        web.faults.add("*", fault)
        with pytest.raises(error):
            fetch(page)
    web.faults.clear()
    assert fetch(page).status == 200


def test_lies_about_ranges(page: str, web: Web) -> None:
    def one(fault: Fault) -> http.client.HTTPResponse:
        web.faults.clear()
        web.faults.add("*", fault)
        return fetch(page, Range="bytes=5-8")

    assert (one(faults.ignores_range()).status, web.log[-1].sent) == (200, len(BODY))
    lie = one(faults.wrong_content_range("bytes 0-3/4"))
    assert (lie.headers["Content-Range"], content(lie)) == ("bytes 0-3/4", BODY[5:9])
    assert content(one(faults.shifted(1))) == BODY[6:9] + BODY[5:6]
    short = one(faults.wrong_length(-2))
    assert (content(short), short.headers["Content-Length"]) == (BODY[5:7], "2")
    bare = one(faults.no_length())
    assert (content(bare), bare.headers["Content-Length"]) == (BODY[5:9], None)


def test_the_file_changes_between_ranges(page: str, web: Web) -> None:
    web.faults.add("*", faults.new_etag_each_time())
    assert len({fetch(page, Range="bytes=0-1").headers["ETag"] for _ in range(3)}) == 3


def test_wrong_content(page: str, web: Web) -> None:
    def one(fault: Fault, most: int = -1) -> http.client.HTTPResponse:
        web.faults.clear()
        web.faults.add("*", fault)
        return fetch(page, most=most)

    assert b"<form" in content(one(faults.login_page()))
    with pytest.raises(json.JSONDecodeError):
        json.loads(content(one(faults.invalid_json())))
    with pytest.raises(RecursionError):
        json.loads(content(one(faults.deep_json())))
    huge = content(one(faults.huge_json(1 << 20)))
    assert len(json.loads(huge)["siblings"]) > 1000
    bomb = one(faults.gzip_bomb(64 << 20))
    assert len(content(bomb)) < 1 << 17
    unpacked = zlib.decompressobj(31).decompress(content(bomb))
    assert len(unpacked) == 16 << 20  # the first of four members
    assert bomb.headers["Content-Encoding"] == "gzip"


def test_endless_bodies_end_with_their_reader(page: str, web: Web) -> None:
    web.faults.add("*", faults.endless())
    assert len(content(fetch(page, most=1 << 20))) == 1 << 20
    web.close()
    assert web.log[0].sent < MAX_SENT


def test_headers_that_no_header_may_hold(page: str, web: Web) -> None:
    web.faults.add("*", faults.raw_headers(b"X-Error-Message: \x1b[31mred"))
    assert fetch(page).headers["X-Error-Message"] == "\x1b[31mred"
    web.faults.clear()
    web.faults.add("*", faults.endless_headers())
    with pytest.raises(http.client.HTTPException, match="more than 100 headers"):
        fetch(page)


@pytest.mark.parametrize(
    "fault", [faults.redirects_for_ever(), faults.redirects_in_a_circle()], ids=["ever", "circle"]
)
def test_redirects_without_end(page: str, web: Web, fault: Fault) -> None:
    web.faults.add("*", fault)
    with pytest.raises(urllib.error.HTTPError, match="infinite loop"):
        urllib.request.urlopen(page, timeout=5)
    assert 4 < len(web.log) < 20


@pytest.mark.parametrize("location", faults.FORBIDDEN_REDIRECTS)
def test_redirects_to_where_nobody_may_go(page: str, web: Web, location: str) -> None:
    web.faults.add("*", faults.redirects_to(location))
    assert fetch(page).headers["Location"] == location


def test_faults_can_be_combined(page: str, web: Web) -> None:
    web.faults.add("*", faults.chain(faults.headers(X_One="1"), faults.ignores_range()))
    answer = fetch(page, Range="bytes=0-1")
    assert (answer.status, answer.headers["X-One"]) == (200, "1")


@pytest.mark.parametrize("name", faults.QUICK)
def test_every_quick_fault_ends(page: str, web: Web, name: str) -> None:
    make: Callable[[], Fault] = faults.QUICK[name]
    web.faults.add("*", make())
    with contextlib.suppress(OSError, http.client.HTTPException):
        fetch(page, most=1 << 20)
    assert len(web.log) == 1


def test_a_server_leaves_nothing_behind() -> None:
    """Neither a connection that is kept nor a request that waits outlives it."""
    before = threading.active_count()
    ended_by_closing: list[bool] = []

    def waits(request: Request, app: App) -> Response:
        ended_by_closing.append(request.server.pause(faults.FOREVER))
        return app(request)

    server = Web()
    server.files["/page"] = BODY
    server.faults.add("*", waits, after=1)
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    kept.request("GET", "/page")
    kept.getresponse().read()  # and the connection stays open
    waiting = threading.Thread(target=_suppressed, args=(f"{server.url}/page",))
    waiting.start()
    while len(server.log) < 2:
        time.sleep(0.01)
    server.close()
    waiting.join()
    kept.close()
    assert ended_by_closing == [True]
    assert threading.active_count() == before
    assert server.connections == 2


def test_requests_at_one_moment_are_counted(page: str, web: Web) -> None:
    together = threading.Barrier(3, timeout=10)

    def meets(request: Request, app: App) -> Response:
        together.wait()
        return app(request)

    web.faults.add("*", meets)
    threads = [threading.Thread(target=fetch, args=(page,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert web.most_at_once == 3


def _suppressed(url: str) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        fetch(url, timeout=30)


def test_a_bug_of_an_app_is_not_lost() -> None:
    def app(_: object) -> object:
        raise KeyError("a bug")

    server = Server(app)  # type: ignore[arg-type]
    with contextlib.suppress(OSError, http.client.HTTPException):
        fetch(server.url + "/")
    with pytest.raises(KeyError, match="a bug"):
        server.close()


def test_requests_may_come_in_chunks() -> None:
    with Server(lambda request: reply(request.body[::-1])) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("POST", "/", iter([b"abc", b"def"]), encode_chunked=True)
        assert connection.getresponse().read() == b"fedcba"
        connection.close()
