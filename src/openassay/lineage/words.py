"""A comparison in plain words for a terminal, and as the versioned JSON ``openassay-lineage/1``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

from openassay.canonical import dump_json, visible
from openassay.lineage.consequences import Consequence
from openassay.lineage.result import Comparison, Order, Outcome, Side, Verdict
from openassay.reports.lineage import MEANING, power
from openassay.types import Evidence

SCHEMA: Final = "openassay-lineage/1"


def render(found: Comparison, consequences: Sequence[Consequence], width: int, detail: int) -> str:
    """The whole comparison as text of at most ``width`` columns."""
    lines = [f"A  {_side(found.a)}", f"B  {_side(found.b)}", ""]
    lines.append(f"{found.verdict.upper()}: {MEANING[found.verdict]}")
    if found.verdict is Verdict.PART:
        lines.append(f"Parts: {'; '.join(found.parts)}")
    lines.append("")
    for outcome in found.outcomes:
        sign = "✔" if outcome.found else ("·" if outcome.ran else " ")
        head = f"{sign} {outcome.test:3} "
        lines += _wrapped(head, _said(outcome), width)
    if found.verdict is Verdict.CANNOT:
        lines += ["", *[line for why in found.because for line in _wrapped("? ", why, width)]]
    if found.relations:
        lines += ["", "What kind of relation"]
        for relation in found.relations:
            lines += _wrapped("  ", f"{relation.kind}: {relation.text}", width)
    if found.related:
        lines += ["", f"Direction: {found.order}"]
        lines += [line for why in found.order_because for line in _wrapped("  ", why, width)]
    if consequences:
        lines += ["", "What follows for the release"]
        lines += [line for one in consequences for line in _wrapped("  ", one.text, width)]
    if detail and found.matches:
        lines += ["", "Rows in place (B from A)"]
        lines += [f"  {visible(m.b)} from {visible(m.a)}: {m.count}/{m.of}, {power(m.log10_p)}"
                  for m in found.matches]  # fmt: skip
    notes = found.notes if detail else found.notes[:4]
    if notes:
        lines += ["", *[line for note in notes for line in _wrapped("note: ", note, width)]]
    return "\n".join(lines) + "\n"


def render_many(
    found: Sequence[Comparison],
    mixed: str,
    width: int,
    consequences: Sequence[Consequence] = (),
) -> str:
    """One model against many: a line each, the strongest first."""
    order = list(Verdict)
    lines = []
    for one in sorted(found, key=lambda c: (order.index(c.verdict), c.a.name, c.a.label)):
        parts = f" ({'; '.join(one.parts)})" if one.verdict is Verdict.PART else ""
        why = one.because[0] if one.verdict in (Verdict.CANNOT, Verdict.STRONG) else _best(one)
        lines.append(f"{one.verdict:28} {visible(one.a.name)}{parts}")
        lines += _wrapped(" " * 29, why, width) if why else []
    if mixed:
        lines += ["", *_wrapped("", mixed, width)]
    if consequences:
        lines += ["", "What follows for the release"]
        lines += [line for one in consequences for line in _wrapped("  ", one.text, width)]
    return "\n".join(lines) + "\n"


def _best(found: Comparison) -> str:
    powers = [o for o in found.outcomes if o.log10_p is not None]
    if not powers:
        return ""
    best = min(powers, key=lambda o: o.log10_p or 0.0)
    return f"strongest {best.test}: {power(best.log10_p or 0.0)}"


def _wrapped(head: str, text: str, width: int) -> Iterator[str]:
    indent = " " * len(head)
    yield from wrap(visible(text), width=width, initial_indent=head, subsequent_indent=indent)


def _side(side: Side) -> str:
    how = "read whole" if side.whole else f"{side.bytes_read:,} bytes read"
    return visible(
        f"{side.name}: {side.label}, {side.format}, {side.tensors} tensors, "
        f"{side.nbytes:,} bytes, {how}"
    )


def _said(outcome: Outcome) -> str:
    if not outcome.ran:
        return f"{outcome.title}: not run: {outcome.sentence}"
    tail = f"; {power(outcome.log10_p)}" if outcome.log10_p is not None else ""
    if outcome.tests > 1 and outcome.log10_p is not None:
        tail += f" over {outcome.tests} comparisons"
    return f"{outcome.title}: {outcome.sentence}{tail}"


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
            "order": {Order.B_LATER: "b_later", Order.A_LATER: "a_later"}.get(found.order),
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
