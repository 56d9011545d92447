"""What an inspector is handed: files with bounded reads, and the only way to cite them.

A :class:`File` never opens anything itself. Its source gives it a ``reader`` (offset, length ->
bytes); everything above works the same on a folder, a commit, an archive or, later, a server.
Line numbers count line feeds, as editors and Git hosts do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from posixpath import splitext

from openassay.errors import ReadError
from openassay.types import Digest, Evidence, Gap, Span, Unit

MAX_TEXT = 4 << 20  # longer texts are cut: no card or licence needs more, and time is bounded
MAX_HASH = 64 << 20  # larger files are cited by a range, not by a hash of the whole
MAX_WHOLE = 1 << 20  # remote files up to this size are fetched whole to be hashed
MAX_QUOTE = 300
_NULS = 8192  # a NUL byte this early means binary

Reader = Callable[[int, int], bytes]


class FileKind(StrEnum):
    """What the source's listing says a path is."""

    FILE = "file"
    EXECUTABLE = "executable"
    SYMLINK = "symlink"  # never followed; ``target`` says where it points
    SUBMODULE = "submodule"  # a commit of another repository; ``target`` is its URL if known


@dataclass(frozen=True, slots=True)
class LfsPointer:
    """A Git LFS pointer: the tracked object lives in LFS storage."""

    oid: str  # sha256, hex
    size: int  # bytes of the real object


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded text. ``lines`` are without line ends; ``cut`` says the file goes on."""

    text: str
    lines: tuple[str, ...]
    encoding: str
    cut: bool = False


@dataclass(slots=True)
class File:
    """One path of a pinned source.

    ``problem`` is a gap reason (``missing_blob``, ``permission_denied``) when the listing has the
    path but its bytes cannot be had; ``read`` then raises :class:`ReadError`.
    """

    source: str
    path: str
    size: int
    reader: Reader
    kind: FileKind = FileKind.FILE
    target: str = ""
    lfs: LfsPointer | None = None
    problem: str | None = None
    link: str | None = None  # permanent URL of this file at its revision, without a line anchor
    published: Digest | None = None  # what its host's listing says it is, for files read remotely
    stamp: str = ""  # of a file on disk: which one it is and when it was changed
    gaps: list[Gap] = field(default_factory=list)
    name: str = field(init=False)
    folder: str = field(init=False)
    suffix: str = field(init=False)  # lower-case, with the dot: ``.py``
    _text: Text | None = None
    _digest: Digest | None = None

    def __post_init__(self) -> None:  # every inspector asks every file for these
        self.folder, _, self.name = self.path.rpartition("/")
        self.suffix = splitext(self.name)[1].lower()

    @property
    def is_regular(self) -> bool:
        return self.kind in (FileKind.FILE, FileKind.EXECUTABLE)

    @property
    def is_readable(self) -> bool:
        """Regular, not empty, its bytes at hand (an LFS pointer's are not)."""
        return self.is_regular and self.problem is None and self.lfs is None and self.size > 0

    def read(self, offset: int = 0, length: int | None = None) -> bytes:
        """At most ``length`` bytes from ``offset`` (default: to the end, at most MAX_HASH)."""
        if self.problem is not None:
            raise ReadError(f"{self.path}: {self.problem}", reason=self.problem)
        if not self.is_regular:
            raise ReadError(f"{self.path} is a {self.kind}", reason=str(self.kind))
        wanted = self.size - offset if length is None else length
        return self.reader(offset, max(0, min(wanted, MAX_HASH)))

    def text(self) -> Text | None:
        """The decoded text, or None for binary content. Longer than MAX_TEXT is cut, with a gap."""
        if self._text is None:
            raw = self.read(0, MAX_TEXT + 1)
            if b"\0" in raw[:_NULS] and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
                return None
            cut = len(raw) > MAX_TEXT
            if cut:
                self.gaps.append(
                    Gap(
                        source=self.source,
                        path=self.path,
                        by="files",
                        reason="too_long",
                        detail=f"only the first {MAX_TEXT >> 20} MiB of {self.size} bytes were "
                        f"read",
                    )
                )
            text, encoding = _decode(raw[:MAX_TEXT], cut)
            lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
            self._text = Text(text, lines, encoding, cut)
        return self._text

    @property
    def lines(self) -> tuple[str, ...]:
        """Lines of the text; empty for binary content."""
        text = self.text()
        return text.lines if text else ()

    def digest(self) -> Digest:
        """SHA-256 of the whole file, or of its first MAX_TEXT bytes when it is very large.

        Of a remote file that is not small it is what the listing says, so that nothing is fetched.
        """
        if self._digest is None:
            if self.lfs is not None:
                self._digest = Digest("lfs-sha256", self.lfs.oid)
            elif self.problem is not None or not self.is_regular:
                self._digest = Digest("sha256/path", hashlib.sha256(_bytes(self.path)).hexdigest())
            elif self.published is not None and self.size > MAX_WHOLE:
                self._digest = self.published
            elif self.size <= MAX_HASH:
                self._digest = Digest("sha256", hashlib.sha256(self.read()).hexdigest())
            else:
                head = hashlib.sha256(self.read(0, MAX_TEXT)).hexdigest()
                self._digest = Digest(f"sha256/bytes=0-{MAX_TEXT - 1}", head)
        return self._digest

    def cite_lines(self, start: int, end: int | None = None, quote: str | None = None) -> Evidence:
        """Cite lines ``start`` to ``end`` (1-based, inclusive). The quote begins on ``start``.

        A given ``quote`` must stand literally (white space aside) from that line on.
        """
        last = start if end is None else end
        lines = self.lines
        if not 1 <= start <= last <= len(lines):
            raise ValueError(f"{self.path} has no lines {start}-{last}")
        shown = " ".join(lines[start - 1 : last]) if quote is None else quote
        if quote is not None and not _stands(quote, lines[start - 1 : start + 7]):
            raise ValueError(f"{self.path}:{start} does not say {quote[:40]!r}")
        return self._evidence(Span(Unit.LINE, start, last), shown, f"#L{start}")

    def cite_bytes(self, start: int, end: int, quote: str) -> Evidence:
        """Cite bytes ``[start, end)``; ``quote`` says in words or text what stands there."""
        digest = self._digest
        if self.is_readable and end - start <= MAX_TEXT:
            digest = self._range_digest(start, end)
        return self._evidence(Span(Unit.BYTE, start, end), quote, "", digest)

    def cite_pointer(
        self, pointer: str, quote: str, within: tuple[int, int] | None = None
    ) -> Evidence:
        """Cite a value inside a structured file, e.g. ``/torch_dtype`` of a config.json.

        ``within`` are the bytes ``[start, end)`` that hold it, for files too large to hash: then
        the digest is theirs.
        """
        digest = None
        if within is not None and self.is_readable:
            start, end = within
            digest = self._range_digest(start, end)
        return self._evidence(Span(Unit.POINTER, pointer, pointer), quote, "", digest)

    def _range_digest(self, start: int, end: int) -> Digest:
        content = self.read(start, end - start)
        return Digest(f"sha256/bytes={start}-{end - 1}", hashlib.sha256(content).hexdigest())

    def cite_whole(self, quote: str = "") -> Evidence:
        """Cite the file as such: that it is there, and what it is.

        Where its bytes cannot be had only the listing can be cited.
        """
        if self.problem is not None:
            listed = f"{self.name} is listed here; its bytes are not at hand"
            return listing_evidence(self.source, self.folder, [self.path], listed)
        return self._evidence(Span(Unit.WHOLE), quote, "")

    def _evidence(
        self, span: Span, quote: str, anchor: str, digest: Digest | None = None
    ) -> Evidence:
        link = f"{self.link}{anchor}" if self.link else None
        shown = " ".join(quote[: 8 * MAX_QUOTE].split())
        if len(shown) > MAX_QUOTE:
            shown = shown[: MAX_QUOTE - 1] + "…"
        return Evidence(self.source, self.path, span, shown, digest or self.digest(), link)


def _stands(quote: str, lines: tuple[str, ...]) -> bool:
    """Whether the quote's beginning stands on these lines, white space aside."""
    if lines and quote[:40] in lines[0]:
        return True
    return " ".join(quote[:400].split())[:40] in " ".join(" ".join(lines).split())


def listing_evidence(source: str, folder: str, paths: list[str], quote: str) -> Evidence:
    """Cite the names of files: ``paths`` are those under ``folder`` that the quote counts."""
    joined = "\n".join(sorted(paths))
    digest = Digest("sha256/listing", hashlib.sha256(_bytes(joined)).hexdigest())
    return Evidence(source, folder, Span(Unit.LISTING, 0, len(paths)), quote[:MAX_QUOTE], digest)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _decode(raw: bytes, cut: bool) -> tuple[str, str]:
    """Text and encoding; ``cut`` says that the end may stand in the middle of a character."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace"), "utf-16"
    for encoding, name in (("utf-8-sig", "utf-8"), ("gb18030", "gb18030")):
        try:
            return raw.decode(encoding), name
        except UnicodeDecodeError as error:
            if cut and error.start >= len(raw) - 4:  # only the cut end is broken
                return raw[: error.start].decode(encoding, "replace"), name
    return raw.decode("utf-8-sig", "replace"), "utf-8?"
