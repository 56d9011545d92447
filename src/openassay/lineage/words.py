"""A comparison in plain words for a terminal, and as the versioned JSON ``openassay-lineage/1``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

from openassay import columns
from openassay.canonical import dump_json, visible
from openassay.lineage.consequences import Consequence
from openassay.lineage.result import Comparison, Order, Outcome, Side, Verdict
from openassay.reports import Look
from openassay.reports.lineage import ALTERED, MEANING, ORDER_ID, VERDICT, power
from openassay.types import Evidence
from openassay.words import SOURCE, Words, mark, speaker

SCHEMA: Final = "openassay-lineage/1"
_ORDER: Final = {
    Order.B_LATER: mark("B came after A"),
    Order.A_LATER: mark("A came after B"),
    Order.UNKNOWN: mark("not told by the weights"),
}
_NOTES = 4  # without -v
_VERDICT = 28  # columns of a verdict, where there is a line for each model


def render(found: Comparison, consequences: Sequence[Consequence], look: Look) -> str:
    """The whole comparison; what is longer than a line is wrapped at ``look.width`` columns."""
    words = speaker(look.lang)
    lines = [f"A  {_side(found.a, words)}", f"B  {_side(found.b, words)}", ""]
    lines += _verdict(found, words)
    lines.append("")
    for outcome in found.outcomes:
        sign = "✔" if outcome.found else ("·" if outcome.ran else " ")
        lines += _wrapped(f"{sign} {outcome.test:3} ", _said(outcome, words), look)
    if found.verdict is Verdict.CANNOT:
        lines += ["", *[line for why in found.because for line in _told("? ", why, look)]]
    if found.relations:
        lines += ["", words.say("What kind of relation")]
        for relation in found.relations:
            text = words.say("{name}: {text}", name=words.say(ALTERED[relation.kind]),
                             text=words.told(visible(relation.text)))  # fmt: skip
            lines += _wrapped("  ", text, look)
    if found.related:
        lines += ["", words.say("Direction: {order}", order=words.say(_ORDER[found.order]))]
        lines += [line for why in found.order_because for line in _told("  ", why, look)]
    lines += _follows(consequences, look)
    if look.detail and found.matches:
        lines += ["", words.say("Rows in place (B from A)")]
        lines += [
            "  " + words.say("{b} from {a}: {count}/{of}, {p}", b=visible(m.b), a=visible(m.a),
                             count=m.count, of=m.of, p=power(m.log10_p))
            for m in found.matches
        ]  # fmt: skip
    notes = found.notes if look.detail else found.notes[:_NOTES]
    if notes:
        head = words.say("note: ")
        lines += ["", *[line for note in notes for line in _told(head, note, look)]]
    return "\n".join(lines) + "\n"


def render_many(
    found: Sequence[Comparison],
    mixed: str,
    look: Look,
    consequences: Sequence[Consequence] = (),
) -> str:
    """One model against many: a line each, the strongest first."""
    words, order = speaker(look.lang), list(Verdict)
    lines = []
    for one in sorted(found, key=lambda c: (order.index(c.verdict), c.a.name, c.a.label)):
        told = [words.told(visible(p)) for p in one.parts] if one.verdict is Verdict.PART else []
        parts = words.say(" ({names})", names=words.say("; ").join(told)) if told else ""
        unsure = one.verdict in (Verdict.CANNOT, Verdict.STRONG)
        why = words.told(visible(one.because[0])) if unsure else _best(one, words)
        verdict = columns.pad(words.say(VERDICT[one.verdict]), _VERDICT)
        lines.append(f"{verdict} {visible(one.a.name)}{parts}")
        lines += _wrapped(" " * (_VERDICT + 1), why, look) if why else []
    if mixed:
        lines += ["", *_told("", mixed, look)]
    lines += _follows(consequences, look)
    return "\n".join(lines) + "\n"


def _verdict(found: Comparison, words: Words) -> Iterator[str]:
    name = words.say(VERDICT[found.verdict]).upper()
    yield words.say("{name}: {text}", name=name, text=words.say(MEANING[found.verdict]))
    if found.verdict is Verdict.PART:
        parts = words.say("; ").join(words.told(visible(part)) for part in found.parts)
        yield words.say("Parts: {names}", names=parts)


def _follows(consequences: Sequence[Consequence], look: Look) -> list[str]:
    if not consequences:
        return []
    title = speaker(look.lang).say("What follows for the release")
    return ["", title, *[line for one in consequences for line in _told("  ", one.text, look)]]


def _best(found: Comparison, words: Words) -> str:
    powers = [o for o in found.outcomes if o.log10_p is not None]
    if not powers:
        return ""
    best = min(powers, key=lambda o: o.log10_p or 0.0)
    return words.say("strongest {test}: {p}", test=best.test, p=power(best.log10_p or 0.0))


def _told(head: str, sentence: str, look: Look) -> Iterator[str]:
    """A sentence of a comparison in the language of the look."""
    yield from _wrapped(head, speaker(look.lang).told(visible(sentence)), look)


def _wrapped(head: str, text: str, look: Look) -> Iterator[str]:
    """Visible text behind a head; English also breaks behind hyphens, Chinese between signs."""
    indent = " " * columns.width(head)
    if look.lang == SOURCE:
        yield from wrap(text, width=look.width, initial_indent=head, subsequent_indent=indent)
        return
    first, *more = columns.wrap(text, max(1, look.width - len(indent)))
    yield head + first
    yield from (indent + line for line in more)


def _side(side: Side, words: Words) -> str:
    read = words.say("{n} bytes read", n=f"{side.bytes_read:,}")
    return words.say(
        "{name}: {label}, {format}, {tensors} tensors, {n} bytes, {how}",
        name=visible(side.name),
        label=visible(side.label),
        format=visible(side.format),
        tensors=side.tensors,
        n=f"{side.nbytes:,}",
        how=words.say("read whole") if side.whole else read,
    )


def _said(outcome: Outcome, words: Words) -> str:
    title, sentence = (words.told(visible(t)) for t in (outcome.title, outcome.sentence))
    if not outcome.ran:
        return words.say("{name}: not run: {why}", name=title, why=sentence)
    parts = [sentence]
    if outcome.log10_p is not None:
        p = power(outcome.log10_p)
        many = outcome.tests > 1
        parts.append(words.say("{p} over {n} comparisons", p=p, n=outcome.tests) if many else p)
    return words.say("{name}: {text}", name=title, text=words.say("; ").join(parts))


# --- JSON -----------------------------------------------------------------------------------------


def render_json(
    found: Sequence[Comparison],
    consequences: Sequence[Consequence],
    mixed: str = "",
    sources: Mapping[str, str] = {},
) -> str:
    """The comparisons as ``openassay-lineage/1``; see docs/lineage.md.

    ``sources`` says where what was read live lies, by pin, so that the evidence can be verified.
    """
    return dump_json(
        {
            "schema": SCHEMA,
            "sources": [{"id": pin, "locator": sources[pin]} for pin in sorted(sources)],
            "comparisons": [document(one) for one in found],
            "mixture": mixed or None,
            "consequences": [
                {"kind": str(one.kind), "id": one.id, "text": one.text,
                 "evidence": [_evidence(e) for e in one.evidence]}
                for one in consequences
            ],
        }
    )  # fmt: skip


def document(found: Comparison) -> dict[str, Any]:
    """One comparison as plain objects."""
    return {
        "a": _side_out(found.a),
        "b": _side_out(found.b),
        "verdict": str(found.verdict),
        "because": list(found.because),
        "parts": list(found.parts),
        "tests": [_outcome_out(outcome) for outcome in found.outcomes],
        "matches": [
            {"a": m.a, "b": m.b, "role": m.role, "rows": m.of, "in_place": m.count,
             "log10_p": round(m.log10_p, 3)}
            for m in found.matches
        ],
        "matrix": {
            "b": list(found.matrix.rows),
            "a": list(found.matrix.columns),
            "share": [list(row) for row in found.matrix.values],
        },
        "relations": [
            {"kind": str(r.kind), "text": r.text, "loses": r.loses or None}
            for r in found.relations
        ],
        "direction": {
            "order": ORDER_ID.get(found.order),
            "because": list(found.order_because),
        },
        "notes": list(found.notes),
    }  # fmt: skip


def _side_out(side: Side) -> dict[str, Any]:
    return {
        "name": side.name, "label": side.label, "source": side.source, "format": side.format,
        "bytes": side.nbytes, "bytes_read": side.bytes_read, "tensors": side.tensors,
        "whole": side.whole, "dated": side.dated or None,
        "evidence": [_evidence(one) for one in side.evidence],
    }  # fmt: skip


def _outcome_out(outcome: Outcome) -> dict[str, Any]:
    p = None if outcome.log10_p is None else round(outcome.log10_p, 3)
    return {
        "test": outcome.test, "title": outcome.title, "ran": outcome.ran, "found": outcome.found,
        "applies": outcome.applies, "sentence": outcome.sentence, "log10_p": p,
        "count": outcome.count, "of": outcome.of, "comparisons": outcome.tests,
        "share": None if outcome.share is None else round(outcome.share, 4),
        "chance": None if outcome.null is None else round(outcome.null, 4),
        "layers": outcome.layers,
    }  # fmt: skip


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "source": one.source, "path": one.path, "unit": str(one.span.unit),
        "start": one.span.start, "end": one.span.end, "quote": one.quote,
        "digest": {"algorithm": one.digest.algorithm, "value": one.digest.value},
        "link": one.link,
    }  # fmt: skip
