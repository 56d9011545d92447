"""The subject of a release is worked out from names, titles and links alone."""

from __future__ import annotations

from collections.abc import Callable

from openassay.about import work_out
from openassay.files import File
from openassay.release import Source
from openassay.subject import Subject, Whose


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


def test_no_readme_still_gives_a_subject() -> None:
    assert work_out([source("foo-7b", {"a.txt": "x"})]).whose("acme/foo-7b") is Whose.OWN
