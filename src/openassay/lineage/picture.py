"""The layer map and the match matrix of a comparison as an SVG file of its own."""

from __future__ import annotations

from openassay.lineage.record import layer_map
from openassay.lineage.result import Comparison
from openassay.reports.layer_picture import standalone


def svg(found: Comparison) -> str:
    """The picture of one comparison: a matrix of rows in place, and lines from layer to layer.

    Without layers to compare it shows the verdict alone. The same comparison gives the same text.
    """
    layers = layer_map(found.matrix, found.matches)
    return standalone(layers, found.verdict, found.a.name, found.b.name)
