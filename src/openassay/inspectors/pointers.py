"""Relative links of documents that lead nowhere in this very tree."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.passages import passages, wanted
from openassay.release import Release
from openassay.types import Fact, Gap, Stated

NAME = "pointers"
COMPONENTS: tuple[str, ...] = ()
_HERE = re.compile(
    r"\bin (?:this|the|our) (?:current )?repo\w*|\b(?:accessible|available|provided"
    r"|included) (?:here|in this)|本仓库|本项目中|此仓库",
    re.I,
)
_FILE = re.compile(r"`((?:[\w.-]+/){0,6}[\w-]+\.(?:py|sh|ipynb|json|ya?ml|jsonl|csv|txt|md))`")
_PATH = re.compile(r"^\.{0,2}/?[\w./ -]{2,200}$")


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    for link in release.document(file).links:
        path = link.url.split("#", 1)[0].split("?", 1)[0]
        if (
            link.in_code
            or not path
            or not _PATH.match(path)
            or ("." not in path and "/" not in path)
        ):
            continue
        if release.resolve(file, path) is None and not _is_folder(release, file, path):
            yield Stated(
                evidence=(file.cite_lines(link.line, quote=file.lines[link.line - 1].strip()),),
                topic="dead_link",
                value=path,
                detail="The link leads to nothing in this tree.",
            )
    yield from _named(file, release)


def _named(file: File, release: Release) -> Iterator[Fact]:
    """Files that a sentence says are in this repository, and are not."""
    seen: set[str] = set()
    for passage in passages(file, release):
        if len(passage.text) > 1500 or not _HERE.search(passage.text):
            continue
        for line in range(passage.start, passage.end + 1):
            for found in _FILE.finditer(file.lines[line - 1]):
                name = found.group(1).rsplit("/", 1)[-1].lower()
                if name not in release.file_names and name not in seen:
                    seen.add(name)
                    yield Stated(
                        evidence=(file.cite_lines(passage.start, passage.end),),
                        topic="dead_link",
                        value=found.group(1),
                        detail="The sentence says that this file is in the repository.",
                    )


def _is_folder(release: Release, file: File, path: str) -> bool:
    base = "" if path.startswith("/") else file.folder
    parts: list[str] = []
    for part in f"{base}/{path}".split("/"):
        if part == "..":
            if not parts:
                return True  # leads out of the tree: nothing can be said
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return release.has_folder(file.source, "/".join(parts))
