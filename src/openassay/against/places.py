"""Where a record says that something stands: paths of the release, and addresses elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import normpath

from openassay.against.addresses import (
    Address,
    address,
    is_url,
    of_record,
    of_source,
    same_page,
)
from openassay.checked import Asked, Check, Standing
from openassay.files import listing_evidence
from openassay.formats.locators import hub_id
from openassay.records import Record
from openassay.types import Dossier, Evidence, Fact, Gap, Licensed, Linked, Outcome, Visited

Listings = Mapping[str, Sequence[str]]
_MAX_SHOWN = 200  # characters of a path or address in a sentence


@dataclass(frozen=True, slots=True)
class Ground:
    """What was audited: the dossier, and, where the sources are at hand, what they list."""

    dossier: Dossier
    listings: Listings | None  # paths by source id; None: a stored dossier, which keeps none
    addresses: tuple[tuple[str, Address], ...]  # (source id, the repository it is), where told
    whole: tuple[Evidence, ...] = ()  # every listing as a whole: what absence rests on

    def source_at(self, where: Address) -> str | None:
        """The audited source that an address leads into."""
        return next((id for id, own in self.addresses if own.same(where)), None)

    def visited(self, url: str) -> Visited | None:
        """What became of a link of the release, where it was opened."""
        opened = (fact for fact in self.dossier.facts if isinstance(fact, Visited))
        return next((fact for fact in opened if fact.url == url), None)

    def is_complete(self, source: str, path: str) -> bool:
        """Whether the listing of a source is whole where the path would be."""
        return not any(
            gap.source == source and (not gap.path or f"{path}/".startswith(f"{gap.path}/"))
            for gap in self.dossier.gaps
            if gap.by.startswith("sources.")  # gaps of the listing itself, not of what was read
        )


def ground_of(record: Record, dossier: Dossier, listings: Listings | None) -> Ground:
    """What was audited, each source at the address that its pin, or the record, gives it.

    A folder's name tells no host: it is the record's repository where that has the name, else the
    record's page on the hub, never both.
    """
    named = [found for text in record_addresses(record) if (found := of_record(text)) is not None]
    addresses = []
    for source in dossier.sources:
        own = of_source(source.id)
        if own is not None:
            known = next((where for where in named if not own.host and own.same(where)), own)
            addresses.append((source.id, replace(known, path="")))
    whole = tuple(
        listing_evidence(source, "", list(paths), "the whole listing")
        for source, paths in sorted((listings or {}).items())
    )
    return Ground(dossier, listings, tuple(addresses), whole)


def record_addresses(record: Record) -> tuple[str, ...]:
    """Where the record says that the release is: its repository, then its page on the hub."""
    return tuple(text for text in (record.repository, record.huggingface) if text.strip())


def is_dead(fact: Fact | Gap) -> bool:
    """Whether a link was opened and there is nothing where it leads."""
    return isinstance(fact, Visited) and fact.outcome in (Outcome.MISSING, Outcome.EMPTY)


def check(ground: Ground, asked: Asked, text: str, facts: Sequence[Fact | Gap]) -> Check:
    """Whether a path or address of the record is there; ``facts`` are those of the component."""
    says = text.strip()
    if any(char.isspace() for char in says):
        return _check(asked, says, Standing.NOT_CHECKABLE, "This is no path and no address.")
    if is_url(says):
        return _at_address(ground, asked, says, facts)
    path = normpath(says.lstrip("/"))
    if path.startswith(".."):
        because = "This path leads out of the release."
        return _check(asked, says, Standing.NOT_CHECKABLE, because)
    sources = [source.id for source in ground.dossier.sources]
    found = _in_listing(ground, asked, says, path, sources, facts)
    if found.standing is not Standing.SUPPORTED and hub_id(says):
        return _at_address(ground, asked, f"https://huggingface.co/{says}", facts, shown=says)
    return found


def _at_address(
    ground: Ground, asked: Asked, url: str, facts: Sequence[Fact | Gap], shown: str = ""
) -> Check:
    says = shown or url
    where = address(url)
    source = ground.source_at(where) if where else None
    if where is not None and source is not None:
        if where.path:
            return _in_listing(ground, asked, says, where.path, [source], facts)
        here = [e for fact in facts if isinstance(fact, Fact) for e in fact.evidence]
        cited = tuple(e for e in here if e.source == source)[:1]
        if cited:
            because = "This is the audited repository, and it is there."
            return _check(asked, says, Standing.SUPPORTED, because, cited)
        because = "This is the audited repository; see whether it holds the component."
        return _check(asked, says, Standing.NOT_CHECKABLE, because)
    if asked is Asked.LICENSE_PLACE:
        return _check(asked, says, Standing.NOT_CHECKABLE, "This address was not looked at.")
    own = [fact for fact in facts if isinstance(fact, Linked) and same_page(url, fact.url)]
    if own:
        return _linked(ground, asked, says, own[0])
    looks = (fact for fact in ground.dossier.facts if isinstance(fact, Visited) and is_dead(fact))
    dead = next((fact for fact in looks if same_page(url, fact.url)), None)
    if dead is not None:
        because = f"There is nothing at this address: {dead.detail}"
        return _check(asked, says, Standing.CONTRADICTED, because, dead.evidence[:2])
    others = [fact for fact in ground.dossier.facts if isinstance(fact, Linked)]
    other = next((fact for fact in others if same_page(url, fact.url)), None)
    if other is not None:
        because = f"The release links this address as {other.component.replace('_', ' ')}."
        return _check(asked, says, Standing.NOT_CHECKABLE, because, other.evidence[:1])
    because = "This address was not looked at, and the release does not link it as this."
    return _check(asked, says, Standing.NOT_CHECKABLE, because)


def _linked(ground: Ground, asked: Asked, says: str, link: Linked) -> Check:
    look = ground.visited(link.url)
    if look is None:
        because = "The release links it there; the link was not opened."
        return _check(asked, says, Standing.SUPPORTED, because, link.evidence[:2])
    because = f"The release links it there, and the link was opened: {look.detail}"
    return _check(asked, says, Standing.SUPPORTED, because, look.evidence[:2])


def _in_listing(
    ground: Ground,
    asked: Asked,
    says: str,
    path: str,
    sources: Sequence[str],
    facts: Sequence[Fact | Gap],
) -> Check:
    own = facts if asked is Asked.PLACE else ground.dossier.facts
    cited = _cited(own, path, sources, asked)
    if cited:
        because = "The release has it at this place."
        return _check(asked, says, Standing.SUPPORTED, because, cited)
    if ground.listings is None or not set(sources) <= set(ground.listings):
        because = "The listing of what was read is not at hand (a dossier does not keep it)."
        return _check(asked, says, Standing.NOT_CHECKABLE, because)
    for source in sources:
        if below := _below(ground.listings.get(source, ()), path):
            quote = f"{len(below)} file{'s' if len(below) > 1 else ''} at {path[:_MAX_SHOWN]}"
            return _there(asked, says, listing_evidence(source, path, below, quote))
    if not all(ground.is_complete(source, path) for source in sources):
        because = "It is not listed, but the listing could not be read whole."
        return _check(asked, says, Standing.NOT_CHECKABLE, because)
    evidence = tuple(cited for cited in ground.whole if cited.source in sources)
    because = f"The audited revision has nothing at this path{_near(ground.listings, path)}."
    return _check(asked, says, Standing.CONTRADICTED, because, evidence)


def _there(asked: Asked, says: str, evidence: Evidence) -> Check:
    if asked is Asked.LICENSE_PLACE:
        because = "A file is there, but no licence was recognised in it."
        return _check(asked, says, Standing.NOT_CHECKABLE, because, (evidence,))
    return _check(asked, says, Standing.SUPPORTED, "There is something at this path.", (evidence,))


def _cited(
    facts: Iterable[Fact | Gap], path: str, sources: Sequence[str], asked: Asked
) -> tuple[Evidence, ...]:
    """Evidence at, or in the folder of, a path; where a licence is asked for, of a licence."""
    for fact in facts:
        if isinstance(fact, Gap) or (
            asked is Asked.LICENSE_PLACE and not isinstance(fact, Licensed)
        ):
            continue
        first = fact.evidence[0]
        if first.source in sources and f"{first.path}/".startswith(f"{path}/"):
            return (first,)
    return ()


def _below(listing: Sequence[str], path: str) -> list[str]:
    """The file at a path, or the files under it as a folder."""
    if path in (".", ""):
        return list(listing)
    return [name for name in listing if name == path or name.startswith(f"{path}/")]


def _near(listings: Listings, path: str) -> str:
    """A file of the same name elsewhere, in whatever case: where it may have moved to."""
    name = re.sub(r".*/", "", path).casefold()
    found = sorted(
        other
        for listing in listings.values()
        for other in listing
        if other.rpartition("/")[2].casefold() == name
    )
    return f"; {found[0][:_MAX_SHOWN]} has the same name" if found else ""


def _check(
    asked: Asked,
    says: str,
    standing: Standing,
    because: str,
    evidence: tuple[Evidence, ...] = (),
) -> Check:
    return Check(asked=asked, says=says, standing=standing, because=because, evidence=evidence)
