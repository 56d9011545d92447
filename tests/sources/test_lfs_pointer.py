"""Git LFS pointers are told by their content, after the specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.files import LfsPointer
from openassay.sources._common import lfs_pointer

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
HEAD = "version https://git-lfs.github.com/spec/v1\n"


@given(st.integers(0, 2**62), st.booleans())
def test_every_pointer_is_recognised(size: int, windows: bool) -> None:
    text = f"{HEAD}oid sha256:{OID}\nsize {size}\n"
    if windows:
        text = text.replace("\n", "\r\n")
    assert lfs_pointer(text.encode()) == LfsPointer(OID, size)


@given(st.binary(max_size=1100))
def test_no_bytes_make_the_parser_fail(content: bytes) -> None:
    lfs_pointer(content)
    assert lfs_pointer(content + HEAD.encode()) is None


def test_extension_lines_are_part_of_a_pointer() -> None:
    text = f"{HEAD}ext-0-foo sha256:{OID}\noid sha256:{OID}\nsize 12345\n"
    assert lfs_pointer(text.encode()) == LfsPointer(OID, 12345)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        f"oid sha256:{OID}\nsize 1\n{HEAD}",  # the version comes first
        f"{HEAD}oid sha256:{OID[:-1]}\nsize 1\n",
        f"{HEAD}oid sha256:{OID}\nsize -1\n",
        f"{HEAD}oid sha256:{OID}\nsize 1\nsize 2\n",
        f"{HEAD}oid sha256:{OID}\nsize 1\n\nThis is how a pointer looks.\n",
        f"{HEAD}oid sha256:{OID}\nsize 1\n" + "x" * 1024,
    ],
)
def test_what_only_looks_like_a_pointer_is_a_file(text: str) -> None:
    assert lfs_pointer(text.encode()) is None
