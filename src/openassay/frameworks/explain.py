"""Frameworks and their rules in plain text, for `openassay explain`."""

from __future__ import annotations

from collections.abc import Iterator

from openassay.columns import pad, width, wrap
from openassay.frameworks.model import Asks, Criterion, Framework, LicenseRule, RollUp, Way, When
from openassay.types import Answer, Kind
from openassay.vocabulary import by_id
from openassay.words import ENGLISH, Words, mark

_WIDTH = 88
_HOW = {
    RollUp.LADDER: mark(
        "The verdict is the highest class all of whose required components are there "
        "and open; each class contains the ones below it."
    ),
    RollUp.ALL: mark("Every required criterion must hold; one that fails decides."),
    RollUp.SUM: mark("Yes counts 1, partly 0.5, no 0; the verdict is the sum."),
}
_KIND = {
    Kind.CODE: mark("code"),
    Kind.DATA: mark("data"),
    Kind.WEIGHTS: mark("weights"),
    Kind.DOCUMENT: mark("document"),
}


def explain_framework(framework: Framework, words: Words = ENGLISH) -> str:
    """Title, source, how it adds up, and one line for each criterion."""
    lines = [f"{words.name(framework.title)} ({framework.id})", framework.source, ""]
    lines += [_wrap(words.told(framework.summary)), ""]
    lines += [_wrap(words.say(_HOW[framework.roll_up])), ""]
    for group in framework.groups:
        lines.append(words.name(group.title))
        for criterion in framework.criteria:
            if criterion.group == group.id:
                optional = "" if criterion.required else f"  {words.say('(optional)')}"
                lines.append(f"  {pad(criterion.id, 30)} {words.name(criterion.title)}{optional}")
        lines.append("")
    lines += [_wrap(f"- {words.told(note)}", "  ") for note in framework.notes]
    return "\n".join(lines).rstrip() + "\n"


def explain_criterion(framework: Framework, criterion: Criterion, words: Words = ENGLISH) -> str:
    """The published rule, its source, what counts, which licences, and the next step."""
    group = next(group for group in framework.groups if group.id == criterion.group)
    need = words.say("required") if criterion.required else words.say("optional")
    where = words.say("{framework}, {group}, {need}", framework=words.name(framework.title),
                      group=words.name(group.title), need=need)  # fmt: skip
    lines = [
        words.say("{name}: {text}", name=f"{framework.id}/{criterion.id}",
                  text=words.name(criterion.title)),
        where,
        "",
        _wrap(words.say("Rule: {text}", text=words.told(criterion.rule))),
        words.say("Source: {text}", text=criterion.source),
    ]  # fmt: skip
    for text in _details(criterion, words):
        lines += ["", _wrap(text)]
    if criterion.license is Asks.OPEN:
        for kind in dict.fromkeys(by_id()[part].kind for part in criterion.parts):
            lines += ["", *_licenses(kind, framework.licenses[kind], words)]
    return "\n".join(lines).rstrip() + "\n"


def _details(criterion: Criterion, words: Words) -> Iterator[str]:
    if counts := words.told(_counts(criterion)):
        yield words.say("What counts: {text}", text=counts)
    if answered := _answered_by(criterion, words):
        yield words.say("Answered by: {text}", text=answered)
    if criterion.human:
        yield words.say("A person must judge: {text}", text=words.told(criterion.human))
    if criterion.next_step:
        yield words.say("When not met: {text}", text=words.told(criterion.next_step))


def _counts(criterion: Criterion) -> str:
    if criterion.counts or len(criterion.parts) != 1:
        return criterion.counts
    return by_id()[criterion.parts[0]].counts


def _answered_by(criterion: Criterion, words: Words) -> str:
    if criterion.covers:
        names = words.listed([words.name(by_id()[part].title) for part in criterion.covers])
        return words.say(
            "the share, under open licences, of what is released of: {names}", names=names
        )
    return words.say("; or ").join(_way(way, words) for way in criterion.ways)


def _way(way: Way, words: Words) -> str:
    text = words.say(" and ").join(words.name(by_id()[part].title) for part in way.parts)
    if way.substitute:
        text = words.say("{part} in its place", part=text)
    if way.when is When.TUNED:
        text = words.say("{part} (of a model tuned from another)", part=text)
    elif way.when is When.FROM_SCRATCH:
        text = words.say("{part} (of a model trained from scratch)", part=text)
    return words.say("{part} (counts as partly)", part=text) if way.gives is Answer.PARTLY else text


def _licenses(kind: Kind, rule: LicenseRule, words: Words) -> list[str]:
    head = words.say("Licences that count as open for {kind}: {title}.",
                     kind=words.say(_KIND[kind]), title=words.told(rule.title))  # fmt: skip
    lines = [_wrap(head), rule.source]
    for text, ids in (
        (mark("lists: {names}"), rule.sets),
        (mark("also: {names}"), sorted(rule.ids)),
        (mark("but not: {names}"), sorted(rule.but)),
    ):
        if ids:
            lines.append(_wrap("  " + words.say(text, names=", ".join(ids)), "  "))
    if rule.note:
        lines.append(_wrap(f"  {words.told(rule.note)}", "  "))
    return lines


def _wrap(text: str, indent: str = "") -> str:
    """``text`` on lines of 88 columns, all but the first indented."""
    start = text[: len(text) - len(text.lstrip())]
    lines = wrap(text.lstrip(), _WIDTH - max(width(start), width(indent)))
    return start + f"\n{indent}".join(lines)
