"""`audit --against` from end to end: one record, a folder of them, and what goes wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from openassay.cli import Exit, main

Run = Callable[..., tuple[int, str, str]]

README = """# Foo-7B

Foo is an open language model. The weights are at
[acme/foo-7b](https://huggingface.co/acme/foo-7b).
"""
TRAIN = '''"""Training."""
import torch

model = torch.nn.Linear(2, 2)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
for step in range(10):
    loss = model(torch.ones(2)).sum()
    loss.backward()
    optimizer.step()
'''
RECORD = """
framework: {name: Model Openness Framework, version: '1.0', date: '2024-12-15'}
release:
  name: Foo-7B
  repository: https://github.com/acme/foo
  huggingface: https://huggingface.co/acme/foo-7b
  license: {distribution: {name: Apache-2.0, path: ''}}
  components:
    - {name: Model parameters (Final)}
    - {name: Datasets, component_path: data/all.jsonl}
    - {name: Model card, license: Component not include.}
"""


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "checkouts" / "acme+foo"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(README, "utf-8")
    (folder / "train.py").write_text(TRAIN, "utf-8")
    return folder


@pytest.fixture
def records(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "Foo.yml").write_text(RECORD, "utf-8")
    (folder / "Foo-again.json").write_text(
        json.dumps({"release": {"name": "Foo", "huggingface": "acme/foo", "components": []}})
    )
    (folder / "Bar.yml").write_text("release: {name: Bar, components: [{name: Datasets}]}\n")
    (folder / "broken.yml").write_text("release: [\n")
    return folder


def parsed(out: str) -> dict[str, Any]:
    path = files("openassay.reports") / "schema" / "openassay-against-1.schema.json"
    document = json.loads(out)
    Draft202012Validator(json.loads(path.read_text("utf-8"))).validate(document)
    assert isinstance(document, dict)
    return document


def test_one_record_against_one_release(run: Run, release: Path, records: Path) -> None:
    code, out, err = run("audit", release, "--against", records / "Foo.yml", "--format", "json")
    assert (code, err) == (0, "")
    (found,) = parsed(out)["records"]
    standings = {entry["name"]: entry["standing"] for entry in found["components"]}
    assert standings == {
        "Model parameters (Final)": "supported",
        "Datasets": "unsupported",
        "Model card": "supported",  # that it is not there
    }
    weights = found["components"][0]
    assert weights["status"] == "linked"
    assert weights["checks"][0]["evidence"][0]["path"] == "README.md"
    place = found["components"][1]["checks"][1]
    assert (place["claim"], place["standing"]) == ("place", "contradicted")
    assert found["unread"] == ["https://huggingface.co/acme/foo-7b"]
    assert set(found["classes"]) == {
        "framework", "recorded_reference", "recorded_strict", "audited",
    }  # fmt: skip


def test_the_evidence_of_a_comparison_can_be_verified(
    run: Run, release: Path, records: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    against = ("--against", records / "Foo.yml", "--format", "json", "-o", report)
    assert run("audit", release, *against)[0] == 0
    assert run("verify", report)[0] == 0
    (release / "README.md").write_text("# Gone\n")
    assert run("verify", report)[0] == Exit.EVIDENCE_GONE


def test_a_folder_of_records_finds_its_releases(run: Run, release: Path, records: Path) -> None:
    args = ("audit", release.parent, "--against", records, "--format", "json")
    code, out, _ = run(*args)
    document = parsed(out)
    assert code == 0
    assert [found["origin"] for found in document["records"]] == ["Foo-again.json", "Foo.yml"]
    reasons = {item["origin"]: item["because"] for item in document["unmatched"]}
    assert set(reasons) == {"Bar.yml", "broken.yml"}
    assert "--match" in reasons["Bar.yml"]
    assert "cannot be read as a record" in reasons["broken.yml"]
    assert document["totals"]["records"] == 2
    assert run(*args)[1] == out


def test_a_list_says_which_release_is_whose(
    run: Run, release: Path, records: Path, tmp_path: Path
) -> None:
    chosen = tmp_path / "list.yml"
    chosen.write_text("Bar.yml: checkouts/acme+foo\n")
    args = ("audit", release.parent, "--against", records, "--match", chosen, "--format", "json")
    code, out, _ = run(*args)
    assert code == 0
    origins = [found["origin"] for found in parsed(out)["records"]]
    assert origins == ["Bar.yml", "Foo-again.json", "Foo.yml"]
    chosen.write_text("Baz.yml: checkouts/acme+foo\n")
    code, _, err = run(*args)
    assert code == Exit.USAGE
    assert "there is no record 'Baz.yml'" in err
    chosen.write_text("Bar.yml: {a: b}\n")
    assert run(*args)[0] == Exit.USAGE


def test_a_release_that_cannot_be_read_hides_no_other(
    run: Run, release: Path, records: Path, tmp_path: Path
) -> None:
    chosen = tmp_path / "list.yml"
    chosen.write_text("Bar.yml: [nowhere]\n")
    args = ("audit", release.parent, "--against", records, "--match", chosen, "--format", "json")
    code, out, _ = run(*args)
    assert code == 0
    reasons = {item["origin"]: item["because"] for item in parsed(out)["unmatched"]}
    assert "its release cannot be read" in reasons["Bar.yml"]


def test_on_a_screen(run: Run, release: Path, records: Path) -> None:
    code, out, _ = run("audit", release, "--against", records / "Foo.yml")
    assert code == 0
    assert "Contradicted\n✘ Datasets, place data/all.jsonl" in out
    assert "↗ Model parameters (Final)" in out
    assert "Not read, though the record names it: https://huggingface.co/acme/foo-7b" in out
    code, out, _ = run("audit", release.parent, "--against", records)
    assert code == 0
    assert "Not checked: 2 records" in out
    assert "2 records;" in out


def test_as_markdown(run: Run, release: Path, records: Path) -> None:
    code, out, _ = run("audit", release, "--against", records / "Foo.yml", "--format", "markdown")
    assert code == 0
    assert out.startswith("# Foo-7B\n")
    assert "## Contradicted\n\n- **Datasets, place" in out


HOSTILE = "\x1b[2J\u202e<img src=x> [a](javascript:1) | **b** @you"


@pytest.mark.parametrize("format", ["terminal", "json", "markdown"])
def test_what_a_record_says_acts_in_no_format(
    run: Run, release: Path, tmp_path: Path, format: str
) -> None:
    value = {
        "release": {
            "name": HOSTILE,
            "repository": HOSTILE,
            "huggingface": f"https://{HOSTILE}",
            "license": {"distribution": {"name": HOSTILE, "path": HOSTILE}},
            "components": [
                {"name": HOSTILE, "license": HOSTILE},
                {"name": "Datasets", "component_path": HOSTILE, "license_path": HOSTILE},
                {"name": "Model parameters (Final)", "license": HOSTILE},
            ],
        }
    }
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(value), "utf-8")
    code, out, _ = run("audit", release, "--against", path, "--format", format, "-v")
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
    if format == "markdown":
        bare = re.sub(r"`[^`]*`", "", out)  # in a code span nothing acts
        assert "<img" not in bare
        assert "[a](" not in bare


@pytest.mark.parametrize("format", ["terminal", "markdown"])
def test_people_read_chinese(run: Run, release: Path, records: Path, format: str) -> None:
    """Quotes, names, paths and ids aside, nothing of ours is left in English."""
    args = ("audit", release, "--against", records / "Foo.yml", "--format", format)
    code, out, _ = run(*args, "--lang", "zh", "-v")
    assert code == Exit.FINE
    assert "所审计的内容均已读取，没有显示该项。" in out
    out = out.replace("Component not include", "")  # the record's own words
    left = re.sub(r'"[^"\n]*"|`[^`]*`|\[\^\d+\]:.*|https?://\S+|[\w/-]+\.\w+(?::\d+)?', "", out)
    assert not re.search(r"\b[a-z]{3,} [a-z]{2,}\b", left), left


def test_the_data_of_a_comparison_is_english_in_every_language(
    run: Run, release: Path, records: Path
) -> None:
    args = ("audit", release, "--against", records / "Foo.yml", "--format", "json")
    assert run(*args) == run(*args, "--lang", "zh")


def test_a_record_judged_both_ways_in_chinese(run: Run, records: Path) -> None:
    code, out, _ = run("judge", records / "Foo.yml", "--lang", "zh")
    assert code == Exit.FINE
    assert "严格、参考工具" in out
    left = re.sub(r"LicenseRef-\S+|'[^']*'|https?://\S+|[\w/-]+\.\w+|Model Openness \S+ ", "", out)
    assert not re.search(r"\b[a-z]{3,} [a-z]{2,}\b", left), left


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--format", "yaml"), Exit.USAGE, "formats: terminal, json, markdown"),
        (("--require", "mof-1.0=III"), Exit.USAGE, "takes no --framework and no --require"),
        (("--out", "x"), Exit.USAGE, "takes no --from and no --out"),
        (("--lang", "tlh"), Exit.USAGE, "there is no language 'tlh'"),
        (("--baseline", "x"), Exit.USAGE, "takes no --baseline"),
    ],
)
def test_wrong_usage(
    run: Run, release: Path, records: Path, args: tuple[str, ...], code: int, words: str
) -> None:
    got, out, err = run("audit", release, "--against", records / "Foo.yml", *args)
    assert (got, out) == (code, "")
    assert words in err


def test_without_a_target_or_a_record(run: Run, records: Path, tmp_path: Path) -> None:
    assert run("audit")[0] == Exit.USAGE
    assert run("audit", tmp_path, "--match", "x")[0] == Exit.USAGE
    code, _, err = run("audit", "--against", records / "Bar.yml")
    assert code == Exit.NOTHING_READ
    assert "it names no address of its release" in err
    assert run("audit", records / "Foo.yml", "--against", records)[0] == Exit.USAGE
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("audit", tmp_path, "--against", empty)[0] == Exit.NOTHING_READ


# -------------------------------------------------------------------------------- judge, both ways


def test_judge_shows_a_record_both_ways(run: Run, records: Path) -> None:
    code, out, _ = run("judge", records / "Foo.yml")
    assert code == 0
    assert "the reference tool  none" in out
    assert "Where they differ, and why" in out
    code, _, err = run("judge", records / "Foo.yml", "--lang", "tlh")
    assert (code, "there is no language" in err) == (Exit.USAGE, True)
    _, out, _ = run("judge", records / "Foo.yml", "--mode", "mot", "--lang", "zh")
    assert "模型卡" in out
    _, out, _ = run("judge", records / "Foo.yml", "--format", "json")
    document = json.loads(out)
    assert [verdict["mode"] for verdict in document["verdicts"]] == ["strict", "mot"]
    assert document["mode"] == "strict"
    differing = {item["component"] for item in document["differences"]}
    assert differing == {"model_card"}  # the data set lies in the release, so it inherits
    _, out, _ = run("judge", records / "Foo.yml", "--mode", "mot", "--format", "json")
    assert [verdict["mode"] for verdict in json.loads(out)["verdicts"]] == ["mot"]
