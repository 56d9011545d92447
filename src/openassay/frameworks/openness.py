"""Whether a licence expression is open by a framework's own lists."""

from __future__ import annotations

from functools import cache

from openassay import licenses
from openassay.frameworks.model import LicenseRule


def is_open(expression: str, rule: LicenseRule) -> bool:
    """True when the expression is open by this rule; False also for one that cannot be read.

    An expression with OR needs one open branch, one with AND all of them.
    """
    allowed = _allowed(rule)

    def counts(id: str) -> bool:
        if id.lower() in allowed:
            return True
        known = licenses.info(id)
        return known is not None and known.id.lower() in allowed

    try:
        return licenses.is_open(expression, counts)
    except licenses.LicenseExpressionError:
        return False


@cache
def _allowed(rule: LicenseRule) -> frozenset[str]:
    ids = rule.ids.union(*(licenses.sets()[name] for name in rule.sets)) - rule.but
    return frozenset(id.lower() for id in ids)
