"""Bounded JSON: size, nesting and number length are limited, faults are one typed error."""

from __future__ import annotations

import json
import re
from typing import Final

from openassay.formats.bounded import Fault, FormatError

MAX_CHARACTERS: Final = 32 << 20  # the largest tokenizer files are near 20 MB


def load(text: str, limit: int = MAX_CHARACTERS) -> object:
    """The value of a JSON text.

    Raises FormatError when it is not JSON, longer than ``limit`` characters, nested deeper than
    the interpreter's recursion limit, or holds an integer of more than 4,300 digits.
    """
    if len(text) > limit:
        message = f"JSON of {len(text)} characters, at most {limit} are read"
        raise FormatError(Fault.READ_LIMIT, message)
    try:
        value: object = json.loads(text)
    except RecursionError as error:
        raise FormatError(Fault.TOO_DEEP, "JSON is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise FormatError(Fault.HEADER_MALFORMED, f"not JSON: {error.msg}", error.pos) from error
    except ValueError as error:  # an integer longer than the interpreter converts
        raise FormatError(Fault.HEADER_MALFORMED, f"not JSON: {error}") from error
    return value


def load_object(text: str, limit: int = MAX_CHARACTERS) -> dict[str, object]:
    """Like `load`, but FormatError unless the value is an object."""
    value = load(text, limit)
    if not isinstance(value, dict):
        raise FormatError(Fault.NOT_THIS_FORMAT, "JSON, but not an object")
    return value


def line_of(text: str, key: str) -> int:
    """The line (from 1) where a key first stands; 1 when it is not found literally."""
    found = re.search(rf'"{re.escape(key)}"\s{{0,20}}:', text)
    return text.count("\n", 0, found.start()) + 1 if found else 1
