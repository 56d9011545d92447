"""Large files that were not opened: what they are by name and first bytes, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.errors import TargetError
from openassay.lineage.table import weight_sets
from openassay.weights.unread import MIN_UNKNOWN, unread_files

Build = Any
LARGE = b"E5S1" + bytes(MIN_UNKNOWN)


@pytest.mark.parametrize(
    ("name", "why", "said"),
    [
        ("data/e5-q4.bin", "unknown_format", "ask for safetensors, GGUF or ONNX"),
        ("pkg/model.zip", "archive", "unpack it"),
        ("pkg/model.tar.gz", "archive", "unpack it"),
        ("data/Tiny-Q4.gguf.part00", "piece", "a piece of Tiny-Q4.gguf"),
        ("tiny.gguf-split-a", "piece", "a piece of tiny.gguf"),
        ("model.safetensors.002", "piece", "a piece of model.safetensors"),
    ],
)
def test_what_was_not_read_says_so(name: str, why: str, said: str, build: Build) -> None:
    (one,) = unread_files(build.release({name: LARGE}))
    assert (one.path, one.nbytes, str(one.why)) == (name, len(LARGE), why)
    assert said in one.text
    assert one.begins is not None
    assert bytes.fromhex(one.begins).startswith(b"E5S1")


@pytest.mark.parametrize("name", ["a.mp4", "corpus.jsonl", "logs.txt", "variables/.meta", "x.gz"])
def test_what_cannot_be_weights_is_not_listed(name: str, build: Build) -> None:
    assert unread_files(build.release({name: LARGE})) == []


def test_small_files_and_what_was_told_are_not_listed(build: Build) -> None:
    release = build.release({"small.bin": b"x" * 100, "told.bin": LARGE})
    assert unread_files(release, {"told.bin"}) == []


def test_lineage_names_what_it_could_not_read(build: Build) -> None:
    with pytest.raises(TargetError, match=r"model\.zip has 1,048,580 bytes: an archive"):
        weight_sets(build.release({"pkg/model.zip": LARGE}))
