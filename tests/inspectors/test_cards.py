"""Cards are judged by what they say: details, performance, use or limits; source, size, cleaning."""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import cards
from openassay.subject import Subject
from openassay.types import Found, Linked

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
SLOW = pytest.mark.slow
Cards = Callable[..., list[str]]


@pytest.fixture
def told(make_release: Any, run: Any) -> Cards:
    """`told(component, text, path)`: "Found whole README.md:3" for each fact on the component."""

    def tell(component: str, text: str, path: str = "README.md") -> list[str]:
        return [
            f"{type(f).__name__} {f.extent} {f.evidence[0].path}:{f.evidence[0].span.start} "
            f"{getattr(f, 'url', '')}".strip()
            for f in run(cards, make_release({"README.md": "# Foo3\n", path: text}, US))
            if isinstance(f, (Found, Linked)) and f.component == component
        ]

    return tell


DETAILS = (
    "# Foo3\n\nFoo3 is a decoder-only transformer of 7 billion parameters, pre-trained on 2 trillion "  # noqa: E501
    "tokens with a context length of 8192.\n\n"
)
RESULTS = "## Evaluation\n\nFoo3 scores 71.2 on ZebraQA and 65.0 on ZebraSum.\n\n"
LIMITS = "## Limitations\n\nThe model can produce wrong or biased text.\n\n"
USE = "## Intended use\n\nThe model is intended for research on zebras.\n\n"
DETAILS_ZH = "# Foo3\n\nFoo3 是 70 亿参数的语言模型，架构为解码器，在 2 万亿词元上预训练，上下文长度 8192。\n\n"  # noqa: E501
RESULTS_ZH = "## 评测结果\n\nFoo3 在斑马问答上得 71.2 分，在斑马摘要上得 65.0 分。\n\n"
LIMITS_ZH = "## 局限性\n\n模型可能生成错误或有偏见的内容。\n\n"


# -- model card --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [DETAILS + RESULTS + LIMITS, DETAILS + RESULTS + USE, DETAILS_ZH + RESULTS_ZH + LIMITS_ZH],
)
def test_a_readme_with_all_three_is_a_card(told: Cards, text: str) -> None:
    assert told("model_card", text) == ["Found whole README.md:3"]


@pytest.mark.parametrize(
    "text", [DETAILS + RESULTS, DETAILS + LIMITS, DETAILS + USE, DETAILS_ZH + RESULTS_ZH]
)
def test_two_of_the_three_are_part(told: Cards, text: str) -> None:
    assert told("model_card", text) == ["Found part README.md:3"]


@pytest.mark.parametrize(
    "text",
    [
        DETAILS,
        DETAILS_ZH,
        "# Foo3\n\nInstall with pip.\n",
        "# Foo3\n\n" + RESULTS,
        "# Foo3\n\n" + LIMITS,
    ],
)
def test_one_of_the_three_is_none(told: Cards, text: str) -> None:
    assert told("model_card", text) == []


NOT_LIMITS = {
    "a disclaimer": "## Disclaimer\n\nWe accept no liability for any risk that comes from the model.",  # noqa: E501
    "a Chinese disclaimer": "## 声明\n\n我们对使用模型产生的任何风险和责任不承担责任。",
    "the licence": "## License\n\nSee the license for limits on the use of the model.",
    "limits of a tool": "## Known limits of the installer\n\nIt needs a GPU.",
    "a sibling's limits": "## BarVLM limitations\n\nThe model BarVLM can be wrong.",
}


@pytest.mark.parametrize("case", NOT_LIMITS)
def test_a_legal_disclaimer_is_neither_use_nor_limits(told: Cards, case: str) -> None:
    assert told("model_card", DETAILS + RESULTS + NOT_LIMITS[case]) == ["Found part README.md:3"]


def test_options_of_an_evaluation_are_not_the_models_settings(told: Cards) -> None:
    command = "```bash\npython run.py \\\n    --batch-size 8 \\\n    --batch-size 4\n```"
    assert told("model_metadata", f"# Foo3\n\n## Evaluation\n\n{command}", "EVALUATION.md") == []


def test_speed_is_no_performance(told: Cards) -> None:
    """Under "performance" only the quality of the model counts, not tokens per second."""
    text = DETAILS + "## Inference speed and memory\n\nIt makes 71.2 tokens/s in 14.5 GB.\n"
    assert told("model_card", text) == []


def test_a_siblings_section_is_not_this_models_card(told: Cards) -> None:
    text = DETAILS + "## BarVLM\n\n" + RESULTS.replace("##", "###").replace("Foo3", "BarVLM")
    assert told("model_card", text) == []


@pytest.mark.parametrize("path", ["MODEL_CARD.md", "docs/model-card.md"])
def test_a_document_presented_as_a_card_is_one(told: Cards, path: str) -> None:
    """Presented as a card: in the repository, with a note of what it lacks (rule 15)."""
    text = (DETAILS + RESULTS).replace("# Foo3", "# Model card of Foo3", 1) + "More words. " * 60
    (row,) = told("model_card", text, path)
    assert row.startswith(f"Found whole {path}:")


def test_what_a_presented_card_lacks_is_noted(make_release: Any, run: Any) -> None:
    release = make_release({"MODEL_CARD.md": DETAILS + RESULTS}, US)
    (fact,) = [f for f in run(cards, release) if getattr(f, "component", "") == "model_card"]
    assert "lacks use or limits" in fact.detail


def test_a_stub_that_points_elsewhere_is_linked(told: Cards) -> None:
    url = "https://huggingface.co/acme/Foo3-7B"
    text = f"# Model card\n\nThe card is at [the hub]({url}).\n"
    assert told("model_card", text, "MODEL_CARD.md") == [f"Linked whole MODEL_CARD.md:3 {url}"]


def test_a_data_card_that_points_elsewhere_is_linked(told: Cards) -> None:
    text = "# Data card\n\nSee Appendix C of [our paper](https://arxiv.org/abs/2401.00001).\n"
    found = told("data_card", text, "docs/data_card.md")
    assert found == ["Linked whole docs/data_card.md:3 https://arxiv.org/abs/2401.00001"]
    assert told("data_card", "# Data card\n\nTo be written.\n", "docs/data_card.md") == []


def test_an_empty_stub_is_nothing(told: Cards) -> None:
    assert told("model_card", "# Model card\n\nComing soon.\n", "MODEL_CARD.md") == []


@pytest.mark.parametrize("path", ["Foo2/MODEL_CARD.md", "BarVLM/MODEL_CARD.md", "tests/README.md"])
def test_cards_of_other_models_are_not_read(told: Cards, path: str) -> None:
    assert told("model_card", DETAILS + RESULTS + LIMITS, path) == []


def test_a_readme_below_the_root_is_no_card(told: Cards) -> None:
    assert told("model_card", DETAILS + RESULTS + LIMITS, "demo/README.md") == []


# -- data card ---------------------------------------------------------------------------------

SOURCE = "The corpus was collected from web pages and books.\n\n"
SIZE = "It holds 2 trillion tokens in 12 languages, 60% of them English.\n\n"
CLEANED = "We filtered it for quality and removed duplicates.\n\n"
SOURCE_ZH = "语料来源于网页和书籍。\n\n"
SIZE_ZH = "共 2 万亿词，其中中文占比 40%。\n\n"
CLEANED_ZH = "数据经过清洗、过滤和去重。\n\n"


@pytest.mark.parametrize("path", ["DATA_CARD.md", "docs/datasheet.md"])
def test_a_data_card_file_with_all_three(told: Cards, path: str) -> None:
    text = "# Datasheet of FooCorpus\n\n" + SOURCE + SIZE + CLEANED
    assert told("data_card", text, path)[:1] == [f"Found whole {path}:1"]


@pytest.mark.parametrize(
    "text",
    [
        "# Foo3\n\n## Training data\n\n" + SOURCE + SIZE + CLEANED,
        "# Foo3\n\n## 训练数据\n\n" + SOURCE_ZH + SIZE_ZH + CLEANED_ZH,
    ],
)
def test_a_dedicated_section_with_all_three_is_whole(told: Cards, text: str) -> None:
    """Rule 16 asks for a dedicated section *or* file with all three."""
    assert told("data_card", text) == ["Found whole README.md:3"]


@pytest.mark.parametrize(
    "text",
    [
        "# Foo3\n\n## Training data\n\n" + SOURCE + SIZE,
        "# Foo3\n\n## Training data\n\n" + SOURCE + CLEANED,
        "# Foo3\n\n## 训练数据\n\n" + SOURCE_ZH + SIZE_ZH,
    ],
)
def test_two_of_the_three_are_part_of_a_data_card(told: Cards, text: str) -> None:
    assert told("data_card", text) == ["Found part README.md:3"]


NO_DATA_CARD = {
    "sizes": "## Training data\n\nFoo3 was trained on 2 trillion tokens.",
    "publicly available data": "## Training data\n\nWe used 2 trillion tokens of publicly available data.",  # noqa: E501
    "preparing one's own": "## Prepare your data\n\n" + SOURCE + SIZE + CLEANED,
    "the format of one's own": "## 数据格式\n\n" + SOURCE_ZH + SIZE_ZH,
    "a benchmark's": "## Benchmark data\n\n" + SOURCE + SIZE,
    "a fine-tuning demo's": "## Fine-tuning demo\n\n### Data\n\n" + SOURCE + SIZE + CLEANED,
    "no section": SOURCE,
    "a sibling's": "## BarVLM training data\n\n" + SOURCE + SIZE + CLEANED,
}


@pytest.mark.parametrize("case", NO_DATA_CARD)
def test_what_is_no_data_card(told: Cards, case: str) -> None:
    assert told("data_card", f"# Foo3\n\n{NO_DATA_CARD[case]}\n") == []


# -- hyper-parameters in prose -----------------------------------------------------------------

SHAPE = (
    "| Model | layers | hidden size | heads |\n|---|---|---|---|\n| Foo3-7B | 32 | 4096 | 32 |\n"
)
LIST = "- optimizer: 1 (adamw)\n- learning rate: 3e-4\n- batch size: 1024\n"


@pytest.mark.parametrize(
    "table", [SHAPE, LIST, SHAPE.replace("layers", "层数").replace("heads", "注意力头")]
)
def test_a_shape_in_prose_is_metadata_in_part(told: Cards, table: str) -> None:
    assert told("model_metadata", f"# Foo3\n\n## Model\n\n{table}") == ["Found part README.md:5"]


@pytest.mark.parametrize(
    "text",
    [
        f"# BarVLM\n\n{SHAPE.replace('Foo3', 'BarVLM')}",
        f"# Foo3\n\n## BarVLM\n\n{SHAPE.replace('Foo3', 'BarVLM')}",
        f"# Foo3\n\n## Foo2 model\n\n{SHAPE.replace('Foo3', 'Foo2')}",
        "# Foo3\n\nWe tuned the learning rate with care.\n",
        "# Foo3\n\n| Model | Accuracy | F1 |\n|---|---|---|\n| Foo3 | 71.2 | 65.0 |\n",
    ],
)
def test_other_tables_are_no_metadata(told: Cards, text: str) -> None:
    assert told("model_metadata", text) == []


# -- anything at all ---------------------------------------------------------------------------

TELLING = "## Training data\n\nCollected from web pages, 2 trillion tokens, filtered.\n"
HOSTILE = {
    "100k lines": (TELLING + "plain text\n" * 97) * 1000,
    "one endless line": DETAILS + SOURCE.strip() * 20_000,
    "an unclosed fence": f"{TELLING}```\n{LIMITS}" * 999,
    "many sections": TELLING * 1000,
    "deep nesting": "".join("#" * (1 + i % 6) + f" Data {i}\n" for i in range(1500)) + "[" * 9000,
    "control characters": DETAILS + "".join(map(chr, range(1, 32))) + TELLING + "\x7f\u202e\u2028",
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    text = HOSTILE[case]
    assert all_cited(cards, make_release({"README.md": text, "MODEL_CARD.md": text}, US)) < 20_000


PIECES = st.sampled_from(
    [
        TELLING,
        DETAILS,
        RESULTS,
        LIMITS_ZH,
        SHAPE,
        LIST,
        "```",
        "# Model card",
        "# 数据卡",
        "|---|---|",
        "BarVLM",
        "![](a.png)",
        "---",
        "<h2>Data</h2>",
        "https://x.example",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    all_cited(cards, make_release({"README.md": text, "MODEL_CARD.md": text}, US))
