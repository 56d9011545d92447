"""The errors OpenAssay raises on purpose.

    OpenAssayError                what happened, where, whose fault, what to do next
    ├── UsageError                the call was wrong (exit 2)
    │   └── FrameworkError        a framework file has a mistake
    ├── TargetError               a target cannot be read at all (exit 3)
    ├── ReadError                 one file or range cannot be read; becomes a gap
    └── DossierError              a stored dossier or record cannot be understood

Parsers raise ``formats.bounded.FormatError``; ``read`` turns it, and any crash of an inspector,
into a gap, so that one bad file never hides another.
"""

from __future__ import annotations


class OpenAssayError(Exception):
    """Root of the tree. ``hint`` is the next step for the reader, or empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(OpenAssayError):
    """The command line or a call of the library was wrong."""


class TargetError(OpenAssayError):
    """A target cannot be read at all."""


class ReadError(OpenAssayError):
    """One file, or a range of it, cannot be read.

    ``reason`` is the short id that the gap will carry, e.g. ``missing_blob``.
    """

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class FrameworkError(UsageError):
    """A framework file has a mistake; the message names file, line, criterion and fix."""


class DossierError(OpenAssayError):
    """A stored dossier or another tool's record cannot be understood."""
