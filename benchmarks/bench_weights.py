"""What reading weights costs, as ratios: `python -m benchmarks.bench_weights`.

    GGUF headers     against `gguf.GGUFReader` (the extra of developers) on the same file
    safetensors      against `safetensors.safe_open` on the same file
    one pass         digest, statistics, pages of zeros and order-free digest, against SHA-256 of
                     bytes that are already in memory
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
from collections.abc import Callable
from pathlib import Path

import numpy as np

from openassay.files import File
from openassay.formats import weights_file
from openassay.release import Release, Source
from openassay.weights.checkpoints import checkpoints, stored_tensors
from openassay.weights.content import read_file
from openassay.weights.report import Asked, build

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
    path = root / "many.safetensors"
    safetensors(path, "BF16", 2, 300)
    ours = header_seconds(path)
    try:
        from safetensors import safe_open
    except ImportError:
        print("safetensors is not installed, so there is nothing to compare with")
        return

    def other() -> None:
        with safe_open(str(path), "np") as file:
            list(file.keys())

    floor = best(other)
    print(f"safetensors header / safe_open          {ours / floor:7.1f}x its time ({ours:.4f} s)")


def one_pass(root: Path, rows: int) -> None:
    for dtype in ("F32", "BF16", "F16"):
        path = root / f"{dtype}.safetensors"
        safetensors(path, dtype, rows, 8)
        release = opened(path)
        (checkpoint,) = checkpoints(release)
        tensors = list(stored_tensors(release, checkpoint))
        raw = path.read_bytes()
        floor = len(raw) / best(lambda: hashlib.sha256(raw).digest())  # noqa: B023
        file = release.files[0]
        ours = len(raw) / best(lambda: read_file(file, tensors))  # noqa: B023
        path.unlink()
        print(f"one pass, {dtype:4} / SHA-256 in memory       {ours / floor:7.2f}x"
              f" ({ours / 1e9:.2f} of {floor / 1e9:.2f} GB/s)")  # fmt: skip


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
    parser.add_argument("--rows", type=int, default=4096, help="of the matrices of one pass")
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
