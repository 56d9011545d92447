"""Which token a row of the embedding stands for, where the release says so in plain files.

Read are ``tokenizer.json`` (the vocabulary of any model type there), ``vocab.txt`` and
``vocab.json`` beside the weights. Without them rows are paired by their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from openassay.errors import ReadError
from openassay.files import File
from openassay.formats import json_text
from openassay.formats.bounded import FormatError

MAX_TOKENIZER: Final = 32 << 20  # bytes
_NAMES: Final = ("tokenizer.json", "vocab.json", "vocab.txt")


def of_rows(rows: Sequence[int], files: Iterable[File]) -> dict[int, str]:
    """Row number to token, for these rows; empty where no vocabulary can be read."""
    found = {file.name: file for file in files if file.is_readable and file.size <= MAX_TOKENIZER}
    if not rows:
        return {}
    for name in _NAMES:
        if name in found:
            try:
                table = _read(found[name])
            except (FormatError, ReadError, ValueError):
                continue
            kept = {row: table[row] for row in rows if row in table}
            if kept:
                return kept
    return {}


def _read(file: File) -> dict[int, str]:
    raw = file.read(0, file.size)
    text = raw.decode("utf-8", "replace")
    if file.name == "vocab.txt":
        lines = text.split("\n")
        return {number: line.rstrip("\r")[:200] for number, line in enumerate(lines) if line}
    return _table(json_text.load(text))


def _table(loaded: Any) -> dict[int, str]:
    """The vocabulary of a parsed file: token to id, or (Unigram) a list of tokens with scores."""
    model = loaded.get("model") if isinstance(loaded, dict) else None
    vocabulary = model.get("vocab") if isinstance(model, dict) else loaded
    if isinstance(vocabulary, dict):
        return {
            number: token[:200]
            for token, number in vocabulary.items()
            if type(number) is int and isinstance(token, str)
        }
    if isinstance(vocabulary, list):
        return {
            number: str(entry[0])[:200]
            for number, entry in enumerate(vocabulary)
            if isinstance(entry, list) and entry
        }
    return {}
