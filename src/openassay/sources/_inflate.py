"""Decompression as a stream that only goes forward and never holds more than it was asked for."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

from openassay.errors import ReadError

CHUNK = 256 << 10
_LZMA_MEMORY = 256 << 20

ReadAt = Callable[[int, int], bytes]


class _Decompressor(Protocol):
    """What bz2 and lzma offer; :class:`_Deflate` gives zlib the same form."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Deflate:
    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)

    def copy(self) -> _Deflate:
        made = _Deflate.__new__(_Deflate)
        made._inner = self._inner.copy()
        return made

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)


FORMATS: dict[str, Callable[[], _Decompressor]] = {
    "deflate": lambda: _Deflate(-15),
    "gzip": lambda: _Deflate(31),
    "bzip2": bz2.BZ2Decompressor,
    "xz": _xz,
}


class Inflated:
    """The decompressed bytes of ``[start, end)`` of a file, from the first to the last.

    ``position`` counts decompressed bytes handed out or skipped. Several compressed streams one
    after the other (as ``cat a.gz b.gz`` makes) are one, except for ``deflate``.
    """

    def __init__(self, read_at: ReadAt, start: int, end: int, form: str) -> None:
        self._read_at, self._at, self._end = read_at, start, end
        self._form = form
        self._inner = FORMATS[form]()
        self._pending = b""
        self.position = 0

    def fork(self) -> Inflated | None:
        """Another stream that goes on from here, which costs a window of 32 KiB; None where the
        format's state cannot be copied."""
        if not isinstance(self._inner, _Deflate):
            return None
        made = Inflated.__new__(Inflated)
        made._read_at, made._at, made._end = self._read_at, self._at, self._end
        made._form, made._pending, made.position = self._form, self._pending, self.position
        made._inner = self._inner.copy()
        return made

    @property
    def consumed(self) -> int:
        """Offset in the file up to which compressed bytes were taken."""
        return self._at

    def read(self, length: int) -> bytes:
        """Up to ``length`` bytes; fewer only at the end. Raises :class:`ReadError` when broken."""
        parts = []
        while length > 0 and (part := self._some(min(length, CHUNK << 2))):
            parts.append(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def skip(self, length: int) -> int:
        """Leave out up to ``length`` bytes; how many there were."""
        left = length
        while left > 0 and (part := self._some(min(left, CHUNK << 2))):
            left -= len(part)
        return length - left

    def _some(self, length: int) -> bytes:
        try:
            while True:
                if self._inner.eof and not self._next():
                    return b""
                data = b""
                if self._inner.needs_input:
                    data = self._pending or self._input()
                    self._pending = b""
                    if not data:
                        raise ReadError("the compressed data end too early", reason="truncated")
                part = self._inner.decompress(data, length)
                if part:
                    self.position += len(part)
                    return part
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise ReadError(f"compressed data are broken: {error}", reason="broken") from error

    def _input(self) -> bytes:
        data = self._read_at(self._at, min(CHUNK, self._end - self._at))
        self._at += len(data)
        return data

    def _next(self) -> bool:
        """Begin the next stream, if more than padding follows."""
        if self._form == "deflate":
            return False
        data = self._inner.unused_data or self._input()
        while data and not data.strip(b"\0"):
            data = self._input()
        if not data:
            return False
        self._inner = FORMATS[self._form]()
        self._pending = data.lstrip(b"\0")
        return True
