"""One fact for all dependency lists, those nearest the root cited."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.inspectors import dependencies
from openassay.types import Extent


def test_root_lists_are_cited_first_and_at_most_three(make_release: Any, run: Any) -> None:
    release = make_release(
        {
            "a/b/requirements.txt": "x\n",
            "requirements.txt": "# pinned\n\ntorch==2.1\n",
            "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['y']\n",
            "demo/requirements.txt": "y\n",
        }
    )
    (fact,) = run(dependencies, release)
    assert (fact.component, fact.extent, fact.aspect) == (
        "supporting_libraries",
        Extent.PART,
        "dependency_list",
    )
    assert [(e.path, e.span.start) for e in fact.evidence] == [
        ("requirements.txt", 3),
        ("pyproject.toml", 3),
        ("demo/requirements.txt", 1),
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("environment.yml", "name: x\ndependencies:\n  - python\n"),
        ("requirements-dev.txt", "git+https://example.org/x\n"),
        ("requirements/base.txt", "torch>=2\n"),
        ("setup.py", "setup(name='x',\n    install_requires=['y'])\n"),
        ("Dockerfile.gpu", "FROM tensorflow\nRUN pip install x\n"),
        ("x-1.0.dist-info/METADATA", "Name: x\nRequires-Dist: torch\n"),
        ("Pipfile", "[packages]\nx = '*'\n"),
    ],
)
def test_kinds_of_lists(make_release: Any, run: Any, path: str, text: str) -> None:
    (fact,) = run(dependencies, make_release({path: text}))
    assert fact.evidence[0].path == path


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("requirements.txt", "", "an empty file lists nothing"),
        ("requirements.txt", "# to do\n", "comments only"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n", "settings of a tool"),
        ("docs/requirements.txt", "sphinx\n", "what the documentation needs"),
        ("third_party/x/requirements.txt", "y\n", "vendored"),
        ("requirements.md", "torch\n", "prose"),
    ],
)
def test_what_lists_nothing(make_release: Any, run: Any, path: str, text: str, why: str) -> None:
    assert run(dependencies, make_release({path: text})) == [], why
