"""Reading a file of a server by small ranges, each kept, each asked for once.

Blocks are aligned, so that the same bytes are the same items of the store in every run. A reader
that goes on where it stopped (a GGUF header with its vocabulary) gets ever larger pieces, so that
a long header takes few requests. Who jumps to some rows of a tensor gets those rows and no block
around them: a norm gain is 8 KiB, and a model has hundreds that lie far apart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from openassay.formats import buffered
from openassay.sources._common import Cache
from openassay.sources.online.faults import FetchError
from openassay.sources.online.store import Store

BLOCK = buffered.BLOCK  # what the readers of headers ask for first
MAX_AHEAD = 4 << 20  # bytes of the largest piece
ROWS = 4 << 10  # bytes from which a jump is to rows; descriptions are read in smaller pieces
MAX_HELD = 32 << 20  # bytes of one source in memory
MAX_FETCHED = 512 << 20  # bytes of one source in all: beyond any headers and documents

Fetch = Callable[[int, int], bytes]  # (start, end) -> exactly those bytes


class Budget:
    """What one source may still fetch, and the blocks that it holds. Thread-safe."""

    def __init__(self, store: Store, limit: int = MAX_FETCHED) -> None:
        self.store = store
        self.blocks = Cache(MAX_HELD)
        self.lock = threading.Lock()
        self._left = limit

    def spend(self, path: str, length: int) -> None:
        with self.lock:
            self._left -= length
            if self._left < 0:
                raise FetchError(
                    f"{path}: more was to be fetched of this source than {MAX_FETCHED >> 20} MiB",
                    reason="too_large",
                    hint="Download it, and name the folder.",
                )


class RangedFile:
    """One file of ``size`` bytes at a pinned place. ``key`` names that place in the store."""

    def __init__(
        self, fetch: Fetch, size: int, budget: Budget, path: str, key: tuple[str, ...]
    ) -> None:
        self._fetch = fetch
        self._size = size
        self._budget = budget
        self._path = path
        self._key = key
        self._next = -1  # the block after the last piece that was fetched
        self._ahead = BLOCK

    def read(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``; fewer only at the end of the file."""
        end = min(offset + length, self._size)
        if offset < 0 or offset >= end:
            return b""
        first, last = offset // BLOCK, (end - 1) // BLOCK
        if self._jumps(first, end - offset):
            return self._exactly(offset, end)
        blocks: list[bytes] = []
        at = first
        while at <= last:
            block = self._held(at)
            if block is None:
                got = self._piece(at, last)
                blocks += got
                at += len(got)
            else:
                blocks.append(block)
                at += 1
        start = offset - first * BLOCK
        return b"".join(blocks)[start : start + end - offset]

    def _jumps(self, first: int, length: int) -> bool:
        """Whether a read is of rows somewhere: not of the front, not where reading goes on."""
        if not ROWS <= length <= MAX_AHEAD or first in (0, self._next):
            return False
        return self._held(first) is None

    def _exactly(self, start: int, end: int) -> bytes:
        name = (*self._key, f"{start}-{end}")
        held = self._budget.store.get("range", *name)
        if held is not None and len(held) == end - start:
            return held
        self._budget.spend(self._path, end - start)
        content = self._fetched(start, end)
        self._budget.store.put(content, "range", *name)
        return content

    def _fetched(self, start: int, end: int) -> bytes:
        content = self._fetch(start, end)
        if len(content) != end - start:
            raise FetchError(
                f"{self._path}: gave other bytes than asked for", reason="wrong_content"
            )
        return content

    def _name(self, block: int) -> tuple[str, ...]:
        return (*self._key, str(block))

    def _held(self, block: int) -> bytes | None:
        name = self._name(block)
        with self._budget.lock:
            held = self._budget.blocks.get("\0".join(name))
        if held is None:
            held = self._budget.store.get("block", *name)
            if held is not None and len(held) != self._length(block):
                return None
            if held is not None:
                self._hold(name, held)
        return held

    def _hold(self, name: tuple[str, ...], block: bytes) -> None:
        with self._budget.lock:
            self._budget.blocks.put("\0".join(name), block)

    def _length(self, block: int) -> int:
        return min(BLOCK, self._size - block * BLOCK)

    def _piece(self, block: int, last: int) -> list[bytes]:
        """The blocks from ``block`` to ``last``, or further where reading goes on; one request."""
        self._ahead = min(2 * self._ahead, MAX_AHEAD) if block == self._next else BLOCK
        start = block * BLOCK
        end = min(max((last + 1) * BLOCK, start + self._ahead), self._size)
        self._budget.spend(self._path, end - start)
        content = self._fetched(start, end)
        self._next = -(-end // BLOCK)
        pieces = [content[at : at + BLOCK] for at in range(0, len(content), BLOCK)]
        for number, piece in enumerate(pieces, block):
            name = self._name(number)
            self._hold(name, piece)
            self._budget.store.put(piece, "block", *name)
        return pieces[: last - block + 1]
