"""`verify` of what was read online: it stands, and what has changed since is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from linked import linked
from openassay import dossier as codec
from openassay.cli import main
from product import audit
from world import World


@pytest.fixture
def dossier(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The dossier of the linked release, in a process for which the world is what is public."""
    pairs = " ".join(f"{public}={url}" for public, url in sorted(world.endpoints.items()))
    monkeypatch.setenv("OPENASSAY_MIRRORS", pairs)
    linked(world)
    file = tmp_path / "foo.dossier.json"
    file.write_text(codec.dump(audit(world, "foolab/foo-1b")))
    return str(file)


def test_it_stands(dossier: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", dossier]) == 0
    out, err = capsys.readouterr()
    assert "stands" in out
    assert err == ""
    assert main(["verify", dossier, "--offline"]) == 0


def test_a_report_can_be_verified_too(
    dossier: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = str(tmp_path / "report.json")
    assert main(["report", dossier, "--format", "json", "-o", report]) == 0
    assert main(["verify", report]) == 0
    assert capsys.readouterr().err == ""


def test_a_readme_that_was_edited_since(world: World, dossier: str) -> None:
    """At its commit it still stands; at the newest commit it does not."""
    world.hub.repos[("model", "foolab/foo-1b")].commit({"README.md": "# Other words\n"})
    assert main(["verify", dossier]) == 0
    assert main(["verify", dossier, "foolab/foo-1b"]) == 12


def test_a_dead_link_that_came_back(
    world: World, dossier: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.hub.add("foolab/foo-1b-checkpoints", {"README.md": "x", "model.safetensors": b"x"})
    assert main(["verify", dossier]) == 12
    assert "foo-1b-checkpoints" in capsys.readouterr().out


def test_a_base_that_was_taken_away(
    world: World, dossier: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del world.hub.repos[("model", "barlab/bar-1b")]
    code = main(["verify", dossier])
    out, err = capsys.readouterr()
    assert code == 12, (out, err)
    assert "barlab/bar-1b" in out


def test_a_server_that_is_down_leaves_its_evidence_unchecked(
    world: World, dossier: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    import faults
    from openassay.sources.online import transport

    monkeypatch.setattr(transport, "ATTEMPTS", 1)
    world.arxiv.faults.add("*", faults.status(503))
    assert main(["verify", dossier]) == 11
    assert "503" in capsys.readouterr().err


def test_nothing_at_all_can_be_opened(
    world: World, dossier: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(tmp_path / "cache")  # where the commits of Git repositories are kept
    asked = world.requests()
    assert main(["verify", dossier, "--offline"]) == 3
    assert "offline" in capsys.readouterr().err
    assert world.requests() == asked
