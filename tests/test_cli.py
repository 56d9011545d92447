"""The command line as a user meets it: what goes where, exit codes, and what never happens."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from openassay import __version__, reports
from openassay.cli import Exit, main
from openassay.cli import license as license_command

MIT = """MIT License

Copyright (c) 2024 Acme

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
README = """# Gold-7B 黄金大模型

Gold-7B is a fully open source large language model.

Weights: https://huggingface.co/acme/Gold-7B
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A small release in a plain folder."""
    folder = tmp_path / "acme" / "Gold-7B"
    folder.mkdir(parents=True)
    (folder / "LICENSE").write_text(MIT, "utf-8")
    (folder / "README.md").write_text(README, "utf-8")
    (folder / "requirements.txt").write_text("torch==2.0\n", "utf-8")
    return folder


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """``run("audit", …)`` in this process: (exit status, stdout, stderr)."""

    def call(*args: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def contract(name: str) -> Draft202012Validator:
    path = files("openassay.reports") / "schema" / f"{name}.schema.json"
    return Draft202012Validator(json.loads(path.read_text("utf-8")))


# --- help, usage, errors


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"openassay {__version__}\n", "")


def test_version_does_not_load_the_readers() -> None:
    code = "import sys; from openassay.cli import main; main(['--version']); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = shown.stdout.split()
    assert "openassay.cli" in loaded
    assert not {"yaml", "openassay.types", "openassay.licenses", "json", "re2"} & set(loaded)


def test_help_names_every_format(run: Run) -> None:
    code, out, _ = run("audit", "--help")
    assert code == 0
    for name in reports.available():
        assert name in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "required: COMMAND"),
        (["frobnicate"], "invalid choice"),
        (["audit"], "required: TARGET"),
        (["audit", ".", "--format", "yaml"], "there is no format 'yaml'"),
        (["audit", ".", "--framework", "mof"], "no framework is called 'mof'"),
        (["audit", ".", "--require", "mof-1.0"], "--require wants ID=LEVEL"),
        (["audit", ".", "--require", "mof-1.0=IV"], "mof-1.0 has no level 'IV'"),
        (["audit", ".", "--require", "dl-table=high"], "dl-table has no level 'high'"),
        (["explain", "mof-1.0/nonsense"], "no criterion"),
    ],
)
def test_wrong_usage_is_exit_2_and_says_what(run: Run, args: list[str], said: str) -> None:
    code, out, err = run(*args)
    assert (code, out) == (Exit.USAGE, "")
    assert said in err


def test_options_are_checked_before_anything_is_read(run: Run) -> None:
    code, _, err = run("audit", "/nowhere", "--format", "yaml")
    assert code == Exit.USAGE
    assert "nowhere" not in err


def test_a_missing_target_is_exit_3_with_a_hint(run: Run, tmp_path: Path) -> None:
    code, out, err = run("audit", tmp_path / "nothing")
    assert (code, out) == (Exit.NOTHING_READ, "")
    assert err.startswith("openassay: ")
    assert len(err.splitlines()) == 2


def test_an_empty_folder_is_exit_3(run: Run, tmp_path: Path) -> None:
    code, out, err = run("audit", tmp_path)
    assert (code, out) == (Exit.NOTHING_READ, "")
    assert err


def test_errors_cannot_act_on_the_terminal(run: Run) -> None:
    code, _, err = run("audit", "/no/\x1b[2J\u202ewhere")
    assert code == Exit.NOTHING_READ
    assert "\\x1b[2J\\u202ewhere" in err
    assert "\x1b" not in err


@pytest.mark.parametrize("text", ["", "{", '{"schema": "openassay-dossier/1"}', "[1]"])
def test_a_file_that_is_no_dossier_is_exit_3(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "d.json").write_text(text)
    for command in ("report", "judge", "verify"):
        code, out, err = run(command, tmp_path / "d.json")
        assert (code, out) == (Exit.NOTHING_READ, ""), command
        assert "bug" not in err


def test_a_crash_is_one_line_that_can_be_reported(
    run: Run, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("the roof \x1b[31m fell in")

    monkeypatch.setattr("openassay.read.read", crash)
    code, out, err = run("audit", release)
    assert (code, out) == (Exit.OUR_FAULT, "")
    assert err.startswith(f"openassay: this is a bug in openassay {__version__}: RuntimeError at ")
    assert "Traceback" not in err
    assert "\x1b" not in err
    with pytest.raises(RuntimeError):
        main(["audit", str(release), "--debug"])


def test_an_interrupt_is_130_and_leaves_no_half_file(
    run: Run, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    target = tmp_path / "out" / "report.json"
    target.parent.mkdir()
    code, out, err = run("audit", release, "--format", "json", "-o", target)
    assert (code, out) == (Exit.INTERRUPTED, "")
    assert "interrupted" in err
    assert list(target.parent.iterdir()) == []


# --- audit


def test_audit_keeps_the_contract(run: Run, release: Path) -> None:
    code, out, err = run("audit", release, "--format", "json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    contract("openassay-1").validate(document)
    cited = [e for row in document["components"] for e in row["evidence"] if not e["external"]]
    assert cited
    assert all((release / item["path"]).exists() for item in cited)


def test_two_runs_are_byte_equal(run: Run, release: Path) -> None:
    for name in reports.available():
        first = run("audit", release, "--format", name)
        assert run("audit", release, "--format", name) == first


def test_the_same_release_elsewhere_gives_the_same_report(
    run: Run, release: Path, tmp_path: Path
) -> None:
    here = json.loads(run("audit", release, "--format", "json")[1])
    other = tmp_path / "elsewhere" / "acme" / "Gold-7B"
    other.parent.mkdir(parents=True)
    release.rename(other)
    there = json.loads(run("audit", other, "--format", "json")[1])
    for document in (here, there):
        for source in document["sources"]:
            del source["locator"]  # where it was read is all that may differ
    assert here == there


def test_the_screen_has_verdicts_and_the_claim(run: Run, release: Path) -> None:
    code, out, _ = run("audit", release)
    assert code == 0
    assert "Model Openness Framework 1.0: none" in out
    assert "fully open source" in out
    assert len(out.splitlines()) <= 45


def test_a_name_can_be_given(run: Run, release: Path) -> None:
    _, out, _ = run("audit", release, "--format", "json", "--name", "金")
    assert json.loads(out)["release"]["name"] == "金"


def test_only_the_frameworks_asked_for(run: Run, release: Path) -> None:
    _, out, _ = run("audit", release, "--format", "json", "--framework", "osaid-1.0")
    assert [v["framework"] for v in json.loads(out)["verdicts"]] == ["osaid-1.0"]


def test_output_goes_to_the_file_as_a_whole(run: Run, release: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    target.write_text("old")
    code, out, err = run("audit", release, "--format", "markdown", "-o", target)
    assert (code, out, err) == (0, "", "")
    assert target.read_text("utf-8") == run("audit", release, "--format", "markdown")[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["acme", "report.md"]


def test_output_that_cannot_be_written_is_said(run: Run, release: Path, tmp_path: Path) -> None:
    code, out, err = run("audit", release, "-o", tmp_path / "no" / "such" / "folder.txt")
    assert (code, out) == (Exit.USAGE, "")
    assert "cannot write" in err


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        ("mof-1.0=none", Exit.FINE),
        ("mof-1.0=III", Exit.BELOW_REQUIRED),
        ("osaid-1.0=may pass", Exit.BELOW_REQUIRED),
        ("dl-table=0", Exit.FINE),
        ("dl-table=14", Exit.BELOW_REQUIRED),
    ],
)
def test_a_required_level(run: Run, release: Path, required: str, expected: Exit) -> None:
    code, out, err = run("audit", release, "--framework", "mof-1.0", "--require", required)
    assert code == expected
    assert out  # the report is printed all the same
    assert ("is not met" in err) == (expected is Exit.BELOW_REQUIRED)


# --- read, report, judge, verify


@pytest.fixture
def stored(run: Run, release: Path, tmp_path: Path) -> Path:
    path = tmp_path / "dossier.json"
    assert run("read", release, "-o", path)[0] == 0
    return path


def test_a_stored_dossier_reports_as_the_audit_did(run: Run, release: Path, stored: Path) -> None:
    for name in reports.available():
        direct = run("audit", release, "--format", name)
        assert run("report", stored, "--format", name) == direct


def test_a_dossier_keeps_its_schema(stored: Path) -> None:
    contract("openassay-dossier-1").validate(json.loads(stored.read_text("utf-8")))


def test_judge_gives_the_ladder_its_answer_and_progress(run: Run, stored: Path) -> None:
    code, out, _ = run("judge", stored, "--framework", "mof-1.0", "--format", "json")
    document = json.loads(out)
    contract("openassay-1").validate(document)
    assert (code, document["answer"]) == (0, "none")
    assert set(document["progress"]) == {"III", "II", "I"}


def test_judge_on_a_screen(run: Run, stored: Path) -> None:
    code, out, _ = run("judge", stored)
    assert code == 0
    assert "Model Openness Framework 1.0: none" in out


RECORD = """
framework: {name: Model Openness Framework, version: '1.0', date: '2024-12-15'}
release:
  name: Gold
  version: 7B
  license: {distribution: {name: Apache-2.0, path: ''}}
  components:
    - {name: Model architecture, description: x}
    - {name: Model parameters (Final), description: x}
"""


@pytest.mark.parametrize("mode", ["strict", "mot"])
def test_judge_reads_records_of_the_reference_tool(run: Run, tmp_path: Path, mode: str) -> None:
    (tmp_path / "record.yml").write_text(RECORD)
    args = ("judge", tmp_path / "record.yml", "--framework", "mof-1.0", "--mode", mode)
    code, out, err = run(*args, "--format", "json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    contract("openassay-1").validate(document)
    assert (document["answer"], document["mode"]) == ("none", mode)
    assert 0 < document["progress"]["III"] < 100


def test_a_record_cannot_be_judged_by_another_framework(run: Run, tmp_path: Path) -> None:
    (tmp_path / "record.yml").write_text(RECORD)
    code, _, err = run("judge", tmp_path / "record.yml", "--framework", "osaid-1.0")
    assert code == Exit.USAGE
    assert "openassay read" in err


def test_verify_stands_until_one_line_is_edited(run: Run, release: Path, stored: Path) -> None:
    code, out, _ = run("verify", stored)
    assert (code, "stand" in out) == (0, True)
    (release / "README.md").write_text(README.replace("fully open source", "fairly open"), "utf-8")
    code, out, _ = run("verify", stored)
    assert code == Exit.EVIDENCE_GONE
    assert "README.md:3" in out


def test_verify_reads_reports_too(run: Run, release: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run("audit", release, "--format", "json", "-o", report)
    assert run("verify", report)[0] == 0
    (release / "LICENSE").write_text("All rights reserved.\n")
    assert run("verify", report, release)[0] == Exit.EVIDENCE_GONE


# --- license, explain, frameworks


def test_license_of_a_file(run: Run, release: Path) -> None:
    code, out, _ = run("license", release / "LICENSE", "--format", "json")
    document = json.loads(out)
    contract("openassay-license-1").validate(document)
    assert (code, document["expression"], document["open"]) == (0, "MIT", True)
    assert document["modified"] is False
    assert document["terms"]["commercial_use"]["value"] == "yes"


def test_a_licence_with_a_restriction_added_is_not_called_open(run: Run, release: Path) -> None:
    added = "\nIf you have more than 100 million monthly active users you must ask for a licence.\n"
    (release / "LICENSE").write_text(MIT + added)
    _, out, _ = run("license", release / "LICENSE", "--format", "json")
    document = json.loads(out)
    assert document["open"] is not True
    assert document["modified"] or document["expression"] != "MIT"


@pytest.mark.parametrize(
    ("name", "expression", "open_"),
    [("mit", "MIT", True), ("Apache 2.0", "Apache-2.0", True), ("no such licence", None, None)],
)
def test_license_of_a_name(run: Run, name: str, expression: str | None, open_: bool | None) -> None:
    code, out, _ = run("license", name, "--format", "json")
    document = json.loads(out)
    contract("openassay-license-1").validate(document)
    assert (code, document["expression"], document["open"]) == (0, expression, open_)


def test_license_from_stdin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MIT.encode())))
    code, out, _ = run("license", "-")
    assert code == 0
    assert out.startswith("MIT  open")


@pytest.mark.parametrize("data", [b"", b"\0\1\2" * 400, b"\xff\xfe\xfa", "许可".encode("gb18030")])
def test_license_of_junk_is_an_honest_unknown(run: Run, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "LICENSE").write_bytes(data)
    code, out, _ = run("license", tmp_path / "LICENSE", "--format", "json")
    document = json.loads(out)
    contract("openassay-license-1").validate(document)
    assert (code, document["expression"], document["open"]) == (0, None, None)


def test_a_path_that_is_not_there_is_not_taken_for_a_name(run: Run, tmp_path: Path) -> None:
    assert run("license", tmp_path / "LICENSE")[0] == Exit.NOTHING_READ


def test_a_file_larger_than_any_licence_is_refused(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as stream:
        stream.truncate(license_command.MAX_LICENSE + 1)
    code, _, err = run("license", tmp_path / "big")
    assert code == Exit.NOTHING_READ
    assert "larger than" in err


def test_explain_prints_a_rule_with_its_source(run: Run) -> None:
    code, out, _ = run("explain", "mof-1.0/technical_report")
    assert code == 0
    assert "https://" in out


def test_frameworks_are_listed(run: Run) -> None:
    code, out, _ = run("frameworks")
    assert code == 0
    assert out.splitlines()[0].startswith("mof-1.0 ")


# --- streams


def command(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "openassay", *map(str, args)]


def test_a_reader_that_leaves_is_no_error(release: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    shown = subprocess.run(
        command("audit", release, "--format", "json"),
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (shown.returncode, shown.stderr) == (Exit.BROKEN_PIPE, b"")


def test_a_stream_that_knows_only_ascii_gets_ascii(release: Path) -> None:
    env: dict[str, Any] = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown = subprocess.run(
        command("audit", release), env=env, capture_output=True, check=True
    ).stdout
    assert shown.isascii()
    assert b"\\u2714" not in shown  # signs have stand-ins, they are not spelled out


def test_json_is_utf_8_whatever_the_stream_says(release: Path) -> None:
    env: dict[str, Any] = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown = subprocess.run(
        command("audit", release, "--format", "json", "--name", "黄金"),
        env=env,
        capture_output=True,
        check=True,
    ).stdout
    assert json.loads(shown.decode("utf-8"))["release"]["name"] == "黄金"


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_and_progress_on_a_terminal_only(
    release: Path, no_color: str, coloured: bool
) -> None:
    env = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm", "COLUMNS": "80"}
    ours, theirs = pty.openpty()
    shown = subprocess.Popen(
        command("audit", release), env=env, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    text = _drain(ours)
    assert shown.wait() == 0
    assert (b"\x1b[1m" in text) is coloured
    assert b"\r\x1b[K" in text  # the progress line, taken away again
    piped = subprocess.run(command("audit", release), env=env, capture_output=True, check=True)
    assert b"\x1b" not in piped.stdout + piped.stderr


def _drain(end: int) -> bytes:
    """All that a terminal was sent; Linux says EIO when the other end is gone."""
    parts = []
    try:
        while part := os.read(end, 65536):
            parts.append(part)
    except OSError:
        pass
    os.close(end)
    return b"".join(parts)


def test_a_dossier_is_judged_as_the_reference_tool_would(run: Run, tmp_path: Path) -> None:
    """A dossier becomes a record of that tool first; other frameworks have no such mode."""
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "README.md").write_text("# Gold-7B\n", "utf-8")
    assert run("read", tmp_path / "m", "-o", tmp_path / "d.json")[0] == 0
    _, out, _ = run("judge", tmp_path / "d.json", "--mode", "mot", "--format", "json")
    assert json.loads(out)["mode"] == "mot"
    code, _, _ = run("judge", tmp_path / "d.json", "--mode", "mot", "--framework", "osaid-1.0")
    assert code == 2


# --- languages and pages ------------------------------------------------------------------------


def test_people_read_chinese_and_data_stays_english(run: Run, stored: Path) -> None:
    code, out, _ = run("report", stored, "--lang", "zh")
    assert code == 0
    assert "模型开放框架 Model Openness Framework 1.0：" in out
    assert "下一步" in out
    data = run("report", stored, "--format", "json")
    assert run("report", stored, "--format", "json", "--lang", "zh") == data
    code, out, _ = run("judge", stored, "--lang", "zh", "-v")
    assert code == 0
    assert "缺失：在所读内容中没有找到数据卡。" in out


def test_rules_are_explained_in_chinese(run: Run) -> None:
    code, out, _ = run("explain", "mof-1.0/data_card", "--lang", "zh")
    assert code == 0
    assert "mof-1.0/data_card：数据卡 Data card" in out
    assert "规则：说明训练数据来源、特征与预处理的文档，采用开放许可证。" in out


@pytest.mark.parametrize("command", [("audit", "."), ("explain", "mof-1.0")])
def test_a_language_that_there_is_not_is_wrong_usage(run: Run, command: tuple[str, str]) -> None:
    code, out, err = run(*command, "--lang", "tlh")
    assert (code, out) == (2, "")
    assert "'tlh'" in err
    assert "en, zh" in err


def test_the_page_shows_rights_and_duties(run: Run, release: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run("audit", release, "--format", "html", "-o", page)[:2] == (0, "")
    written = page.read_text("utf-8")
    assert written.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "keep the copyright and other notices" in written
    assert run("audit", release, "--format", "html", "--lang", "zh", "-o", page)[0] == 0
    assert "保留版权声明及其他声明" in page.read_text("utf-8")
