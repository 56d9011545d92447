"""On a screen: what is wrong with a record first; of many records a table, then the totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from openassay.canonical import visible
from openassay.checked import (
    GROUPS,
    Check,
    Checked,
    Comparison,
    Lacking,
    Standing,
    Unmatched,
    finer,
    totals,
)
from openassay.reports import Look
from openassay.reports._cells import Ink, Pen, cut, pad, paragraph, width, wrap
from openassay.reports._view import place, short_pin, short_place, title
from openassay.reports.against._words import (
    GROUP,
    LACKING,
    NOT_READ,
    SUPPORT_MARK,
    WORD,
    by_standing,
    classes,
    footnote,
    in_a_row,
    is_single,
    standing_word,
    subject,
    supported,
)
from openassay.words import Words

_MARK = {
    Standing.SUPPORTED: ("✔", Ink.GREEN),
    Standing.UNSUPPORTED: ("○", Ink.YELLOW),
    Standing.CONTRADICTED: ("✘", Ink.RED),
    Standing.NOT_CHECKABLE: ("?", Ink.YELLOW),
}
_WRONG = (Standing.CONTRADICTED, Standing.UNSUPPORTED)
_NAME = 30  # columns of a record's name in the table, at most
_UNMATCHED = 5  # shown without -v


def render(checked: Checked, look: Look) -> str:
    """The comparison, or all of them; ``-v`` shows every claim of every record."""
    pen = Pen(look)
    blocks: list[Iterable[str]] = []
    if is_single(checked):
        blocks += _one(checked.comparisons[0], pen)
    else:
        blocks.append(_table(checked, pen))
        blocks.append(_totals(checked.comparisons, pen))
        if look.detail:
            for comparison in checked.comparisons:
                blocks += _one(comparison, pen)
        else:
            blocks.append(_all_wrong(checked.comparisons, pen))
        blocks.append(_unmatched(checked.unmatched, pen))
    texts = ("\n".join(block) for block in blocks)
    return pen.sign("\n\n".join(text for text in texts if text)) + "\n"


# ------------------------------------------------------------------------------------- one record


def _one(comparison: Comparison, pen: Pen) -> Iterator[Iterable[str]]:
    yield _head(comparison, pen)
    yield _totals((comparison,), pen)
    yield _claims(comparison, Standing.CONTRADICTED, pen)
    yield _unsupported(comparison, pen)
    yield _unchecked(comparison, pen)
    yield _supported(comparison, pen)
    yield _lacks(comparison.lacks, pen)
    yield _notes(comparison, pen)


def _head(comparison: Comparison, pen: Pen) -> Iterator[str]:
    name = visible(comparison.record) or pen.words.say("(no name)")
    file = visible(comparison.origin)
    if file:
        head = pen.words.say("{name}, as recorded in {file}", name=name, file=file)
    else:
        head = pen.words.say("{name}, as recorded", name=name)
    yield pen.ink(cut(head, pen.look.width), Ink.BOLD)
    for source in comparison.sources:
        pin = short_pin(source)
        text = pen.words.many(
            source.files, "against {pin}, {n} file", "against {pin}, {n} files", pin=pin
        )
        yield pen.ink(cut(text, pen.look.width), Ink.DIM)
    if found := classes(comparison, pen.words):
        yield from wrap(found, pen.look.width)


def _claims(comparison: Comparison, standing: Standing, pen: Pen) -> Iterator[str]:
    found = list(by_standing(comparison, standing))
    if found:
        yield pen.ink(standing_word(standing, pen.words), Ink.BOLD)
    for name, check in found:
        yield from _claim(subject(name, check, pen.words), check, pen)


def _claim(head: str, check: Check, pen: Pen) -> Iterator[str]:
    mark, ink = _MARK[check.standing]
    where = short_place(check.evidence[0]) if check.evidence else ""
    room = pen.look.width - 2
    yield f"{pen.ink(mark, ink)} {cut(head, room)}"
    because = pen.words.told(visible(check.because))
    lines = wrap(because, room) if pen.look.detail else [cut(because, room)]
    if where and width(lines[-1]) + width(where) + 2 <= room:
        lines[-1] += f"  {pen.ink(where, Ink.DIM)}"
    elif where:
        lines.append(pen.ink(cut(where, room), Ink.DIM))
    yield from (f"  {line}" for line in lines)
    if pen.look.detail:
        for evidence in check.evidence:
            quote = f' "{visible(evidence.quote)}"' if evidence.quote else ""
            yield pen.ink(cut(f"    {place(evidence)}{quote}", pen.look.width), Ink.DIM)


def _unsupported(comparison: Comparison, pen: Pen) -> Iterator[str]:
    if pen.look.detail:
        yield from _claims(comparison, Standing.UNSUPPORTED, pen)
    elif names := in_a_row(comparison, Standing.UNSUPPORTED, pen.words):
        head = pen.words.say("Unsupported: everything audited was read, and nothing shows")
        yield pen.ink(head, Ink.BOLD)
        yield from paragraph("○ ", names, pen)


def _unchecked(comparison: Comparison, pen: Pen) -> Iterator[str]:
    if pen.look.detail:
        yield from _claims(comparison, Standing.NOT_CHECKABLE, pen)
    elif names := in_a_row(comparison, Standing.NOT_CHECKABLE, pen.words):
        yield pen.ink(pen.words.say("Not checkable (why, with -v)"), Ink.BOLD)
        yield from paragraph("? ", names, pen)


def _supported(comparison: Comparison, pen: Pen) -> Iterator[str]:
    if pen.look.detail:
        yield from _claims(comparison, Standing.SUPPORTED, pen)
        return
    if names := supported(comparison.entries, pen.words):
        head = pen.words.say("Released as recorded (✔ there, ◐ in part, ↗ linked)")
        yield pen.ink(head, Ink.BOLD)
        yield from paragraph("", pen.words.listed(names), pen)


def _lacks(lacks: Sequence[Lacking], pen: Pen) -> Iterator[str]:
    if lacks:
        yield pen.ink(pen.words.say(LACKING), Ink.BOLD)
    for lack in lacks:
        where = short_place(lack.evidence[0]) if lack.evidence else ""
        head = f"{pen.words.short_name(title(lack.component))}  {where}"
        told = pen.words.told(visible(lack.because))
        because = cut(told, pen.look.width - width(head) - 4)
        yield f"{SUPPORT_MARK[lack.status]} {head}  {pen.ink(because, Ink.DIM)}".rstrip()


def _notes(comparison: Comparison, pen: Pen) -> Iterator[str]:
    for address in comparison.unread:
        text = pen.words.say(NOT_READ, address=visible(address))
        yield from wrap(text, pen.look.width)
    for note in comparison.notes:
        yield from wrap(pen.words.told(visible(note)), pen.look.width)


# ----------------------------------------------------------------------------------- many records


def _table(checked: Checked, pen: Pen) -> Iterator[str]:
    names = [_name(c) for c in checked.comparisons]
    room = min(_NAME, max((width(name) for name in names), default=6))
    if not names:
        return
    words = pen.words
    marks = "  ".join(f"{_MARK[s][0]} {words.say(WORD[s])}" for s in Standing)
    yield pen.ink(marks, Ink.DIM)
    signs = "".join(f"{_MARK[s][0]:>4}" for s in Standing)
    groups = " ".join(pad(words.say(GROUP[group]), 17) for group in ("released", "license"))
    yield pen.ink(f"{pad('', room)}  {groups}", Ink.BOLD)
    classes_head = words.say("class: recorded, strictly, in truth")
    columns = f"{signs} |{signs} |{_right(words.say('lacks'), 6)}  {classes_head}"
    first = pad(words.say("record"), room)
    yield pen.ink(cut(f"{first}  {columns}", pen.look.width), Ink.BOLD)
    for name, comparison in zip(names, checked.comparisons, strict=True):
        counts = totals((comparison,))
        cells = " |".join(
            "".join(f"{counts[group][s] or '·':>4}" for s in Standing)
            for group in ("released", "license")
        )
        row = (
            f"{pad(name, room)}  {cells} |{len(comparison.lacks) or '·':>6}  "
            f"{_classes(comparison, words)}"
        )
        yield cut(row, pen.look.width)


def _name(comparison: Comparison) -> str:
    return visible(comparison.origin) or visible(comparison.record)


def _classes(comparison: Comparison, words: Words) -> str:
    found = comparison.classes
    answers = (found.reference, found.strict, found.audited) if found else ()
    return words.listed([words.told(visible(answer)) for answer in answers])


def _right(text: str, room: int) -> str:
    return " " * (room - width(text)) + text


def _totals(comparisons: Sequence[Comparison], pen: Pen) -> Iterator[str]:
    if not comparisons:
        return
    counts, words = totals(comparisons), pen.words
    heads = "".join(_right(words.say(WORD[s]), 15) for s in Standing)
    yield pen.ink(f"{'':9}{heads}", Ink.DIM)
    for group in GROUPS:
        if any(counts[group].values()):
            row = "".join(f"{counts[group][s]:>15}" for s in Standing)
            yield f"{pad(words.say(GROUP[group]), 9)}{row}"
    if note := footnote(finer(comparisons), words):
        yield from wrap(note, pen.look.width)
    if len(comparisons) > 1:
        yield words.say(
            "{n} records; {lacking} components are in a release and not recorded.",
            n=len(comparisons),
            lacking=sum(len(c.lacks) for c in comparisons),
        )


def _all_wrong(comparisons: Sequence[Comparison], pen: Pen) -> Iterator[str]:
    """Contradicted and unsupported claims, a line each, by record."""
    for comparison in comparisons:
        lines = [
            _short(name, check, pen) for s in _WRONG for name, check in by_standing(comparison, s)
        ]
        if lines:
            yield pen.ink(_name(comparison), Ink.BOLD)
            yield from lines


def _short(name: str, check: Check, pen: Pen) -> str:
    mark, ink = _MARK[check.standing]
    where = f"{short_place(check.evidence[0])}  " if check.evidence else ""
    told = pen.words.told(visible(check.because))
    because = told if check.standing is Standing.CONTRADICTED else ""
    text = subject(name, check, pen.words)
    if where or because:
        text = pen.words.say("{name}: {text}", name=text, text=f"{where}{because}")
    return f"  {pen.ink(mark, ink)} {cut(text, pen.look.width - 4)}"


def _unmatched(items: Sequence[Unmatched], pen: Pen) -> Iterator[str]:
    if not items:
        return
    words = pen.words
    head = words.many(len(items), "Not checked: {n} record", "Not checked: {n} records")
    yield pen.ink(head, Ink.BOLD)
    shown = items if pen.look.detail else items[:_UNMATCHED]
    for item in shown:
        because = words.told(visible(item.because))
        text = words.say("{name}: {text}", name=visible(item.origin), text=because)
        yield cut(f"  {text}", pen.look.width)
    if len(shown) < len(items):
        yield "  " + words.say("{n} more with -v", n=len(items) - len(shown))
