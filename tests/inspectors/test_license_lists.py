"""Licences of listed files: "under X, except for these files", and what that means for components.

A list that is understood moves a second licence text from everything to the files it names; one
that is not leaves the stricter reading. What is restricted is never hidden.
"""

from __future__ import annotations

from typing import Any

import pytest
from test_license_files import COMMUNITY, MIT, ZEBRA  # type: ignore[import-not-found]

from openassay.assemble import assemble
from openassay.excepted import OTHER_TERMS, excepted
from openassay.files import LfsPointer
from openassay.inspectors import code, license_files, license_prose, weights
from openassay.types import Component, Fact, Gap, Licensed

NET = """import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.a = nn.Linear(d, d)

    def forward(self, x):
        return self.a(x)


class Zebra(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.blocks = nn.ModuleList([Block(d) for _ in range(4)])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x
"""
HEAD = "# Zebra\n\n## License\n\nThis project is distributed under [MIT](LICENSE_own), "
LIST = "- [net/rope.py](net/rope.py)\n- [net/rest.py](net/rest.py)\n"
TREE = {
    "LICENSE_own": MIT,
    "LICENSE_zebra": COMMUNITY,
    "net/rope.py": NET,
    "net/rest.py": "X = 1\n",
    "net/plain.py": NET,
}


def lists(make_release: Any, readme: str, **more: str) -> list[tuple[str, tuple[str, ...]]]:
    release = make_release({**TREE, **more, "README.md": readme}, ZEBRA)
    (document,) = (file for file in release.files if file.path == "README.md")
    return [(found.license, found.paths) for found in excepted(document, release)]


@pytest.mark.parametrize(
    "readme",
    [
        f"{HEAD}<br>\nexcept for the files below which originated from [x](https://x.org/y).\n{LIST}",
        f"{HEAD}except for the following files:\n\n* `net/rope.py`\n* net/rest.py\n\nThanks.\n",
        f"{HEAD}with the exception of the following files.\n\n    net/rope.py\n    net/rest.py\n",
        f"{HEAD}excluding these files:\n\n1. net/rope.py from [x](https://x.org)\n2. `rest.py`\n",
        f"{HEAD}except for the files listed here:\n- the files `net/rope.py` and `net/rest.py`\n",
        "# Zebra\n除以下文件外，本项目采用 MIT 许可证：\n- net/rope.py\n- net/rest.py\n",
        f"# Zebra\nExcept for the following files, all code is under the MIT License:\n\n{LIST}",
    ],
)
def test_a_list_of_exceptions_is_read(make_release: Any, readme: str) -> None:
    assert lists(make_release, readme) == [("MIT", ("net/rest.py", "net/rope.py"))]


@pytest.mark.parametrize(
    ("readme", "why"),
    [
        (f"{HEAD}except for the files below.\n- `net/rope.py`\n- `net/gone.py`\n", "one is gone"),
        (f"{HEAD}except for the files below.\n- net/rope.py\n- the rotary part\n", "no path"),
        (f"{HEAD}except for the files below.\n", "no list"),
        (f"# Zebra\n\nAll tests pass except for the files below.\n{LIST}", "no licence"),
        (f"{HEAD}and Apache-2.0, except for these files:\n{LIST}", "two licences"),
        (f"{HEAD}except for these files:\n{LIST}\nUnder BSD:\n- `net/plain.py`\n", "it goes on"),
        (f"{HEAD}except for these files:\n{LIST}" + "- net/plain.py\n" * 120, "too many"),
        (f"{HEAD}except for these files:\n{LIST}- net/plain.py {'x' * 700}\n", "too long"),
        (f"# Zebra\nExcept for the following files, which are MIT:\n{LIST}", "and the rest?"),
    ],
)  # fmt: skip
def test_a_list_that_is_not_understood_is_left_alone(
    make_release: Any, readme: str, why: str
) -> None:
    assert lists(make_release, readme) == [], why


def test_a_folder_and_a_path_that_moved(make_release: Any) -> None:
    """A file that is not at the path given is looked for by its name: each of that name counts."""
    readme = f"{HEAD}except for these directories and files:\n- old/lib/\n- nets/rope.py\n"
    more = {"old/lib/a.py": "A = 1\n", "copy/rope.py": NET}
    found = lists(make_release, readme, **more)
    assert found == [("MIT", ("copy/rope.py", "net/rope.py", "old/lib/"))]


# -- what it means -----------------------------------------------------------------------------

README = f"{HEAD}except for the files below which came from elsewhere.\n{LIST}"


def read(make_release: Any, run: Any, files: dict[str, object]) -> tuple[list[Fact | Gap], Any]:
    release = make_release({"README.md": README, **TREE, **files}, ZEBRA)
    found = [
        fact
        for inspector in (license_files, license_prose, code, weights)
        for fact in run(inspector, release)
    ]
    facts = tuple(fact for fact in found if isinstance(fact, Fact))
    dossier = assemble(schema="t", release="zebra", sources=(), facts=facts, gaps=(), read_by="t")
    return found, dossier


def part(dossier: Any, name: str) -> Component:
    found: Component = dossier.component(name)
    return found


def scopes(facts: list[Fact | Gap]) -> set[tuple[str, str]]:
    return {(f.scope, f.license) for f in facts if isinstance(f, Licensed)}


def test_a_second_text_is_of_the_listed_files_only(make_release: Any, run: Any) -> None:
    facts, dossier = read(make_release, run, {})
    community = next(license for scope, license in scopes(facts) if scope == "path:net/rope.py")
    assert {scope for scope, license in scopes(facts) if license == community} == {
        "path:net/rope.py",
        "path:net/rest.py",
    }
    network = part(dossier, "model_architecture")
    assert network.license == f"MIT AND {community}"
    assert network.license_open is not True
    assert any("net/rope.py" in note and community in note for note in network.notes)
    cited = [e for fact in network.because if isinstance(fact, Fact) for e in fact.evidence]
    assert any(e.path == "README.md" and "net/rope.py" in e.quote for e in cited)


def test_without_the_listed_files_the_rest_is_under_the_main_licence(
    make_release: Any, run: Any
) -> None:
    """Shown in the component that holds them, they weigh on no other."""
    trainer = "import torch\n" + (
        "def train(model, data):\n    opt = torch.optim.AdamW(model.parameters())\n"
        "    for x in data:\n        loss = model(x)\n        loss.backward()\n        opt.step()\n"
    )
    _, dossier = read(make_release, run, {"train.py": trainer})
    assert part(dossier, "training_code").status == "present"
    assert part(dossier, "training_code").license == "MIT"
    assert part(dossier, "training_code").license_open is True


def test_listed_files_that_no_component_shows_weigh_on_all_code(
    make_release: Any, run: Any
) -> None:
    _, dossier = read(make_release, run, {"net/rope.py": "A = 1\n"})
    assert part(dossier, "model_architecture").license_open is not True
    assert " AND " in (part(dossier, "model_architecture").license or "")


def test_listed_files_are_not_crowded_out_by_the_rest(make_release: Any, run: Any) -> None:
    """Eight finds are enough for a component; those under other terms are among them."""
    many: dict[str, object] = {f"a{n}.py": NET for n in range(20)}
    _, dossier = read(make_release, run, {**many, "net/rest.py": "X = 1\n"})
    assert part(dossier, "model_architecture").license_open is not True


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"README.md": README + "\nThe model is under [this](LICENSE_zebra).\n"}, "linked as well"),
        ({"README.md": README + "The model is under [this](LICENSE_zebra).\n"}, "right below"),
        ({"README.md": README + "\nSee the Zebra Community License.\n"}, "named as well"),
        ({"LICENSE_own": "To be written.\n"}, "the main licence is only a word"),
        ({"README.md": HEAD + "except for the files below.\n- `net/gone.py`\n"}, "not understood"),
    ],
)
def test_a_text_that_may_mean_more_keeps_its_reach(
    make_release: Any, run: Any, files: dict[str, object], why: str
) -> None:
    facts, dossier = read(make_release, run, files)
    assert {scope for scope, license in scopes(facts) if license != "MIT"} & {"path:", "weights"}
    assert part(dossier, "model_architecture").license_open is not True, why


def test_the_plain_licence_file_is_never_the_exceptions(make_release: Any, run: Any) -> None:
    facts, _ = read(make_release, run, {"LICENSE": COMMUNITY, "LICENSE_zebra": ""})
    assert any(scope == "path:" and license != "MIT" for scope, license in scopes(facts))


@pytest.mark.parametrize(
    ("path", "kind"), [("model.safetensors", "weights"), ("data/train.jsonl", "data")]
)
def test_content_of_another_kind_stays_under_the_second_text(
    make_release: Any, run: Any, path: str, kind: str
) -> None:
    """Nothing says that the text is not meant for it; small tables are no data."""
    files: dict[str, object] = {path: LfsPointer("0" * 64, 900 << 20), "names.csv": "a,b\n1,2\n"}
    facts, _ = read(make_release, run, files)
    kinds = {scope for scope, license in scopes(facts) if license != "MIT"}
    assert {scope for scope in kinds if not scope.startswith("path:")} == {kind}


def test_a_list_that_names_the_licence_itself(make_release: Any, run: Any) -> None:
    readme = (
        f"{HEAD}except for the following files:\n- `net/rope.py` under CC BY-NC 4.0\n"
        "- `net/rest.py`, BSD-3-Clause License\n"
    )
    facts, dossier = read(make_release, run, {"README.md": readme, "LICENSE_zebra": ""})
    assert scopes(facts) == {
        ("path:", "MIT"),
        ("path:net/rope.py", "CC-BY-NC-4.0"),
        ("path:net/rest.py", "BSD-3-Clause"),
    }
    assert part(dossier, "model_architecture").license == "MIT AND CC-BY-NC-4.0"
    assert part(dossier, "model_architecture").license_open is False


def test_a_list_whose_sentence_ends_below_it(make_release: Any, run: Any) -> None:
    readme = f"{HEAD}except for these files:\n\n{LIST}\nwhich are under the BSD-3-Clause License.\n"
    facts, _ = read(make_release, run, {"README.md": readme, "LICENSE_zebra": ""})
    assert ("path:net/rope.py", "BSD-3-Clause") in scopes(facts)
    assert "BSD-3-Clause" not in {
        license for scope, license in scopes(facts) if "net/" not in scope
    }


def test_where_nothing_says_under_what_the_listed_files_stand(make_release: Any, run: Any) -> None:
    facts, dossier = read(make_release, run, {"LICENSE_zebra": ""})
    assert ("path:net/rope.py", OTHER_TERMS) in scopes(facts)
    assert part(dossier, "model_architecture").license == f"MIT AND {OTHER_TERMS}"
    assert part(dossier, "model_architecture").license_open is None
