"""PyTorch checkpoints, handmade opcode by opcode: no torch is needed and nothing is unpickled."""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import torch_zip
from openassay.formats.bounded import Fault
from openassay.formats.torch_views import Kind

Read = Callable[..., Any]
WIDTHS = {"Float": ("F32", 4), "Half": ("F16", 2), "BFloat16": ("BF16", 2), "Long": ("I64", 8)}
WIDTHS |= {"Byte": ("U8", 1), "Bool": ("BOOL", 1), "Double": ("F64", 8)}


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def integer(value: int) -> bytes:
    raw = value.to_bytes(9, "little", signed=True)
    return b"\x8a\x09" + raw


def tuple_of(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def storage(kind: str, key: str, elements: int, *more: bytes) -> bytes:
    """The persistent id of a storage, as torch pickles it."""
    parts = [text("storage"), name("torch", kind + "Storage"), text(key), text("cpu")]
    return tuple_of(*parts, integer(elements), *more) + b"Q"


def strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[n + 1 :]) for n in range(len(shape)))


def tensor(
    of: bytes,
    shape: tuple[int, ...],
    first: int = 0,
    steps: tuple[int, ...] | None = None,
    rebuild: str = "_rebuild_tensor_v2",
    more: bytes = b"",
) -> bytes:
    sizes = tuple_of(*map(integer, shape))
    walk = tuple_of(*map(integer, strides(shape) if steps is None else steps))
    hooks = name("collections", "OrderedDict") + b")R"
    arguments = tuple_of(of, integer(first), sizes, walk, b"\x89", hooks, more)
    return name("torch._utils", rebuild) + arguments + b"R"


def parameter(inner: bytes) -> bytes:
    hooks = name("collections", "OrderedDict") + b")R"
    return name("torch._utils", "_rebuild_parameter") + tuple_of(inner, b"\x88", hooks) + b"R"


def state_dict(items: dict[str, bytes]) -> bytes:
    pairs = b"".join(text(key) + value for key, value in items.items())
    return name("collections", "OrderedDict") + b")R(" + pairs + b"u"


def pickled(body: bytes) -> bytes:
    return b"\x80\x02" + body + b"."


def archive(
    members: dict[str, bytes], root: str = "archive/", method: int = zipfile.ZIP_STORED
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for member, data in members.items():
            made.writestr(zipfile.ZipInfo(root + member), data, method)
    return buffer.getvalue()


def checkpoint(body: bytes, storages: dict[str, bytes], **more: bytes) -> bytes:
    members = {"data.pkl": pickled(body), "byteorder": b"little", "version": b"3\n"}
    members |= {f"data/{key}": data for key, data in storages.items()}
    return archive(members | more)


ONE = state_dict({"w": tensor(storage("Float", "0", 6), (2, 3))})
GOOD = checkpoint(ONE, {"0": bytes(range(24))})


@given(
    arrays=st.dictionaries(
        st.text("abc._", min_size=1, max_size=8),
        st.tuples(
            st.sampled_from(sorted(WIDTHS)),
            st.lists(st.integers(0, 4), max_size=4).map(tuple),
            st.integers(0, 3),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_round_trip(
    arrays: dict[str, tuple[str, tuple[int, ...], int, bool]], reading: Read
) -> None:
    items, storages = {}, {}
    for number, (key, (kind, shape, first, wrap)) in enumerate(arrays.items()):
        elements = first + math.prod(shape)
        made = tensor(storage(kind, str(number), elements), shape, first)
        items[key] = parameter(made) if wrap else made
        storages[str(number)] = bytes([number]) * (elements * WIDTHS[kind][1])
    data = checkpoint(state_dict(items), storages)
    read = reading(torch_zip.parse, data)
    assert read.problems == ()
    assert read.file.kind is Kind.ZIP
    assert len(read.file.storages) == len(arrays)
    for number, (found, (key, (kind, shape, _, _))) in enumerate(
        zip(read.file.tensors, arrays.items(), strict=True)
    ):
        dtype, width = WIDTHS[kind]
        assert (found.name, found.dtype, found.shape) == (key, dtype, shape)
        assert found.nbytes == math.prod(shape) * width
        assert set(data[found.start : found.end]) <= {number}


def test_metadata_and_bytes(reading: Read) -> None:
    read = reading(torch_zip.parse, GOOD)
    assert read.problems == ()
    assert dict(read.file.metadata) == {"archive": "archive", "version": "3", "byteorder": "little"}
    (found,) = read.file.tensors
    assert GOOD[found.start : found.end] == bytes(range(24))
    assert read.file.foreign == ()
    assert "torch._utils._rebuild_tensor_v2" in read.file.globals


def test_views_of_one_storage_count_its_bytes_once(reading: Read) -> None:
    shared = storage("Float", "0", 6)
    items = {
        "a": tensor(shared, (6,)),
        "b": tensor(shared, (3, 2), 0, (1, 3)),
        "c": tensor(shared, (2,), 4),
    }
    read = reading(torch_zip.parse, checkpoint(state_dict(items), {"0": bytes(24)}))
    assert read.problems == ()
    assert [t.nbytes for t in read.file.tensors] == [24, 24, 8]
    assert [s.nbytes for s in read.file.storages] == [24]


def test_names_follow_the_containers(reading: Read) -> None:
    inner = tensor(storage("Float", "0", 1), (1,))
    module = name("my.model", "Net") + b")\x81}" + text("_parameters") + b"}" + text("w")
    module += inner + b"ssb"
    optimizer = b"}" + text("state") + b"}" + integer(7) + b"}" + text("exp_avg") + inner + b"sss"
    body = b"}(" + text("net") + module + text("optimizer") + optimizer
    body += text("list") + b"](" + inner + inner + b"eu"
    read = reading(torch_zip.parse, checkpoint(body, {"0": bytes(4)}))
    names = [t.name for t in read.file.tensors]
    assert names == ["net.w", "optimizer.state.7.exp_avg", "list.0", "list.1"]
    assert read.file.foreign == ("my.model.Net",)
    assert read.faults == {"foreign-global"}


def test_newer_rebuilders(reading: Read) -> None:
    untyped = storage("Untyped", "0", 8).replace(b"ctorch\nUntyped", b"ctorch.storage\nUntyped")
    third = tensor(untyped, (8,), rebuild="_rebuild_tensor_v3", more=name("torch", "float8_e5m2"))
    sized = tensor(storage("Half", "1", 4), (2, 2)).replace(
        tuple_of(integer(2), integer(2)),
        name("torch", "Size") + tuple_of(tuple_of(integer(2), integer(2))) + b"R",
        1,
    )
    wrapped = name("torch._tensor", "_rebuild_from_type_v2") + tuple_of(
        name("torch._utils", "_rebuild_tensor_v2"),
        name("torch.nn.parameter", "Parameter"),
        tuple_of(storage("Long", "2", 3), integer(0), tuple_of(integer(3)), tuple_of(integer(1))),
        b"}",
    ) + b"R"  # fmt: skip
    body = state_dict({"f8": third, "sized": sized, "wrapped": wrapped})
    read = reading(
        torch_zip.parse, checkpoint(body, {"0": bytes(8), "1": bytes(8), "2": bytes(24)})
    )
    assert read.problems == ()
    assert [(t.dtype, t.shape) for t in read.file.tensors] == [
        ("F8_E5M2", (8,)), ("F16", (2, 2)), ("I64", (3,)),
    ]  # fmt: skip


def state_of(one: bytes) -> bytes:
    return state_dict({"w": one})


SYSTEM = name("os", "system") + text("true") + b"\x85R"
six = storage("Float", "0", 6)
PROBLEMS = [
    (checkpoint(ONE, {"0": bytes(20)}), "size-mismatch"),
    (checkpoint(ONE, {"0": bytes(28)}), "size-mismatch"),
    (checkpoint(ONE, {}), "member-missing"),
    (checkpoint(ONE, {"0": bytes(24), "1": bytes(4)}), "hole"),
    (checkpoint(ONE, {"0": bytes(24)}, byteorder=b"middle"), "bad-metadata"),
    (checkpoint(state_of(tensor(six, (7,))), {"0": bytes(24)}), "outside-storage"),
    (checkpoint(state_of(tensor(six, (2, 3), 1)), {"0": bytes(24)}), "outside-storage"),
    (checkpoint(state_of(tensor(six, (2,), 0, (2**60,))), {"0": bytes(24)}), "outside-storage"),
    (checkpoint(state_of(tensor(six, (-1,))), {"0": bytes(24)}), "bad-entry"),
    (checkpoint(state_of(tensor(six, (2,), 0, (-1,))), {"0": bytes(24)}), "bad-entry"),
    (checkpoint(state_of(tensor(six, (2,), 0, ())), {"0": bytes(24)}), "bad-entry"),
    (checkpoint(state_of(tensor(b"N", (2,))), {}), "bad-entry"),
    (checkpoint(state_of(tensor(storage("Odd", "0", 6), (2,))), {"0": bytes(24)}), "unknown-dtype"),
    (
        checkpoint(
            state_dict({"a": tensor(six, (2,)), "b": tensor(storage("Float", "0", 9), (2,))}),
            {"0": bytes(24)},
        ),
        "size-mismatch",
    ),
    (checkpoint(b"}", {}), "zero-tensors"),
    (checkpoint(ONE + SYSTEM + b"\x86", {"0": bytes(24)}), "foreign-global"),
    (archive({"data.pkl": pickled(ONE)[:-1], "data/0": bytes(24)}), "truncated"),
    (archive({"data.pkl": pickled(ONE) + b"more", "data/0": bytes(24)}), "trailing-bytes"),
    (archive({"data.pkl": pickled(ONE), "data/0": bytes(24)}, method=8), "member-compressed"),
    (archive({"data.pkl": pickled(b"]" * 99 + b"a" * 98)}), "too-deep"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "fault"), PROBLEMS)
def test_what_is_wrong_is_told(data: bytes, fault: str, reading: Read) -> None:
    read = reading(torch_zip.parse, data)
    assert read.error is None
    assert fault in read.faults


def test_a_bad_checksum_is_told_and_the_pickle_still_read(reading: Read) -> None:
    crc = GOOD.index(b"PK\x01\x02") + 16
    read = reading(torch_zip.parse, GOOD[:crc] + b"\0\0\0\0" + GOOD[crc + 4 :])
    assert read.faults == {"crc-mismatch"}
    assert len(read.file.tensors) == 1


def test_an_encrypted_flag_does_not_hide_the_pickle_in_silence(reading: Read) -> None:
    flags = GOOD.index(b"PK\x01\x02") + 8
    read = reading(torch_zip.parse, GOOD[:flags] + b"\1\0" + GOOD[flags + 2 :])
    assert read.faults == {"unsupported"}


def test_foreign_code_inside_a_tensor_description(reading: Read) -> None:
    hidden = name("builtins", "eval") + text("1") + b"\x85R"
    body = state_of(tensor(six, (6,), more=hidden))
    assert reading(torch_zip.parse, checkpoint(body, {"0": bytes(24)})).file.foreign == (
        "builtins.eval",
    )


def test_torchscript(reading: Read) -> None:
    module = name("__torch__.net", "Net") + b")\x81}" + text("w")
    module += tensor(storage("Float", "0", 2), (2,)) + b"sb"
    constants = tuple_of(tensor(storage("Long", "0", 1), (1,)))
    members = {"data.pkl": pickled(module), "constants.pkl": pickled(constants)}
    members |= {"data/0": bytes(8), "constants/0": bytes(8), "code/__torch__/net.py": b"class Net"}
    read = reading(torch_zip.parse, archive(members, "net/"))
    assert read.problems == ()
    assert read.file.kind is Kind.TORCHSCRIPT
    assert read.file.code == ("code/__torch__/net.py",)
    assert [(t.name, t.dtype) for t in read.file.tensors] == [("w", "F32"), ("constants.0", "I64")]


# --- before 1.6


def legacy(
    body: bytes, storages: dict[str, tuple[int, bytes]], magic: int = torch_zip.MAGIC
) -> bytes:
    head = b"".join(pickle.dumps(part, 2) for part in (magic, 1001, {"little_endian": True}))
    data = b"".join(struct.pack("<Q", n) + raw for n, raw in storages.values())
    return head + pickled(body) + pickle.dumps(list(storages), 2) + data


OLD = state_of(tensor(storage("Float", "93", 6, b"N"), (2, 3)))


def test_legacy(reading: Read) -> None:
    data = legacy(OLD, {"93": (6, bytes(range(24)))})
    read = reading(torch_zip.parse, data)
    assert read.problems == ()
    assert read.file.kind is Kind.LEGACY
    assert read.file.metadata["byteorder"] == "little"
    (found,) = read.file.tensors
    assert (found.name, found.shape, data[found.start :]) == ("w", (2, 3), bytes(range(24)))


def test_legacy_longer_than_one_read(reading: Read) -> None:
    many = {f"layer.{n}": tensor(storage("Float", str(n), 1, b"N"), (1,)) for n in range(2_000)}
    data = legacy(state_dict(many), {str(n): (1, bytes(4)) for n in range(2_000)})
    read = reading(torch_zip.parse, data)
    assert read.problems == ()
    assert len(read.file.tensors) == 2_000


LEGACY_PROBLEMS = [
    (legacy(OLD, {"93": (6, bytes(23))}), "truncated"),
    (legacy(OLD, {"93": (6, bytes(25))}), "trailing-bytes"),
    (legacy(OLD, {"93": (7, bytes(28))}), "size-mismatch"),
    (legacy(OLD, {"93": (6, bytes(24)), "94": (1, bytes(4))}), "bad-entry"),
    (legacy(OLD, {})[:-2], "legacy-torch-not-read"),
    (pickle.dumps({"a": 1}, 2), "pickled-content"),
    (pickle.dumps({"a": 1}, 2)[:-1], "truncated"),
]


@pytest.mark.parametrize(("data", "fault"), LEGACY_PROBLEMS)
def test_legacy_problems(data: bytes, fault: str, reading: Read) -> None:
    read = reading(torch_zip.parse, data)
    assert read.error is None
    assert fault in read.faults


REFUSED = [
    (b"", Fault.NOT_THIS_FORMAT),
    (b"GGUF", Fault.NOT_THIS_FORMAT),
    (b"PK\3\4", Fault.TRUNCATED),
    (archive({"other.pkl": b"."}), Fault.NOT_THIS_FORMAT),
    (archive({"a/b/data.pkl": b"."}), Fault.NOT_THIS_FORMAT),
    (b"PK" + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 0, 0, 0), Fault.HEADER_MALFORMED),
    (b"PK" + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 9, 0, 0), Fault.HEADER_LENGTH_LIES),
    (b"PK" + struct.pack("<4s4H2LH", b"PK\5\6", 1, 0, 0, 0, 0, 0, 0), Fault.UNSUPPORTED),
]


@pytest.mark.parametrize(("data", "fault"), REFUSED)
def test_refused(data: bytes, fault: Fault, reading: Read) -> None:
    read = reading(torch_zip.parse, data)
    assert read.error is not None
    assert read.error.problem is fault


def test_zip64(reading: Read) -> None:
    """The same archive with its directory described by 64-bit records only."""
    end = GOOD.rindex(b"PK\5\6")
    _, _, _, _, count, length, offset, _ = struct.unpack("<4s4H2LH", GOOD[end:])
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    full = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    read = reading(torch_zip.parse, GOOD[:end] + record + locator + full)
    assert read.problems == ()
    assert read.file == reading(torch_zip.parse, GOOD).file
    lying = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**63, 2**63, length, offset)
    lied = reading(torch_zip.parse, GOOD[:end] + lying + locator + full)
    assert lied.faults == {"too-many-entries"}


@pytest.mark.parametrize("length", range(0, len(GOOD), 5))
def test_cut_anywhere(length: int, reading: Read) -> None:
    faults = reading(torch_zip.parse, GOOD[:length]).faults
    assert faults & {"truncated", "not-this-format"}


@given(data=st.data(), seed=st.sampled_from([GOOD, legacy(OLD, {"93": (6, bytes(24))})]))
def test_mutated(
    data: st.DataObject, seed: bytes, reading: Read, edited: Callable[..., Any]
) -> None:
    reading(torch_zip.parse, data.draw(edited(seed)))


@given(data=st.data())
def test_mutated_pickle_in_a_sound_archive(
    data: st.DataObject, reading: Read, edited: Callable[..., Any]
) -> None:
    body = data.draw(edited(pickled(ONE)))
    read = reading(torch_zip.parse, archive({"data.pkl": body, "data/0": bytes(24)}))
    assert read.error is None
