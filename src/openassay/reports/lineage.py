"""What comparisons of weights say, in words that every report shares. Decides nothing.

*A* is the other model, *B* the one that was audited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from openassay.canonical import visible
from openassay.kinship import Alteration, Compared, Kinship, Means, Order, Tested, Unmatched
from openassay.types import Dossier
from openassay.words import ENGLISH, Words, mark

#: What a verdict means.
MEANING: Final = {
    Kinship.IDENTICAL: mark("every tensor has the same bytes"),
    Kinship.REORDERED: mark("every tensor holds the same values, in another order, place or type"),
    Kinship.COMMON: mark("they share trained or initial weights"),
    Kinship.PART: mark("parts share trained or initial weights; the rest is silent or not"
                       " compared"),
    Kinship.STRONG: mark("units match after rearrangement; measured, not proved like a common"
                         " origin"),
    Kinship.NONE: mark("the tests were silent; that does not show training from scratch"),
    Kinship.CANNOT: mark("what was read does not decide it"),
}  # fmt: skip
#: A verdict as a reader says it.
VERDICT: Final = {
    Kinship.IDENTICAL: mark("identical"),
    Kinship.REORDERED: mark("same values reordered"),
    Kinship.COMMON: mark("common origin"),
    Kinship.PART: mark("common origin, part only"),
    Kinship.STRONG: mark("strong sign of common origin"),
    Kinship.NONE: mark("no sign found"),
    Kinship.CANNOT: mark("cannot tell"),
}
ALTERED: Final = {
    Alteration.EQUAL_PARTS: mark("equal parts"),
    Alteration.LOW_RANK: mark("low-rank change"),
    Alteration.PRUNED: mark("pruned"),
    Alteration.QUANTISED: mark("quantised"),
    Alteration.LAYERS_DROPPED: mark("layers dropped"),
    Alteration.LAYERS_REPEATED: mark("layers repeated"),
    Alteration.LAYERS_MOVED: mark("layers in another order"),
    Alteration.EXPERTS: mark("experts from dense layers"),
    Alteration.MERGED: mark("merged"),
    Alteration.VOCABULARY: mark("vocabulary extended"),
    Alteration.NARROWED: mark("narrower layers"),
}
ORDER: Final = {
    Order.B_LATER: mark("This release came after {other}"),
    Order.A_LATER: mark("{other} came after this release"),
    Order.UNKNOWN: mark("Which came first is not told by the weights"),
}
#: The same in JSON; None where it is not told.
ORDER_ID: Final = {Order.B_LATER: "b_later", Order.A_LATER: "a_later"}
LEAD: Final = mark(
    "Only the bytes of the weights were compared, whatever cards and names say. A common origin can"
    " be trained weights or the same random start; it does not show that one was copied from the"
    " other. Where nothing was found, that does not show training from scratch."
)
SILENT: Final = {
    Kinship.NONE: (mark("No sign of {n} other model: {names}"),
                   mark("No sign of {n} other models: {names}")),
    Kinship.CANNOT: (mark("Of {n} other model it could not be told: {names}"),
                     mark("Of {n} other models it could not be told: {names}")),
}  # fmt: skip
MEANS: Final = {
    Means.DERIVED: mark("base"),
    Means.CONTRADICTION: mark("contradiction"),
    Means.CONFIRMED: mark("confirmed"),
    Means.QUESTION: mark("question"),
}
HEADS: Final = (
    mark("Test"), mark("Outcome"), mark("K of n"), mark("p, corrected"), mark("In words"),
)  # fmt: skip
MAX_NAMES: Final = 30  # of models of which nothing was found; JSON has more


def compared(dossier: Dossier) -> tuple[Compared, ...]:
    """Every pair: what contradicts the release first, then the surest."""
    found = [fact for fact in dossier.facts if isinstance(fact, Compared)]
    return tuple(sorted(found, key=_rank))


def _rank(fact: Compared) -> tuple[bool, int, str, str]:
    against = any(one.means is Means.CONTRADICTION for one in fact.follows)
    return not against, list(Kinship).index(fact.verdict), fact.other, fact.source


def unmatched(dossier: Dossier) -> tuple[Unmatched, ...]:
    """Models of which nothing was found, at most one fact for each verdict of that kind."""
    return tuple(fact for fact in dossier.facts if isinstance(fact, Unmatched))


def silence(fact: Unmatched, words: Words = ENGLISH) -> str:
    """How many others there were, and the first of their names."""
    one, more = SILENT.get(fact.verdict, SILENT[Kinship.CANNOT])
    names = [visible(name) for name in fact.names[:MAX_NAMES]]
    if fact.count > len(names):
        names.append(words.say("{n} more", n=fact.count - len(names)))
    return words.many(fact.count, one, more, names=words.listed(names))


def meaning(fact: Compared, words: Words = ENGLISH) -> str:
    """What the verdict means, as a sentence without its point."""
    text = words.say(MEANING[fact.verdict])
    if fact.verdict is Kinship.PART and fact.parts:
        parts = words.listed([words.told(visible(part)) for part in fact.parts])
        text = words.say("; ").join((text, words.say("in these parts: {names}", names=parts)))
    return text[:1].upper() + text[1:]


def headline(fact: Compared, words: Words = ENGLISH, *, short: bool = False) -> str:
    """The verdict, what it means unless ``short``, and which came first where that is known."""
    said = [] if short else [meaning(fact, words)]
    if fact.order is not Order.UNKNOWN:
        said.append(words.say(ORDER[fact.order], other=visible(fact.other)))
    verdict = words.say(VERDICT[fact.verdict])
    if short:
        return words.say(". ").join((verdict, *said))
    return words.say("{name}: {text}", name=verdict, text=words.say(". ").join(said))


def outcome(test: Tested, words: Words = ENGLISH) -> str:
    if not test.ran:
        return words.say("not run")
    return words.say("found") if test.found else words.say("silent")


def agree(test: Tested) -> str:
    """K of n, or for free matches the share and what chance reaches; empty where it did not run."""
    if not test.ran or not test.of:
        return ""
    text = f"{test.count} / {test.of}"
    if test.share is not None and test.chance is not None:
        text += f" ({test.share:.0%}; {test.chance:.1%})"
    return text


def rows(fact: Compared, words: Words = ENGLISH) -> Iterator[tuple[str, str, str, str, str]]:
    """The tests as rows of a table under :data:`HEADS`."""
    for test in fact.tests:
        name = words.say("{name}: {text}", name=visible(test.test),
                         text=words.told(visible(test.title)))  # fmt: skip
        p = "" if test.log10_p is None else power(test.log10_p)
        if p and test.comparisons > 1:
            p = words.say("{p} over {n} comparisons", p=p, n=f"{test.comparisons:,}")
        yield (name, outcome(test, words), agree(test), p, words.told(visible(test.sentence)))


def altered(fact: Compared, words: Words = ENGLISH) -> Iterator[str]:
    """How the two differ."""
    for one in fact.altered:
        yield words.say("{name}: {text}", name=words.say(ALTERED[one.kind]),
                        text=words.told(visible(one.text)))  # fmt: skip


def direction(fact: Compared, words: Words = ENGLISH) -> str:
    """Which came first, where a common origin was found, and why if no difference says so."""
    if not fact.verdict.is_found:
        return ""
    text = words.say(ORDER[fact.order], other=visible(fact.other))
    told = {one.text for one in fact.altered}
    because = [words.told(visible(why)) for why in fact.order_because if why not in told]
    if not because:
        return text
    return words.say("{name}: {text}", name=text, text=words.say("; ").join(because))


def summary(fact: Compared, release: str, words: Words = ENGLISH) -> str:
    """What the picture shows, for who cannot see it."""
    return words.say(
        "A is {other}, B is {release}: {verdict}. A matrix of the layers of both, and lines between"
        " those that an exact test joined.",
        other=visible(fact.other),
        release=visible(release),
        verdict=words.say(VERDICT[fact.verdict]),
    )  # fmt: skip


def power(log10_p: float) -> str:
    """A probability in words; what is below any use is cut at 10^-300."""
    if log10_p > -2:
        return f"p = {10 ** min(log10_p, 0.0):.2f}"
    return f"p < 1e{max(int(log10_p), -300)}"


def any_of(dossier: Dossier) -> bool:
    """Whether weights were compared at all."""
    return any(isinstance(fact, Compared | Unmatched) for fact in dossier.facts)
