"""ModelScope, papers, and addresses by themselves."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

import faults
from arxiv_server import CC_BY, ArxivServer, Paper, Version
from blobs import blob, whole
from hub_repos import Content
from modelscope_server import ModelScopeServer
from openassay.errors import OpenAssayError
from openassay.release import Source
from openassay.sources.online.faults import FetchError
from product import session
from releases import card, safetensors, sample, virtual_gguf, virtual_safetensors
from web_server import as_json
from world import Web, World

MODEL: dict[str, Content] = {"README.md": card(), "model.safetensors": safetensors({"a": (64, 64)})}


def told(source: Source) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(source.answers[0].read())
    return found


# -- ModelScope


def test_modelscope(world: World, modelscope: ModelScopeServer) -> None:
    repo = modelscope.add("org/model", MODEL)
    with session(world) as at:
        source = at.opener.open("modelscope:org/model")
        assert source.id == f"modelscope:org/model@{repo.head.id}"
        contents = {file.path: file.read() for file in source.files}
        assert contents == {path: whole(blob(content)) for path, content in MODEL.items()}
        assert all(file.published for file in source.files)
        same = at.opener.open("https://modelscope.cn/models/org/model")
        assert same.id == source.id


def test_modelscope_data_sets_revisions_and_errors(
    world: World, modelscope: ModelScopeServer
) -> None:
    repo = modelscope.add("org/data", {f"{n:03}.txt": "x" for n in range(7)}, kind="dataset")
    modelscope.add("org/closed", MODEL, gated="manual")
    repo.tag("v1")
    repo.commit({"new.txt": "y"})
    with session(world) as at:
        assert len(at.opener.open("modelscope:datasets/org/data").files) == 8
        old = at.opener.open("modelscope:datasets/org/data@v1")
        assert len(old.files) == 7
        assert old.locator.endswith("@v1")
        for target in ("modelscope:org/none", "modelscope:datasets/org/data@v9"):
            with pytest.raises(FetchError) as error:
                at.opener.open(target)
            assert error.value.reason == "not_found"
        closed = at.opener.open("modelscope:org/closed")
        assert {gap.reason for gap in closed.gaps} == {"forbidden"}


def test_modelscope_contents_must_be_those_that_were_listed(
    world: World, modelscope: ModelScopeServer
) -> None:
    modelscope.add("org/model", {"README.md": "# One"})
    modelscope.faults.add("*/repo", faults.content(b"# Two"))
    with session(world) as at:
        source = at.opener.open("modelscope:org/model")
    assert [(gap.path, gap.reason) for gap in source.gaps] == [("README.md", "wrong_content")]


@pytest.mark.parametrize(
    "data",
    [
        None, [], "x", {}, {"Files": None}, {"Files": 3},
        {"Files": [None, 3, {"Path": 1, "Size": 2}, {"Path": "a"}, {"Path": "../x", "Size": 1}]},
        {"Files": [{"Path": "a", "Size": -1}, {"Path": "b", "Size": 1 << 80, "Sha256": 5}]},
        {"Files": [{"Path": "a", "Size": True, "Revision": ["x"]}]},
    ],
)  # fmt: skip
def test_modelscope_hostile_listings(
    world: World, modelscope: ModelScopeServer, data: object
) -> None:
    modelscope.add("org/model", MODEL)
    answer = {"Code": 200, "Data": data, "Success": True}
    modelscope.faults.add("*/repo/files", lambda *_: as_json(answer))
    with session(world) as at, contextlib.suppress(OpenAssayError):
        source = at.opener.open("modelscope:org/model")
        assert not [file for file in source.files if ".." in file.path]


# -- arXiv


def test_a_paper_is_pinned_to_its_version(world: World, arxiv: ArxivServer) -> None:
    arxiv.add(Paper("2405.00001", title="Foo & <b>Bar</b>", versions=[Version(), Version(CC_BY)]))
    with session(world) as at:
        newest = at.opener.open("arxiv:2405.00001")
        first = at.opener.open("https://arxiv.org/abs/2405.00001v1")
        assert (newest.id, first.id) == ("arxiv:2405.00001v2", "arxiv:2405.00001v1")
        assert told(newest)["license"] == CC_BY
        assert "nonexclusive" in told(first)["license"]
        assert told(newest)["title"] == "Foo & <b>Bar</b>"
        assert [file.path for file in newest.files] == ["2405.00001v2.pdf"]
        assert newest.files[0].read().startswith(b"%PDF")


def test_papers_without_a_pdf_and_those_that_are_none(world: World, arxiv: ArxivServer) -> None:
    arxiv.add(Paper("2405.00001", withdrawn=True))
    arxiv.add(Paper("2405.00002"))
    with session(world) as at:
        gone = at.opener.open("arxiv:2405.00001")
        assert (gone.files, told(gone)["withdrawn"]) == ((), True)
        for number in ("2405.99999", "2405.00002v7"):
            with pytest.raises(FetchError) as error:
                at.opener.open(f"arxiv:{number}")
            assert error.value.reason == "not_found"
        arxiv.faults.add("/pdf/*", faults.login_page())
        odd = at.opener.open("arxiv:2405.00002")
        assert odd.files == ()
        assert [gap.by for gap in odd.gaps] == ["sources.arxiv"]
        assert told(odd)["withdrawn"] is False
        arxiv.faults.add("/abs/*", faults.login_page())
        with pytest.raises(FetchError, match="no abstract"):
            at.opener.open("arxiv:2405.00002")


# -- addresses


def test_weights_by_ranges(world: World, web: Web) -> None:
    web.files["/a/model.gguf"] = virtual_gguf()
    web.files["/a/model.safetensors"] = virtual_safetensors({"a": (1 << 20, 1 << 12)})
    with session(world) as at:
        for name in ("model.gguf", "model.safetensors"):
            source = at.opener.open(f"https://example.org/a/{name}")
            (file,) = source.files
            assert (file.path, file.size > 1 << 30) == (name, True)
            assert file.read(file.size - 4, 4) == bytes(4)
            assert source.id.startswith(f"url:https://example.org/a/{name}@")
    assert web.log.sent() < 1 << 20
    assert not [seen for seen in web.log if not seen.range]


def test_a_zip_by_ranges_and_a_tar_as_a_whole(world: World, web: Web) -> None:
    release = sample("acme/foo", "open")
    web.files["/foo.zip"] = release.zip()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        entry = tarfile.TarInfo("foo/README.md")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"# Foo"))
    web.files["/foo.tar.gz"] = out.getvalue()
    with session(world) as at:
        zipped = at.opener.open("https://example.org/foo.zip")
        assert len(zipped.files) == len(release.files)
        assert zipped.locator == "https://example.org/foo.zip"
        packed = at.opener.open("https://example.org/foo.tar.gz")
        (readme,) = packed.files
        assert readme.read() == b"# Foo"
        assert packed.locator == "https://example.org/foo.tar.gz"


def test_a_server_without_ranges(world: World, web: Web) -> None:
    content = safetensors({"a": (64, 64)})
    web.files["/m.safetensors"] = content
    web.files["/foo.zip"] = sample("acme/foo", "open").zip()
    web.files["/huge.gguf"] = virtual_gguf()
    web.faults.add("*", faults.ignores_range())
    with session(world) as at:
        source = at.opener.open("https://example.org/m.safetensors")
        assert source.files[0].read() == content
        assert source.revision == hashlib.sha256(content).hexdigest()[:40]
        assert at.opener.open("https://example.org/foo.zip").files
        with pytest.raises(FetchError) as error:
            at.opener.open("https://example.org/huge.gguf")
        assert error.value.reason == "too_large"


def test_a_page_instead_of_a_file_is_refused(world: World, web: Web) -> None:
    web.files["/m.gguf"] = virtual_gguf()
    web.faults.add("*", faults.login_page())
    with session(world) as at, pytest.raises(FetchError, match="a page instead of the file"):
        at.opener.open("https://example.org/m.gguf")


def test_a_file_that_changes_between_two_pieces_is_refused(world: World, web: Web) -> None:
    web.files["/m.gguf"] = virtual_gguf()
    web.faults.add("*", faults.new_etag_each_time())
    with session(world) as at:
        (file,) = at.opener.open("https://example.org/m.gguf").files
        with pytest.raises(FetchError) as error:
            file.read(1 << 20, 10)
    assert error.value.reason == "changed_while_reading"


def test_a_page_is_only_looked_at(world: World, web: Web) -> None:
    web.files["/index.html"] = "<h1>Foo</h1>"
    web.files["/large"] = virtual_gguf()
    web.faults.add("/old", faults.redirects_to("https://example.org/index.html", 301))
    with session(world) as at:
        page = at.opener.visit("web:https://example.org/index.html")
        assert (told(page)["status"], page.files) == (200, ())
        gone = at.opener.visit("web:https://example.org/none")
        assert (told(gone)["status"], gone.id) == (404, "web:https://example.org/none@404")
        assert told(at.opener.visit("web:https://example.org/large"))["status"] == 200
        web.faults.add("/index.html", faults.status(500))
        with pytest.raises(FetchError):
            at.opener.visit("web:https://example.org/index.html")
    assert web.log.of("/large")[0].sent < 4 << 20


def test_what_an_address_hides_is_shown_nowhere(world: World, web: Web) -> None:
    web.files["/m.gguf"] = virtual_gguf()
    web.files["/foo.zip"] = sample("acme/foo", "open").zip()
    plain = web.url.replace("://", "://me:hunter2@")
    with session(world) as at:
        for name in ("m.gguf", "foo.zip", "none.gguf", "none.zip", "none.tar.gz", "page"):
            try:
                source = at.opener.open(f"{plain}/{name}?X-Amz-Signature=hunter3")
                links = [file.link for file in source.files]
                shown = f"{source.info()} {source.metadata} {links} {told_all(source)}"
            except OpenAssayError as error:
                shown = f"{error} {error.hint}"
            assert "hunter" not in shown
            assert name in shown


def told_all(source: Source) -> list[bytes]:
    return [file.read() for file in source.answers]


def test_a_full_disk_is_an_error_in_words(
    world: World, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["/foo.tar.gz"] = b"x" * 1000
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_: "/dev/full")
    with session(world) as at, pytest.raises(OpenAssayError, match="cannot keep it"):
        at.opener.open("https://example.org/foo.tar.gz")


def test_a_link_never_opens_a_path(
    world: World, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is called as an address is: what a release links is never looked up here."""
    trap = tmp_path / "https:" / "example.org" / "page"
    trap.mkdir(parents=True)
    (trap / "README.md").write_text("a trap")
    monkeypatch.chdir(tmp_path)
    web.files["/page"] = "there"
    with session(world) as at:
        assert at.opener.visit("https://example.org/page").kind == "web"
        for target in (str(tmp_path), "README.md", "pypi:foo", "file:///etc/passwd", ""):
            with pytest.raises(OpenAssayError):
                at.opener.visit(target)
