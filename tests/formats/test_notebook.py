"""Notebook cells, each line with its line in the stored file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats.notebook import MAX_DEPTH, Notebook, read_notebook


def stored(*cells: tuple[str, list[str]], indent: int | None = 1) -> str:
    document = {
        "cells": [
            {"cell_type": kind, "metadata": {}, "outputs": [{"source": ["no"]}], "source": source}
            for kind, source in cells
        ],
        "nbformat": 4,
    }
    return json.dumps(document, indent=indent, ensure_ascii=False)


def test_each_line_is_found_on_its_line_of_the_file() -> None:
    text = stored(("markdown", ["# title"]), ("code", ["a = 1\n", 'b = "x"']))
    prose, code = read_notebook(text).cells
    assert (prose.kind, prose.lines) == ("markdown", ("# title",))
    assert code.lines == ("a = 1", 'b = "x"')
    lines = text.split("\n")
    assert ["a = 1" in lines[code.places[0] - 1], "b = " in lines[code.places[1] - 1]] == [True] * 2


def test_source_as_one_string_has_every_line_on_the_same_line_of_the_file() -> None:
    text = '{"cells": [\n{"cell_type": "code",\n "source": "a\\nb\\n"}]}'
    (cell,) = read_notebook(text).cells
    assert (cell.lines, cell.places) == (("a", "b"), (3, 3))


def test_the_old_layout_with_worksheets() -> None:
    text = '{"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}]}'
    assert read_notebook(text).cells[0].lines == ("x = 1",)


def test_outputs_and_metadata_are_no_source() -> None:
    text = '{"source": ["no"], "cells": [{"outputs": {"source": "no"}, "source": "yes"}]}'
    assert [cell.lines for cell in read_notebook(text).cells] == [("yes",)]


def test_a_file_that_breaks_off_keeps_the_cells_before() -> None:
    text = stored(("code", ["first"]), ("code", ["second"]))
    notebook = read_notebook(text[: text.index("second") + 3])
    assert ([cell.lines for cell in notebook.cells], notebook.cut) == ([("first",)], True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "not json",
        '{"cells": 3}',
        "}" * 9,
        '{"cells": [' + "[" * 10_000,
        "\0" * 99,
    ],
)
def test_what_is_no_notebook_has_no_cells(text: str) -> None:
    assert read_notebook(text).cells == ()


def test_nesting_is_bounded() -> None:
    deep = '{"cells": [{"source": "a"}], "x": ' + "[" * (MAX_DEPTH + 1)
    assert read_notebook(deep) == Notebook(read_notebook('{"cells":[{"source":"a"}]}').cells, True)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["code", "markdown"]),
            st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4),
        ),
        max_size=5,
    ),
    st.sampled_from([None, 1]),
)
def test_round_trip(cells: list[tuple[str, list[str]]], indent: int | None) -> None:
    text = stored(*cells, indent=indent)
    found = read_notebook(text)
    lines = text.split("\n")
    expected = [
        (kind, [line for part in source for line in part.removesuffix("\n").split("\n")])
        for kind, source in cells
    ]
    assert [(cell.kind, list(cell.lines)) for cell in found.cells] == expected
    for cell in found.cells:
        for line, place in zip(cell.lines, cell.places, strict=True):
            assert json.dumps(line, ensure_ascii=False)[1:-1] in lines[place - 1]


@given(st.text(alphabet='{}[]",:\\cels\nourc_typ e01', max_size=300))
def test_no_text_raises(text: str) -> None:
    for cell in read_notebook(text).cells:
        assert len(cell.lines) == len(cell.places)
