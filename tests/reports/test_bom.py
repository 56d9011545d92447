"""The bills of materials: what goes in which field, and what their profiles ask for."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from openassay.reports import Look, Report, cyclonedx, spdx3


def bom(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cyclonedx.render(report, Look()))
    return found


def graph(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(spdx3.render(report, Look()))["@graph"]
    return found


def relations(report: Report, type_: str) -> set[tuple[str, str]]:
    """(from, to) by the last part of their ids."""
    return {
        (item["from"].partition("#")[2], target.rpartition("#")[2].rpartition("/")[2])
        for item in graph(report)
        if item["type"] == "Relationship" and item["relationshipType"] == type_
        for target in item["to"]
    }


def licensed(report: Report, license_: str) -> Report:
    parts = tuple(
        replace(p, license=license_) if p.license else p for p in report.dossier.components
    )
    return replace(report, dossier=replace(report.dossier, components=parts))


# ------------------------------------------------------------------------------------- CycloneDX


def test_the_model_is_the_subject_and_the_parts_its_dependencies(report: Report) -> None:
    found = bom(report)
    model = found["metadata"]["component"]
    assert (model["type"], model["name"]) == ("machine-learning-model", "acme/Gold-7B")
    assert model["version"] == "0123456789abcdef0123456789abcdef01234567"
    parts = {part["bom-ref"]: part for part in found["components"]}
    assert parts["training_code"]["type"] == "application"
    assert "datasets" not in parts, "what is absent is no part"
    (tree,) = (d for d in found["dependencies"] if d["ref"] == "release")
    assert set(tree["dependsOn"]) == parts.keys()


def test_no_clock_and_no_chance(report: Report) -> None:
    found = bom(report)
    assert "timestamp" not in found["metadata"]
    assert found["serialNumber"].startswith("urn:uuid:")
    assert found["serialNumber"][23] == "5", "a UUID of version 5, from the content"


def test_what_is_missing_is_said(report: Report) -> None:
    rows = {(p["name"], p["value"]) for p in bom(report)["metadata"]["component"]["properties"]}
    assert ("openassay:verdict:mof-1.0", "none") in rows
    assert any(n == "openassay:component:datasets" and v.startswith("absent") for n, v in rows)
    assert any(n == "openassay:component:evaluation_results" and "unknown" in v for n, v in rows)


def test_evidence_stands_at_the_part(report: Report) -> None:
    (code,) = (p for p in bom(report)["components"] if p["bom-ref"] == "training_code")
    (place,) = code["evidence"]["occurrences"]
    assert place["location"].endswith("/train.py")
    assert place["line"] == 12
    assert "def train(model, data):" in place["additionalContext"]


@pytest.mark.parametrize(
    ("license_", "field", "value"),
    [
        ("Apache-2.0", "id", "Apache-2.0"),
        ("LicenseRef-gold", "name", "LicenseRef-gold"),
        ("MIT OR Apache-2.0", "expression", "MIT OR Apache-2.0"),
        ("some terms of ours", "name", "some terms of ours"),
    ],
)
def test_a_licence_is_an_id_an_expression_or_a_name(
    report: Report, license_: str, field: str, value: str
) -> None:
    for part in bom(licensed(report, license_))["components"]:
        for choice in part.get("licenses", []):
            assert choice.get("license", choice)[field] == value


def test_the_base_is_an_ancestor(report: Report) -> None:
    (base,) = bom(report)["metadata"]["component"]["pedigree"]["ancestors"]
    assert base["name"] == "acme/Silver-7B"


# ---------------------------------------------------------------------------------------- SPDX 3


def test_the_root_of_the_document_is_the_bill_and_its_root_the_model(report: Report) -> None:
    by_type = {item["type"]: item for item in graph(report)}
    bill, head = by_type["software_Sbom"], by_type["SpdxDocument"]
    assert head["rootElement"] == [bill["spdxId"]]
    (model,) = (i for i in graph(report) if i.get("spdxId") == bill["rootElement"][0])
    assert (model["type"], model["name"]) == ("ai_AIPackage", "acme/Gold-7B")
    assert "ai" in bill["profileConformance"]


def test_the_time_is_the_epoch(report: Report) -> None:
    (info,) = (item for item in graph(report) if item["type"] == "CreationInfo")
    assert info["created"] == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("type_", ["hasDeclaredLicense", "hasConcludedLicense"])
def test_every_package_has_exactly_one_licence_of_each_kind(report: Report, type_: str) -> None:
    """What the AI and Dataset profiles ask of each of their packages."""
    counted = Counter(start for start, _ in relations(report, type_))
    packages = [item for item in graph(report) if item["type"].endswith("Package")]
    assert len(packages) > 4
    for item in packages:
        assert counted[item["spdxId"].partition("#")[2]] == 1


def test_a_part_without_a_licence_has_no_assertion(report: Report) -> None:
    assert ("model_card", "expandedlicensing_NoAssertionLicense") in relations(
        report, "hasDeclaredLicense"
    )


def test_what_is_only_linked_is_not_contained(report: Report) -> None:
    contained = {end for _, end in relations(report, "contains")}
    assert "training_code" in contained
    assert "model_parameters_final" not in contained
    assert ("release", "model_parameters_final") in relations(report, "other")


def test_the_base_is_what_it_descends_from(report: Report) -> None:
    assert relations(report, "descendantOf") == {("release", "base-1")}


def test_every_id_that_is_named_is_there(report: Report) -> None:
    there = {item.get("spdxId", item.get("@id")) for item in graph(report)}
    for item in graph(report):
        for key in ("from", "subject", "creationInfo"):
            assert item.get(key, next(iter(there))) in there
        for key in ("to", "element", "rootElement", "createdBy"):
            assert all(i in there or i.startswith("expandedlicensing_") for i in item.get(key, []))


def test_whole_files_carry_their_hash(report: Report) -> None:
    files = {item["name"]: item for item in graph(report) if item["type"] == "software_File"}
    assert files["train.py"]["verifiedUsing"][0]["algorithm"] == "sha256"
    assert "model.safetensors" not in files, "only its header was hashed"
