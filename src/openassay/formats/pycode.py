"""Python source to a compact struct: what is defined, imported and called, with folded strings.

Nothing is executed or imported: ``ast.parse`` only builds a tree. Strings are folded by
:mod:`pyfold`, so that ``BASE + "/models/" + name`` gives ``https://host/models/{}``. Python 2 is
put right where that is a matter of spelling; what still does not parse is read line by line by
:mod:`pylines` (``exact`` is then False).
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from typing import Final

from openassay.formats.pyfacts import (
    MAX_CALLS,
    MAX_STRING,
    MAX_STRINGS,
    Call,
    Class,
    CodeFacts,
    Function,
    Lit,
    Lits,
)
from openassay.formats.pyfold import Folder, last_name
from openassay.formats.pylines import read_lines

__all__ = ["MAX_SOURCE", "Call", "Class", "CodeFacts", "Function", "Lit", "Lits", "read_python"]

MAX_SOURCE: Final = 1 << 20  # characters; longer sources are generated, or data
MAX_NODES: Final = 300_000


def read_python(text: str) -> CodeFacts:
    """The facts of a source. Never raises; a text that is no Python has few or none."""
    if len(text) > MAX_SOURCE or "\0" in text:
        return CodeFacts(exact=False)
    tree = _parse(text) or _parse(_modernised(text))
    if tree is None:
        return read_lines(text)
    try:
        return _Reader(tree).facts()
    except RecursionError:  # folding an expression of absurd depth
        return read_lines(text)


def _parse(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in other people's strings
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_PRINT = re.compile(r"^([ \t]*)print[ \t]+(?!\()([^\n]{0,2000}?),?[ \t]{0,8}$", re.M)
_PRINT_TO = re.compile(r"^([ \t]*)print[ \t]*>>[ \t]*[^\n]*$", re.M)
_EXCEPT = re.compile(r"^([ \t]*except[ \t]+[^\n,:]{1,100}),[ \t]*(\w+)[ \t]*:", re.M)
_RAISE = re.compile(r"^([ \t]*)raise[ \t]+(\w+),[ \t]*([^\n]+)$", re.M)
_EXEC = re.compile(r"^([ \t]*)exec[ \t]+(?!\()[^\n]*$", re.M)
_NUMBER = re.compile(r"\b0([0-7]{1,30})[lL]?\b|\b(\d{1,30})[lL]\b")
_MAGIC = re.compile(r"^([ \t]*)[%!?][^\n]*$|^([ \t]*)[\w.]+\?{1,2}[ \t]*$", re.M)


def _modernised(text: str) -> str:
    """Python 2 spellings and notebook magics put right, every line kept in its place."""
    text = _PRINT_TO.sub(r"\1pass", text)
    text = _PRINT.sub(r"\1print(\2)", text)
    text = _EXCEPT.sub(r"\1 as \2:", text)
    text = _RAISE.sub(r"\1raise \2(\3)", text)
    text = _EXEC.sub(r"\1pass", text)
    text = _MAGIC.sub(r"\1\2pass", text)
    text = _NUMBER.sub(lambda found: found.group(2) or f"0o{found.group(1)}", text)
    return text.replace("<>", "!=").expandtabs(8)


_CHAIN = (ast.Attribute, ast.Name)
_BARE = frozenset(  # nodes without anything inside
    kind
    for base in (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)
    for kind in base.__subclasses__()
)
_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)
_VISITED = frozenset(  # nodes that tell something themselves, names and constants apart
    (ast.Call, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.For, ast.ClassDef,
     ast.FunctionDef, ast.AsyncFunctionDef, ast.If, ast.Expr, ast.keyword)
)  # fmt: skip
_PLAIN = frozenset(  # calls whose arguments tell nothing
    ("print", "len", "range", "isinstance", "int", "float", "min", "max", "zip", "super", "getattr",
     "hasattr", "logger.info", "logger.warning", "logging.info", "parser.add_argument")
)  # fmt: skip
_OPTION_CALLS = frozenset({"add_argument", "option", "add_option", "Option", "Argument"})
_FLAG_CALLS = frozenset({"DEFINE_string", "DEFINE_enum", "define"})


@dataclass(slots=True)
class _Open:
    """A class or function while its body is walked."""

    node: ast.AST
    scope: str
    owner: str
    calls: set[str] = field(default_factory=set)


class _Reader:
    """One pass that collects nodes and constants, then the calls in their order."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.aliases: dict[str, str] = {}
        self.imports: set[str] = set()
        self.folder = Folder()
        self.names: set[str] = set()
        self.pending: list[tuple[ast.Call, tuple[_Open, ...]]] = []
        self.opened: list[_Open] = []
        self.strings: list[Lit] = []
        self.doc: set[int] = set()
        self.main = 0

    def facts(self) -> CodeFacts:
        self._walk()
        calls = tuple(self._call(node, around) for node, around in self.pending)
        classes, functions = self._definitions()
        public, documented = self._documented()
        return CodeFacts(
            imports=frozenset(self.imports),
            classes=classes,
            functions=functions,
            calls=calls,
            strings=tuple(self.strings),
            names=frozenset(self.names),
            main=self.main,
            public=public,
            documented=documented,
        )

    def _walk(self) -> None:
        """Depth first, in the order of the source. Written for speed: most of the time is here."""
        stack: list[tuple[ast.AST, tuple[_Open, ...]]] = [(self.tree, ())]
        names = self.names
        budget = MAX_NODES
        while stack and budget:
            budget -= 1
            node, around = stack.pop()
            kind = node.__class__
            # A test of the class itself is quicker than isinstance, and no checker follows it.
            if kind is ast.Name:
                names.add(node.id.lower())  # type: ignore[attr-defined]
                continue
            if kind is ast.Attribute:
                names.add(node.attr.lower())  # type: ignore[attr-defined]
            elif kind is ast.Constant:
                self._constant(node)  # type: ignore[arg-type]
                continue
            elif kind in _VISITED:
                around = self._visit(node, around)
            for field_name in node._fields[::-1]:  # what is pushed last is looked at first
                value = getattr(node, field_name, None)
                if value.__class__ is list:
                    stack += [(item, around) for item in value[::-1] if isinstance(item, ast.AST)]
                elif isinstance(value, ast.AST) and value.__class__ not in _BARE:
                    stack.append((value, around))

    def _visit(self, node: ast.AST, around: tuple[_Open, ...]) -> tuple[_Open, ...]:
        if isinstance(node, ast.Call):
            if len(self.pending) < MAX_CALLS:
                self.pending.append((node, around))
            self._option(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.For):
            self._assign(node)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return self._open(node, around)
        elif isinstance(node, ast.If) and not around:
            self._guard(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            self.doc.add(id(node.value))
        elif isinstance(node, ast.keyword) and node.arg:
            self.names.add(node.arg.lower())
        return around

    def _constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, str) and id(node) not in self.doc and len(self.strings) < MAX_STRINGS:
            self.strings.append(Lit(value[:MAX_STRING], node.lineno))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                full = f"{'.' * node.level}{node.module or ''}.{alias.name}".replace("..", ".")
                full = full if node.level else full.lstrip(".")
                self.aliases[alias.asname or alias.name] = full
            else:
                full = alias.name
                if alias.asname:
                    self.aliases[alias.asname] = full
            self.imports.add(full)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.For) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = node.iter if isinstance(node, ast.For) else node.value
        if value is None:
            return
        for target in targets:
            if isinstance(target, _CHAIN):
                name = target.id if isinstance(target, ast.Name) else target.attr
                self.folder.values.setdefault(name, value)
            elif isinstance(target, ast.Tuple) and isinstance(node, ast.For):
                for element in target.elts:
                    if isinstance(element, ast.Name):
                        self.folder.values.setdefault(element.id, value)

    def _option(self, node: ast.Call) -> None:
        """Remember the defaults of command-line options under the names code reads them by."""
        last = last_name(node.func)
        given = {word.arg: word.value for word in node.keywords if word.arg}
        if last in _OPTION_CALLS:
            flags = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            names = [flag.lstrip("-").replace("-", "_") for flag in flags if isinstance(flag, str)]
            default = given.get("default")
            if isinstance(dest := given.get("dest"), ast.Constant) and isinstance(dest.value, str):
                names.append(dest.value)
        elif last in _FLAG_CALLS and len(node.args) >= 2:
            first = node.args[0]
            names = [str(first.value)] if isinstance(first, ast.Constant) else []
            default = node.args[1]
        else:
            return
        if isinstance(default, ast.Constant) and isinstance(default.value, str):
            for name in names:
                self.folder.options.setdefault(
                    name, (Lit(default.value[:MAX_STRING], default.lineno),)
                )

    def _open(
        self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, around: tuple[_Open, ...]
    ) -> tuple[_Open, ...]:
        self.names.add(node.name.lower())
        outer = around[-1].scope if around else ""
        is_method = bool(around) and isinstance(around[-1].node, ast.ClassDef)
        opened = _Open(node, f"{outer}.{node.name}".lstrip("."), outer if is_method else "")
        self.opened.append(opened)
        if isinstance(node, _DEFS):
            self._defaults(node)
        return (*around, opened)

    def _defaults(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        positional = [*node.args.posonlyargs, *node.args.args]
        pairs = zip(reversed(positional), reversed(node.args.defaults), strict=False)
        keyed = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=False)
        for parameter, default in (*pairs, *keyed):
            if isinstance(default, ast.Constant) and isinstance(default.value, str):
                literal = Lit(default.value[:MAX_STRING], default.lineno)
                self.folder.options.setdefault(parameter.arg, (literal,))

    def _guard(self, node: ast.If) -> None:
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name):
            named = test.left.id == "__name__"
            self.main = self.main or (node.lineno if named else 0)

    def _call(self, node: ast.Call, around: tuple[_Open, ...]) -> Call:
        name = self._dotted(node.func)
        for opened in around:
            opened.calls.add(name)
        if name in _PLAIN:
            return Call(name, node.lineno, around[-1].scope if around else "")
        return Call(
            name,
            node.lineno,
            around[-1].scope if around else "",
            tuple(self.folder.strings(arg) for arg in node.args[:4]),
            tuple(
                (word.arg, self.folder.strings(word.value))
                for word in node.keywords[:60]
                if word.arg
            ),
        )

    def _dotted(self, node: ast.expr) -> str:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            parts.append(self.aliases.get(node.id, node.id))
        else:
            parts.append("()")
        return ".".join(reversed(parts))

    def _definitions(self) -> tuple[tuple[Class, ...], tuple[Function, ...]]:
        classes: list[Class] = []
        functions: list[Function] = []
        for opened in self.opened:
            node = opened.node
            if isinstance(node, ast.ClassDef):
                methods = frozenset(item.name for item in node.body if isinstance(item, _DEFS))
                bases = tuple(self._dotted(base) for base in node.bases)
                builds = frozenset(opened.calls)
                classes.append(Class(node.name, node.lineno, bases, methods, builds))
            elif isinstance(node, _DEFS):
                marks = (
                    item.func if isinstance(item, ast.Call) else item
                    for item in node.decorator_list
                )
                decorators = tuple(self._dotted(mark) for mark in marks)
                calls = frozenset(opened.calls)
                functions.append(Function(node.name, node.lineno, opened.owner, calls, decorators))
        return tuple(classes), tuple(functions)

    def _documented(self) -> tuple[int, int]:
        public = documented = 0
        for opened in self.opened:
            node = opened.node
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                if any(part.startswith("_") for part in opened.scope.split(".")):
                    continue
                if opened.scope != node.name and not opened.owner:
                    continue  # a function inside a function
                public += 1
                documented += ast.get_docstring(node, clean=False) is not None
        return public, documented
