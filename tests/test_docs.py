"""What the documents say is what the program does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from openassay import cli, frameworks
from openassay.vocabulary import entries

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text("utf-8")
CLI = (ROOT / "docs" / "cli.md").read_text("utf-8")
SCHEMA = json.loads(
    (ROOT / "src/openassay/reports/schema/openassay-1.schema.json").read_text("utf-8")
)


def statuses(text: str) -> set[int]:
    return {int(found) for found in re.findall(r"^\| (\d{1,3}) \|", text, re.M)}


def test_every_exit_status_is_documented() -> None:
    assert statuses(CLI) == {int(code) for code in cli.Exit}
    assert statuses(README) <= statuses(CLI)


def shape(text: str) -> list[str]:
    """What both READMEs share: the levels of headings, links, code without comments, statuses."""
    text = re.sub(r"<!-- demo-output: begin.*?end -->", "", text, flags=re.S)
    blocks = re.findall(r"```(?:console|python)\n(.*?)```", text, re.S)
    code = [re.sub(r"\s*#.*", "", line) for block in blocks for line in block.splitlines()]
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    return [
        *re.findall(r"^(#+) ", prose, re.M),
        *(link for link in re.findall(r"\]\((.*?)\)", prose) if not link.startswith("README")),
        *code,
        *sorted(map(str, statuses(text))),
        *(f"{kind}: {len(re.findall(kind, prose, re.M))}" for kind in ("^- ", r"^\|")),
    ]


def test_the_chinese_readme_says_the_same() -> None:
    """Headings, links, commands, lists and tables are those of the English one."""
    assert shape(CHINESE) == shape(README)
    assert "(README.zh-CN.md)" in README
    assert "(README.md)" in CHINESE


def test_every_command_and_option_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["--help"])
    commands = re.findall(r"^    ([a-z]+)(?: |$)", capsys.readouterr().out, re.M)
    assert len(commands) >= 8
    for command in commands:
        assert f"`openassay {command}" in CLI, command
        cli.main([command, "--help"])
        for option in re.findall(r"--[a-z]+", capsys.readouterr().out):
            assert option in CLI or option == "--help", f"{command} {option}"


def test_every_field_of_the_report_is_documented() -> None:
    said = (ROOT / "docs" / "json.md").read_text("utf-8")
    for part in ("report", "component", "license", "verdict", "criterion", "gap", "evidence"):
        for name in SCHEMA["$defs"][part]["properties"].keys() - {"schema"}:
            assert re.search(rf"[`.]{name}[`\[.]", said), f"{part}.{name}"


def test_frameworks_named_in_the_documents_are_there() -> None:
    named = set(re.findall(r"\b(?:mof|osaid)-\d[\d.]*\d", README + CLI))
    assert named <= set(frameworks.available())


def test_the_vocabulary_has_a_rule_for_every_component() -> None:
    assert all(entry.counts.endswith(".") for entry in entries())


def test_the_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.S)
    assert code is not None
    (tmp_path / "my-model").mkdir()
    (tmp_path / "my-model" / "README.md").write_text("# Gold-7B\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code.group(1)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["absent", "none {'III': 0.0, 'II': 0.0, 'I': 0.0}"]
    assert (tmp_path / "dossier.json").stat().st_size > 1000


def test_nothing_names_the_workplace() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("src/**/*.py")]:
        assert "/work/" not in path.read_text("utf-8"), path
