"""The layer map and the match matrix as one self-contained SVG: no script, no request, no font.

Colours follow the reader's light or dark setting; every mark has a title, so that the picture can
be read by pointing at it or by a screen reader.
"""

from __future__ import annotations

from html import escape
from typing import Final

from openassay.canonical import visible
from openassay.lineage.result import Comparison, Match

CELL: Final = 16
MARGIN: Final = 150
MAX_SHOWN: Final = 80  # layers a side
_STYLE: Final = (
    ".lin text{font:11px system-ui,sans-serif;fill:#1c2733}"
    ".lin .t{font-size:14px;font-weight:600}.lin .q{fill:#51606e}"
    ".lin .c{fill:#1f6feb}.lin .e{fill:#eef1f4}.lin path{stroke:#1f6feb;fill:none}"
    "@media(prefers-color-scheme:dark){.lin text{fill:#e6edf3}.lin .q{fill:#9aa7b4}"
    ".lin .c{fill:#6cb6ff}.lin .e{fill:#22272e}.lin path{stroke:#6cb6ff}}"
)


def svg(found: Comparison) -> str:
    """The picture of one comparison: a matrix of rows in place, and lines from layer to layer.

    Without layers to compare it shows the verdict alone. The same comparison gives the same text.
    """
    rows, columns = found.matrix.rows[:MAX_SHOWN], found.matrix.columns[:MAX_SHOWN]
    wide, high = CELL * len(columns), CELL * len(rows)
    map_at = MARGIN + wide + 60
    width = max(map_at + 2 * MARGIN + 120 if rows else 0, 640)
    tall = max(len(rows), len(columns))
    height = 96 + max(high + MARGIN, CELL * tall + 60 if rows else 0)
    summary = f"A: {found.a.name}. B: {found.b.name}. {found.verdict}."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lin" role="img" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{_text(summary)}</title><style>{_STYLE}</style>",
        f'<text class="t" x="16" y="26">{_text(str(found.verdict).capitalize())}</text>',
        f'<text class="q" x="16" y="46">A {_text(_short(found.a.name, 90))}</text>',
        f'<text class="q" x="16" y="62">B {_text(_short(found.b.name, 90))}</text>',
    ]
    if rows:
        parts += _matrix(found, rows, columns)
        parts += _map(found, rows, columns, map_at)
    return "".join([*parts, "</svg>"]) + "\n"


def _matrix(found: Comparison, rows: tuple[str, ...], columns: tuple[str, ...]) -> list[str]:
    top = 96
    parts = [f'<text class="q" x="16" y="{top - 8}">rows in place: B down, A across</text>']
    for y, name in enumerate(rows):
        at = top + CELL * y
        parts.append(
            f'<text x="{MARGIN - 6}" y="{at + 12}" text-anchor="end">'
            f"{_text(_short(name, 22))}</text>"
        )
        for x, other in enumerate(columns):
            share = found.matrix.values[y][x]
            title = f"{name} from {other}: {share:.0%} of the sampled rows in place"
            place = f'x="{MARGIN + CELL * x}" y="{at}" width="{CELL - 1}" height="{CELL - 1}"'
            parts.append(f'<rect class="e" {place}><title>{_text(title)}</title></rect>')
            if share >= 0.05:
                parts.append(
                    f'<rect class="c" {place} fill-opacity="{share:.2f}" pointer-events="none"/>'
                )
    foot = top + CELL * len(rows) + 8
    for x, name in enumerate(columns):
        at = MARGIN + CELL * x + 11
        parts.append(
            f'<text x="{at}" y="{foot}" text-anchor="end" transform="rotate(-60 {at} {foot})">'
            f"{_text(_short(name, 22))}</text>"
        )
    return parts


def _map(
    found: Comparison, rows: tuple[str, ...], columns: tuple[str, ...], left: int
) -> list[str]:
    """A's layers on the left, B's on the right, a line where an exact test joined them."""
    top, right = 96, left + MARGIN + 100
    parts = [f'<text class="q" x="{left}" y="{top - 8}">layers of A → layers of B</text>']
    for names, x, anchor in ((columns, left + MARGIN - 6, "end"), (rows, right + 6, "start")):
        parts += [
            f'<text x="{x}" y="{top + CELL * y + 12}" text-anchor="{anchor}">'
            f"{_text(_short(name, 22))}</text>"
            for y, name in enumerate(names)
        ]
    seen: set[tuple[int, int]] = set()
    for match in found.matches:
        ends = _ends(match, rows, columns)
        if ends is None or ends in seen:
            continue
        seen.add(ends)
        a, b = (top + CELL * at + 8 for at in ends)
        x, middle = left + MARGIN, (left + MARGIN + right) // 2
        title = f"{match.b} from {match.a}: {match.count} of {match.of} rows in place"
        parts.append(
            f'<path stroke-width="{0.5 + 2 * match.count / match.of:.1f}" '
            f'd="M{x} {a}C{middle} {a} {middle} {b} {right} {b}">'
            f"<title>{_text(title)}</title></path>"
        )
    return parts


def _ends(match: Match, rows: tuple[str, ...], columns: tuple[str, ...]) -> tuple[int, int] | None:
    a, b = label(match.a_place, match.a), label(match.b_place, match.b)
    if a not in columns or b not in rows:
        return None
    return columns.index(a), rows.index(b)


def label(place: tuple[str, int, int], name: str) -> str:
    """What a layer is called: its stack and number, or the end of the tensor's name."""
    stack, number, expert = place
    if number < 0:
        return name[-60:]
    return f"{stack} {number}".strip() + (f" expert {expert}" if expert >= 0 else "")


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else "…" + text[-most + 1 :]


def _text(text: str) -> str:
    return escape(visible(text), quote=True)
