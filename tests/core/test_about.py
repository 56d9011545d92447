"""The subject of a release is worked out from names, titles and links alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from openassay.about import work_out
from openassay.files import File
from openassay.release import Source
from openassay.subject import Place, Subject, Whose


def source(name: str, files: dict[str, str]) -> Source:
    def reader(text: str) -> Callable[[int, int], bytes]:
        return lambda offset, length: text.encode()[offset : offset + length]

    listed = tuple(File("s", path, len(t.encode()), reader(t)) for path, t in files.items())
    return Source("s", "dir", name, "0", name, listed)


def subject(name: str, readme: str, **more: str) -> Subject:
    return work_out([source(name, {"README.md": readme, **more})])


def test_the_repository_names_the_model_and_its_generation() -> None:
    found = subject("acme/Foo2", "# Foo 2\n\n[Foo2-7B](https://huggingface.co/acme-ai/Foo2-7B)\n")
    assert found.whose("acme-ai/Foo2-13B") is Whose.OWN
    assert found.whose("acme-ai/Foo-7B") is Whose.OWN  # no version: cannot be told apart
    assert found.whose("acme-ai/Foo1-7B") is Whose.SIBLING
    assert found.owns("acme-ai")


def test_the_newest_generation_linked_is_the_subject() -> None:
    readme = "# Foo models\n\n[new](https://hf.co/acme/Foo3-3B) [old](https://hf.co/acme/Foo2-1B)\n"
    found = subject("acme/foo", readme)
    assert found.whose("acme/Foo3-3B-Base") is Whose.OWN
    assert found.whose("acme/Foo2-1B") is Whose.SIBLING


def test_the_model_asked_about_is_the_subject_though_a_newer_one_is_there() -> None:
    readme = "# Foo models\n\n[new](https://hf.co/acme/Foo3-3B) [old](https://hf.co/acme/Foo2-1B)\n"
    found = work_out([source("acme/foo", {"README.md": readme})], ("foo-2",))
    assert found.whose("acme/Foo2-1B") is Whose.OWN
    assert found.whose("acme/Foo3-3B") is Whose.SIBLING
    assert found.versions == {(2,)}


def test_a_model_that_the_repository_is_not_called_after_is_its_own_when_asked_about() -> None:
    readme = "# Big trainer\n\nWeights of Zeb-J are at [a mirror](https://example.org/z.tar).\n"
    made = [source("acme/big-trainer", {"README.md": readme})]
    assert work_out(made).whose("zeb-j-6B") is Whose.OTHER
    assert work_out(made, ("zebj",)).whose("zeb-j-6B") is Whose.OWN


def test_a_house_name_before_the_family_is_understood() -> None:
    readme = "# ACE-FOO\n[a](https://huggingface.co/a-c-e/foo_7b) [b](https://huggingface.co/a-c-e/foo_2b)"
    found = subject("acme/ACE-FOO", readme)
    assert found.whose("a-c-e/foo_7b") is Whose.OWN
    assert found.owns("a-c-e")


def test_another_model_of_the_house_may_be_linked_as_a_code_repository() -> None:
    """An older release that announces its successor makes no claim about itself by that."""
    readme = (
        "# ZooFoo3\n[ours](https://hf.co/acme/zoofoo3-6b)\n\n"
        "## Bar-4 is open source\n\nSee [Bar-4](https://github.com/acme/Bar-4) and our"
        " [tools](https://github.com/acme/tools).\n"
    )
    found = subject("acme/ZooFoo3", readme)
    assert found.is_foreign("## Bar-4 is open source")
    assert found.siblings == ("acme/Bar-4",)  # `tools` has no version: it is no model


def test_a_folder_titled_after_a_sibling_is_foreign() -> None:
    readme = "# Foo\n[Foo](https://hf.co/acme/Foo-3B) [BarVLM](https://hf.co/acme/BarVLM-2B)\n"
    found = subject("acme/foo", readme, **{"vision/README.md": "# BarVLM\n", "vision/t.py": ""})
    assert "vision" in found.foreign_folders


HARNESS = "setup(\n    name='barbench',\n    url='https://github.com/bar-lab/barbench',\n)\n"


@pytest.mark.parametrize(
    ("files", "bundled"),
    [
        ({"evaluate/setup.py": HARNESS}, {"evaluate"}),
        ({"evaluate/pyproject.toml": '[project.urls]\nHomepage = "https://github.com/bar-lab/bar"\n'},
         {"evaluate"}),
        ({"evaluate/setup.cfg": "[metadata]\nurl = https://github.com/bar-lab/barbench\n"},
         {"evaluate"}),
        ({"setup.py": HARNESS}, set()),  # the whole release: a fork of it, perhaps
        ({"kit/setup.py": HARNESS.replace("bar-lab", "Acme")}, set()),
        ({"kit/setup.py": HARNESS.replace("bar-lab/barbench", "mirror/foo")}, set()),
        ({"kit/setup.py": "install_requires=['x @ git+https://github.com/bar-lab/barbench']"},
         set()),
        ({"kit/setup.py": "setup(name='kit', url='https://kit.example.org')"}, set()),
    ],
)  # fmt: skip
def test_a_package_whose_home_is_another_project_is_bundled(
    files: dict[str, str], bundled: set[str]
) -> None:
    """Its code may well be what the release runs, so its place stays; its data are not ours."""
    found = subject("acme/foo", "# Foo\n", **files)
    assert found.bundled_folders == bundled
    assert found.place("evaluate/run.py") is Place.OWN


def test_what_lies_below_a_bundled_folder_is_bundled() -> None:
    found = Subject(bundled_folders=frozenset(["eval/bar"]))
    paths = ["eval/Bar/a/b.jsonl", "eval/bar/x.py", "eval/barn/x.py", "eval/bar", "x/eval/bar/y"]
    assert [found.is_bundled(path) for path in paths] == [True, True, False, False, False]


def test_no_readme_still_gives_a_subject() -> None:
    assert work_out([source("foo-7b", {"a.txt": "x"})]).whose("acme/foo-7b") is Whose.OWN
