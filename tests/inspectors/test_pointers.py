"""A relative link that leads to nothing in the tree is dead; whatever leads somewhere is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import pointers
from openassay.subject import Subject
from openassay.types import Stated

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
SLOW = pytest.mark.slow
TREE: dict[str, object] = {
    "LICENSE": "MIT\n",
    "docs/report.md": "# Report\n",
    "docs/文档.md": "# 文档\n",
    "eval/run.py": "pass\n",
}
Dead = Callable[..., list[str]]


@pytest.fixture
def dead(make_release: Any, run: Any) -> Dead:
    """`dead(text)`: "evaluation/README.md README.md:3" for each link that leads nowhere."""

    def tell(text: str, path: str = "README.md") -> list[str]:
        return [
            f"{f.value} {f.evidence[0].path}:{f.evidence[0].span.start}"
            for f in run(pointers, make_release({**TREE, path: f"# Foo3\n\n{text}\n"}, US))
            if isinstance(f, Stated) and f.topic == "dead_link"
        ]

    return tell


DEAD = {
    "a file": ("See [evaluation](./evaluation/README.md).", "./evaluation/README.md"),
    "a Chinese sentence": ("评测代码见 [这里](evaluation/run.py)。", "evaluation/run.py"),
    "a folder": ("The [configs](configs/) are here.", "configs/"),
    "an anchor in a missing file": ("[set-up](docs/setup.md#gpu)", "docs/setup.md"),
    "a picture": ("![loss](assets/loss.png)", "assets/loss.png"),
    "an HTML picture": ('<img src="assets/loss.png">', "assets/loss.png"),
    "from the root": ("[licence](/LICENCE.txt)", "/LICENCE.txt"),
}


@pytest.mark.parametrize("case", DEAD)
def test_a_link_to_nothing_is_dead(dead: Dead, case: str) -> None:
    text, path = DEAD[case]
    assert dead(text) == [f"{path} README.md:3"]


ALIVE = {
    "a file": "[licence](LICENSE), [report](docs/report.md), [run](./eval/run.py)",
    "a folder": "[docs](docs), [eval](./eval/), [root](./)",
    "from the root": "[licence](/LICENSE)",
    "a section of a file": "[report](docs/report.md#intro) and [raw](docs/report.md?raw=true)",
    "an anchor": "[below](#usage)",
    "an address": "[site](https://acme.example/none.md), [mail](mailto:zebra@acme.example)",
    "code": "```\n[evaluation](evaluation/none.md)\n```",
    "out of the tree": "[issues](../../issues) and [wiki](../../wiki/none.md)",
    "a word in brackets": "[TODO] and [1](x)",
}


@pytest.mark.parametrize("case", ALIVE)
def test_what_leads_somewhere_is_not_dead(dead: Dead, case: str) -> None:
    assert dead(ALIVE[case]) == []


def test_an_escaped_path_leads_to_its_file(dead: Dead) -> None:
    """Hosts resolve percent escapes: %E6%96%87%E6%A1%A3 is 文档."""
    assert dead("[文档](docs/%E6%96%87%E6%A1%A3.md) and [文档](docs/文档.md)") == []


def test_a_link_is_read_from_its_own_folder(dead: Dead) -> None:
    assert dead("[report](report.md) and [up](../LICENSE)", "docs/more.md") == []
    assert dead("[report](docs/report.md)", "docs/more.md") == ["docs/report.md docs/more.md:3"]


@pytest.mark.parametrize(
    "text",
    [
        "The script `eval/score.py` is available in this repository.",
        "评测脚本 `score.py` 在本仓库中。",
    ],
)
def test_a_file_said_to_be_here_that_is_not(dead: Dead, text: str) -> None:
    (row,) = dead(text)
    assert row.endswith("score.py README.md:3")


@pytest.mark.parametrize(
    "text",
    [
        "The script `eval/run.py` is available in this repository.",
        "The script `score.py` is part of zebra.",
    ],
)
def test_a_file_that_is_here_or_elsewhere(dead: Dead, text: str) -> None:
    assert dead(text) == []


@pytest.mark.parametrize("path", ["third_party/x/README.md", "Foo2/README.md", "tests/README.md"])
def test_documents_that_are_not_the_releases_are_not_read(dead: Dead, path: str) -> None:
    assert dead("[evaluation](evaluation/none.md)", path) == []


# -- anything at all ---------------------------------------------------------------------------

TELLING = "See [evaluation](evaluation/none.md) and `a/b.py` in this repository."
HOSTILE = {
    "100k lines": (f"{TELLING}\n\n" + "plain text\n\n" * 9) * 5_000,
    "one endless line": "See [evaluation](evaluation/none.md). " * 5_000,
    "an endless path": f"[x]({'../' * 9000}none.md) and [y]({'a/' * 9000}none.md)",
    "an unclosed fence": f"{TELLING}\n```\n{TELLING}\n" * 999,
    "deep nesting": "> " * 4000 + TELLING + "\n" + "[" * 9000 + "](" * 9000 + "<a><p>" * 4000,
    "control characters": "".join(map(chr, range(1, 32))) + TELLING + "\x7f\u202e\ufeff\u2028",
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    text = HOSTILE[case]
    assert all_cited(pointers, make_release({"docs/README.md": text}, US)) < 20_000


def test_sentences_on_one_line_do_not_multiply(make_release: Any, run: Any) -> None:
    """100 sentences that each name one missing file are 100 facts at most (10,000 are told)."""
    text = "The file `a/b.py` is available in this repository. " * 100
    assert len(run(pointers, make_release({"README.md": text}, US))) <= 100


PIECES = st.sampled_from(
    [
        TELLING,
        "# Foo3",
        "[a](b.md)",
        "[a](/..)",
        "[a](../../x/../..)",
        "```",
        "[a](./ )",
        "[a][b]",
        "[b]: c/d.md",
        "<a href='x/y.md'>",
        "![](a b.png)",
        "[](.)",
        "[x](//)",
        "[x](%)",
        "本仓库 `a.py`",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    all_cited(pointers, make_release({"docs/README.md": text}, US))
