"""A model or data set of the Hugging Face Hub, or of any server with its interface.

Through ``huggingface_hub``, so HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and what its cache holds are
honoured; its requests go through our session. A repository is pinned to the commit its revision
stands for. Small files are read whole, weights by ranges. A gate is a fact: what is listed is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx2
import huggingface_hub
from huggingface_hub import CardData, HfApi, constants
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile

from openassay.files import File, LfsPointer
from openassay.release import Source
from openassay.sources import _common as common
from openassay.sources import _paths as paths
from openassay.sources.online.answers import answer_file
from openassay.sources.online.early import fetch_early
from openassay.sources.online.faults import FetchError, of_failure, of_status
from openassay.sources.online.ranges import Budget, RangedFile
from openassay.sources.online.transport import shown
from openassay.sources.online.web import Web
from openassay.types import Digest

SMALL = 256 << 10  # bytes; such a file is asked for whole
_MAX_REFS = 2000
_MAX_REQUESTS = 1000  # for one repository, its files aside
_MAX_SIZE = 1 << 62
_CHECKPOINT = re.compile(
    r"(?i)(?:^|[-_/.])(?:global_?)?(?:step|iter|iteration|ckpt|checkpoint|epoch)s?[-_]?\d"
    r"|\d[bmk]?[-_]?tokens?\b|tokens?[-_]?\d"
)


@dataclass(frozen=True, slots=True)
class HubName:
    """What a target names: ``kind`` is ``model`` or ``dataset``; ``revision`` may be None."""

    kind: str
    id: str
    revision: str | None = None

    @property
    def shown(self) -> str:
        """The id as evidence carries it: ``owner/name`` or ``datasets/owner/name``."""
        return f"datasets/{self.id}" if self.kind == "dataset" else self.id


def endpoint() -> str:
    """The hub's address, as ``huggingface_hub`` read it from the environment."""
    return constants.ENDPOINT


def open_hub(name: HubName, web: Web) -> Source:
    """The files of a repository at a commit; :class:`FetchError` when it is not to be had."""
    web.trust(endpoint())
    with _through(web):
        api = HfApi(endpoint=web.mirrored(endpoint()), token=_token())
        info = _asked(
            name, lambda: api.repo_info(name.id, repo_type=name.kind, revision=name.revision)
        )
        commit = str(info.sha or "")
        if not re.fullmatch(r"[0-9a-f]{40}", commit):
            raise FetchError(f"{name.shown}: the hub names no commit", reason="wrong_content")
        entries, gaps = _listing(api, name, str(info.id), commit)
        refs = _refs(api, name, str(info.id), gaps)
    return _Repository(name, web, info, commit, entries, gaps, refs).source()


@contextlib.contextmanager
def _through(web: Web) -> Iterator[None]:
    """Let ``huggingface_hub`` send its requests through our session, and no longer than this."""
    from huggingface_hub.utils import _http

    left = _MAX_REQUESTS

    def count(request: httpx2.Request) -> None:  # a listing may lead from page to page for ever
        nonlocal left
        left -= 1
        if left < 0:
            raise FetchError(f"{shown(request.url)}: too many pages", reason="wrong_content")

    def client() -> httpx2.Client:
        made = web.new_client()
        made.event_hooks = {"request": [count]}
        return made

    before = _http._GLOBAL_CLIENT_FACTORY
    huggingface_hub.set_client_factory(client)
    try:
        yield
    finally:
        huggingface_hub.set_client_factory(before)


def _token() -> str | bool:
    return huggingface_hub.get_token() or False


def _asked(name: HubName, ask: Any) -> Any:
    """What the hub answers; its own errors in our words."""
    where = f"{endpoint()}/{name.shown}"
    try:
        return ask()
    except GatedRepoError as error:
        raise FetchError(f"{where}: gated, and access was not granted", reason="gated",
                         status=403) from error  # fmt: skip
    except RevisionNotFoundError as error:
        raise FetchError(
            f"{where}: there is no revision {name.revision}", reason="not_found", status=404,
            hint="Leave the revision out to read the default branch.",
        ) from error  # fmt: skip
    except DisabledRepoError as error:
        raise FetchError(f"{where}: disabled by the hub", reason="disabled", status=403) from error
    except RepositoryNotFoundError as error:
        raise FetchError(
            f"{where}: no such {name.kind}, or a private one", reason="not_found", status=404,
            hint="Check the name; for a private one log in: `hf auth login` or HF_TOKEN.",
        ) from error  # fmt: skip
    except HfHubHTTPError as error:
        raise of_status(error.response.status_code, where) from error
    except huggingface_hub.errors.HFValidationError as error:
        raise FetchError(f"{name.id}: not a name of the hub", reason="not_found") from error
    except httpx2.HTTPError as error:
        raise of_failure(error, where) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FetchError(f"{where}: an answer that is none of a hub", reason="wrong_content",
                         hint="Is HF_ENDPOINT a hub?") from error  # fmt: skip


def _listing(
    api: HfApi, name: HubName, id_: str, commit: str
) -> tuple[list[RepoFile], common.GapLog]:
    """Every file of the commit with its size and digests, by path."""
    gaps = common.GapLog("sources.hub")
    found: dict[str, RepoFile] = {}

    def collect() -> None:
        tree = api.list_repo_tree(id_, recursive=True, revision=commit, repo_type=name.kind)
        for entry in tree:
            if not isinstance(entry, RepoFile):
                continue
            if len(found) >= common.MAX_FILES:
                gaps.add("", "too_many_files", f"only the first {common.MAX_FILES:,} were listed")
                return
            path = paths.shown(entry.path.encode("utf-8", "surrogateescape"))
            if not _is_whole(entry):
                gaps.add(path[: paths.MAX_PATH], "broken_listing", "without size or digest")
                continue
            if why := paths.unsafe(entry.path.encode("utf-8", "surrogateescape")):
                gaps.add(path[: paths.MAX_PATH], "unsafe_path", f"refused: {why}")
            elif path in found:
                gaps.add(path, "duplicate_name", "listed twice")
            else:
                found[path] = entry

    _asked(name, collect)
    return [found[path] for path in sorted(found)], gaps


def _is_whole(entry: RepoFile) -> bool:
    """Whether an entry says what a listing has to say of a file."""
    size: object = entry.size
    oid: object = entry.lfs.sha256 if entry.lfs else entry.blob_id
    return (
        isinstance(size, int)
        and 0 <= size < _MAX_SIZE
        and isinstance(oid, str)
        and bool(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", oid))
    )


def _refs(api: HfApi, name: HubName, id_: str, gaps: common.GapLog) -> dict[str, Any]:
    """Branches and tags, and what two of those that are called checkpoints hold."""
    try:
        refs = _asked(name, lambda: api.list_repo_refs(id_, repo_type=name.kind))
        names = {
            "branches": sorted(ref.name for ref in refs.branches)[:_MAX_REFS],
            "tags": sorted(ref.name for ref in refs.tags)[:_MAX_REFS],
        }
        steps = [ref for refs in names.values() for ref in refs if _CHECKPOINT.search(ref)]
        looked = {ref: _top(api, name, id_, ref) for ref in dict.fromkeys(steps[:1] + steps[-1:])}
    except FetchError as error:
        gaps.add("", error.reason, f"branches and tags were not told: {error}")
        return {}
    return {**names, "checkpoints": sorted(set(steps)), "looked_into": looked}


def _top(api: HfApi, name: HubName, id_: str, revision: str) -> list[str]:
    """The files at the top of a revision."""

    def collect() -> list[str]:
        tree = api.list_repo_tree(id_, revision=revision, repo_type=name.kind)
        return sorted(entry.path for entry in tree if isinstance(entry, RepoFile))[:200]

    found: list[str] = _asked(name, collect)
    return found


class _Repository:
    """What the hub told of one repository, and how its files are read."""

    def __init__(
        self,
        name: HubName,
        web: Web,
        info: Any,
        commit: str,
        entries: list[RepoFile],
        gaps: common.GapLog,
        refs: dict[str, Any],
    ) -> None:
        self._web = web
        self._kind = name.kind
        self._asked_for = name.id
        self._info = info
        self._name = HubName(name.kind, str(info.id), commit)
        self._commit = commit
        self._entries = entries
        self._gaps = gaps
        self._refs = refs
        self._pin = f"hf:{self._name.shown}@{commit}"
        self._budget = Budget(web.store)
        self._headers = {"Authorization": f"Bearer {token}"} if (token := _token()) else {}

    def source(self) -> Source:
        files = tuple(self._file(entry) for entry in self._entries)
        read = fetch_early(files, self._gaps)
        if any(file.problem == "gated" for file in files):
            self._behind_the_gate([file for file in files if file.path not in read])
        return Source(
            id=self._pin,
            kind="hf",
            locator=f"hf:{self._name.shown}@{self._commit}",
            revision=self._commit,
            name=self._name.id,
            files=files,
            gaps=self._gaps.gaps(self._pin),
            metadata={"hub": self._kind, "url": f"{endpoint()}/{self._name.shown}"},
            answers=tuple(self._answers()),
        )

    def _file(self, entry: RepoFile) -> File:
        path = paths.shown(entry.path.encode("utf-8", "surrogateescape"))
        oid = entry.lfs.sha256 if entry.lfs else ""
        blob = Digest("lfs-sha256", oid) if oid else Digest("sha1/git-blob", entry.blob_id)
        ranged = RangedFile(
            partial(self._fetch, entry.path, entry.size, blob),
            entry.size,
            self._budget,
            path,
            (self._pin, path),
        )
        return File(
            source=self._pin,
            path=path,
            size=entry.size,
            reader=partial(self._read, ranged, entry.path, entry.size),
            link=f"{endpoint()}/{self._name.shown}/blob/{self._commit}/{quote(entry.path)}",
            published=blob,
        )

    def _read(self, ranged: RangedFile, path: str, size: int, offset: int, length: int) -> bytes:
        """From the hub's own cache on this machine, where the file lies there, else by ranges."""
        kept = huggingface_hub.try_to_load_from_cache(
            self._name.id, path, revision=self._commit, repo_type=self._kind
        )
        if isinstance(kept, str):
            with contextlib.suppress(OSError):
                descriptor = common.open_regular(kept, follow=True)
                try:
                    if os.fstat(descriptor).st_size == size:
                        return common.read_at(descriptor, offset, length)
                finally:
                    os.close(descriptor)
        return ranged.read(offset, length)

    def _fetch(self, path: str, size: int, digest: Digest, start: int, end: int) -> bytes:
        """``raw`` gives what Git tracks without a detour, ``resolve`` leads to large files."""
        leaf = "resolve" if digest.algorithm == "lfs-sha256" else "raw"
        at = self._web.mirrored(endpoint())
        url = f"{at}/{self._name.shown}/{leaf}/{self._commit}/{quote(path)}"
        try:
            if (start, end) == (0, size):
                content = self._web.get(url, headers=self._headers, limit=size).content
                if not _is_this(content, digest):
                    raise FetchError(f"{path}: not what was listed", reason="wrong_content")
            else:
                piece = self._web.piece(url, start, end, headers=self._headers)
                if piece.size != size:
                    raise FetchError(
                        f"{path}: not the size that was listed", reason="wrong_content"
                    )
                content = piece.content
        except FetchError as error:
            if self._info.gated and error.status in (401, 403):
                raise FetchError(f"{path}: behind the gate", reason="gated", status=403) from error
            if error.reason == "too_large":
                raise FetchError(f"{path}: not the size that was listed",
                                 reason="wrong_content") from error  # fmt: skip
            raise
        return content

    def _behind_the_gate(self, files: list[File]) -> None:
        """Of these only the listing is visible: large files stand there as pointers do."""
        for file in files:
            digest = file.published
            if digest is not None and digest.algorithm == "lfs-sha256":
                file.lfs, file.problem = LfsPointer(digest.value, file.size), None
            else:
                file.problem = "gated"

    def _answers(self) -> Iterator[File]:
        """What the hub says of the repository, less what changes from day to day."""
        info = self._info
        card = vars(info.card_data) if isinstance(info.card_data, CardData) else {}
        tags = info.tags if isinstance(info.tags, list) else []
        told = {
            "id": info.id,
            "asked_for": self._asked_for,
            "kind": self._kind,
            "gated": info.gated,
            "private": bool(info.private),
            "disabled": bool(info.disabled),
            "tags": sorted(tag for tag in tags if isinstance(tag, str)),
            "card": card,
            "library": getattr(info, "library_name", None),
            "task": getattr(info, "pipeline_tag", None),
        }
        yield answer_file(self._pin, "hub:info.json", told)
        if self._refs:
            yield answer_file(self._pin, "hub:refs.json", self._refs)


def _is_this(content: bytes, digest: Digest) -> bool:
    """Whether a whole file has the digest of the listing."""
    if digest.algorithm == "lfs-sha256":
        return hashlib.sha256(content).hexdigest() == digest.value
    blob = b"blob %d\0" % len(content) + content
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest() == digest.value
