"""Every byte of every file of weights once: what the journal knows is not read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Final

from openassay.errors import ReadError
from openassay.files import File
from openassay.formats.weights_shape import begins_at_zero
from openassay.weights.checkpoints import StoredTensor
from openassay.weights.content import (
    Begun,
    FileContent,
    Progress,
    TensorContent,
    goes_on,
    read_file,
)
from openassay.weights.findings import Finding, Level, Place
from openassay.weights.hashing import can_resume
from openassay.weights.holes import MANY, PAGE
from openassay.weights.integrity import Assessed, header_place
from openassay.weights.journal import Journal
from openassay.weights.parameters import is_beside

Say = Callable[[str], None]
_BAR: Final = 20  # characters
_FEW: Final = 8  # pages of zeros that are no finding


def contents_of(
    assessed: Sequence[Assessed],
    journal: Journal,
    say: Say,
    keep: Callable[[], None] | None = None,
    tell: Say | None = None,
) -> dict[tuple[str, str], FileContent]:
    """What is in each file, by source and path; findings are added to ``assessed``.

    ``keep`` is called when the journal has changed, ``tell`` with words where a file goes on.
    """
    found: dict[tuple[str, str], FileContent] = {}
    for one in assessed:
        by_file: dict[str, list[StoredTensor]] = {}
        holders: dict[str, File] = {file.path: file for file in one.checkpoint.files}
        for tensor in one.stored():
            by_file.setdefault(tensor.file.path, []).append(tensor)
            holders.setdefault(tensor.file.path, tensor.file)
        for path, file in holders.items():
            key = file.source, path
            if key in found or not file.is_readable:
                continue
            known = journal.content(file)
            if known is None:
                try:
                    known = _read(file, by_file.get(path, []), journal, say, keep, tell)
                except ReadError:
                    continue  # reported with the headers
            found[key] = known
            one.findings = _replaced(one.findings, _findings(one, file, known))
    return found


def _read(
    file: File,
    tensors: Sequence[StoredTensor],
    journal: Journal,
    say: Say,
    keep: Callable[[], None] | None,
    tell: Say | None,
) -> FileContent:
    """A file the journal does not know whole; from where it was cut off, if it was."""
    begun = journal.standing(file)
    if begun is not None and not goes_on(file, tensors, begun):
        begun = None
    if begun is not None and tell is not None:
        tell(_going_on(file, begun))

    def stand(where: Begun) -> None:
        journal.stand(file, where)
        if keep is not None:
            keep()

    told = stand if keep is not None else None
    content = read_file(file, tensors, _progress(say), begun=begun, tell=told)
    journal.finish(file, content)
    if keep is not None:
        keep()
    return content


def _going_on(file: File, begun: Begun) -> str:
    text = f"{file.path} goes on at {_of(begun.offset, begun.size)}"
    if not (begun.sha256 and can_resume()):
        text += "; what lies before is read again for its SHA-256 alone, whose state is not known"
    return text


def _of(done: int, size: int) -> str:
    unit, name = (1e9, "GB") if size >= 1e9 else (1e6, "MB")
    return f"{done / unit:.1f} of {size / unit:.1f} {name}"


def _progress(say: Say) -> Progress:
    """One line, told anew only when it reads otherwise."""
    last = ""

    def show(path: str, done: int, size: int) -> None:
        nonlocal last
        bar = "#" * (_BAR * done // max(1, size))
        share = 100 * done // max(1, size)
        line = f"[{bar:.<{_BAR}}] {share} % ({_of(done, size)}) {path}"
        if line != last:
            last = line
            say(line)

    return show


def _replaced(sampled: list[Finding], full: list[Finding]) -> list[Finding]:
    """What all bytes show stands for what a few ranges showed of the same kind."""
    ids = {finding.id for finding in full}
    return [finding for finding in sampled if finding.id not in ids] + full


def _findings(found: Assessed, file: File, content: FileContent) -> list[Finding]:
    """Holes and values that are no numbers, seen in full."""
    listed: list[Finding] = []
    zero_pages = content.zero_pages - _not_begun(found, file, content)
    if zero_pages > _FEW and zero_pages > content.pages // 100:
        text = f"{zero_pages:,} of {content.pages:,} pages of {file.path} are all zeros"
        many = zero_pages >= MANY * content.pages
        level = Level.CONTRADICTION if many else Level.NOTE
        listed.append(Finding("zero_pages", level, text, (Place(file, text),)))
    odd = [tensor for tensor in content.tensors if tensor.not_finite and not _bounds(tensor)]
    if odd:
        text = f"{len(odd)} tensors of {file.path} hold NaN or infinity, first {odd[0].name}"
        if len(odd) == 1:
            text = f"1 tensor of {file.path} holds NaN or infinity: {odd[0].name}"
        place = next(
            (Place(file, odd[0].name, start=t.start or 0, end=t.end or 0)
             for t in found.stored() if t.name == odd[0].name), header_place(found.checkpoint),
        )  # fmt: skip
        listed.append(Finding("not_finite", Level.BROKEN, text, (place,)))
    return listed


def _not_begun(found: Assessed, file: File, content: FileContent) -> int:
    """Pages inside an adapter's factors that are zero throughout, as before training."""
    names = {
        tensor.name for tensor in content.tensors
        if begins_at_zero(tensor.name) and tensor.zeros == prod(tensor.shape)
    }  # fmt: skip
    pages = 0
    for tensor in found.stored() if names else ():
        if tensor.name in names and tensor.file.path == file.path:
            pages += max(0, (tensor.end or 0) // PAGE - -(-(tensor.start or 0) // PAGE))
    return pages


def _bounds(tensor: TensorContent) -> bool:
    """Whether infinity may be meant: the limit of a clip, a mask of one finite value."""
    return prod(tensor.shape) == 1 or is_beside(tensor.name) or not tensor.std
