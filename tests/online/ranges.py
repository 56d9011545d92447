"""Blobs over HTTP as the standard has it: ranges, validators, conditional requests (RFC 9110)."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import replace

from blobs import Blob, blob
from web_server import Headers, Request, Response, reply

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def serve_blob(
    request: Request,
    content: Blob,
    etag: str,
    kind: str = "application/octet-stream",
    more: Headers | None = None,
) -> Response:
    """Answer GET or HEAD of a blob: 200, 206, 304 or 416. ``etag`` is without its quotes."""
    headers = {
        "Content-Type": kind,
        "Accept-Ranges": "bytes",
        "ETag": f'"{etag}"',
        **(more or {}),
    }
    wanted = request.headers.get("if-none-match", "")
    if wanted.strip() == "*" or etag in re.findall(r'"([^"]*)"', wanted):
        return Response(304, headers)
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    condition = request.headers.get("if-range", "").strip()
    if not asked or asked[0] == "bytes=-" or condition not in ("", f'"{etag}"'):
        return Response(200, headers, content.read(0, content.size), content.size)
    start, end = _bounds(asked[1], asked[2], content.size)
    if start >= end:
        headers["Content-Range"] = f"bytes */{content.size}"
        return reply("", kind, 416, headers)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    return Response(206, headers, content.read(start, end), end - start)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:  # the last so many bytes
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1 if last else size, size)


def validated(request: Request, answer: Response) -> Response:
    """A whole answer with a weak ETag made from it; 304 to a client that has it already."""
    if answer.status != 200 or "ETag" in answer.headers or request.method not in ("GET", "HEAD"):
        return answer
    data = b"".join(answer.body)
    etag = f'W/"{len(data):x}-{hashlib.sha1(data).hexdigest()[:27]}"'
    if etag in request.headers.get("if-none-match", ""):
        return Response(304, {"ETag": etag})
    return replace(answer, headers=answer.headers | {"ETag": etag}, body=[data])


def compressed(request: Request, answer: Response) -> Response:
    """Text and JSON packed for a client that takes gzip and asked for no range; no length then."""
    kind = answer.headers.get("Content-Type", "")
    takes = "gzip" in request.headers.get("accept-encoding", "") and "range" not in request.headers
    if answer.status != 200 or not takes or not kind.startswith(("text/", "application/json")):
        return answer
    packed = gzip.compress(b"".join(answer.body), mtime=0)
    headers = answer.headers | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(answer, headers=headers, body=[packed], length=None)


class Files:
    """An app that serves paths. ``files["/a/model.gguf"] = b"…"`` adds one, at any time."""

    def __init__(self, files: dict[str, Blob | bytes | str] | None = None) -> None:
        self._files: dict[str, Blob] = {}
        self.kinds: dict[str, str] = {}
        for path, content in (files or {}).items():
            self[path] = content

    def __setitem__(self, path: str, content: Blob | bytes | str) -> None:
        self._files[path] = blob(content)

    def __call__(self, request: Request) -> Response:
        content = self._files.get(request.path)
        if content is None:
            return reply("404 page not found\n", status=404)
        if request.method not in ("GET", "HEAD"):
            return reply("", status=405, headers={"Allow": "GET, HEAD"})
        kind = self.kinds.get(request.path, _kind(request.path))
        return serve_blob(request, content, content.sha256[:32], kind)


def _kind(path: str) -> str:
    kinds = {
        ".html": "text/html; charset=utf-8", ".json": "application/json", ".md": "text/markdown",
        ".txt": "text/plain", ".pdf": "application/pdf", ".zip": "application/zip",
        ".gz": "application/gzip",
    }  # fmt: skip
    return next((k for end, k in kinds.items() if path.endswith(end)), "application/octet-stream")
