"""What the opcodes of a pickle leave in memory: a table and its limit."""

from __future__ import annotations

from typing import Final

MAX_MEMORY: Final = 40 << 20  # bytes of values, estimated; a tensor takes about 1.3 KB


def _costs() -> tuple[int, ...]:
    """Bytes of memory that one opcode leaves behind at most, measured on CPython 3.11, by opcode.

    Texts count their length besides. What only moves values costs its place on the stack.
    """
    costs = [8] * 256
    for codes, cost in (
        (b"}", 144), (b"]l\x8f\x91", 128), (b"Rb\x81io\x92", 224), (b"QP", 56),
        (b"t\x85\x86\x87", 88), (b"pqr\x94", 112), (b"MJIL\x8a\x8bG", 40),
        (b"STUVXBC\x8c\x8d\x8e\x96F", 72), (b"(", 16), (b"asue\x90", 40), (b"c\x93", 120),
    ):  # fmt: skip
        for code in codes:
            costs[code] = cost
    return tuple(costs)


COSTS: Final = _costs()
