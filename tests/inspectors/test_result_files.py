"""Scores and outputs of the named model, not of its baselines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openassay.inspectors import result_files
from openassay.subject import Subject
from openassay.types import Extent

SCORES = json.dumps({"results": {"mmlu": {"acc": 0.32, "acc_stderr": 0.01}}}, indent=1)
FOO = Subject(names=("Foo",))


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("evals/foo/step1.json", SCORES, 4),
        ("results/all.csv", "task,acc\nmmlu,0.3\n", 1),
        ("eval/results.json", '{\n"pass@1": 0.2}', 2),
        ("results/mmlu.json", '{"exact_match,none": 0.5}', 1),
    ],
)
def test_metrics_are_cited(make_release: Any, run: Any, path: str, text: str, line: int) -> None:
    (fact,) = run(result_files, make_release({path: text}, FOO))
    assert (fact.component, fact.extent, fact.aspect) == (
        "evaluation_results",
        Extent.WHOLE,
        "result_files",
    )
    assert fact.evidence[0].span.start == line


def test_baselines_beside_own_results_are_not_cited(make_release: Any, run: Any) -> None:
    files = {f"evals/{name}/{n}.json": SCORES for name in ("bar", "foo-v1") for n in range(3)}
    (fact,) = run(result_files, make_release(files, FOO))
    assert {e.path.split("/")[1] for e in fact.evidence} == {"foo-v1"}
    assert fact.detail.startswith("3 ")


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("results/other-7b.json", SCORES, "another model's name"),
        ("evals/bar-13b/a.json", SCORES, "another model's folder"),
        ("results/config.json", SCORES, "settings"),
        ("results/demo.json", SCORES, "a demo"),
        ("results/empty.json", "{}", "no numbers"),
        ("results/notes.csv", "task,comment\nmmlu,good\n", "no metric"),
        ("data/table.csv", "task,acc\nmmlu,0.3\n", "nothing calls it a result"),
        ("tests/results.json", SCORES, "a fixture"),
    ],
)
def test_what_are_no_results(make_release: Any, run: Any, path: str, text: str, why: str) -> None:
    assert run(result_files, make_release({path: text}, FOO)) == [], why


def test_three_outputs_are_whole_and_fewer_are_part(make_release: Any, run: Any) -> None:
    row = json.dumps({"prompt": "hi", "response": "hello"}) + "\n"
    (many,) = run(result_files, make_release({"outputs/chat.jsonl": row * 3}, FOO))
    (two,) = run(result_files, make_release({"outputs/chat.jsonl": row * 2}, FOO))
    assert (many.component, many.extent) == ("sample_outputs", Extent.WHOLE)
    assert two.extent is Extent.PART


def test_a_folder_of_generated_pictures(make_release: Any, run: Any) -> None:
    pictures = {f"assets/generated/{n}.png": b"\x89PNG" for n in range(3)}
    (fact,) = run(result_files, make_release(pictures, FOO))
    assert (fact.component, fact.aspect) == ("sample_outputs", "gallery")
    assert run(result_files, make_release({"assets/generated/1.png": b"\x89PNG"}, FOO)) == []


def test_pipeline_outputs_without_responses_are_nothing(make_release: Any, run: Any) -> None:
    row = json.dumps({"url": "x", "caption": "y"}) + "\n"
    assert run(result_files, make_release({"outputs/pairs.jsonl": row * 9}, FOO)) == []
