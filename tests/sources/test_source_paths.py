"""Paths are printable, lossless, and refused where unpacking them would leave the root."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openassay.sources import _paths as paths

ODD = st.sampled_from([b"\\", b"x", b"5c", b"41", b"/", b"\xff", b"\n", "é".encode(), b"\xed\xa0"])
NAMES = st.one_of(st.binary(max_size=40), st.lists(ODD, max_size=12).map(b"".join))


@given(NAMES)
@example(b"\\x41")
@example(b"\\x5cx41")
@example("a\u202egnp.exe".encode())
def test_every_name_has_one_printable_form_that_leads_back(name: bytes) -> None:
    shown = paths.shown(name)
    assert paths.raw(shown) == name
    shown.encode()  # no lone surrogates: it can be written to a report
    assert not set(shown) & {"\n", "\r", "\0", "\x1b", "\u202e", "\u2028"}


@given(NAMES, NAMES)
def test_two_names_never_share_a_form(one: bytes, other: bytes) -> None:
    assert (paths.shown(one) == paths.shown(other)) == (one == other)


@pytest.mark.parametrize("name", ["README.md", "模型/说明.md", "a b%20c.txt", "back\\slash", "🙂"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert paths.shown(name.encode()) == name


@pytest.mark.parametrize(
    "name",
    [b"/etc/passwd", b"../up", b"a/../../b", b"C:/x", b"c:x", b"a\\..\\b", b"a\0b", b"", b".",
     b"./", b"x" * 5000],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(name: bytes) -> None:
    assert paths.unsafe(name)


@given(st.binary(min_size=1, max_size=60))
def test_a_name_that_passes_stays_below_its_root(name: bytes) -> None:
    if paths.unsafe(name) is None:
        parts = paths.tidy(name).split(b"/")
        assert b".." not in parts
        assert not paths.tidy(name).startswith(b"/")


@pytest.mark.parametrize("name", [b"..a/b..", b"a..b", b"./a/b", b"a/.b"])
def test_dots_within_names_are_no_tricks(name: bytes) -> None:
    assert paths.unsafe(name) is None


def test_links_that_leave_or_dangle_are_told_and_others_are_not() -> None:
    links = [
        ("docs/up", "../README.md"),
        ("docs/folder", "."),
        ("docs/root", ".."),
        ("out", "../outside"),
        ("docs/far", "../../outside"),
        ("absolute", "/etc/passwd"),
        ("gone", "nowhere.txt"),
        ("through", "docs/root/whatever"),
    ]
    listed = ["README.md", *(path for path, _ in links)]
    found = {path: reason for path, reason, _ in paths.link_problems(links, listed)}
    assert found == {
        "out": "link_leaves_root",
        "docs/far": "link_leaves_root",
        "absolute": "link_leaves_root",
        "gone": "link_dangles",
    }
