"""What reading weights costs, as ratios: `python -m benchmarks.bench_weights`.

    GGUF headers     against `gguf.GGUFReader` (the extra of developers) on the same file
    safetensors      against `safetensors.safe_open` on the same file, for headers of 30, 300 and
                     1,000 tensors
    one pass         digest, statistics, pages of zeros and order-free digest, against SHA-256 of
                     bytes that are already in memory; both best of many, in turn
    looking          the part of it that is not the digest, in processor time of one core: over 1,
                     a second core is enough for it to cost nothing
    going on         a pass that was cut off half way, against the whole pass
    far away         reads and bytes for a sharded model of 100 GB that exists only as headers
    memory           the largest resident size of a process that reads one hostile header

Files are made up in a temporary folder; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from openassay.files import File
from openassay.formats import weights_file
from openassay.release import Release, Source
from openassay.weights.checkpoints import StoredTensor, checkpoints, stored_tensors
from openassay.weights.content import Begun, read_file
from openassay.weights.report import Asked, build
from openassay.weights.tally import Bench, Tally

MEMORY = """
import sys
from openassay.cli import main
main(["weights", sys.argv[1], "--headers-only", "-o", sys.argv[2]])
rows = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(rows["VmHWM"].split()[0])  # the largest so far of this program, not of its parent
"""


def best(call: Callable[[], object], runs: int = 5) -> float:
    """Seconds of the fastest run."""

    def once() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return min(once() for _ in range(runs))


def in_turn(
    ours: Callable[[], object], floor: Callable[[], object], runs: int,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:  # fmt: skip
    """Seconds of the fastest run of each; they take turns, so that both meet the same machine."""
    least = [float("inf"), float("inf")]
    for _ in range(runs):
        for index, call in enumerate((ours, floor)):
            began = clock()
            call()
            least[index] = min(least[index], clock() - began)
    return least[0], least[1]


def opened(path: Path) -> Release:
    """One local file as a release, read through a descriptor that stays open."""
    stream = path.open("rb")

    def reader(offset: int, length: int) -> bytes:
        stream.seek(offset)
        return stream.read(length)

    source = Source("file:bench@0", "file", str(path), "0", "bench")
    source.files = (File("file:bench@0", path.name, path.stat().st_size, reader),)
    return Release([source])


def header_seconds(path: Path) -> float:
    file = opened(path).files[0]
    return best(lambda: weights_file.parse(file.read, file.size, file.suffix))


# --- made-up files ---------------------------------------------------------------------------


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def gguf(path: Path, tokens: int, layers: int) -> None:
    """A header like that of a language model: a large vocabulary, its scores, many tensors."""
    keys = [text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")]
    words = b"".join(text(b"token%07d" % n) for n in range(tokens))
    keys.append(text(b"tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, tokens) + words)
    scores = struct.pack("<IIQ", 9, 6, tokens) + bytes(4 * tokens)
    keys.append(text(b"tokenizer.ggml.scores") + scores)
    infos, at = [], 0
    for layer in range(layers):
        for part in (b"attn_q", b"attn_k", b"attn_v", b"attn_output", b"ffn_up", b"ffn_down"):
            name = b"blk.%d.%s.weight" % (layer, part)
            infos.append(text(name) + struct.pack("<IQQIQ", 2, 256, 256, 12, at))
            at += 256 * 144
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(keys)) + b"".join(keys + infos)
    path.write_bytes(head + bytes(-len(head) % 32) + bytes(at))


def safetensors(path: Path, dtype: str, rows: int, count: int) -> None:
    rng = np.random.default_rng(7)
    header: dict[str, object] = {}
    width = {"F32": 4, "BF16": 2, "F16": 2}[dtype]
    size = rows * 2048 * width
    for number in range(count):
        header[f"model.layers.{number}.mlp.up_proj.weight"] = {
            "dtype": dtype, "shape": [rows, 2048],
            "data_offsets": [number * size, (number + 1) * size],
        }  # fmt: skip
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)  # as the writers do, so that values are aligned
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(raw)) + raw)
        for _ in range(count):
            values = (rng.standard_normal((rows, 2048)) * 0.02).astype("<f4")
            if dtype == "F16":
                stream.write(values.astype("<f2").tobytes())
            else:
                codes = values if dtype == "F32" else (values.view("<u4") >> 16).astype("<u2")
                stream.write(codes.tobytes())


def many_tensors(path: Path, count: int) -> None:
    rows = (
        f'"model.layers.{n % 90}.mlp.experts.{n}.w":'
        f'{{"dtype":"BF16","shape":[2,2],"data_offsets":[{n * 8},{n * 8 + 8}]}}'
        for n in range(count)
    )
    raw = ("{" + ",".join(rows) + "}").encode()
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(raw)) + raw)
        stream.truncate(8 + len(raw) + 8 * count)


def long_header(path: Path) -> None:
    entry = json.dumps({"dtype": "F32", "shape": [1], "data_offsets": [0, 4]})
    raw = (
        f'{{"__metadata__":{{"x":"{"y" * 49_000_000}"}},"a":{entry}}}'.encode() + b" " * 49_000_000
    )
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + bytes(4))


def long_array(path: Path) -> None:
    key = text(b"tokens") + struct.pack("<IIQ", 9, 0, 20_000_000) + bytes(20_000_000)
    tensor = text(b"w") + struct.pack("<IQIQ", 1, 8, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + key + tensor
    path.write_bytes(head + bytes(-len(head) % 32) + bytes(32))


def hostile_pickle(path: Path) -> None:
    path.write_bytes(b"\x80\x02" + b"".join(b"}r" + struct.pack("<I", n) for n in range(900_000)))


# --- what is measured ------------------------------------------------------------------------


def headers(root: Path) -> None:
    path = root / "model-q4_k_m.gguf"
    gguf(path, 128_000, 80)
    ours = header_seconds(path)
    try:
        from gguf import GGUFReader
    except ImportError:
        print("gguf is not installed, so there is nothing to compare with")
    else:
        floor = best(lambda: GGUFReader(str(path)), 2)
        print(f"GGUF header / GGUFReader                {floor / ours:7.1f}x faster ({ours:.3f} s)")
    try:
        from safetensors import safe_open
    except ImportError:
        print("safetensors is not installed, so there is nothing to compare with")
        return
    path = root / "many.safetensors"

    def other() -> None:
        with safe_open(str(path), "np") as file:
            list(file.keys())

    for count in (30, 300, 1000):
        safetensors(path, "BF16", 1, count)
        file = opened(path).files[0]
        ours, floor = in_turn(
            lambda: weights_file.parse(file.read, file.size, file.suffix),  # noqa: B023
            other,
            40,
        )
        print(f"safetensors header, {count:5} / safe_open   {ours / floor:7.2f}x its time"
              f" ({ours * 1e6:.0f} us)")  # fmt: skip


def one_pass(root: Path, rows: int) -> None:
    for dtype in ("F32", "BF16", "F16"):
        path = root / f"{dtype}.safetensors"
        safetensors(path, dtype, rows, 8)
        release = opened(path)
        (checkpoint,) = checkpoints(release)
        tensors = list(stored_tensors(release, checkpoint))
        raw, file = path.read_bytes(), release.files[0]
        ours, floor = in_turn(
            lambda: read_file(file, tensors),  # noqa: B023
            lambda: hashlib.sha256(raw).digest(),  # noqa: B023
            7,
        )
        print(f"one pass, {dtype:4} / SHA-256 in memory     {floor / ours:9.2f}x"
              f" ({len(raw) / ours / 1e9:.2f} of {len(raw) / floor / 1e9:.2f} GB/s)")  # fmt: skip
        looking(dtype, raw[-(8 << 20) :])
        going_on(file, tensors)
        path.unlink()


def looking(dtype: str, raw: bytes) -> None:
    bench = Bench()
    ours, floor = in_turn(
        lambda: Tally(dtype).add(raw, bench), lambda: hashlib.sha256(raw).digest(), 25,
        time.thread_time,
    )  # fmt: skip
    print(f"looking,  {dtype:4} / SHA-256 of one core   {floor / ours:9.2f}x")


def going_on(file: File, tensors: Sequence[StoredTensor]) -> None:
    told: list[Begun] = []
    read_file(file, tensors, tell=told.append, every=file.size // 2)
    ours, floor = in_turn(
        lambda: read_file(file, tensors, begun=told[0]), lambda: read_file(file, tensors), 3
    )
    share = 1 - told[0].offset / file.size
    print(f"going on with {100 * share:.0f} % of it                 {ours / floor:9.2f}x its time")


def far_away() -> None:
    def shard(number: int) -> File:
        header: dict[str, object] = {}
        size = 8192 * 10240 * 2
        for part in range(28):
            name = f"model.layers.{number}.part{part}.weight"
            place = [part * size, (part + 1) * size]
            header[name] = {"dtype": "BF16", "shape": [8192, 10240], "data_offsets": place}
        raw = json.dumps(header).encode()
        head = struct.pack("<Q", len(raw)) + raw
        name = f"model-{number + 1:05d}-of-00022.safetensors"

        def reader(offset: int, length: int) -> bytes:
            return head[offset : offset + length].ljust(length, b"\1")

        return File("hf:a/b@1", name, len(head) + 28 * size, reader)

    source = Source("hf:a/b@1", "hf", "a/b", "1", "a/b")
    source.files = tuple(shard(number) for number in range(22))
    read = build(Release([source]), Asked())["read"]
    size = sum(file.size for file in source.files)
    print(f"100 GB far away                         {read['requests']:7d} reads,"
          f" {100 * read['bytes'] / size:.4f} % of the bytes")  # fmt: skip


def memory(root: Path) -> None:
    for name, make in (
        ("199,999 tensors.safetensors", lambda p: many_tensors(p, 199_999)),
        ("200,001 tensors.safetensors", lambda p: many_tensors(p, 200_001)),
        ("header of 98 MB.safetensors", long_header),
        ("array of 20 MB.gguf", long_array),
        ("900,000 dicts.pt", hostile_pickle),
    ):
        path = root / name
        make(path)
        command = [sys.executable, "-c", MEMORY, str(path), str(root / "out")]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
        print(f"memory, {path.stem:31} {int(done.stdout) / 1024:7.0f} MiB, {seconds:.1f} s")
        path.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=16384, help="of the matrices of one pass")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        headers(root)
        far_away()
        memory(root)
        one_pass(root, args.rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
