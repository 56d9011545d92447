"""The YAML head of a card: each key becomes a fact on its own line, bad YAML becomes a gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import front_matter
from openassay.subject import Subject
from openassay.types import Derived, Found, Gap, Gated, Licensed, Linked, Stated

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
HUB = "https://huggingface.co"
SLOW = pytest.mark.slow
Head = Callable[..., list[Any]]


@pytest.fixture
def read(make_release: Any, run: Any) -> Head:
    """`read(head)`: all facts and gaps of a card with these lines between its --- marks."""

    def tell(head: str, path: str = "README.md") -> list[Any]:
        release = make_release({path: f"---\n{head}\n---\n\n# Foo3\n"}, US)
        found: list[Any] = run(front_matter, release)
        return found

    return tell


def line(fact: Any) -> str:
    return f"{fact.evidence[0].path}:{fact.evidence[0].span.start}"


# -- licence -----------------------------------------------------------------------------------

TAGS = {
    "mit": "MIT",
    "apache-2.0": "Apache-2.0",
    "cc-by-nc-4.0": "CC-BY-NC-4.0",
    "'mit'": "MIT",
}


@pytest.mark.parametrize("tag", TAGS)
def test_a_licence_tag(read: Head, tag: str) -> None:
    (fact,) = read(f"language: en\nlicense: {tag}")
    assert isinstance(fact, Licensed)
    assert (fact.scope, fact.license, line(fact)) == ("release", TAGS[tag], "README.md:3")


def test_other_is_the_name_beside_it(read: Head) -> None:
    (fact,) = read("license: other\nlicense_name: zebra-community-license")
    assert fact.license.startswith("LicenseRef-")
    assert "zebra" in fact.license.lower()
    assert line(fact) == "README.md:3"


def test_an_own_name_never_hides_a_restriction_behind_an_open_tag(read: Head) -> None:
    """Where tag and name disagree the name may be dropped, but never turned into an open licence."""  # noqa: E501
    (fact,) = read("license: other\nlicense_name: mit-like-but-no-commercial-use")
    assert fact.license != "MIT"


@pytest.mark.parametrize("head", ["license: other", "license: unknown", "license: ''", "license:"])
def test_a_tag_that_says_nothing_states_no_licence(read: Head, head: str) -> None:
    assert [f for f in read(head) if isinstance(f, Licensed)] == []


def test_several_tags_are_all_kept(read: Head) -> None:
    told = [(f.license, line(f)) for f in read("license:\n- mit\n- cc-by-4.0")]
    assert told == [("MIT", "README.md:3"), ("CC-BY-4.0", "README.md:4")]


def test_a_link_to_the_licence_text(read: Head) -> None:
    (fact,) = [f for f in read("license: mit\nlicense_link: LICENSE") if isinstance(f, Stated)]
    assert (fact.topic, fact.value, line(fact)) == ("license_pointer", "LICENSE", "README.md:3")


# -- lineage -----------------------------------------------------------------------------------


def test_a_base_model_makes_a_tune(read: Head) -> None:
    facts = read("base_model: zebra/ZebraLM-7B")
    (derived,) = [f for f in facts if isinstance(f, Derived)]
    assert (derived.base, derived.relation, line(derived)) == (
        "zebra/ZebraLM-7B",
        "finetune",
        "README.md:2",
    )
    (base,) = [f for f in facts if isinstance(f, Linked)]
    assert (base.component, base.url) == ("base_model_parameters", f"{HUB}/zebra/ZebraLM-7B")


@pytest.mark.parametrize("relation", ["quantized", "adapter", "merge", "finetune"])
def test_a_stated_relation_is_kept(read: Head, relation: str) -> None:
    facts = read(f"base_model: zebra/ZebraLM-7B\nbase_model_relation: {relation}")
    assert [f.relation for f in facts if isinstance(f, Derived)] == [relation]


def test_two_bases_are_a_merge(read: Head) -> None:
    facts = read("base_model:\n- zebra/ZebraLM-7B\n- otter/OtterLM-7B")
    told = [(f.relation, line(f)) for f in facts if isinstance(f, Derived)]
    assert told == [("merge", "README.md:3"), ("merge", "README.md:4")]


# -- data, results, gates ----------------------------------------------------------------------


def test_named_data_sets_are_linked(read: Head) -> None:
    """Public sets that the release names as what it used (rule 3)."""
    facts = read("license: mit\ndatasets:\n- acme/FooCorpus\n- zebra/ZebraWeb")
    told = [f"{f.component} {f.extent} {line(f)} {f.url}" for f in facts if isinstance(f, Linked)]
    assert told == [
        f"datasets whole README.md:4 {HUB}/datasets/acme/FooCorpus",
        f"datasets whole README.md:5 {HUB}/datasets/zebra/ZebraWeb",
    ]


INDEX = """model-index:
- name: Foo3
  results:
  - task: {type: text-generation}
    metrics:
    - {type: accuracy, value: 71.2}"""


def test_a_model_index_holds_results(read: Head) -> None:
    (fact,) = read(INDEX)
    assert isinstance(fact, Found)
    assert (fact.component, fact.extent) == ("evaluation_results", "whole")
    assert fact.evidence[0].span.start in (4, 5)


@pytest.mark.parametrize(
    "head",
    [
        "model-index:\n- name: Foo3\n  results: []",
        "model-index:\n- name: Foo3",
        "model-index: soon",
        "model-index:\n- 3",
    ],
)
def test_an_empty_model_index_holds_none(read: Head, head: str) -> None:
    assert read(head) == []


def test_a_model_index_without_a_number_is_no_result(read: Head) -> None:
    """Results are numbers (rule 13); a task without metrics is a heading."""
    head = "model-index:\n- name: Foo3\n  results:\n  - task: {type: text-generation}"
    assert [f for f in read(head) if isinstance(f, Found)] == []


@pytest.mark.parametrize("key", ["extra_gated_prompt: Agree.", "extra_gated_fields: {Name: text}"])
def test_a_form_on_the_hub_is_a_gate(read: Head, key: str) -> None:
    (fact,) = read(f"language: en\n{key}")
    assert isinstance(fact, Gated)
    assert line(fact) == "README.md:3"


# -- heads that are none, or bad ---------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["# Foo3\n\nlicense: mit\n", "", "# Foo3\n\n---\nlicense: mit\n---\n", "---\nlicense: mit\n"],
)
def test_without_a_head_there_is_nothing(make_release: Any, run: Any, text: str) -> None:
    assert run(front_matter, make_release({"README.md": text}, US)) == []


@pytest.mark.parametrize("head", ["- mit\n- gpl", "just text", "42", "~", ""])
def test_a_head_that_is_no_mapping_states_nothing(read: Head, head: str) -> None:
    assert [f for f in read(head) if not isinstance(f, Gap)] == []


@pytest.mark.parametrize("path", ["third_party/x/README.md", "Foo2/README.md", "docs/notes.md"])
def test_heads_of_other_documents_are_not_read(read: Head, path: str) -> None:
    assert read("license: mit", path) == []


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "\n".join(
    f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
BAD = {
    "broken YAML": "license: [mit",
    "a tab": "license:\n\t- mit",
    "an object to build": "license: !!python/object/apply:os.getcwd []",
    "billion laughs": f"{BOMB}\nlicense: *i",
    "merge keys": "a: &a {x: 1}\nb:\n  <<: [*a, *a, {<<: *a}]\nc: &c\n  <<: *c",
    "an alias to itself": "license: &l [*l]",
    "an unknown alias": "license: *nowhere",
    "deep nesting": "license: " + "[" * 900 + "]" * 900,
    "deep mappings": "{a: " * 900 + "1" + "}" * 900,
    "control characters": "license: \x01\x02\x1b[31m",
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_head_is_a_gap_and_never_a_crash(read: Head, case: str) -> None:
    (gap,) = read(BAD[case])
    assert isinstance(gap, Gap)
    assert (gap.path, gap.by, gap.reason) == ("README.md", "front_matter", "bad_front_matter")


STRANGE = {
    "a number": "license: 3",
    "a date": "license: 2024-01-01",
    "a mapping": "license: {name: mit}",
    "nothing": "license: null",
    "mixed": "license: [3, null, [mit], {a: b}]\ndatasets: {a: b}\nbase_model: 7",
    "a huge list": "datasets: [" + "a/b, " * 20_000 + "c/d]",
    "a huge scalar": "license: " + "m" * 19_000,
    "keys that are no text": "3: 4\nnull: x\n[1, 2]: y",
}


@pytest.mark.parametrize("case", STRANGE)
def test_strange_values_do_no_harm(read: Head, case: str) -> None:
    facts = read(STRANGE[case])
    assert len(facts) <= 201
    assert all(f.evidence for f in facts if not isinstance(f, Gap))
    assert [f for f in facts if isinstance(f, Licensed) and f.license == "MIT"] == []


# -- anything at all ---------------------------------------------------------------------------


def _all_cited(make_release: Any, run: Any, text: str) -> int:
    release = make_release({"README.md": text}, US)
    (file,) = release.files
    facts = run(front_matter, release)
    for fact in facts:
        for cited in () if isinstance(fact, Gap) else fact.evidence:
            assert 1 <= int(cited.span.start) <= int(cited.span.end) <= max(1, len(file.lines))
    return len(facts)


HOSTILE = {
    "100k lines": "---\n" + "datasets: x\n" * 100_000 + "---\n",
    "100k lines below": "---\nlicense: mit\n---\n" + "plain text\n" * 100_000,
    "one endless line": "---\nlicense: [" + "mit, " * 100_000 + "]\n---\n",
    "never closed": "---\nlicense: mit\n" + "```\n" * 999,
    "empty lines before": "\n\n\n---\nlicense: mit\n---\n",
    "only marks": "---\n" * 5000,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_documents(make_release: Any, run: Any, case: str) -> None:
    assert _all_cited(make_release, run, HOSTILE[case]) <= 201


def test_empty_lines_before_the_head_do_not_shift_the_lines(make_release: Any, run: Any) -> None:
    text = "\n\n---\nlanguage: en\nlicense: mit\n---\n"
    (fact,) = run(front_matter, make_release({"README.md": text}, US))
    assert line(fact) == "README.md:5"


PIECES = st.sampled_from(
    [
        "license: mit",
        "license: other",
        "license_name: x",
        "datasets:",
        "- acme/x",
        "base_model: zebra/z",
        "---",
        "extra_gated_prompt: |",
        "  text",
        INDEX,
        "a: &a [1]",
        "b: *a",
        "<<: *a",
        "? x",
        "!!binary =",
        "{",
        "]",
        '"',
    ]
)
YAML = st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=20).map("\n".join)


@given(YAML)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_head_is_cited_where_it_stands(make_release: Any, run: Any, head: str) -> None:
    _all_cited(make_release, run, f"---\n{head}\n---\n\n# Foo3\n")
