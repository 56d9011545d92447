"""Who a release is about: names taken apart, generations told from siblings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.subject import ModelName, Place, Subject, Whose, parse_name


@pytest.mark.parametrize(
    ("name", "family", "version"),
    [
        ("acme/Foo2-7B-Chat", "foo", (2,)),
        ("foo3_1", "foo", (3, 1)),
        ("foo2_5-20b-chat", "foo", (2, 5)),
        ("Foo-7B", "foo", ()),  # a size is not a version
        ("Foo-1_8B-Chat", "foo", ()),  # nor is one spelled with an underscore
        ("Foo-1.4b-deduped", "foo", ()),
        ("Foo-V3", "foo", (3,)),
        ("foo-k2", "foo", (2,)),  # letter and number: a generation
        ("foo_3_2", "foo", (3,)),
        ("Open-Foo-v2.0", "openfoo", (2,)),
        ("Foo 2.5", "foo", (2, 5)),
    ],
)
def test_a_name_is_family_version_and_rest(
    name: str, family: str, version: tuple[int, ...]
) -> None:
    parsed = parse_name(name)
    assert parsed is not None
    assert (parsed.family, parsed.version) == (family, version)


def test_a_number_alone_names_nothing() -> None:
    assert parse_name("7B") is None
    assert parse_name("///") is None


@given(st.text(max_size=200))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    parsed = parse_name(text)
    assert parsed is None or (isinstance(parsed, ModelName) and parsed.family != "")


FOO3 = Subject(("Foo3-3B",), frozenset({"acme"}), ("acme/FooVLM-Instruct",))


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("acme/Foo3-3B-Base", Whose.OWN),
        ("acme/Foo2-1.7B", Whose.SIBLING),  # an older generation
        ("acme/FooVLM-Instruct", Whose.SIBLING),  # another model of the house
        ("acme/Anything-7B", Whose.SIBLING),
        ("other/Bar-7B", Whose.OTHER),
    ],
)
def test_whose_a_model_is(name: str, whose: Whose) -> None:
    assert FOO3.whose(name) is whose


def test_without_a_version_every_generation_is_own() -> None:
    assert Subject(("Foo",)).whose("acme/Foo2-7B") is Whose.OWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the Foo3 paper", {Whose.OWN}),
        ("the foo family", {Whose.OWN}),
        ("[Foo2 paper]", {Whose.SIBLING}),
        ("FooVLM demo", {Whose.SIBLING}),
        ("Foo3 against Foo2", {Whose.OWN, Whose.SIBLING}),
        ("Foo3-3B has 3.2B parameters", {Whose.OWN}),
        ("nothing of it", set()),
    ],
)
def test_models_named_in_a_text(text: str, expected: set[Whose]) -> None:
    assert FOO3.mentioned(text) == expected


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("train.py", Place.OWN),
        ("third_party/lib/model.py", Place.VENDORED),
        ("src/vendor/x.py", Place.VENDORED),
        ("tests/data/train.jsonl", Place.FIXTURE),
        ("pkg/test_model.py", Place.FIXTURE),
        ("models/foo2/model.py", Place.SIBLING),
        ("models/foo3/model.py", Place.OWN),
        ("foovlm/train.py", Place.SIBLING),
    ],
)
def test_what_a_path_is_part_of(path: str, place: Place) -> None:
    assert FOO3.place(path) is place
