"""A sketch: a few megabytes that stand for a model's weights when it is compared with others.

It holds the table of tensors, stored bytes of sampled rows exactly as they lie in the file, and
digests of what was read. Its file is itself a safetensors file (one U8 array per excerpt, and one
with everything else as JSON), so any reader of that format can open it. ``openassay-sketch/2``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from openassay.arrays import Floats, Numbers, np
from openassay.errors import DossierError
from openassay.formats import safetensors
from openassay.formats.bounded import MAX_TENSORS, FormatError, reader_of
from openassay.lineage.decode import can_decode, decode, row_bytes
from openassay.lineage.roles import Part, Role
from openassay.types import Digest, Evidence, Span, Unit

SCHEMA: Final = "openassay-sketch/2"
_OLDER: Final = "openassay-sketch/1"  # its digests of values were made in another way
SEED: Final = "openassay-sketch/1"  # of sketches that are stored to be compared with any other
MAX_SKETCH: Final = 256 << 20  # bytes of a stored sketch
MAX_RUNS: Final = 4_096
_KEY: Final = "openassay"
_META: Final = "meta"


@dataclass(frozen=True, slots=True)
class Row:
    """One tensor of the table. Digests are there where all of it was read.

    ``sha256`` is of its bytes as stored, ``values`` is the same for the same float32 values in any
    order and type (:class:`openassay.weights.values.Multiset`). ``fixed`` says why no training
    made them.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    part: Part
    nbytes: int
    sha256: str = ""
    values: str = ""
    fixed: str = ""

    @property
    def counts(self) -> bool:
        """Whether equality of it says anything about an origin."""
        return not self.part.denied and not self.fixed


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Stored bytes of some rows. ``rows`` are runs of row numbers, ``columns`` the width."""

    rows: tuple[tuple[int, int], ...]
    columns: int
    dtype: str
    raw: bytes
    big_endian: bool = False

    def numbers(self) -> Numbers:
        """The row numbers, ascending."""
        parts = [np.arange(start, end, dtype=np.int64) for start, end in self.rows]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(end - start for start, end in self.rows)

    def values(self) -> Floats:
        """The rows as floats, (rows, columns); what is not finite is zero."""
        return self._decoded(self.raw)

    def some(self, at: Numbers) -> Floats:
        """The rows at these places among those that are here, decoded alone."""
        cells = np.frombuffer(self.raw, np.uint8).reshape(self.count, -1)
        return self._decoded(cells[at].tobytes())

    def _decoded(self, raw: bytes) -> Floats:
        with np.errstate(all="ignore"):  # hostile scales may overflow
            flat = decode(raw, self.dtype, self.big_endian)
        return np.nan_to_num(flat, nan=0.0, posinf=0.0, neginf=0.0).reshape(-1, self.columns)


@dataclass(frozen=True, slots=True)
class FileNote:
    """One file of the weights: its digest where known, else empty."""

    path: str
    size: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Sketch:
    """Everything that is kept of one model's weights."""

    name: str
    label: str  # path of the weights inside the source
    source: str
    format: str
    seed: str
    whole: bool  # every byte was read, so digests can prove equality
    files: tuple[FileNote, ...]
    table: tuple[Row, ...]
    excerpts: Mapping[int, Excerpt]
    evidence: tuple[Evidence, ...]
    tokens: Mapping[int, str] = field(default_factory=dict)  # token of a row of the embedding
    notes: tuple[str, ...] = ()
    bytes_read: int = 0
    complete: bool = True  # no file of the weights was missing

    @property
    def nbytes(self) -> int:
        """Bytes of the weights' files."""
        return sum(file.size for file in self.files)


def dump(sketch: Sketch) -> bytes:
    """The file's bytes; the same sketch gives the same bytes."""
    pieces = {_META: json.dumps(_meta(sketch), sort_keys=True).encode()}
    pieces |= {str(index): sketch.excerpts[index].raw for index in sorted(sketch.excerpts)}
    header: dict[str, Any] = {"__metadata__": {_KEY: SCHEMA}}
    at = 0
    for name, raw in pieces.items():
        end = at + len(raw)
        header[name] = {"dtype": "U8", "shape": [len(raw)], "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(pieces.values())


def _meta(sketch: Sketch) -> dict[str, Any]:
    return {
        "name": sketch.name,
        "label": sketch.label,
        "source": sketch.source,
        "format": sketch.format,
        "seed": sketch.seed,
        "whole": sketch.whole,
        "complete": sketch.complete,
        "bytes_read": sketch.bytes_read,
        "files": [[file.path, file.size, file.sha256] for file in sketch.files],
        "notes": list(sketch.notes),
        "tokens": {str(row): token for row, token in sketch.tokens.items()},
        "evidence": [_evidence_out(one) for one in sketch.evidence],
        "table": [_row_out(row) for row in sketch.table],
        "excerpts": {
            str(index): [one.rows, one.columns, one.dtype, one.big_endian]
            for index, one in sketch.excerpts.items()
        },
    }


def _row_out(row: Row) -> list[Any]:
    part = row.part
    return [
        row.name, row.dtype, row.shape, row.nbytes, row.sha256, row.values, row.fixed,
        str(part.role), part.stack, part.layer, part.expert, part.denied,
    ]  # fmt: skip


def _evidence_out(one: Evidence) -> list[Any]:
    span = one.span
    digest = [one.digest.algorithm, one.digest.value]
    return [one.source, one.path, str(span.unit), span.start, span.end, one.quote, digest, one.link]


def is_sketch(head: bytes) -> bool:
    """Whether a file that begins so could be a stored sketch."""
    return head[8:].startswith(f'{{"__metadata__": {{"{_KEY}": '.encode())


def load(raw: bytes, path: str = "the sketch") -> Sketch:
    """A stored sketch. Raises :class:`DossierError` for anything that is not a sound one."""
    try:
        if len(raw) > MAX_SKETCH:
            raise ValueError(f"it has more than {MAX_SKETCH >> 20} MiB")
        parsed = safetensors.parse(reader_of(raw), len(raw))
        if parsed.problems:
            raise ValueError(parsed.problems[0].detail)
        if parsed.metadata[_KEY] == _OLDER:
            raise ValueError(f"{_OLDER} told equal values in another way than {SCHEMA}")
        if parsed.metadata[_KEY] != SCHEMA:
            raise ValueError(f"its schema is {parsed.metadata[_KEY][:40]!r}, known is {SCHEMA!r}")
        pieces = {t.name: raw[t.start or 0 : t.end or 0] for t in parsed.tensors}
        return _load(json.loads(pieces[_META]), pieces)
    except (FormatError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        detail = str(error) if isinstance(error, FormatError | ValueError) else repr(error)
        raise DossierError(
            f"{path} is no stored sketch of weights: {detail[:200]}",
            hint="Make one with: openassay lineage TARGET --save FILE",
        ) from error


def _load(meta: dict[str, Any], pieces: dict[str, bytes]) -> Sketch:
    table = tuple(_row_in(entry) for entry in meta["table"])
    if len(table) > MAX_TENSORS:
        raise ValueError(f"{len(table)} tensors")
    excerpts = {}
    for key, (rows, columns, dtype, big) in meta["excerpts"].items():
        index = int(key)
        runs = tuple((int(start), int(end)) for start, end in rows)
        excerpts[index] = _excerpt(table[index], Excerpt(
            runs, int(columns), _text(dtype), pieces[key], bool(big)))  # fmt: skip
    return Sketch(
        name=_text(meta["name"]),
        label=_text(meta["label"]),
        source=_text(meta["source"]),
        format=_text(meta["format"]),
        seed=_text(meta["seed"]),
        whole=meta["whole"] is True,
        files=tuple(FileNote(_text(p), int(s), _text(d)) for p, s, d in meta["files"]),
        table=table,
        excerpts=excerpts,
        evidence=tuple(_evidence_in(entry) for entry in meta["evidence"]),
        tokens={int(row): _text(token) for row, token in meta["tokens"].items()},
        notes=tuple(_text(note) for note in meta["notes"]),
        bytes_read=int(meta["bytes_read"]),
        complete=meta.get("complete", True) is True,
    )


def _excerpt(row: Row, one: Excerpt) -> Excerpt:
    """The excerpt, if its bytes are what its description asks for; ValueError if not."""
    last = 0
    for start, end in one.rows:
        if not last <= start < end or end > 1 << 40:
            raise ValueError(f"rows {start} to {end} of {row.name[:80]!r}")
        last = end
    size = row_bytes(one.dtype, one.columns) if one.columns > 0 else None
    count = sum(end - start for start, end in one.rows)
    if len(one.rows) > MAX_RUNS or not size or not can_decode(one.dtype):
        raise ValueError(f"rows of {row.name[:80]!r} cannot be read")
    if count * size != len(one.raw):
        raise ValueError(
            f"{row.name[:80]!r} has {len(one.raw)} bytes, {count * size} are described"
        )
    return one


def _row_in(entry: list[Any]) -> Row:
    name, dtype, shape, nbytes, sha256, values, fixed, role, stack, layer, expert, denied = entry
    part = Part(Role(role), _text(stack), _number(layer), _number(expert), _text(denied))
    sizes = tuple(int(n) for n in shape)
    if any(n < 0 for n in sizes) or len(sizes) > 64:
        raise ValueError(f"the shape of {str(name)[:80]!r}")
    return Row(_text(name), _text(dtype), sizes, part, int(nbytes), _text(sha256), _text(values),
               _text(fixed))  # fmt: skip


def _evidence_in(entry: list[Any]) -> Evidence:
    source, path, unit, start, end, quote, digest, link = entry
    if not all(isinstance(place, int | str) for place in (start, end)):
        raise ValueError("a place of evidence is neither number nor text")
    return Evidence(
        _text(source), _text(path), Span(Unit(unit), start, end), _text(quote),
        Digest(_text(digest[0]), _text(digest[1])), None if link is None else _text(link),
    )  # fmt: skip


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 4_096:
        raise ValueError(f"a text was expected, found {type(value).__name__}")
    return value


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
