"""`openassay license FILE|NAME|URL|-`: each way of asking, and what is said when it fails."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from openassay import license_answer
from openassay.errors import TargetError


def ask(*args: str) -> int:
    from openassay.cli import main

    return int(main(["license", *args]))


def test_a_file(tmp_path: Path, mit: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "LICENSE").write_text(mit, "utf-8")
    assert ask(str(tmp_path / "LICENSE"), "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["expression"], told["open"], told["missing"]) == ("MIT", True, [])
    (duty,) = [d for d in told["duties"] if d["id"] == "include_license"]
    assert duty["evidence"]["start"] == 12
    assert "permission notice shall be included" in " ".join(duty["evidence"]["quote"].split())


def test_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("llama3.1", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["open"] is False
    assert "include_license" in told["missing"]
    assert {w["id"] for w in told["warnings"]} >= {"indemnity", "governing_law"}
    assert told["terms"]["patent_grant"]["value"] == "yes"


def test_stdin(
    mit: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mit.encode())))
    assert ask("-", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["expression"] == "MIT"


def test_an_address_is_recognised_by_its_spelling() -> None:
    answer = license_answer.of_name("https://www.apache.org/licenses/LICENSE-2.0")
    assert answer.expression == "Apache-2.0"
    assert "nothing was fetched" in answer.note


def test_an_unknown_address_says_what_to_do() -> None:
    with pytest.raises(TargetError, match="not fetched") as caught:
        license_answer.of_name("https://example.org/some/terms")
    assert "download" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        ("Frobnicate Public Licence 7", "give the file"),
        ("unlicensed", "all rights are reserved"),
    ],
)
def test_a_name_that_names_no_licence(asked: str, note: str) -> None:
    answer = license_answer.of_name(asked)
    assert answer.open is not True
    assert note in answer.note
    assert answer.duties == ()


@pytest.mark.parametrize(
    ("data", "note"),
    [(b"", "no text"), (b"\x00\x01\x02" * 50, "not a text"), (b"MIT License", "does not contain")],
)
def test_bytes_that_are_no_licence(data: bytes, note: str) -> None:
    answer = license_answer.of_bytes("x", data)
    assert note in answer.note
    assert answer.matches == ()


@pytest.mark.slow
@pytest.mark.parametrize("data", [b"a" * 5_000_000, b"word " * 1_000_000, b"\n" * 3_000_000])
def test_huge_input_is_bounded_and_not_open(data: bytes) -> None:
    assert license_answer.of_bytes("x", data).open is not True
