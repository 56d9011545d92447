"""What counts as worse, better, unclear, or only as another licence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay import changes, frameworks, states
from openassay.dossier import parse_json
from openassay.errors import DossierError
from openassay.judge import judge
from openassay.reports import Look, Report
from openassay.reports.json_v1 import document, render
from openassay.types import Change, Direction, Dossier, Status

Make = Callable[..., Dossier]
FRAMEWORKS = {id: frameworks.load(id) for id in ("mof-1.0", "osaid-1.0", "dl-table")}
CODE = "training_code"


def state(dossier: Dossier) -> states.State:
    return states.of_dossier(dossier, [judge(f, dossier) for f in FRAMEWORKS.values()])


def between(old: Dossier, new: Dossier) -> tuple[Change, ...]:
    return changes.between(state(old), state(new), FRAMEWORKS)


def of_code(make: Make, old: tuple[str, Any], new: tuple[str, Any], what: str) -> list[Direction]:
    found = between(make({CODE: old}), make({CODE: new}))
    return [c.direction for c in found if (c.subject, c.what) == (CODE, what)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("present", "absent", Direction.WORSE),
        ("present", "linked", Direction.WORSE),
        ("linked", "partial", Direction.WORSE),
        ("absent", "partial", Direction.BETTER),
        ("partial", "linked", Direction.BETTER),
        ("linked", "present", Direction.BETTER),
        ("present", "unknown", Direction.UNCLEAR),
        ("absent", "unknown", Direction.OTHER),
        ("unknown", "absent", Direction.OTHER),  # it may never have been there
        ("unknown", "present", Direction.OTHER),
    ],
)
def test_status(make: Make, old: str, new: str, expected: Direction) -> None:
    assert of_code(make, (old, None), (new, None), "status") == [expected]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("MIT", "MIT", []),
        ("MIT", "Apache-2.0", [Direction.OTHER]),
        ("MIT", "GPL-3.0-only", [Direction.OTHER]),  # open as well
        ("MIT", "CC-BY-NC-4.0", [Direction.WORSE]),
        ("MIT", "LicenseRef-nobody-knows", [Direction.WORSE]),  # no longer shown to be open
        ("MIT", None, [Direction.WORSE]),
        (None, "MIT", [Direction.BETTER]),
        (None, "CC-BY-NC-4.0", [Direction.OTHER]),
        ("CC-BY-NC-4.0", "MIT", [Direction.BETTER]),
        ("LicenseRef-nobody-knows", "MIT", [Direction.BETTER]),
        ("LicenseRef-nobody-knows", "CC-BY-NC-4.0", [Direction.OTHER]),  # who could tell?
    ],
)
def test_licences(make: Make, old: str | None, new: str | None, expected: list[Direction]) -> None:
    assert of_code(make, ("present", old), ("present", new), "license") == expected


def test_of_two_restricted_licences_the_terms_tell_which_is_stricter(make: Make) -> None:
    llama = "LicenseRef-Llama-3.1-Community"
    found = between(
        make({"model_parameters_final": ("present", llama)}),
        make({"model_parameters_final": ("present", "CC-BY-NC-4.0")}),
    )
    change = next(c for c in found if c.what == "license")
    assert change.direction in (Direction.OTHER, Direction.WORSE)
    again = between(
        make({"model_parameters_final": ("present", "CC-BY-4.0")}),
        make({"model_parameters_final": ("present", "CC-BY-NC-4.0")}),
    )
    assert next(c for c in again if c.what == "license").direction is Direction.WORSE


def test_a_licence_of_what_is_not_there_is_no_change(make: Make) -> None:
    assert of_code(make, ("present", "MIT"), ("absent", None), "license") == []


def test_verdicts_move_only_when_they_must(make: Make) -> None:
    whole = {
        part: ("present", "MIT") for rule in FRAMEWORKS["mof-1.0"].criteria for part in rule.parts
    }
    level = {"mof-1.0": FRAMEWORKS["mof-1.0"]}

    def verdicts(old: dict[str, Any], new: dict[str, Any]) -> list[Direction]:
        found = changes.between(state(make(old)), state(make(new)), level)
        return [c.direction for c in found if c.what == "verdict"]

    card = whole | {"model_card": ("absent", None)}
    unread = whole | {"model_card": ("unknown", None)}
    assert verdicts(whole, card) == [Direction.WORSE]
    assert verdicts(card, whole) == [Direction.BETTER]
    assert verdicts(whole, unread) == [Direction.UNCLEAR]
    assert verdicts(unread, card) == [Direction.OTHER]  # now it is told: it was never better
    assert verdicts(unread, whole) == [Direction.OTHER]
    assert verdicts(whole, whole) == []


def test_new_contradictions_and_false_claims_are_worse(
    make: Make, claim: Callable[..., Any], contradiction: Callable[[str], Any]
) -> None:
    clean = make({}, claims=(claim("Gold is open", True),))
    spoilt = make(
        {},
        claims=(claim("Gold is open", False), claim("Gold is free", False), claim("maybe", None)),
        contradictions=(contradiction("A is B"),),
    )
    worse = between(clean, spoilt)
    assert {c.direction for c in worse} == {Direction.WORSE}
    assert {c.title for c in worse} == {"Gold is open", "Gold is free", "A is B"}
    better = between(spoilt, clean)
    assert {c.direction for c in better} == {Direction.BETTER}
    assert len(better) == 3


def test_a_false_claim_in_other_words_was_false_already(
    make: Make, claim: Callable[..., Any]
) -> None:
    old = make({}, claims=(claim("Gold-7B is a fully open source language model.", False),))
    new = make({}, claims=(claim("Gold-8B is a fully open source large language model!", False),))
    other = make({}, claims=(claim("The data set is free for everybody.", False),))
    assert [c.direction for c in between(old, new)] == [Direction.OTHER]
    assert [c.direction for c in between(old, other)] == [Direction.WORSE, Direction.BETTER]


def test_a_dead_link_to_another_file_is_a_new_one(
    make: Make, contradiction: Callable[[str], Any]
) -> None:
    """Contradictions are all alike but for the name in them, and the name is what counts."""
    old, new = (
        make({}, contradictions=(contradiction(f"The document points to {name}.py, gone."),))
        for name in ("train", "eval")
    )
    assert {c.direction for c in between(old, new)} == {Direction.WORSE, Direction.BETTER}


def test_nothing_changes_between_a_state_and_itself(
    make: Make, claim: Callable[..., Any], contradiction: Callable[[str], Any]
) -> None:
    dossier = make(
        {CODE: ("present", "MIT"), "datasets": ("unknown", None)},
        claims=(claim("x", False), claim("x", False)),
        contradictions=(contradiction("A is B"),),
    )
    assert between(dossier, dossier) == ()


STATUSES = st.sampled_from(list(Status))
LICENSES = st.sampled_from([None, "MIT", "CC-BY-NC-4.0", "LicenseRef-x", "MIT OR Apache-2.0"])
PARTS = st.dictionaries(
    st.sampled_from(["training_code", "datasets", "model_parameters_final"]),
    st.tuples(STATUSES, LICENSES),
)


@given(old=PARTS, new=PARTS)
def test_what_is_worse_one_way_is_better_the_other_way(old: Any, new: Any) -> None:
    """Never worse both ways: a baseline could then neither be kept nor renewed."""
    one, other = states_of(old), states_of(new)
    there = changes.between(one, other, {})
    back = changes.between(other, one, {})
    worse = {(c.what, c.subject) for c in there if c.direction is Direction.WORSE}
    assert not worse & {(c.what, c.subject) for c in back if c.direction is Direction.WORSE}


def states_of(parts: dict[str, tuple[Status, str | None]]) -> states.State:
    rows = {
        id: states.Part(id, status, license, OPEN[license])
        for id, (status, license) in parts.items()
    }
    return states.State("Gold", (), rows, {})


OPEN = {
    None: None,
    "MIT": True,
    "CC-BY-NC-4.0": False,
    "LicenseRef-x": None,
    "MIT OR Apache-2.0": True,
}


# --- states from stored reports


def test_a_report_gives_the_state_that_its_dossier_gives(
    make: Make, claim: Callable[..., Any], contradiction: Callable[[str], Any]
) -> None:
    dossier = make(
        {CODE: ("present", "MIT"), "datasets": ("linked", None)},
        claims=(claim("Gold is open", False),),
        contradictions=(contradiction("A is B"),),
    )
    verdicts = tuple(judge(f, dossier) for f in FRAMEWORKS.values())
    text = render(Report(dossier=dossier, verdicts=verdicts), Look())
    assert states.of_report(parse_json(text)) == states.of_dossier(dossier, verdicts)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("schema",), "openassay/2", "/schema"),
        (("components",), {}, "/components"),
        (("components", 0, "status"), "open", "/components/0/status"),
        (("components", 0, "license"), 7, "/components/0/license"),
        (("components", 0, "license_open"), "yes", "/components/0/license_open"),
        (("verdicts", 0, "floor"), None, "/verdicts/0/floor"),
        (("sources", 0), "x", "/sources/0"),
        (("release",), [], "/release/name"),
    ],
)
def test_a_report_with_a_mistake_is_told_by_its_place(
    make: Make, path: tuple[Any, ...], value: Any, said: str
) -> None:
    dossier = make({CODE: ("present", "MIT")})
    verdicts = (judge(FRAMEWORKS["mof-1.0"], dossier),)
    whole: Any = document(Report(dossier=dossier, verdicts=verdicts))
    at = whole
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with pytest.raises(DossierError, match=said):
        states.of_report(whole)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "status", "evidence", "path", "start"]), inner)
    ),
    max_leaves=8,
)


@given(JSON, JSON, JSON)
def test_any_json_is_a_report_or_a_dossier_error(parts: Any, verdicts: Any, release: Any) -> None:
    whole = {"schema": "openassay/1", "components": parts, "verdicts": verdicts, "sources": []}
    whole |= {"claims": [], "contradictions": [], "release": release}
    with suppress(DossierError):
        states.of_report(whole)
