"""The report as one HTML file that anybody can read: nothing is fetched, nothing has to run.

The style and the few lines of script stand in ``assets`` and are put into the page; its content
security policy names their hashes and forbids everything else, so that even a mistake in escaping
could not act. Without the script the page only lacks its convenience buttons.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from openassay.canonical import visible
from openassay.reports import Look, Report
from openassay.reports._html_licenses import licenses
from openassay.reports._html_lineage import lineage
from openassay.reports._html_opinions import disagreement, weighed
from openassay.reports._html_page import Page, symbols
from openassay.reports._html_parts import parts
from openassay.reports._html_rest import gaps, register, steps, truth, verdicts
from openassay.reports._html_review import review, since
from openassay.reports._html_summary import masthead, summary
from openassay.reports._markup import Markup, element, join
from openassay.reports._summary import by_kind
from openassay.reports._view import main_and_finer
from openassay.words import mark, speaker

_SECTIONS = (
    ("summary", mark("In short")),
    ("review", mark("What people reviewed")),
    ("since", mark("What changed since the baseline")),
    ("parts", mark("The parts")),
    ("verdicts", mark("Frameworks, rule by rule")),
    ("disagreements", mark("Where frameworks disagree")),
    ("weighed", mark("Estimates, and questions for a person")),
    ("licenses", mark("Licences, rights and duties")),
    ("truth", mark("Is it true?")),
    ("lineage", mark("Lineage: what the weights say")),
    ("steps", mark("What would make it more open")),
    ("gaps", mark("What was not read")),
    ("evidence", mark("Evidence")),
)
_MAX_PARTS = 40  # the vocabulary has 17; a dossier may say anything
_LANG = {"zh": "zh-Hans"}


def render(report: Report, look: Look) -> str:
    """The report as an HTML document."""
    page = Page(report, speaker(look.lang))
    listed, finer = main_and_finer(report.dossier.components)
    main = by_kind(listed[:_MAX_PARTS])
    body = (
        summary(page, main),
        review(page),
        since(page),
        parts(page, main, finer),
        verdicts(page),
        disagreement(page),
        weighed(page),
        licenses(page, (*main, *finer)),
        truth(page),
        lineage(page),
        steps(page),
        gaps(page),
        register(page),
    )
    there = [
        (id_, page.say(heading))
        for (id_, heading), made in zip(_SECTIONS, body, strict=True)
        if made
    ]
    name = visible(report.dossier.release)
    heads = page.say("Openness report"), page.say("{name}: openness report", name=name)
    return _document(page, heads, there, body, look)


def render_lineage(report: Report, look: Look) -> str:
    """A page of nothing but comparisons of weights, which are facts of the report's dossier."""
    page = Page(report, speaker(look.lang))
    made = {"lineage": lineage(page), "evidence": register(page)}
    there = [(id_, page.say(heading)) for id_, heading in _SECTIONS if made.get(id_)]
    name = visible(report.dossier.release)
    heads = page.say("Lineage of weights"), page.say("{name}: lineage of its weights", name=name)
    return _document(page, heads, there, list(made.values()), look)


def _document(
    page: Page,
    heads: tuple[str, str],
    there: list[tuple[str, str]],
    body: Sequence[Markup],
    look: Look,
) -> str:
    """The file around the sections.

    ``heads`` are the line above the release's name and the title, ``there`` the ids and headings
    of the contents.
    """
    eyebrow, title = heads
    first = there[0][0] if there else ""
    document = element(
        "html",
        _head(page, title),
        element(
            "body",
            symbols(),
            element("a", page.say("Skip to the report"), href=f"#{first}", class_="skip"),
            masthead(page, eyebrow),
            _contents(page, there),
            element("main", *(join("\n", made) for made in body if made)),
            _footer(page),
            _script(),
        ),
        lang=_LANG.get(look.lang, look.lang),
    )
    return f"<!DOCTYPE html>\n{document}\n"


def _head(page: Page, title: str) -> Markup:
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="generator", content=page.report.dossier.read_by or "openassay"),
        element("title", title),
        element("style", Markup(style)),
    )


def _contents(page: Page, there: list[tuple[str, str]]) -> Markup:
    links = [element("li", element("a", heading, href=f"#{id_}")) for id_, heading in there]
    buttons = element(
        "p",
        element("button", page.say("Open everything"), type="button", data_open="yes"),
        element("button", page.say("Close everything"), type="button", data_open="no"),
        class_="buttons",
        hidden=True,
    )
    return element("nav", element("ul", *links), buttons, aria_label=page.say("Contents"))


def _footer(page: Page) -> Markup:
    by = visible(page.report.dossier.read_by) or "openassay"
    return element(
        "footer",
        element("p", page.say("Read and judged by {tool}. The same input gives this same file.",
                              tool=by)),
        element("p", page.say("A part is called not released only when the whole listing and every "
                              "document were read and nothing was found. What could not be read "
                              "is called unknown.")),
        element("p", page.say("It is no certificate and no legal advice; every statement can be "
                              "checked against its evidence.")),
    )  # fmt: skip


def _script() -> Markup:
    return element("script", Markup(_asset("report.js")))


@cache
def _asset(name: str) -> str:
    """A file beside this module, as it goes into the page."""
    text = files("openassay.reports").joinpath("assets", name).read_text("utf-8")
    return "\n" + text.replace("\r\n", "\n").strip() + "\n"


def _hash(text: str) -> str:
    """The hash by which a content security policy names an inline style or script."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"
