"""Code in documents: what loads and runs this release's own model, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import snippets
from openassay.subject import Subject
from openassay.types import Found, Linked

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
HUB = "https://huggingface.co"
SLOW = pytest.mark.slow
Snippets = Callable[..., list[str]]


@pytest.fixture
def told(make_release: Any, run: Any) -> Snippets:
    """`told(component, text)`: "Found part README.md:3 URL" for each fact on the component."""

    def tell(component: str, text: str, path: str = "README.md") -> list[str]:
        return [
            f"{type(f).__name__} {f.extent} {f.evidence[0].path}:{f.evidence[0].span.start} "
            f"{getattr(f, 'url', '')}".strip()
            for f in run(snippets, make_release({path: f"# Foo3\n\n{text}\n"}, US))
            if isinstance(f, (Found, Linked)) and f.component == component
        ]

    return tell


CHAT = """```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("acme/Foo3-7B", device_map="auto")
reply = model.generate(**inputs)
```"""


# -- running and loading -----------------------------------------------------------------------


@pytest.mark.parametrize("heading", ["Quick start", "快速使用"])
def test_a_snippet_that_generates_is_inference_in_part(told: Snippets, heading: str) -> None:
    assert told("inference_code", f"## {heading}\n\n{CHAT}") == ["Found part README.md:9"]


def test_a_plain_call_without_gradients_is_inference_in_part(told: Snippets) -> None:
    """Encoders have no method that generates: the model itself is called."""
    code = "model = foo3.large(pretrained=True)\nwith torch.no_grad():\n    out = model(inputs)"
    assert told("inference_code", f"## Usage\n\n```python\n{code}\n```") == [
        "Found part README.md:7"
    ]


def test_a_snippet_links_the_weights_it_loads(told: Snippets) -> None:
    rows = told("model_parameters_final", f"## Usage\n\n{CHAT}")
    assert rows == [f"Linked whole README.md:8 {HUB}/acme/Foo3-7B"]


@pytest.mark.parametrize(
    "command",
    ["vllm serve acme/Foo3-7B", "python -m sglang.launch_server --model acme/Foo3-7B"],
)
def test_another_engines_command_is_inference_in_part(told: Snippets, command: str) -> None:
    text = f"## Deployment\n\n```bash\n{command}\n```"
    assert told("inference_code", text) == ["Found part README.md:6"]
    assert told("model_parameters_final", text) == [f"Linked whole README.md:6 {HUB}/acme/Foo3-7B"]


def test_a_download_command_links_the_weights(told: Snippets) -> None:
    text = "```bash\nhuggingface-cli download acme/Foo3-7B --local-dir foo\n```"
    assert told("model_parameters_final", text) == [f"Linked whole README.md:4 {HUB}/acme/Foo3-7B"]
    assert told("inference_code", text) == []


NOT_OURS = {
    "a sibling": CHAT.replace("Foo3-7B", "BarVLM-2B"),
    "an older generation": CHAT.replace("Foo3", "Foo2"),
    "somebody else's": CHAT.replace("acme/Foo3-7B", "zebra/ZebraLM-7B"),
    "a copy by others": CHAT.replace("acme/Foo3-7B", "copyist/Foo3-7B-GGUF"),
    "a path": CHAT.replace("acme/Foo3-7B", "path/to/foo3"),
    "a data set": '```python\nd = load_dataset("acme/FooCorpus")\n```',
    "running text": 'Call `from_pretrained("acme/Foo3-7B")`, please.',
}


@pytest.mark.parametrize("case", NOT_OURS)
def test_what_links_no_weights_of_this_release(told: Snippets, case: str) -> None:
    assert told("model_parameters_final", f"## Usage\n\n{NOT_OURS[case]}") == []


@pytest.mark.parametrize("name", ["BarVLM-2B", "Foo2-7B"])
def test_a_siblings_snippet_is_not_this_models_inference(told: Snippets, name: str) -> None:
    text = f"## Use of {name}\n\n{CHAT.replace('Foo3-7B', name)}"
    assert told("inference_code", text) == []


@pytest.mark.parametrize("heading", ["Fine-tuning", "微调", "Training", "Evaluation"])
def test_tuning_and_measuring_are_not_inference(told: Snippets, heading: str) -> None:
    text = f"## {heading}\n\n```bash\npython tune.py --model acme/Foo3-7B --infer\n```"
    assert told("inference_code", text) == []


@pytest.mark.parametrize("heading", ["Citation", "License", "Installation"])
def test_a_block_that_runs_nothing_is_not_inference(told: Snippets, heading: str) -> None:
    assert told("inference_code", f"## {heading}\n\n```\npip install foo3\n```") == []


def test_an_own_adapter_is_no_weights(told: Snippets) -> None:
    """Adapters do not count (rule 6)."""
    text = CHAT.replace("acme/Foo3-7B", "acme/Foo3-7B-LoRA")
    assert told("model_parameters_final", f"## Usage\n\n{text}") == []


# -- architecture ------------------------------------------------------------------------------


def test_remote_code_is_a_linked_architecture(told: Snippets) -> None:
    text = CHAT.replace('device_map="auto"', "trust_remote_code=True")
    assert told("model_architecture", text) == [f"Linked whole README.md:6 {HUB}/acme/Foo3-7B"]


@pytest.mark.parametrize("name", ["FooForCausalLM", "F5ForCausalLM"])
def test_a_named_class_is_a_linked_architecture(told: Snippets, name: str) -> None:
    text = CHAT.replace("AutoModelForCausalLM", name)
    (row,) = told("model_architecture", text)
    assert row.startswith("Linked whole README.md:")


def test_an_automatic_class_is_linked_too(make_release: Any, run: Any) -> None:
    """Rule 5: linked, with little confidence; the aspect keeps the three apart."""
    facts = run(snippets, make_release({"README.md": CHAT}, US))
    (fact,) = [f for f in facts if getattr(f, "component", "") == "model_architecture"]
    assert isinstance(fact, Linked)
    assert fact.aspect == "auto_class"


@pytest.mark.parametrize(
    "name", ["acme/BarVLM-2B", "acme/Foo2-7B", "zebra/ZebraLM-7B", "./checkpoints/foo"]
)
def test_another_models_class_says_nothing(told: Snippets, name: str) -> None:
    text = CHAT.replace("acme/Foo3-7B", name).replace('device_map="auto"', "trust_remote_code=True")
    assert told("model_architecture", text) == []


# -- checkpoints, data -------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ["step1000", "step-20000", "stage1-step1000-tokens5B"])
def test_a_revision_of_a_step_is_an_intermediate_checkpoint(told: Snippets, revision: str) -> None:
    text = CHAT.replace('device_map="auto"', f'revision="{revision}"')
    rows = told("model_parameters_intermediate", text)
    assert rows == [f"Linked whole README.md:6 {HUB}/acme/Foo3-7B"]


@pytest.mark.parametrize("revision", ["main", "v1.0", "fp16"])
def test_other_revisions_are_not_intermediate(told: Snippets, revision: str) -> None:
    text = CHAT.replace('device_map="auto"', f'revision="{revision}"')
    assert told("model_parameters_intermediate", text) == []


def test_a_command_that_fetches_the_own_corpus(told: Snippets) -> None:
    text = '## Data\n\n```python\ncorpus = load_dataset("acme/FooCorpus")\n```'
    assert told("datasets", text) == [f"Linked whole README.md:6 {HUB}/datasets/acme/FooCorpus"]


@pytest.mark.parametrize(
    "text",
    [
        '## Fine-tuning\n\n```python\nd = load_dataset("zebra/chatty")\n```',
        '## 微调\n\n```python\nd = load_dataset("acme/chatty")\n```',
        '## Evaluation\n\n```python\nd = load_dataset("acme/foo-test")\n```',
        '## BarVLM\n\n```python\nd = load_dataset("acme/BarVLM-data")\n```',
    ],
)
def test_demo_and_test_sets_in_code_are_not_training_data(told: Snippets, text: str) -> None:
    assert told("datasets", text) == []


def test_a_sample_of_the_corpus_is_part(told: Snippets) -> None:
    text = '## A data sample\n\n```python\ncorpus = load_dataset("acme/FooCorpus")\n```'
    assert told("datasets", text) == [f"Linked part README.md:6 {HUB}/datasets/acme/FooCorpus"]


# -- evaluation --------------------------------------------------------------------------------

MEASURE = (
    "```bash\nlm_eval --model_args pretrained=acme/Foo3-7B \\\n  --tasks zebra_qa,zebra_sum\n```"
)


@pytest.mark.parametrize("heading", ["Evaluation", "评测"])
def test_a_harness_command_links_code_and_tasks(told: Snippets, heading: str) -> None:
    """A harness task id inside a command links the data, too (rule 12)."""
    text = f"## {heading}\n\n{MEASURE}"
    assert told("evaluation_code", text) == ["Linked whole README.md:6 lm_eval"]
    assert told("evaluation_data", text) == ["Linked whole README.md:7 zebra_qa,zebra_sum"]


@pytest.mark.parametrize(
    "text",
    [
        "## Evaluation\n\n```bash\npython bench_speed.py --batch 4\n```",
        "## Evaluation\n\n```bash\nlm_eval --model_args pretrained=acme/BarVLM --tasks z\n```",
        "## Evaluation\n\nWe used zebra_qa and zebra_sum.",
    ],
)
def test_what_is_no_evaluation_code_or_data(told: Snippets, text: str) -> None:
    assert told("evaluation_code", text) == []
    assert told("evaluation_data", text) == []


# -- dependencies ------------------------------------------------------------------------------


def test_installing_several_packages_is_a_dependency_list(told: Snippets) -> None:
    text = "## Installation\n\n```bash\npip install -U zebra-core zebra-text stripes\n```"
    assert told("supporting_libraries", text) == ["Found part README.md:6"]


@pytest.mark.parametrize("command", ["pip install foo3", "pip install -e .", "apt install a b c"])
def test_installing_itself_is_no_dependency_list(told: Snippets, command: str) -> None:
    assert told("supporting_libraries", f"```bash\n{command}\n```") == []


@pytest.mark.parametrize("path", ["third_party/x/README.md", "Foo2/README.md", "tests/README.md"])
def test_documents_that_are_not_the_releases_are_not_read(told: Snippets, path: str) -> None:
    assert told("model_parameters_final", f"## Usage\n\n{CHAT}", path) == []


# -- anything at all ---------------------------------------------------------------------------

HOSTILE = {
    "100k lines": (f"{CHAT}\n" + "plain text\n" * 94) * 1000,
    "one endless line": f"```\n{'lm_eval acme/Foo3-7B --tasks a,b ' * 20_000}\n```",
    "an endless list": f"```\n--tasks {'a,' * 50_000}\npip install {'ab ' * 50_000}-\n```",
    "an unclosed fence": CHAT[:-3] * 2000,
    "many fences": "```\nacme/Foo3 infer\n```\n" * 5000,
    "deep nesting": "> " * 4000 + CHAT + "\n```" + "```(" * 9000 + "`" * 9000,
    "control characters": CHAT.replace(
        "reply", "".join(map(chr, range(1, 32))) + "\x7f\u202e\u2028"
    ),
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    text = HOSTILE[case]
    assert all_cited(snippets, make_release({"README.md": text}, US)) < 20_000


PIECES = st.sampled_from(
    [
        CHAT,
        MEASURE,
        "# Foo3",
        "## 微调",
        "```",
        "```python",
        'from_pretrained("acme/Foo3-7B")',
        "infer",
        'revision="step1000"',
        "trust_remote_code=True",
        'load_dataset("acme/x")',
        "--tasks a",
        "pip install a b c",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    all_cited(snippets, make_release({"README.md": text}, US))
