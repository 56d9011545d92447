"""Python that does not parse, read line by line: the same facts, as far as single lines tell."""

from __future__ import annotations

import re
from typing import Final

from openassay.formats.pyfacts import (
    MAX_CALLS,
    MAX_STRINGS,
    Call,
    Class,
    CodeFacts,
    Function,
    Lit,
)

_LINE_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+)?import[ \t]+([\w., \t]+)")
_LINE_CLASS = re.compile(r"^[ \t]*class[ \t]+(\w+)[ \t]*(?:\(([^)]{0,200})\))?")
_LINE_DEF = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)")
_LINE_CALL = re.compile(r"([A-Za-z_][\w.]{0,120})\([ \t]*(?:[\"']([^\"'\n]{1,300})[\"'])?")
_LINE_STRING = re.compile(r"\"([^\"\n]{1,300})\"|'([^'\n]{1,300})'")
_LINE_MAIN = re.compile(r"^if[ \t]+__name__")
_WORD = re.compile(r"[A-Za-z_]\w{1,80}")
MAX_LINES: Final = 30_000
MAX_LINE: Final = 2_000


def read_lines(text: str) -> CodeFacts:
    """The facts of a text; ``exact`` is False. Comments are left out."""
    imports: set[str] = set()
    classes: list[Class] = []
    functions: list[Function] = []
    calls: list[Call] = []
    strings: list[Lit] = []
    names: set[str] = set()
    main = 0
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        line = line[:MAX_LINE]
        if line.lstrip().startswith("#"):
            continue
        if found := _LINE_IMPORT.match(line):
            module = found.group(1)
            for name in found.group(2).split(","):
                word = name.strip().split(" ")[0]
                imports.add(f"{module}.{word}" if module else word)
        elif found := _LINE_CLASS.match(line):
            bases = tuple(
                part.strip() for part in (found.group(2) or "").split(",") if part.strip()
            )
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
