"""The line on which each table and key of a TOML text stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.frameworks import available
from openassay.frameworks.lines import places
from openassay.frameworks.table import Table

TEXT = '''\
top = 1 # criterion = 2
"quoted" = "a [[criterion]] = \\" x"

[licenses.code]
sets = [
  "a", # ]
  "b",
]
[ licenses . code . fit ]
title = """
parts = ["in a text"]
[[criterion]]
"""
long = \'\'\'
id = "no"
\'\'\'

[[criterion]]
id = "first"
answers = { partial = "no" }

  [[criterion.way]]
  parts = ["x"]

  [[criterion.way]]
  a.b = 1

[[criterion]]
id = "second"
  [[criterion.way]]
  [criterion.compute]
  above = 1
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("top",), 1),
        (("quoted",), 2),
        (("licenses", "code"), 4),
        (("licenses", "code", "sets"), 5),
        (("licenses", "code", "fit"), 9),
        (("licenses", "code", "fit", "title"), 10),
        (("licenses", "code", "fit", "long"), 14),
        (("criterion", 0), 18),
        (("criterion", 0, "id"), 19),
        (("criterion", 0, "answers"), 20),
        (("criterion", 0, "way", 0, "parts"), 23),
        (("criterion", 0, "way", 1, "a", "b"), 26),
        (("criterion", 1, "id"), 29),
        (("criterion", 1, "way", 0), 30),
        (("criterion", 1, "compute", "above"), 32),
    ],
)
def test_a_place_has_its_line(place: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(TEXT)
    assert places(TEXT)[place] == line


def test_lines_are_counted_as_toml_counts_them() -> None:
    text = 'a = "x\u2028y"\r\n# \x85\r\nb = 1\r\n'
    assert tomllib.loads(text) == {"a": "x\u2028y", "b": 1}
    assert places(text) == {("a",): 1, ("b",): 3}


def test_what_stands_in_texts_lists_and_comments_is_no_place() -> None:
    found = places(TEXT)
    assert ("licenses", "code", "fit", "parts") not in found
    assert ("licenses", "code", "fit", "id") not in found
    assert len([place for place in found if place[0] == "criterion" and len(place) == 2]) == 2


@pytest.mark.parametrize("id", available())
def test_every_key_of_our_own_files_is_placed(id: str) -> None:
    from importlib.resources import files

    text = (files("openassay.frameworks") / f"{id}.toml").read_text("utf-8")
    found, lines = places(text), text.splitlines()
    assert all(f"{place[-1]}" in lines[line - 1] for place, line in found.items()
               if isinstance(place[-1], str))  # fmt: skip
    for number, criterion in enumerate(tomllib.loads(text)["criterion"]):
        for key, value in criterion.items():
            place = ("criterion", number, key, 0) if key == "way" else ("criterion", number, key)
            assert place in found, (criterion["id"], key, value)


@given(st.text(alphabet="ab.\"'[]{}=#\n\\ ,", max_size=200))
def test_any_text_is_placed_without_error(text: str) -> None:
    count = text.count("\n") + 1
    assert all(1 <= line <= count for line in places(text).values())


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "x = " + "[" * 100_000,
        '"' * 100_001,
        "a." * 100_000,
        "# " * 100_000 + "\n" * 9,
    ],
    ids=["headers", "lists", "quotes", "dots", "comment"],
)
def test_hostile_text_is_placed_at_once(text: str) -> None:
    assert len(places(text)) < 10


@pytest.mark.parametrize("text", ["x = " + "[" * 5_000, "x = " + "9" * 5_000])
def test_hostile_toml_is_a_framework_error(text: str) -> None:
    from openassay.errors import FrameworkError

    with pytest.raises(FrameworkError) as error:
        Table.from_toml(text, "mine.toml").done()
    assert error.value.hint
