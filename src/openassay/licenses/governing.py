"""Several statements about one thing: which licence governs when tag, file and README differ.

The text of a licence beside the material is evidence, everything else is a claim about it. What
governs is chosen by kind of statement; what disagrees with it is kept and shown, never merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from . import catalog, expressions


class Place(StrEnum):
    """Where a statement stands, the weightiest first."""

    FILE = "file"  # the text of a licence beside the material
    HEADER = "header"  # a notice or SPDX tag in the material itself
    README = "readme"  # prose of the authors
    PACKAGE = "package"  # metadata of a package
    TAG = "tag"  # a label on a hub or in front matter


_ORDER = tuple(Place)


@dataclass(frozen=True, slots=True)
class Statement:
    """What one place says. ``expression`` None: it says something that cannot be named.

    ``modified``: a known text with changes that matter. ``covers``: what it is limited to
    (``code``, ``weights`` ...), None for everything. ``where``: path or address, to be shown.
    """

    place: Place
    expression: str | None
    modified: bool = False
    covers: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Governing:
    """The licence that governs and why, with the statements that agree and those that do not.

    ``aside`` are general statements that name another licence, where one about the very thing
    asked for governs: "the code is MIT" beside "the weights are under ...".
    ``expression`` is None when no statement names a licence. ``open_for`` is what may be said of
    openness: never True when a weightier or equal statement names something that is not open.
    """

    expression: str | None
    modified: bool
    rests_on: Statement | None
    agree: tuple[Statement, ...]
    differ: tuple[Statement, ...]
    aside: tuple[Statement, ...]
    why: str
    open_for: Mapping[str, bool | None]

    @property
    def contradiction(self) -> bool:
        """Whether statements about the same thing name different licences."""
        return bool(self.differ)


def together(statements: Iterable[Statement], covers: str | None = None) -> Governing:
    """Which licence governs ``covers`` (None: the whole), by what the places say.

    A statement limited to other things does not count; one limited to ``covers`` goes before a
    general one. Among equals the weightier place counts, then the first; the others, where they
    name another licence, are shown as differing.
    """
    heard = [s for s in statements if s.covers is None or s.covers == covers]
    named = [s for s in heard if s.expression is not None]
    if not named:
        return Governing(None, False, None, (), (), (), _nothing(heard), _openness(None, ()))
    named.sort(key=lambda s: (s.covers is None, _ORDER.index(s.place)))
    first = named[0]
    agree = tuple(s for s in named if same(s, first))
    others = [s for s in named if not same(s, first)]
    differ = tuple(s for s in others if s.covers == first.covers)
    aside = tuple(s for s in others if s.covers != first.covers)
    weighty = [s for s in others if _ORDER.index(s.place) <= _ORDER.index(first.place)]
    return Governing(
        first.expression,
        first.modified,
        first,
        agree,
        differ,
        aside,
        _why(first, agree, differ),
        _openness(first, weighty),
    )


def same(one: Statement, other: Statement) -> bool:
    """Whether two statements name the same licence, spelling and ``-only`` aside."""
    if one.modified != other.modified:
        return False
    left, right = canonical(one.expression or ""), canonical(other.expression or "")
    return left == right


def canonical(expression: str) -> str:
    """The expression with canonical ids, parts sorted, for comparison only."""
    try:
        return _sorted(expressions.parse(expression))
    except expressions.LicenseExpressionError:
        return expression.strip().lower()


def _sorted(node: expressions.Node) -> str:
    if isinstance(node, expressions.And | expressions.Or):
        word = " AND " if isinstance(node, expressions.And) else " OR "
        return "(" + word.join(sorted({_sorted(part) for part in node.parts})) + ")"
    if isinstance(node, expressions.With):
        return f"{_plain(node.license)} with {node.exception.lower()}"
    return _plain(node.id)


def _plain(id: str) -> str:
    known = (catalog.canonical(id) or id).lower()
    # A bare "GPL-3.0" does not say which; the text is the same for both.
    return known.removesuffix("-only").removesuffix("-or-later")


def _nothing(heard: list[Statement]) -> str:
    if heard:
        return "what is said of the licence cannot be named"
    return "nothing says what the licence is, so all rights are reserved"


_SAID: Mapping[Place, str] = MappingProxyType(
    {
        Place.FILE: "the text of the licence itself",
        Place.HEADER: "a notice in the material itself",
        Place.README: "what the authors write",
        Place.PACKAGE: "the package's metadata",
        Place.TAG: "only a label, without the licence's text",
    }
)


def _why(first: Statement, agree: tuple[Statement, ...], differ: tuple[Statement, ...]) -> str:
    text = f"it is {_SAID[first.place]}"
    if len(agree) > 1:
        text += "; " + ", ".join(dict.fromkeys(str(s.place) for s in agree[1:])) + " agree"
    if differ:
        others = ", ".join(
            f"{s.place} says {s.expression}{' (modified)' if s.modified else ''}"
            for s in differ[:6]
        )
        text += f"; contradicted: {others}"
    return text


def _openness(first: Statement | None, peers: Iterable[Statement]) -> Mapping[str, bool | None]:
    """Open for a kind of content only if the governing text is, and nothing of equal weight
    says otherwise."""
    out: dict[str, bool | None] = {}
    for kind in catalog.KINDS:
        if first is None or first.expression is None:
            out[kind] = None
            continue
        answer = None if first.modified else catalog.openness(first.expression, kind)
        for peer in peers:
            other = None if peer.modified else catalog.openness(peer.expression or "", kind)
            if answer is True and other is not True:
                answer = other
        out[kind] = answer
    return MappingProxyType(out)
