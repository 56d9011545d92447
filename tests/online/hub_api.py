"""The answers of the hub's API: repository info, paged listings, refs, commits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode

from hub_repos import Commit, HubFile, HubRepo, tags_of
from web_server import Headers, Request, Response, as_json

EXPANDED_PAGE = 100  # entries of a page when each comes with its last commit


def info(repo: HubRepo, commit: Commit, request: Request | None = None) -> dict[str, Any]:
    """What ``/api/models/ID`` says of a repository at a commit."""
    card = repo.card_data(commit)
    blobs = request is not None and request.flag("blobs")
    data: dict[str, Any] = {
        "_id": commit.id[:24],
        "id": repo.id,
        "author": repo.author,
        "sha": commit.id,
        "lastModified": repo.head.date,
        "createdAt": list(commit.history())[-1].date,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": repo.disabled,
        "downloads": 12,
        "likes": 3,
        "tags": list(tags_of(card or {})),
        "siblings": [_sibling(path, file, blobs) for path, file in sorted(commit.tree.items())],
        "usedStorage": sum(file.blob.size for file in commit.tree.values()),
    }
    if card is not None:
        data["cardData"] = card
    if repo.kind == "model":
        data["modelId"] = repo.id
        for key in ("pipeline_tag", "library_name"):
            if card and key in card:
                data[key] = card[key]
    data |= repo.info
    wanted = _expand(request)
    if wanted:
        shown = {"_id", "id", *wanted}
        data = {key: value for key, value in data.items() if key in shown}
    return data


def _expand(request: Request | None) -> list[str]:
    query = request.query if request else {}
    values = query.get("expand", []) + query.get("expand[]", [])
    return [value for value in values if value.lower() not in ("true", "false")]


def _sibling(path: str, file: HubFile, blobs: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"rfilename": path}
    if blobs:
        data |= {"blobId": file.oid, "size": file.blob.size}
        if file.lfs:
            pointer = len(file.pointer)
            data["lfs"] = {
                "sha256": file.blob.sha256,
                "size": file.blob.size,
                "pointerSize": pointer,
            }
    return data


def tree(request: Request, repo: HubRepo, commit: Commit, folder: Sequence[str]) -> Response:
    """One page of the listing of a folder; 404 when there is no such folder."""
    inside = "/".join(folder).strip("/")
    if inside and inside not in commit.folders and inside not in commit.tree:
        message = f"{inside} does not exist"
        headers = {"X-Error-Code": "EntryNotFound", "X-Error-Message": message}
        return as_json({"error": message}, 404, headers)
    entries = _entries(commit, inside, request.flag("recursive"))
    expand = request.flag("expand")
    if expand:
        entries = [entry | _last(commit) for entry in entries]
    most = min(repo.page_size, EXPANDED_PAGE) if expand else repo.page_size
    return _page(request, entries, most)


def _entries(commit: Commit, inside: str, recursive: bool) -> list[dict[str, Any]]:
    prefix = f"{inside}/" if inside else ""
    rows = [(path, _file(path, file)) for path, file in commit.tree.items()]
    rows += [(path, _folder(path, id)) for path, id in commit.folders.items()]
    return [
        row
        for path, row in sorted(rows, key=lambda row: row[0])
        if path.startswith(prefix) and (recursive or "/" not in path[len(prefix) :])
    ]


def _file(path: str, file: HubFile) -> dict[str, Any]:
    data: dict[str, Any] = {"type": "file", "oid": file.oid, "size": file.blob.size, "path": path}
    if file.lfs:
        lfs = {"oid": file.blob.sha256, "size": file.blob.size, "pointerSize": len(file.pointer)}
        data["lfs"] = lfs
        if file.xet:
            data["xetHash"] = file.xet_hash
    return data


def _folder(path: str, id: str) -> dict[str, Any]:
    return {"type": "directory", "oid": id, "size": 0, "path": path}


def _last(commit: Commit) -> dict[str, Any]:
    return {"lastCommit": {"id": commit.id, "title": commit.title, "date": commit.date}}


def paths_info(request: Request, commit: Commit) -> Response:
    """Info of the paths that were posted, as a form or as JSON; unknown ones are left out."""
    if "json" in request.headers.get("content-type", ""):
        body = json.loads(request.body)
        paths, expand = body["paths"], bool(body.get("expand"))
    else:
        form = parse_qs(request.body.decode())
        paths, expand = form.get("paths", []), form.get("expand", [""])[0].lower() == "true"
    found = []
    for path in paths:
        if path in commit.tree:
            found.append(_file(path, commit.tree[path]))
        elif path in commit.folders:
            found.append(_folder(path, commit.folders[path]))
    return as_json([row | (_last(commit) if expand else {}) for row in found])


def refs(repo: HubRepo, pull_requests: bool) -> dict[str, Any]:
    """Branches, tags and conversions with their commits."""

    def rows(prefix: str, named: dict[str, Commit]) -> list[dict[str, str]]:
        return [
            {"name": name, "ref": prefix + name, "targetCommit": commit.id}
            for name, commit in sorted(named.items())
        ]

    data = {
        "branches": rows("refs/heads/", repo.branches),
        "converts": rows("refs/convert/", repo.converts),
        "tags": rows("refs/tags/", repo.tags),
    }
    if pull_requests:
        data["pullRequests"] = rows("refs/", repo.pull_requests)
    return data


def commits(request: Request, commit: Commit) -> Response:
    """The history of a revision, 50 commits a page."""
    rows = [
        {
            "id": at.id,
            "title": at.title,
            "message": "",
            "date": at.date,
            "authors": [{"user": "author", "avatar": ""}],
        }
        for at in commit.history()
    ]
    return _page(request, rows, 50, {"X-Total-Count": str(len(rows))})


def listing(request: Request, repos: Iterable[HubRepo]) -> Response:
    """Search: by author, by words of the id, by tags."""
    author, search = request.option("author"), request.option("search").lower()
    filters = [word for value in request.query.get("filter", []) for word in value.split(",")]
    rows = []
    for repo in repos:
        row = info(repo, repo.head)
        if (author and repo.author != author) or search not in repo.id.lower():
            continue
        if all(word in row["tags"] for word in filters):
            full = request.flag("full")
            rows.append(row if full else {k: v for k, v in row.items() if k != "siblings"})
    return _page(request, rows, 1000)


def _page(
    request: Request, rows: list[dict[str, Any]], most: int, more: Headers | None = None
) -> Response:
    """Some rows, and a Link to the next ones."""
    headers = dict(more or {})
    start = int(request.option("cursor", "0") or 0)
    limit = request.option("limit")
    end = start + (min(most, int(limit)) if limit.isdigit() else most)
    if end < len(rows):
        query = {key: values for key, values in request.query.items() if key != "cursor"}
        following = urlencode(query | {"cursor": [str(end)]}, doseq=True)
        headers["Link"] = f'<{request.server.url}{request.path}?{following}>; rel="next"'
    return as_json(rows[start:end], headers=headers)
