"""The licence that a record gives, beside the licence that the release states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from openassay import licenses
from openassay.against.addresses import address, is_url, same_page
from openassay.against.places import Ground
from openassay.checked import Asked, Check, Standing
from openassay.records import Record, RecordedComponent, Word, inherited
from openassay.types import Component, Evidence, Fact, Found, Gap, How, Licensed, Linked, Status

_MAX_EVIDENCE = 4
# What a record's release-level licence speaks of, in the scopes that a dossier uses.
_SCOPES = {
    "distribution": ("release", "path:"),
    "code": ("code", "path:", "release"),
    "data": ("data", "weights", "path:", "release"),
    "document": ("document", "path:", "release"),
}
_KINDS = ("code", "data", "weights", "document")
_VAGUE = ("-only", "-or-later", "+")


def of_component(
    record: Record, entry: RecordedComponent, component: Component, ground: Ground
) -> Check | None:
    """Whether the licence of a component that is there is what the record says; None: no claim."""
    word, stated, says = _said(record, entry, component.id)
    if word is Word.INHERITS:
        return None
    if word is Word.UNTOLD:
        tells = f"; the release states {component.license}" if component.license else ""
        because = f"The record names no licence{tells}."
        return _check(says, Standing.NOT_CHECKABLE, because, _where(component))
    if elsewhere := _elsewhere(entry, component, ground):
        because = f"The record speaks of what is at {elsewhere[:200]}, which was not read."
        return _check(says, Standing.NOT_CHECKABLE, because)
    if component.license is None:
        return _none_stated(word, says, component)
    if word is Word.NONE:
        because = f"The release states {component.license} ({component.license_reason})."
        return _check(says, Standing.CONTRADICTED, because, _where(component))
    return _compared(stated, says, component, ground)


def _said(record: Record, entry: RecordedComponent, id: str) -> tuple[Word, str, str]:
    """How the licence is meant, its name, and the record's words for it."""
    if entry.word is not Word.INHERITS:
        return entry.word, entry.license or "", entry.license or "unlicensed"
    found = inherited(record, id)
    if found is None:
        return Word.INHERITS, "", ""
    scope, name = found
    as_entry = RecordedComponent("", name)  # the same words mean the same at both places
    word = Word.NAMED if as_entry.word in (Word.WITHHELD, Word.NAMED) else as_entry.word
    return word, name, f"{name} (inherited: {scope})"


def _elsewhere(entry: RecordedComponent, component: Component, ground: Ground) -> str:
    """The place outside of what was audited that the entry speaks of; empty for none.

    A page about a licence (choosealicense.com) says nothing of where the component is; a
    repository does, and the release's own copy of the component may be under other terms.
    """
    for text in (entry.component_path.strip(), entry.license_path.strip()):
        where = address(text)
        if not is_url(text) or (where is None and text == entry.license_path.strip()):
            continue
        if where is not None and ground.source_at(where) is not None:
            return ""
        links = (fact.url for fact in component.because if isinstance(fact, Linked))
        if component.status is Status.LINKED and any(same_page(text, url) for url in links):
            return ""  # the release speaks of the same place
        return text
    return ""


def _none_stated(word: Word, says: str, component: Component) -> Check:
    """The release states no licence for something that it has."""
    links = [fact.url for fact in component.because if isinstance(fact, Linked)]
    held = any(isinstance(fact, Found) for fact in component.because)
    if component.status is Status.LINKED or (links and not held):
        where = next((f" ({url[:200]})" for url in links if is_url(url)), "")
        because = f"Its licence would stand where it is kept{where}, and none was read there."
        return _check(says, Standing.NOT_CHECKABLE, because, _evidence(component))
    if word is Word.NONE:
        because = "No licence is stated for it in what was read."
        return _check(says, Standing.SUPPORTED, because, _evidence(component))
    return _check(says, Standing.UNSUPPORTED, "The release states no licence for it.")


def _compared(stated: str, says: str, component: Component, ground: Ground) -> Check:
    assert component.license is not None
    where = _where(component)
    release, known = component.license, licenses.normalize(stated)
    if known is None:
        because = f"{stated[:80]!r} cannot be identified; the release states {release}."
        return _check(says, Standing.NOT_CHECKABLE, because, where)
    ours = licenses.shown(known)
    relation = _relation(stated, ours, release)
    governing = component.licenses[0] if component.licenses else None
    if relation and governing is not None and governing.modified:
        because = f"The release has a changed text of {release}; a person has to compare them."
        return _check(says, Standing.NOT_CHECKABLE, because, where)
    if relation:
        because = f"The release {relation} {release} ({component.license_reason})."
        return _check(says, Standing.SUPPORTED, because, where)
    if missing := _left_out(ours, release):
        because = f"The release states {release}: the record leaves out {missing}."
        return _check(says, Standing.NOT_CHECKABLE, because, where)
    others = [
        fact for fact in component.licenses if _relation(stated, ours, licenses.shown(fact.license))
    ]
    if governing is not None and governing.how is How.HEADER:
        # One file's header outranks the licence at the root, for that file alone.
        others += [
            fact
            for fact in _at_root(ground)
            if _relation(stated, ours, licenses.shown(fact.license))
        ]
    if others:
        because = f"The release states both: {release} governs, and {ours} is named too."
        cited = (*where, *_first(others))
        return _check(says, Standing.NOT_CHECKABLE, because, cited)
    if not _all_known(release, component.licenses) or not _all_known(known, ()):
        because = f"The release states {release}, which is not a known licence; compare them."
        return _check(says, Standing.NOT_CHECKABLE, because, where)
    because = f"The release states {release} ({component.license_reason})."
    return _check(says, Standing.CONTRADICTED, because, where)


def _at_root(ground: Ground) -> list[Licensed]:
    """Statements about the release as a whole."""
    scopes = _SCOPES["distribution"]
    return [f for f in ground.dossier.facts if isinstance(f, Licensed) and f.scope in scopes]


def of_release(record: Record, facts: Sequence[Fact]) -> tuple[Check, ...]:
    """The record's licences of the distribution, the code, the data and the documents."""
    stated = [fact for fact in facts if isinstance(fact, Licensed)]
    return tuple(
        _of_scope(scope, name, stated)
        for scope, name in record.licenses.items()
        if RecordedComponent("", name).word is Word.NAMED
    )


def _of_scope(scope: str, name: str, stated: Sequence[Licensed]) -> Check:
    says = f"{scope}: {name}"
    known = licenses.normalize(name)
    here = [fact for fact in stated if fact.scope in _SCOPES[scope]]
    if known is None:
        because = f"{name[:80]!r} cannot be identified."
        return _check(says, Standing.NOT_CHECKABLE, because, _first(here))
    ours = licenses.shown(known)
    agreeing = [fact for fact in here if _relation(name, ours, licenses.shown(fact.license))]
    others = sorted({licenses.shown(fact.license) for fact in here} - {ours})
    if agreeing and not others:
        return _check(says, Standing.SUPPORTED, f"The release states {ours}.", _first(agreeing))
    if agreeing:
        because = f"The release states {ours}, and beside it {', '.join(others)[:200]}."
        return _check(says, Standing.NOT_CHECKABLE, because, _first([*agreeing, *here]))
    elsewhere = [fact for fact in stated if fact.scope in _KINDS and fact not in here]
    same = [fact for fact in elsewhere if _relation(name, ours, licenses.shown(fact.license))]
    if same:
        because = f"The release states {ours} for the {same[0].scope} only."
        return _check(says, Standing.NOT_CHECKABLE, because, _first(same))
    if not here:
        return _check(says, Standing.UNSUPPORTED, f"The release states no licence for the {scope}.")
    if not all(_all_known(fact.license, ()) for fact in here):
        because = f"The release states {', '.join(others)[:200]}; compare them."
        return _check(says, Standing.NOT_CHECKABLE, because, _first(here))
    because = f"The release states {', '.join(others)[:200]}."
    return _check(says, Standing.CONTRADICTED, because, _first(here))


# ------------------------------------------------------------------------------------- comparing


def _relation(stated: str, ours: str, release: str) -> str:
    """How the release's licence covers the recorded one, as a verb; empty where it does not.

    ``stated`` is the record's spelling: one that does not say *only* or *or later* means either.
    """
    if ours == release or _same_family(stated, ours, release):
        return "states"
    try:
        node, wanted = licenses.parse(release), licenses.parse(ours)
    except licenses.LicenseExpressionError:
        return ""
    if _parts(node) == _parts(wanted) and type(node) is type(wanted):
        return "states"
    if isinstance(node, licenses.Or) and ours in _parts(node):
        return "offers it as one choice of"
    return ""


def _left_out(ours: str, release: str) -> str:
    """What holds beside the recorded licence in a release under several at once."""
    try:
        node = licenses.parse(release)
    except licenses.LicenseExpressionError:
        return ""
    parts = sorted(_parts(node)) if isinstance(node, licenses.And) else []
    return ", ".join(part for part in parts if part != ours) if ours in parts else ""


def _same_family(stated: str, ours: str, release: str) -> bool:
    spelled = stated.casefold()
    if "only" in spelled or "later" in spelled or spelled.rstrip().endswith("+"):
        return False
    return _stem(ours) == _stem(release)


def _stem(id: str) -> str:
    for suffix in _VAGUE:
        id = id.removesuffix(suffix)
    return id


def _parts(node: licenses.Node) -> frozenset[str]:
    if isinstance(node, licenses.And | licenses.Or):
        return frozenset(licenses.render(part) for part in node.parts)
    return frozenset((licenses.render(node),))


def _all_known(expression: str, stated: Iterable[Licensed]) -> bool:
    """Whether every id is a licence whose terms are known, so that *different* is certain.

    ``stated`` are the statements that an expression of readable names was made from.
    """
    raw = {licenses.display(id): id for fact in stated for id in _ids(fact.license)}
    found = _ids(expression)
    return bool(found) and all(licenses.info(raw.get(id, id)) is not None for id in found)


def _ids(expression: str) -> tuple[str, ...]:
    try:
        return licenses.ids(expression)
    except licenses.LicenseExpressionError:
        return ()


# ------------------------------------------------------------------------------------- small words


def _check(
    says: str, standing: Standing, because: str, evidence: tuple[Evidence, ...] = ()
) -> Check:
    return Check(
        asked=Asked.LICENSE, says=says, standing=standing, because=because, evidence=evidence
    )


def _where(component: Component) -> tuple[Evidence, ...]:
    return _first(component.licenses[:1]) or _evidence(component)


def _first(facts: Iterable[Licensed]) -> tuple[Evidence, ...]:
    """The primary evidence of some statements, each once."""
    return tuple(dict.fromkeys(fact.evidence[0] for fact in facts))[:_MAX_EVIDENCE]


def _evidence(component: Component) -> tuple[Evidence, ...]:
    found = (fact.evidence[0] for fact in component.because if not isinstance(fact, Gap))
    return tuple(dict.fromkeys(found))[:1]
