"""What the faults that parsers find weigh: broken, refused, a risk, or a note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from openassay.formats.bounded import Fault
from openassay.formats.weights_file import WeightsFile
from openassay.weights.findings import Level

# Faults of a parser that say more than that a file is untidy.
RISKS: Final = frozenset([
    Fault.FOREIGN_GLOBAL, Fault.PICKLED_CONTENT, Fault.UNSAFE_PATH, Fault.DUPLICATE_NAME,
    Fault.OVERLAP, Fault.COMPRESSION_RATIO, Fault.MEMBER_ENCRYPTED, Fault.TWO_ANSWERS,
])  # fmt: skip
BROKEN: Final = frozenset([
    Fault.TRUNCATED, Fault.SIZE_MISMATCH, Fault.OUTSIDE_STORAGE, Fault.MEMBER_MISSING,
    Fault.CRC_MISMATCH, Fault.HEADER_LENGTH_LIES, Fault.NOT_STORED,
])  # fmt: skip
# What a format's own reader does not load, though every byte may be there. safetensors: measured
# with the reference implementation 0.8.0. GGUF: gguf_init of ggml (gguf.cpp), which wants tensors
# one after another, aligned, in whole blocks, no name twice, an alignment that is a power of two.
REFUSED: Final[Mapping[str, tuple[str, frozenset[Fault]]]] = {
    "safetensors": ("the reference implementation of safetensors", frozenset([
        Fault.TRAILING_BYTES, Fault.HOLE, Fault.OVERLAP, Fault.SIZE_MISMATCH, Fault.BAD_ENTRY,
        Fault.BAD_SHAPE, Fault.BAD_METADATA, Fault.UNKNOWN_DTYPE, Fault.TWO_ANSWERS,
    ])),
    "GGUF": ("ggml's own reader", frozenset([
        Fault.HOLE, Fault.OVERLAP, Fault.MISALIGNED, Fault.BAD_SHAPE, Fault.BAD_METADATA,
        Fault.DUPLICATE_NAME,
    ])),
}  # fmt: skip
# The tensors that were listed may not be all.
PARTLY: Final = frozenset([
    Fault.READ_LIMIT, Fault.TOO_MANY_TENSORS, Fault.TOO_MANY_ENTRIES, Fault.TOO_DEEP,
    Fault.UNSUPPORTED,
])  # fmt: skip
# Reasons that say nothing against a file.
OUR_BOUNDS: Final = frozenset(["read_limit", "too_many_tensors", "too_many_entries", "unsupported"])
# Nor can it be told whether all bytes are there.
UNPROVEN: Final = PARTLY | {Fault.UNKNOWN_DTYPE}
WHY: Final[Mapping[Fault, str]] = {
    Fault.DUPLICATE_NAME: "two readers may see two models",
    Fault.HOLE: "bytes that no reader sees travel along",
    Fault.TRAILING_BYTES: "bytes that no reader sees travel along",
    Fault.FOREIGN_GLOBAL: "loading it may run code",
    Fault.TWO_ANSWERS: "two readers may see two models",
    Fault.MEMBER_UNUSED: "it travels along",
}


def level_of(fault: Fault, format: str) -> Level:
    """The level of a finding in a file of this format."""
    if fault in BROKEN:
        return Level.BROKEN
    if format in REFUSED and fault in REFUSED[format][1]:
        return Level.REFUSED
    return Level.RISK if fault in RISKS else Level.NOTE


def doubtful(weights: WeightsFile) -> bool:
    """Whether something in it could not be read, so that nobody knows what should be there."""
    ids = {problem.id for problem in weights.problems}
    pickled = weights.format == "NumPy" and Fault.PICKLED_CONTENT in ids
    return pickled or not UNPROVEN.isdisjoint(ids)
