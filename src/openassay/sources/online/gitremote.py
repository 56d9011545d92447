"""A repository on a Git host: one commit, without large blobs, kept and read from its objects.

The session first asks the host, so that names, logins, redirects and private addresses are dealt
with as everywhere; then Git fetches the commit, and nothing else, into a bare repository of our
own. Blobs above a limit are left out; documents among them are fetched by themselves. Git runs
with no configuration but ours, asks nothing, follows no redirect, and is ended when it takes more
room or time than a release's code can need.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from openassay.errors import TargetError
from openassay.release import Source
from openassay.sources import _gitrepo as gitrepo
from openassay.sources._common import cache_folder
from openassay.sources._gitobjects import environment
from openassay.sources.git import open_git
from openassay.sources.online.faults import FetchError, of_status
from openassay.sources.online.web import Web

LIMIT = 2 << 20  # bytes; larger blobs are left out at first
MAX_ROOM = 2 << 30  # bytes of what is fetched
MAX_SECONDS = 900.0
_ATTEMPTS = 3
_PASSING = frozenset(("server_error", "too_many_requests", "timed_out", "connection_broken"))
MAX_LATER = 100  # documents above LIMIT that are fetched by themselves
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
pause = time.sleep  # between attempts
_DOCUMENTS = re.compile(rb"(?i)\.(?:pdf|ipynb|md|rst|txt|jsonl?|csv|tsv|ya?ml|py|html?)$")
_TOKENS = {
    "github.com": ("GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab.com": ("GITLAB_TOKEN",),
    "gitee.com": ("GITEE_TOKEN",),
}
_SETTINGS = (
    "protocol.allow=never",
    "protocol.http.allow=always",
    "protocol.https.allow=always",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    f"core.hooksPath={os.devnull}",
)


@dataclass(frozen=True, slots=True)
class _Remote:
    """``url`` is what evidence carries, ``base`` where it is fetched from now."""

    url: str
    base: str
    login: str  # an Authorization header's value, or nothing


def open_remote(
    target: str,
    url: str,
    revision: str | None,
    web: Web,
    stack: contextlib.ExitStack | None,
) -> Source:
    """The files of a repository at a revision, else at its default branch's commit."""
    if shutil.which("git") is None:
        raise TargetError(f"{target}: git is not installed", hint="Install git, or name a folder.")
    url, login = _split_login(url)
    folder = os.path.join(cache_folder(), "git", hashlib.sha256(url.encode()).hexdigest()[:32])
    remote = _probe_again(url, login, web) if web.offline else _probe(url, login, web)
    if web.offline or remote is None:
        commit = _remembered(folder, revision, url)
    else:
        commit = _resolve(remote, revision)
        _fetch(remote, commit, folder)
        _remember(folder, revision, commit)
    moved = _moved(url, web.public(remote.base)) if remote else None
    repository = gitrepo.find(os.path.join(folder, commit))
    if repository is None:
        raise FetchError(f"{url}: this commit was not fetched before", reason="offline")
    source = open_git(f"git+{url}@{commit}", repository, commit, stack)
    if moved:
        source.metadata["moved_to"] = moved
    return source


def _split_login(url: str) -> tuple[str, str]:
    """An address without its login, and the login as a header: of the address, or its host's."""
    parts = urlsplit(url)
    named, _, host = parts.netloc.rpartition("@")
    token = next((os.environ[n] for n in _TOKENS.get(host, ()) if os.environ.get(n)), "")
    words = unquote(named) if named else f"x-access-token:{token}" if token else ""
    login = "Basic " + base64.b64encode(words.encode()).decode() if words else ""
    return parts._replace(netloc=host).geturl(), login


def _probe_again(url: str, login: str, web: Web) -> _Remote | None:
    """What the host said when it was last asked; None when that was not kept."""
    try:
        return _probe(url, login, web)
    except FetchError as error:
        if error.reason != "offline":
            raise
        return None


def _probe(url: str, login: str, web: Web) -> _Remote:
    """Ask the host for the page of references that every smart host has, wherever it leads."""
    asked = web.mirrored(url)
    headers = {"Git-Protocol": "version=2"} | ({"Authorization": login} if login else {})
    answer = web.get(f"{asked}/info/refs?service=git-upload-pack", headers=headers)
    if not answer.headers.get("content-type", "").startswith("application/x-git-upload-pack"):
        raise FetchError(f"{url}: no Git repository answers there", reason="wrong_content",
                         hint="Name the repository's own page.")  # fmt: skip
    base = answer.url.removesuffix("/info/refs")
    if urlsplit(base)[:2] != urlsplit(asked)[:2]:
        login = ""  # it leads to another host, which is not to learn it
    return _Remote(url, base, login)


def _moved(url: str, answered: str) -> str | None:
    """Where a renamed repository is now; ``.git`` and a trailing slash make no difference."""
    before, after = (u.rstrip("/").removesuffix(".git") for u in (url, answered))
    return after if before.lower() != after.lower() else None


def _resolve(remote: _Remote, revision: str | None) -> str:
    """The commit of a branch, a tag, a full id, or of the default branch."""
    if revision is not None and _OID.fullmatch(revision):
        return revision
    if revision is not None and not re.fullmatch(r"[\w][\w./+-]{0,200}", revision):
        raise TargetError(f"{revision!r} is no branch, tag or commit", hint="Check the revision.")
    wanted = ["HEAD"] if revision is None else [f"refs/{k}/{revision}" for k in ("heads", "tags")]
    if revision is not None:
        wanted.append(f"refs/tags/{revision}^{{}}")
    out = _git(remote, ["ls-remote", remote.base, *wanted], None)
    found: dict[str, str] = {}
    for line in out.decode("utf-8", "replace").splitlines():
        oid, _, name = line.partition("\t")
        if _OID.fullmatch(oid):
            found[name] = oid
    for name in reversed(wanted):  # a tag's commit before the tag itself
        if name in found:
            return found[name]
    what = f"no branch or tag {revision!r}" if revision else "no commit yet"
    raise FetchError(f"{remote.url}: {what}", reason="not_found",
                     hint="Name a branch, a tag, or a whole commit id.")  # fmt: skip


def _fetch(remote: _Remote, commit: str, folder: str) -> None:
    """Bring the commit into ``folder/commit``, as a whole or not at all."""
    place = os.path.join(folder, commit)
    if os.path.isdir(place):
        return
    os.makedirs(folder, mode=0o700, exist_ok=True)
    part = tempfile.mkdtemp(prefix=".part-", dir=folder)
    try:
        _git(remote, ["init", "--quiet", "--bare", part], None)
        _git(remote, ["-C", part, "remote", "add", "origin", remote.base], None)
        _git(
            remote,
            ["-C", part, "fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head",
             f"--filter=blob:limit={LIMIT}", "origin", commit],
            part,
        )  # fmt: skip
        _fetch_documents(remote, part, commit)
        _git(remote, ["-C", part, "remote", "set-url", "origin", remote.url], None)
        with contextlib.suppress(OSError):  # another process was faster
            os.rename(part, place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fetch_documents(remote: _Remote, part: str, commit: str) -> None:
    """Fetch the documents among the blobs that were left out; they stay left out if it fails."""
    listed = _git(remote, ["-C", part, "rev-list", "--objects", "--no-object-names",
                           "--missing=print", commit], None)  # fmt: skip
    missing = {line[1:] for line in listed.split(b"\n") if line.startswith(b"?")}
    if not missing:
        return
    tree = _git(remote, ["-C", part, "ls-tree", "-r", "-z", commit], None)
    entries = (entry.partition(b"\t") for entry in tree.split(b"\0") if entry)
    wanted = [
        oid
        for head, _, path in entries
        if (oid := head.split(b" ")[-1]) in missing and _DOCUMENTS.search(path)
    ][:MAX_LATER]
    if not wanted:
        return
    with contextlib.suppress(FetchError):
        _git(
            remote,
            ["-C", part, "-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags",
             "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin",
             "origin"],
            part,
            b"\n".join(wanted) + b"\n",
        )  # fmt: skip


def _git(remote: _Remote, words: list[str], watched: str | None, given: bytes = b"") -> bytes:
    """Run Git for this remote; a host that failed, or did not answer, is asked again."""
    for attempt in range(_ATTEMPTS):
        try:
            return _once(remote, words, watched, given)
        except FetchError as error:
            if error.reason not in _PASSING or attempt == _ATTEMPTS - 1:
                raise
            pause(2**attempt)
    raise AssertionError("unreachable")


def _once(remote: _Remote, words: list[str], watched: str | None, given: bytes) -> bytes:
    """Run Git once; what it fetches into ``watched`` is bounded."""
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    env = environment() | {"GIT_ALLOW_PROTOCOL": "http:https", "GIT_ASKPASS": "true"}
    if remote.login:  # in the environment, where no list of processes shows it
        env |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{remote.base}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {remote.login}",
        }
    with _scratch() as out, _scratch() as said, _scratch() as source:
        source.write(given)
        source.seek(0)
        process = subprocess.Popen(
            ["git", *settings, *words],
            stdin=source,
            stdout=out,
            stderr=said,
            env=env,
            start_new_session=True,
        )
        try:
            _wait(process, watched, remote.url)
        finally:
            _end(process)
        said.seek(0)
        words_said = said.read(4096).decode("utf-8", "replace")
        if process.returncode != 0:
            raise _failure(remote, words_said)
        out.seek(0)
        return out.read(64 << 20)


_scratch = tempfile.TemporaryFile


def _wait(process: subprocess.Popen[bytes], watched: str | None, url: str) -> None:
    end = time.monotonic() + MAX_SECONDS
    while True:
        try:
            process.wait(0.05)
            return
        except subprocess.TimeoutExpired:
            pass
        if time.monotonic() > end:
            raise FetchError(f"{url}: Git took longer than {MAX_SECONDS:.0f} s", reason="timed_out")
        if watched and _room(watched) > MAX_ROOM:
            raise FetchError(f"{url}: more than {MAX_ROOM >> 30} GiB", reason="too_large",
                             hint="Clone it yourself, and name the folder.")  # fmt: skip


def _room(folder: str) -> int:
    """Bytes of the packs under a repository."""
    total = 0
    for inner in ("objects", os.path.join("objects", "pack")):
        with contextlib.suppress(OSError), os.scandir(os.path.join(folder, inner)) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()


def _failure(remote: _Remote, said: str) -> FetchError:
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "no reason given")
    if remote.login:
        last = last.replace(remote.login, "…")
    if status := re.search(r"returned error: ([45][0-9]{2})", said):
        return of_status(int(status[1]), remote.url)
    lower = said.lower()
    reason = next((reason for words, reason in _SAID if words in lower), "fetch_failed")
    return FetchError(f"{remote.url}: Git: {last.strip()[:200]}", reason=reason)


_SAID = (
    ("authentication failed", "unauthorized"),
    ("terminal prompts disabled", "unauthorized"),
    ("not our ref", "not_found"),
    ("couldn't find remote ref", "not_found"),
    ("could not resolve host", "dns_failure"),
    ("timed out", "timed_out"),
    ("too slow", "timed_out"),
    ("early eof", "connection_broken"),
    ("hung up", "connection_broken"),
    ("connection reset", "connection_broken"),
)


def _remember(folder: str, revision: str | None, commit: str) -> None:
    """Keep what a name stood for, for runs without a network."""
    path = os.path.join(folder, _ref_file(revision))
    with contextlib.suppress(OSError):
        part = f"{path}.{os.getpid()}.part"
        with open(part, "w", encoding="ascii") as file:
            file.write(commit)
        os.replace(part, path)


def _remembered(folder: str, revision: str | None, url: str) -> str:
    if revision is not None and _OID.fullmatch(revision):
        return revision
    try:
        with open(os.path.join(folder, _ref_file(revision)), encoding="ascii") as file:
            commit = file.read(80)
    except (OSError, UnicodeDecodeError):
        commit = ""
    if not _OID.fullmatch(commit):
        raise FetchError(f"{url}: not fetched before, and offline", reason="offline")
    return commit


def _ref_file(revision: str | None) -> str:
    name = hashlib.sha256((revision or "").encode()).hexdigest()[:16]
    return f"ref-{name}"
