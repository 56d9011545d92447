"""Archives: members as files; tricks, bombs and damage are refused with a gap, never unpacked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.errors import ReadError, TargetError
from openassay.files import FileKind
from openassay.release import Source
from openassay.sources import _common, _tar, _zip, open_target
from openassay.sources.archive import open_archive

METADATA = """Metadata-Version: 2.4
Name: Small-Model
Version: 1.2
Summary: A model in a wheel
License-Expression: Apache-2.0
Classifier: License :: OSI Approved :: Apache Software License
Classifier: Programming Language :: Python
Project-URL: Source, https://github.com/org/name
Home-page: https://example.org

License: this line is part of the description
"""


def make_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return path


def make_tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def contents(source: Source) -> dict[str, bytes]:
    return {file.path: file.read() for file in source.files if file.problem is None}


def reasons(source: Source) -> list[tuple[str, str]]:
    return [(gap.path, gap.reason) for gap in source.gaps]


MEMBERS = {
    "model-1.0/README.md": b"# Model\n",
    "model-1.0/empty": b"",
    "model-1.0/weights.bin": random.Random(1).randbytes(700_000),
    "model-1.0/名字.txt": b"name",
}


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.zip", lambda path: make_zip(path, MEMBERS)),
        ("a.whl", lambda path: make_zip(path, MEMBERS, zipfile.ZIP_STORED)),
        ("a.tar", lambda path: make_tar(path, MEMBERS)),
        ("a.tar.gz", lambda path: make_tar(path, MEMBERS, "w:gz")),
        ("a.tgz", lambda path: make_tar(path, MEMBERS, "w:gz")),
        ("a.tar.bz2", lambda path: make_tar(path, MEMBERS, "w:bz2")),
        ("a.tar.xz", lambda path: make_tar(path, MEMBERS, "w:xz")),
    ],
)
def test_every_kind_lists_and_reads_the_same(
    tmp_path: Path, name: str, make: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_zip, "WHOLE", 64 << 10)  # so that the weights are streamed, not kept
    monkeypatch.setattr(_tar, "KEPT_EACH", 64 << 10)
    path = make(tmp_path / name)
    source = open_target(str(path))
    assert source.id == f"archive:{name}@{source.revision[:12]}"
    assert contents(source) == MEMBERS
    assert source.metadata["prefix"] == "model-1.0/"
    assert source.gaps == ()
    weights = next(file for file in source.files if file.name == "weights.bin")
    whole = MEMBERS["model-1.0/weights.bin"]
    size = len(whole)
    for start, length in ((500_000, 100), (0, 8), (size - 3, 3), (9, 1000), (size, 4)):
        assert weights.read(start, length) == whole[start : start + length]
    assert open_target(str(path)).info() == source.info()


def test_a_wheel_says_what_its_metadata_say(tmp_path: Path) -> None:
    members = {
        "small_model/__init__.py": b"",
        "small_model-1.2.dist-info/METADATA": METADATA.encode(),
        "small_model-1.2.dist-info/licenses/LICENSE": b"Apache",
    }
    source = open_target(str(make_zip(tmp_path / "small_model-1.2-py3-none-any.whl", members)))
    assert source.name == "Small-Model"
    assert source.metadata == {
        "name": "Small-Model",
        "version": "1.2",
        "summary": "A model in a wheel",
        "license_expression": "Apache-2.0",
        "classifiers": "License :: OSI Approved :: Apache Software License\n"
        "Programming Language :: Python",
        "urls": "https://example.org\nSource, https://github.com/org/name",
        "metadata_path": "small_model-1.2.dist-info/METADATA",
    }


TRICKS = ["/etc/passwd", "../up.txt", "a/../../up.txt", "C:/x.txt", "a\\..\\b.txt"]


def test_names_that_lead_elsewhere_are_refused(tmp_path: Path) -> None:
    members = dict.fromkeys(TRICKS, b"evil") | {"good.txt": b"good", "./dot.txt": b"dot"}
    for path in (
        make_zip(tmp_path / "a.zip", members),
        make_tar(tmp_path / "a.tar.gz", members, "w:gz"),
    ):
        source = open_target(str(path))
        assert contents(source) == {"good.txt": b"good", "dot.txt": b"dot"}
        assert [reason for _, reason in reasons(source)] == ["unsafe_path"] * len(TRICKS)


def test_a_name_with_a_nul_byte_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"good.txt": b"x", "evil_.txt": b"y"})
    path.write_bytes(path.read_bytes().replace(b"evil_", b"evil\0"))
    source = open_target(str(path))
    assert contents(source) == {"good.txt": b"x"}
    assert reasons(source) == [("evil\\x00.txt", "unsafe_path")]


def test_of_several_members_of_one_name_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("LICENSE", "MIT")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("LICENSE", "proprietary")
    source = open_target(str(path))
    assert contents(source) == {"LICENSE": b"proprietary"}
    assert reasons(source) == [("LICENSE", "duplicate_name")]


def test_links_and_devices_in_a_tar_are_never_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        good = tarfile.TarInfo("good.txt")
        good.size = 4
        archive.addfile(good, io.BytesIO(b"good"))
        for name, kind, target in (
            ("link", tarfile.SYMTYPE, "good.txt"),
            ("out", tarfile.SYMTYPE, "../../etc/passwd"),
            ("hard", tarfile.LNKTYPE, "/etc/passwd"),
            ("tty", tarfile.CHRTYPE, ""),
            ("pipe", tarfile.FIFOTYPE, ""),
            ("folder", tarfile.DIRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    source = open_target(str(path))
    links = {file.path: file.target for file in source.files if file.kind is FileKind.SYMLINK}
    assert links == {"link": "good.txt", "out": "../../etc/passwd"}
    assert reasons(source) == [
        ("hard", "hard_link"),
        ("out", "link_leaves_root"),
        ("pipe", "special_file"),
        ("tty", "special_file"),
    ]
    with pytest.raises(ReadError):
        next(file for file in source.files if file.path == "hard").read()


def test_links_in_a_zip_are_never_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("out")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "../../etc/passwd")
    source = open_target(str(path))
    assert [(file.kind, file.target) for file in source.files] == [
        (FileKind.SYMLINK, "../../etc/passwd")
    ]
    assert reasons(source) == [("out", "link_leaves_root")]


def test_a_zip_bomb_is_refused_and_its_neighbour_read(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"bomb": bytes(50 << 20), "good.txt": b"good"})
    source = open_target(str(path))
    assert contents(source) == {"good.txt": b"good"}
    assert reasons(source) == [("bomb", "bomb")]
    with pytest.raises(ReadError):
        source.files[0].read(0, 1)


def test_a_tar_bomb_ends_the_listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tar, "RATIO_FROM", 1 << 20)
    members = {"good.txt": b"good", "bomb": bytes(30 << 20), "after.txt": b"after"}
    source = open_target(str(make_tar(tmp_path / "a.tar.gz", members, "w:gz")))
    assert ("", "bomb") in reasons(source)
    assert contents(source)["good.txt"] == b"good"
    assert "after.txt" not in contents(source)


def test_a_member_that_lies_about_its_size_is_not_read_past_it(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"lie": b"x" * 1000})
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<L", 1000), struct.pack("<L", 10)))
    source = open_target(str(path))
    with pytest.raises(ReadError, match="checksum"):
        source.files[0].read()


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    """The bombs that share one body: every directory entry points to the same local header."""
    path = make_zip(tmp_path / "a.zip", {"a": b"x" * 100, "b": b"x" * 100})
    content = bytearray(path.read_bytes())
    second = content.rfind(b"PK\1\2")
    struct.pack_into("<L", content, second + 42, 0)
    path.write_bytes(content)
    source = open_target(str(path))
    assert reasons(source) == [("a", "bomb"), ("b", "bomb")]


def test_encrypted_members_are_listed_with_a_gap(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"secret": b"x", "plain": b"y"})
    content = bytearray(path.read_bytes())
    content[content.find(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)
    source = open_target(str(path))
    assert contents(source) == {"plain": b"y"}
    assert reasons(source) == [("secret", "encrypted")]


def test_other_compressions_are_gaps(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"x": b"x" * 100}, zipfile.ZIP_LZMA)
    assert reasons(open_target(str(path))) == [("x", "unsupported_compression")]


def test_a_zip_behind_other_bytes_is_read(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"x.txt": b"hello"})
    path.write_bytes(b"#!/bin/sh\nexit\n" + path.read_bytes())
    assert contents(open_target(str(path))) == {"x.txt": b"hello"}


def test_a_zip64_directory_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open(zipfile.ZipInfo("x.txt"), "w", force_zip64=True) as member:
            member.write(b"hello")
        archive.writestr("y.txt", b"there")
    content = path.read_bytes()
    end = content.rfind(b"PK\5\6")
    count, length, start = struct.unpack_from("<HLL", content, end + 10)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    full = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    path.write_bytes(content[:end] + record + locator + full)
    assert contents(open_target(str(path))) == {"x.txt": b"hello", "y.txt": b"there"}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz", "a.whl"])
@pytest.mark.parametrize("content", [b"", b"junk" * 200, bytes(2000), b"PK\5\6"])
def test_what_is_no_archive_is_an_error_with_a_hint(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TargetError) as caught:
        open_target(str(tmp_path / name))
    assert caught.value.hint


@pytest.mark.parametrize("name", ["a.tar.zst", "a.7z", "a.rar"])
def test_archives_of_other_kinds_say_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(TargetError, match="cannot be read") as caught:
        open_target(str(tmp_path / name))
    assert "Unpack" in caught.value.hint


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_tar_that_is_cut_off_keeps_what_came_before(tmp_path: Path, mode: str) -> None:
    members = {"first.txt": b"first", "second.bin": bytes(range(256)) * 4000}
    name = "a.tar" + {"w": "", "w:gz": ".gz", "w:xz": ".xz"}[mode]
    path = make_tar(tmp_path / name, members, mode)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = open_target(str(path))
    assert source.files[0].read() == b"first"
    assert ("", "truncated") in reasons(source)


def test_a_zip_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", MEMBERS)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(TargetError, match="cut off"):
        open_target(str(path))


def test_extended_headers_of_any_declared_length_are_not_held(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    first = tarfile.TarInfo("first.txt")
    path = tmp_path / "a.tar"
    path.write_bytes(first.tobuf() + info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    assert ("", "broken") in reasons(open_target(str(path)))


def test_long_names_in_every_dialect_are_whole(tmp_path: Path) -> None:
    name = "模型/" + "x" * 150 + "/" + "y" * 150 + ".txt"
    for dialect in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        path = tmp_path / f"{dialect}.tar"
        with tarfile.open(path, "w", format=dialect) as archive:
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
        assert contents(open_target(str(path))) == {name: b"x"}


def test_an_archive_within_an_archive_is_a_file(tmp_path: Path) -> None:
    inner = make_zip(tmp_path / "inner.zip", {"x": b"x"}).read_bytes()
    source = open_target(str(make_zip(tmp_path / "a.zip", {"inner.zip": inner})))
    assert contents(source) == {"inner.zip": inner}


def test_a_checkpoint_that_happens_to_be_a_zip_is_one_file(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "model.pt", {"model/data.pkl": b"x"})
    source = open_target(str(path))
    assert [file.path for file in source.files] == ["model.pt"]


def test_too_many_members_end_in_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (_common, _zip, _tar):
        monkeypatch.setattr(module, "MAX_FILES", 10)
    members = {f"{number:02}": b"x" for number in range(20)}
    for path in (make_zip(tmp_path / "a.zip", members), make_tar(tmp_path / "a.tar", members)):
        source = open_target(str(path))
        assert len(source.files) == 10
        assert reasons(source) == [("", "too_many_files")]


def damaged(content: bytes, edits: list[tuple[int, int]], cut: int) -> bytes:
    changed = bytearray(content[: max(1, len(content) - cut)])
    for place, value in edits:
        changed[place % len(changed)] = value
    return bytes(changed)


EDITS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6)
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read_all(path: Path) -> None:
    """Whatever is wrong with an archive, only our own errors come of it."""
    try:
        source = open_archive(str(path), str(path), None)
    except TargetError:
        return
    for file in source.files:
        try:
            assert len(file.read(0, 1 << 20)) <= 1 << 20
            file.read(max(0, file.size - 10), 10)
        except ReadError:
            continue


@FUZZ
@given(EDITS, st.integers(0, 60), st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_damaged_zips_fail_in_order(
    tmp_path: Path, edits: list[tuple[int, int]], cut: int, method: int
) -> None:
    members = {"a/b.txt": b"hello" * 20, "名": b"x", "p-1.dist-info/METADATA": METADATA.encode()}
    path = make_zip(tmp_path / "a.zip", members, method)
    path.write_bytes(damaged(path.read_bytes(), edits, cut))
    read_all(path)


@FUZZ
@given(EDITS, st.integers(0, 6000), st.sampled_from(["", ".gz", ".bz2", ".xz", "packed after"]))
def test_damaged_tars_fail_in_order(
    tmp_path: Path, edits: list[tuple[int, int]], cut: int, form: str
) -> None:
    members = {"a/" + "long" * 40: b"hello" * 200, "名": b"x", "PKG-INFO": METADATA.encode()}
    plain = make_tar(tmp_path / "a.tar", members).read_bytes()
    pack: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gzip.compress,
        ".bz2": bz2.compress,
        ".xz": lzma.compress,
    }
    if form == "packed after":
        content, form = gzip.compress(damaged(plain, edits, cut)), ".gz"
    else:
        content = damaged(pack[form](plain) if form else plain, edits, cut % 200)
    path = tmp_path / f"a.tar{form}"
    path.write_bytes(content)
    read_all(path)


def test_a_stream_of_two_packed_parts_is_one(tmp_path: Path) -> None:
    plain = make_tar(tmp_path / "b.tar", {"x": b"x" * 3000, "y": b"y"}).read_bytes()
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(plain[:2000]) + gzip.compress(plain[2000:]) + bytes(512))
    assert contents(open_target(str(path))) == {"x": b"x" * 3000, "y": b"y"}


def test_checksums_of_small_members_are_compared(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"x": b"hello there"})
    content = path.read_bytes()
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(b"hello THERE") + packed.flush()
    at = content.find(b"x", 29) + 1
    if len(body) == content.find(b"PK\1\2") - at:
        path.write_bytes(content[:at] + body + content[at + len(body) :])
        with pytest.raises(ReadError, match="checksum"):
            open_target(str(path)).files[0].read()


def test_going_back_in_a_long_member_does_not_begin_at_its_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A header that points to and fro: 40 reads cost a few megabytes, not 40 times the member."""
    monkeypatch.setattr(_zip, "_MARK", 1 << 20)
    rng = random.Random(5)
    content = rng.randbytes(10 << 20)
    raw = make_zip(tmp_path / "a.zip", {"model.bin": content}).read_bytes()
    fetched = 0

    def read_at(offset: int, length: int) -> bytes:
        nonlocal fetched
        fetched += length
        return raw[offset : offset + length]

    (member,) = _zip.directory(read_at, len(raw)).members
    reader = _zip.MemberReader(read_at)
    reader.read(member, len(content) - 10, 10)
    fetched = 0
    for _ in range(40):
        at = rng.randrange(len(content) - 5000)
        assert reader.read(member, at, 5000) == content[at : at + 5000]
    assert fetched < 40 * (2 << 20)
