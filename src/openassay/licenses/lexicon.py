"""The word lists of ``data/words.txt``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from . import store


@cache
def _lists() -> Mapping[str, frozenset[str]]:
    text = store.read("words.txt").decode("utf-8")
    lists: dict[str, list[str]] = {}
    name = ""
    for line in text.split("\n"):
        if line.startswith("["):
            name = line.strip("[]")
            lists[name] = []
        elif line and not line.startswith("#"):
            lists[name] += line.split()
    return {name: frozenset(words) for name, words in lists.items()}


def words(name: str) -> frozenset[str]:
    """One list. Raises `KeyError` for a name the file does not have."""
    return _lists()[name]
