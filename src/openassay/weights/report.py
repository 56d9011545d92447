"""Everything about the weights of one release, as the document ``openassay-weights/1``.

``build`` reads headers, and values where it is asked to; the document is plain data, sorted, the
same for the same input. How it looks to people is the business of ``openassay.reports.weights``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from openassay.arrays import has_numpy
from openassay.files import File, Reader
from openassay.release import Release
from openassay.reports.json_v1 import evidence_row
from openassay.weights import copies
from openassay.weights.checkpoints import gather, read_headers
from openassay.weights.content import CHUNK, FileContent, TensorContent
from openassay.weights.findings import Finding, Level
from openassay.weights.full import Say, contents_of
from openassay.weights.integrity import Assessed, assess, settle
from openassay.weights.journal import Journal
from openassay.weights.parameters import Count
from openassay.weights.samples import Samples, take
from openassay.weights.unread import unread_files
from openassay.weights.value_findings import of_samples

SCHEMA: Final = "openassay-weights/1"
MAX_TENSORS: Final = 5_000  # listed one by one; the tables by precision cover all


@dataclass(slots=True)
class Asked:
    """What to look at beside the headers.

    ``journal`` is what earlier passes over whole files have found, and is added to; ``keep`` is
    called whenever it has changed, ``tell`` when a pass that was cut off goes on, with words.
    """

    samples: bool | None = None  # None: where numpy is there and the weights are local
    full: bool = False
    tensors: bool = False
    journal: Journal = field(default_factory=Journal)
    keep: Callable[[], None] | None = None
    tell: Say | None = None


@dataclass(slots=True)
class _Reads:
    """How often and how much was read, over all files."""

    count: int = 0
    bytes: int = 0

    def counted(self, reader: Reader) -> Reader:
        def read(offset: int, length: int) -> bytes:
            data = reader(offset, length)
            self.count += 1
            self.bytes += len(data)
            return data

        return read

    def as_whole(self, files: Iterable[File], before: tuple[int, int]) -> None:
        """Count files that the report rests on whole as read once, whatever a journal spared."""
        self.count, self.bytes = before
        for file in files:
            self.count += -(-file.size // CHUNK)
            self.bytes += file.size


def build(release: Release, asked: Asked, say: Say | None = None) -> dict[str, Any]:
    """The document. Raises UsageError where ``full`` or ``samples`` is asked without numpy."""
    say = say or (lambda _: None)
    reads = _Reads()
    for file in release.files:
        file.reader = reads.counted(file.reader)
    named = release.files if len(release.files) == 1 else None
    assessed: list[Assessed] = []
    not_checked: list[str] = []
    for checkpoint in gather(release, named=named):
        say(f"header of {checkpoint.path}")
        read_headers(checkpoint)
        if checkpoint.parts or checkpoint.broken or checkpoint.unread or checkpoint.failed:
            assessed.append(assess(release, checkpoint))
    settle(assessed)
    wanted = _wants_samples(release, asked, not_checked)
    near = all(source.kind in ("dir", "file") for source in release.sources)  # files as they are
    sampled = {a.checkpoint.path: take(a.stored(), near) for a in assessed if wanted}
    for found in assessed:
        found.findings += of_samples(found, sampled.get(found.checkpoint.path))
    contents: dict[tuple[str, str], FileContent] = {}
    if asked.full:
        before = reads.count, reads.bytes
        contents = contents_of(assessed, asked.journal, say, asked.keep, asked.tell)
        whole = (file for file in release.files if (file.source, file.path) in contents)
        reads.as_whole(whole, before)
    together = copies.findings(assessed) if wanted else []
    known = frozenset(source.id for source in release.sources)
    return {
        "schema": SCHEMA,
        "release": release.subject.name or (release.sources[0].name if release.sources else ""),
        "sources": [
            {"id": s.id, "kind": s.kind, "locator": s.locator, "revision": s.revision}
            for s in release.sources
        ],
        "checkpoints": [
            _checkpoint(found, sampled.get(found.checkpoint.path), contents, asked, known)
            for found in assessed
        ],
        "findings": [_finding(finding, known) for finding in together],
        "unknown_binaries": _unknown(release, assessed),
        "not_checked": not_checked,
        "read": {"requests": reads.count, "bytes": reads.bytes},
    }


def _unknown(release: Release, assessed: Sequence[Assessed]) -> list[dict[str, Any]]:
    """Large files that could hold weights by nothing but their size; said, and not opened."""
    told = {file.path for found in assessed for file in _all_files(found)}
    return [
        {
            "path": one.path, "bytes": one.nbytes, "why": str(one.why), "text": one.text,
            "begins": one.begins,
        }
        for one in unread_files(release, told)
    ]  # fmt: skip


def _all_files(found: Assessed) -> list[File]:
    """The checkpoint's files, and those beside them that hold tensors of theirs."""
    files = {file.path: file for file in found.checkpoint.files}
    if any(weights.external for weights in found.checkpoint.read):
        files.update({tensor.file.path: tensor.file for tensor in found.stored()})
    return list(files.values())


def _wants_samples(release: Release, asked: Asked, not_checked: list[str]) -> bool:
    if asked.samples is not None:
        return asked.samples
    local = all(source.is_local for source in release.sources)
    why = "needs numpy (pip install 'openassay[weights]')" if local else "ask with --samples"
    if local and has_numpy():
        return True
    not_checked.append(f"values (untrained, rounded, pages of zeros, copies): {why}")
    return False


# -- as plain data -------------------------------------------------------------------------------


def _checkpoint(
    found: Assessed,
    samples: Samples | None,
    contents: Mapping[tuple[str, str], FileContent],
    asked: Asked,
    known: frozenset[str],
) -> dict[str, Any]:
    checkpoint = found.checkpoint
    described = [weights for _, weights in checkpoint.described]
    metadata = described[0].metadata if described else {}
    return {
        "path": checkpoint.path,
        "format": found.format,
        "variant": described[0].variant if described else "",
        "status": found.status,
        "files": [_file(file, contents) for file in _all_files(found)],
        "files_promised": checkpoint.count,
        "step": checkpoint.step,
        "tensors": sum(len(weights.tensors) for weights in described),
        "parameters": _parameters(found.count),
        "precision": [
            {"dtype": p.dtype, "tensors": p.tensors, "parameters": p.parameters, "bytes": p.bytes}
            for p in (found.count.precision if found.count else ())
        ],
        "bits_per_weight": found.count.bits_per_weight if found.count else None,
        "label": metadata.get("general.file_type"),
        "samples": _samples(samples),
        "listed": _listed(found, contents) if asked.tensors else None,
        "findings": [_finding(finding, known) for finding in _ordered(found.findings)],
    }


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    order = list(Level)
    return sorted(findings, key=lambda f: (order.index(f.level), f.id, f.text))


def _file(file: File, contents: Mapping[tuple[str, str], FileContent]) -> dict[str, Any]:
    content = contents.get((file.source, file.path))
    row: dict[str, Any] = {"path": file.path, "bytes": file.size}
    if file.lfs is not None:
        row |= {"bytes": file.lfs.size, "promised_sha256": file.lfs.oid}
    if content is not None:
        row |= {
            "sha256": content.sha256, "zero_pages": content.zero_pages, "pages": content.pages,
        }  # fmt: skip
    return row


def _parameters(count: Count | None) -> dict[str, Any] | None:
    if count is None:
        return None
    return {
        "total": count.total,
        "at_least": count.at_least,
        "active": count.active,
        "experts": list(count.experts) if count.experts else None,
        "tied": count.tied,
        "buffers": count.buffers,
        "scales": count.scales,
        "optimizer": count.optimizer,
        "why_unknown": count.why_unknown,
        "notes": list(count.notes),
    }


def _samples(samples: Samples | None) -> dict[str, Any] | None:
    if samples is None:
        return None
    return {
        "ranges": len(samples.ranges),
        "untrained": samples.untrained,
        "rounded_bits": samples.rounded_bits,
        "narrow": samples.narrow or None,
        "zeros": samples.zeros,
        "pages": samples.holes.looked,
        "zero_pages": [hole.name for hole in samples.holes.found],
        "not_finite": [s.name for s in samples.ranges if s.odd],
        "edge": [s.edge for s in samples.ranges if s.edge is not None],
        "distinct": [s.distinct for s in samples.ranges if s.distinct is not None],
    }


def _listed(
    found: Assessed, contents: Mapping[tuple[str, str], FileContent]
) -> list[dict[str, Any]]:
    """The tensors one by one, with what a full pass saw of them."""
    seen: dict[tuple[str, str], TensorContent] = {}
    for (_, path), content in contents.items():
        seen.update({(path, tensor.name): tensor for tensor in content.tensors})
    rows: list[dict[str, Any]] = []
    for tensor in found.stored()[:MAX_TENSORS]:
        row: dict[str, Any] = {
            "name": tensor.name, "dtype": tensor.dtype, "shape": list(tensor.shape),
            "path": tensor.file.path, "start": tensor.start, "end": tensor.end,
        }  # fmt: skip
        look = seen.get((tensor.file.path, tensor.name))
        if look is not None and look.multiset:
            row |= {
                "multiset": look.multiset, "mean": look.mean, "std": look.std,
                "largest": look.largest, "zeros": look.zeros, "not_finite": look.not_finite,
            }  # fmt: skip
        rows.append(row)
    return rows


def _finding(finding: Finding, known: frozenset[str]) -> dict[str, Any]:
    return {
        "id": finding.id,
        "level": str(finding.level),
        "text": finding.text,
        "evidence": [evidence_row(place.cite(), known) for place in finding.places],
    }
