"""JSON within bounds, and the line of a key."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import json_text
from openassay.formats.bounded import Fault, FormatError


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[" * 200_000, Fault.TOO_DEEP),
        ("{", Fault.HEADER_MALFORMED),
        ("1" * 5_000, Fault.HEADER_MALFORMED),
        ("[1, 2]", Fault.NOT_THIS_FORMAT),
    ],
)
def test_hostile_input_is_a_typed_error(text: str, fault: Fault) -> None:
    with pytest.raises(FormatError) as caught:
        json_text.load_object(text)
    assert caught.value.problem is fault


def test_the_limit_is_kept() -> None:
    with pytest.raises(FormatError):
        json_text.load('"aaaa"', limit=5)


def test_the_line_of_a_key_is_found() -> None:
    text = json.dumps({"a": 1, "b.c": {"d": 2}}, indent=1)
    assert json_text.line_of(text, "b.c") == 3
    assert json_text.line_of(text, "missing") == 1


@given(st.text(max_size=100))
def test_any_text_gives_a_value_or_a_format_error(text: str) -> None:
    with suppress(FormatError):
        json_text.load(text)
