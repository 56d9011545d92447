"""Licence files: what they are by their text, what they cover by their name and folder.

A file called LICENSE is a licence only when its text is one. A card, a page of terms or a single
URL under that name is a pointer: stated, and followed inside the release, never a licence itself.
``MODEL_LICENSE`` and its kin speak of one kind of content; the root ``LICENSE`` of what is tracked
under it; one in a folder of that folder.

Not seen: licences in a README's sentences (document inspectors), scanned PDFs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from openassay import licenses
from openassay.errors import ReadError
from openassay.excepted import PLAIN_NAME, meant_by
from openassay.files import File, FileKind
from openassay.formats import path_words, pdf_text, weights_names
from openassay.formats.bounded import FormatError
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Evidence, Fact, Gap, How, Licensed, Stated

NAME = "license_files"
COMPONENTS: tuple[str, ...] = ()  # licences govern components; they are none themselves

_NAME: Final = re.compile(
    r"(?:[\w. -]{0,60}[-_ .])?(?:licen[cs]es?|copying|copyright|unlicense|agreement|"
    r"terms_of_use|terms|use[-_]policy)(?:[-_ .][\w. ()-]{0,60})?",
    re.IGNORECASE,
)
_CHINESE: Final = re.compile(r"协议|许可")
_SUFFIXES: Final = frozenset(["", ".md", ".txt", ".pdf", ".rst", ".html", ".license"])
_FOLDER: Final = re.compile(r"(?:[\w-]{1,30}[-_])?licen[cs]es?|agreements", re.IGNORECASE)
_POLICY: Final = re.compile(r"polic(?:y|ies)|acceptable[-_ ]use|使用政策", re.IGNORECASE)
_ABOUT_WEIGHTS: Final = re.compile(
    r"\bweights\b|\bcheckpoints?\b|权重|模型参数|检查点", re.IGNORECASE
)
_NOTICE: Final = re.compile(
    r"third[- ]party|\bnotices?\b|\bcomponents?\b|\bportions\b|\bbundled\b|\bincludes?\b"
    r"|\b(?:code|files?|parts?) (?:of|from|in)\b|\binspired by\b|\badapted from\b",
    re.IGNORECASE,
)
_COPYRIGHT: Final = re.compile(r"\W{0,6}(?:copyright\b|\(c\)|©|all rights reserved)", re.I)
_OTHERS: Final = frozenset(["third", "party", "3rd", "thirdparty", "dependencies"])
_VERSIONED: Final = re.compile(
    r"(?i:licen[cs]e|copying)[-_.](?:(?=[\w.-]{0,30}[A-Z0-9])[\w.-]{1,40}|apache|mit|bsd|gpl)"
)
_NOT_LICENSES: Final = frozenset(["header", "headers", "checker", "template", "py", "badge"])
_MAX_SIZE: Final = 1 << 20
_MAX_PDF: Final = 16 << 20
_KINDS: Final = (
    ("weights", frozenset(["model", "models", "weight", "weights", "checkpoint", "ckpt", "模型"])),
    ("data", frozenset(["data", "dataset", "datasets", "数据"])),
    ("code", frozenset(["code", "software", "source", "代码"])),
    ("document", frozenset(["docs", "doc", "documentation", "paper"])),
)
_TARGET: Final = re.compile(
    r"https?://[^\s)>\]\"']{4,300}|\]\(([^)\s]{1,200}(?:\s[^)\s]{1,60}){0,4})\)"
    r"|(?:^|[\s(\"'`])([\w./-]{0,150}(?:LICENSE|LICENCE|COPYING)[\w.-]{0,60})"
)
_BLOB: Final = re.compile(r"/(?:blob|raw|tree|resolve)/[^/\s]{1,100}/([^\s#?]{1,300})")
_MAX_RESTRICTIONS: Final = 24
# The clause reader's terms that are restrictions; "" stands for any value that is not a plain no.
_RESTRICTS: Final = {
    ("commercial_use", "no"): "non_commercial",
    ("commercial_use", "conditional"): "commercial_application",
    ("user_threshold", ""): "user_cap",
    ("geographic_limit", ""): "territory",
    ("field_of_use_restrictions", "yes"): "field_of_use",
    ("acceptable_use_policy", "yes"): "field_of_use",
    ("forbids_training_other_models", "yes"): "no_training",
    ("registration_required", "yes"): "registration",
    ("revocable_or_updatable", "yes"): "revocable",
}


def wants(file: File, release: Release) -> bool:
    """Files whose name says licence, and everything in a folder of licences."""
    if file.suffix not in _SUFFIXES and not _ends_like_version(file):
        return False
    if file.kind is FileKind.SUBMODULE or not _is_named_license(file):
        return False
    return release.place(file) is not Place.FIXTURE


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    """The licence of a scope, or what the file points to instead; and its restrictions."""
    scope = scope_of(file, release)
    if file.kind is FileKind.SYMLINK:
        yield from _follow(file, file.target, scope, release)
        return
    if not file.is_readable or file.size > _MAX_PDF:
        yield from _unread(file)
        return
    text, how = _text_of(file)
    if text is None:
        yield Gap(
            source=file.source,
            path=file.path,
            by=NAME,
            reason="no_text",
            detail="a licence file whose text cannot be read: pictures of pages, or fonts "
            "that do not say which letters they show",
        )
        return
    found = licenses.identify(text[:_MAX_SIZE])
    if scope == "path:" and found.expression and (only := dict(meant_by(file, release))):
        yield from _of_named_files(file, found, only, how)
        for kind in _other_kinds(only, release):  # it may be meant for those as well
            yield _licensed(file, found, kind, how)
        yield from _restrictions(file, text, f"path:{min(only)}", how)
        return
    if scope.startswith("path:") and _is_models_own(file, text, release):
        scope = "weights"
    policy = _POLICY.search(file.name) is not None
    if (own := _before_notices(file, found, how)) is not None:
        yield from _with_notices(file, found, own, scope)
        return
    if found.expression is None and found.guard in (None, "untitled"):
        yield _unnamed(file, scope, how, release)
    elif found.expression is None:
        yield from _pointer(file, text, scope, found.guard or "unknown", release)
    elif not policy:  # a use policy limits the licence beside it, it grants nothing
        yield _licensed(file, found, scope, how)
        if scope == "path:" and _is_model_license(found, text):
            yield _licensed(file, found, "weights", how)
    if found.expression is None or policy or _reads_terms(found):
        yield from _restrictions(file, text, scope, how)


def scope_of(file: File, release: Release) -> str:
    """What a licence file covers: a kind by its name, or the path it lies at.

    A text in a folder of licences covers what its name says; one that names nothing, beside a
    licence at the root, is only kept there for others to refer to.
    """
    words = path_words.words(file.name.rsplit(".", 1)[0] if file.suffix else file.name)
    above, _, last = file.folder.rpartition("/")
    if not words.isdisjoint(_OTHERS):
        return f"path:{file.path}"
    folder = file.folder
    if last.lower().endswith((".dist-info", ".egg-info")) or _FOLDER.fullmatch(last):
        folder = above
        words = words | path_words.words(last)
        if above.lower().endswith((".dist-info", ".egg-info")):
            folder = above.rpartition("/")[0]
    if release.place(file) is Place.OWN:
        for kind, names in _KINDS:
            if words & names or any(n in file.name for n in names if not n.isascii()):
                return kind
    if _FOLDER.fullmatch(last) and _has_license(file.source, folder, release):
        return f"path:{file.path}"
    return f"path:{folder}/" if folder else "path:"


def _is_models_own(file: File, text: str, release: Release) -> bool:
    """A licence with a name of its own, beside a plain LICENSE, whose text is about weights."""
    if PLAIN_NAME.fullmatch(file.name) or release.place(file) is not Place.OWN:
        return False
    return _has_license(file.source, file.folder, release) and (
        _ABOUT_WEIGHTS.search(text[:6_000]) is not None
    )


def _is_model_license(found: licenses.Identification, text: str) -> bool:
    """Whether the licence at the root is one for models, whose own text covers the weights."""
    known = licenses.info(found.matches[0].id) if found.matches else None
    own_terms = known is None or known.kind == "restricted"
    return own_terms and _ABOUT_WEIGHTS.search(text[:6_000]) is not None


_DATA_SUFFIXES: Final = frozenset([".jsonl", ".parquet", ".arrow", ".csv", ".tsv"])
_SOME_DATA: Final = 64 << 10  # bytes; less is a table of names


def _other_kinds(only: Iterable[str], release: Release) -> Iterator[str]:
    """Kinds of tracked content of which no file is named: nothing says that they are left out."""
    named = {path.rpartition(".")[2] for path in only}
    for kind, suffixes, least in (
        ("weights", weights_names.SUFFIXES, 1),
        ("data", _DATA_SUFFIXES, _SOME_DATA),
    ):
        files = (f for f in release.files if weights_names.suffix_of(f.name) in suffixes)
        seen = {f.suffix.removeprefix(".") for f in files if f.size >= least}
        if seen and not seen & named:
            yield kind


def _has_license(source: str, folder: str, release: Release) -> bool:
    prefix = f"{folder}/" if folder else ""
    names = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING")
    return any(release.get(source, prefix + name) is not None for name in names)


def _is_named_license(file: File) -> bool:
    stem = file.name
    if not (_NAME.fullmatch(stem) or _CHINESE.search(stem)):
        return _FOLDER.fullmatch(file.folder.rsplit("/", 1)[-1]) is not None and file.size > 200
    return path_words.words(stem).isdisjoint(_NOT_LICENSES)


def _ends_like_version(file: File) -> bool:
    """``LICENSE-2.0``, ``LICENSE.OpenMDW-1.1``, ``LICENSE.PLM``: the suffix is part of the name."""
    return _VERSIONED.fullmatch(file.name) is not None


def _text_of(file: File) -> tuple[str | None, How]:
    if file.suffix == ".pdf" or file.read(0, 5) == b"%PDF-":
        try:
            text = pdf_text.text(file.read(0, _MAX_PDF))
        except FormatError:
            text = None
        return text, How.PDF
    found = file.text() if file.size <= _MAX_SIZE else None
    return (found.text if found else None), How.TEXT


def _unread(file: File) -> Iterator[Gap]:
    if file.size == 0 and file.problem is None:
        reason, detail = "empty", "a licence file of 0 bytes says nothing"
    else:
        reason = file.problem or ("lfs_pointer" if file.lfs else "too_large")
        detail = "the licence file is tracked but its bytes were not read"
    yield Gap(source=file.source, path=file.path, by=NAME, reason=reason, detail=detail)


def _licensed(file: File, found: licenses.Identification, scope: str, how: How) -> Licensed:
    assert found.expression is not None
    changed = ", with changes to its text" if found.modified else ""
    return Licensed(
        scope=scope,
        license=found.expression,
        how=how,
        modified=found.modified,
        evidence=(_first_line(file, how, found),),
        detail=f"{file.path} is the text of {found.expression}{changed}",
    )


def _unnamed(file: File, scope: str, how: How, release: Release) -> Licensed:
    """A licence text that nobody here knows and that gives itself no name: named by its file."""
    stem = file.name.removesuffix(file.suffix) if file.suffix in _SUFFIXES else file.name
    plain = path_words.words(stem) <= {"license", "licence", "copying", "model", "weights", "data"}
    name = f"{release.subject.name.rpartition('/')[2]} {stem}" if plain else stem
    return Licensed(
        scope=scope,
        license="LicenseRef-" + "-".join(re.findall(r"[A-Za-z0-9.]+", name)[:8] or ["Unnamed"]),
        how=how,
        evidence=(_first_line(file, how),),
        detail=f"{file.path} is a licence text that is not a known one and has no title",
    )


def _before_notices(file: File, found: licenses.Identification, how: How) -> licenses.Match | None:
    """The whole licence a file begins with, when texts of other people's parts are appended."""
    if how is not How.TEXT or len(found.matches) < 2:
        return None
    first, second = found.matches[:2]
    between = " ".join(file.lines[first.end : second.start])[:4_000]
    if found.guard != "notice" and not _NOTICE.search(between):
        return None
    above = (line for line in file.lines[: first.start - 1] if line.strip())
    complete = first.coverage >= 0.95 and licenses.openness(first.id, "code") is True
    return first if complete and all(_heads(line, first.id) for line in above) else None


def _heads(line: str, id: str) -> bool:
    """Whether a line above a licence's text is part of it: its title, a copyright line, a rule."""
    if not any(letter.isalnum() for letter in line[:200]):
        return True
    return _COPYRIGHT.match(line) is not None or licenses.normalize(line[:200]) == id


def _with_notices(
    file: File, found: licenses.Identification, own: licenses.Match, scope: str
) -> Iterator[Licensed]:
    """The own licence for the scope; the appended ones for the file that keeps them."""
    yield Licensed(
        scope=scope,
        license=own.id,
        how=How.TEXT,
        evidence=(file.cite_lines(own.start),),
        detail=f"{file.path} begins with the whole text of {own.id}; others are appended after it",
    )
    yield Licensed(
        scope=f"path:{file.path}",
        license=found.expression or own.id,
        how=How.TEXT,
        evidence=tuple(file.cite_lines(match.start) for match in found.matches[1:4]),
        detail="licences of other people's parts, kept after the own one",
    )


def _of_named_files(
    file: File, found: licenses.Identification, only: dict[str, Evidence], how: How
) -> Iterator[Licensed]:
    """The licence of files that a document takes out of the main one, and of nothing else."""
    for path, listed in only.items():
        whole = _licensed(file, found, f"path:{path}", how)
        yield replace(whole, evidence=(*whole.evidence, listed))


def _first_line(file: File, how: How, found: licenses.Identification | None = None) -> Evidence:
    """The line the licence begins on, or the first that says something."""
    if how is How.PDF:
        return file.cite_whole("licence text in a PDF")
    start = found.matches[0].start if found and found.matches else 1
    lines = file.lines
    for number in range(max(start, 1), min(len(lines), start + 40) + 1):
        if any(letter.isalpha() for letter in lines[number - 1][:200]):
            return file.cite_lines(number)
    return file.cite_lines(1)


def _pointer(
    file: File, text: str, scope: str, guard: str, release: Release
) -> Iterator[Fact | Gap]:
    """A file under a licence's name that is none: where it points, and whether that exists."""
    targets = [] if guard == "policy" else list(_targets(text))
    if not targets:
        yield Stated(
            topic="license_pointer",
            value=guard,
            subject=scope,
            evidence=(_first_line(file, How.TEXT),),
            detail=f"{file.path} is not a licence text ({guard})",
        )
    for target in targets[:8]:
        yield _points(file, target, scope, release)


def _targets(text: str) -> Iterator[str]:
    seen: set[str] = set()
    for found in _TARGET.finditer(text[:60_000]):
        target = (found.group(1) or found.group(2) or found.group(0)).lstrip(" `\"'(")
        target = target.rstrip(" .,`\"'")
        named = _NAME.search(target) or _CHINESE.search(target) or "://" in target
        if named and target not in seen:
            seen.add(target)
            yield target


def _points(file: File, target: str, scope: str, release: Release) -> Stated:
    """That a file points somewhere, and whether anything is there."""
    inside = _target_file(file, target, release)
    if inside is not None:
        detail = f"points to {inside.path}"
    elif "://" in target and not _own_url(file, target, release):
        detail = "points outside the release; what stands there was not read"
    else:
        detail = f"points to {target}, which is not in the release"
    where = file.cite_whole(target) if not file.is_readable else _line_with(file, target)
    return Stated(
        topic="license_pointer", value=target, subject=scope, evidence=(where,), detail=detail
    )


def _target_file(file: File, target: str, release: Release) -> File | None:
    """The file of the release that a relative link, or a link to its own repository, means."""
    path = _own_url(file, target, release) or target
    return release.resolve(file, path) or release.resolve(file, unquote(path))


def _own_url(file: File, target: str, release: Release) -> str:
    """``/PATH`` of a URL into the source's own repository, or empty."""
    name = next((source.name for source in release.sources if source.id == file.source), "")
    if "/" not in name or f"/{name.lower()}/" not in target.lower():
        return ""
    found = _BLOB.search(target)
    return "/" + found.group(1) if found else ""


def _follow(file: File, target: str, scope: str, release: Release) -> Iterator[Fact | Gap]:
    """State where a link points; a target inside the release that is a licence text counts."""
    yield _points(file, target, scope, release)
    inside = _target_file(file, target, release)
    if inside is None or not inside.is_readable:
        return
    try:
        text, how = _text_of(inside)
    except ReadError:
        return
    found = licenses.identify(text[:_MAX_SIZE]) if text else None
    if found is not None and found.expression is not None:
        yield _licensed(inside, found, scope, how)


def _line_with(file: File, target: str) -> Evidence:
    if file.suffix == ".pdf":
        return file.cite_whole(target)
    for number, line in enumerate(file.lines[:5_000], start=1):
        if target[:60] in line:
            return file.cite_lines(number)
    return file.cite_lines(1)


def _reads_terms(found: licenses.Identification) -> bool:
    """Known, unchanged open licences need no clause reading; every other text does."""
    assert found.expression is not None
    open_to_all = any(licenses.openness(found.expression, kind) for kind in ("code", "data"))
    return found.modified or not open_to_all


def _restrictions(file: File, text: str, scope: str, how: How) -> Iterator[Stated]:
    """What the text forbids or asks beyond an open licence, each with its sentence."""
    count = 0
    for term in licenses.read_terms(text[:_MAX_SIZE]):
        value = _RESTRICTS.get((term.name, term.value))
        if value is None and term.value not in ("", "no", "none", "unknown"):
            value = _RESTRICTS.get((term.name, ""))
        if value is None or count >= _MAX_RESTRICTIONS:
            continue
        count += 1
        where = (
            file.cite_whole(term.quote)
            if how is How.PDF
            else file.cite_lines(term.start_line, max(term.start_line, term.end_line))
        )
        yield Stated(
            topic="restriction",
            value=value,
            subject=scope,
            evidence=(where,),
            detail=f"{file.path}: {term.name} {term.value}",
        )
