"""The Git host itself: real clones, whole and partial, and those that are refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from faults import late, status
from git_server import GitServer, git_environment
from releases import sample

BIG = b"\0" * 200_000


def clone(url: str, to: Path, *options: str) -> str:
    """Clone without a checkout; raises with Git's complaint."""
    done = subprocess.run(
        ["git", "clone", "-q", "--no-checkout", *options, url, str(to)],
        env=git_environment(to.parent),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stderr


def missing(host: GitServer, folder: Path) -> int:
    """How many objects a partial clone left at its remote."""
    listed = host.git(folder, "rev-list", "--objects", "--all", "--missing=print")
    return sum(line.startswith("?") for line in listed.splitlines())


def test_a_partial_clone_leaves_large_blobs(git_host: GitServer, tmp_path: Path) -> None:
    repo = git_host.add("org/code", {"train.py": "print()\n", "weights.bin": BIG})
    clone(repo.url, tmp_path / "partial", "--filter=blob:limit=100k")
    assert missing(git_host, tmp_path / "partial") == 1
    head = git_host.git(tmp_path / "partial", "rev-parse", "HEAD")
    assert head == repo.head
    clone(repo.url + ".git", tmp_path / "whole")
    assert missing(git_host, tmp_path / "whole") == 0


def test_a_host_without_filters_sends_everything(git_host: GitServer, tmp_path: Path) -> None:
    repo = git_host.add("org/old", {"weights.bin": BIG}, partial_clone=False)
    said = clone(repo.url, tmp_path / "clone", "--filter=blob:none")
    assert "filtering not recognized" in said
    assert missing(git_host, tmp_path / "clone") == 0


def test_one_commit_can_be_fetched_by_its_id(git_host: GitServer, tmp_path: Path) -> None:
    repo = git_host.add("org/code", {"a.txt": "1"})
    first = repo.head
    repo.commit({"a.txt": "2"})
    repo.commit({"b.txt": "3"}, branch="next")
    repo.tag("v1", first)
    folder = tmp_path / "fetched"
    folder.mkdir()
    git_host.git(folder, "init", "-q")
    git_host.git(folder, "fetch", "-q", "--depth=1", repo.url, first)
    assert git_host.git(folder, "show", f"{first}:a.txt") == "1"
    refs = git_host.git(folder, "ls-remote", repo.url)
    assert {line.split("\t")[1] for line in refs.splitlines()} == {
        "HEAD", "refs/heads/main", "refs/heads/next", "refs/tags/v1",
    }  # fmt: skip


def test_a_whole_release_arrives_as_it_was(git_host: GitServer, tmp_path: Path) -> None:
    release = sample("acme/foo")
    repo = release.git(git_host, lfs=("model.safetensors",))
    clone(repo.url, tmp_path / "clone")
    git_host.git(tmp_path / "clone", "checkout", "-q", "HEAD")
    found = (tmp_path / "clone" / "model.safetensors").read_text()
    assert found.startswith("version https://git-lfs.github.com/spec/v1\n")
    readme = release.files["README.md"]
    assert (tmp_path / "clone" / "README.md").stat().st_size == readme.size


def test_groups_within_groups(git_host: GitServer, tmp_path: Path) -> None:
    repo = git_host.add("group/sub/code", {"a.txt": "1"})
    clone(repo.url, tmp_path / "clone")
    assert git_host.git(tmp_path / "clone", "rev-parse", "HEAD") == repo.head


def test_missing_private_and_moved(git_host: GitServer, tmp_path: Path) -> None:
    git_host.add("org/secret", {"a.txt": "1"}, login="user:pass")
    git_host.add("org/new", {"a.txt": "1"}, former=("org/old",))
    with pytest.raises(RuntimeError, match="not found"):
        clone(f"{git_host.url}/org/none", tmp_path / "none")
    with pytest.raises(RuntimeError, match="could not read Username"):
        clone(f"{git_host.url}/org/secret", tmp_path / "secret")
    with pytest.raises(RuntimeError, match="403"):
        clone(git_host.url.replace("//", "//user:wrong@") + "/org/secret", tmp_path / "secret")
    clone(git_host.url.replace("//", "//user:pass@") + "/org/secret", tmp_path / "secret")
    clone(f"{git_host.url}/org/old", tmp_path / "moved")
    assert git_host.log.of("/org/old/info/refs")[0].status == 301


def test_a_host_can_hide_what_is_missing(tmp_path: Path) -> None:
    with (
        GitServer(tmp_path, hides_missing=True) as host,
        pytest.raises(RuntimeError, match="could not read Username"),
    ):
        clone(f"{host.url}/org/none", tmp_path / "none")


def test_a_host_can_fail_and_recover(git_host: GitServer, tmp_path: Path) -> None:
    repo = git_host.add("org/code", {"a.txt": "1"})
    git_host.faults.add("/org/code/*", status(503), times=1)
    with pytest.raises(RuntimeError, match="503"):
        clone(repo.url, tmp_path / "clone")
    git_host.faults.add("*/git-upload-pack", late(0.05))
    clone(repo.url, tmp_path / "clone")
    assert git_host.git(tmp_path / "clone", "rev-parse", "HEAD") == repo.head


def test_nothing_can_be_pushed(git_host: GitServer, tmp_path: Path) -> None:
    repo = git_host.add("org/code", {"a.txt": "1"})
    clone(repo.url, tmp_path / "clone")
    with pytest.raises(RuntimeError, match="push"):
        git_host.git(tmp_path / "clone", "push", "-q", "origin", "main:refs/heads/other")
