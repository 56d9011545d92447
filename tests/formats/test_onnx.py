"""ONNX models, written field by field: weights wherever they hide, and wire data that lies."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import onnx
from openassay.formats.bounded import DTYPE_BITS, Fault

Read = Callable[..., Any]


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def part(field: int, payload: bytes | str, lie: int = 0) -> bytes:
    raw = payload.encode() if isinstance(payload, str) else payload
    return varint(field << 3 | 2) + varint(len(raw) + lie) + raw


def pair(key: str, value: str) -> bytes:
    return part(1, key) + part(2, value)


def array(
    name: str, dims: list[int], raw: bytes | None, kind: int = 1, packed: bool = True
) -> bytes:
    """A TensorProto with raw data."""
    sizes = part(1, b"".join(map(varint, dims))) if packed else b"".join(
        number(1, n) for n in dims
    )  # fmt: skip
    data = b"" if raw is None else part(9, raw)
    return sizes + number(2, kind) + part(8, name) + data


def graph(*fields: bytes) -> bytes:
    return b"".join(fields) + part(2, "main")


def model(*fields: bytes, ir: int = 8) -> bytes:
    return number(1, ir) + part(2, "maker") + part(3, "1.0") + b"".join(fields)


def with_arrays(*arrays: bytes) -> bytes:
    return model(part(7, graph(*(part(5, one) for one in arrays))))


def node(operator: str, *attributes: bytes, output: str = "out", domain: str = "") -> bytes:
    fields = part(2, output) + part(4, operator) + (part(7, domain) if domain else b"")
    return part(1, fields + b"".join(part(5, one) for one in attributes))


@given(
    arrays=st.dictionaries(
        st.text("abc/:.", min_size=1, max_size=9),
        st.tuples(
            st.sampled_from([k for k, v in onnx.DTYPES.items() if v != "STRING"]),
            st.lists(st.integers(0, 5), max_size=4),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_round_trip(arrays: dict[str, tuple[int, list[int], bool]], reading: Read) -> None:
    built = []
    for name, (kind, dims, packed) in arrays.items():
        size = -(-math.prod(dims) * DTYPE_BITS[onnx.DTYPES[kind]] // 8)
        built.append(array(name, dims, bytes(size), kind, packed))
    read = reading(onnx.parse, with_arrays(*built))
    assert read.problems == ()
    assert {t.name: (t.dtype, list(t.shape)) for t in read.file.tensors} == {
        name: (onnx.DTYPES[kind], dims) for name, (kind, dims, _) in arrays.items()
    }
    assert read.file.initializers == len(arrays)


def test_what_the_model_says(reading: Read) -> None:
    data = model(
        part(7, graph(node("Relu"), node("Relu"), node("Fused", domain="com.x"))),
        part(8, number(2, 17)),
        part(8, part(1, "com.x") + number(2, 1)),
        part(14, pair("license", "MIT")),
        part(25, part(1, "f") + part(7, part(4, "Add"))),
    )
    file = reading(onnx.parse, data).file
    assert (file.ir_version, file.producer, file.graph) == (8, "maker 1.0", "main")
    assert file.opset == {"": 17, "com.x": 1}
    assert file.operators == {"Relu": 2, "com.x::Fused": 1, "Add": 1}
    assert (file.nodes, file.functions) == (4, 1)
    assert file.metadata == {"license": "MIT"}


def test_weights_hide_in_attributes_and_branches(reading: Read) -> None:
    one = array("", [2], bytes(8))
    constant = node("Constant", part(1, "value") + part(5, one), output="c")
    branch = part(1, "then_branch") + part(6, graph(part(5, array("w", [1], bytes(4)))))
    listed = part(1, "many") + part(10, one) + part(11, graph(constant))
    sparse = part(15, part(1, array("s", [3], bytes(12))) + part(2, array("i", [3], bytes(24), 7)))
    training = part(20, part(1, graph(part(5, array("t", [1], bytes(4))))))
    data = model(part(7, graph(constant, node("If", branch, output="y"), sparse)), training)
    data += part(25, part(7, part(2, "z") + part(4, "X") + part(5, listed)))
    read = reading(onnx.parse, data)
    assert read.problems == ()
    names = [t.name for t in read.file.tensors]
    assert names == ["c.value", "w", "s", "t", "z.many", "c.value"]


def test_arrays_are_passed_over(reading: Read) -> None:
    data = with_arrays(array("big", [1 << 20], bytes(4 << 20)), array("b", [1], b"abcd"))
    read = reading(onnx.parse, data)
    assert read.problems == ()
    assert read.bytes_read < 20_000
    last = read.file.tensors[1]
    assert data[last.start : last.end] == b"abcd"


def test_external_data(reading: Read) -> None:
    where = part(13, pair("location", "w.bin")) + part(13, pair("offset", "64"))
    where += part(13, pair("length", "8")) + number(14, 1)
    read = reading(onnx.parse, with_arrays(array("w", [2], None) + where))
    assert read.problems == ()
    assert read.file.external == (onnx.ExternalData("w", "w.bin", 64, 8),)
    assert read.file.tensors[0].start is None


def outside(location: str, length: str = "8") -> bytes:
    where = part(13, pair("location", location)) + part(13, pair("length", length))
    return array("w", [2], None) + where + number(14, 1)


def nested(depth: int) -> bytes:
    inner = graph(node("Leaf"))
    for _ in range(depth):
        inner = graph(node("If", part(1, "then_branch") + part(6, inner)))
    return inner


def lying(by: int) -> bytes:
    return graph(part(5, array("a", [2], bytes(8)), lie=by))


PROBLEMS = [
    (with_arrays(array("a", [2], bytes(7))), "size-mismatch"),
    (with_arrays(array("a", [2], None)), "size-mismatch"),
    (with_arrays(array("a", [2], None) + part(4, bytes(12))), "size-mismatch"),
    (with_arrays(array("a", [-1], bytes(8))), "bad-shape"),
    (with_arrays(array("a", [1] * 65, bytes(4))), "bad-shape"),
    (with_arrays(array("a", [1] * 9_000, bytes(4))), "bad-shape"),
    (with_arrays(array("a", [2], bytes(8), 99)), "unknown-dtype"),
    (with_arrays(array("a", [2], bytes(8), 0)), "unknown-dtype"),
    (with_arrays(array("a\0", [2], bytes(8))), "odd-name"),
    (with_arrays(*[array("a", [2], bytes(8))] * 2), "duplicate-name"),
    (with_arrays(), "zero-tensors"),
    (with_arrays(outside("../../etc/passwd")), "unsafe-path"),
    (with_arrays(outside("/etc/passwd")), "unsafe-path"),
    (with_arrays(outside("w.bin", "9")), "size-mismatch"),
    (model(part(7, nested(40))), "too-deep"),
    (model(part(14, pair("k", "v" * 70_000))), "cut-short"),
    (model(part(7, lying(100)), part(8, number(2, 17))), "header-length-lies"),
    (model(part(7, lying(2**63)), part(8, number(2, 17))), "header-length-lies"),
    (model(part(7, lying(2**63))), "truncated"),  # nothing follows: a lie looks like a cut
    (model(part(7, part(1, varint(1 << 3 | 3) + varint(1 << 3 | 4)))), "header-malformed"),
    (model(part(7, part(1, b"\xff" * 11))), "header-malformed"),
    (model(part(7, b"\x0e")), "header-malformed"),
    (model(part(7, graph(), lie=50)), "truncated"),
    (model(part(7, graph(part(5, array("a", [2], bytes(8)))))[:-12]), "truncated"),
]


@pytest.mark.parametrize(("data", "fault"), PROBLEMS)
def test_what_is_wrong_is_told(data: bytes, fault: str, reading: Read) -> None:
    read = reading(onnx.parse, data)
    assert read.error is None
    assert read.file.ir_version == 8
    assert fault in read.faults


def test_typed_data_without_a_telling_length(reading: Read) -> None:
    """int32_data are varints: their length says nothing about the elements."""
    read = reading(onnx.parse, with_arrays(array("a", [2], None, 6) + part(5, b"\1\2")))
    assert read.problems == ()
    floats = array("a", [2], None) + (varint(4 << 3 | 5) + bytes(4)) * 2
    assert reading(onnx.parse, with_arrays(floats)).problems == ()


REFUSED = [
    (b"", Fault.NOT_THIS_FORMAT),
    (b"GGUF\3\0\0\0", Fault.NOT_THIS_FORMAT),
    (b"hello, this is a text file\n", Fault.NOT_THIS_FORMAT),
    (part(9, "x"), Fault.NOT_THIS_FORMAT),
    (number(7, 1), Fault.NOT_THIS_FORMAT),
    (part(2, "maker"), Fault.NOT_THIS_FORMAT),
    (b"\x08", Fault.TRUNCATED),
]


@pytest.mark.parametrize(("data", "fault"), REFUSED)
def test_refused(data: bytes, fault: Fault, reading: Read) -> None:
    read = reading(onnx.parse, data)
    assert read.error is not None
    assert read.error.problem is fault


def test_fields_are_bounded(monkeypatch: pytest.MonkeyPatch, reading: Read) -> None:
    monkeypatch.setattr(onnx, "MAX_FIELDS", 1_000)
    assert "read-limit" in reading(onnx.parse, model(part(7, number(99, 1) * 2_000))).faults


SEED = model(
    part(7, graph(part(5, array("w", [2, 2], bytes(16))), node("If", part(6, nested(1))))),
    part(8, number(2, 17)),
    part(14, pair("k", "v")),
)


@pytest.mark.parametrize("length", range(3, len(SEED)))
def test_cut_anywhere(length: int, reading: Read) -> None:
    whole = reading(onnx.parse, SEED).file
    read = reading(onnx.parse, SEED[:length])
    # Between two parts of the top level a cut cannot be seen; then something is missing.
    assert read.faults & {"truncated", "zero-tensors"} or read.file != whole


@given(data=st.data())
def test_mutated(data: st.DataObject, reading: Read, edited: Callable[..., Any]) -> None:
    reading(onnx.parse, data.draw(edited(SEED)))


@given(st.binary(max_size=60))
def test_random_bytes(reading: Read, data: bytes) -> None:
    reading(onnx.parse, number(1, 8) + data)
