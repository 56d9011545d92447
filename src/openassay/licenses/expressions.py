"""Licence expressions: ``AND``, ``OR``, ``WITH`` and brackets, as in SPDX 2.3 annex D.

``WITH`` binds before ``AND``, ``AND`` before ``OR``. Operators may be upper or lower case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

MAX_LENGTH = 10_000
MAX_DEPTH = 40
_TOKEN = re.compile(r"\s*(?:([()])|([A-Za-z0-9.+:_-]{1,200}))")
_OPERATORS = {"AND", "OR", "WITH", "and", "or", "with"}


class LicenseExpressionError(ValueError):
    """The expression is not well-formed; the message says where."""


@dataclass(frozen=True, slots=True)
class Id:
    """One licence id."""

    id: str


@dataclass(frozen=True, slots=True)
class With:
    """A licence with an exception."""

    license: str
    exception: str


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts hold together."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any one of the parts may be chosen."""

    parts: tuple[Node, ...]


Node: TypeAlias = Id | With | And | Or


def parse(expression: str) -> Node:
    """The expression as a tree of `Id`, `With`, `And` and `Or`.

    >>> parse("MIT OR Apache-2.0 AND BSD-2-Clause")
    Or(parts=(Id(id='MIT'), And(parts=(Id(id='Apache-2.0'), Id(id='BSD-2-Clause')))))

    Raises `LicenseExpressionError` for anything else than a well-formed expression.
    """
    if len(expression) > MAX_LENGTH:
        raise LicenseExpressionError(f"longer than {MAX_LENGTH} characters")
    tokens = _tokens(expression)
    node, at = _any(tokens, 0, 0)
    if at != len(tokens):
        raise LicenseExpressionError(f"unexpected {tokens[at]!r}")
    return node


def ids(expression: str) -> tuple[str, ...]:
    """Every licence id of an expression once, in order; exceptions are not among them."""
    seen: dict[str, None] = {}
    for node in walk(parse(expression)):
        if isinstance(node, Id):
            seen[node.id] = None
        elif isinstance(node, With):
            seen[node.license] = None
    return tuple(seen)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, outermost first."""
    yield node
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from walk(part)


def evaluate(node: Node, allowed: Callable[[str], bool], exceptions: frozenset[str]) -> bool:
    """OR: any part; AND: every part; WITH: the licence, if the exception is one that is known."""
    if isinstance(node, Id):
        return allowed(node.id)
    if isinstance(node, With):
        return node.exception.lower() in exceptions and allowed(node.license)
    results = (evaluate(part, allowed, exceptions) for part in node.parts)
    return any(results) if isinstance(node, Or) else all(results)


def render(node: Node, name: Callable[[str], str] = str) -> str:
    """The tree as text again, ids passed through ``name``; brackets only where needed."""
    if isinstance(node, Id):
        return name(node.id)
    if isinstance(node, With):
        return f"{name(node.license)} WITH {node.exception}"
    if isinstance(node, And):
        return " AND ".join(
            f"({render(p, name)})" if isinstance(p, Or) else render(p, name) for p in node.parts
        )
    return " OR ".join(render(p, name) for p in node.parts)


def _tokens(expression: str) -> list[str]:
    out = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        found = _TOKEN.match(expression, at)
        if found is None:
            raise LicenseExpressionError(f"unexpected character at {at}")
        out.append(found.group(1) or found.group(2))
        at = found.end()
    if not out:
        raise LicenseExpressionError("empty")
    return out


def _any(tokens: list[str], at: int, depth: int) -> tuple[Node, int]:
    parts, at = _series(tokens, at, depth, "OR", _all)
    return (parts[0] if len(parts) == 1 else Or(tuple(parts))), at


def _all(tokens: list[str], at: int, depth: int) -> tuple[Node, int]:
    parts, at = _series(tokens, at, depth, "AND", _one)
    return (parts[0] if len(parts) == 1 else And(tuple(parts))), at


def _series(
    tokens: list[str],
    at: int,
    depth: int,
    operator: str,
    inner: Callable[[list[str], int, int], tuple[Node, int]],
) -> tuple[list[Node], int]:
    node, at = inner(tokens, at, depth)
    parts = [node]
    while at < len(tokens) and tokens[at].upper() == operator and tokens[at] in _OPERATORS:
        node, at = inner(tokens, at + 1, depth)
        parts.append(node)
    return parts, at


def _one(tokens: list[str], at: int, depth: int) -> tuple[Node, int]:
    if depth > MAX_DEPTH:
        raise LicenseExpressionError(f"brackets deeper than {MAX_DEPTH}")
    if at >= len(tokens):
        raise LicenseExpressionError("ends too early")
    token = tokens[at]
    if token == "(":
        node, at = _any(tokens, at + 1, depth + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise LicenseExpressionError("a bracket is not closed")
        return node, at + 1
    if token == ")" or token in _OPERATORS:
        raise LicenseExpressionError(f"unexpected {token!r}")
    if at + 2 < len(tokens) and tokens[at + 1] in ("WITH", "with"):
        exception = tokens[at + 2]
        if exception in "()" or exception in _OPERATORS:
            raise LicenseExpressionError("WITH needs an exception")
        return With(token, exception), at + 3
    return Id(token), at + 1
