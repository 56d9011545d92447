"""The terms of known licences: hand-kept facts, else what their kind says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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
MORE = (
    "patent_grant",
    "ends_on_breach",
    "ends_on_litigation",
    "outputs",
    "redistribution",
    "include_license",
    "keep_notices",
    "notice_file",
    "state_changes",
    "pass_on_restrictions",
    "disclose_source",
    "governing_law",
    "disputes",
    "indemnity",
    "grant_back",
    "must_update",
    "remote_restriction",
    "language_prevails",
)
"""Columns beyond the ten. ``patent_grant`` and ``redistribution`` are yes, no or empty (the text
does not say); ``outputs`` is yours, restricted or empty; ``governing_law``, ``disputes`` (courts,
arbitration) and ``language_prevails`` name what they name; all others are yes or no."""
OPEN_ENDED = (
    "user_threshold",
    "attribution_naming",
    "geographic_limit",
    "patent_grant",
    "outputs",
    "redistribution",
    "governing_law",
    "disputes",
    "language_prevails",
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
        return {**_PLAIN, **{k: str(v) for k, v in kept.items() if k in COLUMNS}}
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


def known_more(id: str) -> Mapping[str, str]:
    """The columns of `MORE` for a licence: hand-kept facts, else what was read in its text when
    the index was built; empty where there is neither."""
    kept = kept_more(id)
    if kept:
        return kept
    read = recorded(id)
    return {**_silence(), **{k: v for k, v in read.items() if k in MORE}} if read else {}


def kept_more(id: str) -> Mapping[str, str]:
    """The columns of `MORE` as far as facts are kept by hand; empty where there are none."""
    own = {k: str(v) for k, v in catalog.facts(id).get("terms", {}).items() if k in MORE}
    entry = obligations(id)
    if not entry and not own:
        return {}
    stated = entry.get("terms") or recorded(id)
    return {**_silence(), **{k: str(v) for k, v in stated.items() if k in MORE}, **own}


def obligations(id: str) -> Mapping[str, Any]:
    """The entry of ``data/obligations.toml`` for a licence; empty where there is none."""
    for entry in catalog.table("obligations.toml")["facts"]:
        if re.fullmatch(entry["ids"], id):
            return dict(entry)
    return {}


def silent(column: str) -> str:
    """What it means that a text says nothing of a column: nothing, or no."""
    return "" if column in OPEN_ENDED else "no"


def _silence() -> dict[str, str]:
    return {column: silent(column) for column in MORE}


def recorded(id: str) -> Mapping[str, str]:
    """What the clause reader found in a licence's text when the index was built."""
    from . import readings  # brings the clause reader, which most questions do not need

    own = catalog.facts(id).get("read")
    return own if own is not None else readings.load().get(id, {})
