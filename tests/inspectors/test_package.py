"""Package metadata: that it is a package, and the licence tag."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.formats.bounded import FormatError
from openassay.inspectors import package
from openassay.release import Release, Source
from openassay.subject import Subject
from openassay.types import Extent, Found, How, Licensed

METADATA = "Metadata-Version: 2.4\nName: zebra\nVersion: 1.0\nLicense: MIT\n\n# License: GPL\n"


@pytest.mark.parametrize(
    ("path", "text", "license_id", "line"),
    [
        ("pyproject.toml", '[project]\nname = "z"\nlicense = "Apache-2.0"\n', "Apache-2.0", 3),
        ("pyproject.toml", '[project]\nname = "z"\nlicense = {text = "MIT"}\n', "MIT", 3),
        ("pyproject.toml",
         '[project]\nname = "z"\nclassifiers = [\n"License :: OSI Approved :: MIT License",\n]\n',
         "MIT", 4),
        ("setup.py", 'setup(\n    name="z",\n    license="MIT",\n)\n', "MIT", 3),
        ("setup.cfg", "[metadata]\nname = z\nlicense = MIT\n", "MIT", 3),
        ("z-1.0.dist-info/METADATA", METADATA, "MIT", 4),
        ("CITATION.cff", "cff-version: 1.2.0\nlicense: MIT\n", "MIT", 2),
        ("package.json", '{\n "license": "MIT"\n}', "MIT", 2),
    ],
)  # fmt: skip
def test_the_licence_tag(
    make_release: Any, run: Any, path: str, text: str, license_id: str, line: int
) -> None:
    facts = run(package, make_release({path: text}, Subject(names=("zebra",))))
    (fact,) = [f for f in facts if isinstance(f, Licensed)]
    assert (fact.scope, fact.license, fact.how) == ("release", license_id, How.TAG)
    assert fact.evidence[0].span.start == line


def test_buildable_metadata_is_part_of_a_package(make_release: Any, run: Any) -> None:
    (fact,) = run(package, make_release({"pyproject.toml": '[project]\nname = "z"\n'}))
    assert isinstance(fact, Found)
    assert (fact.component, fact.extent, fact.aspect) == ("package", Extent.PART, "buildable")


def test_a_wheel_is_a_whole_package(make_release: Any, run: Any) -> None:
    memory = make_release({"z-1.0.dist-info/METADATA": METADATA}).sources[0]
    wheel = Source(memory.id, "archive", "z.whl", "0", "z", memory.files)
    (fact, _) = run(package, Release([wheel], Subject(names=("z",))))
    assert (fact.component, fact.extent) == ("package", Extent.WHOLE)


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("pyproject.toml", "[tool.ruff]\n", "settings of a tool"),
        ("METADATA", METADATA, "no package's folder"),
        ("third_party/z/setup.py", 'setup(name="z", license="MIT")\n', "vendored"),
        ("a/b/c/pyproject.toml", '[project]\nname = "z"\n', "a part deep below is not the release"),
    ],
)
def test_what_is_no_package(make_release: Any, run: Any, path: str, text: str, why: str) -> None:
    assert run(package, make_release({path: text})) == [], why


def test_a_file_as_licence_is_no_statement(make_release: Any, run: Any) -> None:
    text = '[project]\nname = "z"\nlicense = {file = "LICENSE"}\n'
    facts = run(package, make_release({"pyproject.toml": text}))
    assert not [f for f in facts if isinstance(f, Licensed)]


def test_broken_toml_is_a_format_error(make_release: Any, run: Any) -> None:
    with pytest.raises(FormatError):
        run(package, make_release({"pyproject.toml": "[project\n"}))


NAMED = 'from setuptools import setup\nsetup(\n    name="zebra",\n)\n'
MODULES = {f"src/zebra/part_{n}.py": "x = 1\n" for n in range(3)}


@pytest.mark.parametrize("base", ["", "training/"])
def test_an_installable_library_of_its_own_is_a_toolkit(
    make_release: Any, run: Any, base: str
) -> None:
    files = {"setup.py": NAMED, "src/zebra/__init__.py": "x = 1\n", **MODULES}
    release = make_release({base + path: text for path, text in files.items()})
    facts = [f for f in run(package, release) if f.component == "supporting_libraries"]
    assert [(f.extent, f.aspect, f.evidence[0].path, f.evidence[0].span.start) for f in facts] == [
        (Extent.WHOLE, "toolkit", base + "setup.py", 2)
    ]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (MODULES, "nothing installs it"),
        ({"setup.py": NAMED, **MODULES}, "modules that are no package"),
        ({"setup.py": NAMED, "src/zebra/__init__.py": "x = 1\n", "src/zebra/a.py": "x = 1\n"},
         "a script with an installer"),
        ({"setup.py": NAMED, "tests/__init__.py": "x = 1\n",
          **{f"examples/p{n}.py": "x = 1\n" for n in range(9)}, "examples/__init__.py": "x = 1\n"},
         "examples and tests"),
        ({"pyproject.toml": "[tool.ruff]\n", "zebra/__init__.py": "x = 1\n",
          **{f"zebra/p{n}.py": "x = 1\n" for n in range(9)}}, "settings of a tool"),
    ],
)  # fmt: skip
def test_what_is_no_toolkit(make_release: Any, run: Any, files: dict[str, str], why: str) -> None:
    facts = run(package, make_release(files))
    assert [f for f in facts if f.component == "supporting_libraries"] == [], why
