"""HDF5, as Keras writes it: which data sets there are, of what type and shape, and where they lie.

Only the description of a file is read, by this reader alone: HDF5's own library follows links into
other files and loads filters as plug-ins, so handing it an untrusted file means trusting the file.
Here external, soft and virtual parts are reported and never followed. Read are superblocks 0 to 3,
object headers 1 and 2, groups in symbol tables or compact links; groups in fractal heaps, which
Keras does not write, are a problem of their own kind.

Source: HDF5 File Format Specification, version 3.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openassay.formats.bounded import (
    MAX_NAME,
    MAX_RATIO,
    RATIO_FLOOR,
    Fault,
    Findings,
    FormatError,
    Problem,
    ReadAt,
    Tensor,
    Window,
    clean_name,
    quoted,
    stored_bytes,
)
from openassay.formats.buffered import Pages
from openassay.formats.hdf5_messages import (
    FILTERS,
    Dataset,
    Message,
    add_message,
    attribute_place,
    compact_link,
)

MAGIC: Final = b"\x89HDF\r\n\x1a\n"
MAX_TENSORS: Final = 50_000  # Keras models have some hundreds
MAX_READ: Final = 256 << 20  # descriptions lie all over the file and pages may be read again
MAX_OBJECTS: Final = 150_000  # groups and data sets; Keras needs two or three for one tensor
MAX_DEPTH: Final = 32  # groups inside groups
MAX_MESSAGES: Final = 20_000  # of one object
MAX_NODES: Final = 100_000  # of the trees of groups and chunks
MAX_TEXT: Final = 1 << 20  # bytes of one attribute; a model's configuration is one
_SUPERBLOCKS: Final = (0, 512, 1024, 2048)  # where one may stand behind a user's own block


@dataclass(frozen=True, slots=True)
class Hdf5File:
    """`attributes` are the texts of the root; `big_endian` when all float tensors are."""

    tensors: tuple[Tensor, ...]
    attributes: Mapping[str, str]
    big_endian: bool
    problems: tuple[Problem, ...]


def parse(read: ReadAt, size: int) -> Hdf5File:
    """Read what an HDF5 file of `size` bytes describes; FormatError if it has no superblock."""
    reader = _Reader(Pages(Window(read, size, MAX_READ)))
    root = reader.superblock()
    try:
        reader.walk(root)
    except FormatError as error:
        if error.problem is Fault.TOO_MANY_TENSORS:
            raise
        reader.findings.add_error(error)
    if not reader.tensors and not reader.unread:
        reader.findings.add(Fault.NO_TENSORS, "the file describes no data set")
    return Hdf5File(
        tuple(reader.tensors),
        MappingProxyType(dict(sorted(reader.attributes.items()))),
        reader.big > reader.little,
        reader.findings.done(),
    )


class _Reader:
    """The pages of one file, the widths of its addresses and lengths, and what was met."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.findings = Findings()
        self.tensors: list[Tensor] = []
        self.attributes: dict[str, str] = {}
        self.offset = self.length = 8
        self.base = 0
        self.objects = self.nodes = 0
        self.big = self.little = 0
        self.unread = False

    # -- places

    def address(self, at: int) -> int | None:
        """An address stored at `at`, made absolute; None where it is marked undefined."""
        return self.absolute(self.pages.number(at, self.offset))

    def absolute(self, value: int) -> int | None:
        return None if value == (1 << (8 * self.offset)) - 1 else self.base + value

    def sized(self, at: int) -> int:
        return self.pages.number(at, self.length)

    def expect(self, at: int, signature: bytes) -> None:
        found = self.pages.at(at, len(signature))
        if found != signature:
            message = f"{signature!r} should stand here, found {found!r}"
            raise FormatError(Fault.HEADER_MALFORMED, message, at)

    # -- the way in

    def superblock(self) -> int:
        """Address of the root group's object header."""
        pages = self.pages
        at = next((n for n in _SUPERBLOCKS if n + 8 <= pages.size and pages.at(n, 8) == MAGIC), -1)
        if at < 0:
            message = f"no HDF5 signature, found {pages.at(0, min(8, pages.size))!r}"
            raise FormatError(Fault.NOT_THIS_FORMAT, message)
        version = pages.number(at + 8, 1)
        if version > 3:
            message = f"HDF5 superblock {version}, known are 0 to 3"
            raise FormatError(Fault.UNSUPPORTED, message, at + 8)
        widths = at + (13 if version < 2 else 9)
        self.offset, self.length = pages.number(widths, 1), pages.number(widths + 1, 1)
        if self.offset not in (2, 4, 8) or self.length not in (2, 4, 8):
            message = f"addresses of {self.offset} bytes, lengths of {self.length}"
            raise FormatError(Fault.HEADER_MALFORMED, message, widths)
        first = at + (24, 28, 12, 12)[version]
        self.base = pages.number(first, self.offset)
        end = pages.number(first + 2 * self.offset, self.offset)
        if self.base + end > pages.size:
            detail = f"the file says it ends at byte {self.base + end}, it has {pages.size}"
            self.findings.add(Fault.TRUNCATED, detail, pages.size)
        behind = first + (5 if version < 2 else 3) * self.offset
        root = self.address(behind)
        if root is None:
            raise FormatError(Fault.HEADER_MALFORMED, "there is no root group", behind)
        return root

    # -- objects

    def walk(self, root: int) -> None:
        """Every data set below the root, each object once, without recursion."""
        seen: set[int] = set()
        waiting: list[tuple[str, int, int]] = [("", root, 0)]
        while waiting:
            path, at, depth = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            self.objects += 1
            if self.objects > MAX_OBJECTS:
                raise FormatError(Fault.TOO_MANY_ENTRIES, f"more than {MAX_OBJECTS} objects", at)
            if depth > MAX_DEPTH:
                detail = f"groups nested more than {MAX_DEPTH} deep are not read"
                self.findings.add(Fault.TOO_DEEP, detail, at)
                continue
            try:
                below = self._object(path, at, depth)
            except FormatError as error:
                if error.problem in (Fault.TOO_MANY_TENSORS, Fault.READ_LIMIT):
                    raise
                self.findings.add_error(error)
                self.unread = True
                continue
            waiting.extend(reversed(below))

    def _object(self, path: str, at: int, depth: int) -> list[tuple[str, int, int]]:
        """A data set is added to the tensors; a group gives what is in it."""
        dataset = Dataset()
        below: list[tuple[str, int, int]] = []
        for message in self._messages(at):
            if message.kind == 0x11:
                tree = self.absolute(message.number(0, self.offset))
                heap = self.absolute(message.number(self.offset, self.offset))
                if tree is not None and heap is not None:
                    below += self._symbols(path, tree, heap, depth)
            elif message.kind == 0x06:
                self._link(path, message, depth, below)
            elif message.kind == 0x02:
                self._link_info(path, message)
            elif message.kind == 0x0C and not path:
                self._attribute(message)
            else:
                add_message(dataset, message, self.offset, self.length)
        if dataset.is_data:
            self._dataset(path, at, dataset)
        return below

    def _messages(self, at: int) -> Iterator[Message]:
        """The messages of an object header and of the blocks that continue it."""
        pages = self.pages
        if pages.at(at, 4) == b"OHDR":
            flags = pages.number(at + 5, 1)
            begin = at + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
            width = 1 << (flags & 3)
            blocks = [(begin + width, pages.number(begin, width))]
            small = True
        elif pages.number(at, 1) == 1:
            blocks = [(at + 16, pages.number(at + 8, 4))]
            small, flags = False, 0
        else:
            raise FormatError(Fault.HEADER_MALFORMED, "no object header of a known version", at)
        head = (6 if flags & 4 else 4) if small else 8
        count = 0
        seen: set[int] = set()
        while blocks:
            position, length = blocks.pop(0)
            if position in seen:
                continue
            seen.add(position)
            end = position + length
            while position + head <= end:
                count += 1
                if count > MAX_MESSAGES:
                    message = f"an object of more than {MAX_MESSAGES} messages"
                    raise FormatError(Fault.TOO_MANY_ENTRIES, message, at)
                kind = pages.number(position, 1 if small else 2)
                size = pages.number(position + (1 if small else 2), 2)
                flag = pages.number(position + (3 if small else 4), 1)
                found = Message(kind, pages.at(position + head, size), position + head, flag)
                position += head + size
                if kind == 0x10:
                    place = self.absolute(found.number(0, self.offset))
                    extent = found.number(self.offset, self.length)
                    if place is not None and small:
                        self.expect(place, b"OCHK")
                        blocks.append((place + 4, extent - 8))
                    elif place is not None:
                        blocks.append((place, extent))
                elif kind:
                    yield found

    # -- groups

    def _symbols(self, path: str, tree: int, heap: int, depth: int) -> list[tuple[str, int, int]]:
        """The entries of an old group: a tree of tables of names in a heap."""
        self.expect(heap, b"HEAP")
        names = self.address(heap + 8 + 2 * self.length)
        if names is None:
            return []
        found: list[tuple[str, int, int]] = []
        for _, table in self._leaves(tree, 0, self.length):
            if table is None:
                continue
            self.expect(table, b"SNOD")
            entry = table + 8
            for _ in range(self.pages.number(table + 6, 2)):
                name = self._name(names + self.pages.number(entry, self.offset))
                target = self.address(entry + self.offset)
                if self.pages.number(entry + 2 * self.offset, 4) == 2:
                    self._not_followed(path, name, "a soft link", entry)
                elif target is not None:
                    found.append((_joined(path, name), target, depth + 1))
                entry += 2 * self.offset + 24
        return found

    def _leaves(self, tree: int, kind: int, key: int) -> Iterator[tuple[int, int | None]]:
        """Where the key of each entry stands, and what it points to, in a version 1 tree's leaves.

        In order. ``key`` is the size of a key in bytes.
        """
        waiting, seen = [tree], set[int]()
        while waiting:
            at = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            self.nodes += 1
            if self.nodes > MAX_NODES:
                raise FormatError(Fault.TOO_MANY_ENTRIES, f"more than {MAX_NODES} tree nodes", at)
            self.expect(at, b"TREE" + bytes([kind]))
            level, used = self.pages.number(at + 5, 1), self.pages.number(at + 6, 2)
            first = at + 8 + 2 * self.offset
            places = [first + n * (key + self.offset) for n in range(used)]
            entries = [(place, self.address(place + key)) for place in places]
            if level:
                waiting.extend(child for _, child in reversed(entries) if child is not None)
            else:
                yield from entries

    def _name(self, at: int) -> str:
        raw = self.pages.at(at, min(4 * MAX_NAME, max(0, self.pages.size - at)))
        return raw.split(b"\0", 1)[0].decode("utf-8", "replace")

    def _link(
        self, path: str, message: Message, depth: int, below: list[tuple[str, int, int]]
    ) -> None:
        kind, name, target = compact_link(message, self.offset)
        place = self.absolute(target) if target is not None else None
        if kind:
            what = "a soft link" if kind == 1 else "a link into another file"
            self._not_followed(path, name, what, message.at)
        elif place is not None:
            below.append((_joined(path, name), place, depth + 1))

    def _link_info(self, path: str, message: Message) -> None:
        at = 10 if message.number(1, 1) & 1 else 2
        if self.absolute(message.number(at, self.offset)) is not None:
            detail = f"the names in group {quoted(path or '/')} lie in a fractal heap"
            self.findings.add(Fault.UNSUPPORTED, detail, message.at)
            self.unread = True

    def _not_followed(self, path: str, name: str, what: str, at: int) -> None:
        detail = f"{quoted(_joined(path, name))} is {what} and was not followed"
        self.findings.add(Fault.UNSAFE_PATH, detail, at)

    # -- data sets and attributes

    def _dataset(self, path: str, at: int, dataset: Dataset) -> None:
        if len(self.tensors) >= MAX_TENSORS:
            raise FormatError(Fault.TOO_MANY_TENSORS, f"more than {MAX_TENSORS} data sets", at)
        name = clean_name(path or "/", self.findings, at)
        tensor = Tensor(name, dataset.dtype, dataset.shape)
        declared = stored_bytes(dataset.dtype, tensor.parameters)
        if dataset.dtype.startswith(("F", "BF")):
            self.big += dataset.big_endian
            self.little += not dataset.big_endian
        for what in dataset.outside:
            self.findings.add(Fault.UNSAFE_PATH, f"data set {quoted(name)} {what}", at)
        odd = sorted(set(dataset.filters) - set(FILTERS))
        if odd:
            detail = f"data set {quoted(name)} needs filter {odd[0]}, which may be a plug-in"
            self.findings.add(Fault.UNSUPPORTED, detail, at)
        if dataset.outside:
            self._not_stored(tensor, "keeps its elements outside", at)
            return
        if dataset.address is not None:
            start = self.absolute(dataset.address)
            self._contiguous(tensor, start, dataset.size, declared, at)
            return
        if dataset.chunks is not None:
            self._chunked(tensor, self.absolute(dataset.chunks), dataset, declared, at)
            return
        if dataset.inline:
            tensor = Tensor(name, tensor.dtype, tensor.shape, *dataset.inline)
        self.tensors.append(tensor)

    def _not_stored(self, tensor: Tensor, what: str, at: int) -> None:
        """A data set whose elements are not in this file: listed as having no bytes."""
        self.findings.add(Fault.NOT_STORED, f"data set {quoted(tensor.name)} {what}", at)
        self.tensors.append(Tensor(tensor.name, tensor.dtype, tensor.shape, 0, 0))

    def _contiguous(
        self, tensor: Tensor, start: int | None, size: int, declared: int | None, at: int
    ) -> None:
        if start is None:
            if tensor.parameters:
                self._not_stored(tensor, f"declares {declared} bytes, stores none", at)
            else:
                self.tensors.append(tensor)
            return
        if declared is not None and declared != size:
            detail = f"data set {quoted(tensor.name)} has {size} bytes, its shape asks {declared}"
            self.findings.add(Fault.SIZE_MISMATCH, detail, at)
        end = start + size
        if end > self.pages.size:
            detail = f"data set {quoted(tensor.name)} reaches to byte {end}, the file has less"
            self.findings.add(Fault.TRUNCATED, detail, start)
        self.tensors.append(Tensor(tensor.name, tensor.dtype, tensor.shape, start, end))

    def _chunked(
        self, tensor: Tensor, tree: int | None, dataset: Dataset, declared: int | None, at: int
    ) -> None:
        """Bytes stored in chunks against those declared: an absurd ratio is a bomb or a hole.

        Kinds of index that are not walked cannot hold more than the file has.
        """
        stored = 0
        if tree is not None and dataset.old_chunks:
            key = 8 + 8 * dataset.chunk_rank
            for place, _ in self._leaves(tree, 1, key):
                stored += self.pages.number(place, 4)  # a chunk's key begins with its stored size
        elif tree is not None:
            stored = self.pages.size
        most = max(RATIO_FLOOR, MAX_RATIO * stored) if stored else 0
        if declared is not None and declared > most:
            what = f"declares {declared} bytes, stores {stored or 'none'}"
            self._not_stored(tensor, what, at)
        else:
            self.tensors.append(tensor)

    def _attribute(self, message: Message) -> None:
        """A text of the root group: what wrote the file, and the model's configuration."""
        if len(self.attributes) >= 1_000:
            return
        name, text, heap_at = attribute_place(message)
        if text is None and heap_at is not None:
            text = self._heap_text(heap_at)
        if text is not None:
            clean = name[:MAX_NAME].encode("utf-8", "replace").decode("utf-8")
            self.attributes[clean] = text.decode("utf-8", "replace").rstrip("\0")

    def _heap_text(self, at: int) -> bytes | None:
        """A text of variable length: its length, the collection that holds it, and its number."""
        length = self.pages.number(at, 4)
        collection = self.address(at + 4)
        wanted = self.pages.number(at + 4 + self.offset, 4)
        if collection is None or length > MAX_TEXT - 4096:
            return None
        self.expect(collection, b"GCOL")
        end = collection + self.sized(collection + 8)
        place = collection + 8 + self.length
        for _ in range(MAX_MESSAGES):
            if place + 8 + self.length > end:
                return None
            index, size = self.pages.number(place, 2), self.sized(place + 8)
            if index == wanted:
                return self.pages.at(place + 8 + self.length, min(length, size))
            if not index:
                return None
            place += 8 + self.length + size + -size % 8
        return None


def _joined(path: str, name: str) -> str:
    return f"{path[: 4 * MAX_NAME]}/{name}" if path else name
