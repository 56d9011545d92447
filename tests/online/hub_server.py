"""A server that the unmodified ``huggingface_hub`` client takes for the Hugging Face Hub.

``HubServer`` is two servers: the hub (``url``, for ``HF_ENDPOINT``) with its API and its
``resolve`` addresses, and ``cdn``, another origin that large files are redirected to. Both log
what is asked of them, and both take faults. What the Hub does that tells releases apart is here:
pinned commits, paged listings, LFS and Xet digests, gates, private, renamed and disabled
repositories, ``X-Error-Code`` answers, ranges, conditional requests.

One difference on purpose: the Hub leaves ``X-Error-Code`` out of some 401 answers of its API, and
the client tells a missing repository from them only at https addresses; here it is always sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import parse_qs, quote, urlencode

import hub_api
from blobs import Stored
from hub_repos import Commit, Content, HubFile, HubRepo, Kind
from ranges import compressed, serve_blob, validated
from web_server import Headers, Request, Response, Server, as_json, redirect, reply

KINDS: dict[str, Kind] = {f"{kind}s": kind for kind in get_args(Kind)}
API_WORDS = (
    "revision tree refs commits paths-info auth-check xet-read-token resolve treesize".split()
)
PAGE_WORDS = ("resolve", "raw", "blob", "tree", "commits")


class Refused(Exception):
    """An error answer of the Hub."""

    def __init__(
        self, status: int, code: str, message: str, headers: Headers | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.headers = {**(headers or {}), "X-Error-Message": message}
        if code:
            self.headers["X-Error-Code"] = code

    def response(self) -> Response:
        return as_json({"error": self.message}, self.status, self.headers)


@dataclass(frozen=True)
class Asked:
    """A request that found its repository."""

    request: Request
    repo: HubRepo
    user: str

    def commit(self, revision: str) -> Commit:
        found = self.repo.at(revision)
        if found is None:
            raise Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    def may_read(self, path: str) -> None:
        """Raises what the Hub says to someone who stands before a gate."""
        repo = self.repo
        if not repo.gated or self.user in repo.readers or path in repo.open_files:
            return
        kind = "" if repo.kind == "model" else f"{repo.kind} "
        start = f"Access to {kind or 'model '}{repo.id} is restricted"
        if not self.user:
            raise Refused(
                401, "GatedRepo",
                f"{start}. You must have access to it and be authenticated to access it. "
                "Please log in.",
            )  # fmt: skip
        raise Refused(
            403, "GatedRepo", f"{start} and you are not in the authorized list. "
            f"Visit https://huggingface.co/{repo.id} to ask for access.",
        )  # fmt: skip


class HubServer:
    """The hub and its CDN, until closed.

    ``tokens`` maps a token to its user. ``cdn_host`` may be ``localhost``, to be another host and
    not only another port. ``resolve_cache`` sends readers of small files once round, and
    ``compress`` packs text and JSON, both as the Hub does. A token that reaches the CDN is
    refused there, as S3 does.
    """

    def __init__(
        self,
        *,
        cdn_host: str = "127.0.0.1",
        resolve_cache: bool = True,
        xet: bool = True,
        compress: bool = False,
    ) -> None:
        self.repos: dict[tuple[Kind, str], HubRepo] = {}
        self.tokens: dict[str, str] = {}
        self.resolve_cache = resolve_cache
        self.xet = xet
        self.compress = compress
        self._objects: dict[str, HubFile] = {}
        self.server = Server(self._serve)
        self.cdn = Server(self._serve_object, host=cdn_host)
        self.url, self.log, self.faults = self.server.url, self.server.log, self.server.faults

    def close(self) -> None:
        try:
            self.server.close()
        finally:
            self.cdn.close()

    def __enter__(self) -> HubServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(
        self, repo: HubRepo | str, files: Mapping[str, Content] | None = None, **more: Any
    ) -> HubRepo:
        """Add a repository, or make one: ``hub.add("org/model", {"README.md": "…"})``."""
        made = repo if isinstance(repo, HubRepo) else HubRepo(repo, files=files or {}, **more)
        for id in (made.id, *made.former_ids):
            self.repos[made.kind, id] = made
        return made

    def requests(self) -> int:
        """How many requests came in, at both origins."""
        return len(self.log) + len(self.cdn.log)

    def sent(self) -> int:
        """Body bytes sent, by both origins."""
        return self.log.sent() + self.cdn.log.sent()

    # --- the hub

    def _serve(self, request: Request) -> Response:
        try:
            user = self._user(request)
            parts = request.segments
            if parts[0] == "api":
                answer = validated(request, self._api(request, user, parts[1:]))
            else:
                answer = self._page(request, user, parts)
            return compressed(request, answer) if self.compress else answer
        except Refused as refused:
            return refused.response()

    def _user(self, request: Request) -> str:
        header = request.headers.get("authorization", "")
        if not header:
            return ""
        token = header.removeprefix("Bearer ")
        if token not in self.tokens:
            raise Refused(401, "", "Invalid credentials in Authorization header")
        return self.tokens[token]

    def _api(self, request: Request, user: str, parts: tuple[str, ...]) -> Response:
        if parts[:1] == ("whoami-v2",):
            if not user:
                raise Refused(401, "", "Invalid username or password.")
            return as_json({"type": "user", "name": user, "orgs": []})
        if parts[:1] == ("resolve-cache",) and len(parts) > 4:
            return self._cached(request, parts[1:])
        kind = KINDS.get(parts[0])
        if kind is None:
            raise Refused(404, "", "Sorry, we can't find the page you are looking for.")
        if len(parts) == 1:
            visible = [r for (k, id), r in sorted(self.repos.items()) if k == kind and id == r.id]
            visible = [r for r in visible if not r.private or user in r.readers]
            return hub_api.listing(request, visible)
        id, rest = _split(parts[1:], API_WORDS)
        asked = self._find(request, user, kind, id)
        if isinstance(asked, Response):
            return asked
        return self._api_of(asked, rest)

    def _api_of(self, asked: Asked, rest: tuple[str, ...]) -> Response:
        word, rest = (rest[0], rest[1:]) if rest else ("", rest)
        revision = rest[0] if rest else "main"
        match word:
            case "" | "revision":
                return as_json(hub_api.info(asked.repo, asked.commit(revision), asked.request))
            case "tree":
                return hub_api.tree(asked.request, asked.repo, asked.commit(revision), rest[1:])
            case "paths-info":
                return hub_api.paths_info(asked.request, asked.commit(revision))
            case "refs":
                return as_json(hub_api.refs(asked.repo, asked.request.flag("include_prs")))
            case "commits":
                return hub_api.commits(asked.request, asked.commit(revision))
            case "auth-check":
                asked.may_read("")
                return reply("OK")
            case "xet-read-token":
                asked.may_read("")
                return as_json({"accessToken": "xet", "exp": 1 << 33, "casUrl": self.cdn.url})
        raise Refused(404, "", "Not found")

    def _find(self, request: Request, user: str, kind: Kind, id: str) -> Asked | Response:
        """The repository, or a redirection to its new name."""
        repo = self.repos.get((kind, id))
        if repo is None or (repo.private and user not in repo.readers):
            if user:
                raise Refused(404, "RepoNotFound", "Repository not found")
            raise Refused(401, "RepoNotFound", "Invalid username or password.")
        if repo.disabled:
            raise Refused(403, "", "Access to this resource is disabled.")
        if id != repo.id:
            return redirect(request.target.replace(id, repo.id, 1), 307)
        return Asked(request, repo, user)

    def _page(self, request: Request, user: str, parts: tuple[str, ...]) -> Response:
        """What lies outside the API: files, and pages for people."""
        kind = KINDS.get(parts[0], "model") if parts[0] != "models" else "model"
        id, rest = _split(parts[1:] if parts[0] in KINDS else parts, PAGE_WORDS)
        asked = self._find(request, user, kind, id)
        if isinstance(asked, Response):
            return asked
        if len(rest) > 2 and rest[0] in ("resolve", "raw"):
            return self._resolve(asked, rest[1], "/".join(rest[2:]), raw=rest[0] == "raw")
        title = f"{id} · Hugging Face"
        return reply(f"<!doctype html><title>{title}</title><h1>{id}</h1>\n", "text/html")

    def _resolve(self, asked: Asked, revision: str, path: str, *, raw: bool) -> Response:
        commit = asked.commit(revision)
        asked.may_read(path)
        file = commit.tree.get(path)
        if file is None:
            raise Refused(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": commit.id})
        if raw:
            content = Stored(file.pointer) if file.lfs else file.blob
            return serve_blob(asked.request, content, file.oid, "text/plain; charset=utf-8")
        if not file.lfs:
            repo = asked.repo
            if self.resolve_cache and not repo.private and not repo.gated:
                target = f"/api/resolve-cache/{repo.kind}s/{repo.id}/{commit.id}/{quote(path)}"
                headers = self._linked(file, commit)
                return redirect(f"{target}?{urlencode({'etag': file.etag})}", 307, headers)
            return self._small(asked.request, file, commit, path)
        return self._large(asked, file, commit, path)

    def _small(self, request: Request, file: HubFile, commit: Commit, path: str) -> Response:
        headers = {"X-Repo-Commit": commit.id, "Content-Disposition": _inline(path)}
        return serve_blob(request, file.blob, file.etag, "text/plain; charset=utf-8", headers)

    def _cached(self, request: Request, parts: tuple[str, ...]) -> Response:
        repo = self.repos.get((KINDS[parts[0]], f"{parts[1]}/{parts[2]}"))
        at, path = (3, 4) if repo else (2, 3)
        repo = repo or self.repos.get((KINDS[parts[0]], parts[1]))
        commit = repo.commits.get(parts[at]) if repo else None
        file = commit.tree.get("/".join(parts[path:])) if commit else None
        if not repo or not commit or not file or repo.private or repo.gated:
            raise Refused(404, "EntryNotFound", "Entry not found")
        return self._small(request, file, commit, "/".join(parts[path:]))

    def _linked(self, file: HubFile, commit: Commit) -> dict[str, str]:
        return {
            "X-Repo-Commit": commit.id,
            "X-Linked-Size": str(file.blob.size),
            "X-Linked-ETag": f'"{file.etag}"',
            "Accept-Ranges": "bytes",
        }

    def _large(self, asked: Asked, file: HubFile, commit: Commit, path: str) -> Response:
        key = f"repos/{hashlib.sha1(asked.repo.id.encode()).hexdigest()}/{file.blob.sha256}"
        self._objects[key] = file
        query = {"response-content-disposition": _inline(path), "Signature": _sign(key)}
        headers = self._linked(file, commit)
        if file.xet and self.xet:
            base = f"{self.url}/api/{asked.repo.kind}s/{asked.repo.id}"
            headers["X-Xet-Hash"] = file.xet_hash
            headers["Link"] = f'<{base}/xet-read-token/{commit.id}>; rel="xet-auth"'
        return redirect(f"{self.cdn.url}/{key}?{urlencode(query)}", 302, headers)

    # --- the CDN

    def _serve_object(self, request: Request) -> Response:
        key = request.path.lstrip("/")
        file = self._objects.get(key)
        signature = parse_qs(request.target.partition("?")[2]).get("Signature", [""])[0]
        if "authorization" in request.headers:
            return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
        if file is None or signature != _sign(key):
            return _xml(403, "AccessDenied", "Access denied")
        return serve_blob(request, file.blob, hashlib.md5(file.etag.encode()).hexdigest())


def _split(parts: Iterable[str], words: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The repository's id, of one name or two, and what follows it."""
    names = tuple(parts)
    at = 1 if len(names) == 1 or names[1] in words else 2
    return "/".join(names[:at]), names[at:]


def _inline(path: str) -> str:
    name = quote(path.rpartition("/")[2])
    return f"inline; filename*=UTF-8''{name}; filename=\"{name}\";"


def _sign(key: str) -> str:
    return hashlib.sha256(f"signed {key}".encode()).hexdigest()[:40]


def _xml(status: int, code: str, message: str) -> Response:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return reply(body, "application/xml", status)
