"""What code loads, and whose it is, decides the component."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats.code_locators import code_loads, command_loads, config_loads, quoted_commands
from openassay.formats.pycode import read_python
from openassay.formats.shell import read_shell
from openassay.inspectors import code_loads as inspector
from openassay.subject import Subject
from openassay.types import Derived, Gap, Linked, Relation

SUBJECT = Subject(names=("Foo2",), owners=frozenset({"fooai"}))
HUB = "https://huggingface.co"
TUNE = """\
from transformers import AutoModelForCausalLM, Trainer
from datasets import load_dataset
model = AutoModelForCausalLM.from_pretrained("{model}")
data = load_dataset("{data}")
Trainer(model=model, train_dataset=data).train()
"""


def links(make_release: Any, run: Any, files: dict[str, Any]) -> set[tuple[str, str, str]]:
    """(component, aspect, url) of everything linked."""
    found = run(inspector, make_release(files, SUBJECT))
    return {(fact.component, fact.aspect, fact.url) for fact in found if isinstance(fact, Linked)}


def test_own_weights_loaded_with_remote_code(make_release: Any, run: Any) -> None:
    text = (
        "from transformers import AutoModel\n"
        "NAME = 'fooai/Foo2-7B'\n"
        "m = AutoModel.from_pretrained(NAME, trust_remote_code=True)\n"
    )
    release = make_release({"demo.py": text}, SUBJECT)
    weights, layers = run(inspector, release)
    assert (weights.component, weights.url) == ("model_parameters_final", f"{HUB}/fooai/Foo2-7B")
    assert (layers.component, layers.aspect) == ("model_architecture", "remote_code")
    assert weights.evidence[0].span.start == 2
    assert "fooai/Foo2-7B" in weights.evidence[0].quote


@pytest.mark.parametrize(
    ("text", "aspect", "extent"),
    [
        (
            "transformers.LlamaForCausalLM.from_pretrained('fooai/Foo2-7B')",
            "library_class",
            "whole",
        ),
        ("transformers.AutoModel.from_pretrained('fooai/Foo2-7B')", "auto_class", "part"),
    ],
)
def test_a_class_of_a_library_is_a_link_and_a_bare_auto_class_a_part(
    make_release: Any, run: Any, text: str, aspect: str, extent: str
) -> None:
    release = make_release({"demo.py": f"import transformers\n{text}\n"}, SUBJECT)
    layers = [fact for fact in run(inspector, release) if fact.component == "model_architecture"]
    assert [(fact.aspect, str(fact.extent)) for fact in layers] == [(aspect, extent)]


@pytest.mark.parametrize(
    "text",
    [
        "AutoModel.from_pretrained('barai/Bar-7B')",
        "AutoModel.from_pretrained('fooai/Foo1-7B')",
        "AutoTokenizer.from_pretrained('fooai/Foo2-7B')",
        "AutoModel.from_pretrained('someone/Foo2-7B-GGUF')",
        "AutoModel.from_pretrained('your-name/Foo2-7B')",
        "AutoModel.from_pretrained('./checkpoints/foo2')",
        "requests.get('https://api.weather.example/v1?key=' + key)",
    ],
)
def test_these_offer_nothing_of_the_release(make_release: Any, run: Any, text: str) -> None:
    assert links(make_release, run, {"demo.py": f"import requests\n{text}\n"}) == set()


@pytest.mark.parametrize(
    "text",
    [
        "AutoModel.from_pretrained('fooai/Foo2-7B', revision='step1000')",
        "for s in range(9):\n    AutoModel.from_pretrained('fooai/Foo2-7B', revision=f'step{s}')",
        "AutoModel.from_pretrained('fooai/Foo2-7B-Intermediate-Checkpoints')",
        "AutoModel.from_pretrained(f'fooai/Foo2-{size}', revision='step{}'.format(n))",
    ],
)
def test_checkpoints_along_the_run(make_release: Any, run: Any, text: str) -> None:
    found = {component for component, _, _ in links(make_release, run, {"demo.py": text})}
    assert "model_parameters_intermediate" in found
    assert "model_parameters_final" not in found


def test_a_script_that_builds_addresses_of_own_weights(make_release: Any, run: Any) -> None:
    text = (
        "import requests\n"
        "for name in ['checkpoint', 'model.ckpt.index']:\n"
        "    r = requests.get('https://blob.example/foo-2/' + size + '/' + name)\n"
    )
    assert links(make_release, run, {"download.py": text}) == {
        ("model_parameters_final", "download_script", "https://blob.example/foo-2/")
    }


def test_a_script_that_fetches_the_shape(make_release: Any, run: Any) -> None:
    text = "import requests\nrequests.get('https://blob.example/foo2/' + size + '/hparams.json')\n"
    (fact,) = run(inspector, make_release({"download.py": text}, SUBJECT))
    assert (fact.component, str(fact.extent)) == ("model_metadata", "part")


def test_a_table_of_addresses(make_release: Any, run: Any) -> None:
    text = "_MODELS = {'s': 'https://cdn.example/foo2/abc/s.pt'}\n"
    assert links(make_release, run, {"foo2/__init__.py": text}) == {
        ("model_parameters_final", "download_script", "https://cdn.example/foo2/abc/s.pt")
    }


def test_a_table_of_ids_in_a_file_that_downloads(make_release: Any, run: Any) -> None:
    text = "P = {'repo_id': 'fooai/foo2'}\ndef get(r):\n    hf_hub_download(repo_id=r)\n"
    found = links(make_release, run, {"generation.py": text})
    assert ("model_parameters_final", "hub", f"{HUB}/fooai/foo2") in found
    assert links(make_release, run, {"names.py": "P = 'fooai/foo2'  # http"}) == set()


def test_tuning_a_foreign_model_names_base_and_data(make_release: Any, run: Any) -> None:
    text = TUNE.format(model="barai/Bar-7B", data="x/instructions")
    facts = run(inspector, make_release({"train.py": text}, SUBJECT))
    assert [fact.component for fact in facts if isinstance(fact, Linked)] == [
        "base_model_parameters", "fine_tuning_data",
    ]  # fmt: skip
    (derived,) = [fact for fact in facts if isinstance(fact, Derived)]
    assert (derived.base, derived.relation) == ("barai/Bar-7B", Relation.FINETUNE)


def test_tuning_with_an_adapter(make_release: Any, run: Any) -> None:
    text = "from peft import LoraConfig\n" + TUNE.format(model="barai/Bar-7B", data="x/y")
    facts = run(inspector, make_release({"train.py": text}, SUBJECT))
    assert [f.relation for f in facts if isinstance(f, Derived)] == [Relation.ADAPTER]


@pytest.mark.parametrize("model", ["fooai/Foo2-7B", "fooai/Foo1-7B", "fooai/other"])
def test_tuning_a_model_of_the_house_is_a_demo_without_a_base(
    make_release: Any, run: Any, model: str
) -> None:
    text = TUNE.format(model=model, data="x/y")
    facts = run(inspector, make_release({"finetune/train.py": text}, SUBJECT))
    assert not [fact for fact in facts if isinstance(fact, Derived)]
    assert "fine_tuning_data" in {fact.component for fact in facts}


@pytest.mark.parametrize(
    ("path", "text", "component"),
    [
        ("eval/mmlu.py", "load_dataset('cais/mmlu')", "evaluation_data"),
        ("eval/tasks.py", "import lighteval\nLightevalTaskConfig(hf_repo='cais/mmlu')",
         "evaluation_data"),
        ("finetune/sft.py", "load_dataset('cais/mmlu')", "fine_tuning_data"),
        ("pre/tok.py", "d = load_dataset('cais/mmlu')\nids = enc.encode(d)\nids.tofile('t.bin')",
         "datasets"),
        ("pre/dedup.py", "import datatrove\nd = ParquetReader('hf://datasets/cais/mmlu/x')\n"
         "datatrove.MinhashDedup(d)", "datasets"),
    ],
)  # fmt: skip
def test_data_belongs_to_what_the_script_does(
    make_release: Any, run: Any, path: str, text: str, component: str
) -> None:
    found = links(make_release, run, {path: text})
    assert {(name, url) for name, _, url in found} == {(component, f"{HUB}/datasets/cais/mmlu")}


@pytest.mark.parametrize("text", ["load_dataset('json', data_files=f)", "load_dataset(args.data)"])
def test_local_files_are_no_link(make_release: Any, run: Any, text: str) -> None:
    assert links(make_release, run, {"eval/mmlu.py": text}) == set()


def test_the_mixture_in_the_comments_of_a_pretraining_configuration(
    make_release: Any, run: Any
) -> None:
    page = f"{HUB}/datasets/x/a"
    text = f"optimizer: adamw\ndata:\n- /scratch/a # {page}/viewer/b\n- /b # {page}\n"
    wanted = {("datasets", "mixture", f"{HUB}/datasets/x/a")}
    assert links(make_release, run, {"pretrain/stage1.yaml": text}) == wanted
    assert links(make_release, run, {"finetune/lora.yaml": text}) == set()
    assert links(make_release, run, {"docs.yaml": text.replace("optimizer", "title")}) == set()


@pytest.mark.parametrize(
    ("path", "text", "component"),
    [
        (
            "get.sh",
            "huggingface-cli download fooai/Foo2-7B --local-dir x",
            "model_parameters_final",
        ),
        ("get.sh", "M=Foo2-7B\nhf download fooai/$M", "model_parameters_final"),
        ("get.sh", "modelscope download --model=fooai/Foo2-7B", "model_parameters_final"),
        ("get.sh", f"git clone {HUB}/fooai/Foo2-7B", "model_parameters_final"),
        ("get.sh", "wget https://cdn.example/foo2/foo2.safetensors", "model_parameters_final"),
        ("Makefile", "get:\n\thf download fooai/Foo2-7B\n", "model_parameters_final"),
        ("Dockerfile", "FROM x\nRUN hf download fooai/Foo2-7B\n", "model_parameters_final"),
        ("eval/get.sh", "wget https://x.example/mmlu/data.tar", "evaluation_data"),
        ("eval/run.py", "'''\nwget https://x.example/mmlu/data.tar\n'''", "evaluation_data"),
        ("data/download.sh", "hf download x/corpus --repo-type dataset", "datasets"),
        ("sft/run.sh", "python sft.py --dataset_name x/chat", "fine_tuning_data"),
        ("sft/lora.yaml", "learning_rate: 1\ndataset_name: x/chat\n", "fine_tuning_data"),
    ],
)
def test_commands_and_configurations(
    make_release: Any, run: Any, path: str, text: str, component: str
) -> None:
    found = links(make_release, run, {path: text})
    assert {name for name, _, _ in found} == {component}


def test_a_notebook_cell_that_downloads(make_release: Any, run: Any) -> None:
    text = '{"cells": [\n{"cell_type": "code", "source": [\n"!hf download fooai/Foo2-7B"]}]}'
    (fact,) = run(inspector, make_release({"demo.ipynb": text}, SUBJECT))
    assert (fact.component, fact.evidence[0].span.start) == ("model_parameters_final", 3)


def test_links_are_bounded_and_said_once(make_release: Any, run: Any) -> None:
    text = "\n".join(f"load_dataset('x/set{n}')" for n in range(50)) * 2
    release = make_release({"eval/all.py": text}, SUBJECT)
    assert len(run(inspector, release)) == inspector.MAX_FACTS


@given(st.text(max_size=200), st.sampled_from(["from_pretrained", "load_dataset", "get", "LLM"]))
def test_no_string_raises(value: str, call: str) -> None:
    for load in code_loads(read_python(f"x.{call}({value!r}, revision={value!r})")):
        assert load.url.startswith(("http", "s3:", "gs:", "hf:", "oss:", "ftp:", "magnet:"))
    for load in (
        *command_loads(read_shell(f"wget {value}")),
        *config_loads(f"model_name: {value}"),
    ):
        assert load.line >= 1
    assert all(command.words for command in quoted_commands(value))


def test_files_beyond_the_budget_are_a_gap(
    make_release: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspector, "MAX_PARSED", 2)
    monkeypatch.setattr(inspector, "MAX_CONFIGS", 1)
    text = "from transformers import AutoModel\nAutoModel.from_pretrained('fooai/Foo2-7B')\n"
    files = {f"load{n}.py": text for n in range(3)} | {f"conf/{n}.yaml": "a: 1\n" for n in range(3)}
    gaps = [fact for fact in run(inspector, make_release(files, SUBJECT)) if isinstance(fact, Gap)]
    assert [(gap.reason, gap.path, gap.components) for gap in gaps] == [
        ("too_many_files", "load2.py", inspector.COMPONENTS),
        ("too_many_files", "conf/1.yaml", inspector.COMPONENTS),
    ]


def test_files_that_load_nothing_take_no_budget(
    make_release: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspector, "MAX_PARSED", 1)
    monkeypatch.setattr(inspector, "MAX_CONFIGS", 1)
    header = "# http://www.apache.org/licenses/LICENSE-2.0\nimport os\n"
    files = {f"a{n}.py": header for n in range(3)} | {f"eval/{n}.json": "{}" for n in range(3)}
    files["z.py"] = (
        "from transformers import AutoModel\nAutoModel.from_pretrained('fooai/Foo2-7B')\n"
    )
    found = run(inspector, make_release(files, SUBJECT))
    assert not [fact for fact in found if isinstance(fact, Gap)]
    assert "model_parameters_final" in {fact.component for fact in found}
