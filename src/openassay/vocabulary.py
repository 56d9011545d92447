"""The vocabulary of components, read from ``components.toml`` once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from openassay.types import Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One component of the vocabulary: id, title, kind of content, and what counts as one."""

    id: str
    title: str
    kind: Kind
    counts: str


@cache
def entries() -> tuple[Entry, ...]:
    """All components in the order of the file."""
    text = files("openassay").joinpath("components.toml").read_text("utf-8")
    return tuple(
        Entry(row["id"], row["title"], Kind(row["kind"]), row["counts"])
        for row in tomllib.loads(text)["component"]
    )


@cache
def by_id() -> dict[str, Entry]:
    return {entry.id: entry for entry in entries()}
