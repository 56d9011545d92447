"""Repositories on Git hosts: fetched without large blobs, with real Git over loopback."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import faults
from git_server import GitServer
from hub_repos import Content
from openassay.errors import OpenAssayError
from openassay.release import Source
from openassay.sources import Sources
from openassay.sources.online import gitremote
from openassay.sources.online.faults import FetchError
from product import session
from world import Web

CODE: dict[str, Content] = {"README.md": "# Code\n", "train.py": "print(1)\n"}
Open = Callable[[str], Source]


@pytest.fixture
def open_(git_host: GitServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens in a session that lasts as long as the test and waits between no two attempts."""
    monkeypatch.setattr(gitremote, "pause", lambda _: None)
    with session() as at:
        at.web.trust(git_host.url)
        yield at.opener.open


def paths(source: Source) -> list[str]:
    return [file.path for file in source.files]


def test_a_repository_is_pinned_to_the_commit_of_its_default_branch(
    open_: Open, git_host: GitServer
) -> None:
    repo = git_host.add("org/code", CODE)
    source = open_(f"git+{repo.url}")
    assert source.revision == repo.head
    assert source.id.endswith(f"/org/code@{repo.head}")
    assert {file.path: file.read().decode() for file in source.files} == CODE


@pytest.mark.parametrize("partial", [True, False])
def test_large_blobs_are_left_out_where_the_host_can(
    open_: Open, git_host: GitServer, partial: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitremote, "LIMIT", 1 << 16)
    noise = os.urandom(1 << 20)
    more: dict[str, Content] = {
        "model.bin": os.urandom(1 << 20),
        "paper.pdf": b"%PDF-1.4 " + noise,
        "small.bin": b"x",
    }
    repo = git_host.add("org/code", CODE | more, partial_clone=partial)
    source = open_(f"git+{repo.url}")
    files = {file.path: file for file in source.files}
    assert list(files) == sorted([*CODE, *more])
    assert files["paper.pdf"].read(0, 8) == b"%PDF-1.4"  # a document is fetched by itself
    assert files["model.bin"].is_readable is not partial
    assert (git_host.log.sent() < 3 << 19) is partial


@pytest.mark.parametrize("how", ["tag", "annotated", "branch", "commit"])
def test_revisions(open_: Open, git_host: GitServer, how: str) -> None:
    repo = git_host.add("org/code", CODE)
    first = repo.head
    repo.tag("tag")
    repo.git("-c", "user.name=a", "-c", "user.email=a@b", "tag", "-a", "annotated", "-m", "x")
    repo.git("branch", "branch", first)
    repo.commit({"train.py": "print(2)\n"})
    source = open_(f"git+{repo.url}@{first if how == 'commit' else how}")
    assert source.revision == first
    assert open_(f"git+{repo.url}").revision == repo.head != first


@pytest.mark.parametrize(
    "revision", ["none", "0" * 40, "--upload-pack=x", "a b", "-x", "..", "a:b"]
)
def test_revisions_that_are_none(open_: Open, git_host: GitServer, revision: str) -> None:
    repo = git_host.add("org/code", CODE)
    with pytest.raises(OpenAssayError) as error:
        open_(f"git+{repo.url}@{revision}")
    assert revision in str(error.value) or "not our ref" in str(error.value)


def test_a_repository_without_a_commit_and_one_that_is_not_there(
    open_: Open, git_host: GitServer
) -> None:
    git_host.add("org/empty")
    with pytest.raises(FetchError, match="no commit yet"):
        open_(f"git+{git_host.url}/org/empty")
    with pytest.raises(FetchError) as error:
        open_(f"git+{git_host.url}/org/none")
    assert (error.value.reason, error.value.status) == ("not_found", 404)
    git_host.hides_missing = True
    with pytest.raises(FetchError) as error:
        open_(f"git+{git_host.url}/org/none")
    assert error.value.reason == "unauthorized"


def test_a_moved_repository_is_read_and_said_to_be_moved(open_: Open, git_host: GitServer) -> None:
    git_host.add("org/new", CODE, former=("org/old",))
    source = open_(f"git+{git_host.url}/org/old")
    assert source.metadata["moved_to"] == f"{git_host.url}/org/new"
    assert paths(source) == sorted(CODE)


def test_a_login_opens_what_is_private_and_is_shown_nowhere(
    open_: Open, git_host: GitServer, tmp_path: Path
) -> None:
    repo = git_host.add("org/code", CODE, login="me:hunter2")
    with pytest.raises(FetchError) as error:
        open_(f"git+{repo.url}")
    assert error.value.reason == "unauthorized"
    with_login = repo.url.replace("://", "://me:hunter2@")
    source = open_(f"git+{with_login}")
    assert paths(source) == sorted(CODE)
    shown = f"{source.info()} {source.metadata} {[file.link for file in source.files]}"
    assert "hunter2" not in shown
    with pytest.raises(FetchError) as error:
        open_(f"git+{with_login.replace('hunter2', 'wrong-one')}")
    assert error.value.reason == "forbidden"
    assert "wrong-one" not in f"{error.value} {error.value.hint}"
    kept = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert kept
    secrets = (b"hunter2", base64.b64encode(b"me:hunter2"))
    assert not [file for file in kept if any(secret in file.read_bytes() for secret in secrets)]


def test_a_token_goes_to_its_own_host_only(
    git_host: GitServer, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that leads elsewhere, even to one that is trusted, does not lead the token there."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    git_host.add("org/code", CODE)
    page = f"{git_host.url}/org/code/info/refs?service=git-upload-pack"
    web.faults.add("*", faults.redirects_to(page))
    monkeypatch.setenv("OPENASSAY_MIRRORS", f"https://github.com={web.url}")
    with Sources() as opener:
        source = opener.open("https://github.com/org/code")
        assert paths(source) == sorted(CODE)
    assert web.log.tokens()
    assert not git_host.log.tokens()
    assert "ghp_secret" not in f"{source.info()} {source.metadata}"


def test_what_is_fetched_is_bounded(
    open_: Open, git_host: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that leaves nothing out, and has more than there is room for."""
    monkeypatch.setattr(gitremote, "MAX_ROOM", 1 << 17)
    noise: dict[str, Content] = {"noise.bin": os.urandom(2 << 20)}
    repo = git_host.add("org/code", CODE | noise, partial_clone=False)
    git_host.faults.add("*/git-upload-pack", faults.drips(1 << 17, every=0.1), method="POST")
    with pytest.raises(FetchError) as error:
        open_(f"git+{repo.url}")
    assert error.value.reason == "too_large"


def test_a_host_that_never_ends_is_ended(
    open_: Open, git_host: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitremote, "MAX_SECONDS", 0.5)
    monkeypatch.setattr(gitremote, "_ATTEMPTS", 1)
    repo = git_host.add("org/code", CODE)
    git_host.faults.add("*/git-upload-pack", faults.never_answers(), method="POST")
    with pytest.raises(FetchError, match="Git took longer") as error:
        open_(f"git+{repo.url}")
    assert error.value.reason == "timed_out"


def test_nothing_of_a_repository_runs(open_: Open, git_host: GitServer, tmp_path: Path) -> None:
    """Attributes with filters, submodules with commands, modules files with options as URLs."""
    mark = tmp_path / "ran"
    touch = f"touch {mark}"
    evil: dict[str, Content] = {
        ".gitattributes": "* filter=evil diff=evil merge=evil\n",
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "{touch}"\n'
        f"\tupdate = !{touch}\n",
        ".git_hooks/post-checkout": f"#!/bin/sh\n{touch}\n",
        ".gitconfig": f'[filter "evil"]\n\tsmudge = {touch}\n\trequired = true\n',
    }
    repo = git_host.add("org/code", CODE | evil)
    source = open_(f"git+{repo.url}")
    assert len(source.files) == 6
    assert all(file.read() for file in source.files)
    assert not mark.exists()


def test_no_configuration_of_the_user_takes_part(
    open_: Open, git_host: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A helper that gives logins away, an address that is turned into another one."""
    home = tmp_path / "home"
    home.mkdir()
    mark = tmp_path / "ran"
    (home / ".gitconfig").write_text(
        f'[credential]\n\thelper = "!touch {mark}; echo password=x"\n'
        f'[url "ext::touch {mark}"]\n\tinsteadOf = {git_host.url}\n'
        f"[core]\n\tfsmonitor = touch {mark}\n\tsshCommand = touch {mark}\n"
    )
    monkeypatch.setenv("HOME", str(home))
    repo = git_host.add("org/code", CODE)
    assert paths(open_(f"git+{repo.url}")) == sorted(CODE)
    git_host.add("org/closed", CODE, login="a:b")
    with pytest.raises(FetchError):
        open_(f"git+{git_host.url}/org/closed")
    assert not mark.exists()


def test_the_second_time_only_the_references_are_asked_for(
    git_host: GitServer, tmp_path: Path
) -> None:
    repo = git_host.add("org/code", CODE)
    for expected in ({"GET", "POST"}, {"GET", "POST"}):
        before = len(git_host.log)
        with session(store=tmp_path / "store") as at:
            source = at.opener.open(f"git+{repo.url}")
        assert {seen.method for seen in git_host.log[before:]} <= expected
    posts = git_host.log[before:]
    assert len([seen for seen in posts if seen.method == "POST"]) <= 1  # ls-remote, no fetch
    with session(store=tmp_path / "store", offline=True) as at:
        again = at.opener.open(f"git+{repo.url}")
    assert (again.id, paths(again)) == (source.id, paths(source))
    with session(store=tmp_path / "store", offline=True) as at, pytest.raises(FetchError) as error:
        at.opener.open(f"git+{repo.url}@other")
    assert error.value.reason == "offline"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", faults.QUICK)
def test_every_fault_is_an_error_or_does_no_harm(
    open_: Open, git_host: GitServer, name: str, method: str
) -> None:
    """Of the page of references, and of what Git itself asks for."""
    repo = git_host.add("org/code", CODE)
    git_host.faults.add("*", faults.QUICK[name](), method=method)
    with contextlib.suppress(OpenAssayError):
        assert paths(open_(f"git+{repo.url}")) == sorted(CODE)


def test_a_host_that_failed_twice_is_asked_again(open_: Open, git_host: GitServer) -> None:
    repo = git_host.add("org/code", CODE)
    rule = git_host.faults.add("*", faults.status(503), times=2)
    assert paths(open_(f"git+{repo.url}")) == sorted(CODE)
    again = git_host.faults.add("*/git-upload-pack", faults.hangs_up(), times=1, method="POST")
    assert paths(open_(f"git+{repo.url}")) == sorted(CODE)
    assert (rule.hits, again.hits) == (2, 1)
