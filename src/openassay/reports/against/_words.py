"""What the reports on records show alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openassay.canonical import visible
from openassay.checked import Asked, Check, Checked, Comparison, Entry, Finer, Standing
from openassay.types import Status
from openassay.words import Words, mark

WORD = {
    Standing.SUPPORTED: mark("supported"),
    Standing.UNSUPPORTED: mark("unsupported"),
    Standing.CONTRADICTED: mark("contradicted"),
    Standing.NOT_CHECKABLE: mark("not checkable"),
}
GROUP = {"released": mark("released"), "license": mark("licence"), "place": mark("place")}
SUPPORT_MARK = {Status.PRESENT: "✔", Status.PARTIAL: "◐", Status.LINKED: "↗"}
_ABSENCE = mark("absence")
_ASKED = {
    Asked.LICENSE: (mark("licence"), mark("{name}, licence {says}")),
    Asked.PLACE: (mark("place"), mark("{name}, place {says}")),
    Asked.LICENSE_PLACE: (
        mark("place of the licence"), mark("{name}, place of the licence {says}"),
    ),
}  # fmt: skip
LACKING = mark("In the release, not in the record")
NOT_READ = mark("Not read, though the record names it: {address}")
_THE_RELEASE = mark("The release")


def standing_word(standing: Standing, words: Words) -> str:
    """As it stands at the head of a list or column."""
    return words.say(WORD[standing]).capitalize()


def subject(name: str, check: Check, words: Words) -> str:
    """What a claim is about: *Model card*, or *Model card, licence Apache-2.0*."""
    named = words.short_name(visible(name))
    if check.asked is Asked.RELEASED:
        return named
    if check.asked is Asked.WITHHELD:
        return words.say("{name}, {says}", name=named, says=words.told(visible(check.says)))
    return words.say(_ASKED[check.asked][1], name=named, says=words.told(visible(check.says)))


def by_standing(comparison: Comparison, standing: Standing) -> Iterator[tuple[str, Check]]:
    """(name, check) of every claim of one standing, in the order of the record."""
    for entry in comparison.entries:
        for check in entry.checks:
            if check.standing is standing:
                yield entry.name, check
    for check in comparison.licenses:
        if check.standing is standing:
            yield _THE_RELEASE, check


def in_a_row(comparison: Comparison, standing: Standing, words: Words) -> str:
    """The claims of one standing by what is claimed: ``a, b; licence of c, d; place of e``."""
    groups: dict[str, list[str]] = {}
    for name, check in by_standing(comparison, standing):
        asked = _ABSENCE if check.asked is Asked.WITHHELD else _ASKED.get(check.asked, ("", ""))[0]
        groups.setdefault(asked, []).append(words.short_name(visible(name)))
    rows = [
        words.say("{asked} of {names}", asked=words.say(asked), names=words.listed(names))
        if asked
        else words.listed(names)
        for asked, names in groups.items()
    ]
    return words.say("; ").join(rows)


def supported(entries: Iterable[Entry], words: Words) -> list[str]:
    """Names of the components that are there as the record says, each with how."""
    return [
        f"{SUPPORT_MARK.get(entry.status, '✔') if entry.status else '✔'} "
        f"{words.short_name(visible(entry.name))}"
        for entry in entries
        if entry.standing is Standing.SUPPORTED
    ]


def footnote(finer: Finer, words: Words) -> str:
    """What the row of totals hides, in a sentence; empty where it hides nothing."""
    parts = []
    if finer.in_part:
        parts.append(words.say("{n} supported only in part", n=finer.in_part))
    if finer.by_link:
        parts.append(words.say("{n} by a link that was not opened", n=finer.by_link))
    if finer.unread:
        parts.append(
            words.say("{n} unsupported where the record names a place not read", n=finer.unread)
        )
    return words.say("Of the released: {parts}.", parts=words.listed(parts)) if parts else ""


def classes(comparison: Comparison, words: Words) -> str:
    """The framework's answers beside each other."""
    found = comparison.classes
    if found is None:
        return ""
    return words.say(
        "{framework}: recorded {reference} (the reference tool), {strict} (strictly); "
        "the release itself: {audited}",
        framework=found.framework,
        reference=words.told(visible(found.reference)),
        strict=words.told(visible(found.strict)),
        audited=words.told(visible(found.audited)),
    )


def is_single(checked: Checked) -> bool:
    return len(checked.comparisons) == 1 and not checked.unmatched
