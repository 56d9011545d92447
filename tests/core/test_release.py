"""A release: which files there are, where a link leads, and what is not its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.files import File, FileKind
from openassay.release import Release, Source, is_document
from openassay.subject import Place, Subject
from openassay.types import Gap, SourceInfo, Unit

SOURCE = "dir:m@0"


def make(path: str, text: str = "text\n", source: str = SOURCE) -> File:
    raw = text.encode()
    return File(source, path, len(raw), lambda at, length: raw[at : at + length])


def source(*files: File, id: str = SOURCE, **metadata: str) -> Source:
    return Source(id, "dir", "/m", "0", "acme/m", files, metadata=metadata)


def release(*paths: str, subject: Subject | None = None) -> Release:
    return Release([source(*(make(path) for path in paths))], subject)


def test_a_source_tells_what_the_dossier_keeps_of_it() -> None:
    info = source(make("a"), make("b")).info()
    assert info == SourceInfo(id=SOURCE, kind="dir", locator="/m", revision="0", files=2)


def test_files_of_several_sources_are_told_apart_by_their_source() -> None:
    one, other = make("a.md", "one"), make("a.md", "other", "git:m@1")
    both = Release([source(one), source(other, id="git:m@1")])
    assert both.files == (one, other)
    assert both.get(SOURCE, "a.md") is one
    assert both.get("git:m@1", "a.md") is other
    assert both.get("git:m@1", "b.md") is None


def test_folders_are_those_that_hold_files() -> None:
    found = release("a/b/c.txt", "d.txt")
    assert {folder for _, folder in found.folders} == {"", "a", "a/b"}
    assert found.has_folder(SOURCE, "a/b/")
    assert not found.has_folder(SOURCE, "a/c")
    assert not found.has_folder("git:m@1", "a")


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("LICENSE", "docs/LICENSE"),
        ("./LICENSE", "docs/LICENSE"),
        ("../LICENSE", "LICENSE"),
        ("/LICENSE", "LICENSE"),  # as Git hosts read it
        ("../LICENSE#terms", "LICENSE"),
        ("../LICENSE?raw=true", "LICENSE"),
        ("sub/../LICENSE", "docs/LICENSE"),
    ],
)
def test_a_relative_link_leads_to_its_file(link: str, path: str) -> None:
    files = release("LICENSE", "docs/LICENSE", "docs/README.md")
    readme = files.get(SOURCE, "docs/README.md")
    assert readme is not None
    found = files.resolve(readme, link)
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize(
    "link",
    [
        "../../LICENSE",
        "../../../etc/passwd",
        "https://a.org/LICENSE",
        "",
        "#top",
        "nothing.md",
        "?",
    ],
)
def test_a_link_that_leads_nowhere_in_the_release(link: str) -> None:
    files = release("LICENSE", "docs/README.md")
    readme = files.get(SOURCE, "docs/README.md")
    assert readme is not None
    assert files.resolve(readme, link) is None


def test_an_encoded_link_leads_to_the_file_with_a_blank_in_its_name() -> None:
    files = release("README.md", "Model License.txt")
    assert files.resolve(files.files[0], "Model%20License.txt") is files.files[1]


def test_a_name_that_only_begins_with_dots_is_inside() -> None:
    files = release("README.md", "..hidden/a.md")
    found = files.resolve(files.files[0], "..hidden/a.md")
    assert found is None or found.path == "..hidden/a.md"  # never another file


@given(st.text("./ab%#?\\\0", max_size=30))
def test_no_link_leads_out_of_the_root(link: str) -> None:
    files = release("a/b/README.md", "a/b/a", "a/a", "a/b.md", "b")
    found = files.resolve(files.files[0], link)
    assert found is None or found in files.files


def test_a_parse_is_done_once_for_each_file_and_parser() -> None:
    files = release("a.md", "b.md")
    parsed: list[str] = []

    def first(file: File) -> str:
        parsed.append(file.path)
        return file.path

    def second(file: File) -> str:
        return f"second {file.path}"

    for _ in range(2):
        assert [files.parsed(file, first) for file in files.files] == ["a.md", "b.md"]
        assert files.parsed(files.files[0], second) == "second a.md"
    assert parsed == ["a.md", "b.md"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("README", True),
        ("readme.txt", True),
        ("docs/a.MD", True),
        ("a.rst", True),
        ("a.mdx", True),
        ("notes.txt", False),
        ("README.json", False),
        ("a.py", False),
    ],
)
def test_what_is_prose_for_people(path: str, expected: bool) -> None:
    assert is_document(make(path)) is expected


def test_own_documents_come_nearest_the_root_first_and_english_before_others() -> None:
    found = release(
        "docs/a.md",
        "README_ZH.md",
        "README.md",
        "third_party/x/README.md",
        "tests/README.md",
        "a.py",
        subject=Subject(("m",)),
    ).own_documents()
    assert [file.path for file in found] == ["README.md", "README_ZH.md", "docs/a.md"]


def test_a_document_that_cannot_be_read_is_empty_and_no_crash() -> None:
    def nothing(offset: int, length: int) -> bytes:
        raise AssertionError((offset, length))

    gone = File(SOURCE, "README.md", 9, nothing, problem="missing_blob")
    files = Release([source(gone)])
    assert files.document(gone).lines == ()
    assert files.own_documents() == ()


def test_an_archive_s_top_folder_is_no_part_of_a_path() -> None:
    wrapped = Release([source(make("tests-1.0/README.md"), prefix="tests-1.0/")])
    assert wrapped.inner_path(wrapped.files[0]) == "README.md"
    assert wrapped.place(wrapped.files[0]) is Place.OWN


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("train.py", Place.OWN),
        ("vendor/x.py", Place.VENDORED),
        ("tests/x.py", Place.FIXTURE),
        ("foo1/x.py", Place.SIBLING),
    ],
)
def test_whose_a_path_is(path: str, place: Place) -> None:
    files = release(path, subject=Subject(("acme/Foo2-7B",)))
    assert files.place(files.files[0]) is place


def test_submodules_are_listed_apart() -> None:
    module = File(SOURCE, "lib", 0, lambda *_: b"", kind=FileKind.SUBMODULE, target="https://a.org")
    files = Release([source(make("a"), module)])
    assert files.submodules() == (module,)


def test_a_listing_is_cited_by_the_names_of_its_files() -> None:
    files = release("ckpt/step1", "ckpt/step2")
    evidence = files.cite_listing(SOURCE, "ckpt", files.files, "2 checkpoints")
    assert (evidence.path, evidence.span.unit, evidence.span.end) == ("ckpt", Unit.LISTING, 2)


def test_a_source_s_own_gaps_are_kept() -> None:
    gap = Gap(source=SOURCE, path="a", by="sources.local", reason="special_file")
    assert Source(SOURCE, "dir", "/m", "0", "m", gaps=(gap,)).gaps == (gap,)
