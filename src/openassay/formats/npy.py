"""NumPy arrays: `.npy` headers of versions 1 to 3, and `.npz` archives of them.

Source: the format description in `numpy.lib.format`. The header is a Python literal: its words are
checked against the few that numpy writes before `ast.literal_eval` sees them. Arrays of objects are
pickles behind a header: they are reported with the code they name, and never unpickled.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from openassay.formats.bounded import (
    DTYPE_BITS,
    MAX_DIMENSIONS,
    MAX_NAME,
    MAX_RATIO,
    RATIO_FLOOR,
    Fault,
    Findings,
    FormatError,
    Member,
    Problem,
    ReadAt,
    Tensor,
    Window,
    clean_name,
    member_bytes,
    member_start,
    quoted,
    zip_members,
)
from openassay.formats.pickle_ops import Global, read_pickle
from openassay.formats.torch_views import is_foreign

MAX_HEADER: Final = 64 << 10  # bytes; numpy writes under 200 and refuses over 10,000 by default
MAX_READ: Final = 256 << 20  # .npz: the directory, and up to MAX_HEADER of each member
MAX_OBJECTS: Final = 4 << 20  # bytes of an array of objects whose code is listed
MAX_FOREIGN: Final = 1_000  # names of code, of all arrays together
MAX_FIELDS: Final = 1_000  # fields of a structured dtype, all levels together
MAX_DEPTH: Final = 8  # structured dtypes inside each other
MAX_SIZE: Final = 1 << 63

_OBJECTS: Final = "O"
_OBJECT_RECORDS: Final = "record of objects"
# What numpy itself writes to store an array of objects; it only builds arrays and types.
_OWN: Final = frozenset(
    ("numpy" + module, name)
    for module, name in (
        ("", "ndarray"), ("", "dtype"), (".core.multiarray", "_reconstruct"),
        ("._core.multiarray", "_reconstruct"), (".core.multiarray", "scalar"),
        ("._core.multiarray", "scalar"),
    )
)  # fmt: skip
_PREFIX: Final = 12  # magic, version, and the longer of the two length fields
_WORDS = re.compile(
    r"(?:'[^'\\\n]*+'|\"[^\"\\\n]*+\"|[0-9]{1,20}+L?|True|False|None|[{}()\[\],:]|[ \t\n])*+"
)
_LONG = re.compile(r"([0-9])L(?=[,)\s])")
_DTYPE = re.compile(r"[<>|=]?([a-zA-Z])([0-9]{0,9})(?:\[[a-zA-Z0-9]{1,10}\])?")


@dataclass(frozen=True, slots=True)
class NpyFile:
    """One `.npy`: a single tensor. `metadata` has version, descr, byteorder and fortran_order.

    `foreign` is code that loading its objects would run, beyond what numpy stores them with.
    """

    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, str]
    problems: tuple[Problem, ...]
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NpzFile:
    """One `.npz`: a tensor per member, named as `numpy.load` does; `foreign` as of a `.npy`."""

    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, str]
    problems: tuple[Problem, ...]
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Header:
    version: str
    descr: str
    dtype: str
    width: int | None  # bytes of one element; None for objects and what is not known
    fortran: bool
    shape: tuple[int, ...]
    data: int  # where the array begins, counted from the magic

    @property
    def objects(self) -> bool:
        """Whether a pickle follows."""
        return self.dtype in (_OBJECTS, _OBJECT_RECORDS)

    @property
    def strides(self) -> tuple[int, ...] | None:
        """Those of Fortran order, in elements; None for rows one after another."""
        if not self.fortran or len(self.shape) < 2:
            return None
        return tuple(math.prod(self.shape[:axis]) for axis in range(len(self.shape)))


def parse(read: ReadAt, size: int, name: str = "array") -> NpyFile:
    """Read the header of a `.npy` of `size` bytes; FormatError if it is not readable."""
    window = Window(read, size, 2 * MAX_HEADER + MAX_OBJECTS)
    findings = Findings()
    header = _header(window.at(0, _header_end(window.upto(0, _PREFIX))), name, findings)
    end = _array_end(header, size, name, findings)
    foreign: set[str] = set()
    if header.objects:
        foreign = _code(window.upto(header.data, MAX_OBJECTS), size - header.data, name, findings)
    if header.width is None:
        tensor = Tensor(clean_name(name, findings), header.dtype, header.shape)
    else:
        clean = clean_name(name, findings)
        tensor = Tensor(clean, header.dtype, header.shape, header.data, end, header.strides)
    metadata = {
        "version": header.version,
        "descr": header.descr,
        "byteorder": "big" if ">" in header.descr else "little",
        "fortran_order": str(header.fortran),
    }
    return NpyFile((tensor,), MappingProxyType(metadata), findings.done(), _listed(foreign))


def parse_npz(read: ReadAt, size: int) -> NpzFile:
    """Read the headers of all arrays in a `.npz` of `size` bytes; FormatError if it is no zip.

    A member whose header cannot be read becomes a problem, the others are still listed.
    """
    window = Window(read, size, MAX_READ)
    findings = Findings()
    tensors: list[Tensor] = []
    foreign: set[str] = set()
    for member in zip_members(window, findings):
        if not member.name.endswith(".npy"):
            detail = f"member {quoted(member.name)} is no array"
            findings.add(Fault.BAD_ENTRY, detail, member.header)
            continue
        try:
            tensors.append(_member(window, member, findings, foreign))
        except FormatError as error:
            if error.problem is Fault.READ_LIMIT:
                raise
            detail = f"member {quoted(member.name)}: {error.message}"
            findings.add(error.problem, detail, member.header)
    if not tensors:
        findings.add(Fault.NO_TENSORS, "the archive holds no array")
    return NpzFile(tuple(tensors), MappingProxyType({}), findings.done(), _listed(foreign))


def _code(pickle: bytes, size: int, name: str, findings: Findings) -> set[str]:
    """The code that a pickle of `size` bytes names, as far as it was read; said if that was not
    all of it. Nothing is unpickled."""
    pickled = read_pickle(pickle)
    for problem in pickled.problems:
        why = Fault.READ_LIMIT if len(pickle) < size else problem.id
        findings.add(why, f"array {quoted(name)}: its pickle was not followed to the end")
    return {str(found) for found in pickled.globals if _runs(found)}


def _runs(found: Global) -> bool:
    return (found.module, found.name) not in _OWN and is_foreign(found)


def _listed(foreign: set[str]) -> tuple[str, ...]:
    return tuple(name[:MAX_NAME] for name in sorted(foreign)[:MAX_FOREIGN])


def _member(window: Window, member: Member, findings: Findings, foreign: set[str]) -> Tensor:
    """The array of one zip member; its bytes are placed in the archive if they are stored raw.

    Code that an array of objects names is added to `foreign`.
    """
    length = _header_end(member_bytes(window, member, _PREFIX))
    raw = member_bytes(window, member, length)
    if len(raw) < length:
        message = f"the member has {len(raw)} of {length} header bytes"
        raise FormatError(Fault.TRUNCATED, message, len(raw))
    name = member.name[: -len(".npy")]
    header = _header(raw, name, findings)
    end = _array_end(header, member.size, name, findings)
    if header.objects:
        packed = member_bytes(window, member, length + MAX_OBJECTS)[length:]
        foreign |= _code(packed, member.size - length, name, findings)
    clean = clean_name(name, findings, member.header)
    if member.size > max(RATIO_FLOOR, MAX_RATIO * member.packed):  # no array packs so well
        detail = f"array {quoted(name)} declares {member.size} bytes, stores {member.packed}"
        findings.add(Fault.NOT_STORED, detail, member.header)
        return Tensor(clean, header.dtype, header.shape, 0, 0)
    # one byte order is told for a whole archive, and it is little: others are not given a place
    if member.method or header.width is None or ">" in header.descr:
        return Tensor(clean, header.dtype, header.shape)
    start = member_start(window, member)
    placed = (start + header.data, start + end)
    return Tensor(clean, header.dtype, header.shape, *placed, header.strides)


def _header_end(opening: bytes) -> int:
    """Where the header ends and the array begins, from the first bytes of a file."""
    if opening[:6] != b"\x93NUMPY":
        message = f"a .npy begins with '\\x93NUMPY', found {opening[:6]!r}"
        raise FormatError(Fault.NOT_THIS_FORMAT, message)
    if len(opening) < _PREFIX:
        raise FormatError(Fault.TRUNCATED, "the file ends inside its first 12 bytes", len(opening))
    if opening[6] not in (1, 2, 3):
        raise FormatError(Fault.UNSUPPORTED, f".npy version {opening[6]}, known are 1 to 3", 6)
    begin = 10 if opening[6] == 1 else 12
    length = int.from_bytes(opening[8:begin], "little")
    if length > MAX_HEADER:
        message = f"the header claims {length} bytes, at most {MAX_HEADER} are read"
        raise FormatError(Fault.HEADER_TOO_LARGE, message, 8)
    return begin + length


def _header(raw: bytes, name: str, findings: Findings) -> _Header:
    """The dict of descr, fortran_order and shape, from magic to the end of the header."""
    begin = 10 if raw[6] == 1 else 12
    found = _literal(raw[begin:].decode("utf-8" if raw[6] == 3 else "latin-1", "replace"), begin)
    if not isinstance(found, dict) or set(found) != {"descr", "fortran_order", "shape"}:
        message = "the header must be a dict of exactly descr, fortran_order and shape"
        raise FormatError(Fault.HEADER_MALFORMED, message, begin)
    descr, fortran, shape = found["descr"], found["fortran_order"], found["shape"]
    if not isinstance(fortran, bool) or not _is_shape(shape):
        message = f"fortran_order must be a bool, shape a tuple of at most {MAX_DIMENSIONS} sizes"
        raise FormatError(Fault.BAD_SHAPE, message, begin)
    dtype, width = _dtype(descr)
    if dtype in (_OBJECTS, _OBJECT_RECORDS):
        detail = f"array {quoted(name)} holds objects: a pickle follows its header"
        findings.add(Fault.PICKLED_CONTENT, detail, len(raw))
    elif width is None:
        detail = f"array {quoted(name)} has unknown dtype {quoted(dtype)}"
        findings.add(Fault.UNKNOWN_DTYPE, detail, begin)
    version = f"{raw[6]}.{raw[7]}"
    return _Header(version, str(descr)[:1_000], dtype, width, fortran, shape, len(raw))


def _literal(text: str, begin: int) -> Any:
    """The header's value. Only the words numpy writes may stand in it, outside of quotes."""
    if _WORDS.fullmatch(text) is None:
        message = "the header has words or signs that numpy never writes there"
        raise FormatError(Fault.HEADER_MALFORMED, message, begin)
    try:
        # Python 2 wrote long integers with an L.
        return ast.literal_eval(_LONG.sub(r"\1", text).strip())
    except (SyntaxError, TypeError, ValueError) as error:
        message = "the header is no Python literal"
        raise FormatError(Fault.HEADER_MALFORMED, message, begin) from error
    except (MemoryError, RecursionError) as error:  # how the parser says "nested too deep"
        message = "the header is nested beyond any array description"
        raise FormatError(Fault.TOO_DEEP, message, begin) from error


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, tuple)
        and len(shape) <= MAX_DIMENSIONS
        and all(type(n) is int and 0 <= n < MAX_SIZE for n in shape)
    )


def _dtype(descr: Any) -> tuple[str, int | None]:
    """Name and width in bytes of a descr; the width is None for objects and unknown ones."""
    if isinstance(descr, str):
        return _simple_dtype(descr)
    left = [MAX_FIELDS]
    width = _record_width(descr, MAX_DEPTH, left)
    if width is None:
        return (_OBJECT_RECORDS if _mentions_object(descr, MAX_DEPTH) else "record"), None
    return "record", width


def _simple_dtype(descr: str) -> tuple[str, int | None]:
    match = _DTYPE.fullmatch(descr)
    if match is None:
        return descr[:40], None
    kind, width = match[1], int(match[2] or 0)
    if kind == "O":
        return _OBJECTS, None
    if kind == "b":
        return "BOOL", 1
    if kind in "fiuc":
        name = f"{kind.upper()}{8 * width}"
        return (name, width) if name in DTYPE_BITS else (descr[:40], None)
    if kind in "SUVMma":
        return f"{kind}{match[2]}", 4 * width if kind == "U" else width
    return descr[:40], None


def _record_width(descr: Any, depth: int, left: list[int]) -> int | None:
    """Bytes of a structured dtype: the sum of its fields, each (name, descr) or with a shape."""
    if isinstance(descr, str):
        return _simple_dtype(descr)[1]
    if not isinstance(descr, list) or not depth:
        return None
    total = 0
    for field in descr:
        left[0] -= 1
        if not isinstance(field, tuple) or len(field) not in (2, 3) or left[0] < 0:
            return None
        width = _record_width(field[1], depth - 1, left)
        shape = field[2] if len(field) == 3 else ()
        shape = (shape,) if type(shape) is int else shape
        if width is None or not _is_shape(shape):
            return None
        total += width * math.prod(shape)
    return total


def _mentions_object(descr: Any, depth: int) -> bool:
    if isinstance(descr, str):
        return _simple_dtype(descr)[0] == _OBJECTS
    if not isinstance(descr, list | tuple) or not depth:
        return False
    return any(_mentions_object(part, depth - 1) for part in descr)


def _array_end(header: _Header, size: int, name: str, findings: Findings) -> int:
    """Where the array ends by its shape; what the file has less or more is a problem."""
    if header.width is None:
        return size
    end = header.data + header.width * math.prod(header.shape)
    if end > size:
        detail = f"array {quoted(name)} needs {end} bytes with its header, there are {size}"
        findings.add(Fault.TRUNCATED, detail, size)
    elif end < size:
        detail = f"{size - end} bytes follow array {quoted(name)}"
        findings.add(Fault.TRAILING_BYTES, detail, end)
    return end
