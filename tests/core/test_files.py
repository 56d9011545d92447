"""Files: what is read, how it is decoded, and that every citation can be checked again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.errors import ReadError
from openassay.files import (
    MAX_HASH,
    MAX_QUOTE,
    MAX_TEXT,
    File,
    FileKind,
    LfsPointer,
    listing_evidence,
)
from openassay.types import Digest, Span, Unit

SOURCE = "dir:m@0"
LINK = "https://example.org/acme/m/blob/0123/a.md"


def make(content: bytes | str, path: str = "a.md", link: str | None = None) -> File:
    raw = content.encode() if isinstance(content, str) else content
    return File(SOURCE, path, len(raw), lambda at, length: raw[at : at + length], link=link)


def no_reader(offset: int, length: int) -> bytes:
    raise AssertionError(f"{length} bytes at {offset} of a file that has none")


def missing(path: str = "docs/a.md", reason: str = "missing_blob") -> File:
    return File(SOURCE, path, 7, no_reader, problem=reason)


def sha(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


# -- citing ------------------------------------------------------------------------------------


def test_a_cited_line_carries_its_quote_hash_and_link() -> None:
    raw = b"# Foo\n\nOpen  \tweights.\n"
    evidence = make(raw, link=LINK).cite_lines(3)
    assert evidence.source == SOURCE
    assert evidence.path == "a.md"
    assert evidence.span == Span(Unit.LINE, 3, 3)
    assert evidence.quote == "Open weights."
    assert evidence.digest == Digest("sha256", sha(raw))
    assert evidence.link == f"{LINK}#L3"


def test_a_file_without_a_permanent_address_has_no_link() -> None:
    assert make("a\n").cite_lines(1).link is None


def test_several_lines_are_one_quote() -> None:
    evidence = make("one\n  two\nthree\n").cite_lines(1, 2)
    assert (evidence.span.start, evidence.span.end, evidence.quote) == (1, 2, "one two")


@pytest.mark.parametrize(("start", "end"), [(0, 1), (4, 4), (2, 1), (1, 99), (-1, None)])
def test_lines_that_are_not_there_cannot_be_cited(start: int, end: int | None) -> None:
    with pytest.raises(ValueError, match="has no lines"):
        make("one\ntwo\n").cite_lines(start, end)


def test_a_quote_that_does_not_stand_there_is_refused() -> None:
    with pytest.raises(ValueError, match="does not say"):
        make("Weights are closed.\n").cite_lines(1, quote="Weights are open.")


def test_a_quote_may_go_on_below_its_line_and_differ_in_blanks() -> None:
    text = "Intro.\nThe  weights are\n\topen.\n"
    assert make(text).cite_lines(2, quote="weights are open.").quote == "weights are open."


def test_a_quote_far_along_an_endless_line_stands() -> None:
    line = "word " * 250_000 + "[weights](https://a.org/x)"
    assert make(line).cite_lines(1, quote="[weights](https://a.org/x)").span.start == 1


def test_a_binary_file_has_no_line_to_cite() -> None:
    with pytest.raises(ValueError, match="has no lines"):
        make(b"\x89PNG\0\0\n").cite_lines(1)


@pytest.mark.parametrize(
    ("length", "shown"),
    [(MAX_QUOTE - 1, MAX_QUOTE - 1), (MAX_QUOTE, MAX_QUOTE), (MAX_QUOTE + 1, MAX_QUOTE)],
)
def test_long_quotes_end_in_an_ellipsis(length: int, shown: int) -> None:
    quote = make("x" * length).cite_lines(1).quote
    assert len(quote) == shown
    assert quote.endswith("…") is (length > MAX_QUOTE)


def test_bytes_are_cited_with_the_hash_of_just_these_bytes() -> None:
    raw = bytes(range(200))
    evidence = make(raw, "model.safetensors").cite_bytes(8, 100, "2 tensors")
    assert evidence.span == Span(Unit.BYTE, 8, 100)
    assert evidence.digest == Digest("sha256/bytes=8-99", sha(raw[8:100]))
    assert evidence.quote == "2 tensors"


def test_a_pointer_names_a_value_and_hashes_the_file() -> None:
    raw = b'{"torch_dtype": "bfloat16"}'
    evidence = make(raw, "config.json").cite_pointer("/torch_dtype", "bfloat16")
    assert evidence.span == Span(Unit.POINTER, "/torch_dtype", "/torch_dtype")
    assert evidence.digest == Digest("sha256", sha(raw))


def test_a_whole_file_is_cited_as_such() -> None:
    evidence = make("x", link=LINK).cite_whole("one letter")
    assert evidence.span == Span(Unit.WHOLE)
    assert evidence.quote == "one letter"
    assert evidence.link == LINK


def test_a_missing_blob_is_cited_by_the_listing_that_has_it() -> None:
    evidence = missing().cite_whole("the model card")
    assert evidence.span == Span(Unit.LISTING, 0, 1)
    assert evidence.path == "docs"
    assert evidence.digest == Digest("sha256/listing", sha(b"docs/a.md"))
    assert "a.md" in evidence.quote
    assert "the model card" not in evidence.quote  # nobody has read that


@pytest.mark.parametrize("reason", ["missing_blob", "permission_denied", "broken_object"])
def test_reading_what_is_not_at_hand_says_why(reason: str) -> None:
    file = missing(reason=reason)
    assert not file.is_readable
    for read in (file.read, file.text, lambda: file.lines, lambda: file.cite_lines(1)):
        with pytest.raises(ReadError) as caught:
            read()
        assert caught.value.reason == reason
        assert "docs/a.md" in str(caught.value)


@pytest.mark.parametrize("kind", [FileKind.SYMLINK, FileKind.SUBMODULE])
def test_links_and_submodules_are_never_read(kind: FileKind) -> None:
    file = File(SOURCE, "weights", 10, no_reader, kind=kind, target="/etc/passwd")
    assert not file.is_regular
    assert not file.is_readable
    with pytest.raises(ReadError) as caught:
        file.read()
    assert caught.value.reason == str(kind)
    assert file.cite_whole("a link").digest == Digest("sha256/path", sha(b"weights"))


def test_an_lfs_pointer_is_cited_by_the_object_it_names() -> None:
    file = File(SOURCE, "m.bin", 130, no_reader, lfs=LfsPointer("ab" * 32, 1 << 40))
    assert not file.is_readable
    assert file.cite_whole().digest == Digest("lfs-sha256", "ab" * 32)


def test_an_empty_file_is_not_readable_but_can_be_cited() -> None:
    file = make(b"")
    assert not file.is_readable
    assert file.cite_whole().digest == Digest("sha256", sha(b""))


def test_a_very_large_file_is_cited_by_a_range_that_the_name_of_its_hash_tells() -> None:
    asked: list[tuple[int, int]] = []

    def zeros(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return bytes(length)

    file = File(SOURCE, "big.bin", MAX_HASH + 1, zeros)
    assert file.digest() == Digest(f"sha256/bytes=0-{MAX_TEXT - 1}", sha(bytes(MAX_TEXT)))
    assert sum(length for _, length in asked) == MAX_TEXT


def test_one_read_never_hands_out_more_than_the_bound() -> None:
    asked: list[int] = []

    def count(_: int, length: int) -> bytes:
        asked.append(length)
        return b""

    file = File(SOURCE, "big.bin", 1 << 50, count)
    file.read()
    file.read(0, 1 << 49)
    file.read(1 << 51)  # beyond the end
    assert asked == [MAX_HASH, MAX_HASH, 0]


def test_a_listing_is_the_same_in_whatever_order_it_is_given() -> None:
    one = listing_evidence(SOURCE, "ckpt", ["ckpt/b", "ckpt/a"], "two checkpoints")
    other = listing_evidence(SOURCE, "ckpt", ["ckpt/a", "ckpt/b"], "two checkpoints")
    assert one == other
    assert one.span == Span(Unit.LISTING, 0, 2)
    assert one.digest == Digest("sha256/listing", sha(b"ckpt/a\nckpt/b"))


def test_a_listing_knows_names_that_are_no_utf8() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert listing_evidence(SOURCE, "", [name], "1 file").digest.value == sha(b"caf\xe9")


# -- decoding ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text", "encoding"),
    [
        (b"\xef\xbb\xbf# Foo", "# Foo", "utf-8"),
        ("模型许可".encode(), "模型许可", "utf-8"),
        (
            "本模型对学术研究完全开放。\n".encode("gb18030"),
            "本模型对学术研究完全开放。\n",
            "gb18030",
        ),
        ("开放\n".encode("utf-16"), "开放\n", "utf-16"),
        (b"\xfe\xff" + "开放".encode("utf-16-be"), "开放", "utf-16"),
        (b"", "", "utf-8"),
    ],
)
def test_encodings_that_cards_are_written_in(raw: bytes, text: str, encoding: str) -> None:
    found = make(raw).text()
    assert found is not None
    assert (found.text, found.encoding, found.cut) == (text, encoding, False)


@pytest.mark.parametrize("text", ["许可", "Model license: 中国"])
def test_a_short_chinese_text_in_gb18030_is_decoded(text: str) -> None:
    found = make(text.encode("gb18030")).text()
    assert found is not None
    assert found.text == text


def test_neither_encoding_fits_and_nothing_is_lost_around_it() -> None:
    found = make(b"License: MIT \xff\xff\xff end of line\nnext\n").text()
    assert found is not None
    assert found.lines[1] == "next"
    assert found.text.startswith("License: MIT ")


@pytest.mark.parametrize("raw", [b"\0", b"PK\3\4\0\0", b"a" * 8191 + b"\0"])
def test_an_early_nul_means_binary(raw: bytes) -> None:
    file = make(raw)
    assert file.text() is None
    assert file.lines == ()


def test_a_late_nul_does_not_hide_a_text() -> None:
    found = make(b"a" * 8192 + b"\0").text()
    assert found is not None
    assert found.text.endswith("\0")


def test_lines_count_line_feeds_as_git_hosts_do() -> None:
    """Form feeds, vertical tabs, NEL and U+2028 end lines for str.splitlines, not for editors."""
    file = make("a\r\nb\x0c\x0b\x85\u2028c\rd\n\ne")
    assert file.lines == ("a", "b\x0c\x0b\x85\u2028c\rd", "", "e")
    assert file.cite_lines(4).quote == "e"


def test_a_long_text_is_cut_with_a_gap_that_says_so() -> None:
    file = make("x" * (MAX_TEXT + 10), "notes.md")
    found = file.text()
    assert found is not None
    assert found.cut
    assert len(found.text) == MAX_TEXT
    file.text()
    (gap,) = file.gaps  # once, however often it is asked for
    assert (gap.source, gap.path, gap.reason) == (SOURCE, "notes.md", "too_long")


def test_a_text_of_just_the_bound_is_whole() -> None:
    file = make("x" * MAX_TEXT)
    found = file.text()
    assert found is not None
    assert not found.cut
    assert file.gaps == []


def test_a_character_cut_in_two_costs_only_itself() -> None:
    file = make("a" + "开" * (MAX_TEXT // 3 + 5))
    found = file.text()
    assert found is not None
    assert found.encoding == "utf-8"
    assert found.text[:-1].strip("a开") == ""


def test_a_long_gb18030_text_survives_its_cut() -> None:
    found = make(b"a" + "开".encode("gb18030") * (MAX_TEXT // 2 + 5)).text()
    assert found is not None
    assert found.text[:10] == "a开开开开开开开开开"


# -- properties --------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_any_bytes_have_lines_that_can_be_cited(raw: bytes) -> None:
    file = make(raw)
    found = file.text()
    for number in range(1, len(file.lines) + 1):
        evidence = file.cite_lines(number)
        assert evidence.digest.value == sha(raw)
        assert evidence.quote == " ".join(file.lines[number - 1].split())
    assert (found is None) == (file.lines == ())


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=200))
def test_lines_put_together_are_the_text(text: str) -> None:
    file = make(text)
    assert [line.rstrip("\r") for line in text.split("\n")] == [
        line.rstrip("\r") for line in file.lines
    ]


@pytest.mark.parametrize(
    ("path", "name", "folder", "suffix"),
    [
        ("README", "README", "", ""),
        ("a/b/Model.SafeTensors", "Model.SafeTensors", "a/b", ".safetensors"),
        (".gitignore", ".gitignore", "", ""),
        ("a.tar.gz", "a.tar.gz", "", ".gz"),
    ],
)
def test_parts_of_a_path(path: str, name: str, folder: str, suffix: str) -> None:
    file = make("", path)
    assert (file.name, file.folder, file.suffix) == (name, folder, suffix)


def test_the_reader_is_asked_once_for_a_text() -> None:
    calls: list[int] = []
    raw = b"# Foo\n"

    def reader(offset: int, length: int) -> bytes:
        calls.append(offset)
        return raw[offset : offset + length]

    file = File(SOURCE, "a.md", len(raw), reader)
    asks: tuple[Callable[[], object], ...] = (file.text, lambda: file.lines, file.text)
    for ask in asks:
        ask()
    assert calls == [0]
