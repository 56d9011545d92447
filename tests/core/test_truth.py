"""Do the release's own words hold? Each kind of claim, and each pair that cannot both be true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.truth import base_license, claims, contradictions
from openassay.types import (
    Claim,
    Component,
    Contradiction,
    Digest,
    Evidence,
    Extent,
    Fact,
    Found,
    How,
    Licensed,
    RuledOut,
    Span,
    Stated,
    Status,
    Unit,
)
from openassay.vocabulary import by_id

GIT, HUB = "git:foo@1", "dir:weights@2"
PRESENT, PARTIAL, LINKED = Status.PRESENT, Status.PARTIAL, Status.LINKED
ABSENT, UNKNOWN = Status.ABSENT, Status.UNKNOWN
WEIGHTS = "model_parameters_final"
OPEN, CLOSED, UNTOLD = "MIT", "CC-BY-NC-4.0", None


def at(path: str = "README.md", line: int = 3, source: str = GIT) -> tuple[Evidence, ...]:
    quote = f"words of {path}:{line}"
    return (Evidence(source, path, Span(Unit.LINE, line, line), quote, Digest("sha256", "00")),)


def part(id: str, status: Status = PRESENT, license: str | None = OPEN) -> Component:
    opened = {OPEN: True, CLOSED: False, UNTOLD: None}.get(license)
    there = status not in (ABSENT, UNKNOWN)
    licensed = Licensed(
        evidence=at("LICENSE", 1), scope="weights", license=license or "", how=How.TEXT
    )
    return Component(
        id=id,
        status=status,
        license=license if there else None,
        license_open=opened if there else None,
        licenses=(licensed,) if there and license else (),
    )


def release(*parts: Component) -> Mapping[str, Component]:
    known = {id: Component(id=id, status=ABSENT) for id in by_id()}
    return known | {component.id: component for component in parts}


def claim(value: str, subject: str = "release") -> Stated:
    return Stated(evidence=at(), topic="claim", value=value, subject=subject)


def limit(value: str, subject: str = "release") -> Stated:
    return Stated(evidence=at("README.md", 9), topic="restriction", value=value, subject=subject)


def weighed(
    value: str, *parts: Component, subject: str = "release", limits: Sequence[Stated] = ()
) -> Claim:
    (found,) = claims([claim(value, subject), *limits], release(*parts))
    return found


ALL = ("training_code", "datasets", "data_preprocessing_code", "model_metadata")


# -- claims ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["open_source", "open_weights", "open_license", "open"])
@pytest.mark.parametrize(
    ("weights", "holds"),
    [
        (part(WEIGHTS, PRESENT, OPEN), True),
        (part(WEIGHTS, LINKED, OPEN), True),
        (part(WEIGHTS, PRESENT, CLOSED), False),
        (part(WEIGHTS, PRESENT, UNTOLD), None),
        (part(WEIGHTS, PRESENT, "LicenseRef-acme"), None),
        (part(WEIGHTS, ABSENT), False),
        (part(WEIGHTS, UNKNOWN), None),
    ],
)
def test_a_model_called_open_needs_weights_under_an_open_licence(
    value: str, weights: Component, holds: bool | None
) -> None:
    found = weighed(value, weights)
    assert found.holds is holds
    assert found.because
    assert found.kind == value
    assert found.evidence == at()[0]


def test_the_reason_names_the_part_and_its_licence() -> None:
    (reason,) = weighed("open_source", part(WEIGHTS, PRESENT, CLOSED)).because
    assert by_id()[WEIGHTS].title in reason
    assert CLOSED in reason
    assert "not open" in reason


@pytest.mark.parametrize(
    ("code", "holds"),
    [
        ([part("inference_code")], True),
        ([part("training_code", PARTIAL)], True),
        ([part("inference_code", PRESENT, CLOSED)], False),
        ([part("inference_code"), part("training_code", PRESENT, CLOSED)], False),
        ([part("inference_code"), part("training_code", PRESENT, UNTOLD)], None),
        ([], False),
    ],
)
def test_code_called_open_is_judged_by_the_code(code: list[Component], holds: bool | None) -> None:
    closed_weights = part(WEIGHTS, PRESENT, CLOSED)
    assert weighed("open_source", closed_weights, *code, subject="code").holds is holds


def test_data_called_open_are_judged_by_the_data() -> None:
    weights = part(WEIGHTS, PRESENT, CLOSED)
    assert weighed("open_source", weights, part("datasets"), subject="data").holds is True
    assert weighed("open_source", weights, subject="data").holds is False
    assert weighed("open_source", part("datasets", UNKNOWN), subject="data").holds is None


FULL = (part(WEIGHTS), part("training_code"), part("datasets"))


def test_fully_open_means_weights_code_and_data() -> None:
    assert weighed("fully_open", *FULL).holds is True
    for id in (WEIGHTS, "training_code", "datasets"):
        found = weighed("fully_open", *(p for p in FULL if p.id != id))
        assert found.holds is False
        assert any(by_id()[id].title in reason for reason in found.because)


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        (part("datasets", UNKNOWN), None),
        (part("training_code", PARTIAL), False),
        (part(WEIGHTS, LINKED, CLOSED), False),
        (part(WEIGHTS, LINKED, UNTOLD), None),
        (part("datasets", LINKED), True),
    ],
)
def test_fully_open_fails_on_its_weakest_part(changed: Component, holds: bool | None) -> None:
    assert weighed("fully_open", *FULL, changed).holds is holds


def test_reproducible_needs_code_data_preparation_and_settings() -> None:
    parts = [part(id, license=UNTOLD) for id in ALL]  # a licence is not asked for
    assert weighed("reproducible", *parts).holds is True
    for index in range(len(ALL)):
        assert weighed("reproducible", *parts[:index], *parts[index + 1 :]).holds is False
    unread = [part(id, UNKNOWN) if id == "datasets" else part(id) for id in ALL]
    assert weighed("reproducible", *unread).holds is None


def test_a_part_shown_to_be_missing_outweighs_one_that_was_not_read() -> None:
    parts = [part("training_code"), part("datasets", UNKNOWN), part("model_metadata", ABSENT)]
    assert weighed("reproducible", *parts).holds is False


@pytest.mark.parametrize(
    ("status", "holds"),
    [(PRESENT, True), (LINKED, True), (PARTIAL, False), (ABSENT, False), (UNKNOWN, None)],
)
def test_weights_said_to_be_released_are_there(status: Status, holds: bool | None) -> None:
    assert weighed("release", part(WEIGHTS, status, UNTOLD), subject="weights").holds is holds


def test_a_promise_is_neither_kept_nor_broken() -> None:
    found = weighed("promise", *FULL)
    assert found.holds is None
    assert "come" in found.because[0]


@pytest.mark.parametrize(
    "value", ["non_commercial", "user_cap", "commercial_application", "registration"]
)
def test_free_commercial_use_fails_on_a_condition_that_is_cited(value: str) -> None:
    found = weighed("commercial_use", part(WEIGHTS), limits=[limit(value)])
    assert found.holds is False
    assert "README.md:9" in found.because[0]


def test_free_commercial_use_holds_under_an_open_licence_and_is_open_to_doubt_otherwise() -> None:
    assert weighed("commercial_use", part(WEIGHTS)).holds is True
    assert weighed("commercial_use", part(WEIGHTS, PRESENT, UNTOLD)).holds is None


@pytest.mark.parametrize(
    "value",
    ["commercial_application", "non_commercial", "user_cap", "territory", "field_of_use",
     "no_training", "registration"],
)  # fmt: skip
@pytest.mark.parametrize("subject", ["release", "weights"])
def test_a_limit_in_prose_breaks_a_claim_no_open_licence_bears_out(
    value: str, subject: str
) -> None:
    found = weighed("open_source", part(WEIGHTS, PRESENT, UNTOLD), limits=[limit(value, subject)])
    assert found.holds is False
    assert any("README.md:9" in reason for reason in found.because)


def test_a_limit_on_something_else_does_not_touch_the_weights() -> None:
    limits = [limit("non_commercial", "data"), limit("non_commercial", "code")]
    assert weighed("open_source", part(WEIGHTS, PRESENT, UNTOLD), limits=limits).holds is None


def test_a_revocable_licence_alone_breaks_no_claim() -> None:
    unsure = part(WEIGHTS, PRESENT, UNTOLD)
    assert weighed("open_source", unsure, limits=[limit("revocable")]).holds is None


def test_facts_that_are_no_claims_make_none() -> None:
    facts = [limit("user_cap"), Stated(evidence=at(), topic="tokens", value="2e12")]
    assert claims(facts, release()) == ()


# -- contradictions ----------------------------------------------------------------------------


def tag(license: str, how: How = How.FRONT_MATTER, source: str = GIT) -> Licensed:
    return Licensed(evidence=at("README.md", 2, source), scope="release", license=license, how=how)


def text(license: str, scope: str = "path:", source: str = GIT) -> Licensed:
    return Licensed(evidence=at("LICENSE", 1, source), scope=scope, license=license, how=How.TEXT)


def against(facts: Sequence[Fact], *parts: Component) -> tuple[Contradiction, ...]:
    named = release(*parts)
    return contradictions(facts, named, claims(facts, named))


def ids(facts: Sequence[Fact], *parts: Component) -> list[str]:
    return [found.id for found in against(facts, *parts)]


@pytest.mark.parametrize("how", [How.FRONT_MATTER, How.TAG])
def test_a_tag_against_the_text_at_the_root(how: How) -> None:
    (found,) = against([tag("MIT", how), text("Apache-2.0")])
    assert found.id == "tag_against_text"
    assert "MIT" in found.text
    assert "Apache-2.0" in found.text
    assert [place.path for place in found.evidence] == ["README.md", "LICENSE"]


@pytest.mark.parametrize(
    "facts",
    [
        [tag("MIT"), text("MIT")],
        [tag("MIT OR Apache-2.0"), text("MIT")],
        [tag("MIT"), text("Apache-2.0"), text("MIT", "weights")],  # a dual release
        [tag("MIT"), text("Apache-2.0", source=HUB)],  # another source's root
        [tag("MIT"), text("Apache-2.0", "path:third_party/")],
        [tag("MIT")],
        [text("MIT")],
    ],
)
def test_no_contradiction_where_tag_and_text_can_both_be_true(facts: list[Fact]) -> None:
    assert "tag_against_text" not in ids(facts)


def test_a_claim_against_the_licence_cites_both() -> None:
    (found,) = against([claim("open_source")], part(WEIGHTS, PRESENT, CLOSED))
    assert found.id == "claim_against_license"
    assert CLOSED in found.text
    assert "words of README.md:3" in found.text
    assert [place.path for place in found.evidence] == ["README.md", "LICENSE"]


@pytest.mark.parametrize(
    "weights", [part(WEIGHTS), part(WEIGHTS, PRESENT, UNTOLD), part(WEIGHTS, ABSENT)]
)
def test_no_claim_stands_against_a_licence_that_does_not_forbid_it(weights: Component) -> None:
    assert "claim_against_license" not in ids([claim("open_source")], weights)


def test_a_card_against_the_header_of_the_weights() -> None:
    said = "The card says 7B parameters, the header holds 6.7B."
    places = (*at("README.md"), *at("model.safetensors"))
    mismatch = Stated(evidence=places, topic="mismatch", value=said)
    (found,) = against([mismatch])
    assert (found.id, found.text, found.evidence) == ("card_against_header", said, places)


def test_a_dead_pointer() -> None:
    dead = Stated(evidence=at(), topic="dead_link", value="MODEL_LICENSE")
    (found,) = against([dead])
    assert found.id == "points_to_nothing"
    assert "MODEL_LICENSE" in found.text


def test_dead_pointers_are_bounded_and_each_told_once() -> None:
    dead = [Stated(evidence=at(), topic="dead_link", value=f"{n}.md") for n in range(40)]
    assert 1 < len(against(dead)) < 40
    assert len(against([dead[0], dead[0]])) == 1


def test_said_absent_yet_found_cites_both() -> None:
    denied = RuledOut(evidence=at(), component="training_code", detail="It is not released.")
    there = Found(evidence=at("train.py"), component="training_code")
    (found,) = against([denied, there])
    assert found.id == "said_absent_but_found"
    assert [place.path for place in found.evidence] == ["README.md", "train.py"]
    assert by_id()["training_code"].title in found.text


def test_a_denial_beside_a_part_or_alone_contradicts_nothing() -> None:
    denied = RuledOut(evidence=at(), component="training_code", detail="It is not released.")
    some = Found(evidence=at("sft.py"), component="training_code", extent=Extent.PART)
    other = Found(evidence=at("infer.py"), component="inference_code")
    assert against([denied, some]) == ()
    assert against([denied, other]) == ()
    assert against([denied]) == ()


# -- properties --------------------------------------------------------------------------------

VALUES = ["open_source", "open_weights", "fully_open", "reproducible", "open_license", "release",
          "promise", "commercial_use", "anything else"]  # fmt: skip
PARTS = st.builds(
    part,
    st.sampled_from([WEIGHTS, "inference_code", *ALL]),
    st.sampled_from(Status),
    st.sampled_from([OPEN, CLOSED, UNTOLD]),
)
SUBJECTS = st.sampled_from(["release", "weights", "code", "data"])


@given(st.sampled_from(VALUES), SUBJECTS, st.lists(PARTS, max_size=6))
def test_every_claim_is_weighed_with_a_reason(
    value: str, subject: str, parts: list[Component]
) -> None:
    found = weighed(value, *parts, subject=subject)
    assert found.because
    assert found.subject == subject


@given(st.sampled_from(VALUES), SUBJECTS)
def test_nothing_holds_of_a_release_without_anything(value: str, subject: str) -> None:
    assert weighed(value, subject=subject).holds is not True


@given(st.sampled_from(VALUES), SUBJECTS, st.lists(PARTS, max_size=6))
def test_no_claim_of_openness_holds_where_every_licence_is_restricted(
    value: str, subject: str, parts: list[Component]
) -> None:
    closed = [part(p.id, p.status, CLOSED) for p in parts]
    holds = weighed(value, *closed, subject=subject).holds
    assert holds is not True or value in ("reproducible", "release")


@pytest.mark.parametrize(
    ("base", "restricted"),
    [
        ("meta-llama/Llama-3.1-8B", True),
        ("meta-llama/Meta-Llama-3-8B-Instruct", True),
        ("google/gemma-2b", True),
        ("acme/Zebra-7B", False),
        ("mit-han-lab/thing", False),
        ("apache/x", False),
    ],
)
def test_a_bases_name_carries_its_licence(base: str, restricted: bool) -> None:
    """Hub tags are named after model families; nothing else is read out of a name."""
    assert (base_license(base) is not None) is restricted
