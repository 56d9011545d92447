"""Few reads where a file may be far away: its first and its last 128 KiB are read once and kept.

Nearly every header lies there whole: those of safetensors and GGUF in front, the directory of a zip
archive behind. Everything else goes straight through, so that no byte is read that was not asked
for. Memory stays at two blocks whatever the file.
"""

from __future__ import annotations

from typing import Final

from openassay.formats.bounded import Fault, FormatError, ReadAt, Window

BLOCK: Final = 128 << 10  # bytes; one range of this size holds 97 % of safetensors headers


class Buffered:
    """The seam `read(offset, length)` over another one, with both ends of the file kept."""

    __slots__ = ("_head", "_read", "_size", "_tail", "_tail_at")

    def __init__(self, read: ReadAt, size: int) -> None:
        self._read = read
        self._size = size
        self._head: bytes | None = None
        self._tail: bytes | None = None
        self._tail_at = max(BLOCK, size - BLOCK)

    def __call__(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self._size)
        if offset < 0 or end <= offset:
            return b""
        if offset < BLOCK:
            front = self._front()[offset:end]
            if end <= BLOCK or offset + len(front) < BLOCK:  # whole, or the source ended early
                return front
            return front + self._read(BLOCK, end - BLOCK)
        if offset >= self._tail_at:
            at = self._tail_at
            return self._back()[offset - at : end - at]
        return self._read(offset, end - offset)

    def _front(self) -> bytes:
        if self._head is None:
            self._head = self._read(0, min(BLOCK, self._size))
        return self._head

    def _back(self) -> bytes:
        if self._tail is None:
            self._tail = self._read(self._tail_at, self._size - self._tail_at)
        return self._tail


class Pages:
    """Small reads all over a file, through a Window: whole pages are read and the last ones kept.

    For formats whose descriptions point from place to place (HDF5, flatbuffers). What is asked for
    in one piece is never longer than LONGEST, so memory is bounded.
    """

    __slots__ = ("_kept", "_window")

    PAGE: Final = 16 << 10
    KEEP: Final = 128  # pages: 2 MiB
    LONGEST: Final = 1 << 20  # bytes of one piece

    def __init__(self, window: Window) -> None:
        self._window = window
        self._kept: dict[int, bytes] = {}

    @property
    def size(self) -> int:
        return self._window.size

    def at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes; FormatError where the file has none, or for too long a piece."""
        if length > self.LONGEST:
            message = f"a description of {length} bytes, at most {self.LONGEST} are read"
            raise FormatError(Fault.READ_LIMIT, message, offset)
        if offset < 0 or length < 0 or offset + length > self.size:
            return self._window.at(offset, length)  # which says what is wrong
        first, last = offset // self.PAGE, (offset + max(length, 1) - 1) // self.PAGE
        if first == last:
            page = self._page(first)
            return page[offset - first * self.PAGE : offset - first * self.PAGE + length]
        joined = b"".join(self._page(number) for number in range(first, last + 1))
        return joined[offset - first * self.PAGE : offset - first * self.PAGE + length]

    def number(self, offset: int, width: int) -> int:
        """A little-endian unsigned number."""
        return int.from_bytes(self.at(offset, width), "little")

    def _page(self, number: int) -> bytes:
        page = self._kept.get(number)
        if page is None:
            page = self._window.upto(number * self.PAGE, self.PAGE)
            if len(self._kept) >= self.KEEP:
                del self._kept[next(iter(self._kept))]
            self._kept[number] = page
        return page
