"""Judging a record: as the reference tool does, strictly, and why the two differ."""

from __future__ import annotations

from urllib.parse import urlsplit

from openassay import licenses
from openassay.checked import Difference
from openassay.errors import UsageError
from openassay.frameworks import load
from openassay.frameworks.model import Criterion
from openassay.frameworks.reference import is_open as is_open_there
from openassay.frameworks.reference import judge_as_reference, tables
from openassay.judge import judge_components
from openassay.records.reading import FRAMEWORK, Record, RecordedComponent, Word, inherited
from openassay.types import Answer, Component, Result, Status, Verdict
from openassay.vocabulary import by_id

# These usually live elsewhere, with terms of their own that a licence of the release cannot reach.
_THIRD_PARTY = frozenset(("datasets", "evaluation_data", "research_paper", "technical_report"))


def judge_record(record: Record, mode: str = "mot") -> Verdict:
    """Judge a record: ``mot`` as the reference tool does, ``strict`` without its defects."""
    if mode == "mot":
        return _reference(record)
    if mode == "strict":
        return _strict(record)
    raise UsageError(f"a record is judged in mode mot or strict, not {mode!r}")


def _reference(record: Record) -> Verdict:
    """As the reference tool: a later entry replaces an earlier one, inheritance is blind."""
    listed: dict[str, str | None] = {}
    for entry in record.components:
        id = entry.id or tables().unknown_name
        stated = _inherited(record, id) if entry.license is None else entry.license
        listed[id] = stated or None
    return judge_as_reference(load(FRAMEWORK), listed, notes=record.notes)


def _inherited(record: Record, id: str) -> str | None:
    found = inherited(record, id)
    return found[1] if found else None


def _strict(record: Record) -> Verdict:
    entries = _by_id(record)
    components = {
        id: _component(record, id, entries[id])
        if id in entries
        else Component(id=id, status=Status.ABSENT)
        for id in by_id()
    }
    return judge_components(
        load(FRAMEWORK),
        components,
        notes=(
            "Judged from a record: its word is taken for what is released, nothing was opened.",
            *record.notes,
        ),
    )


def _by_id(record: Record) -> dict[str, RecordedComponent]:
    """The entries that name a component of the framework; of two the later one counts."""
    return {entry.id: entry for entry in record.components if entry.id is not None}


def _component(record: Record, id: str, entry: RecordedComponent) -> Component:
    stated = entry.license
    if stated is None:
        return _inheriting(record, id, entry)
    if entry.word is Word.WITHHELD:
        return Component(id=id, status=Status.ABSENT)
    if entry.word is not Word.NAMED:
        says = f"the record says {stated[:80]!r}" if stated else "the record says it is unlicensed"
        return Component(id=id, status=Status.PRESENT, license_reason=says)
    known = licenses.normalize(stated)
    return Component(id=id, status=Status.PRESENT, license=known or stated[:200])


def _inheriting(record: Record, id: str, entry: RecordedComponent) -> Component:
    """A licence of the release reaches what stands in the release, nothing else."""
    name, reason = _reaching(record, id, entry)
    known = licenses.normalize(name) if name else None
    if not name or known == "NONE":
        return Component(id=id, status=Status.PRESENT, license_reason=reason)
    return Component(id=id, status=Status.PRESENT, license=known or name[:200])


def _reaching(record: Record, id: str, entry: RecordedComponent) -> tuple[str | None, str]:
    """The inherited licence that really reaches a component, or None and why not."""
    found = inherited(record, id)
    own = is_own(record, entry.component_path)
    if own is False:
        return None, "it is kept elsewhere, where a licence of the release does not reach"
    if own is None and id in _THIRD_PARTY and (not found or found[0] == "distribution"):
        return None, "it usually lives elsewhere, where the distribution's licence does not reach"
    return (found[1] if found else None), ""


def is_own(record: Record, path: str) -> bool | None:
    """Whether a path lies in one of the record's own repositories; None where it does not say."""
    if not path or any(char.isspace() for char in path):  # such as "arxiv license"
        return None
    if "://" not in path:
        return True
    return any(
        _address(path)[: len(own)] == own
        for own in (_address(record.repository), _address(record.huggingface))
        if len(own) > 1
    )


def _address(url: str) -> tuple[str, ...]:
    """Host and path segments, for comparing which repository an address is in."""
    try:
        parts = urlsplit(url.strip().lower())
    except ValueError:
        return ()
    return (parts.netloc, *(segment for segment in parts.path.split("/") if segment))


# ------------------------------------------------------------------------------------ differences


def differences(record: Record) -> tuple[Difference, ...]:
    """Where the reference tool and the strict judgement find another state, and why.

    A licence that is open but not of the fitting type counts for both, so it is no difference.
    """
    theirs = {result.criterion: result for result in _reference(record).results}
    framework = load(FRAMEWORK)
    found = []
    for ours in _strict(record).results:
        other = theirs.get(ours.criterion)
        if other is None or _state(other) == _state(ours):
            continue
        found.append(
            Difference(
                component=ours.criterion,
                title=framework.criterion(ours.criterion).title,
                reference=other.because[0],
                strict=ours.because[0],
                because=_cause(record, framework.criterion(ours.criterion), other, ours),
                counts=(other.answer is Answer.YES) is not (ours.answer is Answer.YES),
            )
        )
    return tuple(found)


def _state(result: Result) -> str:
    """Open where it counts, else the state that the reason begins with."""
    return "Open" if result.answer is Answer.YES else result.because[0].partition(":")[0]


def _cause(record: Record, criterion: Criterion, theirs: Result, ours: Result) -> str:
    """One sentence: which of the reference tool's ways makes the difference."""
    entry = _by_id(record).get(criterion.id)
    if " in its place" in theirs.because[0] + ours.because[0]:
        stand_in = by_id()[next(way.parts[0] for way in criterion.ways if way.substitute)].title
        if theirs.answer is not ours.answer:
            return f"{stand_in} may stand in for it, and counts for only one of the two: see there."
    odd = next((e.name for e in record.components if e.id is None), None)
    if odd is not None and criterion.id == tables().unknown_name:
        return (
            f"The record lists {odd[:80]!r}, which is no name of the framework's; the reference "
            f"tool silently takes it for {criterion.title}."
        )
    if entry is None:
        return "The record does not list it."
    if entry.word is Word.WITHHELD:
        return (
            f"The record says {(entry.license or '')[:80]!r} where the licence should stand; the "
            "reference tool takes these words for a licence, so for it the component is there."
        )
    if entry.word is Word.UNTOLD or (entry.word is Word.NONE and entry.license):
        return (
            f"The record says {(entry.license or '')[:80]!r}, which names no licence; the "
            "reference tool takes the word for one."
        )
    if entry.word is Word.INHERITS:
        return _cause_inherited(record, criterion.id, entry)
    return _cause_licence(entry.license or "", by_id()[criterion.id].kind)


def _cause_inherited(record: Record, id: str, entry: RecordedComponent) -> str:
    found = inherited(record, id)
    if found is None:
        return "No licence is stated for it, nor for the release."
    scope, name = found
    _, reason = _reaching(record, id, entry)
    if not reason:
        return _cause_licence(name, by_id()[id].kind)
    where = f" ({entry.component_path[:200]})" if entry.component_path else ""
    return (
        f"The reference tool lets it inherit {name[:80]} from the licence of the {scope}, wherever "
        f"it is kept{where}; strictly that does not reach it: {reason}."
    )


def _cause_licence(stated: str, kind: str) -> str:
    known = licenses.normalize(stated)
    if known is None:
        return f"{stated[:80]!r} is no licence that can be identified."
    shown = licenses.display(known)
    if known != stated and not is_open_there(stated):
        return (
            f"{stated[:80]!r} means {shown}; the reference tool knows licences only by their exact "
            "SPDX ids."
        )
    if is_open_there(stated):
        return f"The reference tool's list has {shown}; it is not open for {kind} strictly."
    return f"{shown} is open, but missing from the reference tool's list."
