"""What package metadata states: that the release is a package, and under which licence.

Reads ``pyproject.toml``, ``setup.py``, ``setup.cfg``, ``CITATION.cff``, ``package.json`` and the
``METADATA`` of a wheel. A licence in metadata is a tag: the weakest kind of statement. An
installable package with several modules of its own is also a library that comes with the model.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Final

from openassay import licenses
from openassay.files import File
from openassay.formats import json_text, yaml_text
from openassay.formats.bounded import Fault, FormatError
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Extent, Fact, Found, Gap, How, Licensed

NAME = "package"
COMPONENTS = ("package", "supporting_libraries")

_NAMES: Final = frozenset(
    ["pyproject.toml", "setup.py", "setup.cfg", "metadata", "pkg-info", "citation.cff",
     "package.json", "codemeta.json"]
)  # fmt: skip
_MAX_SIZE: Final = 1 << 20
_SETUP: Final = re.compile(r"^\s{0,8}(?:name|NAME)\s{0,4}=|\bsetup\(", re.MULTILINE)
_SETUP_LICENSE: Final = re.compile(
    r"^\s{0,12}license(?:_expression)?\s{0,4}=\s{0,4}[\"']?([^\"'\n]{2,100}?)[\"']?,?\s{0,8}$",
    re.MULTILINE,
)
_CLASSIFIER: Final = re.compile(r"License :: (?:OSI Approved :: )?([^\"'\n,\]]{3,100})")
_HEADER: Final = re.compile(r"^(License-Expression|License): ([^\n]{2,200})$", re.MULTILINE)


def wants(file: File, release: Release) -> bool:
    """Metadata files of the release's own, by name."""
    name = file.name.lower()
    if name not in _NAMES or not file.is_readable or file.size > _MAX_SIZE:
        return False
    if name in ("metadata", "pkg-info") and not _is_dist_info(file):
        return False
    return release.place(file) is Place.OWN


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    """The package and its licence, as this file states them."""
    text = file.text()
    if text is None:
        return
    name = file.name.lower()
    if name == "pyproject.toml":
        yield from _pyproject(file, text.text, release)
    elif name in ("setup.py", "setup.cfg"):
        yield from _setup(file, text.text, release)
    elif name in ("metadata", "pkg-info"):
        yield from _metadata(file, text.text, release)
    else:
        yield from _tagged(file, text.text)


_MIN_MODULES: Final = 3  # beside ``__init__.py``; fewer are a script with an installer
_MAX_DEPTH: Final = 2  # folders above the metadata
_MAX_TOOLKITS: Final = 2
_NO_PACKAGE: Final = frozenset(
    """tests test docs doc examples example scripts script tools notebooks data demo demos eval
    evaluation benchmark benchmarks build configs config""".split()
)


def survey(release: Release) -> Iterator[Fact | Gap]:
    """Installable packages whose modules are tracked: the release's own toolkit."""
    shown = 0
    for file in sorted(release.files, key=lambda file: (file.path.count("/"), file.path)):
        if file.name not in ("pyproject.toml", "setup.py") or shown >= _MAX_TOOLKITS:
            continue
        inner = release.inner_path(file)
        if inner.count("/") > _MAX_DEPTH or not wants(file, release):
            continue
        text = file.text()
        if text is None or not (named := _SETUP.search(text.text)):
            continue
        if package := _own_modules(file, release):
            shown += 1
            line = text.text.count("\n", 0, named.end()) + 1
            yield Found(
                component="supporting_libraries",
                aspect="toolkit",
                evidence=(file.cite_lines(line),),
                detail=f"{file.path} installs {package}, a library of the release's own",
            )


def _own_modules(file: File, release: Release) -> str:
    """The folder of an importable package beside the metadata with enough modules, or ""."""
    base = f"{file.folder}/" if file.folder else ""
    modules: Counter[str] = Counter()
    importable: set[str] = set()
    for other in release.files:
        if other.suffix != ".py" or other.source != file.source or not other.size:
            continue
        if not other.path.startswith(base) or release.place(other) is not Place.OWN:
            continue
        inner = other.path.removeprefix(base).removeprefix("src/")
        folder, _, name = inner.partition("/")
        if not name or folder.lower() in _NO_PACKAGE:
            continue
        if name == "__init__.py":
            importable.add(folder)
        elif other.name != "__init__.py":
            modules[folder] += 1
    return next((name for name in sorted(importable) if modules[name] >= _MIN_MODULES), "")


def _is_dist_info(file: File) -> bool:
    folder = file.folder.rpartition("/")[2].lower()
    return folder.endswith((".dist-info", ".egg-info")) or (
        file.name == "PKG-INFO" and file.path.count("/") <= 1
    )


def _scope(file: File) -> str:
    """A package at the root speaks for the release, one below for its folder."""
    folder = file.folder
    if folder.lower().endswith((".dist-info", ".egg-info")) or file.name == "PKG-INFO":
        return "release"
    return f"path:{folder}/" if folder else "release"


def _package(file: File, line: int, release: Release) -> Found | None:
    """The package itself; only one at the root (or of an index) is the release."""
    source = next((source for source in release.sources if source.id == file.source), None)
    built = file.name in ("METADATA", "PKG-INFO")  # only a wheel or an sdist carries these
    indexed = source is not None and (source.kind == "pypi" or (built and source.kind == "archive"))
    if not indexed and file.path.count("/") > 1:
        return None
    return Found(
        component="package",
        extent=Extent.WHOLE if indexed else Extent.PART,
        aspect="built" if indexed else "buildable",
        evidence=(file.cite_lines(line),),
        detail="a built, versioned package" if indexed else "metadata to build a package",
    )


def _pyproject(file: File, text: str, release: Release) -> Iterator[Fact]:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FormatError(Fault.HEADER_MALFORMED, f"not TOML: {error}") from error
    tool = data.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    project = data.get("project") or poetry
    if not isinstance(project, dict) or "name" not in project:
        return
    if (found := _package(file, _line(text, "name"), release)) is not None:
        yield found
    stated = project.get("license")
    if isinstance(stated, dict):
        stated = stated.get("text")
    if isinstance(stated, str) and len(stated) < 200:
        yield from _license(file, stated, _line(text, "license"))
        return
    yield from _classifiers(file, text)


def _setup(file: File, text: str, release: Release) -> Iterator[Fact]:
    named = _SETUP.search(text)
    if named is None:
        return
    line = text.count("\n", 0, named.end()) + 1
    if (found := _package(file, line, release)) is not None:
        yield found
    stated = _SETUP_LICENSE.search(text)
    if stated:
        line = text.count("\n", 0, stated.start(1)) + 1
        yield from _license(file, stated.group(1), line)
        return
    yield from _classifiers(file, text)


def _metadata(file: File, text: str, release: Release) -> Iterator[Fact]:
    head = text.split("\n\n", 1)[0]
    if (found := _package(file, 1, release)) is not None:
        yield found
    stated = sorted(
        _HEADER.finditer(head), key=lambda found: found.group(1) != "License-Expression"
    )
    for found_line in stated[:1]:
        line = head.count("\n", 0, found_line.start()) + 1
        yield from _license(file, found_line.group(2).strip(), line)
        return
    yield from _classifiers(file, head)


def _classifiers(file: File, text: str) -> Iterator[Licensed]:
    for found in _CLASSIFIER.finditer(text[:200_000]):
        name = found.group(1).strip()
        line = text.count("\n", 0, found.start()) + 1
        yield from _license(file, name.rpartition(" :: ")[2], line)
        return


def _tagged(file: File, text: str) -> Iterator[Fact]:
    """``license`` of a citation file or of JSON metadata."""
    if file.suffix == ".cff":
        data, lines = yaml_text.load_with_lines(text)
        stated = data.get("license") if isinstance(data, dict) else None
        line = lines.get("/license", 1)
    else:
        value = json_text.load_object(text)
        stated, line = value.get("license"), json_text.line_of(text, "license")
    if isinstance(stated, str) and len(stated) < 200:
        yield from _license(file, stated, line)


def _license(file: File, stated: str, line: int) -> Iterator[Licensed]:
    """A tag that names a licence; one that names a file or nothing known is no statement."""
    known = licenses.normalize(stated.rsplit("/", 1)[-1] if "://" in stated else stated)
    if known is None:
        return
    yield Licensed(
        scope=_scope(file),
        license=known,
        how=How.TAG,
        evidence=(file.cite_lines(line),),
        detail=f"the metadata in {file.path} says {stated}",
    )


def _line(text: str, key: str) -> int:
    found = re.search(rf"^\s{{0,8}}{key}\s{{0,8}}=", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1
