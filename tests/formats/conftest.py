"""Shared by the readers of weights: a seam that catches reads out of bounds, and mutations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from openassay.formats.bounded import Fault, FormatError, Problem

Parser = Callable[[Callable[[int, int], bytes], int], Any]
LENGTHS = (0, 1, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**60, 2**63 - 1, 2**63, 2**64 - 1)


class Reading:
    """One parse over bytes in memory: what came out, and how much was asked for."""

    def __init__(self, parser: Parser, data: bytes) -> None:
        self.data = data
        self.bytes_read = 0
        self.file: Any = None
        self.error: FormatError | None = None
        try:
            self.file = parser(self._read, len(data))
        except FormatError as error:
            self.error = error
        if self.error is not None:
            assert isinstance(self.error.problem, Fault)
            assert self.error.message in str(self.error)
            assert self.error.offset >= 0

    def _read(self, offset: int, length: int) -> bytes:
        assert 0 <= offset <= offset + length <= len(self.data), "read out of the file"
        self.bytes_read += length
        return self.data[offset : offset + length]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return () if self.file is None else self.file.problems

    @property
    def faults(self) -> set[str]:
        """Ids of all problems, or of the one error."""
        return {str(p.id) for p in self.problems} if self.error is None else {self.error.problem}


@pytest.fixture(scope="session")
def reading() -> type[Reading]:
    return Reading


def _edited(seed: bytes) -> st.SearchStrategy[bytes]:
    """The seed with one part overwritten by noise or by a length that lies, cut, or repeated."""
    at = st.integers(0, len(seed))
    little = st.sampled_from(LENGTHS).map(lambda n: n.to_bytes(8, "little"))
    noise = st.one_of(st.binary(min_size=1, max_size=8), little)
    return st.one_of(
        at.map(lambda n: seed[:n]),
        st.builds(lambda n, b: seed[:n] + b + seed[n + len(b) :], at, noise),
        st.builds(lambda n, b: seed[:n] + b + seed[n:], at, noise),
        st.builds(lambda a, b: seed[: max(a, b)] + seed[min(a, b) :], at, at),
    )


@pytest.fixture(scope="session")
def edited() -> Callable[[bytes], st.SearchStrategy[bytes]]:
    return _edited
