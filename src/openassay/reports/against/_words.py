"""What the reports on records show alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openassay.canonical import visible
from openassay.checked import Asked, Check, Checked, Comparison, Entry, Finer, Standing
from openassay.types import Status

WORD = {
    Standing.SUPPORTED: "supported",
    Standing.UNSUPPORTED: "unsupported",
    Standing.CONTRADICTED: "contradicted",
    Standing.NOT_CHECKABLE: "not checkable",
}
GROUP = {"released": "released", "license": "licence", "place": "place"}
SUPPORT_MARK = {Status.PRESENT: "✔", Status.PARTIAL: "◐", Status.LINKED: "↗"}
_ASKED = {
    Asked.RELEASED: "",
    Asked.WITHHELD: "absence",
    Asked.LICENSE: "licence",
    Asked.PLACE: "place",
    Asked.LICENSE_PLACE: "place of the licence",
}


def subject(name: str, check: Check) -> str:
    """What a claim is about: *Model card*, or *Model card, licence Apache-2.0*."""
    asked = _ASKED[check.asked]
    if check.asked in (Asked.RELEASED, Asked.WITHHELD):
        return (
            visible(name)
            if check.asked is Asked.RELEASED
            else f"{visible(name)}, {visible(check.says)}"
        )
    return f"{visible(name)}, {asked} {visible(check.says)}"


def by_standing(comparison: Comparison, standing: Standing) -> Iterator[tuple[str, Check]]:
    """(name, check) of every claim of one standing, in the order of the record."""
    for entry in comparison.entries:
        for check in entry.checks:
            if check.standing is standing:
                yield entry.name, check
    for check in comparison.licenses:
        if check.standing is standing:
            yield "The release", check


def in_a_row(comparison: Comparison, standing: Standing) -> str:
    """The claims of one standing by what is claimed: ``a, b; licence of c, d; place of e``."""
    groups: dict[str, list[str]] = {}
    for name, check in by_standing(comparison, standing):
        groups.setdefault(_ASKED[check.asked], []).append(visible(name))
    return "; ".join(
        f"{asked} of {', '.join(names)}" if asked else ", ".join(names)
        for asked, names in groups.items()
    )


def supported(entries: Iterable[Entry]) -> list[str]:
    """Names of the components that are there as the record says, each with how."""
    return [
        f"{SUPPORT_MARK.get(entry.status, '✔') if entry.status else '✔'} {visible(entry.name)}"
        for entry in entries
        if entry.standing is Standing.SUPPORTED
    ]


def footnote(finer: Finer) -> str:
    """What the row of totals hides, in a sentence; empty where it hides nothing."""
    parts = []
    if finer.in_part:
        parts.append(f"{finer.in_part} supported only in part")
    if finer.by_link:
        parts.append(f"{finer.by_link} by a link that was not opened")
    if finer.unread:
        parts.append(f"{finer.unread} unsupported where the record names a place not read")
    return f"Of the released: {', '.join(parts)}." if parts else ""


def classes(comparison: Comparison) -> str:
    """The framework's answers beside each other."""
    found = comparison.classes
    if found is None:
        return ""
    return (
        f"{found.framework}: recorded {visible(found.reference)} (the reference tool), "
        f"{visible(found.strict)} (strictly); the release itself: {visible(found.audited)}"
    )


def is_single(checked: Checked) -> bool:
    return len(checked.comparisons) == 1 and not checked.unmatched
