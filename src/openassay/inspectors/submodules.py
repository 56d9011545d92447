"""Git submodules: repositories that the release builds on, tracked by commit but not by content.

The own publisher's submodule, or any whose name or neighbouring words say what it does, is a link:
a training framework holds the training code and the layers, a harness the evaluation. Reads names
and addresses only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats.locators import classify
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Fact, Gap, Linked

NAME = "submodules"
COMPONENTS: tuple[str, ...] = ()

_ROLES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"harness|eval|bench", re.I), ("evaluation_code",)),
    (
        re.compile(r"data[-_]?(?:prep|process|clean|pipeline|trove)|dedup|preprocess", re.I),
        ("data_preprocessing_code",),
    ),
    (
        re.compile(r"megatron|neox|pre-?train|\btrain|trainer|torchtitan|levanter|maxtext", re.I),
        ("training_code", "model_architecture", "supporting_libraries"),
    ),
)


def survey(release: Release) -> Iterator[Fact | Gap]:
    for file in release.submodules():
        if release.place(file) is Place.OWN:
            yield from _linked(file, release)


def _linked(file: File, release: Release) -> Iterator[Fact]:
    address = file.target or ""
    locator = classify(address) if address else None
    words = f"{file.name} {locator.name if locator else ''}"
    found = next((components for pattern, components in _ROLES if pattern.search(words)), ())
    if not found and locator is not None and release.subject.owns(locator.owner):
        found = ("supporting_libraries",)
    quote = f"{file.path} is a submodule of {address or 'an unnamed address'}"
    listing = release.cite_listing(file.source, file.folder, [file], quote)
    for component in found:
        yield Linked(
            evidence=(listing,),
            component=component,
            url=address,
            aspect="submodule",
            detail=f"The tree links {file.path} as a submodule; its content is not tracked here.",
        )
