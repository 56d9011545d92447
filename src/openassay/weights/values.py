"""Stored elements of plain types as 32-bit floats, and a digest that does not know their order.

Block-quantised types are left to whoever compares models; here they have no values.
"""

from __future__ import annotations

from typing import Any, Final

from openassay.arrays import np

PLAIN: Final = frozenset(["F64", "F32", "F16", "BF16"])
_MIX: Final = (0x9E3779B1, 15)


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


def mixed(codes: Any, first: Any, second: Any) -> int:
    """Sum over 32-bit codes of a scrambled square, modulo 2**64; ``first`` and ``second`` are
    buffers of the codes' length. Equal for equal values in any order.
    """
    np.multiply(codes, np.uint32(_MIX[0]), out=first)
    np.right_shift(first, _MIX[1], out=second)
    np.bitwise_xor(first, second, out=first)
    np.multiply(first, first, out=first)
    return int(np.add.reduce(first, dtype=np.uint64))


def multiset(values: Any) -> str:
    """The order-free digest of float32 values; minus zero counts as zero."""
    total = 0
    flat = np.ascontiguousarray(values).reshape(-1)
    for begin in range(0, len(flat), 1 << 16):
        part = flat[begin : begin + (1 << 16)] + np.float32(0)
        codes = part.view(np.uint32)
        total += mixed(codes, np.empty_like(codes), np.empty_like(codes))
    return f"{total % (1 << 64):016x}"
