"""Which licence governs a component: the ranks in their order, and who inherits what."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.governance import Governed, govern
from openassay.types import (
    Digest,
    Evidence,
    Fact,
    Found,
    How,
    Licensed,
    Linked,
    Span,
    Status,
    Unit,
)
from openassay.vocabulary import by_id

CODE, OTHER = "git:code@1", "git:weights@2"
PRESENT, LINKED = Status.PRESENT, Status.LINKED
RESTRICTED = "CC-BY-NC-4.0"


def at(path: str, source: str = CODE, unit: Unit = Unit.LINE) -> tuple[Evidence, ...]:
    return (Evidence(source, path, Span(unit, 1, 1), "q", Digest("sha256", "00")),)


def found(path: str, component: str = "training_code", source: str = CODE) -> Found:
    return Found(evidence=at(path, source), component=component)


def linked(component: str = "model_parameters_final") -> Linked:
    return Linked(evidence=at("README.md"), component=component, url="https://hf.co/acme/foo")


def says(
    scope: str,
    license: str,
    how: How = How.TEXT,
    *,
    modified: bool = False,
    source: str = CODE,
    path: str = "LICENSE",
) -> Licensed:
    return Licensed(
        evidence=at(path, source), scope=scope, license=license, how=how, modified=modified
    )


def governed(
    stated: Sequence[Licensed],
    deciding: Sequence[Fact] = (found("src/train.py"),),
    component: str = "training_code",
    status: Status = PRESENT,
) -> Governed:
    return govern(by_id()[component], status, deciding, stated)


# -- the ranks ---------------------------------------------------------------------------------

#: Best first, each with a licence of its own, for a tracked src/train.py.
RANKS = [
    says("path:src/train.py", "ISC", How.HEADER),
    says("training_code", "Zlib"),
    says("code", "MIT", path="LICENSE-CODE"),
    says("path:src/", "BSD-2-Clause", path="src/LICENSE"),
    says("code", "BSD-3-Clause", How.PROSE),
    says("path:", "Apache-2.0"),
    says("release", "MPL-2.0", How.FRONT_MATTER),
    says("release", "EPL-2.0", How.PROSE),
    says("release", "0BSD", How.TAG),
]


@pytest.mark.parametrize("rank", range(len(RANKS)))
def test_the_nearest_statement_governs(rank: int) -> None:
    """Header, component, kind's file, folder, sentence on the kind, root, card, sentence, tag."""
    answer = governed(list(reversed(RANKS[rank:])))
    assert answer.license == RANKS[rank].license
    assert answer.all[0] == RANKS[rank]
    assert answer.open is True
    assert answer.reason


def test_where_nothing_is_stated_there_is_no_licence_but_a_reason() -> None:
    answer = governed([])
    assert (answer.license, answer.open, answer.all) == (None, None, ())
    assert "no licence" in answer.reason


@pytest.mark.parametrize("status", [Status.ABSENT, Status.UNKNOWN])
def test_what_is_not_there_has_no_licence(status: Status) -> None:
    assert governed([says("path:", "MIT")], (), status=status) == Governed(None, None, "", ())


def test_the_deepest_folder_governs() -> None:
    stated = [says("path:src/", "MIT"), says("path:src/lib/", "Apache-2.0")]
    assert governed(stated, [found("src/lib/a.py")]).license == "Apache-2.0"
    assert governed(stated, [found("src/a.py")]).license == "MIT"
    assert governed(stated, [found("a.py")]).license is None


def test_a_folder_governs_only_what_lies_in_it() -> None:
    assert governed([says("path:src/", "MIT")], [found("src2/a.py")]).license is None
    assert governed([says("path:src/a", "MIT")], [found("src/a.py")]).license is None


def test_another_kind_s_licence_does_not_count() -> None:
    stated = [says("weights", RESTRICTED), says("data", "CC-BY-4.0"), says("path:", "MIT")]
    assert governed(stated).license == "MIT"
    weights = [found("model.safetensors", "model_parameters_final")]
    assert governed(stated, weights, "model_parameters_final").license == RESTRICTED
    data = [found("data/train.jsonl", "datasets")]
    assert governed(stated, data, "datasets").license == "CC-BY-4.0"


def test_a_data_licence_is_about_data_sets_and_not_about_settings_and_logs() -> None:
    stated = [says("data", "CC-BY-4.0"), says("path:", "MIT")]
    for component in ("model_metadata", "training_logs"):
        assert governed(stated, [found("x.json", component)], component).license == "MIT"
    sets = [found("eval.jsonl", "evaluation_data")]
    assert governed(stated, sets, "evaluation_data").license == "CC-BY-4.0"


def test_a_sentence_that_repeats_the_root_text_gives_way_to_it() -> None:
    root = says("path:", "Apache-2.0")
    answer = governed([says("code", "Apache-2.0", How.PROSE), root])
    assert answer.all[0] == root


def test_a_sentence_that_takes_a_kind_out_of_the_root_licence_governs() -> None:
    stated = [says("path:", "Apache-2.0"), says("weights", RESTRICTED, How.PROSE)]
    weights = [found("model.safetensors", "model_parameters_final")]
    answer = governed(stated, weights, "model_parameters_final")
    assert (answer.license, answer.open) == (RESTRICTED, False)


def test_a_file_s_licence_does_not_reach_into_another_source() -> None:
    """Code here, weights there: the root licence of one is nothing to the other."""
    stated = [says("path:", "MIT", source=CODE), says("path:model.safetensors", "ISC", source=CODE)]
    weights = [found("model.safetensors", "model_parameters_final", OTHER)]
    assert governed(stated, weights, "model_parameters_final").license is None


# -- what lives elsewhere ----------------------------------------------------------------------

INHERITED = [
    says("path:", "Apache-2.0"),
    says("path:src/", "Apache-2.0"),
    says("code", "Apache-2.0"),
    says("release", "Apache-2.0", How.PROSE),
    says("release", "Apache-2.0", How.TAG),
]


@pytest.mark.parametrize("component", ["model_parameters_final", "datasets", "training_code"])
def test_what_is_only_linked_inherits_nothing(component: str) -> None:
    answer = governed(INHERITED, [linked(component)], component, LINKED)
    assert (answer.license, answer.open) == (None, None)
    assert "elsewhere" in answer.reason


@pytest.mark.parametrize(
    "stated",
    [
        says("model_parameters_final", RESTRICTED, How.PROSE),
        says("weights", RESTRICTED),
        says("weights", RESTRICTED, How.PDF),
        says("weights", RESTRICTED, How.PROSE),
        says("release", RESTRICTED, How.FRONT_MATTER),  # the card of these weights
    ],
)
def test_a_statement_about_linked_weights_counts(stated: Licensed) -> None:
    answer = governed([*INHERITED, stated], [linked()], "model_parameters_final", LINKED)
    assert (answer.license, answer.open) == (RESTRICTED, False)


def test_a_card_s_tag_says_nothing_of_linked_data() -> None:
    tag = says("release", "MIT", How.FRONT_MATTER)
    assert governed([tag], [linked("datasets")], "datasets", LINKED).license is None


@pytest.mark.parametrize(
    ("component", "stated"),
    [
        ("base_model_parameters", says("release", RESTRICTED, How.FRONT_MATTER)),
        ("base_model_parameters", says("weights", "MIT")),
        ("base_model_datasets", says("data", "CC-BY-4.0", How.PROSE)),
    ],
)
def test_a_base_model_inherits_nothing(component: str, stated: Licensed) -> None:
    assert governed([stated], [linked(component)], component, LINKED).license is None


def test_what_is_tracked_in_part_and_linked_in_whole_is_governed_as_linked() -> None:
    """Only the facts that decided the status count."""
    answer = governed([says("path:", "MIT")], [linked()], "model_parameters_final", LINKED)
    assert answer.license is None


# -- several statements, several artefacts -----------------------------------------------------


@pytest.mark.parametrize("turn", [1, -1])
def test_among_equals_the_strictest_governs_and_all_are_kept(turn: int) -> None:
    stated = [says("path:", "MIT"), says("path:", RESTRICTED), says("path:", "Apache-2.0")][::turn]
    answer = governed(stated)
    assert (answer.license, answer.open) == (RESTRICTED, False)
    assert set(answer.all) == set(stated)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_licence_nobody_knows_is_stricter_than_an_open_one(turn: int) -> None:
    stated = [says("path:", "MIT"), says("path:", "LicenseRef-acme")][::turn]
    assert governed(stated).open is None


def test_of_licences_that_grant_alike_the_one_most_artefacts_share_governs() -> None:
    stated = [says("path:a/", "MIT"), says("path:b/", "Apache-2.0")]
    deciding = [found("b/1.py"), found("a/1.py"), found("a/2.py")]
    assert governed(stated, deciding).license == "MIT"


def test_one_restricted_artefact_governs_however_many_are_open() -> None:
    stated = [says("path:", "MIT"), says("path:b/", RESTRICTED)]
    deciding = [*(found(f"{number}.py") for number in range(9)), found("b/x.py")]
    answer = governed(stated, deciding)
    assert (answer.license, answer.open) == (RESTRICTED, False)


@pytest.mark.parametrize("open_ones", [1, 9])
def test_one_artefact_under_an_unknown_licence_leaves_it_undecided(open_ones: int) -> None:
    """Of several artefacts the one that grants least governs, however many grant more."""
    stated = [says("path:", "MIT"), says("path:b.py", "LicenseRef-acme")]
    deciding = [*(found(f"{number}.py") for number in range(open_ones)), found("b.py")]
    answer = governed(stated, deciding)
    assert (answer.license, answer.open) == ("LicenseRef-acme", None)


@pytest.mark.parametrize("license", ["MIT", "Apache-2.0", RESTRICTED])
def test_a_modified_licence_is_never_open(license: str) -> None:
    assert governed([says("path:", license, modified=True)]).open is not True


@pytest.mark.parametrize("turn", [1, -1])
def test_a_modified_text_is_stricter_than_the_plain_one(turn: int) -> None:
    stated = [says("path:", "MIT"), says("path:", "MIT", modified=True)][::turn]
    answer = governed(stated)
    assert answer.open is not True
    assert answer.all[0].modified


def test_a_modified_restricted_artefact_governs_open_ones() -> None:
    stated = [says("path:", "MIT"), says("path:b.py", RESTRICTED, modified=True)]
    answer = governed(stated, [found("a.py"), found("c.py"), found("b.py")])
    assert answer.open is False


@pytest.mark.parametrize("license", ["", "not a ( license", "MIT AND", "LicenseRef-", "((((("])
def test_a_broken_expression_is_shown_as_it_stands_and_never_open(license: str) -> None:
    answer = governed([says("path:", license)])
    assert answer.license == license
    assert answer.open is None


def test_an_or_is_as_open_as_its_better_half_an_and_as_its_worse() -> None:
    assert governed([says("path:", f"MIT OR {RESTRICTED}")]).open is True
    assert governed([says("path:", f"MIT AND {RESTRICTED}")]).open is False


def test_an_artefact_cited_by_its_listing_is_governed_as_its_folder() -> None:
    listing = Found(evidence=at("data", unit=Unit.LISTING), component="datasets")
    stated = [says("path:data/", "CC-BY-4.0"), says("path:", "MIT")]
    assert governed(stated, [listing], "datasets").license == "CC-BY-4.0"
    root = Found(evidence=at("", unit=Unit.LISTING), component="datasets")
    assert governed(stated, [root], "datasets").license == "MIT"


# -- files that a document names ---------------------------------------------------------------

NAMED = says("path:src/net.py", RESTRICTED, How.PROSE, path="README.md")
ROOT = says("path:", "MIT")


def test_named_files_stand_beside_the_rest_of_their_component() -> None:
    answer = governed([ROOT, NAMED], [found("src/net.py"), found("src/train.py")])
    assert (answer.license, answer.open) == (f"MIT AND {RESTRICTED}", False)
    assert answer.apart == (NAMED,)
    assert answer.all == (ROOT, NAMED)
    alone = governed([ROOT, NAMED], [found("src/net.py")])
    assert (alone.license, alone.open) == (RESTRICTED, False)
    others = governed([ROOT, NAMED], [found("src/train.py")])
    assert (others.license, others.open, others.apart) == ("MIT", True, ())


def test_named_files_under_an_open_licence_change_nothing() -> None:
    named = says("path:src/net.py", "BSD-3-Clause", How.PROSE, path="README.md")
    places = [found("src/net.py"), found("src/train.py"), found("src/a.py")]
    assert governed([ROOT, named], places).license == "MIT"


def test_named_folders_reach_what_lies_below() -> None:
    folder = says("path:src/", RESTRICTED, How.PROSE, path="README.md")
    answer = governed([says("code", "MIT", path="LICENSE-CODE"), folder], [found("src/a.py")])
    assert answer.open is False  # nearer than a licence for all code


def test_of_a_choice_and_a_restriction_both_are_shown() -> None:
    places = [found("src/net.py"), found("src/train.py")]
    answer = governed([says("path:", "MIT OR Apache-2.0"), NAMED], places)
    assert answer.license == f"(MIT OR Apache-2.0) AND {RESTRICTED}"


def test_named_files_that_no_component_shows_count_for_code_alone() -> None:
    code = govern(by_id()["training_code"], PRESENT, [found("a.py")], [ROOT, NAMED], [NAMED])
    card = govern(by_id()["model_card"], PRESENT, [found("b.md")], [ROOT, NAMED], [NAMED])
    assert (code.open, card.open) == (False, True)


SCOPES = ["path:", "path:src/", "path:src/train.py", "code", "weights", "release", "training_code"]
STATED = st.builds(
    says,
    st.sampled_from(SCOPES),
    st.sampled_from(["MIT", "Apache-2.0", RESTRICTED, "LicenseRef-x", "bad ("]),
    st.sampled_from(How),
    modified=st.booleans(),
    source=st.sampled_from([CODE, OTHER]),
)


@given(
    st.lists(STATED, max_size=6), st.lists(st.sampled_from(["src/train.py", "a.py"]), max_size=3)
)
def test_what_governs_was_stated_and_open_is_never_guessed(
    stated: list[Licensed], paths: list[str]
) -> None:
    answer = governed(stated, [found(path) for path in paths])
    assert set(answer.all) <= set(stated)
    if answer.license is None:
        assert answer.open is None
    elif answer.apart:  # of files that a document names: beside what governs the rest, never open
        assert {fact.license for fact in answer.apart} <= set(answer.license.split(" AND "))
        assert answer.open is not True
    else:
        assert answer.license == answer.all[0].license
    if answer.open is True:
        assert not answer.all[0].modified
        assert answer.license in ("MIT", "Apache-2.0")


@given(st.lists(STATED, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_statements_does_not_decide_openness(
    stated: list[Licensed], rng: random.Random
) -> None:
    other = rng.sample(stated, len(stated))
    assert governed(stated).open is governed(other).open
