"""Reports: pure functions from a dossier and its verdicts to text, one module each.

A module whose name ends in a version (``json_v1``) is called without it (``json``). Every module
that reports on a release offers ``render(report: Report, look: Look) -> str``; modules that begin
with an underscore are shared helpers, and ``license`` reports on a licence, not on a release.

A format that is written with a library that not everyone has says so: ``NEEDS`` is the library's
module and the extra that installs it. It is looked for before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from openassay.errors import UsageError
from openassay.types import Change, Dossier, Reviewed, Verdict

if TYPE_CHECKING:
    from openassay.reports.license import LicenseAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What people reviewed, beside the tool's findings: never in their place.

    ``dossier`` and ``verdicts`` are those *as reviewed*; ``file`` is where the reviews are written.
    """

    file: str
    items: tuple[Reviewed, ...]
    dossier: Dossier
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What changed since a baseline, the worse first."""

    baseline: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is shown.

    ``dossier`` and ``verdicts`` are the tool's own, *as found*. ``terms`` has, per licence id, the
    known terms by name (may lack ids); ``licenses`` has, per stated expression, all that is known
    of it; ``optional``, per framework, the criteria that never change its outcome. ``review`` and
    ``since`` are shown too where they are given.
    """

    dossier: Dossier
    verdicts: tuple[Verdict, ...] = ()
    terms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    licenses: Mapping[str, LicenseAnswer] = field(default_factory=dict)
    optional: Mapping[str, frozenset[str]] = field(default_factory=dict)
    review: Review | None = None
    since: Since | None = None


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


_OTHERS = (
    "against",
    "cited",
    "comparison",
    "draft",
    "layer_picture",
    "license",
    "lineage",
    "record",
    "verification",
    "weights",
)  # reports on something else than a release
Render = Callable[[Report, Look], str]


def available() -> tuple[str, ...]:
    """The names of the formats a release can be reported in."""
    return tuple(sorted(_modules()))


def renderer(name: str) -> Render:
    """The ``render`` function of one format.

    UsageError when there is none of that name, or when the library it needs is not installed.
    """
    modules = _modules()
    if name not in modules:
        raise UsageError(f"there is no format {name!r}", hint=f"formats: {', '.join(available())}")
    module = import_module(f"{__name__}.{modules[name]}")
    library, extra = getattr(module, "NEEDS", ("", ""))
    if library and find_spec(library) is None:
        raise UsageError(
            f"the format {name} needs the Python module {library}, which is not installed",
            hint=f"pip install 'openassay[{extra}]'",
        )
    render: Render = module.render
    return render


def _modules() -> dict[str, str]:
    found = (info.name for info in iter_modules([str(Path(__file__).parent)]))
    return {
        re.sub(r"_v\d{1,3}$", "", name): name
        for name in found
        if not name.startswith("_") and name not in _OTHERS
    }
