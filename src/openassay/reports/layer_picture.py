"""The match matrix and the layer map of two models as SVG: no script, no request, no font.

Every mark has a title, so that the picture can be read by pointing at it or by a screen reader. A
file of its own (:func:`standalone`) brings its style; inside a page (:func:`inline`) the page's
style sheet has it, since a strict policy lets no other in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from openassay.kinship import Joined, LayerMap
from openassay.reports._markup import Markup, element, join
from openassay.words import ENGLISH, Words

CELL: Final = 16
MAX_SIDE: Final = 80  # layers; a stored dossier may say anything
MAX_CELLS: Final = 400  # the strongest
MAX_LINES: Final = 160
LEAST: Final = 10  # per cent; less is what strangers reach
_LETTER: Final = 6.2  # pixels
_LABEL: Final = 22  # letters
_STYLE: Final = (
    ".kin text{font:11px system-ui,sans-serif;fill:#1c2733}.kin .kin-aside{fill:#51606e}"
    ".kin .kin-head{font-size:14px;font-weight:600}.kin .kin-cell{fill:#1f6feb}"
    ".kin .kin-row{fill:#e9edf1}.kin .kin-line{stroke:#1f6feb;fill:none}"
    "@media(prefers-color-scheme:dark){.kin text{fill:#e6edf3}.kin .kin-aside{fill:#9aa7b4}"
    ".kin .kin-cell{fill:#6cb6ff}.kin .kin-row{fill:#262c34}.kin .kin-line{stroke:#6cb6ff}}"
)


def standalone(layers: LayerMap | None, verdict: str, a: str, b: str) -> str:
    """A file: the verdict and both names above the picture; without layers those alone."""
    head = (
        element("text", verdict.capitalize(), class_="kin-head", x=16, y=26),
        element("text", f"A {_short(a, 90)}", class_="kin-aside", x=16, y=46),
        element("text", f"B {_short(b, 90)}", class_="kin-aside", x=16, y=62),
    )
    summary = f"A: {a}. B: {b}. {verdict}."
    style = element("style", Markup(_STYLE))
    return _svg(layers, summary, join(style, *head), 74, ENGLISH) + "\n"


def inline(layers: LayerMap, summary: str, words: Words) -> Markup:
    """The picture inside a page that styles it; ``summary`` is its text for who cannot see it.

    Empty where there are no layers to show.
    """
    if not layers.rows or not layers.columns:
        return Markup("")
    return _svg(layers, summary, Markup(""), 0, words)


def _svg(layers: LayerMap | None, summary: str, head: Markup, top: int, words: Words) -> Markup:
    drawn, wide, high = Markup(""), 640, top
    if layers is not None and layers.rows and layers.columns:
        drawn, right, bottom = _drawn(layers, top + 22, words)
        wide, high = (max(wide, right) if head else right), bottom
    return element(
        "svg",
        element("title", summary) if head else None,
        head,
        drawn,
        xmlns="http://www.w3.org/2000/svg" if head else None,
        class_="kin",
        role="img",
        aria_label=None if head else summary,
        width=wide,
        height=high,
        viewBox=f"0 0 {wide} {high}",
    )


def _drawn(layers: LayerMap, top: int, words: Words) -> tuple[Markup, int, int]:
    """Matrix on the left, map on the right; and how far the two reach."""
    rows, columns = layers.rows[:MAX_SIDE], layers.columns[:MAX_SIDE]
    label = int(max(len(_short(name, _LABEL)) for name in (*rows, *columns)) * _LETTER) + 14
    wide, high = CELL * len(columns), CELL * len(rows)
    slope = int(label * 0.87) + 12  # names below the matrix stand at an angle
    left = label + wide + max(40, 200 - wide)
    tall = max(high + slope, CELL * max(len(rows), len(columns)) + 8)
    parts = (
        *_matrix(layers, label, top, words),
        *_map(layers, left, label, top, words),
    )
    return join(*parts), left + 2 * label + 120, top + tall


def _matrix(layers: LayerMap, left: int, top: int, words: Words) -> Iterator[Markup]:
    """A row of cells for each layer of B; the fuller, the more of its rows stand in place."""
    rows, columns = layers.rows[:MAX_SIDE], layers.columns[:MAX_SIDE]
    yield element("text", words.say("rows in place: B down, A across"), class_="kin-aside", x=0,
                  y=top - 8)  # fmt: skip
    for y, name in enumerate(rows):
        at = top + CELL * y
        yield element("text", _short(name, _LABEL), x=left - 6, y=at + 12, text_anchor="end")
        yield element("rect", class_="kin-row", x=left, y=at, width=CELL * len(columns) - 1,
                      height=CELL - 1)  # fmt: skip
    for share, y, x in _cells(layers):
        said = words.say("{b} from {a}: {share} % of the sampled rows in place",
                         b=rows[y], a=columns[x], share=share)  # fmt: skip
        yield element(
            "rect", element("title", said), class_="kin-cell", x=left + CELL * x,
            y=top + CELL * y, width=CELL - 1, height=CELL - 1, fill_opacity=f"{share / 100:.2f}",
        )  # fmt: skip
    foot = top + CELL * len(rows) + 8
    for x, name in enumerate(columns):
        at = left + CELL * x + 11
        yield element("text", _short(name, _LABEL), x=at, y=foot, text_anchor="end",
                      transform=f"rotate(-60 {at} {foot})")  # fmt: skip


def _cells(layers: LayerMap) -> list[tuple[int, int, int]]:
    """(per cent, row, column) of the cells that are drawn, in reading order."""
    found = [
        (share, y, x)
        for y, text in enumerate(layers.shares[: len(layers.rows[:MAX_SIDE])])
        for x, share in enumerate(_numbers(text)[: len(layers.columns[:MAX_SIDE])])
        if share >= LEAST
    ]
    strongest = sorted(found, key=lambda cell: (-cell[0], cell[1], cell[2]))[:MAX_CELLS]
    return sorted(strongest, key=lambda cell: cell[1:])


def _numbers(text: str) -> list[int]:
    """Per cents of one row; what is none counts as nothing in place."""
    pieces = text[: 5 * MAX_SIDE].split(" ")[:MAX_SIDE]
    return [min(int(one), 100) if one.isascii() and one.isdigit() else 0 for one in pieces]


def _map(layers: LayerMap, left: int, label: int, top: int, words: Words) -> Iterator[Markup]:
    """A's layers on the left, B's on the right, a line where an exact test joined them."""
    rows, columns = layers.rows[:MAX_SIDE], layers.columns[:MAX_SIDE]
    start, end = left + label, left + label + 110
    yield element("text", words.say("layers of A → layers of B"), class_="kin-aside", x=left,
                  y=top - 8)  # fmt: skip
    for names, x, anchor in ((columns, start - 6, "end"), (rows, end + 6, "start")):
        for y, name in enumerate(names):
            yield element("text", _short(name, _LABEL), x=x, y=top + CELL * y + 12,
                          text_anchor=anchor)  # fmt: skip
    middle = (start + end) // 2
    for one in _lines(layers.joined, len(rows), len(columns)):
        a, b = (top + CELL * at + 8 for at in (one.a, one.b))
        said = words.say("{b} from {a}: {count} of {of} rows in place", b=rows[one.b],
                         a=columns[one.a], count=one.count, of=one.of)  # fmt: skip
        yield element(
            "path", element("title", said), class_="kin-line",
            stroke_width=f"{0.5 + 2 * min(1.0, one.count / one.of):.1f}",
            d=f"M{start} {a}C{middle} {a} {middle} {b} {end} {b}",
        )  # fmt: skip


def _lines(joined: Sequence[Joined], rows: int, columns: int) -> list[Joined]:
    sound = (j for j in joined[:MAX_LINES] if 0 <= j.a < columns and 0 <= j.b < rows)
    return [one for one in sound if 0 <= one.count <= one.of and one.of > 0]


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else "…" + text[-most + 1 :]
