"""Names to ids, and expressions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openassay import licenses
from openassay.licenses import names


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("The MIT License (MIT)", "MIT"),
        ("  mit  ", "MIT"),
        ('BSD 3-Clause "New" or "Revised" License', "BSD-3-Clause"),
        ("CC BY-SA 4.0", "CC-BY-SA-4.0"),
        ("Creative Commons Attribution Non Commercial 4.0", "CC-BY-NC-4.0"),
        ("知识共享署名-非商业性使用 4.0 国际许可协议", "CC-BY-NC-4.0"),
        ("木兰宽松许可证, 第2版", "MulanPSL-2.0"),
        ("GPLv3", "GPL-3.0-only"),
        ("gpl-3.0+", "GPL-3.0-or-later"),
        ("llama3.1", "llama-3.1-license-2024"),
        ("Meta Llama 3 Community License Agreement", "LicenseRef-llama-3"),
        ("openrail++", "bigscience-open-rail-m2"),
        ("creativeml-openrail-m", "stable-diffusion-2022-08-22"),
        ("LicenseRef-scancode-llama-2-license-2023", "llama-2-license-2023"),
        ("Baichuan 2 模型社区许可协议", "LicenseRef-baichuan2-community"),
        ("unlicense", "Unlicense"),
        ("unlicensed", "NONE"),
        ("No License", "NONE"),
        ("LicenseRef-Whatever", "LicenseRef-Whatever"),
        ("modified-mit", "LicenseRef-Modified-MIT"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("mit and cc-by-4.0", "MIT AND CC-BY-4.0"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("https://opensource.org/license/mit", "MIT"),
        ("https://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/deed.zh", "CC-BY-NC-SA-4.0"),
        ("https://img.shields.io/badge/License-Apache%202.0-blue.svg", "Apache-2.0"),
        ("https://spdx.org/licenses/MPL-2.0.html", "MPL-2.0"),
    ],
)
def test_names_people_write(name: str, id: str) -> None:
    assert licenses.normalize(name) == id


@pytest.mark.parametrize(
    "name",
    [
        "",
        "other",
        "unknown",
        "bsd",
        "gpl",
        "openrail",
        "license",
        "Apache",
        "MIT-style",
        "MIT License (modified)",
        "Apache 2.0 with Commons Clause",
        "https://example.org/x",
        "the quick brown fox",
        "cc",
        "x" * 3_000,
    ],
)
def test_families_and_other_words_stay_unknown(name: str) -> None:
    assert licenses.normalize(name) is None


def test_a_name_is_read_the_same_twice() -> None:
    for name in ("apache-2.0", "Llama 3.2 Community License", "CC-BY-4.0"):
        id = licenses.normalize(name)
        assert id is not None
        assert licenses.normalize(id) == id


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_any_name_gets_an_answer(name: str) -> None:
    found = licenses.normalize(name)
    assert found is None or found == "NONE" or licenses.parse(found)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_key_is_its_own_key(name: str) -> None:
    once = names.key(name)
    assert names.key(once) == names.key(names.key(once))


def test_with_binds_before_and_before_or() -> None:
    tree = licenses.parse("A OR B AND C WITH D")
    assert tree == licenses.Or(
        (licenses.Id("A"), licenses.And((licenses.Id("B"), licenses.With("C", "D"))))
    )
    assert licenses.ids("(MIT OR Apache-2.0) AND MIT") == ("MIT", "Apache-2.0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AND",
        "MIT AND",
        "(MIT",
        "MIT)",
        "MIT MIT",
        "MIT WITH AND",
        "a/b",
        "(" * 60 + "MIT",
        "MIT OR " * 3_000 + "MIT",
    ],
)
def test_malformed_expressions_are_refused(text: str) -> None:
    with pytest.raises(licenses.LicenseExpressionError):
        licenses.parse(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="MITandorwithANDORWITH() -.0", max_size=60))
def test_parsing_raises_nothing_else(text: str) -> None:
    try:
        tree = licenses.parse(text)
    except licenses.LicenseExpressionError:
        return
    assert tree == licenses.parse(licenses.expressions.render(tree))


def test_open_or_any_and_all() -> None:
    def allowed(id: str) -> bool:
        return id == "MIT"

    assert licenses.is_open("MIT OR Foo", allowed)
    assert not licenses.is_open("MIT AND Foo", allowed)
    assert licenses.is_open("MIT AND (Foo OR MIT)", allowed)
    assert not licenses.is_open("MIT WITH Commons-Clause", allowed)
    assert licenses.is_open("MIT WITH LLVM-exception", allowed)
