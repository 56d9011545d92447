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

MARK = "TODO(you):"  # what is left open begins with this, in every draft


#: (text, evidence or None for a question, whether to quote the evidence)
Line = tuple[str, Evidence | None, bool]
Sections = Iterable[tuple[str, Iterable[Line]]]


def render(title: str, file: str, pins: Iterable[str], sections: Sections) -> str:
    """One document, to be called ``file`` once it is finished."""
    return "\n".join(_lines(title, file, pins, sections)) + "\n"


def _lines(title: str, file: str, pins: Iterable[str], sections: Sections) -> Iterator[str]:
    yield f"# {escape(title)}"
    yield ""
    read = ", ".join(code(visible(pin)) for pin in pins)
    yield f"> A draft made by `openassay init` from {read}. Each statement ends with the place it"
    yield f"> was read from; check it. Answer every `{MARK}`, then call this file {code(file)}:"
    yield "> under its present name no audit takes it for a card."
    for heading, lines in sections:
        yield ""
        yield f"## {escape(heading)}"
        yield ""
        for text, evidence, quoted in lines:
            yield _question(text) if evidence is None else _statement(text, evidence, quoted)


def _question(text: str) -> str:
    return f"- **{MARK}** {escape(text)}"


def _statement(text: str, evidence: Evidence, quoted: bool) -> str:
    said = f" {code(visible(evidence.quote))}" if quoted and evidence.quote else ""
    where = code(place(evidence))
    link = safe_link(evidence.link)
    return f"- {escape(text)}{said} (from {f'[{where}](<{link}>)' if link else where})"
