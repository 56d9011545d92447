"""What is audited: pinned sources, their files, and who the release is about.

A :class:`Release` is the one thing every inspector is handed beside a file. It answers the
questions that no single file can: which files are there, is a path part of this release or of a
sibling, a vendored library or a test fixture, and is a model name this release's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import join, normpath
from typing import TypeVar
from urllib.parse import unquote

from openassay.errors import ReadError
from openassay.files import File, FileKind, listing_evidence
from openassay.formats import markdown
from openassay.formats.locators import classify
from openassay.subject import Place, Subject
from openassay.types import Evidence, Gap, SourceInfo

T = TypeVar("T")

# what a document that cannot be read could have shown
IN_DOCUMENTS = (
    "datasets",
    "model_parameters_final",
    "model_parameters_intermediate",
    "training_code",
    "inference_code",
    "evaluation_code",
    "evaluation_data",
    "evaluation_results",
    "model_card",
    "data_card",
    "technical_report",
    "research_paper",
    "sample_outputs",
)
_DOCUMENT_SUFFIXES = frozenset((".md", ".markdown", ".mdx", ".rst"))
_LOCAL = ("dir", "file", "git", "archive", "pypi")  # kinds of sources; a package is fetched whole


def is_document(file: File) -> bool:
    """Whether a file is prose for people: Markdown, reStructuredText, or a README."""
    name = file.name.lower()
    return file.suffix in _DOCUMENT_SUFFIXES or name in ("readme", "readme.txt")


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def read_document(file: File) -> markdown.Document:
    """A file's text as a document; an empty one, with a gap, when its bytes cannot be had."""
    try:
        return markdown.parse(file.lines)
    except ReadError as error:
        file.gaps.append(
            Gap(
                source=file.source,
                path=file.path,
                by="documents",
                reason=error.reason,
                detail=str(error),
                components=IN_DOCUMENTS,
            )
        )
        return markdown.parse(())


@dataclass(slots=True)
class Source:
    """One pinned place that files come from.

    ``id`` is the pin that evidence carries (``git:URL@commit``, ``dir:NAME@digest``,
    ``archive:NAME@sha256``, ``pypi:NAME@VERSION``); ``name`` is the hint a reader would give
    (``owner/name`` or a folder's name); ``metadata`` are facts of the transport, such as a wheel's
    classifiers, by key; ``answers`` are what the host says of it, which is no part of its tree.
    """

    id: str
    kind: str
    locator: str
    revision: str
    name: str
    files: tuple[File, ...] = ()
    gaps: tuple[Gap, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    answers: tuple[File, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether bytes are read from this machine's disk, packed or not."""
        return self.kind in _LOCAL

    def info(self) -> SourceInfo:
        return SourceInfo(
            id=self.id,
            kind=self.kind,
            locator=self.locator,
            revision=self.revision,
            files=len(self.files),
        )


class Release:
    """All sources of one release, and what every inspector may ask about them."""

    def __init__(self, sources: Iterable[Source], subject: Subject | None = None) -> None:
        self.sources = tuple(sources)
        self.subject = subject or Subject()
        self._places: dict[tuple[str, str], Place] = {}
        self._memo: dict[tuple[str, str, str], object] = {}

    @cached_property
    def files(self) -> tuple[File, ...]:
        """Every file of every source, by source and path."""
        return tuple(file for source in self.sources for file in source.files)

    @cached_property
    def file_names(self) -> frozenset[str]:
        """The lower-case names, without folders, of all files."""
        return frozenset(file.name.lower() for file in self.files)

    @cached_property
    def _by_path(self) -> dict[tuple[str, str], File]:
        return {(file.source, file.path): file for file in self.files}

    @cached_property
    def folders(self) -> frozenset[tuple[str, str]]:
        """(source, folder) of every folder that holds a file, the root included."""
        found: set[tuple[str, str]] = set()
        for file in self.files:
            folder = file.folder
            while (file.source, folder) not in found:
                found.add((file.source, folder))
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    def get(self, source: str, path: str) -> File | None:
        """The file at a path of a source, or None."""
        return self._by_path.get((source, path))

    def resolve(self, file: File, target: str) -> File | None:
        """The file that a relative link in ``file`` points to; None if there is none.

        A leading slash means the root, as Git hosts read it; nothing leads out of the root.
        """
        target = unquote(target.split("#", 1)[0].split("?", 1)[0])
        if not target or "://" in target:
            return None
        base = "" if target.startswith("/") else file.folder
        path = normpath(join(base, target.lstrip("/")))
        return None if path.startswith("..") else self.get(file.source, path)

    def resolve_link(self, file: File, url: str) -> File | None:
        """The tracked file behind a link: by path, or by an absolute address into a source."""
        if "://" not in url:
            return self.resolve(file, url)
        locator = classify(url)
        by_name = {s.name.lower().replace("+", "/"): s.id for s in self.sources}
        source = by_name.get(locator.id.lower())
        parts = locator.path.split("/", 2)
        if source is None or len(parts) < 3 or parts[0] not in ("blob", "raw", "tree", "resolve"):
            return None
        return self.get(source, unquote(parts[2].split("?", 1)[0]))

    def has_folder(self, source: str, folder: str) -> bool:
        return (source, folder.strip("/")) in self.folders

    def submodules(self) -> tuple[File, ...]:
        return tuple(file for file in self.files if file.kind is FileKind.SUBMODULE)

    def parsed(self, file: File, parse: Callable[[File], T]) -> T:
        """``parse(file)``, done once per file and parser."""
        key = (f"{parse.__module__}.{parse.__qualname__}", file.source, file.path)
        if key not in self._memo:
            self._memo[key] = parse(file)
        return self._memo[key]  # type: ignore[return-value]  # the key names the parser

    def document(self, file: File) -> markdown.Document:
        """The file read as a document, once."""
        return self.parsed(file, read_document)

    def own_documents(self) -> tuple[File, ...]:
        """The release's own documents, nearest the root first, English before others."""
        found = [file for file in self.files if file.is_readable and is_document(file)]
        own = [file for file in found if self.place(file) is Place.OWN]
        return tuple(sorted(own, key=lambda f: (f.path.count("/"), len(f.name), f.source, f.path)))

    def is_front(self, file: File) -> bool:
        """Whether a document stands where a reader starts: at the root, or, in a source whose
        root has no README (a package around a model's folder), in the shallowest folder with one.
        """
        return self.inner_path(file).rpartition("/")[0] == self._fronts.get(file.source, "")

    @cached_property
    def _fronts(self) -> dict[str, str]:
        fronts: dict[str, str] = {}
        for file in self.files:
            if file.name.lower().startswith("readme") and is_document(file):
                folder = self.inner_path(file).rpartition("/")[0]
                best = fronts.get(file.source)
                if best is None or (_depth(folder), folder) < (_depth(best), best):
                    fronts[file.source] = folder
        return fronts

    def inner_path(self, file: File) -> str:
        """The path without the single top folder that an archive wraps everything in."""
        prefix = self._prefixes.get(file.source, "")
        return file.path.removeprefix(prefix).lstrip("/") if prefix else file.path

    @cached_property
    def _prefixes(self) -> dict[str, str]:
        return {source.id: source.metadata.get("prefix", "") for source in self.sources}

    def place(self, file: File) -> Place:
        """Whether a path is the release's own, a sibling's, vendored or a fixture."""
        key = (file.source, file.path)
        if key not in self._places:  # asked by every inspector of every file
            self._places[key] = self.subject.place(self.inner_path(file))
        return self._places[key]

    def is_bundled(self, file: File) -> bool:
        """Whether a file came along with somebody else's package (see :class:`Subject`)."""
        return self.subject.is_bundled(self.inner_path(file))

    def cite_listing(self, source: str, folder: str, files: Iterable[File], quote: str) -> Evidence:
        """Cite that certain files are there, by their names alone."""
        return listing_evidence(source, folder, [file.path for file in files], quote)
