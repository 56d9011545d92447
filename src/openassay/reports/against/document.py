"""As Markdown: what is wrong with which record, to be pasted where the records are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from openassay.canonical import visible
from openassay.checked import (
    GROUPS,
    Check,
    Checked,
    Comparison,
    Standing,
    finer,
    totals,
)
from openassay.reports import Look
from openassay.reports._view import STATUS_WORD, title
from openassay.reports.against._words import (
    GROUP,
    WORD,
    by_standing,
    classes,
    footnote,
    is_single,
    subject,
)
from openassay.reports.markdown import Notes, code, escape, table


def render(checked: Checked, look: Look) -> str:
    """The table and totals of many records, then every record with its evidence as footnotes."""
    del look
    notes = Notes()
    single = is_single(checked)
    blocks: list[Iterable[str]] = []
    if not single:
        blocks += [_overview(checked), _totals("Totals", checked.comparisons)]
    for comparison in checked.comparisons:
        blocks += _record(comparison, notes, 1 if single else 2)
    blocks.append(_unmatched(checked))
    texts = ["\n".join(block) for block in blocks]
    texts.append("\n".join(notes.lines()))
    return "\n\n".join(text for text in texts if text) + "\n"


def _overview(checked: Checked) -> Iterator[str]:
    yield "# Records against releases\n"
    heads = ("Record", *(WORD[s].capitalize() for s in Standing), "Licence contradicted", "Lacks",
             "Recorded", "In truth")  # fmt: skip
    yield from table(heads, (_row(comparison) for comparison in checked.comparisons))


def _row(comparison: Comparison) -> tuple[str, ...]:
    counts = totals((comparison,))
    found = comparison.classes
    return (
        escape(comparison.origin or comparison.record),
        *(str(counts["released"][s]) for s in Standing),
        str(counts["license"][Standing.CONTRADICTED]),
        str(len(comparison.lacks)),
        escape(f"{found.reference}, strictly {found.strict}") if found else "",
        escape(found.audited) if found else "",
    )


def _totals(head: str, comparisons: Sequence[Comparison]) -> Iterator[str]:
    counts = totals(comparisons)
    if head:
        yield f"## {head}\n"
    rows = [
        (GROUP[group].capitalize(), *(str(counts[group][s]) for s in Standing)) for group in GROUPS
    ]
    yield from table(("Claims", *(WORD[s].capitalize() for s in Standing)), rows)
    if note := footnote(finer(comparisons)):
        yield ""
        yield note


def _record(comparison: Comparison, notes: Notes, level: int) -> Iterator[Iterable[str]]:
    yield _head(comparison, level)
    yield _totals("", (comparison,))
    for standing in (
        Standing.CONTRADICTED,
        Standing.UNSUPPORTED,
        Standing.NOT_CHECKABLE,
        Standing.SUPPORTED,
    ):
        yield _claims(comparison, standing, notes, level + 1)
    yield _lacks(comparison, notes, level + 1)
    yield (f"- {escape(note)}" for note in comparison.notes)


def _head(comparison: Comparison, level: int) -> Iterator[str]:
    yield f"{'#' * level} {escape(comparison.record or comparison.origin)}\n"
    if comparison.origin:
        yield f"- recorded in {code(visible(comparison.origin))}"
    for source in comparison.sources:
        yield f"- against {code(visible(source.id))}: {source.files} files"
    for address in comparison.unread:
        yield f"- not read, though the record names it: {code(visible(address))}"
    if found := classes(comparison):
        yield f"- {escape(found)}"


def _claims(comparison: Comparison, standing: Standing, notes: Notes, level: int) -> Iterator[str]:
    for index, (name, check) in enumerate(by_standing(comparison, standing)):
        if index == 0:
            yield f"{'#' * level} {WORD[standing].capitalize()}\n"
        yield _claim(name, check, notes)


def _claim(name: str, check: Check, notes: Notes) -> str:
    line = f"- **{escape(subject(name, check))}**: {escape(check.because)}"
    return f"{line} {notes.cite(check.evidence)}".rstrip()


def _lacks(comparison: Comparison, notes: Notes, level: int) -> Iterator[str]:
    if comparison.lacks:
        yield f"{'#' * level} In the release, not in the record\n"
    for lack in comparison.lacks:
        line = f"- **{escape(title(lack.component))}** ({STATUS_WORD[lack.status]}): "
        yield f"{line}{escape(lack.because)} {notes.cite(lack.evidence)}".rstrip()


def _unmatched(checked: Checked) -> Iterator[str]:
    if checked.unmatched:
        yield "## Not checked\n"
    for item in checked.unmatched:
        yield f"- {code(visible(item.origin))}: {escape(item.because)}"
