"""Badges as a self-contained SVG, one row per framework; ``--framework`` picks one.

No script, no font, no picture is fetched. Text is as wide as it was measured to be whatever font a
reader has, colours hold on light and dark pages, and the whole has a title for screen readers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import escape

from openassay.canonical import visible
from openassay.reports import Look, Report
from openassay.reports._badge import GREY, LABEL_COLOUR, Badge, badges

_SIZE, _HEIGHT, _GAP, _PAD = 11, 20, 4, 6  # pixels
_LONGEST = 80  # characters of one half
# Advance widths of DejaVu Sans, which Verdana shares, in hundredths of the font's size.
_WIDTHS = {
    27: "'", 28: "ijl", 29: "IJ", 32: " ,.·", 34: "/:;\\|", 35: "f", 36: "-", 39: "()[]t", 40: "!",
    41: "r", 46: '"', 50: "*_`–", 52: "sz", 53: "?", 55: "c", 56: "L", 58: "Fk", 59: "vxy", 60: "P",
    61: "TYao", 62: "e", 63: "ESbdghnpqu", 64: "$0123456789{}", 66: "K", 68: "AV", 69: "BRXZ",
    70: "C", 73: "U", 75: "HN", 77: "DG", 78: "&", 79: "OQ", 82: "w", 84: "#+<=>^~", 86: "M",
    95: "%", 97: "m", 99: "W", 100: "@…—",
}  # fmt: skip
_WIDTH_OF = {char: width for width, chars in _WIDTHS.items() for char in chars}
_FONT = "DejaVu Sans,Verdana,Geneva,sans-serif"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, look: Look) -> str:
    """The badges as SVG text."""
    del look
    shown = badges(report) or (Badge("openness", "not judged", GREY, "not judged"),)
    return "\n".join(_svg(report.dossier.release, shown)) + "\n"


def text_width(text: str) -> float:
    """Pixels of ``text`` at eleven pixels; wide characters are square, marks take no room."""
    return sum(_advance(char) for char in text) * _SIZE / 100


def _advance(char: str) -> int:
    if (known := _WIDTH_OF.get(char)) is not None:
        return known
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me"):
        return 0
    return 100 if unicodedata.east_asian_width(char) in "WF" else 62


def _svg(release: str, shown: tuple[Badge, ...]) -> Iterator[str]:
    width = max(sum(_halves(badge)) for badge in shown)
    height = len(shown) * (_HEIGHT + _GAP) - _GAP
    title = _xml(f"{release}: {'; '.join(badge.title for badge in shown)}")
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img" aria-label="{title}">'
    )
    yield f"  <title>{title}</title>"
    for row, badge in enumerate(shown):
        yield from _row(badge, row * (_HEIGHT + _GAP))
    yield "</svg>"


def _halves(badge: Badge) -> tuple[int, int]:
    """The widths of both halves, in whole pixels so that edges are sharp."""
    left, right = (round(text_width(_cut(text))) for text in (badge.label, badge.message))
    return left + 2 * _PAD, right + 2 * _PAD


def _row(badge: Badge, top: int) -> Iterator[str]:
    left, right = _halves(badge)
    whole = left + right
    yield f'  <g transform="translate(0 {top})">'
    yield f'    <rect width="{whole}" height="{_HEIGHT}" rx="3" fill="{LABEL_COLOUR}"/>'
    # the right half has its own round corners: a clip path needs an id, which may meet another's
    outline = f"M{left} 0h{right - 3}a3 3 0 0 1 3 3v{_HEIGHT - 6}a3 3 0 0 1-3 3H{left}z"
    yield f'    <path d="{outline}" fill="{badge.colour}"/>'
    # a hairline keeps the edge visible on pages as dark as the label
    yield (
        f'    <rect x=".5" y=".5" width="{whole - 1}" height="{_HEIGHT - 1}" rx="2.5"'
        ' fill="none" stroke="#8b949e" stroke-opacity=".45"/>'
    )
    yield f'    <g fill="#fff" font-family="{_FONT}" font-size="{_SIZE}">'
    yield _text(badge.label, _PAD)
    yield _text(badge.message, left + _PAD)
    yield "    </g>"
    yield "  </g>"


def _text(text: str, x: int) -> str:
    cut = _cut(text)
    length = round(text_width(cut))
    fitted = f' textLength="{length}" lengthAdjust="spacingAndGlyphs"' if length else ""
    return f'      <text x="{x}" y="14"{fitted}>{_xml(cut)}</text>'


def _cut(text: str) -> str:
    plain = visible(text)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def _xml(text: str) -> str:
    """Text for elements and attributes; what XML 1.0 cannot hold is replaced."""
    return escape(_NOT_XML.sub("�", visible(text)))
