"""One way to write JSON: the same value gives the same bytes, safe to look at, easy to diff.

Keys keep the order they are given in when ``sort`` is off; characters that a terminal or an
editor would act on instead of showing (C1 controls, direction overrides, invisible tags) and lone
surrogates are written as ``\\u`` escapes, so that the text is always valid UTF-8 and loses nothing.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

# Outside ASCII: C1 controls, format characters that hide or reorder text, lone surrogates.
_ACTS = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_JOINERS = "\u200c\u200d"  # Persian, Indic scripts and emoji need them
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def dump_json(value: Any, *, sort: bool = False) -> str:
    """``value`` as indented JSON with a trailing newline; not-a-number is refused (ValueError)."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=sort, allow_nan=False)
    return _ACTS.sub(_escape, text) + "\n"


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]


def visible(text: str) -> str:
    """Text that was audited, made safe to print on one line.

    White space becomes single spaces; what a terminal would obey (escapes, controls, direction
    overrides, lone surrogates) is spelled out, as ``\\x1b``.
    """
    joined = " ".join(text.split())
    if joined.isascii() and joined.isprintable():
        return joined
    return "".join(
        spell(char) if char not in _JOINERS and unicodedata.category(char) in _UNSEEN else char
        for char in joined
    )


def spell(char: str) -> str:
    """A character as Python would escape it: ``\\x1b``, ``\\u202e``."""
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
