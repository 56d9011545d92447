"""The report as a document (GitHub-flavoured Markdown): tables, with the evidence as footnotes.

Audited text only ever appears in code spans or escaped, so that it can neither mark up the page
nor link, mention or embed anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from openassay.canonical import visible
from openassay.reports import Look, Report, lineage
from openassay.reports._disagreements import disagreements, subject
from openassay.reports._markup import safe_link
from openassay.reports._review import (
    AS_FOUND,
    CHANGE_HEADS,
    REVIEW_HEADS,
    VERDICT_HEADS,
    change_rows,
    review_rows,
    verdict_rows,
)
from openassay.reports._view import (
    STATUS_WORD,
    claims_by_need,
    estimates,
    evidence_of,
    main_and_finer,
    next_steps,
    openness,
    place,
    questions,
    title,
    verdict_reason,
    why,
)
from openassay.types import Claim, Component, Evidence, Gap
from openassay.words import ENGLISH, Words, mark, speaker

_SHOWN = 5  # pieces of evidence per row; JSON has all
# What could mark up, link, embed or mention: emphasis, code, links, tables, HTML, maths; the colon
# and dot that begin an autolink; and what begins a list, quote or rule at the start of a text.
_ACTIVE = re.compile(
    r"[\\`*_\[\]|~<>&@$#]|:(?=/)|(?<=www)\.|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]", re.I
)
_ENTITY = frozenset("<>&@:")  # a backslash does not stop these everywhere


@dataclass(slots=True)
class Notes:
    """Evidence as numbered footnotes, each once, in the order it is first cited."""

    words: Words = ENGLISH
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
            source = self.words.say("in {source}", source=code(visible(item.source)))
            yield f"[^{number}]: {where}{said} ({code(digest)}, {source})"


def render(report: Report, look: Look) -> str:
    """The report as Markdown text."""
    words = speaker(look.lang)
    dossier, notes = report.dossier, Notes(words)
    main, finer = main_and_finer(dossier.components)
    false, unchecked = claims_by_need(dossier.claims)
    blocks = (
        _header(report, words),
        _verdicts(report, words),
        _review(report, words),
        _since(report, words),
        _questions(report, words),
        _estimates(report, notes),
        _disagreements(report, notes),
        _components(words.say("Components"), main, notes),
        _components(words.say("Finer components"), finer, notes),
        _claims(words.say("Claims that do not hold"), false, notes),
        _claims(words.say("Claims that could not be checked"), unchecked, notes),
        _contradictions(report, notes),
        _lineage(report, notes),
        _steps(report, words),
        _gaps(dossier.gaps, words),
    )
    texts = ["\n".join(block) for block in blocks]
    texts.append("\n".join(notes.lines()))
    return "\n\n".join(text for text in texts if text) + "\n"


def render_lineage(report: Report, look: Look) -> str:
    """Nothing but comparisons of weights, which are facts of the report's dossier."""
    notes = Notes(speaker(look.lang))
    blocks = (_header(report, notes.words), _lineage(report, notes))
    texts = [*("\n".join(block) for block in blocks), "\n".join(notes.lines())]
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


def _header(report: Report, words: Words) -> Iterator[str]:
    yield f"# {escape(report.dossier.release)}"
    yield ""
    for source in report.dossier.sources:
        yield f"- {code(visible(source.id))}: {words.say('{n} files', n=source.files)}"
    if report.dossier.read_by:
        yield f"- {words.say('read by {tool}', tool=escape(report.dossier.read_by))}"


def table(
    heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], words: Words = ENGLISH
) -> Iterator[str]:
    body = list(rows)
    if body:
        yield f"| {' | '.join(words.say(head) for head in heads)} |"
        yield f"|{' --- |' * len(heads)}"
        for row in body:
            yield f"| {' | '.join(row)} |"


def _verdicts(report: Report, words: Words) -> Iterator[str]:
    rows = []
    for verdict in report.verdicts:
        optional = report.optional.get(verdict.framework, frozenset())
        reason = verdict_reason(verdict, optional, words)
        name = escape(words.name(verdict.title or verdict.framework))
        answer = words.told(visible(verdict.answer))
        rows.append((name, f"**{escape(answer)}**", escape(reason)))
    if rows:
        yield f"## {words.say('Verdicts')}\n"
        heads = (mark("Framework"), mark("Answer"), mark("Why"))
        yield from table(heads, rows, words)


def _questions(report: Report, words: Words) -> Iterator[str]:
    """What no tool can answer, framework by framework."""
    asked = [
        (verdict, found)
        for verdict in report.verdicts
        if (found := questions(verdict, report.optional.get(verdict.framework, frozenset())))
    ]
    if asked:
        yield f"## {words.say('For a person to judge')}\n"
    for verdict, found in asked:
        yield f"- **{escape(words.name(verdict.title or verdict.framework))}**"
        for name, question in found:
            text = words.say("{name}: {text}", name=words.name(name), text=words.told(question))
            yield f"  - {escape(text)}"


def _estimates(report: Report, notes: Notes) -> Iterator[str]:
    words = notes.words
    found = [(verdict, item) for verdict in report.verdicts for item in estimates(verdict, words)]
    if found:
        yield f"## {words.say('Estimates')}\n"
    for verdict, (name, said, evidence) in found:
        rule = words.listed([words.name(verdict.title or verdict.framework), words.name(name)])
        text = words.say("{name}: {text}", name=escape(rule), text=escape(said))
        yield f"- {text} {notes.cite(evidence)}".rstrip()


def _disagreements(report: Report, notes: Notes) -> Iterator[str]:
    words = notes.words
    found = disagreements(report.verdicts, report.dossier)
    if found:
        yield f"## {words.say('Where frameworks disagree')}\n"
    for item in found:
        yield f"- **{escape(subject(item, words))}** {notes.cite(item.evidence)}".rstrip()
        for opinion in item.opinions:
            rule = f"{opinion.framework}/{opinion.criterion}"
            text = words.say("{answer}, {rule}: {because}", answer=words.say(opinion.answer.value),
                             rule=rule, because=words.told(visible(opinion.because)))  # fmt: skip
            yield f"  - {escape(text)}"


def _components(head: str, components: Iterable[Component], notes: Notes) -> Iterator[str]:
    rows = [_row(component, notes) for component in components]
    if rows:
        yield f"## {head}\n"
        heads = (
            mark("Component"), mark("Status"), mark("Licence"), mark("Open"), mark("Why"),
            mark("Evidence"),
        )  # fmt: skip
        yield from table(heads, rows, notes.words)


def _row(component: Component, notes: Notes) -> tuple[str, ...]:
    words, state = notes.words, openness(component)
    return (
        escape(words.name(title(component.id))),
        words.say(STATUS_WORD[component.status]),
        cell_code(visible(component.license or "")),
        words.say(state) if state else "",
        escape(why(component, words)),
        notes.cite(evidence for evidence, _ in evidence_of(component)),
    )


def _claims(head: str, claims: Iterable[Claim], notes: Notes) -> Iterator[str]:
    for index, claim in enumerate(claims):
        if index == 0:
            yield f"## {head}\n"
        yield f"- {code(visible(claim.evidence.quote))} {notes.cite((claim.evidence,))}"
        yield from (f"  - {escape(notes.words.told(because))}" for because in claim.because)


def _contradictions(report: Report, notes: Notes) -> Iterator[str]:
    if report.dossier.contradictions:
        yield f"## {notes.words.say('Contradictions')}\n"
    for item in report.dossier.contradictions:
        yield f"- {escape(notes.words.told(item.text))} {notes.cite(item.evidence)}".rstrip()


def _lineage(report: Report, notes: Notes) -> Iterator[str]:
    """What the weights say of each other model: verdict, consequences, kinds, table of tests."""
    words, dossier = notes.words, report.dossier
    if lineage.any_of(dossier):
        yield f"## {words.say('Lineage: what the weights say')}\n"
        yield words.say(lineage.LEAD)
    for fact in lineage.compared(dossier):
        yield f"\n### {escape(fact.other)}\n"
        yield f"{escape(lineage.headline(fact, words))} {notes.cite(fact.evidence)}\n"
        for one in fact.follows:
            text = words.say("{name}: {text}", name=words.say(lineage.MEANS[one.means]),
                             text=words.told(one.text))  # fmt: skip
            yield f"- {escape(text)} {notes.cite(one.evidence)}".rstrip()
        kinds = [*lineage.altered(fact, words), lineage.direction(fact, words)]
        yield from (f"- {escape(text)}" for text in kinds if text)
        yield ""
        cells = (tuple(map(escape, row)) for row in lineage.rows(fact, words))
        yield from table(lineage.HEADS, cells, words)
    for rest in lineage.unmatched(dossier):
        yield f"\n{escape(lineage.silence(rest, words))} {notes.cite(rest.evidence)}"


def _steps(report: Report, words: Words) -> Iterator[str]:
    steps = next_steps(report.verdicts, report.optional)
    if steps:
        yield f"## {words.say('Next steps')}\n"
    for text, helped in steps:
        yield f"1. {escape(words.told(text))} ({', '.join(escape(name) for name in helped)})"


def _gaps(gaps: Iterable[Gap], words: Words) -> Iterator[str]:
    rows = [
        (
            cell_code(visible(gap.path or gap.source)),
            escape(words.told(gap.reason)),
            escape(words.told(gap.detail)) if words.knows(gap.detail) else "",
        )
        for gap in gaps
    ]
    if rows:
        yield f"## {words.say('Not read')}\n"
        yield from table((mark("Path"), mark("Reason"), mark("Detail")), rows, words)


def _review(report: Report, words: Words) -> Iterator[str]:
    """What people reviewed, beside what was found: the tables of the report are as found."""
    if report.review is None:
        return
    yield f"## {words.say('Reviewed in {file}', file=code(visible(report.review.file)))}\n"
    yield words.say(AS_FOUND) + "\n"
    rows = (
        (*map(escape, row[:-1]), cell_code(row[-1])) for row in review_rows(report.review, words)
    )
    yield from table(REVIEW_HEADS, rows, words)
    verdicts = [tuple(map(escape, row)) for row in verdict_rows(report, words)]
    if verdicts:
        yield ""
        yield from table(VERDICT_HEADS, verdicts, words)


def _since(report: Report, words: Words) -> Iterator[str]:
    if report.since is None:
        return
    yield f"## {words.say('Since {file}', file=code(visible(report.since.baseline)))}\n"
    if not report.since.changes:
        yield words.say("Nothing changed.")
    rows = (tuple(map(escape, row)) for row in change_rows(report.since.changes, words))
    yield from table(CHANGE_HEADS, rows, words)
