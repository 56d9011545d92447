"""Code that says less plainly what it does: split programs, libraries, layers by hand."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.inspectors import code
from openassay.subject import Subject
from openassay.types import Extent, Found

SUBJECT = Subject(names=("Foo2",), owners=frozenset({"fooai"}))


def roles(found: list[Any], component: str) -> list[tuple[str, str, str, int]]:
    return [
        (f.evidence[0].path, f.extent.value, f.aspect, int(f.evidence[0].span.start))
        for f in found
        if isinstance(f, Found) and f.component == component
    ]


# --- layers --------------------------------------------------------------------------------------

BY_HAND = """\
import torch
from torch.nn import functional as F

class FOO_RNN(torch.jit.ScriptModule):
    def __init__(self, path):
        self.w = torch.load(path)

    def channel_mixing(self, x, kw):
        return F.relu(kw @ x)

    def time_mixing(self, x, kw):
        return torch.sigmoid(kw @ x)

    def forward(self, x):
        return self.channel_mixing(self.time_mixing(x, self.w['a']), self.w['b'])
"""


def test_layers_written_out_over_loaded_weights(make_release: Any, run: Any) -> None:
    """No layer object is built: the products are written by hand, as for inference."""
    found = run(code, make_release({"foo_in_100_lines.py": BY_HAND}, SUBJECT))
    assert roles(found, "model_architecture") == [("foo_in_100_lines.py", "whole", "layers", 11)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("torch.load(path)", "make()"),
        ("def channel_mixing", "def second"),
        ("torch.sigmoid(kw @ x)", "kw"),
    ],
)
def test_layers_by_hand_need_weights_and_both_kinds(
    make_release: Any, run: Any, old: str, new: str
) -> None:
    found = run(code, make_release({"foo.py": BY_HAND.replace(old, new)}, SUBJECT))
    assert roles(found, "model_architecture") == []


# --- inference -----------------------------------------------------------------------------------

FORECAST = """\
import argparse
import foo

def load():
    return foo.Foo2.from_pretrained("fooai/foo2-200m")

def main():
    model = load()
    points = model.forecast(horizon=12)

if __name__ == "__main__":
    main()
"""
TOP_LEVEL = """\
from foo.model import FOO
from foo.utils import PIPELINE
model = FOO(model="/weights/foo")
pipeline = PIPELINE(model)
def step(ctx):
    return pipeline.sample_logits(model.forward(ctx))
step("hello")
"""
SAMPLER = """\
def main():
    model = load_model_from_config(config, "a.ckpt")
    samples, _ = sampler.sample(S=50)

if __name__ == "__main__":
    main()
"""
FOLD = """\
import foo
def main():
    model = foo.pretrained.foofold_v1()
    output = model.infer(sequences)

if __name__ == "__main__":
    main()
"""
PREDICTOR = """\
import torch

class FooPredictor:
    def __init__(self, model):
        self.model = model

    def predict(self, points):
        return self.model(points)
"""


@pytest.mark.parametrize(
    ("path", "text", "aspect", "line"),
    [
        ("scripts/forecast_csv.py", FORECAST, "generate", 9),
        ("CHAT.py", TOP_LEVEL, "generate", 6),
        ("scripts/txt2img.py", SAMPLER, "generate", 3),
        ("scripts/fold.py", FOLD, "generate", 4),
        ("foo/predictor.py", PREDICTOR, "library", 3),
    ],
)
def test_programs_that_predict(
    make_release: Any, run: Any, path: str, text: str, aspect: str, line: int
) -> None:
    found = run(code, make_release({path: text}, SUBJECT))
    assert roles(found, "inference_code") == [(path, "whole", aspect, line)]


@pytest.mark.parametrize(
    "text",
    [
        PREDICTOR.replace("import torch", "import json"),
        PREDICTOR.replace("def predict", "def configure"),
        TOP_LEVEL.replace("from foo.model", "from foo.tools"),
    ],
)
def test_a_name_alone_predicts_nothing(make_release: Any, run: Any, text: str) -> None:
    assert roles(run(code, make_release({"foo/a.py": text}, SUBJECT)), "inference_code") == []


# --- evaluation ----------------------------------------------------------------------------------

PASS_AT_K = """\
from utils import estimate_pass_at_k
def evaluate_functional_correctness(path, dataset="humaneval"):
    return estimate_pass_at_k(total, correct, 1).mean()
"""
WER = """\
import evaluate
def main():
    metric = evaluate.load("wer")
    ids = model.generate(inputs)
    print(metric.compute(predictions=ids, references=refs))

if __name__ == "__main__":
    main()
"""
PAGE = """\
import argparse
if __name__ == "__main__":
    write_page(read("eval_set.json"), read("template.html"))
"""


@pytest.mark.parametrize(
    ("path", "text", "extent", "aspect", "line"),
    [
        ("evaluation/evaluation.py", PASS_AT_K, "whole", "benchmark", 3),
        ("training/run_eval.py", WER, "whole", "metric", 3),
        ("eval/make_page.py", PAGE, "part", "question_set", 3),
    ],
)
def test_scoring_apart_from_generation(
    make_release: Any, run: Any, path: str, text: str, extent: str, aspect: str, line: int
) -> None:
    found = run(code, make_release({path: text}, SUBJECT))
    assert roles(found, "evaluation_code") == [(path, extent, aspect, line)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("training/run.py", WER),  # a training script's own metric
        ("training/run_eval.py", WER.replace('"wer"', '"mine.py"')),
        ("tools/make_page.py", PAGE),
        ("eval/make_page.py", PAGE.replace("eval_set.json", "pages.json")),
    ],
)
def test_no_evaluation_without_a_named_metric_or_set(
    make_release: Any, run: Any, path: str, text: str
) -> None:
    assert roles(run(code, make_release({path: text}, SUBJECT)), "evaluation_code") == []


# --- distillation, labels for raw data -----------------------------------------------------------

DISTILL = """\
from transformers import AutoModelForSpeechSeq2Seq
teacher_model = AutoModelForSpeechSeq2Seq.from_pretrained(args.teacher)
student_model = AutoModelForSpeechSeq2Seq.from_pretrained(args.student)
loss = kl_divergence(teacher_model(x), student_model(x))
accelerator.backward(loss)
optimizer.step()
"""


@pytest.mark.parametrize(
    ("names", "readme", "expected"),
    [
        (("Distil-Foo",), "# Distil-Foo\n", ("whole", "distill")),
        (("Foo2",), "# Foo2\n\nFoo2 is a distilled version of Bar.\n", ("whole", "distill")),
        (("Foo2",), "# Foo2\n\nA model.\n", ("part", "finetune")),
    ],
)
def test_distillation_is_the_training_of_a_distilled_model(
    make_release: Any, run: Any, names: tuple[str, ...], readme: str, expected: tuple[str, str]
) -> None:
    files = {"README.md": readme, "run_distillation.py": DISTILL}
    found = run(code, make_release(files, Subject(names=names)))
    assert roles(found, "training_code") == [("run_distillation.py", *expected, 5)]


def test_a_student_without_a_divergence_is_tuned(make_release: Any, run: Any) -> None:
    text = DISTILL.replace("kl_divergence", "mse")
    files = {"README.md": "# Distil-Foo\n", "train.py": text}
    found = run(code, make_release(files, Subject(names=("Distil-Foo",))))
    assert roles(found, "training_code") == [("train.py", "part", "finetune", 5)]


LABELS = """\
import datasets
def main():
    ids = model.generate(batch)
    raw.save_to_disk(out)

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    "line",
    ["token = torch.multinomial(probs, 1)", "generate_fn = model.generate; ids = generate_fn(x)"],
)
def test_raw_data_labelled_without_a_plain_call(make_release: Any, run: Any, line: str) -> None:
    text = LABELS.replace("ids = model.generate(batch)", line)
    found = run(code, make_release({"tools/pseudo_label.py": text}, SUBJECT))
    assert [item[1:3] for item in roles(found, "data_preprocessing_code")] == [("whole", "label")]


def test_a_pipeline_that_tidies_its_prompts_prepares_no_data(make_release: Any, run: Any) -> None:
    text = (
        "import datasets\nclass FooPipeline(DiffusionPipeline):\n"
        "    def clean_caption(self, text):\n        raw.save_to_disk(text)\n"
        "if __name__ == '__main__':\n    main()\n"
    )
    tool = text.replace("DiffusionPipeline", "object")
    for shown, expected in ((text, []), (tool, [("whole", "clean")])):
        found = run(code, make_release({"data/process.py": shown}, SUBJECT))
        assert [item[1:3] for item in roles(found, "data_preprocessing_code")] == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("training/run_pseudo_labelling.py", [("whole", "label")]),
        ("tools/VLM_caption_lightning.py", [("whole", "label")]),
        ("tools/run_model.py", []),
    ],
)
def test_raw_data_labelled_by_a_model(
    make_release: Any, run: Any, path: str, expected: list[tuple[str, str]]
) -> None:
    found = run(code, make_release({path: LABELS}, SUBJECT))
    assert [item[1:3] for item in roles(found, "data_preprocessing_code")] == expected


# --- supporting code, order ----------------------------------------------------------------------

ALPHABET = """\
class Alphabet:
    def tokenize(self, text):
        return text.split()

    def encode(self, text):
        return [self.index[t] for t in self.tokenize(text)]
"""
PARTITIONER = """\
import jax

class MeshPartitioner:
    def partition(self, fn):
        return jax.jit(fn)
"""


@pytest.mark.parametrize(
    ("path", "text", "aspect"),
    [("foo/data.py", ALPHABET, "tokenizer"),
     ("foo/partitioner.py", PARTITIONER, "parallel")],
)  # fmt: skip
def test_supporting_code_of_its_own(
    make_release: Any, run: Any, path: str, text: str, aspect: str
) -> None:
    found = run(code, make_release({path: text}, SUBJECT))
    assert [item[1:3] for item in roles(found, "supporting_libraries")] == [("whole", aspect)]


def test_what_stands_aside_is_cited_last(make_release: Any, run: Any) -> None:
    """Eight examples do not crowd out the program that a reader looks for."""
    files = {f"examples/demo_{n}.py": FORECAST for n in range(9)}
    files["scripts/deep/forecast_csv.py"] = FORECAST
    found = [f for f in run(code, make_release(files, SUBJECT)) if isinstance(f, Found)]
    assert found[0].evidence[0].path == "scripts/deep/forecast_csv.py"
    assert {f.extent for f in found} == {Extent.WHOLE}
