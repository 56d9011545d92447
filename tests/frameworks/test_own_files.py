"""A framework file of the user's own, wherever an id may stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from openassay.cli import main
from openassay.errors import UsageError
from openassay.frameworks import available, chosen, explain, find, load, standing

DOCS = Path(__file__).parents[2] / "docs" / "frameworks.md"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The complete example of the documentation, saved as it says."""
    found = re.search(r"```toml\n(# shared-weights\.toml.*?)```", DOCS.read_text("utf-8"), re.S)
    assert found
    path = tmp_path / "shared-weights.toml"
    path.write_text(found[1], "utf-8")
    return path


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "Gold-7B"
    folder.mkdir()
    text = "---\nlicense: mit\n---\n# Gold-7B\n\nWeights: https://huggingface.co/acme/Gold-7B\n"
    (folder / "README.md").write_text(text, "utf-8")
    return folder


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str | Path) -> tuple[int, str, str]:
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def test_a_file_judges_beside_an_id(run: Run, own: Path, release: Path) -> None:
    code, out, _ = run(
        "audit", release, "--framework", own, "--framework", "mof-1.0", "--format", "json"
    )
    assert code == 0
    verdicts = json.loads(out)["verdicts"]
    assert [one["framework"] for one in verdicts] == ["shared-weights", "mof-1.0"]
    assert verdicts[0]["title"] == "Shared Weights Pledge"
    assert verdicts[0]["floor"] in ("kept", "broken")


def test_a_stored_dossier_is_judged_and_reported_by_a_file(
    run: Run, own: Path, release: Path, tmp_path: Path
) -> None:
    dossier = tmp_path / "d.json"
    run("read", release, "-o", dossier)
    code, out, _ = run("judge", dossier, "--framework", own)
    assert code == 0
    assert "Shared Weights Pledge: " in out
    code, out, _ = run("report", dossier, "--framework", own)
    assert code == 0
    assert "Shared Weights Pledge: " in out


@pytest.mark.parametrize("named", ["id", "file"])
def test_a_level_of_a_file_can_be_required(run: Run, own: Path, release: Path, named: str) -> None:
    required = "shared-weights=kept" if named == "id" else f"{own}=kept"
    options = ("--framework", own) if named == "id" else ()
    code, _, err = run("audit", release, *options, "--require", required)
    assert code == 10
    assert "=kept is not met" in err
    code, _, err = run("audit", release, *options, "--require", required.replace("kept", "III"))
    assert code == 2
    assert "it has: broken, kept" in err


def test_a_file_is_explained_whole_and_rule_by_rule(run: Run, own: Path) -> None:
    code, out, _ = run("explain", own)
    assert code == 0
    assert out.startswith("Shared Weights Pledge (shared-weights)\nhttps://example.org/pledge\n")
    code, out, _ = run("explain", f"{own}/weights")
    assert code == 0
    assert "Rule: The final weights can be downloaded by everyone" in out
    with pytest.raises(UsageError) as error:
        explain(f"{own}/weight")
    assert error.value.hint == "did you mean shared-weights/weights?"


def test_a_mistake_is_shown_with_line_and_fix_before_anything_is_read(
    run: Run, own: Path, tmp_path: Path
) -> None:
    own.write_text(own.read_text("utf-8").replace('group = "papers"', 'group = "paper"'), "utf-8")
    line = own.read_text("utf-8").splitlines().index('group = "paper"') + 1
    code, out, err = run("audit", tmp_path / "nothing", "--framework", own)
    assert (code, out) == (2, "")
    assert f"shared-weights.toml:{line}: criterion 'description' `group` 'paper'" in err
    assert "did you mean 'papers'?" in err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.toml", None, "No such file"),
        ("folder.toml", "", "Is a directory"),
        ("mof-1.0.toml", "other", "is the id of a framework that comes with OpenAssay"),
        ("other-name.toml", "same", "the file is called other-name.toml"),
        ("latin.toml", b"id = '\xe9'", "latin.toml:1: not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(
    run: Run, own: Path, tmp_path: Path, name: str, content: object, words: str
) -> None:
    path = tmp_path / name
    if content == "":
        path.mkdir()
    elif content == "other":
        path.write_text(own.read_text("utf-8").replace('id = "shared-weights"', 'id = "mof-1.0"'))
    elif content == "same":
        path.write_text(own.read_text("utf-8"))
    elif isinstance(content, bytes):
        path.write_bytes(content)
    code, _, err = run("explain", path)
    assert code == 2
    assert words in err


def test_a_copy_of_a_framework_that_comes_with_us_is_that_framework(tmp_path: Path) -> None:
    from importlib.resources import files

    text = (files("openassay.frameworks") / "dl-table.toml").read_text("utf-8")
    (tmp_path / "dl-table.toml").write_text(text, "utf-8")
    assert find(str(tmp_path / "dl-table.toml")) == load("dl-table")


def test_a_byte_order_mark_is_no_mistake(own: Path) -> None:
    own.write_bytes(b"\xef\xbb\xbf" + own.read_bytes())
    assert find(str(own)).id == "shared-weights"


def test_two_different_files_of_one_id_cannot_be_told_apart(own: Path, tmp_path: Path) -> None:
    other = tmp_path / "there" / own.name
    other.parent.mkdir()
    other.write_text(own.read_text("utf-8").replace("kept", "honoured"), "utf-8")
    assert len(chosen([str(own), str(own)])) == 1
    with pytest.raises(UsageError, match="two different frameworks"):
        chosen([str(own), str(other)])


def test_what_was_replaced_is_judged_by_only_when_asked_for(run: Run, release: Path) -> None:
    _, out, _ = run("audit", release, "--format", "json")
    judged = {one["framework"] for one in json.loads(out)["verdicts"]}
    assert judged == {framework.id for framework in standing()}
    assert not judged & {"osaid-0.0.9", "osai-14"}
    _, out, _ = run("audit", release, "--format", "json", "--framework", "all")
    assert {one["framework"] for one in json.loads(out)["verdicts"]} == set(available())
    _, out, _ = run("audit", release, "--format", "json", "--framework", "osai-14")
    assert [one["framework"] for one in json.loads(out)["verdicts"]] == ["osai-14"]
    _, out, _ = run("frameworks")
    assert "osai-14      European Open Source AI Index, 14 dimensions (replaced by osai-12" in out


def test_the_first_screen_stays_a_screen_with_a_line_for_each(run: Run, release: Path) -> None:
    _, out, _ = run("audit", release)
    lines = out.splitlines()
    for framework in standing():
        assert sum(line.startswith(f"{framework.title}: ") for line in lines) == 1
    assert len(lines) <= 48
    assert all(len(line) <= 100 for line in lines)
