"""The licence tables of a framework file: ``[licenses.KIND]`` and named ``[lists.NAME]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from openassay import licenses
from openassay.frameworks.model import LicenseRule
from openassay.frameworks.table import Table
from openassay.types import Kind

# The columns of what is known of a licence; `openassay license NAME` shows them.
TERMS: Final = frozenset(
    """commercial_use user_threshold forbids_training_other_models field_of_use_restrictions
    acceptable_use_policy attribution_naming share_alike geographic_limit registration_required
    revocable_or_updatable redistribution""".split()
)


def license_rules(top: Table) -> Mapping[Kind, LicenseRule]:
    """What ``[licenses]`` says for each kind of content."""
    table = top.table("licenses")
    rules: dict[Kind, LicenseRule] = {}
    if table is None:
        return rules
    for kind in Kind:
        own = table.table(kind.value)
        if own is not None:
            rules[kind] = _rule(own, _inner(own, "fit"), _inner(own, "review"))
    table.done()
    return rules


def named_lists(top: Table) -> Mapping[str, LicenseRule]:
    """What ``[lists]`` says, under names of the file's own."""
    table = top.table("lists")
    if table is None:
        return {}
    found: dict[str, LicenseRule] = {}
    for name in table.names():
        own = table.table(name)
        if own is not None:
            found[name] = _rule(own)
    table.done()
    return found


def _inner(table: Table, key: str) -> LicenseRule | None:
    inner = table.table(key)
    return _rule(inner) if inner is not None else None


def _rule(
    table: Table, fit: LicenseRule | None = None, review: LicenseRule | None = None
) -> LicenseRule:
    rule = LicenseRule(
        title=table.text("title"),
        source=table.link("source"),
        sets=_sets(table, "sets"),
        ids=_ids(table, "ids"),
        but=_ids(table, "but"),
        terms=_terms(table),
        note=table.text("note", ""),
        note_except=_sets(table, "note_except"),
        suggest=table.text("suggest", ""),
        fit=fit,
        review=review,
    )
    table.done()
    if not rule.sets and not rule.ids and not rule.terms:
        raise table.fault("", "lists no licence", "add `sets` (named lists), `ids` or `terms`")
    if rule.suggest and licenses.info(rule.suggest) is None:
        raise table.fault(
            "suggest", f"names {rule.suggest!r}, which is no known licence", "give an SPDX id"
        )
    return rule


def _sets(table: Table, key: str) -> tuple[str, ...]:
    named = table.texts(key)
    for name in named:
        if name not in licenses.sets():
            raise table.fault(
                key, f"names {name!r}, which is no list", table.near(name, licenses.sets())
            )
    return named


def _ids(table: Table, key: str) -> frozenset[str]:
    """Ids of licences; one that nobody knows is allowed only as a ``LicenseRef-``."""
    named = table.texts(key)
    for id in named:
        if licenses.info(id) is None and not id.startswith(("LicenseRef-", "OpenMDW-")):
            raise table.fault(
                key,
                f"names {id!r}, which is no known licence",
                f"{table.near(id, licenses.sets()['spdx'])} (an SPDX id, or LicenseRef-…)",
            )
    return frozenset(named)


def _terms(table: Table) -> tuple[tuple[str, tuple[str, ...]], ...]:
    own = table.table("terms")
    if own is None:
        return ()
    for name in own.names():
        if name not in TERMS:
            raise own.fault(name, "is no term that is known of licences", own.near(name, TERMS))
    found = tuple((name, own.texts(name)) for name in own.names())
    own.done()
    return found
