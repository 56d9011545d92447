"""Git repositories are read from the commit, whatever their state, and can make nothing run."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from openassay.errors import ReadError, TargetError
from openassay.files import File, FileKind
from openassay.release import Source
from openassay.sources import _common, _gitobjects, open_target

GitRun = Callable[..., str]
OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 99\n"


def listing(source: Source) -> list[str]:
    return [file.path for file in source.files]


def at(source: Source, path: str) -> File:
    return next(file for file in source.files if file.path == path)


def reasons(source: Source) -> list[tuple[str, str]]:
    return [(gap.path, gap.reason) for gap in source.gaps]


def loose(repo: Path, oid: str) -> Path:
    return repo / ".git" / "objects" / oid[:2] / oid[2:]


def test_tracked_files_are_read_from_the_commit(repo: Path, git: GitRun) -> None:
    (repo / "README.md").write_text("edited", encoding="utf-8")
    (repo / "untracked.txt").write_text("x", encoding="utf-8")
    source = open_target(str(repo))
    sha = git(repo, "rev-parse", "HEAD")
    assert (source.id, source.revision, source.name) == (f"git:model@{sha}", sha, "model")
    assert listing(source) == ["README.md", "empty.txt", "run.sh", "src/train.py"]
    assert at(source, "README.md").read() == b"# Model\n\nOpen weights.\n"
    assert at(source, "src/train.py").read(7, 5) == b"train"
    assert at(source, "run.sh").kind is FileKind.EXECUTABLE
    assert at(source, "empty.txt").size == 0
    assert source.metadata == {
        "branch": "main",
        "date": "2024-01-02T03:04:05+00:00",
        "uncommitted": "yes",
    }


def test_changes_not_committed_are_told(repo: Path) -> None:
    assert open_target(str(repo)).gaps == ()
    (repo / "README.md").write_text("edited", encoding="utf-8")
    (repo / "new.txt").write_text("x", encoding="utf-8")
    source = open_target(str(repo))
    (gap,) = source.gaps
    assert source.metadata["uncommitted"] == "yes"
    assert gap.reason == "uncommitted_changes"
    assert "1 changed and 1 untracked" in gap.detail


def test_two_runs_give_the_same(repo: Path) -> None:
    first, second = open_target(str(repo)), open_target(str(repo))
    assert first.info() == second.info()
    assert [(f.path, f.size, f.kind, f.digest()) for f in first.files] == [
        (f.path, f.size, f.kind, f.digest()) for f in second.files
    ]


@pytest.mark.parametrize(
    ("remote", "url", "name", "link"),
    [
        ("https://user:secret@github.com/org/name.git", "https://github.com/org/name", "org/name",
         "https://github.com/org/name/blob/{sha}/src/train.py"),
        ("git@github.com:org/name.git", "https://github.com/org/name", "org/name",
         "https://github.com/org/name/blob/{sha}/src/train.py"),
        ("ssh://git@gitlab.com/a/b/c.git", "https://gitlab.com/a/b/c", "b/c",
         "https://gitlab.com/a/b/c/-/blob/{sha}/src/train.py"),
        ("https://huggingface.co/datasets/o/n", "https://huggingface.co/datasets/o/n", "o/n",
         "https://huggingface.co/datasets/o/n/blob/{sha}/src/train.py"),
        ("https://gitee.com/o/n.git", "https://gitee.com/o/n", "o/n",
         "https://gitee.com/o/n/blob/{sha}/src/train.py"),
        ("https://git.example.org:8443/o/n", "https://git.example.org:8443/o/n", "o/n", None),
        ("/srv/git/name.git", "model", "model", None),
        ("ext::sh -c evil", "model", "model", None),
    ],
)  # fmt: skip
def test_remotes_make_names_pins_and_links(
    repo: Path, git: GitRun, remote: str, url: str, name: str, link: str | None
) -> None:
    git(repo, "remote", "add", "origin", remote)
    source = open_target(str(repo))
    sha = source.revision
    assert (source.id, source.name) == (f"git:{url}@{sha}", name)
    assert at(source, "src/train.py").link == (link.format(sha=sha) if link else None)
    assert "secret" not in repr(source)


def test_links_of_odd_names_are_quoted(repo: Path, git: GitRun) -> None:
    git(repo, "remote", "add", "origin", "https://github.com/o/n")
    (repo / "a b#1%.md").write_text("x", encoding="utf-8")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "odd")
    assert (at(open_target(str(repo)), "a b#1%.md").link or "").endswith("/a%20b%231%25.md")


def test_revisions_are_read_at_path_and_name(repo: Path, git: GitRun) -> None:
    first = git(repo, "rev-parse", "HEAD")
    git(repo, "tag", "-a", "v1.0", "-m", "tagged")
    (repo / "README.md").write_text("second\n", encoding="utf-8")
    git(repo, "commit", "-q", "-a", "-m", "second")
    for revision in (first, first[:8], "v1.0", "HEAD~1", "main^", "refs/tags/v1.0"):
        source = open_target(f"{repo}@{revision}")
        assert source.revision == first
        assert at(source, "README.md").read().startswith(b"# Model")
    git(repo, "pack-refs", "--all")
    assert open_target(f"{repo}@v1.0").revision == first
    git(repo, "checkout", "-q", "--detach", first)
    assert "branch" not in open_target(str(repo)).metadata


@pytest.mark.parametrize(
    "revision", ["nope", "v1..v2", "--output=x", "HEAD~999", ":/first", "0" * 40]
)
def test_revisions_that_are_none_say_so(repo: Path, revision: str) -> None:
    with pytest.raises(TargetError) as caught:
        open_target(f"{repo}@{revision}")
    assert caught.value.hint


def test_a_revision_of_a_plain_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="no Git repository"):
        open_target(f"{tmp_path}@main")


def test_an_existing_path_with_an_at_sign_is_that_path(tmp_path: Path) -> None:
    (tmp_path / "me@home").mkdir()
    (tmp_path / "me@home" / "x.txt").write_text("x", encoding="utf-8")
    assert open_target(str(tmp_path / "me@home")).kind == "dir"


def test_bare_worktree_shared_and_packed_repositories(
    repo: Path, tmp_path: Path, git: GitRun
) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    git(tmp_path, "clone", "-q", "--shared", str(repo), "shared")
    git(repo, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    expected = open_target(str(repo))
    git(repo, "gc", "-q")
    for name in ("bare.git", "shared", "side", "model", "model/.git"):
        source = open_target(str(tmp_path / name))
        assert source.revision == expected.revision
        assert [f.digest() for f in source.files] == [f.digest() for f in expected.files]
    assert open_target(str(tmp_path / "bare.git")).name == "bare"
    assert open_target(str(tmp_path / "side")).metadata["branch"] == "side"


def test_sha256_repositories(tmp_path: Path, git: GitRun) -> None:
    root = tmp_path / "new"
    root.mkdir()
    git(root, "init", "-q", "--object-format=sha256")
    (root / "f.txt").write_text("content", encoding="utf-8")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "x")
    source = open_target(str(root))
    assert len(source.revision) == 64
    assert source.files[0].read() == b"content"


def test_submodules_links_and_pointers_are_facts(repo: Path, git: GitRun) -> None:
    sha = git(repo, "rev-parse", "HEAD")
    git(repo, "remote", "add", "origin", "https://github.com/org/name")
    modules = (
        '[submodule "eval"]\n\tpath = libs/eval\n\turl = https://bot:pw@github.com/x/eval.git\n'
        '[submodule "near"]\n\tpath = libs/near\n\turl = ../near.git\n'
        "[include]\n\tpath = /etc/passwd\n"
    )
    (repo / ".gitmodules").write_text(modules, encoding="utf-8")
    (repo / "model.bin").write_text(POINTER, encoding="utf-8")
    (repo / "card").symlink_to("README.md")
    (repo / "away").symlink_to("../../etc/passwd")
    git(repo, "add", ".")
    for name in ("eval", "near", "unlisted"):
        git(repo, "update-index", "--add", "--cacheinfo", f"160000,{sha},libs/{name}")
    git(repo, "commit", "-q", "-m", "more")
    source = open_target(str(repo))
    modules_found = {f.path: f.target for f in source.files if f.kind is FileKind.SUBMODULE}
    assert modules_found == {
        "libs/eval": "https://github.com/x/eval",
        "libs/near": "https://github.com/org/near",
        "libs/unlisted": "",
    }
    assert at(source, "card").target == "README.md"
    assert ("away", "link_leaves_root") in reasons(source)
    pointer = at(source, "model.bin").lfs
    assert pointer is not None
    assert (pointer.oid, pointer.size) == (OID, 99)


def test_missing_blobs_stay_listed(repo: Path, git: GitRun) -> None:
    loose(repo, git(repo, "rev-parse", "HEAD:README.md")).unlink()
    source = open_target(str(repo))
    assert listing(source)[0] == "README.md"
    assert at(source, "README.md").problem == "missing_blob"
    assert ("README.md", "missing_blob") in reasons(source)
    with pytest.raises(ReadError):
        at(source, "README.md").read()
    assert at(source, "src/train.py").read()


def test_a_partial_clone_never_fetches(repo: Path, tmp_path: Path, git: GitRun) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo}", "part")
    witness = tmp_path / "witness"
    script = f"sh -c 'touch {witness}; git-upload-pack \"$@\"' --"
    git(tmp_path / "part", "config", "remote.origin.uploadpack", script)
    source = open_target(str(tmp_path / "part"))
    assert {file.problem for file in source.files} == {"missing_blob"}
    assert not witness.exists()


def corrupt(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["zeros", "cut", "other_content", "lying_size"])
def test_broken_blobs_hide_no_other_file(repo: Path, git: GitRun, how: str) -> None:
    (repo / "a.txt").write_text("a" * 5000, encoding="utf-8")
    (repo / "b.txt").write_text("b" * 5000, encoding="utf-8")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "more")
    path = loose(repo, git(repo, "rev-parse", "HEAD:a.txt"))
    content = {
        "zeros": bytes(100),
        "cut": path.read_bytes()[:-12],
        "other_content": zlib.compress(b"blob 5000\0" + b"x" * 5000),
        "lying_size": zlib.compress(b"blob 9999999999999\0" + b"x" * 50),
    }[how]
    corrupt(path, content)
    source = open_target(str(repo))
    assert "a.txt" in listing(source)
    with pytest.raises(ReadError) as caught:
        at(source, "a.txt").read(0, 100)
    assert caught.value.reason == "broken_object"
    assert at(source, "b.txt").read(0, 3) == b"bbb"
    assert at(source, "src/train.py").read().startswith(b"print")


def test_broken_folders_are_gaps(repo: Path, git: GitRun) -> None:
    corrupt(loose(repo, git(repo, "rev-parse", "HEAD:src")), zlib.compress(b"tree 9\x00100644 x\0"))
    source = open_target(str(repo))
    assert listing(source) == ["README.md", "empty.txt", "run.sh"]
    assert ("src", "broken_object") in reasons(source)


def test_missing_folders_are_gaps(repo: Path, git: GitRun) -> None:
    loose(repo, git(repo, "rev-parse", "HEAD:src")).unlink()
    source = open_target(str(repo))
    assert listing(source) == ["README.md", "empty.txt", "run.sh"]
    assert ("src", "missing_tree") in reasons(source)


@pytest.mark.parametrize("what", ["HEAD", "HEAD^{tree}"])
def test_a_missing_commit_or_root_is_an_error(repo: Path, git: GitRun, what: str) -> None:
    loose(repo, git(repo, "rev-parse", what)).unlink()
    with pytest.raises(TargetError) as caught:
        open_target(str(repo))
    assert "fsck" in caught.value.hint


def test_a_repository_without_a_commit_is_an_error(tmp_path: Path, git: GitRun) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(TargetError, match="without a commit") as caught:
        open_target(str(tmp_path))
    assert "Commit" in caught.value.hint


def test_a_broken_git_folder_leaves_the_files(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").write_text("x", encoding="utf-8")
    source = open_target(str(tmp_path))
    assert source.kind == "dir"
    assert (".git", "skipped_folder") in reasons(source)


def write_tree(repo: Path, git: GitRun, entries: list[tuple[bytes, bytes, str]]) -> str:
    content = b"".join(
        mode + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries
    )
    options = ("hash-object", "-t", "tree", "-w", "--stdin", "--literally")
    return git(repo, *options, input=content)


def commit_tree(repo: Path, git: GitRun, tree: str) -> str:
    return git(repo, "commit-tree", tree, "-m", "made by hand")


def test_names_no_work_tree_may_have_are_refused(repo: Path, git: GitRun) -> None:
    blob = git(repo, "rev-parse", "HEAD:README.md")
    inner = write_tree(repo, git, [(b"100644", b"x", blob)])
    tree = write_tree(
        repo,
        git,
        [
            (b"100644", b"../../evil", blob),
            (b"40000", b"..", inner),
            (b"40000", b".GIT", inner),
            (b"100644", b"twice", blob),
            (b"100644", b"twice", blob),
            (b"100644", b"caf\xe9\n", blob),
            (b"7777", b"odd", blob),
        ],
    )
    source = open_target(f"{repo}@{commit_tree(repo, git, tree)}")
    assert listing(source) == ["caf\\xe9\\x0a", "twice"]
    assert reasons(source) == [
        ("..", "unsafe_path"),
        ("../../evil", "unsafe_path"),
        (".GIT", "unsafe_path"),
        ("odd", "special_file"),
        ("twice", "duplicate_name"),
    ]


def test_a_tree_bomb_ends(repo: Path, git: GitRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten levels of ten folders that are all the same one: 10,000,000,000 files."""
    monkeypatch.setattr(_common, "MAX_FILES", 500)
    tree = write_tree(
        repo,
        git,
        [(b"100644", b"f%d" % n, git(repo, "rev-parse", "HEAD:run.sh")) for n in range(9)],
    )
    for _ in range(4):
        tree = write_tree(repo, git, [(b"40000", b"d%d" % n, tree) for n in range(9)])
    source = open_target(f"{repo}@{commit_tree(repo, git, tree)}")
    assert len(source.files) == 500
    assert ("", "too_many_files") in reasons(source)


def test_deep_trees_end_in_a_gap(repo: Path, git: GitRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_common, "MAX_DEPTH", 3)
    (repo / "a/b/c/d").mkdir(parents=True)
    (repo / "a/b/c/d/x").write_text("x", encoding="utf-8")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "deep")
    source = open_target(str(repo))
    assert "a/b/c/d/x" not in listing(source)
    assert ("a/b/c", "too_deep") in reasons(source)


def test_nothing_a_hostile_repository_configures_is_run(
    repo: Path, tmp_path: Path, git: GitRun
) -> None:
    witness = tmp_path / "witness"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {witness}\ncat\n", encoding="utf-8")
    script.chmod(0o755)
    (repo / ".gitattributes").write_text("* filter=evil diff=evil\n", encoding="utf-8")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "attributes")
    for key in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.askPass",
        "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv",
        "diff.external", "alias.cat-file", "alias.status", "credential.helper",
    ):  # fmt: skip
        git(repo, "config", key, str(script))
    git(repo, "config", "core.hooksPath", str(tmp_path))
    for hook in ("post-checkout", "post-index-change", "fsmonitor-watchman"):
        shutil.copy(script, repo / ".git" / "hooks" / hook)
    (repo / "README.md").write_text("touched\n", encoding="utf-8")
    source = open_target(str(repo))
    assert [file.read() for file in source.files if file.size]
    assert ("", "uncommitted_changes") in reasons(source)
    assert not witness.exists()


def test_configuration_that_includes_a_fifo_is_not_waited_for(repo: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with open(repo / ".git" / "config", "a", encoding="utf-8") as file:
        file.write(f"[include]\n\tpath = {tmp_path}/pipe\n")
    assert open_target(str(repo)).files


def test_an_object_that_is_a_fifo_is_given_up(
    repo: Path, git: GitRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_gitobjects, "STALL", 0.2)
    path = loose(repo, git(repo, "rev-parse", "HEAD:README.md"))
    path.unlink()
    os.mkfifo(path)
    source = open_target(str(repo))
    assert at(source, "README.md").problem == "broken_object"
    assert at(source, "src/train.py").read()


def test_replaced_objects_do_not_count(repo: Path, git: GitRun) -> None:
    other = git(repo, "hash-object", "-w", "--stdin", input=b"replaced")
    git(repo, "replace", git(repo, "rev-parse", "HEAD:README.md"), other)
    assert at(open_target(str(repo)), "README.md").read().startswith(b"# Model")


def test_the_environment_cannot_turn_the_reading_elsewhere(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "nowhere"))
    assert at(open_target(str(repo)), "README.md").read()


def test_long_blobs_are_read_by_ranges(repo: Path, git: GitRun) -> None:
    content = os.urandom(1 << 20) * 12
    (repo / "big.bin").write_bytes(content)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "big")
    big = at(open_target(str(repo)), "big.bin")
    for start, length in (
        (0, 8),
        (8, 1000),
        (len(content) - 7, 7),
        (5 << 20, 99),
        (len(content), 5),
    ):
        assert big.read(start, length) == content[start : start + length]
    assert big.read() == content
    assert at(open_target(str(repo)), "README.md").read()


def test_many_files_and_every_one_is_read(repo: Path, git: GitRun) -> None:
    for number in range(450):
        (repo / "src" / f"m{number}.py").write_text(f"x = {number}\n" * 20, encoding="utf-8")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "many")
    source = open_target(str(repo))
    assert len(source.files) == 454
    for file in source.files:
        if file.size:
            assert file.read() == (repo / file.path).read_bytes()


def test_closing_the_stack_ends_processes_and_removes_folders(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with contextlib.ExitStack() as stack:
        source = open_target(str(repo), stack=stack)
        assert source.files[0].read()
        assert list(scratch.iterdir())
    assert not list(scratch.iterdir())
    source = open_target(str(repo))
    assert source.files[0].read()
    del source  # the last file is forgotten
    assert not list(scratch.iterdir())


def many(repo: Path, git: GitRun, count: int = 300) -> dict[str, bytes]:
    """A commit with many small files of one kind; some have the same content."""
    contents = {f"part{n % 7}/f{n:03}.py": b"x = %d\n" % (n // 2) for n in range(count)}
    for path, content in contents.items():
        (repo / path).parent.mkdir(exist_ok=True)
        (repo / path).write_bytes(content)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "many")
    return contents


@pytest.mark.parametrize("order", ["forward", "backward", "shuffled"])
def test_small_files_are_the_same_in_any_order_of_reading(
    repo: Path, git: GitRun, order: str
) -> None:
    contents = many(repo, git)
    source = open_target(str(repo))
    paths = sorted(contents, reverse=order == "backward")
    if order == "shuffled":
        random.Random(5).shuffle(paths)
    assert {path: at(source, path).read() for path in paths} == contents


def test_neighbours_come_in_rounds_that_grow(
    repo: Path, git: GitRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[int] = []
    ask = _gitobjects.ObjectStore._chunk

    def counted(
        self: _gitobjects.ObjectStore, names: list[str], mode: str, limit: int
    ) -> list[_gitobjects.Object]:
        rounds.append(len(names))
        return ask(self, names, mode, limit)

    contents = many(repo, git)
    source = open_target(str(repo))
    monkeypatch.setattr(_gitobjects.ObjectStore, "_chunk", counted)
    for path in sorted(contents):
        at(source, path).read()
    assert len(rounds) < 12  # 150 different contents, one by one
    assert max(rounds) <= _gitobjects._AT_ONCE


def test_a_broken_neighbour_hides_nothing(repo: Path, git: GitRun) -> None:
    contents = many(repo, git, 40)
    content = zlib.compress(b"blob 7\0another")
    source = open_target(str(repo))
    bad = [path for path, text in contents.items() if text == b"x = 9\n"]
    corrupt(loose(repo, git(repo, "rev-parse", f"HEAD:{bad[0]}")), content)
    for path in sorted(contents):
        if path not in bad:
            assert at(source, path).read() == contents[path]
            continue
        with pytest.raises(ReadError) as caught:
            at(source, path).read()
        assert caught.value.reason == "broken_object"
