"""Follows a release from where it was named to where its parts are, and reads them as one.

Its own code and weights are read together with it, as if the user had named them too. Data sets,
papers and the base model are read apart, and what matters of them is drawn in (see ``drawn``).
Everything else is only looked at. What was opened, whose it is and why, is a fact; a server that
does not answer is a gap and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from openassay import drawn
from openassay.errors import OpenAssayError, ReadError
from openassay.links import Follow, Link, Role, worth_opening
from openassay.read import Gathered, Progress, conclude, gather, read
from openassay.release import Release, Source
from openassay.sources import Sources
from openassay.types import Derived, Dossier, Fact, Gap, Outcome, SourceInfo, Visited

MAX_DEPTH = 3  # links of links of links
MAX_PARTS = 6  # repositories read together; further ones are only looked at
MAX_APART = 16  # data sets, papers and bases
MAX_LOOKS = 48  # in all
_CHAIN = 3  # bases of bases


def follow(
    opener: Sources,
    sources: Sequence[Source],
    how_far: Follow,
    *,
    name: str | None = None,
    about: Sequence[str] = (),
    progress: Progress | None = None,
) -> Dossier:
    """Read pinned sources as one release, with what they link to as far as ``how_far`` says.

    ``name`` and ``about`` are those of :func:`openassay.read.read`.
    """
    walk = _Walk(opener, how_far, progress)
    gathered = gather(sources, progress, about=about)
    called = name or gathered.release.subject.name or sources[0].name
    for _ in range(MAX_DEPTH):
        known = gathered.plus(walk.facts)
        parts = walk.open(worth_opening(known.release, known.facts, how_far), known.release)
        if not parts:
            break
        gathered = gather((*gathered.release.sources, *parts), progress, about=about)
    return conclude(walk.all_of(gathered), name=called)


class _Walk:
    """What was opened so far, and what came of it."""

    def __init__(self, opener: Sources, how_far: Follow, progress: Progress | None) -> None:
        self._opener = opener
        self._how_far = how_far
        self._say = progress or (lambda _: None)
        self._parts = self._apart = self._looks = 0
        self._left_out: set[str] = set()
        self._failed: set[str] = set()
        self.facts: list[Fact] = []
        self.gaps: list[Gap] = []
        self.infos: list[SourceInfo] = []

    def all_of(self, gathered: Gathered) -> Gathered:
        """What was gathered, with everything that was drawn in."""
        gaps = list(self.gaps)
        if self._left_out:
            detail = f"{len(self._left_out)} further links were not opened: enough were"
            gaps.append(Gap(source="", path="", by="follow", reason="not_followed", detail=detail))
        facts = [replace(fact, inspector=fact.inspector or "follow") for fact in self.facts]
        return gathered.plus(facts, gaps, self.infos)

    def open(self, links: Sequence[Link], release: Release) -> list[Source]:
        """Open links; the sources that are parts of the release are returned to be read with it."""
        parts: list[Source] = []
        for link in links:
            if link.url in self._failed:
                continue
            link = self._within_bounds(link)
            if self._looks >= MAX_LOOKS:
                self._left_out.add(link.url)
                continue
            self._looks += 1
            self._say(f"opening {link.url}")
            source = self._visit(link)
            if source is not None:
                parts += self._take(link, source, release)
        return parts

    def _within_bounds(self, link: Link) -> Link:
        """A link that is one too many of its kind is only looked at."""
        if link.role is Role.PART and self._parts >= MAX_PARTS:
            return replace(link, role=Role.OTHER)
        if link.role in (Role.DATA, Role.PAPER, Role.BASE) and self._apart >= MAX_APART:
            return replace(link, role=Role.OTHER)
        return link

    def _visit(self, link: Link) -> Source | None:
        target = f"web:{link.url}" if link.role is Role.OTHER else link.url
        try:
            return self._opener.visit(target)
        except OpenAssayError as error:
            self._failed.add(link.url)
            reason = error.reason if isinstance(error, ReadError) else "cannot_be_opened"
            self.gaps.append(
                Gap(
                    source=link.evidence.source,
                    path=link.evidence.path,
                    by="follow",
                    reason=reason,
                    detail=f"the link {link.url} was not looked into: {error}",
                )
            )
            return None

    def _take(self, link: Link, source: Source, release: Release) -> list[Source]:
        """Note what a link led to, and draw it in by its role."""
        visited = drawn.visited(link, source)
        there = visited.outcome in (Outcome.REACHED, Outcome.MOVED, Outcome.GATED)
        if link.role is Role.PART and there:
            if link.must_link_back and not drawn.links_back(source, release):
                unsure = f"{visited.detail} It does not name this release: not read as its part."
                self._note(replace(visited, detail=unsure), source)
                return []
            self._note(visited, None)
            self._parts += 1
            return [source]
        self._note(visited, source)
        if not there:
            return []
        if link.role in (Role.DATA, Role.PAPER, Role.BASE):
            self._apart += 1
        if link.role is Role.DATA:
            self._draw(drawn.from_data(link, source, read([source])))
        elif link.role is Role.PAPER:
            self._draw(drawn.from_paper(link, source))
        elif link.role is Role.BASE:
            self._base(link, source, 1)
        return []

    def _base(self, link: Link, source: Source, depth: int) -> None:
        """The base model, and what it was made from in turn: licences are inherited."""
        dossier = read([source])
        self._draw(drawn.from_base(link, source, dossier))
        if depth >= _CHAIN:
            return
        above = [fact for fact in dossier.facts if isinstance(fact, Derived)]
        for fact in above[:2]:
            further = drawn.link_to_base(fact)
            if further is None or any(isinstance(f, Visited) and f.url == further.url
                                      for f in self.facts):  # fmt: skip
                continue
            opened = self._visit(further)
            if opened is not None:
                visited = drawn.visited(further, opened)
                self._note(visited, opened)
                if visited.outcome is not Outcome.MISSING:
                    self._base(further, opened, depth + 1)

    def _note(self, visited: Visited, source: Source | None) -> None:
        """Keep the fact, and the source when no reading of the release itself will."""
        self.facts.append(visited)
        if source is not None:
            self.infos.append(source.info())

    def _draw(self, brought: drawn.Drawn) -> None:
        self.facts += brought.facts
        self.gaps += brought.gaps
