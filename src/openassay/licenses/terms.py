"""The terms of known licences: hand-kept facts, else what their kind says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from . import catalog

COLUMNS = (
    "commercial_use",
    "user_threshold",
    "forbids_training_other_models",
    "field_of_use_restrictions",
    "acceptable_use_policy",
    "attribution_naming",
    "share_alike",
    "geographic_limit",
    "registration_required",
    "revocable_or_updatable",
)
_PLAIN = {
    "commercial_use": "yes",
    "user_threshold": "",
    "forbids_training_other_models": "no",
    "field_of_use_restrictions": "no",
    "acceptable_use_policy": "no",
    "attribution_naming": "",
    "share_alike": "no",
    "geographic_limit": "",
    "registration_required": "no",
    "revocable_or_updatable": "no",
}
# Weak copyleft too: the whole derivative, or the changed files, stay under the same terms.
_SHARE_ALIKE = re.compile(r"-SA-|^(ODbL|CDLA-Sharing|GFDL|DSL|FAL|LAL|OFL)", re.I)


def known_terms(id: str, kind: str) -> Mapping[str, str]:
    """The ten columns for a licence; empty where nothing is known for certain.

    An open licence (of the OSI, FSF or Open Definition) by definition allows commerce and all
    fields to everyone; Creative Commons says the rest in its name.
    """
    kept = catalog.facts(id).get("terms")
    if kept is not None:
        return {**_PLAIN, **{k: str(v) for k, v in kept.items()}}
    by_name = re.match(r"CC-BY(-NC)?(-SA)?(-ND)?-", id)
    if by_name:
        return {
            **_PLAIN,
            "commercial_use": "no" if by_name[1] else "yes",
            "share_alike": "yes" if by_name[2] else "no",
        }
    if kind in ("permissive", "copyleft", "data", "document"):
        alike = kind == "copyleft" or bool(_SHARE_ALIKE.search(id))
        return {**_PLAIN, "share_alike": "yes" if alike else "no"}
    return {}
