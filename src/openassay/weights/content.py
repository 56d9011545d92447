"""One pass over the bytes of local weights: digest, statistics, pages of zeros, order-free digest.

Each byte is read once. Reading and SHA-256 run in threads of their own (both release the
interpreter's lock) while this one looks at the values, so that the pass costs little more than
the digest alone.
Finished files are told to a journal, and a pass that was cut off goes on with the next file: a
SHA-256 cannot be resumed in the middle, because its inner state cannot be stored.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from openassay.arrays import np
from openassay.files import File
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.values import PLAIN, mixed

CHUNK: Final = 4 << 20  # bytes read at once; longer ones leave the cache before they are looked at
PAGE: Final = 4096
_AHEAD: Final = 2  # chunks that wait to be hashed, so that the digest never waits for us
_COUNTED: Final = 1 << 18  # 16-bit codes counted at once: their counters stay near, too
_STEP: Final = 1 << 16  # elements looked at at once: they stay in the processor's cache

Progress = Callable[[str, int, int], None]  # path, bytes done, bytes of the file


@dataclass(frozen=True, slots=True)
class TensorContent:
    """One tensor read in full. Statistics are None for types that are not plain floats.

    ``multiset`` is the order-free digest with the type it was taken from (``F32:…``): equal for
    the same values in any order and layout, never equal across types.
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


def read_file(
    file: File, tensors: Sequence[StoredTensor], progress: Progress | None = None
) -> FileContent:
    """Read a whole file once. ``tensors`` are those whose bytes lie in it.

    Raises ReadError when the file changes or cannot be read, UsageError without numpy.
    """
    placed = sorted(
        (t for t in tensors if t.start is not None and t.end is not None and t.end > t.start),
        key=lambda t: (t.start or 0, t.name),
    )
    looks = [_Look(tensor) for tensor in placed]
    digest = hashlib.sha256()
    whole = _Pages()
    first = 0
    with ThreadPoolExecutor(1) as hashing, ThreadPoolExecutor(1) as reading:
        pending: deque[Future[None]] = deque()
        for at, chunk in _chunks(file, reading):
            pending.append(hashing.submit(digest.update, chunk))
            if len(pending) > _AHEAD:
                pending.popleft().result()
            whole.add(chunk)
            end = at + len(chunk)
            while first < len(looks) and looks[first].end <= at:
                first += 1
            for look in looks[first:]:
                if look.start >= end:
                    break
                look.add(chunk, at)
            if progress is not None:
                progress(file.path, end, file.size)
        for waiting in pending:
            waiting.result()
    return FileContent(
        file.path, file.size, digest.hexdigest(), whole.zero, whole.count,
        tuple(look.done() for look in looks),
    )  # fmt: skip


def _chunks(file: File, reading: Executor) -> Iterator[tuple[int, bytes]]:
    """The file's bytes; the next piece is read while the last one is looked at."""
    at = 0
    ahead = reading.submit(file.read, at, CHUNK)
    while chunk := ahead.result():
        begin, at = at, at + len(chunk)
        if at < file.size:
            ahead = reading.submit(file.read, at, CHUNK)
        yield begin, chunk
        if at >= file.size:
            return


class _Pages:
    """Counts pages that are all zero, in chunks that are whole pages but for the last."""

    def __init__(self) -> None:
        self.zero = self.count = 0

    def add(self, chunk: bytes) -> None:
        whole = len(chunk) // PAGE
        if whole:
            pages = np.frombuffer(chunk, np.uint64, whole * PAGE // 8).reshape(whole, PAGE // 8)
            # The first word tells nearly every page apart; the others are looked at in full.
            maybe = pages[pages[:, 0] == 0]
            self.zero += int((~maybe.any(axis=1)).sum())
        rest = chunk[whole * PAGE :]
        self.zero += bool(rest) and not any(rest)
        self.count += whole + bool(rest)


class _Look:
    """Statistics of one tensor, fed in pieces that may break anywhere."""

    def __init__(self, tensor: StoredTensor) -> None:
        self.tensor = tensor
        self.start, self.end = tensor.start or 0, tensor.end or 0
        self.plain = tensor.dtype in PLAIN and not tensor.big_endian
        self.width = {"F64": 8, "F32": 4}.get(tensor.dtype, 2)
        self.left = b""
        self.count = self.zeros = self.odd = self.mix = 0
        self.sum = self.squares = 0.0
        self.largest = 0.0
        self.histogram: Any = None
        self.buffers: tuple[Any, Any] | None = None

    def add(self, chunk: bytes, at: int) -> None:
        piece = memoryview(chunk)[max(0, self.start - at) : self.end - at]
        if not self.plain:
            return
        raw = self.left + bytes(piece) if self.left else piece
        whole = len(raw) - len(raw) % self.width
        self.left = bytes(raw[whole:])
        if not whole:
            return
        raw = raw[:whole]
        self.count += whole // self.width
        if self.width == 2:
            self._codes(raw)
        elif self.width == 4:
            self._words(raw)
        else:
            self._doubles(raw)

    def _codes(self, raw: Any) -> None:
        """16-bit types: how often each code stands tells everything, exactly."""
        if self.histogram is None:
            self.histogram = np.zeros(1 << 16, np.int64)
        codes = np.frombuffer(raw, "<u2")
        for begin in range(0, len(codes), _COUNTED):
            part = codes[begin : begin + _COUNTED]
            if len(part) < 4096:  # many small tensors: adding 65,536 counters would cost more
                seen, times = np.unique(part, return_counts=True)
                self.histogram[seen] += times
            else:
                self.histogram += np.bincount(part, minlength=1 << 16)

    def _words(self, raw: Any) -> None:
        codes = np.frombuffer(raw, "<u4")
        if self.buffers is None:
            size = min(_STEP, (self.end - self.start) // 4 + 1)
            self.buffers = np.empty(size, np.uint32), np.empty(size, np.uint32)
        size = len(self.buffers[0])
        with np.errstate(over="ignore", invalid="ignore"):
            for begin in range(0, len(codes), size):
                part = codes[begin : begin + size]
                first, second = self.buffers[0][: len(part)], self.buffers[1][: len(part)]
                self.mix += mixed(part, first, second)
                self._floats(part.view(np.float32))

    def _doubles(self, raw: Any) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.frombuffer(raw, "<f8").astype(np.float32)
            codes = values.view(np.uint32)
            self.mix += mixed(codes, np.empty_like(codes), np.empty_like(codes))
            self._floats(values)

    def _floats(self, values: Any) -> None:
        high, low = float(values.max()), float(values.min())
        if not (np.isfinite(high) and np.isfinite(low)):
            good = np.isfinite(values)
            self.odd += int((~good).sum())
            values = values[good]
            if not len(values):
                return
            high, low = float(values.max()), float(values.min())
        self.largest = max(self.largest, high, -low)
        self.sum += float(values.sum(dtype=np.float64))
        self.squares += float(np.dot(values, values))
        self.zeros += int(np.count_nonzero(values == 0))  # four times as fast as of floats

    def done(self) -> TensorContent:
        tensor = self.tensor
        if not self.plain or not self.count:
            return TensorContent(tensor.name, tensor.dtype, tensor.shape)
        if self.histogram is not None:
            self._from_histogram()
        good = self.count - self.odd
        mean = self.sum / good if good else 0.0
        spread = max(0.0, self.squares / good - mean**2) ** 0.5 if good else 0.0
        kind = "F32" if tensor.dtype == "F64" else tensor.dtype
        return TensorContent(
            tensor.name, tensor.dtype, tensor.shape,
            f"{kind}:{self.mix % (1 << 64):016x}",
            _rounded(mean), _rounded(spread), _rounded(self.largest), self.zeros, self.odd,
        )  # fmt: skip

    def _from_histogram(self) -> None:
        codes = np.arange(1 << 16, dtype=np.uint32)
        with np.errstate(over="ignore", invalid="ignore"):
            if self.tensor.dtype == "BF16":
                values = (codes << 16).view(np.float32).astype(np.float64)
            else:
                values = codes.astype(np.uint16).view(np.float16).astype(np.float64)
            good = np.isfinite(values)
            times, values = self.histogram[good], values[good]
            self.odd = int(self.histogram[~good].sum())
            self.sum = float((times * values).sum())
            self.squares = float((times * values**2).sum())
            there = times > 0
            self.largest = float(np.abs(values[there]).max()) if there.any() else 0.0
            self.zeros = int(times[values == 0].sum())
            scrambled = codes * np.uint32(0x9E3779B1)
            scrambled ^= scrambled >> np.uint32(15)
            scrambled = (scrambled * scrambled).astype(np.uint64)
            self.mix = int((scrambled * self.histogram.astype(np.uint64)).sum(dtype=np.uint64))


def _rounded(value: float) -> float:
    """Seven digits: sums in another order may differ in the last."""
    return float(f"{value:.6e}")
