"""Statistics of a tensor's elements, fed in pieces, at the speed of a digest.

What is exact: the number of zeros, of elements that are no numbers, the largest value, and the
order-free digest. They come from the integer codes of the elements: without their sign bit, codes
of floats are in the order of their values, and from the code of infinity on they are no numbers.

Mean and spread come from sums in 32 bits over short columns, added up in 64 bits: every step is one
addition or multiplication of two elements, which all machines round alike, in an order that does
not depend on the machine (a dot product would). The columns are short, so that six digits stand;
where a block's mean is no small part of its values, as of norm gains, everything is in 64 bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

from openassay.arrays import np
from openassay.weights.values import BLOCK, WIDTHS, Multiset, floats

_INFINITY: Final = {"F64": 0x7FF << 52, "F32": 0xFF << 23, "F16": 0x7C00, "BF16": 0x7F80}
# Codes of 2^-50 and 2^50: where the largest lies between them, squares do not leave 32 bits.
_RANGES: Final = {"F32": (77 << 23, 177 << 23), "F16": (1, 0x7C00), "BF16": (77 << 7, 177 << 7)}
_ROWS: Final = 64  # additions in a row of 32-bit sums
_UNIT: Final = 2 * _ROWS  # a quick block is a multiple of so many elements: rows of pairs
_ASIDE: Final = 0.01  # of the squares: what a mean may make out, or 32 bits leave no spread


class Bench:
    """Buffers of one pass, used for every block of every tensor."""

    def __init__(self) -> None:
        self.values: Any = np.empty(BLOCK, np.float32)
        self.image: Any = np.empty(BLOCK, np.uint32)
        self.spare: Any = np.empty(BLOCK, np.uint32)


@dataclass(slots=True)
class Tally:
    """What was seen of elements of a plain, little-endian type. ``sum`` and ``squares`` are over
    those that are numbers; ``top`` is the code of the largest of them, without its sign.
    """

    dtype: str
    zeros: int = 0
    not_finite: int = 0
    top: int = 0
    sum: float = 0.0
    squares: float = 0.0
    digest: Multiset = field(default_factory=Multiset)

    def add(self, raw: bytes | memoryview, bench: Bench) -> None:
        """Take in whole elements."""
        step = BLOCK * WIDTHS[self.dtype]
        unit = _UNIT * WIDTHS[self.dtype]
        view = memoryview(raw)
        odd = np.frombuffer(view, np.uint8).ctypes.data % 4  # words cannot be read in place
        for begin in range(0, len(view), step):
            part = view[begin : begin + step]
            quick = 0 if self.dtype == "F64" or len(part) < 16 * unit else len(part) // unit * unit
            if quick:
                self._block(memoryview(bytes(part[:quick])) if odd else part[:quick], bench)
            if quick < len(part):
                self._any(bytes(part[quick:]))

    def dump(self) -> str:
        """As text that :meth:`load` reads back exactly."""
        digest = self.digest
        return (
            f"{self.zeros} {self.not_finite} {self.top} {self.sum!r} {self.squares!r}"
            f" {digest.count} {digest.first} {digest.second}"
        )

    @classmethod
    def load(cls, dtype: str, text: str) -> Tally:
        """Raises ValueError for anything that :meth:`dump` does not write."""
        zeros, odd, top, total, squares, count, first, second = text.split(" ")
        digest = Multiset(int(count), int(first), int(second))
        if not 0 <= int(top) < _INFINITY.get(dtype, 1):
            raise ValueError(f"no number of the type {dtype}")
        return cls(dtype, int(zeros), int(odd), int(top), float(total), float(squares), digest)

    @property
    def largest(self) -> float:
        """The largest absolute value."""
        raw = self.top.to_bytes(WIDTHS[self.dtype], "little")
        wide = np.frombuffer(raw, "<f8") if self.dtype == "F64" else floats(raw, self.dtype)
        return float(wide[0])

    def spread(self) -> tuple[float, float]:
        """Mean and standard deviation to six digits, the mean to no more than a millionth of
        the larger of the two; 0 where there are no numbers, infinite where 64 bits do not do.
        """
        good = self.digest.count - self.not_finite
        if not good:
            return 0.0, 0.0
        mean = self.sum / good
        spread = math.sqrt(max(0.0, self.squares / good - mean * mean))
        if not math.isfinite(self.squares):
            spread = math.inf
        if math.isfinite(mean) and 0 < spread < math.inf:  # a mean of noise is noise
            mean = round(mean, 6 - math.floor(math.log10(max(abs(mean), spread))))
        return float(f"{mean:.5e}"), float(f"{spread:.5e}")

    def _block(self, raw: memoryview, bench: Bench) -> None:
        """Up to BLOCK elements of two or four bytes; where odd values are, in the long way."""
        width = WIDTHS[self.dtype]
        codes = np.frombuffer(raw, f"<u{width}")
        count = len(codes)
        sizes = bench.spare.view(codes.dtype)[:count]
        np.bitwise_and(codes, (1 << 8 * width - 1) - 1, out=sizes)
        top = int(np.maximum.reduce(sizes))
        small, large = _RANGES[self.dtype]
        if top and not small <= top < large:
            self._any(bytes(raw))
            return
        self.top = max(self.top, top)
        zero = not np.minimum.reduce(sizes)
        if zero:
            self.zeros += count - int(np.count_nonzero(sizes))
        image, spare = bench.image[:count], bench.spare[:count]
        values = _widened(raw, self.dtype, bench.values[:count])
        if zero:  # -0 becomes 0
            values = np.add(values, np.float32(0), out=bench.values[:count])
        columns = values.reshape(_ROWS, -1)
        total = _total(np.add.reduce(columns, axis=0))
        squares = _total(_squares(columns, width, image.view(np.float32)))
        if total * total > _ASIDE * count * squares:
            wide = values.astype(np.float64)
            total, squares = float(wide.sum()), float((wide * wide).sum())
        self.sum += total
        self.squares += squares
        self.digest.add_bits(values.view(np.uint32), image, spare)

    def _any(self, raw: bytes) -> None:
        """Any whole elements, in 64 bits."""
        codes = np.frombuffer(raw, f"<u{WIDTHS[self.dtype]}")
        sizes = codes & codes.dtype.type((1 << 8 * codes.itemsize - 1) - 1)
        good = sizes < _INFINITY[self.dtype]
        self.not_finite += len(codes) - int(np.count_nonzero(good))
        self.zeros += len(codes) - int(np.count_nonzero(sizes))
        self.top = max(self.top, int(sizes.max(initial=0, where=good)))
        values = floats(raw, self.dtype)
        self.digest.add(values)
        wide = np.frombuffer(raw, "<f8") if self.dtype == "F64" else values
        with np.errstate(over="ignore", under="ignore"):
            wide = wide[good].astype(np.float64)
            self.sum += float(wide.sum())
            self.squares += float((wide * wide).sum())


def _widened(raw: memoryview, dtype: str, out: Any) -> Any:
    """Finite elements as float32, not in the file's order; ``out`` is a buffer for them.

    Two 16-bit codes are taken out of each 32-bit word, which needs no cast. A BF16 is the upper
    half of a float32. An F16 has its 15 lower bits put in place of a float32's, which leaves it
    too small by 2^112, exactly; NumPy's own cast takes ten times as long.
    """
    pairs = np.frombuffer(raw, "<u4")
    if dtype == "F32":
        return pairs.view(np.float32)
    bits = out.view(np.uint32)
    low, high = bits[: len(pairs)], bits[len(pairs) :]
    np.left_shift(pairs, 16, out=low)
    if dtype == "BF16":
        np.bitwise_and(pairs, 0xFFFF0000, out=high)
        return out
    np.right_shift(low.view(np.int32), 3, out=low.view(np.int32))  # the sign stays where it is
    np.right_shift(pairs.view(np.int32), 3, out=high.view(np.int32))
    np.bitwise_and(bits, 0x8FFFE000, out=bits)
    np.multiply(out, np.float32(2.0**112), out=out)
    return out


def _squares(columns: Any, width: int, out: Any) -> Any:
    """The sums of squares of columns; ``out`` is a buffer.

    Squares of 16-bit types are exact in 32 bits, so that it does not matter whether a machine
    rounds between multiplying and adding, and one step is enough.
    """
    if width == 2:
        return np.einsum("ij,ij->j", columns, columns)
    squares = np.multiply(columns, columns, out=out.reshape(columns.shape))
    return np.add.reduce(squares, axis=0)


def _total(columns: Any) -> float:
    """Sums in 32 bits, added up in 64."""
    return float(np.add.reduce(columns.astype(np.float64)))
