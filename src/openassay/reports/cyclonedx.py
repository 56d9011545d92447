"""CycloneDX 1.6: the release as a bill of materials of a machine-learning model (ML-BOM).

Written with the project's own Python library, which has no model card yet: that object, the
``data`` of data components and the removal of the library's clock are added to its JSON. Tests
hand the whole to the library's validator.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from openassay.canonical import dump_json, visible
from openassay.reports import Look, Report
from openassay.reports._export import (
    addresses,
    bases,
    content_id,
    not_offered,
    offered,
    reason,
    repositories,
    sole_statements,
    version_of,
)
from openassay.reports._view import STATUS_WORD, evidence_of, kind, openness, title
from openassay.types import Component, Evidence, Kind, Unit

if TYPE_CHECKING:
    from cyclonedx.model import ExternalReference, Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component as Part
    from cyclonedx.model.component import ComponentType
    from cyclonedx.model.component_evidence import Occurrence
    from cyclonedx.model.license import License

NEEDS = ("cyclonedx", "sbom")
ROOT = "release"
_HEAD = ("$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata")
_LIBRARIES = ("supporting_libraries", "package")
_TRAINED_ON = ("datasets", "fine_tuning_data")
_TESTED_ON = ("evaluation_data",)


def render(report: Report, look: Look) -> str:
    """The bill of materials as JSON text."""
    del look
    from cyclonedx.output.json import JsonV1Dot6

    document = json.loads(JsonV1Dot6(_bom(report)).output_as_string())
    document["metadata"].pop("timestamp", None)  # the library's clock
    document["metadata"]["component"]["modelCard"] = _model_card(report)
    by_ref = {part.id: part for part in offered(report.dossier)}
    for entry in document.get("components", []):
        part = by_ref.get(entry["bom-ref"])
        if part is not None and kind(part.id) == Kind.DATA:
            entry["data"] = [_data(part)]
    head = {key: document[key] for key in _HEAD if key in document}
    return dump_json(_settled(head | document))


def _settled(value: Any) -> Any:
    """The library keeps sets, whose order may be another in every run: every list is sorted."""
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((_settled(item) for item in value), key=json.dumps)
    return value


def _bom(report: Report) -> Bom:
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.tool import ToolRepository

    model = _model(report)
    parts = [_part(part) for part in offered(report.dossier)]
    bom = Bom(
        serial_number=content_id(report, "cyclonedx"),
        metadata=BomMetaData(component=model, tools=ToolRepository(components=[_tool(report)])),
        components=parts,
    )
    bom.register_dependency(model, parts)
    return bom


def _tool(report: Report) -> Part:
    from cyclonedx.model.component import Component as Part
    from cyclonedx.model.component import ComponentType

    name, _, version = visible(report.dossier.read_by).rpartition(" ")
    return Part(
        name=name or version or "openassay",
        version=version if name else None,
        type=ComponentType.APPLICATION,
    )


def _model(report: Report) -> Part:
    """The release as a whole; the licence of its final weights is the model's."""
    from cyclonedx.model.component import Component as Part
    from cyclonedx.model.component import ComponentType, Pedigree

    dossier = report.dossier
    weights = next((p for p in dossier.components if p.id == "model_parameters_final"), None)
    ancestors = [
        Part(
            name=visible(fact.base) or "unnamed",
            type=ComponentType.MACHINE_LEARNING_MODEL,
            bom_ref=f"base-{number}",
            description=f"{fact.relation}: {visible(fact.detail or fact.evidence[0].quote)}",
        )
        for number, fact in enumerate(bases(dossier), 1)
    ]
    return Part(
        name=visible(dossier.release) or "unnamed",
        version=version_of(dossier) or None,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=ROOT,
        licenses=_licenses(weights) if weights else [],
        external_references=[
            *_references(repositories(dossier), "vcs"),
            *_references(addresses(weights) if weights else (), "distribution"),
        ],
        properties=_of_release(report),
        pedigree=Pedigree(ancestors=ancestors) if ancestors else None,
    )


def _of_release(report: Report) -> list[Property]:
    dossier = report.dossier
    rows = [("source", source.id) for source in dossier.sources]
    rows += [(f"verdict:{verdict.framework}", verdict.answer) for verdict in report.verdicts]
    rows += [
        (f"component:{part.id}", ": ".join(filter(None, (STATUS_WORD[part.status], reason(part)))))
        for part in not_offered(dossier)
    ]
    rows += [("contradiction", item.text) for item in dossier.contradictions]
    rows += [
        ("claim-does-not-hold", claim.evidence.quote)
        for claim in dossier.claims
        if claim.holds is False
    ]
    return _properties(rows)


def _properties(rows: list[tuple[str, str]]) -> list[Property]:
    from cyclonedx.model import Property

    return [
        Property(name=f"openassay:{visible(name)}", value=visible(value)) for name, value in rows
    ]


def _part(part: Component) -> Part:
    from cyclonedx.model.component import Component as Part
    from cyclonedx.model.component_evidence import ComponentEvidence

    evidence = evidence_of(part)
    rows = [("status", STATUS_WORD[part.status]), ("open", openness(part))]
    rows += [("license_reason", part.license_reason)] if part.license_reason else []
    rows += [("note", note) for note in part.notes]
    return Part(
        name=title(part.id),
        type=_type(part.id),
        bom_ref=part.id,
        description=reason(part),
        licenses=_licenses(part),
        external_references=_references(addresses(part), "distribution"),
        properties=_properties(rows),
        evidence=ComponentEvidence(occurrences=[_occurrence(item) for item, _ in evidence])
        if evidence
        else None,
    )


def _type(id_: str) -> ComponentType:
    """Code runs, data are data; weights and documents are files."""
    from cyclonedx.model.component import ComponentType

    if id_ in _LIBRARIES:
        return ComponentType.LIBRARY
    types = {Kind.CODE: ComponentType.APPLICATION, Kind.DATA: ComponentType.DATA}
    return types.get(Kind(kind(id_) or Kind.DOCUMENT), ComponentType.FILE)


def _occurrence(item: Evidence) -> Occurrence:
    """One place; the quote and the digest of what was read are its context."""
    from cyclonedx.model.component_evidence import Occurrence

    unit, start = item.span.unit, item.span.start
    digest = f"[{visible(item.digest.algorithm)} {visible(item.digest.value)}]"
    return Occurrence(
        location=visible(f"{item.source}/{item.path}"),
        line=start if unit is Unit.LINE and isinstance(start, int) else None,
        offset=start if unit is Unit.BYTE and isinstance(start, int) else None,
        symbol=visible(str(start)) if unit is Unit.POINTER else None,
        additional_context=" ".join(filter(None, (visible(item.quote), digest))),
    )


def _licenses(part: Component) -> list[License]:
    """The governing licence: an SPDX id, an expression of several, or a name."""
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model.license import LicenseAcknowledgement

    if part.license is None:
        return []
    stated = visible(part.license)
    concluded = LicenseAcknowledgement.CONCLUDED
    return [LicenseFactory().make_from_string(stated, license_acknowledgement=concluded)]


def _references(urls: tuple[str, ...], type_: str) -> list[ExternalReference]:
    from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri

    return [ExternalReference(type=ExternalReferenceType(type_), url=XsUri(url)) for url in urls]


def _model_card(report: Report) -> dict[str, Any]:
    """What was read about the model itself; data sets by reference to their components."""
    there = {part.id for part in offered(report.dossier)}
    parameters: dict[str, Any] = {}
    if architecture := sole_statements(report.dossier).get("architecture"):
        parameters["modelArchitecture"] = architecture
    if data := [{"ref": id_} for id_ in (*_TRAINED_ON, *_TESTED_ON) if id_ in there]:
        parameters["datasets"] = data
    return {"bom-ref": "model-card", "modelParameters": parameters}


def _data(part: Component) -> dict[str, Any]:
    is_settings = part.id in ("model_metadata", "model_openness_configuration")
    type_ = "configuration" if is_settings else "other" if part.id == "training_logs" else "dataset"
    entry: dict[str, Any] = {"type": type_, "name": title(part.id)}
    if urls := addresses(part):
        entry["contents"] = {"url": urls[0]}
    return entry
