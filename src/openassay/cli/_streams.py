"""What goes in and out: files and stdin, stdout for data, stderr for everything else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from openassay.errors import TargetError, UsageError

if TYPE_CHECKING:
    from openassay.reports import Look

MAX_INPUT = 256 << 20  # bytes of a stored dossier or report


def complain(message: str, hint: str = "") -> None:
    from openassay.canonical import visible

    with suppress(OSError):
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""  # of the line that shows progress
        print(f"{clear}openassay: {visible(message)}", file=sys.stderr)
        if hint:
            print(f"  {visible(hint)}", file=sys.stderr)


def read_input(path: str, limit: int = MAX_INPUT) -> bytes:
    """The bytes of a file, or of stdin for ``-``; at most ``limit`` of them."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as stream:
                data = stream.read(limit + 1)
    except OSError as error:
        raise TargetError(f"{path}: {error.strerror or error}") from error
    if len(data) > limit:
        raise TargetError(f"{path}: larger than {limit >> 20} MiB")
    return data


def write(text: str, path: str | None = None, *, as_data: bool = True) -> None:
    """To ``path`` as a whole or not at all, or to stdout; data is always UTF-8."""
    if path is not None and path != "-":
        write_file(text.encode("utf-8"), Path(path))
    elif as_data:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
    else:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()


def write_file(data: bytes, path: Path) -> None:
    """A whole file or, after whatever goes wrong, the one that was there before."""
    try:
        if path.exists() and not path.is_file():  # a pipe or /dev/stdout: nothing to replace
            path.write_bytes(data)
            return
        target = path.resolve()
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            part.write_bytes(data)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def look(detail: int, output: str | None = None) -> Look:
    """What the stream can show: width, colour and signs."""
    import shutil

    from openassay.reports import Look

    to_file = output is not None and output != "-"
    terminal = sys.stdout.isatty() and not to_file
    dumb = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    try:
        "✔◐↗✘…".encode("utf-8" if to_file else sys.stdout.encoding or "ascii")
        signs = True
    except UnicodeEncodeError:
        signs = False
    columns = shutil.get_terminal_size((100, 40)).columns if terminal else 100
    return Look(
        width=max(60, min(columns, 120)), colour=terminal and not dumb, unicode=signs, detail=detail
    )


@contextmanager
def progress() -> Iterator[Callable[[str], None] | None]:
    """One line on stderr that is rewritten, on a terminal only, and gone at the end."""
    if not sys.stderr.isatty():
        yield None
        return
    from openassay.canonical import visible

    def say(text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{visible(text)[:78]}")
        sys.stderr.flush()

    try:
        yield say
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
