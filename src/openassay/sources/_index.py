"""The simple package index, in HTML (PEP 503) and JSON (PEP 691), and which file to take.

Only names, hashes and sizes are read. Versions are ordered after PEP 440.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote, urljoin, urlsplit

MAX_LINKS = 100_000

_VERSION = re.compile(
    r"v?(?:(?P<epoch>\d{1,9})!)?(?P<release>\d{1,18}(?:\.\d{1,18}){0,20})"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<pre_n>\d{0,9}))?"
    r"(?P<post>-(?P<post_i>\d{1,9})|[-_.]?(?:post|rev|r)[-_.]?(?P<post_n>\d{0,9}))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>\d{0,9}))?"
    r"(?:\+(?P<local>[a-z0-9]{1,64}(?:[-_.][a-z0-9]{1,64}){0,10}))?",
    re.IGNORECASE,
)
_PRE = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")
_TAG = re.compile(r"<(a|base)\s([^<>]{1,8000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"([A-Za-z][\w-]{0,60})(?:\s{0,8}=\s{0,8}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?"
)
_SHA256 = re.compile(r"(?:^|&)sha256=([0-9a-fA-F]{64})(?:&|$)")


@dataclass(frozen=True, slots=True)
class Link:
    """One file of a project on an index; ``sha256`` is empty where the index gives none."""

    name: str  # file name
    url: str
    sha256: str = ""
    yanked: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A link whose file name says project and version."""

    link: Link
    version: str
    key: tuple[int, ...]
    rank: int  # 0 a wheel for every platform, 1 another wheel, 2 a source distribution

    @property
    def is_final(self) -> bool:
        """Neither a pre-release nor a development release."""
        return self.key[21] == 3 and self.key[25] == 1


def normal(name: str) -> str:
    """A project's normalised name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def version_key(version: str) -> tuple[int, ...] | None:
    """Orders versions as PEP 440 does, local parts aside; None for what is no version."""
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        return None
    release = [int(part) for part in found["release"].split(".")]
    numbers = (release + [0] * 20)[:20]
    pre = _PRE[found["pre"].lower()] if found["pre"] else 3
    dev_only = found["dev"] is not None and pre == 3 and found["post"] is None
    post = int(found["post_i"] or found["post_n"] or 0) if found["post"] else 0
    return (
        int(found["epoch"] or 0),
        *numbers,
        -1 if dev_only else pre,
        int(found["pre_n"] or 0) if found["pre"] else 0,
        1 if found["post"] else 0,
        post,
        0 if found["dev"] is not None else 1,
        int(found["dev_n"] or 0) if found["dev"] is not None else 0,
    )


def candidate(link: Link, project: str) -> Candidate | None:
    """The link as a file of ``project`` (normalised); None when it is no wheel or sdist of it."""
    name = link.name
    if name.lower().endswith(".whl"):
        parts = name[:-4].split("-")
        if len(parts) not in (5, 6) or normal(parts[0]) != project:
            return None
        rank = 0 if parts[-1] == "any" and parts[-2] == "none" else 1
        return _candidate(link, parts[1].replace("_", "-"), rank)
    for end in _SDISTS:
        if name.lower().endswith(end):
            stem = name[: -len(end)]
            for dash in (found.start() for found in re.finditer("-", stem)):
                if normal(stem[:dash]) == project:
                    return _candidate(link, stem[dash + 1 :], 2)
    return None


def _candidate(link: Link, version: str, rank: int) -> Candidate | None:
    key = version_key(version)
    return Candidate(link, version, key, rank) if key else None


def best(candidates: Iterable[Candidate], version: str | None) -> Candidate | None:
    """The file to read: the newest final version, or the one asked for; wheels before sources.

    A yanked file is taken only when its very version was asked for, as PEP 592 has it.
    """
    pool = list(candidates)
    if version is not None:
        wanted = version_key(version)
        same = [one for one in pool if one.key == wanted]
        if "+" in version:
            same = [one for one in same if one.version.lower() == version.lower()]
        pool = [one for one in same if not one.link.yanked] or same
    else:
        pool = [one for one in pool if not one.link.yanked]
        pool = [one for one in pool if one.is_final] or pool
        newest = max((one.key for one in pool), default=None)
        pool = [one for one in pool if one.key == newest]
    return min(pool, key=lambda one: (one.rank, one.link.name, one.link.url), default=None)


def links(content: bytes, kind: str, base: str) -> list[Link]:
    """The links of an index page. ``kind`` is its content type, ``base`` its own URL."""
    text = content.decode("utf-8", "replace")
    if "json" in kind:
        return _json_links(text, base)
    return list(_anchors(text, base))


def make_link(url: str, *, sha256: str = "", yanked: bool = False, name: str = "") -> Link:
    """A link from its URL; the fragment's ``sha256=`` counts where no hash is given."""
    parts = urlsplit(url)
    digest = sha256 or (found[1] if (found := _SHA256.search(parts.fragment)) else "")
    bare = parts._replace(fragment="").geturl()
    name = name or unquote(parts.path.rsplit("/", 1)[-1])
    return Link(name, bare, digest.lower(), yanked)


def _json_links(text: str, base: str) -> list[Link]:
    """Raises ``ValueError`` for what is not JSON."""
    data = json.loads(text)
    files = data.get("files") if isinstance(data, dict) else None
    found = []
    for file in (files if isinstance(files, list) else [])[:MAX_LINKS]:
        if not isinstance(file, dict) or not isinstance(file.get("url"), str):
            continue
        hashes = file.get("hashes")
        digest = hashes.get("sha256") if isinstance(hashes, dict) else ""
        name = file.get("filename")
        try:
            link = make_link(
                urljoin(base, file["url"]),
                sha256=digest if isinstance(digest, str) else "",
                yanked=bool(file.get("yanked")),
                name=name if isinstance(name, str) else "",
            )
        except ValueError:
            continue  # no URL at all
        found.append(link)
    return found


def _anchors(text: str, base: str) -> Iterator[Link]:
    """The anchors of a page as PEP 503 writes them; a ``<base>`` moves where links start.

    Read by a bounded pattern: the page is somebody else's, and a full HTML parser can be made slow.
    """
    count = 0
    for tag in _TAG.finditer(text):
        values = {
            name.lower(): unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(tag.group(2))
        }
        href = values.get("href", "")
        if not href:
            continue
        if tag.group(1).lower() == "base":
            base = _joined(base, href) or base
        elif count < MAX_LINKS and (url := _joined(base, href)):
            count += 1
            yield make_link(url, yanked="data-yanked" in values)


def _joined(base: str, href: str) -> str:
    try:
        url = urljoin(base, href.strip())
        urlsplit(url)
    except ValueError:
        return ""
    return url
