"""What is known of licence ids: names, authorities, openness sets, facts. Reads shipped data only.

Ids are SPDX ids where SPDX has one, else keys of the ScanCode LicenseDB, else ``LicenseRef-`` names
of our own (``data/licenses/*.toml``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from . import expressions, store
from .model import Info

KINDS = ("code", "data", "weights", "document")
_HEAD = re.compile(r'^(id|display) = "([^"\n]+)"$', re.M)
_DEPRECATED = re.compile(r"^((?:A|L)?GPL-\d\.\d|GFDL-1\.\d)(\+|-only|-or-later)?$", re.I)


class Row(NamedTuple):
    """One line of ``catalog.tsv``."""

    id: str
    name: str
    kind: str
    osi: str
    fsf: str
    key: str
    names: str
    source: str


@cache
def _table() -> tuple[Mapping[str, Row], tuple[str, ...]]:
    rows: dict[str, Row] = {}
    sources: list[str] = []
    text = store.read("catalog.tsv").decode("utf-8")
    for line in text.split("\n"):
        if line.startswith("#source "):
            sources.append(line.split("\t", 1)[1])
        elif line and line[0] != "#":
            row = Row(*line.split("\t"))
            rows[row.id.lower()] = row
            if row.key:
                rows.setdefault(row.key.lower(), row)
    return rows, tuple(sources)


@cache
def table(name: str) -> Mapping[str, Any]:
    """A TOML file of ``data``, read once."""
    import tomllib  # 8 ms that most questions need not spend

    return tomllib.loads(store.read(name).decode("utf-8"))


def find(id: str) -> Row | None:
    """The row of an id, of a ScanCode key, of ``LicenseRef-scancode-<key>``, in any case."""
    low = id.strip().lower()
    if low.startswith("licenseref-scancode-"):
        low = low[len("licenseref-scancode-") :]
    rows, _ = _table()
    row = rows.get(low)
    if row is None:
        old = _DEPRECATED.match(low)
        if old:
            row = rows.get(old[1] + ("-or-later" if old[2] in ("+", "-or-later") else "-only"))
        elif low.endswith("+"):
            row = rows.get(low[:-1])
    return row


def canonical(id: str) -> str | None:
    """The id as we spell it, None where it is not known."""
    row = find(id)
    return row.id if row else None


def slug(id: str) -> str:
    """The file name (without ending) under which facts about an id are kept."""
    return re.sub(r"^licenseref-(scancode-)?", "", id.lower())


@cache
def facts(id: str) -> Mapping[str, Any]:
    """The hand-kept facts about one licence; empty where there are none."""
    name = slug(id)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+_-]{0,80}", name) or ".." in name:
        return MappingProxyType({})
    try:
        return table(f"licenses/{name}.toml")
    except FileNotFoundError:
        return MappingProxyType({})


@cache
def info(id: str) -> Info | None:
    """What is known of a licence id; None for an unknown one."""
    row = find(id)
    if row is None:
        return None
    from .terms import known_more, known_terms

    flag = {"1": True, "0": False}
    return Info(
        row.id,
        row.name,
        flag.get(row.osi),
        flag.get(row.fsf),
        row.kind,
        MappingProxyType(known_terms(row.id, row.kind)),
        _source(row),
        MappingProxyType(known_more(row.id)),
        _verified(row),
    )


def _source(row: Row) -> str:
    return str(facts(row.id).get("source") or _table()[1][int(row.source)])


def _verified(row: Row) -> bool:
    """Whether the facts can be held against a public text: a list's, or one at a commit."""
    kept = facts(row.id)
    if "verified" in kept:
        return bool(kept["verified"])
    return bool(not kept or re.search(r"@ ?[0-9a-f]{7,40}\b|ScanCode LicenseDB|SPDX", _source(row)))


@cache
def sets() -> Mapping[str, frozenset[str]]:
    """The named sets of licence ids (``data/sets.toml`` says where each comes from)."""
    rows = {r.id: r for r in _table()[0].values()}.values()
    spdx = [r for r in rows if r.source == "0"]
    out = {
        "spdx": frozenset(r.id for r in spdx if r.kind != "exception"),
        "spdx-exceptions": frozenset(r.id for r in spdx if r.kind == "exception"),
        "spdx-osi": frozenset(r.id for r in spdx if r.osi == "1"),
        "spdx-fsf": frozenset(r.id for r in spdx if r.fsf == "1"),
    }
    for name, body in table("sets.toml")["set"].items():
        pattern = "|".join(f"(?:{p})" for p in body.get("patterns", ()))
        matched = {r.id for r in rows if re.fullmatch(pattern, r.id)} if pattern else set()
        out[name] = frozenset({*body.get("ids", ()), *matched} - set(body.get("except", ())))
    return MappingProxyType(out)


@cache
def _open_set(kind: str) -> frozenset[str]:
    named = sets()
    groups = table("sets.toml")["open"][kind]
    return frozenset(i.lower() for g in groups for i in named[g])


@cache
def _exceptions() -> frozenset[str]:
    return frozenset(i.lower() for i in sets()["spdx-exceptions"])


def is_open(expression: str, allowed: Callable[[str], bool]) -> bool:
    """OR: any, AND: all. An unknown exception after WITH is not open: it may be a restriction.

    Raises `LicenseExpressionError` for a malformed expression.
    """
    return expressions.evaluate(expressions.parse(expression), allowed, _exceptions())


def openness(expression: str, kind: str) -> bool | None:
    """Whether an expression is open for ``code``, ``data``, ``weights`` or ``document``.

    True only when it rests on licences of a named open set; False when a part that cannot be
    avoided is known to be restricted; None: not shown to be open. Never raises for a bad
    expression (None); raises `ValueError` for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
    try:
        tree = expressions.parse(expression)
    except expressions.LicenseExpressionError:
        return None
    if expression.strip().upper() in ("NONE", "NOASSERTION"):
        return False if expression.strip().upper() == "NONE" else None
    open_ids = _open_set(kind)

    def is_in(id: str) -> bool:
        return (canonical(id) or id).lower() in open_ids

    if expressions.evaluate(tree, is_in, _exceptions()):
        return True
    possible = expressions.evaluate(tree, lambda i: not _restricted(i), _all_exceptions(tree))
    return None if possible else False


def _all_exceptions(tree: expressions.Node) -> frozenset[str]:
    nodes = expressions.walk(tree)
    return frozenset(n.exception.lower() for n in nodes if isinstance(n, expressions.With))


def _restricted(id: str) -> bool:
    row = find(id)
    return row is not None and row.kind == "restricted"


def display(id: str) -> str:
    """A readable id: SPDX ids as they are, others as the ``LicenseRef-`` name people write."""
    row = find(id)
    if row is None or row.source == "0":
        return row.id if row else id
    named = facts(row.id).get("display")
    if named:
        return str(named)
    return row.id if row.id.startswith("LicenseRef-") else f"LicenseRef-{row.id}"


def shown(expression: str) -> str:
    """The expression in the names that readers know (:func:`display`); as it is if it is none."""
    try:
        return expressions.render(expressions.parse(expression), display)
    except expressions.LicenseExpressionError:
        return expression


def displayed(name: str) -> tuple[str, ...]:
    """The ids that `display` shows under this name: none, one, or versions shown alike."""
    row = find(name)
    if row is not None and row.source == "0":
        return (row.id,)
    shown = _by_display().get(name.lower())
    if shown:
        return shown
    row = row or find(name.removeprefix("LicenseRef-"))
    return (row.id,) if row else ()


@cache
def _by_display() -> Mapping[str, tuple[str, ...]]:
    """Reads two lines of each file of facts: parsing all of them would take fifty milliseconds."""
    found: dict[str, tuple[str, ...]] = {}
    for file in store.names("licenses"):
        said = dict(_HEAD.findall(store.read(f"licenses/{file}").decode("utf-8")))
        if "display" in said and "id" in said:
            key = said["display"].lower()
            found[key] = (*found.get(key, ()), said["id"])
    return MappingProxyType(found)


def spdx(expression: str) -> str:
    """The expression with ids that SPDX tools accept (``LicenseRef-scancode-<key>``).

    Raises `LicenseExpressionError` for a malformed expression.
    """

    def name(id: str) -> str:
        row = find(id)
        if row is None or row.source == "0" or id.startswith("LicenseRef-"):
            return row.id if row else id
        return f"LicenseRef-scancode-{row.id}"

    return expressions.render(expressions.parse(expression), name)
