"""What a file's name says of its precision, held against what is stored.

A name is a label by its publisher. ``Q4_K_M`` promises that most weights are 4-bit blocks; where
another type holds the most, a user gets another size and another quality than the name says.
"""

from __future__ import annotations

import re
from typing import Final

from openassay.weights.parameters import Count

_QUANT: Final = re.compile(r"(?:^|[-_.])(I?Q\d|TQ\d|MXFP4|NVFP4)(?=[-_.]|_|$)", re.IGNORECASE)
_WHOLE: Final = re.compile(
    r"(?:^|[-_.])((?:I?Q\d(?:_[A-Z0-9]{1,4}){0,3})|TQ\d_\d|MXFP4(?:_MOE)?|NVFP4)(?=[-.]|$)",
    re.IGNORECASE,
)
_PLAIN: Final = {
    "fp32": "F32", "f32": "F32", "float32": "F32", "fp16": "F16", "f16": "F16", "float16": "F16",
    "bf16": "BF16", "bfloat16": "BF16", "fp8": "F8", "int8": "I8", "q8": "I8",
    "w8a8": "I8", "uint8": "U8",
}  # fmt: skip
_WORD: Final = re.compile(r"[A-Za-z0-9]{2,10}")


def said_and_stored(name: str, format: str, count: Count) -> str:
    """A sentence where the name and the stored types disagree; empty where they do not."""
    rows = [row for row in count.precision if row.parameters]
    if not rows or not count.total:
        return ""
    most = max(rows, key=lambda row: row.parameters)
    if format == "GGUF":
        return _against_blocks(name, count, most.dtype)
    said = next((_PLAIN[w] for w in _words(name) if w in _PLAIN), None)
    if said is None or _fits(said, most.dtype):
        return ""
    share = 100 * most.parameters / max(1, sum(row.parameters for row in rows))
    return f"the name says {said}, {share:.0f} % of the parameters are {most.dtype}"


def states(name: str, dtype: str) -> bool:
    """Whether a word of the name says that the weights are of this type."""
    return any(_PLAIN.get(word) == dtype for word in _words(name))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _fits(said: str, stored: str) -> bool:
    if said == "F8":
        return stored.startswith("F8_")
    if said in ("I8", "U8"):
        return stored in ("I8", "U8", "QI8", "QU8") or stored.startswith("8 bits ")
    return said == stored


def _against_blocks(name: str, count: Count, most: str) -> str:
    """Block-quantised types: the digit of the name against that of the type that holds the most."""
    named = _WHOLE.search(name)
    if named is None:
        said = next((_PLAIN[w] for w in _words(name) if w in ("f16", "bf16", "f32", "fp16")), None)
        if said is None or said == most:
            return ""
        return f"the name says {said}, most parameters are {most}{_table(count)}"
    label = named.group(1).upper()
    kind = _QUANT.search(named.group(0))
    wanted = kind.group(1).upper() if kind else label
    if wanted.endswith("8") and most == "Q8_0":
        return ""
    if _digit(most) == _digit(wanted):
        return ""
    own = [row for row in count.precision if _digit(row.dtype) == _digit(wanted)]
    tensors = sum(row.tensors for row in own)
    everything = sum(row.tensors for row in count.precision)
    return (
        f"the name says {label}, {tensors} of {everything} tensors are of that width and most "
        f"parameters are {most}{_table(count)}"
    )


def _digit(dtype: str) -> str:
    """The number of bits that a type's name carries."""
    found = re.search(r"\d{1,2}", dtype)
    return found.group() if found else ""


def _table(count: Count) -> str:
    return f"; {count.bits_per_weight:.2f} bits per weight" if count.bits_per_weight else ""
