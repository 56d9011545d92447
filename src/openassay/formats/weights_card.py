"""The number of parameters that the lines of a card state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_MAX_LINES: Final = 2_000
_SAME: Final = 1.15  # numbers within this ratio are roundings of each other
_UNITS: Final = {"k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12, "万": 10**4, "亿": 10**8}
_NUMBER: Final = (
    r"(\d{1,5}(?:[.,]\d{1,3})?)\s{0,2}(thousand|million|billion|bn|trillion|[KMBT]|亿|万)"
)
_STATED: Final = (
    re.compile(_NUMBER + r"[\s*_-]{0,4}(?:\w{1,12}[\s-]){0,2}param", re.IGNORECASE),
    re.compile(
        r"(?:number of |model |total )?param(?:eter)?s?(?: count)?[\s|:*_=~≈()-]{1,12}" + _NUMBER
        + r"\b", re.IGNORECASE,
    ),
    re.compile(r"参数(?:量|规模|数)?[\s|:：为约*是]{0,6}" + _NUMBER, re.IGNORECASE),
    re.compile(_NUMBER + r"\s{0,2}(?:个)?参数", re.IGNORECASE),
)  # fmt: skip
_NOT_TOTAL: Final = re.compile(r"activ|激活|trainable|embedding|per token|LoRA|adapter", re.I)


def stated_parameters(lines: Sequence[str]) -> tuple[int, int] | None:
    """(parameters, line from 1) when the card states one number; None when it states none or
    several that are not roundings of each other: a family, or a comparison.
    """
    found: list[tuple[int, int]] = []
    for number, line in enumerate(lines[:_MAX_LINES], start=1):
        shown = line[:1_000]
        if "param" not in shown.lower() and "参数" not in shown:
            continue
        if _NOT_TOTAL.search(shown):
            continue
        for pattern in _STATED:
            found.extend((_value(a, b), number) for a, b in pattern.findall(shown))
    values = [value for value, _ in found if value]
    if not values or max(values) > _SAME * min(values):
        return None
    return found[0]


def _value(digits: str, unit: str) -> int:
    number = float(digits.replace(",", "")) if "." in digits else float(digits.replace(",", "."))
    scale = _UNITS.get(unit.lower()[0], 1)
    return round(number * scale)
