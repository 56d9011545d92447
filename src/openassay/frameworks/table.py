"""One TOML table read key by key: types checked, unknown keys refused, mistakes with their line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from openassay.errors import FrameworkError

Choice = TypeVar("Choice", bound=StrEnum)
_MISSING: Any = object()


class Table:
    """A table, where it stands in the file, and which of its keys were asked for."""

    def __init__(
        self, values: dict[str, Any], name: str, text: str, where: str = "", start: int = 0
    ) -> None:
        self._values = values
        self._name = name
        self._text = text
        self._where = where
        self._start = start  # index of the line the table begins at, as far as it was found
        self._asked: set[str] = set()

    @classmethod
    def from_toml(cls, text: str, name: str) -> Table:
        try:
            return cls(tomllib.loads(text), name, text)
        except tomllib.TOMLDecodeError as error:
            raise FrameworkError(
                f"{name}: not valid TOML: {error}",
                hint="check quotes and brackets at that place; texts stand in double quotes",
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
        start = self._find(rf"\[(.+\.)?{re.escape(key)}\]|{re.escape(key)} *= *\{{.*")
        return Table(value, self._name, self._text, where, start)

    def tables(self, key: str) -> list[Table]:
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fault(key, "must be tables", f"write [[{key}]] and its keys below it")
        return [self._entry(key, item, number) for number, item in enumerate(value, 1)]

    def done(self) -> None:
        """Refuse keys that nobody asked for: a misspelt key must not be silently ignored."""
        for key in self._values:
            if key not in self._asked:
                raise self.fault(key, "is not a known key here", self.near(key, self._asked))

    def _entry(self, key: str, item: dict[str, Any], number: int) -> Table:
        id = item.get("id")
        label = f"{key} {id!r}" if isinstance(id, str) else f"{key} number {number}"
        where = f"{self._where}, {label}" if self._where else label
        if isinstance(id, str):
            start = self._find(rf'id *= *"{re.escape(id)}" *(#.*)?')
        else:
            start = self._find(rf"\[\[(.+\.)?{re.escape(key)}\]\] *(#.*)?", number)
        return Table(item, self._name, self._text, where, start)

    def _get(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        value = self._values.get(key, default)
        if value is _MISSING:
            raise self.fault(key, "is missing", f"add a line {key} = …")
        return value

    def _find(self, pattern: str, number: int = 1) -> int:
        """Index of the ``number``-th line from this table's start that is ``pattern``; else that.

        TOML readers of the standard library keep no lines, so they are looked for in the text.
        """
        lines = self._text.splitlines()
        for index in range(self._start, len(lines)):
            if re.fullmatch(pattern, lines[index].strip()):
                number -= 1
                if number == 0:
                    return index
        return self._start

    def _line(self, key: str) -> int | None:
        """The line of ``key``, counted from 1; else where the table begins; None at the top."""
        lines = self._text.splitlines()
        for index in range(self._start, len(lines)):
            line = lines[index].strip()
            if key and re.match(rf"{re.escape(key)} *=", line):
                return index + 1
            if index > self._start and line.startswith("[[") and self._where:
                break
        return self._start + 1 if self._where else None
