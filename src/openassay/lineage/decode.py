"""Stored bytes of weights as float32: plain types, small floats, and the blocks of GGUF.

Written for rows of samples, not for whole models: clear first, fast enough. Block layouts after the
structures of ggml (``ggml-common.h``); each is checked in the tests against values that the
reference package computed. Types whose code books are large tables (IQ1 to IQ3) are not decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from openassay.arrays import AnyArray, Bytes, Floats, np
from openassay.formats.gguf import GGML_TYPES

_PLAIN: Final[Mapping[str, str]] = MappingProxyType({
    "F64": "f8", "F32": "f4", "F16": "f2", "I8": "i1", "U8": "u1", "I16": "i2", "U16": "u2",
    "I32": "i4", "U32": "u4", "I64": "i8", "U64": "u8", "BOOL": "u1", "QI8": "i1", "QU8": "u1",
    "QI32": "i4",
})  # fmt: skip
FLOATS: Final = frozenset([
    "F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F4",
])  # fmt: skip
#: dtype: (exponent bits, mantissa bits, bias, what the all-ones exponent means)
_SMALL: Final = {
    "F8_E4M3": (4, 3, 7, "nan"),
    "F8_E5M2": (5, 2, 15, "ieee"),
    "F8_E4M3FNUZ": (4, 3, 8, "fnuz"),
    "F8_E5M2FNUZ": (5, 2, 16, "fnuz"),
    "F4": (2, 1, 1, "none"),
}
_IQ4: Final = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
_BLOCKS: Final = {name: (block, size) for name, block, size in GGML_TYPES.values() if block > 1}


def row_bytes(dtype: str, elements: int) -> int | None:
    """Bytes of one row of so many elements; None where the type or its blocks do not allow it."""
    if dtype == "BF16" or dtype.startswith("F8_"):
        return elements * (2 if dtype == "BF16" else 1)
    if dtype in _PLAIN:
        return elements * int(_PLAIN[dtype][1])
    if dtype in ("F4", "U4", "I4"):
        return elements // 2 if elements % 2 == 0 else None
    if dtype in _DECODERS:
        block, size = _BLOCKS[dtype]
        return elements // block * size if elements % block == 0 else None
    return None


def can_decode(dtype: str) -> bool:
    """Whether values of this type can be had."""
    return row_bytes(dtype, 512) is not None


def is_lossy(dtype: str) -> bool:
    """Whether the type itself is the mark of a quantised model."""
    return dtype in _DECODERS or dtype in ("I8", "U8", "U4", "I4", "F4", "QI8", "QU8")


def decode(raw: bytes, dtype: str, big_endian: bool = False) -> Floats:
    """All values of ``raw`` as a flat float32 array; ValueError for a type not decoded here.

    Big-endian order counts for plain types only: blocks of a swapped GGUF file are not decoded.
    """
    if dtype in _PLAIN:
        order = ">" if big_endian else "<"
        return np.frombuffer(raw, order + _PLAIN[dtype]).astype(np.float32)
    if dtype == "BF16":
        half = np.frombuffer(raw, ">u2" if big_endian else "<u2")
        return (half.astype(np.uint32) << 16).view(np.float32)
    data = np.frombuffer(raw, np.uint8)
    if dtype in ("F4", "U4", "I4"):
        nibbles = np.stack([data & 15, data >> 4], axis=1).reshape(-1)
        if dtype == "F4":
            return _small_table("F4")[nibbles]
        signed = nibbles.astype(np.int8)
        return (np.where(signed > 7, signed - 16, signed) if dtype == "I4" else signed).astype(
            np.float32
        )
    if dtype in _SMALL:
        return _small_table(dtype)[data]
    if dtype in _DECODERS and not big_endian:
        return _DECODERS[dtype](data.reshape(-1, _BLOCKS[dtype][1])).reshape(-1)
    raise ValueError(f"values of type {dtype} are not decoded")


@cache
def _small_table(dtype: str) -> Floats:
    """Every value of a float of at most 8 bits, by its code."""
    exponent_bits, mantissa_bits, bias, top = _SMALL[dtype]
    size = 1 << (1 + exponent_bits + mantissa_bits)
    made = np.zeros(size, np.float32)
    for code in range(size):
        sign = -1.0 if code >> (exponent_bits + mantissa_bits) else 1.0
        exponent = (code >> mantissa_bits) & ((1 << exponent_bits) - 1)
        mantissa = code & ((1 << mantissa_bits) - 1)
        fraction = mantissa / (1 << mantissa_bits)
        value = (
            2.0 ** (exponent - bias) * (1 + fraction)
            if exponent
            else (2.0 ** (1 - bias) * fraction)
        )
        ones = exponent == (1 << exponent_bits) - 1
        if top == "ieee" and ones:
            value = float("nan") if mantissa else float("inf")
        missing = (
            ones and mantissa == (1 << mantissa_bits) - 1
            if top == "nan"
            else (top == "fnuz" and code == size >> 1)
        )
        if missing:
            value = float("nan")
        made[code] = sign * value
    return made


# --- blocks: each takes (n, bytes of a block) and gives (n, elements of a block) ------------------


def _half(blocks: Bytes, at: int) -> Floats:
    """The float16 at a byte of every block, as a column."""
    found: Floats = np.ascontiguousarray(blocks[:, at : at + 2]).view("<f2").astype(np.float32)
    return found


def _signed(blocks: Bytes) -> Floats:
    found: Floats = np.ascontiguousarray(blocks).view(np.int8).astype(np.float32)
    return found


def _nibbles(packed: Bytes) -> Bytes:
    """Low halves first, then high halves."""
    return np.concatenate([packed & 15, packed >> 4], axis=1)


def _bits32(packed: Bytes) -> Bytes:
    """Bits 0 to 31 of four bytes, as 32 columns."""
    return np.unpackbits(packed, axis=1, bitorder="little")


def _q4_0(b: Bytes) -> Floats:
    return _half(b, 0) * (_nibbles(b[:, 2:]).astype(np.float32) - 8)


def _q4_1(b: Bytes) -> Floats:
    return _half(b, 0) * _nibbles(b[:, 4:]) + _half(b, 2)


def _q5_0(b: Bytes) -> Floats:
    codes = _nibbles(b[:, 6:]) | (_bits32(b[:, 2:6]) << 4)
    return _half(b, 0) * (codes.astype(np.float32) - 16)


def _q5_1(b: Bytes) -> Floats:
    return _half(b, 0) * (_nibbles(b[:, 8:]) | (_bits32(b[:, 4:8]) << 4)) + _half(b, 2)


def _q8_0(b: Bytes) -> Floats:
    return _half(b, 0) * _signed(b[:, 2:])


def _q8_k(b: Bytes) -> Floats:
    scale = np.ascontiguousarray(b[:, :4]).view("<f4").astype(np.float32)
    return scale * _signed(b[:, 4:260])


def _shifted(packed: Bytes, shifts: tuple[int, ...], mask: int) -> Bytes:
    """(n, bytes) to (n, shifts, bytes): one plane of codes for each shift."""
    return np.stack([(packed >> shift) & mask for shift in shifts], axis=1)


def _q2_k(b: Bytes) -> Floats:
    scales, packed = b[:, :16], b[:, 16:80].reshape(-1, 32)
    codes = _shifted(packed, (0, 2, 4, 6), 3).reshape(len(b), 16, 16).astype(np.float32)
    step = _half(b, 80) * (scales & 15)
    least = _half(b, 82) * (scales >> 4)
    return (step[:, :, None] * codes - least[:, :, None]).reshape(len(b), 256)


def _q3_k(b: Bytes) -> Floats:
    high, packed, raw = b[:, :32], b[:, 32:96].reshape(-1, 32), b[:, 96:108]
    low = np.concatenate([raw[:, :8] & 15, raw[:, :8] >> 4], axis=1)
    upper = _shifted(raw[:, 8:12], (0, 2, 4, 6), 3).reshape(len(b), 16)
    scales = (low | (upper << 4)).astype(np.float32) - 32
    codes = _shifted(packed, (0, 2, 4, 6), 3).reshape(len(b), 8, 32).astype(np.float32)
    missing = 1 - _shifted(high, tuple(range(8)), 1).astype(np.float32)
    values = (codes - 4 * missing).reshape(len(b), 16, 16)
    return _times(_half(b, 108) * scales, values)


def _times(scales: Floats, values: Floats) -> Floats:
    """(n, groups) scales times (n, groups, elements) values, as (n, 256)."""
    found: Floats = (scales[:, :, None] * values).reshape(len(values), 256)
    return found


def _scales_and_mins(raw: Bytes) -> tuple[Bytes, Bytes]:
    """Eight 6-bit scales and eight 6-bit minima out of 12 bytes (Q4_K, Q5_K)."""
    first, second, third = raw[:, :4], raw[:, 4:8], raw[:, 8:12]
    scales = np.concatenate([first & 63, (third & 15) | ((first >> 6) << 4)], axis=1)
    mins = np.concatenate([second & 63, (third >> 4) | ((second >> 6) << 4)], axis=1)
    return scales, mins


def _q4_k(b: Bytes) -> Floats:
    scales, mins = _scales_and_mins(b[:, 4:16])
    codes = _shifted(b[:, 16:].reshape(-1, 32), (0, 4), 15).reshape(len(b), 8, 32)
    return _k_blocks(b, scales, mins, codes)


def _q5_k(b: Bytes) -> Floats:
    scales, mins = _scales_and_mins(b[:, 4:16])
    codes = _shifted(b[:, 48:].reshape(-1, 32), (0, 4), 15).reshape(len(b), 8, 32)
    high = _shifted(b[:, 16:48], tuple(range(8)), 1) << 4
    return _k_blocks(b, scales, mins, np.bitwise_or(codes, high))


def _k_blocks(b: Bytes, scales: Bytes, mins: Bytes, codes: Bytes) -> Floats:
    step, least = _half(b, 0) * scales, _half(b, 2) * mins
    return (step[:, :, None] * codes - least[:, :, None]).reshape(len(b), 256)


def _q6_k(b: Bytes) -> Floats:
    low = b[:, :128].reshape(-1, 2, 2, 32)  # half, which 32 bytes, byte
    high = b[:, 128:192].reshape(-1, 2, 32)
    planes = [
        (low[:, :, 0] & 15) | ((high & 3) << 4),
        (low[:, :, 1] & 15) | (((high >> 2) & 3) << 4),
        (low[:, :, 0] >> 4) | (((high >> 4) & 3) << 4),
        (low[:, :, 1] >> 4) | ((high >> 6) << 4),
    ]
    codes = np.stack(planes, axis=2).reshape(len(b), 16, 16).astype(np.float32) - 32
    scales = _half(b, 208) * _signed(b[:, 192:208])
    return (scales[:, :, None] * codes).reshape(len(b), 256)


def _iq4_nl(b: Bytes) -> Floats:
    return _half(b, 0) * np.array(_IQ4, np.float32)[_nibbles(b[:, 2:])]


def _iq4_xs(b: Bytes) -> Floats:
    high = np.ascontiguousarray(b[:, 2:4]).view("<u2")
    upper = (high >> np.arange(0, 16, 2, dtype=np.uint16)) & 3
    lower = np.stack([b[:, 4:8] & 15, b[:, 4:8] >> 4], axis=2).reshape(len(b), 8)
    scales = (lower | (upper << 4)).astype(np.float32) - 32
    codes = _nibbles(b[:, 8:].reshape(-1, 16)).reshape(len(b), 8, 32)
    values = np.array(_IQ4, np.float32)[codes]
    return _times(_half(b, 0) * scales, values)


def _mxfp4(b: Bytes) -> Floats:
    scale = np.exp2(b[:, :1].astype(np.float32) - 127)
    return scale * _small_table("F4")[_nibbles(b[:, 1:])]


def _tq2_0(b: Bytes) -> Floats:
    codes = _shifted(b[:, :64].reshape(-1, 32), (0, 2, 4, 6), 3).reshape(len(b), 256)
    return _half(b, 64) * (codes.astype(np.float32) - 1)


def _tq1_0(b: Bytes) -> Floats:
    def trits(packed: Bytes, count: int) -> AnyArray:
        powers = np.array([1, 3, 9, 27, 81], np.uint8)[:count]
        spread = packed[:, None, :] * powers[:, None]  # wraps at 256 on purpose
        return ((spread.astype(np.uint16) * 3) >> 8).reshape(len(packed), -1)

    codes = [trits(b[:, :32], 5), trits(b[:, 32:48], 5), trits(b[:, 48:52], 4)]
    return _half(b, 52) * (np.concatenate(codes, axis=1).astype(np.float32) - 1)


_DECODERS: Final[Mapping[str, Callable[[Bytes], Floats]]] = MappingProxyType({
    "Q4_0": _q4_0, "Q4_1": _q4_1, "Q5_0": _q5_0, "Q5_1": _q5_1, "Q8_0": _q8_0, "Q2_K": _q2_k,
    "Q3_K": _q3_k, "Q4_K": _q4_k, "Q5_K": _q5_k, "Q6_K": _q6_k, "Q8_K": _q8_k, "IQ4_NL": _iq4_nl,
    "IQ4_XS": _iq4_xs, "MXFP4": _mxfp4, "TQ1_0": _tq1_0, "TQ2_0": _tq2_0,
})  # fmt: skip
