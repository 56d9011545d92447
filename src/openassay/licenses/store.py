"""The data files shipped beside the code."""

from __future__ import annotations

import os

_FOLDER = os.path.join(os.path.dirname(__file__), "data")


def read(name: str) -> bytes:
    """The bytes of ``data/<name>``. Raises `FileNotFoundError`.

    Plain `open`: `importlib.resources` costs 10 ms at the start of every run.
    """
    with open(os.path.join(_FOLDER, *name.split("/")), "rb") as file:
        return file.read()


def names(folder: str) -> tuple[str, ...]:
    """The names of the files in ``data/<folder>``, sorted."""
    return tuple(sorted(os.listdir(os.path.join(_FOLDER, folder))))
