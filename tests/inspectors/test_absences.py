"""What the authors say is withheld or comes later is ruled out, for the component they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import absences
from openassay.subject import Subject
from openassay.types import RuledOut

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
SLOW = pytest.mark.slow
Absences = Callable[..., list[str]]


@pytest.fixture
def told(make_release: Any, run: Any) -> Absences:
    """`told(text)`: "training_code README.md:3" for each component that is ruled out."""

    def tell(text: str, path: str = "README.md") -> list[str]:
        return [
            f"{f.component} {f.evidence[0].path}:{f.evidence[0].span.start}"
            for f in run(absences, make_release({path: f"# Foo3\n\n{text}\n"}, US))
            if isinstance(f, RuledOut)
        ]

    return tell


LATER = {
    "The training code will be released soon.": "training_code",
    "Training code: coming soon": "training_code",
    "训练代码即将开源。": "training_code",
    "Our evaluation code is coming soon.": "evaluation_code",
    "评测代码将在下月开源。": "evaluation_code",
    "The weights of Foo3-70B will be released in May.": "model_parameters_final",
    "模型权重敬请期待。": "model_parameters_final",
    "We plan to release the intermediate checkpoints.": "model_parameters_intermediate",
    "The technical report is coming soon.": "technical_report",
    "技术报告即将发布。": "technical_report",
    "The paper will be available soon.": "research_paper",
    "The training data will be released soon.": "datasets",
    "数据集后续会开源。": "datasets",
}


@pytest.mark.parametrize("text", LATER)
def test_what_is_announced_for_later(told: Absences, text: str) -> None:
    assert told(text) == [f"{LATER[text]} README.md:3"]


def test_code_that_prepares_data_is_not_the_data(told: Absences) -> None:
    text = "TODO: release the data filtering code."
    assert told(text) == ["data_preprocessing_code README.md:3"]


WITHHELD = {
    "We cannot release the training data.": "datasets",
    "The training data is not released.": "datasets",
    "Foo3 was trained on an internal corpus.": "datasets",
    "Foo3 was trained on proprietary data.": "datasets",
    "训练数据不会公开。": "datasets",
    "We do not release the training code.": "training_code",
    "训练代码未开源。": "training_code",
}


@pytest.mark.parametrize("text", WITHHELD)
def test_what_is_withheld(told: Absences, text: str) -> None:
    assert told(text) == [f"{WITHHELD[text]} README.md:3"]


NOTHING = {
    "what is there": "The training code and the training data are released.",
    "Chinese, what is there": "训练代码和训练数据已经开源。",
    "a feature": "Support for longer inputs is coming soon.",
    "an event": "A workshop on Foo3 will be held soon.",
    "a sibling": "BarVLM weights will be released soon.",
    "an older generation": "The training data of Foo2 is not released.",
    "a wish": "We hope that Foo3 is useful.",
    "a thing done soon after": "Foo3 reached a low loss soon.",
}


@pytest.mark.parametrize("case", NOTHING)
def test_what_rules_nothing_out(told: Absences, case: str) -> None:
    assert told(NOTHING[case]) == []


def test_private_use_of_ones_own_data_withholds_nothing(told: Absences) -> None:
    """A promise about the reader's data says nothing of the training data."""
    assert told("You can tune Foo3 on your private data.") == []


def test_a_model_trained_on_internal_data_withholds_the_data(told: Absences) -> None:
    assert told("模型在内部数据上训练。") == ["datasets README.md:3"]


def test_it_says_how_it_is_withheld(make_release: Any, run: Any) -> None:
    text = "The training code is coming soon.\n\nThe training data is not released.\n"
    facts = run(absences, make_release({"README.md": text}, US))
    assert [f.looked_for for f in facts] == [("announced for later",), ("withheld",)]


def test_a_table_row_and_a_list_item_are_cited_on_their_line(told: Absences) -> None:
    text = "- weights: [here](x)\n- training code: TODO release\n\n| part | status |\n|---|---|\n"
    text += "| training data | to be released |\n"
    assert told(text) == ["training_code README.md:4", "datasets README.md:8"]


def test_a_sibling_under_the_own_title_rules_nothing_out(told: Absences) -> None:
    assert told("## BarVLM\n\nThe weights will be released soon.") == []


@pytest.mark.parametrize("path", ["third_party/x/README.md", "Foo2/README.md", "tests/README.md"])
def test_documents_that_are_not_the_releases_are_not_read(told: Absences, path: str) -> None:
    assert told("The training code will be released soon.", path) == []


# -- anything at all ---------------------------------------------------------------------------

TELLING = "The training code will be released soon, the data is not public. 训练代码即将开源。"
HOSTILE = {
    "100k lines": (f"{TELLING}\n\n" + "plain text\n\n" * 9) * 5_000,
    "one endless line": f"{TELLING} " * 1000,
    "one endless sentence": "we will not never soon release the internal " * 10_000,
    "an unclosed fence": f"{TELLING}\n```\n{TELLING}\n" * 999,
    "deep nesting": "> " * 4000 + TELLING + "\n" + "[" * 9000 + "](" * 9000 + "<a><p>" * 4000,
    "control characters": "".join(map(chr, range(1, 32))) + TELLING + "\x7f\u202e\ufeff\u2028",
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    text = HOSTILE[case]
    assert all_cited(absences, make_release({"README.md": text}, US)) < 20_000


PIECES = st.sampled_from(
    [
        TELLING,
        "# Foo3",
        "即将",
        "TODO",
        "```",
        "| data | soon |",
        "|---|---|",
        "release",
        "paper",
        "内部数据",
        "BarVLM",
        "not released",
        "coming soon",
        "weights",
        "- ",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    all_cited(absences, make_release({"README.md": text}, US))
