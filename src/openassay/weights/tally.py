"""Statistics of a tensor's elements, fed in pieces, at the speed of a digest.

What is exact: the number of zeros, of elements that are no numbers, the largest value, and the
order-free digest. They come from the integer codes of the elements: without their sign bit, codes
of floats are in the order of their values, and from the code of infinity on they are no numbers.

Mean and spread come from sums in 32 bits over short columns, added up in 64 bits: every step is one
addition or multiplication of two elements, which all machines round alike, in an order that does
not depend on the machine (a dot product would). The columns are short, so that six digits stand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

from openassay.arrays import np
from openassay.weights.values import BLOCK, Multiset, floats

WIDTHS: Final = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
_INFINITY: Final = {"F64": 0x7FF << 52, "F32": 0xFF << 23, "F16": 0x7C00, "BF16": 0x7F80}
_ROWS: Final = 64  # additions in a row of 32-bit sums
_LARGE: Final = 2.0**50  # beyond these, squares could leave the range of 32 bits
_SMALL: Final = 2.0**-50


class Bench:
    """Buffers of one pass, used for every block of every tensor."""

    def __init__(self) -> None:
        self.values: Any = np.empty(BLOCK, np.float32)
        self.bits: Any = self.values.view(np.uint32)
        self.low, self.high = self.bits[: BLOCK // 2], self.bits[BLOCK // 2 :]
        self.image: Any = np.empty(BLOCK, np.uint32)
        self.spare: Any = np.empty(BLOCK, np.uint32)
        self.squares: Any = self.image.view(np.float32)
        self.sizes: dict[int, Any] = {
            2: self.spare.view(np.uint16)[:BLOCK],
            4: self.spare,
        }  # without their signs


@dataclass(slots=True)
class Tally:
    """What was seen of elements of a plain, little-endian type. ``sum`` and ``squares`` are over
    those that are numbers.
    """

    dtype: str
    zeros: int = 0
    not_finite: int = 0
    largest: float = 0.0
    sum: float = 0.0
    squares: float = 0.0
    digest: Multiset = field(default_factory=Multiset)

    def add(self, raw: bytes | memoryview, bench: Bench) -> None:
        """Take in whole elements."""
        step = BLOCK * WIDTHS[self.dtype]
        view = memoryview(raw)
        odd = np.frombuffer(view, np.uint8).ctypes.data % 4  # words cannot be read in place
        for begin in range(0, len(view), step):
            part = view[begin : begin + step]
            if len(part) < step or self.dtype == "F64":
                self._any(bytes(part))
            else:
                self._block(memoryview(bytes(part)) if odd else part, bench)

    def merge(self, other: Tally) -> None:
        """Take in what was seen of the elements that follow."""
        self.zeros += other.zeros
        self.not_finite += other.not_finite
        self.largest = max(self.largest, other.largest)
        self.sum += other.sum
        self.squares += other.squares
        self.digest.merge(other.digest)

    def dump(self) -> str:
        """As text that :meth:`load` reads back exactly."""
        digest = self.digest
        return (
            f"{self.zeros} {self.not_finite} {self.largest!r} {self.sum!r} {self.squares!r}"
            f" {digest.count} {digest.first} {digest.second}"
        )

    @classmethod
    def load(cls, dtype: str, text: str) -> Tally:
        """Raises ValueError for anything that :meth:`dump` does not write."""
        zeros, odd, largest, total, squares, *digest = text.split(" ")
        count, first, second = map(int, digest)
        return cls(
            dtype, int(zeros), int(odd), float(largest), float(total), float(squares),
            Multiset(count, first, second),
        )  # fmt: skip

    def spread(self) -> tuple[float, float]:
        """Mean and standard deviation to six digits, the mean to no more than a millionth of
        the larger of the two; 0 where there are no numbers, infinite where 64 bits do not do.
        """
        good = self.digest.count - self.not_finite
        if not good:
            return 0.0, 0.0
        mean = self.sum / good
        spread = max(0.0, self.squares / good - mean**2) ** 0.5
        if math.isfinite(mean) and 0 < spread < math.inf:  # a mean of noise is noise
            mean = round(mean, 6 - math.floor(math.log10(max(abs(mean), spread))))
        return float(f"{mean:.5e}"), float(f"{spread:.5e}")

    def _block(self, raw: memoryview, bench: Bench) -> None:
        """BLOCK elements of two or four bytes; those that hold odd values go the long way."""
        width = WIDTHS[self.dtype]
        codes = np.frombuffer(raw, f"<u{width}")
        sizes = bench.sizes[width]
        np.bitwise_and(codes, (1 << 8 * width - 1) - 1, out=sizes)
        top = int(np.maximum.reduce(sizes))
        largest = _value(top, self.dtype)
        if top >= _INFINITY[self.dtype] or not _SMALL < largest < _LARGE:
            self._any(bytes(raw))
            return
        self.largest = max(self.largest, largest)
        zero = not np.minimum.reduce(sizes)
        if zero:
            self.zeros += BLOCK - int(np.count_nonzero(sizes))
        values, bits = _widened(raw, self.dtype, bench)
        if zero:  # -0 becomes 0
            values, bits = np.add(values, np.float32(0), out=bench.values), bench.bits
        self.sum += _total(values)
        self.squares += _total(np.multiply(values, values, out=bench.squares))
        self.digest.add_bits(bits, bench.image, bench.spare)

    def _any(self, raw: bytes) -> None:
        """Any whole elements, in 64 bits."""
        codes = np.frombuffer(raw, f"<u{WIDTHS[self.dtype]}")
        sizes = codes & codes.dtype.type((1 << 8 * codes.itemsize - 1) - 1)
        good = sizes < _INFINITY[self.dtype]
        self.not_finite += len(codes) - int(np.count_nonzero(good))
        self.zeros += len(codes) - int(np.count_nonzero(sizes))
        if good.any():
            self.largest = max(self.largest, _value(int(sizes[good].max()), self.dtype))
        values = floats(raw, self.dtype)
        self.digest.add(values)
        wide = np.frombuffer(raw, "<f8") if self.dtype == "F64" else values
        with np.errstate(over="ignore", under="ignore"):
            wide = wide[good].astype(np.float64)
            self.sum += float(wide.sum())
            self.squares += float((wide * wide).sum())


def _value(code: int, dtype: str) -> float:
    """The value of one code without its sign."""
    raw = code.to_bytes(WIDTHS[dtype], "little")
    return float(np.frombuffer(raw, "<f8")[0] if dtype == "F64" else floats(raw, dtype)[0])


def _widened(raw: memoryview, dtype: str, bench: Bench) -> tuple[Any, Any]:
    """A block of finite elements as float32, and its bits; not in the file's order.

    Two 16-bit codes are taken out of each 32-bit word, which needs no cast. A BF16 is the upper
    half of a float32. An F16 has its 15 lower bits put in place of a float32's, which leaves it
    too small by 2^112, exactly; NumPy's own cast takes ten times as long.
    """
    if dtype == "F32":
        bits = np.frombuffer(raw, "<u4")
        return bits.view(np.float32), bits
    pairs = np.frombuffer(raw, "<u4")
    np.left_shift(pairs, 16, out=bench.low)
    if dtype == "BF16":
        np.bitwise_and(pairs, 0xFFFF0000, out=bench.high)
        return bench.values, bench.bits
    low, high = bench.low.view(np.int32), bench.high.view(np.int32)
    np.right_shift(low, 3, out=low)  # the sign stays where it is
    np.right_shift(pairs.view(np.int32), 3, out=high)
    np.bitwise_and(bench.bits, 0x8FFFE000, out=bench.bits)
    np.multiply(bench.values, np.float32(2.0**112), out=bench.values)
    return bench.values, bench.bits


def _total(values: Any) -> float:
    """The sum of a block: columns in 32 bits, which are added in 64."""
    return float(np.add.reduce(values.reshape(_ROWS, -1), axis=0).sum(dtype=np.float64))
