"""A folder as it lies: everything listed, nothing followed, what is left out said."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from openassay.errors import ReadError, TargetError
from openassay.files import FileKind
from openassay.release import Source
from openassay.sources import _common, local, open_target, open_targets

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 99\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "release"
    (root / "src").mkdir(parents=True)
    (root / "README.md").write_text("# Card\n", encoding="utf-8")
    (root / "src" / "train.py").write_text("x = 1\n", encoding="utf-8")
    return root


def listing(source: Source) -> dict[str, FileKind]:
    return {file.path: file.kind for file in source.files}


def reasons(source: Source) -> dict[str, str]:
    return {gap.path: gap.reason for gap in source.gaps}


def test_files_of_all_folders_are_listed_and_read(folder: Path) -> None:
    source = open_target(str(folder))
    assert (source.kind, source.name) == ("dir", "release")
    assert source.id == f"dir:release@{source.revision[:12]}"
    assert list(listing(source)) == ["README.md", "src/train.py"]
    assert [file.read() for file in source.files] == [b"# Card\n", b"x = 1\n"]
    assert source.files[1].read(4, 1) == b"1"
    assert source.gaps == ()


def test_two_runs_give_the_same_and_an_edit_gives_another_pin(folder: Path) -> None:
    first, second = open_target(str(folder)), open_target(str(folder))
    assert first.info() == second.info()
    assert listing(first) == listing(second)
    os.utime(folder / "README.md", (0, 0))
    assert open_target(str(folder)).id == first.id  # times do not count
    (folder / "README.md").write_text("# card\n", encoding="utf-8")
    assert open_target(str(folder)).id != first.id


@pytest.mark.parametrize("at", [0, 5 << 20])
def test_the_pin_sees_both_ends_of_a_long_file(folder: Path, at: int) -> None:
    weights = folder / "w.bin"
    with open(weights, "wb") as file:
        file.truncate((5 << 20) + 1)
    before = open_target(str(folder)).id
    with open(weights, "r+b") as file:
        file.seek(at)
        file.write(b"!")
    assert open_target(str(folder)).id != before


def test_links_are_listed_and_never_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "inside").symlink_to("README.md")
    (folder / "outside").symlink_to("../secret.txt")
    (folder / "loop").symlink_to("loop")
    (folder / "src" / "up").symlink_to("..", target_is_directory=True)
    (folder / "gone").symlink_to("nothing")
    source = open_target(str(folder))
    links = {file.path: file.target for file in source.files if file.kind is FileKind.SYMLINK}
    assert links == {
        "inside": "README.md",
        "outside": "../secret.txt",
        "loop": "loop",
        "src/up": "..",
        "gone": "nothing",
    }
    assert reasons(source) == {"outside": "link_leaves_root", "gone": "link_dangles"}
    with pytest.raises(ReadError):
        next(file for file in source.files if file.path == "outside").read()


def test_a_link_put_in_place_of_a_listed_file_is_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "train.py").write_text("y = 2\n", encoding="utf-8")  # same name, same size
    source = open_target(str(folder))
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(secret / "train.py")
    (folder / "src").rename(folder / "old")
    (folder / "src").symlink_to(secret, target_is_directory=True)
    for file in source.files:
        with pytest.raises(ReadError) as caught:
            file.read()
        assert caught.value.reason == "changed_while_reading"


def test_a_file_that_grew_is_not_mixed_with_what_was_listed(folder: Path) -> None:
    source = open_target(str(folder))
    (folder / "README.md").write_text("# Card, longer\n", encoding="utf-8")
    with pytest.raises(ReadError, match="changed"):
        source.files[0].read()


def test_fifos_and_sockets_are_never_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe")  # opening it would wait for ever
    monkeypatch.chdir(folder)  # socket names must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        source = open_target(str(folder))
    assert reasons(source) == {"pipe": "special_file", "sock": "special_file"}
    assert "pipe" not in listing(source)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_what_may_not_be_read_is_a_gap_and_hides_nothing(folder: Path) -> None:
    (folder / "README.md").chmod(0)
    (folder / "src").chmod(0)
    (folder / "z.txt").write_text("z", encoding="utf-8")
    try:
        source = open_target(str(folder))
    finally:
        (folder / "src").chmod(0o755)
    assert reasons(source) == {"README.md": "permission_denied", "src": "permission_denied"}
    assert source.files[0].problem == "permission_denied"
    assert source.files[-1].read() == b"z"


def test_denied_files_are_listed_with_their_problem(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root nothing is denied, so the system's refusal is played for one file."""
    real = _common.open_regular

    def refuse(path: str | bytes, **options: object) -> int:
        if os.fsdecode(path) == "README.md":
            raise PermissionError(13, "Permission denied")
        return real(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(_common, "open_regular", refuse)
    source = open_target(str(folder))
    assert source.files[0].problem == "permission_denied"
    assert not source.files[0].is_readable
    assert reasons(source) == {"README.md": "permission_denied"}
    assert source.files[1].read() == b"x = 1\n"


def test_names_that_are_no_utf8_are_listed_and_read(folder: Path) -> None:
    name = os.fsencode(folder) + b"/caf\xe9.txt"
    with open(name, "wb") as file:
        file.write(b"coffee")
    source = open_target(str(folder))
    assert list(listing(source)) == ["README.md", "caf\\xe9.txt", "src/train.py"]
    assert source.files[1].read() == b"coffee"
    source.files[1].cite_whole("").path.encode()


def test_lfs_pointers_are_told_by_content(folder: Path) -> None:
    (folder / "model.safetensors").write_text(POINTER, encoding="utf-8")
    source = open_target(str(folder))
    pointer = next(file for file in source.files if file.path == "model.safetensors")
    assert pointer.lfs is not None
    assert pointer.lfs.size == 99
    assert not pointer.is_readable
    assert pointer.digest().algorithm == "lfs-sha256"


def test_tool_folders_are_left_out_and_said_so(folder: Path) -> None:
    for name in (".git", "node_modules", "src/__pycache__"):
        (folder / name).mkdir()
        (folder / name / "x.py").write_text("x", encoding="utf-8")
    (folder / "env").mkdir()
    (folder / "env" / "pyvenv.cfg").write_text("home = /usr\n", encoding="utf-8")
    (folder / "env" / "lib.py").write_text("x", encoding="utf-8")
    source = open_target(str(folder))
    assert list(listing(source)) == ["README.md", "src/train.py"]
    assert reasons(source) == dict.fromkeys(
        [".git", "env", "node_modules", "src/__pycache__"], "skipped_folder"
    )


def test_deep_folders_end_in_a_gap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_common, "MAX_DEPTH", 3)
    (folder / "a/b/c/d/e").mkdir(parents=True)
    (folder / "a/b/c/ok.txt").write_text("x", encoding="utf-8")
    (folder / "a/b/c/d/lost.txt").write_text("x", encoding="utf-8")
    source = open_target(str(folder))
    assert "a/b/c/ok.txt" in listing(source)
    assert reasons(source) == {"a/b/c/d": "too_deep"}


def test_too_many_files_end_in_one_gap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_common, "MAX_FILES", 10)
    for number in range(30):
        (folder / f"{number:02}.txt").write_text("x", encoding="utf-8")
    source = open_target(str(folder))
    assert list(listing(source)) == [f"{number:02}.txt" for number in range(10)]
    assert [gap.reason for gap in source.gaps] == ["too_many_files"]


def test_gaps_of_one_kind_are_counted_not_listed_for_ever(folder: Path) -> None:
    for number in range(_common.MAX_GAPS + 20):
        os.mkfifo(folder / f"pipe{number}")
    source = open_target(str(folder))
    assert len(source.gaps) == _common.MAX_GAPS + 1
    assert "20 more" in source.gaps[0].detail


def test_a_sparse_gigabyte_is_read_by_ranges(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with open(path, "wb") as file:
        file.write(b"head")
        file.truncate(1 << 30)
        file.seek((1 << 30) - 4)
        file.write(b"tail")
    source = open_target(str(path))
    (file_,) = source.files
    assert (source.kind, file_.path, file_.size) == ("file", "model.safetensors", 1 << 30)
    assert file_.read(0, 4) + file_.read((1 << 30) - 4, 4) == b"headtail"
    assert file_.digest().algorithm.startswith("sha256/bytes=0-")


@pytest.mark.slow
def test_twenty_thousand_files_are_listed(tmp_path: Path) -> None:
    for folder_number in range(20):
        inner = tmp_path / f"{folder_number:03}"
        inner.mkdir()
        for number in range(1000):
            with open(inner / str(number), "wb") as file:
                file.write(b"x")
    source = open_target(str(tmp_path))
    assert len(source.files) == 20_000
    assert source.gaps == ()


def test_an_empty_folder_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TargetError, match="no file") as caught:
        open_target(str(tmp_path / "empty"))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("", "empty"),
        ("nowhere/at/all", "no such file"),
        ("pypi:", "not the name of a package"),
        ("pypi:name[extra]", "not the name of a package"),
        ("a\0b", "empty"),
    ],
)
def test_targets_that_cannot_be_read_say_what_to_do(target: str, words: str) -> None:
    with pytest.raises(TargetError, match=words) as caught:
        open_target(target)
    assert caught.value.hint


def test_a_fifo_as_target_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TargetError, match="regular file"):
        open_target(str(tmp_path / "pipe"))


def test_several_targets_are_kept_once_each(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "weights.bin"
    other.write_bytes(b"w")
    sources = open_targets([str(folder), str(other), str(folder) + "/"])
    assert [source.kind for source in sources] == ["dir", "file"]


def test_folders_left_out_say_why() -> None:
    assert all(local.SKIPPED.values())
