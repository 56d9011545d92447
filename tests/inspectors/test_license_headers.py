"""Headers of source files, one fact a folder when all agree."""

from __future__ import annotations

from typing import Any

from openassay.inspectors import license_headers
from openassay.subject import Subject
from openassay.types import How

APACHE = "# SPDX-License-Identifier: Apache-2.0\nimport os\n"
BSD = "// SPDX-License-Identifier: BSD-3-Clause\n"
ZEBRA = Subject(names=("Zebra",))


def _scopes(facts: list[Any]) -> list[tuple[str, str, int]]:
    return [(f.scope, f.license, len(f.evidence)) for f in facts]


def test_a_folder_that_agrees_is_one_fact(make_release: Any, run: Any) -> None:
    files = {f"src/a{n}.py": "#!/usr/bin/env python\n" + APACHE for n in range(5)}
    facts = run(license_headers, make_release(files, ZEBRA))
    assert _scopes(facts) == [("path:src/", "Apache-2.0", 3)]
    assert facts[0].how is How.HEADER
    assert facts[0].evidence[0].span.start == 2


def test_files_that_disagree_or_are_silent_are_named_one_by_one(
    make_release: Any, run: Any
) -> None:
    files = {"a.py": APACHE, "b.js": BSD, "x/c.py": APACHE, "x/d.py": "import os\n"}
    facts = run(license_headers, make_release(files, ZEBRA))
    assert _scopes(facts) == [
        ("path:a.py", "Apache-2.0", 1),
        ("path:b.js", "BSD-3-Clause", 1),
        ("path:x/c.py", "Apache-2.0", 1),
    ]


def test_a_notice_in_words(make_release: Any, run: Any) -> None:
    text = '# Licensed under the Apache License, Version 2.0 (the "License");\n'
    facts = run(license_headers, make_release({"m.py": text}, ZEBRA))
    assert _scopes(facts) == [("path:", "Apache-2.0", 1)]


def test_below_the_header_and_outside_the_release_nothing_counts(
    make_release: Any, run: Any
) -> None:
    files = {
        "late.py": "x = 1\n" * 2_000 + APACHE,
        "third_party/v.py": APACHE,
        "tests/t.py": APACHE,
        "notes.md": APACHE,
    }
    assert run(license_headers, make_release(files, ZEBRA)) == []


def test_headers_beyond_the_bound_are_a_gap(make_release: Any, run: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(license_headers, "_MAX_FILES", 1)
    gap, fact = run(license_headers, make_release({"a.py": APACHE, "b.py": APACHE}, ZEBRA))
    assert (gap.reason, gap.path) == ("too_many_files", "b.py")
    assert fact.license == "Apache-2.0"
