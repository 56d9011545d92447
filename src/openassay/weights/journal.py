"""What a full pass has finished, so that one that was cut off goes on: ``openassay-journal/1``.

Entries are by source and path; one counts only for a file of the same pin and size. A source's pin
says which bytes are meant, so a folder that was edited since is read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from openassay.canonical import dump_json
from openassay.errors import DossierError
from openassay.weights.content import FileContent, TensorContent

SCHEMA: Final = "openassay-journal/1"


def dump(files: Mapping[str, FileContent]) -> str:
    """The journal as text, sorted."""
    rows = {key: asdict(files[key]) for key in sorted(files)}
    return dump_json({"schema": SCHEMA, "files": rows})


def load(raw: bytes) -> dict[str, FileContent]:
    """What a journal holds; empty for no bytes, DossierError for something else."""
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DossierError("the journal is not JSON; name another file, or delete it") from error
    rows = found.get("files") if isinstance(found, dict) else None
    if not isinstance(rows, dict) or found.get("schema") != SCHEMA:
        raise DossierError(f"/schema: this is not an {SCHEMA} journal; name another file")
    try:
        return {str(key): _file(row) for key, row in rows.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DossierError("an entry of the journal is incomplete; delete it") from error


def _file(row: Any) -> FileContent:
    tensors = tuple(_tensor(tensor) for tensor in row["tensors"])
    return FileContent(
        str(row["path"]), int(row["size"]), str(row["sha256"]), int(row["zero_pages"]),
        int(row["pages"]), tensors,
    )  # fmt: skip


def _tensor(row: Any) -> TensorContent:
    values = {field.name: row[field.name] for field in fields(TensorContent)}
    values["shape"] = tuple(int(size) for size in values["shape"])
    return TensorContent(**values)
