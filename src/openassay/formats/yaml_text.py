"""Bounded, safe YAML: plain data only, and the line of every key.

YAML can do harm before anything of it is used: aliases that multiply (a few hundred bytes become
billions of nodes), nesting that exhausts the stack, base-60 numbers of a megabyte, tags that build
objects. So the stream of events is counted first, nodes are measured with their aliases expanded,
overlong numbers stay text and unknown tags are refused. Source: YAML 1.1, https://yaml.org/spec/1.1/.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import yaml

from openassay.formats.bounded import Fault, FormatError

MAX_CHARACTERS: Final = 1 << 20
MAX_SLOW_CHARACTERS: Final = 128 << 10  # without libyaml, about 100 KB are read in a second
MAX_EVENTS: Final = 100_000
MAX_EXPANDED: Final = 200_000  # nodes with every alias written out
MAX_DEPTH: Final = 64
MAX_NUMBER: Final = 64  # characters; longer "numbers" stay text
MAX_LINES: Final = 20_000  # keys whose line is kept
MAX_KEY: Final = 200  # characters; under longer keys no lines are kept

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FAST: Final = _LOADER is not yaml.SafeLoader
_NUMBERS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "timestamp"))
_TEXT: Final = "tag:yaml.org,2002:str"

Node: TypeAlias = yaml.Node


def load(text: str) -> object:
    """The value of the first document: dict, list, str, int, float, bool, None, date.

    Raises FormatError for what is not YAML, refuses tags, or is over a bound. Empty text: None.
    """
    return load_with_lines(text)[0]


def load_with_lines(text: str) -> tuple[object, dict[str, int]]:
    """The value, and for each key or item its RFC 6901 pointer with its line (from 1)."""
    _check_events(text)
    try:
        loader = _LOADER(text)
        try:
            node = loader.get_node() if loader.check_node() else None
            if node is None:
                return None, {}
            _measure(node, {}, set())
            lines: dict[str, int] = {}
            _note_lines(node, "", lines)
            value: object = loader.construct_document(node)
        finally:
            loader.dispose()
    except FormatError:
        raise
    except yaml.YAMLError as error:
        raise _malformed(error) from error
    except (ValueError, OverflowError, TypeError, LookupError, AttributeError) as error:
        # PyYAML lets faults of single scalars through: a date of month 13, an int of only "_".
        raise FormatError(Fault.HEADER_MALFORMED, f"not YAML: {error}") from error
    except RecursionError as error:
        raise FormatError(Fault.TOO_DEEP, "YAML is nested too deeply") from error
    return value, lines


def _check_events(text: str) -> None:
    """Count events and depth without building anything; the event parser does not recurse."""
    limit = MAX_CHARACTERS if _FAST else MAX_SLOW_CHARACTERS
    if len(text) > limit:
        message = f"YAML of {len(text)} characters, at most {limit} are read"
        raise FormatError(Fault.READ_LIMIT, message)
    count = depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            count += 1
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                depth += 1
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                depth -= 1
            elif isinstance(event, yaml.DocumentEndEvent):
                break
            if depth > MAX_DEPTH:
                raise FormatError(Fault.TOO_DEEP, f"YAML is nested over {MAX_DEPTH} levels")
            if count > MAX_EVENTS:
                raise FormatError(Fault.TOO_MANY_ENTRIES, f"YAML of over {MAX_EVENTS} events")
    except FormatError:
        raise
    except yaml.YAMLError as error:
        raise _malformed(error) from error
    except ValueError as error:  # lone surrogates, control characters
        raise FormatError(Fault.HEADER_MALFORMED, f"not YAML: {error}") from error


def _measure(node: Node, sizes: dict[int, int], open_nodes: set[int]) -> int:
    """Nodes under ``node`` with aliases expanded; FormatError for too many or for a cycle."""
    known = sizes.get(id(node))
    if known is not None:
        return known
    if isinstance(node, yaml.ScalarNode):
        if node.tag in _NUMBERS and len(node.value) > MAX_NUMBER:
            node.tag = _TEXT
        sizes[id(node)] = 1
        return 1
    if id(node) in open_nodes:
        raise FormatError(Fault.TOO_DEEP, "YAML alias that contains itself")
    open_nodes.add(id(node))
    total = 1
    for child in _children(node):
        total += _measure(child, sizes, open_nodes)
        if total > MAX_EXPANDED:
            message = f"YAML aliases expand to over {MAX_EXPANDED} nodes"
            raise FormatError(Fault.TOO_MANY_ENTRIES, message)
    open_nodes.discard(id(node))
    sizes[id(node)] = total
    return total


def _children(node: Node) -> list[Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _note_lines(node: Node, pointer: str, lines: dict[str, int]) -> None:
    """Fill ``lines`` with the place of each key; `_measure` has bounded the walk."""
    if len(lines) >= MAX_LINES:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and len(key.value) <= MAX_KEY:
                name = key.value.replace("~", "~0").replace("/", "~1")
                lines.setdefault(f"{pointer}/{name}", key.start_mark.line + 1)
                _note_lines(value, f"{pointer}/{name}", lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines.setdefault(f"{pointer}/{index}", item.start_mark.line + 1)
            _note_lines(item, f"{pointer}/{index}", lines)


def _malformed(error: yaml.YAMLError) -> FormatError:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    where = f" on line {mark.line + 1}" if mark is not None else ""
    offset = int(mark.index) if mark is not None else 0
    return FormatError(Fault.HEADER_MALFORMED, f"not YAML: {what}{where}", offset)
