"""Published frameworks as data files, found by their file name.

``load("mof-1.0")`` reads ``mof-1.0.toml`` beside this module; :func:`read` reads one of your own,
and :func:`find` takes either. How a file is written is explained in ``docs/frameworks.md``. A
mistake in a file raises :class:`openassay.errors.FrameworkError`, which names file, line, criterion
and fix.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path

from openassay.errors import FrameworkError, ReadError, UsageError
from openassay.frameworks.explain import explain_criterion, explain_framework
from openassay.frameworks.model import Framework, RollUp
from openassay.frameworks.reader import parse
from openassay.words import speaker

__all__ = ["available", "chosen", "explain", "find", "load", "read", "standing"]

EVERY = "all"  # what the command line calls every framework, superseded ones included
_MAX_BYTES = 1 << 20  # the longest of ours is under 40 KiB
_SUFFIX = ".toml"


@cache
def available() -> tuple[str, ...]:
    """The ids of the frameworks that come with OpenAssay, sorted."""
    names = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


@cache
def load(id: str) -> Framework:
    """The framework of this id; raises :class:`UsageError` when there is none."""
    known = available()
    if id not in known:
        near = get_close_matches(id, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        raise UsageError(f"no framework is called {id!r}", hint=hint)
    name = f"{id}{_SUFFIX}"
    return parse((files(__package__) / name).read_text(encoding="utf-8"), name)


def standing() -> tuple[Framework, ...]:
    """Those that no later one has taken the place of: ladders, then yes or no, then scores."""
    every = [load(id) for id in available()]
    order = list(RollUp)
    every.sort(key=lambda framework: (order.index(framework.roll_up), framework.id))
    return tuple(framework for framework in every if not framework.superseded_by)


def chosen(names: Iterable[str]) -> tuple[Framework, ...]:
    """The frameworks of these ids or files, each once; none named: those :func:`standing`.

    Raises UsageError where two different files have one id: a verdict is known by it.
    """
    found: dict[str, Framework] = {}
    for name in names:
        for framework in [load(id) for id in available()] if name == EVERY else [find(name)]:
            if found.setdefault(framework.id, framework) != framework:
                raise UsageError(
                    f"two different frameworks are called {framework.id!r}",
                    hint="give one of the files another id and name",
                )
    return tuple(found.values()) or standing()


def find(name: str) -> Framework:
    """A framework by its id, or by the path of a file ``ID.toml`` of your own."""
    if not name.endswith(_SUFFIX):
        return load(name)
    try:
        own = read(Path(name))
    except ReadError as error:
        hint = f"give the path of a framework file, or one of: {', '.join(available())}"
        raise UsageError(str(error), hint=hint) from error
    if own.id in available() and own != load(own.id):
        raise UsageError(
            f"{name}: {own.id!r} is the id of a framework that comes with OpenAssay",
            hint="give yours an id, and the file a name, of its own",
        )
    return own


def read(path: Path) -> Framework:
    """The framework in a file of your own, named ``ID.toml``."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        said = error.strerror if isinstance(error, OSError) else error
        raise ReadError(f"{path}: {said}", reason="unreadable") from error
    if len(data) > _MAX_BYTES:
        raise FrameworkError(f"{path.name}: larger than {_MAX_BYTES >> 20} MiB")
    try:
        return parse(data.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FrameworkError(
            f"{path.name}:{line}: not UTF-8 (byte {error.start})", hint="save the file as UTF-8"
        ) from error


def explain(rule: str, criterion: str | None = None, lang: str = "en") -> str:
    """A framework (an id or a file), or one rule of it, as plain text: its source, what counts.

    The rule may also follow the framework after a slash: ``mof-1.0/data_card``.
    """
    words = speaker(lang)
    framework, named = _split(rule)
    wanted = criterion or named
    if not wanted:
        return explain_framework(framework, words)
    ids = [known.id for known in framework.criteria]
    if wanted not in ids:
        near = get_close_matches(wanted, ids, n=1)
        hint = f"did you mean {framework.id}/{near[0]}?" if near else f"there are: {', '.join(ids)}"
        raise UsageError(f"{framework.id} has no criterion {wanted!r}", hint=hint)
    return explain_criterion(framework, framework.criterion(wanted), words)


def _split(rule: str) -> tuple[Framework, str]:
    """Framework and criterion of ``mof-1.0/data_card`` or ``path/to/mine.toml/data_card``."""
    file, suffix, rest = rule.rpartition(f"{_SUFFIX}/")
    if suffix:
        return find(f"{file}{_SUFFIX}"), rest
    if rule.endswith(_SUFFIX):
        return find(rule), ""
    id, _, named = rule.partition("/")
    return load(id), named
