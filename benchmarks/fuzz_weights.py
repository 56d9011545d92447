"""Small files of weights, written byte by byte: flatbuffers, tables, HDF5.

What the fuzz campaign starts from, and what tests bend. Nothing here uses the code under test.
"""

from __future__ import annotations

import io
import struct
import zipfile

UNDEFINED = (1 << 64) - 1


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


# --- TensorFlow Lite


class Flat:
    """A flatbuffer built front to back: tables point forward to what is added after them."""

    def __init__(self) -> None:
        self.data = bytearray(struct.pack("<I", 0) + b"TFL3")

    def table(self, *fields: tuple[str, int] | None) -> tuple[int, list[int]]:
        """Where the table begins, and where each field's value stands; None is a field left out.

        A field is (struct code, value); references are ("I", 0), set later by `point`.
        """
        layout, inline = [], bytearray()
        for field in fields:
            layout.append(4 + len(inline) if field else 0)
            if field:
                inline += struct.pack("<" + field[0], field[1])
        at = len(self.data)
        vtable = struct.pack("<HH", 4 + 2 * len(layout), 4 + len(inline))
        vtable += b"".join(struct.pack("<H", offset) for offset in layout)
        vtable += b"\0" * (-len(vtable) % 4)
        self.data += vtable + struct.pack("<i", len(vtable)) + inline
        begin = at + len(vtable)
        return begin, [begin + offset for offset in layout]

    def vector(self, count: int, raw: bytes) -> int:
        at = len(self.data)
        self.data += struct.pack("<I", count) + raw + b"\0" * (-len(raw) % 4)
        return at

    def point(self, where: int, target: int) -> None:
        struct.pack_into("<I", self.data, where, target - where)


def tflite(
    shape: tuple[int, ...] = (2, 3), kind: int = 0, stored: int = 24, *, sparse: bool = False
) -> bytes:
    """One tensor with `stored` bytes, and one activation without any."""
    flat = Flat()
    model, field = flat.table(("I", 3), None, ("I", 0), ("I", 0), ("I", 0))
    flat.point(0, model)
    flat.point(field[3], flat.vector(4, b"made"))
    graphs = flat.vector(1, bytes(4))
    flat.point(field[2], graphs)
    graph, parts = flat.table(("I", 0))
    flat.point(graphs + 4, graph)
    tensors = flat.vector(2, bytes(8))
    flat.point(parts[0], tensors)
    for number, (name, buffer) in enumerate(((b"dense/kernel", 1), (b"activation", 0))):
        more = (None, None, ("I", 0)) if sparse else ()
        tensor, entry = flat.table(("I", 0), ("B", kind), ("I", buffer), ("I", 0), *more)
        flat.point(tensors + 4 + 4 * number, tensor)
        sizes = struct.pack(f"<{len(shape)}i", *shape)
        flat.point(entry[0], flat.vector(len(shape), sizes))
        flat.point(entry[3], flat.vector(len(name), name))
        if sparse:
            flat.point(entry[6], flat.table()[0])
    buffers = flat.vector(2, bytes(8))
    flat.point(field[4], buffers)
    empty, _ = flat.table()
    flat.point(buffers + 4, empty)
    full, place = flat.table(("I", 0))
    flat.point(buffers + 8, full)
    flat.point(place[0], flat.vector(stored, bytes(stored)))
    return bytes(flat.data)


# --- TensorFlow checkpoints


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A block of a LevelDB table: keys share a prefix with the one before, one restart point."""
    raw, before = bytearray(), b""
    for key, value in entries:
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        raw += varint(shared) + varint(len(key) - shared) + varint(len(value))
        raw += key[shared:] + value
        before = key
    return bytes(raw) + struct.pack("<II", 0, 1)


def bundle_entry(kind: int, shape: tuple[int, ...], offset: int, size: int) -> bytes:
    dims = b"".join(b"\x12" + varint(len(d)) + d for d in (b"\x08" + varint(n) for n in shape))
    fields = b"\x08" + varint(kind) + b"\x12" + varint(len(dims)) + dims
    return fields + b"\x20" + varint(offset) + b"\x28" + varint(size) + b"\x35\0\0\0\0"


def bundle(tensors: dict[str, tuple[int, tuple[int, ...], int]], *, compression: int = 0) -> bytes:
    """The `.index` of a checkpoint: name to (type, shape, bytes stored)."""
    entries, offset = [(b"", b"\x08\x01\x1a\x02\x08\x01")], 0
    for name, (kind, shape, size) in sorted(tensors.items()):
        entries.append((name.encode(), bundle_entry(kind, shape, offset, size)))
        offset += size
    first = block(entries)
    trailer = bytes([compression]) + bytes(4)
    index = block([(b"\xff", varint(0) + varint(len(first)))])
    places = varint(len(first) + 5) + varint(0)
    places += varint(len(first) + 5) + varint(len(index))
    footer = places + bytes(40 - len(places)) + (0xDB4775248B80FB57).to_bytes(8, "little")
    return first + trailer + index + trailer + footer


# --- HDF5


def message(kind: int, raw: bytes) -> bytes:
    raw += b"\0" * (-len(raw) % 8)
    return struct.pack("<HHB3x", kind, len(raw), 0) + raw


def object_header(*messages: bytes) -> bytes:
    raw = b"".join(messages)
    return struct.pack("<BxHII4x", 1, len(messages), 1, len(raw)) + raw


_SIGN = struct.pack("<B3BI", 0x11, 0x20, 0x1F, 0, 4)
FLOAT32 = _SIGN + struct.pack("<HHBBBBI", 0, 32, 23, 8, 0, 23, 127)


def space(shape: tuple[int, ...]) -> bytes:
    return message(1, struct.pack("<BB6x", 1, len(shape)) + struct.pack(f"<{len(shape)}Q", *shape))


def dataset(shape: tuple[int, ...], address: int, size: int, extra: bytes = b"") -> bytes:
    layout = message(8, struct.pack("<BBQQ", 3, 1, address, size))
    return object_header(space(shape), message(3, FLOAT32), layout, *([extra] if extra else []))


def hard_link(name: bytes, address: int) -> bytes:
    return message(6, struct.pack("<BBB", 1, 0, len(name)) + name + struct.pack("<Q", address))


def other_link(name: bytes, kind: int, value: bytes) -> bytes:
    head = struct.pack("<BBBB", 1, 8, kind, len(name)) + name
    return message(6, head + struct.pack("<H", len(value)) + value)


def hdf5(
    shape: tuple[int, ...] = (2, 3), stored: int = 24, extra: bytes = b"", links: bytes = b""
) -> bytes:
    """A root group with one data set behind a compact link, its bytes at the end."""
    root_at, data_at = 96, 512
    body = dataset(shape, data_at + 256, stored, extra)
    root = object_header(hard_link(b"kernel", data_at), *([links] if links else []))
    end = data_at + 256 + stored
    head = b"\x89HDF\r\n\x1a\n" + struct.pack("<8B", 0, 0, 0, 0, 0, 8, 8, 0)
    head += struct.pack("<HHI", 4, 16, 0) + struct.pack("<4Q", 0, UNDEFINED, end, UNDEFINED)
    head += struct.pack("<QQII16x", 0, root_at, 0, 0)
    raw = head.ljust(root_at, b"\0") + root
    return (raw.ljust(data_at, b"\0") + body).ljust(data_at + 256, b"\0") + bytes(stored)


def keras(config: str = "{}", weights: bytes | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in (
            ("metadata.json", b'{"keras_version": "3.5.0"}'),
            ("config.json", config.encode()),
            ("model.weights.h5", hdf5() if weights is None else weights),
        ):
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()
