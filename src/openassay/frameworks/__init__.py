"""Published frameworks as data files, found by their file name.

``load("mof-1.0")`` reads ``mof-1.0.toml`` beside this module; :func:`read` reads one of your own.
How a file is written is explained in ``docs/frameworks.md``. A mistake in a file raises
:class:`openassay.errors.FrameworkError`, which names file, line, criterion and fix.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path

from openassay.errors import FrameworkError, ReadError, UsageError
from openassay.frameworks.explain import explain_criterion, explain_framework
from openassay.frameworks.model import Framework
from openassay.frameworks.reader import parse
from openassay.words import speaker

__all__ = ["available", "explain", "load", "read"]

_MAX_BYTES = 1 << 20  # the longest of ours is under 40 KiB


def available() -> tuple[str, ...]:
    """The ids of the frameworks that come with OpenAssay, sorted."""
    names = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def load(id: str) -> Framework:
    """The framework of this id; raises :class:`UsageError` when there is none."""
    known = available()
    if id not in known:
        near = get_close_matches(id, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        raise UsageError(f"no framework is called {id!r}", hint=hint)
    name = f"{id}.toml"
    return parse((files(__package__) / name).read_text(encoding="utf-8"), name)


def read(path: Path) -> Framework:
    """The framework in a file of your own, named ``ID.toml``."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ReadError(f"{path}: {error.strerror}", reason="unreadable") from error
    if len(data) > _MAX_BYTES:
        raise FrameworkError(f"{path.name}: larger than {_MAX_BYTES >> 20} MiB")
    try:
        return parse(data.decode("utf-8"), path.name)
    except UnicodeDecodeError as error:
        raise FrameworkError(
            f"{path.name}: not UTF-8 (byte {error.start})", hint="save the file as UTF-8"
        ) from error


def explain(framework_id: str, criterion: str | None = None, lang: str = "en") -> str:
    """A framework, or one rule of it, as plain text with its source and what counts."""
    words = speaker(lang)
    framework = load(framework_id)
    if criterion is None:
        return explain_framework(framework, words)
    ids = [known.id for known in framework.criteria]
    if criterion not in ids:
        near = get_close_matches(criterion, ids, n=1)
        hint = f"did you mean {framework_id}/{near[0]}?" if near else f"there are: {', '.join(ids)}"
        raise UsageError(f"{framework_id} has no criterion {criterion!r}", hint=hint)
    return explain_criterion(framework, framework.criterion(criterion), words)
