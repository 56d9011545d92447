"""The one number of parameters a card states, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats.weights_card import stated_parameters


@pytest.mark.parametrize(
    ("lines", "expected", "why"),
    [
        (["# Model", "It has 22.7M parameters."], (22_700_000, 2), "plain words"),
        (["a 7 billion-parameter model"], (7_000_000_000, 1), "hyphenated"),
        (["| Parameters | 13B |"], (13_000_000_000, 1), "a table row"),
        (["参数量：130亿"], (13_000_000_000, 1), "Chinese, in units of 10**8"),
        (["7B parameters", "6.7 billion parameters"], (7_000_000_000, 1), "a rounding"),
        (["7B parameters", "13B parameters"], None, "a family: no single number"),
        (["37B activated parameters"], None, "active parameters are not the total"),
        (["trained on 2T tokens"], None, "tokens are not parameters"),
        ([], None, "nothing said"),
    ],
)
def test_stated(lines: list[str], expected: tuple[int, int] | None, why: str) -> None:
    assert stated_parameters(lines) == expected, why


@given(st.lists(st.text(alphabet="0123456789.,BMK 参数亿parameters|:-", max_size=80), max_size=5))
def test_any_lines_are_survived(lines: list[str]) -> None:
    found = stated_parameters(lines)
    assert found is None or 1 <= found[1] <= len(lines)
