"""NumPy headers, on files numpy itself writes and on files it would not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import npy
from openassay.formats.bounded import Fault

Read = Callable[..., Any]
DTYPES = ["<f4", ">f8", "<f2", "|i1", "<i8", ">u2", "|b1", "<c8", "<U5", "|S3", "|V2", "<M8[ns]"]


def npy_of(array: Any, version: tuple[int, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version, allow_pickle=True)
    return buffer.getvalue()


def handmade(header: str | bytes, data: bytes = b"", version: int = 1, lie: int = 0) -> bytes:
    raw = header.encode() if isinstance(header, str) else header
    width = 2 if version == 1 else 4
    stated = (len(raw) + lie).to_bytes(width, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + stated + raw + data


def literal(descr: str = "'<f4'", shape: str = "(2,)", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


@given(
    dtype=st.sampled_from(DTYPES),
    shape=st.lists(st.integers(0, 4), max_size=4),
    fortran=st.booleans(),
    version=st.sampled_from([(1, 0), (2, 0), (3, 0)]),
)
def test_what_numpy_writes(
    dtype: str, shape: list[int], fortran: bool, version: tuple[int, int], reading: Read
) -> None:
    array = np.zeros(shape, dtype, order="F" if fortran else "C")
    data = npy_of(array, version)
    read = reading(npy.parse, data)
    assert read.problems == ()
    (tensor,) = read.file.tensors
    assert tensor.shape == array.shape
    assert (tensor.nbytes, tensor.end) == (array.nbytes, len(data))
    assert read.file.metadata["byteorder"] == ("big" if dtype[0] == ">" else "little")


@pytest.mark.parametrize(
    ("dtype", "name"),
    [("<f4", "F32"), (">f8", "F64"), ("|i1", "I8"), ("|b1", "BOOL"), ("<c8", "C64"), ("<U5", "U5")],
)
def test_dtypes_are_named_as_elsewhere(dtype: str, name: str, reading: Read) -> None:
    assert reading(npy.parse, npy_of(np.zeros(2, dtype))).file.tensors[0].dtype == name


def test_records(reading: Read) -> None:
    inner = np.dtype([("x", "<f4"), ("y", "<i2", (3,))])
    array = np.zeros(4, np.dtype([("a", "|u1"), ("b", inner)]))
    read = reading(npy.parse, npy_of(array))
    assert read.problems == ()
    assert read.file.tensors[0].nbytes == array.nbytes


def test_objects_are_flagged_and_not_read(reading: Read) -> None:
    read = reading(npy.parse, npy_of(np.array([{"a": 1}, None], dtype=object)))
    assert read.faults == {"pickled-content"}
    assert read.file.tensors[0].nbytes is None
    record = handmade(literal("[('a', '<f4'), ('b', '|O')]"), bytes(8))
    assert reading(npy.parse, record).faults == {"pickled-content", "pickle-malformed"}


PROBLEMS = [
    (handmade(literal(), bytes(7)), "truncated"),
    (handmade(literal(), bytes(9)), "trailing-bytes"),
    (handmade(literal(shape="(1099511627776, 65536,)")), "truncated"),
    (handmade(literal("'<f3'"), bytes(8)), "unknown-dtype"),
    (handmade(literal("'hello'"), bytes(8)), "unknown-dtype"),
    (handmade(literal("[('a',)]"), bytes(8)), "unknown-dtype"),
    (handmade(literal("[" * 20 + "]" * 20), bytes(8)), "unknown-dtype"),
]


@pytest.mark.parametrize(("data", "fault"), PROBLEMS)
def test_what_is_wrong_is_told(data: bytes, fault: str, reading: Read) -> None:
    read = reading(npy.parse, data)
    assert read.error is None
    assert read.faults == {fault}


def test_long_integers_of_python_2(reading: Read) -> None:
    read = reading(npy.parse, handmade(literal(shape="(2L, 3L)"), bytes(24)))
    assert read.problems == ()
    assert read.file.tensors[0].shape == (2, 3)


REFUSED = [
    (b"", Fault.NOT_THIS_FORMAT),
    (b"\x93NUMPY\1", Fault.TRUNCATED),
    (handmade(literal(), version=4), Fault.UNSUPPORTED),
    (handmade(literal(), lie=1), Fault.TRUNCATED),
    (handmade(literal(), bytes(8), lie=-1), Fault.HEADER_MALFORMED),
    (handmade(literal(), version=2, lie=2**31), Fault.HEADER_TOO_LARGE),
    (handmade(literal(shape="(-1,)")), Fault.HEADER_MALFORMED),
    (handmade(literal(shape="(9999999999999999999,)")), Fault.BAD_SHAPE),
    (handmade(literal(shape="(True,)")), Fault.BAD_SHAPE),
    (handmade(literal(shape="[2]")), Fault.BAD_SHAPE),
    (handmade(literal(order="0")), Fault.BAD_SHAPE),
    (handmade("[]"), Fault.HEADER_MALFORMED),
    (handmade("{'descr': '<f4'}"), Fault.HEADER_MALFORMED),
    (handmade("__import__('os').system('true')"), Fault.HEADER_MALFORMED),
    (handmade("{'a': 'b\\"), Fault.HEADER_MALFORMED),
    (handmade("(" * 150), Fault.HEADER_MALFORMED),
    (handmade("[" * 60_000), Fault.HEADER_MALFORMED),
    (handmade("'" * 60_001), Fault.HEADER_MALFORMED),
    (handmade("{[]: 1}"), Fault.HEADER_MALFORMED),
]


@pytest.mark.parametrize(("data", "fault"), REFUSED)
def test_refused(data: bytes, fault: Fault, reading: Read) -> None:
    read = reading(npy.parse, data)
    assert read.error is not None
    assert read.error.problem is fault


SEED = handmade(literal("[('a', '<f4'), ('b', '<i2', (2,))]"), bytes(16))


@pytest.mark.parametrize("length", range(len(SEED)))
def test_cut_anywhere(length: int, reading: Read) -> None:
    assert reading(npy.parse, SEED[:length]).faults & {"truncated", "not-this-format"}


@given(data=st.data())
def test_mutated(data: st.DataObject, reading: Read, edited: Callable[..., Any]) -> None:
    reading(npy.parse, data.draw(edited(SEED)))


@given(text=st.text("{}[]():,'\"-0123456789LTrueFalsN \n", max_size=60))
def test_any_literal(text: str, reading: Read) -> None:
    reading(npy.parse, handmade(text))


# --- .npz


def npz_of(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def test_savez(tmp_path: Path, reading: Read) -> None:
    arrays = {"w": np.ones((3, 4), "<f4"), "b": np.zeros(5, "<i8")}
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    data = (tmp_path / "a.npz").read_bytes()
    read = reading(npy.parse_npz, data)
    assert read.problems == ()
    for tensor in read.file.tensors:
        assert tensor.shape == arrays[tensor.name].shape
        assert data[tensor.start : tensor.end] == arrays[tensor.name].tobytes()


def test_savez_compressed(tmp_path: Path, reading: Read) -> None:
    np.savez_compressed(tmp_path / "a.npz", w=np.ones((300, 400), "<f4"))
    read = reading(npy.parse_npz, (tmp_path / "a.npz").read_bytes())
    assert read.problems == ()
    (tensor,) = read.file.tensors
    assert (tensor.shape, tensor.dtype, tensor.start) == ((300, 400), "F32", None)


GOOD = npy_of(np.zeros(2, "<f4"))

ARCHIVES = [
    (npz_of({"a.npy": GOOD, "readme.txt": b"x"}), "bad-entry"),
    (npz_of({"a.npy": b"nothing"}), "not-this-format"),
    (npz_of({"a.npy": GOOD[:20]}), "truncated"),
    (npz_of({"a.npy": GOOD[:20]}, zipfile.ZIP_DEFLATED), "truncated"),
    (npz_of({"a.npy": GOOD[:-1]}), "truncated"),
    (npz_of({}), "zero-tensors"),
    (npz_of({"a.npy": GOOD + bytes(40 << 20)}, zipfile.ZIP_DEFLATED), "compression-ratio"),
    (npz_of({"a.npy": GOOD}, zipfile.ZIP_BZIP2), "unsupported"),
    (npz_of({"a.npy": npy_of(np.array([None], object))}), "pickled-content"),
]


@pytest.mark.parametrize(("data", "fault"), ARCHIVES)
def test_archives(data: bytes, fault: str, reading: Read) -> None:
    read = reading(npy.parse_npz, data)
    assert read.error is None
    assert fault in read.faults


def test_a_big_endian_member_is_listed_without_its_place(tmp_path: Path, reading: Read) -> None:
    """An archive tells one byte order; its elements would be read the wrong way round."""
    np.savez(tmp_path / "a.npz", a=np.zeros(8, ">f4"), b=np.zeros(8, "<f4"))
    tensors = reading(npy.parse_npz, (tmp_path / "a.npz").read_bytes()).file.tensors
    assert [(t.name, t.nbytes) for t in tensors] == [("a", None), ("b", 32)]


def test_two_members_of_one_name(reading: Read) -> None:
    data = npz_of({"a.npy": GOOD, "b.npy": GOOD}).replace(b"b.npy", b"a.npy")
    assert "duplicate-name" in reading(npy.parse_npz, data).faults


def test_members_that_overlap(reading: Read) -> None:
    """Two directory entries with one body: the shape of a zip bomb."""
    data = npz_of({"a.npy": GOOD, "b.npy": GOOD})
    entry = data.rindex(b"PK\x01\x02")
    bent = data[: entry + 42] + bytes(4) + data[entry + 46 :]
    assert "overlapping" in reading(npy.parse_npz, bent).faults


ARCHIVE = npz_of({"a.npy": SEED, "b.npy": GOOD}, zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize("length", range(0, len(ARCHIVE), 7))
def test_archive_cut_anywhere(length: int, reading: Read) -> None:
    assert reading(npy.parse_npz, ARCHIVE[:length]).faults == {"truncated"}


@given(data=st.data())
def test_archive_mutated(data: st.DataObject, reading: Read, edited: Callable[..., Any]) -> None:
    reading(npy.parse_npz, data.draw(edited(ARCHIVE)))
