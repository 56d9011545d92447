"""Whether a licence expression counts by a framework's own lists."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from openassay import licenses
from openassay.frameworks.model import LicenseRule


class Counts(StrEnum):
    """What a list says of a licence."""

    YES = "yes"
    REVIEW = "review"  # a person must weigh it
    UNKNOWN = "unknown"  # the list goes by terms, and those are not known
    NO = "no"


def is_open(expression: str, rule: LicenseRule) -> bool:
    """True when the expression is open by this rule; False also for one that cannot be read.

    An expression with OR needs one open branch, one with AND all of them.
    """
    try:
        return licenses.is_open(expression, lambda id: _is_in(id, rule))
    except licenses.LicenseExpressionError:
        return False


def counts(expression: str, rule: LicenseRule) -> Counts:
    """The same for a list that goes by terms or lets a person weigh some of them."""
    if is_open(expression, rule):
        return Counts.YES
    review = rule.review

    def weighed(id: str) -> bool:
        return _is_in(id, rule) or (review is not None and _is_in(id, review))

    def possible(id: str) -> bool:
        return weighed(id) or not _terms_of(id)

    try:
        if licenses.is_open(expression, weighed):
            return Counts.REVIEW
        if rule.by_terms and licenses.is_open(expression, possible):
            return Counts.UNKNOWN
    except licenses.LicenseExpressionError:
        return Counts.UNKNOWN if rule.by_terms else Counts.NO
    return Counts.NO


def _is_in(id: str, rule: LicenseRule) -> bool:
    names = {id.lower(), *(known.lower() for known in licenses.displayed(id))}
    if names & {one.lower() for one in rule.but}:
        return False
    if names & _allowed(rule):
        return True
    terms = _terms_of(id) if rule.terms else {}
    return bool(terms) and all(terms.get(name, "") in values for name, values in rule.terms)


@cache
def _allowed(rule: LicenseRule) -> frozenset[str]:
    ids = rule.ids.union(*(licenses.sets()[name] for name in rule.sets)) - rule.but
    return frozenset(id.lower() for id in ids)


@cache
def _terms_of(id: str) -> dict[str, str]:
    """The known terms of a licence; of versions shown under one name, what they agree on."""
    every = [known for one in licenses.displayed(id) if (known := licenses.info(one))]
    found = [{**known.more, **known.terms} if known.terms else {} for known in every]
    if not found or not all(found):
        return {}
    return {
        name: value
        for name, value in found[0].items()
        if all(other.get(name) == value for other in found)
    }
