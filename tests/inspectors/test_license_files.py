"""A licence file is what its text is; its name and folder say what it covers."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.inspectors import license_files
from openassay.subject import Subject
from openassay.types import Gap, How, Licensed, Stated

MIT = """MIT License

Copyright (c) 2024 Acme

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
COMMUNITY = """ZEBRA COMMUNITY LICENSE AGREEMENT

"Model" means the weights, checkpoints and parameters that are made available under this Agreement.

1. License grant. Subject to the terms of this Agreement, Licensor grants you a revocable,
non-exclusive license to use the Model for non-commercial research purposes only.

2. Restrictions. You may not use the Model for any commercial purpose. You shall not use the Model
or its output to train or improve any other large language model.

3. Termination. Licensor may revoke this license at any time and you must then delete all copies.
The Model is provided as is without warranty of any kind, and Licensor is not liable for damages.
"""
ISC = """ISC License

Copyright (c) 2020 Others

Permission to use, copy, modify, and/or distribute this software for any purpose with or without
fee is hereby granted, provided that the above copyright notice and this permission notice appear in
all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS
SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE
AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE
OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS
SOFTWARE.
"""
ZEBRA = Subject(names=("Zebra",))


def _licensed(facts: list[Any]) -> list[tuple[str, str]]:
    return [(f.scope, f.license) for f in facts if isinstance(f, Licensed)]


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("LICENSE", "path:"),
        ("LICENSE.txt", "path:"),
        ("COPYING", "path:"),
        ("LICENCE-MIT", "path:"),
        ("LICENSE.OpenMDW-1.1", "path:"),
        ("MODEL_LICENSE", "weights"),
        ("LICENSE-MODEL", "weights"),
        ("WEIGHTS_LICENSE.md", "weights"),
        ("LICENSE_weights", "weights"),
        ("DATA_LICENSE", "data"),
        ("LICENSE-CODE", "code"),
        ("LICENSE-docs", "document"),
        ("model_licenses/LICENSE-A", "weights"),
        ("LICENSES/MIT.txt", "path:"),
        ("zebra/vision/LICENSE", "path:zebra/vision/"),
        ("third_party/x/LICENSE", "path:third_party/x/"),
        ("third_party/MODEL_LICENSE", "path:third_party/"),
        ("THIRD_PARTY_LICENSES.txt", "path:THIRD_PARTY_LICENSES.txt"),
        ("zebra-1.0.dist-info/licenses/LICENSE", "path:"),
        ("模型许可协议.txt", "weights"),
    ],
)
def test_the_scope_by_name_and_folder(make_release: Any, run: Any, path: str, scope: str) -> None:
    facts = run(license_files, make_release({path: MIT}, ZEBRA))
    assert _licensed(facts) == [(scope, "MIT")]
    assert facts[0].how is How.TEXT
    assert facts[0].evidence[0].path == path


def test_texts_kept_for_reference_do_not_cover_the_root(make_release: Any, run: Any) -> None:
    files = {"LICENSE": MIT, "LICENSES/Other.txt": MIT}
    facts = run(license_files, make_release(files, ZEBRA))
    assert _licensed(facts) == [("path:", "MIT"), ("path:LICENSES/Other.txt", "MIT")]


def test_an_unknown_text_is_a_reference_and_its_terms_are_restrictions(
    make_release: Any, run: Any
) -> None:
    facts = run(license_files, make_release({"MODEL_LICENSE": COMMUNITY}, ZEBRA))
    ((scope, license_id),) = _licensed(facts)
    assert scope == "weights"
    assert license_id.startswith("LicenseRef-")
    said = {f.value: f.subject for f in facts if isinstance(f, Stated) and f.topic == "restriction"}
    assert said.get("non_commercial") == "weights"


def test_an_open_text_states_no_restriction(make_release: Any, run: Any) -> None:
    facts = run(license_files, make_release({"LICENSE": MIT}, ZEBRA))
    assert not [f for f in facts if isinstance(f, Stated)]


def test_a_named_licence_about_weights_beside_a_plain_one(make_release: Any, run: Any) -> None:
    """The plain LICENSE stays the repository's; the other speaks of the model."""
    files = {"LICENSE": MIT, "Zebra Community License.txt": COMMUNITY}
    facts = run(license_files, make_release(files, ZEBRA))
    assert [scope for scope, _ in _licensed(facts)] == ["path:", "weights"]


def test_licences_appended_for_other_peoples_parts_are_kept_apart(
    make_release: Any, run: Any
) -> None:
    """The repository's own licence is the one its file begins with."""
    text = f"{MIT}\n## Notices\nThis project uses code of [lib](https://x.org), under:\n\n{ISC}"
    facts = run(license_files, make_release({"LICENSE": text}, ZEBRA))
    assert _licensed(facts) == [("path:", "MIT"), ("path:LICENSE", "MIT AND ISC")]
    assert facts[1].evidence[0].quote != facts[0].evidence[0].quote


@pytest.mark.parametrize(
    "above", ["Commons Clause Condition v1.0\n\n", "For research only.\n\n", "ISC License\n\n"]
)
def test_other_words_above_the_text_leave_all_of_it_to_hold(
    make_release: Any, run: Any, above: str
) -> None:
    """Only the licence's own title, copyright lines and rules may stand above it."""
    text = f"{above}{MIT}\n## Notices\nThis project uses code of [lib](https://x.org):\n\n{ISC}"
    facts = run(license_files, make_release({"LICENSE": text}, ZEBRA))
    assert ("path:", "MIT") not in _licensed(facts)


def test_two_licences_without_a_word_between_both_hold(make_release: Any, run: Any) -> None:
    facts = run(license_files, make_release({"LICENSE": f"{MIT}\n\n{ISC}"}, ZEBRA))
    assert _licensed(facts) == [("path:", "MIT AND ISC")]


def test_a_url_under_the_name_of_a_licence_is_a_pointer(make_release: Any, run: Any) -> None:
    url = "https://github.com/acme/model/blob/main/README.md#licenses"
    files = {"LICENSE": url + "\n", "README.md": "# Licenses\n"}
    facts = run(license_files, make_release(files, ZEBRA))
    assert _licensed(facts) == []
    (fact,) = [f for f in facts if isinstance(f, Stated) and f.topic == "license_pointer"]
    assert (fact.value, fact.detail) == (url, "points to README.md")


def test_a_dead_pointer_says_so(make_release: Any, run: Any) -> None:
    text = "---\nlicense: other\n---\n\nThe terms are in the [license](./docs/My License.pdf).\n"
    facts = run(license_files, make_release({"LICENSE": text}, ZEBRA))
    assert _licensed(facts) == []
    said = [f for f in facts if isinstance(f, Stated) and f.topic == "license_pointer"]
    assert [f.value for f in said] == ["./docs/My License.pdf"]
    assert said[0].detail.endswith("which is not in the release")


def test_a_link_to_a_licence_covers_its_own_folder(make_release: Any, run: Any) -> None:
    files = {"a/LICENSE": MIT, "b/LICENSE": make_release.link("../a/LICENSE")}
    facts = run(license_files, make_release(files, ZEBRA))
    assert _licensed(facts) == [("path:a/", "MIT"), ("path:b/", "MIT")]


def test_a_link_out_of_the_release_is_not_followed(make_release: Any, run: Any) -> None:
    (fact,) = run(
        license_files, make_release({"LICENSE": make_release.link("../../etc/passwd")}, ZEBRA)
    )
    assert isinstance(fact, Stated)
    assert fact.detail.endswith("which is not in the release")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (None, "missing_blob"), (b"\0\1\2" * 99, "no_text")],
)
def test_what_could_not_be_read_is_a_gap(
    make_release: Any, run: Any, content: object, reason: str
) -> None:
    given = make_release.missing(10) if content is None else content
    (gap,) = run(license_files, make_release({"LICENSE": given}, ZEBRA))
    assert isinstance(gap, Gap)
    assert gap.reason == reason


def test_a_pdf_that_is_no_pdf_is_a_gap(make_release: Any, run: Any) -> None:
    (gap,) = run(license_files, make_release({"Model License.pdf": b"%PDF-1.4 junk"}, ZEBRA))
    assert isinstance(gap, Gap)


def test_a_licence_text_without_a_title_is_named_by_its_file(make_release: Any, run: Any) -> None:
    """Never permissive: a text nobody knows gets a reference of its own."""
    text = COMMUNITY.split("\n", 1)[1].replace("Zebra", "it")
    facts = run(license_files, make_release({"ZEBRA_MODEL_LICENSE": text}, ZEBRA))
    ((scope, license_id),) = _licensed(facts)
    assert scope == "weights"
    assert license_id.startswith("LicenseRef-")


@pytest.mark.parametrize(
    "path",
    [
        "docs/license_header.txt",
        "licensing.py",
        "License.php",
        "license-check.sh",
        "tests/LICENSE",
        "LICENSE.png",
        "README.md",
    ],
)
def test_names_that_are_no_licence_file(make_release: Any, run: Any, path: str) -> None:
    assert run(license_files, make_release({path: MIT}, ZEBRA)) == []
