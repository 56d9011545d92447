"""Facts and gaps to components: what became of each part, and which licence governs it. Pure.

The rule is one line: a whole find is *present*, else a whole link is *linked*, else any part is
*partial*, else a gap that could hide it is *unknown*, else it is *absent*. What needs more than
that stands below by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from openassay import licenses
from openassay.governance import covers, govern, is_backed, is_of_named_files
from openassay.truth import base_license, claims, contradictions, restricted_bases
from openassay.types import (
    Component,
    Derived,
    Dossier,
    Extent,
    Fact,
    Found,
    Gap,
    Gated,
    Kind,
    Licensed,
    Linked,
    Outcome,
    Relation,
    RuledOut,
    SourceInfo,
    Stated,
    Status,
    Visited,
)
from openassay.vocabulary import Entry, entries

# (component, aspect) of tuning that is the training itself where the release is a fine-tune
_TUNING = frozenset(
    (
        ("training_code", "finetune"),
        ("training_code", "distill"),
        ("model_metadata", "finetune_config"),
    )
)
MAX_NAMED = 12  # files under other terms that a note names
MAX_BECAUSE = 8  # facts that a component cites; the rest stays in the dossier


def assemble(
    *,
    schema: str,
    release: str,
    sources: tuple[SourceInfo, ...],
    facts: tuple[Fact, ...],
    gaps: tuple[Gap, ...],
    read_by: str,
) -> Dossier:
    """A whole dossier from what was read."""
    reading = _reinterpreted(_still_there(facts))
    by_component = _by_component(reading)
    hidden = _hidden(gaps)
    stated = [fact for fact in reading if isinstance(fact, Licensed)]
    loose = _loose(stated, reading)
    components = tuple(
        _component(entry, by_component.get(entry.id, []), hidden.get(entry.id, []), stated, loose)
        for entry in entries()
    )
    for base in _restricted_bases(reading):
        components = tuple(_under_base(component, base) for component in components)
    if unclear := _unclear_base(reading):
        components = tuple(_over_unclear_base(component, unclear) for component in components)
    named = {component.id: component for component in components}
    found = claims(reading, named)
    return Dossier(
        schema=schema,
        release=release,
        sources=sources,
        facts=facts,
        gaps=gaps,
        components=components,
        claims=found,
        contradictions=contradictions(reading, named, found),
        read_by=read_by,
    )


def _loose(stated: Sequence[Licensed], facts: Sequence[Fact]) -> list[Licensed]:
    """Terms of files that a document names, where no component shows a file of that list."""
    seen = {(e.source, e.path) for f in facts if isinstance(f, Found) for e in f.evidence}
    lists: dict[tuple[str, str, int | str], list[Licensed]] = defaultdict(list)
    for fact in stated:
        if is_of_named_files(fact):
            place = fact.evidence[-1]
            lists[place.source, place.path, place.span.start].append(fact)
    return [
        fact
        for named in lists.values()
        if not any(covers(fact, place) for fact in named for place in seen)
        for fact in named
    ]


def _restricted_bases(facts: Sequence[Fact]) -> list[str]:
    """Restricted licences of the models that this one was made from: by name, and as read."""
    found = {base_license(fact.base) for fact in facts if isinstance(fact, Derived)}
    found |= {fact.license for fact in restricted_bases(facts)}
    return sorted(license for license in found if license is not None)


def _under_base(component: Component, base: str) -> Component:
    """The weights hold those of the base: its licence stands beside their own label."""
    if component.id != "model_parameters_final" or component.license is None:
        return component
    shown = licenses.display(base)
    if shown in component.license or component.license_open is False:
        return component
    return replace(
        component,
        license=f"{component.license} AND {shown}",
        license_open=False,
        license_reason=f"{component.license_reason}; the base model's licence applies too",
    )


def _unclear_base(facts: Sequence[Fact]) -> Stated | None:
    """What was read of a base whose terms are not shown to be open."""
    terms = [f for f in facts if isinstance(f, Stated) and f.topic == "base_terms"]
    return next((fact for fact in terms if fact.value != "open"), None)


def _over_unclear_base(component: Component, terms: Stated) -> Component:
    """An open label on weights that were made from others says nothing of those others' terms."""
    if component.id != "model_parameters_final" or not component.license_open:
        return component
    return replace(
        component,
        license_open=False if terms.value == "restricted" else None,
        license_reason=f"{component.license_reason}; {terms.detail}",
        notes=(*component.notes, terms.detail),
        because=(*component.because, terms),
    )


def _by_component(facts: Sequence[Fact]) -> dict[str, list[Fact]]:
    grouped: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, Found | Linked | RuledOut | Gated | Visited):
            grouped[fact.component].append(fact)
    return grouped


def _hidden(gaps: Sequence[Gap]) -> dict[str, list[Gap]]:
    grouped: dict[str, list[Gap]] = defaultdict(list)
    for gap in gaps:
        for component in gap.components:
            grouped[component].append(gap)
    return grouped


def _component(
    entry: Entry,
    facts: list[Fact],
    gaps: list[Gap],
    stated: list[Licensed],
    loose: list[Licensed],
) -> Component:
    status, deciding = _status(facts, gaps)
    denials: list[Fact] = [fact for fact in facts if isinstance(fact, RuledOut)]
    terms = [] if denials or status is not Status.ABSENT else _terms_of_weights(entry, stated)
    if terms:  # nobody licenses what is nowhere: not found is not "absent" then
        status = Status.UNKNOWN
    decided = {id(fact) for fact in (*deciding, *denials)}
    supporting = [fact for fact in facts if id(fact) not in decided]
    governed = govern(entry, status, deciding, stated, loose)
    because: list[Fact | Gap] = [*deciding[:MAX_BECAUSE]]
    room = max(0, MAX_BECAUSE - len(because))
    because += supporting[:room] + denials[:2]
    if status in (Status.UNKNOWN, Status.ABSENT):
        because += [*terms[:2], *gaps[:MAX_BECAUSE]]
    because += _lists(governed.apart)
    notes = _notes(status, deciding, supporting, denials)
    if terms:
        notes.append("The weights have a licence of their own; where they are was not found.")
    if governed.open and not is_backed(governed.all[0], stated):
        notes.append(f"{governed.license} is only a label: its text is not in the release.")
    notes += _apart(governed.apart)
    return Component(
        id=entry.id,
        status=status,
        because=tuple(because),
        license=governed.license,
        license_open=governed.open,
        license_reason=governed.reason,
        licenses=governed.all,
        notes=tuple(dict.fromkeys(notes)),
    )


def _terms_of_weights(entry: Entry, stated: Sequence[Licensed]) -> list[Licensed]:
    """What is stated as the licence of the weights, for the component that they are."""
    if entry.id != "model_parameters_final":
        return []
    return [fact for fact in stated if fact.scope in (Kind.WEIGHTS, entry.id)]


def _lists(named: Sequence[Licensed]) -> list[Licensed]:
    """One fact for each list that names files under terms of their own: it cites the list."""
    return list({fact.evidence[-1]: fact for fact in reversed(named)}.values())[:2]


def _apart(named: Sequence[Licensed]) -> Iterator[str]:
    """Which files stand under which terms of their own."""
    by_license: dict[str, list[str]] = defaultdict(list)
    for fact in named:
        by_license[licenses.display(fact.license)].append(fact.scope.removeprefix("path:"))
    for license, paths in by_license.items():
        shown = ", ".join(sorted(paths)[:MAX_NAMED])
        if (more := len(paths) - MAX_NAMED) > 0:
            yield f"Named as under {license}: {shown} and {more} more."
        else:
            yield f"Named as under {license}: {shown}."


def _status(facts: list[Fact], gaps: list[Gap]) -> tuple[Status, list[Fact]]:
    """The status with the facts that decided it, best first."""
    found = [fact for fact in facts if isinstance(fact, Found)]
    linked = [fact for fact in facts if isinstance(fact, Linked)]
    whole = [fact for fact in found if fact.extent is Extent.WHOLE]
    if whole:
        return Status.PRESENT, [*whole]
    whole_links = [fact for fact in linked if fact.extent is Extent.WHOLE]
    if whole_links:
        return Status.LINKED, [*whole_links]
    if found or linked:
        return Status.PARTIAL, [*found, *linked]
    if gaps:
        return Status.UNKNOWN, []
    return Status.ABSENT, []


def _notes(
    status: Status, deciding: list[Fact], supporting: list[Fact], denials: list[Fact]
) -> list[str]:
    notes = [fact.detail for fact in deciding[:3] if fact.detail]
    if status is Status.PRESENT and any(isinstance(fact, Linked) for fact in supporting):
        notes.append("It is also linked elsewhere.")
    if any(isinstance(fact, Gated) for fact in supporting):
        barrier = next(fact.barrier for fact in supporting if isinstance(fact, Gated))
        notes.append(f"Access is gated: {barrier}.")
    looked = [fact for fact in supporting if isinstance(fact, Visited)]
    notes += [fact.detail for fact in looked if fact.outcome is not Outcome.REACHED][:3]
    notes += [fact.detail for fact in denials[:2]]
    return notes


# -- readings that need the whole release --------------------------------------------------------


def _reinterpreted(facts: Sequence[Fact]) -> list[Fact]:
    """Facts as they read once everything is known of the release."""
    tuned = _is_tuned(facts)
    read = [again for fact in facts for again in _as_tuned(fact)] if tuned else list(facts)
    reading = _within_run(read, tuned)
    for read_again in (
        _not_the_base,
        _cards_called_so,
        _only_some_sizes,
        _only_some_benchmarks,
        _results_in_paper,
    ):
        reading = read_again(reading)
    return reading


def _still_there(facts: Sequence[Fact]) -> list[Fact]:
    """A link that was opened and leads to nothing is no longer a link."""
    dead = {
        fact.url
        for fact in facts
        if isinstance(fact, Visited) and fact.outcome in (Outcome.MISSING, Outcome.EMPTY)
    }
    return [fact for fact in facts if not (isinstance(fact, Linked) and fact.url in dead)]


def _is_tuned(facts: Sequence[Fact]) -> bool:
    """Whether the release is itself a fine-tune: it names a base, and trains none from scratch."""
    derived = any(
        isinstance(fact, Derived) and fact.relation in (Relation.FINETUNE, Relation.ADAPTER)
        for fact in facts
        if isinstance(fact, Derived)
        and fact.inspector in ("front_matter", "derivation", "model_config")
    )
    scratch = any(
        isinstance(fact, Found) and fact.component == "training_code" and fact.aspect == "pretrain"
        for fact in facts
    )
    return derived and not scratch


def _as_tuned(fact: Fact) -> Iterator[Fact]:
    """In a fine-tune, tuning code is training code, and tuning data is training data as well."""
    whole = isinstance(fact, Found) and (fact.component, fact.aspect) in _TUNING
    yield replace(fact, extent=Extent.WHOLE) if isinstance(fact, Found) and whole else fact
    if isinstance(fact, Found | Linked) and fact.component == "fine_tuning_data":
        yield replace(fact, component="datasets")


def _within_run(facts: list[Fact], tuned: bool) -> list[Fact]:
    """Tuning configurations and data say nothing of a release that is not itself a fine-tune."""
    if tuned:
        return facts
    return [
        fact
        for fact in facts
        if not (
            isinstance(fact, Found)
            and fact.aspect in ("finetune_config", "finetune_data", "tuning_prose")
        )
    ]


def _not_the_base(facts: list[Fact]) -> list[Fact]:
    """A link to the base model is not a link to this model, however alike their names are."""
    bases = {f.base.lower() for f in facts if isinstance(f, Derived) and "/" in f.base}
    return [
        f
        for f in facts
        if not (
            isinstance(f, Linked)
            and f.component == "model_parameters_final"
            and any(f.url.lower().rstrip("/").endswith("/" + base) for base in bases)
        )
    ]


def _cards_called_so(facts: list[Fact]) -> list[Fact]:
    """Where the release calls another page its model card, its README does not stand in for one."""
    linked = any(isinstance(fact, Linked) and fact.component == "model_card" for fact in facts)
    return [
        replace(fact, extent=Extent.PART)
        if linked
        and isinstance(fact, Found)
        and fact.component == "model_card"
        and fact.aspect == "readme"
        else fact
        for fact in facts
    ]


def _only_some_sizes(facts: list[Fact]) -> list[Fact]:
    """Checkpoints for only some of the published sizes are intermediate parameters in part."""
    finals = {
        f.aspect
        for f in facts
        if isinstance(f, Linked)
        and f.component == "model_parameters_final"
        and f.aspect[:1].isdigit()
    }
    inner = [
        f for f in facts if isinstance(f, Linked) and f.component == "model_parameters_intermediate"
    ]
    sizes = {f.aspect for f in inner if f.aspect[:1].isdigit()}
    if not sizes or len(sizes) != len({f.aspect for f in inner}) or 2 * len(sizes) > len(finals):
        return facts
    return [replace(f, extent=Extent.PART) if f in inner else f for f in facts]


def _only_some_benchmarks(facts: list[Fact]) -> list[Fact]:
    """Data of fewer than half of the benchmarks that the documents report on is a part."""
    reported = max(
        (int(f.value) for f in facts if isinstance(f, Stated) and f.topic == "benchmarks"),
        default=0,
    )
    linked = [f for f in facts if isinstance(f, Linked) and f.component == "evaluation_data"]
    by_documents = all(f.inspector == "data_links" for f in linked)
    if (
        not linked
        or not by_documents
        or reported < 4
        or 2 * len({f.url for f in linked}) >= reported
    ):
        return facts
    return [replace(f, extent=Extent.PART) if f in linked else f for f in facts]


def _results_in_paper(facts: list[Fact]) -> list[Fact]:
    """Results that stand nowhere in the release are looked for in its own paper, by link."""
    if any(isinstance(f, Found | Linked) and f.component == "evaluation_results" for f in facts):
        return facts
    papers = [
        f
        for f in facts
        if isinstance(f, Linked)
        and f.component == "research_paper"
        and f.extent is Extent.WHOLE
        and f.aspect == "document"
    ]
    seen = {f.url for f in facts if isinstance(f, Visited)}
    unread = "" if any(f.url in seen for f in papers) else ", which was not read"
    detail = f"No numbers stand here; the release links its paper{unread}."
    return facts + [
        replace(f, component="evaluation_results", aspect="paper", detail=detail)
        for f in papers[:3]
    ]
