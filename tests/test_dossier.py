"""The dossier file: what goes in comes out, bytes are stable, a bent file names its place."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from openassay import canonical, kinship, types
from openassay import dossier as codec
from openassay.errors import DossierError

SCHEMA_FILE = Path(str(files("openassay.reports"))) / "schema" / "openassay-dossier-1.schema.json"

# Lone surrogates stand for bytes of file names that are not UTF-8.
texts = st.text(st.characters(), max_size=12)
evidences = st.builds(
    types.Evidence,
    source=texts,
    path=texts,
    span=st.builds(
        types.Span,
        unit=st.sampled_from(types.Unit),
        start=st.integers() | texts,
        end=st.integers() | texts,
    ),
    quote=texts,
    digest=st.builds(types.Digest, texts, texts),
    link=st.none() | texts,
)


def tuples(items: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, min_size=least, max_size=3).map(tuple)


OWN: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    NoneType: st.none(),
    types.Evidence: evidences,
}


def made(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a declared type."""
    if kind in OWN:
        return OWN[kind]
    if isinstance(kind, UnionType):
        return st.one_of([made(one) for one in get_args(kind)])
    if get_origin(kind) is tuple:
        return tuples(made(get_args(kind)[0]))
    if issubclass(kind, StrEnum):
        return st.sampled_from(kind)
    return st.builds(kind, **{name: made(hint) for name, hint in get_type_hints(kind).items()})


def _facts() -> st.SearchStrategy[types.Fact]:
    return st.one_of(
        [
            st.builds(
                kind,
                evidence=tuples(evidences, 1),
                **{name: made(h) for name, h in get_type_hints(kind).items() if name != "evidence"},
            )
            for kind in codec.FACTS.values()
        ]
    )


facts = _facts()
gaps = st.builds(
    types.Gap,
    source=texts,
    path=texts,
    by=texts,
    reason=texts,
    detail=texts,
    components=tuples(texts),
)
components = st.builds(
    types.Component,
    id=texts,
    status=st.sampled_from(types.Status),
    because=tuples(facts | gaps),
    license=st.none() | texts,
    license_open=st.none() | st.booleans(),
    license_reason=texts,
    licenses=tuples(facts.filter(lambda fact: isinstance(fact, types.Licensed))),
    notes=tuples(texts),
)
claims = st.builds(
    types.Claim,
    kind=texts,
    subject=texts,
    evidence=evidences,
    holds=st.none() | st.booleans(),
    because=tuples(texts),
)
dossiers = st.builds(
    types.Dossier,
    schema=st.just(codec.SCHEMA),
    release=texts,
    sources=tuples(
        st.builds(
            types.SourceInfo,
            id=texts,
            kind=texts,
            locator=texts,
            revision=texts,
            files=st.integers(),
        )
    ),
    facts=tuples(facts),
    gaps=tuples(gaps),
    components=tuples(components),
    claims=tuples(claims),
    contradictions=tuples(
        st.builds(types.Contradiction, id=texts, text=texts, evidence=tuples(evidences, 1))
    ),
    read_by=texts,
)

EVIDENCE = types.Evidence(
    "dir:x@1", "a.py", types.Span(types.Unit.LINE, 1, 2), "q", types.Digest("sha256", "ab")
)
FOUND = types.Found(evidence=(EVIDENCE,), component="datasets")
SMALL = types.Dossier(
    schema=codec.SCHEMA,
    release="r",
    sources=(types.SourceInfo(id="dir:x@1", kind="dir", locator="x", revision="1", files=1),),
    facts=(FOUND,),
    components=(types.Component(id="datasets", status=types.Status.PRESENT, because=(FOUND,)),),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(dossiers)
def test_round_trip(dossier: types.Dossier) -> None:
    text = codec.dump(dossier)
    assert codec.load(text) == dossier
    assert codec.load(text.encode("utf-8")) == dossier
    assert codec.dump(codec.load(text)) == text


def test_every_kind_of_fact_has_a_tag() -> None:
    assert set(codec.FACTS.values()) == {*get_args(types.AnyFact), *get_args(kinship.KinFact)}


def test_keys_are_sorted_and_the_text_ends_in_a_line_feed() -> None:
    text = codec.dump(SMALL)
    assert text.endswith("}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_chinese_stays_readable_and_what_acts_is_escaped() -> None:
    text = canonical.dump_json(["完全开源", "\x1b\x9b\u202e\udcff\U000e0041"])
    assert "完全开源" in text
    assert "\\u001b\\u009b\\u202e\\udcff\\udb40\\udc41" in text
    assert json.loads(text)[1] == "\x1b\x9b\u202e\udcff\U000e0041"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(st.characters()),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_canonical_json_loses_nothing(value: object) -> None:
    text = canonical.dump_json(value)
    assert json.loads(text.encode("utf-8")) == value


def bend(path: str, value: object) -> str:
    """The small dossier as text, with one value put in place (or taken out: ``...``)."""
    document = json.loads(codec.dump(SMALL))
    *steps, last = [int(step) if step.isdigit() else step for step in path.strip("/").split("/")]
    inside: Any = document
    for step in steps:
        inside = inside[step]
    if value is ...:
        del inside[last]
    else:
        inside[last] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("/components/0/status", "presnt", "/components/0/status: wanted one of present"),
        ("/components/0/license_open", "yes", "/components/0/license_open: wanted true or false"),
        ("/facts/0/fact", "gossip", "/facts/0/fact: wanted one of compared"),
        ("/facts/0/fact", ..., "/facts/0/fact: wanted one of compared"),
        ("/facts/0/evidence", [], "/facts/0: Found without evidence"),
        ("/facts/0/evidence/0/span/start", None, "/facts/0/evidence/0/span/start: wanted int or"),
        ("/facts/0/evidence/0/quote", 3, "/facts/0/evidence/0/quote: wanted a string, found 3"),
        ("/facts/0/component", ..., "/facts/0/component: missing from a Found"),
        ("/facts/0/colour", "red", "/facts/0/colour: a Found has no such field"),
        ("/sources/0/files", True, "/sources/0/files: wanted a whole number, found true"),
        ("/sources/0/files", 1.5, "/sources/0/files: wanted a whole number, found 1.5"),
        ("/gaps", {}, "/gaps: wanted a list"),
        ("/gaps", [1], "/gaps/0: wanted an object"),
        ("/schema", "openassay-dossier/9", "/schema: this is not an openassay-dossier/1 file"),
    ],
)
def test_a_bent_file_names_the_place(path: str, value: object, said: str) -> None:
    with pytest.raises(DossierError) as caught:
        codec.load(bend(path, value))
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid JSON"),
        ("[1, 2]", "/schema"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ("[NaN]", "NaN is not JSON"),
        ("[" + "9" * 5000 + "]", "not valid JSON"),
        (b"\xff\xfe\xfa", "not valid JSON"),
    ],
)
def test_hostile_files(text: str | bytes, said: str) -> None:
    with pytest.raises(DossierError, match=said):
        codec.load(text)


def test_a_file_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MAX_BYTES", 10)
    with pytest.raises(DossierError, match="larger than"):
        codec.load(codec.dump(SMALL))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_any_other_json_is_refused_cleanly(value: object) -> None:
    document = json.loads(codec.dump(SMALL)) | {"facts": value}
    try:
        loaded = codec.load(json.dumps(document))
    except DossierError:
        return
    assert loaded.facts == ()  # an empty list is the only other value that fits


def test_evidence_of_the_sources_is_given_once_and_outsiders_are_left_out() -> None:
    outside = types.Found(
        evidence=(types.Evidence("hf:y@1", "b", EVIDENCE.span, "", EVIDENCE.digest),),
        component="datasets",
    )
    dossier = types.Dossier(
        schema=codec.SCHEMA, release="r", sources=SMALL.sources, facts=(FOUND, FOUND, outside)
    )
    assert codec.evidence_of(dossier) == (EVIDENCE,)


# --- the published schema follows from the types


def schema_of(kind: Any, defs: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a declared type; dataclasses go to ``defs``."""
    plain = {str: "string", int: "integer", bool: "boolean", float: "number", NoneType: "null"}
    if kind in plain:
        return {"type": plain[kind]}
    if isinstance(kind, UnionType):
        return {"anyOf": [schema_of(one, defs) for one in get_args(kind)]}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": schema_of(get_args(kind)[0], defs)}
    if kind is types.Fact:
        return {"oneOf": [schema_of(one, defs) for one in codec.FACTS.values()]}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [member.value for member in kind]}
    assert is_dataclass(kind)
    assert isinstance(kind, type)
    if kind.__name__ not in defs:
        defs[kind.__name__] = {}
        defs[kind.__name__] = object_schema(kind, defs)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def object_schema(kind: type, defs: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    properties = {field.name: schema_of(hints[field.name], defs) for field in fields(kind)}
    required = [field.name for field in fields(kind) if field.default is MISSING]
    for tag, fact in codec.FACTS.items():
        if fact is kind:
            properties["fact"] = {"const": tag}
            properties["evidence"]["minItems"] = 1
            required.append("fact")
    if kind is types.Dossier:
        properties["schema"] = {"const": codec.SCHEMA}
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    defs: dict[str, Any] = {}
    body = object_schema(types.Dossier, defs)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:openassay:schema:openassay-dossier-1",
        "title": "OpenAssay dossier, openassay-dossier/1",
        "description": "Everything that was read about one release; written by `openassay read`.",
    }
    return {**head, **body, "$defs": dict(sorted(defs.items()))}


def test_the_schema_file_is_what_the_types_say(schema: dict[str, Any], golden: Any) -> None:
    golden(SCHEMA_FILE, json.dumps(schema, indent=2) + "\n")


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(dossiers)
def test_every_dossier_keeps_the_schema(dossier: types.Dossier) -> None:
    published = json.loads(SCHEMA_FILE.read_text("utf-8"))
    Draft202012Validator(published).validate(json.loads(codec.dump(dossier)))
