"""Frameworks and their rules in plain text, for `openassay explain`."""

from __future__ import annotations

from collections.abc import Iterator

from openassay.columns import pad, width, wrap
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
from openassay.words import ENGLISH, Words, mark

_WIDTH = 88
_HOW = {
    RollUp.LADDER: mark(
        "The verdict is the highest class all of whose required components are there "
        "and open; each class contains the ones below it."
    ),
    RollUp.ALL: mark("Every required criterion must hold; one that fails decides."),
    RollUp.SUM: mark("Yes counts 1, partly 0.5, no 0; the verdict is the sum."),
    RollUp.MEAN: mark("Yes counts 1, partly 0.5, no 0; the verdict is the plain mean."),
    RollUp.INDEX: mark(
        "Each criterion gives points; the verdict is their sum in percent of all points."
    ),
    RollUp.COUNT: mark("The verdict is how many criteria are met; what is partly met is not."),
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
    if framework.superseded_by:
        lines += [words.say("Replaced by {framework}.", framework=framework.superseded_by), ""]
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
        words.say(
            "{name}: {text}",
            name=f"{framework.id}/{criterion.id}",
            text=words.name(criterion.title),
        ),
        where,
        "",
        _wrap(words.say("Rule: {text}", text=words.told(criterion.rule))),
        words.say("Source: {text}", text=criterion.source),
    ]
    for text in _details(framework, criterion, words):
        lines += ["", _wrap(text)]
    for heading, rule in _lists(framework, criterion, words):
        lines += ["", *_licenses(heading, rule, words)]
    return "\n".join(lines).rstrip() + "\n"


def _details(framework: Framework, criterion: Criterion, words: Words) -> Iterator[str]:
    if counts := words.told(_counts(criterion)):
        yield words.say("What counts: {text}", text=counts)
    if answered := _answered_by(framework, criterion, words):
        yield words.say("Answered by: {text}", text=answered)
    if criterion.human:
        yield words.say("A person must judge: {text}", text=words.told(criterion.human))
    if criterion.next_step:
        yield words.say("When not met: {text}", text=words.told(criterion.next_step))


def _lists(
    framework: Framework, criterion: Criterion, words: Words
) -> list[tuple[str, LicenseRule]]:
    """Every list of licences the criterion looks into, each once, with what is said of it."""
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
        *((_of_kind(kind, framework.licenses[kind], words), framework.licenses[kind])
          for kind in kinds),
        *((_of_list(name, framework.lists[name], words), framework.lists[name]) for name in names),
    ]  # fmt: skip


def _of_kind(kind: Kind, rule: LicenseRule, words: Words) -> str:
    return words.say("Licences that count as open for {kind}: {title}.",
                     kind=words.say(_KIND[kind]), title=words.told(rule.title))  # fmt: skip


def _of_list(name: str, rule: LicenseRule, words: Words) -> str:
    return words.say("Licences that are in the list '{name}': {title}.",
                     name=name, title=words.told(rule.title))  # fmt: skip


def _counts(criterion: Criterion) -> str:
    if criterion.counts or len(criterion.parts) != 1:
        return criterion.counts
    return by_id()[criterion.parts[0]].counts


def _answered_by(framework: Framework, criterion: Criterion, words: Words) -> str:
    if criterion.compute is not None:
        return _bound(criterion.compute, words)
    if criterion.covers:
        names = words.listed([words.name(by_id()[part].title) for part in criterion.covers])
        text = words.say(
            "the share, under open licences, of what is released of: {names}", names=names
        )
        if criterion.complete:
            text += words.say("; yes only when all of these are there")
        if criterion.at_least > 1:
            text += words.say("; partly from {n} on", n=criterion.at_least)
        return text
    return words.say("; or ").join(_way(way, framework.roll_up, words) for way in criterion.ways)


def _bound(bound: ComputeBound, words: Words) -> str:
    flop = f"{bound.flop:.0e}".replace("e+", "e")
    how = words.say(
        "as stated, or estimated as 6 × parameters × tokens or from accelerator hours; told only "
        "where the whole range of the estimate lies on one side"
    )
    if bound.above:
        return words.say("the training compute, more than {flop} FLOP: {how}", flop=flop, how=how)
    return words.say("the training compute, at most {flop} FLOP: {how}", flop=flop, how=how)


def _way(way: Way, roll_up: RollUp, words: Words) -> str:
    parts = [words.name(by_id()[part].title) for part in way.parts]
    if way.enough is Extent.PART:
        parts = [words.say("{part} (some of it will do)", part=part) for part in parts]
    for topic in way.stated:
        parts.append(words.say("a statement of {topic}", topic=words.say(TOPICS[topic])))
    text = words.say(" and ").join(parts)
    if way.licenses:
        text = words.say("{part} under a licence of the list '{name}'", part=text,
                         name=way.licenses)  # fmt: skip
    if way.substitute:
        text = words.say("{part} in its place", part=text)
    if way.when is When.TUNED:
        text = words.say("{part} (of a model tuned from another)", part=text)
    elif way.when is When.FROM_SCRATCH:
        text = words.say("{part} (of a model trained from scratch)", part=text)
    return _gives(text, way, roll_up, words)


def _gives(text: str, way: Way, roll_up: RollUp, words: Words) -> str:
    """``text``, and what it is worth."""
    if roll_up is RollUp.INDEX:
        points = words.many(1 if way.points == 1 else 2, "{points} point", "{points} points",
                            points=f"{way.points:g}")  # fmt: skip
        if way.sure_points < way.points:
            return words.say("{part} ({points}, {sure} of them certain)", part=text, points=points,
                             sure=f"{way.sure_points:g}")  # fmt: skip
        return words.say("{part} ({points})", part=text, points=points)
    if way.gives is Answer.PARTLY:
        text = words.say("{part} (counts as partly)", part=text)
    if way.sure not in (Answer.YES, way.gives):
        text = words.say("{part} (certain: {answer}; a person judges the rest)", part=text,
                         answer=words.say(way.sure.value))  # fmt: skip
    return text


def _licenses(heading: str, rule: LicenseRule, words: Words) -> list[str]:
    lines = [_wrap(heading), rule.source]
    for text, ids in (
        (mark("lists: {names}"), rule.sets),
        (mark("also: {names}"), sorted(rule.ids)),
    ):
        if ids:
            lines.append(_wrap("  " + words.say(text, names=", ".join(ids)), "  "))
    for name, values in rule.terms:
        shown = ", ".join(value or words.say("none") for value in values)
        text = words.say("with known terms: {name} = {values}", name=name, values=shown)
        lines.append(f"  {text}")
    if rule.but:
        text = words.say("but not: {names}", names=", ".join(sorted(rule.but)))
        lines.append(_wrap(f"  {text}", "  "))
    if rule.note:
        lines.append(_wrap(f"  {words.told(rule.note)}", "  "))
    if rule.review is not None:
        weighed = words.say("Licences that a person must weigh: {title}.",
                            title=words.told(rule.review.title))  # fmt: skip
        lines += ["", *_licenses(weighed, rule.review, words)]
    return lines


def _wrap(text: str, indent: str = "") -> str:
    """``text`` on lines of 88 columns, all but the first indented."""
    start = text[: len(text) - len(text.lstrip())]
    lines = wrap(text.lstrip(), _WIDTH - max(width(start), width(indent)))
    return start + f"\n{indent}".join(lines)
