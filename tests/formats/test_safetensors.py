"""safetensors headers: round trips, every finding, and files that lie."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import safetensors
from openassay.formats.bounded import DTYPE_BITS, MAX_TENSORS, Fault, Findings, FormatError

Read = Callable[..., Any]


def file_of(header: dict[str, Any] | str | bytes, data: bytes = b"", lie: int = 0) -> bytes:
    """A safetensors file; `lie` is added to the header length it states."""
    text = header if isinstance(header, str | bytes) else json.dumps(header)
    raw = text if isinstance(text, bytes) else text.encode()
    return (len(raw) + lie).to_bytes(8, "little") + raw + data


def entry(start: int, end: int, dtype: str = "F32", shape: Any = None) -> dict[str, Any]:
    shape = [(end - start) // 4] if shape is None else shape
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def whole_bytes(dtype: str, shape: list[int]) -> list[int]:
    """The shape with a last dimension that makes sub-byte elements fill whole bytes."""
    return shape if DTYPE_BITS[dtype] % 8 == 0 else [*shape, 4]


arrays = st.dictionaries(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=30),
    st.tuples(st.sampled_from(sorted(safetensors.DTYPES)), st.lists(st.integers(0, 5), max_size=4)),
    min_size=1,
    max_size=6,
).filter(lambda d: "__metadata__" not in d)


@given(arrays=arrays, metadata=st.dictionaries(st.text(max_size=10), st.text(max_size=10)))
def test_round_trip(
    arrays: dict[str, tuple[str, list[int]]], metadata: dict[str, str], reading: Read
) -> None:
    header: dict[str, Any] = {"__metadata__": metadata}
    at = 0
    for name, (dtype, shape) in arrays.items():
        shape = whole_bytes(dtype, shape)
        size = math.prod(shape) * DTYPE_BITS[dtype] // 8
        header[name] = entry(at, at + size, dtype, shape)
        at += size
    data = file_of(header, bytes(at))
    read = reading(safetensors.parse, data)
    assert read.problems == ()
    assert {t.name: (t.dtype, list(t.shape)) for t in read.file.tensors} == {
        name: (dtype, whole_bytes(dtype, shape)) for name, (dtype, shape) in arrays.items()
    }
    assert dict(read.file.metadata) == metadata
    assert sum(t.nbytes for t in read.file.tensors) == at
    assert read.bytes_read == len(data) - at  # not one byte of the arrays


def test_absolute_ranges_and_sizes(reading: Read) -> None:
    data = file_of({"a": entry(0, 8, shape=[2, 1]), "s": entry(8, 12, shape=[])}, bytes(12))
    first, scalar = reading(safetensors.parse, data).file.tensors
    assert (first.start, first.end, first.parameters) == (len(data) - 12, len(data) - 4, 2)
    assert (scalar.parameters, scalar.nbytes) == (1, 4)


PROBLEMS = [
    ({"a": entry(0, 8)}, 7, "truncated"),
    ({"a": entry(0, 8)}, 9, "trailing-bytes"),
    ({"a": entry(0, 8), "b": entry(4, 12)}, 12, "overlapping"),
    ({"a": entry(0, 8), "b": entry(0, 8)}, 8, "overlapping"),
    ({"a": entry(4, 8)}, 8, "hole"),
    ({"a": entry(0, 8, shape=[3])}, 8, "size-mismatch"),
    ({"a": entry(0, 1, "F4", [3])}, 1, "size-mismatch"),
    ({"a": entry(0, 8, "F7")}, 8, "unknown-dtype"),
    ({"a": entry(0, 8, shape=[2**40, 2**40])}, 8, "bad-shape"),
    ({"a": entry(0, 8, shape=[-2])}, 8, "bad-entry"),
    ({"a": entry(0, 8, shape=[2.0])}, 8, "bad-entry"),
    ({"a": entry(0, 8, shape=[True, 2])}, 8, "bad-entry"),
    ({"a": entry(8, 0, shape=[2])}, 8, "bad-entry"),
    ({"a": entry(0, 2**64)}, 8, "bad-entry"),
    ({"a": entry(0, 8), "b": 3}, 8, "bad-entry"),
    ({"a": entry(0, 0, shape=[0] * 65)}, 0, "bad-entry"),
    ({"a\0": entry(0, 8)}, 8, "odd-name"),
    ({"": entry(0, 8)}, 8, "odd-name"),
    ({"x" * 1025: entry(0, 8)}, 8, "odd-name"),
    ({"\ud800": entry(0, 8)}, 8, "odd-name"),
    ({}, 0, "zero-tensors"),
    ({"a": entry(0, 8), "__metadata__": {"k": 1}}, 8, "bad-metadata"),
    ({"a": entry(0, 8), "__metadata__": "k"}, 8, "bad-metadata"),
    (f'{{"a":{json.dumps(entry(0, 4))},"a":{json.dumps(entry(0, 8))}}}', 8, "duplicate-name"),
    ('{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8, "field-twice"),
    ({"a": {**entry(0, 8), "more": 1}}, 8, "unknown-field"),
    (" " + json.dumps({"a": entry(0, 8)}), 8, "header-malformed"),
]


@pytest.mark.parametrize(("header", "size", "fault"), PROBLEMS)
def test_what_is_wrong_is_told_and_the_rest_still_read(
    header: dict[str, Any] | str, size: int, fault: str, reading: Read
) -> None:
    read = reading(safetensors.parse, file_of(header, bytes(size)))
    assert read.error is None
    assert fault in read.faults


E = json.dumps(entry(0, 4))
# Duplicates are told by counting colons first; none of these may hide one behind other colons.
HIDDEN = [
    f'{{"a":{E},"b":{{"x":1,"y":2,"z":3}},"a":{E}}}',
    f'{{"a":{E},"a":{E},"b":[1,2]}}',
    f'{{"a":{E},"a":{E},"b":[1,2,3,4]}}',
    f'{{"a":{E},"a":{E},"b":"four"}}',
    f'{{"a:":{E},"a:":{E}}}',
    f'{{"a\\u003a":{E},"a:":{E}}}',
    f'{{"__metadata__":{{"k":":::","k":"\\u003a\\u003a"}},"a":{E}}}',
    f'{{"__metadata__":{{"k":"1"}},"a":{E},"__metadata__":{{"k":"1"}}}}',
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":{"x":1,"x":1}}}',
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":{"x":{},"x":{"y":{}}}}}',
]


@pytest.mark.parametrize("header", HIDDEN)
def test_no_duplicate_hides_behind_colons(header: str, reading: Read) -> None:
    found = reading(safetensors.parse, file_of(header, bytes(4))).faults
    assert found & {"duplicate-name", "field-twice"}


names = st.text('ab:\\"\u003a', max_size=3)
members = st.recursive(
    st.one_of(names, st.integers(0, 9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(st.tuples(names, inner))),
    max_leaves=12,
)


def written(value: Any) -> str:
    """JSON that keeps members of the same name; lists of pairs are objects."""
    if isinstance(value, list):
        if value and all(isinstance(one, tuple) for one in value):
            rows = (f"{json.dumps(name)}:{written(one)}" for name, one in value)
            return "{" + ",".join(rows) + "}"
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


@given(st.lists(st.tuples(names, members), min_size=1, max_size=4))
def test_duplicates_are_found_wherever_they_stand(pairs: list[tuple[str, Any]]) -> None:
    """Against a reader that looks at the names of every object."""
    text = written(pairs)
    twice = False

    def look(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        twice |= len(dict(found)) < len(found)
        return dict(found)

    wanted = json.loads(text, object_pairs_hook=look)
    findings = Findings()
    assert safetensors._load(text, findings, 0) == wanted
    assert findings.has(Fault.DUPLICATE_NAME) == twice


def test_what_is_wrong_with_one_tensor_is_told_of_each(reading: Read) -> None:
    """Sound shapes are remembered; others are looked at again, and 1 is not True or 1.0."""
    good = {f"g{n}": entry(4 * n, 4 * n + 4, shape=[1]) for n in range(3)}
    bad = {
        "h0": entry(12, 20, shape=[1]), "h1": entry(20, 28, shape=[1]),
        "h2": entry(28, 32, shape=[True]), "h3": entry(32, 36, shape=[1.0]),
        "h4": entry(36, 40, "F7", [1]), "h5": entry(40, 44, "F7", [1]),
    }  # fmt: skip
    read = reading(safetensors.parse, file_of(good | bad, bytes(44)))
    told = [problem.id for problem in read.file.problems]
    assert told.count(Fault.SIZE_MISMATCH) == 2
    assert told.count(Fault.BAD_ENTRY) == 2
    assert told.count(Fault.UNKNOWN_DTYPE) == 2


def test_tensors_in_any_order_cover_the_file(reading: Read) -> None:
    rows = {"e": entry(8, 8, shape=[0]), "b": entry(8, 12), "a": entry(0, 8)}
    assert reading(safetensors.parse, file_of(rows, bytes(12))).faults == set()
    del rows["a"]
    assert reading(safetensors.parse, file_of(rows, bytes(12))).faults == {"hole"}


def test_a_sound_file_has_no_problem(reading: Read) -> None:
    read = reading(safetensors.parse, file_of({"a": entry(0, 8)}, bytes(8)))
    assert read.faults == set()


REFUSED = [
    (b"", Fault.TRUNCATED),
    (b"\x05\0\0\0", Fault.TRUNCATED),
    ((2**63).to_bytes(8, "little"), Fault.HEADER_TOO_LARGE),
    ((2**64 - 1).to_bytes(8, "little") + b"{}", Fault.HEADER_TOO_LARGE),
    ((100_000_001).to_bytes(8, "little") + b"{}", Fault.HEADER_TOO_LARGE),
    (file_of({"a": entry(0, 0)}, lie=1), Fault.HEADER_LENGTH_LIES),
    (file_of({"a": entry(0, 8)}, bytes(8), lie=1), Fault.HEADER_MALFORMED),
    (file_of({"a": entry(0, 8)}, bytes(8), lie=-1), Fault.HEADER_MALFORMED),
    (file_of('{"a":' * 50_000), Fault.TOO_DEEP),
    (file_of('{"a":' + "[" * 50_000), Fault.TOO_DEEP),
    (file_of("[]"), Fault.NOT_THIS_FORMAT),
    (file_of(""), Fault.NOT_THIS_FORMAT),
    (file_of("<html>"), Fault.NOT_THIS_FORMAT),
    (file_of(b'{"\xff":1}'), Fault.HEADER_MALFORMED),
    (file_of('{"a":NaN}'), Fault.HEADER_MALFORMED),
    (file_of('{"a":' + "9" * 5_000 + "}"), Fault.HEADER_MALFORMED),
    (file_of("{" + "[],[]," * 700_000), Fault.HEADER_MALFORMED),
]


@pytest.mark.parametrize(("data", "fault"), REFUSED)
def test_refused(data: bytes, fault: Fault, reading: Read) -> None:
    read = reading(safetensors.parse, data)
    assert read.error is not None
    assert read.error.problem is fault


@pytest.mark.slow
def test_one_tensor_too_many(reading: Read) -> None:
    one = json.dumps(entry(0, 0))
    body = ",".join(f'"{n}":{one}' for n in range(MAX_TENSORS + 1))
    read = reading(safetensors.parse, file_of("{" + body + "}"))
    assert read.faults == {"too-many-tensors"}


def test_problems_are_bounded(reading: Read) -> None:
    header = {str(n): 3 for n in range(5_000)}
    problems = reading(safetensors.parse, file_of(header)).problems
    assert len(problems) == 101
    assert problems[-1].id is Fault.MORE_PROBLEMS


SEED = file_of({"__metadata__": {"format": "pt"}, "a": entry(0, 8), "b": entry(8, 12)}, bytes(12))


@pytest.mark.parametrize("length", range(len(SEED)))
def test_cut_anywhere(length: int, reading: Read) -> None:
    read = reading(safetensors.parse, SEED[:length])
    assert read.faults & {"truncated", "header-length-lies"}


@given(data=st.data())
def test_mutated(data: st.DataObject, reading: Read, edited: Callable[..., Any]) -> None:
    reading(safetensors.parse, data.draw(edited(SEED)))


@given(st.binary(max_size=64))
def test_random_bytes(reading: Read, data: bytes) -> None:
    reading(safetensors.parse, data)


def test_a_source_shorter_than_its_size() -> None:
    with pytest.raises(FormatError) as caught:
        safetensors.parse(lambda at, n: SEED[at : min(at + n, 20)], len(SEED))
    assert caught.value.problem is Fault.TRUNCATED
    assert caught.value.offset == 20


def test_a_source_that_gives_more_than_asked(reading: Read) -> None:
    file = safetensors.parse(lambda at, _: SEED[at:], len(SEED))
    assert file == reading(safetensors.parse, SEED).file


# --- the index of a sharded checkpoint


def index_of(weight_map: Any, total: Any = 100) -> str:
    return json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map})


def test_index() -> None:
    shards = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    index = safetensors.parse_index(index_of({"a": shards[0], "b": shards[1], "c": shards[0]}))
    assert index.shards == shards
    assert index.weight_map["c"] == shards[0]
    assert index.total_size == 100
    assert index.problems == ()


INDEXES = [
    (index_of({"a": "m-00001-of-00003.bin", "b": "m-00003-of-00003.bin"}), "shard-missing"),
    (index_of({"a": "m-00001-of-00002.bin", "b": "other.bin"}), "shard-names-disagree"),
    (index_of({"a": "m-00001-of-00002.bin", "b": "m-00002-of-00003.bin"}), "shard-names-disagree"),
    (index_of({"a": "m-00003-of-00002.bin"}), "shard-names-disagree"),
    (index_of({"a": "../m.bin"}), "unsafe-path"),
    (index_of({"a": "C:\\m.bin"}), "unsafe-path"),
    (index_of({"a": 1, "b": "m.bin"}), "bad-entry"),
    (index_of({}), "zero-tensors"),
    (index_of({"a": "m.bin"}, total="many"), "bad-metadata"),
    (index_of({"a": "m.bin"}, total=-1), "bad-metadata"),
    ('{"weight_map":{"a":"m.bin","a":"n.bin"}}', "duplicate-name"),
]


@pytest.mark.parametrize(("text", "fault"), INDEXES)
def test_index_problems(text: str, fault: str) -> None:
    assert fault in {p.id for p in safetensors.parse_index(text).problems}


def test_index_total_size_as_float() -> None:
    assert safetensors.parse_index(index_of({"a": "m.bin"}, total=100.0)).total_size == 100


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map":[]}', '{"a":' * 20_000])
def test_index_refused(text: str) -> None:
    with pytest.raises(FormatError):
        safetensors.parse_index(text)


@given(st.text(max_size=50) | st.recursive(st.none(), st.lists).map(json.dumps))
def test_index_of_anything(text: str) -> None:
    with contextlib.suppress(FormatError):
        safetensors.parse_index(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("model-00001-of-00005.safetensors", ("model", 1, 5, ".safetensors")),
        ("pytorch_model-00010-of-00033.bin", ("pytorch_model", 10, 33, ".bin")),
        ("Some-7B.Q4_K_M-00002-of-00003.gguf", ("Some-7B.Q4_K_M", 2, 3, ".gguf")),
        ("model.safetensors", None),
        ("model-of-00005.safetensors", None),
        ("x" * 5_000, None),
    ],
)
def test_shard_names(name: str, expected: tuple[str, int, int, str] | None) -> None:
    found = safetensors.parse_shard_name(name)
    assert (found and (found.stem, found.number, found.count, found.suffix)) == expected
