"""Records of other tools: read however dirty, judged as the reference tool judges, or strictly."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openassay.errors import DossierError, UsageError
from openassay.frameworks import load
from openassay.frameworks.plain import MAX_BYTES, read_mapping
from openassay.frameworks.reader import vocabulary
from openassay.frameworks.reference import is_open, made_for, tables
from openassay.records import (
    Record,
    RecordedComponent,
    judge_record,
    read_record,
    read_records,
    record_of,
)
from openassay.types import Answer, Component, Dossier, Status

EXPECTED = json.loads((Path(__file__).parent / "frameworks" / "mot_expected.json").read_text())
CLASSES = {"none": 0, "III": 3, "II": 2, "I": 1}
IDS = [criterion.id for criterion in load("mof-1.0").criteria][:]
TITLES = {id: vocabulary()[id].title for id in list(vocabulary())[:17]}
REQUIRED = {c.id for c in load("mof-1.0").criteria if c.required}
CLASS_III = {c.id for c in load("mof-1.0").criteria if c.required and c.group == "III"}
CLASS_II = CLASS_III | {c.id for c in load("mof-1.0").criteria if c.required and c.group == "II"}


def record(licenses: dict[str, str | None], **release: str) -> Record:
    """A record that lists components by id, each with its own licence (None: not stated)."""
    components = tuple(RecordedComponent(TITLES[id], name) for id, name in licenses.items())
    return Record(name="m", components=components, licenses=release)


def shares(found: Record, mode: str = "mot") -> tuple[str, list[float]]:
    verdict = judge_record(found, mode)
    return verdict.answer, [verdict.progress[key] for key in ("III", "II", "I")]


# ----------------------------------------------------------------- the reference tool's own data


def repository() -> str:
    where = os.environ.get("OPENASSAY_MOT_REPO")
    if not where:
        pytest.skip("OPENASSAY_MOT_REPO names no git directory of the reference tool")
    return where


def blobs(where: str, folder: str) -> dict[str, bytes]:
    """Every .yml file of a folder at the commit the expectations were computed from."""
    listing = subprocess.run(
        ["git", "-C", where, "ls-tree", "-z", f"8b5d30e:{folder}"], capture_output=True, check=True
    ).stdout
    found = {}
    for line in listing.decode().split("\0"):
        if line.endswith(".yml"):
            head, name = line.split("\t", 1)
            found[name] = head.split()[2]
    asked = "".join(f"{digest}\n" for digest in found.values())
    out = subprocess.run(
        ["git", "-C", where, "cat-file", "--batch"],
        input=asked.encode(),
        capture_output=True,
        check=True,
    ).stdout
    contents = {}
    for name in found:
        head, out = out.split(b"\n", 1)
        size = int(head.split()[2])
        contents[name], out = out[:size], out[size + 1 :]
    return contents


@pytest.mark.parametrize(("key", "folder"), [("test_data", "Test_Data"), ("models", "models")])
def test_every_record_of_the_reference_tool_gets_its_class_and_percentages(
    key: str, folder: str
) -> None:
    found = {}
    for name, data in blobs(repository(), folder).items():
        verdict = judge_record(read_record(data))
        percent = [round(verdict.progress[rung], 4) for rung in ("I", "II", "III")]
        found[name if key == "test_data" else name.removesuffix(".yml")] = [
            CLASSES[verdict.answer],
            *percent,
        ]
    digits = 4 if key == "test_data" else 2
    rounded = {n: [c, *(round(p, digits) for p in rest)] for n, (c, *rest) in found.items()}
    assert rounded == EXPECTED[key]


def test_the_counts_of_the_classes() -> None:
    answers = [judge_record(read_record(data)).answer for data in blobs(repository(), "models").values()]
    assert [answers.count(rung) for rung in ("I", "II", "III", "none")] == [14, 1, 16, 242]


def test_without_any_inheritance_one_model_stays_classified() -> None:
    left = {}
    for name, data in blobs(repository(), "models").items():
        found = read_record(data)
        bare = Record(name=found.name, components=found.components)
        if judge_record(bare).answer != "none":
            left[name] = judge_record(bare).answer
    assert left == {"Aquila-VL-2B.yml": "I"}


def test_the_listing_of_the_api_is_read_despite_its_trailing_commas() -> None:
    where = repository()
    data = subprocess.run(
        ["git", "-C", where, "show", "8b5d30e:Test_Data/expected_results.json"],
        capture_output=True,
        check=True,
    ).stdout
    records = read_records(data)
    models = read_mapping(data)["models"]
    assert len(records) == 27
    for found, model in zip(records, models, strict=True):
        verdict = judge_record(found)
        assert CLASSES[verdict.answer] == int(model["classification"]["class"])
        for number, rung in (("1", "I"), ("2", "II"), ("3", "III")):
            expected = float(model["classification"]["progress"][number])
            assert verdict.progress[rung] == pytest.approx(expected, rel=1e-12)
