"""The texts that tests bend."""

from __future__ import annotations

from pathlib import Path

import pytest
from license_texts import ISC, MIT  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def mit() -> str:
    return str(MIT)


@pytest.fixture
def isc() -> str:
    return str(ISC)


@pytest.fixture(scope="session")
def apache() -> str:
    return (ROOT / "LICENSE").read_text("utf-8")
