"""What is found about weights, each with the places that show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from openassay.files import File
from openassay.types import Evidence

_CITED = 64 << 10  # bytes of a header that are cited at most


class Level(StrEnum):
    """How much a finding weighs."""

    BROKEN = "broken"  # the weights cannot be whole, or cannot be weights
    REFUSED = "refused"  # the format's own reader does not load such a file
    CONTRADICTION = "contradiction"  # name, configuration or card say something else
    RISK = "risk"  # code travels with the weights, or a path leads out
    NOTE = "note"  # worth knowing


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file: a pointer into its header or text, a range of bytes, or the whole."""

    file: File
    quote: str
    pointer: str = ""
    start: int = 0
    end: int = 0
    line: int = 0

    def cite(self) -> Evidence:
        """As evidence that can be opened again."""
        if self.file.problem is not None or self.file.lfs is not None or not self.file.size:
            return self.file.cite_whole(self.quote)
        if self.line:
            return self.file.cite_lines(self.line)
        end = min(self.file.size, self.end or self.start + 1)
        if self.pointer:
            within = (self.start, min(end, self.start + _CITED)) if self.end else None
            return self.file.cite_pointer(self.pointer, self.quote, within)
        if self.end:
            return self.file.cite_bytes(self.start, min(end, self.start + _CITED), self.quote)
        return self.file.cite_whole(self.quote)


@dataclass(frozen=True, slots=True)
class Finding:
    """``id`` is stable; ``places`` is never empty, the first decides."""

    id: str
    level: Level
    text: str
    places: tuple[Place, ...]
