"""Reports: pure functions from a dossier and its verdicts to text, one module each.

A module whose name ends in a version (``json_v1``) is called without it (``json``). Every module
that reports on a release offers ``render(report: Report, look: Look) -> str``; modules that begin
with an underscore are shared helpers, and ``license`` reports on a licence, not on a release.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from openassay.errors import UsageError
from openassay.types import Dossier, Verdict

if TYPE_CHECKING:
    from openassay.reports.license import LicenseAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is shown.

    ``terms`` has, per licence id, the known terms by name (may lack ids); ``licenses`` has,
    per stated expression, all that is known of it; ``optional``, per framework, the criteria that
    never change its outcome.
    """

    dossier: Dossier
    verdicts: tuple[Verdict, ...] = ()
    terms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    licenses: Mapping[str, LicenseAnswer] = field(default_factory=dict)
    optional: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How it is shown. ``width`` counts terminal columns; ``detail`` is 0, 1 (-v) or 2 (-vv).

    ``lang`` is the language of what people read (``en``, ``zh``); data stays English.
    """

    width: int = 100
    colour: bool = False
    unicode: bool = True
    detail: int = 0
    lang: str = "en"


_OTHERS = ("license", "verification")  # reports on something else than a release
Render = Callable[[Report, Look], str]


def available() -> tuple[str, ...]:
    """The names of the formats a release can be reported in."""
    return tuple(sorted(_modules()))


def renderer(name: str) -> Render:
    """The ``render`` function of one format; UsageError when there is none of that name."""
    modules = _modules()
    if name not in modules:
        raise UsageError(f"there is no format {name!r}", hint=f"formats: {', '.join(available())}")
    render: Render = import_module(f"{__name__}.{modules[name]}").render
    return render


def _modules() -> dict[str, str]:
    found = (info.name for info in iter_modules([str(Path(__file__).parent)]))
    return {
        re.sub(r"_v\d{1,3}$", "", name): name
        for name in found
        if not name.startswith("_") and name not in _OTHERS
    }
