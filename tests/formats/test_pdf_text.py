"""Text of simple PDFs; where fonts do not say their letters there is none."""

from __future__ import annotations

import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openassay.formats import pdf_fonts, pdf_text
from openassay.formats.bounded import Fault, FormatError

_HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
_WORDS = b"The quick brown fox jumps over the lazy dog and the licence ends here"


def make_pdf(content: bytes, font: bytes = _HELVETICA, *extra: bytes, packed: bool = True) -> bytes:
    """A PDF of one page; ``extra`` are further objects, numbered from 6."""
    data = zlib.compress(content) if packed else content
    filters = b"/Filter /FlateDecode " if packed else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
        b"<< %s/Length %d >>\nstream\n%s\nendstream" % (filters, len(data), data),
        font,
        *extra,
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, o) for n, o in enumerate(objects, start=1))
    return b"%PDF-1.4\n" + body + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"


def test_lines_and_words_come_from_positions() -> None:
    content = (
        b"BT /F1 12 Tf 72 700 Td (" + _WORDS + b") Tj 0 -14 Td "
        b"[(Sec) -20 (ond) -400 (line)] TJ T* 0 -14 Td (par\\(en\\051s) ' ET"
    )
    text = pdf_text.text(make_pdf(content))
    assert text is not None
    assert text.split("\n") == [_WORDS.decode(), "Second line", "par(en)s"]


def test_words_set_one_by_one_keep_their_gaps() -> None:
    """Some producers place each word; a gap wider than a fifth of the size is a space."""
    content = b"BT /F1 10 Tf 1 0 0 1 72 700 Tm (" + _WORDS + b") Tj 1 0 0 1 500 700 Tm (far) Tj ET"
    text = pdf_text.text(make_pdf(content))
    assert text == _WORDS.decode() + " far"


def _composite(cmap: bytes) -> tuple[bytes, ...]:
    """A two-byte font whose ToUnicode map is ``cmap``: its objects from 5 on."""
    return (
        b"<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [7 0 R] "
        b"/ToUnicode 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap),
        b"<< /Type /Font /Subtype /CIDFontType2 /DW 500 /W [1 [600 600]] >>",
    )


_CMAP = (
    b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
    b"1 beginbfchar <0001> <8BB8> endbfchar\n"
    b"2 beginbfrange <0002> <0003> <53EF> <0010> <0011> [<0061> <00660069>] endbfrange\n"
)


def test_to_unicode_maps_chinese_and_ligatures() -> None:
    content = b"BT /F1 12 Tf 72 700 Td <" + b"000100020003" * 20 + b"00100011> Tj ET"
    assert pdf_text.text(make_pdf(content, *_composite(_CMAP))) == "许可台" * 20 + "afi"


def test_codes_without_letters_give_no_text() -> None:
    """The font maps one code in three: what could be read would be no sentence."""
    cmap = _CMAP.split(b"2 beginbfrange")[0]
    content = b"BT /F1 12 Tf 72 700 Td <" + b"000100020003" * 60 + b"> Tj ET"
    assert pdf_text.text(make_pdf(content, *_composite(cmap))) is None


def test_pictures_give_no_text() -> None:
    assert pdf_text.text(make_pdf(b"q 595 0 0 842 0 0 cm /Im0 Do Q")) is None


def test_differences_and_glyph_names() -> None:
    assert pdf_fonts.glyph("uni4E2D") == "中"
    assert pdf_fonts.glyph("fi.alt") == "fi"
    assert pdf_fonts.glyph("g123") is None
    font = (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /X /Encoding "
        b"<< /BaseEncoding /WinAnsiEncoding /Differences [1 /fi /quoteright] >> >>"
    )
    content = b"BT /F1 12 Tf 72 700 Td (" + _WORDS + b" \\001x\\002s) Tj ET"
    assert pdf_text.text(make_pdf(content, font)) == _WORDS.decode() + " fix’s"


def test_form_objects_are_followed_and_may_contain_themselves() -> None:
    form = b"/Fm1 Do BT /F1 12 Tf 72 700 Td (" + _WORDS + b") Tj ET"
    resources = b"<< /Font << /F1 5 0 R >> /XObject << /Fm1 6 0 R >> >>"
    stream = b"<< /Subtype /Form /Resources %s /Length %d >>\nstream\n%s\nendstream" % (
        resources, len(form), form,
    )  # fmt: skip
    data = make_pdf(b"/Fm1 Do", _HELVETICA, stream).replace(
        b"/Resources << /Font << /F1 5 0 R >> >>", b"/Resources " + resources, 1
    )
    text = pdf_text.text(data)
    assert text is not None
    assert _WORDS.decode() in text


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"hello", Fault.NOT_THIS_FORMAT),
        (b"%PDF-1.4\nnothing", Fault.HEADER_MALFORMED),
        (make_pdf(b"").replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 9 0 R"), Fault.UNSUPPORTED),
        (bytes(pdf_text.MAX_BYTES + 1), Fault.READ_LIMIT),
    ],
)
def test_what_is_not_read_is_a_typed_error(data: bytes, fault: Fault) -> None:
    with pytest.raises(FormatError) as caught:
        pdf_text.text(data)
    assert caught.value.problem is fault


@pytest.mark.parametrize(
    "hostile",
    [
        b"<< /Type /Pages /Kids [2 0 R] >>",  # a page tree that contains itself
        b"[" * 5_000,
        b"(" * 5_000,
        b"<<" * 5_000,
        b"2 0 R",
    ],
)
def test_hostile_objects_end(hostile: bytes) -> None:
    data = make_pdf(b"BT (x) Tj ET", _HELVETICA, hostile)
    assert pdf_text.text(data) is None
    assert pdf_text.text(data.replace(b"<< /Type /Pages /Kids [3 0 R]", hostile[:40])) is None


@pytest.mark.slow
def test_a_stream_that_unpacks_to_much_is_cut() -> None:
    """A few kilobytes of zeros become 64 MiB; only MAX_STREAM of each stream is unpacked."""
    bomb = zlib.compress(b" " * (64 << 20))
    stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(bomb), bomb)
    data = make_pdf(b"", _HELVETICA, stream).replace(b"/Contents 4 0 R", b"/Contents [6 0 R 6 0 R]")
    assert pdf_text.text(data) is None


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_any_content_stream_is_survived(content: bytes) -> None:
    with suppress(FormatError):
        pdf_text.text(make_pdf(content, packed=False))


@settings(max_examples=60)
@given(st.text(alphabet="[]<>(){}/%0123456789 .-RTjTdTfmBETobjABCDEF\n", max_size=300))
def test_any_tokens_as_object_are_survived(text: str) -> None:
    with suppress(FormatError):
        pdf_text.text(make_pdf(b"BT /F1 1 Tf (x) Tj ET", text.encode(), text.encode()))


@given(st.binary(max_size=300))
def test_any_map_of_letters_is_survived(data: bytes) -> None:
    letters, size = pdf_fonts.read_cmap(data)
    assert size >= 1
    assert all(isinstance(letter, str) for letter in letters.values())
