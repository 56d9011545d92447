"""A record judged twice: strictly, and as the framework's reference tool does, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from openassay.canonical import visible
from openassay.checked import Difference
from openassay.reports import Look
from openassay.reports._cells import ANSWER_MARK, Ink, Pen, cut, pad, width, wrap
from openassay.types import Result, Verdict
from openassay.words import mark

_TITLE = 31  # columns at most
_OURS, _THEIRS = mark("strictly"), mark("the reference tool")


def render(
    name: str, strict: Verdict, reference: Verdict, differences: Sequence[Difference], look: Look
) -> str:
    """Both classes, every component with both signs, then why the two differ."""
    pen = Pen(look)
    blocks = (
        _head(name, strict, reference, pen),
        _rows(strict, reference, pen),
        _differences(differences, pen),
        _notes(strict, pen),
    )
    return pen.sign("\n\n".join("\n".join(block) for block in blocks if block)) + "\n"


def _head(name: str, strict: Verdict, reference: Verdict, pen: Pen) -> list[str]:
    words = pen.words
    title = pen.ink(visible(name) or words.say("(no name)"), Ink.BOLD)
    lines = [title, words.name(visible(strict.title))]
    answers = [words.told(verdict.answer) for verdict in (strict, reference)]
    room = max(4, *map(width, answers))
    for label, verdict, answer in zip((_OURS, _THEIRS), (strict, reference), answers, strict=True):
        shares = words.listed([f"{visible(k)} {v:.4g} %" for k, v in verdict.progress.items()])
        told = pen.ink(pad(answer, room), Ink.BOLD)
        lines.append(f"  {pad(words.say(label), 18)}  {told}  {shares}")
    return lines


def _rows(strict: Verdict, reference: Verdict, pen: Pen) -> list[str]:
    theirs = {result.criterion: result for result in reference.results}
    lines = [pen.ink(pen.words.say("strictly, the reference tool"), Ink.DIM)]
    lines += [_row(result, theirs.get(result.criterion), pen) for result in strict.results]
    return lines


def _row(ours: Result, theirs: Result | None, pen: Pen) -> str:
    sign, ink = ANSWER_MARK[ours.answer]
    other, other_ink = ANSWER_MARK[theirs.answer] if theirs else (" ", Ink.PLAIN)
    because = pen.words.told(visible(ours.because[0])) if ours.because else ""
    title = pen.words.short_name(visible(ours.title))
    text = f"{pad(title, _TITLE)} {pad(visible(ours.group), 5)} {because}"
    signs = f"{pen.ink(sign, ink)} {pen.ink(other, other_ink)}"
    return f"  {signs}  {cut(text, pen.look.width - 7)}".rstrip()


def _differences(differences: Sequence[Difference], pen: Pen) -> list[str]:
    if not differences:
        return [pen.ink(pen.words.say("The two agree on every component."), Ink.DIM)]
    words = pen.words
    lines = [pen.ink(words.say("Where they differ, and why"), Ink.BOLD)]
    for item in differences:
        # The sentence after the state repeats the licence, which `because` explains.
        ours, theirs = (text.partition(":")[0].lower() for text in (item.strict, item.reference))
        head = words.say(
            "{name}: strictly {ours}, the reference tool {theirs}",
            name=words.short_name(visible(item.title)),
            ours=words.told(visible(ours)),
            theirs=words.told(visible(theirs)),
        )
        lines.append(f"  {cut(head, pen.look.width - 2)}")
        because = words.told(visible(item.because))
        lines += [f"    {line}" for line in wrap(because, pen.look.width - 4)]
    return lines


def _notes(verdict: Verdict, pen: Pen) -> list[str]:
    told = (pen.words.told(visible(note)) for note in verdict.notes)
    return [line for note in told for line in wrap(note, pen.look.width)]
