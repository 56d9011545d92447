"""Pickles read as programs: same tree as unpickling where that is harmless, nothing ever run."""

from __future__ import annotations

import collections
import os
import pickle
import pickletools
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats import pickle_ops
from openassay.formats.pickle_ops import (
    Blob,
    Call,
    Global,
    Items,
    Opaque,
    Pairs,
    PersistentId,
    Value,
    read_pickle,
    walk,
)

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def plain(value: Value) -> Any:
    """The Python value a symbolic tree of containers stands for."""
    if isinstance(value, Items):
        items = [plain(item) for item in value.items]
        return (
            items
            if value.kind == "list"
            else {"set": set, "frozenset": frozenset}[value.kind](items)
        )
    if isinstance(value, Pairs):
        return {plain(key): plain(part) for key, part in value.pairs}
    return tuple(plain(part) for part in value) if isinstance(value, tuple) else value


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**100), 2**100),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8"), max_size=10),
)
trees = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.lists(below, max_size=5),
        st.lists(below, max_size=4).map(tuple),
        st.dictionaries(st.text("abc", max_size=3), below, max_size=5),
    ),
    max_leaves=20,
)


@given(tree=trees, protocol=st.sampled_from(PROTOCOLS))
def test_same_tree_as_unpickling(tree: Any, protocol: int) -> None:
    data = pickle.dumps(tree, protocol)
    read = read_pickle(data + b"rest")
    assert read.problems == ()
    assert read.complete
    assert read.end == len(data)
    assert plain(read.value) == tree
    assert read.globals == ()


@pytest.mark.parametrize("value", [{1, 2}, frozenset([3]), b"bytes", b""])
def test_sets_and_bytes(value: Any) -> None:
    assert plain(read_pickle(pickle.dumps(value, 4)).value) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_globals_and_calls(protocol: int) -> None:
    value = collections.OrderedDict([("a", 1), ("b", collections.Counter("x"))])
    read = read_pickle(pickle.dumps(value, protocol))
    assert isinstance(read.value, Call)
    assert read.value.function == Global("collections", "OrderedDict")
    assert [key for key, _ in read.value.pairs] == ["a", "b"]
    assert {str(name) for name in read.called} >= {"collections.Counter"}


class Harm:
    """Would create a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_runs(protocol: int, tmp_path: Path) -> None:
    data = pickle.dumps([Harm(tmp_path / "made")], protocol)
    read = read_pickle(data)
    assert [str(name) for name in read.called] == [f"{os.name}.system"]
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_imported() -> None:
    data = b"\x80\x02cxml.dom.pulldom\nparse\n(X\x01\0\0\0atR."
    before = "xml.dom.pulldom" in sys.modules
    assert [str(name) for name in read_pickle(data).globals] == ["xml.dom.pulldom.parse"]
    assert ("xml.dom.pulldom" in sys.modules) == before


def test_code_before_a_break_is_still_listed() -> None:
    """Scanners that stop at a broken stream miss what ran before it."""
    for broken in (b"\xff", b"", b"R", b"h\x07", b"X\xff\xff\xff\x7f"):
        read = read_pickle(b"\x80\x02cos\nsystem\n(X\x02\0\0\0idtR0" + broken)
        assert [str(name) for name in read.called] == ["os.system"]
        assert not read.complete
        assert read.problems


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        (b"\x8c\x02os\x8c\x06system\x93", "os.system"),
        (b"K\x01K\x02\x93", "?.?"),
        (b"(ios\nsystem\n", "os.system"),
        (b"(cos\nsystem\no", "os.system"),
        (b"\x82\x05", "copyreg._extension_registry.5"),
        (b"\x84\x01\0\0\x80", "copyreg._extension_registry.2147483649"),
        (b"cos\nsystem\n)\x81", "os.system"),
        (b"cos\nsystem\n)}\x92", "os.system"),
        (b"S'os'\nS'system'\n\x93", "os.system"),
    ],
)
def test_every_way_to_name_code(ops: bytes, expected: str) -> None:
    assert [str(name) for name in read_pickle(b"\x80\x04" + ops + b".").globals] == [expected]


def test_every_opcode_is_known() -> None:
    known = set(pickle_ops._HANDLERS) | {ord(".")}
    assert known == {ord(opcode.code) for opcode in pickletools.opcodes}


def test_persistent_ids_and_state() -> None:
    read = read_pickle(b"\x80\x02X\x01\0\0\0kQPtext\ncm\nC\n)\x81}X\x01\0\0\0aK\x01sb\x87.")
    assert isinstance(read.value, tuple)
    first, second, made = read.value
    assert isinstance(first, PersistentId)
    assert isinstance(second, PersistentId)
    assert (first.value, second.value) == ("k", "text")
    assert isinstance(made, Call)
    assert plain(made.state) == {"a": 1}


def test_out_of_band_and_long_values_are_opaque() -> None:
    assert isinstance(read_pickle(b"\x80\x05\x97\x98.").value, Opaque)
    assert isinstance(read_pickle(b"\x8b" + struct.pack("<I", 20) + bytes(20) + b".").value, Opaque)
    assert isinstance(read_pickle(b"I" + b"9" * 5_000 + b"\n.").value, Opaque)
    data = b"B" + struct.pack("<I", 70_000) + bytes(70_000) + b"."
    assert read_pickle(data).value == Blob(5, 70_000)


def test_a_memo_bomb_stays_small() -> None:
    """Each level holds the one below twice: 2**5000 values when written out."""
    ops = b"\x80\x02]q\x00"
    for level in range(5_000):
        at = struct.pack("<I", level)
        ops += b"](j" + at + b"j" + at + b"er" + struct.pack("<I", level + 1)
    read = read_pickle(ops + b".")
    assert read.complete
    assert sum(1 for _ in walk(read.value)) == 5_001


def test_a_list_that_holds_itself() -> None:
    read = read_pickle(b"\x80\x02]q\x00h\x00a.")
    assert sum(1 for _ in walk(read.value)) == 1


def test_deep_nesting_needs_no_recursion() -> None:
    depth = 50_000
    for ops in (b"]" * depth + b"a" * (depth - 1), b"N" + b"\x85" * depth):
        read = read_pickle(ops + b".")
        assert read.complete
        assert sum(1 for _ in walk(read.value)) >= depth
        del read  # freeing it must not recurse either


def test_steps_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_ops, "MAX_STEPS", 1_000)
    assert [p.id for p in read_pickle(b"N0" * 2_000).problems] == ["read-limit"]


@pytest.mark.parametrize(
    "ops",
    [
        *[b"0", b"t", b"u", b"(K\x01u", b"}(K\x01u", b"R", b"(o", b"h\x01", b"gx\n", b"cos"],
        *[b"g99999999999\n", b"\x8e" + b"\xff" * 8, b"\x8d\0\0\0\0\0\0\0\x80", b"S'a\n"],
        *[b"\x80", b"G\0", b"a"],
    ],
)
def test_broken_streams(ops: bytes) -> None:
    read = read_pickle(ops)
    assert not read.complete
    assert len(read.problems) == 1


SEED = pickle.dumps([{"a": (1, 2.5, "x")}, collections.OrderedDict(b=b"y" * 10)] * 2, 2)


@given(data=st.data())
def test_mutated(data: st.DataObject, edited: Callable[..., Any]) -> None:
    raw = data.draw(edited(SEED))
    read = read_pickle(raw)
    assert read.end <= len(raw)
    assert read.complete == (read.problems == ())
    for _ in walk(read.value):
        pass


@given(st.binary(max_size=60))
def test_random_bytes(data: bytes) -> None:
    assert read_pickle(data).end <= len(data)
