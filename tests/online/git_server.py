"""Real Git over HTTP on loopback: ``git http-backend`` behind the test server.

Bare repositories are served at ``/OWNER/NAME`` and ``/OWNER/NAME.git``, as the public hosts do.
Partial clone (``--filter=blob:limit=…``) can be on or off for each.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from blobs import blob, lfs_pointer, write
from hub_repos import Content
from web_server import Request, Response, Server, redirect, reply

_SERVICES = ("info/refs", "git-upload-pack", "HEAD", "objects/")


def git_environment(home: Path) -> dict[str, str]:
    """An environment in which Git knows nothing of whoever runs the tests; commits are dated."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env = {key: value for key, value in env.items() if not key.lower().endswith("_proxy")}
    who = {"NAME": "A. Author", "EMAIL": "author@example.org", "DATE": "2024-05-01T12:00:00+0000"}
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_{what}": value for what, value in who.items()}
    return env | {
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


@dataclass
class GitRepo:
    """One served repository. ``login`` is ``user:password`` where it is private."""

    name: str
    path: Path  # the bare repository
    server: GitServer
    login: str = ""
    former: tuple[str, ...] = ()  # names that redirect here

    @property
    def url(self) -> str:
        return f"{self.server.url}/{self.name}"

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        return self.server.git(self.path, *arguments)

    def configure(self, *, partial_clone: bool) -> None:
        """Allow filters and objects by id, or refuse both as an old server does."""
        value = "true" if partial_clone else "false"
        for key in ("allowFilter", "allowAnySHA1InWant", "allowReachableSHA1InWant"):
            self.git("config", f"uploadpack.{key}", value)

    def commit(
        self,
        files: Mapping[str, Content | None],
        *,
        branch: str = "main",
        message: str = "Upload files",
        lfs: tuple[str, ...] = (),
    ) -> str:
        """Commit files on a branch (``None`` deletes one); paths in ``lfs`` become pointers."""
        with tempfile.TemporaryDirectory(prefix="commit-") as folder:
            work = Path(folder)
            self.server.git(work, "clone", "-q", str(self.path), "tree")
            tree = work / "tree"
            known = self.git("for-each-ref", "--format=%(refname:short)").split()
            on = ["-B", branch, f"origin/{branch}"] if branch in known else ["-B", branch]
            if known:
                self.server.git(tree, "checkout", "-q", *on)
            for path, content in files.items():
                if content is None:
                    (tree / path).unlink()
                    continue
                data = blob(content)
                write(blob(lfs_pointer(data)) if path in lfs else data, tree / path)
            self.server.git(tree, "add", "-A", "-f")
            self.server.git(tree, "commit", "-q", "--allow-empty", "-m", message)
            self.server.git(tree, "push", "-q", str(self.path), f"HEAD:refs/heads/{branch}")
        return self.git("rev-parse", f"refs/heads/{branch}")

    def tag(self, name: str, commit: str = "HEAD") -> None:
        self.git("tag", name, commit)


class GitServer:
    """Serves bare repositories, until closed. ``server.faults`` spoils what it says.

    ``hides_missing`` asks for a login where there is no such repository, as GitHub does; without
    it the answer is 404.
    """

    def __init__(self, root: Path, *, hides_missing: bool = False) -> None:
        self.root = root
        self.hides_missing = hides_missing
        self.repos: dict[str, GitRepo] = {}
        self._env = git_environment(root)
        self.server = Server(self._serve)
        self.url, self.log, self.faults = self.server.url, self.server.log, self.server.faults

    def close(self) -> None:
        self.server.close()

    def __enter__(self) -> GitServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def git(self, folder: Path, *arguments: str) -> str:
        """Run Git in a folder; what it printed. Raises with its complaint where it fails."""
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=self._env, capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"git {arguments[0]}: {done.stderr.decode()}")
        return done.stdout.decode().strip()

    def add(
        self,
        name: str,
        files: Mapping[str, Content] | None = None,
        *,
        partial_clone: bool = True,
        login: str = "",
        former: tuple[str, ...] = (),
        lfs: tuple[str, ...] = (),
    ) -> GitRepo:
        """Serve a new repository ``OWNER/NAME`` with one commit of these files."""
        path = self.root / f"{name}.git"
        path.mkdir(parents=True)
        self.git(path, "init", "-q", "--bare", "-b", "main")
        self.git(path, "config", "http.receivepack", "false")
        repo = GitRepo(name, path, self, login, former)
        repo.configure(partial_clone=partial_clone)
        if files is not None:
            repo.commit(files, lfs=lfs)
        for known in (name, *former):
            self.repos[known] = repo
        return repo

    def remove(self, name: str) -> None:
        """Let a repository vanish."""
        shutil.rmtree(self.repos.pop(name).path)

    # --- serving

    def _serve(self, request: Request) -> Response:
        name, rest = self._split(request.segments)
        repo = self.repos.get(name)
        if repo is None:
            return self._missing(request, rest)
        if repo.login and _login(request) != repo.login:
            return _ask(403 if _login(request) else 401)
        if name != repo.name:
            return redirect(self.url + request.target.replace(name, repo.name, 1), 301)
        if not rest.startswith(_SERVICES):
            return reply(f"<!doctype html><h1>{name}</h1>\n", "text/html", 404 if rest else 200)
        return self._backend(request, f"/{repo.name}.git/{rest}")

    def _split(self, parts: tuple[str, ...]) -> tuple[str, str]:
        """The repository's name, of two parts or (in groups) more, and the path in it."""
        for at in range(len(parts), 0, -1):
            name = "/".join(parts[:at]).removesuffix(".git")
            if name in self.repos:
                return name, "/".join(parts[at:])
        return "/".join(parts[:2]).removesuffix(".git"), "/".join(parts[2:])

    def _missing(self, request: Request, rest: str) -> Response:
        if self.hides_missing and rest and not _login(request):
            return _ask(401)
        return reply("Repository not found.\n", status=404)

    def _backend(self, request: Request, path: str) -> Response:
        """Run ``git http-backend`` as CGI (RFC 3875) and hand on what it writes."""
        process = subprocess.Popen(
            ["git", "http-backend"],
            env=self._env | self._cgi(request, path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(request.body)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has heard enough; what it says follows
        headers: dict[str, str] = {}
        while line := process.stdout.readline(1 << 16).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip()] = value.strip()
        status = int(headers.pop("Status", "200").split()[0])
        return Response(status, headers, _Output(process, process.stdout))

    def _cgi(self, request: Request, path: str) -> dict[str, str]:
        headers = request.headers
        return {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.target.partition("?")[2],
            "CONTENT_TYPE": headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "GIT_PROTOCOL": headers.get("git-protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }


class _Output:
    """What a process writes; the process does not outlive its reader."""

    def __init__(self, process: subprocess.Popen[bytes], out: IO[bytes]) -> None:
        self._process, self._out = process, out

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._out.read(1 << 16)
        if not piece:
            raise StopIteration
        return piece

    def close(self) -> None:
        self._out.close()
        self._process.kill()
        self._process.wait()

    __del__ = close  # a fault may have put something else in its place


def _login(request: Request) -> str:
    """``user:password`` of basic authentication; a bearer token is ``:TOKEN``."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return b64decode(value).decode("utf-8", "replace")
    return f":{value}" if value else ""


def _ask(status: int) -> Response:
    return reply("Log in.\n", status=status, headers={"WWW-Authenticate": 'Basic realm="Git"'})
