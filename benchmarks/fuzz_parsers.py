"""Throw mutated files at every parser: `python benchmarks/fuzz_parsers.py --seconds 60`.

A parser may return or raise one of its allowed exceptions. Anything else, a read outside the file,
or an input slower than SLOW_SECONDS is a failure: the input is written out and the exit status
is 1. The same seed number gives the same inputs in the same order.

To add a parser, add a row to `targets()`.
"""

from __future__ import annotations

import argparse
import io
import json
import pickle
import random
import struct
import sys
import time
import traceback
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openassay.formats import gguf, npy, onnx, safetensors, torch_zip
from openassay.formats.bounded import FormatError
from openassay.formats.pickle_ops import read_pickle, walk

SLOW_SECONDS = 1.0
BATCH = 200  # inputs of one parser before the next one's turn, so that short runs reach all
LONGEST = 1 << 16  # bytes; splicing must not let inputs grow without end
LENGTHS = (0, 1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**60, 2**63, 2**64 - 1)


@dataclass(frozen=True)
class Target:
    """One parser: inputs to start from, what to call, and what it may raise."""

    name: str
    seeds: tuple[bytes, ...]
    call: Callable[[bytes], Any]
    allowed: tuple[type[Exception], ...]


@dataclass
class Tally:
    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0


def targets() -> tuple[Target, ...]:
    """The table. A seed should be small and touch as much of its format as it can."""
    return (
        Target("safetensors", safetensors_seeds(), through(safetensors.parse), (FormatError,)),
        Target(
            "safetensors-index", index_seeds(), as_text(safetensors.parse_index), (FormatError,)
        ),
        Target("gguf", gguf_seeds(), through(gguf.parse), (FormatError,)),
        Target("torch", torch_seeds(), through(torch_zip.parse), (FormatError,)),
        Target("pickle", pickle_seeds(), walked_pickle, ()),
        Target("onnx", onnx_seeds(), through(onnx.parse), (FormatError,)),
        Target("npy", (npy_file("<f4"), npy_file("|O")), through(npy.parse), (FormatError,)),
        Target("npz", npz_seeds(), through(npy.parse_npz), (FormatError,)),
    )


# --- how a parser is called ----------------------------------------------------------------------


def through(parse: Callable[[Callable[[int, int], bytes], int], Any]) -> Callable[[bytes], Any]:
    """A parser behind the read seam, with a reader that refuses to leave the file."""

    def call(data: bytes) -> Any:
        def read(offset: int, length: int) -> bytes:
            if not 0 <= offset <= offset + length <= len(data):
                raise AssertionError(f"read({offset}, {length}) in a file of {len(data)} bytes")
            return data[offset : offset + length]

        return parse(read, len(data))

    return call


def as_text(parse: Callable[[str], Any]) -> Callable[[bytes], Any]:
    return lambda data: parse(data.decode("utf-8", "replace"))


def walked_pickle(data: bytes) -> int:
    return sum(1 for _ in walk(read_pickle(data).value))


# --- seeds ---------------------------------------------------------------------------------------


def safetensors_seeds() -> tuple[bytes, ...]:
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "b": {"dtype": "F4", "shape": [8], "data_offsets": [16, 20]},
    }
    raw = json.dumps(header).encode()
    return (struct.pack("<Q", len(raw)) + raw + bytes(20),)


def index_seeds() -> tuple[bytes, ...]:
    shards = {"a": "m-00001-of-00002.safetensors", "b": "m-00002-of-00002.safetensors"}
    return (json.dumps({"metadata": {"total_size": 36}, "weight_map": shards}).encode(),)


def gguf_seeds() -> tuple[bytes, ...]:
    return tuple(gguf_file(version, order) for version, order in ((1, "<"), (3, "<"), (3, ">")))


def gguf_file(version: int, order: str) -> bytes:
    def number(code: str, value: float) -> bytes:
        return struct.pack(order + code, value)

    def count(value: int) -> bytes:
        return number("I" if version == 1 else "Q", value)

    def text(value: str) -> bytes:
        return count(len(value)) + value.encode()

    strings = number("I", 8) + count(40) + text("ab") * 40
    head = b"GGUF" + number("I", version) + count(2) + count(4)
    head += text("general.architecture") + number("I", 8) + text("llama")
    head += text("tokens") + number("I", 9) + strings
    head += text("nested") + number("I", 9) + number("I", 9) + count(1) + number("I", 0) + count(2)
    head += b"xy" + text("n") + number("I", 6) + number("f", 1.5)
    head += text("a") + number("I", 2) + count(32) + count(2) + number("I", 2) + number("Q", 0)
    head += text("b") + number("I", 1) + count(2) + number("I", 0) + number("Q", 64)
    return head + bytes(-len(head) % 32) + bytes(72)


def torch_pickle() -> bytes:
    """A state dict of one tensor, as torch writes it; no torch needed."""
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x06tQ"
    hooks = b"ccollections\nOrderedDict\n)R"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0K\x02K\x03\x86K\x03K\x01\x86\x89"
    )
    return b"\x80\x02" + hooks + b"(X\x01\0\0\0w" + tensor + hooks + b"tRu."


def torch_seeds() -> tuple[bytes, ...]:
    members = {"a/data.pkl": torch_pickle(), "a/data/0": bytes(24), "a/version": b"3"}
    heads = (torch_zip.MAGIC, 1001, {"little_endian": True})
    legacy = b"".join(pickle.dumps(part, 2) for part in heads) + torch_pickle()
    legacy += pickle.dumps(["0"], 2) + struct.pack("<Q", 6) + bytes(24)
    scripted = members | {"a/constants.pkl": b"\x80\x02).", "a/code/x.py": b"pass"}
    return (zip_of(members), zip_of(scripted, zipfile.ZIP_DEFLATED), legacy)


def pickle_seeds() -> tuple[bytes, ...]:
    value = [{"a": (1, 2.5, None, True), "b": OrderedDict(x="y")}, {2**70}, b"bytes"] * 2
    return (*(pickle.dumps(value, protocol) for protocol in range(6)), torch_pickle())


def onnx_seeds() -> tuple[bytes, ...]:
    def part(field: int, raw: bytes) -> bytes:
        return bytes([field << 3 | 2, len(raw)]) + raw

    array = part(1, b"\2\2") + b"\x10\1" + part(8, b"w") + part(9, bytes(16))
    outside = b"\x08\2\x10\1" + part(8, b"e") + part(13, part(1, b"location") + part(2, b"w.bin"))
    inner = part(1, part(4, b"Add"))
    branch = part(2, b"y") + part(4, b"If") + part(5, part(1, b"g") + part(6, inner))
    graph = part(5, array) + part(5, outside + b"\x70\1") + part(1, branch)
    opset = part(8, b"\x10\x11")
    return (b"\x08\x08" + part(2, b"maker") + part(7, graph) + opset,)


def npy_file(descr: str) -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, 3), }}".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(24)


def npz_seeds() -> tuple[bytes, ...]:
    members = {"a.npy": npy_file("<f4"), "b.npy": npy_file(">i4")}
    return (zip_of(members), zip_of(members, zipfile.ZIP_DEFLATED))


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


# --- mutations -----------------------------------------------------------------------------------


def mutated(rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    """A seed after one to four edits, or now and then plain noise."""
    if rng.random() < 0.01:
        return rng.randbytes(rng.randrange(200))
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 4))):
        rng.choice(EDITS)(rng, data, seeds)
    return bytes(data[:LONGEST])


def flip_bits(rng: random.Random, data: bytearray, _: tuple[bytes, ...]) -> None:
    for _turn in range(rng.choice((1, 1, 3, 16))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def overwrite(rng: random.Random, data: bytearray, _: tuple[bytes, ...]) -> None:
    at = rng.randrange(len(data) + 1)
    noise = rng.randbytes(rng.randrange(1, 9))
    data[at : at + len(noise)] = noise


def lie_about_a_length(rng: random.Random, data: bytearray, _: tuple[bytes, ...]) -> None:
    width = rng.choice((1, 2, 4, 8))
    at = rng.randrange(len(data) + 1)
    old = int.from_bytes(data[at : at + width], "little")
    new = rng.choice((rng.choice(LENGTHS), old + 1, old - 1, old * 2, len(data)))
    data[at : at + width] = (new % (1 << 8 * width)).to_bytes(width, rng.choice(("little", "big")))


def cut(rng: random.Random, data: bytearray, _: tuple[bytes, ...]) -> None:
    del data[rng.randrange(len(data) + 1) :]


def remove(rng: random.Random, data: bytearray, _: tuple[bytes, ...]) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.randrange(1, 32)]


def repeat(rng: random.Random, data: bytearray, _: tuple[bytes, ...]) -> None:
    at = rng.randrange(len(data) + 1)
    piece = data[at : at + rng.randrange(1, 64)]
    data[at:at] = piece * rng.choice((1, 2, 50))


def splice(rng: random.Random, data: bytearray, seeds: tuple[bytes, ...]) -> None:
    other = rng.choice(seeds)
    begin = rng.randrange(len(other) + 1)
    at = rng.randrange(len(data) + 1)
    data[at : at + rng.randrange(64)] = other[begin : begin + rng.randrange(64)]


EDITS = (flip_bits, overwrite, lie_about_a_length, cut, remove, repeat, splice)


# --- the campaign --------------------------------------------------------------------------------


def run_one(target: Target, data: bytes, tally: Tally) -> str | None:
    """One input; what went wrong, or None."""
    begin = time.perf_counter()
    failure = None
    try:
        target.call(data)
    except target.allowed:
        tally.refused += 1
    except Exception:  # the point of a campaign: whatever else comes out is the finding
        failure = traceback.format_exc()
    seconds = time.perf_counter() - begin
    tally.inputs += 1
    tally.seconds += seconds
    tally.slowest = max(tally.slowest, seconds)
    if failure is None and seconds > SLOW_SECONDS:
        failure = f"{seconds:.2f} s for an input of {len(data)} bytes"
    return failure


def campaign(
    chosen: tuple[Target, ...], seconds: float, inputs: int | None, seed: int
) -> tuple[dict[str, Tally], tuple[Target, bytes, str] | None]:
    """Run until the time or the number of inputs is spent, or until the first failure."""
    tallies = {target.name: Tally() for target in chosen}
    # One generator per parser: adding a parser does not change the inputs of the others.
    sources = {target.name: random.Random(f"{seed}/{target.name}") for target in chosen}
    for target in chosen:
        for data in target.seeds:
            failure = run_one(target, data, tallies[target.name])
            if failure is None and tallies[target.name].refused:
                failure = "a seed is refused: its mutations would never get far"
            if failure:
                return tallies, (target, data, failure)
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        for target in chosen:
            rng, tally = sources[target.name], tallies[target.name]
            for _ in range(BATCH):
                data = mutated(rng, target.seeds)
                failure = run_one(target, data, tally)
                if failure:
                    return tallies, (target, data, failure)
        if inputs is not None and sum(t.inputs for t in tallies.values()) >= inputs:
            break
    return tallies, None


def table(tallies: dict[str, Tally]) -> str:
    lines = [f"{'parser':<20}{'inputs':>12}{'refused':>12}{'inputs/s':>12}{'slowest ms':>12}"]
    for name, tally in tallies.items():
        rate = tally.inputs / tally.seconds if tally.seconds else 0.0
        numbers = f"{tally.inputs:>12,}{tally.refused:>12,}{rate:>12,.0f}"
        lines.append(f"{name:<20}{numbers}{tally.slowest * 1000:>12.1f}")
    total = sum(tally.inputs for tally in tallies.values())
    return "\n".join([*lines, f"{'all':<20}{total:>12,}"])


def main() -> int:
    known = {target.name: target for target in targets()}
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    parser.add_argument("--inputs", type=int, help="stop after about this many inputs")
    parser.add_argument("--seed", type=int, default=0, help="number that fixes all inputs")
    parser.add_argument("--parser", action="append", choices=sorted(known), help="only this one")
    parser.add_argument("--keep", type=Path, default=Path("."), help="where a failing input goes")
    options = parser.parse_args()
    chosen = tuple(known[name] for name in options.parser or known)
    tallies, failed = campaign(chosen, options.seconds, options.inputs, options.seed)
    print(table(tallies))
    if failed is None:
        return 0
    target, data, failure = failed
    kept = options.keep / f"fuzz-{target.name}-{options.seed}.bin"
    kept.write_bytes(data)
    print(f"\nFAILED: {target.name}, input kept as {kept}\n{failure}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
