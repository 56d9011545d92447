"""The words of a path, and the closed lists they are compared with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import path_words


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("sftData_1k/trainSet.jsonl", {"sft", "data", "1k", "train", "set", "jsonl"}),
        ("HTTPServer/config.yaml", {"http", "server", "config", "yaml"}),
        ("eval/C-Eval/a.csv", {"eval", "c", "ceval", "a", "csv"}),
        ("fine-tune/ds_config.json", {"fine", "tune", "finetune", "ds", "config", "json"}),
        ("x/gsm8k-v2.csv", {"x", "gsm", "8k", "gsm8k", "v", "2", "csv"}),
        ("数据/训练.txt", {"数据", "训练", "txt"}),
    ],
)
def test_words(path: str, expected: set[str]) -> None:
    assert path_words.words(path) == expected


def test_closed_lists() -> None:
    assert path_words.is_demo("data/sample_1k.jsonl")
    assert not path_words.is_demo("data/train.jsonl")
    assert path_words.is_finetune("fine_tuning/run.yaml")
    assert path_words.is_evaluation("bench/gsm8k.jsonl")


@given(st.text(max_size=2_000))
def test_words_are_lower_case(path: str) -> None:
    assert all(word == word.lower() for word in path_words.words(path))
