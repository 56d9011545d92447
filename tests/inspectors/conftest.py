"""A release in memory, so that each rule's scenario is a handful of paths and texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from openassay.files import File, FileKind, LfsPointer
from openassay.release import Release, Source
from openassay.subject import Subject
from openassay.types import Fact, Gap

SOURCE_ID = "dir:memory@0"


class Link:
    """A symbolic link; never followed."""

    def __init__(self, target: str) -> None:
        self.target = target


class Missing:
    """A tracked path whose blob cannot be had."""

    def __init__(self, size: int = 0) -> None:
        self.size = size


class Big:
    """A file that is `size` bytes long and begins with `head`; the rest reads as zeros."""

    def __init__(self, head: bytes, size: int) -> None:
        self.head = head
        self.size = size


def memory_file(path: str, content: object, source: str = SOURCE_ID) -> File:
    """One file of the release; text, bytes, LfsPointer, Link, Missing or Big."""

    def no_bytes(offset: int, length: int) -> bytes:
        raise AssertionError(f"{path}: {length} bytes at {offset} were asked for, there are none")

    if isinstance(content, LfsPointer):
        return File(source, path, content.size, no_bytes, lfs=content)
    if isinstance(content, Link):
        return File(source, path, 0, no_bytes, kind=FileKind.SYMLINK, target=content.target)
    if isinstance(content, Missing):
        return File(source, path, content.size, no_bytes, problem="missing_blob")
    if isinstance(content, Big):
        big = content

        def read_big(offset: int, length: int) -> bytes:
            wanted = max(0, min(length, big.size - offset))
            return big.head[offset : offset + wanted].ljust(wanted, b"\0")

        return File(source, path, big.size, read_big)
    raw = content.encode() if isinstance(content, str) else content
    assert isinstance(raw, bytes)
    return File(source, path, len(raw), lambda offset, length: raw[offset : offset + length])


class MakeRelease:
    """Builds releases; `link`, `missing` and `big` give the contents that are no text or bytes."""

    def __call__(
        self,
        files: Mapping[str, object],
        subject: Subject | None = None,
        *,
        name: str = "acme/model",
        metadata: Mapping[str, str] | None = None,
    ) -> Release:
        source = Source(
            id=SOURCE_ID,
            kind="dir",
            locator=name,
            revision="0",
            name=name,
            files=tuple(memory_file(path, content) for path, content in sorted(files.items())),
            metadata=dict(metadata or {}),
        )
        return Release([source], subject or Subject(names=(name,)))

    link = Link
    missing = Missing
    big = Big


@pytest.fixture
def make_release() -> MakeRelease:
    """`make_release({path: text, bytes, LfsPointer, make_release.link("x")}, subject)`."""
    return MakeRelease()


def everything(inspector: Any, release: Release) -> Iterator[Fact | Gap]:
    """Run one inspector as `read` does, but let its errors through to the test."""
    wants = getattr(inspector, "wants", None)
    assert wants or hasattr(inspector, "survey"), f"{inspector!r} is no inspector"
    if wants is not None:
        for file in release.files:
            if wants(file, release):
                yield from inspector.inspect(file, release)
    survey = getattr(inspector, "survey", None)
    if survey is not None:
        yield from survey(release)


@pytest.fixture
def run() -> Callable[[Any, Release], list[Fact | Gap]]:
    """`run(inspector_module, release)` gives all its facts and gaps as a list."""
    return lambda inspector, release: list(everything(inspector, release))


@pytest.fixture
def all_cited(run: Callable[[Any, Release], list[Any]]) -> Callable[[Any, Release], int]:
    """`all_cited(inspector, release)`: facts only, each on lines its file has; their number."""

    def check(inspector: Any, release: Release) -> int:
        lines = {file.path: len(file.lines) for file in release.files}
        facts = run(inspector, release)
        for fact in facts:
            for cited in fact.evidence:
                assert 1 <= int(cited.span.start) <= int(cited.span.end) <= lines[cited.path]
        return len(facts)

    return check
