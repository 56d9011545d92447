"""Real releases, labelled by hand: how often the audit says what a careful person said.

Off unless OPENASSAY_LABELS names a file of labels and OPENASSAY_RELEASES a folder with a checkout
of each labelled release, named ``owner+name``. A label says present (``in_repo``), ``linked``,
``partial`` or ``absent`` for each component; those of low confidence are left out.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from openassay import frameworks
from openassay.judge import judge
from openassay.read import read
from openassay.reports import Look, Report
from openassay.reports.json_v1 import render
from openassay.sources import open_targets

LABELS, RELEASES = os.environ.get("OPENASSAY_LABELS"), os.environ.get("OPENASSAY_RELEASES")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (LABELS and RELEASES), reason="needs OPENASSAY_LABELS and OPENASSAY_RELEASES"
    ),
]
NOTHING = ("absent", "unknown")


@dataclass(frozen=True)
class Audited:
    """One release: its labels, its JSON report, and the lines of its files at the commit."""

    labels: dict[str, Any]
    report: dict[str, Any]
    checkout: Path
    commit: str

    def cells(self) -> Iterator[tuple[str, str]]:
        """(labelled, found) for each component; unknown counts as absent."""
        found = {part["id"]: part["status"] for part in self.report["components"]}
        for id, label in self.labels.items():
            if label.get("confidence") != "low":
                wanted = {"in_repo": "present"}.get(label["status"], label["status"])
                status = found.get(id, "unknown")
                yield wanted, "absent" if status in NOTHING else status

    def evidence(self) -> Iterator[dict[str, Any]]:
        for part in self.report["components"]:
            yield from (item for item in part["evidence"] if not item["external"])

    def resolves(self, evidence: dict[str, Any]) -> bool:
        """Whether the path is in the commit, and the quote begins on its line."""
        listed, blobs = tracked(self.checkout, self.commit)
        path, start = evidence["path"], evidence["start"]
        if path not in listed:
            return False
        if path not in blobs or not isinstance(start, int) or not evidence["quote"]:
            return True
        text = content(self.checkout, self.commit, path)
        if text is None or b"\0" in text[:8192]:
            return True  # listed, but its bytes are not here; or binary, cited by its bytes
        lines = text.decode("utf-8", "replace").split("\n")
        quote = " ".join(evidence["quote"].split())[:40]
        return start <= len(lines) and quote in " ".join(
            " ".join(lines[start - 1 : start + 8]).split()
        )


def git(checkout: Path, *arguments: str) -> bytes | None:
    done = subprocess.run(
        ["git", "-C", str(checkout), *arguments], capture_output=True, check=False
    )
    return done.stdout if done.returncode == 0 else None


@cache
def tracked(checkout: Path, commit: str) -> tuple[frozenset[str], frozenset[str]]:
    """Every path of the commit with its folders, and the files alone."""
    listing = git(checkout, "ls-tree", "-r", "-z", "--name-only", commit) or b""
    names = [name.decode("utf-8", "replace") for name in listing.split(b"\0") if name]
    folders = {
        "/".join(name.split("/")[:depth]) for name in names for depth in range(name.count("/") + 1)
    }
    return frozenset({*names, *folders, "", "."}), frozenset(names)


@cache
def content(checkout: Path, commit: str, path: str) -> bytes | None:
    return git(checkout, "cat-file", "blob", f"{commit}:{path}")


def audit(entry: dict[str, Any], checkout: Path) -> Audited:
    """Audit the labelled commit of a checkout as the command line does, without a process."""
    dossier = read(open_targets([f"{checkout}@{entry['commit']}"]))
    verdicts = tuple(judge(frameworks.load(id), dossier) for id in frameworks.available())
    report = json.loads(render(Report(dossier=dossier, verdicts=verdicts), Look()))
    return Audited(entry["components"], report, checkout, entry["commit"])


@pytest.fixture(scope="module")
def audited() -> list[Audited]:
    assert LABELS
    assert RELEASES
    entries = yaml.safe_load(Path(LABELS).read_text("utf-8"))
    found = [(entry, Path(RELEASES) / entry["repo"].replace("/", "+")) for entry in entries]
    there = [audit(entry, checkout) for entry, checkout in found if checkout.exists()]
    assert there, f"no labelled release under {RELEASES}"
    return there


def cells(audited: list[Audited]) -> list[tuple[str, str]]:
    return [cell for one in audited for cell in one.cells()]


def test_statuses_agree_exactly(audited: list[Audited]) -> None:
    found = cells(audited)
    assert sum(wanted == got for wanted, got in found) / len(found) >= 0.80


def test_what_is_found_is_there(audited: list[Audited]) -> None:
    found = [wanted for wanted, got in cells(audited) if got != "absent"]
    assert sum(wanted != "absent" for wanted in found) / len(found) >= 0.93


def test_what_is_there_is_found(audited: list[Audited]) -> None:
    there = [got for wanted, got in cells(audited) if wanted != "absent"]
    assert sum(got != "absent" for got in there) / len(there) >= 0.90


def test_all_evidence_resolves(audited: list[Audited]) -> None:
    broken = [
        (one.report["release"]["name"], evidence["path"], evidence["start"], evidence["quote"])
        for one in audited
        for evidence in one.evidence()
        if not one.resolves(evidence)
    ]
    assert broken == []
