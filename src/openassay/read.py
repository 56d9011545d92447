"""Reads a release: runs every inspector, turns what goes wrong into gaps, and assembles.

``read(sources)`` is the one function that ends in a :class:`Dossier`. Inspectors are found by
name in ``openassay.inspectors``; one that does not import ends the run with its error. What an
inspector raises on one file becomes a gap for that file and hides nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from types import ModuleType

import openassay.inspectors as inspectors_package
from openassay import __version__
from openassay.about import work_out
from openassay.assemble import assemble
from openassay.errors import ReadError
from openassay.files import File
from openassay.formats.bounded import FormatError
from openassay.release import Release, Source
from openassay.types import Dossier, Fact, Gap, SourceInfo

SCHEMA = "openassay-dossier/1"
MAX_FACTS = 20_000  # per inspector; a release that yields more says the same thing many times

Progress = Callable[[str], None]


@cache
def inspectors() -> tuple[ModuleType, ...]:
    """Every inspector module, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(inspectors_package.__path__))
    loaded = (importlib.import_module(f"openassay.inspectors.{name}") for name in names)
    return tuple(module for module in loaded if hasattr(module, "NAME"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the inspectors said of a release, before anything is assembled."""

    release: Release
    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    sources: tuple[SourceInfo, ...] = ()  # read for it apart, such as the base model's

    def plus(
        self,
        facts: Iterable[Fact] = (),
        gaps: Iterable[Gap] = (),
        sources: Iterable[SourceInfo] = (),
    ) -> Gathered:
        """The same with more."""
        return replace(
            self,
            facts=(*self.facts, *facts),
            gaps=(*self.gaps, *gaps),
            sources=(*self.sources, *sources),
        )


def read(
    sources: Sequence[Source],
    *,
    name: str | None = None,
    about: Sequence[str] = (),
    progress: Progress | None = None,
) -> Dossier:
    """Read pinned sources as one release; nothing that they link to is opened.

    ``name`` overrides the name worked out from the sources; ``about`` are names of the model that
    is asked about, where it is one of several; ``progress`` is told what is being done. The
    result is sorted: the same bytes in give the same dossier out.
    """
    return conclude(gather(sources, progress, about=about), name=name)


def gather(
    sources: Sequence[Source], progress: Progress | None = None, *, about: Sequence[str] = ()
) -> Gathered:
    """Run every inspector over the sources."""
    say = progress or _silent
    say("working out who the release is about")
    release, gaps = opened(sources, about)
    facts: list[Fact] = []
    gaps += [gap for source in release.sources for gap in source.gaps]
    for module in inspectors():
        say(f"{module.NAME}")
        for item in _run(module, release):
            if isinstance(item, Gap):
                gaps.append(item)
            else:
                facts.append(replace(item, inspector=module.NAME))
    gaps += [gap for file in release.files for gap in file.gaps]
    gaps += _unreadable(release)
    return Gathered(release=release, facts=tuple(facts), gaps=tuple(gaps))


def conclude(gathered: Gathered, *, name: str | None = None) -> Dossier:
    """Assemble what was gathered into a dossier."""
    release = gathered.release
    infos = {source.id: source.info() for source in release.sources}
    infos |= {info.id: info for info in gathered.sources if info.id not in infos}
    return assemble(
        schema=SCHEMA,
        release=name or release.subject.name or _fallback_name(release),
        sources=tuple(infos.values()),
        facts=_in_order(gathered.facts),
        gaps=_merged(gathered.gaps),
        read_by=f"openassay {__version__}",
    )


def extended(dossier: Dossier, facts: Iterable[Fact], gaps: Iterable[Gap] = ()) -> Dossier:
    """The dossier with more facts, assembled anew so that whatever follows from them is there."""
    return assemble(
        schema=dossier.schema,
        release=dossier.release,
        sources=dossier.sources,
        facts=_in_order((*dossier.facts, *facts)),
        gaps=_merged((*dossier.gaps, *gaps)),
        read_by=dossier.read_by,
    )


def opened(sources: Sequence[Source], about: Sequence[str] = ()) -> tuple[Release, list[Gap]]:
    """The release with its subject; without one, and with a gap, if that cannot be worked out."""
    try:
        return Release(sources, work_out(sources, about)), []
    except Exception as error:  # whatever it is, what can be read without names is still read
        what = f"{type(error).__name__}: {error}"[:300]
        detail = f"who the release is about could not be worked out ({what}); please report it"
        return Release(sources), [
            Gap(source="", path="", by="about", reason="crashed", detail=detail)
        ]


def _silent(_: str) -> None:
    return None


def _fallback_name(release: Release) -> str:
    return release.sources[0].name if release.sources else "release"


def _run(module: ModuleType, release: Release) -> Iterator[Fact | Gap]:
    """All that one inspector says of a release, at most MAX_FACTS facts."""
    for count, item in enumerate(_items(module, release)):
        if count >= MAX_FACTS:
            yield Gap(
                source=release.sources[0].id,
                path="",
                by=module.NAME,
                reason="too_many_facts",
                detail=f"only the first {MAX_FACTS} facts were kept",
            )
            return
        yield item


def _items(module: ModuleType, release: Release) -> Iterator[Fact | Gap]:
    if hasattr(module, "inspect"):
        for file in release.files:
            if file.is_regular:
                yield from _guarded(module, file, partial(_on_file, module, file, release))
    if hasattr(module, "survey"):
        yield from _guarded(module, None, partial(module.survey, release))


def _on_file(module: ModuleType, file: File, release: Release) -> Iterable[Fact | Gap]:
    """What the inspector says of one file, if it wants it."""
    return module.inspect(file, release) if module.wants(file, release) else ()


def _guarded(
    module: ModuleType, file: File | None, call: Callable[[], Iterable[Fact | Gap]]
) -> Iterator[Fact | Gap]:
    """Run one call; what it raises becomes a gap that names the file and the next step."""
    try:
        yield from call()
    except (FormatError, ReadError) as error:
        reason = error.reason if isinstance(error, ReadError) else error.problem
        yield _gap(module, file, reason.replace("-", "_"), str(error))
    except RecursionError:
        yield _gap(module, file, "too_deep", "nested too deeply to be read")
    except MemoryError:
        yield _gap(module, file, "too_large", "needs more memory than there is")
    except Exception as error:  # the one place where a crash must not hide other findings
        what = f"{type(error).__name__}: {error}"[:300]
        detail = f"the inspector failed ({what}); this is a fault of openassay, please report it"
        yield _gap(module, file, "crashed", detail)


def _gap(module: ModuleType, file: File | None, reason: str, detail: str) -> Gap:
    return Gap(
        source=file.source if file else "",
        path=file.path if file else "",
        by=module.NAME,
        reason=reason,
        detail=detail,
        components=tuple(module.COMPONENTS),
    )


def _unreadable(release: Release) -> Iterator[Gap]:
    """Listed files whose bytes cannot be had: a gap each, with the components they may hide."""
    for file in release.files:
        if file.is_regular and file.problem is not None:
            hidden = sorted(
                {
                    component
                    for module in inspectors()
                    if hasattr(module, "inspect") and _could_want(module, file, release)
                    for component in module.COMPONENTS
                }
            )
            yield Gap(
                source=file.source,
                path=file.path,
                by="read",
                reason=file.problem,
                detail="the listing has this file, but its bytes cannot be read here",
                components=tuple(hidden),
            )


def _merged(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Gaps in order; of two about one file and reason the first's words, both's components."""
    found: dict[tuple[str, str, str], Gap] = {}
    for gap in gaps:
        key = (gap.source, gap.path, gap.reason)
        known = found.get(key)
        if known is None or not gap.path or known.by == gap.by:
            key = key if known is None else (*key[:2], f"{gap.reason} {gap.by} {gap.detail}")
            found.setdefault(key, gap)
        else:
            components = tuple(sorted({*known.components, *gap.components}))
            found[key] = replace(known, components=components)
    return tuple(sorted(set(found.values())))


def _could_want(module: ModuleType, file: File, release: Release) -> bool:
    """Whether an inspector would have read this file; a failure to say so counts as yes."""
    try:
        return bool(module.wants(file, release))
    except Exception:  # the crash itself is reported where the inspector is run
        return True


def _in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Facts in a fixed order without repetitions; the best-placed evidence comes first."""
    return tuple(sorted(set(facts), key=_rank))


def _rank(fact: Fact) -> tuple[int, str, str, str, str, str]:
    first = fact.evidence[0]
    start = f"{first.span.start:012d}" if isinstance(first.span.start, int) else first.span.start
    kind = type(fact).__name__
    return (first.path.count("/"), first.source, first.path, start, kind, repr(fact))
