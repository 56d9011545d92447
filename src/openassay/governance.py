"""Which licence governs which component, and why.

The order follows how people license releases: a file's own header, a licence written for this
component or for its kind (MODEL_LICENSE), the licence of its folder, a sentence that says what the
root licence covers, the root licence, and last a card's tag. What lives elsewhere inherits
nothing: only a statement about it counts. Where equals disagree the more restrictive one governs,
and both are kept. Files that a document takes out by name stand under their own terms, and a
component that holds some of them under both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openassay import licenses
from openassay.types import Fact, Found, How, Kind, Licensed, Status, Unit
from openassay.vocabulary import Entry

_DATA_SETS = frozenset(("datasets", "evaluation_data", "fine_tuning_data", "base_model_datasets"))
MAX_PLACES = 50  # artefacts of one component whose licences are compared
_TEXTS = (How.TEXT, How.PDF)
OF_NAMED = "a licence of files named one by one"
_AS_CODE = frozenset(("model_metadata", "training_logs", "model_openness_configuration"))


@dataclass(frozen=True, slots=True)
class Governed:
    """The governing licence with the reason; ``all`` holds every licence that speaks of it."""

    license: str | None
    open: bool | None
    reason: str
    all: tuple[Licensed, ...]
    apart: tuple[Licensed, ...] = ()  # of files named one by one, where not shown to be open


def govern(
    entry: Entry,
    status: Status,
    deciding: Sequence[Fact],
    stated: Sequence[Licensed],
    loose: Sequence[Licensed] = (),
) -> Governed:
    """The licence of one component, given the facts that decided its status.

    Where the deciding artefacts lie under different licences, a restricted one governs; else the
    one that most of them share. ``loose`` are terms of named files that are in no component's
    evidence: they may be part of any code.
    """
    if status in (Status.ABSENT, Status.UNKNOWN):
        return Governed(None, None, "", ())
    places = _tracked_places(deciding)
    if not places:
        return _first(_for_linked(entry, stated), entry) or Governed(
            None, None, "no licence is stated for what lives elsewhere", ()
        )
    named = [fact for fact in stated if is_of_named_files(fact)]
    apart = [f for f in named if any(covers(f, place) for place in places)]
    apart += [f for f in loose if entry.kind is Kind.CODE and f not in apart]
    strict = tuple(fact for fact in apart if not _openness(fact, entry.kind))
    if not strict:
        return _of_places(entry, places, stated)
    rest = [place for place in places if not any(covers(fact, place) for fact in named)]
    return _with_apart(_of_places(entry, rest, stated) if rest else None, strict, entry)


def is_of_named_files(fact: Licensed) -> bool:
    """Whether a document says this of files it names, not a file or folder of itself."""
    listed = fact.evidence[-1]
    if fact.scope in ("path:", f"path:{listed.path}") or _is_folder_of(fact.scope, listed.path):
        return False
    by_name = fact.how is How.PROSE or (fact.how in _TEXTS and len(fact.evidence) > 1)
    return by_name and fact.scope.startswith("path:")


def covers(fact: Licensed, place: tuple[str, str]) -> bool:
    """Whether a licence of files that are named is said of this (source, path)."""
    source, path = place
    meant = fact.scope == f"path:{path}" or _is_folder_of(fact.scope, path)
    return fact.evidence[-1].source == source and meant


def _with_apart(rest: Governed | None, apart: tuple[Licensed, ...], entry: Entry) -> Governed:
    """Both: what governs the rest, and the terms of the files that are taken out of it."""
    own = [licenses.shown(fact.license) for fact in apart]
    first = [] if rest is None or rest.license is None else [rest.license]
    names = list(dict.fromkeys([*first, *own]))
    opened = [_openness(fact, entry.kind) for fact in apart]
    if rest is not None:
        opened.append(rest.open)
    return Governed(
        " AND ".join(f"({name})" if " OR " in name and len(names) > 1 else name for name in names),
        False if False in opened else None,
        f"{rest.reason}; some files are named as being under other terms" if rest else OF_NAMED,
        (*(rest.all if rest else ()), *apart),
        apart,
    )


def _of_places(
    entry: Entry, places: Sequence[tuple[str, str]], stated: Sequence[Licensed]
) -> Governed:
    found = [_first(_for_tracked(entry, place, stated), entry) for place in places]
    governed = [answer for answer in found if answer is not None]
    closed = [answer for answer in governed if answer.open is False]
    if closed:  # of several, the one that grants least
        return closed[0]
    if not governed or found[0] is None:  # the best artefact has none; others' do not cover it
        return Governed(None, None, "no licence is stated in the release", ())
    unclear = [answer for answer in governed if answer.open is None]
    if unclear:
        return unclear[0]
    counted = Counter(answer.license for answer in governed)
    return max(governed, key=lambda answer: counted[answer.license])


def is_backed(label: Licensed, stated: Sequence[Licensed]) -> bool:
    """Whether the licence's own text stands somewhere in the release, not only its name."""
    return any(f.how in _TEXTS and not f.modified and f.license == label.license for f in stated)


def _first(ranked: Ranked, entry: Entry) -> Governed | None:
    """The first rank that has anything to say, answered by its strictest statement."""
    for reason, candidates in ranked:
        if candidates:
            chosen = _strictest(candidates, entry.kind)
            others = tuple(fact for fact in candidates if fact is not chosen)
            opened = _openness(chosen, entry.kind)
            return Governed(licenses.shown(chosen.license), opened, reason, (chosen, *others))
    return None


def _tracked_places(deciding: Sequence[Fact]) -> list[tuple[str, str]]:
    """(source, path) of the tracked artefacts that decided; empty when it is only linked.

    An artefact cited by its listing stands for its folder, whose path then ends in a slash.
    """
    first = [fact.evidence[0] for fact in deciding if isinstance(fact, Found)]
    places = [(e.source, f"{e.path}/" if e.span.unit is Unit.LISTING else e.path) for e in first]
    return list(dict.fromkeys(places))[:MAX_PLACES]


Ranked = Iterable[tuple[str, list[Licensed]]]


def _for_tracked(entry: Entry, place: tuple[str, str], stated: Sequence[Licensed]) -> Ranked:
    source, path = place
    here = [fact for fact in stated if fact.evidence[0].source == source]
    scope = _kind_scope(entry)
    own = [f for f in here if f.scope == f"path:{path}"]
    own += [f for f in here if f not in own and is_of_named_files(f) and covers(f, place)]
    yield "its own header or licence file", own
    yield "a licence for this component", [f for f in stated if f.scope == entry.id]
    yield (
        f"a licence file for the {scope}",
        [f for f in stated if f.scope == scope and f.how in _TEXTS],
    )
    folders = [f for f in here if _is_folder_of(f.scope, path) and f not in own]
    deepest = max((len(f.scope) for f in folders), default=0)
    yield "the licence of its folder", [f for f in folders if len(f.scope) == deepest]
    root = [f for f in here if f.scope == "path:"]
    said = _nearest([f for f in stated if f.scope == scope and f.how is How.PROSE])
    yield f"a sentence about the {scope}", _not_looser(said, root)
    yield "the licence at the root", root
    yield "the card's front matter", [f for f in stated if _is_tag(f, How.FRONT_MATTER)]
    yield (
        "a sentence about the release",
        [f for f in stated if f.scope == "release" and f.how is How.PROSE],
    )
    yield "package metadata", [f for f in stated if _is_tag(f, How.TAG)]


def _for_linked(entry: Entry, stated: Sequence[Licensed]) -> Ranked:
    scope = _kind_scope(entry)
    yield "a licence for this component", [f for f in stated if f.scope == entry.id]
    if entry.id.startswith("base_model"):
        return  # the base has terms of its own; this release's say nothing of them
    if entry.kind is Kind.WEIGHTS or entry.id in _DATA_SETS:
        texts = [f for f in stated if f.scope == scope and f.how in _TEXTS]
        said = _nearest([f for f in stated if f.scope == scope and f.how is How.PROSE])
        yield f"a licence file for the {scope}", texts
        yield f"a sentence about the {scope}", said
    if entry.kind is Kind.WEIGHTS:
        yield "the card's front matter", [f for f in stated if _is_tag(f, How.FRONT_MATTER)]


def _kind_scope(entry: Entry) -> str:
    """The scope that speaks of this component: data licences are about data sets only."""
    if entry.id in _AS_CODE or (entry.kind is Kind.DATA and entry.id not in _DATA_SETS):
        return str(Kind.CODE)
    return str(entry.kind)


def _is_folder_of(scope: str, path: str) -> bool:
    prefix = scope.removeprefix("path:")
    return scope.startswith("path:") and prefix.endswith("/") and path.startswith(prefix)


def _is_tag(fact: Licensed, how: How) -> bool:
    return fact.scope == "release" and fact.how is how


def _nearest(said: list[Licensed]) -> list[Licensed]:
    """Sentences of the documents nearest the root; deeper ones may speak of something else."""
    depth = min((fact.evidence[0].path.count("/") for fact in said), default=0)
    return [fact for fact in said if fact.evidence[0].path.count("/") == depth]


def _not_looser(said: list[Licensed], root: list[Licensed]) -> list[Licensed]:
    """Sentences that only repeat the root text give way to it: the text is the better evidence."""
    texts = {fact.license for fact in root}
    return [] if said and root and all(fact.license in texts for fact in said) else said


def _strictest(candidates: Sequence[Licensed], kind: Kind) -> Licensed:
    """The candidate that grants least: restricted, then unknown or modified, then open."""

    order: dict[bool | None, int] = {False: 0, None: 1, True: 2}
    return min(candidates, key=lambda fact: order[_openness(fact, kind)])


def _openness(fact: Licensed, kind: Kind) -> bool | None:
    """Whether the licence is open for this kind; a changed text is never shown to be."""
    opened = licenses.openness(fact.license, kind)
    return None if fact.modified and opened else opened
