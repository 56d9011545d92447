"""Docstrings on most public definitions are a part of the documentation."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.inspectors import code_docs
from openassay.types import Extent

DOCUMENTED = 'def f{n}():\n    """Says what it does."""\n\n'
BARE = "def g{n}():\n    pass\n\n"


def source(documented: int, bare: int) -> str:
    parts = [DOCUMENTED.format(n=n) for n in range(documented)]
    return "".join(parts + [BARE.format(n=n) for n in range(bare)])


def test_more_than_half_is_a_part(make_release: Any, run: Any) -> None:
    (fact,) = run(code_docs, make_release({"foo/a.py": source(8, 4)}))
    assert (fact.component, fact.extent, fact.aspect) == (
        "code_documentation", Extent.PART, "docstrings",
    )  # fmt: skip
    assert "8 of 12" in fact.detail
    assert fact.evidence[0].span.start == 2


@pytest.mark.parametrize(("documented", "bare"), [(6, 6), (0, 20), (5, 0)])
def test_half_or_too_few_is_nothing(
    make_release: Any, run: Any, documented: int, bare: int
) -> None:
    assert run(code_docs, make_release({"foo/a.py": source(documented, bare)})) == []


def test_vendored_code_and_tests_do_not_count(make_release: Any, run: Any) -> None:
    files = {"third_party/a.py": source(20, 0), "tests/b.py": source(20, 0), "c.py": source(1, 10)}
    assert run(code_docs, make_release(files)) == []


def test_many_files_are_sampled(make_release: Any, run: Any) -> None:
    (fact,) = run(code_docs, make_release({f"m{n:03}.py": source(2, 1) for n in range(200)}))
    assert "a sample of 50 of 200 files" in fact.detail
