"""Addresses of repositories: which of the places that a record names were audited."""

from __future__ import annotations

import re
from dataclasses import dataclass

from openassay.formats.locators import Target, arxiv_id, classify

_MAX = 2_000  # characters; anything longer is no address
_BARE = re.compile(r"(?:www\.)?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/\S", re.ASCII)
_REVISION = ("blob", "tree", "raw", "resolve", "src")  # what stands before a revision
# What people paste from a browser tab: "https://huggingface.co/org/name · Hugging Face".
_TAB = re.compile(r"\s+[·|].*")
_HUB = "huggingface.co"
_FOLDER = re.compile(r"(?:models--|datasets--)?(?P<owner>[^+]+?)(?:\+|__|--)(?P<name>[^+]+)")


@dataclass(frozen=True, slots=True)
class Address:
    """A repository, or a file or folder in one. ``host`` is empty where it is not known.

    ``kind`` is ``model``, ``dataset`` or ``repository``: a hub keeps models and data sets of the
    same name apart.
    """

    host: str
    id: str  # owner/name, lower case
    path: str = ""
    kind: str = "repository"

    def same(self, other: Address) -> bool:
        """Whether both lie in one repository, as far as their spelling tells."""
        if self.id != other.id:
            return False
        if not self.host or not other.host:
            return "dataset" not in (self.kind, other.kind) or self.kind == other.kind
        return self.host == other.host and self.kind == other.kind


def address(text: str) -> Address | None:
    """The repository that a URL points into; None for anything else.

    >>> address("https://github.com/acme/foo-train/tree/main/model").path
    'model'
    """
    text = _TAB.sub("", text.strip()[:_MAX])
    if not text or any(char.isspace() for char in text) or not is_url(text):
        return None
    found = classify(text)
    if not found.owner or not found.name:
        return None
    kind = {Target.MODEL: "model", Target.DATASET: "dataset"}.get(found.target, "repository")
    hub = found.target in (Target.MODEL, Target.DATASET) and found.host.startswith(("hf", "hugg"))
    return Address(_HUB if hub else found.host, found.id.lower(), _inner(found.path), kind)


def is_url(text: str) -> bool:
    """Whether a text is an address of the web, with or without its scheme."""
    return "://" in text or _BARE.match(text) is not None


def _inner(path: str) -> str:
    """The path inside the repository, without what names the revision and without a query."""
    parts = [part for part in path.split("?", 1)[0].split("/") if part]
    if parts[:1] == ["-"]:  # GitLab
        parts = parts[1:]
    if parts[:1] and parts[0] in _REVISION:
        parts = parts[2:]
    return "/".join(parts)


def of_source(source_id: str) -> Address | None:
    """The repository that a pinned source is, from its pin: ``git:URL@commit``, ``dir:NAME@…``.

    A folder called ``owner+name``, ``owner__name`` or ``owner--name`` is taken for a checkout of
    that repository, of whichever host.
    """
    kind, _, rest = source_id.partition(":")
    where = rest.rpartition("@")[0] or rest
    if kind == "hf":
        head, _, tail = where.partition("/")
        dataset = head == "datasets"
        return Address(_HUB, (tail if dataset else where).lower(), "", "dataset" if dataset else
                       "model")  # fmt: skip
    if "://" in where:
        return address(where)
    return of_folder(where)


def of_folder(name: str) -> Address | None:
    """The repository that a folder's name tells, of whichever host."""
    if found := _FOLDER.fullmatch(name[:400]):
        return Address("", f"{found['owner']}/{found['name']}".lower())
    owner, slash, rest = name.rpartition("/")
    return Address("", f"{owner.rpartition('/')[2]}/{rest}".lower()) if slash and owner else None


def of_record(text: str) -> Address | None:
    """What a record's ``repository`` or ``huggingface`` says, which may be a bare hub id."""
    text = _TAB.sub("", text.strip()[:_MAX])
    bare = re.fullmatch(r"[\w.-]{1,96}/[\w.-]{1,96}", text, re.ASCII)
    if bare and not is_url(text):
        return Address(_HUB, text.lower(), "", "model")
    return address(text)


def same_page(recorded: str, linked: str) -> bool:
    """Whether a link leads where a record says, spelled differently (http, www, a slash).

    A record may name the repository where the link names a file in it, not the other way round.
    """
    papers = arxiv_id(recorded), arxiv_id(linked)
    if papers[0] and papers[1]:
        return papers[0] == papers[1]
    first, second = address(recorded), address(linked)
    if first and second and first.same(second):
        return not first.path or first.path == second.path
    return _plain(recorded) == _plain(linked)


def _plain(url: str) -> str:
    bare = re.sub(r"^https?://(?:www\.)?", "", url.strip().lower()[:_MAX])
    return bare.split("#", 1)[0].rstrip("/")
