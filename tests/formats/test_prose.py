"""Prose: sentences in two languages, topics, and amounts of training tokens."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import prose
from openassay.formats.prose import sentences, tokens_stated


def cut(text: str) -> list[str]:
    return [sentence.text for sentence in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("We use v2.0 of it. Next.", ["We use v2.0 of it.", "Next."]),  # a point inside a number
        ("See a.b for it. next", ["See a.b for it. next"]),  # no capital: no new sentence
        ("模型开源。权重需申请；不可！好？", ["模型开源。", "权重需申请；", "不可！", "好？"]),
        ("Intro:\n- one\n- two\n1. three", ["Intro:", "- one", "- two", "1. three"]),
        ("（1）甲\n（2）乙", ["（1）甲", "（2）乙"]),
        ("wrapped\nline", ["wrapped\nline"]),
        ("one\n\ntwo", ["one", "two"]),
        ("Done. [Link](x), **bold**. “Quoted”", ["Done.", "[Link](x), **bold**.", "“Quoted”"]),
        ("", []),
        (" \n\n ", []),
    ],
)  # fmt: skip
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_sentence_knows_where_it_starts() -> None:
    text = "  First one.   Second one.\n- item"
    for sentence in sentences(text):
        assert text[sentence.start :].startswith(sentence.text)


def test_sentences_are_bounded_and_the_rest_is_kept_as_one() -> None:
    text = "Ab. " * 50
    found = cut(text)
    assert len(found) == 50
    bounded = [sentence.text for sentence in sentences(text, limit=10)]
    assert len(bounded) == 11
    assert bounded[-1].count("Ab.") == 40


PIECES = st.lists(
    st.sampled_from(
        ["One", ". ", "。", "\n", "- ", "1. ", "A b", "；", "? ", '"', " ", "（1）", "2"]
    ),
    max_size=30,
).map("".join)


@given(PIECES | st.text(max_size=80))
def test_nothing_but_white_space_falls_between_sentences(text: str) -> None:
    at = 0
    for sentence in sentences(text):
        assert sentence.start >= at
        assert not text[at : sentence.start].strip()
        assert text[sentence.start : sentence.start + len(sentence.text)] == sentence.text
        assert sentence.text == sentence.text.strip() != ""
        at = sentence.start + len(sentence.text)
    assert not text[at:].strip()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("trained on 2.5 trillion tokens", 2.5e12),
        ("1.4T tokens", 1.4e12),
        ("2,600 billion tokens", 2.6e12),
        ("300 B high-quality tokens", 3e11),
        ("500 million tokens", 5e8),
        ("2.6万亿 tokens", 2.6e12),
        ("3000亿词元", 3e11),
        ("使用了3000亿词元", 3e11),
        ("1.2T-token corpus", 1.2e12),
        ("15T of tokens", 1.5e13),
        ("first 1T tokens, then 200B tokens", 1e12),  # the largest
        ("a 7B model", None),
        ("7B parameters", None),
        ("tokens", None),
        ("2048 tokens of context", None),  # a window, no amount
        ("version 1.2.3.4 billion tokens", None),
        ("", None),
    ],
)
def test_training_tokens_as_stated(text: str, tokens: float | None) -> None:
    assert tokens_stated(text) == (None if tokens is None else pytest.approx(tokens))


@given(st.text("0123456789.,TtBb 万亿tokensfi-", max_size=100) | st.text(max_size=100))
def test_any_text_states_a_finite_amount_or_none(text: str) -> None:
    found = tokens_stated(text)
    assert found is None or 0 <= found < float("inf")


def numbers(count: int) -> str:
    return "60," * count


def test_amounts_repeat_their_groups_of_digits_within_a_bound() -> None:
    """Four groups of three make a quadrillion; more are a list, and backtrack from each start."""
    assert re.search(r"\{1,3\}\)\*", prose._AMOUNT.pattern) is None
    assert tokens_stated(f"{numbers(20)} 5 billion tokens") == pytest.approx(5e9)


TOPICS = [
    (prose.FUTURE, "Training code is coming soon.", "Training code is released."),
    (prose.FUTURE, "We plan to release the data.", "We released the data."),
    (prose.FUTURE, "训练代码即将开源", "训练代码已开源"),
    (prose.FUTURE, "敬请期待", "欢迎使用"),
    (prose.WITHHELD, "The data will not be released.", "The data were released."),
    (prose.WITHHELD, "trained on internal data", "trained on public data"),
    (prose.WITHHELD, "训练数据不公开", "训练数据公开"),
    (prose.WITHHELD, "We cannot share the corpus.", "We share the corpus."),
    (prose.PRETRAINING, "pretrained from scratch", "fine-tuned"),
    (prose.PRETRAINING, "预训练语料", "微调数据"),
    (prose.FINETUNING, "supervised fine-tuning (SFT)", "pretraining"),
    (prose.FINETUNING, "LoRA adapters", "flora and fauna"),
    (prose.EVALUATION, "benchmark results", "the weather"),
    (prose.EVALUATION, "评测结果", "下载"),
    (prose.OTHERS, "Acknowledgements", "Introduction"),
    (prose.OTHERS, "相关项目", "模型介绍"),
    (prose.SAMPLE, "a toy subset", "the corpus"),
    (prose.SPEED, "throughput in tokens/s", "accuracy"),
    (prose.SHAPE, "Model architecture", "Installation"),
    (prose.TRAINING, "was trained on", "restrained"),
]


@pytest.mark.parametrize(("topic", "about", "not_about"), TOPICS)
def test_what_a_passage_speaks_of(topic: re.Pattern[str], about: str, not_about: str) -> None:
    assert topic.search(about)
    assert not topic.search(not_about)
