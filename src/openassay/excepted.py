"""Files that a document takes out of the licence it states: "under X, except for these files".

Reads the sentence and the list below it, and finds each named file in the release. A list that is
not understood to the last entry is left alone: then whatever licence stands beside the main one
goes on to count for everything, which is the stricter reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from openassay import licenses
from openassay.files import File
from openassay.release import Release
from openassay.types import Evidence

OTHER_TERMS: Final = "LicenseRef-Other-Terms"  # taken out, and nothing says under which licence
_MAX_LISTED: Final = 100  # entries of one list
_MAX_FILES: Final = 300  # files that one list may mean
_MAX_ENTRY: Final = 600  # characters
_MAX_SIZE: Final = 1 << 20
_HEAD_LINES: Final = 4  # lines of the sentence before the list
_MAX_LINES: Final = 3 * _MAX_LISTED

_EXCEPT: Final = re.compile(
    r"\b(?:except(?:ing)?(?: for)?|with the exceptions? of|excluding|excludes?|other than"
    r"|apart from)\b[^.]{0,40}\b(?:files?|director(?:y|ies)|folders?|scripts?|modules?)\b"
    r"|除(?:了)?(?:以下|下列|如下)[^。]{0,12}(?:文件|目录|脚本)[^。]{0,4}外",
    re.IGNORECASE,
)
_REST_FOLLOWS: Final = re.compile(
    r"[^.]{0,80}?[,:，]\s?(?:the|this|all|our|本|其余|其他)", re.IGNORECASE
)
_RELATIVE: Final = re.compile(r"\b(?:which|that|whose|these|those)\b", re.IGNORECASE)
_ITEM: Final = re.compile(
    r"^\s{0,8}(?:[-*+•]|\d{1,3}[.)])\s{1,8}(?P<text>\S.*)$|^(?: {4}|\t)(?P<bare>\S+)\s*$"
)
_TAIL: Final = re.compile(r"^\s{0,3}(?:which|these|those|they|the above|the licen[cs]e)\b", re.I)
_PATHS: Final = re.compile(
    r"\[(?P<label>[^\[\]\n]{1,200})\]\((?P<link>[^()\s]{1,300})\)|`(?P<code>[^`\n]{1,200})`"
    r"|(?<![\w/.-])(?P<plain>[\w./-]{0,200}(?:/[\w.-]{0,80}\*?|\.[A-Za-z]\w{0,9}))(?![\w/-])"
)
_LEAD_IN: Final = re.compile(  # words before the first path of an entry
    r"(?:\s|[,;:.()*_]|\b(?:and|the|all|code|files?|folders?|director(?:y|ies)|in|under|of|from"
    r"|are|is|licensed|released|licen[cs]e|see)\b)*",
    re.IGNORECASE,
)
_LICENSE: Final = re.compile(r"[\w. -]{0,60}(?:licen[cs]e|copying)[\w. -]{0,60}", re.IGNORECASE)
#: Names that say nothing of what a licence file is for.
PLAIN_NAME: Final = re.compile(r"(?:licen[cs]e|copying)s?(?:\.\w{1,8})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Excepted:
    """What one list takes out. ``paths`` are tracked files, and folders with a slash at the end.

    ``named`` says under which licences an entry stands, where the list says so; ``texts`` holds
    (licence file beside the document, path) where nothing but that path can be meant by the file.
    ``start`` and ``end`` are the lines of the whole statement.
    """

    license: str
    source: str
    paths: tuple[str, ...]
    named: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...]
    start: int
    end: int
    evidence: Evidence

    def spoken_for(self, path: str) -> bool:
        """Whether anything says under which licence an entry stands."""
        return any(path == entry for entry, _ in self.named) or any(
            path == entry for _, entry in self.texts
        )


def excepted(document: File, release: Release) -> tuple[Excepted, ...]:
    """Every such list of a document at the front of the release, in order."""

    def listed(_: File) -> tuple[Excepted, ...]:
        return tuple(_excepted(document, release))

    return release.parsed(document, listed) if release.is_front(document) else ()


def meant_by(text: File, release: Release) -> Iterator[tuple[str, Evidence]]:
    """(path, evidence of the list) of the excepted files that a licence file speaks of."""
    for document in release.own_documents():
        for found in excepted(document, release):
            for of, path in found.texts:
                if (found.source, of) == (text.source, text.path):
                    yield path, found.evidence


def taken_out(release: Release) -> tuple[tuple[str, str], ...]:
    """(source, path) of all such files and folders."""
    return tuple(
        (found.source, path)
        for document in release.own_documents()
        for found in excepted(document, release)
        for path in found.paths
    )


def _excepted(document: File, release: Release) -> Iterator[Excepted]:
    lines = document.lines
    for number, line in enumerate(lines, start=1):
        hit = _EXCEPT.search(line[:2_000])
        if hit is None:
            continue
        entries = _entries(lines, number)
        if not entries:
            continue
        begins, last = _paragraph(lines, number), entries[-1].end
        before = " ".join((*lines[begins - 1 : number - 1], line[: hit.start()]))
        head = " ".join((line[hit.end() :], *lines[number : entries[0].start - 1]))
        main, around = _named(before), _named(head)
        if not main and _REST_FOLLOWS.match(head) and not _RELATIVE.search(head):
            main, around = around, ()  # "except for these files, the project is under X"
        tail = _tail(lines, last)
        if len(main) == 1:
            ends = tail or last
            around += _named(lines[tail - 1]) if tail else ()
            yield from _understood(document, release, (begins, ends), main[0], around, entries)


def _understood(
    document: File,
    release: Release,
    lines: tuple[int, int],
    main: str,
    around: tuple[str, ...],
    entries: Sequence[_Entry],
) -> Iterator[Excepted]:
    """The list with its files, when every entry names some that are there."""
    paths: dict[str, set[str]] = {}
    for entry in entries:
        found = _files_of(entry.text, document, release)
        if not found:
            return
        for path in found:
            paths.setdefault(path, set()).update(_named(entry.text) or around)
    if len(paths) > _MAX_FILES:
        return
    texts = _texts(document, release, main, lines)
    yield Excepted(
        license=main,
        source=document.source,
        paths=tuple(sorted(paths)),
        named=tuple(sorted((path, id) for path, ids in paths.items() for id in ids)),
        texts=tuple(
            (text, path)
            for text, ids in texts
            for path in sorted(paths)
            if not paths[path] or paths[path] & ids
        ),
        start=lines[0],
        end=lines[1],
        evidence=document.cite_lines(lines[0], min(lines[1], lines[0] + 20, len(document.lines))),
    )


def _paragraph(lines: Sequence[str], number: int) -> int:
    """The first line of the sentence that line ``number`` goes on with."""
    first = number
    while first > max(1, number - _HEAD_LINES) and lines[first - 2].strip():
        first -= 1
    return first


@dataclass(slots=True)
class _Entry:
    """One entry of a list, with its first and last line."""

    text: str
    start: int
    end: int


def _entries(lines: Sequence[str], number: int) -> list[_Entry]:
    """The whole list that follows a line; none where it cannot be seen where it ends.

    A second list after a line of words may go on with the first, under other terms.
    """
    entries: list[_Entry] = []
    for at in range(number + 1, min(len(lines), number + _MAX_LINES) + 1):
        line = lines[at - 1].rstrip()
        if len(line) > _MAX_ENTRY or len(entries) > _MAX_LISTED:
            return []
        if item := _ITEM.match(line):
            entries.append(_Entry(item["text"] or item["bare"], at, at))
        elif line.strip() in ("", "<br>"):
            continue
        elif entries and line.startswith((" ", "\t")) and entries[-1].end == at - 1:
            entries[-1].text += f" {line.strip()}"
            entries[-1].end = at
        elif entries:
            return [] if _goes_on(lines, at) else entries
        elif line.startswith("#") or at > number + _HEAD_LINES:
            return []
    return entries if len(lines) <= number + _MAX_LINES else []


def _goes_on(lines: Sequence[str], at: int) -> bool:
    """Whether another list of paths follows the line that ended one."""
    if lines[at - 1].startswith("#"):
        return False
    after = (line for line in lines[at : at + _HEAD_LINES] if line.strip())
    item = _ITEM.match(next(after, "")[:_MAX_ENTRY])
    return item is not None and _PATHS.search(item["text"] or item["bare"]) is not None


def _tail(lines: Sequence[str], last: int) -> int:
    """The line on which the sentence goes on behind its list ("which are under Y"); 0 for none."""
    for at in range(last + 1, min(len(lines), last + 2) + 1):
        if lines[at - 1].strip():
            return at if _TAIL.match(lines[at - 1]) else 0
    return 0


def _named(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.id for mention in licenses.mentions(text)))


def _files_of(text: str, document: File, release: Release) -> tuple[str, ...]:
    """Tracked paths that an entry names; () where it does not begin with one, or none is there."""
    found: dict[str, None] = {}
    for hit in _PATHS.finditer(text[: 2 * _MAX_ENTRY]):
        if not found and not _LEAD_IN.fullmatch(text[: hit.start()]):
            return ()
        name = hit.group("link") or hit.group("code") or hit.group("plain")
        if "://" in name:
            break  # where it came from; what follows is no list of ours
        meant = _tracked(name, document, release)
        if not meant and not found:
            return ()
        found.update(dict.fromkeys(meant))
    return tuple(found)


def _tracked(name: str, document: File, release: Release) -> tuple[str, ...]:
    """The file or folder of that path; where it is not there, every file of the same name."""
    name = name.removesuffix("*").removeprefix("./")
    if (file := release.resolve(document, name)) is not None:
        return (file.path,)
    folder = f"{document.folder}/{name}".strip("/") if document.folder else name.strip("/")
    if folder and release.has_folder(document.source, folder):
        return (f"{folder}/",)
    last = name.rstrip("/").rpartition("/")[2].lower()
    if "." not in last or last.startswith("."):
        return ()
    same = (f for f in release.files if f.source == document.source and f.name.lower() == last)
    return tuple(file.path for file in same)


def _texts(
    document: File, release: Release, main: str, ours: tuple[int, int]
) -> list[tuple[str, frozenset[str]]]:
    """Licence files beside the document, with their ids, that only the list can mean.

    The main licence's own text must be there too, and no other line may speak of the other.
    """
    found: dict[str, frozenset[str]] = {}
    for file in release.files:
        beside = file.source == document.source and file.folder == document.folder
        if beside and _LICENSE.fullmatch(file.name) and file.is_readable and file.size <= _MAX_SIZE:
            text = file.text()
            expression = licenses.identify(text.text).expression if text else None
            if expression:
                found[file.path] = frozenset(licenses.ids(expression))
    if not any(main in ids for ids in found.values()):
        return []
    rest = _other_lines(document, release, ours)
    spoken = {mention.id.lower() for mention in licenses.mentions(rest)}
    return [
        (path, ids)
        for path, ids in sorted(found.items())
        if main not in ids
        and not PLAIN_NAME.fullmatch(path.rpartition("/")[2])
        and not {id.lower() for id in ids} & spoken
        and path.rpartition("/")[2] not in rest
    ]


def _other_lines(document: File, release: Release, ours: tuple[int, int]) -> str:
    """What the documents at the front say outside of the statement."""
    found: list[str] = []
    for other in release.own_documents():
        if release.is_front(other):
            skipped = range(ours[0], ours[1] + 1) if other is document else range(0)
            found += (line for n, line in enumerate(other.lines, 1) if n not in skipped)
    return "\n".join(found)
