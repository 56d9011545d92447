"""A framework file to a :class:`Framework`, strictly: every mistake is named, with line and fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from openassay.frameworks.licensing import license_rules, named_lists
from openassay.frameworks.model import (
    SCORES,
    Asks,
    ComputeBound,
    Criterion,
    Framework,
    Group,
    LicenseRule,
    RollUp,
    Way,
    When,
)
from openassay.frameworks.table import Table
from openassay.frameworks.topics import TOPICS
from openassay.types import Answer, Extent, Kind
from openassay.vocabulary import by_id

SCHEMA = "openassay-framework/1"
_KEYS = frozenset(
    """schema id title version source summary roll_up met not_met superseded_by notes answers group
    licenses lists restrictions criterion""".split()
)
RESTRICTIONS = frozenset(  # the values of a Stated fact whose topic is "restriction"
    (
        "commercial_application",
        "field_of_use",
        "no_training",
        "non_commercial",
        "registration",
        "revocable",
        "territory",
        "user_cap",
    )
)


@dataclass(frozen=True, slots=True)
class _Answers:
    """What a state short of "there and open" answers; a criterion may override its framework."""

    not_open: Answer = Answer.NO
    linked_unlicensed: Answer = Answer.UNKNOWN
    partial: Answer = Answer.PARTLY
    absent: Answer = Answer.NO
    gated: Answer = Answer.YES
    to_judge: Answer = Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the criteria of a file are read against."""

    source: str
    roll_up: RollUp
    answers: _Answers
    groups: frozenset[str]
    rules: Mapping[Kind, LicenseRule]
    lists: Mapping[str, LicenseRule]


def parse(text: str, name: str) -> Framework:
    """Read the text of the framework file ``name``; raises :class:`FrameworkError`."""
    top = Table.from_toml(text, name)
    if top.text("schema") != SCHEMA:
        raise top.fault("schema", "is not one this version reads", f'write schema = "{SCHEMA}"')
    top.only(_KEYS)  # first: a misspelt table would be missed by whatever needs it
    id = top.text("id")
    if f"{id}.toml" != name:
        raise top.fault("id", f"is {id!r} but the file is called {name}", "give both one name")
    roll_up = top.choice("roll_up", RollUp)
    groups = _groups(top)
    frame = _Frame(
        source=top.link("source"),
        roll_up=roll_up,
        answers=_answers(top, _Answers()),
        groups=frozenset(group.id for group in groups),
        rules=license_rules(top),
        lists=named_lists(top),
    )
    criteria = _criteria(top, frame)
    _check_groups(top, groups, criteria)
    _check_lists(top, frame, criteria)
    disqualifying, doubtful = _restrictions(top)
    framework = Framework(
        id=id,
        title=top.text("title"),
        version=top.text("version"),
        source=frame.source,
        summary=top.text("summary"),
        roll_up=roll_up,
        met=top.text("met", "met"),
        not_met=top.text("not_met", "not met"),
        groups=groups,
        criteria=criteria,
        licenses=frame.rules,
        lists=frame.lists,
        disqualifying=disqualifying,
        doubtful=doubtful,
        notes=top.texts("notes"),
        superseded_by=top.text("superseded_by", ""),
    )
    _check_verdicts(top, framework)
    return framework


def _groups(top: Table) -> tuple[Group, ...]:
    found: list[Group] = []
    for table in top.tables("group"):
        group = Group(table.text("id"), table.text("title"))
        table.done()
        if group.id in [known.id for known in found]:
            raise table.fault("id", f"{group.id!r} stands twice", "give each group its own id")
        found.append(group)
    if not found:
        raise top.fault("group", "is missing", "add at least one [[group]] with id and title")
    return tuple(found)


def _answers(table: Table, default: _Answers) -> _Answers:
    own = table.table("answers")
    if own is None:
        return default
    found = _Answers(
        not_open=own.choice("not_open", Answer, default.not_open),
        linked_unlicensed=own.choice("linked_unlicensed", Answer, default.linked_unlicensed),
        partial=own.choice("partial", Answer, default.partial),
        absent=own.choice("absent", Answer, default.absent),
        gated=own.choice("gated", Answer, default.gated),
        to_judge=own.choice("to_judge", Answer, default.to_judge),
    )
    own.done()
    return found


def _criteria(top: Table, frame: _Frame) -> tuple[Criterion, ...]:
    found: dict[str, Criterion] = {}
    for table in top.tables("criterion"):
        criterion = _criterion(table, frame)
        if criterion.id in found:
            raise table.fault("id", "stands twice", "give each criterion its own id")
        found[criterion.id] = criterion
    if not found:
        raise top.fault("criterion", "is missing", "add at least one [[criterion]]")
    return tuple(found.values())


def _criterion(table: Table, frame: _Frame) -> Criterion:
    answers = _answers(table, frame.answers)
    points = _scale(table, frame, "points")
    criterion = Criterion(
        id=table.text("id"),
        title=table.text("title"),
        group=_group(table, frame.groups),
        rule=table.text("rule"),
        source=table.link("source", frame.source),
        next_step=table.text("next_step"),
        counts=table.text("counts", ""),
        human=table.text("human", ""),
        required=table.flag("required", default=True),
        ways=_ways(table, frame, points),
        covers=_parts(table, "covers"),
        at_least=int(table.number("at_least", 1, least=1)),
        complete=table.flag("complete", default=False),
        compute=_compute(table),
        points=points,
        weight=_scale(table, frame, "weight"),
        license=table.choice("license", Asks, Asks.OPEN),
        not_open=answers.not_open,
        linked_unlicensed=answers.linked_unlicensed,
        partial=answers.partial,
        absent=answers.absent,
        gated=answers.gated,
        to_judge=answers.to_judge,
    )
    table.done()
    _check_criterion(criterion, table, frame)
    return criterion


def _group(table: Table, groups: frozenset[str]) -> str:
    group = table.text("group")
    if group not in groups:
        raise table.fault(
            "group", f"{group!r} is not a [[group]] of this file", table.near(group, groups)
        )
    return group


def _scale(table: Table, frame: _Frame, key: str) -> float:
    if table.has(key) and frame.roll_up is not RollUp.INDEX:
        raise table.fault(
            key, "has no use here", f'leave it out, or write roll_up = "{RollUp.INDEX}"'
        )
    found = table.number(key, 1.0)
    if not found:
        raise table.fault(key, "is 0, so nothing could count", "give a number above 0")
    return found


def _compute(table: Table) -> ComputeBound | None:
    own = table.table("compute")
    if own is None:
        return None
    if own.has("above") is own.has("at_most"):
        raise table.fault(
            "compute", "needs one threshold", "write above = … or at_most = …, in FLOP"
        )
    above = own.has("above")
    bound = ComputeBound(own.number("above" if above else "at_most", least=1.0), above)
    own.done()
    return bound


def _check_criterion(criterion: Criterion, table: Table, frame: _Frame) -> None:
    kinds = {
        "parts": bool(criterion.ways),
        "covers": bool(criterion.covers),
        "compute": criterion.compute is not None,
    }
    given = [name for name, there in kinds.items() if there]
    if len(given) > 1:
        raise table.fault(given[1], "stands beside `parts` or `way`", "keep one of them")
    if not given and not criterion.human:
        raise table.fault(
            "parts",
            "is missing, so nothing could answer the criterion",
            "name the components in `parts`, or say in `human` what a person must judge",
        )
    for key in ("at_least", "complete"):
        if table.has(key) and not criterion.covers:
            raise table.fault(key, "has no `covers` to count", "add `covers`, or leave it out")
    if criterion.at_least > max(1, len(criterion.covers)):
        raise table.fault(
            "at_least", "is more than `covers` names", f"write at most {len(criterion.covers)}"
        )
    if criterion.covers and frame.roll_up is RollUp.INDEX:
        raise table.fault("covers", "has no points", "write a [[criterion.way]] for each level")
    _check_licenses(criterion, table, frame)


def _check_licenses(criterion: Criterion, table: Table, frame: _Frame) -> None:
    """Each part whose licence must be open needs a list that says which are."""
    asked = [(part, criterion.license) for part in criterion.covers]
    asked += [
        (part, way.license or criterion.license)
        for way in criterion.ways
        if not way.licenses
        for part in way.parts
    ]
    for part, asks in asked:
        kind = by_id()[part].kind
        if asks is Asks.OPEN and kind not in frame.rules:
            raise table.fault(
                "license",
                f"must be open, but no [licenses.{kind.value}] says which licences are ({part})",
                f'add [licenses.{kind.value}], or write license = "anything"',
            )


def _ways(table: Table, frame: _Frame, points: float) -> tuple[Way, ...]:
    parts, instead = _parts(table, "parts"), _parts(table, "instead")
    if instead and not parts:
        raise table.fault("instead", "has no `parts` to stand in for", "add `parts`")
    ways = [Way(parts, points=points, sure_points=points)] if parts else []
    ways += [Way((part,), substitute=True, points=points, sure_points=points) for part in instead]
    return (*ways, *(_way(own, frame, points) for own in table.tables("way")))


def _way(own: Table, frame: _Frame, most: float) -> Way:
    gives = sure = Answer.YES
    points = sure_points = 1.0
    if frame.roll_up is RollUp.INDEX:
        points = own.number("gives", most)
        sure_points = own.number("sure", points)
        if points > most:
            raise own.fault("gives", f"is above the criterion's {most:g}", "raise its `points`")
        if sure_points > points:
            raise own.fault("sure", "is above what the way gives", f"write at most {points:g}")
    else:
        gives = _answer(own, "gives", Answer.YES, (Answer.YES, Answer.PARTLY))
        sure = _answer(own, "sure", Answer.YES, (Answer.YES, Answer.PARTLY, Answer.NO))
    way = Way(
        parts=_parts(own, "parts"),
        gives=gives,
        when=own.choice("when", When, When.ALWAYS),
        stated=_topics(own),
        sure=sure,
        points=points,
        sure_points=sure_points,
        enough=own.choice("enough", Extent, Extent.WHOLE),
        license=own.choice("license", Asks) if own.has("license") else None,
        licenses=_list_name(own, frame),
    )
    own.done()
    if not way.parts and not way.stated:
        raise own.fault("parts", "is missing", "name the components of this way")
    return way


def _answer(own: Table, key: str, default: Answer, options: tuple[Answer, ...]) -> Answer:
    found = own.choice(key, Answer, default)
    if found not in options:
        words = [f'"{option.value}"' for option in options]
        fix = f"write {', '.join(words[:-1])} or {words[-1]}"
        raise own.fault(key, f"cannot be {found.value!r}", fix)
    return found


def _topics(table: Table) -> tuple[str, ...]:
    named = table.texts("stated")
    for topic in named:
        if topic not in TOPICS:
            raise table.fault(
                "stated", f"names {topic!r}, which no reader looks for", table.near(topic, TOPICS)
            )
    return named


def _list_name(table: Table, frame: _Frame) -> str:
    name = table.text("licenses", "")
    if name and name not in frame.lists:
        fix = table.near(name, frame.lists) if frame.lists else f"add a table [lists.{name}]"
        raise table.fault("licenses", f"{name!r} is not a [lists] table of this file", fix)
    return name


def _parts(table: Table, key: str) -> tuple[str, ...]:
    named = table.texts(key)
    for part in named:
        if part not in by_id():
            raise table.fault(
                key, f"names {part!r}, which is no component", table.near(part, by_id())
            )
    return named


def _check_groups(top: Table, groups: tuple[Group, ...], criteria: tuple[Criterion, ...]) -> None:
    used = {criterion.group for criterion in criteria}
    for group in groups:
        if group.id not in used:
            raise top.fault(
                "group", f"{group.id!r} has no criterion", "add one, or remove the group"
            )


def _check_lists(top: Table, frame: _Frame, criteria: tuple[Criterion, ...]) -> None:
    used = {way.licenses for criterion in criteria for way in criterion.ways}
    for name in frame.lists:
        if name not in used:
            raise top.fault(
                "lists", f"has {name!r}, which no way uses", f'write licenses = "{name}" in a way'
            )


def _check_verdicts(top: Table, framework: Framework) -> None:
    """The words of the verdict must tell met from not met."""
    if framework.roll_up in SCORES:
        return
    if framework.roll_up is RollUp.ALL and framework.met == framework.not_met:
        raise top.fault("met", "and `not_met` are the same word", "give each its own")
    if framework.not_met in [group.id for group in framework.groups]:
        raise top.fault("not_met", "is also the id of a [[group]]", "give it another word")


def _restrictions(top: Table) -> tuple[frozenset[str], frozenset[str]]:
    table = top.table("restrictions")
    if table is None:
        return frozenset(), frozenset()
    found = []
    for key in ("disqualifying", "doubtful"):
        values = table.texts(key)
        for value in values:
            if value not in RESTRICTIONS:
                raise table.fault(
                    key, f"names {value!r}, which no reader finds", table.near(value, RESTRICTIONS)
                )
        found.append(frozenset(values))
    table.done()
    return found[0], found[1]
