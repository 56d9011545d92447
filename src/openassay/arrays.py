"""NumPy behind one door: it is an extra, imported when a value of weights is first looked at.

``np`` is the module. Where it is missing, the first use raises a UsageError that says how to get
it, so that headers are read and commands are listed without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from openassay.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:

    class _Late:
        """Stands for the module; what was asked for once is kept."""

        def __getattr__(self, name: str) -> Any:
            try:
                import numpy
            except ImportError as error:
                raise UsageError(
                    "looking at the values of weights needs NumPy, which is not installed",
                    hint="python -m pip install 'openassay[weights]'",
                ) from error
            found = getattr(numpy, name)
            setattr(self, name, found)
            return found

    np = _Late()

Floats: TypeAlias = "npt.NDArray[np.float32]"
Numbers: TypeAlias = "npt.NDArray[np.int64]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"
AnyArray: TypeAlias = "npt.NDArray[Any]"

__all__ = ["AnyArray", "Bytes", "Floats", "Numbers", "has_numpy", "np"]


def has_numpy() -> bool:
    """Whether values can be looked at."""
    try:
        return bool(np.ndarray)
    except UsageError:
        return False
