"""Numbers of this model under evaluation are results; speed, shapes and rivals are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import results
from openassay.subject import Subject
from openassay.types import Found, Linked

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
PNG = b"\x89PNG\r\n\x1a\n"
SLOW = pytest.mark.slow
Results = Callable[..., list[str]]


@pytest.fixture
def told(make_release: Any, run: Any) -> Results:
    """`told(text, more)`: "Found whole README.md:3" for each fact on evaluation results."""

    def tell(
        text: str, more: dict[str, object] | None = None, path: str = "README.md"
    ) -> list[str]:
        release = make_release({path: f"# Foo3\n\n{text}\n", **(more or {})}, US)
        return [
            f"{type(f).__name__} {f.extent} {f.evidence[0].path}:{f.evidence[0].span.start} "
            f"{getattr(f, 'url', '')}".strip()
            for f in run(results, release)
            if isinstance(f, (Found, Linked)) and f.component == "evaluation_results"
        ]

    return tell


# -- tables ------------------------------------------------------------------------------------

TABLES = {
    "by row": "| Model | Accuracy | F1 |\n|---|---|---|\n| ZebraLM | 66.1 | 60.3 |\n"
    "| Foo3-7B | 71.2 | 65.0 |",
    "by column": "| Benchmark | ZebraLM | Foo3-7B |\n|---|---|---|\n| ZebraQA accuracy | 66.1 | 71.2 |\n"  # noqa: E501
    "| ZebraSum rouge | 22.0 | 25.9 |",
    "ours": "| Method | Accuracy | F1 |\n|---|---|---|\n| ZebraLM | 66.1 | 60.3 |\n"
    "| Ours | 71.2 | 65.0 |",
    "Chinese": "| 模型 | 准确率 | 平均 |\n|---|---|---|\n| Foo3-7B | 71.2 | 65.0 |\n| ZebraLM | 66.1 | 60.3 |",  # noqa: E501
    "HTML": "<table>\n<tr><th>Model</th><th>Accuracy</th><th>F1</th></tr>\n"
    "<tr><td>Foo3-7B</td><td>71.2</td><td>65.0</td></tr>\n"
    "<tr><td>ZebraLM</td><td>66.1</td><td>60.3</td></tr>\n</table>",
    "percentages in bold": "| Model | Accuracy | F1 |\n|---|---|---|\n| Foo3-7B | **71.2%** | 65.0% |\n"  # noqa: E501
    "| ZebraLM | 66.1% | 60.3% |",
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_of_the_models_numbers(told: Results, case: str) -> None:
    assert told(TABLES[case]) == ["Found whole README.md:3"]


def test_the_models_own_row_is_cited_too(make_release: Any, run: Any) -> None:
    release = make_release({"README.md": TABLES["by row"]}, US)
    (fact,) = [f for f in run(results, release) if isinstance(f, Found)]
    assert [cited.span.start for cited in fact.evidence] == [1, 4]


def test_a_chinese_heading_on_evaluation_is_enough(told: Results) -> None:
    """No column says "accuracy": the heading says what the numbers are."""
    table = "| 模型 | 斑马问答 | 斑马摘要 |\n|---|---|---|\n| Foo3 | 71.2 | 65.0 |\n| ZebraLM | 6.1 | 6.3 |"  # noqa: E501
    assert told(f"## 评测结果\n\n{table}") == ["Found whole README.md:5"]


NO_TABLES = {
    "speed": "## Speed\n\n| Model | tokens/s | latency |\n|---|---|---|\n| Foo3-7B | 71.2 | 12.0 |\n"  # noqa: E501
    "| Foo3-70B | 9.4 | 55.0 |",
    "memory": "## Performance on GPUs\n\n| Model | fp16 memory | int4 memory |\n|---|---|---|\n"
    "| Foo3-7B | 14.2 | 4.8 |\n| Foo3-70B | 140.0 | 38.5 |",
    "Chinese memory": "## 推理显存\n\n| 模型 | 显存占用 | 速度 |\n|---|---|---|\n| Foo3-7B | 14.2 | 33.1 |\n"  # noqa: E501
    "| Foo3-70B | 140.0 | 9.5 |",
    "hyper-parameters": "## Hyper-parameters\n\n| Parameter | Foo3-7B | Foo3-70B |\n|---|---|---|\n"
    "| layers | 32 | 80 |\n| heads | 32 | 64 |\n| batch size | 1024 | 2048 |",
    "the shape": "| Model | layers | hidden size | heads |\n|---|---|---|---|\n| Foo3-7B | 32 | 4096 | 32 |",  # noqa: E501
    "the data mixture": "## Data\n\n| Source | tokens (B) | proportion |\n|---|---|---|\n"
    "| web | 71.2 | 60.0 |\n| code | 12.0 | 40.0 |",
    "downloads": "| Foo3 | parameters | download |\n|---|---|---|\n| 7B | 7.2 | 1 |\n| 70B | 70.1 | 2 |",  # noqa: E501
    "a sibling's section": "## BarVLM\n\n| Model | Accuracy | F1 |\n|---|---|---|\n"
    "| BarVLM-2B | 71.2 | 65.0 |\n| ZebraLM | 66.1 | 60.3 |",
    "a sibling's rows": "| Model | Accuracy | F1 |\n|---|---|---|\n| BarVLM | 71.2 | 65.0 |\n"
    "| ZebraLM | 66.1 | 60.3 |",
    "an older generation": "## Foo2 results\n\n| Model | Accuracy | F1 |\n|---|---|---|\n"
    "| Foo2-7B | 71.2 | 65.0 |\n| ZebraLM | 66.1 | 60.3 |",
    "placeholders": "## Evaluation\n\n| Model | Accuracy | F1 |\n|---|---|---|\n| Foo3-7B | TBD | TBD |\n"  # noqa: E501
    "| ZebraLM | TBD | - |",
    "marks": "## Evaluation\n\n| Model | ZebraQA | ZebraSum |\n|---|---|---|\n| Foo3-7B | yes | no |",  # noqa: E501
    "a heading alone": "## Evaluation results\n\nComing soon.",
    "names of benchmarks": "We evaluate Foo3 on ZebraQA and ZebraSum for accuracy.",
    "a leaderboard's address": "Foo3 is on the [leaderboard](https://leaders.example/board).",
}


@pytest.mark.parametrize("case", NO_TABLES)
def test_what_are_no_results_of_this_model(told: Results, case: str) -> None:
    assert told(NO_TABLES[case]) == []


@pytest.mark.parametrize(
    "rows",
    [
        "| ZebraLM | 71.2 | 65.0 |\n| OtterLM | 66.1 | 60.3 |",
        "| ZebraLM-7B | 71.2 | 65.0 |\n| OtterLM-13B | 66.1 | 60.3 |",
    ],
)
def test_baselines_alone_never_make_the_component_whole(told: Results, rows: str) -> None:
    """Results of other models do not count (rule 13); a size in a rival's name is no own name."""
    table = f"## Baselines\n\n| Model | Accuracy | F1 |\n|---|---|---|\n{rows}"
    assert [row for row in told(table) if " whole " in row] == []


def test_numbers_in_a_sentence_are_results(told: Results) -> None:
    """Numbers in tracked text are in the repository (rule 13), also outside a table."""
    text = (
        "## Evaluation\n\nFoo3-7B reaches an accuracy of 71.2 on ZebraQA, an F1 of 65.0 on ZebraSum "  # noqa: E501
        "and a pass@1 of 31.7 on ZebraCode."
    )
    assert told(text) == ["Found whole README.md:5"]


# -- figures -----------------------------------------------------------------------------------

FIGURE = "## Evaluation\n\n![benchmark results of Foo3](assets/results.png)"


def test_a_tracked_figure_of_results(told: Results) -> None:
    assert told(FIGURE, {"assets/results.png": PNG}) == ["Found whole README.md:5"]


def test_a_chinese_heading_over_a_tracked_figure(told: Results) -> None:
    text = "## 评测\n\n![](assets/foo3.png)"
    assert told(text, {"assets/foo3.png": PNG}) == ["Found whole README.md:5"]


def test_a_figure_that_is_not_in_the_tree_shows_nothing(told: Results) -> None:
    assert told(FIGURE) == []


def test_a_remote_figure_is_linked(told: Results) -> None:
    url = "https://cdn.acme.example/results.png"
    assert told(f"## Evaluation\n\n![results]({url})") == [f"Linked whole README.md:5 {url}"]


def test_a_loss_curve_is_no_whole_result(told: Results) -> None:
    rows = told("![training loss](assets/loss.png)", {"assets/loss.png": PNG})
    assert [row for row in rows if " whole " in row] == []


@pytest.mark.parametrize(
    "text",
    [
        "![Foo3 logo](assets/x.png)",
        "## Usage\n\n![web interface](assets/x.png)",
        "## Benchmark of BarVLM\n\n![BarVLM benchmark](assets/x.png)",
        "## Evaluation\n\n![logo](assets/x.png)",
        "## Evaluation\n\n![score](https://img.shields.io/badge/score-71-green)",
        "![architecture](assets/x.png)",
    ],
)
def test_other_pictures_are_no_results(told: Results, text: str) -> None:
    assert told(text, {"assets/x.png": PNG}) == []


@pytest.mark.parametrize("path", ["third_party/x/README.md", "Foo2/README.md", "tests/README.md"])
def test_documents_that_are_not_the_releases_are_not_read(told: Results, path: str) -> None:
    assert told(TABLES["by row"], path=path) == []


# -- anything at all ---------------------------------------------------------------------------

TELLING = "| Foo3-7B | 71.2 | 65.0 |"
HEAD = "| Model | Accuracy | F1 |\n|---|---|---|\n"
HOSTILE = {
    "100k lines": (HEAD + f"{TELLING}\n" * 8 + "\n" * 90) * 1000,
    "one endless row": HEAD + TELLING * 20_000,
    "an unclosed fence": f"```\n{HEAD}{TELLING}\n" * 999,
    "an unclosed table": "<table>" + "<tr><td>Foo3<td>1.0" * 9000,
    "deep nesting": "<table><tr><td>" * 4000 + HEAD + TELLING + "[" * 9000 + "](" * 9000,
    "control characters": HEAD + "".join(map(chr, range(1, 32))) + TELLING + "\x7f\u202e\u2028",
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    text = HOSTILE[case]
    assert all_cited(results, make_release({"README.md": text}, US)) < 20_000


PIECES = st.sampled_from(
    [
        TELLING,
        HEAD,
        "# Foo3",
        "## 评测",
        "```",
        "|---|---|",
        "|",
        "<table>",
        "<tr><td>Foo3",
        "</table>",
        "![results](a.png)",
        "accuracy",
        "71.2",
        "BarVLM",
        "<img src=x alt=benchmark>",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    all_cited(results, make_release({"README.md": text}, US))
