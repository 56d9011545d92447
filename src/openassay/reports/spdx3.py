"""SPDX 3.0.1 (JSON-LD): the release as an AI package, its parts and licences.

Written with the bindings that the SPDX project generates from its model; they refuse a value or a
missing property that the model does not allow. Everything is derived from what was read: ids from
the content, and for the mandatory time of creation the epoch, since the same input must give the
same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
from openassay.reports._view import STATUS_WORD, evidence_of, kind, openness, place, title
from openassay.types import Component, Derived, Dossier, Evidence, Found, Kind, Unit

if TYPE_CHECKING:
    from spdx_python_model import v3_0_1 as spdx

NEEDS = ("spdx_python_model", "sbom")
SPEC = "3.0.1"
MAX_FILES = 200  # cited files; the dossier has all
_DATA_SETS = ("datasets", "evaluation_data", "fine_tuning_data", "base_model_datasets")
_TRAINED_ON = ("datasets", "fine_tuning_data")
_TESTED_ON = ("evaluation_data",)
_LIBRARIES = ("supporting_libraries", "package")
_HYPER = ("layers", "hidden_size", "vocab_size", "dtype")


def render(report: Report, look: Look) -> str:
    """The document as JSON-LD text."""
    del look
    from spdx_python_model import v3_0_1 as spdx

    made = _Maker(report, spdx.SHACLObjectSet(), f"urn:uuid:{content_id(report, 'spdx3')}")
    made.document()
    encoded = spdx.JSONLDSerializer().serialize_data(made.objects, force_at_graph=True)
    encoded["@graph"].sort(key=lambda item: str(item.get("spdxId", item.get("@id", ""))))
    return dump_json(_settled(encoded))


def _settled(value: Any) -> Any:
    """Keys in one order, type and id first; lists are in an order of ours already."""
    if isinstance(value, dict):
        first = {key: value[key] for key in ("@context", "type", "spdxId", "@id") if key in value}
        rest = {key: value[key] for key in sorted(value) if key not in first}
        return {key: _settled(item) for key, item in (first | rest).items()}
    return [_settled(item) for item in value] if isinstance(value, list) else value


@dataclass(slots=True)
class _Maker:
    """Makes the elements of one document; ``licences`` are made once each."""

    report: Report
    objects: spdx.SHACLObjectSet
    base: str
    made: list[spdx.Element] = field(default_factory=list)
    licences: dict[str, spdx.simplelicensing_LicenseExpression] = field(default_factory=dict)
    info: Any = None

    def document(self) -> None:
        """The document, whose root is a bill of materials, whose root is the model."""
        from spdx_python_model import v3_0_1 as spdx

        dossier = self.report.dossier
        self._creation()
        model = self._model()
        self._parts(model)
        self._files(model)
        self._bases(model)
        self._verdicts(model)
        profiles = [
            spdx.ProfileIdentifierType.core,
            spdx.ProfileIdentifierType.software,
            spdx.ProfileIdentifierType.simpleLicensing,
            spdx.ProfileIdentifierType.ai,
            spdx.ProfileIdentifierType.dataset,
        ]
        everything = list(self.made)
        bom = self._new(spdx.software_Sbom, "bom", name=f"ML-BOM of {visible(dossier.release)}")
        bom.profileConformance = profiles
        bom.software_sbomType = [spdx.software_SbomType.analyzed]
        bom.element = everything
        bom.rootElement = [model]
        head = self._new(spdx.SpdxDocument, "document", name=visible(dossier.release) or "unnamed")
        head.profileConformance = profiles
        head.element = [*everything, bom]
        head.rootElement = [bom]
        head.comment = (
            "The time of creation is the epoch, so that the same input gives the same bytes."
            " Supplier and time of release are not known from what was read, and left out."
        )

    def _new(self, type_: Any, ref: str, /, **values: Any) -> Any:
        """An element with its id; added to the set, and to what the document holds."""
        made = type_(spdxId=f"{self.base}#{ref}", creationInfo=self.info, **values)
        self.objects.add(made)
        self.made.append(made)
        return made

    def _creation(self) -> None:
        from spdx_python_model import v3_0_1 as spdx

        info = spdx.CreationInfo(
            specVersion=SPEC, created=datetime.fromtimestamp(0, UTC), comment="made by OpenAssay"
        )
        self.info = info
        agent = self._new(spdx.SoftwareAgent, "openassay", name=self._reader())
        info.createdBy = [agent]
        self.objects.add(info)

    def _reader(self) -> str:
        return visible(self.report.dossier.read_by) or "openassay"

    def _model(self) -> Any:
        """The release as an AI package; what differs between its models is left out."""
        from spdx_python_model import v3_0_1 as spdx

        dossier = self.report.dossier
        said = sole_statements(dossier)
        model = self._new(spdx.ai_AIPackage, "release", name=visible(dossier.release) or "unnamed")
        model.software_primaryPurpose = spdx.software_SoftwarePurpose.model
        if version := version_of(dossier):
            model.software_packageVersion = version
        weights = next((p for p in dossier.components if p.id == "model_parameters_final"), None)
        homes = (*repositories(dossier), *(addresses(weights) if weights else ()))
        if homes:
            model.software_downloadLocation = homes[0]
        if architecture := said.get("architecture"):
            model.ai_typeOfModel = [architecture]
        model.ai_hyperparameter = [
            spdx.DictionaryEntry(key=key, value=said[key]) for key in _HYPER if key in said
        ]
        if tokens := said.get("tokens"):
            model.ai_informationAboutTraining = f"tokens stated by the release: {tokens}"
        lacking = [
            f"{title(part.id)}: {STATUS_WORD[part.status]}{_in_brackets(reason(part))}"
            for part in not_offered(dossier)
        ]
        model.comment = "\n".join(lacking) or None
        self._license(model, weights)
        return model

    def _parts(self, model: Any) -> None:
        from spdx_python_model import v3_0_1 as spdx

        types = spdx.RelationshipType
        made = {part.id: self._part(part) for part in offered(self.report.dossier)}
        own = [
            made[part.id]
            for part in offered(self.report.dossier)
            if any(isinstance(fact, Found) for fact in part.because)
        ]
        trained = [made[id_] for id_ in _TRAINED_ON if id_ in made]
        tested = [made[id_] for id_ in _TESTED_ON if id_ in made]
        linked = [package for package in made.values() if package not in own]
        self._relate("contains", types.contains, model, own)
        self._relate("trained-on", types.trainedOn, model, trained)
        self._relate("tested-on", types.testedOn, model, tested)
        others = [package for package in linked if package not in (*trained, *tested)]
        self._relate("linked", types.other, model, others, "linked by the release, not in it")

    def _part(self, part: Component) -> Any:
        from spdx_python_model import v3_0_1 as spdx

        purposes = spdx.software_SoftwarePurpose
        if part.id in _DATA_SETS:
            package = self._new(spdx.dataset_DatasetPackage, part.id, name=title(part.id))
            package.dataset_datasetType = [spdx.dataset_DatasetType.noAssertion]
            package.software_primaryPurpose = purposes.data
        else:
            package = self._new(spdx.software_Package, part.id, name=title(part.id))
            package.software_primaryPurpose = {
                Kind.CODE: purposes.library if part.id in _LIBRARIES else purposes.source,
                Kind.DATA: purposes.data,
                Kind.WEIGHTS: purposes.model,
            }.get(Kind(kind(part.id) or Kind.DOCUMENT), purposes.documentation)
        if urls := addresses(part):
            package.software_downloadLocation = urls[0]
        package.summary = f"{STATUS_WORD[part.status]}: {reason(part)}"
        notes = [f"licence: {openness(part)}"] if openness(part) else []
        notes += [part.license_reason] if part.license_reason else []
        package.comment = "; ".join(visible(note) for note in (*notes, *part.notes)) or None
        self._license(package, part)
        self._evidence(package, part)
        return package

    def _license(self, package: Any, part: Component | None) -> None:
        """Declared as the release states it, and concluded; no assertion where none is stated."""
        from spdx_python_model import v3_0_1 as spdx

        name = package.spdxId.rpartition("#")[2]
        expression = self._expression(part.license) if part and part.license else None
        target = expression or spdx.expandedlicensing_IndividualLicensingInfo.NoAssertionLicense
        for word, type_ in (
            ("declared", spdx.RelationshipType.hasDeclaredLicense),
            ("concluded", spdx.RelationshipType.hasConcludedLicense),
        ):
            self._relate(f"{word}-license-of-{name}", type_, package, [target])

    def _expression(self, stated: str) -> Any:
        from spdx_python_model import v3_0_1 as spdx

        if stated not in self.licences:
            made = self._new(
                spdx.simplelicensing_LicenseExpression,
                f"license-{len(self.licences) + 1}",
                simplelicensing_licenseExpression=visible(stated),
            )
            self.licences[stated] = made
        return self.licences[stated]

    def _evidence(self, package: Any, part: Component) -> None:
        """One annotation per component: each place with its quote and digest, one a line."""
        lines = [_line(item, why_) for item, why_ in evidence_of(part)]
        if lines:
            self._annotate(f"evidence-of-{part.id}", package, lines)

    def _annotate(self, name: str, subject: Any, lines: Sequence[str]) -> None:
        from spdx_python_model import v3_0_1 as spdx

        self._new(
            spdx.Annotation,
            name,
            annotationType=spdx.AnnotationType.review,
            subject=subject,
            statement="\n".join(lines),
            contentType="text/plain",
        )

    def _files(self, model: Any) -> None:
        """The files that decided, with the hash of their whole content where it was taken."""
        from spdx_python_model import v3_0_1 as spdx

        files = []
        for number, item in enumerate(_cited(self.report.dossier), 1):
            made = self._new(spdx.software_File, f"file-{number}", name=visible(item.path))
            digest = spdx.Hash(algorithm=spdx.HashAlgorithm.sha256, hashValue=item.digest.value)
            made.verifiedUsing = [digest]
            made.comment = f"in {visible(item.source)}"
            files.append(made)
        self._relate("files", spdx.RelationshipType.contains, model, files)

    def _bases(self, model: Any) -> None:
        from spdx_python_model import v3_0_1 as spdx

        for number, fact in enumerate(bases(self.report.dossier), 1):
            base = self._new(spdx.ai_AIPackage, f"base-{number}", name=_name_of(fact))
            base.software_primaryPurpose = spdx.software_SoftwarePurpose.model
            base.comment = f"{fact.relation}: {_line(fact.evidence[0], fact.detail)}"
            self._license(base, None)
            type_ = spdx.RelationshipType.descendantOf
            self._relate(f"descends-{number}", type_, model, [base], str(fact.relation))

    def _verdicts(self, model: Any) -> None:
        dossier = self.report.dossier
        lines = [f"source: {visible(source.id)}" for source in dossier.sources]
        lines += [
            f"{visible(verdict.title or verdict.framework)}: {visible(verdict.answer)}"
            for verdict in self.report.verdicts
        ]
        lines += [f"contradiction: {visible(item.text)}" for item in dossier.contradictions]
        lines += [
            f"claim that does not hold: {_line(claim.evidence, '')}"
            for claim in dossier.claims
            if claim.holds is False
        ]
        self._annotate("assessment", model, lines)

    def _relate(
        self, name: str, type_: str, start: Any, ends: Iterable[Any], comment: str = ""
    ) -> None:
        from spdx_python_model import v3_0_1 as spdx

        targets = list(ends)
        if targets:
            made = self._new(spdx.Relationship, name, relationshipType=type_)
            made.from_ = start
            made.to = targets
            made.completeness = spdx.RelationshipCompleteness.noAssertion
            if comment:
                made.comment = comment


def _name_of(fact: Derived) -> str:
    return visible(fact.base) or "unnamed"


def _line(item: Evidence, said: str) -> str:
    """``place: “quote” (why) [algorithm digest, in source]``."""
    quote = f": “{visible(item.quote)}”" if item.quote else ""
    digest = f"{visible(item.digest.algorithm)} {visible(item.digest.value)}"
    return f"{place(item)}{quote}{_in_brackets(said)} [{digest}, in {visible(item.source)}]"


def _in_brackets(text: str) -> str:
    return f" ({visible(text)})" if text else ""


def _cited(dossier: Dossier) -> tuple[Evidence, ...]:
    """One piece of evidence per file whose whole content was hashed, in component order."""
    found: dict[tuple[str, str], Evidence] = {}
    for part in offered(dossier):
        for item, _ in evidence_of(part):
            whole = item.digest.algorithm == "sha256" and item.span.unit is not Unit.LISTING
            if whole and item.path:
                found.setdefault((item.source, item.path), item)
    return tuple(found.values())[:MAX_FILES]
