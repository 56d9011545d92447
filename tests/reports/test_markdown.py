"""The document: audited text cannot mark up, link, embed or leave its cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.reports import Look, Report, markdown
from openassay.reports._markup import safe_link

GOLDENS = Path(__file__).parent / "goldens"


def test_golden(report: Report, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "gold.md", markdown.render(report, Look()))


def test_every_footnote_is_cited_and_every_citation_has_one(report: Report) -> None:
    text = markdown.render(report, Look())
    notes = re.findall(r"^\[\^(\d+)\]:", text, re.M)
    cited = re.findall(r"\[\^(\d+)\](?!:)", text)
    assert sorted(notes) == sorted(set(cited))


def test_every_row_of_a_table_has_the_cells_of_its_head(report: Report) -> None:
    """Cells are counted as GitHub's parser does: a pipe after a backslash does not part cells."""
    for table in re.findall(r"(?:^\|.*\n)+", markdown.render(report, Look()), re.M):
        counts = {len(re.findall(r"(?:\\.|[^|\\])*\|", row)) for row in table.strip().split("\n")}
        assert len(counts) == 1, table


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<img src=x>", "&#60;img src=x&#62;"),
        ("[a](b)", r"\[a\](b)"),
        ("https://x.y www.z", "https&#58;//x.y www\\.z"),
        ("@you", "&#64;you"),
        ("**b** _i_ `c` ~~d~~", r"\*\*b\*\* \_i\_ \`c\` \~\~d\~\~"),
        ("1. list", "1\\. list"),
        ("- list", "\\- list"),
        ("a | b", r"a \| b"),
        ("Apache-2.0", "Apache-2.0"),
        ("\x1b[2J", r"\\x1b\[2J"),
    ],
)
def test_escaping(text: str, escaped: str) -> None:
    assert markdown.escape(text) == escaped


@given(st.text())
def test_escaped_text_is_one_inert_line(text: str) -> None:
    escaped = markdown.escape(text)
    assert not re.search("[<>\n\r\x00-\x1f\x7f-\x9f\u202e]", escaped)
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]|`*_]", re.sub(r"\\[^\\]", "", escaped))


@given(st.text())
def test_a_code_span_cannot_be_closed_from_inside(text: str) -> None:
    span = markdown.code(text)
    fence = re.match("`*", span)
    assert fence
    inside = span[fence.end() : len(span) - fence.end()]
    assert fence.group() not in re.findall("`+", inside)


@given(st.text())
def test_code_in_a_cell_cannot_leave_it(text: str) -> None:
    inside = markdown.cell_code(text).removeprefix("<code>").removesuffix("</code>")
    assert not re.search(r"[<>|`\\\[\]*_]", inside)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://h/p#L1", "https://h/p#L1"),
        ("https://h/a b>(c)\n", "https://h/a%20b%3E%28c%29%0A"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://[bad", None),
        ("/relative", None),
        (None, None),
    ],
)
def test_links(url: str | None, safe: str | None) -> None:
    assert safe_link(url) == safe


def test_golden_in_chinese(report: Report, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "gold-zh.md", markdown.render(report, Look(lang="zh")))
