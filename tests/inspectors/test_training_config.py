"""A configuration of the real run is told by its keys; engines, demos and stubs are not one."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.inspectors import training_config
from openassay.subject import Subject
from openassay.types import Extent, Found, Linked

RUN_YAML = """# pretraining
model: {hidden_size: 512, num_layers: 6}
optimizer:
  learning_rate: 3e-4   # peak
  weight_decay: 0.1
train_batch_size: 1024
max_steps: 100000
"""
NEOX_STYLE = """{
  # parallelism
  "num-layers": 6,
  "optimizer": {"type": "Adam", "params": {"lr": 0.001, "betas": [0.9, 0.95],}},
  "zero_optimization": {"stage": 1},
  "train_micro_batch_size_per_gpu": 16,
  "train-iters": 143000,
}"""
PYTHON_CONFIG = """# train the small model
batch_size = 12
gradient_accumulation_steps = 5 * 8
max_iters = 600000
weight_decay = 1e-1
"""
DEEPSPEED = """{"train_batch_size": 32, "zero_optimization": {"stage": 2},
 "optimizer": {"type": "AdamW", "params": {"lr": 1e-5, "weight_decay": 0.1}},
 "scheduler": {"type": "WarmupLR"}, "gradient_clipping": 1.0}"""
PROGRAM = PYTHON_CONFIG + "import argparse\nlr = 1\nif __name__ == '__main__':\n    main()\n"
DEFAULTS = """class TrainArgs:
    lr: float = 3e-4
    batch_size: int = 8
    max_steps: int = 10
    warmup_steps: int = 2
    weight_decay: float = 0.1
"""


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("configs/pretrain.yaml", RUN_YAML, "YAML of a run"),
        ("models/70M/foo-70m.yml", NEOX_STYLE, "JSON with comments under .yml, engine keys inside"),
        ("config/train_small.py", PYTHON_CONFIG, "a Python module of assignments"),
        ("train.toml", "lr = 1e-3\nbatch_size = 8\nepochs = 3\n", "TOML"),
        ("train_config.json", '{\n"lr": 1e-3,\n"batch_size": 8,\n"epochs": 3\n}', "JSON"),
    ],
)
def test_a_run_is_found_whole(make_release: Any, run: Any, path: str, text: str, why: str) -> None:
    (fact,) = run(training_config, make_release({path: text}))
    assert isinstance(fact, Found), why
    assert (fact.component, fact.extent, fact.aspect) == (
        "model_metadata",
        Extent.WHOLE,
        "training_config",
    )
    assert fact.evidence[0].path == path
    line = fact.evidence[0].span.start
    assert isinstance(line, int)
    assert " ".join(text.split("\n")[line - 1].split()) == fact.evidence[0].quote


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("ds_config.json", DEEPSPEED, "an engine's settings are no run"),
        ("configs/accelerate.yaml", "compute_environment: LOCAL\nlr: 1\nbatch_size: 2\nepochs: 1\n",
         "a launcher's settings"),
        ("utils/dummy_config.yml", NEOX_STYLE, "openly a stub"),
        ("examples/train.yaml", RUN_YAML, "an example for users"),
        ("finetune_demo/configs/sft.yaml", RUN_YAML, "a demo for users"),
        ("configs/eval.yaml", RUN_YAML, "an evaluation"),
        ("config/eval_x.py", "batch_size = 8\neval_iters = 500\neval_only = True\n", "loss only"),
        ("config/train.py", PROGRAM, "a program is for the code inspectors"),
        ("train/configs/eval_base.yaml", RUN_YAML, "an evaluation among training files"),
        ("recipes/run.py", "lr = 1\nbatch_size = 2\nepochs = 3\nTrainer().fit()\n", "a program"),
        ("config/args.py", DEFAULTS, "defaults of a class are no run"),
        ("configs/run.yaml", "lr: auto\nbatch_size: auto\nepochs: 3\n", "nothing is set"),
        (".github/workflows/train.yml", RUN_YAML, "continuous integration"),
        ("third_party/lib/train.yaml", RUN_YAML, "vendored"),
        ("tests/train.yaml", RUN_YAML, "a fixture"),
        ("notes.yaml", "title: x\nlr: 1\n", "one key is not a configuration"),
        ("configs/empty.yaml", "", "0 bytes"),
        ("configs/binary.yaml", b"\0\1\2" * 40, "binary"),
    ],
)  # fmt: skip
def test_what_is_no_run_says_nothing(
    make_release: Any, run: Any, path: str, text: str, why: str
) -> None:
    assert run(training_config, make_release({path: text})) == [], why


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("recipes/sft.yaml", RUN_YAML),
        ("config/run.yaml", RUN_YAML + "model_name_or_path: org/base-7b\n"),
        ("config/run.yaml", RUN_YAML + "lora_r: 8\n"),
    ],
)
def test_tuning_a_finished_model_is_marked(
    make_release: Any, run: Any, path: str, text: str
) -> None:
    (fact,) = run(training_config, make_release({path: text}))
    assert (fact.extent, fact.aspect) == (Extent.PART, "finetune_config")


def test_data_sets_in_comments_and_keys_are_linked_with_their_lines(
    make_release: Any, run: Any
) -> None:
    text = RUN_YAML + (
        "data:\n"
        "  - /scratch/web # https://huggingface.co/datasets/org/web/viewer/default\n"
        "  - /scratch/web2 # https://huggingface.co/datasets/org/web\n"
        "  hf_dataset_or_datasets: other/code-corpus\n"
        "  dataset: data/local.jsonl\n"
    )
    facts = run(training_config, make_release({"train.yaml": text}))
    links = [fact for fact in facts if isinstance(fact, Linked)]
    assert [(link.url, link.evidence[0].span.start) for link in links] == [
        ("https://huggingface.co/datasets/org/web", 9),
        ("https://huggingface.co/datasets/other/code-corpus", 11),
    ]
    assert {link.component for link in links} == {"datasets"}


def test_another_generation_does_not_count(make_release: Any, run: Any) -> None:
    release = make_release({"train/foo2/run.yaml": RUN_YAML}, Subject(names=("Foo3",)))
    assert run(training_config, release) == []


NET = """\
import torch.nn as nn
class Block(nn.Module):
    def __init__(self, c):
        self.attn = Attention(nn.Linear(c, c))
class Foo(nn.Module):
    def __init__(self, c):
        self.emb = nn.Embedding(9, c)
        self.blocks = nn.ModuleList([Block(c)])
"""
CONSTANTS = """\
from net import Foo
LEARNING_RATE = 3e-4
WEIGHT_DECAY = 0.1
BETA1 = 0.9
max_steps = 1000 * 2  # of the whole run
model = Foo(8)
loss.backward()
optimizer.step()
"""


def test_constants_of_a_pretraining_script_are_the_runs(make_release: Any, run: Any) -> None:
    (fact,) = run(training_config, make_release({"net.py": NET, "main.py": CONSTANTS}))
    assert (fact.component, fact.extent) == ("model_metadata", Extent.WHOLE)
    assert (fact.evidence[0].path, fact.evidence[0].quote) == ("main.py", "LEARNING_RATE = 3e-4")


TUNED = "from transformers import AutoModelForCausalLM\n" + CONSTANTS.replace(
    "Foo(8)", "AutoModelForCausalLM.from_pretrained(x)"
)


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("finetune/main.py", CONSTANTS, "tuning by its path"),
        ("main.py", TUNED, "starts from a checkpoint"),
        ("main.py", CONSTANTS.replace("BETA1 = 0.9\n", ""), "three are too few"),
        ("main.py", CONSTANTS.replace("LEARNING_RATE = 3e-4", "max_iters = 5"), "no learning rate"),
        ("main.py", CONSTANTS.replace("loss.backward()", "pass"), "nothing is trained"),
        ("main.py", CONSTANTS.replace("LEARNING_RATE = 3e-4", "lr = args.lr"), "set elsewhere"),
        ("tests/main.py", CONSTANTS, "a fixture"),
    ],
)
def test_constants_that_are_no_run(
    make_release: Any, run: Any, path: str, text: str, why: str
) -> None:
    assert run(training_config, make_release({"net.py": NET, path: text})) == [], why


LAUNCH = """\
#!/bin/bash
LR=1e-3
srun python -m foo.main \\
    --batch-size 10 \\
    --lr $LR \\
    --wd 0.1 --epochs 64
"""
USED = "# Foo\n\nThe script used to train this model is [here](scripts/go.sh).\n"


def test_a_launch_script_said_to_be_the_one_used_is_the_runs(make_release: Any, run: Any) -> None:
    (fact,) = run(training_config, make_release({"README.md": USED, "scripts/go.sh": LAUNCH}))
    assert (fact.component, fact.extent, fact.aspect) == (
        "model_metadata",
        Extent.WHOLE,
        "launch_script",
    )
    assert [(e.path, e.span.start) for e in fact.evidence] == [
        ("scripts/go.sh", 3),
        ("README.md", 3),
    ]


@pytest.mark.parametrize(
    ("readme", "script", "why"),
    [
        ("To train a model run scripts/go.sh.", LAUNCH, "an instruction, not a record"),
        (USED.replace("go.sh", "other.sh"), LAUNCH, "of another script"),
        (USED, LAUNCH.replace("--epochs 64", "").replace("--wd 0.1", ""), "too few options"),
        (USED, "", "empty"),
    ],
)
def test_launch_scripts_that_are_no_record(
    make_release: Any, run: Any, readme: str, script: str, why: str
) -> None:
    files = {"README.md": readme, "scripts/go.sh": script}
    assert run(training_config, make_release(files)) == [], why
