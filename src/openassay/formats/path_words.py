"""What the names in a path say of a file's role: words, and small closed lists of them.

A name is a hint, never a proof; inspectors use it to choose what to open and to leave out what is
openly called a sample, a demo or a test. Words are split at everything that is not a letter or a
digit and at changes of case, so ``sftData_1k`` gives ``sft data 1k``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[a-z]{0,2}(?![a-z])|[^\W\d_a-zA-Z]+")
_TOKEN: Final = re.compile(r"[a-z0-9]+")


def _closed(names: str) -> frozenset[str]:
    return frozenset(names.split())


DEMO: Final = _closed(
    """demo demos example examples sample samples sampled toy toys mock mocks dummy tiny mini
    fixture fixtures template templates tutorial tutorials debug smoke quickstart playground
    示例 样例 测试"""
)
EVALUATION: Final = _closed(
    """eval evals evaluate evaluation evaluations evaluator benchmark benchmarks bench benchmarking
    mmlu cmmlu ceval agieval bbh gsm8k humaneval mbpp hellaswag arc truthfulqa winogrande piqa
    lambada boolq squad xsum glue superglue mtbench alpacaeval ifeval gpqa longbench winobias crows
    测评 评测 评估"""
)
FINETUNE: Final = _closed(
    """finetune finetuning finetuned tune tuning sft dpo ppo rlhf grpo orpo lora qlora peft ptuning
    adapter adapters alignment instruct dreambooth controlnet 微调"""
)
RESULTS: Final = _closed(
    "result results score scores metric metrics leaderboard leaderboards evals summary"
)
OUTPUTS: Final = _closed(
    """output outputs generation generations generated prediction predictions completion completions
    response responses transcripts"""
)


@lru_cache(maxsize=8192)
def words(path: str) -> frozenset[str]:
    """The lower-case words of a path, of its folders and of its name alike."""
    found = {word.lower() for word in _WORD.findall(path[:1024])}
    found |= EVALUATION.intersection(_TOKEN.findall(path[:1024].lower()))  # gsm8k is one word
    joined = re.sub(r"[-_]", "", path.lower()[:1024])
    if "finetun" in joined or "fine-tun" in path.lower():
        found.add("finetune")
    if "c-eval" in path.lower():
        found.add("ceval")
    return frozenset(found)


def is_demo(path: str) -> bool:
    """Whether a path calls itself a sample, a demo, an example or a stub."""
    return not words(path).isdisjoint(DEMO)


def is_finetune(path: str) -> bool:
    """Whether a path speaks of tuning a model that already is."""
    return not words(path).isdisjoint(FINETUNE)


def is_evaluation(path: str) -> bool:
    """Whether a path speaks of evaluation or names a well-known benchmark."""
    return not words(path).isdisjoint(EVALUATION)
