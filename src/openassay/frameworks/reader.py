"""A framework file to a :class:`Framework`, strictly: every mistake is named, with line and fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from openassay import licenses
from openassay.frameworks.model import (
    Asks,
    Criterion,
    Framework,
    Group,
    LicenseRule,
    RollUp,
    Way,
    When,
)
from openassay.frameworks.table import Table
from openassay.types import Answer, Kind
from openassay.vocabulary import by_id

SCHEMA = "openassay-framework/1"
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


def parse(text: str, name: str) -> Framework:
    """Read the text of the framework file ``name``; raises :class:`FrameworkError`."""
    top = Table.from_toml(text, name)
    if top.text("schema") != SCHEMA:
        raise top.fault("schema", "is not one this version reads", f'write schema = "{SCHEMA}"')
    id = top.text("id")
    if f"{id}.toml" != name:
        raise top.fault("id", f"is {id!r} but the file is called {name}", "give both one name")
    roll_up = top.choice("roll_up", RollUp)
    groups = _groups(top)
    rules = _licenses(top)
    source = top.link("source")
    defaults = _answers(top, _Answers())
    criteria = _criteria(top, source, defaults, frozenset(group.id for group in groups))
    for criterion, table in criteria:
        _check_licenses(criterion, table, rules)
    _check_groups(top, groups, [criterion for criterion, _ in criteria])
    disqualifying, doubtful = _restrictions(top)
    framework = Framework(
        id=id,
        title=top.text("title"),
        version=top.text("version"),
        source=source,
        summary=top.text("summary"),
        roll_up=roll_up,
        met=top.text("met", "met"),
        not_met=top.text("not_met", "not met"),
        groups=groups,
        criteria=tuple(criterion for criterion, _ in criteria),
        licenses=rules,
        disqualifying=disqualifying,
        doubtful=doubtful,
        notes=top.texts("notes"),
    )
    top.done()
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


def _licenses(top: Table) -> Mapping[Kind, LicenseRule]:
    table = top.table("licenses")
    rules: dict[Kind, LicenseRule] = {}
    if table is None:
        return rules
    for kind in Kind:
        own = table.table(kind.value)
        if own is not None:
            inner = own.table("fit")
            fit = _license_rule(inner, None) if inner is not None else None
            rules[kind] = _license_rule(own, fit)
    table.done()
    return rules


def _sets(table: Table, key: str) -> tuple[str, ...]:
    named = table.texts(key)
    for name in named:
        if name not in licenses.sets():
            raise table.fault(
                key, f"names {name!r}, which is no list", table.near(name, licenses.sets())
            )
    return named


def _license_rule(table: Table, fit: LicenseRule | None) -> LicenseRule:
    rule = LicenseRule(
        title=table.text("title"),
        source=table.link("source"),
        sets=_sets(table, "sets"),
        ids=frozenset(table.texts("ids")),
        but=frozenset(table.texts("but")),
        note=table.text("note", ""),
        note_except=_sets(table, "note_except"),
        suggest=table.text("suggest", ""),
        fit=fit,
    )
    table.done()
    if not rule.sets and not rule.ids:
        raise table.fault("", "lists no licence", "add `sets` (named lists) or `ids`")
    return rule


def _answers(table: Table, default: _Answers) -> _Answers:
    own = table.table("answers")
    if own is None:
        return default
    found = _Answers(
        not_open=own.choice("not_open", Answer, default.not_open),
        linked_unlicensed=own.choice("linked_unlicensed", Answer, default.linked_unlicensed),
        partial=own.choice("partial", Answer, default.partial),
        absent=own.choice("absent", Answer, default.absent),
    )
    own.done()
    return found


def _criteria(
    top: Table, source: str, defaults: _Answers, groups: frozenset[str]
) -> list[tuple[Criterion, Table]]:
    found: dict[str, tuple[Criterion, Table]] = {}
    for table in top.tables("criterion"):
        criterion = _criterion(table, source, defaults)
        if criterion.id in found:
            raise table.fault("id", "stands twice", "give each criterion its own id")
        if criterion.group not in groups:
            raise table.fault(
                "group",
                f"{criterion.group!r} is not a [[group]] of this file",
                table.near(criterion.group, groups),
            )
        found[criterion.id] = criterion, table
    if not found:
        raise top.fault("criterion", "is missing", "add at least one [[criterion]]")
    return list(found.values())


def _criterion(table: Table, source: str, defaults: _Answers) -> Criterion:
    answers = _answers(table, defaults)
    criterion = Criterion(
        id=table.text("id"),
        title=table.text("title"),
        group=table.text("group"),
        rule=table.text("rule"),
        source=table.link("source", source),
        next_step=table.text("next_step"),
        counts=table.text("counts", ""),
        human=table.text("human", ""),
        required=table.flag("required", default=True),
        ways=_ways(table),
        covers=_parts(table, "covers"),
        license=table.choice("license", Asks, Asks.OPEN),
        not_open=answers.not_open,
        linked_unlicensed=answers.linked_unlicensed,
        partial=answers.partial,
        absent=answers.absent,
    )
    table.done()
    if criterion.ways and criterion.covers:
        raise table.fault("covers", "stands beside `parts` or `way`", "keep one of them")
    if not criterion.parts and not criterion.human:
        raise table.fault(
            "parts",
            "is missing, so nothing could answer the criterion",
            "name the components in `parts`, or say in `human` what a person must judge",
        )
    return criterion


def _ways(table: Table) -> tuple[Way, ...]:
    parts, instead = _parts(table, "parts"), _parts(table, "instead")
    if instead and not parts:
        raise table.fault("instead", "has no `parts` to stand in for", "add `parts`")
    ways = [Way(parts)] if parts else []
    ways += [Way((part,), substitute=True) for part in instead]
    for own in table.tables("way"):
        gives = own.choice("gives", Answer, Answer.YES)
        if gives not in (Answer.YES, Answer.PARTLY):
            raise own.fault("gives", f"cannot be {gives.value!r}", 'write "yes" or "partly"')
        way = Way(_parts(own, "parts"), gives, own.choice("when", When, When.ALWAYS))
        own.done()
        if not way.parts:
            raise own.fault("parts", "is missing", "name the components of this way")
        ways.append(way)
    return tuple(ways)


def _parts(table: Table, key: str) -> tuple[str, ...]:
    named = table.texts(key)
    for part in named:
        if part not in by_id():
            raise table.fault(
                key, f"names {part!r}, which is no component", table.near(part, by_id())
            )
    return named


def _check_licenses(criterion: Criterion, table: Table, rules: Mapping[Kind, LicenseRule]) -> None:
    if criterion.license is Asks.ANYTHING:
        return
    for part in criterion.parts:
        kind = by_id()[part].kind
        if kind not in rules:
            raise table.fault(
                "license",
                f"must be open, but no [licenses.{kind.value}] says which licences are ({part})",
                f'add [licenses.{kind.value}], or write license = "anything"',
            )


def _check_groups(top: Table, groups: tuple[Group, ...], criteria: list[Criterion]) -> None:
    used = {criterion.group for criterion in criteria}
    for group in groups:
        if group.id not in used:
            raise top.fault(
                "group", f"{group.id!r} has no criterion", "add one, or remove the group"
            )


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
