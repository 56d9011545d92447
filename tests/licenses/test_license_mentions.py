"""Licences named in prose, and the tags of source files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openassay import licenses


def named(text: str) -> list[str]:
    return [m.id for m in licenses.mentions(text)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Released under the Apache 2.0 license.", ["Apache-2.0"]),
        ("Licensed under the Apache\nLicense, Version 2.0.", ["Apache-2.0"]),
        ("代码基于 Apache-2.0 协议开源。", ["Apache-2.0"]),
        ("The data is CC BY-NC 4.0.", ["CC-BY-NC-4.0"]),
        ("Use is governed by the Llama 3 Community License.", ["LicenseRef-llama-3"]),
        ("本模型遵循《Foo模型社区许可协议》", ["LicenseRef-Foo-Community"]),
        ("code under MIT license, weights under CC-BY-4.0", ["MIT", "CC-BY-4.0"]),
        ("[Modified MIT License](LICENSE)", ["LicenseRef-Modified-MIT"]),
        (
            "under the Apache 2.0 license with additional restrictions",
            ["LicenseRef-Modified-Apache-2.0"],
        ),
        ("https://creativecommons.org/licenses/by/4.0/", ["CC-BY-4.0"]),
        ("We compare with Llama 2 and Qwen models.", []),
        ("Researchers at MIT built it. Python is needed.", []),
        ("[weights](https://example.org/Kimi-K2/LICENSE)", []),
    ],
)
def test_names_in_prose(text: str, ids: list[str]) -> None:
    assert named(text) == ids


def test_offsets_point_into_the_text() -> None:
    text = "Intro.\n\nThe weights are under the [CC BY-SA 4.0](https://example.org/x) license."
    (mention,) = licenses.mentions(text)
    assert text[mention.start_offset : mention.end_offset] == "CC BY-SA 4.0"
    assert mention.quote in text


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("# SPDX-License-Identifier: MIT\nimport os\n", "MIT"),
        ("/* SPDX-License-Identifier: GPL-2.0+ */", "GPL-2.0-or-later"),
        ("// SPDX-License-Identifier: (MIT OR Apache-2.0)\n", "MIT OR Apache-2.0"),
        ("# SPDX-License-Identifier: LicenseRef-Foo\n", "LicenseRef-Foo"),
        ("# Licensed under the Apache License, Version 2.0\n", "Apache-2.0"),
        (
            "/* under the terms of the GNU General Public License as published by the FSF; either\n"
            " * version 3 of the License, or (at your option) any later version. */",
            "GPL-3.0-or-later",
        ),
    ],
)
def test_headers(text: str, id: str) -> None:
    assert licenses.headers(text)[0].id == id


def test_headers_end_after_sixty_lines() -> None:
    assert licenses.headers("\n" * 80 + "# SPDX-License-Identifier: MIT\n") == ()


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=500))
def test_any_text_can_be_searched(text: str) -> None:
    for mention in (*licenses.mentions(text), *licenses.headers(text)):
        assert 0 <= mention.start_offset < mention.end_offset <= len(text)


def test_the_agpl_without_a_version_is_any_of_its_versions() -> None:
    (found,) = licenses.mentions("The detector is under the AGPL license.")
    assert found.id == "AGPL-3.0-or-later"
    assert licenses.mentions("The tool is AGPL-compatible.") == ()
