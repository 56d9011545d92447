"""PyTorch checkpoints: zip archives, TorchScript, and the five pickles of before 1.6.

Nothing is unpickled: `pickle_ops` gives the symbols, `torch_views` the tensors they describe. Here
is where their bytes lie. A storage's bytes are counted once however many tensors share it, and few
reads suffice: the place of a storage follows from the zip directory and torch's own alignment, so
only the first local headers are read, the others where they would not fit.

Source: `torch/serialization.py` and `caffe2/serialize/inline_container.cc`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Final

from openassay.formats.bounded import (
    MAX_NAME,
    Fault,
    Findings,
    FormatError,
    Member,
    ReadAt,
    Window,
    member_bytes,
    member_start,
    quoted,
    zip_members,
)
from openassay.formats.pickle_ops import Items, Pairs, Pickled, read_pickle
from openassay.formats.torch_views import Book, Kind, Storage, TorchFile, is_foreign

MAX_PICKLE: Final = 16 << 20  # bytes of data.pkl; 80,000 tensors take about that
MAX_READ: Final = 256 << 20  # pickle, zip directory and local headers together
FIRST_PICKLE: Final = 64 << 10  # legacy files: read this much, then four times as much, and so on
MAGIC: Final = 0x1950A86A20F9469CFC6C  # the first pickle of a legacy file
CHECKED: Final = 16  # local headers, or length fields, that are read before the rest is believed
ALIGNMENT: Final = 64  # bytes; torch pads local headers so that storages begin on multiples of it
MAX_OTHERS: Final = 64  # members that no loader reads: so many are opened to see what they are
MAX_OTHER: Final = 1 << 20  # bytes read of each that is a pickle
_FULL32: Final = 0xFFFFFFFF
# What torch's own writers put beside the tensors (torch/serialization.py, caffe2's inline
# container, the mobile exporter).
_OWN_NAMES: Final = frozenset([
    "data.pkl", "constants.pkl", "attributes.pkl", "bytecode.pkl", "version", "byteorder",
    ".format_version", ".storage_alignment", ".data/serialization_id", "mobile_debug_handles.pkl",
    "model.json",
])  # fmt: skip
_PICKLES: Final = (".pkl", ".pickle", ".debug_pkl")
_OWN_FOLDERS: Final = ("data/", "constants/", "code/", "extra/")
_AFTER: Final = (0, 16, 24)  # bytes of data descriptor between a member and the next header


def parse(read: ReadAt, size: int) -> TorchFile:
    """Read what a PyTorch checkpoint of `size` bytes holds; FormatError if it is none."""
    window = Window(read, size, MAX_READ)
    opening = window.upto(0, 4)
    if opening[:2] == b"PK":
        return _parse_zip(window)
    if opening[:1] == b"\x80" and len(opening) > 1 and opening[1] <= 5:
        return _parse_legacy(window)
    message = f"a torch file begins with a zip or a pickle header, found {opening!r}"
    raise FormatError(Fault.NOT_THIS_FORMAT, message)


# --- zip -----------------------------------------------------------------------------------------


def _parse_zip(window: Window) -> TorchFile:
    findings = Findings()
    members = zip_members(window, findings)
    pickled = (m.name for m in members if m.name.split("/", 1)[-1] == "data.pkl")
    root = next((name[: -len("data.pkl")] for name in pickled), None)
    if root is None:
        message = "a zip without data.pkl: not a torch checkpoint"
        raise FormatError(Fault.NOT_THIS_FORMAT, message)
    inside = {m.name[len(root) :]: m for m in members if m.name.startswith(root)}
    scripted = "constants.pkl" in inside or any(name.startswith("code/") for name in inside)
    book = Book(findings)
    pickles: list[Pickled] = []
    # The constants of a TorchScript archive have storages in a folder of their own.
    for pickle_name, folder in (("data.pkl", "data/"), ("constants.pkl", "constants/")):
        if pickle_name in inside:
            pickles.append(_member_pickle(window, inside[pickle_name], findings))
            book.collect(pickles[-1].value, folder, "" if folder == "data/" else "constants.")
    starts = _Starts(window, members)
    for place, storage in book.storages.items():
        book.storages[place] = _locate(starts, inside.get(place), place, storage, findings)
    unnamed = [n for n in inside if n.startswith("data/") and n not in book.storages and n[5:]]
    if unnamed and all(pickled.complete for pickled in pickles):
        detail = f"{len(unnamed)} storages belong to no tensor, the first is {quoted(unnamed[0])}"
        findings.add(Fault.HOLE, detail, inside[unnamed[0]].header)
    pickles += _others(window, members, root, findings)
    metadata = _zip_metadata(window, inside, root, findings)
    code = tuple(sorted(n for n in inside if n.startswith("code/") and n.endswith(".py")))
    return book.finish(Kind.TORCHSCRIPT if scripted else Kind.ZIP, pickles, metadata, code)


def _others(
    window: Window, members: tuple[Member, ...], root: str, findings: Findings
) -> list[Pickled]:
    """Members beside those that were read: what no loader reads is a note, code in it is listed."""
    beside = [member for member in members if not member.name.endswith("/")]
    others = [member for member in beside if not _is_own(member.name, root)]
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        more += f"; {MAX_OTHERS} were looked into" if len(others) > MAX_OTHERS else ""
        detail = f"no loader reads member {quoted(others[0].name)}{more}"
        findings.add(Fault.MEMBER_UNUSED, detail, others[0].header)
    read = (f"{root}data.pkl", f"{root}constants.pkl")
    pickles = [m for m in beside if m.name.endswith(_PICKLES) and m.name not in read]
    rest = [member for member in others if not member.name.endswith(_PICKLES)]
    found: list[Pickled] = []
    for member in (pickles + rest)[:MAX_OTHERS]:
        try:
            if not _begins_as_pickle(member_bytes(window, member, 2), member.name):
                continue
            pickled = read_pickle(member_bytes(window, member, MAX_OTHER))
        except FormatError as error:
            findings.add_error(error)
            continue
        named = (name for name in pickled.globals if name.module.split(".")[0] != "__torch__")
        foreign = [str(name) for name in named if is_foreign(name)]
        if foreign:
            detail = f"pickle {quoted(member.name)} beside data.pkl names {', '.join(foreign[:3])}"
            findings.add(Fault.PICKLED_CONTENT, detail[:400], member.header)
        found.append(pickled)
    return found


def _is_own(name: str, root: str) -> bool:
    """Whether torch's own writers put a member of this name there."""
    inside = name.removeprefix(root)
    if root and inside == name:
        return False
    return inside in _OWN_NAMES or inside.startswith(_OWN_FOLDERS)


def _begins_as_pickle(head: bytes, name: str) -> bool:
    """By its protocol mark, or its name: the first two protocols have no mark."""
    marked = len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5
    return marked or name.endswith(_PICKLES)


def _member_pickle(window: Window, member: Member, findings: Findings) -> Pickled:
    data = member_bytes(window, member, MAX_PICKLE)
    if len(data) < member.size:
        detail = f"{quoted(member.name)}: {len(data)} of {member.size} bytes could be read"
        findings.add(Fault.READ_LIMIT, detail, member.header)
    elif zlib.crc32(data) != member.crc:
        detail = f"{quoted(member.name)} does not have the checksum the directory states"
        findings.add(Fault.CRC_MISMATCH, detail, member.header)
    pickled = read_pickle(data)
    for problem in pickled.problems:
        # Offsets inside a member that may be deflated say nothing about the file.
        detail = f"{quoted(member.name)}: {problem.detail} (its byte {problem.offset})"
        findings.add(problem.id, detail, member.header)
    if pickled.complete and pickled.end < len(data):
        detail = f"{len(data) - pickled.end} bytes follow the pickle in {quoted(member.name)}"
        findings.add(Fault.TRAILING_BYTES, detail, member.header)
    return pickled


def _zip_metadata(
    window: Window, inside: Mapping[str, Member], root: str, findings: Findings
) -> dict[str, str]:
    """The archive's own short texts; absent in older writers' files."""
    metadata = {"archive": root.rstrip("/")[:MAX_NAME]}
    for name in ("version", "byteorder", ".format_version"):
        try:
            text = member_bytes(window, inside[name], 64) if name in inside else None
        except FormatError as error:
            findings.add_error(error)
            continue
        if text is not None:
            metadata[name.lstrip(".")] = text.decode("utf-8", "replace").strip()
    if metadata.get("byteorder", "little") not in ("little", "big"):
        detail = f"byteorder is {quoted(metadata['byteorder'])}, known are little and big"
        findings.add(Fault.BAD_METADATA, detail)
    return metadata


class _Starts:
    """Where the bytes of stored members begin, without a read for each of them."""

    def __init__(self, window: Window, members: tuple[Member, ...]) -> None:
        self._window = window
        ordered = sorted(member.header for member in members)
        self._next = dict(pairwise(ordered))
        self._read = 0
        self._trusted = True

    def of(self, member: Member) -> int:
        """The absolute offset; FormatError where a local header is read and is none."""
        expected = _aligned_start(member)
        left = self._next.get(member.header, -1) - expected - member.packed
        if self._trusted and self._read >= CHECKED and left in _AFTER:
            return expected
        found = member_start(self._window, member)
        self._trusted = self._trusted and found == expected
        self._read += 1
        return found


def _aligned_start(member: Member) -> int:
    """Where torch's own writer would have put the bytes: its padding field, then the alignment."""
    wide = [member.size >= _FULL32, member.header >= _FULL32]
    extra = 4 + 8 * (2 * wide[0] + wide[1]) if any(wide) else 0
    begin = member.header + 30 + len(member.name.encode("utf-8", "replace")) + extra + 4
    return begin + -begin % ALIGNMENT


def _locate(
    starts: _Starts, member: Member | None, place: str, storage: Storage, findings: Findings
) -> Storage:
    """The storage with its bytes in the archive, after its member's size was checked."""
    if member is None:
        findings.add(Fault.MEMBER_MISSING, f"no member {quoted(place)} holds the storage named so")
        return storage
    if member.size != storage.nbytes:
        detail = f"member {quoted(place)} has {member.size} bytes, " + (
            f"{storage.elements} elements of {storage.dtype} take {storage.nbytes}"
        )
        findings.add(Fault.SIZE_MISMATCH, detail, member.header)
    if member.method:
        detail = f"member {quoted(place)} is compressed, torch stores tensors raw"
        findings.add(Fault.MEMBER_COMPRESSED, detail, member.header)
        return storage
    try:
        start = starts.of(member)
    except FormatError as error:
        findings.add_error(error)
        return storage
    return replace(storage, start=start, end=start + member.size)


# --- legacy --------------------------------------------------------------------------------------


def _parse_legacy(window: Window) -> TorchFile:
    """Magic, protocol, system, the object, the storage keys: five pickles, then raw storages."""
    findings = Findings()
    data, pickles = _leading_pickles(window)
    first = pickles[0]
    for problem in (p for pickled in pickles for p in pickled.problems):
        findings.add(problem.id, problem.detail, problem.offset)
    book = Book(findings)
    if first.value != MAGIC:
        findings.add(Fault.PICKLED_CONTENT, "a bare pickle, without storages of tensors", 0)
        return book.finish(Kind.PICKLE, pickles[:1], {"protocol": str(first.protocol)}, ())
    metadata = {"protocol": str(first.protocol)}
    if len(pickles) < 5 or not pickles[-1].complete:
        detail = f"{len(pickles)} of the five leading pickles begin within {len(data)} bytes"
        findings.add(Fault.LEGACY_TORCH_NOT_READ, detail, pickles[-1].start)
    system = pickles[2].value if len(pickles) > 2 else None
    if isinstance(system, Pairs) and isinstance(system.get("little_endian"), bool):
        metadata["byteorder"] = "little" if system.get("little_endian") else "big"
    if len(pickles) > 3:
        book.collect(pickles[3].value, "", "")
    if len(pickles) == 5 and pickles[4].complete:
        _place_legacy(window, pickles[4], book.storages, findings)
    return book.finish(Kind.LEGACY, pickles, metadata, ())


def _leading_pickles(window: Window) -> tuple[bytes, list[Pickled]]:
    """Up to five pickles from the start, reading on until the last of them is whole."""
    length = FIRST_PICKLE
    while True:
        data = window.upto(0, length)
        pickles = [read_pickle(data)]
        if pickles[0].value == MAGIC:
            while len(pickles) < 5 and pickles[-1].complete:
                pickles.append(read_pickle(data, pickles[-1].end))
        cut = any(p.id is Fault.TRUNCATED for p in pickles[-1].problems)
        if not cut or len(data) == window.size or length >= MAX_PICKLE:
            return data, pickles
        length = min(length * 4, MAX_PICKLE)


def _place_legacy(
    window: Window, keys: Pickled, storages: dict[str, Storage], findings: Findings
) -> None:
    """Set where each storage lies: a length of 8 bytes and the elements, in the listed order.

    Where the stated sizes fill the file exactly, only the first lengths are read and believed.
    """
    at = keys.end
    listed = keys.value.items if isinstance(keys.value, Items) else []
    named = [storages.get(key) if isinstance(key, str) else None for key in listed]
    total = sum(8 + (storage.nbytes or 0) for storage in named if storage is not None)
    exact = None not in named and at + total == window.size
    for number, storage in enumerate(named):
        if storage is None or storage.nbytes is None:
            detail = "a storage is listed that no tensor names, so its length is not known"
            findings.add(Fault.BAD_ENTRY, detail, at)
            return
        if not (exact and CHECKED <= number < len(named) - 1):
            try:
                elements = int.from_bytes(window.at(at, 8), "little")
            except FormatError as error:
                findings.add_error(error)
                return
            if elements != storage.elements:
                detail = f"a storage has {elements} elements, {storage.elements} were stated before"
                findings.add(Fault.SIZE_MISMATCH, detail, at)
                return
        storages[storage.key] = replace(storage, start=at + 8, end=at + 8 + storage.nbytes)
        at += 8 + storage.nbytes
    if at > window.size:
        detail = f"the storages reach to byte {at}, the file has {window.size}"
        findings.add(Fault.TRUNCATED, detail, window.size)
    elif at < window.size:
        detail = f"{window.size - at} bytes follow the last storage"
        findings.add(Fault.TRAILING_BYTES, detail, at)
