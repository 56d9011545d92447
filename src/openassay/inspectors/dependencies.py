"""Lists of what the release's code needs: requirements, environments, container recipes.

A dependency list alone is part of the supporting libraries, so one fact for the whole release is
enough; it cites up to three lists, those nearest the root first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from openassay.errors import ReadError
from openassay.files import File
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Evidence, Extent, Fact, Found, Gap

NAME = "dependencies"
COMPONENTS = ("supporting_libraries",)

_MAX_SIZE: Final = 1 << 20
_MAX_CITED: Final = 3
_MAX_TRIED: Final = 12
# Each kind of list, and a line that shows it really lists something.
_REQUIREMENT: Final = re.compile(
    r"^\s{0,8}(?:-e |git\+|https?://|[A-Za-z][\w.-]{0,80}\s{0,3}(?:[=<>~!\[;@]|$))"
)
_KINDS: Final = (
    (
        re.compile(r"(?:[\w.-]{0,40}[-_.])?require(?:ments|s)?(?:[-_.][\w.-]{0,40})?\.(?:txt|in)"),
        _REQUIREMENT,
    ),
    (
        re.compile(r"pyproject\.toml"),
        re.compile(r"^\s{0,8}(?:dependencies\s{0,4}=|\[tool\.poetry\.dependencies\])"),
    ),
    (
        re.compile(r"setup\.(?:py|cfg)"),
        re.compile(r"^\s{0,12}(?:install_requires|requirements?)\s{0,4}="),
    ),
    (
        re.compile(r"(?:[\w-]{0,40}[-_.])?(?:environment|conda|env)(?:[-_.][\w.-]{0,40})?\.ya?ml"),
        re.compile(r"^\s{0,4}dependencies\s{0,4}:"),
    ),
    (re.compile(r"metadata|pkg-info"), re.compile(r"^Requires-Dist: \w")),
    (re.compile(r"pipfile"), re.compile(r"^\[(?:dev-)?packages\]")),
    (re.compile(r"(?:poetry|uv|pdm)\.lock"), re.compile(r"^\[\[package\]\]")),
    (
        re.compile(r"(?:[\w.-]{0,40}\.)?dockerfile(?:[-_.][\w.-]{0,40})?"),
        re.compile(r"^\s{0,4}(?:RUN|FROM)\s", re.IGNORECASE),
    ),
    (re.compile(r"(?:cargo|project)\.toml"), re.compile(r"^\[(?:dependencies|deps)\]")),
)
_NOT_OURS: Final = frozenset(["docs", "doc", "website", "site", ".github", ".devcontainer"])


def survey(release: Release) -> Iterator[Fact | Gap]:
    """One fact that cites the dependency lists nearest the root."""
    listed = [file for file in release.files if _kind(file) is not None]
    listed = [file for file in listed if release.place(file) is Place.OWN]
    listed.sort(key=lambda file: (file.path.count("/"), _rank(file), file.source, file.path))
    cited: list[Evidence] = []
    for file in listed[:_MAX_TRIED]:
        try:
            evidence = _first_dependency(file)
        except ReadError as error:
            yield Gap(
                source=file.source, path=file.path, by=NAME, reason=error.reason,
                detail=str(error), components=COMPONENTS,
            )  # fmt: skip
            continue
        if evidence is not None:
            cited.append(evidence)
        if len(cited) == _MAX_CITED:
            break
    if cited:
        yield Found(
            component="supporting_libraries",
            extent=Extent.PART,
            aspect="dependency_list",
            evidence=tuple(cited),
            detail="lists what the code depends on; no library or tool of its own",
        )


def _kind(file: File) -> re.Pattern[str] | None:
    """The pattern of a line that such a list must have, or None when the name is none."""
    if not file.is_readable or file.size > _MAX_SIZE:
        return None
    name = file.name.lower()
    for names, line in _KINDS:
        if names.fullmatch(name):
            outside = _NOT_OURS.isdisjoint(file.folder.lower().split("/"))
            return line if outside else None
    if file.suffix == ".txt" and file.folder.rsplit("/", 1)[-1].lower() == "requirements":
        return _REQUIREMENT
    return None


def _rank(file: File) -> int:
    """Requirements before project files before locks and containers, at the same depth."""
    name = file.name.lower()
    for rank, (names, _) in enumerate(_KINDS):
        if names.fullmatch(name):
            return rank
    return 0


def _first_dependency(file: File) -> Evidence | None:
    pattern = _kind(file)
    if pattern is None:
        return None
    for number, line in enumerate(file.lines[:2_000], start=1):
        if pattern.match(line[:400]):
            return file.cite_lines(number)
    return None
