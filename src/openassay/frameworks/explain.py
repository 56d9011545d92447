"""Frameworks and their rules in plain text, for `openassay explain`."""

from __future__ import annotations

from textwrap import fill

from openassay.frameworks.model import Asks, Criterion, Framework, LicenseRule, RollUp, Way, When
from openassay.types import Answer, Kind
from openassay.vocabulary import by_id

_WIDTH = 88
_HOW = {
    RollUp.LADDER: "The verdict is the highest class all of whose required components are there "
    "and open; each class contains the ones below it.",
    RollUp.ALL: "Every required criterion must hold; one that fails decides.",
    RollUp.SUM: "Yes counts 1, partly 0.5, no 0; the verdict is the sum.",
}


def explain_framework(framework: Framework) -> str:
    """Title, source, how it adds up, and one line for each criterion."""
    lines = [f"{framework.title} ({framework.id})", framework.source, ""]
    lines += [_wrap(framework.summary), "", _wrap(_HOW[framework.roll_up]), ""]
    for group in framework.groups:
        lines.append(group.title)
        for criterion in framework.criteria:
            if criterion.group == group.id:
                optional = "" if criterion.required else "  (optional)"
                lines.append(f"  {criterion.id:<30} {criterion.title}{optional}")
        lines.append("")
    lines += [_wrap(f"- {note}", "  ") for note in framework.notes]
    return "\n".join(lines).rstrip() + "\n"


def explain_criterion(framework: Framework, criterion: Criterion) -> str:
    """The published rule, its source, what counts, which licences, and the next step."""
    group = next(group for group in framework.groups if group.id == criterion.group)
    need = "required" if criterion.required else "optional"
    lines = [
        f"{framework.id}/{criterion.id}: {criterion.title}",
        f"{framework.title}, {group.title}, {need}",
        "",
        _wrap(f"Rule: {criterion.rule}"),
        f"Source: {criterion.source}",
    ]
    for label, text in (
        ("What counts", _counts(criterion)),
        ("Answered by", _answered_by(criterion)),
        ("A person must judge", criterion.human),
        ("When not met", criterion.next_step),
    ):
        if text:
            lines += ["", _wrap(f"{label}: {text}")]
    if criterion.license is Asks.OPEN:
        for kind in dict.fromkeys(by_id()[part].kind for part in criterion.parts):
            lines += ["", *_licenses(kind, framework.licenses[kind])]
    return "\n".join(lines).rstrip() + "\n"


def _counts(criterion: Criterion) -> str:
    if criterion.counts or len(criterion.parts) != 1:
        return criterion.counts
    return by_id()[criterion.parts[0]].counts


def _answered_by(criterion: Criterion) -> str:
    if criterion.covers:
        names = ", ".join(by_id()[part].title for part in criterion.covers)
        return f"the share, under open licences, of what is released of: {names}"
    return "; or ".join(_way(way) for way in criterion.ways)


def _way(way: Way) -> str:
    text = " and ".join(by_id()[part].title for part in way.parts)
    if way.substitute:
        text += " in its place"
    if way.when is When.TUNED:
        text += " (of a model tuned from another)"
    elif way.when is When.FROM_SCRATCH:
        text += " (of a model trained from scratch)"
    return text + (" (counts as partly)" if way.gives is Answer.PARTLY else "")


def _licenses(kind: Kind, rule: LicenseRule) -> list[str]:
    lines = [_wrap(f"Licences that count as open for {kind.value}: {rule.title}."), rule.source]
    if rule.sets:
        lines.append(_wrap(f"  lists: {', '.join(rule.sets)}", "  "))
    if rule.ids:
        lines.append(_wrap(f"  also: {', '.join(sorted(rule.ids))}", "  "))
    if rule.but:
        lines.append(_wrap(f"  but not: {', '.join(sorted(rule.but))}", "  "))
    if rule.note:
        lines.append(_wrap(f"  {rule.note}", "  "))
    return lines


def _wrap(text: str, indent: str = "") -> str:
    return fill(
        text,
        _WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
