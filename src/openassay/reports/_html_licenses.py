"""The licences of a release in the HTML report: where each stands, its rights and duties."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from openassay.canonical import visible
from openassay.reports._html_page import Page, badge, section
from openassay.reports._html_summary import STATE_CLASS
from openassay.reports._markup import Markup, element, join
from openassay.reports._summary import license_state
from openassay.reports._view import USES, Term, license_name, terms_in_words, title
from openassay.types import Component, Evidence, How, Licensed
from openassay.words import mark

_MAX = 24  # licences in sight; JSON has all
_MAX_EVIDENCE = 5
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,200}")
_GROUPS = (
    ("grants", mark("It allows")),
    ("conditions", mark("It asks")),
    ("limits", mark("It forbids or limits")),
)
_HOW = {
    How.TEXT: mark("the licence's text"),
    How.PDF: mark("the licence's text, in a PDF"),
    How.HEADER: mark("a source file's header"),
    How.PROSE: mark("a sentence"),
    How.FRONT_MATTER: mark("the card's front matter"),
    How.TAG: mark("a tag"),
}


@dataclass(slots=True)
class _Stated:
    """One licence: what it governs, and where it is stated."""

    shown: str
    governs: dict[str, str] = field(default_factory=dict)  # component id: state of openness
    evidence: dict[Evidence, How] = field(default_factory=dict)
    modified: bool = False


def licenses(page: Page, components: Sequence[Component]) -> Markup:
    """Those that govern a part first, then those that are only stated somewhere."""
    found = _collect(page, components)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1].governs), item[1].shown))
    blocks = [_license(page, expression, stated) for expression, stated in ranked[:_MAX]]
    none = [c for c in components if license_state(c) == "no licence"]
    if none:
        names = page.words.listed([page.words.short_name(title(c.id)) for c in none])
        text = page.say("No licence is stated for: {names}. Where none is stated, no permission "
                        "to use it is given.", names=names)  # fmt: skip
        blocks.append(element("p", text, class_="note"))
    return section(
        "licenses",
        page.say("Licences, rights and duties"),
        *blocks,
        lead=page.say("Read from the licences; this is not legal advice."),
    )


def _collect(page: Page, components: Sequence[Component]) -> dict[str, _Stated]:
    """By the expression as the facts state it."""
    found: dict[str, _Stated] = {}
    for fact in page.report.dossier.facts:
        if isinstance(fact, Licensed):
            answer = page.report.licenses.get(fact.license)
            name = answer.asked if answer else fact.license
            stated = found.setdefault(fact.license, _Stated(name))
            stated.modified = stated.modified or fact.modified
            for item in fact.evidence:
                stated.evidence.setdefault(item, fact.how)
    for component in components:
        if component.license and component.licenses:
            stated = found.setdefault(component.licenses[0].license, _Stated(component.license))
            stated.shown = component.license.partition(" AND ")[0]
            stated.governs[component.id] = license_state(component)
    return found


def _license(page: Page, expression: str, stated: _Stated) -> Markup:
    states = list(dict.fromkeys(stated.governs.values()))
    names = page.words.listed([page.words.short_name(title(id_)) for id_ in stated.governs])
    terms = _terms(page, expression)
    scope = (
        page.say("It governs: {names}", names=names)
        if names
        else page.say("It is stated, but governs none of the parts.")
    )
    return element(
        "article",
        element(
            "h3",
            element("span", license_name(stated.shown), class_="license-name"),
            *(badge(page.say(state), STATE_CLASS[state]) for state in states),
            badge(page.say("changed text"), "unclear") if stated.modified else None,
        ),
        element("p", scope),
        _rights(page, terms),
        _duties(page, expression),
        _warnings(page, expression),
        _places(page, stated),
        class_="license",
    )


def _terms(page: Page, expression: str) -> tuple[Term, ...]:
    """Of an expression that is known as a whole, else of each licence it names."""
    answer = page.report.licenses.get(expression)
    values = {name: term.value or "" for name, term in answer.terms.items()} if answer else {}
    if found := terms_in_words(values):
        return found
    named = (page.report.terms.get(id_, {}) for id_ in dict.fromkeys(_ID.findall(expression)))
    return tuple(dict.fromkeys(term for terms in named for term in terms_in_words(terms)))


def _rights(page: Page, terms: tuple[Term, ...]) -> Markup:
    if not terms:
        unknown = page.say("What it allows and asks is not known; its text has to be read.")
        return element("p", unknown, class_="aside")
    return element("div", *(_group(page, *group, terms) for group in _GROUPS), class_="terms")


def _group(page: Page, group: str, heading: str, terms: Iterable[Term]) -> Markup | None:
    rows = [element("li", page.told(visible(term.text))) for term in terms if term.group == group]
    if not rows:
        return None
    return element(
        "div", element("h4", page.say(heading)), element("ul", *rows), class_=f"is-{group}"
    )


def _duties(page: Page, expression: str) -> Markup | None:
    """The checklist: what has to be done, and when."""
    rows = []
    answer = page.report.licenses.get(expression)
    for duty in answer.duties if answer else ():
        every = len(duty.uses) == len(USES)
        when = (
            page.say("always")
            if every
            else page.words.listed([page.say(USES.get(use, use)) for use in duty.uses])
        )
        doubt = badge(page.say("not known: look in its text"), "unclear")
        rows.append(
            element(
                "li",
                element("span", when, class_="when"),
                element("span", page.told(visible(duty.text)), " ",
                        doubt if duty.needed is None else None),
            )
        )  # fmt: skip
    if not rows:
        return None
    return _more(page.say("Your duties ({n})", n=len(rows)), element("ul", *rows, class_="duties"))


def _warnings(page: Page, expression: str) -> Markup | None:
    answer = page.report.licenses.get(expression)
    warnings = answer.warnings if answer else ()
    rows = [element("li", page.told(visible(warning.text))) for warning in warnings]
    if not rows:
        return None
    return _more(page.say("Worth knowing ({n})", n=len(rows)), element("ul", *rows))


def _places(page: Page, stated: _Stated) -> Markup | None:
    rows = []
    for item, how in list(stated.evidence.items())[:_MAX_EVIDENCE]:
        rows.append(page.exhibit(item, _HOW[how]))
    if not rows:
        return None
    heading = page.words.many(
        len(stated.evidence), "Where it is stated ({n} place)", "Where it is stated ({n} places)"
    )
    return _more(heading, element("ul", *rows, class_="exhibits"))


def _more(heading: str, body: Markup) -> Markup:
    return join(element("details", element("summary", heading), body, class_="more"))
