"""The GitHub Action, the pre-commit hooks and the documents on them do what they say."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from openassay import cli, config, frameworks, gate, reports
from openassay.cli import Exit

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
CI = (ROOT / "docs" / "ci.md").read_text("utf-8")
STEPS = ACTION["runs"]["steps"]
BLOCKS = {
    kind: re.findall(rf"```{kind}\n(.*?)```", CI, re.S) for kind in ("toml", "yaml", "console")
}


# --- the action as a file


def test_every_action_that_is_used_is_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    used += re.findall(r"uses: (actions/\S+)", CI)
    assert len(used) >= 3
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name in used)


def test_no_expression_stands_in_a_shell_script() -> None:
    """Inputs reach the shell as environment variables: nothing in them can run."""
    scripts = [step["run"] for step in STEPS if "run" in step]
    assert len(scripts) == 4
    assert all("${{" not in script for script in scripts)
    assert all(step["shell"] == "bash" for step in STEPS if "run" in step)


def test_every_input_and_output_is_used_and_documented() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    for name, given in ACTION["inputs"].items():
        assert f"inputs.{name}" in text
        default = f"`{given['default']}`" if given["default"] else ""
        assert re.search(rf"^\| `{name}` \| {re.escape(default)} ?\|", CI, re.M), name
    for name in ACTION["outputs"]:
        assert f"`{name}`" in CI
    ids = {step["id"] for step in STEPS if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", text)) <= ids


def test_the_formats_it_writes_are_there() -> None:
    script = next(step["run"] for step in STEPS if step.get("id") == "report")
    written = re.findall(r"^\s*report (\w+)", script, re.M)
    assert written == ["json", "sarif", "markdown"]
    assert set(written) <= set(reports.available())


# --- the action as it runs

Act = Callable[..., tuple[dict[str, int], dict[str, str]]]


@pytest.fixture
def act(tmp_path: Path) -> Act:
    """Runs the shell steps of the action as a runner would, without installing anything."""
    program = tmp_path / "openassay"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m openassay "$@"\n')
    program.chmod(0o755)
    (tmp_path / "temp").mkdir()
    given = {"output": tmp_path / "output", "summary": tmp_path / "summary.md"}

    def run(folder: Path, **inputs: str) -> tuple[dict[str, int], dict[str, str]]:
        values = {name: item["default"] for name, item in ACTION["inputs"].items()}
        values |= {name.replace("_", "-"): value for name, value in inputs.items()}
        codes: dict[str, int] = {}
        for step in STEPS:
            if "run" not in step or step["id"] == "install":
                continue
            env = {k: _evaluated(v, values, tmp_path, program) for k, v in step["env"].items()}
            env |= {"GITHUB_OUTPUT": str(given["output"])}
            env |= {"GITHUB_STEP_SUMMARY": str(given["summary"])}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=folder / values["working-directory"],
                env={**os.environ, **env},
                capture_output=True,
                text=True,
                check=False,
            )
            codes[step["id"]] = done.returncode
            if done.returncode:
                break
        lines = given["output"].read_text().splitlines() if given["output"].exists() else []
        outputs = dict(line.split("=", 1) for line in lines)
        if given["summary"].exists():
            outputs["summary"] = given["summary"].read_text("utf-8")
        return codes, outputs

    return run


def _evaluated(text: str, values: Mapping[str, str], temp: Path, program: Path) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        if name.startswith("inputs."):
            return values[name.removeprefix("inputs.")]
        return {
            "runner.temp": str(temp / "temp"),
            "steps.install.outputs.program": str(program),
        }[name]

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "work space"
    folder.mkdir()
    (folder / "README.md").write_text("# Gold-7B\n\nGold-7B is a language model.\n", "utf-8")
    (folder / "LICENSE").write_text("SPDX-License-Identifier: MIT\n", "utf-8")
    return folder


@pytest.mark.slow
def test_the_steps_run_as_they_stand(act: Act, repository: Path) -> None:
    codes, outputs = act(repository)
    assert codes == {"read": 0, "report": 0, "gate": 0}
    assert outputs["status"] == "0"
    assert outputs["summary"].startswith("# ")
    for name in ("dossier", "report", "sarif"):
        assert json.loads(Path(outputs[name]).read_text("utf-8"))
    schema = files("openassay.reports") / "schema" / "openassay-1.schema.json"
    validator = Draft202012Validator(json.loads(schema.read_text("utf-8")))
    validator.validate(json.loads(Path(outputs["report"]).read_text("utf-8")))


@pytest.mark.slow
def test_the_gate_fails_the_job_after_the_reports_are_written(act: Act, repository: Path) -> None:
    (repository / "openassay.toml").write_text('require = ["mof-1.0=I"]\n')
    codes, outputs = act(repository, summary="false")
    assert codes == {"read": 0, "report": 0, "gate": Exit.BELOW_REQUIRED}
    assert outputs["status"] == "10"
    assert "summary" not in outputs
    assert Path(outputs["sarif"]).is_file()


@pytest.mark.slow
def test_several_lines_are_several_values(act: Act, repository: Path) -> None:
    other = repository.parent / "other"
    other.mkdir()
    (other / "train.py").write_text("print('train')\n")
    codes, outputs = act(
        repository,
        target=".\n../other\n",
        require="mof-1.0=none\n\ncontradictions=none\n",
        framework="mof-1.0\nosaid-1.0\n",
    )
    assert codes["gate"] == 0
    document = json.loads(Path(outputs["report"]).read_text("utf-8"))
    assert len(document["sources"]) == 2
    assert [v["framework"] for v in document["verdicts"]] == ["mof-1.0", "osaid-1.0"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["target", "require", "config", "baseline", "framework"])
def test_nothing_in_an_input_runs(act: Act, repository: Path, name: str) -> None:
    act(repository, **{name: "$(touch owned) `touch owned`; touch owned # --output=owned"})
    assert not list(repository.rglob("owned"))


@pytest.mark.slow
def test_an_option_in_a_target_is_a_target(act: Act, repository: Path) -> None:
    codes, _ = act(repository, target="--output=owned")
    assert codes == {"read": Exit.NOTHING_READ}
    assert not (repository / "owned").exists()


# --- the hooks


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_is_a_command_that_there_is(
    hook: dict[str, Any], repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    assert f"id: {hook['id']}" in CI
    given: list[str] = hook.get("args", [])
    program, *words = [*shlex.split(hook["entry"]), *given]
    assert program == "openassay"
    monkeypatch.chdir(repository)
    assert cli.main(words) in (Exit.FINE, Exit.BELOW_REQUIRED, Exit.UNDECIDED)


# --- the documents


def test_the_configuration_in_the_documents_is_one() -> None:
    (text,) = BLOCKS["toml"]
    found = config.parse(
        text.encode(), "x", frameworks=frameworks.available(), formats=reports.available()
    )
    assert {item.subject for item in found.overrides} == {"component", "claim", "contradiction"}


def test_the_pipelines_in_the_documents_are_yaml() -> None:
    assert len(BLOCKS["yaml"]) == 3
    for text in BLOCKS["yaml"]:
        assert isinstance(yaml.safe_load(text), dict)
    action, hooks, _ = (yaml.safe_load(text) for text in BLOCKS["yaml"])
    used = action["jobs"]["openassay"]["steps"][-1]["with"]
    assert set(used) <= set(ACTION["inputs"])
    assert {hook["id"] for hook in hooks["repos"][0]["hooks"]} <= {hook["id"] for hook in HOOKS}


def test_every_requirement_in_the_documents_can_be_asked() -> None:
    pattern = r"\b((?:license|component)\.[a-z_.]+=[a-z]+|claims=\w+|contradictions=\w+)"
    named = re.findall(pattern, CI)
    assert len(named) >= 8
    for text in named:
        gate.parse(text)
