"""Repositories of the test hub: commits, branches, tags, gates; built by a test in a few lines.

>>> repo = HubRepo("org/model", files={"README.md": "# Model", "model.safetensors": weights})
>>> repo.commit({"README.md": "# Model, second edition"}, title="Say more")
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import yaml

from blobs import Blob, blob, git_id, lfs_pointer, whole

Kind = Literal["model", "dataset", "space"]
Content = Blob | bytes | str

#: Suffixes that the Hub keeps in Git LFS, whatever their size; large files go there too.
LFS_SUFFIXES = (
    ".safetensors .bin .gguf .onnx .pt .pth .h5 .msgpack .parquet .arrow .zip .gz .npz .pkl"
).split()
LFS_FROM = 10 << 20
DAY = "2024-05-{:02}T12:00:00.000Z"


@dataclass(frozen=True)
class HubFile:
    """One file of a commit."""

    blob: Blob
    lfs: bool
    xet: bool = True  # of LFS files only

    @cached_property
    def pointer(self) -> bytes:
        return lfs_pointer(self.blob)

    @cached_property
    def oid(self) -> str:
        """The Git blob id: of the pointer when the content is in LFS."""
        return git_id(self.pointer if self.lfs else whole(self.blob))

    @cached_property
    def xet_hash(self) -> str:
        """64 hex digits, as Xet has; not its real tree hash."""
        return hashlib.sha256(b"xet " + self.blob.sha256.encode()).hexdigest()

    @property
    def etag(self) -> str:
        return self.blob.sha256 if self.lfs else self.oid


Tree = dict[str, HubFile]


@dataclass(frozen=True)
class Commit:
    id: str
    title: str
    date: str
    tree: Tree
    parent: Commit | None = None

    def history(self) -> Iterator[Commit]:
        """This commit and those before it, newest first."""
        at: Commit | None = self
        while at:
            yield at
            at = at.parent

    @cached_property
    def folders(self) -> dict[str, str]:
        """Path to tree id of every folder."""
        found: dict[str, list[str]] = {}
        for path, file in sorted(self.tree.items()):
            parts = path.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                found.setdefault("/".join(parts[:depth]), []).append(f"{path} {file.oid}")
        return {p: hashlib.sha1("\n".join(of).encode()).hexdigest() for p, of in found.items()}


@dataclass
class HubRepo:
    """A repository. ``card`` is the card's front matter unless it is given.

    ``readers`` are the users that may see a private repository, or read the files of a gated one.
    ``open_files`` of a gated one can be read by all. ``info`` is merged into the API's answer.
    """

    id: str
    kind: Kind = "model"
    files: Mapping[str, Content] = field(default_factory=dict)
    private: bool = False
    gated: Literal[False, "auto", "manual"] = False
    disabled: bool = False
    readers: frozenset[str] = frozenset()
    open_files: frozenset[str] = frozenset()
    former_ids: tuple[str, ...] = ()
    info: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] | None = None
    lfs: tuple[str, ...] | None = None  # paths in LFS; None: those the Hub would keep there
    xet: bool = True
    branches: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, Commit] = field(default_factory=dict)
    converts: dict[str, Commit] = field(default_factory=dict)
    pull_requests: dict[str, Commit] = field(default_factory=dict)
    page_size: int = 1000  # entries of a page of the listing

    def __post_init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        if self.files or not self.branches:
            self.commit(self.files, title="initial commit")

    @property
    def author(self) -> str:
        return self.id.partition("/")[0] if "/" in self.id else ""

    @property
    def head(self) -> Commit:
        return self.branches["main"]

    def commit(
        self,
        files: Mapping[str, Content | None],
        *,
        branch: str = "main",
        onto: Commit | None = None,
        title: str = "Upload files",
        replace: bool = False,
    ) -> Commit:
        """Put files on a branch; ``None`` deletes one, ``replace`` starts from an empty tree."""
        parent = onto or self.branches.get(branch) or self.branches.get("main")
        tree: Tree = {} if replace or not parent else dict(parent.tree)
        for path, content in files.items():
            if content is None:
                del tree[path]
            else:
                tree[path] = self._file(path, blob(content))
        lines = [self.kind, self.id, title, parent.id if parent else ""]
        lines += [f"{path} {file.oid}" for path, file in sorted(tree.items())]
        id = hashlib.sha1("\n".join(lines).encode()).hexdigest()
        commit = Commit(id, title, DAY.format(len(self.commits) % 28 + 1), tree, parent)
        self.commits[id] = self.branches[branch] = commit
        return commit

    def tag(self, name: str, commit: Commit | None = None) -> None:
        self.tags[name] = commit or self.head

    def at(self, revision: str) -> Commit | None:
        """The commit that a branch, a tag, a full ref, a commit id or its beginning names."""
        for prefix, refs in (
            ("refs/heads/", self.branches), ("refs/tags/", self.tags),
            ("refs/convert/", self.converts), ("refs/", self.pull_requests),
        ):  # fmt: skip
            short = revision.removeprefix(prefix)
            if short in refs and (short != revision or prefix in ("refs/heads/", "refs/tags/")):
                return refs[short]
        if len(revision) >= 7:
            return next((c for id, c in self.commits.items() if id.startswith(revision)), None)
        return None

    def _file(self, path: str, content: Blob) -> HubFile:
        large = path.endswith(tuple(LFS_SUFFIXES)) or content.size >= LFS_FROM
        lfs = large if self.lfs is None else path in self.lfs
        return HubFile(content, lfs, self.xet)

    def card_data(self, commit: Commit) -> dict[str, Any] | None:
        """The front matter of the card at a commit, as the Hub's API gives it."""
        if self.card is not None:
            return self.card
        card = commit.tree.get("README.md")
        text = whole(card.blob).decode("utf-8", "replace") if card else ""
        if not text.startswith("---\n"):
            return None
        head = text[4:].partition("\n---")[0]
        try:
            data = yaml.safe_load(head)
        except yaml.YAMLError:
            return None
        return data if isinstance(data, dict) else None


def tags_of(card: Mapping[str, Any]) -> Iterator[str]:
    """The tags that the Hub makes from a card: ``license:mit``, ``dataset:…``, ``base_model:…``."""
    yield from _words(card.get("tags"))
    for name in ("datasets", "language", "base_model"):
        prefix = {"datasets": "dataset:", "language": "", "base_model": "base_model:"}[name]
        yield from (prefix + word for word in _words(card.get(name)))
    relation = card.get("base_model_relation")
    if relation:
        yield from (f"base_model:{relation}:{word}" for word in _words(card.get("base_model")))
    yield from (f"license:{word}" for word in _words(card.get("license")))


def _words(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return [value]
    return [str(word) for word in value] if isinstance(value, list) else []
