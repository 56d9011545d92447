"""Frameworks and their rules in plain text, for `openassay explain`."""

from __future__ import annotations

from textwrap import fill

from openassay.frameworks.model import (
    Asks,
    ComputeBound,
    Criterion,
    Framework,
    LicenseRule,
    RollUp,
    Way,
    When,
)
from openassay.frameworks.topics import TOPICS
from openassay.types import Answer, Extent, Kind
from openassay.vocabulary import by_id

_WIDTH = 88
_HOW = {
    RollUp.LADDER: "The verdict is the highest class all of whose required components are there "
    "and open; each class contains the ones below it.",
    RollUp.ALL: "Every required criterion must hold; one that fails decides.",
    RollUp.SUM: "Yes counts 1, partly 0.5, no 0; the verdict is the sum.",
    RollUp.MEAN: "Yes counts 1, partly 0.5, no 0; the verdict is the plain mean.",
    RollUp.INDEX: "Each criterion gives points; the verdict is their sum in percent of all points.",
    RollUp.COUNT: "The verdict is how many criteria are met; what is partly met is not.",
}


def explain_framework(framework: Framework) -> str:
    """Title, source, how it adds up, and one line for each criterion."""
    lines = [f"{framework.title} ({framework.id})", framework.source, ""]
    if framework.superseded_by:
        lines += [f"Replaced by {framework.superseded_by}.", ""]
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
        ("Answered by", _answered_by(framework, criterion)),
        ("A person must judge", criterion.human),
        ("When not met", criterion.next_step),
    ):
        if text:
            lines += ["", _wrap(f"{label}: {text}")]
    for heading, rule in _lists(framework, criterion):
        lines += ["", *_licenses(heading, rule)]
    return "\n".join(lines).rstrip() + "\n"


def _lists(framework: Framework, criterion: Criterion) -> list[tuple[str, LicenseRule]]:
    """Every list of licences the criterion looks into, each once."""
    kinds: dict[Kind, None] = {}
    names: dict[str, None] = {}
    if criterion.covers and criterion.license is Asks.OPEN:
        kinds |= dict.fromkeys(by_id()[part].kind for part in criterion.covers)
    for way in criterion.ways:
        if way.licenses:
            names[way.licenses] = None
        elif (way.license or criterion.license) is Asks.OPEN:
            kinds |= dict.fromkeys(by_id()[part].kind for part in way.parts)
    return [
        *((f"count as open for {kind.value}", framework.licenses[kind]) for kind in kinds),
        *((f"are in the list {name!r}", framework.lists[name]) for name in names),
    ]


def _counts(criterion: Criterion) -> str:
    if criterion.counts or len(criterion.parts) != 1:
        return criterion.counts
    return by_id()[criterion.parts[0]].counts


def _answered_by(framework: Framework, criterion: Criterion) -> str:
    if criterion.compute is not None:
        return _bound(criterion.compute)
    if criterion.covers:
        names = ", ".join(by_id()[part].title for part in criterion.covers)
        text = f"the share, under open licences, of what is released of: {names}"
        if criterion.complete:
            text += "; yes only when all of these are there"
        if criterion.at_least > 1:
            text += f"; partly from {criterion.at_least} on"
        return text
    return "; or ".join(_way(way, framework.roll_up) for way in criterion.ways)


def _bound(bound: ComputeBound) -> str:
    side = "more than" if bound.above else "at most"
    return (
        f"the training compute, {side} {bound.flop:.0e} FLOP".replace("e+", "e")
        + ": as stated, or estimated as 6 × parameters × tokens or from accelerator hours; told "
        "only where the whole range of the estimate lies on one side"
    )


def _way(way: Way, roll_up: RollUp) -> str:
    parts = [by_id()[part].title for part in way.parts]
    if way.enough is Extent.PART:
        parts = [f"{title} (some of it will do)" for title in parts]
    text = " and ".join((*parts, *(f"a statement of {TOPICS[topic]}" for topic in way.stated)))
    if way.licenses:
        text += f" under a licence of the list {way.licenses!r}"
    if way.substitute:
        text += " in its place"
    if way.when is When.TUNED:
        text += " (of a model tuned from another)"
    elif way.when is When.FROM_SCRATCH:
        text += " (of a model trained from scratch)"
    return text + _gives(way, roll_up)


def _gives(way: Way, roll_up: RollUp) -> str:
    if roll_up is RollUp.INDEX:
        some = f", {way.sure_points:g} of them certain" if way.sure_points < way.points else ""
        unit = "point" if way.points == 1 else "points"
        return f" ({way.points:g} {unit}{some})"
    text = " (counts as partly)" if way.gives is Answer.PARTLY else ""
    if way.sure not in (Answer.YES, way.gives):
        text += f" (certain: {way.sure.value}; a person judges the rest)"
    return text


def _licenses(heading: str, rule: LicenseRule) -> list[str]:
    lines = [_wrap(f"Licences that {heading}: {rule.title}."), rule.source]
    if rule.sets:
        lines.append(_wrap(f"  lists: {', '.join(rule.sets)}", "  "))
    if rule.ids:
        lines.append(_wrap(f"  also: {', '.join(sorted(rule.ids))}", "  "))
    for name, values in rule.terms:
        shown = ", ".join(value or "none" for value in values)
        lines.append(f"  with known terms: {name} = {shown}")
    if rule.but:
        lines.append(_wrap(f"  but not: {', '.join(sorted(rule.but))}", "  "))
    if rule.note:
        lines.append(_wrap(f"  {rule.note}", "  "))
    if rule.review is not None:
        lines += ["", *_licenses("a person must weigh", rule.review)]
    return lines


def _wrap(text: str, indent: str = "") -> str:
    return fill(
        text,
        _WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
