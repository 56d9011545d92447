"""Strings of a Python source, folded as far as the source alone tells.

Constants, lists and tables of them, defaults of parameters, dataclass fields and command-line
options, ``os.environ.get``, f-strings, ``+``, ``%``, ``.format`` and ``join`` are followed; a part
that cannot be known is written ``{}``. Every fold has a budget of steps, depth and alternatives.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from openassay.formats.pyfacts import MAX_STRING, Lit, Lits

MAX_ALTERNATIVES: Final = 24  # strings a name may stand for
MAX_FOLD: Final = 12  # depth of an expression that is folded
MAX_STEPS: Final = 300  # expressions visited to fold one argument
MAX_BITS: Final = 64  # of an integer that is shown; larger ones are not worth their digits

_HOLDERS = (ast.List, ast.Tuple, ast.Set)
_DEFAULTS: Final = ("default", "default_factory")
_TRANSPARENT: Final = frozenset(
    {
        "Path",
        "str",
        "list",
        "tuple",
        "sorted",
        "enumerate",
        "tqdm",
        "items",
        "values",
        "strip",
        "lower",
    }
)


class Folder:
    """Knows what names stand for. ``values`` are assigned expressions, ``options`` defaults."""

    def __init__(self) -> None:
        self.values: dict[str, ast.expr] = {}
        self.options: dict[str, Lits] = {}
        self._steps = 0

    def strings(self, node: ast.expr) -> Lits:
        """The strings an expression can be; () when nothing is known."""
        self._steps = MAX_STEPS
        return self._fold(node, MAX_FOLD)

    def _fold(self, node: ast.expr, depth: int) -> Lits:
        if isinstance(node, ast.Constant):
            return _constant(node)
        self._steps -= 1
        if depth <= 0 or self._steps < 0:
            return ()
        if isinstance(node, ast.Name):
            return self._named(node.id, depth)
        if isinstance(node, ast.Attribute):
            return self.options.get(node.attr) or self._named(node.attr, depth)
        if isinstance(node, ast.JoinedStr):
            return self._joined(node, depth)
        if isinstance(node, ast.BinOp):
            return self._binary(node, depth)
        if isinstance(node, ast.Call):
            return self._called(node, depth)
        return tuple(self._branches(node, depth))[:MAX_ALTERNATIVES]

    def _branches(self, node: ast.expr, depth: int) -> Iterator[Lit]:
        parts: list[ast.expr] = []
        if isinstance(node, ast.BoolOp):
            parts = node.values
        elif isinstance(node, ast.IfExp):
            parts = [node.body, node.orelse]
        elif isinstance(node, _HOLDERS):
            parts = node.elts[:MAX_ALTERNATIVES]
        elif isinstance(node, ast.Dict):
            parts = node.values[:MAX_ALTERNATIVES]
        elif isinstance(node, ast.Subscript | ast.NamedExpr | ast.Starred):
            parts = [node.value]
        for part in parts:
            yield from self._fold(part, depth - 1)

    def _named(self, name: str, depth: int) -> Lits:
        if (value := self.values.get(name)) is not None:
            self.values.pop(name)  # a name inside its own value is not followed
            found = self._fold(value, depth - 1)
            self.values[name] = value
            if found:
                return found
        return self.options.get(name, ())

    def _joined(self, node: ast.JoinedStr, depth: int) -> Lits:
        parts: list[Lits] = []
        for value in node.values[:40]:
            inner = value.value if isinstance(value, ast.FormattedValue) else value
            parts.append(self._fold(inner, depth - 1))
        return _product(parts, node.lineno)

    def _binary(self, node: ast.BinOp, depth: int) -> Lits:
        left = self._fold(node.left, depth - 1)
        if isinstance(node.op, ast.Add):
            right = self._fold(node.right, depth - 1)
            return _product([left, right], node.lineno) if left or right else ()
        if isinstance(node.op, ast.Mod):
            return tuple(Lit(_PERCENT.sub("{}", text), line) for text, line in left)
        if isinstance(node.op, ast.Div) and left:
            return _product([left, (Lit("/", 0),), self._fold(node.right, depth - 1)], node.lineno)
        return ()

    def _called(self, node: ast.Call, depth: int) -> Lits:
        last = last_name(node.func)
        if last in ("getenv", "get", "setdefault", "pop") and len(node.args) > 1:
            return self._fold(node.args[1], depth - 1)
        if last in ("field", "Field"):
            default = [word.value for word in node.keywords if word.arg in _DEFAULTS]
            return self._fold(default[0], depth - 1) if default else ()
        if last in ("join", "urljoin") and isinstance(node.func, ast.Attribute):
            parts = [self._fold(arg, depth - 1) for arg in node.args[:6]]
            slashed = [piece for part in parts for piece in (part, (Lit("/", 0),))][:-1]
            return _product(slashed, node.lineno) if any(parts) else ()
        if last == "format" and isinstance(node.func, ast.Attribute):
            return tuple(
                Lit(_BRACES.sub("{}", text), line)
                for text, line in self._fold(node.func.value, depth - 1)
            )
        if last in _TRANSPARENT:
            inner = node.args[0] if node.args else getattr(node.func, "value", None)
            return self._fold(inner, depth - 1) if inner is not None else ()
        return ()


def _constant(node: ast.Constant) -> Lits:
    value = node.value
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return ()
    if isinstance(value, str | int | float):
        return (Lit(str(value)[:MAX_STRING], node.lineno),)
    return ()


_PERCENT = re.compile(r"%(?:\(\w{1,40}\))?[-+ #0]{0,3}\d{0,3}(?:\.\d{1,3})?[sdifrx]")
_BRACES = re.compile(r"\{[^{}]{0,80}\}")


def last_name(node: ast.expr) -> str:
    """The last name of a dotted expression, "" for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _product(parts: list[Lits], line: int) -> Lits:
    """Every way to join the alternatives, ``{}`` for a part of which none is known."""
    texts: list[tuple[str, int]] = [("", 0)]
    for part in parts:
        choices = part or (Lit("{}", 0),)
        texts = [
            ((text + choice.value)[:MAX_STRING], at or choice.line)
            for text, at in texts
            for choice in choices
        ][:MAX_ALTERNATIVES]
    return tuple(Lit(text, at or line) for text, at in texts)
