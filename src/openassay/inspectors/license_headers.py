"""Licences stated in the headers of source files, gathered by folder.

Only the first lines are read, and only where they name a licence. When every file of a folder that
says anything says the same, one fact speaks for them, with up to three places; folders that hold
several licences get one fact for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from openassay import licenses
from openassay.errors import ReadError
from openassay.files import File
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Evidence, Fact, Gap, How, Licensed

NAME = "license_headers"
COMPONENTS: tuple[str, ...] = ()  # licences govern components; they are none themselves

_SUFFIXES: Final = frozenset(
    """.py .pyx .pyi .sh .cu .cuh .c .cc .cpp .h .hpp .js .ts .rs .go .java .jl .swift .m .mm .proto
    .slurm .sbatch .ipynb""".split()
)
_HEAD: Final = 4 << 10  # bytes: sixty lines of a header
_LINES: Final = 60
_MARKS: Final = (
    b"SPDX-License-Identifier", b"icensed under", b"Apache License", b"MIT License",
    b"BSD-style", b"BSD License", b"General Public License", b"under the terms of",
    b"LICENSE file",
)  # fmt: skip
_MAX_FILES: Final = 3_000
_MAX_CITED: Final = 3


def survey(release: Release) -> Iterator[Fact | Gap]:
    """One fact for a folder and licence."""
    folders: dict[tuple[str, str], dict[str, list[tuple[File, int]]]] = {}
    silent: set[tuple[str, str]] = set()
    taken = 0
    for file in release.files:
        if file.suffix not in _SUFFIXES or not file.is_readable:
            continue
        if release.place(file) is not Place.OWN:
            continue
        taken += 1
        if taken > _MAX_FILES:
            yield _cut(file)
            break
        try:
            found = _header(file)
        except ReadError:
            continue  # the inspector of the file's content reports it
        key = (file.source, file.folder)
        if found is None:
            silent.add(key)
            continue
        license_id, line = found
        folders.setdefault(key, {}).setdefault(license_id, []).append((file, line))
    for key, stated in sorted(folders.items()):
        yield from _facts(key[1], stated, mixed=key in silent)


def _cut(file: File) -> Gap:
    return Gap(
        source=file.source,
        path=file.path,
        by=NAME,
        reason="too_many_files",
        detail=f"only the headers of the first {_MAX_FILES} code files were read",
    )


def _header(file: File) -> tuple[str, int] | None:
    """(licence, line) of a file's header."""
    head = file.read(0, _HEAD)
    if not any(mark in head for mark in _MARKS):
        return None
    text = "\n".join(head.decode("utf-8", "replace").split("\n")[:_LINES])
    for mention in licenses.headers(text):
        return mention.id, text.count("\n", 0, mention.start_offset) + 1
    return None


def _facts(
    folder: str, stated: dict[str, list[tuple[File, int]]], mixed: bool
) -> Iterator[Licensed]:
    """A folder's fact when all its files agree; else each licence's files, named one by one."""
    agreed = len(stated) == 1 and not mixed
    for license_id, files in sorted(stated.items()):
        if agreed:
            yield _licensed(f"path:{folder}/" if folder else "path:", license_id, files)
            continue
        for file, line in files:
            yield _licensed(f"path:{file.path}", license_id, [(file, line)])


def _licensed(scope: str, license_id: str, files: list[tuple[File, int]]) -> Licensed:
    evidence: tuple[Evidence, ...] = tuple(
        file.cite_lines(line) for file, line in files[:_MAX_CITED]
    )
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return Licensed(
        scope=scope,
        license=license_id,
        how=How.HEADER,
        evidence=evidence,
        detail=f"the header of {files[0][0].path}{more} names {license_id}",
    )
