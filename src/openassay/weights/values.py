"""Stored elements of plain types as 32-bit floats, and a digest that does not know their order.

Block-quantised types are left to whoever compares models; here they have no values.
"""

from __future__ import annotations

from typing import Any, Final

from openassay.arrays import np

WIDTHS: Final = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}  # bytes of one element
PLAIN: Final = frozenset(WIDTHS)
BLOCK: Final = 1 << 18  # elements looked at at once: many for a call, few for the cache
_SCRAMBLE: Final = 0x9E3779B1  # odd, so that no two values share an image
_SHIFT: Final = 15
_WORD: Final = (1 << 32) - 1


def floats(raw: bytes, dtype: str, big_endian: bool = False) -> Any:
    """The elements as float32, or None for a type that is not plain."""
    order = ">" if big_endian else "<"
    if dtype == "BF16":
        codes = np.frombuffer(raw, f"{order}u2").astype(np.uint32)
        return (codes << 16).view(np.float32)
    code = {"F64": "f8", "F32": "f4", "F16": "f2"}.get(dtype)
    if code is None:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        return np.frombuffer(raw, order + code).astype(np.float32)


class Multiset:
    """A digest of values that does not depend on their order, type or layout.

    It is their number and the sums, each modulo 2^32, of b and of b * b, where b is a one-to-one
    image of a value's 32 bits as a float32: the bits times an odd number, xor that shifted right
    by 15. -0 counts as 0, and every NaN as the same one. Two sums of one image cost little more
    than one: the pass over whole files has to keep up with SHA-256.

    Values that differ by accident give other sums but once in some 2^60 times. Not for
    adversaries: who can choose the values can make the sums meet.
    """

    __slots__ = ("count", "first", "second")

    def __init__(self, count: int = 0, first: int = 0, second: int = 0) -> None:
        self.count = count
        self.first = first
        self.second = second

    def add(self, values: Any) -> None:
        """Take in float32 values of any shape."""
        flat = np.ascontiguousarray(values).reshape(-1)
        for begin in range(0, len(flat), BLOCK):
            part = flat[begin : begin + BLOCK] + np.float32(0)  # a copy, and -0 becomes 0
            with np.errstate(invalid="ignore"):
                if np.isnan(part.max()):
                    part[np.isnan(part)] = np.float32("nan")
            bits = part.view(np.uint32)
            self.add_bits(bits, bits, np.empty_like(bits))

    def add_bits(self, bits: Any, image: Any, spare: Any) -> None:
        """The same for at most 2^31 uint32, none of them -0 or an odd NaN.

        ``image`` (which may be ``bits``) and ``spare`` are buffers of that length.
        """
        np.multiply(bits, np.uint32(_SCRAMBLE), out=image)
        np.right_shift(image, _SHIFT, out=spare)
        np.bitwise_xor(image, spare, out=image)
        np.multiply(image, image, out=spare)
        self.count += len(bits)
        self.first = (self.first + int(np.add.reduce(image, dtype=np.uint32))) & _WORD
        self.second = (self.second + int(np.add.reduce(spare, dtype=np.uint32))) & _WORD

    def hexdigest(self) -> str:
        """``count:sums``, hexadecimal."""
        return f"{self.count:x}:{self.first:08x}{self.second:08x}"


def multiset(values: Any) -> str:
    """The order-free digest of float32 values."""
    found = Multiset()
    found.add(values)
    return found.hexdigest()
