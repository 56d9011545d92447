"""Dossiers of a few words: ``make({"training_code": ("present", "MIT")})``, all else absent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from openassay import licenses
from openassay.types import (
    Claim,
    Component,
    Contradiction,
    Digest,
    Dossier,
    Evidence,
    Fact,
    Found,
    Gap,
    How,
    Licensed,
    Linked,
    SourceInfo,
    Span,
    Stated,
    Status,
    Unit,
)
from openassay.vocabulary import Entry, by_id

Make = Callable[..., Dossier]
SOURCE = "git:gold@0123456789abcdef"


def cite(path: str, quote: str = "a line", line: int = 1) -> Evidence:
    return Evidence(SOURCE, path, Span(Unit.LINE, line, line), quote, Digest("sha256", "0"))


@pytest.fixture
def restriction() -> Callable[..., Stated]:
    """``restriction("non_commercial", "weights")``: a sentence that limits the use."""

    def build(value: str, subject: str, path: str = "README.md") -> Stated:
        evidence = (cite(path, f"{value} words"),)
        return Stated(evidence=evidence, topic="restriction", value=value, subject=subject)

    return build


@pytest.fixture
def claim() -> Callable[..., Claim]:
    """``claim("Gold is open", False)``."""

    def build(quote: str, holds: bool | None, kind: str = "open_source") -> Claim:
        evidence = cite("README.md", quote, 3)
        return Claim(kind=kind, subject="release", evidence=evidence, holds=holds)

    return build


@pytest.fixture
def contradiction() -> Callable[[str], Contradiction]:
    """``contradiction("The tag says …")``."""
    return lambda text: Contradiction(id="x", text=text, evidence=(cite("README.md"),))


def _component(entry: Entry, status: Status, license: str | None, modified: bool) -> Component:
    because: tuple[Fact | Gap, ...] = ()
    path = f"{entry.id}.txt"
    if status in (Status.PRESENT, Status.PARTIAL):
        because = (Found(evidence=(cite(path),), component=entry.id, detail="It is there."),)
    elif status is Status.LINKED:
        url = "https://example.org/it"
        because = (Linked(evidence=(cite("README.md"),), component=entry.id, url=url),)
    elif status is Status.UNKNOWN:
        because = (Gap(source=SOURCE, path="big.bin", by="test", reason="too_large"),)
    stated: tuple[Licensed, ...] = ()
    if license is not None:
        evidence = (cite("LICENSE", license),)
        stated = (Licensed(evidence=evidence, scope="path:", license=license, how=How.TEXT,
                           modified=modified),)  # fmt: skip
    ids = [*licenses.displayed(license), license] if license else []  # reports show other names
    opened = licenses.openness(ids[0], entry.kind) if ids else None
    return Component(
        id=entry.id,
        status=status,
        because=because,
        license=license,
        license_open=None if modified and opened else opened,
        license_reason="the licence at the root" if license else "",
        licenses=stated,
    )


@pytest.fixture
def make() -> Make:
    """Makes dossiers; ``modified`` names the components whose licence text was changed."""

    def build(
        parts: Mapping[str, tuple[str, str | None]],
        *,
        modified: tuple[str, ...] = (),
        release: str = "acme/Gold",
        revision: str = "0123456789abcdef",
        **more: Any,
    ) -> Dossier:
        components = []
        for entry in by_id().values():
            status, license = parts.get(entry.id, ("absent", None))
            changed = entry.id in modified
            components.append(_component(entry, Status(status), license, changed))
        source = SourceInfo(id=f"git:gold@{revision}", kind="git", locator="gold",
                            revision=revision, files=3)  # fmt: skip
        return Dossier(schema="openassay-dossier/1", release=release, sources=(source,),
                       components=tuple(components), read_by="openassay test", **more)  # fmt: skip

    return build
