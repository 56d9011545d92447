"""SARIF 2.1.0 (OASIS): the findings of a release, for code-scanning views.

One run; each finding is a result with a rule, a level, its places and a fingerprint that outlives
edits elsewhere in the file. What could not be read stands in the invocation's notifications.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from openassay.canonical import dump_json, visible
from openassay.reports import Look, Report
from openassay.reports._export import address_of, relative_uri
from openassay.reports._findings import RULES, Finding, Rule, findings
from openassay.types import Dossier, Evidence, Gap, Reviewed, SourceInfo, Unit

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
#: Where docs/exports.md is, as a name: the project has no address of its own to send people to.
DOCS = "urn:openassay:docs:exports"
RELATED = 20  # further places of one finding; the JSON report has all
FINGERPRINT = "openassay/v1"
_ROOT = "%SRCROOT%"
_INDEX = {rule.id: number for number, rule in enumerate(RULES)}


def render(report: Report, look: Look) -> str:
    """The findings as SARIF text."""
    del look
    dossier = report.dossier
    bases = _bases(dossier)
    run: dict[str, Any] = {
        "tool": {"driver": _driver(dossier)},
        "automationDetails": {"id": f"openassay/{visible(dossier.release)}/"},
        "originalUriBaseIds": {
            base: {"description": {"text": plain(source)}} for source, base in bases.items()
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_not_read(gap, bases) for gap in dossier.gaps],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": _results(report, bases),
        "properties": {
            "release": visible(dossier.release),
            "sources": [visible(source.id) for source in dossier.sources],
            "verdicts": {
                visible(verdict.framework): visible(verdict.answer) for verdict in report.verdicts
            },
        },
    }
    control = [_version_control(source, bases[source.id]) for source in dossier.sources]
    if any(control):
        run["versionControlProvenance"] = [entry for entry in control if entry]
    return dump_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _bases(dossier: Dossier) -> dict[str, str]:
    """Source ids to the names that paths are relative to; the first is the root of the view."""
    return {
        source.id: _ROOT if number == 0 else f"SOURCE{number + 1}"
        for number, source in enumerate(dossier.sources)
    }


def _driver(dossier: Dossier) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": "OpenAssay"}
    version = visible(dossier.read_by).rpartition(" ")[2]
    if version[:1].isdigit():
        driver["version"] = version
    return driver | {"rules": [_rule(rule) for rule in RULES]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": f"{rule.short}."},
        "fullDescription": {"text": rule.full},
        "defaultConfiguration": {"level": rule.level},
        "helpUri": f"{DOCS}#{rule.id}",
        "help": {"text": rule.full, "markdown": f"**{rule.short}.** {rule.full}"},
        "properties": {"tags": ["openness", "licensing" if "license" in rule.id else "release"]},
    }


def _results(report: Report, bases: dict[str, str]) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    results = []
    settled = _settled(report)
    for finding in findings(report):
        mark = finding.fingerprint
        seen[mark] += 1
        result = _result(finding, f"{mark}:{seen[mark]}", bases)
        results.append(result | settled.get(mark, {}))
    return results


def _settled(report: Report) -> dict[str, dict[str, Any]]:
    """By fingerprint, what a reviewer says of findings that go once the release is as reviewed.

    They stay among the results, as suppressed ones with their justification.
    """
    if report.review is None:
        return {}
    again = replace(report, dossier=report.review.dossier, verdicts=report.review.verdicts)
    left = {finding.fingerprint for finding in findings(again)}
    rows = [item for item in report.review.items if item.applied]
    return {
        finding.fingerprint: {"suppressions": [_suppression(finding, rows)]}
        for finding in findings(report)
        if finding.fingerprint not in left
    }


def _suppression(finding: Finding, rows: list[Reviewed]) -> dict[str, Any]:
    own = [item for item in rows if item.override.target == finding.about] or rows
    said = (
        f"{item.title}: {item.said}. {item.override.reason} "
        f"({item.override.by}, {item.override.on})"
        for item in own
    )
    text = plain("; ".join(said))
    return {"kind": "external", "status": "accepted", "justification": text}


def _result(finding: Finding, mark: str, bases: dict[str, str]) -> dict[str, Any]:
    first, *rest = finding.evidence or (None,)
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": finding.level,
        "message": {"text": plain(finding.message)},
        # without any evidence, the place where people would look for it
        "locations": [_location(first, bases) if first else _named("README.md")],
    }
    if rest:
        result["relatedLocations"] = [
            {"id": number} | _location(item, bases) | {"message": {"text": _said(item)}}
            for number, item in enumerate(rest[:RELATED], 1)
            if item is not None
        ]
    return result | {
        "partialFingerprints": {FINGERPRINT: mark},
        "properties": {"about": visible(finding.about)},
    }


def _location(item: Evidence, bases: dict[str, str]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(item.source, item.path, bases)}
    if region := _region(item):
        physical["region"] = region
    location: dict[str, Any] = {"physicalLocation": physical}
    if item.span.unit is Unit.POINTER:
        location["logicalLocations"] = [{"fullyQualifiedName": visible(str(item.span.start))}]
    return location


def _artifact(source: str, path: str, bases: dict[str, str]) -> dict[str, Any]:
    """Relative to an audited source; what stands elsewhere is named in the description."""
    artifact: dict[str, Any] = {"uri": relative_uri(path)}
    if base := bases.get(source):
        return artifact | {"uriBaseId": base}
    return artifact | {"description": {"text": plain(f"in {source}, which was not audited")}}


def _region(item: Evidence) -> dict[str, Any]:
    """Lines, or bytes; nothing for a whole file, a listing or a pointer."""
    span = item.span
    if span.unit is Unit.LINE and isinstance(span.start, int) and isinstance(span.end, int):
        region: dict[str, Any] = {"startLine": span.start, "endLine": max(span.start, span.end)}
    elif span.unit is Unit.BYTE and isinstance(span.start, int) and isinstance(span.end, int):
        region = {"byteOffset": span.start, "byteLength": max(0, span.end - span.start)}
    else:
        return {}
    return region | ({"snippet": {"text": visible(item.quote)}} if item.quote else {})


def _named(path: str) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": path, "uriBaseId": _ROOT}}}


def _said(item: Evidence) -> str:
    return plain(item.quote) or visible(item.path) or visible(item.source)


def plain(text: str) -> str:
    """Audited text as a message: ``[a](b)`` would become a link in a viewer, so it is parted."""
    return visible(text).replace("](", "] (")


def _not_read(gap: Gap, bases: dict[str, str]) -> dict[str, Any]:
    what = visible(gap.path or gap.source)
    notification: dict[str, Any] = {
        "level": "note",
        "message": {"text": plain(f"not read: {what} ({visible(gap.detail or gap.reason)})")},
        "descriptor": {"id": visible(gap.reason) or "not-read"},
    }
    if gap.path:
        artifact = _artifact(gap.source, gap.path, bases)
        notification["locations"] = [{"physicalLocation": {"artifactLocation": artifact}}]
    return notification


def _version_control(source: SourceInfo, base: str) -> dict[str, Any]:
    url = address_of(source)
    if source.kind != "git" or url is None:
        return {}
    pin = {"repositoryUri": url, "revisionId": visible(source.revision)}
    return pin | {"mappedTo": {"uriBaseId": base}}
