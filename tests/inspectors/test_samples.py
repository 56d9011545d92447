"""Outputs that are shown count; screenshots, demos and commands do not. Three make it whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import samples
from openassay.subject import Subject
from openassay.types import Found, Linked

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
PNG = b"\x89PNG\r\n\x1a\n"
SLOW = pytest.mark.slow
OUTPUT = "```\nThe zebra walked to the river, drank for a while, and then walked home again.\n```\n"
Samples = Callable[..., list[str]]


@pytest.fixture
def told(make_release: Any, run: Any) -> Samples:
    """`told(text, more)`: "Found whole README.md:3" for each fact on sample outputs."""

    def tell(
        text: str, more: dict[str, object] | None = None, path: str = "README.md"
    ) -> list[str]:
        front = {"README.md": "# Foo3\n"}
        release = make_release({**front, path: f"# Foo3\n\n{text}\n", **(more or {})}, US)
        return [
            f"{type(f).__name__} {f.extent} {f.evidence[0].path}:{f.evidence[0].span.start} "
            f"{getattr(f, 'url', '')}".strip()
            for f in run(samples, release)
            if isinstance(f, (Found, Linked)) and f.component == "sample_outputs"
        ]

    return tell


# -- transcripts -------------------------------------------------------------------------------


@pytest.mark.parametrize("heading", ["Sample outputs", "示例输出", "Example conversations"])
def test_three_outputs_are_whole_and_two_are_part(told: Samples, heading: str) -> None:
    assert told(f"## {heading}\n\n" + f"{OUTPUT}\n" * 3) == ["Found whole README.md:5"]
    assert told(f"## {heading}\n\n" + f"{OUTPUT}\n" * 2) == ["Found part README.md:5"]


def test_every_output_that_decides_is_cited(make_release: Any, run: Any) -> None:
    text = "## Sample outputs\n\n" + f"{OUTPUT}\n" * 3
    (fact,) = run(samples, make_release({"README.md": text}, US))
    assert [cited.span.start for cited in fact.evidence] == [3, 7, 11]


@pytest.mark.parametrize(
    "turns",
    [
        "User: hi\n\nAssistant: Hello, how are you?\n\nUser: well\n\nAssistant: Good to hear.\n\n"
        "User: bye\n\nAssistant: See you soon.\n",
        "用户：你好\n\n助手：你好，有什么可以帮你？\n\n用户：写诗\n\n助手：春眠不觉晓。\n\n用户：再见\n\n助手：再见。\n",
    ],
)
def test_answering_turns_are_outputs(told: Samples, turns: str) -> None:
    heading = "对话示例" if "助手" in turns else "Example conversation"
    assert told(f"## {heading}\n\n{turns}") == ["Found whole README.md:7"]


@pytest.mark.parametrize("intro", ["Foo3 prints the following output:", "模型输出如下结果："])
def test_a_block_introduced_as_output(told: Samples, intro: str) -> None:
    assert told(f"## Try it\n\n{intro}\n\n{OUTPUT}") == ["Found part README.md:7"]


def test_an_answer_in_interactive_code(told: Samples) -> None:
    """Two answers that stand in a console session are two outputs."""
    code = (
        '```python\n>>> reply = model.chat("hi")\n>>> print(reply)\nHello! How can I help you?\n'
        ">>> print(other)\nZebras have stripes, as everyone knows.\n```"
    )
    assert told(f"## Usage\n\n{code}") == ["Found part README.md:8"]


NO_OUTPUTS = {
    "commands": "## Examples\n\n```bash\npython generate.py --prompt hi\n```\n" * 3,
    "a program": "## Sample outputs\n\n```python\nmodel.generate(**inputs)\n```\n" * 3,
    "a training log": "Training prints the following results:\n\n"
    "```\nstep 1 loss 3.1 epoch 0 then step 2 loss 2.9 epoch 0 then step 3 loss 2.8\n```",
    "a table of contents": "- [Chat model output examples](#chat-model-output-examples)",
    "a live demo": "## Demo\n\nTry Foo3 in the [demo](https://huggingface.co/spaces/acme/Foo3).",
    "an empty heading": "## Sample outputs\n\nComing soon.",
    "a citation": "## Citation\n\n```\n@article{foo3,\n title={Foo3 output}\n}\n```\n" * 3,
    "prose on samples": "We looked at many sample outputs of Foo3 and liked each response.",
}


@pytest.mark.parametrize("case", NO_OUTPUTS)
def test_what_are_no_outputs(told: Samples, case: str) -> None:
    assert told(NO_OUTPUTS[case]) == []


def test_commands_introduced_as_giving_output_are_commands(told: Samples) -> None:
    code = (
        "```\npip install foo3\npython -m foo3 chat --model acme/Foo3 --prompt hi --length 12\n```"
    )
    assert told(f"The command prints an output:\n\n{code}") == []


@pytest.mark.parametrize("name", ["BarVLM", "Foo2"])
def test_outputs_of_a_sibling_under_the_own_title_do_not_count(told: Samples, name: str) -> None:
    """The nearest heading says whose outputs they are, not the title of the document."""
    assert told(f"## {name} sample outputs\n\n" + f"{OUTPUT}\n" * 3) == []


@pytest.mark.parametrize("name", ["BarVLM", "Foo2"])
def test_outputs_of_a_sibling_do_not_count(make_release: Any, run: Any, name: str) -> None:
    text = f"# {name} sample outputs\n\n" + f"{OUTPUT}\n" * 3
    assert run(samples, make_release({"README.md": text}, US)) == []


@pytest.mark.parametrize("rival", ["ZebraLM", "Zebra-2-7b", "ZEB-4", "Zebra3"])
def test_rivals_outputs_are_not_this_models(told: Samples, rival: str) -> None:
    """Outputs of the *named* model count (rule 18)."""
    assert told(f"## Sample outputs of {rival}\n\n" + f"{OUTPUT}\n" * 3) == []


@pytest.mark.parametrize(
    "heading",
    [
        "Sample outputs of Foo3",
        "Sample outputs of Foo3 beside ZebraLM",
        "Sample outputs of English",
    ],
)
def test_a_heading_that_names_no_rival_alone_is_our_own(told: Samples, heading: str) -> None:
    assert told(f"## {heading}\n\n" + f"{OUTPUT}\n" * 3) == ["Found whole README.md:5"]


# -- pictures and videos -----------------------------------------------------------------------


@pytest.mark.parametrize("heading", ["Gallery", "效果展示"])
def test_tracked_pictures_of_outputs(told: Samples, heading: str) -> None:
    names = ("a", "b", "c")
    text = f"## {heading}\n\n" + "".join(f"![zebra](assets/{name}.png)\n" for name in names)
    files: dict[str, object] = {f"assets/{name}.png": PNG for name in names}
    assert told(text, files) == ["Found whole README.md:5"]
    del files["assets/c.png"]
    assert told(text, files) == ["Found part README.md:5"]


def test_remote_pictures_are_linked(told: Samples) -> None:
    url = "https://cdn.acme.example/sample_{}.mp4".format
    text = "## Sample videos\n\n" + "".join(f'<video src="{url(i)}">\n' for i in range(3))
    assert told(text) == [f"Linked whole README.md:5 {url(0)}"]


@pytest.mark.parametrize(
    "text",
    [
        "## Demo\n\n![web demo](assets/x.png)",
        "## 演示\n\n![网页演示](assets/web_demo.png)",
        "## Usage\n\n![chat interface](assets/x.png)",
        "## Gallery\n\n![screenshot of the web UI](assets/x.png)",
        "## Gallery\n\n![logo](assets/x.png)",
        "## BarVLM gallery\n\n![zebra](assets/x.png)",
        "## Gallery\n\n![badge](https://img.shields.io/badge/samples-3-red)",
        "![architecture](assets/x.png)",
        "## Results\n\n![scores](assets/x.png)",
        "![sample](assets/missing.png)",
    ],
)
def test_screenshots_and_decoration_are_no_outputs(told: Samples, text: str) -> None:
    files: dict[str, object] = {"assets/x.png": PNG, "assets/web_demo.png": PNG}
    assert told(text, files) == []


# -- where -------------------------------------------------------------------------------------


def test_a_document_of_samples_below_the_root_is_read(told: Samples) -> None:
    text = "## Sample outputs\n\n" + f"{OUTPUT}\n" * 3
    assert told(text, path="docs/samples.md") == ["Found whole docs/samples.md:5"]


@pytest.mark.parametrize(
    "path", ["Foo2/README.md", "third_party/x/README.md", "finetune/README.md", "BarVLM/samples.md"]
)
def test_other_documents_do_not_speak_for_the_release(told: Samples, path: str) -> None:
    assert told("## Sample outputs\n\n" + f"{OUTPUT}\n" * 3, path=path) == []


# -- anything at all ---------------------------------------------------------------------------

TELLING = "## Sample outputs\n\nAssistant: Hello, how are you?\n"
HOSTILE = {
    "100k lines": (TELLING + "plain text\n" * 97) * 1000,
    "one endless line": "Assistant: Hello! " * 40_000,
    "an unclosed fence": f"{TELLING}```\n>>> print(x)\n" * 999,
    "many sections": TELLING * 2000,
    "deep nesting": "> " * 4000 + TELLING + "![sample](" * 9000 + "[" * 9000 + "<img>" * 4000,
    "control characters": TELLING + "".join(map(chr, range(1, 32))) + "\x7f\u202e\ufeff\u2028",
}


def _all_cited(make_release: Any, run: Any, text: str) -> int:
    release = make_release({"README.md": text, "a.png": PNG}, US)
    lines = len(release.files[0].lines)
    facts = run(samples, release)
    for fact in facts:
        for cited in fact.evidence:
            assert cited.path == "README.md"
            assert 1 <= int(cited.span.start) <= int(cited.span.end) <= lines
    return len(facts)


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, run: Any, case: str) -> None:
    assert _all_cited(make_release, run, HOSTILE[case]) < 20_000


PIECES = st.sampled_from(
    [
        TELLING,
        OUTPUT,
        "# Foo3",
        "## 示例输出",
        "```",
        ">>> print(x)",
        "答：好",
        "![sample](a.png)",
        "```text",
        "The output:",
        "BarVLM",
        "<video src=x.mp4>",
        "![](https://x.example/sample.gif)",
        "## Demo",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, run: Any, text: str) -> None:
    _all_cited(make_release, run, text)
