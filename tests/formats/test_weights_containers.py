"""TensorFlow Lite, TensorFlow checkpoints, HDF5 and Keras: sound, bent, and hostile files."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from benchmarks import fuzz_weights as make
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.formats import hdf5, keras_file, tf_bundle, tflite

Read = Any
KERNEL = ("kernel", "F32", (2, 3))


def described(read: Read) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(tensor.name, tensor.dtype, tensor.shape) for tensor in read.file.tensors]


# -- TensorFlow Lite


def test_tflite_lists_what_has_bytes_and_where(reading: Read) -> None:
    read = reading(tflite.parse, make.tflite())
    assert described(read) == [("dense/kernel", "F32", (2, 3))]
    tensor = read.file.tensors[0]
    assert read.data[tensor.start : tensor.end] == bytes(24)
    assert tensor.end == len(read.data)
    assert read.faults == set()


def test_a_sparse_tensor_stores_less_than_its_shape_asks(reading: Read) -> None:
    read = reading(tflite.parse, make.tflite(stored=10, sparse=True))
    assert described(read) == [("dense/kernel", "F32", (2, 3))]
    assert read.file.tensors[0].start is None  # its elements do not lie one after another
    assert read.faults == set()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (make.tflite(kind=99), "unknown-dtype"),
        (make.tflite(shape=(2, 4)), "size-mismatch"),
        (make.tflite()[:-8], "truncated"),
        (make.tflite(shape=(1,) * 70), "bad-shape"),
        (b"\x1c\0\0\0TFL3" + bytes(40), "header-malformed"),
        (b"\xff\xff\xff\x7fTFL3" + bytes(40), "truncated"),
        (b"\x1c\0\0\0nope" + bytes(40), "not-this-format"),
    ],
)
def test_what_is_wrong_with_a_tflite_file(data: bytes, fault: str, reading: Read) -> None:
    assert fault in reading(tflite.parse, data).faults


# -- TensorFlow checkpoints

TENSORS = {"layer/bias": (1, (3,), 12), "layer/kernel": (19, (4, 3), 24), "steps": (9, (), 8)}


def test_a_bundle_names_tensors_and_the_places_of_their_bytes(reading: Read) -> None:
    read = reading(tf_bundle.parse, make.bundle(TENSORS))
    assert described(read) == [
        ("layer/bias", "F32", (3,)),
        ("layer/kernel", "F16", (4, 3)),
        ("steps", "I64", ()),
    ]
    assert [(p.offset, p.length) for p in read.file.places] == [(0, 12), (12, 24), (36, 8)]
    assert read.file.location(0) == ".data-00000-of-00001"
    assert read.faults == set()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (make.bundle({"a": (1, (3,), 8)}), "size-mismatch"),
        (make.bundle(TENSORS, compression=1), "unsupported"),
        (make.bundle({}), "zero-tensors"),
        (make.bundle(TENSORS)[:-1], "not-this-format"),
        (make.bundle({"a": (1, (2**63,), 0)}), "bad-shape"),
        (make.bundle(TENSORS)[30:], "truncated"),
    ],
)
def test_what_is_wrong_with_a_bundle(data: bytes, fault: str, reading: Read) -> None:
    assert fault in reading(tf_bundle.parse, data).faults


# -- HDF5


def test_hdf5_says_where_a_data_set_lies(reading: Read) -> None:
    read = reading(hdf5.parse, make.hdf5())
    assert described(read) == [KERNEL]
    assert (read.file.tensors[0].start, read.file.tensors[0].end) == (768, 792)
    assert read.faults == set()


@pytest.mark.parametrize(
    ("data", "fault", "why"),
    [
        (make.hdf5(stored=20), "size-mismatch", "the bytes are not what shape and type ask"),
        (make.hdf5()[:-4], "truncated", "the superblock states where the file ends"),
        (
            make.hdf5(extra=make.message(7, bytes(32))),
            "unsafe-path",
            "an external file list would make the library open another file",
        ),
        (
            make.hdf5(links=make.other_link(b"out", 64, b"\0/etc/passwd\0x\0")),
            "unsafe-path",
            "a link into another file is never followed",
        ),
        (make.hdf5(links=make.other_link(b"loop", 1, b"/loop")), "unsafe-path", "a soft link"),
        (make.hdf5(links=make.message(2, bytes(2) + bytes(16))), "unsupported", "a fractal heap"),
        (
            make.hdf5(extra=make.message(0xB, b"\1\1" + bytes(6) + b"\xff\x7f" + bytes(6))),
            "unsupported",
            "a filter that only a plug-in knows",
        ),
        (b"\x89HDF\r\n\x1a\n" + b"\x09" + bytes(90), "unsupported", "an unknown superblock"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90), "header-malformed", "addresses of 0 bytes"),
        (b"HDF" + bytes(90), "not-this-format", "no signature"),
    ],
)
def test_what_is_wrong_with_an_hdf5_file(data: bytes, fault: str, why: str, reading: Read) -> None:
    assert fault in reading(hdf5.parse, data).faults, why


def test_groups_in_a_circle_end(reading: Read) -> None:
    root_at = 96  # the root group holds itself
    read = reading(hdf5.parse, make.hdf5(links=make.hard_link(b"again", root_at)))
    assert described(read) == [KERNEL]


def test_hdf5_as_its_own_library_writes_it(reading: Read) -> None:
    h5py, np = pytest.importorskip("h5py"), pytest.importorskip("numpy")
    out = io.BytesIO()
    values = np.arange(12, dtype=">f4").reshape(3, 4)
    with h5py.File(out, "w") as file:
        group = file.create_group("model_weights/dense")
        group.create_dataset("kernel:0", data=values)
        group.create_dataset("half", data=values.astype("<f2"))
        group.create_dataset("flag", data=np.zeros(3, bool))
        group.create_dataset("packed", data=np.zeros((90, 90)), compression="gzip", shuffle=True)
        for number in range(40):  # more names than one node of the group's tree holds
            file.create_group(f"layer{number:02}").create_dataset("w", data=np.ones(2, "<f8"))
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["model_config"] = '{"class_name": "Lambda"}' * 50
    read = reading(hdf5.parse, out.getvalue())
    found = {tensor.name: tensor for tensor in read.file.tensors}
    assert len(found) == 44
    kernel = found["model_weights/dense/kernel:0"]
    assert (kernel.dtype, kernel.shape) == ("F32", (3, 4))
    assert read.data[kernel.start : kernel.end] == values.tobytes()
    assert found["model_weights/dense/half"].dtype == "F16"
    assert found["model_weights/dense/flag"].dtype == "BOOL"
    assert found["model_weights/dense/packed"].start is None, "compressed: no place of its own"
    assert read.file.attributes["keras_version"] == "2.15.0"
    assert read.file.attributes["model_config"].startswith('{"class_name": "Lambda"}')
    assert read.faults == set()


def test_hdf5_bombs_and_holes(reading: Read) -> None:
    h5py = pytest.importorskip("h5py")
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file.create_dataset("bomb", shape=(1 << 20, 1 << 12), dtype="f4", chunks=(1024, 1024))
        file.create_dataset("hole", shape=(1 << 20,), dtype="f4")
        file.create_dataset("outside", (10,), "f4", external=[("secret.raw", 0, 40)])
    read = reading(hdf5.parse, out.getvalue())
    assert read.faults == {"not-stored", "unsafe-path"}
    assert all(tensor.nbytes == 0 for tensor in read.file.tensors), (
        "what is not stored has no bytes"
    )
    assert read.bytes_read < 200_000


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_hdf5_declares_what_its_file_cannot_hold(libver: str, reading: Read) -> None:
    """Kinds of chunk index that are not walked are bounded by the size of the file."""
    h5py = pytest.importorskip("h5py")
    out = io.BytesIO()
    with h5py.File(out, "w", libver=libver) as file:
        data = file.create_dataset("w", (1 << 36,), "f4", chunks=(1 << 12,), maxshape=(None,))
        data[:10] = 1
        file.create_dataset("good", (64, 64), "f4", chunks=(64, 64))[:] = 1
    read = reading(hdf5.parse, out.getvalue())
    assert read.faults == {"not-stored"}
    empty = {tensor.name for tensor in read.file.tensors if tensor.nbytes == 0}
    assert empty == {"w"}


# -- Keras


def test_keras_reads_the_weights_inside_and_names_code(reading: Read) -> None:
    read = reading(keras_file.parse, make.keras('{"class_name": "Lambda"}'))
    assert described(read) == [KERNEL]
    tensor = read.file.tensors[0]
    assert read.data[tensor.start : tensor.end] == bytes(24)
    assert read.file.foreign == ("keras layer Lambda",)
    assert read.file.version == "3.5.0"


def test_keras_without_weights_is_none(reading: Read) -> None:
    data = make.keras().replace(b"model.weights.h5", b"model.wrongly.h5")
    assert reading(keras_file.parse, data).faults == {"not-this-format"}


# -- anything


@pytest.mark.parametrize(
    ("parser", "seed"),
    [
        (tflite.parse, make.tflite()),
        (tf_bundle.parse, make.bundle(TENSORS)),
        (hdf5.parse, make.hdf5(links=make.hard_link(b"again", 96))),
        (keras_file.parse, make.keras()),
    ],
    ids=["tflite", "bundle", "hdf5", "keras"],
)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_bent_files_are_read_or_refused(
    parser: Any,
    seed: bytes,
    data: st.DataObject,
    reading: Read,
    edited: Callable[[bytes], st.SearchStrategy[bytes]],
) -> None:
    reading(parser, data.draw(edited(seed)))
