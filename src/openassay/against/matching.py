"""Which releases at hand a record speaks of, by the addresses that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from openassay.against.addresses import Address, address, of_folder, of_record
from openassay.against.places import record_addresses
from openassay.records import Record
from openassay.subject import parse_name


def address_of(remote: str, names: Iterable[str]) -> Address | None:
    """The repository that a folder is a checkout of: its remote tells, else its name.

    ``names`` are the folder's own name and ``owner/name`` by the folder above it. A remote that
    is a path of this machine says nothing.
    """
    if (found := address(remote)) is not None:
        return found
    return next((found for name in names if (found := of_folder(name)) is not None), None)


def match(record: Record, candidates: Iterable[tuple[str, Address]]) -> tuple[str, ...]:
    """The targets that are the record's repository and its page on the hub, in that order.

    Without a host in its name a folder can be either; it counts for the repository first.
    """
    pool = list(candidates)
    found: list[str] = []
    for text in record_addresses(record):
        where = of_record(text)
        if where is None:
            continue
        same = [target for target, own in pool if own.same(where) and target not in found]
        found += same[:1]
    return tuple(found)


def web_addresses(record: Record) -> tuple[str, ...]:
    """The addresses of the web where the record says that its release is, each as a target."""
    found = []
    for text in record_addresses(record):
        where = of_record(text)
        if where is not None and where.host and re.fullmatch(r"[\w.-]+/[\w.-]+", where.id):
            folder = "datasets/" if where.kind == "dataset" else ""
            found.append(f"https://{where.host}/{folder}{_spelled(text, where.id)}")
    return tuple(dict.fromkeys(found))


def _spelled(text: str, id: str) -> str:
    """The repository's name in the capitals that the record has: some hosts tell them apart."""
    at = text.lower().find(id)
    return text[at : at + len(id)] if at >= 0 else id


def model_names(record: Record) -> tuple[str, ...]:
    """The model that a record is about, as families with their versions: ``llama-3.1``.

    Sizes and variants are left out, so that the records of one generation are read together.
    """
    found = []
    hub = of_record(record.huggingface)
    for name in (record.name, hub.id if hub else ""):
        if parsed := parse_name(name[:200]):
            version = ".".join(map(str, parsed.version))
            found.append(f"{parsed.family}-{version}" if version else parsed.family)
    return tuple(dict.fromkeys(found))
