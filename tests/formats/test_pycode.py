"""Python to facts: calls with imports resolved, strings folded, what is broken read by lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats.pycode import MAX_SOURCE, Call, CodeFacts, read_python


def call(text: str, last: str) -> Call:
    return next(item for item in read_python(text).calls if item.last == last)


def first_strings(text: str, last: str = "load") -> list[str]:
    return [lit.value for lit in call(text, last).args[0]]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import torch.nn as nn\nnn.Linear(1)", "torch.nn.Linear"),
        ("from transformers import AutoModel as A\nA.from_pretrained('x')",
         "transformers.AutoModel.from_pretrained"),
        ("from .model import GPT\nGPT()", ".model.GPT"),
        ("scaler.scale(loss).backward()", "().backward"),
        ("import a.b\na.b.c()", "a.b.c"),
    ],
)  # fmt: skip
def test_names_of_calls_are_resolved_through_imports(text: str, name: str) -> None:
    assert name in [item.name for item in read_python(text).calls]


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ("load('a/b')", ["a/b"]),
        ("M = 'a/b'\nload(M)", ["a/b"]),
        ("load(os.environ.get('M', 'a/b'))", ["a/b"]),
        ("p.add_argument('--model-id', default='a/b')\nload(args.model_id)", ["a/b"]),
        ("@dataclass\nclass A:\n    name: str = field(default='a/b')\nload(args.name)", ["a/b"]),
        ("def f(m='a/b'):\n    load(m)", ["a/b"]),
        ("for m in ['a/b', 'a/c']:\n    load(m)", ["a/b", "a/c"]),
        ("T = {'s': 'a/b', 'l': 'a/c'}\nload(T[size])", ["a/b", "a/c"]),
        ("B = 'https://h/'\nload(B + 'x/' + name)", ["https://h/x/{}"]),
        ("load(f'https://h/{name}/w')", ["https://h/{}/w"]),
        ("load('https://h/%s/w' % name)", ["https://h/{}/w"]),
        ("load('https://h/{}/w{i}'.format(n, i=3))", ["https://h/{}/w{}"]),
        ("load(os.path.join('https://h', name))", ["https://h/{}"]),
        ("load(args.x or 'a/b')", ["a/b"]),
        ("x = x + 'a'\nload(x)", ["{}a"]),
        ("load(unknown)", []),
        ("load(0x" + "f" * 5000 + ")", []),
    ],
)
def test_strings_are_folded_as_far_as_they_are_known(text: str, strings: list[str]) -> None:
    assert first_strings(text) == strings


def test_a_string_is_placed_where_its_literal_stands() -> None:
    lits = call("M = (\n 'a/b'\n)\n\nload(M)", "load").args[0]
    assert [(lit.value, lit.line) for lit in lits] == [("a/b", 2)]


def test_classes_know_their_bases_methods_and_what_they_build() -> None:
    text = "import torch.nn as nn\nclass A(nn.Module):\n def __init__(self):\n  nn.Linear(1)\n"
    (item,) = read_python(text).classes
    assert (item.bases, item.methods, item.builds) == (
        ("torch.nn.Module",), frozenset({"__init__"}), frozenset({"torch.nn.Linear"}),
    )  # fmt: skip


def test_docstrings_are_counted_and_are_no_strings() -> None:
    text = 'class A:\n "doc"\n def f(self): pass\n def _p(self): pass\n'
    text += 'def g():\n "doc"\n def h(): pass'
    facts = read_python(text)
    assert (facts.public, facts.documented, facts.strings) == (3, 2, ())


def test_the_main_guard_is_found() -> None:
    assert read_python("x = 1\nif __name__ == '__main__':\n    f()").main == 2


@pytest.mark.parametrize(
    "text",
    [
        "print 'training'\nload('a/b')",
        "print >>sys.stderr, 'x'\nload('a/b')",
        "try:\n    pass\nexcept E, e:\n    pass\nload('a/b')",
        "raise E, 'no'\nload('a/b')",
        "%matplotlib inline\n!pip install x\nload('a/b')",
        "x = 0777L\nload('a/b')",
    ],
)
def test_python_2_and_notebook_magics_are_put_right(text: str) -> None:
    facts = read_python(text)
    assert facts.exact
    assert first_strings(text) == ["a/b"]


def test_what_does_not_parse_is_read_by_lines() -> None:
    text = (
        "from torch import nn\nclass A(nn.Module):\n  def f(:\n  x = load('a/b')\nif __name__ == 1:"
    )
    facts = read_python(text)
    assert not facts.exact
    assert facts.imported("torch")
    assert [item.name for item in facts.classes] == ["A"]
    assert (first_strings(text), facts.main) == (["a/b"], 5)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + ")" * 10_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "+".join(["'a'"] * 20_000),
        "load(" + "x or " * 5_000 + "x)",
        "\0" * 100,
        "a\0b",
        "x" * (MAX_SOURCE + 1),
        "def f(:",
        "\ufeff\ud800",
        "print " + "\t " * 200_000 + "x",
        "except a" + " " * 400_000,
    ],
    ids=[
        "parens",
        "minus",
        "plus",
        "or",
        "nuls",
        "nul",
        "long",
        "broken",
        "surrogate",
        "print",
        "except",
    ],
)
def test_hostile_sources_do_not_raise(text: str) -> None:
    assert isinstance(read_python(text), CodeFacts)


def test_tables_in_tables_do_not_multiply() -> None:
    """24 names in 24 tables, nine deep, would be 24**9 strings."""
    rows = "\n".join(f"t{n} = [{', '.join(f't{n + 1}' for _ in range(24))}]" for n in range(9))
    assert len(first_strings(f"{rows}\nt9 = 'a'\nload(t0)")) <= 24


@given(st.text(max_size=400))
def test_no_text_raises(text: str) -> None:
    assert isinstance(read_python(text), CodeFacts)


@given(
    st.lists(
        st.sampled_from(
            ["x = y", "y = x + 'a'", "def f(a='b'):", "    load(x)", "class A(B):", "load(f'{x}')",
             "    '''doc", "for x in y:", "load(x % y)", "print x", "import a as b", "(", ")", "\t"]
        ),
        max_size=25,
    )
)  # fmt: skip
def test_no_program_raises_and_lines_stay_inside(lines: list[str]) -> None:
    facts = read_python("\n".join(lines))
    placed = [item.line for item in facts.calls] + [item.line for item in facts.classes]
    placed += [lit.line for item in facts.calls for arg in item.args for lit in arg]
    assert all(1 <= line <= len(lines) for line in placed)
