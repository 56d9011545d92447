"""As Markdown: what is wrong with which record, to be pasted where the records are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from openassay.canonical import visible
from openassay.checked import (
    GROUPS,
    Check,
    Checked,
    Classes,
    Comparison,
    Standing,
    finer,
    totals,
)
from openassay.reports import Look
from openassay.reports._view import STATUS_WORD, title
from openassay.reports.against._words import (
    GROUP,
    LACKING,
    NOT_READ,
    by_standing,
    classes,
    footnote,
    is_single,
    standing_word,
    subject,
)
from openassay.reports.markdown import Notes, code, escape, table
from openassay.words import Words, mark, speaker


def render(checked: Checked, look: Look) -> str:
    """The table and totals of many records, then every record with its evidence as footnotes."""
    words = speaker(look.lang)
    notes = Notes()
    single = is_single(checked)
    blocks: list[Iterable[str]] = []
    if not single:
        totalled = _totals(words.say("Totals"), checked.comparisons, words)
        blocks += [_overview(checked, words), totalled]
    for comparison in checked.comparisons:
        blocks += _record(comparison, notes, 1 if single else 2, words)
    blocks.append(_unmatched(checked, words))
    texts = ["\n".join(block) for block in blocks]
    texts.append("\n".join(notes.lines()))
    return "\n\n".join(text for text in texts if text) + "\n"


def _overview(checked: Checked, words: Words) -> Iterator[str]:
    yield f"# {words.say('Records against releases')}\n"
    last = (mark("Licence contradicted"), mark("Lacks"), mark("Recorded"), mark("In truth"))
    standings = (standing_word(standing, words) for standing in Standing)
    heads = (words.say("Record"), *standings, *(words.say(head) for head in last))
    yield from table(heads, (_row(comparison, words) for comparison in checked.comparisons))


def _row(comparison: Comparison, words: Words) -> tuple[str, ...]:
    counts = totals((comparison,))
    found = comparison.classes
    return (
        escape(comparison.origin or comparison.record),
        *(str(counts["released"][s]) for s in Standing),
        str(counts["license"][Standing.CONTRADICTED]),
        str(len(comparison.lacks)),
        escape(_recorded(found, words)) if found else "",
        escape(words.told(found.audited)) if found else "",
    )


def _recorded(found: Classes, words: Words) -> str:
    reference, strict = words.told(found.reference), words.told(found.strict)
    return words.say("{reference}, strictly {strict}", reference=reference, strict=strict)


def _totals(head: str, comparisons: Sequence[Comparison], words: Words) -> Iterator[str]:
    counts = totals(comparisons)
    if head:
        yield f"## {head}\n"
    rows = [
        (words.say(GROUP[group]).capitalize(), *(str(counts[group][s]) for s in Standing))
        for group in GROUPS
    ]
    standings = (standing_word(standing, words) for standing in Standing)
    yield from table((words.say("Claims"), *standings), rows)
    if note := footnote(finer(comparisons), words):
        yield ""
        yield note


def _record(
    comparison: Comparison, notes: Notes, level: int, words: Words
) -> Iterator[Iterable[str]]:
    yield _head(comparison, level, words)
    yield _totals("", (comparison,), words)
    for standing in (
        Standing.CONTRADICTED,
        Standing.UNSUPPORTED,
        Standing.NOT_CHECKABLE,
        Standing.SUPPORTED,
    ):
        yield _claims(comparison, standing, notes, level + 1, words)
    yield _lacks(comparison, notes, level + 1, words)
    yield (f"- {escape(words.told(note))}" for note in comparison.notes)


def _head(comparison: Comparison, level: int, words: Words) -> Iterator[str]:
    yield f"{'#' * level} {escape(comparison.record or comparison.origin)}\n"
    if comparison.origin:
        yield "- " + words.say("recorded in {file}", file=code(visible(comparison.origin)))
    for source in comparison.sources:
        pin = code(visible(source.id))
        yield "- " + words.many(
            source.files, "against {pin}: {n} file", "against {pin}: {n} files", pin=pin
        )
    for address in comparison.unread:
        text = words.say(NOT_READ, address=code(visible(address)))
        yield f"- {text[:1].lower()}{text[1:]}"
    if found := classes(comparison, words):
        yield f"- {escape(found)}"


def _claims(
    comparison: Comparison, standing: Standing, notes: Notes, level: int, words: Words
) -> Iterator[str]:
    for index, (name, check) in enumerate(by_standing(comparison, standing)):
        if index == 0:
            yield f"{'#' * level} {standing_word(standing, words)}\n"
        yield _claim(name, check, notes, words)


def _claim(name: str, check: Check, notes: Notes, words: Words) -> str:
    head = f"**{escape(subject(name, check, words))}**"
    line = words.say("{name}: {text}", name=head, text=escape(words.told(check.because)))
    return f"- {line} {notes.cite(check.evidence)}".rstrip()


def _lacks(comparison: Comparison, notes: Notes, level: int, words: Words) -> Iterator[str]:
    if comparison.lacks:
        yield f"{'#' * level} {words.say(LACKING)}\n"
    for lack in comparison.lacks:
        head = words.say(
            "{name} ({state})",
            name=f"**{escape(words.short_name(title(lack.component)))}**",
            state=words.say(STATUS_WORD[lack.status]),
        )
        line = words.say("{name}: {text}", name=head, text=escape(words.told(lack.because)))
        yield f"- {line} {notes.cite(lack.evidence)}".rstrip()


def _unmatched(checked: Checked, words: Words) -> Iterator[str]:
    if checked.unmatched:
        yield f"## {words.say('Not checked')}\n"
    for item in checked.unmatched:
        because = escape(words.told(item.because))
        yield "- " + words.say("{name}: {text}", name=code(visible(item.origin)), text=because)
