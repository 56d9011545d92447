"""From facts and gaps to components: each rule with the facts that show it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay import dossier as codec
from openassay.assemble import MAX_BECAUSE, assemble
from openassay.types import (
    Component,
    Derived,
    Digest,
    Dossier,
    Evidence,
    Extent,
    Fact,
    Found,
    Gap,
    Gated,
    How,
    Licensed,
    Linked,
    Relation,
    RuledOut,
    SourceInfo,
    Span,
    Stated,
    Status,
    Unit,
)
from openassay.vocabulary import entries

SOURCE = "git:https://example.org/acme/foo@0123"
WHOLE, PART = Extent.WHOLE, Extent.PART
IDS = [entry.id for entry in entries()]
ORDER = [Status.ABSENT, Status.UNKNOWN, Status.PARTIAL, Status.LINKED, Status.PRESENT]


def at(path: str = "README.md", line: int = 1) -> tuple[Evidence, ...]:
    digest = Digest("sha256", "00")
    return (Evidence(SOURCE, path, Span(Unit.LINE, line, line), f"{path} {line}", digest),)


def found(
    component: str = "training_code", extent: Extent = WHOLE, aspect: str = "", path: str = "a.py"
) -> Found:
    return Found(
        evidence=at(path), component=component, extent=extent, aspect=aspect, detail=f"in {path}"
    )


def linked(
    component: str = "training_code",
    extent: Extent = WHOLE,
    aspect: str = "",
    url: str = "https://a.org/x",
    inspector: str = "data_links",
) -> Linked:
    return Linked(
        evidence=at(),
        component=component,
        extent=extent,
        aspect=aspect,
        url=url,
        inspector=inspector,
    )


def ruled_out(component: str = "training_code") -> RuledOut:
    return RuledOut(evidence=at(), component=component, detail="It is said not to be released.")


def gap(*components: str, path: str = "x.py") -> Gap:
    return Gap(source=SOURCE, path=path, by="read", reason="missing_blob", components=components)


def derived(relation: Relation = Relation.FINETUNE, inspector: str = "front_matter") -> Derived:
    return Derived(evidence=at(), base="acme/base", relation=relation, inspector=inspector)


def put_together(facts: Sequence[Fact], gaps: Sequence[Gap] = ()) -> Dossier:
    info = SourceInfo(id=SOURCE, kind="git", locator=".", revision="0123", files=3)
    return assemble(
        schema="openassay-dossier/1",
        release="acme/foo",
        sources=(info,),
        facts=tuple(facts),
        gaps=tuple(gaps),
        read_by="openassay test",
    )


def component(
    facts: Sequence[Fact], gaps: Sequence[Gap] = (), id: str = "training_code"
) -> Component:
    return put_together(facts, gaps).component(id)


def status(facts: Sequence[Fact], gaps: Sequence[Gap] = (), id: str = "training_code") -> Status:
    return component(facts, gaps, id).status


# -- the status rule ---------------------------------------------------------------------------

KINDS = {
    "found whole": found(),
    "linked whole": linked(),
    "found in part": found(extent=PART),
    "linked in part": linked(extent=PART),
    "ruled out": ruled_out(),
}


@pytest.mark.parametrize("chosen", list(product((False, True), repeat=6)))
def test_each_combination_of_facts_has_its_status(chosen: tuple[bool, ...]) -> None:
    """Whole find, else whole link, else any part, else a gap that could hide it, else absent."""
    *picks, with_gap = chosen
    facts = [fact for fact, pick in zip(KINDS.values(), picks, strict=True) if pick]
    gaps = [gap("training_code")] if with_gap else []
    found_whole, linked_whole, found_part, linked_part, _ = picks
    if found_whole:
        expected = Status.PRESENT
    elif linked_whole:
        expected = Status.LINKED
    elif found_part or linked_part:
        expected = Status.PARTIAL
    else:
        expected = Status.UNKNOWN if with_gap else Status.ABSENT
    assert status(facts, gaps) is expected


def test_every_component_of_the_vocabulary_is_in_the_dossier_once_and_in_order() -> None:
    assert [part.id for part in put_together([]).components] == IDS
    assert {part.status for part in put_together([]).components} == {Status.ABSENT}


def test_facts_of_one_component_say_nothing_of_another() -> None:
    dossier = put_together([found("training_code")], [gap("datasets")])
    others = {part.id: part.status for part in dossier.components}
    assert others.pop("training_code") is Status.PRESENT
    assert others.pop("datasets") is Status.UNKNOWN
    assert set(others.values()) == {Status.ABSENT}


def test_absence_is_earned() -> None:
    """Only a gap that names the component makes it unknown; it is then what is cited."""
    unread = gap("training_code", path="train.py")
    assert component([], [unread]).because == (unread,)
    assert status([], [gap("datasets"), gap()]) is Status.ABSENT
    assert status([ruled_out()], [unread]) is Status.UNKNOWN


@pytest.mark.parametrize("scope", ["weights", "model_parameters_final"])
def test_weights_with_a_licence_of_their_own_are_not_called_absent(scope: str) -> None:
    """Nobody licenses what is nowhere: that no link was understood is then our ignorance."""
    terms = Licensed(evidence=at("LICENSE_weights"), license="CC-BY-NC-4.0", scope=scope,
                     how=How.TEXT)  # fmt: skip
    final = component([terms], id="model_parameters_final")
    assert final.status is Status.UNKNOWN
    assert final.because == (terms,)
    assert any("where they are was not found" in note for note in final.notes)
    assert status([terms], id="model_parameters_intermediate") is Status.ABSENT
    denied = [terms, ruled_out("model_parameters_final")]
    assert status(denied, id="model_parameters_final") is Status.ABSENT
    code = replace(terms, scope="code")
    assert status([code], id="model_parameters_final") is Status.ABSENT


def test_an_unknown_component_cites_gaps_and_every_other_answer_cites_facts() -> None:
    unread = gap("training_code")
    for fact in (found(), linked(), found(extent=PART)):
        assert component([fact], [unread]).because == (fact,)


def test_the_facts_that_decided_are_cited_first_in_their_order() -> None:
    facts = [found(extent=PART), linked(), found(path="b.py"), found(path="c.py")]
    because = component(facts).because
    assert because[:2] == (facts[2], facts[3])
    assert facts[0] in because
    assert facts[1] in because


def test_what_a_component_cites_is_bounded() -> None:
    many = [found(path=f"{number}.py") for number in range(50)]
    assert component(many).because == tuple(many[:MAX_BECAUSE])
    gaps = [gap("training_code", path=f"{number}.py") for number in range(50)]
    assert len(component([], gaps).because) <= MAX_BECAUSE


def test_a_denial_is_noted_and_does_not_undo_what_was_found() -> None:
    part = component([found(), ruled_out()])
    assert part.status is Status.PRESENT
    assert "It is said not to be released." in part.notes


def test_gates_and_second_homes_are_noted() -> None:
    gate = Gated(evidence=at(), barrier="a form", component="model_parameters_final")
    weights = linked("model_parameters_final")
    assert any("a form" in note for note in component([weights, gate], id=weights.component).notes)
    both = [found("model_parameters_final"), weights]
    assert "It is also linked elsewhere." in component(both, id=weights.component).notes


def test_a_gate_alone_is_no_release() -> None:
    gate = Gated(evidence=at(), barrier="a form", component="model_parameters_final")
    assert status([gate], id="model_parameters_final") is Status.ABSENT


def test_the_dossier_keeps_the_facts_as_they_were_read() -> None:
    """What is read again as something else stays in the dossier as its inspector said it."""
    facts = (derived(), found(extent=PART, aspect="finetune"))
    dossier = put_together(facts)
    assert dossier.facts == facts
    assert dossier.component("training_code").status is Status.PRESENT


# -- readings that need the whole release ------------------------------------------------------


def test_in_a_fine_tune_tuning_code_is_the_training_code() -> None:
    tuning = found(extent=PART, aspect="finetune")
    assert status([tuning]) is Status.PARTIAL  # of a pretrained release
    for relation in (Relation.FINETUNE, Relation.ADAPTER):
        assert status([tuning, derived(relation)]) is Status.PRESENT


@pytest.mark.parametrize("relation", [Relation.MERGE, Relation.QUANTIZED, Relation.DISTILLED])
def test_other_kinds_of_descent_do_not_make_tuning_code_the_training_code(
    relation: Relation,
) -> None:
    assert status([found(extent=PART, aspect="finetune"), derived(relation)]) is Status.PARTIAL


def test_a_release_that_also_pretrains_is_no_fine_tune() -> None:
    facts = [
        derived(),
        found(extent=PART, aspect="finetune"),
        found(extent=PART, aspect="pretrain", path="b.py"),
    ]
    assert status(facts) is Status.PARTIAL


def test_tuning_data_is_the_training_data_of_a_fine_tune_only() -> None:
    for data in (found("fine_tuning_data"), linked("fine_tuning_data")):
        assert status([data], id="datasets") is Status.ABSENT
        assert status([data, derived()], id="datasets") in (Status.PRESENT, Status.LINKED)


def test_tuning_settings_are_the_metadata_of_a_fine_tune_only() -> None:
    settings = found("model_metadata", PART, "finetune_config")
    assert status([settings, derived()], id="model_metadata") is Status.PRESENT
    assert status([settings], id="model_metadata") is Status.ABSENT


def test_a_readme_gives_way_to_a_page_the_release_calls_its_model_card() -> None:
    readme = found("model_card", WHOLE, "readme")
    page = linked("model_card")
    assert status([readme], id="model_card") is Status.PRESENT
    assert status([readme, page], id="model_card") is Status.LINKED


def test_a_file_that_is_a_model_card_does_not_give_way() -> None:
    card = found("model_card", WHOLE, "card", path="MODEL_CARD.md")
    assert status([card, linked("model_card")], id="model_card") is Status.PRESENT


def sizes(component: str, *names: str) -> list[Fact]:
    return [linked(component, aspect=name, url=f"https://hf.co/acme/{name}") for name in names]


@pytest.mark.parametrize(
    ("finals", "inner", "expected"),
    [
        (("7b", "13b"), ("7b",), Status.PARTIAL),  # one of two
        (("7b", "13b"), ("7b", "13b"), Status.LINKED),
        (("7b",), ("7b",), Status.LINKED),
        (("1b", "3b", "7b"), ("1b", "3b"), Status.LINKED),  # most of them
        (("7b", "13b"), ("",), Status.LINKED),  # the size is not said
    ],
)
def test_checkpoints_of_only_some_sizes_are_a_part(
    finals: tuple[str, ...], inner: tuple[str, ...], expected: Status
) -> None:
    facts = sizes("model_parameters_final", *finals)
    facts += sizes("model_parameters_intermediate", *inner)
    assert status(facts, id="model_parameters_intermediate") is expected


def reported(number: int) -> Stated:
    return Stated(evidence=at(), topic="benchmarks", value=str(number))


@pytest.mark.parametrize(
    ("number", "links", "expected"),
    [
        (10, 2, Status.PARTIAL),
        (10, 5, Status.LINKED),
        (3, 1, Status.LINKED),  # too few to tell
        (0, 1, Status.LINKED),
    ],
)
def test_data_of_a_minority_of_the_reported_benchmarks_is_a_part(
    number: int, links: int, expected: Status
) -> None:
    data = [linked("evaluation_data", url=f"https://hf.co/datasets/{n}") for n in range(links)]
    assert status([reported(number), *data], id="evaluation_data") is expected


def test_data_that_code_loads_are_not_counted_against_the_table() -> None:
    data = linked("evaluation_data", inspector="code_loads")
    assert status([reported(10), data], id="evaluation_data") is Status.LINKED


def test_results_that_stand_nowhere_are_in_the_release_s_own_paper() -> None:
    paper = linked("research_paper", aspect="document", url="https://arxiv.org/abs/2309.10305")
    part = component([paper], id="evaluation_results")
    assert part.status is Status.LINKED
    assert isinstance(part.because[0], Linked)
    assert part.because[0].url == paper.url


@pytest.mark.parametrize(
    "paper",
    [
        linked("research_paper", PART, "document"),  # an earlier generation's
        linked("research_paper", WHOLE, "bibtex"),
        linked("technical_report", WHOLE, "document"),
    ],
)
def test_results_are_not_looked_for_in_other_papers(paper: Linked) -> None:
    assert status([paper], id="evaluation_results") is Status.ABSENT


def test_results_that_stand_here_are_not_replaced_by_the_paper() -> None:
    paper = linked("research_paper", aspect="document")
    table = found("evaluation_results", PART)
    assert status([paper, table], id="evaluation_results") is Status.PARTIAL


# -- properties --------------------------------------------------------------------------------

SOME = st.sampled_from(
    ["training_code", "datasets", "model_card", "evaluation_results", "research_paper",
     "model_parameters_final", "model_parameters_intermediate", "fine_tuning_data",
     "model_metadata", "evaluation_data"]
)  # fmt: skip
ASPECTS = st.sampled_from(["", "readme", "finetune", "finetune_config", "document", "7b", "13b"])
EXTENTS = st.sampled_from(Extent)
PATHS = st.sampled_from(["a.py", "b/c.py", "README.md", "data/x.json"])
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(found, SOME, EXTENTS, ASPECTS, PATHS),
    st.builds(linked, SOME, EXTENTS, ASPECTS, st.sampled_from(["https://a.org", "https://b.org"])),
    st.builds(ruled_out, SOME),
    st.builds(derived, st.sampled_from(Relation)),
    st.builds(reported, st.integers(0, 12)),
    st.builds(
        Licensed,
        evidence=st.builds(at, st.sampled_from(["LICENSE", "README.md"])),
        scope=st.sampled_from(["path:", "release", "weights", "data", "path:b/"]),
        license=st.sampled_from(["MIT", "CC-BY-NC-4.0", "LicenseRef-x", "not a ( license"]),
        how=st.sampled_from(How),
        modified=st.booleans(),
    ),
    st.builds(
        Stated,
        evidence=st.builds(at),
        topic=st.sampled_from(["claim", "restriction", "mismatch", "dead_link"]),
        value=st.sampled_from(["open_source", "fully_open", "non_commercial", "release", "other"]),
        subject=st.sampled_from(["release", "weights", "code", "data"]),
    ),
)
GAPS = st.builds(lambda ids: gap(*ids), st.lists(SOME, max_size=3))


@given(st.lists(FACTS, max_size=12), st.lists(GAPS, max_size=3))
def test_any_facts_give_a_dossier_that_can_be_stored(facts: list[Fact], gaps: list[Gap]) -> None:
    dossier = put_together(facts, gaps)
    assert [part.id for part in dossier.components] == IDS
    assert codec.load(codec.dump(dossier)) == dossier
    for part in dossier.components:
        if part.status in (Status.PRESENT, Status.PARTIAL, Status.LINKED):
            assert any(isinstance(item, Fact) for item in part.because)
        elif part.status is Status.UNKNOWN:
            assert any(isinstance(item, Gap | Licensed) for item in part.because)
        if part.status in (Status.ABSENT, Status.UNKNOWN):
            assert part.license is None
        if part.license_open is True:
            assert part.license is not None


@given(st.lists(FACTS, max_size=10), st.lists(GAPS, max_size=2), SOME, ASPECTS, st.randoms())
def test_one_more_whole_find_never_makes_its_component_less_present(
    facts: list[Fact], gaps: list[Gap], id: str, aspect: str, rng: random.Random
) -> None:
    more = list[Fact](facts)
    more.insert(rng.randrange(len(facts) + 1), found(id, WHOLE, aspect, "new.py"))
    before, after = status(facts, gaps, id), status(more, gaps, id)
    assert ORDER.index(after) >= ORDER.index(before)
    if not aspect:
        assert after is Status.PRESENT or id == "fine_tuning_data"  # moved in a fine-tune


@given(st.lists(FACTS, max_size=10), st.lists(GAPS, min_size=1, max_size=2))
def test_a_gap_never_turns_something_into_nothing(facts: list[Fact], gaps: list[Gap]) -> None:
    """Reading less makes absent into unknown and changes no other status."""
    before, after = put_together(facts), put_together(facts, gaps)
    for one, other in zip(before.components, after.components, strict=True):
        if one.status is not other.status:
            assert (one.status, other.status) == (Status.ABSENT, Status.UNKNOWN)


@given(st.lists(FACTS, max_size=10), st.randoms(use_true_random=False))
def test_the_order_of_facts_decides_no_status(facts: list[Fact], rng: random.Random) -> None:
    shuffled = list(facts)
    rng.shuffle(shuffled)
    one, other = put_together(facts), put_together(shuffled)
    assert [part.status for part in one.components] == [part.status for part in other.components]
    assert {claim.holds for claim in one.claims} == {claim.holds for claim in other.claims}


@given(st.lists(FACTS, max_size=8))
def test_a_fact_said_twice_changes_no_status(facts: list[Fact]) -> None:
    one, other = put_together(facts), put_together([*facts, *facts])
    assert [part.status for part in one.components] == [part.status for part in other.components]


class Counted(Found):
    """A find that counts how often it is compared."""

    compared = 0
    __hash__ = Found.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return self is other


def test_many_facts_of_one_component_are_not_compared_with_each_other() -> None:
    number = 300
    facts = [Counted(evidence=at(f"{n}.py"), component="training_code") for n in range(number)]
    Counted.compared = 0
    assert status(facts) is Status.PRESENT
    assert Counted.compared < 20 * number


def test_a_fact_without_evidence_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="without evidence"):
        replace(found(), evidence=())


@pytest.mark.parametrize("base", ["meta-llama/Llama-3.1-8B", "acme/Zebra-7B"])
def test_an_open_label_on_a_restricted_base_opens_nothing(base: str) -> None:
    """Weights made from a restricted model hold its weights: both licences stand, none is open."""
    facts: list[Fact] = [
        linked("model_parameters_final"),
        Licensed(evidence=at(), scope="release", license="Apache-2.0", how=How.FRONT_MATTER),
        replace(derived(), base=base),
    ]
    dossier = put_together(facts)
    weights = dossier.component("model_parameters_final")
    disputes = [c.id for c in dossier.contradictions]
    if base.startswith("meta-llama"):
        assert weights.license == "Apache-2.0 AND LicenseRef-Llama-3.1-Community"
        assert weights.license_open is False
        assert disputes == ["open_label_on_restricted_base"]
    else:
        assert (weights.license, weights.license_open, disputes) == ("Apache-2.0", True, [])


@pytest.mark.parametrize("backed", [True, False])
def test_a_label_without_the_licence_text_is_pointed_out(backed: bool) -> None:
    label = Licensed(evidence=at(), scope="release", license="MIT", how=How.FRONT_MATTER)
    text = Licensed(evidence=at("docs/LICENSE"), scope="path:docs/", license="MIT", how=How.TEXT)
    facts: list[Fact] = [found(path="train.py"), label, *([text] if backed else [])]
    part = put_together(facts).component("training_code")
    assert part.license == "MIT"
    assert ("MIT is only a label: its text is not in the release." in part.notes) is not backed
