"""YAML is read as plain data within bounds; what could do harm is refused."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import yaml_text
from openassay.formats.bounded import Fault, FormatError


def test_values_and_the_line_of_every_key() -> None:
    value, lines = yaml_text.load_with_lines("a: 1\nb:\n  - x\n  - {y: 2}\n'c/d': z\n")
    assert value == {"a": 1, "b": ["x", {"y": 2}], "c/d": "z"}
    assert lines == {"/a": 1, "/b": 2, "/b/0": 3, "/b/1": 4, "/b/1/y": 4, "/c~1d": 5}


def test_only_the_first_document_counts() -> None:
    assert yaml_text.load("a: 1\n---\nb: 2\n") == {"a": 1}


def test_empty_text_is_none() -> None:
    assert yaml_text.load("") is None
    assert yaml_text.load("# nothing\n") is None


def test_anchors_are_resolved() -> None:
    assert yaml_text.load("a: &x {k: 1}\nb:\n  <<: *x\n  l: 2\n")["b"] == {"k": 1, "l": 2}  # type: ignore[index]


_LAUGHS = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "fault", "why"),
    [
        (_LAUGHS, Fault.TOO_MANY_ENTRIES, "aliases that multiply to 9**11 nodes"),
        ("&a [*a]", Fault.TOO_DEEP, "a list that contains itself"),
        ("[" * 100_000, Fault.TOO_DEEP, "nesting that would exhaust the stack"),
        ("- " * 50_000, Fault.TOO_DEEP, "nesting without brackets"),
        ("a: !!python/object:os.system x", Fault.HEADER_MALFORMED, "a tag that builds objects"),
        ("a: !!python/name:os.system", Fault.HEADER_MALFORMED, "a tag that imports"),
        ("a: !custom 1", Fault.HEADER_MALFORMED, "a tag nobody here knows"),
        ("x: 2020-13-45", Fault.HEADER_MALFORMED, "a month PyYAML fails on with ValueError"),
        ("!!int ''", Fault.HEADER_MALFORMED, "an int PyYAML fails on with IndexError"),
        ("a: 'open", Fault.HEADER_MALFORMED, "a quote without its end"),
        ("? [a]\n: b", Fault.HEADER_MALFORMED, "a key that no dict can hold"),
        ("\ud800", Fault.HEADER_MALFORMED, "a lone surrogate"),
        ("a: " + "x" * (1 << 20), Fault.READ_LIMIT, "over the size limit"),
        ("[" + "1," * 120_000 + "]", Fault.TOO_MANY_ENTRIES, "too many items"),
    ],
)
def test_hostile_input_is_a_typed_error(text: str, fault: Fault, why: str) -> None:
    with pytest.raises(FormatError) as caught:
        yaml_text.load(text)
    assert caught.value.problem is fault, why


def test_a_base_60_number_of_a_megabyte_stays_text() -> None:
    """Converting it would take minutes: each of its 400,000 parts multiplies a growing integer."""
    text = "1:" * 400_000 + "1"
    assert yaml_text.load(f"x: {text}") == {"x": text}


def test_long_keys_get_no_lines() -> None:
    """Aliases would copy the key into every pointer below it."""
    value, lines = yaml_text.load_with_lines(f"{'k' * 300}: {{a: 1}}\nb: 1\n")
    assert isinstance(value, dict)
    assert lines == {"/b": 2}


@given(st.text(max_size=300))
def test_any_text_gives_a_value_or_a_format_error(text: str) -> None:
    with suppress(FormatError):
        yaml_text.load_with_lines(text)


@given(st.text(alphabet="-?:,[]{}#&*!|>'\"%@`<~ \nab01.:_=", max_size=200))
def test_any_text_of_indicators_gives_a_value_or_a_format_error(text: str) -> None:
    with suppress(FormatError):
        yaml_text.load_with_lines(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abc xyz", max_size=9),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text("abcdef", min_size=1, max_size=4), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_what_json_writes_is_read_back(value: object) -> None:
    """JSON is YAML, so its writer is an independent oracle."""
    assert yaml_text.load(json.dumps(value)) == value
