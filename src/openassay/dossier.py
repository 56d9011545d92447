"""The dossier as a file: every fact with its evidence, every gap; lossless and byte-stable.

The shape follows the dataclasses of :mod:`openassay.types` field by field, under the schema name
``openassay-dossier/1``. A fact carries its type under the key ``fact``. :func:`load` checks every
value against the declared type and names the place (a JSON pointer) of the first that is wrong; it
never builds anything but those types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from openassay import kinship, types
from openassay.canonical import dump_json
from openassay.errors import DossierError

SCHEMA = "openassay-dossier/1"
MAX_BYTES = 256 << 20  # a dossier of a checkout of 100,000 files stays well below
_TAG = "fact"
FACTS: Mapping[str, type[types.Fact]] = {
    "compared": kinship.Compared,
    "derived": types.Derived,
    "found": types.Found,
    "gated": types.Gated,
    "licensed": types.Licensed,
    "linked": types.Linked,
    "ruled_out": types.RuledOut,
    "stated": types.Stated,
    "unmatched": kinship.Unmatched,
    "visited": types.Visited,
}
_PLAIN: Mapping[type, str] = {
    str: "a string", int: "a whole number", bool: "true or false", float: "a number with a point",
}  # fmt: skip
_TAGS: Mapping[type, str] = {kind: tag for tag, kind in FACTS.items()}


def dump(dossier: types.Dossier) -> str:
    """The dossier as JSON text, keys sorted, one trailing newline."""
    return dump_json(_encode(dossier), sort=True)


def load(text: str | bytes) -> types.Dossier:
    """The dossier that :func:`dump` wrote; anything else raises :class:`DossierError`."""
    value = parse_json(text)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise DossierError(
            f"/schema: this is not an {SCHEMA} file",
            hint="`openassay read TARGET -o dossier.json` writes one",
        )
    dossier = _decode_object(types.Dossier, value, "")
    assert isinstance(dossier, types.Dossier)
    return dossier


def is_dossier(raw: bytes) -> bool:
    """Whether bytes look like a dossier of this schema; :func:`load` then says whether they are."""
    return f'"{SCHEMA}"'.encode() in raw


def evidence_of(dossier: types.Dossier) -> tuple[types.Evidence, ...]:
    """Every piece of evidence of the audited sources, each once, by source and path."""
    known = {source.id for source in dossier.sources}
    found: set[types.Evidence] = set()
    for fact in dossier.facts:
        found.update(fact.evidence)
    for component in dossier.components:
        for item in (*component.because, *component.licenses):
            if isinstance(item, types.Fact):
                found.update(item.evidence)
    found.update(claim.evidence for claim in dossier.claims)
    for contradiction in dossier.contradictions:
        found.update(contradiction.evidence)
    kept = (item for item in found if item.source in known)
    return tuple(sorted(kept, key=lambda e: (e.source, e.path, str(e.span), e.quote)))


def parse_json(text: str | bytes) -> Any:
    """Strict JSON: bounded in size and depth, no duplicate keys, no NaN, UTF-8 only."""
    if len(text) > MAX_BYTES:
        raise DossierError(f"larger than {MAX_BYTES >> 20} MiB, which no dossier is")
    try:
        plain = text if isinstance(text, str) else text.decode("utf-8-sig")
        return json.loads(plain, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise DossierError("JSON nested too deeply") from None
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise DossierError(f"not valid JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DossierError(f"the key {twice!r} stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise DossierError(f"{name} is not JSON")


def _encode(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        encoded = {name: _encode(getattr(value, name)) for name, _, _ in _shape(type(value))}
        if tag := _TAGS.get(type(value)):
            encoded[_TAG] = tag
        return encoded
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"a dossier cannot hold a {type(value).__name__}")


@cache
def _shape(kind: type) -> tuple[tuple[str, Any, bool], ...]:
    """(name, declared type, whether it may be left out) of every field of a dataclass."""
    hints = get_type_hints(kind)
    return tuple(
        (
            field.name,
            hints[field.name],
            field.default is not MISSING or field.default_factory is not MISSING,
        )
        for field in fields(kind)
    )


def _decode(kind: Any, value: Any, at: str) -> Any:
    """``value`` as the declared type ``kind``, or a DossierError that names ``at``."""
    if isinstance(kind, UnionType):
        return _decode_union(get_args(kind), value, at)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            _wrong(at, "a list", value)
        item = get_args(kind)[0]
        return tuple(_decode(item, one, f"{at}/{index}") for index, one in enumerate(value))
    if is_dataclass(kind):
        return _decode_object(kind, value, at)
    if issubclass(kind, StrEnum):
        choices = [member.value for member in kind]
        if value not in choices:
            _wrong(at, f"one of {', '.join(choices)}", value)
        return kind(value)
    if type(value) is not kind:  # exact: True is no int here
        _wrong(at, _PLAIN[kind], value)
    return value


def _decode_union(kinds: tuple[Any, ...], value: Any, at: str) -> Any:
    if value is None and NoneType in kinds:
        return None
    if types.Gap in kinds:  # Fact | Gap: only facts are tagged
        tagged = isinstance(value, dict) and _TAG in value
        return _decode(types.Fact if tagged else types.Gap, value, at)
    for kind in kinds:
        if type(value) is kind:
            return value
    named = [kind for kind in kinds if kind is not NoneType]
    if len(named) > 1:
        _wrong(at, " or ".join(kind.__name__ for kind in kinds), value)
    return _decode(named[0], value, at)


def _decode_object(kind: Any, value: Any, at: str) -> Any:
    if not isinstance(value, dict):
        _wrong(at, f"an object ({kind.__name__})", value)
    given = dict(value)
    if issubclass(kind, types.Fact):
        tag = given.pop(_TAG, None)
        if not isinstance(tag, str) or tag not in FACTS:
            _wrong(f"{at}/{_TAG}", f"one of {', '.join(FACTS)}", tag)
        kind = FACTS[tag]
    built: dict[str, Any] = {}
    for name, declared, optional in _shape(kind):
        if name in given:
            built[name] = _decode(declared, given.pop(name), f"{at}/{name}")
        elif not optional:
            raise DossierError(f"{at}/{name}: missing from a {kind.__name__}")
    if given:
        raise DossierError(f"{at}/{min(given)}: a {kind.__name__} has no such field")
    try:
        return kind(**built)
    except ValueError as error:  # a fact without evidence
        raise DossierError(f"{at}: {error}") from None


def _wrong(at: str, wanted: str, value: Any) -> NoReturn:
    shown = json.dumps(value)
    raise DossierError(f"{at or '/'}: wanted {wanted}, found {shown[:60]}")
