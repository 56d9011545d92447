"""Python source to a compact struct: what is defined, imported and called, with folded strings.

Nothing is executed or imported: ``ast.parse`` only builds a tree. Strings are folded through
constants, defaults of parameters, dataclass fields and command-line options, f-strings, ``+``, ``%``
and ``.format``; what cannot be known is written ``{}``, so that ``BASE + "/models/" + name`` gives
``https://host/models/{}``. Python 2 is put right where that is a matter of spelling; what still does
not parse is read line by line with regular expressions (``exact`` is then False).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MAX_SOURCE: Final = 1 << 20  # characters; longer sources are generated, or data
MAX_NODES: Final = 300_000
MAX_CALLS: Final = 20_000
MAX_STRINGS: Final = 10_000
MAX_ALTERNATIVES: Final = 24  # strings a name may stand for
MAX_FOLD: Final = 12  # depth of an expression that is folded
MAX_STEPS: Final = 300  # expressions visited to fold one argument
MAX_STRING: Final = 500


class Lit(NamedTuple):
    """A string and the line its literal stands on. ``{}`` stands for what is not known."""

    value: str
    line: int


Lits = tuple[Lit, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``name`` is dotted with imports resolved; ``().x`` is a method of a call's result."""

    name: str
    line: int
    scope: str  # "Class.method", "function" or "" at module level
    args: tuple[Lits, ...] = ()  # the first four positional arguments, () where no string is known
    keywords: tuple[tuple[str, Lits], ...] = ()

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]

    def keyword(self, *names: str) -> Lits:
        """Strings given for the first of these keywords that the call has."""
        for name in names:
            for key, values in self.keywords:
                if key == name:
                    return values
        return ()

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.keywords)


@dataclass(frozen=True, slots=True)
class Class:
    name: str
    line: int
    bases: tuple[str, ...]
    methods: frozenset[str]
    builds: frozenset[str]  # dotted names of everything called in its body


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    line: int
    owner: str  # the class it is a method of, or ""
    calls: frozenset[str]
    decorators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What one source says. Lines are 1-based in the text that was given."""

    imports: frozenset[str] = frozenset()  # dotted: "torch.nn", "transformers.AutoModel"
    classes: tuple[Class, ...] = ()
    functions: tuple[Function, ...] = ()
    calls: tuple[Call, ...] = ()
    strings: Lits = ()  # string constants, docstrings left out
    names: frozenset[str] = frozenset()  # identifiers, lower case
    main: int = 0  # line of ``if __name__ == "__main__"``, 0 if none
    public: int = 0  # public functions and classes
    documented: int = 0  # those with a docstring
    exact: bool = True

    def imported(self, *modules: str) -> bool:
        """Whether any of these modules, or something in them, is imported."""
        return any(
            name == module or name.startswith(module + ".")
            for name in self.imports
            for module in modules
        )


def read_python(text: str) -> CodeFacts:
    """The facts of a source. Never raises; a text that is no Python has few or none."""
    if len(text) > MAX_SOURCE or "\0" in text:
        return CodeFacts(exact=False)
    tree = _parse(text) or _parse(_modernised(text))
    if tree is None:
        return _by_lines(text)
    try:
        return _Reader(tree).facts()
    except RecursionError:  # folding an expression of absurd depth
        return _by_lines(text)


def _parse(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in other people's strings
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_PRINT = re.compile(r"^([ \t]*)print[ \t]+(?!\()([^\n]*?),?[ \t]*$", re.M)
_PRINT_TO = re.compile(r"^([ \t]*)print[ \t]*>>[ \t]*[^\n]*$", re.M)
_EXCEPT = re.compile(r"^([ \t]*except[ \t]+[^\n,:]{1,100}),[ \t]*(\w+)[ \t]*:", re.M)
_RAISE = re.compile(r"^([ \t]*)raise[ \t]+(\w+),[ \t]*([^\n]+)$", re.M)
_EXEC = re.compile(r"^([ \t]*)exec[ \t]+(?!\()[^\n]*$", re.M)
_NUMBER = re.compile(r"\b0([0-7]+)\b|\b(\d+)[lL]\b")
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
_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OPTION_CALLS = frozenset({"add_argument", "option", "add_option", "Option", "Argument"})
_FLAG_CALLS = frozenset({"DEFINE_string", "DEFINE_enum", "define"})
_HOLDERS = (ast.List, ast.Tuple, ast.Set)


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
        self.values: dict[str, ast.expr] = {}
        self.options: dict[str, Lits] = {}
        self.names: set[str] = set()
        self.pending: list[tuple[ast.Call, tuple[_Open, ...]]] = []
        self.opened: list[_Open] = []
        self.strings: list[Lit] = []
        self.doc: set[int] = set()
        self.main = 0
        self.steps = 0

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
        stack: list[tuple[ast.AST, tuple[_Open, ...]]] = [(self.tree, ())]
        budget = MAX_NODES
        while stack and budget:
            budget -= 1
            node, around = stack.pop()
            inside = self._visit(node, around)
            children = list(ast.iter_child_nodes(node))
            children.reverse()
            stack += [(child, inside) for child in children]

    def _visit(self, node: ast.AST, around: tuple[_Open, ...]) -> tuple[_Open, ...]:
        if isinstance(node, ast.Constant):
            self._constant(node)
        elif isinstance(node, ast.Name):
            self.names.add(node.id.lower())
        elif isinstance(node, ast.Attribute):
            self.names.add(node.attr.lower())
        elif isinstance(node, ast.Call):
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
                self.values.setdefault(name, value)
            elif isinstance(target, ast.Tuple) and isinstance(node, ast.For):
                for element in target.elts:
                    if isinstance(element, ast.Name):
                        self.values.setdefault(element.id, value)

    def _option(self, node: ast.Call) -> None:
        """Remember the defaults of command-line options under the names code reads them by."""
        last = _last(node.func)
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
                self.options.setdefault(name, (Lit(default.value[:MAX_STRING], default.lineno),))

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
                self.options.setdefault(parameter.arg, (literal,))

    def _guard(self, node: ast.If) -> None:
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name):
            if test.left.id == "__name__":
                self.main = self.main or node.lineno

    def _call(self, node: ast.Call, around: tuple[_Open, ...]) -> Call:
        name = self._dotted(node.func)
        for opened in around:
            opened.calls.add(name)
        return Call(
            name,
            node.lineno,
            around[-1].scope if around else "",
            tuple(self._argument(arg) for arg in node.args[:4]),
            tuple((word.arg, self._argument(word.value)) for word in node.keywords[:60] if word.arg),
        )

    def _argument(self, node: ast.expr) -> Lits:
        self.steps = MAX_STEPS
        return self.fold(node)

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
                marks = (item.func if isinstance(item, ast.Call) else item for item in node.decorator_list)
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

    # --- folding ---------------------------------------------------------------------------------

    def fold(self, node: ast.expr, depth: int = MAX_FOLD) -> Lits:
        """The strings an expression can be, as far as the source alone tells."""
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str | bool | int | float):
                return (Lit(str(node.value)[:MAX_STRING], node.lineno),)
            return ()
        self.steps -= 1
        if depth <= 0 or self.steps < 0:
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
            yield from self.fold(part, depth - 1)

    def _named(self, name: str, depth: int) -> Lits:
        if (value := self.values.get(name)) is not None:
            self.values.pop(name)  # a name inside its own value is not followed
            found = self.fold(value, depth - 1)
            self.values[name] = value
            if found:
                return found
        return self.options.get(name, ())

    def _joined(self, node: ast.JoinedStr, depth: int) -> Lits:
        parts: list[Lits] = []
        for value in node.values[:40]:
            inner = value.value if isinstance(value, ast.FormattedValue) else value
            parts.append(self.fold(inner, depth - 1))
        return _product(parts, node.lineno)

    def _binary(self, node: ast.BinOp, depth: int) -> Lits:
        left = self.fold(node.left, depth - 1)
        if isinstance(node.op, ast.Add):
            right = self.fold(node.right, depth - 1)
            return _product([left, right], node.lineno) if left or right else ()
        if isinstance(node.op, ast.Mod):
            return tuple(Lit(_PERCENT.sub("{}", text), line) for text, line in left)
        if isinstance(node.op, ast.Div) and left:
            return _product([left, (Lit("/", 0),), self.fold(node.right, depth - 1)], node.lineno)
        return ()

    def _called(self, node: ast.Call, depth: int) -> Lits:
        last = _last(node.func)
        if last in ("getenv", "get", "setdefault", "pop") and len(node.args) > 1:
            return self.fold(node.args[1], depth - 1)
        if last in ("field", "Field"):
            default = [word.value for word in node.keywords if word.arg in ("default", "default_factory")]
            return self.fold(default[0], depth - 1) if default else ()
        if last in ("join", "urljoin") and isinstance(node.func, _CHAIN):
            parts = [self.fold(arg, depth - 1) for arg in node.args[:6]]
            slashed = [piece for part in parts for piece in (part, (Lit("/", 0),))][:-1]
            return _product(slashed, node.lineno) if any(parts) else ()
        if last == "format" and isinstance(node.func, ast.Attribute):
            return tuple(
                Lit(_BRACES.sub("{}", text), line) for text, line in self.fold(node.func.value, depth - 1)
            )
        if last in ("Path", "str", "list", "tuple", "sorted", "enumerate", "tqdm", "items", "values", "strip", "lower"):
            inner = node.args[0] if node.args else getattr(node.func, "value", None)
            return self.fold(inner, depth - 1) if inner is not None else ()
        return ()


_PERCENT = re.compile(r"%(?:\(\w{1,40}\))?[-+ #0]{0,3}\d{0,3}(?:\.\d{1,3})?[sdifrx]")
_BRACES = re.compile(r"\{[^{}]{0,80}\}")


def _last(node: ast.expr) -> str:
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


# --- what does not parse -------------------------------------------------------------------------

_LINE_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+)?import[ \t]+([\w., \t]+)")
_LINE_CLASS = re.compile(r"^[ \t]*class[ \t]+(\w+)[ \t]*(?:\(([^)]{0,200})\))?")
_LINE_DEF = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)")
_LINE_CALL = re.compile(r"([A-Za-z_][\w.]{0,120})\([ \t]*(?:[\"']([^\"'\n]{1,300})[\"'])?")
_LINE_STRING = re.compile(r"\"([^\"\n]{1,300})\"|'([^'\n]{1,300})'")
_LINE_MAIN = re.compile(r"^if[ \t]+__name__")
_WORD = re.compile(r"[A-Za-z_]\w{1,80}")
_MAX_LINES = 30_000


def _by_lines(text: str) -> CodeFacts:
    """The same facts as far as single lines tell them."""
    imports: set[str] = set()
    classes: list[Class] = []
    functions: list[Function] = []
    calls: list[Call] = []
    strings: list[Lit] = []
    names: set[str] = set()
    main = 0
    for number, line in enumerate(text.split("\n")[:_MAX_LINES], 1):
        line = line[:2000]
        if line.lstrip().startswith("#"):
            continue
        if found := _LINE_IMPORT.match(line):
            module = found.group(1)
            for name in found.group(2).split(","):
                word = name.strip().split(" ")[0]
                imports.add(f"{module}.{word}" if module else word)
        elif found := _LINE_CLASS.match(line):
            bases = tuple(part.strip() for part in (found.group(2) or "").split(",") if part.strip())
            classes.append(Class(found.group(1), number, bases, frozenset(), frozenset()))
        elif found := _LINE_DEF.match(line):
            functions.append(Function(found.group(1), number, "", frozenset(), ()))
        elif len(calls) < MAX_CALLS:
            for found in _LINE_CALL.finditer(line):
                given = ((Lit(found.group(2), number),),) if found.group(2) else ()
                calls.append(Call(found.group(1), number, "", given))
        if _LINE_MAIN.match(line):
            main = number
        if len(strings) < MAX_STRINGS:
            quoted = _LINE_STRING.finditer(line)
            strings += [Lit(item.group(1) or item.group(2), number) for item in quoted]
        if len(names) < MAX_STRINGS:
            names.update(word.lower() for word in _WORD.findall(line))
    return CodeFacts(
        frozenset(imports),
        tuple(classes),
        tuple(functions),
        tuple(calls),
        tuple(strings),
        frozenset(names),
        main,
        exact=False,
    )
