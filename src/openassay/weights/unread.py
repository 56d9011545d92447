"""Large files of a release that may hold weights and were not opened: said, with the next step.

A format of somebody's own, an archive inside the release, a piece of a file that was cut up. What
is in them is not guessed: their size and first bytes are all that is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from openassay.errors import ReadError
from openassay.files import File
from openassay.release import Release
from openassay.subject import Place

MIN_UNKNOWN: Final = 1 << 20  # bytes; smaller files of unknown kinds are no models
MAX_UNKNOWN: Final = 50
_HEAD: Final = 16
_NOT_WEIGHTS: Final = frozenset(
    """.so .dll .dylib .pyd .exe .a .o .lib .png .jpg .jpeg .gif .webp .bmp .svg .mp4 .mp3 .wav
    .flac .ogg .m4a .avi .mov .mkv .pdf .gz .xz .bz2 .zst .whl .jar .txt .json
    .jsonl .ndjson .csv .tsv .md .rst .py .pyi .pyc .js .ts .map .css .html .htm .xml .yaml .yml
    .toml .ipynb .parquet .arrow .feather .lock .ttf .otf .woff .woff2 .c .h .cc .cpp .hpp .cu .rs
    .go .java .sql .db .sqlite .log .vocab .meta .pack .idx .model .spm .lmdb .tfrecord""".split()
)
_ARCHIVE: Final = re.compile(r"\.(?:zip|7z|rar|tar|tgz|tbz2?|txz|tar\.[a-z0-9]{1,4})$")
_PIECE: Final = re.compile(
    r"(?P<whole>.{1,200}\.(?:gguf|safetensors|bin|onnx|pth?|ckpt|npz|h5|tflite|zip))"
    r"(?:[.-]part-?\d{1,4}|[.-]split-[a-z]{1,2}|\.\d{3}|\.part[a-z]{1,2})"
)


class Why(StrEnum):
    """What such a file is, as far as its name tells."""

    FORMAT = "unknown_format"
    ARCHIVE = "archive"
    PIECE = "piece"


@dataclass(frozen=True, slots=True)
class Unread:
    """One file. ``begins`` are its first bytes in hex, where it is on this machine."""

    path: str
    nbytes: int
    why: Why
    text: str  # what it is, and what to do
    begins: str | None


def unread_files(release: Release, told: Collection[str] = ()) -> list[Unread]:
    """The largest first; ``told`` are paths that were reported otherwise."""
    near = all(source.is_local for source in release.sources)
    found = [
        (file, why)
        for file in release.files
        if file.is_regular
        and file.path not in told
        and _size(file) >= MIN_UNKNOWN
        and (why := _why(file)) is not None
        and release.place(file) is Place.OWN
    ]
    found.sort(key=lambda pair: (-_size(pair[0]), pair[0].path))
    return [
        Unread(file.path, _size(file), why, _text(file, why), _begins(file) if near else None)
        for file, why in found[:MAX_UNKNOWN]
    ]


def _size(file: File) -> int:
    return file.lfs.size if file.lfs else file.size


def _why(file: File) -> Why | None:
    name = file.name.lower()
    if _PIECE.fullmatch(name):
        return Why.PIECE
    if _ARCHIVE.search(name):
        return Why.ARCHIVE
    suffix = file.suffix or (name if name.startswith(".") else "")
    return None if suffix in _NOT_WEIGHTS else Why.FORMAT


def _text(file: File, why: Why) -> str:
    if why is Why.ARCHIVE:
        return "an archive inside the release, not opened: unpack it and name the folder"
    if why is Why.PIECE:
        piece = _PIECE.fullmatch(file.name.lower())
        whole = file.name[: len(piece["whole"])] if piece else file.name
        return f"a piece of {whole}, not read: put all pieces together and name the file"
    return (
        "opaque, a format that is not known, not read: ask for safetensors, GGUF or ONNX, "
        "or convert it and name the file"
    )


def _begins(file: File) -> str | None:
    try:
        return file.read(0, _HEAD).hex() if file.is_readable else None
    except ReadError:
        return None  # it has a gap of its own
