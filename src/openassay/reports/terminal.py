"""One screen that a busy person understands; ``-v`` adds the evidence, ``-vv`` every fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openassay.canonical import visible
from openassay.reports import Look, Report
from openassay.reports._cells import Ink, Pen, cut, pad, width, wrap
from openassay.reports._review import change_lines, review_rows, verdict_rows
from openassay.reports._view import (
    STATUS_WORD,
    claims_by_need,
    evidence_of,
    main_and_finer,
    next_steps,
    openness,
    place,
    short_pin,
    short_place,
    title,
    verdict_reason,
    why,
)
from openassay.types import (
    Answer,
    Claim,
    Component,
    Contradiction,
    Evidence,
    Gap,
    Status,
    Verdict,
)

MARK = {
    Status.PRESENT: ("✔", Ink.GREEN),
    Status.PARTIAL: ("◐", Ink.YELLOW),
    Status.LINKED: ("↗", Ink.GREEN),
    Status.ABSENT: ("✘", Ink.RED),
    Status.UNKNOWN: ("?", Ink.YELLOW),
}
_IN_A_ROW = (Status.UNKNOWN, Status.ABSENT)  # without -v these share a paragraph each
_SHOWN = (2, 2, 4)  # claims, contradictions, next steps on the first screen
_TITLE, _LICENSE, _OPEN = 31, 20, 10  # columns at most
_TOLD = ("component", "scope", "license", "topic", "value", "base", "barrier", "url", "inspector")
_ANSWER = {
    Answer.YES: ("✔", Ink.GREEN),
    Answer.PARTLY: ("◐", Ink.YELLOW),
    Answer.NO: ("✘", Ink.RED),
    Answer.UNKNOWN: ("?", Ink.YELLOW),
    Answer.NOT_APPLICABLE: ("·", Ink.DIM),
}


def render(report: Report, look: Look) -> str:
    """The report for a terminal; the same text without colour when piped."""
    pen = Pen(look)
    blocks = (
        _header(report, pen),
        _verdicts(report, pen),
        _review(report, pen),
        _since(report, pen),
        _components(report.dossier.components, pen),
        _claims(report.dossier.claims, pen),
        _contradictions(report.dossier.contradictions, pen),
        _steps(report, pen),
        _gaps(report.dossier.gaps, pen),
        _facts(report, pen) if look.detail > 1 else (),
    )
    texts = ("\n".join(block) for block in blocks)
    return pen.sign("\n\n".join(text for text in texts if text)) + "\n"


def render_verdicts(name: str, verdicts: Iterable[Verdict], look: Look) -> str:
    """Verdicts rule by rule: what `openassay judge` shows."""
    pen = Pen(look)
    blocks = [[pen.ink(visible(name), Ink.BOLD)]]
    blocks += [list(_verdict(verdict, pen)) for verdict in verdicts]
    return pen.sign("\n\n".join("\n".join(block) for block in blocks)) + "\n"


def _verdict(verdict: Verdict, pen: Pen) -> Iterator[str]:
    yield pen.ink(f"{visible(verdict.title)}: {visible(verdict.answer)}", Ink.BOLD)
    if verdict.progress:
        shares = (f"{visible(name)} {share:g} %" for name, share in verdict.progress.items())
        yield f"  progress: {', '.join(shares)}"
    for result in verdict.results:
        mark, ink = _ANSWER[result.answer]
        group = visible(result.group)
        because = visible(result.because[0]) if result.because else ""
        text = f"{pad(visible(result.title), _TITLE)} {pad(group, 5)} {because}"
        yield f"  {pen.ink(mark, ink)} {cut(text, pen.look.width - 4)}".rstrip()
        if result.next_step and pen.look.detail:
            yield from _paragraph("      next: ", visible(result.next_step), pen)
    for note in verdict.notes:
        yield from _paragraph("  ", visible(note), pen)


def _header(report: Report, pen: Pen) -> Iterator[str]:
    name = cut(visible(report.dossier.release), pen.look.width - 24)
    by = visible(report.dossier.read_by)
    yield pen.ink(name, Ink.BOLD) + f"{by:>{max(0, pen.look.width - width(name))}}"
    for source in report.dossier.sources:
        pin = cut(short_pin(source), pen.look.width - 14)
        yield pen.ink(f"{pin}, {source.files} file{'' if source.files == 1 else 's'}", Ink.DIM)


def _verdicts(report: Report, pen: Pen) -> Iterator[str]:
    for verdict in report.verdicts:
        name = f"{visible(verdict.title or verdict.framework)}: "
        answer = cut(visible(verdict.answer), pen.look.width - width(name) - 1)
        reason = verdict_reason(verdict, report.optional.get(verdict.framework, frozenset()))
        room = pen.look.width - width(name + answer) - 3
        if reason and pen.look.detail:
            yield f"{name}{pen.ink(answer, Ink.BOLD)}"
            yield from _paragraph("  ", reason, pen)
        else:
            tail = f" — {cut(reason, room)}" if reason else ""
            yield f"{name}{pen.ink(answer, Ink.BOLD)}{tail}"


def _components(components: Iterable[Component], pen: Pen) -> Iterator[str]:
    main, finer = main_and_finer(components)
    shown = [c for c in main if pen.look.detail or c.status not in _IN_A_ROW]
    rooms = _rooms(shown)
    legend = "  ".join(f"{mark} {STATUS_WORD[status]}" for status, (mark, _) in MARK.items())
    if main or finer:
        yield pen.ink(legend, Ink.DIM)
    if pen.look.detail:
        shown += [c for c in finer if evidence_of(c)]
    for component in shown:
        yield _row(component, rooms, pen)
        if pen.look.detail:
            yield from _evidence_lines(evidence_of(component), pen)
    if not pen.look.detail:
        for status in _IN_A_ROW:
            yield from _in_a_row(main, status, pen)
    names = [f"{MARK[c.status][0]} {title(c.id)}" for c in finer if c.status is not Status.ABSENT]
    if names:
        yield from _paragraph("also: ", ", ".join(names), pen)


def _rooms(components: Iterable[Component]) -> tuple[int, int]:
    """Columns for the titles and the licences of these components."""
    titles, names = 0, 0
    for component in components:
        titles = max(titles, width(title(component.id)))
        names = max(names, width(_license_name(component)))
    return min(titles, _TITLE), min(names, _LICENSE)


def _license_name(component: Component) -> str:
    return visible(component.license or "").removeprefix("LicenseRef-")


def _row(component: Component, rooms: tuple[int, int], pen: Pen) -> str:
    mark, ink = MARK[component.status]
    state = openness(component)
    state_ink = {"open": Ink.GREEN, "not open": Ink.RED}.get(state, Ink.YELLOW)
    names = f"{pad(title(component.id), rooms[0])}  {pad(_license_name(component), rooms[1])}"
    left = f"{pen.ink(mark, ink)} {names}  "
    room = pen.look.width - (sum(rooms) + _OPEN + 8)
    reason = cut(why(component, short=True), room)
    return f"{left}{pen.ink(pad(state, _OPEN), state_ink)}  {reason}".rstrip()


def _in_a_row(components: Iterable[Component], status: Status, pen: Pen) -> Iterator[str]:
    names = [title(component.id) for component in components if component.status is status]
    if names:
        mark, ink = MARK[status]
        lines = list(_paragraph(f"{mark} {STATUS_WORD[status]}: ", ", ".join(names), pen))
        yield pen.ink(mark, ink) + lines[0][1:]
        yield from lines[1:]


def _paragraph(head: str, text: str, pen: Pen) -> Iterator[str]:
    indent = " " * width(head)
    for index, line in enumerate(wrap(text, pen.look.width - len(indent))):
        yield (indent if index else head) + line


def _evidence_lines(items: Iterable[tuple[Evidence, str]], pen: Pen) -> Iterator[str]:
    for evidence, detail in items:
        quote = f' "{visible(evidence.quote)}"' if evidence.quote else ""
        note = f"  ({visible(detail)})" if detail and pen.look.detail > 1 else ""
        room = pen.look.width if pen.look.detail < 2 else 10_000
        yield pen.ink(cut(f"    {place(evidence)}{quote}{note}", room), Ink.DIM)


def _claims(claims: Iterable[Claim], pen: Pen) -> Iterator[str]:
    false, open_ = claims_by_need(claims)
    shown = false if pen.look.detail else false[: _SHOWN[0]]
    if false:
        yield pen.ink("Claims that do not hold", Ink.BOLD)
    for claim in shown:
        where = cut(short_place(claim.evidence), 40)
        quote = cut(visible(claim.evidence.quote), pen.look.width - width(where) - 5)
        yield f'{pen.ink("✘", Ink.RED)} "{quote}" {pen.ink(where, Ink.DIM)}'
        for because in claim.because[: None if pen.look.detail else 1]:
            yield f"  {cut(visible(because), pen.look.width - 2)}"
    rest = [f"{len(false) - len(shown)} more with -v"] if len(shown) < len(false) else []
    if open_:
        rest.append(f"{len(open_)} claim{'s' if len(open_) > 1 else ''} could not be checked")
    if rest:
        yield f"  {'; '.join(rest)}"


def _contradictions(items: tuple[Contradiction, ...], pen: Pen) -> Iterator[str]:
    shown = items if pen.look.detail else items[: _SHOWN[1]]
    if items:
        yield pen.ink("Contradictions", Ink.BOLD)
    for item in shown:
        places = ", ".join(short_place(evidence) for evidence in item.evidence[:2])
        text = cut(visible(item.text), pen.look.width - 3 - min(30, width(places)))
        where = pen.ink(cut(places, pen.look.width - 3 - width(text)), Ink.DIM)
        yield f"{pen.ink('✘', Ink.RED)} {text} {where}".rstrip()
        if pen.look.detail:
            yield from _evidence_lines(((evidence, "") for evidence in item.evidence), pen)
    if len(shown) < len(items):
        yield f"  {len(items) - len(shown)} more with -v"


def _steps(report: Report, pen: Pen) -> Iterator[str]:
    steps = next_steps(report.verdicts, report.optional)
    shown = steps if pen.look.detail else steps[: _SHOWN[2]]
    if steps:
        yield pen.ink("Next steps", Ink.BOLD)
    for number, (text, helped) in enumerate(shown, 1):
        names = f"[{helped[0]}{f' +{len(helped) - 1}' if len(helped) > 1 else ''}]"
        room = pen.look.width - width(names) - 5
        yield f"{number:>2}. {cut(text, room)} {pen.ink(names, Ink.DIM)}"


def _gaps(gaps: tuple[Gap, ...], pen: Pen) -> Iterator[str]:
    if not gaps:
        yield pen.ink("Everything listed was read.", Ink.DIM)
        return
    if not pen.look.detail:
        counts: dict[str, int] = {}
        for gap in gaps:
            counts[visible(gap.reason)] = counts.get(visible(gap.reason), 0) + 1
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
        yield cut(f"Not read: {reasons}; details with -v", pen.look.width)
        return
    yield pen.ink("Not read", Ink.BOLD)
    for gap in gaps:
        text = f"? {gap.path or gap.source}: {gap.detail or gap.reason} ({gap.by})"
        yield cut(visible(text), pen.look.width)


def _facts(report: Report, pen: Pen) -> Iterator[str]:
    yield pen.ink("Facts", Ink.BOLD)
    for fact in report.dossier.facts:
        said = [f"{name}={visible(str(v))}" for name in _TOLD if (v := getattr(fact, name, ""))]
        yield f"  {type(fact).__name__} {' '.join(said)}  {visible(fact.detail)}"
        yield from _evidence_lines(((evidence, "") for evidence in fact.evidence), pen)


def _review(report: Report, pen: Pen) -> Iterator[str]:
    """What people reviewed; everything else on the screen is as found."""
    if report.review is None:
        return
    head = f"Reviewed in {visible(report.review.file)}; all other lines are as found"
    yield pen.ink(cut(head, pen.look.width), Ink.BOLD)
    for name, found, reviewed in verdict_rows(report):
        yield from _paragraph("  ", f"{name}: {found} as found, {reviewed} as reviewed", pen)
    for what, found, said, by, reason, evidence in review_rows(report.review):
        yield from _paragraph("  ", f"{what}: {found or '-'} → {said} ({by})", pen)
        if pen.look.detail:
            yield from _paragraph("    ", f"{reason} {evidence}", pen)


def _since(report: Report, pen: Pen) -> Iterator[str]:
    if report.since is None:
        return
    yield pen.ink(cut(f"Since {visible(report.since.baseline)}", pen.look.width), Ink.BOLD)
    if not report.since.changes:
        yield "  nothing changed"
    yield from change_lines(report.since.changes, pen)
