"""What governs when places differ, what has to be done, what a derivative owes its base."""

from __future__ import annotations

import pytest

from openassay import licenses
from openassay.licenses import Place, Statement, Use, together

LLAMA = "llama-3.1-license-2024"


def test_the_text_governs_and_the_label_is_kept_as_a_contradiction() -> None:
    found = together([Statement(Place.TAG, "mit"), Statement(Place.FILE, LLAMA, where="LICENSE")])
    assert found.expression == LLAMA
    assert found.rests_on is not None
    assert found.rests_on.where == "LICENSE"
    assert [s.expression for s in found.differ] == ["mit"]
    assert found.contradiction
    assert "tag says mit" in found.why
    assert set(found.open_for.values()) == {False}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("GPL-3.0", "GPL-3.0-only"),
        ("MIT OR Apache-2.0", "Apache-2.0 OR MIT"),
        (LLAMA, "LicenseRef-scancode-llama-3.1-license-2024"),
    ],
)
def test_spelling_is_no_contradiction(one: str, other: str) -> None:
    found = together([Statement(Place.FILE, one), Statement(Place.TAG, other)])
    assert not found.contradiction
    assert len(found.agree) == 2


def test_a_modified_text_contradicts_its_plain_label() -> None:
    found = together(
        [
            Statement(Place.FILE, "LicenseRef-Modified-MIT", modified=True),
            Statement(Place.TAG, "MIT"),
        ]
    )
    assert found.modified
    assert found.contradiction
    assert set(found.open_for.values()) == {None}


def test_the_same_id_modified_is_still_not_the_same() -> None:
    found = together([Statement(Place.FILE, "MIT", modified=True), Statement(Place.TAG, "MIT")])
    assert found.contradiction
    assert True not in found.open_for.values()


def test_what_is_said_of_the_weights_governs_the_weights() -> None:
    said = [
        Statement(Place.FILE, "Apache-2.0"),
        Statement(Place.README, "CC-BY-NC-4.0", covers="weights"),
    ]
    weights, code = together(said, "weights"), together(said, "code")
    assert (weights.expression, weights.contradiction) == ("CC-BY-NC-4.0", False)
    assert [s.expression for s in weights.aside] == ["Apache-2.0"]
    assert (code.expression, code.open_for["code"]) == ("Apache-2.0", True)


def test_prose_cannot_open_what_the_text_restricts() -> None:
    said = [Statement(Place.FILE, LLAMA), Statement(Place.README, "MIT", covers="weights")]
    assert together(said, "weights").open_for["weights"] is not True


def test_two_texts_of_equal_weight_are_open_only_if_both_are() -> None:
    found = together([Statement(Place.FILE, "MIT"), Statement(Place.FILE, "CC-BY-NC-4.0")])
    assert found.contradiction
    assert found.open_for["weights"] is not True


def test_silence_and_what_cannot_be_named() -> None:
    assert "all rights are reserved" in together([]).why
    found = together([Statement(Place.FILE, None)])
    assert (found.expression, found.contradiction) == (None, False)
    assert "cannot be named" in found.why


def duty_ids(expression: str, use: str) -> set[str]:
    return {d.id for d in licenses.duties(expression, use)}


@pytest.mark.parametrize(
    ("expression", "use", "asked", "not_asked"),
    [
        ("MIT", "use", set(), {"include_license"}),
        (
            "MIT",
            "redistribute",
            {"include_license", "keep_notices"},
            {"notice_file", "share_alike"},
        ),
        ("Apache-2.0", "redistribute", {"include_license", "notice_file", "state_changes"}, set()),
        ("CC0-1.0", "redistribute", set(), {"include_license", "keep_notices"}),
        ("GPL-3.0-only", "host", set(), {"disclose_source"}),
        ("AGPL-3.0-only", "host", {"disclose_source", "share_alike"}, set()),
        ("GPL-3.0-only", "redistribute", {"disclose_source", "share_alike"}, set()),
        ("CC-BY-NC-4.0", "use", {"no_commercial_use"}, {"keep_notices"}),
        (LLAMA, "host", {"attribution_naming", "acceptable_use_policy", "user_threshold"}, set()),
        ("bigscience-rail-1.0", "redistribute", {"pass_on_restrictions", "must_update"}, set()),
        ("MIT AND CC-BY-SA-4.0", "redistribute", {"share_alike", "include_license"}, set()),
    ],
)
def test_the_checklist(expression: str, use: str, asked: set[str], not_asked: set[str]) -> None:
    found = duty_ids(expression, use)
    assert asked <= found
    assert not not_asked & found


def test_a_duty_says_whose_it_is_and_what_it_rests_on() -> None:
    for duty in licenses.duties(f"Apache-2.0 AND {LLAMA}"):
        assert duty.license in ("Apache-2.0", LLAMA)
        assert duty.needed is True
        assert duty.rests_on
    assert {d.license for d in licenses.duties("MIT OR GPL-3.0-only")} == {"MIT", "GPL-3.0-only"}


def test_an_unknown_licence_leaves_its_duties_open_rather_than_out() -> None:
    found = licenses.duties("LicenseRef-Nobody-Knows", Use.REDISTRIBUTE)
    assert found
    assert {d.needed for d in found} == {None}
    assert {d.rests_on for d in found} == {"not known"}


def test_an_unknown_text_shows_the_sentence_of_each_duty() -> None:
    text = (
        "FOO MODEL LICENSE\n\n"
        "You may distribute the Model if you provide a copy of this License.\n\n"
        "You will indemnify us.\n\nThis License is governed by the laws of Ruritania.\n"
    )
    found = licenses.assess(text)
    assert found.expression is not None
    (duty,) = [
        d
        for d in licenses.duties(found.expression, "redistribute", found.read)
        if d.id == "include_license"
    ]
    assert (duty.rests_on, duty.evidence and duty.evidence.start_line) == ("text", 3)
    told = {w.id: w for w in licenses.warnings(found.expression, found.read)}
    assert told["governing_law"].text.endswith("Ruritania")
    assert told["indemnity"].evidence is not None


def test_a_listed_licence_without_facts_keeps_what_was_read_in_it() -> None:
    info = licenses.info("open-aleph-1.0")
    assert info is not None
    assert not info.terms
    assert "no_commercial_use" in duty_ids("open-aleph-1.0", "use")


def test_uses_and_relations_are_closed() -> None:
    with pytest.raises(ValueError, match="eat"):
        licenses.duties("MIT", "eat")
    with pytest.raises(ValueError, match="stolen"):
        licenses.owes("MIT", "MIT", "stolen")


@pytest.mark.parametrize(
    ("present", "lacking"),
    [
        ((), {"include_license", "keep_notices", "notice_file", "state_changes"}),
        (("license_text",), {"keep_notices", "notice_file", "state_changes"}),
        (("license_text", "notice_file", "statement_of_changes"), set()),
    ],
)
def test_a_permissive_label_without_text_or_notice(
    present: tuple[str, ...], lacking: set[str]
) -> None:
    assert {d.id for d in licenses.lacking("Apache-2.0", present)} == lacking


@pytest.mark.parametrize(
    ("base", "label", "relation", "consistent"),
    [
        (LLAMA, "Apache-2.0", "finetune", False),
        (LLAMA, "Apache-2.0", "quantized", False),
        (LLAMA, "Apache-2.0", "adapter", False),
        (LLAMA, LLAMA, "merge", True),
        ("Apache-2.0", "MIT", "finetune", True),
        ("Apache-2.0", LLAMA, "finetune", True),
        ("CC-BY-NC-4.0", "MIT", "merge", False),
        ("CC-BY-ND-4.0", "MIT", "finetune", False),
        ("GPL-3.0-only", "MIT", "finetune", False),
        ("llama-2-license-2023", "MIT", "distilled", False),
        ("MIT", "Apache-2.0", "distilled", True),
        ("LicenseRef-Nobody-Knows", "MIT", "finetune", None),
        ("MIT OR GPL-3.0-only", "MIT", "finetune", None),
        (LLAMA, None, "finetune", None),
        ("open-aleph-1.0", "MIT", "finetune", False),
    ],
)
def test_what_a_derivative_owes(
    base: str, label: str | None, relation: str, consistent: bool | None
) -> None:
    found = licenses.owes(base, label, relation)
    assert found.consistent is consistent
    assert bool(found.contradictions) is (consistent is False) or " OR " in base


def test_the_duties_of_the_base_go_along_but_not_to_a_distilled_model() -> None:
    merged = {d.id for d in licenses.owes(LLAMA, "Apache-2.0", "merge").duties}
    assert {"attribution_naming", "acceptable_use_policy", "include_license"} <= merged
    assert licenses.owes("MIT", "MIT", "distilled").duties == ()
