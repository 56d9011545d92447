"""The one session: attempts, waiting, limits, addresses that nobody may go to, and the store."""

from __future__ import annotations

import email.utils
import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import faults
from openassay.sources.online import ranges, transport
from openassay.sources.online.faults import FetchError
from openassay.sources.online.store import Store
from openassay.sources.online.web import Web as Session
from openassay.sources.online.web import is_offline
from product import session
from web_server import Request, Response, Server, redirect, reply
from world import Web


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def at(web: Web, pauses: list[float], tmp_path: Path) -> Iterator[Session]:
    """A session that trusts 127.0.0.1, keeps what it gets, and never waits."""
    made = Session(store=Store(str(tmp_path / "store")), pause=pauses.append, mirrors={})
    made.trust(web.url)
    web.files["/page"] = "content"
    yield made
    made.close()


def reason(get: Callable[[], object]) -> str:
    with pytest.raises(FetchError) as error:
        get()
    assert str(error.value)
    return error.value.reason


# -- attempts


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_that_fails_is_asked_again(
    at: Session, web: Web, pauses: list[float], status: int
) -> None:
    web.faults.add("/page", faults.status(status), times=3)
    assert at.get(f"{web.url}/page").content == b"content"
    assert len(web.log) == 4
    assert pauses == [0.5, 1.0, 2.0]


def test_attempts_end(at: Session, web: Web, pauses: list[float]) -> None:
    web.faults.add("/page", faults.status(503))
    assert reason(lambda: at.get(f"{web.url}/page")) == "server_error"
    assert (len(web.log), len(pauses)) == (transport.ATTEMPTS, transport.ATTEMPTS - 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
def test_a_settled_no_is_not_asked_again(at: Session, web: Web, status: int) -> None:
    web.faults.add("/page", faults.status(status))
    assert reason(lambda: at.get(f"{web.url}/page"))
    assert len(web.log) == 1


def test_retry_after_is_honoured(at: Session, web: Web, pauses: list[float]) -> None:
    soon = email.utils.formatdate(time.time() + 30, usegmt=True)
    for value in (7, soon, 0, "soon", "-5", "9" * 400):
        web.faults.clear()
        web.faults.add("/page", faults.status(429, retry_after=value), times=1)
        at.get(f"{web.url}/page")
    assert pauses[0] == 7
    assert 25 < pauses[1] <= 30
    assert pauses[2:] == [0, 0.5, 0.5, 0.5]


def test_a_server_that_asks_for_an_hour_is_an_error_at_once(
    at: Session, web: Web, pauses: list[float]
) -> None:
    web.faults.add("/page", faults.status(429, retry_after=3600))
    assert reason(lambda: at.get(f"{web.url}/page")) == "too_many_requests"
    assert (len(web.log), pauses) == (1, [])


def test_nobody_is_there(at: Session, pauses: list[float]) -> None:
    with faults.refused() as url:
        assert reason(lambda: at.get(url)) == "connection_refused"
    assert len(pauses) == transport.ATTEMPTS - 1
    assert reason(lambda: at.get(faults.UNRESOLVABLE)) == "dns_failure"
    assert len(pauses) == transport.ATTEMPTS - 1  # a name that is not known is not tried again


@pytest.mark.parametrize("name", faults.SLOW)
def test_patience_ends(
    web: Web, name: str, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    monkeypatch.setattr(transport, "TIMEOUT", httpx2.Timeout(0.3))
    monkeypatch.setattr(transport, "MAX_SECONDS", 0.5)
    monkeypatch.setattr(transport, "ATTEMPTS", 2)
    at = Session(store=Store(None), pause=pauses.append, mirrors={})
    at.trust(web.url)
    web.files["/page"] = "content" * 100
    web.faults.add("/page", faults.SLOW[name]())
    start = time.monotonic()
    assert reason(lambda: at.get(f"{web.url}/page")) == "timed_out"
    assert time.monotonic() - start < 5
    at.close()


def test_a_host_that_stays_silent_is_left_alone_for_a_while(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred files of a host that answers nothing do not take a hundred times its silence."""
    monkeypatch.setattr(transport, "TIMEOUT", httpx2.Timeout(0.2))
    monkeypatch.setattr(transport, "ATTEMPTS", 1)
    at = Session(store=Store(None), mirrors={})
    at.trust(web.url)
    web.files["/page"] = "content"
    rule = web.faults.add("*", faults.never_answers())
    for number in range(20):
        assert reason(lambda: at.get(f"{web.url}/{number}")) == "timed_out"  # noqa: B023
    assert len(web.log) == transport.MAX_SILENT
    rule.times = 0
    assert reason(lambda: at.get(f"{web.url}/page")) == "timed_out"
    monkeypatch.setattr(transport, "LEFT_ALONE", 0.0)
    assert at.get(f"{web.url}/page").content == b"content"
    at.close()


# -- limits


def test_a_body_is_never_larger_than_asked_for(at: Session, web: Web) -> None:
    web.files["/page"] = "x" * 100
    assert len(at.get(f"{web.url}/page", limit=100).content) == 100
    assert reason(lambda: at.get(f"{web.url}/page", limit=99)) == "too_large"
    for fault in (faults.gzip_bomb(), faults.endless()):
        web.faults.clear()
        web.faults.add("/page", fault)
        assert reason(lambda: at.get(f"{web.url}/page", limit=1 << 20)) == "too_large"


def test_what_follows_a_packed_content_is_not_collected(at: Session, web: Web) -> None:
    """Bytes after the end of a gzip member count for nothing, however many there are."""
    import gzip

    def more(*_: Any) -> Response:
        body = (gzip.compress(b"x") if n == 0 else b"y" * 65536 for n in range(4000))
        return Response(200, {"Content-Encoding": "gzip"}, body)

    web.faults.add("/page", more)
    assert reason(lambda: at.get(f"{web.url}/page")) == "broken_answer"
    assert web.log[0].sent < 64 << 20


@pytest.mark.parametrize(
    "fault",
    [
        faults.wrong_content_range(), faults.wrong_content_range("bytes 5-8/2"),
        faults.wrong_content_range(f"bytes 5-8/{'9' * 30}"), faults.ignores_range(),
        faults.truncated(2), faults.wrong_length(-1), faults.content(b"abcd"),
        faults.content(b"abcdefgh"), faults.status(416), faults.gzip_bomb(),
    ],
)  # fmt: skip
def test_a_piece_is_exactly_what_was_asked_for_or_an_error(
    at: Session, web: Web, fault: Any
) -> None:
    assert at.piece(f"{web.url}/page", 2, 5).content == b"nte"
    assert at.piece(f"{web.url}/page", 5, 99).content == b"nt"
    web.faults.add("/page", fault)
    assert reason(lambda: at.piece(f"{web.url}/page", 2, 5))


def test_shifted_bytes_cannot_be_told_and_nothing_is_made_up(at: Session, web: Web) -> None:
    web.faults.add("/page", faults.shifted())
    assert len(at.piece(f"{web.url}/page", 2, 5).content) == 3


def test_only_so_many_requests_at_a_time(at: Session, web: Web) -> None:
    web.faults.add("/page", faults.late(0.05))
    with ThreadPoolExecutor(40) as pool:
        list(pool.map(lambda n: at.get(f"{web.url}/page?{n}"), range(40)))
    assert 2 <= web.most_at_once <= transport.PARALLEL


def test_nothing_but_get_and_head_is_sent(at: Session, web: Web) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        with pytest.raises(FetchError, match="never sent"):
            at.client.request(method, f"{web.url}/page")
    assert not web.log


# -- where nobody may go


@pytest.mark.parametrize("location", faults.FORBIDDEN_REDIRECTS)
def test_forbidden_redirects(at: Session, web: Web, location: str) -> None:
    web.faults.add("/page", faults.redirects_to(location))
    why = {reason(lambda: at.get(f"{web.url}/page"))}
    why.add(reason(lambda: at.piece(f"{web.url}/page", 0, 5)))
    odd = {"http://2130706433/x": "connection_refused", "data:text/plain,x": "broken_answer"}
    assert why == {odd.get(location, "refused_address")}
    assert {seen.path for seen in web.log} == {"/page"}


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST.", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1",
        "0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost.localdomain", "0",
    ],
)  # fmt: skip
def test_no_spelling_of_a_private_address_gets_a_byte(host: str) -> None:
    """A listener on every address of this machine: it may see a connection, never a request."""
    seen: list[str] = []

    def app(request: Request) -> Response:
        seen.append(request.target)
        return reply("secret")

    with Server(app) as server, session() as at:
        assert reason(lambda: at.web.get(f"http://{host}:{server.port}/x")) in (
            "refused_address", "dns_failure", "connection_refused", "connection_broken",
        )  # fmt: skip
        assert not seen
        assert not server.log


def test_a_host_that_the_user_named_may_be_private_and_no_other(web: Web) -> None:
    with Server(lambda _: reply("other")) as other, session() as at:
        at.web.trust("http://localhost")
        url = web.url.replace("127.0.0.1", "localhost")
        web.files["/page"] = "content"
        assert at.web.get(f"{url}/page").content == b"content"
        web.faults.add("/page", faults.redirects_to(f"{other.url}/x"))
        assert reason(lambda: at.web.get(f"{url}/page")) == "refused_address"
        assert not other.log


def test_what_a_user_names_is_trusted_and_what_a_release_links_is_not(web: Web) -> None:
    web.files["/m.md"] = "# Foo"
    with session() as at:
        assert reason(lambda: at.opener.visit(f"{web.url}/m.md")) == "refused_address"
        foreign = f"{web.url}/m.md"  # as a record names it, or a dossier
        assert reason(lambda: at.opener.open(foreign, named=False)) == "refused_address"
        assert reason(lambda: at.opener.open_again(foreign)) == "refused_address"
        assert not web.log
        assert at.opener.open_all([f"{web.url}/m.md"])[0].files[0].read() == b"# Foo"


@pytest.mark.parametrize("name", ["redirects for ever", "redirects in a circle"])
def test_redirects_end(at: Session, web: Web, name: str) -> None:
    web.faults.add("/page", faults.QUICK[name]())
    assert reason(lambda: at.get(f"{web.url}/page")) == "too_many_redirects"
    assert len(web.log) < 12


@pytest.mark.parametrize(
    "url",
    [
        "http://a..b/", f"http://{'a' * 70}.com/", "http://\u2100.com/", "http://[::1", "http://",
        "https://exa mple.org/", "http://example.org:99999/", "http://\x00/", "file:///etc/passwd",
        "http://xn--/", "http://%00/", "http://-/", "//x", "", "http://user@/", "http://[v1.x]/",
    ],
)  # fmt: skip
def test_addresses_that_are_none_are_errors_in_words(url: str) -> None:
    with session() as at:
        assert reason(lambda: at.web.get(url)) in (
            "refused_address", "dns_failure", "connection_broken", "connection_refused",
        )  # fmt: skip


# -- tokens


def test_a_token_stays_with_its_host(at: Session, web: Web) -> None:
    secret = {"Authorization": "Bearer hf_secret"}
    with Server(lambda _: reply("other")) as other:
        web.faults.add("/away", faults.redirects_to(f"{other.url}/x"))
        web.faults.add("/here", lambda *_: redirect("/page"))
        assert at.get(f"{web.url}/away", headers=secret).content == b"other"
        at.get(f"{web.url}/here", headers=secret)
        assert not other.log.tokens()
    assert [seen.token != "" for seen in web.log] == [True] * 3


def test_a_token_is_in_no_error_and_in_no_file(at: Session, web: Web, tmp_path: Path) -> None:
    secret = {"Authorization": "Bearer hf_secret"}
    at.get(f"{web.url}/page?token=hf_secret", headers=secret)
    with pytest.raises(FetchError) as error:
        at.get(f"{web.url}/none?token=hf_secret", headers=secret)
    assert "hf_secret" not in f"{error.value} {error.value.hint}"
    kept = [file for file in (tmp_path / "store").rglob("*") if file.is_file()]
    assert kept
    assert not [file for file in kept if "hf_secret" in file.name]
    assert not [file for file in kept if b"hf_secret" in file.read_bytes()]
    assert {oct(file.parent.stat().st_mode & 0o777) for file in kept} == {"0o700"}


def test_what_one_login_saw_is_not_given_to_another(at: Session, web: Web) -> None:
    def app(request: Request, _: Any) -> Response:
        return reply(request.headers.get("authorization", "nobody"), headers={"ETag": '"same"'})

    web.faults.add("*", app)
    for token in ("Bearer a", "Bearer b"):
        answer = at.get(f"{web.url}/{'0' * 40}/x", headers={"Authorization": token})
        assert answer.content == token.encode()
    assert at.get(f"{web.url}/{'0' * 40}/x").content == b"nobody"


# -- asked once


def test_what_may_have_changed_is_asked_for_conditionally(at: Session, web: Web) -> None:
    first = at.get(f"{web.url}/page")
    again = at.get(f"{web.url}/page")
    assert (again.status, again.content) == (200, first.content)
    assert [seen.status for seen in web.log] == [200, 304]
    web.files["/page"] = "new"
    assert at.get(f"{web.url}/page").content == b"new"


def test_a_server_that_knows_no_conditions(at: Session, web: Web) -> None:
    web.faults.add("*", faults.never_not_modified())
    assert [at.get(f"{web.url}/page").content for _ in range(2)] == [b"content"] * 2


def test_what_is_pinned_is_never_asked_for_again(at: Session, web: Web) -> None:
    pinned = f"/raw/{'0123456789' * 4}/README.md"
    web.files[pinned] = "# Foo"
    for _ in range(3):
        assert at.get(web.url + pinned).content == b"# Foo"
    assert len(web.log) == 1


def test_a_no_is_asked_again_and_is_given_without_a_network(
    at: Session, web: Web, tmp_path: Path
) -> None:
    assert reason(lambda: at.get(f"{web.url}/late")) == "not_found"
    with session(store=tmp_path / "store", offline=True) as other:
        assert reason(lambda: other.web.get(f"{web.url}/late")) == "refused_address"
        other.web.trust(web.url)
        assert reason(lambda: other.web.get(f"{web.url}/late")) == "not_found"
        assert reason(lambda: other.web.get(f"{web.url}/never")) == "offline"
    web.files["/late"] = "here now"
    assert at.get(f"{web.url}/late").content == b"here now"


@pytest.mark.parametrize("value", ["1", "ON", "yes", "True"])
@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "OPENASSAY_OFFLINE"])
def test_the_environment_may_ask_for_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_offline()
    monkeypatch.setenv(name, value)
    assert is_offline()
    monkeypatch.setenv(name, "0")
    assert not is_offline()


# -- the store


def files_of(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


@settings(max_examples=30)
@given(st.lists(st.text(max_size=8), min_size=1, max_size=3), st.binary(max_size=200))
def test_what_was_put_comes_back_or_nothing(key: list[str], content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        assert store.get(*key) is None
        store.put(content, *key)
        assert store.get(*key) == content
        assert store.get(*key, "more") is None
        (file,) = files_of(Path(folder))
        whole = file.read_bytes()
        for spoiled in (whole[:-1], whole[:10], b"", whole + b"x", b"\0" * len(whole)):
            file.write_bytes(spoiled)
            assert store.get(*key) in (None, content if spoiled == whole else None)


def test_a_disk_that_is_full_keeps_nothing_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    store.put(b"content", "key")
    assert store.get("key") is None
    assert files_of(tmp_path) == []


def test_a_store_that_cannot_be_made(tmp_path: Path, web: Web) -> None:
    (tmp_path / "file").write_text("")
    web.files["/page"] = "content"
    with session(store=tmp_path / "file" / "store") as at:
        at.web.trust(web.url)
        assert at.web.get(f"{web.url}/page").content == b"content"


def test_many_writers_of_one_item(tmp_path: Path) -> None:
    """Each reader sees nothing or the whole of one writer's content."""
    store = Store(str(tmp_path))
    contents = [bytes([n]) * 50_000 for n in range(8)]
    seen: list[bytes | None] = []

    def write(content: bytes) -> None:
        for _ in range(20):
            store.put(content, "key")
            seen.append(store.get("key"))

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) <= {*contents}
    assert len(files_of(tmp_path)) == 1


def test_blocks_that_were_spoiled_are_fetched_again(tmp_path: Path) -> None:
    content = os.urandom(3 * ranges.BLOCK + 5)
    asked: list[tuple[int, int]] = []

    def fetch(start: int, end: int) -> bytes:
        asked.append((start, end))
        return content[start:end]

    def open_() -> ranges.RangedFile:
        budget = ranges.Budget(Store(str(tmp_path)))
        return ranges.RangedFile(fetch, len(content), budget, "a", ("pin", "a"))

    assert open_().read(0, len(content)) == content
    before = len(asked)
    assert open_().read(0, len(content)) == content
    assert len(asked) == before
    files_of(tmp_path)[0].write_bytes(b"spoiled")
    assert open_().read(0, len(content)) == content
    assert len(asked) == before + 1


@given(st.data())
def test_any_read_gives_the_bytes_of_its_place(data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 5 * ranges.BLOCK))
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    file = ranges.RangedFile(
        lambda start, end: content[start:end], size, ranges.Budget(Store(None)), "a", ("a",)
    )
    for _ in range(4):
        offset = data.draw(st.integers(-5, size + 5))
        length = data.draw(st.integers(0, size + 5))
        expected = content[offset : offset + length] if offset >= 0 else b""
        assert file.read(offset, length) == expected


def test_rows_far_from_the_front_come_without_a_block_around_them(tmp_path: Path) -> None:
    """Hundreds of norm gains lie apart; a second run fetches none of them again."""
    content = os.urandom(9 * ranges.BLOCK)
    asked: list[tuple[int, int]] = []

    def fetch(start: int, end: int) -> bytes:
        asked.append((start, end))
        return content[start:end]

    def open_() -> ranges.RangedFile:
        budget = ranges.Budget(Store(str(tmp_path)))
        return ranges.RangedFile(fetch, len(content), budget, "a", ("pin", "a"))

    for _ in range(2):
        file = open_()
        assert file.read(8, 1000) == content[8:1008]  # a header: its block
        at = 5 * ranges.BLOCK + 77
        assert file.read(at, 8192) == content[at : at + 8192]  # rows
        assert file.read(at, 100) == content[at : at + 100]  # a description: its block
    assert asked == [
        (0, ranges.BLOCK), (at, at + 8192), (5 * ranges.BLOCK, 6 * ranges.BLOCK),
    ]  # fmt: skip


def test_one_source_has_a_budget() -> None:
    budget = ranges.Budget(Store(None), limit=ranges.BLOCK)
    file = ranges.RangedFile(lambda start, end: bytes(end - start), 1 << 30, budget, "a", ("a",))
    file.read(0, 10)
    assert reason(lambda: file.read(1 << 29, 10)) == "too_large"
