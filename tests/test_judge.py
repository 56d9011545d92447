"""Judging a dossier: states, licences, alternatives, restrictions, floors and ceilings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.errors import UsageError
from openassay.frameworks import available, load
from openassay.frameworks.model import SCORES
from openassay.gate import levels
from openassay.judge import judge
from openassay.types import (
    Answer,
    Component,
    Digest,
    Dossier,
    Evidence,
    Fact,
    Found,
    Gap,
    Gated,
    How,
    Licensed,
    Linked,
    Result,
    RuledOut,
    Span,
    Stated,
    Status,
    Unit,
    Verdict,
)
from openassay.vocabulary import by_id

LADDER = ["none", "III", "II", "I"]
CLASS = {
    rung: [c.id for c in load("mof-1.0").criteria if c.required and c.group == rung]
    for rung in ("III", "II", "I")
}
ALL_CLASSES = [id for ids in CLASS.values() for id in ids]
Parts = dict[str, tuple[str, str | None]]  # status and licence by component id
SITE = "https://example.org/it"


def cite(path: str, quote: str = "a line") -> tuple[Evidence, ...]:
    return (Evidence("dir:m", path, Span(Unit.LINE, 1, 1), quote, Digest("sha256", "0")),)


def component(id: str, status: str, license: str | None = None) -> Component:
    """A component whose evidence is a file named after it."""
    because: tuple[Fact | Gap, ...] = ()
    if status in ("present", "partial"):
        because = (Found(evidence=cite(f"{id}.txt"), component=id, detail=f"This is the {id}."),)
    elif status == "linked":
        because = (Linked(evidence=cite("README.md"), component=id, url=SITE),)
    elif status == "unknown":
        because = (Gap(source="dir:m", path="big.bin", by="test", reason="too_large"),)
    return Component(id=id, status=Status(status), because=because, license=license)


def release(parts: Parts, *facts: Fact) -> Dossier:
    """A dossier whose other components are absent."""
    components = tuple(component(id, *parts.get(id, ("absent", None))) for id in by_id())
    return Dossier(schema="s", release="m", sources=(), facts=facts, components=components)


def open_parts(*ids: str, license: str = "Apache-2.0") -> Parts:
    return dict.fromkeys(ids, ("present", license))


def verdict(framework: str, parts: Parts, *facts: Fact) -> Verdict:
    return judge(load(framework), release(parts, *facts))


def result(found: Verdict, id: str) -> Result:
    return next(one for one in found.results if one.criterion == id)


def limit(value: str, subject: str = "release") -> Stated:
    quote = f"a sentence about {value}"
    return Stated(
        evidence=cite("README.md", quote), topic="restriction", value=value, subject=subject
    )


# ---------------------------------------------------------------------------------- one component


@pytest.mark.parametrize(
    ("id", "status", "license", "answer", "state"),
    [
        ("training_code", "present", "MIT", Answer.YES, "Open: released under MIT."),
        ("training_code", "linked", "MIT", Answer.YES, "Open: published elsewhere under MIT."),
        ("training_code", "present", "GPL-3.0", Answer.YES, "Open: "),
        ("training_code", "present", "CC-BY-4.0", Answer.YES, "Open, wrong type: "),
        ("training_code", "present", "MIT OR LicenseRef-own", Answer.YES, "Open: "),
        ("training_code", "present", "MIT AND LicenseRef-own", Answer.PARTLY, "Not open: "),
        ("training_code", "present", "not an ( expression", Answer.PARTLY, "Not open: "),
        ("training_code", "present", None, Answer.PARTLY, "Unlicensed: released, but"),
        ("training_code", "present", "NONE", Answer.PARTLY, "Unlicensed: released, but"),
        ("training_code", "linked", None, Answer.UNKNOWN, "Unlicensed: published elsewhere"),
        ("training_code", "partial", "MIT", Answer.PARTLY, "Partial: "),
        ("training_code", "partial", None, Answer.PARTLY, "Partial: "),
        ("training_code", "absent", None, Answer.NO, "Missing: "),
        ("training_code", "unknown", None, Answer.UNKNOWN, "Unknown: big.bin was not read"),
        ("model_parameters_final", "present", "Apache-2.0", Answer.YES, "Open, wrong type: "),
        ("model_parameters_final", "present", "CDLA-Permissive-2.0", Answer.YES, "Open: "),
        ("model_parameters_final", "present", "OpenMDW-1.1", Answer.YES, "Open: "),
        ("model_parameters_final", "present", "LicenseRef-OpenMDW-1.1", Answer.YES, "Open: "),
        ("model_parameters_final", "present", "CC-BY-NC-4.0", Answer.PARTLY, "Not open: "),
        ("datasets", "present", "PDDL-1.0", Answer.YES, "Open: "),
        ("datasets", "present", "CC-BY-SA-3.0-DE", Answer.YES, "Open: "),
        ("datasets", "present", "C-UDA-1.0", Answer.PARTLY, "Not open: "),
        ("datasets", "present", "CC-BY-4.0", Answer.YES, "Open: "),
        ("model_card", "present", "CC-BY-4.0", Answer.YES, "Open: "),
        ("model_card", "present", "MIT", Answer.YES, "Open, wrong type: "),
        ("model_card", "present", "CC-BY-ND-4.0", Answer.PARTLY, "Not open: "),
    ],
)
def test_a_component_is_in_one_state_which_the_first_reason_names(
    id: str, status: str, license: str | None, answer: Answer, state: str
) -> None:
    found = result(verdict("mof-1.0", {id: (status, license)}), id)
    assert found.answer is answer
    assert found.because[0].startswith(state)


def test_a_result_cites_what_decided_it_and_an_unread_one_cites_nothing() -> None:
    found = verdict("mof-1.0", {"training_code": ("present", "MIT"), "datasets": ("unknown", None)})
    assert [one.path for one in result(found, "training_code").evidence] == ["training_code.txt"]
    assert "This is the training_code." in result(found, "training_code").because
    assert result(found, "datasets").evidence == ()


def test_a_stated_absence_is_cited() -> None:
    said = RuledOut(evidence=cite("README.md"), component="datasets", detail="It says so.")
    parts = release({}).components
    absent = Component(id="datasets", status=Status.ABSENT, because=(said,))
    replaced = tuple(absent if c.id == "datasets" else c for c in parts)
    dossier = Dossier(schema="s", release="m", sources=(), components=replaced)
    found = result(judge(load("mof-1.0"), dossier), "datasets")
    assert found.evidence == said.evidence
    assert found.because[1] == "It says so."


@pytest.mark.parametrize(
    ("status", "license", "step"),
    [
        ("absent", None, "Publish the code that trained the model, with its launch scripts."),
        ("partial", "MIT", "Publish the code that trained the model, with its launch scripts."),
        ("present", None, "State an open licence for the training code, for example Apache-2.0."),
        (
            "present",
            "CC-BY-NC-4.0",
            "Put the training code under an open licence, for example Apache-2.0, "
            "in place of CC-BY-NC-4.0.",
        ),
        (
            "linked",
            None,
            f"State the licence of the training code beside its link, or read {SITE} "
            "together with this release.",
        ),
        ("unknown", None, "Make big.bin readable and read the release again."),
        ("present", "MIT", ""),
    ],
)
def test_the_next_step_fits_the_state(status: str, license: str | None, step: str) -> None:
    found = verdict("mof-1.0", {"training_code": (status, license)})
    assert result(found, "training_code").next_step == step


def test_files_beyond_a_bound_are_not_called_unreadable() -> None:
    """Nothing is wrong with the first file that was left out: the next step is to read less."""
    gap = Gap(source="dir:m", path="src/a.py", by="test", reason="too_many_files")
    left = Component(id="training_code", status=Status.UNKNOWN, because=(gap,))
    base = release({})
    parts = tuple(left if part.id == left.id else part for part in base.components)
    found = judge(load("mof-1.0"), replace(base, components=parts))
    step = next(r.next_step for r in found.results if r.criterion == "training_code")
    assert step == (
        "Read the folder that holds the training code by itself: not every file was read."
    )


def test_a_component_that_no_reader_looked_for_is_unknown() -> None:
    dossier = Dossier(schema="s", release="m", sources=())
    found = judge(load("mof-1.0"), dossier)
    assert (found.floor, found.ceiling) == ("none", "I")
    assert all(one.answer is Answer.UNKNOWN for one in found.results)


def test_a_changed_licence_text_is_not_the_licence_it_came_from() -> None:
    stated = Licensed(
        evidence=cite("LICENSE"), scope="path:", license="MIT", how=How.TEXT, modified=True
    )
    changed = replace(component("training_code", "present", "MIT"), licenses=(stated,))
    found = judge(
        load("mof-1.0"), Dossier(schema="s", release="m", sources=(), components=(changed,))
    )
    assert (
        result(found, "training_code").because[0].startswith("Not open: released under a changed")
    )


# ------------------------------------------------------------------------------------- the ladder


def test_the_ladder_is_climbed_rung_by_rung() -> None:
    ids: list[str] = []
    for rung in ("III", "II", "I"):
        ids += CLASS[rung]
        found = verdict("mof-1.0", open_parts(*ids))
        assert (found.floor, found.ceiling, found.answer) == (rung, rung, rung)
    without = open_parts(*(id for id in ids if id != "model_card"))
    assert verdict("mof-1.0", without).answer == "none"


def test_an_open_paper_stands_in_for_the_report_and_counts_once() -> None:
    found = verdict("mof-1.0", open_parts(*(id for id in ALL_CLASSES if id != "technical_report")))
    assert found.answer == "I"
    assert found.progress == {"III": 100.0, "II": 100.0, "I": 100.0}
    report = result(found, "technical_report")
    assert report.because == (
        "Research paper in its place: open: released under Apache-2.0.",
        "Research paper in its place: this is the research_paper.",
        "Missing: nothing that was read holds the technical report.",
    )
    assert [one.path for one in report.evidence] == ["research_paper.txt"]


def test_optional_components_and_the_configuration_file_change_no_class() -> None:
    found = verdict("mof-1.0", open_parts(*ALL_CLASSES))
    optional = {"supporting_libraries", "sample_outputs", "model_metadata"}
    for id in (*optional, "model_openness_configuration"):
        assert result(found, id).answer is Answer.NO
    assert found.answer == "I"


def test_what_was_not_read_opens_the_span_between_floor_and_ceiling() -> None:
    parts = open_parts(*ALL_CLASSES) | {"datasets": ("unknown", None)}
    found = verdict("mof-1.0", parts)
    assert (found.floor, found.ceiling, found.answer) == ("II", "I", "undecided: II to I")


def test_a_linked_part_counts_once_its_licence_is_known() -> None:
    parts = open_parts(*CLASS["III"])
    assert verdict("mof-1.0", parts | {"model_card": ("linked", "CC-BY-4.0")}).answer == "III"
    unread = verdict("mof-1.0", parts | {"model_card": ("linked", None)})
    assert (unread.floor, unread.ceiling) == ("none", "III")


def test_a_part_of_something_cannot_be_the_whole_whatever_its_licence_turns_out_to_be() -> None:
    linked = Linked(evidence=cite("README.md"), component="model_card", url=SITE)
    parts = release(open_parts(*CLASS["III"])).components
    partial = Component(id="model_card", status=Status.PARTIAL, because=(linked,))
    replaced = tuple(partial if c.id == "model_card" else c for c in parts)
    found = judge(
        load("mof-1.0"), Dossier(schema="s", release="m", sources=(), components=replaced)
    )
    assert (found.floor, found.ceiling) == ("none", "none")
    assert result(found, "model_card").answer is Answer.PARTLY


PARTS = st.dictionaries(
    st.sampled_from(sorted(by_id())),
    st.tuples(
        st.sampled_from([status.value for status in Status]),
        st.sampled_from([None, "MIT", "CC-BY-4.0", "LicenseRef-own"]),
    ),
)


@given(PARTS)
def test_floor_and_ceiling_are_the_verdicts_on_the_worst_and_the_best_case(
    parts: Parts,
) -> None:
    def settled(unknown: tuple[str, str | None], unlicensed: str | None) -> Verdict:
        decided = {
            id: unknown
            if status == "unknown"
            else ("present", unlicensed)
            if (status, license) == ("linked", None)
            else (status, license)
            for id, (status, license) in parts.items()
        }
        return verdict("mof-1.0", decided)

    found = verdict("mof-1.0", parts)
    assert found.floor == settled(("absent", None), None).answer
    assert found.ceiling == settled(("present", "MIT"), "MIT").answer
    assert LADDER.index(found.floor) <= LADDER.index(found.ceiling)
    assert found.progress == settled(("absent", None), None).progress


@given(PARTS, st.sampled_from(sorted(by_id())))
def test_opening_one_more_component_lowers_no_framework(parts: Parts, more: str) -> None:
    after = parts | {more: ("present", "MIT")}
    for id in ("mof-1.0", "osaid-0.0.9", "osaid-1.0", "dl-table"):
        order = {"mof-1.0": LADDER}.get(id, ["fails", "may pass"])
        one, two = verdict(id, parts), verdict(id, after)
        if id == "dl-table":
            if more not in load(id).criterion("license").parts:  # a share can fall
                assert float(two.floor) >= float(one.floor)
        else:
            assert order.index(two.floor) >= order.index(one.floor)
            assert order.index(two.ceiling) >= order.index(one.ceiling)


@given(PARTS)
def test_every_result_of_every_framework_has_a_reason_and_a_next_step(
    parts: Parts,
) -> None:
    for id in available():
        found = verdict(id, parts)
        assert [one.criterion for one in found.results] == [c.id for c in load(id).criteria]
        for one in found.results:
            assert one.because
            assert all(text.strip() == text and text for text in one.because)
            assert (one.next_step == "") is (one.answer is Answer.YES)
            assert one.group in {group.id for group in load(id).groups}
        assert verdict(id, parts) == found


@given(PARTS)
def test_a_floor_is_never_above_its_ceiling(parts: Parts) -> None:
    """Scores compare as numbers; what is certain cannot exceed what may be."""
    for id in available():
        framework, found = load(id), verdict(id, parts)
        if framework.roll_up not in SCORES:
            words = levels(framework)
            assert words.index(found.floor) <= words.index(found.ceiling)
            continue
        floor, ceiling = (float(text.split()[0]) for text in (found.floor, found.ceiling))
        assert 0 <= floor <= ceiling
        for one in found.results:
            if one.points is not None:
                least, most, of = one.points
                assert 0 <= least <= most <= of
                assert (one.answer is Answer.YES) is (least == of)


# ---------------------------------------------------------------------- Open Source AI Definition

OSAID = ("osaid-0.0.9", "osaid-1.0")
CODE = (
    "data_preprocessing_code",
    "training_code",
    "inference_code",
    "model_architecture",
    "supporting_libraries",
)
COMPLETE = open_parts(*CODE, "model_parameters_final") | {"data_card": ("present", "CC-BY-4.0")}


@pytest.mark.parametrize("id", OSAID)
def test_a_complete_open_release_may_pass_and_is_never_certified(id: str) -> None:
    found = verdict(id, COMPLETE)
    assert (found.floor, found.ceiling, found.answer) == ("may pass", "may pass", "may pass")
    assert result(found, "data_information").because[-1].startswith("To judge: ")
    assert any("no certificate" in note for note in found.notes)
    assert found.progress == {}


@pytest.mark.parametrize("id", OSAID)
def test_permissive_weights_alone_fail(id: str) -> None:
    """Grok-1, Phi-2, Mixtral: a permissive licence is not enough."""
    parts = open_parts("model_parameters_final", "inference_code", "model_architecture")
    found = verdict(id, parts | {"model_card": ("present", "Apache-2.0")})
    assert (found.floor, found.ceiling) == ("fails", "fails")
    assert result(found, "training_code").answer is Answer.NO
    assert result(found, "data_information").answer is Answer.NO


@pytest.mark.parametrize("id", OSAID)
@pytest.mark.parametrize(
    "terms", ["bigscience-rail-1.0", "LicenseRef-bigcode-openrail-m", "LicenseRef-Falcon-180B-TII"]
)
def test_everything_under_rail_like_terms_fails_on_the_terms_alone(id: str, terms: str) -> None:
    """BLOOM, StarCoder2, Falcon: completeness is not enough."""
    found = verdict(id, COMPLETE | {"model_parameters_final": ("present", terms)})
    assert found.ceiling == "fails"
    failing = [
        one.criterion
        for one in found.results
        if one.answer is Answer.NO and one.group != "optional"
    ]
    assert failing == ["model_parameters_final"]
    assert result(found, "model_parameters_final").because[0].startswith("Not open: ")
    assert result(found, "model_parameters_final").evidence


@pytest.mark.parametrize("id", OSAID)
def test_a_release_spread_over_repositories_is_not_failed_for_what_it_links(id: str) -> None:
    """Pythia passed: code, data and card are linked, preprocessing and inference partly here."""
    found = verdict(
        id,
        {
            "datasets": ("linked", None),
            "data_preprocessing_code": ("partial", "Apache-2.0"),
            "model_architecture": ("linked", None),
            "model_parameters_final": ("linked", "Apache-2.0"),
            "training_code": ("linked", None),
            "inference_code": ("partial", "Apache-2.0"),
            "supporting_libraries": ("present", "Apache-2.0"),
            "data_card": ("linked", None),
            "research_paper": ("linked", None),
        },
    )
    assert found.ceiling == "may pass"
    assert found.answer == "undecided: fails to may pass"
    linked = ("linked", "Apache-2.0")
    parts: Parts = dict.fromkeys((*CODE, "model_parameters_final", "datasets"), linked)
    assert verdict(id, parts).answer == "may pass"


@pytest.mark.parametrize("id", OSAID)
@pytest.mark.parametrize(
    ("change", "fails"),
    [
        ({"training_code": ("absent", None)}, True),  # inference-only code
        ({"training_code": ("partial", "MIT")}, True),  # fine-tuning code of a pretrained release
        ({"data_preprocessing_code": ("absent", None)}, True),
        ({"data_preprocessing_code": ("partial", "MIT")}, False),  # a person judges completeness
        ({"training_code": ("present", None)}, True),
        ({"training_code": ("present", "CC-BY-4.0")}, True),  # not OSI-approved: code needs that
        ({"training_code": ("present", "CC0-1.0")}, True),
        ({"model_parameters_final": ("present", "CC-BY-4.0")}, False),  # open terms do
        ({"model_parameters_final": ("present", "CC-BY-NC-4.0")}, True),
        ({"model_parameters_final": ("present", "GPL-3.0-only")}, False),  # copyleft is allowed
        ({"model_parameters_final": ("absent", None)}, True),
        ({"supporting_libraries": ("absent", None)}, False),  # required where used
        ({"data_card": ("absent", None)}, True),  # no document describes the data
        ({"data_card": ("absent", None), "research_paper": ("present", None)}, False),
        ({"model_card": ("absent", None)}, False),  # optional
    ],
)
def test_what_fails_the_definition_and_what_a_person_must_judge(
    id: str, change: Parts, fails: bool
) -> None:
    assert verdict(id, COMPLETE | change).answer == ("fails" if fails else "may pass")


@pytest.mark.parametrize(
    ("value", "subject", "answer"),
    [
        ("non_commercial", "release", Answer.NO),
        ("user_cap", "weights", Answer.NO),
        ("territory", "model_parameters_final", Answer.NO),
        ("commercial_application", "weights", Answer.NO),
        ("field_of_use", "weights", Answer.PARTLY),
        ("registration", "release", Answer.PARTLY),
        ("non_commercial", "datasets", Answer.YES),  # said of something else
    ],
)
def test_a_sentence_that_limits_the_use_decides_whatever_the_licence(
    value: str, subject: str, answer: Answer
) -> None:
    found = verdict("osaid-1.0", COMPLETE, limit(value, subject))
    weights = result(found, "model_parameters_final")
    assert weights.answer is answer
    assert found.answer == ("fails" if answer is Answer.NO else "may pass")
    if answer is not Answer.YES:
        assert weights.evidence[0].quote == f"a sentence about {value}"
        assert any(f"({value})" in text for text in weights.because)


def test_a_barrier_before_the_weights_is_for_a_person_to_weigh() -> None:
    gate = Gated(evidence=cite("README.md", "fill in the form"), barrier="form")
    weights = result(verdict("osaid-1.0", COMPLETE, gate), "model_parameters_final")
    assert weights.answer is Answer.PARTLY
    assert verdict("mof-1.0", COMPLETE, gate) == verdict("mof-1.0", COMPLETE)


def test_the_two_versions_differ_where_the_published_texts_do() -> None:
    old, new = load("osaid-0.0.9"), load("osaid-1.0")
    assert "same or similar data" in old.criterion("data_information").rule
    assert "same or similar data" not in new.criterion("data_information").rule
    assert "a list of all public training data" in new.criterion("data_information").rule
    assert "complete" in new.criterion("training_code").rule
    assert "complete" not in old.criterion("training_code").rule
    assert old.criterion("model_architecture").group == "weights"
    assert new.criterion("model_architecture").group == "code"


def test_a_dossier_has_no_other_mode() -> None:
    with pytest.raises(UsageError, match="not 'mot'") as error:
        judge(load("mof-1.0"), release({}), "mot")
    assert "record_of" in error.value.hint
