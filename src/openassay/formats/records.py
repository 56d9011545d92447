"""What kind of records the first bytes of a data file hold: its keys, and how many are in sight.

Pure and bounded: the caller hands over the first bytes and the suffix, nothing is read to the end.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import Final

HEAD: Final = 128 << 10  # bytes a caller should hand over: some hundred records
_MAX_KEYS: Final = 64
_MAX_ROWS: Final = 2_000
_MAGIC: Final = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow",
    b"\x1f\x8b": "gzip",
    b"(\xb5/\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"Obj\x01": "avro",
}
_BINARY: Final = frozenset(
    [".parquet", ".arrow", ".feather", ".gz", ".zst", ".zip", ".avro", ".tar", ".tfrecord",
     ".mds", ".bin", ".idx", ".npy"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Records:
    """``rows`` counts those in sight; ``complete`` says the head was the whole file."""

    kind: str  # "jsonl", "json", "csv", "tsv", "text", or the name of a binary container
    keys: frozenset[str]  # lower case; empty for text and binary containers
    rows: int
    complete: bool


def sniff(head: bytes, suffix: str, size: int) -> Records | None:
    """The records in ``head``, the first bytes of a file of ``size``; None when it holds none.

    ``suffix`` is lower case with its dot. A JSON object is one record: settings, not a data set.
    """
    complete = size <= len(head)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return Records(kind, frozenset(), 0, complete)
    if suffix in _BINARY:
        return Records(suffix[1:], frozenset(), 0, complete) if size > len(head) else None
    if b"\0" in head:
        return None
    text = head.decode("utf-8-sig", "replace")
    if suffix in (".jsonl", ".ndjson"):
        return _json_lines(text, complete)
    if suffix == ".json":
        return _json(text, complete)
    if suffix in (".csv", ".tsv"):
        return _table(text, "\t" if suffix == ".tsv" else ",", complete)
    rows = sum(1 for line in text.split("\n") if line.strip())
    return Records("text", frozenset(), rows, complete) if rows else None


def _json_lines(text: str, complete: bool) -> Records | None:
    lines = [line for line in text.split("\n")[: _MAX_ROWS + 1] if line.strip()]
    if not lines:
        return None
    value = _value(lines[0])
    if value is None and not complete and len(lines) == 1:
        return Records("jsonl", frozenset(), 1, False)  # one very long record, cut
    if not isinstance(value, (dict, list)):
        return None
    return Records("jsonl", _keys(value), len(lines), complete)


def _json(text: str, complete: bool) -> Records | None:
    start = text.lstrip()
    if start.startswith("{"):
        value = _value(start)
        if value is None:  # cut, or JSON lines under a .json name
            lines = _json_lines(text, complete)
            return lines if lines and lines.keys and lines.rows > 1 else None
        return Records("json", _keys(value), 1, complete)
    if not start.startswith("["):
        return None
    decoder = json.JSONDecoder()
    at, rows, keys = 1, 0, frozenset[str]()
    while rows < _MAX_ROWS:
        at = _skip(start, at)
        if at >= len(start) or start[at] not in '{["':
            break
        try:
            value, at = decoder.raw_decode(start, at)
        except (ValueError, RecursionError):
            break
        keys = keys or _keys(value)
        rows += 1
    return Records("json", keys, rows, complete) if rows else None


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def _value(text: str) -> object | None:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _keys(value: object) -> frozenset[str]:
    if not isinstance(value, dict):
        return frozenset()
    return frozenset(str(key).lower()[:100] for key in list(value)[:_MAX_KEYS])


def _table(text: str, separator: str, complete: bool) -> Records | None:
    lines = text.split("\n")
    if not complete and len(lines) > 1:
        lines.pop()  # cut in the middle
    try:
        rows = list(csv.reader((line[:4_000] for line in lines[:_MAX_ROWS]), delimiter=separator))
    except csv.Error:
        return None
    rows = [row for row in rows if row]
    if len(rows) < 2:
        return None
    names = frozenset(cell.strip().lower()[:100] for cell in rows[0][:_MAX_KEYS])
    return Records("tsv" if separator == "\t" else "csv", names, len(rows) - 1, complete)
