"""A sentence on licences is read clause by clause: which licence, for what, with which limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import license_prose
from openassay.subject import Subject
from openassay.types import Gated, Licensed, Stated

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
SLOW = pytest.mark.slow
Prose = Callable[..., list[str]]


@pytest.fixture
def licensed(make_release: Any, run: Any) -> Prose:
    """`licensed(text)`: "code MIT README.md:3" for each licence that is stated."""

    def tell(text: str, path: str = "README.md") -> list[str]:
        files = {"README.md": "# Foo3\n", path: f"# Foo3\n\n{text}\n"}
        return [
            f"{f.scope} {f.license} {f.evidence[0].path}:{f.evidence[0].span.start}"
            for f in run(license_prose, make_release(files, US))
            if isinstance(f, Licensed)
        ]

    return tell


@pytest.fixture
def limits(make_release: Any, run: Any) -> Prose:
    """`limits(text)`: "user_cap weights README.md:3" for each limit that is stated."""

    def tell(text: str) -> list[str]:
        return [
            f"{f.value} {f.subject} {f.evidence[0].path}:{f.evidence[0].span.start}"
            for f in run(license_prose, make_release({"README.md": f"# Foo3\n\n{text}\n"}, US))
            if isinstance(f, Stated) and f.topic == "restriction"
        ]

    return tell


# -- which licence for what --------------------------------------------------------------------

ONE = {
    "The code is licensed under the MIT License.": ["code MIT"],
    "The model weights are released under CC-BY-4.0.": ["weights CC-BY-4.0"],
    "Our dataset is available under the CC-BY-SA-4.0 license.": ["data CC-BY-SA-4.0"],
    "This project is licensed under the Apache License 2.0.": ["release Apache-2.0"],
    "本项目采用 MIT 许可证。": ["release MIT"],
}


@pytest.mark.parametrize("text", ONE)
def test_one_licence_for_one_thing(licensed: Prose, text: str) -> None:
    assert licensed(text) == [f"{told} README.md:3" for told in ONE[text]]


SEVERAL = {
    "The code is licensed under MIT; the model weights are licensed under CC-BY-NC-4.0.": [
        "code MIT",
        "weights CC-BY-NC-4.0",
    ],
    "Both the code and the model weights are licensed under the MIT License.": [
        "code MIT",
        "weights MIT",
    ],
}


@pytest.mark.parametrize("text", SEVERAL)
def test_one_sentence_with_several_scopes(licensed: Prose, text: str) -> None:
    """Each licence goes to the thing named before it, not to all of them."""
    assert sorted(licensed(text)) == sorted(f"{told} README.md:3" for told in SEVERAL[text])


def test_three_licences_for_three_things(licensed: Prose) -> None:
    text = (
        "The code is released under the MIT License, the weights under CC-BY-4.0 and the data under "  # noqa: E501
        "CC-BY-SA-4.0."
    )
    assert sorted(licensed(text)) == [
        "code MIT README.md:3",
        "data CC-BY-SA-4.0 README.md:3",
        "weights CC-BY-4.0 README.md:3",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("代码依照 Apache-2.0 协议开源。", ["code Apache-2.0"]),
        ("模型权重遵循 Apache-2.0 许可证。", ["weights Apache-2.0"]),
        (
            "代码采用 Apache-2.0 许可证，模型权重采用 CC-BY-NC-4.0 许可证。",
            ["code Apache-2.0", "weights CC-BY-NC-4.0"],
        ),
    ],
)
def test_chinese_sentences_name_their_scope(licensed: Prose, text: str, told: list[str]) -> None:
    assert licensed(text) == [f"{row} README.md:3" for row in told]


def test_a_list_under_a_licence_heading(licensed: Prose) -> None:
    text = "## License\n\n- Code: Apache-2.0\n- Weights: CC-BY-4.0\n- Data: CC0-1.0"
    assert licensed(text) == [
        "code Apache-2.0 README.md:5",
        "weights CC-BY-4.0 README.md:6",
        "data CC0-1.0 README.md:7",
    ]


@pytest.mark.parametrize("heading", ["License", "许可证", "协议"])
def test_a_bare_name_under_a_licence_heading_is_the_releases(licensed: Prose, heading: str) -> None:
    assert licensed(f"## {heading}\n\nApache-2.0 license.") == ["release Apache-2.0 README.md:5"]


def test_a_heading_that_names_its_scope(licensed: Prose) -> None:
    assert licensed("## Model license\n\nApache-2.0 license.") == ["weights Apache-2.0 README.md:5"]


@pytest.mark.parametrize("name", ["Zebra Community License", "Foo Model License Agreement"])
def test_a_licence_of_ones_own_is_never_an_open_one(licensed: Prose, name: str) -> None:
    (row,) = licensed(f"The model weights are released under the {name}.")
    assert row.startswith("weights LicenseRef-")


NOT_OURS = {
    "third-party code": "Some files are adapted from zebra, which is licensed under the MIT License.",  # noqa: E501
    "a dependency": "Third-party libraries are under their own licenses, such as MIT.",
    "thanks": "## Acknowledgements\n\nThe code of zebra is under the MIT License.",
    "Chinese thanks": "## 致谢\n\n代码来自 zebra，采用 MIT 许可证。",
    "a sibling": "BarVLM weights are released under the MIT License.",
    "an older generation": "Foo2 weights are released under the MIT License.",
    "somebody else's model": "ZebraLM is an Apache-2.0 model.",
    "a badge": "![license](https://img.shields.io/badge/license-MIT-green)",
    "no licence named": "The weights are released under a license.",
    "a conference": "The model was made at MIT by three students.",
}


@pytest.mark.parametrize("case", NOT_OURS)
def test_what_is_not_the_releases_licence(licensed: Prose, case: str) -> None:
    assert licensed(NOT_OURS[case]) == []


def test_a_denied_licence_is_not_stated(licensed: Prose) -> None:
    assert licensed("The weights are not released under the MIT License.") == []


# -- a folder's README -------------------------------------------------------------------------


def test_a_folders_readme_governs_its_folder_only(licensed: Prose) -> None:
    text = "This project is licensed under the MIT License."
    assert licensed(text, "demo/README.md") == ["path:demo/ MIT demo/README.md:3"]


def test_a_folders_readme_on_code_governs_its_folders_code(licensed: Prose) -> None:
    text = "The code is licensed under the MIT License."
    assert licensed(text, "demo/web/README.md") == ["path:demo/web/ MIT demo/web/README.md:3"]


@pytest.mark.parametrize("path", ["third_party/x/README.md", "Foo2/README.md", "tests/README.md"])
def test_documents_that_are_not_the_releases_are_not_read(licensed: Prose, path: str) -> None:
    assert licensed("The weights of Foo3 are licensed under the MIT License.", path) == []


# -- limits ------------------------------------------------------------------------------------

LIMITS = {
    "Products with more than 5 million monthly active users need our consent.": "user_cap",
    "日均用户活跃量超过100万时需另行约定。": "user_cap",
    "For commercial use of the model, please contact us for permission.": "commercial_application",
    "如需商用，请填写表格申请授权。": "commercial_application",
    "The model is for research purposes only.": "non_commercial",
    "模型仅供学术研究使用。": "non_commercial",
    "You may not use the outputs to train any other language model.": "no_training",
    "不得使用输出训练其他模型。": "no_training",
    "The model is not licensed in the European Union.": "territory",
    "The model must not be used for military purposes.": "field_of_use",
    "请勿将模型用于危害国家安全的用途。": "field_of_use",
    "The license of the weights is revocable.": "revocable",
    "The model is subject to our acceptable use policy.": "acceptable_use_policy",
}


@pytest.mark.parametrize("text", LIMITS)
def test_a_limit_that_is_stated(limits: Prose, text: str) -> None:
    told = [row for row in limits(text) if row.startswith(f"{LIMITS[text]} ")]
    assert told == [f"{LIMITS[text]} weights README.md:3"]


@pytest.mark.parametrize(
    "text",
    [
        "Commercial use is allowed without any application.",
        "No registration is needed for commercial use.",
        "商用无需申请授权。",
        "The model may be used for commercial purposes.",
        "模型可以免费商用。",
    ],
)
def test_a_limit_that_is_denied_is_none(limits: Prose, text: str) -> None:
    assert limits(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "BarVLM is for research purposes only.",
        "## Acknowledgements\n\nZebra kindly shares its tool for research purposes only.",
        "## Evaluation\n\nThe benchmark asks about the military and the European Union.",
        "Foo3 answers questions on surveillance.",
        "Foo3 is used by 5 companies.",
    ],
)
def test_what_limits_nothing(limits: Prose, text: str) -> None:
    assert limits(text) == []


def test_a_limit_on_data_is_said_of_data(limits: Prose) -> None:
    assert limits("The dataset is for research purposes only.") == [
        "non_commercial data README.md:3"
    ]


def test_a_limit_is_cited_on_the_line_of_its_words(limits: Prose) -> None:
    text = "The model can be used by anybody\nwho likes zebras, but it is meant for\nresearch only."
    assert limits(text) == ["non_commercial weights README.md:5"]


def test_an_agreement_to_accept_is_a_gate(make_release: Any, run: Any) -> None:
    text = "# Foo3\n\nBefore you download the model you must accept the license agreement.\n"
    facts = run(license_prose, make_release({"README.md": text}, US))
    assert [f.evidence[0].span.start for f in facts if isinstance(f, Gated)] == [3]


# -- anything at all ---------------------------------------------------------------------------

TELLING = "The code is under the MIT License, the weights under CC-BY-4.0, for research only. 仅供学术研究。"  # noqa: E501
HOSTILE = {
    "100k lines": ("## License\n\n" + f"{TELLING}\n\n" + "plain text\n\n" * 48) * 1000,
    "one endless line": f"{TELLING} " * 300,
    "one endless sentence": "the code and the weights or data under MIT license and not " * 10_000,
    "an unclosed fence": f"{TELLING}\n```\n{TELLING}\n" * 200,
    "deep nesting": "> " * 4000 + TELLING + "\n" + "[" * 9000 + "](" * 9000 + "<a><p>" * 4000,
    "control characters": "".join(map(chr, range(1, 32))) + TELLING + "\x7f\u202e\ufeff\u2028",
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    text = HOSTILE[case]
    assert all_cited(license_prose, make_release({"README.md": text}, US)) < 20_000


PIECES = st.sampled_from(
    [
        TELLING,
        "# Foo3",
        "## 协议",
        "```",
        "| code | MIT |",
        "|---|---|",
        "Apache-2.0",
        "licensed under",
        "商用",
        "not for commercial use",
        "BarVLM",
        "- Weights:",
        "《斑马许可协议》",
        "accept the agreement",
        "and",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    all_cited(license_prose, make_release({"README.md": text}, US))
