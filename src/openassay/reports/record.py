"""A record judged twice: strictly, and as the framework's reference tool does, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from openassay.canonical import visible
from openassay.checked import Difference
from openassay.reports import Look
from openassay.reports._cells import ANSWER_MARK, Ink, Pen, cut, pad, wrap
from openassay.types import Result, Verdict

_TITLE = 31  # columns at most


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
    lines = [pen.ink(visible(name) or "(no name)", Ink.BOLD), visible(strict.title)]
    for label, verdict in (("strictly", strict), ("the reference tool", reference)):
        shares = ", ".join(f"{visible(k)} {v:.4g} %" for k, v in verdict.progress.items())
        lines.append(f"  {pad(label, 18)}  {pen.ink(pad(verdict.answer, 4), Ink.BOLD)}  {shares}")
    return lines


def _rows(strict: Verdict, reference: Verdict, pen: Pen) -> list[str]:
    theirs = {result.criterion: result for result in reference.results}
    lines = [pen.ink("strictly, the reference tool", Ink.DIM)]
    lines += [_row(result, theirs.get(result.criterion), pen) for result in strict.results]
    return lines


def _row(ours: Result, theirs: Result | None, pen: Pen) -> str:
    mark, ink = ANSWER_MARK[ours.answer]
    other, other_ink = ANSWER_MARK[theirs.answer] if theirs else (" ", Ink.PLAIN)
    because = visible(ours.because[0]) if ours.because else ""
    text = f"{pad(visible(ours.title), _TITLE)} {pad(visible(ours.group), 5)} {because}"
    signs = f"{pen.ink(mark, ink)} {pen.ink(other, other_ink)}"
    return f"  {signs}  {cut(text, pen.look.width - 7)}".rstrip()


def _differences(differences: Sequence[Difference], pen: Pen) -> list[str]:
    if not differences:
        return [pen.ink("The two agree on every component.", Ink.DIM)]
    lines = [pen.ink("Where they differ, and why", Ink.BOLD)]
    for item in differences:
        # The sentence after the state repeats the licence, which `because` explains.
        ours, theirs = (text.partition(":")[0].lower() for text in (item.strict, item.reference))
        head = f"{visible(item.title)}: strictly {visible(ours)}, the reference tool "
        lines.append(f"  {cut(head + visible(theirs), pen.look.width - 2)}")
        lines += [f"    {line}" for line in wrap(visible(item.because), pen.look.width - 4)]
    return lines


def _notes(verdict: Verdict, pen: Pen) -> list[str]:
    return [line for note in verdict.notes for line in wrap(visible(note), pen.look.width)]
