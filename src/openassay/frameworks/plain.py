"""Other people's YAML and JSON as plain mappings, lists and texts, bounded and without surprises.

Only null, texts, lists and mappings are made: a licence called ``no`` stays a text, a date is not
parsed, a tag that would build anything else is refused. Size, depth, number of nodes and of aliases
are checked on the event stream, before anything is built.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from openassay.errors import DossierError

MAX_BYTES = 4 << 20  # the reference tool's listing of all its models is below 1 MiB
MAX_DEPTH = 32  # a record is six deep
MAX_NODES = 200_000
MAX_ALIASES = 16  # few enough that merging them cannot grow without bound

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"
_MADE = (_NULL, *(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map")), None)


class _Loader(_BASE):  # type: ignore[misc]  # one of two classes, whichever is installed
    yaml_implicit_resolvers = {  # noqa: RUF012  # the name and shape that PyYAML reads
        first: [(tag, pattern) for tag, pattern in pairs if tag == _NULL]
        for first, pairs in _BASE.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {  # noqa: RUF012
        tag: make for tag, make in _BASE.yaml_constructors.items() if tag in _MADE
    }


def read_mapping(data: bytes) -> dict[Any, Any]:
    """The one mapping of a JSON or YAML file; raises :class:`DossierError`."""
    if len(data) > MAX_BYTES:
        raise DossierError(f"larger than {MAX_BYTES >> 20} MiB, which no record is")
    text = data.decode("utf-8-sig", errors="replace")
    value = _json(text)
    if value is None:
        value = _yaml(text)
    if not isinstance(value, dict):
        raise DossierError(
            f"a record is a mapping of keys to values, and this is {_called(value)}",
            hint="give a model record in YAML or JSON",
        )
    return value


def text_of(value: Any) -> str | None:
    """A scalar as text; None for null, lists and mappings."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def _json(text: str) -> Any:
    """The value of a JSON text; None where it is not JSON (YAML also reads trailing commas)."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None


def _yaml(text: str) -> Any:
    try:
        _check(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise DossierError(
            f"{place}not valid YAML: {error.problem}", hint="check the indentation at that line"
        ) from error
    except (yaml.YAMLError, TypeError) as error:  # TypeError: a key that cannot be one
        raise DossierError(f"not valid YAML: {str(error)[:200]}") from error


def _check(text: str) -> None:
    depth = aliases = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES or aliases > MAX_ALIASES:
            raise DossierError(
                "too deep, too large or too many aliases for a record",
                hint=f"at most {MAX_DEPTH} levels, {MAX_NODES} nodes, {MAX_ALIASES} aliases",
            )


def _called(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return "empty" if value is None else "a text"
