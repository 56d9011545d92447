"""One pass over the bytes of local weights: digest, statistics, pages of zeros, order-free digest.

Each byte is read once. SHA-256 runs in a thread of its own (it releases the interpreter's lock)
while this one reads and looks at the values, so that on two cores the pass costs little more than
the digest alone. More threads that look would only wait for each other: they take the lock between
any two steps.

Where the pass stands is told now and then, and a pass over the same file that was cut off goes on
from there with the same outcome as one that was not.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from openassay.arrays import np
from openassay.errors import ReadError
from openassay.files import File
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.hashing import Sha256, can_resume
from openassay.weights.holes import PAGE
from openassay.weights.tally import Bench, Tally
from openassay.weights.values import WIDTHS

CHUNK: Final = 4 << 20  # bytes read at once; longer ones leave the cache before they are looked at
EVERY: Final = 1 << 30  # bytes between two tellings of where the pass stands
_AHEAD: Final = 2  # chunks that wait to be hashed, so that the digest never waits for us
_REST: Final = 20  # telling may take a twentieth of the time
_FORM: Final = 1  # of the figures; another one says that a stored state cannot be gone on with

Progress = Callable[[str, int, int], None]  # path, bytes done, bytes of the file


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

    def add(self, chunk: bytes, at: int, bench: Bench) -> None:
        """Look at what of this chunk, which lies at ``at``, is the tensor's."""
        piece = memoryview(chunk)[max(0, self.start - at) : self.end - at]
        if not self.width:
            return
        if self.left:  # one element by itself, so that the others need no copy
            missing = self.width - len(self.left)
            self.tally.add(self.left + bytes(piece[:missing]), bench)
            piece = piece[missing:]
        whole = len(piece) - len(piece) % self.width
        self.left = bytes(piece[whole:])
        if whole:
            self.tally.add(piece[:whole], bench)

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
        self.bench = Bench()
        self.told, self.rest = 0, 0.0  # where it was last told, and not before when again

    def run(self, begun: Begun | None) -> FileContent:
        size = self.file.size
        with ThreadPoolExecutor(1) as hashing:
            start = self._take_up(begun) if begun is not None else 0
            pending: deque[Future[str]] = deque()
            for at, chunk in _chunks(self.file, start, size):
                end = at + len(chunk)
                telling = self._is_time(end)
                pending.append(hashing.submit(self._hash, chunk, telling))
                self._look(chunk, at)
                if telling:
                    self._tell(chunk, end, pending.pop().result())
                if len(pending) > _AHEAD:
                    pending.popleft().result()
                self.progress(self.file.path, end, size)
            for waiting in pending:
                waiting.result()
        return FileContent(
            self.file.path, size, self.digest.hexdigest(), self.zero_pages, -(-size // PAGE),
            tuple(look.done() for look in self.looks),
        )  # fmt: skip

    def _take_up(self, begun: Begun) -> int:
        """Where to go on; without the state of the digest, what lies before is hashed again."""
        texts = zip(begun.tensors, begun.cut, strict=True)
        for look, (tally, cut) in zip(self.looks, texts, strict=False):
            look.tally = Tally.load(look.tensor.dtype, tally)
            look.left = bytes.fromhex(cut)
        self.zero_pages, self.told = begun.zero_pages, begun.offset
        if begun.sha256 and can_resume():
            self.digest = Sha256(begun.sha256, begun.offset)
            return begun.offset
        for at, chunk in _chunks(self.file, 0, begun.offset):
            self.digest.update(chunk)
            self.progress(self.file.path, at + len(chunk), self.file.size)
        return begun.offset

    def _hash(self, chunk: bytes, telling: bool) -> str:
        self.digest.update(chunk)
        return self.digest.state() if telling else ""

    def _look(self, chunk: bytes, at: int) -> None:
        self.zero_pages += _zero_pages(chunk)
        while self.first < len(self.looks) and self.looks[self.first].end <= at:
            self.first += 1
        for number in range(self.first, len(self.looks)):
            look = self.looks[number]
            if look.start >= at + len(chunk):
                break
            if look.end > at:  # tensors may share bytes, and one that began earlier go on
                look.add(chunk, at, self.bench)

    def _is_time(self, end: int) -> bool:
        """Whether to tell where the pass stands after the chunk that ends there."""
        due = self.tell is not None and end - self.told >= self.every and end < self.file.size
        return due and time.monotonic() >= self.rest

    def _tell(self, chunk: bytes, end: int, state: str) -> None:
        began = time.monotonic()
        kept = [look for look in self.looks if look.start < end]
        if self.tell is not None:
            self.tell(
                Begun(
                    size=self.file.size, offset=end, sha256=state, zero_pages=self.zero_pages,
                    layout=_layout(self.looks), before=hashlib.sha256(chunk).hexdigest(),
                    tensors=tuple(look.tally.dump() for look in kept),
                    cut=tuple(look.left.hex() for look in kept),
                )
            )  # fmt: skip
        self.told = end
        self.rest = time.monotonic() + _REST * (time.monotonic() - began)


def _chunks(file: File, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The bytes from ``at`` to ``end``.

    They are read by the thread that looks at them: a third one costs more on two cores than it
    saves, and the system reads ahead by itself.
    """
    while at < end:
        chunk = file.read(at, min(CHUNK, end - at))
        if len(chunk) < min(CHUNK, end - at):
            end = at + len(chunk)
            raise ReadError(f"{file.path} ends at byte {end} of {file.size}", reason="truncated")
        yield at, chunk
        at += len(chunk)


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
