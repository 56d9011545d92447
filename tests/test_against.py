"""A record held against a release: which claims stand, each rule with its own small scenario."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay import licenses
from openassay.against import compare
from openassay.checked import Asked, Check, Comparison, Standing, finer, totals
from openassay.records import Record, RecordedComponent, read_record
from openassay.types import (
    Component,
    Digest,
    Dossier,
    Evidence,
    Extent,
    Found,
    Gap,
    How,
    Licensed,
    Linked,
    Outcome,
    RuledOut,
    SourceInfo,
    Span,
    Status,
    Unit,
    Visited,
)
from openassay.vocabulary import by_id

SOURCE = "git:https://github.com/acme/foo@0123456789abcdef0123456789abcdef01234567"
TREE = ("LICENSE", "README.md", "data/card.md", "src/train.py")
PAPER = "https://arxiv.org/abs/2401.00001"


def cite(path: str, line: int = 1) -> Evidence:
    return Evidence(SOURCE, path, Span(Unit.LINE, line, line), "quote", Digest("sha256", "0" * 64))


def found(id: str, path: str = "src/train.py", *, part: bool = False) -> Found:
    extent = Extent.PART if part else Extent.WHOLE
    return Found(evidence=(cite(path),), component=id, extent=extent, detail="It trains.")


def linked(id: str, url: str = PAPER, *, part: bool = False) -> Linked:
    extent = Extent.PART if part else Extent.WHOLE
    return Linked(evidence=(cite("README.md", 3),), component=id, url=url, extent=extent)


def licensed(
    name: str, scope: str = "path:", how: How = How.TEXT, *, modified: bool = False
) -> Licensed:
    return Licensed(
        evidence=(cite("LICENSE"),), scope=scope, license=name, how=how, modified=modified
    )


def present(id: str, *stated: Licensed, path: str = "src/train.py") -> Component:
    shown = licenses.display(stated[0].license) if stated else None
    return Component(
        id=id,
        status=Status.PRESENT,
        because=(found(id, path),),
        license=shown,
        licenses=stated,
        license_reason="the licence at the root",
    )


def elsewhere(id: str, url: str = PAPER) -> Component:
    return Component(id=id, status=Status.LINKED, because=(linked(id, url),))


def dossier(*components: Component, gaps: tuple[Gap, ...] = ()) -> Dossier:
    """A release of these components; every other one is absent, which was earned."""
    named = {component.id: component for component in components}
    every = tuple(named.get(id, Component(id=id, status=Status.ABSENT)) for id in by_id())
    facts = [fact for c in components for fact in c.because if not isinstance(fact, Gap)]
    facts += [fact for component in components for fact in component.licenses]
    info = SourceInfo(id=SOURCE, kind="git", locator=".", revision="0", files=len(TREE))
    return Dossier(
        schema="s",
        release="foo",
        sources=(info,),
        facts=tuple(facts),
        components=every,
        gaps=gaps,
    )


def check(
    entry: RecordedComponent, release: Dossier, asked: Asked = Asked.RELEASED, **record: Any
) -> Check:
    """The one check of this kind on the one entry of a record."""
    listings = {SOURCE: TREE}
    made = Record(name="foo", components=(entry,), **record)
    checks = compare(made, release, listings=listings).entries[0].checks
    (one,) = [check for check in checks if check.asked is asked]
    return one


# -------------------------------------------------------------------------------- is it released

HELD = Component(id="training_code", status=Status.PARTIAL, because=(found("training_code"),))


@pytest.mark.parametrize(
    ("component", "standing", "words"),
    [
        (present("training_code"), Standing.SUPPORTED, "It is in the release: It trains."),
        (HELD, Standing.SUPPORTED, "Only part of it is released"),
        (elsewhere("training_code"), Standing.SUPPORTED, "the link was not opened"),
        (
            Component(
                id="training_code",
                status=Status.PARTIAL,
                because=(linked("training_code", part=True),),
            ),
            Standing.SUPPORTED,
            "Only part of it is published elsewhere",
        ),
        (
            Component(id="training_code", status=Status.ABSENT),
            Standing.UNSUPPORTED,
            "Everything that was audited was read",
        ),
        (
            Component(
                id="training_code",
                status=Status.ABSENT,
                because=(
                    RuledOut(
                        evidence=(cite("README.md", 9),),
                        component="training_code",
                        detail="It will be released soon.",
                    ),
                ),
            ),
            Standing.CONTRADICTED,
            "The release itself says that it is not released: It will be released soon.",
        ),
        (
            Component(
                id="training_code",
                status=Status.UNKNOWN,
                because=(Gap(source=SOURCE, path="big.py", by="code", reason="too_large"),),
            ),
            Standing.NOT_CHECKABLE,
            "big.py was not read (too_large) and could hold it.",
        ),
    ],
)
def test_whether_a_component_is_there(component: Component, standing: Standing, words: str) -> None:
    answer = check(RecordedComponent("Training code"), dossier(component))
    assert answer.standing is standing
    assert words in answer.because
    cited = standing in (Standing.SUPPORTED, Standing.CONTRADICTED)
    assert bool(answer.evidence) or not cited
    assert bool(answer.gaps) is (standing is Standing.NOT_CHECKABLE)


def test_absence_rests_on_the_whole_listing() -> None:
    answer = check(RecordedComponent("Training code"), dossier())
    (listing,) = answer.evidence
    assert (listing.path, listing.span) == ("", Span(Unit.LISTING, 0, len(TREE)))


@pytest.mark.parametrize(
    ("component", "standing"),
    [
        (present("model_card"), Standing.CONTRADICTED),
        (Component(id="model_card", status=Status.ABSENT), Standing.SUPPORTED),
        (
            Component(id="model_card", status=Status.PARTIAL, because=(found("model_card"),)),
            Standing.NOT_CHECKABLE,
        ),
    ],
)
def test_absence_typed_into_the_licence_is_a_claim_of_absence(
    component: Component, standing: Standing
) -> None:
    entry = RecordedComponent("Model card", "Component not include", component_path="card.md")
    made = Record(name="foo", components=(entry,))
    (answer,) = compare(made, dossier(component)).entries[0].checks
    assert (answer.asked, answer.standing) == (Asked.WITHHELD, standing)


def test_an_unknown_name_is_not_checkable_and_the_nearest_name_is_told() -> None:
    answer = check(RecordedComponent("Dataset"), dossier(present("datasets")))
    assert answer.standing is Standing.NOT_CHECKABLE
    assert "perhaps 'Datasets' is meant" in answer.because


def test_a_component_that_an_older_dossier_does_not_know_is_not_checkable() -> None:
    made = Record(name="foo", components=(RecordedComponent("Datasets"),))
    bare = Dossier(schema="s", release="foo", sources=())
    assert compare(made, bare).entries[0].standing is Standing.NOT_CHECKABLE


def test_what_only_another_generation_has_is_for_a_person_to_judge() -> None:
    made = Record(name="Foo-1", components=(RecordedComponent("Training code"),))
    newer = dossier(present("training_code"))
    (entry,) = compare(made, dossier(), beside=newer).entries
    assert entry.standing is Standing.NOT_CHECKABLE
    assert "a person has to judge" in entry.checks[0].because


# ------------------------------------------------------------------------------------- licences


@pytest.mark.parametrize(
    ("recorded", "stated", "standing"),
    [
        ("Apache-2.0", (licensed("Apache-2.0"),), Standing.SUPPORTED),
        ("Apache 2.0", (licensed("Apache-2.0"),), Standing.SUPPORTED),
        ("MIT", (licensed("Apache-2.0"),), Standing.CONTRADICTED),
        ("MIT", (licensed("MIT OR Apache-2.0"),), Standing.SUPPORTED),
        ("MIT", (licensed("MIT AND Apache-2.0"),), Standing.NOT_CHECKABLE),
        ("GPL-3.0", (licensed("GPL-3.0-or-later"),), Standing.SUPPORTED),
        ("GPL-3.0-only", (licensed("GPL-3.0-or-later"),), Standing.CONTRADICTED),
        ("Llama 3.1 Community License", (licensed("llama-3.1-license-2024"),), Standing.SUPPORTED),
        ("MIT", (licensed("MIT", modified=True),), Standing.NOT_CHECKABLE),
        ("MIT", (licensed("LicenseRef-Ours"),), Standing.NOT_CHECKABLE),
        ("our own words", (licensed("MIT"),), Standing.NOT_CHECKABLE),
        ("MIT", (licensed("Apache-2.0"), licensed("MIT")), Standing.NOT_CHECKABLE),
        ("", (licensed("MIT"),), Standing.CONTRADICTED),
        ("Undisclosed", (licensed("MIT"),), Standing.CONTRADICTED),
        ("Other License", (licensed("MIT"),), Standing.NOT_CHECKABLE),
        ("", (), Standing.SUPPORTED),
        ("MIT", (), Standing.UNSUPPORTED),
    ],
)
def test_the_recorded_licence_against_the_stated_one(
    recorded: str, stated: tuple[Licensed, ...], standing: Standing
) -> None:
    entry = RecordedComponent("Training code", recorded)
    answer = check(entry, dossier(present("training_code", *stated)), Asked.LICENSE)
    assert answer.standing is standing, answer.because
    assert answer.evidence or standing is Standing.UNSUPPORTED


def test_one_files_header_does_not_speak_for_the_whole_component() -> None:
    header = licensed("MIT", "path:src/train.py", How.HEADER)
    release = dossier(present("training_code", header), present("model_card", licensed("GPL-2.0")))
    other = RecordedComponent("Training code", "Apache-2.0")
    assert check(other, release, Asked.LICENSE).standing is Standing.CONTRADICTED
    root = dossier(present("training_code", header), present("model_card", licensed("Apache-2.0")))
    assert check(other, root, Asked.LICENSE).standing is Standing.NOT_CHECKABLE


def test_a_licence_of_what_is_kept_elsewhere_stands_there() -> None:
    entry = RecordedComponent("Research paper", "CC-BY-4.0")
    answer = check(entry, dossier(elsewhere("research_paper")), Asked.LICENSE)
    assert answer.standing is Standing.NOT_CHECKABLE
    assert PAPER in answer.because


def test_an_entry_about_another_repository_is_not_held_against_the_releases_own_copy() -> None:
    entry = RecordedComponent(
        "Training code", "MIT", component_path="https://github.com/other/trainer"
    )
    release = dossier(present("training_code", licensed("Apache-2.0")))
    assert check(entry, release, Asked.LICENSE).standing is Standing.NOT_CHECKABLE


def test_what_is_not_there_has_no_licence_to_compare() -> None:
    made = Record(name="foo", components=(RecordedComponent("Training code", "MIT"),))
    checks = compare(made, dossier()).entries[0].checks
    assert [one.asked for one in checks] == [Asked.RELEASED]


def test_a_licence_is_inherited_as_the_reference_tool_does() -> None:
    entry, release = (
        RecordedComponent("Training code"),
        dossier(present("training_code", licensed("MIT"))),
    )
    answer = check(
        entry, release, Asked.LICENSE, licenses={"distribution": "Apache-2.0", "code": "MIT"}
    )
    assert (answer.says, answer.standing) == ("MIT (inherited: code)", Standing.SUPPORTED)
    without = compare(Record(name="foo", components=(entry,)), release).entries[0]
    assert [one.asked for one in without.checks] == [Asked.RELEASED]


@pytest.mark.parametrize(
    ("scope", "name", "stated", "standing"),
    [
        ("distribution", "MIT", [licensed("MIT")], Standing.SUPPORTED),
        ("distribution", "MIT", [licensed("Apache-2.0")], Standing.CONTRADICTED),
        ("distribution", "MIT", [], Standing.UNSUPPORTED),
        ("distribution", "MIT", [licensed("MIT", "code")], Standing.NOT_CHECKABLE),
        ("code", "MIT", [licensed("MIT", "code")], Standing.SUPPORTED),
        ("data", "MIT", [licensed("MIT", "weights")], Standing.SUPPORTED),
        (
            "distribution",
            "MIT",
            [licensed("MIT"), licensed("Apache-2.0", "release")],
            Standing.NOT_CHECKABLE,
        ),
        ("distribution", "ours", [licensed("MIT")], Standing.NOT_CHECKABLE),
        ("distribution", "MIT", [licensed("LicenseRef-Ours")], Standing.NOT_CHECKABLE),
    ],
)
def test_a_licence_of_the_release(
    scope: str, name: str, stated: list[Licensed], standing: Standing
) -> None:
    made = Record(name="foo", components=(), licenses={scope: name})
    (answer,) = compare(made, dossier(present("model_card", *stated))).licenses
    assert answer.standing is standing, answer.because


# --------------------------------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("path", "standing", "words"),
    [
        ("src/train.py", Standing.SUPPORTED, "at this place"),
        ("src", Standing.SUPPORTED, "at this place"),
        ("data/card.md", Standing.SUPPORTED, "something at this path"),
        ("docs/train.py", Standing.CONTRADICTED, "src/train.py has the same name"),
        ("docs/none.md", Standing.CONTRADICTED, "nothing at this path."),
        ("../other", Standing.NOT_CHECKABLE, "leads out"),
        ("arxiv license", Standing.NOT_CHECKABLE, "no path and no address"),
        ("https://github.com/acme/foo", Standing.SUPPORTED, "the audited repository"),
        ("https://github.com/Acme/Foo/tree/main/src", Standing.SUPPORTED, "at this place"),
        ("https://github.com/acme/foo/blob/main/x.md", Standing.CONTRADICTED, "nothing"),
        ("https://github.com/acme/bar", Standing.NOT_CHECKABLE, "not looked at"),
        ("other/model", Standing.NOT_CHECKABLE, "not looked at"),
    ],
)
def test_where_a_component_is_said_to_be(path: str, standing: Standing, words: str) -> None:
    entry = RecordedComponent("Training code", component_path=path)
    answer = check(entry, dossier(present("training_code")), Asked.PLACE)
    assert answer.standing is standing
    assert words in answer.because


@pytest.mark.parametrize(
    ("path", "standing"),
    [
        ("http://www.arxiv.org/pdf/2401.00001v2", Standing.SUPPORTED),
        ("https://arxiv.org/abs/2401.99999", Standing.NOT_CHECKABLE),
    ],
)
def test_a_link_of_the_release_supports_an_address(path: str, standing: Standing) -> None:
    entry = RecordedComponent("Research paper", component_path=path)
    answer = check(entry, dossier(elsewhere("research_paper")), Asked.PLACE)
    assert answer.standing is standing


def visit(outcome: Outcome) -> Visited:
    return Visited(
        evidence=(cite("README.md", 3),),
        component="research_paper",
        url=PAPER,
        outcome=outcome,
        detail="It was looked for.",
    )


def test_a_link_that_was_opened_says_so() -> None:
    there = Component(
        id="research_paper",
        status=Status.LINKED,
        because=(linked("research_paper"), visit(Outcome.REACHED)),
    )
    entry = RecordedComponent("Research paper", component_path=PAPER)
    answer = check(entry, dossier(there))
    assert answer.standing is Standing.SUPPORTED
    assert "not opened" not in answer.because
    assert "was opened" in check(entry, dossier(there), Asked.PLACE).because


def test_a_link_to_nothing_supports_nothing() -> None:
    dead = Component(id="research_paper", status=Status.ABSENT, because=(visit(Outcome.MISSING),))
    entry = RecordedComponent("Research paper", component_path=PAPER)
    answer = check(entry, dossier(dead))
    assert answer.standing is Standing.UNSUPPORTED
    assert "nothing where the link leads" in answer.because
    assert check(entry, dossier(dead), Asked.PLACE).standing is Standing.CONTRADICTED


def test_a_stored_dossier_keeps_no_listing() -> None:
    entry = RecordedComponent("Training code", component_path="docs/none.md")
    made = Record(name="foo", components=(entry,))
    _, place = compare(made, dossier(present("training_code"))).entries[0].checks
    assert place.standing is Standing.NOT_CHECKABLE
    assert "a dossier does not keep it" in place.because


def test_a_listing_that_was_cut_contradicts_nothing() -> None:
    entry = RecordedComponent("Training code", component_path="docs/none.md")
    gap = Gap(source=SOURCE, path="docs", by="sources.local", reason="permission_denied")
    answer = check(entry, dossier(present("training_code"), gaps=(gap,)), Asked.PLACE)
    assert answer.standing is Standing.NOT_CHECKABLE


def test_what_is_where_the_record_says_but_not_recognised_is_for_a_person() -> None:
    entry = RecordedComponent("Data card", component_path="data/card.md")
    answer = check(entry, dossier())
    assert answer.standing is Standing.NOT_CHECKABLE
    assert "a person has to look" in answer.because
    away = RecordedComponent("Data card", component_path="https://example.org/card")
    assert check(away, dossier()).standing is Standing.NOT_CHECKABLE
    gone = RecordedComponent("Data card", component_path="docs/gone.md")
    assert check(gone, dossier()).standing is Standing.UNSUPPORTED


def test_a_licences_place_needs_a_licence_there() -> None:
    release = dossier(present("training_code", licensed("MIT")))
    for path, standing in (
        ("LICENSE", Standing.SUPPORTED),
        ("README.md", Standing.NOT_CHECKABLE),
        ("COPYING", Standing.CONTRADICTED),
        ("https://choosealicense.com/licenses/mit/", Standing.NOT_CHECKABLE),
    ):
        entry = RecordedComponent("Training code", "MIT", license_path=path)
        assert check(entry, release, Asked.LICENSE_PLACE).standing is standing


# --------------------------------------------------------------------------- the whole comparison


def whole(record: str, release: Dossier) -> Comparison:
    return compare(read_record(record.encode()), release, listings={SOURCE: TREE})


RECORD = """
release:
  name: Foo-7B
  repository: https://github.com/acme/foo
  huggingface: https://huggingface.co/acme/foo-7b
  license: {distribution: {name: MIT, path: LICENSE}}
  components:
    - {name: Training code}
    - {name: Training code, license: Apache-2.0}
    - {name: Datasets}
    - {name: Research paper}
"""


def test_totals_add_up_and_say_what_they_hide() -> None:
    release = dossier(
        present("training_code", licensed("MIT")),
        elsewhere("research_paper"),
        present("model_card", licensed("MIT"), path="README.md"),
    )
    result = whole(RECORD, release)
    counts = totals((result,))
    assert sum(counts["released"].values()) == 4
    assert counts["released"][Standing.SUPPORTED] == 3
    assert counts["released"][Standing.UNSUPPORTED] == 1
    assert counts["license"][Standing.CONTRADICTED] == 1
    assert [lack.component for lack in result.lacks] == ["model_card"]
    assert result.unread == ("https://huggingface.co/acme/foo-7b",)
    assert (finer((result,)).by_link, finer((result,)).unread) == (1, 1)
    datasets = result.entries[2].checks[0]
    assert "https://huggingface.co/acme/foo-7b, which was not read" in datasets.because


NAMES = st.sampled_from([by_id()[id].title for id in list(by_id())[:17]] + ["Dataset", ""])
WORDS = st.sampled_from(
    ["MIT", "unlicensed", "Component not include", "Undisclosed", "LICENSE", "https://[", "a b",
     "https://github.com/acme/foo/blob/main/LICENSE", "..", "/", "acme/foo", "MIT AND (", "0"]
) | st.text(max_size=30)  # fmt: skip
ENTRIES = st.fixed_dictionaries(
    {"name": NAMES},
    optional={"license": WORDS, "license_path": WORDS, "component_path": WORDS},
)


@given(st.lists(ENTRIES, max_size=4), WORDS, WORDS)
def test_any_record_is_compared_and_every_claim_has_one_standing(
    components: list[dict[str, str]], repository: str, license: str
) -> None:
    value = {
        "release": {
            "name": "m",
            "repository": repository,
            "huggingface": license,
            "license": {"distribution": {"name": license, "path": repository}},
            "components": components,
        }
    }
    release = dossier(present("training_code", licensed("MIT")), elsewhere("research_paper"))
    made = read_record(json.dumps(value).encode())
    for listings in (None, {SOURCE: TREE}):
        result = compare(made, release, listings=listings)
        assert len(result.entries) == len(made.components)
        for one in result.checks():
            assert one.because
            assert one.evidence or one.standing is not Standing.CONTRADICTED
