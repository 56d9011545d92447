"""A base named in a sentence about this release makes it a tuned model; other lineages do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import derivation
from openassay.subject import Subject
from openassay.types import Derived, Linked

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
SLOW = pytest.mark.slow
Bases = Callable[..., list[str]]


@pytest.fixture
def bases(make_release: Any, run: Any) -> Bases:
    """`bases(text)`: "finetune ZebraLM README.md:3" for each base that is named."""

    def tell(text: str, path: str = "README.md") -> list[str]:
        files = {"README.md": "# Foo3\n", path: f"# Foo3\n\n{text}\n"}
        return [
            f"{f.relation} {f.base} {f.evidence[0].path}:{f.evidence[0].span.start}"
            for f in run(derivation, make_release(files, US))
            if isinstance(f, Derived)
        ]

    return tell


TUNED = [
    "Foo3 is fine-tuned from ZebraLM on our data.",
    "We present a model that was initialized from ZebraLM.",
    "Our model is continually pre-trained from ZebraLM.",
    "Foo3 基于 ZebraLM 继续预训练而成。",
    "Foo3 is a fine-tuned version of ZebraLM.",
    "Foo3 is an instruction-tuned model based on ZebraLM.",
    "我们基于ZebraLM进行微调得到 Foo3。",
]


@pytest.mark.parametrize("text", TUNED)
def test_the_base_of_a_tuned_model(bases: Bases, text: str) -> None:
    assert bases(text) == ["finetune ZebraLM README.md:3"]


@pytest.mark.parametrize("version", ["2", "2.5"])
def test_the_version_belongs_to_the_bases_name(bases: Bases, version: str) -> None:
    (row,) = bases(f"Foo3 is fine-tuned from ZebraLM {version} on our data.")
    assert row == f"finetune ZebraLM {version} README.md:3"


NOT_TUNED = {
    "its own base": "Foo3-Chat is fine-tuned from Foo3-Base.",
    "somebody else's": "OtterLM is fine-tuned from ZebraLM.",
    "a sibling's": "BarVLM is fine-tuned from ZebraLM.",
    "a user's": "A user's medical model is fine-tuned from Foo3.",
    "from scratch": "Foo3 is trained from scratch.",
    "a comparison": "Foo3 is compared with ZebraLM.",
    "the tokenizer": "Foo3 uses the tokenizer of ZebraLM.",
    "the architecture": "Foo3 follows the architecture of ZebraLM.",
    "thanks": "## Acknowledgements\n\nOur web page is adapted from Zebra.",
    "a community's": "## Community\n\nWe like the model fine-tuned from ZebraLM.",
}


@pytest.mark.parametrize("case", NOT_TUNED)
def test_what_does_not_make_it_a_tuned_model(bases: Bases, case: str) -> None:
    assert bases(NOT_TUNED[case]) == []


def test_a_siblings_sentence_in_the_first_person(bases: Bases) -> None:
    """Under a sibling's heading "our model" is the sibling."""
    assert bases("## BarVLM\n\nOur model is fine-tuned from ZebraLM.") == []


@pytest.mark.parametrize("path", ["docs/notes.md", "Foo2/README.md", "third_party/x/README.md"])
def test_only_the_front_speaks_of_the_releases_lineage(bases: Bases, path: str) -> None:
    assert bases("Foo3 is fine-tuned from ZebraLM.", path) == []


# -- stages ------------------------------------------------------------------------------------


def test_an_earlier_stage_that_is_published_is_part(make_release: Any, run: Any) -> None:
    text = (
        "# Foo3\n\n- [foo-stage-1](https://huggingface.co/acme/foo-stage-1)\n\n"
        "Foo3 was resumed from `foo-stage-1` and trained for 1000 steps.\n"
    )
    (fact,) = run(derivation, make_release({"README.md": text}, US))
    assert isinstance(fact, Linked)
    assert (fact.component, fact.extent) == ("model_parameters_intermediate", "part")
    assert fact.evidence[0].span.start == 5


def test_an_earlier_stage_that_is_not_published_is_nothing(make_release: Any, run: Any) -> None:
    text = "# Foo3\n\nFoo3 was resumed from `foo-stage-1` and trained for 1000 steps.\n"
    assert run(derivation, make_release({"README.md": text}, US)) == []


# -- anything at all ---------------------------------------------------------------------------

TELLING = "Foo3 is fine-tuned from ZebraLM 2. 我们基于 ZebraLM 微调。 Resumed from foo-1."
HOSTILE = {
    "100k lines": (f"{TELLING}\n\n" + "plain text\n\n" * 49) * 1000,
    "one endless line": f"{TELLING} " * 1000,
    "one endless name": "Foo3 is fine-tuned from " + "Zebra-Lm.2 " * 20_000,
    "an unclosed fence": f"{TELLING}\n```\n{TELLING}\n" * 999,
    "deep nesting": "> " * 4000 + TELLING + "\n" + "[" * 9000 + "](" * 9000 + "<a><p>" * 4000,
    "control characters": "".join(map(chr, range(1, 32))) + TELLING + "\x7f\u202e\ufeff\u2028",
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    text = HOSTILE[case]
    assert all_cited(derivation, make_release({"README.md": text}, US)) < 20_000


PIECES = st.sampled_from(
    [
        TELLING,
        "# Foo3",
        "基于 Zebra 微调",
        "```",
        "fine-tuned from",
        "initialized from the",
        "we",
        "ZebraLM",
        "resumed from a-1.b",
        "resumed from 1",
        "[a-1](https://x.example/a-1)",
        "BarVLM",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    all_cited(derivation, make_release({"README.md": text}, US))
