"""What is known of ids: openness by kind of content, facts, display names, sets."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from openassay import licenses
from openassay.licenses import clauses, terms

FACTS = sorted((Path(licenses.__file__).parent / "data" / "licenses").glob("*.toml"))


@pytest.mark.parametrize(
    ("id", "kind", "answer"),
    [
        ("Apache-2.0", "code", True),
        ("Apache-2.0", "weights", True),
        ("apache-2.0", "code", True),
        ("CC-BY-4.0", "data", True),
        ("CC-BY-NC-4.0", "data", False),
        ("CC-BY-ND-4.0", "document", False),
        ("CDLA-Permissive-2.0", "data", True),
        ("CDLA-Permissive-2.0", "code", None),
        ("PDDL-1.0", "data", True),
        ("OpenMDW-1.0", "weights", True),
        ("llama-3.1-license-2024", "weights", False),
        ("LicenseRef-Nobody-Knows", "weights", None),
        ("LicenseRef-Modified-MIT", "code", None),
        ("MIT OR llama-3.1-license-2024", "weights", True),
        ("MIT AND llama-3.1-license-2024", "weights", False),
        ("MIT AND LicenseRef-Nobody-Knows", "weights", None),
        ("Apache-2.0 WITH Commons-Clause", "code", None),
        ("GPL-3.0", "code", True),
        ("NONE", "code", False),
        ("not an expression (", "code", None),
        ("Unlicense", "code", True),
    ],
)
def test_openness(id: str, kind: str, answer: bool | None) -> None:
    assert licenses.openness(id, kind) is answer


def test_openness_knows_its_kinds() -> None:
    with pytest.raises(ValueError, match="kind is one of"):
        licenses.openness("MIT", "cake")


def test_no_restricted_licence_is_in_an_open_set() -> None:
    for kind in ("code", "data", "weights", "document"):
        for name, ids in licenses.sets().items():
            if name in ("spdx", "spdx-exceptions", "od-rejected"):
                continue
            for id in ids:
                info = licenses.info(id)
                if licenses.openness(id, kind) is True and info is not None:
                    assert info.terms.get("commercial_use", "yes") == "yes", id


def test_authorities_and_unknowns() -> None:
    mit, cc, rail = (licenses.info(i) for i in ("MIT", "CC-BY-4.0", "bigscience-rail-1.0"))
    assert mit is not None
    assert cc is not None
    assert rail is not None
    assert (mit.osi, mit.fsf, mit.kind) == (True, True, "permissive")
    assert (cc.osi, cc.fsf) == (False, True)
    assert (rail.osi, rail.fsf, rail.kind) == (None, None, "restricted")
    assert licenses.info("No-Such-License") is None
    assert "CC0" in mit.source


def test_display_and_spdx_forms() -> None:
    assert licenses.display("llama-4-cla-2025") == "LicenseRef-Llama-4-Community"
    assert licenses.display("MIT") == "MIT"
    assert licenses.display("LicenseRef-Own") == "LicenseRef-Own"
    assert licenses.spdx("llama-4-cla-2025 AND MIT") == (
        "LicenseRef-scancode-llama-4-cla-2025 AND MIT"
    )


def test_named_sets() -> None:
    sets = licenses.sets()
    assert "MIT" in sets["spdx-osi"]
    assert "CC-BY-4.0" not in sets["spdx-osi"]
    assert "CC-BY-3.0-AT" in sets["cc-open"]
    assert "CC-BY-NC-4.0" in sets["od-rejected"]
    assert not sets["cc-open"] & sets["od-rejected"]


@pytest.mark.parametrize("path", FACTS, ids=lambda p: p.stem)
def test_every_fact_file_is_whole_and_in_the_catalogue(path: Path) -> None:
    facts = tomllib.loads(path.read_text("utf-8"))
    info = licenses.info(facts["id"])
    assert info is not None, "run tools/build_license_index.py build"
    assert info.id == facts["id"]
    assert facts["source"]
    assert set(facts.get("terms", {})) <= {*terms.COLUMNS, *terms.MORE}
    assert set(facts.get("read", {})) <= {*terms.COLUMNS, *terms.MORE}
    assert facts.get("terms", {}).get("commercial_use", "yes") in ("yes", "no", "conditional")
    for name in facts.get("names", []):
        assert licenses.normalize(name) == facts["id"], name


@pytest.mark.parametrize("file", clauses.FILES)
def test_the_lexicon_names_known_columns_only(file: str) -> None:
    rows = clauses._table(file)["rule"]
    columns = terms.COLUMNS if file == "clauses.toml" else terms.MORE
    assert {row["term"] for row in rows} <= set(columns)
    for row in rows:
        for pattern in (*row["any"], *row["not"]):
            clauses._compiled(pattern)
