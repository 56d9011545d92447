"""What OpenAssay costs, as ratios against a floor measured in the same run: `make bench`.

A ratio travels between machines better than seconds do; both are printed. Nothing is downloaded.

    audit        a generated Git checkout of 2,000 files, against listing, reading and hashing it
    --version    against the start of a bare interpreter
    licence      identifying one text among all known ones, against one difflib comparison
    memory       the largest resident size of each process
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

VOCABULARY = "model data train token layer weight loss step batch eval text score open build"
WORDS = tuple(VOCABULARY.split())
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.org")
OPENASSAY = (sys.executable, "-m", "openassay")

# The floor, in a process of its own so that its start and its memory count too.
FLOOR = """
import hashlib, pathlib, subprocess, sys
root = pathlib.Path(sys.argv[1])
names = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, check=True)
for name in filter(None, names.stdout.split(b"\\0")):
    hashlib.sha256((root / name.decode()).read_bytes()).hexdigest()
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        checkout = make_checkout(Path(scratch) / "acme" / "Gold-7B", args.files)
        licence = Path(__file__).parents[1] / "LICENSE"
        audit = (*OPENASSAY, "audit", str(checkout), "--format", "json")
        rows = [
            compare(f"audit of {args.files:,} files / list, read, hash", args.runs, audit,
                    (sys.executable, "-c", FLOOR, str(checkout))),
            compare("--version / bare interpreter", args.runs * 2, (*OPENASSAY, "--version"),
                    (sys.executable, "-c", "")),
            compare("license FILE, fresh process / bare interpreter", args.runs,
                    (*OPENASSAY, "license", str(licence)), (sys.executable, "-c", "")),
            one_licence(licence.read_text("utf-8")),
        ]  # fmt: skip
        print(f"{'what':52} {'ratio':>7} {'ours':>9} {'floor':>9} {'peak':>9}")
        for name, ours, floor, peak in rows:
            memory = f"{peak:5.0f} MiB" if peak else ""
            print(f"{name:52} {ours / floor:6.1f}x {ours:7.3f} s {floor:7.4f} s {memory:>9}")
        print(f"{'report':52} {'':7} {len(run(audit)[1]) / 1024:7.0f} KiB")
    return 0


def compare(
    name: str, runs: int, ours: Sequence[str], floor: Sequence[str]
) -> tuple[str, float, float, float]:
    """(name, median seconds of ours, of the floor, peak MiB of ours); runs alternate."""
    run(ours), run(floor)  # warm the file cache and the byte code
    pairs = [(run(ours), run(floor)) for _ in range(runs)]
    seconds = statistics.median(mine[0] for mine, _ in pairs)
    base = statistics.median(theirs[0] for _, theirs in pairs)
    return name, seconds, base, max(mine[2] for mine, _ in pairs)


def run(command: Sequence[str]) -> tuple[float, bytes, float]:
    """(seconds, stdout, peak MiB) of one process."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:5])} … ended with {process.returncode}")
    return seconds, out, usage.ru_maxrss / (1 << (10 if sys.platform == "linux" else 20))


def one_licence(text: str) -> tuple[str, float, float, float]:
    """Identity of one text among all known licences, warm, against one pairwise comparison."""
    from openassay import licenses

    licenses.identify(text)  # the index is read once
    changed = text.replace("License", "Licence")
    ours = best(lambda: licenses.identify(text))
    words, others = text.split(), changed.split()
    floor = best(lambda: difflib.SequenceMatcher(None, words, others, autojunk=False).ratio())
    return "license text, warm / difflib against one text", ours, floor, 0.0


def best(call: Callable[[], object], runs: int = 5) -> float:
    def once() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return min(once() for _ in range(runs))


def make_checkout(root: Path, count: int) -> Path:
    """A Git checkout of a made-up release: code, documents, configurations, data, weights."""
    rng = random.Random(20260101)
    root.mkdir(parents=True)
    (root / "LICENSE").write_bytes((Path(__file__).parents[1] / "LICENSE").read_bytes())
    (root / "README.md").write_text(readme(rng), "utf-8")
    (root / "model.safetensors").write_bytes(weights())
    kinds = (python, python, python, python, document, configuration, data)
    for index in range(count - 3):
        suffix, text = kinds[index % len(kinds)](rng, index)
        file = root / f"part{index % 40:02}" / f"unit{index:04}{suffix}"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    for step in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "release")):
        subprocess.run([*GIT, "-C", str(root), *step], check=True, capture_output=True)
    return root


def prose(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(words))


def readme(rng: random.Random) -> str:
    parts = [f"## {prose(rng, 3).title()}\n\n{prose(rng, 200)}\n" for _ in range(20)]
    return "# Gold-7B\n\nGold-7B is an open source model 完全开源.\n\n" + "\n".join(parts)


def python(rng: random.Random, index: int) -> tuple[str, str]:
    body = "\n".join(
        f"    def step_{n}(self, {rng.choice(WORDS)}):\n"
        f'        """{prose(rng, 8)}."""\n'
        f"        return self.{rng.choice(WORDS)}({rng.choice(WORDS)!r}, {n})\n"
        for n in range(25)
    )
    return ".py", f"import torch\nfrom torch import nn\n\n\nclass Unit{index}(nn.Module):\n{body}"


def document(rng: random.Random, index: int) -> tuple[str, str]:
    rows = "\n".join(f"| {rng.choice(WORDS)} | {rng.random():.3f} |" for _ in range(20))
    text = f"# Note {index}\n\n{prose(rng, 300)}\n\n| task | score |\n|---|---|\n{rows}\n"
    return ".md", text


def configuration(rng: random.Random, index: int) -> tuple[str, str]:
    return ".yaml", "".join(f"{word}_{index}: {rng.random():.5f}\n" for word in WORDS)


def data(rng: random.Random, index: int) -> tuple[str, str]:
    rows = ({"id": f"{index}-{n}", "text": prose(rng, 12)} for n in range(30))
    return ".jsonl", "".join(json.dumps(row) + "\n" for row in rows)


def weights() -> bytes:
    """A small but whole safetensors file."""
    size = 256 * 256 * 2
    names = [f"layers.{n}.weight" for n in range(8)]
    header = {
        name: {"dtype": "BF16", "shape": [256, 256], "data_offsets": [n * size, (n + 1) * size]}
        for n, name in enumerate(names)
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    body = hashlib.shake_256(b"gold").digest(size * len(names))
    return len(text).to_bytes(8, "little") + text + body


if __name__ == "__main__":
    raise SystemExit(main())
