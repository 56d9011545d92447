"""Facts kept by hand and the clause reader, held against one another on known licences.

The texts are not in the tree: what the reader found in them when the index was built is
(``data/read.tsv``, ``[read]`` in the fact files). A new disagreement fails: either the fact or the
rule is wrong.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from openassay import licenses
from openassay.licenses import catalog, readings, terms

DATA = Path(licenses.__file__).parent / "data"
VALUED = {"user_threshold", "attribution_naming", "geographic_limit"}

# Where the reader misses what the fact says, or reads a neighbouring sentence for it. The facts
# here were checked against the texts: what is asked through another document (LGPL 3 takes in
# GPL 3, a policy forbids the uses), in a bare list item or in other words than the rules know.
DIFFER = frozenset(
    {
        ("CC-BY-NC-ND-4.0", "redistribution"),
        ("CC-BY-ND-4.0", "redistribution"),
        ("CDLA-Permissive-2.0", "outputs"),
        ("CDLA-Permissive-2.0", "pass_on_restrictions"),
        ("EPL-2.0", "ends_on_breach"),
        ("EPL-2.0", "include_license"),
        ("EPL-2.0", "pass_on_restrictions"),
        ("LGPL-2.1-only", "pass_on_restrictions"),
        ("LGPL-2.1-only", "redistribution"),
        ("LGPL-2.1-or-later", "pass_on_restrictions"),
        ("LGPL-2.1-or-later", "redistribution"),
        ("LGPL-3.0-or-later", "ends_on_breach"),
        ("LGPL-3.0-or-later", "include_license"),
        ("LGPL-3.0-or-later", "patent_grant"),
        ("LGPL-3.0-or-later", "state_changes"),
        ("LicenseRef-OpenMDW-1.1", "outputs"),
        ("LicenseRef-OpenMDW-1.1", "patent_grant"),
        ("LicenseRef-alphafold3-weights-tou", "registration_required"),
        ("LicenseRef-alphafold3-weights-tou", "share_alike"),
        ("LicenseRef-skywork-community", "attribution_naming"),
        ("LicenseRef-skywork-community", "commercial_use"),
        ("MPL-2.0", "patent_grant"),
        ("Unlicense", "redistribution"),
        ("bigcode-open-rail-m-v1", "outputs"),
        ("deepseek-la-1.0", "governing_law"),
        ("falcon-2-11b-1.0", "pass_on_restrictions"),
        ("stability-ai-community-2024", "field_of_use_restrictions"),
        ("stability-ai-nc-2023-12-06", "field_of_use_restrictions"),
        ("moonshot-ai-modified-mit-2025", "commercial_use"),
        ("tencent-hunyuan-3d-2.0-cla", "include_license"),
    }
)


def told(column: str, value: str) -> str:
    """The value as compared: phrases and places count as said or not said."""
    if column in VALUED:
        return "yes" if value not in ("", "no") else "no"
    return value


def pairs() -> list[tuple[str, str, str, str]]:
    """Id, column, the fact's value, the reader's, for every licence that has both."""
    out = []
    for row in {r.id: r for r in catalog._table()[0].values()}.values():
        kept, entry = catalog.facts(row.id).get("terms"), terms.obligations(row.id)
        read = terms.recorded(row.id)
        if not read or not (kept or entry):
            continue
        facts = dict(terms.known_terms(row.id, row.kind)) if kept else {}
        if entry:
            facts |= {c: entry["terms"].get(c, terms.silent(c)) for c in terms.MORE}
        for column, value in facts.items():
            found = read.get(column, terms.silent(column))
            if column == "commercial_use":
                found = read.get(column, "yes")
                found = "conditional" if found == "yes" and "user_threshold" in read else found
            out.append((row.id, column, told(column, value), told(column, found)))
    return out


def test_facts_and_reader_agree_but_for_the_listed_cases() -> None:
    differ = {
        (id, column)
        for id, column, fact, read in pairs()
        if fact != read and not (column == "governing_law" and fact and fact in read)
    }
    assert differ - DIFFER == set()


@pytest.mark.parametrize("column", [*terms.COLUMNS, *terms.MORE])
def test_no_column_differs_often(column: str) -> None:
    count: Counter[bool] = Counter()
    for _, name, fact, read in pairs():
        if name == column:
            count[fact == read or (column == "governing_law" and fact in read)] += 1
    assert count[True] >= 0.9 * count.total() > 0


def test_the_recorded_readings_were_made_with_these_rules() -> None:
    first = (DATA / readings.FILE).read_text("utf-8").split("\n", 1)[0]
    assert first == f"#rules\t{readings.mark()}", "run tools/build_license_index.py build"


def test_a_recorded_reading_is_what_the_reader_finds(apache: str, mit: str) -> None:
    for id, text in (("Apache-2.0", apache), ("MIT", mit)):
        assert readings.reading(text) == dict(terms.recorded(id))
