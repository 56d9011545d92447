"""What a full pass has finished, and where it stands in the file in hand: ``openassay-journal/2``.

Entries are by source and path. One counts only for the very bytes it was taken from: a folder's
files are told by their size, when they were changed and their place on the disk, others by the pin
of their source. So a file that was edited since is read again, and a journal that lies in the
folder itself does no harm.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, TypeVar

from openassay.canonical import dump_json
from openassay.errors import DossierError
from openassay.files import File
from openassay.weights.content import CHUNK, Begun, FileContent, TensorContent
from openassay.weights.hashing import is_state
from openassay.weights.tally import Tally
from openassay.weights.values import WIDTHS

SCHEMA: Final = "openassay-journal/2"
_OLDER: Final = ("openassay-journal/1",)
_Entry = TypeVar("_Entry", FileContent, Begun)


@dataclass(slots=True)
class Journal:
    """Entries with what tells the file they are of. ``older`` is the form that was not taken over:
    the figures are no longer made that way.
    """

    files: dict[str, tuple[str, FileContent]] = field(default_factory=dict)
    begun: dict[str, tuple[str, Begun]] = field(default_factory=dict)
    older: str = ""

    def content(self, file: File) -> FileContent | None:
        """What a pass over the whole file has found."""
        return _known(self.files, file)

    def standing(self, file: File) -> Begun | None:
        """Where a pass over the file was cut off."""
        return _known(self.begun, file)

    def finish(self, file: File, content: FileContent) -> None:
        self.begun.pop(_key(file), None)
        self.files[_key(file)] = (_mark(file), content)

    def stand(self, file: File, begun: Begun) -> None:
        self.begun[_key(file)] = (_mark(file), begun)

    def dump(self) -> str:
        """The journal as text, sorted."""
        files = {key: _row(*self.files[key]) for key in sorted(self.files)}
        begun = {key: _row(*self.begun[key]) for key in sorted(self.begun)}
        return dump_json({"schema": SCHEMA, "files": files, "begun": begun})


def _key(file: File) -> str:
    source = file.source.rpartition("@")[0] if file.stamp else file.source
    return f"{source}:{file.path}"


def _mark(file: File) -> str:
    return file.stamp or file.source


def _known(entries: dict[str, tuple[str, _Entry]], file: File) -> _Entry | None:
    mark, found = entries.get(_key(file), ("", None))
    return found if found is not None and mark == _mark(file) and found.size == file.size else None


def _row(mark: str, entry: FileContent | Begun) -> dict[str, Any]:
    return {"mark": mark, **asdict(entry)}


def load(raw: bytes) -> Journal:
    """What a journal holds: nothing for no bytes or an older form. Else raises DossierError."""
    if not raw.strip():
        return Journal()
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DossierError("the journal is not JSON; name another file, or delete it") from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema in _OLDER:
        return Journal(older=schema)
    if schema != SCHEMA:
        raise DossierError(f"/schema: this is not an {SCHEMA} journal; name another file")
    try:
        return Journal(
            {str(key): (str(row["mark"]), _file(row)) for key, row in found["files"].items()},
            {str(key): (str(row["mark"]), _begun(row)) for key, row in found["begun"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DossierError("an entry of the journal is damaged; delete it") from error


def _file(row: Any) -> FileContent:
    tensors = tuple(_tensor(tensor) for tensor in row["tensors"])
    return FileContent(
        str(row["path"]), int(row["size"]), str(row["sha256"]), int(row["zero_pages"]),
        int(row["pages"]), tensors,
    )  # fmt: skip


def _tensor(row: Any) -> TensorContent:
    values = {field.name: row[field.name] for field in fields(TensorContent)}
    values["shape"] = tuple(int(size) for size in values["shape"])
    for name in ("name", "dtype", "multiset"):
        values[name] = str(values[name])
    for name in ("zeros", "not_finite"):
        values[name] = int(values[name])
    for name in ("mean", "std", "largest"):
        if values[name] is not None:
            values[name] = float(values[name])
    return TensorContent(**values)


def _begun(row: Any) -> Begun:
    """Raises ValueError for what no pass has written: it would be gone on with."""
    found = Begun(
        int(row["size"]), int(row["offset"]), str(row["sha256"]), int(row["zero_pages"]),
        str(row["layout"]), str(row["before"]), tuple(map(str, row["tensors"])),
        tuple(map(str, row["cut"])),
    )  # fmt: skip
    fits = 0 < found.offset < found.size and not found.offset % CHUNK
    if not fits or len(found.tensors) != len(found.cut):
        raise ValueError("no such place in the file")
    if found.sha256 and not is_state(found.sha256):
        raise ValueError("no state of a SHA-256")
    for tally, cut in zip(found.tensors, found.cut, strict=True):
        Tally.load("F64", tally)
        if len(bytes.fromhex(cut)) >= max(WIDTHS.values()):
            raise ValueError("more than an element was cut off")
    return found
