"""Code is read for its role: one small scenario per rule, with the trap beside it."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.files import LfsPointer
from openassay.inspectors import code
from openassay.subject import Subject
from openassay.types import Extent, Found, Gap, Linked

SUBJECT = Subject(names=("Foo2",), owners=frozenset({"fooai"}))

NETWORK = """\
import torch.nn as nn

class Attention(nn.Module):
    def __init__(self, c):
        self.q = nn.Linear(c, c)

class Block(nn.Module):
    def __init__(self, c):
        self.attn = Attention(c)
        self.mlp = nn.Sequential(nn.Linear(c, c), nn.GELU())

class Foo(nn.Module):
    def __init__(self, c):
        self.emb = nn.Embedding(9, c)
        self.blocks = nn.ModuleList([Block(c) for _ in range(3)])
"""
HAIKU = """\
import haiku as hk

class Head(hk.Module):
    def __call__(self, x):
        return hk.Linear(3)(x)

class DecoderLayer(hk.Module):
    def __call__(self, x):
        w = hk.get_parameter("w", [3])
        return Head()(x) + MHABlock()(x)
"""
GRAPH = """\
import tensorflow as tf

def norm(x, scope):
    with tf.variable_scope(scope):
        return x * tf.get_variable("g", [1])

def attn(x):
    with tf.variable_scope("attn"):
        return norm(x, "n")

def mlp(x):
    with tf.variable_scope("mlp"):
        return tf.matmul(x, x)

def model(x):
    with tf.variable_scope("model"):
        return mlp(attn(x))
"""
LOOP = """\
from model import Foo
model = Foo(config)
for x, y in loader:
    loss = model(x, y)
    loss.backward()
    optimizer.step()
"""
TUNE = """\
from transformers import AutoModelForCausalLM, Trainer
model = AutoModelForCausalLM.from_pretrained(args.model)
trainer = Trainer(model=model, train_dataset=data)
trainer.train()
"""
CHAT = """\
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("fooai/Foo2-7B")
print(model.generate(x))
"""
MMLU = """\
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(args.model)

def accuracy(rows):
    return sum(model.generate(r) == r.answer for r in rows)

print("mmlu", accuracy(rows))
"""


def roles(make_release: Any, run: Any, files: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    """(path, component, extent, aspect) of everything found."""
    found = run(code, make_release(files, SUBJECT))
    return {
        (fact.evidence[0].path, fact.component, str(fact.extent), fact.aspect)
        for fact in found
        if isinstance(fact, Found)
    }


def test_layers_that_are_put_together_are_an_architecture(make_release: Any, run: Any) -> None:
    (fact,) = run(code, make_release({"model.py": NETWORK}, SUBJECT))
    assert (fact.component, fact.extent) == ("model_architecture", Extent.WHOLE)
    assert (fact.evidence[0].path, fact.evidence[0].span.start) == ("model.py", 12)
    assert "Foo" in fact.detail
    assert "Attention" in fact.detail


@pytest.mark.parametrize("text", [HAIKU, GRAPH], ids=["haiku", "tensorflow 1"])
def test_other_libraries_define_networks_too(make_release: Any, run: Any, text: str) -> None:
    assert ("src/model.py", "model_architecture", "whole", "layers") in roles(
        make_release, run, {"src/model.py": text}
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lora.py", NETWORK.replace("Foo(", "LoraFoo(").replace("Attention", "LoraLinear")
         .replace("Block", "LoraBlock")),
        ("losses/lpips.py", NETWORK),
        ("eval/clip.py", NETWORK),
        ("data/quality/classifier.py", NETWORK),
        ("third_party/x/model.py", NETWORK),
        ("tests/test_model.py", NETWORK),
        ("foo1/model.py", NETWORK),
        ("head.py", "import torch.nn as nn\nclass RewardModel(nn.Module):\n"
         " def __init__(self):\n  self.v = nn.Linear(3, 1)\n"),
        ("wrap.py", "from torch import nn\nfrom transformers import AutoModel\n"
         "class Encoder(nn.Module):\n def __init__(self):\n"
         "  self.m = AutoModel.from_pretrained('x/y')\n  self.p = nn.Linear(1, 2)\n"),
        ("reg.py", "import torch.nn as nn\nclass Regression(nn.Module):\n"
         " def __init__(self):\n  self.l = nn.Sequential(nn.Linear(1, 1))\n"),
    ],
    ids=["lora", "loss", "metric", "data filter", "vendored", "test", "older generation",
         "reward head", "wrapper", "regression"],
)  # fmt: skip
def test_these_are_no_architecture(make_release: Any, run: Any, path: str, text: str) -> None:
    found = roles(make_release, run, {path: text})
    assert "model_architecture" not in {component for _, component, _, _ in found}


def test_a_loop_over_a_new_model_is_pretraining(make_release: Any, run: Any) -> None:
    files = {"model.py": NETWORK, "train.py": LOOP}
    assert ("train.py", "training_code", "whole", "pretrain") in roles(make_release, run, files)


@pytest.mark.parametrize(
    ("path", "text", "aspect"),
    [
        ("train.py", TUNE, "finetune"),
        ("finetune/train.py", LOOP, "finetune"),
        ("dpo.py", "from trl import DPOTrainer\nDPOTrainer(model).train()", "finetune"),
        ("train_rm.py", TUNE.replace("AutoModelForCausalLM", "AutoModelForSequenceClassification"),
         "auxiliary"),
        ("data/filtering/train.py", TUNE, "auxiliary"),
    ],
)  # fmt: skip
def test_training_from_a_checkpoint_is_a_part(
    make_release: Any, run: Any, path: str, text: str, aspect: str
) -> None:
    assert (path, "training_code", "part", aspect) in roles(make_release, run, {path: text})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("state.py", "class TrainingState:\n    params = None\n    optimizer_state = None\n"),
        ("bench.py", LOOP),
        ("tok.py", "from tokenizers.trainers import BpeTrainer\n"
         "t = BpeTrainer()\ntokenizer.train(files, t)"),
        ("spm.py", "import sentencepiece as spm\nspm.SentencePieceTrainer.train(input=f)"),
        ("kernel.py", "def check():\n    out.backward()\n"),
        ("case-studies/probe/train.py", LOOP),
    ],
    ids=["container", "speed", "tokenizer", "sentencepiece", "gradient check", "case study"],
)  # fmt: skip
def test_these_train_nothing(make_release: Any, run: Any, path: str, text: str) -> None:
    found = roles(make_release, run, {"model.py": NETWORK, path: text})
    assert "training_code" not in {component for _, component, _, _ in found}


def test_jax_training_needs_gradients_that_are_applied(make_release: Any, run: Any) -> None:
    text = "import jax, optax\ng = jax.grad(loss)(p)\np = optax.apply_updates(p, g)\n"
    files = {"model.py": NETWORK, "train.py": text}
    assert ("train.py", "training_code", "whole", "pretrain") in roles(make_release, run, files)


def test_validation_loss_counts_where_a_run_for_it_is_configured(
    make_release: Any, run: Any
) -> None:
    text = LOOP + "def estimate_loss():\n    return 1\nif eval_only:\n    estimate_loss()\n"
    files = {"model.py": NETWORK, "train.py": text}
    component = ("train.py", "evaluation_code", "part", "validation_loss")
    assert component not in roles(make_release, run, files)
    assert component in roles(
        make_release, run, {**files, "config/eval_foo.py": "eval_only = True"}
    )


@pytest.mark.parametrize(
    ("path", "text", "aspect"),
    [
        ("quick.py", CHAT, "generate"),
        ("demo/web.py", "import gradio\n" + CHAT, "demo"),
        ("api.py", "from fastapi import FastAPI\napp = FastAPI()\n" + CHAT, "serve"),
        ("gen.py", "def sample_token(x):\n    return torch.multinomial(x, 1)\n", "library"),
        ("app.py", "from threading import Thread\nm = load_model()\ns = TextIteratorStreamer(t)\n"
         "Thread(target=m.generate)\nif __name__ == '__main__':\n    pass\n", "generate"),
    ],
)  # fmt: skip
def test_what_runs_the_model_is_inference(
    make_release: Any, run: Any, path: str, text: str, aspect: str
) -> None:
    assert (path, "inference_code", "whole", aspect) in roles(make_release, run, {path: text})


def test_a_served_model_is_an_interface_too(make_release: Any, run: Any) -> None:
    text = "from flask import Flask\napp = Flask(__name__)\n" + CHAT
    found = roles(make_release, run, {"api.py": text})
    assert ("api.py", "api", "part", "server") in found


@pytest.mark.parametrize(
    "text",
    [
        CHAT.replace("fooai/Foo2-7B", "fooai/Foo1-7B"),
        CHAT.replace("fooai/Foo2-7B", "barai/Bar-7B"),
        "import openai\nif __name__ == '__main__':\n    openai.ChatCompletion.create(m)\n",
    ],
    ids=["older generation", "another model", "client of a service"],
)
def test_running_something_else_is_not_inference(make_release: Any, run: Any, text: str) -> None:
    assert roles(make_release, run, {"demo.py": text}) == set()


def test_a_script_beside_tuning_code_runs_the_tuned_model(make_release: Any, run: Any) -> None:
    chat = CHAT.replace('"fooai/Foo2-7B"', "args.model")
    found = roles(make_release, run, {"chat/train.py": TUNE, "chat/generate.py": chat})
    assert ("chat/generate.py", "inference_code", "part", "tuned") in found
    found = roles(make_release, run, {"chat/train.py": TUNE, "chat/generate.py": CHAT})
    assert ("chat/generate.py", "inference_code", "whole", "generate") in found


@pytest.mark.parametrize("path", ["case-studies/bias/run.py", "analysis/memory.py", "bench.py"])
def test_measuring_something_with_the_model_is_not_inference(
    make_release: Any, run: Any, path: str
) -> None:
    assert roles(make_release, run, {path: CHAT}) == set()


def test_scoring_a_benchmark_is_evaluation(make_release: Any, run: Any) -> None:
    found = run(code, make_release({"eval/evaluate_mmlu.py": MMLU}, SUBJECT))
    (fact,) = found
    assert (fact.component, fact.extent, fact.evidence[0].span.start) == (
        "evaluation_code", Extent.WHOLE, 4,
    )  # fmt: skip
    assert "mmlu" in fact.detail


def test_a_score_that_only_benchmarks_use_needs_no_name(make_release: Any, run: Any) -> None:
    text = "def report(n, c):\n    return estimate_pass_at_k(n, c, 1)\n"
    found = roles(make_release, run, {"benchmark/exec.py": text, "solver.py": text})
    assert found == {("benchmark/exec.py", "evaluation_code", "whole", "benchmark")}


def test_task_definitions_of_a_harness_are_evaluation(make_release: Any, run: Any) -> None:
    text = "from lighteval.tasks import LightevalTaskConfig\nT = LightevalTaskConfig(name='x')\n"
    found = roles(make_release, run, {"evaluation/tasks.py": text})
    assert found == {("evaluation/tasks.py", "evaluation_code", "whole", "tasks")}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("eval/speed.py", "def latency(m):\n    m.generate(x)\n"),
        ("vae/stats.py", "z = model.encode(x)\nprint(z.mean())\n"),
        ("finetune/compute.py", "def bleu(p):\n    return 1\n"),
        ("case-studies/task.py", MMLU),
        ("tests/eval_mmlu.py", MMLU),
    ],
)
def test_these_are_no_evaluation(make_release: Any, run: Any, path: str, text: str) -> None:
    found = roles(make_release, run, {path: text})
    assert "evaluation_code" not in {component for _, component, _, _ in found}


TOKENIZE = "for row in rows:\n    ids = enc.encode(row)\narr = np.memmap('train.bin')\n"
DOWNLOAD = "from datasets import load_dataset\nrows = load_dataset('opentext')\n"
MAIN = "\nif __name__ == '__main__':\n    main()\n"


@pytest.mark.parametrize(
    ("path", "text", "extent", "aspect"),
    [
        ("prepare.py", DOWNLOAD + TOKENIZE, "whole", "prepare"),
        ("pre/tokenize.py", TOKENIZE, "part", "tokenize"),
        ("process/dedup.py", "def minhash_dedup(x):\n    x.to_parquet(p)\n" + MAIN,
         "whole", "clean"),
        ("process/filter.py", "import datatrove.pipeline\ndatatrove.pipeline.GopherFilter()\n",
         "whole", "clean"),
        ("data/bookset/clean.py", "def clean_html(x):\n    x.to_json(p)\n" + MAIN,
         "part", "subset"),
        ("utils/unshard.py", "def unshard(x):\n    np.memmap(x)\n" + MAIN, "part", "shards"),
        ("tools/meta.py", "import cv2, pandas as pd\nd = pd.read_csv(f)\nd.to_csv(g)\n",
         "part", "metadata"),
    ],
)  # fmt: skip
def test_how_much_of_the_data_preparation_a_script_does(
    make_release: Any, run: Any, path: str, text: str, extent: str, aspect: str
) -> None:
    files = {"model.py": NETWORK, "train.py": LOOP, path: text}
    assert (path, "data_preprocessing_code", extent, aspect) in roles(make_release, run, files)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("chat/dialogues.py", "def clean_text(x):\n    x.to_json(p)\n" + MAIN),
        ("build.py", "IGNORE_INDEX = -100\nids = tokenizer(x)\nd.save_to_disk(p)\n"),
        ("preprocess.py", "def resize(image):\n    return image\n"),
        ("finetune/prepare.py", TOKENIZE),
    ],
)
def test_formatting_a_users_data_is_no_preparation(
    make_release: Any, run: Any, path: str, text: str
) -> None:
    found = roles(make_release, run, {path: text})
    assert "data_preprocessing_code" not in {component for _, component, _, _ in found}


@pytest.mark.parametrize(
    ("path", "text", "aspect"),
    [
        ("tokenizer.py", "class Tokenizer:\n def encode(self): pass\n def decode(self): pass\n",
         "tokenizer"),
        ("data/mmap.py", "class MMapIndexedDataset(Dataset):\n pass\n", "data_loader"),
        ("ops.py", "import triton\n@triton.jit\ndef kernel(x): pass\n", "kernels"),
        ("csrc/op.cu", "#include <x>\n__global__ void f() {}\n", "kernels"),
        ("q.py", "def quantize_int4(x): pass\ndef dequantize(x): pass\n", "quantizer"),
        ("par.py", "import torch\nimport torch.distributed as d\n"
         "class AllToAll(torch.autograd.Function):\n pass\n", "parallel"),
    ],
)  # fmt: skip
def test_own_supporting_code(
    make_release: Any, run: Any, path: str, text: str, aspect: str
) -> None:
    assert (path, "supporting_libraries", "whole", aspect) in roles(make_release, run, {path: text})


def test_a_speed_benchmark_is_a_part_of_the_tools(make_release: Any, run: Any) -> None:
    text = "import time\nt = time.time()\n" + LOOP
    found = roles(make_release, run, {"model.py": NETWORK, "bench.py": text})
    assert ("bench.py", "supporting_libraries", "part", "speed") in found
    assert "training_code" not in {component for _, component, _, _ in found}


def test_a_dataset_class_of_a_tuning_script_supports_nothing(make_release: Any, run: Any) -> None:
    text = "from torch.utils.data import Dataset\nclass SupervisedDataset(Dataset):\n pass\n" + TUNE
    found = roles(make_release, run, {"finetune.py": text})
    assert {component for _, component, _, _ in found} == {"training_code"}


def test_a_container_recipe_is_a_part(make_release: Any, run: Any) -> None:
    found = roles(make_release, run, {"Dockerfile.gpu": "FROM x\n"})
    assert found == {("Dockerfile.gpu", "supporting_libraries", "part", "environment")}


def test_a_notebook_is_cited_on_the_line_of_its_file(make_release: Any, run: Any) -> None:
    source = ",\n".join(f'"{line}\\n"' for line in CHAT.replace('"', "'").splitlines())
    text = f'{{"cells": [\n{{"cell_type": "code", "source": [\n{source}]}}]}}'
    (fact,) = run(code, make_release({"demo.ipynb": text}, SUBJECT))
    assert fact.component == "inference_code"
    assert "model.generate" in text.split("\n")[fact.evidence[0].span.start - 1]


def test_code_that_cannot_be_read_is_a_gap(make_release: Any, run: Any) -> None:
    release = make_release({"a.py": CHAT, "b.py": CHAT, "c.py": CHAT}, SUBJECT)
    first, second, third = release.files
    first.problem = "missing_blob"
    second.lfs = LfsPointer("0" * 64, 99)
    third.size = 50 << 20
    gaps = run(code, release)
    assert [(gap.path, gap.reason) for gap in gaps if isinstance(gap, Gap)] == [
        ("a.py", "missing_blob"), ("b.py", "lfs_pointer"), ("c.py", "too_large"),
    ]  # fmt: skip
    assert all("training_code" in gap.components for gap in gaps)


@pytest.mark.parametrize(
    "content",
    [
        b"\0" * 50,
        b"\xff" * 50,
        b"(" * 20_000,
        b"import torch\nclass A(nn.Module",
        b"generate(" * 999,
    ],
    ids=["nuls", "bytes", "parens", "broken", "calls"],
)
def test_hostile_files_hide_nothing_else(make_release: Any, run: Any, content: bytes) -> None:
    files = {"a.py": content, "b.ipynb": content, "run.py": CHAT}
    assert ("run.py", "inference_code", "whole", "generate") in roles(make_release, run, files)


def test_evidence_is_bounded_and_the_shallowest_comes_first(make_release: Any, run: Any) -> None:
    files = {f"deep/er/run{n:02}.py": CHAT for n in range(40)} | {"run.py": CHAT}
    found = run(code, make_release(files, SUBJECT))
    assert len(found) == code.ENOUGH
    assert found[0].evidence[0].path == "run.py"


# --- what only the rest of the release tells -----------------------------------------------------

MIXER = """\
import torch.nn as nn
from foo.modules import GatedBlock

def make_layer(c):
    return GatedBlock(c)

class Mixer(nn.Module):
    def __init__(self, c):
        self.emb = nn.Embedding(9, c)
        self.layers = nn.ModuleList([make_layer(c) for _ in range(3)])
"""


def test_a_network_may_build_its_blocks_in_a_function(make_release: Any, run: Any) -> None:
    files = {"foo/mixer.py": MIXER}
    assert ("foo/mixer.py", "model_architecture", "whole", "layers") in roles(
        make_release, run, files
    )
    without = MIXER.replace("return GatedBlock(c)", "return c")
    assert roles(make_release, run, {"foo/mixer.py": without}) == set()


@pytest.mark.parametrize(
    "path", ["page-convert/document/nets/det.py", "crawl/model.py", "tune/finetune_port.py"]
)
def test_networks_of_data_tools_and_ports_are_not_the_model(
    make_release: Any, run: Any, path: str
) -> None:
    assert roles(make_release, run, {path: NETWORK}) == set()


def test_what_makes_data_neither_trains_nor_predicts_with_the_model(
    make_release: Any, run: Any
) -> None:
    files = {"model.py": NETWORK, "page-convert/document/train.py": LOOP}
    files |= {"page-convert/document/infer.py": CHAT}
    assert {path for path, *_ in roles(make_release, run, files)} == {"model.py"}


@pytest.mark.parametrize(
    "start",
    [
        "t = Trainer.from_argparse_args(opt, **more)\nt.fit(model, data)\n",
        "LightningCLI(Net, Data)\n",
    ],
)
def test_trainers_made_otherwise_train_too(make_release: Any, run: Any, start: str) -> None:
    head = "from pytorch_lightning.trainer import Trainer\nfrom lightning.cli import LightningCLI\n"
    files = {"foo/net.py": NETWORK, "main.py": head + start}
    assert ("main.py", "training_code", "whole", "pretrain") in roles(make_release, run, files)


def test_a_trainer_that_only_evaluates_trains_nothing(make_release: Any, run: Any) -> None:
    text = "from composer.trainer import Trainer\nt = Trainer(model=m)\nt.eval(data)\n"
    found = roles(make_release, run, {"foo/net.py": NETWORK, "run.py": text})
    assert "training_code" not in {component for _, component, *_ in found}


LIBRARY_SCRIPT = """\
from bigarmy.generation import generate_continually
from setup_model import initialize_model_and_tokenizer

def main(args):
    model, tokenizer = initialize_model_and_tokenizer(args)
    generate_continually(model, args.source)

if __name__ == "__main__":
    main(args)
"""


def test_a_helper_of_ones_own_may_load_the_model(make_release: Any, run: Any) -> None:
    assert roles(make_release, run, {"go.py": LIBRARY_SCRIPT}) == {
        ("go.py", "inference_code", "whole", "generate")
    }


def library_links(make_release: Any, run: Any, files: dict[str, Any]) -> list[str]:
    facts = run(code, make_release(files, SUBJECT))
    return [
        fact.url
        for fact in facts
        if isinstance(fact, Linked) and fact.component == "model_architecture"
    ]


def test_the_models_class_from_a_library_is_a_link_to_it(make_release: Any, run: Any) -> None:
    text = "import torch\nfrom bigarmy.model import Foo2LM\nFoo2LM(args).eval()\nx.generate(y)\n"
    assert library_links(make_release, run, {"go.py": text}) == ["python:bigarmy.model.Foo2LM"]


@pytest.mark.parametrize(
    "files",
    [
        {"go.py": "from bigarmy.model import Foo2LM\nFoo2LM(a)\nx.generate(y)\n",
         "bigarmy/model.py": ""},
        {"go.py": "from bigarmy.model import Bar\nBar(a)\nx.generate(y)\n"},
        {"go.py": "from bigarmy.model import Foo2Config\nFoo2Config(a)\nx.generate(y)\n"},
        {"go.py": "from bigarmy.model import Foo2LM\nx.generate(y)\n"},
        {"go.py": "from bigarmy.model import Foo2LM\nFoo2LM(a)\nx.generate(y)\n",
         "net.py": NETWORK},
    ],
    ids=["defined in the tree", "somebody else's", "a configuration", "not built", "own layers"],
)  # fmt: skip
def test_what_is_no_link_to_a_library(make_release: Any, run: Any, files: dict[str, Any]) -> None:
    assert library_links(make_release, run, files) == []


CONVERTER = """\
import transformers
model = transformers.AutoModelForCausalLM.from_pretrained(raw)
model.save_pretrained(out)
print(model.generate(x))
"""


def test_a_converter_that_tests_its_outcome_is_inference_in_part(
    make_release: Any, run: Any
) -> None:
    assert ("recover_weights.py", "inference_code", "part", "converter") in roles(
        make_release, run, {"recover_weights.py": CONVERTER}
    )
    assert ("talk.py", "inference_code", "whole", "generate") in roles(
        make_release, run, {"talk.py": CONVERTER}
    )


DRIVER = """\
import os
TASKS = {"a": "arc_challenge", "b": "hellaswag"}
for name, tasks in TASKS.items():
    os.system(f"python harness.py --tasks={tasks}")
"""


def test_an_own_driver_of_a_harness_is_evaluation_and_names_its_data(
    make_release: Any, run: Any
) -> None:
    facts = run(code, make_release({"eval_utils/all.py": DRIVER}, SUBJECT))
    found = [(f.component, type(f).__name__, f.evidence[0].span.start) for f in facts]
    assert found == [("evaluation_code", "Found", 4), ("evaluation_data", "Linked", 2)]
    one = DRIVER.replace("hellaswag", "mine")
    assert roles(make_release, run, {"eval_utils/all.py": one}) == set()


TASK_DRIVER = """\
from setup_model import load_model_and_tokenizer
model, tokenizer = load_model_and_tokenizer(args)
if __name__ == "__main__":
    for task in tasks:
        task.evaluate()
"""


def test_a_driver_of_tracked_tasks_is_evaluation(make_release: Any, run: Any) -> None:
    tasks = {"tasks/en/boolq.yaml": "name: BoolQ\n", "tasks/en/piqa.yaml": "name: PIQA\n"}
    found = roles(make_release, run, {"evaluate.py": TASK_DRIVER} | tasks)
    assert ("evaluate.py", "evaluation_code", "whole", "task_driver") in found
    assert roles(make_release, run, {"evaluate.py": TASK_DRIVER}) == set()


def test_perplexity_of_a_quantised_copy_is_no_evaluation(make_release: Any, run: Any) -> None:
    text = MMLU.replace('"mmlu"', '"wikitext"').replace("accuracy", "evaluate_perplexity")
    assert ("eval/run.py", "evaluation_code", "whole", "benchmark") in roles(
        make_release, run, {"eval/run.py": text}
    )
    assert roles(make_release, run, {"quantize/quantize_eval.py": text}) == set()


SYNTHESIS = """\
import json, openai
from rouge_score import rouge_scorer

def main():
    seed_tasks = [json.loads(x) for x in open("seeds.jsonl")]
    answers = openai.Completion.create(prompt=seed_tasks)
    json.dump(keep(answers), out)

if __name__ == "__main__":
    main()
"""


def test_data_made_by_a_remote_model_and_filtered_is_preparation(
    make_release: Any, run: Any
) -> None:
    want = ("make.py", "data_preprocessing_code", "whole", "synthesis")
    assert want in roles(make_release, run, {"make.py": SYNTHESIS})
    unfiltered = SYNTHESIS.replace("from rouge_score import rouge_scorer", "")
    assert roles(make_release, run, {"make.py": unfiltered}) == set()
    pretrained = {"make.py": SYNTHESIS, "net.py": NETWORK, "train.py": LOOP.replace("model", "net")}
    assert ("make.py", "data_preprocessing_code", "part", "synthesis") in roles(
        make_release, run, pretrained
    )


PACK = """\
import numpy as np
from datasets import load_dataset
rows = load_dataset("org/web")
ids = [tokenizer.encode(row["text"]) for row in rows]
np.memmap("a.bin", shape=9)[:] = ids
"""


def test_packing_conversations_is_no_preparation_of_a_corpus(make_release: Any, run: Any) -> None:
    assert ("pack.py", "data_preprocessing_code", "part", "tokenize") in roles(
        make_release, run, {"pack.py": PACK}
    )
    chats = PACK.replace('row["text"]', 'row["messages"][0]["role"]')
    assert roles(make_release, run, {"pack.py": chats}) == set()


def test_shards_written_as_archives_are_packed(make_release: Any, run: Any) -> None:
    text = "from webdataset import ShardWriter\nids = tokenizer.encode(x)\n"
    text += "ShardWriter('a').write(ids)\n"
    assert ("datapreprocess/pack.py", "data_preprocessing_code", "part", "tokenize") in roles(
        make_release, run, {"datapreprocess/pack.py": text}
    )


def test_a_reader_of_shards_is_a_library_of_ones_own(make_release: Any, run: Any) -> None:
    text = (
        "import webdataset as wds\nclass Shuffle(wds.PipelineStage):\n    def run(self, x): pass\n"
    )
    assert ("foo/data.py", "supporting_libraries", "whole", "data_loader") in roles(
        make_release, run, {"foo/data.py": text}
    )
    plain = "from torch.utils.data import IterableDataset\nclass Mine(IterableDataset): pass\n"
    assert roles(make_release, run, {"foo/data.py": plain}) == set()


def test_cleaning_in_another_language_is_preparation_in_part(make_release: Any, run: Any) -> None:
    text = "package foo\n\nclass BooksDedup {\n}\n"
    found = roles(make_release, run, {"preprocessing/src/BooksDedup.scala": text})
    assert found == {
        ("preprocessing/src/BooksDedup.scala", "data_preprocessing_code", "part", "other_language")
    }
    assert (
        roles(make_release, run, {"src/Dedup.scala": text, "preprocessing/Main.scala": text})
        == set()
    )


def test_every_file_beyond_the_budget_is_counted_once(
    make_release: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "MAX_PARSED", 1)
    monkeypatch.setattr(code, "MAX_CANDIDATES", 3)
    text = "from torch import nn\nclass A(nn.Module):\n    pass\nloss.backward()\ngenerate(x)\n"
    found = run(code, make_release({f"{n}.py": text for n in range(5)}, Subject(names=("Foo",))))
    gaps = {gap.path: gap for gap in found if isinstance(gap, Gap)}
    assert {gap.reason for gap in gaps.values()} == {"too_many_files"}
    assert gaps["1.py"].detail.startswith("2 further")  # each is asked for in three passes
    assert gaps["3.py"].detail.startswith("2 further")
    assert gaps["1.py"].components == code.COMPONENTS
