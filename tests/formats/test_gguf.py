"""GGUF headers: three versions, both byte orders, large tokenizers, and files that lie."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import gguf
from openassay.formats.bounded import MAX_TENSORS, Fault

Read = Callable[..., Any]
U8, I8, U16, I16, U32, I32, F32, BOOL, TEXT, ARRAY, U64, I64, F64 = range(13)
CODES = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B"} | {
    U64: "Q",
    I64: "q",
    F64: "d",
}


class Writer:
    """Just enough of a GGUF writer, in any version and byte order."""

    def __init__(self, version: int = 3, big: bool = False) -> None:
        self.version = version
        self.order = ">" if big else "<"

    def number(self, code: str, value: float) -> bytes:
        return struct.pack(self.order + code, value)

    def count(self, value: int) -> bytes:
        return self.number("I" if self.version == 1 else "Q", value)

    def text(self, value: str | bytes) -> bytes:
        raw = value.encode() if isinstance(value, str) else value
        return self.count(len(raw)) + raw

    def key(self, key: str, kind: int, value: Any) -> bytes:
        return self.text(key) + self.number("I", kind) + self.value(kind, value)

    def value(self, kind: int, value: Any) -> bytes:
        if kind == TEXT:
            return self.text(value)
        if kind == ARRAY:
            element, items = value
            body = b"".join(self.value(element, item) for item in items)
            return self.number("I", element) + self.count(len(items)) + body
        return self.number(CODES[kind], value)

    def tensor(self, name: str, dims: list[int], kind: int, offset: int) -> bytes:
        """`dims` innermost first, as the file has them."""
        sizes = b"".join(self.count(n) for n in dims)
        head = self.text(name) + self.number("I", len(dims)) + sizes
        return head + self.number("I", kind) + self.number("Q", offset)

    def file(
        self,
        keys: list[bytes],
        tensors: list[bytes],
        data: bytes = b"",
        counts: tuple[int, int] | None = None,
        align: int = 32,
    ) -> bytes:
        n_tensors, n_keys = counts or (len(tensors), len(keys))
        head = b"GGUF" + self.number("I", self.version)
        head += self.count(n_tensors) + self.count(n_keys) + b"".join(keys) + b"".join(tensors)
        return head + bytes(-len(head) % align) + data


W = Writer()
ONE = [W.tensor("a", [8], 0, 0)]  # one tensor of 32 bytes


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("big", [False, True])
def test_versions_and_byte_orders(version: int, big: bool, reading: Read) -> None:
    w = Writer(version, big)
    keys = [
        w.key("general.architecture", TEXT, "llama"),
        w.key("general.file_type", U32, 15),
        w.key("llama.rope.freq_base", F32, 10000.0),
        w.key("general.tags", ARRAY, (TEXT, ["a", "中文"])),
        w.key("flag", BOOL, 1),
        w.key("small", I8, -3),
        w.key("large", I64, -(2**40)),
    ]
    tensors = [w.tensor("x", [256, 3], 12, 0), w.tensor("y", [5], 30, 448)]
    data = w.file(keys, tensors, bytes(448 + 10))
    read = reading(gguf.parse, data)
    assert read.problems == ()
    file = read.file
    assert (file.version, file.big_endian) == (version, big)
    assert (file.architecture, file.file_type) == ("llama", "Q4_K_M")
    assert file.metadata["llama.rope.freq_base"] == 10000.0
    assert file.metadata["general.tags"] == gguf.GgufArray("STRING", 2, ("a", "中文"))
    assert file.metadata["flag"] is True
    assert (file.metadata["small"], file.metadata["large"]) == (-3, -(2**40))
    first, second = file.tensors
    assert (first.dtype, first.shape, first.nbytes) == ("Q4_K", (3, 256), 3 * 144)
    assert (second.dtype, second.shape, second.end) == ("BF16", (5,), len(data))
    assert first.start == file.data_start


scalars = st.one_of(
    st.tuples(st.just(U64), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(I16), st.integers(-(2**15), 2**15 - 1)),
    st.tuples(st.just(F64), st.floats(allow_nan=False)),
    st.tuples(st.just(TEXT), st.text(st.characters(codec="utf-8"), max_size=20)),
    st.tuples(st.just(ARRAY), st.tuples(st.just(I32), st.lists(st.integers(-9, 9), max_size=50))),
    st.tuples(
        st.just(ARRAY),
        st.tuples(st.just(TEXT), st.lists(st.text("abc", max_size=99), max_size=50)),
    ),
)


@given(
    metadata=st.dictionaries(st.text("abc.", min_size=1, max_size=9), scalars, max_size=6),
    shapes=st.dictionaries(
        st.text("xyz", min_size=1, max_size=9),
        st.tuples(st.sampled_from([0, 1, 28, 30]), st.lists(st.integers(0, 4), max_size=4)),
        min_size=1,
        max_size=5,
    ),
)
def test_round_trip(metadata: Any, shapes: Any, reading: Read) -> None:
    keys = [W.key(key, kind, value) for key, (kind, value) in metadata.items()]
    tensors, at = [], 0
    for name, (kind, dims) in shapes.items():
        size = gguf.GGML_TYPES[kind][2]
        for n in dims:
            size *= n
        tensors.append(W.tensor(name, dims, kind, at))
        at += size + -size % 32
    read = reading(gguf.parse, W.file(keys, tensors, bytes(at)))
    assert read.problems == ()
    for key, (kind, value) in metadata.items():
        found = read.file.metadata[key]
        if kind == ARRAY:
            assert (found.count, found.head) == (len(value[1]), tuple(value[1][:32]))
        else:
            assert found == value
    assert {t.name: list(reversed(t.shape)) for t in read.file.tensors} == {
        name: dims for name, (_, dims) in shapes.items()
    }


def test_type_table_is_that_of_ggml() -> None:
    # Bits per weight as ggml's documentation gives them, one of each family.
    bits = {name: 8 * size / block for name, block, size in gguf.GGML_TYPES.values()}
    known = {"F32": 32, "BF16": 16, "Q4_0": 4.5, "Q8_0": 8.5, "Q2_K": 2.625, "Q4_K": 4.5}
    known |= {"Q6_K": 6.5625, "IQ2_XXS": 2.0625, "IQ1_S": 1.5625, "IQ4_XS": 4.25, "MXFP4": 4.25}
    known |= {"TQ1_0": 1.6875, "TQ2_0": 2.0625, "IQ4_NL": 4.5, "Q3_K": 3.4375, "Q5_K": 5.5}
    assert {name: bits[name] for name in known} == known


def test_a_large_tokenizer_is_passed_over(reading: Read) -> None:
    words = [f"word{n}" for n in range(50_000)]
    keys = [W.key("tokenizer.ggml.tokens", ARRAY, (TEXT, words))]
    keys.append(W.key("tokenizer.ggml.scores", ARRAY, (F32, [0.5] * 100_000)))
    read = reading(gguf.parse, W.file([*keys, W.key("after", U32, 7)], ONE, bytes(1 << 20)))
    assert read.file.metadata["tokenizer.ggml.tokens"].count == 50_000
    assert len(read.file.metadata["tokenizer.ggml.tokens"].head) == gguf.ARRAY_HEAD
    assert read.file.metadata["after"] == 7
    assert read.bytes_read < len(read.data)  # numbers are skipped, the array data untouched


def test_long_texts_are_cut(reading: Read) -> None:
    read = reading(gguf.parse, W.file([W.key("k", TEXT, "x" * 100_000)], ONE, bytes(32)))
    assert read.faults == {"cut-short"}
    assert read.file.metadata["k"] == "x" * gguf.MAX_TEXT


PROBLEMS = [
    ([], ONE, 31, "truncated"),
    ([], ONE, 64, "trailing-bytes"),
    ([], [], 0, "zero-tensors"),
    ([], [*ONE, W.tensor("a", [8], 0, 32)], 64, "duplicate-name"),
    ([], [*ONE, W.tensor("b", [8], 0, 0)], 32, "overlapping"),
    ([], [*ONE, W.tensor("b", [8], 0, 64)], 96, "hole"),
    ([], [*ONE, W.tensor("b", [8], 0, 33)], 65, "misaligned"),
    ([], [W.tensor("a", [8], 99, 0)], 32, "unknown-dtype"),
    ([], [W.tensor("a", [33], 2, 0)], 64, "bad-shape"),
    ([], [W.tensor("a", [1] * 5, 0, 0)], 4, "bad-shape"),
    ([], [W.tensor("a", [2**62, 2**62], 0, 0)], 32, "bad-shape"),
    ([], [W.tensor("a", [8], 0, 2**63)], 32, "bad-shape"),
    ([], [W.tensor("a\n", [8], 0, 0)], 32, "odd-name"),
    ([W.key("k", U8, 1), W.key("k", U8, 2)], ONE, 32, "duplicate-name"),
    ([W.key("general.alignment", U32, 3)], ONE, 32, "bad-metadata"),
    ([W.key("general.alignment", U32, 0)], ONE, 32, "bad-metadata"),
    ([W.key("general.alignment", TEXT, "32")], ONE, 32, "bad-metadata"),
]


@pytest.mark.parametrize(("keys", "tensors", "size", "fault"), PROBLEMS)
def test_what_is_wrong_is_told(
    keys: list[bytes], tensors: list[bytes], size: int, fault: str, reading: Read
) -> None:
    read = reading(gguf.parse, W.file(keys, tensors, bytes(size)))
    assert read.error is None
    assert fault in read.faults


def test_own_alignment(reading: Read) -> None:
    keys = [W.key("general.alignment", U32, 256)]
    tensors = [W.tensor("a", [8], 0, 0), W.tensor("b", [8], 0, 256)]
    read = reading(gguf.parse, W.file(keys, tensors, bytes(288), align=256))
    assert read.problems == ()
    assert read.file.tensors[1].start == read.file.data_start + 256


def raw_key(kind: int, value: bytes) -> list[bytes]:
    return [W.text("k") + W.number("I", kind) + value]


def nested_arrays(depth: int) -> bytes:
    level = W.number("I", ARRAY) + W.count(1)
    return level * depth + W.number("I", U8) + W.count(0)


REFUSED = [
    (b"GGML" + bytes(20), Fault.NOT_THIS_FORMAT),
    (b"GGUF" + bytes(20), Fault.UNSUPPORTED),
    (b"GGUF" + (4).to_bytes(4, "little") + bytes(16), Fault.UNSUPPORTED),
    (b"GGUF\3\0\0\0", Fault.TRUNCATED),
    (W.file([], [], counts=(2**63, 0)), Fault.TOO_MANY_TENSORS),
    (W.file([], [], counts=(MAX_TENSORS + 1, 0)), Fault.TOO_MANY_TENSORS),
    (W.file([], [], counts=(0, 2**64 - 1)), Fault.TOO_MANY_ENTRIES),
    (W.file([], [], counts=(1, 0)), Fault.TRUNCATED),
    (W.file(raw_key(TEXT, W.count(2**60)), []), Fault.HEADER_LENGTH_LIES),
    (W.file([W.count(2**64 - 1)], []), Fault.HEADER_LENGTH_LIES),
    (W.file(raw_key(13, b""), []), Fault.HEADER_MALFORMED),
    (W.file(raw_key(ARRAY, W.number("I", F64) + W.count(2**61)), []), Fault.HEADER_LENGTH_LIES),
    (W.file(raw_key(ARRAY, W.number("I", TEXT) + W.count(2**61)), []), Fault.HEADER_LENGTH_LIES),
    (W.file(raw_key(ARRAY, W.number("I", 77) + W.count(1)), []), Fault.HEADER_MALFORMED),
    (W.file(raw_key(ARRAY, nested_arrays(9)), []), Fault.TOO_DEEP),
    (W.file([], [W.text("a") + W.number("I", 2**31)]), Fault.BAD_SHAPE),
]


@pytest.mark.parametrize(("data", "fault"), REFUSED)
def test_refused(data: bytes, fault: Fault, reading: Read) -> None:
    read = reading(gguf.parse, data)
    assert read.error is not None
    assert read.error.problem is fault


def test_a_text_deep_in_an_array_cannot_leave_the_file(reading: Read) -> None:
    texts = W.text("ok") * 40 + W.count(2**60) + bytes(500)
    data = W.file(raw_key(ARRAY, W.number("I", TEXT) + W.count(41) + texts), [])
    assert reading(gguf.parse, data).faults == {"header-length-lies"}


def test_more_texts_than_any_tokenizer(reading: Read) -> None:
    count = gguf.MAX_TEXTS + 1
    data = W.file(raw_key(ARRAY, W.number("I", TEXT) + W.count(count) + bytes(8 * count)), [])
    assert reading(gguf.parse, data).faults == {"too-many-entries"}


SEED = W.file(
    [
        W.key("general.architecture", TEXT, "llama"),
        W.key("t", ARRAY, (TEXT, ["a", "b"] * 20)),
        W.key("n", ARRAY, (ARRAY, [(U8, [1, 2])])),
    ],
    [W.tensor("a", [32, 2], 2, 0), W.tensor("b", [2], 0, 64)],
    bytes(72),
)


@pytest.mark.parametrize("length", range(0, len(SEED), 3))
def test_cut_anywhere(length: int, reading: Read) -> None:
    faults = reading(gguf.parse, SEED[:length]).faults
    assert faults & {"truncated", "header-length-lies"}


@given(data=st.data())
def test_mutated(data: st.DataObject, reading: Read, edited: Callable[..., Any]) -> None:
    reading(gguf.parse, data.draw(edited(SEED)))


@given(st.binary(max_size=80))
def test_random_bytes(reading: Read, data: bytes) -> None:
    reading(gguf.parse, b"GGUF\3\0\0\0" + data)
