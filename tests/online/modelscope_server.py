"""A ModelScope-like server: info, listing and files of models and data sets, by its API.

Backed by the same :class:`HubRepo` as the hub, so one release can stand on both. Two habits of
the real one are kept: its branch is ``master``, and a range is answered with status 200 (set
``range_status`` to 206 for a server that follows the standard).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub_repos import Commit, Content, HubFile, HubRepo
from ranges import serve_blob
from web_server import Request, Response, Server, as_json, reply

NOT_FOUND = 10010205001


class ModelScopeServer:
    """Serves ``/api/v1/models/…`` and ``/api/v1/datasets/…``, until closed."""

    def __init__(self, *, range_status: int = 200) -> None:
        self.repos: dict[str, HubRepo] = {}
        self.tokens: dict[str, str] = {}
        self.range_status = range_status
        self.server = Server(self._serve)
        self.url, self.log, self.faults = self.server.url, self.server.log, self.server.faults

    def close(self) -> None:
        self.server.close()

    def __enter__(self) -> ModelScopeServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(
        self, repo: HubRepo | str, files: Mapping[str, Content] | None = None, **more: Any
    ) -> HubRepo:
        made = repo if isinstance(repo, HubRepo) else HubRepo(repo, files=files or {}, **more)
        self.repos[f"{made.kind}s/{made.id}"] = made
        return made

    def _serve(self, request: Request) -> Response:
        parts = request.segments
        if parts[:2] != ("api", "v1") or len(parts) < 5:
            return reply("<!doctype html><h1>404</h1>", "text/html", 404)
        repo = self.repos.get("/".join(parts[2:5]))
        user = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "), "")
        if repo is None or (repo.private and user not in repo.readers):
            return _no(404, NOT_FOUND, "Not found the model or permission denied")
        asked = request.option("Revision") or "master"
        commit = repo.at({"master": "main"}.get(asked, asked))
        if commit is None:
            return _no(404, NOT_FOUND, f"The revision {asked} is not found")
        match parts[5:]:
            case ():
                return _yes(_info(repo))
            case ("revisions",):
                return _yes({"RevisionMap": _revisions(repo)})
            case ("repo", "files"):
                return _yes({"Files": self._listing(request, commit), "IsVisual": 0})
            case ("repo", "tree"):  # of data sets, and in pages
                rows = self._listing(request, commit)
                size = int(request.option("PageSize", "100"))
                at = (int(request.option("PageNumber", "1")) - 1) * size
                return _yes({"Files": rows[at : at + size], "TotalCount": len(rows)})
            case ("repo",):
                if repo.gated and user not in repo.readers:
                    return _no(403, 10010205002, "Access to this model has to be asked for")
                return self._file(request, commit, request.option("FilePath"))
        return _no(404, NOT_FOUND, "Not found")

    def _listing(self, request: Request, commit: Commit) -> list[dict[str, Any]]:
        root, deep = request.option("Root").strip("/"), request.flag("Recursive")
        prefix = f"{root}/" if root else ""
        rows = [_row(path, commit, file) for path, file in commit.tree.items()]
        rows += [_row(path, commit, None) for path in commit.folders]
        return [
            row
            for row in sorted(rows, key=lambda row: str(row["Path"]))
            if row["Path"].startswith(prefix) and (deep or "/" not in row["Path"][len(prefix) :])
        ]

    def _file(self, request: Request, commit: Commit, path: str) -> Response:
        file = commit.tree.get(path)
        if file is None:
            return _no(404, NOT_FOUND, f"{path} is not found")
        answer = serve_blob(request, file.blob, file.blob.sha256)
        return replace(answer, status=self.range_status) if answer.status == 206 else answer


def _info(repo: HubRepo) -> dict[str, Any]:
    card = repo.card_data(repo.head) or {}
    readme = repo.head.tree.get("README.md")
    text = b"".join(readme.blob.read(0, readme.blob.size)) if readme else b""
    return {
        "Path": repo.author,
        "Name": repo.id.rpartition("/")[2],
        "License": str(card.get("license") or ""),
        "BaseModel": card.get("base_model") or [],
        "Tags": card.get("tags") or [],
        "ReadMeContent": text.decode("utf-8", "replace"),
        "Revision": "master",
        "Visibility": 1 if repo.private else 5,
        "StorageSize": sum(file.blob.size for file in repo.head.tree.values()),
    } | repo.info


def _revisions(repo: HubRepo) -> dict[str, list[dict[str, str]]]:
    branches = ["master" if name == "main" else name for name in sorted(repo.branches)]
    return {
        "Branches": [{"Revision": name} for name in branches],
        "Tags": [{"Revision": name} for name in sorted(repo.tags)],
    }


def _row(path: str, commit: Commit, file: HubFile | None) -> dict[str, Any]:
    return {
        "CommitMessage": commit.title,
        "CommittedDate": 1714564800,
        "InCheck": False,
        "IsLFS": bool(file and file.lfs),
        "Mode": "33188" if file else "16384",
        "Name": path.rpartition("/")[2],
        "Path": path,
        "Revision": commit.id,
        "Sha256": file.blob.sha256 if file else "",
        "Size": file.blob.size if file else 0,
        "Type": "blob" if file else "tree",
    }


def _yes(data: object) -> Response:
    body = {"Code": 200, "Data": data, "Message": "success", "RequestId": "0", "Success": True}
    return as_json(body)


def _no(status: int, code: int, message: str) -> Response:
    body = {"Code": code, "Data": None, "Message": message, "RequestId": "0", "Success": False}
    return as_json(body, status)
