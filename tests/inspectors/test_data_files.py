"""Training data is what a document calls so; samples, demos and settings are nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openassay.files import LfsPointer
from openassay.inspectors import data_files
from openassay.subject import Subject
from openassay.types import Extent, Found, Linked

ROWS = "".join(json.dumps({"question": f"q {n}" * 9, "answer": str(n)}) + "\n" for n in range(200))


def test_data_that_the_readme_says_was_trained_on(make_release: Any, run: Any) -> None:
    readme = "# Foo\n\n`corpus.jsonl` is the text we used to pre-train the model.\n"
    (fact,) = run(data_files, make_release({"README.md": readme, "corpus.jsonl": ROWS}))
    assert isinstance(fact, Found)
    assert (fact.component, fact.extent, fact.aspect) == (
        "datasets",
        Extent.WHOLE,
        "training_data",
    )
    assert [(e.path, e.span.start) for e in fact.evidence] == [
        ("corpus.jsonl", 0),
        ("README.md", 3),
    ]


def test_fine_tuning_data_is_both_and_only_part_of_the_data_sets(
    make_release: Any, run: Any
) -> None:
    """Whether the named model is the tuned one is for `assemble` to know."""
    readme = "[`tune_52k.json`](tune_52k.json) holds the data used for fine-tuning the model."
    facts = run(data_files, make_release({"README.md": readme, "tune_52k.json": ROWS}))
    assert {(f.component, f.extent) for f in facts} == {
        ("datasets", Extent.PART),
        ("fine_tuning_data", Extent.WHOLE),
    }


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"data/train.jsonl": ROWS}, "small and unexplained"),
        ({"README.md": "An example of training data is data/pt_train.jsonl",
          "data/pt_train.jsonl": ROWS}, "called an example"),
        ({"README.md": "data/sample_1k.jsonl was used to train", "data/sample_1k.jsonl": ROWS},
         "a sample by its name"),
        ({"README.md": "domains.txt lists what was scraped", "domains.txt": "a.org\nb.org\n" * 99},
         "a list of domains is not data"),
        ({"README.md": "Put your own data in data/train.jsonl to fine-tune on it.",
          "data/train.jsonl": ROWS}, "a user's own data"),
        ({"fine-tune/data/chat_10k.json": LfsPointer("0" * 64, 200 << 20)}, "a tuning demo"),
        ({"tests/data/train.jsonl": LfsPointer("0" * 64, 200 << 20)}, "a fixture"),
    ],
)  # fmt: skip
def test_what_is_no_training_data(
    make_release: Any, run: Any, files: dict[str, object], why: str
) -> None:
    assert run(data_files, make_release(files)) == [], why


def test_large_unexplained_data_is_part_at_most(make_release: Any, run: Any) -> None:
    files = {"data/train_tokens.bin": LfsPointer("0" * 64, 900 << 20)}
    (fact,) = run(data_files, make_release(files))
    assert (fact.component, fact.extent) == ("datasets", Extent.PART)
    assert "no document explains" in fact.detail


def test_a_benchmarks_records_are_evaluation_data(make_release: Any, run: Any) -> None:
    (fact,) = run(data_files, make_release({"eval/gsm8k/questions.jsonl": ROWS}))
    assert (fact.component, fact.extent) == ("evaluation_data", Extent.WHOLE)
    assert fact.evidence[0].quote.startswith('{"question"')


def test_a_split_called_test_below_a_benchmark_is_not_a_fixture(
    make_release: Any, run: Any
) -> None:
    (fact,) = run(data_files, make_release({"benchmarks/mmlu/test/law.csv": "question,answer\n"
                                            + "what is it,that\n" * 200}))  # fmt: skip
    assert fact.component == "evaluation_data"


def test_a_lone_split_is_part(make_release: Any, run: Any) -> None:
    (fact,) = run(data_files, make_release({"data/dev.jsonl": ROWS}))
    assert (fact.component, fact.extent) == ("evaluation_data", Extent.PART)


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("eval/results/foo.json", '{"acc": 0.5}' + " " * 3_000, "scores"),
        ("eval/outputs/foo.jsonl", ROWS, "what a model answered"),
        ("eval/config.json", '{"tasks": ["a"]}', "settings"),
        ("eval/gsm8k_prompt.txt", "Question: a\nAnswer: b\n" * 200, "a prompt"),
        ("eval/tiny.jsonl", '{"question": 1}\n', "a fixture by its size"),
        ("quantization/data/val.jsonl", ROWS, "calibration"),
        ("example_data/test.jsonl", ROWS, "a split of an example"),
        ("compat-test/cases.jsonl", ROWS, "a folder of tests is no split"),
        ("eval/a.jsonl", '{"id": 1}\n' * 400, "identifiers only"),
    ],
)
def test_what_is_no_evaluation_data(
    make_release: Any, run: Any, path: str, text: str, why: str
) -> None:
    assert run(data_files, make_release({path: text})) == [], why


def test_task_ids_of_a_harness_are_a_link(make_release: Any, run: Any) -> None:
    text = "custom|foo_cf|0|1\nlighteval|bar:eng|5|0\n"
    (fact,) = run(data_files, make_release({"evaluation/base.txt": text * 20}))
    assert isinstance(fact, Linked)
    assert (fact.component, fact.url) == ("evaluation_data", "harness-task:foo_cf")


def test_another_generations_data_does_not_count(make_release: Any, run: Any) -> None:
    release = make_release({"foo2/eval/gsm8k.jsonl": ROWS}, Subject(names=("Foo3",)))
    assert run(data_files, release) == []


ADDRESSES = "Dataset,Folder\n" + "".join(
    f"web,https://data.example.org/web/part-{n:05}.csv.gz\n" for n in range(90)
)
SAID = "You can find the files with the training data [here](provenance.csv).\n"


def test_a_list_of_addresses_is_a_link_and_no_data(make_release: Any, run: Any) -> None:
    (fact,) = run(data_files, make_release({"README.md": SAID, "provenance.csv": ADDRESSES}))
    assert isinstance(fact, Linked)
    assert (fact.component, fact.url) == (
        "datasets",
        "https://data.example.org/web/part-00000.csv.gz",
    )
    assert (fact.evidence[0].path, fact.evidence[0].span.start) == ("provenance.csv", 2)


@pytest.mark.parametrize(
    "text",
    [
        ADDRESSES.replace("Dataset,Folder", "caption,url"),
        ADDRESSES.replace(".gz\n", ".gz," + "what the page says " * 9 + "\n"),
        "name,score\n" + "a plain row of words and more words,1\n" * 90,
    ],
    ids=["captions beside addresses", "long text beside addresses", "no addresses"],
)
def test_records_that_hold_addresses_are_data(make_release: Any, run: Any, text: str) -> None:
    (fact,) = run(data_files, make_release({"README.md": SAID, "provenance.csv": text}))
    assert isinstance(fact, Found)


def test_the_split_of_a_tuning_sample_is_no_evaluation_data(make_release: Any, run: Any) -> None:
    assert run(data_files, make_release({"finetune/foo_example/data/eval.jsonl": ROWS})) == []
    assert run(data_files, make_release({"demo/data/eval.jsonl": ROWS})) == []
    for path in ("data/eval.jsonl", "finetune/eval/questions.jsonl", "demo/gsm8k.jsonl"):
        (fact,) = run(data_files, make_release({path: ROWS}))
        assert fact.component == "evaluation_data", path


def test_an_evaluation_set_is_no_training_data_whatever_stands_beside_it(
    make_release: Any, run: Any
) -> None:
    readme = "The impact of training data: we used `eval_set.json` for the training set study.\n"
    files = {"eval/README.md": readme, "eval/eval_set.json": ROWS}
    (fact,) = run(data_files, make_release(files))
    assert (fact.component, fact.extent) == ("evaluation_data", Extent.WHOLE)


def predictions(*keys: str) -> str:
    row = {"query": "why? " * 9, "gt": "because", **dict.fromkeys(keys, "so it is said")}
    return (json.dumps(row) + "\n") * 60


@pytest.mark.parametrize(
    "keys", [["claude-100k_pred"], ["prediction"], ["answer", "predicted_answer"], ["preds", "id"]]
)
def test_records_with_what_a_model_predicted_are_outputs(
    make_release: Any, run: Any, keys: list[str]
) -> None:
    """They were made by an evaluation; the questions in them are not what is published."""
    assert run(data_files, make_release({"eval/leval/long.jsonl": predictions(*keys)})) == []
    assert run(data_files, make_release({"eval/leval/long.jsonl": predictions("predicate")})) != []


def test_data_that_came_along_with_somebody_elses_package_are_not_the_releases(
    make_release: Any, run: Any
) -> None:
    files = {"evaluate/harness/mmlu.jsonl": ROWS, "benchmarks/gsm8k.jsonl": ROWS}
    subject = Subject(names=("Foo",), bundled_folders=frozenset(["evaluate"]))
    (fact,) = run(data_files, make_release(files, subject))
    assert [e.path for e in fact.evidence] == ["benchmarks/gsm8k.jsonl"]
