"""The report as a document (GitHub-flavoured Markdown): tables, with the evidence as footnotes.

Audited text only ever appears in code spans or escaped, so that it can neither mark up the page
nor link, mention or embed anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from openassay.canonical import visible
from openassay.reports import Look, Report
from openassay.reports._markup import safe_link
from openassay.reports._view import (
    STATUS_WORD,
    claims_by_need,
    evidence_of,
    main_and_finer,
    next_steps,
    openness,
    place,
    title,
    verdict_reason,
    why,
)
from openassay.types import Claim, Component, Evidence, Gap

_SHOWN = 5  # pieces of evidence per row; JSON has all
# What could mark up, link, embed or mention: emphasis, code, links, tables, HTML, maths; the colon
# and dot that begin an autolink; and what begins a list, quote or rule at the start of a text.
_ACTIVE = re.compile(
    r"[\\`*_\[\]|~<>&@$#]|:(?=/)|(?<=www)\.|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]", re.I
)
_ENTITY = frozenset("<>&@:")  # a backslash does not stop these everywhere


@dataclass(slots=True)
class _Notes:
    """Evidence as numbered footnotes, each once, in the order it is first cited."""

    numbers: dict[Evidence, int] = field(default_factory=dict)

    def cite(self, items: Iterable[Evidence]) -> str:
        every = list(items)
        marks = (
            f"[^{self.numbers.setdefault(item, len(self.numbers) + 1)}]" for item in every[:_SHOWN]
        )
        more = f" +{len(every) - _SHOWN}" if len(every) > _SHOWN else ""
        return " ".join(marks) + more

    def lines(self) -> Iterator[str]:
        for item, number in self.numbers.items():
            where = code(place(item))
            where = f"[{where}](<{link}>)" if (link := safe_link(item.link)) else where
            said = f": {code(visible(item.quote))}" if item.quote else ""
            digest = f"{visible(item.digest.algorithm)} {visible(item.digest.value)[:16]}"
            yield f"[^{number}]: {where}{said} ({code(digest)}, in {code(visible(item.source))})"


def render(report: Report, look: Look) -> str:
    """The report as Markdown text."""
    del look
    dossier, notes = report.dossier, _Notes()
    main, finer = main_and_finer(dossier.components)
    false, unchecked = claims_by_need(dossier.claims)
    blocks = (
        _header(report),
        _verdicts(report),
        _components("Components", main, notes),
        _components("Finer components", finer, notes),
        _claims("Claims that do not hold", false, notes),
        _claims("Claims that could not be checked", unchecked, notes),
        _contradictions(report, notes),
        _steps(report),
        _gaps(dossier.gaps),
    )
    texts = ["\n".join(block) for block in blocks]
    texts.append("\n".join(notes.lines()))
    return "\n\n".join(text for text in texts if text) + "\n"


def escape(text: str) -> str:
    """Audited text as plain Markdown text: one line, nothing in it acts."""
    return _ACTIVE.sub(_escape, visible(text))


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    return f"&#{ord(char)};" if char in _ENTITY else f"\\{char}"


def code(text: str) -> str:
    """Text in a code span whose fence is longer than any run of back-ticks in it."""
    if not text:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest or text != text.strip() else ""
    return f"{fence}{space}{text}{space}{fence}"


def cell_code(text: str) -> str:
    """Text as code inside a table, where a code span could be cut by a ``|`` in it."""
    plain = _ACTIVE.sub(lambda found: f"&#{ord(found.group())};", text)
    return f"<code>{plain}</code>" if text else ""


def _header(report: Report) -> Iterator[str]:
    yield f"# {escape(report.dossier.release)}"
    yield ""
    for source in report.dossier.sources:
        yield f"- {code(visible(source.id))}: {source.files} files"
    if report.dossier.read_by:
        yield f"- read by {escape(report.dossier.read_by)}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    body = list(rows)
    if body:
        yield f"| {' | '.join(heads)} |"
        yield f"|{' --- |' * len(heads)}"
        for row in body:
            yield f"| {' | '.join(row)} |"


def _verdicts(report: Report) -> Iterator[str]:
    rows = []
    for verdict in report.verdicts:
        reason = verdict_reason(verdict, report.optional.get(verdict.framework, frozenset()))
        name = escape(verdict.title or verdict.framework)
        rows.append((name, f"**{escape(verdict.answer)}**", escape(reason)))
    if rows:
        yield "## Verdicts\n"
        yield from _table(("Framework", "Answer", "Why"), rows)


def _components(head: str, components: Iterable[Component], notes: _Notes) -> Iterator[str]:
    rows = [_row(component, notes) for component in components]
    if rows:
        yield f"## {head}\n"
        heads = ("Component", "Status", "Licence", "Open", "Why", "Evidence")
        yield from _table(heads, rows)


def _row(component: Component, notes: _Notes) -> tuple[str, ...]:
    return (
        escape(title(component.id)),
        STATUS_WORD[component.status],
        cell_code(visible(component.license or "")),
        openness(component),
        escape(why(component)),
        notes.cite(evidence for evidence, _ in evidence_of(component)),
    )


def _claims(head: str, claims: Iterable[Claim], notes: _Notes) -> Iterator[str]:
    for index, claim in enumerate(claims):
        if index == 0:
            yield f"## {head}\n"
        yield f"- {code(visible(claim.evidence.quote))} {notes.cite((claim.evidence,))}"
        yield from (f"  - {escape(because)}" for because in claim.because)


def _contradictions(report: Report, notes: _Notes) -> Iterator[str]:
    if report.dossier.contradictions:
        yield "## Contradictions\n"
    for item in report.dossier.contradictions:
        yield f"- {escape(item.text)} {notes.cite(item.evidence)}".rstrip()


def _steps(report: Report) -> Iterator[str]:
    steps = next_steps(report.verdicts, report.optional)
    if steps:
        yield "## Next steps\n"
    for text, helped in steps:
        yield f"1. {escape(text)} ({', '.join(escape(name) for name in helped)})"


def _gaps(gaps: Iterable[Gap]) -> Iterator[str]:
    rows = [
        (cell_code(visible(gap.path or gap.source)), escape(gap.reason), escape(gap.detail))
        for gap in gaps
    ]
    if rows:
        yield "## Not read\n"
        yield from _table(("Path", "Reason", "Detail"), rows)
