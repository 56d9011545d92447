"""Long safetensors headers: the same answers as short ones, in memory that does not grow."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import safetensors
from openassay.formats.bounded import FormatError, reader_of
from openassay.formats.safetensors import LONG_HEADER

Read = Any


def entry(start: int, end: int) -> dict[str, object]:
    return {"dtype": "F32", "shape": [(end - start) // 4], "data_offsets": [start, end]}


def file_of(text: str | bytes, data: int = 0) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return len(raw).to_bytes(8, "little") + raw + bytes(data)


def padded(text: str) -> str:
    return text + " " * (LONG_HEADER + 1 - len(text))


BODIES = [
    json.dumps({"a": entry(0, 8), "b": entry(8, 12)}),
    json.dumps({"__metadata__": {"format": "pt", "n\\u00e9": "\\u4e2d"}, "é": entry(0, 12)}),
    '{"a":' + json.dumps(entry(0, 4)) + ',"a":' + json.dumps(entry(0, 12)) + "}",
    json.dumps({"a": {"dtype": "F32"}, "b": entry(0, 12)}),
    json.dumps({"__metadata__": {"k": 1}, "a": entry(0, 12)}),
    "{}",
    '{ "a" : ' + json.dumps(entry(0, 12), indent=1) + "\n}",
]


@pytest.mark.parametrize("body", BODIES)
def test_long_headers_are_read_like_short_ones(body: str, reading: Read) -> None:
    short = reading(safetensors.parse, file_of(body, 12))
    long = reading(safetensors.parse, file_of(padded(body), 12))
    assert [(t.name, t.dtype, t.shape) for t in long.file.tensors] == [
        (t.name, t.dtype, t.shape) for t in short.file.tensors
    ]
    assert long.file.metadata == short.file.metadata
    assert long.faults == short.faults


REFUSED = [
    ('{"a":' * 60_000, "too-deep"),
    ('{"a":1 "b":2}', "header-malformed"),
    ('{"a":1', "header-malformed"),
    ('{"a":NaN}', "header-malformed"),
    ('{"a":1}}', "header-malformed"),
    ("{1:2}", "header-malformed"),
    ('{"__metadata__":{"a":"' + "x" * 200_000, "header-malformed"),
    ("[]", "not-this-format"),
]


@pytest.mark.parametrize(("body", "fault"), REFUSED)
def test_long_headers_that_are_none(body: str, fault: str, reading: Read) -> None:
    assert reading(safetensors.parse, file_of(padded(body))).faults == {fault}


def test_not_utf8_far_inside(reading: Read) -> None:
    body = padded("{").encode() + b"\xff}"
    assert reading(safetensors.parse, file_of(body)).faults == {"header-malformed"}


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=300), max_size=8))
def test_metadata_survive_escapes_and_chunk_borders(metadata: dict[str, str]) -> None:
    about = {key: value.replace("\x00", "") for key, value in metadata.items()}
    filler = "y" * (LONG_HEADER - 200)  # one text that spans a chunk's border
    text = json.dumps({"__metadata__": {**about, "~filler": filler}, "a": entry(0, 4)})
    data = file_of(padded(text), 4)
    found = safetensors.parse(reader_of(data), len(data))
    for key, value in about.items():
        if key != "~filler":
            wanted = value.encode("utf-8", "replace").decode()
            assert found.metadata[key.encode("utf-8", "replace").decode()] == wanted


def test_a_header_of_99_megabytes_takes_few_of_them() -> None:
    """Padding and one endless text: legal for the reference implementation."""
    text = b'{"__metadata__":{"x":"' + b"y" * 49_000_000 + b'"},"a":'
    text += json.dumps(entry(0, 4)).encode() + b"}" + b" " * 49_000_000
    data = file_of(text, 4)
    tracemalloc.start()
    found = safetensors.parse(reader_of(data), len(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [tensor.name for tensor in found.tensors] == ["a"]
    assert peak < 12 << 20
    assert {str(p.id) for p in found.problems} == {"header-too-large", "cut-short"}


def test_names_that_would_fill_the_memory_are_refused() -> None:
    names = (f'"{n:05d}{"x" * 1000}":{json.dumps(entry(0, 0))}' for n in range(13_000))
    data = file_of("{" + ",".join(names) + "}")
    with pytest.raises(FormatError, match="names take more than"):
        safetensors.parse(reader_of(data), len(data))
