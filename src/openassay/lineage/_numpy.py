"""NumPy, asked for late and by name: reading values of weights is an extra."""

from __future__ import annotations

from typing import Any, TypeAlias

from openassay.errors import UsageError

try:
    import numpy as np
    import numpy.typing as npt
except ImportError as error:  # pragma: no cover (the test suite has NumPy)
    raise UsageError(
        "comparing weights needs NumPy, which is not installed",
        hint="python -m pip install 'openassay[weights]'",
    ) from error

Floats: TypeAlias = "npt.NDArray[np.float32]"
Numbers: TypeAlias = "npt.NDArray[np.int64]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"
AnyArray: TypeAlias = "npt.NDArray[Any]"

__all__ = ["AnyArray", "Bytes", "Floats", "Numbers", "np"]
