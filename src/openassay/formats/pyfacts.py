"""What :mod:`pycode` says of a Python source: definitions, imports, calls and strings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

MAX_CALLS: Final = 20_000
MAX_STRINGS: Final = 10_000
MAX_STRING: Final = 500


class Lit(NamedTuple):
    """A string and the line its literal stands on. ``{}`` stands for what is not known."""

    value: str
    line: int


Lits = tuple[Lit, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``name`` is dotted with imports resolved; ``().x`` is a method of a result."""

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
