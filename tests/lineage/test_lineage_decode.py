"""Every stored type against values that the reference packages computed from the same bytes."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.lineage import decode

#: sha256 of the float32 values, first 16 digits, that gguf 0.19.0 dequantises `blocks_of` to.
EXPECTED = {
    "IQ4_NL": "267aaf35f4d16ef7", "IQ4_XS": "134044643f8b32a8", "MXFP4": "4e86ab78648a9105",
    "Q2_K": "bf02a6dd85bdeea5", "Q3_K": "0176f9f6b0ce6f7b", "Q4_0": "009624402bcc6229",
    "Q4_1": "18789da4eae6375c", "Q4_K": "02373e5cb0e75645", "Q5_0": "00a1ac7628204200",
    "Q5_1": "393a35e27489aa9c", "Q5_K": "6326a6d25fc8578d", "Q6_K": "d1952145a1332371",
    "Q8_0": "6b99b593200c7370", "TQ1_0": "59c1ea64a1077acd", "TQ2_0": "1318c00c858258ed",
}  # fmt: skip


def blocks_of(dtype: str) -> bytes:
    """Sixteen blocks of bytes that any tool can make again: a hash chain, with sane scales."""
    _, size = decode._BLOCKS[dtype]
    stream = b"".join(hashlib.sha256(f"{dtype}{i}".encode()).digest() for i in range(size // 2 + 1))
    raw = np.frombuffer(stream[: 16 * size], np.uint8).reshape(16, size).copy()
    for at in SCALES[dtype]:
        raw[:, at + 1] = raw[:, at + 1] & 0x8F | 0x20  # a float16 of about 2^-7, either sign
    if dtype == "MXFP4":
        raw[:, 0] = 120 + raw[:, 0] % 8
    return raw.tobytes()


SCALES = {
    "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2), "Q8_0": (0,), "Q2_K": (80, 82),
    "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,), "IQ4_NL": (0,), "IQ4_XS": (0,),
    "MXFP4": (), "TQ1_0": (52,), "TQ2_0": (64,),
}  # fmt: skip


@pytest.mark.parametrize("dtype", sorted(SCALES))
def test_blocks_are_what_the_reference_makes_of_them(dtype: str) -> None:
    found = decode.decode(blocks_of(dtype), dtype)
    assert np.isfinite(found).all()
    digest = hashlib.sha256((found + np.float32(0)).astype("<f4").tobytes()).hexdigest()[:16]
    assert digest == EXPECTED[dtype]


def test_q8_k_by_hand() -> None:
    """No reference decodes it: a float scale, then 256 signed bytes, then unused sums."""
    raw = np.float32(0.5).tobytes() + bytes(range(256)) + b"\xff" * 32
    found = decode.decode(raw, "Q8_K")
    assert found[:3].tolist() == [0.0, 0.5, 1.0]
    assert found[255] == -0.5


def test_small_floats_by_their_formulas() -> None:
    e4m3 = decode.decode(bytes([0x00, 0x38, 0xB8, 0x7E, 0x01]), "F8_E4M3")
    assert e4m3.tolist() == [0.0, 1.0, -1.0, 448.0, 2.0**-9]
    assert math.isnan(decode.decode(b"\x7f", "F8_E4M3")[0])
    e5m2 = decode.decode(bytes([0x3C, 0x7B, 0x01]), "F8_E5M2")
    assert e5m2.tolist() == [1.0, 57344.0, 2.0**-16]
    assert math.isinf(decode.decode(b"\x7c", "F8_E5M2")[0])
    assert decode.decode(bytes([0x40]), "F8_E4M3FNUZ")[0] == 1.0
    assert decode.decode(bytes([0x21, 0x7F]), "F4").tolist() == [0.5, 1.0, -6.0, 6.0]
    assert decode.decode(bytes([0x8F]), "I4").tolist() == [-1.0, -8.0]
    assert decode.decode(bytes([0x8F]), "U4").tolist() == [15.0, 8.0]


def test_plain_types_in_both_orders() -> None:
    for dtype, code in (("F32", "f4"), ("F64", "f8"), ("F16", "f2"), ("I32", "i4")):
        values = np.array([1, -2, 3])
        for big in (False, True):
            raw = values.astype((">" if big else "<") + code).tobytes()
            assert decode.decode(raw, dtype, big).tolist() == [1.0, -2.0, 3.0]
    assert decode.decode(b"\x80\x3f\x00\xc0", "BF16").tolist() == [1.0, -2.0]
    assert decode.decode(b"\x3f\x80", "BF16", big_endian=True).tolist() == [1.0]


@pytest.mark.parametrize("dtype", ["IQ2_XXS", "IQ1_S", "NVFP4", "STRING", "C64", "", "Q9_K"])
def test_what_is_not_decoded_says_so(dtype: str) -> None:
    assert not decode.can_decode(dtype)
    assert decode.row_bytes(dtype, 256) is None
    with pytest.raises(ValueError, match="not decoded"):
        decode.decode(b"\0" * 64, dtype)


@given(st.sampled_from(sorted(decode._DECODERS)), st.data())
def test_any_block_decodes_to_its_number_of_values(dtype: str, data: st.DataObject) -> None:
    block, size = decode._BLOCKS[dtype]
    raw = data.draw(st.binary(min_size=size, max_size=size))
    with np.errstate(all="ignore"):
        assert decode.decode(raw, dtype).shape == (block,)
    assert decode.row_bytes(dtype, block) == size
    assert decode.row_bytes(dtype, block + 1) is None
