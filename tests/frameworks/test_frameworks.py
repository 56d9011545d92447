"""The framework files that come with OpenAssay: found, complete, explained, and documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openassay import licenses
from openassay.errors import FrameworkError, ReadError, UsageError
from openassay.frameworks import available, explain, load, read, standing
from openassay.frameworks.licensing import TERMS
from openassay.frameworks.model import Asks, RollUp
from openassay.frameworks.openness import is_open
from openassay.frameworks.reader import RESTRICTIONS
from openassay.frameworks.topics import TOPICS
from openassay.types import Kind
from openassay.vocabulary import by_id

DOCS = Path(__file__).parents[2] / "docs" / "frameworks.md"


def test_frameworks_are_found_by_their_file_names() -> None:
    assert {"mof-1.0", "osaid-0.0.9", "osaid-1.0", "dl-table"} <= set(available())
    assert list(available()) == sorted(available())


@pytest.mark.parametrize("id", available())
def test_every_framework_and_every_rule_of_it_can_be_explained(id: str) -> None:
    framework = load(id)
    assert framework.source in explain(id)
    for criterion in framework.criteria:
        text = explain(id, criterion.id)
        joined = " ".join(text.split())
        assert f"{id}/{criterion.id}" in joined
        assert criterion.rule in joined
        assert criterion.source in joined
        assert criterion.next_step in joined
        for part in criterion.parts:
            assert by_id()[part].title in joined


def test_an_explanation_says_which_licences_count_and_what_counts() -> None:
    text = " ".join(explain("mof-1.0", "training_code").split())
    assert "What counts: The code that trains the named model from where it starts." in text
    assert "Licences that count as open for code" in text
    assert "spdx-osi" in text
    assert "Licences" not in explain("dl-table", "llmdata")


@pytest.mark.parametrize("id", available())
def test_next_steps_are_one_sentence_that_begins_with_a_verb(id: str) -> None:
    verbs = r"(Publish|Write|Add|Put|Document|Archive|Release|Offer|State) "
    for criterion in load(id).criteria:
        assert re.match(verbs, criterion.next_step), criterion.next_step
        assert criterion.next_step.endswith(".")
        assert criterion.next_step.count(". ") == 0


def test_the_ladder_has_the_published_numbers_of_components() -> None:
    required = [c for c in load("mof-1.0").criteria if c.required]
    assert [sum(c.group == rung for c in required) for rung in ("III", "II", "I")] == [6, 4, 4]
    optional = {c.id for c in load("mof-1.0").criteria if not c.required}
    assert optional == {
        "supporting_libraries",
        "sample_outputs",
        "model_metadata",
        "model_openness_configuration",
    }
    assert len(load("mof-1.0").criteria) == 18


def test_the_table_has_its_fourteen_features_in_their_order() -> None:
    framework = load("dl-table")
    order = (
        "opencode llmdata llmweights rldata rlweights license code architecture preprint paper "
        "modelcard datasheet package api"
    )
    assert " ".join(criterion.id for criterion in framework.criteria) == order
    sizes = {g.id: sum(c.group == g.id for c in framework.criteria) for g in framework.groups}
    assert sizes == {"Availability": 6, "Documentation": 6, "Access": 2}
    assert framework.roll_up is RollUp.SUM


@pytest.mark.parametrize("id", ["osaid-0.0.9", "osaid-1.0"])
def test_the_definition_requires_what_its_checklist_requires(id: str) -> None:
    required = {c.id for c in load(id).criteria if c.required}
    assert required == {
        "data_information",
        "data_preprocessing_code",
        "training_code",
        "inference_code",
        "model_architecture",
        "supporting_libraries",
        "model_parameters_final",
    }


def test_the_index_has_its_dimensions_in_their_order() -> None:
    order = (
        "datasources_basemodel datasources_endmodel weights_basemodel weights_endmodel "
        "trainingcode code hardware_architecture preprint paper modelcard datasheet"
    )
    for id, rest in (("osai-12", "licenses"), ("osai-14", "package api licenses")):
        assert " ".join(c.id for c in load(id).criteria) == f"{order} {rest}"


@pytest.mark.parametrize("id", available())
def test_what_took_its_place_is_there_and_stands(id: str) -> None:
    by = load(id).superseded_by
    assert not by or by in [framework.id for framework in standing()]


RESTRICTED = [
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "bigscience-rail-1.0",
    "creativeml-open-rail-m",
    "LicenseRef-Llama-2",
    "llama-3.1-license-2024",
    "gemma-tou-2025-03-24",
    "BUSL-1.1",
    "SSPL-1.0",
    "Elastic-2.0",
    "JSON AND LicenseRef-own",
    "",
    "C-UDA-1.0",
]


@pytest.mark.parametrize("id", available())
@pytest.mark.parametrize("license", RESTRICTED)
def test_no_framework_calls_a_restricted_licence_open(id: str, license: str) -> None:
    for rule in load(id).licenses.values():
        assert not is_open(license, rule)


@pytest.mark.parametrize("id", available())
def test_no_open_set_holds_a_licence_that_our_catalogue_knows_to_be_restricted(id: str) -> None:
    for kind, rule in load(id).licenses.items():
        named = rule.ids.union(*(licenses.sets()[name] for name in rule.sets))
        closed = sorted(one for one in named if licenses.openness(one, kind.value) is False)
        assert closed == []


@pytest.mark.parametrize(
    ("framework", "kind", "license", "expected"),
    [
        # Rows of the published comparison of licences by framework and kind of content.
        ("mof-1.0", "code", "CC0-1.0", True),
        ("mof-1.0", "data", "ODbL-1.0", True),
        ("mof-1.0", "weights", "AGPL-3.0-or-later", True),
        ("mof-1.0", "document", "OpenMDW-1.0", True),
        ("osaid-1.0", "code", "Apache-2.0", True),
        ("osaid-1.0", "code", "MPL-2.0", True),
        ("osaid-1.0", "code", "CC-BY-4.0", False),
        ("osaid-1.0", "code", "OpenMDW-1.0", False),
        ("osaid-1.0", "code", "CDLA-Permissive-2.0", False),
        ("osaid-1.0", "weights", "MIT", True),
        ("osaid-1.0", "weights", "CC-BY-4.0", True),
        ("osaid-1.0", "weights", "CC-BY-NC-4.0", False),
        ("dl-table", "weights", "CC-BY-4.0", False),
        ("dl-table", "code", "ISC", True),
    ],
)
def test_licences_count_as_the_frameworks_count_them(
    framework: str, kind: str, license: str, expected: bool
) -> None:
    assert is_open(license, load(framework).licenses[Kind(kind)]) is expected


@pytest.mark.parametrize(
    ("kind", "license", "expected"),
    [
        ("code", "MIT", True),
        ("code", "GPL-3.0-only", True),
        ("code", "BSD-3-Clause", True),
        ("code", "CC-BY-4.0", False),
        ("data", "CC-BY-4.0", True),
        ("data", "CC0-1.0", True),
        ("data", "PDDL-1.0", True),
        ("data", "MIT", False),
        ("weights", "CDLA-Permissive-2.0", True),
        ("weights", "Apache-2.0", False),
        ("document", "Apache-2.0", True),
        ("document", "CC-BY-SA-4.0", True),
        ("document", "MIT", False),
    ],
)
def test_the_type_appropriate_lists_are_the_repaired_ones(
    kind: str, license: str, expected: bool
) -> None:
    fit = load("mof-1.0").licenses[Kind(kind)].fit
    assert fit is not None
    assert is_open(license, fit) is expected


def test_unknown_names_are_the_callers_mistake_with_a_suggestion() -> None:
    with pytest.raises(UsageError) as error:
        load("mof-1")
    assert error.value.hint == "did you mean mof-1.0?"
    with pytest.raises(UsageError) as error:
        explain("mof-1.0", "trainingcode")
    assert error.value.hint == "did you mean mof-1.0/training_code?"


def documented() -> str:
    found = re.search(r"```toml\n(# shared-weights\.toml.*?)```", DOCS.read_text("utf-8"), re.S)
    assert found
    return found[1]


def test_the_mistake_of_the_documentation_is_refused_in_its_words(tmp_path: Path) -> None:
    path = tmp_path / "shared-weights.toml"
    path.write_text(documented().replace('"model_parameters_final"', '"model_parameter"'), "utf-8")
    with pytest.raises(FrameworkError) as error:
        read(path)
    assert f"```text\n{error.value}\nhint: {error.value.hint}\n```" in DOCS.read_text("utf-8")


def test_the_example_of_the_documentation_is_a_framework(tmp_path: Path) -> None:
    path = tmp_path / "shared-weights.toml"
    path.write_text(documented(), "utf-8")
    framework = read(path)
    assert framework.roll_up is RollUp.ALL
    assert framework.criterion("description").license is Asks.ANYTHING


def test_the_documentation_names_every_key_and_every_list() -> None:
    text = DOCS.read_text("utf-8")
    for name in licenses.sets():
        assert f"`{name}`" in text, name
    source = Path(__file__).parents[2] / "src" / "openassay" / "frameworks"
    code = "".join((source / name).read_text("utf-8") for name in ("reader.py", "licensing.py"))
    asked = (
        r"\b(?:text|texts|link|flag|number|choice|table|tables|_sets|_ids|_parts|_inner|_scale"
        r'|_answer|has)\((?:\w+, ){0,2}"(\w+)"'
    )
    keys = set(re.findall(asked, code))
    assert {"schema", "ways", "note_except", "covers", "way", "sure", "review"} - keys == {"ways"}
    for key in keys:
        assert f"`{key}`" in text or f"{{ {key} =" in text, key
    for name in (*by_id(), *TOPICS, *TERMS, *RollUp, *RESTRICTIONS):
        assert f"`{name}`" in text or f'`"{name}"`' in text, name


def test_the_documentation_names_every_framework() -> None:
    text = DOCS.read_text("utf-8")
    for id in available():
        assert f"| `{id}` |" in text, id


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReadError):
        read(tmp_path / "none.toml")
    path = tmp_path / "odd.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FrameworkError, match="UTF-8"):
        read(path)
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(FrameworkError, match="larger"):
        read(path)
