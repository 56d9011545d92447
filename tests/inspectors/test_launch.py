"""Commands that call an evaluation harness name its code and the tasks."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.inspectors import launch
from openassay.subject import Subject

SUBJECT = Subject(names=("Foo2",), owners=frozenset({"fooai"}))


@pytest.mark.parametrize(
    ("path", "text", "harness", "tasks"),
    [
        ("run.sh", "lm_eval --model hf --tasks piqa,arc_easy", "lm-evaluation-harness", "piqa"),
        ("run.sh", "lm-eval run --tasks=piqa", "lm-evaluation-harness", "piqa"),
        ("run.sh", "CUDA=0 python -m lm_eval \\\n --tasks piqa", "lm-evaluation-harness", "piqa"),
        ("run.sh", "python main.py --model gpt2 --tasks piqa", "lm-evaluation-harness", "piqa"),
        ("run.sh", "T=piqa\nlighteval accelerate --tasks $T", "lighteval", "piqa"),
        ("run.sh", "accelerate launch main.py --tasks humaneval", "bigcode-evaluation-harness",
         "humaneval"),
        ("eval.slurm", "srun python run.py --datasets mmlu_ppl", "opencompass", "mmlu_ppl"),
        ("Makefile", "e:\n\tevalplus.evaluate --dataset humaneval", "evalplus", "humaneval"),
        ("run.py", "import lm_eval\nlm_eval.simple_evaluate(model=m, tasks=['piqa'])",
         "lm-evaluation-harness", "piqa"),
    ],
)  # fmt: skip
def test_harness_and_tasks(
    make_release: Any, run: Any, path: str, text: str, harness: str, tasks: str
) -> None:
    code, data = run(launch, make_release({path: text}, SUBJECT))
    assert (code.component, code.aspect) == ("evaluation_code", "harness")
    assert code.url.endswith(harness)
    assert (data.component, data.aspect) == ("evaluation_data", "harness_tasks")
    assert tasks in data.detail


def test_the_whole_command_is_cited(make_release: Any, run: Any) -> None:
    fact = run(launch, make_release({"a.sh": "set -e\nlm_eval \\\n  --tasks piqa\n"}, SUBJECT))[0]
    assert (fact.evidence[0].span.start, fact.evidence[0].span.end) == (2, 3)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.sh", "pip install lm_eval"),
        ("a.sh", "echo lm_eval --tasks piqa"),
        ("a.sh", "# lm_eval --tasks piqa"),
        ("a.sh", "python main.py --config x"),
        ("bench.sh", "lm_eval --tasks piqa"),
        ("case-studies/a.sh", "lm_eval --tasks piqa"),
        ("third_party/a.sh", "lm_eval --tasks piqa"),
        ("run.py", "import lm_eval\n"),
    ],
)
def test_these_evaluate_nothing(make_release: Any, run: Any, path: str, text: str) -> None:
    assert run(launch, make_release({path: text}, SUBJECT)) == []


def test_unknown_tasks_are_not_data(make_release: Any, run: Any) -> None:
    (fact,) = run(launch, make_release({"a.sh": "lm_eval --tasks $TASKS"}, SUBJECT))
    assert fact.component == "evaluation_code"
