"""``openassay audit … --against RECORD``: records held against the releases they describe."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import DossierError, OpenAssayError, TargetError, UsageError

if TYPE_CHECKING:
    from openassay.against.addresses import Address
    from openassay.checked import Comparison, Unmatched
    from openassay.records import Record
    from openassay.release import Source
    from openassay.sources import Sources
    from openassay.types import Dossier

MAX_RECORD = 4 << 20  # bytes; the reference tool's listing of all its models is below 1 MiB
MAX_RECORDS = 20_000
_SUFFIXES = (".yml", ".yaml", ".json")


@dataclass(frozen=True, slots=True)
class _Held:
    """A record, and where it was read: the file, and its number where the file has several."""

    origin: str
    record: Record

    @property
    def names(self) -> tuple[str, ...]:
        """What a list may call it: its file with and without folders and suffix, its name."""
        path = Path(self.origin)
        return (self.origin, path.name, path.stem, self.record.name)


@dataclass(frozen=True, slots=True, order=True)
class _Group:
    targets: tuple[str, ...]
    about: tuple[str, ...]
    named: bool = False  # by the records themselves: one that cannot be opened is left out


@dataclass(slots=True)
class _Work:
    """What is to be compared, and what cannot be.

    A group is read once: the same targets, and the same model that is asked about.
    """

    groups: dict[_Group, list[_Held]] = field(default_factory=dict)
    unmatched: list[Unmatched] = field(default_factory=list)


def run(args: argparse.Namespace) -> int:
    """Compare, and report the comparison in place of the audit."""
    from openassay import __version__, words
    from openassay.checked import Checked
    from openassay.reports import Look
    from openassay.reports.against import renderer

    if args.require or args.framework:
        raise UsageError(
            "--against takes no --framework and no --require",
            hint="the record is judged by its own framework; audit without --against to gate",
        )
    if args.baseline or args.config:
        raise UsageError(
            "--against takes no --baseline and no --config",
            hint="a record is checked against what the release shows",
        )
    args.format = args.format or "terminal"
    render = renderer(args.format)
    words.speaker(args.lang)
    work = _plan(args)
    comparisons = list(_compare_all(work, args))
    if not comparisons:
        first = work.unmatched[0] if work.unmatched else None
        raise TargetError(
            "no record could be checked against a target",
            hint=f"{first.origin}: {first.because}" if first else "the folder holds no records",
        )
    checked = Checked(
        comparisons=tuple(sorted(comparisons, key=lambda c: (c.origin, c.record))),
        unmatched=tuple(sorted(work.unmatched, key=lambda item: (item.origin, item.record))),
        read_by=f"openassay {__version__}",
    )
    terminal = args.format == "terminal"
    look = streams.look(args.verbose, args.output) if terminal else Look()
    look = replace(look, lang=args.lang)
    streams.write(render(checked, look), args.output, as_data=not terminal)
    return Exit.FINE


# --------------------------------------------------------------------------- records and targets


def _plan(args: argparse.Namespace) -> _Work:
    """One record takes all targets as its release; of several, each finds its own among them."""
    work = _Work()
    several = Path(args.against).is_dir()
    held = list(_folder(Path(args.against), work) if several else _file(args.against))
    if not args.targets and args.match is None:
        _where_they_say(held, work)
        return work
    if not several and len(held) == 1 and args.match is None:
        work.groups[_group(tuple(args.targets), held[0])] = held
        return work
    chosen = _chosen(args.match) if args.match else {}
    _known(chosen, held, args.match)
    pool = list(_pool(args.targets))
    for item in held:
        _place(item, chosen, pool, work)
    return work


def _where_they_say(held: Iterable[_Held], work: _Work) -> None:
    """No target is given: every record is checked where it says that its release is."""
    from openassay.against.matching import model_names, web_addresses
    from openassay.checked import Unmatched

    for item in held:
        if targets := web_addresses(item.record):
            group = _Group(targets, model_names(item.record), named=True)
            work.groups.setdefault(group, []).append(item)
        else:
            because = "it names no address of its release; give a TARGET"
            work.unmatched.append(
                Unmatched(origin=item.origin, record=item.record.name, because=because)
            )


def _place(
    item: _Held,
    chosen: dict[str, tuple[str, ...]],
    pool: Sequence[tuple[str, Address]],
    work: _Work,
) -> None:
    from openassay.against.matching import match
    from openassay.checked import Unmatched

    listed = next((chosen[name] for name in item.names if name in chosen), ())
    targets = listed or match(item.record, pool)
    if targets:
        work.groups.setdefault(_group(targets, item), []).append(item)
        return
    named = item.record.repository.strip() or item.record.huggingface.strip()
    because = (
        f"none of the targets is {named[:300]}"
        if named
        else "it names no repository; say which target is its release with --match"
    )
    work.unmatched.append(Unmatched(origin=item.origin, record=item.record.name, because=because))


def _group(targets: tuple[str, ...], item: _Held) -> _Group:
    from openassay.against.matching import model_names

    return _Group(targets, model_names(item.record))


def _file(path: str, shown: str = "") -> Iterator[_Held]:
    from openassay.records import read_records

    found = read_records(streams.read_input(path, MAX_RECORD))
    origin = shown or ("" if path == "-" else Path(path).name)
    for number, record in enumerate(found, 1):
        yield _Held(f"{origin}#{number}" if len(found) > 1 else origin, record)


def _folder(folder: Path, work: _Work) -> Iterator[_Held]:
    """The records below a folder, in the order of their paths; what is none is said so."""
    from openassay.checked import Unmatched

    for path in _record_files(folder):
        shown = path.relative_to(folder).as_posix()
        try:
            yield from _file(str(path), shown)
        except (DossierError, TargetError) as error:
            because = f"this cannot be read as a record: {error}"
            work.unmatched.append(Unmatched(origin=shown, record="", because=because))


def _record_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(at, name) for name in files if name.lower().endswith(_SUFFIXES)]
        if len(found) > MAX_RECORDS:
            raise UsageError(f"{folder} holds more than {MAX_RECORDS} records; name a smaller part")
    return sorted(found)


def _pool(targets: Iterable[str]) -> Iterator[tuple[str, Address]]:
    """Every checkout in the targets, with the repository it is one of."""
    from openassay.against.matching import address_of
    from openassay.sources import checkouts

    for target in targets:
        if not os.path.isdir(target):
            raise UsageError(
                f"{target}: several records need folders of checkouts as targets",
                hint="name a folder that holds them, or a list with --match",
            )
        for found in checkouts.find(target):
            where = address_of(found.remote, found.names)
            if where is not None:
                yield found.path, where


def _chosen(path: str) -> dict[str, tuple[str, ...]]:
    """The list that says which targets are whose: record to path, or paths, from its folder on."""
    from openassay.frameworks.plain import read_mapping

    listed = read_mapping(streams.read_input(path, MAX_RECORD))
    folder = Path() if path == "-" else Path(path).parent
    found = {}
    for key, value in listed.items():
        paths = value if isinstance(value, list) else [value]
        if not paths or not all(isinstance(item, str) and item for item in paths):
            raise UsageError(
                f"{path}: {str(key)[:80]!r} names no target",
                hint="write RECORD.yml: PATH, or a list of paths",
            )
        found[str(key)] = tuple(_below(folder, item) for item in paths)
    return found


def _below(folder: Path, target: str) -> str:
    """A path of the list, from its own folder; ``pypi:NAME`` and addresses stay as they are."""
    return target if ":" in target else str(folder / target)


def _known(chosen: Iterable[str], held: Sequence[_Held], path: str | None) -> None:
    """A record of the list that there is none of is a slip of the pen."""
    names = {key for item in held for key in item.names}
    if odd := sorted(set(chosen) - names):
        raise UsageError(f"{path}: there is no record {odd[0][:80]!r}")


# --------------------------------------------------------------------------------------- comparing


def _compare_all(work: _Work, args: argparse.Namespace) -> Iterator[Comparison]:
    from openassay.checked import Unmatched

    several = len(work.groups) > 1 or bool(work.unmatched)
    with streams.progress() as say:
        for number, (group, held) in enumerate(sorted(work.groups.items()), 1):
            head = f"{number}/{len(work.groups)} {group.targets[0]}: " if several else ""
            try:
                ground = _read(group, args, _prefixed(say, head))
            except OpenAssayError as error:
                if not several:
                    raise
                for item in held:
                    because = f"its release cannot be read: {error}"
                    work.unmatched.append(
                        Unmatched(origin=item.origin, record=item.record.name, because=because)
                    )
                continue
            for item in held:
                yield _compared(item, ground)


def _prefixed(say: Callable[[str], None] | None, head: str) -> Callable[[str], None] | None:
    return (lambda text: say(head + text)) if say else None


@dataclass(frozen=True, slots=True)
class _Ground:
    """One release, read as being about the recorded model, and as it names itself."""

    dossier: Dossier
    beside: Dossier | None  # None: the same
    listings: dict[str, list[str]]
    notes: tuple[str, ...]


def _read(group: _Group, args: argparse.Namespace, say: Callable[[str], None] | None) -> _Ground:
    import gc

    from openassay.about import work_out
    from openassay.cli import _steps as steps
    from openassay.sources import Sources

    gc.set_threshold(50_000, 50, 50)  # as in an audit: what is made lives on
    with Sources(offline=args.offline) as opener:
        sources, notes = _opened(group, opener)
        if not any(source.files for source in sources):
            raise TargetError(f"nothing could be read in {' '.join(group.targets)}")
        listings = {source.id: [file.path for file in source.files] for source in sources}
        far = (args.follow, args.name, say)
        dossier = steps.read_sources(opener, sources, *far, about=group.about)
        # Where the record is about another generation than the release, both readings are needed.
        other = work_out(sources, group.about).versions != work_out(sources).versions
        beside = steps.read_sources(opener, sources, *far) if other else None
    return _Ground(dossier, beside, listings, notes)


def _opened(group: _Group, opener: Sources) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    """The sources of a group, and what of it could not be opened where the records name it."""
    if not group.named:
        return opener.open_all(group.targets), ()
    found: dict[str, Source] = {}
    failed = []
    for target in group.targets:
        try:
            source = opener.open(target, named=False)
            found.setdefault(source.id, source)
        except OpenAssayError as error:
            failed.append(error)
    if not found:
        raise failed[0]
    return tuple(found.values()), tuple(f"Not read: {error}" for error in failed)


def _compared(item: _Held, ground: _Ground) -> Comparison:
    from openassay import frameworks
    from openassay.against import compare
    from openassay.checked import Classes
    from openassay.judge import judge
    from openassay.records import FRAMEWORK, judge_record

    classes = Classes(
        framework=FRAMEWORK,
        reference=judge_record(item.record, "mot").answer,
        strict=judge_record(item.record, "strict").answer,
        audited=judge(frameworks.load(FRAMEWORK), ground.dossier).answer,
    )
    found = compare(
        item.record,
        ground.dossier,
        beside=ground.beside,
        listings=ground.listings,
        origin=item.origin,
        classes=classes,
    )
    return replace(found, notes=(*ground.notes, *found.notes))
