r"""How paths are written, which of them are refused, and where links point.

A path of evidence must be printable and must lead back to the very bytes of the name. Names are
decoded as UTF-8; every byte that is not UTF-8, control characters and those that change the
direction of writing are written ``\xHH``. A backslash stays a backslash, unless ``x`` and two
hexadecimal digits follow it: then it is written ``\x5c``. So :func:`raw` undoes :func:`shown` for
every name there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from posixpath import dirname, join, normpath

MAX_PATH = 4096

_HIDDEN = (
    "[\\x00-\\x1f\\x7f-\\x9f"  # control characters
    "\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069"  # line ends, direction of writing
    "\\ud800-\\udfff]"  # bytes that are no UTF-8, as surrogateescape carries them
)
_ODD = re.compile(_HIDDEN + r"|\\(?=x[0-9a-f]{2})")
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_DRIVE = re.compile(rb"[A-Za-z]:")


def shown(name: bytes) -> str:
    """The printable form of a path's bytes; one form for each name."""
    text = name.decode("utf-8", "surrogateescape")
    return _ODD.sub(_escape, text)


def raw(path: str) -> bytes:
    """The bytes of the name that :func:`shown` wrote as ``path``."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), path.encode())


def _escape(found: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in found[0].encode("utf-8", "surrogateescape"))


def unsafe(name: bytes) -> str | None:
    """Why a name in an archive is refused, in words; None when it is a plain relative path."""
    if not name or name in (b".", b"./"):
        return "an empty name"
    if len(name) > MAX_PATH:
        return f"a name of more than {MAX_PATH} bytes"
    if b"\0" in name:
        return "a NUL byte in the name"
    if b"\\" in name:
        return "a backslash in the name, which is a folder's end on some systems"
    if name.startswith(b"/"):
        return "an absolute path"
    if _DRIVE.match(name):
        return "a drive letter"
    if b".." in name.split(b"/"):
        return "a path that leaves its root"
    return None


def tidy(name: bytes) -> bytes:
    """A safe name without ``./`` and doubled slashes; a folder loses its closing slash."""
    return b"/".join(part for part in name.split(b"/") if part not in (b"", b"."))


def link_problems(
    links: Iterable[tuple[str, str]], paths: Iterable[str]
) -> list[tuple[str, str, str]]:
    """(path, reason, detail) of every symbolic link that leaves its root or leads nowhere.

    ``links`` are (path, target); ``paths`` everything listed, links included. Targets are only
    compared with the listing, never followed; what lies behind another link is not judged.
    """
    wanted = list(links)
    if not wanted:
        return []
    there = set(paths)
    linked = {path for path, _ in wanted}
    there |= {".", *(parent for path in there for parent in _parents(path))}
    found = []
    for path, target in wanted:
        goal = normpath(join(dirname(path), target)) if target else ""
        if target.startswith("/") or goal == ".." or goal.startswith("../"):
            found.append((path, "link_leaves_root", f"points to {target}, outside of the source"))
        elif not target:
            found.append((path, "link_dangles", "points nowhere"))
        elif goal not in there and linked.isdisjoint(_parents(goal)):
            found.append((path, "link_dangles", f"points to {target}, which is not there"))
    return found


def _parents(path: str) -> list[str]:
    """Every folder above a path, the nearest first; without the root."""
    found = []
    while path := path.rpartition("/")[0]:
        found.append(path)
    return found
