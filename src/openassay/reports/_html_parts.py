"""The parts of a release in the HTML report, each with its licence and its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from openassay.canonical import visible
from openassay.reports._html_page import STATUS_TEXT, Page, badge, section, sign
from openassay.reports._html_summary import STATE_CLASS
from openassay.reports._markup import Markup, element, join
from openassay.reports._summary import KINDS, license_state
from openassay.reports._view import evidence_of, gap_text, kind, license_name, title
from openassay.types import Component, Gap, Linked, Status, Visited

_MAX_EVIDENCE = 6  # pieces per part in sight; JSON has all
_MAX_FINER = 60
_MAX_NOTES = 8


def parts(page: Page, main: Sequence[Component], finer: Sequence[Component]) -> Markup:
    """Every part, by kind of content; the number is the one in the wheel."""
    numbers = {component.id: number for number, component in enumerate(main, 1)}
    groups = [
        join(element("h3", page.say(word)), _list(page, rows, numbers))
        for name, word in KINDS.items()
        if (rows := [component for component in main if kind(component.id) == name])
    ]
    return section(
        "parts",
        page.say("The parts"),
        *groups,
        _finer(page, finer[:_MAX_FINER]),
        lead=page.say("Open a part to see the evidence: file, line, quote and hash."),
    )


def _finer(page: Page, components: Sequence[Component]) -> Markup | None:
    """What other frameworks ask for beside the seventeen; absent ones in one line."""
    there = [component for component in components if component.status is not Status.ABSENT]
    absent = [component for component in components if component.status is Status.ABSENT]
    if not components:
        return None
    names = page.words.listed([page.words.short_name(title(c.id)) for c in absent])
    return join(
        element("h3", page.say("Finer parts that some frameworks ask for")),
        _list(page, there, {}) if there else None,
        element("p", page.say("Not released: {names}", names=names), class_="aside")
        if absent
        else None,
    )


def _list(page: Page, components: Iterable[Component], numbers: dict[str, int]) -> Markup:
    rows = [_part(page, component, numbers.get(component.id)) for component in components]
    return element("ul", *rows, class_="parts")


def _part(page: Page, component: Component, number: int | None) -> Markup:
    state = license_state(component)
    name = license_name(component.license)
    cells = (
        element("span", str(number) if number else "·", class_="number"),
        sign(str(component.status)),
        element("span", page.named(title(component.id)), class_="part-name"),
        element("span", page.say(STATUS_TEXT[component.status]), class_="part-status"),
        element("span", name, class_="part-license"),
        element("span", badge(page.say(state), STATE_CLASS[state]) if state else "",
                class_="part-open"),
    )  # fmt: skip
    row = [piece for cell in cells for piece in (cell, " ")]  # words that stay apart when read out
    inside = join(*_inside(page, component))
    if not inside:
        return element("li", element("div", *row, class_="row is-plain"))
    return element("li", element("details", element("summary", *row, class_="row"), inside))


def _inside(page: Page, component: Component) -> Iterator[Markup]:
    """What a part shows once it is opened: notes, why this licence, evidence, what was not read."""
    shown = evidence_of(component)
    told = {detail for _, detail in shown}
    for note in [note for note in component.notes if note not in told][:_MAX_NOTES]:
        yield element("p", page.told(visible(note)))
    if component.license_reason and component.license:
        why = page.told(component.license_reason)
        yield element("p", page.say("The licence comes from: {why}.", why=why), class_="aside")
    exhibits = [page.exhibit(item, detail) for item, detail in shown[:_MAX_EVIDENCE]]
    if exhibits:
        yield element("ul", *exhibits, class_="exhibits")
    if len(shown) > _MAX_EVIDENCE:
        more = page.say("{n} more in the JSON report", n=len(shown) - _MAX_EVIDENCE)
        yield element("p", more, class_="aside")
    yield from _links(page, component)
    for gap in [item for item in component.because if isinstance(item, Gap)][:_MAX_NOTES]:
        file, reason = gap.path or gap.source, gap_text(gap, page.words)
        yield element("p", page.say("not read: {file} ({reason})", file=file, reason=reason))


def _links(page: Page, component: Component) -> Iterator[Markup]:
    """Addresses that the release gives, as text, and what was found where they were opened."""
    opened = {f.url: f for f in page.report.dossier.facts if isinstance(f, Visited)}
    urls = dict.fromkeys(fact.url for fact in component.because if isinstance(fact, Linked))
    seen = [page.told(visible(opened[url].detail)) for url in urls if url in opened]
    unseen = [element("code", visible(url)[:300]) for url in urls if url not in opened]
    for heading, rows in (
        (page.say("Linked, and opened:"), seen),
        (page.say("Linked, but not opened:"), unseen),
    ):
        if rows:
            yield element("p", heading, class_="aside")
            yield element("ul", *(element("li", row) for row in rows[:4]), class_="urls")
