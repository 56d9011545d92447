"""The framework's reference tool, reproduced: its licences, its arithmetic, its own records."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openassay.frameworks import load
from openassay.frameworks.plain import read_mapping
from openassay.frameworks.reference import is_open, made_for, tables
from openassay.records import Record, RecordedComponent, judge_record, read_record, read_records
from openassay.types import Answer
from openassay.vocabulary import by_id

EXPECTED = json.loads(Path(__file__).with_name("mot_expected.json").read_text("utf-8"))
CLASSES = {"none": 0, "III": 3, "II": 2, "I": 1}
TITLES = {id: by_id()[id].title for id in list(by_id())[:17]}
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
    digests = {}
    for line in listing.decode().split("\0"):
        if line.endswith(".yml"):
            head, name = line.split("\t", 1)
            digests[name] = head.split()[2]
    asked = "".join(f"{digest}\n" for digest in digests.values())
    out = subprocess.run(
        ["git", "-C", where, "cat-file", "--batch"],
        input=asked.encode(),
        capture_output=True,
        check=True,
    ).stdout
    contents = {}
    for name in digests:
        top, out = out.split(b"\n", 1)
        size = int(top.split()[2])
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
    answers = [
        judge_record(read_record(data)).answer for data in blobs(repository(), "models").values()
    ]
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


# ------------------------------------------------------------------- licences of the reference tool


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("PDDL-1.0", False),  # the list says ODC-PDDL-1.0, which is no SPDX id
        ("ODC-PDDL-1.0", True),
        ("CC-BY-SA-3.0-DE", False),
        ("CC-BY-SA-3.0-AT", True),
        ("C-UDA-1.0", False),
        ("WTFPL", True),  # the FSF's word
        ("MulanPSL-1.0", False),
        ("MulanPSL-2.0", True),
        ("apache-2.0", False),  # case matters
        ("GPL-3.0", True),  # deprecated, accepted
        ("OpenMDW-1.0", True),
        ("OpenMDW-1.1", False),
        ("Apache-2.0 OR MIT", False),  # expressions are not read
        ("", False),
    ],
)
def test_openness_is_the_reference_tools_defects_included(id: str, expected: bool) -> None:
    assert is_open(id) is expected


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("CC0-1.0", {"document"}),
        ("Apache-2.0", {"code", "document"}),
        ("CC-BY-4.0", {"document"}),
        ("CDLA-Permissive-2.0", {"data"}),
        ("BSD-3-Clause", set()),
        ("OpenMDW-1.0", {"code", "data", "document"}),
    ],
)
def test_content_types_are_the_reference_tools(id: str, expected: set[str]) -> None:
    assert made_for(id) == expected


def test_the_frozen_lists_have_their_published_sizes() -> None:
    assert len(tables().ids) == 660
    assert len(tables().ids & tables().open) == 225


# ------------------------------------------------------------------------- progress, by its rules


@pytest.mark.parametrize(
    ("ids", "without", "answer", "percent"),
    [
        (REQUIRED, {"technical_report"}, "I", [100, 100, 100]),  # 6/6, 10/10, 13/13
        (REQUIRED, {"research_paper"}, "II", [100, 100, 13 / 14 * 100]),
        (REQUIRED, set(), "I", [100, 100, 100]),
        (CLASS_III, set(), "III", [100, 60, 0]),
        (CLASS_III, {"model_card"}, "none", [5 / 6 * 100, 0, 0]),
        (CLASS_II | {"research_paper"}, {"technical_report"}, "II", [100, 100, 10 / 13 * 100]),
        (CLASS_II, set(), "II", [100, 100, 10 / 14 * 100]),
        (REQUIRED, {"model_card", "technical_report"}, "none", [5 / 6 * 100, 0, 0]),
        (set(), set(), "none", [0, 0, 0]),
    ],
)
def test_progress_is_worked_as_the_framework_works_it(
    ids: set[str], without: set[str], answer: str, percent: list[float]
) -> None:
    found = record(dict.fromkeys(ids - without, "Apache-2.0"))
    assert shares(found) == (answer, percent)


def test_an_open_paper_rescues_a_badly_licensed_report_and_a_closed_one_does_not() -> None:
    licenses: dict[str, str | None] = dict.fromkeys(CLASS_III, "Apache-2.0")
    licenses["technical_report"] = "All rights reserved"
    assert judge_record(record(licenses)).answer == "none"
    licenses["research_paper"] = "CC-BY-4.0"
    assert judge_record(record(licenses)).answer == "III"
    licenses["research_paper"] = ""
    assert judge_record(record(licenses)).answer == "none"


def reference_progress(states: dict[str, str]) -> list[float]:
    """The reference tool's own way to its percentages, written from its description alone."""
    included = {}
    rungs = [CLASS_III, CLASS_II, REQUIRED]
    for number, ids in enumerate(rungs):
        included[number] = sum(states.get(id) == "open" for id in ids)
        if number < 2 and states.get("technical_report") != "open":
            included[number] += states.get("research_paper") == "open"
    found = []
    for k, totals in enumerate(([6], [6, 10], [6, 10, 14])):
        if any(included[i] < total for i, total in enumerate(totals[:-1])):
            found.append(0.0)
            continue
        total = totals[-1]
        waived = states.get("technical_report") != "open" and states.get("research_paper") == "open"
        total -= k == 2 and waived
        found.append(min(included[k] / total * 100, 100.0))
    return found


STATES = st.dictionaries(
    st.sampled_from(sorted(TITLES)), st.sampled_from(["open", "closed", "unlicensed"])
)
NAMES = {"open": "MIT", "closed": "Gemma Terms of Use", "unlicensed": ""}


@given(STATES)
@example(dict.fromkeys(REQUIRED - {"technical_report"}, "open"))
@example(dict.fromkeys(REQUIRED - {"research_paper"}, "open"))
@example(dict.fromkeys(CLASS_II, "open") | {"technical_report": "closed", "research_paper": "open"})
def test_progress_equals_the_reference_arithmetic(states: dict[str, str]) -> None:
    found = record({id: NAMES[state] for id, state in states.items()})
    answer, percent = shares(found)
    assert percent == reference_progress(states)
    assert all(0 <= share <= 100 for share in percent)
    full = [rung for rung, share in zip(("III", "II", "I"), percent, strict=True) if share == 100]
    assert answer == (full[-1] if full else "none")


@given(STATES, st.sampled_from(sorted(TITLES)), st.sampled_from(["mot", "strict"]))
@example(
    dict.fromkeys(REQUIRED - {"technical_report", "datasets"}, "open"), "technical_report", "mot"
)
@example(
    dict.fromkeys(REQUIRED - {"research_paper", "datasets"}, "open"), "research_paper", "strict"
)
def test_one_more_open_component_never_lowers(states: dict[str, str], more: str, mode: str) -> None:
    before = shares(record({id: NAMES[state] for id, state in states.items()}), mode)
    after = shares(record({id: NAMES[s] for id, s in {**states, more: "open"}.items()}), mode)
    assert CLASSES_UP.index(after[0]) >= CLASSES_UP.index(before[0])
    assert all(new >= old for new, old in zip(after[1], before[1], strict=True))


CLASSES_UP = ["none", "III", "II", "I"]


# ------------------------------------------------------------------------------------ inheritance


@pytest.mark.parametrize(
    ("own", "release", "answer"),
    [
        (None, {"distribution": "MIT"}, Answer.YES),
        (None, {"data": "CC-BY-4.0"}, Answer.YES),
        (None, {"code": "MIT"}, Answer.PARTLY),  # a code licence does not reach data
        (None, {"data": "nonsense", "distribution": "MIT"}, Answer.PARTLY),  # the type goes first
        ("", {"distribution": "MIT"}, Answer.PARTLY),  # said to be unlicensed: the search stops
        ("Apache 2.0", {"distribution": "MIT"}, Answer.PARTLY),  # its own, and no exact id
        (None, {}, Answer.PARTLY),
    ],
)
def test_the_reference_tool_inherits_by_type_then_by_distribution(
    own: str | None, release: dict[str, str], answer: Answer
) -> None:
    verdict = judge_record(record({"datasets": own}, **release))
    assert {r.criterion: r.answer for r in verdict.results}["datasets"] is answer
