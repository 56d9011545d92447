"""Records of other tools: read however dirty, judged strictly with the reasons for a difference."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.checked import Difference
from openassay.errors import DossierError, UsageError
from openassay.frameworks import load
from openassay.frameworks.plain import MAX_BYTES
from openassay.records import Record, differences, judge_record, read_record, record_of
from openassay.types import Answer, Component, Dossier, Status
from openassay.vocabulary import by_id

TITLES = {id: by_id()[id].title for id in list(by_id())[:17]}
REQUIRED = {criterion.id for criterion in load("mof-1.0").criteria if criterion.required}
LADDER = ("none", "III", "II", "I")


def strict(yaml: str) -> dict[str, tuple[Answer, str]]:
    verdict = judge_record(read_record(yaml.encode()), "strict")
    return {result.criterion: (result.answer, result.because[0]) for result in verdict.results}


RELEASE = """
release:
  name: m
  repository: https://github.com/owner/model
  huggingface: https://huggingface.co/owner/model
  license: {distribution: {name: Apache-2.0, path: ''}}
  components:
"""


@pytest.mark.parametrize(
    ("entry", "id", "answer", "state"),
    [
        ("{name: Training code}", "training_code", Answer.YES, "Open: "),
        ("{name: Datasets}", "datasets", Answer.PARTLY, "Unlicensed"),
        (
            "{name: Research paper, component_path: 'arxiv license'}",
            "research_paper",
            Answer.PARTLY,
            "Unlicensed",
        ),
        ("{name: Datasets, component_path: data/all.jsonl}", "datasets", Answer.YES, "Open, wrong"),
        (
            "{name: Datasets, component_path: 'https://huggingface.co/owner/model/tree/main/data'}",
            "datasets",
            Answer.YES,
            "Open, wrong",
        ),
        (
            "{name: Evaluation code, component_path: 'https://github.com/other/harness'}",
            "evaluation_code",
            Answer.PARTLY,
            "Unlicensed",
        ),
        ("{name: Datasets, license: PDDL-1.0}", "datasets", Answer.YES, "Open: "),
        ("{name: Datasets, license: CC BY-SA 4.0}", "datasets", Answer.YES, "Open: "),
        ("{name: Training code, license: Apache 2.0}", "training_code", Answer.YES, "Open: "),
        (
            "{name: Training code, license: unlicensed}",
            "training_code",
            Answer.PARTLY,
            "Unlicensed",
        ),
        (
            "{name: Training code, license: Undisclosed}",
            "training_code",
            Answer.PARTLY,
            "Unlicensed",
        ),
        ("{name: Model card, license: Component not include.}", "model_card", Answer.NO, "Missing"),
        (
            "{name: Model card, license: Component Component not included}",
            "model_card",
            Answer.NO,
            "Missing",
        ),
        (
            "{name: Model parameters (Final), license: Gemma Terms of Use}",
            "model_parameters_final",
            Answer.PARTLY,
            "Not open",
        ),
        (
            "{name: Model parameters (Final), license: OpenRAIL}",
            "model_parameters_final",
            Answer.PARTLY,
            "Not open",
        ),
        (
            "{name: Model parameters (Final), license: CC-BY-NC-4.0}",
            "model_parameters_final",
            Answer.PARTLY,
            "Not open",
        ),
    ],
)
def test_strictly_a_licence_reaches_only_what_the_release_holds(
    entry: str, id: str, answer: Answer, state: str
) -> None:
    found = strict(f"{RELEASE}    - {entry}\n")
    assert found[id][0] is answer
    assert found[id][1].startswith(state)


def differing(yaml: str) -> dict[str, Difference]:
    return {item.component: item for item in differences(read_record(yaml.encode()))}


@pytest.mark.parametrize(
    ("entry", "id", "states", "because"),
    [
        ("{name: Research paper}", "research_paper", ("Open", "Unlicensed"), "lets it inherit"),
        (
            "{name: Evaluation code, component_path: 'https://github.com/other/harness'}",
            "evaluation_code",
            ("Open", "Unlicensed"),
            "wherever it is kept (https://github.com/other/harness)",
        ),
        (
            "{name: Training code, license: Apache 2.0}",
            "training_code",
            ("Not open", "Open"),
            "'Apache 2.0' means Apache-2.0; the reference tool knows licences only by",
        ),
        (
            "{name: Datasets, license: PDDL-1.0}",
            "datasets",
            ("Not open", "Open"),
            "PDDL-1.0 is open, but missing from the reference tool's list",
        ),
        (
            "{name: Model card, license: Component not include.}",
            "model_card",
            ("Not open", "Missing"),
            "takes these words for a licence, so for it the component is there",
        ),
        (
            "{name: Model card, license: Undisclosed}",
            "model_card",
            ("Not open", "Unlicensed"),
            "which names no licence",
        ),
        (
            "{name: Training dataset, license: MIT}",
            "datasets",
            ("Open, wrong type", "Missing"),
            "'Training dataset', which is no name of the framework's",
        ),
    ],
)
def test_every_difference_has_its_reason(
    entry: str, id: str, states: tuple[str, str], because: str
) -> None:
    found = differing(f"{RELEASE}    - {entry}\n")[id]
    assert (found.reference.partition(":")[0], found.strict.partition(":")[0]) == states
    assert because in found.because
    assert found.counts is (("Open" in states[0]) is not ("Open" in states[1].split(",")[0]))


def test_what_both_count_is_no_difference() -> None:
    """MIT on data is open and of the wrong type for one, open for the other: both count it."""
    assert differing(f"{RELEASE}    - {{name: Datasets, license: MIT}}\n") == {}


def test_the_paper_that_stands_in_for_the_report_is_named_as_the_reason() -> None:
    found = differing(f"{RELEASE}    - {{name: Research paper}}\n")["technical_report"]
    assert found.because.startswith("Research paper may stand in for it")


def test_one_record_can_reach_both_ends_of_the_ladder() -> None:
    components = "".join(f"    - name: {TITLES[id]}\n" for id in sorted(REQUIRED))
    found = read_record((RELEASE + components).encode())
    assert (judge_record(found, "mot").answer, judge_record(found, "strict").answer) == (
        "I",
        "none",
    )
    assert "research_paper" in {item.component for item in differences(found)}


# ----------------------------------------------------------------------------------- reading dirt


def test_a_null_licence_inherits_and_an_empty_one_does_not() -> None:
    text = (
        RELEASE
        + "    - {name: Training code, license: }\n    - {name: Inference code, license: ''}\n"
    )
    found = read_record(text.encode())
    assert [entry.license for entry in found.components] == [None, ""]


def test_an_unknown_component_name_becomes_datasets_as_in_the_reference_tool() -> None:
    found = read_record((RELEASE + "    - {name: Training dataset}\n").encode())
    answers = {r.criterion: r.answer for r in judge_record(found).results}
    assert answers["datasets"] is Answer.YES
    assert found.notes == ("Component name 'Training dataset' is not one of the framework's.",)
    assert strict(RELEASE + "    - {name: Training dataset}\n")["datasets"][0] is Answer.NO


def test_a_component_listed_twice_counts_as_its_last_entry() -> None:
    text = (
        RELEASE
        + "    - {name: Training code, license: MIT}\n    - {name: Training code, license: ''}\n"
    )
    answers = {r.criterion: r.answer for r in judge_record(read_record(text.encode())).results}
    assert answers["training_code"] is Answer.PARTLY


@pytest.mark.parametrize("word", ["no", "1.0", "2025-13-45", "0x10", "1e3"])
def test_words_that_yaml_would_turn_into_something_else_stay_words(word: str) -> None:
    found = read_record(f"{RELEASE}    - {{name: Datasets, license: {word}}}\n".encode())
    assert found.components[0].license == word


def test_json_and_yaml_give_the_same_record() -> None:
    value = {
        "framework": {"name": "Model Openness Framework", "version": "1.0", "date": "2024-12-15"},
        "release": {
            "name": "m",
            "version": "7B",
            "license": {"data": {"name": "CC-BY-4.0", "path": None}},
            "components": [{"name": "Datasets"}, {"name": "Model card", "license": None}],
        },
    }
    as_json = json.dumps(value)
    # A trailing comma is what the reference tool's own listing has.
    dirty = as_json[:-2] + ",}}"
    as_yaml = """
framework: {name: Model Openness Framework, version: 1.0, date: 2024-12-15}
release:
  name: m
  version: 7B
  license: {data: {name: CC-BY-4.0, path: }}
  components:
    - name: Datasets
    - {name: Model card, license: ~}
"""
    records = [read_record(text.encode()) for text in (as_json, dirty, as_yaml)]
    assert records[0] == records[1] == records[2]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"just text",
        b"release: text",
        b"{",
        b"a: [1, 2",
        b"\x00\x01\xff",
        b"release: {name: !!python/object/apply:os.system [ls]}",
        b"release: {date: !!timestamp nonsense}",
        b"release: {size: !!int nonsense}",
        b"? [a, b]\n: c",
        b"[" * 100_000,
        b"{" * 100_000,
        b"- " * 2_000 + b"a",
        b"a: &a [x]\n" + b"b: [" + b"*a, " * 50 + b"]\n",
        b"a: &a {k: v}\nb: &b {<<: [" + b"*a, " * 20 + b"]}\nrelease: {}",
        b"release: {components: [" + b"{name: Datasets}, " * 1_001 + b"]}",
        b"x" * (MAX_BYTES + 1),
    ],
)
def test_what_is_no_record_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(DossierError) as error:
        read_record(data)
    assert str(error.value)


@given(st.binary(max_size=300) | st.text(alphabet="{}[]:,-&*!'\"<|> \n\tabc#?%@", max_size=120))
def test_reading_ends_in_a_record_or_a_dossier_error(data: bytes | str) -> None:
    raw = data.encode() if isinstance(data, str) else data
    try:
        judge_record(read_record(raw), "strict")
    except DossierError:
        return


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
TREES = st.recursive(
    LEAVES | st.sampled_from(sorted(TITLES.values())),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "license", "components", "distribution", "data", "path", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(TREES, TREES)
def test_any_shape_below_release_is_judged_in_both_modes(
    license: object, components: object
) -> None:
    value = {"release": {"name": "m", "license": license, "components": components}}
    found = read_record(json.dumps(value).encode())
    for mode in ("mot", "strict"):
        assert judge_record(found, mode).answer in LADDER
    assert all(item.because for item in differences(found))


def test_an_unknown_mode_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match="mode mot or strict"):
        judge_record(Record(name="m", components=()), "lenient")


def test_a_dossier_becomes_a_record_of_what_is_there_whole() -> None:
    components = (
        Component(id="training_code", status=Status.PRESENT, license="MIT"),
        Component(id="datasets", status=Status.LINKED),
        Component(id="model_card", status=Status.PARTIAL, license="MIT"),
        Component(id="data_card", status=Status.UNKNOWN),
        Component(id="api", status=Status.PRESENT, license="MIT"),
    )
    dossier = Dossier(schema="s", release="m", sources=(), components=components)
    listed = {entry.id: entry.license for entry in record_of(dossier).components}
    assert listed == {"training_code": "MIT", "datasets": ""}
