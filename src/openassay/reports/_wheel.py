"""The wheel: one segment per part; the inner ring says what was released, the outer its licence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from openassay.reports._markup import Markup, element

_SIZE = 360
_MIDDLE = _SIZE / 2
_INNER, _OUTER = 66.0, 128.0  # radii of the ring of statuses
_LICENSE = (132.0, 146.0)  # radii of the ring of licences
_NUMBER = 162.0
_GAP = 0.012  # radians between two segments
_BETWEEN = 0.07  # radians between two groups


@dataclass(frozen=True, slots=True)
class Segment:
    """One part: its number, the names of its status and of its licence's state, its group."""

    number: int
    status: str
    license: str
    group: str


def wheel(segments: Sequence[Segment], big: str, small: str, label: str) -> Markup:
    """The picture, with ``big`` and ``small`` in the middle; ``label`` says the same in words."""
    starts = [i for i, s in enumerate(segments) if not i or segments[i - 1].group != s.group]
    each = (2 * math.pi - _BETWEEN * len(starts)) / max(1, len(segments))
    drawn, angle = [], -math.pi / 2
    for index, segment in enumerate(segments):
        angle += _BETWEEN if index in starts else 0.0
        drawn.append(_segment(segment, angle + _GAP, angle + each - _GAP))
        angle += each
    middle = (
        element("text", big, x=_at(_MIDDLE), y=_at(_MIDDLE - 2), class_="wheel-big"),
        element("text", small, x=_at(_MIDDLE), y=_at(_MIDDLE + 22), class_="wheel-small"),
    )
    return element(
        "svg", *drawn, *middle, class_="wheel", viewBox=f"0 0 {_SIZE} {_SIZE}", role="img",
        aria_label=label,
    )  # fmt: skip


def _segment(segment: Segment, start: float, end: float) -> Markup:
    centre = (start + end) / 2
    x, y = _point((_INNER + _OUTER) / 2, centre)
    nx, ny = _point(_NUMBER, centre)
    return element(
        "g",
        element("path", d=_ring(_INNER, _OUTER, start, end), class_=f"fill-{segment.status}"),
        element("path", d=_ring(*_LICENSE, start, end), class_=f"fill-{segment.license}"),
        element(
            "use", href=f"#sign-{segment.status}", x=_at(x - 9), y=_at(y - 9), width=18, height=18
        ),
        element("text", str(segment.number), x=_at(nx), y=_at(ny + 4), class_="wheel-number"),
        class_=f"on-{segment.status}",
    )


def _ring(inner: float, outer: float, start: float, end: float) -> str:
    (ax, ay), (bx, by) = _point(outer, start), _point(outer, end)
    (cx, cy), (dx, dy) = _point(inner, end), _point(inner, start)
    return (
        f"M{_at(ax)} {_at(ay)}A{_at(outer)} {_at(outer)} 0 0 1 {_at(bx)} {_at(by)}"
        f"L{_at(cx)} {_at(cy)}A{_at(inner)} {_at(inner)} 0 0 0 {_at(dx)} {_at(dy)}Z"
    )


def _point(radius: float, angle: float) -> tuple[float, float]:
    return _MIDDLE + radius * math.cos(angle), _MIDDLE + radius * math.sin(angle)


def _at(value: float) -> str:
    """One decimal: the same on every machine, and a tenth of a pixel is enough."""
    return f"{round(value, 1) + 0.0:g}"
