"""Which links of a release are worth opening, whose they are, and why. Opens nothing.

A link is this release's own when the same account publishes what it leads to, when it carries
this model's name, or when an inspector has already told it from its sentence (a paper about this
model, its weights). What is only called by the right name has to link back, see ``follow``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from openassay.formats.locators import Locator, Target, classify, hub_id
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Derived, Evidence, Fact, Linked, Relation, Visited

_WEIGHTS = ("model_parameters_final", "model_parameters_intermediate", "model_card",
            "model_architecture")  # fmt: skip
_CODE = ("training_code", "inference_code", "evaluation_code", "data_preprocessing_code",
         "model_architecture", "supporting_libraries")  # fmt: skip
_DATA = ("datasets", "fine_tuning_data", "evaluation_data")
_PAPERS = ("research_paper", "technical_report", "preprint", "peer_reviewed_paper")

# whose inspectors keep only links that the release's own words call its own
_TOLD = frozenset((*_WEIGHTS, *_PAPERS, "data_card", "training_logs", "sample_outputs"))


class Follow(StrEnum):
    """How far links are followed."""

    NONE = "none"
    OWN = "own"  # parts of this release, and the base model it names
    ALL = "all"  # also what others published and it says it used


class Role(StrEnum):
    """What a link's target is to the release."""

    PART = "part"  # code or weights of its own: read together with it
    DATA = "data"
    PAPER = "paper"
    BASE = "base"  # the model it was made from
    OTHER = "other"  # only looked at: is it there?


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link to open. ``facts`` are those that rest on it, the best first."""

    url: str
    role: Role
    facts: tuple[Linked, ...]
    evidence: Evidence
    why: str  # whose it is, and what says so
    own: bool
    must_link_back: bool = False

    @property
    def component(self) -> str:
        return self.facts[0].component if self.facts else ""


def worth_opening(release: Release, facts: Iterable[Fact], follow: Follow) -> list[Link]:
    """The links to open, each once: parts first, then data, papers, bases, and the rest."""
    known = tuple(facts)
    if follow is Follow.NONE:
        return []
    seen = {fact.url for fact in known if isinstance(fact, Visited)}
    own = {_same(f"{source.metadata.get('url', '')}") for source in release.sources}
    own |= {_same(source.metadata.get("remote", "")) for source in release.sources}
    bases = {_same(link.url): link for link in _bases(known)}
    found: dict[str, Link] = {}
    for link in (*_linked(release, known), *_repositories(release), *bases.values()):
        key = _same(link.url)
        if key in bases:  # whatever else is said of it, it is another model's
            about = tuple(f for f in link.facts if f.component == "base_model_parameters")
            link = replace(bases[key], facts=about)
        wanted = link.own or link.role is Role.BASE or follow is Follow.ALL
        if link.url in seen or key in own or not wanted:
            continue
        before = found.get(key)
        found[key] = link if before is None else _both(before, link)
    order = list(Role)
    return sorted(found.values(), key=lambda link: (order.index(link.role), link.must_link_back))


def _same(url: str) -> str:
    """One spelling for all addresses of one repository, page or paper."""
    locator = classify(url) if url else None
    if locator is not None and locator.name:
        host = "hub" if "huggingface" in locator.host or locator.host.startswith("hf") else ""
        return f"{locator.target} {host or locator.host} {locator.id}".lower()
    return url.lower().rstrip("/").removeprefix("https://").removeprefix("http://")


def _both(one: Link, other: Link) -> Link:
    order = list(Role)
    first, second = sorted((one, other), key=lambda link: (order.index(link.role), not link.own))
    return Link(
        url=first.url,
        role=first.role,
        facts=tuple(dict.fromkeys((*first.facts, *second.facts))),
        evidence=first.evidence,
        why=first.why,
        own=one.own or other.own,
        must_link_back=one.must_link_back and other.must_link_back,
    )


def _linked(release: Release, facts: Iterable[Fact]) -> Iterator[Link]:
    """The links that inspectors made facts of."""
    for fact in facts:
        if not isinstance(fact, Linked) or not fact.url.startswith(("http://", "https://")):
            continue
        locator = classify(fact.url)
        role = _role(fact, locator)
        own, why = _whose(release, fact, locator)
        if role is Role.PART and not own:
            role = Role.OTHER
        yield Link(
            url=fact.url,
            role=role,
            facts=(fact,),
            evidence=fact.evidence[0],
            why=why,
            own=own,
        )


def _role(fact: Linked, locator: Locator) -> Role:
    if fact.component == "base_model_parameters":
        return Role.BASE
    if locator.target is Target.MODEL and locator.name and fact.component in _WEIGHTS:
        return Role.PART
    if locator.target is Target.REPOSITORY and locator.name and fact.component in _CODE:
        return Role.PART
    if locator.target is Target.DATASET and locator.name:
        return Role.DATA
    if locator.target is Target.PAPER and fact.component in _PAPERS:
        return Role.PAPER
    return Role.OTHER


def _whose(release: Release, fact: Linked, locator: Locator) -> tuple[bool, str]:
    if locator.owner and release.subject.owns(locator.owner):
        return True, f"the account {locator.owner} is the publisher's own"
    if fact.component in _TOLD and not _is_card(fact, locator):
        return True, fact.detail or "the release says so where it links it"
    return False, "published by others"


def _is_card(fact: Linked, locator: Locator) -> bool:
    """A repository that is called a card: it may be the one of others' model, data or code."""
    cards = ("model_card", "data_card")
    return fact.component in cards and locator.target in (
        Target.MODEL,
        Target.DATASET,
        Target.REPOSITORY,
    )


def _repositories(release: Release) -> Iterator[Link]:
    """Code repositories that the release's front documents link, of its own account or name."""
    for file in release.own_documents():
        if not release.is_front(file):
            continue
        document = release.document(file)
        for link in document.links:
            locator = classify(link.url)
            if locator.target is not Target.REPOSITORY or not locator.name or link.in_code:
                continue
            mine = release.subject.owns(locator.owner)
            named = release.subject.whose(locator.name) is Whose.OWN
            if not named:
                if mine:  # of the same account, so only looked at: is it there?
                    yield Link(
                        url=link.url,
                        role=Role.OTHER,
                        facts=(),
                        evidence=file.cite_lines(link.line),
                        why=f"the account {locator.owner} is the publisher's own",
                        own=True,
                    )
                continue
            why = (
                f"the account {locator.owner} is the publisher's own, and the name is this model's"
                if mine
                else f"{locator.id} carries this model's name"
            )
            yield Link(
                url=link.url,
                role=Role.PART,
                facts=(),
                evidence=file.cite_lines(link.line),
                why=why,
                own=True,
                must_link_back=not mine,
            )


def _bases(facts: Iterable[Fact]) -> Iterator[Link]:
    """Base models named by a hub id in a card, whether or not a link stands beside them."""
    for fact in facts:
        if isinstance(fact, Derived) and hub_id(fact.base) and fact.relation in Relation:
            yield Link(
                url=f"https://huggingface.co/{fact.base}",
                role=Role.BASE,
                facts=(),
                evidence=fact.evidence[0],
                why=fact.detail,
                own=False,
            )
