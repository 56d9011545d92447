"""numpy, imported when a check needs it: it is an extra, and headers are read without it."""

from __future__ import annotations

from typing import Any

from openassay.errors import UsageError


def numpy() -> Any:
    """The module; UsageError with the way to install it where it is missing."""
    try:
        import numpy as np
    except ImportError as error:
        raise UsageError(
            "reading the values of weights needs numpy",
            hint="pip install 'openassay[weights]', or leave --full and --samples away",
        ) from error
    return np


def has_numpy() -> bool:
    """Whether values can be looked at."""
    try:
        numpy()
    except UsageError:
        return False
    return True
