"""Which licences count by a framework's lists, by terms, and by names people know them by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay import licenses
from openassay.frameworks.model import LicenseRule
from openassay.frameworks.openness import Counts, counts, is_open

SOURCE = "https://example.org"
COMMERCIAL = LicenseRule("x", SOURCE, terms=(("commercial_use", ("yes",)),))
WEIGHED = LicenseRule("x", SOURCE, sets=("spdx-osi",), review=COMMERCIAL)
LISTED = LicenseRule("x", SOURCE, sets=("spdx-osi",))


@pytest.mark.parametrize(
    ("license", "rule", "expected"),
    [
        ("MIT", COMMERCIAL, Counts.YES),
        ("LicenseRef-Gemma-Terms", COMMERCIAL, Counts.YES),
        ("gemma-tou-2025-03-24", COMMERCIAL, Counts.YES),
        ("LicenseRef-Llama-4-Community", COMMERCIAL, Counts.NO),  # conditional
        ("CC-BY-NC-4.0", COMMERCIAL, Counts.NO),
        ("LicenseRef-nobody-knows", COMMERCIAL, Counts.UNKNOWN),
        ("LicenseRef-nobody-knows AND CC-BY-NC-4.0", COMMERCIAL, Counts.NO),
        ("LicenseRef-nobody-knows AND MIT", COMMERCIAL, Counts.UNKNOWN),
        ("LicenseRef-nobody-knows OR MIT", COMMERCIAL, Counts.YES),
        ("not ( an expression", COMMERCIAL, Counts.UNKNOWN),
        ("MIT", WEIGHED, Counts.YES),
        ("LicenseRef-Gemma-Terms", WEIGHED, Counts.REVIEW),
        ("MIT AND LicenseRef-Gemma-Terms", WEIGHED, Counts.REVIEW),
        ("LicenseRef-Llama-4-Community", WEIGHED, Counts.NO),
        ("LicenseRef-nobody-knows", WEIGHED, Counts.UNKNOWN),
        ("LicenseRef-nobody-knows", LISTED, Counts.NO),  # a list without terms is all there is
        ("not ( an expression", LISTED, Counts.NO),
    ],
)
def test_a_licence_counts_by_list_terms_or_a_persons_weighing(
    license: str, rule: LicenseRule, expected: Counts
) -> None:
    assert counts(license, rule) is expected


def test_what_is_taken_out_stays_out_under_every_name() -> None:
    rule = LicenseRule(
        "x", SOURCE, terms=COMMERCIAL.terms, but=frozenset(["gemma-tou-2025-03-24", "MIT"])
    )
    assert not is_open("mit", rule)
    assert not is_open("LicenseRef-Gemma-Terms", rule)
    assert is_open("Apache-2.0", rule)


def test_an_exception_that_nobody_knows_may_be_a_restriction() -> None:
    assert counts("GPL-2.0-only WITH Classpath-exception-2.0", LISTED) is Counts.YES
    assert counts("GPL-2.0-only WITH Sells-exception-9", LISTED) is Counts.NO


@pytest.mark.parametrize(
    ("shown", "ids"),
    [
        ("MIT", ("MIT",)),
        ("mit", ("MIT",)),
        ("LicenseRef-Llama-4-Community", ("llama-4-cla-2025",)),
        ("licenseref-llama-4-community", ("llama-4-cla-2025",)),
        ("llama-4-cla-2025", ("llama-4-cla-2025",)),
        ("LicenseRef-XVERSE-Community", ("LicenseRef-xverse",)),
        ("LicenseRef-nobody-knows", ()),
        ("", ()),
    ],
)
def test_a_shown_name_leads_back_to_the_licence(shown: str, ids: tuple[str, ...]) -> None:
    assert licenses.displayed(shown) == ids


def test_versions_shown_alike_are_all_given() -> None:
    found = licenses.displayed("LicenseRef-Tencent-Hunyuan-Community")
    assert len(found) == 3
    assert {licenses.display(id) for id in found} == {"LicenseRef-Tencent-Hunyuan-Community"}


@given(st.text(max_size=60))
def test_any_text_counts_in_some_way(text: str) -> None:
    for rule in (COMMERCIAL, WEIGHED, LISTED):
        found = counts(text, rule)
        assert (found is Counts.YES) is is_open(text, rule)
        assert isinstance(licenses.displayed(text), tuple)
