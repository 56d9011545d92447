"""A model or data set of ModelScope, by its interface of listings and files.

Models are asked for at ``/api/v1/models``, data sets at ``/api/v1/datasets``; the listing has
sizes and SHA-256 digests. A revision that the listing pins to a commit is read at that commit.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from openassay.files import File
from openassay.release import Source
from openassay.sources import _common as common
from openassay.sources import _paths as paths
from openassay.sources.online.answers import answer_file
from openassay.sources.online.early import fetch_early
from openassay.sources.online.faults import FetchError
from openassay.sources.online.ranges import Budget, RangedFile
from openassay.sources.online.web import Web
from openassay.sources.targets import Name
from openassay.types import Digest

HOST = "https://modelscope.cn"
_MAX_PAGES = 100
_PER_PAGE = 500
_SHA256 = re.compile(r"[0-9a-f]{64}")


def open_modelscope(name: Name, web: Web) -> Source:
    """The files of a repository at a revision, else at ``master``."""
    api = f"{web.mirrored(HOST)}/api/v1/{name.kind}s/{name.id}"
    told = _data(web.json(api), name)
    entries, gaps = _listing(web, api, name)
    commits = {str(entry.get("Revision", "")) for entry in entries}
    listed = sorted(f"{e['Path']}\0{e.get('Size')}\0{e.get('Sha256')}" for e in entries)
    digest = hashlib.sha256("\n".join(listed).encode()).hexdigest()
    revision = commits.pop() if len(commits) == 1 and "" not in commits else digest
    shown = f"datasets/{name.id}" if name.kind == "dataset" else name.id
    pin = f"modelscope:{shown}@{revision}"
    budget = Budget(web.store)
    files = tuple(_file(web, api, pin, name, budget, entry) for entry in entries)
    fetch_early(files, gaps)
    return Source(
        id=pin,
        kind="modelscope",
        locator=f"modelscope:{shown}" + (f"@{name.revision}" if name.revision else ""),
        revision=revision,
        name=name.id,
        files=files,
        gaps=gaps.gaps(pin),
        metadata={"hub": name.kind, "url": f"{HOST}/{name.kind}s/{name.id}"},
        answers=(answer_file(pin, "hub:info.json", _lasting(told, name)),),
    )


def _lasting(told: dict[str, Any], name: Name) -> dict[str, Any]:
    """What the host says, less what changes from day to day, in the words of the other hub."""
    return {
        "id": name.id,
        "asked_for": name.id,
        "kind": name.kind,
        "gated": bool(told.get("ApprovalMode")) or False,
        "private": told.get("Visibility") == 1,
        "license": told.get("License"),
        "tags": sorted(str(tag) for tag in told.get("Tags") or [])[:100],
        "base_model": told.get("BaseModel"),
    }


def _listing(web: Web, api: str, name: Name) -> tuple[list[dict[str, Any]], common.GapLog]:
    gaps = common.GapLog("sources.modelscope")
    found: dict[str, dict[str, Any]] = {}
    leaf = "repo/files" if name.kind == "model" else "repo/tree"
    for page in range(1, _MAX_PAGES + 1):
        query = {
            "Revision": name.revision or "master",
            "Recursive": "true",
            "PageNumber": page,
            "PageSize": _PER_PAGE,
        }
        data = _data(web.json(f"{api}/{leaf}?{urlencode(query)}"), name)
        entries = data.get("Files")
        if not isinstance(entries, list):
            raise FetchError(f"{name.id}: the listing has no files", reason="wrong_content")
        before = len(found)
        for entry in entries:
            _collect(entry, found, gaps)
        if len(entries) < _PER_PAGE or len(found) == before or len(found) > common.MAX_FILES:
            break
    return [found[path] for path in sorted(found)], gaps


def _collect(entry: Any, found: dict[str, dict[str, Any]], gaps: common.GapLog) -> None:
    if not isinstance(entry, dict) or entry.get("Type") == "tree":
        return
    path, size = entry.get("Path"), entry.get("Size")
    if not isinstance(path, str) or not isinstance(size, int) or size < 0:
        gaps.add("", "broken_listing", "an entry without path or size")
        return
    raw = path.encode("utf-8", "surrogateescape")
    if why := paths.unsafe(raw):
        gaps.add(paths.shown(raw)[: paths.MAX_PATH], "unsafe_path", f"refused: {why}")
    else:
        found.setdefault(path, entry)


def _data(answer: Any, name: Name) -> dict[str, Any]:
    """The payload; the host reports its own errors with a status of 200."""
    if not isinstance(answer, dict):
        raise FetchError(f"{name.id}: an answer that is none", reason="wrong_content")
    data = answer.get("Data")
    if answer.get("Success") is False or not isinstance(data, dict):
        words = str(answer.get("Message") or "no such repository")[:200]
        raise FetchError(f"modelscope:{name.id}: {words}", reason="not_found")
    return data


def _file(web: Web, api: str, pin: str, name: Name, budget: Budget, entry: dict[str, Any]) -> File:
    path, size = str(entry["Path"]), int(entry["Size"])
    sha = str(entry.get("Sha256") or "")
    query = urlencode({"Revision": name.revision or "master", "FilePath": path})
    fetch = partial(_fetch, web, f"{api}/repo?{query}", path, size, sha)
    shown = paths.shown(path.encode("utf-8", "surrogateescape"))
    ranged = RangedFile(fetch, size, budget, shown, (pin, shown))
    link = f"{HOST}/{name.kind}s/{name.id}/file/view/{name.revision or 'master'}/{quote(path)}"
    published = Digest("lfs-sha256", sha) if _SHA256.fullmatch(sha) else None
    return File(
        source=pin, path=shown, size=size, reader=ranged.read, link=link, published=published
    )


def _fetch(web: Web, url: str, path: str, size: int, sha: str, start: int, end: int) -> bytes:
    if (start, end) == (0, size):
        content = web.get(url, limit=size).content
        if _SHA256.fullmatch(sha) and hashlib.sha256(content).hexdigest() != sha:
            raise FetchError(f"{path}: not what was listed", reason="wrong_content")
        return content
    piece = web.piece(url, start, end)
    if piece.size != size:
        raise FetchError(f"{path}: not the size that was listed", reason="wrong_content")
    return piece.content
