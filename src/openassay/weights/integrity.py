"""What headers prove about one checkpoint: whole or not, and whether everything agrees.

Each check is a small generator of findings over an :class:`Assessed` checkpoint; nothing but
headers, an index and a configuration is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from openassay.errors import ReadError
from openassay.files import File
from openassay.formats import json_text, safetensors, weights_shape
from openassay.formats.bounded import Fault, FormatError, Problem, stored_bytes
from openassay.formats.onnx import ExternalData
from openassay.formats.safetensors import ShardIndex
from openassay.formats.weights_file import WeightsFile
from openassay.release import Release
from openassay.weights import families, faults, layers, naming, parameters
from openassay.weights.checkpoints import Checkpoint, StoredTensor, external_file, stored_tensors
from openassay.weights.findings import Finding, Level, Place
from openassay.weights.parameters import Count, Counted
from openassay.weights.settings import Settings, of_config, of_gguf

MAX_INDEX: Final = 16 << 20  # bytes: an index of 150,000 tensors
MAX_CONFIG: Final = 4 << 20
_SHOWN: Final = 3
_DTYPE_KEYS: Final = ("torch_dtype", "dtype")  # of a configuration

_WIDTH: Final = {"F64": 8, "I64": 8, "U64": 8, "C64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2,
                 "BF16": 2, "I16": 2, "U16": 2}  # fmt: skip


@dataclass(slots=True)
class Assessed:
    """One checkpoint with all that was concluded.

    ``status``: whole, incomplete, refused (every byte is there, and the format's own reader does
    not load it), unproven (not all could be read: whole or not), opaque, unread.
    """

    release: Release
    checkpoint: Checkpoint
    format: str
    status: str
    settings: Settings = field(default_factory=Settings)
    config: File | None = None
    count: Count | None = None
    findings: list[Finding] = field(default_factory=list)

    def stored(self) -> list[StoredTensor]:
        """Every tensor with the file that holds it; made anew, for there may be many."""
        return list(stored_tensors(self.release, self.checkpoint))


def _classified(found: Assessed) -> Iterator[Counted]:
    """Every tensor with its role; one that stands in two shards counts once."""
    several = found.checkpoint.count > 1
    seen: set[str] = set()
    for file, weights in found.checkpoint.described:
        lost = _lost(found.release, file, weights)
        size = None if weights.external else file.size
        listed = parameters.classify(weights.tensors, weights.format, found.settings, size, lost)
        for item in listed:
            if several and item.tensor.name in seen:
                continue
            if several:
                seen.add(item.tensor.name)
            yield item


def _lost(release: Release, file: File, weights: WeightsFile) -> frozenset[str]:
    """Names of tensors that lie in files which are not there, or do not reach so far."""
    lost: set[str] = set()
    sizes: dict[str, int | None] = {}
    for item, needed in _externals(weights):
        if item.location not in sizes:
            holder = external_file(release, file, item.location)
            held = None if holder is None else holder.lfs.size if holder.lfs else holder.size
            sizes[item.location] = held
        size = sizes[item.location]
        short = item.length is not None and item.length < needed
        if size is None or short or item.offset + needed > size:
            lost.add(item.tensor)
    return frozenset(lost)


def _externals(weights: WeightsFile) -> Iterator[tuple[ExternalData, int]]:
    """What lies in other files, with the bytes it takes: by its shape, or as it is said."""
    if not weights.external:
        return
    needed = {t.name: stored_bytes(t.dtype, t.parameters) for t in weights.tensors}
    for item in weights.external:
        yield item, max(item.length or 0, needed.get(item.tensor) or 0)


def _unread(read: list[WeightsFile]) -> str:
    """Why the list of tensors may not be whole, or empty."""
    problems = (
        problem for weights in read for problem in weights.problems
        if problem.id in faults.PARTLY
        or (problem.id is Fault.BAD_ENTRY and weights.format in ("safetensors", "PyTorch"))
    )  # fmt: skip
    return next((problem.detail for problem in problems), "")


def assess(release: Release, checkpoint: Checkpoint) -> Assessed:
    """Everything that the headers of a checkpoint, and what lies beside it, prove."""
    read = [weights for _, weights in checkpoint.described]
    format = read[0].format if read else ""
    found = Assessed(release, checkpoint, format, _status(checkpoint))
    found.config, found.settings = _settings(release, checkpoint)
    if any(weights.tensors for weights in read):
        found.count = parameters.count(_classified(found), found.settings, _unread(read))
    for check in (_placeholders, _headers, _unaligned, _shards, _across, _outside, _code):
        found.findings += check(release, found)
    if found.count is not None and found.count.absent and not _has(found, Level.BROKEN):
        text = f"{checkpoint.path}: {found.count.why_unknown}"
        found.findings.append(
            Finding("not_stored", Level.BROKEN, text, (header_place(checkpoint),))
        )
    if found.status == "whole":
        found.findings += against_config(release, found)
        found.findings += layers.findings(checkpoint, found.settings, found.config)
        found.findings += families.findings(checkpoint, found.settings, found.config)
        found.findings += _named(found)
    found.status = _concluded(found, read)
    return found


def _concluded(found: Assessed, read: list[WeightsFile]) -> str:
    """The status after every check: what is broken outweighs what is refused, and that doubts."""
    if _has(found, Level.BROKEN) and read:
        return "incomplete"
    if found.status == "whole" and _has(found, Level.REFUSED):
        return "refused"
    if found.status == "whole" and any(map(faults.doubtful, read)):
        return "unproven"
    return found.status


def _has(found: Assessed, level: Level) -> bool:
    return any(finding.level is level for finding in found.findings)


def _status(checkpoint: Checkpoint) -> str:
    reasons = {broken.reason for broken in checkpoint.broken}
    if reasons and reasons <= faults.OUR_BOUNDS:
        return "unproven"
    if not checkpoint.parts:
        return "incomplete" if checkpoint.broken or checkpoint.failed else "unread"
    if any(found.opaque for found in checkpoint.read):
        return "opaque"
    if not any(found.tensors for found in checkpoint.read):
        return "opaque"  # a pickle or an archive of something else
    return "whole" if checkpoint.whole else "incomplete"


def _settings(release: Release, checkpoint: Checkpoint) -> tuple[File | None, Settings]:
    described = checkpoint.described
    if described and described[0][1].format == "GGUF":
        return None, of_gguf(described[0][1].metadata)
    prefix = f"{checkpoint.folder}/" if checkpoint.folder else ""
    for name in ("config.json", "params.json"):
        config = release.get(checkpoint.source, f"{prefix}{name}")
        values = config_of(config) if config is not None and config.is_readable else None
        if values:
            return config, of_config(values)
    return None, Settings()


def config_of(file: File) -> dict[str, Any] | None:
    """The object of a configuration; None where it cannot be read, which others report."""
    try:
        text = file.text()
        return json_text.load_object(text.text) if text else None
    except (FormatError, ReadError):
        return None


# -- files ---------------------------------------------------------------------------------------


def _placeholders(_: Release, found: Assessed) -> Iterator[Finding]:
    for broken in found.checkpoint.broken:
        place = Place(broken.file, f"{broken.file.size} bytes")
        level = Level.NOTE if broken.reason in faults.OUR_BOUNDS else Level.BROKEN
        yield Finding(broken.reason, level, f"{broken.file.path}: {broken.why}", (place,))
    yield from _pointers(found.checkpoint)
    for file, error in found.checkpoint.failed:
        text = f"{file.path} could not be read: {error}"
        yield Finding("unreadable", Level.NOTE, text, (Place(file, f"{file.size} bytes"),))


def _pointers(checkpoint: Checkpoint) -> Iterator[Finding]:
    """Files whose bytes are not here: what Git LFS promises of them, or why they are not."""
    pointers = [(file, file.lfs) for file in checkpoint.unread if file.lfs is not None]
    if pointers:
        file, promised = pointers[0]
        what = f"{file.path} is a Git LFS pointer to {promised.size:,} bytes"
        if len(pointers) > 1:
            total = sum(lfs.size for _, lfs in pointers)
            what = f"{len(pointers)} Git LFS pointers to {total:,} bytes, first {file.name}"
        text = f"{what} with SHA-256 {promised.oid}; the weights are not here: git lfs pull"
        places = tuple(
            Place(file, f"Git LFS pointer to {lfs.size} bytes, {lfs.oid}")
            for file, lfs in pointers[:_SHOWN]
        )
        yield Finding("lfs_pointer", Level.NOTE, text, places)
    missing = [file for file in checkpoint.unread if file.lfs is None]
    if missing:
        text = f"{missing[0].path}: its bytes cannot be had ({missing[0].problem})"
        text += f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        yield Finding("not_at_hand", Level.NOTE, text, (Place(missing[0], "listed"),))


def _headers(_: Release, found: Assessed) -> Iterator[Finding]:
    """The parsers' own findings, one of each kind and file with the number of others."""
    told = {broken.why for broken in found.checkpoint.broken}
    for file, weights in found.checkpoint.described:
        kinds: dict[Fault, list[Problem]] = {}
        for problem in weights.problems:
            kinds.setdefault(problem.id, []).append(problem)
        for fault, problems in kinds.items():
            if fault in (Fault.FOREIGN_GLOBAL, Fault.NO_TENSORS):
                continue  # said by _code; legal for a part of a split file
            if problems[0].detail in told and len(problems) == 1:
                continue
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            why = f": {faults.WHY[fault]}" if fault in faults.WHY else ""
            first = problems[0]
            at = min(first.offset or 0, max(0, file.size - 1))
            place = Place(file, first.detail, start=at, end=min(file.size, at + 64))
            text = f"{file.path}: {first.detail}{more}{why}"
            level = faults.level_of(fault, weights.format)
            if level is Level.REFUSED:
                text += f"; {faults.REFUSED[weights.format][0]} refuses such a file"
            yield Finding(str(fault).replace("-", "_"), level, text, (place,))


def _unaligned(_: Release, found: Assessed) -> Iterator[Finding]:
    """Tensors of a safetensors file that begin at no multiple of their type's width."""
    for file, weights in found.checkpoint.described:
        if weights.format != "safetensors":
            continue
        odd = [t for t in weights.tensors if (t.start or 0) % _WIDTH.get(t.dtype, 1)]
        if odd:
            text = (
                f"{file.path}: {len(odd)} of {len(weights.tensors)} tensors begin at no multiple "
                f"of their type's width, first {odd[0].name}: readers must copy them"
            )
            yield Finding("misaligned", Level.NOTE, text, (_entry(file, odd[0].name, "begins so"),))


def _code(_: Release, found: Assessed) -> Iterator[Finding]:
    """Code that loading would run: an allow list, so that what is not known is said."""
    for file, weights in found.checkpoint.described:
        head = weights.header
        if weights.foreign:
            named = ", ".join(weights.foreign[:5])
            text = f"{file.path} contains code, loading it may run it: {named}"
            more = len(weights.foreign) - 5
            text += f" and {more} more" if more > 0 else ""
            place = Place(file, named, start=head[0], end=head[1])
            yield Finding("foreign_code", Level.RISK, text, (place,))
        if weights.code:
            text = f"{file.path} carries {len(weights.code)} source files of its own (TorchScript)"
            place = Place(file, ", ".join(weights.code[:5]), start=head[0], end=head[1])
            yield Finding("own_code", Level.NOTE, text, (place,))


# -- shards --------------------------------------------------------------------------------------


def _shards(release: Release, found: Assessed) -> Iterator[Finding]:
    """Numbers of the shards, and the index against the headers."""
    checkpoint = found.checkpoint
    if checkpoint.count > 1:
        names = [safetensors.parse_shard_name(file.name) for file in checkpoint.files]
        numbers = Counter(name.number for name in names if name)
        # Some writers count from 0: then the last number is missing and 0 is there.
        first = 0 if 0 in numbers and checkpoint.count not in numbers else 1
        missing = sorted(set(range(first, first + checkpoint.count)) - set(numbers))
        if missing:
            shown = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
            text = f"{len(missing)} of {checkpoint.count} shards are missing: {shown}"
            place = Place(checkpoint.files[0], f"one of {checkpoint.count} shards")
            yield Finding("shard_missing", Level.BROKEN, text, (place,))
    index = _index_of(release, checkpoint)
    if index is not None and checkpoint.whole:
        yield from _against_index(found, *index)


def _index_of(release: Release, checkpoint: Checkpoint) -> tuple[File, ShardIndex] | None:
    prefix = f"{checkpoint.folder}/" if checkpoint.folder else ""
    if checkpoint.count == 1:
        return None
    file = release.get(checkpoint.source, f"{prefix}{checkpoint.stem}.index.json")
    if file is None or not file.is_readable or file.size > MAX_INDEX:
        return None
    try:
        text = b"".join(file.read(at, 1 << 22) for at in range(0, file.size, 1 << 22))
        return file, safetensors.parse_index(text.decode("utf-8", "replace"))
    except (FormatError, ReadError):
        return None  # the index inspector reports it


def _against_index(found: Assessed, file: File, index: ShardIndex) -> Iterator[Finding]:
    """The index's map against the headers' union, and its total against the tensors' bytes."""
    where = {t.name: part.name for part, w in found.checkpoint.parts for t in w.tensors}
    lost = [name for name, shard in index.weight_map.items() if where.get(name) != shard]
    extra = [name for name in where if name not in index.weight_map]
    if lost:
        text = f"{len(lost)} tensors of the index are not in the shard it names, first {lost[0]}"
        if len(lost) == 1:
            text = f"1 tensor of the index is not in the shard it names: {lost[0]}"
        pointer = f"/weight_map/{_escaped(lost[0])}"
        place = Place(file, f"{lost[0]}: {index.weight_map[lost[0]]}", pointer)
        yield Finding("index_disagrees", Level.BROKEN, text, (place,))
    if extra:
        text = f"{len(extra)} tensors are in the shards and not in the index, first {extra[0]}"
        if len(extra) == 1:
            text = f"1 tensor is in the shards and not in the index: {extra[0]}"
        place = Place(file, text, "/weight_map")
        yield Finding("index_incomplete", Level.CONTRADICTION, text, (place,))
    sizes = [t.nbytes for w in found.checkpoint.read for t in w.tensors]
    total = sum(size for size in sizes if size is not None)
    if index.total_size is not None and None not in sizes and index.total_size != total:
        text = f"the index states {index.total_size:,} bytes of tensors, the shards hold {total:,}"
        place = Place(file, f"total_size {index.total_size}", "/metadata/total_size")
        yield Finding("total_size_disagrees", Level.CONTRADICTION, text, (place,))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _across(_: Release, found: Assessed) -> Iterator[Finding]:
    """No tensor in two shards; a split GGUF's own count of parts and tensors."""
    if found.checkpoint.count > 1:
        seen: dict[str, File] = {}
        for file, weights in found.checkpoint.parts:
            twice = [tensor.name for tensor in weights.tensors if tensor.name in seen]
            if twice:
                other = seen[twice[0]]
                text = f"{len(twice)} tensors are in {other.name} and {file.name}: {twice[0]}"
                if len(twice) == 1:
                    text = f"1 tensor is in {other.name} and {file.name}: {twice[0]}"
                places = tuple(_entry(f, twice[0], "stands here") for f in (file, other))
                yield Finding("tensor_twice", Level.RISK, text, places)
            seen.update({tensor.name: file for tensor in weights.tensors})
    promised = next(
        (w.metadata["split.tensors.count"] for w in found.checkpoint.read
         if "split.tensors.count" in w.metadata), "",
    )  # fmt: skip
    tensors = sum(len(weights.tensors) for weights in found.checkpoint.read)
    if promised.isdigit() and found.checkpoint.whole and int(promised) != tensors:
        text = f"the split files promise {promised} tensors and hold {tensors}"
        place = Place(found.checkpoint.files[0], f"split.tensors.count {promised}",
                      "/split.tensors.count", 0, found.checkpoint.read[0].header[1])  # fmt: skip
        yield Finding("tensors_missing", Level.BROKEN, text, (place,))


def _entry(file: File, name: str, quote: str) -> Place:
    return Place(file, f"{name} {quote}", f"/{_escaped(name)}", 0, min(file.size, 64 << 10))


def _outside(release: Release, found: Assessed) -> Iterator[Finding]:
    """Tensors kept in files beside the model: every file there, and long enough."""
    for file, weights in found.checkpoint.parts:
        lost: set[str] = set()
        short: dict[str, int] = {}
        for item, needed in _externals(weights):
            holder = external_file(release, file, item.location)
            if holder is None:
                lost.add(item.location)
            elif holder.lfs is None and item.offset + needed > holder.size:
                short[item.location] = max(short.get(item.location, 0), item.offset + needed)
        if lost:
            text = f"{file.path} keeps tensors in {sorted(lost)[0]}, which is not in the release"
            place = Place(file, sorted(lost)[0], start=0, end=weights.header[1])
            yield Finding("external_missing", Level.BROKEN, text, (place,))
        for location, end in sorted(short.items())[:_SHOWN]:
            text = f"{file.path} needs {location} to reach byte {end}, it is shorter"
            place = Place(file, location, start=0, end=weights.header[1])
            yield Finding("external_too_short", Level.BROKEN, text, (place,))


# -- configuration and name ----------------------------------------------------------------------


def against_config(_: Release, found: Assessed) -> Iterator[Finding]:
    """Values of the configuration beside the weights that their headers contradict."""
    if found.config is None:
        return
    shape = weights_shape.shape_of(weights.tensors for weights in found.checkpoint.read)
    flat = dict(found.settings.values)
    listed = weights_shape.disagreements(shape, flat)
    listed += layers.widths(found.checkpoint, found.settings)
    for key, sentence in listed:
        if key in _DTYPE_KEYS and naming.states(found.checkpoint.stem, shape.dtype):
            continue  # one variant of several; the configuration is of another
        yield Finding(f"config_{key}", Level.CONTRADICTION, sentence,
                      (line_place(found.config, key), header_place(found.checkpoint)))  # fmt: skip


def settle(assessed: Sequence[Assessed]) -> None:
    """Take back what a configuration says of the dtype against one of several sets beside it,
    where another one of about that size is as it says: the numbers are that one's."""
    fits = [
        (found.config, found.count.at_least) for found in assessed
        if found.config is not None and found.count is not None and found.status == "whole"
        and found.count.precision and found.count.precision[0].dtype in _WIDTH
        and not any(map(_of_dtype, found.findings))
    ]  # fmt: skip
    for found in assessed:
        size = found.count.at_least if found.count else 0
        if any(config is found.config and 2 * other >= size for config, other in fits):
            found.findings = [item for item in found.findings if not _of_dtype(item)]


def _of_dtype(finding: Finding) -> bool:
    return finding.id.removeprefix("config_") in _DTYPE_KEYS


def line_place(config: File, key: str) -> Place:
    """Where a key of a configuration stands."""
    text = config.text()
    line = json_text.line_of(text.text, key) if text else 1
    return Place(config, key, line=max(1, line))


def header_place(checkpoint: Checkpoint) -> Place:
    """The header of the checkpoint's first file."""
    file, weights = checkpoint.described[0]
    return Place(file, f"header of {file.name}, {file.size} bytes", start=0,
                 end=max(1, weights.header[1]))  # fmt: skip


def _named(found: Assessed) -> Iterator[Finding]:
    """Name and label of precision against what is stored."""
    if found.count is None:
        return
    stem = found.checkpoint.stem
    sentence = naming.said_and_stored(stem, found.format, found.count)
    if sentence:
        yield Finding("name_against_content", Level.CONTRADICTION, f"{stem}: {sentence}",
                      (_largest(found), header_place(found.checkpoint)))  # fmt: skip
    label = found.checkpoint.read[0].metadata.get("general.file_type", "")
    labelled = naming.said_and_stored(f"x-{label}.gguf", found.format, found.count)
    if found.format == "GGUF" and label and labelled and not sentence:
        text = labelled.replace("the name says", "the metadata say")
        file, weights = found.checkpoint.parts[0]
        place = Place(file, f"general.file_type {label}", "/general.file_type", 0,
                      weights.header[1])  # fmt: skip
        yield Finding("label_against_content", Level.CONTRADICTION, text, (place,))


def _largest(found: Assessed) -> Place:
    """The header's entry for the largest tensor of the type that holds the most parameters."""
    kinds = found.count.precision if found.count else ()
    most = max(kinds, key=lambda kind: kind.parameters).dtype
    largest = max(
        (item for item in _classified(found) if item.stored_as == most),
        key=lambda item: (item.parameters, item.tensor.name),
    ).tensor
    for file, weights in found.checkpoint.parts:
        if any(tensor is largest for tensor in weights.tensors):
            shape = " × ".join(map(str, largest.shape))
            quote = f"{largest.name}: {most}, {shape}"
            pointer = f"/{_escaped(largest.name)}"
            return Place(file, quote, pointer, 0, max(1, weights.header[1]))
    return header_place(found.checkpoint)
