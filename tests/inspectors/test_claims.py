"""Claims of openness about this release, in the authors' words; rivals and tools are left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import claims
from openassay.subject import Subject
from openassay.types import Stated

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
SLOW = pytest.mark.slow
Claims = Callable[..., list[str]]


@pytest.fixture
def told(make_release: Any, run: Any) -> Claims:
    """`told(text)`: "open_source README.md:3" for each claim."""

    def tell(text: str, path: str = "README.md", title: str = "# Foo3") -> list[str]:
        return [
            f"{f.value} {f.evidence[0].path}:{f.evidence[0].span.start}"
            for f in run(claims, make_release({path: f"{title}\n\n{text}\n"}, US))
            if isinstance(f, Stated) and f.topic == "claim"
        ]

    return tell


CLAIMS = {
    "Foo3 is an open-source language model.": "open_source",
    "We open-source Foo3 for everyone.": "open_source",
    "我们开源了 Foo3 模型。": "open_source",
    "Foo3 是新一代开源大语言模型。": "open_source",
    "This is the Foo3 open-weights model.": "open_weights",
    "Foo3 的权重完全开放。": "open_weights",
    "Foo3 is fully open.": "fully_open",
    "Foo3 完全开源。": "fully_open",
    "All our code, data and checkpoints are released.": "fully_open",
    "Foo3 is fully reproducible.": "reproducible",
    "Foo3 的训练可复现。": "reproducible",
    "所有版本对学术研究完全开放。": "open_access",
    "Foo3 is publicly available.": "open_access",
    "Foo3 is free for commercial use.": "commercial_use",
    "Foo3 可商用。": "commercial_use",
    "We release the weights of Foo3 and its code.": "release",
    "我们发布了 Foo3 的代码与权重。": "release",
    "The code of Foo3 is licensed under the Apache-2.0 license.": "open_license",
    "Foo3 的代码依照 Apache-2.0 协议开源。": "open_source",
    "Foo3 is an open language model.": "open",
}


@pytest.mark.parametrize("text", CLAIMS)
def test_what_the_authors_claim(told: Claims, text: str) -> None:
    assert told(text) == [f"{CLAIMS[text]} README.md:3"]


@pytest.mark.parametrize(
    "text",
    [
        "The script trains Foo3. Note that this may not fully reproduce the results of the paper.",
        "We believe that providing the code to reproduce the research will allow new applications.",
        "Foo3 的结果难以完全复现。",
    ],
)
def test_doubts_and_hopes_are_no_claim_of_reproducibility(told: Claims, text: str) -> None:
    assert not told(text)


def test_open_weights_are_not_upgraded_to_open_source(told: Claims) -> None:
    """The authors say open weights: the claim must not become a stronger one."""
    assert told("Foo3 is an open-weights model.") == ["open_weights README.md:3"]


def test_a_claim_is_cited_on_the_line_of_its_words(told: Claims) -> None:
    """A sentence over several lines is cited where "open-source" stands."""
    text = (
        "Foo3 is the third and by far the largest\nmodel of our house, and it is\nopen-source now."
    )
    assert told(text) == ["open_source README.md:5"]


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("We open-source the weights of Foo3.", "weights"),
        ("We open-source our training scripts.", "code"),
        ("We open-source our corpus.", "data"),
        ("We open-source our code and data.", "release"),
        ("我们开源了训练代码。", "code"),
        ("The code is open source, while use of the model weights is limited.", "code"),
        ("本仓库的代码是开源的，而使用模型权重必须遵守模型许可。", "code"),
        ("We open-source our code, but we open-source our weights as well.", "release"),
    ],
)
def test_what_a_claim_is_about(make_release: Any, run: Any, text: str, subject: str) -> None:
    facts = run(claims, make_release({"README.md": text}, US))
    assert [f.subject for f in facts] == [subject]


@pytest.mark.parametrize(
    "text",
    ["We will open-source the training code soon.", "训练代码即将开源，我们会在这里公布。"],
)
def test_a_promise_is_not_a_claim_that_holds_today(told: Claims, text: str) -> None:
    assert told(text) == ["promise README.md:3"]


def test_a_claim_in_an_html_row_is_cited_on_the_line_of_its_words(told: Claims) -> None:
    """The row begins with a bare tag, which proves nothing."""
    text = "<table>\n<tr>\n<td>\n<p>Foo3 is an open-source model.</p>\n</td>\n</tr>\n</table>"
    assert told(text) == ["open_source README.md:6"]


NO_CLAIMS = {
    "rivals": "Foo3 outperforms other open-source models.",
    "rivals, compared": "We compare Foo3 with leading open-source models.",
    "the best rival": "Foo3 scores higher than the best open-source model of its size.",
    "rivals in Chinese": "Foo3 在各项任务上超越其他开源模型。",
    "rivals of the same size": "Foo3 优于同尺寸开源模型。",
    "a sibling": "BarVLM is an open-source vision model.",
    "an older generation": "Foo2 is open source.",
    "somebody else's": "ZebraLM is an open-source model.",
    "a tool": "The server is built on an open-source framework.",
    "a Chinese tool": "推理服务基于开源框架。",
    "data of others": "It was trained on open-source datasets.",
    "a denial": "Foo3 is not open source.",
    "thanks": "## Acknowledgements\n\nWe thank the open-source community.",
    "Chinese thanks": "## 致谢\n\n我们感谢开源社区。",
    "related work": "## Related projects\n\n- Zebra: our friends' open-source model",
    "opening a file": "We open the file and read the source of the text.",
    "an issue": "Please open an issue.",
}


@pytest.mark.parametrize("case", NO_CLAIMS)
def test_what_is_no_claim_about_this_release(told: Claims, case: str) -> None:
    assert told(NO_CLAIMS[case]) == []


def test_a_sibling_under_the_own_title_is_not_claimed(told: Claims) -> None:
    assert told("## BarVLM\n\nThe model is open source.") == []


@pytest.mark.parametrize(
    "code", ["```\nWe open-source Foo3.\n```", "<!-- -->\n\n    pip install x"]
)
def test_code_makes_no_claim(told: Claims, code: str) -> None:
    assert told(code) == []


def test_headings_pictures_and_titles_claim_too(told: Claims) -> None:
    assert told("", title="# Foo3: an open-source model") == ["open_source README.md:1"]
    assert told("![Foo3 is open source](a.png)") == ["open_source README.md:3"]
    entry = "```bibtex\n@misc{foo3,\n  title={Foo3: An Open Language Model},\n}\n```"
    assert told(entry) == ["open README.md:5"]


def test_one_claim_a_line(told: Claims) -> None:
    assert told("- Foo3 is open source.\n- 我们开源了 Foo3。\n- Its weights are open.") == [
        "open_source README.md:3",
        "open_source README.md:4",
        "open_weights README.md:5",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "CONTRIBUTING.md",
        ".github/pull.md",
        "third_party/x/README.md",
        "Foo2/README.md",
        "tests/a.md",
    ],
)
def test_housekeeping_and_others_documents_are_not_read(told: Claims, path: str) -> None:
    assert told("We open-source Foo3.", path) == []


# -- anything at all ---------------------------------------------------------------------------

TELLING = "Foo3 is an open-source model, licensed under the Apache-2.0 license. 我们开源了 Foo3。"
HOSTILE = {
    "100k lines": (f"{TELLING}\n\n" + "plain text\n\n" * 9) * 5_000,
    "one endless line": f"{TELLING} " * 10_000,
    "one endless sentence": "we are releasing the open other than licensed under not " * 10_000,
    "an unclosed fence": f"```\n{TELLING}\n" * 999,
    "deep nesting": "> " * 4000 + TELLING + "\n" + "[" * 9000 + "](" * 9000 + "<a><p>" * 4000,
    "control characters": "".join(map(chr, range(1, 32))) + TELLING + "\x7f\u202e\ufeff\u2028",
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    text = HOSTILE[case]
    assert all_cited(claims, make_release({"README.md": text}, US)) < 20_000


PIECES = st.sampled_from(
    [
        TELLING,
        "# Foo3",
        "## 致谢",
        "```",
        "| a | b |",
        "|---|---|",
        "open",
        "开源",
        "title={Open Foo3}",
        "we release",
        "BarVLM",
        "![open source](a.png)",
        "not",
        "soon",
        "all checkpoints",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    all_cited(claims, make_release({"README.md": text}, US))
