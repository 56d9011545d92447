"""Claims that a model was made from nothing; sentences about other things do not count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import own_training
from openassay.subject import Subject
from openassay.types import Stated

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
Said = Callable[..., list[str]]


@pytest.fixture
def said(make_release: Any, run: Any) -> Said:
    """`said(text)`: "from_scratch README.md:3" for each claim."""

    def tell(text: str, title: str = "Foo3") -> list[str]:
        files = {"README.md": f"# {title}\n\n{text}\n"}
        return [
            f"{f.value} {f.evidence[0].path}:{f.evidence[0].span.start}"
            for f in run(own_training, make_release(files, US))
            if isinstance(f, Stated) and f.topic == "own_training"
        ]

    return tell


CLAIMS = {
    "by name": ("Foo3 is a language model trained from scratch on 2T tokens.", "from_scratch"),
    "we": ("We trained the model entirely from scratch.", "from_scratch"),
    "it": ("It was pretrained from scratch.", "from_scratch"),
    "a description": ("A fully self-developed model, pre-trained from scratch.", "from_scratch"),
    "a bullet": ("- **Data**: Trained from scratch on 2T tokens.", "from_scratch"),
    "self-developed": ("Foo3 is fully self-developed.", "self_developed"),
    "Chinese": ("Foo3 是从零开始训练的大语言模型。", "from_scratch"),
    "Chinese, own": ("Foo3 是由阿克米自主研发的大语言模型。", "self_developed"),
    "Chinese, wholly own": ("我们发布完全自研的模型。", "self_developed"),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_a_claim(case: str, said: Said) -> None:
    text, value = CLAIMS[case]
    assert said(text) == [f"{value} README.md:3"]


def test_a_title_that_no_source_knows_by_name_counts(said: Said) -> None:
    assert said("Nova-1B is trained from scratch.", "Nova-1B") == ["from_scratch README.md:3"]


NO_CLAIMS = {
    "another's": "BarVLM is trained from scratch.",
    "a rival's": "Unlike models trained from scratch, ours is tuned.",
    "denied": "Foo3 was not trained from scratch.",
    "instead": "We tuned it instead of having it trained from scratch.",
    "an instruction": "You can train Foo3 from scratch with this script.",
    "a gerund": "Training from scratch takes a week with our code.",
    "a part": "The tokenizer of Foo3 was trained from scratch.",
    "a pipeline": "We built the data pipeline from scratch.",
    "a question": "Was Foo3 trained from scratch?",
    "a framework": "我们使用自研的训练框架。",
    "less work": "使用 Foo3 无需从头训练。",
    "tuned": "Foo3 is fine-tuned from ZebraLM.",
}


@pytest.mark.parametrize("case", NO_CLAIMS)
def test_what_is_no_claim(case: str, said: Said) -> None:
    assert said(NO_CLAIMS[case]) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.text(alphabet="train from scratch self-developed 从零训练自研的模型。.,:* ", max_size=400)
)
def test_any_text_is_read(said: Said, text: str) -> None:
    for row in said(text):
        assert row.startswith(("from_scratch", "self_developed"))


def test_no_pattern_takes_long(said: Said) -> None:
    said("trained " * 180)
    said("other to train " * 90)
    said("自研" * 700)
