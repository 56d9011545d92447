"""One TOML table read key by key: types checked, unknown keys refused, mistakes with their line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from openassay.errors import FrameworkError
from openassay.frameworks.lines import Place, places

Choice = TypeVar("Choice", bound=StrEnum)
_MISSING: Any = object()
_LARGEST = 1e30  # far above every threshold in floating-point operations


class Table:
    """A table, where it stands in the file, and which of its keys were asked for."""

    def __init__(
        self,
        values: dict[str, Any],
        name: str,
        lines: Callable[[], Mapping[Place, int]],
        where: str = "",
        at: Place = (),
    ) -> None:
        self._values = values
        self._name = name
        self._lines = lines
        self._where = where
        self._at = at
        self._asked: set[str] = set()

    @classmethod
    def from_toml(cls, text: str, name: str) -> Table:
        try:
            # Lines are looked for when there is a mistake to show, and never otherwise.
            return cls(tomllib.loads(text), name, partial(places, text))
        except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
            raise _not_toml(str(error), text, name) from error
        except RecursionError as error:
            raise FrameworkError(
                f"{name}: nested too deeply", hint="write tables and lists one or two deep"
            ) from error

    def fault(self, key: str, wrong: str, fix: str) -> FrameworkError:
        """The error for a key of this table: file, line, criterion, what is wrong, the fix."""
        line = self._line(key)
        place = f"{self._name}:{line}" if line else self._name
        subject = " ".join(part for part in (self._where, f"`{key}`" if key else "") if part)
        return FrameworkError(f"{place}: {subject or 'the file'} {wrong}", hint=fix)

    def near(self, value: str, known: Iterable[str]) -> str:
        """A fix for a misspelt name."""
        known = list(known)
        close = get_close_matches(value, known, n=1)
        return f"did you mean {close[0]!r}?" if close else f"use one of: {', '.join(sorted(known))}"

    def line_of(self, key: str) -> int | None:
        """The line of a key, from 1, or of the table it would stand in; None if not found."""
        return self._line(key)

    def text(self, key: str, default: str = _MISSING) -> str:
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.fault(key, "must be text", f'write {key} = "…"')
        if not value.strip() and default is _MISSING:
            raise self.fault(key, "is empty", "say what it is")
        return value

    def link(self, key: str, default: str = _MISSING) -> str:
        value = self.text(key, default)
        if not re.match(r"https?://[^\s/]+", value):
            raise self.fault(key, f"is not an address: {value!r}", "give the full https:// link")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(key, "must be a list of texts", f'write {key} = ["…", "…"]')
        twice = sorted({item for item in value if value.count(item) > 1})
        if twice:
            raise self.fault(key, f"names {twice[0]!r} twice", "remove one of them")
        return tuple(value)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._get(key, default)
        if not isinstance(value, bool):
            raise self.fault(key, "must be true or false", f"write {key} = true, without quotes")
        return value

    def choice(self, key: str, kind: type[Choice], default: Choice = _MISSING) -> Choice:
        value = self._get(key, default)
        try:
            return kind(value)
        except ValueError:
            options = [option.value for option in kind]
            raise self.fault(key, f"cannot be {value!r}", self.near(str(value), options)) from None

    def table(self, key: str) -> Table | None:
        value = self._get(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.fault(key, "must be a table", f"write [{key}] and its keys below it")
        where = f"{self._where} [{key}]" if self._where else f"[{key}]"
        return Table(value, self._name, self._lines, where, (*self._at, key))

    def number(self, key: str, default: float = _MISSING, *, least: float = 0.0) -> float:
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fault(key, "must be a number", f"write {key} = 1, without quotes")
        if not least <= value <= _LARGEST:  # refuses nan and inf too
            raise self.fault(key, f"cannot be {value}", f"give a number of at least {least:g}")
        return float(value)

    def has(self, key: str) -> bool:
        """Whether the key stands there; it still has to be asked for."""
        return key in self._values

    def names(self) -> tuple[str, ...]:
        """The keys of a table whose keys are names of the file's own."""
        return tuple(self._values)

    def tables(self, key: str) -> list[Table]:
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fault(key, "must be tables", f"write [[{key}]] and its keys below it")
        return [self._entry(key, item, number) for number, item in enumerate(value, 1)]

    def done(self) -> None:
        """Refuse keys that nobody asked for: a misspelt key must not be silently ignored."""
        self.only(self._asked)

    def only(self, known: Collection[str]) -> None:
        """Refuse keys that are not among these."""
        for key in self._values:
            if key not in known:
                raise self.fault(key, "is not a known key here", self.near(key, known))

    def _entry(self, key: str, item: dict[str, Any], number: int) -> Table:
        id = item.get("id")
        label = f"{key} {id!r}" if isinstance(id, str) else f"{key} number {number}"
        where = f"{self._where}, {label}" if self._where else label
        return Table(item, self._name, self._lines, where, (*self._at, key, number - 1))

    def _get(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        value = self._values.get(key, default)
        if value is _MISSING:
            raise self.fault(key, "is missing", f"add a line {key} = …")
        return value

    def _line(self, key: str) -> int | None:
        """The line of ``key``; else where the table around it begins; None at the top.

        A table with an id is shown where that stands: it is what people look for.
        """
        lines = self._lines()
        at: Place = (*self._at, key) if key else self._at
        if self._at and at not in lines:
            at = (*self._at, "id")
        while at and at not in lines:
            at = at[:-1]
        return lines.get(at)


_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"


def _not_toml(said: str, text: str, name: str) -> FrameworkError:
    """The parser's own words, with the line where we say it elsewhere, and the likely fix."""
    last = text.rstrip().count("\n") + 1
    place, column = f"{name}:{last}", ""
    if found := _AT_LINE.search(said):
        place, column = f"{name}:{found[1]}", f", at character {found[2]}"
    words = _AT_LINE.sub("", said).removesuffix(_AT_END)
    hint = "check quotes and brackets at that place; texts stand in double quotes"
    if "Cannot overwrite" in words:
        hint = "this key stands twice in its table: keep one of them"
    elif "Cannot declare" in words:
        hint = "this table stands twice; write [[name]] with two brackets where there are several"
    elif "Illegal character" in words:
        hint = "a text on several lines stands between three double quotes"
    return FrameworkError(f"{place}: not valid TOML: {words}{column}", hint=hint)
