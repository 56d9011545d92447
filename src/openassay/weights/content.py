"""One pass over the bytes of local weights: digest, statistics, pages of zeros, order-free digest.

Each byte is read once. Reading, SHA-256 and looking at the values are tasks of threads of their own
(all of them release the interpreter's lock), so that the pass costs little more than the digest
alone. What was seen of each chunk is added up in the order of the file, however many threads there
are: the same file gives the same figures everywhere.

Where the pass stands is told now and then, and a pass over the same file that was cut off goes on
from there with the same outcome as one that was not.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from openassay.arrays import np
from openassay.errors import ReadError
from openassay.files import File
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.hashing import Sha256, can_resume
from openassay.weights.tally import WIDTHS, Bench, Tally

CHUNK: Final = 4 << 20  # bytes read at once; longer ones leave the cache before they are looked at
PAGE: Final = 4096
EVERY: Final = 1 << 30  # bytes between two tellings of where the pass stands
_AHEAD: Final = 4  # chunks under way
_LOOKING: Final = 1  # threads that look: on two cores they take what the digest leaves over
_REST: Final = 20  # telling may take a twentieth of the time
_FORM: Final = 1  # of the figures; another one says that a stored state cannot be gone on with

Progress = Callable[[str, int, int], None]  # path, bytes done, bytes of the file
_Piece = tuple[int, bytes | memoryview]  # number of the tensor, whole elements of it


@dataclass(frozen=True, slots=True)
class TensorContent:
    """One tensor read in full. Statistics are None for types that are not plain floats.

    ``multiset`` is the order-free digest: equal for the same values in any order, layout and type.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    multiset: str = ""
    mean: float | None = None
    std: float | None = None
    largest: float | None = None
    zeros: int = 0
    not_finite: int = 0


@dataclass(frozen=True, slots=True)
class FileContent:
    """One file read in full."""

    path: str
    size: int
    sha256: str
    zero_pages: int
    pages: int
    tensors: tuple[TensorContent, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a pass over one file stands: everything before ``offset`` was looked at.

    ``sha256`` is the inner state of the digest, empty where this Python cannot tell it. ``layout``
    is a digest of what lies where, ``before`` of the chunk that ends at ``offset``. ``tensors`` and
    ``cut`` are of the tensors that begin before it, in order: tallies, and the first bytes
    (hexadecimal) of an element that ``offset`` cuts in two.
    """

    size: int
    offset: int
    sha256: str
    zero_pages: int
    layout: str
    before: str
    tensors: tuple[str, ...]
    cut: tuple[str, ...]


def read_file(
    file: File,
    tensors: Sequence[StoredTensor],
    progress: Progress | None = None,
    *,
    begun: Begun | None = None,
    tell: Callable[[Begun], None] | None = None,
    every: int = EVERY,
) -> FileContent:
    """Read a whole file once. ``tensors`` are those whose bytes lie in it.

    ``begun`` is where an earlier pass stood (:func:`goes_on` says whether it can be used); ``tell``
    is told where this one stands after ``every`` bytes, or less often where telling takes long.
    Raises ReadError when the file changes or cannot be read, UsageError without numpy.
    """
    return _Pass(file, tensors, progress, tell, every).run(begun)


def goes_on(file: File, tensors: Sequence[StoredTensor], begun: Begun) -> bool:
    """Whether a pass that was cut off can be taken up: the same layout, and the same last chunk.

    Raises ReadError.
    """
    looks = _placed(tensors)
    if begun.size != file.size or begun.layout != _layout(looks):
        return False
    try:
        kept = [look for look in looks if look.start < begun.offset]
        for look, tally in zip(kept, begun.tensors, strict=True):
            Tally.load(look.tensor.dtype, tally)
    except ValueError:  # not as many, or none of that type
        return False
    at = max(0, begun.offset - CHUNK)
    return hashlib.sha256(file.read(at, begun.offset - at)).hexdigest() == begun.before


class _Look:
    """One tensor, cut out of the chunks. ``left`` are the first bytes of an element cut in two."""

    def __init__(self, tensor: StoredTensor) -> None:
        self.tensor = tensor
        self.start, self.end = tensor.start or 0, tensor.end or 0
        self.width = 0 if tensor.big_endian else WIDTHS.get(tensor.dtype, 0)
        self.tally = Tally(tensor.dtype)
        self.left = b""

    def cut(self, chunk: bytes, at: int) -> list[bytes | memoryview]:
        """The whole elements that this chunk, which lies at ``at``, completes."""
        piece = memoryview(chunk)[max(0, self.start - at) : self.end - at]
        if not self.width:
            return []
        pieces: list[bytes | memoryview] = []
        if self.left:  # one element by itself, so that the others need no copy
            missing = self.width - len(self.left)
            pieces = [self.left + bytes(piece[:missing])]
            piece = piece[missing:]
        whole = len(piece) - len(piece) % self.width
        self.left = bytes(piece[whole:])
        return [*pieces, piece[:whole]] if whole else pieces

    def done(self) -> TensorContent:
        tensor, tally = self.tensor, self.tally
        if not tally.digest.count:
            return TensorContent(tensor.name, tensor.dtype, tensor.shape)
        mean, spread = tally.spread()
        return TensorContent(
            tensor.name, tensor.dtype, tensor.shape, tally.digest.hexdigest(),
            mean if math.isfinite(mean) else None, spread if math.isfinite(spread) else None,
            tally.largest, tally.zeros, tally.not_finite,
        )  # fmt: skip


def _placed(tensors: Sequence[StoredTensor]) -> list[_Look]:
    placed = (t for t in tensors if t.start is not None and t.end is not None and t.end > t.start)
    return [_Look(tensor) for tensor in sorted(placed, key=lambda t: (t.start or 0, t.name))]


def _layout(looks: Sequence[_Look]) -> str:
    rows = [(x.tensor.name, x.tensor.dtype, x.tensor.shape, x.start, x.end, x.width) for x in looks]
    return hashlib.sha256(repr((_FORM, CHUNK, rows)).encode("utf-8", "replace")).hexdigest()


class _Pass:
    """One pass over one file."""

    def __init__(
        self,
        file: File,
        tensors: Sequence[StoredTensor],
        progress: Progress | None,
        tell: Callable[[Begun], None] | None,
        every: int,
    ) -> None:
        self.file = file
        self.looks = _placed(tensors)
        self.first = 0  # of the tensors that the next chunk may reach
        self.progress = progress or (lambda *_: None)
        self.tell, self.every = tell, every
        self.digest = Sha256()
        self.zero_pages = 0
        self.benches: list[Bench] = []  # not in use
        self.told, self.rest = 0, 0.0  # where it was last told, and not before when again

    def run(self, begun: Begun | None) -> FileContent:
        size = self.file.size
        with ExitStack() as stack:
            reading, hashing = (stack.enter_context(ThreadPoolExecutor(1)) for _ in range(2))
            looking = stack.enter_context(ThreadPoolExecutor(_LOOKING))
            start = self._take_up(begun, reading) if begun is not None else 0
            under_way: deque[_UnderWay] = deque()
            for at, chunk in _chunks(self.file, start, size, reading):
                end = at + len(chunk)
                pieces = self._pieces(chunk, at)
                telling = self._is_time(end)
                under_way.append(
                    _UnderWay(
                        chunk, end, telling, self._cuts() if telling else (),
                        hashing.submit(self._hash, chunk, telling),
                        looking.submit(self._look, chunk, pieces),
                    )
                )  # fmt: skip
                if len(under_way) > _AHEAD:
                    self._settle(under_way.popleft())
            while under_way:
                self._settle(under_way.popleft())
        return FileContent(
            self.file.path, size, self.digest.hexdigest(), self.zero_pages, -(-size // PAGE),
            tuple(look.done() for look in self.looks),
        )  # fmt: skip

    def _take_up(self, begun: Begun, reading: Executor) -> int:
        """Where to go on; without the state of the digest, what lies before is hashed again."""
        texts = zip(begun.tensors, begun.cut, strict=True)
        for look, (tally, cut) in zip(self.looks, texts, strict=False):
            look.tally = Tally.load(look.tensor.dtype, tally)
            look.left = bytes.fromhex(cut)
        self.zero_pages, self.told = begun.zero_pages, begun.offset
        if begun.sha256 and can_resume():
            self.digest = Sha256(begun.sha256, begun.offset)
            return begun.offset
        for at, chunk in _chunks(self.file, 0, begun.offset, reading):
            self.digest.update(chunk)
            self.progress(self.file.path, at + len(chunk), self.file.size)
        return begun.offset

    def _pieces(self, chunk: bytes, at: int) -> list[_Piece]:
        end = at + len(chunk)
        while self.first < len(self.looks) and self.looks[self.first].end <= at:
            self.first += 1
        pieces: list[_Piece] = []
        for number in range(self.first, len(self.looks)):
            if self.looks[number].start >= end:
                break
            pieces += [(number, piece) for piece in self.looks[number].cut(chunk, at)]
        return pieces

    def _hash(self, chunk: bytes, telling: bool) -> str:
        self.digest.update(chunk)
        return self.digest.state() if telling else ""

    def _look(self, chunk: bytes, pieces: Sequence[_Piece]) -> tuple[int, list[tuple[int, Tally]]]:
        """Pages of zeros and tallies of one chunk."""
        bench = self.benches.pop() if self.benches else Bench()
        seen = []
        for number, piece in pieces:
            tally = Tally(self.looks[number].tensor.dtype)
            tally.add(piece, bench)
            seen.append((number, tally))
        self.benches.append(bench)
        return _zero_pages(chunk), seen

    def _settle(self, one: _UnderWay) -> None:
        zero_pages, seen = one.seen.result()
        state = one.hashed.result()
        self.zero_pages += zero_pages
        for number, tally in seen:
            self.looks[number].tally.merge(tally)
        if one.telling and self.tell is not None:
            began = time.monotonic()
            self.tell(self._begun(one, state))
            self.rest = time.monotonic() + _REST * (time.monotonic() - began)
        self.progress(self.file.path, one.end, self.file.size)

    def _is_time(self, end: int) -> bool:
        """Whether to tell where the pass stands after the chunk that ends there."""
        due = self.tell is not None and end - self.told >= self.every and end < self.file.size
        if not due or time.monotonic() < self.rest:
            return False
        self.told = end
        return True

    def _cuts(self) -> tuple[str, ...]:
        return tuple(look.left.hex() for look in self.looks)

    def _begun(self, one: _UnderWay, state: str) -> Begun:
        count = sum(look.start < one.end for look in self.looks)
        return Begun(
            size=self.file.size, offset=one.end, sha256=state, zero_pages=self.zero_pages,
            layout=_layout(self.looks), before=hashlib.sha256(one.chunk).hexdigest(),
            tensors=tuple(look.tally.dump() for look in self.looks[:count]), cut=one.cut[:count],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A chunk that is being hashed and looked at. ``cut`` is as in Begun, for all tensors."""

    chunk: bytes
    end: int
    telling: bool
    cut: tuple[str, ...]
    hashed: Future[str]
    seen: Future[tuple[int, list[tuple[int, Tally]]]]


def _chunks(file: File, at: int, end: int, reading: Executor) -> Iterator[tuple[int, bytes]]:
    """The bytes from ``at`` to ``end``; the next piece is read while the last one is looked at."""
    ahead = reading.submit(file.read, at, min(CHUNK, end - at))
    while at < end:
        chunk = ahead.result()
        begin, at = at, at + len(chunk)
        if len(chunk) < min(CHUNK, end - begin):
            raise ReadError(f"{file.path} ends at byte {at} of {file.size}", reason="truncated")
        if at < end:
            ahead = reading.submit(file.read, at, min(CHUNK, end - at))
        yield begin, chunk


def _zero_pages(chunk: bytes) -> int:
    """Pages that are all zero, in a chunk that is whole pages but for the last."""
    whole = len(chunk) // PAGE
    count = 0
    if whole:
        pages = np.frombuffer(chunk, np.uint64, whole * PAGE // 8).reshape(whole, PAGE // 8)
        # The first word tells nearly every page apart; the others are looked at in full.
        maybe = pages[pages[:, 0] == 0]
        count = int((~maybe.any(axis=1)).sum())
    rest = chunk[whole * PAGE :]
    return count + (bool(rest) and not any(rest))
