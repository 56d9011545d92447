"""Both ends of a file are read once, everything else as it is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats.bounded import Fault, FormatError, Window, reader_of
from openassay.formats.buffered import BLOCK, Buffered, Pages

DATA = bytes(range(256)) * (5 * BLOCK // 512)  # two and a half blocks


@given(offset=st.integers(-5, len(DATA) + 5), length=st.integers(-5, len(DATA)))
def test_gives_what_the_source_gives(offset: int, length: int) -> None:
    wanted = DATA[offset : offset + length] if offset >= 0 and length > 0 else b""
    assert Buffered(reader_of(DATA), len(DATA))(offset, length) == wanted


def test_many_small_reads_at_both_ends_are_two() -> None:
    asked: list[tuple[int, int]] = []

    def read(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return DATA[offset : offset + length]

    buffered = Buffered(read, len(DATA))
    for at in range(0, 1000, 8):
        buffered(at, 8)
        buffered(len(DATA) - 8 - at, 8)
    assert asked == [(0, BLOCK), (len(DATA) - BLOCK, BLOCK)]


def test_a_source_that_ends_early_is_not_hidden() -> None:
    assert Buffered(reader_of(DATA[:100]), len(DATA))(50, 100) == DATA[50:100]


@given(offset=st.integers(0, len(DATA)), length=st.integers(0, 70_000))
def test_pages_give_the_bytes_or_say_what_is_wrong(offset: int, length: int) -> None:
    pages = Pages(Window(reader_of(DATA), len(DATA), 1 << 30))
    if offset + length <= len(DATA):
        assert pages.at(offset, length) == DATA[offset : offset + length]
    else:
        with pytest.raises(FormatError) as caught:
            pages.at(offset, length)
        assert caught.value.problem is Fault.TRUNCATED


def test_a_description_is_never_huge() -> None:
    pages = Pages(Window(reader_of(DATA), 1 << 40, 1 << 40))
    with pytest.raises(FormatError) as caught:
        pages.at(0, Pages.LONGEST + 1)
    assert caught.value.problem is Fault.READ_LIMIT
