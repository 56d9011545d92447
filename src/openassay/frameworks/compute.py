"""Training compute in floating-point operations, as a range and with what it rests on.

An estimate, never a measurement. The formulas are those of the European Commission's Guidelines on
general-purpose AI models, C(2025) 5045, Annex A.3: six operations per parameter and token, or
accelerator time times peak times utilisation. They allow an error of 30 %, and so does the range.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import inf, isfinite

from openassay.frameworks.topics import stated
from openassay.types import Derived, Evidence, Fact, Relation

MARGIN = 0.3  # the error that the Guidelines allow
UTILISATION = 0.5  # the share of the peak in the Guidelines' worked examples
_LARGEST = 1e40  # FLOP; a larger number is no statement about training
_NO_TRAINING = frozenset((Relation.QUANTIZED,))


@dataclass(frozen=True, slots=True)
class Estimate:
    """Between ``low`` and ``high`` FLOP, most likely ``flop``; ``how`` says it in a sentence."""

    flop: float
    low: float
    high: float
    how: str
    evidence: tuple[Evidence, ...]
    caveats: tuple[str, ...] = ()


def from_size(parameters: float, tokens: float) -> float:
    """FLOP to train a dense transformer on that many tokens."""
    return 6 * parameters * tokens


def from_hardware(hours: float, peak: float, utilisation: float = UTILISATION) -> float:
    """FLOP done in accelerator hours at a peak in FLOP/s, of which a share was used."""
    return hours * 3600 * peak * utilisation


@cache
def peaks() -> Mapping[str, float]:
    """Dense 16-bit peak in FLOP/s by the name of an accelerator, from its maker's data sheet."""
    text = files(__package__).joinpath("data", "accelerators.toml").read_text(encoding="utf-8")
    return {row["name"]: float(row["peak"]) for row in tomllib.loads(text)["accelerator"]}


def estimate(facts: Sequence[Fact]) -> Estimate | None:
    """From what the release states: the compute itself, size and tokens, or accelerator time."""
    found = _as_stated(facts) or _by_size(facts) or _by_hardware(facts)
    if found is None:
        return None
    based = [
        fact for fact in facts if isinstance(fact, Derived) and fact.relation not in _NO_TRAINING
    ]
    if not based:
        return found
    caveat = f"the training of its base, {based[0].base}, adds to it and is not counted"
    cited = (*found.evidence, *based[0].evidence[:1])
    return Estimate(found.flop, found.low, inf, found.how, cited, (*found.caveats, caveat))


def _as_stated(facts: Sequence[Fact]) -> Estimate | None:
    largest = _largest(stated(facts, "compute"))
    if largest is None:
        return None
    fact, flop = largest
    how = f"{flop:.2g} FLOP, as stated"
    return Estimate(flop, flop * (1 - MARGIN), flop * (1 + MARGIN), how, fact.evidence[:1])


def _by_size(facts: Sequence[Fact]) -> Estimate | None:
    tokens = _largest(stated(facts, "tokens"))
    sizes = stated(facts, "parameters")
    measured = [item for item in sizes if item[0].inspector == "weights"]
    size = _largest(measured or sizes)
    active = _largest(stated(facts, "active_parameters"))
    chosen = active or size
    if tokens is None or chosen is None:
        return None
    fact, parameters = chosen
    flop = from_size(parameters, tokens[1])
    kind = " active" if active else ""
    size_shown = f"{_amount(parameters)}{kind} parameters"
    how = f"6 × {size_shown} × {_amount(tokens[1])} tokens = {flop:.2g} FLOP"
    low, caveats = flop * (1 - MARGIN), []
    if stated(facts, "experts") and not active:
        low = 0.0
        caveats.append("the model has experts, of which only some work per token")
    elif len({value for _, value in measured or sizes}) > 1 and not active:
        caveats.append("the largest of several sizes is taken")
    evidence = (*fact.evidence[:1], *tokens[0].evidence[:1])
    return Estimate(flop, low, flop * (1 + MARGIN), how, evidence, tuple(caveats))


def _by_hardware(facts: Sequence[Fact]) -> Estimate | None:
    """Any share of the peak may have been used, so the range is wide: a tenth to all of it."""
    best: tuple[float, str, Fact] | None = None
    for fact, value in stated(facts, "accelerator_hours"):
        hours, _, name = value.partition(" ")
        number, peak = _number(hours), peaks().get(name)
        if number and peak and (best is None or number * peak > best[0]):
            shown = f"{_amount(number)} {name} hours × {peak:.3g} FLOP/s"
            best = number * peak, shown, fact
    if best is None:
        return None
    full = from_hardware(best[0], 1.0, 1.0)
    flop = full * UTILISATION
    how = f"{best[1]} × {UTILISATION:g} = {flop:.2g} FLOP"
    caveat = f"a utilisation of {UTILISATION:g} is assumed, as in the Guidelines' examples"
    return Estimate(flop, full / 10, full, how, best[2].evidence[:1], (caveat,))


def _largest(found: Iterable[tuple[Fact, str]]) -> tuple[Fact, float] | None:
    numbers = [(fact, number) for fact, text in found if (number := _number(text))]
    return max(numbers, key=lambda item: item[1], default=None)


def _number(text: str) -> float | None:
    if not re.fullmatch(r"\d{1,40}(?:\.\d{1,20})?(?:[eE]\+?\d{1,3})?", text):
        return None
    number = float(text)
    return number if isfinite(number) and 0 < number <= _LARGEST else None


def _amount(number: float) -> str:
    for unit, word in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if number >= unit:
            return f"{number / unit:.3g}{word}"
    return f"{number:.3g}"
