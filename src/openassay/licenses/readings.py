"""What the clause reader found in each known text when the index was built (``data/read.tsv``).

Values only, no words of the texts: one line a licence, its id, a tab, ``column=value;...``.
The first line holds the CRC-32 of the rules it was read with, so that a stale file is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from zlib import crc32

from . import clauses, store

FILE = "read.tsv"


def written(texts: Mapping[str, str]) -> str:
    """The file for the given texts, by licence id."""
    lines = [f"#rules\t{mark()}"]
    for id, text in sorted(texts.items()):
        found = reading(text)
        if found:
            lines.append(f"{id}\t" + ";".join(f"{k}={v}" for k, v in sorted(found.items())))
    return "\n".join(lines) + "\n"


def reading(text: str) -> dict[str, str]:
    """The terms read in a text; a phrase to be shown is not copied, only that there is one."""
    return {
        term.name: "yes"
        if term.name == "attribution_naming"
        else re.sub(r"[;=\t\n\"\\]", " ", term.value)[:80]
        for term in clauses.read_terms(text, more=True)
    }


def mark() -> int:
    """The CRC-32 of the rules in force."""
    return crc32(b"".join(store.read(name) for name in clauses.FILES))


@cache
def load() -> Mapping[str, Mapping[str, str]]:
    """The shipped readings by licence id."""
    rows = {}
    for line in store.read(FILE).decode("utf-8").split("\n"):
        id, _, told = line.partition("\t")
        if told and not id.startswith("#"):
            rows[id] = dict(pair.split("=", 1) for pair in told.split(";"))
    return rows
