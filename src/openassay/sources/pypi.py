"""A package of the index that pip is configured for; nothing of it is ever run.

The index is asked directly (PEP 503 and 691); the best file (a wheel for every platform, else any
wheel, else the source distribution) is downloaded once, checked against the index's SHA-256, kept
under ``$XDG_CACHE_HOME/openassay/pypi/`` and read as an archive. If no index can be reached so,
``pip download --only-binary=:all:`` is tried, which knows more ways to log in; it never builds.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from urllib.request import pathname2url, url2pathname

from openassay.errors import TargetError
from openassay.release import Source
from openassay.sources import _common as common
from openassay.sources import _index as index
from openassay.sources import _pipconfig as pipconfig
from openassay.sources._web import MAX_FILE, FetchError, Web, without_login
from openassay.sources.archive import open_archive
from openassay.types import Gap

_TARGET = re.compile(
    r"pypi:(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?)"
    r"(?:(?:==|@)(?P<version>[A-Za-z0-9.!+_-]{1,128}))?"
)
_MAX_PIP_SECONDS = 600
_QUIET = ("--no-input", "--quiet", "--disable-pip-version-check")
_ONE_FILE = (".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz", ".tar.xz")


@dataclass(frozen=True, slots=True)
class _Fetched:
    path: str
    version: str
    url: str  # without login; empty when pip fetched it
    checked: bool  # against a digest of the index


def open_pypi(target: str, stack: contextlib.ExitStack | None, *, offline: bool = False) -> Source:
    """Open ``pypi:NAME`` (the newest final version) or ``pypi:NAME==VERSION``."""
    found = _TARGET.fullmatch(target)
    if found is None:
        raise TargetError(
            f"{target}: not the name of a package",
            hint="Write pypi:NAME or pypi:NAME==VERSION, without extras or ranges.",
        )
    project, version = index.normal(found["name"]), found["version"]
    if version is not None and index.version_key(version) is None:
        raise TargetError(f"{target}: {version} is no version", hint="Write it like 1.2.3.")
    if offline:
        raise TargetError(
            f"{target}: an index cannot be asked offline",
            hint="`pip download --no-deps` it while online, and name the file.",
        )
    troubles: list[str] = []
    fetched = _fetch(target, project, version, pipconfig.read(), troubles)
    source = open_archive(target, fetched.path, stack, pin=f"pypi:{project}@{fetched.version}")
    source.kind = "pypi"
    source.name = project
    source.metadata["file"] = os.path.basename(fetched.path)
    if fetched.url:
        source.metadata["url"] = fetched.url
    if not fetched.checked:
        source.metadata["index_digest"] = "none"
    source.gaps += tuple(
        Gap(
            source=source.id,
            path="",
            by="sources.pypi",
            reason="index_unreachable",
            detail=f"a newer or other file may be there: {trouble}",
        )
        for trouble in troubles
    )
    return source


def _fetch(
    target: str,
    project: str,
    version: str | None,
    config: pipconfig.PipConfig,
    troubles: list[str],
) -> _Fetched:
    web = Web(config)
    links = _links(web, project, config, troubles)
    candidates = [one for link in links if (one := index.candidate(link, project))]
    best = index.best(candidates, version)
    if best is None:
        return _nothing(target, project, version, candidates, troubles)
    if best.link.url.startswith("file:"):
        return _local(target, best)
    return _download(target, web, best)


def _links(
    web: Web, project: str, config: pipconfig.PipConfig, troubles: list[str]
) -> Iterator[index.Link]:
    """Every link of every index and find-links place; what cannot be asked is in ``troubles``."""
    for place in config.indexes:
        base = place if "://" in place else "file:" + pathname2url(os.path.abspath(place))
        try:
            yield from web.page(f"{base.rstrip('/')}/{project}/")
        except FetchError as error:
            if not error.missing:
                troubles.append(f"{without_login(place)}: {error}")
    for place in config.find_links:
        try:
            yield from _found(web, place)
        except (FetchError, OSError) as error:
            troubles.append(f"{without_login(place)}: {error}")


def _found(web: Web, place: str) -> Iterator[index.Link]:
    """The links of a find-links place: a folder, a page, or a file itself."""
    if place.startswith(("http://", "https://")):
        if urlsplit(place).path.lower().endswith(_ONE_FILE):
            yield index.make_link(place)
        else:
            yield from web.page(place)
        return
    path = url2pathname(unquote(urlsplit(place).path)) if place.startswith("file:") else place
    path = os.path.abspath(os.path.expanduser(path))
    if os.path.isdir(path):
        for name in sorted(os.listdir(path)):
            yield index.make_link("file:" + pathname2url(os.path.join(path, name)))
    elif path.lower().endswith(_ONE_FILE):
        yield index.make_link("file:" + pathname2url(path))
    elif os.path.isfile(path):
        yield from web.page("file:" + pathname2url(path))


def _nothing(
    target: str,
    project: str,
    version: str | None,
    candidates: list[index.Candidate],
    troubles: list[str],
) -> _Fetched:
    """No file was found: say why, or let pip try where an index could not be asked."""
    if troubles and not candidates:
        if fetched := _by_pip(project, version):
            return fetched
        raise TargetError(
            f"{target}: no package index could be asked: " + "; ".join(troubles[:3]),
            hint="See what `pip download --no-deps` says of it; check `pip config list`.",
        )
    if candidates and version is not None:
        newest = sorted({(one.key, one.version) for one in candidates})[-5:]
        names = ", ".join(name for _, name in newest)
        raise TargetError(
            f"{target}: no such version on the index", hint=f"Versions there are: {names}."
        )
    raise TargetError(
        f"{target}: no wheel or source distribution on the index",
        hint="Check the name, and the indexes in `pip config list`.",
    )


def _local(target: str, best: index.Candidate) -> _Fetched:
    """A file on this machine is read where it lies."""
    path = url2pathname(unquote(urlsplit(best.link.url).path))
    digest = _sha256(target, path)
    if best.link.sha256 and digest != best.link.sha256:
        raise _mismatch(target, best.link)
    return _Fetched(path, best.version, "", bool(best.link.sha256))


def _download(target: str, web: Web, best: index.Candidate) -> _Fetched:
    name = os.path.basename(best.link.name)
    url = without_login(best.link.url)
    if best.link.sha256:
        kept = os.path.join(_cache(), best.link.sha256, name)
        if os.path.isfile(kept) and _sha256(target, kept) == best.link.sha256:
            return _Fetched(kept, best.version, url, True)
    descriptor, partial = tempfile.mkstemp(prefix="part-", dir=_cache())
    try:
        with os.fdopen(descriptor, "wb") as file:
            digest = web.download(best.link.url, file)
        if best.link.sha256 and digest != best.link.sha256:
            raise _mismatch(target, best.link)
        folder = os.path.join(_cache(), digest)
        os.makedirs(folder, exist_ok=True)
        kept = os.path.join(folder, name)
        os.replace(partial, kept)
    except FetchError as error:
        raise TargetError(
            f"{target}: {name} could not be downloaded: {error}", hint="Try again later."
        ) from error
    except OSError as error:
        raise TargetError(
            f"{target}: cannot keep {name}: {error}",
            hint="Make room, or set XDG_CACHE_HOME to a folder you may write.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(partial)
    return _Fetched(kept, best.version, url, bool(best.link.sha256))


def _mismatch(target: str, link: index.Link) -> TargetError:
    return TargetError(
        f"{target}: {link.name} is not the file whose SHA-256 the index gives",
        hint="The index or the way to it is broken; do not install this file.",
    )


def _sha256(target: str, path: str) -> str:
    digest = hashlib.sha256()
    try:
        descriptor = common.open_regular(path, follow=True)
        with os.fdopen(descriptor, "rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_FILE:
                raise TargetError(f"{target}: the file is too large", hint="Unpack it yourself.")
            while part := file.read(1 << 20):
                digest.update(part)
    except OSError as error:
        raise TargetError(str(common.unreadable(path, error)), hint="Check the path.") from error
    return digest.hexdigest()


def _cache() -> str:
    """The folder that downloads are kept in; a fresh one where none can be written."""
    folder = os.path.join(common.cache_folder(), "pypi")
    os.makedirs(folder, exist_ok=True)
    return folder


def _by_pip(project: str, version: str | None) -> _Fetched | None:
    """Let pip fetch a wheel; never a source distribution, whose building would run its code."""
    cache = _cache()
    folder = tempfile.mkdtemp(prefix="pip-", dir=cache)
    wanted = f"{project}=={version}" if version else project
    command = [sys.executable, "-I", "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    try:
        done = subprocess.run(
            [*command, *_QUIET, "--dest", folder, "--", wanted],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_MAX_PIP_SECONDS,
            cwd=folder,
            check=False,
        )
        names = [name for name in os.listdir(folder) if name.endswith(".whl")]
        if done.returncode != 0 or len(names) != 1:
            return None
        link = index.make_link("file:" + pathname2url(os.path.join(folder, names[0])))
        found = index.candidate(link, project)
        if found is None:
            return None
        digest = _sha256(project, os.path.join(folder, names[0]))
        os.makedirs(os.path.join(cache, digest), exist_ok=True)
        kept = os.path.join(cache, digest, names[0])
        os.replace(os.path.join(folder, names[0]), kept)
        return _Fetched(kept, found.version, "", True)  # pip has checked it
    except (OSError, subprocess.TimeoutExpired):
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
