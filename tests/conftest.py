"""What all tests share: goldens that rewrite themselves, and a scrubbed environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Two workers whose matrix products each start a thread per core slow one another down manyfold.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A loaded machine is no failure: how long an example takes is not what is tested.
settings.register_profile("openassay", deadline=None)
settings.load_profile("openassay")

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="write the goldens instead of comparing"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """``golden(path, text)``: the text must be what the file holds, byte for byte."""
    update = bool(request.config.getoption("--update-goldens"))

    def compare(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
        assert path.is_file(), f"{path} is missing; pytest --update-goldens writes it"
        assert text == path.read_bytes().decode("utf-8"), (
            f"{path.name} differs; look at the change, then pytest --update-goldens"
        )

    return compare


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the colours, width or language of whoever runs it."""
    for name in ("NO_COLOR", "COLUMNS", "TERM", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)
