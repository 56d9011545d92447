"""NumPy is an extra: what is said where it is missing."""

from __future__ import annotations

import sys
from typing import Any

import numpy
import pytest

from openassay import arrays
from openassay.errors import UsageError


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stand-in as of a new process, with nothing asked of it yet."""
    made = type(arrays.np)()  # type: ignore[call-arg]
    monkeypatch.setattr(arrays, "np", made)
    return made


def test_it_is_numpy(fresh: Any) -> None:
    assert fresh.zeros is numpy.zeros
    assert arrays.has_numpy()


def test_where_it_is_missing(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert not arrays.has_numpy()
    with pytest.raises(UsageError, match="needs NumPy") as raised:
        fresh.zeros(3)
    assert "openassay[weights]" in raised.value.hint
