"""What changed from one state of a release to another, and whether for the worse. Pure.

Nothing counts as worse that only is not known: where something could be told before and cannot be
told now, the change is *unclear*, and where it could not be told before there is no telling either
(*other*).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from openassay import gate
from openassay.frameworks.model import Framework
from openassay.states import Claimed, Part, Standing, State
from openassay.types import Change, Direction, Status
from openassay.vocabulary import by_id

_BETTER = (Status.ABSENT, Status.PARTIAL, Status.LINKED, Status.PRESENT)  # the worst first
_THERE = (Status.PARTIAL, Status.LINKED, Status.PRESENT)
#: Terms that make one licence stricter than another where openness does not tell them apart.
_WEIGHTY = (
    "commercial_use",
    "redistribution",
    "user_threshold",
    "field_of_use_restrictions",
    "forbids_training_other_models",
    "geographic_limit",
    "registration_required",
)
_ORDER = tuple(Direction)
_OF_A_CLAIM = "claim_against_license"
_ALIKE = 0.5  # the share of their pairs of letters from which two texts are one in other words
_MAX_WORDED = 300  # texts that are looked at for this


def between(before: State, after: State, frameworks: Mapping[str, Framework]) -> tuple[Change, ...]:
    """Every change, the worse first; ``frameworks`` say which of two answers is the higher."""
    found = [
        *_verdicts(before, after, frameworks),
        *_components(before, after),
        *_claims(before.claims, after.claims),
        *_contradictions(before, after),
    ]
    return tuple(sorted(found, key=lambda change: _ORDER.index(change.direction)))


# --- components


def _components(before: State, after: State) -> Iterator[Change]:
    known = list(by_id())
    ids = [id for id in known if id in before.parts and id in after.parts]
    for id in ids:
        old, new = before.parts[id], after.parts[id]
        if old.status is not new.status:
            yield _change(_status(old.status, new.status), "status", new, old.status, new.status)
        if old.status in _THERE and new.status in _THERE:
            yield from _license(old, new)


def _status(old: Status, new: Status) -> Direction:
    if new is Status.UNKNOWN:
        return Direction.UNCLEAR if old in _THERE else Direction.OTHER
    if old is Status.UNKNOWN:
        return Direction.OTHER
    worse = _BETTER.index(new) < _BETTER.index(old)
    return Direction.WORSE if worse else Direction.BETTER


def _license(old: Part, new: Part) -> Iterator[Change]:
    if (old.license, old.open) == (new.license, new.open):
        return
    direction = _relicensed(old, new)
    change = _change(direction, "license", new, _under(old), _under(new))
    stricter, looser = _terms(old.license, new.license)
    terms = stricter if direction is Direction.WORSE else looser
    told = direction in (Direction.WORSE, Direction.BETTER) and terms and old.open == new.open
    yield replace(change, after=f"{change.after}: {', '.join(terms)}") if told else change


def _relicensed(old: Part, new: Part) -> Direction:
    if new.license is None:
        return Direction.WORSE
    if old.license is None:
        return Direction.BETTER if new.open is not False else Direction.OTHER
    if old.open != new.open:
        if old.open:
            return Direction.WORSE
        return Direction.BETTER if new.open else Direction.OTHER
    if old.open:  # both open: another licence is neither more nor less
        return Direction.OTHER
    stricter, looser = _terms(old.license, new.license)
    if bool(stricter) == bool(looser):
        return Direction.OTHER
    return Direction.WORSE if stricter else Direction.BETTER


def _terms(old: str | None, new: str | None) -> tuple[list[str], list[str]]:
    """What the new licence is stricter and looser in, in words; nothing where not known."""
    stricter: list[str] = []
    looser: list[str] = []
    for name in _WEIGHTY:
        was, is_ = gate.term(old or "", name), gate.term(new or "", name)
        if was is None or is_ is None or was == is_:
            continue
        words = f"{name.replace('_', ' ')} {was} → {is_}"
        (stricter if gate.looseness(name, is_) < gate.looseness(name, was) else looser).append(
            words
        )
    return stricter, looser


def _under(part: Part) -> str:
    if part.license is None:
        return "no licence"
    word = {True: "open", False: "not open", None: "not shown to be open"}[part.open]
    return f"{part.license} ({word})"


def _change(direction: Direction, what: str, part: Part, before: str, after: str) -> Change:
    return Change(
        direction=direction,
        what=what,
        subject=part.id,
        title=by_id()[part.id].title,
        before=str(before),
        after=str(after),
        place=part.place,
    )


# --- verdicts


def _verdicts(before: State, after: State, frameworks: Mapping[str, Framework]) -> Iterator[Change]:
    for id, new in after.standings.items():
        old = before.standings.get(id)
        if old is None or id not in frameworks or _same(old, new):
            continue
        yield Change(
            direction=_moved(old, new, frameworks[id]),
            what="verdict",
            subject=id,
            title=new.title,
            before=old.answer,
            after=new.answer,
        )


def _same(old: Standing, new: Standing) -> bool:
    return (old.floor, old.ceiling) == (new.floor, new.ceiling)


def _moved(old: Standing, new: Standing, framework: Framework) -> Direction:
    """Worse only when even the best it can be now is below the least that it was."""
    try:
        was = gate.rank(old.floor, framework), gate.rank(old.ceiling, framework)
        is_ = gate.rank(new.floor, framework), gate.rank(new.ceiling, framework)
    except ValueError:  # an answer of another version of the framework
        return Direction.OTHER
    if is_[1] < was[0]:
        return Direction.WORSE
    if is_[0] > was[1]:
        return Direction.BETTER
    return Direction.UNCLEAR if is_[0] < was[0] else Direction.OTHER


# --- words


def _claims(old: tuple[Claimed, ...], new: tuple[Claimed, ...]) -> Iterator[Change]:
    """Claims that came to be false, or no longer are; a claim is known by its quote.

    A false claim in other words than before is neither: it was false already.
    """
    was = {(claim.kind, claim.quote): claim.holds for claim in old}
    now = {(claim.kind, claim.quote): claim for claim in new}
    false = [
        claim for key, claim in now.items() if claim.holds is False and was.get(key) is not False
    ]
    gone = [key for key, holds in was.items() if holds is False and not _is_false(now.get(key))]
    again = _reworded([quote for _, quote in gone], [claim.quote for claim in false])
    for claim in false:
        key = (claim.kind, claim.quote)
        if claim.quote in again:
            yield _word(Direction.OTHER, "claim", claim.quote, "false, in other words", "false",
                        claim.place)  # fmt: skip
            continue
        before = _HOLDS[was[key]] if key in was else "not made"
        yield _word(Direction.WORSE, "claim", claim.quote, before, "false", claim.place)
    for key in gone:
        if key[1] not in again.values():
            found = now.get(key)
            after = _HOLDS[found.holds] if found else "not made"
            yield _word(Direction.BETTER, "claim", key[1], "false", after)


_HOLDS = {True: "holds", False: "false", None: "could not be checked"}


def _is_false(claim: Claimed | None) -> bool:
    return claim is not None and claim.holds is False


def _reworded(gone: Sequence[str], new: Sequence[str]) -> dict[str, str]:
    """New texts with the old one that each replaces: those that share most of their letters.

    By pairs of letters, which serves languages that part words and such as do not.
    """
    pairs = {text: _pairs(text) for text in (*gone[:_MAX_WORDED], *new[:_MAX_WORDED])}
    left = list(gone[:_MAX_WORDED])
    found: dict[str, str] = {}
    for text in new[:_MAX_WORDED]:
        best = max(left, key=lambda old: _shared(pairs[old], pairs[text]), default=None)
        if best is not None and _shared(pairs[best], pairs[text]) >= _ALIKE:
            found[text] = best
            left.remove(best)
    return found


def _pairs(text: str) -> frozenset[str]:
    plain = " ".join(text.lower().split())
    return frozenset(plain[at : at + 2] for at in range(len(plain) - 1))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _contradictions(before: State, after: State) -> Iterator[Change]:
    """New and resolved ones; a claim against a licence is told with the claim."""
    old = {item.text: item for item in before.contradictions if item.id != _OF_A_CLAIM}
    new = {item.text: item for item in after.contradictions if item.id != _OF_A_CLAIM}
    for text, item in new.items():
        if text not in old:
            yield _word(Direction.WORSE, "contradiction", text, "none", "found", item.place)
    for text in old:
        if text not in new:
            yield _word(Direction.BETTER, "contradiction", text, "found", "gone")


def _word(
    direction: Direction, what: str, title: str, before: str, after: str, place: str = ""
) -> Change:
    return Change(
        direction=direction,
        what=what,
        subject="",
        title=title,
        before=before,
        after=after,
        place=place,
    )
