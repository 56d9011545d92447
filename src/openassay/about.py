"""Works out who a release is about, before anything is judged: a :class:`Subject`.

Read in this order: the name of the repository or folder, the title and front matter of the root
README, and the hub accounts and model names it links. The newest generation that the release
itself carries names for is the subject; older ones and other models of the house are siblings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from openassay.files import File
from openassay.formats import markdown
from openassay.formats.locators import Target, classify
from openassay.release import Release, Source
from openassay.subject import ModelName, Subject, Whose, parse_name

_READMES = re.compile(
    r"^readme(?:[._-]?(?:en|zh|cn|chinese|english|zh[-_]cn))?\.(?:md|markdown|rst|txt)$"
    r"|^readme$",
    re.I,
)
_METADATA = ("setup.py", "setup.cfg", "pyproject.toml")
_PACKAGE = re.compile(r"^\s*name\s*=\s*[\"']?([A-Za-z][\w.-]{1,60})", re.M)
# the project's own page, as package metadata names it; dependencies stand under other keys
_HOME = re.compile(
    r"^\s*[\"']?(?:url|home-?page|repository|source(?: code)?)[\"']?\s*[:=]\s*[\"']?"
    r"(https?://[^\s\"'<>]{4,200})",
    re.M | re.I,
)
_MAX_LISTED = 400  # names looked at per README; lists of everything ever made are longer
_GENERIC = frozenset(
    [
        "model",
        "models",
        "llm",
        "project",
        "main",
        "repo",
        "repository",
        "code",
        "release",
        "src",
        "app",
        "demo",
        "test",
        "checkout",
        "tmp",
        "ai",
        "lm",
        "chat",
        "introduction",
        "overview",
        "readme",
        "welcome",
        "news",
    ]
)


def documents(release: Release) -> Iterator[File]:
    """READMEs at the root of each source, English before others, then by path."""
    found = [
        file
        for file in release.files
        if file.is_readable and _READMES.match(file.name) and release.is_front(file)
    ]
    yield from sorted(found, key=lambda file: (len(file.name), file.name))


def work_out(sources: Iterable[Source], about: Sequence[str] = ()) -> Subject:
    """The subject of a release made of these sources.

    ``about`` are names of the model that is asked about, where the caller knows: one of several in
    a repository, an older generation, or one that the repository is not called after.
    """
    release = Release(sources)
    readmes = [release.document(file) for file in documents(release)]
    repository = [name for source in release.sources for name in _source_names(source)]
    titles = [title for readme in readmes for title in _title_names(readme)]
    linked = [name for readme in readmes for name in _hub_names(readme)]
    asked = [parsed for name in about if (parsed := _meaningful(name))]
    families = _families(repository, titles, linked)
    families += [parsed.family for parsed in asked if parsed.family not in families]
    version = next((parsed.version for parsed in asked if parsed.version), ())
    owners = _owners(repository, linked, families)
    names = _own_names(release, readmes, repository + titles, linked, families, owners, version)
    names += [name for name in about if _meaningful(name) and name not in names]
    elsewhere = [name for readme in readmes for name in _versioned_repositories(readme)]
    siblings = _siblings(linked + elsewhere, owners, families)
    subject = Subject(tuple(names), frozenset(owners), tuple(siblings))
    foreign, bundled = _foreign(release, subject), frozenset(_bundled(release, subject))
    return Subject(subject.names, subject.owners, subject.siblings, foreign, bundled)


def _source_names(source: Source) -> Iterator[str]:
    """``owner/name`` or the parts of a folder's name that could be a model's."""
    name = source.metadata.get("name") or source.name
    yield name.replace("+", "/").replace("--", "/")


def _title_names(readme: markdown.Document) -> Iterator[str]:
    title = re.split(r"[:：|(（,，–—]| - ", readme.title)[0]
    title = re.sub(r"^[^\w]+|[^\w]+$", "", title)
    if title and len(title) <= 60 and len(title.split()) <= 5:
        yield title


def _hub_names(readme: markdown.Document) -> Iterator[str]:
    for link in readme.links[:_MAX_LISTED]:
        locator = classify(link.url)
        if locator.target is Target.MODEL and locator.owner and locator.name:
            yield locator.id


def _versioned_repositories(readme: markdown.Document) -> Iterator[str]:
    """``owner/name`` of linked code repositories that are called like a model with a version."""
    for link in readme.links[:_MAX_LISTED]:
        locator = classify(link.url)
        named = parse_name(locator.name) if locator.target is Target.REPOSITORY else None
        if named is not None and named.version and locator.owner:
            yield locator.id


def _families(repository: list[str], titles: list[str], linked: list[str]) -> list[str]:
    """Own families, the most telling first: the repository's name, if anything bears it out."""
    heads = [parsed for name in repository if (parsed := _meaningful(name))]
    others = [parsed for name in titles if (parsed := _meaningful(name))]
    counted = Counter(p.family for name in linked if (p := _meaningful(name)))
    families = [parsed.family for parsed in heads]
    for parsed in others:
        akin = any(
            _opens(p.family, parsed.family) or _closes(p.family, parsed.family) for p in heads
        )
        if counted.get(parsed.family) or akin:
            families.append(parsed.family)
    families += [f for f in counted if any(_opens(p.family, f) for p in heads)]
    families += [f for f in _of_the_house(linked, heads) if f not in families]
    if not any(counted.get(family) for family in families) and counted:
        owner_names = {_letters(name.split("/", 1)[0]) for name in repository if "/" in name}
        best, times = counted.most_common(1)[0]
        hub_owners = {_letters(name.split("/")[0]) for name in linked if best in _letters(name)}
        if times >= 2 and any(_akin(a, b) for a in owner_names for b in hub_owners):
            families.append(best)
    if not families:
        families += [parsed.family for parsed in others] or list(counted)[:1]
    return list(dict.fromkeys(families))


def _meaningful(name: str) -> ModelName | None:
    parsed = parse_name(name)
    return parsed if parsed and parsed.family not in _GENERIC and len(parsed.family) > 1 else None


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _akin(one: str, other: str) -> bool:
    """Whether two names could be the same house or family: equal, or one opens the other."""
    shorter, longer = sorted((_letters(one), _letters(other)), key=len)
    return len(shorter) >= 4 and longer.startswith(shorter)


def _of_the_house(linked: list[str], heads: list[ModelName]) -> list[str]:
    """Families of accounts that make up the own name: ``ACE/foo`` for ACE-Foo, or ``foo/bar-2``.

    A model of another account whose name merely ends the own one is its base, not itself.
    """
    found = []
    for name in linked:
        parsed = _meaningful(name)
        account = _letters(name.split("/", 1)[0])
        if parsed and any(h.family in (account, account + parsed.family) for h in heads):
            found.append(parsed.family)
    return list(dict.fromkeys(found))


def _opens(own: str, other: str) -> bool:
    """Whether another family's name is the own one with something added."""
    return len(own) >= 4 and other.startswith(own)


def _closes(own: str, other: str) -> bool:
    """Whether another family's name is the end of the own one (HOUSE-Name against name)."""
    return len(other) >= 3 and other != own and own.endswith(other)


def _owners(repository: list[str], linked: list[str], families: list[str]) -> set[str]:
    """Accounts that publish the release: the repository's, and hub accounts that bear it out."""
    owners = {name.split("/", 1)[0].lower() for name in repository if "/" in name}
    for name in linked:
        account = name.split("/", 1)[0]
        parsed = parse_name(name)
        same_house = any(_akin(account, owner) for owner in owners)
        if same_house or (parsed and parsed.family in families and _akin(account, parsed.family)):
            owners.add(account.lower())
    if len(owners - {n.split("/", 1)[0].lower() for n in repository if "/" in n}) == 0:
        own = Counter(
            name.split("/", 1)[0].lower()
            for name in linked
            if (p := parse_name(name)) and p.family in families
        )
        owners |= {account for account, _ in own.most_common(1)}
    return owners


def _own_names(
    release: Release,
    readmes: list[markdown.Document],
    first: list[str],
    linked: list[str],
    families: list[str],
    owners: set[str],
    version: tuple[int, ...],
) -> list[str]:
    """Names of one generation, the repository's own spelling first.

    ``version`` is the generation asked about; () is the one that the repository is called after,
    else the newest.
    """
    names = [n.rsplit("/", 1)[-1] for n in first if (p := parse_name(n)) and p.family in families]
    named_version = [p.version for name in names if (p := parse_name(name)) and p.version]
    version = version or (named_version or [_newest(release, readmes, linked, families)])[0]
    kept = [n for n in names if (p := parse_name(n)) and (not p.version or p.version == version)]
    published = [name for name in linked if name.split("/", 1)[0].lower() in owners]
    for name in published or linked:
        parsed = parse_name(name)
        if parsed and parsed.family in families and parsed.version == version:
            kept.append(name.rsplit("/", 1)[-1])
    if version:
        dotted = ".".join(map(str, version))
        kept = [n for n in kept if (p := parse_name(n)) and p.version == version] or kept
        kept += [f"{family}-{dotted}" for family in families]
    elif not kept:
        kept = list(families)
    return list(dict.fromkeys(kept))[:40]


def _newest(
    release: Release, readmes: list[markdown.Document], linked: list[str], families: list[str]
) -> tuple[int, ...]:
    """The highest version that hub ids, headings or folders give to an own family."""
    found: set[tuple[int, ...]] = set()
    candidates = list(linked)
    candidates += [part for _, folder in release.folders for part in folder.split("/")[-1:]]
    for name in candidates:
        if (parsed := parse_name(name)) and parsed.family in families and parsed.version:
            found.add(parsed.version)
    words = "|".join(re.escape(name) for name in _spellings(families, linked))
    if words:
        pattern = re.compile(rf"\b(?:{words})[ -]?v?(\d{{1,2}}(?:\.\d{{1,2}})?)(?![\w.])", re.I)
        for readme in readmes:
            titles = "\n".join(section.title for section in readme.sections)
            found |= {_version(hit.group(0)) for hit in pattern.finditer(titles)}
            opening = "\n".join(readme.lines[:80])[:20_000]
            counted = Counter(_version(hit.group(0)) for hit in pattern.finditer(opening))
            found |= {version for version, times in counted.items() if times >= 3}
    return max(found, default=())


def _version(name: str) -> tuple[int, ...]:
    """The version in a name that a pattern found, read as names are read everywhere."""
    parsed = parse_name(name)
    return parsed.version if parsed else ()


def _spellings(families: list[str], linked: list[str]) -> list[str]:
    spelled = set(families)
    for name in linked:
        stem = name.rsplit("/", 1)[-1]
        if (parsed := parse_name(stem)) and parsed.family in families:
            letters = re.match(r"[A-Za-z]+(?:-[A-Za-z]+)*", stem)
            if letters and _letters(letters.group(0)) == parsed.family:
                spelled.add(letters.group(0))
    return sorted(spelled, key=len, reverse=True)


def _siblings(linked: list[str], owners: set[str], families: list[str]) -> list[str]:
    """Other models of the same accounts, by names that are not of an own family."""
    found: dict[str, None] = {}
    for name in linked:
        parsed = _meaningful(name)
        if parsed is None or name.split("/", 1)[0].lower() not in owners:
            continue
        if not any(parsed.family.startswith(f) or f.startswith(parsed.family) for f in families):
            found[name] = None
    return list(found)


def _foreign(release: Release, subject: Subject) -> frozenset[str]:
    """Folders whose own README is titled after a sibling model."""
    found = set()
    for file in release.files:
        if file.folder and file.is_readable and _READMES.match(file.name):
            title = release.document(file).title
            words = [parse_name(word) for word in re.findall(r"[\w.-]+", title)[:12]]
            families = {word.family for word in words if word}
            siblings = {p.family for name in subject.siblings if (p := parse_name(name))}
            if families & siblings and not families & set(subject.families):
                found.add(file.folder.lower())
    return frozenset(found | set(_packages_of_others(release, subject)))


def _packages_of_others(release: Release, subject: Subject) -> Iterator[str]:
    """Folders with a licence and package metadata of their own, for a package of another name."""
    licensed = {
        (file.source, file.folder)
        for file in release.files
        if file.folder and re.match(r"(?:licen[cs]e|copying)(?:\.|$)", file.name, re.I)
    }
    for file in release.files:
        if (file.source, file.folder) not in licensed or file.name not in _METADATA:
            continue
        named = _PACKAGE.search("\n".join(file.lines[:2000])) if file.is_readable else None
        if named and subject.whose(named.group(1)) is not Whose.OWN:
            yield file.folder.lower()


def _bundled(release: Release, subject: Subject) -> Iterator[str]:
    """Folders below the root whose package metadata name another project's repository as home."""
    own = {source.name.lower().replace("+", "/") for source in release.sources}
    for file in release.files:
        folder = release.inner_path(file).rpartition("/")[0]
        if not folder or file.name not in _METADATA or not file.is_readable:
            continue
        text = "\n".join(line[:400] for line in file.lines[:2000])
        homes = [classify(url) for url in _HOME.findall(text)[:8]]
        homes = [home for home in homes if home.target is Target.REPOSITORY and home.owner]
        if homes and not any(
            subject.owns(home.owner)
            or home.id.lower() in own
            or subject.whose(home.id) is not Whose.OTHER
            for home in homes
        ):
            yield folder.lower()
