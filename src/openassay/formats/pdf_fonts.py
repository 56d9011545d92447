"""Which letters the codes of a PDF font show, and how wide they are.

A font says it by a ToUnicode map, by an encoding, or not at all; then its codes stay unmapped and
the caller must say so rather than guess. Source: ISO 32000-1, sections 9.6 to 9.10 and annex D.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from openassay.formats.bounded import FormatError
from openassay.formats.pdf_objects import Document, Lexer, Name, Stream, Value

MAX_CODES: Final = 70_000  # entries of one map; a two-byte font has 65,536
_GLYPHS: Final = {
    "space": " ", "exclam": "!", "quotedbl": '"', "numbersign": "#", "dollar": "$", "percent": "%",
    "ampersand": "&", "quotesingle": "'", "quoteright": "’", "quoteleft": "‘", "parenleft": "(",
    "parenright": ")", "asterisk": "*", "plus": "+", "comma": ",", "hyphen": "-", "minus": "−",
    "period": ".", "slash": "/", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "colon": ":",
    "semicolon": ";", "less": "<", "equal": "=", "greater": ">", "question": "?", "at": "@",
    "bracketleft": "[", "backslash": "\\", "bracketright": "]", "underscore": "_", "braceleft": "{",
    "bar": "|", "braceright": "}", "asciitilde": "~", "endash": "–", "emdash": "—",
    "quotedblleft": "“", "quotedblright": "”", "bullet": "•", "ellipsis": "…", "fi": "fi",
    "fl": "fl", "ff": "ff", "ffi": "ffi", "ffl": "ffl", "section": "§", "copyright": "©",
    "registered": "®", "trademark": "™", "degree": "°", "multiply": "×", "dagger": "†",
    "nbspace": " ", "grave": "`", "asciicircum": "^", "dotlessi": "ı", "eacute": "é",
    "egrave": "è", "adieresis": "ä", "odieresis": "ö", "udieresis": "ü", "germandbls": "ß",
}  # fmt: skip
_UNI: Final = re.compile(r"^(?:uni([0-9A-Fa-f]{4})|u([0-9A-Fa-f]{4,6}))")
_CODECS: Final = {"WinAnsiEncoding": "cp1252", "MacRomanEncoding": "mac_roman"}


@dataclass(slots=True)
class Font:
    """``letters`` by code; ``width`` in thousandths of the size; ``bytes_per_code`` is 1 or 2."""

    bytes_per_code: int = 1
    letters: dict[int, str] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)
    default_width: float = 500.0

    def decode(self, codes: bytes) -> tuple[str, float, int]:
        """(text, width in thousandths, codes without a letter)."""
        out: list[str] = []
        width = 0.0
        unmapped = 0
        step = self.bytes_per_code
        for at in range(0, len(codes) - step + 1, step):
            code = int.from_bytes(codes[at : at + step], "big")
            letter = self.letters.get(code)
            width += self.widths.get(code, self.default_width)
            if letter is None:
                unmapped += 1
            else:
                out.append(letter)
        return "".join(out), width, unmapped


def read(document: Document, value: Value) -> Font:
    """The font a resource names; one that maps nothing when it does not say its letters."""
    info = document.dictionary(value)
    font = Font()
    composite = info.get("Subtype") == "Type0"
    if composite:
        font.bytes_per_code = 2
        _composite_widths(document, info, font)
    else:
        _simple_letters(document, info, font)
        _simple_widths(document, info, font)
    to_unicode = document.get(info.get("ToUnicode"))
    if isinstance(to_unicode, Stream):
        letters, size = read_cmap(document.unpack(to_unicode))
        font.letters.update(letters)
        if not composite or size == 2:
            font.bytes_per_code = 2 if composite else 1
    elif composite and str(document.get(info.get("Encoding"))).startswith("Uni"):
        font.letters.update({code: chr(code) for code in range(0x20, 0xD800)})  # UniGB-UCS2-H …
    return font


def read_cmap(data: bytes) -> tuple[dict[int, str], int]:
    """A ToUnicode map: letters by code, and the bytes of one code."""
    letters = _Letters()
    size = 1
    lexer = Lexer(data, references=False)
    stack: list[Value] = []
    while (token := lexer.token()) is not None and letters.left > 0:
        if token in (b"]", b">>", b")", b">", b"{", b"}"):
            continue
        try:
            value = lexer.value_of(token)
        except FormatError:
            continue
        if value == "endbfchar":
            _bfchar(stack, letters)
        elif value == "endbfrange":
            _bfrange(stack, letters)
        elif value == "endcodespacerange":
            size = max((len(item) for item in stack if isinstance(item, bytes)), default=1) or 1
        if isinstance(value, str) and not isinstance(value, Name):
            stack.clear()
        elif len(stack) < 10_000:
            stack.append(value)
    return letters.found, size


class _Letters:
    """A map that counts what is written to it: ranges may say the same codes over and over."""

    __slots__ = ("found", "left")

    def __init__(self) -> None:
        self.found: dict[int, str] = {}
        self.left = MAX_CODES

    def put(self, code: int, letter: str) -> None:
        self.left -= 1
        if self.left >= 0:
            self.found[code] = letter


def _bfchar(stack: list[Value], letters: _Letters) -> None:
    for code, shown in zip(stack[0::2], stack[1::2], strict=False):
        if isinstance(code, bytes) and isinstance(shown, bytes):
            letters.put(int.from_bytes(code[:4], "big"), _utf16(shown))


def _bfrange(stack: list[Value], letters: _Letters) -> None:
    for low, high, shown in zip(stack[0::3], stack[1::3], stack[2::3], strict=False):
        if not isinstance(low, bytes) or not isinstance(high, bytes):
            continue
        first, last = int.from_bytes(low[:4], "big"), int.from_bytes(high[:4], "big")
        last = min(last, first + max(0, letters.left))
        if isinstance(shown, list):
            for code, item in zip(range(first, last + 1), shown, strict=False):
                if isinstance(item, bytes):
                    letters.put(code, _utf16(item))
        elif isinstance(shown, bytes) and shown:
            start = _utf16(shown)
            for code in range(first, last + 1):
                point = ord(start[-1]) + code - first if start else 0
                if 0 < point < 0x110000 and not 0xD800 <= point < 0xE000:
                    letters.put(code, start[:-1] + chr(point))


def _utf16(shown: bytes) -> str:
    return shown[:64].decode("utf-16-be", "ignore")


def _simple_letters(document: Document, info: dict[str, Value], font: Font) -> None:
    encoding = document.get(info.get("Encoding"))
    differences: list[Value] = []
    base: Value | Stream = encoding
    if isinstance(encoding, dict):
        base = document.get(encoding.get("BaseEncoding"))
        differences = document.array(encoding.get("Differences"))
    flags = document.dictionary(info.get("FontDescriptor")).get("Flags", 0)
    symbolic = isinstance(flags, int) and bool(flags & 4)
    embedded = any(
        key.startswith("FontFile") for key in document.dictionary(info.get("FontDescriptor"))
    )
    if base is not None or not (symbolic and embedded):
        codec = _CODECS.get(str(base), "cp1252")
        raw = bytes(range(32, 256)).decode(codec, "replace")
        font.letters.update({c: x for c, x in enumerate(raw, start=32) if x != "\ufffd"})
    code = 0
    for item in differences[:2_000]:
        if isinstance(item, int):
            code = item
        elif isinstance(item, Name):
            letter = glyph(item)
            if letter is None:
                font.letters.pop(code, None)
            else:
                font.letters[code] = letter
            code += 1


def glyph(name: str) -> str | None:
    """The letters a glyph name stands for, None for one that only its font knows."""
    base = name.split(".", 1)[0]
    if len(base) == 1 and base.isascii():
        return base
    if base in _GLYPHS:
        return _GLYPHS[base]
    found = _UNI.match(base)
    if found:
        point = int(found.group(1) or found.group(2), 16)
        return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else None
    return None


def _simple_widths(document: Document, info: dict[str, Value], font: Font) -> None:
    first = document.get(info.get("FirstChar"))
    for index, width in enumerate(document.array(info.get("Widths"))[:256]):
        number = document.get(width)
        if isinstance(first, int) and isinstance(number, (int, float)):
            font.widths[first + index] = float(number)


def _composite_widths(document: Document, info: dict[str, Value], font: Font) -> None:
    """``W``: either ``first [w w …]`` or ``first last w``."""
    fonts = document.array(info.get("DescendantFonts"))
    descendant = document.dictionary(fonts[0]) if fonts else {}
    default = document.get(descendant.get("DW"))
    font.default_width = float(default) if isinstance(default, (int, float)) else 1000.0
    items = [document.get(item) for item in document.array(descendant.get("W"))[:20_000]]
    at = 0
    left = MAX_CODES
    while at + 1 < len(items) and left > 0:
        first, second = items[at], items[at + 1]
        if not isinstance(first, int):
            break
        if isinstance(second, list):
            left -= len(second)
            for index, width in enumerate(second):
                if isinstance(width, (int, float)):
                    font.widths[first + index] = float(width)
            at += 2
            continue
        third = items[at + 2] if at + 2 < len(items) else None
        if isinstance(second, int) and isinstance(third, (int, float)):
            last = min(second, first + left)
            left -= max(0, last - first) + 1
            font.widths.update({code: float(third) for code in range(first, last + 1)})
        at += 3
