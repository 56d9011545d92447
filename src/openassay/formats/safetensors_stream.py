"""A long safetensors header, read entry by entry, so that memory stays small whatever its length.

The top level of the JSON is walked here; each name and each description, a few hundred bytes, is
left to the standard library's decoder. Nothing longer than LONGEST is decoded at once: only the
texts of the metadata may be longer, and of those the beginning is kept.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from openassay.formats.bounded import Fault, Findings, FormatError, Window, quoted

CHUNK: Final = 1 << 19  # bytes read at a time; what one value could build is bounded by it
LONGEST: Final = 64 << 10  # characters of one name or description
MAX_KEYS: Final = 10_000  # metadata texts
MAX_KEPT: Final = 1 << 20  # characters of metadata kept in all
_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_PLAIN: Final = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)


def entries(
    window: Window, opening: bytes, start: int, end: int, findings: Findings
) -> Iterator[tuple[str, Any]]:
    """Names and values at the top level of the JSON object in bytes `start` to `end`.

    `opening` are its first bytes, which were read already.
    A name that stands twice is reported, and given twice. FormatError where it is no JSON object.
    """
    text = _Text(window, opening, start, end)
    seen: set[str] = set()
    text.expect("{")
    if text.peek() == "}":
        text.expect("}")
        text.finish()
        return
    while True:
        name = text.value()
        if not isinstance(name, str):
            raise text.broken("a name should stand here")
        if name in seen:
            detail = f"{quoted(name)} stands twice, here the last one counts"
            fault = Fault.TWO_ANSWERS if name == "__metadata__" else Fault.DUPLICATE_NAME
            findings.add(fault, detail, start)
        seen.add(name)
        text.expect(":")
        if name == "__metadata__" and text.peek() == "{":
            yield name, _metadata(text, findings, start)
        else:
            yield name, text.value()
        if text.peek() == "}":
            text.expect("}")
            text.finish()
            return
        text.expect(",")


def _metadata(text: _Text, findings: Findings, start: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    characters = 0
    text.expect("{")
    while text.peek() != "}":
        name = text.value()
        text.expect(":")
        value, cut = text.long_value()
        left = max(0, MAX_KEPT - characters)
        if isinstance(name, str) and len(kept) < MAX_KEYS:
            if isinstance(value, str) and (cut or len(value) > left):
                detail = f"metadata {quoted(name)} is long and kept only in part"
                findings.add(Fault.CUT_SHORT, detail, start)
                value = value[:left]
            kept[name] = value
            characters += len(value) if isinstance(value, str) else 8
        if text.peek() == ",":
            text.expect(",")
    text.expect("}")
    return kept


class _Text:
    """A window of decoded text that moves over the header."""

    def __init__(self, window: Window, opening: bytes, start: int, end: int) -> None:
        self._window = window
        self._opening = opening
        self._at = start  # bytes read so far
        self._end = end
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder(parse_constant=no_constant)
        self._text = ""
        self._here = 0

    def broken(self, what: str) -> FormatError:
        found = self._text[self._here : self._here + 8]
        message = f"the header is not JSON: {what}, found {found!r}"
        return FormatError(Fault.HEADER_MALFORMED, message, max(0, self._at - len(self._text)))

    def _more(self) -> bool:
        """Drop what was passed and decode the next chunk; false at the end."""
        if self._at >= self._end:
            return False
        wanted = min(CHUNK, self._end - self._at)
        raw, self._opening = self._opening or self._window.at(self._at, wanted), b""
        self._at += len(raw)
        try:
            fresh = self._decode.decode(raw, self._at >= self._end)
        except UnicodeDecodeError as error:
            message = "the header is not UTF-8"
            raise FormatError(Fault.HEADER_MALFORMED, message, self._at) from error
        self._text = self._text[self._here :] + fresh
        self._here = 0
        return True

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._here)
            self._here = found.end() if found else self._here
            if self._here < len(self._text):
                return self._text[self._here]
            if not self._more():
                return ""

    def expect(self, mark: str) -> None:
        if self.peek() != mark:
            raise self.broken(f"{mark!r} should stand here")
        self._here += 1

    def finish(self) -> None:
        """Nothing but spaces may follow."""
        if self.peek():
            raise self.broken("nothing should follow")

    def value(self) -> Any:
        """One JSON value; LONGEST characters of it are at hand, at most a chunk more."""
        self.peek()
        while len(self._text) - self._here < LONGEST and self._more():
            pass
        found, self._here = self._decoded(self._text, self._here)
        return found

    def _decoded(self, text: str, at: int) -> tuple[Any, int]:
        try:
            return self._json.raw_decode(text, at)
        except RecursionError as error:
            message = "the JSON header is nested beyond any tensor description"
            raise FormatError(Fault.TOO_DEEP, message, self._at) from error
        except ValueError as error:
            raise self.broken(f"a value of at most {LONGEST} characters should stand") from error

    def long_value(self) -> tuple[Any, bool]:
        """A value; of a text longer than LONGEST only the beginning, and True."""
        if self.peek() != '"':
            return self.value(), False
        while len(self._text) - self._here < LONGEST and self._more():
            pass
        found = _PLAIN.match(self._text, self._here + 1, self._here + LONGEST)
        stop = found.end() if found else self._here + 1
        if self._text[stop : stop + 1] == '"':
            return self.value(), False
        head = self._text[self._here + 1 : stop]
        self._here = stop
        while True:
            passed = _PLAIN.match(self._text, self._here)
            self._here = passed.end() if passed else self._here
            if self._text[self._here : self._here + 1] == '"':
                self._here += 1
                return head, True
            if not self._more():
                raise self.broken("a text does not end")


def no_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which Python's reader takes for numbers."""
    raise ValueError(f"{name} is not JSON")
