"""One screen that a busy person understands; ``-v`` adds the evidence, ``-vv`` every fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openassay.canonical import visible
from openassay.kinship import Compared, Means
from openassay.reports import Look, Report, lineage
from openassay.reports._cells import ANSWER_MARK, Ink, Pen, cut, pad, paragraph, width
from openassay.reports._disagreements import disagreements, sides, subject
from openassay.reports._review import AS_FOUND, change_lines, review_rows, verdict_rows
from openassay.reports._view import (
    STATUS_WORD,
    claims_by_need,
    estimates,
    evidence_of,
    gap_text,
    license_name,
    main_and_finer,
    next_steps,
    openness,
    place,
    points,
    questions,
    short_pin,
    short_place,
    title,
    verdict_reason,
    why,
)
from openassay.types import (
    Claim,
    Component,
    Contradiction,
    Dossier,
    Evidence,
    Gap,
    Outcome,
    Status,
    Verdict,
    Visited,
)

MARK = {
    Status.PRESENT: ("✔", Ink.GREEN),
    Status.PARTIAL: ("◐", Ink.YELLOW),
    Status.LINKED: ("↗", Ink.GREEN),
    Status.ABSENT: ("✘", Ink.RED),
    Status.UNKNOWN: ("?", Ink.YELLOW),
}
_NONE: frozenset[str] = frozenset()
_IN_A_ROW = (Status.UNKNOWN, Status.ABSENT)  # without -v these share a paragraph each
_SHOWN = (2, 2, 4, 2, 2)  # claims, contradictions, next steps, disagreements, lineages at first
_TITLE, _LICENSE, _OPEN, _GROUP = 31, 20, 10, 13  # columns at most
_WIDE = 96  # columns that a line needs for names in two languages
_BESIDE = 17  # more columns for a title where the official English stands beside it
_TOLD = ("component", "scope", "license", "topic", "value", "base", "barrier", "url", "other",
         "verdict", "inspector")  # fmt: skip


class _Scribe(Pen):
    """A pen that knows how much room names take in the language of the look."""

    __slots__ = ()

    @property
    def title_room(self) -> int:
        return _TITLE + (0 if self.look.lang == "en" or not self._is_wide else _BESIDE)

    @property
    def _is_wide(self) -> bool:
        return self.look.width >= _WIDE

    def named(self, title: str) -> str:
        """A name with the official English beside it, where there is room for both."""
        return self.words.name(title) if self._is_wide else self.words.short_name(title)


def render(report: Report, look: Look) -> str:
    """The report for a terminal; the same text without colour when piped."""
    pen = _Scribe(look)
    blocks = (
        _header(report, pen),
        _verdicts(report, pen),
        _review(report, pen),
        _since(report, pen),
        _components(report.dossier.components, pen),
        _disagreements(report, pen),
        _claims(report.dossier.claims, pen),
        _contradictions(report.dossier.contradictions, pen),
        _lineage(report.dossier, pen),
        _links(report.dossier, pen),
        _steps(report, pen),
        _gaps(report.dossier.gaps, pen),
        _facts(report, pen) if look.detail > 1 else (),
    )
    texts = ("\n".join(block) for block in blocks)
    return pen.sign("\n\n".join(text for text in texts if text)) + "\n"


def render_verdicts(name: str, verdicts: Iterable[Verdict], look: Look) -> str:
    """Verdicts rule by rule: what `openassay judge` shows."""
    pen = _Scribe(look)
    blocks = [[pen.ink(visible(name), Ink.BOLD)]]
    blocks += [list(_verdict(verdict, pen)) for verdict in verdicts]
    return pen.sign("\n\n".join("\n".join(block) for block in blocks)) + "\n"


def _verdict(verdict: Verdict, pen: _Scribe) -> Iterator[str]:
    words = pen.words
    answer = words.told(visible(verdict.answer))
    yield pen.ink(_headed(pen.named(visible(verdict.title)), answer, pen), Ink.BOLD)
    if verdict.progress:
        shares = [f"{visible(name)} {share:g} %" for name, share in verdict.progress.items()]
        yield "  " + words.say("progress: {shares}", shares=words.listed(shares))
    room = min(_GROUP, max((5, *(width(visible(one.group)) for one in verdict.results))))
    for result in verdict.results:
        mark, ink = ANSWER_MARK[result.answer]
        group = visible(result.group)
        because = words.told(visible(result.because[0])) if result.because else ""
        named = pen.named(visible(result.title))
        because = points(result, words) + because
        text = f"{pad(named, pen.title_room)} {pad(group, room)} {because}"
        yield f"  {pen.ink(mark, ink)} {cut(text, pen.look.width - 4)}".rstrip()
        if result.next_step and pen.look.detail:
            step = words.told(visible(result.next_step))
            yield from paragraph("      " + words.say("next: "), step, pen)
    for note in verdict.notes:
        yield from paragraph("  ", words.told(visible(note)), pen)


def _headed(name: str, text: str, pen: _Scribe) -> str:
    return pen.words.say("{name}: {text}", name=name, text=text)


def _header(report: Report, pen: _Scribe) -> Iterator[str]:
    name = cut(visible(report.dossier.release), pen.look.width - 24)
    by = visible(report.dossier.read_by)
    yield pen.ink(name, Ink.BOLD) + f"{by:>{max(0, pen.look.width - width(name))}}"
    for source in report.dossier.sources:
        pin = cut(short_pin(source), pen.look.width - 14)
        files = pen.words.many(source.files, "{n} file", "{n} files")
        yield pen.ink(pen.words.say("{source}, {files}", source=pin, files=files), Ink.DIM)


def _verdicts(report: Report, pen: _Scribe) -> Iterator[str]:
    for verdict in report.verdicts:
        title_, answer = visible(verdict.title or verdict.framework), visible(verdict.answer)
        answer = pen.words.told(answer)
        name = _headed(pen.named(title_), "", pen)
        if width(name + answer) >= pen.look.width:  # the answer counts for more than a second name
            name = _headed(pen.words.short_name(title_), "", pen)
        answer = cut(answer, pen.look.width - width(name) - 1)
        optional = report.optional.get(verdict.framework, _NONE)
        reason = verdict_reason(verdict, optional, pen.words)
        room = pen.look.width - width(name + answer) - 3
        if reason and pen.look.detail:
            yield f"{name}{pen.ink(answer, Ink.BOLD)}"
            yield from paragraph("  ", reason, pen)
            yield from _weighed(verdict, optional, pen)
        else:
            tail = f" — {cut(reason, room)}" if reason and room > 0 else ""
            yield f"{name}{pen.ink(answer, Ink.BOLD)}{tail}"


def _components(components: Iterable[Component], pen: _Scribe) -> Iterator[str]:
    main, finer = main_and_finer(components)
    shown = [c for c in main if pen.look.detail or c.status not in _IN_A_ROW]
    rooms = _rooms(shown, pen)
    legend = "  ".join(
        f"{mark} {pen.words.say(STATUS_WORD[status])}" for status, (mark, _) in MARK.items()
    )
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
    names = [
        f"{MARK[c.status][0]} {pen.words.short_name(title(c.id))}"
        for c in finer
        if c.status is not Status.ABSENT
    ]
    if names:
        yield from paragraph(pen.words.say("also: "), pen.words.listed(names), pen)


def _rooms(components: Iterable[Component], pen: _Scribe) -> tuple[int, int, int]:
    """Columns for the titles, the licences and the openness of these components."""
    titles, names = 0, 0
    for component in components:
        titles = max(titles, width(pen.named(title(component.id))))
        names = max(names, width(license_name(component.license)))
    return min(titles, pen.title_room), min(names, _LICENSE), _OPEN


def _row(component: Component, rooms: tuple[int, int, int], pen: _Scribe) -> str:
    mark, ink = MARK[component.status]
    state = openness(component)
    state_ink = {"open": Ink.GREEN, "not open": Ink.RED}.get(state, Ink.YELLOW)
    named = pad(pen.named(title(component.id)), rooms[0])
    left = f"{pen.ink(mark, ink)} {named}  {pad(license_name(component.license), rooms[1])}  "
    shown = pen.ink(pad(pen.words.say(state) if state else "", rooms[2]), state_ink)
    reason = cut(why(component, pen.words, short=True), pen.look.width - (sum(rooms) + 8))
    return f"{left}{shown}  {reason}".rstrip()


def _in_a_row(components: Iterable[Component], status: Status, pen: _Scribe) -> Iterator[str]:
    names = [pen.words.short_name(title(c.id)) for c in components if c.status is status]
    if names:
        mark, ink = MARK[status]
        head = pen.words.say("{name}: {text}", name=pen.words.say(STATUS_WORD[status]), text="")
        lines = list(paragraph(f"{mark} {head}", pen.words.listed(names), pen))
        yield pen.ink(mark, ink) + lines[0][1:]
        yield from lines[1:]


def _evidence_lines(items: Iterable[tuple[Evidence, str]], pen: _Scribe) -> Iterator[str]:
    for evidence, detail in items:
        quote = f' "{visible(evidence.quote)}"' if evidence.quote else ""
        note = f"  ({visible(pen.words.told(detail))})" if detail and pen.look.detail > 1 else ""
        room = pen.look.width if pen.look.detail < 2 else 10_000
        yield pen.ink(cut(f"    {place(evidence)}{quote}{note}", room), Ink.DIM)


def _weighed(verdict: Verdict, optional: frozenset[str], pen: _Scribe) -> Iterator[str]:
    """Estimates with their inputs and places, and what a person must judge."""
    words = pen.words
    for name, said, evidence in estimates(verdict, words):
        head = words.say("estimate, {name}: ", name=words.short_name(name))
        places = ", ".join(place(one) for one in evidence)
        yield from paragraph(f"  {head}", f"{said} [{places}]", pen)
    for _, question in questions(verdict, optional):
        yield from paragraph("  " + words.say("to judge: "), words.told(question), pen)


def _disagreements(report: Report, pen: _Scribe) -> Iterator[str]:
    """Where one framework says yes of what another says no of; ``-v`` all, with the reasons."""
    words = pen.words
    every = disagreements(report.verdicts, report.dossier)
    shown = every if pen.look.detail else [item for item in every if item.is_sharp][: _SHOWN[3]]
    if shown:
        yield pen.ink(words.say("Frameworks disagree"), Ink.BOLD)
    for item in shown:
        said = words.say("; ").join(
            _headed(answer, names, pen) for answer, names in sides(item, words)
        )
        text = _headed(subject(item, words), said, pen)
        yield from paragraph(f"{pen.sign('◐')} ", text, pen)
        if pen.look.detail:
            for opinion in item.opinions:
                because = words.told(visible(opinion.because))
                text = f"    {_headed(visible(opinion.framework), because, pen)}"
                yield pen.ink(cut(text, pen.look.width), Ink.DIM)
    if shown and len(shown) < len(every):
        yield "  " + words.say("{n} more with -v", n=len(every) - len(shown))


def _claims(claims: Iterable[Claim], pen: _Scribe) -> Iterator[str]:
    words = pen.words
    false, open_ = claims_by_need(claims)
    shown = false if pen.look.detail else false[: _SHOWN[0]]
    if false:
        yield pen.ink(words.say("Claims that do not hold"), Ink.BOLD)
    for claim in shown:
        where = cut(short_place(claim.evidence), 40)
        quote = cut(visible(claim.evidence.quote), pen.look.width - width(where) - 5)
        yield f'{pen.ink("✘", Ink.RED)} "{quote}" {pen.ink(where, Ink.DIM)}'
        for because in claim.because[: None if pen.look.detail else 1]:
            yield f"  {cut(words.told(visible(because)), pen.look.width - 2)}"
    rest = []
    if len(shown) < len(false):
        rest.append(words.say("{n} more with -v", n=len(false) - len(shown)))
    if open_:
        rest.append(
            words.many(
                len(open_), "{n} claim could not be checked", "{n} claims could not be checked"
            )
        )
    if rest:
        yield f"  {words.say('; ').join(rest)}"


def _contradictions(items: tuple[Contradiction, ...], pen: _Scribe) -> Iterator[str]:
    shown = items if pen.look.detail else items[: _SHOWN[1]]
    if items:
        yield pen.ink(pen.words.say("Contradictions"), Ink.BOLD)
    for item in shown:
        places = ", ".join(short_place(evidence) for evidence in item.evidence[:2])
        told = pen.words.told(visible(item.text))
        text = cut(told, pen.look.width - 3 - min(30, width(places)))
        where = pen.ink(cut(places, pen.look.width - 3 - width(text)), Ink.DIM)
        yield f"{pen.ink('✘', Ink.RED)} {text} {where}".rstrip()
        if pen.look.detail:
            yield from _evidence_lines(((evidence, "") for evidence in item.evidence), pen)
    if len(shown) < len(items):
        yield "  " + pen.words.say("{n} more with -v", n=len(items) - len(shown))


_MEANS = {
    Means.DERIVED: "↗", Means.CONTRADICTION: "✘", Means.CONFIRMED: "✔", Means.QUESTION: "?",
}  # fmt: skip


def _lineage(dossier: Dossier, pen: _Scribe) -> Iterator[str]:
    """What the weights say of other models; ``-v`` adds every test and how the two differ."""
    words = pen.words
    pairs = lineage.compared(dossier)
    shown = pairs if pen.look.detail else pairs[: _SHOWN[4]]
    if lineage.any_of(dossier):
        yield pen.ink(words.say("Lineage: what the weights say"), Ink.BOLD)
    for fact in shown:
        said = lineage.headline(fact, words, short=not pen.look.detail)
        yield from paragraph("  ", _headed(visible(fact.other), said, pen), pen)
        yield from _followed(fact, pen)
        if pen.look.detail:
            yield from _numbers(fact, pen)
    if len(shown) < len(pairs):
        yield "  " + words.say("{n} more with -v", n=len(pairs) - len(shown))
    for rest in lineage.unmatched(dossier):
        text = lineage.silence(rest, words)
        lines = (
            paragraph("  ", text, pen) if pen.look.detail else [cut(f"  {text}", pen.look.width)]
        )
        yield from lines


def _followed(fact: Compared, pen: _Scribe) -> Iterator[str]:
    """What follows for the release; contradictions stand above, among all others."""
    for one in fact.follows:
        if pen.look.detail or one.means is not Means.CONTRADICTION:
            text = pen.words.told(visible(one.text))
            yield from paragraph(f"  {pen.sign(_MEANS[one.means])} ", text, pen)


def _numbers(fact: Compared, pen: _Scribe) -> Iterator[str]:
    """How the two differ, which came first, every test, and where it was read."""
    words = pen.words
    for text in (*lineage.altered(fact, words), lineage.direction(fact, words)):
        if text:
            yield from paragraph("    ", text, pen)
    for name, outcome, agree, p, _ in lineage.rows(fact, words):
        tail = words.listed([part for part in (outcome, agree, p) if part])
        yield pen.ink(cut(f"    {_headed(name, tail, pen)}", pen.look.width), Ink.DIM)
    yield from _evidence_lines(((item, "") for item in fact.evidence), pen)


_FOUND = {
    Outcome.REACHED: "✔", Outcome.MOVED: "↗", Outcome.GATED: "◐", Outcome.EMPTY: "✘",
    Outcome.MISSING: "✘",
}  # fmt: skip


def _links(dossier: Dossier, pen: _Scribe) -> Iterator[str]:
    """Links that were opened; without -v only those that do not lead where they should."""
    words = pen.words
    opened = [fact for fact in dossier.facts if isinstance(fact, Visited)]
    if not opened:
        return
    yield pen.ink(words.say("Links opened: {n}", n=len(opened)), Ink.BOLD)
    telling = [fact for fact in opened if fact.outcome is not Outcome.REACHED]
    shown = opened if pen.look.detail else telling[: _SHOWN[1]]
    for fact in shown:
        where = short_place(fact.evidence[0])
        text = f"{words.told(visible(fact.detail))} {where}"
        yield from paragraph(f"{pen.sign(_FOUND[fact.outcome])} ", text, pen)
    if len(shown) < len(telling):
        yield "  " + words.say("{n} more with -v", n=len(telling) - len(shown))


def _steps(report: Report, pen: _Scribe) -> Iterator[str]:
    steps = next_steps(report.verdicts, report.optional)
    shown = steps if pen.look.detail else steps[: _SHOWN[2]]
    if steps:
        yield pen.ink(pen.words.say("Next steps"), Ink.BOLD)
    for number, (text, helped) in enumerate(shown, 1):
        names = f"[{helped[0]}{f' +{len(helped) - 1}' if len(helped) > 1 else ''}]"
        room = pen.look.width - width(names) - 5
        yield f"{number:>2}. {cut(pen.words.told(text), room)} {pen.ink(names, Ink.DIM)}"


def _gaps(gaps: tuple[Gap, ...], pen: _Scribe) -> Iterator[str]:
    words = pen.words
    if not gaps:
        yield pen.ink(words.say("Everything listed was read."), Ink.DIM)
        return
    if not pen.look.detail:
        counts: dict[str, int] = {}
        for gap in gaps:
            counts[visible(gap.reason)] = counts.get(visible(gap.reason), 0) + 1
        reasons = words.listed([f"{n} {words.told(why)}" for why, n in sorted(counts.items())])
        yield cut(
            words.say("Not read: {reasons}; details with -v", reasons=reasons), pen.look.width
        )
        return
    yield pen.ink(words.say("Not read"), Ink.BOLD)
    for gap in gaps:
        file = visible(gap.path or gap.source)
        text = f"{_headed(file, gap_text(gap, words), pen)} ({visible(gap.by)})"
        yield cut(f"? {text}", pen.look.width)


def _facts(report: Report, pen: _Scribe) -> Iterator[str]:
    yield pen.ink(pen.words.say("Facts"), Ink.BOLD)
    for fact in report.dossier.facts:
        said = [f"{name}={visible(str(v))}" for name in _TOLD if (v := getattr(fact, name, ""))]
        yield f"  {type(fact).__name__} {' '.join(said)}  {visible(pen.words.told(fact.detail))}"
        yield from _evidence_lines(((evidence, "") for evidence in fact.evidence), pen)


def _review(report: Report, pen: _Scribe) -> Iterator[str]:
    """What people reviewed; everything else on the screen is as found."""
    if report.review is None:
        return
    words = pen.words
    head = words.say("Reviewed in {file}", file=visible(report.review.file))
    yield pen.ink(cut(head, pen.look.width), Ink.BOLD)
    yield from paragraph("  ", words.say(AS_FOUND), pen)
    for name, found, reviewed in verdict_rows(report, words):
        text = words.say(
            "{name}: {found} as found, {reviewed} as reviewed",
            name=name, found=found, reviewed=reviewed,
        )  # fmt: skip
        yield from paragraph("  ", text, pen)
    for what, found, said, by, reason, evidence in review_rows(report.review, words):
        yield from paragraph("  ", f"{what}: {found or '-'} → {said} ({by})", pen)
        if pen.look.detail:
            yield from paragraph("    ", f"{reason} {evidence}", pen)


def _since(report: Report, pen: _Scribe) -> Iterator[str]:
    if report.since is None:
        return
    head = pen.words.say("Since {file}", file=visible(report.since.baseline))
    yield pen.ink(cut(head, pen.look.width), Ink.BOLD)
    if not report.since.changes:
        yield f"  {pen.words.say('Nothing changed.')}"
    yield from change_lines(report.since.changes, pen, pen.words)
