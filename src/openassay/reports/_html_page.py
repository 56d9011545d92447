"""What every part of the HTML report uses: words, signs, badges and numbered evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from openassay.canonical import visible
from openassay.reports import Report
from openassay.reports._markup import Child, Markup, element, join, safe_link
from openassay.reports._view import place
from openassay.types import Answer, Evidence, Status
from openassay.words import Words, mark

MAX_QUOTE = 280  # characters of a quote; the evidence can be opened, and JSON has all
MAX_TEXT = 600
MAX_CITED = 12  # numbers in a row
MAX_REGISTER = 600  # pieces of evidence listed at the end
#: The sign of each status, as the paths of a 16 × 16 picture, and the class of its colour.
SIGNS = {
    "present": "M3 8.5l3.2 3.2L13 4.9",
    "partial": "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z",
    "linked": "M5 11l6-6M6.5 5H11v4.5",
    "absent": "M4.5 4.5l7 7M11.5 4.5l-7 7",
    "unknown": "M5.8 6.2a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M8 12.2v.3",
    "none": "M5 8h6",
}
_HALF = "M8 2.5a5.5 5.5 0 0 0 0 11z"  # the filled half of *partial*
ANSWER_SIGN = {
    Answer.YES: ("present", mark("yes")),
    Answer.PARTLY: ("partial", mark("partly")),
    Answer.NO: ("absent", mark("no")),
    Answer.UNKNOWN: ("unknown", mark("unknown")),
    Answer.NOT_APPLICABLE: ("none", mark("does not apply")),
}
STATUS_TEXT = {
    Status.PRESENT: mark("released whole"),
    Status.PARTIAL: mark("released in part"),
    Status.LINKED: mark("published elsewhere"),
    Status.ABSENT: mark("not released"),
    Status.UNKNOWN: mark("could not be told"),
}


@dataclass(slots=True)
class Page:
    """One page in the making: the report, its words, and the evidence in the order cited."""

    report: Report
    words: Words
    numbers: dict[Evidence, int] = field(default_factory=dict)

    def say(self, text: str, /, **values: object) -> str:
        return self.words.say(text, **values)

    def told(self, sentence: str) -> str:
        return clip(self.words.told(sentence), MAX_TEXT)

    def named(self, title: str) -> Markup:
        """A name in the page's language, with the official English set apart beside it."""
        own = self.words.short_name(title)
        if own == title:
            return element("span", title, class_="name")
        official = element("span", title, class_="official", lang="en")
        return element("span", own, " ", official, class_="name")

    def cite(self, items: Iterable[Evidence]) -> Markup:
        """Numbers that lead to the evidence at the end of the page."""
        links = []
        for item in list(dict.fromkeys(items))[:MAX_CITED]:
            number = self._number(item)
            if number is not None:
                label = self.say("Evidence {n}", n=number)
                links.append(
                    element("a", str(number), href=f"#e{number}", class_="cite", aria_label=label)
                )
        return element("span", *links, class_="cites") if links else Markup("")

    def _number(self, item: Evidence) -> int | None:
        if item not in self.numbers and len(self.numbers) >= MAX_REGISTER:
            return None
        return self.numbers.setdefault(item, len(self.numbers) + 1)

    def exhibit(self, item: Evidence, why: str = "") -> Markup:
        """One piece of evidence in full sight: place, why it counts, quote, and its number."""
        head = element("p", located(item), " ", self.cite((item,)), class_="where")
        reason = element("p", self.told(why), class_="why") if why else None
        return element("li", head, reason, quoted(item), class_="exhibit")


def located(item: Evidence) -> Markup:
    """The place, a link where the source has an address for it."""
    where = element("code", place(item))
    link = safe_link(item.link)
    return element("a", where, href=link, rel="noreferrer noopener nofollow") if link else where


def quoted(item: Evidence) -> Markup | None:
    """The words that stand at the place."""
    if not item.quote.strip():
        return None
    return element("blockquote", element("bdi", clip(visible(item.quote), MAX_QUOTE)))


def clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def sign(name: str) -> Markup:
    """A small picture of a status; the word always stands beside it."""
    use = element("use", href=f"#sign-{name}")
    return element(
        "svg", use, class_=f"sign is-{name}", viewBox="0 0 16 16", aria_hidden="true",
        focusable="false",
    )  # fmt: skip


def symbols() -> Markup:
    """The pictures that :func:`sign` shows, once per page."""
    half = element("path", d=_HALF, fill="currentColor")
    drawn = [
        element(
            "symbol",
            element("path", d=path),
            half if name == "partial" else None,
            id=f"sign-{name}",
            viewBox="0 0 16 16",
        )
        for name, path in SIGNS.items()
    ]
    return element("svg", *drawn, class_="symbols", aria_hidden="true", focusable="false")


def badge(word: str, kind: str) -> Markup:
    return element("span", word, class_=f"badge is-{kind}")


def section(id_: str, heading: str, *children: Child, lead: str = "") -> Markup:
    """A part of the page under its heading; an empty body makes no section."""
    body = join(*children)
    if not body:
        return body
    title = element("h2", heading, id=f"{id_}-title")
    intro = element("p", lead, class_="lead") if lead else None
    return element("section", title, intro, body, id=id_, aria_labelledby=f"{id_}-title")
