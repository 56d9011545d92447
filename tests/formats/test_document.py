"""Documents: headings, tables, code and links, each with its line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openassay.formats.markdown import Document, parse, plain


def doc(text: str) -> Document:
    return parse(text.split("\n"))


def test_headings_nest_and_sections_end_where_the_next_begins() -> None:
    found = doc("# A\ntext\n## B\nmore\n\nC\n===\nlast")
    assert [(s.title, s.level, s.start, s.end) for s in found.sections[1:]] == [
        ("A", 1, 1, 2),
        ("B", 2, 3, 5),
        ("C", 1, 6, 8),
    ]
    assert found.section_at(4).trail == "a / b"
    assert found.subtree(found.sections[1]) == (1, 5)


def test_html_headings_count() -> None:
    assert doc('<h2 align="center">\n Big <b>Model</b>\n</h2>\n').title == "Big Model"


def test_front_matter_is_not_text() -> None:
    found = doc("---\nlicense: mit\n---\n# Title\n")
    assert found.body == 4
    assert found.title == "Title"


def test_links_in_every_spelling() -> None:
    text = (
        "[a](https://x.org/a) and <a href='https://x.org/b'>b</a>\n"
        "see [c][1], https://x.org/d.\n![pic](img/e.png)\n[1]: https://x.org/c\n"
        "[![badge](https://img.shields.io/f)](https://x.org/f) huggingface.co/acme/foo"
    )
    found = {(link.line, link.url): link for link in doc(text).links}
    assert found[1, "https://x.org/a"].text == "a"
    assert found[1, "https://x.org/b"].text == "b"
    assert found[2, "https://x.org/c"].text == "c"
    assert (2, "https://x.org/d") in found
    assert found[3, "img/e.png"].image
    assert found[5, "https://x.org/f"].text == "badge"
    assert (5, "huggingface.co/acme/foo") in found


def test_a_link_around_a_picture_reads_as_its_alternative_text() -> None:
    found = doc('<a href="https://x.org"><img src="b.svg" alt="Paper"></a>').links
    assert next(link for link in found if link.url == "https://x.org").text == "Paper"


def test_tables_of_both_kinds() -> None:
    found = doc(
        "| A | B |\n|---|:-:|\n| 1 | **2** |\n\n<table><tr><th>X</th><td>3</td></tr>\n</table>"
    )
    assert [row.cells for row in found.tables[0].rows] == [("A", "B"), ("1", "2")]
    assert found.tables[0].rows[1].line == 3
    assert found.tables[1].rows[0].cells == ("X", "3")


def test_code_is_code_and_its_links_are_marked() -> None:
    found = doc("```bash\nwget https://x.org/w.bin\n```\nhttps://x.org/t")
    assert found.code[0].language == "bash"
    assert found.code[0].lines == ("wget https://x.org/w.bin",)
    assert [(link.line, link.in_code) for link in found.links] == [(2, True), (4, False)]


def test_an_unclosed_fence_ends_with_the_document() -> None:
    assert doc("```\na\nb").code[0].lines == ("a", "b")


def test_paragraph_offsets_lead_back_to_lines() -> None:
    paragraph = doc("one\n**two**\nthree").paragraphs[0]
    assert paragraph.text == "one\ntwo\nthree"
    assert paragraph.line_at(paragraph.text.index("three")) == 3


def test_plain_drops_markup_and_keeps_words() -> None:
    assert plain("**a** [b](https://x.org) <br> `c` &amp; ~~d~~") == "a b   c & d"


@given(st.text(alphabet="#|-`*[]()<>!\n ah12:/.=~\"'{}&;", max_size=400))
def test_any_text_parses_with_lines_in_range(text: str) -> None:
    lines = text.split("\n")
    found = parse(lines)
    for link in found.links:
        assert 1 <= link.line <= len(lines)
    for paragraph in found.paragraphs:
        assert 1 <= paragraph.start <= paragraph.end <= len(lines)
    for section in found.sections:
        assert section.end <= len(lines)


def test_hostile_documents_end_quickly() -> None:
    for piece in (
        "[" * 20_000,
        "](" * 10_000,
        "<" * 20_000,
        "![" * 10_000,
        "|" * 20_000,
        "*_`~" * 5000,
    ):
        parse([piece])
    parse(["<table>"] + ["<tr><td>"] * 3000)
    parse(["<h1" * 3000] * 20)
