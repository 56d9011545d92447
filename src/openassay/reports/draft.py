"""A drafted document as Markdown: what was found with its place, the rest plainly open.

Audited text only appears escaped or in code spans, as in the Markdown report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openassay.canonical import visible
from openassay.reports._markup import safe_link
from openassay.reports._view import place
from openassay.reports.markdown import code, escape
from openassay.types import Evidence
from openassay.words import SOURCE, Words, speaker

MARK = "TODO(you):"  # what is left open begins with this, in every draft


#: (text, evidence or None for a question, whether to quote the evidence)
Line = tuple[str, Evidence | None, bool]
Sections = Iterable[tuple[str, Iterable[Line]]]


def render(
    title: str, file: str, pins: Iterable[str], sections: Sections, lang: str = SOURCE
) -> str:
    """One document, to be called ``file`` once it is finished."""
    return "\n".join(_lines(title, file, pins, sections, speaker(lang))) + "\n"


def _lines(
    title: str, file: str, pins: Iterable[str], sections: Sections, words: Words
) -> Iterator[str]:
    yield f"# {escape(words.told(title))}"
    yield ""
    read = words.listed([code(visible(pin)) for pin in pins])
    yield "> " + words.say(
        "A draft made by `openassay init` from {read}. Each statement ends with the place it",
        read=read,
    )
    yield "> " + words.say(
        "was read from; check it. Answer every `{mark}`, then call this file {file}:",
        mark=MARK, file=code(file),
    )  # fmt: skip
    yield f"> {words.say('under its present name no audit takes it for a card.')}"
    for heading, lines in sections:
        yield ""
        yield f"## {escape(words.told(heading))}"
        yield ""
        for text, evidence, quoted in lines:
            told = escape(words.told(text))
            yield _question(told) if evidence is None else _statement(told, evidence, quoted, words)


def _question(told: str) -> str:
    return f"- **{MARK}** {told}"


def _statement(told: str, evidence: Evidence, quoted: bool, words: Words) -> str:
    said = f" {code(visible(evidence.quote))}" if quoted and evidence.quote else ""
    where = code(place(evidence))
    link = safe_link(evidence.link)
    shown = words.say("(from {place})", place=f"[{where}](<{link}>)" if link else where)
    return f"- {told}{said} {shown}"
