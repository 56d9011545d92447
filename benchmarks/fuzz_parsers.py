"""Throw mutated files at every parser: `python -m benchmarks.fuzz_parsers --seconds 60`.

A parser may return or raise one of its allowed exceptions. Anything else, a read outside the file,
or an input that takes more than SLOW_SECONDS of processor time is a failure: the input is written
out, the parser takes no further part, and the exit status is 1. The same seed number gives every
parser the same inputs in the same order.

To add a parser, add a row to `targets()` and what it starts from to `fuzz_seeds`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import fuzz_seeds as seeds
from benchmarks import fuzz_weights as bent

from openassay import dossier, licenses, records
from openassay.errors import DossierError, FrameworkError, ReadError
from openassay.formats import (
    code_roles,
    gguf,
    hdf5,
    json_text,
    keras_file,
    locators,
    markdown,
    notebook,
    npy,
    onnx,
    pdf_text,
    prose,
    safetensors,
    safetensors_stream,
    shell,
    tf_bundle,
    tflite,
    torch_zip,
    weights_file,
    yaml_text,
)
from openassay.formats import records as data_records
from openassay.formats.bounded import Findings, FormatError, ReadAt, Window
from openassay.formats.code_locators import code_loads, command_loads, option_loads, quoted_commands
from openassay.formats.code_model import Around
from openassay.formats.pickle_ops import read_pickle, walk
from openassay.formats.pycode import read_python
from openassay.frameworks import reader
from openassay.sources import _giturl, _index, _tar, _zip
from openassay.sources._common import lfs_pointer
from openassay.sources._inflate import Inflated
from openassay.subject import Subject, parse_name
from openassay.weights import journal

SLOW_SECONDS = 1.0
# Inputs of one parser before the next one's turn: short runs reach all, no parser eats the time.
DEAR, FAIR, CHEAP = 20, 200, 4000
LONGEST = 1 << 16  # bytes; splicing must not let inputs grow without end
LENGTHS = (0, 1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**60, 2**63, 2**64 - 1)

Call = Callable[[bytes], Any]
Rejects = tuple[type[Exception], ...]


@dataclass(frozen=True)
class Target:
    """One parser: inputs to start from, what to call, what it may raise, inputs a turn."""

    name: str
    seeds: tuple[bytes, ...]
    call: Call
    allowed: Rejects = ()
    batch: int = FAIR


@dataclass
class Tally:
    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0


@dataclass(frozen=True)
class Failure:
    target: Target
    data: bytes
    text: str


def targets() -> tuple[Target, ...]:
    """The table. A seed should be small and touch as much of its format as it can."""
    return (*weights(), *documents(), *code(), *license_texts(), *stored(), *archives())


def weights() -> tuple[Target, ...]:
    broken = (FormatError,)
    safe, npys = seeds.safetensors_seeds(), (seeds.npy_file("<f4"), seeds.npy_file("|O"))
    return (
        Target("safetensors", safe, through(safetensors.parse), broken),
        Target("safetensors-index", seeds.index_seeds(), text(safetensors.parse_index), broken),
        Target("gguf", seeds.gguf_seeds(), through(gguf.parse), broken),
        Target("torch", seeds.torch_seeds(), through(torch_zip.parse), broken),
        Target("pickle", seeds.pickle_seeds(), walked_pickle),
        Target("onnx", seeds.onnx_seeds(), through(onnx.parse), broken),
        Target("npy", npys, through(npy.parse), broken),
        Target("npz", seeds.npz_seeds(), through(npy.parse_npz), broken),
        Target("tflite", (bent.tflite(),), through(tflite.parse), broken),
        Target("bundle", (bent.bundle(seeds.BUNDLE),), through(tf_bundle.parse), broken),
        Target("hdf5", seeds.hdf5_seeds(), through(hdf5.parse), broken),
        Target("keras", (bent.keras(),), through(keras_file.parse), broken),
        Target("long-header", safe, through(long_header), broken, DEAR),
        Target("journal", (seeds.JOURNAL,), journal.load, (DossierError,)),
        Target(
            "weights", safe, through(partial(weights_file.parse, suffix=".safetensors")), broken
        ),
    )


def documents() -> tuple[Target, ...]:
    t, broken = seeds.texts, (FormatError,)
    return (
        Target("markdown", t(*seeds.READMES), text(read_markdown)),
        Target("sentences", t(*seeds.PROSE), text(lambda s: list(prose.sentences(s))), (), CHEAP),
        Target("tokens-stated", t(*seeds.PROSE), text(prose.tokens_stated), (), CHEAP),
        Target("prose-topics", t(*seeds.PROSE, seeds.CARD), text(search_topics)),
        Target("locators", t(*seeds.URLS), text(read_locator), (), CHEAP),
        Target("yaml", t(seeds.YAML_PLAIN), text(yaml_text.load_with_lines), broken),
        Target("json", t(seeds.JSON), text(json_text.load), broken, CHEAP),
        Target("pdf", seeds.pdf_seeds(), pdf_text.text, broken, DEAR),
        Target("data-jsonl", t(*seeds.RECORDS), sniffed(".jsonl"), (), CHEAP),
        Target("data-json", t(*seeds.RECORDS), sniffed(".json"), (), CHEAP),
        Target("data-csv", t(*seeds.RECORDS), sniffed(".csv"), (), CHEAP),
    )


def code() -> tuple[Target, ...]:
    t, scripts = seeds.texts, (seeds.SHELL, seeds.MAKEFILE, seeds.DOCKERFILE)
    return (
        Target("python", t(seeds.PYTHON, seeds.PYTHON_2), text(read_code), (), DEAR),
        Target("notebook", t(seeds.NOTEBOOK, seeds.NOTEBOOK_3), text(notebook.read_notebook)),
        Target("shell", t(*scripts), text(read_commands)),
        Target("makefile", t(*scripts), text(shell.read_makefile)),
        Target("dockerfile", t(*scripts), text(shell.read_dockerfile)),
    )


def license_texts() -> tuple[Target, ...]:
    t, whole = seeds.texts, (seeds.MIT, seeds.COMMUNITY, *seeds.MENTIONS)
    unfit = (licenses.LicenseExpressionError,)
    return (
        Target("license-text", t(*whole), text(licenses.identify), (), DEAR),
        Target("license-terms", t(*whole), text(licenses.read_terms), (), DEAR),
        Target("license-mentions", t(*seeds.MENTIONS), text(licenses.mentions), (), DEAR),
        Target("license-headers", t(*seeds.MENTIONS), text(licenses.headers)),
        Target("license-name", t(*seeds.LICENSE_NAMES), text(licenses.normalize)),
        Target("license-expression", t(*seeds.EXPRESSIONS), text(licenses.parse), unfit, CHEAP),
        Target("license-open", t(*seeds.EXPRESSIONS), text(openness)),
    )


def stored() -> tuple[Target, ...]:
    t, unfit = seeds.texts, (DossierError,)
    framework = text(partial(reader.parse, name="mine.toml"))
    page = partial(_index.links, kind="text/html", base="https://a.org/simple/foo/")
    return (
        Target("dossier", seeds.dossier_seeds(), dossier.load, unfit),
        Target("record", t(seeds.RECORD), records.read_record, unfit),
        Target("framework", t(seeds.FRAMEWORK), framework, (FrameworkError,)),
        Target("model-name", t(*seeds.NAMES), text(parse_name), (), CHEAP),
        Target("subject", t(*seeds.NAMES), text(ask_subject)),
        Target("lfs-pointer", t(seeds.POINTER), lfs_pointer, (), CHEAP),
        Target("git-url", t(*seeds.GIT_URLS), text(_giturl.remote), (), CHEAP),
        Target("index-page", t(seeds.INDEX_PAGE), page),
    )


def archives() -> tuple[Target, ...]:
    broken = (ReadError,)
    return (
        Target("zip", seeds.zip_seeds(), through(read_zip), broken),
        Target("tar", seeds.tar_seeds("w"), through(read_tar), broken),
        Target("tar-gz", seeds.tar_seeds("w:gz"), through(partial(read_tar, form="gzip")), broken),
        Target(
            "tar-bz2", seeds.tar_seeds("w:bz2"), through(partial(read_tar, form="bzip2")), broken
        ),
        Target(
            "tar-xz", seeds.tar_seeds("w:xz"), through(partial(read_tar, form="xz")), broken, DEAR
        ),
    )


# --- how a parser is called ----------------------------------------------------------------------


def long_header(read: ReadAt, size: int) -> Any:
    """A safetensors header through the reader of long ones, whatever its length."""
    window = Window(read, size, 1 << 20)
    end = 8 + int.from_bytes(window.at(0, 8), "little")
    opening = window.at(8, min(64, max(0, end - 8)))
    return list(safetensors_stream.entries(window, opening, 8, end, Findings()))


def through(parse: Callable[[Callable[[int, int], bytes], int], Any]) -> Call:
    """A parser behind the read seam, with a reader that refuses to leave the file."""

    def call(data: bytes) -> Any:
        def read(offset: int, length: int) -> bytes:
            if not 0 <= offset <= offset + length <= len(data):
                raise AssertionError(f"read({offset}, {length}) in a file of {len(data)} bytes")
            return data[offset : offset + length]

        return parse(read, len(data))

    return call


def clipped(read: Callable[[int, int], bytes], size: int) -> Callable[[int, int], bytes]:
    """The seam of archives: asking beyond the end is allowed and gives fewer bytes."""

    def read_at(offset: int, length: int) -> bytes:
        if offset < 0 or length <= 0 or offset >= size:
            return b""
        return read(offset, min(length, size - offset))

    return read_at


def text(parse: Callable[[str], Any]) -> Call:
    """A parser of text; bytes that are no UTF-8 become replacement characters."""
    return lambda data: parse(data.decode("utf-8", "replace"))


def walked_pickle(data: bytes) -> int:
    return sum(1 for _ in walk(read_pickle(data).value))


def read_markdown(given: str) -> None:
    document = markdown.parse(given.split("\n"))
    for link in document.links:
        document.section_at(link.line)
    for paragraph in document.paragraphs:
        paragraph.line_at(len(paragraph.text) - 1)


def search_topics(given: str) -> None:
    for topic in (prose.FUTURE, prose.WITHHELD, prose.TRAINING, prose.OTHERS, prose.SPEED):
        topic.search(given)


def read_locator(url: str) -> None:
    locators.classify(url)
    locators.hub_id(url)
    locators.arxiv_id(url)


def sniffed(suffix: str) -> Call:
    return lambda data: data_records.sniff(data, suffix, len(data))


def read_code(given: str) -> None:
    facts = read_python(given)
    code_loads(facts)
    list(code_roles.all_roles("run/train.py", facts, Around()))


def read_commands(given: str) -> None:
    commands = shell.read_shell(given)
    command_loads(commands)
    option_loads(commands)
    quoted_commands(given)


def openness(given: str) -> None:
    licenses.openness(given, "weights")
    licenses.display(given)


def ask_subject(name: str) -> None:
    subject = Subject(names=(name[:2000], "acme/Foo2-7B"), siblings=("FooVLM",))
    subject.whose(name)
    subject.mentioned(name)
    subject.place(name)


def read_zip(read: Callable[[int, int], bytes], size: int) -> None:
    read_at = clipped(read, size)
    members = _zip.MemberReader(read_at)
    for member in _zip.directory(read_at, size).members[:5]:
        if _zip.refusal(member) is None:
            members.read(member, 0, min(member.size, LONGEST))


def read_tar(read: Callable[[int, int], bytes], size: int, form: str | None = None) -> None:
    read_at = clipped(read, size)
    restart = partial(Inflated, read_at, 0, size, form) if form else None
    stream: _tar.Stream = restart() if restart else _tar.Plain(read_at, size)
    found = _tar.listing(stream, size if form else None)
    members = _tar.MemberReader(read_at, found.kept, restart)
    for member in found.members[:5]:
        members.read(member, 0, min(member.size, LONGEST))


# --- mutations -----------------------------------------------------------------------------------


def mutated(rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    """A seed after one to four edits, or now and then plain noise."""
    if rng.random() < 0.01:
        return rng.randbytes(rng.randrange(200))
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 4))):
        rng.choice(EDITS)(rng, data, seeds)
    if rng.random() < RARE:
        swell(rng, data, seeds)
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


def swell(rng: random.Random, data: bytearray, _: tuple[bytes, ...]) -> None:
    """A few characters many thousand times over: what makes a regular expression backtrack."""
    at = rng.randrange(len(data) + 1)
    piece = bytes(data[at : at + rng.randrange(1, 6)]) or b" "
    data[at:at] = piece * rng.choice((500, 4000, 20_000))


EDITS = (flip_bits, overwrite, lie_about_a_length, cut, remove, repeat, splice)
RARE = 0.002  # share of inputs that swell: they take as long as a thousand others


# --- the campaign --------------------------------------------------------------------------------


def run_one(target: Target, data: bytes, tally: Tally) -> str | None:
    """One input; what went wrong, or None. Time is the processor's: a busy machine is no fault."""
    begin = time.process_time()
    failure = None
    try:
        target.call(data)
    except target.allowed:
        tally.refused += 1
    except Exception:  # the point of a campaign: whatever else comes out is the finding
        failure = traceback.format_exc()
    seconds = time.process_time() - begin
    tally.inputs += 1
    tally.seconds += seconds
    tally.slowest = max(tally.slowest, seconds)
    if failure is None and seconds > SLOW_SECONDS:
        failure = f"{seconds:.2f} s for an input of {len(data)} bytes"
    return failure


def check_seeds(target: Target, tally: Tally) -> Failure | None:
    """Run the seeds as they are; the first that is refused or fails."""
    for data in target.seeds:
        failure = run_one(target, data, tally)
        if failure is None and tally.refused:
            failure = "a seed is refused: its mutations would never get far"
        if failure:
            return Failure(target, data, failure)
    return None


def turn(target: Target, rng: random.Random, tally: Tally) -> Failure | None:
    """One batch of a parser's inputs, or as many as it takes to the first failure."""
    for _ in range(target.batch):
        data = mutated(rng, target.seeds)
        failure = run_one(target, data, tally)
        if failure:
            return Failure(target, data, failure)
    return None


def campaign(
    chosen: tuple[Target, ...],
    seconds: float,
    inputs: int | None,
    seed: int,
    report: Callable[[Failure], None],
) -> dict[str, Tally]:
    """Turns until the time or the number of inputs is spent, or until every parser has failed."""
    tallies = {target.name: Tally() for target in chosen}
    # One generator per parser: adding a parser does not change the inputs of the others.
    sources = {target.name: random.Random(f"{seed}/{target.name}") for target in chosen}
    running: list[Target] = []
    for target in chosen:
        if failure := check_seeds(target, tallies[target.name]):
            report(failure)
        else:
            running.append(target)
    stop = time.monotonic() + seconds
    while running and time.monotonic() < stop:
        for target in tuple(running):
            failure = turn(target, sources[target.name], tallies[target.name])
            if failure:
                report(failure)
                running.remove(target)
        if inputs is not None and sum(t.inputs for t in tallies.values()) >= inputs:
            break
    return tallies


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
    parser.add_argument("--keep", type=Path, default=Path("."), help="where failing inputs go")
    options = parser.parse_args()
    chosen = tuple(known[name] for name in options.parser or known)
    failed: list[str] = []

    def report(failure: Failure) -> None:
        name = failure.target.name
        kept = options.keep / f"fuzz-{name}-{options.seed}.bin"
        kept.write_bytes(failure.data)
        failed.append(name)
        print(f"FAILED: {name}, input kept as {kept}\n{failure.text}", file=sys.stderr, flush=True)

    tallies = campaign(chosen, options.seconds, options.inputs, options.seed, report)
    print(table(tallies))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
