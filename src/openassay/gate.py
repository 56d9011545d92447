"""Whether a verdict reaches a required level: what `--require mof-1.0=III` asks. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from openassay.errors import UsageError
from openassay.frameworks.model import SCORES, Framework, RollUp
from openassay.types import Verdict


@dataclass(frozen=True, slots=True)
class Requirement:
    """A level of a framework; ``level`` is one of its own answers, or a number for a score."""

    framework: str
    level: str


def parse(text: str) -> Requirement:
    """``ID=LEVEL``; raises UsageError for anything else."""
    framework, equals, level = text.partition("=")
    if not (framework and equals and level):
        raise UsageError(f"--require wants ID=LEVEL, not {text!r}", hint="e.g. mof-1.0=III")
    return Requirement(framework, level)


def levels(framework: Framework) -> tuple[str, ...]:
    """The answers a framework can give, the lowest first; empty for a score."""
    if framework.roll_up is RollUp.LADDER:
        return (framework.not_met, *(group.id for group in framework.groups))
    return () if framework.roll_up in SCORES else (framework.not_met, framework.met)


def check(required: Requirement, framework: Framework) -> None:
    """Raises UsageError when the framework has no such level."""
    try:
        _rank(required.level, framework)
    except ValueError:
        wanted = ", ".join(levels(framework)) or "a number"
        raise UsageError(
            f"{framework.id} has no level {required.level!r}", hint=f"it has: {wanted}"
        ) from None


def meets(required: Requirement, framework: Framework, verdict: Verdict) -> bool | None:
    """True when even the floor reaches the level, False when the ceiling does not, else None."""
    level = _rank(required.level, framework)
    if _rank(verdict.floor, framework) >= level:
        return True
    return None if _rank(verdict.ceiling, framework) >= level else False


def _rank(level: str, framework: Framework) -> float:
    known = levels(framework)
    if known:
        return float(known.index(level))
    number = level.replace("/", " ").split()[:1]  # "9.5", "7 of 15", "7/15", "50 %"
    return float("".join(number).removesuffix("%"))
