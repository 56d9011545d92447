"""What the first bytes of a data file hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import records

_ROWS = [{"Question": f"q{n}", "answer": n} for n in range(7)]
_LINES = "\n".join(json.dumps(row) for row in _ROWS) + "\n"


@pytest.mark.parametrize(
    ("head", "suffix", "kind", "rows", "keys"),
    [
        (_LINES, ".jsonl", "jsonl", 7, {"question", "answer"}),
        (json.dumps(_ROWS), ".json", "json", 7, {"question", "answer"}),
        (_LINES, ".json", "jsonl", 7, {"question", "answer"}),  # lines under a .json name
        ('{"a": 1}', ".json", "json", 1, {"a"}),  # settings: one record
        ('text,ref\n"a, b",c\nd,e\n', ".csv", "csv", 2, {"text", "ref"}),
        ("a\tb\n1\t2\n", ".tsv", "tsv", 1, {"a", "b"}),
        ("one\n\ntwo\n", ".txt", "text", 2, set()),
    ],
)
def test_kinds(head: str, suffix: str, kind: str, rows: int, keys: set[str]) -> None:
    found = records.sniff(head.encode(), suffix, len(head.encode()))
    assert found is not None
    assert (found.kind, found.rows, set(found.keys)) == (kind, rows, keys)
    assert found.complete


def test_a_cut_json_list_counts_what_is_whole() -> None:
    head = json.dumps(_ROWS)[:100].encode()
    found = records.sniff(head, ".json", 10_000)
    assert found is not None
    assert not found.complete
    assert 1 <= found.rows < 7


@pytest.mark.parametrize(
    ("head", "suffix", "kind"),
    [(b"PAR1xxxx", ".parquet", "parquet"), (b"ARROW1\0\0", ".arrow", "arrow")],
)
def test_containers_are_known_by_their_magic(head: bytes, suffix: str, kind: str) -> None:
    found = records.sniff(head, suffix, 1 << 30)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    ("head", "suffix"),
    [(b"", ".jsonl"), (b"not json", ".jsonl"), (b"\0\0\0", ".txt"), (b"head only", ".csv"),
     (b"[" * 5_000, ".json"), (b"12", ".json")],
)  # fmt: skip
def test_what_holds_no_records(head: bytes, suffix: str) -> None:
    assert records.sniff(head, suffix, len(head)) is None


@given(st.binary(max_size=400), st.sampled_from([".jsonl", ".json", ".csv", ".tsv", ".txt", ".gz"]))
def test_any_bytes_are_survived(head: bytes, suffix: str) -> None:
    found = records.sniff(head, suffix, len(head))
    assert found is None or found.rows >= 0
