"""safetensors: an 8-byte length, a JSON header, then the tensors' bytes without a gap.

Source: the format section of the safetensors README and the checks of its reference implementation
(crate 0.8.0). We report everything that implementation rejects, and also what it lets pass and two
readers may understand differently: duplicate names (there the last one wins in silence), zero-size
tensors that share an offset, odd names, padding.

Beside it stand the index of a sharded checkpoint (`*.index.json`) and the naming scheme of shards,
which other formats use as well.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from openassay.formats import safetensors_stream
from openassay.formats.bounded import (
    DTYPE_BITS,
    MAX_DIMENSIONS,
    MAX_NAME,
    MAX_TENSORS,
    Fault,
    Findings,
    FormatError,
    Problem,
    ReadAt,
    Tensor,
    Window,
    check_cover,
    clean_name,
    quoted,
    unsafe_path,
)
from openassay.formats.safetensors_stream import no_constant

MAX_HEADER: Final = 100_000_000  # the reference implementation's own limit
HUB_HEADER: Final = 25_000_000  # the hub's client stops here: readable in one place, not in another
MAX_SHAPES: Final = 1_000  # distinct shapes that are remembered to share them
LONG_HEADER: Final = 1 << 20  # bytes; longer ones are read entry by entry, in bounded memory
MAX_INDEX: Final = 64 << 20  # characters of an index: 200,000 tensors take about 20 million
MAX_VALUE: Final = 1 << 20  # characters kept of one metadata text; training logs can be large
MAX_SIZE: Final = 1 << 63  # file offsets and tensor sizes beyond this exist nowhere

# The dtypes of crate 0.8.0; DTYPE_BITS has a few more that only other formats use.
DTYPES: Final = frozenset({
    "BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0",
    "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64",
    "I64", "U64",
})  # fmt: skip
_FIELDS: Final = ("dtype", "shape", "data_offsets")  # of one description, and no others
# Many tensors share few shapes: what was found sound once, by dtype and shape, with its bytes.
_Shapes = dict[tuple[str, tuple[int, ...]], tuple[str, tuple[int, ...], int]]
_SHARD_NAME = re.compile(r"(.{1,200}?)[-_.]?(\d{1,6})-of-(\d{1,6})(\.[A-Za-z0-9_.]{1,40})")


@dataclass(frozen=True, slots=True)
class SafetensorsFile:
    """`header_bytes` is the length the file states, without the 8 bytes that state it."""

    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, str]
    header_bytes: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ShardName:
    """`model-00001-of-00005.safetensors` taken apart; numbers count from 1."""

    stem: str
    number: int
    count: int
    suffix: str


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """A `*.index.json`: which tensor lies in which shard, and the bytes of all tensors together."""

    weight_map: Mapping[str, str]
    shards: tuple[str, ...]  # sorted, each named once
    total_size: int | None
    metadata: Mapping[str, str]
    problems: tuple[Problem, ...]


def parse(read: ReadAt, size: int) -> SafetensorsFile:
    """Read the header of a safetensors file of `size` bytes; FormatError if it is not readable."""
    window = Window(read, size, MAX_HEADER + 8)
    length = int.from_bytes(window.at(0, 8), "little")
    if length > MAX_HEADER:
        message = f"the header claims {length} bytes, at most {MAX_HEADER} are allowed"
        raise FormatError(Fault.HEADER_TOO_LARGE, message)
    if 8 + length > size:
        message = f"the header claims {length} bytes, the file has {max(0, size - 8)} after it"
        raise FormatError(Fault.HEADER_LENGTH_LIES, message)
    findings = Findings()
    if length > HUB_HEADER:
        detail = f"header of {length} bytes: the hub's own client refuses more than {HUB_HEADER}"
        findings.add(Fault.HEADER_TOO_LARGE, detail, 0)
    data = 8 + length
    kept: list[Tensor] = []
    about: Any = {}
    named = 0
    shapes: _Shapes = {}
    for name, entry in _entries(window, length, findings):
        if name == "__metadata__":
            about = entry
            continue
        named += 1
        if named > MAX_TENSORS:
            message = f"more than {MAX_TENSORS} tensors"
            raise FormatError(Fault.TOO_MANY_TENSORS, message, 8)
        tensor = _tensor(name, entry, data, findings, shapes)
        if tensor is not None:
            kept.append(tensor)
    tensors = _last_of_each(kept, findings)
    del kept
    if not tensors:
        detail = "the header names no tensor"
        if named:  # each has its own problem
            detail = f"the header describes none of the {named} tensors it names"
        findings.add(Fault.NO_TENSORS, detail, 8)
    reached = check_cover(tensors, data, size, findings)
    if reached < size and not findings.has(Fault.BAD_ENTRY):
        detail = f"{size - reached} bytes after the last tensor belong to none"
        findings.add(Fault.TRAILING_BYTES, detail, reached)
    return SafetensorsFile(tensors, _metadata(about, findings), length, findings.done())


def _entries(window: Window, length: int, findings: Findings) -> Iterable[tuple[str, Any]]:
    """Names and descriptions, the last of each name. A long header is never whole in memory."""
    raw = window.at(8, min(length, LONG_HEADER))
    stripped = raw[:64].lstrip(b" \t\r\n")
    if stripped[:1] != b"{":
        message = f"the header must begin with '{{', found {raw[:4]!r}"
        raise FormatError(Fault.NOT_THIS_FORMAT, message, 8)
    if raw[:1] != b"{":
        findings.add(Fault.HEADER_MALFORMED, "spaces stand before the header's '{'", 8)
    if length > LONG_HEADER:
        return safetensors_stream.entries(window, raw, 8, 8 + length, findings)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = "the header is not UTF-8"
        raise FormatError(Fault.HEADER_MALFORMED, message, 8 + error.start) from error
    return _load(text, findings, 8).items()


def _load(text: str, findings: Findings, offset: int) -> dict[str, Any]:
    """A JSON object, refused before parsing where its structure alone would fill the memory."""
    # One tensor needs one brace pair, two bracket pairs and a comma per dimension; names and
    # metadata texts may hold some of their own. Counting costs far less than building.
    for mark, allowed in (("{", 2), ("[", 6), (",", 20), ('"', 40)):
        if text.count(mark) > allowed * MAX_TENSORS:
            message = f"{text.count(mark)} times {mark!r} in the header: over {MAX_TENSORS} tensors"
            raise FormatError(Fault.TOO_MANY_TENSORS, message, offset)

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) < len(pairs):
            seen: set[str] = set()
            # A name of a tensor may stand twice; strict readers refuse a field of a description.
            fixed = _FIELDS if isinstance(built.get("data_offsets"), list) else ("__metadata__",)
            for name, _ in pairs:
                if name in seen:
                    fault = Fault.TWO_ANSWERS if name in fixed else Fault.DUPLICATE_NAME
                    detail = f"{quoted(name)} stands twice, here the last one counts"
                    findings.add(fault, detail, offset)
                seen.add(name)
        return built

    try:
        loaded = json.loads(text, parse_constant=no_constant)
        if not _all_kept(text, loaded):
            loaded = json.loads(text, object_pairs_hook=build, parse_constant=no_constant)
    except RecursionError as error:
        message = "the JSON header is nested beyond any tensor description"
        raise FormatError(Fault.TOO_DEEP, message, offset) from error
    except ValueError as error:
        message = f"the header is not JSON: {error}"
        raise FormatError(Fault.HEADER_MALFORMED, message, offset) from error
    if not isinstance(loaded, dict):
        message = f"the header must be a JSON object, found a {type(loaded).__name__}"
        raise FormatError(Fault.HEADER_MALFORMED, message, offset)
    return loaded


def _all_kept(text: str, loaded: Any) -> bool:
    """Whether every member that was written is still there: then no name stood twice.

    Each member has a colon; as many colons as members are left say that none was dropped. Where
    texts hold colons, too, this says no, and the names are looked at one by one.
    """
    if type(loaded) is not dict or not set(map(type, loaded.values())) <= {dict}:
        return False
    return text.count(":") == len(loaded) + sum(map(len, loaded.values()))


def _metadata(found: Any, findings: Findings) -> Mapping[str, str]:
    """The texts under `__metadata__`; what is not a text is reported and left out."""
    if found is None:  # the reference implementation takes it for none
        return MappingProxyType({})
    if not isinstance(found, dict):
        findings.add(Fault.BAD_METADATA, "__metadata__ is not an object of texts", 8)
        return MappingProxyType({})
    kept: dict[str, str] = {}
    for key, value in found.items():
        if not isinstance(value, str):
            findings.add(Fault.BAD_METADATA, f"metadata {quoted(key)} is not a text", 8)
            continue
        if len(value) > MAX_VALUE:
            detail = f"metadata {quoted(key)} has {len(value)} characters, {MAX_VALUE} are kept"
            findings.add(Fault.CUT_SHORT, detail, 8)
        # A lone surrogate is legal in a JSON escape and could not be written out again.
        text = value[:MAX_VALUE].encode("utf-8", "replace").decode("utf-8")
        kept[key[:MAX_NAME].encode("utf-8", "replace").decode("utf-8")] = text
    return MappingProxyType(kept)


def _last_of_each(tensors: list[Tensor], findings: Findings) -> tuple[Tensor, ...]:
    """Every name once, as JSON readers do it; costs nothing where no name stood twice."""
    if not findings.has(Fault.DUPLICATE_NAME):
        return tuple(tensors)
    return tuple({tensor.name: tensor for tensor in tensors}.values())


def _tensor(name: str, entry: Any, data: int, findings: Findings, shapes: _Shapes) -> Tensor | None:
    """One header entry as a tensor with absolute offsets; None and a problem if it is not one."""
    clean = clean_name(name, findings, 8)
    sizes: tuple[int, ...] = ()
    try:
        dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        sizes = tuple(shape)
    except (TypeError, KeyError, ValueError):
        dtype = shape = start = end = None
    right = type(dtype) is str and type(shape) is list and type(start) is type(end) is int
    for number in sizes:
        if type(number) is not int or not 0 <= number < MAX_SIZE:
            right = False
    if not (right and 0 <= start < MAX_SIZE and 0 <= end < MAX_SIZE):
        findings.add(Fault.BAD_ENTRY, f"tensor {quoted(name)} {_wrong_in(entry)}", 8)
        return None
    if start > end or len(sizes) > MAX_DIMENSIONS:
        detail = f"tensor {quoted(name)} ends before it starts or has {len(sizes)} dimensions"
        findings.add(Fault.BAD_ENTRY, detail, 8)
        return None
    if len(entry) > 3 or clean is not name:
        _oddities(name, entry, findings)
    known = shapes.get((dtype, sizes))
    if known is None or known[2] != end - start:
        known = sys.intern(dtype[:40]), sizes, end - start
        sound = _check_size(name, dtype, math.prod(sizes), end - start, data + start, findings)
        if sound and len(shapes) < MAX_SHAPES:
            shapes[dtype, sizes] = known
    return Tensor(clean, known[0], known[1], data + start, data + end)


def _oddities(name: str, entry: Mapping[str, Any], findings: Findings) -> None:
    """What a description has beside its fields; a name that is no text."""
    for field in sorted(entry.keys() - set(_FIELDS)):
        detail = f"the description of tensor {quoted(name)} has the unknown field {quoted(field)}"
        findings.add(Fault.UNKNOWN_FIELD, detail, 8)
        break
    if any("\ud800" <= character <= "\udfff" for character in name):
        findings.add(Fault.BAD_ENTRY, f"the name of tensor {quoted(name)} is no text", 8)


def _wrong_in(entry: Any) -> str:
    """What of one description cannot be understood."""
    if not isinstance(entry, dict):
        return f"is described by {quoted(json.dumps(entry)[:80])}, no object"
    for field in _FIELDS:
        value = entry.get(field)
        if field not in entry:
            return f"is described without {field}"
        if field == "dtype" and not isinstance(value, str):
            return f"has the dtype {quoted(json.dumps(value)[:80])}, no text"
        if field != "dtype" and not _are_sizes(value):
            return f"has the {field} {json.dumps(value)[:80]}, no list of whole numbers from 0"
    return f"has {len(entry['data_offsets'])} data_offsets, there are two"


def _are_sizes(found: Any) -> bool:
    """Whether this is a list of whole numbers from 0 that a file could have."""
    return type(found) is list and all(type(n) is int and 0 <= n < MAX_SIZE for n in found)


def _check_size(
    name: str, dtype: str, elements: int, stored: int, offset: int, findings: Findings
) -> bool:
    """Whether a known dtype and the shape ask for the bytes that are stored."""
    if dtype not in DTYPES:
        detail = f"tensor {quoted(name)} has unknown dtype {quoted(dtype)}"
        findings.add(Fault.UNKNOWN_DTYPE, detail, offset)
        return False
    bits = DTYPE_BITS[dtype] * elements
    if elements >= MAX_SIZE:
        detail = f"the shape of tensor {quoted(name)} has more elements than 63 bits count"
        findings.add(Fault.BAD_SHAPE, detail, offset)
        return False
    if bits != stored * 8:
        detail = f"tensor {quoted(name)} stores {stored} bytes, {dtype} and shape ask {bits / 8:g}"
        findings.add(Fault.SIZE_MISMATCH, detail, offset)
        return False
    return True


def parse_shard_name(name: str) -> ShardName | None:
    """`stem-00001-of-00005.suffix` taken apart, None if the name has no such numbering."""
    match = _SHARD_NAME.fullmatch(name[:MAX_NAME])
    if match is None:
        return None
    return ShardName(match[1], int(match[2]), int(match[3]), match[4])


def parse_index(text: str) -> ShardIndex:
    """Read `model.safetensors.index.json` or `pytorch_model.bin.index.json`.

    FormatError if it is no JSON object with a `weight_map`; shards that the numbering promises and
    the map never uses, disagreeing numbering and paths out of the folder become problems.
    """
    if len(text) > MAX_INDEX:
        message = f"an index of {len(text)} characters, at most {MAX_INDEX} are read"
        raise FormatError(Fault.HEADER_TOO_LARGE, message)
    findings = Findings()
    loaded = _load(text, findings, 0)
    found = loaded.get("weight_map")
    if not isinstance(found, dict):
        message = "no weight_map object: not the index of a sharded checkpoint"
        raise FormatError(Fault.NOT_THIS_FORMAT, message)
    weight_map: dict[str, str] = {}
    for name, shard in found.items():
        if isinstance(shard, str):
            weight_map[clean_name(name, findings)] = clean_name(shard, findings)
        else:
            findings.add(Fault.BAD_ENTRY, f"tensor {quoted(name)} is mapped to no file name")
    if not weight_map:
        findings.add(Fault.NO_TENSORS, "the weight_map names no tensor")
    shards = tuple(sorted(set(weight_map.values())))
    _check_shards(shards, findings)
    about = loaded.get("metadata")
    plain = {k: str(v) for k, v in about.items() if _plain(v)} if isinstance(about, dict) else {}
    total = about.get("total_size") if isinstance(about, dict) else None
    return ShardIndex(
        MappingProxyType(weight_map),
        shards,
        _total_size(total, findings),
        _metadata(plain, findings),
        findings.done(),
    )


def _plain(value: Any) -> bool:
    """Whether an index's metadata value can be shown as text; huge numbers cannot be."""
    return isinstance(value, str | bool | float) or (type(value) is int and abs(value) < MAX_SIZE)


def _total_size(total: Any, findings: Findings) -> int | None:
    """Bytes of all tensors; some writers put a float there, which is exact up to 2**53."""
    if isinstance(total, float) and total.is_integer() and 0 <= total < 2**53:
        return int(total)
    if type(total) is int and 0 <= total < MAX_SIZE:
        return total
    if total is not None:
        findings.add(Fault.BAD_METADATA, "metadata.total_size is not a number of bytes")
    return None


def _check_shards(shards: tuple[str, ...], findings: Findings) -> None:
    """The files named by an index against their own numbering."""
    for shard in shards:
        if unsafe_path(shard):
            findings.add(Fault.UNSAFE_PATH, f"shard {quoted(shard)} lies outside the folder")
    numbered = [name for name in map(parse_shard_name, shards) if name is not None]
    if not numbered:
        return
    if len(numbered) < len(shards) or len({(n.stem, n.count, n.suffix) for n in numbered}) > 1:
        findings.add(Fault.SHARD_NAMES_DISAGREE, "the shards' names follow no single numbering")
        return
    present = {name.number for name in numbered}
    count = numbered[0].count
    if max(present) > count or min(present) < 1:
        findings.add(Fault.SHARD_NAMES_DISAGREE, f"shard numbers outside 1 to {count}")
    missing = count - len(present & set(range(1, count + 1)))
    if missing > 0:
        findings.add(Fault.SHARD_MISSING, f"{missing} of {count} shards hold no mapped tensor")
